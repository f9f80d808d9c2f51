"""What tests of faults share: processes, each a fork of one that has imported."""

import multiprocessing

import pytest

from tests.faults import work


@pytest.fixture(scope="session")
def forks() -> multiprocessing.context.BaseContext:
    """Return what starts processes; importing takes longer than all that they do."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        pytest.skip("needs forks")
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([work.__name__])
    return forks
