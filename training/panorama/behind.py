"""What is behind all things of a ring: sky, walls, ground, each a band all around.

Captions seldom say how these look, and a picture that is told only of things guesses their colours
anew in every view. Listed as things, of numbers below 0: no map of pixels shows them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from PIL import ImageDraw

from mag_sandbox.renderer import palettes
from mag_sandbox.renderer.canvas import RING_WIDTH, Box, Canvas, Color
from mag_sandbox.renderer.palettes import WEATHERS
from mag_sandbox.renderer.plan import Rgb, Thing
from mag_sandbox.training.panorama import shell, stage
from mag_sandbox.training.panorama.classes import UNNAMED
from mag_sandbox.training.panorama.game import FLOOR


class BareCanvas(Canvas):
    """Draws what no thing is part of."""

    def __init__(self) -> None:
        super().__init__()
        self._within = 0  # things, one in the other

    @contextmanager
    def thing(
        self, _attribute: str, _value: str, /, color: str | None = None, variant: int = 0
    ) -> Iterator[None]:
        """See `Canvas.thing`."""
        del color, variant
        self._within += 1
        try:
            yield
        finally:
            self._within -= 1

    def gradient(self, top: float, bottom: float, top_color: Color, bottom_color: Color) -> None:
        """See `Canvas.gradient`."""
        if not self._within:
            super().gradient(top, bottom, top_color, bottom_color)

    def _targets(self, fill: Color, box: Box) -> Iterator[tuple[ImageDraw.ImageDraw, Color]]:
        return iter(()) if self._within else super()._targets(fill, box)


class _Band(NamedTuple):
    """Rows of a ring, and what tells how they look."""

    name: str
    top: int
    bottom: int
    attribute: str = ""
    values: tuple[str, ...] = ()
    first: int = 0  # variant of the first value

    def variant(self, attributes: Mapping[str, str]) -> int:
        if not self.attribute:
            return self.first
        value = attributes[self.attribute]
        return self.first + (self.values.index(value) if value in self.values else 0)


_CEILING, _ROOM_FLOOR = int(shell.WALL_TOP), int(shell.FLOOR_TOP)
_STAGE_FLOOR = int(stage.FLOOR_TOP)
_STAGE_FLOORS = "white", "checkered", "wooden"
_EVERY = 8  # columns, of which one is looked at
BANDS: dict[str, tuple[_Band, ...]] = {
    "indoor": (
        _Band("wall", _CEILING, _ROOM_FLOOR, "wall_pattern", shell.WALL_PATTERNS),
        _Band("floor", _ROOM_FLOOR, 384, "floor", tuple(palettes.FLOORS)),
        _Band("ceiling", 0, _CEILING, "ceiling", shell.CEILINGS),
    ),
    "outdoor": (
        _Band("low sky", 118, 200, "weather", tuple(WEATHERS)),
        _Band("far ground", 200, 272),
        _Band("near ground", 272, 384),
        _Band("high sky", 0, 118, "weather", tuple(WEATHERS)),
    ),
    "object": (
        _Band("backdrop", 0, _STAGE_FLOOR, "light", stage.LIGHTS),
        _Band("floor", _STAGE_FLOOR, 384, "floor", _STAGE_FLOORS, len(palettes.FLOORS)),
    ),
    "video game": (
        _Band("low sky", 150, 236, first=len(WEATHERS)),
        _Band("far ground", 240, FLOOR, first=1),
        _Band("turf", FLOOR, FLOOR + 20),
        _Band("soil", FLOOR + 20, 384),
        _Band("high sky", 0, 150, first=len(WEATHERS)),
    ),
}  # fmt: skip


def bands(category: str, attributes: Mapping[str, str], bare: np.ndarray) -> tuple[Thing, ...]:
    """Return the bands of a ring.

    Args:
        category: of the scene.
        attributes: of the scene.
        bare: what a `BareCanvas` shows, uint8 [RING_HEIGHT, RING_WIDTH, 3].
    """
    found = []
    for index, band in enumerate(BANDS[category], -len(BANDS[category])):
        pixels = bare[band.top : band.bottom, ::_EVERY].reshape(-1, 3)
        height = band.bottom - band.top
        found.append(
            Thing(
                index, band.name, UNNAMED, band.variant(attributes), None,
                _rgb(np.median(pixels, axis=0)), _rgb(pixels.mean(axis=0)),
                0.0, float(band.top), float(RING_WIDTH), float(height), RING_WIDTH * height,
            )
        )  # fmt: skip
    return tuple(found)


def _rgb(color: np.ndarray) -> Rgb:
    red, green, blue = np.rint(color).astype(int).tolist()
    return red, green, blue
