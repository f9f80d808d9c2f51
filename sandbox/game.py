"""The player's game: assembles the services, and the screens and play sessions that use them.

`navigator.py` decides when each is shown.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pygame

from mag_sandbox.controls.bindings import Bindings
from mag_sandbox.model.loading import policy_look, worlds_beside
from mag_sandbox.model.world import MIB, Progress, World
from mag_sandbox.sandbox.audio import open_audio, suggest_ambience
from mag_sandbox.sandbox.choice import WorldChoice, usual_memory
from mag_sandbox.sandbox.export.command import Exporting
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.play.handover import Handover, handover, scene_for
from mag_sandbox.sandbox.play.parked_scene import ParkedScene, StateError, read_header
from mag_sandbox.sandbox.play.player_input import Gamepads
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.play.split import StandingScene, load_beside
from mag_sandbox.sandbox.play.worker import GenerationWorker, WorkerSpec
from mag_sandbox.sandbox.play_session import PlayerSession, SplitSession, WatchedSession
from mag_sandbox.sandbox.recording.playback import Playback
from mag_sandbox.sandbox.recording.reader import STATE_FOLDER, load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.saves.own_scenes import delete_own_scene
from mag_sandbox.sandbox.saves.parking import described
from mag_sandbox.sandbox.saves.saves import DiskUse
from mag_sandbox.sandbox.screens import Continue, GoBack, PlayScene, PlaySplit, Screen, Watch
from mag_sandbox.sandbox.screens.play import PlayContext, PlaySession
from mag_sandbox.sandbox.screens.prompt_box import PromptBox
from mag_sandbox.sandbox.services import Services, open_services
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.title.cards import SAYING
from mag_sandbox.sandbox.title.library import TitleListing, delete_recording, read_title_model
from mag_sandbox.sandbox.title.screen import TitleActions, TitleScreen
from mag_sandbox.sandbox.ui.display import name_window
from mag_sandbox.sandbox.ui.thumbnails import PictureSource
from mag_sandbox.sandbox.view import View
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.changes import is_unseen

SUGGESTED = 4  # places for a description that names nothing
ASK_WHERE = "Where do you want to go?"
MORE_ROOM = 1.2  # times what places took when the player kept all, until that is asked again


class PlayerGame:
    """One player's game.

    game = PlayerGame(choice, settings, data_folder(), bindings, notify=app.wake)
    summary = app.play(game, None)
    """

    def __init__(
        self,
        choice: WorldChoice,
        settings: SandboxConfig,
        folder: Path,
        bindings: Bindings,
        *,
        load: Callable[[Progress], World] | None = None,
        notify: Callable[[], None] = lambda: None,
        recorders: Sequence[Recorder] = (),
        view: View | None = None,
    ) -> None:
        """Set world, settings and folders.

        Without `load`, `choice` loads the world; `notify` wakes the window from any thread; the
        recorders record all that the player steers. Without a `view`, a window is opened.
        """
        self.view = view or View()
        self.folder, self.choice, self._notify = folder, choice, notify
        self._load = load
        self._usual_world = choice.name  # of new places
        self.worker_spec = WorkerSpec(load or choice.load)  # of the world that the player steers
        self.services = open_services(
            choice, settings, folder, bindings, notify, recorders, self._list_anew
        )
        self.services.settings.listeners.append(self._apply_settings)
        self._exporting = Exporting(self.services.notices.say)
        saves = self.services.saves
        self._listing = TitleListing(
            lambda: read_title_model(saves.scenes, folder, tuple(saves.unwritten.values()))
        )
        self._gamepads: Gamepads  # from `open` on
        self._title: TitleScreen | None = None
        self._watched = False  # whether the title led to a recording last
        self._stale = False  # the title's list is out of date
        self._disk_use: Future[DiskUse] | None = None  # for a question on the title
        self._room_asked_for = 0  # bytes that saved places took when the player was asked
        self._begun_anew = False  # whether a scene was begun since the title was left

    def open(self) -> None:
        """Open sound and gamepads, which need a window."""
        settings = self.services.settings.now
        volume, outputs = settings.volume / 100, self.view.outputs
        self.services.audio = open_audio(volume, settings.muted, outputs)
        self._gamepads = Gamepads()

    def handle(self, event: pygame.Event) -> None:
        """Take every event before the screen does."""
        self._gamepads.handle(event)

    def refresh(self, screen: Screen) -> None:
        """Update the title, while it is shown, after other threads have written files."""
        title = self._title
        if title is None or screen is not title:
            return
        if self._stale:
            self._stale = False
            title.refresh()
        if self._disk_use and self._disk_use.done() and not title.is_busy:
            use, self._disk_use = self._disk_use.result(), None
            is_more = use.total_bytes > MORE_ROOM * self._room_asked_for
            if use.entries and is_more:  # else the player keeps all
                title.ask_for_room(use, self.services.settings.now.parked_mib)
                self._room_asked_for = use.total_bytes

    def silence(self) -> None:
        """Release the sound device; before the window closes."""
        self.services.audio.close()

    def close(self) -> None:
        """Write everything that is pending."""
        self.services.saves.close()
        self._exporting.close()
        self._listing.close()
        self.services.screenshots.close()
        self.services.prober.close()
        self.services.save_settings()

    def complain(self, problem: str) -> None:
        """Show a problem to the player."""
        self.services.notices.say(problem, "bad")
        self.services.audio.cue("error")

    def title(self) -> Screen:
        """Return the title screen."""
        services, saves = self.services, self.services.saves
        services.audio.ambience(None)
        name_window()
        self.services.save_settings()
        actions = TitleActions(
            listing=self._listing,
            writing=self._writing,
            fork=saves.copy,
            delete_parked=saves.delete,
            toggle_fullscreen=self._toggle_fullscreen,
            export=self._exporting.begin,
            delete_recording=delete_recording,
            keep_scene=saves.keep_written,
            delete_scene=lambda key: delete_own_scene(Path(key)),
        )
        focused = self._title.focused if self._title else None
        begun_anew, self._begun_anew = self._begun_anew, False
        settings = services.settings.now
        self._title = TitleScreen(
            actions,
            settings,
            focused,
            services.notices,
            keeps_focus=self._watched,
            begun_anew=begun_anew,
            saying=self._saying,
        )
        self._disk_use = saves.disk_use()
        self._disk_use.add_done_callback(lambda known: self._notify())
        return self._title

    def picture_of(self, scene: Scene) -> PictureSource | None:
        """Return a picture of a scene: of the card that was chosen on the title, or its own."""
        card = self._title.card if self._title else None
        if card and self._watched and card.kind == "recording":
            return card.picture
        if card and scene.name in (card.title, card.place and card.place[0]):
            return card.picture
        return Path(scene.image) if scene.image else None

    def playthrough(self, outcome: PlayScene | Continue | GoBack) -> Playthrough:
        """Return the playthrough of the chosen place."""
        self._watched = False
        if isinstance(outcome, GoBack):
            self._go_to(outcome.moment.world)
            return self.services.moment(outcome.moment)
        self.services.undo_stack.clear()
        self._begun_anew = isinstance(outcome, PlayScene)
        if isinstance(outcome, PlayScene):
            self._go_to(self._usual_world)
            if outcome.seed is None:
                return Playthrough(outcome.scene, outcome.scene.seed)
            draws = self.services.vocabulary is not None  # another place has another picture
            scene = replace(outcome.scene, image=None) if draws else outcome.scene
            return Playthrough(scene, outcome.seed)
        playthrough, world = self.services.saves.playthrough(outcome.parked)
        self._go_to(world)
        return playthrough

    def switch(self, world: str, worker: GenerationWorker, playthrough: Playthrough) -> Playthrough:
        """Choose another world of the same base; return the session's playthrough there."""
        self._use(self.choice.beside(world, self.services.settings.now))
        scene, services = scene_for(world, playthrough.scene), self.services

        def hand_over(session: Session) -> Handover:
            left = replace(services.saves.collect(session), scene=scene)
            sights, recent = services.prober.sights, services.recent.blocks
            return handover(left, sights, recent, services.saves.enter)

        return Playthrough(scene, playthrough.seed, worker.call(hand_over).result)

    def split(self, outcome: PlaySplit) -> Playthrough:
        """Return the playthrough of the session beside another memory of it."""
        services, settings = self.services, self.services.settings.now
        second, past = self.choice, None
        if not outcome.world:
            second = replace(second, memory=settings.memory_setting(outcome.policy))
        else:
            second = second.beside(outcome.world, settings)
            sights, recent = services.prober.sights, list(services.recent.blocks)
            past = lambda: handover(outcome.moment.result(), sights, recent, _forget)  # noqa: E731
        stage = partial(load_beside, second, past)
        enter = lambda: StandingScene(outcome.moment.result())  # noqa: E731 -- where it already is
        return Playthrough(outcome.scene, outcome.seed, enter, stage=stage)

    def recording(self, outcome: Watch) -> tuple[WorkerSpec, Playthrough]:
        """Return the worker's task and the playthrough of a recording."""
        self._watched = True
        recording = outcome.recording
        if isinstance(recording, Path):
            recording = load_recording(recording)
        playback = Playback(recording, self.choice.server)
        playthrough = playback.playthrough
        with suppress(StateError):  # it began in the middle of a session, as its card says
            place = described(read_header(recording.folder / STATE_FOLDER))
            playthrough = replace(playthrough, place=place)
        return WorkerSpec(playback.load, playback), playthrough

    def equip(self, context: PlayContext) -> PlayContext:
        """Return the context of a screen of play, with the player's keys and a play session."""
        worker, playthrough, services = context.worker, context.playthrough, self.services
        services.audio.ambience(suggest_ambience(playthrough.scene), playthrough.seed)

        def session(reel: Reel, hud: Hud) -> PlaySession:
            services.notices.head, services.notices.above = lambda: hud.upper_right, lambda: None
            if context.is_replay:
                playback = context.playback
                return WatchedSession(services, playback.recording if playback else None)
            if context.is_split:
                return SplitSession(services, reel, hud)
            services.prober.spec = reel.current.spec
            return PlayerSession(services, worker, reel, hud, playthrough)

        return replace(
            context,
            bindings=services.bindings,
            session=session,
            toggle_fullscreen=self._toggle_fullscreen,
            shifter=self.view.shifter,
        )

    def _go_to(self, world: str) -> None:
        """Choose another world if it has the same weights."""
        if world != self.choice.name and world in worlds_beside(self.choice.name):
            self._use(self.choice.beside(world, self.services.settings.now))

    def _use(self, choice: WorldChoice) -> None:
        self.choice, self.worker_spec = choice, WorkerSpec(self._load or choice.load)
        self.services.recordings.use(choice)

    def _apply_settings(self, before: SandboxConfig) -> None:
        settings = self.services.settings.now
        self.services.audio.volume(settings.volume / 100)
        self.services.audio.mute(settings.muted)
        self.services.saves.scenes.budget_bytes = settings.parked_mib * MIB
        size, old = ((one.window_width, one.window_height) for one in (settings, before))
        if size != old:
            self.view.resize(size)
        if settings.fullscreen != before.fullscreen:
            self.view.toggle_fullscreen(size)
        choice = self.choice.changed(before, settings)
        if choice != self.choice:  # for the next scene
            self._use(choice)
        if self._title:
            self._title.use_settings(settings)

    def _toggle_fullscreen(self) -> None:
        store = self.services.settings
        store.change(fullscreen=not store.now.fullscreen)

    def _writing(self, apply: Callable[[str], object]) -> PromptBox:
        services = self.services
        return PromptBox(
            apply,
            services.vocabulary,
            make_theme=services.theme,
            title=ASK_WHERE,
            open_keys=("t",),
            enter="go there",
            check=partial(_why_nowhere, services),
        )

    @property
    def _saying(self) -> str:
        """The words on the title; the memory of new places if the command line chose another."""
        policy = self.choice.memory.policy
        usual = usual_memory(self.choice.name, self.services.settings.now, None)
        return SAYING if policy == usual.policy else f"new places: {policy_look(policy).label}"

    def _list_anew(self) -> None:
        self._stale = True
        self._notify()


def _why_nowhere(services: Services, text: str) -> str:
    """Return why a description is of no place, and what to write; "": it says something."""
    words = services.vocabulary
    if words is None or words.foreign(text) or words.problem(text):
        return ""
    if not is_unseen(text, "", words):
        return ""
    tried = ", ".join(f"“{one}”" for one in words.suggestions("", SUGGESTED))
    return f"none of these words shows anything by itself; try {tried}"


def _forget(entered: ParkedScene) -> None:
    """Do without a scene in the world beside: the session goes on in the first one."""
