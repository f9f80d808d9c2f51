"""What the painter would get wrong is painted as it is sketched."""

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.sketched import kept_as_sketched

GROUND = PlacedObject("near ground", 0.0, -30.0, 360.0, 60.0, (120, 180, 90), (120, 180, 90))
STAR = PlacedObject("star", 0.0, 20.0, 2.4, 2.4, (243, 243, 217), (243, 243, 217))
TREE = PlacedObject("oak", 20.0, 0.0, 12.0, 20.0, (90, 160, 80), (90, 160, 80))
RED_SEA = PlacedObject("sea", 0.0, -5.0, 89.0, 11.0, (200, 60, 60), (200, 60, 60))


def test_a_star_outdoors_is_kept_with_the_sky_around_it_but_for_what_stands_there():
    owners = np.full((60, 80), -1)
    owners[20:24, 40:44], owners[22:50, 48:60] = 1, 2
    kept = kept_as_sketched([GROUND, STAR, TREE], owners)
    assert kept[22, 42]
    assert kept[12, 42]
    assert not kept[30, 50], "a tree"
    assert not kept[50, 10], "far away from it"
    assert not kept_as_sketched([STAR, STAR, TREE], owners).any(), "of a game or room"


def test_a_sea_of_an_odd_colour_is_kept_where_it_is_seen():
    owners = np.full((60, 80), -1)
    owners[40:50] = 1
    kept = kept_as_sketched([GROUND, RED_SEA], owners)
    assert kept[45].all()
    assert not kept[:40].any()


def test_lightning_is_painted_as_it_is_sketched():
    bolt = PlacedObject("lightning", 9.0, 11.0, 15.0, 26.0, (255, 240, 168), (255, 240, 168))
    owners = np.full((192, 320), -1)
    owners[20:90, 100:120] = 1
    kept = kept_as_sketched([GROUND, bolt], owners)
    assert (kept == (owners == 1)).all()
