"""What kinds of things are marked by, such as eyes, keys and locks, told from drawings of each."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.model.imagination.drawing.close_up import KINDS as ROWS
from mag_sandbox.model.imagination.drawing.close_up import MARKED
from mag_sandbox.renderer.alone import drawn_flat
from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.paint import PAINTERS, VARIANTS, paint
from mag_sandbox.renderer.render import PLANES, category_of, lay_out
from mag_sandbox.renderer.setting import light_of

DRAWN = 30  # drawings of a kind: its shapes in turn, in colours and lights of their own
LIGHTS = 8  # scenes whose light falls on them
AROUND = 13  # px of the mean that colours are compared with
# where kinds without marks are: these are never cut out, or too seldom to learn where they hang
WITHOUT = PLANES | {"ceiling"}
STRONGER = 4.0  # times the difference of colours that is kept


def marks_of_kinds(kinds: Sequence[str], seed: int) -> tuple[Tensor, Tensor]:
    """Return the marks of kinds, and which of them odd variants mirror; see `CloseUp`.

    Kinds that are not cut out, as rugs and pictures on walls, have none, and none that hang.
    """
    marks, mirrored = torch.zeros(ROWS, 4 * MARKED**2), torch.zeros(ROWS)
    for row, kind in enumerate(kinds):
        if _is_marked(kind):
            drawn = _drawn(kind, np.random.default_rng([seed, row]))
            mean, is_mirrored = usual_marks(drawn)
            marks[row], mirrored[row] = mean.flatten(), is_mirrored
    return marks, mirrored


def _is_marked(kind: str) -> bool:
    entry = KINDS.get(kind)
    return (
        entry is not None
        and entry.where not in WITHOUT
        and (entry.painter in PAINTERS or entry.painter == "plant")
    )


def _drawn(kind: str, rng: np.random.Generator) -> Tensor:
    """Return drawings of a kind, variants in turn, [DRAWN, 4, MARKED, MARKED]; see `CloseUp`."""
    colors, drawn = KINDS[kind].colors, []
    for number in range(DRAWN):
        scene = int(rng.integers(LIGHTS))
        light = light_of(lay_out(category_of(scene), scene))
        color = str(rng.choice(colors)) if colors else None
        drawn.append(drawn_flat(paint(kind, color, number % VARIANTS, light), MARKED))
    pictures = torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2).float() / 255
    return torch.cat((pictures[:, :3] * pictures[:, 3:], pictures[:, 3:]), dim=1)


def usual_marks(drawn: Tensor) -> tuple[Tensor, bool]:
    """Return what most drawings of a kind have in common, and whether odd ones are mirrored.

    Args:
        drawn: even and odd variants in turn, [N, 4, H, W]; colours in [0, 1] times alpha, and
            alpha.
    """
    nearby, there = (
        functional.avg_pool2d(one, AROUND, 1, AROUND // 2, count_include_pad=False)
        for one in (drawn[:, :3], drawn[:, 3:])
    )
    off = drawn[:, :3] - nearby / there.clamp(min=0.05) * drawn[:, 3:]
    marks = torch.cat((STRONGER * off, 2 * drawn[:, 3:] - 1), dim=1)
    even, odd = marks[::2].median(0).values, marks[1::2].median(0).values
    is_mirrored = bool((even - odd.flip(2)).square().mean() < (even - odd).square().mean())
    if is_mirrored:
        marks[1::2] = marks[1::2].flip(3)
    return marks.median(0).values, is_mirrored
