"""What cells are told of the objects that cover them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.model.imagination.objects import (
    COVERING,
    VARIANTS,
    PlacedObject,
    covering_objects,
    in_other_light,
)
from mag_sandbox.model.imagination.objects import object_table as table_of
from tests.unit.model.imagination.tiny import KINDS

RING = 8, 16  # cells of 22.5 degrees
CELL = 360 / RING[1]
ROWS, COLUMNS = np.arange(RING[0]), np.arange(RING[1])
TENT = PlacedObject("tent", 5.5 * CELL, 0.0, CELL, CELL, (255, 0, 0), variant=2)


def told_of(*objects: PlacedObject, columns: np.ndarray = COLUMNS):
    return covering_objects(table_of(objects, KINDS, RING), ROWS, columns, RING[1])


def test_cells_are_told_of_an_object_that_covers_them_and_no_others():
    looks = told_of(TENT).looks[..., 0].numpy()
    covered = np.argwhere(looks > 0)
    assert covered.min(axis=0).tolist() == [3, 4]
    assert covered.max(axis=0).tolist() == [4, 6]
    assert set(looks[looks > 0].tolist()) == {1 + 3}


def test_an_object_is_told_the_same_wherever_on_the_ring_it_stands():
    turned = replace(TENT, yaw=(TENT.yaw + 11 * CELL) % 360)
    here, there = told_of(TENT), told_of(turned, columns=(COLUMNS + 11) % RING[1])
    assert torch.equal(here.looks, there.looks)
    torch.testing.assert_close(here.numbers, there.numbers, atol=1e-5, rtol=1e-5)


def test_what_goes_all_around_is_told_alike_in_all_directions():
    numbers = told_of(replace(TENT, width=360.0)).numbers[:, :, 0]
    assert torch.equal(numbers, numbers[:, :1].expand_as(numbers))


def test_the_nearest_objects_are_told_first_and_no_more_than_there_is_room_for():
    far = [replace(TENT, kind="tree", variant=None)] * COVERING
    looks = told_of(*far, TENT).looks[4, 5].tolist()
    assert looks == [1 + 3, *[1 + VARIANTS] * (COVERING - 1)]


@pytest.mark.parametrize(("wide", "is_told"), [(9, False), (3, True)])
def test_cells_that_a_large_object_fills_are_not_told_what_it_hides(wide, is_told):
    tree = replace(TENT, kind="tree", variant=None, yaw=4.5 * CELL, height=4 * CELL)
    tent = replace(TENT, yaw=4.5 * CELL, width=wide * CELL, height=4 * CELL)
    table = table_of([tree, tent], KINDS, RING)
    owners = np.full((RING[0] * 4, RING[1] * 4), -1)
    owners[3 * 4 : 5 * 4, 3 * 4 : 5 * 4] = 1  # the tent, but not the whole of the cells beside
    owners[3 * 4 : 5 * 4, 5 * 4 + 2 :] = 0
    looks = covering_objects(table, ROWS, COLUMNS, RING[1], owners).looks
    assert looks[3, 4].tolist()[:2] == [1 + 3, (1 + VARIANTS) * is_told]
    assert looks[3, 5].tolist()[:2] == [1 + 3, 1 + VARIANTS], "some of it shows"
    assert looks[2, 4].tolist()[:2] == [1 + 3, 1 + VARIANTS]


def test_what_is_not_said_of_an_object_is_told_as_any():
    told = told_of(replace(TENT, color=None, variant=None))
    assert told.looks[4, 5, 0] == 1
    assert not told.numbers[4, 5, 0, -8:].any()
    assert told_of(TENT).numbers[4, 5, 0, -8:].tolist() == [1, -1, -1, 1, 0, 0, 0, 0]


def test_nothing_is_told_where_there_are_no_objects():
    told = told_of()
    assert not told.looks.any()
    assert not told.numbers.any()


def test_variants_beyond_the_table_count_as_its_last():
    assert table_of([replace(TENT, variant=99)], KINDS, RING).looks[0] == VARIANTS


def test_a_kind_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match='no object "castle" is known; available: tent, tree'):
        told_of(replace(TENT, kind="castle"))


def test_a_red_thing_in_brighter_light_is_red_and_a_white_one_is_white():
    brighter = np.array((1.4, 1.45, 1.1))
    red, white = (
        in_other_light(PlacedObject("car", 0.0, 0.0, 9.0, 9.0, color), brighter)
        for color in ((255, 120, 105), (255, 255, 255))
    )
    assert red.color[0] == 255
    assert max(red.color[1:]) < 130
    assert white.color == (255, 255, 255)
