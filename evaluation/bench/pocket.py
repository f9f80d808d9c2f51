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
where nothing was measured, `{mean, low, high}` with a 95% interval by bootstrap over clips:

    schema          1
    settings        clips, prompts, seed, memory (the policies; the first is the tested one),
                    drift_minutes
    world           provenance of the world: weights hash, dtype, ...
    round_trip_db   renders: renderer views after the autoencoder; generated: the clips' own frames;
                    renders_still, where the world moves: what stands still of the renderer's
    kinds           image | prompt:
      policies        per policy: setting, clips, valid_clips (the picture moves as commanded),
                      return_psnr_db, unguarded_psnr_db (of all clips), return_ssim,
                      recall_percent, floor_db, ceiling_db; of a world that moves, the first view
                      given, also still_return_psnr_db and still_unguarded_psnr_db,
                      by_time_away [{from_s, to_s, psnr_db}], memory {bytes, full_history_bytes,
                      kept_frames, attended_frames, evicted},
                      motion {mean_px, p95_px, unmeasurable}, per_clip [...]
    zoom            of worlds that zoom, all the way in and out again, the first view given:
                    closer_psnr_db (against the renderer), return_psnr_db, gradient_ratio; of those
                    that move also still_psnr_db, moving_psnr_db, motion_gain_db
    rest            of worlds that move, the camera at rest for 4 s, the first view given, against
                    the renderer: pose_psnr_db, still_psnr_db, moving_psnr_db, motion_gain_db,
                    seam_ratio; see `evaluation.bench.parts`
    drift           null where it was left out: clips of `drift_minutes` around and around, from the
                    prompt alone, last turn over first: gradient_ratio, contrast_ratio,
                    saturation_ratio, and drift, the largest change of the three a clip; clips (how
                    many); see `evaluation.bench.drift`
    adherence       prompts, recovered [names], heads: per question pictures, accuracy, low, high,
                    accuracy_on_renders, values (how many answers there are); attributes, all that
                    captions name together, the category not: asked, found, found_on_renders, share
    bars            per bar: value, bar, met (null where not measured)
