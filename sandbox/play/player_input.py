"""Mouse and gamepads of play: pygame's events become steering, and buttons become keys by name.

Knows how devices report; `controls` defines the meaning of drags, wheels, sticks and buttons.
"""

import logging
import math
from types import ModuleType
from typing import TYPE_CHECKING

import pygame

from mag_sandbox.controls.keys import PAD_AXES, PAD_BUTTONS
from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.model.world import WorldSpec
from mag_sandbox.sandbox.settings import SandboxConfig

if TYPE_CHECKING:  # some builds of pygame lack it
    from pygame._sdl2.controller import Controller

logger = logging.getLogger(__name__)
FULL_TILT = 32767  # as controllers report the end of a stick or trigger
REPEAT_MS = (400, 40)  # before a held key repeats, and between two times
REPEATING = frozenset(  # keys that move something or edit text; all others act once
    getattr(pygame, f"K_{name}")
    for name in ("LEFT", "RIGHT", "UP", "DOWN", "PAGEUP", "PAGEDOWN", "BACKSPACE", "DELETE")
)

MOVED = 4  # px; smaller movements are not made by a hand
WINDOW_CHANGES = (pygame.WINDOWSIZECHANGED, pygame.WINDOWENTER, pygame.WINDOWFOCUSGAINED)


def repeat_keys(*, wanted: bool) -> None:
    """Make held keys repeat, as in menus and in text; never in play, where they steer."""
    pygame.key.set_repeat(*(REPEAT_MS if wanted else ()))


class HeldKeys:
    """Tells presses from repeats, which pygame does not.

    >>> keys = HeldKeys()
    >>> keys.let_pass(pygame.event.Event(pygame.MOUSEMOTION))  # every event
    True
    """

    def __init__(self) -> None:
        self._down: set[int] = set()

    def let_pass(self, event: pygame.Event) -> bool:
        """Return whether an event counts: a key that repeats does where it moves or edits."""
        if event.type == pygame.WINDOWFOCUSLOST:
            self._down.clear()
        elif event.type == pygame.KEYUP:
            self._down.discard(event.key)
        elif event.type == pygame.KEYDOWN:
            again = event.key in self._down
            self._down.add(event.key)
            return not again or event.key in REPEATING
        return True


class RestingMouse:
    """Drops mouse motion that the player did not make, as when the window changes.

    >>> mouse = RestingMouse()
    >>> mouse.let_pass(pygame.event.Event(pygame.MOUSEMOTION, pos=(9, 9), buttons=(0, 0, 0)))
    False
    >>> mouse.let_pass(pygame.event.Event(pygame.MOUSEMOTION, pos=(19, 9), buttons=(0, 0, 0)))
    True
    """

    def __init__(self) -> None:
        self._rests = True
        self._at: tuple[int, int] | None = None  # where it rests; None: not known yet

    def rest(self) -> None:
        """Wait for the mouse to move again: another screen is shown."""
        self._rests, self._at = True, None

    def let_pass(self, event: pygame.Event) -> bool:
        """Return whether an event counts."""
        if event.type in WINDOW_CHANGES:
            self.rest()
        elif event.type == pygame.KEYDOWN:  # after which it is still where it was
            self._rests = True
        if event.type != pygame.MOUSEMOTION:
            return True
        if self._rests:
            self._at = self._at or event.pos
            self._rests = not any(event.buttons) and math.dist(self._at, event.pos) < MOVED
        if not self._rests:
            self._at = event.pos
        return not self._rests


class PlayerInput:
    """Follows the mouse and the gamepads of one player.

    devices = PlayerInput(player)
    if press := devices.key_of(event):  # ("pad a", True): a button is a key like others
        screen.handle_key(*press)
    elif devices.steer(event): ...
    """

    def __init__(self, player: PlayerSource, settings: SandboxConfig = SandboxConfig()) -> None:  # noqa: B008 -- frozen
        self._player, self._speed = player, settings.mouse_speed
        self._signs = (
            -1.0 if settings.invert_sideways else 1.0,
            -1.0 if settings.invert_up_down else 1.0,
        )  # of what moves across, and along
        self._is_dragging = False
        self._fitted = (0, 0.0)  # the picture's width and the view that drags are measured in

    def key_of(self, event: pygame.Event) -> tuple[str, bool] | None:
        """Return a gamepad's button and whether it went down; None for other events."""
        if event.type not in (pygame.CONTROLLERBUTTONDOWN, pygame.CONTROLLERBUTTONUP):
            return None
        if not 0 <= event.button < len(PAD_BUTTONS):
            return None
        return PAD_BUTTONS[event.button], event.type == pygame.CONTROLLERBUTTONDOWN

    def steer(self, event: pygame.Event) -> bool:
        """Steer by mouse, stick or trigger; True if the event came from one of them."""
        if event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP) and event.button == 1:
            self._is_dragging = event.type == pygame.MOUSEBUTTONDOWN
            return True
        if event.type == pygame.MOUSEMOTION and self._is_dragging:
            across, along = (
                self._speed * sign * way for sign, way in zip(self._signs, event.rel, strict=True)
            )
            self._player.drag(across, along)
            return True
        if event.type == pygame.CONTROLLERAXISMOTION:
            if 0 <= event.axis < len(PAD_AXES):
                axis = PAD_AXES[event.axis]
                sign = self._signs[axis.endswith("y")] if axis[-1] in "xy" else 1.0
                self._player.tilt(axis, sign * event.value / FULL_TILT)
            return True
        if event.type == pygame.MOUSEWHEEL:
            self._player.wheel(event.y)
            return True
        return False

    def fit_drag(self, width: int, fov: float, spec: WorldSpec) -> None:
        """Scale drags so that the picture follows the hand."""
        if (width, fov) != self._fitted:
            self._fitted = width, fov
            self._player.fit_drag(width, spec.full_speed, spec.block_seconds, fov)

    def let_go(self) -> None:
        """Forget a drag that is under way, as when the window loses the mouse."""
        self._is_dragging = False


class Gamepads:
    """Keeps the gamepads open that are plugged in, so that they report.

    gamepads = Gamepads()
    gamepads.handle(event)  # every event
    """

    def __init__(self) -> None:
        self._open: dict[int, Controller] = {}
        self._controller: ModuleType | None = None  # None: there are no gamepads
        try:
            from pygame._sdl2 import controller

            controller.init()
            self._controller = controller
        except (ImportError, pygame.error) as problem:
            logger.info("no gamepads: %s", problem)

    def handle(self, event: pygame.Event) -> None:
        """Open a gamepad that was plugged in, forget one that was taken away."""
        if event.type == pygame.CONTROLLERDEVICEADDED and self._controller:
            try:
                gamepad = self._controller.Controller(event.device_index)
                self._open[gamepad.as_joystick().get_instance_id()] = gamepad
            except pygame.error as problem:
                logger.warning("a gamepad cannot be used: %s", problem)
        elif event.type == pygame.CONTROLLERDEVICEREMOVED:
            self._open.pop(event.instance_id, None)
