"""A world's pictures as they are shown: at rest as they were made, then moved to their time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.execution import Execution, run_pictures
from mag_sandbox.model.pocket.animator import PARTS, Animator, Moments

LIKELY = 0.5  # share of a pixel from which it counts as a part
FEWEST = 0.001  # share of the pixels of a block below which a part is not there
_SKY = PARTS.index("sky")


@dataclass(frozen=True, slots=True)
class PicturesAtRest:
    """Pictures of a block at rest, and what could move of them."""

    pictures: Tensor  # [F, 3, H, W] in [-1, 1]
    parts: Tensor | None = None  # shares of `PARTS`, [F, 4, H, W]; None: nothing moves
    has_sky: bool = False  # whether the wind matters

    def __getitem__(self, frames: slice) -> "PicturesAtRest":
        """Return the same of some frames."""
        parts = None if self.parts is None else self.parts[frames]
        return PicturesAtRest(self.pictures[frames], parts, self.has_sky)


class Animation:
    """Moves the pictures of blocks.

    resting = animation.at_rest(pictures, poses)
    sky = picture(latents at animation.upwind(poses, time)) if resting.has_sky else None
    pictures = animation.moved(resting, sky, poses, time)
    """

    def __init__(self, animator: Animator, execution: Execution) -> None:
        self._animator = run_pictures(animator, execution)
        self._wind = animator.config.wind

    def at_rest(self, pictures: Tensor, poses: Sequence[CameraPose]) -> PicturesAtRest:
        """Return what could move of a block's pictures, [F, 3, H, W]."""
        parts = self._animator.parts(pictures, _moments(poses, 0)).sigmoid()
        there = (parts > LIKELY).float().mean(dim=(0, 2, 3)) > FEWEST  # [4]
        return PicturesAtRest(pictures, parts if there.any() else None, bool(there[_SKY]))

    def upwind(self, poses: Sequence[CameraPose], time: int) -> tuple[CameraPose, ...]:
        """Return from where the wind has carried the sky of a block that begins at `time`."""
        return tuple(
            replace(pose, yaw=(pose.yaw - self._wind * (time + frame)) % 360.0)
            for frame, pose in enumerate(poses)
        )

    def moved(
        self, resting: PicturesAtRest, sky: Tensor | None, poses: Sequence[CameraPose], time: int
    ) -> Tensor:
        """Return the pictures of a block that begins at `time`, [F, 3, H, W].

        The sky is pictures at rest of the poses upwind, if there is any. At time 0 the world is at
        rest.
        """
        rest = resting.pictures
        if resting.parts is None:
            return rest
        wind = rest if sky is None else sky
        moments = _moments(poses, time)
        moved = self._animator(rest, wind, resting.parts, moments)
        return torch.where((moments.times > 0)[:, None, None, None].to(rest.device), moved, rest)


def _moments(poses: Sequence[CameraPose], time: int) -> Moments:
    table = [(pose.yaw, pose.pitch, pose.fov) for pose in poses]
    times = torch.arange(time, time + len(poses), dtype=torch.float64)
    return Moments(torch.tensor(table, dtype=torch.float64), times)
