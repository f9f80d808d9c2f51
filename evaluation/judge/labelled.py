"""Rings with exact labels, from the renderer's log, for the judge to learn from.

Some are spoiled: parts lose their shape but keep their colours, and are labelled as nothing,
because the judge must not mistake a patch of the right colour for the thing. Knows nothing of
networks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mag_sandbox.evaluation.judge.judge import CATEGORY, NOTHING, JudgeVocabulary, ViewQuestion
from mag_sandbox.evaluation.judge.segmenter import CELL, HALF, halved
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.render import Ring, category_of, render
from mag_sandbox.renderer.views import HEIGHT, WIDTH

REGIONS = (3, 6)  # in a ring: least, most
_ACROSS, _DOWN = (140, 420), (90, 260)  # px of a region
_COARSE = 20  # px that a blurred region is averaged over
_TILES = (16, 32)  # px of a side
_STRETCH, _KNOTS = 26.0, 20  # px of the spread of a warp, and between its knots


def spoiled(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a ring with spoiled regions, and the mask of their pixels, bool [H, W].

    Each region is blurred, or its tiles are shuffled, or it is warped beyond recognition.
    """
    whole = [_blurred(pixels), _shuffled(pixels, rng), _warped(pixels, rng)]
    result, where = pixels.copy(), np.zeros(pixels.shape[:2], bool)
    for _ in range(rng.integers(*REGIONS, endpoint=True)):
        region = _region(rng)
        result[region] = whole[rng.integers(len(whole))][region]
        where |= region
    return result, where


def _region(rng: np.random.Generator) -> np.ndarray:
    """Return a random box of the ring, half of the time an ellipse."""
    across, down = rng.uniform(*_ACROSS) / 2, rng.uniform(*_DOWN) / 2
    x = (np.arange(RING_WIDTH) - rng.uniform(0, RING_WIDTH)) % RING_WIDTH
    x = np.minimum(x, RING_WIDTH - x) / across
    y = np.abs(np.arange(RING_HEIGHT) - rng.uniform(60, RING_HEIGHT - 60)) / down
    apart = np.maximum if rng.random() < 0.5 else np.hypot
    inside: np.ndarray = apart(x[None], y[:, None]) < 1
    return inside


def _blurred(pixels: np.ndarray) -> np.ndarray:
    image, size = Image.fromarray(pixels), (RING_WIDTH, RING_HEIGHT)
    coarse = image.resize((size[0] // _COARSE, size[1] // _COARSE), Image.Resampling.BOX)
    return np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))


