"""A worse clip never scores better: measures that need a whole path, not two pictures."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.evaluation.bench.clips import (
    Clip,
    HeldOutScene,
    held_out_scene,
    pan_and_back,
    record,
)
from mag_sandbox.evaluation.bench.memory_clips import compare, measure_motion, returned_views
from mag_sandbox.evaluation.magbench.evaluate import Matching
from tests.rendered_worlds import SPEC, PerfectWorld

SHARES = (0.0, 0.1, 0.3, 0.6, 0.9)  # of damage


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> HeldOutScene:
    return held_out_scene(1, 0, tmp_path_factory.mktemp("views"))


@pytest.fixture(scope="module")
def pan(scene) -> Clip:
    clip = record(PerfectWorld(), scene.scene("prompt"), pan_and_back(SPEC))
    return halved(clip)


def halved(clip: Clip) -> Clip:
    """Every second pixel: a quarter of the work, and damage is damage at any size."""
    return replace(clip, frames=clip.frames[:, ::2, ::2])


def blended(frames: np.ndarray, others: np.ndarray, shares: np.ndarray) -> np.ndarray:
    part = shares[:, None, None, None]
    return (frames * (1 - part) + others * part).round().astype(np.uint8)


def never_grows(scores: list[float]) -> bool:
    return all(worse <= better + 1e-9 for better, worse in itertools.pairwise(scores))


def test_every_score_of_a_return_falls_as_its_end_is_lost(pan):
    back = returned_views(pan, PerfectWorld().round_trip)
    ramp = np.linspace(0.05, 1.0, len(back.truth))  # no frame is equal: one would score 100 for all
    found = [
        compare(
            pan,
            replace(back, frames=blended(back.truth, back.truth[:, :, ::-1], share * ramp)),
            Matching(),
        )[0]["scores"]
        for share in SHARES
    ]
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
        views = returned_views(replace(pan, frames=frames), PerfectWorld().round_trip)
        recalls.append(views.recall(float(np.mean(views.likenesses()))))
    assert never_grows(recalls)
    assert recalls[-1] < recalls[0]


def test_the_motion_guard_errs_more_the_less_the_picture_moves(scene):
    world = PerfectWorld()
    world.spec = replace(SPEC, fps=8.0)  # so that it moves little from frame to frame
    pan = halved(record(world, scene.scene("prompt"), pan_and_back(world.spec)))
    errors, agrees = [], []
    count = len(pan.frames)
    for share in SHARES:
        # a picture that lags behind: it shows what was due at an earlier, slower time
        slow = (np.arange(count) * (1 - share)).round().astype(int)
        motion = measure_motion(replace(pan, frames=pan.frames[slow]))
        errors.append(-float(np.median(motion.errors)))
        agrees.append(motion.agrees)
    assert never_grows(errors), errors
    assert agrees[0]
    assert not agrees[-1]
    assert agrees == sorted(agrees, reverse=True)
