"""The order of tiles: what is known first, then outwards from it."""

import numpy as np

from mag_sandbox.model.imagination.order import PREFIX, sketch_order

GRID = (12, 80)
BOX = (3, 20, 6, 20)  # top, left, rows, columns


def known(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros(GRID, bool)
    for top, left, rows, columns in boxes:
        mask[top : top + rows, np.arange(left, left + columns) % GRID[1]] = True
    return mask


def columns_in_order(order: np.ndarray) -> list[int]:
    return list(dict.fromkeys(order[:, 1].tolist()))


def test_where_nothing_is_known_columns_go_from_left_to_right_and_down():
    order = sketch_order(known(), BOX, 2)
    assert len(order.known) == 0
    assert columns_in_order(order.unknown) == list(range(20, 40))
    assert order.unknown[:6, 0].tolist() == [3, 4, 5, 6, 7, 8]


def test_a_view_to_the_left_grows_leftwards():
    order = sketch_order(known((3, 30, 6, 20)), BOX, 2)
    assert columns_in_order(order.unknown) == list(range(29, 19, -1))


def test_a_view_above_grows_upwards():
    order = sketch_order(known((6, 20, 6, 20)), BOX, 2)
    rows = list(dict.fromkeys(order.unknown[:, 0].tolist()))
    assert rows == [5, 4, 3]


def test_a_gap_grows_from_both_sides():
    order = sketch_order(known((3, 10, 6, 14), (3, 30, 6, 20)), BOX, 2)
    assert columns_in_order(order.unknown) == [24, 29, 25, 28, 26, 27]


def test_each_new_tile_is_no_further_from_what_is_known_than_the_next():
    mask = known((0, 25, 5, 9))
    order = sketch_order(mask, BOX, 2)
    apart = np.abs(order.unknown[:, None] - order.known[None])
    distance = np.maximum(2 * apart[..., 0], apart[..., 1]).min(axis=1)
    assert (np.diff(distance) >= 0).all()


def test_the_order_does_not_depend_on_where_the_ring_begins():
    here = sketch_order(known((3, 10, 6, 14)), BOX, 2)
    across = sketch_order(known((3, 70, 6, 14)), (3, 80, 6, 20), 2)
    assert np.array_equal(across.tiles - here.tiles, np.tile([0, 60], (len(here.tiles), 1)))


def test_all_of_the_box_is_either_known_or_drawn_and_the_nearest_tiles_are_looked_at():
    mask = known((0, 0, 12, 25), (0, 35, 12, 45))
    order = sketch_order(mask, BOX, 2)
    drawn = {tuple(tile) for tile in order.unknown.tolist()}
    assert drawn == {(row, column) for row in range(3, 9) for column in range(25, 35)}
    assert len(order.known) == PREFIX
    assert mask[order.known[:, 0], order.known[:, 1] % 80].all()
