"""Scenes crowded with what is painted badly."""

import numpy as np
import pytest

from mag_sandbox.renderer.indoors import TOPS
from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.render import category_of, lay_out
from mag_sandbox.training.imagination.crowds import CROWDS, CrowdedScene


@pytest.mark.parametrize("seed", [700_000, 700_001, 700_003])
def test_more_things_stand_in_a_scene_and_the_renderers_own_stay(seed):
    scene, own = CrowdedScene(seed), lay_out(category_of(seed), seed)
    assert scene.layout.items[: len(own.items)] == own.items
    more = scene.layout.items[len(own.items) :]
    assert len(more) >= 4
    assert {item.kind for item in more} <= {kind for kinds in CROWDS.values() for kind in kinds}
    assert all(scene.layout.items[item.support].kind in TOPS for item in more if item.support >= 0)
    again = CrowdedScene(seed)
    assert again.layout == scene.layout
    assert np.array_equal(again.ring().pixels, scene.ring().pixels)


def test_all_kinds_of_crowds_can_be_drawn():
    assert {kind for kinds in CROWDS.values() for kind in kinds} <= {*KINDS}
