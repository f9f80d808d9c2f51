"""Plans in metres: the renderer says where everything is from a second viewpoint."""

from collections.abc import Iterator
from dataclasses import replace
from math import atan, atan2, degrees, hypot

import numpy as np
import pytest

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.parallax import EYE, carried
from mag_sandbox.model.imagination.geometry.bodies import LEAST_PAINTED, LOWEST
from mag_sandbox.model.imagination.geometry.obstacles import FARTHEST_WALK
from mag_sandbox.model.imagination.geometry.scenery import Scenery, ToldFrom
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.world import FROM_WALLS
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.kinds import BEHIND, COURSES
from mag_sandbox.renderer.render import CATEGORIES, Ring, SceneRenderer, lay_out
from mag_sandbox.renderer.scene import Item
from mag_sandbox.renderer.viewpoints import geometry
from mag_sandbox.scenes import stances
from mag_sandbox.scenes.stances import Stance

STANCES = {**stances.STANCES, **dict.fromkeys(COURSES, Stance("course"))}
ALL_BEHIND = frozenset(name for names in BEHIND.values() for name in names)
THERE = (0.3, 0.4)


def scenery_of(ring: Ring) -> Scenery:
    things = [PlacedObject(*thing.plan_entry) for thing in (*bands_of(ring), *ring.things)]
    return Scenery.of(things, STANCES, ALL_BEHIND)


def same_things(plan: list[PlacedObject], ring: Ring) -> Iterator[tuple[PlacedObject, object]]:
    """Yield things that are alone of their kind and shape, as planned and as drawn."""
    planned, drawn = {}, {}
    for one in plan:
        planned.setdefault((one.kind, one.variant), []).append(one)
    for one in ring.things:
        drawn.setdefault((one.name, one.variant), []).append(one)
    for look, several in drawn.items():
        if len(several) == len(planned.get(look, ())) == 1 and several[0].degrees[0] < 100:
            yield planned[look][0], several[0]


@pytest.mark.parametrize("category", CATEGORIES)
def test_things_are_where_the_renderer_draws_them(category):
    errors, still = [], []
    for seed in (12, 14):
        scene = SceneRenderer(lay_out(category, seed))
        before, now = scene.ring(), scene.ring(*THERE)
        scenery = scenery_of(before)
        for found, plan in ((errors, scenery.plan(*THERE)), (still, scenery.plan(0, 0))):
            for told, drawn in same_things(plan, now):
                foot = (told.pitch - told.height / 2) - (drawn.pitch - drawn.degrees[1] / 2)
                found.append(max(abs(yaw_difference(told.yaw, drawn.yaw)), abs(foot)))
    assert len(errors) > 5
    assert np.median(errors) < 0.3  # degrees
    assert np.mean(errors) < 0.5 * np.mean(still)


def test_without_a_step_a_plan_stays_as_it_is():
    ring = SceneRenderer(lay_out("indoor", 12)).ring()
    told = {thing.plan_entry for thing in (*bands_of(ring), *ring.things)}
    for one in scenery_of(ring).plan(0.0, 0.0):
        nearest = min(
            abs(yaw_difference(one.yaw, yaw)) + abs(one.pitch - pitch) + abs(one.width - width)
            for kind, yaw, pitch, width, *_ in told
            if kind == one.kind
        )
        assert nearest < 1e-6


def test_walls_come_nearer_and_rise():
    ring = SceneRenderer(lay_out("indoor", 12)).ring()
    scenery = scenery_of(ring)
    before, after = ([one for one in scenery.plan(0.0, z) if one.kind == "wall"] for z in (0, 0.8))
    ahead, right, behind, left = (
        now.height - was.height for was, now in zip(before, after, strict=True)
    )
    assert ahead > 0 > behind
    assert right == pytest.approx(0, abs=1e-6)
    assert left == pytest.approx(0, abs=1e-6)


