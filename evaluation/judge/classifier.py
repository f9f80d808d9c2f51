"""The judge of prompts: a small network that names what a view of 90 degrees shows.

Attributes (weather, theme) are read from every view by itself. Objects (a windmill, a fence) stand
somewhere in the ring, not in every view of it, so another network (`object_network`)
seeks them in several views together. Both are trained on renderer views alone
(`classifier_training`, `object_training`) and know nothing of the world they
judge. The penultimate features of the first also carry the Frechet distance.
"""

import hashlib
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

from mag_sandbox.evaluation.judge.object_network import ObjectNetwork
from mag_sandbox.files.whole import replace_file, replacing
from mag_sandbox.model.catalogue.weight_files import sha256_of
from mag_sandbox.model.world import WEIGHTS as BUNDLED
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.training.panorama.render import CATEGORIES

CLASSIFIER_WEIGHTS = BUNDLED / "classifier"
WEIGHTS, VOCABULARY = "classifier.safetensors", "classifier.json"
OBJECT_WEIGHTS, OBJECT_VOCABULARY = "objects.safetensors", "objects.json"
FEATURES = 48  # penultimate numbers of a view
CATEGORY = "category"
# what nearly every view of 90 degrees shows
HEADS: dict[str, tuple[str, ...]] = {
    "outdoor": ("biome", "time_of_day", "weather"),
    "indoor": ("wall_color", "light"),
    "object": ("backdrop_color", "light"),
    "video game": ("theme", "sky", "backdrop", "platform"),
}
# what stands all around the ring; a single sun or a door in two of four walls may be behind us
OBJECTS: dict[str, tuple[str, ...]] = {
    "outdoor": (
        "vegetation", "building", "water", "relief", "animals", "rocks", "flowers", "fence",
        "path", "sky_objects",
    ),
    "indoor": (
        "furniture", "second", "window", "curtains", "plant", "picture", "lamp", "rug",
    ),
    "object": ("main", "second", "support", "extra"),
    "video game": (
        "block", "collectible", "creature", "structure", "hazard", "plant", "sky_object",
    ),
}  # fmt: skip
WIDTHS = (16, 32, 48, 64, 64)  # channels of the convolutions
_BATCH = 64
_REMEDY = "restore it with git or run `python -m evaluation train-classifier PART`"


@dataclass(frozen=True, slots=True)
class Head:
    """One question about a view, or about several views of one place."""

    name: str  # "category", or "<category>.<attribute>"
    values: tuple[str, ...]
    # on held-out renderer views, in [0, 1]; of objects balanced: the mean over the values
    accuracy: float = 0.0

    @property
    def category(self) -> str | None:
        """The category it is asked of; None: of every view."""
        return None if self.name == CATEGORY else self.name.split(".")[0]

    @property
    def attribute(self) -> str:
        """The attribute it asks for."""
        return self.name.split(".")[-1]


def all_heads() -> tuple[Head, ...]:
    """Return every question about a view, the category first."""
    return (Head(CATEGORY, tuple(CATEGORIES)), *_questions(HEADS))


def all_objects() -> tuple[Head, ...]:
    """Return every question about the objects of several views."""
    return _questions(OBJECTS)


def _questions(asked: Mapping[str, tuple[str, ...]]) -> tuple[Head, ...]:
    return tuple(
        Head(f"{category}.{name}", CATEGORIES[category].ATTRIBUTES[name])
        for category, names in asked.items()
        for name in names
    )


