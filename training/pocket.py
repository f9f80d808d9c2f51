"""`python -m training pocket`: the pocket world from nothing, stage by stage, resumed exactly."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from model.autoencoder import Autoencoder
from model.config import POCKET, PocketConfig
from model.networks import PocketNetworks
from model.weights import load_pocket_parts, save_pocket
from training.data import PanoramaSet, panorama_set
from training.devices import Device, choose_device
from training.latents import latent_pool
from training.loop import Loop, LoopConfig
from training.panorama.render import CATEGORIES, HELD_OUT, render
from training.stage_autoencoder import AutoencoderStage
from training.stage_blocks import BlockStage
from training.stage_images import Captions, ImageStage
from training.tokens import save_tokenizer, train_tokenizer

logger = logging.getLogger(__name__)

STAGES = ("autoencoder", "images", "blocks")


@dataclass(frozen=True, slots=True)
class PocketTraining:
    """How the pocket world is trained."""

    folder: Path = Path("runs/pocket")
    panoramas: int = 4000
    views: int = 10  # of each panorama, encoded for the image stage
    autoencoder_steps: int = 7000
    image_steps: int = 6000
    block_steps: int = 4000
    seed: int = 0
    init_from: Path | None = None  # a weights folder to start from, with fresh optimisers


class PocketPipeline:
    """Builds what the stages need, in order, each from the one before.

    PocketPipeline(PocketTraining(), POCKET, choose_device()).run(("images", "blocks"))
    """

    def __init__(self, training: PocketTraining, config: PocketConfig, device: Device) -> None:
        self.training, self.config, self.device = training, config, device
        self.folder = training.folder
        self.data = panorama_set(self.folder, training.panoramas)
        torch.manual_seed(training.seed)
        self.tokenizer = self._tokenizer()
        self.autoencoder = Autoencoder(config.autoencoder)
        self.networks = PocketNetworks(config, device.kernel)
        self.networks.dit.initialise()
        if training.init_from is not None:
            load_pocket_parts(training.init_from, self.networks, self.autoencoder)
        self.autoencoder.to(device.device, memory_format=torch.channels_last)
        self.networks.to(device.device)

    def run(self, stages: tuple[str, ...] = STAGES) -> None:
        """Train the named stages and write the weights folder after each."""
        for name in STAGES:
            if name in stages:
                self._run_stage(name)
                self.export(self.folder / "weights")

    def _run_stage(self, name: str) -> None:
        steps: dict[str, int] = {
            "autoencoder": self.training.autoencoder_steps,
            "images": self.training.image_steps,
            "blocks": self.training.block_steps,
        }
        makers: dict[str, Callable] = {
            "autoencoder": self._autoencoder_stage,
            "images": self._image_stage,
            "blocks": self._block_stage,
        }
        stage = makers[name]()
        Loop(stage, LoopConfig(steps=steps[name]), self.folder).run()
        if name == "autoencoder":
            stage.normalise()

    def _autoencoder_stage(self) -> AutoencoderStage:
        return AutoencoderStage(self.autoencoder, self.data, self.device, self.training.seed)

    def _image_stage(self) -> ImageStage:
        pool = latent_pool(
            self.autoencoder, self.data, self.training.views, self.folder, self.device
        )
        return ImageStage(
            self.networks, self.autoencoder, pool, self._captions(), held_out_captions(24),
            self.tokenizer, self.device, self.training.seed,
        )  # fmt: skip

    def _block_stage(self) -> BlockStage:
        return BlockStage(
            self.networks, self.autoencoder, self.data, self._captions(), self.tokenizer,
            held_out_captions(4), self.device, self.training.seed,
        )  # fmt: skip

    def _captions(self) -> Captions:
        return Captions(self.data, self.tokenizer, self.config.text.text_len)

    def _tokenizer(self) -> Tokenizer:
        if self.training.init_from is not None:
            return Tokenizer.from_file(str(self.training.init_from / "tokenizer.json"))
        path = self.folder / "tokenizer.json"
        if not path.exists():
            save_tokenizer(_tokenizer_for(self.data, self.config), path)
        return Tokenizer.from_file(str(path))

    def export(self, folder: Path) -> None:
        """Write the weights that the game loads."""
        save_pocket(folder, self.config, self.networks, self.autoencoder, self.tokenizer)
        logger.info("weights written to %s", folder)


def held_out_captions(count: int) -> list[str]:
    """Return captions of scenes that training never sees, categories in turn."""
    names = list(CATEGORIES)
    return [render(names[i % len(names)], HELD_OUT + i).caption() for i in range(count)]


def _tokenizer_for(data: PanoramaSet, config: PocketConfig) -> Tokenizer:
    words = (caption for captions in data.captions for caption in captions)
    return train_tokenizer(words, config.text.vocab_size)


def train(training: PocketTraining, stages: tuple[str, ...] = STAGES) -> None:
    """Train the pocket world on the best device here."""
    PocketPipeline(training, POCKET, choose_device()).run(stages)
