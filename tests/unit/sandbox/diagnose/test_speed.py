"""The bench measures what it says; the clock is a fake one wherever time is compared."""

import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.world import Control
from mag_sandbox.sandbox.diagnose import speed, speed_table
from mag_sandbox.sandbox.diagnose.speed import PlayMeter, resident_bytes
from mag_sandbox.sandbox.play.scripts import survey, wander
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld

SCENE = Scene(prompt="A meadow.")


class Clock:
    def __init__(self):
        self.now = 0.0

    def world(self, seconds: float) -> FakeWorld:
        """A world whose blocks take this long on this clock."""

        def take_time(control):
            self.now += seconds

        world = FakeWorld(on_step=take_time)
        world.reset(SCENE, seed=1)
        return world


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(speed.time, "perf_counter", lambda: clock.now)
    return clock


def test_the_block_time_ratio_compares_the_full_state_with_the_short_one(clock):
    numbers = speed.compare_block_times(clock.world(0.040), clock.world(0.042), blocks=5)
    assert numbers["block_time_ratio"] == pytest.approx(1.05)
    assert numbers["block_ms_short"] == pytest.approx(40)


def test_blocks_of_both_states_are_made_in_turn():
    order = []
    worlds = [FakeWorld(on_step=lambda control, name=name: order.append(name)) for name in "ab"]
    for world in worlds:
        world.reset(SCENE, seed=1)
    speed.compare_block_times(*worlds, blocks=3)
    assert order == list("abababab")


def test_states_are_compared_where_play_began():
    world = FakeWorld()
    world.reset(SCENE, seed=1)
    speed.prefill(world, SCENE, 1, wander(40, seed=1))
    speed.turn_home(world)
    (*_, pose) = world.step(Control()).poses
    assert (pose.yaw, pose.pitch) == pytest.approx((0.0, 0.0), abs=0.2)


def weigh_recording(world: FakeWorld) -> dict:
    path = wander(40, seed=1)
    return speed.compare_recording(world, speed.prefill(world, SCENE, 1, path).park(), path)


def test_recording_is_weighed_against_playing_without(clock):
    numbers = weigh_recording(clock.world(0.040))
    assert numbers["recording_fps_ratio"] == 1.0, "on this clock recording takes no time"
    assert numbers["recording_fps"] == {"with": 75.0, "without": 75.0}


def test_what_recording_takes_shows_in_the_ratio(clock, monkeypatch):
    put = speed.Recorder.on_block

    def slow(self, event, block):
        clock.now += 0.010
        put(self, event, block)

    monkeypatch.setattr(speed.Recorder, "on_block", slow)
    numbers = weigh_recording(clock.world(0.040))
    assert numbers["recording_fps_ratio"] == pytest.approx(0.8)


def test_stretches_with_and_without_recording_go_back_over_known_ground(monkeypatch):
    monkeypatch.setattr(speed, "RECORDED_ROUNDS", 1)
    seen = []
    world = FakeWorld(on_step=lambda control: seen.append(control.camera.yaw))
    weigh_recording(world)
    there, back = seen[:40], seen[40:]
    assert back == 4 * [-yaw for yaw in reversed(there[-speed.RECORDED_BLOCKS :])]


@pytest.mark.parametrize("seconds", [0.01, 6.0, 100.0])
def test_a_survey_turns_at_many_heights_for_as_long_as_is_asked(seconds):
    world = FakeWorld()
    path = survey(world.spec, seconds)
    assert len(path) == max(1, round(seconds / world.spec.block_seconds))
    speed.prefill(world, SCENE, seed=1, path=path)
    block = world.step(speed.Control())
    assert (block.block_index - 1) == len(path)


def test_growth_counts_from_when_the_process_has_settled(monkeypatch):
    sizes = iter([100, 150, 200, 200, 201, 203])
    monkeypatch.setattr(speed, "resident_bytes", lambda: next(sizes) * 2**20)
    meter, block = PlayMeter(), recorded_block()
    for _ in range(6):
        meter.on_block(block, None)
    assert meter.rss_growth_mb() == 3.0
    assert meter.stage_ms() == {"decode": 2.0}


def recorded_block():
    from mag_sandbox.sandbox.play.events import BlockEvent, MemoryEvent

    control = speed.Control(CameraCommand())
    memory = MemoryEvent(bytes=0, kept=0, attended=0)
    return BlockEvent(1, control, 3, 10.0, "0" * 16, memory, t=0.1, stage_ms={"decode": 2.0})


def test_the_size_of_this_process_is_plausible():
    assert 10 * 2**20 < resident_bytes() < 2**40


def test_the_speed_of_a_core_is_what_its_products_take(monkeypatch):
    clock = iter(range(1_000_000))
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(clock) * 1e-3)
    flops = 2 * 1024**3
    assert speed.core_gflops(seconds=0.01) == pytest.approx(flops / 1e-3 / 1e9, rel=0.01)


def measured(**changes) -> dict:
    """Return the numbers of a machine that reaches every aim of a common processor."""
    numbers = {
        "fps": 16.0,
        "late_share": 0.004,
        "fps_in_window": 31.0,
        "fps_walking": 16.0,
        "fps_walking_unpaced": 21.0,
        "fps_running": 16.0,
        "latency_ms": {"p50": 240.0},
        "glass_ms": {"p95": 19.0},
        "title_s": 0.8,
        "first_frame_s": 2.9,
        "core_gflops": {"start": 100.0, "paced": 101.0, "window": 102.0},
    }
    return numbers | changes


def test_the_table_names_the_column_of_this_processor_and_what_it_misses():
    text = speed_table.table(measured(), {"avx512_vnni"})
    assert text.endswith("this is a common processor (VNNI, no AMX); missed: none")
    text = speed_table.table(measured(), {"avx512_vnni", "amx_tile"})
    assert "this is a processor with AMX; missed: late blocks, unpaced frames a second" in text
    assert "no VNNI" in speed_table.table(measured(), {"avx2"})


def test_the_table_shows_each_figure_with_the_speed_of_a_core():
    lines = speed_table.table(measured(late_share=0.031), {"avx_vnni"}).splitlines()
    assert "| late blocks | 3.1 % | 101.0 | 1 % | 0 % |" in lines
    assert "| process start to first block | 2.9 s | 100.0 | 3 s | 3 s |" in lines
    assert lines[-1].endswith("missed: late blocks")


def test_a_figure_that_could_not_be_measured_misses_nothing():
    numbers = measured(latency_ms={"p50": None})
    assert speed_table.table(numbers, {"avx_vnni"}).endswith("missed: none")
