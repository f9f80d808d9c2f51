"""What is played to be measured: held-out scenes, camera paths in whole blocks, recorded clips."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

import numpy as np
from PIL import Image

from mag_sandbox.controls.camera import CameraCommand, CameraPose, yaw_difference
from mag_sandbox.evaluation.bench.parts import RingParts, ring_parts
from mag_sandbox.model.world import Control, FrameBlock, MemoryUsage, World, WorldSpec
from mag_sandbox.renderer.views import view_at
from mag_sandbox.scenes import Scene
from mag_sandbox.training.panorama.moving import MovingPanorama, moment_at, render_moving
from mag_sandbox.training.panorama.render import CATEGORIES, HELD_OUT, Panorama, render

Kind = Literal["image", "prompt"]  # the first view is given, or generated from the prompt alone
Phase = Literal["start", "before", "out", "place", "away", "hold", "back"]
KINDS: tuple[Kind, ...] = ("image", "prompt")
SCENES_PER_SEED = 10_000  # held-out scenes that one evaluation seed may use
Report = Callable[[str], None]  # told a line of progress
SLOW, FAST = 20.0, 60.0  # degrees a second of the pan and of the full turn
MAX_AWAY = 3600.0  # s


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of one camera command."""

    phase: Phase
    command: CameraCommand
    blocks: int


@dataclass(slots=True)
class Clip:
    """Frames of one playthrough with their poses; those of phase `away` are not among them."""

    frames: np.ndarray  # uint8 [T, H, W, 3]
    poses: tuple[CameraPose, ...]
    phases: tuple[Phase, ...]
    turns: tuple[float, ...]  # degrees of yaw from the frame before; 0 for the first
    usage: MemoryUsage  # at the end
    fps: float
    block_ms: float  # median time of making a block of the second half, looking ahead included
    away_frames: int = 0  # that were made between the way out and the way back, and are not here
    rest: np.ndarray | None = None  # the frames as the world says they are at rest; None: the same

    def to_compare(self, parts: RingParts | None) -> np.ndarray:
        """Return the frames, or as they are at rest where no parts are known to stand still."""
        return self.frames if self.rest is None or parts is not None else self.rest

    def seconds_between(self, out: int, back: int) -> float:
        """Return the time from a frame of the way out to one of the way back [s]."""
        return (self.time(back) - self.time(out)) / self.fps

    def time(self, index: int) -> int:
        """Return how many frames the world showed before one since its reset."""
        away = 0 if self.phases[index] in ("start", "out") else self.away_frames
        return index + away

    def where(self, phase: Phase) -> list[int]:
        """Return the indices of a phase's frames."""
        return [index for index, one in enumerate(self.phases) if one == phase]

    def nearest(self, yaw: float, indices: list[int]) -> int:
        """Return that of some frames whose view is nearest to a direction."""
        return min(indices, key=lambda index: abs(yaw_difference(self.poses[index].yaw, yaw)))


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

    def known_parts(self, kind: Kind) -> RingParts | None:
        """Return what is known of the parts of what a world makes of this scene.

        That is what the given view shows of them; None: nothing moves, or too little is known.
        """
        if self.parts is None or kind == "prompt":
            return None
        shown = self.parts.within(CameraPose())
        return shown if shown.is_still_enough(CameraPose()) else None


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


def pan_and_back(
    spec: WorldSpec, degrees: float = 150.0, hold_seconds: float = 1.0, away_seconds: float = 0.0
) -> list[Leg]:
    """Return the path away, a pause, and the same way back, bit for bit.

    For `away_seconds` at least the camera looks around before the pause, where it sees nothing of
    the way out.

    Raises:
        ValueError: beyond the way out there is no view that shares nothing with it.
    """
    speed = min(SLOW, spec.full_speed.yaw)
    right = CameraCommand(yaw=speed / spec.full_speed.yaw)
    left = CameraCommand(yaw=-right.yaw)
    blocks = blocks_in(degrees / speed, spec)
    away: list[Leg] = []
    if away_seconds:
        beyond = 360.0 - degrees - 2 * CameraPose().fov
        if beyond <= 0:
            raise ValueError(f"no view shares nothing with a way of {degrees:g} degrees")
        there, across = (blocks_in(one / speed, spec) for one in (CameraPose().fov, beyond))
        rounds = math.ceil(away_seconds / (2 * across * spec.block_seconds))
        sweep = [Leg("away", right, across), Leg("away", left, across)]
        away = [Leg("away", right, there), *sweep * rounds, Leg("away", left, there)]
    return [
        Leg("out", right, blocks),
        *away,
        Leg("hold", CameraCommand(), blocks_in(hold_seconds, spec)),
        Leg("back", left, blocks),
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
    turns = [0.0] * len(blocks[0][1].frames)
    away_frames = 0
    for leg in legs:
        turn = world.spec.full_speed.step(leg.command, world.spec.fps)[0]
        for _ in range(leg.blocks):
            block = world.step(Control(leg.command))
            if leg.phase == "away":  # nothing is compared with it, and minutes of it are gigabytes
                away_frames += len(block.frames)
                continue
            blocks.append((leg.phase, block))
            turns += [turn] * len(block.frames)
    return Clip(
        frames=np.concatenate([block.frames for _, block in blocks]),
        poses=tuple(pose for _, block in blocks for pose in block.poses),
        phases=tuple(phase for phase, block in blocks for _ in block.frames),
        turns=tuple(turns),
        usage=blocks[-1][1].memory,
        fps=world.spec.fps,
        block_ms=block_time([block for _, block in blocks]),
        away_frames=away_frames,
        rest=np.concatenate([block.at_rest for _, block in blocks]) if world.spec.moves else None,
    )


def block_time(blocks: Sequence[FrameBlock]) -> float:
    """Return the median time of the second half of some blocks [ms]: memory is full by then."""
    return median(sum(block.stage_ms.values()) for block in blocks[len(blocks) // 2 :])


def blocks_in(seconds: float, spec: WorldSpec) -> int:
    """Return how many whole blocks come nearest to a time, at least one."""
    return max(1, round(seconds / spec.block_seconds))
