"""Rings of a second viewpoint, and what of them was seen from the first.

What stands upright is cut out of the first picture and put where it appears now; ground, walls and
ceiling are looked up where their points appeared; what is at infinity stays. All of this follows
from the renderer's layout. Nothing is known of what was hidden.
"""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from mag_sandbox.files.whole import replacing
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.renderer.projection import EYE, PIXELS_PER_RADIAN, rows_of
from mag_sandbox.renderer.render import Ring, SceneRenderer, lay_out
from mag_sandbox.renderer.scene import Layout
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.rings import (
    MARGIN,
    RINGS_EACH,
    RingLog,
    category_of,
    path_of,
    with_margins,
)
from mag_sandbox.training.pocket.data import CAPTIONS_EACH

logger = logging.getLogger(__name__)

FIRST_SEED = 500_000  # of scenes that are seen twice
NEAREST, FARTHEST = 0.15, 2.5  # metres from the first viewpoint
FROM_WALLS, FROM_THINGS = 0.6, 0.7  # metres, at least
TRIES = 20  # viewpoints looked at until one is free
DISTANT = 300.0  # metres; farther away everything stays where it is
UNLIKE = 0.1  # of logarithms of distances: then a point was hidden


@dataclass(frozen=True, slots=True)
class Walks:
    """Rings of second viewpoints."""

    log: RingLog
    latents: list[np.ndarray]  # float16 [RINGS_EACH, C, rows, columns] each, on disk
    carried: list[np.ndarray]  # uint8 [RINGS_EACH, RING_HEIGHT, RING_WIDTH, 4] each, see `carried`


def walks(folder: Path, autoencoder: Autoencoder, count: int, device: TrainingDevice) -> Walks:
    """Return the first rings of second viewpoints, drawing those of which none is on disk.

    Args:
        folder: where files are kept; 2.1 MB a ring.
        autoencoder: through which the first viewpoint is seen, as in play.
        count: of rings; rounded up to whole files.
        device: where to encode.
    """
    captions, things, latents, seen = [], [], [], []
    for first in range(0, count, RINGS_EACH):
        log, cells, pictures = (
            path_of(folder, name, first, ending)
            for name, ending in (("walk-log", "json"), ("walk-latents", "npy"), ("walks", "npy"))
        )
        if not log.exists():
            seeds = range(FIRST_SEED + first, FIRST_SEED + first + RINGS_EACH)
            drawn = [_drawn(seed, autoencoder, device) for seed in seeds]
            records, *arrays = zip(*drawn, strict=True)
            for path, each in zip((cells, pictures), arrays, strict=True):
                with replacing(path) as part, part.open("wb") as file:
                    np.save(file, np.stack(each))
            with replacing(log) as part:
                part.write_text(json.dumps(records))
            logger.info("walked rings %d to %d", first, first + RINGS_EACH - 1)
        for record in json.loads(log.read_text()):
            captions.append(record["captions"])
            things.append([Thing(**thing) for thing in record["things"]])
        latents.append(np.load(cells, mmap_mode="r"))
        seen.append(np.load(pictures, mmap_mode="r"))
    return Walks(RingLog(captions, things), latents, seen)


@torch.no_grad()
def _drawn(
    seed: int, autoencoder: Autoencoder, device: TrainingDevice
) -> tuple[dict[str, object], np.ndarray, np.ndarray]:
    scene = SceneRenderer(lay_out(category_of(seed), seed))
    there = viewpoint(scene.layout, np.random.default_rng([seed, 77]))
    before, now = scene.ring(), scene.ring(*there)
    cells = MARGIN // autoencoder.config.stride
    with device.autocast():
        shown, latents = (
            autoencoder.encode(device.upload(to_pictures(with_margins(ring.pixels)[None])))
            for ring in (before, now)
        )
        picture = to_frames(autoencoder.decode(shown).float())[0][:, MARGIN:-MARGIN]
    log = {
        "captions": [now.caption(index) for index in range(CAPTIONS_EACH)],
        "things": [asdict(thing) for thing in (*bands_of(now), *now.things)],
    }
    kept = latents[0, ..., cells:-cells].float().cpu().numpy().astype(np.float16)
    return log, kept, carried(scene, before, now, picture, there)


def viewpoint(layout: Layout, rng: np.random.Generator) -> tuple[float, float]:
    """Return x and z [m] of a viewpoint near the first one: within walls, and beside all things."""
    room = layout.room
    for _ in range(TRIES):
        away = np.exp(rng.uniform(np.log(NEAREST), np.log(FARTHEST)))
        angle = rng.uniform(0, 2 * np.pi)
        x, z = float(away * np.sin(angle)), float(away * np.cos(angle))
        inside = room is None or (
            room.left + FROM_WALLS < x < room.right - FROM_WALLS
            and room.back + FROM_WALLS < z < room.front - FROM_WALLS
        )
        beside = all(
            np.hypot(item.x - x, item.z - z) > FROM_THINGS
            for item in layout.items
            if item.entry.where == "floor"
        )
        if inside and beside:
            return x, z
    return 0.0, NEAREST


