"""Sketches of plans: sprites in their boxes and colours, from far to near."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.objects import PlacedObject, look_number, object_table
from mag_sandbox.model.imagination.sketch import REST, Sketch, Sketcher
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.kinds import BEHIND as ALL_BEHIND
from mag_sandbox.renderer.kinds import CLASSES
from mag_sandbox.renderer.projection import PIXELS_PER_RADIAN, box_depth
from mag_sandbox.renderer.render import SceneRenderer, lay_out
from mag_sandbox.renderer.scene import Item

KINDS, BEHIND = ("disc", "face", "sky"), 1 + 2 * 8
RING, CELL = (8, 16), 4  # cells, and their size [px]
LOOKS = CLASSES + tuple(dict.fromkeys(name for names in ALL_BEHIND.values() for name in names))
DEGREES = 360 / RING[1]  # of a cell
PLACES = 21
RED, BLUE = (255, 0, 0), (0, 0, 255)


def sketcher() -> Sketcher:
    """Return what draws discs of their main colour, and faces of their mean one with white eyes."""
    place = np.linspace(-1.25, 1.25, PLACES)
    table = np.zeros((BEHIND + 8, PLACES, PLACES, 6), np.float32)
    disc = np.hypot(place[:, None], place) <= 1
    square = np.maximum(abs(place[:, None]), abs(place)) <= 1
    eyes = square & (np.abs(place[:, None] + 0.5) < 0.3) & (np.abs(np.abs(place) - 0.5) < 0.3)
    table[1, ..., :2] = disc[..., None]
    table[9, ..., 0], table[9, ..., 2] = square, square & ~eyes
    table[9, eyes, 3:] = REST
    return Sketcher(torch.from_numpy(table.reshape(len(table), -1)), BEHIND, RING, CELL)


def drawn(*things, left=0, top=2) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture of a view of 4 x 8 cells, [16, 32, 3] from 0 to 1, and what it covers."""
    table = object_table(things, KINDS, RING)
    columns = (left + np.arange(8)) % RING[1]
    (picture, covered, *_), _ = sketcher().draw(table, top + np.arange(4), columns)
    return (picture.transpose(1, 2, 0) + 1) / 2, covered


def thing(kind, column, row, size=2.0, color=RED, mean=BLUE) -> PlacedObject:
    return PlacedObject(
        kind, column * DEGREES, (RING[0] / 2 - row) * DEGREES, size * DEGREES, size * DEGREES,
        color, mean,
    )  # fmt: skip


def test_a_thing_is_drawn_in_its_box_and_nothing_elsewhere():
    picture, covered = drawn(thing("disc", 4, 4))
    assert picture[8, 16] == pytest.approx([1, 0, 0], abs=0.01)
    assert picture[8, 24] == pytest.approx([0.5, 0.5, 0.5])
    assert covered[1:3, 3:5].min() > 0.6
    assert covered.sum() == pytest.approx(np.pi, rel=0.05)


def test_places_have_parts_of_both_colours_and_their_own():
    picture, _ = drawn(thing("face", 4, 4, size=4.0))
    assert picture[8 + 4, 16] == pytest.approx([0, 0, 1], abs=0.01)
    assert picture[8 - 4, 16 - 4] == pytest.approx([1, 1, 1], abs=0.05)
    without, _ = drawn(thing("face", 4, 4, size=4.0, mean=None))
    assert without[8 + 4, 16] == pytest.approx([1, 0, 0], abs=0.01), "one stands for the other"
    grey, _ = drawn(thing("face", 4, 4, size=4.0, color=None, mean=None))
    assert grey[8 + 4, 16] == pytest.approx([0.5, 0.5, 0.5], abs=0.01)


def test_near_things_stand_before_far_ones_and_all_before_what_is_behind():
    sky = PlacedObject("sky", 180.0, 0.0, 360.0, 3 * DEGREES, BLUE, BLUE)
    picture, covered = drawn(sky, thing("disc", 4, 4, color=(0, 255, 0)), thing("disc", 4.5, 4))
    assert picture[8, 18] == pytest.approx([1, 0, 0], abs=0.01)
    assert picture[8, 13] == pytest.approx([0, 1, 0], abs=0.1)
    assert picture[8, 1] == pytest.approx([0, 0, 1])
    assert picture[0, 1] == pytest.approx([0.5, 0.5, 0.5]), "where nothing is known"
    assert covered[:, 0].tolist() == [0.5, 1.0, 1.0, 0.5]


