"""Measures the game on this machine: paced and unpaced play, flatness, start-up, memory growth.

The numbers are plain JSON data.
"""

import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, cast

import psutil
import pygame

from mag_sandbox.command_line import Say
from mag_sandbox.controls.camera import WALKING, CameraCommand, CameraPose, command_towards
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.world import MIB, Control, FrameBlock, Progress, World, WorldFailed
from mag_sandbox.sandbox import app
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.game import PlayerGame
from mag_sandbox.sandbox.keyed_screens import PLAYER_BINDINGS
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver
from mag_sandbox.sandbox.play.pacing import percentile
from mag_sandbox.sandbox.play.parked_scene import ParkedScene, write_state
from mag_sandbox.sandbox.play.scripts import survey, walk_on, wander
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.recording.frame_writer import frames_beside
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.scenes import Scene

SHORT_STATE_SECONDS = 30.0  # of play, the state that the full memory is compared with
ALTERNATED_BLOCKS = 40  # of each state
RECORDED_ROUNDS = 6  # with and without recording
RECORDED_BLOCKS = 30  # of each
REPORT_BLOCKS = 100  # between two lines while memory is filled
HURRIED_FPS = 1000.0  # more than any world here makes
WALKED_BLOCKS = 2000  # more than are made in that time
SETTLING_S = 10.0  # of a place before it is walked in: what lies around the start is painted
SIDE = 1024  # of the matrices that tell how fast a core is
LOOK_FIRST_S = 3.0  # before the first key: the wait for the views at the sides is `first_move_s`
STARTS = 3  # of which the median counts: the first may compile Python and graphs
UNTIL_TITLE = """
import os, pygame
from mag_sandbox.__main__ import main
pygame.display.flip = lambda: os._exit(0)
main()
"""  # runs the game until something is shown
SETTLED = 1 / 3  # share of a run after which the process should not grow any more


