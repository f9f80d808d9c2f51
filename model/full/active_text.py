"""The texts of one scene: its prompt under every camera sentence, encoded once and kept on disk.

Since the sentences are finitely many, the text encoder (11 GB) is loaded when a scene is first
visited and dropped before it is played.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from mag_sandbox.controls.camera import Axis
from mag_sandbox.controls.phrase_compiler import scene_prompts
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.full.offload import OomFallback
from mag_sandbox.model.full.text_cache import EmbeddingStore, RowEncoder
from mag_sandbox.model.world import Progress

logger = logging.getLogger(__name__)
NOTHING = ""  # the empty prompt, under which MAG remembers


class ScenePrompts:
    """Text features of the scene that is played.

    prompts = ScenePrompts(folder, identity, load_encoder, ("yaw", "pitch"), device="cuda")
    prompts.prepare("a harbour at dusk", on_progress)
    prompts.features("a harbour at dusk. The camera pans to the left.")  # [1, 512, 4096]
    """

    def __init__(
        self,
        folder: Path,
        identity: str,
        load: Callable[[str], RowEncoder],
        axes: tuple[Axis, ...],
        device: str,
        aside: tuple[str, ...] = (NOTHING,),
    ) -> None:
        """Open the store of an encoder's features in a folder; nothing is loaded.

        The encoder is made on the device, which may be changed, when a text is missing. Sentences
        may speak of the given axes of the camera. Texts `aside` are read besides, whatever the
        prompt.
        """
        self.device = device
        self._axes, self._aside = axes, aside
        self.store = EmbeddingStore(folder, identity, lambda: load(self.device))
        self._features: dict[str, Tensor] = {}

    def texts(self, prompt: str) -> tuple[str, ...]:
        """Return a prompt under every sentence, and the texts aside."""
        return *scene_prompts(prompt, self._axes), *self._aside

    def prepare(self, prompt: str, on_progress: Progress) -> None:
        """Read or encode all texts of a prompt, in place of the previous one's.

        Encoding may take minutes on a processor.
        """
        self._features = self.store.get(self.texts(prompt), on_progress)

    def features(self, text: str) -> Tensor:
        """Return the features of one of the texts, [1, text_len, dim], on the host."""
        return self._features[text][None]


class ActiveText:
    """Keys and features of the present text for the networks.

    texts = ActiveText(prompts, "cuda", torch.bfloat16, fallback, on_progress)
    texts.prepare("a harbour at dusk")
    keys = texts.keys(dit, "a harbour at dusk. The camera pans to the left.")
    """

    def __init__(
        self,
        prompts: ScenePrompts,
        device: str,
        dtype: torch.dtype,
        fallback: OomFallback,
        on_progress: Progress,
    ) -> None:
        """Prepare nothing; device and number type are those of the networks."""
        self._prompts, self._device, self._dtype = prompts, device, dtype
        self._fallback, self._on_progress = fallback, on_progress
        self._prepared: str | None = None
        self._made: tuple[str, TextKeys] = ("", ())

    def prepare(self, prompt: str) -> None:
        """Read or encode a prompt under every camera sentence."""
        if prompt == self._prepared:
            return

        def said(stage: str, fraction: float) -> None:
            if fraction == 0.0:
                logger.info('%s for "%s"', stage, prompt)
            self._on_progress(stage, fraction)

        self._fallback.run(lambda: self._prompts.prepare(prompt, said))
        self._prepared = prompt
        self._on_progress("ready", 1.0)

    @property
    def text(self) -> str:
        """The text of `newest`."""
        return self._made[0]

    @property
    def newest(self) -> TextKeys:
        """The keys that were computed last."""
        return self._made[1]

    def keys(self, dit: DiT, text: str) -> TextKeys:
        """Return the keys of a text of the prepared prompt; the newest keys are cached."""
        if text != self._made[0]:
            self._made = (text, self._fallback.run(lambda: self._keys(dit, text)))
        return self._made[1]

    def aside(self, dit: DiT, text: str = NOTHING) -> TextKeys:
        """Return the keys of a text aside; they are not cached."""
        return self._keys(dit, text)

    def features(self, text: str) -> Tensor:
        """Return the features of a text of the prepared prompt, [1, text_len, dim]."""
        return self._prompts.features(text).to(self._device, self._dtype)

    def forget(self) -> None:
        """Drop the cached keys."""
        self._made = ("", ())

    def _keys(self, dit: DiT, text: str) -> TextKeys:
        return dit.text_keys(self.features(text))
