"""How fast full-size worlds run here, with random weights: nothing needs to be downloaded.

Speed does not depend on what weights say. Imports torch only when called.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING

from model.config import FULL, DiTConfig
from model.memory_prediction import MemoryPlan, predict, wanted_plan
from model.preflight import INSTEAD, Device, find_device, find_video, plan_for
from model.world import WorldFailed
from model.worlds import BLOCK_LENGTH, VIDEO, WORLDS, VideoShape, WorldRow

if TYPE_CHECKING:
    from model.full.random_world import MeasuredWorld

ROUNDS = 5  # blocks of each kind, besides one that warms up
STATES = ("empty", "full")  # of memory
Say = Callable[[str], None]


def random_weights(name: str, say: Say, *, reference: bool = False) -> dict:
    """Return how fast a world of the table runs here, at its full size.

    On a processor that is one pass of the transformer over one block, as a proof that it runs.

    Args:
        name: of the world.
        say: told what is being done.
        reference: whether the plain path is measured beside it.

    Raises:
        WorldFailed: it is no full-size stream, or there is no device for it.
    """
    row = WORLDS[name]
    if row.kind == "clip" or row.bundled:
        raise WorldFailed(f'"{name}" is no full-size stream; give --world mag')
    device = find_device()
    if device is None:
        raise WorldFailed(f'"{name}" needs an NVIDIA card, and there is none; {INSTEAD}')
    if device.kind == "cpu":
        return one_pass(row, device, say, FULL, find_video())
    return measure(row, device, say, FULL, find_video(), reference=reference)


def measure(
    row: WorldRow,
    device: Device,
    say: Say,
    config: DiTConfig = FULL,
    video: VideoShape = VIDEO,
    wanted: MemoryPlan | None = None,
    *,
    reference: bool = False,
) -> dict:
    """Return frames a second of the transformer alone and of whole blocks.

    Args:
        row: the world.
        device: where.
        say: told what is being done.
        config: of the transformer.
        video: size of the frames.
        wanted: layout of memory, less if the device has no room; None: what the row was made for.
        reference: whether the plain path is measured beside it: keys and values concatenated in
            every layer of every pass, attention by PyTorch's own choice.

    Returns:
        dit_fps: denoising and remembering, with memory `empty` and `full`.
        fps: of whole blocks with decoding and poses, likewise.
        stage_ms: medians of what a block's parts take, likewise.
        peak_bytes, predicted_bytes: on the device; the prediction has a text encoder in it, unless
            the plan says otherwise, and the peak does not; None on a processor.
        reference: dit_fps, fps and stage_ms of the plain path, and `times_as_fast`: ours over it.
    """
    from model.full.random_world import FAST, PLAIN, random_world

    plan = plan_for(row, device, wanted or wanted_plan(row), tiny_decoder=True)
    say(f"random weights: {plan.words()}")
    world = random_world(row, device.kind, plan, config, video, FAST)
    numbers = _speeds(world, say)
    peak = _peak(device)
    numbers |= {
        "memory_frames": plan.slots,
        "peak_bytes": peak,
        "predicted_bytes": predict(row, plan, config).total if peak else None,
        "world": row.name,
        "plan": asdict(plan),
        "device": device.name,
        "provenance": world.provenance(),
    }
    world.close()
    if reference:
        say("the same again by the plain path")
        plain = random_world(row, device.kind, plan, config, video, PLAIN)
        speeds = _speeds(plain, say)
        plain.close()
        numbers["reference"] = {**speeds, "times_as_fast": _ratios(numbers, speeds)}
    return numbers


def one_pass(row: WorldRow, device: Device, say: Say, config: DiTConfig, video: VideoShape) -> dict:
    """Return the seconds that one pass of the transformer over one block takes, memory empty."""
    import torch

    from model.full.random_world import bare_pass

    tokens = BLOCK_LENGTH * video.latent_height * video.latent_width // config.patch**2
    say(f"random weights: one pass over {tokens} tokens on the {device.name}")
    run = bare_pass(config, video)
    latents: list = []
    seconds = _clocked(lambda: latents.append(run()))
    return {
        "world": row.name,
        "device": device.name,
        "threads": torch.get_num_threads(),
        "dtype": str(latents[0].dtype).removeprefix("torch."),
        "tokens": tokens,
        "pass_seconds": round(seconds, 3),
        "finite": bool(torch.isfinite(latents[0]).all()),
    }


def _speeds(world: "MeasuredWorld", say: Say) -> dict:
    """Return frames a second and the times of the stages."""
    frames = world.spec.block_length
    numbers: dict = {"dit_fps": {}, "fps": {}, "stage_ms": {}}
    for state in STATES:
        say(f"the transformer with {state} memory, then whole blocks")
        full = state == "full"
        dit_seconds = [_transformer(world, full) for _ in range(ROUNDS + 1)][1:]
        blocks = [_block(world, full) for _ in range(ROUNDS + 1)][1:]
        stages = [stage_ms for _, stage_ms in blocks]
        numbers["dit_fps"][state] = round(frames / median(dit_seconds), 3)
        numbers["fps"][state] = round(frames / median(seconds for seconds, _ in blocks), 3)
        numbers["stage_ms"][state] = {
            name: round(median(stage_ms[name] for stage_ms in stages), 3) for name in stages[0]
        }
    return numbers


def _ratios(ours: dict, plain: dict) -> dict[str, dict[str, float]]:
    return {
        part: {state: round(ours[part][state] / plain[part][state], 3) for state in STATES}
        for part in ("dit_fps", "fps")
    }


def _transformer(world: "MeasuredWorld", full: bool) -> float:
    """Return the seconds that denoising and remembering one block take."""
    world.begin_measuring(full=full)
    return _clocked(world.make_latents)


def _block(world: "MeasuredWorld", full: bool) -> tuple[float, dict[str, float]]:
    """Return the seconds that one whole block takes, and the milliseconds of its stages."""
    from controls.camera import CameraCommand
    from model.world import Control

    world.begin_measuring(full=full)
    blocks = []
    seconds = _clocked(lambda: blocks.append(world.step(Control(CameraCommand()))))
    return seconds, blocks[0].stage_ms


def _clocked(work: Callable[[], object]) -> float:
    import torch

    wait = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
    wait()
    started = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - started


def _peak(device: Device) -> int | None:
    import torch

    return torch.cuda.max_memory_allocated() if device.kind == "cuda" else None
