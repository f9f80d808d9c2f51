"""What the player means is sampled once a block, and no tap is lost."""

import math
from concurrent.futures import ThreadPoolExecutor

import pytest

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.camera import LOOK_AXES, WALKING, CameraCommand, CameraSpeed
from mag_sandbox.controls.sources import PlayerSource, ScriptSource

STILL = CameraCommand()


@pytest.fixture
def keyboard():
    return PlayerSource()


@pytest.fixture
def player():
    """A block at full speed moves the picture 100 pixels across and 50 along."""
    source = PlayerSource()
    source.fit_drag(900, CameraSpeed(yaw=40.0, pitch=20.0), block_seconds=0.25)
    return source


LOOKING = DEFAULTS.along(LOOK_AXES)  # letters look around where nothing can be walked in


def press(player, key):
    player.press(key, LOOKING.moves[key])


def test_a_held_key_moves_until_it_is_released(keyboard):
    press(keyboard, "right")
    assert keyboard.next_command() == keyboard.next_command() == CameraCommand(yaw=1.0)
    keyboard.release("right")
    assert keyboard.next_command() == STILL


def test_opposite_keys_cancel(keyboard):
    press(keyboard, "left")
    press(keyboard, "right")
    assert keyboard.next_command() == STILL


def test_axes_combine(keyboard):
    press(keyboard, "left")
    press(keyboard, "up")
    assert keyboard.next_command() == CameraCommand(yaw=-1.0, pitch=1.0)


def test_a_tap_between_two_blocks_counts_for_one_block(keyboard):
    press(keyboard, "down")
    keyboard.release("down")
    assert keyboard.next_command() == CameraCommand(pitch=-1.0)
    assert keyboard.next_command() == STILL


def test_a_held_key_wins_over_a_tap_of_the_opposite_one(keyboard):
    press(keyboard, "left")
    keyboard.release("left")
    press(keyboard, "right")
    assert keyboard.next_command() == CameraCommand(yaw=1.0)


def test_the_last_of_two_opposite_taps_counts(keyboard):
    for key in ("left", "right"):
        press(keyboard, key)
        keyboard.release(key)
    assert keyboard.next_command() == CameraCommand(yaw=1.0)


def test_losing_the_keyboard_lets_go_of_everything(keyboard):
    press(keyboard, "left")
    keyboard.release_all()
    assert keyboard.next_command() == STILL


def test_keys_may_be_pressed_while_they_are_sampled(keyboard):
    def tap_often() -> None:
        for _ in range(300):
            press(keyboard, "left")
            keyboard.release("left")

    with ThreadPoolExecutor() as pool:
        tapping = pool.submit(tap_often)
        while not tapping.done():
            assert keyboard.next_command().yaw in (-1.0, 0.0)
        tapping.result()
    keyboard.next_command()
    assert not keyboard.is_steering


def test_two_keys_of_one_direction_are_not_faster(keyboard):
    press(keyboard, "left")
    press(keyboard, "a")
    assert keyboard.next_command() == CameraCommand(yaw=-1.0)
    keyboard.release("left")
    assert keyboard.next_command() == CameraCommand(yaw=-1.0)
    press(keyboard, "d")
    assert keyboard.next_command() == STILL


def test_looking_at_the_command_does_not_answer_a_tap(keyboard):
    press(keyboard, "down")
    keyboard.release("down")
    assert keyboard.is_steering
    assert keyboard.held_command() == keyboard.next_command() == CameraCommand(pitch=-1.0)
    keyboard.next_command()
    assert not keyboard.is_steering


def test_the_picture_follows_the_hand(player):
    player.drag(25.0, 0.0)
    assert player.held_command() == player.next_command() == CameraCommand(yaw=-0.25)
    assert player.next_command() == STILL
    player.drag(0.0, 10.0)
    assert player.next_command() == CameraCommand(pitch=0.2)


