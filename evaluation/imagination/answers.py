"""Judged pictures, and whether they show the things, colours and attributes captions ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mag_sandbox.evaluation.imagination.scenes import AskedScene, expected
from mag_sandbox.evaluation.judge.judge import Judge, JudgedView, JudgeVocabulary, found
from mag_sandbox.evaluation.results.intervals import pooled_share
from mag_sandbox.model.world import Frames
from mag_sandbox.renderer.render import CATEGORIES

PARTS = ("things", "colors", "attributes")


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures and the judge's answers about them."""

    frames: Frames  # uint8 [N, H, W, 3]
    sight: JudgedView

    @classmethod
    def judged(cls, frames: Frames, judge: Judge) -> "Pictures":
        """Return pictures that the judge looked at."""
        return cls(frames, judge.look(frames))


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
    values: dict[str, str],
) -> CaptionCheck:
    """Look for a caption's things, with the colour each should have, or None.

    `values` are its answers to questions about the first of the views.
    """
    there = found(sight, vocabulary)
    things = {name: name in there for name in classes}
    colors = {
        name: color_of(sight, vocabulary, name) == color
        for name, color in classes.items()
        if color is not None and name in there
    }
    answers = vocabulary.facts(sight)
    return CaptionCheck(things, colors, {name: answers[name] == values[name] for name in values})


def color_of(sight: JudgedView, vocabulary: JudgeVocabulary, name: str) -> str:
    """Return the colour of most cells of a class that is found."""
    cells = sight.colors[sight.sure == vocabulary.name_index(name)]
    return vocabulary.colors[int(np.bincount(cells).argmax())]


def answerable(vocabulary: JudgeVocabulary, scene: AskedScene) -> dict[str, str]:
    """Return the answers of a scene's caption that the judge can check, by question."""
    return {name: scene.ring.attributes[name] for name in scene.named & vocabulary.trusted}


def asked_all(
    scenes: Sequence[AskedScene], sight: JudgedView, vocabulary: JudgeVocabulary, shift: int = 0
) -> list[CaptionCheck]:
    """Look for the things that captions name in the same number of views of each scene.

    With a `shift`, take the captions from this many scenes further on.
    """
    each, checks = len(sight) // len(scenes), []
    for place in range(len(scenes)):
        scene = scenes[(place + shift) % len(scenes)]
        classes = expected(scene, all_around=each > 1)
        own = sight[place * each : (place + 1) * each]
        checks.append(ask(own, vocabulary, classes, answerable(vocabulary, scene)))
    return checks


def answers_report(
    scenes: Sequence[AskedScene],
    invented: JudgedView,
    renders: JudgedView,
    vocabulary: JudgeVocabulary,
) -> dict[str, dict[str, Any]]:
    """Return the shares of things, colours and attributes that agree with the captions."""
    answers = {
        "invented": asked_all(scenes, invented, vocabulary),
        "renders": asked_all(scenes, renders, vocabulary),
        # scenes whose numbers differ by the number of categories are of the same category
        "chance": asked_all(scenes, renders, vocabulary, len(CATEGORIES)),
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
