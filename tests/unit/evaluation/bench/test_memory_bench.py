"""The memory bench, on worlds whose verdict is known beforehand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose, move, view_overlap
from mag_sandbox.evaluation.__main__ import main
from mag_sandbox.evaluation.bench import memory_clips, memory_command
from mag_sandbox.evaluation.bench.clips import held_out_scene, pan_and_back, record
from mag_sandbox.evaluation.bench.memory_bench import MemoryBench, MemoryBenchSettings, shown
from mag_sandbox.evaluation.bench.memory_clips import (
    STILL,
    equal_pose_pairs,
    measure_invented,
    measure_return,
    play_return,
    true_blocks,
)
from mag_sandbox.evaluation.bench.memory_command import write_official
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.magbench.evaluate import OFFICIAL, Matching, find_clips
from mag_sandbox.evaluation.results.store import ClipStore
from mag_sandbox.evaluation.results.videos import enlarged, read_video
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    MemorySetting,
    WorldFailed,
    WorldState,
)
from mag_sandbox.workers.work import Here
from tests.rendered_worlds import SHORT, SPEC, ForgetfulWorld, FrozenWorld, PerfectWorld
from tests.tiny import LEFT, PLACE, RIGHT, tiny_world
from tests.tiny import STILL as REST
from tests.workplaces import SideBySide


class Shown:
    """Makes a rendered world one that can be shown a history; it remembers what was fed last."""

    fed: list[Frames]

    def reset(self, scene, seed) -> FrameBlock:
        self.fed = []
        return super().reset(scene, seed)

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        self.fed.append(frames)
        return self.step(control)

    def snapshot(self) -> WorldState:
        return WorldState({}, {"pose": self._pose, "made": self._made})

    def restore(self, state: WorldState) -> None:
        self._pose, self._made = state.data["pose"], state.data["made"]


class ShownPerfect(Shown, PerfectWorld):
    pass


class ShownFrozen(Shown, FrozenWorld):
    pass


class ShownForgetful(Shown, ForgetfulWorld):
    pass


@pytest.fixture(scope="module", autouse=True)
def short_clips():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory_clips, "DEGREES", SHORT)
        yield


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return held_out_scene(1, 0, tmp_path_factory.mktemp("views"))


@pytest.fixture(scope="module")
def measured(scene):
    found = {}
    for kind in (ShownPerfect, ShownFrozen, ShownForgetful):
        world = kind()
        made = play_return(world, scene, "history")
        found[kind], _, _ = measure_return(made, world, Matching())
    return found


def test_a_perfect_world_is_perfect_in_every_column(measured):
    record = measured[ShownPerfect]
    scores = record["scores"]
    assert record["refused"] is None
    assert scores["pose_psnr_db"] == 60.0  # as `metrics.psnr` calls equal frames
    assert scores["psnr_db"] == 100.0  # as the official metric does
    assert scores["recall_percent"] == 100.0
    assert scores["drift_db"] == 0.0
    assert scores["motion_ratio"] == pytest.approx(1.0)
    assert scores["lpips"] is None
    assert {recall for _, recall in record["recall_points"]} == {100.0}
    assert json.loads(json.dumps(record))["scores"] == scores


def test_a_frozen_world_is_refused(measured):
    assert measured[ShownFrozen]["refused"] == STILL
    assert measured[ShownFrozen]["scores"]["motion_ratio"] < 0.5


def test_a_forgetful_world_scores_less_everywhere(measured):
    good, bad = (measured[kind]["scores"] for kind in (ShownPerfect, ShownForgetful))
    for name in ("psnr_db", "ssim", "pose_psnr_db", "pose_ssim", "recall_percent"):
        assert bad[name] < good[name], name
    assert bad["recall_percent"] < 20


def test_time_away_is_that_of_the_very_view(measured):
    times = [away for away, _ in measured[ShownPerfect]["recall_points"]]
    assert times == sorted(times)
    assert times[0] == pytest.approx(6.67, abs=0.5)
    assert times[-1] == pytest.approx(10.0, abs=0.5)


def test_three_quarters_are_given_and_the_way_back_ends_where_it_began(scene, monkeypatch):
    monkeypatch.setattr(memory_clips, "DEGREES", 120.0)  # a whole number of blocks
    blocks = list(true_blocks(scene, SPEC))
    moved = blocks[1:]
    assert sum(block.given for block in moved) == 0.75 * len(moved)
    assert blocks[-1].poses[-1] == blocks[0].poses[-1]
    assert np.array_equal(blocks[-1].frames[-1], blocks[0].frames[-1])


def test_the_truth_is_fed_only_in_the_mode_that_says_so(scene):
    blocks = list(true_blocks(scene, SPEC))
    given = sum(block.given for block in blocks) - 1  # the first one is the scene's picture
    for mode, fed in (("history", given), ("truth", len(blocks) - 1)):
        world = ShownForgetful()
        play_return(world, scene, mode)
        assert len(world.fed) == fed
    assert np.array_equal(world.fed[-1], blocks[-1].frames)


# ------------------------------------------------------------------- being shown, in a real world


def test_a_world_remembers_what_it_is_shown_as_if_it_had_made_it():
    """Once shown its own frames, memory holds as many frames of the same views."""
    made, told = tiny_world(look_ahead=False), tiny_world(look_ahead=False)
    made.reset(PLACE, 1)
    told.reset(PLACE, 1)
    for control in (RIGHT, RIGHT, LEFT):
        own = made.step(control)
        block = told.show(control, own.frames)
        assert block.poses == own.poses
        assert [e.pose for e in block.memory.entries] == [e.pose for e in own.memory.entries]


def test_what_is_shown_changes_what_comes():
    futures = []
    for level in (20, 230):
        world = tiny_world(look_ahead=False)
        world.reset(PLACE, 1)
        world.show(RIGHT, np.full((3, 64, 64, 3), level, np.uint8))
        futures.append(world.step(RIGHT).frames)  # beyond what is kept for good
    assert not np.array_equal(*futures)


def test_frames_of_another_size_are_refused():
    world = tiny_world()
    world.reset(PLACE, 1)
    with pytest.raises(ValueError, match="expected \\(3, 64, 64, 3\\)"):
        world.show(REST, np.zeros((3, 32, 64, 3), np.uint8))


def test_a_world_that_cannot_be_shown_anything_is_refused():
    world = PerfectWorld()
    with pytest.raises(WorldFailed, match="measure it with `magbench`"):
        shown(world)
    assert world.closed


# ------------------------------------------------------------------------------------ whole runs


def bench(
    folder: Path, opened: list | None = None, clock=lambda: 0.0, workplace=None, **settings
) -> ClipStore:
    def open_world(setting: MemorySetting):
        if opened is not None:
            opened.append(setting)
        return ShownForgetful(setting) if setting.policy == "window" else ShownPerfect(setting)

    store = ClipStore(folder, {"bench": "pocket"})
    judge = Classifier.load()
    told = MemoryBenchSettings(**settings)
    MemoryBench(told, open_world, store, Matching(), judge, clock, workplace or Here()).run()
    return store


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder, opened = tmp_path_factory.mktemp("bench"), []
    policies = ("mag-retrieve", "window-equal")
    store = bench(
        folder, opened, workplace=SideBySide(), memory=policies, modes=("history",), clips=1
    )
    return store, opened, policies


def test_every_policy_plays_every_clip_and_the_equal_window_fills_the_same_bytes(done):
    store, opened, _ = done
    assert sorted(store.records()) == ["000-mag-retrieve-history", "000-window-equal-history"]
    assert [setting.policy for setting in opened] == ["mag-retrieve", "window"]
    assert opened[1].window_blocks == 4  # 10 frames fill 4 blocks of 3


def test_a_second_run_opens_no_world(done):
    store, _, policies = done
    opened = []
    bench(store.folder, opened, memory=policies, modes=("history",), clips=1)
    assert opened == []


def test_no_clip_is_begun_when_time_is_up(tmp_path):
    seconds = iter([0.0, *[61.0] * 9])
    store = bench(tmp_path, clock=lambda: next(seconds), clips=1, minutes=1.0)
    assert store.records() == {}


def test_the_report_shows_ours_beside_the_papers(done, tmp_path, capsys):
    store, _, _ = done
    page = tmp_path / "page.html"
    assert main(["report", str(store.folder), "--html", str(page)]) == 0
    text = page.read_text()
    assert "mag-retrieve" in text
    assert "cited, arXiv 2512.18741" in text
    assert "LPIPS is not measured" in text
    assert text.count("data:image/jpeg;base64") == 2
    assert "http" not in text.replace("http-equiv", "")
    assert "<script" not in text
    data = json.loads(page.with_suffix(".json").read_text())
    assert data["rows"][1]["against"]["psnr_db"]["verdict"] == "noise"  # of one clip only


def test_categories_come_in_turn():
    assert memory_command.CLIPS == 176
    assert memory_command.CLIPS % 4 == 0


def test_the_clips_are_written_as_the_official_evaluation_reads_them(tmp_path, monkeypatch):
    monkeypatch.setattr(memory_clips, "DEGREES", 45.0)  # shorter still
    written = write_official(tmp_path, 1, 0, SPEC)
    ready, faults = find_clips(tmp_path / "table.csv", tmp_path / "videos", OFFICIAL)
    assert faults == []
    assert [one.clip for one in ready] == written
    frames = read_video(ready[0].path, OFFICIAL).frames
    assert len(frames) == round(written[0].duration * OFFICIAL.fps)
    assert np.abs(frames[0].astype(int) - frames[-1]).mean() < 3  # the camera came back


def test_enlarged_pictures_keep_their_shapes():
    frame = np.zeros((1, 192, 320, 3), np.uint8)
    frame[0, 76:116, 140:180] = 255  # a square in the middle
    large = enlarged(frame, OFFICIAL)
    assert large.shape == (1, 480, 832, 3)
    seen = large[0, ..., 0] > 127
    assert abs(int(seen.any(0).sum()) - int(seen.any(1).sum())) <= 1
    assert (seen[:, ::-1] == seen).mean() > 0.999


# --------------------------------------------------------------------------------- what is invented


@pytest.fixture(scope="module")
def invented(scene):
    kinds = (ShownPerfect, ShownFrozen, ShownForgetful)
    return {kind: measure_invented(kind(), scene, "image", Matching())[0] for kind in kinds}


def test_a_frozen_world_invents_nothing_that_counts(invented):
    assert invented[ShownFrozen]["refused"] == STILL


def test_a_forgetful_world_loses_on_the_way_back(invented):
    good, bad = (invented[kind]["scores"] for kind in (ShownPerfect, ShownForgetful))
    assert bad["recall_percent"] < 20 < good["recall_percent"] == 100.0


def test_every_mode_and_the_prompts_go_into_one_folder_and_one_page(tmp_path):
    store = bench(tmp_path, memory=("mag",), modes=("history", "image", "prompt"), clips=1,
                  prompts=2)  # fmt: skip
    assert sorted(store.records()) == [
        "000-mag-history", "000-mag-image", "000-mag-prompt", "prompt-0000", "prompt-0001",
    ]  # fmt: skip
    page, text = tmp_path / "page.html", tmp_path / "results.md"
    told = ["report", str(tmp_path), "--html", str(page), "--markdown", str(text)]
    assert main(told) == 0
    for made in (page.read_text(), text.read_text()):
        assert "Return: invented, the first view given" in made
        assert "category" in made
    assert main(told) == 0  # the figures are replaced, not added
    assert text.read_text().count("## Return: history context") == 1


# ---------------------------------------------------------------------------------- time away


def test_who_stays_away_sees_nothing_of_the_way_out_and_comes_back_exactly():
    pose, seen = CameraPose(), {"out": [CameraPose()], "away": [], "hold": [], "back": []}
    spec = replace(SPEC, fps=16.0)  # as the pocket world's
    for leg in pan_and_back(spec, away_seconds=30.0):
        for _ in range(leg.blocks):
            poses = move(pose, leg.command, spec.full_speed, spec.fps, spec.block_length)
            pose = poses[-1]
            seen[leg.phase] += poses
    assert seen["back"][-1] == CameraPose()
    assert seen["hold"][0] == seen["out"][-1]
    elsewhere = [
        one for one in seen["away"] if max(view_overlap(one, at) for at in seen["out"]) < 0.02
    ]
    assert len(elsewhere) / spec.fps >= 30.0
    with pytest.raises(ValueError, match="a way of 180 degrees"):
        pan_and_back(SPEC, degrees=180.0, away_seconds=1.0)


def test_time_away_counts_and_its_frames_are_not_kept(scene):
    at_once, later = (
        record(ShownPerfect(), scene.scene("image"), pan_and_back(SPEC, away_seconds=away))
        for away in (0.0, 30.0)
    )
    assert np.array_equal(at_once.frames, later.frames)
    out, back = equal_pose_pairs(later)[0]
    between = later.seconds_between(out, back) - at_once.seconds_between(out, back)
    assert between == later.away_frames / SPEC.fps >= 30.0


def test_rows_of_a_time_away_stand_beside_the_others(tmp_path):
    folders = [tmp_path / "at once", tmp_path / "later"]
    for folder, away in zip(folders, (0.0, 20.0), strict=True):
        bench(folder, memory=("mag",), modes=("image",), clips=1, away_seconds=away)
    page = tmp_path / "page.html"
    assert main(["report", *map(str, folders), "--html", str(page)]) == 0
    rows = json.loads(page.with_suffix(".json").read_text())["rows"]
    assert [row["label"] for row in rows] == ["pocket, mag", "pocket, mag, 20 s away"]
    assert rows[1]["curve"][0]["at_s"] > 20 > rows[0]["curve"][0]["at_s"]
    assert "mag, image, 20 s away" in page.read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ["pocket", "--out", "x", "--away", "60"],
        ["pocket", "--out", "x", "--away", "-1", "--mode", "image"],
        ["pocket", "--out", "x", "--away", "nan", "--mode", "image"],
        ["pocket", "--out", "x", "--clips", "0"],
        ["pocket", "--out", "x", "--clips", "177"],
        ["pocket", "--out", "x", "--prompts", "-1"],
        ["pocket", "--out", "x", "--world", "pokcet"],
        ["pocket", "--out", "x", "--world", "mag", "--weights", "here"],
        ["pocket", "--out", "x", "--minutes", "0"],
        ["pocket", "--out", "x", "--memory", "elephant"],
        ["pocket", "--out", "x", "--memory", "mag", "mag"],
        ["pocket", "--out", "x", "--mode", "truth", "truth"],
        ["report", "nowhere"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_turning_commands_are_whole_numbers_of_blocks(scene):
    commands = {block.command for block in true_blocks(scene, SPEC)}
    assert commands == {CameraCommand(), CameraCommand(yaw=0.5), CameraCommand(yaw=-0.5)}
