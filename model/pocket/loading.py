"""Assembles the pocket world from the weights in the repository."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mag_sandbox.controls.camera import RUN, WALK_AXES, CameraSpeed
from mag_sandbox.files.whole import sha256_of
from mag_sandbox.model.attention import KERNELS, named_kernel
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.dit import DiT, own_block_attention
from mag_sandbox.model.execution import (
    AUTO,
    COMPILER,
    NETWORKS,
    Execution,
    compiles_here,
    package_version,
    probe,
)
from mag_sandbox.model.frames import open_image
from mag_sandbox.model.imagination.imagination import (
    Coder,
    Imagination,
    coded_sizes,
    load_imagination,
)
from mag_sandbox.model.imagination.weights import (
    IMAGINATION_WEIGHTS,
    TEXT,
    digest_of,
    fits,
    refiner_digest,
)
from mag_sandbox.model.kv_cache import CacheShape
from mag_sandbox.model.memory import MEMORY_POLICIES, make_policy
from mag_sandbox.model.packing import free_plain_bytes
from mag_sandbox.model.pocket.base import WorldParts
from mag_sandbox.model.pocket.block_memory import MemoryNetworks
from mag_sandbox.model.pocket.editing import Editor
from mag_sandbox.model.pocket.engines.engine import PocketEngine, Transformer
from mag_sandbox.model.pocket.painting.painted_pictures import SkyAlone
from mag_sandbox.model.pocket.painting.painting import PaintingInventor
from mag_sandbox.model.pocket.pictures.animation import Animation
from mag_sandbox.model.pocket.pictures.animator import Animator
from mag_sandbox.model.pocket.pictures.decoding import Codec
from mag_sandbox.model.pocket.text_encoder import TextEncoder
from mag_sandbox.model.pocket.weights import (
    ANIMATOR,
    AUTOENCODER,
    POCKET_WEIGHTS,
    RANGES,
    WORLD,
    load_generator,
    load_tokenizer,
    read_config,
    weights_hash,
)
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.prompts import Conditioner, PromptFeatures, read_texts
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.model.world import MIB, MemorySetting, Progress, WorldFailed, WorldSpec
from mag_sandbox.scenes.conditions import lit
from mag_sandbox.scenes.descriptions import DescriptionWords
from mag_sandbox.scenes.kinds import THINGS
from mag_sandbox.scenes.vocabulary import WORDS_FILE, Vocabulary, VocabularyError, without_unknown

if TYPE_CHECKING:
    from mag_sandbox.model.compiled.quantisation import Ranges

FULL_SPEED = CameraSpeed(yaw=40.0, pitch=20.0, zoom=30.0)  # degrees a second
MOST_SLOTS = 4096  # frames that storage is reserved for at most
_PACKAGES = ("torch", "numpy", "tokenizers", "safetensors", "xxhash")  # and digests


def load(
    memory: MemorySetting,
    *,
    look_ahead: bool,
    on_progress: Progress,
    weights: Path = POCKET_WEIGHTS,
    execution: Execution | None = None,
    precision: str = AUTO,
    imagination: Path = IMAGINATION_WEIGHTS,
    engine: PocketEngine | None = None,
) -> DiffusionWorld:
    """Return the pocket world.

    Args:
        memory: first setting of memory; its budget reserves the slots.
        look_ahead: whether views are imagined before the camera gets there.
        on_progress: called with the name of the stage.
        weights: folder of weights.
        execution: how to run; None: the fastest way here, painting if there are weights for it.
        precision: of all networks, where no execution is given: "fp32", "bf16", "int8", or "auto",
            the fastest one for each.
        imagination: folder of the weights of what plans and paints.
        engine: what runs the networks; None: graphs or modules, as the execution says.
    """
    make_policy(memory, capacity=1)  # before anything is read
    base = load_base(weights, execution, on_progress, precision, imagination, engine)
    on_progress("memory", 0.9)
    networks, parts = base.networks, base.parts
    of_memory = networks.of_memory
    generator = networks.engine.generator(
        networks.transformer,
        networks.memory_transformer,
        CacheShape.of(base.config),
        _slots(base.config, memory, base.execution),
        base.config.flow.shift,
        of_memory.text_keys(""),
    )
    painting, editor = base.painting(), None
    if networks.painter is not None and painting is not None:
        invented, features = networks.painter
        editor = Editor(invented, features, painting)
        parts = replace(parts, spec=_painted_spec(parts.spec, invented))
    passes = MemoryNetworks(
        generator, RayCoordinates.of(base.config), parts.conditioner, of_memory, parts.flow,
        parts.latent_shape,
    )  # fmt: skip
    world = DiffusionWorld(
        parts, passes, memory, painting=painting, editor=editor, look_ahead=look_ahead
    )
    on_progress("ready", 1.0)
    return world


@dataclass(frozen=True, slots=True)
class _Networks:
    """Parts that worlds over the same weights share: fit for this machine, never changed."""

    engine: PocketEngine
    transformer: Transformer  # makes latents
    memory_transformer: Transformer  # remembers them
    parts: WorldParts
    of_memory: Conditioner  # keys of prompts for the memory model
    painter: tuple[Imagination, PromptFeatures] | None  # None: the memory model invents


@dataclass(frozen=True, slots=True)
class PocketBase:
    """The weights that all pocket worlds share, and how they run here."""

    config: PocketConfig
    digest: str
    execution: Execution
    networks: _Networks
    parts: WorldParts
    _vocabulary: Vocabulary
    _known: str  # digest of the imagination; "": none fits

    def painting(self) -> PaintingInventor | None:
        """Return an inventor of views for one world; None: there are no weights for it."""
        if self.networks.painter is None:
            return None
        sky_alone = _sky_alone(self.parts.animation)
        return PaintingInventor(*self.networks.painter, self._vocabulary, self._known, sky_alone)


def load_base(
    weights: Path,
    execution: Execution | None,
    on_progress: Progress,
    precision: str = AUTO,
    imagination: Path = IMAGINATION_WEIGHTS,
    engine: PocketEngine | None = None,
) -> PocketBase:
    """Load what all pocket worlds share; arguments are those of `load`."""
    on_progress("weights", 0.0)
    config = read_config(weights)
    digest = weights_hash(weights)
    paints = fits(imagination, weights) if execution is None else execution.paints
    vocabulary = read_words(imagination if paints else weights)
    words = vocabulary if vocabulary.counts and execution is None else None
    known = digest_of(imagination) if paints else ""
    ranges = read_ranges(weights, digest, known)
    if execution is None:
        on_progress("probe", 0.1)
        chosen = chosen_execution(config, (digest, known), ranges, precision)
        execution = replace(chosen, paints=paints)
        on_progress("weights", 0.2)
    elif execution.precisions and ranges is not None:
        execution = possible_execution(execution, config, ranges)
    torch.set_num_threads(execution.threads)
    alike = replace(execution, pass_ms=0.0)  # however fast it was found to be
    networks = _networks(config, weights, digest, imagination, known, alike, engine)
    parts = replace(networks.parts, words=words, provenance=dict(networks.parts.provenance))
    return PocketBase(config, digest, execution, networks, parts, vocabulary, known)


@lru_cache(maxsize=1)
def _networks(
    config: PocketConfig,
    weights: Path,
    digest: str,
    imagination: Path,
    known: str,
    execution: Execution,
    engine: PocketEngine | None,
) -> _Networks:
    """Load networks, once for all worlds of a process that are alike.

    A second player of a server, or of a split screen, has a memory of its own and no weights.
    """
    dit, memory_dit, autoencoder = load_networks(config, weights)
    own = weights != POCKET_WEIGHTS  # of a test or a training run: not worth the disk
    kept = "" if own else f"{digest} {known} {_digest_of_ranges(weights)}"
    engine = engine or engine_of(execution, read_ranges(weights, digest, known), kept)
    features = prompt_features(weights, config, read_texts(weights, digest))
    making = engine.transformer(dit, "denoise")
    remembering = engine.transformer(memory_dit, "remember")
    of_making, of_memory = (Conditioner(each, features) for each in (making, remembering))
    sizes = coded_sizes(config.latent_size) if known else ()
    codec, painter = codec_of(autoencoder, config, engine, *sizes), None
    if known:
        kernel, coder = (
            named_kernel(execution.kernel),
            Coder(codec.encode, codec.picture, config.autoencoder.stride),
        )
        painter = (
            load_imagination(
                imagination,
                coder,
                kernel,
                engine.painter,
                partial(engine.refiner, cell=config.autoencoder.stride),
            ),
            painting_features(imagination, config, read_texts(imagination, known)),
        )
    parts = WorldParts(
        spec=_spec(config),
        conditioner=of_making,
        codec=codec,
        flow=config.flow,
        latent_shape=(config.dit.channels, *config.latent_size),
        provenance=_provenance(config, digest, engine.execution),
        animation=_animation(config, weights, engine),
    )
    if known:
        parts.provenance["imagination"] = known
    else:
        free_plain_bytes()
    return _Networks(engine, making, remembering, parts, of_memory, painter)


def read_words(weights: Path) -> Vocabulary:
    """Return the words that weights know; of none where that is not said."""
    try:
        return DescriptionWords.load(weights / WORDS_FILE)
    except VocabularyError:
        return _no_words()


@cache
def _no_words() -> Vocabulary:
    return Vocabulary({})


def load_memory_model(config: PocketConfig, weights: Path) -> DiT:
    """Return the memory model for inference."""
    dit = DiT(config.dit)
    load_into(dit, weights / WORLD, part="dit.")
    return dit.eval().requires_grad_(False)


def load_networks(config: PocketConfig, weights: Path) -> tuple[DiT, DiT, Autoencoder]:
    """Return generator, memory model and codec for inference."""
    memory_dit, autoencoder = load_memory_model(config, weights), Autoencoder(config.autoencoder)
    load_into(autoencoder, weights / AUTOENCODER)
    autoencoder.eval().requires_grad_(False)
    return load_generator(memory_dit, config, weights), memory_dit, autoencoder


def read_ranges(weights: Path, digest: str, known: str) -> "Ranges | None":
    """Return the ranges for int8 that belong to weights; None: there are no graphs here.

    Digests are the weights' and the imagination's.
    """
    if not compiles_here():
        return None
    from mag_sandbox.model.compiled import quantisation  # imports its compiler

    return quantisation.read_ranges(weights / RANGES, network_digests(digest, known))


def network_digests(digest: str, known: str) -> dict[str, str]:
    """Return a digest of the weights of each network, "": there is none; see `read_ranges`."""
    refiner = refiner_digest(IMAGINATION_WEIGHTS) if known else ""
    return dict.fromkeys(NETWORKS, digest) | {"painter": known, "refiner": refiner}


def _digest_of_ranges(weights: Path) -> str:
    path = weights / RANGES
    return sha256_of(path) if path.exists() else ""


def chosen_execution(
    config: PocketConfig, digests: Sequence[str], ranges: "Ranges | None", asked: str = AUTO
) -> Execution:
    """Return the execution of networks on this machine.

    Args:
        config: of the weights.
        digests: of all weights.
        ranges: for int8; None: networks run as modules.
        asked: for all networks, one of `PRECISIONS` or "auto".

    Raises:
        WorldFailed: that precision is not available here.
    """
    if torch.cuda.is_available() or ranges is None:
        if asked != AUTO:
            raise WorldFailed(f"precision {asked} is for graphs, and none run here; take {AUTO}")
        return probe_execution(config)
    from mag_sandbox.model.pocket.engines import precision  # imports its compiler

    return precision.chosen_execution(config, digests, ranges.of_networks, asked)


def picture_precision() -> str:
    """Return the precision in which networks of pictures, like the decoder, run here as graphs."""
    digests = _digests(POCKET_WEIGHTS)
    ranges = read_ranges(POCKET_WEIGHTS, *digests)
    return chosen_execution(read_config(POCKET_WEIGHTS), digests, ranges).precision("decoder")


def measure_precisions(weights: Path = POCKET_WEIGHTS) -> None:
    """Time all networks in all precisions, and keep the choice for later starts."""
    if torch.cuda.is_available() or not compiles_here():
        return
    from mag_sandbox.model.pocket.engines import precision  # imports its compiler
    from mag_sandbox.model.pocket.engines.graph_engine import GraphEngine

    paints = fits(IMAGINATION_WEIGHTS, weights)
    execution = Execution("cpu", torch.float32, "sdpa", 1, compiled=True, paints=paints)
    collector = precision.GraphCollector(execution)
    load(
        MemorySetting(), look_ahead=True, on_progress=lambda stage, fraction: None,
        weights=weights, execution=execution, engine=GraphEngine(collector),
    ).close()  # fmt: skip
    digests = _digests(weights)
    ranges = read_ranges(weights, *digests)
    sampled = precision.sampled_choice(read_config(weights), precision.machine_of(digests))
    if ranges is not None:
        precision.write_choice(precision.measured_choice(collector.graphs, ranges, sampled))


def _digests(weights: Path) -> tuple[str, str]:
    """Return the digests of weights and of the imagination that fits them; "": none does."""
    fitting = fits(IMAGINATION_WEIGHTS, weights)
    return weights_hash(weights), digest_of(IMAGINATION_WEIGHTS) if fitting else ""


def possible_execution(execution: Execution, config: PocketConfig, ranges: "Ranges") -> Execution:
    """Return a recorded execution without precisions that this machine or these weights lack."""
    from mag_sandbox.model.pocket.engines import precision  # imports its compiler

    possible = precision.available(config, bool(ranges.of_networks))
    kept = tuple(pair for pair in execution.precisions if pair[1] in possible)
    return replace(execution, precisions=kept)


def engine_of(
    execution: Execution, ranges: "Ranges | None" = None, weights: str = ""
) -> PocketEngine:
    """Return the engine of an execution, in int8 by ranges.

    Graphs are kept on disk if `weights` tells networks and ranges from all others.
    """
    if not execution.compiled:
        return PocketEngine(execution)
    from mag_sandbox.model.compiled.graphs import GraphCompiler  # imports its compiler
    from mag_sandbox.model.pocket.engines.graph_engine import GraphEngine

    return GraphEngine(GraphCompiler(execution, ranges.quantise if ranges else None, weights))


def prompt_features(
    weights: Path, config: PocketConfig, known: Mapping[str, Tensor]
) -> PromptFeatures:
    """Return the reader of prompts of a weights folder; its encoder is loaded when first needed.

    What is known are features, see `read_texts`.
    """
    return _features(weights, config, known, WORLD, "text.")


def painting_features(
    imagination: Path, config: PocketConfig, known: Mapping[str, Tensor]
) -> PromptFeatures:
    """Return the reader of prompts for planner and painter, which have an encoder of their own."""
    return _features(imagination, config, known, TEXT, "", reads=True)


def _features(
    folder: Path,
    config: PocketConfig,
    known: Mapping[str, Tensor],
    name: str,
    part: str,
    *,
    reads: bool = False,
) -> PromptFeatures:
    def load_encoder() -> nn.Module:
        encoder = TextEncoder(config.text)
        load_into(encoder, folder / name, part=part)
        return encoder.eval().requires_grad_(False)

    tokenizer, words = load_tokenizer(folder, config), read_words(folder)

    def read(prompt: str) -> str:
        text = lit(prompt, words) if reads else prompt
        return without_unknown(text, words) if words.counts else text  # unknown words destroy views

    return PromptFeatures(tokenizer, config.text.text_len, load_encoder, known, read)


def recorded_execution(data: dict[str, Any]) -> Execution:
    """Return the execution of a recording, or raise WorldFailed if this machine lacks it."""
    try:
        execution = Execution.from_dict(data)
    except ValueError as error:
        raise WorldFailed(f"{error}; record it again with this version") from None
    if execution.compiled and not compiles_here():  # alike, and its provenance says so
        execution = replace(execution, compiled=False, precisions=())
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


def _painted_spec(spec: WorldSpec, imagination: Imagination) -> WorldSpec:
    """Return the constants of a world that paints its views: it can be changed and walked in."""
    kinds = tuple(kind for kind in imagination.config.kinds if kind in THINGS)
    speed = replace(spec.full_speed, walk=RUN)
    return replace(spec, kinds=kinds, full_speed=speed, axes=(*spec.axes, *WALK_AXES))


def _slots(config: PocketConfig, memory: MemorySetting, execution: Execution) -> int:
    """Return how many frames storage is reserved for."""
    slots = memory.kept_mib * MIB // CacheShape.of(config).slot_bytes(execution.dtype)
    if slots < 1:
        raise WorldFailed(
            f"a memory budget of {memory.kept_mib} MiB holds no frame; give at least 1 MiB"
        )
    return min(slots, MOST_SLOTS)


def codec_of(
    autoencoder: Autoencoder,
    config: PocketConfig,
    engine: PocketEngine,
    decoded: Sequence[tuple[int, int]] = (),
    encoded: Sequence[tuple[int, int]] = (),
) -> Codec:
    """Return the codec of an autoencoder; see `PocketEngine.coding`."""
    size = config.frame_width, config.frame_height
    coding = engine.coding(autoencoder, config, decoded, encoded)
    return Codec(*coding, lambda path: open_image(path, *size))


def _animation(config: PocketConfig, weights: Path, engine: PocketEngine) -> Animation | None:
    if config.animator is None:
        return None
    animator = Animator(config.animator)
    load_into(animator, weights / ANIMATOR)
    return engine.animation(animator.eval().requires_grad_(False), config)


def _sky_alone(animation: Animation | None) -> SkyAlone:
    """Return the network that removes objects in front of the sky; none is needed at rest."""
    return animation.sky_alone if animation else lambda pictures, *_: pictures


@cache
def probe_execution(config: PocketConfig) -> Execution:
    """Time passes over a block by two layers of the world's width, as modules.

    Once a process: worlds that run beside each other run alike, and the next one is there sooner.
    """
    layers = replace(config.dit, num_layers=2)

    def run(dtype: torch.dtype, kernel: str) -> Callable[[], Tensor]:
        dit = DiT(layers, KERNELS[kernel]).to(dtype)
        length = config.block_length
        latents = torch.zeros(1, length, config.dit.channels, *config.latent_size, dtype=dtype)
        poses = torch.tensor([[(0.0, 0.0, 90.0)] * length])
        rays = RayCoordinates.of(config)
        rotary = rays.rotary(poses, torch.arange(length)[None])
        features = rays.features(poses, torch.arange(length), dtype)

        def one_pass() -> Tensor:
            with torch.inference_mode():
                time = dit.embed_time(torch.zeros(1, length))
                text = dit.text_keys(
                    torch.zeros(1, config.text.text_len, config.text.dim).to(dtype)
                )
                denoised: Tensor = dit(
                    latents, time, text, rotary, own_block_attention(dit.kernel), features
                )
                return denoised

        return one_pass

    return probe(run)


def _provenance(config: PocketConfig, digest: str, execution: Execution) -> dict[str, Any]:
    packages = (*_PACKAGES, COMPILER) if execution.compiled else _PACKAGES
    return {
        "weights": digest,
        "config": asdict(config),
        "execution": execution.as_dict(),
        "python": platform.python_version(),
        "packages": {name: package_version(name) for name in packages},
        "wait_policy": os.environ.get("OMP_WAIT_POLICY", "default"),
    }
