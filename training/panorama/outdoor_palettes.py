"""Colour tables of the outdoor scenes: light by time of day, weather's effect, ground by biome.

Only data and the one function that lets weather change a light. Knows nothing of drawing.
"""

from typing import NamedTuple

from mag_sandbox.training.panorama.stamp import Light, Rgb, mix

DAY_WINDOW: Rgb = (92, 122, 158)
LAMP: Rgb = (255, 214, 122)

LIGHTS: dict[str, Light] = {
    "dawn": Light(
        (112, 142, 206),
        (206, 178, 212),
        (255, 216, 186),
        (1.0, 0.9, 0.9),
        (240, 206, 202),
        (255, 238, 200),
        (255, 236, 226),
        (222, 186, 206),
        LAMP,
        36,
    ),
    "noon": Light(
        (62, 142, 224),
        (124, 190, 242),
        (212, 236, 248),
        (1.0, 1.0, 1.0),
        (192, 224, 244),
        (255, 246, 204),
        (255, 255, 255),
        (206, 226, 244),
        DAY_WINDOW,
        48,
    ),
    "afternoon": Light(
        (74, 156, 204),
        (158, 210, 216),
        (252, 234, 188),
        (1.04, 0.98, 0.84),
        (238, 226, 190),
        (255, 236, 160),
        (255, 248, 230),
        (232, 212, 190),
        DAY_WINDOW,
        50,
    ),
    "sunset": Light(
        (86, 66, 132),
        (226, 112, 110),
        (255, 196, 116),
        (1.0, 0.73, 0.66),
        (248, 158, 112),
        (255, 232, 150),
        (255, 178, 138),
        (204, 106, 124),
        LAMP,
        56,
    ),
    "dusk": Light(
        (40, 46, 104),
        (116, 88, 156),
        (240, 154, 152),
        (0.78, 0.67, 0.86),
        (172, 120, 160),
        (255, 226, 206),
        (190, 136, 172),
        (118, 92, 150),
        LAMP,
        60,
        0.1,
    ),
    "night": Light(
        (14, 24, 62),
        (30, 56, 114),
        (76, 114, 168),
        (0.44, 0.55, 0.86),
        (54, 98, 166),
        (250, 246, 220),
        (96, 126, 180),
        (62, 90, 148),
        LAMP,
        66,
        0.28,
    ),
}


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
    "meadow": Ground(
        (176, 208, 112),
        (92, 164, 86),
        (116, 176, 108),
        (122, 146, 176),
        (166, 164, 172),
        (232, 206, 150),
    ),
    "farmland": Ground(
        (228, 206, 104),
        (158, 178, 76),
        (168, 186, 96),
        (132, 150, 174),
        (172, 160, 150),
        (216, 178, 126),
    ),
    "forest": Ground(
        (124, 176, 104),
        (58, 124, 82),
        (76, 138, 100),
        (104, 132, 158),
        (142, 150, 150),
        (198, 168, 122),
    ),
    "autumn woods": Ground(
        (232, 186, 98),
        (194, 124, 66),
        (206, 134, 74),
        (150, 122, 146),
        (164, 144, 138),
        (240, 214, 158),
    ),
    "desert": Ground(
        (250, 216, 148),
        (230, 168, 100),
        (238, 182, 112),
        (206, 128, 96),
        (200, 134, 98),
        (255, 234, 186),
    ),
    "canyon": Ground(
        (240, 178, 118),
        (204, 116, 78),
        (214, 122, 82),
        (196, 98, 74),
        (188, 102, 78),
        (252, 214, 164),
    ),
    "savanna": Ground(
        (240, 208, 118),
        (206, 160, 76),
        (202, 172, 90),
        (158, 134, 130),
        (176, 142, 112),
        (236, 190, 134),
    ),
    "beach": Ground(
        (252, 230, 178),
        (240, 202, 140),
        (132, 182, 120),
        (128, 158, 168),
        (178, 164, 150),
        (255, 244, 212),
    ),
    "snowfield": Ground(
        (244, 248, 254),
        (202, 220, 242),
        (220, 232, 248),
        (138, 162, 200),
        (140, 154, 180),
        (196, 202, 220),
    ),
    "tundra": Ground(
        (188, 188, 142),
        (132, 144, 116),
        (150, 160, 132),
        (128, 144, 172),
        (150, 152, 160),
        (214, 200, 168),
    ),
    "swamp": Ground(
        (138, 158, 98),
        (78, 108, 80),
        (86, 120, 94),
        (102, 124, 128),
        (118, 126, 116),
        (160, 142, 104),
    ),
    "volcano": Ground(
        (132, 106, 108),
        (80, 66, 82),
        (100, 80, 90),
        (98, 74, 86),
        (88, 76, 90),
        (166, 132, 122),
    ),
    "cherry valley": Ground(
        (196, 212, 142),
        (128, 174, 112),
        (166, 190, 140),
        (156, 150, 190),
        (178, 170, 178),
        (246, 226, 206),
    ),
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
        return tuple(min(255, c) for c in mix(color, grey, weather.greyness * share))

    red, green, blue = light.tint
    mean = (red + green + blue) / 3
    pull = weather.greyness * 0.22
    dim = 1 - (1 - min(1.0, weather.brightness)) * 0.6
    tint = tuple((gain + (mean - gain) * pull) * dim for gain in (red, green, blue))
    dark = mix(light.sky_top, (70, 78, 100), 0.5)
    return light._replace(
        sky_top=bent(light.sky_top),
        sky_mid=bent(light.sky_mid),
        sky_low=bent(light.sky_low),
        haze=bent(light.haze, 0.7),
        tint=tint,
        cloud=mix(bent(light.cloud, 0.6), dark, weather.cloud_darkness),
        cloud_shade=mix(bent(light.cloud_shade, 0.6), dark, weather.cloud_darkness),
        shadow=round(light.shadow * (1 - weather.greyness * 0.6)),
    )
