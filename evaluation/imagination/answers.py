"""Judged pictures, and whether they show the things, colours and attributes captions ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mag_sandbox.evaluation.imagination.scenes import AskedScene, expected
from mag_sandbox.evaluation.judge.classifier import CATEGORY, Classifier, ViewQuestion
from mag_sandbox.evaluation.judge.judge import Judge, JudgedView, JudgeVocabulary, found
from mag_sandbox.evaluation.results.intervals import pooled_share
from mag_sandbox.model.world import Frames
from mag_sandbox.renderer.version2.render import CATEGORIES

ANSWERED_WELL = 0.85  # least accuracy on renders for a question to count
PARTS = ("things", "colors", "attributes")


@dataclass(frozen=True, slots=True)
class Eyes:
    """The judges: one network for things and their colours, one for attributes of views."""

    judge: Judge
    classifier: Classifier

    def look(self, frames: Frames) -> "Pictures":
        """Return pictures, uint8 [N, H, W, 3], with the judges' answers about them."""
        said = self.classifier.read(frames)
        names = {head: np.array(values) for head, values in said.items()}
        return Pictures(frames, self.judge.look(frames), names)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures and the judges' answers about them."""

    frames: Frames  # uint8 [N, H, W, 3]
    sight: JudgedView
    said: dict[str, np.ndarray]  # question of the classifier -> its answers, str [N]


@dataclass(frozen=True, slots=True)
class CaptionCheck:
    """The things, colours and attributes that a caption asks for, and which of them are there."""

    things: dict[str, bool]  # class -> found
    colors: dict[str, bool]  # class of a found thing that has a colour -> it has it
    attributes: dict[str, bool]  # question -> answered as the caption says


def ask(
    sight: JudgedView,
    vocabulary: JudgeVocabulary,
    classes: dict[str, str | None],
    right: dict[str, bool],
) -> CaptionCheck:
    """Look for a caption's things, with the colour each should have, or None.

    `right` tells for each question whether the view agrees with the caption.
    """
    there = found(sight, vocabulary)
    things = {name: name in there for name in classes}
    colors = {
        name: color_of(sight, vocabulary, name) == color
        for name, color in classes.items()
        if color is not None and name in there
    }
    return CaptionCheck(things, colors, right)


def color_of(sight: JudgedView, vocabulary: JudgeVocabulary, name: str) -> str:
    """Return the colour of most cells of a class that is found."""
    cells = sight.colors[sight.sure == vocabulary.name_index(name)]
    return vocabulary.colors[int(np.bincount(cells).argmax())]


def answerable(
    questions: Sequence[ViewQuestion],
    category: str,
    mentioned: tuple[str, ...],
    truth: dict[str, str],
) -> dict[str, str]:
    """Return the answers of a caption that the classifier can check, by question."""
    return {
        question.name: truth[question.attribute]
        for question in questions
        if question.name != CATEGORY
        and question.category == category
        and question.attribute in mentioned
        and question.accuracy >= ANSWERED_WELL
    }


def asked_all(
    scenes: Sequence[AskedScene], pictures: Pictures, eyes: Eyes, shift: int = 0
) -> list[CaptionCheck]:
    """Look for the things that captions name in the same number of views of each scene.

    With a `shift`, take the captions from this many scenes further on.
    """
    each, answers = len(pictures.sight) // len(scenes), []
    for place in range(len(scenes)):
        scene = scenes[(place + shift) % len(scenes)]
        truth, first = scene.ring.attributes, place * each
        wanted = answerable(eyes.classifier.heads, scene.category, scene.mentioned, truth)
        right = {name: bool(pictures.said[name][first] == value) for name, value in wanted.items()}
        classes = expected(scene, all_around=each > 1)
        sight = pictures.sight[first : first + each]
        answers.append(ask(sight, eyes.judge.vocabulary, classes, right))
    return answers


def answers_report(
    scenes: Sequence[AskedScene], invented: Pictures, renders: Pictures, eyes: Eyes
) -> dict[str, dict[str, Any]]:
    """Return the shares of things, colours and attributes that agree with the captions."""
    answers = {
        "invented": asked_all(scenes, invented, eyes),
        "renders": asked_all(scenes, renders, eyes),
        # scenes whose numbers differ by the number of categories are of the same category
        "chance": asked_all(scenes, renders, eyes, len(CATEGORIES)),
    }
    report = {}
    for part in PARTS:
        rows = {
            name: [list(getattr(one, part).values()) for one in asked]
            for name, asked in answers.items()
        }
        shares: dict[str, Any] = {
            name: pooled_share([(len(row), sum(row)) for row in some])
            for name, some in rows.items()
        }
        report[part] = {**shares, "asked": sum(len(row) for row in rows["invented"])}
    return report
