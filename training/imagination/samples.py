"""Pictures of samples for eyes: held-out scenes as drawn, sketched and painted."""

from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.imagination.drawing import Drawer
from mag_sandbox.model.imagination.objects import object_table
from mag_sandbox.model.imagination.order import sketch_order
from mag_sandbox.model.imagination.painter import Painter
from mag_sandbox.model.imagination.sketcher import Sketcher
from mag_sandbox.model.imagination.weights import ImaginationNetworks
from mag_sandbox.model.pocket.autoencoder import Autoencoder
from mag_sandbox.model.pocket.networks import TextEncoder
from mag_sandbox.model.prompts import tokenise
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.rings import category_of
from mag_sandbox.training.panorama.render import HELD_OUT, render, view_at
from mag_sandbox.training.panorama.sheets import write_sheet

VIEWS = 12
ACROSS = 4  # pictures a row


class SampleSheets:
    """Draws held-out scenes anew from their captions.

    Args:
        networks: what is trained.
        autoencoder: of the memory.
        text: reads captions.
        tokenizer: of captions.
        device: where to compute.
    """

    def __init__(
        self,
        networks: ImaginationNetworks,
        autoencoder: Autoencoder,
        text: TextEncoder,
        tokenizer: Tokenizer,
        device: TrainingDevice,
    ) -> None:
        self._networks, self._autoencoder, self._device = networks, autoencoder, device
        scenes = [render(category_of(HELD_OUT + i), HELD_OUT + i) for i in range(VIEWS)]
        self._drawn = np.stack([view_at(scene.pixels, 180.0, 0.0) for scene in scenes])
        captions = [scene.caption() for scene in scenes]
        with torch.no_grad():
            self._prompts = text(*tokenise(tokenizer, [*captions, ""], text.config.text_len))

    def sketches(self, path: Path, sketcher: Sketcher) -> None:
        """Write scenes, and first views from their captions, painted."""
        drawer = Drawer(sketcher, self._networks.config.drawing)
        codes = torch.stack([self._first_view(drawer, i) for i in range(VIEWS)])
        sketcher.train()
        self._write(path, self._painted(self._networks.painter, codes))

    def paintings(self, path: Path, painter: Painter) -> None:
        """Write scenes, and the same scenes painted from their own codes."""
        codes = self._networks.encoder(to_pictures(self._drawn))
        self._write(path, self._painted(painter, codes))

    def _painted(self, painter: Painter, codes: Tensor) -> np.ndarray:
        """Return frames of the codes of all views."""
        config = painter.config
        shape = (VIEWS, config.painter.channels, *codes.shape[1:3])
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(7))
        nowhere = torch.zeros(VIEWS, *shape[2:], dtype=torch.bool)
        text = painter.text_keys(self._prompts[:-1])
        latents = painter.paint(codes, noise, nowhere, noise, text, config.paint_steps)
        return to_frames(self._autoencoder.decode(latents))

    def _first_view(self, drawer: Drawer, index: int) -> Tensor:
        """Return the codes of a view from a caption alone, [rows, columns, codes]."""
        config = self._networks.config
        ring = config.sketcher
        rows = config.view_rows // ring.tile_rows
        box = ((ring.tile_grid[0] - rows) // 2, 0, rows, config.view_columns)
        order = sketch_order(np.zeros(ring.tile_grid, bool), box, ring.tile_rows)
        noise = np.random.default_rng(index).random((len(order.unknown), ring.codes_per_tile))
        tiles = drawer.draw(
            order, np.zeros((0, ring.codes_per_tile), np.int64), self._prompts[index : index + 1],
            self._prompts[-1:], object_table((), config.kinds, ring), noise,
        )  # fmt: skip
        by_column = tiles.reshape(config.view_columns, config.view_rows, ring.codes_per_cell)
        return torch.from_numpy(by_column.swapaxes(0, 1).copy())

    def _write(self, path: Path, frames: np.ndarray) -> None:
        rows = []
        for first in range(0, VIEWS, ACROSS):
            rows += [
                list(self._drawn[first : first + ACROSS]),
                list(frames[first : first + ACROSS]),
            ]
        write_sheet(path, rows)