def test_from_above_things_and_walls_are_where_they_stand():
    lamp = PlacedObject("floor lamp", 90.0, -10.0, 10.0, 36.0)  # its foot 28 degrees down
    sides = [PlacedObject("wall", yaw, 0.0, 90.0, 40.0) for yaw in (0.0, 90.0, 180.0, 270.0)]
    ground = Scenery.of([*sides, lamp], {"floor lamp": Stance("floor", 1.75)}, ("wall",)).ground
    (thing,) = ground.things
    away = EYE / np.tan(np.radians(28.0))
    assert (thing.kind, thing.x, thing.z) == ("floor lamp", pytest.approx(away), pytest.approx(0))
    edge = away - thing.clearance
    scenery = Scenery.of([lamp], {"floor lamp": Stance("floor", 1.75)}, ())
    assert scenery.in_the_way((0.0, 0.0), (edge + 0.01, 0.0), ())[0] == "floor lamp"
    assert scenery.way((0.0, 0.0), (edge - 0.01, 0.0), ()) == (edge - 0.01, 0.0)
    assert scenery.way((0.0, 0.0), (edge + 0.01, 0.0), ()) != (edge + 0.01, 0.0)
    wall = EYE / np.tan(np.radians(20.0))
    assert np.abs(ground.walls) == pytest.approx(np.full((4, 2), wall))
    assert Scenery.of([lamp], STANCES, ()).ground.walls == ()
    for some in (sides[:1], sides[::2]):  # of other weights, or after things were removed
        assert Scenery.of(some, STANCES, ("wall",)).ground.walls == (), "they do not meet"


def test_what_is_walked_past_is_behind_and_what_is_underfoot_is_gone():
    lamp = PlacedObject("floor lamp", 0.0, -10.0, 10.0, 36.0)  # its foot 28 degrees down
    away = 1.6 / np.tan(np.radians(28.0))
    scenery = Scenery.of([lamp], {"floor lamp": Stance("floor", 1.75)}, ())
    (past,) = scenery.plan(0.0, 2 * away)
    assert past.yaw == pytest.approx(180.0)
    assert past.height == pytest.approx(lamp.height)
    assert scenery.plan(0.0, away) == []
    (beside,) = scenery.plan(away, away)
    assert beside.yaw == pytest.approx(270.0)


def test_small_things_stand_on_tables_and_keep_their_distance_to_them():
    table = PlacedObject("desk", 20.0, -14.0, 30.0, 16.0)  # from 22 to 6 degrees down
    vase = PlacedObject("vase", 24.0, -2.0, 4.0, 8.0)  # its foot where the table ends
    stances = {"desk": Stance("floor", 1.3), "vase": Stance("small", 0.5)}
    desk, there = Scenery.of([table, vase], stances, ()).plan(0.8, 0.5)
    assert there.pitch - there.height / 2 == pytest.approx(desk.pitch + desk.height / 2, abs=0.2)
    assert abs(yaw_difference(there.yaw, desk.yaw)) < desk.width / 2


@pytest.mark.parametrize(
    ("behind", "before"),
    [
        (("bench", 180.0, -8.0, 20.0, 10.0), ("bottle", 182.0, -5.5, 3.0, 5.0)),
        (("platform", 60.0, 10.0, 20.0, 8.0), ("heart", 60.0, 13.0, 5.0, 4.0)),
        (("bench", 180.0, -8.0, 20.0, 21.7), ("bottle", 172.0, -12.5, 7.0, 10.0)),
        (("bench", 180.0, -8.0, 20.0, 21.7), ("wheat", 172.0, -12.0, 7.0, 13.0)),
    ],
)
def test_what_a_plan_shows_on_or_before_a_thing_stays_in_front(behind, before):
    """Its foot alone, or its size, would say that it is farther away."""
    stances = {"bench": Stance("floor"), "bottle": Stance("small", 0.6)}
    stances |= {"platform": Stance("sky", 1.1), "heart": Stance("sky", 0.75)}
    stances["wheat"] = Stance("floor", 1.2)
    scenery = Scenery.of([PlacedObject(*behind), PlacedObject(*before)], stances, ())
    assert [one.kind for one in scenery.plan(0.0, 0.0)] == [behind[0], before[0]]
    far, near = (body.distance for body in scenery.bodies)
    assert near == pytest.approx(far, abs=0.02)


