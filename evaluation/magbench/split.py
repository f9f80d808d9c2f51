"""Where MAG-Bench divides a clip: its first three quarters are history, the rest is predicted.

Both ends fall on whole blocks. Knows no videos, only how long they are.
"""

import math
from dataclasses import dataclass

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
    """Return how a clip is divided.

    Args:
        duration: seconds, as the benchmark's table says; not always frames over FPS.
        frame_count: frames in the file.

    Raises:
        ValueError: nothing is left to predict.

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
