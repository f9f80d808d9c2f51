"""A worse clip never scores better: measures that need a whole path, not two pictures."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.evaluation.bench.clips import (
    Clip,
    HeldOutScene,
    full_turn,
    held_out_scene,
    pan_and_back,
    record,
)
from mag_sandbox.evaluation.bench.imagination import (
    Views,
    measure_ring,
    opposite_pairs,
    views_beyond,
)
from mag_sandbox.evaluation.bench.invented_clips import imagined, invented_scene
from mag_sandbox.evaluation.bench.memory_clips import compare
from mag_sandbox.evaluation.bench.return_scores import (
    equal_pose_pairs,
    measure_motion,
    measure_return_scores,
    unrelated_psnr,
)
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.magbench.evaluate import Matching
from tests.rendered_worlds import SPEC, PerfectWorld

SHARES = (0.0, 0.1, 0.3, 0.6, 0.9)  # of damage


@pytest.fixture(scope="module")
def scenes(tmp_path_factory) -> tuple[HeldOutScene, HeldOutScene]:
    folder = tmp_path_factory.mktemp("views")
    return held_out_scene(1, 0, folder), held_out_scene(5, 0, folder)


@pytest.fixture(scope="module")
def pan(scenes) -> Clip:
    return record(PerfectWorld(), scenes[0].scene("prompt"), pan_and_back(SPEC))


def blended(frames: np.ndarray, others: np.ndarray, shares: np.ndarray) -> np.ndarray:
    part = shares[:, None, None, None]
    return (frames * (1 - part) + others * part).round().astype(np.uint8)


def never_grows(scores: list[float]) -> bool:
    return all(worse <= better + 1e-9 for better, worse in itertools.pairwise(scores))


def test_every_score_of_a_return_falls_as_its_end_is_lost(pan):
    outs, backs = (list(part) for part in zip(*equal_pose_pairs(pan), strict=True))
    truth = pan.frames[outs]
    ramp = np.linspace(0.05, 1.0, len(truth))  # no frame is equal: one would score 100 for all
    found = [
        compare(pan, blended(truth, truth[:, :, ::-1], share * ramp), truth,
                [(back - out) / pan.fps for out, back in zip(outs, backs, strict=True)],
                (unrelated_psnr(pan), 40.0), Matching())[0]["scores"]
        for share in SHARES
    ]  # fmt: skip
    for name in ("psnr_db", "ssim", "pose_psnr_db", "pose_ssim", "recall_percent"):
        scores = [one[name] for one in found]
        assert never_grows(scores), (name, scores)
        assert scores[-1] < scores[0], name
    assert found[0]["drift_db"] == 0.0 > found[-1]["drift_db"]
    assert never_grows([one["drift_db"] for one in found[1:]])


def test_recall_falls_as_another_place_shows_on_the_way_back(pan):
    recalls = []
    for share in SHARES:
        frames = pan.frames.copy()
        back = pan.where("back")
        frames[back] = blended(frames[back], frames[back][:, ::-1], np.full(len(back), share))
        measure = measure_return_scores(replace(pan, frames=frames), PerfectWorld().round_trip)
        recalls.append(measure.recall)
    assert never_grows(recalls)
    assert recalls[-1] < recalls[0]


def test_the_motion_guard_errs_more_the_less_the_picture_moves(scenes):
    world = PerfectWorld()
    world.spec = replace(SPEC, fps=8.0)  # so that it moves little from frame to frame
    pan = record(world, scenes[0].scene("prompt"), pan_and_back(world.spec))
    errors, agrees = [], []
    count = len(pan.frames)
    for share in SHARES:
        # a picture that lags behind: it shows what was due at an earlier, slower time
        slow = (np.arange(count) * (1 - share)).round().astype(int)
        motion = measure_motion(replace(pan, frames=pan.frames[slow]), every=4)
        errors.append(-float(np.median(motion.errors)))
        agrees.append(motion.agrees)
    assert never_grows(errors), errors
    assert agrees[0]
    assert not agrees[-1]
    assert agrees == sorted(agrees, reverse=True)


def test_a_ring_that_repeats_itself_is_never_less_alike(scenes):
    clip = record(PerfectWorld(), scenes[0].scene("prompt"), full_turn(SPEC))
    excesses = []
    for share in SHARES:
        frames = clip.frames.copy()
        for near, far in opposite_pairs(clip):
            frames[far] = blended(clip.frames[[far]], clip.frames[[near]], np.array([share]))[0]
        ring = measure_ring(replace(clip, frames=frames), scenes[0])
        excesses.append(-(ring.opposite_views - ring.opposite_renders))
    assert never_grows(excesses), excesses
    assert excesses[-1] < excesses[0]


def test_detail_and_kept_promises_fall_as_views_turn_to_fog(scenes, pan):
    judge = Classifier.load()
    asked = invented_scene(*scenes, judge)
    views = views_beyond(pan, *scenes)
    details, promises = [], []
    for lost in range(len(views.invented) + 1):
        fog = [np.full_like(view, 200) for view in views.invented[:lost]]
        made = Views(fog + views.invented[lost:], views.rendered, views.others)
        scores, _ = imagined(made, asked, judge)
        details.append(scores["detail"])
        promises.append(scores["promised_percent"])
    assert never_grows(details)
    assert details[-1] == 0.0
    assert promises[0] > promises[-1]
    assert promises[0] == max(promises)
