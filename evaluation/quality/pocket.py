"""`python -m evaluation pocket`: what a world paints and how it moves, on held-out scenes.

What it remembers is measured by `bench-memory` (docs/benchmark.md), what it invents by
`evaluation.imagination`. The renderer's views of a world that moves are those of the same time.

The result is plain JSON; numbers in dB, px, degrees and seconds as their keys say, null where
nothing was measured, `{mean, low, high, clips}` with a 95% interval by bootstrap:

    schema          4
    settings        clips, seed, drift_minutes
    world           provenance: weights hash, dtype, ...
    round_trip_db   renderer views after the autoencoder
    rest            of worlds that move, the camera at rest for 4 s, the first view given, against
                    the renderer: pose_psnr_db, still_psnr_db, moving_psnr_db, motion_gain_db,
                    seam_ratio
    drift           null where it was left out: clips of `drift_minutes` around and around, from the
                    prompt alone, last turn over first: gradient_ratio, contrast_ratio,
                    saturation_ratio, drift (the largest change of the three), clips (how many)
    bars            per bar: value, bar, met (null where not measured)
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mag_sandbox.command_line import Say
from mag_sandbox.evaluation.options import PocketOptions
from mag_sandbox.evaluation.quality.clips import around_and_around, measure_rest, play_drift
from mag_sandbox.evaluation.quality.scenes import HeldOutScene, Leg, held_out_scene
from mag_sandbox.evaluation.quality.thresholds import table, verdicts_of
from mag_sandbox.evaluation.results.intervals import mean_scores
from mag_sandbox.evaluation.results.opening import OpenWorld, opener
from mag_sandbox.evaluation.results.output import make_places, tell
from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.model.world import World

DRIFT_CLIPS = 4  # at most, one a category: each lasts for minutes
KINDS = {"rest": "waited", "drift": "went around and around"}
Task = tuple[str, int]  # one of KINDS, index of the scene


def run_pocket(options: PocketOptions, say: Say) -> None:
    """Measure, say the table, and write the numbers where asked."""
    make_places(options.json)
    result = measure(options, opener(options.world, options.weights), say)
    tell(table(result), result, options.json, say)


def measure(options: PocketOptions, open_world: OpenWorld, say: Say) -> dict[str, Any]:
    """Play and measure everything; the world's errors come at once."""
    around: tuple[Leg, ...] = ()
    with closing(open_world()) as world, tempfile.TemporaryDirectory() as folder:
        moves = world.spec.moves
        if options.drift:
            around = tuple(around_and_around(world.spec, options.drift))
        scenes = [
            held_out_scene(index, options.seed, Path(folder), moves=moves)
            for index in range(options.clips)
        ]
        known = {"world": world.provenance(), "round_trip_db": _round_trip(world, scenes)}
    counts = {
        "rest": options.clips if moves else 0,
        "drift": min(options.clips, DRIFT_CLIPS) if around else 0,
    }
    tasks = [(kind, index) for kind, count in counts.items() for index in range(count)]
    job = QualityJob(open_world, around, options.seed, moves=moves)
    found: dict[Task, Any] = {}
    with options.workplace().workers(job) as results:
        for task, scores in results(tasks):
            found[task] = scores
            say(f"{KINDS[task[0]]}, scene {task[1]}: {len(found)}/{len(tasks)}")
    clips = {kind: [found[kind, i] for i in range(count)] for kind, count in counts.items()}
    settings = {"clips": options.clips, "seed": options.seed, "drift_minutes": options.drift}
    result = {
        "schema": 4,
        "settings": settings,
        **known,
        **({"rest": mean_scores(clips["rest"])} if moves else {}),
        "drift": {"clips": len(clips["drift"]), **mean_scores(clips["drift"])} if around else None,
    }
    return result | {"bars": verdicts_of(result)}


@dataclass(frozen=True, slots=True, eq=False)
class QualityJob:
    """The work of each worker; see `mag_sandbox.workers.work.Job`."""

    open_world: OpenWorld
    around: tuple[Leg, ...]  # of the clips that show drift
    seed: int
    moves: bool

    @contextmanager
    def ready(self) -> Iterator[Callable[[Task], Any]]:
        """Open the world and yield the function that measures one kind of clip of a scene."""
        with tempfile.TemporaryDirectory() as folder, closing(self.open_world()) as world:
            yield partial(self._measured, world, Path(folder))

    def _measured(self, world: World, folder: Path, task: Task) -> Any:
        kind, index = task
        scene = held_out_scene(index, self.seed, folder, moves=self.moves)
        if kind == "rest":
            return measure_rest(world, scene)
        return play_drift(world, scene, self.around)


def _round_trip(world: World, scenes: Sequence[HeldOutScene]) -> float:
    """Return the PSNR of the renderer's first views after the autoencoder [dB]."""
    views = np.stack([scene.first_view for scene in scenes])
    through = world.round_trip(views)
    return float(np.mean([psnr(a, b) for a, b in zip(through, views, strict=True)]))
