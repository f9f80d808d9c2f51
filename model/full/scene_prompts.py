"""The texts of one scene: its prompt under every camera sentence, encoded once and kept on disk.

Since the sentences are finitely many, the text encoder (11 GB) is loaded when a scene is first
visited and dropped before it is played.
"""

from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from mag_sandbox.controls.phrase_compiler import scene_prompts
from mag_sandbox.model.full.text_cache import EmbeddingStore, RowEncoder
from mag_sandbox.model.world import Progress

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
        axes: tuple[str, ...],
        device: str,
    ) -> None:
        """Open the store; nothing is loaded.

        Args:
            folder: where features are kept.
            identity: of encoder and tokenizer.
            load: makes the encoder on a device, when a text is missing.
            axes: of the camera that sentences may speak of.
            device: where the encoder runs; may be changed.
        """
        self.device = device
        self._axes = axes
        self.store = EmbeddingStore(folder, identity, lambda: load(self.device))
        self._features: dict[str, Tensor] = {}

    def prepare(self, prompt: str, on_progress: Progress) -> None:
        """Have all texts of a prompt at hand; those of the one before are let go.

        Args:
            prompt: of the scene.
            on_progress: told how far encoding is, if any text is new; it may take minutes on a
                processor.
        """
        texts = (*scene_prompts(prompt, self._axes), NOTHING)
        self._features = self.store.get(texts, on_progress)

    def features(self, text: str) -> Tensor:
        """Return the features of one of the texts, [1, text_len, dim], on the host."""
        return self._features[text][None]
