"""The game is killed at any moment of recording, parking and exporting: what it leaves is readable.

A real process does real work in a loop with a world without a network, and is killed after a time
drawn from a seed. What it had said it finished must be there; what it was in the middle of is the
old or the new one, whole.
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from mag_sandbox.sandbox.export.command import replayed
from mag_sandbox.sandbox.export.exporter import export
from mag_sandbox.sandbox.export.options import ExportOptions
from mag_sandbox.sandbox.play.parked_scene import StateError
from mag_sandbox.sandbox.recording.frames_file import StoredFrames
from mag_sandbox.sandbox.recording.reader import RecordingError, load_recording
from mag_sandbox.sandbox.recording.replay import verify
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.sandbox.settings import load_settings
from tests.doubles import FakeWorld
from tests.faults import work
from tests.patience import eventually
from tests.recorded import AWAY_AND_BACK, QUICK, record
from tests.unit.sandbox.saves.test_state_files import left_after

SEEDS = range(12)


def killed(
    forks,
    job: work.Job,
    here: Path,
    seed: int,
    *,
    longest: float = 0.1,
    done: int = 0,
    alive: Callable[[], object] = lambda: None,
) -> int:
    """Let a process work, kill it after a moment drawn from a seed, return what it did last.

    Args:
        forks: of which the process is one.
        job: that it does.
        here: the folder for it; is made.
        seed: of the moment.
        longest: seconds that it works.
        done: what it has done before these seconds begin.
        alive: called just before it is killed.
    """
    here.mkdir(exist_ok=True)
    reader, writer = forks.Pipe(duplex=False)
    game = forks.Process(target=work.work, args=(job, here, writer))
    game.start()
    writer.close()
    with reader, os.fdopen(os.dup(reader.fileno()), "rb") as said:
        last = b""
        while not last or int(last) < done:
            last = said.readline()
            assert last, "it could not begin"
        game.join(random.Random(seed).uniform(0.0, longest))  # any moment
        assert game.is_alive(), "it ended by itself"
        alive()
        game.kill()
        game.join()
        return int((last + said.read()).split(b"\n")[:-1][-1])


def test_a_recording_is_readable_up_to_a_block(forks, tmp_path):
    for seed in SEEDS:
        here = tmp_path / str(seed)
        killed(forks, work.recording, here, seed)
        if not (here / "rec" / "session.jsonl").read_bytes().count(b"\n"):
            continue  # killed before the first line was written
        recording = load_recording(here / "rec")
        assert recording.end is None, seed
        verifier = verify(recording, FakeWorld(spec=QUICK))
        assert verifier.matches, (seed, verifier.summary())
        with StoredFrames.open(here / "rec", recording.start.created) or _nothing() as stored:
            for block in stored.blocks if stored else ():
                stored.frame_block(block)
            assert stored is None or stored.damage is None, seed


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


def test_a_parked_scene_is_the_old_or_the_new_one_whole(forks, tmp_path):
    for seed in SEEDS:
        here = tmp_path / str(seed)
        done = killed(forks, work.parking, here, seed)
        scenes = ParkedScenes(here, 64)
        parked = scenes.load("meadow")
        assert parked.frames_shown in (done, done + 1), seed
        assert set(parked.state.arrays["keys"].tolist()) == {parked.frames_shown % 256}, seed
        assert parked.state.data == {"number": parked.frames_shown}, seed
        scenes.park(parked)
        assert sorted(path.name for path in here.iterdir()) == [".lock", "meadow"], seed


def test_settings_are_the_old_or_the_new_ones(forks, tmp_path):
    for seed in SEEDS:
        done = killed(forks, work.setting, tmp_path / str(seed), seed)
        volume = load_settings(tmp_path / str(seed) / "settings.yaml").volume
        assert volume in (done % 101, (done + 1) % 101), seed


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp("killed") / "rec", AWAY_AND_BACK[:3])


@pytest.mark.parametrize("kind", ["mp4", "frames"])
def test_an_export_under_its_name_is_whole(forks, session, tmp_path, kind):
    job = {"mp4": work.exporting_video, "frames": work.exporting_frames}[kind]
    for seed in range(7):
        here = tmp_path / str(seed)
        here.mkdir()
        (here / "rec").symlink_to(session)
        done = killed(forks, job, here, seed, longest=0.4)
        out = here / "out"
        if kind == "mp4":
            assert out.exists() or done == 0, seed
            assert not out.exists() or seconds_of(out) == pytest.approx(0.75, abs=0.05), seed
        elif out.exists():
            assert len(list(out.glob("*.png"))) == 12, seed
        options = ExportOptions(format=kind, scale=1, out=out, overwrite=True)
        assert export(here / "rec", options).path == out


def seconds_of(video: Path) -> float:
    import av

    with av.open(str(video)) as container:
        frames = sum(1 for _ in container.decode(video=0))
        return frames / float(container.streams.video[0].average_rate)


def kept_frames(recording: Path) -> int:
    try:
        stored = StoredFrames.open(recording)
    except RecordingError:
        return 0
    if stored is None:
        return 0
    with stored:
        return stored.frame_count


def test_a_killed_recording_can_be_exported(forks, tmp_path):
    # Frames are kept beside play: on a busy machine long after the blocks were made.
    keeps = partial(eventually, lambda: kept_frames(tmp_path / "rec") >= QUICK.fps)
    killed(forks, work.recording, tmp_path, seed=1, alive=keeps)
    out = tmp_path / "out.mp4"
    export(tmp_path / "rec", ExportOptions(scale=1, end=0.25, out=out), frames_from=replayed)
    assert seconds_of(out) == pytest.approx(0.25, abs=0.05)
    created = load_recording(tmp_path / "rec").start.created
    with StoredFrames.open(tmp_path / "rec", created) as stored:
        kept = stored.frame_count
        assert stored.frame_block(stored.blocks[-1]).frames.any()
    options = ExportOptions(scale=1, out=out, overwrite=True)
    export(tmp_path / "rec", options)  # of the kept frames: nothing could play it again
    assert seconds_of(out) == pytest.approx(kept / QUICK.fps, abs=0.05)


def test_a_killed_export_leaves_no_half_a_file_and_the_next_one_works(forks, session, tmp_path):
    (tmp_path / "rec").symlink_to(session)
    killed(forks, work.exporting_half, tmp_path, seed=1)
    out = tmp_path / "out.mp4"
    assert not out.exists()
    (left,) = [path for path in tmp_path.iterdir() if path.name.startswith(".part-")]
    os.utime(left, (0, 0))  # long ago
    export(tmp_path / "rec", ExportOptions(out=out, scale=1, end=0.25))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "rec"]


def test_a_killed_game_lets_go_of_its_scene(forks, tmp_path):
    scenes = ParkedScenes(tmp_path, 64)
    scenes.park(left_after(1, id="meadow"))

    def refused() -> None:
        with pytest.raises(StateError, match="open in another window"):
            scenes.take("meadow")

    killed(forks, work.visiting, tmp_path, seed=1, alive=refused)
    assert scenes.take("meadow").id == "meadow"


def test_two_games_that_continue_one_place_keep_it_when_one_is_killed(forks, tmp_path):
    scenes = ParkedScenes(tmp_path, 64)
    scenes.park(left_after(1, id="meadow"))

    def continue_too() -> None:
        for number in range(1, 4):
            eventually(lambda number=number: work.continue_once(scenes, number))

    for seed in range(2):
        killed(forks, work.continuing, tmp_path, seed, alive=continue_too)
        assert work.continue_once(scenes, 1000 + seed)
        assert scenes.load("meadow").frames_shown == 1000 + seed
        assert [entry.id for entry in scenes.entries()] == ["meadow"]
