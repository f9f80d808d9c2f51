"""`python -m evaluation pocket`: what a world paints and obeys, on held-out scenes.

What it remembers is measured by `bench-memory`, see docs/benchmark.md; what it invents is judged by
`evaluation.imagination`. Of a world that moves, the renderer's views are those of the same time.

The result is plain JSON data; numbers in dB, px, degrees and seconds as their keys say, null
where nothing was measured, `{mean, low, high, clips}` with a 95% interval by bootstrap:

    schema          3
    settings        clips, prompts, seed, drift_minutes
    world           provenance of the world: weights hash, dtype, ...
    round_trip_db   renderer views after the autoencoder
    zoom            of worlds that zoom, all the way in and out again, the first view given:
                    closer_psnr_db (against the renderer), return_psnr_db, gradient_ratio; of those
                    that move also still_psnr_db, moving_psnr_db, motion_gain_db
    rest            of worlds that move, the camera at rest for 4 s, the first view given, against
                    the renderer: pose_psnr_db, still_psnr_db, moving_psnr_db, motion_gain_db,
                    seam_ratio; see `evaluation.bench.parts`
    drift           null where it was left out: clips of `drift_minutes` around and around, from the
                    prompt alone, last turn over first: gradient_ratio, contrast_ratio,
                    saturation_ratio, and drift, the largest change of the three a clip; clips (how
                    many); see `evaluation.bench.asides`
    adherence       prompts, recovered [names], heads: per question pictures, accuracy, low, high,
                    accuracy_on_renders, values (how many answers there are); attributes, all that
                    captions name together, the category not: asked, found, found_on_renders, share
    bars            per bar: value, bar, met (null where not measured)
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from mag_sandbox.evaluation.bench.adherence import adherence_report, ask_scene
from mag_sandbox.evaluation.bench.asides import (
    around_and_around,
    measure_rest,
    measure_zoom,
    play_drift,
    play_rest,
    zoom_and_back,
)
from mag_sandbox.evaluation.bench.clips import HeldOutScene, Leg, Report, held_out_scene, record
from mag_sandbox.evaluation.bench.thresholds import DRIFT_MINUTES, verdicts_of
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.probe.metrics import psnr
from mag_sandbox.evaluation.results.intervals import mean_scores
from mag_sandbox.model.world import World
from mag_sandbox.workers.work import Here, Workplace

OpenWorld = Callable[[], World]  # pickled, where others do the work
MAX_CLIPS, MAX_PROMPTS, MAX_SEED, MAX_DRIFT_MINUTES = 176, 2000, 10_000, 60.0
DRIFT_CLIPS = 4  # at most, one a category: each lasts for minutes


@dataclass(frozen=True, slots=True)
class PocketSettings:
    """What is measured."""

    clips: int = 8  # a kind; scenes of the four categories in turn
    prompts: int = 64  # pictures invented for the adherence test
    seed: int = 0  # chooses the held-out scenes and the world's noise
    drift_minutes: float = DRIFT_MINUTES  # of the clips that drift is measured on; 0: it is not

    def __post_init__(self) -> None:
        limits = {
            "clips": (1, MAX_CLIPS), "prompts": (0, MAX_PROMPTS), "seed": (0, MAX_SEED),
            "drift_minutes": (0, MAX_DRIFT_MINUTES),
        }  # fmt: skip
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                shown = name.replace("_", " of so many ")
                raise ValueError(f"{shown} is {getattr(self, name):g}, expected {low} to {high:g}")


class PocketEvaluation:
    """One evaluation run.

    PocketEvaluation(PocketSettings(), open_world, Classifier.load(), print).run()["bars"]
    """

    def __init__(
        self,
        settings: PocketSettings,
        open_world: OpenWorld,
        judge: Classifier,
        report: Report,
        workplace: Workplace | None = None,
    ) -> None:
        self.settings, self.open_world = settings, open_world
        self.judge, self.report = judge, report
        self.workplace = workplace or Here()

    def run(self) -> dict:
        """Play and measure everything; errors of the world come at once."""
        settings, around = self.settings, ()
        with closing(self.open_world()) as world, tempfile.TemporaryDirectory() as folder:
            moves, zooms = world.spec.moves, "zoom" in world.spec.axes
            if settings.drift_minutes:
                around = tuple(around_and_around(world.spec, settings.drift_minutes))
            scenes = [
                held_out_scene(index, settings.seed, Path(folder), moves=moves)
                for index in range(settings.clips)
            ]
            known = {"world": world.provenance(), "round_trip_db": _round_trip(world, scenes)}
        counts = {
            "zoom": settings.clips if zooms else 0,
            "rest": settings.clips if moves else 0,
            "drift": min(settings.clips, DRIFT_CLIPS) if around else 0,
            "prompt": settings.prompts,
        }
        tasks = [(kind, index) for kind, count in counts.items() for index in range(count)]
        job, found = AsideJob(self.open_world, self.judge, around, settings.seed, moves=moves), {}
        with self.workplace.workers(job) as results:
            for task, scores in results(tasks):
                found[task] = scores
                self.report(f"{ASIDES[task[0]]}, scene {task[1]}: {len(found)}/{len(tasks)}")
        asides = {kind: [found[kind, i] for i in range(count)] for kind, count in counts.items()}
        drift = {"clips": len(asides["drift"]), **mean_scores(asides["drift"])}
        result = {
            "schema": 3,
            "settings": asdict(settings),
            **known,
            **({"zoom": mean_scores(asides["zoom"])} if zooms else {}),
            **({"rest": mean_scores(asides["rest"])} if moves else {}),
            "drift": drift if around else None,
            "adherence": adherence_report(asides["prompt"], self.judge),
        }
        return result | {"bars": verdicts_of(result)}


ASIDES = {
    "zoom": "zoomed in and out again", "rest": "waited", "drift": "went around and around",
    "prompt": "asked by caption alone",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class AsideJob:
    """The work of each worker; see `mag_sandbox.workers.work.Job`."""

    open_world: OpenWorld
    judge: Classifier
    around: tuple[Leg, ...]  # of the clips that show drift
    seed: int
    moves: bool

    @contextmanager
    def ready(self) -> Iterator[Callable[[tuple[str, int]], dict]]:
        """Give what measures one kind of clip of a scene."""
        with tempfile.TemporaryDirectory() as folder, closing(self.open_world()) as world:
            yield partial(self._measured, world, Path(folder))

    def _measured(self, world: World, folder: Path, task: tuple[str, int]) -> dict:
        kind, index = task
        if kind == "prompt":
            return ask_scene(world, self.judge, index, self.seed, folder)
        scene = held_out_scene(index, self.seed, folder, moves=self.moves)
        if kind == "zoom":
            clip = record(world, scene.scene("image"), zoom_and_back(world.spec))
            return measure_zoom(clip, scene)
        if kind == "rest":
            return measure_rest(play_rest(world, scene), scene, world.spec)
        return play_drift(world, scene, list(self.around))


def _round_trip(world: World, scenes: Sequence[HeldOutScene]) -> float:
    """Return how alike the renderer's first views are after the autoencoder [dB]."""
    views = np.stack([scene.first_view for scene in scenes])
    through = world.round_trip(views)
    return float(np.mean([psnr(a, b) for a, b in zip(through, views, strict=True)]))
