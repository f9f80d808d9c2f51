"""Colours of places and of light: walls and floors of rooms, times of day, weathers, lands.

Tables, and how weather changes a light. Knows nothing of drawing.
"""

from typing import NamedTuple

from mag_sandbox.renderer.canvas import Rgb
from mag_sandbox.renderer.painters.stamp import Light, colors, mix

WALLS: dict[str, Rgb] = {
    "white": (236, 232, 224),
    "cream": (244, 226, 192),
    "yellow": (244, 208, 122),
    "orange": (232, 162, 104),
    "terracotta": (204, 118, 92),
    "red": (178, 76, 74),
    "pink": (238, 186, 184),
    "purple": (166, 144, 196),
    "blue": (146, 184, 216),
    "navy blue": (66, 86, 130),
    "teal": (86, 156, 158),
    "green": (154, 190, 150),
    "dark green": (66, 110, 94),
    "grey": (182, 186, 194),
}
FLOORS: dict[str, dict[str, Rgb]] = {
    "wood": {
        "honey": (214, 160, 104),
        "brown": (160, 108, 76),
        "dark": (104, 74, 64),
        "pale": (226, 200, 166),
    },
    "tiles": {
        "white": (230, 228, 222),
        "terracotta": (208, 134, 104),
        "blue": (132, 160, 194),
        "grey": (164, 168, 176),
        "green": (140, 176, 156),
    },
    "carpet": {
        "grey": (158, 160, 172),
        "red": (172, 82, 80),
        "blue": (94, 118, 164),
        "green": (112, 146, 118),
        "cream": (226, 208, 178),
    },
}
# factors on red, green, blue at the zenith, the horizon and the nadir
AMBIENT: dict[str, tuple[tuple[float, float, float], ...]] = {
    "daylight": ((0.94, 0.95, 0.97), (0.95, 0.95, 0.95), (0.86, 0.85, 0.86)),
    "evening": ((0.74, 0.66, 0.72), (0.86, 0.73, 0.68), (0.72, 0.6, 0.62)),
    "lamplight": ((0.66, 0.57, 0.52), (0.74, 0.63, 0.55), (0.64, 0.54, 0.5)),
    "dim": ((0.46, 0.47, 0.62), (0.56, 0.56, 0.7), (0.48, 0.48, 0.6)),
}
SUN: dict[str, tuple[float, float, float]] = {
    "daylight": (0.45, 0.43, 0.38),
    "evening": (0.8, 0.5, 0.26),
    "lamplight": (0.35, 0.4, 0.6),
    "dim": (0.4, 0.52, 0.8),
}

DAY_WINDOW: Rgb = (92, 122, 158)
LAMP: Rgb = (255, 214, 122)


def _light(
    sky: str, tint: tuple[float, float, float], others: str, window: Rgb, shadow: int,
    veil: float = 0.0,
) -> Light:  # fmt: skip
    """Return a light: sky from top to bottom, then haze, glow, cloud and the cloud's shade."""
    top, middle, low = colors(sky)
    haze, glow, cloud, shade = colors(others)
    return Light(top, middle, low, tint, haze, glow, cloud, shade, window, shadow, veil)


LIGHTS: dict[str, Light] = {
    "dawn": _light(
        "708ece ceb2d4 ffd8ba", (1.0, 0.9, 0.9), "f0ceca ffeec8 ffece2 debace", LAMP, 36,
    ),
    "noon": _light(
        "3e8ee0 7cbef2 d4ecf8", (1.0, 1.0, 1.0), "c0e0f4 fff6cc ffffff cee2f4", DAY_WINDOW, 48,
    ),
    "afternoon": _light(
        "4a9ccc 9ed2d8 fceabc", (1.04, 0.98, 0.84), "eee2be ffeca0 fff8e6 e8d4be", DAY_WINDOW, 50,
    ),
    "sunset": _light(
        "564284 e2706e ffc474", (1.0, 0.73, 0.66), "f89e70 ffe896 ffb28a cc6a7c", LAMP, 56,
    ),
    "dusk": _light(
        "282e68 74589c f09a98", (0.78, 0.67, 0.86), "ac78a0 ffe2ce be88ac 765c96", LAMP, 60, 0.1,
    ),
    "night": _light(
        "0e183e 1e3872 4c72a8", (0.44, 0.55, 0.86), "3662a6 faf6dc 607eb4 3e5a94", LAMP, 66, 0.28,
    ),
}  # fmt: skip


class Weather(NamedTuple):
    """How a weather bends the light and fills the sky."""

    greyness: float  # how far the sky moves to grey
    brightness: float
    haze: float  # added to the haze of every layer
    clouds: int  # count around the ring
    cloud_size: float
    cloud_darkness: float


WEATHERS: dict[str, Weather] = {
    "clear": Weather(0.0, 1.0, 0.0, 6, 1.1, 0.0),
    "cloudy": Weather(0.26, 1.0, 0.03, 15, 1.4, 0.04),
    "foggy": Weather(0.5, 1.04, 0.42, 4, 1.1, 0.0),
    "rainy": Weather(0.7, 0.86, 0.1, 16, 1.6, 0.36),
    "snowy": Weather(0.45, 1.02, 0.1, 11, 1.2, 0.04),
}


class Ground(NamedTuple):
    """A biome's colours in daylight."""

    far: Rgb
    near: Rgb
    hill: Rgb
    mountain: Rgb
    rock: Rgb
    path: Rgb


