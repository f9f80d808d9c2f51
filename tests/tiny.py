"""A pocket world of minute size with random weights: every part is real, nothing is trained.

world = tiny_world("mag-retrieve", slots=12)
block = world.reset(PLACE, seed=1)
block = world.step(RIGHT)
"""

import copy
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import stored, write_tensors
from mag_sandbox.model.config import (
    AnimatorConfig,
    AutoencoderConfig,
    DiTConfig,
    FlowConfig,
    PocketConfig,
    RayConfig,
    TextConfig,
)
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.imagination.weights import TEXT, TOKENIZER
from mag_sandbox.model.lora import adapt, adapter
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.pocket.pictures.animator import Animator
from mag_sandbox.model.pocket.weights import save_pocket
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting
from mag_sandbox.scenes import Scene
from mag_sandbox.training.pocket.words import train_tokenizer

TINY = PocketConfig(
    dit=DiTConfig(
        dim=32,
        ffn_dim=48,
        num_heads=2,
        num_layers=2,
        channels=4,
        freq_dim=16,
        text_dim=16,
        text_len=8,
        rays=RayConfig(yaw_harmonics=(1, 2, 3, 4), pitch_channels=2, time_channels=2),
    ),
    autoencoder=AutoencoderConfig(channels=4, widths=(8, 8, 8)),
    text=TextConfig(vocab_size=64, dim=16, ffn_dim=32, num_heads=2, num_layers=1, text_len=8),
    flow=FlowConfig(shift=2.0, steps=2, imagine_steps=3),
    frame_width=64,
    frame_height=64,
)
TINY_ANIMATOR = AnimatorConfig(
    parts_widths=(4, 4), parts_dilations=(1,), move_widths=(4, 4), move_dilations=(1, 2)
)
CAPTIONS = ("a red tower by the sea", "a green hill under a grey sky")
PLACE = Scene(prompt=CAPTIONS[0])
STILL, RIGHT, LEFT, UP = (
    Control(CameraCommand(**axes)) for axes in ({}, {"yaw": 1.0}, {"yaw": -1.0}, {"pitch": 1.0})
)
FP32 = Execution("cpu", torch.float32, "sdpa", 1)


def shallow(config: PocketConfig) -> PocketConfig:
    """Return a world of one layer and single steps, for tests of other things than its layers."""
    return replace(config, dit=replace(config.dit, num_layers=1), flow=FlowConfig(2.0, 1, 1))


def randomise(module: nn.Module, seed: int, gain: float = 1.5) -> nn.Module:
    """Give every matrix random values, so that no layer is the identity and all of them matter."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in module.named_parameters():
            noise = torch.randn(value.shape, generator=generator)
            if value.ndim > 1:
                value.copy_(noise * gain / value[0].numel() ** 0.5)
            elif name.endswith("bias"):
                value.copy_(noise * 0.1)
    return module


def tiny_networks(seed: int = 0, config: PocketConfig = TINY) -> PocketNetworks:
    """Return transformer and text encoder with random weights."""
    return randomise(PocketNetworks(config), seed).eval().requires_grad_(False)


def tiny_autoencoder(seed: int = 0, config: PocketConfig = TINY) -> Autoencoder:
    """Return an autoencoder with random weights."""
    return randomise(Autoencoder(config.autoencoder), seed, gain=0.6).eval().requires_grad_(False)


def tiny_animator(seed: int = 0) -> Animator:
    """Return an animator with random weights that takes all it sees for sky, and for the rest."""
    animator = randomise(Animator(TINY_ANIMATOR), seed, gain=0.6).eval().requires_grad_(False)
    animator.segment.head.bias.fill_(5.0)
    return animator


def tiny_tokenizer():
    """Return a tokenizer that knows the words of `CAPTIONS`."""
    return train_tokenizer(CAPTIONS, TINY.text.vocab_size)


def tiny_rays(config: PocketConfig = TINY) -> RayCoordinates:
    """Return the coordinates of the tiny world's tokens."""
    return RayCoordinates.of(config)


def write_tiny_weights(
    folder: Path,
    seed: int = 0,
    generator_rank: int = 0,
    *,
    moves: bool = False,
    config: PocketConfig = TINY,
) -> Path:
    """Write a whole weights folder and return it.

    Args:
        folder: to write.
        seed: of the weights.
        generator_rank: of a generator of its own; 0: there is none.
        moves: whether the world does.
        config: of the world.
    """
    shutil.copytree(_written(seed, generator_rank, moves, config).name, folder, dirs_exist_ok=True)
    return folder


@cache
def _written(
    seed: int = 0, generator_rank: int = 0, moves: bool = False, config: PocketConfig = TINY
) -> tempfile.TemporaryDirectory:
    networks, change = tiny_networks(seed, config), None
    if generator_rank:
        dit = adapt(copy.deepcopy(networks.dit), generator_rank)
        change = adapter(randomise(dit, seed + 1, gain=0.5))
    animator = tiny_animator(seed) if moves else None
    config = replace(config, generator_rank=generator_rank, animator=animator and animator.config)
    parts = networks, tiny_autoencoder(seed), tiny_tokenizer()
    folder = tempfile.TemporaryDirectory(prefix="tiny-world-")
    save_pocket(Path(folder.name), config, *parts, generator=change, animator=animator)
    return folder


def write_tiny_reading(folder: Path, config: PocketConfig = TINY) -> None:
    """Write the text encoder and tokenizer of an imagination's folder: those of the tiny world."""
    encoder = tiny_networks(0, config).text
    write_tensors(folder / TEXT, {key: stored(x) for key, x in encoder.state_dict().items()})
    replace_file(folder / TOKENIZER, tiny_tokenizer().to_str())


def tiny_weights() -> Path:
    """Return a weights folder that all tests share; only to be read."""
    return Path(_written().name)


def tiny_world(
    policy: str = "mag-retrieve",
    *,
    look_ahead: bool = True,
    slots: int = 24,
    weights: Path | None = None,
    execution: Execution = FP32,
    **setting,
) -> DiffusionWorld:
    """Return a playable tiny world.

    Args:
        policy: of memory.
        look_ahead: whether views are imagined ahead.
        slots: frames that may be kept; budgets are whole MiB, which is more than tests can fill.
        weights: folder of other weights.
        execution: how it runs; on the CPU in fp32 if nothing else is said.
        setting: more fields of `MemorySetting`.
    """
    world = pocket.load(
        MemorySetting(policy, kept_mib=1, **setting),
        look_ahead=look_ahead,
        on_progress=lambda stage, fraction: None,
        weights=weights or tiny_weights(),
        execution=execution,
    )
    world.memory.cache.slots = slots
    return world


def play(world: DiffusionWorld, controls: list[Control], seed: int = 1) -> list[FrameBlock]:
    """Return the blocks of a session."""
    return [world.reset(PLACE, seed), *(world.step(control) for control in controls)]


def assert_same_pictures(blocks: list[FrameBlock], others: list[FrameBlock]) -> None:
    """Compare frames and poses bit by bit."""
    assert len(blocks) == len(others)
    for block, other in zip(blocks, others, strict=True):
        assert block.poses == other.poses
        assert np.array_equal(block.frames, other.frames), f"block {block.block_index} differs"
        assert [i.digest for i in block.look_ahead] == [i.digest for i in other.look_ahead]
