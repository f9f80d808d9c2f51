"""What workers elsewhere are given can be sent to them."""

import pickle
from functools import partial
from pathlib import Path

import pytest
import torch

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.evaluation.imagination.bar import ViewsJob, ViewsTask
from mag_sandbox.evaluation.imagination.walks import RendersTask, WalksJob, WalkTask
from mag_sandbox.evaluation.judge.judge import Judge
from mag_sandbox.evaluation.lookback.participants import ParticipantSource
from mag_sandbox.evaluation.lookback.process import open_player
from mag_sandbox.evaluation.lookback.running import LookbackJob
from mag_sandbox.evaluation.lookback.tasks import SceneSplit, plan
from mag_sandbox.evaluation.magbench.continuation import split_clip
from mag_sandbox.evaluation.magbench.evaluate import (
    MagBenchJob,
    MagBenchTask,
    Matching,
    ReadyClip,
    Row,
)
from mag_sandbox.evaluation.magbench.full_rollout import open_continuer
from mag_sandbox.evaluation.magbench.lpips import NAME, Lpips, LpipsDistance
from mag_sandbox.evaluation.magbench.reconstruction import RebuiltVideo, ReconstructionJob
from mag_sandbox.evaluation.magbench.table import BenchClip
from mag_sandbox.evaluation.options import WalkOptions
from mag_sandbox.evaluation.quality.pocket import QualityJob
from mag_sandbox.evaluation.quality.scenes import Leg
from mag_sandbox.evaluation.results.opening import fitting, opener, opener_like
from mag_sandbox.evaluation.results.videos import VideoFormat
from mag_sandbox.evaluation.vbench.command import Sample, VBenchJob
from mag_sandbox.training.options import PrecomputeOptions
from mag_sandbox.training.recipe.precompute import SourceVideo, TextJob, VideoJob
from tests.rendered_worlds import PerfectWorld

HERE = Path("here")


@pytest.fixture(scope="module")
def jobs() -> list:
    opens, told = opener("pocket", HERE), PrecomputeOptions(HERE, HERE)
    matching = Matching(NAME, LpipsDistance(Lpips()))
    return [
        LookbackJob(partial(open_player, ParticipantSource("pocket")), SceneSplit(), matching),
        QualityJob(opens, (Leg("out", CameraCommand(), 1),), 0, moves=True),
        WalksJob(WalkOptions(), opens, Judge.load()),
        ReconstructionJob("mag", 4, HERE, matching, 0),
        MagBenchJob(partial(open_continuer, "mag", ["a pan"]), matching),
        ViewsJob(opener_like(PerfectWorld(), "pocket"), 0),
        VBenchJob(opener_like(PerfectWorld(), "pocket"), 81, 0, VideoFormat(64, 64, 16), {}),
        TextJob(told),
        VideoJob(told),
    ]


def test_every_job_can_be_sent(jobs):
    for job in jobs:
        assert type(pickle.loads(pickle.dumps(job))) is type(job)


def test_every_task_can_be_sent_and_comes_back_as_it_was():
    clip = ReadyClip(BenchClip("a.mp4", "a pan", 6.0), HERE, split_clip(6.0, 96))
    tasks = [
        *plan("quick", SceneSplit(), 1, ["given", "tour"]),
        WalkTask(7),
        ViewsTask(4, "image"),
        RendersTask(1, ((20.0, 0.0, 90.0),)),
        RebuiltVideo("a.mp4", HERE / "a.mp4"),
        Sample("a hill", 1),
        SourceVideo(HERE / "a.mp4", "a"),
    ]
    assert [pickle.loads(pickle.dumps(task)) for task in tasks] == tasks
    sent = MagBenchTask(clip, Row("mag"))
    assert pickle.loads(pickle.dumps(sent)).key == sent.key


def test_a_world_is_run_as_before_with_no_more_threads_than_there_are():
    threads = torch.get_num_threads()
    assert fitting({"dtype": "bfloat16", "threads": 200}) == {
        "dtype": "bfloat16", "threads": threads,
    }  # fmt: skip
    assert fitting({"threads": 1}) == {"threads": 1}
    assert fitting(None) is None
