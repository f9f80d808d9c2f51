"""The game is killed at any moment of recording, parking and exporting: what it leaves is readable.

A real process does real work in a loop with a world without a network, and is killed after a time
drawn from a seed. What it had said it finished must be there; what it was in the middle of is the
old or the new one, whole.
"""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mag_sandbox.sandbox.export import ExportOptions
from mag_sandbox.sandbox.export.command import replayed
from mag_sandbox.sandbox.export.exporter import export
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.recording.replay import verify
from mag_sandbox.sandbox.recording.stored_frames import StoredFrames
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.sandbox.settings import load_settings
from tests import ROOT
from tests.doubles import FakeWorld
from tests.recorded import AWAY_AND_BACK, QUICK, record

FEW = range(4)
MANY = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 40)]

RECORDING = """
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recording.frame_store import frames_beside
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.controls.sources import ScriptSource
from tests.doubles import FakeWorld
from tests.recorded import AWAY_AND_BACK, QUICK, SCENE, SEED

recorder = Recorder(here / "rec")
source = ScriptSource(AWAY_AND_BACK * 10_000)
session = Session(FakeWorld(spec=QUICK), source, [recorder, frames_beside(recorder)])
session.start(SCENE, SEED)
say(0)
while (step := session.advance()) is not None:
    say(step.block.block_index)
"""

PARKING = """
import numpy as np
from mag_sandbox.model.world import WorldState
from mag_sandbox.sandbox.saves.parked_scene import ParkedScene
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from tests.recorded import SCENE

scenes = ParkedScenes(here, 64)
frame = np.zeros((192, 320, 3), np.uint8)
for number in range(1, 1_000_000):
    array = np.full(2**20, number % 256, np.uint8)
    state = WorldState({"keys": array}, {"number": number})
    scenes.park(ParkedScene(SCENE, 7, state, frame, number, 16.0, "fake", id="meadow"))
    say(number)
"""

EXPORTING = """
from mag_sandbox.sandbox.export import ExportOptions
from mag_sandbox.sandbox.export.exporter import export

say(0)
for number in range(1, 1_000_000):
    options = ExportOptions(format=kind, scale=1, out=here / "out", overwrite=True)
    export(here / "rec", options)
    say(number)
"""

SETTING = """
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.settings_file import save_settings

for number in range(1, 1_000_000):
    save_settings(SandboxConfig(volume=number % 101), here / "settings.yaml")
    say(number)
"""

HEAD = """
import os, sys
from pathlib import Path

here, kind = Path(sys.argv[1]), sys.argv[2]
def say(number):
    os.write(1, b"%d\\n" % number)
"""


@contextmanager
def working(program: str, here: Path, kind: str = "") -> Iterator[subprocess.Popen]:
    """Give a process that has begun to work, and read what it had done once it is killed."""
    command = [sys.executable, "-c", HEAD + program, str(here), kind]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=environment) as game:
        yield game


def killed(program: str, here: Path, seed: int, *, kind: str = "", longest: float = 0.4) -> int:
    """Let a program work, kill it after a moment drawn from a seed, return what it did last."""
    with working(program, here, kind) as game:
        first = game.stdout.readline()
        assert first, "it could not begin"
        with pytest.raises(subprocess.TimeoutExpired):  # it does not end by itself
            game.wait(random.Random(seed).uniform(0.0, longest))  # any moment
        game.send_signal(signal.SIGKILL)
        whole_lines = (first + game.stdout.read()).split(b"\n")[:-1]
    return int(whole_lines[-1])


@pytest.mark.parametrize("seed", [*FEW, *MANY])
def test_a_recording_is_readable_up_to_a_block(tmp_path, seed):
    killed(RECORDING, tmp_path, seed)
    if not (tmp_path / "rec" / "session.jsonl").read_bytes().count(b"\n"):
        return  # killed before the first line was written
    recording = load_recording(tmp_path / "rec")
    assert recording.end is None
    verifier = verify(recording, FakeWorld(spec=QUICK))
    assert verifier.matches, verifier.summary()
    with StoredFrames.open(tmp_path / "rec", recording.start.created) or _nothing() as stored:
        for block in stored.blocks if stored else ():
            stored.frame_block(block)
        assert stored is None or stored.damage is None


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


@pytest.mark.parametrize("seed", [*FEW, *MANY])
def test_a_parked_scene_is_the_old_or_the_new_one_whole(tmp_path, seed):
    done = killed(PARKING, tmp_path, seed)
    scenes = ParkedScenes(tmp_path, 64)
    parked = scenes.load("meadow")
    assert parked.frames_shown in (done, done + 1)
    assert set(parked.state.arrays["keys"].tolist()) == {parked.frames_shown % 256}
    assert parked.state.data == {"number": parked.frames_shown}
    scenes.park(parked)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "meadow"]


@pytest.mark.parametrize("seed", [*FEW, *MANY])
def test_settings_are_the_old_or_the_new_ones(tmp_path, seed):
    done = killed(SETTING, tmp_path, seed)
    assert load_settings(tmp_path / "settings.yaml").volume in (done % 101, (done + 1) % 101)


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp("killed") / "rec", AWAY_AND_BACK[:3])


@pytest.mark.parametrize("kind", ["mp4", "frames"])
@pytest.mark.parametrize("seed", [*FEW[:2], *MANY[:12]])
def test_an_export_under_its_name_is_whole(session, tmp_path, seed, kind):
    (tmp_path / "rec").symlink_to(session)
    done = killed(EXPORTING, tmp_path, seed, kind=kind, longest=0.8)
    out = tmp_path / "out"
    if kind == "mp4":
        assert out.exists() or done == 0
        assert not out.exists() or seconds_of(out) == pytest.approx(0.75, abs=0.05)
    elif out.exists():
        assert len(list(out.glob("*.png"))) == 12
    options = ExportOptions(format=kind, scale=1, out=out, overwrite=True)
    assert export(tmp_path / "rec", options).path == out


def seconds_of(video: Path) -> float:
    import av

    with av.open(str(video)) as container:
        frames = sum(1 for _ in container.decode(video=0))
        return frames / float(container.streams.video[0].average_rate)


def test_a_killed_recording_can_be_exported(tmp_path, monkeypatch):
    killed(RECORDING, tmp_path, seed=1)
    out = tmp_path / "out.mp4"
    export(tmp_path / "rec", ExportOptions(scale=1, end=0.25, out=out), frames_from=replayed)
    assert seconds_of(out) == pytest.approx(0.25, abs=0.05)
