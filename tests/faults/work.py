"""What the game does to the disk until it is killed, or the disk is full: a process of its own.

Every job gets a folder. One that is killed gets `say`, too, which tells how often it was done.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from errno import ENOSPC
from multiprocessing.connection import Connection
from pathlib import Path

import av  # noqa: F401 (once for all forks)
import numpy as np
import pygame

from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.model.world import FrameBlock, WorldState
from mag_sandbox.process import configure_logging, run_command
from mag_sandbox.sandbox import app
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.commands import cli
from mag_sandbox.sandbox.diagnose import gallery
from mag_sandbox.sandbox.export.exporter import export
from mag_sandbox.sandbox.export.options import ExportOptions
from mag_sandbox.sandbox.game import PlayerGame
from mag_sandbox.sandbox.keyed_screens import PLAYER_BINDINGS
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver
from mag_sandbox.sandbox.play.parked_scene import ParkedScene, StateError, write_state
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.recording.frame_writer import frames_beside
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.saves import parking as places
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.sandbox.screens.play import PlayScreen
from mag_sandbox.sandbox.settings import SandboxConfig, SettingsError, save_settings
from tests.doubles import FakeWorld
from tests.games import FAST, SETTINGS
from tests.games import SCENE as PLACE
from tests.recorded import AWAY_AND_BACK, QUICK, SCENE, SEED, record
from tests.unit.sandbox.saves.test_state_files import left_after

MANY = range(1, 1_000_000)
Say = Callable[[int], object]
Job = Callable[[Path, Say], None]


def recording(here: Path, say: Say) -> None:
    """Record a session with its frames."""
    recorder = Recorder(here / "rec")
    source = ScriptSource(AWAY_AND_BACK * 10_000)
    session = Session(FakeWorld(spec=QUICK), source, [recorder, frames_beside(recorder)])
    session.start(SCENE, SEED)
    say(0)
    while (step := session.advance()) is not None:
        say(step.block.block_index)


def parking(here: Path, say: Say) -> None:
    """Leave the same scene again and again."""
    scenes = ParkedScenes(here, 64)
    frame = np.zeros((192, 320, 3), np.uint8)
    for number in MANY:
        array = np.full(2**20, number % 256, np.uint8)
        state = WorldState({"keys": array}, {"number": number})
        scenes.park(ParkedScene(SCENE, 7, state, frame, number, 16.0, "fake", id="meadow"))
        say(number)


def setting(here: Path, say: Say) -> None:
    """Change the settings."""
    for number in MANY:
        save_settings(SandboxConfig(volume=number % 101), here / "settings.yaml")
        say(number)


def visiting(here: Path, say: Say) -> None:
    """Go on with a scene that was left."""
    scenes = ParkedScenes(here, 64)
    scenes.take(scenes.entries()[0].id)
    say(0)
    threading.Event().wait()


def continuing(here: Path, say: Say) -> None:
    """Continue a place that another game continues, too, and leave it, again and again."""
    scenes = ParkedScenes(here, 64)
    for number in MANY:
        continue_once(scenes, number)
        for _ in range(5):  # as the title does; other games write meanwhile
            scenes.entries()
        say(number)


def continue_once(scenes: ParkedScenes, number: int) -> bool:
    """Continue a place, save it as it goes on, and leave it; False: another game plays it."""
    try:
        parked = scenes.take("meadow")
        scenes.park(replace(parked, frames_shown=number), goes_on=True)
        scenes.park(replace(parked, frames_shown=number))
    except StateError as error:
        if "open in another window" not in str(error):
            raise
        return False
    return True


def exporting_half(here: Path, say: Say) -> None:
    """Stop in the middle of an export."""

    def tell(stage: str, share: float) -> None:
        if share > 0.5:
            say(0)
            threading.Event().wait()

    export(here / "rec", ExportOptions(out=here / "out.mp4"), on_progress=tell)


def exporting_video(here: Path, say: Say) -> None:
    """Export over the video that is there."""
    _exporting(here, say, "mp4")


def exporting_frames(here: Path, say: Say) -> None:
    """Export over the folder of pictures that is there."""
    _exporting(here, say, "frames")


def _exporting(here: Path, say: Say, kind: str) -> None:
    say(0)
    for number in MANY:
        options = ExportOptions(format=kind, scale=1, out=here / "out", overwrite=True)
        export(here / "rec", options)
        say(number)


def work(job: Job, here: Path, done: Connection) -> None:
    """Do a job, and write the number of each time it was done as a line."""
    job(here, lambda number: os.write(done.fileno(), b"%d\n" % number))


def limit(size: int) -> None:
    """Let every file have so many bytes and no more: a write fails then, as on a full disk."""
    import resource  # of POSIX systems

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def record_on_a_full_disk(here: Path) -> None:
    """Record a session."""
    limit(20_000)
    record(here / "rec", with_prober=False)


def record_where_nothing_fits(here: Path) -> None:
    """Record a session on a disk without room for its first line."""
    limit(10)
    record(here / "rec", with_prober=False)


def record_as_a_command(here: Path) -> None:
    """Record a session, and end as a command does."""

    def run() -> int:
        record(here / "rec", with_prober=False)
        return 0

    sys.exit(run_command(run))


def record_with_few_files(here: Path, spare: str) -> None:
    """Record a session while few more files can be opened."""
    import resource

    opened = sum(1 for _ in Path("/dev/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened - 1 + int(spare), 4096))
    record_as_a_command(here)


def record_without_inodes(here: Path, spare: str) -> None:
    """Record a session on a disk where few more files can be made."""
    left, plain = int(spare), Path.open

    def open_if_left(path: Path, mode: str = "r", *args: object, **more: object) -> object:
        nonlocal left
        left -= mode[0] in "wx"
        if left < 0:
            raise OSError(ENOSPC, os.strerror(ENOSPC), str(path))
        return plain(path, mode, *args, **more)

    Path.open = open_if_left
    record_as_a_command(here)


def park_on_a_full_disk(here: Path) -> None:
    """Leave a scene once more."""
    scenes = ParkedScenes(here / "parked", 64)
    scenes.park(left_after(1, id="meadow"))
    limit(100_000)
    try:
        scenes.park(left_after(2, id="meadow"))
    except StateError as error:
        sys.stdout.write(f"{type(error).__name__} {error}\n")


def export_on_a_full_disk(here: Path, kind: str) -> None:
    """Export from the command line."""
    limit(4_000)
    words = ["export", str(here / "rec"), "--format", kind, "--out", str(here / "out")]
    sys.exit(cli.main(words))


def set_on_a_full_disk(here: Path) -> None:
    """Change the settings."""
    save_settings(SandboxConfig(volume=30), here / "settings.yaml")
    limit(10)
    try:
        save_settings(SandboxConfig(volume=40, muted=True), here / "settings.yaml")
    except SettingsError as error:
        sys.stdout.write(f"{error}\n")


def draw_on_a_full_disk(here: Path) -> None:
    """Save a picture of every screen of a game that has one."""

    class Tour:
        def __init__(self, *_: object) -> None:
            self.close = self.screens = lambda *_: ("title",)

        def drawn(self, size: tuple[int, int]) -> pygame.Surface:
            surface = pygame.Surface(size)
            pygame.surfarray.pixels3d(surface)[:] = np.arange(size[1])[:, None] * (3, 5, 7)
            return surface

    os.environ["SDL_VIDEODRIVER"] = "dummy"
    gallery._ScreenTour = Tour
    limit(100)
    sys.exit(cli.main(["gallery", str(here / "pictures")]))


def tell(job: Callable, out: Connection, err: Connection, *arguments: object) -> None:
    """Do a job and send what it says."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    job(*arguments)


def play_until_told(here: Path, said: Connection, *, bug: bool = False, blocks: int = 20) -> None:
    """Play in a window that nobody sees, until a signal or a bug ends it; writing is slow."""
    os.environ |= {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", HOME_VARIABLE: str(here)}
    signal.signal(signal.SIGINT, signal.default_int_handler)

    class Reporter(SessionObserver):
        def on_block(self, event: BlockEvent, block: FrameBlock) -> None:
            if event.block_index == blocks:
                said.send("played")

    def slowly(*arguments: object) -> None:
        said.send("writing")
        said.recv()  # that all signals were sent
        write_state(*arguments)

    def draw(screen: PlayScreen, surface: pygame.Surface) -> None:
        if screen.reel.blocks > 20:
            raise TypeError("a bug in a screen")

    if bug:
        PlayScreen.draw = draw
    places.write_state = slowly
    load = lambda progress: FakeWorld(spec=FAST)  # noqa: E731 -- a test's
    game = PlayerGame(WorldChoice(), SETTINGS, here, PLAYER_BINDINGS, load=load, notify=app.wake)
    configure_logging()
    sys.exit(run_command(lambda: bool(app.play(game, Playthrough(PLACE, 7), [Reporter()]))))
