"""Drift over minutes of turning around, on worlds that keep what they show or let it fade."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraPose, move
from mag_sandbox.evaluation.quality.pocket import (
    MEASURES,
    SHARE,
    around_and_around,
    contrast,
    play_drift,
    saturation,
)
from mag_sandbox.evaluation.quality.scenes import held_out_scene
from mag_sandbox.evaluation.quality.thresholds import OVERALL
from mag_sandbox.evaluation.results.intervals import mean_scores
from mag_sandbox.renderer.render import HELD_OUT
from mag_sandbox.renderer.views import view_at
from tests.rendered_worlds import SPEC, BlankWorld, PerfectWorld, ring

MINUTES = 3.0
GREY = 127.5


@cache
def view(category: str, seed: int, yaw: int) -> np.ndarray:
    return view_at(ring(category, seed), yaw, 0.0)[::4, ::4]


class FadingWorld(PerfectWorld):
    """Has small pictures of few directions, so that minutes are quick; contrast may fade."""

    def __init__(self, kept: float) -> None:
        super().__init__()
        self._kept = kept  # of the contrast, by one block

    def picture(self, pose: CameraPose, yaw: float) -> np.ndarray:
        shown = view("outdoor", HELD_OUT + 1, round(pose.yaw / 20) % 18 * 20)
        faded = GREY + (shown - GREY) * self._kept**self._made
        return faded.round().astype(np.uint8)


class PalingWorld(PerfectWorld):
    """Loses its colours while it turns, and nothing else."""

    def picture(self, pose: CameraPose, yaw: float) -> np.ndarray:
        shown = super().picture(pose, yaw)
        grey = shown @ np.array([0.299, 0.587, 0.114])
        paled = grey[..., None] + (shown - grey[..., None]) * max(0.0, 1 - self._made / 30)
        return np.clip(paled, 0, 255).round().astype(np.uint8)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return held_out_scene(1, 0, tmp_path_factory.mktemp("views"))


def quick(world):
    """Return a world that turns quickly, so that a tenth of a minute is enough."""
    world.spec = replace(SPEC, full_speed=replace(SPEC.full_speed, yaw=400.0))
    return world


def played(world, scene, minutes: float):
    return play_drift(world, scene, around_and_around(world.spec, minutes))


def turned(spec, minutes: float) -> list[list[float]]:
    pose, legs = CameraPose(), []
    for leg in around_and_around(spec, minutes):
        count = leg.blocks * spec.block_length
        poses = move(pose, leg.command, spec.full_speed, spec.fps, count)
        pose = poses[-1]
        legs.append([one.yaw for one in poses])
    return legs


def test_the_first_and_the_last_turn_look_in_the_same_directions():
    first, between, last = turned(SPEC, MINUTES)
    assert len(first) == len(last) == pytest.approx(SHARE * 60 * MINUTES * SPEC.fps)
    assert len(first) + len(between) + len(last) == 60 * MINUTES * SPEC.fps
    step = 360 / len(first)
    for yaw in last:
        assert min(abs((yaw - one + 180) % 360 - 180) for one in first) <= step / 2 + 0.5
    assert max(np.diff(sorted(last))) < 1.5 * step  # all the way around, and once


def test_a_turn_the_camera_is_too_slow_for_is_refused():
    around_and_around(SPEC, 1.0)
    with pytest.raises(ValueError, match=r"at least 1 minutes, or 0"):
        around_and_around(SPEC, 0.9)


def test_a_perfect_world_does_not_drift(scene):
    clip = played(quick(PerfectWorld()), scene, 0.2)
    assert set(clip) == {"drift", *(f"{name}_ratio" for name in MEASURES)}
    assert clip["drift"] < 0.02


@pytest.mark.parametrize(("kept", "met"), [(1.0, True), (0.999, False)])
def test_contrast_that_fades_a_little_every_block_misses_the_bar(kept, met, scene):
    report = mean_scores([played(FadingWorld(kept), scene, MINUTES)])
    assert OVERALL["drift"].met(report["drift"]["mean"]) is met
    if met:
        assert report["drift"]["mean"] < 0.005
    else:  # from the middle of the first turn to that of the last
        blocks = 60 * MINUTES / SPEC.block_seconds * (1 - SHARE)
        assert report["contrast_ratio"]["mean"] == pytest.approx(kept**blocks, abs=0.01)


def test_the_largest_change_counts_whatever_it_is(scene):
    clip = played(quick(PalingWorld()), scene, 0.2)
    assert clip["contrast_ratio"] == pytest.approx(1, abs=0.05)
    assert clip["drift"] == pytest.approx(1 - clip["saturation_ratio"])
    assert clip["drift"] > 0.3


def test_what_was_never_there_has_no_ratio_and_pictures_without_anything_no_drift(scene):
    blank = played(quick(BlankWorld()), scene, 0.2)
    assert set(blank.values()) == {None}
    assert mean_scores([blank])["drift"] is None


def test_contrast_and_saturation_of_known_pictures():
    picture = np.zeros((4, 6, 3), np.uint8)
    assert contrast(picture) == saturation(picture) == 0
    picture[:, :3] = 200  # black and white
    assert contrast(picture) == pytest.approx(100, abs=0.1)
    assert saturation(picture) == 0
    picture[:, :3] = 250, 50, 150
    assert saturation(picture) == pytest.approx(100)
