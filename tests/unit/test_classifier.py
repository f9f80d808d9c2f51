"""The judge of prompts: its vocabulary, its files, and what it makes of held-out renders."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from evaluation.classifier import (
    CATEGORY,
    CLASSIFIER_WEIGHTS,
    WEIGHTS,
    Classifier,
    Head,
    ViewNetwork,
    all_heads,
    all_objects,
    judge_digest,
)
from evaluation.classifier_training import (
    SPAN,
    ClassifierTraining,
    Rings,
    answers_of,
    balance_of,
    balanced,
    cut_places,
    draw_rings,
    fit,
    measured,
)
from evaluation.mentions import mentions, phrases_of, richest_caption
from model.world import MissingWeights
from training.panorama import game
from training.panorama.render import CATEGORIES, HELD_OUT, Panorama, render

MAX_BYTES = 210 * 1024
EMPTY = np.zeros((0, 0, 3), np.uint8)
ALL = all_heads() + all_objects()


@pytest.fixture(scope="module")
def rings() -> Rings:
    return draw_rings(HELD_OUT + 700_000, 24, ALL, lambda line: None)


def untrained() -> Classifier:
    torch.manual_seed(0)
    return Classifier(ViewNetwork(all_heads(), all_objects()), all_heads(), all_objects())


def test_the_judge_answers_most_questions_about_held_out_renders(rings: Rings):
    judge = Classifier.load()
    asked = [ALL.index(replace(head, accuracy=0.0)) for head in judge.heads + judge.objects]
    heads = measured(judge, replace(rings, answers=rings.answers[:, asked]), seed=0).heads
    accuracy = {head.name: head.accuracy for head in heads}
    assert accuracy[CATEGORY] > 0.95
    trusted = [head.name for head in judge.heads if head.accuracy >= 0.85]
    assert len(trusted) >= 6
    assert np.mean([accuracy[name] for name in trusted]) > 0.8


def test_weights_are_kept_in_half_the_bytes_and_computed_in_full(tmp_path):
    assert (CLASSIFIER_WEIGHTS / WEIGHTS).stat().st_size <= MAX_BYTES
    untrained().save(tmp_path, {"note": "copy"})
    assert (tmp_path / WEIGHTS).stat().st_size <= MAX_BYTES
    classifier = Classifier.load(tmp_path)
    assert {value.dtype for value in classifier.network.parameters()} == {torch.float32}
    classifier.save(tmp_path / "again", {})
    copy = Classifier.load(tmp_path / "again")
    frames = np.random.default_rng(0).integers(0, 256, (3, 192, 320, 3), dtype=np.uint8)
    assert np.array_equal(copy.read(frames).features, classifier.read(frames).features)
    assert copy.read(frames).names == classifier.read(frames).names
    assert copy.objects_in(frames) == classifier.objects_in(frames)


def test_other_weights_are_another_judge(tmp_path):
    Classifier.load().save(tmp_path / "same", {})
    untrained().save(tmp_path / "other", {})
    Classifier.load(tmp_path / "same").save(tmp_path / "copy", {})
    assert judge_digest(tmp_path / "same") == judge_digest(tmp_path / "copy")
    assert judge_digest(tmp_path / "same") != judge_digest(tmp_path / "other")


def test_missing_or_damaged_weights_are_one_sentence_with_the_remedy(tmp_path):
    with pytest.raises(MissingWeights, match="train-classifier"):
        Classifier.load(tmp_path)
    Classifier.load().save(tmp_path, {})
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(MissingWeights, match="train-classifier"):
        Classifier.load(tmp_path)


def test_training_learns_the_categories(rings: Rings):
    training = ClassifierTraining(steps=120, batch=16)
    network = fit(rings, all_heads(), all_objects(), training, lambda line: None)
    judge = measured(Classifier(network, all_heads(), all_objects()), rings, seed=0)
    assert judge.heads[0].name == CATEGORY
    assert judge.heads[0].accuracy > 0.5
    before = measured(untrained(), rings, seed=0).objects
    learned = np.mean([head.accuracy for head in judge.objects])
    assert learned > np.mean([head.accuracy for head in before]) + 0.05


def test_no_question_is_asked_twice():
    for heads in (all_heads(), all_objects()):
        assert len({head.name for head in heads}) == len(heads)
    assert not {head.name for head in all_heads()} & {head.name for head in all_objects()}


def test_questions_of_other_categories_are_not_asked():
    panorama = render("indoor", HELD_OUT)
    answers = answers_of("indoor", panorama.attributes, ALL)
    for head, answer in zip(ALL, answers, strict=True):
        assert (answer >= 0) == (head.category in (None, "indoor"))


def test_objects_are_found_in_any_view_of_a_place_and_in_any_order(rings: Rings):
    classifier = untrained()
    views = cut_places(rings, np.array([1]), SPAN, np.random.default_rng(0))[0]
    found = classifier.objects_in(views)
    assert set(found) == {head.name for head in all_objects()}
    assert classifier.objects_in(views[::-1]) == found
    assert classifier.objects_in(np.concatenate((views, views[:2]))) == found


def test_views_of_a_place_lie_beside_each_other(rings: Rings):
    first, second = cut_places(rings, np.array([1]), (0, 40), np.random.default_rng(0))[0]
    assert np.array_equal(first[:, 40:], second[:, :-40])


def test_who_always_says_none_is_no_better_than_chance():
    head = Head("outdoor.fence", ("none", "wooden", "white"))
    answers = np.array([0] * 97 + [1, 2, -1])
    assert balanced(head, answers, ["none"] * 100) == pytest.approx(1 / 3, abs=1e-4)
    right = [head.values[answer] for answer in answers]
    assert balanced(head, answers, right) == 1.0


def test_rare_values_weigh_as_much_as_common_ones():
    head = Head("outdoor.fence", ("none", "wooden", "white"))
    weights = balance_of(np.array([0] * 8 + [1] * 2 + [-1] * 5), head).numpy()
    assert weights[0] * 8 == pytest.approx(weights[1] * 2)
    assert weights[2] == 0.0  # was never drawn


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_richest_caption_names_what_it_says_it_names(category: str):
    own = tuple(head.attribute for head in ALL if head.category == category)
    counts = []
    for seed in range(HELD_OUT, HELD_OUT + 6):
        panorama = render(category, seed)
        caption, named = richest_caption(panorama, own)
        assert all(mentions(caption, panorama, name) for name in named)
        counts.append(len(named))
    assert np.mean(counts) >= 4


@pytest.mark.parametrize("head", all_objects(), ids=lambda head: head.name)
def test_captions_name_every_kind_of_object_but_not_what_is_absent(head: Head):
    painter, named = CATEGORIES[head.category], 0
    for seed in range(24):
        attributes = painter.sample(np.random.default_rng(seed))
        phrases = phrases_of(head.category, head.attribute, attributes)
        if attributes[head.attribute] == "none":
            assert phrases == ()
            continue
        panorama = Panorama(head.category, HELD_OUT + seed, attributes, EMPTY)
        named += any(mentions(panorama.caption(i), panorama, head.attribute) for i in range(6))
    assert named


def test_a_longer_name_of_another_thing_names_nothing():
    attributes = game.sample(np.random.default_rng(0))
    attributes |= {"plant": "mushroom", "backdrop": "mushrooms"}
    panorama = Panorama("video game", HELD_OUT, attributes, EMPTY)
    behind = "A level with huge mushrooms in the background."
    assert mentions(behind, panorama, "backdrop")
    assert not mentions(behind, panorama, "plant")
    assert mentions(f"{behind} We see mushrooms.", panorama, "plant")
