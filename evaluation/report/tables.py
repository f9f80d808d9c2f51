"""What a report's tables say, cell by cell, whether they become a page or text."""

from collections.abc import Sequence
from dataclasses import dataclass

from mag_sandbox.evaluation.report.charts import Bar, bars_of
from mag_sandbox.evaluation.results.intervals import FEWEST

MODES = {
    "history": "history context",
    "truth": "ground truth",
    "image": "invented, the first view given",
    "prompt": "invented from the caption alone",
}
MEANS = {  # what a mode asks
    "history": "Three quarters of a clip are given as the renderer draws them; memory takes what "
    "the world makes of the rest.",
    "truth": "The same, but after every block memory takes the truth instead.",
    "image": "Everything but the first view is invented; the way back is compared with the "
    "world's own way out.",
    "prompt": "The first view is invented, too.",
}
REST = "at rest before a given view"
REST_MEANS = (
    "The camera stands still for four seconds before a given view, and only time goes on. What the "
    "world makes is compared with the renderer's pictures of the same time."
)
REST_COLUMNS = (
    "pose_psnr_db", "still_psnr_db", "moving_psnr_db", "motion_gain_db", "seam_ratio",
)  # fmt: skip
MOVING_NOTE = (
    "Of worlds that move the truth is that of the same time. Recall, its floor and ceiling, "
    "half-life and drift rest on what the renderer knows to stand still: beside a truth on all of "
    "it, of what is invented on what the given view shows. Where everything is invented from a "
    "caption nothing is known, and whole frames count, at rest if the world says how they are then."
)
COLUMNS = {  # of the tables: score -> heading, digits
    "psnr_db": ("PSNR", 2),
    "ssim": ("SSIM", 2),
    "lpips": ("LPIPS", 2),
    "pose_psnr_db": ("PSNR at equal pose", 2),
    "pose_ssim": ("SSIM there", 2),
    "still_psnr_db": ("of still parts", 2),
    "moving_psnr_db": ("of moving parts", 2),
    "motion_gain_db": ("gained by moving, dB", 2),
    "seam_ratio": ("seams", 2),
    "recall_percent": ("recall, %", 0),
    "half_life_s": ("half-life, s", 1),
    "drift_db": ("drift, dB", 1),
    "compression": ("compression", 1),
    "block_ms": ("a block, ms", 0),
    "motion_ratio": ("motion", 2),
}
MEANINGS = {  # of the columns, for who reads the page alone
    "psnr_db": "of every made frame and its best match among the true ones, as in MAG-Bench",
    "ssim": "of the same pairs; 1 is equal",
    "lpips": "of the same pairs, lower is better; only with its weights",
    "pose_psnr_db": "PSNR of frames of the same instant: the camera stands exactly where it stood",
    "pose_ssim": "SSIM of the same frames",
    "still_psnr_db": "PSNR of the same frames over pixels that the renderer knows to stand still",
    "moving_psnr_db": "PSNR of the same frames over pixels that move at some time",
    "motion_gain_db": "PSNR over moving pixels less that against the scene stopped when the last "
    "frame was given: above 0 it moves as it should, a frozen picture has 0 or less",
    "seam_ratio": "change of moving pixels from frame to frame where blocks meet, of that within "
    "blocks: 1 shows no seam",
    "recall_percent": "where PSNR at equal pose lies between views that share nothing (0) and the "
    "truth after the autoencoder (100)",
    "half_life_s": "time away at which recall falls to one half",
    "drift_db": "PSNR at equal pose of the last 15% of frames less that of the first 15%",
    "compression": "bytes of all frames kept whole, by bytes that memory holds",
    "block_ms": "time of making a block, median of the second half: only rows of one run, on one "
    "quiet machine, can be compared",
    "motion_ratio": "change from frame to frame, of that of the truth: 0 stands still",
}
PAPER = ("psnr_db", "ssim", "lpips")  # columns that are there even where ours are empty
FIXED = ("compression",)  # follows from the policy: it has no interval


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    said: str
    interval: str = ""
    note: str = ""
    verdict: str = ""  # "better", "worse", "noise": against the first row
    apart: str = ""  # by how much, or "noise"
    told: str = ""  # what the verdict rests on


def headline(data: dict) -> str:
    """Return what a report is about, in a sentence or two."""
    clips = sum(row["clips"] for row in data["rows"])
    refused = sum(row["refused"] for row in data["rows"])
    seconds = sum(row["seconds"] for row in data["rows"])
    said = f"{clips} records in {len(data['rows'])} rows"
    if refused:
        said += f"; {refused} refused, because the picture does not move as commanded"
    said += f". Measuring took {seconds / 60:.0f} minutes"
    return f"{said}. Intervals are 95%, by bootstrap over clips; under them what " \
        "lies between a row and the first one on equal clips: noise if the interval holds 0 or " \
        f"rests on fewer than {FEWEST} clips."  # fmt: skip


def rows_of(data: dict, mode: str) -> list[dict]:
    """Return the rows of a mode."""
    return [row for row in data["rows"] if row["row"].get("mode") == mode]


