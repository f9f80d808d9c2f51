"""The player walks about on painted ground; memory knows the place where the scene begins."""

from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.controls.camera import AXES, CameraCommand, CameraPose
from mag_sandbox.controls.edits import Edit
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.world import Control, WorldFailed
from tests.tiny import PLACE, RIGHT, STILL
from tests.unit.model.pocket.test_inventing import begin, play, same, world

SLOWLY = 0.2  # of full speed: the tiny painter leaves little room to walk


def walk(forward: float = 0.0, right: float = 0.0) -> Control:
    return Control(CameraCommand(forward=SLOWLY * forward, right=SLOWLY * right))


def free_way(made: DiffusionWorld) -> tuple[float, float]:
    """Return a way that two blocks of steps can go, forward and right."""
    for way in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        here, step = (0.0, 0.0), (0.02 * way[1], 0.02 * way[0])
        for _ in range(6):
            here = made._way(here, (here[0] + step[0], here[1] + step[1]))
        if here == pytest.approx((6 * step[0], 6 * step[1])):
            return way
    raise AssertionError("nothing is free")


def test_a_world_that_paints_can_be_walked_in():
    spec = world().spec
    assert set(spec.axes) <= set(AXES)
    assert {"forward", "right"} <= set(spec.axes)
    assert spec.full_speed.walk > 0


def test_whoever_walks_away_and_back_sees_the_same_on_the_way_and_ends_where_all_began():
    made = world()
    begin(made)
    for _ in range(40):  # all around is painted
        made.step(STILL)
    way = free_way(made)
    out = [made.step(walk(*way)) for _ in range(2)]
    back = [made.step(walk(-way[0], -way[1])) for _ in range(2)]
    assert out[1].poses[-1].is_away
    assert back[0].poses[-1] == out[0].poses[-1]
    assert np.array_equal(back[0].frames[-1], out[0].frames[-1])
    assert back[1].poses[-1] == CameraPose()
    assert not np.array_equal(out[0].frames[-1], out[1].frames[-1])


def test_memory_stays_where_the_scene_begins():
    made, other = world(), world()
    for one in (made, other):
        begin(one)
    way = free_way(made)
    both = replace(RIGHT, camera=replace(walk(*way).camera, yaw=RIGHT.camera.yaw))
    blocks = [made.step(both) for _ in range(3)]
    turned = [other.step(RIGHT) for _ in range(3)]
    assert any(block.poses[-1].is_away for block in blocks)
    assert not any(entry.pose.is_away for entry in blocks[-1].memory.entries)
    assert [one.poses[-1].at_origin for one in blocks] == [one.poses[-1] for one in turned]
    assert made.memory.policy.table.as_dict() == other.memory.policy.table.as_dict()


def test_a_walk_replays_to_the_bit_and_a_saved_one_goes_on():
    made = world()
    begin(made)
    way = free_way(made)
    path = [RIGHT, walk(*way), walk(*way), STILL, RIGHT, walk(*way)]
    first = play(made, path)
    assert same(first, play(world(), path))
    assert first[-1].poses[-1].is_away
    state, other = made.snapshot(), world()
    other.reset(PLACE, 9)
    other.restore(state)
    assert same([made.step(walk(*way))], [other.step(walk(*way))])


def test_without_a_plan_there_is_nowhere_to_go():
    made = world()
    begin(made)
    made.painting.plan = None
    assert made._way((0.0, 0.0), (0.1, 0.0)) == (0.0, 0.0)


def test_from_elsewhere_nothing_is_changed_and_no_frames_are_shown():
    made = world()
    begin(made)
    way = free_way(made)
    made.step(walk(*way))
    block = made.step(replace(STILL, edit=Edit("place", 10.0, 0.0, kind="tent")))
    assert "go back to where the scene begins" in block.notice
    assert block.edited is None
    with pytest.raises(WorldFailed, match="only where the scene begins"):
        made.show(STILL, block.frames)
    assert made.painted(block.poses[-1]) is None
