"""Trains the close look on squares around things of renders, in places of all kinds.

It begins with the weights of the judge of whole views. Some squares lose their shape but keep
their colours, and count as nothing: a patch of the right colour is not the thing.
"""

from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from mag_sandbox.evaluation.judge.close_look import (
    SIDE,
    SURE,
    WIDEST,
    CloseLook,
    Namer,
    ThingBox,
    has_place,
    square_around,
)
from mag_sandbox.evaluation.judge.judge import NOTHING, Judge, JudgeVocabulary
from mag_sandbox.evaluation.judge.labelled import UNKNOWN, Report, RoundTrip, spoiled
from mag_sandbox.evaluation.judge.mixing import exchanged, mixed
from mag_sandbox.evaluation.judge.training import NOISE, Fitting, fit, round_trip_of_ring
from mag_sandbox.evaluation.options import CloseLookOptions
from mag_sandbox.model.frames import to_pictures
from mag_sandbox.model.loading import load_world
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.renderer.render import HELD_OUT, Ring, SceneRenderer, category_of, lay_out

FIRST_SEED = 851_000  # of the scenes it learns from
TEST_SEED = HELD_OUT + 530_000  # of the accuracy tests; no clip or bar uses them
FITTING = Fitting(rings=420, steps=1800, batch=64, learning_rate=2e-3, test_rings=48, warmup=0.08)
KEPT = 72  # px of a square that is kept: a part of it is looked at
MIXED, MORE = 0.85, (25, 50)  # share of scenes with more things, and how many
TEST_MORE = 5, 14
CODED, DETAILED = 0.08, 0.06  # shares of rings after the codec, and of those with details
LEAST = 60  # px of a thing that is looked at
WHOLE = 0.45  # least share of a thing that is seen, to learn from
LOST, CUT = 0.14, 0.12  # shares of squares without a shape, and cut by an edge
EXCHANGED = 0.6  # share of things that are others in tests
COVERED = 0.9  # least share of a box that is spoiled, to count as spoiled


@dataclass(frozen=True, slots=True)
class Squares:
    """Squares around N things."""

    pixels: np.ndarray  # uint8 [N, KEPT, KEPT, 3]
    names: np.ndarray  # int64 [N]; number in the vocabulary
    colors: np.ndarray  # int64 [N]; UNKNOWN where captions name no colour
    shares: np.ndarray  # float64 [N]; about how much of each is not hidden

    def __len__(self) -> int:
        return len(self.pixels)


def run_close_training(options: CloseLookOptions, say: Report) -> None:
    """Train the close look, and print what it finds of held-out renders."""
    fitting = replace(FITTING, rings=options.rings, steps=options.steps)
    torch.set_num_threads(fitting.threads)
    with closing(load_world("pocket")) as world:
        round_trip = partial(round_trip_of_ring, world)
        judge = Judge.load()
        squares = draw_squares(fitting.rings, judge.vocabulary, round_trip, say)
        look = CloseLook(fit_namer(squares, judge, fitting, say), judge.vocabulary)
        with torch.no_grad():
            for values in look.network.state_dict().values():
                if values.is_floating_point():
                    values.copy_(values.bfloat16())  # as they will be loaded
        about = measured(look, fitting.test_rings, round_trip)
    look.save(options.out, {"rings": fitting.rings, "steps": fitting.steps, **about})
    for name, share in about.items():
        say(f"{name}: {share}")


def looked_at(ring: Ring) -> list[Thing]:
    """Return the things of a ring that have a place in level views."""
    return [
        thing
        for thing in ring.things
        if has_place(thing.name) and thing.width < WIDEST and thing.area >= LEAST
        and thing.top + thing.height > LEAST and thing.top < RING_HEIGHT - LEAST
    ]  # fmt: skip


def draw_squares(
    count: int, vocabulary: JudgeVocabulary, round_trip: RoundTrip, report: Report
) -> Squares:
    """Draw rings, and cut out a square around each of their things."""
    pixels, names, colors, fills = [], [], [], []
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        rng = np.random.default_rng([seed, 79])
        layout = lay_out(category_of(seed), seed)
        ring = SceneRenderer(mixed(layout, rng, *MORE) if rng.random() < MIXED else layout).ring()
        drawn = rng.random()
        if drawn < DETAILED:
            picture = shown(ring, round_trip)
        else:
            picture = round_trip(ring.pixels) if drawn < DETAILED + CODED else ring.pixels
        for thing in looked_at(ring):
            pixels.append(_square(picture, thing, KEPT))
            names.append(vocabulary.name_index(thing.name))
            own = thing.color_name
            colors.append(UNKNOWN if own is None else vocabulary.colors.index(own))
            fills.append(thing.area / (thing.width * thing.height))
        if (seed + 1 - FIRST_SEED) % 100 == 0:
            report(f"drew {seed + 1 - FIRST_SEED}/{count} rings")
    numbers = np.array(names, np.int64)
    shares = _shares(numbers, np.array(fills))
    return Squares(np.stack(pixels), numbers, np.array(colors, np.int64), shares)


