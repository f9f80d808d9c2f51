"""The close look: squares around things, the scenes it learns from, and its answers."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.evaluation.judge import close_training
from mag_sandbox.evaluation.judge.close_look import (
    NETWORK,
    SIDE,
    WORDS,
    CloseLook,
    Namer,
    ThingBox,
    square_around,
)
from mag_sandbox.evaluation.judge.close_training import (
    FIRST_SEED,
    FITTING,
    KEPT,
    Squares,
    draw_squares,
    fit_namer,
    looked_at,
    measured,
)
from mag_sandbox.evaluation.judge.judge import Judge, full_vocabulary, shape_for
from mag_sandbox.evaluation.judge.mixing import exchanged, mixed
from mag_sandbox.evaluation.judge.segmenter import Segmenter
from mag_sandbox.evaluation.judge.training import fit
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.render import SceneRenderer, category_of, lay_out, render

VOCABULARY = full_vocabulary()
SMALL = replace(shape_for(VOCABULARY), widths=(8, 16, 16, 16), blocks=1)


def look(shape=SMALL) -> CloseLook:
    torch.manual_seed(0)
    return CloseLook(Namer(Segmenter(shape)), VOCABULARY)


def test_a_square_has_its_thing_in_the_middle_also_at_an_edge():
    picture = np.zeros((96, 160, 3), np.uint8)
    picture[30:50, 100:120] = 255
    square = square_around(picture, ThingBox("sofa", 100, 30, 20, 20))
    assert square.shape == (SIDE, SIDE, 3)
    middle, around = square[16:48, 16:48], square[:6]
    assert middle.min() > 200 > 50 > around.max()
    picture[:20, :20] = 255
    cut = square_around(picture, ThingBox("sofa", -20, -20, 40, 40))
    assert cut[:40, :40].min() > 200  # the outermost pixels continue
    assert square_around(picture, ThingBox("key", 300, 300, 1, 2)).shape == (SIDE, SIDE, 3)


def test_mixed_scenes_have_more_things_and_can_be_drawn():
    layout = lay_out("indoor", 3)
    more = mixed(layout, np.random.default_rng(0), 20, 20)
    assert more.items[: len(layout.items)] == layout.items
    assert len(layout.items) + 10 < len(more.items) <= len(layout.items) + 20
    assert {one.entry.where for one in more.items} >= {"floor", "wall"}
    ring = SceneRenderer(more).ring()
    added = {item.kind for item in more.items[len(layout.items) :]}
    assert len(added & {thing.name for thing in ring.things}) > 5
    outdoors = mixed(lay_out("outdoor", 3), np.random.default_rng(0), 30, 30)
    own = len(lay_out("outdoor", 3).items)
    assert not {one.entry.where for one in outdoors.items[own:]} & {"wall", "ceiling"}


def test_exchanged_things_are_others_in_the_same_places():
    layout = mixed(lay_out("outdoor", 5), np.random.default_rng(1), 20, 20)
    others, gone = exchanged(layout, np.random.default_rng(2), 1.0)
    assert gone
    for number, (one, other) in enumerate(zip(layout.items, others.items, strict=True)):
        assert (one.x, one.z, one.foot) == (other.x, other.z, other.foot)
        assert (one.kind != other.kind) == (number in gone)
        assert KINDS[one.kind].where == KINDS[other.kind].where
    assert exchanged(layout, np.random.default_rng(2), 0.0) == (layout, set())


def test_it_learns_from_things_of_rings(monkeypatch):
    monkeypatch.setattr(close_training, "MIXED", 0.0)
    squares = draw_squares(2, VOCABULARY, lambda ring: ring, lambda line: None)
    ring = render(category_of(FIRST_SEED), FIRST_SEED)
    for square, thing in zip(squares.pixels, looked_at(ring), strict=False):
        if max(thing.width, thing.height) > 20 and thing.area > thing.width * thing.height / 2:
            middle = square[28:44, 28:44].reshape(-1, 3).astype(int)
            apart = np.abs(middle - np.array(thing.mean_color)).sum(axis=1)
            assert np.median(apart) < 200
    assert squares.pixels.shape == (len(squares), KEPT, KEPT, 3)
    assert len(squares) > 20
    assert (squares.names > 0).all()


def test_a_few_squares_are_learned(monkeypatch):
    monkeypatch.setattr(close_training, "MIXED", 0.0)
    monkeypatch.setattr(close_training, "fit", lambda *of, every: fit(*of, every=10))
    squares = draw_squares(1, VOCABULARY, lambda ring: ring, lambda line: None)
    some = np.arange(8)
    few = Squares(*(each[some] for each in (
        squares.pixels, squares.names, squares.colors, np.ones(len(squares)))))  # fmt: skip
    lines: list[str] = []
    fit_namer(
        few,
        Judge(Segmenter(SMALL), VOCABULARY),
        replace(FITTING, steps=30, batch=4),
        lines.append,
    )
    losses = [float(line.split()[-1]) for line in lines]
    assert losses[-1] < 0.8 * losses[0]


def test_shares_are_measured_of_what_is_there_and_of_what_is_not(monkeypatch):
    monkeypatch.setattr(close_training, "SURE", 0.0)
    shares = measured(look(), 2, lambda ring: ring)
    assert set(shares.values()) == {1.0}
    assert {"found, of its place", "found, of any kind"} <= shares.keys()
    assert {"false, another thing", "false, another scene"} <= shares.keys()


def test_a_thing_is_as_likely_in_the_mirror():
    square = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    (names, colors), (mirrored, others) = look().answers([square, square[:, ::-1]])
    assert names == pytest.approx(mirrored, abs=1e-5)
    assert colors == pytest.approx(others, abs=1e-5)
    assert names.sum() == pytest.approx(1.0, abs=1e-5)


def test_weights_are_read_after_a_place_was_added(tmp_path):
    fewer = replace(shape_for(VOCABULARY), values=(4, 3))
    CloseLook(Namer(Segmenter(fewer)), VOCABULARY).save(tmp_path, {})
    assert CloseLook.load(tmp_path).network.segmenter.shape == fewer
    CloseLook.load()  # those that are shipped


def test_weights_are_read_back_and_damaged_ones_are_refused(tmp_path):
    own = look(shape_for(VOCABULARY))
    own.save(tmp_path, {"steps": 1})
    frame = np.random.default_rng(0).integers(0, 255, (192, 320, 3), np.uint8)
    boxes = [ThingBox("sofa", 10, 20, 60, 40), ThingBox("cat", 300, 20, 60, 40)]
    looked = CloseLook.load(tmp_path).looked(frame, boxes)
    for one, mine, box in zip(looked, own.looked(frame, boxes), boxes, strict=True):
        assert one.sureness == pytest.approx(mine.sureness, rel=0.2)
        assert one.colors <= {*KINDS[box.kind].colors}
    assert own.looked(frame, []) == []
    words = json.loads((tmp_path / WORDS).read_text())
    (tmp_path / WORDS).write_text(json.dumps({**words, "classes": words["classes"][:5]}))
    with pytest.raises(MissingWeights, match="train-judge"):
        CloseLook.load(tmp_path)
    (tmp_path / WORDS).write_text(json.dumps(words))
    (tmp_path / NETWORK).write_bytes(b"nothing")
    with pytest.raises(MissingWeights, match="cannot be read"):
        CloseLook.load(tmp_path)
