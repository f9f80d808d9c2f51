"""Held-out scenes with exact truth, camera paths in whole blocks, recorded clips, and their scores.

In a scene that moves, the renderer knows which pixels stand still and which move. The rim between
is neither: blended or zoomed views mix both there.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import count
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.evaluation.options import SCENES_PER_SEED
from mag_sandbox.evaluation.results.intervals import mean_of
from mag_sandbox.evaluation.similarity.metrics import LEAST_PIXELS, Mask, masked_psnr, psnr
from mag_sandbox.model.world import Control, FrameBlock, Frames, World, WorldSpec
from mag_sandbox.renderer import captions
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.motion import PERIOD, MotionLabel
from mag_sandbox.renderer.render import HELD_OUT, SceneRenderer, category_of, lay_out
from mag_sandbox.renderer.scene import Layout
from mag_sandbox.renderer.setting import FALLING
from mag_sandbox.renderer.views import FOV, HEIGHT, WIDTH, view_at, view_corner
from mag_sandbox.scenes import Scene

Kind = Literal["image", "prompt"]  # the first view is given, or generated from the prompt alone
Phase = Literal["start", "before", "out", "place", "away", "hold", "back"]
NEXT_SCENE = 1_000  # between those of an index, of which the first without rain and snow is taken
MOMENTS = tuple(range(4, PERIOD + 1, 4))  # frames at which a ring is looked at for what moves
LOOKS = (40.0, 90.0, 140.0)  # frames at which a first view is looked at for what moves in it
WANDERING = (MotionLabel.SKY, MotionLabel.SHIMMER, MotionLabel.WALKER)  # lamps only flicker
PLAIN, LEAST_MOVING = 16, 300  # levels by which a pixel changes plainly; px that do
RINGS, VIEWS = 16, 512  # that a scene keeps; 24 MB and 94 MB
FAST = 60.0  # degrees a second of a full turn
RIM = 2  # px of a ring on each side that reach into a pixel of a zoomed view
MOST_SEAM = 100.0  # ratio where nothing moves but at seams


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of one camera command."""

    phase: Phase
    command: CameraCommand
    blocks: int


@dataclass(slots=True)
class Clip:
    """Frames of one playthrough with their poses."""

    frames: Frames  # uint8 [T, H, W, 3]
    poses: tuple[CameraPose, ...]
    phases: tuple[Phase, ...]

    def where(self, phase: Phase) -> list[int]:
        """Return the indices of a phase's frames."""
        return [index for index, one in enumerate(self.phases) if one == phase]


@dataclass(frozen=True, slots=True, eq=False)
class RingParts:
    """The parts of a ring that stand still and that move, as far as they are known."""

    still: Mask  # [RING_HEIGHT, RING_WIDTH]; nothing that moves lies within RIM
    moving: Mask  # pixels that change at one of the MOMENTS

    @classmethod
    def at_rest(cls) -> "RingParts":
        """Return the parts of a ring in which nothing moves."""
        moving = np.zeros((RING_HEIGHT, RING_WIDTH), bool)
        return cls(~moving, moving)

    def still_at(self, pose: CameraPose) -> Mask:
        """Return which pixels of the view at a pose stand still, [HEIGHT, WIDTH]."""
        return _cut(self.still, pose)

    def moving_at(self, pose: CameraPose) -> Mask:
        """Return which pixels of the view at a pose move, [HEIGHT, WIDTH]."""
        return _cut(self.moving, pose)

    def within(self, pose: CameraPose) -> "RingParts":
        """Return the parts that the view at a pose shows; the rest is unknown."""
        shown = np.zeros_like(self.still)
        shown[ring_cells(pose)] = True
        inside = ~_grown(~shown)
        return RingParts(self.still & inside, self.moving & inside)


def ring_parts(renderer: SceneRenderer) -> RingParts | None:
    """Return the parts of the ring around where a scene begins; None: nothing moves.

    Open sky moves in the rows that clouds pass.
    """
    rest = renderer.ring()
    moving = np.zeros((RING_HEIGHT, RING_WIDTH), bool)
    for time in MOMENTS:
        moving |= (renderer.picture(time=time) != rest.pixels).any(axis=2)
    if not moving.any():
        return None
    sky = rest.motions == MotionLabel.SKY
    moving |= sky & (moving & sky).any(axis=1, keepdims=True)
    return RingParts(still=~_grown(moving), moving=moving)


