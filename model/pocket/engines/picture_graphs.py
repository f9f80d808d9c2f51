"""The networks of pictures as graphs, of one picture at a time.

They take and make cells, [1, h, w, C] at their borders and [1, C, h, w] within; both lie channels
last in memory, so that nothing is copied in between. Sums of convolutions cost nothing more; so
that all lies as convolutions like it, even single products are convolutions of one pixel.
"""

from collections.abc import Sequence
from functools import partial
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.model.autoencoder import Autoencoder, ResidualBlock
from mag_sandbox.model.compiled.graphs import (
    CompiledGraph,
    Graph,
    GraphCompiler,
    Node,
    byte_input,
    channels_first,
    channels_last,
    constant,
    convolution,
    convolution_layer,
    from_bytes,
    graph_input,
    linear,
    number,
    op,
    reshaped,
    split,
    to_bytes,
)
from mag_sandbox.model.imagination.drawing.refiner import GIVEN, Refiner, RefinerBlock
from mag_sandbox.model.pocket.pictures.animation import Moving
from mag_sandbox.model.pocket.pictures.animator import (
    PARTS,
    Animator,
    ClockedBlock,
    Moments,
    PictureNetwork,
)
from mag_sandbox.model.pocket.pictures.cells import CELL
from mag_sandbox.model.pocket.pictures.skies import REACH, SMOOTH, SOME, EdgeFollowing

COLORS = (0, 1, 2)
COLORED = len(COLORS) * CELL * CELL  # numbers of a cell of a picture
_PIXELS = CELL * CELL
_Film = tuple[Node, Node]  # scale and shift of channels, [1, C, 1, 1] each


class GraphAnimator:
    """An animator of pictures of a size [px], height and width; see `Moving`."""

    def __init__(
        self, source: Animator, size: tuple[int, int], compiler: GraphCompiler, of_others: Moving
    ) -> None:
        """Begin to compile the graphs; pictures of other sizes are left to `of_others`."""
        self._source, self._size, self._of_others = source, size, of_others
        self._dtype = compiler.execution.dtype
        self._cells = size[0] // CELL, size[1] // CELL
        self._parts = compiler.compile("parts", partial(parts_graph, source, self._cells))
        self._move = {
            blows: compiler.compile(
                "move", partial(move_graph, source, self._cells, blows=blows), (blows,)
            )
            for blows in (True, False)
        }

    def parts(self, rest: Tensor, moments: Moments) -> Tensor:
        """Return the shares of parts."""
        if rest.shape[-2:] != self._cells:
            return self._of_others.parts(rest, moments)
        elevation = self._source.elevation(moments, *self._size)
        channels = len(PARTS) * _PIXELS
        made = torch.empty(len(rest), *self._cells, channels, dtype=self._dtype)
        self._each(self._parts, (rest, elevation), made)
        return made.permute(0, 3, 1, 2)

    def moved(
        self, rest: Tensor, wind: Tensor | None, parts: Tensor, moments: Moments
    ) -> np.ndarray:
        """Return levels of the pictures of these moments."""
        maps, clock = self._source.conditions(moments, *self._size)
        made = torch.empty(len(rest), *self._cells, COLORED, dtype=torch.uint8)
        given = [rest, parts, maps, clock, *([] if wind is None else [wind])]
        self._each(self._move[wind is not None], given, made)
        return made.numpy()

    def _each(self, graph: CompiledGraph, given: Sequence[Tensor], made: Tensor) -> None:
        """Run a graph once per picture of cells or maps, [B, C, h, w], or numbers, [B, K]."""
        laid_out = [x.movedim(1, -1).to(self._dtype).contiguous() for x in given]
        for one in range(len(made)):
            graph([x[one : one + 1] for x in laid_out], [made[one : one + 1]])


def parts_graph(source: Animator, size: tuple[int, int]) -> Graph:
    """Return the graph that tells parts of cells at rest and how far up their rows lie."""
    network = source.segment
    rest, elevation = graph_input(1, *size, COLORED), graph_input(1, size[0], 1, 1)
    (stem,) = stem_weights(network, (len(COLORS),))
    seen = _pointwise(channels_first(rest), stem, network.stem.bias)
    x = op.add(seen, _maps(channels_first(elevation), network))
    each_part = [(part,) for part in range(len(PARTS))]
    shares = op.sigmoid(_head(_seen(x, network), network, *each_part))
    return [rest, elevation], [channels_last(shares)]


