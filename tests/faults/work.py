"""What the game does to the disk, over and over until it is killed: what `test_killed.py` starts.

Every job gets a folder and `say`, which tells how often the job was done.
"""

import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import av  # noqa: F401 (once for all forks)
import numpy as np

from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.world import WorldState
from mag_sandbox.sandbox.export import ExportOptions
from mag_sandbox.sandbox.export.exporter import export
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.recording.frame_store import frames_beside
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.saves.parked_scene import ParkedScene
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.sandbox.settings import SandboxConfig, save_settings
from tests.doubles import FakeWorld
from tests.recorded import AWAY_AND_BACK, QUICK, SCENE, SEED

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
