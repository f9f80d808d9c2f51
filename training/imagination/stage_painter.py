"""The painter, trained on cuts of rings of latents and the renderer's log of the things in them."""

from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.imagination.objects import (
    VARIANTS,
    CoveringObjects,
    ObjectTable,
    PlacedObject,
    covering_objects,
    object_table,
)
from mag_sandbox.model.imagination.painter import Painter, sketched_cells
from mag_sandbox.model.imagination.sketch import Sketch, Sketcher
from mag_sandbox.model.pocket.text_encoder import TextEncoder
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.rings import latents_of, view_of
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.losses import flow_target, sample_noise_levels
from mag_sandbox.training.optimisers import Muon
from mag_sandbox.training.pocket.data import Captions
from mag_sandbox.training.seeded_random import SeededRandom

CONTRAST = 0.7, 1.2
COLOR_SHIFT = 0.12  # of each channel, at most; colours are in [-1, 1]
SOFTNESS = 0.0, 0.9  # share of a blurred picture
BLURS = 3, 5, 9  # px


class Style(NamedTuple):
    """How pictures of a scene are changed from both viewpoints, and softened from the first.

    Pixels are resampled on their way to another viewpoint. What is painted there is crisp again, or
    every step of a walk would be softer than the one before.
    """

    contrast: float
    shift: Tensor  # of each channel, [3, 1, 1]
    softness: float  # of carried pixels
    blur: int  # px

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Style":
        """Return a random one."""
        shift = torch.from_numpy(
            rng.uniform(-COLOR_SHIFT, COLOR_SHIFT, (3, 1, 1)).astype(np.float32)
        )
        return cls(rng.uniform(*CONTRAST), shift, rng.uniform(*SOFTNESS), int(rng.choice(BLURS)))

    def of_picture(self, picture: Tensor) -> Tensor:
        """Return a picture, [3, H, W] in [-1, 1], in this style."""
        return (self.contrast * picture + self.shift).clamp(-1, 1)

    def of_seen(self, seen: np.ndarray) -> np.ndarray:
        """Return a view from another viewpoint in this style; see `Sketch.carried_over`."""
        numbers = torch.from_numpy(np.ascontiguousarray(seen.transpose(2, 0, 1))).float()
        picture, known = numbers[:3] / 127.5 - 1, (numbers[3:] > 0).float()
        blurred = self._blurred(picture * known) / self._blurred(known).clamp(min=1e-3)
        styled = self.of_picture(picture + self.softness * (blurred - picture))
        colors = ((styled + 1) * 127.5).round().byte().numpy().transpose(1, 2, 0)
        return np.concatenate((colors, seen[..., 3:]), axis=2)

    def _blurred(self, picture: Tensor) -> Tensor:
        return functional.avg_pool2d(
            picture, self.blur, stride=1, padding=self.blur // 2, count_include_pad=False
        )


BATCH = 24  # views
CAPTION_DROPOUT = 0.1
SHIFT = 3.0  # of noise levels: the given objects decide at high noise
NOTHING_KNOWN = 0.65  # share of views; of the others, a part on some side is known
NO_OBJECTS, SOME_OBJECTS = 0.05, 0.1  # share of views given none, or any share, of their objects
NO_COLOR, NO_VARIANT = 0.08, 0.08  # share of given objects
WALKED = 0.4  # share of views of which some was seen from another viewpoint, if any are
AFRESH = 0.4  # share of those that are painted without its pixels
RESTYLED = 0.7  # share of those whose scene looks otherwise than renders do, from both viewpoints
SKETCH_RATE = 0.005  # of what reads the sketch


class PainterViews(NamedTuple):
    """A batch of views to be painted: latents and known cells on the host, the rest uploaded."""

    latents: Tensor  # [B, C, H, W]
    known: Tensor  # bool [B, H, W]
    rows: Tensor  # of the ring, [B, H]
    objects: CoveringObjects
    sketched: Tensor  # see `sketched_cells`
    features: Tensor  # of the captions


def mean_of_unknown(error: Tensor, known: Tensor) -> Tensor:
    """Return the mean error of the cells that are not known; both are [B, H, W]."""
    return error.masked_fill(known, 0).sum() / (~known).sum()


