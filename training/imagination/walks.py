"""Rings of a second viewpoint, and what of them was seen from the first."""

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
from mag_sandbox.renderer.carrying import carried, viewpoint
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.renderer.render import SceneRenderer, lay_out
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
