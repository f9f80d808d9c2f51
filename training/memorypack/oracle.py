"""`python -m training memorypack-oracle`: how much of a ring can a few tokens hold?

No diffusion, no transformer of the game: while the camera turns, every block rewrites psi, and a
reader that is given a pose must reconstruct the latents there from psi alone. A world that
remembers by such a psi cannot show more.
"""

import json
import logging
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.dit import Attention, RMSNorm
from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.packing import LatentFrames, RayPlaces, Tokens
from mag_sandbox.model.memorypack.ring import RingPack
from mag_sandbox.model.pocket.weights import AUTOENCODER, POCKET_WEIGHTS, read_config
from mag_sandbox.model.rope import RayCoordinates, feature_count, rotate
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.views import FOV
from mag_sandbox.training.devices import TrainingDevice, choose_device
from mag_sandbox.training.imagination.rings import latents_of, ring_latents, view_of
from mag_sandbox.training.loop import Loop, LoopConfig, Stage
from mag_sandbox.training.optimisers import muon_and_adamw
from mag_sandbox.training.options import OracleOptions
from mag_sandbox.training.pocket.data import places_to_poses

logger = logging.getLogger(__name__)

FEWEST, MOST = 4, 40  # blocks that the camera turns for
MEASURED = (4, 10, 20, 40)
FASTEST = 3  # cells across from one block to the next; a level turn of 40 blocks is a whole ring
TURNS_BACK, LOOKS_UP = 0.1, 0.2  # chances a block
ASKED = 4  # views that the reader is asked for, of all that the camera has seen
SHAPES = {18: (2, 9), 64: (4, 16), 96: (4, 24), 256: (8, 32)}  # tokens: rows, columns on the ring


