"""The pocket world's networks as graphs."""

from collections.abc import Sequence
from copy import deepcopy
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.compiled.graphs import GraphCompiler
from mag_sandbox.model.compiled.transformer_graphs import GraphDiT, KeysAndValues, Sizes
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.execution import run_pictures
from mag_sandbox.model.generator import Coordinates, Generator
from mag_sandbox.model.imagination.drawing.refiner import FINER, Refine, Refiner
from mag_sandbox.model.imagination.drawing.refining import SEEN
from mag_sandbox.model.imagination.painter import Flow, Painter
from mag_sandbox.model.kv_cache import CacheShape, KVCache
from mag_sandbox.model.pocket.engines.engine import Coding, PlainAnimator, PocketEngine
from mag_sandbox.model.pocket.engines.picture_graphs import (
    COLORED,
    GraphAnimator,
    decoder_graph,
    encoder_graph,
    refiner_graph,
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
from mag_sandbox.model.slots import SlotWrite
from mag_sandbox.model.world import Frames

TEXTS = 4  # that are cached: mostly the present prompt and the empty one


class GraphPainter(Painter):
    """A `Painter` whose transformer is a graph."""

    def __init__(self, source: Painter, compiler: GraphCompiler) -> None:
        nn.Module.__init__(self)
        self.config, self.dit, dtype = source.config, source.dit, compiler.execution.dtype
        self.row, self.objects = source.row.to(dtype), source.objects.to(dtype)
        self.sketch = source.sketch.to(dtype)
        self.known = nn.Parameter(source.known.to(dtype), requires_grad=False)
        self._passes = GraphDiT(source.dit, "painter", compiler)
        self._texts: list[tuple[Tensor, TextKeys]] = []  # read last
        rows, columns = source.config.view
        self._passes.prepare(remembers=False, exact=[Sizes(rows * columns, kept=0)])

    def text_keys(self, features: Tensor) -> TextKeys:
        """Return the folded matrices of a text, folded once; see `GraphDiT`."""
        for text, keys in self._texts:
            if torch.equal(text, features):
                return keys
        keys = self._passes.text_keys(features.float())
        self._texts = [(features, keys), *self._texts[: TEXTS - 1]]
        return keys

    def flow(self, place: Tensor, text: TextKeys) -> Flow:
        """Return the flow as a function; see `Painter`."""
        nothing = self._passes.nothing()

        def flow(x: Tensor, timestep: float) -> Tensor:
            tokens, shape, rotary = self.dit.embed(x[:, None]), x[:, None].shape, self.rotary(x)
            flows = self._passes.flow_of_tokens(
                tokens + place, shape, timestep, text, rotary, nothing
            )
            return flows[:, 0]

        return flow


class ApartCache(KVCache):
    """Slots whose frames passes are given, and of which they give what they made."""

    _made: KeysAndValues  # by the last pass

    @property
    def kept(self) -> KeysAndValues:
        """The slots that passes read."""
        return KeysAndValues(self._read_keys[:, 0], self._read_values[:, 0])

    def take(self, made: KeysAndValues) -> None:
        """Take what a pass made of frames, to be written."""
        self._made = made

    def attend(self, slots: Sequence[int], frames: int | None = None) -> None:  # noqa: ARG002
        """Make `slots` what the coming passes read besides their own, however long they are."""
        self._own, self._seen = slice(0, 0), slice(0, len(slots) * self.shape.tokens)
        self._gather(slots)

    def write(self, writes: Sequence[SlotWrite]) -> None:
        """Keep frames of the last pass in slots."""
        tokens = self.shape.tokens
        for write in writes:
            rows = slice(write.frame * tokens, (write.frame + 1) * tokens)
            for all_, made in zip((self._keys, self._values), self._made, strict=True):
                all_[..., self._rows(write.slot), :] = made[:, None, :, rows]


class GraphPasses:
    """Passes by graphs over what a cache attends; see `Passes`."""

    def __init__(self, dit: GraphDiT, cache: ApartCache) -> None:
        self._dit, self._cache = dit, cache

    def flow(
        self, latents: Tensor, timestep: float, coordinates: Coordinates, text: TextKeys
    ) -> Tensor:
        """Return the flow."""
        where = coordinates.rotary, self._cache.kept, coordinates.features
        return self._dit.flow(latents, timestep, text, *where)

    def remember(self, latents: Tensor, coordinates: Coordinates, text: TextKeys) -> None:
        """Leave keys and values in the cache."""
        where = coordinates.rotary, self._cache.kept, coordinates.features
        self._cache.take(self._dit.remember(latents, 0.0, text, *where))


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

    def refiner(self, refiner: Refiner, cell: int) -> Refine:
        """Return the runner of a refiner of tiles, in cells of a size [px]."""
        dtype, of_others = self.execution.dtype, super().refiner(refiner, cell)
        size = cell * SEEN[0], cell * SEEN[1]
        graph = self._compiler.compile("refiner", partial(refiner_graph, refiner, size))
        self._compiler.keep()

        def refine(given: Tensor) -> Tensor:
            if given.shape[2:] != size:
                return of_others(given)
            made = torch.empty(1, *size, 3 * FINER**2, dtype=dtype)
            graph([given.permute(0, 2, 3, 1).to(dtype).contiguous()], [made])
            return functional.pixel_shuffle(made.permute(0, 3, 1, 2).float(), FINER)

        return refine

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
        """Return the codec of an autoencoder; see `PocketEngine`."""
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
