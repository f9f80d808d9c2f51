"""The surroundings of things: light, haze, sky, bare ground, pools of light, rain and snow."""

import numpy as np

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.renderer import flats, palettes
from mag_sandbox.renderer.canvas import (
    HORIZON,
    RING_HEIGHT,
    RING_WIDTH,
    SUPERSAMPLE,
    Canvas,
    Motion,
)
from mag_sandbox.renderer.drawing import Drawing, drawing_of, drawings_of
from mag_sandbox.renderer.game_themes import LEVEL_COLORS, SKIES
from mag_sandbox.renderer.indoors import STANDS
from mag_sandbox.renderer.lighting import Glow, Triple, dimmed
from mag_sandbox.renderer.motion import PERIOD
from mag_sandbox.renderer.painters import nature
from mag_sandbox.renderer.painters.sketch import darker, lighter
from mag_sandbox.renderer.painters.stamp import Light, lightened, mix, shaded, tinted
from mag_sandbox.renderer.places import PLACES
from mag_sandbox.renderer.projection import PIXELS_PER_RADIAN, Viewpoint, rows_of
from mag_sandbox.renderer.scene import Item, Layout, RoomBox

SUN_HEIGHT = {"dawn": 152, "noon": 62, "afternoon": 96, "sunset": 150, "dusk": 80, "night": 78}
HAZE_DISTANCE = 110.0  # metres
UNDERWATER = Light(
    (34, 104, 156), (66, 156, 190), (140, 210, 214), (0.8, 0.96, 1.0), (104, 184, 204),
    (255, 255, 230), (200, 230, 236), (160, 210, 220), (92, 122, 158), 40,
)  # fmt: skip
SPACE = Light(
    (12, 12, 28), (18, 18, 40), (30, 30, 56), (0.94, 0.94, 1.0), (60, 60, 84),
    (236, 236, 226), (90, 90, 120), (60, 60, 90), (255, 214, 122), 60,
)  # fmt: skip
# colour, reach [m], height above its foot [m], flickers
_SHINING = {
    "lamp": ((1.0, 0.8, 0.48), 1.4, 1.3, True), "fire": ((1.0, 0.6, 0.24), 0.9, 0.4, True),
    "window": ((0.4, 0.4, 0.36), 1.1, 0.7, False), "shown": ((0.5, 0.46, 0.4), 0.9, 1.2, True),
}  # fmt: skip
_LAMP_POWER = {"daylight": 0.12, "evening": 0.34, "lamplight": 0.52, "dim": 0.5,
               "spotlights": 0.9, "soft light": 0.2, "warm light": 0.6}  # fmt: skip
_LAMPS = "floor lamp", "hanging lamp", "wall lamp", "table lamp", "torch", "chandelier"
_FIRES = "fireplace", "candle", "camp fire", "stove", "lantern"


def _light_source(item: Item) -> str:
    """Return the light of a thing, one of `_SHINING`; "": it does not shine."""
    if item.kind.endswith("window"):
        return "window"
    if item.kind in STANDS:
        return "shown" if item.support < 0 else ""
    return "lamp" if item.kind in _LAMPS else "fire" if item.kind in _FIRES else ""


def glows_of(layout: Layout, viewer: Viewpoint, scale: int = 1) -> list[Glow]:
    """Return the pools of light in a room, as they appear in a picture of a scale."""
    glows = []
    light = layout.attributes["light"]
    for item in layout.items:
        strength, spread, high, flickers = _SHINING.get(_light_source(item), (None, 0, 0, False))
        if strength is None:
            continue
        if item.entry.where == "wall" and item.kind.endswith("window"):
            strength = palettes.SUN.get(light, (0.2, 0.2, 0.2))
        distance = max(viewer.distance(item.x, item.z), 0.8)
        pixels = PIXELS_PER_RADIAN * scale
        column = viewer.yaw(item.x, item.z) % (2 * np.pi) * pixels
        row = float(rows_of(np.array(item.foot + high * item.scale), distance)) * scale
        reach = spread / distance * pixels
        power = _LAMP_POWER.get(light, 0.35) if flickers else 0.42
        color = dimmed(strength, power)
        glows.append(Glow(column, row, reach, reach * 0.8, color, flickers=flickers))
    return glows


def ambient_of(layout: Layout) -> tuple[Triple, ...]:
    """Return the light of a room: factors on red, green, blue above, ahead and below."""
    light = layout.attributes["light"]
    return palettes.STAGE_AMBIENT.get(light) or palettes.AMBIENT[light]


