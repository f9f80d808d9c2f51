"""Worlds that walk in the memory benchmark: two that take part, and others that cheat."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from mag_sandbox.controls.camera import AXES, CameraPose, move
from mag_sandbox.evaluation.lookback.participants import NOTHING_KEPT, SPEED, class_spec
from mag_sandbox.evaluation.lookback.walk_scenes import WalkScene, flat_view
from mag_sandbox.model.world import Control, FrameBlock, Frames
from mag_sandbox.scenes import Scene

FPS = 2.0  # an eighth of the frames: a quick test
SPEC = class_spec("walker", FPS, AXES)


@lru_cache(512)
def seen(scene: WalkScene, pose: CameraPose) -> Frames:
    return scene.view(pose, 0)


class Walker:
    """Draws the scene as it is, whether it was shown or not."""

    def __init__(self, scene: WalkScene) -> None:
        self.spec, self.scene = SPEC, scene

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        self.pose, self.poses = CameraPose(), [CameraPose()]
        return self._block(self.scene.first_view)

    def step(self, control: Control) -> FrameBlock:
        self.pose = move(self.pose, control.camera, SPEED, FPS, 1)[0]
        self.poses.append(self.pose)
        return self._block(self.picture())

    def provenance(self) -> dict:
        return {"weights": "none"}

    def close(self) -> None:
        pass

    def true(self, pose: CameraPose) -> Frames:
        return seen(self.scene, pose)

    def picture(self) -> Frames:
        return self.true(self.pose)

    def _block(self, frame: Frames) -> FrameBlock:
        return FrameBlock(frame[None], (self.pose,), len(self.poses) - 1, "", "", {}, NOTHING_KEPT)


class InventingWalker(Walker):
    """Invents what is hidden by the way it came first, and keeps it. The most there can be."""

    def picture(self) -> Frames:
        known = self.scene.carried(self.pose)[1]
        blocks = np.random.default_rng(self.hidden()).integers(0, 256, (24, 40, 3), np.uint8)
        invented = blocks.repeat(8, 0).repeat(8, 1)
        return np.where(known[..., None], self.true(self.pose), invented)

    def hidden(self) -> int:
        return round(1024 * next((pose.yaw for pose in self.poses if pose.yaw), 0.0))


class CarryingWalker(Walker):
    """Carries the given view by the true distances; elsewhere it shows another place."""

    def picture(self) -> Frames:
        carried, known = self.scene.carried(self.pose)
        other = CameraPose((self.pose.yaw + 180.0) % 360.0)
        return np.where(known[..., None], carried, self.true(other))


class CollidingWalker(Walker):
    """Is stopped by what it invents, unless the camera is told to go on."""

    def step(self, control: Control) -> FrameBlock:
        if not control.no_collision:
            control = Control(replace(control.camera, forward=0.0, right=0.0))
        return super().step(control)


class StandsStill(Walker):
    """Turns, and ignores that it should walk."""

    def picture(self) -> Frames:
        return self.true(self.pose.at_origin)


class FirstViewForEver(Walker):
    def picture(self) -> Frames:
        return self.scene.first_view


class ReplaysBySteps(Walker):
    """Shows frames of a walk of its own, in turn, whatever it is told."""

    def picture(self) -> Frames:
        return self.true(CameraPose(z=0.1 * (len(self.poses) % 8)))


class Zooms(Walker):
    """Enlarges instead of walking ahead, and shifts instead of walking aside."""

    def picture(self) -> Frames:
        yaw = np.radians(self.pose.yaw)
        ahead = self.pose.z * np.cos(yaw) + self.pose.x * np.sin(yaw)
        aside = self.pose.x * np.cos(yaw) - self.pose.z * np.sin(yaw)
        view = self.true(self.pose.at_origin)
        return flat_view(view, CameraPose(), 3.0 / (3.0 - min(ahead, 2.0)), -aside * 40)


class WalksHalf(Walker):
    """Goes half the way."""

    def picture(self) -> Frames:
        here = self.pose
        return self.true(CameraPose(here.yaw, 0.0, here.fov, here.x / 2, here.z / 2))


class ForgetsWhileAway(Walker):
    """Walks as it should; once it looked or went elsewhere, it is in another place."""

    def picture(self) -> Frames:
        turned = any(abs((one.yaw + 180) % 360 - 180) > 60 for one in self.poses)
        before = self.poses.index(self.pose) < len(self.poses) - 1
        here = self.true(self.pose)
        return here[::-1] if before and (turned or self.pose.is_away) else here


class InventsAnew(InventingWalker):
    """Shows something else for what is hidden whenever it is revealed."""

    def hidden(self) -> int:
        return len(self.poses)


CHEATS = (StandsStill, FirstViewForEver, ReplaysBySteps, Zooms, WalksHalf, ForgetsWhileAway)
