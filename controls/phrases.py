"""Camera commands in words: for the prompt, the display and recordings."""

from mag_sandbox.controls.camera import CameraCommand

SLOW = 0.5  # commands below this fraction of full speed are called slow
STILL = "camera holds still"


def camera_phrase(command: CameraCommand) -> str:
    """Return the phrase of a command: "camera pans right", "camera tilts up slowly"."""
    moves = [
        _move(command.yaw, "pans right", "pans left"),
        _move(command.pitch, "tilts up", "tilts down"),
        _move(command.zoom, "zooms in", "zooms out"),
    ]
    said = [move for move in moves if move]
    return "camera " + " and ".join(said) if said else STILL


def _move(value: float, forward: str, backward: str) -> str:
    if value == 0.0:
        return ""
    words = forward if value > 0 else backward
    return words if abs(value) >= SLOW else f"{words} slowly"
