"""Late warp: a pan is geometry, so the picture moves at once while the model makes the next block.

The player's keys move a virtual camera without delay; a frame shows an older pose. The newest frame
is drawn shifted by the difference. What the keys said before a block and what the block then did
may differ by parts of a block, so the difference also fades while nothing moves. Pure arithmetic:
it changes no frame, no recording, no digest.
"""

import math

from mag_sandbox.controls.camera import (
    MAX_PITCH,
    CameraCommand,
    CameraPose,
    CameraSpeed,
    yaw_difference,
)

FADE_S = 0.35  # time constant by which a difference fades that no key feeds [s]
MAX_SHIFT = 12.0  # degrees; beyond, too little of the frame would be left
STILL = 0.02  # degrees below which nothing moves


class LateWarp:
    """How far the newest frame is to be shifted.

    >>> warp = LateWarp(world.spec.full_speed)
    >>> warp.frame_shown(CameraPose(), CameraCommand())  # a frame, and what its block was asked
    >>> warp.move(CameraCommand(yaw=1.0), 0.02)  # at display rate: held keys, seconds
    >>> yaw, pitch = warp.offset  # degrees from the frame to where the player looks
    """

    def __init__(self, speed: CameraSpeed) -> None:
        self.offset = (0.0, 0.0)  # yaw, pitch [degrees]
        self._speed = speed
        self._shown: CameraPose | None = None
        self._command = CameraCommand()  # what the block shown was asked

    @property
    def is_still(self) -> bool:
        """Whether the frame is shown where it is."""
        return self.offset == (0.0, 0.0)

    def restart(self) -> None:
        """Forget everything, as after a jump of the camera."""
        self.offset, self._shown, self._command = (0.0, 0.0), None, CameraCommand()

    def frame_shown(self, pose: CameraPose, command: CameraCommand) -> None:
        """Take back what a new frame moved by itself."""
        before, self._shown, self._command = self._shown, pose, command
        if before is not None:
            self._shift(-yaw_difference(pose.yaw, before.yaw), before.pitch - pose.pitch)

    def move(self, held: CameraCommand, seconds: float) -> None:
        """Move the virtual camera by what is held; let a leftover fade where nothing moves."""
        kept = math.exp(-seconds / FADE_S)
        yaw, pitch = self.offset
        if not held.yaw and not self._command.yaw:
            yaw *= kept
        if not held.pitch and not self._command.pitch:
            pitch *= kept
        self.offset = yaw, pitch
        self._shift(held.yaw * self._speed.yaw * seconds, held.pitch * self._speed.pitch * seconds)

    def _shift(self, yaw: float, pitch: float) -> None:
        yaw, pitch = self.offset[0] + yaw, self.offset[1] + pitch
        level = self._shown.pitch if self._shown else 0.0
        lowest, highest = max(-MAX_SHIFT, -MAX_PITCH - level), min(MAX_SHIFT, MAX_PITCH - level)
        yaw, pitch = max(-MAX_SHIFT, min(MAX_SHIFT, yaw)), max(lowest, min(highest, pitch))
        self.offset = (0.0, 0.0) if max(abs(yaw), abs(pitch)) < STILL else (yaw, pitch)
