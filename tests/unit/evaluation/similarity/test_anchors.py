"""Anchors know when a view was really left and came back, and what memory did with it meanwhile."""

from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.controls.edits import Edit
from mag_sandbox.evaluation.similarity.anchors import (
    MAX_ANCHORS,
    PAINTED,
    MemoryView,
    ReturnTracker,
)
from mag_sandbox.evaluation.similarity.motion import MotionLog, expected_shift, motion_verdict
from mag_sandbox.evaluation.similarity.pictures import PictureStore, Sight
from mag_sandbox.evaluation.similarity.recall import seen_recall
from mag_sandbox.model.full.image_shift import enlarged
from mag_sandbox.model.world import FrameBlock, MemoryEntry, MemoryUsage
from mag_sandbox.renderer.render import HELD_OUT, SceneRenderer, lay_out
from mag_sandbox.renderer.views import view_at

STEP = 5.0  # degrees a frame
LENGTH = 3


@pytest.fixture(scope="module")
def ring() -> np.ndarray:
    return SceneRenderer(lay_out("video game", HELD_OUT + 3)).ring().pixels


def usage(entries=(), policy="mag") -> MemoryUsage:
    return MemoryUsage(policy, (), 0, 1, 0, 0, 0.0, 0, tuple(entries))


class Walk:
    """A world that draws what the camera sees and remembers one frame a block, unless told not."""

    def __init__(self, ring: np.ndarray):
        self.ring = ring
        self.pose = CameraPose()
        self.tracker = ReturnTracker(fps=16.0)
        self.blocks = 0
        self.entries: list[MemoryEntry] = []
        self.remembers = True
        self.policy = "mag"
        self.provisional = False
        self.edited: Edit | None = None  # the next block is the first to show it
        self.picture = lambda pose: view_at(ring, pose.yaw, pose.pitch)
        self.returns = []

    def go(self, degrees: float, step: float = STEP):
        """Pan by whole blocks."""
        for _ in range(max(1, round(abs(degrees) / step / LENGTH))):
            self.block(np.sign(degrees) * step)
        return self

    def stay(self, blocks: int = 1):
        for _ in range(blocks):
            self.block(0.0)
        return self

    def walk(self, metres: float, step: float = 0.1):
        """Walk by whole blocks, without turning."""
        for _ in range(round(abs(metres) / step / LENGTH)):
            self.block(0.0, np.sign(metres) * step)
        return self

    def block(self, turn: float, ahead: float = 0.0):
        poses = [
            replace(
                self.pose,
                yaw=(self.pose.yaw + turn * frame) % 360.0,
                z=round(self.pose.z + ahead * frame, 6),
            )
            for frame in range(1, LENGTH + 1)
        ]
        self.pose = poses[-1]
        frames = np.stack([self.picture(pose) for pose in poses])
        if self.remembers:
            index = self.blocks * LENGTH + LENGTH - 1
            self.entries.append(MemoryEntry(index, "compressed", self.pose, attended=False))
        memory = usage(self.entries, self.policy)
        block = FrameBlock(frames, tuple(poses), self.blocks, "", "", {}, memory)
        block = replace(block, edited=self.edited, provisional=self.provisional)
        self.edited = None
        self.blocks += 1
        self.returns += self.tracker.add(block)


@pytest.fixture
def walk(ring) -> Walk:
    return Walk(ring).stay()


def at_start(walk: Walk):
    return [one for one in walk.returns if one.label == "place 1"]


def test_a_view_that_was_left_and_came_back_is_noticed_once(walk):
    walk.stay(2).go(90).go(-90).stay(3)
    (back,) = at_start(walk)
    assert back.then.pose == back.now.pose == CameraPose()
    assert back.overlap == 1.0
    assert back.motion == "agrees"


def test_then_is_the_last_sight_before_leaving_and_first_the_first(walk):
    walk.stay(4).go(90).go(-90).stay()
    (back,) = at_start(walk)
    assert back.first.number == LENGTH - 1
    assert back.then.number == 5 * LENGTH - 1


