"""Scenes to walk in, at rest: exact from any viewpoint.

A world is given the first view alone. So from elsewhere it can know what that view shows of the
points that are seen there, and nothing of what was hidden or lay beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from mag_sandbox.controls.camera import CameraPose, Position, yaw_difference
from mag_sandbox.controls.parallax import carried
from mag_sandbox.evaluation.quality.scenes import HeldOutScene, ring_cells
from mag_sandbox.evaluation.similarity.metrics import LEAST_PIXELS, MAX_PSNR, Mask
from mag_sandbox.model.world import Frames
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.captions import caption
from mag_sandbox.renderer.drawing import Drawing
from mag_sandbox.renderer.kinds import COURSES, KINDS
from mag_sandbox.renderer.render import PLANES, Ring, SceneRenderer, lay_out
from mag_sandbox.renderer.scene import Item, Layout
from mag_sandbox.renderer.viewpoints import geometry, is_free
from mag_sandbox.renderer.views import HEIGHT, WIDTH, blended_view, view_at, view_corner
from mag_sandbox.scenes.kinds import DEEP

CLOSE = 3.0  # metres: only what stands so near to a way moves visibly against the rest
SAME = 26.0  # dB: what a view moved as a whole does not reach has visible parallax
ZOOMS, SHIFTS = np.geomspace(0.6, 2.2, 9), np.arange(-64.0, 65.0, 16.0)  # times, px
STEPS = (8, 4, 4, 2, 2, 1)  # px between those looked at while the best is sought between neighbours
AHEAD = 40.0  # degrees from where the first view looks: seen there in full
BODY = 0.75  # metres that a way keeps from things beside it: no world needs more
STEP, HEAD = 0.5, 1.8  # metres; lower things are stepped over, higher ones walked under
REVEALED, HIDDEN = 400, 0.05  # px of a revealed thing at least; share of them seen before at most
SCREENS = ("wardrobe", "bookshelf", "pipe")  # opaque kinds, behind which a thing is hidden
NARROW = 0.9  # metres across a screen: things behind it show from aside
AWAY, BEHIND = (1.4, 2.0), 2.0  # metres to a screen; times as far to hidden things
SMALL, LARGE = 0.4, 1.5  # metres of kinds that are hidden
SIZE = 0.55  # metres that they have there at most
TRIES = 6  # screens
CARRIED, RINGS = 64, 4  # poses of which the carried view is kept; rings that are; 30 MB


class WalkScene(HeldOutScene):
    """A scene at rest, and what its first view tells of any other one.

    >>> scene = WalkScene(lay_out("indoor", 7), 0, folder / "first.png")
    >>> scene.view(CameraPose(x=0.5), 0).shape
    (192, 320, 3)
    """

    def __init__(self, layout: Layout, seed: int, image: Path, hidden: int = 0) -> None:
        """Draw its first view into a file; `hidden` things at the end are in no caption."""
        visible = replace(layout, items=layout.items[: len(layout.items) - hidden])
        super().__init__(layout, seed, image, caption=caption(visible, 0), moves=False)
        self._carried = lru_cache(CARRIED)(self._carry)

    @cached_property
    def ring(self) -> Callable[..., Ring]:
        """The function that draws the ring at x, z; the newest ones are kept."""
        return lru_cache(RINGS)(self.renderer.ring)

    def depth(self, pose: CameraPose) -> np.ndarray:
        """Return the distance of each pixel [m], float32 [HEIGHT, WIDTH]; inf: sky."""
        depth: np.ndarray = self.ring(pose.x, pose.z).depth[ring_cells(pose)]
        return depth

    def carried(self, pose: CameraPose) -> tuple[Frames, Mask]:
        """Return the first view's points as they look at a pose, and where there are any."""
        return self._carried(pose)

    def hidden(self, pose: CameraPose) -> Mask:
        """Return where a view shows the last thing of the layout, and the first view does not."""
        number = len(self.renderer.far) + len(self.renderer.layout.items)
        shows: Mask = self.ring(pose.x, pose.z).ids[ring_cells(pose)] == number
        return shows & ~self.carried(pose)[1]

    def _ring(self, x: float, z: float, time: float) -> Frames:
        return self.ring(x, z, time).pixels

    def _carry(self, pose: CameraPose) -> tuple[Frames, Mask]:
        return _carried(self.renderer, self.ring(), self.ring(pose.x, pose.z), pose)


