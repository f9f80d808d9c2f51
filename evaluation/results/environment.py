"""On what a measurement was made: commit, hardware, versions, time."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

_ROOT = Path(__file__).parents[1]
_PACKAGES = ("torch", "numpy", "av")


def environment(**more: object) -> dict[str, Any]:
    """Return plain JSON of the machine and the program, and whatever else is to be noted."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "accelerator": device,
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        **more,
    }


def commit() -> str | None:
    """Return the commit of this program, marked if files differ from it; None: not known."""
    try:
        hash_ = _git("rev-parse", "--short=12", "HEAD")
        return f"{hash_} with changes" if _git("status", "--porcelain", "-uno") else hash_
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()
