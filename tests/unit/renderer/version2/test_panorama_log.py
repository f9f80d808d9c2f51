"""The log of things: the same pictures, boxes where things are, classes that captions name."""

from collections import Counter

import numpy as np
import pytest

from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, Canvas
from mag_sandbox.renderer.drawing import OPAQUE
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.renderer.version2.classes import AREAS, CLASSES, LOOKS, UNNAMED, look
from mag_sandbox.renderer.version2.mentions import mentions, named_things
from mag_sandbox.renderer.version2.render import (
    CATEGORIES,
    LoggedPanorama,
    describe_scene,
    ids_of,
    paint_scene,
    render_logged,
    things_of,
)
from tests.unit.renderer.version2.test_panorama_moving import DIGESTS, digest_of

SEEDS = (3, 1_000_005)
CHANGED = 48  # levels; more than what a shadow or a halo changes


@pytest.fixture(scope="module")
def scenes() -> list[LoggedPanorama]:
    return [render_logged(category, seed) for category in CATEGORIES for seed in SEEDS]


def _in_box(thing: Thing) -> np.ndarray:
    """Which pixels a thing's box touches, bool [RING_HEIGHT, RING_WIDTH]."""
    columns = (np.arange(RING_WIDTH) + 1 - thing.left) % RING_WIDTH <= thing.width + 2
    rows = np.arange(RING_HEIGHT)
    return ((rows >= thing.top - 1) & (rows <= thing.top + thing.height))[:, None] & columns


def test_pictures_and_scenes_are_those_of_the_plain_renderer(scenes):
    for scene in scenes:
        plain = describe_scene(scene.category, scene.seed)
        assert digest_of(scene.pixels) == DIGESTS[scene.category, scene.seed]
        assert scene.attributes == plain.attributes
        assert scene.caption(4) == plain.caption(4)


def test_a_box_holds_what_changes_when_its_thing_is_left_out(scenes):
    rng = np.random.default_rng(0)
    for scene in scenes:
        seen = [thing for thing in scene.things if thing.area > 60 and not thing.is_area]
        for thing in rng.choice(np.array(seen, object), min(2, len(seen)), replace=False):
            _, canvas = paint_scene(scene.category, scene.seed)
            canvas.shapes = [one for one in canvas.shapes if one.context.thing != thing.index]
            changes = np.abs(canvas.pixels().astype(int) - scene.pixels).max(axis=2)
            assert (changes[scene.ids == thing.index] > 0).mean() > 0.7, thing
            assert _in_box(thing)[changes > CHANGED].all(), thing


def test_what_shows_a_thing_lies_in_its_box(scenes):
    for scene in scenes:
        for thing in scene.things:
            shown = scene.ids == thing.index
            assert shown.sum() == thing.area
            assert _in_box(thing)[shown].all(), thing


def test_colours_are_those_seen(scenes):
    for scene in scenes:
        for thing in scene.things[::5]:
            shown = scene.pixels[scene.ids == thing.index]
            assert np.abs(shown.mean(axis=0) - thing.mean_color).max() <= 0.5
            near = np.abs(shown.astype(int) - thing.main_color).max(axis=1) < 16
            assert near.any()


def test_every_class_is_in_the_table_and_most_are_drawn():
    drawn = set()
    for category in CATEGORIES:
        for seed in range(20):
            _, canvas = paint_scene(category, seed)
            drawn |= {look(thing.attribute, thing.value) for thing in canvas.things}
    assert drawn <= set(CLASSES)
    assert len(drawn) > 0.75 * len(CLASSES)
    assert set(CLASSES) >= AREAS


def test_counts_are_those_of_the_scenes(scenes):
    for scene in scenes:
        counts = Counter(thing.attribute for thing in scene.things)
        if scene.category == "indoor":
            assert counts["furniture"] == counts["third"] == counts["fourth"] == 1
            assert counts["second"] in (1, 2)
        elif scene.category == "object":
            assert counts["main"] == counts["second"] == 4
        elif scene.category == "video game":
            assert counts["platform"] == 8
        assert 5 < len(scene.things) < 300


def test_things_are_those_that_the_attributes_tell(scenes):
    for scene in scenes:
        for thing in scene.things:
            if thing.nameable:
                assert thing.name == look(thing.attribute, scene.attributes[thing.attribute])
            else:
                assert thing.name in LOOKS[UNNAMED].values()


def test_what_captions_name_is_logged(scenes):
    for scene in scenes:
        attributes = {thing.attribute for thing in scene.things}
        for index in range(6):
            caption = scene.caption(index)
            for attribute in LOOKS.keys() & scene.attributes.keys():
                # levels and rooms may have the value "none"; a named sky needs no thing in it
                if mentions(caption, scene, attribute) and attribute != "weather":
                    assert attribute in attributes, (caption, attribute)
            for thing in named_things(caption, scene):
                assert mentions(caption, scene, thing.attribute)


def test_a_thing_across_the_seam_is_one():
    canvas = Canvas()
    with canvas.thing("rocks", "few", "red", variant=2):
        canvas.rectangle(RING_WIDTH - 10, 50, RING_WIDTH + 30, 70, (200, 20, 20))
        canvas.ellipse(0, 300, 90, 320, (0, 0, 0, OPAQUE - 1))  # a shadow
    with canvas.thing("rocks", "few"):
        canvas.rectangle(-6, 60, 4, 66, (20, 200, 20))
    canvas.rectangle(-6, 60, 4, 66, (20, 20, 20))  # hides it
    canvas.turn(100)
    ids = ids_of(canvas)
    (thing,) = things_of(canvas, ids, canvas.pixels())
    assert (thing.left, thing.top, thing.width, thing.height) == (90, 50, 40, 20)
    assert (thing.name, thing.color_name, thing.variant) == ("rock", "red", 2)
    assert thing.area == 40 * 20 - 10 * 6
    assert thing.main_color == thing.mean_color == (200, 20, 20)
    assert (thing.yaw, thing.pitch) == pytest.approx((110 * 0.28125, 132 * 0.28125))
    assert (ids[50:70, 90:130] == thing.index).mean() == pytest.approx(740 / 800)


def test_what_runs_around_the_ring_is_logged_part_by_part():
    canvas = Canvas()
    with canvas.thing("relief", "mountains"):
        canvas.rectangle(0, 180, RING_WIDTH, 200, (90, 90, 90))
        for left in (100, 500):
            with canvas.part():
                canvas.rectangle(left, 100, left + 200, 180, (120, 120, 120))
    with canvas.part():  # of nothing
        canvas.rectangle(0, 300, 40, 320, (20, 200, 20))
    land, *peaks = things_of(canvas, ids_of(canvas), canvas.pixels())
    assert (land.width, land.area) == (RING_WIDTH, RING_WIDTH * 20)
    assert [(peak.left, peak.top, peak.width) for peak in peaks] == [
        (100, 100, 200),
        (500, 100, 200),
    ]
    assert {thing.name for thing in (land, *peaks)} == {"mountains"}


def test_no_mountain_is_as_wide_as_the_ring():
    scenes = (describe_scene("outdoor", seed) for seed in range(99))
    seed = next(scene.seed for scene in scenes if scene.attributes["relief"] == "mountains")
    peaks = [one for one in render_logged("outdoor", seed).things if one.name == "mountains"]
    assert len(peaks) > 8
    assert max(one.width for one in peaks) < RING_WIDTH / 3
