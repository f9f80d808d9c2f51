"""Keys of the text that is in force: prompt and camera sentence, from features kept on disk."""

import logging

from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.full.room import Room
from mag_sandbox.model.full.scene_prompts import NOTHING, ScenePrompts
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.world import Progress

logger = logging.getLogger(__name__)


class TextInForce:
    """What networks read of the text.

    texts = TextInForce(prompts, cache, room, on_progress)
    texts.prepare("a harbour at dusk")
    keys = texts.keys(dit, "a harbour at dusk. The camera pans to the left.")
    """

    def __init__(
        self, prompts: ScenePrompts, cache: KVCache, room: Room, on_progress: Progress
    ) -> None:
        """Prepare nothing.

        Args:
            prompts: features of texts.
            cache: says device and number type.
            room: in which there may be too little of it.
            on_progress: told how far encoding is.
        """
        self._prompts, self._cache = prompts, cache
        self._room, self._on_progress = room, on_progress
        self._prepared: str | None = None
        self._made: tuple[str, TextKeys] = ("", ())

    def prepare(self, prompt: str) -> None:
        """Have a prompt at hand under every camera sentence; encode what is new of it."""
        if prompt == self._prepared:
            return

        def said(stage: str, fraction: float) -> None:
            if fraction == 0.0:
                logger.info('%s for "%s"', stage, prompt)
            self._on_progress(stage, fraction)

        self._room.run(lambda: self._prompts.prepare(prompt, said))
        self._prepared = prompt
        self._on_progress("ready", 1.0)

    @property
    def text(self) -> str:
        """Whose keys were asked for last."""
        return self._made[0]

    @property
    def newest(self) -> TextKeys:
        """The keys that were asked for last."""
        return self._made[1]

    def keys(self, dit: DiT, text: str) -> TextKeys:
        """Return the keys of a text of the prepared prompt; the newest are kept."""
        if text != self._made[0]:
            self._made = (text, self._room.run(lambda: self._keys(dit, text)))
        return self._made[1]

    def empty(self, dit: DiT) -> TextKeys:
        """Return the keys of the empty prompt, for the network that remembers."""
        return self._keys(dit, NOTHING)

    def forget(self) -> None:
        """Keep no keys."""
        self._made = ("", ())

    def _keys(self, dit: DiT, text: str) -> TextKeys:
        features = self._prompts.features(text)
        return dit.text_keys(features.to(self._cache.device, self._cache.dtype))