def test_time_away_runs_from_when_it_was_last_in_sight(walk):
    walk.go(90).stay(16).go(-90).stay()
    (back,) = at_start(walk)
    assert back.seconds_away == pytest.approx((18 - 7 + 16 * LENGTH + 18) / 16)  # 7 frames in sight


def test_a_view_that_was_not_really_left_does_not_come_back(walk):
    walk.go(67).go(-67).stay()  # a quarter of it stays in sight
    assert walk.returns == []


def test_a_view_comes_back_only_at_about_its_zoom(walk):
    walk.go(90)
    walk.pose = replace(walk.pose, fov=60.0)
    walk.go(-90).stay(3)
    assert at_start(walk) == []
    walk.pose = replace(walk.pose, fov=90.0)
    walk.stay()
    (back,) = at_start(walk)
    assert back.now.pose == CameraPose()


def test_turning_round_on_the_way_back_still_counts(walk):
    walk.go(90).go(-70).go(70)
    (back,) = at_start(walk)
    assert yaw_difference(back.now.pose.yaw, 0.0) == pytest.approx(15.0)


def test_a_view_that_is_still_coming_back_at_the_end_counts(walk):
    walk.go(90).go(-75)
    assert at_start(walk) == []
    (back,) = walk.tracker.finish()
    assert 0.6 < back.overlap < 0.95


def test_it_can_come_back_again_and_again(walk):
    for _ in range(3):
        walk.go(90).go(-90)
    walk.stay()
    assert len(at_start(walk)) == 3


def test_a_guess_that_is_painted_later_is_not_what_a_place_looked_like(ring):
    walk = Walk(ring)
    painted, walk.picture = walk.picture, lambda pose: view_at(255 - ring, pose.yaw, pose.pitch)
    walk.provisional = True
    walk.go(90)
    assert not walk.tracker.anchors
    assert not walk.tracker.store.all()
    walk.picture, walk.provisional = painted, False
    walk.stay().go(150).go(-150).stay(2)
    assert [round(seen_recall(one.now.frame, one.then.frame)) for one in at_start(walk)] == [100]


def test_every_new_place_gets_an_anchor_and_old_ones_none(walk):
    walk.go(360)
    places = len(walk.tracker.anchors)
    assert 6 <= places <= 8
    walk.go(360)
    assert len(walk.tracker.anchors) == places


@pytest.mark.parametrize("step", [0.25, STEP])
def test_a_frozen_picture_does_not_agree_with_the_camera(walk, ring, step):
    walk.picture = lambda pose: view_at(ring, 0.0, 0.0)
    walk.go(90, step).go(-90, step).stay()
    assert [back.motion for back in at_start(walk)] == ["differs"]


def test_a_slow_pan_agrees(walk):
    walk.go(90, 0.5).go(-90, 0.5).stay()
    assert [back.motion for back in at_start(walk)] == ["agrees"]


def test_a_picture_that_freezes_on_the_way_back_does_not_agree(walk, ring):
    walk.go(90)
    walk.picture = lambda pose: view_at(ring, 0.0, 0.0)
    walk.go(-90).stay()
    assert [back.motion for back in at_start(walk)] == ["differs"]


@pytest.mark.parametrize(("is_frozen", "verdict"), [(False, "agrees"), (True, "differs")])
def test_a_walk_away_and_back_is_measured(walk, ring, is_frozen, verdict):
    """The first step hides the whole view, before a stride of the walk can be measured."""
    walk.picture = lambda pose: view_at(ring, 0.0 if is_frozen else 20.0 * pose.z, 0.0)
    walk.stay(2).walk(4.0).walk(-4.0).stay(2)
    assert [back.motion for back in at_start(walk)] == [verdict]


def test_an_empty_picture_cannot_be_measured(walk):
    walk.picture = lambda pose: np.full((192, 320, 3), 90, np.uint8)
    walk.go(90).go(-90).stay()
    assert [back.motion for back in at_start(walk)] == ["unmeasurable"]


