"""Whole scenes: a category and a seed give a panorama, its attributes and its captions.

Version 2 of the renderer: the four walls of a room differ. Seeds below HELD_OUT are for training,
the others for evaluation only.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, SUPERSAMPLE, Box, Canvas, Sheet
from mag_sandbox.renderer.drawing import OPAQUE
from mag_sandbox.renderer.plan import Thing, mean_colors, of_main_color
from mag_sandbox.renderer.version2 import game, indoor, outdoor, stage
from mag_sandbox.renderer.version2.classes import look

RENDERER_VERSION = 2
HELD_OUT = 1_000_000  # first seed that training never sees


class Category(Protocol):
    """A category's tables and functions; one module each."""

    ATTRIBUTES: dict[str, tuple[str, ...]]

    def sample(self, rng: np.random.Generator) -> dict[str, str]:
        """Return attribute values that go together."""

    def draw(self, attributes: dict[str, str], rng: np.random.Generator, canvas: Canvas) -> None:
        """Paint a scene."""

    def caption(self, attributes: dict[str, str], rng: np.random.Generator) -> str:
        """Describe a random subset of a scene in 8 to 35 words."""


CATEGORIES: dict[str, Category] = {
    "indoor": indoor, "outdoor": outdoor, "object": stage, "video game": game,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DrawnScene:
    """The surroundings of the viewer, however they are drawn."""

    category: str
    seed: int
    attributes: dict[str, str]

    def caption(self, index: int = 0) -> str:
        """Return one of endlessly many captions."""
        rng = np.random.default_rng([self.seed, _order(self.category), 1, index])
        return CATEGORIES[self.category].caption(self.attributes, rng)


@dataclass(frozen=True, slots=True)
class Panorama(DrawnScene):
    """A drawn ring and its contents."""

    pixels: np.ndarray  # uint8 [RING_HEIGHT, RING_WIDTH, 3]


@dataclass(frozen=True, slots=True)
class LoggedPanorama(Panorama):
    """A drawn ring, its contents and where they are."""

    ids: np.ndarray  # int32 [RING_HEIGHT, RING_WIDTH]; which thing each pixel shows, 0: none
    things: tuple[Thing, ...]  # from far to near


def render(category: str, seed: int) -> Panorama:
    """Draw the panorama of a seed; the same in every process."""
    scene, canvas = paint_scene(category, seed)
    return Panorama(scene.category, scene.seed, scene.attributes, canvas.pixels())


def render_logged(category: str, seed: int) -> LoggedPanorama:
    """Draw the same panorama, and log the things in it."""
    scene, canvas = paint_scene(category, seed)
    pixels, ids = canvas.pixels(), ids_of(canvas)
    things = things_of(canvas, ids, pixels)
    return LoggedPanorama(scene.category, scene.seed, scene.attributes, pixels, ids, things)


def paint_scene(category: str, seed: int) -> tuple[DrawnScene, Canvas]:
    """Return the scene of a seed, and a canvas on which it is painted."""
    (scene, rng), canvas = _sampled(category, seed), Canvas()
    CATEGORIES[category].draw(scene.attributes, rng, canvas)
    return scene, canvas


def describe_scene(category: str, seed: int) -> DrawnScene:
    """Return what `render` draws, undrawn."""
    return _sampled(category, seed)[0]


def _sampled(category: str, seed: int) -> tuple[DrawnScene, np.random.Generator]:
    rng = np.random.default_rng([seed, _order(category), 0])
    return DrawnScene(category, seed, CATEGORIES[category].sample(rng)), rng


def _order(category: str) -> int:
    return list(CATEGORIES).index(category)


def ids_of(canvas: Canvas) -> np.ndarray:
    """Return the number of the thing that each pixel shows, int32 [RING_HEIGHT, RING_WIDTH].

    0: none. A pixel shows what its lower right quarter shows; shadows and halos show nothing.
    """
    sheet = Sheet("I")
    for shape in canvas.shapes:
        if shape.alpha >= OPAQUE:
            sheet.add(shape, shape.context.thing)
    ids = np.asarray(sheet.image)[SUPERSAMPLE - 1 :: SUPERSAMPLE, SUPERSAMPLE - 1 :: SUPERSAMPLE]
    return np.roll(ids, canvas.turned, axis=1)


def things_of(canvas: Canvas, ids: np.ndarray, pixels: np.ndarray) -> tuple[Thing, ...]:
    """Return all things of which a pixel is visible, from far to near."""
    ids, pixels = ids.ravel(), pixels.reshape(-1, 3)
    seen = np.flatnonzero(ids)
    ids, pixels = ids[seen], pixels[seen]
    count = len(canvas.things) + 1
    areas = np.bincount(ids, minlength=count)
    means = mean_colors(ids, pixels, count)
    mains = mean_colors(*of_main_color(ids, pixels, count), count)
    extents = _extents(canvas)
    return tuple(
        Thing(
            number, look(thing.attribute, thing.value), thing.attribute, thing.variant,
            thing.color, mains[number], means[number], *extents[number], int(areas[number]),
        )
        for number, thing in enumerate(canvas.things, 1)
        if areas[number]
    )  # fmt: skip


def _extents(canvas: Canvas) -> dict[int, Box]:
    """Return left, top, width and height of all things in the finished picture."""
    boxes: dict[int, Box] = {}
    for shape in canvas.shapes:
        if shape.alpha >= OPAQUE:
            number, (left, top, right, bottom) = shape.context.thing, shape.box
            old = boxes.get(number, (left, top, right, bottom))
            boxes[number] = (
                min(old[0], left), min(old[1], top), max(old[2], right), max(old[3], bottom)
            )  # fmt: skip
    return {number: _placed(box, canvas.turned) for number, box in boxes.items()}


def _placed(box: Box, turned: int) -> Box:
    left, top, right, bottom = (float(edge) for edge in box)
    height = min(bottom, RING_HEIGHT) - top
    if right - left >= RING_WIDTH:
        return 0.0, top, float(RING_WIDTH), height
    return (left + turned) % RING_WIDTH, top, right - left, height
