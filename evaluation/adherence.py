"""Do prompts act? Pictures invented from the prompt alone, read by the classifier."""

from pathlib import Path

import numpy as np

from evaluation.classifier import CATEGORY, Classifier, Head
from evaluation.clips import HeldOutScene, Report, held_out_scene
from evaluation.mentions import richest_caption
from evaluation.metrics import bootstrap_interval
from model.world import World

JUDGE_LIMIT = 0.85  # a question counts if the classifier answers it this well on renders
RECOVERED = 0.70  # share of right answers that makes an attribute recovered
FEWEST = 8  # pictures that an attribute's share needs
FIRST_INDEX = 5_000  # of the scenes asked for here; no clip shows them


def measure_adherence(
    world: World, classifier: Classifier, count: int, seed: int, folder: Path, report: Report
) -> dict:
    """Ask for `count` held-out scenes by caption and read their first pictures.

    An attribute counts in a picture only if the caption names it.
    """
    heads = [head for head in classifier.heads if head.accuracy >= JUDGE_LIMIT]
    invented, rendered, asked = [], [], []
    for number in range(1, count + 1):
        scene = held_out_scene(FIRST_INDEX + number - 1, seed, folder)
        scene, named = captioned(scene, heads)
        invented.append(world.reset(scene.scene("prompt"), scene.seed).frames[-1])
        rendered.append(scene.first_view)
        asked.append((scene, named))
        if number % 16 == 0:
            report(f"prompts: {number}/{count} scenes")
    seen = classifier.read(np.stack(invented)).names
    ideal = classifier.read(np.stack(rendered)).names
    heads_report = {head.name: _share(head, asked, seen, ideal) for head in heads}
    return {
        "prompts": count,
        "heads": heads_report,
        "recovered": [
            name
            for name, share in heads_report.items()
            if name != CATEGORY and share["pictures"] >= FEWEST and share["accuracy"] >= RECOVERED
        ],
    }


def captioned(scene: HeldOutScene, heads: list[Head]) -> tuple[HeldOutScene, tuple[str, ...]]:
    """Return a scene with the caption that says most, and the heads it answers."""
    own = tuple(head.attribute for head in heads if head.category == scene.panorama.category)
    caption, named = richest_caption(scene.panorama, own)
    names = tuple(f"{scene.panorama.category}.{attribute}" for attribute in named)
    return scene.with_caption(caption), (CATEGORY, *names)


def _share(head: Head, asked: list, seen: dict, ideal: dict) -> dict:
    right, right_on_renders = [], []
    for place, (scene, named) in enumerate(asked):
        if head.name in named:
            truth = scene.truth(head.attribute)
            right.append(seen[head.name][place] == truth)
            right_on_renders.append(ideal[head.name][place] == truth)
    low, high = bootstrap_interval(right) if right else (None, None)
    return {
        "pictures": len(right),
        "accuracy": float(np.mean(right)) if right else None,
        "low": low,
        "high": high,
        "accuracy_on_renders": float(np.mean(right_on_renders)) if right else None,
        "values": len(head.values),
    }
