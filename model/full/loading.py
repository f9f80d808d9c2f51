"""Assembles the worlds of public checkpoints from fetched weights, laid out by `Start.plan`."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mag_sandbox.controls.camera import AXES, RUN, CameraSpeed
from mag_sandbox.model.attention import choose_kernel, named_kernel
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan, Start
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.catalogue.weight_files import WorldFiles
from mag_sandbox.model.catalogue.worlds import VideoShape, WorldRow
from mag_sandbox.model.checkpoints import Change, load_checkpoint, open_checkpoint
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.dit import DiT, TokenSplit
from mag_sandbox.model.execution import Execution, compiles, package_version
from mag_sandbox.model.full.compiling import compile_decoder, compile_layers
from mag_sandbox.model.full.frame_tiers import FrameTiers, WaitingRoom
from mag_sandbox.model.full.offload import SideStream
from mag_sandbox.model.full.rollout import Engine, full_cache
from mag_sandbox.model.full.splits import Distant, Ulysses, card, joined
from mag_sandbox.model.full.text import TextEmbedder, load_text_encoder, load_tokenizer
from mag_sandbox.model.full.text_cache import NOTHING, ScenePrompts, weights_identity
from mag_sandbox.model.full.tiny_decoder import load_tiny_decoder, load_tiny_encoder
from mag_sandbox.model.full.vae import TIME_STRIDE, load_vae
from mag_sandbox.model.full.video_stream import PictureCodec, VideoStream, exact_codec, tiny_codec
from mag_sandbox.model.full.world import StreamWorld
from mag_sandbox.model.lora import Adapter
from mag_sandbox.model.memory import MEMORY_POLICIES, make_policy
from mag_sandbox.model.rope import GridCoordinates
from mag_sandbox.model.world import MemorySetting, MissingWeights, Progress, WorldFailed, WorldSpec
from mag_sandbox.program import PROGRAM

# What a full command is thought to do; sentences have no scale, so play corrects it.
THOUGHT_SPEED = CameraSpeed(yaw=20.0, pitch=10.0, walk=RUN)  # degrees, metres a second
HEAD_DIM = 128  # of every Wan network
TEXTS = "texts"  # folder of text features, beside the weights
_INDEX, _WEIGHTS = ".index.json", (".safetensors", ".bin", ".pt", ".pth")


def load(
    start: Start,
    memory: MemorySetting,
    *,
    look_ahead: bool,  # noqa: ARG001 (text cannot say where to look)
    execution: dict[str, Any] | None,
    on_progress: Progress,
) -> StreamWorld:
    """Return a world of the table, run as it was recorded, or with the best kernel here."""
    make_policy(memory, capacity=1)  # before anything is read
    files, plan, row = start.files, start.plan, start.row
    config = dit_config(files)
    running = execution_for(start.device.kind, execution)
    torch.set_num_threads(running.threads)
    share = joined(plan.devices, running.device, start.video.tokens(config), config.num_heads)
    on_progress("generator", 0.1)
    change = _adapter(start, config)
    empty = partial(DiT, config, named_kernel(running.kernel))
    dit = _network(start, "generator", partial(empty, share), running, running.device, change)
    memory_dit = dit
    if row.has_memory_model:
        on_progress("memory model", 0.4)
        where, split = memory_place(plan, running.device, share)
        offloaded = plan.memory_model == "offloaded"
        memory_dit = _network(
            start, "memory", partial(empty, split), running, "cpu" if offloaded else where
        )
    on_progress("decoder", 0.7)
    codec, load_tiny = picture_codecs(start, running)
    prompts = scene_prompts(files, "cpu" if plan.text_encoder == "cpu" else running.device)
    on_progress("memory", 0.9)
    world = assemble(
        row,
        plan,
        start.video,
        Parts(
            running,
            dit,
            memory_dit,
            codec,
            load_tiny,
            prompts,
            share,
            WaitingRoom.here(plan.host_bytes, plan.devices),
        ),
        memory,
        {**facts(start, running), "config": {"dit": asdict(config), "video": asdict(start.video)}},
        on_progress,
    )
    on_progress("ready", 1.0)
    return world


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a world, whatever it was loaded from."""

    running: Execution
    dit: DiT
    memory_dit: DiT  # may be the same
    codec: PictureCodec
    load_tiny: Callable[[], PictureCodec] | None  # None: there is no tiny decoder
    prompts: ScenePrompts
    share: Ulysses | None = None  # of tokens and heads; None: all of them
    room: WaitingRoom | None = None  # off the device; None: the free memory


