"""What the judge has words for: classes of things, colours, and questions about whole views."""

from dataclasses import dataclass

from mag_sandbox.evaluation.judge.classifier import ViewQuestion, all_heads
from mag_sandbox.renderer.version2.classes import CLASSES
from mag_sandbox.renderer.version2.render import CATEGORIES

NOTHING = 0  # the name of a cell that shows no thing
_COLORED = {
    "indoor": (
        "curtains", "furniture_color", "second_color", "lamp_color", "rug_color", "door",
    ),
    "outdoor": ("building_color", "flowers", "fence"),
    "object": ("backdrop_color", "support_color", "main_color", "second_color"),
    "video game": ("structure_color",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgeVocabulary:
    """The order in which a network gives its answers."""

    classes: tuple[str, ...]  # "nothing" stands before them
    colors: tuple[str, ...]
    questions: tuple[ViewQuestion, ...]

    def name_index(self, name: str) -> int:
        """Return the number by which cells show a class."""
        return self.classes.index(name) + 1


def full_vocabulary() -> JudgeVocabulary:
    """Return all that the renderer draws."""
    colors = {
        value: None
        for category, names in _COLORED.items()
        for name in names
        for value in CATEGORIES[category].ATTRIBUTES[name]
        if value != "none"
    }
    return JudgeVocabulary(CLASSES, tuple(colors), all_heads())
