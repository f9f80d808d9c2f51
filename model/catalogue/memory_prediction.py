"""What a full-size world will take in memory, computed from sizes before anything is loaded.

Parameters, keys and values follow from shapes exactly. Activations and the library's own share are
estimates, marked as such. Knows nothing of torch or of devices: bytes in, bytes out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import le
from typing import Literal

from mag_sandbox.model.catalogue.clips import UMT5_PARAMETERS, ClipRecipe
from mag_sandbox.model.catalogue.worlds import (
    BF16_BYTES,
    BLOCK_LENGTH,
    LATENT_HEIGHT,
    LATENT_WIDTH,
    PIXELS,
    WorldRow,
    slot_bytes,
    tokens_per_frame,
)
from mag_sandbox.model.config import FULL, DiTConfig
from mag_sandbox.model.memory import make_policy
from mag_sandbox.model.slots import copy_room
from mag_sandbox.model.world import GIB, MIB, MemorySetting

FEWEST_SLOTS = 4  # a first frame, a sink or two and the previous block
VAE_PARAMETERS = 126_892_531  # of Wan 2.1
PACK_PARAMETERS = 45_746_688  # of MemoryPack over `FULL`, structure A
PACKED_FRAMES = 3  # whose tokens are as many as those of all packed frames and psi, at most
TINY_DECODER_PARAMETERS = 9_845_000
TINY_DECODER_STATE = 33_500_000  # numbers that it remembers between blocks
RESERVE_BYTES = 3 * GIB // 4  # estimate: the context of the device and the allocator's slack


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """How a world is laid out in memory."""

    slots: int  # frames with room in memory
    text_encoder: Literal["device", "cpu"] = "device"
    decoder: Literal["exact", "tiny"] = "exact"
    memory_model: Literal["device", "offloaded"] = "device"
    apart: int = 0  # frames with room in a copy, for policies that read some of what is kept
    devices: int = 1  # that share every block, and memory, by heads
    memory_card: int = 0  # of one process's cards, the one with the memory model; 0: that of blocks
    decoder_card: int = 0  # likewise
    host_bytes: int | None = (
        None  # in which a process's frames may wait; None: half of what is free
    )

    def words(self) -> str:
        """Return the plan for people."""
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
    """Return what a world takes of each device; networks in bf16.

    The part "block" is room for a block's own keys and values, in front of what is kept, and in
    front of the copy of what it reads, where that lies apart; what entered the layers is then
    held, too, half as much, until it is known what is kept.
    """
    if row.clips:
        return _predict_clips(row.clips, plan)
    network, decoder = dit_parameters(dit) * BF16_BYTES, _decoder_bytes(plan.decoder)
    text = UMT5_PARAMETERS * BF16_BYTES
    writer = network if row.remembers == "memory" else 0
    slot = slot_bytes(dit) // plan.devices
    own = max(BLOCK_LENGTH, row.recached_frames)
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
    """Return a plan that gives memory model and decoder cards of their own, if there are any.

    The memory model's attention stays where memory is, so it takes time to move; the decoder's
    latents are small. Clips are made on one card.
    """
    if cards == 1 or plan.devices > 1 or row.clips:
        return plan
    memory = 1 if row.remembers == "memory" else 0
    return replace(plan, memory_card=memory, decoder_card=min(memory + 1, cards - 1))


def proposals(
    row: WorldRow, plan: MemoryPlan, *, tiny_decoder: bool, cards: int = 1
) -> Iterator[MemoryPlan]:
    """Give plans that take ever less of a device; what is missed least is given up first."""
    yield plan
    wider = spread(row, plan, cards)
    if wider != plan:
        plan = wider
        yield plan
    if plan.text_encoder == "device":
        plan = replace(plan, text_encoder="cpu")
        yield plan
    if row.clips:
        return
    if tiny_decoder and plan.decoder == "exact":
        plan = replace(plan, decoder="tiny")
        yield plan
    if row.remembers == "memory" and plan.memory_model == "device" and not plan.memory_card:
        plan = replace(plan, memory_model="offloaded")
        yield plan
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
    """Return the plan that gives up least and fits into what is free; None: nothing does.

    `others` are the free bytes of further cards.
    """
    for cards in dict.fromkeys((1 + len(others), 1)):
        for smaller in proposals(row, plan, tiny_decoder=tiny_decoder, cards=cards):
            if predict(row, smaller).fits(device_bytes, others):
                return smaller
    return None


def next_smaller(row: WorldRow, plan: MemoryPlan, *, tiny_decoder: bool) -> MemoryPlan | None:
    """Return what to try when a plan proved too large; None: nothing is left to give up.

    Of the plans that take clearly less, that is the one that gives up least.
    """
    enough = predict(row, plan).total - GIB
    smaller = list(proposals(row, plan, tiny_decoder=tiny_decoder))[1:]
    fitting = (one for one in smaller if predict(row, one).total <= enough)
    return next(fitting, smaller[-1] if smaller else None)


def wanted_plan(row: WorldRow, memory: MemorySetting | None = None, devices: int = 1) -> MemoryPlan:
    """Return the layout that a world was made for, or that a setting of memory gives.

    A budget with room for fewer than four frames means the room the world was made for, since
    budgets are set for the pocket world.

    Raises:
        WorldFailed: there is no such memory policy.
    """
    if not row.kept_frames:
        return MemoryPlan(0)
    setting = memory or row.memory_setting()
    slots, selects = setting.kept_mib * MIB // slot_bytes(), make_policy(setting, 1).selects
    return MemoryPlan(
        slots if slots >= FEWEST_SLOTS else row.kept_frames,
        apart=copy_room(setting.attended_frames) if selects else 0,
        devices=devices,
    )


def table(prediction: Prediction) -> Sequence[str]:
    """Return the parts as lines for people, largest first."""
    parts = sorted(prediction.parts.items(), key=lambda part: -part[1])
    lines = [f"{name:<13}{size / GIB:6.1f} GiB" for name, size in parts if size]
    return [*lines, f"{'reserve':<13}{RESERVE_BYTES / GIB:6.1f} GiB (estimate)"]


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
    """Parameters, what is remembered between blocks, and the largest activations of a block."""
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
    tokens = frames * tokens_per_frame(dit)
    return tokens * (8 * dit.dim + 2 * dit.ffn_dim) * BF16_BYTES
