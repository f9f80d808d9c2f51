"""The network that moves pictures: the renderer's scenes at rest and a while later.

It is trained on crops, apart from the world, whose latents and memory it never sees: its inputs are
pictures from the decoder, to which it learns to add the renderer's change. Batch norms stand behind
its convolutions while it learns, which halves the steps; they are a scale and a shift of each
channel, which the convolution takes over afterwards (arXiv 1502.03167).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.pocket.pictures.animator import (
    PARTS,
    Animator,
    ClockedBlock,
    Moments,
    PictureNetwork,
)
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.motion import CLOUD_SPEED, MotionLabel
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.renderer.views import DEGREES_PER_PIXEL, view
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.optimisers import muon_and_adamw
from mag_sandbox.training.pocket.data import PanoramaSet

BATCH, CROP = 24, 128  # crops a step; px across and down
# of crops of anything, with anything that moves, with lights, with walkers; those are rare
WANTED = ((0.15, ()), (0.3, (0, 1, 2, 3)), (0.25, (2,)), (0.3, (3,)))
ENOUGH, TRIES = 0.004, 12  # share of a crop; crops looked at until one is taken as it is
DECODED = 0.75  # share of steps whose pictures went through the autoencoder, as in play
ZOOMED, NARROWEST = 0.25, 0.67  # share of steps on enlarged crops; their smallest width
SOFTENED = 0.4  # share of steps on pictures as soft as invented ones
SOFTNESS = (2, 4, 8)  # px that are averaged into one
PARTS_WEIGHT = 0.05  # of telling the parts apart
OUTER = {"stem", "stem_maps", "head"}  # of a network's convolutions
SHEET = 12  # crops


@dataclass(frozen=True, slots=True)
class MovingCrops:
    """Pictures in [-1, 1], [B, 3, CROP, CROP], with their parts and moments."""

    rest: Tensor
    wind: Tensor  # where the sky comes from by then, at rest
    now: Tensor
    parts: Tensor  # shares, [B, 4, CROP, CROP]
    moments: Moments


def draw_crops(data: PanoramaSet, rng: np.random.Generator, count: int) -> MovingCrops:
    """Return random crops of random panoramas, each at rest and at the panorama's time."""
    views: list[list[np.ndarray]] = []
    poses, times = [], []
    for _ in range(count):
        index, left, top = _place(data, rng)
        ring, time = data.rings[index], float(data.times[index])
        crop = view(ring, left, top, CROP, CROP)
        wind = _carried(ring, left - CLOUD_SPEED * time, top)
        views.append([crop[..., :3], wind, crop[..., 4:], _shares(crop)])
        poses.append(_pose(left, top))
        times.append(time)
    rest, wind, now, shares = (np.stack(each) for each in zip(*views, strict=True))
    moments = Moments(*(torch.tensor(x, dtype=torch.float64) for x in (poses, times)))
    return MovingCrops(
        to_pictures(rest), to_pictures(wind), to_pictures(now), torch.from_numpy(shares), moments
    )


def _place(data: PanoramaSet, rng: np.random.Generator) -> tuple[int, int, int]:
    """Return a panorama and the place of a crop in it [px]."""
    _, wanted = WANTED[rng.choice(len(WANTED), p=[share for share, _ in WANTED])]
    for _ in range(TRIES):
        index = int(rng.integers(len(data)))
        left, top = int(rng.integers(RING_WIDTH)), int(rng.integers(RING_HEIGHT - CROP))
        shares = _shares(view(data.rings[index], left, top, CROP, CROP))
        if not wanted or shares[list(wanted)].mean() > ENOUGH:
            break
    return index, left, top


def _shares(crop: np.ndarray) -> np.ndarray:
    """Return which pixels of a crop are of each of `PARTS`, float32 [4, CROP, CROP]."""
    labels = np.arange(MotionLabel.SKY, MotionLabel.SKY + len(PARTS))[:, None, None]
    shares: np.ndarray = (crop[..., 3] == labels).astype(np.float32)
    return shares


def _pose(left: int, top: int) -> list[float]:
    middle = left + CROP / 2, RING_HEIGHT / 2 - top - CROP / 2
    return [DEGREES_PER_PIXEL * px for px in (*middle, CROP)]


def _carried(ring: np.ndarray, left: float, top: int) -> np.ndarray:
    """Return a crop at rest from between two columns, uint8 [CROP, CROP, 3]."""
    whole = int(np.floor(left))
    wide = view(ring[..., :3], whole, top, CROP + 1, CROP).astype(np.float32)
    part = np.float32(left - whole)
    return (wide[:, :-1] * (1 - part) + wide[:, 1:] * part + 0.5).astype(np.uint8)


