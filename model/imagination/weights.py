"""Weight files of the networks that invent views: safetensors and JSON, checked when read.

A folder holds `config.json`, a file for each network, and the text encoder whose features they
read, with its tokenizer.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar, cast

from safetensors import safe_open
from torch import nn

from mag_sandbox.files.whole import replace_file, sha256_of
from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.checkpoints import (
    AnyValues,
    eight_bits,
    load_into,
    parse_config,
    reading,
    stored,
    write_tensors,
)
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.drawing.close_up import CloseUp
from mag_sandbox.model.imagination.drawing.refiner import Refine, Refiner
from mag_sandbox.model.imagination.objects import VARIANTS, look_number
from mag_sandbox.model.imagination.painter import Painter, Sprites
from mag_sandbox.model.imagination.patterns import Patterns, first_looks
from mag_sandbox.model.imagination.planner import Planner
from mag_sandbox.model.imagination.reading.reader import Reader
from mag_sandbox.model.imagination.reading.relief import ReliefReader
from mag_sandbox.model.imagination.reading.walls import WallReader
from mag_sandbox.model.imagination.sketch import Sketcher
from mag_sandbox.model.packing import free_plain_bytes, plain_digest
from mag_sandbox.model.world import WEIGHTS

IMAGINATION_WEIGHTS = WEIGHTS / "imagination"
CONFIG = "config.json"
NETWORKS = ("planner", "painter", "reader")  # names of files
RELIEF, WALLS = "relief.safetensors", "walls.safetensors"  # older folders have none
# likewise; they change how paintings are shown, not what they are
CLOSE_UP, REFINER = "close_up.safetensors", "refiner.safetensors"
OptionalNetwork = TypeVar("OptionalNetwork", ReliefReader, WallReader, CloseUp, Refiner)
TEXT, TOKENIZER = "text.safetensors", "tokenizer.json"
_REMEDY = (
    "restore it with `git checkout -- assets/weights` "
    "or train with `python -m training imagination`"
)


def digest_of(folder: Path) -> str:
    """Return the SHA-256 of a folder's weights, their configuration and tokenizer."""
    measuring = (folder / name for name in (RELIEF, WALLS))
    paths = [*_paths(folder), folder / CONFIG, folder / TOKENIZER, *filter(Path.exists, measuring)]
    for path in paths:
        with reading(path, _REMEDY):
            path.stat()
    return plain_digest(*paths)


def refiner_digest(folder: Path) -> str:
    """Return the SHA-256 of a folder's refiner; "": it has none."""
    path = folder / REFINER
    return sha256_of(path) if path.exists() else ""


def _paths(folder: Path) -> list[Path]:
    return [*(folder / f"{name}.safetensors" for name in NETWORKS), folder / TEXT]


def fits(folder: Path, weights: Path) -> bool:
    """Tell whether a folder's networks were trained on latents and texts of these weights."""
    return (folder / CONFIG).exists() and weights == WEIGHTS / "pocket"


class ImaginationNetworks:
    """The reader of given pictures, the planner of things, and the painter."""

    def __init__(self, config: ImaginationConfig, kernel: AttentionKernel) -> None:
        self.config = config
        self.planner = Planner(
            config.planner, config.looks, kernel, config.behind, config.among, config.most
        )
        self.painter = Painter(config.painter, kernel)
        self.reader = Reader(config.reader)
        self.relief: ReliefReader | None = None  # these four are trained on their own
        self.walls: WallReader | None = None
        self.close_up: CloseUp | None = None
        self.refiner: Refiner | None = None
        self.refine: Refine | None = None  # as it runs

    def sketcher(self, cell: int) -> Sketcher:
        """Return a sketcher of plans, in cells of a size [px]."""
        config = self.config
        table = cast(Sprites, self.painter.objects.sprites[0]).table
        behind = look_number(len(config.kinds), None)
        courses = [
            look_number(config.kinds.index(kind), None) + variant
            for kind in config.courses
            for variant in range(VARIANTS)
        ]
        ring = config.painter.ring
        patterns = Patterns(first_looks(config.looks), ring, cell)
        return Sketcher(table.cpu(), behind, ring, cell, courses, patterns)

    def parts(self) -> dict[str, nn.Module]:
        """Return the networks by the names of their files."""
        return {name: getattr(self, name) for name in NETWORKS}


def read_imagination_config(folder: Path) -> ImaginationConfig:
    """Return the architecture a weights folder was made for."""
    return parse_config(folder / CONFIG, ImaginationConfig.from_dict, _REMEDY)


def require_networks(folder: Path) -> None:
    """Check that a weights folder is whole, without reading the numbers."""
    for path in _paths(folder):
        with reading(path, _REMEDY), safe_open(path, "pt"):
            pass


def load_networks(folder: Path, kernel: AttentionKernel) -> ImaginationNetworks:
    """Return the networks of a weights folder, in fp32."""
    with AnyValues():
        networks = ImaginationNetworks(read_imagination_config(folder), kernel)
    for name, module in networks.parts().items():
        load_into(module, folder / f"{name}.safetensors", remedy=_REMEDY)
    networks.relief = _if_there(ReliefReader, folder / RELIEF)
    networks.walls = _if_there(WallReader, folder / WALLS)
    networks.close_up = _if_there(CloseUp, folder / CLOSE_UP)
    networks.refiner = _if_there(Refiner, folder / REFINER)
    free_plain_bytes()  # these are the last that a start loads
    return networks


def _if_there(make: Callable[[], OptionalNetwork], path: Path) -> OptionalNetwork | None:
    if not path.exists():
        return None
    with AnyValues():
        network = make()
    load_into(network, path, remedy=_REMEDY)
    return network.eval()


def save_networks(folder: Path, networks: ImaginationNetworks) -> None:
    """Write a weights folder; each file appears whole or not at all.

    Numbers are bf16. Matrices of the planner's layers and the painter's sprites are of eight bits.
    """
    for name, module in networks.parts().items():
        state = {key: stored(value) for key, value in module.state_dict().items()}
        for key in _in_eight_bits(name, module):
            state |= eight_bits(key, state[key])
        write_tensors(folder / f"{name}.safetensors", state)
    replace_file(folder / CONFIG, json.dumps(asdict(networks.config), indent=1) + "\n")


def _in_eight_bits(name: str, module: nn.Module) -> list[str]:
    kinds = {"planner": (nn.Linear, "weight"), "painter": (Sprites, "table")}
    kind, matrix = kinds.get(name, ((), ""))
    return [f"{at}.{matrix}" for at, part in module.named_modules() if isinstance(part, kind)]
