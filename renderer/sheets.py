"""Contact sheets: rows of frames as one PNG, for eyes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from mag_sandbox.files.whole import replacing

_GAP = 4  # px between pictures


def write_sheet(path: Path, rows: Sequence[Sequence[np.ndarray]]) -> None:
    """Write rows of equally large pictures, uint8 [H, W, 3], as one PNG; makes the folder."""
    height, width = rows[0][0].shape[:2]
    columns = max(len(row) for row in rows)
    shape = (len(rows) * (height + _GAP), columns * (width + _GAP), 3)
    sheet = np.full(shape, 24, np.uint8)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            top, left = i * (height + _GAP), j * (width + _GAP)
            sheet[top : top + height, left : left + width] = picture
    with replacing(path) as part:
        Image.fromarray(sheet).save(part, format="PNG")
