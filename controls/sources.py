"""Where camera commands come from: a person at the keys, or a script (a demo, a replay).

Knows nothing of windows and worlds; keys arrive by name.
"""

import threading
from collections.abc import Sequence

from controls.bindings import CAMERA_BINDINGS, Axis
from controls.camera import CameraCommand


class KeyboardSource:
    """The camera keys held now; keys are pressed on one thread and sampled on another.

    keyboard = KeyboardSource()
    keyboard.press("left")
    keyboard.next_command()  # CameraCommand(yaw=-1.0)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[str] = []  # oldest press first
        self._tapped: list[str] = []  # pressed since the last command, perhaps released again

    def press(self, key: str) -> None:
        """Note that a key went down; keys that move no camera are ignored."""
        if key not in CAMERA_BINDINGS:
            return
        with self._lock:
            if key not in self._held:
                self._held.append(key)
                self._tapped.append(key)

    def release(self, key: str) -> None:
        """Note that a key went up."""
        with self._lock:
            if key in self._held:
                self._held.remove(key)

    def release_all(self) -> None:
        """Let go of everything, as when the window loses the keyboard."""
        with self._lock:
            self._held.clear()
            self._tapped.clear()

    def held(self) -> frozenset[str]:
        """Return the camera keys that are down."""
        with self._lock:
            return frozenset(self._held)

    def next_command(self) -> CameraCommand:
        """Return what the keys mean now; a tap since the last call counts once."""
        with self._lock:
            held, tapped = tuple(self._held), tuple(self._tapped)
            self._tapped.clear()
        return CameraCommand(yaw=_axis("yaw", held, tapped), pitch=_axis("pitch", held, tapped))


class ScriptSource:
    """A list of commands, one a block."""

    def __init__(self, commands: Sequence[CameraCommand]) -> None:
        self.commands = tuple(commands)
        self.position = 0  # commands given so far

    def next_command(self) -> CameraCommand | None:
        """Return the next command of the list, None after its end."""
        if self.position >= len(self.commands):
            return None
        self.position += 1
        return self.commands[self.position - 1]


def _axis(axis: Axis, held: Sequence[str], tapped: Sequence[str]) -> float:
    """Held keys decide and opposite ones cancel; without any, the last tap does."""
    pressed = [CAMERA_BINDINGS[key] for key in held if CAMERA_BINDINGS[key].axis == axis]
    if not pressed:
        pressed = [CAMERA_BINDINGS[key] for key in tapped if CAMERA_BINDINGS[key].axis == axis][-1:]
    return float(sum(binding.direction for binding in pressed))
