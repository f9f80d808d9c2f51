"""A held key that moves nothing yet is explained, and counts."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.model.world import UNPAINTED_AHEAD
from mag_sandbox.sandbox.screens.late_notice import (
    A_CHANGE,
    A_VIEW,
    GUESS,
    GUESS_S,
    LATE,
    LATE_BY_ITSELF,
    LATE_S,
    LINGERS_S,
    RENEW_S,
    LateNotice,
)
from tests.doubles import WALKING


class Waiting:
    """A late block, a player and what is said."""

    def __init__(self):
        self.reel = SimpleNamespace(late_since=None)
        self.pilot, self.said = SimpleNamespace(is_steering=True, is_flying=False), []
        self.awaited = A_VIEW
        self.notice = LateNotice(
            self.reel,
            self.pilot,
            lambda text, mood, topic: self.said.append(text),
            lambda topic: self.said.clear(),
            lambda: self.awaited,
        )

    def shows(self, notice="", walked=0.0, turned=0.0, *, is_guess=False):
        poses = CameraPose(), CameraPose(yaw=turned, z=walked)
        block = Mock(notice=notice, poses=poses, provisional=is_guess)
        forward = CameraCommand(forward=1.0)
        self.notice.block_shown(SimpleNamespace(block=block, command=forward, spec=WALKING))

    def at(self, now):
        self.notice.update(now)
        return self.said


@pytest.fixture
def waiting():
    return Waiting()


def test_a_key_that_waits_for_a_view_is_explained_until_the_view_is_there(waiting):
    waiting.reel.late_since = 10.0
    assert not waiting.at(10.0)
    assert waiting.notice.wake_at == 10.0 + LATE_S
    assert waiting.at(10.0 + LATE_S) == [LATE.format(A_VIEW)]
    waiting.reel.late_since = None
    assert waiting.at(10.0 + LATE_S + 0.1), "it can be read"
    assert not waiting.at(10.0 + LATE_S + LINGERS_S)
    assert waiting.notice.wake_at is None


def test_it_stays_as_long_as_that_takes(waiting):
    waiting.reel.late_since = 10.0
    waiting.at(10.0)
    for renewed in range(1, 5):
        assert len(waiting.at(10.0 + LATE_S + renewed * RENEW_S)) == renewed


def test_short_waits_are_not_told_and_it_does_not_flicker_where_every_view_takes_a_second(waiting):
    for second in range(10, 20):
        waiting.reel.late_since = float(second)
        waiting.at(second)
        waiting.at(second + 0.3)
        waiting.reel.late_since = None
        waiting.at(second + 0.35)
    assert not waiting.said, "never held for longer"
    waiting.reel.late_since = 20.0
    waiting.at(20.0)
    waiting.at(20.0 + LATE_S)
    for second in range(21, 40):
        waiting.reel.late_since = None
        assert waiting.at(second)
        waiting.reel.late_since = float(second)
        assert waiting.at(second + 0.1)


def test_a_walker_is_told_only_if_held_for_a_while_and_until_walking_on(waiting):
    waiting.shows(UNPAINTED_AHEAD)
    assert not waiting.at(10.0)
    waiting.shows(walked=0.2)
    assert not waiting.at(12.0), "it went on before"
    waiting.shows(UNPAINTED_AHEAD)
    waiting.at(20.0)
    waiting.shows(walked=0.001)
    assert waiting.at(20.0 + LATE_S) == [LATE.format(A_VIEW)], "it only creeps"
    waiting.shows(walked=0.2)
    assert not waiting.at(30.0)


def test_a_walker_who_meets_something_instead_is_told_of_that_alone(waiting):
    waiting.shows(UNPAINTED_AHEAD)
    waiting.at(10.0)
    waiting.shows("rock in the way")
    assert not waiting.at(12.0)
    waiting.shows(UNPAINTED_AHEAD)
    waiting.at(20.0)
    assert waiting.at(20.0 + LATE_S)
    waiting.shows("rock in the way")
    assert not waiting.at(20.1 + LATE_S), "both at once would be one too many"


def test_a_walker_who_waits_for_a_change_is_told_that_it_is_painted_first(waiting):
    waiting.awaited = A_CHANGE
    waiting.shows(UNPAINTED_AHEAD)
    waiting.at(10.0)
    assert waiting.at(10.0 + LATE_S) == ["painting the change first"]


def test_it_is_said_once_a_key_is_held_and_not_where_the_wait_is_explained_already(waiting):
    waiting.reel.late_since = 10.0
    waiting.pilot.is_steering, waiting.awaited = False, ""
    waiting.at(12.0)
    waiting.pilot.is_steering = True
    assert not waiting.at(14.0)
    waiting.awaited = A_VIEW
    assert not waiting.at(15.0)
    assert waiting.at(15.0 + LATE_S) == [LATE.format(A_VIEW)]


def test_a_wait_on_a_way_without_the_player_is_explained_too(waiting):
    waiting.pilot.is_steering, waiting.pilot.is_flying = False, True
    waiting.shows(UNPAINTED_AHEAD)
    waiting.at(10.0)
    assert waiting.at(10.0 + LATE_S) == [LATE_BY_ITSELF.format(A_VIEW)]
    waiting.shows(walked=0.2)
    assert not waiting.at(30.0)


def test_a_view_at_rest_that_stays_a_guess_is_explained_until_it_is_painted(waiting):
    waiting.pilot.is_steering = False
    waiting.shows(is_guess=True)
    assert not waiting.at(10.0)
    assert waiting.notice.wake_at == 10.0 + GUESS_S
    assert not waiting.at(10.0 + LATE_S)
    assert waiting.at(10.0 + GUESS_S) == [GUESS]
    waiting.shows()
    assert not waiting.at(10.0 + GUESS_S + LINGERS_S)


@pytest.mark.parametrize("shown", [{"turned": 5.0}, {"walked": 3.0}, {"is_guess": False}])
def test_a_guess_in_passing_is_not(waiting, shown):
    waiting.pilot.is_steering = False
    waiting.shows(**{"is_guess": True, **shown})
    waiting.at(10.0)
    assert not waiting.at(20.0)


def test_a_guess_is_not_explained_beside_the_progress_of_a_change(waiting):
    waiting.pilot.is_steering, waiting.awaited = False, A_CHANGE
    waiting.shows(is_guess=True)
    waiting.at(10.0)
    assert not waiting.at(20.0)
