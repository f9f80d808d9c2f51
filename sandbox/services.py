"""Services that outlast a scene: settings, saves, recordings, sound, comparisons."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mag_sandbox.controls.bindings import Bindings
from mag_sandbox.sandbox.audio import Audio
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.hud.minimap import MapStitcher
from mag_sandbox.sandbox.known_words import known_words
from mag_sandbox.sandbox.play.events import SessionObserver
from mag_sandbox.sandbox.play.handover import RecentBlocks
from mag_sandbox.sandbox.play.parked_scene import ParkedScene
from mag_sandbox.sandbox.play.pilot import Pilot
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.postcards.scores import ScoreBook
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recordings import Recordings
from mag_sandbox.sandbox.returns.prober import Prober
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.sandbox.saves.saves import Saves
from mag_sandbox.sandbox.saves.undo import UndoStack
from mag_sandbox.sandbox.screens.overlays import Notices
from mag_sandbox.sandbox.settings import SandboxConfig, SettingsError, SettingsStore
from mag_sandbox.sandbox.title.library import PARKED, RECORDINGS, SCENES
from mag_sandbox.sandbox.ui.screenshots import Screenshots
from mag_sandbox.sandbox.ui.theme import Themes
from mag_sandbox.scenes.vocabulary import Vocabulary

logger = logging.getLogger(__name__)
MAP, PLACES = "map", "places"  # parts of a parked scene


@dataclass(eq=False)
class Services:
    """Services that outlast a scene, shared by all screens."""

    settings: SettingsStore
    bindings: Bindings
    theme: Themes
    notices: Notices
    saves: Saves
    undo_stack: UndoStack
    recordings: Recordings
    prober: Prober
    map: MapStitcher
    pilot: Pilot
    recent: RecentBlocks
    scores: ScoreBook
    screenshots: Screenshots
    vocabulary: Vocabulary | None  # that the world knows; None: every word
    observers: Sequence[SessionObserver]  # of sessions that the player steers
    audio: Audio = field(init=False)  # once there is a window

    def save_settings(self) -> None:
        """Write changed settings; if that fails, tell the player why."""
        try:
            self.settings.save()
        except SettingsError as problem:
            logger.warning("%s", problem)
            self.notices.say(str(problem), "bad")

    def moment(self, left: ParkedScene) -> Playthrough:
        """Return the playthrough that continues a saved moment."""
        return Playthrough(left.scene, left.seed, partial(self.saves.enter, left))


def open_services(
    choice: WorldChoice,
    settings: SandboxConfig,
    folder: Path,
    bindings: Bindings,
    notify: Callable[[], None],
    recorders: Sequence[Recorder],
    list_anew: Callable[[], None],
) -> Services:
    """Return the services of a player."""
    store = SettingsStore(settings)
    theme = Themes(lambda: store.now)
    notices = Notices(time.perf_counter, notify, theme)
    prober, stitcher, pilot, recent = Prober(notify=notify), MapStitcher(), Pilot(), RecentBlocks()
    saves = Saves(
        ParkedScenes(folder / PARKED, settings.parked_mib),
        notices.say,
        {MAP: stitcher, PLACES: prober},
        folder / SCENES,
        recorders,
        list_anew,
    )
    recordings = Recordings(
        folder / RECORDINGS, recorders, choice, prober, lambda text: notices.say(text, "bad")
    )
    return Services(
        settings=store,
        bindings=bindings,
        theme=theme,
        notices=notices,
        saves=saves,
        undo_stack=UndoStack(),
        recordings=recordings,
        prober=prober,
        map=stitcher,
        pilot=pilot,
        recent=recent,
        scores=ScoreBook(folder),
        screenshots=Screenshots(folder / "screenshots"),
        vocabulary=known_words(choice.name),
        observers=(
            *(*recorders, recordings.log, pilot, prober),
            *(*recordings.frames, stitcher, recent, saves),
        ),
    )
