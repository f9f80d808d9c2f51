"""The one World: a conditioner, a generator with memory, and a decoder, passed in as parts."""

import hashlib
import time
from dataclasses import asdict, dataclass, replace
from functools import partial

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand, CameraPose, move
from mag_sandbox.controls.phrases import camera_phrase
from mag_sandbox.model.config import FlowConfig
from mag_sandbox.model.coverage import all_shown, covered_cells
from mag_sandbox.model.flow import euler_levels
from mag_sandbox.model.generator import BlockGenerator, Coordinates, block_noise
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.memory import MemoryPolicy, change_policy, make_policy, memory_usage
from mag_sandbox.model.parking import packed, unpacked
from mag_sandbox.model.pocket.animation import Animation
from mag_sandbox.model.pocket.decoding import BlockDecoder, Codec
from mag_sandbox.model.pocket.look_ahead import UPWIND, look_ahead_pose
from mag_sandbox.model.pocket.progress import DiffusionProgress
from mag_sandbox.model.prompts import Conditioner
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.model.slots import BlockInfo
from mag_sandbox.model.stage_times import StageTimes
from mag_sandbox.model.world import (
    MIB,
    Control,
    FrameBlock,
    Frames,
    LookAheadBlock,
    MemorySetting,
    Past,
    WorldFailed,
    WorldSpec,
    WorldState,
)
from mag_sandbox.scenes import Scene


@dataclass(frozen=True, slots=True)
class _Made:
    """A block that was denoised and is yet to be remembered."""

    latents: Tensor  # [1, F, C, h, w]
    coordinates: Coordinates
    info: BlockInfo