@dataclass(eq=False)
class PainterStage(Stage):
    """Trains `Painter`."""

    name = "painter"

    module: Painter
    latents: Sequence[np.ndarray]  # of the rings, float16 [RINGS_EACH, C, rows, columns] each
    autoencoder: Autoencoder  # of the latents; frozen
    sketcher: Sketcher  # draws in pixels the objects given to cells
    things: InitVar[Sequence[Sequence[Thing]]]  # of the rings, from far to near
    kinds: InitVar[Sequence[str]]  # of the things, in the order of the painter's table
    captions: Captions  # of the rings
    text: TextEncoder  # reads them; frozen
    device: TrainingDevice
    seed: int
    write_samples: Callable[[Path, Painter], None]
    # pixels of the last rings, seen from a second viewpoint, that the first one shows, see `Walks`
    carried: Sequence[np.ndarray] = ()

    def __post_init__(self, things: Sequence[Sequence[Thing]], kinds: Sequence[str]) -> None:
        self.module.to(self.device.device)
        self.text.eval()
        self._rings = len(things) - len(self.latents[0]) * len(self.carried)
        ring = self.module.config.ring
        self._objects = [
            object_table([placed(thing) for thing in each], kinds, ring) for each in things
        ]

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the layers' matrices and AdamW over everything else."""
        matrices = [p for p in self.module.dit.blocks.parameters() if p.ndim == 2]
        sketch = self.module.sketch.weight
        chosen = {*map(id, matrices), id(sketch)}
        rest = [p for p in self.module.parameters() if id(p) not in chosen]
        return [
            Muon(matrices, lr=0.012),
            torch.optim.AdamW(rest, lr=1.5e-3, betas=(0.9, 0.95)),
            torch.optim.Adam([sketch], lr=SKETCH_RATE, betas=(0.9, 0.95)),
        ]

    def loss(self, step: int) -> Tensor:
        """Return the flow loss of one batch of views, over their unknown cells."""
        random = SeededRandom(self.seed, 30, step)
        views = self._views(random)
        sigma = sample_noise_levels((len(views.latents),), random.torch, SHIFT)
        noisy, target = flow_target(views.latents, sigma, random.torch)
        noisy = torch.where(views.known[:, None], views.latents, noisy)
        upload = self.device.upload
        noisy, known, target = upload(noisy), upload(views.known), upload(target)
        with self.device.autocast():
            text = self.module.text_keys(views.features)
            place = self.module.place(views.objects, views.sketched, views.rows, known)
            flow = self.module(noisy, place, upload(sigma), text)
        return mean_of_unknown((flow.float() - target).square().mean(dim=1), known)

    def _views(self, random: SeededRandom) -> PainterViews:
        """Return one batch of views."""
        rng = random.numpy
        which = rng.integers(self._rings, size=BATCH * self.device.scale)
        if self.carried:
            walked = rng.random(len(which)) < WALKED
            others = rng.integers(self._rings, len(self._objects), size=len(which))
            which = np.where(walked, others, which)
        latents, rows, objects, sketches = self._cut(which, rng)
        known = torch.from_numpy(self._known(len(which), rng))
        upload = self.device.upload
        with torch.no_grad(), self.device.autocast():
            ids, mask = self.captions.draw(which, rng, CAPTION_DROPOUT)
            features = self.text(upload(ids), upload(mask))
            sketched = sketched_cells(sketches, self._encoded)
        return PainterViews(latents, known, upload(rows), objects, sketched, features)

    def _cut(
        self, which: np.ndarray, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor, CoveringObjects, list[Sketch]]:
        """Return random views: latents [B, C, H, W], rows [B, H], objects of cells, sketches."""
        config = self.module.config
        (ring_rows, ring_columns), (height, width) = config.ring, config.view
        latents, all_rows, covering = [], [], []
        sketches: list[Sketch] = []
        styles: dict[int, Style] = {}  # by place in the batch
        for ring in which:
            top = int(rng.integers(ring_rows - height + 1))
            rows = top + np.arange(height)
            across = (int(rng.integers(ring_columns)) + np.arange(width)) % ring_columns
            latents.append(view_of(latents_of(self.latents, ring), rows, across))
            all_rows.append(rows)
            objects = self._objects[ring]
            carries = ring >= self._rings and rng.random() >= AFRESH
            if not carries:
                objects = some_objects(objects, rng)
            sketch, owners = self.sketcher.draw(objects, rows, across)
            covering.append(covering_objects(objects, rows, across, ring_columns, owners))
            if carries:
                carried = latents_of(self.carried, ring - self._rings)
                seen = self._cut_picture(carried, rows, across)
                if rng.random() < RESTYLED:
                    style = styles[len(sketches)] = Style.drawn(rng)
                    seen = style.of_seen(seen)
                sketch = sketch.carried_over(seen)
            sketches.append(sketch)
        looks, numbers = (
            self.device.upload(torch.stack(each)) for each in zip(*covering, strict=True)
        )
        return (
            self._restyled(torch.from_numpy(np.stack(latents)), styles),
            torch.from_numpy(np.stack(all_rows)),
            CoveringObjects(looks, numbers),
            sketches,
        )

    @torch.no_grad()
    def _restyled(self, latents: Tensor, styles: dict[int, Style]) -> Tensor:
        """Return latents of views, [B, C, H, W], some of which show their scene in a style."""
        if not styles:
            return latents
        places = list(styles)
        with self.device.autocast():
            pictures = self.autoencoder.decode(self.device.upload(latents[places])).float()
            pairs = zip(styles.values(), pictures, strict=True)
            styled = torch.stack([style.of_picture(picture) for style, picture in pairs])
            latents[places] = self._encoded(styled).cpu()
        return latents

    def _cut_picture(self, ring: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        cell = self.autoencoder.config.stride
        across = (columns[:, None] * cell + np.arange(cell)).ravel()
        return ring[rows[0] * cell : (rows[-1] + 1) * cell][:, across]

    def _encoded(self, pictures: Tensor) -> Tensor:
        return self.autoencoder.encode(self.device.upload(pictures)).float()

    def _known(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return where views are known, bool [count, H, W]: nowhere, or all but some box."""
        height, width = self.module.config.view
        known = np.zeros((count, height, width), bool)
        for view in known:
            if rng.random() >= NOTHING_KNOWN:
                side, part = rng.integers(4), float(rng.uniform(0.2, 1.0))
                view[:] = True
                rows, columns = round(part * height), round(part * width)
                if side == 0:
                    view[:, :columns] = False
                elif side == 1:
                    view[:, -columns:] = False
                else:
                    top = int(rng.integers(height - rows + 1))
                    left = 0 if side == 2 else int(rng.integers(width - columns + 1))
                    right = width if side == 2 else left + columns
                    view[top : top + rows, left:right] = False
        return known

    @torch.no_grad()
    def sheet(self, path: Path, step: int) -> None:  # noqa: ARG002 (the sheet needs no step)
        """Write a picture of samples."""
        self.write_samples(path, self.module)


def placed(thing: Thing) -> PlacedObject:
    """Return a thing of the renderer's log as the painter's input."""
    return PlacedObject(*thing.plan_entry)


def some_objects(table: ObjectTable, rng: np.random.Generator) -> ObjectTable:
    """Return some of the objects, not all with colour and shape."""
    count, chance = len(table.looks), rng.random()
    if chance < NO_OBJECTS or count == 0:
        return table.chosen(np.zeros(0, np.int64))
    share = rng.random() if chance < NO_OBJECTS + SOME_OBJECTS else 1.0
    kept = table.chosen(np.flatnonzero(rng.random(count) < share))
    count = len(kept.looks)
    any_shape = rng.random(count) < NO_VARIANT
    plain = rng.random((count, 2)) < NO_COLOR
    return ObjectTable(
        np.where(any_shape, (kept.looks - 1) // VARIANTS * VARIANTS + 1, kept.looks),
        kept.boxes,
        np.where(plain.repeat(4, axis=1), np.float32(0), kept.colors),
    )