def assemble(
    row: WorldRow,
    plan: MemoryPlan,
    video: VideoShape,
    parts: Parts,
    memory: MemorySetting,
    provenance: dict[str, Any],
    on_progress: Progress,
) -> StreamWorld:
    """Return a world of its parts; the arguments are those of `Start`, `load` and `StreamWorld`.

    How its networks run in the end is noted in its provenance.
    """
    config, running = parts.dit.config, parts.running
    assert row.recipe is not None  # only streams with a recipe are assembled here
    recipe = replace(row.recipe, memory=row.memory_setting(), slots=plan.slots)
    rows, columns = video.grid(config)
    heads = parts.share.heads if parts.share else None
    tokens = rows * columns
    cache = full_cache(config, recipe, tokens, running.dtype, running.device, heads=heads)
    tiers = FrameTiers(cache, parts.room, parts.share)
    grid = GridCoordinates(rows, columns, config.head_dim, running.device)
    shape = config.channels, video.latent_height, video.latent_width
    engine = Engine(parts.dit, parts.memory_dit, tiers, grid, recipe, shape, plan.devices)
    running = compile_layers(engine, running, on_progress)
    if running.compiled:
        compile_decoder(parts.codec.decoder, engine, on_progress)
    decoding = card(running.device, plan.decoder_card)
    return StreamWorld(
        spec=stream_spec(row.name, video),
        row=row,
        plan=plan,
        engine=engine,
        prompts=parts.prompts,
        video=VideoStream(parts.codec, parts.load_tiny, decoding, running.device),
        side_stream=SideStream(decoding),
        memory=memory,
        provenance={**provenance, "execution": running.as_dict()},
        on_progress=on_progress,
    )


def memory_place(
    plan: MemoryPlan, device: str, share: Ulysses | None
) -> tuple[str, TokenSplit | None]:
    """Return where a plan puts the memory model, and how it shares blocks with the device."""
    if not plan.memory_card:
        return device, share
    where = card(device, plan.memory_card)
    return where, Distant(where, device)


def dit_config(files: WorldFiles) -> DiTConfig:
    """Return the sizes of a world's generator, as its weights say."""
    path = checkpoint_path(files, "generator")
    return sized_by(open_checkpoint(path).shapes, path)


