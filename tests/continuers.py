"""Worlds without a network for MAG-Bench: latents are every fourth picture, shrunk not at all."""

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.evaluation.magbench.continuation import as_pictures
from mag_sandbox.evaluation.results.videos import VideoFormat

SIZE = VideoFormat(64, 64, 16.0)
BLOCK = 3  # latent frames


class MirrorWorld:
    """Plays what it remembers backwards: perfect on a mirrored clip, if it remembers well.

    `kept` limits how many latent frames it remembers: less is a shorter memory.
    """

    name = "mirror"
    format = SIZE

    def __init__(self, turn: int, kept: int | None = None) -> None:
        """Say where clips turn around [latent frame], and how much is remembered."""
        self._turn, self._most = turn, kept
        self.told: list[tuple[str, int]] = []

    def encode(self, frames: np.ndarray) -> Tensor:
        return torch.from_numpy(as_pictures(frames[::4]))[None]

    def decode(self, latents: Tensor) -> np.ndarray:
        return latents[0].repeat_interleave(4, dim=0)[3:].numpy()

    def begin(self, prompt: str, seed: int) -> None:
        self.told.append((prompt, seed))
        self.remembered: list[Tensor] = []

    def remember(self, latents: Tensor) -> None:
        self.remembered += latents[0].unbind(0)

    def generate(self) -> Tensor:
        now = len(self.remembered)
        wanted = [2 * self._turn - (now + step) for step in range(BLOCK)]
        oldest = 0 if self._most is None else now - self._most
        grey = torch.zeros_like(self.remembered[0])
        return torch.stack(
            [self.remembered[at] if at >= max(0, oldest) else grey for at in wanted]
        )[None]


class StillWorld(MirrorWorld):
    """Shows the last remembered picture for ever."""

    def generate(self) -> Tensor:
        return self.remembered[-1].expand(BLOCK, -1, -1, -1)[None]


class OffsetWorld(MirrorWorld):
    """Adds a little grey to what it last remembered: shows what it was fed."""

    def generate(self) -> Tensor:
        return self.remembered[-1].expand(BLOCK, -1, -1, -1)[None] + 0.01


def mirrored_clip(latents: int = 25, seed: int = 0) -> np.ndarray:
    """Return frames of a pan that turns around in the middle, uint8 [4 * latents - 3, 64, 64, 3].

    The picture moves with every fourth frame, so that these worlds' codec loses nothing.
    """
    ring = np.random.default_rng(seed).integers(0, 256, (64, 16, 3)).repeat(4, axis=1)
    ring = np.concatenate((ring, ring[:, ::-1], ring), axis=1).astype(np.uint8)
    turn = latents // 2
    shown = []
    for frame in range(4 * latents - 3):
        latent = -(-frame // 4)  # the first picture is a latent frame of its own
        step = latent if latent <= turn else 2 * turn - latent
        shown.append(ring[:, 4 * step : 4 * step + 64])
    return np.stack(shown)
