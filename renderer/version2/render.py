"""Whole scenes: a category and a seed give a panorama, its attributes and its captions.

Version 2 of the renderer: the four walls of a room differ. Seeds below HELD_OUT are for training,
the others for evaluation only.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mag_sandbox.renderer.canvas import Canvas
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.renderer.version2 import game, indoor, outdoor, stage
from mag_sandbox.renderer.version2.logged import ids_of, things_of

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
