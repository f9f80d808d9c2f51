"""From latents to what is shown, on a thread of its own: decoding, and moving in a world that does.

Memory needs one core meanwhile, decoding another, and neither needs the other. Moving is shared.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

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


class BlockDecoder:
    """Makes the frames of blocks; without an animation the world stands still.

    begun = showing.begin(latents, poses)  # returns at once
    shown = showing.finish(begun, poses, time, sky=lambda: pictures(showing.upwind(poses, time)))
    """

    def __init__(self, codec: Codec, animation: Animation | None, times: StageTimes) -> None:
        self._codec, self._animation, self._times = codec, animation, times
        threads = torch.get_num_threads()
        self._decoding = ThreadPoolExecutor(1, "decoding", torch.set_num_threads, (threads,))

    def begin(self, latents: Tensor, poses: tuple[CameraPose, ...]) -> "Future[PicturesAtRest]":
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
        begun: "Future[PicturesAtRest]",
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
        resting = begun.result()
        rest = to_frames(resting.pictures)
        if self._animation is None or resting.parts is None:
            return DecodedBlock(rest)
        if not resting.has_sky:
            above = None
        elif sky and above is None:
            above = sky()
        with self._times.of("move"):
            moved = self._moved(self._animation, resting, poses, time, above)
        return DecodedBlock(moved, rest, resting.has_sky)

    def close(self) -> None:
        """End the thread."""
        self._decoding.shutdown()

    def _at_rest(self, latents: Tensor, poses: tuple[CameraPose, ...]) -> PicturesAtRest:
        with torch.inference_mode(), self._times.of("decode"):
            pictures = self._codec.picture(latents)
            if self._animation is None:
                return PicturesAtRest(pictures)
            return self._animation.at_rest(pictures, poses)

    def _moved(
        self,
        animation: Animation,
        resting: PicturesAtRest,
        poses: tuple[CameraPose, ...],
        time: int,
        sky: Tensor | None,
    ) -> Frames:
        """Return moved frames; this thread makes the last third while the other makes the rest."""

        def move(frames: slice) -> Frames:
            with torch.inference_mode():
                wind = None if sky is None else sky[frames]
                begins = time + frames.start
                return to_frames(animation.moved(resting[frames], wind, poses[frames], begins))

        cut = -(-2 * len(poses) // 3)
        first = self._decoding.submit(move, slice(0, cut))
        last = [move(slice(cut, len(poses)))] if cut < len(poses) else []
        return np.concatenate((first.result(), *last))
