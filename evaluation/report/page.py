"""A report as one HTML page: no script, font or file lies beside it."""

import json
from pathlib import Path
from typing import Any

from mag_sandbox.command_line import Say
from mag_sandbox.evaluation.options import ReportOptions
from mag_sandbox.evaluation.report import data as report
from mag_sandbox.evaluation.results.markdown import templates
from mag_sandbox.files.pictures import jpeg_address, read_picture
from mag_sandbox.files.whole import replace_file

QUALITY = 88  # of JPEG


def run_report(options: ReportOptions, say: Say) -> None:
    """Write the page, and beside it the same as JSON."""
    data = report.report_data(options.folders)
    html = options.html or options.folders[0] / "report.html"
    html.parent.mkdir(parents=True, exist_ok=True)
    text = page(data)
    for row in data["rows"]:  # the page holds the pictures; their folders are private
        for one in (*row["pictures"]["best"], *row["pictures"]["worst"]):
            one["path"] = Path(one["path"]).name
    for path, content in ((html, text), (html.with_suffix(".json"), json.dumps(data, indent=1))):
        replace_file(path, content + "\n")
        say(str(path))


def page(data: dict[str, Any]) -> str:
    """Return the HTML page of `report_data`."""
    template = templates("report", html=True).get_template("page.html")
    return template.render(
        data=data,
        report=report,
        sections=report.sections(data),
        picture=_data_address,
        made=_made(data),
    )


def _made(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    made = {"this report": data["made"]}
    for part in data["folders"]:
        made[f"{part['folder']}: settings"] = part["settings"]
        for number, run in enumerate(part["runs"], 1):
            made[f"{part['folder']}: run {number}"] = run
    return made


def _data_address(path: str) -> str:
    return jpeg_address(read_picture(Path(path)), QUALITY)
