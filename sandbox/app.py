"""The app: window, clock, current screen, main loop. The window opens before a world is loaded."""

import logging
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pygame

from controls.sources import KeyboardSource
from model.world import Progress, World
from sandbox.display import window
from sandbox.events import SessionObserver
from sandbox.pacing import PacingStats, pacing_stats
from sandbox.screens import Screen
from sandbox.screens.loading import LoadingScreen
from sandbox.screens.play import MAX_TIMES, PlayContext, PlayScreen
from sandbox.screens.replay import ReplayScreen
from sandbox.session import CommandSource
from sandbox.settings import SandboxConfig
from sandbox.worker import GenerationWorker
from scenes import Scene

logger = logging.getLogger(__name__)
TITLE = "MAG sandbox"
SWITCH_S = 0.001  # longest turn of a thread that others wait for [s]; halves the jitter of frames
IDLE_S = 0.25  # longest sleep of the main loop [s]
WAKE = pygame.event.custom_type()  # the worker has news


@dataclass(frozen=True, slots=True)
class RunSummary:
    """How a run went."""

    reason: str  # "left", "time is up", "script over" or the error's sentence
    frames: int = 0  # shown
    blocks: int = 0  # shown
    seconds: float = 0.0  # from the first frame on
    first_frame_s: float | None = None  # from the call to the first frame
    pacing: PacingStats = field(default_factory=PacingStats)
    latencies_ms: tuple[float, ...] = ()  # key event -> first frame that answers it
    draw_ms: float = 0.0  # mean a frame: picture and display
    hud_ms: float = 0.0  # mean a frame: the display's share of draw_ms
    flip_ms: float = 0.0  # mean a frame: handing the picture to the system
    error: str | None = None  # one sentence

    @property
    def fps(self) -> float:
        """Frames a second that were achieved."""
        return self.pacing.fps

    @property
    def overhead_ms(self) -> float:
        """Mean a frame of what is not the world: scaling, drawing, showing."""
        return self.draw_ms + self.flip_ms


def run(
    world_loader: Callable[[Progress], World],
    scene: Scene,
    seed: int,
    settings: SandboxConfig,
    observers: Sequence[SessionObserver] = (),
    source: CommandSource | None = None,
    seconds: float | None = None,
) -> RunSummary:
    """Play a scene in a window until the player leaves, the time is up or the script is over.

    Args:
        world_loader: called on the generation thread, with a function to report progress to.
        scene: where to go.
        seed: of the world's noise.
        settings: of window and display.
        observers: hear of the session on the generation thread.
        source: who steers; None: the keyboard.
        seconds: leave this long after the first frame, and at once after an error.

    Raises:
        DisplayError: no window can be opened.
    """
    app = _App(world_loader, scene, seed, settings, observers, source, seconds)
    return app.run()


