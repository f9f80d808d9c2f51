"""A close look at one thing: its picture, enlarged by a network that knows what it is.

A thing that the player walks up to is shown as it was painted from farther away. Things face the
viewer, so from nearer it is the same picture, enlarged, in which an outline is an edge and a face
has eyes. The plan's sprite of the thing says where each of its parts is, so that parts that were
painted badly, or were hidden, are mended. A picture of what each kind is marked by (eyes, keys,
locks), which is finer than a sprite and of no thing's colours, says where these are.

Source: sub-pixel convolution, arXiv 1609.05158; features modulated by facts, arXiv 1709.07871.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cached_property, reduce
from math import log2, pi, prod
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.controls.parallax import Box
from mag_sandbox.model.imagination.drawing.last_made import LastMade, digest_of
from mag_sandbox.model.imagination.objects import BEYOND, VARIANTS, PlacedObject
from mag_sandbox.model.imagination.pixels import sums_around
from mag_sandbox.model.imagination.sketch import sprite_box

SCALE = 4  # at which it was trained
FINER = 2  # times as many pixels across as painted that are kept of it
KINDS = 512  # rows of the table of kinds; more than there are
WIDTHS = 32, 64, 96  # channels of pixels, of halves and of quarters of them
WITHIN = 16, 32, 48, 16  # likewise within blocks, and within that at twice the size
STEP = 4  # px; rows and columns are a multiple of it
# px, or parts of their sizes, to which cut-outs are widened, so that sizes recur: convolutions of a
# new size are compiled first, which takes as long as they do
WIDENED, PARTS = 16, 4
FACTS, TOLD = 64, 128  # numbers that say what the thing is
NUMBERS = 9  # two colours, the size, and whether the colours are open
USUAL = 40.0  # px; size of a thing
GREY = 128  # of 255
WAVES = 1, 2, 4, 8  # half turns from the middle of a thing to its edge
DETAILS = 16  # channels at twice the size
PLANNED = 8 + 4 * len(WAVES)  # channels of sprites, marks and waves
MARKED = 48  # pixels across and down of a picture of marks, whose outermost lie on the box's edges
# px of a cut-out, and of one whose hidden parts are asked for; larger ones are reduced first
MOST, COARSE = 6000, 1500
SKETCHES = 96  # things drawn last of which only a sprite is known
SKETCHED, ASPECTS = 96, 4  # px across a square one, and how many aspects are told apart an octave
NOT_TAUGHT = frozenset((("swan", 6),))  # kinds and variants that look like none it was taught
LARGEST = 24_000  # px of a cut-out that is drawn again as large as it is
CRISPER = 4.0  # times the difference from the mean around a pixel that is added to it
# share of a pixel, and difference of colours in [0, 1] from which on something else is shown
SURE, UNLIKE = 0.5, 0.2
OUTLINE, HARDLY = 2, 1e-3  # px over which it is soft, and the least alpha that colours are told by


class CutOutPicture(NamedTuple):
    """A thing that is cut out of a picture."""

    # float32 [4, h, w]: colours in [-1, 1] times alpha, and alpha
    layer: np.ndarray
    box: Box  # of the thing, in the layer [px]


class _ToldBlock(nn.Module):
    """Two convolutions, the first of them modulated by facts."""

    def __init__(self, width: int, within: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, within, 3, padding=1)
        self.second = nn.Conv2d(within, width, 3, padding=1)
        self.told = nn.Linear(TOLD, 2 * within)

    def forward(self, x: Tensor, facts: Tensor) -> Tensor:
        made = self.second(_told(self.first, x, self.told(facts)))
        return cast(Tensor, made.add_(x))


class CloseUp(nn.Module):
    """Enlarges cut-outs of things; see the module."""

    def __init__(self) -> None:
        super().__init__()
        *blocks, inner = WITHIN
        of_fine, of_half, of_quarter = zip(WIDTHS, blocks, strict=True)
        fine, half, quarter = WIDTHS
        self.kinds, self.variants = nn.Embedding(KINDS, FACTS), nn.Embedding(VARIANTS, FACTS)
        self.numbers = nn.Linear(NUMBERS, FACTS)
        self.told = nn.Sequential(nn.SiLU(), nn.Linear(FACTS, TOLD), nn.SiLU())
        self.stem = nn.Conv2d(6, fine, 3, padding=1)
        self.fine = _ToldBlock(*of_fine)
        self.to_half = nn.Conv2d(fine, half, 4, 2, 1)
        self.halves = nn.ModuleList(_ToldBlock(*of_half) for _ in range(2))
        self.to_quarter = nn.Conv2d(half, quarter, 4, 2, 1)
        self.quarters = nn.ModuleList(_ToldBlock(*of_quarter) for _ in range(3))
        self.from_quarter = nn.Conv2d(quarter, 4 * half, 1)
        self.half_again = _ToldBlock(*of_half)
        self.from_half = nn.Conv2d(half, 4 * fine, 1)
        self.fine_again = _ToldBlock(*of_fine)
        self.head = nn.Conv2d(fine, 4 * SCALE**2, 3, padding=1)
        self.planned = nn.Conv2d(PLANNED, fine, 3, padding=1, bias=False)
        self.to_twofold = nn.Conv2d(fine, 4 * DETAILS, 1)
        self.twofold = nn.Conv2d(DETAILS + PLANNED, inner, 3, padding=1)
        self.twofold_told = nn.Linear(TOLD, 2 * inner)
        self.twofold_head = nn.Conv2d(inner, 4 * 4, 3, padding=1)
        self.marks: Tensor  # a row of each kind; zeros: it has none
        self.mirrored: Tensor  # 1: odd variants of the kind face the other way
        self.register_buffer("marks", torch.zeros(KINDS, 4 * MARKED**2))
        self.register_buffer("mirrored", torch.zeros(KINDS))
        self.scale = SCALE

    def marks_of(self, kinds: Tensor, variants: Tensor) -> Tensor:
        """Return the pictures of marks of things, see `forward`."""
        marks = self.marks[kinds].unflatten(1, (4, MARKED, MARKED))
        is_mirrored = (self.mirrored[kinds] > 0) & (variants % 2 == 1)
        return torch.where(is_mirrored[:, None, None, None], marks.flip(3), marks)

    def forward(
        self, layers: Tensor, places: Tensor, sprites: Tensor, marks: Tensor, kinds: Tensor,
        variants: Tensor, numbers: Tensor,
    ) -> Tensor:  # fmt: skip
        """Return cut-outs, `scale` times as large, [B, 4, scale * H, scale * W].

        Args:
            layers: colours in [0, 1] times alpha, and alpha, [B, 4, H, W]; H and W are multiples
                of `STEP`.
            places: of pixels in the box of the thing, x and y, -1 to 1 within, [B, 2, H, W].
            sprites: of the things, in the same channels as layers, [B, 4, N, N]; see `Sketcher`.
            marks: of the things, [B, 4, MARKED, MARKED]: how far colours are from those around
                them, and the outline; zeros: unknown.
            kinds: of things, by number, [B].
            variants: their shapes, [B].
            numbers: see `numbers_of`, [B, NUMBERS].
        """
        dtype = self.stem.weight.dtype
        scale = self.scale
        smooth = functional.interpolate(layers, scale_factor=scale, mode="bilinear")  # of all bits
        layers, places, sprites, marks, numbers = (
            one.to(dtype) for one in (layers, places, sprites, marks, numbers)
        )
        facts = self.told(self.kinds(kinds) + self.variants(variants) + self.numbers(numbers))
        fine = self.stem(torch.cat((layers, places), dim=1))
        weight = self.planned.weight
        fine += functional.conv2d(_planned(sprites, marks, places), weight[:, :8], padding=1)
        fine = self.fine(_with_waves(fine, places, weight[:, 8:]), facts)
        half = self.to_half(fine)
        for block in self.halves:
            half = block(half, facts)
        quarter = self.to_quarter(half)
        for block in self.quarters:
            quarter = block(quarter, facts)
        half = self.half_again(
            half + functional.pixel_shuffle(self.from_quarter(quarter), 2), facts
        )
        fine = self.fine_again(fine + functional.pixel_shuffle(self.from_half(half), 2), facts)
        twofold = functional.pixel_shuffle(self.to_twofold(fine), 2)
        twice = functional.interpolate(places, scale_factor=2, mode="bilinear")
        shown = torch.cat((twofold, _planned(sprites, marks, twice)), dim=1)
        twofold = self.twofold_head(_told(self.twofold, shown, self.twofold_told(facts), twice))
        large = smooth + functional.pixel_shuffle(self.head(fine), scale)
        return large + functional.pixel_shuffle(twofold, scale // 2)

    def copied(self) -> "CloseUp":
        """Return a copy, with the same marks, which are large."""
        return deepcopy(self, {id(self.marks): self.marks})

    def pooled(self) -> "CloseUp":
        """Return a copy whose pictures are the means of two by two pixels of this one's.

        The mean of what a convolution gives is what the mean of its weights gives, and bilinear
        pictures at half the scale are the means of those at the whole one.
        """
        copy, half = self.copied(), self.scale // 2
        copy.scale = half
        for head, size in ((copy.head, half), (copy.twofold_head, half // 2)):
            for name in ("weight", "bias"):
                values = getattr(head, name).detach()
                parts = values.reshape(4, size, 2, size, 2, *values.shape[1:])
                means = parts.mean((2, 4)).reshape(4 * size**2, *values.shape[1:])
                setattr(head, name, nn.Parameter(means))
            head.out_channels = 4 * size**2
        return copy


def _told(conv: nn.Conv2d, x: Tensor, told: Tensor, places: Tensor | None = None) -> Tensor:
    """Return features, convolved with waves at their places, modulated by facts, and activated.

    Those of one picture modulate the weights, which is cheaper.
    """
    factor, shift = told.chunk(2, 1)
    weight, bias = conv.weight, conv.bias
    assert bias is not None
    if is_one := len(x) == 1:
        weight = weight * (1 + factor[0, :, None, None, None])
        bias = torch.addcmul(bias + shift[0], bias, factor[0])
    made = functional.conv2d(x, weight[:, : x.shape[1]], bias, padding=1)
    if places is not None:
        made = _with_waves(made, places, weight[:, x.shape[1] :])
    if not is_one:
        made = made * (1 + factor[..., None, None]) + shift[..., None, None]
    return functional.silu(made, inplace=not made.requires_grad)


def _with_waves(made: Tensor, places: Tensor, weight: Tensor) -> Tensor:
    """Add waves at places in the box of a thing, convolved, [B, C, H, W].

    Rows of a box are alike, and columns. So three of them are convolved: the first, the last, and
    one that stands for all between them.
    """
    for axis, line in enumerate((places[:, :1, :1], places[:, 1:, :, :1])):
        waves = [turn(line * (pi * wave)) for turn in (torch.sin, torch.cos) for wave in WAVES]
        alike = torch.cat(waves, dim=1).repeat_interleave(3, 2 + axis)
        lines = functional.conv2d(alike, weight[:, axis::2], padding=1)
        first, inner, last = lines.split(1, 2 + axis)
        made += inner
        made.narrow(2 + axis, 0, 1).add_(first - inner)
        made.narrow(2 + axis, made.shape[2 + axis] - 1, 1).add_(last - inner)
    return made


def _planned(sprites: Tensor, marks: Tensor, places: Tensor) -> Tensor:
    """Return what sprites and marks show at places in the boxes of things, [B, 8, H, W]."""
    return torch.cat((_sampled(sprites, places / BEYOND), _sampled(marks, places)), dim=1)


def _sampled(pictures: Tensor, places: Tensor) -> Tensor:
    """Return what pictures show at places, -1 to 1 within, [B, 4, H, W]."""
    return functional.grid_sample(pictures, places.permute(0, 2, 3, 1), align_corners=True)


def numbers_of(thing: PlacedObject, box: Box) -> np.ndarray:
    """Return colours and size of a thing in a box [px], float32 [NUMBERS]."""
    any_color = (GREY, GREY, GREY)
    colors = (*(thing.color or any_color), *(thing.mean_color or any_color))
    sizes = np.log(np.maximum(box[2:], 1.0) / USUAL)
    shades = (np.array(colors) - GREY) / GREY
    return np.array([*shades, *sizes, thing.color is None], np.float32)


def places_in(box: Box, shape: tuple[int, int]) -> np.ndarray:
    """Return the places of H x W pixels in a box, see `CloseUp`, float32 [2, H, W]."""
    (left, top, wide, tall), (height, width) = box, shape
    across = (np.arange(width, dtype=np.float32) + 0.5 - left) / wide * 2 - 1
    down = (np.arange(height, dtype=np.float32) + 0.5 - top) / tall * 2 - 1
    return np.stack(np.broadcast_arrays(across[None], down[:, None])).astype(np.float32)


class CloseUps:
    """Shows things from nearer than they were painted.

    close_ups = CloseUps(lambda: networks.close_up, config.kinds, sprite=sprite_of)
    if close_ups.knows(thing):
        picture = close_ups.enlarged(picture, thing)
    """

    def __init__(
        self,
        load: Callable[[], CloseUp | None],
        kinds: Sequence[str],
        sprite: Callable[[PlacedObject], np.ndarray | None],
        dtype: Callable[[], torch.dtype] = lambda: torch.float32,
    ) -> None:
        """Take a network and the kinds that it knows, in the order of its table.

        Args:
            load: returns the network, None: there is none; called once, at the first question.
            kinds: by name.
            sprite: returns that of a thing, see `Sketcher.sprites`; None: it has none.
            dtype: returns the one of matrix products.
        """
        self._sprite, self._dtype = sprite, dtype
        self._sketches = LastMade[CutOutPicture](SKETCHES)
        self._load, self._kinds = load, {kind: number for number, kind in enumerate(kinds)}

    @cached_property
    def _networks(self) -> dict[int, CloseUp]:
        """The network by the scale of its pictures; empty: there is none."""
        network = self._load()
        if network is None:
            return {}
        with torch.inference_mode(mode=False):  # threads may be first that draw
            ready = [
                one.eval().to(self._dtype()).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
                for one in (network.copied(), network.pooled())
            ]
        return {one.scale: one for one in ready}

    def knows(self, thing: PlacedObject) -> bool:
        """Tell whether there is a network that was taught things that look like this one."""
        is_taught = thing.kind in self._kinds and (thing.kind, thing.variant) not in NOT_TAUGHT
        return is_taught and bool(self._networks)

    def shows(self, picture: CutOutPicture, thing: PlacedObject) -> bool:
        """Tell whether a cut-out has about the colours of the plan's sprite of its thing.

        A painter may show something else in its place.
        """
        sprite = self._sprite(thing)
        if sprite is None:
            return True
        places = torch.from_numpy(places_in(picture.box, picture.layer.shape[1:]))[None]
        planned = _sampled(torch.from_numpy(in_unit(sprite))[None], places / BEYOND)[0].numpy()
        shown = in_unit(picture.layer)
        both = (planned[3] > SURE) & (shown[3] > SURE)
        off = shown[:3, both] / shown[3, both] - planned[:3, both] / planned[3, both]
        return not both.any() or bool((off**2).mean() < UNLIKE**2)

    def enlarged(self, picture: CutOutPicture, thing: PlacedObject) -> CutOutPicture:
        """Return the cut-out of a thing that the network knows, about `FINER` times as large."""
        small = reduced(picture)
        is_large = SCALE * small.layer.shape[1] <= 1.5 * FINER * picture.layer.shape[1]
        large = self._large(small, thing, SCALE if is_large else FINER)
        return _with_box(_in_levels(crisp(large)), picture)

    def redrawn(
        self, picture: CutOutPicture, thing: PlacedObject
    ) -> tuple[CutOutPicture, CutOutPicture]:
        """Return the cut-out of a thing that the network knows: as it is, and as from near.

        That is as large as it was, and `FINER` times as large. Of more than `LARGEST` pixels it is
        reduced first, and the second one is smaller.
        """
        size = picture.layer.shape[1:]
        is_large = prod(size) > LARGEST
        soft = self._large(reduced(picture) if is_large else picture, thing, FINER)
        near = crisp(soft)
        own = _resized(near, size) if is_large else functional.avg_pool2d(soft, FINER)
        return CutOutPicture(_in_levels(own), picture.box), _with_box(_in_levels(near), picture)

    def whole(self, picture: CutOutPicture, thing: PlacedObject) -> np.ndarray:
        """Return the layer of a thing that the network knows, with its hidden parts, coarsely."""
        soft = self._large(reduced(picture, COARSE), thing, FINER)
        return _in_levels(_resized(soft, picture.layer.shape[1:]))

    def sketched(self, thing: PlacedObject) -> CutOutPicture | None:
        """Return a thing that the network knows as it draws the plan's sprite of it.

        None: it has none. Things alike are drawn once.
        """
        sprite = self._sprite(thing)
        if sprite is None:
            return None
        slim = round(ASPECTS * log2(thing.height / thing.width)) / ASPECTS
        digest = digest_of(thing.kind, thing.variant, thing.color, thing.mean_color, slim)

        def draw() -> CutOutPicture:
            size = tuple(round(SKETCHED * 2.0 ** (way * slim / 2)) for way in (1, -1))
            layer = _resized(torch.from_numpy(sprite)[None], size)[0].numpy()
            whole = CutOutPicture(sprite, sprite_box(sprite))
            return self.enlarged(_with_box(layer, whole), thing)

        return self._sketches.found(digest, draw)

    @torch.inference_mode()
    def _large(self, picture: CutOutPicture, thing: PlacedObject, scale: int) -> Tensor:
        """Return what the network makes of a cut-out, [1, 4, scale * H, scale * W]."""
        layer, box = picture
        height, width = layer.shape[1:]
        padding = ((0, 0), *((0, _widened(count) - count) for count in (height, width)))
        whole = np.pad(in_unit(layer), padding)
        sprite = self._sprite(thing)
        shown = np.zeros((4, 1, 1), np.float32) if sprite is None else in_unit(sprite)
        given = (whole, places_in(box, whole.shape[1:]), shown, numbers_of(thing, box))
        layers, places, sprites, numbers = (torch.from_numpy(one)[None] for one in given)
        kind = torch.tensor([self._kinds[thing.kind]])
        variant = torch.tensor([(thing.variant or 0) % VARIANTS])
        network = self._networks[scale]
        large: Tensor = network(
            layers.to(memory_format=torch.channels_last), places, sprites,
            network.marks_of(kind, variant), kind, variant, numbers,
        )  # fmt: skip
        return large[..., : scale * height, : scale * width].float()


def _widened(count: int) -> int:
    """Return the rows or columns to which so many of a cut-out are widened; see `WIDENED`."""
    step = max(WIDENED, (1 << count.bit_length() - 1) // PARTS)
    return -(-count // step) * step


def _in_levels(made: Tensor) -> np.ndarray:
    """Return a picture, [1, 4, H, W], of colours in [0, 1], in a layer's levels; see `in_unit`."""
    unit = made[0].clamp(0, 1).numpy()
    alpha = unit[3:]
    return np.concatenate((2 * np.minimum(unit[:3], alpha) - alpha, alpha))


