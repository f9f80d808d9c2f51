"""Worlds without a network that show renderer scenes: perfect, frozen, forgetful, blank."""

from functools import cache

import numpy as np

from mag_sandbox.controls.camera import CameraPose, CameraSpeed, move
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    MemorySegment,
    MemorySetting,
    MemoryUsage,
    WorldSpec,
)
from mag_sandbox.renderer.render import render
from mag_sandbox.renderer.views import view_at
from mag_sandbox.scenes import Scene

FRAME_BYTES = 1000
SHORT = 105.0  # degrees of a way out: shorter clips, of which the ends still share nothing
SPEC = WorldSpec(
    name="rendered",
    frame_width=320,
    frame_height=192,
    fps=3.0,
    block_length=3,
    full_speed=CameraSpeed(yaw=40.0, pitch=20.0),
    policies=("mag-retrieve", "window"),
)


@cache
def ring(category: str, seed: int) -> Frames:
    return render(category, seed).pixels


@cache
def noise(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 4, shape)


class PerfectWorld:
    """Shows the scene as it was drawn, whatever was kept."""

    def __init__(self, setting: MemorySetting | None = None) -> None:
        self.spec, self.setting = SPEC, setting or MemorySetting()
        self.closed = False

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        drawn = int(scene.name.split()[-1])
        self._ring, self._of_another = ring(scene.category, drawn), (scene.category, drawn + 4)
        self._pose, self._prompt, self._made = CameraPose(), scene.prompt, 0
        return self._block((CameraPose(),) * 3, 0.0)

    def step(self, control: Control) -> FrameBlock:
        spec = self.spec
        poses = move(self._pose, control.camera, spec.full_speed, spec.fps, spec.block_length)
        return self._block(poses, control.camera.yaw)

    def round_trip(self, frames: Frames) -> Frames:
        return np.clip(frames + noise(frames.shape), 0, 255).round().astype(np.uint8)

    def painted(self, pose: CameraPose) -> Frames | None:
        return None

    def provenance(self) -> dict:
        return {"weights": "none"}

    def close(self) -> None:
        self.closed = True

    def picture(self, pose: CameraPose, yaw: float) -> np.ndarray:
        return view_at(self._ring, pose.yaw, pose.pitch, pose.fov)

    def _block(self, poses: tuple[CameraPose, ...], yaw: float) -> FrameBlock:
        self._pose = poses[-1]
        self._made += 1
        frames = np.stack([self.picture(pose, yaw) for pose in poses])
        return FrameBlock(frames, poses, self._made - 1, "", self._prompt, {}, self._usage())

    def _usage(self) -> MemoryUsage:
        kept = self.setting.window_blocks * 3 if self.setting.policy == "window" else 10
        return MemoryUsage(
            policy=self.setting.policy,
            segments=(MemorySegment("raw", kept, kept * FRAME_BYTES),),
            bytes=kept * FRAME_BYTES,
            budget=10**6,
            full_history_bytes=self._made * 3 * FRAME_BYTES,
            evicted=0,
            oldest_seconds=0.0,
            attended_frames=kept,
            entries=(),
        )


class FrozenWorld(PerfectWorld):
    """Reports the poses it was told and always shows the first view."""

    def picture(self, pose: CameraPose, yaw: float) -> np.ndarray:
        return view_at(self._ring, 0.0, 0.0)


class BlankWorld(PerfectWorld):
    """Shows a plain sky that looks the same everywhere."""

    def picture(self, pose: CameraPose, yaw: float) -> np.ndarray:
        return np.full((192, 320, 3), 180, np.uint8)


class ForgetfulWorld(PerfectWorld):
    """Pans back into another scene."""

    def picture(self, pose: CameraPose, yaw: float) -> np.ndarray:
        shown = ring(*self._of_another) if yaw < 0 else self._ring
        return view_at(shown, pose.yaw, pose.pitch)
