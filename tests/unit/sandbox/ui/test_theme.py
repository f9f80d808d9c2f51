"""Rounded rectangles: a large one is put together from the corners of a small one."""

import pygame
import pytest

from mag_sandbox.sandbox.ui import theme
from mag_sandbox.sandbox.ui.display import window


@pytest.mark.parametrize("size", [(300, 200), (37, 91), (41, 41), (13, 400), (1, 1)])
@pytest.mark.parametrize(("radius", "line"), [(0, 0), (8, 1), (20, 0)])
def test_put_together_it_is_as_drawn_at_once(size, radius, line):
    with window((640, 400), "test"):
        parts = theme._rounded(size, (30, 40, 50, 200), radius, line)
        whole = theme._smoothly_rounded(size, (30, 40, 50, 200), radius, line)
        assert pygame.image.tobytes(parts, "RGBA") == pygame.image.tobytes(whole, "RGBA")