class PlayMeter(SessionObserver):
    """A session observer that notes stage times, latencies and the size of the process."""

    def __init__(self) -> None:
        self.block_latency_ms: list[float] = []  # controls sampled -> frames ready
        self._stages: dict[str, list[float]] = {}
        self._resident: list[int] = []  # bytes, one a block

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Note one block; the first, given to `on_start`, is start-up."""
        self.block_latency_ms.append(event.latency_ms)
        self._resident.append(resident_bytes())
        for stage, ms in event.stage_ms.items():
            self._stages.setdefault(stage, []).append(ms)

    def stage_ms(self) -> dict[str, float]:
        """Return the median of each stage over the blocks that had it."""
        return {stage: round(median(values), 3) for stage, values in self._stages.items()}

    def rss_growth_mb(self) -> float:
        """Return how much the process grew since it had settled [MiB]."""
        settled = self._resident[int(len(self._resident) * SETTLED) :]
        if not settled:
            return 0.0
        return round((settled[-1] - settled[0]) / MIB, 2)


class KeyPresser:
    """A player for measurements: posts arrow keys to the window at uneven times.

    with KeyPresser():
        app.run(...)
    """

    def __init__(self) -> None:
        self._random = random.Random(0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._press, name="key presser", daemon=True)

    def __enter__(self) -> "KeyPresser":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _press(self) -> None:
        self._stop.wait(LOOK_FIRST_S)
        while not self._stop.wait(self._random.uniform(0.25, 0.9)):
            key = self._random.choice((pygame.K_LEFT, pygame.K_RIGHT))
            if not pygame.display.get_init():
                continue
            _post(pygame.KEYDOWN, key)
            self._stop.wait(self._random.uniform(0.1, 0.8))
            _post(pygame.KEYUP, key)


def _post(kind: int, key: int) -> None:
    try:
        pygame.event.post(pygame.Event(kind, key=key, mod=0, unicode=""))
    except pygame.error:  # the window has just been closed
        return


def core_gflops(seconds: float = 0.3) -> float:
    """Return how fast one core multiplies matrices of 1024 x 1024 in fp32, right now.

    On a shared machine this varies from minute to minute, and all other times with it: figures
    of two runs compare only where this one is alike.
    """
    import torch  # the world has imported it anyway

    matrix = torch.ones(SIDE, SIDE)
    threads, times = torch.get_num_threads(), []
    torch.set_num_threads(1)
    latest = time.perf_counter() + seconds
    while time.perf_counter() < latest:
        begun = time.perf_counter()
        torch.mm(matrix, matrix)
        times.append(time.perf_counter() - begun)
    torch.set_num_threads(threads)
    return round(2e-9 * SIDE**3 / median(times), 1)


def resident_bytes() -> int:
    """Return the resident memory of this process."""
    return int(psutil.Process().memory_info().rss)


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """The plan of a measurement."""

    choice: WorldChoice
    scene: Scene
    scene_option: str  # as given on the command line, for the fresh process
    seed: int
    settings: SandboxConfig
    seconds: float = 30.0  # of paced play
    prefill_seconds: float = 100.0  # of turning about, which fills the memory


def run(plan: BenchPlan, say: Say) -> dict[str, Any]:
    """Measure everything and return plain JSON data."""
    say("1/4 start-up in a fresh process")
    speeds = {"start": core_gflops()}
    start = time_start(plan)
    say(f"2/4 paced play, {plan.seconds:.0f} s with window and recording")
    speeds["paced"] = core_gflops()
    paced = measure_paced(plan)
    say(f"3/4 unpaced blocks, recording, then {SHORT_STATE_SECONDS:.0f} s of memory")
    short = plan.choice.load()
    speeds["unpaced"] = core_gflops()
    unpaced = measure_unpaced(short, plan)
    speeds["window"] = core_gflops()
    begun = Playthrough(plan.scene, plan.seed)
    unpaced["fps_in_window"] = fps_in_window(
        plan, begun, wander(100_000, plan.seed), is_hurried=True
    )
    unpaced |= measure_walks(short, plan)
    short_s = min(SHORT_STATE_SECONDS, plan.prefill_seconds)
    path = wander(max(1, round(short_s / short.spec.block_seconds)), plan.seed)
    recording = compare_recording(short, prefill(short, plan.scene, plan.seed, path).park(), path)
    say(f"4/4 {plan.prefill_seconds:.0f} s of memory, then blocks of both states in turn")
    # as the other, since a probe of a busy machine may choose otherwise the second time
    alike = replace(plan.choice, execution=short.provenance().get("execution"))
    full = alike.load()
    prefill(full, plan.scene, plan.seed, survey(full.spec, plan.prefill_seconds), say)
    for world in (short, full):
        turn_home(world)
    flatness = compare_block_times(short, full, ALTERNATED_BLOCKS)
    facts = _facts(plan, full)
    short.close()
    full.close()
    overhead_ms = paced["window_ms"] + unpaced["session_ms"]
    return {
        **paced,
        **unpaced,
        **recording,
        **flatness,
        "overhead_ms": round(overhead_ms, 3),  # processor time a picture, outside the model
        **start,
        "core_gflops": speeds,  # fp32, when these parts began
        **facts,
    }


def time_start(plan: BenchPlan) -> dict[str, Any]:
    """Start `play` in fresh processes, and return medians.

    Returns:
        title_s: seconds until the title is shown.
        first_frame_s: seconds until the first block of a scene.
        first_move_s: seconds until the next one, in which the camera moves.
    """
    title = [_time_title() for _ in range(STARTS)]
    first, moved = zip(*(_time_scene(plan) for _ in range(STARTS)), strict=True)
    times = {"title_s": title, "first_frame_s": first, "first_move_s": moved}
    return {name: round(median(values), 3) for name, values in times.items()}


def _time_title() -> float:
    began = time.monotonic()
    dummies = dict.fromkeys(("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"), "dummy")
    command = [sys.executable, "-c", UNTIL_TITLE, "play"]
    subprocess.run(command, stdout=subprocess.DEVNULL, env=_player_environment() | dummies)
    return time.monotonic() - began


def _player_environment() -> dict[str, str]:
    """Return this process's environment with Python's bytecode cache enabled."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def _time_scene(plan: BenchPlan) -> tuple[float, float]:
    """Return the seconds until the first and the second block."""
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "session"
        command = [sys.executable, "-m", "mag_sandbox", "play", "--headless", "--seconds", "1"]
        command += ["--world", plan.choice.name, "--scene", plan.scene_option]
        command += ["--memory", plan.choice.memory.policy, "--record", str(recording)]
        command += ["--seed", str(plan.seed)]
        command += ["--precision", plan.choice.precision]
        command += [] if plan.choice.look_ahead else ["--no-look-ahead"]
        began = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, env=_player_environment())
        if done.returncode != 0:
            raise WorldFailed("the world cannot be played, so nothing was measured; see above")
        recorded = load_recording(recording)
        first, second = recorded.blocks[:2]
        first_frame_s = recorded.start.monotonic - began
        return first_frame_s, first_frame_s + second.t - first.t


