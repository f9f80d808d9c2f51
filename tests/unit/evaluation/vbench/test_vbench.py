"""VBench's files, and the measures of a video by itself."""

import json

import numpy as np
import pytest

from mag_sandbox.evaluation.results.store import ClipStore
from mag_sandbox.evaluation.results.videos import VideoFormat
from mag_sandbox.evaluation.vbench.command import (
    PROTOCOLS,
    Sample,
    keep,
    measure_folder,
    play_still,
    read_prompts,
    read_results,
    samples_of,
    write_samples,
)
from mag_sandbox.evaluation.vbench.consistency import (
    consistency,
    ends,
    flicker,
    layout_features,
    mean_sharpness,
    smoothness,
)
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
    assert len(samples_of(["a", "b"])) == 10
    assert PROTOCOLS == {"5s": 5.0, "30s": 30.0}


def test_prompts_come_from_a_file_once_each(tmp_path):
    path = tmp_path / "prompts.txt"
    path.write_text("a red tower\n\n a hill \na red tower\n")
    assert read_prompts(path) == ["a red tower", "a hill"]
    for text in ("", "up/down\n", "x" * 300):
        path.write_text(text)
        with pytest.raises(ValueError):
            read_prompts(path)


def test_samples_have_their_length_and_are_not_made_twice(tmp_path):
    world = FakeWorld()
    assert len(play_still(world, "a place", 1.0, 3)) == SPEC.fps
    samples = samples_of(["a place"], 2)
    assert write_samples(world, samples, 0.5, tmp_path, 0, lambda line: None) == 2
    assert write_samples(world, samples, 0.5, tmp_path, 0, lambda line: None) == 0
    wanted = VideoFormat(SPEC.frame_width, SPEC.frame_height, SPEC.fps)
    (tmp_path / samples[1].file).write_bytes(b"damaged")
    found, faults = measure_folder(tmp_path, samples, wanted)
    assert list(found) == [samples[0].file]
    assert list(faults) == [samples[1].file]
    assert set(found[samples[0].file]) >= {"subject_consistency", "temporal_flickering"}


def test_prompts_that_differ_in_a_hyphen_are_two_videos(tmp_path):
    store = ClipStore(tmp_path, {})
    for name in ("a b-0", "a-b-0"):
        keep(store, name, {"world": "x"}, name, {"sharpness": 1.0})
    assert len(store.records()) == 2


def test_results_of_the_suite_are_read_back(tmp_path):
    path = tmp_path / "results.json"
    data = {"subject_consistency": [0.97, [{"video_path": "a.mp4", "video_results": 0.97}]]}
    path.write_text(json.dumps(data))
    assert read_results(path) == {"subject_consistency": 0.97}
    for text in ("[]", "{}", '{"a": []}', "no", '{"a": NaN}'):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"results\.json"):
            read_results(path)
