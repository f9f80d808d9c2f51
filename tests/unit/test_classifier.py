"""The judge of prompts: its vocabulary, its files, and what it makes of held-out renders."""

import numpy as np
import pytest

from evaluation.classifier import (
    CATEGORY,
    CLASSIFIER_WEIGHTS,
    WEIGHTS,
    Classifier,
    ViewNetwork,
    all_heads,
)
from evaluation.classifier_training import (
    ClassifierTraining,
    Rings,
    answers_of,
    draw_rings,
    fit,
    measured,
)
from evaluation.mentions import mentions, richest_caption
from model.world import MissingWeights
from training.panorama.render import CATEGORIES, HELD_OUT, render

MAX_BYTES = 600 * 1024


@pytest.fixture(scope="module")
def rings() -> Rings:
    return draw_rings(HELD_OUT + 700_000, 24, Classifier.load().heads, lambda line: None)


def test_the_judge_answers_most_questions_about_held_out_renders(rings: Rings):
    heads = measured(Classifier.load(), rings, seed=0)
    accuracy = {head.name: head.accuracy for head in heads}
    assert accuracy[CATEGORY] > 0.95
    trusted = [head.name for head in Classifier.load().heads if head.accuracy >= 0.85]
    assert len(trusted) >= 6
    assert np.mean([accuracy[name] for name in trusted]) > 0.8


def test_the_weights_are_small_and_are_saved_as_they_were(tmp_path):
    assert (CLASSIFIER_WEIGHTS / WEIGHTS).stat().st_size <= MAX_BYTES
    classifier = Classifier.load()
    classifier.save(tmp_path, {"note": "copy"})
    frames = np.random.default_rng(0).integers(0, 256, (3, 192, 320, 3), dtype=np.uint8)
    copy = Classifier.load(tmp_path).read(frames)
    assert np.array_equal(copy.features, classifier.read(frames).features)
    assert copy.names == classifier.read(frames).names


def test_missing_or_damaged_weights_are_one_sentence_with_the_remedy(tmp_path):
    with pytest.raises(MissingWeights, match="train-classifier"):
        Classifier.load(tmp_path)
    Classifier.load().save(tmp_path, {})
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(MissingWeights, match="train-classifier"):
        Classifier.load(tmp_path)


def test_training_learns_the_categories(rings: Rings):
    training = ClassifierTraining(steps=30, batch=16)
    network = fit(rings, all_heads(), training, lambda line: None)
    heads = measured(Classifier(network, all_heads()), rings, seed=0)
    assert heads[0].name == CATEGORY
    assert heads[0].accuracy > 0.5


def test_the_network_answers_every_head():
    heads = all_heads()
    assert len({head.name for head in heads}) == len(heads)
    assert sum(value.numel() for value in ViewNetwork(heads).parameters()) < 150_000


def test_questions_of_other_categories_are_not_asked():
    heads = all_heads()
    panorama = render("indoor", HELD_OUT)
    answers = answers_of("indoor", panorama.attributes, heads)
    for head, answer in zip(heads, answers, strict=True):
        assert (answer >= 0) == (head.category in (None, "indoor"))


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_richest_caption_names_what_it_says_it_names(category: str):
    own = tuple(head.attribute for head in all_heads() if head.category == category)
    counts = []
    for seed in range(HELD_OUT, HELD_OUT + 6):
        panorama = render(category, seed)
        caption, named = richest_caption(panorama, own)
        assert all(mentions(caption, panorama, name) for name in named)
        counts.append(len(named))
    assert np.mean(counts) >= 2