def carried(
    scene: SceneRenderer, before: Ring, now: Ring, picture: np.ndarray, there: tuple[float, float]
) -> np.ndarray:
    """Return what a ring shows of the picture of another viewpoint.

    Args:
        scene: of both rings.
        before: from x = 0, z = 0.
        now: from the second viewpoint.
        picture: how the first one was seen, uint8 [RING_HEIGHT, RING_WIDTH, 3].
        there: x and z of the second viewpoint [m].

    Returns:
        Colours, and 255 where they are known, uint8 [RING_HEIGHT, RING_WIDTH, 4].
    """
    first = len(scene.far) + 1
    items = scene.layout.items
    boards = {
        first + index
        for index, item in enumerate(items)
        if item.entry.where not in ("flat", "wall")
    }
    upright = [*boards, first + len(items)]  # the last is what falls
    found = np.zeros((RING_HEIGHT, RING_WIDTH, 4), np.float32)
    found[..., :3], found[..., 3] = _surroundings(before, now, picture, there, upright)
    earlier = {thing.index: thing for thing in before.things}
    for thing in now.things:
        if thing.index in boards and thing.index in earlier:
            row, column = np.nonzero(now.ids == thing.index)
            colors, known = _cut_out(before, picture, earlier[thing.index], thing, row, column)
            found[row, column, :3], found[row, column, 3] = colors, known
    found[..., 3] *= 255
    return np.rint(found).clip(0, 255).astype(np.uint8)


def _surroundings(
    before: Ring, now: Ring, picture: np.ndarray, there: tuple[float, float], upright: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return colours of all that does not stand upright, and where they are known."""
    rows, columns = np.mgrid[0:RING_HEIGHT, 0:RING_WIDTH] + 0.5
    yaw, pitch = columns / PIXELS_PER_RADIAN, (HORIZON - rows) / PIXELS_PER_RADIAN
    away = np.where(now.depth > DISTANT, np.inf, now.depth)
    finite = np.isfinite(away)
    away = np.where(finite, away, DISTANT)
    x, z = away * np.sin(yaw) + there[0], away * np.cos(yaw) + there[1]
    distance = np.hypot(x, z)
    row = np.where(finite, rows_of(EYE + away * np.tan(pitch), distance), rows)
    column = np.where(finite, np.arctan2(x, z) % (2 * np.pi) * PIXELS_PER_RADIAN, columns)
    place = _pixels(row, column)
    hidden = np.isin(before.ids, upright)
    beside = hidden.copy()  # pixels there are mixed with what stands upright
    for axis in (0, 1):
        for step in (1, -1):
            beside |= np.roll(hidden, step, axis)
    earlier = before.depth[place].clip(0.01, 1e6)
    same = np.abs(np.log(distance.clip(0.01) / earlier))
    known = ~np.isin(now.ids, upright) & (row >= 0) & (row < RING_HEIGHT) & ~beside[place]
    return _sampled(picture, row, column), known & (~finite | (same < UNLIKE))


def _cut_out(
    before: Ring, picture: np.ndarray, was: Thing, thing: Thing, row: np.ndarray, column: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return colours of some pixels of a thing that stands upright, and where they are known."""
    across = (column + 0.5 - thing.left + RING_WIDTH / 2) % RING_WIDTH - RING_WIDTH / 2
    there = was.left + across * (was.width / thing.width)
    down = was.top + (row + 0.5 - thing.top) * (was.height / thing.height)
    known = (before.ids[_pixels(down, there)] == was.index) & (down >= 0) & (down < RING_HEIGHT)
    return _sampled(picture, down, there), known


def _pixels(row: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows = np.floor(row).astype(int).clip(0, RING_HEIGHT - 1)
    return rows, np.floor(column).astype(int) % RING_WIDTH


def _sampled(picture: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return colours between pixels, float64 [..., 3]; columns wrap around."""
    top, left = np.floor(row - 0.5).astype(int), np.floor(column - 0.5).astype(int)
    down, across = (row - 0.5 - top)[..., None], (column - 0.5 - left)[..., None]
    rows = [(top + step).clip(0, RING_HEIGHT - 1) for step in (0, 1)]
    columns = [(left + step) % RING_WIDTH for step in (0, 1)]
    upper, lower = (
        picture[each, columns[0]] * (1 - across) + picture[each, columns[1]] * across
        for each in rows
    )
    return np.asarray(upper * (1 - down) + lower * down)
