"""Plans agree with reliefs, and pixels belong to what their relief says."""

import numpy as np
import pytest

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.reading.outlines import agreeing, owners_seen
from mag_sandbox.model.imagination.reading.relief import Relief
from mag_sandbox.scenes.stances import Stance

HEIGHT, WIDTH, DEGREES = 192, 320, 360 / 1280
STANCES = {"sofa": Stance("floor"), "box": Stance("small"), "window": Stance("wall")}


def relief(*shown: tuple[slice, slice, float]) -> Relief:
    """Return the relief of things that fill rows and columns, at distances [m]."""
    stands, distance = np.zeros((HEIGHT, WIDTH), np.float32), np.full((HEIGHT, WIDTH), 90.0)
    edges, (y, x) = np.zeros((4, HEIGHT, WIDTH), np.float32), np.indices((HEIGHT, WIDTH)) + 0.5
    for rows, columns, away in shown:
        part = rows, columns
        stands[part], distance[part] = 1.0, away
        sides = (
            x - columns.start, columns.stop - x, y - rows.start, rows.stop - y,
        )  # fmt: skip
        for edge, side in zip(edges, sides, strict=True):
            edge[part] = side[part]
    return Relief(stands, distance, edges)


def named(_box: object, _away: float) -> PlacedObject:
    """Return the likeliest thing, wherever it is."""
    return PlacedObject("box", 0.0, 0.0, 1.0, 1.0)


def at(rows: slice, columns: slice, kind: str = "sofa") -> PlacedObject:
    """Return a thing that fills rows and columns of a view."""
    middle = (columns.start + columns.stop - WIDTH) / 2, (HEIGHT - rows.start - rows.stop) / 2
    size = columns.stop - columns.start, rows.stop - rows.start
    return PlacedObject(kind, *(DEGREES * one for one in (*middle, *size)))


SOFA, BOX = (slice(100, 140), slice(120, 180)), (slice(80, 104), slice(220, 250))


def test_a_thing_is_where_its_picture_shows_its_foot_or_between_that_and_the_told_distance():
    beside, hiding = at(slice(97, 146), slice(125, 185)), (slice(136, 150), slice(110, 190), 3.0)
    shown, told = np.radians((140 - HEIGHT / 2) * DEGREES), np.arctan(EYE / 6.0)
    hidden, _ = agreeing([beside], relief((*SOFA, 6.0), hiding), named, DEGREES, STANCES)
    assert hidden.away == pytest.approx(EYE / np.tan((shown + told) / 2), rel=0.02)
    (found,) = agreeing([beside], relief((*SOFA, 6.0)), named, DEGREES, STANCES)
    assert found.away == pytest.approx(EYE / np.tan(shown), rel=0.005)
    in_the_air = {**STANCES, "box": Stance("sky")}
    (flying,) = agreeing([beside], relief((*SOFA, 6.0)), named, DEGREES, in_the_air)
    assert flying.away == 6.0
    right = at(*SOFA)
    for field in ("pitch", "width", "height"):
        assert getattr(found, field) == pytest.approx(getattr(right, field), abs=0.3)
    assert found.yaw % 360 == pytest.approx(right.yaw % 360, abs=0.3)


def test_what_was_missed_is_added_from_far_to_near_and_what_does_not_show_is_left_out():
    nothing, window = at(slice(60, 90), slice(20, 60)), at(*BOX, "window")
    shown = relief((*SOFA, 2.0), (*BOX, 5.0))
    found = agreeing([window, nothing, at(*SOFA)], shown, named, DEGREES, STANCES)
    assert [one.kind for one in found] == ["window", "box", "box"]  # what stands out is named anew
    assert found[1].away == 5.0


def test_what_the_relief_is_not_sure_of_is_not_added():
    shown = relief((*SOFA, 2.0), (*BOX, 5.0))
    shown.stands[BOX] = 0.55
    (found,) = agreeing([], shown, named, DEGREES, STANCES)
    assert found.away == pytest.approx(2.0, rel=0.3)


@pytest.mark.parametrize("read", [[], [at(*SOFA)], [at(*SOFA), at(*BOX, "window")]])
def test_a_picture_in_which_nothing_stands_out_shows_what_hangs_on_walls_alone(read):
    kept = [one for one in read if one.kind == "window"]
    assert agreeing(read, relief(), named, DEGREES, STANCES) == kept


def test_things_of_a_picture_unlike_renders_stay_where_they_were_read():
    shown, read = relief((*SOFA, 2.0)), [at(slice(97, 146), slice(125, 185))]
    shown.stands[:60] = 0.6
    assert agreeing(read, shown, named, DEGREES, STANCES) == read


def test_pixels_belong_to_the_thing_whose_distance_they_have():
    shown = relief((*SOFA, 2.0), (*BOX, 5.0))
    planned = np.full((HEIGHT, WIDTH), -1, np.int32)
    planned[90:140, 115:180] = 4
    things = {3: ((218.0, 78.0, 34.0, 28.0), 5.2), 4: ((115.0, 90.0, 65.0, 50.0), 2.1)}
    everywhere = np.ones_like(planned, bool)
    seen = owners_seen(planned, things, shown.stands, shown.distance, everywhere)
    wanted = np.full_like(planned, -1)
    wanted[SOFA], wanted[BOX] = 4, 3
    assert (seen == wanted).all()
    unseen = owners_seen(planned, things, shown.stands, shown.distance, ~everywhere)
    assert (unseen == planned).all()