def sized_by(shapes: Mapping[str, tuple[int, ...]], path: Path) -> DiTConfig:
    """Return the sizes of a transformer with these tensors."""
    try:
        dim, channels, _, patch, _ = shapes["patch_embedding.weight"]
        layers = {name.split(".")[1] for name in shapes if name.startswith("blocks.")}
        return DiTConfig(
            dim=dim,
            ffn_dim=shapes["blocks.0.ffn.0.weight"][0],
            num_heads=max(1, dim // HEAD_DIM),
            num_layers=len(layers),
            channels=channels,
            patch=patch,
            freq_dim=shapes["time_embedding.0.weight"][1],
            text_dim=shapes["text_embedding.0.weight"][1],
        )
    except (KeyError, ValueError) as error:
        raise MissingWeights(
            f"{path} is not a transformer of Wan's architecture ({error}); name another file"
        ) from None


def checkpoint_path(files: WorldFiles, role: str) -> Path:
    """Return the file to open for a role, an index if there is one, or raise MissingWeights."""
    paths = files.paths(role)
    chosen = [path for path in paths if path.name.endswith(_INDEX)]
    chosen += [path for path in paths if path.suffix in _WEIGHTS]
    if not chosen:
        raise MissingWeights(
            f'"{files.world}" has no {role} weights; run `{PROGRAM} fetch {files.world}`'
        )
    return chosen[0]


def execution_for(device: str, recorded: dict[str, Any] | None) -> Execution:
    """Return how networks run here; bf16, as the checkpoints were made, where that is fast."""
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    if recorded is None:
        kernel, _ = choose_kernel(device, dtype, HEAD_DIM)
        threads = torch.get_num_threads()
        return Execution(device, dtype, kernel, threads, compiled=compiles(device))
    here = {"device": device, "dtype": str(dtype).removeprefix("torch.")}
    for name, value in here.items():
        if recorded.get(name) != value:
            raise WorldFailed(
                f"the recording ran with {name} {recorded.get(name)}, here is {value}"
            )
    try:
        return Execution.from_dict(recorded)
    except ValueError as error:
        raise WorldFailed(
            f"the recording cannot be run as it was: {error}; record it again"
        ) from None


def _network(
    start: Start,
    role: str,
    empty: Callable[[], DiT],
    running: Execution,
    where: str,
    change: Change = lambda name, tensor: tensor,
) -> DiT:
    with torch.device("meta"):
        dit = empty()
    path, averaged = checkpoint_path(start.files, role), start.row.averaged
    load_checkpoint(dit, path, running.dtype, where, change, averaged=averaged)
    return dit.eval().requires_grad_(False)


def _adapter(start: Start, config: DiTConfig) -> Change:
    if not start.files.paths("lora"):
        return lambda name, tensor: tensor
    path = checkpoint_path(start.files, "lora")
    return Adapter(path, start.row.lora_alpha, config.num_layers).merged


def picture_codecs(
    start: Start, running: Execution
) -> tuple[PictureCodec, Callable[[], PictureCodec] | None]:
    """Return the codec of the plan, and a loader of the tiny codec; None: it is not here."""
    files = start.files
    running = replace(running, device=card(running.device, start.plan.decoder_card))
    load_tiny = partial(_tiny, files, running) if files.paths("tiny decoder") else None
    if load_tiny and start.plan.decoder == "tiny":
        return load_tiny(), load_tiny
    return _exact(files, running), load_tiny


def _exact(files: WorldFiles, running: Execution) -> PictureCodec:
    official = open_checkpoint(checkpoint_path(files, "vae"))
    return exact_codec(load_vae(official, running.device, running.dtype))


def _tiny(files: WorldFiles, running: Execution) -> PictureCodec:
    official = open_checkpoint(checkpoint_path(files, "tiny decoder"))
    where = running.device, running.dtype
    return tiny_codec(load_tiny_decoder(official, *where), load_tiny_encoder(official, *where))


def scene_prompts(
    files: WorldFiles, device: str, aside: tuple[str, ...] = (NOTHING,)
) -> ScenePrompts:
    """Return the texts of scenes, to be encoded on a device; see `ScenePrompts` for those aside."""
    encoder = checkpoint_path(files, "text encoder")
    tokens = files.paths("tokenizer")[0]

    def load_encoder(device: str) -> TextEmbedder:
        official = open_checkpoint(encoder)
        network = load_text_encoder(official, device, torch.bfloat16)
        return TextEmbedder(network, load_tokenizer(tokens.parent, network.config.vocab_size))

    identity = f"{weights_identity(encoder, tokens)} bfloat16"
    return ScenePrompts(files.home / TEXTS, identity, load_encoder, AXES, device, aside)


def stream_spec(name: str, video: VideoShape) -> WorldSpec:
    """Return the constants of a world that is made block by block."""
    width, height = video.frame_size
    return WorldSpec(
        name=name,
        frame_width=width,
        frame_height=height,
        fps=video.fps,
        block_length=BLOCK_LENGTH * TIME_STRIDE,
        full_speed=THOUGHT_SPEED,
        policies=tuple(MEMORY_POLICIES),
        axes=AXES,
        exact_pose=False,
        latent_stride=TIME_STRIDE,
    )


_PACKAGES = ("torch", "numpy", "transformers", "tokenizers", "safetensors", "diffusers", "xxhash")


def facts(start: Start, running: Execution) -> dict[str, Any]:
    """Return plain JSON data; worlds add what they are made of."""
    return {
        "weights": start.files.digest(),
        "files": {file.role: file.origin for file in start.files.files},
        "execution": running.as_dict(),
        "device": start.device.name,
        "python": platform.python_version(),
        "packages": {name: package_version(name) for name in _PACKAGES},
    }
