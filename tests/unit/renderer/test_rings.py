"""Rings are exact: parallax, depth, occlusion, plans, motion."""

from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.kinds import BEHIND, COURSES
from mag_sandbox.renderer.motion import PERIOD, MotionLabel
from mag_sandbox.renderer.projection import PIXELS_PER_RADIAN
from mag_sandbox.renderer.render import CATEGORIES, HELD_OUT, SceneRenderer, lay_out, render
from mag_sandbox.renderer.scene import Item, Layout, RoomBox

ROOM = RoomBox(-4.0, 4.0, -4.0, 4.0, 3.0, "white", "plain", "wood", "honey", "plain")
LAND = {
    "place": "meadow", "time_of_day": "noon", "weather": "clear", "relief": "flat land",
    "celestial": "none", "sky": "none",
}  # fmt: skip


def land(*items: Item, **attributes: str) -> SceneRenderer:
    return SceneRenderer(Layout("outdoor", 1, "meadow", LAND | attributes, items))


def room(*items: Item) -> SceneRenderer:
    attributes = {"place": "kitchen", "light": "daylight"}
    return SceneRenderer(Layout("indoor", 1, "kitchen", attributes, items, ROOM))


@pytest.mark.parametrize("ceiling", ["wooden beams", "ceiling panels"])
def test_what_is_overhead_hides_no_floor(ceiling):
    attributes = {"place": "kitchen", "light": "daylight"}
    plain, ceiled = (
        SceneRenderer(Layout("indoor", 1, "kitchen", attributes, (), replace(ROOM, ceiling=one)))
        for one in ("plain", ceiling)
    )
    beneath = ROOM.left + 0.5  # the first one's middle
    for x in (0.0, beneath):
        floors = [scene.ring(x, 1.0).pixels[HORIZON + 40 :] for scene in (plain, ceiled)]
        differ = (floors[0] != floors[1]).any(axis=2)
        assert differ.mean() < 0.01  # pixels at edges, which are rounded


def box(height: float = 1.0, **place: float) -> Item:
    """A box 1.04 m wide, whose drawing is a rectangle."""
    return Item("box", scale=height / 0.7, color="red", group="red box", **place)


def middle_of(ring, name: str) -> float:
    (thing,) = (one for one in ring.things if one.name == name)
    return (thing.left + thing.width / 2) % RING_WIDTH


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_same_seed_gives_the_same_ring(category):
    first, second = render(category, 3), render(category, 3)
    assert np.array_equal(first.pixels, second.pixels)
    assert first.things == second.things
    assert first.caption(2) == second.caption(2)


def test_walking_there_and_back_gives_the_same_ring():
    scene = SceneRenderer(lay_out("outdoor", HELD_OUT + 4))
    steps = 4
    there = [scene.ring(0.25 * step, 0.5 * step) for step in range(steps)]
    back = [scene.ring(0.25 * step, 0.5 * step) for step in reversed(range(steps))]
    for one, other in zip(there, reversed(back), strict=True):
        assert np.array_equal(one.pixels, other.pixels)
        assert np.array_equal(one.depth, other.depth)


