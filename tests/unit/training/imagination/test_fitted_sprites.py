"""Sprites fitted to pictures: what a look shows, whatever its colour is."""

import numpy as np
import pytest

from mag_sandbox.renderer.plan import Thing
from mag_sandbox.renderer.render import Ring
from mag_sandbox.renderer.scene import Layout
from mag_sandbox.training.imagination.fitted_sprites import REST, fit

EYE = (20, 20, 40)
PLACES = 17  # over 1.25 times the box: the middle is number 8, the edges are 1.6 and 14.4


def ring(color, variant=0, hidden=False, bow=None) -> Ring:
    """Return a ring with a square bear of a colour across the seam, whose right half is an eye.

    Its lower half is a bow, if that has a colour. Something nearer may hide its upper half.
    """
    pixels, ids = np.full((384, 1280, 3), 200, np.uint8), np.zeros((384, 1280), np.int32)
    columns = np.arange(-40, 40)
    pixels[100:180, columns] = color
    pixels[100:180, columns[40:]] = EYE
    ids[100:180, columns] = 5
    if bow is not None:
        pixels[140:180, columns] = bow
    mean = tuple(pixels[100:180, columns].mean(axis=(0, 1)))
    if hidden:
        pixels[100:140, columns], ids[100:140, columns] = 0, 2
    bear = Thing(5, "bear", "", variant, None, color, mean, 1240.0, 100.0, 80.0, 80.0, 6400)
    black = (0, 0, 0)
    board = Thing(2, "board", "", 0, None, black, black, 1240.0, 100.0, 80.0, 40.0, 3200)
    depth = np.full(ids.shape, np.inf, np.float32)
    things = (bear, board) if hidden else (bear,)
    motions = np.zeros(ids.shape, np.uint8)
    return Ring(pixels, depth, ids, motions, things, Layout("object", 0, "", {}, ()))


def shown(place, color, mean=None) -> np.ndarray:
    """Return what a place of a sprite shows of a thing of a colour, which its half is of."""
    mean = (np.array(color) + EYE) / 2 if mean is None else mean
    return place[1] * np.array(color) + place[2] * mean + place[3:] * 255 / REST


def test_what_has_the_colour_of_a_thing_is_told_from_what_has_its_own():
    sprite = fit([ring((200, 40, 40)), ring((40, 90, 220))], PLACES)["bear", 0]
    body, eye = sprite[8, 4], sprite[8, 12]
    assert body[0] == 1
    assert shown(body, (40, 200, 40)) == pytest.approx([40, 200, 40], abs=15)
    assert shown(eye, (40, 200, 40)) == pytest.approx(EYE, abs=15)
    assert not sprite[0].any()
    assert not sprite[:, -1].any()


def test_what_is_neither_of_the_main_colour_nor_its_own_is_told_from_the_mean_one():
    colors = [(200, 40, 40), (40, 90, 220), (90, 90, 90), (220, 210, 60)]
    rings = [ring(one, bow=other) for one in colors for other in colors]
    bow = fit(rings, PLACES)["bear", 0][13, 4]
    mean = (np.array((200, 40, 40)) + EYE + 2 * np.array((40, 90, 220))) / 4
    assert shown(bow, (200, 40, 40), mean) == pytest.approx([40, 90, 220], abs=40)


def test_what_nearer_things_hide_does_not_count():
    rings = ring((200, 40, 40)), ring((40, 90, 220)), ring((90, 90, 90), hidden=True)
    sprite = fit(rings, PLACES)["bear", 0]
    assert sprite[2:14, 2:14, 0] == pytest.approx(1.0)


def test_a_kind_in_any_shape_is_the_mean_of_its_shapes():
    sprites = fit([ring((200, 40, 40)), ring((40, 90, 220), variant=1)], PLACES)
    assert set(sprites) == {("bear", 0), ("bear", 1), ("bear", None)}
    both = fit([ring((200, 40, 40)), ring((40, 90, 220))], PLACES)["bear", 0]
    np.testing.assert_allclose(sprites["bear", None], both)
