"""Doors lead from room to room: rooms are invented, left, found again, saved and replayed."""

from dataclasses import replace
from functools import cache
from math import atan, degrees
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.controls.edits import ENTER, Edit
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.geometry.bodies import FROM_FACES
from mag_sandbox.model.imagination.geometry.obstacles import FARTHEST_WALK
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.pocket import rooms
from mag_sandbox.model.pocket.painting.painting import Plan
from mag_sandbox.model.pocket.walks.painted_ring import PaintedRing
from mag_sandbox.model.pocket.walks.walking import APART, APART_IN_ROOMS, WalkableGround
from mag_sandbox.model.pocket.world import NO_DOOR, DiffusionWorld
from mag_sandbox.model.world import FROM_WALLS, Control, Door, FrameBlock, MemorySetting
from mag_sandbox.scenes.rooms import DOORS
from mag_sandbox.scenes.stances import Stance
from tests.patience import PATIENCE
from tests.tiny import PLACE, STILL
from tests.unit.model.pocket.test_inventing import same, state_after_a_block, world

pytestmark = pytest.mark.slow

SKY = PlacedObject("sky", 0.0, 27.0, 360.0, 54.0)
DOOR = PlacedObject("tent", 0.0, -28.0, 20.0, 40.0)  # its foot 48 degrees down: near by, ahead
OTHER = replace(DOOR, yaw=90.0)
RED = 200, 30, 30
GO = Control(edit=ENTER)
AHEAD = Control(CameraCommand(forward=0.5))
TURN = [Control(CameraCommand(yaw=1.0))] * 30


@pytest.fixture(autouse=True)
def _tents_are_doors(monkeypatch):
    monkeypatch.setitem(DOORS, "tent", ())


begun = cache(state_after_a_block)  # where tents are doors


def house(*things: PlacedObject, policy: str = "mag-retrieve") -> DiffusionWorld:
    """Return a world whose first room has these things."""
    made = world(policy)
    made.restore(begun(policy, 60))
    plan(made, *things)
    return made


def plan(made: DiffusionWorld, *things: PlacedObject) -> None:
    made.schedule.cancel()  # a view under way was planned otherwise
    made.painting.plan = Plan(made._session.prompt, made.painting.noise, things)
    made.painting.drawing = made.painting.drawing.anew()


def look(made: DiffusionWorld, yaw: float) -> FrameBlock:
    """Turn the player where a door is; the way there is of no interest."""
    made._advance(pose=CameraPose(yaw))
    return made.step(STILL)


def go_back(made: DiffusionWorld) -> FrameBlock:
    """Go through the door behind the player."""
    plan(made, SKY, replace(DOOR, yaw=180.0))
    look(made, 180.0)
    return made.step(GO)


def test_a_door_leads_to_a_new_room_with_the_door_back_behind_the_player():
    made = house(SKY, DOOR)
    before = made.step(STILL)
    assert before.ground.door == before.ground.doors[0]
    there = made.step(GO)
    assert there.edited == ENTER
    assert there.block_index == before.block_index + 1
    assert there.poses[-1] == CameraPose()
    assert len(there.ground.rooms) == 2
    for _ in range(12):
        there = made.step(STILL)
    (back, *_) = [door for door in there.ground.doors if door.leads_to]
    assert back.z < -1.0 and abs(back.x) < 0.1
    assert back.leads_to == there.ground.rooms[0]


def test_the_door_back_looks_as_it_does_from_the_other_side():
    made = house(SKY, replace(DOOR, color=RED, mean_color=RED, variant=1))
    made.step(GO)
    for _ in range(12):
        there = made.step(STILL)
    (back, *_) = [door for door in there.ground.doors if door.leads_to]
    assert made._ground.doors[replace(back, leads_to="")].color == RED
    snapshot = made._rooms.snapshot()
    unknown = [{**room, "back": room["back"] and {**room["back"], "kind": "?"}}
               for room in snapshot.data["rooms"]]  # fmt: skip
    with pytest.raises(ValueError, match=r"\?"):
        made._rooms.read_snapshot(replace(snapshot, data={**snapshot.data, "rooms": unknown}))


def test_away_from_doors_nothing_happens_but_a_word():
    made = house(SKY, replace(DOOR, yaw=180.0))
    block = made.step(GO)
    assert block.notice == NO_DOOR
    assert block.edited is None
    assert len(block.ground.rooms) == 1


