"""Doors in play: Enter or walking into one leads on; elsewhere Enter describes the place."""

from dataclasses import replace
from math import atan2, degrees, dist, inf
from unittest.mock import Mock

import pygame
import pytest

from mag_sandbox.controls.camera import (
    AXES,
    LOOK_AXES,
    CameraCommand,
    CameraPose,
    CameraSpeed,
    is_stopped,
    yaw_difference,
)
from mag_sandbox.controls.edits import ENTER, Edit
from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.model.world import Door, GroundPlan
from mag_sandbox.sandbox.doors import (
    BLOCKED,
    CAN_ENTER,
    LEADS_TO,
    NONE_HERE,
    UNPLANNED,
    WALKING,
    _the,
)
from mag_sandbox.sandbox.play import pilot
from tests.doubles import FakeWorld
from tests.games import FAST, games

DOOR = Door("door", 0.0, 1.0, "kitchen")


class House(FakeWorld):
    """Two rooms; the player stands before a door of the first one and cannot walk."""

    is_through = False

    def step(self, control):
        turned = replace(control, camera=control.camera.along(LOOK_AXES))
        block = super().step(turned)
        edited = ENTER if control.edit == ENTER else None
        self.is_through |= edited is not None
        rooms = ("study", "kitchen") if self.is_through else ("study",)
        there = () if self.is_through else (DOOR,)
        ground = GroundPlan(doors=there, door=next(iter(there), None), rooms=rooms)
        return replace(block, edited=edited, ground=ground)


@pytest.fixture
def game(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    spec = replace(FAST, kinds=("door",), axes=AXES, full_speed=replace(FAST.full_speed, walk=2.8))
    with games(tmp_path) as start:
        made = start(House(spec=spec))
        made.play()
        made.see_blocks(3)
        yield made


def rooms(game):
    return game.screen.reel.current.block.ground.rooms


def test_enter_leads_through_a_door_and_elsewhere_says_that_there_is_none(game):
    game.said("Press Enter, click or walk on to go through the door, to the kitchen")
    game.press(pygame.K_RETURN)
    game.services.notices.say("lollipop in the way")
    game.wait(lambda: len(rooms(game)) == 2)
    game.said("through the door")
    assert len(game.services.notices.current) == 1, "nothing about the place before"
    assert not game.screen.session._prompt.is_open
    game.press(pygame.K_RETURN)
    game.said(NONE_HERE)
    assert not game.screen.session._prompt.is_open


def test_enter_at_a_door_while_something_is_painted_says_so(game):
    game.screen.session._painting.begin(Edit("renew", 0.0, 0.0, 90.0, 54.0))
    game.press(pygame.K_RETURN)
    game.said("still being painted")
    assert len(rooms(game)) == 1


def test_enter_before_doors_are_known_is_answered(game):
    without_ground(game)
    game.said(UNPLANNED)


def without_ground(game, **spec):
    """Show a block without a plan of the ground, and press the key."""
    ready = game.screen.reel.current
    block, spec = replace(ready.block, ground=None), replace(ready.spec, **spec)
    game.screen.reel.current = replace(ready, block=block, spec=spec)
    game.screen.session._doors.press()


def with_doors(game, *doors):
    """Show a block with doors that the player does not look at, and press the key."""
    ready = game.screen.reel.current
    block = replace(ready.block, ground=GroundPlan(doors=doors))
    game.screen.reel.current = replace(ready, block=block)
    game.screen.session._doors.press()


def test_the_way_to_a_room_is_the_door_to_it_or_else_the_one_back(game):
    with_doors(game, Door("door", 0.0, -3.0, "barn"), Door("gate", 9.0, 0.0, "kitchen"))
    way_to = game.screen.session._doors.way_to
    assert way_to("barn") == "through the door behind you"
    assert way_to("kitchen") == "through the gate on the right"
    assert way_to("Grandma's attic") == "go back to grandma's attic"


def test_enter_says_where_a_door_out_of_view_is(game):
    with_doors(game, Door("door", 0.0, -30.0), Door("cottage", -12.0, 0.0))
    game.said("no door is in view; the cottage is on the left")


def test_enter_leads_to_a_door_in_view_however_far_away_it_is(game):
    with_doors(game, Door("log cabin", 2.0, 45.0))
    game.said(WALKING.format("log cabin"))


def test_enter_in_a_world_without_doors_does_not_promise_any(game):
    without_ground(game, kinds=())
    game.said("there is no door nearby")


def test_the_answer_to_enter_stays_when_a_door_has_just_left_the_view(game):
    doors, reel = game.screen.session._doors, game.screen.reel
    doors._seen = DOOR
    without_ground(game)
    doors.block_shown(reel.current)
    game.said(UNPLANNED)


def test_walking_into_a_door_leads_through_it(game):
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_w, mod=0, unicode="w"))
    game.wait(lambda: len(rooms(game)) == 2)
    assert not game.services.pilot.is_steering, "the player sees the room before walking on in it"