def test_a_view_across_the_seam_shows_what_a_ring_shows():
    here, _ = drawn(thing("disc", 4, 4))
    there, _ = drawn(thing("disc", 15.5, 4), left=11.5)
    np.testing.assert_allclose(here[:, 4:], there[:, 4:], atol=1e-5)


def test_looks_that_nothing_was_fitted_to_are_left_out():
    picture, covered = drawn(PlacedObject("disc", 90.0, 0.0, 45.0, 45.0, RED, RED, variant=3))
    assert not covered.any()
    assert (picture == 0.5).all()


def test_what_was_seen_lies_over_what_is_planned():
    patterned = np.zeros((32, 48), bool)
    patterned[:8, :32] = True  # of half of a cell
    covered = np.float32([[0.75, 0.75, 0.5], [0.5, 0.5, 0.5]])
    sketch = Sketch(np.zeros((3, 32, 48), np.float32), covered, patterned, patterned)
    seen = np.zeros((32, 48, 4), np.uint8)
    seen[:16, :16] = (255, 0, 255, 255)
    made = sketch.carried_over(seen)
    assert made.picture[:, 0, 0].tolist() == [1.0, -1.0, 1.0]
    assert not made.picture[:, 16:].any()
    assert made.covered.tolist() == [[1.5, 0.75, 0.5], [0.5, 0.5, 0.5]]


def squares(size: int) -> np.ndarray:
    """Return dark and light squares, float32 [3, 32, 48]."""
    rows, columns = np.indices((32, 48)) // size % 2
    return np.broadcast_to(0.4 * (rows ^ columns) - 0.2, (3, 32, 48)).astype(np.float32)


def carried(picture: np.ndarray) -> np.ndarray:
    """Return a picture as carried pixels, uint8 [H, W, 4]."""
    levels = np.rint((picture.transpose(1, 2, 0) + 1) * 127.5).astype(np.uint8)
    return np.concatenate((levels, np.full((32, 48, 1), 255, np.uint8)), axis=-1)


def test_carried_ground_has_the_planned_pattern_in_its_own_colours():
    ground = np.zeros((32, 48), bool)
    ground[8:] = True
    sketch = Sketch(squares(8), np.ones((2, 3), np.float32), ground, ground)
    red = np.float32([0.5, -0.5, -0.5])[:, None, None]
    soft = carried(0.3 * sketch.picture + red)
    soft[20:24, 4] = 0  # nothing is carried to these
    made = sketch.with_pattern(soft)
    whole = carried(sketch.picture + red).astype(int)
    inner = np.s_[14:18, 14:34]
    assert np.abs(made[inner].astype(int) - whole[inner]).mean() < 6
    assert np.abs(soft[inner].astype(int) - whole[inner]).mean() > 12
    assert np.array_equal(made[:8], soft[:8])  # a wall
    assert not made[20:24, 4].any()


def test_ground_that_has_another_pattern_than_planned_keeps_it():
    everywhere = np.ones((32, 48), bool)
    sketch = Sketch(squares(8), np.ones((2, 3), np.float32), everywhere, everywhere)
    for other in (squares(2), np.zeros((3, 32, 48), np.float32), -squares(8)):
        assert np.array_equal(sketch.with_pattern(carried(other)), carried(other))


def test_what_is_to_be_painted_as_it_is_lies_under_what_was_seen():
    picture = np.full((3, 32, 48), 1.02, np.float32)  # shares of rounded colours may add up to more
    bare = np.zeros((32, 48), bool)
    sketch = Sketch(picture, np.ones((2, 3), np.float32), bare, bare)
    where, seen = np.zeros((32, 48), bool), np.zeros((32, 48, 4), np.uint8)
    where[:, :16], seen[:16] = True, (9, 9, 9, 255)
    both = sketch.seen(where, seen)
    assert both[0, 0].tolist() == both[0, 20].tolist() == [9, 9, 9, 255]
    assert both[20, 0].tolist() == sketch.seen(where, None)[0, 0].tolist() == [255] * 4
    assert not both[20, 20].any()


def test_the_sides_of_a_room_meet_in_its_corners():
    sides = [
        PlacedObject("sky", 90.0 * n, 0.0, 90.0, 90.0, RED if n % 2 else BLUE) for n in range(4)
    ]
    picture, covered = drawn(*sides)
    assert picture[8, 2] == pytest.approx([0, 0, 1])
    assert picture[8, 16] == pytest.approx([1, 0, 0]), "the side to the right"
    heights = [int((picture[:, column] != 0.5).any(axis=1).sum()) for column in (7, 12, 16)]
    assert heights == sorted(heights), "a wall looks lower in its corners"
    assert covered.max() <= 1


