"""In the window the same run is played by the app, which loads its world."""

from functools import partial

import pytest

from mag_sandbox.model.world import WorldFailed
from mag_sandbox.sandbox import choice as choices
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.demo.run import DemoRun, play_demo
from mag_sandbox.sandbox.play.session import Session
from tests.doubles import FakeWorld
from tests.unit.sandbox.demo.test_demo_run import FAST, LEAVE, SETTING, demo_of

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
    run = DemoRun(demo, SETTING, 7)
    run_app(partial(run.load, CHOICE), run.playthrough, [run], run)
    run.finish()
    result = run.result()
    assert run.is_over
    assert result.probes == expected.probes
    assert (result.digest, result.frames) == (expected.digest, expected.frames)


def test_a_player_may_leave_before_the_end():
    run = DemoRun(demo_of('hold 3s; mark "late"'), SETTING, 7)
    session = Session(run.load(CHOICE), run, [run])
    session.begin(run.playthrough)
    session.advance()
    run.finish()
    result = run.result()
    assert not run.is_over
    assert result.frames == 6
    assert result.marks == ()


def test_a_world_that_cannot_play_a_demo_says_so_while_loading():
    run = DemoRun(demo_of("zoom in 1.5", source="own.yaml"), SETTING, 7)
    with pytest.raises(WorldFailed, match=r"own\.yaml:1:1: this world cannot zoom"):
        run.load(CHOICE)
    with pytest.raises(WorldFailed, match="never began"):
        run.finish()
