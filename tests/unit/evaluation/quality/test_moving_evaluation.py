"""The evaluation of worlds that move, on worlds whose verdict is known beforehand."""

import itertools
import json

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.evaluation.options import PocketOptions
from mag_sandbox.evaluation.quality import scenes
from mag_sandbox.evaluation.quality.pocket import measure, measure_rest
from mag_sandbox.evaluation.quality.scenes import (
    MOST_SEAM,
    HeldOutScene,
    Leg,
    held_out_scene,
    record,
    seam_ratio,
)
from mag_sandbox.evaluation.quality.thresholds import MOVING, table
from mag_sandbox.evaluation.similarity.metrics import LEAST_PIXELS, MAX_PSNR, masked_psnr, psnr
from tests.moving_worlds import DriftingWorld, JerkyWorld, MovingWorld, StoppedWorld

pytestmark = pytest.mark.slow

POSES = (  # whole pixels, fractions of pixels, zoomed, and the edges of what can be seen
    CameraPose(), CameraPose(yaw=33.3), CameraPose(yaw=-120.1, pitch=8.77), CameraPose(yaw=200.0,
    pitch=-20.0), CameraPose(yaw=75.2, fov=61.7), CameraPose(yaw=5.0, pitch=25.0, fov=60.0),
)  # fmt: skip
LIVELY = 5  # seed whose first scene is lit by a fire; its second one, a camp, moves all around
FEW = 1e-3  # share of still pixels: what walks is looked at every quarter of a second


@pytest.fixture(scope="module", autouse=True)
def fewer_moments():
    """Look for what moves at a quarter of the moments: a ring takes 25 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scenes, "MOMENTS", scenes.MOMENTS[3::4])
        yield


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return held_out_scene(1, LIVELY, tmp_path_factory.mktemp("views"), moves=True)


def rested(world, scene):
    return measure_rest(world, scene)


# ----------------------------------------------------------------------------------- the masks


@pytest.mark.parametrize("index", [0, 1])  # of both, much moves
def test_what_is_called_still_never_changes_at_any_pose_and_zoom(index, scene, tmp_path):
    if index != 1:
        scene = held_out_scene(index, LIVELY, tmp_path, moves=True)
    for pose in POSES:
        assert not (scene.parts.still_at(pose) & scene.parts.moving_at(pose)).any()
    for time, pose in zip(itertools.cycle((31.5, 700)), POSES, strict=False):
        still, begun = scene.parts.still_at(pose), scene.view(pose, 0)
        changed = (scene.view(pose, time) != begun).any(axis=2)
        assert np.count_nonzero(changed & still) <= FEW * np.count_nonzero(still)


def test_what_changes_is_called_moving_or_lies_at_its_rim(scene):
    for pose in POSES:
        changed = (scene.view(pose, 0) != scene.view(pose, 40)).any(axis=2)
        assert changed.any()
        near = scene.parts.moving_at(pose)
        for axis, _ in itertools.product((0, 1), range(4)):  # the rim, half as wide again if zoomed
            near = near | np.roll(near, 1, axis=axis) | np.roll(near, -1, axis=axis)
        assert not (changed & ~near)[4:-4, 4:-4].any()


def test_a_scene_that_stands_still_is_the_same_at_all_times(tmp_path):
    scene = held_out_scene(1, 0, tmp_path)
    assert scene.parts is None
    for pose in POSES:
        assert np.array_equal(scene.view(pose, 0), scene.view(pose, 99))


def test_the_picture_to_begin_from_is_that_of_time_0(scene):
    assert np.array_equal(scene.first_view, scene.view(CameraPose(), 0))


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
    made = record(MovingWorld(), scene.scene("image"), [Leg("hold", CameraCommand(), 4)])
    moving, seams = scene.parts.moving_at(CameraPose()), range(0, len(made.frames), 3)
    ratios = []
    for jump in (0, 2, 24):
        frames = made.frames.astype(int)
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
    assert measured["motion_gain_db"] == 0
    assert MOVING["motion_gain"].met(measured["motion_gain_db"]) is False
    assert measured["seam_ratio"] is None


def test_where_nothing_moves_the_whole_picture_stands_still(scene, tmp_path, monkeypatch):
    monkeypatch.setattr(scenes, "ring_parts", lambda _renderer: None)
    nothing = HeldOutScene(scene.layout, 0, tmp_path / "first.png")
    measured = rested(StoppedWorld(), nothing)
    assert measured["still_psnr_db"] == measured["pose_psnr_db"] == MAX_PSNR
    assert measured["motion_gain_db"] is measured["seam_ratio"] is None


def test_what_slides_loses_what_stands_still(scene):
    assert MOVING["still_psnr"].met(rested(DriftingWorld(), scene)["still_psnr_db"]) is False


def test_who_jumps_at_blocks_shows_seams(scene):
    assert MOVING["seam_ratio"].met(rested(JerkyWorld(), scene)["seam_ratio"]) is False


def test_the_more_it_moves_as_it_should_the_more_it_gains(scene):
    gains = []
    for pace in (0.0, 0.5, 1.0):

        class Slow(MovingWorld):
            def moment(self, pose, time, pace=pace):
                return super().moment(pose, time * pace)

        gains.append(rested(Slow(), scene)["motion_gain_db"])
    assert gains[0] == min(gains) == 0


def test_time_goes_on_while_the_camera_waits(scene):
    clip = record(MovingWorld(), scene.scene("image"), [Leg("hold", CameraCommand(), 4)])
    assert clip.where("hold") == list(range(3, 15))
    assert np.array_equal(clip.frames[14], scene.view(CameraPose(), 14))


# ------------------------------------------------------------------------------------ whole runs


def test_bars_of_a_world_that_moves(monkeypatch):
    monkeypatch.setattr(scenes, "MOMENTS", scenes.MOMENTS[3::4])
    options = PocketOptions(clips=1, seed=LIVELY, drift=0)
    good = measure(options, MovingWorld, lambda line: None)
    for name in ("still_psnr.rest", "motion_gain.rest", "seam_ratio.rest"):
        assert good["bars"][name]["met"], (name, good["bars"][name])
    assert json.loads(json.dumps(good)) == good
    assert "gained by moving" in "\n".join(table(good))
