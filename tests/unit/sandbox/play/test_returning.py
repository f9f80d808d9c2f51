"""Where two memories differ, and the way there."""

from dataclasses import replace

import numpy as np

from mag_sandbox.controls.camera import CameraCommand, CameraPose, yaw_difference
from mag_sandbox.evaluation.similarity.anchors import Sight
from mag_sandbox.evaluation.similarity.recall import SAME, VAGUE
from mag_sandbox.model.world import Control, MemoryEntry, MemorySetting
from mag_sandbox.sandbox.play.returning import GuidedReturn
from mag_sandbox.sandbox.play.split import SplitWorld
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld


def sight(yaw, shade=0):
    frame = np.full((192, 320, 3), shade, np.uint8)
    return Sight(frame, CameraPose(yaw % 360.0), number=0, seconds=0.0, memory_index=0)


def both(held, forgetful, yaw=0.0, x=0.0):
    """A block at a yaw of two memories that hold views at some yaws."""
    world = SplitWorld(FakeWorld(), FakeWorld(), MemorySetting("window"))
    world.reset(Scene(prompt="A place."), 7)
    block = world.step(Control(CameraCommand()))

    def memory(yaws):
        entries = (
            MemoryEntry(number, "raw", CameraPose(one % 360.0), False)
            for number, one in enumerate(yaws)
        )
        return replace(block.memory, entries=tuple(entries))

    poses = (CameraPose(yaw, x=x),) * 3
    beside = replace(block.beside, memory=memory(forgetful), poses=poses)
    return replace(block, memory=memory(held), beside=beside, poses=poses)


SPEC = FakeWorld().spec


def test_the_way_leads_to_the_nearest_view_out_of_sight_that_one_memory_lost():
    seen = [sight(180.0), sight(240.0, shade=7), sight(20.0), sight(100.0)]
    block = both(held=(0, 100, 180, 240), forgetful=(0, 90))
    trip = GuidedReturn(block, SPEC, seen)
    assert (
        trip.next_target(block, is_flying=False).yaw == 240.0
    )  # 20 is in sight, 100 both remember
    assert (trip.seen == 7).all()
    assert trip.next_target(both((0,), (0,), yaw=240.0), is_flying=True) is None


def test_where_nothing_is_lost_both_turn_away_over_seen_ground_until_one_has_lost_the_view():
    block = both(held=(0,), forgetful=(0,))
    trip = GuidedReturn(block, SPEC, [sight(0.0), sight(-30.0), sight(-60.0)])
    assert yaw_difference(trip.next_target(block, is_flying=False).yaw, 0.0) < -150.0
    assert (
        trip.next_target(both((0,), (-30,), yaw=300.0), is_flying=True) is None
    )  # some of it is still held
    assert trip.next_target(both((0,), (-100,), yaw=260.0), is_flying=True) == CameraPose()
    assert trip.next_target(both((0,), (-100,), yaw=260.0), is_flying=True) is None
    assert (trip.seen == block.at_rest[-1][:, :320]).all()


def test_a_walker_turns_away_and_comes_back_where_he_stands():
    block = both(held=(0,), forgetful=(0,), x=1.0)
    trip = GuidedReturn(block, SPEC, [sight(0.0), sight(-30.0), sight(-60.0)])
    away = trip.next_target(block, is_flying=False)
    assert away.x == 1.0
    assert abs(yaw_difference(away.yaw, 0.0)) > 150.0
    assert trip.next_target(both((0,), (-30,), yaw=300.0, x=1.0), is_flying=True) is None
    back = trip.next_target(both((0,), (-100,), yaw=260.0, x=1.0), is_flying=True)
    assert back == CameraPose(x=1.0)
    trip.next_target(both((0,), (-100,)), is_flying=False)
    assert not trip.recalls, "from where the scene begins all looks otherwise"
    trip.next_target(both((0,), (-100,), x=1.0), is_flying=False)
    assert len(trip.recalls) == 2


def test_far_from_where_the_scene_begins_what_was_seen_there_counts_for_nothing():
    block = both(held=(0,), forgetful=(), x=12.0, yaw=40.0)
    trip = GuidedReturn(block, SPEC, [sight(200.0)])
    away = trip.next_target(block, is_flying=False)
    assert away.position == (12.0, 0.0)
    assert abs(yaw_difference(away.yaw, 40.0)) > 150.0


def test_a_player_who_steers_is_led_nowhere():
    block = both(held=(0,), forgetful=(0,))
    trip = GuidedReturn(block, SPEC, [])
    trip.stop()
    assert trip.next_target(block, is_flying=False) is None


def test_a_world_that_does_not_turn_leads_nowhere():
    block = both(held=(0,), forgetful=(0,))
    trip = GuidedReturn(block, replace(SPEC, axes=("pitch",)), [sight(90.0)])
    assert trip.next_target(block, is_flying=False) is None
    assert trip.seen is None


def test_the_view_is_named_by_where_it_lies_once_the_player_has_steered_away():
    trip = GuidedReturn(both(held=(0,), forgetful=(0,)), SPEC, [])
    trip.stop()
    trip.next_target(both((0,), (0,)), is_flying=False)
    assert trip.words == "What you saw here"
    trip.next_target(both((0,), (0,), yaw=60.0), is_flying=False)
    assert trip.words == "What you saw further left"


def test_each_half_is_judged_where_both_have_come_back():
    rng = np.random.default_rng(3)
    here, elsewhere = (rng.integers(0, 255, (12, 20, 3)).repeat(16, 0).repeat(16, 1) for _ in "12")
    seen = replace(sight(180.0), frame=here.astype(np.uint8))
    block = both(held=(0, 180), forgetful=(0,))
    trip = GuidedReturn(block, SPEC, [seen])
    assert trip.next_target(block, is_flying=False) == seen.pose
    frames = np.concatenate((here, elsewhere), axis=1).astype(np.uint8)[None].repeat(3, 0)
    there = replace(both((0, 180), (0,), yaw=180.0), frames=frames, rest=frames)
    trip.next_target(there, is_flying=True)
    assert trip.recalls == ()
    trip.next_target(there, is_flying=False)
    assert trip.recalls[0] >= SAME
    assert trip.recalls[1] < VAGUE
    # what this one invents is painted more clearly some blocks later
    both_same = np.concatenate((here, here), axis=1).astype(np.uint8)[None].repeat(3, 0)
    trip.next_target(replace(there, frames=both_same, rest=both_same), is_flying=False)
    assert trip.recalls[1] >= SAME
