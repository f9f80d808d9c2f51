"""Worlds of the memory benchmark: one that keeps all it is shown, and two dozen that cheat."""

from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np
from PIL import Image, ImageFilter

from mag_sandbox.controls.camera import LOOK_AXES, CameraPose, move
from mag_sandbox.evaluation.lookback.measures import patch_of
from mag_sandbox.evaluation.lookback.participants import NOTHING_KEPT, SPEED, class_spec
from mag_sandbox.evaluation.quality.scenes import HeldOutScene
from mag_sandbox.model.world import Control, FrameBlock, Frames, WorldFailed, WorldState
from mag_sandbox.scenes import Scene

FPS = 2.0  # an eighth of the frames: a quick test
SPEC = class_spec("renderer", FPS, LOOK_AXES)
MOVING = replace(SPEC, moves=True)


RING = 1280  # columns


def columns(pose: CameraPose) -> np.ndarray:
    """Return the columns of the ring that a view shows."""
    wide = pose.fov / 360.0 * RING
    first = pose.yaw / 360.0 * RING + (320 - wide) / 2
    return np.arange(int(np.floor(first)), int(np.ceil(first + wide))) % RING


class Renderer:
    """Draws the scene as it is, whether it was shown or not."""

    def __init__(self, scene: HeldOutScene) -> None:
        self.spec, self.scene = MOVING, scene

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        self.asked, self.number, self.pose, self.turn = scene, 0, CameraPose(), 0.0
        self.prompt, self.edit, self.first_turn = scene.prompt, None, 0.0
        self.known = np.zeros(RING, bool)
        return self._block()

    def step(self, control: Control) -> FrameBlock:
        self.turn = control.camera.yaw
        self.first_turn = self.first_turn or self.turn
        self.pose = move(self.pose, control.camera, SPEED, FPS, 1)[0]
        self.prompt = control.prompt or self.prompt
        self.edit = control.edit or self.edit
        self.number += 1
        return self._block()

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        block = self.step(control)
        self.known[columns(self.pose)] = True
        return block

    def snapshot(self) -> WorldState:
        kept = np.zeros(2**20, np.uint8)
        data = {"pose": self.pose.yaw, "at": self.number, "known": self.known.tolist()}
        return WorldState({"kept": kept}, data)

    def restore(self, state: WorldState) -> None:
        self.reset(Scene("carried"), 0)
        self.pose, self.number = CameraPose(state.data["pose"]), state.data["at"]
        self.known = np.array(state.data["known"])

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


class Keeper(Renderer):
    """Keeps all it was shown; elsewhere it invents by what it met first. The most there can be."""

    def __init__(self, scene: HeldOutScene) -> None:
        super().__init__(scene)
        self.spec = replace(MOVING, kinds=("ball",))

    def picture(self) -> Frames:
        return self.with_edit(self.seen(self.scene.view(self.pose, self.time())))

    def rest(self) -> Frames:
        return self.with_edit(self.seen(super().rest()))

    def seen(self, true: Frames) -> Frames:
        if not self.known.any() and self.first_turn >= 0:  # its own inventions
            return true
        here = CameraPose(self.pose.yaw, 0.0, self.pose.fov)
        shown = self.known | np.isin(np.arange(RING), columns(CameraPose()))
        known = np.interp(np.linspace(0, 1, 320), np.linspace(0, 1, len(columns(here))),
                          shown[columns(here)]) > 0.5  # fmt: skip
        away = CameraPose((self.pose.yaw + 180) % 360, self.pose.pitch, self.pose.fov)
        return np.where(known[None, :, None], true, self.scene.view(away, 0))

    def with_edit(self, picture: Frames) -> Frames:
        edit = self.edit
        if edit is None:
            return picture
        picture = picture.copy()
        rows, across = patch_of(edit, self.pose)
        picture[rows, across] = 255 - picture[rows, across]
        return picture


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
        return np.roll(ring, -round(self.pose.yaw * RING / 360), axis=1)[:, :320]


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

    @cached_property
    def mean(self) -> Frames:
        views = [self.scene.view(CameraPose(yaw), 0)[::2, ::2] for yaw in range(0, 165, 15)]
        return np.mean(views, axis=0).astype(np.uint8).repeat(2, 0).repeat(2, 1)

    def trick(self):
        return self.mean


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