def test_what_sits_on_a_seat_stays_in_front_of_it_when_rules_moved_the_seat():
    seat = PlacedObject("armchair", 0.0, -10.0, 20.0, 19.0)
    away = EYE / np.tan(np.radians(19.5))
    cat = PlacedObject("cat", 0.0, -5.0, 16.0, 11.0, away=1.05 * away)  # told by its old place
    stances = {"armchair": Stance("floor", 1.1), "cat": Stance("floor", 0.7)}
    behind, before = Scenery.of([seat, cat], stances, ()).bodies
    assert before.distance == pytest.approx(behind.distance, abs=0.02)
    assert before.distance < behind.distance


def test_what_is_right_before_a_wide_thing_stays_before_it_on_a_walk_except_from_behind():
    """The middle of a long bus may be nearer than a tree that is before one of its ends."""
    bus = PlacedObject("bus", 0.0, -6.5, 36.0, 13.4)
    tree = PlacedObject("oak", 8.0, 0.3, 22.0, 27.0)
    stances = {"bus": Stance("floor", 3.0), "oak": Stance("floor", 5.0)}
    scenery, shape = Scenery.of([bus, tree], stances, ()), (384, 1280)
    away = scenery.bodies[0].distance
    for x, z in ((0.0, 0.0), (0.0, 0.5 * away), (-1.0, 0.7 * away)):
        assert [one.kind for one in scenery.plan(x, z)] == ["bus", "oak"]
        assert list(scenery.boxes(x, z, shape)) == [1, 2]
    assert [one.kind for one in scenery.plan(0.0, 2.0 * away)] == ["oak", "bus"]
    assert list(scenery.boxes(0.0, 2.0 * away, shape)) == [2, 1]


def test_a_mug_at_the_end_of_a_table_is_before_it_from_all_sides():
    table = PlacedObject("table", 0.0, -20.0, 40.0, 12.0)
    mug = PlacedObject("mug", 17.0, -12.5, 4.0, 4.0)  # its foot is near the table's top
    stances = {"table": Stance("floor", 0.9), "mug": Stance("small", 0.4)}
    scenery = Scenery.of([table, mug], stances, ())
    away = scenery.bodies[0].distance
    for x, z in ((0.0, 0.0), (0.0, 0.8 * away), (-1.0, 0.5 * away), (0.3, 2.0 * away)):
        assert [one.kind for one in scenery.plan(x, z)] == ["table", "mug"]
        assert list(scenery.boxes(x, z, (384, 1280))) == [1, 2]


def test_a_small_thing_stands_on_what_is_listed_after_it():
    """The reader lists things by guessed distances, so a rocket may come before its steps."""
    steps = PlacedObject("steps", 20.0, -14.0, 30.0, 16.0)  # from 22 to 6 degrees down
    rocket = PlacedObject("rocket", 24.0, 3.0, 12.0, 18.0)  # its foot where they end
    stances = {"steps": Stance("floor", 1.3), "rocket": Stance("small", 0.9)}
    there = {one.kind: one for one in Scenery.of([rocket, steps], stances, ()).plan(0.0, 1.0)}
    foot = there["rocket"].pitch - there["rocket"].height / 2
    assert foot == pytest.approx(there["steps"].pitch + there["steps"].height / 2, abs=0.2)


def test_the_horizon_stays():
    hills = PlacedObject("hills", 100.0, 2.0, 90.0, 8.0)
    assert Scenery.of([hills], STANCES, ()).plan(3.0, -2.0) == [hills]


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_plan_says_what_another_viewpoint_shows_of_a_picture(category):
    scene = SceneRenderer(lay_out(category, 12))
    before, now = scene.ring(), scene.ring(*THERE)
    scenery, truth = scenery_of(before), [geometry(scene, ring) for ring in (before, now)]
    known = []
    for place, where in zip(((0.0, 0.0), THERE), truth, strict=True):
        plan = scenery.plan(*place)
        empty = np.full((RING_HEIGHT, RING_WIDTH), -1, np.int32)
        ground = scenery.geometry(*place, empty)
        assert not ground.ids.any()
        bare = (where.ids == 0) & np.isfinite(where.depth) & (where.depth < 20)
        ratio = np.log(ground.depth[bare] / where.depth[bare])
        assert np.median(np.abs(ratio)) < 0.01
        known.append((plan, ground))
    found = carried(known[0][1], known[1][1], before.pixels, THERE)
    floor = (truth[1].ids == 0) & (found[..., 3] == 255)
    error = np.abs(found[..., :3].astype(int) - now.pixels)[floor]
    still = np.abs(before.pixels.astype(int) - now.pixels)[floor]
    assert floor.mean() > 0.1
    assert np.median(error) <= 2
    assert error.mean() < still.mean()


