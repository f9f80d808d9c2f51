"""A full-size world with random weights, to be measured: all parts are real, nothing is trained."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
from torch import Tensor

from model.attention import named_kernel
from model.backends.full import Parts, assemble, execution_for
from model.config import DiTConfig
from model.dit import DiT
from model.full.film import PictureCodec, exact_codec, tiny_codec
from model.full.plain_cache import ConcatenatedCache
from model.full.recipes import RECIPES
from model.full.rollout import full_cache
from model.full.tiny_decoder import TinyDecoder, TinyEncoder
from model.full.vae import WanVae
from model.full.world import StreamWorld
from model.kv_cache import KVCache
from model.machine import Execution
from model.memory_prediction import MemoryPlan
from model.rope import GridCoordinates
from model.world import Progress
from model.worlds import BLOCK_LENGTH, VideoShape, WorldRow
from scenes import Scene


@dataclass(frozen=True, slots=True)
class Way:
    """How the same mathematics is carried out."""

    cache: type[KVCache]
    kernel: str | None  # None: the best that runs


FAST = Way(KVCache, None)
PLAIN = Way(ConcatenatedCache, "sdpa")
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
        self.spec, self.step = world.spec, world.step
        self.provenance, self.close = world.provenance, world.close

    def begin_measuring(self, *, full: bool) -> None:
        """Be in the first block, with memory as it is then, or filled to its last slot."""
        world = self._world
        world.reset(PLACE, seed=0)
        rollout = world._rollout
        while full and not rollout.ended and len(rollout.policy.table.frames) < self._most():
            with torch.inference_mode():
                rollout.remember(rollout.newest, world._texts.newest)

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
    running = execution_for(device, None)
    running = replace(running, kernel=way.kernel or running.kernel)
    dit = _network(config, running)
    writer = _network(config, running) if row.remembers == "memory" else dit
    codec = _tiny(running) if plan.decoder == "tiny" else _exact(running)
    provenance = {
        "weights": "random",
        "config": {"dit": asdict(config), "video": asdict(video)},
        "execution": running.as_dict(),
    }
    parts = Parts(running, dit, writer, codec, None, RandomTexts(config), way.cache)
    memory = row.memory_setting()
    world = assemble(row, plan, video, parts, memory, provenance, lambda stage, fraction: None)
    return MeasuredWorld(world)


def _network(config: DiTConfig, running: Execution) -> DiT:
    with torch.device(running.device):
        dit = DiT(config, named_kernel(running.kernel))
    return dit.to(running.dtype).eval().requires_grad_(False)


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


def bare_pass(config: DiTConfig, video: VideoShape) -> Callable[[], Tensor]:
    """Return a pass of a transformer over one block, in bf16 on the processor, to be called.

    The flow is fp32 or bf16, [1, F, C, h, w].
    """
    with torch.device("meta"):
        dit = DiT(config, named_kernel("sdpa"))
    dit = dit.to(torch.bfloat16).to_empty(device="cpu").eval().requires_grad_(False)
    for weights in dit.parameters():
        weights.normal_(std=0.02)
    rows, columns = (side // config.patch for side in (video.latent_height, video.latent_width))
    recipe = replace(RECIPES["mag"], slots=1)
    cache = full_cache(config, recipe, rows * columns, torch.bfloat16)
    latents = torch.randn(
        1, BLOCK_LENGTH, config.channels, video.latent_height, video.latent_width
    ).bfloat16()
    rotary = GridCoordinates(rows, columns, config.head_dim).rotary(0, BLOCK_LENGTH)

    @torch.inference_mode()
    def run() -> Tensor:
        cache.attend(())
        time = dit.embed_time(torch.full((1, BLOCK_LENGTH), 1000.0))
        text = dit.text_keys(torch.randn(1, config.text_len, config.text_dim).bfloat16())
        return dit(latents, time, text, rotary, cache.reader(dit.kernel))

    return run
