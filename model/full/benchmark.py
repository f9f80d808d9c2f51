"""How fast full-size worlds run here, with random weights: nothing needs to be downloaded.

Speed does not depend on the values of weights. Imports torch only when called.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from statistics import median
from typing import TYPE_CHECKING, Any

from mag_sandbox.model.catalogue.memory_plan import (
    FEWEST_SLOTS,
    INSTEAD,
    Device,
    MemoryPlan,
    asked_cards,
    find_device,
    find_video,
    plan_for,
    predict,
    spread,
    wanted_plan,
)
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.catalogue.worlds import VIDEO, WORLDS, VideoShape, WorldRow
from mag_sandbox.model.config import FULL, DiTConfig
from mag_sandbox.model.world import Control, FrameBlock, WorldFailed

if TYPE_CHECKING:
    from mag_sandbox.model.full.random_world import MeasuredWorld

ROUNDS = 5  # blocks of each kind, after one that warms up
STATES = ("empty", "full")  # of memory
CLIP_BLOCKS = 7  # of the papers' protocol: a video of 81 frames, 5 s
EARLY_S, LATE_S = 30.0, 600.0  # of play, between which blocks are to take equally long
Say = Callable[[str], None]


def random_weights(name: str, say: Say) -> dict[str, Any]:
    """Return how fast a world of the table runs here, at its full size.

    On a processor that is the time of a single block, as a proof that all of it runs.

    Raises:
        WorldFailed: it is no full-size stream, or there is no device for it.
    """
    row = WORLDS[name]
    if row.kind == "clip" or row.bundled:
        raise WorldFailed(f'"{name}" is not a full-size stream; give --world mag')
    device = find_device()
    if device is None:
        raise WorldFailed(f'"{name}" needs an NVIDIA card, and there is none; {INSTEAD}')
    if device.kind == "cpu":
        return one_block(row, device, say, FULL, find_video())
    return measure(row, device, say, FULL, find_video())


def measure(
    row: WorldRow,
    device: Device,
    say: Say,
    config: DiTConfig = FULL,
    video: VideoShape = VIDEO,
    wanted: MemoryPlan | None = None,
) -> dict[str, Any]:
    """Return frames a second of the transformer alone and of whole blocks.

    Memory is laid out as wanted, less if the device has no room.

    Returns:
        dit_fps: denoising and remembering, with memory `empty` and `full`.
        fps: of whole blocks with decoding and poses, likewise.
        clip_fps: of a video of 5 s from its first block on, as papers measure.
        late_over_early: time of a block after 10 minutes over that after 30 seconds, memory full;
            None where rollouts end before.
        stage_ms: medians of what a block's parts take, likewise.
        peak_bytes, predicted_bytes: on the device; the prediction has a text encoder in it, unless
            the plan says otherwise, and the peak does not; None on a processor.
    """
    from mag_sandbox.model.full.random_world import random_world

    wanted = wanted or spread(row, wanted_plan(row, devices=device.count), asked_cards())
    plan = plan_for(row, device, wanted, tiny_decoder=True)
    say(f"random weights: {plan.words()}")
    world = random_world(row, device.kind, plan, config, video)
    say(f"run by {_way(world)}")
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
    return numbers


def _way(world: "MeasuredWorld") -> str:
    ran = world.provenance()["execution"]
    layers = "layers compiled" if ran["compiled"] else "layers not compiled"
    return f"{ran['dtype']}, {ran['attention']} attention, {layers}"


def one_block(
    row: WorldRow, device: Device, say: Say, config: DiTConfig, video: VideoShape
) -> dict[str, Any]:
    """Return the seconds that the first block of a world takes, from noise to frames on the host.

    That is every denoising step, the pass that remembers, and the tiny decoder, in bf16 and with
    little memory, so that it fits beside other programs.
    """
    import torch

    from mag_sandbox.model.full.random_world import PLACE, random_world

    if row.packs:
        row = replace(row, packs=replace(row.packs, steps=1))  # as few as prove it
    tokens = BLOCK_LENGTH * video.tokens(config)
    slots = FEWEST_SLOTS if row.recipe else 0
    plan = MemoryPlan(slots, text_encoder="cpu", decoder="tiny", devices=device.count)
    say(f"random weights on the {device.name}: {plan.words()}")
    world = random_world(row, device.kind, plan, config, video, torch.bfloat16)
    say(f"one block of {tokens} tokens; at full size this takes minutes")
    blocks: list[FrameBlock] = []

    def make() -> None:
        blocks.append(world.step(Control()) if row.packs else world.reset(PLACE, seed=0))

    if row.packs:  # whose first block is a picture
        world.reset(PLACE, seed=0)
    seconds = _clocked(make)
    numbers = {
        "world": row.name,
        "device": device.name,
        "plan": asdict(plan),
        "tokens": tokens,
        "passes": row.passes,
        "frames": len(blocks[0].frames),
        "block_seconds": round(seconds, 3),
        "stage_ms": {name: round(spent, 1) for name, spent in blocks[0].stage_ms.items()},
        "provenance": world.provenance(),
    }
    world.close()
    return numbers


def _speeds(world: "MeasuredWorld", say: Say) -> dict[str, Any]:
    frames = world.spec.block_length
    numbers: dict[str, Any] = {"dit_fps": {}, "fps": {}, "stage_ms": {}}
    for state in STATES:
        say(f"the transformer with {state} memory, then whole blocks")
        full = state == "full"
        dit_seconds = [_transformer(world, full) for _ in range(ROUNDS + 1)][1:]
        blocks = [_block(world, full) for _ in range(ROUNDS + 1)][1:]
        stages = [stage_ms for _, stage_ms in blocks]
        names = dict.fromkeys(name for stage_ms in stages for name in stage_ms)
        numbers["dit_fps"][state] = round(frames / median(dit_seconds), 3)
        numbers["fps"][state] = round(frames / median(seconds for seconds, _ in blocks), 3)
        numbers["stage_ms"][state] = {
            name: round(median(stage_ms.get(name, 0.0) for stage_ms in stages), 3) for name in names
        }
    say("a video of 5 s, then blocks after 30 seconds and after 10 minutes")
    numbers["clip_fps"] = round(median([_clip_fps(world) for _ in range(ROUNDS + 1)][1:]), 3)
    numbers["late_over_early"] = _late_over_early(world)
    return numbers


def _clip_fps(world: "MeasuredWorld") -> float:
    from mag_sandbox.model.full.random_world import PLACE

    blocks: list[FrameBlock] = []

    def play() -> None:
        blocks.append(world.reset(PLACE, seed=0))
        blocks.extend(world.step(Control()) for _ in range(CLIP_BLOCKS - 1))

    seconds = _clocked(play)
    return sum(len(block.frames) for block in blocks) / seconds


def _late_over_early(world: "MeasuredWorld") -> float | None:
    if world.ends:
        return None
    early, late = (
        median([_block(world, full=True, played=played)[0] for _ in range(ROUNDS + 1)][1:])
        for played in (EARLY_S, LATE_S)
    )
    return round(late / early, 3)


def _transformer(world: "MeasuredWorld", full: bool) -> float:
    world.begin_measuring(full=full)
    return _clocked(world.make_latents)


def _block(
    world: "MeasuredWorld", full: bool, played: float = 0.0
) -> tuple[float, dict[str, float]]:
    world.begin_measuring(full=full, played=played)
    blocks: list[FrameBlock] = []
    seconds = _clocked(lambda: blocks.append(world.step(Control())))
    return seconds, blocks[0].stage_ms


def _clocked(work: Callable[[], object]) -> float:
    import torch

    def wait() -> float:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter()

    started = wait()
    work()
    return wait() - started


def _peak(device: Device) -> int | None:
    import torch

    return torch.cuda.max_memory_allocated() if device.kind == "cuda" else None
