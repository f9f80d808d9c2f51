"""One video, block by block, by a recipe: shared by full-size play, evaluation and training.

The parts are those of the pocket world: a generator, a cache and a policy. It knows nothing of
prompts as words, of pictures or of the player.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Protocol

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.validation import decode
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH, Recache, Recipe
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.dit import Attend, DiT, TextKeys
from mag_sandbox.model.flow import Draw, Sampler
from mag_sandbox.model.full.frame_tiers import FrameTiers
from mag_sandbox.model.generator import BlockGenerator, Coordinates
from mag_sandbox.model.kv_cache import BlockCache, CacheShape, KVCache
from mag_sandbox.model.memory import MemoryPolicy, change_policy, make_policy
from mag_sandbox.model.parking import numbers_of, packed, unpacked
from mag_sandbox.model.slots import BlockInfo, KeptFrame, SlotTable, SlotWrite
from mag_sandbox.model.world import MemorySetting, WorldState

AHEAD = CameraPose()
MOST_MADE = 3 * 2**20  # latent frames: more than any session has; places in time are made up to it


def full_cache(
    config: DiTConfig,
    recipe: Recipe,
    tokens: int,
    dtype: torch.dtype,
    device: str = "cpu",
    batch: int = 1,
    heads: int | None = None,
) -> KVCache:
    """Reserve the memory of a recipe on a device, for latent frames of so many tokens.

    `heads` are those of this process; None: all.
    """
    heads = heads or config.num_heads
    shape = CacheShape(config.num_layers, tokens, heads, config.head_dim, BLOCK_LENGTH, batch)
    return KVCache(shape, recipe.slots, dtype, device, most_frames=recipe.pass_frames)


class FrameCoordinates(Protocol):
    """Rotary coordinates of a video of one size: `GridCoordinates`."""

    def rotary(self, first_frame: int, frames: int) -> Tensor:
        """Return the coordinates of consecutive frames, [1, F * L, 1, D/2]."""


class RolloutGenerator(Protocol):
    """The generator of a rollout: `BlockGenerator`, or one that is being trained."""

    @property
    def cache(self) -> BlockCache:
        """The cache that its passes read and write."""

    def sample(
        self, noise: Tensor, coordinates: Coordinates, text: TextKeys, sampler: Sampler, draw: Draw
    ) -> Tensor:
        """Return clean latents; see `Generator.sample`."""

    def remember(
        self, latents: Tensor, coordinates: Coordinates, text: TextKeys | None = None
    ) -> None:
        """Leave keys and values of clean frames in the cache; see `Generator.remember`."""


class Rollout:
    """A video being made; denoising and remembering take turns.

        rollout = Rollout(generator, grid, RECIPES["longlive"])
        rollout.remember(history, prompt)  # given latents, where there are some
        latents = rollout.denoise(noise, prompt, draw)
        rollout.remember(latents, prompt)  # or the ground truth
        rollout.switch_prompt(other)

    The generator works over a cache of the recipe, see `full_cache`; its memory model is the
    generator itself where the recipe says so. The grid is that of the video's size.
    """

    def __init__(self, generator: RolloutGenerator, grid: FrameCoordinates, recipe: Recipe) -> None:
        self._generator, self._grid, self._recipe = generator, grid, recipe
        self.sampler = recipe.sampling.sampler()
        self.policy: MemoryPolicy = make_policy(recipe.memory, recipe.slots)
        self.restart()

    def restart(self) -> None:
        """Forget everything and begin at frame 0."""
        self.policy = make_policy(self.policy.setting, self.policy.table.capacity)
        self.made = 0  # latent frames remembered
        self.attended: frozenset[int] = frozenset()  # frames that the last block read
        self.prompt_index = 0  # changes of the prompt
        blocks = ceil(self._recipe.pass_frames / BLOCK_LENGTH)
        self._recent: deque[Tensor] = deque(maxlen=blocks)  # what a new prompt may run again

    @property
    def ended(self) -> bool:
        """Whether another block would be more than the checkpoint makes in one go."""
        most = self._recipe.most_frames
        return most is not None and self.made + BLOCK_LENGTH > most

    def denoise(
        self, noise: Tensor, text: TextKeys, draw: Draw, view: CameraPose = AHEAD
    ) -> Tensor:
        """Return the next block's latents, fp32, of standard normal noise, [B, F, C, H, W].

        Memory is only read; some policies choose what by the view at the block's end.
        """
        slots = self.attend(view)
        kept = self.policy.table.frames
        self.attended = frozenset(kept[slot].frame_index for slot in slots)
        coordinates = self.coordinates(self.made, noise.shape[1])
        return self._generator.sample(noise, coordinates, text, self.sampler, draw)

    def remember(
        self, latents: Tensor, text: TextKeys, poses: Sequence[CameraPose] | None = None
    ) -> None:
        """Remember clean latents, [B, F, C, H, W], as the next blocks, or raise ValueError.

        The text is used where the recipe remembers under it; poses, one a frame, by some policies.
        """
        frames = latents.shape[1]
        if frames % BLOCK_LENGTH:
            raise ValueError(f"{frames} latent frames are not whole blocks of {BLOCK_LENGTH}")
        poses = tuple(poses or (AHEAD,) * frames)
        for first in range(0, frames, BLOCK_LENGTH):
            end = first + BLOCK_LENGTH
            self.compute_keys(latents[:, first:end], text, poses[end - 1])
            self.admit(latents[:, first:end], poses[first:end])

    def compute_keys(
        self, latents: Tensor, text: TextKeys, view: CameraPose, first_frame: int | None = None
    ) -> None:
        """Compute keys and values of one clean block; nothing is kept yet, and it may be repeated.

        It is the next block, or one that begins at a given frame; `view` is the expected view at
        its end.
        """
        under = text if self._recipe.remembers_under == "prompt" else None
        first = self.made if first_frame is None else first_frame
        self.attend(view)
        coordinates = self.coordinates(first, BLOCK_LENGTH)
        self._generator.remember(latents, coordinates, under)

    def admit(self, latents: Tensor, poses: Sequence[CameraPose]) -> None:
        """Keep the frames that the policy wants of the computed block, the next of the video."""
        self._write(self.policy.admit(BlockInfo(self.made, tuple(poses), self.prompt_index)))
        self._recent.append(latents)
        self.made += BLOCK_LENGTH

    def switch_prompt(self, text: TextKeys) -> None:
        """Prepare memory for another prompt, in the recipe's way."""
        self.prompt_index += 1
        self.update_text(text)

    def update_text(self, text: TextKeys) -> None:
        """Prepare memory for the same prompt in other words, in the recipe's way."""
        if self._recipe.recache is not None and self.made:
            self._recache(text, self._recipe.recache)

    def change_memory(self, setting: MemorySetting, slots: int) -> None:
        """Continue under another policy or budget; dropped frames stay dropped."""
        self.policy = change_policy(self.policy, setting, slots, BLOCK_LENGTH)

    def attend(self, view: CameraPose) -> tuple[int, ...]:
        """Make the slots that the policy chooses for a view readable; return them."""
        slots = self.policy.attend(view)
        self._read(slots)
        return slots

    @property
    def reads_text(self) -> bool:
        """Whether memory depends on the prompt."""
        return self._recipe.remembers_under == "prompt" or self._recipe.recache is not None

    @property
    def newest(self) -> Tensor:
        """Latents of the newest block, [B, F, C, H, W]."""
        return self._recent[-1]

    def _recache(self, text: TextKeys, recache: Recache) -> None:
        """Run the newest frames again in one clean pass with full attention among them.

        Where the sink is kept, it is read instead of the oldest of these frames. A video so short
        that all of it is run again gets a new sink in any case, as in the released code.
        """
        frames = torch.cat(tuple(self._recent), dim=1)[:, -recache.frames :]
        first = self.made - frames.shape[1]
        table = self.policy.table
        sinks = [slot for slot in table.slots() if table.frames[slot].kind == "sink"]
        kept = sinks if recache.keep_sink and first > 0 else []
        frames, first = frames[:, len(kept) :], first + len(kept)
        self._read(kept, frames.shape[1])
        coordinates = self.coordinates(first, frames.shape[1])
        self._generator.remember(frames, coordinates, text)
        for place, slot in enumerate(() if kept else sinks):
            table.frames[slot] = replace(table.frames[slot], frame_index=first + place)
        again = range(first, first + frames.shape[1])
        self._write(_renewed(table, again, self.prompt_index))

    def _read(self, slots: Sequence[int], frames: int | None = None) -> None:
        self._generator.cache.attend(slots, frames)

    def _write(self, writes: Sequence[SlotWrite]) -> None:
        self._generator.cache.write(writes)

    def coordinates(self, first_frame: int, frames: int) -> Coordinates:
        """Return where and when frames lie."""
        return Coordinates(self._grid.rotary(first_frame, frames))


