"""Codes: a picture as two whole numbers a cell of 16 x 16 px, by finite scalar quantisation.

Codes say what is where, exactly enough to be painted, and can be counted, guessed one after the
other, kept and edited. Knows nothing of what guesses or paints them.
"""

import torch
from torch import Tensor, nn

from mag_sandbox.model.imagination.config import CodesConfig
from mag_sandbox.model.pocket.autoencoder import Autoencoder

RING_MARGIN = 4  # cells beyond either end of a ring that its codes may depend on


class CodeEncoder(nn.Module):
    """Codes of pictures in [-1, 1].

    codes = encoder(pictures)  # [B, 3, 192, 320] -> int64 [B, 12, 20, 2]

    Source: finite scalar quantisation, arXiv 2309.15505.
    """

    def __init__(self, config: CodesConfig) -> None:
        super().__init__()
        self.config = config
        self.network = Autoencoder(config.autoencoder).encoder

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the codes of pictures, int64 [B, H / 16, W / 16, codes]."""
        return to_codes(self.values(pictures).permute(0, 2, 3, 1), self.config)

    def ring(self, pictures: Tensor) -> Tensor:
        """Return the codes of whole rings, whose left and right edge are one."""
        margin = RING_MARGIN * self.config.autoencoder.stride
        around = torch.cat((pictures[..., -margin:], pictures, pictures[..., :margin]), dim=-1)
        return self(around)[:, :, RING_MARGIN:-RING_MARGIN]

    def values(self, pictures: Tensor) -> Tensor:
        """Return what is rounded to codes, in [-1, 1], fp32 [B, channels, H / 16, W / 16]."""
        return torch.tanh(self.network(pictures).float())


def to_codes(values: Tensor, config: CodesConfig) -> Tensor:
    """Return the codes nearest to values in [-1, 1]: [..., dimensions] -> int64 [..., codes]."""
    steps = torch.round((values + 1) * ((config.levels - 1) / 2)).long()
    digits = steps.unflatten(-1, (config.codes_per_cell, config.digits))
    return (digits * _places(config)).sum(dim=-1)


def to_values(codes: Tensor, config: CodesConfig) -> Tensor:
    """Return the values in [-1, 1] that codes stand for: [..., codes] -> [..., dimensions]."""
    digits = codes[..., None] // _places(config) % config.levels
    return digits.flatten(-2).float() * (2 / (config.levels - 1)) - 1


def _places(config: CodesConfig) -> Tensor:
    return config.levels ** torch.arange(config.digits - 1, -1, -1)


def rounded(values: Tensor, config: CodesConfig) -> Tensor:
    """Return the nearest values that codes can stand for; gradients pass as if there were none."""
    steps = (config.levels - 1) / 2
    return values + (torch.round((values + 1) * steps) / steps - 1 - values).detach()