def has_parallax(layout: Layout, way: Sequence[Position]) -> bool:
    """Tell whether a way through a scene is free, and near things move against far ones on it."""
    renderer = SceneRenderer(layout)
    if not _is_free(renderer, way) or not any(
        item.z > 0 and abs(np.degrees(np.arctan2(item.x, item.z))) < AHEAD
        and min(np.hypot(item.x - x, item.z - z) for x, z in way) < CLOSE
        for item in renderer.layout.items if item.entry.where == "floor"
    ):  # fmt: skip
        return False
    x, z = max(way, key=lambda place: np.hypot(*place))
    pose, start, there = CameraPose(x=x, z=z), renderer.ring(), renderer.ring(x, z)
    _, known = _carried(renderer, start, there, pose)
    first, true = (view_at(ring.pixels, 0.0, 0.0) for ring in (start, there))
    return likest_flat(first, true, known, pose) < SAME


def hiding(category: str, seed: int, way: Sequence[Position], lot: int) -> Layout | None:
    """Return a scene with a screen and a thing behind it, which shows at the end of a way.

    None: there is no room for them, or the way is not free.
    """
    layout, rng = lay_out(category, seed), np.random.default_rng(lot)
    kinds = [one.name for one in KINDS.values()
             if one.where == "floor" and one.tall and SMALL < one.tall < LARGE]  # fmt: skip
    for _ in range(TRIES):
        yaw, away = rng.uniform(-0.15, 0.15), rng.uniform(*AWAY)
        x, z = float(away * np.sin(yaw)), float(away * np.cos(yaw))
        screen = _item(str(rng.choice(SCREENS)), x, z, rng)
        thing = _item(str(rng.choice(kinds)), x * BEHIND, z * BEHIND, rng)
        wide, large = (
            max(box[2] - box[0], (box[3] - box[1]) * tall)
            for box, tall in zip(_boxes(layout, screen, thing), (0, 1), strict=True)
        )
        found = replace(layout, items=(
            *layout.items,
            replace(screen, scale=NARROW / wide),
            replace(thing, scale=SIZE / large),
        ))  # fmt: skip
        renderer, room = SceneRenderer(found), layout.room
        if room and not (room.left < thing.x < room.right and thing.z < room.front - SIZE):
            continue
        if _is_free(renderer, way) and _reveals(renderer, way[-1]):
            return found
    return None


def _item(kind: str, x: float, z: float, rng: np.random.Generator) -> Item:
    colors = KINDS[kind].colors
    return Item(kind, x, z, color=str(rng.choice(colors)) if colors else None)


def _boxes(layout: Layout, *items: Item) -> list[tuple[float, float, float, float]]:
    """Return left, top, right and bottom of things at their own size [m]."""
    return [one.box for one in SceneRenderer(replace(layout, items=items)).drawings]


def _is_free(renderer: SceneRenderer, way: Sequence[Position]) -> bool:
    stands = [
        (item.x, item.z, (drawing.box[2] - drawing.box[0]) / 2)
        for item, drawing in zip(renderer.layout.items, renderer.drawings, strict=True)
        if _is_in_the_way(item, drawing)
    ]
    waters = [item for item in renderer.layout.items if item.kind in DEEP]
    return all(
        is_free(renderer.layout, x, z)
        and all(np.hypot(at_x - x, at_z - z) > half + BODY for at_x, at_z, half in stands)
        and all(_to_shore(item, x, z) > BODY for item in waters)
        for x, z in way
    )


def _is_in_the_way(item: Item, drawing: Drawing) -> bool:
    """Tell whether a walker may meet a thing: it stands on the floor, or is as high as a body."""
    if item.entry.where in PLANES:
        return False
    _, top, _, foot = drawing.box  # metres below its foot
    return item.entry.where == "floor" or (item.foot - top > STEP and item.foot - foot < HEAD)