class ViewNetwork(nn.Module):
    """Convolutions, a pool that keeps what is high and what is low, one linear layer a question."""

    def __init__(self, heads: tuple[Head, ...], widths: tuple[int, ...] = WIDTHS) -> None:
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

    def forward(self, views: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return features [B, FEATURES] and the logits of every head.

        Args:
            views: [B, 3, 96, 160] in [-1, 1].
        """
        maps = self.trunk(views)  # [B, C, 6, 10]
        bands = functional.adaptive_avg_pool2d(maps, (3, 1)).flatten(1)
        features = self.features(bands)
        return features, [head(features.relu()) for head in self.heads]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the classifier sees in some views."""

    features: np.ndarray  # float64 [T, FEATURES]
    names: dict[str, list[str]]  # head -> the most likely value of each view


class Classifier:
    """Two trained networks, one for attributes and one for objects, with their vocabularies.

    classifier = Classifier.load()
    classifier.read(frames).names["category"]  # ["outdoor", ...]
    classifier.objects_in(frames)["outdoor.building"]  # "windmill"
    """

    def __init__(
        self,
        network: ViewNetwork,
        heads: tuple[Head, ...],
        finder: ObjectNetwork,
        objects: tuple[Head, ...],
    ) -> None:
        self.network, self.heads = network.eval(), heads
        self.finder, self.objects = finder.eval(), objects

    def read(self, frames: np.ndarray) -> Reading:
        """Look at frames, uint8 [T, 192, 320, 3] or already halved."""
        return read_heads(self.network, self.heads, frames)

    def objects_in(self, views: np.ndarray) -> dict[str, str]:
        """Return what views of one place show together: question -> the most likely value.

        Args:
            views: uint8 [K, 192, 320, 3] or already halved.
        """
        return objects_in(self.finder, self.objects, views)

    @classmethod
    def load(cls, folder: Path = CLASSIFIER_WEIGHTS) -> "Classifier":
        """Read a weights folder.

        Raises:
            MissingWeights: a file is absent, damaged, or of another program version.
        """
        try:
            about, heads = _vocabulary(folder / VOCABULARY, "heads")
            network = ViewNetwork(heads, tuple(about["widths"]))
            network.load_state_dict(load_file(folder / WEIGHTS))  # copied into fp32
            _, objects = _vocabulary(folder / OBJECT_VOCABULARY, "objects")
            finder = ObjectNetwork([len(head.values) for head in objects])
            finder.load_state_dict(load_file(folder / OBJECT_WEIGHTS))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            problem = str(error).splitlines()[0]
            message = f"classifier in {folder} cannot be read ({problem}); {_REMEDY}"
            raise MissingWeights(message) from error
        return cls(network, heads, finder, objects)


def read_heads(network: ViewNetwork, heads: tuple[Head, ...], frames: np.ndarray) -> Reading:
    """Return what a network sees in frames: see `Classifier.read`."""
    features, logits = [], []
    with torch.inference_mode():
        for start in range(0, len(frames), _BATCH):
            some, answers = network(as_input(frames[start : start + _BATCH]))
            features.append(some)
            logits.append([answer.argmax(1) for answer in answers])
    names = {
        head.name: [head.values[i] for i in torch.cat([part[place] for part in logits])]
        for place, head in enumerate(heads)
    }
    return Reading(torch.cat(features).double().numpy(), names)


def objects_in(
    finder: ObjectNetwork, objects: tuple[Head, ...], views: np.ndarray
) -> dict[str, str]:
    """Return what a network finds in views of one place: see `Classifier.objects_in`."""
    with torch.inference_mode():
        strongest, mean = finder(as_input(views))
        logits = finder.answers(strongest.amax(0), mean.mean(0))
    pairs = zip(objects, logits, strict=True)
    return {head.name: head.values[int(answer.argmax())] for head, answer in pairs}


def save_attributes(
    folder: Path, network: ViewNetwork, heads: tuple[Head, ...], about: Mapping[str, object]
) -> None:
    """Write the network of attributes and its vocabulary, and what else is to be known of it."""
    vocabulary = {"widths": network.widths, "heads": [asdict(head) for head in heads]}
    _save(network, folder / WEIGHTS, folder / VOCABULARY, {**vocabulary, **about})


def save_objects(
    folder: Path, finder: ObjectNetwork, objects: tuple[Head, ...], about: Mapping[str, object]
) -> None:
    """Write the network of objects and its vocabulary, and what else is to be known of it."""
    vocabulary = {"objects": [asdict(head) for head in objects]}
    _save(finder, folder / OBJECT_WEIGHTS, folder / OBJECT_VOCABULARY, {**vocabulary, **about})


def judge_digest(folder: Path = CLASSIFIER_WEIGHTS) -> str:
    """Return what tells a judge's weights from others, 16 hex digits."""
    digests = (sha256_of(folder / name) for name in (WEIGHTS, OBJECT_WEIGHTS))
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


def _vocabulary(path: Path, name: str) -> tuple[dict, tuple[Head, ...]]:
    about = json.loads(path.read_text(encoding="utf-8"))
    return about, tuple(Head(**{**one, "values": tuple(one["values"])}) for one in about[name])


def _save(network: nn.Module, weights: Path, words: Path, vocabulary: dict) -> None:
    """Write weights (fp16) and vocabulary; each file appears whole or not at all."""
    weights.parent.mkdir(parents=True, exist_ok=True)
    state = {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in network.state_dict().items()
    }
    with replacing(weights) as part:
        save_file(state, part)
    replace_file(words, json.dumps(vocabulary, indent=1) + "\n")


def as_input(views: np.ndarray) -> Tensor:
    """Return views, uint8 [T, H, W, 3], as the network wants them: 160 x 96 in [-1, 1]."""
    pixels = torch.from_numpy(np.ascontiguousarray(views)).permute(0, 3, 1, 2).float()
    if pixels.shape[-1] != 160:
        pixels = functional.interpolate(pixels, (96, 160), mode="area")
    return pixels / 127.5 - 1