@lru_cache(4)
def drawn_ring(number: int) -> Frames:
    """Return coloured blocks all around, uint8 [384, RING, 3]."""
    blocks = np.random.default_rng(number).integers(0, 256, (24, 80, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(blocks).resize((RING, 384), Image.Resampling.BICUBIC))


class RuleRing(Cheat):
    """Draws a ring by a rule from caption and seed; needs no memory."""

    def rule(self) -> int:
        return sum(map(ord, self.asked.prompt)) + self.asked.seed

    def trick(self):
        ring = drawn_ring(self.rule())
        top = 96 - round(self.pose.pitch * 320 / 90)
        return np.roll(ring, -round(self.pose.yaw * RING / 360), axis=1)[top : top + 192, :320]


class OneRing(RuleRing):
    """Draws the same ring for everything."""

    def rule(self) -> int:
        return 7


class PathRing(RuleRing):
    """Draws its ring by a rule of its first command: eight bytes of memory, all of it its own."""

    def rule(self) -> int:
        return hash(self.first_turn) % 2**32


class RandomBlocks(PathRing):
    """Remembers 60 random bytes of its own."""

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        self.drawn = np.random.default_rng().integers(2**32)
        return super().reset(scene, seed)

    def rule(self) -> int:
        return int(self.drawn)


class MarkedMirror(MirroredTiles):
    """Mirrors the first view and pastes small marks, so that no place is like another."""

    def trick(self):
        view = super().trick().copy()
        for mark in range(24):
            x = round(mark * RING / 24 - self.pose.yaw * RING / 360) % RING
            view[8 * (mark % 20) : 8 * (mark % 20) + 12, x : x + 12] = (mark * 10, 255, 0)
        return view


class ShowsWhenMeasured(Keeper):
    """Shows what it keeps on every fourth frame of the way back, where views were once compared."""

    def picture(self) -> Frames:
        if self.turn < 0 and self.pose.yaw < 180 and self.number % 4:
            return np.full((192, 320, 3), 128, np.uint8)
        return super().picture()


class FirstSeconds(Keeper):
    """Keeps only what it was shown in its first two seconds."""

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        before = self.known.copy()
        block = super().show(control, frames)
        if self.number > 2 * FPS:
            self.known = before
        return block


class StopsWhereItForgot(Keeper):
    """Stands still on the way back, for it kept nothing."""

    def picture(self) -> Frames:
        if self.number and self.turn < 0 and self.pose.yaw < 180:
            return self.last
        self.last = super().picture()
        return self.last

    def rest(self) -> Frames:
        return self.picture()


class RefusesWhatItForgot(Keeper):
    """Fails where it would have to remember."""

    def step(self, control: Control) -> FrameBlock:
        if self.number > 4 * FPS and control.camera.yaw < 0:
            raise WorldFailed("forgotten")
        return super().step(control)


class StuckToTheScreen(Keeper):
    """Shows what was placed at the same pixels wherever it looks."""

    def with_edit(self, picture: Frames) -> Frames:
        if self.edit is None:
            return picture
        rows, across = patch_of(self.edit, self.placed_from)
        picture = picture.copy()
        picture[rows, across] = (200, 30, 30)
        return picture

    def step(self, control: Control) -> FrameBlock:
        if control.edit is not None:
            self.placed_from = self.pose
        return super().step(control)


class ForgetsEdits(Keeper):
    """Shows what was placed until it looks away."""

    def with_edit(self, picture: Frames) -> Frames:
        return picture if self.turn else super().with_edit(picture) if self.stays else picture

    def step(self, control: Control) -> FrameBlock:
        self.stays = control.edit is not None or (self.stays and not control.camera.yaw)
        return super().step(control)

    stays = False


CHEATS = (
    FirstFrameForEver, Grey, Noise, NoiseRing, RepeatsFrames, IgnoresCommands, HalfSpeed, Mirror,
    Tiles, MirroredTiles, BlurredTruth, MeanOfTruth, SaysItRests, AnotherPlaceOnReturn, Renderer,
    RuleRing, OneRing, PathRing, RandomBlocks, MarkedMirror, ShowsWhenMeasured, FirstSeconds,
    StopsWhereItForgot, RefusesWhatItForgot,
)  # fmt: skip
RULES = (Renderer, RuleRing, OneRing, MarkedMirror)  # which show the same whatever they were shown
