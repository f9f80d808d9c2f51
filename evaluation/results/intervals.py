"""How sure a mean over clips is: intervals by bootstrap, and which differences are only noise."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from mag_sandbox.evaluation.similarity.metrics import Combine, bootstrap_interval

FEWEST = 5  # clips below which no difference is believed, however large

Verdict = Literal["better", "worse", "noise"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over clips with its 95% interval."""

    mean: float
    low: float
    high: float
    clips: int

    def text(self, digits: int) -> str:
        """Return the mean, rounded, with its interval; a single clip has none."""
        mean, low, high = (f"{one:.{digits}f}" for one in (self.mean, self.low, self.high))
        return mean if self.clips == 1 else f"{mean} [{low}, {high}]"


def interval_text(found: Interval | Mapping[str, Any] | None, digits: int) -> str:
    """Return an interval, also one read from JSON, as text; a dash where nothing was measured."""
    if found is None:
        return "-"
    return (found if isinstance(found, Interval) else Interval(**found)).text(digits)


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How much one row scores above another on the same clips."""

    interval: Interval
    verdict: Verdict


def mean_interval(values: Sequence[float | None]) -> Interval | None:
    """Return the mean with its interval; None: no values; raise ValueError if one is not finite."""
    known = [float(value) for value in values if value is not None]
    if not known:
        return None
    if not np.isfinite(known).all():
        raise ValueError(f"{np.size(known)} scores hold one that is not finite; refuse its clip")
    low, high = bootstrap_interval(known)
    return Interval(float(np.mean(known)), low, high, len(known))


def mean_of(scores: Sequence[float | None]) -> float | None:
    """Return the mean of the known scores; None if there are none."""
    known = [score for score in scores if score is not None]
    return float(np.mean(known)) if known else None


def interval_of(
    values: Sequence[object] | np.ndarray, combine: Combine = lambda means: means
) -> dict[str, float]:
    """Return the mean of values, one number or a row a clip, with its interval, as plain data.

    Of rows, [N, D], `combine` makes one number of their means, [resamples, D].
    """
    low, high = bootstrap_interval(values, combine=combine)
    mean = combine(np.asarray(values, np.float64).mean(0, keepdims=True))[0]
    return {"mean": float(mean), "low": low, "high": high}


def pooled_share(counts: Sequence[tuple[int, int]]) -> dict[str, float] | None:
    """Return the share of right answers of all, of (asked, right) a clip; None: none was asked."""
    known = [row for row in counts if row[0]]
    return interval_of(known, lambda means: means[:, 1] / means[:, 0]) if known else None


def mean_scores(clips: Sequence[Mapping[str, float | None]]) -> dict[str, dict[str, Any] | None]:
    """Return the mean of every score of some clips with its interval, as plain data."""
    names = dict.fromkeys(name for scores in clips for name in scores)
    means = {name: mean_interval([scores.get(name) for scores in clips]) for name in names}
    return {name: asdict(mean) if mean else None for name, mean in means.items()}


def difference(
    ours: Mapping[str, float | None],
    others: Mapping[str, float | None],
    *,
    higher_is_better: bool = True,
) -> PairedDifference | None:
    """Compare two rows' scores by clip; None if they share no clip.

    Clips differ more than worlds do, so only the differences on equal clips are resampled. What
    lies within the interval around 0, and what rests on fewer than FEWEST clips, is called noise.
    """
    pairs = [(ours[name], others.get(name)) for name in sorted(ours)]
    interval = mean_interval([a - b for a, b in pairs if a is not None and b is not None])
    if interval is None:
        return None
    if interval.clips < FEWEST or interval.low <= 0.0 <= interval.high:
        return PairedDifference(interval, "noise")
    more = interval.mean > 0
    return PairedDifference(interval, "better" if more == higher_is_better else "worse")
