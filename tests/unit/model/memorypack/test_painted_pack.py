"""MemoryPack in a world whose views are painted ahead: psi learns what was seen of them."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.memorypack import world
from mag_sandbox.model.memorypack.world import MemoryPackWorld
from mag_sandbox.model.pocket.look_ahead import SIDES
from mag_sandbox.model.world import FrameBlock
from tests.tiny import LEFT, PLACE, RIGHT, STILL
from tests.unit.model.pocket.test_inventing import PAINTING, WIDE, folders

NOWHERE = Path("no such folder")


def pack_world(*, look_ahead: bool = True) -> MemoryPackWorld:
    weights, imagination = folders()
    return world.load(
        "ring", on_progress=lambda stage, fraction: None, look_ahead=look_ahead,
        weights=weights, parts=NOWHERE, execution=PAINTING, imagination=imagination,
    )  # fmt: skip


def play(made: MemoryPackWorld, controls, seed: int = 1) -> list[FrameBlock]:
    return [made.reset(PLACE, seed), *(made.step(control) for control in controls)]


def same(blocks, others) -> bool:
    return all(np.array_equal(a.frames, b.frames) for a, b in zip(blocks, others, strict=True))


def psi(made: MemoryPackWorld) -> int:
    """Return how many slots of psi hold something."""
    return int(made.memory._held().state().taken.sum())


def test_the_camera_turns_into_a_painted_world_and_replays_to_the_bit():
    path = [RIGHT] * 8 + [LEFT] * 4
    blocks = play(pack_world(), path)
    assert not any(block.provisional for block in blocks)
    assert same(blocks, play(pack_world(), path))
    assert not same(blocks, play(pack_world(), path, seed=2))
    assert not same(blocks, play(pack_world(look_ahead=False), path))


def test_ground_that_is_not_painted_in_time_is_shown_and_not_learned():
    made = pack_world()
    made.reset(PLACE, 1)
    block = made.step(replace(RIGHT, leave_out=(SIDES,)))
    assert block.provisional
    made.memory.forget_ahead()
    learned = made.painting.imagination.lattice.shown(made.memory.policy.lasting)
    assert not (learned & ~made.painting.around.known).any()


def test_psi_learns_a_painted_view_when_it_is_shown():
    made = pack_world()
    made.reset(PLACE, 1)
    before = psi(made)
    made._remember_views_owed()
    assert psi(made) == before, "both sides are painted, and neither was seen"
    ahead = made.memory.policy.lasting
    assert {pose.yaw > 180 for pose in ahead if pose.yaw} == {False, True}
    block = made.step(RIGHT)
    assert psi(made) > before
    assert made.memory.knows(block.poses)
    assert made.painted(block.poses[-1]) is not None


def test_a_view_that_psi_knows_is_read_from_psi_alone():
    made = pack_world()
    play(made, [RIGHT] * 3)
    learned = psi(made)
    blocks = [made.step(LEFT) for _ in range(3)]
    known = psi(made)
    assert blocks[-1].poses[-1] == CameraPose()
    again = [made.step(control) for control in [RIGHT] * 3 + [LEFT] * 3]
    assert learned <= known == psi(made)
    assert not any(block.provisional for block in (*blocks, *again))


def test_frames_that_are_given_replace_views_that_were_painted_and_not_seen():
    made = pack_world()
    made.reset(PLACE, 1)
    made._remember_views_owed()
    there = made.painting.around.known.sum()
    grey = np.full((3, WIDE.frame_height, WIDE.frame_width, 3), 128, np.uint8)
    block = made.show(RIGHT, grey)
    assert made.painting.around.known.sum() < there
    assert made.memory.knows(block.poses)
    learned = psi(made)
    assert made.step(STILL).poses == block.poses[-1:] * 3
    assert psi(made) == learned, "what was given is not painted over"


@pytest.mark.parametrize("before", [[], [RIGHT] * 2, [replace(RIGHT, leave_out=(SIDES,))] * 2])
def test_restoring_and_going_on_equals_uninterrupted(before):
    made, again = pack_world(), pack_world()
    play(made, before)
    state = made.snapshot()
    path = [RIGHT, RIGHT, STILL, LEFT, LEFT, LEFT]
    expected = [made.step(control) for control in path]
    again.restore(state)
    assert same(expected, [again.step(control) for control in path])


def test_a_given_picture_is_not_kept_for_no_details_are_shown(tmp_path):
    Image.new("RGB", (160, 96), "teal").save(tmp_path / "given.png")
    made = pack_world()
    made.reset(replace(PLACE, image=tmp_path / "given.png"), 1)
    assert made.painting.is_given
    assert not any("given" in name for name in made.snapshot().arrays)


def test_psi_says_which_frames_it_holds_tokens_of():
    made = pack_world()
    play(made, [RIGHT] * 4)
    made.memory.forget_ahead()
    poses = made.memory.policy.lasting
    assert CameraPose() in poses
    assert CameraPose(yaw=7.5) in poses  # where the first block ended
    assert all(pose.fov == 90.0 and pose.pitch == 0.0 for pose in poses)
    assert torch.equal(*(made.memory.recall_view(CameraPose()) for _ in range(2)))


def test_the_memory_lists_a_frame_of_psi_for_each_direction_that_it_knows():
    made = pack_world()
    blocks = play(made, [RIGHT] * 10 + [LEFT])
    usage = blocks[-1].memory
    of_psi = [entry for entry in usage.entries if entry.kind == "psi"]
    assert usage.evicted == 0
    yaws = sorted(entry.pose.yaw for entry in of_psi)
    assert yaws[0] == 0.0
    assert yaws[-1] > 60.0
    assert all(after - before < 24.0 for before, after in pairwise(yaws)), "none is missed"
    assert len(usage.entries) < 40
