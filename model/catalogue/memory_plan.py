"""How a full-size world is laid out in memory, computed from sizes before anything is loaded.

`predict` computes the bytes of a layout, `smaller_plans` lists smaller ones, and everything else
follows from these two: whether a world can start here (`prepare`), and what to try when a device's
memory runs out in play (`next_smaller`). Parameters, keys and values follow from shapes exactly;
activations and the library's own share are estimates, marked as such. torch is imported only to ask
for devices.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import le
from typing import Literal

import psutil

from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH, UMT5_PARAMETERS, ClipRecipe
from mag_sandbox.model.catalogue.weight_files import WorldFiles, require
from mag_sandbox.model.catalogue.worlds import (
    BF16_BYTES,
    LATENT_HEIGHT,
    LATENT_WIDTH,
    PIXELS,
    VIDEO,
    WORLDS,
    VideoShape,
    WorldRow,
    slot_bytes,
)
from mag_sandbox.model.config import FULL, DiTConfig
from mag_sandbox.model.launch import device_index, process_count
from mag_sandbox.model.memory import make_policy
from mag_sandbox.model.slots import copy_room
from mag_sandbox.model.world import GIB, MIB, MemorySetting, WorldFailed
from mag_sandbox.program import PROGRAM

FEWEST_SLOTS = 4  # a first frame, a sink or two and the previous block
VAE_PARAMETERS = 126_892_531  # of Wan 2.1
PACK_PARAMETERS = 45_746_688  # of MemoryPack over `FULL`, structure A
PACKED_FRAMES = 3  # whose tokens are as many as those of all packed frames and psi, at most
TINY_DECODER_PARAMETERS = 9_845_000
TINY_DECODER_STATE = 33_500_000  # numbers that it remembers between blocks
RESERVE_BYTES = 3 * GIB // 4  # estimate: the context of the device and the allocator's slack
DEVICE_VARIABLE = "MAG_SANDBOX_DEVICE"  # "cpu": run there, however slow; meant for small weights
CARDS_VARIABLE = "MAG_SANDBOX_CARDS"  # cards to use, needed or not
SIZE_VARIABLE = "MAG_SANDBOX_FRAME_SIZE"  # "64x48" px; also meant for small weights
INSTEAD = f"play the pocket world instead (`{PROGRAM} play`)"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """How a world is laid out in memory."""

    slots: int  # frames with room in memory
    text_encoder: Literal["device", "cpu"] = "device"
    decoder: Literal["exact", "tiny"] = "exact"
    memory_model: Literal["device", "offloaded"] = "device"
    apart: int = 0  # frames with room in a copy, for policies that read some of the kept frames
    devices: int = 1  # sharing every block, and memory by heads
    memory_card: int = 0  # of one process's cards, the one with the memory model; 0: the blocks'
    decoder_card: int = 0  # likewise
    host_bytes: int | None = None  # for a process's frames off the device; None: half of the free

    def words(self) -> str:
        """Return the plan in words."""
        parts = [f"{self.slots} frames of memory"] if self.slots else []
        if self.text_encoder == "cpu":
            parts.append("text encoder on the processor")
        if self.decoder == "tiny":
            parts.append("tiny decoder")
        if self.memory_model == "offloaded":
            parts.append("memory model offloaded between blocks")
        for part, card in (("memory model", self.memory_card), ("decoder", self.decoder_card)):
            if card:
                parts.append(f"{part} on card {card + 1}")
        if self.devices > 1:
            parts.append(f"every block shared by {self.devices} devices")
        return ", ".join(parts) or "all on the device"


@dataclass(frozen=True, slots=True)
class Prediction:
    """Bytes on the device by part, on others, and on the host."""

    parts: dict[str, int]
    host_bytes: int  # of parts that wait in main memory
    others: tuple[int, ...] = ()  # bytes at most on each further card that the plan names

    @property
    def total(self) -> int:
        """Bytes on the device at most."""
        return sum(self.parts.values()) + RESERVE_BYTES

    def fits(self, device_bytes: int, others: Sequence[int] = ()) -> bool:
        """Whether a device with that much free memory has room, and so have the other cards."""
        free = (device_bytes, *others)
        needed = (self.total, *self.others)
        return len(needed) <= len(free) and all(map(le, needed, free))


def dit_parameters(dit: DiTConfig = FULL) -> int:
    """Return the parameters of a transformer; 1.419 G for Wan2.1-T2V-1.3B."""
    dim, wide = dit.dim, dit.ffn_dim
    attention = 4 * (dim * dim + dim) + 2 * dim
    layer = 2 * attention + 2 * dim * wide + dim + wide + 2 * dim + 6 * dim
    embeddings = dit.token_dim * dim + dim
    embeddings += dit.text_dim * dim + dim + dim * dim + dim
    embeddings += dit.freq_dim * dim + dim + dim * dim + dim
    embeddings += 6 * (dim * dim + dim)
    return dit.num_layers * layer + embeddings + dim * dit.token_dim + dit.token_dim + 2 * dim


def predict(row: WorldRow, plan: MemoryPlan, dit: DiTConfig = FULL) -> Prediction:
    """Return the bytes that a world takes on each device; networks are in bf16.

    The part "block" is room for a block's own keys and values in front of the kept frames and, for
    policies that read some of these, in front of a copy. The layers' inputs are then held as well,
    half as much, until the policy has chosen which frames to keep.
    """
    if row.clips:
        return _predict_clips(row.clips, plan)
    network, decoder = dit_parameters(dit) * BF16_BYTES, _decoder_bytes(plan.decoder)
    text = UMT5_PARAMETERS * BF16_BYTES
    writer = network if row.has_memory_model else 0
    slot = slot_bytes(dit) // plan.devices
    own = row.recipe.pass_frames if row.recipe else BLOCK_LENGTH
    held = own * slot // 2 if plan.apart else 0
    keys_of_texts = 2 * (2 * dit.num_layers * dit.text_len * dit.dim) * BF16_BYTES
    parts = {
        "text encoder": text if plan.text_encoder == "device" else 0,
        "generator": network + keys_of_texts,
        "memory model": writer if plan.memory_model == "device" and not plan.memory_card else 0,
        "slots": plan.slots * slot,
        "packed frames": PACK_PARAMETERS * BF16_BYTES + PACKED_FRAMES * slot if row.packs else 0,
        "block": (2 * own + plan.apart if plan.apart else own) * slot
        + (0 if plan.memory_card else held),
        "decoder": 0 if plan.decoder_card else decoder,
        "activations": _activation_bytes(dit, own) // plan.devices,
    }
    others = [0] * max(plan.memory_card, plan.decoder_card)
    if plan.memory_card:
        others[plan.memory_card - 1] += writer + _activation_bytes(dit, own) + held
    if plan.decoder_card:
        others[plan.decoder_card - 1] += decoder
    host = text if plan.text_encoder == "cpu" else 0
    host += writer if plan.memory_model == "offloaded" else 0
    host += (plan.host_bytes or 0) * plan.devices
    return Prediction(parts, host, tuple(RESERVE_BYTES + size for size in others))


def spread(row: WorldRow, plan: MemoryPlan, cards: int) -> MemoryPlan:
    """Return a plan that puts memory model and decoder on further cards, if there are any.

    The memory model's attention stays where memory is, so it takes time to move; the decoder's
    latents are small. Clips are made on one card.
    """
    if cards == 1 or plan.devices > 1 or row.clips:
        return plan
    memory = 1 if row.has_memory_model else 0
    return replace(plan, memory_card=memory, decoder_card=min(memory + 1, cards - 1))


def smaller_plans(
    row: WorldRow, plan: MemoryPlan, *, tiny_decoder: bool, cards: int = 1
) -> Iterator[MemoryPlan]:
    """Yield a plan, then plans that take ever less of a device, the least loss first.

    `tiny_decoder` says whether that decoder is here.
    """
    yield plan
    if (wider := spread(row, plan, cards)) != plan:
        yield (plan := wider)
    if plan.text_encoder == "device":
        yield (plan := replace(plan, text_encoder="cpu"))
    if row.clips:
        return
    if tiny_decoder and plan.decoder == "exact":
        yield (plan := replace(plan, decoder="tiny"))
    if row.has_memory_model and plan.memory_model == "device" and not plan.memory_card:
        yield (plan := replace(plan, memory_model="offloaded"))
    for slots in range(plan.slots - 1, FEWEST_SLOTS - 1, -1):
        yield replace(plan, slots=slots)


def first_that_fits(
    row: WorldRow,
    plan: MemoryPlan,
    device_bytes: int,
    *,
    tiny_decoder: bool,
    others: Sequence[int] = (),
) -> MemoryPlan | None:
    """Return the plan with the least loss that fits into free bytes; None: no plan fits.

    `others` are the free bytes of further cards.
    """
    for cards in dict.fromkeys((1 + len(others), 1)):
        for smaller in smaller_plans(row, plan, tiny_decoder=tiny_decoder, cards=cards):
            if predict(row, smaller).fits(device_bytes, others):
                return smaller
    return None


def next_smaller(row: WorldRow, plan: MemoryPlan, *, tiny_decoder: bool) -> MemoryPlan | None:
    """Return the plan to try when one proved too large; None: there is none left.

    That is the one with the least loss of those that take a GiB less, or else the smallest.
    """
    most = predict(row, plan).total - GIB
    smaller = list(smaller_plans(row, plan, tiny_decoder=tiny_decoder))[1:]
    fitting = (one for one in smaller if predict(row, one).total <= most)
    return next(fitting, smaller[-1] if smaller else None)


def budget_slots(memory: MemorySetting, slot: int) -> int | None:
    """Return how many frames fit into a budget.

    None: fewer than four, so it was set for the pocket world and says nothing of this one.
    """
    slots = memory.kept_mib * MIB // slot
    return slots if slots >= FEWEST_SLOTS else None


def wanted_plan(row: WorldRow, memory: MemorySetting | None = None, devices: int = 1) -> MemoryPlan:
    """Return the layout that a world was made for, or that a setting of memory asks for."""
    if row.recipe is None:
        return MemoryPlan(0)
    setting = memory or row.memory_setting()
    selects = make_policy(setting, 1).selects
    return MemoryPlan(
        budget_slots(setting, slot_bytes()) or row.recipe.slots,
        apart=copy_room(setting.attended_frames) if selects else 0,
        devices=devices,
    )


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
    """How to load a full-size world."""

    row: WorldRow
    files: WorldFiles
    device: Device
    plan: MemoryPlan
    reduced: bool  # whether the plan takes less than the wanted one
    video: VideoShape = VIDEO


def prepare(name: str, memory: MemorySetting | None = None) -> Start:
    """Return how to load a full-size world of the table here.

    Raises:
        WorldFailed: there is no device with room for it.
        MissingWeights: its weights are absent, incomplete or damaged.
    """
    row = WORLDS[name]
    device, video = find_device(), find_video(made_for(row))
    wanted = spread(row, wanted_plan(row, memory, device.count if device else 1), asked_cards())
    if device is None:
        *_, least = smaller_plans(row, wanted, tiny_decoder=True)
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
    """Return the layout with the least loss that fits a device, or raise WorldFailed."""
    if device.free_bytes is None:
        return wanted
    plan = first_that_fits(
        row, wanted, device.free_bytes, tiny_decoder=tiny_decoder, others=device.others
    )
    if plan is None:
        cards = 1 + len(device.others)
        *_, least = smaller_plans(row, wanted, tiny_decoder=tiny_decoder, cards=cards)
        raise WorldFailed(
            f'"{row.name}" takes {gib(predict(row, wanted).total)}, with {least.words()} still '
            f"{gib(predict(row, least).total)}, and {device.name} has {gib(device.free_bytes)} "
            f"free; close other programs, or {INSTEAD}"
        )
    return plan


def with_waiting_room(row: WorldRow, plan: MemoryPlan) -> MemoryPlan:
    """Return a plan that gives frames off the device half of the main memory that is left."""
    if row.recipe is None:
        return plan
    left = max(0, free_host_bytes() - predict(row, plan).host_bytes)
    return replace(plan, host_bytes=left // 2 // plan.devices)


def free_host_bytes() -> int:
    """Return the bytes of main memory that are free."""
    result: int = psutil.virtual_memory().available
    return result


def shortage(predicted: Prediction) -> str:
    """Return a warning that too little main memory is free; "": there is enough.

    The world can be played all the same: most of it is mapped from files.
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
    """Return how many cards a world is to use, or raise WorldFailed if it is not 1 to 3."""
    asked = os.environ.get(CARDS_VARIABLE) or "1"
    if asked not in ("1", "2", "3"):
        raise WorldFailed(f'${CARDS_VARIABLE} is "{asked}"; give 1, 2 or 3, or unset it')
    return int(asked)


