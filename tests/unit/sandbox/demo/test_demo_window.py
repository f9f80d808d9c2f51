"""In the window a demo is one session, whose stage changes scenes between two blocks."""

from dataclasses import replace

import pytest

from mag_sandbox.model.world import Control, WorldFailed
from mag_sandbox.sandbox import choice as choices
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.demo.run import play_demo
from mag_sandbox.sandbox.demo.window import DemoSource, StageWorld
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.scenes import Scene
from tests.doubles import SPEC, FakeWorld
from tests.unit.sandbox.demo.test_demo_run import FAST, LEAVE, SETTING, demo_of
from tests.unit.sandbox.play.test_session import Notes

CHOICE = WorldChoice("pocket", SETTING)


@pytest.fixture(autouse=True)
def fake_world(monkeypatch):
    load = lambda name, memory, **more: FakeWorld(memory, spec=FAST)  # noqa: E731
    monkeypatch.setattr(choices, "load_world", load)


def run_app(load, playthrough, observers, source):
    """Play as the app does, without its window."""
    session = Session(load(), source, observers)
    step = session.begin(playthrough)
    while step is not None:
        session.world.prepare()
        step = session.advance()
    session.end("script over")


def test_the_window_shows_and_finds_what_a_run_without_one_does():
    demo = demo_of(LEAVE)
    expected = play_demo(demo, FakeWorld(SETTING, spec=FAST), SETTING)
    source = DemoSource(demo, CHOICE, 7)
    run_app(source.load, source.playthrough, [source.tally], source)
    result = source.result()
    assert result.probes == expected.probes
    assert (result.digest, result.frames) == (expected.digest, expected.frames)


def test_blocks_are_numbered_through_all_scenes():
    notes = Notes()
    source = DemoSource(demo_of(LEAVE), CHOICE, 7)
    run_app(source.load, source.playthrough, [notes], source)
    numbers = [block.block_index for block in notes.pictures]
    assert numbers == list(range(len(numbers)))
    assert {block.prompt == "A meadow." for block in notes.pictures} == {True, False}


def test_a_player_may_leave_before_the_end():
    demo = demo_of("hold 3s; mark 'late'".replace("'", '"'))
    source = DemoSource(demo, CHOICE, 7)
    session = Session(source.load(), source, [source.tally])
    session.begin(source.playthrough)
    session.advance()
    result = source.result()
    assert not source.is_over
    assert result.frames == 6
    assert result.marks == ()


def test_a_world_that_cannot_play_a_demo_says_so_while_loading():
    source = DemoSource(demo_of("zoom in 1.5", source="own.yaml"), CHOICE, 7)
    with pytest.raises(WorldFailed, match=r"own\.yaml:1:1: this world cannot zoom"):
        source.load()
    with pytest.raises(WorldFailed, match="never began"):
        source.result()


def test_a_stage_cannot_be_kept():
    stage = StageWorld(FakeWorld(spec=SPEC), "meadow", lambda scene, block: None)
    stage.reset(Scene("A meadow."), 1)
    with pytest.raises(WorldFailed, match="play its scene"):
        stage.snapshot()
    with pytest.raises(WorldFailed, match="play the scene"):
        stage.restore(None)


def test_a_stage_returns_to_where_a_scene_was_left():
    told = []
    stage = StageWorld(FakeWorld(spec=FAST), "meadow", lambda *block: told.append(block[0]))
    stage.reset(Scene("A meadow."), 1)
    left = stage.step(Control(replace(Control().camera, yaw=1.0)))
    stage.leave_for("beach", Scene("A beach."), 2)
    assert stage.step(Control()).prompt == "A beach."
    stage.leave_for("meadow", Scene("A meadow."), 1)
    back = stage.step(Control())
    assert back.prompt == "A meadow."
    assert back.poses[-1] == left.poses[-1]
    assert told == ["meadow", "meadow", "beach", "meadow"]
