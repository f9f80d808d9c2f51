"""Scenes crowded with what the painter paints worst, in the way of each other as in players' plans.

The renderer's own scenes keep their things apart, and its drawings have one shape a kind; plans
tell boxes in steps of a tenth. So more things stand in front of others, small ones close together
on tops, and drawings are stretched a little.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.renderer.indoors import TOPS
from mag_sandbox.renderer.placing import color_of, group_name, polar, size_of, variant_of
from mag_sandbox.renderer.render import PLANES, SceneRenderer, category_of, lay_out
from mag_sandbox.renderer.scene import Item, Layout
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.rings import (
    RINGS_EACH,
    RingLog,
    encoded,
    kept,
    path_of,
    record_of,
    save_arrays,
)

CROWDS = {
    place: kinds.split(", ")
    for place, _, kinds in (
        line.partition(": ")
        for line in Path(__file__).with_name("crowds.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
}
FIRST_SEED = 700_000
AHEAD, SPREAD = 0.55, 26.0  # share that stand about ahead, and how far to the side [degrees]
WIDE = 5.0, 32.0  # degrees that a thing outdoors takes
NEAREST, FARTHEST = 2.2, 40.0  # metres
LOADED = 0.75  # share of tops that carry small things
STRETCHED = 0.07  # of a width


class CrowdedScene(SceneRenderer):
    """The scene of a seed with more things, whose drawings are stretched.

    >>> CrowdedScene(7).ring().pixels.shape
    (384, 1280, 3)
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 50])
        super().__init__(_crowded(lay_out(category_of(seed), seed), rng))
        wide = rng.uniform(1 - STRETCHED, 1 + STRETCHED, len(self.drawings))
        self.drawings = [
            drawing
            if item.entry.where in PLANES
            else replace(drawing, points=drawing.points * (share, 1.0))
            for drawing, item, share in zip(self.drawings, self.layout.items, wide, strict=True)
        ]


@torch.no_grad()
def crowded_rings(
    folder: Path, autoencoder: Autoencoder, count: int, device: TrainingDevice
) -> tuple[RingLog, list[np.ndarray]]:
    """Return the log of the first crowded rings, and their latents; see `ring_latents`."""
    log, files = RingLog([], [], []), []
    for first in range(0, count, RINGS_EACH):
        told, cells = (path_of(folder, f"crowd-{name}", first, name) for name in ("json", "npy"))
        if not told.exists():
            seeds = range(FIRST_SEED + first, FIRST_SEED + first + RINGS_EACH)
            rings = (CrowdedScene(seed).ring() for seed in seeds)
            drawn = [
                (record_of(ring), kept(autoencoder, encoded(autoencoder, ring, device)))
                for ring in rings
            ]
            save_arrays(cells, [latents for _, latents in drawn])
            replace_file(told, json.dumps([record for record, _ in drawn]))
        log.read(told)
        files.append(np.load(cells, mmap_mode="r"))
    return log, files


def _crowded(layout: Layout, rng: np.random.Generator) -> Layout:
    items = list(layout.items)
    if layout.category == "indoor":
        items += [_in_room(layout, kind, rng) for kind in _some("indoors", 4, 12, rng)]
        taken = {item.support for item in items}
        for number, item in enumerate(items[:]):
            if item.kind in TOPS and number not in taken and rng.random() < LOADED:
                items += _load(item, number, rng)
    elif layout.category != "object":
        items += [_outdoors(kind, rng) for kind in _some("outdoors", 4, 12, rng)]
        items += [_in_air(kind, rng) for kind in _some("flying", 0, 3, rng)]
    return replace(layout, items=tuple(items))


def _some(place: str, least: int, most: int, rng: np.random.Generator) -> list[str]:
    kinds: list[str] = rng.choice(CROWDS[place], int(rng.integers(least, most))).tolist()
    return kinds


def _yaw(rng: np.random.Generator) -> float:
    return float(rng.normal(0, SPREAD) if rng.random() < AHEAD else rng.uniform(0, 360))


def _item(
    kind: str, place: tuple[float, float], foot: float, scale: float, rng: np.random.Generator,
    support: int = -1,
) -> Item:  # fmt: skip
    color, group = color_of(rng, kind), group_name(kind)
    return Item(kind, *place, foot, scale, color, variant_of(rng), 0.0, group, support)


def _in_room(layout: Layout, kind: str, rng: np.random.Generator) -> Item:
    room, away = layout.room, float(rng.uniform(NEAREST, 4.4))
    x, z = polar(_yaw(rng), away)
    if room is not None:
        x = min(max(x, room.left + 0.5), room.right - 0.5)
        z = min(max(z, room.back + 0.5), room.front - 0.5)
    return _item(kind, (x, z), 0.0, float(rng.uniform(0.8, 1.15)), rng)


def _outdoors(kind: str, rng: np.random.Generator) -> Item:
    angle = np.radians(np.exp(rng.uniform(*np.log(WIDE))))
    away = max(size_of(kind)) / (2 * np.tan(angle / 2))
    there = float(np.clip(away, NEAREST, FARTHEST))
    scale = float(np.clip(there / away, 0.5, 1.6))
    return _item(kind, polar(_yaw(rng), there), 0.0, scale, rng)


def _in_air(kind: str, rng: np.random.Generator) -> Item:
    away = max(size_of(kind)) / (2 * np.tan(np.radians(rng.uniform(4, 14) / 2)))
    there = float(np.clip(away, 3.0, FARTHEST))
    foot = EYE + there * float(np.tan(np.radians(rng.uniform(1, 22))))
    return _item(kind, polar(_yaw(rng), there), foot, 1.0, rng)


def _load(base: Item, number: int, rng: np.random.Generator) -> list[Item]:
    """Return small things on one, close together."""
    height, half = TOPS[base.kind]
    away = max(float(np.hypot(base.x, base.z)), 0.1)
    loaded = []
    for kind in _some("small", 1, 4, rng):
        scale = min(0.55 / max(size_of(kind)), 1.5) * float(rng.uniform(0.8, 1.2))
        along = float(rng.uniform(-half, half)) * base.scale / away
        place = base.x + base.z * along, base.z - base.x * along
        loaded.append(_item(kind, place, base.foot + height * base.scale, scale, rng, number))
    return loaded
