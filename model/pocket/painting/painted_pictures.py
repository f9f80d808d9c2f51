"""Pictures of painted ground: views, skies and the whole ring."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.drawing.continuing import continued, mirrored
from mag_sandbox.model.imagination.drawing.last_made import LastMade, digest_of
from mag_sandbox.model.imagination.drawing.redrawing import RedrawnThings
from mag_sandbox.model.imagination.drawing.refining import RefinedRings
from mag_sandbox.model.imagination.geometry.skies import PlannedSky
from mag_sandbox.model.imagination.ground import (
    DecodedGround,
    RemadeGround,
    RingGround,
    RingPiece,
    ViewCutter,
)
from mag_sandbox.model.imagination.imagination import BESIDE, Imagination
from mag_sandbox.model.imagination.objects import Things
from mag_sandbox.model.imagination.pixels import window
from mag_sandbox.model.imagination.surroundings import Place, Surroundings, in_pixels
from mag_sandbox.model.pocket.painting.drawing_again import GroundThings
from mag_sandbox.model.pocket.painting.painted_details import PaintedDetails

# pictures of poses, [F, 3, H, W], and what is before their sky, [F, 1, H, W] -> pictures
SkyAlone = Callable[[Tensor, Sequence[CameraPose], Tensor], Tensor]
Decode = Callable[[Surroundings, Place], Tensor]
_KEPT = 96  # tiles that were decoded last: those of a ring, and those that changed
_SKIES = (6, 8)  # rows and columns by which pieces of sky are larger than need be
_ACROSS = np.linspace(-0.35, 0.35, 12)  # of a side of a box: where its colours are looked at


def remembering(decode: Decode) -> Decode:
    """Return what decodes places, and remembers those that it decoded last."""
    pictures = LastMade[Tensor](_KEPT)

    def picture(around: Surroundings, place: Place) -> Tensor:
        latents = around.beside(place, BESIDE)
        digest = digest_of(latents.shape, latents)
        return pictures.found(digest, lambda: decode(around, place))

    return picture


class _CrispGround:
    """Refined pictures of known ground, [1, 8, H, W]; one thread at a time asks for them.

    Their other channels are `before` and `hidden_clouds` of the planned sky.

    with ground.showing(things, sky):
        picture = ground.piece(around, place).picture
    """

    def __init__(self, decoded: RingGround, details: PaintedDetails, stride: int) -> None:
        """Take decoded pictures, what tells of plans and refines, and the pixels of a cell."""
        self._decoded, self._details, self._stride = decoded, details, stride
        self._things: Things = ()
        self._sky: PlannedSky | None = None
        self._told: tuple[np.ndarray | None, PlannedSky | None] = None, None
        self._channels = np.zeros((5, 0, 0), np.float32)
        self._lock = Lock()

    @contextmanager
    def showing(self, things: Things, sky: PlannedSky) -> Iterator[None]:
        """Show the things of a plan meanwhile; (): there is none, and nothing is refined."""
        with self._lock:
            self._things, self._sky = things, sky
            yield

    def piece(self, around: Surroundings, place: Place) -> RingPiece:
        """Return a picture of the place alone; see `RingGround`."""
        picture, things = self._decoded.piece(around, place).picture, self._things
        crisp = self._details.refined(GroundThings(around, things)) if things else None
        if crisp is not None:
            known = in_pixels(around.at(place).known, picture.shape[2])
            shown = _part_of(crisp, place, self._stride).to(picture)
            picture = torch.where(torch.from_numpy(known), shown, picture)
        told = _part_of(self._sky_of(crisp), place, self._stride).to(picture)
        return RingPiece(place, torch.cat((picture, told[None]), dim=1))

    def _sky_of(self, crisp: np.ndarray | None) -> np.ndarray:
        """Return what the plan tells of the sky of a ring, float32 [5, H, W]; see the class."""
        sky = self._sky
        assert sky is not None
        if (
            crisp is not self._told[0]
            or sky is not self._told[1]
            or sky.before.shape != self._channels.shape[1:]
        ):
            self._channels = _told_of(sky, crisp)
            self._told = crisp, sky
        return self._channels


class _FarGround:
    """Pictures of a ring without anything near, [1, 8, H, W]; see `_CrispGround`.

    with ground.showing(far, sky):
        picture = ground.piece(around, place).picture
    """

    def __init__(self, stride: int) -> None:
        """Take the width of a cell in pixels."""
        self._stride = stride
        self._far: tuple[np.ndarray | None, PlannedSky | None] = None, None
        self._ring = np.zeros((8, 0, 0), np.float32)
        self._lock = Lock()

    @contextmanager
    def showing(self, far: np.ndarray, sky: PlannedSky) -> Iterator[None]:
        """Show the far parts of a ring, see `PaintedPictures.far_skies`, continued, meanwhile."""
        with self._lock:
            if far is not self._far[0] or sky is not self._far[1]:
                is_sky = (far[..., 3] > 0) & (sky.before < 1)
                colors = np.ascontiguousarray(far[..., :3].transpose(2, 0, 1)) / np.float32(127.5)
                whole = continued(colors - 1, is_sky)
                told = _told_of(sky, whole)
                told[0] = np.where(is_sky, told[0], np.float32(1))
                both = np.concatenate((whole, told))
                self._ring = mirrored(both, np.logical_or.reduce(is_sky))
                self._far = far, sky
            yield

    def piece(self, around: Surroundings, place: Place) -> RingPiece:  # noqa: ARG002 -- RingGround
        """Return a picture of the place alone; see `RingGround`."""
        return RingPiece(place, _part_of(self._ring, place, self._stride)[None])


def _told_of(sky: PlannedSky, ring: np.ndarray | None) -> np.ndarray:
    """Return `before` and the hidden clouds of a ring, float32 [5, H, W]; None: it shows none."""
    clouds = np.zeros((4, *sky.before.shape), np.float32)
    return np.concatenate((sky.before[None], clouds if ring is None else sky.hidden_clouds(ring)))


def _part_of(ring: np.ndarray, place: Place, stride: int) -> Tensor:
    """Return the part of a ring, [C, H, W], that a place shows; a cell is `stride` pixels wide."""
    rows, columns = place.pixels(stride)
    return torch.from_numpy(window(ring, rows, columns.start, columns.stop))


class PaintedPictures:
    """Decodes the known ring where pictures of it are asked for; threads may share it."""

    def __init__(
        self,
        imagination: Imagination,
        sky_alone: SkyAlone,
        redrawn: RedrawnThings,
        refined: RefinedRings,
    ) -> None:
        """Begin with no pictures.

        Args:
            imagination: decodes cells.
            sky_alone: takes out of pictures at poses what stands before the sky.
            redrawn: draws things again.
            refined: refines rings.
        """
        self._lattice, size = imagination.lattice, imagination.view_size
        self._ring_size = imagination.ring_size
        decode = remembering(imagination.picture)
        self._decoded, self._whole = DecodedGround(decode, BESIDE), self._lattice.whole
        # the ring whose things are drawn again is older than the one that is shown, or newer
        other = DecodedGround(decode, BESIDE)
        self.details = PaintedDetails(imagination, self._decoded, other, redrawn, refined)
        self._crisp = _CrispGround(self._decoded, self.details, imagination.stride)
        self._far = _FarGround(imagination.stride)

        def remade(piece: RingPiece) -> Tensor:
            middle, picture = self._lattice.middle(piece.place), piece.picture
            alone = sky_alone(picture[:, :3], (middle,), picture[:, 3:4])
            clouds = picture[:, 4:].to(alone.device)
            return alone * (1 - clouds[:, 3:]) + clouds[:, :3]

        skies, far = (RemadeGround(one, remade, _SKIES) for one in (self._crisp, self._far))
        self._views, self._skies, self._far_skies = (
            ViewCutter(self._lattice, one, size) for one in (self._decoded, skies, far)
        )

    def views(self, around: Surroundings, poses: Sequence[CameraPose]) -> Tensor | None:
        """Return pictures of known ground at poses near to each other, [F, 3, H, W]."""
        return self._views.views(around, poses)

    def shows_given(self, around: Surroundings, pose: CameraPose) -> bool:
        """Tell whether a view shows frames that were given, which memory knows better."""
        there = around.at(self._lattice.around_all((pose,)))
        return there.given is not None and bool(there.given.any())

    def nearest_view(
        self, around: Surroundings, pose: CameraPose, others: Iterable[CameraPose]
    ) -> tuple[CameraPose, Tensor] | None:
        """Return the first of some poses at which all is known that a view shows; its picture."""
        return self._views.nearest(around, pose, others)

    def skies(
        self, around: Surroundings, poses: Sequence[CameraPose], things: Things, unknown: int,
        sky: PlannedSky,
    ) -> Tensor | None:  # fmt: skip
        """Return such pictures, refined, without what stands before the sky.

        Args:
            around: the known ring.
            poses: of the views.
            things: of the plan.
            unknown: columns of cells that may be; those beside them go on there.
            sky: of the plan.
        """
        with self._crisp.showing(things, sky):
            return self._skies.continued(around, poses, unknown)

    def far_skies(
        self, far: np.ndarray, poses: Sequence[CameraPose], sky: PlannedSky
    ) -> Tensor | None:
        """Return pictures of the sky alone at poses near to each other, as `skies` does.

        Args:
            far: parts of a ring that look the same from everywhere: colours, and 255 where they are
                known, uint8 [H, W, 4]. Others are continued; None is returned if there are none.
            poses: of the views.
            sky: of the plan.
        """
        if not far[..., 3].any():
            return None
        lattice = self._lattice.whole
        everywhere = Surroundings.unknown(lattice.rows, lattice.columns, 0)
        everywhere.known[:] = True
        with self._far.showing(far, sky):
            return self._far_skies.views(everywhere, poses)

    def colors_in(
        self, around: Surroundings, yaw: float, pitch: float, width: float, height: float
    ) -> list[tuple[int, int, int]]:
        """Return colours all over a box of the known ring, []: it is not known.

        Args:
            around: the known ring.
            yaw: of the middle of the box [degrees].
            pitch: likewise.
            width: of the box; no wider than a view.
            height: likewise.
        """
        place = self._lattice.box(yaw, pitch, width, height)
        if not around.at(place).known.any():
            return []
        with torch.inference_mode():
            pixels = to_frames(self._decoded.piece(around, place).picture)[0]
        pixel = self._lattice.cell * place.rows / len(pixels)  # degrees
        middle = self._lattice.extent(place)
        right, down = yaw_difference(yaw, middle[0]), middle[1] - pitch
        columns, rows = (
            ((away + side * _ACROSS) / pixel + count / 2).astype(int).clip(0, count - 1)
            for away, side, count in zip(
                (right, down), (width, height), pixels.shape[1::-1], strict=True
            )
        )
        red, green, blue = pixels[rows[:, None], columns].reshape(-1, 3).T.tolist()
        return list(zip(red, green, blue, strict=True))

    def ring(self, around: Surroundings) -> Tensor:
        """Return the picture of the ring, fp32 [3, H, W]; grey where nothing near is known."""
        with torch.inference_mode():
            picture = self._decoded.known(around, self._whole)
        if picture is None:  # all was forgotten
            return torch.zeros(3, *self._ring_size)
        return picture[0].float()
