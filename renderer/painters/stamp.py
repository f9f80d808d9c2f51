"""Light and stamps: how a time of day tints colours, and drawing in an object's own units.

A stamp places one object on the canvas with its foot at (0, 0), y up and its height 1, and passes
every colour through the scene's light and haze.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mag_sandbox.renderer.canvas import Canvas, Motion, Point, Rgb

WHITE: Rgb = (250, 252, 255)


class Light(NamedTuple):
    """Everything a time of day (and weather) decides about colour."""

    sky_top: Rgb
    sky_mid: Rgb
    sky_low: Rgb
    tint: tuple[float, float, float]  # multiplies every object colour
    haze: Rgb  # what distant things fade to
    glow: Rgb  # the sun's or moon's disc
    cloud: Rgb
    cloud_shade: Rgb
    window: Rgb
    shadow: int  # opacity of ground shadows, 0 to 255
    veil: float = 0.0  # least haze of anything, which unites the colours of a night

    @property
    def has_lamps(self) -> bool:
        """Whether windows are lit from inside: then they are warm, else they mirror the sky."""
        return self.window[0] > self.window[2]


def colors(hexadecimal: str) -> list[Rgb]:
    """Return the colours that are written as `rrggbb`, with spaces between them."""
    return [(one[0], one[1], one[2]) for one in map(bytes.fromhex, hexadecimal.split())]


def named_colors(text: str) -> dict[str, Rgb]:
    """Return the colours written as `name rrggbb`, with commas between them."""
    pairs = [one.rpartition(" ") for one in text.split(", ")]
    return {name: colors(value)[0] for name, _, value in pairs}


def mix(first: Sequence[float], second: Sequence[float], weight: float) -> Rgb:
    """Blend two colours; `weight` 0 gives the first, 1 the second."""
    red, green, blue = (
        round(float(a + (b - a) * weight)) for a, b in zip(first[:3], second[:3], strict=True)
    )
    return red, green, blue


def shaded(color: Rgb, amount: float = 0.22) -> Rgb:
    """The side of an object that looks away from the light: darker and slightly bluer."""
    return mix(color, (40, 38, 84), amount)


def lightened(color: Rgb, amount: float = 0.25) -> Rgb:
    """The side of an object that faces the light: paler and slightly warmer."""
    return mix(color, (255, 250, 225), amount)


def tinted(color: Rgb, light: Light, haze: float = 0.0) -> Rgb:
    """A daylight colour as it looks under this light, `haze` 0 (near) to 1 (lost in the sky)."""
    red, green, blue = (
        min(255, round(channel * gain)) for channel, gain in zip(color[:3], light.tint, strict=True)
    )
    return mix((red, green, blue), light.haze, max(haze, light.veil))


def soft_glow(canvas: Canvas, x: float, y: float, radius: float, color: Rgb, strength: int) -> None:
    """A round halo that fades outwards, built of nested translucent discs."""
    rings = 10
    for ring in range(rings):
        reach = radius * (1 - ring / rings)
        canvas.ellipse(x - reach, y - reach, x + reach, y + reach, (*color, strength))


class Stamp:
    """One object's own coordinates: foot at (0, 0), y up, `size` px per unit."""

    def __init__(
        self, canvas: Canvas, light: Light, x: float, y: float, size: float, haze: float = 0.0
    ) -> None:
        self.canvas, self.light = canvas, light
        self.x, self.y, self.size, self.haze = x, y, size, haze

    def _place(self, x: float, y: float) -> Point:
        return self.x + x * self.size, self.y - y * self.size

    def poly(self, points: Sequence[Point], color: Rgb) -> None:
        """Fill a polygon."""
        self.canvas.polygon(
            [self._place(*point) for point in points], tinted(color, self.light, self.haze)
        )

    def oval(self, x: float, y: float, across: float, up: float, color: Rgb) -> None:
        """Fill an ellipse of half-axes `across` and `up` around (x, y)."""
        left, top = self._place(x - across, y + up)
        right, bottom = self._place(x + across, y - up)
        self.canvas.ellipse(left, top, right, bottom, tinted(color, self.light, self.haze))

    def box(
        self, left: float, low: float, right: float, high: float, color: Rgb, radius: float = 0.0
    ) -> None:
        """Fill a box given by its lower left and upper right corner."""
        x0, y0 = self._place(left, high)
        x1, y1 = self._place(right, low)
        fill = tinted(color, self.light, self.haze)
        self.canvas.rectangle(x0, y0, x1, y1, fill, radius * self.size)

    def stroke(self, points: Sequence[Point], color: Rgb, width: float) -> None:
        """Draw a thick line; never thinner than 3 px, which a network could not learn."""
        path = [self._place(*point) for point in points]
        fill = tinted(color, self.light, self.haze)
        self.canvas.line(path, fill, max(3.0, width * self.size))

    def window(self, left: float, low: float, right: float, high: float) -> None:
        """A window pane; lit by its own lamp, so the light does not tint it."""
        x0, y0 = self._place(left, high)
        x1, y1 = self._place(right, low)
        fill = mix(self.light.window, self.light.haze, self.haze * 0.6)
        with self.canvas.moving(Motion.FLICKER if self.light.has_lamps else None):
            self.canvas.rectangle(x0, y0, max(x1, x0 + 4), max(y1, y0 + 4), fill)

    def shine(self, x: float, y: float, radius: float, color: Rgb, strength: int = 12) -> None:
        """A halo around a lamp or something magic."""
        at_x, at_y = self._place(x, y)
        soft_glow(self.canvas, at_x, at_y, radius * self.size, color, strength)

    def shadow(self, across: float, lean: float = 0.15) -> None:
        """A soft ground shadow under the object, leaning away from the light (to the right)."""
        left, top = self._place(-across + lean, across * 0.16)
        right, bottom = self._place(across + lean * 2, -across * 0.16)
        self.canvas.ellipse(left, top, right, bottom, (24, 28, 62, self.light.shadow))


def dome(x: float, y: float, across: float, up: float) -> list[Point]:
    """Upper half of an ellipse as polygon points, left to right."""
    angles = np.linspace(np.pi, 0, 14)
    return [(x + across * float(np.cos(a)), y + up * float(np.sin(a))) for a in angles]
