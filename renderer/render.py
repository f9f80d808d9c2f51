"""Whole scenes: a category and a seed give a layout, and with a viewpoint its picture all around.

Version 3 of the renderer. Seeds below HELD_OUT are for training, the others for evaluation only.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mag_sandbox.renderer import flats, palettes
from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH, SUPERSAMPLE
from mag_sandbox.renderer.captions import caption
from mag_sandbox.renderer.drawing import Drawing, ShapeRecorder
from mag_sandbox.renderer.falling import FALLING, falling
from mag_sandbox.renderer.game_themes import SKIES, THEMES
from mag_sandbox.renderer.indoors import lay_out_room, lay_out_stage
from mag_sandbox.renderer.lighting import Glow, relight
from mag_sandbox.renderer.outdoors import lay_out_land, lay_out_level
from mag_sandbox.renderer.paint import paint
from mag_sandbox.renderer.painters import nature
from mag_sandbox.renderer.painters.sketch import darker, lighter, mix
from mag_sandbox.renderer.painters.stamp import Light, lightened, shaded, tinted
from mag_sandbox.renderer.places import GROUNDS, PLACES, WEATHERS
from mag_sandbox.renderer.plan import Thing, things_of
from mag_sandbox.renderer.projection import (
    EYE,
    PIXELS_PER_RADIAN,
    Viewpoint,
    board,
    box_depth,
    plane_depth,
    rows_of,
    surface,
)
from mag_sandbox.renderer.ring_image import RingImage
from mag_sandbox.renderer.scene import Item, Layout

RENDERER_VERSION = 3
HELD_OUT = 1_000_000  # first seed that training never sees
CATEGORIES = {"indoor": lay_out_room, "outdoor": lay_out_land, "object": lay_out_stage,
              "video game": lay_out_level}  # fmt: skip
SUN_HEIGHT = {"dawn": 152, "noon": 62, "afternoon": 96, "sunset": 150, "dusk": 80, "night": 78}
HAZE_DISTANCE = 110.0  # metres
# brighter than that of version 2, in which colours could hardly be told
NIGHT = palettes.LIGHTS["night"]._replace(tint=(0.6, 0.66, 0.92), veil=0.14)
UNDERWATER = Light(
    (34, 104, 156), (66, 156, 190), (140, 210, 214), (0.8, 0.96, 1.0), (104, 184, 204),
    (255, 255, 230), (200, 230, 236), (160, 210, 220), (92, 122, 158), 40,
)  # fmt: skip
SPACE = Light(
    (12, 12, 28), (18, 18, 40), (30, 30, 56), (0.94, 0.94, 1.0), (60, 60, 84),
    (236, 236, 226), (90, 90, 120), (60, 60, 90), (255, 214, 122), 60,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ring:
    """What a viewer sees all around."""

    pixels: np.ndarray  # uint8 [RING_HEIGHT, RING_WIDTH, 3]
    depth: np.ndarray  # float32 [RING_HEIGHT, RING_WIDTH]; metres along the ground, inf: sky
    ids: np.ndarray  # int32 [RING_HEIGHT, RING_WIDTH]; which thing each pixel shows, 0: none
    things: tuple[Thing, ...]  # from far to near
    layout: Layout

    @property
    def category(self) -> str:
        """The scene's category."""
        return self.layout.category

    @property
    def attributes(self) -> dict[str, str]:
        """What captions can say of the scene as a whole."""
        return self.layout.attributes

    def caption(self, index: int = 0) -> str:
        """Return one of endlessly many captions."""
        return caption(self.layout, index)


def lay_out(category: str, seed: int) -> Layout:
    """Return the scene of a seed; the same in every process."""
    rng = np.random.default_rng([seed, list(CATEGORIES).index(category), 3])
    places = [place for place in PLACES.values() if place.category == category]
    place = places[int(rng.integers(len(places)))]
    return CATEGORIES[category](place, seed, rng)


def render(category: str, seed: int) -> Ring:
    """Draw the scene of a seed from where the player begins."""
    return SceneRenderer(lay_out(category, seed)).ring()


