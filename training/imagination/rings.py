"""Rings to learn from: their things, captions and latents.

Ring `i` is the scene of seed `i`, at rest, so a set grows without drawing anything twice. Kept on
disk in files of equal size; pictures are not kept.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.parallax import carried
from mag_sandbox.files.whole import replace_file, replacing
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.captions import answers_of
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.renderer.render import (
    HELD_OUT,
    RENDERER_VERSION,
    Ring,
    SceneRenderer,
    category_of,
    lay_out,
    render,
)
from mag_sandbox.renderer.viewpoints import NEAR_SHARE, geometry, near_viewpoint, viewpoint
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.pocket.data import CAPTIONS_EACH, TooManyPanoramas

logger = logging.getLogger(__name__)

RINGS_EACH = 400  # rings a file
FIRST_SEED = 500_000  # of scenes that are seen from two viewpoints
MARGIN = 64  # px beyond either end of a ring that its latents may depend on


@dataclass(frozen=True, slots=True)
class RingLog:
    """The contents of rings, in words and as things."""

    captions: list[list[str]]  # CAPTIONS_EACH a ring
    answers: list[list[dict[str, str]]]  # facts that each of them states; see `QUESTIONS`
    things: list[list[Thing]]  # of each ring, from far to near; first the background

    def __len__(self) -> int:
        return len(self.captions)

    def read(self, path: Path) -> None:
        """Add the rings of a file."""
        for record in json.loads(path.read_text()):
            self.captions.append(record["captions"])
            self.answers.append(record["answers"])
            self.things.append([Thing(**thing) for thing in record["things"]])


def ring_log(folder: Path, count: int) -> RingLog:
    """Return the log of the first rings, drawn if not on disk, or raise TooManyPanoramas."""
    if count > HELD_OUT:
        raise TooManyPanoramas(f"{count} rings reach held-out seed {HELD_OUT}; ask for fewer")
    log = RingLog([], [], [])
    for first in range(0, count, RINGS_EACH):
        path = path_of(folder, "log", first, "json")
        if not path.exists():
            seeds = range(first, first + RINGS_EACH)
            records = [record_of(render(category_of(seed), seed)) for seed in seeds]
            replace_file(path, json.dumps(records))
            logger.info("logged rings %d to %d", first, first + RINGS_EACH - 1)
        log.read(path)
    return log


@torch.no_grad()
def ring_latents(
    folder: Path, autoencoder: Autoencoder, count: int, device: TrainingDevice
) -> list[np.ndarray]:
    """Return the latents of the first rings, on disk, float16 [RINGS_EACH, C, rows, columns] each.

    A ring is encoded whole; every view whose pose is a multiple of a cell is then a cut out of it.
    """
    files = []
    for first in range(0, count, RINGS_EACH):
        path = path_of(folder, "latents", first, "npy")
        if not path.exists():
            latents = []
            for seed in range(first, first + RINGS_EACH):
                with device.autocast():
                    cells = encoded(autoencoder, render(category_of(seed), seed), device)
                latents.append(kept(autoencoder, cells))
            save_arrays(path, latents)
            logger.info("encoded rings %d to %d", first, first + RINGS_EACH - 1)
        files.append(np.load(path, mmap_mode="r"))
    return files


def encoded(autoencoder: Autoencoder, ring: Ring, device: TrainingDevice) -> Tensor:
    """Return the latents of a ring with `MARGIN` pixels of its other end on either side."""
    return autoencoder.encode(device.upload(to_pictures(with_margins(ring.pixels)[None])))


def with_margins(pixels: np.ndarray) -> np.ndarray:
    """Return rows of a ring with `MARGIN` pixels of its other end on either side."""
    return np.concatenate((pixels[:, -MARGIN:], pixels, pixels[:, :MARGIN]), axis=1)


def kept(autoencoder: Autoencoder, latents: Tensor) -> np.ndarray:
    """Return the latents of a ring as they are kept, without their margins."""
    cells = MARGIN // autoencoder.config.stride
    inner: np.ndarray = latents[0, ..., cells:-cells].float().cpu().numpy()
    return inner.astype(np.float16)


def save_arrays(path: Path, arrays: Sequence[np.ndarray]) -> None:
    """Write arrays of one shape as one, or not at all."""
    with replacing(path) as part, part.open("wb") as file:
        np.save(file, np.stack(arrays))


def latents_of(files: Sequence[np.ndarray], ring: int) -> np.ndarray:
    """Return the latents of a ring, float16 [C, rows, columns]; see `ring_latents`."""
    return np.asarray(files[ring // RINGS_EACH][ring % RINGS_EACH])


def view_of(ring: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return a cut of a ring's latents, float32 [C, rows, columns]."""
    return np.asarray(ring[:, rows[0] : rows[-1] + 1][:, :, columns], np.float32)


def path_of(folder: Path, name: str, first: int, ending: str) -> Path:
    """Return the file of data on rings from a first one on; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}-v{RENDERER_VERSION}-{first}.{ending}"


def record_of(ring: Ring) -> dict[str, object]:
    """Return what a log says of a ring; see `RingLog.read`."""
    captions = [ring.caption(i) for i in range(CAPTIONS_EACH)]
    answers = [answers_of(one, ring.layout) for one in captions]
    things = [asdict(thing) for thing in (*bands_of(ring), *ring.things)]
    return {"captions": captions, "answers": answers, "things": things}


@dataclass(frozen=True, slots=True)
class Walks:
    """Rings of second viewpoints."""

    log: RingLog
    latents: list[np.ndarray]  # float16 [RINGS_EACH, C, rows, columns] each, on disk
    carried: list[np.ndarray]  # uint8 [RINGS_EACH, RING_HEIGHT, RING_WIDTH, 4] each, see `carried`


def walks(folder: Path, autoencoder: Autoencoder, count: int, device: TrainingDevice) -> Walks:
    """Return the first rings of second viewpoints, drawing those of which none is on disk."""
    rings = Walks(RingLog([], [], []), [], [])
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
                save_arrays(path, each)
            replace_file(log, json.dumps(records))
            logger.info("walked rings %d to %d", first, first + RINGS_EACH - 1)
        rings.log.read(log)
        rings.latents.append(np.load(cells, mmap_mode="r"))
        rings.carried.append(np.load(pictures, mmap_mode="r"))
    return rings


@torch.no_grad()
def _drawn(
    seed: int, autoencoder: Autoencoder, device: TrainingDevice
) -> tuple[dict[str, object], np.ndarray, np.ndarray]:
    scene = SceneRenderer(lay_out(category_of(seed), seed))
    rng = np.random.default_rng([seed, 77])
    there = (near_viewpoint if rng.random() < NEAR_SHARE else viewpoint)(scene.layout, rng)
    before, now = scene.ring(), scene.ring(*there)
    with device.autocast():
        shown, latents = (encoded(autoencoder, ring, device) for ring in (before, now))
        picture = to_frames(autoencoder.decode(shown).float())[0][:, MARGIN:-MARGIN]
    places = geometry(scene, before), geometry(scene, now)
    return record_of(now), kept(autoencoder, latents), carried(*places, picture, there)