def move_graph(source: Animator, size: tuple[int, int], blows: bool) -> Graph:
    """Return the graph that moves cells at rest to their time; the sky, too, where wind blows."""
    network, colored = source.move, len(COLORS)
    at_borders = rest, wind = [graph_input(1, *size, COLORED) for _ in range(2)]
    parts = graph_input(1, *size, len(PARTS) * _PIXELS)
    maps = graph_input(1, *size, network.stem_maps.in_channels)
    clock = graph_input(1, 2 * len(source.config.clock_periods))
    inputs = [rest, parts, maps, clock, *([wind] if blows else [])]
    of_rest, of_wind, of_walk, *of_parts = stem_weights(network, (colored,) * 3 + (1,) * len(PARTS))
    rest, wind = (channels_first(x) for x in at_borders)
    shares = channels_first(parts)
    seen = [(shares, torch.cat(of_parts, dim=1))]
    of_rest = of_rest + of_walk  # nothing walks: what does is the picture at rest
    if blows:
        seen.append((wind, of_wind))
    else:
        of_rest = of_rest + of_wind
    x = _maps(channels_first(maps), network, network.stem.bias)
    for picture, weight in (*seen, (rest, of_rest)):
        x = op.add(x, _pointwise(picture, weight))
    change = _seen(x, network, clock)
    moved = op.add(rest, _head(change, network, (2, 3, 4)))
    if blows:
        sky = _pointwise(shares, torch.eye(_PIXELS, len(PARTS) * _PIXELS))  # PARTS begin with it
        share = _followed(op.add(sky, _head(change, network, (0,))), sky, rest, source.follow)
        of_each_color = torch.eye(_PIXELS).repeat_interleave(colored, dim=0)
        blown = op.multiply(_pointwise(share, of_each_color), op.subtract(wind, rest))
        moved = op.add(moved, blown)
    # passed on by a product: outputs of sums alone are computed in fp32
    moved = _pointwise(moved, torch.eye(COLORED))
    return inputs, [channels_last(_levels(moved))]


def _pointwise(x: Node, weight: Tensor, bias: Tensor | None = None) -> Node:
    """Return cells, [1, in, h, w], multiplied by weights, [out, in]."""
    return convolution(x, weight[..., None, None], bias)


def _head(x: Node, source: PictureNetwork, *pictures: tuple[int, ...]) -> Node:
    """Return cells of some pictures, each of some channels; see `head_of`."""
    return convolution(x, *head_weights(source, *pictures))


def _maps(maps: Node, source: PictureNetwork, bias: Tensor | None = None) -> Node:
    """Return the stem's output for maps."""
    return convolution(maps, source.stem_maps.weight, bias)


def _seen(x: Node, source: PictureNetwork, clock: Node | None = None) -> Node:
    """Return the head's input, [1, fine, h, w], of the stem's, likewise."""
    blocks = cast(Sequence[ClockedBlock], source.blocks)
    first, *others = [None] * (1 + len(blocks)) if clock is None else _films(clock, source)
    x = op.relu(_modulated(x, first))
    coarse = op.relu(convolution_layer(x, source.down, name="down"))
    for place, (block, film) in enumerate(zip(blocks, others, strict=True)):
        coarse = _clocked(coarse, block, film, f"block {place}")
        if place == 0:
            mean = op.reduce_mean(coarse, [2, 3], keep_dims=True)
            weight, bias = source.overall.weight[..., None, None], source.overall.bias
            coarse = op.add(coarse, convolution(mean, weight, bias))
    x = op.relu(op.add(x, _grown(coarse, source.up, 2, "up")))
    return _clocked(x, source.after, None, "after")


def _clocked(x: Node, source: ClockedBlock, film: _Film | None, name: str) -> Node:
    y = op.relu(_modulated(convolution_layer(x, source.first, name=f"{name} first"), film))
    return op.relu(op.add(x, convolution_layer(y, source.second, name=f"{name} second")))


def _modulated(x: Node, film: _Film | None) -> Node:
    return x if film is None else op.add(op.multiply(x, film[0]), film[1])


