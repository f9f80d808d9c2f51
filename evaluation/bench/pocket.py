"""`python -m evaluation pocket`: what a world remembers and obeys, on held-out scenes.

Every clip pans 150 degrees away at 20 degrees a second, waits a second and pans back to bit-equal
poses. It is played twice: with the first view given as a picture (`image`) and from the prompt
alone (`prompt`). What it invents meanwhile is judged by `evaluation.imagination`. Windows are
plain, without sink frames: `window` keeps 2 blocks, `window-equal` as many as fill the bytes that
the tested policy holds at the end of its clips.

Of a world that moves, the renderer's views are those of the same time. What stands still is known
of the given view: on its still pixels rest recall, floor, ceiling and the bars of `image`. Nothing
is known of what is invented from the prompt alone: there whole frames count, as the world says they
are at rest (`FrameBlock.rest`).

The result is plain JSON data; numbers in dB, px, degrees, seconds and bytes as their keys say, null
where nothing was measured, `{mean, low, high, clips}` with a 95% interval by bootstrap:

    schema          2
    settings        clips, prompts, seed, memory (the policies; the first is the tested one),
                    drift_minutes
    world           provenance of the world: weights hash, dtype, ...
    round_trip_db   renders: renderer views after the autoencoder; generated: the clips' own frames;
                    renders_still, where the world moves: what stands still of the renderer's
    kinds           image | prompt:
      policies        per policy: clips, valid_clips (the picture moves as commanded), scores
                      of those, if they are enough, and unguarded, the same of all clips, by the
                      names of `memory_bench`; motion {mean_px, p95_px, unmeasurable}
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
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.bench.adherence import Answer, adherence_report
from mag_sandbox.evaluation.bench.asides import (
    around_and_around,
    measure_rest,
    measure_zoom,
    play_drift,
    play_rest,
    zoom_and_back,
)
from mag_sandbox.evaluation.bench.clips import (
    KINDS,
    HeldOutScene,
    Leg,
    Report,
    held_out_scene,
    record,
)
from mag_sandbox.evaluation.bench.memory_bench import MemoryBench, MemoryBenchSettings
from mag_sandbox.evaluation.bench.packs import DEFAULT_POLICIES, EQUAL_WINDOW, setting_of
from mag_sandbox.evaluation.bench.parts import likenesses, mean_of
from mag_sandbox.evaluation.bench.thresholds import DRIFT_MINUTES, verdicts_of
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.magbench.evaluate import Matching
from mag_sandbox.evaluation.probe.metrics import psnr
from mag_sandbox.evaluation.results.intervals import mean_scores
from mag_sandbox.evaluation.results.store import ClipStore, read_records
from mag_sandbox.model.world import MemorySetting, World
from mag_sandbox.workers.work import Here, Workplace

OpenWorld = Callable[[MemorySetting], World]
MAX_DRIFT_MINUTES = 60.0
DRIFT_CLIPS = 4  # at most, one a category: each lasts for minutes
VALID_SHARE = 0.75  # of the clips must move as commanded, or no return is reported


@dataclass(frozen=True, slots=True)
class PocketSettings:
    """What is measured."""

    clips: int = 8  # a kind; scenes of the four categories in turn
    prompts: int = 64  # pictures invented for the adherence test
    seed: int = 0  # chooses the held-out scenes and the world's noise
    memory: tuple[str, ...] = DEFAULT_POLICIES  # the first is the tested one
    drift_minutes: float = DRIFT_MINUTES  # of the clips that drift is measured on; 0: it is not
    sheets: Path | None = None  # folder for pictures to look at

    def __post_init__(self) -> None:
        if not 0 <= self.drift_minutes <= MAX_DRIFT_MINUTES:
            raise ValueError(
                f"drift is {self.drift_minutes:g} minutes, expected 0 to {MAX_DRIFT_MINUTES:g}"
            )
        self.bench(moves=False)  # which checks the others

    def bench(self, *, moves: bool) -> MemoryBenchSettings:
        """Return what the memory bench measures of it."""
        return MemoryBenchSettings(
            memory=self.memory,
            modes=KINDS,
            clips=self.clips,
            prompts=self.prompts,
            seed=self.seed,
            moves=moves,
            sheets=self.sheets,
        )

    def as_dict(self) -> dict:
        """Return plain JSON data."""
        names = ("clips", "prompts", "seed", "memory", "drift_minutes")
        return {name: getattr(self, name) for name in names} | {"memory": list(self.memory)}


class PocketEvaluation:
    """One evaluation run: the memory bench, and what only the tested policy is asked for.

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
        self.tested = settings.memory[0]

    def run(self) -> dict:
        """Play and measure everything."""
        with tempfile.TemporaryDirectory() as folder:
            tested = self._tested(Path(folder))
            store = ClipStore(Path(folder) / "clips", {})
            bench = self.settings.bench(moves="rest" in tested)
            MemoryBench(
                bench, self.open_world, store, Matching(), self.judge, workplace=self.workplace
            ).run()
            records = read_records(store.folder)
        kinds = {kind: {"policies": self._policies(records, kind)} for kind in KINDS}
        ceilings = [
            part["policies"][self.tested]["unguarded"]["ceiling_db"]["mean"]
            for part in kinds.values()
        ]
        tested["round_trip_db"]["generated"] = float(np.mean(ceilings))
        answers = [
            {
                name: Answer(bool(right), bool(one["renders"][name]))
                for name, right in scores.items()
            }
            for one in records
            if one["bench"] == "prompts" and (scores := one["scores"])
        ]
        result = {
            "schema": 2,
            "settings": self.settings.as_dict(),
            **tested,
            "kinds": kinds,
            "adherence": adherence_report(answers, self.judge),
        }
        result["bars"] = verdicts_of(result, self.tested, EQUAL_WINDOW)
        return result

    def _policies(self, records: Sequence[dict], kind: str) -> dict[str, dict]:
        played = {name: [] for name in self.settings.memory}
        for one in records:
            if one["row"].get("mode") == kind:
                played[one["row"]["memory"]].append(one)
        return {name: policy_report(some) for name, some in played.items() if some}

    def _tested(self, folder: Path) -> dict:
        """Measure what only the tested policy is asked for; errors of its world come at once."""
        settings = self.settings
        with closing(self.open_world(setting_of(self.tested))) as world:
            around: list[Leg] = []
            if settings.drift_minutes:
                around = around_and_around(world.spec, settings.drift_minutes)
            moves, zooms = world.spec.moves, "zoom" in world.spec.axes
            scenes = [
                held_out_scene(index, settings.seed, folder, moves=moves)
                for index in range(settings.clips)
            ]
            known = {
                "world": world.provenance(),
                "round_trip_db": _round_trip(world, scenes),
            }
        asides = self._asides(around, zooms=zooms, moves=moves)
        drift = {"clips": len(asides["drift"]), **mean_scores(asides["drift"])}
        return {
            **known,
            **({"zoom": mean_scores(asides["zoom"])} if zooms else {}),
            **({"rest": mean_scores(asides["rest"])} if moves else {}),
            "drift": drift if around else None,
        }

    def _asides(self, around: list[Leg], *, zooms: bool, moves: bool) -> dict[str, list[dict]]:
        """Return what was measured of each kind, scene by scene."""
        settings = self.settings
        counts = {
            "zoom": settings.clips if zooms else 0,
            "rest": settings.clips if moves else 0,
            "drift": min(settings.clips, DRIFT_CLIPS) if around else 0,
        }
        tasks = [(kind, index) for kind, count in counts.items() for index in range(count)]
        job = AsideJob(
            self.open_world, setting_of(self.tested), tuple(around), settings.seed, moves=moves
        )
        found = {}
        with self.workplace.workers(job) as results:
            for task, scores in results(tasks):
                found[task] = scores
                self.report(f"{ASIDES[task[0]]}, scene {task[1]}: {len(found)}/{len(tasks)}")
        return {kind: [found[kind, i] for i in range(count)] for kind, count in counts.items()}


