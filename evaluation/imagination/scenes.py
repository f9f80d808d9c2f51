"""The scenes that a world is asked for, and the first view and four walls that it shows of each.

Judges no pictures.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from mag_sandbox.controls.camera import CameraCommand, CameraPose, yaw_difference
from mag_sandbox.evaluation.judge.close_look import WIDEST, ThingBox, has_place
from mag_sandbox.evaluation.options import SCENES_PER_SEED
from mag_sandbox.evaluation.quality.scenes import full_turn
from mag_sandbox.model.world import Control, FrameBlock, Frames, World
from mag_sandbox.renderer.captions import named_in, nouns, richest_caption
from mag_sandbox.renderer.kinds import CLASSES
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.renderer.render import HELD_OUT, Ring, category_of, render
from mag_sandbox.renderer.scene import Layout
from mag_sandbox.renderer.views import view_at, view_corner
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.kinds import DISCS

Kind = Literal["prompt", "image"]  # the first view is invented from the caption, or given
KINDS: tuple[Kind, ...] = ("prompt", "image")
WALLS = (0.0, 90.0, 180.0, 270.0)  # yaws whose views together are the whole ring
FIRST_SEED = HELD_OUT + 700_000  # of the scenes asked for; training never sees them
YAW_TOLERANCE = 0.5  # degrees by which a wall may be missed
RESTED = 8  # blocks at a wall: what is painted is drawn again some blocks later
# on one or two sides only: a first view need not show them
ONE_SIDED = frozenset({"sun", "moon", "door", "river", "path", "road"})
# least pixels of a class in a view; the judge misses four in five smaller ones even in renders
PLAIN = 800
_DISC = "celestial"  # the attribute that captions name as sun or moon
FEW, MOSTLY = 60, 0.5  # least pixels of a thing, and share of its box, that a view shows of it


class SceneViews(NamedTuple):
    """V views, and where each is said to show things."""

    frames: Frames  # uint8 [V, H, W, 3]
    boxes: list[list[ThingBox]] | None  # of each view; None: the world does not say

    @property
    def first(self) -> "SceneViews":
        """The first view alone."""
        return SceneViews(self.frames[:1], self.boxes and self.boxes[:1])


def joined(some: Sequence[SceneViews]) -> SceneViews:
    """Return views one after the other."""
    boxes = [one.boxes for one in some]
    frames = np.concatenate([one.frames for one in some])
    return SceneViews(
        frames, None if None in boxes else [view for one in boxes for view in one or ()]
    )


@dataclass(frozen=True, slots=True)
class AskedScene:
    """A held-out scene with its most detailed caption."""

    ring: Ring
    caption: str
    named: frozenset[str]  # attributes and groups of things that the caption names

    @property
    def category(self) -> str:
        """Category of the scene."""
        return self.ring.category

    @property
    def things(self) -> tuple[Thing, ...]:
        """The things that the caption names."""
        far = {self.ring.attributes.get(name) for name in self.named}  # hills, the sun
        return tuple(
            one for one in self.ring.things if one.attribute in self.named or one.name in far
        )

    def view(self, yaw: float) -> np.ndarray:
        """Return the renderer's view in a direction, uint8 [H, W, 3]."""
        return view_at(self.ring.pixels, yaw, 0.0)

    def boxes(self, yaw: float) -> list[ThingBox]:
        """Return where the renderer's view in a direction shows things."""
        ids, corner = view_at(self.ring.ids, yaw, 0.0), view_corner(yaw, 0.0)
        seen = np.bincount(ids.ravel(), minlength=self.ring.ids.max() + 1)
        return [
            ThingBox.of(thing, *corner)
            for thing in self.ring.things
            if has_place(thing.name) and thing.width < WIDEST and seen[thing.index] >= FEW
        ]

    def ahead(self) -> np.ndarray:
        """Return the renderer's first view, uint8 [1, H, W, 3]."""
        return self.view(0.0)[None]

    def aside(self) -> np.ndarray:
        """Return the renderer's view to the right: the same caption, another layout."""
        return self.view(90.0)[None]

    def walls(self) -> np.ndarray:
        """Return the renderer's views of all walls, uint8 [4, H, W, 3]."""
        return np.stack([self.view(yaw) for yaw in WALLS])

    def corners(self) -> np.ndarray:
        """Return the renderer's views between the walls, uint8 [4, H, W, 3]."""
        return np.stack([self.view(yaw + 45.0) for yaw in WALLS])

    def scene(self, kind: Kind, folder: Path) -> Scene:
        """Return the scene to ask for; a given picture is written to the folder."""
        image = None
        if kind == "image":
            image = folder / f"given-{self.ring.layout.seed}.png"
            Image.fromarray(self.view(0.0)).save(image)
        return Scene(
            prompt=self.caption,
            seed=self.ring.layout.seed % SCENES_PER_SEED,
            name=f"held out {self.ring.layout.seed}",
            category=self.category,
            image=None if image is None else str(image),
        )