def _shares(kinds: np.ndarray, fills: np.ndarray) -> np.ndarray:
    """Return about how much of things is seen, of their kinds and how far they fill their boxes."""
    shares = fills.copy()
    for kind in np.unique(kinds):  # whole ones fill as much of their boxes as most others
        own = kinds == kind
        shares[own] /= np.percentile(fills[own], 85)
    return shares


def shown(ring: Ring, round_trip: RoundTrip) -> np.ndarray:
    """Return a ring as worlds show it: after the codec, things with the details that it loses."""
    detailed = np.zeros(int(ring.ids.max()) + 1, bool)
    detailed[[thing.index for thing in ring.things if has_place(thing.name)]] = True
    return np.where(detailed[ring.ids][..., None], ring.pixels, round_trip(ring.pixels))


def _square(ring: np.ndarray, thing: Thing, side: int = SIDE) -> np.ndarray:
    """Return the square around a thing of a ring, whose ends meet."""
    left = int(thing.left + thing.width / 2) - RING_WIDTH // 4
    turned = np.roll(ring, -left, axis=1)
    return square_around(turned, ThingBox.of(thing, left, 0.0), side)


def fit_namer(squares: Squares, judge: Judge, fitting: Fitting, report: Report) -> Namer:
    """Train the network of a judge on parts of squares, rare kinds more often than they occur."""
    vocabulary, segmenter = judge.vocabulary, deepcopy(judge.network)
    kept = np.flatnonzero(squares.shares > WHOLE)
    counts = np.bincount(squares.names[kept], minlength=len(vocabulary.classes) + 1)
    odds = np.cumsum(1 / np.sqrt(counts[squares.names[kept]]))

    def loss(network: Namer, rng: np.random.Generator) -> Tensor:
        picked = np.searchsorted(odds, rng.random(fitting.batch) * odds[-1])
        parts, names, colors = [], [], []
        for place in kept[picked.clip(0, len(kept) - 1)]:
            part, is_lost = _varied(squares.pixels[place], rng)
            parts.append(part)
            names.append(NOTHING if is_lost else squares.names[place])
            colors.append(UNKNOWN if is_lost else squares.colors[place])
        pictures = _lit(to_pictures(np.stack(parts)), rng)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            named, colored = network(pictures)
        right = torch.tensor(names), torch.tensor(colors)
        total = functional.cross_entropy(named.float(), right[0], label_smoothing=0.03)
        if (right[1] != UNKNOWN).any():
            total = total + 0.3 * functional.cross_entropy(
                colored.float(), right[1], ignore_index=UNKNOWN
            )
        return total

    return fit(lambda: Namer(segmenter.requires_grad_(True)), loss, fitting, report, every=100)