def _cut(mask: Mask, pose: CameraPose) -> Mask:
    seen: Mask = mask[ring_cells(pose)]
    return seen


def ring_cells(pose: CameraPose) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest row and column of a ring of each pixel of a view."""
    left, top = view_corner(pose.yaw, pose.pitch)
    part = pose.fov / FOV  # of a view that is not zoomed
    across = (np.arange(WIDTH) + 0.5 - WIDTH / 2) * part + left + WIDTH / 2
    down = (np.arange(HEIGHT) + 0.5 - HEIGHT / 2) * part + top + HEIGHT / 2
    rows = np.clip(np.floor(down).astype(int), 0, RING_HEIGHT - 1)
    return rows[:, None], np.floor(across).astype(int) % RING_WIDTH


def _grown(mask: Mask) -> Mask:
    """Return a mask of a ring with everything within RIM of it; columns wrap around."""
    grown = mask.copy()
    for shift in range(1, RIM + 1):
        grown |= np.roll(mask, shift, axis=1) | np.roll(mask, -shift, axis=1)
    wide = grown.copy()
    for shift in range(1, RIM + 1):
        grown[shift:] |= wide[:-shift]
        grown[:-shift] |= wide[shift:]
    return grown


class HeldOutScene:
    """A scene that training never saw, drawn by the renderer from any viewpoint, at any time.

    >>> scene = HeldOutScene(lay_out("outdoor", HELD_OUT), 0, folder / "first.png")
    >>> scene.view(CameraPose(yaw=30.0), 0.0).shape
    (192, 320, 3)
    """

    def __init__(
        self,
        layout: Layout,
        seed: int,
        image: Path,
        *,
        caption: str | None = None,
        moves: bool = True,
    ) -> None:
        """Draw the first view into a file.

        Args:
            layout: of the scene.
            seed: of the world's noise.
            image: the file.
            caption: the words for it; None: the renderer's own.
            moves: whether it changes with time.
        """
        self.layout, self.seed, self.image = layout, seed, image
        self.caption = captions.caption(layout, 0) if caption is None else caption
        self.renderer, self._moves = SceneRenderer(layout), moves
        self._kept = lru_cache(RINGS)(self._ring)
        self._seen = lru_cache(VIEWS)(self._drawn)
        Image.fromarray(self.first_view).save(image)

    @cached_property
    def parts(self) -> RingParts | None:
        """The moving parts around where it begins; None: nothing moves."""
        return ring_parts(self.renderer) if self._moves else None

    @property
    def category(self) -> str:
        """Category of the scene."""
        return self.layout.category

    @property
    def first_view(self) -> Frames:
        """The renderer's picture straight ahead, at time 0."""
        return self.view(CameraPose(), 0)

    def scene(self, kind: Kind) -> Scene:
        """Return the scene that a world is asked for."""
        return Scene(
            prompt=self.caption, seed=self.seed, name=f"held out {self.layout.seed}",
            category=self.category, image=str(self.image) if kind == "image" else None,
        )  # fmt: skip

    def view(self, pose: CameraPose, time: float) -> Frames:
        """Return the renderer's picture at a pose, `time` frames after the first one.

        Uint8 [HEIGHT, WIDTH, 3], read only: views are kept, for they are asked for again.
        """
        return self._seen(pose, time if time and self.parts is not None else 0.0)

    def _drawn(self, pose: CameraPose, time: float) -> Frames:
        picture = view_at(self._kept(pose.x, pose.z, time), pose.yaw, pose.pitch, pose.fov)
        picture.setflags(write=False)
        return picture

    def _ring(self, x: float, z: float, time: float) -> Frames:
        return self.renderer.picture(x, z, time)


def falls(layout: Layout) -> bool:
    """Tell whether rain or snow falls before all that a scene shows."""
    return layout.attributes.get("weather") in FALLING


def moves_ahead(layout: Layout) -> bool:
    """Tell whether clouds, water or creatures plainly move in a scene's first view."""
    renderer = SceneRenderer(layout)
    ahead, rest = ring_cells(CameraPose()), renderer.ring()
    for time in LOOKS:
        then = renderer.ring(time=time)
        moved = np.isin(rest.motions, WANDERING) | np.isin(then.motions, WANDERING)
        gap = np.abs(then.pixels.astype(int) - rest.pixels).max(axis=2)
        if np.count_nonzero((moved & (gap >= PLAIN))[ahead]) >= LEAST_MOVING:
            return True
    return False


