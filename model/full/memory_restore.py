"""A stream's parked memory, rebuilt from latents if only these were kept.

Latents are a few hundredths of the size of keys and values. If every block since the beginning is
remembered again in its order, with all that happened in between, the numbers are the same. Of fewer
blocks each is remembered with the part of its past that is there: keys and values then differ
beyond the first layer.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose, check_pose
from mag_sandbox.files.validation import decode
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.dit import TextKeys
from mag_sandbox.model.full.rollout import Engine, ParkedRollout, TieredRollout
from mag_sandbox.model.memory import MEMORY_POLICIES
from mag_sandbox.model.parking import joined, numbers_of, packed, part_of, unpacked
from mag_sandbox.model.slots import KeptFrame, SlotTable
from mag_sandbox.model.world import GIB, MemorySetting, MemoryUsage, WorldState
from mag_sandbox.scenes.scene import check_prompt

LATENT_BYTES = GIB  # kept while playing: some 22 minutes at full size in bf16
SLOTS, LATENTS = "keys and values", "latents"  # kinds of a parked memory


@dataclass(frozen=True, slots=True, eq=False)
class RememberedBlock:
    """The inputs with which one block was remembered."""

    first_frame: int  # latent frames since the rollout began
    latents: Tensor  # on the host, [1, F, C, h, w]; number type of keys and values
    view: CameraPose  # by which the policy chose what to read
    poses: tuple[CameraPose, ...]  # one a latent frame
    prompt: str  # in force
    text: str  # the prompt with the camera's sentence
    prompt_index: int  # how often the prompt had changed
    setting: MemorySetting  # in force

    @property
    def frames(self) -> range:
        """Indices of its latent frames."""
        return range(self.first_frame, self.first_frame + BLOCK_LENGTH)


class LatentHistory:
    """The blocks of a rollout: all of them, or if these are too many, those still remembered.

    history = LatentHistory()
    history.add(block, policy.table.frames.values())  # after it was remembered
    blocks = history.within(room, policy.table.frames.values())  # to be parked
    """

    def __init__(self, most_bytes: int = LATENT_BYTES) -> None:
        """Begin empty, and keep at most `most_bytes` of latents."""
        self.blocks: tuple[RememberedBlock, ...] = ()  # oldest first
        self.whole = True  # every block since the rollout began is there
        self._most_bytes = most_bytes

    def add(self, block: RememberedBlock, kept: Iterable[KeptFrame]) -> None:
        """Add a block; `kept` are all frames that are remembered now."""
        self.blocks += (block,)
        if not self.whole or _bytes(self.blocks) > self._most_bytes:
            self.drop(kept)

    def drop(self, kept: Iterable[KeptFrame]) -> None:
        """Drop the blocks that no kept frame comes from."""
        self.blocks, self.whole = self.of(kept), False

    def of(self, kept: Iterable[KeptFrame]) -> tuple[RememberedBlock, ...]:
        """Return the blocks that kept frames come from, oldest first."""
        wanted = {frame.frame_index for frame in kept}
        return tuple(block for block in self.blocks if not wanted.isdisjoint(block.frames))

    def within(self, room: int, kept: Iterable[KeptFrame]) -> tuple[RememberedBlock, ...]:
        """Return the blocks that fit into these bytes: all, or the newest still remembered."""
        if self.whole and _bytes(self.blocks) <= room:
            return self.blocks
        needed = self.of(kept)
        return needed[max(0, len(needed) - room // max(1, _bytes(needed[:1]))) :]

    def snapshot(self, blocks: Sequence[RememberedBlock]) -> WorldState:
        """Return some of the blocks as a state."""
        tensors = {"latents": torch.stack([one.latents for one in blocks])} if blocks else {}
        whole = self.whole and len(blocks) == len(self.blocks)
        return packed(tensors, {"whole": whole, "blocks": [_as_dict(one) for one in blocks]})

    @classmethod
    def read(
        cls, state: WorldState, latent_shape: Sequence[int], dtype: torch.dtype
    ) -> "LatentHistory":
        """Read a snapshot, with latents in a number type, or raise ValueError."""
        rows = decode(tuple[_ParkedBlock, ...], state.data["blocks"], "blocks")
        history, tensors = cls(), unpacked(state)
        history.whole = decode(bool, state.data["whole"], "whole")
        begun = [row.first_frame for row in rows]
        expected = [place * BLOCK_LENGTH for place in range(len(rows))]
        if begun != (expected if history.whole else sorted(set(begun))):
            raise ValueError(f"blocks begin at frames {begun}")
        if rows:
            shape = len(rows), 1, BLOCK_LENGTH, *latent_shape
            latents = numbers_of(tensors, "latents", shape).to(dtype)
            pairs = zip(rows, latents, strict=True)
            history.blocks = tuple(row.block(some) for row, some in pairs)
        return history


_Angles = tuple[float, float, float]  # yaw, pitch, fov


@dataclass(frozen=True, slots=True)
class _ParkedBlock:
    """The parked data of a block but for its latents."""

    first_frame: int
    view: _Angles
    poses: tuple[_Angles, ...]
    prompt: str
    text: str
    prompt_index: int
    setting: MemorySetting

    def __post_init__(self) -> None:
        for pose in (self.view, *self.poses):
            check_pose(CameraPose(*pose))
        check_prompt(self.prompt)
        if self.setting.policy not in MEMORY_POLICIES:
            raise ValueError(f"there is no memory policy {self.setting.policy}")
        if len(self.poses) != BLOCK_LENGTH or min(self.first_frame, self.prompt_index) < 0:
            raise ValueError(f"block of frame {self.first_frame}, {len(self.poses)} poses")

    def block(self, latents: Tensor) -> RememberedBlock:
        poses = tuple(CameraPose(*pose) for pose in self.poses)
        return RememberedBlock(
            self.first_frame, latents, CameraPose(*self.view), poses, self.prompt, self.text,
            self.prompt_index, self.setting,
        )  # fmt: skip


def _bytes(blocks: Sequence[RememberedBlock]) -> int:
    return len(blocks) * blocks[0].latents.nbytes if blocks else 0


def _as_dict(block: RememberedBlock) -> dict[str, Any]:
    return {
        "first_frame": block.first_frame,
        "view": block.view.angles,
        "poses": [pose.angles for pose in block.poses],
        "prompt": block.prompt,
        "text": block.text,
        "prompt_index": block.prompt_index,
        "setting": asdict(block.setting),
    }


@dataclass(frozen=True, slots=True)
class RestoreHooks:
    """The parts of a world that rebuild its memory."""

    keys: Callable[[RememberedBlock], TextKeys]  # of the block's text
    capacity: Callable[[MemorySetting], int]  # slots that a setting may use here
    run: Callable[[Callable[[], None]], None]  # runs the network that remembers
    report: Callable[[float], None]  # progress, in [0, 1]


class RestorableMemory:
    """The memory of a rollout, with the latents that it was made of.

    memory = RestorableMemory(rollout, hooks)
    memory.compute_keys(latents, keys, view)
    memory.admit(latents, poses, prompt, text)
    state = memory.snapshot(room=host_room())
    is_exact = memory.restore(ParkedMemory.read(state, engine))
    """

    def __init__(self, rollout: TieredRollout, hooks: RestoreHooks) -> None:
        self._rollout, self._hooks = rollout, hooks
        self._history = LatentHistory()
        self._computed: tuple[Tensor, CameraPose] | None = None  # latents on the host, and view
        self.rebuilt_frames = 0  # latent frames up to which memory was rebuilt inexactly

    def compute_keys(self, latents: Tensor, text: TextKeys, view: CameraPose) -> None:
        """Compute keys and values of the next block; see `Rollout.compute_keys`."""
        # in the type in which networks read them; copied first, since a device would be waited for
        self._computed = latents.to("cpu", self._rollout.tiers.cache.dtype), view
        self._rollout.compute_keys(latents, text, view)

    def admit(self, latents: Tensor, poses: Sequence[CameraPose], prompt: str, text: str) -> None:
        """Keep the frames that the policy wants of the computed block, and its latents.

        Poses are one a latent frame; `text` is the prompt with the camera's sentence.
        """
        rollout = self._rollout
        assert self._computed is not None  # `compute_keys` goes before
        on_host, view = self._computed
        block = RememberedBlock(
            rollout.made,
            on_host,
            view,
            tuple(poses),
            prompt,
            text,
            rollout.prompt_index,
            rollout.policy.setting,
        )
        rollout.admit(latents, poses)
        self._history.add(block, self._kept())

    def restart(self) -> None:
        """Forget everything and begin at frame 0."""
        self._rollout.restart()
        self._history, self.rebuilt_frames = LatentHistory(), 0

    def keep_fewer(self, slots: int) -> None:
        """Continue with fewer slots."""
        self._rollout.keep_fewer(slots)
        self._history.drop(self._kept())

    def marked(self, usage: MemoryUsage) -> MemoryUsage:
        """Return a usage with the number of kept frames that were rebuilt inexactly."""
        rebuilt = sum(entry.frame_index < self.rebuilt_frames for entry in usage.entries)
        return replace(usage, rebuilt=rebuilt)

    def snapshot(self, room: int) -> WorldState:
        """Return the memory as a state; latents alone if it takes more than `room` bytes."""
        rollout, history, kept = self._rollout, self._history, self._kept()
        slots = rollout.policy.table.slots()
        exact = rollout.tiers.state_bytes(slots) <= room
        blocks = history.of(kept) if exact else history.within(room, kept)
        parts = {
            "rollout": rollout.snapshot(slots if exact else ()),
            "journal": history.snapshot(blocks),
        }
        kind = SLOTS if exact else LATENTS
        return joined(parts, {"kind": kind, "rebuilt_frames": self.rebuilt_frames})

    def restore(self, parked: "ParkedMemory") -> bool:
        """Continue from a snapshot; return whether every number is the same."""
        self.restart()
        self._history, self.rebuilt_frames = parked.history, parked.rebuilt_frames
        if parked.is_exact:
            self._rollout.restore(parked.rollout)
            return True
        exact = self._rebuild(parked.rollout.table)
        self._rollout.resume(parked.rollout)
        if not exact:
            self.rebuilt_frames = self._rollout.made
        return exact

    def _kept(self) -> Sequence[KeptFrame]:
        return tuple(self._rollout.policy.table.frames.values())

    def _rebuild(self, table: dict[str, Any]) -> bool:
        whole = self._history.whole
        if whole:
            self._play_again()
        else:
            self._fill_again(table)
        return whole and self._history.whole and self._rollout.policy.table.as_dict() == table

    def _play_again(self) -> None:
        rollout, hooks = self._rollout, self._hooks
        before: RememberedBlock | None = None
        blocks = self._history.blocks
        for place, block in enumerate(blocks):
            hooks.report(place / len(blocks))
            if block.setting != rollout.policy.setting:
                rollout.change_memory(block.setting, hooks.capacity(block.setting))
            keys = self._keys(block)
            if before and block.prompt_index != before.prompt_index:
                hooks.run(partial(rollout.switch_prompt, keys))
            elif before and block.text != before.text:
                hooks.run(partial(rollout.update_text, keys))
            latents = self._compute_keys(block, keys)
            rollout.admit(latents, block.poses)
            before = block

    def _fill_again(self, table: dict[str, Any]) -> None:
        wanted = _frames_of(table)
        blocks = self._history.blocks
        for place, block in enumerate(blocks):
            self._hooks.report(place / len(blocks))
            self._compute_keys(block, self._keys(block))
            kept = [frame for frame in wanted if frame.frame_index in block.frames]
            self._rollout.keep(block.first_frame, kept)
        now = self._rollout.policy.table
        now.evicted = table["evicted"] + len(wanted) - len(now.frames)

    def _keys(self, block: RememberedBlock) -> TextKeys:
        return self._hooks.keys(block) if self._rollout.reads_text else ()

    def _compute_keys(self, block: RememberedBlock, keys: TextKeys) -> Tensor:
        latents = block.latents.to(self._rollout.tiers.cache.device)
        self._hooks.run(
            lambda: self._rollout.compute_keys(latents, keys, block.view, block.first_frame)
        )
        return latents


@dataclass(frozen=True, slots=True, eq=False)
class ParkedMemory:
    """A checked result of `RestorableMemory.snapshot`, to be restored once."""

    is_exact: bool  # keys and values are there
    rebuilt_frames: int
    rollout: ParkedRollout
    history: LatentHistory

    @classmethod
    def read(cls, state: WorldState, engine: Engine) -> "ParkedMemory":
        """Read a snapshot, or raise ValueError if it is invalid, or not for this engine."""
        kind = decode(Literal["keys and values", "latents"], state.data["kind"], "kind")
        rebuilt = decode(int, state.data["rebuilt_frames"], "rebuilt_frames")
        rollout = ParkedRollout.read(part_of(state, "rollout"), engine)
        journal, dtype = part_of(state, "journal"), engine.cache.dtype
        history = LatentHistory.read(journal, engine.latent_shape, dtype)
        made = [block.frames.stop for block in history.blocks]
        if max(made, default=0) > rollout.made or (history.whole and made[-1:] != [rollout.made]):
            raise ValueError(f"of {rollout.made} frames, blocks end at {made}")
        is_exact = kind == SLOTS
        if is_exact and len(rollout.kept) != len(rollout.table["frames"]):
            raise ValueError(f"{len(rollout.kept)} kept frames are there")
        return cls(is_exact, rebuilt, rollout, history)


def _frames_of(table: dict[str, Any]) -> list[KeptFrame]:
    slots = SlotTable(1 + max((row[0] for row in table["frames"]), default=0))
    slots.load_dict(table)
    return sorted(slots.frames.values(), key=lambda frame: frame.frame_index)
