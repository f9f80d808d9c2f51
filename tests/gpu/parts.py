"""Measures parts of the program on a card, one JSON line each; see `first_contact.sh`.

With FC_SMALL=1 everything is minute, so that it can be tried on a processor.
"""

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
import torch.distributed
from torch import Tensor
from torch.distributed.device_mesh import init_device_mesh

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.attention import candidate_kernels, runs
from mag_sandbox.model.catalogue.recipes import FewSteps, Recipe
from mag_sandbox.model.config import FULL, DiTConfig
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.full.compact_frames import compact_bytes
from mag_sandbox.model.full.frame_tiers import FrameTiers, WaitingRoom
from mag_sandbox.model.full.rollout import TieredRollout
from mag_sandbox.model.full.vae import WanVae
from mag_sandbox.model.generator import BlockGenerator
from mag_sandbox.model.kv_cache import CacheShape, KVCache
from mag_sandbox.model.rope import GridCoordinates
from mag_sandbox.model.world import MemorySetting
from mag_sandbox.training.devices import checkpoint_activations, choose_device, freeze
from mag_sandbox.training.loop import Loop, LoopConfig, Stage
from mag_sandbox.training.optimisers import GeneratorAndCritic
from mag_sandbox.training.recipe.clips import Clips, Conditions, GridPlaces
from mag_sandbox.training.recipe.presets import GENERATOR, MEMORY, Optimisation
from mag_sandbox.training.recipe.stages import ClipDistillationStage, MemoryStage
from mag_sandbox.training.recipe.videos import Lanes, Videos, last_frames
from mag_sandbox.training.seeded_random import SeededRandom
from mag_sandbox.training.sharded import Sharded

SMALL = bool(os.environ.get("FC_SMALL"))
DEVICE = choose_device()
CUDA = DEVICE.device == "cuda"
BF16 = torch.bfloat16
CONFIG = DiTConfig(dim=256, ffn_dim=256, num_heads=2, num_layers=2) if SMALL else FULL
SIDES = (4, 4) if SMALL else (60, 104)  # of latents
TOKENS = SIDES[0] * SIDES[1] // 4
GIB = 2**30


def say(name: str, **found: object) -> None:
    sys.stdout.write(json.dumps({"what": name, **found}) + "\n")
    sys.stdout.flush()


def measured(name: str, measure: Callable[[], dict]) -> None:
    """Say what was measured and how much memory it took, or why it failed; then go on."""
    if CUDA:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        found = measure()
        peak = round(torch.cuda.max_memory_allocated() / GIB, 1) if CUDA else 0.0
        say(name, **found, peak_gib=peak)
    except Exception as error:  # a step that fails must not cost the others
        say(name, failed=f"{type(error).__name__}: {str(error)[:300]}")
        traceback.print_exc()


def wait() -> None:
    if CUDA:
        torch.cuda.synchronize()


def milliseconds(work: Callable[[], object], times: int = 3) -> float:
    work()
    wait()
    began = time.perf_counter()
    for _ in range(times):
        work()
    wait()
    return round((time.perf_counter() - began) / times * 1000, 2)


def attention() -> dict:
    """Return [first call, mean] by slots; every new length may cost cuDNN a plan."""
    found: dict[str, object] = {}
    heads, dim = CONFIG.num_heads, CONFIG.head_dim
    for name, kernel in candidate_kernels().items():
        if not runs(kernel, DEVICE.device, BF16, dim):
            found[name] = "refused"
            continue
        q = torch.randn(1, 3 * TOKENS, heads, dim, device=DEVICE.device, dtype=BF16)
        found[name] = {slots: _by_slots(kernel, q, slots) for slots in (0, 11, 23, 40)}
    return found


def _by_slots(kernel: Callable, q: Tensor, slots: int) -> list[float]:
    shape = (2, 1, q.shape[2], (3 + slots) * TOKENS, q.shape[3])
    keys, values = torch.randn(shape, device=q.device, dtype=q.dtype).transpose(2, 3)
    began = time.perf_counter()
    kernel(q, keys, values)
    wait()
    first = round((time.perf_counter() - began) * 1000, 1)
    return [first, milliseconds(lambda: kernel(q, keys, values), 10)]


