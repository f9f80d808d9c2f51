"""What tests of faults share: processes, each a fork of one that has imported."""

from multiprocessing.context import BaseContext

import pytest

from tests.forks import CAN_FORK, FORKS


@pytest.fixture(scope="session")
def forks() -> BaseContext:
    """Return what starts processes; see `tests.forks`."""
    if not CAN_FORK:
        pytest.skip("needs forks")
    return FORKS
