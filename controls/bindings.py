"""Which key does what: one table for input, on-screen help and documentation. Knows no windows."""

from dataclasses import dataclass
from typing import Literal

Axis = Literal["yaw", "pitch"]
Action = Literal["leave", "reset", "hud", "pause", "help", "fullscreen"]


@dataclass(frozen=True, slots=True)
class Binding:
    """One key: it moves the camera along an axis, or does an action."""

    key: str  # as pygame.key.name() says it
    help: str  # what it does, for people
    axis: Axis | None = None
    direction: int = 0  # +1 or -1 along the axis
    action: Action | None = None


BINDINGS = (
    Binding("left", "look left", axis="yaw", direction=-1),
    Binding("up", "look up", axis="pitch", direction=1),
    Binding("down", "look down", axis="pitch", direction=-1),
    Binding("right", "look right", axis="yaw", direction=1),
    Binding("r", "start over with the same seed", action="reset"),
    Binding("p", "pause", action="pause"),
    Binding("h", "change what is shown: full, small, off", action="hud"),
    Binding("f1", "show or hide this help", action="help"),
    Binding("f11", "full screen", action="fullscreen"),
    Binding("escape", "leave", action="leave"),
)
CAMERA_BINDINGS = {binding.key: binding for binding in BINDINGS if binding.axis}
ACTIONS = {binding.key: binding.action for binding in BINDINGS if binding.action}


def help_rows() -> tuple[tuple[str, str], ...]:
    """Return (key, what it does) rows, as help and documentation show them."""
    return tuple((_title(binding.key), binding.help) for binding in BINDINGS)


def _title(key: str) -> str:
    return {"escape": "Esc"}.get(key, key.capitalize())
