"""The networks of pictures as compiled graphs, of one picture at a time.

They take and make cells that lie as `fused_pictures` says, [1, h, w, C] at their borders and
[1, C, h, w] within; both lie channels last in memory, so that nothing is copied in between. Sums of
convolutions cost nothing more; so that all lies as they like it, even what is one product is one.
"""

from collections.abc import Sequence
from functools import partial
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.model.compiled import (
    Compiled,
    Graph,
    Node,
    channels_first,
    channels_last,
    constant,
    convolved,
    from_bytes,
    given,
    given_bytes,
    linear,
    normed,
    number,
    of_convolution,
    op,
    reshaped,
    silu,
    split,
    to_bytes,
)
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.pocket.animator import PARTS, Animator, ClockedBlock, Moments, PictureNetwork
from mag_sandbox.model.pocket.autoencoder import Autoencoder, ResidualBlock
from mag_sandbox.model.pocket.cells import CELL
from mag_sandbox.model.pocket.fused_pictures import (
    COLORED,
    COLORS,
    FusedAnimator,
    by_pixel,
    head_weights,
    stem_weights,
)
from mag_sandbox.model.pocket.skies import REACH, SMOOTH, SOME, EdgeFollowing

_PIXELS = CELL * CELL
_Film = tuple[Node, Node]  # scale and shift of channels, [1, C, 1, 1] each


class CompiledAnimator:
    """`FusedAnimator` of pictures of a size [px], height and width; of others it has one."""

    def __init__(
        self,
        source: Animator,
        size: tuple[int, int],
        execution: Execution,
        of_others: FusedAnimator,
    ) -> None:
        self._source, self._size, self._of_others = source, size, of_others
        self._dtype = execution.dtype
        self._cells = size[0] // CELL, size[1] // CELL
        self._parts = Compiled(partial(_parts, source, self._cells), execution)
        self._move = {
            (blows, walks): Compiled(
                partial(_move, source, self._cells, blows=blows, walks=walks), execution
            )
            for walks in (False, True)
            for blows in (True, False)
        }

    def parts(self, rest: Tensor, moments: Moments) -> Tensor:
        """Return the shares of parts; see `FusedAnimator`."""
        if rest.shape[-2:] != self._cells:
            return self._of_others.parts(rest, moments)
        elevation = self._source.elevation(moments, *self._size)
        channels = len(PARTS) * _PIXELS
        made = torch.empty(len(rest), *self._cells, channels, dtype=self._dtype)
        self._each(self._parts, (rest, elevation), made)
        return made.permute(0, 3, 1, 2)

    def moved(
        self,
        rest: Tensor,
        wind: Tensor | None,
        walk: Tensor | None,
        parts: Tensor,
        moments: Moments,
    ) -> np.ndarray:
        """Return levels of the pictures of these moments; see `FusedAnimator`."""
        maps, clock = self._source.told(moments, *self._size)
        others = [x for x in (wind, walk) if x is not None]
        made = torch.empty(len(rest), *self._cells, COLORED, dtype=torch.uint8)
        graph = self._move[wind is not None, walk is not None]
        self._each(graph, [rest, parts, maps, clock, *others], made)
        return made.numpy()

    def _each(self, graph: Compiled, given: Sequence[Tensor], made: Tensor) -> None:
        """Have a graph make each picture of cells or maps, [B, C, h, w], or numbers, [B, K]."""
        told = [x.movedim(1, -1).to(self._dtype).contiguous() for x in given]
        for one in range(len(made)):
            graph([x[one : one + 1] for x in told], [made[one : one + 1]])


def _parts(source: Animator, size: tuple[int, int]) -> Graph:
    """Return the graph that tells parts of cells at rest and how far up their rows lie."""
    network = source.segment
    rest, elevation = given(1, *size, COLORED), given(1, size[0], 1, 1)
    (stem,) = stem_weights(network, (len(COLORS),))
    seen = _pointwise(channels_first(rest), stem, network.stem.bias)
    x = op.add(seen, _maps(channels_first(elevation), network))
    each_part = [(part,) for part in range(len(PARTS))]
    told = op.sigmoid(_head(_seen(x, network), network, *each_part))
    return [rest, elevation], [channels_last(told)]


