"""The judge of prompts: its vocabulary, its files, and what it makes of held-out renders."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mag_sandbox.evaluation.judge.classifier import (
    CATEGORY,
    CLASSIFIER_WEIGHTS,
    WEIGHTS,
    Classifier,
    ViewNetwork,
    all_heads,
    answers_of,
    save_classifier,
)
from mag_sandbox.evaluation.judge.judge import full_vocabulary
from mag_sandbox.evaluation.judge.labelled import LabelledRings, draw_labelled
from mag_sandbox.evaluation.judge.training import CLASSIFIER_FITTING, fit_classifier, measured
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.renderer.version2 import game
from mag_sandbox.renderer.version2.classes import LOOKS
from mag_sandbox.renderer.version2.mentions import mentions, phrases_of, richest_caption
from mag_sandbox.renderer.version2.render import CATEGORIES, HELD_OUT, Panorama, render

MAX_BYTES = 210 * 1024
EMPTY = np.zeros((0, 0, 3), np.uint8)
NAMED = [
    (category, name)
    for category, painter in CATEGORIES.items()
    for name in painter.ATTRIBUTES
    if name in LOOKS
]


def silent(line: str) -> None:
    """Report nothing."""


@pytest.fixture(scope="module")
def rings() -> LabelledRings:
    first, vocabulary = HELD_OUT + 700_000, full_vocabulary()
    return draw_labelled(first, 24, vocabulary, lambda ring: ring, silent, spoil=False)


def untrained() -> Classifier:
    return Classifier(ViewNetwork(all_heads()), all_heads())


def save(judge: Classifier, folder: Path) -> None:
    save_classifier(folder, judge, {"note": "copy"})


def test_the_judge_answers_most_questions_about_held_out_renders(rings: LabelledRings):
    judge = Classifier.load()
    accuracy = {head.name: head.accuracy for head in measured(judge, rings, seed=0).heads}
    assert accuracy[CATEGORY] > 0.95
    trusted = [head.name for head in judge.heads if head.accuracy >= 0.85]
    assert len(trusted) >= 6
    assert np.mean([accuracy[name] for name in trusted]) > 0.8


def test_weights_are_kept_in_half_the_bytes_and_computed_in_full(tmp_path):
    save(untrained(), tmp_path)
    for folder in (CLASSIFIER_WEIGHTS, tmp_path):
        assert (folder / WEIGHTS).stat().st_size <= MAX_BYTES
    classifier = Classifier.load(tmp_path)
    assert {value.dtype for value in classifier.network.parameters()} == {torch.float32}
    save(classifier, tmp_path / "again")
    frames = np.random.default_rng(0).integers(0, 256, (3, 192, 320, 3), dtype=np.uint8)
    assert Classifier.load(tmp_path / "again").read(frames) == classifier.read(frames)


def test_missing_or_damaged_weights_are_one_sentence_with_the_remedy(tmp_path):
    with pytest.raises(MissingWeights, match="train-classifier"):
        Classifier.load(tmp_path)
    save(untrained(), tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(MissingWeights, match="train-classifier"):
        Classifier.load(tmp_path)


def test_training_learns_the_categories(rings: LabelledRings):
    fitting = replace(CLASSIFIER_FITTING, steps=60, batch=16)
    network = fit_classifier(rings, all_heads(), fitting, silent)
    heads = measured(Classifier(network, all_heads()), rings, seed=0).heads
    assert heads[0].name == CATEGORY
    assert heads[0].accuracy > 0.5


def test_no_question_is_asked_twice():
    assert len({head.name for head in all_heads()}) == len(all_heads())


def test_questions_of_other_categories_are_not_asked():
    panorama = render("indoor", HELD_OUT)
    answers = answers_of("indoor", panorama.attributes, all_heads())
    for head, answer in zip(all_heads(), answers, strict=True):
        assert (answer >= 0) == (head.category in (None, "indoor"))


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_richest_caption_names_what_it_says_it_names(category: str):
    own = tuple(CATEGORIES[category].ATTRIBUTES)
    counts = []
    for seed in range(HELD_OUT, HELD_OUT + 6):
        panorama = render(category, seed)
        caption, named = richest_caption(panorama, own)
        assert all(mentions(caption, panorama, name) for name in named)
        counts.append(len(named))
    assert np.mean(counts) >= 4


@pytest.mark.parametrize(("category", "name"), NAMED)
def test_captions_name_every_kind_of_thing_but_not_what_is_absent(category: str, name: str):
    painter, named = CATEGORIES[category], 0
    for seed in range(24):
        attributes = painter.sample(np.random.default_rng(seed))
        phrases = phrases_of(category, name, attributes)
        if attributes[name] == "none":
            assert phrases == ()
            continue
        panorama = Panorama(category, HELD_OUT + seed, attributes, EMPTY)
        named += any(mentions(panorama.caption(i), panorama, name) for i in range(6))
    assert named


def test_a_longer_name_of_another_thing_names_nothing():
    attributes = game.sample(np.random.default_rng(0))
    attributes |= {"plant": "mushroom", "backdrop": "mushrooms"}
    panorama = Panorama("video game", HELD_OUT, attributes, EMPTY)
    behind = "A level with huge mushrooms in the background."
    assert mentions(behind, panorama, "backdrop")
    assert not mentions(behind, panorama, "plant")
    assert mentions(f"{behind} We see mushrooms.", panorama, "plant")
