"""The memory bench of `python -m evaluation pocket --out DIR`: policies by modes by scenes.

Records are JSON lines, see `evaluation.magbench.evaluate`; here bench is "pocket", row {world,
memory, mode, and away where the camera stays away}; scores also hold pose_psnr_db, pose_ssim,
floor_db, ceiling_db, recall_percent, drift_db (the last 15% less the first), compression,
memory_mib and block_ms; recall_points are (seconds away, recall) of each frame, motion the errors
of its shift against the command, errors_px, and the share that is unmeasurable. A clip whose
picture does not move as commanded is refused. Modes are those of `memory_clips`; what `image` and
`prompt` invent is judged by `evaluation.imagination`. Of worlds that move the truth is that of the
same time; where still parts are known, recall, floor, ceiling and drift rest on them, and the
scores also hold still_psnr_db and, beside a truth, moving_psnr_db and motion_gain_db (see
`part_scores`); mode `rest` is `resting`, and has seam_ratio. Records of bench "prompts" have a
score 0 or 1 for everything that a caption names, and the same of the renderer as `renders`.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from mag_sandbox.evaluation.bench.adherence import ask_scene
from mag_sandbox.evaluation.bench.asides import measure_rest, play_rest
from mag_sandbox.evaluation.bench.clips import (
    KINDS,
    MAX_AWAY,
    Clip,
    HeldOutScene,
    Kind,
    held_out_scene,
)
from mag_sandbox.evaluation.bench.memory_clips import (
    CLIPS,
    ShownWorld,
    clip_sheet,
    equal_blocks,
    measure_invented,
    measure_return,
    play_return,
)
from mag_sandbox.evaluation.bench.packs import (
    DEFAULT_POLICIES,
    EQUAL_WINDOW,
    check_policies,
    setting_of,
)
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.magbench.continuation import MODES, Continuation, Mode, as_pictures
from mag_sandbox.evaluation.magbench.evaluate import PICTURES, Matching, pair_sheet
from mag_sandbox.evaluation.results.store import ClipStore, clip_record
from mag_sandbox.evaluation.results.sweep import Found, sweep
from mag_sandbox.model.world import MemorySetting, World, WorldFailed
from mag_sandbox.workers.work import Here, Workplace

MAX_PROMPTS, MAX_SEED = 2000, 10_000
GROUP = 4  # scenes, one a category, that a policy plays before the next policy does
BenchMode = Mode | Kind | Literal["rest"]
REST: BenchMode = "rest"  # of worlds that move
BENCH_MODES: tuple[BenchMode, ...] = (*MODES, *KINDS, REST)
Open = Callable[[MemorySetting], World]  # pickled, where others do the work
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class MemoryBenchSettings:
    """What is measured."""

    world: str = "pocket"
    memory: tuple[str, ...] = DEFAULT_POLICIES  # the first is the tested one
    modes: tuple[BenchMode, ...] = (*MODES, *KINDS)
    clips: int = CLIPS
    prompts: int = 0  # pictures invented for the test of prompts
    seed: int = 0
    away_seconds: float = 0.0  # looked elsewhere before the way back, where clips are invented
    minutes: float | None = None  # after which no clip is begun; None: no limit
    moves: bool = False  # whether scenes change with time; as the world's spec says
    sheets: Path | None = None  # folder for pictures of invented clips to look at

    def __post_init__(self) -> None:
        if not 1 <= self.clips <= CLIPS:
            raise ValueError(f"clips is {self.clips}, expected 1 to {CLIPS}")
        if not 0 <= self.prompts <= MAX_PROMPTS:
            raise ValueError(f"prompts is {self.prompts}, expected 0 to {MAX_PROMPTS}")
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed is {self.seed}, expected 0 to {MAX_SEED}")
        if self.minutes is not None and not self.minutes > 0:
            raise ValueError(f"minutes is {self.minutes}, expected more than 0")
        if not 0 <= self.away_seconds <= MAX_AWAY:
            raise ValueError(f"away is {self.away_seconds:g} s, expected 0 to {MAX_AWAY:g}")
        given = [mode for mode in self.modes if mode not in KINDS]
        if self.away_seconds and given:
            raise ValueError(
                f"mode {given[0]} never stays away; with --away name --mode {' '.join(KINDS)}"
            )
        check_policies(self.memory)
        for names in (self.memory, self.modes):
            if len(set(names)) < len(names):
                raise ValueError(f"{', '.join(names)}: one is named twice; name each once")


@dataclass(frozen=True, slots=True)
class ClipTask:
    """A clip of one policy in one mode."""

    index: int  # of the scene
    policy: str
    mode: BenchMode
    setting: MemorySetting | None = None  # None: not known yet

    @property
    def key(self) -> str:
        """Name of its record."""
        return f"{self.index:03d}-{self.policy}-{self.mode}"


@dataclass(frozen=True, slots=True)
class CaptionTask:
    """A caption, and how much of it the first picture shows."""

    number: int

    @property
    def key(self) -> str:
        """Name of its record."""
        return f"prompt-{self.number:04d}"


BenchTask = ClipTask | CaptionTask


@dataclass(eq=False)
class MemoryBench:
    """One program's part of a bench that others may share.

    store = ClipStore(folder, {...})
    MemoryBench(settings, open_world, store, Matching(), Classifier.load()).run()
    """

    settings: MemoryBenchSettings
    open_world: Open
    store: ClipStore
    matching: Matching
    classifier: Classifier
    clock: Clock = time.monotonic
    workplace: Workplace = field(default_factory=Here)

    def run(self) -> None:
        """Measure what nobody has measured, until all is done or time is up."""
        limit = self.settings.minutes
        end = None if limit is None else self.clock() + 60 * limit
        job = MemoryJob(self.settings, self.open_world, self.matching, self.classifier)
        with self.workplace.workers(job) as results:
            sweep(
                self.plan(),
                self.store,
                results,
                ready=self._ready,
                late=lambda: end is not None and self.clock() >= end,
            )

    def plan(self) -> list[BenchTask]:
        """Return all tasks; what is compared with each other comes close together."""
        settings, tasks = self.settings, []
        for first in range(0, settings.clips, GROUP):
            for policy in settings.memory:
                for index in range(first, min(first + GROUP, settings.clips)):
                    tasks += [ClipTask(index, policy, mode) for mode in settings.modes]
        return [*tasks, *map(CaptionTask, range(settings.prompts))]

    def left(self) -> int:
        """Return how many clips and prompts nobody has measured."""
        return len({task.key for task in self.plan()} - self.store.records().keys())

    def _ready(self, task: BenchTask) -> BenchTask | None:
        """Return a task with its setting; None if it waits for the clip of another policy."""
        if isinstance(task, CaptionTask):
            return task
        if task.policy != EQUAL_WINDOW:
            return replace(task, setting=setting_of(task.policy))
        tested = self.store.records().get(replace(task, policy=self.settings.memory[0]).key)
        if tested is None or tested["equal_blocks"] is None:
            return None
        return replace(task, setting=setting_of(task.policy, tested["equal_blocks"]))


@dataclass(frozen=True, slots=True, eq=False)
class MemoryJob:
    """What workers of the bench do; see `mag_sandbox.workers.work.Job`."""

    settings: MemoryBenchSettings
    open_world: Open
    matching: Matching
    classifier: Classifier

    @contextmanager
    def ready(self) -> Iterator[Callable[[BenchTask], Found]]:
        """Give what measures; a world is opened for the first clip, and for another setting."""
        with tempfile.TemporaryDirectory() as folder, closing(_Bench(self, Path(folder))) as bench:
            yield bench.found


class _Bench:
    """Where one worker measures: a world, and the scenes that it met last."""

    def __init__(self, job: MemoryJob, folder: Path) -> None:
        self._job, self._folder, self._settings = job, folder, job.settings
        self._world: World | None = None
        self._setting: MemorySetting | None = None
        self._scene = lru_cache(GROUP)(self._drawn)

    def close(self) -> None:
        """Close the world."""
        if self._world is not None:
            self._world.close()
            self._world = None

    def found(self, task: BenchTask) -> Found:
        """Measure a clip or ask for a caption."""
        began = time.monotonic()
        if isinstance(task, CaptionTask):
            return self._asked(task, began)
        world, scene = self._opened(task.setting), self._scene(task.index)
        record, pair, worst, clip = self._measured(world, scene, task.mode)
        pair_name = f"{PICTURES}/{task.key}.png"
        pictures = {pair_name: pair_sheet(pair.predicted[worst], pair.truth[worst])}
        if self._settings.sheets is not None and task.mode in KINDS:
            sheet = self._settings.sheets / f"{task.mode}-{task.index}-{task.policy}.png"
            pictures[str(sheet)] = clip_sheet(clip, scene)
        category = scene.panorama.category
        return Found(clip_record(
            "pocket", self._row(task), f"{category} {task.index}",
            seconds=time.monotonic() - began, category=category, picture=pair_name,
            equal_blocks=equal_blocks(clip.usage, world.spec), **record,
        ), pictures)  # fmt: skip

    def _asked(self, task: CaptionTask, began: float) -> Found:
        """Ask for a scene by caption alone, with the first policy; nothing is there to remember."""
        settings = self._settings
        world = self._opened(setting_of(settings.memory[0]))
        answers = ask_scene(world, self._job.classifier, task.number, settings.seed, self._folder)
        right = {name: float(one.right) for name, one in answers.items()}
        renders = {name: float(one.on_render) for name, one in answers.items()}
        row = {"world": settings.world, "asked": "by caption alone"}
        spent = time.monotonic() - began
        return Found(clip_record("prompts", row, task.key, right, spent, renders=renders))

    def _opened(self, setting: MemorySetting) -> World:
        if self._world is None or setting != self._setting:
            self.close()
            self._world, self._setting = self._job.open_world(setting), setting
        return self._world

    def _drawn(self, index: int) -> HeldOutScene:
        settings = self._settings
        return held_out_scene(index, settings.seed, self._folder, moves=settings.moves)

    def _row(self, task: ClipTask) -> dict:
        away = self._settings.away_seconds
        row = {"world": self._settings.world, "memory": task.policy, "mode": task.mode}
        return row | ({"away": f"{away:g} s away"} if away else {})

    def _measured(
        self, world: World, scene: HeldOutScene, mode: BenchMode
    ) -> tuple[dict, Continuation, int, Clip]:
        if mode in KINDS:
            away = self._settings.away_seconds
            return measure_invented(world, scene, mode, self._job.matching, away)
        if mode == REST:
            return _rested(world, scene)
        made = play_return(shown(world), scene, mode)
        return *measure_return(made, world, self._job.matching), made.clip


def _rested(world: World, scene: HeldOutScene) -> tuple[dict, Continuation, int, Clip]:
    made = play_rest(world, scene)
    frames = made.clip.frames[made.first :]
    apart = [np.square(a.astype(float) - b).mean() for a, b in zip(frames, made.truth, strict=True)]
    pair = Continuation(as_pictures(frames), as_pictures(made.truth))
    scores = measure_rest(made, scene, world.spec)
    record = {"distance": "none", "refused": None, "scores": scores}
    return record, pair, int(np.argmax(apart)), made.clip


def shown(world: World) -> ShownWorld:
    """Return a world that can be shown a history.

    Raises:
        WorldFailed: it cannot, or its poses are estimates.
    """
    if not hasattr(world, "show") or not world.spec.exact_pose:
        name = world.spec.name
        world.close()
        raise WorldFailed(
            f'world "{name}" cannot be shown a clip with exact poses; measure it with `magbench`'
        )
    return world
