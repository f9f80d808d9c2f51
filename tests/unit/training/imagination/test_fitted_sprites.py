"""Sprites fitted to pictures: what a look shows, whatever its colour is."""

import numpy as np
import pytest

from mag_sandbox.training.imagination.fitted_sprites import REST, fit
from mag_sandbox.training.panorama.logged_canvas import Thing
from mag_sandbox.training.panorama.render import LoggedPanorama

EYE = (20, 20, 40)
PLACES = 17  # over 1.25 times the box: the middle is number 8, the edges are 1.6 and 14.4


def ring(color, variant=0, hidden=False) -> LoggedPanorama:
    """Return a ring with a square bear of a colour across the seam, whose right half is an eye."""
    pixels, ids = np.full((384, 1280, 3), 200, np.uint8), np.zeros((384, 1280), np.int32)
    columns = np.arange(-40, 40)
    pixels[100:180, columns] = color
    pixels[100:180, columns[40:]] = EYE
    ids[100:180, columns] = 1
    if hidden:
        pixels[100:140, columns], ids[100:140, columns] = 0, 2
    bear = Thing(1, "bear", "", variant, None, color, color, 1240.0, 100.0, 80.0, 80.0, 6400)
    return LoggedPanorama("object", 0, {}, pixels, ids, (bear,))


def test_what_has_the_colour_of_a_thing_is_told_from_what_has_its_own():
    sprite = fit([ring((200, 40, 40)), ring((40, 90, 220))], PLACES)["bear", 0]
    body, eye = sprite[8, 4], sprite[8, 12]
    assert body == pytest.approx([1, 1, 0, 0, 0], abs=0.15)
    assert eye == pytest.approx([1, 0, *(REST * x / 255 for x in EYE)], abs=0.01)
    assert not sprite[0].any()
    assert not sprite[:, -1].any()


def test_what_nearer_things_hide_does_not_count():
    rings = ring((200, 40, 40)), ring((40, 90, 220)), ring((90, 90, 90), hidden=True)
    sprite = fit(rings, PLACES)["bear", 0]
    assert sprite[2:14, 2:14, 0] == pytest.approx(1.0)


def test_a_kind_in_any_shape_is_the_mean_of_its_shapes():
    sprites = fit([ring((200, 40, 40)), ring((40, 90, 220), variant=1)], PLACES)
    assert set(sprites) == {("bear", 0), ("bear", 1), ("bear", None)}
    both = fit([ring((200, 40, 40)), ring((40, 90, 220))], PLACES)["bear", 0]
    np.testing.assert_allclose(sprites["bear", None], both)
