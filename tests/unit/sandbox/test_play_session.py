"""A session that is watched says why walking waits."""

from unittest.mock import Mock

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.model.world import UNPLANNED
from mag_sandbox.sandbox.play_session import WatchedSession
from mag_sandbox.sandbox.screens.overlays import Notices


def test_while_it_is_not_planned_where_things_stand_walking_keys_are_answered_every_time():
    notices = Notices(clock=lambda: 0.0, notify=lambda: None)
    session = WatchedSession(Mock(notices=notices, pilot=Mock(is_flying=False)))

    def show(notice: str | None, z: float) -> list[str]:
        pose = CameraPose(z=z)
        block = Mock(notice=notice, edited=None, beside=None, poses=(pose,), block_index=1)
        session.block_shown(Mock(block=block, command=CameraCommand(forward=1.0)))
        said = [one.text for one in notices.current]
        notices.clear()
        return said

    waits = f"{UNPLANNED}; you walk then"
    assert show(UNPLANNED, 0.0) == [waits]
    assert show(None, 0.0) == [waits]
    assert show(None, -0.3) == []
    assert show(None, -0.3) == [], "an obstacle has a notice of its own"