def crisp(pictures: Tensor) -> Tensor:
    """Return pictures with steeper edges; no pixel exceeds those beside it.

    The network softens what it cannot place. Colours and alpha are made steeper apart, since
    outlines are dotted where one of them is steeper than the other.

    Args:
        pictures: colours in [0, 1] times alpha, and alpha, [B, 4, H, W].
    """
    alpha = pictures[:, 3:].clamp(0, 1)
    shown = pictures[:, :3].clamp(min=0).minimum(alpha)
    near, there = (sums_around(one * alpha, OUTLINE) for one in (shown, alpha))
    share = (2 * alpha - 1).clamp(0, 1)  # along the outline, colours are those near by
    colors = torch.lerp(near / there.clamp(min=HARDLY), shown / alpha.clamp(min=HARDLY), share)
    alpha = _steeper(alpha)
    return torch.cat((_steeper(colors.clamp(0, 1)) * alpha, alpha), dim=1)


def _steeper(pictures: Tensor) -> Tensor:
    """Return pictures, [B, C, H, W], whose pixels differ more from those beside them."""
    means = sums_around(pictures, 1) / sums_around(torch.ones_like(pictures[:1, :1]), 1)
    darkest, brightest = (_of_three(one, pictures) for one in (torch.minimum, torch.maximum))
    return (pictures + CRISPER * (pictures - means)).minimum(brightest).maximum(darkest)