class SceneRenderer:
    """Draws one scene from any viewpoint.

    >>> renderer = SceneRenderer(lay_out("indoor", 7))
    >>> renderer.ring(0.5, -0.2).pixels.shape
    (384, 1280, 3)
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.attributes = layout.attributes
        self.light = _light(layout)
        self.ground = _ground(layout)
        self.haze = WEATHERS[self.attributes.get("weather", "clear")].haze
        self._drawings = [self._drawing(item) for item in layout.items]

    def ring(self, x: float = 0.0, z: float = 0.0) -> Ring:
        """Return what a viewer sees at x, z [m], looking ahead at column 0."""
        return _Shot(self, Viewpoint(x, z)).ring()

    def _drawing(self, item: Item) -> Drawing:
        where = item.entry.where
        if where == "flat":
            return self._lit(flats.flat(item, self.ground))
        snow = self.attributes.get("weather") == "snowy" or self.layout.place == "snowfield"
        drawing = paint(item.kind, item.color, item.variant, self.light, snow=snow)
        if self.layout.room is None:
            drawing = drawing.tinted(self.light.tint)
        drawing = drawing.moved(0, 0, item.scale)
        return _on_wall(drawing, item) if where == "wall" else drawing

    @cached_property
    def far(self) -> list[tuple[str, str, Drawing]]:
        """What lies at infinity, from far to near: attribute, value, drawing in ring pixels."""
        recorder = ShapeRecorder()
        _paint_far(recorder, self)
        return recorder.finished()

    @cached_property
    def background(self) -> RingImage:
        """What is behind all things and does not depend on the viewpoint."""
        image = RingImage()
        for number, (_, _, drawing) in enumerate(self.far, 1):
            image.fill(drawing.points, drawing.ends, drawing.colors, number)
        if self.layout.room is None:
            image.rows(_ground_rows(self), HORIZON)
        else:
            image.rows(_room_rows(self))
        return image

    @cached_property
    def underfoot(self) -> Drawing:
        """What enlivens the ground, or the shell of a room."""
        room = self.layout.room
        if room is not None:
            windows = [item for item in self.layout.items if item.kind.endswith("window")]
            return flats.shell(room, self.attributes["light"], windows)
        rng = np.random.default_rng([self.layout.seed, 9])
        game = self.layout.category == "video game"
        return self._lit(flats.patches(rng, self.ground, game))

    def _lit(self, drawing: Drawing) -> Drawing:
        """Return what lies on the ground, under the light of the scene."""
        if self.layout.room is not None:
            return drawing
        lit = drawing.tinted(self.light.tint)
        return replace(lit, colors=_hazed(lit.colors, self.light.veil, self.light.haze))


class _Shot:
    """One viewpoint of a scene while it is drawn."""

    def __init__(self, scene: SceneRenderer, viewer: Viewpoint) -> None:
        self.scene, self.viewer = scene, viewer
        self.image = RingImage(scene.background)
        self.placed: list[tuple[int, str, Item | None, float, tuple[float, ...]]] = []

    def ring(self) -> Ring:
        scene, viewer = self.scene, self.viewer
        for number, (_, value, drawing) in enumerate(scene.far, 1):
            if value:
                self.placed.append((number, value, None, np.inf, drawing.box))
        under = scene.underfoot
        self.image.fill(surface(under.points, under.ends, viewer), under.ends, under.colors, 0)
        for index in self._order():
            self._draw(index)
        self._draw_falling()
        pixels, ids = self.image.pixels(), self.image.ids()
        if scene.layout.room is not None:
            pixels = relight(pixels, _ambient(scene), self._glows())
        things = things_of(pixels, ids, self.placed)
        return Ring(pixels, self._depth(ids), ids, things, scene.layout)

    def _order(self) -> list[int]:
        """Return the numbers of all items, from far to near; what lies flat comes first."""
        items, viewer = self.scene.layout.items, self.viewer
        flat = [index for index, item in enumerate(items) if item.entry.where in ("flat", "wall")]
        boards = [
            index for index, item in enumerate(items) if item.entry.where not in ("flat", "wall")
        ]

        def key(index: int) -> tuple[float, int]:
            item = items[index]
            base = items[item.support] if item.support >= 0 else item
            return -viewer.distance(base.x, base.z), index

        return flat + sorted(boards, key=key)

    def _draw(self, index: int) -> None:
        scene, item = self.scene, self.scene.layout.items[index]
        drawing = scene._drawings[index]
        number = len(scene.far) + index + 1
        distance = self.viewer.distance(item.x, item.z)
        colors = drawing.colors
        if item.entry.where in ("flat", "wall"):
            points = surface(drawing.points, drawing.ends, self.viewer)
        else:
            points = board(drawing.points, self.viewer, item.x, item.foot, item.z)
            if scene.layout.room is None:
                amount = max(_haze_at(distance, scene.haze), scene.light.veil)
                colors = _hazed(colors, amount, scene.light.haze)
        box = self.image.fill(points, drawing.ends, colors, number)
        self.placed.append((number, item.kind, item, distance, box))

    def _draw_falling(self) -> None:
        scene = self.scene
        kind = FALLING.get(scene.attributes.get("weather", ""))
        if kind is None:
            return
        drawing = falling(kind, scene.layout.seed, scene.light)
        number = len(scene.far) + len(scene.layout.items) + 1
        self.image.fill(drawing.points, drawing.ends, drawing.colors, number)
        everywhere = 0.0, 0.0, float(RING_WIDTH), float(RING_HEIGHT)
        self.placed.append((number, kind, None, 0.0, everywhere))

    def _depth(self, ids: np.ndarray) -> np.ndarray:
        room, viewer, items = self.scene.layout.room, self.viewer, self.scene.layout.items
        depth = plane_depth(-EYE)[:, None]
        if room is None:
            depth = np.broadcast_to(depth, ids.shape)
        else:
            walls = box_depth(room.left, room.right, room.back, room.front, viewer)
            depth = np.minimum(np.minimum(depth, plane_depth(room.tall - EYE)[:, None]), walls)
        first = len(self.scene.far) + 1
        own = np.full(first + len(items) + 1, np.nan, np.float32)
        for index, item in enumerate(items):
            if item.entry.where not in ("flat", "wall"):
                own[first + index] = viewer.distance(item.x, item.z)
        of_things = own[ids]
        return np.where(np.isnan(of_things), depth, of_things).astype(np.float32)

    def _glows(self) -> list[Glow]:
        """Return the pools of light in a room, as they appear from here."""
        glows = []
        light = self.scene.attributes["light"]
        for item in self.scene.layout.items:
            strength, spread, high, flickers = _SHINING.get(_shines(item), (None, 0, 0, False))
            if strength is None:
                continue
            if item.entry.where == "wall" and item.kind.endswith("window"):
                strength = palettes.SUN.get(light, (0.2, 0.2, 0.2))
            distance = max(self.viewer.distance(item.x, item.z), 0.8)
            column = self.viewer.yaw(item.x, item.z) % (2 * np.pi) * PIXELS_PER_RADIAN
            row = float(rows_of(np.array(item.foot + high * item.scale), distance))
            reach = spread / distance * PIXELS_PER_RADIAN
            power = _LAMP_POWER.get(light, 0.35) if flickers else 0.42
            glows.append(Glow(column, row, reach, reach * 0.8, tuple(power * c for c in strength)))
        return glows


# colour, reach [m], height above its foot [m], whether it is a flame or a lamp
_SHINING = {
    "lamp": ((1.0, 0.8, 0.48), 1.4, 1.3, True), "fire": ((1.0, 0.6, 0.24), 0.9, 0.4, True),
    "window": ((0.4, 0.4, 0.36), 1.1, 0.7, False), "shown": ((0.5, 0.46, 0.4), 0.9, 1.2, True),
}  # fmt: skip
_LAMP_POWER = {"daylight": 0.12, "evening": 0.34, "lamplight": 0.52, "dim": 0.5,
               "spotlights": 0.9, "soft light": 0.2, "warm light": 0.6}  # fmt: skip


def _shines(item: Item) -> str:
    if item.kind in (
        "floor lamp",
        "hanging lamp",
        "wall lamp",
        "table lamp",
        "torch",
        "chandelier",
    ):
        return "lamp"
    if item.kind in ("fireplace", "candle", "camp fire", "stove", "lantern"):
        return "fire"
    if item.kind.endswith("window"):
        return "window"
    return "shown" if item.support < 0 and item.kind in _STANDS else ""


_STANDS = frozenset(("pedestal", "table with a cloth", "steps", "box", "podium"))


def _ambient(scene: SceneRenderer) -> tuple[tuple[float, float, float], ...]:
    light = scene.attributes["light"]
    return palettes.STAGE_AMBIENT.get(light) or palettes.AMBIENT[light]


def _light(layout: Layout) -> Light:
    attributes = layout.attributes
    if layout.category == "video game":
        return SKIES[attributes["sky_color"]]
    if layout.category != "outdoor":
        night = attributes["light"] in ("lamplight", "dim")
        return palettes.LIGHTS["dusk" if night else "noon"]
    if layout.place == "moon":
        return SPACE
    if attributes["weather"] == "underwater":
        return UNDERWATER
    light = (
        NIGHT
        if attributes["time_of_day"] == "night"
        else palettes.LIGHTS[attributes["time_of_day"]]
    )
    return palettes.weathered(light, WEATHERS[attributes["weather"]])


def _ground(layout: Layout) -> palettes.Ground:
    if layout.category == "video game":
        theme = THEMES[PLACES[layout.place].name]
        far, near = (mix(theme.turf, theme.soil, share) for share in (0.25, 0.5))
        path = lightened(theme.soil, 0.3)
        return palettes.Ground(far, near, theme.far, theme.far, theme.far, path)
    if layout.category != "outdoor":
        return GROUNDS["meadow"]
    if layout.attributes["weather"] == "snowy":
        return palettes.SNOW_GROUND
    return GROUNDS[(PLACES[layout.place].some("ground") or (layout.place,))[0]]


def _haze_at(distance: float, haze: float) -> float:
    """Return how much of a thing's colour is lost at a distance [m], 0 to 1."""
    clear = 0.55 * (1 - np.exp(-distance / HAZE_DISTANCE))
    return float(min(0.92, clear + 1.5 * haze * (1 - np.exp(-distance / 22.0))))


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


