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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from tqdm import tqdm

from mag_sandbox.evaluation.bench.adherence import ask_scene
from mag_sandbox.evaluation.bench.asides import measure_rest, play_rest
from mag_sandbox.evaluation.bench.clips import KINDS, MAX_AWAY, HeldOutScene, Kind, held_out_scene
from mag_sandbox.evaluation.bench.memory_clips import (
    CLIPS,
    ShownWorld,
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
from mag_sandbox.evaluation.magbench.evaluate import PICTURES, Matching, write_pair
from mag_sandbox.evaluation.results.store import ClipStore, clip_record
from mag_sandbox.model.world import MemorySetting, MemoryUsage, World, WorldFailed

MAX_PROMPTS, MAX_SEED = 2000, 10_000
GROUP = 4  # scenes, one a category, that a policy plays before the next policy does
BenchMode = Mode | Kind | Literal["rest"]
REST: BenchMode = "rest"  # of worlds that move
BENCH_MODES: tuple[BenchMode, ...] = (*MODES, *KINDS, REST)
Open = Callable[[MemorySetting], World]
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

    def __post_init__(self) -> None:
        total = self.settings.clips * len(self.settings.memory) * len(self.settings.modes)
        self._bar = tqdm(total=total + self.settings.prompts, unit="clip")
        limit = self.settings.minutes
        self._end = None if limit is None else self.clock() + 60 * limit

    def run(self) -> None:
        """Measure what nobody has measured, until all is done or time is up."""
        settings = self.settings
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for first in range(0, settings.clips, GROUP):
                if self._late():
                    break
                indices = range(first, min(first + GROUP, settings.clips))
                scenes = [
                    held_out_scene(at, settings.seed, folder, moves=settings.moves)
                    for at in indices
                ]
                for policy in settings.memory:
                    self._play(policy, indices, scenes)
            self._ask(folder)
        self._bar.close()

    def left(self) -> int:
        """Return how many clips and prompts nobody has measured."""
        settings = self.settings
        keys = {
            clip_key(index, policy, mode)
            for index in range(settings.clips)
            for policy in settings.memory
            for mode in settings.modes
        }
        keys |= {prompt_key(number) for number in range(settings.prompts)}
        return len(keys - self.store.records().keys())

    def _late(self) -> bool:
        return self._end is not None and self.clock() >= self._end

    def _play(self, policy: str, indices: range, scenes: Sequence[HeldOutScene]) -> None:
        """Play a policy's clips of some scenes; a world is opened when one is to be measured."""
        world: ShownWorld | None = None
        opened: MemorySetting | None = None
        try:
            for index, scene in zip(indices, scenes, strict=True):
                for mode in self.settings.modes:
                    if self._late():
                        return
                    setting = self._setting(policy, index, mode)
                    with self.store.claim(clip_key(index, policy, mode)) as mine:
                        self._bar.update()
                        if not mine or setting is None:
                            continue
                        if world is None or setting != opened:
                            _close(world)
                            world, opened = self.open_world(setting), setting
                            if not set(self.settings.modes) <= {*KINDS, REST}:
                                world = shown(world)
                        self._measure(world, scene, index, policy, mode)
        finally:
            _close(world)

    def _ask(self, folder: Path) -> None:
        """Ask for scenes by caption alone, with the first policy; nothing is there to remember."""
        world: World | None = None
        row = {"world": self.settings.world, "asked": "by caption alone"}
        try:
            for number in range(self.settings.prompts):
                key = prompt_key(number)
                with self.store.claim(key) as mine:
                    self._bar.update()
                    if not mine or self._late():
                        continue
                    began = self.clock()
                    world = world or self.open_world(MemorySetting(policy=self.settings.memory[0]))
                    seed = self.settings.seed
                    answers = ask_scene(world, self.classifier, number, seed, folder)
                    right = {name: float(one.right) for name, one in answers.items()}
                    renders = {name: float(one.on_render) for name, one in answers.items()}
                    spent = self.clock() - began
                    record = clip_record("prompts", row, key, right, spent, renders=renders)
                    self.store.add(key, record)
        finally:
            _close(world)

    def _setting(self, policy: str, index: int, mode: BenchMode) -> MemorySetting | None:
        """Return a policy's setting; None if it waits for the clip of another one."""
        if policy != EQUAL_WINDOW:
            return setting_of(policy)
        tested = self.store.records().get(clip_key(index, self.settings.memory[0], mode))
        if tested is None or tested["equal_blocks"] is None:
            return None
        return setting_of(policy, tested["equal_blocks"])

    def _measure(
        self, world: ShownWorld, scene: HeldOutScene, index: int, policy: str, mode: BenchMode
    ) -> None:
        began = self.clock()
        key = clip_key(index, policy, mode)
        sheets = self.settings.sheets
        sheet = sheets and sheets / f"{mode}-{index}-{policy}.png"
        record, pair, worst, usage = self._measured(world, scene, mode, sheet)
        picture = f"{PICTURES}/{key}.png"
        write_pair(self.store.folder / picture, pair.predicted[worst], pair.truth[worst])
        category = scene.panorama.category
        clip, blocks = f"{category} {index}", equal_blocks(usage, world.spec)
        self.store.add(key, clip_record(
            "pocket", self._row(policy, mode), clip, seconds=self.clock() - began,
            category=category, picture=picture, equal_blocks=blocks, **record,
        ))  # fmt: skip

    def _row(self, policy: str, mode: BenchMode) -> dict:
        away = self.settings.away_seconds
        row = {"world": self.settings.world, "memory": policy, "mode": mode}
        return row | ({"away": f"{away:g} s away"} if away else {})

    def _measured(
        self, world: ShownWorld, scene: HeldOutScene, mode: BenchMode, sheet: Path | None
    ) -> tuple[dict, Continuation, int, MemoryUsage]:
        if mode in KINDS:
            away = self.settings.away_seconds
            return measure_invented(world, scene, mode, self.matching, away, sheet)
        if mode == REST:
            return _rested(world, scene)
        made = play_return(world, scene, mode)
        return *measure_return(made, world, self.matching), made.clip.usage


def _rested(world: World, scene: HeldOutScene) -> tuple[dict, Continuation, int, MemoryUsage]:
    made = play_rest(world, scene)
    frames = made.clip.frames[made.first :]
    apart = [np.square(a.astype(float) - b).mean() for a, b in zip(frames, made.truth, strict=True)]
    pair = Continuation(as_pictures(frames), as_pictures(made.truth))
    scores = measure_rest(made, scene, world.spec)
    record = {"distance": "none", "refused": None, "scores": scores}
    return record, pair, int(np.argmax(apart)), made.clip.usage


def clip_key(index: int, policy: str, mode: BenchMode) -> str:
    """Return the name of a clip's record."""
    return f"{index:03d}-{policy}-{mode}"


def prompt_key(number: int) -> str:
    """Return the name of the record of a caption."""
    return f"prompt-{number:04d}"


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


def _close(world: World | None) -> None:
    if world is not None:
        world.close()
