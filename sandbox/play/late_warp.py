"""Late warp: the picture moves with the keys at display rate while the model makes the next block.

A frame shows a little more than the window does. The player's keys move a virtual camera within it
without delay; the window shows what that camera sees, which is always part of the frame. The camera
returns slowly to the middle of the frame, so that it has room again. Pure arithmetic: it changes
no frame, no recording, no digest.
"""

import math
from collections.abc import Sequence
from typing import Literal

from mag_sandbox.controls.camera import (
    ASPECT,
    MAX_PITCH,
    CameraCommand,
    CameraPose,
    CameraSpeed,
    yaw_difference,
)
from mag_sandbox.controls.sources import PlayerSource

OVERSCAN = 0.05  # share of the frame beyond each edge of the window while nothing moves
RETURN_S = 0.4  # time constant by which the camera comes back to the frame's middle [s]
EASE = 0.4  # share of its room, before the end, over which the camera slows down
SHOWN = 1 - 2 * OVERSCAN  # share of the frame's width and height in the window
STILL = 0.02  # degrees below which nothing moves
DISPLAY_S = 1 / 60  # how often the picture is shifted while it moves [s]
LONGEST_S = 0.1  # longest step of the camera, after a slow picture
Crop = tuple[float, float, float, float]  # left, top, width, height: shares of a frame
WHOLE: Crop = (0.0, 0.0, 1.0, 1.0)
# what shifts the picture: a page does so by itself; none: the window shows a frame's middle
Shifter = Literal["game", "page", "none"]


class LateWarp:
    """Selects the part of the newest frame to show.

    >>> warp = LateWarp(world.spec.full_speed)
    >>> warp.frame_shown(CameraPose())
    >>> warp.move(CameraCommand(yaw=1.0), 0.02)  # at display rate: held keys, seconds
    >>> left, top, width, height = warp.crop
    """

    def __init__(
        self, speed: CameraSpeed, *, is_on: bool = True, shifter: Shifter = "game"
    ) -> None:
        self.is_on = is_on
        self._shifter = shifter
        self.offset = (0.0, 0.0, 0.0)  # yaw, pitch, fov: from the frame to the camera [degrees]
        self._speed = speed
        self._frame: CameraPose | None = None
        self._updated: float | None = None  # when `update` was called last

    @property
    def is_still(self) -> bool:
        """Whether the camera is in the middle of the frame."""
        return self.offset == (0.0, 0.0, 0.0)

    @property
    def crop(self) -> Crop:
        """The part of the frame that the camera sees."""
        if not self.is_on:
            return WHOLE
        yaw, pitch, zoom = self.offset
        fov = (self._frame or CameraPose()).fov
        size = min(1.0, SHOWN * (fov + zoom) / fov)
        room = 1 - size
        left = min(room, max(0.0, room / 2 + yaw / fov))
        top = min(room, max(0.0, room / 2 - pitch / (fov * ASPECT)))
        return left, top, size, size

    def moves(self, player: PlayerSource) -> bool:
        """Tell whether the picture is being shifted."""
        return self._shifts and (player.is_steering or not self.is_still)

    def wake_at(self, player: PlayerSource) -> float | None:
        """Return when the next shift is due; None: nothing moves."""
        if self._updated is None or not self.moves(player):
            return None
        return self._updated + DISPLAY_S

    def restart(self) -> None:
        """Forget everything, as after a jump of the camera."""
        self.offset, self._frame = (0.0, 0.0, 0.0), None

    def update(self, now: float, player: PlayerSource, *, rests: bool) -> bool:
        """Move the camera on to `now` unless the frame rests; True if it moved."""
        since, self._updated = self._updated, now
        if not self._shifts or rests or since is None:
            return False
        if player.is_automatic:
            self.restart()
            return False
        before = self.offset
        self.move(player.held_command(), min(now - since, LONGEST_S))
        return self.offset != before

    def frame_shown(self, pose: CameraPose) -> None:
        """Subtract the motion of a new frame."""
        before, self._frame = self._frame, pose
        if self._shifts and before is not None:
            yaw, pitch, zoom = self.offset
            self._go_to(
                yaw - yaw_difference(pose.yaw, before.yaw),
                pitch + before.pitch - pose.pitch,
                zoom + before.fov - pose.fov,
            )

    def move(self, held: CameraCommand, seconds: float) -> None:
        """Move the camera by the held keys, and slowly back to the middle."""
        wanted = held.yaw * self._speed.yaw, held.pitch * self._speed.pitch
        zooming = -held.zoom * self._speed.zoom
        kept = math.exp(-seconds / RETURN_S)
        self._go_to(*(
            offset * kept + seconds * _eased(speed, offset, room)
            for offset, speed, room in zip(self.offset, (*wanted, zooming), self._room, strict=True)
        ))  # fmt: skip

    @property
    def _shifts(self) -> bool:
        return self.is_on and self._shifter == "game"

    @property
    def _room(self) -> tuple[float, float, float]:
        """The camera's largest distance from the frame's middle: yaw, pitch, fov [degrees]."""
        fov = (self._frame or CameraPose()).fov
        return OVERSCAN * fov, OVERSCAN * fov * ASPECT, fov * (1 / SHOWN - 1)

    def _go_to(self, *offset: float) -> None:
        yaw, pitch, zoom = (
            max(-room, min(room, each)) for each, room in zip(offset, self._room, strict=True)
        )
        frame = self._frame or CameraPose()
        pitch = max(-MAX_PITCH - frame.pitch, min(MAX_PITCH - frame.pitch, pitch))
        zoom = self._speed.reachable_fov(frame.fov + zoom) - frame.fov
        moves = max(abs(yaw), abs(pitch), abs(zoom)) >= STILL
        self.offset = (yaw, pitch, zoom) if moves else (0.0, 0.0, 0.0)


def _eased(speed: float, offset: float, room: float) -> float:
    """Return a speed that falls to zero at the end of the camera's room."""
    left = room - offset if speed > 0 else room + offset
    return speed * min(1.0, max(0.0, left / (EASE * room)))


def direction_at(
    place: tuple[float, float], pose: CameraPose, crop: Crop, aspect: float
) -> tuple[float, float]:
    """Return the yaw and pitch [degrees] that a place in the window's picture shows.

    Args:
        place: shares of the picture's width and height that lie to the left and above.
        pose: of the frame.
        crop: part of the frame that the window shows.
        aspect: height of the frame over its width.
    """
    left, top, width, height = crop
    aside, above = left + place[0] * width - 0.5, 0.5 - top - place[1] * height
    return (pose.yaw + aside * pose.fov) % 360.0, pose.pitch + above * pose.fov * aspect


def shown_at(
    direction: tuple[float, float], pose: CameraPose, crop: Crop, picture: Sequence[int]
) -> tuple[float, float]:
    """Return the place in a window that shows a direction.

    Args:
        direction: its yaw and pitch [degrees].
        pose: of the frame.
        crop: part of the frame that the window shows.
        picture: where that is in the window: left, top, width, height [px].
    """
    left, top, width, height = crop
    degree = picture[2] / width / pose.fov  # px
    aside, below = yaw_difference(direction[0], pose.yaw), pose.pitch - direction[1]
    x = picture[0] + (0.5 - left) / width * picture[2] + degree * aside
    return x, picture[1] + (0.5 - top) / height * picture[3] + degree * below