ASIDES = {"zoom": "zoomed in and out again", "rest": "waited", "drift": "went around and around"}


@dataclass(frozen=True, slots=True, eq=False)
class AsideJob:
    """What workers do besides the bench; see `mag_sandbox.workers.work.Job`."""

    open_world: OpenWorld
    setting: MemorySetting
    around: tuple[Leg, ...]  # of the clips that show drift
    seed: int
    moves: bool

    @contextmanager
    def ready(self) -> Iterator[Callable[[tuple[str, int]], dict]]:
        """Give what measures one kind of clip of a scene."""
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(self.open_world(self.setting)) as world,
        ):
            yield partial(self._measured, world, Path(folder))

    def _measured(self, world: World, folder: Path, task: tuple[str, int]) -> dict:
        kind, index = task
        scene = held_out_scene(index, self.seed, folder, moves=self.moves)
        if kind == "zoom":
            clip = record(world, scene.scene("image"), zoom_and_back(world.spec))
            return measure_zoom(clip, scene)
        if kind == "rest":
            return measure_rest(play_rest(world, scene), scene, world.spec)
        return play_drift(world, scene, list(self.around))


def policy_report(records: Sequence[dict]) -> dict:
    """Return what the clips of one policy come to."""
    valid = [one["scores"] for one in records if one["refused"] is None]
    errors = [px for one in records for px in one["motion"]["errors_px"]]
    return {
        "clips": len(records),
        "valid_clips": len(valid),
        "scores": mean_scores(valid if len(valid) >= VALID_SHARE * len(records) else []),
        "unguarded": mean_scores([one["scores"] for one in records]),
        "motion": {
            "mean_px": mean_of(errors),
            "p95_px": float(np.percentile(errors, 95)) if errors else None,
            "unmeasurable": mean_of([one["motion"]["unmeasurable"] for one in records]),
        },
    }


def _round_trip(world: World, scenes: Sequence[HeldOutScene]) -> dict[str, float]:
    """Return how alike the renderer's first views are after the autoencoder [dB]."""
    views = np.stack([scene.first_view for scene in scenes])
    through = world.round_trip(views)
    found = {"renders": float(np.mean([psnr(a, b) for a, b in zip(through, views, strict=True)]))}
    if world.spec.moves:
        still = [scene.parts.still_at(CameraPose()) for scene in scenes]
        found["renders_still"] = mean_of(likenesses(through, views, still))
    return found
