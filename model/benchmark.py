"""How fast full-size worlds run here, with random weights: nothing needs to be downloaded.

Speed does not depend on what weights say. Imports torch only when called.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from statistics import median

from model.config import FULL, DiTConfig
from model.memory_prediction import MemoryPlan, predict, wanted_plan
from model.preflight import INSTEAD, Device, find_device, find_video, plan_for
from model.world import WorldFailed
from model.worlds import VIDEO, WORLDS, VideoShape, WorldRow

ROUNDS = 5  # blocks of each kind, besides one that warms up
Say = Callable[[str], None]


def random_weights(name: str, say: Say) -> dict:
    """Return how fast a world of the table runs here, at its full size.

    Raises:
        WorldFailed: it is no full-size stream, or there is no device for it.
    """
    row = WORLDS[name]
    if row.kind == "clip" or row.bundled:
        raise WorldFailed(f'"{name}" is no full-size stream; give --world mag')
    device = find_device()
    if device is None:
        raise WorldFailed(f'"{name}" needs an NVIDIA card, and there is none; {INSTEAD}')
    return measure(row, device, say, FULL, find_video())


def measure(
    row: WorldRow,
    device: Device,
    say: Say,
    config: DiTConfig = FULL,
    video: VideoShape = VIDEO,
    wanted: MemoryPlan | None = None,
) -> dict:
    """Return frames a second of the transformer alone and of whole blocks.

    Args:
        row: the world.
        device: where.
        say: told what is being done.
        config: of the transformer.
        video: size of the frames.
        wanted: layout of memory, less if the device has no room; None: what the row was made for.

    Returns:
        dit_fps: denoising and remembering, with memory `empty` and `full`.
        fps: of whole blocks with decoding and poses, likewise.
        peak_bytes, predicted_bytes: on the device; the prediction has a text encoder in it, unless
            the plan says otherwise, and the peak does not; None on a processor.
    """
    from model.full.random_world import random_world

    plan = plan_for(row, device, wanted or wanted_plan(row), tiny_decoder=True)
    say(f"random weights: {plan.words()}")
    world = random_world(row, device.kind, plan, config, video)
    frames = world.spec.block_length
    numbers: dict = {"dit_fps": {}, "fps": {}}
    for state in ("empty", "full"):
        say(f"the transformer with {state} memory, then whole blocks")
        dit_seconds = _median(lambda s=state: _transformer(world, s == "full"))
        seconds = _median(lambda s=state: _block(world, s == "full"))
        numbers["dit_fps"][state] = round(frames / dit_seconds, 3)
        numbers["fps"][state] = round(frames / seconds, 3)
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
    return numbers


def _median(timed: Callable[[], float]) -> float:
    return median([timed() for _ in range(ROUNDS + 1)][1:])


def _transformer(world, full: bool) -> float:
    """Return the seconds that denoising and remembering one block take."""
    world.begin_measuring(full=full)
    return _clocked(world.make_latents)


def _block(world, full: bool) -> float:
    """Return the seconds that one whole block takes."""
    from controls.camera import CameraCommand
    from model.world import Control

    world.begin_measuring(full=full)
    return _clocked(lambda: world.step(Control(CameraCommand())))


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
