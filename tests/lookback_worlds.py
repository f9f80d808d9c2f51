"""Worlds of the memory benchmark: the renderer itself, and a dozen that cheat."""

from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter

from mag_sandbox.controls.camera import AXES, CameraPose, move
from mag_sandbox.evaluation.bench.clips import HeldOutScene
from mag_sandbox.evaluation.lookback.participants import NOTHING_KEPT, SPEED, class_spec
from mag_sandbox.model.world import Control, FrameBlock, Frames, WorldState
from mag_sandbox.scenes import Scene

FPS = 2.0  # few frames: a quick test
SPEC = class_spec("renderer", FPS, AXES)
MOVING = replace(SPEC, moves=True)


class Renderer:
    """Shows the scene as it was drawn, at its time; the most that can be had."""

    def __init__(self, scene: HeldOutScene) -> None:
        self.spec, self.scene = MOVING, scene
        self.shown: list[Frames] = []

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        self.asked, self.number, self.pose, self.turn = scene, 0, CameraPose(), 0.0
        self.prompt = scene.prompt
        return self._block()

    def step(self, control: Control) -> FrameBlock:
        self.turn = control.camera.yaw
        self.pose = move(self.pose, control.camera, SPEED, FPS, 1)[0]
        self.prompt = control.prompt or self.prompt
        self.number += 1
        return self._block()

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        self.shown.append(frames)
        return self.step(control)

    def snapshot(self) -> WorldState:
        kept = np.zeros(2**20, np.uint8)
        return WorldState({"kept": kept}, {"pose": self.pose.yaw, "at": self.number})

    def restore(self, state: WorldState) -> None:
        self.reset(Scene("carried"), 0)
        self.pose, self.number = CameraPose(state.data["pose"]), state.data["at"]

    def provenance(self) -> dict:
        return {"weights": "none"}

    def close(self) -> None:
        pass

    def time(self) -> float:
        return self.number / FPS * 16.0

    def picture(self) -> Frames:
        return self.scene.view(self.pose, self.time())

    def rest(self) -> Frames:
        return self.scene.view(self.pose, 0)

    def _block(self) -> FrameBlock:
        frames, rest = self.picture()[None], self.rest()[None]
        poses = (self.pose,)
        return FrameBlock(frames, poses, self.number, "", self.prompt, {}, NOTHING_KEPT, rest=rest)


class Cheat(Renderer):
    """Begins as it should; what follows is a trick."""

    def picture(self) -> Frames:
        return self.scene.first_view if self.number == 0 else self.trick()

    def rest(self) -> Frames:
        return self.picture()

    def trick(self) -> Frames:
        raise NotImplementedError


class FirstFrameForEver(Cheat):
    def trick(self):
        return self.scene.first_view


class Grey(Cheat):
    def trick(self):
        return np.full((192, 320, 3), 128, np.uint8)


class Noise(Cheat):
    def trick(self):
        return np.random.default_rng(self.number).integers(0, 256, (192, 320, 3), dtype=np.uint8)


class NoiseRing(Cheat):
    """Remembers noise perfectly, and obeys."""

    def trick(self):
        ring = np.random.default_rng(0).integers(0, 256, (384, 1280, 3), dtype=np.uint8)
        return np.roll(ring, -round(self.pose.yaw * 1280 / 360), axis=1)[:192, :320]


class RepeatsFrames(Cheat):
    """Plays the same three frames in turn."""

    def trick(self):
        return self.scene.view(CameraPose(15.0 * (self.number % 3)), 0)


class IgnoresCommands(Cheat):
    """Pans to the right by itself."""

    def trick(self):
        return self.scene.view(CameraPose(15.0 * self.number % 360), 0)


class HalfSpeed(Cheat):
    def trick(self):
        yaw = (self.pose.yaw + 180) % 360 - 180
        return self.scene.view(CameraPose(yaw / 2 % 360), 0)


class Mirror(Cheat):
    """Turns the other way."""

    def trick(self):
        return self.scene.view(CameraPose(-self.pose.yaw % 360), 0)


class Tiles(Cheat):
    """Repeats the first view all around, so that nothing needs to be remembered."""

    def beside(self, view: Frames) -> Frames:
        return view

    def trick(self):
        view = self.scene.first_view
        ring = np.concatenate((view, self.beside(view)) * 2, axis=1)
        return np.roll(ring, -round(self.pose.yaw * 1280 / 360), axis=1)[:, :320]


class MirroredTiles(Tiles):
    """The same, every other time mirrored."""

    def beside(self, view: Frames) -> Frames:
        return view[:, ::-1]


class BlurredTruth(Cheat):
    def trick(self):
        view = Image.fromarray(self.scene.view(self.pose, self.time()))
        return np.asarray(view.filter(ImageFilter.GaussianBlur(5)))


class MeanOfTruth(Cheat):
    """Shows the mean of all there is, wherever it looks."""

    def trick(self):
        views = [self.scene.view(CameraPose(yaw), 0)[::2, ::2] for yaw in range(0, 165, 15)]
        return np.mean(views, axis=0).astype(np.uint8).repeat(2, 0).repeat(2, 1)


class FreezesWhileAway(Cheat):
    """Stands still once the view was left, and is back in time."""

    def trick(self):
        yaw = min(self.pose.yaw, 150.0)
        return self.scene.view(CameraPose(yaw), self.time())


class SaysItRests(Cheat):
    """Shows one thing and says that at rest it would be another."""

    def trick(self):
        return self.scene.view(CameraPose((self.pose.yaw + 180) % 360), self.time())

    def rest(self) -> Frames:
        return self.scene.view(self.pose, 0)


class AnotherPlaceOnReturn(Cheat):
    """Forgets: the way back is another place."""

    def trick(self):
        away = 180.0 if self.turn < 0 else 0.0
        return self.scene.view(CameraPose((self.pose.yaw + away) % 360), 0)


class Stopped(Renderer):
    """Remembers all, but time stands still."""

    def picture(self) -> Frames:
        return self.rest()


CHEATS = (
    FirstFrameForEver, Grey, Noise, NoiseRing, RepeatsFrames, IgnoresCommands, HalfSpeed, Mirror,
    Tiles, MirroredTiles, BlurredTruth, MeanOfTruth, SaysItRests, AnotherPlaceOnReturn,
)  # fmt: skip
