"""`python -m evaluation reconstruction`: the paper's table 4, by full-size memory models.

Blocks of a video are remembered one after another, each beside the frames kept before; then each is
made again from noise, reading the frames kept up to and of itself. That is the pass that a memory
model is trained with (`history_compress`), block by block. A world's own memory model keeps one
latent frame of three; weights for other block lengths are given. The compared frames are the same
for every length: those that all lengths fill with whole blocks.

Source: MAG, arXiv 2512.18741, section 4.4; its videos are the test split of VPData.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.command_line import Say
from mag_sandbox.evaluation.magbench.best_match import video_psnr, video_ssim
from mag_sandbox.evaluation.magbench.continuation import LATENT_FRAMES, as_pictures
from mag_sandbox.evaluation.magbench.evaluate import Matching, matching_of, scores_in_words
from mag_sandbox.evaluation.magbench.lpips import NAME as LPIPS
from mag_sandbox.evaluation.magbench.table import Fault, fault_lines
from mag_sandbox.evaluation.options import ReconstructionOptions
from mag_sandbox.evaluation.results.cited import COMPRESSION
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.intervals import mean_scores
from mag_sandbox.evaluation.results.store import ClipStore, clip_record, file_key
from mag_sandbox.evaluation.results.sweep import ClipAnswer, sweep
from mag_sandbox.evaluation.results.videos import VideoFormat, read_video
from mag_sandbox.model.catalogue.memory_plan import Start, prepare
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.catalogue.weight_files import WeightFile, own_file
from mag_sandbox.model.full.loading import checkpoint_path, load
from mag_sandbox.model.full.text_cache import NOTHING
from mag_sandbox.model.full.world import StreamWorld
from mag_sandbox.model.generator import BlockGenerator, Coordinates, block_noises
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.slots import SlotWrite
from mag_sandbox.model.world import Frames

BENCH = "reconstruction"
LENGTHS = (1, 3, 4, 5)  # latent frames of a block in the paper's table


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
        """Return the frames of latents, from a video's first one on."""
        self._video.begin()
        pieces = latents.split(BLOCK_LENGTH, dim=1)
        return np.concatenate([self._video.decode(piece) for piece in pieces])

    @torch.inference_mode()
    def rebuild(self, latents: Tensor, seed: int) -> Tensor:
        """Return latents of whole blocks as made from what memory keeps, [1, F, C, h, w]."""
        engine, length = self._engine, self._length
        whole = latents.shape[1] // length
        shape = replace(engine.cache.shape, block_length=length)
        cache = KVCache(shape, whole, engine.cache.dtype, engine.cache.device)
        sampling, dit = engine.recipe.sampling, engine.memory_dit
        generator = BlockGenerator(dit, dit, cache, sampling.shift, self._empty)
        sampler, made = sampling.sampler(), []
        for index, block in enumerate(latents[:, : whole * length].split(length, dim=1)):
            where = Coordinates(engine.grid.rotary(index * length, length))
            cache.attend(range(index))
            generator.remember(block, where)
            cache.write([SlotWrite(length - 1, index)])  # of each block, the last frame is kept
            cache.attend(range(index + 1))
            noises = block_noises(
                seed, index, tuple(block.shape), len(sampling.steps), cache.device
            )
            draw = noises[1:].__getitem__
            made.append(generator.sample(noises[0], where, generator.empty_text, sampler, draw))
        return torch.cat(made, dim=1)

    def close(self) -> None:
        """Close the world."""
        self._world.close()


def open_memory_model(world: str, weights: Path | None, length: int) -> FullMemoryModel:
    """Load a world's memory model for blocks of a length; other weights of it if given."""
    start = start_of(world, weights)
    loaded = load(
        start, start.row.memory_setting(), look_ahead=False, execution=None,
        on_progress=lambda stage, fraction: None,
    )  # fmt: skip
    return FullMemoryModel(loaded, length)


