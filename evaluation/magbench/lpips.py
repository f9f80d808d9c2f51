"""LPIPS with AlexNet: how different two pictures look, by the features of a trained network.

There are no weights in this repository: AlexNet's come from files that the user names, LPIPS's own
from such a file or from the package `lpips`. Without them there is no LPIPS, and nothing else is
called by that name.

Source: Zhang et al., arXiv 1801.03924, version 0.1 of its linear weights, spatial.
"""

from collections.abc import Sequence
from functools import reduce
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.checkpoints import open_checkpoint
from mag_sandbox.model.world import MissingWeights

NAME = "LPIPS (AlexNet)"
# convolutions of AlexNet by their place in its list of layers: channels, kernel, stride, padding
LAYERS = {0: (64, 11, 4, 2), 3: (192, 5, 1, 2), 6: (384, 3, 1, 1), 8: (256, 3, 1, 1),
          10: (256, 3, 1, 1)}  # fmt: skip
POOLED_BEFORE = (3, 6)  # layers that a pooling comes before
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of red, green, blue
TINY = 1e-10
LEAST = 63  # px a side: less leaves nothing for the last layers
_BATCH = 4
PACKAGE, HEADS = "lpips", "weights/v0.1/alex.pth"  # which has LPIPS's linear weights, and where
_REMEDY = (
    "give AlexNet's features (features.0.weight, ...) and, unless `pip install lpips` has brought "
    "them, LPIPS's linear weights (lin0.model.1.weight, ...), in one file or two"
)


class Lpips(nn.Module):
    """The network; `LpipsDistance` makes a `Distance` of it."""

    def __init__(self) -> None:
        super().__init__()
        self.features, self.heads = nn.ModuleDict(), nn.ModuleList()
        channels = 3
        for place, (width, kernel, stride, padding) in LAYERS.items():
            self.features[str(place)] = nn.Conv2d(channels, width, kernel, stride, padding)
            self.heads.append(nn.Conv2d(width, 1, 1, bias=False))
            channels = width

    def maps(self, pictures: Tensor) -> list[Tensor]:
        """Return the unit features of each layer, [T, C, h, w], of pictures [T, 3, H, W]."""
        x = (pictures - pictures.new_tensor(SHIFT).view(1, 3, 1, 1)) / pictures.new_tensor(
            SCALE
        ).view(1, 3, 1, 1)
        found = []
        for place in LAYERS:
            if place in POOLED_BEFORE:
                x = functional.max_pool2d(x, 3, 2)
            x = self.features[str(place)](x).relu()
            found.append(x / (x.square().sum(1, keepdim=True).sqrt() + TINY))
        return found

    def distances(self, maps: Sequence[Tensor], others: Sequence[Tensor]) -> list[Tensor]:
        """Return the distance of each layer, [T, 1, h, w], before it is enlarged to the picture."""
        return [
            head((one - other).square())
            for head, one, other in zip(self.heads, maps, others, strict=True)
        ]


class LpipsDistance:
    """A `Distance` for `best_match`: the mean of the enlarged maps of differences.

    distance = LpipsDistance(load_lpips([Path("alexnet.pth"), Path("alex.pth")]))
    best_match(predicted, truth, distance)

    The features of the pictures that were last compared with are kept, since they are the same for
    every predicted frame.
    """

    def __init__(self, network: Lpips) -> None:
        self._network = network.eval().requires_grad_(False)
        self._others: np.ndarray | None = None
        self._kept: list[Tensor] = []

    def __call__(self, picture: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return distances [T] of a picture [3, H, W] to others [T, 3, H, W], in [-1, 1]."""
        if min(picture.shape[-2:]) < LEAST:
            raise ValueError(
                f"pictures are {picture.shape[-1]} x {picture.shape[-2]} px; LPIPS needs {LEAST}"
            )
        with torch.inference_mode():
            if others is not self._others:
                self._kept = self._features(others)
                self._others = others
            mine = self._network.maps(_tensor(picture[None]))
            layers = self._network.distances(mine, self._kept)
            height, width = picture.shape[-2:]
            means = [mean_enlarged(layer, height, width) for layer in layers]
            return reduce(torch.add, means).numpy()

    def _features(self, pictures: np.ndarray) -> list[Tensor]:
        parts = [
            self._network.maps(_tensor(pictures[start : start + _BATCH]))
            for start in range(0, len(pictures), _BATCH)
        ]
        return [torch.cat(layer) for layer in zip(*parts, strict=True)]


def mean_enlarged(maps: Tensor, height: int, width: int) -> Tensor:
    """Return the means [T] of maps [T, 1, h, w] enlarged to a size by linear interpolation.

    Enlarging is linear, so every value counts by a fixed weight and nothing need be enlarged.
    """
    rows = _shares(maps.shape[-2], height)
    columns = _shares(maps.shape[-1], width)
    return torch.einsum("tchw,h,w->t", maps.double(), rows, columns)


def load_lpips(files: Sequence[Path]) -> Lpips:
    """Read the network, its heads else from the package `lpips`, or raise MissingWeights."""
    state = {name: value for file in files for name, value in _read(file).items()}
    if not any(name.startswith("heads.") for name in state) and (heads := package_heads()):
        state |= _read(heads)
    network = Lpips()
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        problem = " ".join(str(error).split())[:160]
        names = ", ".join(str(file) for file in files)
        raise MissingWeights(f"{names} hold another network ({problem}); {_REMEDY}") from error
    return network


def package_heads() -> Path | None:
    """Return the file of linear weights in the package `lpips`; None: it is not installed.

    Nothing of it is imported: that needs torchvision.
    """
    found = find_spec(PACKAGE)
    for folder in (found and found.submodule_search_locations) or ():
        if (path := Path(folder) / HEADS).exists():
            return path
    return None


def _read(file: Path) -> dict[str, Tensor]:
    checkpoint = open_checkpoint(file)
    named = ((_our_name(name), name) for name in checkpoint)
    return {ours: checkpoint[name].float() for ours, name in named if ours}


def _our_name(name: str) -> str | None:
    """Return our word for a tensor of torchvision's AlexNet, LPIPS's heads, or LPIPS as a whole."""
    parts = name.split(".")
    kind = parts[-1]
    if parts[0] == "features" and len(parts) == 3 and parts[1].isdecimal():
        return name if int(parts[1]) in LAYERS else None
    if parts[:1] == ["net"] and len(parts) == 4 and parts[1].startswith("slice"):
        return f"features.{parts[2]}.{kind}"
    if len(parts) == 4 and parts[0].startswith("lin") and parts[0][3:].isdecimal():
        return f"heads.{parts[0][3:]}.{kind}"
    return None  # AlexNet's classifier, LPIPS's constants and second names of its heads


def _shares(length: int, enlarged: int) -> Tensor:
    whole = functional.interpolate(
        torch.eye(length, dtype=torch.float64)[:, None], enlarged, mode="linear"
    )
    return whole.mean(dim=(1, 2))


def _tensor(pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures, np.float32))