def test_a_lake_nearly_all_around_lies_on_the_ground_and_hills_lie_at_infinity():
    lake = PlacedObject("lake", 90.0, -20.0, 300.0, 20.0)
    hills = PlacedObject("hills", 90.0, -5.0, 300.0, 10.0)
    for thing, finite in ((lake, True), (hills, False)):
        scenery = Scenery.of([thing], STANCES, ())
        assert scenery.plan(0.5, 1.0) == [thing]
        depth = scenery.geometry(0.0, 0.0, np.zeros((12, 40), np.int32)).depth
        assert np.isfinite(depth[6:]).all() == finite


@pytest.mark.parametrize("there", [(0.0, 3.0), (2.0, 1.0), (0.0, 9.0)])
def test_a_road_runs_on_where_it_did_seen_from_elsewhere(there):
    road = Item("road", 1.0, 6.0, scale=1.5, facing=20.0, group="road")
    scene = SceneRenderer(replace(lay_out("outdoor", 1), items=(road,)))
    (before,), (now,) = (
        [PlacedObject(*one.plan_entry) for one in scene.ring(*place).things if one.name == "road"]
        for place in ((0.0, 0.0), there)
    )
    (told,) = Scenery.of([before], {"road": Stance("course")}, ()).plan(*there)
    assert abs(yaw_difference(told.yaw, now.yaw)) < 0.1
    assert told.pitch + told.height / 2 == pytest.approx(now.pitch + now.height / 2, abs=0.2)
    lowest = -54.0  # where rings end
    assert max(told.pitch - told.height / 2, lowest) == pytest.approx(
        now.pitch - now.height / 2, abs=0.2
    )


def test_walls_and_solid_things_stop_a_walker_who_slides_along_them():
    lamp = PlacedObject("floor lamp", 0.0, -10.0, 10.0, 36.0)  # 3 m ahead
    wall = PlacedObject("wall", 90.0, 0.0, 90.0, 90.0)  # its foot 45 degrees down: 1.6 m away
    scenery = Scenery.of([wall, lamp], STANCES, ("wall",))
    here = (0.0, 0.0)
    for _ in range(100):
        here = scenery.way(here, (here[0] + 0.05, here[1] + 0.05))
    x, z = here
    assert x == pytest.approx(1.6 - FROM_WALLS, abs=0.06)
    assert z > 1.0, "it slides along the wall"
    assert np.hypot(x, z) <= FARTHEST_WALK
    assert here == scenery.way(here, here)
    near = (0.0, 1.6)
    stopped = scenery.way(near, (0.0, 2.9))
    assert stopped[1] < 2.9
    ends = [(1.6, 0.0), (0.0, 2.9), (-2.1, 0.0)]
    top = pytest.approx(lamp.pitch + lamp.height / 2)
    met = [scenery.in_the_way((0.0, 0.0), end, [near]) for end in ends]
    assert [one[:2] for one in met] == [("wall", 90.0), ("floor lamp", top), ("", 90.0)]
    assert [round(one.yaw) for one in met[:2]] == [90, 0]


@pytest.mark.parametrize(
    ("kind", "size", "stops"),
    [
        ("rabbit", 18.0, False),
        ("sheep", 40.0, True),
        ("butterfly", 14.0, False),
        ("ghost", 40.0, False),
        ("log", 8.0, False),  # which a walker steps over
        ("rock", 40.0, True),
    ],
)
def test_small_animals_and_what_flutters_make_way_for_a_walker(kind, size, stops):
    thing = PlacedObject(kind, 0.0, -30.0 + size / 2, size, size)  # 2.6 m ahead, or on a perch
    scenery = Scenery.of([thing], STANCES, ())
    (seen,) = scenery.ground.things
    assert (seen.clearance > 0) is stops