def _ground_rows(scene: SceneRenderer) -> np.ndarray:
    """Return the colours of bare ground below the horizon, uint8 [rows, 3]."""
    rows = (np.arange((RING_HEIGHT - HORIZON) * SUPERSAMPLE) + 0.5) / SUPERSAMPLE
    distance = EYE / np.tan(rows / PIXELS_PER_RADIAN)
    light, ground = scene.light, scene.ground
    far, near = (np.array(tinted(color, light), float) for color in (ground.far, ground.near))
    share = np.exp(-distance / 9.0)[:, None]
    colors = far + (near - far) * share
    amount = np.array([_haze_at(d, scene.haze) for d in distance])[:, None]
    colors += (np.array(light.haze) - colors) * np.maximum(amount, light.veil)
    return np.rint(colors).clip(0, 255).astype(np.uint8)


def _room_rows(scene: SceneRenderer) -> np.ndarray:
    """Return the colours of a bare ceiling and floor, uint8 [rows, 3]."""
    room = scene.layout.room
    up, down = flats.ceiling_color(room), flats.floor_color(room)
    half = np.linspace(0, 1, HORIZON * SUPERSAMPLE)[:, None]
    above = np.array(darker(up, 0.14)) * (1 - half) + np.array(up) * half
    below = np.array(lighter(down, 0.06)) * (1 - half) + np.array(darker(down, 0.14)) * half
    return np.rint(np.concatenate((above, below))).astype(np.uint8)


