"""Shared by all tests: no test opens a real window or makes a sound unless it starts its own."""

import atexit
import gc
import os
import shutil
import sys
from collections.abc import Iterator
from tempfile import mkdtemp

import pytest
from hypothesis import settings

from tests.parallel import (  # noqa: F401
    import_together,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_runtestloop,
)

gc.disable()  # until all is imported
settings.register_profile(  # time is not what is tested, and other examples are tried each time
    "shared machine", deadline=None, max_examples=30
)
settings.load_profile("shared machine")

os.fsync = lambda file: None  # what tests write need not outlive a power cut
os.environ["SDL_VIDEODRIVER"] = "dummy"  # before anything imports pygame
os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
if "MAG_SANDBOX_CACHE" not in os.environ:  # graphs are compiled once for all test processes
    os.environ["MAG_SANDBOX_CACHE"] = mkdtemp(prefix="mag-sandbox-cache-")
    atexit.register(shutil.rmtree, os.environ["MAG_SANDBOX_CACHE"], ignore_errors=True)
if "XDG_CONFIG_HOME" not in os.environ:  # games save settings: not over a developer's own
    os.environ["XDG_CONFIG_HOME"] = mkdtemp(prefix="mag-sandbox-config-")
    atexit.register(shutil.rmtree, os.environ["XDG_CONFIG_HOME"], ignore_errors=True)


_freeze = gc.freeze
gc.freeze = gc.unfreeze = lambda: None  # every world that ends would have the libraries searched


def set_libraries_aside() -> None:
    """Keep the million objects of libraries out of all further garbage collections."""
    gc.collect()
    _freeze()


@pytest.fixture(autouse=True, scope="module")
def late_libraries() -> Iterator[None]:
    """Set aside what a file's tests have imported, too."""
    before = len(sys.modules)
    yield
    if len(sys.modules) > before + 50:
        set_libraries_aside()


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.workers > 1:
        import_together()
    _freeze()  # nothing was searched so far, and what imports leave behind is little
    gc.set_threshold(10_000)  # new objects until it looks again; 700 by default
    gc.enable()
