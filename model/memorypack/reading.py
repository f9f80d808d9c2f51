"""The passes over one block: all read the same keys and values, which are made once."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from model.dit import Attend, DiT, TextKeys
from model.flow import euler_step
from model.generator import Coordinates


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
        """Return clean latents from noise, by Euler steps between noise levels."""
        x = noise
        for sigma, following in pairwise(levels):
            level = torch.full(x.shape[:2], sigma, device=x.device)
            x = euler_step(x, self.flow(x, level), sigma, following)
        return x
