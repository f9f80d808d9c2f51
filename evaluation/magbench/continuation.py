"""Remember, then generate: a clip's first part is remembered, the rest is predicted and compared.

This is how MAG-Bench asks a world, without a camera: the motion in the history leads the way back.
The first three quarters are history, and both ends fall on whole blocks: see `split_clip`. A world
takes part if it can be driven in latents; see `Continuer`.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.evaluation.options import Mode
from mag_sandbox.evaluation.results.videos import VideoFormat
from mag_sandbox.model.world import Frames

FPS = 16  # frames a second of MAG-Bench
HISTORY = 0.75  # share of a clip that is given: the way out and half of the way back
LATENT_FRAMES = 4  # frames that one latent frame stands for, except the first, which stands for one
BLOCK_FRAMES = 3 * LATENT_FRAMES
FIRST = LATENT_FRAMES - 1  # frames by which the first latent frame is short of the others


@dataclass(frozen=True, slots=True)
class Split:
    """Frames of a clip that are used, and from which one on they are predicted."""

    used_frames: int
    switch_frame: int  # first predicted frame

    @property
    def initial_latents(self) -> int:
        """Latent frames of history."""
        return (self.switch_frame + FIRST) // LATENT_FRAMES

    @property
    def generated_latents(self) -> int:
        """Latent frames to predict."""
        return (self.used_frames - self.switch_frame) // LATENT_FRAMES


def split_clip(duration: float, frame_count: int) -> Split:
    """Return how a clip is divided, or raise ValueError if nothing is left to predict.

    Its duration is what the benchmark's table says [s], not always the file's frames over FPS.

    Source: the official evaluation of arXiv 2512.18741.
    """
    used = (frame_count + FIRST) // BLOCK_FRAMES * BLOCK_FRAMES - FIRST
    wanted = math.floor(duration * HISTORY * FPS)
    switch = math.ceil((wanted + FIRST) / BLOCK_FRAMES) * BLOCK_FRAMES - FIRST
    if switch >= used:
        raise ValueError(
            f"a clip of {duration:g} s and {frame_count} frames would be predicted from frame "
            f"{switch} on, of {used} that fill whole blocks; take a longer clip"
        )
    return Split(used, switch)


class Continuer(Protocol):
    """A world that can be told what it has seen.

    Latents are [1, F, C, h, w]; what `remember` and `generate` handle are whole blocks.
    """

    name: str
    format: VideoFormat  # of the clips it can take

    def encode(self, frames: Frames) -> Tensor:
        """Return the latents of a clip, uint8 [T, H, W, 3], from its first frame on."""

    def decode(self, latents: Tensor) -> np.ndarray:
        """Return pictures, float32 [T, 3, H, W] in [-1, 1], of a clip from its first latent on."""

    def begin(self, prompt: str, seed: int) -> None:
        """Forget everything; what comes is of this prompt and this noise."""

    def remember(self, latents: Tensor) -> None:
        """Take latents as the next ones of the clip, as many blocks as they are."""

    def generate(self) -> Tensor:
        """Return the next block, which is remembered only when it is passed to `remember`."""


@dataclass(frozen=True, slots=True, eq=False)
class Continuation:
    """A predicted end of a clip beside the true one."""

    predicted: np.ndarray  # float32 [T, 3, H, W] in [-1, 1]
    truth: np.ndarray  # the same


def continue_clip(
    world: Continuer, frames: Frames, split: Split, mode: Mode, prompt: str, seed: int
) -> Continuation:
    """Predict the end of a clip, uint8 [T, H, W, 3] of at least `split.used_frames`.

    Raises:
        ValueError: the world makes latents or pictures of another number than the split says.
    """
    used = frames[: split.used_frames]
    with torch.inference_mode():
        latents = world.encode(used)
        expected = split.initial_latents + split.generated_latents
        if latents.shape[1] != expected:
            raise ValueError(
                f"{world.name} makes {latents.shape[1]} latent frames of {len(used)} frames, "
                f"expected {expected}"
            )
        world.begin(prompt, seed)
        made = continue_latents(world, latents, split.initial_latents, mode)
        pictures = world.decode(made)
    if len(pictures) != len(used):
        raise ValueError(f"{world.name} decodes {len(pictures)} of {len(used)} frames")
    return Continuation(pictures[split.switch_frame :], as_pictures(used[split.switch_frame :]))


def continue_latents(world: Continuer, latents: Tensor, history: int, mode: Mode) -> Tensor:
    """Return a clip's latents whose first `history` frames are given, the others predicted."""
    made = latents[:, :history]
    world.remember(made)
    while made.shape[1] < latents.shape[1]:
        block = world.generate()
        first, end = made.shape[1], made.shape[1] + block.shape[1]
        made = torch.cat((made, block), dim=1)
        world.remember(latents[:, first:end] if mode == "truth" else block)
    return made


def as_pictures(frames: Frames) -> np.ndarray:
    """Return frames, uint8 [T, H, W, 3], as pictures, float32 [T, 3, H, W] in [-1, 1]."""
    return frames.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1.0


def as_frames(pictures: np.ndarray) -> Frames:
    """Return pictures as frames; the inverse of `as_pictures`."""
    levels = ((pictures.transpose(0, 2, 3, 1) + 1.0) * 127.5).round().clip(0, 255)
    return levels.astype(np.uint8)
