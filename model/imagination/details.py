"""A view that a scene begins from, shown itself wherever the ring looks as it was given.

The codec has too few numbers for all that it shows. Knows nothing of networks.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor
from torch.nn import functional

from mag_sandbox.model.imagination.surroundings import in_pixels

SOFT = 8  # px at the edge of a given picture in which it fades; even
# px at its edges whose colours go on beside it, how far they do, and rows of one usual colour
EDGE, FADING, USUAL_ROWS = 4, 40.0, 13
SAME = 0.08  # of 2: by how much less a pixel has changed that shows a given picture again


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

    def beside(self, down: np.ndarray, across: np.ndarray) -> np.ndarray:
        """Return a stopgap for pixels beside it, float32 [4, h, w] like `shown`.

        Colours at its edges go on, and fade to the usual one of their row.

        Args:
            down: their rows, from its top; those above and below it are like its first and last.
            across: their columns, from its left edge.
        """
        height, width = self.pixels.shape[:2]
        rows = down.clip(0, height - 1)
        # a median takes long, and every eighth column will do
        rim = np.pad(
            np.median(self.pixels[:, ::8], axis=1), ((USUAL_ROWS // 2,) * 2, (0, 0)), mode="edge"
        )
        usual = sliding_window_view(rim, USUAL_ROWS, axis=0).mean(axis=-1)[rows, None]
        left, right = (
            self.pixels[rows, part].mean(axis=1)[:, None] for part in (np.s_[:EDGE], np.s_[-EDGE:])
        )
        edge = np.where((across < 0)[:, None], left, right)
        away = np.maximum(-across, across - width + 1).clip(0)
        levels = usual + np.exp(-away / FADING)[:, None] * (edge - usual)
        shown = np.concatenate((levels / 127.5 - 1, np.ones_like(levels[..., :1])), axis=2)
        return shown.astype(np.float32).transpose(2, 0, 1)

    def shown(
        self, stays: np.ndarray, beside: np.ndarray, alike: np.ndarray | None = None
    ) -> np.ndarray:
        """Return it where it is as it was given, float32 [4, H, W].

        Colours times shares, and shares, which are soft where other known ground begins.

        Args:
            stays: its cells that are as they were given, bool [rows, columns].
            beside: which of its cells and of those around it are known,
                bool [rows + 2, columns + 2].
            alike: pixels of others that look as they did, bool [H, W].
        """
        same = self._pixels_of(stays)
        share = torch.from_numpy(same if alike is None else same | alike).float()[None]
        cell = len(self.pixels) // len(stays)
        inside, near = slice(SOFT, -SOFT), slice(cell - SOFT, SOFT - cell)
        apart = torch.from_numpy(in_pixels(beside, cell * len(beside))[near, near]).float()[None]
        apart[:, inside, inside] = 1 - share
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
