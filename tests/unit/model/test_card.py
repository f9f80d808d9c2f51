"""Worlds on a card that is not there, in another process: PyTorch keeps such a device for good."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_worlds_keep_to_their_card():
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/card_plays.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
