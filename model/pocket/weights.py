"""Weight files of the pocket world: safetensors and JSON, checked when read.

A weights folder holds `config.json`, `world.safetensors` (transformer and text encoder),
`autoencoder.safetensors` and `tokenizer.json`, and by its config `generator.safetensors` (a change
of the transformer) and `animator.safetensors`.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.checkpoints import (
    POCKET_REMEDY,
    check_finite,
    load_into,
    open_tokenizer,
    parse_config,
    reading,
    stored,
    write_tensors,
)
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.lora import Adapter
from mag_sandbox.model.packing import plain_digest
from mag_sandbox.model.world import WEIGHTS, MissingWeights

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from mag_sandbox.model.autoencoder import Autoencoder
    from mag_sandbox.model.dit import DiT
    from mag_sandbox.model.pocket.networks import PocketNetworks
    from mag_sandbox.model.pocket.pictures.animator import Animator

POCKET_WEIGHTS = WEIGHTS / "pocket"
WORLD, AUTOENCODER = "world.safetensors", "autoencoder.safetensors"
GENERATOR = "generator.safetensors"  # where the config gives it a rank
ANIMATOR = "animator.safetensors"  # where the config has one
CONFIG, TOKENIZER = "config.json", "tokenizer.json"
RANGES = "ranges.safetensors"  # of what products are given, for int8; may be absent
# Earlier shipped weights by their digest, and the present ones, which differ from them in animator,
# decoder and what reads psi. Memory never depends on these, so saves continue with the present.
SAME_MEMORY = {
    "8e755a7ed15aeabf": "001058b3682b147c",
    "49d8505146f3c3ab": "001058b3682b147c",
    # with MemoryPack's parts, whose header names the weights
    "49d8505146f3c3ab ring bacdacb1939da5ab": "001058b3682b147c ring 233b263b8cdffea6",
    "001058b3682b147c ring a3a73281242e43b1": "001058b3682b147c ring 233b263b8cdffea6",
}


def read_config(folder: Path) -> PocketConfig:
    """Return the architecture a weights folder was made for."""
    return parse_config(folder / CONFIG, PocketConfig.from_dict, POCKET_REMEDY)


def load_generator(memory: "DiT", config: PocketConfig, folder: Path) -> "DiT":
    """Return the generator: the memory model with a change of its own, if there is one."""
    if config.generator_rank == 0:
        return memory
    path = folder / GENERATOR
    adapter = Adapter(path, config.generator_rank, config.dit.num_layers, POCKET_REMEDY)
    state = {name: adapter.merged(name, value) for name, value in memory.state_dict().items()}
    check_finite(state, path, POCKET_REMEDY)
    generator = copy.deepcopy(memory)
    generator.load_state_dict(state)
    return generator


def load_tokenizer(folder: Path, config: PocketConfig) -> "Tokenizer":
    """Return the tokenizer of a weights folder, or raise MissingWeights."""
    path = folder / TOKENIZER
    tokenizer = open_tokenizer(path, POCKET_REMEDY)
    words = tokenizer.get_vocab_size()
    if words > config.text.vocab_size:
        raise MissingWeights(
            f"{path} has {words} tokens and belongs to other weights, these know "
            f"{config.text.vocab_size}; {POCKET_REMEDY}"
        )
    return tokenizer


def load_pocket_parts(folder: Path, networks: "PocketNetworks", autoencoder: "Autoencoder") -> None:
    """Load a weights folder into networks of its architecture."""
    load_into(networks, folder / WORLD)
    load_into(autoencoder, folder / AUTOENCODER)


def save_pocket(
    folder: Path,
    config: PocketConfig,
    networks: "PocketNetworks",
    autoencoder: "Autoencoder",
    tokenizer: "Tokenizer",
    generator: Mapping[str, torch.Tensor] | None = None,
    animator: "Animator | None" = None,
) -> None:
    """Write a weights folder in bf16; each file appears whole or not at all.

    The generator's change and the animator are there where the config has them; see `model.lora`.
    """
    states: dict[str, Mapping[str, torch.Tensor]] = {
        WORLD: networks.state_dict(),
        AUTOENCODER: autoencoder.state_dict(),
    }
    if generator is not None:
        states[GENERATOR] = generator
    if animator is not None:
        states[ANIMATOR] = animator.state_dict()
    for name, values in states.items():
        write_tensors(folder / name, {key: stored(value) for key, value in values.items()})
    replace_file(folder / CONFIG, json.dumps(asdict(config), indent=1))
    replace_file(folder / TOKENIZER, tokenizer.to_str())


def weights_hash(folder: Path) -> str:
    """Return the first 16 hex digits of the SHA-256 over all files of a weights folder."""
    names = (CONFIG, TOKENIZER, WORLD, AUTOENCODER)
    others = (name for name in (GENERATOR, ANIMATOR) if (folder / name).exists())
    paths = [folder / name for name in (*names, *others)]
    for path in paths:
        with reading(path, POCKET_REMEDY):
            path.stat()
    return plain_digest(*paths)[:16]
