"""`python -m training pocket`: the pocket world from nothing, stage by stage, resumed exactly."""

import copy
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.config import POCKET, PocketConfig
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.lora import adapt, adapter
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.pocket.pictures.animator import Animator
from mag_sandbox.model.pocket.weights import (
    AUTOENCODER,
    load_pocket_parts,
    load_tokenizer,
    read_config,
    save_pocket,
)
from mag_sandbox.model.world import Control, MemorySetting, World
from mag_sandbox.renderer.captions import caption
from mag_sandbox.renderer.render import HELD_OUT, category_of, lay_out
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.scenes import Scene
from mag_sandbox.training.devices import TrainingDevice, choose_device
from mag_sandbox.training.loop import Loop, LoopConfig, Stage
from mag_sandbox.training.optimisers import GeneratorAndCritic
from mag_sandbox.training.options import PocketTraining, TextOptions
from mag_sandbox.training.pocket.data import (
    Captions,
    LatentPool,
    PanoramaSet,
    PathBlocks,
    PooledViews,
    latent_pool,
    panorama_set,
)
from mag_sandbox.training.pocket.stage_animator import AnimatorStage, add_norms, fold_norms
from mag_sandbox.training.pocket.stage_autoencoder import AutoencoderStage, DecoderStage
from mag_sandbox.training.pocket.stage_distillation import (
    EMPTY_PROMPT,
    FrameDistillationStage,
    GenerationTask,
)
from mag_sandbox.training.pocket.stage_world import ImageTask, SequenceTask, WorldStage
from mag_sandbox.training.pocket.text_pretraining import (
    TextOnlyCaptions,
    TextPretraining,
    TextPretrainingStage,
    facts_of_scenes,
)
from mag_sandbox.training.pocket.words import (
    save_tokenizer,
    train_tokenizer,
    write_scene_texts,
    write_words,
)

logger = logging.getLogger(__name__)

GUIDANCE = 3.0  # that is learned into imagination
FROM_NOISE = 0.5  # share of blocks learned as they are made in play, in one step
OWN_PAST = 0.5  # share of steps on blocks whose memory holds the network's own version
FRAMES_BATCH, MOVING_BATCH = 6, 2  # sequences a step of the generator
SHORT_EMA = 0.99  # of the autoencoder, whose last, smallest steps matter most


