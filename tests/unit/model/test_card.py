"""Worlds and training on a card that is not there; in a process of its own: PyTorch keeps devices.

A fork would do only where nothing was trained before.
"""

import gc
import subprocess
import sys
from inspect import signature
from pathlib import Path
from types import ModuleType

import pytest

from tests import ROOT, card_plays, card_trains

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # s, when the machine has other work


def run_all(module: ModuleType, folder: Path) -> None:
    """Call every test of a module."""
    for name, test in list(vars(module).items()):
        if name.startswith("test_"):
            with pytest.MonkeyPatch.context() as patch:
                (folder / name).mkdir()
                given = {"monkeypatch": patch, "tmp_path": folder / name}
                test(**{name: given[name] for name in signature(test).parameters})


def test_all_keeps_to_its_card(tmp_path):
    subprocess.run([sys.executable, "-m", __name__, tmp_path], check=True, cwd=ROOT)


if __name__ == "__main__":
    gc.disable()  # all ends with the process
    for module in (card_plays, card_trains):
        run_all(module, Path(sys.argv[1]))
