"""Things of a plan are as large, beside each other, as in life."""

from math import radians, tan

import pytest

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.objects import NEAR_GROUND, PlacedObject
from mag_sandbox.model.imagination.rules.life_sizes import with_life_sizes
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.relations import Relation

GROUND = PlacedObject(NEAR_GROUND, 0.0, -20.0, 360.0, 40.0)
CAR = PlacedObject("car", 0.0, -3.0, 24.0, 9.0)


def standing(kind: str, yaw: float, foot: float, height: float) -> PlacedObject:
    """Return a thing as wide as it is tall."""
    return PlacedObject(kind, yaw, foot + height / 2, height, height)


def times_as_tall(thing: PlacedObject) -> float:
    """Return how many times as tall as in life a thing on the ground is."""
    away = EYE / tan(radians(-thing.foot))
    tall = away * (tan(radians(thing.top)) - tan(radians(thing.foot)))
    return tall / usual_looks()[thing.kind].tall


def test_a_named_cat_is_no_larger_than_in_life_and_comes_nearer() -> None:
    cat = standing("cat", 24.0, -6.0, 12.0)
    assert times_as_tall(cat) > 2
    *_, shown = with_life_sizes((GROUND, CAR, cat), [Named(("cat",), None), Named(("car",), None)])
    assert shown.kind == "cat"
    assert times_as_tall(shown) < 1.1
    assert shown.height > 10.0  # it is still plain to see
    assert shown.foot < cat.foot


def test_a_duck_on_a_lake_stays_there_and_is_smaller() -> None:
    lake = PlacedObject("lake", 0.0, -10.0, 44.0, 6.0)
    duck = Named(("duck",), None, relation=Relation("on", ("lake",)))
    *_, shown = with_life_sizes((GROUND, lake, standing("duck", 0.0, -10.0, 9.0)), [duck])
    assert shown.foot == pytest.approx(-10.0)
    assert shown.height < 9.0


def test_in_a_room_nothing_moves_into_its_wall() -> None:
    wall = PlacedObject("wall", 0.0, 0.0, 90.0, 42.0)  # its foot is at -21 degrees
    cat = standing("cat", 5.0, -24.0, 5.0)
    assert times_as_tall(cat) < 0.75
    _, shown = with_life_sizes((wall, cat), [Named(("cat",), None)])
    assert shown != cat
    assert shown.foot <= wall.foot - 0.5


def test_books_side_by_side_on_a_table_do_not_grow_into_each_other() -> None:
    table = PlacedObject("table", 0.0, -20.0, 40.0, 12.0)
    books = [PlacedObject("book", yaw, -13.1, 4.0, 1.8, away=3.3) for yaw in (-5.5, 0.0, 5.5)]
    _, _, *shown = with_life_sizes((GROUND, table, *books), [Named(("book",), None, 3)])
    assert all(4.5 < book.width < 5.5 for book in shown)


def test_an_owl_on_a_fence_is_smaller_than_that_is_tall() -> None:
    fence = PlacedObject("fence", 20.0, -13.8, 24.0, 5.0)
    owl = standing("owl", 20.0, -11.3, 12.0)
    named = [Named(("owl",), None, relation=Relation("on", ("fence",))), Named(("fence",), None)]
    _, grown, small = with_life_sizes((GROUND, fence, owl), named)
    assert grown.height > fence.height
    assert small.height < 1.2 * grown.height
    assert abs(small.foot - grown.top) < 0.1


def test_an_owl_on_a_tree_is_no_larger_than_its_crown() -> None:
    tree = standing("oak", 20.0, -4.0, 17.0)
    owl = standing("owl", 20.0, 10.0, 12.0)
    named = [Named(("owl",), None, relation=Relation("on", ("oak",))), Named(("oak",), None)]
    _, tree, owl = with_life_sizes((GROUND, tree, owl), named)
    assert owl.height < tree.height / 2
    assert owl.top < 24.0


def test_a_giant_teapot_on_a_hill_stays_one() -> None:
    tree, teapot = standing("oak", 0.0, -4.0, 9.0), standing("teapot", 0.0, 4.0, 14.0)
    named = [Named(("teapot",), None, scale=2.8)]
    assert with_life_sizes((GROUND, tree, teapot), named)[2] == teapot


@pytest.mark.parametrize("kind", ["mug", "candle"])
def test_a_mug_beside_a_person_is_no_larger_than_a_head(kind: str) -> None:
    table, person = standing("round table", 0.0, -16.0, 11.0), standing("person", 20.0, -16.0, 28.0)
    mug = standing(kind, 0.0, -6.0, 9.0)
    named = [Named((one,), None) for one in ("round table", "person", kind)]
    shown = {one.kind: one for one in with_life_sizes((GROUND, table, person, mug), named)}
    assert shown[kind].height < shown["person"].height / 4


def test_a_castle_that_is_too_small_is_farther_away_or_larger() -> None:
    church = standing("church", 0.0, -8.0, 14.0)
    assert times_as_tall(church) < 0.3
    far = with_life_sizes((GROUND, church), [Named(("church",), None)])[1]
    assert times_as_tall(far) > 0.7


def test_a_castle_is_as_near_as_its_towers() -> None:
    castle, tower = standing("castle", 0.0, -1.4, 13.0), standing("tower", 20.0, -2.4, 25.0)
    named = [Named(("castle",), None), Named(("tower",), None)]
    _, castle, tower = with_life_sizes((GROUND, castle, tower), named)
    assert abs(castle.foot - tower.foot) < 0.2
    assert castle.height > 20.0


def test_words_for_size_count() -> None:
    cat = standing("cat", 24.0, -14.0, 20.0)
    things = GROUND, cat
    assert with_life_sizes(things, [Named(("cat",), None, scale=2.8)])[1] == cat
    assert with_life_sizes(things, [Named(("cat",), None)])[1].height < cat.height


def test_a_building_called_tall_is_taller_than_those_beside_it() -> None:
    tower, house = standing("skyscraper", -20.0, -3.0, 16.0), standing("church", 10.0, -4.0, 19.0)
    named = [Named(("skyscraper",), None, scale=1.5), Named(("church",), None)]
    tall, other = with_life_sizes((GROUND, tower, house), named)[1:]
    assert tall.top > other.top


def test_unnamed_things_are_no_giants() -> None:
    tree = standing("cypress", 30.0, -4.0, 60.0)
    assert with_life_sizes((GROUND, tree), [])[1].height < tree.height / 2


def test_a_mushroom_is_about_as_high_as_a_knee() -> None:
    mushroom = standing("mushroom", 24.0, -6.0, 9.0)
    assert times_as_tall(mushroom) > 0.9
    named = [Named(("mushroom",), None), Named(("car",), None)]
    *_, shown = with_life_sizes((GROUND, CAR, mushroom), named)
    assert 0.2 < times_as_tall(shown) < 0.45
