"""Flies the camera to a pose: which command comes next. Knows no keys or windows."""

from mag_sandbox.controls.camera import (
    MAX_PITCH,
    CameraCommand,
    CameraPose,
    CameraSpeed,
    yaw_difference,
)

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
