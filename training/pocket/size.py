"""The recipe at pocket size: what `training.recipe.train` needs of the pocket world."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from mag_sandbox.files.whole import replacing
from mag_sandbox.model.checkpoints import load_checkpoint
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.pocket.autoencoder import Autoencoder
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.pocket.weights import load_pocket_parts, load_tokenizer, read_config
from mag_sandbox.training.devices import TrainingDevice, choose_device
from mag_sandbox.training.pocket.clips import PocketClips, show_with
from mag_sandbox.training.pocket.data import PanoramaSet, panorama_set
from mag_sandbox.training.pocket.paths import MakePath, random_path
from mag_sandbox.training.pocket.stage_images import Captions
from mag_sandbox.training.recipe.options import RecipeOptions
from mag_sandbox.training.recipe.presets import TEACHER, at_pocket_size
from mag_sandbox.training.recipe.train import Size
from mag_sandbox.training.recipe.videos import last_frames

START = "world.safetensors"  # the pocket world's transformer alone, under its own names


@dataclass(frozen=True, slots=True)
class PocketParts:
    """A pocket world that training starts from, and the scenes it learns from."""

    config: PocketConfig
    networks: PocketNetworks  # fp32, read only
    autoencoder: Autoencoder  # likewise
    tokenizer: Tokenizer
    data: PanoramaSet
    captions: Captions
    device: TrainingDevice

    def clips(
        self, batch: int, seed: int, path: MakePath = random_path, block_length: int | None = None
    ) -> PocketClips:
        """Return videos, prompts and camera paths; see `PocketClips`."""
        return PocketClips(
            self.networks, self.autoencoder, self.data, self.captions, self.device, batch, seed,
            path, block_length,
        )  # fmt: skip

    def transformer(self, path: Path) -> DiT:
        """Return a transformer of this architecture with the weights of a file, fp32."""
        with torch.device("meta"):
            dit = DiT(self.config.dit, self.device.kernel)
        load_checkpoint(dit, path, torch.float32, self.device.device)
        return dit


def pocket_networks(
    weights: Path, device: TrainingDevice
) -> tuple[PocketConfig, PocketNetworks, Autoencoder]:
    """Return the networks of a weights folder, fp32, where they are to be computed.

    Raises:
        MissingWeights: there are none.
    """
    config = read_config(weights)
    networks = PocketNetworks(config, device.kernel).requires_grad_(False)
    autoencoder = Autoencoder(config.autoencoder).requires_grad_(False)
    load_pocket_parts(weights, networks, autoencoder)
    networks.float().to(device.device)
    autoencoder.float().to(device.device, memory_format=torch.channels_last)
    return config, networks, autoencoder


def pocket_parts(options: RecipeOptions, device: TrainingDevice | None = None) -> PocketParts:
    """Read a pocket world's weights, and draw the scenes that are not drawn yet.

    Raises:
        MissingWeights: there are none.
    """
    device = device or choose_device()
    config, networks, autoencoder = pocket_networks(options.weights, device)
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
        return parts.clips(batch // options.parts, options.seed)

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
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / START
    state = {name: value.cpu().contiguous() for name, value in networks.dit.state_dict().items()}
    with replacing(path) as part:
        save_file(state, part)
    return path
