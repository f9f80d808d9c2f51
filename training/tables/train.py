"""`python -m training tables`: the paper's tables 3 and 4 at pocket size, at equal budget.

Every row takes as many steps over as many videos, by the same seed and from the same weights, and
leaves a folder of weights that plays. `table.json` says what they are:

    schema   1
    table    3 or 4
    settings weights (hash of the world they start from), steps, base_steps (null in table 4),
             batch, seed, panoramas
    rows     [{name, weights (folder, relative), memory (fields of `MemorySetting`, what it plays
             with), steps {memory, generator}}]

`python -m evaluation tables` measures them. docs/lab/training.md says where this differs from the
paper.

Source: MAG, arXiv 2512.18741, sections 4.3 and 4.4.
"""

import copy
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.catalogue.recipes import FOUR_STEPS
from mag_sandbox.model.config import FlowConfig
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.lora import adapt, adapter, merge
from mag_sandbox.model.pocket.weights import read_config, save_pocket, weights_hash
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.pocket.paths import steady_path
from mag_sandbox.training.pocket.size import PocketClips, PocketParts, pocket_parts, size_of
from mag_sandbox.training.pocket.stage_distillation import CRITIC_RATE, RATE
from mag_sandbox.training.recipe.options import RecipeOptions
from mag_sandbox.training.recipe.presets import (
    Distillation,
    MemoryTraining,
    Preset,
    StudentTraining,
    at_pocket_size,
)
from mag_sandbox.training.recipe.train import RecipeError, Size, train
from mag_sandbox.training.tables.options import (
    COMPRESSED,
    FILE,
    TABLES,
    MethodRow,
    RateRow,
    TablesOptions,
)

logger = logging.getLogger(__name__)

RANK = 32  # of the change that every generator of table 3 learns, as the shipped one
TEACHER_STEPS = 16  # of the way that the student of table 3 learns from
FLOW = FlowConfig(FOUR_STEPS.shift, len(FOUR_STEPS.steps), len(FOUR_STEPS.steps))  # of play


def train_table(options: TablesOptions, device: TrainingDevice | None = None) -> Path:
    """Train the rows of a table that are not trained yet; return the table's folder.

    Raises:
        RecipeError: the folder holds rows of other settings.
        MissingWeights: there are no weights to start from.
    """
    folder = options.folder / f"table-{options.table}"
    folder.mkdir(parents=True, exist_ok=True)
    recipe = RecipeOptions(
        "memory", folder=folder, steps=options.steps, batch=options.batch, seed=options.seed,
        weights=options.weights, panoramas=options.panoramas, data=options.data or options.folder,
    )  # fmt: skip
    read_config(options.weights)  # its errors come before hours of drawing
    _agree(folder / FILE, _described(options))
    parts = pocket_parts(recipe, device)
    run = _RowTraining(recipe, parts, size_of(parts, recipe))
    rows = TABLES[options.table]
    if options.table == 3:
        run = run.with_base(options.base_steps)
    for number, row in enumerate(rows, start=1):
        logger.info("table %d, row %d of %d: %s", options.table, number, len(rows), row.name)
        if isinstance(row, MethodRow):
            run.method(row)
        else:
            run.rate(row)
    logger.info("%s is complete; `python -m evaluation tables` measures it", folder)
    return folder