@dataclass(eq=False)
class AnimatorStage(Stage):
    """Trains an `Animator` on crops of moving panoramas."""

    name = "animator"

    module: Animator
    autoencoder: Autoencoder
    data: PanoramaSet
    device: TrainingDevice
    seed: int

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the convolutions between first and last, AdamW over the rest."""
        inner = [
            cast(nn.Parameter, layer.weight)
            for name, layer in self.module.named_modules()
            if isinstance(layer, nn.Conv2d) and not OUTER.intersection(name.split("."))
        ]
        return muon_and_adamw(self.module, inner, 0.01, 2e-3)

    def loss(self, step: int) -> Tensor:
        """Return the error of the change, and of telling apart what moves."""
        rng = np.random.default_rng([self.seed, 5, step])
        crops = draw_crops(self.data, rng, BATCH * self.device.scale)
        decoded = crops
        if rng.random() < DECODED:
            decoded = self._decoded(crops)
        # the change is the renderer's, whatever the decoder makes of the picture
        target = decoded.rest + crops.now - crops.rest
        crops = MovingCrops(decoded.rest, decoded.wind, target, crops.parts, crops.moments)
        if rng.random() < ZOOMED:
            crops = _zoomed(crops, int(CROP * rng.uniform(NARROWEST, 1.0)))
        if rng.random() < SOFTENED:
            pixels, grows = int(rng.choice(SOFTNESS)), str(rng.choice(("nearest", "bilinear")))
            crops = _softened(crops, pixels, grows)
        upload = self.device.upload
        rest, wind, now = upload(crops.rest), upload(crops.wind), upload(crops.now)
        with self.device.autocast():
            logits = self.module.parts(rest, crops.moments)
            moved = self.module(rest, wind, logits.sigmoid(), crops.moments)
        known = functional.binary_cross_entropy_with_logits(logits.float(), upload(crops.parts))
        charbonnier: Tensor = ((moved.float() - now).square() + 1e-4).sqrt().mean()
        return charbonnier + PARTS_WEIGHT * known

    @torch.no_grad()
    def _decoded(self, crops: MovingCrops) -> MovingCrops:
        pictures = self.device.upload(torch.cat((crops.rest, crops.wind)))
        with self.device.autocast():
            shown = self.autoencoder.decode(self.autoencoder.encode(pictures)).float().cpu()
        rest, wind = shown.chunk(2)
        return MovingCrops(rest, wind, crops.now, crops.parts, crops.moments)

    @torch.no_grad()
    def sheet(self, path: Path, step: int) -> None:  # noqa: ARG002 (the name tells it)
        """Write crops at rest, at their time as the renderer has them, and as they are moved."""
        crops = draw_crops(self.data, np.random.default_rng([self.seed, 6]), SHEET)
        self.module.eval()
        rest, wind = self.device.upload(crops.rest), self.device.upload(crops.wind)
        with self.device.autocast():
            shares = self.module.parts(rest, crops.moments).sigmoid()
            moved = self.module(rest, wind, shares, crops.moments)
        self.module.train()
        write_sheet(path, [list(to_frames(each)) for each in (crops.rest, crops.now, moved)])


def _zoomed(crops: MovingCrops, width: int) -> MovingCrops:
    first = (CROP - width) // 2
    last = first + width

    def enlarged(x: Tensor) -> Tensor:
        middle = x[..., first:last, first:last]
        return functional.interpolate(middle, size=(CROP, CROP), mode="bilinear")

    moments = crops.moments
    narrow = torch.tensor([1.0, 1.0, width / CROP], dtype=torch.float64)
    rest, wind, now, parts = (enlarged(x) for x in (crops.rest, crops.wind, crops.now, crops.parts))
    return MovingCrops(rest, wind, now, parts, Moments(moments.poses * narrow, moments.times))


def _softened(crops: MovingCrops, pixels: int, grows: str) -> MovingCrops:
    def soft(x: Tensor) -> Tensor:
        small = functional.avg_pool2d(x, pixels)
        return functional.interpolate(small, scale_factor=pixels, mode=grows)

    rest, wind, now = (soft(x) for x in (crops.rest, crops.wind, crops.now))
    return MovingCrops(rest, wind, now, crops.parts, crops.moments)


def add_norms(network: PictureNetwork) -> None:
    """Put a norm behind each convolution between stem and head."""
    for parent, name in _places(network):
        layer = getattr(parent, name)
        norm = nn.BatchNorm2d(layer.out_channels, momentum=0.02)
        if name == "second":
            nn.init.zeros_(norm.weight)  # the block begins as one that changes nothing
            layer.reset_parameters()
        setattr(parent, name, nn.Sequential(layer, norm))


@torch.no_grad()
def fold_norms(network: PictureNetwork) -> None:
    """Take the norms of `add_norms` out again; the pictures of `eval` stay the same."""
    for parent, name in _places(network):
        layer, norm = getattr(parent, name)
        scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
        layer.weight.mul_(scale[:, None, None, None])
        layer.bias.sub_(norm.running_mean).mul_(scale).add_(norm.bias)
        setattr(parent, name, layer)


def _places(network: PictureNetwork) -> list[tuple[nn.Module, str]]:
    blocks = [each for each in network.modules() if isinstance(each, ClockedBlock)]
    inner = [(block, name) for block in blocks for name in ("first", "second")]
    return [(network, "stem"), (network, "down"), *inner, (network, "up")]
