"""The network that tells how far away walls are, and the room that is fitted to it."""

import numpy as np
import pytest
import torch

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.reading.walls import (
    COLUMN,
    RoomSize,
    Slopes,
    WallReader,
    as_far_as_shown,
    facing,
    fitted,
)

RADIAN, COLUMNS = 1280 / (2 * np.pi), 40
PLANNED = RoomSize(4.4, 4.4, 4.4, 3.0)


def shown(room: RoomSize, spread: float = 0.005) -> Slopes:
    """Return what columns show of a room."""
    yaw = (np.arange(COLUMNS) - (COLUMNS - 1) / 2) * COLUMN / RADIAN
    sides = np.cos(yaw) / room.ahead, np.sin(yaw) / room.right, -np.sin(yaw) / room.left
    near, spreads = np.max(sides, axis=0), np.full(COLUMNS, spread)
    return Slopes(EYE * near, (room.tall - EYE) * near, spreads, spreads)


@pytest.mark.parametrize(
    "room", [RoomSize(3.2, 2.4, 6.0, 2.6), RoomSize(6.5, 3.0, 3.5, 4.0), PLANNED]
)
def test_a_room_is_fitted_to_what_columns_show_for_sure(room):
    found = fitted(PLANNED, shown(room), RADIAN)
    straight = room.ahead / np.tan(np.pi / 4)  # sides further away than that show in no column
    for name in ("ahead", "right", "left", "tall"):
        if name in ("ahead", "tall") or getattr(room, name) < straight:
            assert getattr(found, name) == pytest.approx(getattr(room, name), rel=0.03)
        else:
            assert getattr(found, name) == pytest.approx(getattr(PLANNED, name)), "as planned"


def test_a_room_stays_as_planned_where_nothing_is_sure():
    found = fitted(PLANNED, shown(RoomSize(3.0, 3.0, 3.0, 2.5), spread=100.0), RADIAN)
    assert found == pytest.approx(PLANNED, rel=1e-3)


def wall(yaw: float, away: float, tall: float) -> PlacedObject:
    foot, top = np.degrees(np.arctan((-EYE / away, (tall - EYE) / away)))
    return PlacedObject("wall", yaw, float(foot + top) / 2, 90.0, float(top - foot))


def test_walls_stand_where_the_view_shows_them_and_the_one_behind_where_it_was_planned():
    floor = PlacedObject("floor", 0.0, -45.0, 360.0, 90.0)
    behind = [*(wall(yaw, 4.4, 3.0) for yaw in (0.0, 90.0, 180.0, 270.0)), floor]
    found = as_far_as_shown(behind, shown(RoomSize(3.2, 2.4, 2.4, 2.6)), RADIAN)
    away = [EYE / np.tan(np.radians(one.height / 2 - one.pitch)) for one in found[:4]]
    assert away == pytest.approx([3.2, 2.4, 4.4, 2.4], rel=0.03)
    assert found[4] is floor
    assert as_far_as_shown([floor], shown(PLANNED), RADIAN) == [floor], "no room"


def test_sides_of_a_stage_or_room_face_the_picture_that_shows_them():
    floor = PlacedObject("floor", 1.1, -45.0, 360.0, 90.0)
    turned = [wall(yaw, 4.4, 3.0) for yaw in (1.1, 91.1, 181.1, 358.9)]
    assert [one.yaw for one in facing([*turned, floor])] == [0.0, 90.0, 180.0, 0.0, 1.1]


def test_a_network_tells_slopes_of_every_column():
    torch.manual_seed(0)
    slopes = WallReader().eval().read(torch.rand(3, 192, 320) * 2 - 1)
    assert all(one.shape == (COLUMNS,) and np.isfinite(one).all() for one in slopes)
    assert (slopes.floor_spread > 0).all() and (slopes.ceiling_spread > 0).all()
