"""Estimated poses for worlds without exact ones: integrated commands, corrected by the pictures.

Every frame is matched with the oldest key frame that shows much of it, so drift does not grow with
time, and returning to a place corrects it (loop closure). Frames without a match follow the
commands, as fast as pictures followed them so far. Needs numpy only; knows no network.

Limits: scale comes from an assumed field of view; zoom and roll are not measured. Where the camera
has walked to follows from commands alone, and only key frames from nearby are matched.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

import numpy as np

from mag_sandbox.controls.camera import (
    FARTHEST,
    MAX_PITCH,
    CameraCommand,
    CameraPose,
    CameraSpeed,
    check_pose,
    yaw_difference,
)
from mag_sandbox.files.validation import decode
from mag_sandbox.model.coverage import NEARBY
from mag_sandbox.model.full.image_shift import brightness_shift, likeness, luma, reduced, reduction
from mag_sandbox.model.world import Frames, WorldState

SPACING = 12.0  # degrees between key frames
NEAR = 0.3  # share of the view by which a key frame may lie aside to be matched
TRIES = 3  # key frames a frame is compared with at most
SEARCHED = 0.1  # share of the width that is searched around where the commands lead
DOUBTED, TRUSTED = 0.6, 0.85  # likeness of a match that counts for nothing, and in full
MAX_KEYS = 96  # of 80 x 48 bytes each; the second oldest goes first
LEARNED = 0.1  # of a frame's evidence on how fast commands turn the view
MAX_GAIN = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class KeyFrame:
    """A picture of known pose, reduced to its brightness."""

    pose: CameraPose
    bright: np.ndarray  # uint8 [h, w]


@dataclass(frozen=True, slots=True)
class _Placing:
    """Where a picture seems to look, by another one."""

    pose: CameraPose
    trust: float  # in [0, 1]


class PoseEstimator:
    """Follows the camera of one session.

    estimator = PoseEstimator(spec.full_speed)
    estimator.update(first_frames, CameraCommand(), seconds=0.75)  # begins at yaw 0, pitch 0
    poses = estimator.update(frames, command, seconds=0.75)  # once a block
    """

    def __init__(self, speed: CameraSpeed) -> None:
        """Set the assumed speed of a full command, which `gain` corrects."""
        self._speed = speed
        self._begin()

    def _begin(self) -> None:
        self.pose = CameraPose()  # of the newest frame
        self._gain = np.ones(2)
        self._keys: list[KeyFrame] = []  # oldest first
        self._newest: KeyFrame | None = None

    @property
    def gain(self) -> tuple[float, float]:
        """The observed speeds of yaw and pitch as multiples of the assumed speed."""
        return self._gain[0], self._gain[1]

    def update(
        self, frames: Frames, command: CameraCommand, seconds: float
    ) -> tuple[CameraPose, ...]:
        """Return the poses of a block's frames, uint8 [T, H, W, 3], which last some seconds."""
        fps = len(frames) / seconds
        step = np.array([command.yaw * self._speed.yaw, command.pitch * self._speed.pitch]) / fps
        poses = []
        for frame in frames:
            if self._newest is not None:
                self.pose = self._walked(command, fps)
            self._track(_brightness(frame), step)
            poses.append(self.pose)
        return tuple(poses)

    def snapshot(self) -> WorldState:
        """Return the state for `restore`; empty before the first frame."""
        newest = [] if self._newest is None else [self._newest]
        pictures = [key.bright for key in [*self._keys, *newest]]
        return WorldState(
            arrays={"pose_pictures": np.stack(pictures)} if pictures else {},
            data={
                "gain": self._gain.tolist(),
                "pose": asdict(self.pose),
                "poses": [asdict(key.pose) for key in self._keys],
            },
        )

    def restore(self, state: WorldState, frame_size: tuple[int, int]) -> None:
        """Continue as if uninterrupted, or change nothing and raise ValueError."""
        if not state.arrays and not state.data["poses"]:
            self._begin()
            return
        *pictures, newest = state.arrays["pose_pictures"].copy()
        pose = check_pose(decode(CameraPose, state.data["pose"]))
        poses = decode(tuple[CameraPose, ...], state.data["poses"], "poses")
        keys = [
            KeyFrame(check_pose(one), bright) for one, bright in zip(poses, pictures, strict=True)
        ]
        gain = decode(tuple[float, float], state.data["gain"], "gain")
        expected = _brightness(np.zeros((*frame_size, 3), np.uint8)).shape
        if newest.shape != expected or not all(0 <= one <= MAX_GAIN for one in gain):
            raise ValueError(f"pictures are {newest.shape}, turns {gain} times as fast")
        self.pose, self._gain, self._keys = pose, np.array(gain), keys
        self._newest = KeyFrame(pose, newest)

    def _walked(self, command: CameraCommand, fps: float) -> CameraPose:
        """Return the pose a frame later, as far as the command walks."""
        across, along = self._speed.walked(command, self.pose.yaw, fps)
        x, z = (
            min(FARTHEST, max(-FARTHEST, one))
            for one in (self.pose.x + across, self.pose.z + along)
        )
        return replace(self.pose, x=x, z=z)

    def _track(self, bright: np.ndarray, step: np.ndarray) -> None:
        """Estimate the next frame's pose from its command's turn of the view [degrees]."""
        if self._newest is None:
            self._newest = KeyFrame(self.pose, bright)
            self._keys.append(self._newest)
            return
        predicted = _turned(self.pose, step * self._gain)
        placing, tried = self._place(bright, predicted, self._newest)
        pose = _turned(predicted, placing.trust * _turn(placing.pose, predicted))
        if placing.trust >= 1.0:
            self._learn(_turn(pose, self.pose), step)
        self.pose, self._newest = pose, KeyFrame(pose, bright)
        self._remember(self._newest, placing.trust, tried)

    def _place(
        self, bright: np.ndarray, predicted: CameraPose, newest: KeyFrame
    ) -> tuple[_Placing, list[KeyFrame]]:
        best, failed = _Placing(predicted, 0.0), []
        for key in (*self._around(predicted), newest):
            placing = _match(key, bright, predicted)
            if placing.trust > best.trust:
                best = placing
            if best.trust >= 1.0:
                break
            failed.append(key)
        return best, failed

    def _around(self, pose: CameraPose) -> Iterable[KeyFrame]:
        reach = NEAR * pose.fov
        return [key for key in self._keys if _within(key.pose, pose, reach)][:TRIES]

    def _learn(self, turned: np.ndarray, step: np.ndarray) -> None:
        for axis in np.flatnonzero(step):
            seen = min(MAX_GAIN, max(0.0, float(turned[axis] / step[axis])))
            self._gain[axis] += LEARNED * (seen - self._gain[axis])

    def _remember(self, newest: KeyFrame, trust: float, failed: list[KeyFrame]) -> None:
        if trust == 0.0 or any(
            _within(key.pose, self.pose, SPACING)
            for key in self._keys
            if not any(key is other for other in failed)
        ):
            return
        self._keys.append(newest)
        if len(self._keys) > MAX_KEYS:
            del self._keys[1]


