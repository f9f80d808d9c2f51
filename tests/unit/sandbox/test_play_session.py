"""What a session says of the world's notices."""

from unittest.mock import Mock

import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.model.world import UNPAINTED_AHEAD, UNPLANNED
from mag_sandbox.sandbox.play_session import WatchedSession
from mag_sandbox.sandbox.screens.overlays import Notices


@pytest.mark.parametrize(
    ("notice", "said"),
    [("rock in the way", ["rock in the way"]), (UNPLANNED, []), (UNPAINTED_AHEAD, [])],
)
def test_obstacles_are_named_at_once_but_not_views_that_are_still_painted(notice, said):
    notices = Notices(clock=lambda: 0.0, notify=lambda: None)
    session = WatchedSession(Mock(notices=notices, pilot=Mock(is_flying=False)))
    block = Mock(notice=notice, edited=None, beside=None, poses=(CameraPose(),), block_index=1)
    session.block_shown(Mock(block=block, command=CameraCommand(forward=1.0)))
    assert [one.text for one in notices.current] == said
