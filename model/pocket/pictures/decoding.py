"""From latents to shown frames: decoding and, in a world that moves, animation.

A thread of its own makes one part of a block after the other while memory needs the other core; the
world's thread takes the rest as soon as it has time. Pictures do not depend on the thread.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.pocket.pictures.animation import Animation, PicturesAtRest
from mag_sandbox.model.pocket.pictures.cells import DrawnPictures
from mag_sandbox.model.session_world import StageTimer
from mag_sandbox.model.world import Frames, WorldSpec

WIND = "wind"  # clouds stand still, and the sky upwind is not painted
MOTION = "motion"  # all that moves stands still


@dataclass(frozen=True, slots=True)
class Codec:
    """Frames from and to latents, and a scene's first picture from a file."""

    encode: Callable[[Frames], Tensor]  # uint8 [T, H, W, 3] -> [T, C, h, w]
    picture: Callable[[Tensor], Tensor]  # [T, C, h, w] -> [T, 3, H, W] in about [-1, 1]
    draw: Callable[[Tensor], DrawnPictures]  # the same, as it is shown and moved
    open_image: Callable[[str], Frames]  # path -> uint8 [1, H, W, 3]

    def decode(self, latents: Tensor) -> Frames:
        """Return frames, uint8 [T, H, W, 3], of latents, [T, C, h, w]."""
        return self.draw(latents).frames

    def encode_picture(self, picture: Tensor) -> Tensor:
        """Return the latents, fp32 [1, C, h, w], of a picture in [-1, 1], [1, 3, H, W]."""
        return self.encode(to_frames(picture)).float()

    def encode_block(self, frames: Frames, spec: WorldSpec) -> Tensor:
        """Return the latents, [1, F, C, h, w], of a block's frames, or raise ValueError."""
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
    """Tasks that a thread does from the first one on, and a waiting caller from the last."""

    def __init__(self, thread: ThreadPoolExecutor, tasks: Sequence[Callable[[], Result]]) -> None:
        self._tasks = tasks
        self._futures = [thread.submit(task) for task in tasks]

    def results(self) -> list[Result]:
        """Do the tasks that the thread has not begun, and return the results of all."""
        done = {
            place: self._tasks[place]()
            for place in reversed(range(len(self._tasks)))
            if self._futures[place].cancel()
        }
        return [
            done[place] if place in done else future.result()
            for place, future in enumerate(self._futures)
        ]


Draw = Callable[[slice], DrawnPictures]  # draws some frames of a block


@dataclass(frozen=True, slots=True)
class _Part:
    frames: slice  # which
    poses: Sequence[CameraPose]  # of these
    time: int  # frames shown before the first of them


@dataclass(frozen=True, slots=True)
class MadePart:
    """Some frames of a block, made."""

    part: _Part
    resting: PicturesAtRest
    moved: Frames | None = None  # None: the sky that they need is yet to be made

    @property
    def rest(self) -> Frames:
        """They at rest."""
        return self.resting.drawn.frames


