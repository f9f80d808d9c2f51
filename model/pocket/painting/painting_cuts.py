"""The painting behind a block: views and skies cut out of it while the block is denoised."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import numpy as np
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.objects import Things
from mag_sandbox.model.pocket.inventing import ViewMemory
from mag_sandbox.model.pocket.painting.painting import PaintingInventor, things_of
from mag_sandbox.model.pocket.pictures.cells import DrawnPictures, hides_all
from mag_sandbox.model.pocket.pictures.decoding import BlockDecoder, Codec, Draw
from mag_sandbox.model.session_world import StageTimer
from mag_sandbox.model.world import Frames

# columns of cells of a sky that may be unknown: for one the wind takes four seconds
_UNKNOWN, _TO_BE_PAINTED = 1, 6


class PaintingCuts:
    """Cuts the painted surroundings, and skies out of them."""

    def __init__(
        self,
        painting: PaintingInventor | None,
        memory: ViewMemory,
        decoder: BlockDecoder,
        codec: Codec,
        times: StageTimer,
        things: Callable[[], Things] | None = None,
    ) -> None:
        """Cut a painting, on the decoder's thread where the caller need not wait.

        `things` returns those of the plan and the player's; None: those of the plan.
        """
        self._painting, self._memory = painting, memory
        self._decoder, self._codec, self._times = decoder, codec, times
        self._things = things or (lambda: things_of(painting.plan if painting else None))

    def frames(self, pose: CameraPose) -> Frames | None:
        """Return the painting at a pose, uint8 [1, H, W, 3]; None: it is incomplete."""
        painting = self._painting
        views = painting.pictures.views(painting.around, (pose,)) if painting else None
        return None if views is None else to_frames(views)

    def with_details(self, draw: Draw, poses: tuple[CameraPose, ...]) -> Draw:
        """Return a function that draws the frames of a block at poses with the layer over them."""
        painting = self._painting
        if painting is None:
            return draw
        around, drawn = painting.around, painting.drawing.shown
        given, details = painting.given, painting.pictures.details
        things = self._things() if painting.plan else None

        def detailed(frames: slice) -> DrawnPictures:
            over = details.views(around, poses[frames], given, drawn, things)
            if over is None:
                return draw(frames)
            if hides_all(over):  # decoding takes a sixth of a block's time
                return DrawnPictures.of(over[:, :3], over[:, 4:])
            return draw(frames).under(over)

        return detailed

    def begin_view(self, end: CameraPose) -> "Future[Tensor | None]":
        """Begin to cut the latents at a block's end."""
        return self._decoder.beside(partial(self._latents, end))

    def begin_sky(
        self,
        poses: tuple[CameraPose, ...],
        time: int,
        far: np.ndarray | None,
        *,
        is_being_painted: bool,
    ) -> "Future[Tensor | None]":
        """Begin to cut the painted sky that the wind carries into a block; see `sky`."""
        upwind = self._decoder.upwind(poses, time)
        skies = partial(self._skies, upwind, far, is_being_painted, self._things())
        return self._decoder.beside(skies)

    def sky(
        self,
        poses: tuple[CameraPose, ...],
        time: int,
        far: np.ndarray | None,
        *,
        is_being_painted: bool,
    ) -> Tensor | None:
        """Return the sky that the wind carries into a block, [F, 3, H, W]; None: it stands still.

        Where nothing is painted ahead, it is recalled, which takes as long as a block.

        Args:
            poses: of the block.
            time: frames shown before it.
            far: sky that was painted on a walk, see `Viewpoints.far`; None: the camera is where the
                scene begins.
            is_being_painted: whether its unknown part is being painted there.
        """
        upwind = self._decoder.upwind(poses, time)
        with self._times.measure("sky"):
            skies = self._skies(upwind, far, is_being_painted, self._things())
            if skies is not None or is_being_painted or far is not None:
                return skies
            pictures = self._codec.picture(self._memory.recall_block(upwind))
            return self._decoder.sky_alone(pictures, upwind)

    def _latents(self, pose: CameraPose) -> Tensor | None:
        painting = self._painting
        if painting and painting.pictures.shows_given(painting.around, pose):
            return None
        frames = self.frames(pose)
        return None if frames is None else self._codec.encode(frames).float()

    def _skies(
        self, poses: tuple[CameraPose, ...], far: np.ndarray | None, is_being_painted: bool,
        things: Things,
    ) -> Tensor | None:  # fmt: skip
        painting, unknown = self._painting, _TO_BE_PAINTED if is_being_painted else _UNKNOWN
        if painting is None:
            return None
        pictures = painting.pictures
        planned = pictures.details.planned_sky(things, is_given=painting.given is not None)
        skies = pictures.skies(painting.around, poses, things, unknown, planned)
        return (
            pictures.far_skies(far, poses, planned) if skies is None and far is not None else skies
        )
