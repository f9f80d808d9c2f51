"""The pocket world's per-frame autoencoder: 320 x 192 pictures from and to 20 x 12 latents.

Knows nothing of time or memory: every frame is coded alone, so a frame is the same whenever it is
decoded. Latents are normalised per channel by `scale` and `offset`, measured after training.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.config import AutoencoderConfig


class ResidualBlock(nn.Module):
    """Two convolutions that begin as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        for values in self.second.parameters():
            nn.init.zeros_(values)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus what the convolutions add, [B, C, H, W]."""
        result: Tensor = x + self.second(functional.silu(self.first(functional.silu(x))))
        return result


class Autoencoder(nn.Module):
    """Pictures in [-1, 1] from and to normalised latents.

    >>> autoencoder = Autoencoder(AutoencoderConfig())
    >>> latents = autoencoder.encode(torch.zeros(1, 3, 192, 320))
    >>> latents.shape, autoencoder.decode(latents).shape
    (torch.Size([1, 32, 12, 20]), torch.Size([1, 3, 192, 320]))
    """

    offset: Tensor  # of the latents, [C, 1, 1]
    scale: Tensor  # likewise

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        quarter, eighth, sixteenth = config.widths
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(48, quarter, 3, padding=1),
            ResidualBlock(quarter),
            nn.PixelUnshuffle(2),
            nn.Conv2d(4 * quarter, eighth, 1),
            ResidualBlock(eighth),
            nn.PixelUnshuffle(2),
            nn.Conv2d(4 * eighth, sixteenth, 1),
            ResidualBlock(sixteenth),
            ResidualBlock(sixteenth),
            nn.Conv2d(sixteenth, config.channels, 1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(config.channels, sixteenth, 3, padding=1),
            *(ResidualBlock(sixteenth) for _ in range(config.decoder_depth)),
            nn.Conv2d(sixteenth, 4 * eighth, 1),
            nn.PixelShuffle(2),
            ResidualBlock(eighth),
            nn.Conv2d(eighth, 4 * quarter, 1),
            nn.PixelShuffle(2),
            ResidualBlock(quarter),
            nn.SiLU(),
            nn.Conv2d(quarter, 48, 3, padding=1),
            nn.PixelShuffle(4),
        )
        self.register_buffer("offset", torch.zeros(config.channels, 1, 1))
        self.register_buffer("scale", torch.ones(config.channels, 1, 1))

    def encode(self, pictures: Tensor) -> Tensor:
        """Return normalised latents of pictures in [-1, 1], [B, 3, H, W]."""
        return (self.bounded(pictures) - self.offset) / self.scale

    def decode(self, latents: Tensor) -> Tensor:
        """Return pictures of normalised latents; values may leave [-1, 1] a little."""
        result: Tensor = self.decoder(latents * self.scale + self.offset)
        return result

    def bounded(self, pictures: Tensor) -> Tensor:
        """Return latents before normalisation, in [-bound, bound]."""
        bound = self.config.bound
        return bound * torch.tanh(self.encoder(pictures) / bound)
