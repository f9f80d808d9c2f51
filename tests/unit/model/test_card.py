"""Worlds and training on a card that is not there; in forks, since PyTorch keeps the device."""

import gc
import os
from inspect import signature
from pathlib import Path
from types import ModuleType

import pytest

from tests import card_plays, card_trains
from tests.tiny import tiny_networks
from tests.unit.training.together import forked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # s, when the machine has other work


def run_all(module: ModuleType, folder: Path) -> None:
    """Call every test of a module."""
    gc.disable()  # all ends with the process
    for name, test in list(vars(module).items()):
        if name.startswith("test_"):
            with pytest.MonkeyPatch.context() as patch:
                (folder / name).mkdir()
                given = {"monkeypatch": patch, "tmp_path": folder / name}
                test(**{name: given[name] for name in signature(test).parameters})


def test_all_keeps_to_its_card(tmp_path):
    tiny_networks()  # imports what takes long, which is then done for all tests

    def run_both() -> None:
        for module in (card_plays, card_trains):
            run_all(module, tmp_path)

    assert os.waitpid(forked(run_both), 0)[1] == 0, "see what it wrote"
