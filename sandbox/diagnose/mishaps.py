"""What happens to a computer while somebody plays for hours, made to happen on purpose.

A disk fills up and empties again, a clock jumps, a machine sleeps for a minute, a device is lost.
The game knows nothing of it; afterwards everything that it kept must be readable.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

from mag_sandbox.files.border import Refusal
from mag_sandbox.files.whole import visible
from mag_sandbox.model.world import Control, FrameBlock, Progress, World
from mag_sandbox.sandbox.game import PlayerGame
from mag_sandbox.sandbox.play.parked_scene import read_state
from mag_sandbox.sandbox.recording.frames_file import StoredFrames
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.saves.own_scenes import own_scenes
from mag_sandbox.sandbox.title.library import PARKED, RECORDINGS, SCENES

EVERY_S = 45.0  # between two mishaps
SLEEP_S = 60  # that the process is suspended; whoever waits has waited so long then
ROOM_LEFT = 100_000  # bytes that a file may have while the disk is full: less than a place takes
JUMPS = (timedelta(days=400), timedelta(hours=-3))  # of the clock


class DeviceLost(RuntimeError):
    """What a world meets whose device is gone."""


class LosableWorld:
    """A world whose device can be lost, as a card that is pulled out or crashes."""

    def __init__(self, world: World, tell: Callable[[], None]) -> None:
        """Wrap a world; `tell` is called whenever its loss is met."""
        self._world, self._tell, self.is_lost = world, tell, False

    def __getattr__(self, name: str) -> object:
        return getattr(self._world, name)

    def step(self, control: Control) -> FrameBlock:
        """Make a block, unless the device is lost: then fail, once."""
        if self.is_lost:
            self.is_lost = False
            self._tell()
            raise DeviceLost("CUDA error: the device is lost")
        return self._world.step(control)


class Mishaps:
    """Lets one thing after the other happen.

    mishaps = Mishaps(print)
    game = PlayerGame(..., load=mishaps.losable(choice.load))
    mishaps.happen(game)  # whenever the main loop has turned
    mishaps.happened  # Counter({"the disk is full": 2, ...})
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.happened: Counter[str] = Counter()
        self.losses = 0  # of the device that were met: a world may be left before
        self._say = say
        self._due = time.monotonic() + EVERY_S
        self._world: LosableWorld | None = None
        self._jumps = cycle(JUMPS)
        self._coming = cycle(
            {
                "the disk is full": lambda game: limit_files(ROOM_LEFT),
                "the disk has room again": lambda game: limit_files(None),
                "the clock jumps": self._jump,
                "the device is lost": self._lose,
                "the machine sleeps": lambda game: suspend(SLEEP_S),
            }.items()
        )

    def losable(self, load: Callable[[Progress], World]) -> Callable[[Progress], World]:
        """Return what loads a world whose device can be lost."""

        def loaded(progress: Progress) -> World:
            self._world = LosableWorld(load(progress), self._met)
            return self._world  # type: ignore[return-value]  # it passes everything else on

        return loaded

    def happen(self, game: PlayerGame) -> None:
        """Let the next thing happen if it is time."""
        if time.monotonic() < self._due:
            return
        name, mishap = next(self._coming)
        self._say(f"mishap: {name}")
        self.happened[name] += 1
        mishap(game)
        self._due = time.monotonic() + EVERY_S

    def _met(self) -> None:
        self.losses += 1

    def _jump(self, game: PlayerGame) -> None:
        jump = next(self._jumps)
        game.services.saves.scenes.now = lambda: datetime.now(UTC) + jump

    def _lose(self, game: PlayerGame) -> None:  # noqa: ARG002 -- as every mishap is called
        if self._world:
            self._world.is_lost = True


@contextmanager
def back_to_normal() -> Iterator[None]:
    """Give the disk its room back in the end."""
    try:
        yield
    finally:
        limit_files(None)


def limit_files(size: int | None) -> None:
    """Let every file have so many bytes and no more, None: any; a write fails then as if full."""
    if sys.platform == "win32":
        return
    import resource  # of POSIX systems

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most if size is None else size, most))


def suspend(seconds: int) -> None:
    """Stand still for so long, as a computer that sleeps; returns when it is awake again."""
    if sys.platform == "win32":
        return
    stop = f"kill -STOP {os.getpid()}; sleep {seconds}; kill -CONT {os.getpid()}"
    subprocess.Popen(["/bin/sh", "-c", stop], start_new_session=True)
    time.sleep(1.0)  # it is stopped in here


def unreadable(folder: Path) -> list[str]:
    """Return a sentence for everything of a player's data that cannot be read."""
    readers: list[tuple[Path, Callable[[Path], object]]] = [
        *((path, read_state) for path in visible(folder / PARKED)),
        *((path, _read_recording) for path in visible(folder / RECORDINGS)),
    ]
    problems = [one.problem for one in own_scenes(folder / SCENES) if one.problem]
    for path, read in readers:
        try:
            read(path)
        except Refusal as problem:
            problems.append(str(problem))
    return problems


def _read_recording(folder: Path) -> None:
    recording = load_recording(folder)
    stored = StoredFrames.open(folder, recording.start.created)
    if stored is not None:
        with stored:
            for block in stored.blocks:
                stored.frame_block(block)
