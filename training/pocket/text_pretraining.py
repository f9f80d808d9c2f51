"""Text pretraining: the encoder learns to read captions before pictures depend on it.

Captions name several things and several colours, and which goes with which decides a picture. From
pictures alone the encoder hardly learned it: of the colour of a stage's backdrop, its features held
half. Captions without pictures are endless and cost nothing, so every attribute that a caption
names is asked of the features by one query and one matrix each.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.pocket.text_encoder import TextEncoder
from mag_sandbox.model.prompts import tokenise
from mag_sandbox.renderer.captions import QUESTIONS, answers_of, caption
from mag_sandbox.renderer.render import category_of, lay_out
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.loop import Stage

FIRST_SEED, CAPTIONS = 200_000, 24_000  # of scenes that are read, and never drawn
BATCH = 128  # captions
KEEP = 0.3  # weight of staying near features that a trained world knows
NOT_ASKED = -100  # what `cross_entropy` ignores


class Facts(NamedTuple):
    """The facts that captions state."""

    choices: Sequence[int]  # how many answers each question has
    captions: Sequence[str]
    answers: Sequence[Mapping[int, int]]  # of each caption, by number of the question


def facts_of_scenes() -> Facts:
    """Return captions of scenes that are never drawn."""
    layouts = [lay_out(category_of(row), FIRST_SEED + row) for row in range(CAPTIONS)]
    captions = [caption(layout, 0) for layout in layouts]
    return facts_of(captions, map(answers_of, captions, layouts))


def facts_of(captions: Sequence[str], known: Iterable[Mapping[str, str]]) -> Facts:
    """Return the facts of captions, by the numbers of `QUESTIONS` and of their values."""
    numbers = {name: number for number, name in enumerate(QUESTIONS)}
    values = [{value: row for row, value in enumerate(each)} for each in QUESTIONS.values()]
    answers = [
        {numbers[name]: values[numbers[name]][value] for name, value in each.items()}
        for each in known
    ]
    return Facts([len(each) for each in values], captions, answers)


class TextOnlyCaptions:
    """Captions as tokens, and what they state."""

    def __init__(self, tokenizer: Tokenizer, text_len: int, facts: Facts) -> None:
        self.choices = facts.choices
        shape = len(facts.captions), len(facts.choices)
        self.answers = torch.full(shape, NOT_ASKED, dtype=torch.int16)
        for row, right in enumerate(facts.answers):
            self.answers[row, list(right)] = torch.tensor(list(right.values()), dtype=torch.int16)
        self.ids, self.mask = tokenise(tokenizer, facts.captions, text_len)

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return ids and mask, [B, text_len], and answers, [B, questions]."""
        rows = torch.from_numpy(rng.integers(len(self.ids), size=count))
        return self.ids[rows], self.mask[rows], self.answers[rows].long()


class AttributeHeads(nn.Module):
    """Asks text features every question: one query a question, one matrix for its answers."""

    def __init__(self, dim: int, choices: Sequence[int]) -> None:
        super().__init__()
        count, most = len(choices), max(choices)
        self.query = nn.Parameter(0.05 * torch.randn(count, dim))
        self.answer = nn.Parameter(0.05 * torch.randn(count, dim, most))
        self.bias = nn.Parameter(torch.zeros(count, most))
        missing = torch.arange(most) >= torch.tensor(choices)[:, None]
        self.register_buffer("missing", missing, persistent=False)

    missing: Tensor

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """Return logits, [B, questions, choices], of features [B, L, dim] and their mask."""
        scores = features @ self.query.T
        looks = scores.masked_fill(~mask[..., None].bool(), -1e4).softmax(dim=1)
        seen = torch.einsum("blq,bld->bqd", looks, features)
        logits = torch.einsum("bqd,qdc->bqc", seen, self.answer) + self.bias
        return logits.masked_fill(self.missing, -1e4)


class TextPretraining(nn.Module):
    """The modules that learn to read, under one state dict."""

    def __init__(self, text: TextEncoder, choices: Sequence[int]) -> None:
        super().__init__()
        self.text, self.heads = text, AttributeHeads(text.config.dim, choices)

    def loss(self, ids: Tensor, mask: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
        """Return the cross-entropy of the answers, and the features."""
        features = self.text(ids, mask)
        logits = self.heads(features.float(), mask).flatten(0, 1)
        wrong = functional.cross_entropy(logits, answers.flatten(), ignore_index=NOT_ASKED)
        return wrong, features


@dataclass(eq=False)
class TextPretrainingStage(Stage):
    """Trains `TextPretraining`; a trained text encoder stays near its features."""

    name = "text-pretraining"

    module: TextPretraining
    captions: TextOnlyCaptions
    device: TrainingDevice  # where to compute
    seed: int  # of all draws
    _: KW_ONLY
    trained: bool  # whether a world depends on the features as they are

    def __post_init__(self) -> None:
        text = self.module.text
        self._before = copy.deepcopy(text).requires_grad_(False) if self.trained else None

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return AdamW; the heads learn faster than the encoder."""
        groups = [
            {"params": list(self.module.text.parameters()), "lr": 1e-3},
            {"params": list(self.module.heads.parameters()), "lr": 4e-3},
        ]
        return [torch.optim.AdamW(groups, betas=(0.9, 0.98))]

    def loss(self, step: int) -> Tensor:
        """Return the cross-entropy of the answers plus the drift of the features."""
        ids, mask, answers = self._drawn(step)
        wrong, features = self.module.loss(ids, mask, answers)
        if self._before is None:
            return wrong
        with torch.no_grad():
            before = self._before(ids, mask)
        moved: Tensor = (features - before).square().sum() / before.square().sum()
        return wrong + KEEP * moved

    def caption_loss(self, step: int) -> Tensor:
        """Return the cross-entropy of the answers, for a stage that also trains the encoder."""
        return self.module.loss(*self._drawn(step))[0]

    def _drawn(self, step: int) -> tuple[Tensor, ...]:
        rng = np.random.default_rng([self.seed, 7, step])
        drawn = self.captions.draw(rng, BATCH)
        return tuple(self.device.upload(tensor) for tensor in drawn)
