"""The geometry of a ring: projects points in metres, and gives the distance of pixels.

A ring is 360 degrees of yaw wide and 108 degrees of pitch tall, both linear in pixels, with yaw 0
at column 0 and the horizon in row RING_HEIGHT / 2. The world has x to the right and z ahead of a
viewer who looks to yaw 0, both along the ground [m], and heights above the floor [m].
"""

from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH

PIXELS_PER_RADIAN = RING_WIDTH / (2 * np.pi)
NEAREST = 0.3  # metres; boards are never drawn as if they were nearer


class Viewpoint(NamedTuple):
    """Where the viewer stands [m]."""

    x: float = 0.0
    z: float = 0.0

    def distance(self, x: float, z: float) -> float:
        """Return the distance to a point, along the ground [m]."""
        return float(np.hypot(x - self.x, z - self.z))

    def yaw(self, x: float, z: float) -> float:
        """Return the direction of a point, to the right of ahead [radians]."""
        return float(np.arctan2(x - self.x, z - self.z))


START = Viewpoint()


def rows_of(heights: np.ndarray, distances: np.ndarray | float) -> np.ndarray:
    """Return the ring rows at which heights above the floor [m] appear at distances [m]."""
    return HORIZON - np.arctan2(heights - EYE, distances) * PIXELS_PER_RADIAN


def board(points: np.ndarray, viewer: Viewpoint, x: float, foot: float, z: float) -> np.ndarray:
    """Project a board that stands at (x, z) and faces the viewer.

    Columns depend on how far a point is to the right of the board's middle, rows on its height
    alone, so upright boxes stay upright boxes.

    Args:
        points: on the board [m]; x to the right of its middle, y *below* its foot, [P, 2].
        viewer: where the viewer stands.
        x: of the board's middle [m].
        foot: its height above the floor [m].
        z: of the board's middle [m].

    Returns:
        Ring pixels, [P, 2]; columns may lie beyond the ring's ends.
    """
    distance = max(viewer.distance(x, z), NEAREST)
    yaw = viewer.yaw(x, z) % (2 * np.pi)
    columns = (yaw + np.arctan(points[:, 0] / distance)) * PIXELS_PER_RADIAN
    return np.stack((columns, rows_of(foot - points[:, 1], distance)), axis=1)


def surface(points: np.ndarray, ends: np.ndarray, viewer: Viewpoint) -> np.ndarray:
    """Project polygons that lie on walls or on the ground.

    Args:
        points: x, height, z [m], [P, 3].
        ends: where in `points` each polygon ends.
        viewer: where the viewer stands.

    Returns:
        Ring pixels, [P, 2]. Columns are continuous within each polygon, and polygons begin within
        half a ring of the first one: they may lie beyond the ring's ends.
    """
    x, z = points[:, 0] - viewer.x, points[:, 2] - viewer.z
    columns = np.arctan2(x, z) * PIXELS_PER_RADIAN
    steps = np.diff(columns, prepend=columns[:1])
    steps = (steps + RING_WIDTH / 2) % RING_WIDTH - RING_WIDTH / 2
    starts = np.concatenate(([0], ends[:-1])).astype(int)
    steps[starts] = 0.0
    walked = np.cumsum(steps)
    counts = np.diff(ends, prepend=0)
    apart = (columns[starts] - columns[0] + RING_WIDTH / 2) % RING_WIDTH - RING_WIDTH / 2
    first = np.repeat(columns[0] % RING_WIDTH + apart - walked[starts], counts)
    return np.stack((walked + first, rows_of(points[:, 1], np.hypot(x, z))), axis=1)


def plane_depth(height: float) -> np.ndarray:
    """Return the distance of a level plane, `height` [m] above the eyes, in each row.

    Float32 [RING_HEIGHT]; distances along the ground [m], inf where the plane does not appear.
    """
    pitch = (HORIZON - np.arange(RING_HEIGHT) - 0.5) / PIXELS_PER_RADIAN
    with np.errstate(divide="ignore"):
        depth = height / np.tan(pitch)
    return np.where(depth > 0, depth, np.inf).astype(np.float32)


def box_depth(
    left: float, right: float, back: float, front: float, viewer: Viewpoint
) -> np.ndarray:
    """Return the distance of the walls of a room in each column [m], float32 [RING_WIDTH]."""
    yaw = (np.arange(RING_WIDTH) + 0.5) / PIXELS_PER_RADIAN
    sine, cosine = np.sin(yaw), np.cos(yaw)
    with np.errstate(divide="ignore"):
        aside = np.where(sine > 0, right - viewer.x, left - viewer.x) / sine
        ahead = np.where(cosine > 0, front - viewer.z, back - viewer.z) / cosine
    return np.asarray(np.minimum(aside, ahead), np.float32)
