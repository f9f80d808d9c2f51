"""The third stage: the sketcher, on cuts of rings of codes, in the situations of play."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.model.imagination.objects import (
    ObjectTable,
    PlacedObject,
    ToldObjects,
    object_table,
    tell,
)
from mag_sandbox.model.imagination.sketcher import Sketcher, tile_turns
from mag_sandbox.model.pocket.networks import TextEncoder
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.layouts import random_layout
from mag_sandbox.training.imagination.rings import RingSet
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.optimisers import muon_and_adamw
from mag_sandbox.training.panorama.logged_canvas import Thing
from mag_sandbox.training.pocket.stage_images import Captions

TILES = 4032  # a step, in as many samples as that makes
CAPTION_DROPOUT = 0.12
NO_OBJECTS, ALL_OBJECTS = 0.2, 0.55  # share of samples; of the others, any share of objects is told
NO_COLOR, NO_VARIANT = 0.15, 0.25  # share of told objects
JITTER = 0.12  # cells, standard deviation of where an object is told to be
Sheet = Callable[[Path, Sketcher], None]


class SketcherStage(Stage):
    """Trains `Sketcher`.

    Args:
        module: what is trained.
        codes: of the rings, uint16 [N, rows, columns, codes].
        rings: their captions and things.
        kinds: names of the things' classes, in the order of the sketcher's table.
        captions: of the rings, as token ids.
        text: reads them; it stays as it is.
        device: where to compute.
        seed: of all draws.
        sheet: writes a picture of samples.
    """

    name = "sketcher"

    def __init__(
        self,
        module: Sketcher,
        codes: np.ndarray,
        rings: RingSet,
        kinds: tuple[str, ...],
        captions: Captions,
        text: TextEncoder,
        device: TrainingDevice,
        seed: int,
        sheet: Sheet,
    ) -> None:
        self.module, self.codes, self.captions = module.to(device.device), codes, captions
        self.text, self.device, self.seed, self._sheet = text.eval(), device, seed, sheet
        config = module.config
        self._objects = [
            object_table([placed(thing) for thing in things], kinds, config)
            for things in rings.things
        ]

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the layers' matrices and AdamW over everything else."""
        matrices = [p for p in self.module.layers.parameters() if p.ndim == 2]
        return muon_and_adamw(self.module, matrices, 0.01, 2e-3)

    def loss(self, step: int) -> Tensor:
        """Return the cross-entropy of the codes of one batch, in nats a tile."""
        rng = np.random.default_rng([self.seed, 20, step])
        config = self.module.config
        tiles = random_layout(rng, config).tiles
        count = max(1, round(TILES * self.device.scale / len(tiles)))
        which = rng.integers(len(self.codes), size=count)
        column = rng.integers(config.ring_columns, size=count)
        codes = self._cut(which, column, tiles)
        told = self._told(rng, which, column, tiles)
        upload = self.device.upload
        with self.device.autocast():
            with torch.no_grad():
                ids, mask = self.captions.draw(which, rng, CAPTION_DROPOUT)
                features = self.text(upload(ids), upload(mask))
            rows = torch.from_numpy(tiles[:, 0]).expand(count, -1)
            logits = self.module(
                upload(codes), upload(rows), tile_turns(tiles, config),
                self.module.text_keys(features), ToldObjects(*(upload(each) for each in told)),
            )  # fmt: skip
            return sum(
                functional.cross_entropy(each.flatten(0, 1).float(), codes[..., index].flatten())
                for index, each in enumerate(logits)
            )

    def _cut(self, which: np.ndarray, column: np.ndarray, tiles: np.ndarray) -> Tensor:
        """Return the codes of tiles, counted from a column of each ring, int64 [B, L, codes]."""
        config = self.module.config
        columns = (tiles[None, :, 1] + column[:, None]) % config.ring_columns
        codes = [
            self.codes[which[:, None], tiles[None, :, 0] * config.tile_rows + row, columns]
            for row in range(config.tile_rows)
        ]
        return torch.from_numpy(np.concatenate(codes, axis=-1).astype(np.int64))

    def _told(
        self,
        rng: np.random.Generator,
        which: np.ndarray,
        column: np.ndarray,
        tiles: np.ndarray,
    ) -> ToldObjects:
        """Return what tiles are told of some of their objects, as tensors [B, L, ...]."""
        told = []
        for ring, first in zip(which, column, strict=True):
            table = some_objects(self._objects[ring], rng)
            moved = table.boxes - np.array([first, 0, 0, 0], np.float32)
            told.append(tell(table._replace(boxes=moved), tiles, self.module.config))
        return ToldObjects(*(torch.stack(each) for each in zip(*told, strict=True)))

    @torch.no_grad()
    def sheet(self, path: Path, step: int) -> None:  # noqa: ARG002 (the sheet needs no step)
        """Write a picture of samples."""
        self._sheet(path, self.module)


def placed(thing: Thing) -> PlacedObject:
    """Return a thing of the renderer's log as a sketch is told of it."""
    return PlacedObject(
        thing.name, thing.yaw, thing.pitch, *thing.degrees, thing.main_color, thing.variant
    )


def some_objects(table: ObjectTable, rng: np.random.Generator) -> ObjectTable:
    """Return some of the objects, not all with colour and shape, not exactly where they are."""
    count, chance = len(table.kinds), rng.random()
    if chance < NO_OBJECTS or count == 0:
        return table.chosen(np.zeros(0, np.int64))
    share = 1.0 if chance < NO_OBJECTS + ALL_OBJECTS else rng.random()
    kept = table.chosen(np.flatnonzero(rng.random(count) < share))
    count = len(kept.kinds)
    plain = rng.random(count) < NO_COLOR
    any_shape = rng.random(count) < NO_VARIANT
    return ObjectTable(
        kept.kinds,
        np.where(any_shape, 0, kept.variants),
        (kept.boxes + JITTER * rng.standard_normal((count, 4))).astype(np.float32),
        np.where(plain[:, None], np.array([0, 0, 0, -1], np.float32), kept.colors),
    )
