"""A demo runs as fast as the world goes: probes are exact, scenes that were left go on exactly."""

from dataclasses import replace

import pytest

from mag_sandbox.controls.camera import CameraSpeed
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.world import MemorySetting, WorldFailed
from mag_sandbox.sandbox.demo.run import (
    Extras,
    ask_of,
    check_policies,
    check_words,
    play_demo,
    setting_of,
)
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recording.replay import playthrough_of
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.demo.demo import Demo, DemoError
from mag_sandbox.scenes.demo.expect import Expectation
from mag_sandbox.scenes.demo.script import MemoryAsk, parse_script
from tests.doubles import SPEC, FakeWorld

FAST = replace(SPEC, full_speed=CameraSpeed(yaw=100.0, pitch=40.0))
SCENE = Scene("A meadow.", 7, "meadow", memory="mag")
SETTING = MemorySetting()


class ShownBlocks(FakeWorld):
    """A world that keeps what it has shown."""

    def __init__(self, *args, **named):
        super().__init__(*args, **named)
        self.shown = []

    def reset(self, scene, seed):
        self.shown.append(super().reset(scene, seed))
        return self.shown[-1]

    def step(self, control):
        self.shown.append(super().step(control))
        return self.shown[-1]


def demo_of(script: str, **changes) -> Demo:
    return replace(Demo("short", SCENE, "meadow", 7, parse_script(script)), **changes)


def play(script: str, extras: Extras | None = None, world: FakeWorld | None = None, **changes):
    world = world or FakeWorld(spec=FAST)
    return play_demo(demo_of(script, **changes), world, SETTING, extras=extras)


OUT_AND_BACK = "anchor a; pan right 150deg; hold 0.4s; pan left 150deg; probe a"


@pytest.fixture(scope="module")
def result():
    return play(f'{OUT_AND_BACK}; mark "back"', expect=(Expectation("recall", "a", ">=", 80.0),))


def test_a_view_that_came_back_is_compared_with_what_the_anchor_showed(result):
    (probe,) = result.asked
    assert (probe.anchor, probe.kind, probe.scene) == ("a", "script", "meadow")
    assert probe.overlap == 1.0
    assert probe.recall > 90
    assert probe.anchor_memory == "sink"
    assert probe.reason.startswith("Memory held this view")


def test_time_away_runs_from_leaving_to_coming_back(result):
    (probe,) = result.asked
    assert 150 / 100 < probe.seconds_away < result.seconds


def test_places_on_the_way_are_compared_by_themselves(result):
    assert any(probe.kind == "auto" for probe in result.probes)


def test_a_result_says_what_was_played(result):
    assert (result.world, result.weights, result.seed) == ("fake", "0" * 16, 7)
    assert (result.demo, result.scene, result.memory) == ("short", "meadow", "mag-retrieve")
    assert result.frames == 3 * (1 + 8 + 2 + 8)
    assert result.seconds == pytest.approx(result.frames / 16, abs=0.001)
    assert result.memory_usage.peak_bytes >= result.memory_usage.bytes > 0
    assert [(mark.text, mark.frame) for mark in result.marks] == [("back", result.frames)]
    assert result.fps > 0
    assert result.expect_met


def test_the_same_demo_gives_the_same_pictures_and_another_seed_others(result):
    again = play(f'{OUT_AND_BACK}; mark "back"')
    assert again.digest == result.digest
    assert again.probes == result.probes
    assert play(OUT_AND_BACK, seed=8).digest != result.digest


def test_the_scene_does_not_choose_the_memory_of_a_demo():
    world = FakeWorld(SETTING, spec=FAST)
    seen = []
    reset = world.reset
    world.reset = lambda scene, seed: (seen.append(scene.memory), reset(scene, seed))[1]
    play("hold 0.2s", world=world)
    assert seen == [None]


def test_what_is_expected_and_not_found_is_not_met():
    result = play(OUT_AND_BACK, expect=(Expectation("recall", None, "<", 40.0),))
    assert not result.expect_met
    assert result.expectations[0].value > 90


