"""What tests of full-size worlds share: tiny weights of all of them, and a place for features."""

import pytest

from tests import tiny_full


@pytest.fixture(scope="module")
def repos(tmp_path_factory):
    """Return a folder of tiny weights, laid out as the public ones are."""
    folder = tmp_path_factory.mktemp("repos")
    tiny_full.write_repos(folder)
    return folder


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Return a folder where text features are kept from test to test."""
    return tmp_path_factory.mktemp("texts")
