"""The pocket world's memory: which frames are kept, read by a block, and how they are written.

A policy decides which frames lie in which slots; the passes of a generator read and write their
keys and values. A frame that shows a painted view is remembered from the painting rather than from
the generated copy, because copies of copies grow harsher. A block that only the next one might read
is written when it is read, which often spares the pass.
"""

import hashlib
import time as clock
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.validation import decode
from mag_sandbox.model.config import FlowConfig
from mag_sandbox.model.coverage import all_shown, choose_views, covered_cells
from mag_sandbox.model.flow import euler_levels
from mag_sandbox.model.generator import Coordinates, Generator, block_noise
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.memory import MemoryPolicy, change_policy, make_policy, memory_usage
from mag_sandbox.model.parking import packed, unpacked
from mag_sandbox.model.prompts import Conditioner
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.model.session_world import StageTimer
from mag_sandbox.model.slots import BlockInfo, SlotTable, SlotWrite
from mag_sandbox.model.world import (
    MIB,
    LookAheadBlock,
    MemoryOrigin,
    MemorySetting,
    MemoryUsage,
    WorldSpec,
    WorldState,
)


class PassInputs(NamedTuple):
    """Everything but the camera that a pass depends on."""

    seed: int
    prompt: str
    prompt_index: int  # how often the prompt has changed
    time: int  # frames shown before the next block


@dataclass(frozen=True, slots=True)
class MemoryNetworks:
    """The passes over a cache, and their inputs besides frames."""

    generator: Generator
    rays: RayCoordinates
    text: Conditioner  # keys of prompts for the generator
    memory_text: Conditioner  # keys of prompts for the memory model
    flow: FlowConfig
    latent_shape: tuple[int, int, int]  # of a frame: C, h, w


@dataclass(frozen=True, slots=True)
class GeneratedBlock:
    """A denoised block that is not remembered yet."""

    latents: Tensor  # [1, F, C, h, w]
    coordinates: Coordinates
    info: BlockInfo
    read: tuple[int, ...]  # slots


@dataclass(frozen=True, slots=True)
class _DeferredWrite:
    """A block that is written when its slot is read, if ever."""

    block: GeneratedBlock
    write: SlotWrite


class MemoryPasses:
    """Passes over the cache as memory needs them: of blocks, and of single views.

    `inputs` returns the present inputs.
    """

    def __init__(
        self, networks: MemoryNetworks, block_length: int, inputs: Callable[[], PassInputs]
    ) -> None:
        self.generator, self.cache = networks.generator, networks.generator.cache
        self.networks, self.inputs, self._block_length = networks, inputs, block_length
        flow = networks.flow
        self._levels = euler_levels(flow.imagine_steps, flow.imagine_shift)

    def recall(self, coordinates: Coordinates, frames: int, block_index: int) -> Tensor:
        """Return frames that memory knows, denoised by the generator, [1, F, C, h, w]."""
        text = self.networks.text.text_keys(self.inputs().prompt)
        noise, steps = self._noise(frames, block_index), self.networks.flow.steps
        return self.generator.denoise(noise, coordinates, text, steps)

    def imagine(self, coordinates: Coordinates, frames: int, block_index: int) -> Tensor:
        """Return frames that memory does not know, or only in part, made by the memory model."""
        text = self.networks.memory_text.text_keys(self.inputs().prompt)
        noise = self._noise(frames, block_index)
        return self.generator.imagine(noise, coordinates, text, self._levels)

    def write(self, block: GeneratedBlock, writes: Sequence[SlotWrite]) -> None:
        """Remember frames of a block that reads the slots which the cache attends.

        All frames of a view ahead are alike: one takes a third as long.
        """
        info = block.info
        slots = [write.slot for write in writes if write.frame == len(info.poses) - 1]
        if not info.look_ahead or len(slots) < len(writes):
            self.generator.remember(block.latents, block.coordinates)
            self.cache.write(writes)
            return
        first, *others = slots
        self.write_view(first, info.poses[-1], block.latents[0, -1:], block.read, info.time)
        for slot in others:
            self.cache.copy(first, slot)

    def write_view(
        self, slot: int, pose: CameraPose, view: Tensor, read: Sequence[int], time: int
    ) -> None:
        """Remember a view, latents [1, C, h, w], in a slot, reading others, as of a time."""
        self.cache.attend(read, frames=1)
        self.generator.remember(view[None], self.view_coordinates(pose, time))
        self.cache.write([SlotWrite(0, slot)])

    def resting(self, view: Tensor) -> Tensor:
        """Return a view, [1, C, h, w], as a block of a resting camera, [1, F, C, h, w]."""
        return view.expand(self._block_length, *self.networks.latent_shape)[None]

    def view_coordinates(self, pose: CameraPose, time: int) -> Coordinates:
        """Return the place of a single view: the last frame of a block that begins at a time."""
        poses = (pose,) * self._block_length
        return self.coordinates(BlockInfo(0, poses, time=time), first=len(poses) - 1)

    def coordinates(self, block: BlockInfo, first: int = 0) -> Coordinates:
        """Return the place and time of a block's frames, from its frame `first` on."""
        places = torch.arange(first, len(block.poses))
        poses = [(pose.yaw, pose.pitch, pose.fov) for pose in block.poses[first:]]
        dtype, device, rays = self.cache.dtype, self.cache.device, self.networks.rays
        table, times = torch.tensor([poses]), block.time + places[None]
        rotary, features = rays.rotary(table, times), rays.features(table, places, dtype)
        return Coordinates(rotary.to(device), features.to(device))

    def _noise(self, frames: int, block_index: int) -> Tensor:
        shape = (1, frames, *self.networks.latent_shape)
        return block_noise(self.inputs().seed, block_index, shape).to(self.cache.device)


