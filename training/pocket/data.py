"""Training data of the pocket world: drawn once, cached on disk, cut into views on the spot.

Batches follow from (seed, step) alone, so a resumed run sees what an unbroken one would have seen.
"""

import json
import logging
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mag_sandbox.model.world import WorldFailed
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.version2.moving import blended_moment, moment, render_moving
from mag_sandbox.renderer.version2.moving_layers import CHANNELS
from mag_sandbox.renderer.version2.render import CATEGORIES, HELD_OUT, RENDERER_VERSION
from mag_sandbox.renderer.views import FOV

logger = logging.getLogger(__name__)

CAPTIONS_EACH = 6
_CHUNK = 16  # panoramas drawn by one task


class TooManyPanoramas(WorldFailed, ValueError):
    """More scenes were asked for than there are seeds for training."""


@dataclass(frozen=True, slots=True)
class PanoramaSet:
    """Drawn panoramas, which move, with their captions and attributes."""

    layers: np.ndarray  # uint8 [N, RING_HEIGHT, RING_WIDTH, CHANNELS], on disk
    captions: list[list[str]]  # CAPTIONS_EACH a panorama
    categories: list[str]
    attributes: list[dict[str, str]]

    def __len__(self) -> int:
        return len(self.categories)

    def view(self, index: int, left: float, top: float, time: float, fov: float) -> np.ndarray:
        """Return the view of a panorama at a place and time of `CameraPath`.

        Uint8 [HEIGHT, WIDTH, 3].
        """
        layers = self.layers[index]
        if fov == FOV:
            return moment(layers, int(left), int(top), time)
        return blended_moment(layers, left, top, time, fov)

    def view_at_rest(self, index: int, left: float, top: float, fov: float) -> np.ndarray:
        """Return the view of a panorama at time 0, which is all that the world is to know of it."""
        return self.view(index, left, top, 0.0, fov)


def panorama_set(folder: Path, count: int, first_seed: int = 0) -> PanoramaSet:
    """Return `count` panoramas, a quarter of each category, drawing those that are not cached.

    Raises:
        TooManyPanoramas: training seeds would reach into the held-out ones.
    """
    if first_seed < HELD_OUT < first_seed + count:
        raise TooManyPanoramas(
            f"{count} scenes from seed {first_seed} reach held-out seed {HELD_OUT}; ask for fewer"
        )
    stem = folder / f"moving-v{RENDERER_VERSION}-{first_seed}-{count}"
    rings, words = stem.with_suffix(".npy"), stem.with_suffix(".json")
    if not words.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _draw(rings, words, count, first_seed)
    records = json.loads(words.read_text())
    return PanoramaSet(
        layers=np.load(rings, mmap_mode="r"),
        captions=[record["captions"] for record in records],
        categories=[record["category"] for record in records],
        attributes=[record["attributes"] for record in records],
    )


def _draw(rings: Path, words: Path, count: int, first_seed: int) -> None:
    partial = rings.with_suffix(".partial")
    shape = (count, RING_HEIGHT, RING_WIDTH, CHANNELS)
    layers = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    records = []
    starts = range(0, count, _CHUNK)
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        tasks = ((first_seed + s, min(_CHUNK, count - s)) for s in starts)
        for start, drawn in zip(starts, pool.map(_draw_chunk, tasks), strict=True):
            for offset, (ring, record) in enumerate(drawn):
                layers[start + offset] = ring
                records.append(record)
            if start % (_CHUNK * 16) == 0:
                logger.info("drew %d/%d panoramas", len(records), count)
    layers.flush()
    partial.replace(rings)
    words.write_text(json.dumps(records))


def _draw_chunk(task: tuple[int, int]) -> list[tuple[np.ndarray, dict]]:
    first, count = task
    names = list(CATEGORIES)
    drawn = []
    for seed in range(first, first + count):
        panorama = render_moving(names[seed % len(names)], seed)
        record = {
            "category": panorama.category,
            "attributes": panorama.attributes,
            "captions": [panorama.caption(i) for i in range(CAPTIONS_EACH)],
        }
        drawn.append((panorama.layers, record))
    return drawn


def random_crops(
    data: PanoramaSet, rng: np.random.Generator, count: int, height: int, width: int
) -> np.ndarray:
    """Return crops of random panoramas at rest, [count, height, width, 3]."""
    crops = np.empty((count, height, width, 3), np.uint8)
    for crop in crops:
        ring = data.layers[rng.integers(len(data))]
        top = int(rng.integers(RING_HEIGHT - height + 1))
        crop[:] = moment(ring, int(rng.integers(RING_WIDTH)), top, 0.0, width, height)
    return crops