def made_for(row: WorldRow) -> VideoShape:
    """Return the frames that a world's checkpoint was trained on."""
    if row.clips is None:
        return VIDEO
    shape = VideoShape.of_frames(row.clips.width, row.clips.height)
    return replace(shape, fps=row.clips.fps)


def find_video(known: VideoShape = VIDEO) -> VideoShape:
    """Return the size of frames, or that of $MAG_SANDBOX_FRAME_SIZE, or raise WorldFailed."""
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
    """Return bytes in words."""
    return f"{size / GIB:.1f} GiB"


def _predict_clips(recipe: ClipRecipe, plan: MemoryPlan) -> Prediction:
    """Decoder and activations are estimates: those of a stream, for fp32 and for whole clips."""
    networks = {part: BF16_BYTES * count for part, count in recipe.parameters.items()}
    host = networks["text encoder"] if plan.text_encoder == "cpu" else 0
    size = recipe.width * recipe.height / (LATENT_WIDTH * LATENT_HEIGHT * PIXELS**2)
    parts = {
        **networks,
        "text encoder": networks["text encoder"] - host,
        "decoder": round(2 * size * _decoder_bytes("exact")),
        "activations": round(2 * size * _activation_bytes(FULL, recipe.latent_frames)),
    }
    return Prediction(parts, host)


def _decoder_bytes(kind: str) -> int:
    """Bytes of parameters, of the state between blocks, and of a block's largest activations."""
    pixels = LATENT_HEIGHT * LATENT_WIDTH * 64
    if kind == "tiny":
        block = 3 * 64 * pixels * 4 * BLOCK_LENGTH  # estimate: three activations of 64 channels
        return (TINY_DECODER_PARAMETERS + TINY_DECODER_STATE + block) * BF16_BYTES
    # Two frames of input of every causal convolution, by stage: channels, how many, downscaling.
    stages = ((384, 10, 64), (384, 6, 16), (192, 6, 4), (96, 7, 1))
    state = sum(2 * channels * count * pixels // scale for channels, count, scale in stages)
    block = 4 * 96 * pixels * 6  # estimate: four activations over four frames and two kept ones
    return (VAE_PARAMETERS + state + block) * BF16_BYTES


def _activation_bytes(dit: DiTConfig, frames: int) -> int:
    """Estimate of one layer's temporaries: eight of the width, two of the wide layer."""
    tokens = frames * VIDEO.tokens(dit)
    return tokens * (8 * dit.dim + 2 * dit.ffn_dim) * BF16_BYTES
