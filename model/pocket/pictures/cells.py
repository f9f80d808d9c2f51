"""Pictures as cells of 4 x 4 pixels, the inputs and outputs of picture networks.

A picture, [B, C, H, W], is held as *cells*, [B, 16 C, H / 4, W / 4], pixel after pixel, channels
last in memory. So are frames: *levels*, uint8 [T, H / 4, W / 4, 48]. Knows nothing of networks.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.world import Frames

CELL = 4  # px across and down in a cell
HIDING = 0.998  # share of a pixel from which on what is under it is less than half a level
_RUN = np.dtype((np.void, 3 * CELL))  # pixels of a cell that lie in one row: copied as one


class DrawnPictures(NamedTuple):
    """Pictures at rest, to be shown and as inputs of picture networks."""

    frames: Frames
    cells: Tensor  # [T, 48, H / 4, W / 4], in about [-1, 1]
    # see `skies.before_sky`, [T, 16, H / 4, W / 4]; None: no plan tells
    before_sky: Tensor | None = None

    @classmethod
    def of(cls, pictures: Tensor, before: Tensor) -> "DrawnPictures":
        """Return pictures, [T, 3, H, W], and what is before their sky, [T, 1, H, W], drawn."""
        return cls(to_frames(pictures), cells_of(pictures), cells_of(before.clamp(-1, 1)))

    def under(self, others: Tensor) -> "DrawnPictures":
        """Return them with others over them, [T, 5, H, W]; see `hides_all`."""
        others, before = others.split((4, 1), dim=1)
        shown = others[:, 3].amax(dim=0) > 0
        down, across = (_whole_cells(shown.any(dim=axis)) for axis in (1, 0))
        frames, over = self.frames.copy(), others[..., down, across]
        part = to_pictures(frames[:, down, across]).mul_(1 - over[:, 3:]).add_(over[:, :3])
        frames[:, down, across] = to_frames(part)
        cells = self.cells.clone()
        rows, columns = (slice(one.start // CELL, one.stop // CELL) for one in (down, across))
        cells[..., rows, columns] = cells_of(part).to(cells)
        return DrawnPictures(frames, cells, cells_of(before.clamp(-1, 1)))


def hides_all(others: Tensor) -> bool:
    """Tell whether nothing of pictures is seen under others.

    Args:
        others: colours times shares, shares, and `before_sky`, [T, 5, H, W].
    """
    return bool(others[:, 3].amin() > HIDING)


def _whole_cells(shown: Tensor) -> slice:
    """Return the cells of a line, in pixels, that show something."""
    places = shown.nonzero()
    return slice(int(places[0]) // CELL * CELL, -(-(int(places[-1]) + 1) // CELL) * CELL)


def cells_of(pictures: Tensor) -> Tensor:
    """Return cells, [B, 16 C, H / 4, W / 4], of pictures, [B, C, H, W]."""
    width = CELL * pictures.shape[1]  # of a cell's row, in numbers
    lines = pictures.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1).flatten(2)
    rows = lines.unflatten(2, (-1, width)).unflatten(1, (-1, CELL)).unbind(2)
    return torch.stack(rows, dim=3).flatten(3).permute(0, 3, 1, 2)


def pixels_of(cells: Tensor) -> Tensor:
    """Return [B, C, 4 * h, 4 * w] of cells of 4 x 4 pixels, [B, .., h, w]."""
    pixels = cells.permute(0, 2, 3, 1).unflatten(3, (CELL, CELL, -1)).transpose(2, 3)
    joined: Tensor = pixels.flatten(3, 4).flatten(1, 2)
    return joined.permute(0, 3, 1, 2)


def levels_of(frames: Frames) -> np.ndarray:
    """Return levels, uint8 [T, H / 4, W / 4, 48], of frames, [T, H, W, 3]."""
    count, height, width, _ = frames.shape
    lines = np.ascontiguousarray(frames).reshape(count, height // CELL, CELL, -1).view(_RUN)
    cells = np.ascontiguousarray(lines.swapaxes(2, 3))  # [T, H / 4, W / 4, 4]
    return cells.view(np.uint8).reshape(count, height // CELL, width // CELL, -1)


def frames_of(levels: np.ndarray) -> Frames:
    """Return frames, uint8 [T, H, W, 3], of levels, [T, H / 4, W / 4, 48]."""
    count, rows, columns, _ = levels.shape
    lines = np.ascontiguousarray(levels.view(_RUN).swapaxes(2, 3))  # [T, H / 4, 4, W / 4]
    return lines.view(np.uint8).reshape(count, CELL * rows, CELL * columns, 3)
