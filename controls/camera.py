"""Camera commands, the poses that follow from them, and which commands lead to a pose."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, get_args

from mag_sandbox.files.validation import check_fields

Axis = Literal["yaw", "pitch", "zoom"]
AXES: tuple[Axis, ...] = get_args(Axis)
POSE_RESOLUTION = 1024  # ticks per degree: steps are whole ticks, so returning is bit-equal
MAX_PITCH = 27.0  # degrees up or down
WIDEST_FOV = 90.0  # degrees across a view that is not zoomed
ASPECT = 0.6  # height of a view over its width


@dataclass(frozen=True, slots=True)
class CameraCommand:
    """Player intent for the next block; each axis a fraction of full speed in [-1, 1]."""

    yaw: float = 0.0  # + turns right
    pitch: float = 0.0  # + looks up
    zoom: float = 0.0  # + narrows the field of view

    def __post_init__(self) -> None:
        check_fields(self)
        for axis in AXES:
            value = getattr(self, axis)
            if not -1.0 <= value <= 1.0:  # also refuses nan
                raise ValueError(f"camera {axis} is {value}, expected a number from -1 to 1")

    def along(self, axes: Collection[str]) -> "CameraCommand":
        """Return the command without what it asks of other axes than these."""
        return replace(self, **dict.fromkeys(set(AXES).difference(axes), 0.0))


@dataclass(frozen=True, slots=True)
class CameraPose:
    """Where one frame looks. Yaw lies on a ring of 360 degrees."""

    yaw: float = 0.0  # degrees in [0, 360)
    pitch: float = 0.0  # degrees in [-MAX_PITCH, MAX_PITCH]
    fov: float = WIDEST_FOV  # degrees across the width of the frame

    @property
    def zoom(self) -> float:
        """Magnification relative to a view that is not zoomed, at least 1."""
        return WIDEST_FOV / self.fov


def check_pose(pose: CameraPose) -> CameraPose:
    """Return a pose that comes from outside.

    Raises:
        ValueError: it is out of range.
    """
    if not (abs(pose.yaw) <= 360 and abs(pose.pitch) <= 90 and 1 <= pose.fov <= WIDEST_FOV):
        raise ValueError(
            f"camera pose out of range: yaw={pose.yaw:g}, pitch={pose.pitch:g}, fov={pose.fov:g}"
        )
    return pose


@dataclass(frozen=True, slots=True)
class CameraSpeed:
    """How fast a full command moves the camera, and how far it zooms."""

    yaw: float  # degrees a second
    pitch: float  # degrees a second
    zoom: float = 0.0  # degrees of the field of view a second; 0: poses know no zoom
    narrowest_fov: float = WIDEST_FOV  # degrees across a view that is zoomed in all the way

    def step(self, command: CameraCommand, fps: float) -> tuple[float, float, float]:
        """Return the change of (yaw, pitch, fov) in a frame, in degrees rounded to ticks."""
        return (
            _to_tick(command.yaw * self.yaw / fps),
            _to_tick(command.pitch * self.pitch / fps),
            _to_tick(-command.zoom * self.zoom / fps),
        )

    def reachable_fov(self, fov: float) -> float:
        """Return the field of view nearest to this one that the camera can have."""
        return min(WIDEST_FOV, max(self.narrowest_fov, fov))


def move(
    pose: CameraPose, command: CameraCommand, speed: CameraSpeed, fps: float, frame_count: int
) -> tuple[CameraPose, ...]:
    """Return the poses of the next `frame_count` frames under one command.

    Ticks are dyadic fractions of a degree, so sums are exact: n frames right and n left, or
    in and out, end where they began, bit for bit (unless the limit of pitch or zoom was hit).
    """
    yaw_step, pitch_step, fov_step = speed.step(command, fps)
    poses = []
    for _ in range(frame_count):
        pitch = min(MAX_PITCH, max(-MAX_PITCH, pose.pitch + pitch_step))
        fov = speed.reachable_fov(pose.fov + fov_step) if fov_step else pose.fov
        pose = CameraPose((pose.yaw + yaw_step) % 360.0, pitch, fov)
        poses.append(pose)
    return tuple(poses)


def yaw_difference(yaw: float, other: float) -> float:
    """Return the signed shortest turn from `other` to `yaw`, degrees in [-180, 180)."""
    return (yaw - other + 180.0) % 360.0 - 180.0


def view_overlap(pose: CameraPose, other: CameraPose, aspect: float = ASPECT) -> float:
    """Return the share of `pose`'s view that `other` also shows, in [0, 1]."""
    across = _shared(yaw_difference(other.yaw, pose.yaw), pose.fov, other.fov)
    along = _shared(other.pitch - pose.pitch, pose.fov * aspect, other.fov * aspect)
    return across * along / (pose.fov * pose.fov * aspect)


def mutual_overlap(pose: CameraPose, other: CameraPose) -> float:
    """Return how much two views show of each other, the lesser share, in [0, 1].

    A view that is zoomed in lies wholly in one that is not, and yet they are not the same view.
    """
    return min(view_overlap(pose, other), view_overlap(other, pose))


def _shared(offset: float, extent: float, other_extent: float) -> float:
    low = max(-extent / 2, offset - other_extent / 2)
    high = min(extent / 2, offset + other_extent / 2)
    return max(0.0, high - low)


def _to_tick(degrees: float) -> float:
    return round(degrees * POSE_RESOLUTION) / POSE_RESOLUTION


HALF_PIXEL = 0.5 * 90.0 / 320.0  # degrees: nearer is there


def command_towards(
    pose: CameraPose,
    target: CameraPose,
    speed: CameraSpeed,
    fps: float,
    block_length: int,
) -> CameraCommand | None:
    """Return the command of the next block on the shortest way to a pose; None when it is there.

    `pose` is where the camera is after all blocks that were asked for; a target beyond the limits
    counts as the limit.

    Full speed while the way is longer than a block, then the very fraction that ends on the target.
    """
    pitch = min(MAX_PITCH, max(-MAX_PITCH, target.pitch))
    turn, tilt = yaw_difference(target.yaw, pose.yaw), pitch - pose.pitch
    narrowing = pose.fov - speed.reachable_fov(target.fov)
    if max(abs(turn), abs(tilt), abs(narrowing)) <= HALF_PIXEL:
        return None
    seconds = block_length / fps
    command = CameraCommand(
        yaw=_fraction(turn, speed.yaw * seconds),
        pitch=_fraction(tilt, speed.pitch * seconds),
        zoom=_fraction(narrowing, speed.zoom * seconds),
    )
    return None if command == CameraCommand() else command  # an axis that cannot move is done


def _fraction(way: float, reach: float) -> float:
    return min(1.0, max(-1.0, way / reach)) if reach else 0.0