GROUNDS: dict[str, Ground] = {
    "meadow": Ground(*colors("b0d070 5ca456 74b06c 7a92b0 a6a4ac e8ce96")),
    "farmland": Ground(*colors("e4ce68 9eb24c a8ba60 8496ae aca096 d8b27e")),
    "forest": Ground(*colors("7cb068 3a7c52 4c8a64 68849e 8e9696 c6a87a")),
    "autumn woods": Ground(*colors("e8ba62 c27c42 ce864a 967a92 a4908a f0d69e")),
    "desert": Ground(*colors("fad894 e6a864 eeb670 ce8060 c88662 ffeaba")),
    "canyon": Ground(*colors("f0b276 cc744e d67a52 c4624a bc664e fcd6a4")),
    "savanna": Ground(*colors("f0d076 cea04c caac5a 9e8682 b08e70 ecbe86")),
    "beach": Ground(*colors("fce6b2 f0ca8c 84b678 809ea8 b2a496 fff4d4")),
    "snowfield": Ground(*colors("f4f8fe cadcf2 dce8f8 8aa2c8 8c9ab4 c4cadc")),
    "tundra": Ground(*colors("bcbc8e 849074 96a084 8090ac 9698a0 d6c8a8")),
    "swamp": Ground(*colors("8a9e62 4e6c50 56785e 667c80 767e74 a08e68")),
    "volcano": Ground(*colors("846a6c 504252 64505a 624a56 584c5a a6847a")),
    "cherry valley": Ground(*colors("c4d48e 80ae70 a6be8c 9c96be b2aab2 f6e2ce")),
}
SNOW_GROUND = GROUNDS["snowfield"]

WATERS: dict[str, tuple[Rgb, Rgb]] = {  # body, shine
    "river": ((96, 164, 198), (158, 210, 230)),
    "lake": ((96, 164, 198), (158, 210, 230)),
    "sea": ((58, 148, 196), (120, 204, 222)),
    "ice": ((170, 212, 236), (226, 242, 252)),
    "lava": ((255, 118, 44), (255, 200, 84)),
}
FLOWERS: dict[str, Rgb] = {
    "red": (236, 78, 80),
    "yellow": (252, 208, 70),
    "white": (252, 250, 244),
    "purple": (162, 104, 208),
    "pink": (248, 142, 178),
    "blue": (96, 132, 232),
}


def weathered(light: Light, weather: Weather) -> Light:
    """The light of a time of day as this weather lets it through."""

    def bent(color: Rgb, share: float = 1.0) -> Rgb:
        luminance = (0.3 * color[0] + 0.5 * color[1] + 0.2 * color[2]) * weather.brightness
        grey = (luminance * 0.96, luminance, luminance * 1.06)
        red, green, blue = mix(color, grey, weather.greyness * share)
        return min(255, red), min(255, green), min(255, blue)

    mean = sum(light.tint) / 3
    pull = weather.greyness * 0.22
    dim = 1 - (1 - min(1.0, weather.brightness)) * 0.6
    red, green, blue = ((gain + (mean - gain) * pull) * dim for gain in light.tint)
    dark = mix(light.sky_top, (70, 78, 100), 0.5)
    return light._replace(
        sky_top=bent(light.sky_top),
        sky_mid=bent(light.sky_mid),
        sky_low=bent(light.sky_low),
        haze=bent(light.haze, 0.7),
        tint=(red, green, blue),
        cloud=mix(bent(light.cloud, 0.6), dark, weather.cloud_darkness),
        cloud_shade=mix(bent(light.cloud_shade, 0.6), dark, weather.cloud_darkness),
        shadow=round(light.shadow * (1 - weather.greyness * 0.6)),
    )


BACKDROPS: dict[str, Rgb] = {
    "white": (238, 234, 228),
    "cream": (244, 224, 190),
    "yellow": (244, 204, 112),
    "orange": (234, 156, 98),
    "red": (172, 62, 66),
    "pink": (240, 184, 190),
    "purple": (128, 102, 170),
    "navy blue": (54, 66, 116),
    "blue": (120, 170, 216),
    "teal": (72, 150, 154),
    "green": (134, 182, 138),
    "grey": (172, 176, 186),
    "black": (58, 56, 72),
}
STAGE_FLOORS: dict[str, Rgb] = {
    "white": (232, 228, 224),
    "wooden": (206, 152, 104),
    "dark": (70, 66, 86),
    "red": (166, 70, 70),
    "checkered": (196, 194, 200),
    "blue": (94, 120, 170),
    "pink": (226, 172, 176),
    "green": (112, 154, 126),
}
# factors on red, green, blue at the zenith, the horizon and the nadir, then the pools of light
STAGE_AMBIENT: dict[str, tuple[tuple[float, float, float], ...]] = {
    "spotlights": ((0.42, 0.42, 0.5), (0.66, 0.65, 0.72), (0.56, 0.55, 0.62)),
    "soft light": ((0.9, 0.9, 0.92), (0.97, 0.96, 0.95), (0.88, 0.87, 0.88)),
    "warm light": ((0.7, 0.6, 0.52), (0.86, 0.74, 0.6), (0.74, 0.62, 0.52)),
    "pink light": ((0.8, 0.6, 0.72), (0.94, 0.78, 0.88), (0.84, 0.66, 0.8)),
    "blue light": ((0.54, 0.64, 0.84), (0.76, 0.83, 0.99), (0.66, 0.73, 0.92)),
}
POOLS: dict[str, tuple[float, float, float]] = {
    "spotlights": (0.52, 0.5, 0.44),
    "soft light": (0.12, 0.12, 0.1),
    "warm light": (0.4, 0.3, 0.16),
    "pink light": (0.36, 0.2, 0.28),
    "blue light": (0.26, 0.3, 0.36),
}
