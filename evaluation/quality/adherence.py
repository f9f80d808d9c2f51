"""Captions that can be checked: those that say most of what the classifier reads from pictures."""

from dataclasses import replace

from mag_sandbox.evaluation.judge.classifier import CATEGORY, Classifier, ViewQuestion
from mag_sandbox.evaluation.quality.scenes import HeldOutScene
from mag_sandbox.renderer.version2.mentions import richest_caption

JUDGE_LIMIT = 0.85  # a question counts if the classifier answers it this well on renders


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