def _renewed(table: SlotTable, again: range, prompt_index: int) -> list[SlotWrite]:
    writes = []
    for slot, frame in table.frames.items():
        if frame.frame_index in again:
            table.frames[slot] = replace(frame, prompt_index=prompt_index)
            writes.append(SlotWrite(frame.frame_index - again.start, slot))
    return writes


class TieredRollout(Rollout):
    """A rollout whose frames may lie off the device, and which can be parked."""

    def __init__(
        self, generator: BlockGenerator, grid: FrameCoordinates, recipe: Recipe, tiers: FrameTiers
    ) -> None:
        """Play over a generator whose cache is that of the tiers."""
        self.tiers, self._remembering = tiers, generator
        super().__init__(generator, grid, recipe)

    def restart(self) -> None:
        """Forget everything and begin at frame 0."""
        super().restart()
        self.tiers.follow(self.policy)

    def change_memory(self, setting: MemorySetting, slots: int) -> None:
        """Continue under another policy or budget; dropped frames stay dropped."""
        super().change_memory(setting, slots)
        self.tiers.follow(self.policy)

    def keep(self, first_frame: int, frames: Sequence[KeptFrame]) -> None:
        """Keep these frames of the computed block, whatever the policy says."""
        table = self.policy.table
        for frame in frames:
            slot = table.place(protected=("sink",))
            table.put(slot, frame)
            self.tiers.write([SlotWrite(frame.frame_index - first_frame, slot)])

    def prefetch(self, view: CameraPose) -> None:
        """Begin to fetch the frames that a block ending at a view will read, as far as known."""
        self.tiers.prefetch(self.policy.attend(view))

    def is_offloaded(self, view: CameraPose) -> bool:
        """Return whether `attend` has to fetch frames, for which the memory model may work."""
        return self.tiers.is_offloaded(self.policy.attend(view))

    def keep_fewer(self, slots: int) -> None:
        """Continue with fewer places on the device; frames go through the host.

        All frames stay where they may wait off the device; else the sinks and the newest frames.
        """
        tiers, table = self.tiers, self.policy.table
        if self.policy.selects and tiers.waiting:
            tiers.resize(slots)
            return
        dearest_first = sorted(
            table.frames.items(), key=lambda item: (item[1].kind != "sink", -item[1].frame_index)
        )
        kept = sorted(dearest_first[:slots], key=lambda item: item[0])
        states = [tiers.state_of(slot) for slot, _ in kept]
        self.policy = make_policy(self.policy.setting, slots)
        tiers.follow(self.policy)
        tiers.resize(slots)
        self.policy.table.frames = {place: frame for place, (_, frame) in enumerate(kept)}
        self.policy.table.evicted = table.evicted + len(table.frames) - len(kept)
        for place, state in enumerate(states):
            tiers.load_state(place, state)

    def snapshot(self, slots: Sequence[int]) -> WorldState:
        """Return its progress and some slots, on the host; generator and recipe are not in it."""
        tensors = {f"recent_{place}": latents for place, latents in enumerate(self._recent)}
        slots = self.tiers.by_last_use(slots)
        for slot in slots:
            state = self.tiers.state_of(slot)
            tensors |= {f"{name}_{slot}": tensor for name, tensor in state.items()}
        data = {
            "made": self.made,
            "prompt_index": self.prompt_index,
            "recent": len(self._recent),
            "slots": list(slots),
            "attended": sorted(self.attended),
            "table": self.policy.table.as_dict(),
        }
        return packed(tensors, data)

    def restore(self, parked: "ParkedRollout") -> None:
        """Continue from a snapshot with as many kept frames as there is room for."""
        self.restart()
        table = self.policy.table
        table.load_dict(parked.table)
        for slot, state in parked.kept.items():
            if slot < table.capacity:
                self.tiers.load_state(slot, state)
        self.resume(parked)

    def resume(self, parked: "ParkedRollout") -> None:
        """Continue from a snapshot, whose frames are in memory already."""
        self.made, self.prompt_index = parked.made, parked.prompt_index
        self.attended = parked.attended
        self._recent.clear()
        self._recent.extend(latents.to(self.tiers.cache.device) for latents in parked.recent)

    def _read(self, slots: Sequence[int], frames: int | None = None) -> None:
        self.tiers.attend(slots, self._recompute, frames)

    def _write(self, writes: Sequence[SlotWrite]) -> None:
        self.tiers.follow(self.policy)
        self.tiers.write(writes)

    def _recompute(self, slot: int, inputs: Iterable[Tensor], attend: Attend) -> None:
        coordinates = self.coordinates(self.policy.table.frames[slot].frame_index, 1)
        self._remembering.remember_again(inputs, coordinates, attend)


