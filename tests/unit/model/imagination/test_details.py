"""Details that the codec loses come back where a painting shows what was planned."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from mag_sandbox.model.imagination.config import FITTED
from mag_sandbox.model.imagination.details import AROUND, FEWEST, LIKE, LostDetails
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Place
from tests.unit.model.imagination.tiny import imagination

SIZE = 48  # px
THING = slice(12, 36), slice(16, 32)
FAR = 4  # px from a thing at which pictures stay as they are


def softened(picture: np.ndarray) -> np.ndarray:
    """Return what a bad codec makes of a picture."""
    mean = functional.avg_pool2d(torch.from_numpy(picture)[None], 9, 1, 4, count_include_pad=False)
    return mean[0].numpy()


def plan(seed: int = 1) -> tuple[np.ndarray, np.ndarray, LostDetails]:
    """Return a sketch of a chequered thing, the same after the codec, and what is lost of it."""
    rng = np.random.default_rng(seed)
    sketch = np.full((3, SIZE, SIZE), -0.3, np.float32)
    fields = rng.uniform(-0.2, 1.0, (3, 6, 4)).astype(np.float32)
    sketch[:, THING[0], THING[1]] = fields.repeat(4, axis=1).repeat(4, axis=2)
    coded = softened(sketch)
    return sketch, coded, LostDetails.of(owners(THING), sketch, coded)


def owners(thing: tuple[slice, slice]) -> np.ndarray:
    numbers = np.full((SIZE, SIZE), -1, np.int32)
    numbers[thing] = 2
    return numbers


def over(painted: np.ndarray, found: np.ndarray) -> np.ndarray:
    return painted * (1 - found[3]) + found[:3]


def test_a_thing_that_is_painted_as_planned_looks_like_its_sketch():
    sketch, coded, lost = plan()
    shown = over(coded, lost.found_in(coded))
    assert np.allclose(shown[:, *THING], sketch[:, *THING], atol=1e-5)
    far = np.ones((SIZE, SIZE), bool)
    far[THING[0].start - FAR : THING[0].stop + FAR, THING[1].start - FAR : THING[1].stop + FAR] = 0
    assert np.array_equal(shown[:, far], coded[:, far])


@pytest.mark.parametrize("light", [0.8, 0.5])
def test_in_a_fainter_light_details_are_fainter(light):
    sketch, coded, lost = plan()
    shown = over(light * coded, lost.found_in(np.float32(light) * coded))
    assert np.allclose(shown[:, *THING], light * sketch[:, *THING], atol=0.02)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**16), shift=st.integers(0, SIZE), noise=st.floats(0, 1))
def test_only_what_looks_like_a_thing_gets_its_details(seed: int, shift: int, noise: float):
    """Whatever is painted: shares are shares, and nothing but a likeness gets any."""
    _, coded, lost = plan(seed)
    other = np.roll(plan(seed + 1)[1], shift, axis=2)
    rng = np.random.default_rng(seed)
    painted = (other + noise * rng.normal(0, 1, other.shape)).astype(np.float32)
    found = lost.found_in(painted)
    assert np.isfinite(found).all()
    assert found[3].min() >= 0
    assert found[3].max() <= 1
    near = tuple(slice(side.start - AROUND, side.stop + AROUND) for side in THING)
    one, planned = (
        each - each.mean(axis=(1, 2), keepdims=True)
        for each in (painted[:, *near], coded[:, *near])
    )
    alike = (one * planned).sum() / np.sqrt((one**2).sum() * (planned**2).sum())
    assert found[3].any() == (alike > LIKE[0])


def test_specks_and_things_of_one_colour_have_no_details():
    sketch, coded, _ = plan()
    speck = slice(3, 4), slice(0, FEWEST - 1)
    assert not LostDetails.of(owners(speck), sketch, coded).found_in(coded).any()
    flat = np.zeros_like(sketch)
    assert not LostDetails.of(owners(THING), flat, flat).found_in(flat).any()


def test_what_is_lost_is_told_of_things_alone():
    made, cell = imagination(), 22.5
    sprites = made._networks.painter.objects.sprites[0].table
    sprites.zero_().view(len(sprites), -1, FITTED)[..., :2] = 1
    place = Place(2, -3, 4, 6)
    tent = PlacedObject("tent", 0.0, 0.0, 1.0 * cell, 1.0 * cell, (200, 30, 90), (190, 40, 90))
    barn = PlacedObject("tent", 0.0, 0.0, 3.0 * cell, 2.0 * cell, (200, 30, 90), (190, 40, 90))
    assert made.lost((), place) is None
    sky = PlacedObject("sky", 0.0, 27.0, 360.0, 54.0, (90, 160, 230), (90, 160, 230))
    assert made.lost((sky,), place) is None
    lost = made.lost((sky, barn, replace(tent, yaw=60.0)), place)
    assert lost is not None
    assert lost.lost.shape == (3, *made.view_size)
    assert len(lost.shapes) == 2