def start_of(world: str, weights: Path | None) -> Start:
    """Return how a world is loaded here, with other weights of its memory model if given.

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


def compared_frames(latent_frames: int) -> int:
    """Return how many frames all block lengths make whole, or raise ValueError if none."""
    fewest = min(latent_frames // length * length for length in LENGTHS)
    if not fewest:
        raise ValueError(f"it has {latent_frames} latent frames, expected {max(LENGTHS)} or more")
    return LATENT_FRAMES * (fewest - 1) + 1


@dataclass(frozen=True, slots=True)
class RebuiltVideo:
    """A video to be rebuilt."""

    name: str  # its path below the folder
    path: Path

    @property
    def key(self) -> str:
        """Name of its record."""
        return file_key(self.name)


@dataclass(frozen=True, slots=True, eq=False)
class ReconstructionJob:
    """The work of each worker; see `mag_sandbox.workers.work.Job`."""

    world: str
    length: int  # latent frames of a block
    weights: Path | None  # of its memory model; None: the world's own
    matching: Matching
    seed: int

    @contextmanager
    def ready(self) -> Iterator[Callable[[RebuiltVideo], ClipAnswer]]:
        """Load the memory model and yield the function that rebuilds a video."""
        model = open_memory_model(self.world, self.weights, self.length)
        yield partial(self._found, model)
        model.close()

    def _found(self, model: FullMemoryModel, video: RebuiltVideo) -> ClipAnswer:
        began = time.monotonic()
        try:
            frames = read_video(video.path, model.format)
            latents = model.encode(frames)
            count = min(compared_frames(latents.shape[1]), len(frames))
        except ValueError as error:
            return ClipAnswer(None, fault=str(error))
        rebuilt, coded = (
            model.decode(some)[:count] for some in (model.rebuild(latents, self.seed), latents)
        )
        scores = scores_of(rebuilt, coded, frames[:count], self.matching)
        category, row = Path(video.name).parent.as_posix(), {"world": row_name(self.length)}
        spent = time.monotonic() - began
        return ClipAnswer(clip_record(BENCH, row, video.name, scores, spent, category=category))


def scores_of(
    rebuilt: Frames, coded: Frames, truth: Frames, matching: Matching
) -> dict[str, float | None]:
    """Return means over frames of the same instant; `lpips` only where its weights were named.

    `coded` is the truth through the autoencoder alone.
    """
    made, ceiling, true = (as_pictures(frames) for frames in (rebuilt, coded, truth))
    apart = [matching.distance(one, true[at : at + 1])[0] for at, one in enumerate(made)]
    return {
        "psnr_db": video_psnr(made, true),
        "ssim": video_ssim(made, true),
        "lpips": float(np.mean(apart)) if matching.name == LPIPS else None,
        "mse": float(np.square((made - true) / 2).mean(dtype=np.float64)),  # levels in [0, 1]
        "ceiling_db": video_psnr(ceiling, true),
    }


def row_name(length: int) -> str:
    """Return the name of the row of a block length."""
    return f"block of {length}"


def run_reconstruction(options: ReconstructionOptions, say: Say) -> None:
    """Measure the remaining clips, or raise ValueError if there are none."""
    given, root = _given(options.memory), options.videos.absolute()
    found = sorted(root.rglob("*.mp4"))[: options.clips]
    if not found:
        raise ValueError(f"{options.videos} holds no video (*.mp4); name the folder of some")
    videos = [RebuiltVideo(path.relative_to(root).as_posix(), path) for path in found]
    matching = matching_of(options.lpips, say)
    for length, weights in sorted(given.items()):
        say(f"{row_name(length)}: one frame is kept")
        job = ReconstructionJob(options.world, length, weights, matching, options.seed)
        say(score_line(length, _measured(job, videos, options, say)))
    say(f"`python -m evaluation report {options.out}/block-*` makes a page of all")


def _measured(
    job: ReconstructionJob, videos: Sequence[RebuiltVideo], options: ReconstructionOptions, say: Say
) -> list[dict[str, Any]]:
    store = ClipStore(options.out / f"block-{job.length}", {
        "bench": BENCH, "seed": job.seed, "distance": job.matching.name,
        "weights": memory_file(job.world, job.weights).sha256,
    })  # fmt: skip
    store.note(environment())
    with options.workplace().workers(job) as results:
        failed = sweep(videos, store, results)
    for line in fault_lines([Fault(video.name, why) for video, why in failed], len(videos)):
        say(line)
    records = list(store.records().values())
    if not records:
        raise ValueError(f"{store.folder} holds no clip; see above")
    return records


def score_line(length: int, records: Sequence[dict[str, Any]]) -> str:
    """Return the means of a block length, and beside them the paper's."""
    scores = mean_scores([one["scores"] for one in records])
    means = {name: score["mean"] for name, score in scores.items() if score}
    paper = next(asdict(one) for one in COMPRESSION if one.ratio == length)
    return (
        f"{row_name(length)}, {len(records)} videos: {scores_in_words(means)} (the autoencoder "
        f"alone: PSNR {means['ceiling_db']:.2f}); the paper: {scores_in_words(paper)}"
    )


def _given(texts: Sequence[str]) -> Mapping[int, Path | None]:
    """Return weights by block length, the world's first, or raise ValueError at a wrong text."""
    given: dict[int, Path | None] = {BLOCK_LENGTH: None}
    for text in texts:
        length, _, file = text.partition("=")
        if length not in map(str, LENGTHS) or not file:
            known = ", ".join(map(str, LENGTHS))
            raise ValueError(f'--memory "{text}" is not N=FILE with N one of {known}')
        given[int(length)] = Path(file).absolute()  # workers may stand elsewhere
    return given
