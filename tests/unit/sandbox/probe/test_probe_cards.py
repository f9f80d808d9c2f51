"""A wipe between then and now is large and fits, whatever the window and the pictures are."""

import numpy as np
import pytest

from mag_sandbox.sandbox.probe.probe_cards import WipeCard
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import Theme
from tests.unit.sandbox.screens.test_probes_screen import result


@pytest.mark.parametrize("size", [(480, 300), (1280, 720), (3840, 2160)])
@pytest.mark.parametrize("pixels", [(192, 320), (192, 120), (60, 320)])
def test_a_wipe_is_large_and_fits(size, pixels):
    then, now = (np.full((*pixels, 3), level, np.uint8) for level in (40, 200))
    with window(size, "test") as surface:
        card = WipeCard(Theme(size), result(1, then=then, now=now), size).at(0.5)
        assert surface.get_rect().contains(card.get_rect())
        shares = [a / b for a, b in zip(card.get_size(), size, strict=True)]
        assert max(shares) > 0.6
        middle = card.get_height() // 3
        assert card.get_at((card.get_width() // 2 - 20, middle))[0] < 100, "then on the left"
        assert card.get_at((card.get_width() // 2 + 20, middle))[0] > 150