@pytest.mark.parametrize("key", [pygame.K_s, pygame.K_a])
def test_stepping_away_from_a_door_leads_nowhere(game, key):
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=key, mod=0, unicode=""))
    game.see_blocks(6)
    assert len(rooms(game)) == 1


def drag(game, *places):
    """Press the mouse at the first place and lift it at the last."""
    game.draw()
    for kind, at in ((pygame.MOUSEBUTTONDOWN, places[0]), (pygame.MOUSEBUTTONUP, places[-1])):
        game.screen.handle(pygame.Event(kind, pos=at, button=1))


def test_a_click_on_a_door_leads_through_it(game):
    drag(game, (320, 200), (360, 200))
    drag(game, (20, 200))
    assert not game.screen.session.overlays[1].is_shown
    game.said(CAN_ENTER.format("door"))
    drag(game, (320, 200))
    game.wait(lambda: len(rooms(game)) == 2)


def start_far_away(start, door, wall=lambda block: inf):
    """Begin far from a door to a second room; a wall at a z of each block stops the player."""

    class Hall(FakeWorld):
        is_through = False

        def step(self, control):
            block = super().step(control)
            end = wall(block.block_index)
            poses = tuple(replace(one, z=min(one.z, end)) for one in block.poses)
            block = replace(block, poses=poses)
            self.pose = pose = block.poses[-1]
            edited = ENTER if control.edit == ENTER else None
            self.is_through |= edited is not None
            rooms = ("study", "kitchen") if self.is_through else ("study",)
            far = abs(yaw_difference(pose.yaw, degrees(atan2(door.x - pose.x, door.z - pose.z))))
            near = dist((pose.x, pose.z), (door.x, door.z)) < 1.6 and far < 45.0
            ground = GroundPlan(doors=(door,), door=door if near else None, rooms=rooms)
            return replace(block, edited=edited, ground=ground)

    speed = replace(FAST.full_speed, walk=45.0, yaw=8000.0)
    spec = replace(FAST, kinds=("door",), axes=AXES, full_speed=speed)
    made = start(Hall(spec=spec))
    made.play()
    made.see_blocks(2)
    return made


def test_a_click_on_a_door_far_away_walks_there_and_through_it(tmp_path):
    with games(tmp_path) as start:
        game = start_far_away(start, Door("door", 1.0, 5.0))
        drag(game, (380, 200))
        game.said(WALKING.format("door"))
        game.wait(lambda: len(rooms(game)) == 2)
        assert dist((game.services.pilot.pose.x, game.services.pilot.pose.z), (1.0, 5.0)) < 1.7


def test_the_first_door_in_sight_is_said_to_lead_on_once(tmp_path):
    with games(tmp_path) as start:
        game = start_far_away(start, Door("cottage", 0.3, 6.0))
        game.said(CAN_ENTER.format("cottage"))
        assert game.screen.session._doors._knows_doors
        game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RIGHT, mod=0, unicode=""))
        game.wait(lambda: not game.services.notices.current)  # the player has turned away from it


def test_a_door_in_sight_is_said_to_lead_where_the_player_was(tmp_path):
    with games(tmp_path) as start:
        game = start_far_away(start, Door("door", 0.3, 6.0, leads_to="library"))
        doors = game.screen.session._doors
        game.wait(lambda: doors._knows_doors)
        doors._seen = None  # looked away
        game.said(LEADS_TO.format("door", "the library"))
        game.press(pygame.K_RETURN)
        game.said(WALKING.format("door, to the library"))


@pytest.mark.parametrize("place", [(0.3, 6.0), (3.5, 6.0)])
def test_enter_walks_to_a_door_in_the_view_and_through_it(tmp_path, place):
    with games(tmp_path) as start:
        game = start_far_away(start, Door("door", *place))
        game.press(pygame.K_RETURN)
        game.said("walking to the door")
        game.wait(lambda: len(rooms(game)) == 2)


def test_enter_walks_to_no_door_outside_the_view(tmp_path):
    with games(tmp_path) as start:
        game = start_far_away(start, Door("door", 6.0, 5.0))
        game.press(pygame.K_RETURN)
        game.said("no door is in view; the door is on the right")


