"""What the player keeps from scene to scene: places left behind, anchors, the map, sound, settings.

Assembles the screens and what they need; `navigator.py` says when each is shown.
"""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pygame

from controls.bindings import Bindings
from model.world import FrameBlock, Progress, World, words_of
from sandbox.actions import PlayerActions
from sandbox.audio import open_audio, suggest_ambience
from sandbox.choice import WorldChoice
from sandbox.events import BlockEvent, SessionEnd, SessionObserver, SessionStart
from sandbox.hints import HintLine
from sandbox.keeper import Keeper
from sandbox.library import (
    PARKED,
    RECORDINGS,
    bytes_text,
    delete_own_scene,
    delete_recording,
    read_title_model,
)
from sandbox.minimap import MapStitcher
from sandbox.navigator import Performance
from sandbox.overlays import (
    CUES,
    HintOverlay,
    MapOverlay,
    Notices,
    PostcardOverlay,
    ProbeOverlay,
    SplitOverlay,
)
from sandbox.parked_scene import ParkedScene, check_slug
from sandbox.parking import ParkedScenes
from sandbox.pilot import Pilot
from sandbox.player_input import Gamepads
from sandbox.postcard_hunt import PostcardHunt
from sandbox.postcard_scores import ScoreBook
from sandbox.prober import Prober
from sandbox.prompt_box import PromptBox
from sandbox.recording import load_recording
from sandbox.replay import ReplaySource, playthrough_of
from sandbox.screens import Continue, PlayScene, PlaySplit, Screen, Watch
from sandbox.screens.play import Equipment, PlayContext, PlayScreen
from sandbox.screens.probes import ProbesScreen
from sandbox.screens.settings import SettingsScreen
from sandbox.screens.title import TitleScreen
from sandbox.screenshots import Screenshots
from sandbox.session import Playthrough, Session
from sandbox.settings import SandboxConfig
from sandbox.settings_file import save_settings
from sandbox.split import SplitWorld
from sandbox.state_files import read_header
from sandbox.theme import Theme
from sandbox.title_actions import TitleActions
from sandbox.widgets import Button
from sandbox.worker import GenerationWorker, ReadyBlock
from scenes.scene import MAX_SEED
from scenes.vocabulary import Vocabulary, VocabularyError

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
    ) -> None:
        """Set what is played with.

        Args:
            choice: the world.
            settings: the player's.
            folder: the player's data.
            bindings: the player's keys.
            load: loads the world; None: as `choice` says.
            notify: wakes the window, from any thread.
        """
        self.settings, self.bindings, self.folder = settings, bindings, folder
        self.choice, self._notify = choice, notify
        self.performance = Performance(load or choice.load)
        self.pilot = Pilot(bindings)
        self.prober = Prober(notify=notify)
        self.map = MapStitcher()
        self.notices = Notices(time.perf_counter, notify)
        self.notices.theme = self._theme_of
        scenes = ParkedScenes(folder / PARKED, settings.parked_mib)
        self.keeper = Keeper(scenes, self.notices.say, self._list_anew)
        self.scores = ScoreBook(folder)
        self.screenshots = Screenshots(folder / "screenshots")
        self.observers: Sequence[SessionObserver] = (
            self.pilot,
            self.prober,
            self.map,
            _Returning(self),
        )
        self.audio = None
        self.returned: ParkedScene | None = None  # whose parts wait for the session to begin
        self._gamepads: Gamepads | None = None
        self._hints = HintLine() if settings.hints else None
        self._title: TitleScreen | None = None
        self._stale = False  # the title lists what is not so any more
        self._vocabulary = _vocabulary(words_of(choice.name))

    def open(self) -> None:
        """Open what needs a window: sound and gamepads."""
        self.audio = open_audio(self.settings.volume / 100, self.settings.muted)
        self._gamepads = Gamepads()

    def handle(self, event: pygame.Event) -> None:
        """See every event before the screen does."""
        self._gamepads.handle(event)

    def refresh(self) -> None:
        """List on the title what other threads have written since."""
        if self._stale and self._title:
            self._stale = False
            self._title.refresh()

    def silence(self) -> None:
        """Let go of the sound; before the window closes."""
        if self.audio:
            self.audio.close()

    def close(self) -> None:
        """Write what is still to be written."""
        self.keeper.close()
        self.screenshots.close()
        self.prober.close()

    def complain(self, problem: str) -> None:
        """Tell the player what cannot be done."""
        self.notices.say(problem, "bad")
        self.audio.cue("error")

    def title(self) -> Screen:
        """Return the title screen."""
        self.audio.ambience(None)
        self._hints = self._hints if self._hints and not self._hints.is_over else None
        actions = TitleActions(
            model=lambda: read_title_model(self.keeper.scenes, self.folder),
            writing=self._writing,
            fork=self.keeper.scenes.fork,
            delete_parked=self.keeper.scenes.delete,
            delete_recording=delete_recording,
            delete_scene=lambda key: delete_own_scene(Path(key)),
        )
        focused = self._title.focused if self._title else None
        self._title = TitleScreen(actions, self.settings, focused, notices=self.notices)
        self._ask_for_room()
        return self._title

    def settings_screen(self) -> Screen:
        """Return the screen of settings."""
        return SettingsScreen(
            self.settings, self.use_settings, save_settings, bindings=self.bindings
        )

    def probes_screen(self) -> Screen:
        """Return the page of what memory gave back."""
        return ProbesScreen(lambda: self.prober.results, self.settings)

    def use_settings(self, settings: SandboxConfig) -> None:
        """Take every change of the settings at once."""
        before, self.settings = self.settings, settings
        self.audio.volume(settings.volume / 100)
        self.audio.mute(settings.muted)
        if settings.fullscreen != before.fullscreen:
            pygame.display.toggle_fullscreen()
        if self._title:
            self._title.use_settings(settings)

    def playthrough(self, outcome: PlayScene | Continue) -> Playthrough:
        """Return what was chosen, ready to be played."""
        if isinstance(outcome, PlayScene):
            seed = outcome.scene.seed if outcome.seed is None else outcome.seed
            return Playthrough(outcome.scene, seed)
        folder = self.keeper.scenes.folder / check_slug(outcome.parked)
        header = read_header(folder)
        return Playthrough(header.scene, header.seed, self._taking(outcome.parked), str(folder))

    def split(self, outcome: PlaySplit) -> Performance:
        """Return how to play two policies side by side."""

        def load(progress: Progress) -> World:
            first, second = (
                replace(self.choice, memory=self.settings.memory_setting(policy))
                for policy in outcome.policies
            )
            return SplitWorld(first.load(progress), second.load(progress))

        return Performance(load)

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

        return replace(context, settings=self.settings, bindings=self.bindings, equip=equip)

    def park(self, worker: GenerationWorker) -> None:
        """Keep what is being played, to be continued later; returns before it is written."""
        self.keeper.park(worker.call(self.collect))

    def collect(self, session: Session) -> ParkedScene:
        """Return the session with its map and its anchors; on the world's thread."""
        parts = {MAP: self.map.snapshot(), PLACES: self.prober.snapshot()}
        return replace(session.park(), parts=parts)

    def save(self, worker: GenerationWorker) -> None:
        """Save this moment."""
        self.keeper.save(worker.call(self.collect))

    def fork(self, worker: GenerationWorker) -> None:
        """Keep a copy of this moment as a scene of its own."""
        self.keeper.fork(worker.call(self.collect))

    def saved(self, worker: GenerationWorker, playthrough: Playthrough) -> Playthrough:
        """Return the saved moment of what is being played."""
        id: Future[str] = worker.call(lambda session: session.id)

        def load() -> ParkedScene:
            self.returned = self.keeper.saved(id.result())
            return self.returned

        return Playthrough(playthrough.scene, playthrough.seed, load)

    def new_seed(self, playthrough: Playthrough) -> Playthrough:
        """Return the same scene from its beginning with another seed."""
        return Playthrough(playthrough.scene, secrets.randbelow(MAX_SEED))

    def recording_folder(self, name: str) -> Path:
        """Return where a new recording goes."""
        words = "-".join(name.lower().split())
        return self.folder / RECORDINGS / f"{words}-{time.strftime('%Y%m%d-%H%M%S')}"

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
        actions = PlayerActions(self, screen, worker, box, chart, cards)

        def on_block(ready: ReadyBlock) -> None:
            self._look(ready)
            if hints:
                hints.see()

        overlays = (chart, *((hints,) if hints else ()), probe, cards, self.notices, box)
        return Equipment(overlays, actions.table(), on_block)

    def _look(self, ready: ReadyBlock) -> None:
        pose = ready.block.poses[-1]
        self.audio.look(pose.yaw, pose.fov)

    def _taking(self, id: str) -> Callable[[], ParkedScene]:
        def take() -> ParkedScene:
            self.returned = self.keeper.take(id)
            return self.returned

        return take

    def _writing(self, apply: Callable[[str], None]) -> PromptBox:
        return PromptBox(
            apply, self._vocabulary, make_theme=self._theme, title=ASK_WHERE, open_keys=("t",)
        )

    def _ask_for_room(self) -> None:
        """Let the player choose what goes when parked scenes take more than they should."""
        crowding = self.keeper.crowding()
        if not crowding:
            return
        names = ", ".join(f"{entry.name} ({bytes_text(entry.bytes)})" for entry in crowding)
        total = bytes_text(self.keeper.scenes.total_bytes())
        text = (
            f"Places left behind take {total}, more than the {self.settings.parked_mib} MiB you "
            f"set. Left longest ago: {names}."
        )

        def answered(answer: int) -> None:
            for entry in crowding if answer else ():
                self.keeper.scenes.delete(entry.id)
            self._title.refresh()

        buttons = (Button("Keep all"), Button("Forget these", kind="danger"))
        self._title.ask("There is little room", text, buttons, answered)

    def _list_anew(self) -> None:
        self._stale = True
        self._notify()

    def _theme(self, size: tuple[int, int]) -> Theme:
        return Theme(size, self.settings.text_scale, high_contrast=self.settings.high_contrast)

    def _theme_of(self, surface: pygame.Surface) -> Theme:
        return self._theme(surface.get_size())


def _vocabulary(words: Path | None) -> Vocabulary | None:
    """Return the words that a world knows; None: all of them, or nobody can say."""
    try:
        return Vocabulary.load(words) if words else None
    except VocabularyError as error:
        logger.warning("%s", error)
        return None


class _Returning:
    """The last observer: gives map and prober back what they knew of a scene returned to."""

    def __init__(self, game: PlayerGame) -> None:
        self._game = game

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 -- observer
        """Put back what was parked with the scene, as far as it makes sense."""
        game, parked = self._game, self._game.returned
        game.returned = None
        if parked is None:
            return
        for name, keeps in ((MAP, game.map), (PLACES, game.prober)):
            try:
                if name in parked.parts:
                    keeps.restore(parked.parts[name])
            except ValueError as error:
                logger.warning("%s: %s", parked.id, error)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:
        """Nothing to do."""

    def on_end(self, event: SessionEnd) -> None:
        """Nothing to do."""
