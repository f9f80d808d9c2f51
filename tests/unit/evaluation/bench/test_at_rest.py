"""Memory knows the world at rest: it is given that, and what comes back is compared with it."""

from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.evaluation.bench.clips import HeldOutScene, held_out_scene, pan_and_back, record
from mag_sandbox.evaluation.bench.memory_clips import play_return, returned_views
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

    made = play_return(Noting(), scene, mode)
    poses = made.clip.poses[3 : 3 + 3 * len(given)]
    assert given
    for place, pose in enumerate(poses):
        assert np.array_equal(given[place // 3][place % 3], scene.view(pose, 0))
    assert np.abs(made.frozen[-1].astype(int) - made.truth[-1]).mean() > 0


def test_where_nobody_knows_what_stands_still_the_worlds_word_is_taken(scene):
    """Of a world that says how its pictures are at rest, motion does not count as forgetting."""

    class Telling(MovingWorld):
        def told(self, block):
            return replace(block, rest=np.stack([self.moment(p, 0) for p in block.poses]))

        def reset(self, scene, seed):
            return self.told(super().reset(scene, seed))

        def step(self, control):
            return self.told(super().step(control))

    silent, telling = (
        record(world, scene.scene("prompt"), pan_and_back(world.spec))
        for world in (MovingWorld(), Telling())
    )
    assert np.array_equal(silent.frames, telling.frames)
    moved, rested = (
        np.mean(returned_views(clip, lambda frames: frames).whole_likenesses())
        for clip in (silent, telling)
    )
    assert rested > moved + 3
    parts = scene.known_parts("image")
    assert np.array_equal(telling.to_compare(parts), telling.frames)
