"""The figures of the bench beside the aims for this kind of processor."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

Numbers = dict[str, Any]
COMMON, AMX = "common processor (VNNI, no AMX)", "processor with AMX"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    name: str
    value: Callable[[Numbers], float | None]
    part: str  # of the bench, at whose beginning a core's speed was measured
    common: float  # aim
    amx: float  # aim
    unit: str = ""
    at_most: bool = False  # the aim is an upper limit

    def row(self, numbers: Numbers) -> list[str]:
        """Return the cells of the line."""
        value = self.value(numbers)
        speed = numbers["core_gflops"][self.part]
        aims = [f"{aim:g}{self.unit}" for aim in (self.common, self.amx)]
        return [
            self.name,
            "none" if value is None else f"{value:.3g}{self.unit}",
            f"{speed}",
            *aims,
        ]

    def misses(self, numbers: Numbers, aim: float) -> bool:
        """Tell whether a figure is worse than an aim, as it is printed."""
        value = self.value(numbers)
        if value is None:
            return False
        shown = float(f"{value:.3g}")
        return shown > aim if self.at_most else shown < aim


FIGURES = (
    Figure("paced frames a second", lambda n: n["fps"], "paced", 16.0, 16.0),
    Figure("late blocks", lambda n: 100 * n["late_share"], "paced", 1.0, 0.0, " %", at_most=True),
    Figure("unpaced frames a second over new ground, in the window", lambda n: n["fps_in_window"],
           "window", 30.0, 80.0),
    Figure("paced frames a second while walking", lambda n: n["fps_walking"], "window",
           16.0, 16.0),
    Figure("unpaced frames a second while walking, in the window",
           lambda n: n["fps_walking_unpaced"], "window", 20.0, 45.0),
    Figure("paced frames a second while running", lambda n: n["fps_running"], "window",
           16.0, 16.0),
    Figure("key to the frame that answers, p50", lambda n: n["latency_ms"]["p50"], "paced",
           250.0, 200.0, " ms", at_most=True),
    Figure("process start to title", lambda n: n["title_s"], "start", 1.0, 1.0, " s",
           at_most=True),
    Figure("process start to first block", lambda n: n["first_frame_s"], "start", 3.0, 3.0, " s",
           at_most=True),
    Figure("between displayed frames, p95", lambda n: n["glass_ms"]["p95"], "paced",
           20.0, 18.0, " ms", at_most=True),
)  # fmt: skip


def column_of(features: Collection[str]) -> str:
    """Return which column a processor with these features belongs to; "": none, it lacks VNNI."""
    if any(name.startswith("amx_tile") for name in features):
        return AMX
    return COMMON if {"avx512_vnni", "avx_vnni", "asimddp"} & set(features) else ""


def table(numbers: Numbers, features: Collection[str]) -> str:
    """Return the figures as a table, and which of its aims are for this processor."""
    head = ["figure", "here", "fp32 GFLOP/s a core", COMMON, AMX]
    lines = [head, ["---"] * len(head), *(figure.row(numbers) for figure in FIGURES)]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    column = column_of(features)
    if not column:
        return (
            f"{text}\nthis processor has no VNNI: "
            "of the aims, 16 paced frames a second without late blocks count"
        )
    missed = [
        figure.name
        for figure in FIGURES
        if figure.misses(numbers, figure.amx if column == AMX else figure.common)
    ]
    return f"{text}\nthis is a {column}; missed: {', '.join(missed) or 'none'}"
