"""The judge of prompts: what it makes of held-out renders, its files, and what captions name."""

import numpy as np
import pytest

from mag_sandbox.evaluation.judge.classifier import (
    CATEGORY,
    CLASSIFIER_WEIGHTS,
    WEIGHTS,
    Classifier,
)
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.renderer.version2 import game
from mag_sandbox.renderer.version2.classes import LOOKS
from mag_sandbox.renderer.version2.mentions import mentions, phrases_of, richest_caption
from mag_sandbox.renderer.version2.render import CATEGORIES, HELD_OUT, Panorama, render
from mag_sandbox.renderer.views import view_at

MAX_BYTES = 210 * 1024
EMPTY = np.zeros((0, 0, 3), np.uint8)
NAMED = [
    (category, name)
    for category, painter in CATEGORIES.items()
    for name in painter.ATTRIBUTES
    if name in LOOKS
]


def test_the_judge_answers_most_questions_about_held_out_renders():
    judge = Classifier.load()
    trusted = [head for head in judge.heads if head.accuracy >= 0.85]
    assert len(trusted) >= 6
    right: list[bool] = []
    for seed in range(24):
        panorama = render(list(CATEGORIES)[seed % 4], HELD_OUT + 700_000 + seed)
        said = judge.read(np.stack([view_at(panorama.pixels, yaw, 0.0) for yaw in (0.0, 180.0)]))
        truth = {CATEGORY: panorama.category, **panorama.attributes}
        for head in trusted:
            if head.category in (None, panorama.category):
                right += [one == truth[head.attribute] for one in said[head.name]]
    assert np.mean(right) > 0.8


def test_missing_or_damaged_weights_are_one_sentence_with_the_remedy(tmp_path):
    assert (CLASSIFIER_WEIGHTS / WEIGHTS).stat().st_size <= MAX_BYTES
    with pytest.raises(MissingWeights, match="git"):
        Classifier.load(tmp_path)


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