"""

import math
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.bench.adherence import measure_adherence
from mag_sandbox.evaluation.bench.clips import (
    KINDS,
    Clip,
    HeldOutScene,
    Kind,
    Leg,
    Report,
    held_out_scene,
    pan_and_back,
    record,
)
from mag_sandbox.evaluation.bench.drift import around_and_around, drift_report, play_drift
from mag_sandbox.evaluation.bench.parts import likenesses, mean_of
from mag_sandbox.evaluation.bench.rest import measure_rest, play_rest, rest_report
from mag_sandbox.evaluation.bench.return_scores import (
    ReturnScores,
    measure_motion,
    policy_report,
    returned_views,
)
from mag_sandbox.evaluation.bench.thresholds import DRIFT_MINUTES, verdicts_of
from mag_sandbox.evaluation.bench.zoom import measure_zoom, zoom_and_back, zoom_report
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.probe.metrics import psnr
from mag_sandbox.model.memorypack.config import VARIANT_OF_WORLD
from mag_sandbox.model.world import MemorySetting, MemoryUsage, World
from mag_sandbox.training.panorama.sheets import write_sheet

OpenWorld = Callable[[MemorySetting], World]
EQUAL_WINDOW = "window-equal"  # a window of as many bytes as the tested policy holds in the end
POLICIES = ("mag-retrieve", "mag", "full", "window", EQUAL_WINDOW, "none", *VARIANT_OF_WORLD)
DEFAULT_POLICIES = ("mag-retrieve", "mag", "window", EQUAL_WINDOW)
MAX_SEED = 10_000
MAX_DRIFT_MINUTES = 60.0
DRIFT_CLIPS = 4  # at most, one a category: each lasts for minutes


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
        if not 1 <= self.clips <= 1000:
            raise ValueError(f"clips is {self.clips}, expected 1 to 1000")
        if not 1 <= self.prompts <= 2000:
            raise ValueError(f"prompts is {self.prompts}, expected 1 to 2000")
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed is {self.seed}, expected 0 to {MAX_SEED}")
        if not 0 <= self.drift_minutes <= MAX_DRIFT_MINUTES:
            raise ValueError(
                f"drift is {self.drift_minutes:g} minutes, expected 0 to {MAX_DRIFT_MINUTES:g}"
            )
        for name in self.memory:
            if name not in POLICIES:
                known = ", ".join(POLICIES)
                raise ValueError(f'memory policy "{name}" not found; available: {known}')
        if not self.memory or self.memory[0] == EQUAL_WINDOW:
            raise ValueError(f"name a policy to test before {EQUAL_WINDOW}")
        if len(set(self.memory)) < len(self.memory):
            raise ValueError(f"memory policies are named twice: {', '.join(self.memory)}")


class PocketEvaluation:
    """One evaluation run.

    PocketEvaluation(PocketSettings(), open_world, Classifier.load(), print).run()["bars"]
    """

    def __init__(
        self, settings: PocketSettings, open_world: OpenWorld, judge: Classifier, report: Report
    ) -> None:
        self.settings, self.open_world = settings, open_world
        self.judge, self.report = judge, report
        self.tested = settings.memory[0]
        self._scenes: list[HeldOutScene] = []
        self._tested_usages: list[MemoryUsage] = []  # at the end of the tested policy's clips

    def run(self) -> dict:
        """Play and measure everything."""
        with tempfile.TemporaryDirectory() as folder:
            self._folder = Path(folder)
            return self._measure()

    def _draw(self, world: World) -> list[HeldOutScene]:
        indices, seed, moves = range(self.settings.clips), self.settings.seed, world.spec.moves
        return [held_out_scene(index, seed, self._folder, moves=moves) for index in indices]

    def _measure(self) -> dict:
        settings = asdict(self.settings)
        del settings["sheets"]
        result: dict = {
            "schema": 1,
            "settings": {**settings, "memory": list(self.settings.memory)},
            "kinds": {kind: {"policies": {}} for kind in KINDS},
        }
        for name in self.settings.memory:
            setting = self._setting(name)
            world = self.open_world(setting)
            self._block_length = world.spec.block_length
            try:
                if not self._scenes:  # drawn once the world is there: its errors come at once
                    self._around = self._drift_path(world)
                    self._scenes = self._draw(world)
                for kind in KINDS:
                    self._measure_kind(world, name, setting, kind, result["kinds"][kind])
                if name == self.tested:
                    result["world"] = world.provenance()
                    result["adherence"] = self._adherence(world)
                    if "zoom" in world.spec.axes:
                        result["zoom"] = self._zoom(world)
                    if world.spec.moves:
                        result["rest"] = self._rest(world)
                    result["drift"] = self._drift(world) if self._around else None
                    result["round_trip_db"] = self._round_trip(world, result["kinds"])
            finally:
                world.close()
        result["bars"] = verdicts_of(result, self.tested, EQUAL_WINDOW)
        return result

    def _setting(self, name: str) -> MemorySetting:
        if name == EQUAL_WINDOW:
            blocks = equal_window(self._tested_usages, self._block_length)
            return MemorySetting(policy="window", window_blocks=blocks, sink_frames=0)
        if name == "window":
            return MemorySetting(policy="window", window_blocks=2, sink_frames=0)
        return MemorySetting(policy=name)

    def _measure_kind(
        self, world: World, name: str, setting: MemorySetting, kind: Kind, into: dict
    ) -> None:
        """Play one policy's clips."""
        measures: list[ReturnScores] = []
        usages: list[MemoryUsage] = []
        for index, scene in enumerate(self._scenes):
            clip = record(world, scene.scene(kind), pan_and_back(world.spec))
            back = returned_views(clip, world.round_trip, scene.known_parts(kind))
            measures.append(ReturnScores.of(back, measure_motion(clip)))
            usages.append(clip.usage)
            self._tell(kind, name, index, measures[-1])
            if self.settings.sheets is not None:
                write_clip_sheet(self.settings.sheets / f"{kind}-{index}-{name}.png", clip, scene)
        into["policies"][name] = policy_report(self._scenes, measures, usages, setting)
        if name == self.tested:
            self._tested_usages += usages

    def _zoom(self, world: World) -> dict:
        clips = []
        for scene in self._scenes:
            clip = record(world, scene.scene("image"), zoom_and_back(world.spec))
            clips.append(measure_zoom(clip, scene))
        self.report(f"image: zoomed into {len(clips)} scenes and out again")
        return zoom_report(clips)

    def _rest(self, world: World) -> dict:
        clips = [measure_rest(play_rest(world, scene), scene, world.spec) for scene in self._scenes]
        self.report(f"image: waited before {len(clips)} scenes")
        return rest_report(clips)

    def _drift_path(self, world: World) -> list[Leg]:
        minutes = self.settings.drift_minutes
        return around_and_around(world.spec, minutes) if minutes else []

    def _drift(self, world: World) -> dict:
        clips = []
        for index, scene in enumerate(self._scenes[:DRIFT_CLIPS]):
            clips.append(play_drift(world, scene, self._around))
            minutes = self.settings.drift_minutes
            self.report(f"prompt: clip {index + 1} of {minutes:g} minutes around and around")
        return drift_report(clips)

    def _adherence(self, world: World) -> dict:
        settings = self.settings
        return measure_adherence(
            world, self.judge, settings.prompts, settings.seed, self._folder, self.report
        )

    def _round_trip(self, world: World, kinds: dict) -> dict:
        views = np.stack([scene.first_view for scene in self._scenes])
        through = world.round_trip(views)
        ceilings = [part["policies"][self.tested]["ceiling_db"] for part in kinds.values()]
        found = {
            "renders": float(np.mean([psnr(a, b) for a, b in zip(through, views, strict=True)])),
            "generated": float(np.mean(ceilings)),
        }
        if world.spec.moves:
            still = [scene.parts.still_at(CameraPose()) for scene in self._scenes]
            found["renders_still"] = mean_of(likenesses(through, views, still))
        return found

    def _tell(self, kind: Kind, name: str, index: int, measure: ReturnScores) -> None:
        wrong = "the picture does not move as commanded"
        score = f"{measure.psnr:.1f} dB" if measure.valid else wrong
        self.report(f"{kind}, {name}: clip {index + 1}/{self.settings.clips} | return {score}")


