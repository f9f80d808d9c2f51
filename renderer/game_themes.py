"""Colours of the jump-and-run worlds. Only data."""

from typing import NamedTuple

from mag_sandbox.renderer.canvas import Rgb
from mag_sandbox.renderer.painters.stamp import Light, colors, named_colors


class LevelColors(NamedTuple):
    """The colours of a level's ground."""

    soil: Rgb
    turf: Rgb
    far: Rgb  # of what is behind


LEVEL_COLORS: dict[str, LevelColors] = {
    "grassland": LevelColors(*colors("b0744c 70c44e 68b080")),
    "dungeon": LevelColors(*colors("625e7a 928ea8 58547a")),
    "candy land": LevelColors(*colors("c47a5c ffacc8 f0a0ce")),
    "space station": LevelColors(*colors("68708e b2c0d6 545894")),
    "neon city": LevelColors(*colors("3e3468 f254be 423e88")),
    "ice cave": LevelColors(*colors("6c9ece ecf6ff 7cb2de")),
    "desert ruins": LevelColors(*colors("ce945c f8d484 dea274")),
    "haunted forest": LevelColors(*colors("524262 748668 5c4e84")),
    "lava world": LevelColors(*colors("5c424e 9e6054 8e4a50")),
    "mushroom kingdom": LevelColors(*colors("966860 8ec460 9696c4")),
    "sky islands": LevelColors(*colors("a67c60 88ce68 ffffff")),
    "jungle": LevelColors(*colors("846244 46a656 3e9274")),
}


def _light(top: Rgb, mid: Rgb, low: Rgb, tint: tuple[float, float, float], cloud: Rgb) -> Light:
    red, green, blue = ((c + m) // 2 for c, m in zip(cloud, mid, strict=True))
    shade = red, green, blue
    return Light(top, mid, low, tint, low, (255, 246, 206), cloud, shade, (255, 216, 120), 0)


SKIES: dict[str, Light] = {
    "blue": _light((66, 150, 232), (132, 200, 246), (216, 240, 250), (1, 1, 1), (255, 255, 255)),
    "teal": _light((44, 150, 168), (120, 208, 204), (214, 244, 224), (1, 1, 0.98), (250, 255, 250)),
    "pink": _light(
        (214, 124, 190), (250, 176, 204), (255, 226, 222), (1, 0.97, 0.99), (255, 244, 248)
    ),
    "orange": _light(
        (226, 104, 92), (250, 166, 104), (255, 222, 150), (1, 0.9, 0.82), (255, 226, 190)
    ),
    "purple": _light(
        (60, 40, 118), (122, 82, 178), (220, 142, 206), (0.84, 0.78, 0.96), (190, 148, 216)
    ),
    "dark": _light((20, 22, 54), (40, 44, 96), (92, 92, 158), (0.76, 0.76, 0.92), (92, 96, 160)),
}
PLATFORMS: dict[str, tuple[Rgb, Rgb]] = {  # body, top edge
    "grass": ((176, 116, 76), (112, 196, 78)),
    "stone": ((128, 128, 150), (172, 172, 190)),
    "wood": ((172, 112, 70), (214, 156, 100)),
    "cloud": ((226, 234, 248), (255, 255, 255)),
    "metal": ((112, 126, 156), (190, 204, 224)),
    "ice": ((122, 190, 232), (228, 246, 255)),
    "candy": ((244, 130, 172), (255, 238, 244)),
}
STRUCTURE_COLORS = named_colors(
    "red e24e4c, green 4cb260, blue 4c84dc, yellow f6c448, purple 9860ce, white f0ecf0"
)
