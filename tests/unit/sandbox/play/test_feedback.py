"""A key is queued until a picture answers it, and that time is the latency."""

import pytest

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.sandbox.play.feedback import InputFeedback

RIGHT = CameraCommand(yaw=1.0)


@pytest.fixture
def feedback():
    return InputFeedback()


def test_a_key_is_queued_until_a_block_answers_it(feedback):
    feedback.key_changed("right", DEFAULTS.moves["right"], 1.0, down=True)
    assert feedback.lights()["right"] == "queued"
    feedback.block_shown(CameraCommand(), sampled_at=0.9, now=1.1)
    assert feedback.lights()["right"] == "queued"
    feedback.block_shown(RIGHT, sampled_at=1.1, now=1.25)
    assert feedback.lights()["right"] == "applied"
    assert list(feedback.latencies_ms) == [pytest.approx(250)]


def test_a_tap_stays_queued_after_its_release_until_it_is_answered(feedback):
    feedback.key_changed("right", DEFAULTS.moves["right"], 1.0, down=True)
    feedback.key_changed("right", DEFAULTS.moves["right"], 1.05, down=False)
    assert feedback.lights()["right"] == "queued"
    feedback.block_shown(RIGHT, sampled_at=1.1, now=1.2)
    assert feedback.lights()["right"] == "applied"
    feedback.block_shown(CameraCommand(), sampled_at=1.3, now=1.4)
    assert feedback.lights()["right"] == "idle"


def test_a_release_has_a_latency_too(feedback):
    feedback.key_changed("up", DEFAULTS.moves["up"], 1.0, down=True)
    feedback.block_shown(CameraCommand(pitch=1.0), sampled_at=1.1, now=1.2)
    feedback.key_changed("up", DEFAULTS.moves["up"], 2.0, down=False)
    feedback.block_shown(CameraCommand(), sampled_at=2.1, now=2.3)
    assert list(feedback.latencies_ms) == [pytest.approx(200), pytest.approx(300)]


def test_cancelled_keys_stay_queued(feedback):
    for key in ("left", "right"):
        feedback.key_changed(key, DEFAULTS.moves[key], 1.0, down=True)
    feedback.block_shown(CameraCommand(), sampled_at=1.1, now=1.2)
    assert {feedback.lights()["left"], feedback.lights()["right"]} == {"queued"}


def test_losing_the_keyboard_forgets_what_waits(feedback):
    feedback.key_changed("left", DEFAULTS.moves["left"], 1.0, down=True)
    feedback.release_all()
    assert feedback.lights()["left"] == "idle"
    feedback.block_shown(CameraCommand(), sampled_at=2.0, now=2.1)
    assert list(feedback.latencies_ms) == []


def test_all_keys_of_a_direction_light_its_cap(feedback):
    feedback.key_changed("pad right", DEFAULTS.moves["pad right"], 1.0, down=True)
    assert feedback.lights()["right"] == "queued"
    feedback.key_changed("right", DEFAULTS.moves["right"], 1.1, down=True)
    feedback.key_changed("pad right", DEFAULTS.moves["pad right"], 1.2, down=False)
    feedback.block_shown(CameraCommand(), sampled_at=1.3, now=1.4)
    assert feedback.lights()["right"] == "queued", "its other key is still held"


def test_from_rest_the_first_moved_picture_is_the_answer_that_is_seen():
    feedback = InputFeedback()
    feedback.key_changed("left", DEFAULTS.moves["left"], down=True, now=1.0)
    feedback.picture_moved(1.016)
    feedback.picture_moved(1.033)
    assert list(feedback.photons_ms) == [pytest.approx(16.0)]


def test_a_key_pressed_while_the_picture_moves_says_nothing_of_photons():
    feedback = InputFeedback()
    feedback.block_shown(CameraCommand(yaw=1.0), sampled_at=0.9, now=1.0)
    feedback.key_changed("left", DEFAULTS.moves["left"], down=True, now=1.1)
    feedback.picture_moved(1.12)
    assert list(feedback.photons_ms) == []


def test_pictures_that_move_are_timed_from_each_to_the_next_until_they_rest():
    feedback = InputFeedback()
    for now, goes_on in ((1.0, True), (1.016, True), (1.05, False), (9.0, True), (9.02, True)):
        feedback.picture_moved(now, goes_on=goes_on)
    assert list(feedback.glass_ms) == [pytest.approx(ms) for ms in (16.0, 34.0, 20.0)]
