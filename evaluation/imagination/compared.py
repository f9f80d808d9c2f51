"""Views that a world invented, row by row beside the renderer's of the same captions and poses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from mag_sandbox.evaluation.imagination.scenes import AskedScene
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.judge.judge import Judge, JudgedView
from mag_sandbox.model.world import World

BLUR = 20  # px that the blurred views are averaged over


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks: one network for things and their colours, one for what views are like."""

    judge: Judge
    classifier: Classifier

    def look(self, frames: np.ndarray) -> "Pictures":
        """Return pictures, uint8 [N, H, W, 3], with what is seen in them."""
        said = self.classifier.read(frames)
        names = {head: np.array(values) for head, values in said.items()}
        return Pictures(frames, self.judge.look(frames), names)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures and what is seen in them."""

    frames: np.ndarray  # uint8 [N, H, W, 3]
    sight: JudgedView
    said: dict[str, np.ndarray]  # question of the classifier -> its answers, str [N]

    def some(self, rows: np.ndarray | slice) -> "Pictures":
        """Return some of them."""
        said = {question: answers[rows] for question, answers in self.said.items()}
        return Pictures(self.frames[rows], self.sight[rows], said)


@dataclass(frozen=True, slots=True)
class Compared:
    """Equally many rows of each; all but the invented went through the world's codec."""

    invented: Pictures
    renders: Pictures
    blurred: Pictures  # the same without shapes: what patches of the right colours reach
    others: Pictures  # the renderer's of the same captions, looking elsewhere
    redrawn: Pictures  # the renderer's of the same captions, all else drawn anew
    scenes: np.ndarray  # which scene each row is of, int [N]

    def some(self, rows: np.ndarray | slice) -> "Compared":
        """Return some rows."""
        parts = (self.invented, self.renders, self.blurred, self.others, self.redrawn)
        return Compared(*(part.some(rows) for part in parts), self.scenes[rows])

    def instead(self, invented: Pictures) -> "Compared":
        """Return the same beside other invented views."""
        return replace(self, invented=invented)


def compared(
    invented: np.ndarray,
    scenes: Sequence[AskedScene],
    views: Callable[[AskedScene], np.ndarray],
    others: Callable[[AskedScene], np.ndarray],
    redrawn: Callable[[AskedScene], np.ndarray],
    world: World,
    eyes: Eyes,
) -> Compared:
    """Look at invented views and at what belongs beside them.

    Args:
        invented: scene by scene, uint8 [N, H, W, 3].
        scenes: that they are of.
        views: gives the renderer's of a scene, uint8 [N / scenes, H, W, 3].
        others: gives as many in other directions.
        redrawn: gives as many of the caption drawn anew.
        world: whose codec the renderer's go through.
        eyes: that look.
    """
    drawn, other, again = (
        np.concatenate([some(scene) for scene in scenes]) for some in (views, others, redrawn)
    )
    coarse = np.stack([blurred(view) for view in drawn])
    beside = (world.round_trip(frames) for frames in (drawn, coarse, other, again))
    rows = np.repeat(np.arange(len(scenes)), len(drawn) // len(scenes))
    return Compared(*(eyes.look(frames) for frames in (invented, *beside)), rows)


def blurred(view: np.ndarray) -> np.ndarray:
    """Return a view without any shape, its colours kept, uint8 [H, W, 3]."""
    image, (height, width) = Image.fromarray(view), view.shape[:2]
    coarse = image.resize((width // BLUR, height // BLUR), Image.Resampling.BOX)
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
