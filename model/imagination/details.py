"""Details that the codec loses, put back into pictures: of things, and of a given view.

A cell of 16 px has as many numbers as the codec gives it, too few for the face of a cat that is two
cells large: what a painter makes of it, and what memory keeps, is a smear. The plan's sketch has
the face. So what the codec loses of the sketch is added to decoded pictures, thing by thing, where
a picture shows the thing as the plan has it. A picture that a scene begins from is shown itself
wherever the ring looks as it was given. Knows nothing of networks.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.model.imagination.surroundings import in_pixels

FEWEST = 30  # pixels of a thing
AROUND = 4  # px around a thing in which it must look as planned, too
SOFT = 8  # px at the edge of a given picture in which it fades; even
SAME = 0.08  # of 2: by how much less a pixel has changed that shows a given picture again
LIKE = 0.65, 0.85  # correlation with the plan from which on details show, and show wholly
_TINY = 1e-6


class GivenPicture(NamedTuple):
    """The level view ahead that a scene begins from."""

    pixels: np.ndarray  # uint8 [H, W, 3]
    latents: np.ndarray  # float32 [C, rows, columns]; of its cells

    def stays(self, latents: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the cells that are as they were given, bool [rows, columns].

        Args:
            latents: of the ring there, float32 [C, rows, columns].
            known: which of them are, bool [rows, columns].
        """
        same: np.ndarray = known & (latents == self.latents).all(axis=0)
        return same

    def shown(self, stays: np.ndarray, alike: np.ndarray | None = None) -> np.ndarray:
        """Return it where it is as it was given, float32 [4, H, W].

        Colours times shares, and shares, which are soft where it ends.

        Args:
            stays: its cells that are as they were given, bool [rows, columns].
            alike: pixels of others that look as they did, bool [H, W].
        """
        same = self._pixels_of(stays)
        share = torch.from_numpy(same if alike is None else same | alike).float()[None]
        apart = functional.pad(1 - share, (SOFT,) * 4, value=1.0)
        share = 1 - functional.max_pool2d(apart, SOFT + 1, stride=1)
        share = functional.avg_pool2d(share, SOFT + 1, stride=1)
        shown: np.ndarray = torch.cat((share * self._colors, share)).numpy()
        return shown

    def over(self, picture: Tensor, latents: np.ndarray, known: np.ndarray) -> Tensor:
        """Return a picture of the view, [3, H, W], with it in all of its cells; see `stays`.

        It shows outlines better than the codec does.
        """
        same = self._pixels_of(self.stays(latents, known))
        return torch.where(torch.from_numpy(same), self._colors, picture)

    def _pixels_of(self, cells: np.ndarray) -> np.ndarray:
        """Return the pixels of cells, bool [rows, columns], as bool [H, W]."""
        return in_pixels(cells, len(self.pixels))

    @property
    def _colors(self) -> Tensor:
        return torch.from_numpy(self.pixels).permute(2, 0, 1) / 127.5 - 1


def shown_under(picture: np.ndarray, over: np.ndarray) -> np.ndarray:
    """Return a picture, [3, H, W], under one of colours times shares, and shares, [4, H, W]."""
    shown: np.ndarray = picture * (1 - over[3]) + over[:3]
    return shown


def alike(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return where two pictures, float32 [3, H, W] in [-1, 1], look the same, bool [H, W]."""
    apart = torch.from_numpy(np.abs(now - before).mean(axis=0))[None]
    near = functional.avg_pool2d(apart, 5, stride=1, padding=2, count_include_pad=False)
    return np.asarray(near[0].numpy() < SAME)


class _Shape(NamedTuple):
    """A thing in a picture of a plan after the codec."""

    rows: slice  # of the picture; with its surroundings
    columns: slice
    near: np.ndarray  # bool [h, w]; where it must look as planned
    soft: np.ndarray  # float32 [h, w]; share of its pixels, soft at the edge
    colors: np.ndarray  # float32 [3, pixels near it]; less their means


class LostDetails(NamedTuple):
    """The details of a plan's things that the codec loses at some place."""

    shapes: list[_Shape]
    lost: np.ndarray  # float32 [3, H, W]; the sketch less its picture after the codec

    @classmethod
    def of(cls, owners: np.ndarray, sketch: np.ndarray, coded: np.ndarray) -> "LostDetails":
        """Return the details of a sketch.

        Args:
            owners: which thing each pixel shows, int32 [H, W], -1: none.
            sketch: float32 [3, H, W] in [-1, 1].
            coded: the same after the codec.
        """
        numbers, counts = np.unique(owners, return_counts=True)
        shapes = []
        for number in numbers[(numbers >= 0) & (counts >= FEWEST)]:
            own = owners == number
            rows, columns = (_reach(own.any(axis=axis)) for axis in (1, 0))
            shape = torch.from_numpy(own[rows, columns]).float()[None, None]
            near = functional.max_pool2d(shape, 2 * AROUND + 1, stride=1, padding=AROUND)
            soft = functional.max_pool2d(shape, 3, stride=1, padding=1)
            soft = functional.avg_pool2d(functional.pad(soft, (1,) * 4, mode="replicate"), 3, 1)
            is_near = near[0, 0].numpy() > 0
            colors = coded[:, rows, columns][:, is_near]
            centred = colors - colors.mean(axis=1, keepdims=True)
            shapes.append(_Shape(rows, columns, is_near, soft[0, 0].numpy(), centred))
        return cls(shapes, sketch - coded)

    def found_in(self, painted: np.ndarray) -> np.ndarray:
        """Return the things of a painting with their details, float32 [4, H, W].

        Colours times shares, and shares: those of what is painted as it was planned, in the same
        light or a fainter one.

        Args:
            painted: the place, float32 [3, H, W] in [-1, 1].
        """
        things, details = np.zeros((2, *painted.shape[1:]), np.float32)
        for rows, columns, near, soft, colors in self.shapes:
            likeness, gain = _compared(painted[:, rows, columns][:, near], colors)
            share = soft * np.float32(np.clip((likeness - LIKE[0]) / (LIKE[1] - LIKE[0]), 0, 1))
            there = things[rows, columns]
            more = share > there
            there[more] = share[more]
            details[rows, columns][more] = share[more] * np.float32(np.clip(gain, 0, 1))
        return np.concatenate((things * painted + details * self.lost, things[None]))


def _reach(shown: np.ndarray) -> slice:
    """Return the part of a line that shows a thing, and its surroundings."""
    places = np.flatnonzero(shown)
    return slice(max(int(places[0]) - AROUND, 0), int(places[-1]) + AROUND + 1)


def _compared(painted: np.ndarray, planned: np.ndarray) -> tuple[float, float]:
    """Return the correlation of colours, [3, pixels], and how much stronger one's contrasts are.

    The means of what was planned are 0.
    """
    both = float(np.vdot(painted, planned))
    own = float(np.vdot(planned, planned))
    varies = float(np.square(painted - painted.mean(axis=1, keepdims=True)).sum())
    return both / max((own * varies) ** 0.5, _TINY), both / max(own, _TINY)
