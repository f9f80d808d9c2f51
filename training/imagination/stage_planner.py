"""The planner, on the renderer's log of whole rings."""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.model.imagination.planner import (
    COLUMNS,
    FIELDS,
    Planner,
    columns_of,
    in_order,
    in_view,
    thing_numbers,
)
from mag_sandbox.model.pocket.text_encoder import TextEncoder
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.rings import RingLog
from mag_sandbox.training.imagination.stage_painter import placed
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.optimisers import muon_and_adamw
from mag_sandbox.training.pocket.data import Captions

BATCH = 64  # rings
CAPTION_DROPOUT = 0.1
SHOWN = 0.5  # share of rings of which a picture shows some
UNNOTICED = 0.06  # share of the things in it that the reader misses


@dataclass(eq=False)
class PlannerStage(Stage):
    """Trains `Planner`."""

    name = "planner"

    module: Planner
    rings: InitVar[RingLog]
    captions: Captions  # of the rings
    text: TextEncoder  # reads them; frozen
    device: TrainingDevice
    seed: int

    def __post_init__(self, rings: RingLog) -> None:
        module = self.module.to(self.device.device)
        self.text.eval()
        self._things, self._shown, self._behind = [], [], []
        for things in rings.things:
            largest = sorted(range(len(things)), key=lambda i: -things[i].area)
            listed = [things[i] for i in sorted(largest[: module.config.most])]
            self._things.append(thing_numbers([placed(thing) for thing in listed], module.kinds))
            self._shown.append(np.array([thing.shown for thing in listed], bool))
            self._behind.append(np.array([thing.index < 0 for thing in listed], bool))

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the layers' matrices and AdamW over everything else."""
        matrices = [p for p in self.module.layers.parameters() if p.ndim == 2]
        return muon_and_adamw(self.module, matrices, 0.01, 2e-3)

    def loss(self, step: int) -> Tensor:
        """Return the cross-entropy of the things of one batch, in nats a thing."""
        rng = np.random.default_rng([self.seed, 40, step])
        which = rng.integers(len(self._things), size=BATCH * self.device.scale)
        rings, known = zip(*(self._begun(ring, rng) for ring in which), strict=True)
        things, lengths = _padded(rings)
        upload = self.device.upload
        with self.device.autocast():
            with torch.no_grad():
                ids, mask = self.captions.draw(which, rng, CAPTION_DROPOUT)
                features = self.text(upload(ids), upload(mask))
            logits = self.module(upload(things), features)
        place = torch.arange(things.shape[1])
        new = place >= torch.tensor(known)[:, None]
        there, last = new & (place < lengths[:, None]), new & (place <= lengths[:, None])
        loss = sum(
            functional.cross_entropy(
                each[counts].float(), upload(things[counts][:, field]), reduction="sum"
            )
            for field, (each, counts) in enumerate(
                zip(logits, (last, *[there] * (len(FIELDS) - 1)), strict=True)
            )
        )
        return loss / there.sum()

    def _begun(self, ring: int, rng: np.random.Generator) -> tuple[np.ndarray, int]:
        """Return the things of a ring and how many of them are known, for half of the rings some.

        Those are what a view shows, and all that is behind: they come first, in the order of the
        ring; then an empty entry at the view's middle, then the things elsewhere.
        """
        things, shown, behind = self._things[ring], self._shown[ring], self._behind[ring]
        if rng.random() >= SHOWN:
            return things, 0
        middle = int(rng.integers(COLUMNS))
        columns = columns_of(things)
        seen = behind | in_view(things, columns, middle)
        noticed = behind | (seen & shown & (rng.random(len(things)) >= UNNOTICED))
        parts = things[noticed], np.zeros((1, len(FIELDS)), np.int64), things[~seen]
        places = columns[noticed], [middle], columns[~seen]
        both = in_order(np.concatenate(parts), np.concatenate(places), middle)
        return both, len(parts[0]) + 1


def _padded(rings: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Return the things of rings [B, L, fields], and how many there are of each."""
    lengths = np.array([len(things) for things in rings])
    batch = np.zeros((len(rings), lengths.max() + 1, len(FIELDS)), np.int64)
    for row, things in zip(batch, rings, strict=True):
        row[: len(things)] = things
    return torch.from_numpy(batch), torch.from_numpy(lengths)
