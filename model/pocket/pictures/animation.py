"""Animates a world's pictures: from rest to the time at which they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.pocket.pictures.animator import PARTS, Animator, Moments
from mag_sandbox.model.pocket.pictures.cells import DrawnPictures, cells_of, frames_of, pixels_of
from mag_sandbox.model.pocket.pictures.skies import sky_alone
from mag_sandbox.model.pocket.pictures.swaying import swayed, swaying
from mag_sandbox.model.world import Frames

FEWEST = 0.001  # share of the pixels of pictures below which a part is not there
# share of water that the network is told of: of all of it, waves are diagonal stripes where a sea
# fills the view, most of all at night; of this much, about half as high
WATER = 0.65
LIT = 0.03  # share of lights from which on they light something up
SKY, WAVES, LIGHTS, WALKERS = (PARTS.index(part) for part in PARTS)
# levels at rest, and the least ones to which a light that flickers takes them: by day a lamp lights
# up no wall, and one that it dims has a grey spot
_LEAST = np.interp(np.arange(256), (110, 190, 255), (0, 186, 252)).astype(np.uint8)


class Moving(Protocol):
    """Tells parts of pictures and moves them; all are cells, [B, C, H / 4, W / 4]."""

    def parts(self, rest: Tensor, moments: Moments) -> Tensor:
        """Return how likely each pixel is part of each of `PARTS`, cells of one after the other."""

    def moved(
        self, rest: Tensor, wind: Tensor | None, parts: Tensor, moments: Moments
    ) -> np.ndarray:
        """Return levels of the pictures of these moments, in which nothing walks.

        Args:
            rest: pictures at rest.
            wind: the sky alone, of where the wind has carried it from; None: it stands still.
            parts: shares, as `parts` returns them.
            moments: of the pictures.
        """


@dataclass(frozen=True, slots=True)
class PicturesAtRest:
    """Pictures at rest, and their parts that could move."""

    drawn: DrawnPictures
    parts: Tensor | None = None  # `Moving.parts`, [F, 64, H / 4, W / 4]; None: nothing moves
    has_sky: bool = False  # whether the wind matters
    swaying: Tensor | None = None  # of creatures, [F, 1, H / 4, W / 4]; None: there are none
    lit: Frames | None = None  # the least levels where lights flicker; None: there are none

    @property
    def moves(self) -> bool:
        """Whether anything in them does."""
        return self.parts is not None


class Animation:
    """Moves the pictures of blocks.

    resting = animation.at_rest(drawn, poses)
    upwind = animation.upwind(poses, time)
    sky = animation.sky_alone(pictures upwind, upwind) if resting.has_sky else None
    frames = animation.moved(resting, sky, poses, time)
    """

    def __init__(self, source: Animator, moving: Moving, device: str) -> None:
        self._source, self._animator = source, moving
        self._wind, self._device = source.config.wind, device

    def at_rest(self, drawn: DrawnPictures, poses: Sequence[CameraPose]) -> PicturesAtRest:
        """Return the parts of pictures that may move."""
        parts = self._animator.parts(drawn.cells, _moments(poses, 0))
        if drawn.before_sky is not None:  # white sails and walls look like clouds
            _told(sky_of(parts), drawn.before_sky)
        there = _coverage(parts) > FEWEST
        if not there.any():
            return PicturesAtRest(drawn)
        of_parts = parts.unflatten(1, (len(PARTS), -1))
        creatures = of_parts[:, WALKERS]
        amount = swaying(creatures) if there[WALKERS] else None
        if there[WAVES]:
            of_parts[:, WAVES] *= WATER
        creatures.zero_()  # they sway, and the network has nothing to carry along
        lit = None
        if there[LIGHTS]:
            sky, waves, lights, _ = of_parts.unbind(dim=1)
            likely = pixels_of(lights > LIT + sky + waves).permute(0, 2, 3, 1).cpu().numpy()
            lit = _LEAST[drawn.frames] * likely
        return PicturesAtRest(drawn, parts, bool(there[SKY]), amount, lit)

    def upwind(self, poses: Sequence[CameraPose], time: int) -> tuple[CameraPose, ...]:
        """Return from where the wind has carried the sky of a block that begins at `time`."""
        return tuple(
            replace(pose, yaw=(pose.yaw - self._wind * (time + frame)) % 360.0)
            for frame, pose in enumerate(poses)
        )

    def sky_alone(
        self, pictures: Tensor, poses: Sequence[CameraPose], before: Tensor | None = None
    ) -> Tensor:
        """Return pictures without things in front of the sky, [F, 3, H, W].

        Args:
            pictures: of any size, at rest, [F, 3, H, W].
            poses: of them.
            before: 1 where a plan has things in front, -1 where it has sky, 0 elsewhere,
                [F, 1, H, W]; None: there is no plan.
        """
        pictures = pictures.to(self._device)  # painted ones are of the host
        parts = self._animator.parts(cells_of(pictures), _moments(poses, 0))
        sky = sky_of(parts)
        if before is not None:
            _told(sky, cells_of(before))
        return sky_alone(pictures, pixels_of(sky))

    def moved(
        self, resting: PicturesAtRest, sky: Tensor | None, poses: Sequence[CameraPose], time: int
    ) -> Frames:
        """Return pictures from a time on, a frame apart.

        The sky, [F, 3, H, W], is that of the poses upwind alone, if there is any. At time 0 the
        world is at rest.
        """
        (frames, rest, _), parts = resting.drawn, resting.parts
        if parts is None:
            return frames
        moments = _moments(poses, time)
        wind = None if sky is None else cells_of(sky)
        if (amount := resting.swaying) is not None:
            rest, above = swayed((rest, sky_of(parts)), amount, moments)
            parts = torch.cat((above, parts[:, above.shape[1] :]), dim=1)
        moved = frames_of(self._animator.moved(rest, wind, parts, moments))
        if resting.lit is not None:
            np.maximum(moved, resting.lit, out=moved)
        if time == 0:
            moved[0] = frames[0]
        return moved


def _told(sky: Tensor, before: Tensor) -> None:
    """Change shares of sky to what a plan tells: 0 where that is 1, and 1 where it is -1."""
    before = before.to(sky)
    sky.mul_(1 - before.clamp(min=0))
    torch.maximum(sky, -before, out=sky)


def _coverage(parts: Tensor) -> Tensor:
    """Return the share of pixels that are more likely than not each of `PARTS`, [4]."""
    likely = parts.round().permute(0, 2, 3, 1).flatten(0, 2)  # [cells, 64]
    cells = likely.new_ones(1, len(likely)) @ likely  # a product takes least time
    of_parts: Tensor = cells.float().unflatten(1, (len(PARTS), -1))
    return of_parts.mean(dim=(0, 2)) / len(likely)


def _moments(poses: Sequence[CameraPose], time: int) -> Moments:
    table = [(pose.yaw, pose.pitch, pose.fov) for pose in poses]
    times = torch.arange(time, time + len(poses), dtype=torch.float64)
    return Moments(torch.tensor(table, dtype=torch.float64), times)


def sky_of(parts: Tensor) -> Tensor:
    """Return the share of sky, cells [B, 16, h, w], of those of `PARTS`, [B, 64, h, w]."""
    sky: Tensor = parts.unflatten(1, (len(PARTS), -1))[:, SKY]
    return sky
