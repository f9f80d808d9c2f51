"""`python -m evaluation pocket`: what a world paints and how it moves, on held-out scenes.

What it remembers is measured by `bench-memory` (docs/benchmark.md), what it invents by
`evaluation.imagination`. The renderer's views of a world that moves are those of the same time.

*Rest*: the camera stands still before a given view while time passes. Still parts must not drift;
moving parts must move as the renderer says, smoothly across blocks.

*Drift*: the first view is invented from the prompt alone. The camera turns all the way around, over
and over; one turn takes 15% of the time. So the first turn, which invents everything, and the last
one look in the same directions, and what pictures lost or gained between them is drift.

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

Source of drift: the exposure bias metric (start-end contrast) of MemoryPack and Direct Forcing,
arXiv 2510.01784, equation 8: the first 15% of the frames against the last 15%. Measures that need
no network are ours, and so are ratios instead of differences.
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
from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.evaluation.options import PocketOptions
from mag_sandbox.evaluation.quality.scenes import (
    HeldOutScene,
    Leg,
    RingParts,
    blocks_in,
    held_out_scene,
    likenesses,
    part_scores,
    record,
    seam_ratio,
)
from mag_sandbox.evaluation.quality.thresholds import table, verdicts_of
from mag_sandbox.evaluation.results.intervals import mean_of, mean_scores
from mag_sandbox.evaluation.results.opening import OpenWorld, opener
from mag_sandbox.evaluation.results.output import make_places, tell
from mag_sandbox.evaluation.similarity.metrics import gradient_energy, psnr, saturation
from mag_sandbox.model.full.image_shift import luma
from mag_sandbox.model.world import Control, Frames, World, WorldSpec

DRIFT_CLIPS = 4  # at most, one a category: each lasts for minutes
SHARE = 0.15  # of the time that one turn takes
REST_SECONDS = 4.0  # three rounds of the quickest creature and more, one of a walk to one side
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


def contrast(frame: Frames) -> float:
    """Return the standard deviation of the brightness within a frame [grey levels]."""
    return float(luma(frame).std())


MEASURES = {"gradient": gradient_energy, "contrast": contrast, "saturation": saturation}


def around_and_around(spec: WorldSpec, minutes: float) -> list[Leg]:
    """Return the path: a turn, a part that is not measured, and a turn over the same directions.

    Raises:
        ValueError: the camera cannot turn around in that share of the time.
    """
    turn, blocks = blocks_in(60 * minutes * SHARE, spec), blocks_in(60 * minutes, spec)
    speed = 360.0 / (turn * spec.block_seconds)  # degrees a second
    if speed > spec.full_speed.yaw:
        least = 360.0 / spec.full_speed.yaw / SHARE / 60
        raise ValueError(
            f"a clip of {minutes:g} minutes is too short to turn around in {SHARE:.0%} of it; "
            f"give drift at least {least:.2g} minutes, or 0 to leave it out"
        )
    around = CameraCommand(yaw=speed / spec.full_speed.yaw)
    between = blocks - 2 * turn
    return [Leg("out", around, turn), Leg("away", around, between), Leg("back", around, turn)]


def play_drift(world: World, scene: HeldOutScene, legs: Sequence[Leg]) -> dict[str, float | None]:
    """Play a path of `around_and_around`; frames are measured as they come, and not kept.

    Returns:
        `{measure}_ratio`, of the last turn over the first: 1 is unchanged; and drift, the largest
        relative change. None: the measure is 0 in the first turn.
    """
    world.reset(scene.scene("prompt"), scene.seed)
    found: dict[str, list[list[float]]] = {}
    for leg in legs:
        for _ in range(leg.blocks):
            frames = world.step(Control(leg.command)).frames
            if leg.phase != "away":
                rows = [[measure(frame) for measure in MEASURES.values()] for frame in frames]
                found.setdefault(leg.phase, []).extend(rows)
    first, last = (np.mean(found[phase], axis=0) for phase in ("out", "back"))
    ratios = {
        f"{name}_ratio": float(after / before) if before else None
        for name, before, after in zip(MEASURES, first, last, strict=True)
    }
    changes = [abs(ratio - 1) for ratio in ratios.values() if ratio is not None]
    return {"drift": max(changes, default=None), **ratios}


def measure_rest(world: World, scene: HeldOutScene) -> dict[str, float | None]:
    """Give a world the first view of a scene that moves, wait, and compare with the renderer.

    Returns:
        pose_psnr_db of whole frames, `part_scores` and `seam_ratio`; None: that part of the view is
        too small.
    """
    spec = world.spec
    wait = Leg("hold", CameraCommand(), blocks_in(REST_SECONDS, spec))
    clip = record(world, scene.scene("image"), [wait])
    waited = clip.where("hold")
    frames, poses = clip.frames[waited], [clip.poses[index] for index in waited]
    truth = np.stack([scene.view(clip.poses[index], index) for index in waited])
    frozen = np.stack([scene.view(pose, 0) for pose in poses])  # the given picture is of time 0
    seams = [spec.frames_before(index) for index in range(len(clip.frames))]
    parts = scene.parts or RingParts.at_rest()
    return {
        "pose_psnr_db": mean_of(likenesses(frames, truth, None)),
        **part_scores(frames, truth, frozen, parts, poses),
        "seam_ratio": seam_ratio(clip.frames, seams, parts.moving_at(poses[0])),
    }
