"""The pocket world's networks as graphs."""

from collections.abc import Sequence
from copy import deepcopy
from functools import partial

import torch
from torch import Tensor

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.execution import run_pictures
from mag_sandbox.model.generator import Generator
from mag_sandbox.model.graphs import GraphCompiler
from mag_sandbox.model.imagination.painter import Painter
from mag_sandbox.model.imagination.painter_graph import GraphPainter
from mag_sandbox.model.kv_cache import CacheShape
from mag_sandbox.model.pocket.engines.engine import Coding, PlainAnimator, PocketEngine
from mag_sandbox.model.pocket.engines.graph_passes import ApartCache, GraphPasses
from mag_sandbox.model.pocket.engines.picture_graphs import (
    COLORED,
    GraphAnimator,
    decoder_graph,
    encoder_graph,
)
from mag_sandbox.model.pocket.pictures.animation import Animation
from mag_sandbox.model.pocket.pictures.animator import Animator
from mag_sandbox.model.pocket.pictures.cells import (
    CELL,
    DrawnPictures,
    frames_of,
    levels_of,
    pixels_of,
)
from mag_sandbox.model.transformer_graphs import GraphDiT, Sizes
from mag_sandbox.model.world import Frames


class GraphEngine(PocketEngine):
    """Runs networks as graphs; pictures of other sizes than the world's as `PocketEngine` does."""

    def __init__(self, compiler: GraphCompiler) -> None:
        super().__init__(compiler.execution)
        self._compiler = compiler

    def transformer(self, dit: DiT, name: str) -> GraphDiT:
        """Return the runner of a transformer."""
        return GraphDiT(dit, name, self._compiler)

    def painter(self, painter: Painter) -> Painter:
        """Return the runner of a painter."""
        graphs = GraphPainter(painter, self._compiler)
        self._compiler.keep()
        return graphs

    def generator(
        self,
        making: GraphDiT,
        remembering: GraphDiT,
        shape: CacheShape,
        slots: int,
        shift: float,
        empty_text: TextKeys,
    ) -> Generator:
        """Return a generator over transformers, and over a cache of its own."""
        # as they are needed: the first block is remembered, then a view, before one is denoised
        sizes = [Sizes(shape.block_length * shape.tokens), Sizes(shape.tokens)]
        remembering.prepare(remembers=True, exact=sizes)
        making.prepare(remembers=False, exact=sizes)
        cache = ApartCache(shape, slots, self.execution.dtype, spare=1)
        self._compiler.keep()
        passes = GraphPasses(making, cache), GraphPasses(remembering, cache)
        return Generator(*passes, cache, shift, empty_text)

    def coding(
        self,
        autoencoder: Autoencoder,
        config: PocketConfig,
        decoded: Sequence[tuple[int, int]] = (),
        encoded: Sequence[tuple[int, int]] = (),
    ) -> Coding:
        """Return how an autoencoder is used; see `PocketEngine`."""
        dtype, channels = self.execution.dtype, config.dit.channels
        source = deepcopy(autoencoder)  # what follows changes it
        compiled, stride = self._compiler.compile, autoencoder.config.stride // CELL
        own = config.latent_size
        decoders = {
            size: compiled("decoder", partial(decoder_graph, source, size), tuple(size))
            for size in (own, *decoded)
        }
        encoders = {
            (rows, columns): compiled(
                "encoder", partial(encoder_graph, source, (stride * rows, stride * columns)),
                (rows, columns),
            )
            for rows, columns in (own, *encoded)
        }  # fmt: skip
        cell = autoencoder.config.stride  # px
        of_others = super().coding(autoencoder, config)

        def encode(frames: Frames) -> Tensor:
            height, width = frames.shape[1:3]
            size = height // cell, width // cell
            encoder = encoders.get(size)
            if encoder is None or (height % cell, width % cell) != (0, 0):
                return of_others.encode(frames)
            levels = torch.from_numpy(levels_of(frames))
            latents = torch.empty(len(levels), channels, *size, dtype=dtype)
            for one in range(len(levels)):
                encoder([levels[one : one + 1]], [latents[one : one + 1]])
            return latents.float()

        def picture(latents: Tensor) -> Tensor:
            known = latents.shape[2:] in decoders
            return pixels_of(draw(latents).cells) if known else of_others.picture(latents)

        def draw(latents: Tensor) -> DrawnPictures:
            decoder = decoders.get((latents.shape[2], latents.shape[3]))
            if decoder is None:
                return of_others.draw(latents)
            latents = latents.to(dtype).contiguous()
            size = (stride * side for side in latents.shape[2:])
            cells = torch.empty(len(latents), *size, COLORED, dtype=dtype)
            levels = torch.empty_like(cells, dtype=torch.uint8)
            for one in range(len(latents)):
                decoder([latents[one : one + 1]], [x[one : one + 1] for x in (cells, levels)])
            return DrawnPictures(frames_of(levels.numpy()), cells.permute(0, 3, 1, 2))

        return Coding(encode, picture, draw)

    def animation(self, animator: Animator, config: PocketConfig) -> Animation:
        """Return the animation of pictures."""
        source, size = deepcopy(animator), (config.frame_height, config.frame_width)
        of_others = PlainAnimator(run_pictures(animator, self.execution))
        moving = GraphAnimator(source, size, self._compiler, of_others)
        return Animation(source, moving, self.execution.device)