def _to_shore(water: Item, x: float, z: float) -> float:
    """Return how far water is from a place [m]; below 0: within it."""
    ahead = np.array((water.x - x, water.z - z))
    if water.kind in COURSES:
        turn = np.radians(water.facing)
        across = float(ahead @ (np.sin(turn), np.cos(turn)))
        return across if water.entry.painter == "sea" else abs(across) - water.scale
    return float(np.hypot(*ahead)) - water.scale


def _reveals(renderer: SceneRenderer, end: Position) -> bool:
    """Tell whether the last thing of a layout shows from a place, and is hidden at first."""
    pose, number = CameraPose(x=end[0], z=end[1]), len(renderer.far) + len(renderer.layout.items)
    there = int((renderer.ring(*end).ids[ring_cells(pose)] == number).sum())
    return there >= REVEALED and bool((renderer.ring().ids == number).sum() <= HIDDEN * there)


def _carried(
    renderer: SceneRenderer, start: Ring, there: Ring, pose: CameraPose
) -> tuple[Frames, Mask]:
    shown = np.zeros((RING_HEIGHT, RING_WIDTH), bool)
    shown[ring_cells(CameraPose())] = True
    left, top = view_corner(pose.yaw, pose.pitch)
    column, row = int(np.floor(left)), int(np.floor(top))
    part = np.arange(row, row + HEIGHT + 1), np.arange(column, column + WIDTH + 1) % RING_WIDTH
    before, now = (geometry(renderer, one) for one in (start, there))
    found = carried(before, now, start.pixels, (there.viewer.x, there.viewer.z), shown, part)
    known: Mask = found[:HEIGHT, :WIDTH, 3] > 0
    return blended_view(found[..., :3], left - column, top - row, pose.fov), known


def masked_rows(mask: Mask, rows: int) -> Mask:
    """Return a mask of a view without what lies above or below its middle rows."""
    cut, above = np.zeros_like(mask), (HEIGHT - rows) // 2
    cut[above : above + rows] = mask[above : above + rows]
    return cut


def flat_view(view: Frames, pose: CameraPose, zoom: float, shift: float, step: int = 1) -> Frames:
    """Return a view turned to a pose's yaw, enlarged and shifted as a whole; edges are repeated.

    Args:
        view: uint8 [H, W, 3], straight ahead.
        pose: whose yaw counts.
        zoom: how much larger everything is.
        shift: to the right [px].
        step: takes every so many rows and columns.
    """
    height, width = view.shape[:2]
    turn = yaw_difference(pose.yaw, 0.0)
    across = np.arange(step // 2, width, step) + 0.5 - width / 2 + turn * WIDTH / 90.0 - shift
    down = np.arange(step // 2, height, step) + 0.5 - height / 2
    columns = np.floor(across / zoom + width / 2).astype(int).clip(0, width - 1)
    rows = np.floor(down / zoom + height / 2).astype(int).clip(0, height - 1)
    flat: Frames = view[rows[:, None], columns]
    return flat


def likest_flat(first: Frames, wanted: Frames, mask: Mask, pose: CameraPose) -> float:
    """Return how like a picture the first view can become as a whole, over a mask [dB].

    It is turned as the pose says, then moved to the side and enlarged as fits best.
    """

    def error(zoom: float, shift: float, step: int) -> float:
        part = (slice(step // 2, None, step),) * 2
        gap = flat_view(first, pose, zoom, shift, step).astype(np.float32) - wanted[part]
        return float(np.square(gap[mask[part]]).mean())

    if np.count_nonzero(mask) < LEAST_PIXELS:
        return 0.0
    tried = [(zoom, shift) for zoom in ZOOMS for shift in SHIFTS]
    zoom, shift = min(tried, key=lambda one: error(one[0], one[1], STEPS[0]))
    ratio, apart, least = float(ZOOMS[1] / ZOOMS[0]), float(SHIFTS[1] - SHIFTS[0]), np.inf
    for step in STEPS:
        ratio, apart = ratio**0.5, apart / 2
        ways = ((1 / ratio, 0.0), (ratio, 0.0), (1.0, -apart), (1.0, apart), (1.0, 0.0))
        around = {(zoom * z, shift + s): error(zoom * z, shift + s, step) for z, s in ways}
        zoom, shift = min(around, key=lambda one: around[one])
        least = around[zoom, shift]
    return min(MAX_PSNR, float(10 * np.log10(255.0**2 / max(least, 1e-9))))