def weather_of(layout: Layout) -> palettes.Weather:
    """Return the weather of a scene."""
    return palettes.WEATHERS[layout.attributes.get("weather", "clear")]


def light_of(layout: Layout) -> Light:
    """Return the light of a scene."""
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
    return palettes.weathered(palettes.LIGHTS[attributes["time_of_day"]], weather_of(layout))


def ground_of(layout: Layout) -> palettes.Ground:
    """Return the colours of the land."""
    if layout.category == "video game":
        level = LEVEL_COLORS[PLACES[layout.place].name]
        far, near = (mix(level.turf, level.soil, share) for share in (0.25, 0.5))
        path = lightened(level.soil, 0.3)
        return palettes.Ground(far, near, level.far, level.far, path)
    if layout.category != "outdoor":
        return palettes.GROUNDS["meadow"]
    if layout.attributes["weather"] == "snowy":
        return palettes.SNOW_GROUND
    return palettes.GROUNDS[(PLACES[layout.place].some("ground") or (layout.place,))[0]]


def haze_at(distance: float, haze: float) -> float:
    """Return the share of a thing's colour that is lost at a distance [m], 0 to 1."""
    clear = 0.55 * (1 - np.exp(-distance / HAZE_DISTANCE))
    return float(min(0.92, clear + 1.5 * haze * (1 - np.exp(-distance / 22.0))))


def ground_rows(layout: Layout) -> np.ndarray:
    """Return the colours of bare ground below the horizon, uint8 [rows, 3]."""
    rows = (np.arange((RING_HEIGHT - HORIZON) * SUPERSAMPLE) + 0.5) / SUPERSAMPLE
    distance = EYE / np.tan(rows / PIXELS_PER_RADIAN)
    light, ground, haze = light_of(layout), ground_of(layout), weather_of(layout).haze
    far, near = (np.array(tinted(color, light), float) for color in (ground.far, ground.near))
    share = np.exp(-distance / 9.0)[:, None]
    colors = far + (near - far) * share
    amount = np.array([haze_at(d, haze) for d in distance])[:, None]
    colors += (np.array(light.haze) - colors) * np.maximum(amount, light.veil)
    return np.asarray(np.rint(colors).clip(0, 255), np.uint8)


def room_rows(room: RoomBox) -> np.ndarray:
    """Return the colours of a bare ceiling and floor, uint8 [rows, 3]."""
    up, down = flats.ceiling_color(room), flats.floor_color(room)
    half = np.linspace(0, 1, HORIZON * SUPERSAMPLE)[:, None]
    above = np.array(darker(up, 0.14)) * (1 - half) + np.array(up) * half
    below = np.array(lighter(down, 0.06)) * (1 - half) + np.array(darker(down, 0.14)) * half
    return np.rint(np.concatenate((above, below))).astype(np.uint8)


def far_of(layout: Layout) -> list[tuple[str, str, Drawing]]:
    """Return sky, hills and clouds from far to near: attribute, kind, drawing in ring pixels.

    Attributes are "" where captions name nothing, kinds are "" where nothing has a place.
    """
    canvas = Canvas()
    if layout.room is None:
        rng = np.random.default_rng([layout.seed, 8])
        with canvas.moving(Motion.SKY):
            _paint_sky(canvas, layout, rng)
        _paint_relief(canvas, layout, rng)
    return drawings_of(canvas)


def _paint_sky(canvas: Canvas, layout: Layout, rng: np.random.Generator) -> None:
    a, light, weather = layout.attributes, light_of(layout), weather_of(layout)
    nature.sky(canvas, light)
    if a["sky"] in ("stars", "planets") or layout.place == "moon":
        with canvas.thing("sky", "starry sky"):
            nature.stars(canvas, light, rng)
    disc = None
    if a["celestial"] in nature.DISCS:
        disc = float(rng.uniform(0, RING_WIDTH)), SUN_HEIGHT.get(a.get("time_of_day", ""), 80)
        with canvas.thing("celestial", a["celestial"]):
            nature.DISCS[a["celestial"]](canvas, light, *disc, float(rng.uniform(22, 30)))
    if a["sky"] == "planets":
        for index in range(5):
            with canvas.thing("sky", "planet"):
                _planet(canvas, index, rng)
    if a.get("weather") == "stormy":
        for x in rng.uniform(0, RING_WIDTH, 3):
            with canvas.thing("weather", "lightning"), canvas.moving(Motion.FLICKER):
                _lightning(canvas, float(x), float(rng.uniform(0.8, 1.1)))
    if weather.clouds and layout.place != "moon":
        cloudy = a.get("weather") == "cloudy" or a["sky"] == "clouds"
        named = ("weather", "cloud") if cloudy else ("", "cloud")
        nature.clouds(canvas, light, rng, weather.clouds, weather.cloud_size, named, disc)


