"""The recipe at pocket size: what `training.recipe.train` needs of the pocket world."""

from pathlib import Path

import torch

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.pocket.weights import load_pocket_parts, load_tokenizer, read_config
from mag_sandbox.model.saved import stored, write_tensors
from mag_sandbox.training.devices import TrainingDevice, choose_device
from mag_sandbox.training.memorypack.options import MemoryPackOptions
from mag_sandbox.training.pocket.clips import PocketClips, PocketParts, show_with
from mag_sandbox.training.pocket.data import panorama_set
from mag_sandbox.training.pocket.stage_images import Captions
from mag_sandbox.training.recipe.options import RecipeOptions
from mag_sandbox.training.recipe.presets import TEACHER, at_pocket_size
from mag_sandbox.training.recipe.train import Size
from mag_sandbox.training.recipe.videos import last_frames

START = "world.safetensors"  # the pocket world's transformer alone, under its own names


def pocket_parts(
    options: RecipeOptions | MemoryPackOptions, device: TrainingDevice | None = None
) -> PocketParts:
    """Read a pocket world's weights, and draw the scenes that are not drawn yet.

    Raises:
        MissingWeights: there are none.
    """
    device, config = device or choose_device(), read_config(options.weights)
    networks = PocketNetworks(config, device.kernel).requires_grad_(False)
    autoencoder = Autoencoder(config.autoencoder).requires_grad_(False)
    load_pocket_parts(options.weights, networks, autoencoder)
    networks.float().to(device.device)
    autoencoder.float().to(device.device, memory_format=torch.channels_last)
    data = panorama_set(options.data or options.folder, options.panoramas)
    tokenizer = load_tokenizer(options.weights, config)
    captions = Captions(data, tokenizer, config.text.text_len)
    return PocketParts(config, networks, autoencoder, tokenizer, data, captions, device)


def pocket_size(options: RecipeOptions, device: TrainingDevice | None = None) -> Size:
    """Return the recipe's parts at pocket size.

    Raises:
        MissingWeights: there are no weights to start from.
    """
    return size_of(pocket_parts(options, device), options)


def size_of(parts: PocketParts, options: RecipeOptions) -> Size:
    """Return the recipe's parts made of a pocket world; its transformer goes into the folder."""
    batch = options.batch or at_pocket_size(TEACHER).optimisation.batch

    def clips() -> PocketClips:
        return PocketClips(parts, batch // options.parts, options.seed)

    return Size(
        device=parts.device,
        read=parts.transformer,
        start=_transformer(parts.networks, options.folder),
        teacher=TEACHER,
        adapted=at_pocket_size,
        clips=clips,
        prompts=clips,
        tails=lambda overlap: lambda: last_frames(overlap),
        show=show_with(parts.autoencoder, parts.device),
        accumulate=lambda batch: options.parts,
        negative="",
        save_minutes=4.0,
    )


def _transformer(networks: PocketNetworks, folder: Path) -> Path:
    """Write the transformer alone, as every stage's result is written."""
    path, state = folder / START, networks.dit.state_dict()
    write_tensors(path, {name: stored(value, None) for name, value in state.items()})
    return path
