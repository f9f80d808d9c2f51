"""Colours as a planner tells them: each channel is one of few levels."""

import numpy as np

from mag_sandbox.model.imagination.objects import rgb
from mag_sandbox.scenes.looks import Rgb

LEVELS = 10  # of each channel
_STEP = 256 / LEVELS


def color_number(color: Rgb) -> int:
    """Return the number of the nearest rounded colour, less than `LEVELS` ** 3."""
    red, green, blue = (channel * LEVELS // 256 for channel in color)
    return (red * LEVELS + green) * LEVELS + blue


def numbered_color(number: int) -> Rgb:
    """Return the rounded colour of a number; see `color_number`."""
    levels = number // LEVELS**2, number // LEVELS % LEVELS, number % LEVELS
    red, green, blue = (int((level + 0.5) * _STEP) for level in levels)
    return red, green, blue


def steady_color(color: Rgb, light: np.ndarray) -> Rgb:
    """Return the color that a rounded one may stand for whose hue a change of light alters least.

    In purple light, grey things are purple. A rounded grey there would be green in white light.

    Args:
        color: any; one that is not rounded is returned as it is.
        light: shares by which red, green and blue will change, [3].
    """
    if numbered_color(color_number(color)) != color:
        return color
    told = np.array(color)
    wanted: np.ndarray = told * light.mean() / light
    return rgb(wanted.clip(told - _STEP / 2, told + _STEP / 2))
