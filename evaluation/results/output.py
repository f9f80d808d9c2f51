"""The output of a command: lines for people, and all numbers as JSON."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mag_sandbox.command_line import Say
from mag_sandbox.files.whole import replace_file


def make_places(*files: Path | None) -> None:
    """Make the folders of files that are written in the end: fails now and not after the work."""
    for file in filter(None, files):
        file.parent.mkdir(parents=True, exist_ok=True)


def tell(lines: Iterable[str], result: dict[str, Any], file: Path | None, say: Say) -> None:
    """Say a result in lines, and write all its numbers to a file if one is named."""
    for line in lines:
        say(line)
    if file is not None:
        replace_file(file, json.dumps(result, indent=1) + "\n")
