"""The reader lists the things whose middles it sees, with edges told by distances."""

import numpy as np
import pytest
import torch

from mag_sandbox.model.imagination.objects import PlacedObject, together
from mag_sandbox.model.imagination.reading import reader as reader_module
from mag_sandbox.model.imagination.reading.reader import FINER, UNIT, Details, Reader, log_distance
from tests.unit.model.imagination.tiny import KINDS, TINY, imagination, networks

PLACES = 4 * FINER, 6 * FINER


def reading(monkeypatch: pytest.MonkeyPatch, found: dict[tuple[int, int, int], list[float]]):
    """Return what is read where the network finds things: (kind, row, column): its distances."""
    reader = networks().reader.eval()
    logits = torch.full((1, TINY.reader.kinds, *PLACES), -9.0)
    for kind, row, column in found:
        logits[0, kind, row, column] = 3.0
    looks = torch.zeros(1, TINY.reader.fine, *PLACES)
    monkeypatch.setattr(Reader, "forward", lambda *_: (logits, looks))

    def details(_self, _looks, kinds):
        edges = log_distance(torch.tensor(list(found.values())))
        count = len(kinds)
        colors, variants = torch.full((count, 6), 0.5), torch.zeros(count, 8)
        return Details(edges, colors, -torch.arange(count).float(), variants)

    monkeypatch.setattr(Reader, "details", details)
    return reader.read(torch.zeros(1, 3, 4, 6), KINDS)


def test_a_thing_that_the_edge_cuts_reaches_beyond_it(monkeypatch):
    height, width = PLACES
    (tree,) = reading(monkeypatch, {(1, height // 2, width - 1): [3.0, 20.0, 4.0, 8.0]})
    right = (width / 2 - 0.5) * UNIT + 20
    assert tree.kind == "tree"
    assert tree.yaw + tree.width / 2 == pytest.approx(right, abs=0.01)
    assert (tree.width, tree.height) == pytest.approx((23, 12), abs=0.01)
    assert tree.pitch == pytest.approx(-0.5 * UNIT + (4 - 8) / 2, abs=0.01)
    assert tree.color == (128, 128, 128)


def test_the_same_thing_is_listed_once_and_what_stands_before_it_too(monkeypatch):
    wide, small = [9.0, 9.0, 5.0, 5.0], [4.0, 4.0, 3.0, 3.0]
    found = {(1, 3, 4): wide, (1, 3, 6): wide, (0, 3, 5): small}
    assert sorted(thing.kind for thing in reading(monkeypatch, found)) == ["tent", "tree"]


def test_what_is_taken_for_two_kinds_is_the_likelier_one(monkeypatch):
    wide = [9.0, 9.0, 5.0, 5.0]
    assert len(reading(monkeypatch, {(1, 3, 4): wide, (0, 3, 4): wide})) == 1


def test_what_no_scene_has_beside_a_likelier_thing_is_not_listed(monkeypatch):
    found = {(1, 3, 2): [4.0, 4.0, 3.0, 3.0], (0, 3, 9): [4.0, 4.0, 3.0, 3.0]}
    assert len(reading(monkeypatch, found)) == 2
    monkeypatch.setattr(reader_module, "rivals", lambda kind: {"tent", "tree"} - {kind})
    assert len(reading(monkeypatch, found)) == 1


def test_what_is_wider_than_any_thing_goes_all_around(monkeypatch):
    (band,) = reading(monkeypatch, {(0, 2, 2): [150.0, 150.0, 5.0, 5.0]})
    assert band.width == 360.0


def test_a_thing_in_a_box_is_of_a_kind_that_comes_into_question():
    name = networks().reader.eval().namer(torch.zeros(1, 3, 4, 6), KINDS, ["tent"])
    for box in ((-9.0, 4.0, 12.0, 40.0), (10.0, 10.0, 0.2, 0.2)):
        assert name(box, 4.0).kind == "tent"


def test_only_a_level_view_that_is_known_is_read():
    made = imagination()
    assert made.read(made.nothing()) == []
    place = made.lattice.place(made.lattice.nearest(made.lattice.around(made.lattice.whole)))
    around = made.nothing().learned(place, np.zeros((3, place.rows, place.columns), np.float32))
    assert {thing.kind for thing in made.read(around)} <= set(KINDS)


def test_two_lists_become_one_that_keeps_the_order_of_both():
    near, far = (
        [PlacedObject(kind, float(yaw), 0.0, 1.0, 1.0) for yaw in range(count)]
        for kind, count in (("tree", 4), ("tent", 2))
    )
    both = together(near, far)
    assert [thing for thing in both if thing.kind == "tree"] == near
    assert [thing for thing in both if thing.kind == "tent"] == far
    assert [thing.kind for thing in both] == ["tree", "tent", "tree", "tree", "tent", "tree"]
