"""From screen to screen: turns what a screen leads to into the next one, and owns the worker."""

import gc
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import pygame

from mag_sandbox.controls.bindings import DEFAULTS, Bindings
from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.model.world import Progress, World, WorldFailed
from mag_sandbox.sandbox.play.events import SessionObserver
from mag_sandbox.sandbox.play.session import CommandSource, Playthrough
from mag_sandbox.sandbox.play.worker import GenerationWorker
from mag_sandbox.sandbox.recording.reader import RecordingError
from mag_sandbox.sandbox.screens import (
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
    SwitchWorld,
    ToTitle,
    Watch,
)
from mag_sandbox.sandbox.screens.loading import LoadingScreen
from mag_sandbox.sandbox.screens.play import PlayContext, PlayScreen
from mag_sandbox.sandbox.screens.replay import ReplayScreen
from mag_sandbox.sandbox.settings import SandboxConfig

logger = logging.getLogger(__name__)
LOOK_S = 0.1  # between two looks whether a world has ended


@dataclass(frozen=True, slots=True)
class Performance:
    """A world to load and who steers it."""

    load: Callable[[Progress], World]
    source: CommandSource | None = None  # None: the player


class Game(Protocol):
    """What the player keeps from scene to scene; without one, a run is a single scene."""

    performance: Performance  # the world that the player steers; another one after other settings
    settings: SandboxConfig
    pilot: PlayerSource  # what the player does
    bindings: Bindings
    observers: Sequence[SessionObserver]  # of what the player steers

    def open(self) -> None:
        """Open what needs a window."""

    def handle(self, event: pygame.Event) -> None:
        """See an event before the screen does."""

    def refresh(self, screen: Screen) -> None:
        """Take in what other threads have done, as far as it is seen on the present screen."""

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

    def switch(self, world: str, worker: GenerationWorker, playthrough: Playthrough) -> Playthrough:
        """Choose another world of the same base; return how to go on there with what is played."""

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
        self._led_by: Outcome | None = None  # what led to what is played; None: it is the first
        self._playing: PlayScreen | None = None  # which may lie behind another screen
        self._leaving: tuple[GenerationWorker, ...] = ()  # end what they do before another begins
        self._behind: Screen | None = None  # the screen that settings or probes lie over

    def start(self, playthrough: Playthrough | None) -> Screen:
        """Return the first screen: of a playthrough, or the title."""
        return self.game.title() if playthrough is None else self._play(playthrough)

    def follow(self, screen: Screen) -> Screen | None:
        """Return the screen to go on with; None: the game is over."""
        if self.game:
            self.game.refresh(screen)
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
        for worker in (self.worker, *self._leaving):
            if worker and not worker.close(self.reason):
                logger.warning("the world did not stop in time; its thread is left behind")

    def rescue(self) -> None:
        """Keep what is played, when the window cannot go on."""
        self.reason = "crashed"
        self._park()

    def _lead(self, outcome: Outcome, screen: Screen) -> Screen | None:
        match outcome:
            case Leave():
                return self._leave()
            case ToTitle():
                return self._to_title(screen)
            case ScriptOver():
                self.reason = "script over"
                return self._to_title(screen) if self.game else None
            case Retry():
                return self._retry(screen)
            case PlayScene() | Continue():
                following = self._play(self.game.playthrough(outcome))
            case PlaySplit():
                performance = self.game.split(outcome)
                self._park()
                following = self._play(Playthrough(outcome.scene, outcome.seed), performance)
            case SwitchWorld():
                self._park()  # nothing is lost where the other world cannot be loaded
                following = self._play(
                    self.game.switch(outcome.world, self.worker, screen.playthrough)
                )
            case Watch():
                performance, playthrough = self.game.recording(outcome)
                following = self._play(playthrough, performance)
            case OpenSettings():
                return self._lay_over(screen, self.game.settings_screen())
            case OpenProbes():
                return self._lay_over(screen, self.game.probes_screen())
            case Back():
                following, self._behind = self._behind, None
                return following
        self._led_by = outcome
        return following

    @property
    def _own(self) -> Performance:
        """The world that the player steers."""
        return self.game.performance if self.game else self.performance

    def _leave(self) -> None:
        self.reason = "left"
        self._park()

    def _retry(self, screen: Screen) -> Screen:
        """Load the world again and play the same in it; what was played until now is kept."""
        self._park()
        self._discard_worker("retry")
        if isinstance(self._led_by, PlaySplit | Watch):
            return self._lead(self._led_by, screen)
        playing = isinstance(screen, PlayScreen)
        return self._play(screen.playthrough if playing else self._playthrough)

    def _lay_over(self, screen: Screen, upper: Screen) -> Screen:
        self._behind = screen
        screen.handle(pygame.Event(pygame.WINDOWFOCUSLOST))  # it hears no key let go of
        return upper

    def _park(self) -> None:
        """Keep what the player steered; recordings and split screens are not kept."""
        playing, self._playing = self._playing, None
        if self.game and playing and self._performing is self._own:
            self.game.park(self.worker)

    def _to_title(self, screen: Screen) -> Screen:
        self._park()
        if self.worker:
            loading = isinstance(screen, LoadingScreen)
            if loading or self.worker.status.error or self._performing is not self._own:
                self._discard_worker("left")
            else:
                self.worker.rest("left")
        return self.game.title()

    def _play(self, playthrough: Playthrough, performance: Performance | None = None) -> Screen:
        performance = performance or self._own
        gc.collect()  # a screen that was left and its actions hold each other, and open fonts
        self._player.stop()  # no screen hears of keys let go of while loading
        if self.worker is None or self._performing is not performance:
            self._discard_worker("left")
            self._performing = performance
            self.worker = GenerationWorker(
                partial(_load_after, self._leaving, performance.load),
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
        if self.game is None:
            return self.observers
        return (*self.observers, *self.game.observers) if performance is self._own else ()

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
        self._playing = (ReplayScreen if context.is_replay else PlayScreen)(context, loading.first)
        return self._playing

    def _discard_worker(self, reason: str) -> None:
        """Let the world end by itself: the window does not wait for what it still does."""
        if self.worker:
            leaving = (*self._leaving, self.worker)
            self._leaving = tuple(one for one in leaving if not one.close(reason, timeout=0.0))
            self.worker = None


def _load_after(
    leaving: Sequence[GenerationWorker], load: Callable[[Progress], World], progress: Progress
) -> World:
    """Load a world when those before have ended: two at once might be more than fit."""
    for worker in leaving:
        while not worker.close("left", timeout=LOOK_S):
            progress("leaving", 0.0)
    return load(progress)
