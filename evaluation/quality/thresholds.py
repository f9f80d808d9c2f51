"""The bars of worlds, and the tables that people read. Measures nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mag_sandbox.evaluation.options import DRIFT_MINUTES

MARKS = {True: "pass", False: "FAIL", None: "not measured"}


@dataclass(frozen=True, slots=True)
class Threshold:
    """Limits of one number."""

    low: float | None = None
    high: float | None = None
    unit: str = ""
    strict: bool = False  # must be above `low`, not at it

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.low is None:
            return f"at most {self.high:g}{unit}"
        if self.high is None:
            return f"{'above' if self.strict else 'at least'} {self.low:g}{unit}"
        return f"{self.low:g} to {self.high:g}{unit}"

    def met(self, value: float | None) -> bool | None:
        """Return whether a value passes; None if there is none."""
        if value is None:
            return None
        if self.low is not None and (value < self.low or (self.strict and value == self.low)):
            return False
        return self.high is None or value <= self.high


MOVING = {  # of the clip at rest, of worlds that move
    "still_psnr": Threshold(low=30.0, unit="dB"),  # as on return: what stands still does not drift
    "motion_gain": Threshold(low=0.0, unit="dB", strict=True),  # a frozen picture has 0 or less
    "seam_ratio": Threshold(high=1.5),
}
OVERALL = {
    "round_trip": Threshold(low=33.0, unit="dB"),
    "drift": Threshold(high=0.10),  # of the last turn of DRIFT_MINUTES from the first
}
DRIFT_LINES = {  # score -> words, unit
    "drift": ("drift", "largest change"),
    "gradient_ratio": ("detail", "of the first turn's"),
    "contrast_ratio": ("contrast", "of the first turn's"),
    "saturation_ratio": ("saturation", "of the first turn's"),
}
REST_LINES = {  # score -> words, unit
    "still_psnr_db": ("still parts", "dB"),
    "moving_psnr_db": ("moving parts", "dB"),
    "motion_gain_db": ("gained by moving", "dB"),
    "seam_ratio": ("change where blocks meet", "of that within"),
}


def verdicts(
    bars: Mapping[str, Threshold], values: Mapping[str, float | None]
) -> dict[str, dict[str, Any]]:
    """Return value, bar and whether it is met, of every bar."""
    return {
        name: {"value": values[name], "bar": str(bar), "met": bar.met(values[name])}
        for name, bar in bars.items()
    }


def verdict_lines(bars: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for every bar of a result."""
    for name, bar in bars.items():
        value = "-" if bar["value"] is None else f"{bar['value']:.2f}"
        yield f"  {name:28}{value:>8}   {bar['bar']:22}{MARKS[bar['met']]}"


def verdicts_of(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the verdicts of a result of `evaluation.quality.pocket`."""
    bars, drift = dict(OVERALL), result["drift"]
    lasted = result["settings"]["drift_minutes"] >= DRIFT_MINUTES
    values = {
        "round_trip": result["round_trip_db"],
        "drift": mean_or_none(drift["drift"]) if drift and lasted else None,
    }
    for name, bar in MOVING.items() if "rest" in result else ():
        key = name if name in result["rest"] else f"{name}_db"
        bars[f"{name}.rest"], values[f"{name}.rest"] = bar, mean_or_none(result["rest"][key])
    return verdicts(bars, values)


def mean_or_none(score: dict[str, Any] | None) -> float | None:
    """Return the mean of a score with its interval; None if there is none."""
    return None if score is None else score["mean"]


def table(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the report for people."""
    if rest := result.get("rest"):
        yield "\nat rest before a given view, against the renderer at the same time"
        for name, (label, unit) in REST_LINES.items():
            yield f"  {label:26}{_score_line(rest[name], unit)}"
    if drift := result["drift"]:
        minutes, clips = result["settings"]["drift_minutes"], drift["clips"]
        yield f"\naround and around for {minutes:g} min, from the prompt alone (clips: {clips})"
        for name, (label, unit) in DRIFT_LINES.items():
            yield f"  {label:26}{_score_line(drift[name], unit)}"
    yield "\nbars"
    yield from verdict_lines(result["bars"])


def _score_line(score: dict[str, Any] | None, unit: str) -> str:
    if score is None:
        return "no such part"
    return f"{score['mean']:6.2f} [{score['low']:.2f}, {score['high']:.2f}] {unit}"