def measure_paced(plan: BenchPlan) -> dict[str, Any]:
    """Play the whole game with everything shown, keys pressed and a recording written."""
    meter = PlayMeter()
    with tempfile.TemporaryDirectory() as folder, KeyPresser():
        data = Path(folder) / "data"
        game = PlayerGame(plan.choice, plan.settings, data, PLAYER_BINDINGS, notify=app.wake)
        recorder = Recorder(Path(folder) / "session", memory=plan.choice.memory)
        playthrough = Playthrough(plan.scene, plan.seed)
        summary = app.play(game, playthrough, [recorder, meter], plan.seconds)
    if summary.error is not None:
        raise WorldFailed(summary.error)
    return {
        "fps": round(summary.fps, 2),
        "frames": summary.frames,
        "draws": summary.draws,
        "latency_ms": _percentiles(summary.latencies_ms),
        "key_to_photon_ms": _percentiles(summary.photons_ms),  # with late warp, if it is on
        "glass_ms": _percentiles(summary.glass_ms),  # between pictures, while the camera moves
        "late_warp": plan.settings.late_warp,
        "block_latency_ms": _percentiles(meter.block_latency_ms),
        "interval_ms": {
            "p50": round(summary.pacing.interval_p50_ms, 2),
            "p95": round(summary.pacing.interval_p95_ms, 2),
            "max": round(summary.pacing.interval_max_ms, 2),
        },
        "late_share": round(summary.pacing.late_frames / max(1, summary.blocks), 4),  # of blocks
        "window_ms": round(summary.overhead_ms, 3),  # processor time; the next two are wall time
        "draw_ms": round(summary.draw_ms, 3),
        "hud_ms": round(summary.hud_ms, 3),  # of draw_ms
        "flip_ms": round(summary.flip_ms, 3),
        "stage_ms": meter.stage_ms(),
        "rss_growth_mb": meter.rss_growth_mb(),
        "video_driver": os.environ.get("SDL_VIDEODRIVER", "default"),
    }


def measure_unpaced(world: World, plan: BenchPlan) -> dict[str, Any]:
    """Make blocks as fast as the world can, recorded, for a third of the paced time."""
    meter = PlayMeter()
    with tempfile.TemporaryDirectory() as folder:
        observers = [Recorder(Path(folder) / "session"), meter]
        session = Session(world, ScriptSource(wander(100_000, plan.seed)), observers)
        session.start(plan.scene, plan.seed)
        frames, block_ms = 0, list[float]()
        began = time.perf_counter()
        while (elapsed := time.perf_counter() - began) < plan.seconds / 3 or not block_ms:
            asked = time.perf_counter()
            step = session.advance()
            assert step is not None  # the script is longer than any bench
            block_ms.append((time.perf_counter() - asked) * 1000)
            frames += len(step.block.frames)
        session.end("measured")
    outside_world_ms = sum(block_ms) - sum(meter.block_latency_ms)
    return {
        "fps_unpaced": round(frames / elapsed, 2),
        "block_ms": _percentiles(block_ms),
        "session_ms": round(outside_world_ms / frames, 3),
    }


