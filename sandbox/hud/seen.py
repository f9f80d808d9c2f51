"""All that was seen: a ring of pictures at half their size, and things seen on walks.

Knows nothing of windows; `minimap.py` draws it, `around.py` lists the things in it.
"""

from collections.abc import Iterable
from dataclasses import replace
from math import atan2, degrees

import numpy as np
from PIL import Image

from mag_sandbox.controls.camera import (
    ASPECT,
    MAX_PITCH,
    CameraPose,
    is_in_range,
    yaw_difference,
)
from mag_sandbox.controls.edits import Edit
from mag_sandbox.model.world import FrameBlock, GroundPlan

WIDTH = 640  # px around: half the pixels of a frame of 320 at 90 degrees; its left edge lies behind
SCALE = WIDTH / 360  # px a degree, both ways
TOP = MAX_PITCH + 90.0 * ASPECT / 2  # degrees: the highest ground that a view shows
HEIGHT = round(2 * TOP * SCALE)
NEVER = -1
OTHER_LIGHT = -1_000_000  # frame at which all was seen that shows in another light now
MOST_PLACES = 4096  # seen on walks; with more, older ones are forgotten
Place = tuple[float, float]  # x and z [m]
Box = tuple[int, int, int, int]  # left, top, width, height [px of the ring]; may cross the seam


class SeenRing:
    """A ring of all that was seen: halved pictures, and when each part was last seen."""

    def __init__(self) -> None:
        self.pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        self.seen = np.full((HEIGHT, WIDTH), NEVER, np.int32)  # the frame that last showed it
        self.frames = 0

    @property
    def is_seen(self) -> np.ndarray:
        """Which parts were seen and have not changed since but for light, bool [HEIGHT, WIDTH]."""
        seen: np.ndarray = self.seen != NEVER
        return seen

    def add(self, block: FrameBlock) -> Box:
        """Put the last frame of a block into the ring, and return where; forget changed parts.

        Frames from other viewpoints than the scene's first are left out.
        """
        self.frames += len(block.frames)
        if block.edited is not None:
            self._forget(block.edited)
        frame, pose = block.frames[-1], block.poses[-1]
        left, top, width, height = box = view_box(pose, aspect=frame.shape[0] / frame.shape[1])
        if pose.is_away:  # things appear elsewhere from there
            return box
        small = Image.fromarray(frame).resize((width, height), Image.Resampling.BOX)
        first, last = max(0, top), min(HEIGHT, top + height)
        patch = np.asarray(small)[first - top : last - top]
        for columns, part in unrolled(left, width):
            self.pixels[first:last, columns] = patch[:, part]
            self.seen[first:last, columns] = self.frames
        return box

    def _forget(self, edit: Edit) -> None:
        if edit.act == "relight":  # nothing else changes
            self.seen[self.is_seen] = OTHER_LIGHT
            return
        left = round((edit.yaw + 180.0 - edit.width / 2) * SCALE) % WIDTH
        top = round((TOP - edit.pitch - edit.height / 2) * SCALE)
        bottom = max(0, top + round(edit.height * SCALE))
        for columns, _ in unrolled(left, round(edit.width * SCALE)):
            self.seen[max(0, top) : bottom, columns] = NEVER


class SeenGround:
    """Where the things stand that came into view on walks, away from where the scene begins."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self.places = frozenset(places)  # rounded to 0.1 m
        self._part: tuple[tuple[object, ...], GroundPlan] | None = None  # asked for last; of what

    def add(self, block: FrameBlock) -> None:
        """Take the things in the view of a block."""
        pose, ground = block.poses[-1], block.ground
        if ground is None or not pose.is_away:
            return
        new = {
            _rounded(place)
            for place in _places_of(ground)
            if abs(yaw_difference(_yaw_of(place, pose), pose.yaw)) <= pose.fov / 2
            and is_in_range(*place)  # the far end of a sea is not
        } - self.places
        if new:
            known = frozenset(new) | self.places
            self.places = known if len(known) <= MOST_PLACES else frozenset(new)

    def part_of(self, ground: GroundPlan, directions: np.ndarray) -> GroundPlan:
        """Return what was seen of the ground, and doors to known rooms.

        `directions` are the columns of the ring, whether they were seen from where the scene begins
        (bool [WIDTH]).
        """
        asked = ground, directions.tobytes(), self.places
        if self._part is None or self._part[0] != asked:  # asked for at each frame
            self._part = asked, self._seen_of(ground, directions)
        return self._part[1]

    def _seen_of(self, ground: GroundPlan, directions: np.ndarray) -> GroundPlan:
        def is_seen(place: Place) -> bool:
            column = round((_yaw_of(place, CameraPose()) + 180.0) * SCALE) % WIDTH
            return bool(directions[column]) or _rounded(place) in self.places

        return replace(
            ground,
            things=tuple(one for one in ground.things if is_seen((one.x, one.z))),
            doors=tuple(one for one in ground.doors if one.leads_to or is_seen((one.x, one.z))),
            waters=tuple(one for one in ground.waters if any(map(is_seen, one.shore))),
        )


def _places_of(ground: GroundPlan) -> Iterable[Place]:
    yield from ((one.x, one.z) for one in ground.things)
    yield from ((one.x, one.z) for one in ground.doors)
    for water in ground.waters:
        yield from water.shore


def _yaw_of(place: Place, pose: CameraPose) -> float:
    return degrees(atan2(place[0] - pose.x, place[1] - pose.z))


def _rounded(place: Place) -> Place:
    return round(place[0], 1), round(place[1], 1)


def view_box(pose: CameraPose, aspect: float = ASPECT) -> Box:
    """Return the part of the map that a view shows; its left edge lies in [0, WIDTH)."""
    width, height = pose.fov * SCALE, pose.fov * aspect * SCALE
    left = round((pose.yaw + 180.0) * SCALE - width / 2) % WIDTH
    top = round((TOP - pose.pitch) * SCALE - height / 2)
    return left, top, round(width), round(height)


def unrolled(left: int, width: int) -> list[tuple[slice, slice]]:
    """Return (columns of the map, columns of the patch): one pair, or two across the seam."""
    whole = min(width, WIDTH)
    before = min(whole, WIDTH - left)
    parts = [(slice(left, left + before), slice(0, before))]
    if before < whole:
        parts.append((slice(0, whole - before), slice(before, whole)))
    return parts
