"""`python -m training base|self-forcing|memory|generator`: MAG's recipe at either size.

Each stage starts from the one before it and leaves `<stage>.safetensors` in the run's folder, with
the averaged weights under the official names; other presets leave a file of their own name. One
process or several train it by the same steps.
"""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mag_sandbox.model.dit import DiT
from mag_sandbox.model.world import GIB, MissingWeights, WorldFailed
from mag_sandbox.training.devices import TrainingDevice, freeze
from mag_sandbox.training.export import write_weights
from mag_sandbox.training.loop import Loop, LoopConfig
from mag_sandbox.training.optimisers import GeneratorAndCritic
from mag_sandbox.training.options import RecipeOptions
from mag_sandbox.training.processes import ALONE, Processes
from mag_sandbox.training.recipe.clips import ClipSource, PromptSource, Show
from mag_sandbox.training.recipe.presets import (
    PRESETS,
    Distillation,
    MemoryTraining,
    Optimisation,
    Preset,
    StudentTraining,
    TeacherTraining,
    with_options,
)
from mag_sandbox.training.recipe.stages import (
    AnyStage,
    ClipDistillationStage,
    MemoryStage,
    StudentStage,
    TeacherStage,
    TeacherTrajectories,
    TrajectoryCache,
)
from mag_sandbox.training.recipe.videos import Lanes, Tail, TeacherForced, Videos

logger = logging.getLogger(__name__)

BEFORE = {"self-forcing": "student", "memory": "self-forcing", "generator": "memory"}
FEWEST_TRAJECTORIES = 1000  # batches kept on disk; then they come again
PASSES = 24  # over them where that is more: 6,000 steps of 64 then see 16,000
KINDS = {
    "base": StudentTraining,
    "self-forcing": Distillation,
    "memory": MemoryTraining,
    "generator": Distillation,
}


class RecipeError(WorldFailed, ValueError):
    """Options that do not fit together."""


@dataclass(frozen=True, slots=True)
class Size:
    """All that differs between pocket and full size."""

    device: TrainingDevice
    read: Callable[[Path], DiT]  # weights file -> a transformer with them, fp32
    start: Path  # weights of the first stage: the pocket world, or the public teacher
    teacher: TeacherTraining | None  # None: it is public
    adapted: Callable[[Preset], Preset]  # to this size
    clips: Callable[[], ClipSource]
    prompts: Callable[[], PromptSource]
    tails: Callable[[int], Callable[[], Tail]]  # frames of overlap -> a tail for each video
    show: Show
    accumulate: Callable[[int], int]  # videos a step -> batches a step
    negative: str
    save_minutes: float


def train(options: RecipeOptions, size: Size, processes: Processes = ALONE) -> Path:
    """Train one stage and return the file with its result.

    Raises:
        RecipeError: the preset is unknown or another stage's, or its batch cannot be shared.
        MissingWeights: the stage before is not trained yet.
    """
    options.folder.mkdir(parents=True, exist_ok=True)
    preset = preset_of(options, size)
    run = _StageTraining(options, size, processes)
    if isinstance(preset, StudentTraining):
        return run.base(preset)
    if isinstance(preset, MemoryTraining):
        return run.memory(preset)
    assert isinstance(preset, Distillation)
    return run.distillation(preset)


def preset_of(options: RecipeOptions, size: Size) -> Preset:
    """Return the numbers of a stage, at its size."""
    name = options.preset or {"base": "student"}.get(options.stage, options.stage)
    if name not in PRESETS or not isinstance(PRESETS[name], KINDS[options.stage]):
        fitting = [n for n, preset in PRESETS.items() if isinstance(preset, KINDS[options.stage])]
        raise RecipeError(
            f'preset "{name}" is none of {options.stage}; available: {", ".join(fitting)}'
        )
    return with_options(size.adapted(PRESETS[name]), options)


