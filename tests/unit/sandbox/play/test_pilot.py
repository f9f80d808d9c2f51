"""The autopilot: on its way until it is stopped, whoever stops it and when."""

from dataclasses import replace
from itertools import count
from math import atan, degrees, dist, hypot

import pytest

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.world import GroundPlan, GroundThing, MemorySetting
from mag_sandbox.sandbox.play.bypass import MOST_WAYS, Bypass, is_by_tree_or_narrow_thing
from mag_sandbox.sandbox.play.pilot import Pilot
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.play.split import SplitWorld
from mag_sandbox.scenes.stances import Stance
from tests.doubles import SPEC, WALKING, FakeWorld
from tests.games import SCENE


def flying():
    pilot = Pilot()
    session = Session(FakeWorld(), pilot, [pilot])
    session.start(SCENE, 7)
    pilot.fly_to(CameraPose(120.0), SPEC)
    return pilot, session


def test_it_can_be_stopped_by_the_window_while_the_world_asks(monkeypatch):
    pilot, session = flying()

    class Stopping:
        """A player who presses stop between two lines of the world's thread."""

        def __get__(self, pilot, owner):
            target, pilot.__dict__["target"] = pilot.__dict__.get("target"), None
            return target

        def __set__(self, pilot, target):
            pilot.__dict__["target"] = target

    monkeypatch.setattr(Pilot, "target", Stopping(), raising=False)
    pilot.target = CameraPose(120.0)
    assert session.advance() is not None


def test_another_scene_is_not_said_to_move_by_itself():
    pilot, session = flying()
    session.advance()
    assert pilot.is_automatic
    session.start(SCENE, 8)
    assert not pilot.is_automatic
    assert not pilot.is_flying


def test_it_walks_back_exactly_to_where_the_scene_begins():
    pilot = Pilot()
    session = Session(FakeWorld(spec=WALKING), pilot, [pilot])
    session.start(SCENE, 7)
    pilot.press("w", DEFAULTS.moves["w"])
    pilot.press("right", DEFAULTS.moves["right"])
    for _ in range(4):
        session.advance()
    pilot.release_all()
    pilot.fly_to(CameraPose(), WALKING)
    away = session.advance().block.poses[0]
    for _ in range(40):
        step = session.advance()
    assert away.is_away
    assert not pilot.is_flying
    assert step.block.poses[-1] == CameraPose()


def test_it_gives_up_where_something_is_in_the_way():
    pilot, session = flying()
    pilot.fly_to(CameraPose(x=1.0), WALKING)  # this world cannot walk
    for _ in range(4):
        session.advance()
    assert not pilot.is_flying


def test_it_walks_on_in_two_worlds_that_take_turns_on_a_slow_machine():
    pilot, clock = Pilot(), count(step=10)  # seconds
    worlds = FakeWorld(spec=WALKING), FakeWorld(spec=WALKING)
    world = SplitWorld(*worlds, MemorySetting("window"), clock=lambda: float(next(clock)))
    session = Session(world, pilot, [pilot])
    session.start(SCENE, 7)
    pilot.fly_to(CameraPose(x=4.0), WALKING)
    for _ in range(60):
        step = session.advance()
    assert world.takes_turns
    assert abs(step.block.poses[-1].x - 4.0) < 0.01


class Ground(FakeWorld):
    """A scenery that stops a walker, and that is known from above."""

    def __init__(self, scenery):
        super().__init__(spec=WALKING, way=lambda start, end: scenery.way(start, end, ()))
        self.ground = scenery.ground

    def step(self, control):
        return replace(super().step(control), ground=self.ground)


def flown(world, target):
    """Return the pose where a flight from the start of the scene ends, and its blocks."""
    pilot = Pilot()
    session = Session(world, pilot, [pilot])
    session.start(SCENE, 7)
    pilot.fly_to(target, WALKING)
    for blocks in range(200):
        if not pilot.is_flying:
            return pilot.pose, blocks
        session.advance()
    raise AssertionError(f"still on its way at {pilot.pose}")


def bush(yaw, away, wide=1.2):
    """A bush 1.2 m high somewhere from the start."""
    foot, top = (degrees(atan((end - EYE) / away)) for end in (0.0, 1.2))
    width = 2 * degrees(atan(wide / 2 / away))
    return PlacedObject("bush", yaw % 360.0, (foot + top) / 2, width, top - foot)


HEDGE = [bush(yaw, 4.0) for yaw in range(-70, 71, 14)]


def test_it_goes_round_a_hedge():
    scenery = Scenery.of(HEDGE, {"bush": Stance("floor", 1.2)}, ())
    pose, blocks = flown(Ground(scenery), CameraPose(yaw=90.0, z=9.0))
    assert dist(pose.position, (0.0, 9.0)) < 0.01
    assert pose.yaw == 90.0
    assert blocks < 80


def test_it_gives_up_before_a_hedge_all_around():
    hedge = [bush(yaw, 4.0) for yaw in range(0, 360, 12)]
    scenery = Scenery.of(hedge, {"bush": Stance("floor", 1.2)}, ())
    pose, _ = flown(Ground(scenery), CameraPose(z=9.0))
    assert 1.0 < pose.z < 4.0


