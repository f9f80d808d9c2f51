"""The expectations of a demo: measures, comparisons, and how they are written."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mag_sandbox.files.validation import quoted
from mag_sandbox.files.yaml_files import nearest, shown

MEASURES = {  # what can be expected → what it is
    "recall": "how much of what could come back did [%], at every probe",
    "psnr": "likeness of then and now [dB], at every probe",
    "ssim": "structural likeness of then and now, at every probe",
    "lead": "lead in recall of the first of `compare` over the best other [percentage points]",
    "memory_mib": "most memory kept at any time [MiB]",
    "fps": "frames a second of generation",
    "frames": "frames made",
}
OF_ANCHOR = ("recall", "psnr", "ssim")  # measures that may name an anchor
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_COMPARISON = re.compile(r"\s*(>=|<=|>|<)\s*(-?[0-9]{1,9}(?:\.[0-9]{1,6})?)\s*")


@dataclass(frozen=True, slots=True)
class Expectation:
    """A required value of a measure."""

    measure: str  # of MEASURES
    anchor: str | None  # None: of every probe
    comparison: str  # "<", ">", "<=", ">="
    bound: float

    @property
    def name(self) -> str:
        """The name in a demo and in a result."""
        return f"{self.measure} {self.anchor}" if self.anchor else self.measure

    def holds(self, value: float) -> bool:
        """Return whether a value is as expected."""
        return _OPERATORS[self.comparison](value, self.bound)

    def __str__(self) -> str:
        return f"{self.name} {self.comparison} {self.bound:g}"


def parse_expectation(
    name: str, value: object, probed: Sequence[str], *, compared: bool
) -> Expectation:
    """Read one line of `expect`.

    A name is a measure, for some of them with an anchor: "recall a"; a value is a comparison: ">=
    80".

    Raises:
        ValueError: it is invalid for this script.
    """
    measure, _, anchor = name.partition(" ")
    if measure not in MEASURES:
        known, guess = ", ".join(MEASURES), nearest(measure, tuple(MEASURES))
        raise ValueError(f'unknown measure "{quoted(name)}"{guess}; known: {known}')
    if anchor and (measure not in OF_ANCHOR or anchor not in probed):
        known = ", ".join(probed) or "none"
        raise ValueError(f'expect "{quoted(name)}": the script has no probe of it; probed: {known}')
    if measure in (*OF_ANCHOR, "lead") and not probed:
        raise ValueError(f"expect {name}: the script has no probe; add a line such as `probe a`")
    if measure == "lead" and not compared:
        raise ValueError('expect lead: nothing is compared; add "compare: mag-retrieve, window"')
    match = _COMPARISON.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{name} is {shown(value)}, expected a comparison such as ">= 80"')
    return Expectation(measure, anchor or None, match[1], float(match[2]))
