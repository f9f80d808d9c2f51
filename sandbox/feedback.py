"""What became of the player's key presses: queued, applied, and how long that took. No pygame."""

from typing import Literal

from controls.bindings import CAMERA_BINDINGS, Binding
from controls.camera import CameraCommand

KeyLight = Literal["idle", "queued", "applied"]


class InputFeedback:
    """Follows each camera key from its event to the first frame that answers it.

    feedback.key_changed("left", down=True, now=1.00)
    feedback.block_shown(command, sampled_at=1.05, now=1.20)  # latency 200 ms
    """

    def __init__(self) -> None:
        self.latencies_ms: list[float] = []
        self._waiting: dict[str, list[float]] = {key: [] for key in CAMERA_BINDINGS}
        self._pressed: set[str] = set()  # down, or tapped and not answered yet
        self._down: set[str] = set()
        self._command = CameraCommand()

    def key_changed(self, key: str, now: float, *, down: bool) -> None:
        """Note a key event of a camera key."""
        self._waiting[key].append(now)
        if down:
            self._down.add(key)
            self._pressed.add(key)
        else:
            self._down.discard(key)

    def release_all(self) -> None:
        """Forget the keys that are down, as when the window loses the keyboard."""
        self._down.clear()
        self._pressed.clear()
        for times in self._waiting.values():
            times.clear()

    def block_shown(self, command: CameraCommand, sampled_at: float, now: float) -> None:
        """Note the first frame of a block made from the keys as they were at `sampled_at`."""
        self._command = command
        for key, times in self._waiting.items():
            answered = [time for time in times if time <= sampled_at]
            if answered:
                self.latencies_ms.append((now - answered[0]) * 1000)
                self._waiting[key] = times[len(answered) :]
            if key not in self._down and not self._waiting[key]:
                self._pressed.discard(key)

    def light(self, key: str) -> KeyLight:
        """Return how to show a camera key."""
        if pushes(self._command, CAMERA_BINDINGS[key]):
            return "applied"
        return "queued" if key in self._pressed else "idle"


def pushes(command: CameraCommand, binding: Binding) -> bool:
    """Return whether the command moves the camera the way this key does."""
    return getattr(command, binding.axis) * binding.direction > 0