def test_rooms_are_sketched_as_they_are_drawn():
    scene = SceneRenderer(lay_out("indoor", 3))
    sprites = torch.zeros(1 + len(LOOKS) * 8, PLACES**2 * 6)
    room = Sketcher(sprites, 1 + len(CLASSES) * 8, (24, 80), 16)
    for ring in (scene.ring(), scene.ring(0.6, -0.4)):
        placed = [PlacedObject(*thing.plan_entry) for thing in bands_of(ring)]
        table = object_table(placed, LOOKS, (24, 80))
        (picture, *_), _ = room.draw(table, np.arange(24), np.arange(80))
        drawn = (picture.transpose(1, 2, 0) + 1) * 127.5
        pitch = (192 - np.arange(384)[:, None] - 0.5) / PIXELS_PER_RADIAN
        box = scene.layout.room
        walls = box_depth(box.left, box.right, box.back, box.front, ring.viewer)
        floor = np.tan(pitch) * walls < -EYE
        colored = np.abs(drawn - placed[4].color).max(axis=2) < 1
        assert placed[4].kind == "floor"
        assert (floor == colored).mean() > 0.99


def test_roads_are_sketched_where_they_run():
    layout = lay_out("outdoor", 1)
    road = Item("road", 1.0, 5.0, scale=1.5, facing=20.0, group="road")
    scene = SceneRenderer(replace(layout, items=(road,)))
    sprites = torch.zeros(1 + len(LOOKS) * 8, PLACES**2 * 6)
    looks = [look_number(CLASSES.index("road"), variant) for variant in range(8)]
    sketcher = Sketcher(sprites, 1 + len(CLASSES) * 8, (24, 80), 16, looks)
    for ring in (scene.ring(), scene.ring(1.0, 9.0)):
        (told,) = (PlacedObject(*one.plan_entry) for one in ring.things if one.name == "road")
        table = object_table([told], LOOKS, (24, 80))
        owners = sketcher.owners(table)
        for rows in (np.arange(4), np.arange(20, 24)):
            shown = sketcher.draw(table, rows, np.arange(8))[1]
            assert np.array_equal(shown, owners[rows[0] * 16 : rows[-1] * 16 + 16, :128])
        index = next(one.index for one in ring.things if one.name == "road")
        same = (owners == 0) == (ring.ids == index)
        assert same.mean() > 0.97
        assert same[ring.ids == index].mean() > 0.8


def test_shapes_without_a_sprite_are_drawn_as_another_of_their_kind():
    objects = [
        PlacedObject(kind, 90.0, 0.0, 30.0, 30.0, RED, RED, variant)
        for kind, variant in (("disc", 3), ("face", None), ("sky", 2))
    ]
    table = object_table(objects, KINDS, RING)
    assert (sketcher().owners(table) >= 0).sum() == (sketcher().owners(table) == 1).sum()
    shaped = sketcher().with_shapes(table)
    assert shaped.looks.tolist() == [1, 9, look_number(2, 2)]
    assert (sketcher().owners(shaped.chosen(np.array([0]))) == 0).any()


def test_a_blurred_shape_is_drawn_as_a_clear_one_of_its_kind():
    table = np.zeros((BEHIND + 8, PLACES, PLACES, 6), np.float32)
    table[1, 5:15, 5:15, :2], table[2, 2:18, 2:18, :2], table[9, 2:18, 2:18, :2] = 1.0, 0.3, 0.3
    drawer = Sketcher(torch.from_numpy(table.reshape(len(table), -1)), BEHIND, RING, CELL)
    things = [replace(thing("disc", 4, 4), variant=0), thing("face", 9, 4)]
    looks = drawer.with_shapes(object_table(things, KINDS, RING)).looks
    assert looks.tolist() == [1, 9], "none of the other kind is clearer"


def test_a_share_of_a_thing_is_shown_that_the_shapes_of_nearer_ones_do_not_hide():
    """The corners of a disc's box hide nothing, nor does what stands farther away."""
    behind, beside = thing("face", 4, 4, size=1.0), thing("face", 5.9, 2.1, size=1.0)
    half, disc = thing("face", 2, 4), thing("disc", 4, 4, size=4.0)
    seam = thing("face", 0, 2), thing("face", 15.9, 2)
    table = object_table((behind, beside, half, disc, *seam), KINDS, RING)
    shown = sketcher().shown(table)
    assert shown == pytest.approx([0.0, 1.0, 0.5, 1.0, 0.05, 1.0], abs=0.15)
    unknown = object_table((thing("disc", 4, 4), replace(disc, variant=3)), KINDS, RING)
    assert sketcher().shown(unknown).tolist() == [1.0, 1.0]
