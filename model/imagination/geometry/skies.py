"""Where a plan has sky, and what hides it."""

import numpy as np

from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.pixels import widened_around
from mag_sandbox.scenes.kinds import CLOUD

UNSURE = 3  # px around what stands before the sky: a painter's outlines differ from the plan's


def before_sky(scenery: Scenery, numbers: np.ndarray, distant: np.ndarray) -> np.ndarray:
    """Return 1 where things hide the sky, -1 where it and its clouds are, float32 [H, W].

    Near all else the sky may be either, as the ground is: 0.

    Args:
        scenery: the plan in metres.
        numbers: of the thing in each pixel of a ring, 0: none, int32 [H, W].
        distant: pixels whose surfaces look the same from everywhere, bool [H, W].
    """
    clouds = [one for one, body in enumerate(scenery.bodies, 1) if body.told.kind == CLOUD]
    is_cloud = np.isin(numbers, clouds)
    other = ~(is_cloud | (numbers == 0) & distant)
    sky = ~widened_around(other, UNSURE)
    return np.where(sky, np.float32(-1), (numbers > 0) & ~is_cloud)


def unsure_in(before: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return `before_sky` without sky in columns, bool [W], that show a given picture.

    A plan has the mountains of a picture about where they are: the wind would carry their tops.
    """
    return np.where(columns, before.clip(min=0), before)
