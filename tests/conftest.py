"""Shared by all tests: no test opens a real window or makes a sound unless it starts its own."""

import gc
import os

from hypothesis import settings

gc.disable()  # until all is imported
settings.register_profile("shared machine", deadline=None)  # time is not what is tested
settings.load_profile("shared machine")

os.environ["SDL_VIDEODRIVER"] = "dummy"  # before anything imports pygame
os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")


def pytest_collection_modifyitems(items: list) -> None:
    """What takes long begins first, so that at the end no process waits for the other."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """Libraries stay; nobody needs to look through their million objects for garbage again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)  # new objects until it looks again; 700 by default
    gc.enable()
