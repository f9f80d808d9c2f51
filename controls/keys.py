"""The names of keys and gamepad buttons, as windows report them and as people read them. Data only.

A key goes by the name that pygame gives it; a button of a gamepad is a key called "pad ...".
"""

import math
from typing import Literal, get_args

NAMED = (
    *("left", "right", "up", "down", "escape", "return", "space", "tab", "backspace"),
    *("insert", "delete", "home", "end", "page up", "page down", "break", "print screen"),
    *("left shift", "right shift", "left ctrl", "right ctrl", "left alt", "right alt", "alt gr"),
    *("left meta", "right meta", "caps lock", "scroll lock", "numlock", "menu", "help", "clear"),
    *(f"f{number}" for number in range(1, 16)),
    *(f"[{sign}]" for sign in "0123456789./*-+"),
    *("enter", "equals"),
)
PAD_BUTTONS = (  # in the order in which SDL numbers the buttons of a game controller
    *("pad a", "pad b", "pad x", "pad y", "pad back", "pad guide", "pad start"),
    *("pad left stick", "pad right stick", "pad left shoulder", "pad right shoulder"),
    *("pad up", "pad down", "pad left", "pad right"),
)
_TITLES = {
    "escape": "Esc",
    "return": "Enter",
    "enter": "Keypad Enter",
    "equals": "Keypad =",
    "break": "Pause",
    "left meta": "Left Win",
    "pad left stick": "Press pad left stick",
    "pad right stick": "Press pad right stick",
    "right meta": "Right Win",
}
PadAxis = Literal["left x", "left y", "right x", "right y", "left trigger", "right trigger"]
PAD_AXES: tuple[PadAxis, ...] = get_args(PadAxis)  # in the order in which SDL numbers them

DEAD_ZONE = 0.18  # a stick at rest is never quite in the middle
EDGE = 0.95  # nor does it reach its end in every direction
NOTCH = 0.2  # sideways share of a push that counts as straight
AT_REST = (0.0, 0.0, 0.0, 0.0, 0.0)


def key_title(key: str) -> str:
    """Return a key's name for people: "Esc", "Page up", "Keypad 5", "Pad A"."""
    if key in _TITLES:
        return _TITLES[key]
    if len(key) == 3 and key[0] == "[":
        return f"Keypad {key[1]}"
    if key.startswith("pad ") and len(key) == 5:
        return f"Pad {key[4].upper()}"
    return key.capitalize()


KEYS_BY_TITLE = {key_title(key).lower(): key for key in (*NAMED, *PAD_BUTTONS)}


def find_key(written: str) -> str | None:
    """Return a key by its title, by pygame's name, or by its character."""
    text = " ".join(written.lower().split())
    if text in KEYS_BY_TITLE:
        return KEYS_BY_TITLE[text]
    if text in (*NAMED, *PAD_BUTTONS) or (len(text) == 1 and text.isprintable()):
        return text
    return None


def is_pad(key: str) -> bool:
    """Return whether a key is a button of a gamepad."""
    return key.startswith("pad ")


class GamepadAxes:
    """The right stick looks and the left one walks; triggers zoom in and out.

    In a world without walking both sticks look, and the one pushed further counts.

    >>> pad = GamepadAxes()
    >>> pad.move("left x", 1.0)
    >>> pad.move("right trigger", 1.0)
    >>> pad.value  # yaw, pitch, zoom, forward, right
    (1.0, 0.0, 1.0, 0.0, 0.0)
    """

    def __init__(self) -> None:
        self.value = AT_REST  # (yaw, pitch, zoom, forward, right) as fractions of full speed
        self.walks = False  # whether the left stick does
        self._raw: dict[PadAxis, float] = dict.fromkeys(PAD_AXES, 0.0)
        self._ignored = False  # until its release

    def move(self, axis: PadAxis, raw: float) -> None:
        """Set an axis, in [-1, 1]; + is right, down and pulled, as devices report it."""
        self._raw[axis] = min(1.0, max(-1.0, raw)) if math.isfinite(raw) else 0.0
        left = shape(self._raw["left x"], self._raw["left y"])
        right = shape(self._raw["right x"], self._raw["right y"])
        closer, wider = shape(self._raw["right trigger"]), shape(self._raw["left trigger"])
        looks, walks = right, left
        if not self.walks:
            looks, walks = max(left, right, key=lambda push: math.hypot(*push)), (0.0, 0.0)
        across, ahead = walks
        value = (*looks, closer[0] - wider[0], ahead, across)
        self._ignored = self._ignored and value != AT_REST
        self.value = AT_REST if self._ignored else value

    def stop(self) -> None:
        """Ignore sticks and triggers until they are released."""
        self._ignored, self.value = True, AT_REST


def shape(across: float, along: float = 0.0) -> tuple[float, float]:
    """Return (yaw, pitch) of a stick: nothing in the dead zone, from there smoothly to full speed.

    A slight slant is ignored, so that a pan stays level.
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
