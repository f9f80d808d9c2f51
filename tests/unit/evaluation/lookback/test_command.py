"""The commands, from outside: a class in a file, a folder of frames, results that are checked."""

import json
import shutil
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from mag_sandbox.command_line import options_of
from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.lookback import command, participants, running, tasks
from mag_sandbox.evaluation.lookback.camera_paths import read_path
from mag_sandbox.evaluation.lookback.command import (
    run_bench_memory,
    run_bench_memory_export,
    run_bench_memory_verify,
)
from mag_sandbox.evaluation.lookback.folders import ClipFiles, FramesFolder, write_clips
from mag_sandbox.evaluation.lookback.measures import measured
from mag_sandbox.evaluation.lookback.options import ClipExport, LookbackOptions, VerifyOptions
from mag_sandbox.evaluation.lookback.playing import Fit, path_poses, play
from mag_sandbox.evaluation.lookback.result import (
    clips_of,
    digest_of,
    read_result,
    summary_of,
    write_result,
)
from mag_sandbox.evaluation.lookback.tasks import (
    COMMITTED,
    PRESETS,
    ClipPlan,
    Round,
    SceneSplit,
    legs,
    plan,
)
from mag_sandbox.evaluation.magbench.evaluate import Matching
from mag_sandbox.evaluation.magbench.table import read_table
from mag_sandbox.evaluation.quality.scenes import HeldOutScene
from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.files.border import Refusal
from mag_sandbox.model.world import Control
from mag_sandbox.sandbox.commands.cli import parse
from tests import ROOT
from tests.doubles import SPEC as OF_DOUBLES
from tests.doubles import FakeWorld
from tests.hosted import Hosted
from tests.lookback_worlds import FPS, SPEC
from tests.unit.evaluation.lookback.conftest import INDEX

pytestmark = pytest.mark.slow

OWN = """
import numpy as np

class Mine:
    def reset(self, picture, caption, seed):
        self.ring = np.concatenate([picture, 255 - picture, picture[::-1], 255 - picture[::-1]], 1)
        return picture

    def step(self, pose):
        return np.roll(self.ring, -round(pose.yaw * 1280 / 360), axis=1)[:, :320]
"""


def _png() -> bytes:
    file = BytesIO()
    Image.new("RGB", (320, 192), (90, 120, 60)).save(file, "PNG")
    return file.getvalue()


FRAME = _png()


def shorten(patch: pytest.MonkeyPatch, scene: HeldOutScene) -> None:
    """Let the benchmark be one short clip of one scene."""
    patch.setitem(PRESETS, "quick", (Round("return", 1),))
    patch.setattr(tasks, "WAY", 75.0)
    patch.setattr(command, "plan", planned)
    patch.setattr("mag_sandbox.evaluation.lookback.verify.plan", planned)
    patch.setattr(running, "drawn_scene", lambda *told: scene)
    patch.setattr(command, "drawn_scene", lambda *told: scene)


@pytest.fixture
def small(monkeypatch, scene):
    """One short clip of one scene."""
    shorten(monkeypatch, scene)


def planned(preset, split, clips, tasks):
    number, lot = split.scene(INDEX), split.drawn("lot", INDEX)
    return [
        ClipPlan(asked, INDEX, number, "video game", split.private, lot)
        for asked in PRESETS[preset]
    ]


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> str:
    """Return the name of a class in a file."""
    file = tmp_path_factory.mktemp("own") / "own.py"
    file.write_text(OWN)
    return f"{file}:Mine"


@pytest.fixture(scope="module")
def reported(own, scene, tmp_path_factory) -> tuple[Path, list[str]]:
    """Return the file of that class's result, which tests read and no more, and what was said."""
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch, scene)
        folder = tmp_path_factory.mktemp("honest")
        said = measure(own, folder)[1]
    return folder / "result.json", said


@pytest.fixture
def honest(reported) -> Path:
    return reported[0]


