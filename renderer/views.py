"""Views cut out of a ring: what a camera at a pose shows."""

import numpy as np
from PIL import Image

from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH

DEGREES_PER_PIXEL = 360.0 / RING_WIDTH
WIDTH, HEIGHT = 320, 192  # px of a view
FOV = WIDTH * DEGREES_PER_PIXEL  # degrees across a view that is not zoomed


def view(
    pixels: np.ndarray, left: int, top: int, width: int = WIDTH, height: int = HEIGHT
) -> np.ndarray:
    """Cut a view of whole pixels out of a ring, uint8 [height, width, 3]; x wraps around."""
    left %= RING_WIDTH
    rows = pixels[top : top + height]
    if left + width <= RING_WIDTH:
        return rows[:, left : left + width]
    return np.concatenate((rows[:, left:], rows[:, : left + width - RING_WIDTH]), axis=1)


def large_view(pixels: np.ndarray, left: int, top: int, scale: int) -> np.ndarray:
    """Cut a view out of a ring that was drawn `scale` times as large; see `SceneRenderer.picture`.

    Left and top [px] are of the usual size; uint8 [HEIGHT * scale, WIDTH * scale, 3].
    """
    rows = pixels[top * scale : (top + HEIGHT) * scale]
    columns = np.arange(left * scale, (left + WIDTH) * scale)
    return np.take(rows, columns, axis=1, mode="wrap")


def reduced(pixels: np.ndarray, scale: int) -> np.ndarray:
    """Return a picture at its usual size, each pixel the mean of a square."""
    height, width = pixels.shape[0] // scale, pixels.shape[1] // scale
    squares = pixels.reshape(height, scale, width, scale, 3)
    means: np.ndarray = squares.mean((1, 3)).round()
    return means.astype(np.uint8)


def zoomed_view(pixels: np.ndarray, left: float, top: float, fov: float) -> np.ndarray:
    """Return the middle of a ring's view, `fov` degrees across, enlarged to the size of a view.

    Left and top [px] are of the view that is not zoomed, `fov` is at most `FOV`.
    """
    width, height = WIDTH * fov / FOV, HEIGHT * fov / FOV
    x, y = left + (WIDTH - width) / 2, top + (HEIGHT - height) / 2
    first, last = int(np.floor(x)) - 2, int(np.ceil(x + width)) + 2  # what bicubic weights reach
    ring = np.take(pixels, np.arange(first, last), axis=1, mode="wrap")
    box = (x - first, y, x - first + width, y + height)
    enlarged = Image.fromarray(ring).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC, box)
    return np.asarray(enlarged)


def view_corner(yaw: float, pitch: float) -> tuple[float, float]:
    """Return (left, top) in ring pixels of the view at a pose that is not zoomed."""
    return (
        yaw / DEGREES_PER_PIXEL - WIDTH / 2,
        RING_HEIGHT / 2 - pitch / DEGREES_PER_PIXEL - HEIGHT / 2,
    )


def view_at(pixels: np.ndarray, yaw: float, pitch: float, fov: float = FOV) -> np.ndarray:
    """Return the view at any pose, uint8 [HEIGHT, WIDTH, 3], blending neighbouring pixels."""
    return blended_view(pixels, *view_corner(yaw, pitch), fov)


def blended_view(pixels: np.ndarray, left: float, top: float, fov: float) -> np.ndarray:
    """Return the view at any place [px] of a ring, uint8 [HEIGHT, WIDTH, 3].

    A part of a ring will do that holds the view and, if zoomed, two more pixels on each side.
    """
    if fov != FOV:
        return zoomed_view(pixels, left, top, fov)
    x, y = int(np.floor(left)), int(np.floor(top))
    fx, fy = left - x, top - y
    if fx == 0 and fy == 0:
        return view(pixels, x, y)
    columns = np.arange(x, x + WIDTH + 1)
    patch = np.take(pixels[y : y + HEIGHT + 1], columns, axis=1, mode="wrap").astype(np.float32)
    rows = patch[:HEIGHT]
    if fy:  # of a row that nothing is blended with there may be none
        rows = rows * (1 - fy) + np.concatenate((patch[1:], patch[-1:]))[:HEIGHT] * fy
    blended = rows[:, :-1] * (1 - fx) + rows[:, 1:] * fx if fx else rows[:, :-1]
    return blended.round().astype(np.uint8)