@pytest.mark.parametrize(("x", "z"), [(0.0, 0.0), (1.3, 0.4), (-0.7, 2.1), (0.0, 3.9)])
def test_a_thing_is_seen_in_its_direction_to_a_fraction_of_a_pixel(x, z):
    ring = land(box(x=2.0, z=5.0)).ring(x, z)
    expected = np.arctan2(2.0 - x, 5.0 - z) * PIXELS_PER_RADIAN % RING_WIDTH
    assert middle_of(ring, "box") == pytest.approx(expected, abs=0.01)
    seen = np.roll(ring.ids == ring.things[-1].index, RING_WIDTH // 2 - round(expected), axis=1)
    columns = np.nonzero(seen.any(axis=0))[0]
    drawn = (columns.min() + columns.max() + 1) / 2 - RING_WIDTH // 2 + round(expected)
    assert drawn == pytest.approx(expected, abs=1.0)


def test_a_thing_grows_as_one_comes_nearer_and_keeps_its_foot_on_the_ground():
    scene = land(box(height=1.0, x=0.0, z=6.0))
    for z in (0.0, 2.0, 4.0):
        (thing,) = (one for one in scene.ring(0.0, z).things if one.name == "box")
        foot = HORIZON + np.arctan(EYE / (6.0 - z)) * PIXELS_PER_RADIAN
        top = HORIZON + np.arctan((EYE - 1.0) / (6.0 - z)) * PIXELS_PER_RADIAN
        assert thing.top + thing.height == pytest.approx(foot, abs=0.01)
        assert thing.top == pytest.approx(top, abs=0.01)
        assert thing.distance == pytest.approx(6.0 - z)


def test_the_depth_of_a_thing_is_its_distance_and_that_of_ground_follows_the_row():
    ring = land(box(x=0.0, z=5.0)).ring(0.0, 1.0)
    number = next(one.index for one in ring.things if one.name == "box")
    assert np.all(ring.depth[ring.ids == number] == pytest.approx(4.0))
    bare = ring.depth[:, RING_WIDTH // 2]
    assert np.all(np.isinf(bare[:HORIZON]))
    row = HORIZON + 100
    expected = EYE / np.tan((row + 0.5 - HORIZON) / PIXELS_PER_RADIAN)
    assert bare[row] == pytest.approx(expected, rel=1e-5)


def test_walls_of_a_room_are_planes():
    ring = room().ring(1.0, -0.5)
    yaw = (np.arange(RING_WIDTH) + 0.5) / PIXELS_PER_RADIAN
    x = 1.0 + ring.depth[HORIZON] * np.sin(yaw)
    z = -0.5 + ring.depth[HORIZON] * np.cos(yaw)
    assert np.maximum(abs(x), abs(z)) == pytest.approx(np.full(RING_WIDTH, 4.0), abs=1e-3)


def test_a_window_stays_where_it_is_on_its_wall():
    window = Item("square window", x=1.5, z=4.0, foot=1.0, facing=0.0, group="window")
    for x, z in ((0.0, 0.0), (1.5, 1.0), (-2.0, 2.0)):
        (thing,) = (one for one in room(window).ring(x, z).things if one.name == "square window")
        left, right = thing.left, thing.left + thing.width
        inside = np.arctan2(1.5 - x, 4.0 - z) * PIXELS_PER_RADIAN % RING_WIDTH
        assert left % RING_WIDTH < inside < right or left - RING_WIDTH < inside < right


def test_what_is_nearer_hides_what_is_behind_it():
    scene = land(box(x=0.0, z=6.0), Item("person", 0.0, 4.0, color="blue", group="blue person"))
    ahead, behind = ({one.name: one for one in scene.ring(0.0, z).things} for z in (0.0, 10.0))
    ids = scene.ring().ids
    assert ids[HORIZON + 40, int(middle_of(scene.ring(), "person"))] == ahead["person"].index
    assert behind["box"].distance == pytest.approx(4.0)
    assert behind["person"].distance == pytest.approx(6.0)
    hidden = scene.ring(0.0, 10.0).ids
    assert (hidden == behind["person"].index).sum() < (ids == ahead["person"].index).sum() * 0.7


@pytest.mark.parametrize("category", CATEGORIES)
def test_plan_and_picture_agree(category):
    ring = render(category, 11)
    areas = np.bincount(ring.ids.ravel(), minlength=max(t.index for t in ring.things) + 1)
    assert {one.index for one in ring.things} == set(np.flatnonzero(areas[1:]) + 1)
    for thing in ring.things:
        assert thing.area == areas[thing.index]
        if thing.name in COURSES:  # has no end, see below
            continue
        rows, columns = np.nonzero(ring.ids == thing.index)
        assert rows.min() >= thing.top - 1.5
        assert rows.max() <= thing.top + thing.height + 1.5
        offset = (columns - thing.left + RING_WIDTH / 2) % RING_WIDTH - RING_WIDTH / 2
        aside = (columns - thing.left) % RING_WIDTH
        within = (aside <= thing.width + 1.5) | (abs(offset) <= 1.5)
        assert within.all(), thing


@pytest.mark.parametrize("category", CATEGORIES)
def test_what_is_behind_all_things_is_listed_as_bands(category):
    bands = bands_of(render(category, 2))
    assert tuple(one.name for one in bands) == BEHIND[category]
    assert [one.index for one in bands] == list(range(-len(bands), 0))


def test_clouds_drift_and_at_time_zero_nothing_has_moved():
    scene = land(weather="cloudy")
    assert np.array_equal(scene.ring().pixels, scene.ring(time=0.0).pixels)
    still, later = scene.ring(), scene.ring(time=40.0)
    cloud = next(one for one in still.things if one.name == "cloud")
    moved = np.roll(still.ids == cloud.index, 10, axis=1)
    drifted = later.ids == cloud.index
    assert (moved & drifted).sum() > 0.9 * (moved | drifted).sum()


def test_animals_walk_turn_round_and_come_back():
    scene = land(Item("cow", 0.0, 5.0, color="brown", group="brown cow"))
    start, half, end = (scene.ring(time=time) for time in (0.0, PERIOD / 2, PERIOD))
    assert middle_of(half, "cow") != pytest.approx(middle_of(start, "cow"), abs=20)
    cow = start.things[-1].index
    assert np.array_equal(start.ids == cow, end.ids == cow)
    early, late = (scene.ring(time=PERIOD * part) for part in (0.3, 0.7))
    seen = [ring.ids == ring.things[-1].index for ring in (early, late)]
    assert seen[0].sum() == pytest.approx(seen[1].sum(), rel=0.05)
    assert not np.array_equal(*seen)
    assert (start.motions[start.ids == start.things[-1].index] == MotionLabel.WALKER).all()


def test_a_walking_animal_moves_its_legs():
    scene = land(Item("horse", 0.0, 6.0, color="white", group="white horse"))
    first = scene.ring(time=PERIOD * 0.2)
    second = scene.ring(time=PERIOD * 0.2 + 5)
    rows = slice(HORIZON + 30, RING_HEIGHT)
    shift = round(middle_of(second, "horse") - middle_of(first, "horse"))
    body = np.roll(first.ids[rows] == first.things[-1].index, shift, axis=1)
    assert (body != (second.ids[rows] == second.things[-1].index)).sum() > 40


@pytest.mark.parametrize(
    ("weather", "kind"), [("rainy", "falling rain"), ("snowy", "falling snow")]
)
def test_rain_and_snow_fall(weather, kind):
    scene = land(weather=weather)
    rings = [scene.ring(time=time) for time in (0.0, 2.0, float(PERIOD))]
    assert kind in {one.name for one in rings[0].things}
    falls = [ring.motions == MotionLabel.FALLING for ring in rings]
    assert (falls[0] != falls[1]).sum() > 100
    assert np.array_equal(falls[0], falls[2])
    assert np.array_equal(rings[0].depth, land(weather="cloudy").ring().depth)


def test_what_lies_under_the_viewer_fills_the_lower_edge():
    rug = Item("round rug", 0.3, 0.2, scale=2.0, color="red", group="red round rug")
    ring = room(rug).ring(0.5, 0.1)
    assert (ring.ids[-1] == ring.things[-1].index).all()


@pytest.mark.parametrize("category", ["indoor", "outdoor"])
def test_a_larger_picture_shows_the_same(category):
    scene = SceneRenderer(lay_out(category, 12))
    small, large = scene.ring(0.4, 0.2).pixels, scene.picture(0.4, 0.2, scale=2)
    assert large.shape == (2 * RING_HEIGHT, 2 * RING_WIDTH, 3)
    halved = large.reshape(RING_HEIGHT, 2, RING_WIDTH, 2, 3).mean(axis=(1, 3))
    error = abs(halved - small)
    assert np.mean(error) < 2.0
    assert np.mean(error > 32) < 0.01


@pytest.mark.parametrize("category", CATEGORIES)
def test_any_viewpoint_gives_a_whole_ring(category):
    scene = SceneRenderer(lay_out(category, 50))
    inside = (item for item in scene.layout.items if item.entry.where == "floor")
    for item in [next(inside), next(inside)]:
        ring = scene.ring(item.x, item.z, time=17.0)
        assert np.array_equal(scene.picture(item.x, item.z, 17.0), ring.pixels)
        assert (ring.depth >= 0).all()
        assert all(0 <= one.left < RING_WIDTH and one.width <= RING_WIDTH for one in ring.things)


def test_a_viewpoint_behind_a_wall_is_refused():
    with pytest.raises(ValueError, match=r"viewpoint \(9, 0\) m is outside the room; x must be"):
        room().ring(9.0, 0.0)


def test_a_thing_on_a_wall_across_the_seam_is_as_wide_as_it_is():
    scene = SceneRenderer(lay_out("indoor", 1_650_000))
    (door,) = (thing for thing in scene.ring().things if thing.name == "door")
    assert door.width < 100
    assert door.left + door.width > RING_WIDTH


@pytest.mark.parametrize(("x", "z"), [(0.0, 0.0), (2.0, 1.5), (1.0, 9.0)])
def test_a_plan_tells_the_course_of_a_road_by_its_edges_where_it_is_nearest(x, z):
    road = Item("road", 1.0, 5.0, scale=1.5, facing=20.0, group="road")
    ring = land(road).ring(x, z)
    (told,) = (thing for thing in ring.things if thing.name == "road")
    yaw = (np.arange(RING_WIDTH) + 0.5) / PIXELS_PER_RADIAN - np.radians(told.yaw)
    ends = (HORIZON - told.top, HORIZON - told.top - told.height)
    near = np.cos(yaw) > 0.3  # farther on it is hardly a pixel tall
    far, close = (EYE / np.tan(-end / PIXELS_PER_RADIAN) for end in ends)
    kerb = 0.16 * 1.5

    def row_of(away: float) -> np.ndarray:
        """Return the rows at which a line appears whose nearest point is so far away [m]."""
        slope = EYE / max(away, 1e-3)
        return HORIZON + np.arctan(slope * np.cos(yaw)) * PIXELS_PER_RADIAN

    rows = np.arange(RING_HEIGHT)[:, None] + 0.5
    inside = (rows > row_of(far) + 2) & (rows < row_of(close) - 2) & near
    outside = (rows < row_of(far + kerb) - 2) | (rows > row_of(close - kerb) + 2)
    outside &= near
    shown = ring.ids == told.index
    assert inside.any() and shown[inside].all()
    assert not shown[outside].any()


def test_a_plan_tells_the_shore_of_a_sea():
    (told,) = (
        thing
        for thing in land(Item("sea", 0.0, 8.0, scale=8.0, facing=0.0, group="sea")).ring().things
        if thing.name == "sea"
    )
    assert told.top == HORIZON
    shore = HORIZON + np.arctan(EYE / 8.0) * PIXELS_PER_RADIAN
    assert told.top + told.height == pytest.approx(shore)
    assert told.yaw == pytest.approx(0.0)
