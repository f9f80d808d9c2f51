"""How the pocket world's networks run: as plain modules; as graphs, see `graph_engine`."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.attention import named_kernel
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.execution import Execution, run_pictures
from mag_sandbox.model.frames import to_frames, to_levels, to_pictures
from mag_sandbox.model.generator import BlockGenerator, Generator
from mag_sandbox.model.imagination.drawing.refiner import Refine, Refiner
from mag_sandbox.model.imagination.painter import Painter
from mag_sandbox.model.kv_cache import CacheShape, KVCache
from mag_sandbox.model.pocket.pictures.animation import Animation
from mag_sandbox.model.pocket.pictures.animator import PARTS, Animator, Moments
from mag_sandbox.model.pocket.pictures.cells import DrawnPictures, cells_of, pixels_of
from mag_sandbox.model.world import Frames


class Coding(NamedTuple):
    """An autoencoder as it runs."""

    encode: Callable[[Frames], Tensor]  # uint8 [T, H, W, 3] -> fp32 [T, C, h, w]
    picture: Callable[[Tensor], Tensor]  # [T, C, h, w] -> [T, 3, H, W] in about [-1, 1]
    draw: Callable[[Tensor], DrawnPictures]  # the same, as it is shown and moved


Transformer = Any  # a network as an engine runs it


class PocketEngine:
    """Runs networks as plain modules."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution

    def transformer(self, dit: DiT, name: str) -> Transformer:  # noqa: ARG002 (all run alike)
        """Return the runner of a transformer; `name` is one of `NETWORKS`."""
        dit.kernel = named_kernel(self.execution.kernel)
        return dit.to(self.execution.device, self.execution.dtype)

    def painter(self, painter: Painter) -> Painter:
        """Return the runner of a painter, on the host."""
        return painter.to(self.execution.dtype)

    def refiner(self, refiner: Refiner, cell: int) -> Refine:  # noqa: ARG002 (modules take any size)
        """Return the runner of a refiner, on the host; tiles are of cells of a size [px]."""
        return refiner

    def generator(
        self,
        making: Transformer,
        remembering: Transformer,
        shape: CacheShape,
        slots: int,
        shift: float,
        empty_text: TextKeys,
    ) -> Generator:
        """Return a generator over transformers, and over a cache of its own."""
        where = self.execution.dtype, self.execution.device
        cache = KVCache(shape, slots, *where, spare=1)
        return BlockGenerator(making, remembering, cache, shift, empty_text)

    def coding(
        self,
        autoencoder: Autoencoder,
        config: PocketConfig,  # noqa: ARG002 (modules take any size)
        decoded: Sequence[tuple[int, int]] = (),  # noqa: ARG002 (likewise)
        encoded: Sequence[tuple[int, int]] = (),  # noqa: ARG002 (likewise)
    ) -> Coding:
        """Return the codec of an autoencoder.

        Args:
            autoencoder: in fp32.
            config: of the world, whose views are coded.
            decoded: rows and columns of other latents that are often decoded.
            encoded: likewise, of those whose pictures are often encoded.
        """
        run_pictures(autoencoder, self.execution)
        device, dtype = self.execution.device, self.execution.dtype

        def encode(frames: Frames) -> Tensor:
            pictures = to_pictures(frames, dtype).to(device)
            lines = pictures.contiguous(memory_format=torch.channels_last)
            return autoencoder.encode(lines).float()

        def picture(latents: Tensor) -> Tensor:
            latents = latents.to(device, dtype)
            return autoencoder.decode(latents.contiguous(memory_format=torch.channels_last))

        def draw(latents: Tensor) -> DrawnPictures:
            pictures = picture(latents)
            return DrawnPictures(to_frames(pictures), cells_of(pictures))

        return Coding(encode, picture, draw)

    def animation(
        self,
        animator: Animator,
        config: PocketConfig,  # noqa: ARG002 (likewise)
    ) -> Animation:
        """Return the animation of pictures."""
        run_pictures(animator, self.execution)
        return Animation(animator, PlainAnimator(animator), self.execution.device)


class PlainAnimator:
    """An `Animator` between cells; see `Moving`."""

    def __init__(self, source: Animator) -> None:
        self._source = source

    def parts(self, rest: Tensor, moments: Moments) -> Tensor:
        """Return the shares of parts."""
        shares = self._source.parts(pixels_of(self._own(rest)), moments).sigmoid_()
        return torch.cat([cells_of(part) for part in shares.split(1, dim=1)], dim=1)

    def moved(
        self, rest: Tensor, wind: Tensor | None, parts: Tensor, moments: Moments
    ) -> np.ndarray:
        """Return levels of the pictures of these moments."""
        shares = torch.cat([pixels_of(part) for part in parts.chunk(len(PARTS), dim=1)], dim=1)
        above = None if wind is None else pixels_of(self._own(wind))
        moved = self._source(pixels_of(self._own(rest)), above, self._own(shares), moments)
        return to_levels(cells_of(moved).permute(0, 2, 3, 1)).contiguous().cpu().numpy()

    def _own(self, cells: Tensor) -> Tensor:
        """Return cells, wherever they were made, as the animator's network takes them."""
        return cells.to(next(self._source.parameters()))
