"""Pictures of painted ground: views, skies and the whole ring."""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.imagination.ground import DecodedGround, RemadeGround, ViewCutter
from mag_sandbox.model.imagination.imagination import BESIDE, Imagination
from mag_sandbox.model.imagination.surroundings import Surroundings
from mag_sandbox.model.pocket.painted_details import PaintedDetails

SkyAlone = Callable[[Tensor, Sequence[CameraPose]], Tensor]  # [F, 3, H, W] of poses -> the same
_SKIES = (6, 8)  # rows and columns by which pieces of sky are larger than need be
_SKY_UNKNOWN = 1  # columns; the wind takes four seconds for one


class PaintedPictures:
    """Decodes the known ring where pictures of it are asked for; threads may share it."""

    def __init__(self, imagination: Imagination, sky_alone: SkyAlone) -> None:
        """Begin with no pictures.

        Args:
            imagination: decodes cells.
            sky_alone: takes out of pictures at poses what stands before the sky.
        """
        lattice, size = imagination.lattice, imagination.view_size
        self._ring_size = imagination.ring_size
        self._decoded, self._whole = DecodedGround(imagination.picture, BESIDE), lattice.whole
        self.details = PaintedDetails(imagination, self._decoded)
        skies = RemadeGround(
            self._decoded,
            lambda piece: sky_alone(piece.picture, (lattice.middle(piece.place),)),
            _SKIES,
        )
        self._views, self._skies = (
            ViewCutter(lattice, one, size) for one in (self._decoded, skies)
        )

    def views(self, around: Surroundings, poses: Sequence[CameraPose]) -> Tensor | None:
        """Return pictures of known ground at poses near to each other, [F, 3, H, W]."""
        return self._views.views(around, poses)

    def nearest_view(
        self, around: Surroundings, pose: CameraPose, others: Iterable[CameraPose]
    ) -> tuple[CameraPose, Tensor] | None:
        """Return the first of some poses at which all is known that a view shows; its picture."""
        return self._views.nearest(around, pose, others)

    def skies(self, around: Surroundings, poses: Sequence[CameraPose]) -> Tensor | None:
        """Return such pictures without what stands before the sky."""
        return self._skies.views(around, poses, unknown=_SKY_UNKNOWN)

    def ring(self, around: Surroundings) -> Tensor:
        """Return the picture of the ring, fp32 [3, H, W]; grey where nothing near is known."""
        with torch.inference_mode():
            picture = self._decoded.known(around, self._whole)
        if picture is None:  # all was forgotten
            return torch.zeros(3, *self._ring_size)
        return picture[0].float()
