"""Panoramas that move: still pictures stay, time 0 is one, and only what may move does."""

import hashlib
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest

from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, Canvas, Motion, MovingLayer
from mag_sandbox.renderer.version2 import moving
from mag_sandbox.renderer.version2.moving import (
    LAST,
    SPLIT,
    WALK_REACH,
    MovingPanorama,
    moment,
    moment_at,
    pack,
    render_moving,
    ring,
    split_row,
    still,
    walk_offset,
)
from mag_sandbox.renderer.version2.render import paint_scene, render
from mag_sandbox.renderer.views import view, view_at

TURN = int(RING_WIDTH / moving.CLOUD_SPEED)  # frames until clouds are back; all else divides it
# of pictures drawn before anything could move; rooms: since their walls differ
DIGESTS = {
    ("indoor", 3): "ead689af4416e013",
    ("indoor", 17): "01b523429c686d46",
    ("indoor", 1000005): "954776f454c89b14",
    ("outdoor", 3): "e51c3a8c28b3d2dd",
    ("outdoor", 17): "898e6c9ae1148471",
    ("outdoor", 1000005): "46b61a69b51e9976",
    ("object", 3): "2f0ff70de8107a9a",
    ("object", 17): "bae4454a1db97c42",
    ("object", 1000005): "f8c584ad44376c6a",
    ("video game", 3): "7f35b3778e9b7c12",
    ("video game", 17): "3abea3d54a9a78b1",
    ("video game", 1000005): "d9e8da9c3e919d8e",
}
# deer, river, clouds; boats on the sea; lava in the rain; a fire; a lamp; a bat; clouds, a ghost
SCENES = (
    ("outdoor", 3),
    ("outdoor", 64),
    ("outdoor", 7),
    ("indoor", 4),
    ("object", 3),
    ("video game", 7),
    ("video game", 35),
)


@pytest.fixture(scope="module")
def scenes() -> list[MovingPanorama]:
    return [render_moving(category, seed) for category, seed in SCENES]


