"""What is seen from a second viewpoint of what the first one showed."""

import numpy as np
import pytest

from mag_sandbox.controls.parallax import carried
from mag_sandbox.renderer.render import CATEGORIES, SceneRenderer, lay_out
from mag_sandbox.renderer.viewpoints import geometry, is_free, near_viewpoint, viewpoint


def walked(category: str, there: tuple[float, float]):
    scene = SceneRenderer(lay_out(category, 12))
    before, now = scene.ring(), scene.ring(*there)
    return now, carried(geometry(scene, before), geometry(scene, now), before.pixels, there)


@pytest.mark.parametrize("category", CATEGORIES)
def test_most_of_it_is_known_and_looks_as_the_renderer_draws_it(category):
    now, found = walked(category, (0.3, 0.4))
    known = found[..., 3] == 255
    assert known.mean() > 0.8
    error = np.abs(found[..., :3].astype(int) - now.pixels)[known]
    assert np.median(error) <= 2
    still = np.abs(SceneRenderer(lay_out(category, 12)).ring().pixels.astype(int) - now.pixels)
    assert error.mean() < 0.5 * still[known].mean()  # what is not moved is far worse


def test_without_a_step_everything_is_known_but_the_edges_of_what_stands():
    now, found = walked("indoor", (0.0, 0.0))
    known = found[..., 3] == 255
    assert known.mean() > 0.95
    assert np.abs(found[..., :3].astype(int) - now.pixels)[known].max() <= 1


def test_what_was_hidden_is_not_known():
    _, found = walked("object", (0.9, 0.0))
    assert 0.005 < (found[..., 3] == 0).mean() < 0.3


def test_viewpoints_are_free(seeds=range(40)):
    for seed in seeds:
        layout = lay_out("indoor", seed)
        x, z = viewpoint(layout, np.random.default_rng(seed))
        assert layout.room.left < x < layout.room.right
        assert layout.room.back < z < layout.room.front
        assert 0.1 < np.hypot(x, z) < 2.6


def test_near_viewpoints_are_free_and_many_are_as_near_to_something_as_one_can_be(seeds=range(20)):
    at_end = 0
    for seed in seeds:
        layout = lay_out("indoor", seed)
        x, z = near_viewpoint(layout, np.random.default_rng(seed))
        assert is_free(layout, x, z)
        yaws = np.arange(16) * np.pi / 8
        beside = [(x + 0.15 * np.sin(yaw), z + 0.15 * np.cos(yaw)) for yaw in yaws]
        at_end += not all(is_free(layout, *place) for place in beside)
    assert at_end > len(seeds) / 3


def test_what_the_first_picture_did_not_show_is_not_known():
    scene = SceneRenderer(lay_out("outdoor", 12))
    ring = scene.ring()
    shown = np.zeros(ring.ids.shape, bool)
    shown[:, 300:600] = True
    where = geometry(scene, ring)
    found = carried(where, where, ring.pixels, (0.0, 0.0), shown)[..., 3] > 0
    assert found[:, 302:598].mean() > 0.9
    assert not found[:, :299].any()
    assert not found[:, 601:].any()
