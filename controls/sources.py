"""Sources of camera commands: a person at keys, mouse and gamepad, or a script."""

import math
import operator
import threading
from collections.abc import Iterable
from typing import Generic, TypeVar

from mag_sandbox.controls.bindings import CameraBinding
from mag_sandbox.controls.camera import (
    AXES,
    LOOK_AXES,
    WALK_AXES,
    WALKING,
    WIDEST_FOV,
    Axis,
    CameraCommand,
    CameraSpeed,
)
from mag_sandbox.controls.keys import GamepadAxes, PadAxis

FIRM = 0.25  # least change of a stick or trigger that counts as intended
AT_REST = (0.0, 0.0, 0.0)
CARRIED = 1.0  # blocks at full speed by which a quick hand may lead the picture


def full_drag(
    picture_width: float, speed: CameraSpeed, block_seconds: float, fov: float = WIDEST_FOV
) -> tuple[float, float]:
    """Return how far (across, along) the picture moves in a block at full speed.

    Args:
        picture_width: of the picture as it is shown [px].
        speed: of a full command.
        block_seconds: seconds of play that a block lasts.
        fov: degrees across the picture.
    """
    pixels = max(picture_width, 1.0) / fov * block_seconds
    return speed.yaw * pixels, speed.pitch * pixels


class MouseDrag:
    """Collects the mouse's motion since the last block; the picture follows the hand.

    >>> drag = MouseDrag((240.0, 120.0))
    >>> drag.move(60.0, 0.0)
    >>> drag.wheel(1.0)
    >>> drag.take()  # the picture moves right when the camera looks left
    (-0.25, 0.0, 1.0)

    Motion too fast for the camera is carried over to the next block, but no further.
    """

    def __init__(self, full: tuple[float, float] = (240.0, 120.0)) -> None:
        self.full = full  # pixels of a block at full speed, (across, along)
        self._waiting = AT_REST  # in blocks at full speed: + looks right, looks up, zooms in

    def move(self, across: float, along: float) -> None:
        """Add motion of the mouse, in pixels to the right and down."""
        wide, tall = self.full
        yaw, pitch, zoom = self._waiting
        self._waiting = _bounded(yaw - across / wide), _bounded(pitch + along / tall), zoom

    def wheel(self, notches: float) -> None:
        """Add notches of the wheel; each one forward zooms in for a block."""
        yaw, pitch, zoom = self._waiting
        self._waiting = yaw, pitch, _bounded(zoom + notches)

    @property
    def value(self) -> tuple[float, float, float]:
        """(yaw, pitch, zoom) for the next block as fractions of full speed."""
        yaw, pitch, zoom = (min(1.0, max(-1.0, blocks)) for blocks in self._waiting)
        return yaw, pitch, zoom

    def take(self) -> tuple[float, float, float]:
        """Return the value for the next block; the rest is kept for the block after it."""
        taken = self.value
        yaw, pitch, zoom = map(operator.sub, self._waiting, taken)
        self._waiting = yaw, pitch, zoom
        return taken

    def stop(self) -> None:
        """Discard pending motion."""
        self._waiting = AT_REST


def _bounded(blocks: float) -> float:
    limit = 1.0 + CARRIED
    return min(limit, max(-limit, blocks))