class _UnpacedWorld:
    """A world whose frames are due at once, so that a window shows each as soon as it is made."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.spec = replace(world.spec, fps=HURRIED_FPS, optional=())  # all work is measured

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def waits(self) -> tuple[str, ...]:
        """Return nothing: every view is waited for, since its time is measured."""
        return ()


def measure_walks(world: World, plan: BenchPlan) -> dict[str, float]:
    """Walk and run over new ground, from a place that was looked at for `SETTLING_S` seconds.

    Returns:
        fps_walking, fps_walking_unpaced, fps_running: frames a second.
    """
    rest = [CameraCommand()] * round(SETTLING_S / world.spec.block_seconds)
    left = prefill(world, plan.scene, plan.seed, rest).park()
    paces = {"fps_walking": WALKING, "fps_walking_unpaced": WALKING, "fps_running": 1.0}
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        write_state(state, left)
        for name, pace in paces.items():
            path = [one.along(world.spec.axes) for one in walk_on(WALKED_BLOCKS, pace)]
            left_there = Playthrough(left.scene, left.seed, lambda: left, str(state))
            is_hurried = name.endswith("unpaced")
            measured[name] = fps_in_window(plan, left_there, path, is_hurried=is_hurried)
    return measured


def fps_in_window(
    plan: BenchPlan, playthrough: Playthrough, path: Sequence[CameraCommand], *, is_hurried: bool
) -> float:
    """Go on with a playthrough along a path with everything shown, for a third of the paced time.

    Hurried, the world is as fast as it can; frames are drawn, but there is no time to enlarge them.
    """

    def load(progress: Progress) -> World:
        world = plan.choice.load(progress)
        return cast(World, _UnpacedWorld(world)) if is_hurried else world

    summary = app.run(load, playthrough, plan.settings, (), ScriptSource(path), plan.seconds / 3)
    if summary.error is not None:
        raise WorldFailed(summary.error)
    return round(summary.fps, 2)


def compare_recording(
    world: World, left: ParkedScene, path: Sequence[CameraCommand]
) -> dict[str, Any]:
    """Go the end of a path back with and without recording in turn, over ground that is known.

    Frames still to be written count too.

    Returns:
        recording_fps_ratio: frames a second with recording over those without, median of rounds.
        recording_fps: both, of all rounds.
    """
    without, recording = list[float](), list[float]()
    ways = [(False, without), (True, recording)]
    back = [CameraCommand(-one.yaw, -one.pitch) for one in reversed(path[-RECORDED_BLOCKS:])]
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        write_state(state, left)
        known = Playthrough(left.scene, left.seed, lambda: left, str(state))
        for number in range(RECORDED_ROUNDS + 1):
            for is_recorded, times in ways[:: 1 if number % 2 else -1]:
                times.append(_time_stretch(world, known, back, is_recorded=is_recorded))
    del without[0], recording[0]  # the first warms caches
    ratios = [a / b for a, b in zip(without, recording, strict=True)]
    frames = RECORDED_ROUNDS * (len(back) - 1) * world.spec.block_length
    return {
        "recording_fps_ratio": round(median(ratios), 4),
        "recording_fps": {
            "with": round(frames / sum(recording), 2),
            "without": round(frames / sum(without), 2),
        },
    }


def _time_stretch(
    world: World, known: Playthrough, back: Sequence[CameraCommand], *, is_recorded: bool
) -> float:
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder) / "session")
        observers = [recorder, frames_beside(recorder)] if is_recorded else []
        session = Session(world, ScriptSource(back), observers)
        session.begin(known)
        begun = time.perf_counter()
        while session.advance() is not None:
            pass
        session.end("measured")
        return time.perf_counter() - begun


def prefill(
    world: World,
    scene: Scene,
    seed: int,
    path: Sequence[CameraCommand],
    say: Say = lambda text: None,
) -> Session:
    """Bring a world into the state after a path, by really playing it."""
    session = Session(world, ScriptSource(path))
    session.start(scene, seed)
    while (step := session.advance()) is not None:
        if step.block.block_index % REPORT_BLOCKS == 0:
            say(f"    block {step.block.block_index} of {len(path)}")
    session.end("filled")
    return session


def turn_home(world: World) -> None:
    """Look at the first view: the view matters more for a block's time than the rest of memory."""
    spec = world.spec
    command: CameraCommand | None = CameraCommand()
    while command is not None:
        (*_, pose) = world.step(Control(camera=command)).poses
        command = command_towards(pose, CameraPose(), spec.full_speed, spec.fps, spec.block_length)


def compare_block_times(short: World, full: World, blocks: int) -> dict[str, Any]:
    """Time blocks of two states in turn, so that other load on the machine affects both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(blocks + 1):
        command = CameraCommand(yaw=1.0 if number % 16 < 8 else -1.0)
        for world, into in zip((short, full), times, strict=True):
            while world.prepare():  # looking ahead is idle-time work
                pass
            asked = time.perf_counter()
            world.step(Control(camera=command))
            into.append((time.perf_counter() - asked) * 1000)
    short_ms, full_ms = (median(values[1:]) for values in times)  # the first warms caches
    return {
        "block_time_ratio": round(full_ms / short_ms, 4),
        "block_ms_short": round(short_ms, 2),
        "block_ms_full": round(full_ms, 2),
    }


def _facts(plan: BenchPlan, full: World) -> dict[str, Any]:
    usage = full.step(Control()).memory
    return {
        "memory_bytes": usage.bytes,
        "full_history_bytes": usage.full_history_bytes,
        "memory_frames": usage.kept_frames,
        "attended_frames": usage.attended_frames,
        "short_state_s": min(SHORT_STATE_SECONDS, plan.prefill_seconds),
        "full_state_s": plan.prefill_seconds,
        "paced_s": plan.seconds,
        "world": plan.choice.name,
        "memory_policy": plan.choice.memory.policy,
        "look_ahead": plan.choice.look_ahead,
        "scene": plan.scene.name,
        "seed": plan.seed,
        "provenance": full.provenance(),
        "machine": {
            "cpus": os.cpu_count(),
            "load_average": [round(load, 2) for load in os.getloadavg()],
            "platform": platform.platform(),
            "processor": platform.machine(),
            "python": platform.python_version(),
        },
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _percentiles(values: Sequence[float]) -> dict[str, Any]:
    if not values:
        return {"p50": None, "p95": None, "count": 0}
    return {
        "p50": round(percentile(values, 0.5), 2),
        "p95": round(percentile(values, 0.95), 2),
        "count": len(values),
    }
