"""The memory bench of `python -m evaluation pocket --out DIR`: policies by modes by scenes.

Records are JSON lines, see `evaluation.magbench`; here bench is "pocket", row {world, memory,
mode}, and the scores also hold pose_psnr_db, pose_ssim, floor_db, ceiling_db, recall_percent,
drift_db (the last 15% less the first), compression and memory_mib; recall_points are (seconds away,
recall) of each frame. A clip whose picture does not move as commanded is refused.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.clips import HeldOutScene, held_out_scene
from evaluation.continuation import MODES, Mode
from evaluation.magbench import PICTURES, Matching, write_pair
from evaluation.magbench_table import BenchClip, write_table
from evaluation.memory_clips import (
    CLIPS,
    ShownWorld,
    equal_blocks,
    measure_return,
    play_return,
    true_blocks,
)
from evaluation.pocket import EQUAL_WINDOW, POLICIES
from evaluation.progress import ProgressBar
from evaluation.store import ClipStore
from evaluation.videos import write_video
from model.world import MemorySetting, World, WorldFailed, WorldSpec

GROUP = 4  # scenes, one a category, that a policy plays before the next policy does
Open = Callable[[MemorySetting], World]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class MemoryBenchSettings:
    """What is measured."""

    world: str = "pocket"
    memory: tuple[str, ...] = ("mag-retrieve", "mag", "window", EQUAL_WINDOW)
    modes: tuple[Mode, ...] = MODES
    clips: int = CLIPS
    seed: int = 0
    minutes: float | None = None  # after which no clip is begun; None: no limit

    def __post_init__(self) -> None:
        if not 1 <= self.clips <= CLIPS:
            raise ValueError(f"clips is {self.clips}, expected 1 to {CLIPS}")
        if self.minutes is not None and not self.minutes > 0:
            raise ValueError(f"minutes is {self.minutes}, expected more than 0")
        unknown = [name for name in self.memory if name not in POLICIES]
        if unknown:
            known = ", ".join(POLICIES)
            raise ValueError(f'memory policy "{unknown[0]}" not found; available: {known}')
        if not self.memory or self.memory[0] == EQUAL_WINDOW:
            raise ValueError(f"name a policy to test before {EQUAL_WINDOW}")


class MemoryBench:
    """One program's part of a bench that others may share.

    MemoryBench(settings, open_world, ClipStore(folder, {...}), Matching()).run()
    """

    def __init__(
        self,
        settings: MemoryBenchSettings,
        open_world: Open,
        store: ClipStore,
        matching: Matching,
        clock: Clock = time.monotonic,
    ) -> None:
        self._settings, self._open, self._store = settings, open_world, store
        self._matching, self._clock = matching, clock
        total = settings.clips * len(settings.memory) * len(settings.modes)
        self._bar = ProgressBar(total)
        limit = settings.minutes
        self._end = None if limit is None else clock() + 60 * limit

    def run(self) -> None:
        """Measure what nobody has measured, until all is done or time is up."""
        settings = self._settings
        with tempfile.TemporaryDirectory() as folder:
            for first in range(0, settings.clips, GROUP):
                if self._late():
                    break
                indices = range(first, min(first + GROUP, settings.clips))
                scenes = [held_out_scene(i, settings.seed, Path(folder)) for i in indices]
                for policy in settings.memory:
                    self._play(policy, indices, scenes)
        self._bar.close()

    def _late(self) -> bool:
        return self._end is not None and self._clock() >= self._end

    def _play(self, policy: str, indices: range, scenes: Sequence[HeldOutScene]) -> None:
        """Play a policy's clips of some scenes; a world is opened when one is to be measured."""
        world: ShownWorld | None = None
        opened: MemorySetting | None = None
        try:
            for index, scene in zip(indices, scenes, strict=True):
                for mode in self._settings.modes:
                    if self._late():
                        return
                    setting = self._setting(policy, index, mode)
                    with self._store.claim(clip_key(index, policy, mode)) as mine:
                        if not mine or setting is None:
                            self._bar.skip()
                            continue
                        if world is None or setting != opened:
                            _close(world)
                            world, opened = shown(self._open(setting)), setting
                        self._measure(world, scene, index, policy, mode)
        finally:
            _close(world)

    def _setting(self, policy: str, index: int, mode: Mode) -> MemorySetting | None:
        """Return a policy's setting; None if it waits for the clip of another one."""
        if policy == "window":
            return MemorySetting(policy="window", window_blocks=2, sink_frames=0)
        if policy != EQUAL_WINDOW:
            return MemorySetting(policy=policy)
        tested = self._store.records().get(clip_key(index, self._settings.memory[0], mode))
        if tested is None or tested["equal_blocks"] is None:
            return None
        blocks = tested["equal_blocks"]
        return MemorySetting(policy="window", window_blocks=blocks, sink_frames=0)

    def _measure(
        self, world: ShownWorld, scene: HeldOutScene, index: int, policy: str, mode: Mode
    ) -> None:
        began = self._clock()
        made = play_return(world, scene, mode)
        record, pair, worst = measure_return(made, world, self._matching)
        key = clip_key(index, policy, mode)
        picture = f"{PICTURES}/{key}.png"
        write_pair(self._store.folder / picture, pair.predicted[worst], pair.truth[worst])
        self._store.add(key, {
            "bench": "pocket",
            "row": {"world": self._settings.world, "memory": policy, "mode": mode},
            "clip": f"{scene.panorama.category} {index}",
            "category": scene.panorama.category,
            **record,
            "picture": picture,
            "equal_blocks": equal_blocks(made.usage, world.spec),
            "seconds": round(self._clock() - began, 3),
        })  # fmt: skip
        said = record["refused"] or f"{record['scores']['pose_psnr_db']:.1f} dB"
        self._bar.done(f"{scene.panorama.category} {index}, {policy}, {mode}: {said}")


def clip_key(index: int, policy: str, mode: Mode) -> str:
    """Return the name of a clip's record."""
    return f"{index:03d}-{policy}-{mode}"


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


def write_official(folder: Path, clips: int, seed: int, spec: WorldSpec) -> list[BenchClip]:
    """Write the bench's clips as the official evaluation reads them: videos and a table.

    They have the world's own size and rate, and are exactly what the world is shown.
    """
    written = []
    with tempfile.TemporaryDirectory() as views:
        for index in range(clips):
            scene = held_out_scene(index, seed, Path(views))
            frames = np.concatenate([block.frames for block in true_blocks(scene, spec)])
            kind = scene.panorama.category.replace(" ", "_")
            name = f"{kind}/{index:03d}.mp4"
            write_video(folder / "videos" / name, frames, spec.fps)
            written.append(BenchClip(name, scene.caption, len(frames) / spec.fps))
    write_table(folder / "table.csv", written)
    return written


def _close(world: World | None) -> None:
    if world is not None:
        world.close()
