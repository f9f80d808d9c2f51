"""A worse clip never scores better: measures that need a whole path, not two pictures."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.evaluation.lookback.measures import Pairs, recalls_of
from mag_sandbox.evaluation.quality.scenes import Clip, HeldOutScene, Leg, held_out_scene, record
from mag_sandbox.evaluation.similarity.motion import MotionLog
from tests.rendered_worlds import SPEC, PerfectWorld

PAN = (Leg("out", CameraCommand(yaw=1.0), 10), Leg("back", CameraCommand(yaw=-1.0), 10))
SHARES = (0.0, 0.1, 0.3, 0.6, 0.9)  # of damage


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> HeldOutScene:
    return held_out_scene(1, 0, tmp_path_factory.mktemp("views"))


@pytest.fixture(scope="module")
def pan(scene) -> Clip:
    clip = record(PerfectWorld(), scene.scene("prompt"), PAN)
    return halved(clip)


def halved(clip: Clip) -> Clip:
    """Every second pixel: a quarter of the work, and damage is damage at any size."""
    return replace(clip, frames=clip.frames[:, ::2, ::2])


def blended(frames: np.ndarray, others: np.ndarray, shares: np.ndarray) -> np.ndarray:
    part = shares[:, None, None, None]
    return (frames * (1 - part) + others * part).round().astype(np.uint8)


def never_grows(scores: list[float]) -> bool:
    return all(worse <= better + 1e-9 for better, worse in itertools.pairwise(scores))


def test_recall_falls_as_another_place_shows_on_the_way_back(pan):
    some = pan.where("back")[::4]
    wanted, recalls = pan.frames[some], []
    for share in SHARES:
        shown = blended(wanted, wanted[:, ::-1], np.full(len(some), share))
        pairs = Pairs(some, some, shown, wanted, [1.0] * len(some))
        recalls.append(float(np.mean(recalls_of(pairs, [10.0] * len(some), [12.0] * len(some)))))
    assert never_grows(recalls)
    assert recalls[0] == 100.0 > recalls[-1]


def test_the_motion_guard_errs_more_the_less_the_picture_moves(scene):
    world = PerfectWorld()
    world.spec = replace(SPEC, fps=8.0)  # so that it moves little from frame to frame
    pan = halved(record(world, scene.scene("prompt"), PAN))
    errors, agrees = [], []
    count = len(pan.frames)
    for share in SHARES:
        # a picture that lags behind: it shows what was due at an earlier, slower time
        slow = (np.arange(count) * (1 - share)).round().astype(int)
        log = MotionLog()
        for number, pose in enumerate(pan.poses):
            log.add(pan.frames[slow[number]], pose, number)
        known = [one for one in log.between(0, count) if one.measured is not None]
        errors.append(-float(np.median([np.abs(one.measured - one.expected) for one in known])))
        agrees.append(log.verdict(0, count) == "agrees")
    assert never_grows(errors), errors
    assert agrees[0]
    assert not agrees[-1]
    assert agrees == sorted(agrees, reverse=True)
