"""A stream's memory as it is parked, and made again from latents where that is all there is.

Every block since the beginning, remembered in its order with all that happened in between, gives
the same numbers. Of fewer blocks each is remembered with what is already there of its past: what
it had read besides is missing, so that keys and values differ beyond the first layer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.validation import decode
from mag_sandbox.model.dit import TextKeys
from mag_sandbox.model.full.latent_history import LatentHistory, RememberedBlock
from mag_sandbox.model.full.rollout import Engine, ParkedRollout, TieredRollout
from mag_sandbox.model.parking import joined, part_of
from mag_sandbox.model.slots import KeptFrame, SlotTable
from mag_sandbox.model.world import MemorySetting, MemoryUsage, WorldState

SLOTS, LATENTS = "keys and values", "latents"  # what a parked memory consists of


@dataclass(frozen=True, slots=True)
class RestoreHooks:
    """What making memory again needs of a world."""

    keys: Callable[[RememberedBlock], TextKeys]  # of the text that was in force
    capacity: Callable[[MemorySetting], int]  # slots that a setting may use here
    run: Callable[[Callable[[], None]], None]  # does work of the network that remembers
    say: Callable[[float], None]  # told how much of it is done, in [0, 1]


class RestorableMemory:
    """The memory of a rollout, with the latents that it is made of.

    lasting = RestorableMemory(rollout, means)
    lasting.memorise(latents, keys, view)
    lasting.admit(latents, poses, prompt, text)
    state = lasting.snapshot(room=host_room())
    is_exact = lasting.restore(ParkedMemory.read(state, engine))
    """

    def __init__(self, rollout: TieredRollout, means: RestoreHooks) -> None:
        self._rollout, self._hooks = rollout, means
        self._history = LatentHistory()
        self._memorised: tuple[Tensor, CameraPose] | None = None  # latents on the host, and view
        self.rebuilt_frames = 0  # latent frames up to which memory was made again, not exactly

    def memorise(self, latents: Tensor, text: TextKeys, view: CameraPose) -> None:
        """Make keys and values of the next block; see `Rollout.memorise`."""
        # in the type in which networks read them; copied first, since a device would be waited for
        self._memorised = latents.to("cpu", self._rollout.tiers.cache.dtype), view
        self._rollout.memorise(latents, text, view)

    def admit(self, latents: Tensor, poses: Sequence[CameraPose], prompt: str, text: str) -> None:
        """Keep what the policy wants of the block that was memorised, and its latents.

        Poses are one a latent frame; `text` is the prompt with the camera's sentence.
        """
        rollout = self._rollout
        assert self._memorised is not None  # `memorise` goes before
        on_host, view = self._memorised
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
        """Make do with fewer slots."""
        self._rollout.keep_fewer(slots)
        self._history.drop(self._kept())

    def marked(self, usage: MemoryUsage) -> MemoryUsage:
        """Return what is kept with the number of frames in it that are not as they were."""
        rebuilt = sum(entry.frame_index < self.rebuilt_frames for entry in usage.entries)
        return replace(usage, rebuilt=rebuilt)

    def snapshot(self, room: int) -> WorldState:
        """Return the memory, on the host; where it has no room [bytes], latents instead."""
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
        """Go on from a snapshot; return whether all is as it was, number for number."""
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

    def _rebuild(self, table: dict) -> bool:
        whole = self._history.whole
        if whole:
            self._play_again()
        else:
            self._fill_again(table)
        return whole and self._history.whole and self._rollout.policy.table.as_dict() == table

    def _play_again(self) -> None:
        rollout, means = self._rollout, self._hooks
        before: RememberedBlock | None = None
        blocks = self._history.blocks
        for place, block in enumerate(blocks):
            means.say(place / len(blocks))
            if block.setting != rollout.policy.setting:
                rollout.change_memory(block.setting, means.capacity(block.setting))
            keys = self._keys(block)
            if before and block.prompt_index != before.prompt_index:
                means.run(partial(rollout.switch_prompt, keys))
            elif before and block.text != before.text:
                means.run(partial(rollout.update_text, keys))
            latents = self._memorise(block, keys)
            rollout.admit(latents, block.poses)
            before = block

    def _fill_again(self, table: dict) -> None:
        wanted = _frames_of(table)
        blocks = self._history.blocks
        for place, block in enumerate(blocks):
            self._hooks.say(place / len(blocks))
            self._memorise(block, self._keys(block))
            kept = [frame for frame in wanted if frame.frame_index in block.frames]
            self._rollout.keep(block.first_frame, kept)
        now = self._rollout.policy.table
        now.evicted = table["evicted"] + len(wanted) - len(now.frames)

    def _keys(self, block: RememberedBlock) -> TextKeys:
        return self._hooks.keys(block) if self._rollout.reads_text else ()

    def _memorise(self, block: RememberedBlock, keys: TextKeys) -> Tensor:
        latents = block.latents.to(self._rollout.tiers.cache.device)
        self._hooks.run(
            lambda: self._rollout.memorise(latents, keys, block.view, block.first_frame)
        )
        return latents


@dataclass(frozen=True, slots=True, eq=False)
class ParkedMemory:
    """What `RestorableMemory.snapshot` returned, checked; for one restoring."""

    is_exact: bool  # keys and values are there
    rebuilt_frames: int
    rollout: ParkedRollout
    history: LatentHistory

    @classmethod
    def read(cls, state: WorldState, engine: Engine) -> "ParkedMemory":
        """Read what was parked.

        Raises:
            ValueError: it makes no sense, or not to this engine.
        """
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
            raise ValueError(f"of what is kept, {len(rollout.kept)} frames are there")
        return cls(is_exact, rebuilt, rollout, history)


def _frames_of(table: dict) -> list[KeptFrame]:
    slots = SlotTable(1 + max((row[0] for row in table["frames"]), default=0))
    slots.load_dict(table)
    return sorted(slots.frames.values(), key=lambda frame: frame.frame_index)
