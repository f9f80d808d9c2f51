"""Judged pictures, and whether they show the things, colours and attributes captions ask for.

Things that have a place are looked at closely where a world, or the renderer's log, says that they
stand. Land and water, and the things of worlds that do not say it, are looked for in whole views.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mag_sandbox.evaluation.imagination.scenes import AskedScene, SceneViews, expected
from mag_sandbox.evaluation.judge.close_look import SURE, CloseLook, Looked, has_place
from mag_sandbox.evaluation.judge.judge import Judge, JudgedView, JudgeVocabulary, found
from mag_sandbox.evaluation.results.intervals import pooled_share
from mag_sandbox.model.world import Frames
from mag_sandbox.renderer.render import CATEGORIES

PARTS = ("things", "colors", "attributes")


class Judges(NamedTuple):
    """The judges of pictures."""

    whole: Judge  # of views
    close: CloseLook  # of one thing each

    @classmethod
    def load(cls) -> "Judges":
        """Read their weights."""
        return cls(Judge.load(), CloseLook.load())


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures, the judge's answers about them, and where they are said to show things."""

    views: SceneViews
    sight: JudgedView

    @property
    def frames(self) -> Frames:
        """The pictures, uint8 [N, H, W, 3]."""
        return self.views.frames

    @classmethod
    def judged(cls, views: SceneViews, judge: Judge) -> "Pictures":
        """Return pictures that the judge looked at."""
        return cls(views, judge.look(views.frames))


@dataclass(frozen=True, slots=True)
class CaptionCheck:
    """The things, colours and attributes that a caption asks for, and which of them are there."""

    things: dict[str, bool]  # class -> found
    colors: dict[str, bool]  # class of a found thing that has a colour -> it has it
    attributes: dict[str, bool]  # question -> answered as the caption says


def standing(
    look: CloseLook, views: SceneViews, kinds: Collection[str]
) -> dict[str, frozenset[str]] | None:
    """Return which of some kinds stand in their places, and colours that the surest may have.

    None: it is not said where things stand.
    """
    if views.boxes is None:
        return None
    best: dict[str, Looked] = {}
    for frame, boxes in zip(views.frames, views.boxes, strict=True):
        asked = [box for box in boxes if box.kind in kinds]
        for box, looked in zip(asked, look.looked(frame, asked), strict=True):
            best[box.kind] = max(looked, best.get(box.kind, looked), key=lambda one: one.sureness)
    return {kind: one.colors for kind, one in best.items() if one.sureness >= SURE}


def ask(
    sight: JudgedView,
    vocabulary: JudgeVocabulary,
    classes: Mapping[str, str | None],
    values: Mapping[str, str],
    stands: Mapping[str, frozenset[str]] | None = None,
) -> CaptionCheck:
    """Look for a caption's things, with the colour each should have, or None.

    Args:
        sight: of views.
        vocabulary: of the judge.
        classes: the things, with their colours.
        values: the caption's answers to questions about the first of the views.
        stands: see `standing`.
    """
    cells = found(sight, vocabulary)
    things, colors = {}, {}
    for name, color in classes.items():
        closely = stands if has_place(name) else None
        things[name] = name in (cells if closely is None else closely)
        if color is not None and things[name]:
            seen = color_of(sight, vocabulary, name) if closely is None else None
            colors[name] = seen == color if closely is None else color in closely[name]
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
    scenes: Sequence[AskedScene], pictures: Pictures, judges: Judges, shift: int = 0
) -> list[CaptionCheck]:
    """Look for the things that captions name in the same number of views of each scene.

    Args:
        scenes: with their captions.
        pictures: of them.
        judges: that look.
        shift: from how many scenes further on captions and places are taken.
    """
    each, checks = len(pictures.sight) // len(scenes), []
    boxes, vocabulary = pictures.views.boxes, judges.whole.vocabulary
    for place in range(len(scenes)):
        asked = (place + shift) % len(scenes)
        scene, own = scenes[asked], slice(place * each, (place + 1) * each)
        classes = expected(scene, all_around=each > 1)
        there = None if boxes is None else boxes[asked * each : (asked + 1) * each]
        stands = standing(judges.close, SceneViews(pictures.frames[own], there), classes)
        values = answerable(vocabulary, scene)
        checks.append(ask(pictures.sight[own], vocabulary, classes, values, stands))
    return checks


def answers_report(
    scenes: Sequence[AskedScene], invented: Pictures, renders: Pictures, judges: Judges
) -> dict[str, dict[str, Any]]:
    """Return the shares of things, colours and attributes that agree with the captions."""
    answers = {
        "invented": asked_all(scenes, invented, judges),
        "renders": asked_all(scenes, renders, judges),
        # scenes whose numbers differ by the number of categories are of the same category
        "chance": asked_all(scenes, renders, judges, shift=len(CATEGORIES)),
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
