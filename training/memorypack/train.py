"""`python -m training memorypack`: one phase of one variant, at either size.

A phase starts from the parts of the teacher phase (the teacher phase from the base's own weights)
and leaves `VARIANT-PHASE.safetensors` in the run's folder: new parts and changed layers only.
"""

import copy
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from mag_sandbox.model.dit import DiT
from mag_sandbox.model.memorypack.config import VARIANTS
from mag_sandbox.model.memorypack.packing import IndexPlaces, LatentFrames, Places, RayPlaces
from mag_sandbox.model.memorypack.parts import (
    PartsInfo,
    base_hash,
    load_parts,
    save_parts,
    untrained,
)
from mag_sandbox.model.rope import RayCoordinates, index_frequencies
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.loop import Loop, LoopConfig
from mag_sandbox.training.memorypack.presets import PRESETS, PackTraining, at_pocket_size
from mag_sandbox.training.memorypack.stage import MemoryPackStage, VideoBatch, VideoSource
from mag_sandbox.training.options import MemoryPackOptions
from mag_sandbox.training.pocket.data import RestingViews, places_to_poses
from mag_sandbox.training.pocket.paths import random_path, return_path, stack_paths, steady_path
from mag_sandbox.training.pocket.size import PocketParts, pocket_parts, show_with
from mag_sandbox.training.processes import ALONE, Processes
from mag_sandbox.training.recipe.clips import ClipSource, Show
from mag_sandbox.training.recipe.presets import with_options
from mag_sandbox.training.recipe.train import RecipeError
from mag_sandbox.training.seeded_random import SeededRandom

_VIDEOS = 41  # keeps draws apart
WAYS = steady_path, return_path, random_path  # of the camera, as often each


@dataclass(eq=False)
class PocketVideos:
    """Camera paths through panoramas; a `VideoSource`. The image is the last frame of a block."""

    parts: PocketParts  # panoramas and networks
    batch: int  # videos a step
    seed: int  # of all draws

    def __post_init__(self) -> None:
        parts = self.parts
        rays = RayCoordinates.of(parts.config, device=parts.device.device)
        self.length = rays.block_length
        self.places: Places = RayPlaces(rays)
        self._views = RestingViews(parts.data, parts.autoencoder, parts.device)

    def videos(self, number: int, clips: int) -> VideoBatch:
        """Return encoded views along paths."""
        random = SeededRandom(self.seed, _VIDEOS, number)
        panoramas = random.numpy.integers(len(self.parts.data), size=self.batch)
        ways = (WAYS[random.choice(len(WAYS))] for _ in panoramas)
        paths = [way(random.numpy, 1 + clips, self.length) for way in ways]
        path, first = stack_paths(paths), self.length - 1
        left, top, fov = (
            values.reshape(self.batch, -1)[:, first:] for values in (path.left, path.top, path.fov)
        )  # [B, 1 + clips * length]
        times = torch.arange(left.shape[1]) + first  # as in play, whose pack counts from the start
        parts = self.parts
        latents = torch.stack(
            [
                self._views.latents(*video)
                for video in zip(panoramas.tolist(), left, top, fov, strict=True)
            ]
        )
        return VideoBatch(
            LatentFrames(latents, times, parts.device.upload(places_to_poses(left, top, fov))),
            parts.read(parts.captions.draw(panoramas, random.numpy)),
            parts.read(parts.captions.empty(self.batch)),
        )


