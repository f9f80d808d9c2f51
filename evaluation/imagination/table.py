"""The bars of imagination and the table people read. Knows nothing of how to measure."""

from collections.abc import Iterator

from mag_sandbox.evaluation.bench.thresholds import MARKS, Threshold

BARS: dict[str, Threshold] = {
    "objects_found": Threshold(low=0.85),
    "frechet_ratio": Threshold(high=3.0),
    "precision": Threshold(low=0.7),
    "recall": Threshold(low=0.5),
    "attributes": Threshold(low=0.95),
    "opposite_views": Threshold(low=-0.5, high=0.5, unit="dB"),
    "detail": Threshold(low=0.9, high=1.1),
}
GROUPS = {
    "first": "first views",
    "prompt": "turned, from captions",
    "image": "turned, from pictures",
}
VIEWS = {"first": "first views", "around": "all around"}
ASKED = {
    "things": "things",
    "colors": "colours of found ones",
    "attributes": "attributes",
    "all": "all of it",
}
BESIDE = ("renders", "blurred", "chance")


def bars_of(result: dict) -> dict:
    """Return value, bar and whether it is met, of every bar; the worst of several values."""
    distance, first = result["distance"]["first"], result["first"]
    opposite = [one["excess_db"]["mean"] for one in result["round"].values()]
    details = [one["mean"] for one in result["detail"].values()]
    values = {
        "objects_found": _value(first["things"]["invented"]),
        "frechet_ratio": distance["ratio"],
        "precision": distance["precision"],
        "recall": distance["recall"],
        "attributes": _value(first["attributes"]["invented"]),
        "opposite_views": max(opposite, key=abs),
        "detail": max(details, key=lambda ratio: abs(ratio - 1)),
    }
    return {
        name: {"value": values[name], "bar": str(bar), "met": bar.met(values[name])}
        for name, bar in BARS.items()
    }


def lines_of(result: dict) -> Iterator[str]:
    """Yield the table, line by line."""
    yield f"{'there of what captions ask for':34}{'invented':>20}" + "".join(
        f"{name:>9}" for name in BESIDE
    )
    for view, words in VIEWS.items():
        for part, what in ASKED.items():
            row = result[view][part]
            beside = "".join(f"{_percent(row[name]):>9}" for name in BESIDE)
            yield f"{f'{what}, {words}':34}{_share(row['invented']):>20}{beside}"
    yield ""
    yield f"{'':34}" + "".join(f"{words:>24}" for words in GROUPS.values())
    for words, cell in _CELLS.items():
        yield f"{words:34}" + "".join(f"{cell(result, name):>24}" for name in GROUPS)
    yield ""
    for kind, one in result["round"].items():
        yield (
            f"{GROUPS[kind]}: opposite views {_signed(one['excess_db'])} dB more alike than the "
            f"renderer's; seam where the ring closes {one['closing_seam']['mean']:.1f}, others "
            f"{one['other_seams']['mean']:.1f}, renders {one['renders_seams']:.1f}; walls differ "
            f"by {one['variety']['mean']:.2f} of the renderer's"
        )
    apart = {name: _share(share) for name, share in result["apart"].items()}
    yield (
        f"told apart from renders, 50% is guessing: {apart['invented']}; "
        f"blurred {apart['blurred']}, other renders {apart['others']}"
    )
    details = (f"{name} {one['mean']:.2f}" for name, one in result["detail"].items())
    yield "detail, of the renderer's: " + ", ".join(details)
    yield ""
    for name, bar in result["bars"].items():
        value = "-" if bar["value"] is None else f"{bar['value']:.2f}"
        yield f"{name:20}{value:>8}   {bar['bar']:20}{MARKS[bar['met']]}"


def _frechet(result: dict, name: str) -> str:
    one = result["distance"][name]
    low, high = one["ratio_interval"]
    return f"{one['ratio']:.1f} ({low:.1f} to {high:.1f})"


def _area(result: dict, name: str) -> str:
    return _share(result["area"][name]["ratio"])


def _blurred_area(result: dict, name: str) -> str:
    area = result["area"][name]
    return f"{area['blurred'] / max(area['renders'], 1e-9):.0%}"


_CELLS = {
    "Frechet distance, of renders'": _frechet,
    "precision": lambda result, name: f"{result['distance'][name]['precision']:.2f}",
    "recall": lambda result, name: f"{result['distance'][name]['recall']:.2f}",
    "  precision of other renders": lambda result, name: (
        f"{result['distance'][name]['renders_precision']:.2f}"
    ),
    "  of renders redrawn: distance": lambda result, name: (
        f"{result['redrawn'][name]['ratio']:.1f}"
    ),
    "  precision, recall": lambda result, name: ", ".join(
        f"{result['redrawn'][name][part]:.2f}" for part in ("precision", "recall")
    ),
    "area of sure things, of renders'": _area,
    "  of blurred renders": _blurred_area,
}


def _value(share: dict | None) -> float | None:
    return None if share is None else share["mean"]


def _percent(share: dict | None) -> str:
    return "-" if share is None else f"{share['mean']:.0%}"


def _share(share: dict | None) -> str:
    if share is None:
        return "-"
    return f"{share['mean']:.0%} ({share['low']:.0%} to {share['high']:.0%})"


def _signed(interval: dict) -> str:
    return f"{interval['mean']:+.1f} ({interval['low']:+.1f} to {interval['high']:+.1f})"
