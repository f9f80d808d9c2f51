"""The recipe at pocket size: what `training.recipe` needs of the pocket world."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from model.autoencoder import Autoencoder
from model.checkpoints import load_checkpoint
from model.dit import DiT
from model.networks import PocketNetworks
from model.weights import load_pocket_parts, load_tokenizer, read_config
from scenes.replacing import replacing
from training.data import panorama_set
from training.devices import Device, choose_device
from training.pocket_clips import PocketClips, show_with
from training.presets import TEACHER, at_pocket_size
from training.recipe import Size
from training.recipe_order import RecipeOrder
from training.stage_images import Captions
from training.videos import last_frames

START = "world.safetensors"  # the pocket world's transformer alone, under its own names


def pocket_size(order: RecipeOrder, device: Device | None = None) -> Size:
    """Return the parts made from a pocket world's weights.

    Raises:
        MissingWeights: there are none.
    """
    device = device or choose_device()
    config = read_config(order.weights)
    networks = PocketNetworks(config, device.kernel).requires_grad_(False)
    autoencoder = Autoencoder(config.autoencoder).requires_grad_(False)
    load_pocket_parts(order.weights, networks, autoencoder)
    networks.float().to(device.device)
    autoencoder.float().to(device.device, memory_format=torch.channels_last)
    data = panorama_set(order.folder, order.panoramas)
    tokenizer = load_tokenizer(order.weights, config)
    captions = Captions(data, tokenizer, config.text.text_len)

    def clips() -> PocketClips:
        batch = order.batch or at_pocket_size(TEACHER).optimisation.batch
        return PocketClips(
            networks, autoencoder, data, captions, device, batch // order.parts, order.seed
        )

    def read(path: Path) -> DiT:
        with torch.device("meta"):
            dit = DiT(config.dit, device.kernel)
        load_checkpoint(dit, path, torch.float32, device.device)
        return dit

    return Size(
        device=device,
        read=read,
        start=_transformer(networks, order.folder),
        teacher=TEACHER,
        adapted=at_pocket_size,
        clips=clips,
        prompts=clips,
        tails=lambda overlap: lambda: last_frames(overlap),
        show=show_with(autoencoder, device),
        accumulate=lambda batch: order.parts,
        negative="",
        save_minutes=4.0,
    )


def _transformer(networks: PocketNetworks, folder: Path) -> Path:
    """Write the transformer alone, as every stage's result is written."""
    path = folder / START
    state = {name: value.cpu().contiguous() for name, value in networks.dit.state_dict().items()}
    with replacing(path) as part:
        save_file(state, part)
    return path