def _varied(square: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Return a part of a square, uint8 [SIDE, SIDE, 3], and whether its shape is lost."""
    height = int(rng.integers(SIDE - 14, KEPT + 1))
    width = int(np.clip(height * np.exp(rng.normal(0, 0.1)), SIDE - 18, KEPT))
    top, left = (int(rng.integers(KEPT + 1 - extent)) for extent in (height, width))
    image = Image.fromarray(square).resize(
        (SIDE, SIDE), Image.Resampling.BILINEAR, (left, top, left + width, top + height)
    )
    part = np.asarray(image)
    part = part[:, ::-1] if rng.random() < 0.5 else part
    change = rng.random()
    if change < LOST:
        return _without_shape(part, rng), True
    if change < LOST + CUT:  # by an edge of the view, beyond which its pixels continue
        side, lines = int(rng.integers(4)), int(rng.integers(4, 26))
        turned = np.rot90(part, side).copy()
        turned[:lines] = turned[lines]
        part = np.rot90(turned, -side)
    return np.ascontiguousarray(part), False


def _without_shape(part: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a square that is blurred, or whose tiles are shuffled, or that is warped."""
    way = int(rng.integers(3))
    if way == 0:
        few = int(rng.integers(3, 7))
        coarse = Image.fromarray(np.ascontiguousarray(part)).resize(
            (few, few), Image.Resampling.BOX
        )
        return np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    if way == 1:
        side = int(rng.choice((8, 16)))
        count = SIDE // side
        tiles = part.reshape(count, side, count, side, 3)
        order = np.arange(count) + rng.uniform(-3, 3, (count, count))
        tiles = np.take_along_axis(tiles, order.argsort(1)[:, None, :, None, None], axis=2)
        order = np.arange(count) + rng.uniform(-3, 3, (count, count))
        down = order.argsort(1).T[:, None, :, None, None]
        return np.take_along_axis(tiles, down, axis=0).reshape(part.shape)
    knots = rng.normal(0, rng.uniform(7, 14), (2, 5, 5)).astype(np.float32)
    across, down = (
        np.asarray(Image.fromarray(one).resize((SIDE, SIDE), Image.Resampling.BICUBIC)).astype(int)
        for one in knots
    )
    places = np.arange(SIDE)
    rows, columns = places[:, None] + down, places + across
    warped: np.ndarray = part[rows.clip(0, SIDE - 1), columns.clip(0, SIDE - 1)]
    return warped


def _lit(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Soften half of the pictures, add noise, and vary the light: a world's are not as crisp."""
    count = len(pictures)
    soft = functional.avg_pool2d(pictures, 3, 1, 1, count_include_pad=False)
    share = _each(rng.uniform(0, 1, count) * rng.integers(0, 2, count))
    noise = torch.from_numpy(rng.standard_normal(pictures.shape[1:], np.float32)) * NOISE
    mixed_in = pictures + share * (soft - pictures) + noise
    lit = mixed_in * _each(rng.uniform(0.85, 1.1, count)) + _each(rng.uniform(-0.06, 0.06, count))
    return lit.contiguous(memory_format=torch.channels_last)


def _each(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values).float().view(-1, 1, 1, 1)


class _Case(NamedTuple):
    """A thing that was looked at."""

    name: str  # what this tells
    thing: Thing
    sureness: float


def measured(look: CloseLook, rings: int, round_trip: RoundTrip) -> dict[str, float]:
    """Return the shares of things of held-out renders, shown as in play, that are found.

    They are told apart by whether a thing belongs to its place, and by size. False finds are told
    for three cases: another thing stands there, the thing lost its shape, the scene is another.
    """
    cases = list(_cases(look, rings, round_trip))
    kinds = np.array([one.thing.name for one in cases])
    fills = np.array([one.thing.area / (one.thing.width * one.thing.height) for one in cases])
    found: dict[str, list[bool]] = {}
    for case, share in zip(cases, _shares(kinds, fills), strict=True):
        if share > WHOLE:
            found.setdefault(case.name, []).append(case.sureness >= SURE)
    return {name: round(float(np.mean(some)), 3) for name, some in sorted(found.items())}


def _cases(look: CloseLook, rings: int, round_trip: RoundTrip) -> Iterator[_Case]:
    before = None
    for seed in range(TEST_SEED, TEST_SEED + rings):
        rng = np.random.default_rng([seed, 79])
        layout = lay_out(category_of(seed), seed)
        own = len(layout.items)
        layout = mixed(layout, rng, *TEST_MORE)
        renderer = SceneRenderer(layout)
        ring, first = renderer.ring(), len(renderer.far) + 1
        picture, things = shown(ring, round_trip), looked_at(ring)
        others, gone = exchanged(layout, rng, EXCHANGED)
        lost, where = spoiled(ring.pixels, rng)
        for case in _looked(look, picture, things, "found"):
            usual = case.thing.index - first < own
            yield case._replace(name=f"found, {'of its place' if usual else 'of any kind'}")
            yield case._replace(name=f"found, {_size(case.thing)}")
        away = [thing for thing in things if thing.index - first in gone]
        instead = shown(SceneRenderer(others).ring(), round_trip)
        yield from _looked(look, instead, away, "false, another thing")
        spoilt = [thing for thing in things if _covered(where, thing) >= COVERED]
        yield from _looked(look, round_trip(lost), spoilt, "false, without shape")
        if before is not None:
            yield from _looked(look, before, things, "false, another scene")
        before = picture


def _looked(look: CloseLook, ring: np.ndarray, things: list[Thing], name: str) -> Iterator[_Case]:
    answers = look.answers([_square(ring, thing) for thing in things])
    for thing, (names, _) in zip(things, answers, strict=True):
        yield _Case(name, thing, float(names[look.vocabulary.name_index(thing.name)]))


def _size(thing: Thing) -> str:
    degrees = max(thing.degrees)
    sizes = ((6.0, "under 6 degrees"), (10.0, "6 to 10 degrees"), (20.0, "10 to 20 degrees"))
    return next((name for most, name in sizes if degrees < most), "20 degrees and more")


def _covered(where: np.ndarray, thing: Thing) -> float:
    columns = np.arange(int(thing.left), int(thing.left + thing.width) + 1) % RING_WIDTH
    rows = slice(max(int(thing.top), 0), int(thing.top + thing.height) + 1)
    return float(where[rows][:, columns].mean())
