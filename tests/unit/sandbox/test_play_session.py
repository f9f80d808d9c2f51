"""What a session says of the world's notices."""

from unittest.mock import Mock

import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.model.world import UNPAINTED_AHEAD, UNPLANNED
from mag_sandbox.sandbox.play_session import WatchedSession
from mag_sandbox.sandbox.screens.overlays import Notices


class Watching:
    """A session, and what it says of blocks."""

    def __init__(self):
        self.notices = Notices(clock=lambda: 0.0, notify=lambda: None)
        services = Mock(notices=self.notices, pilot=Mock(is_flying=False))
        self._session = WatchedSession(services)

    def said(self, notice="", z=0.0):
        pose = CameraPose(z=z)
        block = Mock(notice=notice, edited=None, beside=None, poses=(pose,), block_index=1)
        self._session.block_shown(Mock(block=block, command=CameraCommand(forward=1.0)))
        return [one.text for one in self.notices.current]


@pytest.mark.parametrize(
    ("notice", "said"),
    [("rock in the way", ["rock in the way"]), (UNPLANNED, []), (UNPAINTED_AHEAD, [])],
)
def test_obstacles_are_named_at_once_but_not_views_that_are_still_painted(notice, said):
    assert Watching().said(notice) == said


def test_an_obstacle_is_named_until_the_walker_has_passed_it():
    watching = Watching()
    watching.said()
    assert watching.said("rock in the way") == ["rock in the way"]
    assert watching.said(z=0.3) == ["rock in the way"]
    assert watching.said(z=0.9) == []


def test_water_that_a_walker_wades_through_is_named_on_the_way():
    watching = Watching()
    watching.said()
    watching.said("you wade", z=0.3)
    assert watching.said(z=1.5) == ["you wade"]
    assert watching.notices.current[0].mood == "good"
