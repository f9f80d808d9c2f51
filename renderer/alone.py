"""Single things of a scene, drawn alone and larger: what cut-outs look like from near."""

import numpy as np
from PIL import Image, ImageDraw

from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.drawing import OPAQUE, Drawing
from mag_sandbox.renderer.lighting import Part, relight
from mag_sandbox.renderer.projection import Viewpoint, board
from mag_sandbox.renderer.render import SceneRenderer
from mag_sandbox.renderer.setting import ambient_of, glows_of

FINER = 2  # times as many pixels across as returned that are drawn


class ThingsAlone:
    """Draws things of a scene as a viewer at x, z [m] sees them.

    rgba = ThingsAlone(scene, 0.0, 0.0).drawn(item, (left, top), (40, 60), scale=4.0)
    """

    def __init__(self, scene: SceneRenderer, x: float, z: float) -> None:
        self._scene, self._viewer = scene, Viewpoint(x, z)

    def drawn(
        self, index: int, corner: tuple[float, float], size: tuple[int, int], scale: float
    ) -> np.ndarray:
        """Return a part of the ring with one item in it, uint8 [height, width, 4].

        Outside the item it has the item's first colour.

        Args:
            index: of the item.
            corner: column and row of the ring where the part begins [px].
            size: its height and width, as returned.
            scale: how many of its pixels make one of the ring, across and down.
        """
        scene, item = self._scene, self._scene.layout.items[index]
        drawing, (height, width) = scene.drawings[index], size
        points = board(drawing.points, self._viewer, item.x, item.foot, item.z)
        ahead = corner[0] + width / scale / 2 - points[:, 0].mean()
        points[:, 0] += round(ahead / RING_WIDTH) * RING_WIDTH
        points = points - corner
        colors = np.rint(scene.colors_at(index, self._viewer.distance(item.x, item.z))).astype(int)
        rgba = _filled(points * scale, drawing.ends, colors, size)
        if scene.layout.room is not None:
            columns, rows = (
                start + np.arange(count, dtype=np.float32) / scale
                for start, count in zip(corner, (width, height), strict=True)
            )
            part = Part(rows, columns, (RING_HEIGHT, RING_WIDTH))
            glows = glows_of(scene.layout, self._viewer)
            rgba[..., :3] = relight(rgba[..., :3], ambient_of(scene.layout), glows, part)
        return rgba


def drawn_flat(drawing: Drawing, side: int) -> np.ndarray:
    """Return a drawing whose body fills a square, uint8 [side, side, 4]; see `ThingsAlone.drawn`.

    The middles of the outermost pixels lie on the edges of its box.
    """
    left, top, right, bottom = drawing.box
    points = (drawing.points - (left, top)) / (right - left, bottom - top) * (side - 1) + 0.5
    return _filled(points, drawing.ends, np.rint(drawing.colors).astype(int), (side, side))


def _filled(
    points: np.ndarray, ends: np.ndarray, colors: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Fill polygons [px] on their first opaque colour, uint8 [height, width, 4]."""
    is_body, (height, width) = colors[:, 3] >= OPAQUE, size
    first = tuple(colors[is_body.argmax(), :3].tolist())
    canvas = Image.new("RGB", (width * FINER, height * FINER), first)
    alpha = Image.new("L", canvas.size)
    pen, alpha_pen = ImageDraw.Draw(canvas, "RGBA"), ImageDraw.Draw(alpha)
    polygons = np.split(points * FINER, ends[:-1])
    for corners, ink, covers in zip(polygons, colors.tolist(), is_body, strict=True):
        pen.polygon(corners.ravel().tolist(), fill=tuple(ink))
        if covers:
            alpha_pen.polygon(corners.ravel().tolist(), fill=255)
    return np.dstack([np.asarray(one.reduce(FINER)) for one in (canvas, alpha)])