@pytest.mark.parametrize("turns", [1, -1])
@pytest.mark.parametrize("narrowing", [1.875, -1.875, 0.0])
def test_turning_while_zooming_is_measured_too(ring, turns, narrowing):
    poses = [CameraPose(40.0 + 2.5 * turns * n, 0.0, 75.0 - narrowing * (n - 8)) for n in range(16)]
    moving, frozen = MotionLog(), MotionLog()
    for number, pose in enumerate(poses):
        view = enlarged(view_at(ring, pose.yaw, pose.pitch), pose.zoom)
        moving.add(view, pose, number)
        frozen.add(enlarged(view_at(ring, 40.0, 0.0), pose.zoom), pose, number)
    assert moving.verdict(0, 15) == "agrees"
    assert frozen.verdict(0, 15) == "differs"


def test_a_jump_is_not_a_way(ring):
    log = MotionLog()
    for number, yaw in enumerate((0.0, 120.0, 0.0)):
        log.add(view_at(ring, yaw, 0.0), CameraPose(yaw), number)
    assert log.verdict(0, 2) == "unmeasurable"
    assert motion_verdict([]) == "unmeasurable"


def test_the_camera_turning_right_moves_the_picture_left():
    shift = expected_shift(CameraPose(350.0, 0.0), CameraPose(10.0, 9.0), 320)
    assert shift == pytest.approx([-20 * 320 / 90, 9 * 320 / 90])


def test_what_was_kept_is_compressed_and_unread(walk):
    walk.go(90).go(-90).stay()
    (back,) = at_start(walk)
    assert (back.fate, back.attended) == ("compressed", False)


def test_memory_read_on_the_way_back_counts_as_attended(walk):
    walk.go(90)
    walk.entries[0] = MemoryEntry(2, "sink", CameraPose(), attended=True)
    walk.go(-90).stay()
    (back,) = at_start(walk)
    assert (back.fate, back.attended) == ("sink", True)


def test_what_was_dropped_meanwhile_is_evicted_and_its_mark_grey(walk):
    walk.go(90)
    marks = [one.in_memory for one in walk.tracker.anchors]
    walk.entries.clear()
    walk.go(-30)
    assert marks[0]
    assert not walk.tracker.anchors[0].in_memory
    walk.go(-60).stay()
    (back,) = at_start(walk)
    assert back.fate == "evicted"


def test_memories_made_on_the_way_back_are_not_those_of_before(walk):
    walk.go(90)
    walk.entries.clear()
    walk.go(-90).stay()  # memory fills again while coming back
    assert [back.fate for back in at_start(walk)] == ["evicted"]


def test_a_memory_that_keeps_nothing_never_kept_it(ring):
    walk = Walk(ring)
    walk.remembers = False
    walk.stay().go(90).go(-90).stay()
    assert [back.fate for back in at_start(walk)] == ["never kept"]


def test_the_result_names_the_policy_of_the_return(walk):
    walk.go(90)
    walk.policy = "window"
    walk.go(-90).stay()
    assert [back.policy for back in at_start(walk)] == ["window"]


def test_an_anchor_dropped_by_key_stands_where_the_player_looked(walk):
    walk.go(30)
    seen = walk.tracker.recent[-5].pose
    anchor = walk.tracker.drop("key", seen)
    assert (anchor.pose, anchor.label, anchor.kind) == (seen, "anchor 1", "key")
    assert [one.kind for one in walk.tracker.anchors] == ["key"]  # stands in for place 1
    assert anchor.first.number < anchor.last.number  # the earliest picture of it counts for drift
    assert walk.tracker.drop("key", seen) is anchor


def test_an_anchor_is_compared_with_what_came_to_rest_there(ring):
    walk = Walk(ring)
    sharp = walk.picture
    walk.picture = lambda pose: sharp(pose) // 2
    walk.stay(2)
    anchor = walk.tracker.drop("key")
    walk.picture = sharp
    walk.stay(2)
    assert np.array_equal(anchor.first.frame, walk.tracker.recent[-1].frame)
    rested = anchor.first
    walk.go(10).go(-10)
    assert anchor.first is rested, "the camera had moved"


