"""Colours of rooms, lands, times of day and weathers, and how a weather changes a light."""

from typing import NamedTuple

from mag_sandbox.renderer.canvas import Rgb
from mag_sandbox.renderer.painters.stamp import Light, colors, mix, named_colors

WALLS = named_colors(
    "white ece8e0, cream f4e2c0, yellow f4d07a, orange e8a268, terracotta cc765c, red b24c4a, "
    "pink eebab8, purple a690c4, blue 92b8d8, navy blue 425682, teal 569c9e, green 9abe96, "
    "dark green 426e5e, grey b6bac2"
)
FLOORS = {
    "wood": named_colors("honey d6a068, brown a06c4c, dark 684a40, pale e2c8a6"),
    "tiles": named_colors(
        "white e6e4de, terracotta d08668, blue 84a0c2, grey a4a8b0, green 8cb09c"
    ),
    "carpet": named_colors("grey 9ea0ac, red ac5250, blue 5e76a4, green 709276, cream e2d0b2"),
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
        "0e183e 1e3872 4c72a8", (0.6, 0.66, 0.92), "3662a6 faf6dc 607eb4 3e5a94", LAMP, 66, 0.14,
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
    "stormy": Weather(0.8, 0.7, 0.14, 18, 1.8, 0.6),
    "underwater": Weather(0.0, 1.0, 0.22, 0, 1.0, 0.0),
}


class Ground(NamedTuple):
    """A biome's colours in daylight."""

    far: Rgb
    near: Rgb
    hill: Rgb
    mountain: Rgb
    path: Rgb


GROUNDS: dict[str, Ground] = {
    "meadow": Ground(*colors("b0d070 5ca456 74b06c 7a92b0 e8ce96")),
    "farmland": Ground(*colors("e4ce68 9eb24c a8ba60 8496ae d8b27e")),
    "forest": Ground(*colors("7cb068 3a7c52 4c8a64 68849e c6a87a")),
    "autumn woods": Ground(*colors("e8ba62 c27c42 ce864a 967a92 f0d69e")),
    "desert": Ground(*colors("fad894 e6a864 eeb670 ce8060 ffeaba")),
    "canyon": Ground(*colors("f0b276 cc744e d67a52 c4624a fcd6a4")),
    "savanna": Ground(*colors("f0d076 cea04c caac5a 9e8682 ecbe86")),
    "beach": Ground(*colors("fce6b2 f0ca8c 84b678 809ea8 fff4d4")),
    "snowfield": Ground(*colors("f4f8fe cadcf2 dce8f8 8aa2c8 c4cadc")),
    "tundra": Ground(*colors("bcbc8e 849074 96a084 8090ac d6c8a8")),
    "swamp": Ground(*colors("8a9e62 4e6c50 56785e 667c80 a08e68")),
    "volcano": Ground(*colors("846a6c 504252 64505a 624a56 a6847a")),
    "cherry valley": Ground(*colors("c4d48e 80ae70 a6be8c 9c96be f6e2ce")),
    "street": Ground(*colors("b8b8b4 a4a4a6 a8b0b8 8c98ac d0ccc0")),
    "square": Ground(*colors("dcc8a8 c8aa84 b4b494 98a0ac ecdcc0")),
    "moon": Ground(*colors("b4b4be 8c8c98 9c9caa 84848e c8c8d0")),
    "seabed": Ground(*colors("a8d0c8 e0cc9c 5c9cac 4c84a0 ecdcb0")),
}
SNOW_GROUND = GROUNDS["snowfield"]

WATERS: dict[str, tuple[Rgb, Rgb]] = {  # body, shine
    "river": ((96, 164, 198), (158, 210, 230)),
    "lake": ((96, 164, 198), (158, 210, 230)),
    "sea": ((58, 148, 196), (120, 204, 222)),
    "ice": ((170, 212, 236), (226, 242, 252)),
    "lava": ((255, 118, 44), (255, 200, 84)),
}
FLOWERS = named_colors(
    "red ec4e50, yellow fcd046, white fcfaf4, purple a268d0, pink f88eb2, blue 6084e8"
)


def weathered(light: Light, weather: Weather) -> Light:
    """Return the light of a time of day as a weather lets it through."""

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
        sky_top=bent(light.sky_top), sky_mid=bent(light.sky_mid), sky_low=bent(light.sky_low),
        haze=bent(light.haze, 0.7), tint=(red, green, blue),
        cloud=mix(bent(light.cloud, 0.6), dark, weather.cloud_darkness),
        cloud_shade=mix(bent(light.cloud_shade, 0.6), dark, weather.cloud_darkness),
        shadow=round(light.shadow * (1 - weather.greyness * 0.6)),
    )  # fmt: skip


BACKDROPS = named_colors(
    "white eeeae4, cream f4e0be, yellow f4cc70, orange ea9c62, red ac3e42, pink f0b8be, "
    "purple 8066aa, navy blue 364274, blue 78aad8, teal 48969a, green 86b68a, grey acb0ba, "
    "black 3a3848"
)
STAGE_FLOORS = named_colors(
    "white e8e4e0, wooden ce9868, dark 464256, red a64646, checkered c4c2c8, blue 5e78aa, "
    "pink e2acb0, green 709a7e"
)
# factors on red, green, blue at the zenith, the horizon and the nadir
STAGE_AMBIENT: dict[str, tuple[tuple[float, float, float], ...]] = {
    "spotlights": ((0.42, 0.42, 0.5), (0.66, 0.65, 0.72), (0.56, 0.55, 0.62)),
    "soft light": ((0.9, 0.9, 0.92), (0.97, 0.96, 0.95), (0.88, 0.87, 0.88)),
    "warm light": ((0.7, 0.6, 0.52), (0.86, 0.74, 0.6), (0.74, 0.62, 0.52)),
    "pink light": ((0.8, 0.6, 0.72), (0.94, 0.78, 0.88), (0.84, 0.66, 0.8)),
    "blue light": ((0.54, 0.64, 0.84), (0.76, 0.83, 0.99), (0.66, 0.73, 0.92)),
}
