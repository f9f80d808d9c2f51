"""Walks through scenes: what is carried over, and what figures say of painters."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from mag_sandbox.controls.parallax import RingGeometry
from mag_sandbox.evaluation.imagination.viewpoints import (
    HEIGHT,
    TOP,
    WIDTH,
    Route,
    ScenePainter,
    measured,
    parallax_errors,
    route,
)
from mag_sandbox.evaluation.options import ViewpointOptions
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.render import Ring
from mag_sandbox.renderer.viewpoints import is_free


@cache
def way(steps: int = 4) -> Route:
    """Return a way through the first outdoor scene."""
    return route(ViewpointOptions(scenes=1, steps=steps, step=0.3), 1)


def test_things_that_older_weights_do_not_know_are_not_in_the_plan():
    ring, seen = way().rings[0], []
    behind = dict.fromkeys(band.plan_entry[0] for band in bands_of(ring))
    oldest = ring.things[0].plan_entry[0]
    config = SimpleNamespace(looks=(*behind, oldest), all_behind=behind)
    painter = ScenePainter(SimpleNamespace(config=config), None, seen.append)
    kinds = {thing.kind for thing in painter.scenery(ring).plan(0.0, 0.0)}
    assert kinds == {*behind, oldest}
    assert kinds < {*behind, *(thing.plan_entry[0] for thing in ring.things)}


class _Fake:
    """Paints what the renderer draws, as many levels brighter with every picture."""

    def __init__(self, way: Route, brighter: int = 0) -> None:
        self.way, self.brighter, self.painted_so_far = way, brighter, 0

    def coded(self, picture: np.ndarray) -> np.ndarray:
        return picture

    layered = ScenePainter.layered
    imagination = SimpleNamespace(
        owners=lambda _things: np.full((RING_HEIGHT, RING_WIDTH), -1, np.int32), close_ups=None
    )

    def scenery(self, _ring: Ring) -> Scenery:
        return Scenery.of((), {}, ())

    def geometry(self, _scenery: Scenery, x: float, z: float) -> RingGeometry:
        return self.way.truth[self.way.places.index((x, z))]

    def painted(
        self, _caption: str, _things, _seed: int, _yaw: float, _seen=None, viewpoint=(0.0, 0.0)
    ) -> np.ndarray:
        # the first picture of the walk that is invented, then the others of both walks
        steps = len(self.way.rings) - 1
        stop = (self.painted_so_far - 1) % steps + 1 if self.painted_so_far else 0
        self.painted_so_far += 1
        assert viewpoint == self.way.places[stop]
        drawn = self.way.rings[stop].pixels[TOP : TOP + HEIGHT, self.way.columns]
        return (
            (drawn.astype(int) + self.brighter * self.painted_so_far).clip(0, 255).astype(np.uint8)
        )


def test_a_route_leads_ahead_and_back_past_all_things():
    places = way().places
    assert places == [*places[:3], places[1], places[0]]
    assert all(is_free(way().scene.layout, *place) for place in places)
    x, z = places[2]
    assert np.degrees(np.arctan2(x, z)) % 360 == pytest.approx(way().yaw)
    assert way().render(0).shape == (HEIGHT, WIDTH, 3)


def test_a_painter_that_draws_what_is_there_is_as_steady_as_the_renderer():
    figures, walks = measured(way(steps=2), _Fake(way(steps=2)))
    for kind in ("given", "invented"):
        assert figures[kind]["change"] == pytest.approx(1.0)
        assert figures[kind]["detail"] == figures[kind]["sharpness"] == 1.0
    assert figures["given"]["return_db"] == figures["given"]["seen_db"] == 60
    assert figures["plan"] == {"parallax_px": 0.0, "parallax_p90_px": 0.0}, "nothing is planned"
    assert figures["layered"]["return_db"] > 40
    assert [len(walk.pictures) for walk in walks] == [3, 3, 3, 3]


def test_a_look_that_drifts_is_found():
    figures, _ = measured(way(steps=2), _Fake(way(steps=2), brighter=16))
    assert figures["given"]["change"] > 1.2
    assert figures["given"]["return_db"] < 20
    assert figures["given"]["seen_db"] < figures["given"]["return_db"] + 10


def test_what_no_view_showed_is_not_carried_over():
    seen = way().carried([way().render(0)], [0], way().truth)
    known = seen[TOP : TOP + HEIGHT, way().columns][..., 3] > 0
    assert 0.5 < known.mean() < 1
    behind = (way().columns + 640) % 1280
    assert not seen[:, behind][..., 3].any()


@pytest.mark.parametrize("bad", [{"steps": 3}, {"scenes": 0}, {"step": 2.0}])
def test_impossible_walks_are_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        ViewpointOptions(**bad)


def test_parallax_errors_are_those_of_things_of_the_same_look():
    things = [thing for thing in way().rings[2].things if thing.shown and thing.degrees[0] < 100]
    plan = [PlacedObject(*thing.plan_entry) for thing in things]
    assert max(parallax_errors(way(), plan)) == pytest.approx(0.0, abs=1e-6)
    turned = [replace(thing, yaw=(thing.yaw + 0.5) % 360) for thing in plan]
    assert 0 < np.median(parallax_errors(way(), turned)) <= 0.5 * 1280 / 360 + 1e-6
