"""What the bar looked at, as PNGs for eyes: first views beside renders, and whole rings."""

from pathlib import Path

import numpy as np

from mag_sandbox.evaluation.imagination.compared import Compared
from mag_sandbox.evaluation.imagination.scenes import WALLS, Kind
from mag_sandbox.renderer.sheets import write_sheet

ACROSS = 8  # first views in a row
MOST_FIRST, MOST_RINGS = 24, 4  # that a sheet shows


def write_sheets(path: Path, first: Compared, around: dict[Kind, Compared]) -> None:
    """Write renders and invented views in turn, row by row; whole rings beside it.

    Args:
        path: of the PNG; rings go to the same name with "-rings".
        first: first views.
        around: the walls of whole rings, from captions and from pictures.
    """
    firsts = []
    for start in range(0, min(len(first.scenes), MOST_FIRST), ACROSS):
        for pictures in (first.renders, first.invented):
            firsts.append([_half(view) for view in pictures.frames[start : start + ACROSS]])
    rings, drawn = [], around["prompt"].renders
    for start in range(0, len(drawn.frames), len(WALLS))[:MOST_RINGS]:
        for pictures in (drawn, *(one.invented for one in around.values())):
            walls = pictures.frames[start : start + len(WALLS)]
            rings.append([_half(np.concatenate(list(walls), axis=1))])
    write_sheet(path, firsts)
    write_sheet(path.with_name(f"{path.stem}-rings{path.suffix}"), rings)


def _half(view: np.ndarray) -> np.ndarray:
    """Return a picture at half its size, uint8."""
    height, width = view.shape[0] // 2, view.shape[1] // 2
    halves = view[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3)
    return halves.mean((1, 3)).round().astype(np.uint8)
