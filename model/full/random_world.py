"""A full-size world with random weights, to be measured: all parts are real, nothing is trained."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mag_sandbox.model.attention import named_kernel
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.catalogue.worlds import VideoShape, WorldRow
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.full.loading import Parts, assemble, execution_for, memory_place
from mag_sandbox.model.full.pack_world import PackStreamWorld
from mag_sandbox.model.full.pack_world import assemble as assemble_packing
from mag_sandbox.model.full.splits import card, joined
from mag_sandbox.model.full.text_cache import ScenePrompts
from mag_sandbox.model.full.tiny_decoder import TinyDecoder, TinyEncoder
from mag_sandbox.model.full.vae import WanVae
from mag_sandbox.model.full.video_stream import PictureCodec, VideoStream, exact_codec, tiny_codec
from mag_sandbox.model.full.world import StreamWorld
from mag_sandbox.model.memorypack.config import MEMORYPACK
from mag_sandbox.model.memorypack.parts import PartsInfo, untrained
from mag_sandbox.model.world import Progress, WorldFailed
from mag_sandbox.scenes import Scene

TINY_WIDTHS = (256, 128, 64, 64)  # of the public tiny decoder
TINY_ENCODER_WIDTH = 64
PLACE = Scene("a place")


class RandomTexts(ScenePrompts):
    """Features of any text, as `ScenePrompts` gives them; the text encoder is not measured."""

    def __init__(self, config: DiTConfig) -> None:
        self.device = "cpu"
        self._rows = torch.randn(1, config.text_len, config.text_dim)

    def prepare(self, prompt: str, on_progress: Progress) -> None:
        """Do nothing: all texts are alike."""

    def features(self, text: str) -> Tensor:  # noqa: ARG002 (all texts are alike)
        """Return features, [1, text_len, dim]."""
        return self._rows


class MeasuredWorld(ABC):
    """A world whose steps can be timed one by one."""

    ends = False  # whether another rollout begins after some frames

    def __init__(self, world: StreamWorld | PackStreamWorld) -> None:
        self.spec, self.reset, self.step = world.spec, world.reset, world.step
        self.provenance, self.close = world.provenance, world.close

    @abstractmethod
    def begin_measuring(self, *, full: bool, played: float = 0.0) -> None:
        """Prepare the first block, with memory as it is then, or filled to its last slot.

        The session seems to have been played for some seconds; 0: as long as it has.
        """

    @abstractmethod
    def make_latents(self) -> None:
        """Denoise and remember a block."""


class MeasuredStream(MeasuredWorld):
    """A world that keeps keys and values."""

    def __init__(self, world: StreamWorld) -> None:
        super().__init__(world)
        self._world = world
        self.ends = world.parts()[0].recipe.most_frames is not None

    def begin_measuring(self, *, full: bool, played: float = 0.0) -> None:
        """See `MeasuredWorld`."""
        world = self._world
        world.reset(PLACE, seed=0)
        rollout = world._running().rollout
        while (
            full
            and not rollout.ended
            and len(rollout.policy.table.frames) < rollout.policy.table.capacity
        ):
            with torch.inference_mode():
                rollout.remember(rollout.newest, world._texts.newest)
        if played:
            rollout.made = round(played / self.spec.block_seconds) * BLOCK_LENGTH

    def make_latents(self) -> None:
        """See `MeasuredWorld`."""
        world = self._world
        text = world._texts.newest
        with torch.inference_mode():
            rollout = world._running().rollout
            latents = rollout.newest
            noises = torch.randn(4, *latents.shape, device=latents.device)
            latents = rollout.denoise(noises[0], text, noises[1:].__getitem__)
            with world._writer:
                rollout.remember(latents, text)


class MeasuredPack(MeasuredWorld):
    """A world that packs frames; its memory is full when it holds as many as packing reaches."""

    def __init__(self, world: PackStreamWorld) -> None:
        super().__init__(world)
        self._world = world

    def begin_measuring(self, *, full: bool, played: float = 0.0) -> None:
        """See `MeasuredWorld`."""
        world = self._world
        world.reset(PLACE, seed=0)
        session = world._running()
        if full:
            with torch.inference_mode():
                while session.memory.frames < session.memory.pack.config.history:
                    self._remember(torch.randn_like(self._newest()))
        if played:
            session.block_index = round(played / self.spec.block_seconds)

    def make_latents(self) -> None:
        """See `MeasuredWorld`."""
        with torch.inference_mode():
            self._remember(self._world._denoise())

    def _newest(self) -> Tensor:
        newest = self._world._running().newest
        assert newest is not None  # a block was shown
        return newest

    def _remember(self, latents: Tensor) -> None:
        world, session = self._world, self._world._running()
        place = world._frames(session.block_index, (session.poses.pose,) * BLOCK_LENGTH)
        session.memory.push(place.with_latents(latents))
        session.block_index += 1


def random_world(
    row: WorldRow,
    device: str,
    plan: MemoryPlan,
    config: DiTConfig,
    video: VideoShape,
    dtype: torch.dtype | None = None,
) -> MeasuredWorld:
    """Return a world with random weights, laid out by a plan, to be measured.

    Its numbers are of a type; None: that of the device.
    """
    running = execution_for(device, None)
    running = replace(running, dtype=dtype or running.dtype)
    config_of = {"dit": asdict(config), "video": asdict(video)}
    provenance = {"weights": "random", "config": config_of}
    if row.packs:
        return MeasuredPack(_packing(row, plan, config, video, running, provenance))
    share = joined(plan.devices, running.device, video.tokens(config), config.num_heads)
    if share is not None:
        torch.manual_seed(0)  # the same weights in all processes
    empty = partial(DiT, config, named_kernel(running.kernel))
    dit = writer = _network(partial(empty, share), running, running.device)
    if row.has_memory_model:
        where, split = memory_place(plan, running.device, share)
        writer = _network(partial(empty, split), running, where)
    codec, texts = _codec(plan, running), RandomTexts(config)
    parts = Parts(running, dit, writer, codec, None, texts, share)
    memory = row.memory_setting()
    world = assemble(row, plan, video, parts, memory, provenance, _untold)
    return MeasuredStream(world)


def _untold(stage: str, fraction: float) -> None:
    """Ignore progress."""


def _packing(
    row: WorldRow,
    plan: MemoryPlan,
    config: DiTConfig,
    video: VideoShape,
    running: Execution,
    provenance: dict[str, Any],
) -> PackStreamWorld:
    if plan.devices > 1:
        raise WorldFailed(f'"{row.name}" runs on one device; start it without torchrun')
    running = replace(running, compiled=False)
    alike = partial(DiT, config, named_kernel(running.kernel))
    networks = untrained(_network(alike, running, running.device), MEMORYPACK)
    for weights in networks.pack.parameters():
        weights.detach().normal_(std=0.02)
    info = PartsInfo(MEMORYPACK, "random")
    decoding = card(running.device, plan.decoder_card)
    stream = VideoStream(_codec(plan, running), None, decoding, running.device)
    provenance = {**provenance, "execution": running.as_dict()}
    return assemble_packing(
        row, plan, video, networks, info, RandomTexts(config), stream, provenance, _untold
    )


def _network(empty: Callable[[], DiT], running: Execution, where: str) -> DiT:
    with torch.device("meta"):  # so that fp32 weights are never there
        dit = empty()
    dit = dit.to(running.dtype).to_empty(device=where).eval().requires_grad_(False)
    for weights in dit.parameters():
        weights.normal_(std=0.02)
    return dit


def _codec(plan: MemoryPlan, running: Execution) -> PictureCodec:
    running = replace(running, device=card(running.device, plan.decoder_card))
    return _tiny(running) if plan.decoder == "tiny" else _exact(running)


def _exact(running: Execution) -> PictureCodec:
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan  # slow

    with torch.device(running.device):
        network = AutoencoderKLWan()
    return exact_codec(WanVae(network.to(running.dtype).eval().requires_grad_(False)))


def _tiny(running: Execution) -> PictureCodec:
    decoder, encoder = TinyDecoder(TINY_WIDTHS), TinyEncoder(TINY_ENCODER_WIDTH)
    for half in (decoder, encoder):
        half.to(running.device, running.dtype).eval().requires_grad_(False)
    return tiny_codec(decoder, encoder)
