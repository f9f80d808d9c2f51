"""Blocks of the pocket world with MemoryPack for a memory: how they are made and remembered.

psi learns what was seen: given frames and, where views are painted, the painting that a block shows
rather than the block, because copies of copies grow harsher.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.validation import decode
from mag_sandbox.model.config import FlowConfig
from mag_sandbox.model.dit import Attend, own_block_attention
from mag_sandbox.model.flow import euler_levels
from mag_sandbox.model.generator import block_noise
from mag_sandbox.model.memorypack.memory import PackMemory, load_memory, pack_usage, saved_memory
from mag_sandbox.model.memorypack.networks import (
    BlockDenoiser,
    PackedNetworks,
    context_attention,
    read_context,
)
from mag_sandbox.model.memorypack.packing import LatentFrames, Places, coordinates
from mag_sandbox.model.memorypack.ring import RingPack
from mag_sandbox.model.pocket.block_memory import PassInputs
from mag_sandbox.model.prompts import Conditioner
from mag_sandbox.model.session_world import StageTimer
from mag_sandbox.model.world import MemoryOrigin, MemoryUsage, WorldFailed, WorldSpec

_AHEAD = "ahead"  # of a snapshot: views painted and not seen yet


class PackParts(NamedTuple):
    """Makes blocks from packed frames."""

    networks: PackedNetworks
    features: Callable[[str], Tensor]  # of a prompt, [1, text_len, text_dim]
    conditioner: Conditioner  # keys of prompts
    places: Places
    flow: FlowConfig
    latent_shape: tuple[int, int, int]  # of a frame: C, h, w


class PackedViews(NamedTuple):
    """See `KeptViews`."""

    lasting: tuple[CameraPose, ...]
    looks_ahead: bool
    has_room: bool
    evicted: int = 0  # psi has a place for each direction


class PackedBlocks:
    """Generates blocks from packed frames and psi, and remembers them; see `BlockMemory`.

    blocks.begin(view)  # the reference image
    latents = blocks.generate(poses)
    blocks.remember(latents, poses)
    """

    def __init__(
        self, parts: PackParts, length: int, inputs: Callable[[], PassInputs], times: StageTimer
    ) -> None:
        """Assemble an empty memory of blocks of `length` frames; `inputs` returns the present."""
        self._parts, self._length, self._inputs, self._times = parts, length, inputs, times
        self._device = parts.networks.dit.head.modulation.device
        self._empty = parts.conditioner.text_keys("")
        self._memory: PackMemory | None = None
        self._ahead: tuple[CameraPose, ...] = ()  # views painted and not seen yet

    @property
    def policy(self) -> PackedViews:
        """Which views it keeps: those that psi holds tokens of, and those painted and not seen."""
        known = self._memory.known_poses() if self._memory else ()
        keeps_places = isinstance(self._parts.networks.pack.semantic, RingPack)
        return PackedViews((*known, *self._ahead), keeps_places, keeps_places)

    # Reading

    def knows(self, poses: tuple[CameraPose, ...]) -> bool:
        """Tell whether psi holds all that a block shows at its end."""
        return self._held().knows(self._frames(poses))

    def generate(self, poses: tuple[CameraPose, ...], *, is_known: bool) -> Tensor:
        """Return a block's latents, [1, F, C, h, w].

        Args:
            poses: of its frames.
            is_known: whether psi `knows` them; newer copies of that say nothing better.
        """
        return self._read(self._frames(poses), alone=is_known)

    def recall_view(self, pose: CameraPose) -> Tensor:
        """Return the view that psi holds at a pose, latents [1, C, h, w]."""
        return self._read(self._view_at(pose), alone=True)[0]

    def recall_block(self, poses: tuple[CameraPose, ...]) -> Tensor:
        """Return psi's latents at the poses of the next block, [F, C, h, w]."""
        return self._read(self._frames(poses), alone=True)[0]

    def imagine_view(self, pose: CameraPose) -> Tensor:
        """Return the latents that the transformer invents at a pose of which nothing is known."""
        attend = own_block_attention(self._parts.networks.dit.kernel)
        steps = self._parts.flow.imagine_steps
        with self._times.measure("denoise"):
            return self._sampled(self._view_at(pose), attend, steps)[0]

    def _read(self, block: LatentFrames, *, alone: bool) -> Tensor:
        """Return frames denoised from memory: from psi alone, where it knows anything of them."""
        parts, memory = self._parts, self._held()
        dit = parts.networks.dit
        known = memory.psi_tokens(block) if alone else None
        with self._times.measure("pack"):
            context = read_context(dit, known or memory.tokens(dit, block), self._empty)
        with self._times.measure("denoise"):
            steps = 1 if known else parts.flow.steps
            return self._sampled(block, context_attention(context, dit.kernel), steps)

    def _sampled(self, block: LatentFrames, attend: Attend, steps: int) -> Tensor:
        parts, inputs = self._parts, self._inputs()
        index = inputs.time // self._length
        noise = block_noise(inputs.seed, index, tuple(block.latents.shape))
        text = parts.conditioner.text_keys(inputs.prompt)
        reading = BlockDenoiser(
            parts.networks.dit, attend, text, coordinates(parts.places.grid(block))
        )
        return reading.sample(noise.to(self._device), euler_levels(steps, parts.flow.shift))

    # Writing

    def forget(self) -> None:
        """Forget everything."""
        self._memory, self._ahead = None, ()

    def begin(self, view: Tensor) -> None:
        """Remember the first view, latents [1, C, h, w], as the reference image."""
        self._begin(self._view_at(CameraPose()).with_latents(view[None]))

    def _begin(self, image: LatentFrames) -> None:
        parts, prompt = self._parts, self._features(self._inputs().prompt)
        self._memory = PackMemory(parts.networks.pack, parts.places, image, prompt)

    def follow_prompt(self) -> None:
        """Have psi read the prompt in force."""
        self._held().prompt = self._features(self._inputs().prompt)

    def remember(
        self, latents: Tensor, poses: tuple[CameraPose, ...], *, learns: bool = True
    ) -> None:
        """Remember a block, [1, F, C, h, w].

        Args:
            latents: of its frames.
            poses: of its frames.
            learns: whether psi does; else they pass with the newest frames.
        """
        with self._times.measure("remember"):
            self._held().push(self._frames(poses).with_latents(latents), learns=learns)

    def see(self, pose: CameraPose, view: Tensor) -> None:
        """Have psi learn a painted view, latents [1, C, h, w], that is about to be shown."""
        poses = (pose,) * self._length
        frames = self._frames(poses)
        with self._times.measure("remember"):
            self._held().learn(frames.with_latents(view.expand(1, self._length, -1, -1, -1)))

    def remember_ahead(self, pose: CameraPose, view: Tensor, started: float | None = None) -> None:  # noqa: ARG002
        """Note where a view was painted; psi learns it when it is seen."""
        self._ahead = (*self._ahead, pose)

    def forget_ahead(self) -> None:
        """Forget views that were never seen."""
        self._ahead = ()

    def adopt(self, latents: Tensor, poses: tuple[CameraPose, ...]) -> None:
        """Remember another world's block; the picture of the first one becomes the reference."""
        if self._memory is None:
            frames = self._frames(poses).with_latents(latents)
            self._begin(frames.part(frames.length - 1, frames.length))
        else:
            self.remember(latents, poses)

    def usage(self, title: str, spec: WorldSpec, origin: MemoryOrigin | None) -> MemoryUsage:
        """Return the usage of memory."""
        return pack_usage(self._held(), title, spec, origin)

    def snapshot(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return arrays of bytes, and the data that belongs to them."""
        arrays, data = saved_memory(self._held())
        return arrays, {**data, _AHEAD: [asdict(pose) for pose in self._ahead]}

    def read_snapshot(
        self, arrays: Mapping[str, np.ndarray], data: dict[str, Any], prompt: str
    ) -> Callable[[], None]:
        """Check a snapshot, or raise ValueError; return a function that restores it."""
        parts = self._parts
        data = dict(data)
        ahead = decode(tuple[CameraPose, ...], data.pop(_AHEAD, ()), _AHEAD)
        memory = load_memory(
            arrays, data, parts.networks.pack, parts.places, self._features(prompt),
            parts.latent_shape,
        )  # fmt: skip

        def restore() -> None:
            self._memory, self._ahead = memory, ahead

        return restore

    def _features(self, prompt: str) -> Tensor:
        return self._parts.features(prompt).to(self._device)

    def _held(self) -> PackMemory:
        if self._memory is None:
            raise WorldFailed("the world has no scene yet; call reset first")
        return self._memory

    def _view_at(self, pose: CameraPose) -> LatentFrames:
        """Return the place of a single view: the last frame of a block at rest."""
        return self._frames((pose,) * self._length).part(self._length - 1, self._length)

    def _frames(self, poses: tuple[CameraPose, ...]) -> LatentFrames:
        """Return the places of the next block's frames, with no latents yet."""
        length = len(poses)
        times = self._inputs().time + torch.arange(length)
        turned = torch.tensor([[(pose.yaw, pose.pitch, pose.fov) for pose in poses]]).double()
        latents = torch.empty(1, length, *self._parts.latent_shape, device=self._device)
        return LatentFrames(latents, times, turned)