def _shuffled(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Swap tiles with others of their row, up to four tiles away."""
    side = int(rng.choice(_TILES))
    tiles = pixels.reshape(RING_HEIGHT // side, side, RING_WIDTH // side, side, 3)
    across = tiles.shape[2]
    order = np.argsort(np.arange(across) + rng.uniform(-4, 4, (tiles.shape[0], across)), axis=1)
    moved = np.take_along_axis(tiles, order[:, None, :, None, None], axis=2)
    return moved.reshape(pixels.shape)


def _warped(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Displace pixels smoothly by small amounts."""
    size = (RING_WIDTH, RING_HEIGHT)
    knots = rng.normal(0, _STRETCH, (2, RING_HEIGHT // _KNOTS, RING_WIDTH // _KNOTS))
    across, down = (
        np.asarray(Image.fromarray(one.astype(np.float32)).resize(size, Image.Resampling.BICUBIC))
        for one in knots
    )
    rows = np.clip(np.arange(RING_HEIGHT)[:, None] + down.astype(int), 0, RING_HEIGHT - 1)
    columns = (np.arange(RING_WIDTH) + across.astype(int)) % RING_WIDTH
    warped: np.ndarray = pixels[rows, columns]
    return warped


Report = Callable[[str], None]
RoundTrip = Callable[[np.ndarray], np.ndarray]  # a ring through the memory codec
UNKNOWN = -1  # label of a place, or answer to a question, that does not count
STEP = CELL // 2  # px between places that views begin at
CODED, SPOILED = 0.2, 0.2  # shares of rings that only went through the codec, that are spoiled


@dataclass(frozen=True, slots=True)
class LabelledRings:
    """N halved rings, with the label of each place on a grid of STEP whole pixels."""

    pixels: np.ndarray  # uint8 [N, RING_HEIGHT / HALF, RING_WIDTH / HALF, 3]
    names: np.ndarray  # int16 [N, RING_HEIGHT / STEP, RING_WIDTH / STEP]
    colors: np.ndarray  # the same, int8; UNKNOWN where captions name no colour
    answers: np.ndarray  # int64 [N, questions]

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True, slots=True)
class LabelledViews:
    """B halved views cut out of rings."""

    views: np.ndarray  # uint8 [B, HEIGHT / HALF, WIDTH / HALF, 3]
    names: np.ndarray  # int64 [B, HEIGHT / CELL, WIDTH / CELL]; of a cell's middle
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

    A share CODED of them goes through the round trip, and so do the spoiled ones.
    """
    grid = count, RING_HEIGHT // STEP, RING_WIDTH // STEP
    pixels = np.empty((count, RING_HEIGHT // HALF, RING_WIDTH // HALF, 3), np.uint8)
    names, colors = np.empty(grid, np.int16), np.empty(grid, np.int8)
    answers = np.empty((count, len(vocabulary.questions)), np.int64)
    for place in range(count):
        seed = first_seed + place
        rng = np.random.default_rng([seed, 77])
        ring = render(category_of(seed), seed)
        names[place], colors[place] = labels_of(ring, vocabulary)
        answers[place] = answers_of(ring, vocabulary.questions)
        picture, coded = ring.pixels, rng.random() < CODED
        if spoil and rng.random() < SPOILED:
            picture, where = spoiled(picture, rng)
            _forget(names[place], colors[place], where, ring, vocabulary)
            coded = True
        pixels[place] = halved(round_trip(picture) if coded else picture)
        if (place + 1) % 100 == 0:
            report(f"drew {place + 1}/{count} rings")
    return LabelledRings(pixels, names, colors, answers)


def answers_of(ring: Ring, questions: Sequence[ViewQuestion]) -> list[int]:
    """Return the place of the right value for every question; UNKNOWN where none is right."""
    truth = {CATEGORY: ring.category, **ring.attributes}
    return [
        one.values.index(truth[one.name]) if truth.get(one.name) in one.values else UNKNOWN
        for one in questions
    ]


def labels_of(ring: Ring, vocabulary: JudgeVocabulary) -> tuple[np.ndarray, np.ndarray]:
    """Return names and colours of a ring's places, int16 and int8 [RING_HEIGHT, RING_WIDTH] / STEP.

    Each is the place in the vocabulary, of names plus 1.
    """
    ids = ring.ids[::STEP, ::STEP]
    names = np.full(int(ids.max()) + 1, NOTHING, np.int16)
    colors = np.full(len(names), UNKNOWN, np.int8)
    for thing in ring.things:
        if thing.index < len(names):  # the others are too small to appear
            names[thing.index] = vocabulary.name_index(thing.name)
            if thing.color_name is not None:
                colors[thing.index] = vocabulary.colors.index(thing.color_name)
    return names[ids], colors[ids]


def _forget(
    names: np.ndarray,
    colors: np.ndarray,
    where: np.ndarray,
    ring: Ring,
    vocabulary: JudgeVocabulary,
) -> None:
    """Label a spoiled place as empty; land and water as unknown."""
    areas = {vocabulary.name_index(thing.name) for thing in ring.things if thing.is_area}
    where = where[::STEP, ::STEP]
    names[where] = np.where(np.isin(names[where], list(areas)), UNKNOWN, NOTHING)
    colors[where] = UNKNOWN


def cut_labelled(
    rings: LabelledRings, indices: np.ndarray, rng: np.random.Generator
) -> LabelledViews:
    """Return one view from each of some rings, in a random, mostly level direction."""
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
