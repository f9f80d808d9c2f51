"""A thing has the colour that most of its pixels have, in whatever light."""

import numpy as np
import pytest

from mag_sandbox.evaluation.judge.close_look import painted_shares
from mag_sandbox.scenes.color_names import COLORS


@pytest.mark.parametrize("light", [(1.0, 1.0, 1.0), (0.7, 0.65, 0.56), (0.51, 0.55, 0.6)])
def test_pixels_have_the_nearest_colour_in_any_light(light):
    square = np.full((64, 64, 3), (255, 0, 255), np.uint8)
    square[16:48, 16:48] = (np.array(COLORS["teal"]) * light).round()
    shares = painted_shares(square, ("red", "teal", "plaid"))
    assert shares == {"red": 0.0, "teal": 1.0, "plaid": 0.0}


def test_what_may_have_no_colour_of_a_known_value_has_none():
    assert painted_shares(np.zeros((64, 64, 3), np.uint8), ("plaid",)) == {"plaid": 0.0}


def test_what_is_behind_a_thing_does_not_count():
    square = np.full((64, 64, 3), COLORS["teal"], np.uint8)
    square[26:38, 26:38] = COLORS["red"]
    assert painted_shares(square, ("red", "teal")) == {"red": 1.0, "teal": 0.0}
    square[26:38, 26:38] = square[0, 0]
    assert painted_shares(square, ("red", "teal"))["teal"] == 1.0, "nothing is unlike it"