class DiffusionWorld:
    """A world whose frames a video transformer invents and remembers; see `World`."""

    def __init__(
        self,
        spec: WorldSpec,
        conditioner: Conditioner,
        imagination: Conditioner,
        generator: BlockGenerator,
        cache: KVCache,
        rays: RayCoordinates,
        codec: Codec,
        memory: MemorySetting,
        flow: FlowConfig,
        latent_shape: tuple[int, int, int],
        provenance: dict,
        animation: Animation | None,
        *,
        look_ahead: bool = True,
    ) -> None:
        self.spec = spec
        self._conditioner, self._imagination = conditioner, imagination
        self._generator, self._cache = generator, cache
        self._rays, self._codec, self._latent_shape = rays, codec, latent_shape
        self._provenance, self._look_ahead = provenance, look_ahead
        self._initial_memory, self._flow = memory, flow
        self._levels = euler_levels(flow.imagine_steps, flow.imagine_shift)
        self._policy = self._new_policy(memory)
        self._progress: DiffusionProgress | None = None
        self._attended: frozenset[int] = frozenset()  # frame indices
        self._imagined: list[LookAheadBlock] = []
        self._times = StageTimes()
        self._decoder = BlockDecoder(codec, animation, self._times)

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of a scene; see `World`."""
        self._begin(scene, seed)
        length = self.spec.block_length
        with torch.inference_mode():
            given = None
            if scene.image is not None:
                picture = self._codec.encode(self._codec.open_image(scene.image))
                given = picture.expand(length, *self._latent_shape)[None].float()
            return self._show((CameraPose(),) * length, CameraCommand(), given)

    def step(self, control: Control) -> FrameBlock:
        """Return the next block; see `World`."""
        progress = self._running()
        with torch.inference_mode():
            self.prepare()  # first of all, so that it matters to nothing whether it was done early
            self._obey(control, progress)
            if not progress.looked_ahead:  # the player turned to where nothing was pending
                progress.pending = self._next_look_ahead(control.camera)
                self.prepare()
            return self._show(self._poses(control.camera), control.camera)

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        """Take a block's frames as they are and remember them as if they had been made here.

        What was pending to be imagined is dropped. For evaluations; play has no need of it.

        Args:
            control: how the camera moved.
            frames: uint8 [block_length, H, W, 3].

        Raises:
            ValueError: the frames are of another number or size.
        """
        progress = self._running()
        with torch.inference_mode():
            latents = self._codec.encode_block(frames, self.spec)
            progress.pending = None
            self._obey(control, progress)
            return self._show(self._poses(control.camera), control.camera, latents)

    def adopt(self, past: Past) -> None:
        """Go on where another world of the same base was; see `AdoptingWorld`.

        Pictures are remembered at the time at which they were shown, so that their age is true.
        """
        progress = self._begin(past.scene, past.seed)
        with torch.inference_mode():
            for block in past.blocks:
                progress.made = max(progress.made, block.block_index)
                progress.block_index = block.block_index
                given = self._codec.encode_block(block.frames, self.spec)
                self._remember(self._make(block.poses, given=given))
        progress.follow(past)
        self._times.taken()  # is no block's

    def prepare(self) -> bool:
        """Imagine the pending view ahead, if there is one; see `World`."""
        progress = self._running()
        target, progress.pending = progress.pending, None
        if target is None:
            return False
        progress.looked_ahead = True
        started, index = time.perf_counter(), progress.made
        with torch.inference_mode():
            made = self._make((target,) * self.spec.block_length, look_ahead=True)
            self._remember(made)
        self._imagined.append(
            LookAheadBlock(
                block_index=index,
                pose=target,
                latency_ms=1000 * (time.perf_counter() - started),
                digest=hashlib.sha256(made.latents.cpu().numpy().tobytes()).hexdigest()[:16],
            )
        )
        return True

    def snapshot(self) -> WorldState:
        """Return everything needed to go on; see `World`."""
        progress = self._running()
        slots = self._policy.table.slots()
        keys, values = self._cache.export(slots)
        data = {
            "world": self.spec.name,
            "weights": self._provenance.get("weights"),
            "dtype": str(self._cache.dtype),
            "slots": list(slots),
            "attended": sorted(self._attended),
            "table": self._policy.table.as_dict(),
            "setting": asdict(self._policy.setting),
            "progress": asdict(progress),
            "imagined": [asdict(block) for block in self._imagined],
        }
        return packed({"keys": keys, "values": values}, data)

    def restore(self, state: WorldState) -> None:
        """Go on from a snapshot; see `World`.

        Raises:
            WorldFailed: the snapshot was taken with other weights, or in another number type.
        """
        data = state.data
        here = {"weights": self._provenance.get("weights"), "dtype": str(self._cache.dtype)}
        for name, value in here.items():
            if data[name] != value:
                raise WorldFailed(
                    f"state was saved with {name} {data[name]}, this world has {value}; use "
                    f"the {name} it was saved with"
                )
        setting = MemorySetting(**data["setting"])
        self._policy = self._new_policy(setting)
        self._policy.table.load_dict(data["table"])
        fits = [slot for slot in data["slots"] if slot < self._policy.table.capacity]
        if fits:  # slots are saved in order, so these come first; empty arrays have no numbers
            self._cache.load(fits, **unpacked(state))
        self._attended = frozenset(data["attended"])
        self._progress = DiffusionProgress.revived(data["progress"])
        self._imagined = [
            LookAheadBlock(**{**block, "pose": CameraPose(**block["pose"])})
            for block in data["imagined"]
        ]

    def expect_prompt(self) -> None:
        """Load what reading a prompt needs; see `World`."""
        self._conditioner.warm()

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames through the autoencoder; see `World`."""
        with torch.inference_mode():
            return self._codec.decode(self._codec.encode(frames))

    def provenance(self) -> dict:
        """Return what a recording's header says of this world."""
        setting = asdict(self._initial_memory)
        said = self._progress.provenance() if self._progress else {}
        return {**self._provenance, "memory": setting, "look_ahead": self._look_ahead, **said}

    def close(self) -> None:
        """Forget the session; may be called twice."""
        self._progress = None
        self._decoder.close()

    def _running(self) -> DiffusionProgress:
        if self._progress is None:
            raise WorldFailed("the world has no scene yet; call reset first")
        return self._progress

    @property
    def _time(self) -> int:
        """Frames shown before the next block."""
        return self._running().block_index * self.spec.block_length

    def _begin(self, scene: Scene, seed: int) -> DiffusionProgress:
        """Forget everything."""
        setting = self._initial_memory
        setting = replace(setting, policy=scene.memory or setting.policy)
        self._policy = self._new_policy(setting)
        self._progress = DiffusionProgress(seed, scene.prompt, CameraPose())
        self._imagined.clear()
        self._times.taken()
        return self._progress

    def _obey(self, control: Control, progress: DiffusionProgress) -> None:
        if control.prompt is not None and control.prompt != progress.prompt:
            progress.prompt = control.prompt
            progress.prompt_index += 1
        if control.memory is not None and control.memory != self._policy.setting:
            capacity = self._capacity(control.memory)
            self._policy = change_policy(
                self._policy, control.memory, capacity, self.spec.block_length
            )

    def _poses(self, command: CameraCommand) -> tuple[CameraPose, ...]:
        """Return where the next block's frames look."""
        pose, spec = self._running().pose, self.spec
        return move(pose, command, spec.full_speed, spec.fps, spec.block_length)

    def _next_look_ahead(self, command: CameraCommand) -> CameraPose | None:
        if not self._look_ahead or not self._policy.looks_ahead:
            return None
        known = [frame.pose for frame in self._policy.table.frames.values()]
        pose, has_sky = self._running().pose, self._running().has_sky
        target = look_ahead_pose(pose, command, known)
        if target is not None or not has_sky:
            return target
        (upwind,) = self._decoder.upwind((pose,), self._time)
        return look_ahead_pose(upwind, UPWIND, known)

    def _show(
        self, poses: tuple[CameraPose, ...], command: CameraCommand, given: Tensor | None = None
    ) -> FrameBlock:
        """Make, decode and return a block, and note where to look ahead next."""
        progress = self._running()
        made = self._make(poses, given=given)
        drawn = self._decoder.begin(made.latents[0], poses)
        self._remember(made)  # meanwhile
        sky = partial(self._upwind, poses)
        shown = self._decoder.finish(drawn, poses, self._time, sky, likely=progress.has_sky)
        progress.settle(poses[-1], has_sky=shown.has_sky)
        progress.pending = self._next_look_ahead(command)
        block = FrameBlock(
            frames=shown.frames,
            poses=poses,
            block_index=progress.block_index,
            phrase=camera_phrase(command),
            prompt=progress.prompt,
            stage_ms=self._times.taken(),
            memory=self._usage(),
            look_ahead=tuple(self._imagined),
            rest=shown.rest,
        )
        progress.block_index += 1
        self._imagined.clear()
        return block

    def _make(
        self,
        poses: tuple[CameraPose, ...],
        *,
        look_ahead: bool = False,
        given: Tensor | None = None,
    ) -> _Made:
        """Denoise one block; it must be remembered before the next one is made."""
        progress = self._running()
        first_frame = progress.made * self.spec.block_length
        block = BlockInfo(first_frame, poses, progress.prompt_index, look_ahead, self._time)
        slots = self._policy.attend(poses[-1])
        coordinates = self._coordinates(block)
        if not look_ahead:
            kept = self._policy.table.frames
            self._attended = frozenset(kept[slot].frame_index for slot in slots)
        with self._times.of("look_ahead" if look_ahead else "denoise"):
            latents = given
            if latents is None and (look_ahead or progress.made == 0):
                latents = self._imagine(block, slots)
            self._cache.attend(slots)
            if latents is None:
                make = self._recall if self._knows(poses, slots) else self._invent
                latents = make(coordinates, len(poses))
        return _Made(latents, coordinates, block)

    def _recall(self, coordinates: Coordinates, frames: int) -> Tensor:
        """Return a block that memory knows, made by the generator."""
        text = self._conditioner.text_keys(self._running().prompt)
        return self._generator.denoise(self._noise(frames), coordinates, text, self._flow.steps)

    def _invent(self, coordinates: Coordinates, frames: int) -> Tensor:
        """Return frames that memory does not know, or not all of, made by the memory model."""
        text = self._imagination.text_keys(self._running().prompt)
        return self._generator.imagine(self._noise(frames), coordinates, text, self._levels)

    def _knows(self, poses: tuple[CameraPose, ...], slots: tuple[int, ...]) -> bool:
        """Tell whether attended frames of the prompt in force show all of a block's last view."""
        kept, prompt_index = self._policy.table.frames, self._running().prompt_index
        shown = [kept[slot].pose for slot in slots if kept[slot].prompt_index == prompt_index]
        return all_shown(covered_cells(poses[-1], shown))

    def _remember(self, made: _Made) -> None:
        """Remember a block with one clean pass."""
        with self._times.of("look_ahead" if made.info.look_ahead else "remember"):
            self._generator.remember(made.latents, made.coordinates)
            self._cache.write(self._policy.admit(made.info))
        self._running().made += 1

    def _upwind(self, poses: tuple[CameraPose, ...]) -> Tensor:
        """Return latents of where the wind has carried the sky of a block from, [F, C, h, w]."""
        poses = self._decoder.upwind(poses, self._time)
        with self._times.of("sky"):
            self._cache.attend(self._policy.attend(poses[-1]))
            place = self._coordinates(BlockInfo(0, poses, time=self._time))
            return self._recall(place, len(poses))[0]

    def _imagine(self, block: BlockInfo, slots: tuple[int, ...]) -> Tensor:
        """Return a block at rest, invented as one frame: a third of the cost of inventing three."""
        last = len(block.poses) - 1
        self._cache.attend(slots, frames=1)
        frame = self._invent(self._coordinates(block, first=last), 1)
        return frame.expand(-1, len(block.poses), -1, -1, -1)

    def _noise(self, frames: int) -> Tensor:
        progress, shape = self._running(), (1, frames, *self._latent_shape)
        return block_noise(progress.seed, progress.made, shape).to(self._cache.device)

    def _coordinates(self, block: BlockInfo, first: int = 0) -> Coordinates:
        """Return where and when the block's frames lie, from its frame `first` on."""
        places = torch.arange(first, len(block.poses))
        poses = [(pose.yaw, pose.pitch, pose.fov) for pose in block.poses[first:]]
        dtype, device = self._cache.dtype, self._cache.device
        table, times = torch.tensor([poses]), block.time + places[None]
        rotary = self._rays.rotary(table, times)
        features = self._rays.features(table, places, dtype)
        return Coordinates(rotary.to(device), features.to(device))

    def _usage(self):
        progress = self._running()
        return memory_usage(
            self._policy,
            self._attended,
            self._cache.slot_bytes,
            self._capacity(self._policy.setting),
            progress.made * self.spec.block_length,
            progress.block_index + 1,
            self.spec,
            progress.origin,
        )

    def _new_policy(self, setting: MemorySetting) -> MemoryPolicy:
        return make_policy(setting, self._capacity(setting))

    def _capacity(self, setting: MemorySetting) -> int:
        """Return how many slots a budget pays for, at most those that were allocated."""
        wanted = setting.kept_mib * MIB // self._cache.slot_bytes
        return max(1, min(self._cache.slots, wanted))