@dataclass(frozen=True, slots=True)
class _StageTraining:
    options: RecipeOptions
    size: Size
    processes: Processes

    def base(self, preset: StudentTraining) -> Path:
        options, size = self.options, self.size
        teacher = options.folder / "teacher.safetensors" if size.teacher else size.start
        if size.teacher and not teacher.exists():
            self._teacher(with_options(size.adapted(size.teacher), options))
        source = size.prompts()
        ways = TeacherTrajectories(
            self._frozen(teacher), source, preset, size.negative, size.device, options.seed
        )
        count = trajectory_batches(preset.optimisation.steps * self._batches(preset))
        kept = TrajectoryCache(ways, source, options.folder / "trajectories", count)
        dit = self._learner(options.init or teacher)
        stage = StudentStage(dit, kept, preset, *self._common, tokens=source.tokens)
        return self._finish(stage, dit, loop_config(preset.optimisation), "student")

    def _teacher(self, preset: Preset) -> None:
        assert isinstance(preset, TeacherTraining)
        dit = self._learner(self.size.start)
        stage = TeacherStage(dit, self.size.clips(), preset, *self._common)
        run = replace(self, options=replace(self.options, preset=None))
        run._finish(stage, dit, loop_config(preset.optimisation), "teacher")

    def memory(self, preset: MemoryTraining) -> Path:
        dit = self._learner(_start(self.options))
        stage = MemoryStage(dit, self.size.clips(), preset, *self._common)
        return self._finish(stage, dit, loop_config(preset.optimisation), "memory")

    def distillation(self, preset: Distillation) -> Path:
        options, size = self.options, self.size
        own_teacher = options.folder / "teacher.safetensors"
        teacher = own_teacher if size.teacher and own_teacher.exists() else size.start
        generator = self._learner(_start(options))
        source: PromptSource
        videos: TeacherForced | Lanes
        if preset.context == "clean":
            source = clips = size.clips()
            videos = TeacherForced(generator, clips, preset, size.device, options.seed)
        else:
            source = size.prompts()
            videos = self._videos(generator, source, preset)
        stage = ClipDistillationStage(
            GeneratorAndCritic(generator, self._learner(teacher)), source, preset, *self._common,
            teacher=self._frozen(teacher), videos=videos, negative=size.negative,
        )  # fmt: skip
        saved = clips_to_a_whole_video(preset, self._batches(preset) // options.parts)
        numbers = loop_config(preset.optimisation, preset.period, saved)
        return self._finish(stage, generator, numbers, options.stage)

    @property
    def _common(self) -> tuple[TrainingDevice, int, Show]:
        return self.size.device, self.options.seed, self.size.show

    def _videos(self, generator: DiT, source: PromptSource, preset: Distillation) -> Lanes:
        options, size, memory = self.options, self.size, generator
        if preset.recipe.remembers == "memory":
            memory = self._frozen(options.memory or _result(options, "memory"))
        tails = size.tails(preset.overlap) if preset.clips > 1 else None
        lanes = [
            Videos(
                generator, memory, source, preset, size.device, options.seed, tails, lane,
                options.parts,
            )
            for lane in range(options.parts)
        ]  # fmt: skip
        return Lanes(lanes, self._awake(lanes[0].memory_bytes))

    def _awake(self, memory_bytes: int) -> int | None:
        if self.size.device.device == "cpu":
            return None
        mine = self.options.parts // self.processes.count
        awake = min(mine, max(1, self.options.memory_gib * GIB // memory_bytes))
        logger.info(
            "%d videos under way remember up to %.1f GiB each: %d on the device, %d in main memory",
            mine, memory_bytes / GIB, awake, mine - awake,
        )  # fmt: skip
        return awake

    def _learner(self, path: Path) -> DiT:
        return self.processes.shard(self.size.read(path))

    def _frozen(self, path: Path) -> DiT:
        return self.processes.shard(freeze(self.size.read(path)))

    def _batches(self, preset: Preset) -> int:
        videos, parts, count = preset.optimisation.batch, self.options.parts, self.processes.count
        if videos % parts or parts % count:
            raise RecipeError(
                f"{videos} videos a step cannot be made in {parts} equal parts by {count} "
                "processes; choose --batch and --parts"
            )
        return self.size.accumulate(videos)

    def _finish(self, stage: AnyStage, result: DiT, config: LoopConfig, name: str) -> Path:
        name = self.options.preset or name
        stage.batches = self._batches(stage.config)
        config = replace(config, save_minutes=self.size.save_minutes)
        Loop(stage, config, self.options.folder / name, self.processes).run()
        path = self.options.folder / f"{name}.safetensors"
        self.processes.write(result, lambda state: write_weights(state, path))
        return path


def trajectory_batches(learned: int) -> int:
    """Return the number of batches of trajectories to make for a stage."""
    return min(learned, max(FEWEST_TRAJECTORIES, math.ceil(learned / PASSES)))


def clips_to_a_whole_video(preset: Distillation, clips: int) -> int:
    """Return after how many steps no video is under way, so that no memory need be saved.

    A step has so many clips of each video that is being made.
    """
    return preset.clips // math.gcd(preset.clips, clips) if preset.in_turn else 1


def loop_config(numbers: Optimisation, updates_every: int = 1, save_every: int = 1) -> LoopConfig:
    """Return the loop's settings: a constant rate, no warm-up.

    The loop averages after every step, also where only the critic moved; the root keeps the
    average's memory the same in updates. Nothing is under way after every `save_every`th step.
    """
    return LoopConfig(
        steps=numbers.steps, warmup=1, decay=0.0, clip=numbers.clip,
        ema=numbers.ema ** (1 / updates_every), save_every=save_every,
    )  # fmt: skip


def _start(options: RecipeOptions) -> Path:
    return options.init or _result(options, BEFORE[options.stage])


def _result(options: RecipeOptions, name: str) -> Path:
    path = options.folder / f"{name}.safetensors"
    if not path.exists():
        stage = "base" if name == "student" else name
        raise MissingWeights(
            f"weights not found: {path} is missing; train `{stage}` first, or name other weights"
        )
    return path
