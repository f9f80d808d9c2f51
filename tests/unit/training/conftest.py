"""What tests of training share: panoramas, drawn once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mag_sandbox.training.pocket.data import panorama_set
from tests.unit.training.together import PANORAMAS


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Path:
    """Return a folder of panoramas."""
    folder = tmp_path_factory.mktemp("drawn")
    panorama_set(folder, PANORAMAS)
    return folder


@pytest.fixture(scope="session")
def with_panoramas(drawn) -> Callable[[Path], Path]:
    """Return what lets a folder have them, too; returns the folder."""

    def with_panoramas(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for path in drawn.iterdir():
            if not (folder / path.name).exists():
                (folder / path.name).symlink_to(path)
        return folder

    return with_panoramas
