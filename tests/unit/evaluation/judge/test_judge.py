"""The judge of things: labels as the log says, what it learns, what it is given and gives back."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.evaluation.judge import labelled
from mag_sandbox.evaluation.judge.judge import (
    NETWORK,
    NOTHING,
    WORDS,
    Judge,
    JudgedView,
    JudgeVocabulary,
    full_vocabulary,
    shape_for,
)
from mag_sandbox.evaluation.judge.labelled import (
    STEP,
    UNKNOWN,
    LabelledRings,
    answers_of,
    cut_labelled,
    draw_labelled,
    labels_of,
    spoiled,
)
from mag_sandbox.evaluation.judge.segmenter import CELL, Segmenter
from mag_sandbox.evaluation.judge.training import FITTING, class_weights, fit_judge, save_measured
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.kinds import CLASSES
from mag_sandbox.renderer.render import CATEGORIES, render

WORDS_KNOWN = full_vocabulary()


def _untrained(vocabulary: JudgeVocabulary) -> Judge:
    torch.manual_seed(0)
    shape = replace(shape_for(vocabulary), widths=(4, 8, 8, 8), blocks=1)
    return Judge(Segmenter(shape), vocabulary)


@pytest.fixture(scope="module")
def rings() -> LabelledRings:
    return draw_labelled(0, 8, WORDS_KNOWN, lambda ring: ring, lambda line: None, spoil=False)


def test_the_vocabulary_has_words_for_all_that_is_drawn():
    assert WORDS_KNOWN.classes == CLASSES
    assert len(set(WORDS_KNOWN.colors)) == len(WORDS_KNOWN.colors)
    for place, category in enumerate(CATEGORIES):
        ring = render(category, 5)
        answers = answers_of(ring, WORDS_KNOWN.questions)
        assert answers[0] == place
        for question, answer in zip(WORDS_KNOWN.questions[1:], answers[1:], strict=True):
            value = ring.attributes.get(question.name)
            assert (answer == UNKNOWN) == (value not in question.values)
            assert answer == UNKNOWN or question.values[answer] == value
        for thing in ring.things:
            assert WORDS_KNOWN.name_index(thing.name) > NOTHING
            assert thing.color_name is None or thing.color_name in WORDS_KNOWN.colors


def test_labels_are_those_of_the_log():
    ring = render("video game", 7)
    names, colors = labels_of(ring, WORDS_KNOWN)
    assert names.shape == colors.shape == (RING_HEIGHT // STEP, RING_WIDTH // STEP)
    by_index = {thing.index: thing for thing in ring.things}
    for y, x in ((100, 30), (250, 700), (180, 1000), (270, 400)):
        index = ring.ids[y // STEP * STEP, x // STEP * STEP]
        name, color = names[y // STEP, x // STEP], colors[y // STEP, x // STEP]
        if index == 0:
            assert (name, color) == (NOTHING, UNKNOWN)
        else:
            thing = by_index[index]
            assert CLASSES[name - 1] == thing.name
            assert (color == UNKNOWN) == (thing.color_name is None)


def test_a_cell_is_named_by_its_middle(rings):
    rng = np.random.default_rng(0)
    cut = cut_labelled(rings, np.zeros(4, int), rng)
    rows, columns = cut.names.shape[1:]
    assert cut.views.shape[1:3] == (rows * CELL // 2, columns * CELL // 2)
    ring, half = rings.pixels[0], CELL // 2 // 2
    for view, names in zip(cut.views, cut.names, strict=True):
        # find where the view was cut, then compare a cell's middle with the grid of the ring
        places = [
            (top, left)
            for top in range(0, ring.shape[0] - view.shape[0] + 1, STEP // 2)
            for left in range(0, ring.shape[1], STEP // 2)
            if np.array_equal(view[0, 0], ring[top, left])
            and np.array_equal(
                view, ring[top : top + view.shape[0]][:, (left + np.arange(view.shape[1])) % 640]
            )
        ]
        assert any(
            names[5, 9]
            == rings.names[0, (top + 5 * 4 + half) // 2, (left + 9 * 4 + half) // 2 % 320]
            for top, left in places
        )


def test_spoiled_regions_change_and_nothing_else_does():
    ring = render("indoor", 3)
    pixels, where = spoiled(ring.pixels, np.random.default_rng(1))
    assert 0.02 < where.mean() < 0.9
    assert np.array_equal(pixels[~where], ring.pixels[~where])
    assert (pixels[where] != ring.pixels[where]).any(axis=1).mean() > 0.3


def test_what_is_spoiled_is_labelled_nothing(monkeypatch):
    monkeypatch.setattr(labelled, "SPOILED", 1.0)
    plain = draw_labelled(2, 1, WORDS_KNOWN, lambda ring: ring, lambda line: None, spoil=False)
    damaged = draw_labelled(2, 1, WORDS_KNOWN, lambda ring: ring, lambda line: None)
    changed = damaged.names != plain.names
    assert changed.any()
    assert set(np.unique(damaged.names[changed])) <= {NOTHING, UNKNOWN}
    assert (damaged.colors[changed] == UNKNOWN).all()


def test_rare_classes_count_more():
    names = np.array([0] * 1000 + [1] * 100 + [2] * 4 + [UNKNOWN], np.int16)
    weights = class_weights(names, 4)
    assert weights[0] < weights[1] < weights[2]
    assert weights[3] == 1  # never drawn


def test_it_learns(rings):
    fitting = replace(FITTING, steps=30, batch=2)
    lines: list[str] = []
    small = replace(shape_for(WORDS_KNOWN), widths=(8, 16, 16, 16), blocks=1)
    fit_judge(rings, WORDS_KNOWN, fitting, lines.append, small, every=5)
    losses = [float(line.split()[-1]) for line in lines]
    assert losses[-1] < 0.8 * losses[0]


def test_weights_are_read_back_as_they_were_measured(tmp_path, rings):
    judge = _untrained(WORDS_KNOWN)
    about = save_measured(tmp_path, judge, rings, FITTING, views=1)
    assert 0 <= about["cells_right"] <= 1
    again = Judge.load(tmp_path)
    measured = again.vocabulary.questions
    assert all(0 <= one.accuracy <= 1 for one in measured)
    assert replace(again.vocabulary, questions=judge.vocabulary.questions) == judge.vocabulary
    assert [one.values for one in measured] == [one.values for one in judge.vocabulary.questions]
    frames = np.random.default_rng(0).integers(0, 255, (3, 192, 320, 3), np.uint8)
    first, second = judge.look(frames), again.look(frames)
    assert np.array_equal(first.names, second.names)
    assert np.array_equal(first.answers, second.answers)
    assert np.allclose(first.features, second.features, atol=1e-5)


def test_damaged_weights_are_refused_in_one_sentence(tmp_path, rings):
    save_measured(tmp_path, _untrained(WORDS_KNOWN), rings, FITTING, views=1)
    words = json.loads((tmp_path / WORDS).read_text())
    (tmp_path / WORDS).write_text(json.dumps({**words, "classes": words["classes"][:5]}))
    with pytest.raises(MissingWeights, match="train-judge"):
        Judge.load(tmp_path)
    (tmp_path / NETWORK).write_bytes(b"nothing")
    with pytest.raises(MissingWeights, match="cannot be read"):
        Judge.load(tmp_path)


def test_what_it_is_not_sure_of_is_nothing():
    names, sureness = np.array([[[3, 3]]]), np.array([[[0.9, 0.4]]], np.float32)
    sight = JudgedView(names, sureness, names, *np.zeros((3, 1, 2)))
    assert sight.sure.tolist() == [[[3, 0]]]
    assert len(sight) == 1
