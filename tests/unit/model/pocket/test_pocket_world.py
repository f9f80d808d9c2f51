"""The pocket world as the game meets it: what it is made of, and what it answers."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from PIL import Image

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.memory import MEMORY_POLICIES
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.pocket.inventing import look_ahead_pose
from mag_sandbox.model.pocket.weights import CONFIG
from mag_sandbox.model.world import Control, MemorySetting, WorldFailed
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.vocabulary import Vocabulary
from tests.tiny import (
    FP32,
    PLACE,
    RIGHT,
    STILL,
    TINY,
    assert_same_pictures,
    play,
    tiny_weights,
    tiny_world,
    write_tiny_weights,
)


def test_a_block_is_what_its_spec_says():
    world = tiny_world()
    spec = world.spec
    for index, block in enumerate(play(world, [RIGHT] * 3)):
        assert block.frames.shape == (3, spec.frame_height, spec.frame_width, 3)
        assert block.frames.dtype == np.uint8
        assert len(block.poses) == spec.block_length
        assert block.block_index == index
        assert block.prompt == PLACE.prompt
        assert {"denoise", "decode"} <= set(block.stage_ms)
    assert spec.policies == tuple(MEMORY_POLICIES)
    assert (spec.frame_width, spec.frame_height) == (TINY.frame_width, TINY.frame_height)


def test_the_first_block_looks_straight_ahead_and_panning_moves_on_from_there():
    first, second, _, third = play(tiny_world(), [RIGHT, STILL, RIGHT])
    assert first.poses == (CameraPose(),) * 3
    assert [pose.yaw for pose in second.poses] == [2.5, 5.0, 7.5]
    assert [pose.yaw for pose in third.poses] == [10.0, 12.5, 15.0]
    assert (first.phrase, second.phrase) != (second.phrase, first.phrase)


def zooming_weights(folder):
    """Return weights like the tiny ones whose config says that they know zoom."""
    write_tiny_weights(folder)
    path = folder / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), "narrowest_fov": 75.0}))
    return folder


def test_zoom_is_an_axis_exactly_if_the_weights_know_it(tmp_path):
    assert tiny_world().spec.axes == ("yaw", "pitch")
    spec = tiny_world(weights=zooming_weights(tmp_path / "zooming")).spec
    assert spec.axes == ("yaw", "pitch", "zoom")
    assert (spec.full_speed.zoom, spec.full_speed.narrowest_fov) == (30.0, 75.0)


def test_zooming_in_and_out_shows_and_returns(tmp_path):
    world = tiny_world(weights=zooming_weights(tmp_path / "zooming"))
    closer, away = (Control(CameraCommand(zoom=zoom)) for zoom in (1.0, -1.0))
    blocks = play(world, [closer, closer, STILL, closer, away, away])
    fovs = [block.poses[-1].fov for block in blocks]
    assert fovs == [90.0, 84.375, 78.75, 78.75, 75.0, 80.625, 86.25]
    assert blocks[1].phrase == "camera zooms in"
    still = play(tiny_world(), [STILL])
    assert not np.array_equal(blocks[1].frames, still[1].frames), "the network sees the zoom"
    state = world.snapshot()
    expected = world.step(closer)
    world.restore(state)
    again = world.step(closer)
    assert again.poses == expected.poses
    assert np.array_equal(again.frames, expected.frames)


def test_a_world_without_zoom_shows_the_same_whatever_the_keys_of_zoom(tmp_path):
    zoomed, plain = (
        play(tiny_world(), [Control(CameraCommand(yaw=1.0, zoom=zoom))] * 3) for zoom in (1.0, 0.0)
    )
    assert_same_pictures(zoomed, plain)


def test_usage_counts_what_is_kept_attended_and_paid_for():
    world = tiny_world("full", slots=12, look_ahead=False)
    slot_bytes = world.memory.cache.slot_bytes
    for made, block in enumerate(play(world, [RIGHT] * 6), start=1):
        usage = block.memory
        kept = min(12, 3 * made)
        assert usage.kept_frames == kept
        assert usage.bytes == kept * slot_bytes <= usage.budget == 12 * slot_bytes
        assert usage.full_history_bytes == 3 * made * slot_bytes
        assert usage.attended_frames == min(12, 3 * (made - 1))
        assert usage.evicted == 3 * made - kept
        assert usage.remembers_everything == (usage.evicted == 0)
        assert usage.oldest_seconds == pytest.approx(kept / world.spec.fps)
        assert sum(segment.frames for segment in usage.segments) == kept + 3
        assert sum(entry.attended for entry in usage.entries) <= usage.attended_frames


def test_attended_entries_are_marked_for_the_bar():
    block = play(tiny_world("mag-retrieve"), [RIGHT] * 10)[-1]
    marked = {entry.frame_index for entry in block.memory.entries if entry.attended}
    assert marked
    assert len(marked) <= block.memory.attended_frames <= MemorySetting().attended_frames


def test_a_scene_may_bring_its_own_policy_and_the_next_one_has_the_players():
    world = tiny_world("mag")
    own = world.reset(Scene(prompt="a grey sea", memory="none"), seed=1)
    assert own.memory.policy == "none"
    assert world.reset(PLACE, seed=1).memory.policy == "mag"


def test_an_unknown_policy_is_refused_with_those_that_exist():
    known = "available: " + ", ".join(MEMORY_POLICIES)
    with pytest.raises(WorldFailed, match=known):
        tiny_world("magic")
    world = tiny_world()
    with pytest.raises(WorldFailed, match=known):
        world.reset(Scene(prompt="a grey sea", memory="magic"), seed=1)
    world.reset(PLACE, seed=1)
    with pytest.raises(WorldFailed, match=known):
        world.step(Control(memory=MemorySetting("magic")))


def test_an_unknown_world_is_refused_with_those_that_exist():
    with pytest.raises(WorldFailed, match=r'world "ocean" not found.*; available: pocket'):
        load_world("ocean")


def test_a_budget_without_room_is_refused():
    with pytest.raises(ValueError, match="kept_mib is 0, expected 1 to"):
        MemorySetting(kept_mib=0)


def tiny_world_with_budget(mib: int):
    """Load the tiny world with a budget of its own."""
    return pocket.load(
        MemorySetting(kept_mib=mib), look_ahead=True, on_progress=lambda stage, fraction: None,
        weights=tiny_weights(), execution=FP32,
    )  # fmt: skip


def test_changing_to_none_forgets_at_once_and_changing_back_restores_nothing():
    world = tiny_world("full", look_ahead=False)
    play(world, [RIGHT] * 3)
    forgotten = world.step(Control(memory=MemorySetting("none", kept_mib=1)))
    assert forgotten.memory.kept_frames == forgotten.memory.attended_frames == 0
    assert forgotten.memory.evicted == 12
    again = world.step(Control(memory=MemorySetting("full", kept_mib=1)))
    assert again.memory.attended_frames == 0
    assert {entry.frame_index for entry in again.memory.entries} == {15, 16, 17}


def test_changing_to_a_window_keeps_the_window_only():
    world = tiny_world("full")
    play(world, [RIGHT] * 4)
    window = MemorySetting("window", kept_mib=1, window_blocks=2, sink_frames=0)
    block = world.step(Control(memory=window))
    assert block.memory.attended_frames == 6
    made = block.memory.full_history_bytes // world.memory.cache.slot_bytes
    assert {entry.frame_index for entry in block.memory.entries} == set(range(made - 6, made))


def test_a_scene_can_begin_from_a_picture(tmp_path):
    draw = np.random.default_rng(0)
    picture = draw.integers(256, size=(64, 64, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "begin.png")
    world = tiny_world()
    scene = Scene(prompt="a grey sea", image=str(tmp_path / "begin.png"))
    block = world.reset(scene, seed=1)
    assert np.abs(block.frames.astype(int) - world.round_trip(picture[None])).max() <= 1
    assert not np.array_equal(block.frames, world.reset(PLACE, seed=1).frames)
    (tmp_path / "begin.png").write_bytes(b"no picture")
    with pytest.raises(WorldFailed, match=r"cannot be read .* give a picture: PNG, JPEG"):
        world.reset(scene, seed=1)


def test_provenance_says_what_made_the_pictures(tmp_path):
    weights = write_tiny_weights(tmp_path)
    provenance = tiny_world(weights=weights).provenance()
    assert len(provenance["weights"]) == 16
    assert provenance["config"] == asdict(TINY)
    assert provenance["execution"]["dtype"] == "float32"
    assert provenance["look_ahead"] is True
    assert provenance["memory"]["policy"] == "mag-retrieve"


def test_loading_reports_its_progress():
    told = []
    pocket.load(
        MemorySetting(kept_mib=1), look_ahead=True,
        on_progress=lambda stage, fraction: told.append(fraction),
        weights=tiny_weights(), execution=FP32,
    )  # fmt: skip
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_storage_is_allocated_once():
    world = tiny_world(slots=6)
    play(world, [RIGHT] * 3)
    buffers = [value.data_ptr() for value in (world.memory.cache._keys, world.memory.cache._values)]
    for _ in range(20):
        world.step(RIGHT)
    assert buffers == [
        value.data_ptr() for value in (world.memory.cache._keys, world.memory.cache._values)
    ]


def test_look_ahead_starts_before_unknown_ground_only():
    still, right, up = STILL.camera, RIGHT.camera, type(RIGHT.camera)(pitch=1.0)
    here = CameraPose(100.0, 0.0)
    assert look_ahead_pose(here, still, [here]) is None
    assert look_ahead_pose(here, right, []) is None
    assert look_ahead_pose(here, right, [here]) == CameraPose(167.5, 0.0)
    assert look_ahead_pose(here, right, [here, CameraPose(130.0, 0.0)]) is None
    assert look_ahead_pose(here, right, [here, CameraPose(70.0, 0.0)]) is not None
    assert look_ahead_pose(here, up, [here]) == CameraPose(100.0, 27.0)
    top = CameraPose(100.0, 27.0)
    assert look_ahead_pose(top, up, [top]) is None
    assert look_ahead_pose(CameraPose(330.0), right, [CameraPose(330.0)]) == CameraPose(37.5, 0.0)


def test_the_reserved_storage_follows_the_budget():
    world = tiny_world_with_budget(2)
    assert world.memory.cache.slots == 2 * 2**20 // world.memory.cache.slot_bytes
    assert world.memory.cache.dtype is torch.float32


def test_words_that_mean_nothing_are_refused_and_play_goes_on():
    made, plain = tiny_world(), tiny_world()
    made._words = Vocabulary({"tower": 3, "lighthouse": 2})
    with pytest.raises(WorldFailed, match="does not know “Xyzzy”"):
        made.reset(Scene("Xyzzy."), 1)
    made.reset(PLACE, 1)
    plain.reset(PLACE, 1)
    with pytest.raises(WorldFailed, match="does not know “zebra”"):
        made.step(Control(prompt="a zebra"))
    one, other = (each.step(Control(prompt="A lighthouse.")) for each in (made, plain))
    assert np.array_equal(one.frames, other.frames)


def test_a_closed_world_says_that_it_is():
    from tests.unit.model.pocket.test_inventing import world

    one = world()
    one.reset(Scene("a red tower by the sea"), 1)
    state = one.snapshot()
    one.close()
    for play_again in (
        lambda: one.reset(Scene("a red tower by the sea"), 1),
        lambda: one.restore(state),
    ):
        with pytest.raises(WorldFailed, match="was closed; load it again"):
            play_again()


def test_a_pose_of_another_kind_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="pose is 5, expected CameraPose"):
        tiny_world().painted(5)
