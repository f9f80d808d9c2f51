"""Pictures of several results are as large, whatever part of a view was compared."""

from types import SimpleNamespace

import numpy as np
import pytest

from mag_sandbox.sandbox.returns.probe_cards import SHAPE, captioned_pictures


@pytest.mark.parametrize("size", [(54, 90), (54, 60), (30, 90)])
def test_pictures_in_a_list_have_one_shape(size):
    picture = np.zeros((*size, 3), np.uint8)
    result = SimpleNamespace(then=picture, now=picture, difference=picture)
    for part in captioned_pictures(result, 120):
        height, width = part.content[0].pixels.shape[:2]
        assert height / width == pytest.approx(SHAPE, abs=0.02)
    assert captioned_pictures(result)[0].content[0].pixels.shape[:2] == size
