"""What words put behind something shows: a third of it at least, and before nothing else."""

from mag_sandbox.model.imagination.objects import NEAR_GROUND, PlacedObject
from mag_sandbox.model.imagination.rules.behind import with_backs_shown
from mag_sandbox.model.imagination.rules.spacing import covered
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.relations import Relation

GROUND = PlacedObject(NEAR_GROUND, 0.0, -45.0, 360.0, 60.0)
HOUSE = PlacedObject("cottage", 10.0, 5.0, 40.0, 34.0)
TOWER = PlacedObject("skyscraper", 10.0, 11.0, 8.0, 23.0)  # as tall as the house
NAMED = [
    Named(("skyscraper",), None, relation=Relation("behind", ("cottage",))),
    Named(("cottage",), None),
]


def test_a_hidden_tower_shows_beside_the_house_that_it_is_behind():
    ground, tower, house = with_backs_shown([GROUND, TOWER, HOUSE], NAMED)
    assert (ground, house) == (GROUND, HOUSE)
    assert covered(TOWER, HOUSE) > 0.9
    assert 0.0 < covered(tower, house) < 0.66


def test_a_tower_behind_a_house_is_not_drawn_over_it():
    beside = TOWER.turned(-22.0)
    assert with_backs_shown([GROUND, HOUSE, beside], NAMED) == [GROUND, beside, HOUSE]


def test_a_tower_that_shows_stays():
    taller = PlacedObject("skyscraper", 10.0, 11.0, 8.0, 24.0)
    low = PlacedObject("cottage", 10.0, 0.0, 20.0, 16.0)
    things = [GROUND, taller, low]
    assert with_backs_shown(things, NAMED) == things
