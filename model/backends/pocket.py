"""Assembles the pocket world from the weights in the repository."""

import os
import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from controls.camera import CameraSpeed
from model.animation import Animation
from model.animator import Animator
from model.attention import KERNELS
from model.autoencoder import Autoencoder
from model.codec import Codec
from model.conditioning import Conditioner
from model.config import PocketConfig
from model.diffusion_world import DiffusionWorld
from model.dit import DiT, own_block_attention
from model.frames import open_image, to_pictures
from model.fused import fold_text, fuse
from model.generator import BlockGenerator
from model.kv_cache import CacheShape, KVCache
from model.low_rank import merge
from model.machine import Execution, probe
from model.memory import MEMORY_POLICIES, make_policy
from model.memorypack.config import WORLD_OF_VARIANT
from model.memorypack.parts import PARTS, base_hash, packed_networks, parts_file
from model.memorypack.places import RayPlaces
from model.memorypack.world import MemoryPackWorld
from model.prompts import PromptFeatures, read_texts
from model.rope import RayCoordinates
from model.weights import (
    ANIMATOR,
    AUTOENCODER,
    POCKET_WEIGHTS,
    WORLD,
    load_generator,
    load_into,
    load_tokenizer,
    read_config,
    weights_hash,
)
from model.world import MIB, MemorySetting, Progress, WorldFailed, WorldSpec

FULL_SPEED = CameraSpeed(yaw=40.0, pitch=20.0, zoom=30.0)  # degrees a second
PACK_STEPS = 2  # denoising steps of a block that no look-ahead has prepared
MOST_SLOTS = 4096  # frames that storage is reserved for at most
_PACKAGES = ("torch", "numpy", "transformers", "tokenizers", "safetensors", "xxhash")  # and digests


def load(
    memory: MemorySetting,
    *,
    look_ahead: bool,
    on_progress: Progress,
    weights: Path = POCKET_WEIGHTS,
    execution: Execution | None = None,
) -> DiffusionWorld:
    """Return the pocket world.

    Args:
        memory: first setting of memory; its budget reserves the slots.
        look_ahead: whether views are imagined before the camera gets there.
        on_progress: told what is being loaded.
        weights: folder of weights.
        execution: how to run; None: what a probe finds fastest here.

    Raises:
        MissingWeights: weights are absent, damaged, or of another architecture.
        WorldFailed: the memory policy does not exist.
    """
    make_policy(memory, capacity=1)  # before anything is read
    on_progress("weights", 0.0)
    config = read_config(weights)
    dit, memory_dit, autoencoder = _networks(config, weights)
    tokenizer = load_tokenizer(weights, config)
    digest = weights_hash(weights)
    known = read_texts(weights, digest)
    features = prompt_features(weights, config, tokenizer, known)
    on_progress("probe", 0.6)
    execution = execution or _probe(config)
    torch.set_num_threads(execution.threads)
    conditioner = imagination = _conditioner(dit, features, execution)
    if memory_dit is not dit:
        imagination = _conditioner(memory_dit, features, execution)
    empty_text = imagination.text_keys("")
    autoencoder.to(execution.device, execution.dtype, memory_format=torch.channels_last)
    on_progress("memory", 0.9)
    cache = _cache(config, memory, execution)
    world = DiffusionWorld(
        spec=_spec(config),
        conditioner=conditioner,
        imagination=imagination,
        generator=BlockGenerator(dit, memory_dit, cache, config.flow.shift, empty_text),
        cache=cache,
        rays=_rays(config),
        codec=_codec(autoencoder, config, execution),
        memory=memory,
        flow=config.flow,
        latent_shape=(config.dit.channels, *config.latent_size),
        provenance=_provenance(config, digest, execution),
        animation=_animation(config, weights, execution),
        look_ahead=look_ahead,
    )
    on_progress("ready", 1.0)
    return world


