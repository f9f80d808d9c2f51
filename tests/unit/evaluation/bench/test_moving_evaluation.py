"""The evaluation of worlds that move, on worlds whose verdict is known beforehand."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

import mag_sandbox.evaluation.__main__ as command
from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.evaluation.bench import adherence, memory_clips
from mag_sandbox.evaluation.bench.asides import measure_rest, measure_zoom, play_rest, zoom_and_back
from mag_sandbox.evaluation.bench.clips import Leg, held_out_scene, pan_and_back, record
from mag_sandbox.evaluation.bench.memory_clips import (
    equal_pose_pairs,
    measure_return,
    play_return,
    return_scores,
    returned_views,
    true_blocks,
)
from mag_sandbox.evaluation.bench.parts import MOST_SEAM, likenesses, seam_ratio
from mag_sandbox.evaluation.bench.pocket import PocketEvaluation, PocketSettings
from mag_sandbox.evaluation.bench.thresholds import MOVING, table
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.magbench.evaluate import Matching
from mag_sandbox.evaluation.probe.metrics import LEAST_PIXELS, MAX_PSNR, masked_psnr, psnr
from mag_sandbox.evaluation.results.store import read_records
from mag_sandbox.training.panorama.render import CATEGORIES
from tests.moving_worlds import (
    MOVING_SPEC,
    DriftingWorld,
    ForgettingWorld,
    JerkyWorld,
    MovingWorld,
    StoppedWorld,
)
from tests.rendered_worlds import SHORT, PerfectWorld

POSES = (  # whole pixels, fractions of pixels, zoomed, and the edges of what can be seen
    CameraPose(), CameraPose(yaw=33.3), CameraPose(yaw=-120.1, pitch=8.77), CameraPose(yaw=200.0,
    pitch=-20.0), CameraPose(yaw=75.2, fov=61.7), CameraPose(yaw=5.0, pitch=25.0, fov=60.0),
)  # fmt: skip
FIRESIDE = 2  # seed whose first scene has a fire in its first view


@pytest.fixture(scope="module", autouse=True)
def short_clips():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory_clips, "DEGREES", SHORT)
        yield


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return held_out_scene(1, 0, tmp_path_factory.mktemp("views"), moves=True)


def rested(world, scene):
    return measure_rest(play_rest(world, scene), scene, world.spec)


def came_back(clip, round_trip, parts=None) -> dict:
    return return_scores(clip, returned_views(clip, round_trip, parts))


# ----------------------------------------------------------------------------------- the masks


@pytest.mark.parametrize("index", range(len(CATEGORIES)))
def test_what_is_called_still_never_changes_at_any_pose_and_zoom(index, tmp_path):
    scene = held_out_scene(index, 0, tmp_path, moves=True)
    for pose in POSES:
        still, begun = scene.parts.still_at(pose), scene.view(pose, 0)
        assert not (still & scene.parts.moving_at(pose)).any()
        for time in (1, 13, 31.5, 64, 700):
            assert np.array_equal(scene.view(pose, time)[still], begun[still])


def test_what_changes_is_called_moving_or_lies_at_its_rim(scene):
    for pose in POSES:
        changed = (scene.view(pose, 0) != scene.view(pose, 40)).any(axis=2)
        assert changed.any()
        near = scene.parts.moving_at(pose)
        for axis, _ in itertools.product((0, 1), range(4)):  # the rim, half as wide again if zoomed
            near = near | np.roll(near, 1, axis=axis) | np.roll(near, -1, axis=axis)
        assert not (changed & ~near)[4:-4, 4:-4].any()


def test_of_an_invented_clip_only_what_the_given_view_shows_is_known(scene):
    known = scene.known_parts("image")
    ahead = known.still_at(CameraPose())
    assert np.array_equal(ahead[2:-2, 2:-2], scene.parts.still_at(CameraPose())[2:-2, 2:-2])
    assert not ahead[:, :2].any()
    half = known.still_at(CameraPose(yaw=45.0))
    assert half[:, :150].any()
    assert not half[:, 160:].any()
    assert not known.still_at(CameraPose(yaw=90.0)).any()
    assert scene.known_parts("prompt") is None


def test_a_scene_that_stands_still_is_the_same_at_all_times(tmp_path):
    scene = held_out_scene(1, 0, tmp_path)
    assert scene.parts is None
    assert scene.known_parts("image") is None
    for pose in POSES:
        assert np.array_equal(scene.view(pose, 0), scene.view(pose, 99))


def test_the_picture_to_begin_from_is_that_of_time_0(scene):
    assert np.array_equal(scene.first_view, scene.view(CameraPose(), 0))
    blocks = list(true_blocks(scene, MOVING_SPEC))
    assert np.array_equal(blocks[0].frames[0], scene.first_view)
    frames = np.concatenate([block.frames for block in blocks])
    poses = [pose for block in blocks for pose in block.poses]
    for time in (2, 3, len(frames) - 1):
        assert np.array_equal(frames[time], scene.view(poses[time], time))


def test_frames_of_a_time_away_count_as_time(scene):
    at_once, later = (
        record(MovingWorld(), scene.scene("image"), pan_and_back(MOVING_SPEC, away_seconds=away))
        for away in (0.0, 20.0)
    )
    last = len(later.frames) - 1
    assert later.time(last) == last + later.away_frames
    assert later.time(5) == at_once.time(5) == 5
    assert np.array_equal(later.frames[last], scene.view(later.poses[last], later.time(last)))


# ---------------------------------------------------------------------------------- the measures


def test_a_mask_leaves_out_what_it_does_not_hold():
    frame, other = np.zeros((40, 40, 3), np.uint8), np.full((40, 40, 3), 51, np.uint8)
    mask = np.zeros((40, 40), bool)
    mask[:20] = True
    other[20:] = 255
    assert masked_psnr(frame, other, mask) == pytest.approx(20 * np.log10(5))
    assert masked_psnr(frame, other, ~mask) == pytest.approx(0.0)
    other[:10] = 0  # half of what counts is right: half of the squared error
    assert masked_psnr(frame, other, mask) == pytest.approx(10 * np.log10(50))
    assert masked_psnr(frame, frame, mask) == MAX_PSNR
    assert masked_psnr(frame, other, np.ones_like(mask)) == psnr(frame, other)


def test_too_few_pixels_make_no_score():
    frame, mask = np.zeros((40, 40, 3), np.uint8), np.zeros(1600, bool)
    mask[: LEAST_PIXELS - 1] = True
    assert masked_psnr(frame, frame, mask.reshape(40, 40)) is None
    mask[LEAST_PIXELS] = True
    assert masked_psnr(frame, frame, mask.reshape(40, 40)) == MAX_PSNR
    with pytest.raises(ValueError, match="mask is"):
        masked_psnr(frame, frame, mask)


def test_damage_counts_in_its_own_part_only_and_more_of_it_more():
    rng = np.random.default_rng(0)
    frame = rng.integers(60, 190, (64, 64, 3)).astype(np.uint8)
    mask = rng.random((64, 64)) < 0.4
    scores = []
    for amount in (0, 5, 20, 60):
        worse = frame.copy()
        worse[mask] += np.uint8(amount)
        scores.append(masked_psnr(worse, frame, mask))
        assert masked_psnr(worse, frame, ~mask) == MAX_PSNR
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def ramp(levels) -> np.ndarray:
    return np.stack([np.full((32, 32, 3), level, np.uint8) for level in levels])


ALL = np.ones((32, 32), bool)


def test_the_seam_ratio_of_known_changes():
    seams = (0, 3, 6, 9)
    assert seam_ratio(ramp(range(12)), seams, ALL) == pytest.approx(1.0)
    jumps = ramp([level + 4 * (level // 3) for level in range(12)])  # 5 at seams, 1 within
    assert seam_ratio(jumps, seams, ALL) == pytest.approx(5.0)
    assert seam_ratio(ramp([level // 3 for level in range(12)]), seams, ALL) == MOST_SEAM
    assert seam_ratio(ramp([7] * 12), seams, ALL) is None
    assert seam_ratio(jumps, seams, np.zeros_like(ALL)) is None
    with pytest.raises(ValueError, match="give blocks of several"):
        seam_ratio(jumps, range(12), ALL)


def test_a_larger_jump_at_seams_never_scores_better(scene):
    made = play_rest(MovingWorld(), scene)
    moving, seams = scene.parts.moving_at(CameraPose()), range(0, len(made.clip.frames), 3)
    ratios = []
    for jump in (0, 2, 8, 24):
        frames = made.clip.frames.astype(int)
        frames[np.arange(len(frames)) // 3 % 2 == 1] += jump
        ratios.append(seam_ratio(np.clip(frames, 0, 255).astype(np.uint8), seams, moving))
    assert ratios == sorted(ratios)
    assert len(set(ratios)) == len(ratios)


# ------------------------------------------------------------------------------------ at rest


def test_who_plays_the_renderers_truth_scores_high_everywhere(scene):
    measured = rested(MovingWorld(), scene)
    for name in ("pose_psnr_db", "still_psnr_db", "moving_psnr_db"):
        assert measured[name] == MAX_PSNR
    assert measured["motion_gain_db"] > 20
    assert measured["seam_ratio"] == pytest.approx(1.0, abs=0.1)


def test_a_scene_that_stops_gains_nothing_and_keeps_what_stands_still(scene):
    measured = rested(StoppedWorld(), scene)
    assert measured["still_psnr_db"] == MAX_PSNR
    assert measured["motion_gain_db"] < -20
    assert MOVING["motion_gain"].met(measured["motion_gain_db"]) is False
    assert measured["seam_ratio"] is None


def test_what_slides_loses_what_stands_still(scene):
    assert MOVING["still_psnr"].met(rested(DriftingWorld(), scene)["still_psnr_db"]) is False


def test_who_jumps_at_blocks_shows_seams(scene):
    assert MOVING["seam_ratio"].met(rested(JerkyWorld(), scene)["seam_ratio"]) is False


def test_the_more_it_moves_as_it_should_the_more_it_gains(scene):
    gains = []
    for pace in (0.0, 0.25, 0.5, 0.75, 1.0):

        class Slow(MovingWorld):
            def moment(self, pose, time, pace=pace):
                return super().moment(pose, time * pace)

        gains.append(rested(Slow(), scene)["motion_gain_db"])
    assert gains[0] == min(gains) < 0
    assert gains[-1] == max(gains) > 0


# ----------------------------------------------------------------------------------- on return


@pytest.fixture(scope="module")
def returned(scene):
    def scores(kind, mode: str) -> dict:
        world = kind()
        return measure_return(play_return(world, scene, mode), world, Matching())[0]["scores"]

    found = {
        (kind, mode): scores(kind, mode)
        for kind in (MovingWorld, StoppedWorld)
        for mode in ("history", "truth")
    }
    for kind in (DriftingWorld, ForgettingWorld):
        found[kind, "history"] = scores(kind, "history")
    return found


@pytest.mark.parametrize("mode", ["history", "truth"])
def test_a_return_is_compared_with_the_scene_of_its_time(returned, mode):
    perfect, stopped = returned[MovingWorld, mode], returned[StoppedWorld, mode]
    for name in ("pose_psnr_db", "still_psnr_db", "moving_psnr_db"):
        assert perfect[name] == MAX_PSNR
    assert perfect["recall_percent"] == 100.0
    assert perfect["motion_gain_db"] > 10
    assert stopped["still_psnr_db"] == MAX_PSNR  # and only what stands still is to be remembered
    assert stopped["recall_percent"] == 100.0
    assert stopped["pose_psnr_db"] < 35
    assert stopped["motion_gain_db"] < perfect["motion_gain_db"] - 10


def test_who_slides_or_forgets_on_return_loses_what_stands_still(returned):
    for kind, most in ((DriftingWorld, 60), (ForgettingWorld, 10)):
        scores = returned[kind, "history"]
        assert scores["still_psnr_db"] < 25
        assert scores["recall_percent"] < most


def test_a_world_that_stands_still_has_no_such_columns(tmp_path):
    class Shown(PerfectWorld):
        show, snapshot, restore = MovingWorld.show, MovingWorld.snapshot, MovingWorld.restore

    world, scene = Shown(), held_out_scene(1, 0, tmp_path)
    scores = measure_return(play_return(world, scene, "history"), world, Matching())[0]["scores"]
    assert not {"still_psnr_db", "moving_psnr_db", "motion_gain_db"} & scores.keys()


def test_what_comes_back_of_a_given_view_rests_on_what_stands_still(scene):
    world = MovingWorld()
    world.spec = replace(MOVING_SPEC, fps=8.0)  # so long that clouds have moved on
    clip = record(world, scene.scene("image"), pan_and_back(world.spec))
    trip = MovingWorld().round_trip
    whole, known = (came_back(clip, trip, parts) for parts in (
        None, scene.known_parts("image")))  # fmt: skip
    assert "still_psnr_db" not in whole
    assert whole["pose_psnr_db"] == known["pose_psnr_db"] < 40  # its clouds went on
    assert known["still_psnr_db"] == MAX_PSNR
    assert known["recall_percent"] == 100.0 > whole["recall_percent"]
    forgot = record(ForgettingWorld(), scene.scene("image"), pan_and_back(MOVING_SPEC))
    assert came_back(forgot, trip, scene.known_parts("image"))["recall_percent"] < 10


def test_only_pixels_of_the_given_view_are_compared_on_return(scene):
    clip = record(MovingWorld(), scene.scene("image"), pan_and_back(MOVING_SPEC))
    parts = scene.known_parts("image")
    elsewhere = [out for out, _ in equal_pose_pairs(clip) if clip.poses[out].yaw >= 90.0]
    masks = [parts.still_at(clip.poses[out]) for out in elsewhere]
    frames = clip.frames[elsewhere]
    assert elsewhere
    assert set(likenesses(frames, frames, masks)) == {None}


def test_a_closer_view_is_compared_part_by_part(scene):
    speed = replace(MOVING_SPEC.full_speed, zoom=30.0, narrowest_fov=60.0)

    def zoomed(world):
        world.spec = replace(MOVING_SPEC, full_speed=speed, axes=("yaw", "pitch", "zoom"))
        clip = record(world, scene.scene("image"), zoom_and_back(world.spec))
        return measure_zoom(clip, scene)

    perfect, stopped = zoomed(MovingWorld()), zoomed(StoppedWorld())
    for name in ("closer_psnr_db", "return_psnr_db", "still_psnr_db"):
        assert perfect[name] == MAX_PSNR
    assert stopped["return_psnr_db"] == stopped["still_psnr_db"] == MAX_PSNR
    assert stopped["motion_gain_db"] < 0 < perfect["motion_gain_db"]


def test_time_goes_on_while_the_camera_waits(scene):
    clip = record(MovingWorld(), scene.scene("image"), [Leg("hold", CameraCommand(), 4)])
    assert [clip.time(index) for index in clip.where("hold")] == list(range(3, 15))
    assert np.array_equal(clip.frames[14], scene.view(CameraPose(), 14))


# ------------------------------------------------------------------------------------ whole runs


def test_bars_of_a_world_that_moves(monkeypatch):
    monkeypatch.setattr(memory_clips, "DEGREES", 120.0)  # so that much of a given view comes back
    monkeypatch.setattr(adherence, "FEWEST", 1)
    settings = PocketSettings(
        clips=1, prompts=1, seed=FIRESIDE, memory=("mag-retrieve",), drift_minutes=0
    )
    judge = Classifier.load()
    good = PocketEvaluation(settings, MovingWorld, judge, lambda line: None).run()
    for name in ("return_psnr.image", "below_round_trip.image", "still_psnr.rest",
                 "motion_gain.rest", "seam_ratio.rest", "motion_p95.image"):  # fmt: skip
        assert good["bars"][name]["met"], (name, good["bars"][name])
    scores = good["kinds"]["image"]["policies"]["mag-retrieve"]["scores"]
    assert good["bars"]["return_psnr.image"]["value"] == scores["still_psnr_db"]["mean"]
    assert scores["still_psnr_db"]["mean"] > scores["pose_psnr_db"]["mean"]
    invented = good["kinds"]["prompt"]["policies"]["mag-retrieve"]["scores"]
    assert "still_psnr_db" not in invented
    assert json.loads(json.dumps(good)) == good
    assert "gained by moving" in "\n".join(table(good))


def bench(folder, kind, monkeypatch, *more: str) -> int:
    monkeypatch.setattr(command, "_opener", lambda *_, **__: kind)
    told = ["pocket", "--out", str(folder), "--clips", "1", "--prompts", "0", "--memory", "mag",
            "--seed", str(FIRESIDE)]  # fmt: skip
    return command.main([*told, *more])


def test_the_bench_of_a_world_that_moves_waits_too_and_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(memory_clips, "DEGREES", 120.0)
    folder, page, text = tmp_path / "run", tmp_path / "page.html", tmp_path / "results.md"
    assert bench(folder, MovingWorld, monkeypatch) == 0
    records = read_records(folder)
    assert {record["row"]["mode"] for record in records} == {"history", "truth", "image", "rest"}
    assert len(records) == 4
    assert bench(folder, MovingWorld, monkeypatch) == 0
    assert read_records(folder) == records
    told = ["report", str(folder), "--html", str(page), "--markdown", str(text)]
    assert command.main(told) == 0
    for made in (page.read_text(), text.read_text()):
        assert "At rest before a given view" in made
        assert "of still parts" in made
        assert "at rest if the world says" in made
    rows = {
        row["row"]["mode"]: row for row in json.loads(page.with_suffix(".json").read_text())["rows"]
    }
    assert rows["rest"]["scores"]["motion_gain_db"]["mean"] > 10
    assert rows["history"]["scores"]["still_psnr_db"]["mean"] == MAX_PSNR
    assert rows["image"]["scores"]["still_psnr_db"]["mean"] == MAX_PSNR


def test_a_world_that_stands_still_has_nothing_to_wait_for(tmp_path, monkeypatch, capsys):
    assert bench(tmp_path, PerfectWorld, monkeypatch, "--mode", "rest") == 2
    said = capsys.readouterr().err
    assert "nothing moves" in said
    assert said.count("\n") == 1
