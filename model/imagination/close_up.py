"""A close look at one thing: its picture, enlarged by a network that knows what it is.

A thing that the player walks up to is shown as it was painted from farther away. Things face the
viewer, so from nearer it is the same picture, enlarged, in which an outline is an edge and a face
has eyes.

Source: sub-pixel convolution, arXiv 1609.05158; features modulated by facts, arXiv 1709.07871.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.controls.parallax import Box
from mag_sandbox.model.imagination.objects import VARIANTS, PlacedObject

SCALE = 4  # at which it was trained
FINER = 2  # times as many pixels across as painted that are kept of it
KINDS = 512  # rows of the table of kinds; more than there are
WIDTHS = 32, 64, 96  # channels of pixels, of halves and of quarters of them
STEP = 4  # px; rows and columns are a multiple of it
FACTS, TOLD = 64, 128  # numbers that say what the thing is
NUMBERS = 9  # two colours, the size, and whether the colours are open
USUAL = 40.0  # px; size of a thing
GREY = 128  # of 255


class CutOutPicture(NamedTuple):
    """A thing that is cut out of a picture."""

    # float32 [4, h, w]: colours in [-1, 1] times alpha, and alpha
    layer: np.ndarray
    box: Box  # of the thing, in the layer [px]


class _ToldBlock(nn.Module):
    """Two convolutions, the first of them modulated by facts."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.told = nn.Linear(TOLD, 2 * width)

    def forward(self, x: Tensor, facts: Tensor) -> Tensor:
        scale, shift = self.told(facts)[..., None, None].chunk(2, 1)
        return x + cast(Tensor, self.second(functional.silu(self.first(x) * (1 + scale) + shift)))


class CloseUp(nn.Module):
    """Enlarges cut-outs of things; see the module."""

    def __init__(self) -> None:
        super().__init__()
        fine, half, quarter = WIDTHS
        self.kinds, self.variants = nn.Embedding(KINDS, FACTS), nn.Embedding(VARIANTS, FACTS)
        self.numbers = nn.Linear(NUMBERS, FACTS)
        self.told = nn.Sequential(nn.SiLU(), nn.Linear(FACTS, TOLD), nn.SiLU())
        self.stem = nn.Conv2d(6, fine, 3, padding=1)
        self.fine = _ToldBlock(fine)
        self.to_half = nn.Conv2d(fine, half, 4, 2, 1)
        self.halves = nn.ModuleList(_ToldBlock(half) for _ in range(2))
        self.to_quarter = nn.Conv2d(half, quarter, 4, 2, 1)
        self.quarters = nn.ModuleList(_ToldBlock(quarter) for _ in range(3))
        self.from_quarter = nn.Conv2d(quarter, 4 * half, 1)
        self.half_again = _ToldBlock(half)
        self.from_half = nn.Conv2d(half, 4 * fine, 1)
        self.fine_again = _ToldBlock(fine)
        self.head = nn.Conv2d(fine, 4 * SCALE**2, 3, padding=1)

    def forward(
        self, layers: Tensor, places: Tensor, kinds: Tensor, variants: Tensor, numbers: Tensor
    ) -> Tensor:
        """Return cut-outs, `SCALE` times as large, [B, 4, SCALE * H, SCALE * W].

        Args:
            layers: colours in [0, 1] times alpha, and alpha, [B, 4, H, W]; H and W are multiples
                of `STEP`.
            places: of pixels in the box of the thing, x and y, -1 to 1 within, [B, 2, H, W].
            kinds: of things, by number, [B].
            variants: their shapes, [B].
            numbers: see `numbers_of`, [B, NUMBERS].
        """
        facts = self.told(self.kinds(kinds) + self.variants(variants) + self.numbers(numbers))
        fine = self.fine(self.stem(torch.cat((layers, places), dim=1)), facts)
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
        smooth = functional.interpolate(layers, scale_factor=SCALE, mode="bilinear")
        return smooth + functional.pixel_shuffle(self.head(fine), SCALE)


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

    close_ups = CloseUps(lambda: networks.close_up, config.kinds)
    if close_ups.knows(thing):
        picture = close_ups.enlarged(picture, thing)
    """

    def __init__(self, load: Callable[[], CloseUp | None], kinds: Sequence[str]) -> None:
        """Take a network and the kinds that it knows, in the order of its table.

        Args:
            load: returns the network, None: there is none; called once, at the first question.
            kinds: by name.
        """
        self._load, self._kinds = load, {kind: number for number, kind in enumerate(kinds)}

    @cached_property
    def _network(self) -> CloseUp | None:
        network = self._load()
        if network is not None:
            network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return network

    def knows(self, thing: PlacedObject) -> bool:
        """Tell whether there is a network that was taught things of this kind."""
        return thing.kind in self._kinds and self._network is not None

    @torch.inference_mode()
    def enlarged(self, picture: CutOutPicture, thing: PlacedObject) -> CutOutPicture:
        """Return the cut-out of a thing that the network knows, `FINER` times as large."""
        assert self._network is not None
        layer, (height, width) = picture.layer, picture.layer.shape[1:]
        unit = np.concatenate(((layer[:3] + layer[3:]) / 2, layer[3:])).clip(0, 1)
        whole = np.pad(unit, ((0, 0), (0, -height % STEP), (0, -width % STEP)))
        given = (whole, places_in(picture.box, whole.shape[1:]), numbers_of(thing, picture.box))
        layers, places, numbers = (torch.from_numpy(one)[None] for one in given)
        kind, variant = self._kinds[thing.kind], (thing.variant or 0) % VARIANTS
        large = self._network(
            layers.to(memory_format=torch.channels_last), places, torch.tensor([kind]),
            torch.tensor([variant]), numbers,
        )  # fmt: skip
        large = functional.avg_pool2d(large, SCALE // FINER)
        large = large[0, :, : FINER * height, : FINER * width].clamp(0, 1).numpy()
        alpha = large[3:]
        colors = 2 * np.minimum(large[:3], alpha) - alpha
        left, top, wide, tall = (FINER * end for end in picture.box)
        return CutOutPicture(np.concatenate((colors, alpha)), (left, top, wide, tall))
