"""No two things of a plan stand in the same place."""

from dataclasses import replace

from mag_sandbox.model.imagination.objects import NEAR_GROUND, PlacedObject
from mag_sandbox.model.imagination.rules.footprints import with_own_ground
from mag_sandbox.scenes.naming import Named

WALLS = tuple(PlacedObject("wall", 90.0 * side, 5.0, 90.0, 40.0) for side in range(4))
SOFA = PlacedObject("sofa", 0.0, -13.0, 26.0, 13.0)
ARMCHAIR = PlacedObject("armchair", 4.0, -13.5, 13.0, 13.5)
NAMED = [Named(("sofa",), None)]


def test_an_unnamed_armchair_steps_out_of_a_named_sofa() -> None:
    *_, sofa, armchair = with_own_ground((*WALLS, SOFA, ARMCHAIR), NAMED)
    assert sofa == SOFA
    assert armchair == replace(ARMCHAIR, yaw=armchair.yaw)
    assert 12.0 < abs(armchair.yaw) < 348.0


def test_what_words_name_stays() -> None:
    plan = (*WALLS, SOFA, ARMCHAIR)
    assert with_own_ground(plan, [*NAMED, Named(("armchair",), None)]) == [*plan]


def test_it_is_left_out_where_there_is_no_room() -> None:
    sofas = [replace(SOFA, yaw=yaw) for yaw in range(0, 360, 15)]
    plan = with_own_ground((*WALLS, *sofas, ARMCHAIR), NAMED)
    assert plan == [*WALLS, *sofas]


def test_seats_stay_at_tables() -> None:
    table = PlacedObject("dining table", 0.0, -13.0, 26.0, 13.0)
    plan = (*WALLS, table, replace(ARMCHAIR, kind="chair"))
    assert with_own_ground(plan, NAMED) == [*plan]


def test_no_shelf_is_before_a_window() -> None:
    window = PlacedObject("square window", 0.0, 3.0, 14.0, 16.0)
    shelf = PlacedObject("bookshelf", 3.0, -4.0, 22.0, 26.0)
    *_, moved = with_own_ground((*WALLS, window, shelf), NAMED)
    assert moved.kind == "bookshelf"
    assert abs(moved.yaw) > 14.0


def test_no_barrel_is_in_a_pond() -> None:
    ground = PlacedObject(NEAR_GROUND, 0.0, -20.0, 360.0, 40.0)
    pond = PlacedObject("lake", 0.0, -10.0, 30.0, 8.0)
    barrel = PlacedObject("barrel", 0.0, -7.0, 5.0, 6.0)
    assert abs(with_own_ground((ground, pond, barrel), [])[-1].yaw) > 8.0
    assert with_own_ground((ground, pond, barrel), [Named(("barrel",), None)])[-1] == barrel
