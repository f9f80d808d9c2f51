"""Things have the colours that words give them."""

from dataclasses import replace

from mag_sandbox.model.imagination.coloring import colored
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.scenes.things import COLORS, Named

PURPLE = [Named(("castle",), COLORS["purple"])]
PALE = PlacedObject("castle", 0.0, 0.0, 30.0, 20.0, (230, 225, 240), (210, 205, 220))


def test_a_thing_of_another_colour_gets_that_of_the_words():
    (castle,) = colored([PALE], PURPLE)
    assert castle.color == COLORS["purple"]
    assert castle.mean_color is not None


def test_a_thing_in_a_shade_of_the_colour_stays_as_it_was_planned():
    dark = replace(PALE, color=(80, 55, 100))
    assert colored([dark], PURPLE) == [dark]


def test_things_that_no_words_colour_stay():
    house = replace(PALE, kind="house")
    assert colored([house, PALE], [Named(("castle",), None)]) == [house, PALE]


def test_in_the_dark_a_colour_is_darker():
    night = PlacedObject("sky", 0.0, 20.0, 360.0, 60.0, (20, 20, 60), (20, 20, 60))
    _, castle = colored([night, PALE], PURPLE)
    assert max(castle.color) < 0.7 * max(COLORS["purple"])
