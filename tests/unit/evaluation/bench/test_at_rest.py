"""Memory knows the world at rest: it is given that, and what comes back is compared with it."""

import numpy as np
import pytest

from mag_sandbox.evaluation.bench.clips import HeldOutScene, held_out_scene
from mag_sandbox.evaluation.bench.continuations import play_continued, true_blocks
from tests.moving_worlds import MovingWorld


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> HeldOutScene:
    return held_out_scene(1, 0, tmp_path_factory.mktemp("scene"), moves=True)


@pytest.mark.parametrize("mode", ["history", "truth"])
def test_memory_is_given_the_scene_at_rest(scene, mode):
    """However late it is, and compared with the scene of its time."""
    given = []

    class Noting(MovingWorld):
        def show(self, control, frames):
            given.append(frames)
            return super().show(control, frames)

    world = Noting()
    made = play_continued(world, scene, mode)
    poses = [pose for block in true_blocks(scene, world.spec) for pose in block.poses][3:]
    poses = poses[: 3 * len(given)]
    assert given
    for place, pose in enumerate(poses):
        assert np.array_equal(given[place // 3][place % 3], scene.view(pose, 0))
    assert np.abs(made.frozen[-1].astype(int) - made.truth[-1]).mean() > 0
