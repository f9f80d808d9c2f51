"""What the player means is sampled once a block, and no tap is lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from controls.camera import CameraCommand
from controls.sources import KeyboardSource, ScriptSource

STILL = CameraCommand()


@pytest.fixture
def keyboard():
    return KeyboardSource()


def test_a_held_key_moves_until_it_is_released(keyboard):
    keyboard.press("right")
    assert keyboard.next_command() == keyboard.next_command() == CameraCommand(yaw=1.0)
    keyboard.release("right")
    assert keyboard.next_command() == STILL


def test_opposite_keys_cancel(keyboard):
    keyboard.press("left")
    keyboard.press("right")
    assert keyboard.next_command() == STILL


def test_axes_combine(keyboard):
    keyboard.press("left")
    keyboard.press("up")
    assert keyboard.next_command() == CameraCommand(yaw=-1.0, pitch=1.0)


def test_a_tap_between_two_blocks_counts_for_one_block(keyboard):
    keyboard.press("down")
    keyboard.release("down")
    assert keyboard.next_command() == CameraCommand(pitch=-1.0)
    assert keyboard.next_command() == STILL


def test_a_held_key_wins_over_a_tap_of_the_opposite_one(keyboard):
    keyboard.press("left")
    keyboard.release("left")
    keyboard.press("right")
    assert keyboard.next_command() == CameraCommand(yaw=1.0)


def test_the_last_of_two_opposite_taps_counts(keyboard):
    for key in ("left", "right"):
        keyboard.press(key)
        keyboard.release(key)
    assert keyboard.next_command() == CameraCommand(yaw=1.0)


def test_other_keys_move_nothing(keyboard):
    keyboard.press("q")
    assert keyboard.next_command() == STILL
    assert keyboard.held() == frozenset()


def test_losing_the_keyboard_lets_go_of_everything(keyboard):
    keyboard.press("left")
    keyboard.release_all()
    assert keyboard.next_command() == STILL


def test_keys_may_be_pressed_while_they_are_sampled(keyboard):
    def tap_often() -> None:
        for _ in range(300):
            keyboard.press("left")
            keyboard.release("left")

    with ThreadPoolExecutor() as pool:
        tapping = pool.submit(tap_often)
        while not tapping.done():
            assert keyboard.next_command().yaw in (-1.0, 0.0)
        tapping.result()
    assert keyboard.held() == frozenset()


def test_a_script_ends_with_none():
    script = ScriptSource([CameraCommand(yaw=0.5), STILL])
    assert [script.next_command() for _ in range(4)] == [CameraCommand(yaw=0.5), STILL, None, None]
    assert script.position == 2
