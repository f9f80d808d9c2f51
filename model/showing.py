"""From latents to what is shown, on a thread of its own: decoding, and moving in a world that does.

Memory needs one core meanwhile, decoding another, and neither needs the other.
"""

from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from controls.camera import CameraPose
from model.animation import Animation, Resting
from model.codec import Codec
from model.frames import to_frames
from model.stage_times import StageTimes
from model.world import Frames


class Showing:
    """Makes the frames of blocks.

    resting = showing.begin(latents, poses)  # returns at once
    sky = latents of upwind poses if resting.result().has_sky else None
    frames, rest = showing.frames(resting.result(), poses, time, sky)

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

    def frames(
        self, resting: Resting, poses: tuple[CameraPose, ...], time: int, sky: Tensor | None
    ) -> tuple[Frames, Frames | None]:
        """Return a block's frames, and the same at rest; None: nothing moves in them.

        Args:
            resting: of the block.
            poses: of the block.
            time: frames shown before it.
            sky: latents of the upwind poses, [F, C, h, w]; None: no sky is in view.
        """
        rest = to_frames(resting.pictures)
        if self._animation is None or resting.parts is None:
            return rest, None
        with self._times.of("move"):
            wind = None if sky is None else self._codec.picture(sky)
            return to_frames(self._animation.moved(resting, wind, poses, time)), rest

    def close(self) -> None:
        """End the thread."""
        self._decoding.shutdown()

    def _at_rest(self, latents: Tensor, poses: tuple[CameraPose, ...]) -> Resting:
        with torch.inference_mode(), self._times.of("decode"):
            pictures = self._codec.picture(latents)
            if self._animation is None:
                return Resting(pictures)
            return self._animation.at_rest(pictures, poses)