@torch.inference_mode()
def autoencoder() -> dict:
    """Return the times of 12 pictures, and how near bf16 is to fp32."""
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan

    torch.manual_seed(0)
    network = AutoencoderKLWan(**({"base_dim": 8} if SMALL else {})).eval().to(DEVICE.device)
    latents = torch.randn(1, 3, 16, *SIDES, device=DEVICE.device)
    exact, _ = WanVae(network).decode(latents)
    half = WanVae(network.to(BF16))
    pictures, state = half.decode(latents)
    found = {
        "mean_error": float((exact - pictures.float()).abs().mean()),
        "decode_ms": milliseconds(lambda: half.decode(latents, state)),
    }
    torch.backends.cudnn.benchmark = True
    found["tuned_ms"] = milliseconds(lambda: half.decode(latents, state))
    torch.backends.cudnn.benchmark = False
    return found


@torch.inference_mode()
def waiting_frames() -> dict:
    """Return what it takes to keep a frame off the device and to bring it back, and how near.

    Main memory has room for five; the others lie on disk.
    """
    with torch.device(DEVICE.device):
        dit = DiT(CONFIG, DEVICE.kernel).to(BF16).eval()
    shape = CacheShape(CONFIG.num_layers, TOKENS, CONFIG.num_heads, CONFIG.head_dim, 3)
    each = compact_bytes(CONFIG.num_layers, 1, TOKENS, CONFIG.dim)
    cache = KVCache(shape, 13, BF16, DEVICE.device)
    tiers = FrameTiers(cache, WaitingRoom(5 * each, 8 * GIB))
    text = dit.text_keys(torch.zeros(1, CONFIG.text_len, CONFIG.text_dim).to(dit.head.modulation))
    grid = GridCoordinates(SIDES[0] // 2, SIDES[1] // 2, CONFIG.head_dim, DEVICE.device)
    memory = MemorySetting("mag-retrieve", attended_frames=1)
    recipe = Recipe(memory, 13 + tiers.waiting, FewSteps((1000,)))
    generator = BlockGenerator(dit, dit, cache, 1.0, text, tiers.record_input)
    video = TieredRollout(generator, grid, recipe, tiers)
    remembering, admitting = [], []
    for block in range(12):
        pose = CameraPose(30.0 * block, 0.0)
        latents = torch.randn(1, 3, 16, *SIDES, device=DEVICE.device)
        times = []
        for work in (
            lambda x=latents, at=pose: video.compute_keys(x, text, at),
            lambda x=latents, at=pose: video.admit(x, (at,) * 3),
        ):
            began = time.perf_counter()
            work()
            wait()
            times.append(round((time.perf_counter() - began) * 1000, 1))
        remembering.append(times[0])
        admitting.append(times[1])
    slots = tiers.by_last_use(video.policy.table.slots())
    exact = {slot: tiers.state_of(slot) for slot in (slots[0], slots[1], slots[-1])}
    tiers.resize(4)
    found: dict[str, object] = {"remember_ms": remembering, "admit_ms": admitting, "bytes": each}
    for name, slot in (("from_disk", slots[0]), ("fetched_before", slots[1]), ("host", slots[-1])):
        if name == "fetched_before":
            tiers.prefetch([slot])
            time.sleep(0.5)
        began = time.perf_counter()
        video._read([slot])
        wait()
        found[f"{name}_ms"] = round((time.perf_counter() - began) * 1000, 1)
        again = tiers.state_of(slot)
        found[f"{name}_error"] = [
            float((again[part] - exact[slot][part]).norm() / exact[slot][part].norm())
            for part in ("keys", "values")
        ]
    tiers.close()
    return found


class Source:
    """Noise for clips and text."""

    shape, tokens = (16, *SIDES), TOKENS

    def __init__(self) -> None:
        grid = GridCoordinates(SIDES[0] // 2, SIDES[1] // 2, CONFIG.head_dim, DEVICE.device)
        self._places = GridPlaces(grid)

    def conditions(self, number: int, frames: int) -> Conditions:
        text = SeededRandom(1, number).noise((1, CONFIG.text_len, CONFIG.text_dim))
        return Conditions(text, self._places)

    def clips(self, number: int, frames: int) -> Clips:
        latents = SeededRandom(2, number).noise((1, frames, *self.shape))
        return Clips(latents, self.conditions(number, frames))

    def text(self, prompt: str, batch: int) -> Tensor:
        return torch.zeros(batch, CONFIG.text_len, CONFIG.text_dim)


def network() -> DiT:
    with torch.device(DEVICE.device):
        return checkpoint_activations(DiT(CONFIG, DEVICE.kernel))


def show(path: Path, latents: Tensor) -> None:
    """Write nothing."""


ONE = Optimisation(steps=4, batch=1)
NUMBERS = DEVICE, 0, show


def updates(stage: Stage, steps: tuple[int, ...]) -> dict:
    """Return seconds, loss, how many gradients, and how many of them are zero, by step."""
    optimisers, found = stage.optimisers(), {}
    for step in steps:
        began = time.perf_counter()
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss = stage.loss(step)
        loss.backward()
        norms = [float(p.grad.norm()) for p in stage.module.parameters() if p.grad is not None]
        for optimiser in optimisers:
            optimiser.step()
        wait()
        seconds = round(time.perf_counter() - began, 2)
        number = round(float(loss.detach()), 4)
        found[f"{step} {stage.kind(step)}"] = [seconds, number, len(norms), norms.count(0.0)]
    return found


def memory_stage(dit: DiT, frames: int) -> MemoryStage:
    return MemoryStage(dit, Source(), replace(MEMORY, optimisation=ONE, frames=frames), *NUMBERS)


def distillation() -> dict:
    """Two videos side by side, one of which remembers in main memory while the other is made."""
    changes = {"clips": 2, "clip_frames": 6} if SMALL else {"clips": 7, "clip_frames": 21}
    config, generator, source = replace(GENERATOR, optimisation=ONE, **changes), network(), Source()
    made = generator, freeze(network()), source, config, DEVICE, 0
    tails = lambda: last_frames(config.overlap)  # noqa: E731
    videos = Lanes([Videos(*made, tails, lane, 2) for lane in range(2)], awake=1)
    stage = ClipDistillationStage(
        GeneratorAndCritic(generator, network()), source, config, *NUMBERS,
        teacher=freeze(network()), videos=videos, negative="bad",
    )  # fmt: skip
    return updates(stage, (0, 1, 2, 6))  # 0 and 6: the generator learns


def sharded() -> dict:
    """FSDP2 over a mesh of one: sharding, gathering, saving and loading of states."""
    told = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1"}
    os.environ |= {**told, "MASTER_PORT": "29577"}
    torch.distributed.init_process_group("cuda:nccl,cpu:gloo" if CUDA else "gloo")
    processes = Sharded(init_device_mesh(DEVICE.device, (1,)))
    with tempfile.TemporaryDirectory() as folder:

        def loop(steps: int) -> Loop:
            stage = memory_stage(processes.shard(network()), 6)
            numbers = LoopConfig(steps, warmup=1, decay=0.0)
            return Loop(stage, numbers, Path(folder), processes)

        loop(2).run()
        began = time.perf_counter()
        again = loop(3)
        found = {"resumed_at": again.step, "load_s": round(time.perf_counter() - began, 1)}
    torch.distributed.destroy_process_group()
    return found


if __name__ == "__main__":
    measured("attention, ms [first call, mean] by slots", attention)
    measured("autoencoder", autoencoder)
    measured("frames that wait off the device", waiting_frames)
    measured("memory stage", lambda: updates(memory_stage(network(), 6 if SMALL else 75), (0, 1)))
    measured("generator stage", distillation)
    measured("FSDP2, one process", sharded)