def measure(world: str, out: Path, **more) -> tuple[dict, list[str]]:
    said: list[str] = []
    assert run_bench_memory(LookbackOptions(world=world, out=out, **more), said.append) == 0
    return read_result(out / "result.json"), said


def test_a_class_in_a_file_is_measured_and_its_result_holds(small, own, reported, tmp_path):
    path, said = reported
    result = read_result(path)
    (row,) = clips_of(result)
    assert result["participant"]["kind"] == "class"
    assert row.digest and row.tape == "static@1,yaw:right:75@30,static@8,yaw:left:75@30"
    assert "score" in said[0]
    told: list[str] = []
    assert run_bench_memory_verify(VerifyOptions(result=path, world=own), told.append) == 0
    assert "return-015: exact" in told[1]
    other = tmp_path / "own.py"
    other.write_text(OWN + "# other code\n")
    with pytest.raises(Refusal, match="other weights than here"):
        run_bench_memory_verify(VerifyOptions(result=path, world=f"{other}:Mine"), told.append)
    only_written = VerifyOptions(result=path, world=own, clips=0)
    assert run_bench_memory_verify(only_written, told.append) == 0


def test_a_result_that_was_edited_is_refused_or_found_out(small, own, honest, tmp_path):
    path = tmp_path / "result.json"
    result, edited = read_result(honest), read_result(honest)
    result["summary"]["tasks"]["return"]["clips"] = 99
    write_result(path, result)
    with pytest.raises(ValueError, match="digest"):
        read_result(path)
    write_result(path, result | {"digest": digest_of(result)})
    with pytest.raises(ValueError, match="summary"):
        read_result(path)
    edited["clips"][0]["scores"]["psnr_db"] += 1.0
    edited["summary"] = json.loads(json.dumps(summary_of(clips_of(edited))))
    write_result(path, edited | {"digest": digest_of(edited)})
    told: list[str] = []
    assert run_bench_memory_verify(VerifyOptions(result=path, world=own), told.append) == 1
    assert "differs" in told[1]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "has no clip return-unseen-015; write its frames"),
        (b"", "00000.png cannot be read"),
        (FRAME[: len(FRAME) // 2], "00000.png cannot be read"),
        (FRAME, "ends after 1 frames"),
    ],
    ids=["missing", "empty", "truncated", "too few"],
)
def test_frames_that_cannot_be_used_count_as_nothing_and_are_told(small, tmp_path, data, problem):
    """They are a mistake in the folder; a score of 0 and exit code 0 would hide it."""
    for clip in ("return-015", "return-unseen-015"):
        frames = tmp_path / "made" / clip / "frames"
        frames.mkdir(parents=True)
        if data is not None:
            (frames / "00000.png").write_bytes(data)
    with pytest.raises(
        Refusal, match=f"1 of 1 clips of .* count as 0, first return-015: .*{problem}"
    ):
        measure(str(tmp_path / "made"), tmp_path / "out")
    lost = read_result(tmp_path / "out" / "result.json")
    assert lost["summary"]["tasks"]["return"]["scores"]["score"]["mean"] == 0.0


def test_a_result_names_no_code_that_is_run(small, honest, tmp_path):
    result = read_result(honest)
    trap, sprung = tmp_path / "trap.py", tmp_path / "sprung"
    trap.write_text(f"open({str(sprung)!r}, 'w')")
    result["participant"] |= {"name": f"{trap}:Mine", "kind": "world"}
    path = tmp_path / "crafted.json"
    write_result(path, result | {"digest": digest_of(result)})
    with pytest.raises(Refusal, match="no world of ours"):
        run_bench_memory_verify(VerifyOptions(result=path), print)
    assert not sprung.exists()


