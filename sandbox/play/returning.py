"""Finds where two memories differ: a view that one of them holds and the other has lost.

Knows the seen views and those that each memory holds; does not steer, and knows no windows.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from math import dist

import numpy as np

from mag_sandbox.controls.camera import CameraPose, view_overlap, yaw_difference
from mag_sandbox.evaluation.similarity.anchors import GONE, KEPT, SEEN
from mag_sandbox.evaluation.similarity.pictures import Sight
from mag_sandbox.evaluation.similarity.recall import common_view, seen_recall
from mag_sandbox.model.world import SEEN_FROM, FrameBlock, MemoryUsage, WorldSpec

LOST = 0.25  # share of a view that a memory which lost it may still hold
FAR = 180.0  # most degrees to turn away while no view is lost
BACK = "Both go back to this place"
AWAY_AND_BACK = "Both turn away and come back"
THERE = "What you saw here"
ASIDE = "What you saw further {}"


class GuidedReturn:
    """Leads two worlds side by side to a view that one memory holds and the other lost.

    That is the nearest such view out of sight; where there is none, the camera turns away from the
    present view, over seen ground, until one memory has lost it, and comes back.

    trip = GuidedReturn(first_block, world.spec, sights)
    if target := trip.next_target(block, is_flying=pilot.is_flying):  # after each block
        pilot.fly_to(target, world.spec)
    """

    def __init__(self, block: FrameBlock, spec: WorldSpec, sights: Collection[Sight]) -> None:
        self._here = here = block.poses[-1]
        self.recalls: tuple[float, ...] = ()  # percent; one per half, once it shows the view again
        self._judged: np.ndarray | None = None  # the picture of both halves that these are about
        sights = [sight for sight in sights if _is_near(sight.pose, here)]
        lost = [sight for sight in sights if _is_lost(sight.pose, here, block)]
        # whether the camera turns by itself
        self.leads, self._way = True, BACK if lost else AWAY_AND_BACK
        self._targets: list[CameraPose] = []  # still to visit
        self._place = here
        self.seen: np.ndarray | None = None  # the view as it was seen, uint8 [H, W, 3]; None: none
        if lost:
            nearest = min(lost, key=lambda sight: _distance(sight.pose, here))
            self._place, self.seen = nearest.pose, nearest.frame
            self._targets = [self._place]
        elif "yaw" in spec.axes:
            self.seen = np.split(block.at_rest[-1], 2, axis=1)[0]
            self._targets = [_far_from(here, sights), self._place]

    @property
    def words(self) -> str:
        """The caption of the view as it was seen."""
        if self.leads:
            return self._way
        if view_overlap(self._place, self._here) >= SEEN:
            return THERE
        aside = yaw_difference(self._place.yaw, self._here.yaw)
        if abs(aside) < abs(self._place.pitch - self._here.pitch):
            return ASIDE.format("up" if self._place.pitch > self._here.pitch else "down")
        return ASIDE.format("right" if aside > 0 else "left")

    def next_target(self, block: FrameBlock, *, is_flying: bool) -> CameraPose | None:
        """Return the camera's new target; None: unchanged."""
        self._here = block.poses[-1]
        self.leads = bool(self._targets) or is_flying
        if not (self.leads or self.seen is None):
            self._judge(self.seen, block)
        if self._targets and (not is_flying or min(_held(self._place, block)) <= LOST):
            return self._targets.pop(0)
        return None

    def stop(self) -> None:
        """Stop leading: the player steers."""
        self._targets.clear()

    def _judge(self, seen: np.ndarray, block: FrameBlock) -> None:
        """Compare both halves with the view as it was seen, where they show it.

        They are compared again when they look different: what is invented is painted in steps.
        """
        shown = block.at_rest[-1]
        is_known = self._judged is not None and np.array_equal(shown, self._judged)
        rests = block.poses[0] == self._here
        if is_known or not rests or view_overlap(self._place, self._here) < SEEN:
            return
        self._judged = shown.copy()
        then = Sight(seen, self._place, 0, 0.0, 0)
        now = [Sight(half, self._here, 0, 0.0, 0) for half in np.split(shown, 2, 1)]
        shared = (common_view(then, one) for one in now)
        self.recalls = tuple(seen_recall(new, old) for old, new in shared)


def _is_lost(pose: CameraPose, here: CameraPose, block: FrameBlock) -> bool:
    """Tell whether a view is out of sight, one memory holds it, and another next to nothing."""
    held = _held(pose, block)
    return _overlap(pose, here) < GONE and min(held) <= LOST and max(held) >= KEPT


def _held(pose: CameraPose, block: FrameBlock) -> Sequence[float]:
    """Return the share of a view that the best frame near it of each memory shows."""
    memories: list[MemoryUsage] = [one.memory for one in (block, block.beside) if one]
    return [
        max((_overlap(pose, entry.pose) for entry in memory.near(pose)), default=0.0)
        for memory in memories
    ]


def _overlap(pose: CameraPose, other: CameraPose) -> float:
    """Return the share of a view that another one from near it shows."""
    return view_overlap(pose.at_origin, other.at_origin)


def _is_near(pose: CameraPose, here: CameraPose) -> bool:
    return dist(pose.position, here.position) <= SEEN_FROM


def _distance(pose: CameraPose, here: CameraPose) -> float:
    """Return how far the camera turns and zooms [degrees]."""
    turn = abs(yaw_difference(pose.yaw, here.yaw)) + abs(pose.pitch - here.pitch)
    return turn + abs(pose.fov - here.fov)


def _far_from(here: CameraPose, sights: Collection[Sight]) -> CameraPose:
    """Return the farthest pose on the side where more was seen."""
    seen = sum(np.sign(yaw_difference(sight.pose.yaw, here.yaw)) for sight in sights)
    # a little less than half a turn, so that the way there is on that side
    return replace(here, yaw=(here.yaw + (FAR - 1.0 if seen >= 0 else 1.0 - FAR)) % 360.0)