def test_a_walker_who_passed_between_things_finds_the_way_back():
    """However narrow: what was slid along on the way there is slid along on the way back."""
    scenery = Scenery.of([lamp_at(-0.7, 1.3), lamp_at(0.8, 1.8)], STANCES, ())
    here, way = (0.0, 0.0), []
    for ahead in (0.05, -0.05):
        for _ in range(36):
            here = scenery.way(here, (here[0], here[1] + ahead))
            way.append(here[1])
    assert max(way) > 1.2
    assert way[-1] < 0.3


@pytest.mark.parametrize(("apart", "passes"), [(1.0, True), (0.3, False)])
def test_a_walker_squeezes_between_two_things_that_leave_some_room(apart, passes):
    scenery = Scenery.of([lamp_at(-apart / 2, 1.5), lamp_at(apart / 2, 1.5)], STANCES, ())
    here = (0.0, 0.0)
    for _ in range(60):
        here = scenery.way(here, (here[0], here[1] + 0.05))
    assert (here[1] > 1.9) is passes


def test_a_small_thing_straight_ahead_is_walked_round_and_a_large_one_is_not():
    ways = []
    for width in (20.0, 70.0):
        thing = PlacedObject("castle", 0.0, 0.0, width, 35.0)
        scenery, here = Scenery.of([thing], {"castle": Stance("floor")}, ()), (0.0, 0.0)
        for _ in range(200):
            here = scenery.way(here, (here[0], here[1] + 0.05), ())
        ways.append(here[1] > EYE / np.tan(np.radians(17.5)))
    assert ways == [True, False]


def lamp_at(x: float, z: float) -> PlacedObject:
    foot = -degrees(atan(EYE / hypot(x, z)))
    return PlacedObject("floor lamp", degrees(atan2(x, z)) % 360, foot + 18.0, 10.0, 36.0)


def test_flowers_stop_nobody():
    flower = PlacedObject("wild flower", 0.0, -24.3, 8.0, 9.0)  # 2.9 m away, 0.55 m tall
    scenery, here = Scenery.of([flower], STANCES, ()), (0.0, 0.0)
    for _ in range(100):
        here = scenery.way(here, (here[0], here[1] + 0.05), ())
    assert here[1] == pytest.approx(5.0, abs=0.1)


LAKE = PlacedObject("lake", 0.0, -18.0, 60.0, 12.0)  # 3.6 m ahead to 7.6 m, 6.5 m across


def test_water_stops_a_walker_who_goes_round_it():
    scenery, here = Scenery.of([LAKE], STANCES, ()), (0.5, 0.0)
    wet = []
    for _ in range(400):
        here = scenery.way(here, (here[0], here[1] + 0.05), ())
        wet.append((here[0] / 3.1) ** 2 + ((here[1] - 5.6) / 1.9) ** 2 < 1)
    assert not any(wet)
    assert here[1] > 9.0, "it slides along the shore"
    lake = scenery.in_the_way((0.0, 3.5), (0.0, 4.5), [(0.0, 3.5)])
    assert lake == ("lake", -90.0, pytest.approx(0.0, abs=1.0))


@pytest.mark.parametrize("yaw", [0.0, 70.0, 200.0])
def test_the_map_shows_where_water_is(yaw: float):
    flower = PlacedObject("wild flower", 90.0, -24.3, 8.0, 9.0)
    (lake,) = Scenery.of([replace(LAKE, yaw=yaw), flower], STANCES, ()).ground.waters
    turned = np.radians(yaw)
    assert lake.kind == "lake"
    assert lake.middle == pytest.approx((5.6 * np.sin(turned), 5.6 * np.cos(turned)), abs=0.05)
    away = [hypot(x - lake.middle[0], z - lake.middle[1]) for x, z in lake.shore]
    assert (min(away), max(away)) == pytest.approx((1.95, 3.2), abs=0.15)
    straight = [hypot(*point) for point in lake.shore]
    assert min(straight) == pytest.approx(3.6, abs=0.1)


