"""A ring while it is drawn: colours, and a map of the things in each pixel.

Colours are drawn `SUPERSAMPLE` times larger and box-filtered at the end; numbers of things are
drawn in final pixels, without blending.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH, SUPERSAMPLE
from mag_sandbox.renderer.drawing import OPAQUE

MOTION_BITS = 3
MOTIONS = 1 << MOTION_BITS  # labels of motion, kept in one number with that of the thing
Box = tuple[float, float, float, float]  # left, top, right, bottom


class RingImage:
    """Polygons over a background; the picture is `scale` times as large as a ring."""

    def __init__(self, background: "RingImage | None" = None, scale: int = 1) -> None:
        self.scale: int = background.scale if background else scale
        self._large = SUPERSAMPLE * self.scale
        if background is None:
            self._image = Image.new("RGB", (RING_WIDTH * self._large, RING_HEIGHT * self._large))
            self._ids = Image.new("I", (RING_WIDTH, RING_HEIGHT))
        else:
            self._image, self._ids = background._image.copy(), background._ids.copy()
        self._draw = ImageDraw.Draw(self._image, "RGBA")
        self._draw_ids = ImageDraw.Draw(self._ids)

    def rows(self, colors: np.ndarray, first: int = 0) -> None:
        """Fill whole rows from `first` on; colours uint8 [rows * SUPERSAMPLE, 3]."""
        strip = Image.fromarray(colors[:, None])
        size = self._image.width, len(colors) * self.scale
        self._image.paste(strip.resize(size, Image.Resampling.NEAREST), (0, first * self._large))
        self._draw_ids.rectangle(
            (0, first, RING_WIDTH, first + len(colors) // SUPERSAMPLE - 1), fill=0
        )

    def fill(
        self,
        points: np.ndarray,
        ends: np.ndarray,
        colors: np.ndarray,
        number: int,
        motions: Sequence[int],
    ) -> Box:
        """Draw polygons as parts of one thing, and return the box of its body.

        Args:
            points: ring pixels, [P, 2]; columns are continuous within each polygon.
            ends: where in `points` each polygon ends, [S].
            colors: red, green, blue, alpha, 0 to 255, [S, 4].
            number: of the thing; 0 is none.
            motions: label of motion of each polygon, 0 to 7, [S].
        """
        if not len(ends):
            return 0.0, 0.0, 0.0, 0.0
        starts = np.concatenate(([0], ends[:-1]))
        lefts, tops = np.minimum.reduceat(points, starts).T
        rights, bottoms = np.maximum.reduceat(points, starts).T
        runs_around = np.abs(points[starts, 0] - points[ends - 1, 0]) > RING_WIDTH / 2
        inks = [tuple(color) for color in np.rint(colors).astype(int).tolist()]
        extents = zip(starts.tolist(), ends.tolist(), lefts.tolist(), rights.tolist(), strict=True)
        looks = zip(extents, inks, runs_around, motions, strict=True)
        for (first, end, left, right), ink, around, motion in looks:
            corners = _closed(points[first:end]) if around else points[first:end]
            for turn in range(
                int(-right // RING_WIDTH) + 1, -int((left - RING_WIDTH) // RING_WIDTH)
            ):
                shifted = corners + (turn * RING_WIDTH, 0)  # noqa: RUF005
                self._draw.polygon((shifted * self._large).ravel().tolist(), fill=ink)
                if ink[3] >= OPAQUE:
                    self._draw_ids.polygon(
                        (shifted - 0.5).ravel().tolist(), fill=number * MOTIONS + motion
                    )
        body = colors[:, 3] >= OPAQUE
        if not body.any():
            return 0.0, 0.0, 0.0, 0.0
        return (
            float(lefts[body].min()), float(tops[body].min()),
            float(rights[body].max()), float(bottoms[body].max()),
        )  # fmt: skip

    def pixels(self) -> np.ndarray:
        """Return the picture, uint8 [RING_HEIGHT * scale, RING_WIDTH * scale, 3]."""
        return np.asarray(self._image.reduce(SUPERSAMPLE))

    def ids(self) -> np.ndarray:
        """Return the number of the thing in each pixel, int32 [RING_HEIGHT, RING_WIDTH]."""
        return np.asarray(self._ids) >> MOTION_BITS

    def motions(self) -> np.ndarray:
        """Return the label of motion of each pixel, uint8 [RING_HEIGHT, RING_WIDTH]."""
        return (np.asarray(self._ids) & (MOTIONS - 1)).astype(np.uint8)


def _closed(corners: np.ndarray) -> np.ndarray:
    """Close a polygon that runs all around the viewer along the edge of the ring that it is near.

    That is the lower edge for surfaces the viewer stands on, and the upper one for those overhead.
    """
    turns = np.round((corners[-1, 0] - corners[0, 0]) / RING_WIDTH)
    last = corners[0, 0] + turns * RING_WIDTH
    beyond = -1.0 if corners[0, 1] < HORIZON else RING_HEIGHT + 1.0
    closing = [(last, corners[0, 1]), (last, beyond), (corners[0, 0], beyond)]
    return np.concatenate((corners, closing))