def _brightness(frame: np.ndarray) -> np.ndarray:
    """Return a frame reduced, uint8 [h, w]: a parked estimate then continues bit for bit."""
    return luma(reduced(frame, reduction(frame))).round().astype(np.uint8)


def _match(key: KeyFrame, bright: np.ndarray, predicted: CameraPose) -> _Placing:
    pixels = bright.shape[1] / key.pose.fov  # a degree
    across, rise = _turn(predicted, key.pose)
    near = round(-across * pixels), round(rise * pixels)  # turning right moves the picture left
    before, after = key.bright.astype(np.float32), bright.astype(np.float32)
    shift = brightness_shift(before, after, math.ceil(SEARCHED * bright.shape[1]), near)
    if shift is None:
        return _Placing(predicted, 0.0)
    alike = likeness(before, after, (round(float(shift[0])), round(float(shift[1]))))
    trust = min(1.0, max(0.0, (alike - DOUBTED) / (TRUSTED - DOUBTED)))
    return _Placing(_turned(key.pose, shift * (-1.0, 1.0) / pixels), trust)


def _turn(pose: CameraPose, other: CameraPose) -> np.ndarray:
    """Return the way from `other` to `pose` in yaw and pitch, degrees."""
    return np.array([yaw_difference(pose.yaw, other.yaw), pose.pitch - other.pitch])


def _turned(pose: CameraPose, turn: np.ndarray) -> CameraPose:
    pitch = min(MAX_PITCH, max(-MAX_PITCH, pose.pitch + float(turn[1])))
    return replace(pose, yaw=(pose.yaw + float(turn[0])) % 360.0, pitch=pitch)


def _within(pose: CameraPose, other: CameraPose, degrees: float) -> bool:
    """Tell whether two poses are near by and look the same way but for some degrees."""
    if math.hypot(pose.x - other.x, pose.z - other.z) > NEARBY:
        return False
    return float(np.abs(_turn(pose, other)).max()) <= degrees
