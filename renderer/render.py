"""Whole scenes: a category and a seed give a layout, and with a viewpoint its picture all around.

Version 3 of the renderer. Seeds below HELD_OUT are for training, the others for evaluation only.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.renderer import flats
from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.captions import caption
from mag_sandbox.renderer.drawing import Drawing
from mag_sandbox.renderer.indoors import lay_out_room, lay_out_stage
from mag_sandbox.renderer.lighting import flickering, relight
from mag_sandbox.renderer.motion import (
    CLOUD_SPEED,
    LABELS,
    STANDING,
    Gait,
    MotionLabel,
    flickered,
    gait,
    shimmered,
)
from mag_sandbox.renderer.outdoors import lay_out_land, lay_out_level
from mag_sandbox.renderer.paint import paint
from mag_sandbox.renderer.places import PLACES
from mag_sandbox.renderer.plan import Placed, Thing, things_of
from mag_sandbox.renderer.projection import START, Viewpoint, board, box_depth, plane_depth, surface
from mag_sandbox.renderer.ring_image import RingImage
from mag_sandbox.renderer.scene import Item, Layout
from mag_sandbox.renderer.setting import (
    FALLING,
    ambient_of,
    falling,
    far_of,
    glows_of,
    ground_of,
    ground_rows,
    haze_at,
    light_of,
    room_rows,
    weather_of,
)

RENDERER_VERSION = 3
HELD_OUT = 1_000_000  # first seed that training never sees
CATEGORIES = {"indoor": lay_out_room, "outdoor": lay_out_land, "object": lay_out_stage,
              "video game": lay_out_level}  # fmt: skip
PLANES = frozenset(("flat", "wall"))  # where things lie in the plane of a wall or of the ground


@dataclass(frozen=True, slots=True)
class Ring:
    """The view of a scene all around a viewer."""

    pixels: np.ndarray  # uint8 [RING_HEIGHT, RING_WIDTH, 3]
    depth: np.ndarray  # float32 [RING_HEIGHT, RING_WIDTH]; metres along the ground, inf: sky
    ids: np.ndarray  # int32 [RING_HEIGHT, RING_WIDTH]; number of the thing in each pixel, 0: none
    motions: np.ndarray  # uint8 [RING_HEIGHT, RING_WIDTH]; a `MotionLabel` of each pixel
    things: tuple[Thing, ...]  # from far to near
    layout: Layout
    viewer: Viewpoint = START

    @property
    def category(self) -> str:
        """The scene's category."""
        return self.layout.category

    @property
    def attributes(self) -> dict[str, str]:
        """Place, light and other properties of the scene that captions can state."""
        return self.layout.attributes

    def caption(self, index: int = 0) -> str:
        """Return one of endlessly many captions."""
        return caption(self.layout, index)


def category_of(seed: int) -> str:
    """Return the category of the scene of a seed where all take turns."""
    return list(CATEGORIES)[seed % len(CATEGORIES)]


def lay_out(category: str, seed: int, place: str | None = None) -> Layout:
    """Return the scene of a seed; the same in every process."""
    rng = np.random.default_rng([seed, list(CATEGORIES).index(category), 3])
    places = [one for one in PLACES.values() if one.category == category]
    drawn = places[int(rng.integers(len(places)))]
    return CATEGORIES[category](PLACES[place] if place else drawn, seed, rng)


def render(category: str, seed: int) -> Ring:
    """Draw the scene of a seed from where the player begins."""
    return SceneRenderer(lay_out(category, seed)).ring()


