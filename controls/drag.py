"""Mouse drags and wheel turns as fractions of full speed. Knows no window."""

import operator

from mag_sandbox.controls.camera import WIDEST_FOV, CameraSpeed

AT_REST = (0.0, 0.0, 0.0)
CARRIED = 1.0  # blocks at full speed that a quick hand may be ahead of the picture


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
    """Collects what the hand did since the last block; the picture follows the hand.

    >>> drag = MouseDrag((240.0, 120.0))
    >>> drag.move(60.0, 0.0)
    >>> drag.wheel(1.0)
    >>> drag.take()  # the picture moves right when the camera looks left
    (-0.25, 0.0, 1.0)

    What is too quick for the camera is made up for in the next block, but not longer.
    """

    def __init__(self, full: tuple[float, float] = (240.0, 120.0)) -> None:
        self.full = full  # pixels of a block at full speed, (across, along)
        self._waiting = AT_REST  # in blocks at full speed: + looks right, looks up, zooms in

    def move(self, across: float, along: float) -> None:
        """Note that the hand moved, in pixels to the right and down."""
        wide, tall = self.full
        yaw, pitch, zoom = self._waiting
        self._waiting = _bounded(yaw - across / wide), _bounded(pitch + along / tall), zoom

    def wheel(self, notches: float) -> None:
        """Note that the wheel was turned; each notch away from the hand zooms in for a block."""
        yaw, pitch, zoom = self._waiting
        self._waiting = yaw, pitch, _bounded(zoom + notches)

    @property
    def value(self) -> tuple[float, float, float]:
        """(yaw, pitch, zoom) for the next block as fractions of full speed."""
        yaw, pitch, zoom = (min(1.0, max(-1.0, blocks)) for blocks in self._waiting)
        return yaw, pitch, zoom

    def take(self) -> tuple[float, float, float]:
        """Return the value for the next block; what is left is for the block after it."""
        taken = self.value
        yaw, pitch, zoom = map(operator.sub, self._waiting, taken)
        self._waiting = yaw, pitch, zoom
        return taken

    def stop(self) -> None:
        """Forget what the hand did."""
        self._waiting = AT_REST


def _bounded(blocks: float) -> float:
    limit = 1.0 + CARRIED
    return min(limit, max(-limit, blocks))
