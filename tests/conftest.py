"""Shared by all tests: no test opens a real window or makes a sound unless it starts its own."""

import os

from hypothesis import settings

settings.register_profile("shared machine", deadline=None)  # time is not what is tested
settings.load_profile("shared machine")

os.environ["SDL_VIDEODRIVER"] = "dummy"  # before anything imports pygame
os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
