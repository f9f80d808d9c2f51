"""The judge of things: names what views show, cell by cell.

The network is trained once on renders with exact labels (`evaluation.judge.training`), frozen, and
part of no loss. Knows nothing of worlds or of measurements.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mag_sandbox.evaluation.judge.segmenter import (
    Answers,
    Segmenter,
    SegmenterShape,
    halved,
    to_channels_last,
)
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.checkpoints import load_into, parse_config, stored, write_tensors
from mag_sandbox.model.frames import to_pictures
from mag_sandbox.model.packing import plain_digest
from mag_sandbox.model.world import WEIGHTS
from mag_sandbox.renderer import captions
from mag_sandbox.renderer.kinds import CLASSES, KINDS
from mag_sandbox.renderer.render import CATEGORIES

JUDGE_WEIGHTS = WEIGHTS / "judge"
NETWORK, WORDS = "judge.safetensors", "judge.json"
FEWEST_CELLS = 3  # least cells for a thing to count as found
SURE = 0.6  # least probability at which the judge is sure of a cell's name
ANSWERED_WELL = 0.85  # least accuracy on renders for a question to count
CATEGORY = "category"  # the question about a scene's category
_BATCH = 16
_SPARSE = 23  # one in so many cells of a view is kept, row by row
REMEDY = "restore it with git or run `python -m evaluation train-judge`"
NOTHING = 0  # the number of a cell without a thing


@dataclass(frozen=True, slots=True)
class ViewQuestion:
    """A question about a whole view."""

    name: str  # CATEGORY, or an attribute of scenes
    values: tuple[str, ...]
    accuracy: float = 0.0  # on held-out renderer views, in [0, 1]


@dataclass(frozen=True, slots=True)
class JudgeVocabulary:
    """The order in which a network gives its answers."""

    classes: tuple[str, ...]  # "nothing" stands before them
    colors: tuple[str, ...]
    questions: tuple[ViewQuestion, ...]

    def name_index(self, name: str) -> int:
        """Return the number that stands for a class in cells."""
        return self.classes.index(name) + 1

    @property
    def trusted(self) -> frozenset[str]:
        """The questions that are answered well on renders."""
        return frozenset(one.name for one in self.questions if one.accuracy >= ANSWERED_WELL)

    def facts(self, sight: "JudgedView") -> dict[str, str]:
        """Return the answers to all questions about the first of some views."""
        answered = zip(self.questions, sight.answers[0], strict=True)
        return {question.name: question.values[answer] for question, answer in answered}


def full_vocabulary() -> JudgeVocabulary:
    """Return all that the renderer draws, and the questions about a whole view."""
    colors = dict.fromkeys(color for kind in KINDS.values() for color in kind.colors)
    facts = (ViewQuestion(name, captions.QUESTIONS[name]) for name in ("place", *captions.WORDS))
    questions = (ViewQuestion(CATEGORY, tuple(CATEGORIES)), *facts)
    return JudgeVocabulary(CLASSES, tuple(colors), questions)


@dataclass(frozen=True, slots=True)
class JudgedView:
    """The judge's answers for T views of H x W cells."""

    names: np.ndarray  # int64 [T, H, W]; 0: nothing, else the class's place in the vocabulary + 1
    sureness: np.ndarray  # float32 [T, H, W]; the probability of that name
    colors: np.ndarray  # int64 [T, H, W]; place in the vocabulary
    features: np.ndarray  # float64 [T, D]; of whole views
    cells: np.ndarray  # float64 [T, S, C]; features of some cells of each view
    answers: np.ndarray  # int64 [T, questions]; place of each value among the question's

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, some: slice | np.ndarray) -> "JudgedView":
        return JudgedView(*(getattr(self, part.name)[some] for part in fields(self)))

    @property
    def sure(self) -> np.ndarray:
        """The names that the judge is sure of, int64 [T, H, W]; 0 elsewhere."""
        return np.where(self.sureness >= SURE, self.names, 0)


