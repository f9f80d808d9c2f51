"""Tiny random weights of every role of the full-size worlds, in the files the public ones have.

write_repos(folder)  # folder/OWNER/NAME/... as the hub lists them

Names and ranks of tensors are those of the public checkpoints; only widths and depths are small.
One head of 128 channels stays, so that rotary positions are those of the real network.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from mag_sandbox.model.catalogue.memory_plan import Device, MemoryPlan, Start
from mag_sandbox.model.catalogue.weight_files import WeightFile, WorldFiles
from mag_sandbox.model.catalogue.worlds import WORLDS, VideoShape
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.full import loading as full
from mag_sandbox.model.full import pack_world
from mag_sandbox.model.full.pack_world import PackStreamWorld
from mag_sandbox.model.full.world import StreamWorld
from mag_sandbox.model.world import MemorySetting
from mag_sandbox.training.pocket.words import train_tokenizer

GOLDEN = Path(__file__).parent / "golden"
CAPTIONS = ("a red tower by the sea", "a green hill under a grey sky", "the camera pans right")
TINY_FULL = DiTConfig(dim=128, ffn_dim=192, num_heads=1, num_layers=2, text_dim=32)
WAN = "Wan-AI/Wan2.1-T2V-1.3B"
MAG = "xilluill/MAG"
SELF_FORCING, CAUSVID = "gdhe17/Self-Forcing", "tianweiy/CausVid"
LONGLIVE = "Efficient-Large-Model/LongLive-1.3B"
TINY_DECODER = "Kijai/WanVideo_comfy"

PATHS = {  # by world and role; "": of every world
    "": {
        "vae": f"{WAN}/Wan2.1_VAE.pth",
        "text encoder": f"{WAN}/models_t5_umt5-xxl-enc-bf16.pth",
        "tokenizer": f"{WAN}/google/umt5-xxl/tokenizer.json",
        "tiny decoder": f"{TINY_DECODER}/taew2_1.safetensors",
    },
    "mag": {
        role: f"{MAG}/checkpoints/{name}/diffusion_pytorch_model.safetensors"
        for role, name in (("generator", "mag_generator"), ("memory", "memory_model"))
    },
    "self-forcing": {"generator": f"{SELF_FORCING}/checkpoints/self_forcing_dmd.pt"},
    "causvid": {"generator": f"{CAUSVID}/autoregressive_checkpoint/model.pt"},
    "longlive": {
        "generator": f"{LONGLIVE}/models/longlive_base.pt",
        "lora": f"{LONGLIVE}/models/lora.pt",
    },
}
PATHS["wan-memorypack"] = {"generator": f"{WAN}/diffusion_pytorch_model.safetensors"}
PATHS["mag-generator-only"] = {"generator": PATHS["mag"]["generator"]}
PATHS["self-forcing-plus-plus"] = PATHS["self-forcing"]
SMALL = VideoShape(latent_width=4, latent_height=4)
PROCESSOR = Device("cpu", "processor", None)

State = dict[str, Tensor]
_LAYER = re.compile(r"blocks\.(\d+)\.")
_LINEAR = re.compile(r"blocks\.\d+\.((self|cross)_attn\.[qkvo]|ffn\.[02])\.weight")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How small."""

    dit: DiTConfig = TINY_FULL
    vocabulary: int = 128  # of the text encoder
    lora_rank: int = 4


def write_repos(folder: Path, sizes: Sizes = Sizes()) -> None:
    """Write all repositories that the streams of the table name."""
    _write_wan(folder / WAN, sizes)
    save_file(dit_state(sizes, 10), folder / WAN / "diffusion_pytorch_model.safetensors")
    for name, seed in (("mag_generator", 1), ("memory_model", 2)):
        part = folder / MAG / "checkpoints" / name
        part.mkdir(parents=True)
        save_file(dit_state(sizes, seed), part / "diffusion_pytorch_model.safetensors")
        (part / "config.json").write_text(json.dumps({"dim": sizes.dit.dim, "num_layers": 2}))
    _save(folder / SELF_FORCING / "checkpoints" / "self_forcing_dmd.pt", _nested(sizes, 3, "ema"))
    _save(folder / CAUSVID / "autoregressive_checkpoint" / "model.pt", _nested(sizes, 4))
    _save(folder / LONGLIVE / "models" / "longlive_base.pt", _nested(sizes, 5))
    _save(folder / LONGLIVE / "models" / "lora.pt", {"generator_lora": lora_state(sizes, 6)})
    decoder = folder / TINY_DECODER
    decoder.mkdir(parents=True)
    save_file(tiny_decoder_state(7), decoder / "taew2_1.safetensors")


def tiny_files(name: str, repos: Path, texts: Path) -> WorldFiles:
    """Return the files of a world as they lie in repositories that `write_repos` wrote.

    Args:
        name: of the world.
        repos: folder of the repositories.
        texts: folder in which text features are kept.
    """
    files = [
        WeightFile(role, str(repos / path), 0, f"{role} of {name}", "tests", 0)
        for role, path in {**PATHS[""], **PATHS[name]}.items()
    ]
    return WorldFiles(name, texts, tuple(files))


