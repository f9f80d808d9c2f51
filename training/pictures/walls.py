"""`python -m training walls`: the network that tells how far away the walls of a room are.

It sees level views of rooms as the game shows them, after the autoencoder, half of them from second
viewpoints, and learns where in each column the wall meets floor and ceiling, and how sure that is.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.reading.walls import COLUMN, SPREADS, WallReader
from mag_sandbox.model.imagination.weights import WALLS
from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.projection import PIXELS_PER_RADIAN
from mag_sandbox.renderer.render import SceneRenderer, lay_out
from mag_sandbox.renderer.scene import RoomBox
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.renderer.viewpoints import viewpoint
from mag_sandbox.renderer.views import HEIGHT, WIDTH
from mag_sandbox.training.loop import LoopConfig, Stage
from mag_sandbox.training.options import WallsTraining
from mag_sandbox.training.pictures.shown import as_shown, begun, random_views, train_and_write

logger = logging.getLogger(__name__)

FIRST_SEED = 900_000  # of the scenes
BATCH = 12  # views
RATE = 4e-3
BESIDE = 16  # rows above and below a view that its pixels may depend on
STRAIGHT, MIRRORED, SWAPPED, NEGATIVE = 0.3, 0.5, 0.3, 0.2  # shares of the views


@dataclass(frozen=True, slots=True)
class DrawnRoom:
    """The level rows of a room after the autoencoder, and how far away its sides are."""

    pixels: np.ndarray  # uint8 [HEIGHT, RING_WIDTH, 3]
    away: np.ndarray  # of the sides ahead, to the right, behind and to the left [m]
    tall: float  # [m]


@torch.no_grad()
def drawn_room(seed: int, autoencoder: Autoencoder) -> DrawnRoom:
    """Draw the room of a seed, every other one from a second viewpoint."""
    layout, rng = lay_out("indoor", seed), np.random.default_rng([seed, 77])
    ring = SceneRenderer(layout).ring(*(viewpoint(layout, rng) if rng.random() < 0.5 else ()))
    (x, z), room = ring.viewer, layout.room
    assert isinstance(room, RoomBox)
    top = (RING_HEIGHT - HEIGHT) // 2
    pixels = as_shown(ring.pixels[top - BESIDE : top + HEIGHT + BESIDE], autoencoder)
    away = room.front - z, room.right - x, z - room.back, x - room.left
    return DrawnRoom(pixels[BESIDE:-BESIDE], np.array(away, np.float32), room.tall)


@dataclass(eq=False)
class WallsStage(Stage):
    """Trains `WallReader`."""

    name = "walls"

    module: WallReader
    rooms: list[DrawnRoom]
    seed: int

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return AdamW over everything."""
        weights = self.module.parameters()
        return [torch.optim.AdamW(weights, RATE, weight_decay=0.02, betas=(0.9, 0.98))]

    def loss(self, batch: int) -> Tensor:
        """Return the loss of one batch of views."""
        pictures, slopes = self.views(np.random.default_rng([self.seed, batch]), BATCH)
        with torch.autocast("cpu", torch.bfloat16):
            outputs = self.module(pictures)
        return walls_loss(outputs.float(), slopes)

    def views(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Return views, [B, 3, HEIGHT, WIDTH], and the slopes of their columns, [B, 2, columns]."""
        pictures, slopes = random_views(self.rooms, self._view, rng, count)
        return pictures, slopes

    def sheet(self, path: Path, step: int) -> None:
        """Write views, and beside them where walls meet floor and ceiling, as read and in truth."""
        pictures, slopes = self.views(np.random.default_rng([self.seed, step, 1]), 4)
        self.module.eval()
        with torch.no_grad():
            read = self.module(pictures)[:, :2]
        self.module.train()
        frames = to_frames(pictures)
        lined = [[_lined(frame, one) for frame, one in zip(frames, edges.numpy(), strict=True)]
                 for edges in (read, slopes)]  # fmt: skip
        write_sheet(path, [list(row) for row in zip(frames, *lined, strict=True)])

    def _view(self, room: DrawnRoom, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        left = int(rng.integers(RING_WIDTH))
        if rng.random() < STRAIGHT:
            left = int(rng.integers(4)) * RING_WIDTH // 4 - WIDTH // 2
        picture = room.pixels[:, (left + np.arange(WIDTH)) % RING_WIDTH]
        yaw = (left + np.arange(COLUMN / 2, WIDTH, COLUMN)) / PIXELS_PER_RADIAN
        near = (np.cos(yaw - np.arange(4)[:, None] * np.pi / 2) / room.away[:, None]).max(axis=0)
        slopes = np.stack((EYE * near, (room.tall - EYE) * near)).astype(np.float32)
        if rng.random() < MIRRORED:
            picture, slopes = picture[:, ::-1], slopes[:, ::-1]
        if rng.random() < SWAPPED:
            picture = picture[..., rng.permutation(3)]
        if rng.random() < NEGATIVE:
            picture = 255 - picture
        return picture.copy(), slopes.copy()


def _lined(frame: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Return a frame with red dots where the walls of its columns end."""
    result = frame.copy()
    horizon = HORIZON - (RING_HEIGHT - HEIGHT) // 2
    columns = np.arange(COLUMN // 2, WIDTH, COLUMN)
    for sign, one in zip((1, -1), slopes, strict=True):
        rows = horizon + sign * np.arctan(one) * PIXELS_PER_RADIAN
        rows = np.clip(rows.round().astype(int), 0, HEIGHT - 2)
        result[rows, columns] = result[rows + 1, columns] = (255, 0, 0)
    return result


def walls_loss(outputs: Tensor, slopes: Tensor) -> Tensor:
    """Return the loss of numbers of columns: the negative log-likelihood of Laplace's law."""
    logs = outputs[:, 2:].clamp(*SPREADS)
    return ((outputs[:, :2] - slopes).abs() * torch.exp(-logs) + logs).mean()


def train(options: WallsTraining) -> None:
    """Train the network and write its weights; resumes where it was stopped."""
    module, autoencoder = begun(WallReader, options)
    logger.info("drawing %d rooms", options.rings)
    seeds = range(FIRST_SEED, FIRST_SEED + options.rings)
    stage = WallsStage(module, [drawn_room(seed, autoencoder) for seed in seeds], options.seed)
    config = LoopConfig(options.steps, warmup=40, decay=0.7, clip=2.0)
    train_and_write(stage, config, options.folder / WALLS)
