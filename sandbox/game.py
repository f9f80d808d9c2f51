"""What the player keeps from scene to scene: places left behind, anchors, the map, sound, settings.

Assembles the screens and what they need; `navigator.py` says when each is shown.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path

import pygame

from mag_sandbox.controls.bindings import Bindings
from mag_sandbox.model.loading import words_of, worlds_beside
from mag_sandbox.model.world import MIB, Progress, World
from mag_sandbox.sandbox.actions import PlayerActions
from mag_sandbox.sandbox.audio import open_audio, suggest_ambience
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.export.queue import Exporting
from mag_sandbox.sandbox.hud.hints import HintLine
from mag_sandbox.sandbox.hud.minimap import MapStitcher
from mag_sandbox.sandbox.navigator import Performance
from mag_sandbox.sandbox.play.events import SessionObserver
from mag_sandbox.sandbox.play.handover import Handover, RecentBlocks, handover, scene_for
from mag_sandbox.sandbox.play.pilot import Pilot
from mag_sandbox.sandbox.play.player_input import Gamepads
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.play.split import load_split
from mag_sandbox.sandbox.play.worker import GenerationWorker, ReadyBlock
from mag_sandbox.sandbox.postcards.hunt import PostcardHunt
from mag_sandbox.sandbox.postcards.scores import ScoreBook
from mag_sandbox.sandbox.probe.prober import Prober
from mag_sandbox.sandbox.recording.frame_store import frames_beside
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recording.replay import ReplaySource, playthrough_of
from mag_sandbox.sandbox.returning import Returning
from mag_sandbox.sandbox.saves.keeper import Crowding, Keeper
from mag_sandbox.sandbox.saves.own_scenes import delete_own_scene, keep_prompted, picture_own_scene
from mag_sandbox.sandbox.saves.parked_scene import ParkedScene
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.sandbox.screens import Continue, PlayScene, PlaySplit, Screen, Watch
from mag_sandbox.sandbox.screens.overlays import (
    CUES,
    HintOverlay,
    MapOverlay,
    Notices,
    PostcardOverlay,
    ProbeOverlay,
    SplitOverlay,
)
from mag_sandbox.sandbox.screens.play import Equipment, PlayContext, PlayScreen
from mag_sandbox.sandbox.screens.probes import ProbesScreen
from mag_sandbox.sandbox.screens.prompt_box import PromptBox, load_vocabulary
from mag_sandbox.sandbox.screens.settings import SettingsScreen
from mag_sandbox.sandbox.settings import SandboxConfig, SettingsError
from mag_sandbox.sandbox.settings_file import save_settings
from mag_sandbox.sandbox.title.actions import TitleActions, ask_for_room
from mag_sandbox.sandbox.title.library import (
    PARKED,
    RECORDINGS,
    SCENES,
    delete_recording,
    new_recording_folder,
    read_title_model,
)
from mag_sandbox.sandbox.title.listing import ThreadedListing
from mag_sandbox.sandbox.title.screen import TitleScreen
from mag_sandbox.sandbox.ui.screenshots import Screenshots
from mag_sandbox.sandbox.ui.theme import Themes
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)
MAP, PLACES = "map", "places"  # parts of a parked scene
ASK_WHERE = "Where do you want to go?"


class PlayerGame:
    """One player's game; see `navigator.Game`.

    game = PlayerGame(choice, settings, data_folder(), bindings)
    summary = app.run(game.performance, None, settings, game=game)
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
    ) -> None:
        """Set what is played with.

        Args:
            choice: the world.
            settings: the player's.
            folder: the player's data.
            bindings: the player's keys.
            load: loads the world; None: as `choice` says.
            notify: wakes the window, from any thread.
            recorders: write down everything the player steers.
        """
        self.settings, self.bindings, self.folder = settings, bindings, folder
        self.choice, self._notify = choice, notify
        self._kept = settings  # as the file says them
        self._load = load
        self.performance = Performance(load or choice.load)
        self.pilot = Pilot(bindings)
        self.prober = Prober(notify=notify)
        self.map = MapStitcher()
        self._recent = RecentBlocks()
        self._theme = Themes(lambda: self.settings)
        self.notices = Notices(time.perf_counter, notify, self._theme)
        scenes = ParkedScenes(folder / PARKED, settings.parked_mib)
        self.keeper = Keeper(scenes, self.notices.say, self._list_anew)
        self._exporting = Exporting(self.notices.say)
        self._listing = ThreadedListing(
            lambda: read_title_model(scenes, folder, tuple(self.keeper.unwritten.values()))
        )
        self.scores = ScoreBook(folder)
        self.screenshots = Screenshots(folder / "screenshots")
        self.returning = Returning(self.keeper, {MAP: self.map, PLACES: self.prober}, recorders)
        self.observers: Sequence[SessionObserver] = (
            *recorders,
            self.pilot,
            self.prober,
            *(frames_beside(recorder, self.prober) for recorder in recorders),
            self.map,
            self._recent,
            self.returning,
        )
        for recorder in recorders:
            recorder.on_problem = lambda text: self.notices.say(text, "bad")
        self.audio = None
        self._gamepads: Gamepads | None = None
        self._hints = HintLine() if settings.hints else None
        self._title: TitleScreen | None = None
        self._stale = False  # the title lists what is not so any more
        self._crowding: Future[Crowding] | None = None  # what the title is to ask about
        self._vocabulary = load_vocabulary(words_of(choice.name))

    def open(self) -> None:
        """Open what needs a window: sound and gamepads."""
        self.audio = open_audio(self.settings.volume / 100, self.settings.muted)
        self._gamepads = Gamepads()
        if self.settings.fullscreen:
            pygame.display.toggle_fullscreen()

    def handle(self, event: pygame.Event) -> None:
        """See every event before the screen does."""
        self._gamepads.handle(event)

    def refresh(self, screen: Screen) -> None:
        """List on the title, while it is shown, what other threads have written since."""
        if screen is not self._title:
            return
        if self._stale:
            self._stale = False
            self._title.refresh()
        if self._crowding and self._crowding.done() and not self._title.is_busy:
            crowding, self._crowding = self._crowding.result(), None
            ask_for_room(self._title, crowding, self.settings.parked_mib, self.keeper.delete)

    def silence(self) -> None:
        """Let go of the sound; before the window closes."""
        if self.audio:
            self.audio.close()

    def close(self) -> None:
        """Write what is still to be written."""
        self.keeper.close()
        self._exporting.close()
        self._listing.close()
        self.screenshots.close()
        self.prober.close()
        self._keep_changes()

    def complain(self, problem: str) -> None:
        """Tell the player what cannot be done."""
        self.notices.say(problem, "bad")
        self.audio.cue("error")

    def title(self) -> Screen:
        """Return the title screen."""
        self.audio.ambience(None)
        self._keep_changes()
        actions = TitleActions(
            listing=self._listing,
            writing=self._writing,
            fork=self.keeper.copy,
            delete_parked=self.keeper.delete,
            toggle_fullscreen=self._toggle_fullscreen,
            export=self._exporting.begin,
            delete_recording=delete_recording,
            keep_scene=self._keep_scene,
            delete_scene=lambda key: delete_own_scene(Path(key)),
        )
        focused = self._title.focused if self._title else None
        self._title = TitleScreen(actions, self.settings, focused, notices=self.notices)
        self._crowding = self.keeper.crowding()
        self._crowding.add_done_callback(lambda known: self._notify())
        return self._title

    def settings_screen(self) -> Screen:
        """Return the screen of settings."""
        return SettingsScreen(self.settings, self.use_settings, self._keep, bindings=self.bindings)

    def probes_screen(self) -> Screen:
        """Return the page of what memory gave back."""
        return ProbesScreen(lambda: self.prober.results, self.settings)

    def use_settings(self, settings: SandboxConfig) -> None:
        """Take every change of the settings at once."""
        before, self.settings = self.settings, settings
        self.audio.volume(settings.volume / 100)
        self.audio.mute(settings.muted)
        self.keeper.scenes.budget_bytes = settings.parked_mib * MIB
        if settings.fullscreen != before.fullscreen:
            pygame.display.toggle_fullscreen()
        if settings.hints != before.hints:
            self._hints = HintLine() if settings.hints else None
        choice = self.choice.changed(before, settings)
        if choice != self.choice:  # the world is loaded anew for the next scene
            self._use(choice)
        if self._title:
            self._title.use_settings(settings)

    def playthrough(self, outcome: PlayScene | Continue) -> Playthrough:
        """Return what was chosen, ready to be played."""
        if isinstance(outcome, PlayScene):
            seed = outcome.scene.seed if outcome.seed is None else outcome.seed
            return Playthrough(outcome.scene, seed)
        playthrough, world = self.returning.playthrough(outcome.parked)
        if world != self.choice.name and world in worlds_beside(self.choice.name):
            self._use(self.choice.beside(world, self.settings))
        return playthrough

    def switch(self, world: str, worker: GenerationWorker, playthrough: Playthrough) -> Playthrough:
        """Choose another world of the same base; return how to go on there with what is played."""
        self._use(self.choice.beside(world, self.settings))
        scene = scene_for(world, playthrough.scene)

        def hand_over(session: Session) -> Handover:
            left = replace(self.collect(session), scene=scene)
            return handover(left, self.prober.sights, self._recent.blocks, self.returning.arrive)

        return Playthrough(scene, playthrough.seed, worker.call(hand_over).result)

    def split(self, outcome: PlaySplit) -> Performance:
        """Return how to play two policies side by side."""
        choices = [
            replace(self.choice, memory=self.settings.memory_setting(policy))
            for policy in outcome.policies
        ]
        return Performance(partial(load_split, *choices))

    def recording(self, outcome: Watch) -> tuple[Performance, Playthrough]:
        """Return how to play a recording again."""
        recording = load_recording(outcome.recording)
        choice = WorldChoice.of(recording)
        return Performance(choice.load, ReplaySource(recording)), playthrough_of(recording)

    def equip(self, context: PlayContext) -> PlayContext:
        """Add what lies over the picture, and the actions that go beyond the screen."""
        worker = context.worker
        self.prober.round_trip = lambda frames: worker.call(
            lambda session: session.world.round_trip(frames)
        )
        self.audio.ambience(suggest_ambience(context.playthrough.scene), context.playthrough.seed)

        def equip(screen: PlayScreen) -> Equipment:
            if context.is_replay:
                return Equipment((self.notices,), on_block=self._look)
            if context.is_split:
                actions = {"split": screen.leave}
                return Equipment((SplitOverlay(screen), self.notices), actions, self._look)
            return self._equipment(screen, worker)

        return replace(
            context,
            bindings=self.bindings,
            equip=equip,
            toggle_fullscreen=self._toggle_fullscreen,
        )

    def park(self, worker: GenerationWorker) -> None:
        """Keep what is being played, to be continued later; returns before it is written."""
        self.keeper.park(worker.call(self.collect), self._picture)

    def collect(self, session: Session) -> ParkedScene:
        """Return the session with its map and its anchors; on the world's thread."""
        return replace(session.park(), parts=self.returning.snapshot())

    def save(self, worker: GenerationWorker) -> None:
        """Save this moment."""
        self.keeper.save(worker.call(self.collect))

    def fork(self, worker: GenerationWorker) -> None:
        """Keep a copy of this moment as a scene of its own."""
        self.keeper.fork(worker.call(self.collect))

    def saved(self, worker: GenerationWorker) -> "Future[ParkedScene]":
        """Return, later, the saved moment of what is being played."""
        return self.keeper.saved(worker.call(lambda session: session.id))

    def recording_folder(self, name: str) -> Path:
        """Return where a new recording goes."""
        return new_recording_folder(self.folder / RECORDINGS, name)

    def _use(self, choice: WorldChoice) -> None:
        """Load another world, or the same otherwise, for what is played next."""
        self.choice, self.performance = choice, Performance(self._load or choice.load)
        for recorder in self.returning.recorders:
            recorder.loaded_with(choice.memory, look_ahead=choice.look_ahead)

    def _equipment(self, screen: PlayScreen, worker: GenerationWorker) -> Equipment:
        self.prober.spec = screen.reel.current.spec
        box = PromptBox(
            lambda text: worker.call(lambda session: session.change(prompt=text)) and None,
            self._vocabulary,
            make_theme=self._theme,
            open_keys=self.bindings["prompt"].keys,
        )
        probe = ProbeOverlay(screen, self.prober, self.audio.cue)
        chart = MapOverlay(screen, self.map, self.prober)
        claim = self.bindings.title("postcards")
        playthrough = screen.playthrough
        hunt = PostcardHunt(
            self.prober,
            self.scores,
            playthrough.scene.name,
            playthrough.seed,
            lambda cue: self.audio.cue(CUES[cue]),
        )
        cards = PostcardOverlay(screen, hunt, probe, claim)
        hints = HintOverlay(screen, self._hints, time.perf_counter) if self._hints else None
        if hints:
            self._hints.restart()
        actions = PlayerActions(self, screen, worker, box, chart, cards)
        if origin := screen.reel.current.block.memory.origin:
            self.notices.say(f"memory: {origin.words()}")

        def on_block(ready: ReadyBlock) -> None:
            self._look(ready)
            if hints:
                hints.see()
            if self._hints and self._hints.is_over:
                self.use_settings(replace(self.settings, hints=False))

        shown = (chart, *((hints,) if hints else ()), probe, cards, self.notices, box)
        overlays = (*shown, actions.loader)
        return Equipment(overlays, actions.table(), on_block)

    def _look(self, ready: ReadyBlock) -> None:
        pose = ready.block.poses[-1]
        self.audio.look(pose.yaw, pose.fov)
        for block in (ready.block, ready.block.beside):
            if block and block.notice:
                self.notices.say(block.notice, "bad")

    def _toggle_fullscreen(self) -> None:
        fullscreen = not self.settings.fullscreen
        self.use_settings(replace(self.settings, fullscreen=fullscreen))

    def _keep(self, settings: SandboxConfig) -> None:
        save_settings(settings)
        self._kept = settings

    def _keep_changes(self) -> None:
        """Write what was set by keys, or by itself."""
        if self.settings == self._kept:
            return
        try:
            self._keep(self.settings)
        except SettingsError as problem:
            self._kept = self.settings  # is said once
            logger.warning("%s", problem)
            self.notices.say(str(problem), "bad")

    def _writing(self, apply: Callable[[str], None]) -> PromptBox:
        return PromptBox(
            apply, self._vocabulary, make_theme=self._theme, title=ASK_WHERE, open_keys=("t",)
        )

    def _keep_scene(self, scene: Scene) -> None:
        self.keeper.do(lambda: keep_prompted(self.folder / SCENES, scene), "it was not saved")

    def _picture(self, parked: ParkedScene) -> None:
        picture_own_scene(self.folder / SCENES, parked.scene, parked.last_frame)

    def _list_anew(self) -> None:
        self._stale = True
        self._notify()
