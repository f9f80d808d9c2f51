"""Whether a full-size world can start here: device, weights and memory, before anything is loaded.

torch is imported only to ask for devices.
"""

import logging
import os
from dataclasses import dataclass, replace

import psutil

from mag_sandbox.model.catalogue.memory_prediction import (
    GIB,
    MemoryPlan,
    Prediction,
    first_that_fits,
    predict,
    proposals,
    spread,
    wanted_plan,
)
from mag_sandbox.model.catalogue.weight_files import WorldFiles, require
from mag_sandbox.model.catalogue.worlds import VIDEO, WORLDS, VideoShape, WorldRow
from mag_sandbox.model.launch import device_index, process_count
from mag_sandbox.model.world import MemorySetting, WorldFailed
from mag_sandbox.program import PROGRAM

DEVICE_VARIABLE = "MAG_SANDBOX_DEVICE"  # "cpu": run there, however slow; meant for small weights
CARDS_VARIABLE = "MAG_SANDBOX_CARDS"  # cards that a world is laid out over, needed or not
SIZE_VARIABLE = "MAG_SANDBOX_FRAME_SIZE"  # "64x48" px; also meant for small weights
INSTEAD = f"play the pocket world instead (`{PROGRAM} play`)"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Device:
    """Where networks run."""

    kind: str  # as torch names it: "cuda", "cpu"
    name: str
    free_bytes: int | None  # None: not limited by us
    count: int = 1  # of them, a process for each, as `torchrun` starts them
    others: tuple[int, ...] = ()  # free bytes of further cards of this process


@dataclass(frozen=True, slots=True)
class Start:
    """All that loading a full-size world needs to know."""

    row: WorldRow
    files: WorldFiles
    device: Device
    plan: MemoryPlan
    reduced: bool  # whether the plan takes less than what was wanted
    video: VideoShape = VIDEO


def prepare(name: str, memory: MemorySetting | None = None) -> Start:
    """Return how a world of the table, not a bundled one, is to be loaded here.

    Raises:
        WorldFailed: there is no device with room for it.
        MissingWeights: its weights are absent, incomplete or damaged.
    """
    row = WORLDS[name]
    device, video = find_device(), find_video(made_for(row))
    wanted = spread(row, wanted_plan(row, memory, device.count if device else 1), asked_cards())
    if device is None:
        least = list(proposals(row, wanted, tiny_decoder=True))[-1]
        raise WorldFailed(
            f'"{name}" needs an NVIDIA card with at least {gib(predict(row, least).total)} '
            f"free ({gib(predict(row, wanted).total)} for the full setup), and torch finds none; "
            f"{INSTEAD}"
        )
    files = require(row)
    plan = plan_for(row, device, wanted, tiny_decoder=bool(files.paths("tiny decoder")))
    if device.free_bytes is not None and (short := shortage(predict(row, plan))):
        logger.warning('"%s" %s; close other programs if it is slow', name, short)
    reduced = plan != wanted
    return Start(row, files, device, with_waiting_room(row, plan), reduced, video)


def plan_for(
    row: WorldRow, device: Device, wanted: MemoryPlan, *, tiny_decoder: bool
) -> MemoryPlan:
    """Return the layout that gives up least and fits a device.

    Raises:
        WorldFailed: none fits.
    """
    if device.free_bytes is None:
        return wanted
    plan = first_that_fits(
        row, wanted, device.free_bytes, tiny_decoder=tiny_decoder, others=device.others
    )
    if plan is None:
        cards = 1 + len(device.others)
        least = list(proposals(row, wanted, tiny_decoder=tiny_decoder, cards=cards))[-1]
        raise WorldFailed(
            f'"{row.name}" takes {gib(predict(row, wanted).total)}, with {least.words()} still '
            f"{gib(predict(row, least).total)}, and {device.name} has {gib(device.free_bytes)} "
            f"free; close other programs, or {INSTEAD}"
        )
    return plan


def with_waiting_room(row: WorldRow, plan: MemoryPlan) -> MemoryPlan:
    """Return a plan with half of the main memory that nothing else needs, for frames that wait."""
    if not row.kept_frames:
        return plan
    left = max(0, free_host_bytes() - predict(row, plan).host_bytes)
    return replace(plan, host_bytes=left // 2 // plan.devices)


def free_host_bytes() -> int:
    """Return how much main memory is free."""
    return psutil.virtual_memory().available


def shortage(predicted: Prediction) -> str:
    """Say that too little main memory is free for what waits there; "": there is enough.

    That alone keeps no world from being played: most of it is mapped from files.
    """
    free = free_host_bytes()
    if predicted.host_bytes <= free:
        return ""
    return f"takes {gib(predicted.host_bytes)} of main memory, and {gib(free)} is free"


def find_device() -> Device | None:
    """Return the device for full-size worlds; None: there is none."""
    count = process_count()
    if os.environ.get(DEVICE_VARIABLE) == "cpu":
        return Device("cpu", "processor", None, count)
    try:
        import torch
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    torch.cuda.set_device(device_index())
    free, _ = torch.cuda.mem_get_info()
    beside = range(1, torch.cuda.device_count() if count == 1 else 1)
    others = tuple(torch.cuda.mem_get_info(card)[0] for card in beside)
    return Device("cuda", torch.cuda.get_device_name(), free, count, others)


def asked_cards() -> int:
    """Return over how many cards a world is to be laid out in any case.

    Raises:
        WorldFailed: $MAG_SANDBOX_CARDS says nothing that can be done.
    """
    asked = os.environ.get(CARDS_VARIABLE) or "1"
    if asked not in ("1", "2", "3"):
        raise WorldFailed(f'${CARDS_VARIABLE} is "{asked}"; give 1, 2 or 3, or unset it')
    return int(asked)


def made_for(row: WorldRow) -> VideoShape:
    """Return the frames that a world's checkpoint knows."""
    if row.clips is None:
        return VIDEO
    shape = VideoShape.of_frames(row.clips.width, row.clips.height)
    return replace(shape, fps=row.clips.fps)


def find_video(known: VideoShape = VIDEO) -> VideoShape:
    """Return the size of frames: the known one, unless $MAG_SANDBOX_FRAME_SIZE says otherwise.

    Raises:
        WorldFailed: it says nothing that can be made.
    """
    asked = os.environ.get(SIZE_VARIABLE)
    if not asked:
        return known
    try:
        width, height = (int(side) for side in asked.split("x"))
        return replace(VideoShape.of_frames(width, height), fps=known.fps)
    except ValueError as error:
        raise WorldFailed(
            f'${SIZE_VARIABLE} is "{asked}" ({error}); give WIDTHxHEIGHT or unset it'
        ) from None


def gib(size: int) -> str:
    """Return bytes for people."""
    return f"{size / GIB:.1f} GiB"
