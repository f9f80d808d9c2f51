"""Do prompts act? Pictures invented from the prompt alone, read by the classifier."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mag_sandbox.evaluation.judge.classifier import CATEGORY, Classifier, ViewQuestion
from mag_sandbox.evaluation.quality.scenes import HeldOutScene, held_out_scene
from mag_sandbox.evaluation.results.intervals import pooled_share
from mag_sandbox.evaluation.similarity.metrics import bootstrap_interval
from mag_sandbox.model.world import World
from mag_sandbox.renderer.version2.mentions import richest_caption

JUDGE_LIMIT = 0.85  # a question counts if the classifier answers it this well on renders
RECOVERED = 0.70  # share of right answers that makes an attribute recovered
FEWEST = 8  # pictures that an attribute's share needs
FIRST_INDEX = 5_000  # of the scenes asked for here; no clip shows them


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the classifier sees one thing that a caption names."""

    right: bool  # in the invented picture
    on_render: bool  # in the renderer's: what the classifier itself can do


def adherence_report(
    answers: Sequence[dict[str, Answer]], classifier: Classifier
) -> dict[str, Any]:
    """Return how prompts act, of what `ask_scene` returns, one a picture.

    An attribute counts in a picture only if the caption names it.
    """
    heads = {head.name: _share(head, answers) for head in trusted_heads(classifier)}
    return {
        "prompts": len(answers),
        "heads": heads,
        "attributes": attribute_report(answers),
        "recovered": [
            name
            for name, share in heads.items()
            if name != CATEGORY and share["pictures"] >= FEWEST and share["accuracy"] >= RECOVERED
        ],
    }


def attribute_report(answers: Sequence[dict[str, Answer]]) -> dict[str, Any]:
    """Return how many of all attributes that captions name are found; the category is none.

    The interval is by bootstrap over what `ask_scene` returns, one a picture.
    """
    pictures = [
        [answer for name, answer in one.items() if name != CATEGORY]
        for one in answers
        if one.keys() - {CATEGORY}
    ]
    counts = [(len(one), sum(answer.right for answer in one)) for one in pictures]
    asked, found = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
    return {
        "asked": asked,
        "found": found,
        "found_on_renders": sum(answer.on_render for one in pictures for answer in one),
        "share": pooled_share(counts),
    }


def ask_scene(
    world: World, classifier: Classifier, number: int, seed: int, folder: Path
) -> dict[str, Answer]:
    """Ask for a held-out scene by its caption; return what the first picture shows of it.

    The scene is one of a number and a seed; the renderer's picture goes into the folder.
    """
    scene = held_out_scene(FIRST_INDEX + number, seed, folder, moves=world.spec.moves)
    scene, named = captioned(scene, trusted_heads(classifier))
    invented = world.reset(scene.scene("prompt"), scene.seed).frames[-1]
    read = classifier.read(np.stack((invented, scene.first_view)))
    truths = {name: scene.truth(name.split(".")[-1]) for name in named}
    return {name: Answer(*(said == truth for said in read[name])) for name, truth in truths.items()}


def trusted_heads(classifier: Classifier) -> list[ViewQuestion]:
    """Return the questions that the classifier answers well."""
    return [head for head in classifier.heads if head.accuracy >= JUDGE_LIMIT]


def captioned(
    scene: HeldOutScene, heads: list[ViewQuestion]
) -> tuple[HeldOutScene, tuple[str, ...]]:
    """Return a scene with the caption that says most, and the heads it answers."""
    own = tuple(head.attribute for head in heads if head.category == scene.panorama.category)
    caption, named = richest_caption(scene.panorama, own)
    names = tuple(f"{scene.panorama.category}.{attribute}" for attribute in named)
    return replace(scene, caption=caption), (CATEGORY, *names)


def _share(head: ViewQuestion, answers: Sequence[dict[str, Answer]]) -> dict[str, Any]:
    asked = [answer[head.name] for answer in answers if head.name in answer]
    right = [one.right for one in asked]
    low, high = bootstrap_interval(right) if right else (None, None)
    return {
        "pictures": len(right),
        "accuracy": float(np.mean(right)) if right else None,
        "low": low,
        "high": high,
        "accuracy_on_renders": float(np.mean([one.on_render for one in asked])) if asked else None,
        "values": len(head.values),
    }