def test_the_room_that_was_left_is_as_it_was_and_the_player_turns_round_in_its_door():
    made = house(SKY, DOOR)
    for control in TURN:
        made.step(control)
    look(made, 0.0)
    made.step(AHEAD)
    ring, things, at = made.painting.around, made.painting.plan, made._session.pose
    latents, known = np.ones_like(ring.latents), ring.known
    elsewhere = PaintedRing((3.0, 0.0), latents, known, ~known, ~known, ~known)
    made._viewpoints.kept = {elsewhere.place: elsewhere}
    made.step(GO)
    assert not made._viewpoints.kept
    assert not np.array_equal(made.painting.around.known, ring.known)
    block = go_back(made)
    assert made.painting.around.known[ring.known].all()
    assert np.array_equal(made.painting.around.latents[:, ring.known], ring.latents[:, ring.known])
    assert made.painting.plan == things
    for _ in range(8):
        made.step(STILL)
    assert np.array_equal(made._viewpoints.kept[elsewhere.place].painted, elsewhere.painted)
    pose = block.poses[-1]
    assert (pose.x, pose.z, pose.yaw) == (at.x, at.z, 180.0)
    assert len(block.ground.rooms) == 1


def test_the_same_door_leads_to_the_same_room_and_another_one_elsewhere():
    made = house(SKY, DOOR, OTHER)
    first = made.step(GO)
    made.step(Control(prompt="a blue tent"))
    go_back(made)
    look(made, 0.0)
    assert made.step(GO).prompt == "a blue tent"
    go_back(made)
    look(made, 90.0)
    other = made.step(GO)
    assert other.prompt == first.prompt  # a world of other words: more of the same
    assert len(made._rooms._rooms) == 3


def test_a_walk_through_doors_is_replayed_bit_equal_and_goes_on_from_a_save():
    def through(made: DiffusionWorld) -> list[FrameBlock]:
        return [made.step(GO), *map(made.step, [*TURN[:2], AHEAD, STILL])]

    made, again = house(SKY, DOOR), house(SKY, DOOR)
    assert same(through(made), through(again))
    saved = world()
    saved.reset(PLACE, 9)
    saved.restore(made.snapshot())
    assert same(
        [go_back(made), *map(made.step, TURN[:4])], [go_back(saved), *map(saved.step, TURN[:4])]
    )


def test_a_room_begun_ahead_is_the_one_that_entering_begins(monkeypatch):
    made, again = house(SKY, DOOR), house(SKY, DOOR)
    made.step(STILL)
    ahead = made._rooms._ahead
    ahead.painting._view.made.result(PATIENCE)
    there = [made.step(GO), *map(made.step, TURN)]
    assert not ahead.given_up.is_set(), "it was made in vain"
    monkeypatch.setattr(rooms.Rooms, "look_ahead", lambda *_, **__: None)
    again.step(STILL)
    assert same(there, [again.step(GO), *map(again.step, TURN)])


def test_a_room_begun_ahead_is_entered_even_before_it_is_painted():
    made, again = house(SKY, DOOR), house(SKY, DOOR)
    goes_on = Event()
    made.painting.thread.begin(lambda: goes_on.wait(PATIENCE))
    made.step(STILL)
    begun = made._rooms._ahead.painting._view.made
    assert not begun.done()
    goes_on.set()
    block = made.step(GO)
    assert begun.done()
    again.step(STILL)
    assert same([block], [again.step(GO)])


def test_what_is_begun_ahead_ends_when_the_player_turns_away_or_says_otherwise():
    made = house(SKY, DOOR)
    goes_on = Event()
    made.painting.thread.begin(lambda: goes_on.wait(PATIENCE))
    made.step(STILL)
    first = made._rooms._ahead
    made.step(Control(prompt="a blue tent"))
    second = made._rooms._ahead
    assert first.given_up.is_set()
    assert second.room.prompt == "a blue tent"
    look(made, 180.0)
    assert second.given_up.is_set()
    assert made._rooms._ahead is None
    goes_on.set()


def test_far_doors_are_looked_behind_by_a_resting_player_alone(monkeypatch):
    made = house(SKY)
    house_rooms, pose, prompt = made._rooms, made._session.pose, made._session.prompt
    far = Door("tent", x=0.0, z=rooms.IN_SIGHT + 1.0, width=0.4)
    # Alone: ground that is planned beside the test may have tents of its own.
    monkeypatch.setattr(house_rooms, "_ground", SimpleNamespace(doors={far: DOOR}))
    house_rooms.look_ahead(pose, prompt, rests=False)
    assert house_rooms._ahead is None
    house_rooms.look_ahead(pose, prompt, rests=True)
    assert house_rooms._ahead.door == far


def test_a_door_opens_in_the_corner_of_a_room(monkeypatch):
    made = house(SKY, DOOR)
    monkeypatch.setattr(WalkableGround, "apart", APART_IN_ROOMS)
    assert made._rooms._reach(Door("door", 4.0, 4.0, width=1.0)) > FROM_WALLS * 2**0.5


def test_a_wide_door_opens_where_no_more_viewpoint_fits_before_it(monkeypatch):
    made = house(SKY, DOOR)
    monkeypatch.setattr(WalkableGround, "apart", APART)
    end = 4.0 + FROM_FACES + APART - FARTHEST_WALK  # of the way
    assert made._rooms._reach(Door("tent", 0.0, 14.0, width=8.0)) >= end


