"""`python -m evaluation reconstruction`: the paper's table 4 with full-size memory models.

Videos are remembered and made anew block by block, see `reconstruction`. A world's own memory model
keeps one latent frame of three; those for blocks of other lengths are given. Whatever the length,
the same frames count: those that all lengths fill with whole blocks.

Source: MAG, arXiv 2512.18741, section 4.4; its videos are the test split of VPData.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mag_sandbox.command_line import option
from mag_sandbox.evaluation.bench.tables import RECONSTRUCTION, Table, TableRow, write_summary
from mag_sandbox.evaluation.magbench.best_match import video_psnr, video_ssim
from mag_sandbox.evaluation.magbench.continuation import LATENT_FRAMES, as_pictures
from mag_sandbox.evaluation.magbench.evaluate import Matching, file_key, matching_of
from mag_sandbox.evaluation.magbench.lpips import NAME as LPIPS
from mag_sandbox.evaluation.magbench.table import Fault, fault_lines
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.output import Say
from mag_sandbox.evaluation.results.store import ClipStore, clip_record
from mag_sandbox.evaluation.results.sweep import Found, sweep
from mag_sandbox.evaluation.results.videos import read_video
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.world import Frames, MemorySetting
from mag_sandbox.workers.options import WorkerOptions

if TYPE_CHECKING:  # takes diffusers
    from mag_sandbox.evaluation.bench.full_memory_model import FullMemoryModel

LENGTHS = (1, 3, 4, 5)  # latent frames of a block in the paper's table


def compared_frames(latent_frames: int) -> int:
    """Return how many frames of a video count: those of the shortest that a length makes whole.

    Raises:
        ValueError: there is a length of which it has no whole block.
    """
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
class FullReconstructionJob:
    """What workers do; see `mag_sandbox.workers.work.Job`."""

    world: str
    length: int  # latent frames of a block
    weights: Path | None  # of its memory model; None: the world's own
    matching: Matching
    seed: int

    @contextmanager
    def ready(self) -> Iterator[Callable[[RebuiltVideo], Found]]:
        """Load the memory model and give what rebuilds a video."""
        from mag_sandbox.evaluation.bench.full_memory_model import open_memory_model

        model = open_memory_model(self.world, self.weights, self.length)
        yield partial(self._found, model)
        model.close()

    def _found(self, model: "FullMemoryModel", video: RebuiltVideo) -> Found:
        try:
            return Found(self._record(model, read_video(video.path, model.format).frames, video))
        except ValueError as error:  # of the video as well
            return Found(None, fault=str(error))

    def _record(self, model: "FullMemoryModel", frames: Frames, video: RebuiltVideo) -> dict:
        began = time.monotonic()
        latents = model.encode(frames)
        count = min(compared_frames(latents.shape[1]), len(frames))
        rebuilt = model.decode(model.rebuild(latents, self.seed))[:count]
        scores = {
            **scores_of(rebuilt, frames[:count], self.matching),
            "ceiling_db": _psnr(model.decode(latents)[:count], frames[:count]),
        }
        category = Path(video.name).parent.as_posix()
        row, spent = {"world": row_name(self.length)}, time.monotonic() - began
        return clip_record(RECONSTRUCTION, row, video.name, scores, spent, category=category)


def scores_of(rebuilt: Frames, truth: Frames, matching: Matching) -> dict[str, float | None]:
    """Return means over frames of the same instant; `lpips` only where its weights were named."""
    made, true = as_pictures(rebuilt), as_pictures(truth)
    apart = [matching.distance(one, true[at : at + 1])[0] for at, one in enumerate(made)]
    return {
        "psnr_db": video_psnr(made, true),
        "ssim": video_ssim(made, true),
        "lpips": float(np.mean(apart)) if matching.name == LPIPS else None,
        "mse": float(np.square((made - true) / 2).mean(dtype=np.float64)),  # levels in [0, 1]
    }


def _psnr(frames: Frames, truth: Frames) -> float:
    return video_psnr(as_pictures(frames), as_pictures(truth))


def row_name(length: int) -> str:
    """Return what the row of a length is called, as in `evaluation.bench.tables`."""
    return f"block of {length}"


@dataclass(frozen=True, slots=True)
class ReconstructionOptions(WorkerOptions):
    """What full-size memory models rebuild of videos."""

    videos: Path = option(help="folder of videos, 832 x 480 at 16 a second", metavar="DIR")
    out: Path = option(help="folder for the results", metavar="DIR")
    world: str = option("mag", "whose memory model is that of blocks of 3 (%(default)s)")
    memory: tuple[str, ...] = option(
        (), "weights of memory models for blocks of N latent frames", metavar="N=FILE"
    )
    lpips: tuple[str, ...] = option((), "as `magbench` has it", metavar="FILE")
    clips: int | None = option(None, "only the first videos by name", metavar="N")
    seed: int = option(0, "seed of the noise (%(default)s)", type=int)


def run_reconstruction(options: ReconstructionOptions, say: Say) -> None:
    """Measure what is not measured yet, and write the table as text and as JSON.

    Raises:
        ValueError: there is no video, or no row of that kind.
    """
    given = _given(options.memory)
    found = sorted(options.videos.absolute().rglob("*.mp4"))[: options.clips]
    if not found:
        raise ValueError(f"{options.videos} holds no video (*.mp4); name the folder of some")
    videos = [
        RebuiltVideo(path.relative_to(options.videos.absolute()).as_posix(), path) for path in found
    ]
    matching, rows = matching_of(options.lpips, say), []
    for length, weights in sorted(given.items()):
        say(f"{row_name(length)}: one frame is kept")
        job = FullReconstructionJob(options.world, length, weights, matching, options.seed)
        rows.append(_measured(job, videos, options, say))
    settings = {"world": options.world, "seed": options.seed}
    table = Table(4, options.out, settings, tuple(rows), "at full size")
    write_summary(table, (RECONSTRUCTION,), say)


def _measured(
    job: FullReconstructionJob,
    videos: Sequence[RebuiltVideo],
    options: ReconstructionOptions,
    say: Say,
) -> TableRow:
    """Rebuild all videos that were not, by one memory model."""
    from mag_sandbox.evaluation.bench.full_memory_model import memory_file  # takes diffusers

    folder = options.out / f"block-{job.length}"
    store = ClipStore(folder, {
        "bench": RECONSTRUCTION, "seed": job.seed, "distance": job.matching.name,
        "weights": memory_file(job.world, job.weights).sha256,
    })  # fmt: skip
    store.note(environment())
    with options.workplace().workers(job) as results:
        failed = sweep(videos, store, results)
    faults = [Fault(video.name, problem) for video, problem in failed]
    for line in fault_lines(faults, len(videos)):
        say(line)
    return TableRow(row_name(job.length), job.weights or Path(), MemorySetting("mag"), folder)


def _given(texts: Sequence[str]) -> Mapping[int, Path | None]:
    """Return weights by length of a block, the world's own first.

    Raises:
        ValueError: a text is not N=FILE, with N one of the paper's.
    """
    given: dict[int, Path | None] = {BLOCK_LENGTH: None}
    for text in texts:
        length, _, file = text.partition("=")
        if length not in map(str, LENGTHS) or not file:
            known = ", ".join(map(str, LENGTHS))
            raise ValueError(f'--memory "{text}" is not N=FILE with N one of {known}')
        given[int(length)] = Path(file).absolute()  # workers may stand elsewhere
    return given
