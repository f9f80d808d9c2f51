"""The state of a decoder or encoder between two pieces of one video, kept outside the network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mag_sandbox.model.parking import numbers_of

# Last input frames of a layer; "Rep": diffusers' mark of a time convolution that left out the first
# latent frame; None: nothing yet.
Tail = Tensor | str | None


@dataclass(frozen=True, slots=True, eq=False)
class CodecState:
    """The progress of a video: an immutable value, so keeping one is a fork.

    pictures, state = decoder.decode(first_latents, START)
    more, later = decoder.decode(next_latents, state)  # `state` can be used again
    """

    tails: tuple[Tail, ...] = ()
    passed: int = 0  # latent frames so far

    def as_tensors(self) -> dict[str, Tensor]:
        """Return the state as named tensors; `from_tensors` makes the same state of them."""
        kept = {str(index): tail for index, tail in enumerate(self.tails) if tail is not None}
        tensors = {
            name: torch.empty(0) if isinstance(tail, str) else tail for name, tail in kept.items()
        }
        return {"size": torch.tensor([len(self.tails), self.passed]), **tensors}

    @classmethod
    def from_tensors(
        cls, tensors: Mapping[str, Tensor], like: "CodecState", scale: tuple[int, int] = (1, 1)
    ) -> "CodecState":
        """Read what `as_tensors` gave, where and in the numbers of another state of the decoder.

        The other state's latents may be lower and narrower by a scale.

        Raises:
            ValueError: it is not a state of that decoder.
        """
        (length, passed), high, wide = tensors["size"].tolist(), *scale
        if length != len(like.tails) or type(passed) is not int or passed < 1:
            raise ValueError(f"a decoder keeps {length} layers' frames, expected {len(like.tails)}")
        tails = list(like.tails)
        for index, tail in enumerate(tails):
            if isinstance(tail, Tensor):
                *rest, height, width = tail.shape
                kept = numbers_of(tensors, str(index), (*rest, high * height, wide * width))
                tails[index] = kept.to(tail)
        return cls(tuple(tails), passed)


START = CodecState()


class StreamingDecoder(Protocol):
    """Latents to pictures, piece by piece: the full autoencoder's decoder and the tiny one."""

    def decode(self, latents: Tensor, state: CodecState = START) -> tuple[Tensor, CodecState]:
        """Return pictures [B, T, 3, H, W] in [-1, 1] and the state after them.

        Latents are normalised, [B, F, 16, h, w]. The first latent frame of a video gives one
        picture, every other one four.
        """
        ...
