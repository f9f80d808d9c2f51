"""The picture store: key frames of a session, binned by pose, within a byte budget.

Of every bin the first and the newest picture are kept, as raw bytes. When the budget is spent, the
oldest picture whose bin has another one goes first, then the oldest of all.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mag_sandbox.controls.camera import CameraPose, view_overlap
from mag_sandbox.evaluation.similarity.metrics import gradient_energy
from mag_sandbox.model.full.image_shift import reduced, reduction

STORE_BYTES = 24 * 2**20  # 136 frames of 320 x 192
YAW_BIN, PITCH_BIN, FOV_BIN = 15.0, 13.5, 15.0  # degrees


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One shown frame: its picture, pose and time."""

    frame: np.ndarray  # uint8 [H, W, 3]
    pose: CameraPose
    number: int  # frames shown before it since the world's reset
    seconds: float  # of the world's time since its reset
    memory_index: int = -1  # newest frame that memory then held; -1: none
    detail: float = 0.0  # how much there is to see [grey levels], of pictures in the store


class PictureStore:
    """The first and the newest picture of every bin of poses.

    >>> store = PictureStore()
    >>> store.newest()  # one picture a bin
    ()
    """

    def __init__(self, budget: int = STORE_BYTES) -> None:
        self._budget = budget
        self._bins: dict[tuple[int, int, int], list[Sight]] = {}  # first, newest

    @property
    def bytes(self) -> int:
        """Bytes of all pictures."""
        return sum(sight.frame.nbytes for sight in self.all())

    def add(self, sight: Sight) -> None:
        """Keep a copy of a sight as the newest of its bin."""
        detail = gradient_energy(reduced(sight.frame, reduction(sight.frame)))
        kept = replace(sight, frame=sight.frame.copy(), detail=detail)
        pictures = self._bins.setdefault(_bin(sight.pose), [])
        pictures[1:] = [kept]
        while len(self.all()) > 1 and self.bytes > self._budget:
            self._drop_one(kept)

    def forget(self, is_old: Callable[[CameraPose], bool]) -> None:
        """Drop the pictures of some poses: what they show is no more."""
        self._bins = {
            place: pictures
            for place, pictures in self._bins.items()
            if not any(is_old(one.pose) for one in pictures)
        }

    def all(self) -> list[Sight]:
        """Return every picture."""
        return [sight for pictures in self._bins.values() for sight in pictures]

    def newest(self) -> tuple[Sight, ...]:
        """Return the newest picture of every bin."""
        return tuple(pictures[-1] for pictures in self._bins.values())

    def first_sight(self, pose: CameraPose, least: float) -> Sight | None:
        """Return the earliest picture that shows at least this share of a view, if there is one."""
        shown = [one for one in self.all() if view_overlap(pose, one.pose) >= least]
        return min(shown, key=lambda one: one.number, default=None)

    def _drop_one(self, kept: Sight) -> None:
        crowded = [one for pictures in self._bins.values() if len(pictures) > 1 for one in pictures]
        choice = [one for one in crowded or self.all() if one is not kept]
        oldest = min(choice, key=lambda one: one.number)
        place = _bin(oldest.pose)
        self._bins[place].remove(oldest)
        if not self._bins[place]:
            del self._bins[place]


def _bin(pose: CameraPose) -> tuple[int, int, int]:
    around = round(360 / YAW_BIN)
    across = int(pose.yaw / YAW_BIN) % around
    return across, round(pose.pitch / PITCH_BIN), round(pose.fov / FOV_BIN)
