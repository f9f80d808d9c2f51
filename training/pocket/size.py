"""The recipe at pocket size: a pocket world's weights, and camera paths through drawn panoramas."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_checkpoint, stored, write_tensors
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.pocket.weights import load_pocket_parts, load_tokenizer, read_config
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.training.devices import TrainingDevice, choose_device
from mag_sandbox.training.options import RecipeOptions
from mag_sandbox.training.pocket.data import (
    Captions,
    PanoramaSet,
    PathBlocks,
    panorama_set,
    places_to_poses,
)
from mag_sandbox.training.pocket.paths import random_path, stack_paths
from mag_sandbox.training.recipe.clips import Clips, Conditions, PathPlaces, Show
from mag_sandbox.training.recipe.presets import TEACHER, at_pocket_size
from mag_sandbox.training.recipe.train import Size
from mag_sandbox.training.recipe.videos import last_frames
from mag_sandbox.training.seeded_random import SeededRandom

START = "world.safetensors"  # the pocket world's transformer alone, under its own names
SHOWN = 6  # pictures in a row of a sheet
_CLIPS, _PROMPTS = 30, 31  # keep draws apart


@dataclass(frozen=True, slots=True)
class PocketParts:
    """A pocket world that training starts from, and the scenes it learns from."""

    config: PocketConfig
    networks: PocketNetworks  # fp32, read only
    autoencoder: Autoencoder  # likewise
    data: PanoramaSet
    captions: Captions
    device: TrainingDevice

    def transformer(self, path: Path) -> DiT:
        """Return a transformer of this architecture with the weights of a file, fp32."""
        with torch.device("meta"):
            dit = DiT(self.config.dit, self.device.kernel)
        load_checkpoint(dit, path, torch.float32, self.device.device)
        return dit

    @torch.no_grad()
    def read(self, prompts: tuple[Tensor, Tensor]) -> Tensor:
        """Return features of ids and mask, fp32 [B, text_len, text_dim]."""
        features: Tensor = self.networks.text(*(self.device.upload(x) for x in prompts))
        return features.float()


@dataclass(eq=False)
class PocketClips:
    """Videos, prompts and camera paths; a `ClipSource`."""

    parts: PocketParts  # panoramas and networks
    batch: int  # videos a step
    seed: int  # of all draws

    def __post_init__(self) -> None:
        config = self.parts.config
        self.shape = (config.dit.channels, *config.latent_size)
        self.tokens = config.tokens_per_frame
        self._rays = RayCoordinates.of(config)
        self._blocks = PathBlocks(
            self.parts.data, self.parts.autoencoder, config.block_length, self.parts.device
        )

    def clips(self, number: int, frames: int) -> Clips:
        """Return encoded views along random paths, as many frames as `PathBlocks` has or fewer."""
        random = SeededRandom(self.seed, _CLIPS, number)
        drawn = self._blocks.draw(random.numpy, self.batch)
        latents, poses, times = (
            x.flatten(1, 2)[:, :frames] for x in (drawn.latents, drawn.poses, drawn.times)
        )
        text = self._read(self.parts.captions.draw(drawn.panoramas, random.numpy, dropout=0.0))
        return Clips(latents, Conditions(text, self._places(poses, times)))

    def conditions(self, number: int, frames: int) -> Conditions:
        """Return captions and paths of any length; nothing is drawn or encoded."""
        random = SeededRandom(self.seed, _PROMPTS, number)
        panoramas = random.numpy.integers(len(self.parts.data), size=self.batch)
        length = self._rays.block_length
        paths = [random_path(random.numpy, -(-frames // length), length) for _ in panoramas]
        path = stack_paths(paths)
        places = self._places(
            places_to_poses(path.left, path.top, path.fov).flatten(1, 2),
            torch.from_numpy(path.times).flatten(1, 2),
        )
        text = self._read(self.parts.captions.draw(panoramas, random.numpy, dropout=0.0))
        return Conditions(text, places)

    def text(self, prompt: str, batch: int) -> Tensor:
        """Return features of the empty prompt: the pocket world's negative one, too.

        Raises:
            ValueError: another prompt is asked for.
        """
        if prompt:
            raise ValueError(f'the pocket recipe has no negative prompt, "{prompt}" was asked for')
        return self._read(self.parts.captions.empty(batch))

    def _places(self, poses: Tensor, times: Tensor) -> PathPlaces:
        return PathPlaces(self._rays, poses, times, self.parts.device.device)

    def _read(self, prompts: tuple[Tensor, Tensor]) -> Tensor:
        return self.parts.read(prompts).cpu()


def show_with(autoencoder: Autoencoder, device: TrainingDevice) -> Show:
    """Return a writer of sheets of decoded frames, a video a row."""

    @torch.no_grad()
    def show(path: Path, latents: Tensor) -> None:
        every = max(1, latents.shape[1] // SHOWN)
        some = latents[:4, every - 1 :: every]
        with device.autocast():
            frames = to_frames(autoencoder.decode(device.upload(some.flatten(0, 1))).float())
        write_sheet(path, [list(row) for row in frames.reshape(*some.shape[:2], *frames.shape[1:])])

    return show


def pocket_parts(weights: Path, folder: Path, panoramas: int) -> PocketParts:
    """Read a pocket world's weights, and draw the scenes that a folder lacks."""
    device, config = choose_device(), read_config(weights)
    networks = PocketNetworks(config, device.kernel).requires_grad_(False)
    autoencoder = Autoencoder(config.autoencoder).requires_grad_(False)
    load_pocket_parts(weights, networks, autoencoder)
    networks.float().to(device.device)
    device.place(autoencoder.float())
    data = panorama_set(folder, panoramas)
    captions = Captions(data, load_tokenizer(weights, config), config.text.text_len)
    return PocketParts(config, networks, autoencoder, data, captions, device)


def pocket_size(options: RecipeOptions) -> Size:
    """Return the recipe's parts at pocket size."""
    folder = options.data or options.folder
    return size_of(pocket_parts(options.weights, folder, options.panoramas), options)


def size_of(parts: PocketParts, options: RecipeOptions) -> Size:
    """Return the recipe's parts made of a pocket world; its transformer goes into the folder."""
    batch = options.batch or at_pocket_size(TEACHER).optimisation.batch
    start = options.folder / START
    state = parts.networks.dit.state_dict()
    write_tensors(start, {name: stored(value, None) for name, value in state.items()})

    def clips() -> PocketClips:
        return PocketClips(parts, batch // options.parts, options.seed)

    return Size(
        device=parts.device,
        read=parts.transformer,
        start=start,
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