def test_a_narrow_course_is_as_tall_as_any_thing_at_the_feet():
    road = PlacedObject("road", 0.0, -56.0, 90.0, 4.0)  # 1.0 to 1.2 m ahead
    heights = [Scenery.of([road], STANCES, ()).plan(0.0, z)[0].height for z in (0.8, 1.0, 1.1, 1.4)]
    assert min(heights) > 0


def test_nobody_walks_into_the_sea_and_rivers_are_waded_through():
    course = PlacedObject("sea", 20.0, -7.0, 90.0, 14.0)  # from 6.4 m ahead
    for kind, stops in (("sea", True), ("canal", True), ("river", False)):
        band = replace(course, kind=kind, pitch=-10.0, height=8.0 if kind != "sea" else 20.0)
        scenery, here = Scenery.of([band], STANCES, ()), (0.0, 0.0)
        for _ in range(400):
            here = scenery.way(here, (here[0] + 0.017, here[1] + 0.047), ())
        assert (here[1] < 10.0) == stops, kind
        waded = [scenery.shallows.kind_at(0.0, z) for z in (5.0, 9.0, 30.0)]
        assert waded == ["", "" if stops else "river", ""]


def test_nothing_new_stands_in_the_sea_but_what_floats():
    sea = PlacedObject("sea", 0.0, -7.0, 90.0, 14.0)
    new = [
        ToldFrom(PlacedObject(kind, yaw, -6.0, 8.0, 10.0), 0.0, 30.0)
        for kind, yaw in (("pine", 0.0), ("pine", 180.0), ("rowing boat", 0.0))
    ]
    found = Scenery.of([sea], STANCES, ()).extended(new, STANCES).apart("upright")
    assert [told.kind for told, _ in found] == ["rowing boat"]


def test_a_new_lake_is_where_nothing_stands_and_nothing_new_stands_in_it():
    lake = PlacedObject("lake", 0.0, -9.0, 40.0, 6.0)
    pine = PlacedObject("pine", 0.0, -4.0, 8.0, 10.0)  # at 10 m, as the lake
    here, there = (ToldFrom(lake, 0.0, z) for z in (0.0, 60.0))
    new = [here, there, ToldFrom(pine, 0.0, 60.0)]
    bodies = Scenery.of([pine], STANCES, ()).extended(new, STANCES).bodies
    assert [(one.told.kind, one.z) for one in bodies] == [("pine", 0.0), ("lake", 60.0)]


@pytest.mark.parametrize(
    ("kind", "wide", "top", "nearest"),
    [
        ("oak", 50.0, 46.0, 0.95),
        ("pine", 50.0, 46.0, 1.95),
        ("cottage", 80.0, 46.0, 5.05),
        ("pew", 40.0, -5.0, 2.4),
        ("lamp", 4.0, 0.0, 0.75),
    ],
)
def test_a_walker_is_never_inside_a_thing(kind, wide, top, nearest):
    thing = PlacedObject(kind, 0.0, (top - 16.0) / 2, wide, top + 16.0)  # 5.6 m away
    scenery, here = Scenery.of([thing], {kind: Stance("floor")}, ()), (0.0, 0.0)
    for _ in range(200):
        here = scenery.way(here, (0.0, here[1] + 0.05), ())
    away = EYE / np.tan(np.radians(16.0)) - here[1]
    assert nearest < away < nearest + 0.15
    assert away > scenery.ground.things[0].firm


def test_a_walker_who_is_too_near_to_something_may_leave_it_and_come_no_nearer():
    lamp = PlacedObject("floor lamp", 0.0, -40.0, 20.0, 80.0)  # at 0.3 m
    scenery = Scenery.of([lamp], STANCES, ())
    assert scenery.way((0.0, 0.0), (0.0, -0.1)) == (0.0, -0.1)
    x, z = scenery.way((0.0, 0.0), (0.0, 0.1))
    assert (abs(x) > 0.05, z) == (True, 0.0), "it is walked round"


