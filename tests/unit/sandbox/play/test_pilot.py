"""The autopilot: on its way until it is stopped, whoever stops it and when."""

from itertools import count

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.world import MemorySetting
from mag_sandbox.sandbox.play.pilot import Pilot
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.play.split import SplitWorld
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


def walled(start, end):
    """A wall 2 m wide crosses the straight way to where the scene begins, 1 m before it."""
    crosses = (start[1] - 1.0) * (end[1] - 1.0) <= 0 and abs(end[0]) < 1.0
    return start if crosses else end


def test_it_goes_back_along_its_trail_where_something_is_in_the_way():
    pilot = Pilot()
    session = Session(FakeWorld(spec=WALKING, way=walled), pilot, [pilot])
    session.start(SCENE, 7)
    for key, blocks in (("d", 5), ("w", 7), ("a", 5)):
        pilot.press(key, DEFAULTS.moves[key])
        for _ in range(blocks):
            behind = session.advance().block.poses[-1]
        pilot.release_all()
    pilot.fly_to(CameraPose(yaw=90.0), WALKING)
    blocks = 0
    while pilot.is_flying:
        step, blocks = session.advance(), blocks + 1
    assert behind.z > 1.0
    assert abs(behind.x) < 1.0
    assert step.block.poses[-1] == CameraPose(yaw=90.0)
    assert blocks < 60
