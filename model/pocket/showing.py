"""From latents to what is shown, on a thread of its own: decoding, and moving in a world that does.

Memory needs one core meanwhile, decoding another, and neither needs the other. Moving is shared.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.codec import Codec
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.pocket.animation import Animation, Resting
from mag_sandbox.model.stage_times import StageTimes
from mag_sandbox.model.world import Frames


@dataclass(frozen=True, slots=True)
class Shown:
    """A block's frames."""

    frames: Frames
    rest: Frames | None = None  # the same at rest; None: nothing moves in them
    has_sky: bool = False  # whether there is sky in them that the wind moves


class Showing:
    """Makes the frames of blocks.

    begun = showing.begin(latents, poses)  # returns at once
    shown = showing.finish(begun, poses, time, sky=lambda: latents(showing.upwind(poses, time)))

    Args:
        codec: makes pictures.
        animation: moves them; None: the world stands still.
        times: what it takes is counted here.
    """

    def __init__(self, codec: Codec, animation: Animation | None, times: StageTimes) -> None:
        self._codec, self._animation, self._times = codec, animation, times
        threads = torch.get_num_threads()
        self._decoding = ThreadPoolExecutor(1, "decoding", torch.set_num_threads, (threads,))

    def begin(self, latents: Tensor, poses: tuple[CameraPose, ...]) -> "Future[Resting]":
        """Begin to make a block's pictures at rest of its latents, [F, C, h, w]."""
        return self._decoding.submit(self._at_rest, latents.cpu(), poses)

    def upwind(self, poses: tuple[CameraPose, ...], time: int) -> tuple[CameraPose, ...]:
        """Return from where the wind has carried the sky of a block that begins at `time`.

        Raises:
            RuntimeError: the world stands still.
        """
        if self._animation is None:
            raise RuntimeError("there is no wind in a world that stands still")
        return self._animation.upwind(poses, time)

    def finish(
        self,
        begun: "Future[Resting]",
        poses: tuple[CameraPose, ...],
        time: int,
        sky: Callable[[], Tensor] | None = None,
        *,
        likely: bool = False,
    ) -> Shown:
        """Return a block's frames.

        Args:
            begun: of the block.
            poses: of the block.
            time: frames shown before it.
            sky: makes latents of the upwind poses, [F, C, h, w]; None: clouds stand still.
            likely: the sky is made at once, before it is known whether there is some in view.
        """
        above = sky() if sky and likely else None
        resting = begun.result()
        rest = to_frames(resting.pictures)
        if self._animation is None or resting.parts is None:
            return Shown(rest)
        if not resting.has_sky:
            above = None
        elif sky and above is None:
            above = sky()
        with self._times.of("move"):
            return Shown(self._moved(resting, poses, time, above), rest, resting.has_sky)

    def close(self) -> None:
        """End the thread."""
        self._decoding.shutdown()

    def _at_rest(self, latents: Tensor, poses: tuple[CameraPose, ...]) -> Resting:
        with torch.inference_mode(), self._times.of("decode"):
            pictures = self._codec.picture(latents)
            if self._animation is None:
                return Resting(pictures)
            return self._animation.at_rest(pictures, poses)

    def _moved(
        self, resting: Resting, poses: tuple[CameraPose, ...], time: int, sky: Tensor | None
    ) -> Frames:
        """Return moved frames; this thread makes the last third while the other makes the rest."""
        cut = -(-2 * len(poses) // 3)
        move = partial(self._part_moved, resting, poses, time, sky)
        first = self._decoding.submit(move, slice(0, cut))
        last = [move(slice(cut, len(poses)))] if cut < len(poses) else []
        return np.concatenate((first.result(), *last))

    def _part_moved(
        self,
        resting: Resting,
        poses: tuple[CameraPose, ...],
        time: int,
        sky: Tensor | None,
        part: slice,
    ) -> Frames:
        """Return the moved frames of a part of a block."""
        with torch.inference_mode():
            wind = None if sky is None else self._codec.picture(sky[part])
            begins = time + part.start
            return to_frames(self._animation.moved(resting[part], wind, poses[part], begins))
