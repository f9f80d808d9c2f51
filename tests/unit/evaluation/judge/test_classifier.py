"""The judge of prompts: its vocabulary, its files, and what it makes of held-out renders."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mag_sandbox.evaluation.bench.adherence import trusted_objects
from mag_sandbox.evaluation.judge.classifier import (
    CATEGORY,
    CLASSIFIER_WEIGHTS,
    OBJECT_WEIGHTS,
    WEIGHTS,
    Classifier,
    Head,
    ViewNetwork,
    all_heads,
    all_objects,
    judge_digest,
    objects_in,
    save_attributes,
    save_objects,
)
from mag_sandbox.evaluation.judge.classifier_training import (
    SPAN,
    ClassifierTraining,
    Rings,
    answers_of,
    balanced,
    cut_places,
    draw_rings,
    fit,
    measured,
)
from mag_sandbox.evaluation.judge.object_network import ObjectNetwork
from mag_sandbox.evaluation.judge.object_training import (
    STRIP,
    ObjectTraining,
    fit_objects,
    log_shares,
    measured_objects,
    varied,
)
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.training.panorama import game
from mag_sandbox.training.panorama.mentions import mentions, phrases_of, richest_caption
from mag_sandbox.training.panorama.render import CATEGORIES, HELD_OUT, Panorama, render

MAX_BYTES = {WEIGHTS: 210 * 1024, OBJECT_WEIGHTS: 150_000}
EMPTY = np.zeros((0, 0, 3), np.uint8)
ALL = all_heads() + all_objects()


def silent(line: str) -> None:
    """Report nothing."""


@pytest.fixture(scope="module")
def rings() -> Rings:
    return draw_rings(HELD_OUT + 700_000, 24, ALL, silent)


def untrained_finder() -> ObjectNetwork:
    torch.manual_seed(0)
    return ObjectNetwork([len(head.values) for head in all_objects()]).eval()


def untrained() -> Classifier:
    return Classifier(ViewNetwork(all_heads()), all_heads(), untrained_finder(), all_objects())


def save(judge: Classifier, folder: Path) -> None:
    save_attributes(folder, judge.network, judge.heads, {"note": "copy"})
    save_objects(folder, judge.finder, judge.objects, {"note": "copy"})


def test_the_judge_answers_most_questions_about_held_out_renders(rings: Rings):
    judge = Classifier.load()
    heads = measured(judge.network, judge.heads, columns(rings, judge.heads), seed=0)
    accuracy = {head.name: head.accuracy for head in heads}
    assert accuracy[CATEGORY] > 0.95
    trusted = [head.name for head in judge.heads if head.accuracy >= 0.85]
    assert len(trusted) >= 6
    assert np.mean([accuracy[name] for name in trusted]) > 0.8


def test_the_judge_finds_trusted_objects_in_held_out_renders(rings: Rings):
    judge = Classifier.load()
    trusted = {head.name for head in trusted_objects(judge)}
    assert trusted
    found = measured_objects(judge.finder, judge.objects, columns(rings, judge.objects), seed=0)
    assert np.mean([head.accuracy for head in found if head.name in trusted]) > 0.75


def columns(rings: Rings, heads: tuple[Head, ...]) -> Rings:
    """The rings with the answers to some questions only."""
    asked = [ALL.index(replace(head, accuracy=0.0)) for head in heads]
    return replace(rings, answers=rings.answers[:, asked])


def test_weights_are_kept_in_half_the_bytes_and_computed_in_full(tmp_path):
    save(untrained(), tmp_path)
    for name, most in MAX_BYTES.items():
        assert (CLASSIFIER_WEIGHTS / name).stat().st_size <= most
        assert (tmp_path / name).stat().st_size <= most
    classifier = Classifier.load(tmp_path)
    for network in (classifier.network, classifier.finder):
        assert {value.dtype for value in network.parameters()} == {torch.float32}
    save(classifier, tmp_path / "again")
    copy = Classifier.load(tmp_path / "again")
    frames = np.random.default_rng(0).integers(0, 256, (3, 192, 320, 3), dtype=np.uint8)
    assert np.array_equal(copy.read(frames).features, classifier.read(frames).features)
    assert copy.read(frames).names == classifier.read(frames).names
    assert copy.objects_in(frames) == classifier.objects_in(frames)


def test_either_network_with_other_weights_makes_another_judge(tmp_path):
    judge, other = Classifier.load(), untrained()
    save(judge, tmp_path / "same")
    save(Classifier.load(tmp_path / "same"), tmp_path / "copy")
    save(Classifier(judge.network, judge.heads, other.finder, other.objects), tmp_path / "objects")
    save(Classifier(other.network, other.heads, judge.finder, judge.objects), tmp_path / "heads")
    names = ("same", "copy", "objects", "heads")
    same, copy, objects, heads = (judge_digest(tmp_path / name) for name in names)
    assert same == copy
    assert len({same, objects, heads}) == 3


@pytest.mark.parametrize("name", MAX_BYTES)
def test_missing_or_damaged_weights_are_one_sentence_with_the_remedy(name: str, tmp_path):
    with pytest.raises(MissingWeights, match="train-classifier"):
        Classifier.load(tmp_path)
    save(untrained(), tmp_path)
    (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(MissingWeights, match="train-classifier"):
        Classifier.load(tmp_path)


def test_training_learns_the_categories(rings: Rings):
    training = ClassifierTraining(steps=60, batch=16)
    own = columns(rings, all_heads())
    network = fit(own, all_heads(), training, silent)
    heads = measured(network, all_heads(), own, seed=0)
    assert heads[0].name == CATEGORY
    assert heads[0].accuracy > 0.5


def test_training_learns_objects_by_heart(rings: Rings):
    own = columns(rings, all_objects())
    training = ObjectTraining(steps=75, batch=16)
    finder = fit_objects(own, all_objects(), training, silent)

    def known(network: ObjectNetwork) -> float:
        heads = measured_objects(network, all_objects(), own, seed=0, places=2)
        return float(np.mean([head.accuracy for head in heads]))

    assert known(finder) > known(untrained_finder()) + 0.05


def test_what_is_varied_stays_what_it_is(rings: Rings):
    rng = np.random.default_rng(0)
    strips = cut_places(rings, np.arange(4), (0,), rng, STRIP)[:, 0]
    made = varied(strips, rng)
    plain = torch.from_numpy(strips).permute(0, 3, 1, 2) / 127.5 - 1
    plain[::2] = plain[::2].flip(3)
    assert made.shape == (4, 3, 96, STRIP)
    assert 0 < float((made - plain).abs().mean()) < 0.1


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
    finder = untrained_finder()
    views = cut_places(rings, np.array([1]), SPAN, np.random.default_rng(0))[0]
    found = objects_in(finder, all_objects(), views)
    assert set(found) == {head.name for head in all_objects()}
    assert objects_in(finder, all_objects(), views[::-1]) == found
    assert objects_in(finder, all_objects(), np.concatenate((views, views))) == found


def test_views_of_a_place_lie_beside_each_other(rings: Rings):
    first, second = cut_places(rings, np.array([1]), (0, 40), np.random.default_rng(0))[0]
    assert np.array_equal(first[:, 40:], second[:, :-40])


def test_who_always_says_none_is_no_better_than_chance():
    head = Head("outdoor.fence", ("none", "wooden", "white"))
    answers = np.array([0] * 97 + [1, 2, -1])
    assert balanced(head, answers, ["none"] * 100) == pytest.approx(1 / 3, abs=1e-4)
    right = [head.values[answer] for answer in answers]
    assert balanced(head, answers, right) == 1.0


def test_a_value_is_expected_as_often_as_it_is_drawn():
    head = Head("outdoor.fence", ("none", "wooden", "white"))
    shares = log_shares(np.array([0] * 8 + [1] * 2 + [-1] * 5), head).exp().numpy()
    assert shares[:2] == pytest.approx([0.8, 0.2])
    assert 0 < shares[2] < shares[1]  # was never drawn, and is not ruled out


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
