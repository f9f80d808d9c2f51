"""Assembles the pocket world with a MemoryPack for a memory."""

from dataclasses import replace
from pathlib import Path

import torch

from mag_sandbox.model.execution import Execution, compiles_here
from mag_sandbox.model.lora import merge
from mag_sandbox.model.memorypack.config import WORLD_OF_VARIANT
from mag_sandbox.model.memorypack.packing import RayPlaces
from mag_sandbox.model.memorypack.parts import PARTS, base_hash, packed_networks, parts_file
from mag_sandbox.model.memorypack.world import MemoryPackWorld
from mag_sandbox.model.pocket.engine import PocketEngine
from mag_sandbox.model.pocket.loading import (
    codec_of,
    engine_of,
    load_networks,
    probe_execution,
    prompt_features,
    read_words,
    required_words,
    world_parts,
)
from mag_sandbox.model.pocket.weights import (
    POCKET_WEIGHTS,
    load_tokenizer,
    read_config,
    weights_hash,
)
from mag_sandbox.model.prompts import Conditioner, read_texts
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.model.world import Progress

PACK_STEPS = 2  # denoising steps of a block that no look-ahead has prepared


def load(
    variant: str,
    *,
    on_progress: Progress,
    weights: Path = POCKET_WEIGHTS,
    parts: Path = PARTS,
    phase: str = "",
    execution: Execution | None = None,
) -> MemoryPackWorld:
    """Return the pocket world with a MemoryPack for a memory.

    Args:
        variant: one of `model.memorypack.config.VARIANTS`.
        on_progress: called with stage and fraction.
        weights: folder of the base's weights.
        parts: folder of parts; a variant without a file there plays with untrained ones.
        phase: of training, whose result must be there; "": the played parts.
        execution: how to run; None: what a probe finds fastest here.

    Raises:
        MissingWeights: weights are absent, damaged, of another architecture or another base.
    """
    on_progress("weights", 0.0)
    path = parts_file(variant, parts, phase)
    config, digest = read_config(weights), weights_hash(weights)
    _, dit, autoencoder = load_networks(config, weights)  # parts belong to the one in `WORLD`
    networks, info = packed_networks(
        dit, variant, path if phase or path.exists() else None, base_hash(weights)
    )
    merge(dit)
    on_progress(f"memory parts: {info.words()}", 0.5)
    features = prompt_features(
        weights, config, load_tokenizer(weights, config), read_texts(weights, digest)
    )
    words = required_words(read_words(weights), execution)
    if execution is None:
        execution = probe_execution(config)
        execution = replace(execution, compiled=execution.device == "cpu" and compiles_here())
    networks.eval().requires_grad_(False).to(execution.device, execution.dtype)
    torch.set_num_threads(execution.threads)
    engine = engine_of(execution)
    conditioner = Conditioner(PocketEngine(execution).transformer(dit, "denoise"), features)
    codec = codec_of(autoencoder, config, engine)
    base = world_parts(config, weights, digest, conditioner, codec, engine)
    name = WORLD_OF_VARIANT[variant]
    provenance = {
        **base.provenance,
        "weights": f"{digest} {variant} {info.digest}",
        "memorypack": {**info.config.as_dict(), "trained": info.words()},
    }
    world = MemoryPackWorld(
        replace(
            base,
            spec=replace(base.spec, name=name, policies=(name,)),
            flow=replace(base.flow, steps=PACK_STEPS),
            provenance=provenance,
            words=words,
        ),
        networks,
        features,
        RayPlaces(RayCoordinates.of(config)),
        name if info.trained else f"{name} (untrained)",
    )
    on_progress("ready", 1.0)
    return world