def test_anchors_are_bounded_and_dropped_ones_stay_longest(walk):
    for yaw in range(0, 360, 8):
        walk.pose = CameraPose(float(yaw))
        walk.stay()
        walk.tracker.drop("key")
    walk.pose = CameraPose(4.0, 20.0)
    for _ in range(2 * MAX_ANCHORS):
        walk.stay()
    assert len(walk.tracker.anchors) <= MAX_ANCHORS
    assert sum(one.kind == "key" for one in walk.tracker.anchors) == 45


def test_an_anchor_needs_a_frame():
    assert ReturnTracker(16.0).drop("key") is None


def test_memory_shows_a_view_only_if_it_shows_most_of_it():
    entries = [
        MemoryEntry(2, "raw", CameraPose(20.0), attended=False),
        MemoryEntry(5, "compressed", CameraPose(350.0, 5.0), attended=True),
        MemoryEntry(8, "raw", CameraPose(0.0), attended=True),
    ]
    memory = MemoryView(usage(entries))
    assert memory.newest == 8
    assert memory.best(CameraPose(), horizon=8) == ("raw", True)
    assert memory.best(CameraPose(), horizon=5) == ("compressed", True)
    assert memory.best(CameraPose(), horizon=4) == ("raw", False)
    assert memory.best(CameraPose(70.0), horizon=8) is None
    assert MemoryView(usage()).best(CameraPose(), 9) is None


def sight(number: int, yaw: float, pitch: float = 0.0, level: int = 0) -> Sight:
    frame = np.full((48, 80, 3), level, np.uint8)
    return Sight(frame, CameraPose(yaw, pitch), number, number / 16)


def test_the_store_keeps_the_first_and_the_newest_picture_of_a_bin():
    store = PictureStore()
    for number in range(10):
        store.add(sight(number, 1.0 + number / 10))
    assert [one.number for one in store.all()] == [0, 9]
    assert [one.number for one in store.newest()] == [9]
    assert store.first_sight(CameraPose(20.0), 0.6).number == 0
    assert store.first_sight(CameraPose(180.0), 0.6) is None


def test_a_full_store_drops_the_oldest_duplicates_then_the_oldest():
    one = sight(0, 0.0).frame.nbytes
    store = PictureStore(budget=3 * one)
    for number, yaw in enumerate((0.0, 0.0, 40.0, 80.0)):
        store.add(sight(number, yaw))
    assert sorted(kept.number for kept in store.all()) == [1, 2, 3]  # not 0, which has a newer one
    store.add(sight(4, 120.0))
    assert sorted(kept.number for kept in store.all()) == [2, 3, 4]
    assert store.bytes == 3 * one


def test_a_picture_in_the_store_is_a_copy():
    shown = sight(0, 0.0)
    store = PictureStore()
    store.add(shown)
    shown.frame[:] = 200
    assert store.newest()[0].frame.max() == 0


def test_what_moves_by_itself_does_not_count_where_the_world_says_what_stands_still(ring):
    """Anchors hold pictures as memory knows them, not as the wind has left them."""
    tracker, poses = ReturnTracker(fps=16.0), (CameraPose(),) * LENGTH
    rest = np.stack([view_at(ring, 0.0, 0.0)] * LENGTH)
    for index in range(2):
        shown = np.roll(rest, 7 * index + 1, axis=2)
        block = FrameBlock(shown, poses, index, "", "", {}, usage(), rest=rest)
        tracker.add(block)
        assert np.array_equal(tracker.recent[-1].frame, rest[-1])


