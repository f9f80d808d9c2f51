"""Rooms: around given pictures no ceiling has beams."""

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import without_beams

WALL = PlacedObject("wall", 0.0, 0.0, 89.0, 40.0, variant=1)
CEILING = PlacedObject("ceiling", 0.0, 27.0, 360.0, 54.0, variant=1)
PANELS = PlacedObject("ceiling", 0.0, 27.0, 360.0, 54.0, variant=2)


def test_ceilings_lose_their_beams_and_nothing_else():
    things = [WALL, CEILING, PANELS]
    assert [thing.variant for thing in without_beams(things)] == [1, 0, 2]
    assert without_beams([WALL, PANELS]) == [WALL, PANELS]
