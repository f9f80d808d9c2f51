"""The indoor panoramas: shape, determinism, seam, vocabulary and captions."""

import numpy as np
import pytest

from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, Canvas
from mag_sandbox.renderer.version2 import indoor

SEEDS = range(3)
# values whose words never occur in a caption of a scene without them
ABSENT = {"sofa", "bathtub", "piano", "palms", "cactuses", "portraits", "floor lamps", "round rugs"}


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [_picture(seed) for seed in SEEDS]


def _picture(seed: int) -> np.ndarray:
    rng, canvas = np.random.default_rng(seed), Canvas()
    indoor.draw(indoor.sample(rng), rng, canvas)
    return canvas.pixels()


def test_draws_ring_pictures(pictures: list[np.ndarray]) -> None:
    for picture in pictures:
        assert picture.shape == (RING_HEIGHT, RING_WIDTH, 3)
        assert picture.dtype == np.uint8
        assert picture.std() > 15


def test_is_deterministic(pictures: list[np.ndarray]) -> None:
    assert np.array_equal(_picture(SEEDS[0]), pictures[0])


def test_seam_is_like_any_other_column(pictures: list[np.ndarray]) -> None:
    for picture in pictures:
        closed = np.concatenate([picture, picture[:, :1]], axis=1).astype(float)
        steps = np.abs(np.diff(closed, axis=1)).mean(axis=(0, 2))
        # an edge of furniture may fall on the seam, but it is no stronger than elsewhere
        assert steps[-1] <= steps[:-1].max() + 1
        assert steps.max() < 60


def test_samples_only_known_values() -> None:
    seen: dict[str, set[str]] = {name: set() for name in indoor.ATTRIBUTES}
    rng = np.random.default_rng(1)
    for _ in range(600):
        attributes = indoor.sample(rng)
        assert attributes.keys() == indoor.ATTRIBUTES.keys()
        for name, value in attributes.items():
            assert value in indoor.ATTRIBUTES[name]
            seen[name].add(value)
    assert all(len(seen[name]) > len(values) / 2 for name, values in indoor.ATTRIBUTES.items())


def test_captions_are_short_sentences_about_present_things() -> None:
    rng = np.random.default_rng(2)
    for _ in range(300):
        attributes = indoor.sample(rng)
        text = indoor.caption(attributes, rng)
        assert 8 <= len(text.split()) <= 35, text
        assert "none" not in text
        absent = ABSENT - set(attributes.values())
        assert not [word for word in absent if word in text], text
