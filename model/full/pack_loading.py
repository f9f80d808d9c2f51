"""Assembles full-size worlds that remember by packing, from fetched weights and parts of one's own.

The parts are what `python -m training memorypack --size full` leaves. Without any the world plays
with untrained ones, and says so.
"""

from dataclasses import asdict, replace
from typing import Any

import torch

from mag_sandbox.model.attention import named_kernel
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan, Start
from mag_sandbox.model.catalogue.worlds import VideoShape, WorldRow
from mag_sandbox.model.checkpoints import load_checkpoint
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.full.active_text import NOTHING, ScenePrompts
from mag_sandbox.model.full.loading import (
    checkpoint_path,
    dit_config,
    execution_for,
    facts,
    picture_codecs,
    scene_prompts,
    stream_spec,
)
from mag_sandbox.model.full.pack_world import PackStreamWorld
from mag_sandbox.model.full.splits import card
from mag_sandbox.model.full.text_cache import weights_identity
from mag_sandbox.model.full.video_stream import VideoStream
from mag_sandbox.model.lora import merge
from mag_sandbox.model.memorypack.config import MEMORYPACK
from mag_sandbox.model.memorypack.networks import PackedNetworks
from mag_sandbox.model.memorypack.parts import PartsInfo, load_parts, untrained
from mag_sandbox.model.memorypack.places import IndexPlaces
from mag_sandbox.model.rope import index_frequencies
from mag_sandbox.model.world import MemorySetting, Progress


def load(
    start: Start,
    memory: MemorySetting,  # noqa: ARG001 (it has one memory)
    *,
    look_ahead: bool,  # noqa: ARG001 (text cannot say where to look)
    execution: dict[str, Any] | None,
    on_progress: Progress,
) -> PackStreamWorld:
    """Return a world of the table, run as a recording was, or with the best kernel that runs here.

    Raises:
        MissingWeights: weights or parts are damaged, of another architecture or another base.
        WorldFailed: a recording cannot be run as it was.
    """
    files, row = start.files, start.row
    assert row.packs is not None  # only worlds that pack are loaded here
    running = replace(execution_for(start.device.kind, execution), compiled=False)
    torch.set_num_threads(running.threads)
    on_progress("generator", 0.1)
    networks, info = _networks(start, running)
    on_progress(f"memory parts: {info.words()}", 0.6)
    codec, load_tiny = picture_codecs(start, running)
    where = "cpu" if start.plan.text_encoder == "cpu" else running.device
    prompts = scene_prompts(files, where, (NOTHING, row.packs.negative))
    config = {"dit": asdict(networks.dit.config), "video": asdict(start.video)}
    world = assemble(
        row,
        start.plan,
        start.video,
        networks,
        info,
        prompts,
        VideoStream(
            codec, load_tiny, card(running.device, start.plan.decoder_card), running.device
        ),
        {**facts(start, running), "config": config},
        on_progress,
    )
    on_progress("ready", 1.0)
    return world


def assemble(
    row: WorldRow,
    plan: MemoryPlan,
    video: VideoShape,
    networks: PackedNetworks,
    info: PartsInfo,
    prompts: ScenePrompts,
    stream: VideoStream,
    provenance: dict[str, Any],
    on_progress: Progress,
) -> PackStreamWorld:
    """Return a world of its parts, laid out for inference.

    `info` says what trained the networks' parts.
    """
    dit = networks.dit
    config = dit.config
    return PackStreamWorld(
        spec=replace(stream_spec(row.name, video), policies=(row.policy,)),
        row=row,
        plan=plan,
        networks=networks.eval().requires_grad_(False),
        places=IndexPlaces(*video.grid(config), index_frequencies(config.head_dim)),
        prompts=prompts,
        video=stream,
        latent_shape=(config.channels, video.latent_height, video.latent_width),
        title=row.name if info.trained else f"{row.name} (untrained)",
        provenance={
            **provenance,
            "memorypack": {**info.config.as_dict(), "trained": info.words()},
        },
        on_progress=on_progress,
    )


def _networks(start: Start, running: Execution) -> tuple[PackedNetworks, PartsInfo]:
    path = checkpoint_path(start.files, "generator")
    with torch.device("meta"):
        dit = DiT(dit_config(start.files), named_kernel(running.kernel))
    load_checkpoint(dit, path, running.dtype, running.device)
    base = weights_identity(path)
    if start.files.paths("parts"):
        networks, info = load_parts(dit, checkpoint_path(start.files, "parts"), base)
    else:
        networks, info = untrained(dit, MEMORYPACK), PartsInfo(MEMORYPACK, base)
    merge(dit)
    return networks, info