class Judge:
    """A trained network and its vocabulary.

    judge = Judge.load()
    judge.look(frames).sure  # which class each cell shows for sure
    """

    def __init__(self, network: Segmenter, vocabulary: JudgeVocabulary) -> None:
        self.network, self.vocabulary = network.eval().requires_grad_(False), vocabulary
        to_channels_last(self.network)

    def look(self, frames: np.ndarray) -> JudgedView:
        """Look at frames, uint8 [T, H, W, 3]; sides are multiples of 32."""
        return self.look_at_halves(np.stack([halved(frame) for frame in frames]))

    def facts(self, frame: np.ndarray) -> dict[str, str]:
        """Return the answers to all questions about a frame, uint8 [H, W, 3]."""
        return self.vocabulary.facts(self.look(frame[None]))

    @torch.inference_mode()
    def cells(self, frames: np.ndarray) -> torch.Tensor:
        """Return the features of all cells of frames, uint8 [T, H, W, 3] -> fp32 [T, C, h, w]."""
        views = to_pictures(np.stack([halved(frame) for frame in frames]))
        answers: Answers = self.network(views.contiguous(memory_format=torch.channels_last))
        return answers.cells

    def look_at_halves(self, views: np.ndarray) -> JudgedView:
        """Look at halved frames, uint8 [T, H / 2, W / 2, 3]."""
        parts = [self._look(views[i : i + _BATCH]) for i in range(0, len(views), _BATCH)]
        return JudgedView(*(np.concatenate(one) for one in zip(*parts, strict=True)))

    def _look(self, halves: np.ndarray) -> tuple[np.ndarray, ...]:
        with torch.inference_mode():
            views = to_pictures(halves).contiguous(memory_format=torch.channels_last)
            answers = self.network(views)
            sureness, names = answers.names.softmax(1).max(1)
            return (
                names.numpy(),
                sureness.numpy(),
                answers.colors.argmax(1).numpy(),
                answers.features.double().numpy(),
                answers.cells.flatten(2)[:, :, ::_SPARSE].transpose(1, 2).double().numpy(),
                torch.stack([head.argmax(1) for head in answers.values], dim=1).numpy(),
            )

    @classmethod
    def load(cls, folder: Path = JUDGE_WEIGHTS) -> "Judge":
        """Read a weights folder."""
        vocabulary, shape = parse_config(folder / WORDS, _parse_words, REMEDY)
        network = Segmenter(shape)
        load_into(network, folder / NETWORK, remedy=REMEDY)
        return cls(network, vocabulary)

    def save(self, folder: Path, about: Mapping[str, object]) -> None:
        """Write weights (bf16), vocabulary and facts about them."""
        state = self.network.state_dict()
        write_tensors(folder / NETWORK, {key: stored(value) for key, value in state.items()})
        shape = {"widths": self.network.shape.widths, "blocks": self.network.shape.blocks}
        words = {**shape, **asdict(self.vocabulary), **about}
        replace_file(folder / WORDS, json.dumps(words, indent=1) + "\n")


def _parse_words(words: dict[str, Any]) -> tuple[JudgeVocabulary, SegmenterShape]:
    classes, colors = (tuple(words[name]) for name in ("classes", "colors"))
    vocabulary = JudgeVocabulary(classes, colors, _questions(words["questions"]))
    shape = shape_for(vocabulary)
    return vocabulary, replace(shape, widths=tuple(words["widths"]), blocks=words["blocks"])


def _questions(rows: Sequence[Mapping[str, Any]]) -> tuple[ViewQuestion, ...]:
    return tuple(ViewQuestion(one["name"], tuple(one["values"]), one["accuracy"]) for one in rows)


def found(sight: JudgedView, vocabulary: JudgeVocabulary) -> Counter[str]:
    """Return the classes that views surely show, taken together, with their numbers of cells."""
    counts = np.bincount(sight.sure.ravel(), minlength=len(vocabulary.classes) + 1)
    seen = np.flatnonzero(counts[1:] >= FEWEST_CELLS)
    return Counter({vocabulary.classes[index]: int(counts[index + 1]) for index in seen})


def shape_for(vocabulary: JudgeVocabulary) -> SegmenterShape:
    """Return the shape of a network with this vocabulary."""
    values = tuple(len(question.values) for question in vocabulary.questions)
    return SegmenterShape(len(vocabulary.classes) + 1, len(vocabulary.colors), values)


def judge_digest() -> str:
    """Return the digest of the shipped judge's weights, 16 hex digits."""
    return plain_digest(JUDGE_WEIGHTS / NETWORK)[:16]