def _films(clock: Node, source: PictureNetwork) -> list[_Film]:
    """Return the clock's terms for the stem and for each block, by one product."""
    blocks = cast(Sequence[ClockedBlock], source.blocks)
    layers = [cast(nn.Linear, each.film) for each in (source, *blocks)]
    weight, bias = (
        torch.cat([layer.get_parameter(name) for layer in layers]) for name in ("weight", "bias")
    )
    widths = [layer.out_features // 2 for layer in layers for _ in range(2)]
    ones = [torch.full((width,), 1.0 - place % 2) for place, width in enumerate(widths)]
    terms = linear(clock, weight, bias + torch.cat(ones))
    split = op.variadic_split(reshaped(terms, 1, -1, 1, 1), 1, widths).outputs()
    return list(zip(split[::2], split[1::2], strict=True))


def _grown(x: Node, source: nn.Conv2d, factor: int, name: str) -> Node:
    """Return a convolution whose channels become pixels, [1, C, factor * h, factor * w]."""
    cells = convolution(x, *_by_pixel(source, factor), name=name)
    return op.depth_to_space(cells, "blocks_first", factor)


def _by_pixel(source: nn.Conv2d, factor: int) -> tuple[Tensor, Tensor]:
    """Return weights and biases whose outputs are cells."""
    weight, bias = (by_pixel(source.get_parameter(name), factor) for name in ("weight", "bias"))
    return weight, bias


def _followed(of_wind: Node, sky: Node, rest: Node, source: EdgeFollowing) -> Node:
    """Return shares of the wind, [1, 16, h, w]: near the sky they follow edges of pictures."""
    shown = op.reduce_max(sky, [1], keep_dims=True)
    size, reach = [2 * REACH + 1] * 2, [REACH] * 2
    around = op.max_pool(shown, [1, 1], [1, 1], reach, reach, size).output(0)
    near = op.greater(around, number(SOME))
    light, wanted = _pointwise(rest, source.brightness[..., 0, 0]), of_wind
    products = light, wanted, op.multiply(light, light), op.multiply(light, wanted)
    # the mean of each, one after the other: sums cost nothing more, and joining does
    means = torch.eye(len(products))[..., None].expand(-1, -1, _PIXELS) / _PIXELS
    total, *others = map(_pointwise, products, means.unbind(dim=1))
    for other in others:
        total = op.add(total, other)
    of_light, of_shares, of_squares, of_both = split(_windows(total), 1, len(products))
    variance = op.subtract(of_squares, op.multiply(of_light, of_light))
    both = op.subtract(of_both, op.multiply(of_light, of_shares))
    slope = op.divide(both, op.add(variance, number(SMOOTH)))
    lines = op.concat([slope, op.subtract(of_shares, op.multiply(slope, of_light))], 1)
    lines, zero = _bordered(_windows(lines)), [0, 0]
    slope, start = (
        op.convolution(lines, constant(each), [1, 1], zero, zero, [1, 1])
        for each in source.growing.chunk(2)
    )
    line = op.clamp(op.add(op.multiply(slope, light), start), 0.0, 1.0)
    return op.select(near, line, wanted)


def _windows(x: Node) -> Node:
    """Return means of the 3 x 3 around each place of [1, C, h, w]; edges are repeated."""
    zero = [0, 0]
    return op.avg_pool(_bordered(x), [1, 1], zero, zero, [3, 3], exclude_pad=True)


def _bordered(x: Node) -> Node:
    """Return [1, C, h + 2, w + 2], edges repeated."""
    around = [0, 0, 1, 1]
    return op.pad(x, around, around, "edge")


def decoder_graph(source: Autoencoder, size: tuple[int, int]) -> Graph:
    """Return the graph of `Autoencoder.decode`, from [1, C, h, w] to cells and levels of pictures.

    The size is that of the latents.
    """
    latents = graph_input(1, source.config.channels, *size)
    x = op.add(op.multiply(latents, constant(source.scale)), constant(source.offset))
    *layers, last, to_pixels = source.decoder
    for place, (layer, following) in enumerate(zip(layers, [*layers[1:], None], strict=True)):
        name = f"layer {place}" if place else ""  # the first and the last one stay in fp32
        if isinstance(following, nn.PixelShuffle):
            x = _grown(x, cast(nn.Conv2d, layer), following.upscale_factor, name)
        else:
            x = _layer(x, layer, name)
    of_cells = _by_pixel(cast(nn.Conv2d, last), cast(nn.PixelShuffle, to_pixels).upscale_factor)
    cells = convolution(x, *of_cells)
    return [latents], [channels_last(cells), channels_last(_levels(cells))]


def encoder_graph(source: Autoencoder, size: tuple[int, int]) -> Graph:
    """Return the graph of `Autoencoder.encode`: levels of pictures to cells [1, C, h, w]."""
    levels, bound = byte_input(1, *size, COLORED), number(source.config.bound)
    x = op.subtract(op.multiply(from_bytes(levels), number(1 / 127.5)), number(1.0))
    _, first, *layers = source.encoder
    weight, bias = (first.get_parameter(name) for name in ("weight", "bias"))
    x = convolution(channels_first(x), _of_cells(weight), bias)
    for place, (before, layer) in enumerate(zip([None, *layers[:-1]], layers, strict=True)):
        name = f"layer {place}" if layer is not layers[-1] else ""
        if isinstance(before, nn.PixelUnshuffle):
            x = _shrunk(x, cast(nn.Conv2d, layer), before.downscale_factor, name)
        else:
            x = _layer(x, layer, name)
    x = op.multiply(op.tanh(op.divide(x, bound)), bound)
    latents = op.divide(op.subtract(x, constant(source.offset)), constant(source.scale))
    return [levels], [latents]


def refiner_graph(source: Refiner, size: tuple[int, int]) -> Graph:
    """Return the graph of a `Refiner`, from [1, H, W, GIVEN] to [1, H, W, 3 * FINER ** 2]."""
    given = graph_input(1, *size, GIVEN)
    x, wide = channels_first(given), list[Node]()
    down = source.stem, source.to_half, source.to_quarter
    blocks = nn.ModuleList(), source.halves, source.quarters
    for depth, (layer, each) in enumerate(zip(down, blocks, strict=True)):
        # the first and the last one stay in fp32
        x = op.relu(convolution_layer(x, layer, name=f"down {depth}" if depth else ""))
        for place, block in enumerate(each):
            x = _refined(x, cast(RefinerBlock, block), f"depth {depth} block {place}")
        wide.append(x)
    x = _refined(op.relu(x), source.quarter_again, "up 0 block")
    up, again = (source.from_quarter, source.from_half), (source.half_again, source.fine_again)
    for depth, (layer, block, beside) in enumerate(zip(up, again, wide[-2::-1], strict=True), 1):
        x = op.relu(op.add(beside, _grown(x, layer, 2, f"up {depth}")))
        x = _refined(x, block, f"up {depth} block")
    return [given], [channels_last(convolution_layer(x, source.head))]


def _refined(x: Node, source: RefinerBlock, name: str) -> Node:
    y = op.relu(convolution_layer(x, source.first, name=f"{name} first"))
    return op.add(x, convolution_layer(y, source.second, name=f"{name} second"))


def _levels(cells: Node) -> Node:
    """Return cells as pixels, uint8."""
    return to_bytes(op.multiply(op.add(cells, number(1.0)), number(127.5)))


def _of_cells(weight: Tensor) -> Tensor:
    """Return weights over unshuffled pictures, [out, 48, ...], as those over cells."""
    by_color: Tensor = weight.unflatten(1, (len(COLORS), _PIXELS))
    return by_color.transpose(1, 2).flatten(1, 2)


def _shrunk(x: Node, source: nn.Conv2d, factor: int, name: str) -> Node:
    """Return a product of unshuffled pictures, [1, out, H / factor, W / factor]: a convolution."""
    weight = source.weight.flatten(1).unflatten(1, (-1, factor, factor))
    return convolution(x, weight, source.bias, factor, name=name)


def _layer(x: Node, layer: nn.Module, name: str) -> Node:
    """Return a layer of an autoencoder; `_grown` and `_shrunk` change the size."""
    match layer:
        case ResidualBlock():
            y = op.swish(convolution_layer(op.swish(x), layer.first, name=f"{name} first"))
            return op.add(x, convolution_layer(y, layer.second, name=f"{name} second"))
        case nn.Conv2d():
            return convolution_layer(x, layer, name=name)
        case nn.SiLU():
            return op.swish(x)
        case nn.PixelShuffle() | nn.PixelUnshuffle():
            return x
    raise TypeError(f"an autoencoder has no {type(layer).__name__}")


def stem_weights(source: PictureNetwork, taken: tuple[int, ...]) -> list[Tensor]:
    """Return the stem's weights over cells of each picture, [fine, 16 C] each.

    `taken` are channels of the pictures, one after the other.
    """
    parts = source.stem.weight.split(taken, dim=1)
    return [part.permute(0, 2, 3, 1).flatten(1) for part in parts]


def head_weights(source: PictureNetwork, *pictures: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return the head's weights, [out, fine, 1, 1], and biases, [out], for cells of some pictures.

    The cells are of one picture after the other, each of some channels.
    """
    weight, bias = source.head.weight, source.head.bias
    assert bias is not None
    rows = torch.tensor(
        [
            channel * _PIXELS + pixel
            for channels in pictures
            for pixel in range(_PIXELS)
            for channel in channels
        ]
    )
    return weight.index_select(0, rows), bias.index_select(0, rows)


def by_pixel(outputs: Tensor, factor: int) -> Tensor:
    """Return outputs, [C * factor^2, ...], in the order pixel, channel in place of the other."""
    by_channel: Tensor = outputs.unflatten(0, (-1, factor * factor))
    return by_channel.transpose(0, 1).flatten(0, 1)
