"""The command line of the memory bench, a part of `pocket`, and its clips as files.

The files are in the layout of MAG-Bench: with them `python -m evaluation magbench` measures a
full-size world on the very scenes that the pocket world is measured on. Size and rate are the
official ones, so the renderer's pictures are enlarged, and a few rows at the top and bottom are cut
off, which keeps circles round.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mag_sandbox.command_line import option
from mag_sandbox.evaluation.bench.clips import held_out_scene
from mag_sandbox.evaluation.bench.memory_bench import (
    BENCH_MODES,
    REST,
    BenchMode,
    MemoryBench,
    MemoryBenchSettings,
    Open,
)
from mag_sandbox.evaluation.bench.memory_clips import CLIPS, true_blocks
from mag_sandbox.evaluation.bench.packs import DEFAULT_POLICIES, EQUAL_WINDOW, POLICIES
from mag_sandbox.evaluation.bench.pocket import DRIFT_CLIPS, PocketSettings
from mag_sandbox.evaluation.judge.classifier import Classifier, classifier_digest
from mag_sandbox.evaluation.magbench.evaluate import OFFICIAL, matching_of
from mag_sandbox.evaluation.magbench.table import BenchClip, write_table
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.output import JSON, PICTURES, Say
from mag_sandbox.evaluation.results.store import ClipStore, read_records, read_runs
from mag_sandbox.evaluation.results.videos import enlarged, write_video
from mag_sandbox.model.world import MemorySetting, WorldSpec
from mag_sandbox.workers.options import WorkerOptions

CLIPS_BY_DEFAULT = 8  # two a category; with the policies and modes below 10 minutes of two cores
MEMORY_BY_DEFAULT = ("mag-retrieve", EQUAL_WINDOW)
MODES_BY_DEFAULT: tuple[BenchMode, ...] = ("history", "truth", "image")
PROMPTS_BY_DEFAULT = 32
PARTS = Path("runs/memorypack")
USUAL = PocketSettings()
MINUTES = 10.0  # that a run takes at most when it is not said how many clips


@dataclass(frozen=True, slots=True)
class PocketOptions(WorkerOptions):
    """What a world remembers and obeys: the bars of the model card, or the memory bench."""

    clips: int | None = option(None, f"held-out scenes for each kind ({USUAL.clips})", type=int)
    world: str = option("pocket", "a world with exact poses (%(default)s)")
    prompts: int | None = option(None, f"captions of the prompt test ({USUAL.prompts})", type=int)
    seed: int = option(0, "seed of scenes and noise (%(default)s)", type=int)
    drift: float = option(
        USUAL.drift_minutes, f"length of the clips that show drift, at most {DRIFT_CLIPS}; 0: none "
        "(%(default)g)", metavar="MINUTES",
    )  # fmt: skip
    memory: tuple[str, ...] | None = option(
        None, f"the first is tested: {', '.join(POLICIES)} ({' '.join(DEFAULT_POLICIES)})",
        metavar="POLICY",
    )  # fmt: skip
    json: Path | None = option(None, JSON, metavar="FILE")
    sheets: Path | None = option(None, PICTURES, metavar="DIR")
    weights: Path | None = option(None, "the folder of weights in training", metavar="DIR")
    out: Path | None = option(
        None, f"the memory bench: {CLIPS} clips, kept one by one in this folder, or continued "
        f"there; by default {CLIPS_BY_DEFAULT} of them, {' '.join(MEMORY_BY_DEFAULT)}, and "
        f"{PROMPTS_BY_DEFAULT} prompts", metavar="DIR",
    )  # fmt: skip
    minutes: float | None = option(
        None, f"with --out: begin no clip after so many ({MINUTES:g} unless --clips is given)",
        metavar="N",
    )  # fmt: skip
    mode: tuple[str, ...] | None = option(
        None, "with --out: three quarters are given and memory takes what is made (history) or the "
        "truth; or only the first view (image) or nothing but the caption (prompt) is given; or "
        f"the camera waits before a given view of a world that moves ({REST}) "
        f"({' '.join(MODES_BY_DEFAULT)}; where the world moves also {REST})", choices=BENCH_MODES,
    )  # fmt: skip
    away: float = option(
        0.0, "seconds of looking elsewhere before coming back; with --mode image or prompt",
        metavar="SECONDS",
    )  # fmt: skip
    parts: Path = option(
        PARTS, "where the phases of --memory WORLD@PHASE lie: memorypack@direct (%(default)s)",
        metavar="DIR",
    )  # fmt: skip
    lpips: tuple[str, ...] = option((), "see magbench", metavar="FILE")
    write: Path | None = option(None, "only write the clips as videos with a table", metavar="DIR")


def run_bench(options: PocketOptions, opener: Callable[[dict | None], Open], say: Say) -> None:
    """Measure into a folder, or write the clips.

    `opener` makes what opens worlds of how they are to be executed; None: as is fastest.

    Raises:
        ValueError: the options make no sense, or nothing could be measured.
    """
    settings = _settings(options)
    if options.write is not None:
        _write(options.write, settings, opener(None), say)
        return
    matching = matching_of(options.lpips, say)
    # one number type for all clips: a busy machine may find another one fastest each time
    runs = read_runs(options.out)
    world = opener(runs[0]["world"].get("execution") if runs else None)(MemorySetting())
    provenance, moves = world.provenance(), world.spec.moves
    world.close()
    settings = _of_world(settings, options, moves=moves)
    open_world = opener(provenance.get("execution"))
    settings_of_all = {
        "bench": "pocket",
        "seed": options.seed,
        "distance": matching.name,
        "away": options.away or None,
        "weights": provenance.get("weights"),  # new ones are not to go on with the old ones' clips
        "judge": classifier_digest(),  # nor is another judge: it asks and measures otherwise
    }
    store = ClipStore(options.out, settings_of_all)
    store.note(environment(world=provenance, arguments=_plain(options, settings)))
    bench = MemoryBench(
        settings, open_world, store, matching, Classifier.load(), workplace=options.workplace()
    )
    bench.run()
    records = read_records(options.out)
    if not records:
        raise ValueError(
            f"no clip was measured in {settings.minutes:g} minutes; give more with --minutes"
        )
    refused = sum(record["refused"] is not None for record in records)
    if refused:
        say(f"{refused} of {len(records)} records refused: the picture does not move as commanded")
    if bench.left():
        say(
            f"{bench.left()} clips and prompts are not measured yet; run the same command again "
            "to continue"
        )
    say(f"{len(records)} records; `python -m evaluation report {options.out}` makes a page of them")


def _settings(options: PocketOptions) -> MemoryBenchSettings:
    minutes = options.minutes
    if minutes is None and options.clips is None:
        minutes = MINUTES
    return MemoryBenchSettings(
        memory=options.memory or MEMORY_BY_DEFAULT,
        modes=options.mode or MODES_BY_DEFAULT,
        clips=CLIPS_BY_DEFAULT if options.clips is None else options.clips,
        world=options.world,
        prompts=PROMPTS_BY_DEFAULT if options.prompts is None else options.prompts,
        seed=options.seed,
        away_seconds=options.away,
        minutes=minutes,
    )


def _of_world(
    settings: MemoryBenchSettings, options: PocketOptions, *, moves: bool
) -> MemoryBenchSettings:
    """Return settings with what only the loaded world says: whether it moves."""
    if moves and options.mode is None:
        return replace(settings, modes=(*settings.modes, REST), moves=True)
    if REST in settings.modes and not moves:
        raise ValueError(
            f'nothing moves in world "{options.world}", so there is nothing to wait for; '
            f"leave --mode {REST} out"
        )
    return replace(settings, moves=moves)


def _write(folder: Path, settings: MemoryBenchSettings, open_world: Open, say: Say) -> None:
    world = open_world(MemorySetting())
    world.close()
    written = write_official(folder, settings.clips, settings.seed, world.spec)
    say(f"{len(written)} clips and table.csv in {folder}")


def _plain(options: PocketOptions, settings: MemoryBenchSettings) -> dict:
    names = ("world", "memory", "clips", "prompts", "minutes", "seed", "away", "lpips")
    return {name: getattr(options, name) for name in names} | {"mode": list(settings.modes)}


def write_official(folder: Path, clips: int, seed: int, spec: WorldSpec) -> list[BenchClip]:
    """Write the first clips of the bench as `table.csv` and `videos/`; return the table's rows.

    Camera and blocks are those of a world's `spec`; its size and rate are not used.
    """
    spec = replace(spec, fps=float(OFFICIAL.fps))
    written = []
    with tempfile.TemporaryDirectory() as views:
        for index in range(clips):
            scene = held_out_scene(index, seed, Path(views), moves=spec.moves)
            frames = np.concatenate([block.frames for block in true_blocks(scene, spec)])
            kind = scene.panorama.category.replace(" ", "_")
            name = f"{kind}/{index:03d}.mp4"
            write_video(folder / "videos" / name, enlarged(frames, OFFICIAL), spec.fps)
            written.append(BenchClip(name, scene.caption, len(frames) / spec.fps))
    write_table(folder / "table.csv", written)
    return written
