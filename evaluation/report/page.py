"""A report as one HTML page that needs nothing else: no script, no font, no file beside it."""

import base64
import io
from pathlib import Path

from jinja2 import Environment, PackageLoader
from PIL import Image

from mag_sandbox.evaluation.report import tables
from mag_sandbox.evaluation.report.charts import Bar, bars_of, line_chart

QUALITY = 88  # of JPEG


def templates(*, html: bool) -> Environment:
    """Return the templates of reports; in those of HTML every word of a result is escaped."""
    loader = PackageLoader("mag_sandbox.evaluation", "report")
    return Environment(loader=loader, autoescape=html, trim_blocks=True, lstrip_blocks=True)


def page(data: dict) -> str:
    """Return the page of `report_data`."""
    return (
        templates(html=True)
        .get_template("page.html")
        .render(
            data=data,
            tables=tables,
            sections=tables.sections(data),
            curves=line_chart(
                [(_line_name(row), row["curve"]) for row in tables.curved(data["rows"])]
            ),
            compression=_compression(data),
            picture=_data_address,
            made=_made(data),
        )
    )


def _line_name(row: dict) -> str:
    of = row["row"]
    return ", ".join(filter(None, (of.get("memory", row["label"]), of.get("mode"), of.get("away"))))


def _compression(data: dict) -> list[Bar]:
    """Return how well was remembered what the truth was fed into, by how much was kept of it."""
    scored = [
        (row, row["scores"]["compression"]["mean"])
        for row in tables.rows_of(data, "truth")
        if row["scores"].get("compression") and row["scores"].get("pose_psnr_db")
    ]
    values = [
        (f"{row['label']}: {times:.1f} times", row["scores"]["pose_psnr_db"])
        for row, times in sorted(scored, key=lambda one: one[1])
    ]
    cited = [
        (f"memory model, blocks of {one['ratio']}", one["psnr_db"])
        for one in data["cited"]["compression"]
    ]
    return bars_of(values, cited if values else [])


def _made(data: dict) -> dict[str, dict]:
    """Return what is known of how the results were made, by what it is."""
    made = {"this report": data["made"]}
    for part in data["folders"]:
        made[f"{part['folder']}: settings"] = part["settings"]
        for number, run in enumerate(part["runs"], 1):
            made[f"{part['folder']}: run {number}"] = run
    return made


def _data_address(path: str) -> str:
    """Return a picture as JPEG, good enough for eyes and a fifth of the bytes."""
    kept = io.BytesIO()
    with Image.open(Path(path)) as picture:
        picture.convert("RGB").save(kept, "JPEG", quality=QUALITY, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(kept.getvalue()).decode()}"
