"""What a memory model can rebuild of clips from the one frame of each block that it keeps.

As in the paper's table 4 (arXiv 2512.18741): blocks of a clip are remembered one after another,
each beside what was kept before; then each is made anew from noise, reading what was kept up to
and of itself. That is the pass that the memory model is trained with (`history_compress`), block
by block. The clips are held-out scenes, the camera panning at half and then at full speed; for
videos at full size see `full_reconstruction`.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand, CameraPose, move
from mag_sandbox.evaluation.bench.clips import held_out_scene
from mag_sandbox.evaluation.probe.metrics import psnr, ssim
from mag_sandbox.evaluation.results.store import clip_record
from mag_sandbox.evaluation.results.sweep import Found
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.catalogue.recipes import FOUR_STEPS, FewSteps
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.generator import BlockGenerator, Coordinates, block_noises
from mag_sandbox.model.kv_cache import CacheShape, KVCache
from mag_sandbox.model.pocket.loading import FULL_SPEED, prompt_features
from mag_sandbox.model.pocket.weights import AUTOENCODER, WORLD, load_tokenizer, read_config
from mag_sandbox.model.prompts import Conditioner
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.model.saved import load_into
from mag_sandbox.model.slots import SlotWrite

FRAMES = 60  # of a clip: whole blocks of 1, 3, 4 and 5
SPEEDS = (0.5, 1.0)  # of the full speed, half of the clip each


class MemoryModel:
    """The network of a weights folder that remembers, in fp32, with the autoencoder.

    model = MemoryModel(folder)  # its `block_length` says of how many frames one is kept
    rebuilt = model.rebuild(model.encode(frames), poses, seed=0)

    Raises:
        MissingWeights: they are absent, damaged, or of another architecture.
    """

    def __init__(self, weights: Path) -> None:
        self.config = config = read_config(weights)
        self._dit, self._autoencoder = DiT(config.dit), Autoencoder(config.autoencoder)
        load_into(self._dit, weights / WORLD, part="dit.")
        load_into(self._autoencoder, weights / AUTOENCODER)
        for network in (self._dit, self._autoencoder):
            network.float().eval().requires_grad_(False)
        features = prompt_features(weights, config, load_tokenizer(weights, config), known={})
        self._empty = Conditioner(self._dit, features).text_keys("")
        self._rays = RayCoordinates.of(config)

    @torch.inference_mode()
    def encode(self, frames: np.ndarray) -> Tensor:
        """Return latents, [F, C, H, W], of frames, uint8 [F, H, W, 3]."""
        return self._autoencoder.encode(to_pictures(frames))

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> np.ndarray:
        """Return frames, uint8 [F, H, W, 3], of latents, [F, C, H, W]."""
        return to_frames(self._autoencoder.decode(latents))

    @torch.inference_mode()
    def rebuild(self, latents: Tensor, poses: Sequence[CameraPose], seed: int) -> Tensor:
        """Return clean latents of whole blocks as made from what memory keeps, [F, C, H, W]."""
        length = self.config.block_length

        def at(first_frame: int) -> Coordinates:
            return self._coordinates(poses[first_frame : first_frame + length], first_frame)

        generator = self._generator(len(latents) // length)
        return rebuild(generator, latents[None], length, at, FOUR_STEPS, seed)[0]

    def _generator(self, slots: int) -> BlockGenerator:
        cache = KVCache(CacheShape.of(self.config), slots, torch.float32)
        return BlockGenerator(self._dit, self._dit, cache, FOUR_STEPS.shift, self._empty)

    def _coordinates(self, poses: Sequence[CameraPose], first_frame: int) -> Coordinates:
        places = torch.arange(len(poses))
        angles = torch.tensor([[(pose.yaw, pose.pitch, pose.fov) for pose in poses]])
        return Coordinates(
            self._rays.rotary(angles, first_frame + places[None]),
            self._rays.features(angles, places),
        )


def rebuild(
    generator: BlockGenerator,
    latents: Tensor,
    length: int,
    at: Callable[[int], Coordinates],
    sampling: FewSteps,
    seed: int,
) -> Tensor:
    """Return clean latents of whole blocks as made from what memory keeps, [1, F, C, H, W].

    Args:
        generator: a memory model by itself, over a cache with a slot for each block.
        latents: the true ones, likewise.
        length: frames of a block, of which the last one is kept.
        at: where the block lies that begins with a frame.
        sampling: steps in which a block is made.
        seed: of the noise.
    """
    cache, sampler, made = generator.cache, sampling.sampler(), []
    for index, block in enumerate(latents.split(length, dim=1)):
        where, shape = at(index * length), tuple(block.shape)
        cache.attend(range(index))
        generator.remember(block, where)
        cache.write([SlotWrite(length - 1, index)])
        cache.attend(range(index + 1))
        noises = block_noises(seed, index, shape, len(sampling.steps), cache.device)
        draw = noises[1:].__getitem__
        made.append(generator.sample(noises[0], where, generator.empty_text, sampler, draw))
    return torch.cat(made, dim=1)


def path(fps: float, frames: int = FRAMES) -> tuple[CameraPose, ...]:
    """Return where the frames of a clip look; the same whatever the length of a block."""
    poses: tuple[CameraPose, ...] = (CameraPose(),)
    for speed in SPEEDS:
        command = CameraCommand(yaw=speed)
        poses += move(poses[-1], command, FULL_SPEED, fps, frames // len(SPEEDS))
    return poses[1:]


@dataclass(frozen=True, slots=True)
class RebuiltClip:
    """A clip to be rebuilt; categories come in turn."""

    index: int  # of the scene

    @property
    def key(self) -> str:
        """Name of its record."""
        return f"{self.index:03d}"


@dataclass(frozen=True, slots=True)
class ReconstructionJob:
    """What workers do; see `mag_sandbox.workers.work.Job`."""

    weights: Path
    name: str  # of the row
    seed: int  # of the scenes

    @contextmanager
    def ready(self) -> Iterator[Callable[[RebuiltClip], Found]]:
        """Load the memory model and give what rebuilds a clip."""
        with tempfile.TemporaryDirectory() as folder:
            yield partial(self._rebuilt, MemoryModel(self.weights), Path(folder))

    def _rebuilt(self, model: MemoryModel, folder: Path, clip: RebuiltClip) -> Found:
        began = time.monotonic()
        poses = path(model.config.fps)
        scene = held_out_scene(clip.index, self.seed, folder, moves=model.config.moves)
        frames = np.stack([scene.view(pose, at) for at, pose in enumerate(poses)])
        latents = model.encode(frames)
        rebuilt = model.decode(model.rebuild(latents, poses, scene.seed))
        scores = _scores(rebuilt, frames, model.decode(latents))
        category, spent = scene.panorama.category, time.monotonic() - began
        row, name = {"world": self.name}, f"{category} {clip.index}"
        record = clip_record("reconstruction", row, name, scores, spent, category=category)
        return Found(record)


def _scores(rebuilt: np.ndarray, truth: np.ndarray, round_trip: np.ndarray) -> dict[str, float]:
    """Return means over the frames; the ceiling is the truth after the autoencoder alone."""

    def mean(measure, frames: np.ndarray) -> float:
        return float(np.mean([measure(a, b) for a, b in zip(frames, truth, strict=True)]))

    return {
        "psnr_db": mean(psnr, rebuilt),
        "ssim": mean(ssim, rebuilt),
        "ceiling_db": mean(psnr, round_trip),
        "ceiling_ssim": mean(ssim, round_trip),
    }
