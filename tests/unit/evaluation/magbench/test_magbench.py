"""MAG-Bench: the loop is the official one, and what cannot be measured is named and counted."""

import csv
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mag_sandbox.evaluation.__main__ import main
from mag_sandbox.evaluation.magbench import evaluate as magbench
from mag_sandbox.evaluation.magbench.best_match import EQUAL_PSNR
from mag_sandbox.evaluation.magbench.continuation import (
    as_frames,
    as_pictures,
    continue_clip,
    continue_latents,
    split_clip,
)
from mag_sandbox.evaluation.magbench.evaluate import (
    MagBenchJob,
    MagBenchTask,
    Matching,
    Row,
    find_clips,
    measure_clips,
    score_lines,
    scores_of,
)
from mag_sandbox.evaluation.magbench.full_rollout import RolloutContinuer
from mag_sandbox.evaluation.magbench.table import (
    COLUMNS,
    BenchClip,
    read_table,
    videos_folder,
    write_table,
)
from mag_sandbox.evaluation.results.store import ClipStore
from mag_sandbox.evaluation.results.videos import VideoFault, VideoFormat, read_video, write_video
from mag_sandbox.model.full.world import Engine
from mag_sandbox.model.rope import GridCoordinates
from mag_sandbox.workers.work import Here
from tests.continuers import SIZE, MirrorWorld, OffsetWorld, StillWorld, mirrored_clip
from tests.golden_vectors import assert_matches, manifest, vectors
from tests.unit.model.full.test_rollouts import CASES, INPUTS, recipe_of
from tests.unit.model.test_golden_dit import golden_dit

LATENTS = 27  # of a clip of these tests: 105 frames
FRAMES = 4 * LATENTS - 3


class GoldenContinuer(RolloutContinuer):
    """The set's tiny networks, with its recorded noise."""

    def _noises(self, block_index: int) -> torch.Tensor:
        first = 3 * block_index
        start = INPUTS["noise"][:, first : first + 3]
        return torch.cat((start[None], vectors("rollout")["renoise"][block_index]))


