"""The judge of prompts: a small network that names the attributes of a view of 90 degrees.

It reads weather, theme and the like of scenes of version 2 of the renderer, on whose views it was
trained, and is frozen: published results depend on it. It knows nothing of the world it judges.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.checkpoints import load_into, parse_config
from mag_sandbox.model.world import WEIGHTS as BUNDLED

CLASSIFIER_WEIGHTS = BUNDLED / "classifier"
WEIGHTS, VOCABULARY = "classifier.safetensors", "classifier.json"
FEATURES = 48  # size of a view's penultimate layer
CATEGORY = "category"
WIDTHS = (16, 32, 48, 64, 64)  # channels of the convolutions
_BATCH = 64
_REMEDY = "restore it with git"


@dataclass(frozen=True, slots=True)
class ViewQuestion:
    """One question about a view."""

    name: str  # "category", or "<category>.<attribute>"
    values: tuple[str, ...]
    accuracy: float = 0.0  # on held-out renderer views, in [0, 1]

    @property
    def category(self) -> str | None:
        """The category that it applies to; None: every view."""
        return None if self.name == CATEGORY else self.name.split(".")[0]

    @property
    def attribute(self) -> str:
        """The attribute it asks for."""
        return self.name.split(".")[-1]


class ViewNetwork(nn.Module):
    """Convolutions, a pool that keeps highs and lows, one linear layer a question."""

    def __init__(self, heads: tuple[ViewQuestion, ...], widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for place, (width, wider) in enumerate(itertools.pairwise((3, *widths))):
            stride = 2 if place < len(widths) - 1 else 1
            layers += [nn.Conv2d(width, wider, 3, stride=stride, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(wider), nn.ReLU()]
        self.widths = widths
        self.trunk = nn.Sequential(*layers)
        self.features = nn.Linear(widths[-1] * 3, FEATURES)
        self.heads = nn.ModuleList(nn.Linear(FEATURES, len(head.values)) for head in heads)

    def forward(self, views: Tensor) -> list[Tensor]:
        """Return the logits of every head, [B, values], of views, [B, 3, 96, 160] in [-1, 1]."""
        maps = self.trunk(views)  # [B, C, 6, 10]
        bands = functional.adaptive_avg_pool2d(maps, (3, 1)).flatten(1)
        features = self.features(bands).relu()
        return [head(features) for head in self.heads]


class Classifier:
    """A trained network with its vocabulary.

    classifier = Classifier.load()
    classifier.read(frames)["category"]  # ["outdoor", ...]
    """

    def __init__(self, network: ViewNetwork, heads: tuple[ViewQuestion, ...]) -> None:
        self.network, self.heads = network.eval(), heads

    def read(self, frames: np.ndarray) -> dict[str, list[str]]:
        """Look at frames, uint8 [T, 192, 320, 3] or already halved.

        Returns:
            For every head, the most likely value for each frame.
        """
        answers: list[list[Tensor]] = []
        with torch.inference_mode():
            for start in range(0, len(frames), _BATCH):
                logits = self.network(as_input(frames[start : start + _BATCH]))
                answers.append([logit.argmax(1) for logit in logits])
        return {
            head.name: [head.values[i] for i in torch.cat(parts)]
            for head, *parts in zip(self.heads, *answers, strict=True)
        }

    @classmethod
    def load(cls, folder: Path = CLASSIFIER_WEIGHTS) -> "Classifier":
        """Read a weights folder."""
        heads, widths = parse_config(folder / VOCABULARY, _told, _REMEDY)
        network = ViewNetwork(heads, widths)
        load_into(network, folder / WEIGHTS, remedy=_REMEDY)
        return cls(network, heads)


def _told(about: dict[str, Any]) -> tuple[tuple[ViewQuestion, ...], tuple[int, ...]]:
    return questions_of(about["heads"]), tuple(about["widths"])


def questions_of(rows: Sequence[Mapping[str, Any]]) -> tuple[ViewQuestion, ...]:
    """Return the questions from their `dataclasses.asdict` form."""
    return tuple(ViewQuestion(one["name"], tuple(one["values"]), one["accuracy"]) for one in rows)


def as_input(views: np.ndarray) -> Tensor:
    """Return views, uint8 [T, H, W, 3], as inputs of the network: 160 x 96 in [-1, 1]."""
    pixels = torch.from_numpy(np.ascontiguousarray(views)).permute(0, 3, 1, 2).float()
    if pixels.shape[-1] != 160:
        pixels = functional.interpolate(pixels, (96, 160), mode="area")
    return pixels / 127.5 - 1
