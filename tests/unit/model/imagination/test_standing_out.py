"""What stands out in a picture says where things end."""

import numpy as np
import pytest

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.standing_out import mended, standing_out
from mag_sandbox.scenes.stances import Stance

HEIGHT, WIDTH = 192, 320
STANCES = {"bookshelf": Stance("floor", 2.1)}
SHELF = slice(80, 150), slice(140, 180)  # rows and columns
NOBODY = np.full((HEIGHT, WIDTH), -1, np.int32)


def room() -> np.ndarray:
    """Return a shelf before a striped wall and a checkered floor that grows darker."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    wall = np.where((columns // 16 % 2)[..., None], (90, 60, 120), (120, 80, 150))
    floor = np.where(((rows // 8 + columns // 20) % 2)[..., None], (150, 110, 80), (190, 150, 110))
    picture = np.where((rows < 120)[..., None], wall, floor - columns[..., None] // 32)
    picture[SHELF] = (40, 150, 60)
    return picture.astype(np.uint8)


def shelf(top: float, foot: float) -> PlacedObject:
    """Return it, from a top to a foot [px]."""
    degrees = 90 / WIDTH
    middle = (HEIGHT / 2 - (top + foot) / 2) * degrees
    return PlacedObject("bookshelf", 0.0, middle, 40 * degrees, (foot - top) * degrees)


def test_patterns_of_walls_and_floors_do_not_stand_out_and_things_do():
    out = standing_out(room())
    assert out[SHELF].mean() > 0.95
    out[SHELF] = False
    assert out.mean() < 0.02


@pytest.mark.parametrize(("top", "foot"), [(84, 156), (75, 145), (80, 150)])
def test_top_and_foot_of_a_thing_are_where_the_picture_shows_them(top, foot):
    (found,) = mended([shelf(top, foot)], standing_out(room()), NOBODY, STANCES)
    right = shelf(80, 150)
    assert (found.pitch, found.height) == pytest.approx((right.pitch, right.height), abs=0.3)


def test_a_foot_that_something_hides_and_one_too_far_away_stay_where_they_were():
    out, hiding = standing_out(room()), NOBODY.copy()
    hiding[140:170, 130:190] = 1
    hidden, far = shelf(80, 156), shelf(80, 180)
    (same,) = mended([hidden], out, hiding, STANCES)
    assert same.height == pytest.approx(hidden.height)
    assert mended([far], out, NOBODY, STANCES)[0].height == pytest.approx(far.height)
