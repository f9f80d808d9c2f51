"""A held key that moves nothing yet is explained, and counts."""

from types import SimpleNamespace

import pytest

from mag_sandbox.sandbox.screens.late_notice import LATE, LATE_S, LateNotice


class Waiting:
    """A late block, a player and what is said."""

    def __init__(self):
        self.reel = SimpleNamespace(late_since=10.0)
        self.player, self.said = SimpleNamespace(is_steering=True), []
        self.is_painted = False
        self.notice = LateNotice(
            self.reel,
            self.player,
            lambda text, topic: self.said.append(text),
            lambda topic: self.said.clear(),
            lambda: self.is_painted,
        )


@pytest.fixture
def waiting():
    return Waiting()


def test_a_key_that_waits_for_a_view_is_explained_until_the_view_is_there(waiting):
    waiting.notice.update(10.0)
    assert waiting.notice.wake_at == 10.0 + LATE_S
    assert not waiting.said
    waiting.notice.update(10.0 + LATE_S)
    waiting.notice.update(20.0)
    assert waiting.said == [LATE]
    assert waiting.notice.wake_at is None
    waiting.reel.late_since = None
    waiting.notice.update(21.0)
    assert not waiting.said


def test_it_is_said_once_a_key_is_held_and_not_beside_a_change_under_way(waiting):
    waiting.player.is_steering, waiting.is_painted = False, True
    waiting.notice.update(12.0)
    waiting.player.is_steering = True
    waiting.notice.update(13.0)
    assert not waiting.said
    waiting.is_painted = False
    waiting.notice.update(14.0)
    assert waiting.said == [LATE]
