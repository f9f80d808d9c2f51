"""What is behind all things is listed band by band, in the colours that it has without them."""

import numpy as np
import pytest

from mag_sandbox.model.imagination.objects import VARIANTS
from mag_sandbox.renderer.canvas import RING_HEIGHT
from mag_sandbox.training.panorama.behind import BANDS, BareCanvas
from mag_sandbox.training.panorama.classes import BEHIND, CLASSES
from mag_sandbox.training.panorama.render import (
    CATEGORIES,
    kinds_of,
    painted,
    render,
    render_behind,
    render_logged,
)


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_bands_of_a_category_are_those_it_is_said_to_have(category):
    behind = render_behind(category, 3)
    assert (
        {band.name for band in behind} == set(BEHIND[category]) == {b.name for b in BANDS[category]}
    )
    assert not set(BEHIND[category]) & set(CLASSES)
    assert all(0 <= band.top < band.top + band.height <= RING_HEIGHT for band in behind)
    assert [band.index for band in behind] == list(range(-len(behind), 0))
    assert max(band.variant for band in behind) < VARIANTS - 1


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_band_has_the_colour_of_the_ring_where_no_thing_stands(category):
    ring = render_logged(category, 5)
    _, bare = painted(category, 5, BareCanvas())
    free = ring.ids == 0
    same = np.abs(bare.astype(int) - ring.pixels).max(axis=-1) <= 2
    assert same[free].mean() > 0.8, "shadows and halos of things lie on the rest"
    for band in render_behind(category, 5):
        rows = slice(int(band.top), int(band.top + band.height))
        gaps = np.abs(bare[rows].reshape(-1, 3).mean(axis=0) - band.mean_color)
        assert gaps.max() < 4


@pytest.mark.parametrize("category", CATEGORIES)
def test_scenes_have_only_things_of_their_category(category):
    kinds = kinds_of(category)
    for seed in range(6):
        assert {thing.name for thing in render_logged(category, seed).things} <= set(kinds)
    assert len(kinds) < 0.5 * len(CLASSES)


def test_pictures_are_drawn_as_ever():
    assert np.array_equal(render("indoor", 7).pixels, render_logged("indoor", 7).pixels)