def _differences(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    differences = np.maximum(first, second) - np.minimum(first, second)
    return reduce(np.maximum, np.moveaxis(differences, 2, 0))  # faster than the most of an axis


def digest_of(pixels: np.ndarray) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()[:16]


def test_still_pictures_are_what_they_were():
    for (category, seed), digest in DIGESTS.items():
        assert digest_of(render(category, seed).pixels) == digest, (category, seed)


def test_at_time_0_it_is_the_still_picture(scenes):
    for scene in scenes:
        panorama = render(scene.category, scene.seed)
        assert scene.attributes == panorama.attributes
        assert scene.caption(5) == panorama.caption(5)
        differences = _differences(ring(scene.layers, 0), panorama.pixels)
        assert differences.mean() < 0.05, (scene.category, scene.seed)
        assert (differences > 8).mean() < 0.001, (scene.category, scene.seed)


def test_is_the_same_in_every_call(scenes):
    again = render_moving(*SCENES[0])
    assert np.array_equal(again.layers, scenes[0].layers)
    assert np.array_equal(ring(again.layers, 77), ring(scenes[0].layers, 77))


def test_everything_is_back_after_a_turn_of_the_clouds(scenes):
    for scene in scenes:
        for time in (0, 37):
            assert np.array_equal(ring(scene.layers, time), ring(scene.layers, time + TURN))
    clouds = scenes[0].layers
    assert (_differences(ring(clouds, 0), ring(clouds, TURN / 2)) > 8).mean() > 0.02


def test_still_pixels_never_change(scenes):
    times = np.random.default_rng(0).uniform(0, TURN, 6)
    for scene in scenes:
        stays, first = still(scene.layers), ring(scene.layers, 0)
        for time in times:
            assert np.array_equal(ring(scene.layers, time)[stays], first[stays])


def test_what_is_not_still_changes_somewhere(scenes):
    for scene in scenes:
        first, changed = ring(scene.layers, 0), np.zeros((RING_HEIGHT, RING_WIDTH), bool)
        moves = ~still(scene.layers)
        for time in (8, 16, 24, 40, 96, *range(TURN // 2, TURN, 200), *range(200, TURN // 2, 200)):
            changed |= _differences(ring(scene.layers, time), first) > 0
            if changed[moves].mean() > 0.9:
                break
        else:
            pytest.fail(f"{scene.category} {scene.seed} stands still where it should not")


def test_most_of_indoor_and_object_pictures_stands_still():
    for category in ("indoor", "object"):
        shares = [still(render_moving(category, seed).layers).mean() for seed in range(4)]
        assert np.mean(shares) > 0.75
        assert min(shares) < 1  # lamps


def test_motion_is_small_from_frame_to_frame_but_there(scenes):
    for scene in scenes:
        frames = [ring(scene.layers, time) for time in range(40, 45)]
        changes = [_differences(a, b).mean() for a, b in pairwise(frames)]
        assert min(changes) > 0, (scene.category, scene.seed)
        assert max(changes) < 1.5, (scene.category, scene.seed)


def test_views_wrap_around_and_are_parts_of_the_ring(scenes):
    for scene in scenes:
        for time in (0, 21, 130.5):
            whole = ring(scene.layers, time)
            for left, top in ((-100, 0), (1200, 96), (2500, 192), (300, 50)):
                assert np.array_equal(moment(scene.layers, left, top, time), view(whole, left, top))


def test_poses_and_zooms_show_what_the_ring_shows(scenes):
    for scene in scenes[:2]:
        whole = ring(scene.layers, 21)
        for pose in ((10.0, 0.0, 90.0), (3.3, 27.0, 90.0), (-7.7, -26.9, 90.0), (200.1, 9.0, 61.3)):
            seen = moment_at(scene.layers, *pose[:2], 21, pose[2])
            assert _differences(seen, view_at(whole, *pose)).max() <= 1


def test_nothing_on_a_layer_is_cut_off_at_the_split():
    for category in ("outdoor", "video game"):
        for seed in range(12):
            shapes = paint_scene(category, seed)[1].shapes
            clouds, walkers = (
                [shape.box for shape in shapes if shape.context.layer is layer]
                for layer in (MovingLayer.CLOUDS, MovingLayer.WALKERS)
            )
            assert all(bottom <= SPLIT for *_, bottom in clouds), (category, seed)
            assert all(bottom < LAST for *_, bottom in walkers), (category, seed)
            if clouds:
                assert all(top >= SPLIT + 3 for _, top, _, _ in walkers), (category, seed)


def test_walkers_start_where_they_stand():
    assert walk_offset(0) == (0.0, 0.0)
    assert walk_offset(moving.WALK_PERIOD / 4) == pytest.approx((WALK_REACH, 0.0))


class _Sketch:
    """A scene of one colour each: sky, a cloud, ground, a walker and a post before it."""

    SKY, CLOUD, GROUND = (60, 120, 200), (250, 250, 250), (90, 160, 80)
    WALKER, POST = (200, 40, 40), (20, 20, 20)

    def __init__(self) -> None:
        canvas = Canvas()
        with canvas.moving(Motion.SKY):
            canvas.gradient(0, RING_HEIGHT, self.SKY, self.SKY)
            with canvas.apart(MovingLayer.CLOUDS):
                canvas.rectangle(100, 40, 140, 60, self.CLOUD)
        canvas.rectangle(0, 200, RING_WIDTH, RING_HEIGHT, self.GROUND)
        canvas.rectangle(170, 30, 190, 220, self.POST)
        with canvas.apart(MovingLayer.WALKERS):
            canvas.rectangle(600, 260, 640, 300, self.WALKER)
        canvas.rectangle(644, 240, 650, 310, self.POST)
        self.layers = pack(canvas)

    def at(self, time: float, x: int, y: int) -> tuple[int, int, int]:
        return tuple(ring(self.layers, time)[y, x].tolist())


def test_clouds_drift_to_the_right_behind_what_is_not_sky():
    sketch = _Sketch()
    assert split_row(sketch.layers) == SPLIT
    assert sketch.at(0, 120, 50) == sketch.CLOUD
    assert sketch.at(240, 120, 50) == sketch.SKY
    assert sketch.at(240, 165, 50) == sketch.CLOUD
    assert sketch.at(240, 180, 50) == sketch.POST
    assert sketch.at(240, 195, 50) == sketch.CLOUD


def test_a_cloud_covers_half_a_pixel_between_two_frames():
    sketch = _Sketch()
    edge = sketch.at(2, 140, 50)
    assert edge == tuple((a + b + 1) // 2 for a, b in zip(sketch.SKY, sketch.CLOUD, strict=True))


def test_walkers_go_behind_what_was_drawn_after_them():
    sketch, far = _Sketch(), 32  # at the right end of their way
    assert sketch.at(0, 620, 280) == sketch.WALKER
    assert sketch.at(far, 605, 280) == sketch.GROUND
    assert sketch.at(far, 647, 280) == sketch.POST
    assert sketch.at(far, 652, 280) == sketch.WALKER
    stays = still(sketch.layers)
    assert stays[280, 647]
    assert not stays[280, 652]
    assert stays[280, 660]
