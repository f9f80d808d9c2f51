"""The game panoramas: shape, determinism, seam, vocabulary and captions."""

import numpy as np
import pytest

from mag_sandbox.renderer import phrasing
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, Canvas
from mag_sandbox.renderer.version2 import game


def _scene(seed: int) -> tuple[dict[str, str], np.ndarray]:
    rng = np.random.default_rng(seed)
    attributes = game.sample(rng)
    canvas = Canvas()
    game.draw(attributes, rng, canvas)
    return attributes, canvas.pixels()


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [_scene(seed)[1] for seed in range(4)]


def test_draws_ring_pictures(pictures: list[np.ndarray]) -> None:
    for picture in pictures:
        assert picture.shape == (RING_HEIGHT, RING_WIDTH, 3)
        assert picture.dtype == np.uint8
        assert picture.std() > 10


def test_is_deterministic(pictures: list[np.ndarray]) -> None:
    assert np.array_equal(_scene(2)[1], pictures[2])


def test_seam_is_like_any_other_column(pictures: list[np.ndarray]) -> None:
    for picture in pictures:
        signed = picture.astype(int)
        steps = np.abs(signed - np.roll(signed, 1, axis=1)).mean(axis=(0, 2))
        assert steps[0] <= max(4.0, np.quantile(steps[1:], 0.98))


def test_samples_only_known_values_and_all_of_them() -> None:
    rng = np.random.default_rng(5)
    scenes = [game.sample(rng) for _ in range(1500)]
    for name, values in game.ATTRIBUTES.items():
        assert {scene[name] for scene in scenes} == set(values), name


def test_every_value_has_words() -> None:
    for name, by_value in game.THING_WORDS.items():
        assert set(by_value) == set(game.ATTRIBUTES[name]) - {"none"}


def test_captions_name_only_what_is_there() -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        attributes = game.sample(rng)
        text = game.caption(attributes, rng)
        assert phrasing.MIN_WORDS <= len(text.split()) <= phrasing.MAX_WORDS
        for name in ("block", "creature", "collectible"):
            for value, phrases in game.THING_WORDS[name].items():
                if attributes[name] != value:
                    assert not any(phrase in text for phrase in phrases if " " in phrase)
        if attributes["hazard"] != "spikes":
            assert "spikes" not in text
