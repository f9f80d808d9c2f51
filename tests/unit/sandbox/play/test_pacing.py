"""Frames lie on an even grid, and blocks begin as late as they can."""

from itertools import pairwise

import pytest

from mag_sandbox.sandbox.play.pacing import (
    MARGIN_S,
    DurationEstimate,
    FrameGrid,
    pacing_stats,
    percentile,
)


def test_the_first_frame_is_due_at_once():
    assert FrameGrid(fps=16).is_due(0.0)


def test_frames_are_due_on_an_even_grid_even_when_shown_a_little_late():
    grid, due = FrameGrid(fps=10), []
    for now in (5.0, 5.103, 5.2, 5.31):
        assert grid.is_due(now)
        grid.show(now)
        due.append(grid.due)
    assert due == pytest.approx([5.1, 5.2, 5.3, 5.4])
    assert grid.late_frames == 0


def test_a_late_frame_shifts_the_grid_and_nothing_jumps_to_catch_up():
    grid = FrameGrid(fps=10)
    grid.show(0.0)
    grid.show(0.45)
    assert grid.due == pytest.approx(0.55, abs=0.1 * 0.1)
    assert not grid.is_due(0.53)
    assert grid.late_frames == 1


def test_lost_time_is_regained_in_steps_too_small_to_see():
    grid = FrameGrid(fps=10)
    grid.show(0.0)
    grid.show(0.16)  # 60 ms late
    dues = [grid.due]
    for _ in range(40):
        grid.show(grid.due)
        dues.append(grid.due)
    steps = [later - earlier for earlier, later in pairwise(dues)]
    assert min(steps) >= 0.095
    assert dues[-1] == pytest.approx(0.2 + 0.1 * 40)  # as if no frame had been late


def test_a_pause_is_not_a_late_frame():
    grid = FrameGrid(fps=10)
    grid.show(0.0)
    grid.restart()
    grid.show(60.0)
    assert grid.late_frames == 0
    assert grid.due == pytest.approx(60.1)


def test_a_block_begins_just_in_time_with_a_twentieth_to_spare():
    estimate = DurationEstimate()
    for seconds in (0.050, 0.060, 0.049):
        estimate.add(seconds)
    assert estimate.latest_start(10.0) == pytest.approx(10.0 - 0.063 - MARGIN_S)


def test_a_block_of_unknown_duration_begins_at_once():
    assert DurationEstimate().latest_start(10.0) < 0


def test_one_slow_block_does_not_make_all_later_ones_early():
    estimate = DurationEstimate(percentile=0.9, window=20)
    for number in range(20):
        estimate.add(0.5 if number == 3 else 0.05)
    assert estimate.seconds == pytest.approx(0.05)


def test_statistics_describe_intervals():
    grid = FrameGrid(fps=10)
    stats = pacing_stats([0.0, 0.1, 0.2, 0.4], grid)
    assert stats.frames == 4
    assert stats.fps == pytest.approx(7.5)
    assert stats.interval_max_ms == pytest.approx(200)
    assert pacing_stats([], grid).fps == 0.0


def test_percentiles_are_values_that_occurred():
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0], 0.95) == 1.0
