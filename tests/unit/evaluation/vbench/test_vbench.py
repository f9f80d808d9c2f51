"""VBench's files, and the measures of a video by itself."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from mag_sandbox.evaluation.results.store import ClipStore
from mag_sandbox.evaluation.results.sweep import sweep
from mag_sandbox.evaluation.results.videos import VideoFormat
from mag_sandbox.evaluation.vbench.command import (
    PROTOCOLS,
    Sample,
    VBenchJob,
    play_still,
    read_prompts,
    read_results,
    run_suite,
    samples_of,
)
from mag_sandbox.evaluation.vbench.consistency import (
    consistency,
    ends,
    flicker,
    layout_features,
    mean_sharpness,
    smoothness,
)
from mag_sandbox.workers.work import Here
from tests.doubles import SPEC, FakeWorld


def grey(*levels: int) -> np.ndarray:
    return np.stack([np.full((16, 16, 3), level, np.uint8) for level in levels])


def test_measures_by_hand():
    assert flicker(grey(0, 51, 51)) == pytest.approx(1 - 0.1)  # 51 of 255, in one of two steps
    assert smoothness(grey(0, 51, 0)) == pytest.approx(1 - 0.2)
    assert smoothness(grey(0, 51, 102)) == 1.0
    assert mean_sharpness(grey(7, 9)) == 0.0
    rows = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 3.0]])
    # to the first frame 0 and 0, to the one before 0 and 1
    assert consistency(grey(0, 0, 0), lambda frames: rows) == pytest.approx(0.25)
    assert ends(20) == (slice(0, 3), slice(17, 20))


def test_layout_features_tell_left_from_right():
    half = grey(0, 0)
    half[0, :, :8], half[1, :, 8:] = 200, 200
    first, second = layout_features(half)
    assert first @ second < 0 < first @ first


def test_videos_that_are_too_short_are_refused():
    with pytest.raises(ValueError, match="at least 2"):
        flicker(grey(1))


def test_the_suite_finds_its_files():
    assert Sample("a red tower", 3).file == "a red tower-3.mp4"
    assert len(samples_of(["a", "b"], 5)) == 10
    assert [(frames - 1) / 4 + 1 for frames in PROTOCOLS.values()] == [21, 120]  # latent frames


def test_prompts_come_from_a_file_once_each(tmp_path):
    path = tmp_path / "prompts.txt"
    path.write_text("a red tower\n\n a hill \na red tower\n")
    assert read_prompts(path) == ["a red tower", "a hill"]
    for text in ("", "up/down\n", "x" * 300):
        path.write_text(text)
        with pytest.raises(ValueError):
            read_prompts(path)


def test_samples_have_their_length_are_measured_and_not_made_twice(tmp_path):
    assert len(play_still(FakeWorld(), "a place", 7, 3)) == 7
    samples, made = samples_of(["a place"], 2), []
    store = ClipStore(tmp_path, {})
    wanted = VideoFormat(SPEC.frame_width, SPEC.frame_height, SPEC.fps)

    class CountedWorld(FakeWorld):
        def reset(self, scene, seed):
            made.append(seed)
            return super().reset(scene, seed)

    job = VBenchJob(CountedWorld, 6, 10, wanted, {"world": "x"})
    for _ in range(2):
        with Here().workers(job) as results:
            assert sweep(samples, store, results) == []
    assert made == [10, 11]
    assert {one["clip"] for one in store.records().values()} == {one.file for one in samples}
    assert all((tmp_path / "videos" / one.file).exists() for one in samples)
    (scores,) = {frozenset(one["scores"]) for one in store.records().values()}
    assert scores >= {"subject_consistency", "temporal_flickering"}


def test_prompts_that_differ_in_a_hyphen_are_two_videos():
    assert len({one.key for one in samples_of(["a b", "a-b"], 1)}) == 2


STAND_IN = """
import json, pathlib
class VBench:
    def __init__(self, device, full_info_dir, output_path):
        self.info, self.out = json.loads(pathlib.Path(full_info_dir).read_text()), output_path
    def evaluate(self, videos_path, name, dimension_list):
        means = {one: [len(self.info) / 10, []] for one in dimension_list}
        pathlib.Path(self.out, name + "_eval_results.json").write_text(json.dumps(means))
"""


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """Put a stand-in of the suite, and of torch, where another Python finds them."""
    package = tmp_path / "site" / "vbench"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(STAND_IN)
    known = [
        {"prompt_en": "a hill", "dimension": ["color"]},
        {"prompt_en": "a sea", "dimension": ["scene"]},
    ]
    (package / "VBench_full_info.json").write_text(json.dumps(known))
    torch = "cuda = type('', (), {'is_available': staticmethod(lambda: False)})\ndevice = str\n"
    (tmp_path / "site" / "torch.py").write_text(torch)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "a hill-0.mp4").touch()
    return videos


def test_the_suite_is_run_where_it_is_installed(suite, tmp_path):
    results = run_suite(Path(sys.executable), suite, tmp_path / "out")
    assert read_results(results) == {"color": 0.1}  # of the scene there is no video
    (suite / "a hill-0.mp4").unlink()
    with pytest.raises(ValueError, match="none of the suite's 2 prompts has a video"):
        run_suite(Path(sys.executable), suite, tmp_path / "out")
    with pytest.raises(ValueError, match=r"cannot be run .*name the Python"):
        run_suite(tmp_path / "python", suite, tmp_path / "out")


def test_results_of_the_suite_are_read_back(tmp_path):
    path = tmp_path / "results.json"
    data = {"subject_consistency": [0.97, [{"video_path": "a.mp4", "video_results": 0.97}]]}
    path.write_text(json.dumps(data))
    assert read_results(path) == {"subject_consistency": 0.97}
    for text in ("[]", "{}", '{"a": []}', "no", '{"a": NaN}'):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"results\.json"):
            read_results(path)
