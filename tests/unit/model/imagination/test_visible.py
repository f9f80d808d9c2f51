"""What shows of a plan, and what nearer things hide."""

from dataclasses import replace

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.visible import visible

TENT = PlacedObject("tent", 0.0, 0.0, 20.0, 20.0)


def test_what_a_nearer_thing_covers_is_not_visible():
    hidden, aside = replace(TENT, kind="cat", width=5.0, height=5.0), replace(TENT, yaw=180.0)
    assert visible([hidden, aside, TENT]) == [aside, TENT]
    assert visible([TENT, hidden]) == [TENT, hidden]


def test_rain_and_snow_hide_nothing():
    for kind in ("falling rain", "falling snow"):
        rain = PlacedObject(kind, 180.0, 0.0, 360.0, 108.0)
        assert visible([TENT, rain]) == [TENT]


def test_what_shows_beside_a_nearer_thing_is_visible():
    wide = replace(TENT, kind="house", width=50.0)
    assert visible([wide, TENT]) == [wide, TENT]


def test_things_on_the_seam_overhead_and_tiny_ones_are_visible():
    things = [replace(TENT, yaw=359.9), replace(TENT, yaw=90.0, pitch=88.0),
              replace(TENT, yaw=120.0, width=0.1, height=0.1)]  # fmt: skip
    assert visible(things) == things
