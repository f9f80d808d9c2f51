"""Turns the outcome of a screen into the next screen, and owns the worker."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pygame

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.files.border import Refusal
from mag_sandbox.model.loading import can_enlarge, enlarged
from mag_sandbox.model.world import Frames, Progress, World
from mag_sandbox.sandbox.game import PlayerGame
from mag_sandbox.sandbox.play.events import SessionObserver
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.play.split import middle
from mag_sandbox.sandbox.play.worker import GenerationWorker, ReadyBlock, WorkerSpec
from mag_sandbox.sandbox.recording.playback import Playback
from mag_sandbox.sandbox.saves.own_scenes import told
from mag_sandbox.sandbox.screens import (
    Continue,
    GoBack,
    LayOver,
    OpenBox,
    Outcome,
    PlayScene,
    PlaySplit,
    Screen,
    SwitchWorld,
    Watch,
    Way,
)
from mag_sandbox.sandbox.screens.loading import LOADED_S, READY, STAGES, LoadingScreen
from mag_sandbox.sandbox.screens.play import (
    MakeSession,
    PlayContext,
    PlayScreen,
    ReplayScreen,
    plain_session,
)
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.display import Picture, window_surface

logger = logging.getLogger(__name__)
OPENING = "Opening the recording"
REMEMBERING = "Remembering this place"
SPLITTING = "Two memories, side by side"
SPLIT_S = 6.0  # that the second world usually takes
GOING_BACK = "Going back"
LOOK_S = 0.1  # between two checks whether a world has ended [s]


@dataclass
class Navigator:
    """Decides which screen follows.

    navigator = Navigator(WorkerSpec(load), settings)
    screen = navigator.start(playthrough)
    while screen is not None:
        ...
        screen = navigator.follow(screen)
    navigator.close()
    """

    own: WorkerSpec  # without a game
    settings: SandboxConfig
    observers: Sequence[SessionObserver] = ()
    game: PlayerGame | None = None
    notify: Callable[[], None] = lambda: None
    session: MakeSession = plain_session  # of sessions without a game
    reason: str = "left"  # of the end
    worker: GenerationWorker | None = None

    def __post_init__(self) -> None:
        self._player = self.game.services.pilot if self.game else PlayerSource()
        self._bindings = self.game.services.bindings if self.game else DEFAULTS.ending()
        self._worker_spec: WorkerSpec | None = None  # of the present worker
        self._playthrough: Playthrough  # that the worker plays, or will play
        self._led_by: Outcome | None = None  # that led to this session; None: it is the first
        self._playing: PlayScreen | None = None  # perhaps behind another screen
        self._leaving: tuple[GenerationWorker, ...] = ()  # closing; the next one waits for them
        self._workers = 0  # so far; each loads a world
        self._behind: Screen | None = None  # the screen that settings or probes lie over

    def start(self, first: Playthrough | Watch | None) -> Screen:
        """Return the first screen: of a playthrough, of a recording, or the title."""
        if isinstance(first, Playthrough):
            return self._play(first)
        assert self.game is not None  # without a game there is a playthrough
        if first is None:
            return self.game.title()
        self._led_by = first
        spec, playthrough = self.game.recording(first)
        return self._play(playthrough, spec)

    def follow(self, screen: Screen) -> Screen | None:
        """Return the next screen; None: the game is over."""
        if self.game:
            self.game.refresh(screen)
        if isinstance(screen, LoadingScreen) and screen.first and screen.outcome is None:
            return self._perform(screen, screen.first)
        outcome, screen.outcome = screen.outcome, None
        if outcome is None:
            return screen
        if self.game is None:
            return self._lead_without_game(outcome, screen)
        try:
            return self._lead(self.game, outcome, screen)
        except Refusal as error:  # the chosen place cannot be played
            self.game.complain(str(error))
            return screen

    def load_ahead(self) -> None:
        """Load the world of new places while the player looks at the title."""
        if self.worker is None and self.game and self.game.choice.is_bundled:
            worker = self._new_worker(self._own)
            worker.call(lambda session: session.world.expect_prompt())

    def close(self) -> None:
        """End the session and free the world."""
        for worker in (self.worker, *self._leaving):
            if worker and not worker.close(self.reason):
                logger.warning("the world did not stop in time; its thread is left behind")

    def rescue(self) -> "Future[bool] | None":
        """Save the session after a crash of the window; None: there is none to save."""
        self.reason = "crashed"
        return self._park()

    def _lead_without_game(self, outcome: Outcome, screen: Screen) -> Screen | None:
        if outcome is Way.RETRY:
            self._discard_worker("retry")
            return self._play(self._retried(screen))
        self.reason = "script over" if outcome is Way.SCRIPT_OVER else "left"
        return None

    def _lead(self, game: PlayerGame, outcome: Outcome, screen: Screen) -> Screen | None:
        following: Screen | None
        match outcome:
            case Way.LEAVE:
                self.reason = "left"
                self._park()
                return None
            case Way.TITLE:
                return self._to_title(game, screen)
            case Way.SCRIPT_OVER:
                self.reason = "script over"
                return self._to_title(game, screen)
            case Way.RETRY:  # load the world again; the session so far is kept
                self._park()
                self._discard_worker("retry")
                if isinstance(self._led_by, PlaySplit):
                    return self._lead(game, Way.PLACE, screen)
                if isinstance(self._led_by, Watch):
                    return self._lead(game, self._led_by, screen)
                return self._play(self._retried(screen))
            case PlayScene() | Continue():
                following = self._play(game.playthrough(outcome))
            case Way.PLACE:
                assert isinstance(self._led_by, PlaySplit)
                if self.worker and self.worker.status.error:
                    self._discard_worker("retry")
                return self._lead(game, GoBack(self._led_by.moment.result()), screen)
            case OpenBox():
                following = self._lead(game, Way.PLACE, screen)
                assert isinstance(following, LoadingScreen)  # as after every moment to go back to
                following.open_box(outcome.action)
                return following
            case GoBack():
                picture = self._pictured(outcome.moment.last_frame)
                following = self._play(game.playthrough(outcome), picture=picture)
            case PlaySplit():
                assert isinstance(screen, PlayScreen)  # the only screen with this outcome
                self._park(says=False)  # it would cover what the comparison says, and V leads back
                both = np.concatenate((middle(screen.reel.frame),) * 2, axis=1)
                following = self._play(game.split(outcome), picture=self._pictured(both))
            case SwitchWorld():
                assert self.worker is not None
                assert isinstance(screen, PlayScreen)  # the only screen with this outcome
                self._park()  # in case the other world cannot be loaded
                following = self._play(game.switch(outcome.world, self.worker, screen.playthrough))
            case Watch():
                spec, playthrough = game.recording(outcome)
                following = self._play(playthrough, spec)
            case LayOver():
                return self._lay_over(screen, outcome.make(game.services))
            case Way.BACK:
                following, self._behind = self._behind, None
                return following
        self._led_by = outcome
        return following

    @property
    def _own(self) -> WorkerSpec:
        return self.game.worker_spec if self.game else self.own

    def _retried(self, screen: Screen) -> Playthrough:
        return screen.playthrough if isinstance(screen, PlayScreen) else self._playthrough

    def _lay_over(self, screen: Screen, upper: Screen) -> Screen:
        self._behind = screen
        screen.handle(pygame.Event(pygame.WINDOWFOCUSLOST))  # it gets no key releases
        return upper

    def _park(self, *, says: bool = True) -> "Future[bool] | None":
        """Save the session if the player steered it; recordings and split screens are not saved."""
        playing, self._playing = self._playing, None
        steered = playing and not playing.playthrough.stage and self._worker_spec is self._own
        if self.game and self.worker and steered:
            return self.game.services.saves.park(self.worker, says=says)
        return None

    def _to_title(self, game: PlayerGame, screen: Screen) -> Screen:
        game.services.notices.clear()
        self._park()
        if self.worker:
            loading = isinstance(screen, LoadingScreen)
            if loading or self.worker.status.error or self._worker_spec is not self._own:
                self._discard_worker("left")
            else:
                self.worker.rest("left")
        return game.title()

    def _play(
        self,
        playthrough: Playthrough,
        spec: WorkerSpec | None = None,
        picture: pygame.Surface | None = None,
    ) -> Screen:
        """Return the loading screen of a playthrough, with a picture if given one."""
        spec = spec or self._own
        self._player.stop()  # no screen gets key releases while loading
        worker = self.worker if self._worker_spec is spec else None
        worker = worker or self._new_worker(spec)
        self._playthrough = playthrough
        worker.begin(playthrough)
        leave = Way.TITLE if self.game else Way.LEAVE
        leave = Way.PLACE if playthrough.stage else leave
        scene, keys = playthrough.place or playthrough.scene, self._bindings
        behind = self.game.picture_of(scene) if self.game else scene.image and Path(scene.image)
        if self.game:
            shown = told(scene, scene.prompt, self.game.services.vocabulary)
            scene = replace(scene, prompt=shown)
        keeps_frames = isinstance(spec.source, Playback) and spec.source.seeks
        ready = OPENING if keeps_frames else STAGES[READY]
        if playthrough.parked is not None:
            ready = REMEMBERING
        if picture is not None:
            ready = SPLITTING if playthrough.stage else GOING_BACK
        return LoadingScreen(
            worker, scene, leave, keys, picture, behind or None, ready,
            usual_s=SPLIT_S if playthrough.stage else LOADED_S,
            continues=playthrough.parked is not None,
            is_first=self._workers == 1,
        )  # fmt: skip

    def _new_worker(self, spec: WorkerSpec) -> GenerationWorker:
        """Begin to load a world in place of the present one, and return its worker."""
        self._discard_worker("left")
        self._worker_spec = spec
        self._workers += 1
        self.worker = worker = GenerationWorker(
            partial(_load_after, self._leaving, spec.load),
            spec.source or self._player,
            self._observers(spec),
            notify=self.notify,
            enlarge=self._enlarged,
        )
        worker.start()
        return worker

    def _pictured(self, frame: Frames) -> pygame.Surface:
        """Return a frame as it fills the window, to be shown while the world gets ready."""
        surface = window_surface().copy()
        Picture(self._settings.fit, self._settings.scale).draw(surface, frame)
        return surface

    def _observers(self, spec: WorkerSpec) -> Sequence[SessionObserver]:
        source = (spec.source,) if isinstance(spec.source, SessionObserver) else ()
        if self.game is None:
            return (*self.observers, *source)
        return (*self.observers, *self.game.services.observers) if spec is self._own else source

    @property
    def _settings(self) -> SandboxConfig:
        return self.game.services.settings.now if self.game else self.settings

    def _enlarged(self, frames: Frames) -> Frames | None:
        crisp = self._settings.scale == "crisp" and can_enlarge(frames)
        return enlarged(frames) if crisp else None

    def _perform(self, loading: LoadingScreen, first: ReadyBlock) -> PlayScreen:
        """Return the play screen; camera keys that are already held count, and what was typed."""
        assert self.worker is not None  # which made the block
        assert self._worker_spec is not None
        source, is_split = self._worker_spec.source, first.block.beside is not None
        leave = Way.TITLE if self.game else Way.LEAVE
        context = PlayContext(
            worker=self.worker,
            playthrough=self._playthrough,
            settings=self._settings,
            keyboard=self._player,
            clock=time.perf_counter,
            leave=Way.PLACE if is_split else leave,
            bindings=self._bindings,
            is_replay=source is not None,
            playback=source if isinstance(source, Playback) else None,
            is_split=is_split,
            session=self.session,
        )
        if self.game:
            context = self.game.equip(context)
        self._playing = (ReplayScreen if context.is_replay else PlayScreen)(context, first)
        for key in loading.held:
            self._playing.camera_key(key, down=True)
        loading.hand_over(self._playing.act, self._playing.session.overlays)
        return self._playing

    def _discard_worker(self, reason: str) -> None:
        """Close the world without waiting for its unfinished work."""
        if self.worker:
            leaving = (*self._leaving, self.worker)
            self._leaving = tuple(one for one in leaving if not one.close(reason, timeout=0.0))
            self.worker = None


def _load_after(
    leaving: Sequence[GenerationWorker], load: Callable[[Progress], World], progress: Progress
) -> World:
    """Load a world when the ones before have ended: two might not fit into memory."""
    for worker in leaving:
        while not worker.close("left", timeout=LOOK_S):
            progress("leaving", 0.0)
    return load(progress)
