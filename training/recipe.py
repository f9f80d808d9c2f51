"""`python -m training base|self-forcing|memory|generator`: MAG's recipe at either size.

Each stage starts from the one before it and leaves `<stage>.safetensors` in the run's folder, with
the averaged weights under the official names; other presets leave a file of their own name.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from safetensors.torch import save_file
from torch import nn

from model.dit import DiT
from model.world import MissingWeights, WorldFailed
from scenes.replacing import replacing
from training.accumulated import Accumulated
from training.clips import ClipSource, PromptSource, Show
from training.devices import Device
from training.loop import Loop, LoopConfig, Stage
from training.presets import (
    PRESETS,
    Distillation,
    MemoryTraining,
    Optimisation,
    Preset,
    StudentTraining,
    TeacherTraining,
)
from training.recipe_order import RecipeOrder
from training.stage_base import StudentStage, TeacherStage
from training.stage_generator import DistillationStage, Distilled
from training.stage_memory import MemoryStage
from training.trajectories import KeptTrajectories, TeacherTrajectories
from training.videos import Tail, TeacherForced, Videos

logger = logging.getLogger(__name__)

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


def train(order: RecipeOrder, size: Size) -> Path:
    """Train one stage and return the file with its result.

    Raises:
        RecipeError: the preset is unknown or another stage's.
        MissingWeights: the stage before is not trained yet.
    """
    order.folder.mkdir(parents=True, exist_ok=True)
    preset = preset_of(order, size)
    if isinstance(preset, StudentTraining):
        return _train_base(order, size, preset)
    if isinstance(preset, MemoryTraining):
        dit = size.read(_start(order))
        stage = MemoryStage(dit, size.clips(), preset, size.device, order.seed, size.show)
        return _run(order, size, stage, dit, preset.optimisation, order.preset or "memory")
    return _distil(order, size, preset)


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


def _train_base(order: RecipeOrder, size: Size, preset: StudentTraining) -> Path:
    teacher = order.folder / "teacher.safetensors" if size.teacher else size.start
    if size.teacher and not teacher.exists():
        config, dit = _told(size.adapted(size.teacher), order), size.read(size.start)
        stage = TeacherStage(dit, size.clips(), config, size.device, order.seed, size.show)
        _run(order, size, stage, dit, config.optimisation, "teacher")
    frozen, source = size.read(teacher).requires_grad_(False), size.prompts()
    ways = TeacherTrajectories(frozen, source, preset, size.negative, size.device, order.seed)
    kept = KeptTrajectories(ways, source, order.folder / "trajectories", TRAJECTORY_BATCHES)
    dit = size.read(order.init or teacher)
    stage = StudentStage(dit, kept, preset, source.tokens, size.device, order.seed, size.show)
    return _run(order, size, stage, dit, preset.optimisation, order.preset or "student")


def _distil(order: RecipeOrder, size: Size, preset: Distillation) -> Path:
    device, seed = size.device, order.seed
    own_teacher = order.folder / "teacher.safetensors"
    teacher = own_teacher if size.teacher and own_teacher.exists() else size.start
    generator = size.read(_start(order))
    accumulate = size.accumulate(preset.optimisation.batch)
    if preset.context == "clean":
        source = size.clips()
        videos = TeacherForced(generator, source, preset, device, seed)
    else:
        source = size.prompts()
        memory = generator
        if preset.recipe.writer == "memory model":
            memory = size.read(order.memory or _result(order, "memory")).requires_grad_(False)
        tails = size.tails(preset.overlap) if preset.clips > 1 else None
        videos = Videos(generator, memory, source, preset, device, seed, tails)
    stage = DistillationStage(
        Distilled(generator, size.read(teacher)), size.read(teacher), videos, source,
        size.negative, preset, device, seed, size.show, accumulate,
    )  # fmt: skip
    name = order.preset or order.stage
    return _run(order, size, stage, generator, preset.optimisation, name, preset.period)


def _run(
    order: RecipeOrder,
    size: Size,
    stage: Stage,
    result: nn.Module,
    numbers: Optimisation,
    name: str,
    updates_every: int = 1,
) -> Path:
    """Train a stage to its end and write the network that is its result."""
    accumulate = size.accumulate(numbers.batch)
    whole = stage if accumulate == 1 else Accumulated(stage, accumulate)
    config = replace(loop_config(numbers, updates_every), save_minutes=size.save_minutes)
    Loop(whole, config, order.folder / name).run()
    path = order.folder / f"{name}.safetensors"
    state = {name: value.detach().cpu().contiguous() for name, value in result.state_dict().items()}
    with replacing(path) as part:
        save_file(state, part)
    logger.info("%s written", path)
    return path


def loop_config(numbers: Optimisation, updates_every: int = 1) -> LoopConfig:
    """Return the loop's settings: a constant rate, no warm-up.

    Args:
        numbers: of the stage.
        updates_every: steps from one update of the averaged network to the next. The loop averages
            after every step, also where only the critic moved; the root keeps the average's memory
            the same in updates.
    """
    return LoopConfig(
        steps=numbers.steps,
        warmup=1,
        decay=0.0,
        clip=numbers.clip,
        ema=numbers.ema ** (1 / updates_every),
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