def test_prompts_and_memories_reach_the_world():
    asked = []
    world = FakeWorld(spec=FAST, on_step=asked.append)
    play('hold 0.2s; prompt "A beach."; memory window 4 blocks; hold 0.4s', world=world)
    assert [(control.prompt, control.memory) for control in asked] == [
        (None, None),
        ("A beach.", MemorySetting(policy="window", window_blocks=4)),
        (None, None),
    ]


LEAVE = "anchor a; pan right 60deg; scene kitchen; hold 0.4s; scene meadow; pan left 60deg; probe a"


def test_a_scene_that_was_left_goes_on_exactly():
    left, stayed = ShownBlocks(spec=FAST), ShownBlocks(spec=FAST)
    play(LEAVE, world=left)
    play("anchor a; pan right 60deg; hold 0.2s; pan left 60deg; probe a", world=stayed)
    frames = [block.frames.tobytes() for block in left.shown if block.prompt == "A meadow."]
    assert frames == [block.frames.tobytes() for block in stayed.shown]


def test_the_time_in_another_scene_counts_as_time_away():
    (probe,) = play(LEAVE.replace("hold 0.4s", "hold 3s")).asked
    assert probe.seconds_away >= 3.0
    assert probe.recall > 90


def test_a_run_with_two_scenes_is_recorded_so_that_it_can_be_replayed(tmp_path):
    recorder = Recorder(tmp_path / "recording")
    played = ShownBlocks(spec=FAST)
    play(LEAVE, Extras(recorder), played)
    assert len(recorder.folders) == 3
    again = []
    for folder in recorder.folders:
        recording = load_recording(folder)
        session = Session(FakeWorld(spec=FAST), ScriptSource(recording.controls))
        step = session.begin(playthrough_of(recording))
        while step is not None:
            again.append(step.block.frames.tobytes())
            step = session.advance()
    assert again == [block.frames.tobytes() for block in played.shown]


def test_progress_ends_with_all_blocks():
    told = []
    play("hold 1s; home", Extras(on_progress=lambda *done: told.append(done)))
    assert told[-1] == (6, 6)


def test_a_world_that_stops_ends_the_recording_with_its_reason(tmp_path):
    recorder = Recorder(tmp_path / "recording")
    with pytest.raises(WorldFailed, match="cannot be made"):
        play("hold 2s", Extras(recorder), FakeWorld(spec=FAST, fail_at=3))
    assert "cannot be made" in load_recording(tmp_path / "recording").end.reason


def test_what_a_world_cannot_play_is_refused_before_it_begins():
    world = FakeWorld(spec=FAST, on_step=lambda control: pytest.fail("it began"))
    with pytest.raises(DemoError, match=r"own\.yaml:4:12: this world cannot zoom"):
        play("hold 1s;  zoom in 1.5", world=world, source="own.yaml", lines=(3, 1))


def test_policies_are_checked_before_a_world_is_loaded():
    with pytest.raises(DemoError, match=r'policy "winow" not found \(did you mean "window"'):
        check_policies(demo_of("repeat 2 { memory winow }"), [])
    with pytest.raises(DemoError, match='policy "magg" not found'):
        check_policies(demo_of("home"), [MemoryAsk("magg")])


def test_words_that_mean_nothing_are_refused_before_a_world_is_loaded():
    said = r"own\.yaml:2:12: this world does not know “xyzzy”, “radio”; .*television"
    demo = demo_of('hold 1s;  prompt "xyzzy radio"')
    with pytest.raises(DemoError, match=said):
        check_words(replace(demo, source="own.yaml", lines=(1, 1)), "pocket")
    nowhere = replace(demo_of("home"), scene=replace(SCENE, prompt="Xyzzy."), source="own.yaml")
    with pytest.raises(DemoError, match=r"own\.yaml: scene: this world does not know “Xyzzy”"):
        check_words(nowhere, "pocket")
    check_words(nowhere, "mag")  # a large world knows every word


def test_limits_that_were_not_named_are_the_players():
    base = MemorySetting(kept_mib=64)
    ask = MemoryAsk("window", window_blocks=5)
    assert setting_of(ask, base) == MemorySetting("window", 64, window_blocks=5)
    assert setting_of(None, base) is base
    assert str(ask_of(setting_of(ask, base))) == "window 5 blocks 64MiB"
