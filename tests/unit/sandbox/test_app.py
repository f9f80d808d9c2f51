"""The app from opening the window to closing it, on the dummy display."""

import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pygame
import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.world import WorldFailed, WorldSpec
from mag_sandbox.sandbox import app, view
from mag_sandbox.sandbox.app import run
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.settings import DisplayError, SandboxConfig
from mag_sandbox.scenes import Scene
from tests.doubles import SPEC, FakeWorld

SCENE = Scene(prompt="A place.", name="Somewhere")
SMALL = SandboxConfig(window_width=640, window_height=400)
FAST = WorldSpec(**{name: getattr(SPEC, name) for name in SPEC.__slots__} | {"fps": 120.0})


class Actor:
    """Presses keys after certain blocks, and notes what it is told."""

    def __init__(self, **keys_after):
        self.told = []
        self._keys = {int(name.removeprefix("block_")): keys for name, keys in keys_after.items()}

    def on_start(self, event, block):
        self.told.append("start")
        self._press(0)

    def on_block(self, event, block):
        self.told.append(event.block_index)
        self._press(event.block_index)

    def on_end(self, event):
        self.told.append(event.reason)

    def _press(self, block_index):
        for key in self._keys.pop(block_index, ()):
            pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key))


def play(actor=None, world=None, **settings):
    world = world or FakeWorld(spec=FAST)
    observers = [actor] if actor else []
    return run(lambda progress: world, Playthrough(SCENE, 7), SMALL, observers, **settings)


def test_the_main_loop_looks_for_events_now_and_then_and_never_oversleeps(monkeypatch):
    def looks(seconds, events_at=1e9):
        times = [100.0]
        monkeypatch.setattr(app, "time", SimpleNamespace(perf_counter=lambda: times[-1]))
        nap = SimpleNamespace(wait=lambda nap: times.append(times[-1] + nap), clear=lambda: None)
        monkeypatch.setattr(app, "_woken", nap)
        monkeypatch.setattr(pygame.event, "get", lambda: ["key"] * (times[-1] >= events_at))
        assert bool(app._events(100.0 + seconds)) == (events_at < 1e9)
        return [round(time - 100.0, 3) for time in times[1:]]

    assert looks(-1.0) == []
    assert looks(0.015) == [0.015]  # to the next picture at once
    assert looks(0.05) == [0.012, 0.024, 0.036, 0.05]
    assert looks(0.05, events_at=100.02) == [0.012, 0.024]


def test_news_end_the_main_loops_sleep_at_once(monkeypatch):
    monkeypatch.setattr(app, "LOOK_S", 3600.0)  # the next look is long after the test's time
    pygame.display.init()
    pygame.event.clear()
    news = threading.Timer(0.05, app.wake)
    news.start()
    assert app.WAKE in {event.type for event in app._events(time.perf_counter() + 3600.0)}
    news.join()


def test_a_script_is_played_to_its_end():
    actor, world = Actor(), FakeWorld(spec=FAST)
    summary = play(actor, world, source=ScriptSource([CameraCommand(yaw=1.0)] * 5))
    assert (summary.reason, summary.error) == ("script over", None)
    assert (summary.blocks, summary.frames) == (6, 18)
    assert actor.told == ["start", 1, 2, 3, 4, 5, "script over"]
    assert world.closed
    assert 0 < summary.first_frame_s < 60
    assert summary.draw_ms > 0
    assert summary.overhead_ms > 0


@pytest.mark.parametrize("fullscreen", [False, True])
def test_a_window_without_a_title_fills_the_screen_as_the_settings_say(monkeypatch, fullscreen):
    toggled = []
    monkeypatch.setattr(view, "toggle_fullscreen", lambda *size: toggled.append(True))
    settings, script = replace(SMALL, fullscreen=fullscreen), ScriptSource([])
    run(lambda progress: FakeWorld(spec=FAST), Playthrough(SCENE, 7), settings, source=script)
    assert toggled == [True] * fullscreen


def test_escape_leaves_and_the_session_is_ended():
    actor = Actor(block_2=[pygame.K_ESCAPE])
    assert play(actor).reason == "left"
    assert actor.told[-1] == "left"
    assert not pygame.display.get_init()


def test_keys_have_a_latency():
    actor = Actor(block_1=[pygame.K_RIGHT], block_8=[pygame.K_ESCAPE])
    summary = play(actor)
    assert len(summary.latencies_ms) == 1
    assert summary.latencies_ms[0] > 0


def test_reset_starts_the_same_scene_again():
    actor = Actor(block_2=[pygame.K_r], block_4=[pygame.K_ESCAPE])
    assert play(actor).reason == "left"
    assert actor.told.count("start") == 2
    assert actor.told.count("reset") == 1


def test_time_is_up():
    actor, began = Actor(), time.perf_counter()
    summary = play(actor, seconds=0.2)
    assert summary.reason == actor.told[-1] == "time is up"
    assert time.perf_counter() - began > 0.2, "not before; how long after is the machine's affair"


def test_unattended_an_error_ends_the_run_at_once():
    actor = Actor()
    summary = play(actor, FakeWorld(spec=FAST, fail_at=2), seconds=60)
    assert summary.error == "block 2 cannot be made; start over"
    assert actor.told == ["start", 1, "block 2 cannot be made; start over"]


def test_after_an_error_the_player_can_try_again():
    worlds = [FakeWorld(spec=FAST, fail_at=2), FakeWorld(spec=FAST)]
    presses = iter([pygame.K_r, pygame.K_ESCAPE])

    class Persistent(Actor):
        def on_end(self, event):
            super().on_end(event)
            if "cannot be made" in event.reason:
                pygame.event.post(pygame.Event(pygame.KEYDOWN, key=next(presses)))

        def on_block(self, event, block):
            super().on_block(event, block)
            if event.block_index == 3:
                pygame.event.post(pygame.Event(pygame.KEYDOWN, key=next(presses)))

    actor = Persistent()
    summary = run(lambda progress: worlds.pop(0), Playthrough(SCENE, 7), SMALL, [actor])
    assert (summary.reason, summary.error) == ("left", None)
    assert actor.told.count("start") == 2


def test_leaving_while_loading_is_clean():
    def load(progress):
        pygame.event.post(pygame.Event(pygame.QUIT))
        while True:
            progress("loading for ever", 0.1)

    summary = run(load, Playthrough(SCENE, 7), SMALL)
    assert (summary.reason, summary.frames, summary.error) == ("left", 0, None)


def test_a_world_that_does_not_load_is_reported():
    def load(progress):
        raise WorldFailed("weights are damaged; download them again")

    summary = run(load, Playthrough(SCENE, 7), SMALL, seconds=60)
    assert summary.error == "weights are damaged; download them again"
    assert summary.frames == 0


def test_without_a_display_nothing_is_loaded(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "no such driver")
    with pytest.raises(DisplayError):
        run(lambda progress: pytest.fail("loaded"), Playthrough(SCENE, 7), SMALL)
