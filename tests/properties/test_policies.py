"""Every memory policy keeps its promises, whatever a player does: bookkeeping only, no network."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.controls.camera import (
    CameraCommand,
    CameraPose,
    CameraSpeed,
    move,
    view_overlap,
    yaw_difference,
)
from mag_sandbox.model.config import POCKET
from mag_sandbox.model.coverage import covered_cells
from mag_sandbox.model.kv_cache import CacheShape
from mag_sandbox.model.memory import MEMORY_POLICIES, MemoryPolicy, change_policy, make_policy
from mag_sandbox.model.pocket.inventing import look_ahead_pose
from mag_sandbox.model.slots import BlockInfo
from mag_sandbox.model.world import MemorySetting
from mag_sandbox.sandbox.play.scripts import survey
from tests.doubles import SPEC

LENGTH = 3
SPEED = CameraSpeed(yaw=160.0, pitch=60.0)
axis = st.sampled_from((-1.0, 0.0, 0.3, 1.0))
steps = st.tuples(axis, axis, st.booleans())  # yaw, pitch, whether a view ahead comes first
tours = st.lists(steps, min_size=1, max_size=25)
memories = st.builds(
    MemorySetting,
    policy=st.sampled_from(tuple(MEMORY_POLICIES)),
    attended_frames=st.integers(1, 6),
    window_blocks=st.integers(1, 3),
    sink_frames=st.integers(0, 3),
)


class Play:
    """A session of bookkeeping: what would lie in each slot of the storage."""

    def __init__(self, policy: MemoryPolicy, painted: bool = False) -> None:
        self.policy, self.painted = policy, painted
        self.storage: dict[int, int] = {}  # slot -> frame index
        self.pose, self.next_frame, self.prompt_index = CameraPose(), 0, 0

    def block(self, poses: tuple[CameraPose, ...], look_ahead: bool = False) -> list[int]:
        """Make a block; returns the frames it attends."""
        attend = self.policy.attend_painted if self.painted else self.policy.attend
        attended = [self.storage[slot] for slot in attend(poses[-1])]
        copied = self.painted and self.next_frame > 0 and not look_ahead
        block = BlockInfo(self.next_frame, poses, self.prompt_index, look_ahead, copied=copied)
        for write in self.policy.admit(block):
            assert 0 <= write.slot < self.policy.table.capacity
            self.storage[write.slot] = self.next_frame + write.frame
        self.next_frame += LENGTH
        return attended

    def step(self, yaw: float = 0.0, pitch: float = 0.0, look_ahead: bool = False) -> list[int]:
        """Show a block, after one imagined ahead if asked; returns the frames it attends."""
        if look_ahead and self.policy.looks_ahead and self.next_frame:
            ahead = CameraPose((self.pose.yaw + 67.5) % 360.0, self.pose.pitch)
            self.block((ahead,) * LENGTH, look_ahead=True)
        poses = move(self.pose, CameraCommand(yaw, pitch), SPEED, 16.0, LENGTH)
        attended = self.block(poses)
        self.pose = poses[-1]
        return attended

    @property
    def kept(self) -> list[int]:
        """Frame indices of everything kept, oldest first."""
        return sorted(frame.frame_index for frame in self.policy.table.frames.values())


def session(policy: str, capacity: int = 12, *, painted: bool = False, **setting) -> Play:
    """Begin a session under a policy."""
    made = make_policy(MemorySetting(policy, **setting), capacity, painted=painted)
    return Play(made, painted)


@given(setting=memories, capacity=st.integers(1, 14), tour=tours, painted=st.booleans())
def test_the_table_says_what_lies_in_the_slots_and_never_more_than_fits(
    setting, capacity, tour, painted
):
    play = Play(make_policy(setting, capacity, painted=painted), painted)
    for step in tour:
        attended = play.step(*step)  # looks every attended slot up in the storage
        assert len(attended) == len(set(attended)), "a frame is attended twice"
        table = play.policy.table
        assert len(table.frames) <= capacity
        assert set(play.policy.attend(play.pose)) <= set(table.frames)
        for slot, frame in table.frames.items():
            assert play.storage[slot] == frame.frame_index
        copies = [frame.frame_index for frame in table.frames.values() if frame.kind != "raw"]
        assert len(copies) == len(set(copies))


@given(setting=memories, capacity=st.integers(4, 14), tour=tours, painted=st.booleans())
def test_whatever_once_was_for_keeping_is_kept_or_counted_as_evicted(
    setting, capacity, tour, painted
):
    play = Play(make_policy(setting, capacity, painted=painted), painted)
    admitted = set()
    for step in tour:
        play.step(*step)
        lasting = [f for f in play.policy.table.frames.values() if f.kind != "raw"]
        raw = [f for f in play.policy.table.frames.values() if f.kind == "raw"]
        counts = lasting if setting.policy == "mag-retrieve" else lasting + raw
        admitted |= {frame.frame_index for frame in counts}
    missing = admitted - set(play.kept)
    dropped_at_once = 0 if setting.policy in ("mag", "mag-retrieve", "none") else LENGTH
    assert len(missing) <= play.policy.table.evicted <= len(missing) + dropped_at_once * len(tour)


@given(setting=memories, other=memories, tour=tours, more=tours, capacity=st.integers(1, 14))
def test_after_a_change_of_policy_what_is_gone_stays_gone(setting, other, tour, more, capacity):
    play = Play(make_policy(setting, 12))
    for step in tour:
        play.step(*step)
    before, evicted = set(play.kept), play.policy.table.evicted
    play.policy = change_policy(play.policy, other, capacity, LENGTH)
    assert set(play.kept) <= before
    assert len(play.policy.table.frames) <= capacity
    assert play.policy.table.evicted == evicted + len(before - set(play.kept))
    since = play.next_frame
    for step in more:
        attended = play.step(*step)
        assert len(attended) == len(set(attended))
        assert {index for index in attended if index < since} <= before
        assert len(play.policy.table.frames) <= capacity


@given(tour=tours, changes=st.integers(1, 6))
def test_attending_more_frames_from_now_on_loses_nothing(tour, changes):
    play, undisturbed = session("mag-retrieve", 30), session("mag-retrieve", 30)
    for step in tour:
        play.step(*step), undisturbed.step(*step)
    setting = MemorySetting("mag-retrieve", attended_frames=changes)
    play.policy = change_policy(play.policy, setting, 30, LENGTH)
    play.step(1.0), undisturbed.step(1.0)
    assert set(play.kept) == set(undisturbed.kept)


def test_mag_keeps_sinks_and_a_ring_of_last_frames():
    play = session("mag", capacity=2 + 3, sink_frames=2)
    seen = [play.step() for _ in range(6)]
    assert [sorted(attended) for attended in seen] == [
        [],
        [0, 1, 2],  # the first block is remembered in full
        [0, 1, 2, 5],
        [0, 1, 2, 5, 8],
        [0, 1, 5, 8, 11],  # the oldest compressed frame was overwritten
        [0, 1, 8, 11, 14],
    ]
    assert play.storage == {0: 0, 1: 1, 2: 11, 3: 14, 4: 17}  # slot = sinks + block mod ring
    assert play.policy.table.evicted == 3
    kinds = [entry.kind for entry in play.policy.table.entries(())]
    assert kinds == ["sink"] * 2 + ["compressed"] * 3


@pytest.mark.parametrize("blocks", [1, 2, 3])
@pytest.mark.parametrize("sinks", [0, 2, 3])
def test_a_window_keeps_its_blocks_and_the_sinks_exactly(blocks, sinks):
    play = session("window", capacity=20, window_blocks=blocks, sink_frames=sinks)
    for made in range(1, 8):
        play.step(1.0)
        recent = set(range(max(0, made - blocks) * LENGTH, made * LENGTH))
        assert set(play.kept) == recent | set(range(sinks))


@pytest.mark.parametrize("painted", [False, True])
@pytest.mark.parametrize("before", ["mag-retrieve", "mag", "window"])
def test_a_window_pins_no_first_frame_unless_a_setting_asks_for_it(before, painted):
    for sinks, stays in ((None, False), (2, before != "window")):
        play = session(before, capacity=20, painted=painted)
        play.step()
        setting = MemorySetting("window", sink_frames=sinks)
        play.policy = change_policy(play.policy, setting, 20, LENGTH, painted=painted)
        for _ in range(12):
            play.step(1.0)
        assert (min(play.kept) < LENGTH) is stays


@pytest.mark.parametrize("policy", ["mag", "full"])
def test_a_frame_that_retrieval_kept_twice_is_taken_over_once(policy):
    play = session("mag-retrieve")
    play.step(1.0), play.step(1.0)
    assert play.kept == [2, 5, 5]  # the recent frame is also a first sighting
    play.policy = change_policy(play.policy, MemorySetting(policy), 12, LENGTH)
    assert play.kept == [2, 5]
    assert sorted(play.step(1.0)) == [2, 5]


@pytest.mark.parametrize("policy", ["mag", "full", "window"])
def test_who_stands_still_where_all_was_painted_never_reads_a_copy(policy):
    play = session(policy, capacity=8, painted=True, sink_frames=0)
    play.step()
    attended = [play.step() for _ in range(40)]
    assert attended[1:] == attended[:-1]
    frames = {frame.frame_index: frame for frame in play.policy.table.frames.values()}
    assert not any(frames[index].copied for index in attended[-1])


def test_a_window_over_painted_views_keeps_those_in_sight_and_no_others():
    play = session("window", capacity=20, painted=True, window_blocks=1, sink_frames=0)
    play.step()
    play.step(look_ahead=True)  # of a view 67 degrees to the right
    kinds = []
    for _ in range(7):  # of 30 degrees each
        play.step(1.0)
        kinds.append({entry.kind for entry in play.policy.table.entries(())})
    assert kinds == [{"raw", "look-ahead"}] * 5 + [{"raw"}] * 2  # last near at 150 degrees


def test_a_window_takes_over_the_painted_views_that_are_in_sight():
    play = session("mag-retrieve", capacity=20, painted=True)
    play.step()
    for _ in range(10):
        play.step(1.0, look_ahead=True)
    play.policy = change_policy(play.policy, MemorySetting("window"), 20, LENGTH, painted=True)
    far = [abs(yaw_difference(pose.yaw, play.pose.yaw)) for pose in play.policy.lasting]
    assert len(far) > 3
    assert max(far) < 115


def test_none_keeps_nothing():
    play = session("none")
    assert [play.step(1.0) for _ in range(5)] == [[]] * 5
    assert play.kept == []


def test_full_keeps_every_frame_raw_and_then_drops_the_oldest():
    play = session("full", capacity=8)
    for made in range(1, 6):
        play.step(1.0)
        last = made * LENGTH
        assert play.kept == list(range(max(0, last - 8), last))
        assert play.policy.table.evicted == max(0, last - 8)
    assert {entry.kind for entry in play.policy.table.entries(())} == {"raw"}


def test_retrieval_reads_no_copies_of_what_it_keeps_for_good():
    """A camera that stands still reads the same frames for ever, so nothing can grow."""
    play = session("mag-retrieve", capacity=100, attended_frames=4)
    for _ in range(6):
        play.step(1.0)
    attended = [play.step(0.0) for _ in range(5)][1:]
    assert len({tuple(sorted(one)) for one in attended}) == 1
    recent = [slot for slot, f in play.policy.table.frames.items() if f.kind == "raw"]
    assert not set(recent) & set(play.policy.attend(play.pose))


def test_retrieval_attends_few_frames_and_those_of_the_view():
    play = session("mag-retrieve", capacity=100, attended_frames=5)
    for _ in range(12):  # a whole turn
        attended = play.step(1.0)
        assert len(attended) <= 5
    table = play.policy.table
    for entry in table.entries(()):
        chosen = [table.frames[slot] for slot in play.policy.attend(entry.pose)]
        assert len(chosen) <= 5
        assert covered_cells(entry.pose, [frame.pose for frame in chosen]).any(axis=0).all()
        best = max(view_overlap(entry.pose, frame.pose) for frame in chosen)
        assert best > 0.88


def test_standing_still_costs_retrieval_nothing():
    play = session("mag-retrieve", capacity=10)
    for _ in range(50):
        play.step()
    assert play.kept == [2, 149]  # the first sighting and the previous block


def test_another_prompt_is_remembered_beside_the_old_one():
    play = session("mag-retrieve", capacity=10)
    play.step(), play.step()
    play.prompt_index = 1
    play.step(), play.step()
    assert play.kept == [2, 8, 11]


def test_ten_minutes_of_wandering_still_attend_the_first_sightings():
    dit = POCKET.dit
    shape = CacheShape(dit.num_layers, POCKET.tokens_per_frame, dit.num_heads, dit.head_dim, LENGTH)
    # bf16 has room for twice as many
    capacity = MemorySetting().kept_mib * 2**20 // shape.slot_bytes(torch.float32)
    play = session("mag-retrieve", capacity)
    rng = np.random.default_rng(4)
    speed, command = CameraSpeed(40.0, 20.0), CameraCommand()
    first: dict[tuple[int, int], int] = {}  # rough place -> first frame kept there
    for index in range(10 * 60 * 16 // LENGTH):
        if index % 20 == 0:
            yaw, pitch = rng.choice((-1, -0.5, 0, 1, 1)), rng.choice((-1, 0, 0, 0.5, 1))
            command = CameraCommand(float(yaw), float(pitch))
        known = [frame.pose for frame in play.policy.table.frames.values()]
        ahead = look_ahead_pose(play.pose, command, known)
        if ahead is not None:
            play.block((ahead,) * LENGTH, look_ahead=True)
        poses = move(play.pose, command, speed, 16.0, LENGTH)
        play.block(poses)
        play.pose = poses[-1]
        for frame in play.policy.table.frames.values() if index % 5 == 0 else ():
            if frame.kind != "raw":
                place = (round(frame.pose.yaw / 30) % 12, round(frame.pose.pitch / 15))
                first.setdefault(place, frame.frame_index)
    table = play.policy.table
    assert len(table.frames) <= capacity
    assert table.evicted == 0
    kept = set(play.kept)
    assert set(first.values()) <= kept
    poses_of = {frame.frame_index: frame.pose for frame in table.frames.values()}
    for index in first.values():
        attended = [table.frames[slot].frame_index for slot in play.policy.attend(poses_of[index])]
        assert index in attended
        assert len(attended) <= 6


def test_a_survey_fills_memory_as_ten_minutes_of_wandering_do(monkeypatch):
    monkeypatch.setattr(f"{__name__}.SPEED", CameraSpeed(40.0, 20.0))
    spec = replace(SPEC, full_speed=SPEED, fps=16.0, block_length=LENGTH)
    play = session("mag-retrieve", capacity=1000)
    for command in survey(spec, 100.0):
        play.step(command.yaw, command.pitch)
    assert len(play.kept) > 220
    heights = {round(frame.pose.pitch) for frame in play.policy.table.frames.values()}
    assert min(heights) < -25 and max(heights) > 25


def test_memory_without_room_is_refused():
    with pytest.raises(ValueError, match="room for 0 frames"):
        session("mag", capacity=0)
