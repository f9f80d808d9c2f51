"""From latents to what is shown: decoding, and moving in a world that does.

A thread of its own makes one part of a block after the other while memory needs the other core; the
world's thread takes what is left as soon as it has time. It matters to no picture who makes it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.pocket.animation import Animation, PicturesAtRest
from mag_sandbox.model.session_world import StageTimes
from mag_sandbox.model.world import Frames, WorldSpec


@dataclass(frozen=True, slots=True)
class Codec:
    """Frames from and to latents, and a scene's first picture from a file."""

    encode: Callable[[Frames], Tensor]  # uint8 [T, H, W, 3] -> [T, C, h, w]
    picture: Callable[[Tensor], Tensor]  # [T, C, h, w] -> [T, 3, H, W] in about [-1, 1]
    open_image: Callable[[str], Frames]  # path -> uint8 [1, H, W, 3]

    def decode(self, latents: Tensor) -> Frames:
        """Return frames, uint8 [T, H, W, 3], of latents, [T, C, h, w]."""
        return to_frames(self.picture(latents))

    def encode_block(self, frames: Frames, spec: WorldSpec) -> Tensor:
        """Return the latents, [1, F, C, h, w], of a block, uint8 [block_length, H, W, 3].

        Raises:
            ValueError: the frames are of another number or size.
        """
        expected = (spec.block_length, spec.frame_height, spec.frame_width, 3)
        if frames.shape != expected:
            raise ValueError(f"a block's frames are {frames.shape}, expected {expected}")
        return self.encode(frames)[None].float()


@dataclass(frozen=True, slots=True)
class DecodedBlock:
    """A block's frames."""

    frames: Frames
    rest: Frames | None = None  # the same at rest; None: nothing moves in them
    has_sky: bool = False  # whether there is sky in them that the wind moves


Result = TypeVar("Result")


class SharedWork(Generic[Result]):
    """Tasks that a thread does one after the other, from the first, and who waits from the last."""

    def __init__(self, thread: ThreadPoolExecutor, tasks: Sequence[Callable[[], Result]]) -> None:
        self._tasks = tasks
        self._futures = [thread.submit(task) for task in tasks]

    def results(self) -> list[Result]:
        """Do what the thread has not begun, and return what all tasks returned."""
        done = {
            place: self._tasks[place]()
            for place in reversed(range(len(self._tasks)))
            if self._futures[place].cancel()
        }
        return [
            done[place] if place in done else future.result()
            for place, future in enumerate(self._futures)
        ]


class BlockDecoder:
    """Makes the frames of blocks; without an animation the world stands still.

    begun = showing.begin(latents, poses)  # returns at once
    shown = showing.finish(begun, poses, time, sky=lambda: pictures(showing.upwind(poses, time)))
    """

    def __init__(self, codec: Codec, animation: Animation | None, times: StageTimes) -> None:
        self._codec, self._animation, self._times = codec, animation, times
        threads = torch.get_num_threads()
        self._thread = ThreadPoolExecutor(1, "decoding", torch.set_num_threads, (threads,))

    def beside(self, task: Callable[[], Result]) -> "Future[Result]":
        """Have the thread do something before what is begun later."""

        def done() -> Result:
            with torch.inference_mode():
                return task()

        return self._thread.submit(done)

    def begin(
        self, latents: Tensor, poses: tuple[CameraPose, ...]
    ) -> SharedWork[tuple[PicturesAtRest, Frames]]:
        """Begin to make a block's pictures at rest of its latents, [F, C, h, w]."""
        latents = latents.cpu()
        tasks = [partial(self._at_rest, latents[part], poses[part]) for part in _parts(len(poses))]
        return SharedWork(self._thread, tasks)

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
        begun: SharedWork[tuple[PicturesAtRest, Frames]],
        poses: tuple[CameraPose, ...],
        time: int,
        sky: Callable[[], Tensor] | None = None,
        *,
        likely: bool = False,
    ) -> DecodedBlock:
        """Return a block's frames, `time` frames after the first one shown.

        Args:
            begun: of the block.
            poses: of the block.
            time: frames shown before it.
            sky: makes pictures of the upwind poses, [F, 3, H, W]; None: clouds stand still.
            likely: the sky is made at once, before it is known whether there is some in view.
        """
        above = sky() if sky and likely else None
        resting, frames = zip(*begun.results(), strict=True)
        rest = np.concatenate(frames)
        if not any(one.moves for one in resting):
            return DecodedBlock(rest)
        has_sky = any(one.has_sky for one in resting)
        if has_sky and sky and above is None:
            above = sky()
        skies = [None if above is None else above[part] for part in _parts(len(poses))]
        tasks = [
            partial(self._moved, one, wind, poses[part], time + part.start)
            for one, wind, part in zip(resting, skies, _parts(len(poses)), strict=True)
        ]
        moved = SharedWork(self._thread, tasks).results()
        return DecodedBlock(np.concatenate(moved), rest, has_sky)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _at_rest(
        self, latents: Tensor, poses: Sequence[CameraPose]
    ) -> tuple[PicturesAtRest, Frames]:
        with torch.inference_mode(), self._times.of("decode"):
            pictures = self._codec.picture(latents)
            resting = PicturesAtRest(pictures)
            if self._animation is not None:
                resting = self._animation.at_rest(pictures, poses)
            return resting, to_frames(pictures)

    def _moved(
        self,
        resting: PicturesAtRest,
        sky: Tensor | None,
        poses: Sequence[CameraPose],
        time: int,
    ) -> Frames:
        assert self._animation is not None
        with torch.inference_mode(), self._times.of("move"):
            sky = sky if resting.has_sky else None
            return to_frames(self._animation.moved(resting, sky, poses, time))


def _parts(frames: int) -> tuple[slice, ...]:
    """Return two thirds of a block's frames and the rest: what two cores make in equal time."""
    cut = -(-2 * frames // 3)
    return tuple(part for part in (slice(0, cut), slice(cut, frames)) if part.start < part.stop)
