"""Doors that a plan must have take the place of what hides them."""

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.doors import BACK, RoomDoors, with_doors
from mag_sandbox.model.imagination.weights import IMAGINATION_WEIGHTS, read_imagination_config

CONFIG = read_imagination_config(IMAGINATION_WEIGHTS)
ROOM = [PlacedObject("wall", yaw, 0.0, 89.0, 40.0) for yaw in (0.0, 90.0, 180.0, 270.0)]
ROOM += [PlacedObject("floor", 0.0, -40.0, 360.0, 40.0)]
ROOM += [PlacedObject("ceiling", 0.0, 45.0, 360.0, 30.0)]


def test_what_stood_on_a_thing_before_the_door_goes_with_it():
    table = PlacedObject("table", 190.0, -18.0, 30.0, 14.0)
    stool = PlacedObject("stool", 230.0, -18.0, 15.0, 14.0)
    top = table.foot + 0.96 * table.height
    candles = [PlacedObject("candle", yaw, top + 4.0, 3.0, 8.0) for yaw in (201.0, 230.0)]
    room = [*ROOM, table, stool, *candles]
    made = with_doors(room, RoomDoors((BACK,)), CONFIG)
    assert [one.kind for one in made[len(ROOM) :]] == ["stool", "candle", "door"]
