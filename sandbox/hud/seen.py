"""All that was seen: a ring of pictures at half their size.

Knows nothing of windows; `minimap.py` draws it, `around.py` lists the things in it.
"""

import numpy as np
from PIL import Image

from mag_sandbox.controls.camera import ASPECT, MAX_PITCH, CameraPose
from mag_sandbox.controls.edits import Edit
from mag_sandbox.model.world import FrameBlock

WIDTH = 640  # px around: half the pixels of a frame of 320 at 90 degrees; its left edge lies behind
SCALE = WIDTH / 360  # px a degree, both ways
TOP = MAX_PITCH + 90.0 * ASPECT / 2  # degrees: the highest ground that a view shows
HEIGHT = round(2 * TOP * SCALE)
NEVER = -1
OTHER_LIGHT = -1_000_000  # frame at which all was seen that shows in another light now
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