def test_a_distance_that_was_seen_counts_more_than_a_foot_and_follows_the_walker():
    planned = PlacedObject("sofa", 10.0, -12.0, 20.0, 14.0)
    scenery = Scenery.of([planned, replace(planned, yaw=80.0, away=5.0)], STANCES, ALL_BEHIND)
    far = {told.yaw: away for told, away in scenery.apart("upright")}
    assert far[80.0] == 5.0
    assert far[10.0] == pytest.approx(EYE / np.tan(np.radians(19.0)))
    ((box, distance),) = scenery.measured((RING_HEIGHT, RING_WIDTH)).values()
    assert distance == pytest.approx(5.0)
    assert box[0] + box[2] / 2 == pytest.approx(80.0 / 360 * RING_WIDTH)
    seen = scenery.plan(5.0 * np.sin(np.radians(80)) / 2, 5.0 * np.cos(np.radians(80)) / 2)
    assert [one.away for one in seen if one.away] == [pytest.approx(2.5)]
    assert all(away != 5.0 for _, away in scenery.on_ground)


def test_things_are_painted_again_each_time_they_are_twice_as_near_until_they_are_near_or_large():
    tree = PlacedObject("oak", 0.0, 2.0, 10.0, 9.0)  # its foot 2.5 degrees down: 37 m away
    lamp = PlacedObject("floor lamp", 90.0, -10.0, 8.0, 36.0)  # 3 m away
    scenery = Scenery.of([tree, lamp], STANCES, ALL_BEHIND)
    levels = [scenery.levels(0.0, z)[1] for z in (-20.0, 0.0, 17.0, 19.0, 28.0, 36.0)]
    assert levels == [0, 0, 0, 1, 1, 1], "from 18 m on it is 20 degrees wide"
    bush = Scenery.of([replace(tree, pitch=-1.5, height=2.0, width=2.0)], STANCES, ALL_BEHIND)
    assert [bush.levels(0.0, z)[1] for z in (0.0, 17.0, 19.0, 28.0, 36.0)] == [0, 0, 1, 2, 2]
    assert scenery.levels(2.9, 0.0)[2] == 0
    new = scenery.extended([ToldFrom(replace(tree, pitch=-4.0), 0.0, 30.0)], STANCES)
    assert new.levels(0.0, 0.0)[3] == 0
    crate = PlacedObject("crate", 0.0, -9.0, 5.0, 5.0)  # 0.7 m wide
    new = scenery.extended([ToldFrom(crate, 0.0, 100.0)], STANCES)
    z = 100.0 + EYE / np.tan(np.radians(11.5))
    assert [new.levels(0.0, z - away)[3] for away in (15.0, 11.0, 4.0, 2.4, 1.0)] == [0, 1, 4, 6, 6]


@pytest.mark.parametrize(("foot", "away"), [(-0.2, None), (-1.0, 76.4), (-1.5, 61.1), (-2.5, 36.6)])
def test_things_near_the_horizon_come_nearer_unless_they_stand_on_it(foot, away):
    house = PlacedObject("cottage", 0.0, foot + 3.0, 12.0, 6.0)
    (there,) = Scenery.of([house], STANCES, ALL_BEHIND).apart("upright") or [(house, None)]
    assert there[1] == (away and pytest.approx(away, abs=0.1))


def test_small_new_things_come_into_sight_where_they_can_be_painted():
    tree = PlacedObject("oak", 0.0, 6.0, 20.0, 30.0)  # its foot 9 degrees down: 10 m away
    flower = PlacedObject("wild flower", 0.0, -8.0, 2.0, 2.0)  # 0.35 m tall
    scenery = Scenery.of([], STANCES, ALL_BEHIND)
    scenery = scenery.extended([ToldFrom(one, 0.0, 100.0) for one in (tree, flower)], STANCES)
    seen = [{one.kind for one in scenery.plan(0.0, 110.0 - away)} for away in (30.0, 14.0, 7.0)]
    assert seen == [{"oak"}, {"oak"}, {"oak", "wild flower"}]


