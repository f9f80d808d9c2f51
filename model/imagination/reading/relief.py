"""Things that stand out in a picture, how far away they are, and how far they reach.

A small convolutional network says of each pixel whether it shows a thing that stands out from
ground, walls and sky. Of each square of two by two pixels it says at which pitch such a thing has
its foot if it stands on the ground, which is as much as its distance, and where its edges are, also
hidden ones. Knows nothing of kinds and plans.

Source: U-Net, arXiv 1505.04597.
"""

import itertools
from hashlib import sha256
from threading import Lock
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.controls.parallax import EYE

FINE = 2  # px of a square
WIDTHS = (16, 32, 64, 96, 96)  # channels of squares, and of squares each twice as large
DEPTHS = (1, 1, 3, 3, 3)  # pairs of convolutions for each of them on the way to larger ones
UNIT = 8.0  # px; distances to edges are logarithmic from about here on
FOOT_UNIT = 3.0  # output of a radian
LEVEL = 0.005, 1.4  # radians below the horizon, between which feet are
OUTPUTS = FINE**2 + 1 + 4  # of a square: its pixels, foot, and edges
KEPT = 24  # views whose relief is kept


class Relief(NamedTuple):
    """The things that stand out in a picture, pixel by pixel."""

    stands: np.ndarray  # float32 [H, W]; how likely a pixel belongs to such a thing
    distance: np.ndarray  # float32 [H, W], of that thing [m]
    edges: np.ndarray  # float32 [4, H, W]; px to the left, right, upper and lower edge of its box


def log_edges(pixels: Tensor) -> Tensor:
    """Return distances to edges [px] as the network gives them."""
    return torch.log2(1 + pixels.clamp(min=0) / UNIT)


class ReliefReader(nn.Module):
    """Finds what stands out.

    reader = ReliefReader().eval()
    relief = reader.read(picture, pitches)
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(4 * FINE**2, WIDTHS[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.Conv2d(before, now, 2, stride=2) for before, now in itertools.pairwise(WIDTHS)
        )
        self.out = nn.ModuleList(
            nn.Sequential(*(Pair(width) for _ in range(depth)))
            for width, depth in zip(WIDTHS, DEPTHS, strict=True)
        )
        self.up = nn.ModuleList(
            nn.Conv2d(now, before, 1) for before, now in itertools.pairwise(WIDTHS)
        )
        self.back = nn.ModuleList(Pair(width) for width in WIDTHS[:-1])
        self.told = nn.Conv2d(WIDTHS[0], OUTPUTS, 3, padding=1)
        usual = torch.tensor([-1.0] * FINE**2 + [0.7] + [3.5] * 4)
        cast(Tensor, self.told.bias).data.copy_(usual)

    def forward(self, pictures: Tensor, pitches: Tensor) -> Tensor:
        """Return the numbers of squares, [B, OUTPUTS, H / FINE, W / FINE].

        Args:
            pictures: [B, 3, H, W] in [-1, 1].
            pitches: of their rows [radians], [B, H].
        """
        rows = pitches[:, None, :, None].expand(-1, 1, -1, pictures.shape[-1])
        x = self.stem(functional.pixel_unshuffle(torch.cat((pictures, rows), dim=1), FINE))
        passed = []
        for place, pairs in enumerate(self.out):
            x = pairs(x if place == 0 else self.down[place - 1](x))
            passed.append(x)
        for place in reversed(range(len(self.back))):
            wide = functional.interpolate(self.up[place](x), scale_factor=2, mode="nearest")
            x = self.back[place](passed[place] + wide)
        return cast(Tensor, self.told(functional.gelu(x)))

    @torch.inference_mode()
    def read(self, picture: Tensor, pitches: np.ndarray) -> Relief:
        """Return the relief of a picture.

        Args:
            picture: [3, H, W] in [-1, 1].
            pitches: of its rows [radians], [H].
        """
        rows = torch.from_numpy(pitches.astype(np.float32))
        outputs = self(picture[None].float(), rows[None])
        stands = functional.pixel_shuffle(outputs[:, : FINE**2], FINE).sigmoid()[0, 0]
        outputs = functional.interpolate(outputs[:, FINE**2 :], scale_factor=FINE, mode="nearest")
        foot = (outputs[0, 0] / FOOT_UNIT).clamp(*LEVEL).numpy()
        edges = (2.0 ** outputs[0, 1:].clamp(0, 8) - 1) * UNIT
        return Relief(stands.numpy(), EYE / np.tan(foot), edges.numpy())


class Pair(nn.Module):
    """A residual pair of convolutions, [B, dim, H, W]."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(dim)
        self.inner = nn.Conv2d(dim, dim, 3, padding=1)
        self.outer = nn.Conv2d(dim, dim, 3, padding=1)
        nn.init.zeros_(self.outer.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of x and what the pair makes of it."""
        result: Tensor = x + self.outer(functional.gelu(self.inner(self.norm(x))))
        return result


class Reliefs:
    """Reads reliefs of level views and keeps the last ones; threads may share it.

    reliefs = Reliefs(ring_width=1280)
    relief = reliefs.of(reader, picture)
    """

    def __init__(self, ring_width: int) -> None:
        self._radian = ring_width / (2 * np.pi)
        self._kept: dict[bytes, Relief] = {}
        self._lock = Lock()

    def of(self, reader: ReliefReader, picture: Tensor) -> Relief:
        """Return the relief of a level view, [3, H, W] in [-1, 1]."""
        key = sha256(picture.contiguous().numpy()).digest()
        with self._lock:
            relief = self._kept.pop(key, None)
        if relief is None:
            height = picture.shape[1]
            relief = reader.read(picture, (height / 2 - 0.5 - np.arange(height)) / self._radian)
        with self._lock:
            self._kept[key] = relief
            for old in list(self._kept)[:-KEPT]:
                del self._kept[old]
        return relief

    def ring(
        self, reader: ReliefReader, picture: np.ndarray, known: np.ndarray, view: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the relief of a ring: what stands out, how far away it is, where that is known.

        Only level views of it are read, the first of them straight ahead.

        Args:
            reader: reads them.
            picture: of the ring, float32 [3, H, W] in [-1, 1].
            known: which of its pixels are, bool [H, W].
            view: height and width of a view [px].
        """
        (height, width), around = view, known.shape[1]
        level = slice((len(known) - height) // 2, (len(known) + height) // 2)
        stands, distance = np.zeros(known.shape, np.float32), np.ones(known.shape, np.float32)
        there = np.zeros_like(known)
        for left in range(-width // 2, around - width // 2, width):
            columns = np.arange(left, left + width)
            if known[level, columns].any():
                part = np.ascontiguousarray(picture[:, level, columns])
                relief = self.of(reader, torch.from_numpy(part))
                stands[level, columns], distance[level, columns] = relief.stands, relief.distance
                there[level, columns] = known[level, columns]
        return stands, distance, there
