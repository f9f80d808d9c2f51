"""The sky of a plan."""

import numpy as np

from mag_sandbox.model.imagination.geometry.skies import PlannedSky

WHITE, BROWN = 0.9, -0.5
SHAPE = 24, 64
LEFT, RIGHT = (slice(4, 16), slice(8, 24)), (slice(4, 16), slice(40, 56))  # two clouds


def test_a_cloud_goes_on_behind_a_tower_if_something_of_it_is_seen():
    clouds, before = np.zeros(SHAPE, np.int32), -np.ones(SHAPE, np.float32)
    clouds[LEFT], clouds[RIGHT] = 1, 2
    before[:, 17:58] = 1  # hides one in part and the other
    picture = np.where(before > 0, BROWN, WHITE)[None].repeat(3, axis=0)
    hidden = PlannedSky(before, clouds).hidden_clouds(picture)
    assert np.allclose(hidden[:, 6:14, 18:22], np.array([WHITE] * 3 + [1])[:, None, None])
    assert not hidden[:, :, :13].any(), "what shows stays as it is"
    assert not hidden[:, :, 26:].any(), "nothing of the other one is seen"
