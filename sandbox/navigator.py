"""From screen to screen: turns what a screen leads to into the next one, and owns the worker."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pygame

from controls.bindings import DEFAULTS, Bindings
from controls.sources import PlayerSource
from model.world import Progress, World, WorldFailed
from sandbox.events import SessionObserver
from sandbox.recording import RecordingError
from sandbox.screens import (
    Back,
    Continue,
    Leave,
    OpenProbes,
    OpenSettings,
    Outcome,
    PlayScene,
    PlaySplit,
    Retry,
    Screen,
    ScriptOver,
    ToTitle,
    Watch,
)
from sandbox.screens.loading import LoadingScreen
from sandbox.screens.play import PlayContext, PlayScreen
from sandbox.screens.replay import ReplayScreen
from sandbox.session import CommandSource, Playthrough
from sandbox.settings import SandboxConfig
from sandbox.worker import GenerationWorker

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Performance:
    """A world to load and who steers it."""

    load: Callable[[Progress], World]
    source: CommandSource | None = None  # None: the player


class Game(Protocol):
    """What the player keeps from scene to scene; without one, a run is a single scene."""

    performance: Performance  # the world that the player steers
    settings: SandboxConfig
    pilot: PlayerSource  # what the player does
    bindings: Bindings
    observers: Sequence[SessionObserver]  # of what the player steers

    def open(self) -> None:
        """Open what needs a window."""

    def handle(self, event: pygame.Event) -> None:
        """See an event before the screen does."""

    def refresh(self) -> None:
        """Take in what other threads have done."""

    def silence(self) -> None:
        """Let go of what needs a window."""

    def close(self) -> None:
        """Write what is still to be written."""

    def complain(self, problem: str) -> None:
        """Tell the player what cannot be done."""

    def title(self) -> Screen:
        """Return the title screen."""

    def settings_screen(self) -> Screen:
        """Return the screen of settings."""

    def probes_screen(self) -> Screen:
        """Return the page of what memory gave back."""

    def playthrough(self, outcome: PlayScene | Continue) -> Playthrough:
        """Return what was chosen, ready to be played."""

    def split(self, outcome: PlaySplit) -> Performance:
        """Return how to play two policies side by side."""

    def recording(self, outcome: Watch) -> tuple[Performance, Playthrough]:
        """Return how to play a recording again."""

    def equip(self, context: PlayContext) -> PlayContext:
        """Add what lies over the picture, and the actions that go beyond the screen."""

    def park(self, worker: GenerationWorker) -> None:
        """Keep what is being played, to be continued later; returns before it is written."""


@dataclass
class Navigator:
    """Knows which screen follows.

    navigator = Navigator(Performance(load), settings)
    screen = navigator.start(playthrough)
    while screen is not None:
        ...
        screen = navigator.follow(screen)
    navigator.close("left")
    """

    performance: Performance
    settings: SandboxConfig
    observers: Sequence[SessionObserver] = ()
    game: Game | None = None
    notify: Callable[[], None] = lambda: None
    reason: str = "left"  # why it ended
    worker: GenerationWorker | None = None

    def __post_init__(self) -> None:
        self._player = self.game.pilot if self.game else PlayerSource()
        self._bindings = self.game.bindings if self.game else DEFAULTS
        self._performing: Performance | None = None  # what the worker was made for
        self._playthrough: Playthrough | None = None
        self._behind: Screen | None = None  # the screen that settings or probes lie over

    def start(self, playthrough: Playthrough | None) -> Screen:
        """Return the first screen: of a playthrough, or the title."""
        return self.game.title() if playthrough is None else self._play(playthrough)

    def follow(self, screen: Screen) -> Screen | None:
        """Return the screen to go on with; None: the game is over."""
        if self.game:
            self.game.refresh()
        if isinstance(screen, LoadingScreen) and screen.first and screen.outcome is None:
            return self._perform(screen)
        outcome, screen.outcome = screen.outcome, None
        if outcome is None:
            return screen
        try:
            return self._lead(outcome, screen)
        except (WorldFailed, RecordingError) as error:  # what was chosen cannot be played
            self.game.complain(str(error))
            return screen

    def close(self) -> None:
        """End what is played and free the world."""
        if self.worker and not self.worker.close(self.reason):
            logger.warning("the world did not stop in time; its thread is left behind")

    def _lead(self, outcome: Outcome, screen: Screen) -> Screen | None:
        match outcome:
            case Leave():
                return self._leave(screen)
            case ToTitle():
                return self._to_title(screen)
            case ScriptOver():
                self.reason = "script over"
                return self._to_title(screen) if self.game else None
            case Retry():
                self._discard_worker("retry")
                return self._play(self._playthrough)
            case PlayScene() | Continue():
                return self._play(self.game.playthrough(outcome))
            case PlaySplit():
                self._park(screen)
                return self._play(
                    Playthrough(outcome.scene, outcome.seed), self.game.split(outcome)
                )
            case Watch():
                performance, playthrough = self.game.recording(outcome)
                return self._play(playthrough, performance)
            case OpenSettings():
                self._behind = screen
                return self.game.settings_screen()
            case OpenProbes():
                self._behind = screen
                return self.game.probes_screen()
            case Back():
                return self._behind

    def _leave(self, screen: Screen) -> None:
        self.reason = "left"
        self._park(screen)

    def _park(self, screen: Screen) -> None:
        """Keep what the player steered; recordings and split screens are not kept."""
        if self.game and isinstance(screen, PlayScreen) and self._performing is self.performance:
            self.game.park(self.worker)

    def _to_title(self, screen: Screen) -> Screen:
        self._park(screen)
        if self.worker:
            loading = isinstance(screen, LoadingScreen)
            if loading or self.worker.status.error or self._performing is not self.performance:
                self._discard_worker("left")
            else:
                self.worker.rest("left")
        return self.game.title()

    def _play(self, playthrough: Playthrough, performance: Performance | None = None) -> Screen:
        performance = performance or self.performance
        self._player.release_all()  # no screen hears of keys let go of while loading
        if self.worker is None or self._performing is not performance:
            self._discard_worker("left")
            self._performing = performance
            self.worker = GenerationWorker(
                performance.load,
                performance.source or self._player,
                self._observers(performance),
                notify=self.notify,
            )
            self.worker.start()
        self._playthrough = playthrough
        self.worker.begin(playthrough)
        leave = ToTitle() if self.game else Leave()
        return LoadingScreen(self.worker, playthrough.scene, leave, self._bindings)

    def _observers(self, performance: Performance) -> Sequence[SessionObserver]:
        if self.game is None or performance is not self.performance:
            return self.observers
        return (*self.observers, *self.game.observers)

    def _perform(self, loading: LoadingScreen) -> PlayScreen:
        context = PlayContext(
            worker=self.worker,
            playthrough=self._playthrough,
            settings=self.game.settings if self.game else self.settings,
            keyboard=self._player,
            clock=time.perf_counter,
            leave=ToTitle() if self.game else Leave(),
            is_replay=self._performing.source is not None,
            is_split=loading.first.block.beside is not None,
        )
        if self.game:
            context = self.game.equip(context)
        return (ReplayScreen if context.is_replay else PlayScreen)(context, loading.first)

    def _discard_worker(self, reason: str) -> None:
        if self.worker:
            self.worker.close(reason)
            self.worker = None