class SceneRenderer:
    """Draws one scene from any viewpoint, at any time.

    >>> renderer = SceneRenderer(lay_out("indoor", 7))
    >>> renderer.ring(0.5, -0.2).pixels.shape
    (384, 1280, 3)
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.light, self.ground = light_of(layout), ground_of(layout)
        self.haze = weather_of(layout).haze
        self.far = far_of(layout)
        self.drawings = [self._drawing(item) for item in layout.items]

    def ring(self, x: float = 0.0, z: float = 0.0, time: float = 0.0) -> Ring:
        """Draw the view all around a viewer at x, z [m], yaw 0 at column 0.

        `time` is in frames of 1/16 s since the scene at rest.
        """
        return _Shot(self, self._viewpoint(x, z), time).ring()

    def picture(
        self, x: float = 0.0, z: float = 0.0, time: float = 0.0, scale: int = 1
    ) -> np.ndarray:
        """Draw a ring's pixels alone; at rest also `scale` times as large as usual.

        Uint8 [RING_HEIGHT * scale, RING_WIDTH * scale, 3]. Raises ValueError as `ring` does.
        """
        shot = _Shot(self, self._viewpoint(x, z), time, scale)
        shot.draw()
        shot.draw_falling()
        return shot.pixels()

    def _viewpoint(self, x: float, z: float) -> Viewpoint:
        room = self.layout.room
        if room and not (room.left < x < room.right and room.back < z < room.front):
            raise ValueError(
                f"viewpoint ({x:g}, {z:g}) m is outside the room; x must be within "
                f"{room.left:.1f} to {room.right:.1f}, z within {room.back:.1f} to {room.front:.1f}"
            )
        return Viewpoint(x, z)

    def _drawing(self, item: Item) -> Drawing:
        if item.entry.where == "flat":
            return self._lit(flats.flat(item, self.ground), self.light.veil)
        snow = self.layout.attributes.get("weather") == "snowy" or self.layout.place == "snowfield"
        drawing = paint(item.kind, item.color, item.variant, self.light, snow=snow)
        drawing = self._lit(drawing.moved(0, 0, item.scale))
        return _on_wall(drawing, item) if item.entry.where == "wall" else drawing

    def _lit(self, drawing: Drawing, veil: float = 0.0) -> Drawing:
        if self.layout.room is not None:
            return drawing
        lit = drawing.tinted(self.light.tint)
        return replace(lit, colors=_hazed(lit.colors, veil, self.light.haze))

    def colors_at(self, index: int, distance: float) -> np.ndarray:
        """Return the colours of a board's polygons at a distance [m]: outdoors there is haze."""
        colors = self.drawings[index].colors
        if self.layout.room is not None:
            return colors
        return _hazed(colors, max(haze_at(distance, self.haze), self.light.veil), self.light.haze)

    @cached_property
    def background(self) -> RingImage:
        """The background at rest, which does not depend on the viewpoint."""
        return self.background_at(0.0)

    @cached_property
    def _clear(self) -> int:
        """How many of the far drawings are behind all clouds."""
        kinds = [kind for _, kind, _ in self.far]
        return kinds.index("cloud") if "cloud" in kinds else len(kinds)

    @cached_property
    def _sky(self) -> RingImage:
        """The sky behind all clouds, which is the same at any time."""
        return self._filled(RingImage(), 0, self._clear)

    def background_at(self, time: float, scale: int = 1) -> RingImage:
        """Return the background at a time: clouds drift."""
        drawn = self._clear if time and scale == 1 else 0
        image = RingImage(self._sky) if drawn else RingImage(scale=scale)
        self._filled(image, drawn, len(self.far), time)
        if self.layout.room is None:
            image.rows(ground_rows(self.layout), HORIZON)
        else:
            image.rows(room_rows(self.layout.room))
        return image

    def _filled(self, image: RingImage, first: int, end: int, time: float = 0.0) -> RingImage:
        """Draw some of the far drawings into an image and return it."""
        for index, (_, kind, drawing) in enumerate(self.far[first:end], first + 1):
            shift = CLOUD_SPEED * time if kind == "cloud" else 0.0
            points = np.add(drawing.points, (shift, 0.0))
            number = index if kind else 0  # bare sky is no thing
            image.fill(points, drawing.ends, drawing.colors, number, _labels(drawing))
        return image

    @cached_property
    def underfoot(self) -> Drawing:
        """Patches of the ground, or the shell of a room."""
        room = self.layout.room
        if room is not None:
            windows = [item for item in self.layout.items if item.kind.endswith("window")]
            return flats.shell(room, self.layout.attributes["light"], windows)
        rng = np.random.default_rng([self.layout.seed, 9])
        game = self.layout.category == "video game"
        return self._lit(flats.patches(rng, self.ground, game), self.light.veil)


