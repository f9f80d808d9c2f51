"""Sticks and triggers of a gamepad: raw axes in, fractions of full speed out. Knows no devices."""

import math
from typing import Literal, get_args

PadAxis = Literal["left x", "left y", "right x", "right y", "left trigger", "right trigger"]
PAD_AXES: tuple[PadAxis, ...] = get_args(PadAxis)  # in the order in which SDL numbers them

DEAD_ZONE = 0.18  # a stick at rest is never quite in the middle
EDGE = 0.95  # nor does it reach its end in every direction
NOTCH = 0.2  # share of a push that counts as meant to be straight
AT_REST = (0.0, 0.0, 0.0)


class GamepadAxes:
    """Both sticks as one, of which the one pushed further counts; triggers zoom in and out.

    >>> pad = GamepadAxes()
    >>> pad.move("left x", 1.0)
    >>> pad.move("right trigger", 1.0)
    >>> pad.value  # yaw, pitch, zoom
    (1.0, 0.0, 1.0)
    """

    def __init__(self) -> None:
        self.value = AT_REST  # (yaw, pitch, zoom) as fractions of full speed
        self._raw: dict[PadAxis, float] = dict.fromkeys(PAD_AXES, 0.0)
        self._ignored = False  # until it was let go

    def move(self, axis: PadAxis, raw: float) -> None:
        """Note where an axis is, in [-1, 1]; + is right, down and pulled, as devices say it."""
        self._raw[axis] = min(1.0, max(-1.0, raw)) if math.isfinite(raw) else 0.0
        left = shape(self._raw["left x"], self._raw["left y"])
        right = shape(self._raw["right x"], self._raw["right y"])
        closer, wider = shape(self._raw["right trigger"]), shape(self._raw["left trigger"])
        value = (*max(left, right, key=lambda push: math.hypot(*push)), closer[0] - wider[0])
        self._ignored = self._ignored and value != AT_REST
        self.value = AT_REST if self._ignored else value

    def stop(self) -> None:
        """Take no notice of sticks and triggers until they were let go."""
        self._ignored, self.value = True, AT_REST


def shape(across: float, along: float = 0.0) -> tuple[float, float]:
    """Return (yaw, pitch) of a stick: nothing in the dead zone, from there smoothly to full speed.

    A slight slant is taken out, so that a pan stays level.
    """
    push = math.hypot(across, along)
    if push <= DEAD_ZONE:
        return 0.0, 0.0
    across, along = (0.0 if abs(part) < NOTCH * push else part for part in (across, along))
    longest = max(abs(across), abs(along))
    depth = min(1.0, (push - DEAD_ZONE) / (EDGE - DEAD_ZONE))
    strength = depth * depth * (3.0 - depth) / 2.0  # gentle in the middle, steady at the edge
    return _signed(strength * across / longest), _signed(-strength * along / longest)


def _signed(value: float) -> float:
    return value or 0.0  # never -0.0