def _move(source: Animator, size: tuple[int, int], blows: bool, walks: bool) -> Graph:
    """Return the graph that moves cells at rest to their time.

    The sky, too, where the wind blows, and who walks, where somebody does.
    """
    network, colored = source.move, len(COLORS)
    at_borders = rest, wind, walk = [given(1, *size, COLORED) for _ in range(3)]
    parts = given(1, *size, len(PARTS) * _PIXELS)
    maps = given(1, *size, network.stem_maps.in_channels)
    clock = given(1, 2 * len(source.config.clock_periods))
    inputs = [rest, parts, maps, clock, *([wind] if blows else []), *([walk] if walks else [])]
    of_rest, of_wind, of_walk, *of_parts = stem_weights(network, (colored,) * 3 + (1,) * len(PARTS))
    rest, wind, walk = (channels_first(x) for x in at_borders)
    shares = channels_first(parts)
    seen = [(shares, torch.cat(of_parts, dim=1))]
    for there, picture, weight in ((walks, walk, of_walk), (blows, wind, of_wind)):
        if there:
            seen.append((picture, weight))
        else:  # it is the picture at rest
            of_rest = of_rest + weight
    x = _maps(channels_first(maps), network, network.stem.bias)
    for picture, weight in (*seen, (rest, of_rest)):
        x = op.add(x, _pointwise(picture, weight))
    change = _seen(x, network, clock)
    moved = op.add(rest, _head(change, network, (2, 3, 4)))
    if walks:
        walking = op.multiply(_head(change, network, (1, 1, 1)), op.subtract(walk, rest))
        moved = op.add(moved, walking)
    if blows:
        sky = _pointwise(shares, torch.eye(_PIXELS, len(PARTS) * _PIXELS))  # PARTS begin with it
        share = _followed(op.add(sky, _head(change, network, (0,))), sky, rest, source.follow)
        of_each_color = torch.eye(_PIXELS).repeat_interleave(colored, dim=0)
        blown = op.multiply(_pointwise(share, of_each_color), op.subtract(wind, rest))
        moved = op.add(moved, blown)
    # passed on by a product, since what is made of sums alone is made of fp32 to be bytes
    moved = _pointwise(moved, torch.eye(COLORED))
    return inputs, [channels_last(_levels(moved))]


def _pointwise(x: Node, weight: Tensor, bias: Tensor | None = None) -> Node:
    """Return cells, [1, in, h, w], multiplied by weights, [out, in]."""
    return convolved(x, weight[..., None, None], bias)


def _head(x: Node, source: PictureNetwork, *pictures: tuple[int, ...]) -> Node:
    """Return cells of some pictures, each of some channels; see `head_of`."""
    return convolved(x, *head_weights(source, *pictures))


def _maps(maps: Node, source: PictureNetwork, bias: Tensor | None = None) -> Node:
    """Return what the stem makes of maps."""
    return convolved(maps, source.stem_maps.weight, bias)


def _seen(x: Node, source: PictureNetwork, clock: Node | None = None) -> Node:
    """Return what the head sees, [1, fine, h, w], of what the stem saw, likewise."""
    blocks = [source.before, *cast(Sequence[ClockedBlock], source.blocks), source.after]
    films = [None] * len(blocks) if clock is None else _films(clock, blocks)
    x = _clocked(x, source.before, films[0])
    coarse = of_convolution(x, source.down)
    for block, film in zip(blocks[1:-1], films[1:-1], strict=True):
        coarse = _clocked(coarse, block, film)
    x = _clocked(op.add(x, _grown(coarse, source.up, 2)), source.after, films[-1])
    return silu(normed(x, source.norm))


def _clocked(x: Node, source: ClockedBlock, film: _Film | None) -> Node:
    """Return what `ClockedBlock` makes."""
    y = of_convolution(silu(normed(x, source.norm)), source.first)
    if film:
        y = op.add(op.multiply(y, film[0]), film[1])
    return op.add(x, of_convolution(silu(y), source.second))


