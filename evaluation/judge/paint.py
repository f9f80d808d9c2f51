"""In which colours a thing is painted, by its pixels, whatever the light of its scene."""

from collections.abc import Sequence

import numpy as np

from mag_sandbox.evaluation.similarity.metrics import lab_colors
from mag_sandbox.scenes.color_names import COLORS

INNER = slice(14, 50)  # px of a square of 64 that show the thing
_NEAR = 12.0  # of L*a*b*: how far a pixel may be from a colour in some light
_BEHIND = 12.0  # likewise, from pixels at the edges of the square, which show the background
_EDGE, _ALIKE = 2, 0.025  # px; share of the edges that is as near to what belongs to them
_LEAST = 0.05  # share of the pixels that is unlike the edges, or all count
_LIGHTS = np.multiply.outer(
    (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1),  # of a clear day's
    ((1.0, 1.0, 1.0), (1.0, 0.93, 0.8), (0.85, 0.92, 1.0)),  # daylight, lamps, night
).reshape(-1, 3)


def painted_shares(square: np.ndarray, colors: Sequence[str]) -> dict[str, float]:
    """Return the share of the pixels around a thing's middle that have each colour, 0 to 1.

    A pixel has the nearest of them, and none if all are far. Pixels that look like what is behind
    do not count. Colours without a value have 0.

    Args:
        square: around the thing, uint8 [64, 64, 3].
        colors: names of those that it may have.
    """
    known = [color for color in colors if color in COLORS]
    shares = dict.fromkeys(colors, 0.0)
    if known:
        pixels = lab_colors(square[INNER, INNER].reshape(-1, 1, 3))
        lit = (lab_colors((_LIGHTS * COLORS[color]).clip(0, 255)) for color in known)
        far = np.stack([np.linalg.norm(pixels - some, axis=-1).min(axis=1) for some in lit])
        nearest = np.where(far.min(axis=0) < _NEAR, far.argmin(axis=0), -1)
        is_own = _is_unlike_edges(pixels, square)
        nearest = nearest[is_own] if is_own.mean() >= _LEAST else nearest
        shares |= {color: float((nearest == at).mean()) for at, color in enumerate(known)}
    return shares


def _is_unlike_edges(pixels: np.ndarray, square: np.ndarray) -> np.ndarray:
    """Return which of some pixels, [N, 1, 3] in L*a*b*, are unlike all but few at the edges."""
    inner = np.zeros(square.shape[:2], bool)
    inner[_EDGE:-_EDGE, _EDGE:-_EDGE] = True
    edges = lab_colors(square[~inner][::4].reshape(-1, 1, 3)).reshape(1, -1, 3)
    far = np.linalg.norm(pixels - edges, axis=-1)
    few = round(_ALIKE * far.shape[1])
    is_unlike: np.ndarray = np.partition(far, few, axis=1)[:, few] > _BEHIND
    return is_unlike
