"""The passes over one block: all read the same keys and values, which are made once."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mag_sandbox.model.dit import Attend, DiT, TextKeys
from mag_sandbox.model.flow import AdamsBashforthSampler
from mag_sandbox.model.generator import Coordinates, no_noise


class BlockReading:
    """Predicts and samples the frames of one block.

    Args:
        dit: the transformer.
        attend: what is read besides the block's own tokens.
        text: keys of the prompt.
        coordinates: of the frames.
    """

    def __init__(self, dit: DiT, attend: Attend, text: TextKeys, coordinates: Coordinates) -> None:
        self._dit, self._attend = dit, attend
        self._text, self._coordinates = text, coordinates

    def flow(self, noisy: Tensor, sigma: Tensor) -> Tensor:
        """Return the predicted flow, fp32 [B, F, C, H, W]; sigma is [B, F]."""
        like = self._dit.head.modulation  # is never fused
        rotary, features = self._coordinates.rotary, self._coordinates.features
        if features is not None:
            features = features.to(like)
        time = self._dit.embed_time(sigma * 1000)
        flow = self._dit(noisy.to(like), time, self._text, rotary, self._attend, features)
        return flow.float()

    def sample(self, noise: Tensor, levels: Sequence[float]) -> Tensor:
        """Return clean latents from noise, by steps between noise levels."""
        x, sampler = noise, AdamsBashforthSampler(levels)
        for step, sigma in enumerate(sampler.levels[:-1]):
            level = torch.full(x.shape[:2], sigma, device=x.device)
            x = sampler.advance(x, self.flow(x, level), step, no_noise)
        return x
