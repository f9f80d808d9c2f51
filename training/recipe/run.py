"""`python -m training base|self-forcing|memory|generator`: MAG's recipe at either size.

Each stage starts from the one before it and leaves `<stage>.safetensors` in the run's folder, with
the averaged weights under the official names; other presets leave a file of their own name. One
process or several train it by the same steps.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from mag_sandbox.model.dit import DiT
from mag_sandbox.model.world import MissingWeights, WorldFailed
from mag_sandbox.training.accumulated import Accumulated
from mag_sandbox.training.devices import Device
from mag_sandbox.training.export import write_weights
from mag_sandbox.training.frozen import frozen
from mag_sandbox.training.loop import Loop, LoopConfig, Stage
from mag_sandbox.training.processes import ALONE, Processes
from mag_sandbox.training.recipe.clips import ClipSource, PromptSource, Show
from mag_sandbox.training.recipe.order import RecipeOrder
from mag_sandbox.training.recipe.presets import (
    PRESETS,
    Distillation,
    MemoryTraining,
    Optimisation,
    Preset,
    StudentTraining,
    TeacherTraining,
)
from mag_sandbox.training.recipe.stage_base import StudentStage, TeacherStage
from mag_sandbox.training.recipe.stage_generator import DistillationStage, Distilled
from mag_sandbox.training.recipe.stage_memory import MemoryStage
from mag_sandbox.training.recipe.trajectories import KeptTrajectories, TeacherTrajectories
from mag_sandbox.training.recipe.videos import Lanes, Tail, TeacherForced, Videos

BEFORE = {"self-forcing": "student", "memory": "self-forcing", "generator": "memory"}
TRAJECTORY_BATCHES = 1000  # kept on disk; then they come again
KINDS = {
    "base": StudentTraining,
    "self-forcing": Distillation,
    "memory": MemoryTraining,
    "generator": Distillation,
}


class RecipeError(WorldFailed, ValueError):
    """What was asked for does not fit together."""


def _whole(generator: DiT) -> DiT:
    return generator


@dataclass(frozen=True, slots=True)
class Size:
    """All that differs between pocket and full size."""

    device: Device
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
    learner: Callable[[DiT], DiT] = _whole  # what of a generator learns by distribution matching


def train(order: RecipeOrder, size: Size, processes: Processes = ALONE) -> Path:
    """Train one stage and return the file with its result.

    Raises:
        RecipeError: the preset is unknown or another stage's, or its batch cannot be shared.
        MissingWeights: the stage before is not trained yet.
    """
    order.folder.mkdir(parents=True, exist_ok=True)
    preset = preset_of(order, size)
    run = _Run(order, size, processes)
    if isinstance(preset, StudentTraining):
        return run.base(preset)
    if isinstance(preset, MemoryTraining):
        return run.memory(preset)
    return run.distillation(preset)


def preset_of(order: RecipeOrder, size: Size) -> Preset:
    """Return the numbers of an order, at its size."""
    name = order.preset or {"base": "student"}.get(order.stage, order.stage)
    if name not in PRESETS or not isinstance(PRESETS[name], KINDS[order.stage]):
        fitting = [n for n, preset in PRESETS.items() if isinstance(preset, KINDS[order.stage])]
        raise RecipeError(
            f'preset "{name}" is none of {order.stage}; available: {", ".join(fitting)}'
        )
    return _told(size.adapted(PRESETS[name]), order)


def _told(preset: Preset, order: RecipeOrder) -> Preset:
    numbers = preset.optimisation
    numbers = replace(
        numbers, steps=order.steps or numbers.steps, batch=order.batch or numbers.batch
    )
    return replace(preset, optimisation=numbers)


@dataclass(frozen=True, slots=True)
class _Run:
    """One stage of the recipe, by some processes."""

    order: RecipeOrder
    size: Size
    processes: Processes

    def base(self, preset: StudentTraining) -> Path:
        """Train the teacher, where there is none, and its student."""
        order, size = self.order, self.size
        teacher = order.folder / "teacher.safetensors" if size.teacher else size.start
        if size.teacher and not teacher.exists():
            self._teacher(_told(size.adapted(size.teacher), order))
        source = size.prompts()
        ways = TeacherTrajectories(
            self._frozen(teacher), source, preset, size.negative, size.device, order.seed
        )
        kept = KeptTrajectories(ways, source, order.folder / "trajectories", TRAJECTORY_BATCHES)
        dit = self._learner(order.init or teacher)
        stage = StudentStage(dit, kept, preset, source.tokens, size.device, order.seed, size.show)
        return self._train(stage, dit, preset.optimisation, order.preset or "student")

    def _teacher(self, preset: TeacherTraining) -> None:
        size, dit = self.size, self._learner(self.size.start)
        stage = TeacherStage(dit, size.clips(), preset, size.device, self.order.seed, size.show)
        self._train(stage, dit, preset.optimisation, "teacher")

    def memory(self, preset: MemoryTraining) -> Path:
        """Train the memory model."""
        size, order, dit = self.size, self.order, self._learner(_start(self.order))
        stage = MemoryStage(dit, size.clips(), preset, size.device, order.seed, size.show)
        return self._train(stage, dit, preset.optimisation, order.preset or "memory")

    def distillation(self, preset: Distillation) -> Path:
        """Train a generator on what it makes itself, or beside data."""
        order, size = self.order, self.size
        own_teacher = order.folder / "teacher.safetensors"
        teacher = own_teacher if size.teacher and own_teacher.exists() else size.start
        generator = size.learner(self._learner(_start(order)))
        if preset.context == "clean":
            source = size.clips()
            videos = TeacherForced(generator, source, preset, size.device, order.seed)
        else:
            source = size.prompts()
            videos = self._videos(generator, source, preset)
        batches = self._batches(preset.optimisation)
        stage = DistillationStage(
            Distilled(generator, self._learner(teacher)), self._frozen(teacher), videos, source,
            size.negative, preset, size.device, order.seed, size.show, batches,
        )  # fmt: skip
        saved = clips_to_a_whole_video(preset, batches // order.parts)
        numbers = loop_config(preset.optimisation, preset.period, saved)
        return self._finish(stage, generator, batches, numbers, order.preset or order.stage)

    def _videos(self, generator: DiT, source: PromptSource, preset: Distillation) -> Lanes:
        order, size, memory = self.order, self.size, generator
        if preset.recipe.writer == "memory model":
            memory = self._frozen(order.memory or _result(order, "memory"))
        tails = size.tails(preset.overlap) if preset.clips > 1 else None
        return Lanes(
            [
                Videos(
                    generator, memory, source, preset, size.device, order.seed, tails,
                    lane, order.parts,
                )
                for lane in range(order.parts)
            ]
        )  # fmt: skip

    def _learner(self, path: Path) -> DiT:
        return self.processes.spread(self.size.read(path))

    def _frozen(self, path: Path) -> DiT:
        return self.processes.spread(frozen(self.size.read(path)))

    def _batches(self, numbers: Optimisation) -> int:
        """Return the batches of a step, of all processes."""
        parts, count = self.order.parts, self.processes.count
        if numbers.batch % parts or parts % count:
            raise RecipeError(
                f"{numbers.batch} videos a step cannot be made in {parts} equal parts by {count} "
                "processes; choose --batch and --parts"
            )
        return self.size.accumulate(numbers.batch)

    def _train(self, stage: Stage, result: nn.Module, numbers: Optimisation, name: str) -> Path:
        return self._finish(stage, result, self._batches(numbers), loop_config(numbers), name)

    def _finish(
        self, stage: Stage, result: nn.Module, batches: int, config: LoopConfig, name: str
    ) -> Path:
        """Train a stage to its end and write the network that is its result."""
        order, processes = self.order, self.processes
        config = replace(config, save_minutes=self.size.save_minutes)
        whole = stage if batches == 1 else Accumulated(stage, batches, processes)
        Loop(whole, config, order.folder / name, processes).run()
        path = order.folder / f"{name}.safetensors"
        state = processes.whole(result.state_dict())
        with processes.in_turn():
            if not processes.rank:
                write_weights(state, path)
        return path


def clips_to_a_whole_video(preset: Distillation, clips: int) -> int:
    """Return after how many steps no video is under way: what is made then needs no memory.

    Args:
        preset: of the stage.
        clips: that a step has of each video that is being made.
    """
    return preset.clips // math.gcd(preset.clips, clips) if preset.in_turn else 1


def loop_config(numbers: Optimisation, updates_every: int = 1, save_every: int = 1) -> LoopConfig:
    """Return the loop's settings: a constant rate, no warm-up.

    Args:
        numbers: of the stage.
        updates_every: steps from one update of the averaged network to the next. The loop averages
            after every step, also where only the critic moved; the root keeps the average's memory
            the same in updates.
        save_every: steps from one moment at which nothing is under way to the next.
    """
    return LoopConfig(
        steps=numbers.steps,
        warmup=1,
        decay=0.0,
        clip=numbers.clip,
        ema=numbers.ema ** (1 / updates_every),
        save_every=save_every,
    )


def _start(order: RecipeOrder) -> Path:
    return order.init or _result(order, BEFORE[order.stage])


def _result(order: RecipeOrder, name: str) -> Path:
    path = order.folder / f"{name}.safetensors"
    if not path.exists():
        stage = "base" if name == "student" else name
        raise MissingWeights(
            f"weights not found: {path} is missing; train `{stage}` first, or name other weights"
        )
    return path
