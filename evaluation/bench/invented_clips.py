"""Clips that a world invents itself: panned away from and back, nothing given but the first view.

Its way back is compared with its own way out, and what it invents beyond the first view with what
the renderer draws there and with what the caption promised.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mag_sandbox.evaluation.bench.adherence import captioned, trusted_heads, trusted_objects
from mag_sandbox.evaluation.bench.clips import HeldOutScene, Kind, pan_and_back, record
from mag_sandbox.evaluation.bench.imagination import Views, views_beyond
from mag_sandbox.evaluation.bench.memory_clips import compare
from mag_sandbox.evaluation.bench.parts import likenesses, mean_of
from mag_sandbox.evaluation.bench.return_scores import (
    ceiling_psnr,
    equal_pose_pairs,
    unrelated_psnr,
)
from mag_sandbox.evaluation.judge.classifier import CATEGORY, Classifier, Reading
from mag_sandbox.evaluation.magbench.continuation import Continuation
from mag_sandbox.evaluation.magbench.evaluate import Matching
from mag_sandbox.evaluation.probe.metrics import gradient_energy
from mag_sandbox.model.world import MemoryUsage, World

DIGITS = 3  # of features in a record


@dataclass(frozen=True, slots=True)
class InventedScene:
    """A scene to invent, what its caption promises, and another one that lends its views."""

    scene: HeldOutScene
    named: tuple[str, ...]  # heads of the classifier that the caption answers
    objects: tuple[str, ...]  # its questions about objects that the caption answers
    other: HeldOutScene


def invented_scene(
    scene: HeldOutScene, other: HeldOutScene, classifier: Classifier
) -> InventedScene:
    """Return a scene with the caption that promises most."""
    objects = trusted_objects(classifier)
    scene, named = captioned(scene, [*trusted_heads(classifier), *objects])
    asked_of_objects = {head.name for head in objects}
    return InventedScene(
        scene,
        tuple(name for name in named if name not in {CATEGORY, *asked_of_objects}),
        tuple(name for name in named if name in asked_of_objects),
        other,
    )


def measure_invented(
    world: World,
    asked: InventedScene,
    kind: Kind,
    matching: Matching,
    classifier: Classifier,
    away_seconds: float = 0.0,
) -> tuple[dict, Continuation, int, MemoryUsage]:
    """Play a clip; return what `compare` does, and what memory holds at its end.

    Between out and back the camera may look elsewhere for `away_seconds`: see `pan_and_back`.

    Where a first view is given of a scene that moves, recall, floor and ceiling rest on those of
    its pixels that stand still. What else is invented may move as it likes: whole frames count, as
    the world says they are at rest.

    The record also has the features of views beyond the first one, for the Frechet distance, and
    which captioned objects they show: see `found_objects`.
    """
    clip = record(
        world, asked.scene.scene(kind), pan_and_back(world.spec, away_seconds=away_seconds)
    )
    outs, backs = zip(*equal_pose_pairs(clip), strict=True)
    away = [clip.seconds_between(*pair) for pair in zip(outs, backs, strict=True)]
    parts = asked.scene.known_parts(kind)
    still = parts and [parts.still_at(clip.poses[index]) for index in backs]
    limits = unrelated_psnr(clip, parts), ceiling_psnr(clip, world.round_trip, parts)
    frames = clip.to_compare(parts)
    returned, truth = frames[[*backs]], frames[[*outs]]
    measured, pair, worst = compare(clip, returned, truth, away, limits, matching, still)
    if still is not None:
        measured["scores"]["still_psnr_db"] = mean_of(likenesses(returned, truth, still))
    views = views_beyond(clip, asked.scene, asked.other)
    scores, features = imagined(views, asked, classifier)
    found = found_objects(views, asked, classifier)
    measured["scores"] |= scores | object_scores(found)
    return {**measured, "features": features, "objects": found}, pair, worst, clip.usage


def imagined(views: Views, asked: InventedScene, classifier: Classifier) -> tuple[dict, dict]:
    """Return the scores of invented views, and the features of all of them.

    `detail` is gradient energy of that of the renderer's views; `promised_percent` the share of
    promised attributes that the classifier finds, None where the caption promises none that it
    knows; `promised_renders_percent` the same of the renderer's views.
    """
    read = {
        name: classifier.read(np.stack(getattr(views, name)))
        for name in ("invented", "rendered", "others")
    }
    made, drawn = views.means(gradient_energy)
    scores = {
        "detail": made / drawn if drawn else None,
        "promised_percent": _found(read["invented"], asked),
        "promised_renders_percent": _found(read["rendered"], asked),
    }
    features = {name: one.features.round(DIGITS).tolist() for name, one in read.items()}
    return scores, features


def found_objects(
    views: Views, asked: InventedScene, classifier: Classifier
) -> dict[str, dict[str, float]]:
    """Return for every object that the caption names whether the classifier finds it, 0 or 1.

    It is asked of all views of a place together: in those the world invented (`found`), in the
    renderer's (`renders`: what the classifier itself can do), and in the renderer's of another
    scene of the category, which nobody asked for it (`chance`).
    """
    seen = {
        name: classifier.objects_in(np.stack(place))
        for name, place in (
            ("found", views.invented),
            ("renders", views.rendered),
            ("chance", views.others),
        )
    }
    truths = {name: asked.scene.truth(name.split(".")[-1]) for name in asked.objects}
    return {
        question: {name: float(one[question] == truth) for name, one in seen.items()}
        for question, truth in truths.items()
    }


def object_scores(found: dict[str, dict[str, float]]) -> dict[str, float | None]:
    """Return the shares of all captioned objects, percent; None where the caption names none."""
    names = {
        "objects_percent": "found",
        "objects_renders_percent": "renders",
        "objects_chance_percent": "chance",
    }
    return {
        score: 100.0 * float(np.mean([one[name] for one in found.values()])) if found else None
        for score, name in names.items()
    }


def _found(reading: Reading, asked: InventedScene) -> float | None:
    if not asked.named:
        return None
    return 100.0 * float(
        np.mean([_right(reading.names[name], name, asked) for name in asked.named])
    )


def _right(said: Sequence[str], name: str, asked: InventedScene) -> float:
    truth = asked.scene.truth(name.split(".")[-1])
    return float(np.mean([one == truth for one in said]))
