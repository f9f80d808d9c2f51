"""A network on a card of its own, which works over memory that lies on another.

Projections, norms and the text need no memory, so they are computed where the weights are. Queries,
keys and values of a block go to the memory, layer by layer, and what attention finds comes back.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from mag_sandbox.model.dit import Attend, DiT, Note, TextKeys, TimeEmbedding, unnoted


def card(device: str, number: int) -> str:
    """Return what torch calls a further card of this process; 0 is the device itself.

    >>> card("cuda", 2), card("cuda", 0), card("cpu", 1)
    ('cuda:2', 'cuda', 'cpu')
    """
    kind = device.partition(":")[0]
    return device if not number or kind == "cpu" else f"{kind}:{number}"


class DistantDiT(DiT):
    """A `DiT` that takes what it is given to its own card; coordinates say where memory lies."""

    def embed_time(self, timesteps: Tensor) -> TimeEmbedding:
        """See `DiT`."""
        return super().embed_time(timesteps.to(self._own))

    def text_keys(self, features: Tensor) -> TextKeys:
        """See `DiT`."""
        return super().text_keys(features.to(self._own))

    def embed(self, latents: Tensor, features: Tensor | None = None) -> Tensor:
        """See `DiT`; the tokens stay here."""
        return super().embed(latents.to(self._own), features)

    def memorise(
        self,
        tokens: Tensor,
        time: TimeEmbedding,
        text: TextKeys,
        rotary: Tensor,
        attend: Attend,
        note: Note = unnoted,
    ) -> None:
        """See `DiT`."""
        there = at(rotary.device, attend)
        super().memorise(tokens, time, text, rotary.to(self._own), there, note)

    def attend_again(
        self, inputs: Iterable[Tensor], time: TimeEmbedding, rotary: Tensor, attend: Attend
    ) -> None:
        """See `DiT`."""
        there = at(rotary.device, attend)
        here = (x.to(self._own) for x in inputs)
        super().attend_again(here, time, rotary.to(self._own), there)

    @property
    def _own(self) -> torch.device:
        return self.head.modulation.device


def at(place: torch.device, attend: Attend) -> Attend:
    """Return an attention that is computed at a place, whoever asks."""

    def there_and_back(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        sent = (part.to(place, non_blocking=True) for part in (q, k, v))
        return attend(layer_index, *sent).to(q.device)

    return there_and_back
