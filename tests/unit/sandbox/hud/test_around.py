"""What is around as a list: what was placed, and what the map of what was seen shows for sure."""

from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.controls.edits import Edit
from mag_sandbox.sandbox.hud.around import _patches, around_lines, things_around
from mag_sandbox.sandbox.hud.seen import HEIGHT, SCALE, TOP, WIDTH, SeenRing
from mag_sandbox.scenes.things import COLORS
from mag_sandbox.training.panorama.render import render_logged

NOTHING = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
TENT = Edit("place", 350.0, -3.0, 20.0, 12.0, "tent", COLORS["red"])


@pytest.fixture(scope="module")
def place():
    """A drawn place, its map, and what is in it."""
    drawn = render_logged("indoor", 1_000_003)
    pixels = drawn.pixels[::2, ::2].copy()
    return np.roll(pixels, WIDTH // 2, axis=1), drawn.things


def test_things_of_a_drawn_place_are_found_where_they_are(place):
    ring, things = place
    assert ring.shape == (HEIGHT, WIDTH, 3)
    found = things_around(ring, np.ones((HEIGHT, WIDTH), bool), None)
    assert len(found) >= 3
    right = [
        any(thing.name == one.kind and abs((thing.yaw - one.yaw + 180) % 360 - 180) < 25
            for thing in things)
        for one in found
    ]  # fmt: skip
    assert np.mean(right) >= 0.7, found
    assert all(type(one.yaw) is float for one in found)


def test_what_was_not_seen_is_not_listed(place):
    ring, _ = place
    seen = np.zeros((HEIGHT, WIDTH), bool)
    assert things_around(ring, seen, None) == ()
    seen[:, WIDTH // 2 :] = True
    assert all(one.yaw < 180 + one.width for one in things_around(ring, seen, None))


def test_what_the_player_placed_is_listed_as_it_is_known(monkeypatch):
    monkeypatch.setattr("mag_sandbox.sandbox.hud.around._found", lambda ring, seen: [])
    (tent,) = things_around(NOTHING, np.zeros(()), Mock(placed=(TENT,), planned=None))
    assert tent.words(CameraPose()) == "red tent, 10° left, placed by you"
    assert tent.words(CameraPose(350.0, -27.0)) == "red tent, ahead, 24° up, placed by you"
    assert around_lines([], CameraPose()) == ["nothing that has a name was seen yet"]


def test_what_the_world_planned_is_listed_where_it_was_seen_and_no_network_looks():
    sofa = replace(TENT, kind="sofa", color=None, yaw=90.0)
    behind = replace(sofa, kind="bed", yaw=180.0)
    covered = replace(sofa, kind="mug", yaw=351.0, width=4.9, height=4.9)
    coin = replace(sofa, kind="coin", pitch=20.0, width=3.0)
    seen = np.ones((HEIGHT, WIDTH), bool)
    seen[:, :9] = False
    block = Mock(placed=(TENT,), planned=(behind, coin, sofa, covered))
    listed = things_around(NOTHING, seen, block)
    assert [(one.kind, one.color, one.yaw, one.placed) for one in listed] == [
        ("tent", "red", 350.0, True),
        ("sofa", "", 90.0, False),
    ]


def test_cells_of_one_name_are_one_thing_also_across_the_seam():
    names = np.zeros((4, 8), int)
    names[1, [0, 1, 7]] = 5
    names[2, 7] = 5
    names[3, 3] = 5
    names[0, 0] = 6
    sizes = sorted(len(patch) for patch in _patches(names))
    assert sizes == [1, 1, 4]
    wide = max(_patches(names), key=len)
    assert max(c for _, c in wide) - min(c for _, c in wide) == 2


def test_a_changed_place_is_unseen_until_it_is_looked_at_again():
    ring = SeenRing()
    ring.seen[:] = 1
    ring._forget(TENT)
    rows, columns = np.nonzero(~ring.is_seen)
    assert (columns.min() / SCALE, columns.max() / SCALE) == pytest.approx((160, 180), abs=1)
    assert ((TOP - rows.max() / SCALE), TOP - rows.min() / SCALE) == pytest.approx((-9, 3), abs=1)