class AskingLayer(nn.Module):
    """Cross-attention and a feed-forward network, both added to the tokens that ask."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        dim = config.dim
        self.attention = Attention(config)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(3))
        self.ffn = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, asking: Tokens, asked: Tokens, kernel: AttentionKernel) -> Tokens:
        """Return the asking tokens, changed."""
        part, (norm, norm_asked, norm_ffn) = self.attention, self.norms
        own, other = norm(asking.values), norm_asked(asked.values)
        q = rotate(part.norm_q(part.q(own)).unflatten(-1, part.heads), asking.rotary[:, :, None])
        k = rotate(part.norm_k(part.k(other)).unflatten(-1, part.heads), asked.rotary[:, :, None])
        x = asking.values + part.o(kernel(q, k, part.v(other).unflatten(-1, part.heads)).flatten(2))
        return Tokens(x + self.ffn(norm_ffn(x)), asking.rotary)


class Oracle(nn.Module):
    """Psi and its reader.

    psi = oracle.remembered(latents, poses)  # [B, blocks, C, H, W], [B, blocks, 3]
    latents = oracle.read(psi, asked_poses)  # [B, asked, 3] -> [B, asked, C, H, W]
    """

    def __init__(
        self,
        config: DiTConfig,
        rays: RayCoordinates,
        options: OracleOptions,
        kernel: AttentionKernel,
    ) -> None:
        super().__init__()
        assert config.rays is not None
        self.config, self.kernel, self._options = config, kernel, options
        self._rays, self.grid = rays, rays.grid
        numbers = config.channels * config.patch**2
        self.embedding = nn.Linear(numbers + feature_count(config.rays), config.dim)
        self.query = nn.Linear(feature_count(config.rays), config.dim)
        self.start = nn.Parameter(torch.randn(options.tokens, config.dim))
        self.update, self.reader = (
            nn.ModuleList(AskingLayer(config) for _ in range(2)) for _ in range(2)
        )
        self.ring = RingPack(config, PackConfig(structure="ring", width=options.width, window=1))
        self.norm = RMSNorm(config.dim, config.eps)
        self.output = nn.Linear(config.dim, numbers)
        self.register_buffer("places", self._places(), persistent=False)

    places: Tensor

    def remembered(self, latents: Tensor, poses: Tensor) -> Tokens:
        """Return psi after some blocks; it is shown the kept frame of each."""
        frames = self._frames(latents, poses)
        if self._options.reads == "frames":
            return frames
        psi = Tokens(self.norm(self.start).expand(len(latents), -1, -1), self.places)
        if self._options.reads == "ring":
            return self._ring(latents, poses)
        if self._options.reads == "nothing":
            return psi
        each = latents.shape[-2] * latents.shape[-1] // self.config.patch**2
        for first in range(0, frames.values.shape[1], each):
            block = slice(first, first + each)
            seen = psi.joined(Tokens(frames.values[:, block], frames.rotary[:, block]))
            new = psi
            for layer in self.update:
                new = layer(new, seen, self.kernel)
            psi = Tokens(self.norm(new.values), psi.rotary)
        return psi

    def read(self, psi: Tokens, poses: Tensor) -> Tensor:
        """Return the latents at some poses, read from psi."""
        rotary, features = self._coordinates(poses)
        asking = Tokens(self.query(features), rotary)
        for layer in self.reader:
            asking = layer(asking, psi, self.kernel)
        rows, columns, side = *self.grid, self.config.patch
        cells = self.output(asking.values).unflatten(2, (-1, side, side))
        cells = cells.unflatten(1, (-1, rows, columns))  # [B, asked, rows, columns, C, side, side]
        joined: Tensor = cells.permute(0, 1, 4, 2, 5, 3, 6).flatten(5, 6).flatten(3, 4)
        return joined

    def _ring(self, latents: Tensor, poses: Tensor) -> Tokens:
        places = RayPlaces(self._rays)
        times = torch.full(poses.shape[1:2], self._rays.block_length - 1)
        frames = LatentFrames(latents, times, poses)
        state = self.ring.begin(latents, frames.part(0, 1), places)
        state = self.ring.advance(state, frames.part(1, frames.length), places)
        psi = self.ring.whole(state, places)
        assert psi.absent is not None
        return Tokens(psi.values, psi.rotary.where(~psi.absent[..., None], psi.rotary * 0))

    def _frames(self, latents: Tensor, poses: Tensor) -> Tokens:
        rotary, features = self._coordinates(poses)
        side = self.config.patch
        cells = torch.unflatten(torch.unflatten(latents, 4, (-1, side)), 3, (-1, side))
        cells = cells.permute(0, 1, 3, 5, 2, 4, 6).flatten(4).flatten(1, 3)
        return Tokens(self.embedding(torch.cat((cells, features), dim=-1)), rotary)

    def _coordinates(self, poses: Tensor) -> tuple[Tensor, Tensor]:
        times = torch.zeros(poses.shape[:2])
        last = torch.full(poses.shape[1:2], self._rays.block_length - 1)
        return self._rays.rotary(poses, times)[:, :, 0], self._rays.features(poses, last)

    def _places(self) -> Tensor:
        rows, columns = SHAPES[self._options.tokens]
        if self._options.unplaced:
            return self._ray(0.0, 0.0).expand(-1, rows * columns, -1)
        height = 360.0 * RING_HEIGHT / RING_WIDTH
        spots = [
            self._ray(360.0 * (column + 0.5) / columns, height * (0.5 - (row + 0.5) / rows))
            for row in range(rows)
            for column in range(columns)
        ]
        return torch.cat(spots, dim=1)

    def _ray(self, yaw: float, pitch: float) -> Tensor:
        """Return the rotary coordinate of one ray, [1, 1, D/2]: that of a view of no width."""
        pose = torch.tensor([[[yaw, pitch, 0.0]]])
        return self._rays.rotary(pose, torch.zeros(1, 1))[:, :1, 0]


class Turn(NamedTuple):
    """The views of a turning camera, and those that the reader must reconstruct."""

    latents: Tensor  # [B, blocks, C, H, W]
    poses: Tensor  # yaw, pitch, fov [degrees], [B, blocks, 3]
    asked: Tensor  # [B, asked, C, H, W]
    asked_poses: Tensor


@dataclass(eq=False)
class OracleStage(Stage):
    """Trains an `Oracle` on turns through rings of latents."""

    name = "oracle"

    module: Oracle
    files: list[np.ndarray]  # see `ring_latents`; the last one is held out
    options: OracleOptions
    device: TrainingDevice
    stride: int  # px of a latent

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the layers' matrices and AdamW over everything else."""
        layers = (*self.module.update, *self.module.reader)
        matrices = [p for layer in layers for p in layer.parameters() if p.ndim == 2]
        return muon_and_adamw(self.module, matrices, 0.01, 1.5e-3)

    def loss(self, step: int) -> Tensor:
        """Return the mean square error of the reader; latents have variance 1."""
        rng = np.random.default_rng([self.options.seed, 50, step])
        blocks = int(np.exp(rng.uniform(np.log(FEWEST), np.log(MOST + 1))))
        rings = rng.integers(len(self.files[0]) * (len(self.files) - 1), size=self.options.batch)
        turn = self.turn(rings, blocks, rng)
        return (self._told(turn) - turn.asked).square().mean()

    @torch.no_grad()
    def explained(self, blocks: int, turns: int = 48) -> dict[str, float]:
        """Return the shares of the power of held-out latents that the reader explains.

        Of all views, and of those of the last quarter of the blocks and of the first. The latents
        of all training views together have mean 0, so power is variance.
        """
        rng = np.random.default_rng([self.options.seed, 51, blocks])
        each = len(self.files[0])
        first = each * (len(self.files) - 1)
        kept: dict[str, list[tuple[float, float]]] = {"all": [], "newest": [], "oldest": []}
        for start in range(0, turns, self.options.batch):
            rings = first + (start + np.arange(self.options.batch)) % each
            turn = self.turn(rings, blocks, rng, all_views=True)
            error, power = (
                x.square().mean(dim=(0, 2, 3, 4))
                for x in (self._told(turn) - turn.asked, turn.asked)
            )
            quarter = max(1, blocks // 4)
            for name, part in (
                ("all", slice(None)), ("newest", slice(-quarter, None)), ("oldest", slice(quarter)),
            ):  # fmt: skip
                kept[name].append((float(error[part].mean()), float(power[part].mean())))
        return {
            name: 1 - sum(error for error, _ in pairs) / sum(power for _, power in pairs)
            for name, pairs in kept.items()
        }

    def _told(self, turn: Turn) -> Tensor:
        upload = self.device.upload
        with self.device.autocast():
            psi = self.module.remembered(upload(turn.latents), turn.poses)
            return self.module.read(psi, turn.asked_poses).float()

    def turn(
        self, rings: np.ndarray, blocks: int, rng: np.random.Generator, all_views: bool = False
    ) -> Turn:
        """Return the views of a camera that turns through some rings, one a block.

        The reader is asked for some of the views, or for all of them in their order.
        """
        rows, columns = RING_HEIGHT // self.stride, RING_WIDTH // self.stride
        config, grid = self.module.config, self.module.grid
        height, width = (side * config.patch for side in grid)
        latents, places, asked = [], [], []
        for ring in rings:
            left, top = int(rng.integers(columns)), int(rng.integers(rows - height + 1))
            speed = int(rng.integers(1, FASTEST + 1)) * (1 if rng.random() < 0.5 else -1)
            views, seen = [], []
            whole = latents_of(self.files, int(ring))
            for _ in range(blocks):
                views.append(
                    view_of(whole, top + np.arange(height), (left + np.arange(width)) % columns)
                )
                seen.append((left, top))
                speed = -speed if rng.random() < TURNS_BACK else speed
                left = (left + speed) % columns
                if rng.random() < LOOKS_UP:
                    top = int(np.clip(top + rng.integers(-2, 3), 0, rows - height))
            latents.append(views)
            places.append(seen)
            asked.append(np.arange(blocks) if all_views else rng.integers(blocks, size=ASKED))
        pictures, corners = torch.from_numpy(np.array(latents)), np.array(places) * self.stride
        left, top = np.moveaxis(corners, -1, 0)
        poses = places_to_poses(left, top, np.full(corners.shape[:2], FOV))
        turns = torch.arange(len(rings))[:, None]
        chosen = torch.from_numpy(np.stack(asked))
        return Turn(pictures, poses, pictures[turns, chosen], poses[turns, chosen])


def train(options: OracleOptions) -> None:
    """Train one row of the table, and write its share of explained variance."""
    device = choose_device()
    config = read_config(POCKET_WEIGHTS)
    autoencoder = Autoencoder(config.autoencoder)
    load_into(autoencoder, POCKET_WEIGHTS / AUTOENCODER)
    files = ring_latents(options.data, device.place(autoencoder), options.rings, device)
    torch.manual_seed(options.seed)
    oracle = Oracle(config.dit, RayCoordinates.of(config), options, device.kernel)
    stage = OracleStage(oracle.to(device.device), files, options, device, config.autoencoder.stride)
    run = LoopConfig(steps=options.steps, warmup=30, decay=0.5, ema=0.98)
    Loop(stage, run, options.folder / options.name).run()
    found = {str(blocks): stage.explained(blocks) for blocks in MEASURED}
    settings = {key: str(value) for key, value in asdict(options).items()}
    text = json.dumps({"options": settings, "explained": found}, indent=1)
    replace_file(options.folder / f"{options.name}.json", text)
    logger.info("%s: %s", options.name, found)
