"""What is played to be measured: held-out scenes, camera paths in whole blocks, recorded clips."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.evaluation.bench.parts import RingParts, ring_parts
from mag_sandbox.model.world import Control, FrameBlock, World, WorldSpec
from mag_sandbox.renderer.version2.moving import MovingPanorama, moment_at, render_moving
from mag_sandbox.renderer.version2.render import CATEGORIES, HELD_OUT, Panorama, render
from mag_sandbox.renderer.views import view_at
from mag_sandbox.scenes import Scene

Kind = Literal["image", "prompt"]  # the first view is given, or generated from the prompt alone
Phase = Literal["start", "before", "out", "place", "away", "hold", "back"]
KINDS: tuple[Kind, ...] = ("image", "prompt")
SCENES_PER_SEED = 10_000  # held-out scenes that one evaluation seed may use
Report = Callable[[str], None]  # told a line of progress
SLOW, FAST = 20.0, 60.0  # degrees a second of the pan and of the full turn


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of one camera command."""

    phase: Phase
    command: CameraCommand
    blocks: int


@dataclass(slots=True)
class Clip:
    """Frames of one playthrough with their poses."""

    frames: np.ndarray  # uint8 [T, H, W, 3]
    poses: tuple[CameraPose, ...]
    phases: tuple[Phase, ...]
    fps: float

    def where(self, phase: Phase) -> list[int]:
        """Return the indices of a phase's frames."""
        return [index for index, one in enumerate(self.phases) if one == phase]


@dataclass(frozen=True, slots=True)
class HeldOutScene:
    """A scene that training never saw, with the picture to begin from."""

    panorama: Panorama | MovingPanorama
    caption: str
    seed: int  # of the world's noise
    image: Path = field(compare=False)
    parts: RingParts | None = None  # what stands still and what moves; None: nothing moves

    def scene(self, kind: Kind) -> Scene:
        """Return what the world is asked for."""
        return Scene(
            prompt=self.caption,
            seed=self.seed,
            name=f"held out {self.panorama.seed}",
            category=self.panorama.category,
            image=str(self.image) if kind == "image" else None,
        )

    @property
    def first_view(self) -> np.ndarray:
        """The renderer's picture straight ahead, at time 0."""
        return self.view(CameraPose(), 0)

    def truth(self, attribute: str) -> str:
        """Return what the renderer drew: the category, or an attribute's value."""
        if attribute == "category":
            return self.panorama.category
        return self.panorama.attributes[attribute]

    def view(self, pose: CameraPose, time: float) -> np.ndarray:
        """Return the renderer's picture at a pose, so many frames after the first one."""
        where = pose.yaw, pose.pitch
        if isinstance(self.panorama, MovingPanorama):
            return moment_at(self.panorama.layers, *where, time, pose.fov)
        return view_at(self.panorama.pixels, *where, pose.fov)


def held_out_scene(index: int, seed: int, folder: Path, *, moves: bool = False) -> HeldOutScene:
    """Draw the held-out scene of an index, categories in turn; its first view goes into the folder.

    It changes with time if it `moves`, as `WorldSpec.moves` says of a world.
    """
    category, number = list(CATEGORIES)[index % len(CATEGORIES)], seed * SCENES_PER_SEED + index
    panorama = (render_moving if moves else render)(category, HELD_OUT + number)
    parts = ring_parts(panorama.layers) if moves else None
    image = folder / f"first-view-{seed}-{index}.png"
    scene = HeldOutScene(panorama, panorama.caption(), number, image, parts)
    Image.fromarray(scene.first_view).save(image)
    return scene


def pan_and_back(spec: WorldSpec, degrees: float = 150.0, hold_seconds: float = 1.0) -> list[Leg]:
    """Return the path away, a pause, and the same way back, bit for bit."""
    speed = min(SLOW, spec.full_speed.yaw)
    right = CameraCommand(yaw=speed / spec.full_speed.yaw)
    blocks = blocks_in(degrees / speed, spec)
    return [
        Leg("out", right, blocks),
        Leg("hold", CameraCommand(), blocks_in(hold_seconds, spec)),
        Leg("back", CameraCommand(yaw=-right.yaw), blocks),
    ]


def full_turn(spec: WorldSpec) -> list[Leg]:
    """Return a fast path once around; half a turn is a whole number of frames."""
    fastest = min(FAST, spec.full_speed.yaw)
    frames = int(np.ceil(180.0 / (fastest / spec.fps)))
    yaw = 180.0 / frames * spec.fps / spec.full_speed.yaw
    command = CameraCommand(yaw=min(1.0, yaw))
    return [Leg("out", command, int(np.ceil(2 * frames / spec.block_length)))]


def record(world: World, scene: Scene, legs: list[Leg]) -> Clip:
    """Play a path from the start of a scene."""
    blocks: list[tuple[Phase, FrameBlock]] = [("start", world.reset(scene, scene.seed))]
    for leg in legs:
        blocks += [(leg.phase, world.step(Control(leg.command))) for _ in range(leg.blocks)]
    return Clip(
        frames=np.concatenate([block.frames for _, block in blocks]),
        poses=tuple(pose for _, block in blocks for pose in block.poses),
        phases=tuple(phase for phase, block in blocks for _ in block.frames),
        fps=world.spec.fps,
    )


def blocks_in(seconds: float, spec: WorldSpec) -> int:
    """Return how many whole blocks come nearest to a time, at least one."""
    return max(1, round(seconds / spec.block_seconds))
