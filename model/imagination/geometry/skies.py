"""Where a plan has sky, and what hides it and its clouds."""

from typing import NamedTuple

import numpy as np
import torch

from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.pixels import extent, sums_around, widened_around
from mag_sandbox.scenes.kinds import CLOUD

LEAST_SEEN = 30  # px of a cloud, from which on it goes on behind things
SOFT = 1  # px to each side, over which the outline of a cloud is softened
UNSURE = 3  # px around what stands before the sky: a painter's outlines differ from the plan's


class PlannedSky(NamedTuple):
    """The sky of a plan around a viewpoint."""

    before: np.ndarray  # see `before_sky`
    clouds: (
        np.ndarray
    )  # number of the cloud in each pixel, whatever hides it, 0: none, int32 [H, W]

    def hidden_clouds(self, picture: np.ndarray) -> np.ndarray:
        """Return what things hide of clouds, colours times shares and shares, float32 [4, H, W].

        Their usual colours in a picture of the ring, float32 [3, H, W], go on there. A cloud of
        which it shows nothing is left out.
        """
        hidden = np.zeros((4, *self.clouds.shape), np.float32)
        for number in np.unique(self.clouds[self.before > 0]).tolist():
            rows = extent((self.clouds == number).any(axis=1), SOFT)
            lies, before = self.clouds[rows] == number, self.before[rows]
            seen = lies & (before < 0) & ~widened_around(~lies, UNSURE)
            if number and np.count_nonzero(seen) >= LEAST_SEEN:
                soft = sums_around(torch.from_numpy(lies.astype(np.float32)), SOFT).numpy()
                share = soft / (2 * SOFT + 1) ** 2 * widened_around(before >= 0, UNSURE)
                usual = np.append(np.median(picture[:, rows][:, seen], axis=1), 1)
                hidden[:, rows] += share * (usual[:, None, None] - hidden[:, rows])
        return hidden


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
