"""Things are shown drawn again a known number of blocks after their ground is."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Surroundings
from mag_sandbox.model.pocket.painting.drawing_again import (
    BLOCKS_TO_DRAW,
    DrawingAgain,
    GroundThings,
)
from mag_sandbox.model.pocket.painting.painting_thread import PaintingThread
from tests.patience import PATIENCE

TREE = PlacedObject("tree", 10.0, 0.0, 8.0, 20.0)
NOTHING = Surroundings.unknown(4, 8, 2)


def ground(columns: int, *things: PlacedObject) -> GroundThings:
    known = np.zeros_like(NOTHING.known)
    known[:, :columns] = True
    return GroundThings(Surroundings(known, np.where(known, np.float32(1), 0)[None]), things)


@pytest.fixture
def thread():
    made = PaintingThread()
    yield made
    made.close()


def test_ground_is_shown_drawn_again_so_many_blocks_later(thread):
    drawn, goes_on = list[GroundThings](), Event()

    def draw(one: GroundThings) -> None:
        goes_on.wait(PATIENCE)
        drawn.append(one)

    drawing, first, second = DrawingAgain(thread, draw), ground(2, TREE), ground(4, TREE)
    drawing.follow(first, 10)
    drawing.follow(second, 11)  # others wait until this is shown
    due = 10 + BLOCKS_TO_DRAW
    assert not drawing.take(due - 1)
    assert not drawing.is_late(due - 1)
    assert drawing.is_late(due)
    goes_on.set()
    assert drawing.take(due)
    assert drawn == [first]
    assert drawing.shown is first
    assert not drawing.is_late(due)
    drawing.follow(first, due)
    assert not drawing.take(due + BLOCKS_TO_DRAW), "it is done"
    drawing.follow(second, due)
    assert drawing.take(due + BLOCKS_TO_DRAW)
    assert drawing.shown is second


def test_what_is_seen_first_is_shown_at_once(thread):
    drawing = DrawingAgain(thread, lambda _ground: None)
    drawing.follow(ground(2), 0)
    drawing.show(ground(3))
    assert not drawing.take(100), "the older one is not wanted any more"
    drawing.follow(ground(3), 1)
    assert not drawing.take(100)


@pytest.mark.parametrize("things", [(TREE,), (replace(TREE, yaw=50.0),)])
def test_a_snapshot_leaves_out_what_present_ground_shows_too(thread, things):
    drawing, now = DrawingAgain(thread, lambda _ground: None), ground(6, TREE)
    drawing.show(ground(6, TREE))
    drawing.follow(ground(4, *things), 7)
    tensors, told = drawing.snapshot(now)
    assert list(tensors) == ["drawn 1 known"]
    assert [one["due"] for one in told] == [0, 7 + BLOCKS_TO_DRAW]
    assert [one["things"] is None for one in told] == [True, things == (TREE,)]
    changed = now._replace(around=Surroundings(now.around.known, 2 * now.around.latents))
    assert "drawn 0 latents" in drawing.snapshot(changed)[0]