def asked_scene(index: int, seed: int, *, ahead: bool = False) -> AskedScene:
    """Return the scene at an index; the categories take turns.

    With `ahead`, its caption names only things that the renderer's first view shows.
    """
    ring = render(category_of(index), FIRST_SEED + seed * SCENES_PER_SEED + index)

    def facts(text: str, layout: Layout) -> set[str]:
        found = named_in(text, layout)
        return set() if ahead and _DISC in found and not _shows_disc(ring) else found

    words = richest_caption(ring.layout, facts, ahead=ahead)
    return AskedScene(ring, words, frozenset(named_in(words, ring.layout)))


def _shows_disc(ring: Ring) -> bool:
    """Tell whether the renderer's first view shows the sun or the moon."""
    own = [thing.index for thing in ring.things if thing.name in DISCS]
    return bool(np.isin(view_at(ring.ids, 0.0, 0.0), own).sum() >= FEW)


def first_view(world: World, scene: AskedScene, folder: Path) -> SceneViews:
    """Return the first view that a world invents for a caption, at rest."""
    asked = scene.scene("prompt", folder)
    block = world.reset(asked, asked.seed)
    return _views([_shown(block)])


def shown_walls(world: World, scene: AskedScene, kind: Kind, folder: Path) -> SceneViews:
    """Turn around once, with a rest at each wall; return the views of the four walls.

    The first is the first shown view. At rest, what a world is still drawing is shown.

    Raises:
        ValueError: the camera cannot be turned to them.
    """
    asked, spec = scene.scene(kind, folder), world.spec
    block = world.reset(asked, asked.seed)
    start, shown = block.poses[-1].yaw, [_shown(block)]
    blocks = -(-full_turn(spec).blocks // len(WALLS))
    yaw = 360 / len(WALLS) / (blocks * spec.block_seconds * spec.full_speed.yaw)
    for wall in WALLS[1:]:
        for command in (*[CameraCommand(yaw=min(1.0, yaw))] * blocks, *[CameraCommand()] * RESTED):
            block = world.step(Control(command))
        if abs(yaw_difference(block.poses[-1].yaw, start + wall)) > YAW_TOLERANCE:
            raise ValueError(f"the world does not turn to {wall:g} degrees; give one that turns")
        shown.append(_shown(block))
    return _views(shown)


class _Shown(NamedTuple):
    """The last view of a block."""

    frame: np.ndarray
    boxes: list[ThingBox] | None


def _shown(block: FrameBlock) -> _Shown:
    return _Shown(block.at_rest[-1].copy(), _boxes(block, block.poses[-1]))


def _views(shown: Sequence[_Shown]) -> SceneViews:
    boxes = [one.boxes for one in shown if one.boxes is not None]
    frames = np.stack([one.frame for one in shown])
    return SceneViews(frames, boxes if len(boxes) == len(shown) else None)


def _boxes(block: FrameBlock, pose: CameraPose) -> list[ThingBox] | None:
    """Return where a block says that its view at a pose shows things."""
    if block.planned is None:
        return None
    height, width = block.frames.shape[1:3]
    pixels, boxes = width / pose.fov, []
    for thing in block.planned:
        if not has_place(thing.kind):
            continue
        wide, tall = thing.width * pixels, thing.height * pixels
        x = width / 2 + yaw_difference(thing.yaw, pose.yaw) * pixels
        y = height / 2 - (thing.pitch - pose.pitch) * pixels
        box = ThingBox(thing.kind, x - wide / 2, y - tall / 2, wide, tall)
        if box.share_in(height, width) >= MOSTLY:
            boxes.append(box)
    return boxes


def _words(kind: str) -> frozenset[str]:
    return frozenset(word.lower() for pair in nouns(kind) for word in pair)


_CALLED = Counter(word for kind in CLASSES for word in _words(kind))
_OWN = {word for word, kinds in _CALLED.items() if kinds == 1}  # a "tree" may be any


def _seen_plainly(scene: AskedScene, yaws: Sequence[float]) -> set[str]:
    """Return the named classes of which the renderer's view shows enough to be recognised."""
    plain = set()
    for yaw in yaws:
        sizes = np.bincount(view_at(scene.ring.ids, yaw, 0.0).ravel(), minlength=1)
        areas = Counter[str]()
        for thing in scene.things:
            areas[thing.name] += int(sizes[thing.index]) if thing.index < len(sizes) else 0
        plain |= {name for name, area in areas.items() if area >= PLAIN}
    return plain


def expected(scene: AskedScene, *, all_around: bool) -> dict[str, str | None]:
    """Return the classes that a caption asks for by a word of their own, with their named colours.

    None stands for no colour.

    Args:
        scene: with its caption.
        all_around: whether all walls of the ring are looked at, or the first one.
    """
    caption, classes = scene.caption.lower(), {}
    plain = _seen_plainly(scene, WALLS if all_around else WALLS[:1])
    for thing in scene.things:
        words = _words(thing.name)
        if thing.name not in plain or not any(word in caption for word in words & _OWN):
            continue
        if all_around or thing.name not in ONE_SIDED:
            named = any(f"{thing.color_name} {word}" in caption for word in words)
            classes[thing.name] = thing.color_name if named else None
    return classes