@dataclass(frozen=True, slots=True)
class _RowTraining:
    """Trains rows, each in a folder of its own."""

    options: RecipeOptions
    parts: PocketParts
    size: Size

    def with_base(self, steps: int) -> "_RowTraining":
        """Train the teacher and its few-step student; return a run that starts from them."""
        size = replace(self.size, adapted=comparable, learner=_low_rank(self.options.seed))
        folder = self.options.folder / "base"
        student = train(replace(self.options, stage="base", folder=folder, steps=steps), size)
        size = replace(size, start=folder / "teacher.safetensors")
        return replace(self, options=replace(self.options, init=student), size=size)

    def method(self, row: MethodRow) -> None:
        """Train a row of table 3: a memory model where it has one, then the generator."""
        start, steps = self.options.init, shares(row, self.options.steps)
        options = replace(self.options, folder=self.options.folder / row.folder)
        if row.memory_model:
            start = train(replace(options, steps=steps["memory"]), self.size)
        generator = replace(
            options, stage="generator", preset=row.preset, init=start, memory=start,
            steps=steps["generator"],
        )  # fmt: skip
        learned = self.size.learner(self.parts.transformer(start))
        learned.load_state_dict(load_file(train(generator, self.size)))
        if row.memory == COMPRESSED:  # what remembers stays as it is
            self._save(row.folder, self.parts.transformer(start), learned)
        else:
            self._save(row.folder, merge(learned))

    def rate(self, row: RateRow) -> None:
        """Train a row of table 4: a memory model for blocks of another length."""
        length, options = row.block_length, self.options

        def adapted(preset: MemoryTraining) -> Preset:
            return replace(at_pocket_size(preset), block_lengths=(length,))

        size = replace(
            self.size,
            adapted=adapted,
            clips=lambda: PocketClips(self.parts, options.batch, options.seed, steady_path, length),
        )
        result = train(
            replace(options, folder=options.folder / row.folder, init=self.size.start), size
        )
        self._save(row.folder, self.parts.transformer(result), block_length=length)

    def _save(
        self, row: str, dit: DiT, generator: DiT | None = None, block_length: int | None = None
    ) -> None:
        """Write the weights folder of a row: what remembers, and the change that generates."""
        parts, networks = self.parts, copy.deepcopy(self.parts.networks)
        networks.dit.load_state_dict(dit.state_dict())
        config = replace(
            parts.config, flow=FLOW, generator_rank=RANK if generator else 0,
            block_length=block_length or parts.config.block_length,
        )  # fmt: skip
        folder = self.options.folder / row / "weights"
        change = adapter(generator) if generator else None
        save_pocket(folder, config, networks, parts.autoencoder, parts.tokenizer, change)
        logger.info("%s written", folder)


def comparable(preset: Preset) -> Preset:
    """Return a preset for table 3: as the pocket world plays, and as its generator was trained.

    Guidance is learned into the weights that rows start from, memory is written under the empty
    prompt whatever the method, and rates are those of the shipped generator.
    """
    preset = at_pocket_size(preset)
    if isinstance(preset, StudentTraining):
        return replace(preset, teacher_steps=TEACHER_STEPS, guidance=1.0)
    if isinstance(preset, Distillation):
        return replace(
            preset,
            optimisation=replace(preset.optimisation, rate=RATE, critic_rate=CRITIC_RATE),
            recipe=replace(preset.recipe, remembers_under="empty", recache=None),
            guidance=0.0,
        )
    return preset


def shares(row: MethodRow | RateRow, steps: int) -> dict[str, int]:
    """Return how many of a row's steps train its memory model and its generator."""
    if isinstance(row, RateRow):
        return {"memory": steps, "generator": 0}
    memory = steps // 2 if row.memory_model else 0
    return {"memory": memory, "generator": steps - memory}


def _low_rank(seed: int) -> Callable[[DiT], DiT]:
    def learner(dit: DiT) -> DiT:
        torch.manual_seed(seed)  # the same first factors for every row
        return adapt(dit, RANK).to(next(dit.parameters()).device)

    return learner


def _described(options: TablesOptions) -> dict:
    return {
        "schema": 1,
        "table": options.table,
        "settings": {
            "weights": weights_hash(options.weights),
            "steps": options.steps,
            "base_steps": options.base_steps if options.table == 3 else None,
            "batch": options.batch,
            "seed": options.seed,
            "panoramas": options.panoramas,
        },
        "rows": [
            {
                "name": row.name,
                "weights": f"{row.folder}/weights",
                "memory": asdict(row.memory if isinstance(row, MethodRow) else COMPRESSED),
                "steps": shares(row, options.steps),
            }
            for row in TABLES[options.table]
        ],
    }


def _agree(path: Path, wanted: dict) -> None:
    """Write what is trained here, or refuse to mix it with something else."""
    if not path.exists():
        replace_file(path, json.dumps(wanted, indent=1) + "\n")
        return
    kept = json.loads(path.read_text(encoding="utf-8"))
    for name, value in wanted["settings"].items():
        if kept["settings"].get(name) != value:
            raise RecipeError(
                f"{path.parent} holds rows trained with {name} {kept['settings'].get(name)}, "
                f"these options say {value}; rows must be equal, so name another --folder"
            )
