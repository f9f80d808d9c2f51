"""Numbers of compared views, with their intervals; see `evaluation.imagination.bar`."""

from collections.abc import Callable, Sequence

import numpy as np

from mag_sandbox.evaluation.imagination.compared import Compared, Eyes, Pictures
from mag_sandbox.evaluation.imagination.roundness import (
    CLOSING,
    opposite_likeness,
    seams,
    variety,
)
from mag_sandbox.evaluation.imagination.scenes import WALLS, AskedScene, expected
from mag_sandbox.evaluation.imagination.telling import told_apart
from mag_sandbox.evaluation.imagination.things import Asked, answerable, ask, covered
from mag_sandbox.evaluation.judge.judge import Judge
from mag_sandbox.evaluation.judge.vocabulary import JudgeVocabulary
from mag_sandbox.evaluation.probe.metrics import bootstrap_interval
from mag_sandbox.renderer.version2.render import CATEGORIES

PARTS = ("things", "colors", "attributes", "all")


def asked_all(
    scenes: Sequence[AskedScene], pictures: Pictures, eyes: Eyes, shift: int = 0
) -> list[Asked]:
    """Look for what captions ask for in the views of their scenes, equally many each.

    Args:
        scenes: with their captions.
        pictures: all their views, scene by scene; attributes are read from the first of each.
        eyes: that looked.
        shift: look for what the caption of the scene so many further on asks for instead.
    """
    each, answers = len(pictures.sight) // len(scenes), []
    for place in range(len(scenes)):
        scene = scenes[(place + shift) % len(scenes)]
        truth, first = scene.ring.attributes, place * each
        told = answerable(eyes.classifier.heads, scene.category, scene.mentioned, truth)
        answers.append(
            ask(
                pictures.sight[first : first + each],
                eyes.judge.vocabulary,
                expected(scene, all_around=each > 1),
                {name: bool(pictures.said[name][first] == value) for name, value in told.items()},
            )
        )
    return answers


def answers_report(scenes: Sequence[AskedScene], some: Compared, eyes: Eyes) -> dict:
    """Return how many things, colours and attributes are as captions say, and per class."""
    pictures = {"invented": some.invented, "renders": some.renders, "blurred": some.blurred}
    answers = {name: asked_all(scenes, one, eyes) for name, one in pictures.items()}
    # scenes whose numbers differ by the number of categories are of the same category
    answers["chance"] = asked_all(scenes, some.renders, eyes, len(CATEGORIES))
    report: dict = {part: {"asked": 0} for part in PARTS}
    for part in PARTS:
        rows = {name: [one.answers(part) for one in asked] for name, asked in answers.items()}
        report[part] = {name: _share(row) for name, row in rows.items()}
        report[part]["asked"] = sum(len(row) for row in rows["invented"])
    report["kinds"] = _kinds(answers["invented"], answers["renders"])
    return report


def _kinds(invented: Sequence[Asked], renders: Sequence[Asked]) -> dict:
    """Return per class how often it was asked for and found."""
    kinds: dict[str, dict[str, int]] = {}
    for name, answers in (("invented", invented), ("renders", renders)):
        for one in answers:
            for thing, there in one.things.items():
                row = kinds.setdefault(thing, {"asked": 0, "invented": 0, "renders": 0})
                row[name] += there
                row["asked"] += name == "invented"
    return dict(sorted(kinds.items()))


def apart_report(some: Compared, judge: Judge) -> dict:
    """Return how often views are told apart from renders of the same captions."""
    parts = {"invented": some.invented, "blurred": some.blurred, "others": some.others}
    renders = judge.traits(some.renders.frames)
    return {name: told_apart(judge.traits(part.frames), renders) for name, part in parts.items()}


def area_report(some: Compared, vocabulary: JudgeVocabulary) -> dict:
    """Return how much of the pictures shows things for sure."""
    parts = (some.invented, some.renders, some.blurred)
    shares = np.stack([covered(part.sight, vocabulary) for part in parts], axis=1)
    means = dict(zip(("invented", "renders", "blurred"), shares.mean(0).tolist(), strict=True))
    return {**means, "ratio": _ratio(shares[:, :2], some.scenes)}


def round_report(around: Compared) -> dict:
    """Return whether rings are round; the rows are all walls of each."""
    invented, renders = _rings(around.invented), _rings(around.renders)
    ours = [opposite_likeness(walls) for walls in invented]
    theirs = [opposite_likeness(walls) for walls in renders]
    joints = np.array([seams(walls) for walls in invented])
    varieties = [
        [variety(one) for one in part.sight.features.reshape(len(invented), len(WALLS), -1)]
        for part in (around.invented, around.renders)
    ]
    return {
        "opposite_db": float(np.mean(ours)),
        "opposite_renders_db": float(np.mean(theirs)),
        "excess_db": _mean(np.subtract(ours, theirs)),
        "closing_seam": _mean(joints[:, CLOSING]),
        "other_seams": _mean(np.delete(joints, CLOSING, axis=1).mean(1)),
        "renders_seams": float(np.mean([seams(walls) for walls in renders])),
        "variety": _ratio(np.array(varieties).T, np.arange(len(invented))),
    }


def ratio_report(some: Compared, measure: Callable[[np.ndarray], float]) -> dict:
    """Return the mean of a measure of invented views, of that of the renderer's."""
    parts = (some.invented.frames, some.renders.frames)
    values = np.array([[measure(view) for view in frames] for frames in parts]).T
    return _ratio(values, some.scenes)


def _rings(pictures: Pictures) -> np.ndarray:
    """Return walls, uint8 [rings, 4, H, W, 3]."""
    return pictures.frames.reshape(-1, len(WALLS), *pictures.frames.shape[1:])


def _share(rows: Sequence[Sequence[bool]]) -> dict | None:
    """Return the share of right answers, resampled by scenes; None: nothing was asked."""
    counts = [(len(row), sum(row)) for row in rows if row]
    if not counts:
        return None
    low, high = bootstrap_interval(counts, combine=lambda means: means[:, 1] / means[:, 0])
    asked, right = np.sum(counts, axis=0)
    return {"mean": float(right / asked), "low": low, "high": high}


def _ratio(values: np.ndarray, scenes: np.ndarray) -> dict:
    """Return the mean of the first column over that of the second, [N, 2], by scenes."""
    rows = np.stack([values[scenes == one].mean(0) for one in np.unique(scenes)])
    floor = 1e-6  # of what is divided by: where the judge sees nothing anywhere
    low, high = bootstrap_interval(
        rows, combine=lambda means: means[:, 0] / np.maximum(means[:, 1], floor)
    )
    ours, theirs = rows.mean(0)
    return {"mean": float(ours / max(theirs, floor)), "low": low, "high": high}


def _mean(values: np.ndarray) -> dict:
    low, high = bootstrap_interval(values)
    return {"mean": float(np.mean(values)), "low": low, "high": high}