class PocketPipeline:
    """Builds the stages in order, each from the one before.

    PocketPipeline(PocketTraining(), POCKET, choose_device()).run()
    """

    def __init__(
        self, training: PocketTraining, config: PocketConfig, device: TrainingDevice
    ) -> None:
        self.training, self.config, self.device = training, config, device
        self.folder = training.folder
        self.data = panorama_set(self.folder, training.panoramas)
        torch.manual_seed(training.seed)
        self.tokenizer = self._tokenizer()
        self.autoencoder = Autoencoder(config.autoencoder)
        self.networks = PocketNetworks(config, device.kernel)
        self.networks.dit.initialise()
        self.generator: DiT | None = None
        self.animator: Animator | None = None
        if training.init_from is not None:
            load_pocket_parts(training.init_from, self.networks, self.autoencoder)
        device.place(self.autoencoder)
        self.networks.to(device.device)

    def run(self) -> None:
        """Train the stages that are not finished, from their states, and write the weights."""
        weights = self.folder / "weights"
        if self.training.init_from is None:
            if not (weights / AUTOENCODER).exists():
                stage = AutoencoderStage(*self._pictures)
                self._loop(stage, self.training.autoencoder_steps, SHORT_EMA)
                stage.normalise()
                self.export(weights)
            load_into(self.autoencoder, weights / AUTOENCODER)
        self._pretrain_text()
        self._loop(self._world_stage(), self.training.world_steps)
        if self.config.generator_rank:
            self._train_generator()
        self._loop(DecoderStage(*self._pictures), self.training.decoder_steps, SHORT_EMA)
        self._train_animator()
        self.export(weights)

    @property
    def _pictures(self) -> tuple[Autoencoder, PanoramaSet, TrainingDevice, int]:
        return self.autoencoder, self.data, self.device, self.training.seed

    def _pretrain_text(self) -> None:
        config = LoopConfig(steps=self.training.reading_steps, warmup=50, decay=0.4, ema=0.99)
        Loop(self._text_pretraining, config, self.folder).run()
        self._text_pretraining.module.heads.requires_grad_(False)  # frozen; the encoder goes on

    @cached_property
    def _text_pretraining(self) -> TextPretrainingStage:
        captions = TextOnlyCaptions(self.tokenizer, self.config.text.text_len, facts_of_scenes())
        torch.manual_seed(self.training.seed)  # whatever was drawn before: as after a stop
        module = TextPretraining(self.networks.text, captions.choices).to(self.device.device)
        trained = self.training.init_from is not None
        return TextPretrainingStage(
            module, captions, self.device, self.training.seed, trained=trained
        )

    def _train_animator(self) -> None:
        assert self.config.animator is not None
        torch.manual_seed(self.training.seed)
        module = Animator(self.config.animator).to(self.device.device)
        for network in (module.segment, module.move):
            add_norms(network)
        stage = AnimatorStage(module, *self._pictures)
        steps = self.training.animator_steps
        config = LoopConfig(steps=steps, warmup=100, decay=0.4, clip=0.5, ema=0.995)
        Loop(stage, config, self.folder).run()
        for network in (module.segment, module.move):
            fold_norms(network)
        self.animator = module

    def _train_generator(self) -> None:
        generator = adapt(copy.deepcopy(self.networks.dit), self.config.generator_rank)
        critic = copy.deepcopy(self.networks.dit).requires_grad_(True)
        self.generator = generator
        views, blocks = self._sources()
        flow = self.config.flow
        tasks = {
            "frames": GenerationTask(views, FRAMES_BATCH, flow.imagine_steps),
            "moving": GenerationTask(blocks, MOVING_BATCH, flow.steps, EMPTY_PROMPT),
        }
        stage = FrameDistillationStage(
            GeneratorAndCritic(generator, critic), self.networks, tasks, self._captions(),
            self.device, self.training.seed, self._write_rollouts,
        )  # fmt: skip
        steps = self.training.generator_steps
        config = LoopConfig(steps=steps, warmup=30, decay=0.3, clip=10.0, ema=0.98)
        Loop(stage, config, self.folder).run()

    def _loop(self, stage: Stage, steps: int, ema: float = 0.999) -> None:
        Loop(stage, LoopConfig(steps=steps, ema=ema), self.folder).run()

    def _sources(self) -> tuple[PooledViews, PathBlocks]:
        length = self.config.block_length
        return (
            PooledViews(self._pool, length),
            PathBlocks(self.data, self.autoencoder, length, self.device),
        )

    @cached_property
    def _pool(self) -> LatentPool:
        views = self.training.views
        return latent_pool(self.autoencoder, self.data, views, self.folder, self.device)

    @cached_property
    def _held_out(self) -> list[str]:  # drawing them takes seconds
        return held_out_captions(24)

    def _write_rollouts(self, path: Path) -> None:
        preview = self.folder / "preview"
        self._save(preview)
        write_rollout_sheet(path, preview, self._held_out[:4], self.device.execution())

    def _world_stage(self) -> WorldStage:
        captions, seed = self._captions(), self.training.seed
        images = partial(
            ImageTask, self.networks, self.autoencoder, self._pool, captions, self._held_out,
            self.tokenizer, self.device, seed,
        )  # fmt: skip
        views, blocks = self._sources()
        sequences = partial(SequenceTask, self.networks)
        rest = captions, self.device, seed
        others: dict[str, ImageTask | SequenceTask] = {
            "views": sequences(views, *rest),
            "guided images": images(guidance=GUIDANCE),
            "guided views": sequences(views, *rest, guidance=GUIDANCE),
            "blocks": sequences(blocks, *rest, from_noise=FROM_NOISE, own_past=OWN_PAST),
        }
        return WorldStage(
            self.networks, images(), others, self._text_pretraining.caption_loss,
            self._write_rollouts, self.training.image_steps, self.training.guide_from,
        )  # fmt: skip

    def _captions(self) -> Captions:
        return Captions(self.data, self.tokenizer, self.config.text.text_len)

    def _tokenizer(self) -> Tokenizer:
        if self.training.init_from is not None:
            return load_tokenizer(self.training.init_from, self.config)
        path = self.folder / "tokenizer.json"
        if not path.exists():
            captions = (caption for each in self.data.captions for caption in each)
            save_tokenizer(train_tokenizer(captions, self.config.text.vocab_size), path)
        return Tokenizer.from_file(str(path))

    def export(self, folder: Path) -> None:
        """Write the weights that the game loads, the words they know, and prompts read."""
        self._save(folder)
        write_words((caption for each in self.data.captions for caption in each), folder)
        write_scene_texts(TextOptions(folder))
        logger.info("weights written to %s", folder)

    def _save(self, folder: Path) -> None:
        config, change = self.config, None
        if self.generator is None:  # until it is trained, the world makes its pictures itself
            config = replace(config, generator_rank=0)
        else:
            change = adapter(self.generator)
        if self.animator is None:  # until it is trained, the world stands still
            config = replace(config, animator=None)
        parts = self.networks, self.autoencoder, self.tokenizer
        save_pocket(folder, config, *parts, change, self.animator)


def held_out_captions(count: int) -> list[str]:
    """Return captions of scenes that training never sees, categories in turn."""
    return [caption(lay_out(category_of(i), HELD_OUT + i), 0) for i in range(count)]


def train(training: PocketTraining) -> None:
    """Train the pocket world on the best device here."""
    if training.init_from is not None:
        read_config(training.init_from)  # its errors come before hours of drawing
    config = replace(POCKET, generator_rank=training.generator_rank)
    PocketPipeline(training, config, choose_device()).run()


BLOCKS_OUT = 22  # at full speed: 165 degrees
EVERY = 4  # blocks between pictures


def write_rollout_sheet(
    path: Path, weights: Path, prompts: Sequence[str], execution: Execution
) -> None:
    """Write a row for each prompt: the way out, then the way back, at full speed."""
    world = pocket.load(
        MemorySetting(kept_mib=64),
        look_ahead=True,
        on_progress=lambda stage, fraction: None,
        weights=weights,
        execution=execution,
    )
    write_sheet(path, [_out_and_back(world, prompt) for prompt in prompts])


def _out_and_back(world: World, prompt: str) -> list[np.ndarray]:
    first = world.reset(Scene(prompt=prompt), seed=1)
    shown = [first.frames[-1]]
    for index in range(2 * BLOCKS_OUT):
        yaw = 1.0 if index < BLOCKS_OUT else -1.0
        block = world.step(Control(CameraCommand(yaw=yaw)))
        if index % EVERY == EVERY - 1:
            shown.append(block.frames[-1])
    return shown
