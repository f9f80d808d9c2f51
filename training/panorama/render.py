"""Whole scenes: a category and a seed give a panorama, its attributes and its captions.

Version 2 of the renderer: the four walls of a room differ. Seeds below HELD_OUT are for training,
the others for evaluation only.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, Canvas
from mag_sandbox.training.panorama import game, indoor, outdoor, stage
from mag_sandbox.training.panorama.behind import BareCanvas, bands
from mag_sandbox.training.panorama.classes import ANY, LOOKS, UNNAMED, look
from mag_sandbox.training.panorama.logged_canvas import LoggedCanvas, Thing

RENDERER_VERSION = 2
HELD_OUT = 1_000_000  # first seed that training never sees
CATEGORIES = {"indoor": indoor, "outdoor": outdoor, "object": stage, "video game": game}
DEGREES_PER_PIXEL = 360.0 / RING_WIDTH
WIDTH, HEIGHT = 320, 192  # px of a view
FOV = WIDTH * DEGREES_PER_PIXEL  # degrees across a view that is not zoomed


@dataclass(frozen=True, slots=True)
class DrawnScene:
    """What is all around the viewer, however it is drawn."""

    category: str
    seed: int
    attributes: dict[str, str]

    def caption(self, index: int = 0) -> str:
        """Return one of endlessly many captions."""
        rng = np.random.default_rng([self.seed, _order(self.category), 1, index])
        return CATEGORIES[self.category].caption(self.attributes, rng)


@dataclass(frozen=True, slots=True)
class Panorama(DrawnScene):
    """A drawn ring and what is in it."""

    pixels: np.ndarray  # uint8 [RING_HEIGHT, RING_WIDTH, 3]


@dataclass(frozen=True, slots=True)
class LoggedPanorama(Panorama):
    """A drawn ring, what is in it and where."""

    ids: np.ndarray  # int32 [RING_HEIGHT, RING_WIDTH]; which thing each pixel shows, 0: none
    things: tuple[Thing, ...]  # from far to near


def render(category: str, seed: int) -> Panorama:
    """Draw the panorama of a seed; the same in every process."""
    scene, pixels = painted(category, seed, Canvas())
    return Panorama(scene.category, scene.seed, scene.attributes, pixels)


def render_logged(category: str, seed: int) -> LoggedPanorama:
    """Draw the same panorama, and log the things in it."""
    canvas = LoggedCanvas()
    scene, pixels = painted(category, seed, canvas)
    things = canvas.things(pixels)
    return LoggedPanorama(
        scene.category, scene.seed, scene.attributes, pixels, canvas.ids(), things
    )


def render_behind(category: str, seed: int) -> tuple[Thing, ...]:
    """Return what is behind all things of the same panorama, band by band."""
    scene, bare = painted(category, seed, BareCanvas())
    return bands(category, scene.attributes, bare)


def painted(category: str, seed: int, canvas: Canvas) -> tuple[DrawnScene, np.ndarray]:
    """Paint the scene of a seed on an empty canvas, and return it with the canvas's picture."""
    scene, rng = _sampled(category, seed)
    return scene, CATEGORIES[category].draw(scene.attributes, rng, canvas)


def described(category: str, seed: int) -> DrawnScene:
    """Return what `render` draws, undrawn."""
    return _sampled(category, seed)[0]


def kinds_of(category: str) -> tuple[str, ...]:
    """Return the classes of all things that scenes of a category can have."""
    kinds = {look(UNNAMED, value): None for value in LOOKS[UNNAMED]}
    for attribute, values in CATEGORIES[category].ATTRIBUTES.items():
        looks = LOOKS.get(attribute, {})
        kinds |= {look(attribute, one): None for one in values if one in looks or ANY in looks}
    return tuple(kinds)


def _sampled(category: str, seed: int) -> tuple[DrawnScene, np.random.Generator]:
    rng = np.random.default_rng([seed, _order(category), 0])
    return DrawnScene(category, seed, CATEGORIES[category].sample(rng)), rng


def view(
    pixels: np.ndarray, left: int, top: int, width: int = WIDTH, height: int = HEIGHT
) -> np.ndarray:
    """Cut a view of whole pixels out of a ring, uint8 [height, width, 3]; x wraps around."""
    left %= RING_WIDTH
    rows = pixels[top : top + height]
    if left + width <= RING_WIDTH:
        return rows[:, left : left + width]
    return np.concatenate((rows[:, left:], rows[:, : left + width - RING_WIDTH]), axis=1)


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


def _order(category: str) -> int:
    return list(CATEGORIES).index(category)