@pytest.mark.parametrize(("blocks", "arrives"), [(20, True), (200, False)])
def test_it_waits_for_ground_that_is_still_painted_but_not_for_ever(blocks, arrives):
    """Nothing known is in the way, and yet the world lets a walker go no farther for a while."""

    class Painting(Ground):
        stepped = 0

        def step(self, control):
            self.stepped += 1
            return super().step(control)

    world = Painting(Scenery.of([bush(180.0, 9.0)], {"bush": Stance("floor", 1.2)}, ()))
    free = world._way
    world._way = lambda start, end: (
        free(start, end) if world.stepped > blocks or end[1] < 4.0 else start
    )
    pose, _ = flown(world, CameraPose(z=9.0))
    assert (pose.z == 9.0) == arrives


def walked(things, *, blocks):
    """Return the pose of a player who has held the key that walks ahead for some blocks."""
    stances = {"bush": Stance("floor", 1.2), "lake": Stance("flat")}
    pilot, scenery = Pilot(), Scenery.of(things, stances, ())
    session = Session(Ground(scenery), pilot, [pilot])
    session.start(SCENE, 7)
    pilot.press("w", DEFAULTS.moves["w"])
    for _ in range(blocks):
        session.advance()
    return pilot.pose


def test_a_player_whom_two_bushes_stop_is_led_past_them_and_looks_ahead_all_the_way():
    pose = walked([bush(-29.0, 2.5, 1.7), bush(7.4, 4.0, 2.1)], blocks=60)
    assert pose.z > 6.0
    assert abs(pose.x) < 0.1
    assert pose.yaw == 0.0


def test_a_player_whom_a_lake_stops_is_led_past_it():
    lake = PlacedObject("lake", 0.0, -12.0, 60.0, 10.0)
    pose = walked([lake, bush(29.0, 5.5, 1.7)], blocks=150)
    assert pose.z > 12.0
    assert pose.yaw == 0.0


def test_a_corner_from_which_a_walker_is_pushed_aside_counts_as_reached():
    bypass, ahead = Bypass(), CameraCommand(forward=1.0)
    bypass._set_corners([(3.0, 8.4), (2.4, 9.4)])
    bypass._reach = 0.5
    places = [(3.2, 8.5), (3.1, 8.7), (3.2, 8.5), (3.1, 8.7)]
    led = [bypass.led(ahead, CameraPose(x=x, z=z), None) for x, z in places]
    assert led[0].forward < 0.0
    assert led[-1].forward > 0.5


def test_a_player_whom_a_long_hedge_stops_stays_before_it():
    assert walked(HEDGE, blocks=60).z < 4.0


def test_a_player_who_is_led_past_something_is_led_no_longer_once_other_keys_are_held():
    bypass, ground = Bypass(), Scenery.of(
        [bush(-9.0, 2.0), bush(9.0, 2.0)], {"bush": Stance("floor", 1.2)}, ()
    ).ground  # fmt: skip
    ahead, back, pose = CameraCommand(forward=0.5), CameraCommand(forward=-0.5), CameraPose()
    assert bypass.led(ahead, replace(pose, z=-0.2), ground) == ahead
    assert bypass.led(ahead, pose, ground) == ahead
    led = bypass.led(ahead, pose, ground)
    assert led.right
    assert hypot(led.forward, led.right) == pytest.approx(0.5)
    assert bypass.led(back, replace(pose, x=0.2), ground) == back
    assert bypass.led(ahead, replace(pose, x=0.2, z=-0.2), ground) == ahead


def test_a_way_past_whose_step_leads_nowhere_is_looked_for_again_a_few_times():
    bypass, ground = Bypass(), Scenery.of(
        [bush(-9.0, 2.0), bush(9.0, 2.0)], {"bush": Stance("floor", 1.2)}, ()
    ).ground  # fmt: skip
    ahead, pose = CameraCommand(forward=0.5), CameraPose()
    bypass.led(ahead, replace(pose, z=-0.2), ground)
    bypass.led(ahead, pose, ground)
    led = [bypass.led(ahead, replace(pose, x=0.01 * step), ground) for step in range(MOST_WAYS + 2)]
    assert led[0].right
    assert led[1].right
    assert led[-1] == ahead


def test_narrow_things_are_walked_round_farther_than_houses():
    """Beside a lake that begins where a camel stands there is one way: all around the camel."""
    far = GroundThing("cactus", 0.0, 30.0, 1.0, clearance=1.4)
    camel = GroundThing("camel", 1.3, 0.4, 1.2, clearance=1.3)
    house = GroundThing("cottage", 3.5, 0.4, 3.2, clearance=3.5)
    assert is_by_tree_or_narrow_thing((0.0, 0.0), GroundPlan((far, camel)))
    assert not is_by_tree_or_narrow_thing((0.0, 0.0), GroundPlan((far, house)))
    assert not is_by_tree_or_narrow_thing((0.0, 0.0), GroundPlan())


def test_a_player_who_walks_back_between_two_firs_is_led_round_one_of_them():
    firs = (
        GroundThing("pine", 1.5, -1.2, 1.9, clearance=2.4),
        GroundThing("pine", -2.0, 0.1, 2.0, clearance=2.5),
    )
    bypass, back, pose = Bypass(), CameraCommand(forward=-0.5), CameraPose()
    bypass.led(back, replace(pose, z=0.2), GroundPlan(firs))
    bypass.led(back, pose, GroundPlan(firs))
    led = bypass.led(back, pose, GroundPlan(firs))
    assert led != back
    assert hypot(led.forward, led.right) == pytest.approx(0.5)
