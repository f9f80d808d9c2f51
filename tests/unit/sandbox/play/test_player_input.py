"""What mouse and gamepads report becomes steering and keys."""

import pygame
import pytest

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.camera import CameraCommand, CameraSpeed
from mag_sandbox.controls.keys import PAD_BUTTONS
from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.sandbox.play.player_input import FULL_TILT, Gamepads, PlayerInput
from mag_sandbox.sandbox.settings import SandboxConfig

STILL = CameraCommand()


@pytest.fixture
def player():
    source = PlayerSource()
    source.fit_drag(900, CameraSpeed(yaw=40.0, pitch=20.0), block_seconds=0.25)
    return source


def moved(across, along):
    return pygame.Event(pygame.MOUSEMOTION, pos=(0, 0), rel=(across, along), buttons=(1, 0, 0))


def test_the_mouse_steers_only_while_its_button_is_down(player):
    devices = PlayerInput(player)
    assert not devices.steer(moved(50, 0))
    devices.steer(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=(0, 0), button=1))
    assert devices.steer(moved(50, 0))
    assert player.next_command() == CameraCommand(yaw=-0.5)
    devices.steer(pygame.Event(pygame.MOUSEBUTTONUP, pos=(0, 0), button=1))
    assert not devices.steer(moved(50, 0))
    assert player.next_command() == STILL


def test_a_drag_ends_with_the_focus(player):
    devices = PlayerInput(player)
    devices.steer(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=(0, 0), button=1))
    devices.let_go()
    assert not devices.steer(moved(50, 0))


def test_sticks_look_around_and_triggers_zoom(player):
    devices = PlayerInput(player)
    for axis, value in (
        (pygame.CONTROLLER_AXIS_LEFTX, 32767),
        (pygame.CONTROLLER_AXIS_LEFTY, -32768),
        (pygame.CONTROLLER_AXIS_TRIGGERLEFT, 32767),
    ):
        assert devices.steer(pygame.Event(pygame.CONTROLLERAXISMOTION, axis=axis, value=value))
    assert player.next_command() == CameraCommand(yaw=1.0, pitch=1.0, zoom=-1.0)
    zoom_in = {"axis": pygame.CONTROLLER_AXIS_TRIGGERRIGHT, "value": 32767}
    devices.steer(pygame.Event(pygame.CONTROLLERAXISMOTION, zoom_in))
    devices.steer(pygame.Event(pygame.CONTROLLERAXISMOTION, axis=99, value=32767))
    assert player.next_command() == CameraCommand(yaw=1.0, pitch=1.0)


def test_the_wheel_zooms_for_a_block(player):
    assert PlayerInput(player).steer(pygame.Event(pygame.MOUSEWHEEL, x=0, y=1))
    assert player.next_command() == CameraCommand(zoom=1.0)
    assert player.next_command() == STILL


def test_the_buttons_of_a_gamepad_are_keys_in_the_order_of_sdl(player):
    devices = PlayerInput(player)
    for name, number in (
        ("pad a", pygame.CONTROLLER_BUTTON_A),
        ("pad start", pygame.CONTROLLER_BUTTON_START),
        ("pad left shoulder", pygame.CONTROLLER_BUTTON_LEFTSHOULDER),
        ("pad left stick", pygame.CONTROLLER_BUTTON_LEFTSTICK),
        ("pad up", pygame.CONTROLLER_BUTTON_DPAD_UP),
        ("pad right", pygame.CONTROLLER_BUTTON_DPAD_RIGHT),
    ):
        event = pygame.Event(pygame.CONTROLLERBUTTONDOWN, button=number)
        assert devices.key_of(event) == (name, True)
    assert devices.key_of(pygame.Event(pygame.CONTROLLERBUTTONUP, button=0)) == ("pad a", False)
    assert devices.key_of(pygame.Event(pygame.CONTROLLERBUTTONDOWN, button=99)) is None
    assert devices.key_of(pygame.Event(pygame.KEYDOWN, key=pygame.K_a)) is None


def test_every_bound_button_exists():
    keys = [key for row in DEFAULTS.rows for key in row.keys if key.startswith("pad ")]
    assert set(keys) <= set(PAD_BUTTONS)


def test_gamepads_come_and_go_without_harm():
    pygame.display.init()
    try:
        gamepads = Gamepads()
        gamepads.handle(pygame.Event(pygame.CONTROLLERDEVICEADDED, device_index=7))
        gamepads.handle(pygame.Event(pygame.CONTROLLERDEVICEREMOVED, instance_id=7))
        assert not gamepads._open
    finally:
        pygame.display.quit()


@pytest.mark.parametrize(
    ("settings", "ways"),
    [
        (SandboxConfig(), (1, 1)),
        (SandboxConfig(mouse_speed=0.5), (0.5, 0.5)),
        (SandboxConfig(invert_sideways=True), (-1, 1)),
        (SandboxConfig(invert_up_down=True, mouse_speed=2.0), (2, -2)),
    ],
)
def test_a_drag_turns_as_far_and_the_way_that_the_player_set(settings, ways):
    plain, player = PlayerSource(), PlayerSource()
    plain.drag(12.0 * ways[0], 6.0 * ways[1])
    devices = PlayerInput(player, settings)
    devices.steer(pygame.Event(pygame.MOUSEBUTTONDOWN, button=1))
    devices.steer(pygame.Event(pygame.MOUSEMOTION, rel=(12, 6)))
    assert player.next_command() == plain.next_command()


def test_a_stick_that_is_inverted_pushes_the_other_way():
    plain, player = PlayerSource(), PlayerSource()
    for source, settings in (
        (plain, SandboxConfig()),
        (player, SandboxConfig(invert_up_down=True)),
    ):
        push = pygame.Event(pygame.CONTROLLERAXISMOTION, axis=1, value=FULL_TILT)
        PlayerInput(source, settings).steer(push)
    assert plain.next_command().pitch == -player.next_command().pitch != 0
