"""A worse input never scores better: every measure, on versions of one input from good to bad."""

import functools
import itertools
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.evaluation.magbench import best_match
from mag_sandbox.evaluation.magbench.evaluate import motion_ratio
from mag_sandbox.evaluation.magbench.lpips import Lpips, LpipsDistance
from mag_sandbox.evaluation.similarity import metrics
from mag_sandbox.evaluation.similarity.recall import half_life, seen_recall
from mag_sandbox.evaluation.vbench import consistency
from mag_sandbox.renderer.render import HELD_OUT, SceneRenderer, lay_out
from mag_sandbox.renderer.views import view_at
from tests.tiny import randomise

AMOUNTS = (0.0, 2.0, 8.0, 24.0, 64.0)  # of damage, in grey levels


@pytest.fixture(scope="module")
def video() -> np.ndarray:
    """A slow pan over a scene, uint8 [9, 96, 160, 3]."""
    ring = SceneRenderer(lay_out("outdoor", HELD_OUT + 7)).ring().pixels
    return np.stack([view_at(ring, 2.0 * step, 0.0)[::2, ::2] for step in range(9)])


@pytest.fixture(scope="module")
def damaged(video) -> Callable[[Callable, float], np.ndarray]:
    """Give the video with some damage, which is done once."""
    return functools.cache(lambda damage, amount: damage(video, amount))


def noisy(frames: np.ndarray, amount: float) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, 1, frames.shape) * amount
    return np.clip(frames + noise, 0, 255).round().astype(np.uint8)


def fading(frames: np.ndarray, amount: float) -> np.ndarray:
    """The end of a video loses its contrast."""
    left = 1 - (np.linspace(0.2, 1.0, len(frames)) * amount / 64)[:, None, None, None]
    return (128 + (frames - 128.0) * left).round().astype(np.uint8)


def flickering(frames: np.ndarray, amount: float) -> np.ndarray:
    """Every second frame is darker."""
    darker = frames.astype(float)
    darker[1::2] = np.clip(darker[1::2] - amount, 0, 255)
    return darker.round().astype(np.uint8)


def soft(frames: np.ndarray, amount: float) -> np.ndarray:
    """Each pixel is the mean of more and more of its row."""
    width = 1 + int(amount)
    rows = sum(np.roll(frames, step, axis=2).astype(np.uint16) for step in range(width))
    return (rows / width).round().astype(np.uint8)


def wandering(frames: np.ndarray, amount: float) -> np.ndarray:
    """Frame by frame the picture upside down shows through."""
    other = frames[:, ::-1].astype(float)
    share = (np.linspace(0.05, 1.0, len(frames)) * amount / 64)[:, None, None, None]
    return (frames * (1 - share) + other * share).round().astype(np.uint8)


def resting(frames: np.ndarray) -> np.ndarray:
    return np.repeat(frames[:1], len(frames), axis=0)


def as_pictures(frames: np.ndarray) -> np.ndarray:
    return frames.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1


@functools.cache
def random_lpips() -> LpipsDistance:
    network = Lpips()
    for head in network.heads:
        torch.nn.init.constant_(head.weight, 1.0)  # they may not be negative
    for layer in network.features.values():
        randomise(layer, seed=0)
    return LpipsDistance(network)


def lpips(frames: np.ndarray, others: np.ndarray) -> float:
    pictures = as_pictures(frames[::3]), as_pictures(others[::3])
    return -best_match.match(best_match.distance_matrix(*pictures, random_lpips()))[1]


def matched(frames: np.ndarray, others: np.ndarray) -> tuple[float, ...]:
    pictures = as_pictures(frames), as_pictures(others)
    found = best_match.best_match(*pictures, best_match.absolute_difference)
    return found.psnr, found.ssim, -found.distance


AGAINST_TRUTH = {
    "psnr": metrics.psnr,
    "ssim": lambda a, b: float(np.mean([metrics.ssim(x, y) for x, y in zip(a, b, strict=True)])),
    "best match": matched,  # likeness of its pairs in two ways, and what found them
    "best-match LPIPS": lpips,
}


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *itertools.product(("psnr", "ssim"), (noisy, fading, wandering, soft)),
        ("best match", noisy),  # these two also look for pairs, of all pictures with all
        ("best match", wandering),
        ("best-match LPIPS", soft),
    ],
)
def test_likeness_to_the_truth_never_grows_with_damage(name, damage, video, damaged):
    found = [AGAINST_TRUTH[name](damaged(damage, amount), video) for amount in AMOUNTS]
    for scores in np.atleast_2d(np.transpose(found)):
        assert scores[0] == max(scores)
        assert scores[-1] < scores[0]
        assert all(worse <= better + 1e-6 for better, worse in itertools.pairwise(scores))


BY_ITSELF = {
    "flicker": (consistency.flicker, flickering),
    "smoothness": (consistency.smoothness, flickering),
    "consistency": (
        lambda x: consistency.consistency(x, consistency.layout_features),
        lambda video, amount: wandering(resting(video), amount),  # a pan is inconsistent by itself
    ),
    "sharpness": (consistency.mean_sharpness, soft),
    "gradient energy": (lambda x: metrics.gradient_energy(x[-1]), fading),
}


@pytest.mark.parametrize("name", BY_ITSELF)
def test_what_is_seen_in_the_video_alone_never_grows_with_damage(name, video):
    measure, damage = BY_ITSELF[name]
    scores = [measure(damage(video, amount)) for amount in AMOUNTS]
    assert all(worse < better for better, worse in itertools.pairwise(scores)), scores


def test_frechet_distance_grows_with_what_is_added():
    rng = np.random.default_rng(0)
    features, others = rng.normal(size=(2, 300, 4))
    apart = [metrics.frechet_distance(features, others + shift) for shift in (0, 0.5, 1, 3)]
    assert apart == sorted(apart)
    wider = [metrics.frechet_distance(features, others * width) for width in (1, 1.5, 2, 4)]
    assert wider == sorted(wider)


def test_motion_ratio_falls_with_every_frame_that_stands_still(video):
    truth = as_pictures(video)
    ratios = []
    for still in range(len(truth)):
        shown = truth.copy()
        shown[len(shown) - 1 - still :] = shown[len(shown) - 1 - still]
        ratios.append(motion_ratio(shown, truth))
    assert ratios[0] == pytest.approx(1.0)
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] == 0.0


@pytest.mark.parametrize("damage", [noisy, soft, wandering])
def test_recall_never_grows_when_the_return_is_worse(video, damaged, damage):
    seen = [seen_recall(damaged(damage, amount)[-1], video[-1]) for amount in AMOUNTS]
    assert seen == sorted(seen, reverse=True)


@given(st.lists(st.floats(1.0, 30.0), min_size=4, max_size=12), st.floats(0.1, 0.9))
def test_half_life_never_grows_when_every_return_is_worse(times, share):
    results = [
        [SimpleNamespace(seconds_away=time, recall=recall) for time in times]
        for recall in (66.0, share * 66.0)
    ]
    lives = [half_life(each) or np.inf for each in results]
    assert lives[1] <= lives[0]
