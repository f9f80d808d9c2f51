"""The task of a changed prompt: another place is described on the way out; does it show there?

Asked is only what tells the two places apart and what the classifier reads right in the renderer's
own view of the other one: so a world that ignores the prompt is never right, and one that obeys it
always can be. Knows nothing of memory.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.judge.classifier import CATEGORY, Classifier
from mag_sandbox.evaluation.quality.adherence import captioned, trusted_heads
from mag_sandbox.evaluation.quality.scenes import HeldOutScene
from mag_sandbox.model.world import Frames
from mag_sandbox.renderer.version2.render import CATEGORIES

TRIES = 6  # places, until one differs in something that can be asked
APART = len(CATEGORIES)  # indices between scenes of one category


@dataclass(frozen=True, slots=True)
class OtherPlace:
    """What a world is told, and the questions about a view."""

    prompt: str
    answers: dict[str, str]  # question of the classifier -> value of the described place

    def share(self, view: Frames, classifier: Classifier) -> float:
        """Return how many of the answers are right in a view, uint8 [H, W, 3]."""
        read = classifier.read(view[None])
        right = [read[name][0] == value for name, value in self.answers.items()]
        return sum(right) / len(right)


def another_place(
    scene: HeldOutScene,
    draw: Callable[[int], HeldOutScene],
    index: int,
    yaw: float,
    classifier: Classifier,
) -> OtherPlace | None:
    """Return what to describe instead of a scene; None: nothing is found that can be told apart.

    Args:
        scene: that is played.
        draw: gives the scene of an index.
        index: of the scene.
        yaw: where the other place will be looked at [degrees].
        classifier: the judge.
    """
    heads = trusted_heads(classifier)
    for one in range(1, TRIES + 1):
        other, named = captioned(draw(index + APART * one), heads)
        read = classifier.read(other.view(CameraPose(yaw), 0)[None])
        answers = {name: other.truth(name.split(".")[-1]) for name in named if name != CATEGORY}
        answers = {
            name: value
            for name, value in answers.items()
            if read[name][0] == value and scene.truth(name.split(".")[-1]) != value
        }
        if answers:
            return OtherPlace(other.caption, answers)
    return None