class PlayerSource:
    """Keyboard, mouse and gamepad of one player; on each axis the device moved last decides.

    >>> from mag_sandbox.controls.bindings import DEFAULTS
    >>> player = PlayerSource()
    >>> player.press("left", DEFAULTS.moves["left"])  # on the window's thread
    >>> player.drag(30.0, 0.0)  # pixels
    >>> player.tilt("left y", -1.0)  # a stick, up
    >>> player.next_command()  # on the world's thread
    CameraCommand(yaw=-0.125, pitch=1.0, zoom=0.0, forward=0.0, right=0.0)
    """

    is_automatic = False  # True where the camera moves without the player's hands

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, CameraBinding] = {}  # by key, oldest press first
        self._tapped: list[CameraBinding] = []  # since the last command, perhaps released again
        self._runs = False
        self._drag = MouseDrag()
        self._pad = GamepadAxes()
        self._firm: dict[Axis, float] = dict.fromkeys(AXES, 0.0)  # where the pad last took over
        self._newest: dict[Axis, list[str]] = {axis: ["keys", "pad", "drag"] for axis in AXES}

    def press(self, key: str, move: CameraBinding) -> None:
        """Press a camera key or button; it takes over its axis."""
        with self._lock:
            if key not in self._held:
                self._held[key] = move
                self._tapped.append(move)
            self._take_over("keys", move.axis)

    def release(self, key: str) -> None:
        """Release a key."""
        with self._lock:
            self._held.pop(key, None)

    def run(self, *, is_held: bool) -> None:
        """Walk twice as fast by keys, or no longer."""
        with self._lock:
            self._runs = is_held

    def release_all(self) -> None:
        """Release everything, as when the window loses the keyboard."""
        with self._lock:
            self._runs = False
            self._held.clear()
            self._tapped.clear()
            self._drag.stop()
            self._pad.stop()
            self._firm = dict.fromkeys(AXES, 0.0)

    def forget_taps(self) -> None:
        """Discard taps, drags and notches since the last command."""
        with self._lock:
            self._tapped.clear()
            self._drag.stop()

    def stop(self) -> None:
        """Stop the camera: held keys count again after their release."""
        self.release_all()

    @property
    def is_steering(self) -> bool:
        """Whether the player moves the camera, or has done so since the last command."""
        with self._lock:
            pushes = (*self._drag.value, *self._pad.value)
            return bool(self._held or self._tapped) or any(pushes)

    def held_command(self) -> CameraCommand:
        """Return the command that `next_command` would return, without using it up."""
        with self._lock:
            return self._command()

    def next_command(self) -> CameraCommand:
        """Return the player's command; a tap since the last call counts once."""
        with self._lock:
            command = self._command()
            self._tapped.clear()
            self._drag.take()
        return command

    def drag(self, across: float, along: float) -> None:
        """Drag the picture, in pixels to the right and down."""
        with self._lock:
            self._drag.move(across, along)
            if across:
                self._take_over("drag", "yaw")
            if along:
                self._take_over("drag", "pitch")

    def wheel(self, notches: float) -> None:
        """Turn the mouse's wheel; + is forward, which zooms in."""
        with self._lock:
            self._drag.wheel(notches)
            self._take_over("drag", "zoom")

    def tilt(self, axis: PadAxis, raw: float) -> None:
        """Set an axis of a gamepad, in [-1, 1]; + is right, down and pulled."""
        with self._lock:
            self._pad.move(axis, raw)
            for moved, value in zip(AXES, self._pad.value, strict=True):
                firm = self._firm[moved]
                started = value != 0.0 and firm == 0.0
                if started or abs(value - firm) >= FIRM:
                    self._take_over("pad", moved)
                if started or value == 0.0 or abs(value - firm) >= FIRM:
                    self._firm[moved] = value

    def fit_drag(
        self,
        picture_width: float,
        speed: CameraSpeed,
        block_seconds: float,
        fov: float = WIDEST_FOV,
    ) -> None:
        """Scale drags so that the picture follows the hand; call it when its size or zoom changes.

        In a world to walk in, the left stick does. Arguments as for `full_drag`.
        """
        with self._lock:
            self._pad.walks = speed.walk > 0
            self._drag.full = full_drag(picture_width, speed, block_seconds, fov)

    def _command(self) -> CameraCommand:
        said = {
            "keys": (*map(self._axis, LOOK_AXES), *self._steps()),
            "drag": (*self._drag.value, 0.0, 0.0),
            "pad": self._pad.value,
        }
        return CameraCommand(
            *(
                next((said[device][place] for device in order if said[device][place]), 0.0)
                for place, order in enumerate(self._newest.values())
            )
        )

    def _steps(self) -> tuple[float, ...]:
        """Return (forward, right) by keys; a diagonal walk is as fast as a straight one."""
        steps = tuple(map(self._axis, WALK_AXES))
        pace = (1.0 if self._runs else WALKING) / max(1.0, math.hypot(*steps))
        return tuple(pace * step for step in steps)

    def _axis(self, axis: Axis) -> float:
        # held keys decide and opposite ones cancel; without any, the last tap decides
        held = {move.direction for move in self._held.values() if move.axis == axis}
        if held:
            return float(sum(held))
        taps = [move.direction for move in self._tapped if move.axis == axis]
        return float(taps[-1]) if taps else 0.0

    def _take_over(self, device: str, axis: Axis) -> None:
        order = self._newest[axis]
        order.remove(device)
        order.insert(0, device)


Command = TypeVar("Command")


class Recorded:
    """Marks sources of recorded controls, which say what each block leaves out.

    Otherwise a view that a block left out could be prefetched before it.
    """


class ScriptSource(Generic[Command]):
    """Camera commands or controls, one a block."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self._commands = iter(commands)

    def next_command(self) -> Command | None:
        """Return the next command, None after the last."""
        return next(self._commands, None)


class RecordedSource(ScriptSource[Command], Recorded):
    """Recorded controls, one a block."""
