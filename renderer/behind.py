"""The background of a ring: sky, walls and ground, each a band all around.

Captions seldom describe it, and a painter that knows only the things guesses its colours anew in
every view. Bands are listed as things with numbers below 0: no map of pixels shows them.
"""

from typing import NamedTuple

import numpy as np

from mag_sandbox.renderer import palettes
from mag_sandbox.renderer.canvas import RING_WIDTH
from mag_sandbox.renderer.indoors import CEILINGS, PATTERNS
from mag_sandbox.renderer.places import WEATHERS
from mag_sandbox.renderer.plan import UNNAMED, Thing
from mag_sandbox.renderer.render import Ring

LAST_VARIANT = 6
_FLOORS = (*palettes.FLOORS, "white", "checkered", "wooden")


class _RowBand(NamedTuple):
    """Rows of a ring, and the attribute that says how they look."""

    name: str
    top: int
    bottom: int
    attribute: str = ""
    values: tuple[str, ...] = ()
    first: int = 0  # variant where no attribute says it


_SKY = "weather", tuple(WEATHERS)
BANDS: dict[str, tuple[_RowBand, ...]] = {
    "indoor": (
        _RowBand("wall", 130, 250, "wall_pattern", (*PATTERNS, "stones")),
        _RowBand("floor", 290, 384, "floor", _FLOORS),
        _RowBand("ceiling", 0, 96, "ceiling", CEILINGS),
    ),
    "object": (
        _RowBand("backdrop", 110, 250, "light", tuple(palettes.STAGE_AMBIENT)),
        _RowBand("floor", 284, 384, "floor", _FLOORS, 3),
    ),
    "outdoor": (
        _RowBand("low sky", 118, 190, *_SKY), _RowBand("far ground", 196, 250),
        _RowBand("near ground", 270, 384), _RowBand("high sky", 0, 118, *_SKY),
    ),
    "video game": (
        _RowBand("low sky", 118, 190, first=5), _RowBand("far ground", 194, 230, first=1),
        _RowBand("turf", 230, 290), _RowBand("soil", 290, 384),
        _RowBand("high sky", 0, 118, first=5),
    ),
}  # fmt: skip


def bands_of(ring: Ring) -> tuple[Thing, ...]:
    """Return the bands behind the things of a ring, the most important first."""
    found = []
    bands = BANDS[ring.category]
    for index, band in enumerate(bands, -len(bands)):
        pixels = ring.pixels[band.top : band.bottom].reshape(-1, 3)
        bare = pixels[ring.ids[band.top : band.bottom].ravel() == 0]
        pixels = bare if len(bare) > 500 else pixels
        main, mean = (
            (int(red), int(green), int(blue))
            for red, green, blue in np.rint([np.median(pixels, axis=0), pixels.mean(axis=0)])
        )
        height = band.bottom - band.top
        found.append(
            Thing(
                index, band.name, UNNAMED, _variant(band, ring.attributes), None, main, mean,
                0.0, float(band.top), float(RING_WIDTH), float(height), RING_WIDTH * height,
            )
        )  # fmt: skip
    return tuple(found)


def _variant(band: _RowBand, attributes: dict[str, str]) -> int:
    value = attributes.get(band.attribute, "")
    return min(band.values.index(value), LAST_VARIANT) if value in band.values else band.first