def test_clips_go_out_and_their_frames_come_in_again(small, own, honest, tmp_path):
    """What the class would have shown, made elsewhere from the files alone, is the same."""
    measured = read_result(honest)
    clips = tmp_path / "clips"
    secret = tmp_path / "secret"
    secret.write_text(measured["settings"]["secret"])
    run_bench_memory_export(ClipExport(folder=clips, private=secret), lambda text: None)
    both = json.loads((clips / "clips.json").read_text())
    assert [told["key"] for told in both] == ["return-015", "return-unseen-015"]
    world = participants.ParticipantSource(own).open().world._guest
    made = tmp_path / "made"
    for told in both:
        with Image.open(clips / told["key"] / "first.png") as picture:
            frames = [world.frame("reset", participants.np.asarray(picture), told["caption"], 0)]
        poses = read_path(clips / told["key"] / "path.npz")
        assert poses == read_path(clips / told["key"] / "path.txt")
        frames += [world.frame("step", pose) for pose in poses[1:]]
        task = told["key"].removesuffix("-015")
        for layout in (f"{told['key']}/frames", f"{task}/{task}_015/frames"):
            shutil.rmtree(made / told["key"], ignore_errors=True)
            (made / layout).mkdir(parents=True)
            for number, frame in enumerate(frames):
                Image.fromarray(frame).save(made / layout / f"{number:05d}.png")
            again = FramesFolder(made).frames(told["key"])
            assert all(map(participants.np.array_equal, again, frames))
    found, _ = measure(str(made), tmp_path / "found", private=secret)
    lots = [clips_of(one)[0] for one in (found, measured)]
    assert lots[0].digest == lots[1].digest
    assert found["summary"] == measured["summary"]


@pytest.mark.parametrize("name", ["/dev/zero", "pyproject.toml", "none.json"])
def test_what_is_no_result_is_refused_in_a_sentence(name):
    with pytest.raises(Refusal, match="take a file as bench-memory wrote it"):
        run_bench_memory_verify(VerifyOptions(result=ROOT / name), print)


def test_a_class_that_ends_the_program_is_refused(tmp_path):
    (tmp_path / "ends.py").write_text("raise SystemExit(7)")
    with pytest.raises(Refusal, match="SystemExit"):
        participants.ParticipantSource(f"{tmp_path / 'ends.py'}:Mine").open()


def test_clips_go_out_as_memobench_has_them(small, monkeypatch, tmp_path):
    monkeypatch.setitem(PRESETS, "quick", (Round("given", 1),))
    monkeypatch.setattr(tasks, "WAY", 15.0)
    monkeypatch.setattr(command, "FPS", FPS)
    run_bench_memory_export(ClipExport(folder=tmp_path / "memo", layout="memobench"), print)
    clip = tmp_path / "memo" / "given" / "given_015"
    poses = read_path(clip / "1" / "poses.npy")
    shown = sorted((clip / "RGB1").iterdir())
    secret = (tmp_path / "memo.secret").read_bytes().strip()
    one = planned("quick", SceneSplit(secret), None, ())[0]
    expected, given = path_poses(one, SPEC)
    assert (len(shown), poses) == (given, expected)
    assert 1 < given < len(poses)
    unseen = tmp_path / "memo" / "given-unseen" / "given-unseen_015"
    assert 1 < len(list((unseen / "RGB1").iterdir())) < given


def test_clips_go_out_as_mag_bench_has_them_and_videos_come_in(scene, tmp_path):
    frames = participants.np.stack([scene.first_view] * 2)
    poses = (CameraPose(),) * 2
    clip = ClipFiles("given-015", "a game", None, poses, frames[:1], frames, 16.0)
    own = replace(clip, key="return-015", truth=None)
    assert write_clips(tmp_path, [clip, own], "magbench") == 1
    (row,), faults = read_table(tmp_path / "table.csv")
    assert (row.name, faults) == ("given-015.mp4", [])
    (first, _) = FramesFolder(tmp_path).frames("given-015")
    fit = Fit.of(first)
    assert psnr(fit.frames(first[None])[0], fit.truth(scene.first_view)) > 28.0