class CutView(NamedTuple):
    """A view cut from painted ground."""

    pose: CameraPose
    latents: Tensor  # [1, C, h, w]
    is_painted: bool  # else some of it is a sketch


class SpareView(NamedTuple):
    """The view in the spare slot, for a block that ends at a pose."""

    end: CameraPose
    ground: tuple[object, ...]  # what the view was cut from: painted surroundings, and the plan
    shown: CameraPose | None  # where the view looks: at the end, or near it; None: nothing is there
    is_painted: bool  # and not a sketch in part, which is not remembered

    def is_for(self, end: CameraPose, ground: tuple[object, ...]) -> bool:
        """Return whether the view is up to date for a block that ends at a pose."""
        return self.end == end and same_ground(self.ground, ground)

    def shows_at(self, end: CameraPose) -> CameraPose | None:
        """Return where the view looks for a block that ends at a pose; None: it has none."""
        return self.shown if self.end == end else None


def same_ground(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Return whether views are cut from the very same surroundings and plan."""
    return all(part is another for part, another in zip(one, other, strict=True))


class BlockMemory:
    """Generates blocks from remembered frames, and remembers them.

    memory = BlockMemory(networks, spec, setting, inputs, times, painted=True)
    block = memory.generate(poses)
    ...  # decode block.latents
    memory.remember(block)
    """

    def __init__(
        self,
        networks: MemoryNetworks,
        spec: WorldSpec,
        setting: MemorySetting,
        inputs: Callable[[], PassInputs],
        times: StageTimer,
        *,
        painted: bool,
    ) -> None:
        """Assemble an empty memory.

        Args:
            networks: the passes.
            spec: of the world.
            setting: of memory.
            inputs: returns the present ones.
            times: counts how long the stages take.
            painted: whether every view that lasts is painted or given before it is shown.
        """
        self.passes = MemoryPasses(networks, spec.block_length, inputs)
        self.cache = networks.generator.cache
        self._spec, self._times, self._painted, self._inputs = spec, times, painted, inputs
        self.begin(setting)

    def begin(self, setting: MemorySetting, made: int = 0) -> None:
        """Forget everything; so many blocks were made so far."""
        policy = make_policy(setting, self._capacity(setting), painted=self._painted)
        self._start(policy, made)

    def _start(self, policy: MemoryPolicy, made: int) -> None:
        self.policy, self.made = policy, made  # made: blocks so far, look-ahead ones included
        self.attended: frozenset[int] = frozenset()  # frame indices that the last block read
        self.ahead: list[LookAheadBlock] = []  # remembered ahead, not reported yet
        self._deferred: _DeferredWrite | None = None
        self.spare_view: SpareView | None = None

    def change(self, setting: MemorySetting) -> None:
        """Continue under another setting with the frames that are kept."""
        self.flush()
        self.spare_view = None
        length = self._spec.block_length
        self.policy = change_policy(
            self.policy, setting, self._capacity(setting), length, painted=self._painted
        )

    # Reading

    def generate(
        self,
        poses: tuple[CameraPose, ...],
        *,
        is_provisional: bool = False,
        given: Tensor | None = None,
        look_ahead: bool = False,
    ) -> GeneratedBlock:
        """Denoise one block; it must be remembered before the next one is generated.

        Args:
            poses: of its frames.
            is_provisional: whether unknown ground is shown only until it is painted.
            given: latents to use in place of generated ones, [1, F, C, h, w].
            look_ahead: whether the block is not shown.
        """
        slots = self.attend(poses[-1])
        is_known = given is not None or self._knows(poses, slots)
        is_copy = given is None and self._painted
        info = BlockInfo(
            self.made * self._spec.block_length, poses, self._inputs().prompt_index, look_ahead,
            self._inputs().time, passing=not is_known and is_provisional, copied=is_copy,
        )  # fmt: skip
        coordinates = self.passes.coordinates(info)
        if not look_ahead:
            kept = self.policy.table.frames
            self.attended = frozenset(kept[slot].frame_index for slot in slots)
        with self._times.measure("look_ahead" if look_ahead else "denoise"):
            spare = self.spare_view and self.spare_view.shows_at(poses[-1])
            reads_spare = is_copy and not look_ahead and bool(spare)
            self._read((self.cache.spare, *slots) if reads_spare else slots)
            latents = given
            if latents is None:
                # of partly known ground the memory model makes a mosaic, the generator a blur
                passes, is_recalled = self.passes, is_known or reads_spare or is_provisional
                denoise = passes.recall if is_recalled else passes.imagine
                latents = denoise(coordinates, len(poses), self.made)
        return GeneratedBlock(latents, coordinates, info, slots)

    def attend(self, view: CameraPose) -> tuple[int, ...]:
        """Return the slots that a block ending at `view` reads."""
        policy = self.policy
        return policy.attend_painted(view) if self._painted else policy.attend(view)

    def recall_view(self, pose: CameraPose) -> Tensor:
        """Return the view that memory holds at a pose, latents [1, C, h, w]."""
        self._read(self.attend(pose), frames=1)
        place = self.passes.view_coordinates(pose, self._inputs().time)
        return self.passes.recall(place, 1, self.made)[0]

    def recall_block(self, poses: tuple[CameraPose, ...]) -> Tensor:
        """Return the remembered latents at the poses of the next block, [F, C, h, w]."""
        self._read(self.attend(poses[-1]))
        place = self.passes.coordinates(BlockInfo(0, poses, time=self._inputs().time))
        return self.passes.recall(place, len(poses), self.made)[0]

    def imagine_view(self, pose: CameraPose) -> Tensor:
        """Return the latents that the memory model invents at a pose, [1, C, h, w].

        A single frame costs a third of a block.
        """
        self._read(self.attend(pose), frames=1)
        place = self.passes.view_coordinates(pose, self._inputs().time)
        return self.passes.imagine(place, 1, self.made)[0]

    def _knows(self, poses: tuple[CameraPose, ...], slots: tuple[int, ...]) -> bool:
        """Tell whether lasting frames of the current prompt show all of a block's last view."""
        kept, prompt_index = self.policy.table.frames, self._inputs().prompt_index
        shown = [
            kept[slot].pose
            for slot in slots
            if kept[slot].prompt_index == prompt_index and not kept[slot].passing
        ]
        return all_shown(covered_cells(poses[-1], shown))

    def _read(self, slots: tuple[int, ...], frames: int | None = None) -> None:
        """Have the coming passes, of a block or `frames`, read slots."""
        self._flush_into(slots)
        self.cache.attend(slots, frames)

    # The view at the end of the next block, in the spare slot

    def prefetch(
        self, end: CameraPose, ground: tuple[object, ...], view: CutView | None, time: int
    ) -> None:
        """Write a painted view to the spare slot, for a block that ends at a pose.

        Args:
            end: that pose.
            ground: see `SpareView`.
            view: at the pose or near it; None: too little is painted there.
            time: frames shown before that block.
        """
        if view is not None:
            read = self.attend(end)
            self._flush_into(read)
            self.passes.write_view(self.cache.spare, view.pose, view.latents, read, time)
        is_painted = view is not None and view.is_painted
        self.spare_view = SpareView(end, ground, view and view.pose, is_painted)

    # Writing

    def remember(
        self, block: GeneratedBlock, painted: "Future[Tensor | None] | None" = None
    ) -> None:
        """Remember a block with one clean pass, or later if only the next block might read it.

        Args:
            block: a generated block.
            painted: latents of the painting where its last frame looks, unless they were
                remembered before.
        """
        slot_before, pose_before = self.policy.focused(), self.policy.focused_pose
        writes = self.admit(block.info)
        slots, deferred = {write.slot for write in writes}, self._deferred
        if deferred and slots & set(deferred.block.read):
            self.flush()  # the frames it reads are about to change
            self.cache.attend(block.read)
        substitute = (
            self._painted_substitute(block, slot_before, pose_before, painted) if writes else None
        )
        own = writes[:-1] if substitute else writes
        if own and all(map(self.policy.passes, own)):
            self._deferred = _DeferredWrite(block, own[-1])
            if writes[-1].slot in block.read:  # it changes, or the next block reads it as well
                self.flush()
        elif own:
            with self._times.measure("look_ahead" if block.info.look_ahead else "remember"):
                self.passes.write(block, own)
        if substitute:
            substitute(writes[-1].slot)
            self.policy.table.focus(writes[-1].slot)

    def admit(self, block: BlockInfo) -> tuple[SlotWrite, ...]:
        """Count a block, and give the frames of it that are kept their slots.

        A provisional one at rest is not kept again: it stays until the painted view arrives, for
        copies of copies grow harsher.
        """
        self.made += 1
        if block.passing and _is_kept(block, self.policy.table):
            return ()
        writes = self.policy.admit(block)
        if self._deferred and self._deferred.write.slot in {write.slot for write in writes}:
            self._deferred = None  # overwritten before it was read
        return writes

    def remember_ahead(self, pose: CameraPose, view: Tensor, started: float | None = None) -> None:
        """Remember a view, latents [1, C, h, w], that is not shown.

        `started` is when work on it began, by `time.perf_counter`; None: now.
        """
        started, index = started or clock.perf_counter(), self.made
        poses = (pose,) * self._spec.block_length
        block = self.generate(poses, look_ahead=True, given=self.passes.resting(view))
        self.remember(block)
        self.policy.let_pass()
        digest = hashlib.sha256(block.latents.cpu().numpy().tobytes()).hexdigest()[:16]
        took_ms = 1000 * (clock.perf_counter() - started)
        self.ahead.append(LookAheadBlock(index, pose, took_ms, digest))

    def take_ahead(self) -> tuple[LookAheadBlock, ...]:
        """Return the views remembered ahead since the last call."""
        ahead, self.ahead = tuple(self.ahead), []
        return ahead

    def rewrite(self, slot: int, pose: CameraPose, view: Tensor, beside: Sequence[int]) -> None:
        """Remember a view, latents [1, C, h, w], in a slot, reading some of the slots `beside`."""
        frames = self.policy.table.frames
        read = choose_views(
            pose, [frames[one].pose for one in beside], self.policy.setting.attended_frames
        )
        self.flush()
        self.passes.write_view(
            slot, pose, view, sorted(beside[one] for one in read), self._inputs().time
        )

    def flush(self) -> None:
        """Write the deferred block; the frames it reads have not changed since."""
        deferred, self._deferred = self._deferred, None
        if deferred:
            with torch.inference_mode(), self._times.measure("remember"):
                self.cache.attend(deferred.block.read)
                self.passes.write(deferred.block, (deferred.write,))

    def _flush_into(self, slots: Sequence[int]) -> None:
        """Write the deferred block if its slot is among these."""
        if self._deferred and self._deferred.write.slot in slots:
            self.flush()

    def _painted_substitute(
        self,
        block: GeneratedBlock,
        slot_before: int | None,
        pose_before: CameraPose | None,
        painted: "Future[Tensor | None] | None",
    ) -> Callable[[int], None] | None:
        """Return a function that fills a slot with the painting at a block's end, not the copy.

        So the next block reads the very view that this one ended at. None: keep the copy.

        Args:
            block: a generated block.
            slot_before: the slot of the newest such frame before the block was admitted.
            pose_before: where that frame looks.
            painted: latents of the painting, unless that frame shows it.
        """
        pose, view = block.info.poses[-1], painted.result() if painted else None
        copy_spare = partial(self.cache.copy, self.cache.spare)
        if not block.info.copied:
            return None
        spare = self.spare_view
        if spare and spare.is_painted and spare.shows_at(pose) == pose:
            return copy_spare
        if slot_before is not None and pose == pose_before:
            if self.policy.focused() is not None:  # it lies in another slot
                return None
            self.cache.copy(slot_before, self.cache.spare)  # the frame moves on with the window
            return copy_spare
        if view is None:
            return None

        def write(slot: int) -> None:
            with self._times.measure("remember"):
                self.passes.write_view(slot, pose, view, block.read, self._inputs().time)

        return write

    @property
    def kept(self) -> tuple[SlotTable, KVCache]:
        """Which frame lies in which slot, and their keys and values."""
        self.flush()
        return self.policy.table, self.cache

    def usage(self, blocks_shown: int, origin: MemoryOrigin | None) -> MemoryUsage:
        """Return the usage of memory after a number of shown blocks."""
        return memory_usage(
            self.policy, self.attended, self.cache.slot_bytes, self._capacity(self.policy.setting),
            self.made * self._spec.block_length, blocks_shown, self._spec, origin,
        )  # fmt: skip

    # Snapshots

    def snapshot(self, data: dict[str, Any]) -> WorldState:
        """Return all that is kept, joined to the plain data of the world."""
        table, cache = self.kept
        slots = tuple(table.here)
        keys, values = cache.export(slots)
        own = {
            "slots": list(slots),
            "attended": sorted(self.attended),
            "table": table.as_dict(),
            "setting": asdict(self.policy.setting),
            "imagined": [asdict(block) for block in self.ahead],
        }
        return packed({"keys": keys, "values": values}, {**data, **own})

    def read_snapshot(self, state: WorldState, made: int) -> Callable[[], None]:
        """Return a function that restores a snapshot, or raise ValueError."""
        data = state.data
        setting = decode(MemorySetting, data["setting"], "setting")
        policy = make_policy(setting, self._capacity(setting), painted=self._painted)
        policy.table.load_dict(data["table"])
        slots = decode(tuple[int, ...], data["slots"], "slots")
        attended = decode(tuple[int, ...], data["attended"], "attended")
        ahead = decode(tuple[LookAheadBlock, ...], data["imagined"], "imagined")
        fits = [slot for slot in slots if slot < policy.table.capacity]
        if tuple(fits) != tuple(policy.table.here) or list(slots) != sorted(slots):
            raise ValueError(f"frames are kept of slots {slots}")
        kept = unpacked(state)
        dtype = str(state.data.get("dtype", kept["keys"].dtype)).removeprefix("torch.")
        for name, numbers in kept.items():
            if str(numbers.dtype) != f"torch.{dtype}":
                raise ValueError(f"its {name} are {numbers.dtype} although it says {dtype}")
        self.cache.check(len(slots), **kept)

        def restore() -> None:
            self._start(policy, made)
            self.cache.load(fits, **kept)  # slots are saved in order, so these come first
            self.attended, self.ahead = frozenset(attended), list(ahead)

        return restore

    def _capacity(self, setting: MemorySetting) -> int:
        """Return how many slots a budget pays for, at most those that were allocated."""
        wanted = setting.kept_mib * MIB // self.cache.slot_bytes
        return max(1, min(self.cache.slots, wanted))


def _is_kept(block: BlockInfo, table: SlotTable) -> bool:
    """Tell whether the newest frame is as provisional as a block at rest, and looks there."""
    newest = max(table.frames.values(), key=lambda frame: frame.frame_index, default=None)
    if newest is None or not newest.passing or newest.prompt_index != block.prompt_index:
        return False
    return all(pose == newest.pose for pose in block.poses)