def _of_three(chosen: Callable[[Tensor, Tensor], Tensor], pictures: Tensor) -> Tensor:
    """Return the pixel that is chosen of each one and those beside it, [B, C, H, W]."""
    wide = functional.pad(pictures, (1, 1, 1, 1), mode="replicate")
    for axis in (2, 3):
        ends = (wide.narrow(axis, first, wide.shape[axis] - 2) for first in range(3))
        wide = reduce(chosen, ends)
    return wide


def in_unit(layer: np.ndarray) -> np.ndarray:
    """Return colours in [-1, 1] times alpha, and alpha, as colours in [0, 1] times alpha."""
    unit: np.ndarray = np.concatenate(((layer[:3] + layer[3:]) / 2, layer[3:])).clip(0, 1)
    return unit


def reduced(picture: CutOutPicture, most: int = MOST) -> CutOutPicture:
    """Return a cut-out with about so many pixels at most."""
    height, width = picture.layer.shape[1:]
    share = (most / (height * width)) ** 0.5
    if share >= 1:
        return picture
    size = round(share * height), round(share * width)
    small = _resized(torch.from_numpy(picture.layer)[None], size)
    return _with_box(small[0].numpy(), picture)


def _resized(pictures: Tensor, size: tuple[int, ...]) -> Tensor:
    """Return pictures, [B, C, H, W], in another height and width."""
    return functional.interpolate(pictures, size, mode="bilinear", antialias=True)


def _with_box(layer: np.ndarray, picture: CutOutPicture) -> CutOutPicture:
    down, across = (
        new / old for new, old in zip(layer.shape[1:], picture.layer.shape[1:], strict=True)
    )
    left, top, wide, tall = picture.box
    return CutOutPicture(layer, (left * across, top * down, wide * across, tall * down))