@dataclass
class _App:
    """One run; the parameters of `run`, then its state."""

    world_loader: Callable[[Progress], World]
    scene: Scene
    seed: int
    settings: SandboxConfig
    observers: Sequence[SessionObserver]
    source: CommandSource | None
    seconds: float | None
    keyboard: KeyboardSource = field(default_factory=KeyboardSource)
    begun: float = field(default_factory=time.perf_counter)
    first_frame_s: float | None = None
    worker: GenerationWorker | None = None

    def __post_init__(self) -> None:
        self.times = _DrawTimes()

    def run(self) -> RunSummary:
        size = self.settings.window_width, self.settings.window_height
        reason, screen = "left", None
        try:
            with _quick_turns(), window(size, f"{self.scene.name} · {TITLE}"):
                screen = self._load()
                while (ending := self._ending(screen)) is None:
                    screen = self._turn(screen)
                reason = ending
        finally:  # the window is gone by now: what is being generated ends unseen
            if self.worker and not self.worker.close(reason):
                logger.warning("the world did not stop in time; its thread is left behind")
        return self._summary(reason, screen)

    def _load(self) -> Screen:
        self.keyboard.release_all()  # no screen hears of keys let go of while loading
        self.worker = GenerationWorker(
            self.world_loader,
            self.source or self.keyboard,
            self.observers,
            self.scene,
            self.seed,
            notify=_wake,
        )
        self.worker.start()
        return LoadingScreen(self.worker, self.scene)

    def _turn(self, screen: Screen) -> Screen:
        """Sleep until there is something to do, do it, and return the screen to go on with."""
        for event in _events(screen.wake_at):
            screen.handle(event)
        if screen.outcome == "retry":
            self.worker.close("retry")
            return self._load()
        if screen.update(time.perf_counter()):
            self._draw(screen)
        if isinstance(screen, LoadingScreen) and screen.first:
            return self._play(screen)
        return screen

    def _play(self, loading: LoadingScreen) -> PlayScreen:
        context = PlayContext(
            worker=self.worker,
            scene=self.scene,
            seed=self.seed,
            settings=self.settings,
            keyboard=self.keyboard,
            clock=time.perf_counter,
        )
        return (ReplayScreen if self.source else PlayScreen)(context, loading.first)

    def _draw(self, screen: Screen) -> None:
        begun = time.perf_counter()
        screen.draw(pygame.display.get_surface())
        drawn = time.perf_counter()
        pygame.display.flip()
        shown = time.perf_counter()
        if isinstance(screen, PlayScreen):
            self.times.add(drawn - begun, screen.hud_seconds, shown - drawn)
            if self.first_frame_s is None:
                self.first_frame_s = shown - self.begun

    def _ending(self, screen: Screen) -> str | None:
        """Return why to end now, if there is a reason."""
        error = self.worker.status.error
        if screen.outcome == "leave":
            return "left"
        if screen.outcome == "script over":
            return "script over"
        if self.seconds is not None:
            if error:
                return error
            if self.first_frame_s is not None and self._played() >= self.seconds:
                return "time is up"
        return None

    def _played(self) -> float:
        return time.perf_counter() - self.begun - self.first_frame_s

    def _summary(self, reason: str, screen: Screen) -> RunSummary:
        error = self.worker.status.error
        if not isinstance(screen, PlayScreen):
            return RunSummary(reason, error=error)
        shown_at = list(screen.shown_at)
        return RunSummary(
            reason,
            frames=screen.frames,
            blocks=screen.blocks,
            seconds=shown_at[-1] - shown_at[0] if shown_at else 0.0,
            first_frame_s=self.first_frame_s,
            pacing=pacing_stats(shown_at, screen.grid),
            latencies_ms=tuple(screen.feedback.latencies_ms),
            error=error,
            **self.times.means(),
        )


class _DrawTimes:
    """How long drawing took, newest frames only."""

    def __init__(self) -> None:
        self._rows: deque[tuple[float, float, float]] = deque(maxlen=MAX_TIMES)

    def add(self, draw: float, hud: float, flip: float) -> None:
        self._rows.append((draw, hud, flip))

    def means(self) -> dict[str, float]:
        """Return mean milliseconds under the names of `RunSummary`."""
        if not self._rows:
            return {}
        names = ("draw_ms", "hud_ms", "flip_ms")
        columns = zip(*self._rows, strict=True)
        return {
            name: 1000 * sum(column) / len(column)
            for name, column in zip(names, columns, strict=True)
        }


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Let the window's thread interrupt Python code of the world's thread sooner."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _events(wake_at: float | None) -> list[pygame.Event]:
    """Sleep until an event or the given time, and return the events."""
    left = IDLE_S if wake_at is None else min(IDLE_S, wake_at - time.perf_counter())
    if left >= 0.001:
        first = pygame.event.wait(int(left * 1000))
        if first.type != pygame.NOEVENT:
            return [first, *pygame.event.get()]
        left = 0.0 if wake_at is None else wake_at - time.perf_counter()
    if 0 < left < 0.002:
        time.sleep(left)  # what is below the millisecond of pygame's clock
    return pygame.event.get()


def _wake() -> None:
    """Wake the main loop, from any thread; without a window there is nobody to wake."""
    try:
        pygame.event.post(pygame.Event(WAKE))
    except pygame.error:
        logger.debug("no window to wake")
