"""Passes by graphs over a cache that takes and gives keys and values whole."""

from collections.abc import Sequence

from torch import Tensor

from mag_sandbox.model.dit import TextKeys
from mag_sandbox.model.generator import Coordinates
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.slots import SlotWrite
from mag_sandbox.model.transformer_graphs import GraphDiT, KeysAndValues


class ApartCache(KVCache):
    """Slots whose frames passes are given, and of which they give what they made."""

    _made: KeysAndValues  # by the last pass

    @property
    def kept(self) -> KeysAndValues:
        """The slots that passes read."""
        return KeysAndValues(self._read_keys[:, 0], self._read_values[:, 0])

    def take(self, made: KeysAndValues) -> None:
        """Take what a pass made of frames, to be written."""
        self._made = made

    def attend(self, slots: Sequence[int], frames: int | None = None) -> None:  # noqa: ARG002
        """Make `slots` what the coming passes read besides their own, however long they are."""
        self._own, self._seen = slice(0, 0), slice(0, len(slots) * self.shape.tokens)
        self._gather(slots)

    def write(self, writes: Sequence[SlotWrite]) -> None:
        """Keep frames of the last pass in slots."""
        tokens = self.shape.tokens
        for write in writes:
            rows = slice(write.frame * tokens, (write.frame + 1) * tokens)
            for all_, made in zip((self._keys, self._values), self._made, strict=True):
                all_[..., self._rows(write.slot), :] = made[:, None, :, rows]


class GraphPasses:
    """Passes by graphs over what a cache attends; see `Passes`."""

    def __init__(self, dit: GraphDiT, cache: ApartCache) -> None:
        self._dit, self._cache = dit, cache

    def flow(
        self, latents: Tensor, timestep: float, coordinates: Coordinates, text: TextKeys
    ) -> Tensor:
        """Return the flow."""
        where = coordinates.rotary, self._cache.kept, coordinates.features
        return self._dit.flow(latents, timestep, text, *where)

    def remember(self, latents: Tensor, coordinates: Coordinates, text: TextKeys) -> None:
        """Leave keys and values in the cache."""
        where = coordinates.rotary, self._cache.kept, coordinates.features
        self._cache.take(self._dit.remember(latents, 0.0, text, *where))
