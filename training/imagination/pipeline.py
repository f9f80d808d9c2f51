"""`python -m training imagination`: planner, reader and painter in turn, resumable."""

import logging
from collections.abc import Sequence
from functools import cached_property
from typing import cast

import numpy as np
import torch

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.painter import Sprites
from mag_sandbox.model.imagination.weights import (
    ImaginationNetworks,
    load_networks,
    save_networks,
)
from mag_sandbox.model.pocket.networks import TextEncoder
from mag_sandbox.model.pocket.weights import AUTOENCODER, WORLD, load_tokenizer, read_config
from mag_sandbox.model.saved import load_into
from mag_sandbox.renderer.kinds import BEHIND, CLASSES
from mag_sandbox.renderer.render import CATEGORIES
from mag_sandbox.training.devices import TrainingDevice, choose_device
from mag_sandbox.training.imagination.config import ImaginationTraining
from mag_sandbox.training.imagination.fitted_sprites import fitted_sprites
from mag_sandbox.training.imagination.growing import grown
from mag_sandbox.training.imagination.rings import RingLog, category_of, ring_latents, ring_log
from mag_sandbox.training.imagination.samples import SampleSheets
from mag_sandbox.training.imagination.stage_painter import PainterStage
from mag_sandbox.training.imagination.stage_planner import PlannerStage
from mag_sandbox.training.imagination.stage_reader import ReaderStage
from mag_sandbox.training.imagination.walks import walks
from mag_sandbox.training.loop import Loop, LoopConfig, Stage
from mag_sandbox.training.pocket.data import Captions

DECAY, EMA = 0.4, 0.998  # runs are short: the rate falls to zero over much of one
logger = logging.getLogger(__name__)


class ImaginationPipeline:
    """Builds what the stages need, in order, each from the one before.

    ImaginationPipeline(ImaginationTraining(), choose_device()).run()
    """

    def __init__(self, training: ImaginationTraining, device: TrainingDevice) -> None:
        self.training, self.device, self.folder = training, device, training.folder
        torch.manual_seed(training.seed)
        if training.init_from is None:
            self.networks = ImaginationNetworks(_config(self._log), device.kernel)
            self.networks.painter.initialise()
        else:
            known = load_networks(training.init_from, device.kernel)
            self.networks = grown(known, _config(self._log), device.kernel)
        pocket = read_config(training.weights)
        self.autoencoder = Autoencoder(pocket.autoencoder).requires_grad_(False)
        load_into(self.autoencoder, training.weights / AUTOENCODER)
        self.text = TextEncoder(pocket.text).requires_grad_(False)
        load_into(self.text, training.weights / WORLD, part="text.")
        device.place(self.autoencoder)
        self.text.to(device.device)
        self.tokenizer = load_tokenizer(training.weights, pocket)

    def run(self) -> None:
        """Train what is not trained yet, from where it stands, and write the weights."""
        training = self.training
        self._learn(self._planner_stage(), training.planner_steps)
        self._learn(self._reader_stage(), training.reader_steps)
        self._learn(self._painter_stage(), training.painter_steps)
        save_networks(self.folder / "weights", self.networks)
        logger.info("weights written to %s", self.folder / "weights")

    def _learn(self, stage: Stage, steps: int) -> None:
        Loop(stage, LoopConfig(steps, warmup=100, decay=DECAY, ema=EMA), self.folder).run()

    def _planner_stage(self) -> PlannerStage:
        return PlannerStage(
            self.networks.planner, self._log, self._captions, self.text, self.device,
            self.training.seed,
        )  # fmt: skip

    def _reader_stage(self) -> ReaderStage:
        return ReaderStage(
            self.networks.reader, self._latents, self._log.things[: self.training.rings],
            self.networks.config.kinds, self.device, self.training.seed,
        )  # fmt: skip

    def _painter_stage(self) -> PainterStage:
        training = self.training
        self._fit_sprites()
        walked = walks(training.data, self.autoencoder, training.walks, self.device)
        drawn = sum(map(len, self._latents))
        log = RingLog(
            self._log.captions[:drawn] + walked.log.captions,
            self._log.things[:drawn] + walked.log.things,
        )
        captions = Captions(log, self.tokenizer, self.text.config.text_len)
        return PainterStage(
            self.networks.painter, [*self._latents, *walked.latents], self.autoencoder,
            self.networks.sketcher(self.autoencoder.config.stride), log.things,
            self.networks.config.looks, captions, self.text, self.device, training.seed,
            self._sheets.paintings, walked.carried,
        )  # fmt: skip

    def _fit_sprites(self) -> None:
        networks, training = self.networks, self.training
        for sprites in cast(Sequence[Sprites], networks.painter.objects.sprites):
            if sprites.config.fitted:
                table = fitted_sprites(
                    training.data, training.rings, networks.config.looks,
                    networks.config.painter, sprites.config,
                )  # fmt: skip
                fitted = torch.from_numpy(table).to(sprites.table)
                shown = fitted.any(dim=1)
                sprites.table[shown] = fitted[shown]  # what no ring shows stays as it was

    @cached_property
    def _log(self) -> RingLog:
        return ring_log(self.training.data, max(self.training.rings, self.training.logs))

    @cached_property
    def _latents(self) -> list[np.ndarray]:
        training = self.training
        return ring_latents(training.data, self.autoencoder, training.rings, self.device)

    @cached_property
    def _captions(self) -> Captions:
        return Captions(self._log, self.tokenizer, self.text.config.text_len)

    @cached_property
    def _sheets(self) -> SampleSheets:
        return SampleSheets(self.networks, self.autoencoder, self.text, self.tokenizer)


def _config(log: RingLog) -> ImaginationConfig:
    shown: dict[str, set[str]] = {name: set() for name in CATEGORIES}
    for seed, things in enumerate(log.things):
        shown[category_of(seed)] |= {thing.name for thing in things}
    among = {
        category: tuple(kind for kind in CLASSES if kind in kinds)
        for category, kinds in shown.items()
    }
    return ImaginationConfig(CLASSES, BEHIND, among)


def train(training: ImaginationTraining) -> None:
    """Train what invents views on the best device here."""
    ImaginationPipeline(training, choose_device()).run()