def _paint_relief(canvas: Canvas, layout: Layout, rng: np.random.Generator) -> None:
    relief, light, ground = layout.attributes["relief"], light_of(layout), ground_of(layout)
    haze = weather_of(layout).haze
    with canvas.thing("relief", relief):
        if relief in ("mountains", "snowy peaks"):
            snow = 0.38 if relief == "snowy peaks" else 0.0
            nature.mountains(canvas, light, rng, ground.mountain, haze, snow)
        elif relief == "flat land":
            nature.low_land(canvas, light, rng, ground.hill, haze)
        else:
            painter = {"hills": nature.hills, "dunes": nature.dunes, "mesas": nature.mesas}[relief]
            color = ground.mountain if relief == "mesas" else ground.hill
            painter(canvas, light, rng, color, haze)


def _lightning(canvas: Canvas, x: float, size: float) -> None:
    bolt = (0, 0), (26, 0), (8, 52), (34, 52), (-12, 128), (2, 72), (-22, 72)
    canvas.polygon([(x + dx * size, 48 + dy * size) for dx, dy in bolt], (255, 240, 168))


def _planet(canvas: Canvas, index: int, rng: np.random.Generator) -> None:
    x, y = index * RING_WIDTH / 5 + float(rng.uniform(0, 150)), float(rng.uniform(36, 120))
    color = ((236, 148, 96), (132, 176, 226), (206, 128, 196), (150, 206, 156))[index % 4]
    half = float(rng.uniform(18, 38))
    canvas.ellipse(x - half, y - half, x + half, y + half, shaded(color, 0.35))
    canvas.ellipse(x - half * 0.96, y - half, x + half * 0.64, y + half * 0.68, color)


FALLING = {"rainy": "falling rain", "stormy": "falling rain", "snowy": "falling snow"}
FLAKES, DROPS = 110, 120
SWAY, SWAY_PERIOD = 6.0, 64  # px to either side, frames
DROP_LENGTH, SLANT = 24.0, 0.14  # px; sideways for each pixel down
ABOVE = 40.0  # px above the ring where things begin to fall
# px a frame; whole falls in a period
FLAKE_SPEED, DROP_SPEED = ((RING_HEIGHT + ABOVE) * falls / PERIOD for falls in (1, 9))


def falling(kind: str, seed: int, light: Light, time: float = 0.0) -> Drawing:
    """Return the drops or flakes at a time, in ring pixels.

    Args:
        kind: "falling rain" or "falling snow".
        seed: of the scene.
        light: of the scene.
        time: in frames since the still picture.
    """
    rng, canvas = np.random.default_rng([seed, 6]), Canvas()
    tall = RING_HEIGHT + ABOVE
    if kind == "falling snow":
        flake = (*tinted((255, 255, 255), light, 0.15), 225)
        x, y = rng.uniform(0, RING_WIDTH, FLAKES), rng.uniform(0, tall, FLAKES)
        half, phase = rng.uniform(2.4, 4.2, FLAKES), rng.uniform(0, 2 * np.pi, FLAKES)
        x = x + SWAY * (np.sin(2 * np.pi * time / SWAY_PERIOD + phase) - np.sin(phase))
        y = (y + FLAKE_SPEED * time) % tall - ABOVE
        for middle, row, reach in zip(x, y, half, strict=True):
            canvas.ellipse(middle - reach, row - reach, middle + reach, row + reach, flake)
        return drawing_of(canvas.shapes)
    drop = (*tinted((214, 232, 248), light, 0.1), 150)
    x, y = rng.uniform(0, RING_WIDTH, DROPS), rng.uniform(0, tall, DROPS)
    fallen = (y + DROP_SPEED * time) % tall
    x = x - SLANT * (fallen - y)
    for middle, row in zip(x, fallen - ABOVE, strict=True):
        foot = middle - SLANT * DROP_LENGTH, row + DROP_LENGTH
        canvas.line([(middle, row), foot], drop, 3.0)
    return drawing_of(canvas.shapes)
