"""The judge of prompts: a small network that names what a view of 90 degrees shows.

It is trained on renderer views alone (`evaluation.classifier_training`) and knows nothing of the
world it judges. Its penultimate features also carry the Frechet distance.
"""

import itertools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from model.world import MissingWeights
from scenes.replacing import replacing
from training.panorama.render import CATEGORIES

CLASSIFIER_WEIGHTS = Path(__file__).parent.parent / "assets" / "weights" / "classifier"
WEIGHTS, VOCABULARY = "classifier.safetensors", "classifier.json"
FEATURES = 48  # penultimate numbers of a view
CATEGORY = "category"
# what nearly every view of 90 degrees shows
HEADS: dict[str, tuple[str, ...]] = {
    "outdoor": ("biome", "time_of_day", "weather"),
    "indoor": ("wall_color", "light"),
    "object": ("backdrop_color", "light"),
    "video game": ("theme", "sky", "backdrop", "platform"),
}
_BATCH = 64
_REMEDY = "restore it with git or run `python -m evaluation train-classifier`"


@dataclass(frozen=True, slots=True)
class Head:
    """One question about a view."""

    name: str  # "category", or "<category>.<attribute>"
    values: tuple[str, ...]
    accuracy: float = 0.0  # on single held-out renderer views, in [0, 1]

    @property
    def category(self) -> str | None:
        """The category it is asked of; None: of every view."""
        return None if self.name == CATEGORY else self.name.split(".")[0]

    @property
    def attribute(self) -> str:
        """The attribute it asks for."""
        return self.name.split(".")[-1]


def all_heads() -> tuple[Head, ...]:
    """Return every question, the category first."""
    heads = [Head(CATEGORY, tuple(CATEGORIES))]
    for category, names in HEADS.items():
        values = CATEGORIES[category].ATTRIBUTES
        heads += [Head(f"{category}.{name}", values[name]) for name in names]
    return tuple(heads)


class ViewNetwork(nn.Module):
    """Convolutions, a pool that keeps what is high and what is low, one linear layer a head."""

    def __init__(self, heads: tuple[Head, ...]) -> None:
        super().__init__()
        widths = (3, 16, 32, 48, 64)
        layers: list[nn.Module] = []
        for width, wider in itertools.pairwise(widths):
            layers += [nn.Conv2d(width, wider, 3, stride=2, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(wider), nn.ReLU()]
        layers += [nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
        self.trunk = nn.Sequential(*layers)
        self.features = nn.Linear(64 * 3, FEATURES)
        self.heads = nn.ModuleList(nn.Linear(FEATURES, len(head.values)) for head in heads)

    def forward(self, views: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return features [B, FEATURES] and the logits of every head.

        Args:
            views: [B, 3, 96, 160] in [-1, 1].
        """
        maps = self.trunk(views)  # [B, 64, 6, 10]
        bands = functional.adaptive_avg_pool2d(maps, (3, 1)).flatten(1)
        features = self.features(bands)
        return features, [head(features.relu()) for head in self.heads]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the classifier sees in some views."""

    features: np.ndarray  # float64 [T, FEATURES]
    names: dict[str, list[str]]  # head -> the most likely value of each view


class Classifier:
    """A trained network with its vocabulary.

    classifier = Classifier.load()
    classifier.read(frames).names["category"]  # ["outdoor", ...]
    """

    def __init__(self, network: ViewNetwork, heads: tuple[Head, ...]) -> None:
        self.network, self.heads = network.eval(), heads

    def read(self, frames: np.ndarray) -> Reading:
        """Look at frames, uint8 [T, 192, 320, 3] or already halved."""
        features, logits = [], []
        with torch.inference_mode():
            for start in range(0, len(frames), _BATCH):
                some, answers = self.network(as_input(frames[start : start + _BATCH]))
                features.append(some)
                logits.append([answer.argmax(1) for answer in answers])
        names = {
            head.name: [head.values[i] for i in torch.cat([part[place] for part in logits])]
            for place, head in enumerate(self.heads)
        }
        return Reading(torch.cat(features).double().numpy(), names)

    @classmethod
    def load(cls, folder: Path = CLASSIFIER_WEIGHTS) -> "Classifier":
        """Read a weights folder.

        Raises:
            MissingWeights: a file is absent, damaged, or of another program version.
        """
        try:
            records = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))["heads"]
            heads = tuple(Head(**{**r, "values": tuple(r["values"])}) for r in records)
            network = ViewNetwork(heads)
            network.load_state_dict(load_file(folder / WEIGHTS))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            problem = str(error).splitlines()[0]
            message = f"classifier in {folder} cannot be read ({problem}); {_REMEDY}"
            raise MissingWeights(message) from error
        return cls(network, heads)

    def save(self, folder: Path, about: Mapping[str, object]) -> None:
        """Write weights and vocabulary; each file appears whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {key: value.contiguous() for key, value in self.network.state_dict().items()}
        with replacing(folder / WEIGHTS) as part:
            save_file(state, part)
        text = json.dumps({"heads": [asdict(head) for head in self.heads], **about}, indent=1)
        with replacing(folder / VOCABULARY) as part:
            part.write_text(text + "\n", encoding="utf-8")


def as_input(views: np.ndarray) -> Tensor:
    """Return views, uint8 [T, H, W, 3], as the network wants them: 160 x 96 in [-1, 1]."""
    pixels = torch.from_numpy(np.ascontiguousarray(views)).permute(0, 3, 1, 2).float()
    if pixels.shape[-1] != 160:
        pixels = functional.interpolate(pixels, (96, 160), mode="area")
    return pixels / 127.5 - 1
