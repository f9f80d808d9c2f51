"""Bands of sky and ground that blend into each other."""

from dataclasses import replace

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.sketched import with_gradients

LOW = PlacedObject("low sky", 180.0, 10.0, 360.0, 20.0, mean_color=(200, 100, 0))
HIGH = replace(LOW, kind="high sky", pitch=40.0, height=40.0, mean_color=(0, 100, 240))
TREE = PlacedObject("oak", 10.0, 0.0, 20.0, 30.0, (0, 99, 0))


def test_two_bands_become_narrow_ones_from_one_colour_to_the_other():
    *sky, tree = with_gradients([LOW, HIGH, TREE])
    assert tree == TREE
    feet, tops = [one.foot for one in sky], [one.foot + one.height for one in sky]
    assert np.allclose(feet[:-1], tops[1:])
    assert np.allclose((tops[0], feet[-1]), (60.0, 0.0))
    reds, greens, blues = np.array([one.mean_color for one in sky]).T
    assert (np.diff(reds) >= 0).all()
    assert (np.diff(blues) <= 0).all()
    assert set(greens) == {100}
    halves = np.interp((10.0, 40.0), [one.pitch for one in sky[::-1]], reds[::-1])
    assert np.allclose(halves, (200, 0), atol=8), "the bands' own colours in their middles"


def test_a_single_band_stays_as_does_one_of_no_colour():
    for things in ([LOW, TREE], [LOW, replace(HIGH, mean_color=None)]):
        assert with_gradients(things) == things
