"""`python -m training memorypack-cost`: what a block costs and what is held as sessions get long.

Weights are random: cost does not depend on them. A constant cost of a block is a linear cost of the
whole. Full history and MAG's ring are measured as one pass that reads all keys and values they
keep.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.config import POCKET, PocketConfig
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.memorypack.config import VARIANTS, PackConfig
from mag_sandbox.model.memorypack.memory import PackMemory, psi_bytes
from mag_sandbox.model.memorypack.networks import (
    BlockDenoiser,
    MemoryPack,
    context_attention,
    read_context,
)
from mag_sandbox.model.memorypack.places import LatentFrames, RayPlaces, coordinates
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.training.curve import draw_curves

LENGTHS = (10, 40, 80, 160, 320, 960)  # blocks; 960 are three minutes of the pocket world
REPEATS = 3
MEASURED = ("framepack", "A", "B", "C")
RING = 21  # frames that MAG keeps as released


@torch.inference_mode()
def measure(
    config: PocketConfig = POCKET, lengths: tuple[int, ...] = LENGTHS, repeats: int = REPEATS
) -> list[dict]:
    """Return a row for each variant and length: ms of a block, its parts, and bytes held.

    Lengths are blocks made before the measured ones, rising; the median of the repeats counts.
    """
    dit = DiT(config.dit).initialise().eval()
    rows = []
    for variant in MEASURED:
        rows += _packed_rows(variant, VARIANTS[variant], dit, config, lengths, repeats)
    kept = {
        "MAG's ring": [min(length, RING) for length in lengths],
        "full history": [length * config.block_length for length in lengths],
    }
    for name, frames in kept.items():
        rows += _kept_rows(name, frames, dit, config, lengths, repeats)
    return rows


def _packed_rows(
    variant: str, pack_config: PackConfig, dit: DiT, config: PocketConfig, lengths, repeats: int
) -> list[dict]:
    pack = MemoryPack(config.dit, pack_config).initialise(dit).eval()
    places = RayPlaces(RayCoordinates.of(config))
    memory = PackMemory(pack, places, _block(config, 0).part(2, 3), _prompt(config))
    rows, made = [], 0
    for length in lengths:
        while made < length:
            made += 1
            memory.push(_block(config, made))
        block, text = _block(config, made + 1), dit.text_keys(_prompt(config))

        def one(block=block, text=text) -> None:
            pairs = read_context(dit, memory.tokens(dit), text)
            attend = context_attention(pairs, dit.kernel)
            place = coordinates(memory.places.grid(block))
            BlockDenoiser(dit, attend, text, place).sample(block.latents, (1.0, 0.0))

        def update(block=block) -> None:
            memory.push(block)

        read = _median_ms(one, repeats)
        pushed = _median_ms(update, repeats)
        made += repeats
        latents = 4 * (memory.history.latents.numel() + memory.image.latents.numel())
        held = latents + psi_bytes(memory)
        rows.append(_row(variant, length, config, read + pushed, pushed, held))
    return rows


def _kept_rows(
    name: str, frames: list[int], dit: DiT, config: PocketConfig, lengths, repeats: int
) -> list[dict]:
    """Return rows of a memory that keeps, and reads, so many frames after so many blocks."""
    rows, text = [], dit.text_keys(_prompt(config))
    block = _block(config, 1)
    for length, kept in zip(lengths, frames, strict=True):
        shape = 1, kept * config.tokens_per_frame, config.dit.num_heads, config.dit.head_dim
        pairs = [(torch.zeros(shape), torch.zeros(shape)) for _ in dit.blocks]
        place = coordinates(RayPlaces(RayCoordinates.of(config)).grid(block))
        attend = context_attention(pairs, dit.kernel)
        reading = BlockDenoiser(dit, attend, text, place)

        def one(reading=reading) -> None:
            reading.sample(block.latents, (1.0, 0.0))

        held = 2 * 4 * len(pairs) * pairs[0][0].numel()
        rows.append(_row(name, length, config, _median_ms(one, repeats), 0.0, held))
    return rows


def _row(
    variant: str, length: int, config: PocketConfig, ms: float, update_ms: float, held: int
) -> dict:
    return {
        "memory": variant,
        "blocks": length,
        "seconds": round(length * config.block_length / config.fps, 2),
        "block_ms": round(ms, 2),
        "update_ms": round(update_ms, 2),
        "held_bytes": held,
    }


def _median_ms(work: Callable[[], None], repeats: int) -> float:
    spent = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - started))
    return median(spent)


def _block(config: PocketConfig, index: int) -> LatentFrames:
    length = config.block_length
    shape = (1, length, config.dit.channels, *config.latent_size)
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(index))
    times = index * length + torch.arange(length)
    yaw = times.double() * 2.5
    poses = torch.stack((yaw, yaw * 0, yaw * 0 + 90.0), dim=-1)[None]
    return LatentFrames(latents, times, poses)


def _prompt(config: PocketConfig) -> torch.Tensor:
    return torch.zeros(1, config.dit.text_len, config.dit.text_dim)


def run(folder: Path) -> None:
    """Measure, write table and picture into a folder, and say what was measured."""
    rows = measure()
    write(folder, rows)
    sys.stdout.write(table(rows) + "\n")


def table(rows: list[dict]) -> str:
    """Return the rows as text."""
    lines = ["memory          blocks  seconds  ms a block  of it update  KiB held"]
    lines += [
        f"{row['memory']:<15} {row['blocks']:>6} {row['seconds']:>8.1f} {row['block_ms']:>11.1f} "
        f"{row['update_ms']:>13.1f} {row['held_bytes'] / 1024:>9.0f}"
        for row in rows
    ]
    return "\n".join(lines)


def write(folder: Path, rows: list[dict]) -> None:
    """Write the rows as JSON, and the cost of a block over the length as SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        curves.setdefault(row["memory"], []).append((row["blocks"], row["block_ms"]))
    for name, text in (
        ("memorypack-cost.json", json.dumps(rows, indent=1) + "\n"),
        ("memorypack-cost.svg", draw_curves(curves, "block")),
    ):
        replace_file(folder / name, text)
