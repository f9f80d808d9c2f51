"""The text encoder learns to tell what captions say; answers come from the captions alone."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.pocket.text_encoder import TextEncoder
from mag_sandbox.renderer.captions import QUESTIONS, caption
from mag_sandbox.renderer.render import category_of, lay_out
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.pocket import text_pretraining
from mag_sandbox.training.pocket.text_pretraining import (
    NOT_ASKED,
    TextOnlyCaptions,
    TextPretraining,
    TextPretrainingStage,
    facts_of_scenes,
)
from mag_sandbox.training.pocket.words import train_tokenizer
from tests.tiny import TINY

CPU = TrainingDevice("cpu", matmul_attention)


@pytest.fixture(scope="module")
def captions() -> Iterator[TextOnlyCaptions]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_pretraining, "CAPTIONS", 24)
        patch.setattr(text_pretraining, "BATCH", 24)
        texts = [caption(lay_out(category_of(seed), seed), 0) for seed in range(80)]
        tokenizer = train_tokenizer(texts, TINY.text.vocab_size)
        yield TextOnlyCaptions(tokenizer, TINY.text.text_len, facts_of_scenes())


def stage_of(captions: TextOnlyCaptions, *, trained: bool) -> TextPretrainingStage:
    torch.manual_seed(0)
    return TextPretrainingStage(
        TextPretraining(TextEncoder(TINY.text), captions.choices), captions, CPU, 0,
        trained=trained,
    )  # fmt: skip


def learned(stage: TextPretrainingStage, steps: int) -> float:
    (optimiser,) = stage.optimisers()
    for step in range(steps):
        optimiser.zero_grad()
        stage.loss(step).backward()
        optimiser.step()
    return stage.caption_loss(0).item()


def test_most_captions_name_several_attributes(captions):
    asked = (captions.answers != NOT_ASKED).sum(dim=1)
    assert captions.answers.shape == (24, len(QUESTIONS))
    assert asked.min() >= 1
    assert asked.float().mean() > 2


def test_answers_are_learned(captions):
    stage = stage_of(captions, trained=False)
    before = stage.caption_loss(0).item()
    assert learned(stage, 25) < 0.7 * before


def test_a_trained_encoder_stays_near_what_it_was(captions):
    away = {}
    for trained in (False, True):
        stage = stage_of(captions, trained=trained)
        ids, mask, _ = captions.draw(np.random.default_rng(0), 8)
        before = stage.module.text(ids, mask).detach()
        learned(stage, 15)
        away[trained] = float((stage.module.text(ids, mask) - before).detach().square().mean())
    assert away[True] < 0.7 * away[False]
