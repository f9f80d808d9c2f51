"""Differences inside the noise are called noise, and only those."""

import numpy as np
import pytest

from mag_sandbox.evaluation.results.intervals import FEWEST, difference, mean_interval


def row(values) -> dict[str, float | None]:
    return {f"clip {index}": value for index, value in enumerate(values)}


def test_the_mean_of_what_was_measured_with_its_interval():
    interval = mean_interval([1.0, None, 3.0, 2.0])
    assert interval.mean == 2.0
    assert interval.clips == 3
    assert interval.low <= 2.0 <= interval.high
    assert mean_interval([None]) is None


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        mean_interval([1.0, float("nan")])


def test_equal_rows_differ_by_noise():
    scores = row(np.random.default_rng(0).normal(20, 3, 30))
    assert difference(scores, scores).verdict == "noise"


def test_a_small_but_constant_difference_between_very_different_clips_counts():
    clips = np.random.default_rng(0).normal(20, 5, 30)
    better = difference(row(clips + 0.3), row(clips))
    assert better.verdict == "better"
    assert better.interval.mean == pytest.approx(0.3)
    assert difference(row(clips), row(clips + 0.3)).verdict == "worse"


def test_lower_can_be_better():
    clips = np.random.default_rng(0).uniform(0.2, 0.4, 20)
    assert difference(row(clips - 0.1), row(clips), higher_is_better=False).verdict == "better"


def test_few_clips_prove_nothing():
    few = FEWEST - 1
    assert difference(row([10.0] * few), row([5.0] * few)).verdict == "noise"


def test_only_clips_of_both_rows_are_compared():
    ours = {"a": 1.0, "b": None, "c": 3.0}
    assert difference(ours, {"a": 0.0, "b": 1.0, "d": 9.0}).interval.clips == 1
    assert difference({"a": 1.0}, {"b": 1.0}) is None


def test_noise_is_rarely_taken_for_a_difference():
    rng = np.random.default_rng(3)
    verdicts = [
        difference(row(rng.normal(0, 1, 20)), row(rng.normal(0, 1, 20))).verdict for _ in range(100)
    ]
    assert verdicts.count("noise") >= 85