@pytest.mark.parametrize("changed_while", ["in sight", "away"])
def test_an_anchor_that_the_player_changed_is_compared_with_how_it_looks_since(ring, changed_while):
    walk = Walk(ring).stay(2)
    walk.tracker.drop("key")
    if changed_while == "away":
        walk.go(150)
    walk.edited = Edit("renew", 0.0, 0.0, 120.0, 60.0)
    walk.picture = lambda pose: 255 - view_at(ring, pose.yaw, pose.pitch)
    walk.stay(2)
    walk.returns.clear()
    if changed_while == "away":
        walk.go(-150).stay(2)
        assert not [back for back in walk.returns if back.label == "anchor 1"], "first seen so"
    walk.go(150).go(-150).stay(2)
    (back,) = [back for back in walk.returns if back.label == "anchor 1"]
    assert np.abs(back.then.frame.astype(int) - back.now.frame).mean() < 8


def test_an_anchor_changed_while_out_of_sight_has_no_earlier_look_when_the_camera_is_back(ring):
    walk = Walk(ring).stay(2)
    anchor = walk.tracker.drop("key")
    walk.go(150)
    walk.edited = Edit("renew", 0.0, 0.0, 120.0, 60.0)
    walk.stay(2)
    set_out = walk.tracker.recent[-1].number
    walk.go(-150).stay(2)
    assert walk.tracker.revisit(anchor.pose, set_out) is None
    set_out = walk.tracker.recent[-1].number
    walk.go(30).go(-30).stay(2)
    assert walk.tracker.revisit(anchor.pose, set_out).seconds_away > 0


def test_what_is_forgotten_of_unseen_places_drops_nothing_that_was_seen(ring):
    walk = Walk(ring).stay(2)
    walk.edited = Edit("forget")
    walk.go(150).go(-150).stay(2)
    assert "place 1" in [back.label for back in walk.returns]


@pytest.mark.parametrize(("strength", "verdict"), [(40.0, "agrees"), (0.0, "differs")])
def test_a_picture_that_changes_while_the_camera_walks_is_a_living_one(strength, verdict):
    noise = np.random.default_rng(1).normal(size=(20, 48, 80, 3))
    log, silent = MotionLog(walks=True), MotionLog()
    for number in range(20):
        frame = np.clip(128 + strength * noise[number], 0, 255).astype(np.uint8)
        pose = CameraPose(z=0.1 * min(number, 20 - number))
        for one in (log, silent):
            one.add(frame, pose, number)
    assert log.verdict(0, 19) == verdict
    assert silent.verdict(0, 19) == "unmeasurable"


def test_a_jump_elsewhere_says_nothing_of_a_picture():
    log, frame = MotionLog(walks=True), np.full((48, 80, 3), 128, np.uint8)
    for number, z in enumerate((0.0, 5.0, 0.0, 5.0)):
        log.add(frame, CameraPose(z=z), number)
    assert log.verdict(0, 3) == "unmeasurable"


def test_from_elsewhere_a_view_comes_back_once_the_walker_has_rested_there(walk):
    walk.pose = CameraPose(x=9.0, z=4.0)
    walk.stay(PAINTED - 2).go(90).go(-90).stay()
    assert walk.returns == [], "what is seen in passing may not be painted yet"
    walk.stay(PAINTED + 1).go(90).go(-90).stay()
    (back,) = walk.returns
    assert back.pose == CameraPose(x=9.0, z=4.0)
    assert back.fate == "compressed"
    assert not walk.tracker.store.all()[1:], "pictures of the map are of where all begins"


def test_frames_of_another_viewpoint_hold_nothing_of_a_view():
    there = MemoryEntry(0, "compressed", CameraPose(x=1.2), attended=False)
    memory = MemoryView(usage([there]))
    assert memory.best(CameraPose(), 9) is None
    assert memory.best(CameraPose(x=1.9), 9) is not None
    assert memory.best(CameraPose(x=9.0), 9) is None


def test_an_edit_changes_what_is_seen_from_elsewhere_in_any_direction(walk):
    walk.pose = CameraPose(x=9.0, z=4.0)
    walk.stay(PAINTED + 1)
    walk.edited = Edit("place", 180.0, 0.0, 10.0, 10.0, "tent")
    walk.go(90).go(-90).stay()
    assert walk.returns == []
