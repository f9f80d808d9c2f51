"""A full-size world with random weights, to be measured: all parts are real, nothing is trained."""

from dataclasses import asdict, dataclass, replace

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
from torch import Tensor

from mag_sandbox.model.attention import named_kernel
from mag_sandbox.model.catalogue.memory_prediction import MemoryPlan
from mag_sandbox.model.catalogue.worlds import BLOCK_LENGTH, VideoShape, WorldRow
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.full.beside import Beside, InTurn
from mag_sandbox.model.full.film import PictureCodec, exact_codec, tiny_codec
from mag_sandbox.model.full.loading import Parts, assemble, execution_for
from mag_sandbox.model.full.plain_cache import ConcatenatedCache
from mag_sandbox.model.full.tiny_decoder import TinyDecoder, TinyEncoder
from mag_sandbox.model.full.vae import WanVae
from mag_sandbox.model.full.world import StreamWorld
from mag_sandbox.model.fused import fuse
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.machine import Execution
from mag_sandbox.model.world import Progress
from mag_sandbox.scenes import Scene


@dataclass(frozen=True, slots=True)
class Way:
    """How the same mathematics is carried out."""

    cache: type[KVCache]
    kernel: str | None = None  # None: the best that runs
    dtype: torch.dtype | None = None  # None: that of the device
    beside: type[Beside] = Beside  # how a block is decoded while it is remembered
    fused: bool = True  # whether projections are joined
    compiled: bool | None = None  # whether layers are; None: as the device has it


FAST = Way(KVCache)
PLAIN = Way(ConcatenatedCache, "sdpa", beside=InTurn, fused=False, compiled=False)
COMPACT = Way(KVCache, dtype=torch.bfloat16)  # half the memory, also where fp32 is faster
TINY_WIDTHS = (256, 128, 64, 64)  # of the public tiny decoder
TINY_ENCODER_WIDTH = 64
PLACE = Scene("a place")


class RandomTexts:
    """Features of any text, as `ScenePrompts` gives them; the text encoder is not measured."""

    device = "cpu"

    def __init__(self, config: DiTConfig) -> None:
        self._features = torch.randn(1, config.text_len, config.text_dim)

    def prepare(self, prompt: str, on_progress: Progress) -> None:
        """Do nothing: all texts are alike."""

    def features(self, text: str) -> Tensor:  # noqa: ARG002 (all texts are alike)
        """Return features, [1, text_len, dim]."""
        return self._features


class MeasuredWorld:
    """A world with its steps laid open for a stop watch."""

    def __init__(self, world: StreamWorld) -> None:
        self._world = world
        self.spec, self.reset, self.step = world.spec, world.reset, world.step
        self.provenance, self.close = world.provenance, world.close

    @property
    def ends(self) -> bool:
        """Whether another rollout begins after some frames."""
        return self._world._engine.recipe.most_frames is not None

    def begin_measuring(self, *, full: bool, played: float = 0.0) -> None:
        """Be in the first block, with memory as it is then, or filled to its last slot.

        Args:
            full: the latter.
            played: how long the session seems to have gone on, s; 0: as long as it has.
        """
        world = self._world
        world.reset(PLACE, seed=0)
        rollout = world._rollout
        while full and not rollout.ended and len(rollout.policy.table.frames) < self._most():
            with torch.inference_mode():
                rollout.remember(rollout.newest, world._texts.newest)
        if played:
            rollout.made = round(played / self.spec.block_seconds) * BLOCK_LENGTH

    def make_latents(self) -> None:
        """Denoise and remember a block."""
        world = self._world
        text = world._texts.newest
        with torch.inference_mode():
            latents = world._rollout.newest
            noises = torch.randn(4, *latents.shape, device=latents.device)
            latents = world._rollout.denoise(noises[0], text, noises[1:].__getitem__)
            world._write(lambda: world._rollout.remember(latents, text))

    def _most(self) -> int:
        return self._world._rollout.policy.table.capacity


def random_world(
    row: WorldRow,
    device: str,
    plan: MemoryPlan,
    config: DiTConfig,
    video: VideoShape,
    way: Way = FAST,
) -> MeasuredWorld:
    """Return a world to be measured.

    Args:
        row: of the table.
        device: "cuda", "cpu".
        plan: what is where.
        config: sizes of the transformer.
        video: size of the frames.
        way: how it is run.
    """
    running = _execution(device, way)
    dit = _network(config, running, way)
    writer = _network(config, running, way) if row.remembers == "memory" else dit
    codec = _tiny(running) if plan.decoder == "tiny" else _exact(running)
    config_of = {"dit": asdict(config), "video": asdict(video)}
    provenance = {"weights": "random", "config": config_of}
    parts = Parts(running, dit, writer, codec, None, RandomTexts(config), way.cache, way.beside)
    memory = row.memory_setting()
    world = assemble(row, plan, video, parts, memory, provenance, lambda stage, fraction: None)
    return MeasuredWorld(world)


def _execution(device: str, way: Way) -> Execution:
    running = execution_for(device, None)
    return replace(
        running,
        kernel=way.kernel or running.kernel,
        dtype=way.dtype or running.dtype,
        compiled=running.compiled if way.compiled is None else way.compiled,
    )


def _network(config: DiTConfig, running: Execution, way: Way) -> DiT:
    with torch.device("meta"):  # so that fp32 weights are never there
        dit = DiT(config, named_kernel(running.kernel))
    dit = dit.to(running.dtype).to_empty(device=running.device).eval().requires_grad_(False)
    for weights in dit.parameters():
        weights.normal_(std=0.02)
    return fuse(dit) if way.fused else dit


def _exact(running: Execution) -> PictureCodec:
    with torch.device(running.device):
        network = AutoencoderKLWan()
    return exact_codec(WanVae(network.to(running.dtype).eval().requires_grad_(False)))


def _tiny(running: Execution) -> PictureCodec:
    decoder, encoder = TinyDecoder(TINY_WIDTHS), TinyEncoder(TINY_ENCODER_WIDTH)
    both = (
        half.to(running.device, running.dtype).eval().requires_grad_(False)
        for half in (decoder, encoder)
    )
    return tiny_codec(*both)