def golden_engine(name: str) -> Engine:
    from mag_sandbox.model.full.frame_tiers import FrameTiers, WaitingRoom
    from mag_sandbox.model.full.rollout import full_cache

    sizes, recipe, batch = manifest()["config"], recipe_of(name), INPUTS["noise"].shape[0]
    dit = golden_dit("dit_generator")
    memory_dit = golden_dit("dit_memory")
    if recipe.remembers == "generator":
        memory_dit, recipe = dit, replace(recipe, remembers_under="prompt")
    cache = full_cache(dit.config, recipe, sizes["L"], torch.float32, batch=batch)
    grid = GridCoordinates(sizes["H"] // 2, sizes["W"] // 2, dit.config.head_dim)
    tiers = FrameTiers(cache, WaitingRoom(0, 0))
    return Engine(dit, memory_dit, tiers, grid, recipe, INPUTS["noise"].shape[2:])


BENCH_CASES = [name for name in CASES if name.startswith("mag_bench")]


@pytest.mark.parametrize("name", BENCH_CASES)
def test_the_loop_is_the_official_one_to_a_ten_thousandth(name):
    texts = {"a clip": INPUTS["context"], "": INPUTS["context_empty"][:1]}
    texts[""] = texts[""].expand(INPUTS["noise"].shape[0], -1, -1)
    world = GoldenContinuer("golden", SIZE, golden_engine(name), texts.__getitem__, stream=None)
    case = CASES[name]
    given = case["initial_frames"]
    with torch.inference_mode():
        world.begin("a clip", seed=0)
        clip = INPUTS["clean"][:, : given + case["generated_frames"]]
        mode = "truth" if case.get("gt_memory") else "history"
        latents = continue_latents(world, clip, given, mode)
    assert_matches(latents, vectors("rollout")[f"{name}/latents"])


def test_the_golden_set_has_both_modes_and_the_generator_alone():
    assert {name.removeprefix("mag_bench_") for name in BENCH_CASES} >= {
        "history",
        "gt",
        "only_generator",
    }


def pair(world, mode="history", frames=None):
    clip = mirrored_clip(LATENTS) if frames is None else frames
    return continue_clip(world, clip, split_clip(len(clip) / 16, len(clip)), mode, "a pan", 3)


def test_a_world_that_remembers_the_way_out_is_perfect_and_a_short_memory_is_not():
    turn = LATENTS // 2
    scores, _ = scores_of(pair(MirrorWorld(turn)), Matching())
    short, _ = scores_of(pair(MirrorWorld(turn, kept=6)), Matching())
    assert scores["psnr_db"] == EQUAL_PSNR
    assert scores["ssim"] == pytest.approx(1.0)
    assert scores["motion_ratio"] == pytest.approx(1.0)
    assert short["psnr_db"] < 20


def test_a_picture_that_stands_still_is_seen_to_do_so():
    scores, _ = scores_of(pair(StillWorld(0)), Matching())
    assert scores["motion_ratio"] < 0.2  # it only jumps once, from the history's last frame


def test_what_is_remembered_is_the_prediction_or_the_truth():
    clip = mirrored_clip(LATENTS)
    split = split_clip(FRAMES / 16, FRAMES)
    whole = as_pictures(clip)[::4]
    for mode in ("history", "truth"):
        world = OffsetWorld(0)
        made = pair(world, mode)
        remembered = torch.stack(world.remembered).numpy()
        assert np.array_equal(remembered[: split.initial_latents], whole[: split.initial_latents])
        ends_true = np.array_equal(remembered[split.initial_latents :],
                                   whole[split.initial_latents :])  # fmt: skip
        assert ends_true == (mode == "truth")
        assert len(made.predicted) == len(made.truth) == split.used_frames - split.switch_frame


def test_prompt_and_seed_reach_the_world():
    world = MirrorWorld(LATENTS // 2)
    pair(world)
    assert world.told == [("a pan", 3)]


def test_frames_and_pictures_are_each_others_inverse():
    frames = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    assert np.array_equal(as_frames(as_pictures(frames)), frames)


def test_without_lpips_weights_there_is_no_lpips():
    scores, _ = scores_of(pair(MirrorWorld(0)), Matching())
    assert scores["lpips"] is None
    assert "lpips" not in magbench.STAND_IN.lower()


# ------------------------------------------------------------------------- files, and their faults


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Path:
    """A folder with two good clips, and one of every way to be wrong."""
    folder = tmp_path_factory.mktemp("bench")
    clip = mirrored_clip(LATENTS)
    for name in ("good", "empty caption", "tall", "slow", "short"):
        frames = {"tall": clip[:, :48], "short": clip[:20]}.get(name, clip)
        write_video(folder / "videos" / f"{name}.mp4", frames, 8 if name == "slow" else 16)
    whole = (folder / "videos" / "good.mp4").read_bytes()
    (folder / "videos" / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "videos" / "text.mp4").write_text("no video")
    (folder / "videos" / "nothing.mp4").write_bytes(b"")
    rows = [
        ("good.mp4", "a pan over squares", FRAMES / 16),
        ("empty caption.mp4", "", FRAMES / 16),
        ("missing.mp4", "gone", 6.0),
        ("tall.mp4", "of another size", 6.0),
        ("slow.mp4", "of another rate", 6.0),
        ("short.mp4", "too short to divide", 20 / 16),
        ("cut.mp4", "cut", 6.0),
        ("text.mp4", "text", 6.0),
        ("nothing.mp4", "nothing", 6.0),
        ("../good.mp4", "outside", 6.0),
        ("good.mp4", "again", 6.0),
        ("late.mp4", "no number", "soon"),
        ("", "no name", 6.0),
    ]
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return folder


def test_every_clip_is_measured_or_named_with_its_fault(bench):
    ready, faults = find_clips(bench / "table.csv", bench / "videos", SIZE)
    assert [one.clip.name for one in ready] == ["good.mp4", "empty caption.mp4"]
    problems = [f"{fault.name}: {fault.problem}" for fault in faults]
    expected = [
        ("missing.mp4", "missing"),
        ("tall.mp4", "64 x 48 px, expected 64 x 64"),
        ("slow.mp4", "8 frames a second, expected 16"),
        ("short.mp4", "take a longer clip"),
        ("cut.mp4", "cannot be decoded"),
        ("text.mp4", "cannot be decoded"),
        ("nothing.mp4", "cannot be decoded"),
        ("../good.mp4", "leaves the folder"),
        ("good.mp4", "named twice"),
        ("late.mp4", 'duration "soon" is not a number'),
        ("line 14", "no video is named"),
    ]
    for name, problem in expected:
        assert any(one.startswith(name) and problem in one for one in problems), (name, problems)
    assert len(faults) == len(expected)


def test_a_switch_outside_the_clip_is_a_fault(tmp_path):
    write_video(tmp_path / "clip.mp4", mirrored_clip(LATENTS), 16)
    write_table(tmp_path / "table.csv", [BenchClip("clip.mp4", "a pan", 60.0)])
    ready, (fault,) = find_clips(tmp_path / "table.csv", tmp_path, SIZE)
    assert ready == []
    assert "60 s" in fault.problem


def test_tables_without_a_column_are_refused(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("video_path,caption\na.mp4,b\n")
    with pytest.raises(ValueError, match=r"lacks the column raw_caption, duration\(sec\)"):
        read_table(table)


def test_a_table_comes_back_as_it_was_written(tmp_path):
    clips = [BenchClip("in/a.mp4", 'quotes " and, commas', 5.25), BenchClip("b.mp4", "", 1.0)]
    write_table(tmp_path / "t.csv", clips)
    assert read_table(tmp_path / "t.csv") == (clips, [])


def test_videos_come_back_nearly_as_they_were_written(tmp_path):
    frames = mirrored_clip(4).repeat(2, axis=1).repeat(2, axis=2)
    write_video(tmp_path / "a.mp4", frames, 16)
    video = read_video(tmp_path / "a.mp4", VideoFormat(128, 128, 16))
    assert video.shape == frames.shape
    error = np.abs(video.astype(int).mean(3) - frames.astype(int).mean(3)).mean()
    assert error < 12  # brightness; colours are kept at half the size
    with pytest.raises(VideoFault, match="missing"):
        read_video(tmp_path / "b.mp4", SIZE)


def measured(bench: Path, out: Path, row: Row, world=None) -> dict:
    ready, _ = find_clips(bench / "table.csv", bench / "videos", SIZE)
    store = ClipStore(out, {"bench": "magbench"})
    world = world or MirrorWorld(LATENTS // 2)
    job = MagBenchJob(lambda: world, Matching())
    assert measure_clips([MagBenchTask(one, row) for one in ready], job, store, Here()) == []
    return store.records()


def test_records_say_what_was_measured_and_a_second_run_measures_nothing(bench, tmp_path):
    row = Row("mirror", mode="truth")
    world = MirrorWorld(LATENTS // 2)
    records = measured(bench, tmp_path, row, world)
    assert len(records) == 2
    assert {prompt for prompt, _ in world.told} == {"a pan over squares", ""}
    record = next(one for one in records.values() if one["clip"] == "good.mp4")
    assert record["row"] == {"world": "mirror", "mode": "truth"}
    assert record["distance"] == magbench.STAND_IN
    assert record["scores"]["lpips"] is None
    assert record["scores"]["psnr_db"] > 25
    assert (tmp_path / record["picture"]).exists()
    again = MirrorWorld(LATENTS // 2)
    assert measured(bench, tmp_path, row, again) == records
    assert again.told == []


def test_a_row_is_summed_up_beside_the_papers():
    record = {"row": asdict(Row("mag")), "scores": {"psnr_db": 18.0, "ssim": 0.5, "lpips": None}}
    lines = score_lines([record, record], [Row("mag"), Row("mirror", mode="truth")])
    assert lines[0] == (
        "history, 2 clips: PSNR 18.00, SSIM 0.500; the paper: PSNR 18.99, SSIM 0.600, LPIPS 0.230"
    )
    assert lines[1] == "truth, 0 clips: nothing"


def test_the_folder_of_videos_is_where_most_of_a_tables_clips_lie(tmp_path):
    write_table(tmp_path / "t.csv", [BenchClip(name, "", 6.0) for name in ("in/a.mp4", "b.mp4")])
    files = [tmp_path / name for name in ("x/in/a.mp4", "x/b.mp4", "y/b.mp4", "x/other.mp4")]
    assert videos_folder(tmp_path / "t.csv", files) == tmp_path / "x"
    with pytest.raises(ValueError, match="names none of the 1 videos"):
        videos_folder(tmp_path / "t.csv", files[3:])


def test_the_caption_is_the_prompt(bench, tmp_path):
    world = MirrorWorld(LATENTS // 2)
    measured(bench, tmp_path, Row("mirror"), world)
    assert {prompt for prompt, _ in world.told} == {"a pan over squares", ""}


def test_the_command_names_all_faults_and_ends_with_2_if_nothing_is_left(bench, tmp_path, capsys):
    arguments = ["magbench", "--table", str(bench / "table.csv"), "--videos",
                 str(bench / "videos"), "--out", str(tmp_path / "out"), "--check"]  # fmt: skip
    assert main(arguments) == 2  # these clips are not of the official size
    said = capsys.readouterr()
    assert "13 of 13 clips cannot be used" in said.out
    assert "missing.mp4" in said.out
    assert said.err.count("\n") == 1


def test_a_table_that_is_not_there_is_one_line(tmp_path, capsys):
    arguments = ["magbench", "--table", str(tmp_path / "no.csv"), "--videos", str(tmp_path),
                 "--out", str(tmp_path)]  # fmt: skip
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