def held_out_scene(index: int, seed: int, folder: Path, *, moves: bool = False) -> HeldOutScene:
    """Draw the held-out scene of an index, categories in turn; its first view goes into the folder.

    It changes with time if it `moves`, see `WorldSpec.moves`. In none does anything fall.
    """
    category, number = category_of(index), seed * SCENES_PER_SEED + index
    layouts = (lay_out(category, HELD_OUT + number + other) for other in count(0, NEXT_SCENE))
    layout = next(one for one in layouts if not falls(one))
    return HeldOutScene(layout, number, folder / f"first-view-{seed}-{index}.png", moves=moves)


def full_turn(spec: WorldSpec) -> Leg:
    """Return a fast path once around; half a turn is a whole number of frames."""
    fastest = min(FAST, spec.full_speed.yaw)
    frames = int(np.ceil(180.0 / (fastest / spec.fps)))
    yaw = 180.0 / frames * spec.fps / spec.full_speed.yaw
    blocks = int(np.ceil(2 * frames / spec.block_length))
    return Leg("out", CameraCommand(yaw=min(1.0, yaw)), blocks)


def record(world: World, scene: Scene, legs: Sequence[Leg]) -> Clip:
    """Play a path from the start of a scene."""
    blocks: list[tuple[Phase, FrameBlock]] = [("start", world.reset(scene, scene.seed))]
    for leg in legs:
        blocks += [(leg.phase, world.step(Control(leg.command))) for _ in range(leg.blocks)]
    return Clip(
        frames=np.concatenate([block.frames for _, block in blocks]),
        poses=tuple(pose for _, block in blocks for pose in block.poses),
        phases=tuple(phase for phase, block in blocks for _ in block.frames),
    )


def blocks_in(seconds: float, spec: WorldSpec) -> int:
    """Return how many whole blocks come nearest to a time, at least one."""
    return max(1, round(seconds / spec.block_seconds))


def likenesses(
    frames: Iterable[Frames], references: Iterable[Frames], masks: Iterable[Mask] | None
) -> list[float | None]:
    """Return the PSNR of each frame over its masked pixels [dB]; None where those are too few.

    Frames are uint8 [H, W, 3], masks [H, W]; without masks whole frames count.
    """
    if masks is None:
        return [psnr(*pair) for pair in zip(frames, references, strict=True)]
    return [masked_psnr(*triple) for triple in zip(frames, references, masks, strict=True)]


def part_scores(
    frames: Frames, truth: Frames, frozen: Frames, parts: RingParts, poses: Sequence[CameraPose]
) -> dict[str, float | None]:
    """Return PSNR over still and moving pixels, and the gain of moving over standing still [dB].

    A picture that stops at the last given frame gains nothing; None where a part is too small.

    Args:
        frames: uint8 [T, H, W, 3], at some poses of a scene with these parts.
        truth: the same at the right times.
        frozen: the same of the scene at the time of the last given frame.
        parts: of the scene.
        poses: of the frames.
    """
    moving = [parts.moving_at(pose) for pose in poses]
    right = mean_of(likenesses(frames, truth, moving))
    stopped = mean_of(likenesses(frozen, truth, moving))
    return {
        "still_psnr_db": mean_of(likenesses(frames, truth, [parts.still_at(p) for p in poses])),
        "moving_psnr_db": right,
        "motion_gain_db": None if right is None or stopped is None else right - stopped,
    }


def seam_ratio(frames: Frames, seams: Sequence[int], mask: Mask) -> float | None:
    """Return the change from frame to frame where blocks meet, relative to that within blocks.

    The camera is at rest, and only the pixels of the mask, [H, W], count. `seams` are the indices
    of the first frames of blocks. 1: no seam can be seen; None: nothing changes, or the mask holds
    too few pixels.

    Raises:
        ValueError: all changes or none are at seams.
    """
    places = [seam for seam in seams if 0 < seam < len(frames)]
    if not 0 < len(places) < len(frames) - 1:
        raise ValueError(f"{len(places)} seams in {len(frames)} frames; give blocks of several")
    if mask.sum() < LEAST_PIXELS:
        return None
    pixels = frames[:, mask].astype(np.int16)
    changes = np.array([np.abs(now - before).mean() for before, now in itertools.pairwise(pixels)])
    at_seams = np.isin(np.arange(1, len(frames)), places)
    seam, within = changes[at_seams].mean(), changes[~at_seams].mean()
    if within == 0.0:
        return MOST_SEAM if seam else None
    return min(MOST_SEAM, float(seam / within))