def equal_window(usages: list[MemoryUsage], block_length: int) -> int:
    """Return how many raw blocks fill the bytes that a policy holds at the end of its clips."""
    held = float(np.mean([usage.bytes for usage in usages]))
    return max(1, math.ceil(held / (raw_frame_bytes(usages[0]) * block_length)))


def raw_frame_bytes(usage: MemoryUsage) -> float:
    """Return what one frame costs when kept whole.

    Raises:
        ValueError: the world does not say.
    """
    for segment in usage.segments:
        if segment.kind in ("raw", "current", "sink") and segment.frames:
            return segment.bytes / segment.frames
    raise ValueError(f'memory "{usage.policy}" keeps no raw frame to compare with')


def write_clip_sheet(path: Path, clip: Clip, scene: HeldOutScene) -> None:
    """Write three rows, yaw to the right: the renderer's views, the way out, the way back."""
    out, back = [*clip.where("start"), *clip.where("out")], clip.where("back")
    first, last = clip.poses[out[0]].yaw, clip.poses[out[-1]].yaw
    yaws = [first + part * ((last - first) % 360.0) for part in np.linspace(0, 1, 6)]
    away = [clip.nearest(yaw, out) for yaw in yaws]
    home = [clip.nearest(clip.poses[index].yaw, back) for index in away]
    views = [scene.view(clip.poses[index], clip.time(index)) for index in away]
    write_sheet(path, [views, [clip.frames[i] for i in away], [clip.frames[i] for i in home]])
