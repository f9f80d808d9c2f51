"""Colours that a planner tells are rounded, and keep their hue when the light changes."""

import numpy as np
import pytest

from mag_sandbox.model.imagination.rounded_colors import (
    LEVELS,
    color_number,
    numbered_color,
    steady_color,
)

WITHOUT_PURPLE = np.array((1.4, 1.45, 1.1))  # a change from purple light to white


def test_a_colour_has_the_number_of_the_nearest_rounded_one():
    numbers = range(LEVELS**3)
    assert [color_number(numbered_color(number)) for number in numbers] == [*numbers]
    assert numbered_color(color_number((140, 64, 91))) == (140, 64, 89)


@pytest.mark.parametrize("color", [(140, 140, 140), (89, 89, 140), (140, 64, 89)])
def test_a_rounded_colour_keeps_its_hue_when_purple_light_is_gone(color):
    def hue_change(one):
        lit = np.array(one) * WITHOUT_PURPLE
        return np.abs(lit / lit.mean() - np.array(color) / np.mean(color)).max()

    steady = steady_color(color, WITHOUT_PURPLE)
    assert hue_change(steady) < 0.6 * hue_change(color)
    assert np.abs(np.subtract(steady, color)).max() <= 256 / LEVELS / 2 + 0.5


def test_a_colour_that_is_not_rounded_is_exact():
    assert steady_color((141, 140, 140), WITHOUT_PURPLE) == (141, 140, 140)
