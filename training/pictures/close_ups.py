"""`python -m training close-ups`: the network that shows things from near, on things drawn alone.

It sees cut-outs of rings as the game has them: drawn, and after the autoencoder; painted from the
renderer's own list, and refined; and painted anew from a second viewpoint, near something. It
learns the same things as the renderer draws them alone, `SCALE` times as large, and is told the
marks of their kinds; see `marks.py`. A part of a thing that lies a little beside the renderer's
costs little, so that the network need not soften what it cannot place; what differs from all around
it, such as keys and eyes, counts more. Where marks are strong, it is compared with the drawing as
it lies on them, and half of the crops of animals show their heads; see `marked.py`. The network to
start from teaches kinds whose drawings are as it knows them.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.controls.parallax import Box
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.drawing.close_up import (
    MOST,
    SCALE,
    CloseUp,
    CutOutPicture,
    crisp,
    in_unit,
    numbers_of,
    places_in,
    reduced,
)
from mag_sandbox.model.imagination.imagination import Imagination
from mag_sandbox.model.imagination.objects import VARIANTS, PlacedObject
from mag_sandbox.model.imagination.weights import CLOSE_UP
from mag_sandbox.renderer.alone import ThingsAlone
from mag_sandbox.renderer.render import PLANES, category_of, lay_out
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.scenes.kinds import ANIMALS
from mag_sandbox.training.loop import LoopConfig, Stage
from mag_sandbox.training.options import CloseUpTraining
from mag_sandbox.training.pictures.marked import Lie, head_of, lie_of, missed_marks
from mag_sandbox.training.pictures.marks import marks_of_kinds
from mag_sandbox.training.pictures.scene_rings import SceneRings
from mag_sandbox.training.pictures.shown import begun, train_and_write

logger = logging.getLogger(__name__)

CROP, BATCH = 48, 20  # px, crops of a step
RATE = 1e-3
LEAST = 9  # px: smaller things are left out
# share that the boxes of a thing in plan and drawing, and outlines of marks and drawing, have in
# common at least
AGREES = 0.6
PAINTED, WALKED, REFINED = 0.9, 0.35, 0.85  # shares of scenes
# share of cut-outs that are reduced as near ones are, and px of others, which are drawn again
REDUCED, OWN_SIZE = 0.5, 16_000
# kinds whose parts melt in play: they count so many times as often, and scenes with them are chosen
OFTEN = dict.fromkeys(sorted(ANIMALS), 4.0) | {
    "piano": 5.0, "guitar": 4.0, "wheat": 2.5, "question block": 3.0, "bus": 3.0, "organ": 3.0,
    "zombie": 5.0, "treasure chest": 5.0, "alarm clock": 3.0, "grandfather clock": 3.0,
    "lollipop": 2.0, "person": 2.0, "child": 2.0, "princess": 2.0, "king": 2.0, "knight": 2.0,
    "scarecrow": 2.0, "crib": 2.0, "car": 2.0, "truck": 2.0, "tram": 2.0, "train": 2.0,
}  # fmt: skip
AMONG = 13  # times as many scenes are looked through
REACH, PATCH = 3, 10  # half px of the large picture: shifts of patches, and their size
EXACT, LARGE, EDGES = 0.4, 0.15, 0.5  # weights: unshifted, at the whole size, of edges
SMALL, SMALL_SHARE = 60.0, 0.5  # px: size of small things, and their share of crops
FILLED = 0.08  # of a crop: less of it counts as much for all that its thing fills
FARTHER = 4.7e-4  # cost of a shift, for each half px across or down
EDGE = 8  # px of the large picture that depend on what lies beyond the crop
SQUARES = 2.0  # weight of squared differences
# weights of what differs from the mean around it, that of animals, and px of that mean
DETAIL, THIN, AROUND = 2.0, 8.0, 9
MARKED = 4.0  # weight of differences where marks are strong
HEADS, NEAR = 0.5, 12  # share of crops of animals that show heads, and px by which these shift
BESIDE = 8  # px of a crop that lie beside a thing at most
CELL = 5  # px in which edges are counted
UNMARKED = 0.2  # share of crops whose marks are hidden, as of kinds that have none
TAUGHT = 0.15  # share of batches that show what the network to start from makes
UNCHANGED = 0.008  # mean difference of marks of which a kind is drawn as it was


class ThingPair(NamedTuple):
    """A thing in a ring, and drawn alone."""

    thing: PlacedObject
    layer: np.ndarray  # uint8 [h, w, 4]: colours in [0, 255] times alpha, and alpha
    box: Box  # of the thing, in the layer [px]
    drawn: np.ndarray  # likewise, uint8 [SCALE * h, SCALE * w, 4]


class Batch(NamedTuple):
    """What the network is given, see `CloseUp.forward`."""

    layers: Tensor
    places: Tensor
    sprites: Tensor
    marks: Tensor
    kinds: Tensor
    variants: Tensor
    numbers: Tensor


@dataclass(eq=False)
class CloseUpStage(Stage):
    """Trains `CloseUp` on crops of pairs; of rare kinds more than their share."""

    name = "close_up"

    module: CloseUp
    pairs: Sequence[ThingPair]
    imagination: Imagination  # has the kinds and their sprites
    seed: int
    teacher: CloseUp | None = None  # with its marks

    def __post_init__(self) -> None:
        self._rows = {kind: row for row, kind in enumerate(self.imagination.config.kinds)}
        lies = [self._lie_of(pair) for pair in self.pairs]
        agree = [lie.agreement >= AGREES for lie in lies]
        self.pairs = list(compress(self.pairs, agree))
        self._lies = list(compress(lies, agree))
        kinds = np.array([self._rows[one.thing.kind] for one in self.pairs])
        sizes = np.array([one.layer[..., 0].size for one in self.pairs])
        often = [OFTEN.get(one.thing.kind, 1.0) for one in self.pairs]
        weights = np.array(often) * sizes**0.35 / np.bincount(kinds)[kinds] ** 0.55
        is_small = np.array([max(one.box[2:]) <= SMALL for one in self.pairs])
        for share, among in ((SMALL_SHARE, is_small), (1 - SMALL_SHARE, ~is_small)):
            weights[among] *= share / max(weights[among].sum(), 1e-9)
        self._chances = weights / weights.sum()
        details = [THIN if kind in ANIMALS else DETAIL for kind in self._rows]
        self._details = torch.tensor(details)[:, None, None, None]
        self._taught_chances = np.zeros_like(weights)
        if self.teacher is not None:
            off = (self.teacher.marks - self.module.marks).abs().mean(1)
            taught = weights * (off < UNCHANGED).numpy()[kinds]
            self._taught_chances = taught / max(taught.sum(), 1e-9)

    def _lie_of(self, pair: ThingPair) -> Lie:
        """Return how the drawing of a pair lies to its marks: on them, if there are none."""
        marks = self._marks_of(pair.thing)
        box = tuple(SCALE * end for end in pair.box)
        return lie_of(pair.drawn, cast(Box, box), marks) if marks.any() else Lie(1.0, 0, 0)

    def _marks_of(self, thing: PlacedObject) -> Tensor:
        row, variant = torch.tensor([self._rows[thing.kind]]), torch.tensor([_variant_of(thing)])
        return self.module.marks_of(row, variant)[0]

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Adam over all weights."""
        return [torch.optim.AdamW(self.module.parameters(), RATE, betas=(0.9, 0.98))]

    def loss(self, batch: int) -> Tensor:
        """Return the difference from the things drawn alone, or from what the teacher makes."""
        rng = np.random.default_rng([self.seed, batch])
        if self._taught_chances.any() and rng.random() < TAUGHT:
            return self._taught(self.batch_of(BATCH, rng, is_taught=True)[0])
        given, drawn, onto = self.batch_of(BATCH, rng)
        with torch.autocast("cpu", torch.bfloat16):
            made = self.module(*given).float()
        details = self._details[given.kinds]
        down, across = rng.integers(0, 4, 2).tolist()
        each = differences(made, drawn, down, across, details)
        each = each + MARKED * missed_marks(made, onto, given.marks, given.places, EDGE)
        return _mean_of_things(each, drawn)

    def sheet(self, path: Path, step: int) -> None:
        """Write crops: enlarged smoothly, by the network, drawn."""
        given, drawn, _ = self.batch_of(4, np.random.default_rng([self.seed, step, 1]))
        smooth = functional.interpolate(given.layers, scale_factor=SCALE, mode="bilinear")
        with torch.no_grad():
            made = self.module(*given)
        each = (
            to_frames(2 * (one[:, :3] + (1 - one[:, 3:]) / 2) - 1) for one in (smooth, made, drawn)
        )
        write_sheet(path, list(zip(*each, strict=True)))

    def _taught(self, given: Batch) -> Tensor:
        """Return the difference from what the teacher makes of the same, also at half size."""
        assert self.teacher is not None
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                goal = self.teacher(*given).float()
            off = self.module(*given).float() - goal
        each = off.abs() + SQUARES * off.square()
        half = functional.avg_pool2d(off, 2).abs()
        return _mean_of_things(each.mean((1, 2, 3)) + half.mean((1, 2, 3)), goal)

    def batch_of(
        self, count: int, rng: np.random.Generator, *, is_taught: bool = False
    ) -> tuple[Batch, Tensor, Tensor]:
        """Return what the network is given, drawings of it, and these as they lie on marks."""
        chances = self._taught_chances if is_taught else self._chances
        numbers = rng.choice(len(self.pairs), count, p=chances)
        chosen = [self.pairs[at] for at in numbers]
        crops = [self._crop(self.pairs[at], self._lies[at], rng) for at in numbers]
        layers, drawn, onto, places = (np.stack(one) for one in zip(*crops, strict=True))
        sprites = [self.imagination.sprites([pair.thing]).get(0) for pair in chosen]
        none = np.zeros_like(next((one for one in sprites if one is not None), np.zeros((4, 1, 1))))
        shown = np.stack([none if one is None else in_unit(one) for one in sprites])
        facts = np.stack([numbers_of(pair.thing, pair.box) for pair in chosen])
        rows = torch.tensor([self._rows[pair.thing.kind] for pair in chosen])
        variants = torch.tensor([_variant_of(pair.thing) for pair in chosen])
        marked = torch.from_numpy(rng.random((count, 1, 1, 1)) >= UNMARKED)
        small, large, lying = (
            torch.from_numpy(one).permute(0, 3, 1, 2).float() / 255 for one in (layers, drawn, onto)
        )
        where, planned = (torch.from_numpy(one).float() for one in (places, shown))
        given = Batch(
            small,
            where,
            planned,
            self.module.marks_of(rows, variants) * marked,
            rows,
            variants,
            torch.from_numpy(facts),
        )
        return given, large, lying

    def _crop(self, pair: ThingPair, lie: Lie, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Return a crop of a layer, of the drawing, of that on its marks, and pixels' places."""
        sides = pair.layer.shape[:2]
        ends = [(min(0, side - CROP), max(0, side - CROP)) for side in sides]
        corner = [int(rng.integers(end[0] - BESIDE, end[1] + BESIDE + 1)) for end in ends]
        if pair.thing.kind in ANIMALS and rng.random() < HEADS:
            middle = head_of(self._marks_of(pair.thing), pair.box)
            corner = [round(at - CROP / 2 + rng.uniform(-NEAR, NEAR)) for at in middle]
        places = (pair.box[0] - corner[1], pair.box[1] - corner[0], *pair.box[2:])
        large = [SCALE * end for end in corner]
        moved = [end + by for end, by in zip(large, (lie.down, lie.across), strict=True)]
        drawn, onto = (_part(pair.drawn, one, SCALE * CROP) for one in (large, moved))
        return _part(pair.layer, corner, CROP), drawn, onto, places_in(places, (CROP, CROP))


def _variant_of(thing: PlacedObject) -> int:
    return (thing.variant or 0) % VARIANTS


def _mean_of_things(each: Tensor, drawn: Tensor) -> Tensor:
    """Return the mean of what crops lose, [B]; small things, which would be lost, count more."""
    weights = drawn[:, 3].mean((1, 2)).clamp(min=FILLED) ** -0.5
    return (each * weights).mean() / weights.mean()


def _part(picture: np.ndarray, corner: Sequence[int], size: int) -> np.ndarray:
    """Return a square of a picture, [H, W, C], that may reach beyond it."""
    part = np.zeros((size, size, picture.shape[2]), picture.dtype)
    first = [max(-start, 0) for start in corner]
    there = [slice(max(start, 0), start + size) for start in corner]
    inner = picture[there[0], there[1]]
    part[first[0] : first[0] + inner.shape[0], first[1] : first[1] + inner.shape[1]] = inner
    return part


def differences(
    made: Tensor, drawn: Tensor, down: int = 0, across: int = 0, detail: float | Tensor = DETAIL
) -> Tensor:
    """Return how far pictures are from drawn ones, [B], at half the size, as the game shows them.

    Half of it is of the crisp pictures, so that the network does not draw what dots them.
    Arguments are those of `fitted_parts`, and the weight of details: one, or of each, [B, 1, 1, 1].
    """
    parts = fitted_parts(made, drawn, down, across)
    large = (parts[0] - parts[1]).abs().mean((1, 2, 3))
    soft, exact, fitted = (functional.avg_pool2d(one, 2) for one in parts)
    both = torch.stack((soft, crisp(soft)))
    beside = functional.avg_pool2d(fitted, AROUND, 1, AROUND // 2, count_include_pad=False)
    weights = 1 + detail * (fitted - beside).abs().mean(1, keepdim=True)
    off = both - fitted
    each = (off.abs() + SQUARES * off.square()) * weights + EXACT * (both - exact).abs()
    edges = (_edges_of(both[1]) - _edges_of(fitted)).abs().mean((1, 2, 3))
    return each.mean((0, 2, 3, 4)) + EDGES * edges + LARGE * large


def _edges_of(pictures: Tensor) -> Tensor:
    """Return how much pixels of cells differ from those beside them."""
    across, down = pictures.diff(dim=-1)[..., 1:, :].abs(), pictures.diff(dim=-2)[..., 1:].abs()
    return functional.avg_pool2d(across + down, CELL, ceil_mode=True)


def fitted_parts(
    made: Tensor, drawn: Tensor, down: int = 0, across: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the inner part of pictures, what was drawn there, and that, patches shifted to fit.

    Args:
        made: by the network, [B, C, H, W].
        drawn: by the renderer, likewise.
        down: half px by which all patches lie lower; edges of patches should not stay in place.
        across: likewise, to the right.
    """
    top, left = EDGE + 2 * down, EDGE + 2 * across
    height, width = ((side - 2 * EDGE - 6) // (2 * PATCH) * 2 * PATCH for side in made.shape[-2:])
    inner = made[..., top : top + height, left : left + width]
    shifts = [(y, x) for y in range(-REACH, REACH + 1) for x in range(-REACH, REACH + 1)]
    with torch.no_grad():
        half, goal = functional.avg_pool2d(inner, 2), functional.avg_pool2d(drawn, 2)
        costs = [
            functional.avg_pool2d(
                (half - _shifted(goal, top // 2 + y, left // 2 + x, half)).abs(), PATCH
            ).mean(1)
            + FARTHER * (abs(y) + abs(x))
            for y, x in shifts
        ]
        best = torch.tensor(shifts)[torch.stack(costs).argmin(0)]  # [B, patches down, across, 2]
        each = 2 * best.repeat_interleave(2 * PATCH, 1).repeat_interleave(2 * PATCH, 2)
        rows = torch.arange(top, top + height)[:, None] + each[..., 0]
        columns = torch.arange(left, left + width) + each[..., 1]
        flat = (rows * drawn.shape[-1] + columns).flatten(1)[:, None].expand(-1, drawn.shape[1], -1)
        fitted = drawn.flatten(2).gather(2, flat).view_as(inner)
    return inner, _shifted(drawn, top, left, inner), fitted


def _shifted(picture: Tensor, top: int, left: int, like: Tensor) -> Tensor:
    height, width = like.shape[-2:]
    return picture[..., top : top + height, left : left + width]


class CutOuts:
    """Cuts things out of rings, and draws them alone.

    pairs = CutOuts(rings).of_scene(7)
    """

    def __init__(self, rings: SceneRings) -> None:
        self._rings = rings

    @torch.inference_mode()
    def of_scene(self, seed: int) -> list[ThingPair]:
        """Return the things of a scene's ring, or of a view from a second viewpoint."""
        rng = np.random.default_rng([seed, SCALE])
        painted, walked, refined = rng.random(3) < (PAINTED, WALKED, REFINED)
        scene, shown = self._rings.of_scene(seed, rng, is_painted=painted, is_walked=walked)
        if painted and refined and not walked:
            shown = self._rings.refined(shown)
        alone, first = ThingsAlone(scene, *shown.place), len(scene.far) + 1
        pairs = []
        for number, (picture, corner) in self._rings.layers(shown).cut_outs().items():
            thing = shown.scenery.bodies[number - 1].told
            item = shown.told.get(thing, -1) - first
            is_board = (
                0 <= item < len(scene.layout.items)
                and scene.layout.items[item].entry.where not in PLANES
            )
            is_known = thing.kind in self._rings.imagination.config.kinds
            if is_board and is_known and max(picture.box[2:]) >= LEAST:
                most = MOST if rng.random() < REDUCED else OWN_SIZE
                pairs += self._pair(thing, picture, corner, alone, item, most)
        return pairs

    def _pair(
        self,
        thing: PlacedObject,
        picture: CutOutPicture,
        corner: tuple[int, int],
        alone: ThingsAlone,
        item: int,
        most: int,
    ) -> list[ThingPair]:
        """Return a pair of so many pixels at most, if the plan has the thing where it is drawn."""
        layer, box = reduced(picture, most)
        height, width = layer.shape[1:]
        scale = width / picture.layer.shape[2]
        drawn = alone.drawn(item, corner, (SCALE * height, SCALE * width), SCALE * scale)
        shown = np.argwhere(drawn[..., 3] > 0) / SCALE
        if not len(shown):
            return []
        (top, left), (bottom, right) = shown.min(axis=0), shown.max(axis=0)
        both = max(min(right, box[0] + box[2]) - max(left, box[0]), 0) * max(
            min(bottom, box[1] + box[3]) - max(top, box[1]), 0
        )
        if both < AGREES * max(box[2] * box[3], (right - left) * (bottom - top)):
            return []
        unit = np.rint(255 * in_unit(layer)).astype(np.uint8).transpose(1, 2, 0)
        colors = drawn[..., :3] * (drawn[..., 3:] / 255)
        return [
            ThingPair(
                thing,
                unit,
                box,
                np.concatenate((np.rint(colors).astype(np.uint8), drawn[..., 3:]), -1),
            )
        ]


def chosen_scenes(count: int) -> list[int]:
    """Return scenes of training in which all kinds of `OFTEN` are often, rare ones first."""
    found: Counter[str] = Counter()
    kinds = {
        seed: Counter(item.kind for item in lay_out(category_of(seed), seed).items)
        for seed in range(AMONG * count)
    }

    def worth(seed: int) -> float:
        each = kinds[seed].items()
        return sum(OFTEN.get(kind, 0.0) * min(n, 3) / (1 + found[kind]) for kind, n in each)

    chosen = []
    for _ in range(count):
        chosen.append(max(kinds, key=worth))
        found.update(kinds.pop(chosen[-1]))
    return chosen


def train(options: CloseUpTraining) -> None:
    """Train the network and write its weights; resumes where it was stopped.

    The one to start from, if any, is the teacher.
    """
    module, autoencoder = begun(CloseUp, options)
    teacher = deepcopy(module).requires_grad_(False) if options.init_from else None
    rings = SceneRings.load(autoencoder.eval(), options)
    logger.info("cutting things out of %d scenes", options.scenes)
    cut_outs, kinds = CutOuts(rings), rings.imagination.config.kinds
    marks, mirrored = marks_of_kinds(kinds, options.seed)
    module.marks.copy_(marks)
    module.mirrored.copy_(mirrored)
    pairs = [pair for seed in chosen_scenes(options.scenes) for pair in cut_outs.of_scene(seed)]
    stage = CloseUpStage(module, pairs, rings.imagination, options.seed, teacher)
    config = LoopConfig(options.steps, decay=0.6)
    train_and_write(stage, config, options.folder / CLOSE_UP, in_eight_bits=["marks"])