class BlockDecoder:
    """Makes the frames of blocks; without an animation the world stands still.

    sky = showing.beside(...)  # the sky of showing.upwind(poses, time), if it is likely needed
    begun = showing.begin(showing.of_latents(latents), poses, time, sky)  # returns at once
    shown = showing.finish(begun, sky=lambda: showing.sky_alone(pictures, upwind))
    """

    def __init__(self, codec: Codec, animation: Animation | None, times: StageTimer) -> None:
        self._codec, self._animation, self._times = codec, animation, times
        threads = torch.get_num_threads()
        self._thread = ThreadPoolExecutor(1, "decoding", torch.set_num_threads, (threads,))

    def beside(self, task: Callable[[], Result]) -> "Future[Result]":
        """Run a task on the thread, before any later one."""

        def done() -> Result:
            with torch.inference_mode():
                return task()

        return self._thread.submit(done)

    def upwind(self, poses: tuple[CameraPose, ...], time: int) -> tuple[CameraPose, ...]:
        """Return from where the wind has carried the sky of a block that begins at `time`."""
        return self._moving.upwind(poses, time)

    @property
    def _moving(self) -> Animation:
        if self._animation is None:
            raise RuntimeError("there is no wind in a world that stands still")
        return self._animation

    def sky_alone(self, pictures: Tensor, poses: Sequence[CameraPose]) -> Tensor:
        """Return pictures at rest, [F, 3, H, W], without things in front of the sky."""
        return self._moving.sky_alone(pictures, poses)

    def of_latents(self, latents: Tensor) -> Draw:
        """Return a function that draws the frames of a block from its latents, [F, C, h, w]."""
        latents = latents.cpu()
        return lambda frames: self._codec.draw(latents[frames])

    def begin(
        self,
        draw: Draw,
        poses: tuple[CameraPose, ...],
        time: int,
        sky: "Future[Tensor | None] | None" = None,
        leave_out: Collection[str] = (),
    ) -> SharedWork[MadePart]:
        """Begin to make a block's frames.

        Args:
            draw: draws them; it is called on two threads.
            poses: of the block.
            time: frames shown before it.
            sky: of the upwind poses, alone, [F, 3, H, W], or None, if it is being made.
            leave_out: `WIND` or `MOTION`, which the frames do without.
        """
        made = partial(self._made, draw=draw, sky=sky, leave_out=leave_out)
        tasks = [partial(made, part) for part in _parts(poses, time)]
        return SharedWork(self._thread, tasks)

    def finish(
        self, begun: SharedWork[MadePart], sky: Callable[[], Tensor | None] | None = None
    ) -> DecodedBlock:
        """Return a block's frames.

        Args:
            begun: of the block.
            sky: makes that of the upwind poses, alone, [F, 3, H, W], if it is needed and was not
                being made; None, also of it: clouds stand still.
        """
        made = begun.results()
        if any(one.moved is None for one in made):
            above = sky() if sky else None
            tasks = [partial(self._moved, one, above) for one in made]
            made = SharedWork(self._thread, tasks).results()
        rest = np.concatenate([one.rest for one in made])
        if not any(one.resting.moves for one in made):
            return DecodedBlock(rest)
        moved = np.concatenate([one.moved for one in made if one.moved is not None])
        return DecodedBlock(moved, rest, any(one.resting.has_sky for one in made))

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _made(
        self,
        part: _Part,
        draw: Draw,
        sky: "Future[Tensor | None] | None",
        leave_out: Collection[str],
    ) -> MadePart:
        """Return a part of a block, with the sky of all of it."""
        with torch.inference_mode(), self._times.measure("decode"):
            drawn = draw(part.frames)
            resting = PicturesAtRest(drawn)
            if self._animation is not None and MOTION not in leave_out:
                resting = self._animation.at_rest(drawn, part.poses)
            if WIND in leave_out:
                resting = replace(resting, has_sky=False)
            made = MadePart(part, resting)
        above = sky.result() if sky and resting.has_sky else None
        return made if resting.has_sky and above is None else self._moved(made, above)

    def _moved(self, made: MadePart, sky: Tensor | None) -> MadePart:
        """Return a part of a block moved to its time, with the sky of all of the block."""
        part, resting = made.part, made.resting
        if made.moved is not None:
            return made
        if self._animation is None or not resting.moves:
            return replace(made, moved=made.rest)
        with torch.inference_mode(), self._times.measure("move"):
            above = sky[part.frames] if sky is not None and resting.has_sky else None
            moved = self._animation.moved(resting, above, part.poses, part.time)
            return replace(made, moved=moved)


def _parts(poses: tuple[CameraPose, ...], time: int) -> list[_Part]:
    """Split a block's frames into two thirds and the rest, which two cores make in equal time."""
    cut = -(-2 * len(poses) // 3)
    halves = slice(0, cut), slice(cut, len(poses))
    return [_Part(one, poses[one], time + one.start) for one in halves if one.start < one.stop]
