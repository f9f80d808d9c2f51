"""How far a set of pictures is from another one, in the judge's features."""

from dataclasses import dataclass

import numpy as np

from mag_sandbox.evaluation.similarity.metrics import frechet_distance

NEIGHBOURS = 1  # of each point, that tell how far its likes reach; of three, lumps lie within reach
RESAMPLES = 200


@dataclass(frozen=True, slots=True)
class Distance:
    """Between invented and rendered views, beside renders against renders of the same captions."""

    frechet: float
    renders_frechet: float
    ratio: float  # of the two
    ratio_interval: tuple[float, float]
    precision: float  # share of invented views among renders
    recall: float  # share of renders among invented views
    renders_precision: float
    renders_recall: float


def distance(
    invented: np.ndarray, rendered: np.ndarray, others: np.ndarray, scenes: np.ndarray
) -> Distance:
    """Compare features, [N, D] each.

    Args:
        invented: of a world's views.
        rendered: of the renderer's views of the same captions.
        others: of as many of its views in other directions.
        scenes: which scene each row is of, [N]; the 95% interval is by bootstrap over them.
    """
    frechet, base = frechet_distance(invented, rendered), frechet_distance(others, rendered)
    return Distance(
        frechet,
        base,
        frechet / base,
        _ratio_interval(invented, rendered, others, scenes),
        among(invented, rendered),
        among(rendered, invented),
        among(others, rendered),
        among(rendered, others),
    )


def among(some: np.ndarray, others: np.ndarray) -> float:
    """Return the share of some points that lie within reach of others.

    A point reaches as far as its nearest neighbour of its own kind. Source: improved precision and
    recall, arXiv 1904.06991.
    """
    between = _gaps(others, others)
    count = min(NEIGHBOURS, len(others) - 1)
    reach = np.partition(between, count, axis=1)[:, count]  # itself is the nearest
    return float((_gaps(some, others) <= reach).any(axis=1).mean())


def _gaps(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the distances of [N, D] and [M, D], [N, M]."""
    squares = (some**2).sum(1)[:, None] + (others**2).sum(1) - 2 * some @ others.T
    gaps: np.ndarray = np.sqrt(np.maximum(squares, 0))
    return gaps


def _ratio_interval(
    invented: np.ndarray, rendered: np.ndarray, others: np.ndarray, scenes: np.ndarray
) -> tuple[float, float]:
    """Resample whole scenes, the same of all three: what belongs to a caption stays together."""
    rng, rows = np.random.default_rng(0), {one: np.flatnonzero(scenes == one) for one in scenes}
    names, ratios = list(rows), []
    for _ in range(RESAMPLES):
        picked = np.concatenate([rows[names[i]] for i in rng.integers(len(names), size=len(names))])
        base = frechet_distance(others[picked], rendered[picked])
        ratios.append(frechet_distance(invented[picked], rendered[picked]) / base)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return float(low), float(high)