def test_the_newest_input_wins_on_its_axis(player):
    press(player, "right")
    player.drag(50.0, 0.0)
    assert player.next_command() == CameraCommand(yaw=-0.5)
    assert player.next_command() == CameraCommand(yaw=1.0), "the hand rests, the key is held"
    player.tilt("left x", -1.0)
    player.tilt("left y", -1.0)
    assert player.next_command() == CameraCommand(yaw=-1.0, pitch=1.0)
    press(player, "d")
    assert player.next_command() == CameraCommand(yaw=1.0, pitch=1.0)


def test_a_trembling_stick_does_not_take_over(player):
    player.tilt("left x", -0.6)
    press(player, "right")
    for raw in (-0.61, -0.59, -0.6):
        player.tilt("left x", raw)
    assert player.next_command().yaw == 1.0
    player.tilt("left x", -1.0)
    assert player.next_command().yaw == -1.0


def test_stop_stops_everything_until_it_is_moved_again(player):
    press(player, "left")
    player.drag(0.0, 80.0)
    player.tilt("right y", 1.0)
    player.stop()
    assert player.next_command() == STILL
    assert not player.is_steering
    player.tilt("right y", 0.9)
    assert player.next_command() == STILL, "the stick was not let go yet"
    player.tilt("right y", 0.0)
    player.tilt("right y", 1.0)
    assert player.next_command() == CameraCommand(pitch=-1.0)


def test_keys_wheel_and_triggers_zoom(player):
    press(player, "z")
    assert player.next_command() == CameraCommand(zoom=1.0)
    player.wheel(-1)
    assert player.next_command() == CameraCommand(zoom=-1.0), "moved last"
    assert player.next_command() == CameraCommand(zoom=1.0), "the wheel rests, the key is held"
    press(player, "left")
    player.tilt("left trigger", 0.5)
    command = player.next_command()
    assert -1.0 < command.zoom < 0.0
    assert command.yaw == -1.0, "axes combine"
    player.stop()
    assert player.next_command() == STILL


def test_all_inputs_may_change_while_they_are_sampled(player):
    def fiddle() -> None:
        for turn in range(300):
            press(player, "left")
            player.drag(turn % 7 - 3.0, 1.0)
            player.tilt("left x", turn % 3 - 1.0)
            player.tilt("right trigger", turn % 2)
            player.wheel(turn % 3 - 1)
            player.release("left")
            player.stop()

    with ThreadPoolExecutor() as pool:
        fiddling = pool.submit(fiddle)
        while not fiddling.done():
            player.next_command()  # raises if it is not a command
        fiddling.result()
    assert player.next_command() == STILL


def test_a_script_ends_with_none():
    script = ScriptSource([CameraCommand(yaw=0.5), STILL])
    assert [script.next_command() for _ in range(4)] == [CameraCommand(yaw=0.5), STILL, None, None]


def test_walking_and_looking_go_on_at_once():
    player = PlayerSource()
    player.fit_drag(900, CameraSpeed(yaw=40.0, pitch=20.0, walk=2.8), block_seconds=0.25)
    player.press("w", DEFAULTS.moves["w"])
    player.press("left", DEFAULTS.moves["left"])
    assert player.next_command() == CameraCommand(yaw=-1.0, forward=WALKING)
    player.tilt("left x", 1.0)
    player.tilt("right y", -1.0)
    assert player.next_command() == CameraCommand(yaw=-1.0, pitch=1.0, forward=WALKING, right=1.0)


def test_shift_doubles_the_speed_also_diagonally(player):
    for key in ("w", "d"):
        player.press(key, DEFAULTS.moves[key])
        walk = player.next_command()
        player.run(is_held=True)
        run = player.next_command()
        player.run(is_held=False)
        assert (run.forward, run.right) == (2 * walk.forward, 2 * walk.right)
        assert math.hypot(walk.forward, walk.right) == pytest.approx(WALKING)
    player.run(is_held=True)
    player.release_all()
    player.press("w", DEFAULTS.moves["w"])
    assert player.next_command().forward == WALKING, "Shift was let go where no one saw it"
