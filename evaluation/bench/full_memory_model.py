"""The memory model of a full-size world by itself: videos in, what it rebuilds of them out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.evaluation.bench.reconstruction import rebuild
from mag_sandbox.evaluation.results.videos import VideoFormat
from mag_sandbox.model.catalogue.memory_plan import Start, prepare
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.catalogue.weight_files import WeightFile, own_file
from mag_sandbox.model.full.active_text import NOTHING
from mag_sandbox.model.full.loading import checkpoint_path, load
from mag_sandbox.model.full.world import StreamWorld
from mag_sandbox.model.generator import BlockGenerator, Coordinates
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.world import Frames


class FullMemoryModel:
    """The memory model of a loaded world, for blocks of a length.

    model = open_memory_model("mag", weights=None, length=3)
    rebuilt = model.decode(model.rebuild(model.encode(frames), seed=0))
    """

    def __init__(self, world: StreamWorld, length: int) -> None:
        self._world, self._length = world, length
        self._engine, texts, self._video = world.parts()
        engine, spec = self._engine, world.spec
        self.format = VideoFormat(spec.frame_width, spec.frame_height, spec.fps)  # of its videos
        engine.fetch_writer()
        features = texts.store.get((NOTHING,))[NOTHING][None]
        like = engine.cache.device, engine.cache.dtype
        self._empty = engine.memory_dit.text_keys(features.to(*like))

    @torch.inference_mode()
    def encode(self, frames: Frames) -> Tensor:
        """Return latents, fp32 [1, F, C, h, w], of frames, uint8 [T, H, W, 3]."""
        return self._video.encode(frames)

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> Frames:
        """Return frames of latents from a video's first one on."""
        self._video.begin()
        pieces = latents.split(BLOCK_LENGTH, dim=1)
        return np.concatenate([self._video.decode(piece) for piece in pieces])

    @torch.inference_mode()
    def rebuild(self, latents: Tensor, seed: int) -> Tensor:
        """Return latents of whole blocks as made from what memory keeps, [1, F, C, h, w]."""
        engine, whole = self._engine, latents.shape[1] // self._length
        shape = replace(engine.cache.shape, block_length=self._length)
        cache = KVCache(shape, whole, engine.cache.dtype, engine.cache.device)
        sampling, dit = engine.recipe.sampling, engine.memory_dit
        generator = BlockGenerator(dit, dit, cache, sampling.shift, self._empty)

        def at(first_frame: int) -> Coordinates:
            return Coordinates(engine.grid.rotary(first_frame, self._length))

        latents = latents[:, : whole * self._length]
        return rebuild(generator, latents, self._length, at, sampling, seed)

    def close(self) -> None:
        """Let go of its world."""
        self._world.close()


def open_memory_model(world: str, weights: Path | None, length: int) -> FullMemoryModel:
    """Load a world's memory model for blocks of a length; other weights of it if given.

    Raises:
        WorldFailed, MissingWeights: see `prepare` and `load`.
        ValueError: the world has no memory model.
    """
    start = start_of(world, weights)
    setting = start.row.memory_setting()
    return FullMemoryModel(
        load(
            start, setting, look_ahead=False, execution=None,
            on_progress=lambda stage, fraction: None,
        ),
        length,
    )  # fmt: skip


def start_of(world: str, weights: Path | None) -> Start:
    """Return how a world is to be loaded here, with other weights of its memory model if given.

    Raises:
        WorldFailed, MissingWeights: see `prepare`.
        ValueError: the world has no memory model.
    """
    start = prepare(world)
    if not start.row.has_memory_model:
        raise ValueError(f'"{world}" has no memory model of its own; give --world mag')
    if weights is None:
        return start
    others = (file for file in start.files.files if file.role != "memory")
    return replace(start, files=replace(start.files, files=(*others, own_file("memory", weights))))


def memory_file(world: str, weights: Path | None) -> WeightFile:
    """Return the file that `open_memory_model` would read; raises what it does."""
    files = start_of(world, weights).files
    path = checkpoint_path(files, "memory")
    return next(file for file in files.files if files.home / file.path == path)
