"""Watching a recording: the time bar and the arrow keys show any moment whose frames were kept."""

import shutil
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np
import pygame
import pytest

from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.navigator import Navigator
from mag_sandbox.sandbox.play.worker import WorkerSpec
from mag_sandbox.sandbox.recording import playback
from mag_sandbox.sandbox.recording.frames_file import StoredFrames
from mag_sandbox.sandbox.recording.playback import Playback
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.screens import Way
from mag_sandbox.sandbox.screens.play import ReplayScreen
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.display import window
from tests.doubles import FakeWorld
from tests.patience import PATIENCE
from tests.recorded import HOLD, QUICK, RIGHT, record

SIZE = (640, 400)
COMMANDS = (RIGHT, HOLD) * 60
LAST = len(COMMANDS)
JUMP = 27  # blocks of 5 s, rounded to a block


class Watching:
    """The screen that plays a recording, moved on by a test."""

    def __init__(self, folder, surface):
        self.surface = surface
        self._news = SimpleQueue()
        self.playback = Playback(load_recording(folder))
        spec = WorkerSpec(self.playback.load, self.playback)
        settings = SandboxConfig(scale="smooth")
        self.navigator = Navigator(spec, settings, notify=lambda: self._news.put(None))
        self.screen = self.navigator.start(self.playback.playthrough)
        self.wait(lambda: isinstance(self.screen, ReplayScreen) and self.screen.reel.blocks)
        self.press(pygame.K_SPACE)
        self.draw()

    def wait(self, condition):
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, "nothing happened"
            self.screen.update(time.perf_counter())
            self.screen = self.navigator.follow(self.screen)
            with suppress(Empty):
                self._news.get(timeout=0.004)

    def press(self, key):
        self.screen.handle(pygame.Event(pygame.KEYDOWN, key=key, mod=0))

    def mouse(self, kind, share):
        """Use the mouse on the time bar, at a share of its length."""
        track = self.screen._bar._track
        place = track.left + round(share * track.width), track.centery
        event = pygame.Event(kind, pos=place, button=1, rel=(1, 0), buttons=(1, 0, 0))
        self.screen.handle(event)

    def draw(self):
        self.screen.draw(self.surface)
        return pygame.surfarray.array3d(self.surface)

    @property
    def block(self):
        return self.screen.reel.current.block.block_index

    def arrives(self, block):
        """Wait until the world has played up to a block at least."""
        reel = self.screen.reel
        self.wait(lambda: not (reel.starting_over or reel.is_hurrying) and self.block >= block)

    def sees(self, block):
        """Wait until a block is shown."""
        self.wait(lambda: not self.screen.reel.starting_over and self.block == block)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return what copies a recording, which is made once for all tests."""
    made: dict[str, Path] = {}

    def copied(folder: Path, **options) -> Path:
        key = repr(options)
        if key not in made:
            made[key] = record(tmp_path_factory.mktemp("made") / "it", COMMANDS, **options)
        return shutil.copytree(made[key], folder)

    return copied


@pytest.fixture
def watch(tmp_path, monkeypatch, recorded):
    """Return what watches a recording that a test asks for."""
    opened = []
    monkeypatch.setattr(WorldChoice, "load", lambda self, progress: FakeWorld(spec=QUICK))
    monkeypatch.setattr(playback, "recorded_choice", lambda recording, server: WorldChoice())
    with window(SIZE, "test") as surface:

        def begin(**options):
            opened.append(Watching(recorded(tmp_path / "it", **options), surface))
            return opened[-1]

        yield begin
        for one in opened:
            one.navigator.close()


def test_arrow_keys_jump_five_seconds_and_home_and_end_go_to_the_ends(watch):
    watching = watch()
    first = watching.block
    watching.press(pygame.K_RIGHT)
    watching.sees(first + JUMP)
    watching.press(pygame.K_RIGHT)
    watching.wait(lambda: watching.block > first + 2 * JUMP - 3)
    watching.press(pygame.K_HOME)
    watching.sees(0)
    watching.press(pygame.K_END)
    watching.sees(LAST)
    watching.press(pygame.K_LEFT)
    watching.wait(lambda: LAST - JUMP - 2 < watching.block < LAST - JUMP + 2)


def test_what_is_shown_is_what_was_kept(watch):
    watching = watch()
    watching.press(pygame.K_END)
    watching.sees(LAST)
    with StoredFrames.open(watching.playback.recording.folder) as stored:
        kept = stored.frame_block(stored.blocks[LAST])
    shown = watching.screen.reel.current.block
    assert np.array_equal(shown.frames, kept.frames)
    assert (shown.poses, shown.memory, shown.prompt) == (kept.poses, kept.memory, kept.prompt)


def test_a_click_on_the_bar_goes_on_from_there_and_the_end_waits(watch):
    watching = watch()
    watching.press(pygame.K_SPACE)
    watching.mouse(pygame.MOUSEBUTTONDOWN, 0.5)
    watching.sees(LAST // 2)
    assert watching.screen.hud_state().mode == "paused"
    watching.mouse(pygame.MOUSEBUTTONUP, 0.5)
    watching.wait(lambda: watching.block > LAST // 2 + 1)
    watching.mouse(pygame.MOUSEBUTTONDOWN, 1.0)
    watching.mouse(pygame.MOUSEBUTTONUP, 1.0)
    watching.sees(LAST)
    assert watching.screen.hud_state().mode == "paused", "else the recording would be left"


def test_a_drag_ends_where_the_mouse_lets_go_however_fast_it_was(watch):
    watching = watch()
    watching.mouse(pygame.MOUSEBUTTONDOWN, 0.0)
    for place in range(101):
        watching.mouse(pygame.MOUSEMOTION, place / 100)
    watching.mouse(pygame.MOUSEMOTION, 0.25)
    watching.mouse(pygame.MOUSEBUTTONUP, 0.25)
    watching.sees(LAST // 4)
    assert watching.screen.hud_state().mode == "paused", "as it was before the drag"


def test_the_bar_shows_where_it_is_and_what_came_back(watch):
    watching = watch()
    bar = watching.screen._bar
    watching.press(pygame.K_HOME)
    watching.sees(0)
    row = bar._track.centery
    beginning = watching.draw()[:, row]
    watching.press(pygame.K_END)
    watching.sees(LAST)
    changed = np.flatnonzero((watching.draw()[:, row] != beginning).any(axis=-1))
    assert len(changed) > 0.9 * bar._track.width
    assert watching.screen.reel.seconds == pytest.approx(bar.end, abs=0.2)
    bar.begin += 1.0  # as of a recording that began later than its place
    shown = watching.screen.hud_state().seconds
    assert shown == watching.screen.reel.seconds - bar.begin, "the display has the bar's clock"


def test_moments_when_a_view_came_back_are_those_of_the_comparisons(watch):
    watching = watch()
    with StoredFrames.open(watching.playback.recording.folder) as stored:
        assert watching.playback.returns == tuple(one.seconds for one in stored.probes())


def test_without_kept_frames_the_world_plays_up_to_any_moment(watch):
    watching = watch(with_frames=False)
    assert "begins anew" in watching.playback.note
    watching.press(pygame.K_RIGHT)
    watching.arrives(JUMP)
    there = watching.screen.reel.current.block.poses
    watching.press(pygame.K_END)
    watching.sees(LAST)
    assert watching.screen.hud_state().mode == "paused"
    watching.press(pygame.K_HOME)
    watching.sees(0)
    watching.press(pygame.K_RIGHT)
    watching.arrives(JUMP)
    assert watching.screen.reel.current.block.poses == there


def test_a_drag_back_without_kept_frames_plays_once_the_mouse_lets_go(watch):
    watching = watch(with_frames=False)
    watching.press(pygame.K_END)
    watching.sees(LAST)
    watching.draw()
    watching.mouse(pygame.MOUSEBUTTONDOWN, 0.5)
    watching.mouse(pygame.MOUSEMOTION, 0.25)
    assert watching.block == LAST and not watching.screen.reel.starting_over
    watching.mouse(pygame.MOUSEBUTTONUP, 0.25)
    assert watching.screen.hud_state().mode == "seeking"
    watching.sees(LAST // 4)


def test_the_bar_tells_what_is_shown_from_what_is_sought(watch):
    watching = watch(with_frames=False)
    watching.press(pygame.K_END)
    watching.sees(LAST)
    bar = watching.screen._bar
    at_end = watching.draw()[:, bar._track.centery]
    watching.mouse(pygame.MOUSEBUTTONDOWN, 0.5)
    dragged = watching.draw()[:, bar._track.centery]
    filled = bar._track.left + bar._track.width // 4
    beyond = bar._track.left + 3 * bar._track.width // 4
    assert np.array_equal(dragged[filled], at_end[filled])
    assert np.array_equal(dragged[beyond], at_end[filled]), "the last frame is still shown"


def test_who_goes_to_the_end_reads_what_can_be_done_there(watch):
    watching = watch()
    watching.press(pygame.K_END)
    watching.sees(LAST)
    assert "Home: watch again" in watching.screen._bar.note
    assert "export" in watching.screen._bar.note


@pytest.mark.parametrize("with_frames", [True, False])
def test_a_recording_rests_at_its_end_and_can_be_watched_again(watch, with_frames):
    watching = watch(with_frames=with_frames)
    for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
        watching.mouse(kind, 0.98)
    watching.press(pygame.K_SPACE)
    watching.wait(lambda: watching.screen.hud_state().mode == "end")
    assert isinstance(watching.screen, ReplayScreen)
    assert watching.block == LAST
    assert "Home: watch again, Esc: close the game" in watching.screen._bar.note
    assert watching.screen._listed["leave"].help == "close the game"
    watching.press(pygame.K_HOME)
    watching.sees(0)
    assert "the end" not in watching.screen._bar.note
    watching.press(pygame.K_ESCAPE)
    assert watching.screen.outcome is Way.LEAVE


def test_beside_damaged_frames_any_other_moment_is_shown(watch):
    watching = watch()
    path = watching.playback.recording.folder / "frames.bin"
    with StoredFrames.open(path.parent) as stored:
        place = stored.blocks[LAST].span
    data = bytearray(path.read_bytes())
    data[place.offset + place.length - 99] ^= 255
    path.write_bytes(data)
    watching.press(pygame.K_END)
    watching.wait(lambda: watching.screen.has_failed)
    watching.screen.update(time.perf_counter())
    watching.press(pygame.K_LEFT)
    watching.wait(lambda: not watching.screen.reel.starting_over)
    assert LAST - JUMP - 2 < watching.block < LAST - JUMP + 2


def test_damaged_frames_are_not_shown_and_the_world_plays(watch, tmp_path):
    folder = record(tmp_path / "damaged", COMMANDS[:4])
    (folder / "frames.bin").write_bytes(b"no frames at all" * 9)
    playback = Playback(load_recording(folder))
    assert not playback.seeks
    assert "cannot be read" in playback.note
