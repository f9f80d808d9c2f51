"""Parts files: the additions of MemoryPack to published weights, and the layers it changed.

One safetensors file a variant. Its `pack.*` are new, its `dit.*` take the place of the base's or
change them by a low rank. Embeddings of packed frames that never changed are not stored: they
follow from the base. The metadata name the base and the training.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from mag_sandbox.files.validation import parse_json
from mag_sandbox.model.checkpoints import check_finite, read_tensors, reading, stored, write_tensors
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.lora import adapt, is_factor
from mag_sandbox.model.memorypack.config import VARIANTS, PackConfig
from mag_sandbox.model.memorypack.networks import MemoryPack, PackedNetworks
from mag_sandbox.model.packing import plain_digest
from mag_sandbox.model.pocket.weights import AUTOENCODER, WORLD
from mag_sandbox.model.world import WEIGHTS, MissingWeights

PARTS = WEIGHTS / "memorypack"  # folder of the parts that come with the game
_META = "memorypack"
_REMEDY = "restore it from version control or train with `python -m training memorypack`"


@dataclass(frozen=True, slots=True)
class PartsInfo:
    """The metadata of a parts file."""

    config: PackConfig
    base: str  # hash of the weights that it changes
    phases: tuple[tuple[str, int], ...] = ()  # kinds of training, with their numbers of steps
    rank: int = 0  # of the change of the transformer's layers; 0: they are given whole
    digest: str = "untrained"  # first 16 hex digits of the file's SHA-256; not kept in the file

    @property
    def trained(self) -> bool:
        """Whether there was any training."""
        return any(steps for _, steps in self.phases)

    def words(self) -> str:
        """Return its training in words."""
        if not self.trained:
            return "untrained: averages of the base's own embeddings"
        return ", ".join(f"{steps} steps of {name}" for name, steps in self.phases)


def base_hash(weights: Path) -> str:
    """Return 16 hex digits of the SHA-256 over the weights of a base that parts depend on."""
    return plain_digest(weights / WORLD, weights / AUTOENCODER)[:16]


def parts_file(variant: str, folder: Path = PARTS, phase: str = "") -> Path:
    """Return where the parts of a variant and phase would lie; no phase: the played ones."""
    return folder / f"{variant}{phase and f'-{phase}'}.safetensors"


def untrained(dit: DiT, config: PackConfig, rank: int = 0) -> PackedNetworks:
    """Return a base's transformer, changed in place, with an untrained memory.

    Its layers change by a rank; 0: whole.
    """
    pack = MemoryPack(dit.config, config, dit.kernel).initialise(dit)
    pack.to(dit.patch_embedding.weight)
    return PackedNetworks(adapt(dit, rank) if rank else dit, pack)


def is_new(name: str) -> bool:
    """Return whether a tensor of `PackedNetworks` does not come from the base."""
    return name.startswith("pack.semantic.") or is_factor(name)  # both begin at random


def packed_networks(
    dit: DiT, variant: str, path: Path | None, base: str
) -> tuple[PackedNetworks, PartsInfo]:
    """Return a variant's networks over a base, changed in place, or raise MissingWeights.

    Without a path the parts are untrained.
    """
    config = VARIANTS[variant]
    if path is None:
        return untrained(dit, config), PartsInfo(config, base)
    networks, info = load_parts(dit, path, base)
    if info.config != config:
        raise MissingWeights(f'{path} is of another variant than "{variant}"; {_REMEDY}')
    return networks, info


def load_parts(dit: DiT, path: Path, base: str = "") -> tuple[PackedNetworks, PartsInfo]:
    """Return a base's transformer, changed in place, with its memory, or raise MissingWeights.

    Low-rank changes are still apart; `model.lora.merge` makes them part of the weights. The base is
    the hash of the weights that the parts must belong to; "": any.
    """
    info, state = _read(path)
    if base and info.base != base:
        raise MissingWeights(f"{path} belongs to weights {info.base}, not {base}; {_REMEDY}")
    networks = untrained(dit, info.config, info.rank)
    own = networks.state_dict()
    needed = {name for name in own if is_new(name)}
    wrong = sorted(
        name
        for name in needed | state.keys()
        if name not in state or name not in own or state[name].shape != own[name].shape
    )
    if wrong:
        raise MissingWeights(f'{path} is of another architecture: "{wrong[0]}"; {_REMEDY}')
    check_finite(state, path, _REMEDY)
    networks.load_state_dict(state, strict=False)
    return networks, info


def save_parts(
    path: Path, trained: Mapping[str, Tensor], info: PartsInfo, base: Mapping[str, Tensor]
) -> None:
    """Write the differences to a base, in bf16; the file appears whole or not at all.

    Both are state dicts of `PackedNetworks`, after training and before any.
    """
    state = {
        name: stored(value)
        for name, value in trained.items()
        if is_new(name) or not torch.equal(stored(value), stored(base[name]))
    }
    meta = {key: value for key, value in asdict(info).items() if key != "digest"}
    write_tensors(path, state, {_META: json.dumps(meta)})


def _read(path: Path) -> tuple[PartsInfo, dict[str, Tensor]]:
    with reading(path, _REMEDY):
        state, about = read_tensors(path)
        data = parse_json(about[_META].encode())
        phases = tuple((str(name), int(steps)) for name, steps in data["phases"])
        config, rank = PackConfig.from_dict(data["config"]), int(data["rank"])
        info = PartsInfo(config, str(data["base"]), phases, rank, plain_digest(path)[:16])
        return info, state
