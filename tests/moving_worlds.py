"""Worlds without a network that show moving renderer scenes: rightly, frozen, drifting, jerky."""

from dataclasses import replace
from functools import cache, lru_cache, partial

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.world import Control, FrameBlock, Frames, MemorySetting, WorldState
from mag_sandbox.renderer.render import SceneRenderer, lay_out
from mag_sandbox.renderer.views import view_at
from mag_sandbox.scenes import Scene
from tests.rendered_worlds import SPEC, PerfectWorld

MOVING_SPEC = replace(SPEC, moves=True)


@cache
def renderer(category: str, seed: int) -> SceneRenderer:
    return SceneRenderer(lay_out(category, seed))


@lru_cache(128)  # all worlds show the same moments
def ring(category: str, seed: int, time: float) -> np.ndarray:
    return renderer(category, seed).picture(time=time)


class MovingWorld(PerfectWorld):
    """Shows the scene as it is drawn at the time; can be shown a history."""

    def __init__(self, setting: MemorySetting | None = None) -> None:
        super().__init__(setting)
        self.spec = MOVING_SPEC

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        self._drawn = partial(ring, scene.category, int(scene.name.split()[-1]))
        self._time = 0
        return super().reset(scene, seed)

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        return self.step(control)

    def snapshot(self) -> WorldState:
        return WorldState({}, {"pose": self._pose, "made": self._made, "time": self._time})

    def restore(self, state: WorldState) -> None:
        self._pose, self._made, self._time = (state.data[key] for key in ("pose", "made", "time"))

    def picture(self, pose: CameraPose, yaw: float) -> np.ndarray:
        self._time += 1
        return self.moment(pose, self._time - 1)

    def moment(self, pose: CameraPose, time: int) -> np.ndarray:
        return view_at(self._drawn(time), pose.yaw, pose.pitch, pose.fov)


class StoppedWorld(MovingWorld):
    """Follows the camera, but its scene stands still."""

    def moment(self, pose: CameraPose, time: int) -> np.ndarray:
        return super().moment(pose, 0)


class DriftingWorld(MovingWorld):
    """What stands still slides along, too: one pixel in four frames."""

    def moment(self, pose: CameraPose, time: int) -> np.ndarray:
        return np.roll(super().moment(pose, time), time // 4, axis=1)


class JerkyWorld(MovingWorld):
    """Jumps at every block, and hardly moves within: it runs at a quarter of the pace there."""

    def moment(self, pose: CameraPose, time: int) -> np.ndarray:
        within = time % self.spec.block_length
        return super().moment(pose, time - within + within / 4)
