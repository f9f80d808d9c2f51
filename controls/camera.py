"""Camera commands, the poses that follow from them, and which commands lead to a pose."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from math import cos, hypot, radians, sin
from typing import Literal, TypeVar, get_args

import numpy as np

from mag_sandbox.files.validation import check_fields

LookAxis = Literal["yaw", "pitch", "zoom"]
WalkAxis = Literal["forward", "right"]
Axis = LookAxis | WalkAxis
LOOK_AXES: tuple[LookAxis, ...] = get_args(LookAxis)
WALK_AXES: tuple[WalkAxis, ...] = get_args(WalkAxis)
AXES: tuple[Axis, ...] = LOOK_AXES + WALK_AXES
Position = tuple[float, float]  # x and z [m]
Yaw = TypeVar("Yaw", float, np.ndarray)  # one or many [degrees]
POSE_RESOLUTION = 1024  # ticks per degree: steps are whole ticks, so returning is bit-equal
POSITION_RESOLUTION = 4096  # ticks per metre, likewise
RUN = 2.8  # metres a second: full speed
WALKING = 0.5  # of full speed: a walk
FAR = 3.0  # metres from where a scene begins, beyond which a described place begins anew
FARTHEST = 1000.0  # metres that a pose may be from where its scene begins
SAME_PLACE = 0.01  # metres between poses that show the same view
STOPPED = 0.5  # of its way: a walker who gets less far is stopped by something
AT_ORIGIN = 0.001  # metres; a step that ends so near to where the scene begins ends there
MAX_PITCH = 27.0  # degrees up or down
WIDEST_FOV = 90.0  # degrees across a view that is not zoomed
ASPECT = 0.6  # height of a view over its width


@dataclass(frozen=True, slots=True)
class CameraCommand:
    """Player intent for the next block; each axis a fraction of full speed in [-1, 1]."""

    yaw: float = 0.0  # + turns right
    pitch: float = 0.0  # + looks up
    zoom: float = 0.0  # + narrows the field of view
    forward: float = 0.0  # + walks to where the camera looks
    right: float = 0.0  # + walks to the right of that

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
    x: float = 0.0  # metres to the right of where the scene begins, looking to yaw 0
    z: float = 0.0  # metres ahead of it

    @property
    def angles(self) -> tuple[float, float, float]:
        """Yaw, pitch and field of view [degrees]."""
        return self.yaw, self.pitch, self.fov

    @property
    def position(self) -> Position:
        """Where the player stands: x and z [m]."""
        return self.x, self.z

    @property
    def is_away(self) -> bool:
        """Whether the player has walked away from where the scene begins."""
        return self.position != (0.0, 0.0)

    @property
    def is_far(self) -> bool:
        """Whether that is so far that a place described there begins anew."""
        return hypot(self.x, self.z) > FAR

    @property
    def at_origin(self) -> "CameraPose":
        """The pose with the same direction where the scene begins."""
        return replace(self, x=0.0, z=0.0) if self.is_away else self

    @property
    def zoom(self) -> float:
        """Magnification relative to a view that is not zoomed, at least 1."""
        return WIDEST_FOV / self.fov


def is_in_range(x: float, z: float) -> bool:
    """Return whether a position [m] is within `FARTHEST` of the start along both axes."""
    return abs(x) <= FARTHEST and abs(z) <= FARTHEST  # False for nan, which `max` may lose


def check_pose(pose: CameraPose) -> CameraPose:
    """Return a pose from outside, checked, or raise ValueError if it is out of range."""
    if not (abs(pose.yaw) <= 360 and abs(pose.pitch) <= 90 and 1 <= pose.fov <= WIDEST_FOV):
        raise ValueError(
            f"camera pose out of range: yaw={pose.yaw:g}, pitch={pose.pitch:g}, fov={pose.fov:g}"
        )
    if not is_in_range(pose.x, pose.z):
        raise ValueError(
            f"camera position out of range: x={pose.x:g}, z={pose.z:g}; "
            f"it is at most {FARTHEST:g} m from where the scene begins"
        )
    return pose


@dataclass(frozen=True, slots=True)
class CameraSpeed:
    """How fast a full command moves the camera, and how far it zooms."""

    yaw: float  # degrees a second
    pitch: float  # degrees a second
    zoom: float = 0.0  # degrees of the field of view a second; 0: poses know no zoom
    narrowest_fov: float = WIDEST_FOV  # degrees across a view that is zoomed in all the way
    walk: float = 0.0  # metres a second of a run; 0: poses have no position

    def step(self, command: CameraCommand, fps: float) -> tuple[float, float, float]:
        """Return the change of (yaw, pitch, fov) in a frame, in degrees rounded to ticks."""
        return (
            _to_tick(command.yaw * self.yaw / fps),
            _to_tick(command.pitch * self.pitch / fps),
            _to_tick(-command.zoom * self.zoom / fps),
        )

    def walked(self, command: CameraCommand, yaw: float, fps: float) -> tuple[float, float]:
        """Return the change of (x, z) in a frame, in metres rounded to whole ticks.

        Args:
            command: a diagonal step is no longer than a straight one.
            yaw: where the camera looks [degrees].
            fps: frames a second.
        """
        ticks = self.walk / fps * POSITION_RESOLUTION
        ticks /= max(1.0, hypot(command.forward, command.right))
        across, along = sin(radians(yaw % 360.0)), cos(radians(yaw % 360.0))
        return (
            round(ticks * (command.forward * across + command.right * along)) / POSITION_RESOLUTION,
            round(ticks * (command.forward * along - command.right * across)) / POSITION_RESOLUTION,
        )

    def reachable_fov(self, fov: float) -> float:
        """Return the field of view nearest to this one that the camera can have."""
        return min(WIDEST_FOV, max(self.narrowest_fov, fov))


# returns where a step ends that starts and should end at two positions (x, z) [m]
Way = Callable[[tuple[float, float], tuple[float, float]], tuple[float, float]]


def straight(_start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """Return the end of a step [m]: nothing is in the way."""
    return end


def move(
    pose: CameraPose,
    command: CameraCommand,
    speed: CameraSpeed,
    fps: float,
    frame_count: int,
    way: Way = straight,
) -> tuple[CameraPose, ...]:
    """Return the poses of the next `frame_count` frames under one command.

    Ticks are dyadic fractions of a degree or metre, so sums are exact: n frames right and n left,
    in and out, or forward and back, end where they began, bit for bit (unless the limit of pitch
    or zoom was hit, or something was in the way). Steps of a turning walker lead along the mean
    direction, so the same holds for both at once.
    """
    yaw_step, pitch_step, fov_step = speed.step(command, fps)
    walks = speed.walk > 0 and (command.forward, command.right) != (0.0, 0.0)
    poses = []
    for _ in range(frame_count):
        x, z = pose.x, pose.z
        if walks:
            step = speed.walked(command, pose.yaw + yaw_step / 2, fps)
            x, z = way((x, z), (x + step[0], z + step[1]))
            x, z = (0.0, 0.0) if hypot(x, z) < AT_ORIGIN else (x, z)
        pitch = min(MAX_PITCH, max(-MAX_PITCH, pose.pitch + pitch_step))
        fov = speed.reachable_fov(pose.fov + fov_step) if fov_step else pose.fov
        pose = CameraPose((pose.yaw + yaw_step) % 360.0, pitch, fov, x, z)
        poses.append(pose)
    return tuple(poses)


def is_stopped(
    poses: Sequence[CameraPose], command: CameraCommand, speed: CameraSpeed, fps: float
) -> bool:
    """Tell whether something stops a walker: less than half of the way was walked."""
    walked = hypot(poses[-1].x - poses[0].x, poses[-1].z - poses[0].z)
    step = hypot(*speed.walked(command, poses[0].yaw, fps))
    return walked < STOPPED * step * (len(poses) - 1)


def yaw_difference(yaw: Yaw, other: Yaw | float) -> Yaw:
    """Return the signed shortest turn from `other` to `yaw`, degrees in [-180, 180)."""
    return (yaw - other + 180.0) % 360.0 - 180.0


def view_overlap(pose: CameraPose, other: CameraPose) -> float:
    """Return the share of `pose`'s view that `other` also shows, in [0, 1].

    From elsewhere everything looks different, so views from two places share nothing.
    """
    if hypot(pose.x - other.x, pose.z - other.z) > SAME_PLACE:
        return 0.0
    across = _shared(yaw_difference(other.yaw, pose.yaw), pose.fov, other.fov)
    along = _shared(other.pitch - pose.pitch, pose.fov * ASPECT, other.fov * ASPECT)
    return across * along / (pose.fov * pose.fov * ASPECT)


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
    pose: CameraPose, target: CameraPose, speed: CameraSpeed, fps: float, block_length: int
) -> CameraCommand | None:
    """Return the command of the next block on the shortest way to a pose; None when it is there.

    `pose` is where the camera is after all blocks that were asked for; a target beyond the limits
    counts as the limit. The camera first walks straight there, then turns.

    Full speed while the way is longer than a block, then the very fraction that ends on the target.
    """
    seconds = block_length / fps
    x, z = target.x - pose.x, target.z - pose.z
    if speed.walk and hypot(x, z) >= AT_ORIGIN:
        reach = max(speed.walk * seconds, hypot(x, z))
        forward, right = (_fraction(way, reach) for way in ahead_and_right(x, z, pose.yaw))
        return CameraCommand(forward=forward, right=right)
    pitch = min(MAX_PITCH, max(-MAX_PITCH, target.pitch))
    turn, tilt = yaw_difference(target.yaw, pose.yaw), pitch - pose.pitch
    narrowing = pose.fov - speed.reachable_fov(target.fov)
    if max(abs(turn), abs(tilt), abs(narrowing)) <= HALF_PIXEL:
        return None
    command = CameraCommand(
        yaw=_fraction(turn, speed.yaw * seconds),
        pitch=_fraction(tilt, speed.pitch * seconds),
        zoom=_fraction(narrowing, speed.zoom * seconds),
    )
    return None if command == CameraCommand() else command  # an axis that cannot move is done


def ahead_and_right(x: float, z: float, yaw: float) -> tuple[float, float]:
    """Return how far a way [m] leads ahead and to the right of a camera that looks to a yaw."""
    across, along = sin(radians(yaw)), cos(radians(yaw))
    return x * across + z * along, x * along - z * across


def _fraction(way: float, reach: float) -> float:
    return min(1.0, max(-1.0, way / reach)) if reach else 0.0
