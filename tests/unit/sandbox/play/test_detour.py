"""Ways round what is in the way: as far from it as the world has a walker keep."""

from itertools import pairwise
from math import dist, hypot

import numpy as np
import pytest

from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.world import GroundPlan, GroundThing, GroundWater
from mag_sandbox.sandbox.play.detour import FARTHEST, way_round
from mag_sandbox.scenes.stances import Stance

ROCK = GroundThing("rock", 0.0, 4.0, 1.5, clearance=2.0, firm=1.5)
ALONG = [(x, 4.0) for x in np.arange(-9.0, 9.1, 1.5).tolist()]
STANCES = {"pine": Stance("floor", 5.0), "lake": Stance("flat"), "wall": Stance("far")}


def nearest(way, x, z):
    """How near straight lines between corners lead to a place [m]."""
    places = [
        (a + share * (c - a), b + share * (d - b))
        for (a, b), (c, d) in pairwise(way)
        for share in np.linspace(0, 1, 50).tolist()
    ]
    return min(dist(one, (x, z)) for one in places)


def test_a_way_leads_round_a_thing_and_no_nearer_than_its_clearance():
    way = way_round(GroundPlan((ROCK,)), (0.0, 0.0), (0.0, 8.0))
    assert dist(way[-1], (0.0, 8.0)) < 0.45
    assert 2.0 <= nearest([(0.0, 0.0), *way], 0.0, 4.0) < 2.5


@pytest.mark.parametrize("clearance", [0.0, 2.0])
def test_nothing_in_the_straight_way_needs_no_way_round(clearance):
    flower = GroundThing("flower", 0.0 if clearance == 0.0 else 3.0, 4.0, 0.1, clearance=clearance)
    assert len(way_round(GroundPlan((flower,)), (0.0, 0.0), (0.0, 8.0))) == 1


def test_there_is_no_way_into_a_ring_of_things():
    ring = tuple(
        GroundThing("bush", 3 * np.sin(yaw), 8 + 3 * np.cos(yaw), 0.8, clearance=1.2, firm=0.8)
        for yaw in np.linspace(0, 2 * np.pi, 12, endpoint=False)
    )
    assert way_round(GroundPlan(ring), (0.0, 0.0), (0.0, 8.0)) == []
    assert len(way_round(GroundPlan(ring[:5]), (0.0, 0.0), (0.0, 8.0))) == 1
    assert len(way_round(GroundPlan(ring[3:10]), (0.0, 0.0), (0.0, 8.0))) > 1


def test_a_way_squeezes_between_narrow_things_where_there_is_no_other():
    row = tuple(GroundThing("pine", x, z, 0.2, clearance=0.9, firm=0.2) for x, z in ALONG)
    sides = ((-8.0, -4.0), (-8.0, 12.0), (8.0, 12.0), (8.0, -4.0))
    way = way_round(GroundPlan(row, sides), (0.7, 0.0), (0.1, 8.0))
    between = [round(abs(x - 0.75) % 1.5, 1) for x, z in way if abs(z - 4.0) < 1.0]
    assert way
    assert all(min(one, 1.5 - one) <= 0.3 for one in between)
    wide = tuple(GroundThing("pine", x, z, 0.8, clearance=0.9, firm=0.8) for x, z in ALONG)
    assert way_round(GroundPlan(wide, sides), (0.7, 0.0), (0.1, 8.0)) == []


def test_a_way_keeps_to_the_room_and_out_of_deep_water():
    shore = ((-3.0, 3.0), (-3.0, 5.0), (3.0, 5.0), (3.0, 3.0))
    lake, river = (GroundPlan(waters=(GroundWater(one, shore),)) for one in ("lake", "river"))
    way = way_round(lake, (0.5, 0.0), (0.5, 8.0))
    assert nearest([(0.5, 0.0), *way], 3.0, 4.0) >= 0.2
    assert len(way_round(river, (0.5, 0.0), (0.5, 8.0))) == 1
    narrow = GroundPlan((ROCK,), ((-4.0, -4.0), (4.0, -4.0), (4.0, 12.0), (-2.0, 12.0)))
    way = way_round(narrow, (0.0, 0.0), (0.0, 8.0))
    assert max(x for x, _ in way) > 1.9
    assert max(x for x, _ in way) <= 2.4 + 1e-3


def test_a_walker_who_is_too_near_already_gets_away():
    assert way_round(GroundPlan((ROCK,)), (0.3, 2.2), (0.0, 8.0))


def test_what_is_far_away_is_left_to_the_next_way():
    way = way_round(GroundPlan((ROCK,)), (0.0, 0.0), (0.0, 90.0))
    assert 0.9 * FARTHEST < hypot(*way[-1]) <= 1.5 * FARTHEST


def test_a_place_that_is_no_number_has_no_way():
    broken = GroundThing("rock", 0.0, 4.0, 1.0, clearance=float("nan"))
    assert way_round(GroundPlan((broken,)), (0.0, 0.0), (0.0, 8.0)) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_way_is_one_that_the_world_lets_a_walker_walk(seed):
    rng = np.random.default_rng(seed)
    things = [
        PlacedObject("pine", float(yaw), 4.0, float(width), 30.0)
        for yaw, width in zip(rng.uniform(-60, 60, 24) % 360, rng.uniform(3, 14, 24), strict=True)
    ]
    things = [
        PlacedObject(one.kind, one.yaw, float(foot) + 15.0, one.width, 30.0)
        for one, foot in zip(things, rng.uniform(-30, -9, len(things)), strict=True)
    ]
    scenery = Scenery.of([*things], STANCES, ())
    end = 0.0, 14.0
    place, way = (0.0, 0.0), way_round(scenery.ground, (0.0, 0.0), end)
    for corner in way:
        for _ in range(200):
            far = dist(place, corner)
            if far < 0.05:
                break
            step = min(far, 0.175) / far
            ahead = tuple(a + step * (b - a) for a, b in zip(place, corner, strict=True))
            place = scenery.way(place, ahead, ())
        assert dist(place, corner) < 0.05
