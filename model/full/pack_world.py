"""The World of Wan's own transformer that remembers by packing frames: MemoryPack at full size.

The memory never grows: the picture a scene begins with, the newest latent frames, and psi. The
weights are of many steps and guided, so a block takes seconds. The parts are those that
`python -m training memorypack --size full` leaves; without any, the world plays with untrained ones
and says so.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.controls.phrase_compiler import HOLD, compose
from mag_sandbox.files.validation import decode, of_type
from mag_sandbox.model.attention import named_kernel
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan, Start
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.catalogue.worlds import VideoShape, WorldRow
from mag_sandbox.model.checkpoints import load_checkpoint
from mag_sandbox.model.dit import Attend, DiT, own_block_attention
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.flow import euler_levels
from mag_sandbox.model.full.loading import (
    checkpoint_path,
    dit_config,
    execution_for,
    facts,
    picture_codecs,
    scene_prompts,
    stream_spec,
)
from mag_sandbox.model.full.pose_estimate import PoseEstimator
from mag_sandbox.model.full.splits import card
from mag_sandbox.model.full.steered import ParkedSession, SteeredSession, SteeredWorld
from mag_sandbox.model.full.text_cache import NOTHING, ScenePrompts, weights_identity
from mag_sandbox.model.full.vae import TIME_STRIDE
from mag_sandbox.model.full.video_stream import VideoStream
from mag_sandbox.model.generator import block_noise
from mag_sandbox.model.lora import merge
from mag_sandbox.model.memorypack.config import MEMORYPACK
from mag_sandbox.model.memorypack.memory import PackMemory, load_memory, pack_usage, saved_memory
from mag_sandbox.model.memorypack.networks import (
    BlockDenoiser,
    PackedNetworks,
    context_attention,
    guided,
    read_context,
    sampled,
)
from mag_sandbox.model.memorypack.packing import IndexPlaces, LatentFrames, Places, coordinates
from mag_sandbox.model.memorypack.parts import PartsInfo, load_parts, untrained
from mag_sandbox.model.parking import joined, part_of
from mag_sandbox.model.rope import index_frequencies
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    MemorySetting,
    Progress,
    WorldSpec,
    WorldState,
    checked_seed,
)
from mag_sandbox.scenes import Scene


@dataclass(slots=True, kw_only=True)
class _PackSession(SteeredSession):
    """The state that changes from block to block, apart from the video being shown."""

    memory: PackMemory


class PackStreamWorld(SteeredWorld[_PackSession]):
    """A full-size world that remembers by packing; see `World`.

    The only policy is the memory's own name, and `title` is what people call it.
    """

    def __init__(
        self,
        spec: WorldSpec,
        row: WorldRow,
        plan: MemoryPlan,
        networks: PackedNetworks,
        places: Places,
        prompts: ScenePrompts,
        video: VideoStream,
        latent_shape: tuple[int, int, int],
        title: str,
        provenance: dict[str, Any],
        on_progress: Progress,
    ) -> None:
        like = networks.dit.head.modulation
        super().__init__(
            spec, row, plan, prompts, video, str(like.device), like.dtype, latent_shape,
            provenance, on_progress,
        )  # fmt: skip
        assert row.packs is not None  # only such worlds are made here
        self._networks, self._places = networks, places
        self._recipe, self._title = row.packs, title

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of a scene, in which its picture stands still; see `World`."""
        seed = checked_seed(scene, seed)
        self._require_policy(scene.memory)
        self._session = None  # until all is there
        self._texts.forget()
        self._texts.prepare(scene.prompt)
        self._times.taken()
        with torch.inference_mode():
            self._video.begin()
            if scene.image is None:
                picture = self._fallback.run(lambda: self._invent(seed, scene.prompt))
            else:
                picture = self._picture(scene.image)
            latents = self._still(picture)
            image = self._frames(0, (CameraPose(),)).with_latents(latents[:, :1])
            self._session = _PackSession(
                seed=seed, prompt=scene.prompt, poses=PoseEstimator(self.spec.full_speed),
                memory=self._begun(image, scene.prompt),
            )  # fmt: skip
            frames = self._fallback.run(lambda: self._decode(latents))
            return self._shown(latents, frames, self._place(frames, CameraCommand()))

    def step(self, control: Control) -> FrameBlock:
        """Return the next block; see `World`."""
        of_type("control", control, Control)
        session = self._running()
        self._require_policy(control.memory.policy if control.memory else None)
        with torch.inference_mode():
            if control.prompt is not None and control.prompt != session.prompt:
                self._texts.prepare(control.prompt)
                session.prompt = control.prompt
                session.memory.prompt = self._features(control.prompt)
            session.smoother = session.smoother.after(control.camera)
            latents = self._fallback.run(self._denoise)
            with self._times.measure("denoise"):  # a card is still at work: the check waits for it
                self._require_numbers(latents)
            frames = self._fallback.run(lambda: self._decode(latents))
            poses = self._place(frames, control.camera)
            with self._times.measure("remember"):
                block = self._frames(session.block_index, poses[TIME_STRIDE - 1 :: TIME_STRIDE])
                session.memory.push(block.with_latents(latents))
            return self._shown(latents, frames, poses)

    def snapshot(self) -> WorldState:
        """Return a state on the host from which `restore` continues; see `World`."""
        session = self._running()
        arrays, memory = saved_memory(session.memory)
        data = {**self._signed(), "memory": memory, "session": session.described()}
        return joined({**self._film(), "memory": WorldState(arrays, {})}, data)

    def restore(self, state: WorldState) -> None:
        """Continue from a snapshot; see `World`. One that is refused changes nothing."""
        converted, data = self._require_own(state), state.data
        parked: ParkedSession = decode(ParkedSession, data["session"], "session")
        config = self._networks.dit.config
        unread = torch.zeros(1, config.text_len, config.text_dim, device=self._device)
        with torch.inference_mode():
            film = self._parked_film(state)
            memory = load_memory(
                part_of(state, "memory").arrays, data["memory"], self._networks.pack, self._places,
                unread, self._latent_shape,
            )  # fmt: skip
            # all was read: from here on only the device may fail, and the session is gone
            self._texts.prepare(parked.prompt)
            self._notices += converted
            memory.prompt = self._features(parked.prompt)
            self._go_on_showing(film)
        self._texts.forget()
        self._session = _PackSession(
            seed=parked.seed, prompt=parked.prompt, poses=film.poses, smoother=parked.smoother,
            block_index=parked.block_index, newest=film.newest.to(self._device), memory=memory,
        )  # fmt: skip

    def provenance(self) -> dict[str, Any]:
        """Return this world's provenance for a recording; the plan is the present one."""
        return {
            **self._provenance,
            "plan": asdict(self._fallback.plan),
            "memory": asdict(MemorySetting(policy=self.spec.policies[0])),
            "look_ahead": False,
        }

    def close(self) -> None:
        """Free networks and memory; may be called twice."""
        vars(self).pop("_networks", None)
        super().close()

    def _features(self, prompt: str) -> Tensor:
        return self._texts.features(compose(prompt, HOLD))

    def _begun(self, image: LatentFrames, prompt: str) -> PackMemory:
        return PackMemory(self._networks.pack, self._places, image, self._features(prompt))

    def _frames(self, block_index: int, poses: tuple[CameraPose, ...]) -> LatentFrames:
        count = len(poses)
        times = max(0, block_index * BLOCK_LENGTH - BLOCK_LENGTH + 1) + torch.arange(count)
        turned = torch.tensor([[(pose.yaw, pose.pitch, pose.fov) for pose in poses]]).double()
        latents = torch.empty(1, count, *self._latent_shape, device=self._device)
        return LatentFrames(latents, times, turned)

    def _invent(self, seed: int, prompt: str) -> Frames:
        """Return a picture, [1, H, W, 3], made from the prompt alone."""
        attend = own_block_attention(self._networks.dit.kernel)
        place = self._frames(0, (CameraPose(),))
        with self._times.measure("denoise"):
            latents = self._sampled(place, attend, seed, 0, compose(prompt, HOLD))
        picture = self._decode(latents)
        self._video.begin()
        return picture

    def _denoise(self) -> Tensor:
        """Return the next block's latents, fp32 [1, F, C, h, w]."""
        session, dit = self._running(), self._networks.dit
        place = self._frames(session.block_index, (CameraPose(),) * BLOCK_LENGTH)
        with self._times.measure("pack"):
            context = read_context(dit, session.memory.tokens(dit, place), self._texts.aside(dit))
        attend = context_attention(context, dit.kernel)
        with self._times.measure("denoise"):
            return self._sampled(place, attend, session.seed, session.block_index, session.text)

    def _sampled(
        self, place: LatentFrames, attend: Attend, seed: int, block_index: int, text: str
    ) -> Tensor:
        dit, recipe, where = self._networks.dit, self._recipe, coordinates(self._places.grid(place))
        towards = BlockDenoiser(dit, attend, self._texts.keys(dit, text), where)
        away = BlockDenoiser(dit, attend, self._texts.aside(dit, recipe.negative), where)
        noise = block_noise(seed, block_index, tuple(place.latents.shape)).to(self._device)
        levels = euler_levels(recipe.steps, recipe.shift)
        return sampled(guided(towards.flow, away.flow, recipe.guidance), noise, levels)

    def _shown(self, latents: Tensor, frames: Frames, poses: tuple[CameraPose, ...]) -> FrameBlock:
        session = self._running()
        session.newest = latents
        return self._handed_out(frames, poses, pack_usage(session.memory, self._title, self.spec))


def load(
    start: Start,
    memory: MemorySetting,  # noqa: ARG001 (it has one memory)
    *,
    look_ahead: bool,  # noqa: ARG001 (text cannot say where to look)
    execution: dict[str, Any] | None,
    on_progress: Progress,
) -> PackStreamWorld:
    """Return a world of the table, run as it was recorded, or with the best kernel here."""
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
    """Return a world of its parts, for inference; `info` says what trained the parts."""
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
        provenance={**provenance, "memorypack": {**asdict(info.config), "trained": info.words()}},
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
