"""Weight files of the pocket world: safetensors and JSON, checked when read.

A weights folder holds `config.json`, `world.safetensors` (transformer and text encoder),
`autoencoder.safetensors` and `tokenizer.json`, and by its config `generator.safetensors` (a change
of the transformer) and `animator.safetensors`.
"""

import copy
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from mag_sandbox.files.whole import replace_file, replacing
from mag_sandbox.model.checkpoints import differences
from mag_sandbox.model.config import END, PocketConfig
from mag_sandbox.model.lora import Adapter
from mag_sandbox.model.world import WEIGHTS, MissingWeights

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from mag_sandbox.model.dit import DiT
    from mag_sandbox.model.pocket.animator import Animator
    from mag_sandbox.model.pocket.autoencoder import Autoencoder
    from mag_sandbox.model.pocket.networks import PocketNetworks

POCKET_WEIGHTS = WEIGHTS / "pocket"
WORLD, AUTOENCODER = "world.safetensors", "autoencoder.safetensors"
GENERATOR = "generator.safetensors"  # where the config gives it a rank
ANIMATOR = "animator.safetensors"  # where the config has one
CONFIG, TOKENIZER = "config.json", "tokenizer.json"
_REMEDY = (
    "restore it with `git checkout -- assets/weights` or train with `python -m training pocket`"
)

Config = TypeVar("Config")


def read_config(folder: Path) -> PocketConfig:
    """Return the architecture a weights folder was made for.

    Raises:
        MissingWeights: the file is absent, damaged, or of another program version.
    """
    return parse_config(folder / CONFIG, PocketConfig.from_dict, _REMEDY)


def parse_config(path: Path, parse: Callable[[dict], Config], remedy: str) -> Config:
    """Return what a configuration file, JSON, says.

    Raises:
        MissingWeights: the file is absent, damaged, or of another program version.
    """
    try:
        return parse(json.loads(path.read_text()))
    except FileNotFoundError:
        raise MissingWeights(f"weights not found: {path} is missing; {remedy}") from None
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        raise MissingWeights(f"{path} cannot be read ({error}); {remedy}") from error
    except RecursionError:
        raise MissingWeights(f"{path} cannot be read (too deep); {remedy}") from None


SCALE = ".scale"  # ends the name of the scales, one a row, of a matrix of eight bits


def load_into(module: nn.Module, path: Path, part: str = "") -> None:
    """Load a safetensors file strictly, whatever float type it is stored in.

    Only tensors whose names begin with `part` are the module's.

    Raises:
        MissingWeights: the file is absent, damaged, or does not fit the module.
    """
    try:
        state = widened(load_file(path))
        state = {name: value for name, value in state.items() if name.startswith(part)}
    except FileNotFoundError:
        raise MissingWeights(f"weights not found: {path} is missing; {_REMEDY}") from None
    except (SafetensorError, OSError, ValueError) as error:
        raise MissingWeights(f"{path} is damaged ({error}); {_REMEDY}") from error
    expected = {part + name: tuple(value.shape) for name, value in module.state_dict().items()}
    differing = differences(expected, {name: tuple(x.shape) for name, x in state.items()})
    if differing:
        raise MissingWeights(f"{path} is of another architecture: {differing}; {_REMEDY}")
    if not all(torch.isfinite(value).all() for value in state.values()):
        raise MissingWeights(f"{path} holds values that are not finite; {_REMEDY}")
    module.load_state_dict({name.removeprefix(part): value for name, value in state.items()})


def widened(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with matrices of eight bits multiplied out by the scales of their rows."""
    scales = {name + SCALE for name, value in state.items() if value.dtype == torch.int8}
    return {
        name: value * state[name + SCALE][:, None] if name + SCALE in scales else value
        for name, value in state.items()
        if name not in scales
    }


def load_generator(memory: "DiT", config: PocketConfig, folder: Path) -> "DiT":
    """Return what makes latents: the memory model with its own change, or the memory model itself.

    Raises:
        MissingWeights: the file is absent, damaged, or does not fit.
    """
    if config.generator_rank == 0:
        return memory
    path = folder / GENERATOR
    adapter = Adapter(path, config.generator_rank, config.dit.num_layers, _REMEDY)
    state = {name: adapter.merged(name, value) for name, value in memory.state_dict().items()}
    if not all(torch.isfinite(value).all() for value in state.values()):
        raise MissingWeights(f"{path} holds values that are not finite; {_REMEDY}")
    generator = copy.deepcopy(memory)
    generator.load_state_dict(state)
    return generator


def load_tokenizer(folder: Path, config: PocketConfig) -> "Tokenizer":
    """Return the tokenizer of a weights folder.

    Raises:
        MissingWeights: the file is absent, damaged, or belongs to other weights.
    """
    from tokenizers import Tokenizer  # not needed to read configurations

    path = folder / TOKENIZER
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise MissingWeights(f"{path} cannot be read ({error}); {_REMEDY}") from error
    words = tokenizer.get_vocab_size()
    if words > config.text.vocab_size or tokenizer.token_to_id(END) is None:
        raise MissingWeights(
            f"{path} has {words} tokens and belongs to other weights, these know "
            f"{config.text.vocab_size}; {_REMEDY}"
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
    folder.mkdir(parents=True, exist_ok=True)
    states: dict[str, Mapping[str, torch.Tensor]] = {
        WORLD: networks.state_dict(),
        AUTOENCODER: autoencoder.state_dict(),
    }
    if generator is not None:
        states[GENERATOR] = generator
    if animator is not None:
        states[ANIMATOR] = animator.state_dict()
    for name, values in states.items():
        state = {
            key: value.detach().to("cpu", torch.bfloat16).contiguous().clone()  # nothing shared
            for key, value in values.items()
        }
        with replacing(folder / name) as part:
            save_file(state, part)
    for text, name in (
        (json.dumps(config.as_dict(), indent=1), CONFIG),
        (tokenizer.to_str(), TOKENIZER),
    ):
        replace_file(folder / name, text)


def weights_hash(folder: Path) -> str:
    """Return the first 16 hex digits of the SHA-256 over all files of a weights folder."""
    digest = hashlib.sha256()
    for name in (CONFIG, TOKENIZER, WORLD, AUTOENCODER, GENERATOR, ANIMATOR):
        if name not in (GENERATOR, ANIMATOR) or (folder / name).exists():
            digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]
