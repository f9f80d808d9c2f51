"""Drawn rings at rest with their captions, on disk in files of equal size that are drawn once.

Ring `i` is the scene of seed `i`, so a set grows without drawing anything twice.
"""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mag_sandbox.files.whole import replacing
from mag_sandbox.training.panorama.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.training.panorama.logged_canvas import Thing
from mag_sandbox.training.panorama.render import (
    CATEGORIES,
    HELD_OUT,
    RENDERER_VERSION,
    render_logged,
)
from mag_sandbox.training.pocket.data import CAPTIONS_EACH, TooManyPanoramas

logger = logging.getLogger(__name__)

RINGS_EACH = 400  # rings a file


@dataclass(frozen=True, slots=True)
class RingSet:
    """Drawn rings, read from disk as they are needed."""

    files: list[np.ndarray]  # uint8 [RINGS_EACH, RING_HEIGHT, RING_WIDTH, 3] each
    captions: list[list[str]]  # CAPTIONS_EACH a ring
    things: list[list[Thing]]  # of each ring, without land, water and backdrop

    def __len__(self) -> int:
        return len(self.captions)

    def __getitem__(self, index: int) -> np.ndarray:
        """Return a ring, uint8 [RING_HEIGHT, RING_WIDTH, 3]."""
        return self.files[index // RINGS_EACH][index % RINGS_EACH]


def ring_set(folder: Path, count: int) -> RingSet:
    """Return the first rings, drawing those that are not on disk.

    Args:
        folder: where files are kept.
        count: of rings; rounded up to whole files.

    Raises:
        TooManyPanoramas: training seeds would reach into the held-out ones.
    """
    if count > HELD_OUT:
        raise TooManyPanoramas(f"{count} rings reach held-out seed {HELD_OUT}; ask for fewer")
    files, captions, things = [], [], []
    for first in range(0, count, RINGS_EACH):
        pixels, words = _paths(folder, first)
        if not words.exists():
            _draw(pixels, words, first)
        files.append(np.load(pixels, mmap_mode="r"))
        for record in json.loads(words.read_text()):
            captions.append(record["captions"])
            things.append([Thing(**thing) for thing in record["things"]])
    return RingSet(files, captions, things)


def drawn_rings(folder: Path) -> int:
    """Return how many rings are on disk."""
    count = 0
    while _paths(folder, count)[1].exists():
        count += RINGS_EACH
    return count


def category_of(seed: int) -> str:
    """Return the category of the scene of a seed: each in turn."""
    names = list(CATEGORIES)
    return names[seed % len(names)]


def _paths(folder: Path, first: int) -> tuple[Path, Path]:
    stem = folder / f"rings-v{RENDERER_VERSION}-{first}"
    return stem.with_suffix(".npy"), stem.with_suffix(".json")


def _draw(pixels: Path, words: Path, first: int) -> None:
    pixels.parent.mkdir(parents=True, exist_ok=True)
    shape = (RINGS_EACH, RING_HEIGHT, RING_WIDTH, 3)
    records = []
    with replacing(pixels) as part:
        rings = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=shape)
        for row in range(RINGS_EACH):
            scene = render_logged(category_of(first + row), first + row)
            rings[row] = scene.pixels
            things = [asdict(thing) for thing in scene.things if not thing.is_area]
            captions = [scene.caption(i) for i in range(CAPTIONS_EACH)]
            records.append({"captions": captions, "things": things})
        rings.flush()
    with replacing(words) as part:
        part.write_text(json.dumps(records))
    logger.info("drew rings %d to %d", first, first + RINGS_EACH - 1)
