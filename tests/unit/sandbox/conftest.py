"""What tests of whole games share."""

import pytest

from mag_sandbox.files.folders import HOME_VARIABLE
from tests.games import games


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Start games that keep what they keep in the folder `data`."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with games(tmp_path / "data") as start:
        yield start
