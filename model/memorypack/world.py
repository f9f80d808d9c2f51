"""The pocket world with MemoryPack for a memory; the same pictures, words and controls.

Nothing is imagined ahead: a view that is not shown would leave the packed frames within a second.
So there is no view upwind to take clouds from, and they stand still; all else moves.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.files.validation import decode, of_type
from mag_sandbox.model.dit import Attend, own_block_attention
from mag_sandbox.model.execution import Execution, compiles_here
from mag_sandbox.model.flow import euler_levels
from mag_sandbox.model.generator import block_noise
from mag_sandbox.model.lora import merge
from mag_sandbox.model.memorypack.config import WORLD_OF_VARIANT
from mag_sandbox.model.memorypack.memory import PackMemory, load_memory, pack_usage, saved_memory
from mag_sandbox.model.memorypack.networks import (
    BlockDenoiser,
    PackedNetworks,
    context_attention,
    read_context,
)
from mag_sandbox.model.memorypack.packing import LatentFrames, Places, RayPlaces, coordinates
from mag_sandbox.model.memorypack.parts import PARTS, base_hash, packed_networks, parts_file
from mag_sandbox.model.pocket.base import PocketSession, PocketWorld, WorldParts
from mag_sandbox.model.pocket.engines.engine import PocketEngine
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
from mag_sandbox.model.pocket.weights import POCKET_WEIGHTS, read_config, weights_hash
from mag_sandbox.model.prompts import Conditioner, read_texts
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    MemorySetting,
    Past,
    Progress,
    WorldFailed,
    WorldState,
    checked_seed,
)
from mag_sandbox.scenes import Scene


class MemoryPackWorld(PocketWorld[PocketSession]):
    """A world that remembers by packing; see `World`.

    `parts` are shared by all worlds over these weights; the only policy is the memory's own name,
    and `title` its name for people. `features` returns those of a prompt, [1, text_len, text_dim].
    """

    def __init__(
        self,
        parts: WorldParts,
        networks: PackedNetworks,
        features: Callable[[str], Tensor],
        places: Places,
        title: str,
    ) -> None:
        super().__init__(parts)
        self._networks, self._device = networks, networks.dit.head.modulation.device
        self._read = features
        self._places, self._title = places, title
        self._empty = self._conditioner.text_keys("")
        self._memory: PackMemory | None = None

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of a scene; see `World`."""
        seed = checked_seed(scene, seed)
        self._require_policy(scene.memory)
        self._require_words(scene.prompt)
        self._session = PocketSession(seed, scene.prompt, CameraPose())
        self._memory = None
        self._times.taken()
        length = self.spec.block_length
        with torch.inference_mode():
            place = self._frames((CameraPose(),) * length).part(length - 1, length)
            if scene.image is None:
                with self._times.measure("denoise"):
                    picture = self._invent(place)
            else:
                picture = self._codec.encode(self._codec.open_image(scene.image))[None].float()
            latents = picture.expand(-1, length, -1, -1, -1)
            image = place.with_latents(picture)
            self._memory = PackMemory(
                self._networks.pack, self._places, image, self._features(scene.prompt)
            )
            return self._shown(latents, (CameraPose(),) * length, CameraCommand())

    def step(self, control: Control) -> FrameBlock:
        """Return the next block; see `World`."""
        of_type("control", control, Control)
        poses = self._obey(control)
        with torch.inference_mode():
            latents = self._denoised(self._frames(poses))
            return self._pushed(latents, poses, control.camera)

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        """Take a block's frames as they are and remember them; see `World`."""
        with torch.inference_mode():
            latents = self._codec.encode_block(frames, self.spec)
            return self._pushed(latents, self._obey(control), control.camera)

    def adopt(self, past: Past) -> None:
        """Continue another world of the same base; see `World`.

        The oldest picture becomes the reference image; all others pass through psi.
        """
        self._require_policy(past.scene.memory)
        self._session = PocketSession(past.seed, past.prompt, CameraPose())
        self._memory = None
        with torch.inference_mode():
            for block in past.blocks:
                index = max(self._running().block_index, block.block_index)
                self._advance(block_index=index)
                latents = self._codec.encode_block(block.frames, self.spec)
                self._adopt_block(self._frames(block.poses).with_latents(latents), past.prompt)
                self._advance(block_index=index + 1)
        self._session = self._running().following(past)
        self._times.taken()  # is no block's

    def snapshot(self) -> WorldState:
        """Return a state from which `restore` continues; see `World`."""
        session = self._running()
        arrays, memory = saved_memory(self._held())
        data = {
            "world": self.spec.name,
            **self._signed(),
            "memory": memory,
            "progress": asdict(session),
        }
        return WorldState(arrays, data)

    def restore(self, state: WorldState) -> None:
        """Continue from a snapshot; see `World`. One that is refused changes nothing."""
        converted, data = self._require_own(state), state.data
        session: PocketSession = decode(PocketSession, data["progress"], "progress")
        with torch.inference_mode():
            memory = load_memory(
                state.arrays, data["memory"], self._networks.pack, self._places,
                self._features(session.prompt), self._latent_shape,
            )  # fmt: skip
        self._notices += converted
        self._session, self._memory = session, memory

    def provenance(self) -> dict[str, Any]:
        """Return this world's provenance for a recording."""
        setting = MemorySetting(policy=self.spec.policies[0])
        return {**super().provenance(), "memory": asdict(setting), "look_ahead": False}

    def close(self) -> None:
        """Forget the session; may be called twice."""
        self._memory = None
        super().close()

    def _features(self, prompt: str) -> Tensor:
        return self._read(prompt).to(self._device)

    def _held(self) -> PackMemory:
        if self._memory is None:
            raise WorldFailed("the world has no scene yet; call reset first")
        return self._memory

    def _obey(self, control: Control) -> tuple[CameraPose, ...]:
        session = self._running()
        self._require_policy(control.memory.policy if control.memory else None)
        if control.prompt is not None and control.prompt != session.prompt:
            self._require_words(control.prompt)
            self._advance(prompt=control.prompt)
            self._held().prompt = self._features(control.prompt)
        return self._poses(control.camera)

    def _frames(self, poses: tuple[CameraPose, ...]) -> LatentFrames:
        session, length = self._running(), self.spec.block_length
        times = session.block_index * length + torch.arange(length)
        turned = torch.tensor([[(pose.yaw, pose.pitch, pose.fov) for pose in poses]]).double()
        latents = torch.empty(1, length, *self._latent_shape, device=self._device)
        return LatentFrames(latents, times, turned)

    def _invent(self, place: LatentFrames) -> Tensor:
        attend = own_block_attention(self._networks.dit.kernel)
        return self._sampled(place, attend, self._flow.imagine_steps)

    def _denoised(self, block: LatentFrames) -> Tensor:
        """Return a block's latents; of what psi knows, newer copies say nothing better."""
        dit, memory = self._networks.dit, self._held()
        known = memory.psi_tokens(block) if memory.knows(block) else None
        with self._times.measure("pack"):
            context = read_context(dit, known or memory.tokens(dit, block), self._empty)
        with self._times.measure("denoise"):
            steps = 1 if known else self._flow.steps
            return self._sampled(block, context_attention(context, dit.kernel), steps)

    def _sampled(self, block: LatentFrames, attend: Attend, steps: int) -> Tensor:
        session = self._running()
        noise = block_noise(session.seed, session.block_index, tuple(block.latents.shape))
        text = self._conditioner.text_keys(session.prompt)
        place = coordinates(self._places.grid(block))
        reading = BlockDenoiser(self._networks.dit, attend, text, place)
        return reading.sample(noise.to(self._device), euler_levels(steps, self._flow.shift))

    def _adopt_block(self, block: LatentFrames, prompt: str) -> None:
        if self._memory is None:
            image, features = block.part(block.length - 1, block.length), self._features(prompt)
            self._memory = PackMemory(self._networks.pack, self._places, image, features)
        else:
            self._memory.push(block)

    def _pushed(
        self, latents: Tensor, poses: tuple[CameraPose, ...], command: CameraCommand
    ) -> FrameBlock:
        with self._times.measure("remember"):
            self._held().push(self._frames(poses).with_latents(latents))
        return self._shown(latents, poses, command)

    def _shown(
        self, latents: Tensor, poses: tuple[CameraPose, ...], command: CameraCommand
    ) -> FrameBlock:
        session = self._running()
        shown = self._decoder.finish(
            self._decoder.begin(self._decoder.of_latents(latents[0]), poses, self._time)
        )
        self._advance(pose=poses[-1])
        memory = pack_usage(self._held(), self._title, self.spec, session.origin)
        return self._handed_out(shown, poses, command, memory)


PACK_STEPS = 2  # denoising steps of a block that shows new ground; what psi holds takes one


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
    features = prompt_features(weights, config, read_texts(weights, digest))
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
        "memorypack": {**asdict(info.config), "trained": info.words()},
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
