"""What the display says about the memory is true and readable."""

from dataclasses import replace

import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.model.world import Control, MemoryEntry, MemorySegment, MemoryUsage
from mag_sandbox.sandbox.hud.figures import Figures
from mag_sandbox.sandbox.hud.hud_state import (
    bar_bytes,
    bar_stretches,
    clock_text,
    duration_text,
    kept_text,
    ratio_text,
    reach_text,
    remembered_sectors,
    size_text,
)
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld

MIB = 1024 * 1024
USAGE = MemoryUsage(
    policy="mag",
    segments=(MemorySegment("sink", 1, 16 * MIB), MemorySegment("compressed", 2, 48 * MIB)),
    bytes=64 * MIB,
    budget=256 * MIB,
    full_history_bytes=192 * MIB,
    evicted=0,
    oldest_seconds=134.2,
    attended_frames=2,
    entries=(
        MemoryEntry(0, "sink", CameraPose(yaw=5.0), attended=False),
        MemoryEntry(3, "compressed", CameraPose(yaw=95.0), attended=True),
        MemoryEntry(6, "compressed", CameraPose(yaw=355.0), attended=False),
    ),
)


def test_the_bar_is_proportional_to_bytes():
    assert bar_bytes(USAGE) == 64 * MIB
    sink, compressed = bar_stretches(USAGE, 400)
    assert (sink.left, sink.right) == (0, 100)
    assert (compressed.left, compressed.right) == (100, 400)


@pytest.mark.parametrize(
    ("used", "whole"), [(1, MIB), (3 * MIB, 4 * MIB), (65 * MIB, 128 * MIB), (300 * MIB, 300 * MIB)]
)
def test_the_bar_stands_for_what_holds_memory_up_to_the_budget(used, whole):
    segments = (MemorySegment("sink", 1, used),)
    assert bar_bytes(replace(USAGE, segments=segments)) == whole


def test_attended_frames_are_marked_inside_their_stretch():
    sink, compressed = bar_stretches(USAGE, 400)
    assert sink.attended == ()
    assert compressed.attended == (0.25,)


def test_where_everything_is_attended_the_stretch_is_framed_instead_of_ticked():
    entry = replace(USAGE.entries[1], attended=True)
    (_, compressed) = bar_stretches(replace(USAGE, entries=(entry,) * 500), 400)
    assert compressed.framed
    assert compressed.attended == ()
    assert not any(stretch.framed for stretch in bar_stretches(USAGE, 400))


def test_an_overdrawn_budget_fills_the_bar_and_no_more():
    assert bar_stretches(replace(USAGE, budget=MIB), 400)[-1].right == 400


def test_the_reach_says_whether_it_goes_back_to_the_start():
    assert reach_text(USAGE) == "remembers all 2 min 14 s"
    assert reach_text(replace(USAGE, evicted=3)) == "remembers the last 2 min 14 s"
    assert reach_text(replace(USAGE, entries=())) == "remembers nothing"
    assert reach_text(replace(USAGE, policy="window")) == "remembers only the last seconds"


def test_forgotten_frames_are_counted_only_when_there_are_some():
    assert kept_text(USAGE) == "3 frames kept · 2 read now"
    assert kept_text(replace(USAGE, evicted=7)) == "3 frames kept · 2 read now · 7 forgotten"


def test_frames_whose_memory_was_made_again_are_marked():
    assert kept_text(replace(USAGE, rebuilt=2)) == "3 frames kept · 2 read now · 2 rebuilt"


def test_sizes_and_ratio_are_in_plain_words():
    assert size_text(USAGE) == "64 of 256 MiB"
    assert size_text(replace(USAGE, bytes=MIB // 2)) == "0.5 of 256 MiB"
    assert ratio_text(USAGE) == "3.0 times smaller"
    assert ratio_text(replace(USAGE, bytes=0)) == ""


def test_the_compass_knows_where_frames_are_kept_and_attended():
    kept, attended = remembered_sectors(USAGE, CameraPose())
    assert kept == {0, 9, 35}
    assert attended == {9}


def figures(stages):
    found = Figures()
    found.add_block(stages)
    found.update(0.0, 16.0, 80.0)
    return found


def test_stages_come_in_a_fixed_order_and_unknown_ones_last():
    rows = figures({"upscale": 2.2, "decode": 3.4, "look_ahead": 15673.0}).rows
    assert rows[0] == ("shown", "16.0 fps")
    assert rows[1:4] == (("drawing it", "3 ms"), ("working ahead", "15.7 s"), ("upscale", "2 ms"))


def test_what_server_and_network_took_is_told_apart_from_the_stages():
    rows = figures({"denoise": 31.0, "server": 58.4, "network": 12.6}).rows
    assert rows[1:3] == (("imagining the view", "31 ms"), ("from key to picture", "80 ms"))
    assert rows[3:] == (("on the server", "58 ms"), ("in the network", "13 ms"))
    assert len(figures({"denoise": 31.0}).rows) == 3


def test_figures_change_twice_a_second_at_most_and_blend_blocks():
    found = figures({"denoise": 30.0})
    before = found.rows
    found.add_block({"denoise": 80.0})
    found.update(0.4, 8.0, None)
    assert found.rows == before
    found.update(0.5, 8.0, None)
    assert found.rows[0][1] == "8.0 fps"
    assert ("imagining the view", "40 ms") in found.rows


def test_times_read_well():
    assert duration_text(14.9) == "14 s"
    assert duration_text(134) == "2 min 14 s"
    assert clock_text(134) == "02:14"


def test_a_worlds_usage_fits_the_bar():
    world = FakeWorld()
    world.reset(Scene(prompt="A place."), seed=1)
    for _ in range(20):
        usage = world.step(Control(CameraCommand(yaw=1.0))).memory
    stretches = bar_stretches(usage, 400)
    assert {stretch.kind for stretch in stretches} >= {"sink", "compressed", "raw", "look-ahead"}
    assert sum(len(stretch.attended) for stretch in stretches) == usage.attended_frames
