"""Rings with exact labels, from the renderer's log, for the judge to learn from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mag_sandbox.evaluation.judge.classifier import answers_of
from mag_sandbox.evaluation.judge.damage import spoiled
from mag_sandbox.evaluation.judge.fitting import Report
from mag_sandbox.evaluation.judge.segmenter import CELL, HALF, halved
from mag_sandbox.evaluation.judge.vocabulary import NOTHING, JudgeVocabulary
from mag_sandbox.training.panorama.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.training.panorama.render import (
    CATEGORIES,
    HEIGHT,
    WIDTH,
    LoggedPanorama,
    render_logged,
)

RoundTrip = Callable[[np.ndarray], np.ndarray]  # a ring through the memory codec
UNKNOWN = 255  # a label that is not asked for
STEP = CELL // 2  # px between places that views begin at
CODED, SPOILED = 0.2, 0.2  # shares of rings that only went through the codec, that are spoiled


@dataclass(frozen=True, slots=True)
class LabelledRings:
    """N halved rings, with what each place of a grid of STEP whole pixels shows."""

    pixels: np.ndarray  # uint8 [N, RING_HEIGHT / HALF, RING_WIDTH / HALF, 3]
    names: np.ndarray  # uint8 [N, RING_HEIGHT / STEP, RING_WIDTH / STEP]
    colors: np.ndarray  # the same; UNKNOWN where no caption tells a colour
    answers: np.ndarray  # int64 [N, questions]; -1: not asked

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True, slots=True)
class LabelledViews:
    """B halved views cut out of rings."""

    views: np.ndarray  # uint8 [B, HEIGHT / HALF, WIDTH / HALF, 3]
    names: np.ndarray  # int64 [B, HEIGHT / CELL, WIDTH / CELL]; what a cell's middle shows
    colors: np.ndarray  # the same
    answers: np.ndarray  # int64 [B, questions]


def draw_labelled(
    first_seed: int,
    count: int,
    vocabulary: JudgeVocabulary,
    round_trip: RoundTrip,
    report: Report,
    spoil: bool = True,
) -> LabelledRings:
    """Draw rings, the categories in turn, with their labels in the vocabulary's numbers.

    CODED of them go through the round trip, and so do those that are spoiled.
    """
    categories, grid = list(CATEGORIES), (count, RING_HEIGHT // STEP, RING_WIDTH // STEP)
    pixels = np.empty((count, RING_HEIGHT // HALF, RING_WIDTH // HALF, 3), np.uint8)
    names, colors = np.empty(grid, np.uint8), np.empty(grid, np.uint8)
    answers = np.empty((count, len(vocabulary.questions)), np.int64)
    for place in range(count):
        seed = first_seed + place
        rng = np.random.default_rng([seed, 77])
        ring = render_logged(categories[seed % len(categories)], seed)
        names[place], colors[place] = labels_of(ring, vocabulary)
        answers[place] = answers_of(ring.category, ring.attributes, vocabulary.questions)
        picture, coded = ring.pixels, rng.random() < CODED
        if spoil and rng.random() < SPOILED:
            picture, where = spoiled(picture, rng)
            _forget(names[place], colors[place], where, ring, vocabulary)
            coded = True
        pixels[place] = halved(round_trip(picture) if coded else picture)
        if (place + 1) % 100 == 0:
            report(f"drew {place + 1}/{count} rings")
    return LabelledRings(pixels, names, colors, answers)


def labels_of(ring: LoggedPanorama, vocabulary: JudgeVocabulary) -> tuple[np.ndarray, np.ndarray]:
    """Return the names and colours of a ring's places, uint8 [RING_HEIGHT, RING_WIDTH] / STEP."""
    ids = ring.ids[::STEP, ::STEP]
    names = np.full(int(ids.max()) + 1, NOTHING, np.uint8)
    colors = np.full(len(names), UNKNOWN, np.uint8)
    for thing in ring.things:
        if thing.index < len(names):  # others are too small to be met
            names[thing.index] = vocabulary.name_index(thing.name)
            if thing.color_name is not None:
                colors[thing.index] = vocabulary.colors.index(thing.color_name)
    return names[ids], colors[ids]


def _forget(
    names: np.ndarray,
    colors: np.ndarray,
    where: np.ndarray,
    ring: LoggedPanorama,
    vocabulary: JudgeVocabulary,
) -> None:
    """Say that a spoiled place shows nothing; of land and water, that nobody knows."""
    areas = {vocabulary.name_index(thing.name) for thing in ring.things if thing.is_area}
    where = where[::STEP, ::STEP]
    names[where] = np.where(np.isin(names[where], list(areas)), UNKNOWN, NOTHING)
    colors[where] = UNKNOWN


def cut_labelled(
    rings: LabelledRings, indices: np.ndarray, rng: np.random.Generator
) -> LabelledViews:
    """Return a view of each of some rings in any direction, mostly level."""
    middle, rows, columns = (RING_HEIGHT - HEIGHT) / 2, HEIGHT // CELL, WIDTH // CELL
    views = np.empty((len(indices), HEIGHT // HALF, WIDTH // HALF, 3), np.uint8)
    scale = STEP // HALF  # halved pixels of a place
    names = np.empty((len(indices), rows, columns), np.int64)
    colors = np.empty_like(names)
    for place, index in enumerate(indices):
        top = int(np.clip(rng.normal(middle, middle / 3), 0, 2 * middle)) // STEP
        left = int(rng.integers(RING_WIDTH // STEP))
        beside = (left * scale + np.arange(WIDTH // HALF)) % (RING_WIDTH // HALF)
        views[place] = rings.pixels[index, top * scale :][: HEIGHT // HALF][:, beside]
        down = top + 1 + 2 * np.arange(rows)[:, None]  # the middle of a cell of two places
        across = (left + 1 + 2 * np.arange(columns)) % (RING_WIDTH // STEP)
        names[place] = rings.names[index, down, across]
        colors[place] = rings.colors[index, down, across]
    return LabelledViews(views, names, colors, rings.answers[indices])
