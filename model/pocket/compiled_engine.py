"""The pocket world's networks compiled."""

from copy import deepcopy
from functools import partial

import torch
from torch import Tensor

from mag_sandbox.model.compiled import Compiled
from mag_sandbox.model.compiled_dit import CompiledDiT, Sizes
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.execution import run_pictures
from mag_sandbox.model.generator import Generator
from mag_sandbox.model.imagination.compiled_painter import CompiledPainter
from mag_sandbox.model.imagination.painter import Painter
from mag_sandbox.model.kv_cache import CacheShape
from mag_sandbox.model.pocket.animation import Animation
from mag_sandbox.model.pocket.animator import Animator
from mag_sandbox.model.pocket.autoencoder import Autoencoder
from mag_sandbox.model.pocket.cells import CELL, DrawnPictures, frames_of, levels_of, pixels_of
from mag_sandbox.model.pocket.compiled_generator import ApartCache, CompiledPasses
from mag_sandbox.model.pocket.compiled_pictures import (
    CompiledAnimator,
    decoder_graph,
    encoder_graph,
)
from mag_sandbox.model.pocket.engine import Coding, PocketEngine
from mag_sandbox.model.pocket.fused_pictures import COLORED, FusedAnimator
from mag_sandbox.model.world import Frames


class CompiledEngine(PocketEngine):
    """Runs networks compiled; pictures of other sizes than the world's as `PocketEngine` does."""

    def transformer(self, dit: DiT) -> CompiledDiT:
        """Return what runs a transformer."""
        return CompiledDiT(dit, self.execution)

    def painter(self, painter: Painter) -> Painter:
        """Return what runs a painter."""
        return CompiledPainter(painter, self.execution)

    def generator(
        self,
        making: CompiledDiT,
        remembering: CompiledDiT,
        shape: CacheShape,
        slots: int,
        shift: float,
        empty_text: TextKeys,
    ) -> Generator:
        """Return a generator over transformers, and over a cache of its own."""
        # as they are needed: a first block is remembered, not denoised; then views are
        block, view = Sizes(shape.block_length * shape.tokens), Sizes(shape.tokens)
        remembering.prepare(memorises=True, exact=[block])
        making.prepare(memorises=False, exact=[block])
        remembering.prepare(memorises=True, exact=[view])
        making.prepare(memorises=False, exact=[view])
        cache = ApartCache(shape, slots, self.execution.dtype, spare=1)
        passes = CompiledPasses(making, cache), CompiledPasses(remembering, cache)
        return Generator(*passes, cache, shift, empty_text)

    def coding(self, autoencoder: Autoencoder, config: PocketConfig) -> Coding:
        """Return how an autoencoder is used."""
        dtype = self.execution.dtype
        size, latent_size = (config.frame_height, config.frame_width), config.latent_size
        cells_size = size[0] // CELL, size[1] // CELL
        source = deepcopy(autoencoder)  # what follows changes it
        decoder = Compiled(partial(decoder_graph, source, latent_size), self.execution)
        encoder = Compiled(partial(encoder_graph, source, cells_size), self.execution)
        of_others = super().coding(autoencoder, config)

        def encode(frames: Frames) -> Tensor:
            if frames.shape[1:3] != size:
                return of_others.encode(frames)
            levels = torch.from_numpy(levels_of(frames))
            latents = torch.empty(len(levels), config.dit.channels, *latent_size, dtype=dtype)
            for one in range(len(levels)):
                encoder([levels[one : one + 1]], [latents[one : one + 1]])
            return latents.float()

        def picture(latents: Tensor) -> Tensor:
            if latents.shape[2:] != latent_size:
                return of_others.picture(latents)
            return pixels_of(draw(latents).cells)

        def draw(latents: Tensor) -> DrawnPictures:
            if latents.shape[2:] != latent_size:
                return of_others.draw(latents)
            latents = latents.to(dtype).contiguous()
            cells = torch.empty(len(latents), *cells_size, COLORED, dtype=dtype)
            levels = torch.empty_like(cells, dtype=torch.uint8)
            for one in range(len(latents)):
                decoder([latents[one : one + 1]], [x[one : one + 1] for x in (cells, levels)])
            return DrawnPictures(frames_of(levels.numpy()), cells.permute(0, 3, 1, 2))

        return Coding(encode, picture, draw)

    def animation(self, animator: Animator, config: PocketConfig) -> Animation:
        """Return what moves pictures."""
        source, size = deepcopy(animator), (config.frame_height, config.frame_width)
        of_others = FusedAnimator(run_pictures(animator, self.execution))
        moving = CompiledAnimator(source, size, self.execution, of_others)
        return Animation(source, moving, self.execution.device)
