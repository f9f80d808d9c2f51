"""Rounded rectangles, put together from the corners of a small one; our own fonts."""

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


@pytest.mark.parametrize("bold", [False, True])
def test_the_font_is_our_own_and_has_every_sign_that_the_game_draws(bold):
    with window((640, 400), "test"):
        font = theme._font(20, bold)
        assert font.bold == bold
        assert None not in font.metrics(
            "Aa09 äéß → … · ° ± \N{MULTIPLICATION SIGN} \N{RIGHT SINGLE QUOTATION MARK}"
        )