@dataclass(frozen=True, slots=True, eq=False)
class ParkedRollout:
    """A checked result of `TieredRollout.snapshot`; tensors are on the host."""

    made: int
    prompt_index: int
    attended: frozenset[int]
    recent: tuple[Tensor, ...]  # latents of the newest blocks, fp32 [1, F, C, h, w]
    table: dict[str, Any]  # of slots
    kept: Mapping[int, Mapping[str, Tensor]]  # slot → what `FrameTiers.state_of` returned

    @classmethod
    def read(cls, state: WorldState, engine: "Engine") -> "ParkedRollout":
        """Read a snapshot, or raise ValueError if it is invalid, or not for this engine."""
        tensors, data = unpacked(state), state.data
        made, prompts, blocks = (
            decode(int, data[name], name) for name in ("made", "prompt_index", "recent")
        )
        if made % BLOCK_LENGTH or not 0 < blocks * BLOCK_LENGTH <= made <= MOST_MADE or prompts < 0:
            raise ValueError(f"{made} frames were made, {prompts} prompts changed")
        shape = 1, BLOCK_LENGTH, *engine.latent_shape
        recent = tuple(numbers_of(tensors, f"recent_{place}", shape) for place in range(blocks))
        slots = decode(tuple[int, ...], data["slots"], "slots")
        table = SlotTable(1 + max((slot for slot, *_ in data["table"]["frames"]), default=0))
        table.load_dict(data["table"])
        if slots and tuple(sorted(slots)) != table.slots():
            raise ValueError(f"frames are kept of slots {slots}")
        kept: dict[int, dict[str, Tensor]] = {slot: {} for slot in slots}
        for name, tensor in tensors.items():
            part, _, number = name.rpartition("_")
            if part != "recent" and int(number) in kept:
                kept[int(number)][part] = tensor
        for of_slot in kept.values():
            engine.tiers.check_state(of_slot)
        attended = frozenset(decode(tuple[int, ...], data["attended"], "attended"))
        return cls(made, prompts, attended, recent, table.as_dict(), kept)


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts that make latents."""

    dit: DiT
    memory_dit: DiT  # may be the same
    tiers: FrameTiers
    grid: FrameCoordinates
    recipe: Recipe
    latent_shape: tuple[int, int, int]  # channels, height, width
    devices: int = 1  # that share every block

    @property
    def cache(self) -> KVCache:
        """Keys and values on the device."""
        return self.tiers.cache

    def fetch_writer(self) -> None:
        """Keep the network that remembers on the card; in play it may be fetched for each block."""
        if self.memory_dit.head.modulation.device.type == "cpu":
            self.memory_dit.to(self.cache.device)
