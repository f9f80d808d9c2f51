"""Weight files of what invents views: safetensors and JSON in a folder, checked when read."""

import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from mag_sandbox.files.whole import replacing
from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.imagination.codes import CodeEncoder
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.painter import Painter
from mag_sandbox.model.imagination.sketcher import Sketcher
from mag_sandbox.model.pocket.weights import POCKET_WEIGHTS, load_into, parse_config
from mag_sandbox.model.world import WEIGHTS

IMAGINATION_WEIGHTS = WEIGHTS / "imagination"
CONFIG = "config.json"
_REMEDY = (
    "restore it with `git checkout -- assets/weights` "
    "or train with `python -m training imagination`"
)


def digest_of(folder: Path) -> str:
    """Return the SHA-256 of a folder's weights and their configuration."""
    digest = hashlib.sha256()
    for path in [*sorted(folder.glob("*.safetensors")), folder / CONFIG]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fits(folder: Path, weights: Path) -> bool:
    """Tell whether a folder's networks were trained on latents and texts of these weights."""
    return (folder / CONFIG).exists() and weights == POCKET_WEIGHTS


class ImaginationNetworks:
    """The three networks: of codes, sketcher, painter."""

    def __init__(self, config: ImaginationConfig, kernel: AttentionKernel) -> None:
        self.config = config
        self.encoder = CodeEncoder(config.codes)
        self.sketcher = Sketcher(config.sketcher, kernel)
        self.painter = Painter(config, kernel)

    def parts(self) -> dict[str, nn.Module]:
        """Return the networks by the names of their files."""
        return {"codes": self.encoder, "sketcher": self.sketcher, "painter": self.painter}


def read_imagination_config(folder: Path) -> ImaginationConfig:
    """Return the architecture a weights folder was made for.

    Raises:
        MissingWeights: the file is absent, damaged, or of another program version.
    """
    return parse_config(folder / CONFIG, ImaginationConfig.from_dict, _REMEDY)


def load_networks(folder: Path, kernel: AttentionKernel) -> ImaginationNetworks:
    """Return the networks of a weights folder, in fp32.

    Raises:
        MissingWeights: a file is absent, damaged, or does not fit.
    """
    networks = ImaginationNetworks(read_imagination_config(folder), kernel)
    for name, module in networks.parts().items():
        load_into(module, folder / f"{name}.safetensors")
    return networks


def save_networks(folder: Path, networks: ImaginationNetworks) -> None:
    """Write a weights folder in bf16; each file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, module in networks.parts().items():
        state = {
            key: value.detach().to("cpu", torch.bfloat16).clone()
            for key, value in module.state_dict().items()
        }
        with replacing(folder / f"{name}.safetensors") as part:
            save_file(state, part)
    with replacing(folder / CONFIG) as part:
        part.write_text(json.dumps(networks.config.as_dict(), indent=1) + "\n")