@pytest.mark.parametrize("width", [1.0, 3.8, 8.0])
def test_a_door_opens_where_it_stops_a_walker(monkeypatch, width):
    made = house(SKY)
    pitch = -degrees(atan(EYE / 10.0))  # 10 m away, 5 m tall
    there = PlacedObject("tent", 0.0, pitch + 14.0, 2 * degrees(atan(width / 20.0)), 28.0)
    scenery, here = Scenery.of([there], {"tent": Stance("floor")}, ()), (0.0, 0.0)
    for _ in range(200):
        here = scenery.way(here, (0.0, here[1] + 0.05), ())
    (door,) = scenery.doors(DOORS)
    monkeypatch.setattr(made._rooms, "_ground", SimpleNamespace(doors={door: DOOR}, apart=2.4))
    assert made._rooms.door_at(CameraPose(z=here[1])) == door
    assert made._rooms.door_at(CameraPose()) is None


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e300])
def test_a_save_whose_doors_are_nowhere_is_refused(number):
    made = house(SKY, DOOR)
    made.step(GO)
    state = made._rooms.snapshot()
    first, second = state.data["rooms"]
    (door,) = first["passages"]
    for axis in ("x", "z"):
        moved = {**first, "passages": [{**door, axis: number}]}
        with pytest.raises(ValueError, match="out of range"):
            made._rooms.read_snapshot(replace(state, data={**state.data, "rooms": [moved, second]}))
    painted = made.painting.snapshot()
    with pytest.raises(ValueError, match="out of range"):
        made.painting.read_snapshot(replace(painted, data={**painted.data, "doors": [number]}))


def test_a_save_whose_doors_lead_nowhere_is_refused():
    made = house(SKY, DOOR)
    made.step(GO)
    state = made._rooms.snapshot()
    with pytest.raises(ValueError, match="are parked"):
        made._rooms.read_snapshot(replace(state, data={**state.data, "here": 0}))
    with pytest.raises(ValueError, match="doors lead"):
        made._rooms.read_snapshot(replace(state, data={**state.data, "here": 5}))
    first, second = state.data["rooms"]
    circle = [{**first, "before": 1}, second]
    with pytest.raises(ValueError, match="doors lead back"):
        made._rooms.read_snapshot(replace(state, data={**state.data, "rooms": circle}))
    long = [first, *({**second, "before": number} for number in range(rooms.MOST_ROOMS))]
    twice = [{**first, "passages": [*first["passages"]] * 2}, second]
    for many in (long, twice):
        with pytest.raises(ValueError, match="doors lead to"):
            made._rooms.read_snapshot(replace(state, data={**state.data, "rooms": many}))


def test_five_rooms_stay_within_their_budget_and_all_are_found_again():
    made = house(SKY, DOOR)
    for number in range(1, 5):
        made.step(Control(prompt=f"{PLACE.prompt} {number}"))
        plan(made, SKY, DOOR)
        look(made, 0.0)
        assert made.step(GO).edited == ENTER
    assert len(made._rooms._rooms) == 5
    sizes = [state.bytes for state in made._rooms._parked.values()]
    assert len(sizes) == 4
    ring = made.painting.around.latents.nbytes
    assert max(sizes) < 2 * ring  # no frames are parked
    for number in range(4, 0, -1):
        assert go_back(made).prompt == f"{PLACE.prompt} {number}"


def test_beyond_the_budget_the_farthest_rooms_lose_their_viewpoints_alone(monkeypatch):
    made = house(SKY, DOOR)
    monkeypatch.setattr(rooms, "BUDGET", -1)
    made.step(GO)
    (state,) = made._rooms._parked.values()
    assert made._rooms.parts.read_snapshot(state)
    assert rooms.ELSEWHERE not in state.data["parts"]
    assert rooms.AROUND in state.data["parts"]


def test_a_policy_that_keeps_no_places_loses_the_room():
    made = house(SKY, DOOR)
    made.step(Control(memory=MemorySetting("none", kept_mib=1)))
    before = made.painting._seed
    made.step(GO)
    assert not made._rooms._parked
    plan(made, SKY, replace(DOOR, yaw=180.0))
    look(made, 180.0)
    made.step(GO)
    assert made.painting._seed != before


def test_what_was_changed_before_stays_and_cannot_be_taken_back_from_another_room():
    made = house(SKY, DOOR)
    made.step(Control(edit=Edit("place", 60.0, -5.0, 9.0, 9.0, kind="tree")))
    while not made.editor.placed:
        made.step(STILL)
    made.step(GO)
    assert not made.editor.placed
    assert made.step(Control(edit=Edit("undo"))).notice
    assert go_back(made).placed