class _Shot:
    """One picture of a scene while it is drawn."""

    def __init__(
        self, scene: SceneRenderer, viewer: Viewpoint, time: float, scale: int = 1
    ) -> None:
        self.scene, self.viewer, self.time = scene, viewer, time
        usual = not time and scale == 1
        self.image = RingImage(scene.background) if usual else scene.background_at(time, scale)
        self.gaits = [self._gait(index) for index in range(len(scene.layout.items))]
        self.items = [
            _walked(item, gait_) for item, gait_ in zip(scene.layout.items, self.gaits, strict=True)
        ]
        self.placed: list[Placed] = []

    def ring(self) -> Ring:
        self.draw()
        depth = self._depth(self.image.ids())
        self.draw_falling()
        pixels, ids, motions = self.pixels(), self.image.ids(), self.image.motions()
        things = things_of(pixels, ids, self.placed)
        return Ring(pixels, depth, ids, motions, things, self.scene.layout, self.viewer)

    def pixels(self) -> np.ndarray:
        layout, pixels = self.scene.layout, self.image.pixels()
        glows = []
        if layout.room is not None:
            glows = glows_of(layout, self.viewer, self.image.scale)
            pixels = relight(pixels, ambient_of(layout), glows)
        if not self.time:
            return pixels
        motions = self.image.motions()
        share = (motions == MotionLabel.FLICKER).astype(np.float32)
        if layout.room is not None:
            share = np.maximum(share, flickering(glows, RING_HEIGHT, RING_WIDTH))
        pixels = shimmered(pixels, motions == MotionLabel.SHIMMER, self.time)
        return flickered(pixels, share, self.time)

    def draw(self) -> None:
        scene = self.scene
        for number, (_, kind, drawing) in enumerate(scene.far, 1):
            if kind:
                self.placed.append((number, kind, None, np.inf, drawing.box))
        under = scene.underfoot
        points = surface(under.points, under.ends, self.viewer)
        self.image.fill(points, under.ends, under.colors, 0, _labels(under))
        for index in self._order():
            self._draw(index)

    def _gait(self, index: int) -> Gait:
        item, drawing = self.scene.layout.items[index], self.scene.drawings[index]
        if not self.time or item.support >= 0 or item.entry.where in PLANES:
            return STANDING
        _, top, _, bottom = drawing.box
        return gait(item.entry, bottom - top, bool(drawing.swings.any()), self.time)

    def _order(self) -> list[int]:
        """Return the numbers of all items, from far to near; those in planes come first."""
        planes: list[int] = []
        boards: list[int] = []
        for index, item in enumerate(self.items):
            (planes if item.entry.where in PLANES else boards).append(index)

        def nearness(index: int) -> tuple[float, int]:
            item = self.items[index]
            base = self.items[item.support] if item.support >= 0 else item
            return -self.viewer.distance(base.x, base.z), index

        return planes + sorted(boards, key=nearness)

    def _draw(self, index: int) -> None:
        scene, item, drawing = self.scene, self.items[index], self.scene.drawings[index]
        distance = self.viewer.distance(item.x, item.z)
        colors, labels = drawing.colors, _labels(drawing)
        if item.entry.where in PLANES:
            points = surface(drawing.points, drawing.ends, self.viewer)
        else:
            moved = self.gaits[index]
            shape = drawing.walking(moved.phase) if moved.phase else drawing
            shape = shape.moved(0, 0, 1.0, moved.turned) if moved.turned else shape
            points = board(shape.points, self.viewer, item.x, item.foot, item.z)
            colors = scene.colors_at(index, distance)
            if drawing.swings.any() or item.entry.where == "water":
                labels = [MotionLabel.WALKER] * len(labels)
        number = len(scene.far) + index + 1
        box = self.image.fill(points, drawing.ends, colors, number, labels)
        box = flats.course_box(item, self.viewer) or box
        self.placed.append((number, item.kind, item, distance, box))

    def draw_falling(self) -> None:
        scene, layout = self.scene, self.scene.layout
        kind = FALLING.get(layout.attributes.get("weather", ""))
        if kind is None:
            return
        drawing = falling(kind, layout.seed, scene.light, self.time)
        number = len(scene.far) + len(layout.items) + 1
        labels = [MotionLabel.FALLING] * len(drawing.ends)
        self.image.fill(drawing.points, drawing.ends, drawing.colors, number, labels)
        everywhere = 0.0, 0.0, float(RING_WIDTH), float(RING_HEIGHT)
        self.placed.append((number, kind, None, 0.0, everywhere))

    def _depth(self, ids: np.ndarray) -> np.ndarray:
        """Return the distance of each pixel; rain and snow do not count."""
        room, viewer = self.scene.layout.room, self.viewer
        depth = plane_depth(-EYE)[:, None]
        if room is not None:
            walls = box_depth(room.left, room.right, room.back, room.front, viewer)
            depth = np.minimum(np.minimum(depth, plane_depth(room.tall - EYE)[:, None]), walls)
        first = len(self.scene.far) + 1
        own = np.full(first + len(self.items), np.nan, np.float32)
        for index, item in enumerate(self.items):
            if item.entry.where not in PLANES:
                own[first + index] = viewer.distance(item.x, item.z)
        of_things = own[ids]
        return np.where(np.isnan(of_things), depth, of_things).astype(np.float32)


def _labels(drawing: Drawing) -> list[MotionLabel]:
    return [LABELS[motion] for motion in drawing.motions]


def _walked(item: Item, moved: Gait) -> Item:
    """Return where a thing is that walks across the first view; things face left if even."""
    if moved is STANDING:
        return item
    away = np.hypot(item.x, item.z)
    across = moved.along * (1 if item.variant % 2 else -1) / max(away, 0.1)
    x, z = item.x + item.z * across, item.z - item.x * across
    return replace(item, x=float(x), z=float(z), foot=item.foot + moved.up)


def _hazed(colors: np.ndarray, amount: float, haze: tuple[int, int, int]) -> np.ndarray:
    hazed = colors.copy()
    hazed[:, :3] += (np.array(haze) - hazed[:, :3]) * amount
    return hazed


def _on_wall(drawing: Drawing, item: Item) -> Drawing:
    """Bring a drawing to its wall: x, height, z [m]."""
    right = np.radians(item.facing)
    points, ends = [], []
    first = 0
    for end in drawing.ends:
        outline = flats.subdivided(drawing.points[first:end], 0.4)
        points.append(outline)
        ends.append(len(outline))
        first = end
    flat = np.concatenate(points)
    x = item.x + flat[:, 0] * np.cos(right)
    z = item.z - flat[:, 0] * np.sin(right)
    placed = np.stack((x, item.foot - flat[:, 1], z), axis=1)
    return replace(drawing, points=placed, ends=np.cumsum(ends))
