"""Toy runs for one process or several: what `test_processes.py` starts, kills and goes on with.

Importing takes longer than all that is done, so processes are forks of the tests' own.
"""

import json
import os
import signal
import socket
import traceback
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

from torch import Tensor

from mag_sandbox.training.__main__ import main
from mag_sandbox.training.devices import freeze
from mag_sandbox.training.loop import Loop, LoopConfig
from mag_sandbox.training.memorypack.train import train as train_packs
from mag_sandbox.training.optimisers import GeneratorAndCritic
from mag_sandbox.training.options import MemoryPackOptions
from mag_sandbox.training.processes import Processes
from mag_sandbox.training.recipe.presets import GENERATOR, MEMORY
from mag_sandbox.training.recipe.stages import ClipDistillationStage, MemoryStage
from mag_sandbox.training.recipe.train import clips_to_a_whole_video
from mag_sandbox.training.recipe.videos import Lanes, SelfRollout, Videos, last_frames
from tests.unit.training.recipe.toy_recipe import CPU, ToySource, show_nothing, toy_dit, toy_sized
from tests.unit.training.recipe.toy_videos import toy_size

PARTS, BATCHES = 2, 4
CONFIG = toy_sized(GENERATOR, clip_frames=6, clips=3, critic_steps=1)
STEPS, KILLED_IN = 5, 4  # states are whole after every third step
SAVED = clips_to_a_whole_video(CONFIG, BATCHES // PARTS)
PANORAMAS = 8
Job = Callable[[Path], None]


def sharded() -> ModuleType:
    """Import what takes long, which is not done while tests are collected."""
    from mag_sandbox.training import sharded

    return sharded


class Killed(ClipDistillationStage):
    """The process dies at the end of a step, as by `kill -9`."""

    def loss(self, batch: int) -> Tensor:
        loss = super().loss(batch)
        if batch // BATCHES == KILLED_IN:
            os.kill(os.getpid(), signal.SIGKILL)
        return loss


class OneBad(MemoryStage):
    """One batch of step 1 is bad: that of the last process."""

    def loss(self, batch: int) -> Tensor:
        return super().loss(batch) * (float("nan") if batch == 3 else 1.0)


def distillation(folder: Path, processes: Processes, kind=ClipDistillationStage) -> Loop:
    """Return MAG's generator stage: two networks learn, two are frozen, memory is carried."""
    generator, critic = (processes.shard(toy_dit(seed)) for seed in (1, 4))
    teacher, memory = (processes.shard(freeze(toy_dit(seed))) for seed in (3, 2))
    source = ToySource(batch=1)
    videos = Lanes(
        [
            Videos(
                generator, memory, source, CONFIG, CPU, 0, lambda: last_frames(CONFIG.overlap),
                lane, PARTS,
            )
            for lane in range(PARTS)
        ]
    )  # fmt: skip
    stage = kind(
        GeneratorAndCritic(generator, critic), source, CONFIG, CPU, 0, show_nothing,
        teacher=teacher, videos=videos, negative="bad", batches=BATCHES,
    )  # fmt: skip
    config = LoopConfig(STEPS, warmup=1, decay=0.0, save_minutes=0.0, save_every=SAVED)
    return Loop(stage, config, folder, processes)


def memory(folder: Path, processes: Processes, kind=MemoryStage, steps: int = 3) -> Loop:
    """Return the memory stage."""
    dit, config = processes.shard(toy_dit(5)), toy_sized(MEMORY, frames=6)
    stage = kind(dit, ToySource(batch=1), config, CPU, 0, show_nothing, batches=2)
    numbers = LoopConfig(steps, warmup=1, decay=0.0)
    return Loop(stage, numbers, folder, processes)


def command(folder: Path, *more: str) -> int:
    """Train at pocket size as from the command line."""
    return main(
        [
            "self-forcing", "--folder", str(folder), "--weights", str(folder / "world"),
            "--init", str(folder / "world.safetensors"), "--panoramas", str(PANORAMAS),
            "--batch", "2", "--steps", "2", *more,
        ]
    )  # fmt: skip


def packs(folder: Path, processes: Processes) -> None:
    """Train both phases of MemoryPack, two videos a step."""
    for phase in ("teacher", "direct"):
        options = MemoryPackOptions(phase, folder=folder, steps=2, batch=2)
        train_packs(options, toy_size(), processes)


def no_room(*arguments, **named) -> None:
    """Fail as a full disk does."""
    raise OSError(28, "No space left on device")


def be_killed(folder: Path) -> None:
    """Die in the middle of a step."""
    with sharded().process_group() as processes:
        distillation(folder / "distillation", processes, Killed).run()


def do_the_rest(folder: Path) -> None:
    """Go on with what was killed, then everything else that two processes can show."""
    exits: list[int] = []
    clip = SelfRollout.clip

    def noting(rollout: SelfRollout, noise: Tensor, text, exit_step: int, renoise) -> Tensor:
        exits.append(exit_step)
        return clip(rollout, noise, text, exit_step, renoise)

    with sharded().process_group() as processes:
        with patch.object(SelfRollout, "clip", noting):
            distillation(folder / "distillation", processes).run()
        packs(folder / "packs", processes)
        bad = memory(folder / "bad", processes, OneBad)
        bad.run()
        weights = processes.full_state(bad.stage.module.state_dict())
        report = {
            "rank": processes.rank,
            "exits": exits,
            "bad_steps": bad.bad_steps,
            "finite": all(bool(value.isfinite().all()) for value in weights.values()),
            "sum": sum(float(value.double().sum()) for value in weights.values()),
            "share": sum(p.to_local().numel() for p in bad.stage.module.parameters()),
            "all": sum(p.numel() for p in bad.stage.module.parameters()),
        }
        full = patch.object(sharded().HuggingFaceStorageWriter, "write_data", no_room)
        with full if processes.rank == 1 else nullcontext():
            try:
                bad.save()
            except OSError as error:
                report["full"] = str(error)
    (folder / f"{report['rank']}.json").write_text(json.dumps(report))


def do_the_command(folder: Path) -> None:
    """Train as from the command line."""
    if command(folder / "pocket"):
        raise SystemExit("the command failed")


def started(folder: Path, count: int, *jobs: Job) -> list[int]:
    """Start processes that do jobs one after the other, each as `torchrun` starts one."""
    ports = [_free_port() for _ in jobs]
    return [
        forked(lambda rank=rank: _launch(folder, rank, count, zip(jobs, ports, strict=True)))
        for rank in range(count)
    ]


def _launch(folder: Path, rank: int, count: int, jobs: Iterable[tuple[Job, int]]) -> None:
    for job, port in jobs:
        told = {"WORLD_SIZE": count, "RANK": rank, "LOCAL_RANK": rank, "MASTER_PORT": port}
        os.environ |= {"MASTER_ADDR": "127.0.0.1", **{name: str(n) for name, n in told.items()}}
        job(folder)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def forked(job: Callable[[], None]) -> int:
    """Do something in a fork; returns its id."""
    process = os.fork()
    if process:
        return process
    try:
        job()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def ended(processes: list[int], expected: int) -> None:
    """Wait for processes; when one ends otherwise than expected, the others are ended, too."""
    left = set(processes)
    while left:
        process, status = os.wait()
        left.discard(process)
        if os.waitstatus_to_exitcode(status) != expected:
            for other in left:
                os.kill(other, signal.SIGKILL)
            raise SystemExit(f"a process ended with {os.waitstatus_to_exitcode(status)}")


def run_all(folder: Path) -> None:
    """Kill one process and two, let two do the rest, and two run a command."""
    two = folder / "two"
    ended([*started(two, 2, be_killed), *started(folder / "one", 1, be_killed)], -signal.SIGKILL)
    left = two / "distillation" / "generator.shards" / "00000099.partial"
    left.mkdir()  # as of a process that was killed while it was saving
    ended(started(two, 2, do_the_rest, do_the_command), 0)