@dataclass(eq=False)
class IndexedVideos:
    """Latents made beforehand, placed by their indices: full size; a `VideoSource`.

    The image is the first latent frame, which holds the video's first picture.
    """

    clips: ClipSource  # where latents and text features come from
    patch: int  # latents across and down in one token
    head_dim: int  # channels of a head
    length: int  # latent frames of a clip

    def __post_init__(self) -> None:
        rows, columns = (side // self.patch for side in self.clips.shape[1:])
        self.places: Places = IndexPlaces(rows, columns, index_frequencies(self.head_dim))

    def videos(self, number: int, clips: int) -> VideoBatch:
        """Return the first frames of videos: as many whole clips as they have, at most `clips`."""
        drawn = self.clips.clips(number, 1 + clips * self.length)
        batch, frames = drawn.latents.shape[:2]
        whole = 1 + (frames - 1) // self.length * self.length
        latents = LatentFrames(drawn.latents[:, :whole], torch.arange(whole))
        return VideoBatch(latents, drawn.conditions.text, self.clips.text("", batch))


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PackSize:
    """All that differs between pocket and full size."""

    device: TrainingDevice
    dit: DiT  # with the base's weights, fp32
    base: str  # their hash
    shift: float  # of noise levels in play
    adapted: Callable[[PackTraining], PackTraining]
    source: Callable[[int], VideoSource]  # videos a batch -> where they come from
    show: Show
    batches: Callable[[int, int], int]  # videos a step, processes -> batches a step


def train(options: MemoryPackOptions, size: PackSize, processes: Processes = ALONE) -> Path:
    """Train one phase, by one process or several, and return the file with its parts.

    Raises:
        MissingWeights: the parts to start from are absent.
        RecipeError: the videos of a step cannot be shared evenly.
    """
    config = with_options(size.adapted(PRESETS[options.phase]), options)
    numbers, dit = config.optimisation, size.dit
    batches = size.batches(numbers.batch, processes.count)
    if batches % processes.count or numbers.batch % batches:
        raise RecipeError(
            f"{numbers.batch} videos a step cannot be shared evenly by {processes.count} "
            "processes; choose another --batch"
        )
    start = options.init or _start(options)
    plain = copy.deepcopy(dit)
    torch.manual_seed(options.seed)  # new parts begin alike in all processes
    if start is None:
        info = PartsInfo(VARIANTS[options.variant], size.base, rank=config.rank)
        networks = untrained(dit, info.config, info.rank)
    else:
        networks, info = load_parts(dit, start)
    base = untrained(plain, info.config, info.rank).state_dict()
    processes.shard(networks.requires_grad_(True))
    stage = MemoryPackStage(
        networks, size.source(numbers.batch // batches), config, size.device, options.seed,
        size.show, shift=size.shift, batches=batches,
    )  # fmt: skip
    loop = LoopConfig(
        numbers.steps, min(100, numbers.steps // 10), 0.2, numbers.clip, numbers.ema, 4.0
    )
    Loop(stage, loop, options.run, processes).run()
    result = options.folder / f"{options.variant}-{options.phase}.safetensors"
    info = replace(info, phases=(*info.phases, (f"{options.phase} forcing", numbers.steps)))
    processes.write(networks, lambda state: save_parts(result, state, info, base))
    logger.info("%s is written: %s", result, info.words())
    return result


def _start(options: MemoryPackOptions) -> Path | None:
    if options.phase == "teacher":
        return None
    path = options.folder / f"{options.variant}-teacher.safetensors"
    if not path.exists():
        raise MissingWeights(
            f"{path} is missing; train it first with --phase teacher, or give --init"
        )
    return path


def pocket_size(options: MemoryPackOptions) -> PackSize:
    """Return the parts made from a pocket world's weights."""
    parts = pocket_parts(options.weights, options.data, options.panoramas)
    return PackSize(
        device=parts.device,
        dit=parts.networks.dit,
        base=base_hash(options.weights),
        shift=parts.config.flow.shift,
        adapted=at_pocket_size,
        source=lambda batch: PocketVideos(parts, batch, options.seed),
        show=show_with(parts.autoencoder, parts.device),
        batches=lambda videos, processes: processes,
    )


def full_size(options: MemoryPackOptions, device: TrainingDevice | None = None) -> PackSize:
    """Return the parts made from Wan2.1-T2V-1.3B and prepared videos."""
    from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
    from mag_sandbox.model.full.text_cache import weights_identity  # need more packages
    from mag_sandbox.training.options import RecipeOptions
    from mag_sandbox.training.recipe.full_size import full_size as recipe_size

    parts = recipe_size(
        RecipeOptions(
            "memory", "full", options.folder, wan=options.wan, videos=options.videos,
            height=options.height, width=options.width, seed=options.seed,
        ),
        device,
    )  # fmt: skip
    dit = parts.read(parts.start)

    def source(batch: int) -> IndexedVideos:  # noqa: ARG001 (videos differ in length: one a batch)
        return IndexedVideos(parts.clips(), dit.config.patch, dit.config.head_dim, BLOCK_LENGTH)

    return PackSize(
        device=parts.device,
        dit=dit,
        base=weights_identity(parts.start),
        shift=5.0,
        adapted=lambda preset: preset,
        source=source,
        show=parts.show,
        batches=lambda videos, processes: videos,
    )
