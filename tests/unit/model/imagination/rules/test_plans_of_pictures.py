"""What is behind all things has the colours that a picture shows of it."""

from dataclasses import replace

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import RingPicture, as_seen, boxes, likeness

WALL = PlacedObject("wall", 0.0, 25.0, 360.0, 50.0, (200, 40, 40), (190, 40, 40))
FLOOR = PlacedObject("floor", 0.0, -25.0, 360.0, 50.0, (60, 60, 200), (60, 60, 200))
SHOWN = np.zeros((96, 320), bool)
SHOWN[10:90, 100:220] = True
BARE = np.zeros_like(SHOWN)


def picture(wall=(205, 50, 45), floor=(60, 60, 200)) -> RingPicture:
    pixels = np.zeros((96, 320, 3), np.uint8)
    pixels[:48], pixels[48:] = wall, floor
    pixels[30:48, 120:160] = 255  # something stands before the wall
    return RingPicture(pixels, SHOWN, BARE)


def test_a_picture_is_most_like_what_has_its_colours():
    green = replace(WALL, color=(40, 200, 40))
    assert likeness([WALL, FLOOR], picture()) > 1.5 > likeness([green, FLOOR], picture())


def test_colours_are_those_that_the_picture_shows_and_stay_where_it_does_not():
    wall, floor = as_seen([WALL, FLOOR], picture(floor=(0, 0, 0)))
    assert wall.color == (205, 50, 45)
    assert wall.mean_color == (195, 50, 45)
    assert floor == FLOOR, "something else covers it all"
    nothing = RingPicture(picture().pixels, BARE, BARE)
    assert as_seen([WALL], nothing) == [WALL]


def test_what_stands_before_a_wall_does_not_tell_its_colour():
    pixels = picture(wall=(200, 180, 120)).pixels
    pixels[:48, 120:200] = WALL.color
    shelf = PlacedObject("shelf", 180.0, 27.0, 90.0, 54.0)
    (alone,) = as_seen([WALL], RingPicture(pixels, SHOWN, BARE))
    assert alone.color == WALL.color
    near = replace(WALL, color=(190, 170, 130))
    seen = RingPicture(pixels, SHOWN, boxes([shelf], SHOWN.shape))
    assert likeness([near], seen) > likeness([WALL], seen)
    assert as_seen([near], seen)[0].color == (200, 180, 120)
    whole = RingPicture(pixels, SHOWN, ~BARE)
    assert as_seen([WALL], whole) == [alone], "where nothing else shows, all of it counts"


def test_the_sky_has_the_colour_of_its_rows_whatever_the_planner_expected():
    sky = PlacedObject("low sky", 180.0, 25.0, 360.0, 50.0, (40, 200, 40), (40, 190, 40))
    (seen,) = as_seen([sky], picture(wall=(120, 100, 150)))
    assert seen.color == (120, 100, 150)
    assert as_seen([replace(sky, kind="floor")], picture())[0].color == sky.color, "walls hide it"
