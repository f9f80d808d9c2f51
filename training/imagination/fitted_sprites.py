"""Sprites fitted to pictures: how a look appears at each place of its box, in any colour.

At each place a thing covers a share of the pixels; their colour is a sum of parts of its main
colour, its mean colour, and a rest: a bear's eyes have no part of its colours, its belly half.
All are least squares over all things of a look in many rings.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

import numpy as np

from mag_sandbox.files.whole import replacing
from mag_sandbox.model.imagination.config import PainterConfig
from mag_sandbox.model.imagination.objects import BEYOND, LEAST_HALF, VARIANTS, look_number
from mag_sandbox.model.imagination.sketch import REST
from mag_sandbox.renderer.alone import drawn_flat
from mag_sandbox.renderer.drawing import OPAQUE
from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.paint import VARIANTS as DRAWN
from mag_sandbox.renderer.paint import paint, shapes
from mag_sandbox.renderer.palettes import LIGHTS
from mag_sandbox.renderer.plan import Thing, mean_colors, of_main_color
from mag_sandbox.renderer.render import Ring, category_of, render
from mag_sandbox.training.imagination.rings import path_of

logger = logging.getLogger(__name__)

MOST_RINGS = 14_000  # of fewer, a tenth of the looks have less than three things
SAMPLES, SAMPLES_ALONE = 2, 6  # across a place
WIDEST = 300.0  # px; wider things lie all around and have no box
CELL = 16  # px across a cell
RIDGE = 0.02  # pixels that have no part of either colour, for each that was seen
PARTS = -1.0, 1.8  # of a colour; least and most
ALONE = tuple(  # looks that no ring shows: women, waders, bridges from their ends
    (kind, int(variant))
    for kind, variant in (name.rsplit(" ", 1) for name in shapes() if name[-1].isdigit())
)
# kinds that are so thin, or in so few rings, that their sprites would be blurred or torn
THIN = (
    "bamboo", "reed", "wheat", "tulip", "palm", "bare tree", "acacia", "willow", "windmill",
    "log cabin", "fish", "seagull",
)  # fmt: skip
_ALONE = 360  # px across one that is drawn alone
_SUMS = 16  # of a place; see `_seen`
Key = tuple[str, int | None]  # kind and variant; None: all of them
Sums = defaultdict[Key, np.ndarray]


def fitted_sprites(
    folder: Path, count: int, kinds: Sequence[str], painter: PainterConfig
) -> np.ndarray:
    """Return the table of sprites that fits the first rings; see `Sprites.table`."""
    count = min(count, MOST_RINGS)
    path = path_of(folder, "sprites", count, "npy")
    if not path.exists():
        rings = (render(category_of(seed), seed) for seed in range(count))
        places = painter.sprite.places
        looks = (*ALONE, *product(THIN, range(DRAWN)))
        alone = [look for look in looks if look[0] in kinds]
        sprites = fit(rings, places) | {look: fit_alone(*look, places) for look in alone}
        table = np.zeros(
            (painter.kinds * VARIANTS, *next(iter(sprites.values())).shape), np.float32
        )
        for (kind, variant), fitted in sprites.items():
            table[look_number(kinds.index(kind), variant)] = fitted
        with replacing(path) as part, part.open("wb") as file:
            np.save(file, table.reshape(len(table), -1))
        logger.info("fitted sprites of %d looks", len(sprites))
    return np.asarray(np.load(path))


def fit(rings: Iterable[Ring], places: int) -> dict[Key, np.ndarray]:
    """Return the sprites of all looks that rings show, [places, places, 6] each."""
    sums: Sums = defaultdict(lambda: np.zeros((places, places, _SUMS)))
    for ring in rings:
        ranks = _ranks(ring)
        for rank, thing in enumerate(ring.things, 1):
            if thing.width <= WIDEST:
                sums[thing.name, thing.variant] += _seen(ring.pixels, ranks, thing, rank, places)
    for (kind, _), each in list(sums.items()):
        sums[kind, None] += each
    return {key: _least_squares(each) for key, each in sums.items()}


def fit_alone(kind: str, variant: int, places: int) -> np.ndarray:
    """Return the sprite of a look drawn alone, in all its colours and lights."""
    sums = np.zeros((places, places, _SUMS))
    for color, light in product(KINDS[kind].colors or (None,), LIGHTS.values()):
        drawing = paint(kind, color, variant, light).tinted(light.tint)
        rgba, edge = drawn_flat(drawing, _ALONE), _ALONE // 2
        pixels = np.pad(rgba[..., :3], ((edge, edge), (edge, edge), (0, 0)))
        ids = np.pad((rgba[..., 3] >= OPAQUE).astype(np.int64), edge)
        means = mean_colors(ids.ravel(), pixels.reshape(-1, 3), 2)
        mains = mean_colors(*of_main_color(ids[ids > 0], pixels[ids > 0], 2), 2)
        box = float(edge), float(edge), float(_ALONE), float(_ALONE)
        thing = Thing(1, kind, "", variant, color, mains[1], means[1], *box, int(ids.sum()))
        sums += _seen(pixels, ids, thing, 1, places, SAMPLES_ALONE)
    return _least_squares(sums)


def _ranks(ring: Ring) -> np.ndarray:
    """Return which thing each pixel shows, counted from far to near from 1 on; 0: none."""
    nearest = len(ring.things) + 1
    ranks = np.full(1 + max((thing.index for thing in ring.things), default=0), nearest, np.int32)
    ranks[0] = 0
    for rank, thing in enumerate(ring.things, 1):
        ranks[thing.index] = rank
    return np.asarray(ranks[ring.ids])


def _seen(
    pixels: np.ndarray,
    ranks: np.ndarray,
    thing: Thing,
    rank: int,
    places: int,
    samples: int = SAMPLES,
) -> np.ndarray:
    """Return sums over a thing's visible pixels at places of its sprite, [places, places, _SUMS].

    Pixels that show it, that nothing nearer hides, then of those that show it: colours, the main
    and the mean colour of the thing, products of each two of these but of colours with themselves.
    """
    height, width = ranks.shape
    within = (np.arange(samples) + 0.5) / samples - 0.5
    nodes = np.linspace(-BEYOND, BEYOND, places)[:, None] + within * 2 * BEYOND / (places - 1)
    across, down = (
        np.floor(first + size / 2 + nodes.ravel() * max(size / 2, LEAST_HALF * CELL)).astype(int)
        for first, size in ((thing.left, thing.width), (thing.top, thing.height))
    )
    place = np.ix_(down.clip(0, height - 1), across % width)
    there = ((down >= 0) & (down < height))[:, None]
    seen, color = ranks[place], pixels[place] / 255.0
    shown, free = (seen == rank) & there, (seen <= rank) & there
    main, mean = (
        np.broadcast_to(np.array(each) / 255.0, color.shape)
        for each in (thing.main_color, thing.mean_color)
    )
    pairs = (color, main), (color, mean), (main, main), (main, mean), (mean, mean)
    products = np.stack([(one * other).sum(axis=-1) for one, other in pairs], axis=-1)
    goal = np.concatenate((color, main, mean, products), axis=-1)
    numbers = np.concatenate((shown[..., None], free[..., None], shown[..., None] * goal), axis=-1)
    return np.asarray(numbers.reshape(places, samples, places, samples, _SUMS).sum(axis=(1, 3)))


def _least_squares(sums: np.ndarray) -> np.ndarray:
    """Return a sprite from `_seen`'s sums, [places, places, 6]."""
    shown, free = sums[..., 0], sums[..., 1]
    count = np.maximum(shown, 1.0)
    color, main, mean = (sums[..., first : first + 3] for first in (2, 5, 8))
    pairs = (color, main), (color, mean), (main, main), (main, mean), (mean, mean)
    of_main, of_mean, mains, both, means = (
        products - (one * other).sum(axis=-1) / count
        for products, (one, other) in zip(np.moveaxis(sums[..., 11:], -1, 0), pairs, strict=True)
    )
    mains, means = mains + RIDGE * count, means + RIDGE * count
    area = mains * means - both * both
    shares = (means * of_main - both * of_mean) / area, (mains * of_mean - both * of_main) / area
    parts = [share.clip(*PARTS)[..., None] for share in shares]
    rest = (color - parts[0] * main - parts[1] * mean) / count[..., None]
    covered = (shown / np.maximum(free, 1.0))[..., None]
    return np.asarray(
        covered * np.concatenate((np.ones_like(covered), *parts, REST * rest), axis=-1)
    )