@pytest.mark.parametrize(
    ("tall", "seen"), [(7.0, [True, True, False]), (1.5, [True, False, False])]
)
def test_large_things_of_the_plan_stay_in_sight_from_afar(tall, seen):
    foot, top = (degrees(atan((end - EYE) / 14.0)) for end in (0.0, tall))
    thing = PlacedObject("windmill", 0.0, (foot + top) / 2, 9.0, top - foot)
    scenery = Scenery.of([thing], {"windmill": Stance("floor", tall)}, ())
    assert [bool(scenery.plan(0.0, 14.0 - away)) for away in (20.0, 60.0, 110.0)] == seen


def test_no_thing_is_seen_so_small_that_it_would_be_painted_as_a_blot():
    flower = PlacedObject(
        "wild flower", 0.0, -8.0, 2.0, 2.0
    )  # told at 9 m, where it stays in sight
    scenery = Scenery.of([flower], STANCES, ALL_BEHIND)
    assert scenery.plan(0.0, 0.0) == [flower]
    assert not scenery.plan(0.0, -6.0)
    new = scenery.extended([ToldFrom(flower, 0.0, 100.0)], STANCES)
    seen = [new.plan(0.0, 90.0 + ahead) for ahead in np.linspace(0.0, 15.0, 50)]
    assert min(one.height for (one,) in filter(None, seen)) >= LEAST_PAINTED * 0.99


def test_a_walker_who_is_too_near_to_one_thing_is_let_no_nearer_to_others():
    """Neither is one in a narrow room, who is too near to its walls from the beginning."""
    wall = PlacedObject("wall", 180.0, 0.0, 90.0, 120.0)  # 0.9 m behind
    pine = PlacedObject("cottage", 0.0, 8.0, 50.0, 56.0)  # 4.4 m away
    scenery, here = Scenery.of([wall, pine], STANCES, ("wall",)), (0.0, 0.0)
    assert scenery.in_the_way(here, here, [here])[0] == "wall"
    for _ in range(200):
        here = scenery.way(here, (0.0, here[1] + 0.05), ())
    (thing,) = scenery.ground.things
    assert hypot(thing.x - here[0], thing.z - here[1]) >= thing.radius


@pytest.mark.parametrize("kind", ["cottage", "lake"])
def test_a_walker_where_something_appears_stands_beside_it(kind):
    thing = replace(LAKE, kind=kind)
    scenery, there = Scenery.of([thing], STANCES, ()), (0.2, 5.5 if kind == "lake" else 3.6)
    assert scenery.in_the_way(there, there, [there])[0] == kind
    x, z = scenery.way_out(*there, [there])
    assert 0.2 < hypot(x - there[0], z - there[1]) < 8.0
    assert scenery.way_out(x, z, [there]) == (x, z)
    assert scenery.way((x, z), (x + 0.05, z), ()) != (x, z) or scenery.way(
        (x, z), (x - 0.05, z), ()
    ) != (x, z)


def is_inside(scenery: Scenery, x: float, z: float) -> bool:
    return any(
        hypot(thing.x - x, thing.z - z) < thing.firm
        for thing in scenery.ground.things
        if (stance := STANCES[thing.kind]).where == "floor" and (stance.tall or 9.0) > LOWEST
    )


@pytest.mark.parametrize("seed", range(4))
def test_no_way_leads_into_a_thing(seed):
    """Of rooms and landscapes, whatever appears where the walker is."""
    drawn = np.random.default_rng(seed)
    category, viewpoints = list(CATEGORIES)[seed % len(CATEGORIES)], ()
    here = there = (0.0, 0.0)
    scenery = scenery_of(SceneRenderer(lay_out(category, 500 + seed)).ring())
    for step in range(300):
        if step % 150 == 149:  # other things are planned
            scenery = scenery_of(SceneRenderer(lay_out(category, 900 + seed)).ring())
        if step % 20 == 0:
            yaw, far = drawn.uniform(0.0, 2 * np.pi), drawn.choice((0.05, 0.2))
        here = scenery.way_out(*here, viewpoints)
        there = here[0] + far * np.sin(yaw), here[1] + far * np.cos(yaw)
        here = scenery.way(here, there, viewpoints)
        assert not is_inside(scenery, *here), (step, here)
