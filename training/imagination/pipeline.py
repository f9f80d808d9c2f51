"""`python -m training imagination`: codes, painter, sketcher, planner in turn, resumable."""

import logging
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.planner import Planner
from mag_sandbox.model.imagination.weights import (
    ImaginationNetworks,
    load_networks,
    save_networks,
)
from mag_sandbox.model.pocket.autoencoder import Autoencoder
from mag_sandbox.model.pocket.networks import TextEncoder
from mag_sandbox.model.pocket.weights import AUTOENCODER, WORLD, load_tokenizer, read_config
from mag_sandbox.model.saved import load_into
from mag_sandbox.training.devices import TrainingDevice, choose_device
from mag_sandbox.training.imagination.config import ImaginationTraining
from mag_sandbox.training.imagination.encoded import ring_codes, ring_latents
from mag_sandbox.training.imagination.rings import RingSet, ring_set
from mag_sandbox.training.imagination.samples import SampleSheets
from mag_sandbox.training.imagination.stage_codes import CodeAutoencoder, CodesStage
from mag_sandbox.training.imagination.stage_painter import PainterStage
from mag_sandbox.training.imagination.stage_planner import PlannerStage
from mag_sandbox.training.imagination.stage_sketcher import SketcherStage
from mag_sandbox.training.loop import Loop, LoopConfig
from mag_sandbox.training.panorama.classes import CLASSES
from mag_sandbox.training.pocket.stage_images import Captions

logger = logging.getLogger(__name__)


class ImaginationPipeline:
    """Builds what the stages need, in order, each from the one before.

    ImaginationPipeline(ImaginationTraining(), choose_device()).run()
    """

    def __init__(self, training: ImaginationTraining, device: TrainingDevice) -> None:
        self.training, self.device, self.folder = training, device, training.folder
        torch.manual_seed(training.seed)
        if training.init_from is None:
            self.networks = ImaginationNetworks(ImaginationConfig(CLASSES), device.kernel)
            self.networks.painter.initialise()
        else:
            self.networks = load_networks(training.init_from, device.kernel)
        pocket = read_config(training.weights)
        self.autoencoder = Autoencoder(pocket.autoencoder).requires_grad_(False)
        load_into(self.autoencoder, training.weights / AUTOENCODER)
        self.text = TextEncoder(pocket.text).requires_grad_(False)
        load_into(self.text, training.weights / WORLD, part="text.")
        self.autoencoder.to(device.device, memory_format=torch.channels_last)
        self.text.to(device.device)
        self.tokenizer = load_tokenizer(training.weights, pocket)

    def run(self) -> None:
        """Train what is not trained yet, from where it stands, and write the weights."""
        training = self.training
        if training.init_from is None:  # else codes stay: all that was learned is about them
            coder = CodeAutoencoder(self.networks.encoder)
            stage = CodesStage(coder, self.rings, self.device, training.seed)
            Loop(stage, LoopConfig(training.codes_steps, 100, 0.4, ema=0.995), self.folder).run()
        self.networks.encoder.requires_grad_(False)
        Loop(self._painter_stage(), LoopConfig(training.painter_steps), self.folder).run()
        Loop(self._sketcher_stage(), LoopConfig(training.sketcher_steps), self.folder).run()
        if self.networks.planner is not None:
            Loop(
                self._planner_stage(self.networks.planner),
                LoopConfig(training.planner_steps),
                self.folder,
            ).run()
        save_networks(self.folder / "weights", self.networks)
        logger.info("weights written to %s", self.folder / "weights")

    def _sketcher_stage(self) -> SketcherStage:
        return SketcherStage(
            self.networks.sketcher, self._codes, self.rings, self.networks.config.kinds,
            self._captions, self.text, self.device, self.training.seed, self._sheets.sketches,
        )  # fmt: skip

    def _planner_stage(self, planner: Planner) -> PlannerStage:
        return PlannerStage(
            planner, self.rings, self._captions, self.text, self.device,
            self.training.seed,
        )  # fmt: skip

    def _painter_stage(self) -> PainterStage:
        latents = ring_latents(self._encoded, self.autoencoder, self.rings, self.device)
        return PainterStage(
            self.networks.painter, self._codes, latents, self._captions, self.text, self.device,
            self.training.seed, self._sheets.paintings,
        )  # fmt: skip

    @cached_property
    def rings(self) -> RingSet:
        """The scenes to learn from."""
        return ring_set(self.training.data, self.training.rings)

    @property
    def _encoded(self) -> Path:
        return self.folder / "encoded"

    @cached_property
    def _codes(self) -> np.ndarray:
        return ring_codes(self._encoded, self.networks.encoder, self.rings, self.device)

    @cached_property
    def _captions(self) -> Captions:
        return Captions(self.rings, self.tokenizer, self.text.config.text_len)

    @cached_property
    def _sheets(self) -> SampleSheets:
        return SampleSheets(self.networks, self.autoencoder, self.text, self.tokenizer, self.device)


def train(training: ImaginationTraining) -> None:
    """Train what invents views on the best device here."""
    ImaginationPipeline(training, choose_device()).run()
