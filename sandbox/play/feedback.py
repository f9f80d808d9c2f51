"""Feedback on key presses: queued, applied, and the time that took. No pygame."""

from collections import deque
from typing import Literal

from mag_sandbox.controls.bindings import CAMERA_BINDINGS, DEFAULTS, Bindings, CameraBinding
from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.sandbox.play.pacing import MAX_TIMES

KeyLight = Literal["idle", "queued", "applied"]


class InputFeedback:
    """Follows each direction of the camera from its key's event to the first frame that answers it.

    >>> feedback = InputFeedback()
    >>> feedback.key_changed("left", DEFAULTS.moves["left"], down=True, now=1.00)
    >>> feedback.block_shown(CameraCommand(yaw=-1.0), sampled_at=1.05, now=1.20)  # answered?
    True
    """

    def __init__(self, bindings: Bindings = DEFAULTS) -> None:
        # Newest times, key event -> first frame of the block that answers, and key event -> the
        # picture, still before, moves; then from each moved picture to the next.
        self.latencies_ms: deque[float] = deque(maxlen=MAX_TIMES)
        self.photons_ms: deque[float] = deque(maxlen=MAX_TIMES)
        self.glass_ms: deque[float] = deque(maxlen=MAX_TIMES)
        self._moved_at: float | None = None  # when the last moved picture was shown; None: it rests
        self._from_rest: float | None = None  # when a key went down while nothing moved
        self._waiting: dict[str, list[float]] = {row.name: [] for row in bindings.caps}
        self._pressed: set[str] = set()  # directions whose key is down, or tapped and not answered
        self._down: dict[str, str] = {}  # key -> direction
        self._command = CameraCommand()

    def key_changed(self, key: str, move: CameraBinding, now: float, *, down: bool) -> None:
        """Note an event of a key that moves the camera."""
        name = move.name
        self._waiting[name].append(now)
        if down:
            if not self._down and self._command == CameraCommand():
                self._from_rest = now
            self._down[key] = name
            self._pressed.add(name)
        else:
            self._down.pop(key, None)

    def picture_moved(self, now: float, *, goes_on: bool = False) -> None:
        """Note that a moved picture is on the display, and whether the next one will move, too."""
        if self._moved_at is not None:
            self.glass_ms.append((now - self._moved_at) * 1000)
        self._moved_at = now if goes_on else None
        if self._from_rest is not None:
            self.photons_ms.append((now - self._from_rest) * 1000)
            self._from_rest = None

    def release_all(self) -> None:
        """Forget the keys that are down, as when the window loses the keyboard."""
        self._down.clear()
        self._pressed.clear()
        self._from_rest = None
        for times in self._waiting.values():
            times.clear()

    def block_shown(self, command: CameraCommand, sampled_at: float, now: float) -> bool:
        """Note the first frame of a block made from the keys as they were at `sampled_at`.

        Returns whether it answers a key.
        """
        self._command, answers = command, False
        for name, times in self._waiting.items():
            answered = [time for time in times if time <= sampled_at]
            if answered:
                self.latencies_ms.append((now - answered[0]) * 1000)
                answers = True
                self._waiting[name] = times[len(answered) :]
            if name not in self._down.values() and not self._waiting[name]:
                self._pressed.discard(name)
        return answers

    def lights(self) -> dict[str, KeyLight]:
        """Return how to show the key cap of each direction, named as in CAMERA_BINDINGS."""
        caps = {key: row for key, row in CAMERA_BINDINGS.items() if row.name in self._waiting}
        return {key: self._light(row) for key, row in caps.items()}

    def _light(self, row: CameraBinding) -> KeyLight:
        if pushes(self._command, row):
            return "applied"
        return "queued" if row.name in self._pressed else "idle"


def pushes(command: CameraCommand, binding: CameraBinding) -> bool:
    """Return whether the command moves the camera the way this key does."""
    share: float = getattr(command, binding.axis)
    return share * binding.direction > 0
