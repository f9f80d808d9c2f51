"""The app: window, clock, current screen, main loop. The window opens before a world is loaded."""

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import pygame

from mag_sandbox.model.world import Progress, World
from mag_sandbox.sandbox.game import PlayerGame
from mag_sandbox.sandbox.navigator import Navigator
from mag_sandbox.sandbox.play.events import SessionObserver
from mag_sandbox.sandbox.play.pacing import PacingStats, pacing_stats
from mag_sandbox.sandbox.play.player_input import HeldKeys, RestingMouse, repeat_keys
from mag_sandbox.sandbox.play.session import CommandSource, Playthrough
from mag_sandbox.sandbox.play.worker import WorkerSpec
from mag_sandbox.sandbox.screens import Screen, Watch
from mag_sandbox.sandbox.screens.loading import LoadingScreen
from mag_sandbox.sandbox.screens.play import MakeSession, PlayScreen, plain_session
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.display import window_surface
from mag_sandbox.sandbox.view import View

logger = logging.getLogger(__name__)
SWITCH_S = 0.001  # Python's switch interval in play [s]; halves the jitter of frames
IDLE_S = 0.25  # longest sleep of the main loop [s]
LOOK_S = 0.012  # between two polls for events while idle [s]
LAST_LOOK_S = 0.018  # before something is due: from here on, sleep until then [s]
KEPT = "the place is kept: Continue on the title leads back to it"  # after a crash
ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # signals, where the system has them
SIGNALLED = 128  # exit code, to which the signal's number is added
WAKE = pygame.event.custom_type()  # the worker has news
_woken = threading.Event()  # `wake` was called: the main loop must not sleep


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Figures of a run."""

    reason: str  # "left", "time is up", "script over" or the error's sentence
    frames: int = 0  # shown
    blocks: int = 0  # shown
    seconds: float = 0.0  # from the first frame on
    first_frame_s: float | None = None  # from the call to the first frame
    pacing: PacingStats = field(default_factory=PacingStats)
    latencies_ms: tuple[float, ...] = ()  # key event -> first frame that answers it
    photons_ms: tuple[float, ...] = ()  # key event -> the picture moves, by late warp or block
    glass_ms: tuple[float, ...] = ()  # from a picture that a late warp moves to the next
    draw_ms: float = 0.0  # mean a frame: picture and display
    hud_ms: float = 0.0  # mean a frame: the display's share of draw_ms
    flip_ms: float = 0.0  # mean a frame: presenting the picture, mostly waiting for the display
    draws: int = 0  # pictures drawn: more than frames while a late warp moves them
    overhead_ms: float = 0.0  # processor time of the window's thread for a drawn picture
    error: str | None = None  # one sentence

    @property
    def fps(self) -> float:
        """Achieved frames a second."""
        return self.pacing.fps


def run(
    world_loader: Callable[[Progress], World],
    playthrough: Playthrough,
    settings: SandboxConfig,
    observers: Sequence[SessionObserver] = (),
    source: CommandSource | None = None,
    seconds: float | None = None,
    session: MakeSession = plain_session,
) -> RunSummary:
    """Play a scene until the player leaves, time is up or the script over, or raise DisplayError.

    The world is loaded on the generation thread, where observers follow the session. `seconds`
    count from the first frame; with them, an error ends the run at once. `session` makes
    the overlays.
    """
    navigator = Navigator(
        WorkerSpec(world_loader, source), settings, observers, None, wake, session
    )
    return _App(navigator, settings, seconds).run(playthrough)


def play(
    game: PlayerGame,
    first: Playthrough | Watch | None,
    observers: Sequence[SessionObserver] = (),
    seconds: float | None = None,
) -> RunSummary:
    """Play the game from its title, a playthrough or a recording on, or raise DisplayError.

    The game wakes the window with `wake`; `seconds` count from the first frame.
    """
    settings = game.services.settings.now
    navigator = Navigator(game.worker_spec, settings, observers, game, wake)
    return _App(navigator, settings, seconds).run(first)


class _App:
    def __init__(self, navigator: Navigator, settings: SandboxConfig, seconds: float | None):
        self.navigator, self.settings, self.seconds = navigator, settings, seconds
        self.game = navigator.game
        self.view = self.game.view if self.game else View()
        self.draws = 0
        self.draw_s = dict.fromkeys(
            ("draw_ms", "hud_ms", "flip_ms"), 0.0
        )  # totals, named as in the summary
        self.begun = time.perf_counter()
        self.first_frame_s: float | None = None
        self.played: PlayScreen | None = None  # the newest
        self.keys, self.mouse = HeldKeys(), RestingMouse()
        self.end_signal = 0  # the signal that ends the program; 0: none
        self.busy_from = self.busy_until = 0.0  # processor time of this thread [s]

    def run(self, first: Playthrough | Watch | None) -> RunSummary:
        size = self.settings.window_width, self.settings.window_height
        name = first.scene.name if isinstance(first, Playthrough) else ""
        with self._signals_noted():
            return self._run(size, name, first)

    @contextmanager
    def _signals_noted(self) -> Iterator[None]:
        """Close the window when a signal ends the program, so that nothing is lost."""

        def note(number: int, frame: object) -> None:  # noqa: ARG001 -- as handlers are called
            self.end_signal = number

        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread receives signals
            return
        numbers = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]
        before = {number: signal.signal(number, note) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _run(
        self, size: tuple[int, int], name: str, first: Playthrough | Watch | None
    ) -> RunSummary:
        try:
            with _short_switch_interval(), self.view.opened(size, name):
                self._play(first)
        finally:  # after the window has closed: the block in progress ends unseen
            self.navigator.close()
            if self.game:
                self.game.close()
        if self.end_signal:
            sys.exit(SIGNALLED + self.end_signal)
        return self._summary()

    def _play(self, first: Playthrough | Watch | None) -> None:
        if self.settings.fullscreen:
            self.view.toggle_fullscreen((self.settings.window_width, self.settings.window_height))
        if self.game is None:
            self._loop(first)
            return
        self.game.open()
        try:
            self._loop(first)
        except BaseException as error:
            if kept := self.navigator.rescue():
                kept.add_done_callback(partial(_note_kept, error))
            raise
        finally:
            self.game.silence()

    def _loop(self, first: Playthrough | Watch | None) -> None:
        screen: Screen | None = self.navigator.start(first)
        self._enter(screen)
        while screen is not None:
            screen = self._turn(screen)
            self.navigator.load_ahead()  # once the title is shown

    def _turn(self, screen: Screen) -> Screen | None:
        for event in _events(screen.wake_at):
            if not (self.keys.let_pass(event) and self.mouse.let_pass(event)):
                continue
            if self.game:
                self.game.handle(event)
            screen.handle(event)
        if self.end_signal:
            screen.handle(pygame.Event(pygame.QUIT))
        if screen.update(time.perf_counter()):
            self._draw(screen)
        if self._time_is_up():
            return None
        following = self.navigator.follow(screen)
        if following is not screen:
            self._enter(following)
        return following

    def _enter(self, screen: Screen | None) -> None:
        if isinstance(screen, PlayScreen):
            self.played = screen
        self.mouse.rest()
        repeat_keys(wanted=not isinstance(screen, PlayScreen | LoadingScreen))
        if screen is not None:  # the screen draws itself whole
            screen.handle(pygame.Event(pygame.WINDOWEXPOSED))

    def _draw(self, screen: Screen) -> None:
        begun = time.perf_counter()
        screen.draw(window_surface())
        drawn = time.perf_counter()
        self.view.show(screen)
        shown = time.perf_counter()
        if isinstance(screen, PlayScreen):
            screen.shown(shown)
            self.draws += 1
            self.draw_s["draw_ms"] += drawn - begun
            self.draw_s["hud_ms"] += screen.hud_seconds
            self.draw_s["flip_ms"] += shown - drawn
            self.busy_until = time.thread_time()
            if self.first_frame_s is None:
                self.first_frame_s, self.busy_from = shown - self.begun, self.busy_until

    def _time_is_up(self) -> bool:
        if self.seconds is None:
            return False
        worker = self.navigator.worker
        if worker and worker.status.error:
            self.navigator.reason = worker.status.error
            return True
        if self.first_frame_s is None:
            return False
        played = time.perf_counter() - self.begun - self.first_frame_s
        if played >= self.seconds:
            self.navigator.reason = "time is up"
        return played >= self.seconds

    def _summary(self) -> RunSummary:
        worker, reason = self.navigator.worker, self.navigator.reason
        error = worker.status.error if worker else None
        if self.played is None:
            return RunSummary(reason, error=error)
        reel = self.played.reel
        shown_at = list(reel.shown_at)
        return RunSummary(
            reason,
            frames=reel.frames,
            blocks=reel.blocks,
            seconds=shown_at[-1] - shown_at[0] if shown_at else 0.0,
            first_frame_s=self.first_frame_s,
            pacing=pacing_stats(shown_at, reel.grid),
            latencies_ms=tuple(self.played.feedback.latencies_ms),
            photons_ms=tuple(self.played.feedback.photons_ms),
            glass_ms=tuple(self.played.feedback.glass_ms),
            draws=self.draws,
            overhead_ms=1000 * (self.busy_until - self.busy_from) / max(1, self.draws),
            error=error,
            **{name: 1000 * total / max(1, self.draws) for name, total in self.draw_s.items()},
        )


def _note_kept(error: BaseException, kept: "Future[bool]") -> None:
    if kept.result():
        error.add_note(KEPT)


@contextmanager
def _short_switch_interval() -> Iterator[None]:
    """Make Python switch from the world's thread to the window's sooner."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _events(wake_at: float | None) -> list[pygame.Event]:
    """Sleep until an event, the given time or a call of `wake`; return the events.

    SDL's own wait polls every millisecond, which took a fortieth of a core.
    """
    latest = time.perf_counter() + IDLE_S
    wake_at = latest if wake_at is None else min(latest, wake_at)
    while True:
        left = wake_at - time.perf_counter()
        if left > 0:
            _woken.wait(left if left < LAST_LOOK_S else LOOK_S)
        _woken.clear()
        events = pygame.event.get()
        if events or left < LAST_LOOK_S:
            return events


def wake() -> None:
    """Wake the main loop, from any thread; without a window there is nothing to wake."""
    try:
        pygame.event.post(pygame.Event(WAKE))
    except pygame.error:
        logger.debug("no window to wake")
    _woken.set()