def compared(data: dict) -> list[dict]:
    """Return the rows whose way back is compared."""
    return [row for row in data["rows"] if row["row"].get("mode") in MODES]


def curved(rows: Sequence[dict]) -> list[dict]:
    """Return the rows that say how recall changes with time away."""
    return [row for row in rows if len(row["curve"]) > 1]


@dataclass(frozen=True, slots=True)
class Section:
    """A table with all that stands around it."""

    title: str
    means: str
    rows: Sequence[dict]
    columns: Sequence[str]
    cited: Sequence[dict] = ()
    notes: Sequence[str] = ()
    bars: Sequence[Bar] = ()

    @property
    def folders(self) -> int:
        """From how many folders the rows are."""
        return len({row["folder"] for row in self.rows})


def sections(data: dict) -> list[Section]:
    """Return the tables of all modes that were measured, and that of clips at rest."""
    found = []
    for mode, title in MODES.items():
        if not (rows := rows_of(data, mode)):
            continue
        cited = [one for one in data["cited"]["mag_bench"] if one["mode"] == mode]
        scored = [(row["label"], row["scores"].get("psnr_db")) for row in rows]
        bars = bars_of(
            [(label, score) for label, score in scored if score],
            [(one["method"], one["psnr_db"]) for one in cited],
        )
        told = notes(rows) if cited else notes(rows)[1:]
        columns = column_names(rows)
        found.append(Section(f"Return: {title}", MEANS[mode], rows, columns, cited, told, bars))
    if rested := rows_of(data, "rest"):
        columns = [name for name in REST_COLUMNS if any(row["scores"].get(name) for row in rested)]
        found.append(Section(REST.capitalize(), REST_MEANS, rested, columns))
    return found


def columns_of(some: Sequence[Section]) -> list[str]:
    """Return the columns of tables, each once."""
    return list(dict.fromkeys(name for section in some for name in section.columns))


def column_names(rows: Sequence[dict]) -> list[str]:
    """Return the columns that some row fills, and the paper's."""
    return [
        name
        for name in COLUMNS
        if name in PAPER
        or any(row["scores"].get(name) for row in rows)
        or (name == "half_life_s" and any(row["half_life_s"] for row in rows))
    ]


def cited_cell(one: dict, name: str) -> str:
    """Return what a cited row says in a column."""
    return f"{one[name]:.{COLUMNS[name][1]}f}" if name in one else ""


def cell(row: dict, name: str) -> Cell:
    """Return what a row says in a column."""
    digits = COLUMNS[name][1]
    if name == "half_life_s":
        life = row["half_life_s"]
        return Cell(f"{life:.{digits}f}" if life else "not reached")
    score = row["scores"].get(name)
    if not score:
        return Cell("-")
    said = f"{score['mean']:.{digits}f}"
    note = _note(row, name)
    if name in FIXED:
        return Cell(said, note=note)
    interval = f"{score['low']:.{digits}f} to {score['high']:.{digits}f}"
    interval = interval if score["clips"] > 1 else ""
    apart = (row["against"] or {}).get(name)
    if not apart:
        return Cell(said, interval, note)
    verdict = apart["verdict"]
    by = verdict if verdict == "noise" else f"{apart['mean']:+.{digits}f}"
    told = f"against {row['against']['label']}, {apart['clips']} equal clips"
    return Cell(said, interval, note, verdict, by, told)


PROMPT_HEADING = ("named", "found", "found in the renderer's", "pictures")


def prompted(rows: Sequence[dict]) -> list[dict]:
    """Return the rows of captions that were asked for alone."""
    return [row for row in rows if row["bench"] == "prompts"]


def prompt_rows(row: dict) -> list[tuple[str, str, str, str]]:
    """Return (thing, share, on the renderer's pictures, pictures) of a row of prompts, in words."""
    return [
        (
            name.replace(".", ": ").replace("_", " "),
            f"{score['mean']:.0%} [{score['low']:.0%}, {score['high']:.0%}]",
            f"{row['renders'][name]:.0%}",
            str(score["clips"]),
        )
        for name, score in sorted(row["scores"].items())
        if score
    ]


def notes(rows: Sequence[dict]) -> list[str]:
    """Return what is to be known of a table with cited rows."""
    if not rows:
        return []
    said = [
        "Cited rows are the paper's own, of a full-size world on the 176 clips of MAG-Bench: to be "
        "read beside ours, not against them, unless the clips are the same."
    ]
    distances = sorted({name for row in rows for name in row["distances"]})
    if not any("LPIPS" in name for name in distances):
        used = ", ".join(distances).capitalize()
        said.append(f"LPIPS is not measured: its weights were not given. {used} found the matches.")
    if any(row["scores"].get("still_psnr_db") for row in rows):
        said.append(MOVING_NOTE)
    return said


def _note(row: dict, name: str) -> str:
    means = {other: score["mean"] for other, score in row["scores"].items() if score}
    if name == "recall_percent" and {"floor_db", "ceiling_db"} <= means.keys():
        return f"of {means['floor_db']:.1f} to {means['ceiling_db']:.1f} dB"
    if name == "compression" and "memory_mib" in means:
        return f"{means['memory_mib']:.1f} MiB"
    return ""