def tiny_stream(
    name: str,
    repos: Path,
    texts: Path,
    memory: MemorySetting | None = None,
    *,
    plan: MemoryPlan | None = None,
    execution: dict | None = None,
    on_progress=lambda stage, fraction: None,
) -> StreamWorld:
    """Return a world of the table with tiny weights and pictures of 32 x 32 px."""
    row = WORLDS[name]
    plan = plan or MemoryPlan(row.recipe.slots)
    start = Start(row, tiny_files(name, repos, texts), PROCESSOR, plan, reduced=False, video=SMALL)
    return full.load(
        start,
        memory or row.memory_setting(),
        look_ahead=True,
        execution=execution,
        on_progress=on_progress,
    )


def tiny_pack(
    repos: Path, texts: Path, parts: Path | None = None, on_progress=lambda stage, fraction: None
) -> PackStreamWorld:
    """Return the like of the world that packs, in two steps a block; without parts untrained."""
    row = WORLDS["wan-memorypack"]
    row = replace(row, packs=replace(row.packs, steps=2))
    files = tiny_files(row.name, repos, texts)
    if parts is not None:
        own = WeightFile("parts", str(parts), 0, "own parts", "own file", 0)
        files = replace(files, files=(*files.files, own))
    plan = MemoryPlan(0, decoder="tiny")
    start = Start(row, files, PROCESSOR, plan, reduced=False, video=SMALL)
    return pack_world.load(
        start, row.memory_setting(), look_ahead=True, execution=None, on_progress=on_progress
    )


def dit_state(sizes: Sizes = Sizes(), seed: int = 0) -> State:
    """Return a transformer's tensors under the official names, in bf16."""
    dit = sizes.dit
    widths = {1536: dit.dim, 8960: dit.ffn_dim, 9216: 6 * dit.dim, 4096: dit.text_dim}
    shapes = _shapes("real_key_shapes.json")["dit_wan2.1_t2v_1.3b"]
    return _random(_shrunk(shapes, widths, dit.num_layers), seed, torch.bfloat16)


def lora_state(sizes: Sizes = Sizes(), seed: int = 0) -> State:
    """Return an adapter of every linear layer in the blocks, as PEFT names it."""
    shapes = {}
    for name, value in dit_state(sizes).items():
        if _LINEAR.fullmatch(name):
            wide, narrow = value.shape
            stem = f"base_model.model.{name.removesuffix('.weight')}"
            shapes[f"{stem}.lora_A.weight"] = [sizes.lora_rank, narrow]
            shapes[f"{stem}.lora_B.weight"] = [wide, sizes.lora_rank]
    return _random(shapes, seed, torch.bfloat16)


def vae_state(seed: int = 0) -> State:
    """Return the autoencoder's tensors under the official names, fp32."""
    widths = {96: 8, 192: 16, 384: 32, 768: 64, 1152: 96}
    shapes = _shapes("real_key_shapes.json")["vae_wan2.1"]
    return _random(_shrunk(shapes, widths), seed, torch.float32)


def text_state(sizes: Sizes = Sizes(), seed: int = 0) -> State:
    """Return the text encoder's tensors under the official names, in bf16."""
    widths = {4096: sizes.dit.text_dim, 10240: 48, 256384: sizes.vocabulary}
    shapes = _shrunk(_shapes("real_key_shapes.json")["umt5_xxl_encoder"], widths, layers=2)
    buckets_by_heads = {name: [32, 2] for name in shapes if "pos_embedding" in name}
    return _random({**shapes, **buckets_by_heads}, seed, torch.bfloat16)


def tiny_decoder_state(seed: int = 0) -> State:
    """Return the tiny autoencoder's tensors under the public names."""
    widths = {512: 32, 256: 16, 128: 8, 64: 4}
    return _random(_shrunk(_shapes("tiny_decoder_key_shapes.json"), widths), seed, torch.float16)


def _write_wan(folder: Path, sizes: Sizes) -> None:
    tokens = folder / "google" / "umt5-xxl"
    tokens.mkdir(parents=True)
    train_tokenizer(CAPTIONS, 64).save(str(tokens / "tokenizer.json"))
    _save(folder / "Wan2.1_VAE.pth", vae_state(8))
    _save(folder / "models_t5_umt5-xxl-enc-bf16.pth", text_state(sizes, 9))


def _nested(sizes: Sizes, seed: int, *more: str) -> dict[str, State]:
    """Return a training checkpoint: the weights under `generator`, and others if asked for."""
    names = ["generator", *(f"generator_{one}" for one in more)]
    return {
        name: {f"model.{key}": value for key, value in dit_state(sizes, seed + 10 * at).items()}
        for at, name in enumerate(names)
    }


def _shapes(file: str) -> dict:
    return json.loads((GOLDEN / file).read_text())


def _shrunk(
    shapes: Mapping[str, list[int]], widths: Mapping[int, int], layers: int | None = None
) -> dict[str, list[int]]:
    """Return shapes with other widths, and only the first layers."""
    kept = {}
    for name, shape in shapes.items():
        layer = _LAYER.match(name)
        if layers is None or layer is None or int(layer[1]) < layers:
            kept[name] = [widths.get(size, size) for size in shape]
    return kept


def _random(shapes: Mapping[str, list[int]], seed: int, dtype: torch.dtype) -> State:
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes.items():
        noise = torch.randn(shape, generator=generator)
        scale = shape[0] ** 0.5 / noise.numel() ** 0.5 if len(shape) > 1 else 0.1
        norm = (len(shape) == 1 and name.endswith("weight")) or name.endswith("gamma")
        state[name] = (1 + 0.1 * noise if norm else noise * scale).to(dtype)
    return state


def _save(path: Path, data: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(data, path)
