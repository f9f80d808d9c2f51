"""Participants in processes of their own: what they are told, what they can keep, how they end."""

import os
import sys
from contextlib import closing
from functools import partial

import pytest

from mag_sandbox.evaluation.lookback import running
from mag_sandbox.evaluation.lookback.confinement import beside
from mag_sandbox.evaluation.lookback.participants import ParticipantSource, Player
from mag_sandbox.evaluation.lookback.process import ProcessWorld, open_player
from mag_sandbox.evaluation.lookback.running import Bench
from mag_sandbox.evaluation.lookback.tasks import ClipPlan, Round, SceneSplit
from mag_sandbox.evaluation.magbench.evaluate import Matching
from mag_sandbox.files.border import Refusal
from mag_sandbox.model.world import Control, WorldFailed
from tests.lookback_worlds import Keeper
from tests.unit.evaluation.lookback.conftest import INDEX, SECRET

KEEPS = """
import os, pathlib, tempfile
import numpy as np

KEPT, LEFT = [], "left-by-a-participant.bin"
FOLDERS = (".", pathlib.Path.home(), tempfile.gettempdir(), "/tmp")
PLACES = [pathlib.Path(one, LEFT) for one in FOLDERS]

class Keeps:
    def __init__(self):
        self.ring = np.random.default_rng(0).integers(0, 256, (192, 1280, 3), np.uint8)

    def reset(self, picture, caption, seed):
        self.ring[:] = np.tile(picture[:, ::-1], (1, 4, 1))
        self.show(picture, None)
        return picture

    def show(self, picture, pose):
        at = 0 if pose is None else round(pose.yaw * 1280 / 360)
        self.ring[:, np.arange(at, at + 320) % 1280] = picture

    def step(self, pose):
        return np.roll(self.ring, -round(pose.yaw * 1280 / 360), axis=1)[:, :320]

    def snapshot(self):
        return self.ring.tobytes()

    def restore(self, state):
        self.ring = np.frombuffer(state, np.uint8).reshape(192, 1280, 3).copy()

class Hides(Keeps):
    def snapshot(self):
        KEPT.append(self.ring)
        os.environ["LEFT"] = "here"
        for place in PLACES:
            try:
                place.write_bytes(self.ring.tobytes())
            except OSError:
                pass
        return b"empty"

    def restore(self, state):
        found = [place.read_bytes() for place in PLACES if place.exists()]
        found += [ring.tobytes() for ring in KEPT]
        if found:
            super().restore(found[0])
        else:
            self.ring = np.random.default_rng(0).integers(0, 256, (192, 1280, 3), np.uint8)

class Spies(Keeps):
    @property
    def weights(self):
        said = [str(dict(os.environ)), " ".join(os.listdir("."))]
        for place in (f"/proc/{os.getppid()}/mem", SECRET_FILE):
            try:
                said.append(str(open(place, "rb").read(64)))
            except OSError as error:
                said.append(type(error).__name__)
        import gc
        said += [str(one) for one in gc.get_objects() if type(one).__name__ == "SceneSplit"]
        return "|".join(said)

class Slow(Keeps):
    fps = 2

class Ends(Keeps):
    def step(self, pose):
        os._exit(3)

class Garbles(Keeps):
    def step(self, pose):
        for place in range(3, 12):
            try:
                os.write(place, b"\\xff" * 64)
            except OSError:
                pass

class Fails(Keeps):
    def step(self, pose):
        print("words that are no message")
        raise KeyError("nothing here")
"""


@pytest.fixture
def own(tmp_path):
    place = tmp_path / "worlds"
    place.mkdir()
    secret = tmp_path / "run" / "secret"
    secret.parent.mkdir()
    secret.write_text("the secret of a run")
    (place / "own.py").write_text(KEEPS.replace("SECRET_FILE", repr(str(secret))))
    return lambda name: ParticipantSource(f"{place / 'own.py'}:{name}")


def moved(source, scene, tmp_path, monkeypatch) -> float:
    """Return the score of a clip whose way back is played from a snapshot."""
    monkeypatch.setattr(running, "drawn_scene", lambda *told: scene)
    split = SceneSplit(SECRET)
    number, lot = split.scene(INDEX), split.drawn("lot", INDEX)
    plan = ClipPlan(Round("moved", 1), INDEX, number, "video game", private=False, lot=lot)
    with closing(Bench(partial(open_player, source), split, Matching(), tmp_path)) as bench:
        row = bench.row(plan)
    return 0.0 if row.refused else row.scores["score"]


def test_a_snapshot_is_all_that_gets_from_one_process_to_the_next(
    own, scene, tmp_path, monkeypatch
):
    assert moved(own("Keeps"), scene, tmp_path, monkeypatch) > 40.0
    assert moved(own("Hides"), scene, tmp_path, monkeypatch) <= 2.0


def test_a_process_meets_a_scene_once(scene, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "drawn_scene", lambda *told: scene)
    opened: list[Keeper] = []

    def open_keeper() -> Player:
        opened.append(Keeper(scene))
        return Player(opened[-1], frozenset({"shown", "carried"}))

    def played(task: str, index: int) -> int:
        plan = ClipPlan(Round(task, 1), index, 0, "video game", private=False, lot=1)
        bench.row(plan)
        return len(opened)

    with closing(Bench(open_keeper, SceneSplit(SECRET), Matching(), tmp_path)) as bench:
        assert [played("return", 3), played("return", 7), played("edited", 3)] == [1, 1, 2]
        assert [played("moved", 7), played("edited", 7)] == [3, 4]


@pytest.mark.skipif(sys.platform != "linux", reason="needs Landlock")
def test_a_participant_holds_no_secret_and_cannot_look_for_it(own, tmp_path, monkeypatch):
    for name in ("A_SECRET_OF_THE_CALLER", "HF_TOKEN"):
        monkeypatch.setenv(name, "the secret of a run")
    with closing(ProcessWorld(own("Spies"), [tmp_path / "run"])) as world:
        said = world.provenance()["weights"]
    assert "the secret of a run" not in said
    assert said.count("PermissionError") == 2
    assert "SceneSplit" not in said


def test_everything_but_hidden_folders_can_be_read(tmp_path):
    for name in ("a/secret", "a/other", "b"):
        (tmp_path / name).mkdir(parents=True)
    found = set(beside([tmp_path / "a" / "secret"], tmp_path))
    assert found == {tmp_path / "a" / "other", tmp_path / "b"}


def test_a_frame_rate_below_that_of_clips_is_refused(own):
    with pytest.raises(Refusal, match="2 frames a second; make 16"):
        ProcessWorld(own("Slow"))


def test_a_process_that_ends_or_fails_costs_its_clip_in_a_sentence(own, scene):
    problems = {"Ends": "ended .exit code 3", "Fails": "KeyError", "Garbles": "sent no message"}
    for name, problem in problems.items():
        with closing(ProcessWorld(own(name))) as world:
            world.reset(scene.scene("image"), 0)
            with pytest.raises((Refusal, WorldFailed), match=problem):
                world.step(Control())


def test_nothing_of_a_process_is_left(own, scene):
    world = ProcessWorld(own("Keeps"))
    folder, process = world._own.name, world._process.pid
    world.reset(scene.scene("image"), 0)
    world.close()
    assert not os.path.exists(folder)  # noqa: PTH110
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
