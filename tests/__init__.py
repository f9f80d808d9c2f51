"""Tests of all packages; `tests/unit` has the same rooms as the code."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