def load_memorypack(
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
        on_progress: told what is being loaded, and whether the parts are trained.
        weights: folder of the base's weights.
        parts: folder of parts; a variant without a file there plays with untrained ones.
        phase: of training whose result is meant, which must be there; "": what is played.
        execution: how to run; None: what a probe finds fastest here.

    Raises:
        MissingWeights: weights are absent, damaged, of another architecture or another base.
    """
    on_progress("weights", 0.0)
    path = parts_file(variant, parts, phase)
    config, digest = read_config(weights), weights_hash(weights)
    _, dit, autoencoder = _networks(config, weights)  # parts belong to the one in `WORLD`
    networks, info = packed_networks(
        dit, variant, path if phase or path.exists() else None, base_hash(weights)
    )
    merge(dit)
    on_progress(f"memory parts: {info.words()}", 0.5)
    features = prompt_features(
        weights, config, load_tokenizer(weights, config), read_texts(weights, digest)
    )
    execution = execution or _probe(config)
    torch.set_num_threads(execution.threads)
    dit.kernel = KERNELS[execution.kernel]
    networks.eval().requires_grad_(False).to(execution.device, execution.dtype)
    conditioner = Conditioner(fold_text(fuse(dit)), features)
    autoencoder.to(execution.device, execution.dtype, memory_format=torch.channels_last)
    name = WORLD_OF_VARIANT[variant]
    identity = f"{digest} {variant} {info.digest}"
    world = MemoryPackWorld(
        spec=replace(_spec(config), name=name, policies=(name,)),
        networks=networks,
        conditioner=conditioner,
        features=features,
        places=RayPlaces(_rays(config), *_tokens(config), config.block_length),
        codec=_codec(autoencoder, config, execution),
        flow=replace(config.flow, steps=PACK_STEPS),
        latent_shape=(config.dit.channels, *config.latent_size),
        provenance={
            **_provenance(config, identity, execution),
            "memorypack": {**info.config.as_dict(), "trained": info.words()},
        },
        title=name if info.trained else f"{name} (untrained)",
        animation=_animation(config, weights, execution),
    )
    on_progress("ready", 1.0)
    return world


def _networks(config: PocketConfig, weights: Path) -> tuple[DiT, DiT, Autoencoder]:
    """Return what makes latents, what remembers them, and what makes pictures, for inference."""
    memory_dit, autoencoder = DiT(config.dit), Autoencoder(config.autoencoder)
    load_into(memory_dit, weights / WORLD, part="dit.")
    load_into(autoencoder, weights / AUTOENCODER)
    for network in (memory_dit, autoencoder):
        network.eval().requires_grad_(False)
    return load_generator(memory_dit, config, weights), memory_dit, autoencoder


def _conditioner(dit: DiT, features: PromptFeatures, execution: Execution) -> Conditioner:
    """Lay a transformer out for this machine and return what reads its prompts."""
    dit.kernel = KERNELS[execution.kernel]
    dit.to(execution.device, execution.dtype)
    return Conditioner(fold_text(fuse(dit)), features)


def prompt_features(
    weights: Path, config: PocketConfig, tokenizer: Tokenizer, known: Mapping[str, Tensor]
) -> PromptFeatures:
    """Return what reads prompts; the encoder is loaded when there is one that is not known.

    Args:
        weights: folder of the encoder.
        config: of the weights.
        tokenizer: of the weights.
        known: features of prompts, see `read_texts`.
    """

    def load_encoder():
        from model.text_encoder import TextEncoder  # takes seconds to import

        encoder = TextEncoder(config.text)
        load_into(encoder, weights / WORLD, part="text.")
        return encoder.eval().requires_grad_(False)

    return PromptFeatures(tokenizer, config.text.text_len, load_encoder, known)


def recorded_execution(data: dict) -> Execution:
    """Return how a recording ran.

    Raises:
        WorldFailed: this machine cannot run so.
    """
    try:
        execution = Execution.from_dict(data)
    except ValueError as error:
        raise WorldFailed(f"{error}; record it again with this version") from None
    if execution.device == "cuda" and not torch.cuda.is_available():
        raise WorldFailed("the recording was made on a CUDA device, and there is none here")
    return execution


def _spec(config: PocketConfig) -> WorldSpec:
    return WorldSpec(
        name="pocket",
        frame_width=config.frame_width,
        frame_height=config.frame_height,
        fps=config.fps,
        block_length=config.block_length,
        full_speed=replace(FULL_SPEED, narrowest_fov=config.narrowest_fov),
        policies=tuple(MEMORY_POLICIES),
        axes=config.axes,
        moves=config.moves,
    )


def _tokens(config: PocketConfig) -> tuple[int, int]:
    """Return rows and columns of tokens."""
    rows, columns = (size // config.dit.patch for size in config.latent_size)
    return rows, columns


def _rays(config: PocketConfig) -> RayCoordinates:
    return RayCoordinates(config.dit.rays, *_tokens(config), config.block_length)


def _cache(config: PocketConfig, memory: MemorySetting, execution: Execution) -> KVCache:
    shape = CacheShape(
        config.dit.num_layers,
        config.tokens_per_frame,
        config.dit.num_heads,
        config.dit.head_dim,
        config.block_length,
    )
    slots = memory.kept_mib * MIB // shape.slot_bytes(execution.dtype)
    if slots < 1:
        raise WorldFailed(
            f"a memory budget of {memory.kept_mib} MiB holds no frame; give at least 1 MiB"
        )
    return KVCache(shape, min(slots, MOST_SLOTS), execution.dtype, execution.device)


def _codec(autoencoder: Autoencoder, config: PocketConfig, execution: Execution) -> Codec:
    def encode(frames):
        pictures = to_pictures(frames, execution.dtype).to(execution.device)
        return autoencoder.encode(pictures.contiguous(memory_format=torch.channels_last)).float()

    def picture(latents):
        latents = latents.to(execution.device, execution.dtype)
        return autoencoder.decode(latents.contiguous(memory_format=torch.channels_last))

    size = config.frame_width, config.frame_height
    return Codec(encode, picture, lambda path: open_image(path, *size))


def _animation(config: PocketConfig, weights: Path, execution: Execution) -> Animation | None:
    """Return what moves pictures, if the weights know motion."""
    if config.animator is None:
        return None
    animator = Animator(config.animator)
    load_into(animator, weights / ANIMATOR)
    return Animation(animator.eval().requires_grad_(False), execution)


def _probe(config: PocketConfig) -> Execution:
    """Time passes over a block by two layers of the world's width."""
    layers = replace(config.dit, num_layers=2)

    def run(dtype: torch.dtype, kernel: str):
        dit = DiT(layers, KERNELS[kernel]).to(dtype)
        length = config.block_length
        latents = torch.zeros(1, length, config.dit.channels, *config.latent_size, dtype=dtype)
        poses = torch.tensor([[(0.0, 0.0, 90.0)] * length])
        rays = _rays(config)
        rotary = rays.rotary(poses, torch.arange(length)[None])
        features = rays.features(poses, torch.arange(length), dtype)

        def one_pass():
            with torch.inference_mode():
                time = dit.embed_time(torch.zeros(1, length))
                text = dit.text_keys(
                    torch.zeros(1, config.text.text_len, config.text.dim).to(dtype)
                )
                return dit(latents, time, text, rotary, own_block_attention(dit.kernel), features)

        return one_pass

    return probe(run)


def _provenance(config: PocketConfig, digest: str, execution: Execution) -> dict:
    return {
        "weights": digest,
        "config": config.as_dict(),
        "execution": execution.as_dict(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "wait_policy": os.environ.get("OMP_WAIT_POLICY", "default"),
    }