def test_a_way_to_a_door_that_is_blocked_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(pilot, "MOST_WAITS", 6)
    with games(tmp_path) as start:
        game = start_far_away(start, Door("door", 0.0, 5.0), wall=lambda block: 2.0)
        game.screen.session._doors.go_to(Door("door", 0.0, 5.0))
        game.said(BLOCKED.format("door"))
        assert len(rooms(game)) == 1
        assert not game.services.pilot.is_flying


def test_a_way_to_a_door_that_is_still_being_painted_is_not_called_blocked(tmp_path):
    with games(tmp_path) as start:
        door = Door("door", 0.0, 3.0)
        game = start_far_away(start, door, wall=lambda block: 0.018 * block)
        game.screen.session._doors.go_to(door)
        game.wait(lambda: len(rooms(game)) == 2)


def test_a_player_who_steers_is_no_longer_led_to_a_door(tmp_path):
    with games(tmp_path) as start:
        game = start_far_away(start, Door("door", 0.0, -5.0))
        game.screen.session._doors.go_to(Door("door", 0.0, -5.0))
        game.press(pygame.K_LEFT)
        game.see_blocks(3)
        assert game.screen.session._doors._bound_for is None


def test_a_click_before_doors_are_known_is_answered(game):
    ready = game.screen.reel.current
    doors = game.screen.session._doors
    doors._reel = Mock(current=replace(ready, block=replace(ready.block, ground=None)))
    doors._click((0, 0))  # of a window that was not drawn yet
    assert UNPLANNED in [one.text for one in game.services.notices.current]


def test_a_button_of_the_gamepad_leads_through_a_door(game):
    button = pygame.CONTROLLER_BUTTON_RIGHTSHOULDER
    game.screen.handle(pygame.Event(pygame.CONTROLLERBUTTONDOWN, button=button, instance_id=0))
    game.wait(lambda: len(rooms(game)) == 2)


@pytest.mark.parametrize(
    ("x", "yaw", "pitch", "covered"),
    [(0.0, 0.0, 0.0, True), (0.0, 30.0, 0.0, False), (0.0, 0.0, 30.0, False),
     (0.0, 0.0, -60.0, False), (1.0, -45.0, 0.0, True)],
)  # fmt: skip
def test_a_door_covers_what_it_hides_from_where_the_player_is(x, yaw, pitch, covered):
    assert DOOR.covers(CameraPose(x=x), yaw % 360.0, pitch) is covered


@pytest.mark.parametrize(
    ("walked", "way", "stopped"),
    [
        *((0.0, {"forward": 1.0}, True), (0.3, {"forward": 1.0}, False)),
        *((0.0, {"forward": -1.0}, True), (0.0, {"right": 1.0}, True)),
        *((0.3, {"right": 1.0}, False), (0.0, {"yaw": 1.0}, False)),
    ],
)
def test_a_walker_is_stopped_who_gets_less_far_than_half_of_the_way(walked, way, stopped):
    poses = (CameraPose(), CameraPose(z=walked / 2), CameraPose(z=walked))
    speed = CameraSpeed(yaw=45.0, pitch=20.0, walk=2.8)
    assert is_stopped(poses, CameraCommand(**way), speed, fps=16.0) is stopped


@pytest.mark.parametrize(
    ("room", "told"),
    [
        ("library", "the library"),
        ("Red castles", "the red castles"),
        ("grandma's attic", "grandma's attic"),
    ],
)
def test_a_room_is_named_as_in_a_sentence_and_has_no_article_if_it_is_somebodys(room, told):
    assert _the(room) == told


class BetweenRooms(House):
    """The second room, with the door back ahead."""

    is_through = True

    def step(self, control):
        block = super().step(control)
        door = Door("door", block.poses[-1].x, block.poses[-1].z + 3.0, "study")
        return replace(block, ground=replace(block.ground, doors=(door,)))


def test_the_door_back_has_a_caption_unless_all_is_hidden_or_it_is_out_of_view(tmp_path):
    spec = replace(FAST, kinds=("door",), axes=AXES, full_speed=replace(FAST.full_speed, yaw=400.0))
    with games(tmp_path) as start:
        game = start(BetweenRooms(spec=spec))
        game.play()
        game.see_blocks(3)

        def caption():
            drawn = []
            game.screen.session._doors._caption = lambda theme, card: (
                drawn.append(card.content.words), pygame.Surface((9, 9))
            )[1]  # fmt: skip
            game.draw()
            return drawn

        assert caption() == ["back to the study"]
        game.press(pygame.K_h)
        while game.screen.level != "off":
            game.press(pygame.K_h)
        game.draw()
        assert caption() == []
        game.press(pygame.K_h)
        game.draw()
        assert caption() == ["back to the study"]
        game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_LEFT))
        game.wait(lambda: 120.0 < game.screen.reel.pose.yaw < 240.0)
        assert caption() == []
