"""Which things pictures show, in the eyes of the judge: found, in the right colour, how much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mag_sandbox.evaluation.judge.classifier import CATEGORY, ViewQuestion
from mag_sandbox.evaluation.judge.judge import JudgedView, found
from mag_sandbox.evaluation.judge.vocabulary import JudgeVocabulary
from mag_sandbox.renderer.version2.classes import AREAS

ANSWERED_WELL = 0.85  # accuracy on renders from which on a question counts


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caption asks for, and which of it is there."""

    things: dict[str, bool]  # class -> found
    colors: dict[str, bool]  # class of what is found and has a colour -> it has it
    attributes: dict[str, bool]  # question -> answered as the caption says

    def answers(self, part: str) -> list[bool]:
        """Return what is there: of `things`, `colors`, `attributes`, or `all` of them."""
        parts = {"things": self.things, "colors": self.colors, "attributes": self.attributes}
        chosen = parts.values() if part == "all" else (parts[part],)
        return [answer for one in chosen for answer in one.values()]


def color_of(sight: JudgedView, vocabulary: JudgeVocabulary, name: str) -> str:
    """Return the colour of most cells of a class that is found."""
    cells = sight.colors[sight.sure == vocabulary.name_index(name)]
    return vocabulary.colors[int(np.bincount(cells).argmax())]


def ask(
    sight: JudgedView,
    vocabulary: JudgeVocabulary,
    classes: dict[str, str | None],
    right: dict[str, bool],
) -> Asked:
    """Look for what a caption asks for.

    Args:
        sight: of the views of one scene.
        vocabulary: of the judge.
        classes: of things, each with the colour that it is to have or None.
        right: question about the view -> whether it is answered as the caption says.
    """
    there = found(sight, vocabulary)
    things = {name: name in there for name in classes}
    colors = {
        name: color_of(sight, vocabulary, name) == color
        for name, color in classes.items()
        if color is not None and name in there
    }
    return Asked(things, colors, right)


def answerable(
    questions: Sequence[ViewQuestion],
    category: str,
    mentioned: tuple[str, ...],
    truth: dict[str, str],
) -> dict[str, str]:
    """Return what a caption answers and the classifier answers well: question -> right answer."""
    return {
        question.name: truth[question.attribute]
        for question in questions
        if question.name != CATEGORY
        and question.category == category
        and question.attribute in mentioned
        and question.accuracy >= ANSWERED_WELL
    }


def covered(sight: JudgedView, vocabulary: JudgeVocabulary) -> np.ndarray:
    """Return the share of each view that shows things for sure, [T]; land and walls are none."""
    things = [vocabulary.name_index(name) for name in vocabulary.classes if name not in AREAS]
    return np.isin(sight.sure, things).mean((1, 2))