def _films(clock: Node, blocks: Sequence[ClockedBlock]) -> list[_Film]:
    """Return what the clock says to each block; one product for all."""
    layers = [cast(nn.Linear, block.film) for block in blocks]
    weight, bias = (
        torch.cat([layer.get_parameter(name) for layer in layers]) for name in ("weight", "bias")
    )
    widths = [layer.out_features // 2 for layer in layers for _ in range(2)]
    ones = [torch.full((width,), 1.0 - place % 2) for place, width in enumerate(widths)]
    told = linear(clock, weight, bias + torch.cat(ones))
    split = op.variadic_split(reshaped(told, 1, -1, 1, 1), 1, widths).outputs()
    return list(zip(split[::2], split[1::2], strict=True))


def _grown(x: Node, source: nn.Conv2d, factor: int) -> Node:
    """Return a convolution whose channels become pixels, [1, C, factor * h, factor * w]."""
    return op.depth_to_space(convolved(x, *_by_pixel(source, factor)), "blocks_first", factor)


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
    latents = given(1, source.config.channels, *size)
    x = op.add(op.multiply(latents, constant(source.scale)), constant(source.offset))
    *layers, last, to_pixels = source.decoder
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        if isinstance(following, nn.PixelShuffle):
            x = _grown(x, cast(nn.Conv2d, layer), following.upscale_factor)
        else:
            x = _made(x, layer)
    of_cells = _by_pixel(cast(nn.Conv2d, last), cast(nn.PixelShuffle, to_pixels).upscale_factor)
    cells = convolved(x, *of_cells)
    return [latents], [channels_last(cells), channels_last(_levels(cells))]


def encoder_graph(source: Autoencoder, size: tuple[int, int]) -> Graph:
    """Return the graph of `Autoencoder.encode`, from levels of pictures to [1, C, h, w].

    The size is that of the cells.
    """
    levels, bound = given_bytes(1, *size, COLORED), number(source.config.bound)
    x = op.subtract(op.multiply(from_bytes(levels), number(1 / 127.5)), number(1.0))
    _, first, *layers = source.encoder
    weight, bias = (first.get_parameter(name) for name in ("weight", "bias"))
    x = convolved(channels_first(x), _of_cells(weight), bias)
    for before, layer in zip([None, *layers[:-1]], layers, strict=True):
        if isinstance(before, nn.PixelUnshuffle):
            x = _shrunk(x, cast(nn.Conv2d, layer), before.downscale_factor)
        else:
            x = _made(x, layer)
    x = op.multiply(op.tanh(op.divide(x, bound)), bound)
    latents = op.divide(op.subtract(x, constant(source.offset)), constant(source.scale))
    return [levels], [latents]


def _levels(cells: Node) -> Node:
    """Return what a screen shows of cells, uint8."""
    return to_bytes(op.multiply(op.add(cells, number(1.0)), number(127.5)))


def _of_cells(weight: Tensor) -> Tensor:
    """Return weights over unshuffled pictures, [out, 48, ...], as those over cells."""
    return weight.unflatten(1, (len(COLORS), _PIXELS)).transpose(1, 2).flatten(1, 2)


def _shrunk(x: Node, source: nn.Conv2d, factor: int) -> Node:
    """Return a product of unshuffled pictures, [1, out, H / factor, W / factor]: a convolution."""
    weight = source.weight.flatten(1).unflatten(1, (-1, factor, factor))
    return convolved(x, weight, source.bias, factor)


def _made(x: Node, layer: nn.Module) -> Node:
    """Return what a layer of an autoencoder makes; growing is `_grown`'s, shrinking `_shrunk`'s."""
    match layer:
        case ResidualBlock():
            y = silu(of_convolution(silu(x), layer.first))
            return op.add(x, of_convolution(y, layer.second))
        case nn.Conv2d():
            return of_convolution(x, layer)
        case nn.SiLU():
            return silu(x)
        case nn.PixelShuffle() | nn.PixelUnshuffle():
            return x
    raise TypeError(f"an autoencoder has no {type(layer).__name__}")
