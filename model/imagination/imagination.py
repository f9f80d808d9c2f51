"""What a world asks for views that nobody has seen: planned, sketched in codes, then painted.

Everything is a function of what is known around, the prompt, the objects asked for, the seed and
the place: the same questions in the same order give the same world, bit for bit. Nothing of it
depends on time.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.imagination.drawing import Drawer, never
from mag_sandbox.model.imagination.objects import PlacedObject, object_table
from mag_sandbox.model.imagination.order import sketch_order
from mag_sandbox.model.imagination.planner import FIELDS
from mag_sandbox.model.imagination.surroundings import Lattice, Place, Surroundings
from mag_sandbox.model.imagination.weights import ImaginationNetworks, load_networks
from mag_sandbox.model.pocket.autoencoder import Autoencoder

BESIDE = 2  # cells beyond the edge of a view that still say how it looks there


class Imagination:
    """Invents views.

    imagination = load_imagination(IMAGINATION_WEIGHTS, autoencoder, matmul_attention)
    around = imagination.nothing()
    pose = imagination.lattice.nearest(CameraPose())
    around = imagination.imagine(around, pose, prompt, empty, seed=1)
    latents = imagination.view(around, pose)  # [1, 32, 12, 20], for the memory's decoder
    """

    def __init__(self, networks: ImaginationNetworks, autoencoder: Autoencoder) -> None:
        """Take networks that are ready to be used.

        Args:
            networks: in the dtype in which they are to run.
            autoencoder: of the memory: pictures from and to its latents.
        """
        config = networks.config
        ring, view = config.sketcher, (config.view_rows, config.view_columns)
        self.config = config
        self.lattice = Lattice(ring.ring_rows, ring.ring_columns, view, ring.tile_rows)
        self._planner = networks.planner
        self._plan: tuple[tuple[int, bytes], tuple[PlacedObject, ...]] | None = None  # the newest
        self._encoder, self._painter = networks.encoder.eval(), networks.painter.eval()
        self._autoencoder = autoencoder
        self._drawer = Drawer(networks.sketcher, config.drawing)

    def nothing(self) -> Surroundings:
        """Return the surroundings of a world that begins."""
        ring, codes = self.config.sketcher, self.config.codes
        return Surroundings.unknown(
            ring.ring_rows, ring.ring_columns, codes.codes_per_cell, self.config.painter.channels
        )

    @torch.inference_mode()
    def seen(
        self,
        around: Surroundings,
        pose: CameraPose,
        latents: Tensor,
        only: np.ndarray | None = None,
    ) -> Surroundings:
        """Return surroundings that know a view which was given, not invented.

        Args:
            around: what is known.
            pose: of the view, on the lattice.
            latents: of the memory, normalised, [1, C, rows, columns].
            only: cells of the whole ring that it really shows, bool; None: all.
        """
        place = self.lattice.place(pose)
        pictures = self._pictures(latents)
        codes = self._encoder(pictures.to(_dtype(self._encoder)))[0].cpu().numpy()
        wider = nn.functional.pad(pictures, (self._margin,) * 4, mode="replicate")
        inner = self._encoded(wider)[0, :, BESIDE:-BESIDE, BESIDE:-BESIDE]
        return around.learned(place, codes, inner.cpu().numpy(), only)

    def planned(self, prompt: Tensor, empty: Tensor, seed: int) -> tuple[PlacedObject, ...]:
        """Return the things that stand around in a world of which nothing was known.

        Args:
            prompt: text features, [1, text_len, text_dim].
            empty: those of the empty prompt.
            seed: of the noise.
        """
        if self._planner is None:
            return ()
        asked = seed, prompt.float().numpy().tobytes()
        if self._plan is None or self._plan[0] != asked:
            noise = np.random.default_rng([seed, 1]).random(
                (self._planner.config.most, len(FIELDS))
            )
            self._plan = asked, tuple(self._planner.plan(prompt, empty, noise))
        return self._plan[1]

    @torch.inference_mode()
    def imagine(
        self,
        around: Surroundings,
        pose: CameraPose,
        prompt: Tensor,
        empty: Tensor,
        seed: int,
        objects: Sequence[PlacedObject] = (),
        given_up: Callable[[], bool] = never,
    ) -> Surroundings:
        """Return surroundings that know the view at a pose; what was known of it stays.

        Args:
            around: what is known.
            pose: of the view, on the lattice.
            prompt: text features, [1, text_len, text_dim].
            empty: those of the empty prompt.
            seed: of the noise; each cell has its own.
            objects: that are to be seen beside what is planned; those elsewhere do no harm.
            given_up: asked again and again whether nobody wants it any more.

        Raises:
            GivenUpError: nobody does.
            ValueError: the pose is not on the lattice, or an object is of no known kind.
        """
        place = self.lattice.place(pose)
        if around.at(place).known.all():
            return around
        things = (*self.planned(prompt, empty, seed), *objects)
        return self._drawn(around, place, prompt, empty, seed, things, given_up)

    @torch.inference_mode()
    def redrawn(
        self,
        around: Surroundings,
        place: Place,
        prompt: Tensor,
        empty: Tensor,
        seed: int,
        objects: Sequence[PlacedObject] = (),
    ) -> Surroundings:
        """Return surroundings in which a place was forgotten and drawn anew; all else stays.

        Nothing is planned for it.

        Args:
            around: what is known.
            place: whole tiles, at most a view of them.
            prompt: text features, [1, text_len, text_dim].
            empty: those of the empty prompt.
            seed: of the noise.
            objects: that are to be seen.
        """
        cells = around.mask(place)
        view = self.lattice.place(self.lattice.around(place))
        drawn = self._drawn(around.without(cells), view, prompt, empty, seed, objects)
        return around.replaced(cells, drawn)

    @torch.inference_mode()
    def view(self, around: Surroundings, pose: CameraPose) -> Tensor:
        """Return the latents of a known view as of a picture, normalised, [1, C, rows, columns].

        Painted latents are cut out of a ring: what a picture's edge looks like is said beyond it,
        too, and there is nothing beyond the edge of a picture. So the view is decoded with what
        is known beside it, cut out, and encoded.

        Raises:
            ValueError: some of it is not known.
        """
        place = self.lattice.place(pose)
        if not around.at(place).known.all():
            raise ValueError(f"the view at {pose} is not known; imagine it first")
        wider = torch.from_numpy(around.beside(place, BESIDE))[None]
        edge = self._margin
        return self._encoded(self._pictures(wider)[..., edge:-edge, edge:-edge])

    def _pictures(self, latents: Tensor) -> Tensor:
        """Return whole-numbered pictures of latents, as a screen shows them, in [-1, 1]."""
        dtype = _dtype(self._autoencoder)
        return to_pictures(to_frames(self._autoencoder.decode(latents.to(dtype))), dtype)

    def _encoded(self, pictures: Tensor) -> Tensor:
        """Return the memory's latents of pictures, fp32."""
        return self._autoencoder.encode(pictures).float()

    @property
    def _margin(self) -> int:
        """Pixels of what is decoded beside a view."""
        return BESIDE * self._autoencoder.config.stride

    def _drawn(
        self,
        around: Surroundings,
        place: Place,
        prompt: Tensor,
        empty: Tensor,
        seed: int,
        objects: Sequence[PlacedObject],
        given_up: Callable[[], bool] = never,
    ) -> Surroundings:
        """Return surroundings that know a place of which something was not known."""
        codes = self._sketched(around, place, prompt, empty, seed, objects, given_up)
        latents = self._painted(around.at(place), place, codes, prompt, seed)
        return around.learned(place, codes, latents)

    def _sketched(
        self,
        around: Surroundings,
        place: Place,
        prompt: Tensor,
        empty: Tensor,
        seed: int,
        objects: Sequence[PlacedObject],
        given_up: Callable[[], bool],
    ) -> np.ndarray:
        """Return the codes of a place, known or drawn, int64 [rows, columns, codes]."""
        config, ring = self.config, self.config.sketcher
        step = ring.tile_rows
        known = np.all(around.known.reshape(-1, step, ring.ring_columns), axis=1)
        box = (place.top // step, place.left, place.rows // step, place.columns)
        order = sketch_order(known, box, step)
        tiles = _tiles(around.codes, step)
        known_tiles, new_tiles = (
            (each[:, 0], each[:, 1] % ring.ring_columns) for each in (order.known, order.unknown)
        )
        noise = np.random.default_rng(seed).random((*ring.tile_grid, ring.codes_per_tile))
        tiles[new_tiles] = self._drawer.draw(
            order, tiles[known_tiles], prompt, empty,
            object_table(objects, config.kinds, ring), noise[new_tiles], given_up,
        )  # fmt: skip
        cells = tiles.reshape(*ring.tile_grid, step, -1).transpose(0, 2, 1, 3)
        whole = cells.reshape(ring.ring_rows, ring.ring_columns, -1)
        columns = np.arange(place.left, place.left + place.columns) % ring.ring_columns
        return whole[place.top : place.top + place.rows, columns]

    def _painted(
        self, there: Surroundings, place: Place, codes: np.ndarray, prompt: Tensor, seed: int
    ) -> np.ndarray:
        """Return the latents of a place, float32 [C, rows, columns]."""
        dtype = _dtype(self._painter)
        ring = self.config.sketcher
        draw = torch.Generator().manual_seed(seed)
        shape = (self.config.painter.channels, ring.ring_rows, ring.ring_columns)
        columns = torch.arange(place.left, place.left + place.columns) % ring.ring_columns
        noise = torch.randn(shape, generator=draw)[:, place.top : place.top + place.rows]
        painted = self._painter.paint(
            torch.from_numpy(codes)[None], torch.from_numpy(there.latents)[None],
            torch.from_numpy(there.known)[None], noise[:, :, columns][None],
            self._painter.text_keys(prompt.to(dtype)), self.config.paint_steps,
        )  # fmt: skip
        return painted[0].numpy()


def load_imagination(
    folder: Path, autoencoder: Autoencoder, kernel: AttentionKernel, dtype: torch.dtype
) -> Imagination:
    """Return what the weights of a folder invent.

    Args:
        folder: of the weights.
        autoencoder: of the memory, ready to be used.
        kernel: for attention.
        dtype: in which networks run; bf16 where the processor knows it.

    Raises:
        MissingWeights: a file is absent, damaged, or does not fit.
    """
    networks = load_networks(folder, kernel)
    for module in networks.parts().values():
        module.to(dtype).requires_grad_(False)
    networks.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Imagination(networks, autoencoder)


def _tiles(codes: np.ndarray, step: int) -> np.ndarray:
    """Return the codes of tiles, [rows / step, columns, codes of a tile], those above first."""
    rows, columns, count = codes.shape
    stacked = codes.reshape(rows // step, step, columns, count).transpose(0, 2, 1, 3)
    return stacked.reshape(rows // step, columns, step * count).copy()


def _dtype(module: torch.nn.Module) -> torch.dtype:
    return next(module.parameters()).dtype