def _paint_far(recorder: ShapeRecorder, scene: SceneRenderer) -> None:
    """Paint sky, sun, clouds and what stands at the horizon, in ring pixels."""
    if scene.layout.room is not None:
        return
    a, light = scene.attributes, scene.light
    rng = np.random.default_rng([scene.layout.seed, 8])
    weather = WEATHERS[a.get("weather", "clear")]
    nature.sky(recorder, light)
    if a["sky"] in ("stars", "planets") or scene.layout.place == "moon":
        with recorder.thing("sky", "starry sky"):
            nature.stars(recorder, light, rng)
    disc = None
    if a["celestial"] in nature.DISCS:
        disc = float(rng.uniform(0, RING_WIDTH)), SUN_HEIGHT.get(a.get("time_of_day", ""), 80)
        with recorder.thing("celestial", a["celestial"]):
            nature.DISCS[a["celestial"]](recorder, light, *disc, float(rng.uniform(22, 30)))
    if a["sky"] == "planets":
        for index in range(5):
            with recorder.thing("sky", "planet"):
                _planet(recorder, index, rng)
    if weather.clouds and scene.layout.place != "moon":
        cloudy = a.get("weather") == "cloudy" or a["sky"] == "clouds"
        named = ("weather", "cloud") if cloudy else ("", "cloud")
        nature.clouds(recorder, light, rng, weather.clouds, weather.cloud_size, named, disc)
    _paint_relief(recorder, scene, rng, weather.haze)


def _paint_relief(
    recorder: ShapeRecorder, scene: SceneRenderer, rng: np.random.Generator, haze: float
) -> None:
    relief, light, ground = scene.attributes["relief"], scene.light, scene.ground
    with recorder.thing("relief", relief):
        if relief in ("mountains", "snowy peaks"):
            snow = 0.38 if relief == "snowy peaks" else 0.0
            nature.mountains(recorder, light, rng, ground.mountain, haze, snow)
        elif relief == "flat land":
            nature.low_land(recorder, light, rng, ground.hill, haze)
        else:
            painter = {"hills": nature.hills, "dunes": nature.dunes, "mesas": nature.mesas}[relief]
            color = ground.mountain if relief == "mesas" else ground.hill
            painter(recorder, light, rng, color, haze)


def _planet(recorder: ShapeRecorder, index: int, rng: np.random.Generator) -> None:
    x, y = index * RING_WIDTH / 5 + float(rng.uniform(0, 150)), float(rng.uniform(36, 120))
    color = ((236, 148, 96), (132, 176, 226), (206, 128, 196), (150, 206, 156))[index % 4]
    half = float(rng.uniform(18, 38))
    recorder.ellipse(x - half, y - half, x + half, y + half, shaded(color, 0.35))
    recorder.ellipse(x - half * 0.96, y - half, x + half * 0.64, y + half * 0.68, color)