def test_private_scenes_follow_from_a_secret_that_only_a_hash_commits_to():
    ours, others = (SceneSplit(one * 16, private=True) for one in (b"a", b"b"))
    drawn = SceneSplit()  # a secret of its own for every run
    assert len({one.scene(0) for one in (ours, others, drawn, SceneSplit())} | {ours.scene(1)}) == 5
    assert ours.scene(0) == SceneSplit(b"a" * 16).scene(0)
    assert drawn.digest is None
    assert ours.digest != others.digest
    assert all(one.private for one in plan("quick", ours, 1, ["return"]))


def test_the_same_scenes_are_played_by_tasks_that_are_compared():
    clips = plan("full", SceneSplit(), 8, ["given", "hold", "tour"])
    scenes = {task: {one.scene for one in clips if one.round.task == task}
              for task in ("given", "hold", "tour")}  # fmt: skip
    assert scenes["given"] == scenes["hold"] == scenes["tour"]
    lasts = {
        one.round.task: sum(leg.blocks for leg in legs(one.moves(), replace(SPEC, fps=16.0)))
        for one in clips if one.index == 2
    }  # fmt: skip
    assert lasts["hold"] == lasts["tour"]


def test_the_class_of_the_manual_can_take_part(tmp_path, scene):
    page = (ROOT / "docs" / "benchmark.md").read_text(encoding="utf-8")
    (tmp_path / "manual.py").write_text(page.split("```python\n")[1].split("```")[0])
    player = participants.ParticipantSource(f"{tmp_path / 'manual.py'}:MyWorld").open()
    first = player.world.reset(scene.scene("image"), 0)
    assert (first.frames[0] == scene.first_view).all()
    assert player.world.step(Control()).frames.shape == (1, 192, 320, 3)
    assert player.able == {"shown"}


def test_the_manual_names_the_secret_that_the_leaderboard_commits_to():
    assert COMMITTED in (ROOT / "docs" / "benchmark.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("world", "problem"),
    [
        ("pockte", 'did you mean "pocket"'),
        ("nowhere.py:Mine", "cannot be made"),
        ("json:dumps", "cannot be made"),
        ("decimal:Decimal", "has no method reset"),
        ("remote", "--url"),
    ],
)
def test_a_world_that_cannot_take_part_is_refused_in_a_sentence(world, problem):
    with pytest.raises(Refusal, match=problem):
        participants.ParticipantSource(world).open()


def test_a_world_on_a_server_is_measured_as_any_other(scene):
    """Here it is one that shows another place; its clip is played all the same, and refused."""
    source = participants.ParticipantSource("remote")
    slow = replace(OF_DOUBLES, fps=FPS, block_length=1)
    with Hosted(lambda wish: FakeWorld(wish.memory, spec=slow)) as hosted:
        player = replace(source, server=hosted.address).open()
        with closing(player.world):
            (asked,) = (one for one in planned("full", SceneSplit(), None, ())
                        if one.round.task == "return")  # fmt: skip
            take = play(player, asked, scene)
            found = measured(asked, take, Matching(), lambda views: participants.np.zeros((1, 1)))
    assert (take.fps, take.count) == (FPS, len(path_poses(asked, player.world.spec)[0]))
    assert not found.gates["begins"]
    assert found.gates["obeys"]


def test_what_a_class_does_wrong_costs_its_clip_and_is_told(small, tmp_path):
    (tmp_path / "wrong.py").write_text(OWN.replace("[:, :320]", "[:, :320, 0]"))
    result, _ = measure(f"{tmp_path / 'wrong.py'}:Mine", tmp_path / "out")
    (row,) = clips_of(result)
    assert "Mine.step gave uint8 (192, 320), expected uint8 [H, W, 3]" in row.refused


def test_the_command_line_knows_the_commands():
    told = parse(["bench-memory", "--world", "a.py:B", "--preset", "full", "--clips", "2"])
    options = options_of(LookbackOptions, told)
    assert (options.world, options.preset, options.clips) == ("a.py:B", "full", 2)
    assert options_of(ClipExport, parse(["bench-memory-export", "x", "--as", "magbench"])).layout
