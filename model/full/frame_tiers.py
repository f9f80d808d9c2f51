"""Frames beyond the device's room: in main memory, then on disk, and back when they are read.

There are more slots than places on the device. A frame that is written is also stored off the
device at once, in a compact form: the layers' inputs, from which the network that remembers
computes keys and values again. So a frame leaves the device by being dropped, and comes back as the
same numbers however often it travels: memory depends on the session, never on when something
arrived, and a parked scene continues exactly. Frames of the next block are fetched while the
present one is shown.

Policies that read all they keep need none of this. Frames written under such a policy, before one
that selects takes over, are stored as keys and values: nothing smaller can be computed from these
alone.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psutil
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mag_sandbox.model.catalogue.memory_plan import free_host_bytes
from mag_sandbox.model.dit import Attend
from mag_sandbox.model.full.compact_frames import (
    CompactFrame,
    check_compact,
    compact,
    compact_bytes,
    layer_inputs,
)
from mag_sandbox.model.full.offload import SideStream
from mag_sandbox.model.full.splits import Ulysses
from mag_sandbox.model.kv_cache import KVCache, to_host
from mag_sandbox.model.memory import MemoryPolicy
from mag_sandbox.model.slots import SlotWrite
from mag_sandbox.model.world import WorldFailed

logger = logging.getLogger(__name__)

FOLDER = "mag-sandbox-memory-"  # and the process that it belongs to
SHARE = 0.5, 0.25  # of free main memory, of free disk
HEADS = 4  # axis of exported keys and values, [layers, n, B, tokens, N, D]
TOKENS = {"levels": 2, "ranges": 3}  # axis of the parts of a compact frame

Recompute = Callable[[int, Iterable[Tensor], Attend], None]  # slot, layers' inputs, attend


class WideFrame(NamedTuple):
    """Keys and values of a frame, [layers, B, tokens, N, D] each."""

    keys: Tensor
    values: Tensor


Frame = CompactFrame | WideFrame


@dataclass(frozen=True, slots=True)
class WaitingRoom:
    """Bytes that frames may take off the device."""

    host: int
    disk: int

    @classmethod
    def here(cls, host: int | None = None, processes: int = 1) -> "WaitingRoom":
        """Return `host` bytes, None: half of the free main memory, and a quarter of the free disk.

        The processes of this machine share these.
        """
        free = free_host_bytes(), shutil.disk_usage(tempfile.gettempdir()).free
        shares = [int(share * size) // processes for share, size in zip(SHARE, free, strict=True)]
        return cls(shares[0] if host is None else host, shares[1])


class FrameTiers:
    """The slots of a memory: some lie in a cache on the device, `waiting` more off it.

    tiers = FrameTiers(cache, WaitingRoom.here())
    tiers.follow(policy)
    tiers.attend(slots, recompute)  # fetches frames from off the device
    tiers.write(writes)  # after the clean pass
    """

    def __init__(
        self, cache: KVCache, room: WaitingRoom | None = None, share: Ulysses | None = None
    ) -> None:
        """Begin empty.

        Args:
            cache: places on the device; of a shared world those of this process's heads.
            room: off the device; None: the free memory here.
            share: this process's share of heads and tokens; None: all. States have those of all
                processes.
        """
        shape, processes = cache.shape, share.count if share else 1
        room = room or WaitingRoom.here(None, processes)
        self.cache, self._share = cache, share
        self._sizes = (
            shape.layers,
            shape.batch,
            shape.tokens // processes,
            shape.heads * shape.head_dim * processes,
        )
        self._compact_bytes = compact_bytes(*self._sizes)
        self._store = _Store(cache.device, room.host)
        self._places: dict[int, int] = {}  # slot -> place; used last is last
        self._records = False  # whether inputs of layers are recorded
        self._inputs: list[Tensor] = []  # of the block that was remembered last
        self._frames = shape.block_length  # of the coming passes
        slots = max(0, (room.host + room.disk) // self._compact_bytes - cache.slots)
        self.waiting = self.common_minimum(slots)

    def common_minimum(self, number: int) -> int:
        """Return the minimum over the processes that share the world."""
        return self._share.agreed(number) if self._share else number

    def resize(self, slots: int) -> None:
        """Reserve room for another number of frames on the device; frames there are stored."""
        for slot in tuple(self._places):
            self._leave(slot)
        self.cache.resize(slots)

    def follow(self, policy: MemoryPolicy) -> None:
        """Forget slots that a policy does not keep, and lay out the others as it reads them.

        A policy that reads all it keeps has every slot at its own place; else any place will do.
        """
        kept = policy.table.frames.keys()
        for slot in self._places.keys() - kept:
            del self._places[slot]
        self._store.keep_only(kept)
        self._records = policy.selects and self.waiting > 0
        if not policy.selects:
            self._put_in_order()

    def attend(self, slots: Sequence[int], recompute: Recompute, frames: int | None = None) -> None:
        """Make slots readable for the next passes, at most as many as there are places.

        Frames in compact form are recomputed.
        """
        self._inputs, self._frames = [], frames or self.cache.shape.block_length
        slots = slots[: self.cache.slots]
        places = [self._place(slot, slots, recompute) for slot in slots]
        self.cache.attend(places, frames)

    def is_offloaded(self, slots: Sequence[int]) -> bool:
        """Return whether `attend` has to fetch some of these slots."""
        return any(slot not in self._places for slot in slots[: self.cache.slots])

    def prefetch(self, slots: Sequence[int]) -> None:
        """Begin to fetch slots that the next block is likely to read."""
        self._store.fetch([slot for slot in slots if slot not in self._places])

    def record_input(self, layer_index: int, x: Tensor) -> None:
        """Hold a layer's input until it is known which of the block's frames are kept."""
        if self._records:
            self._inputs = [*self._inputs[:layer_index], x]

    def write(self, writes: Sequence[SlotWrite]) -> None:
        """Keep frames of the last pass in slots, and store the layers' inputs if recorded."""
        slots = [write.slot for write in writes]
        self._store.drop(slots)
        self.cache.write([SlotWrite(one.frame, self._place(one.slot, slots)) for one in writes])
        if self._inputs:
            for frame in dict.fromkeys(write.frame for write in writes):
                inputs = [x.unflatten(1, (self._frames, -1))[:, frame] for x in self._inputs]
                same = [write.slot for write in writes if write.frame == frame]
                self._store.keep(same, partial(compact, inputs), self._compact_bytes)

    def by_last_use(self, slots: Iterable[int]) -> tuple[int, ...]:
        """Return slots in the order of their last use, those off the device first."""
        waiting = (slot for slot in self._store.slots() if slot not in self._places)
        order, wanted = (*waiting, *self._places), set(slots)
        return tuple(slot for slot in order if slot in wanted)

    def state_of(self, slot: int) -> dict[str, Tensor]:
        """Return a slot's tensors by name, on the host, for `load_state`.

        These are keys and values, the compact form, or both, as stored.
        """
        frame = self._store.look(slot) if slot in self._store.slots() else None
        state: dict[str, Tensor] = {}
        if slot in self._places:
            keys, values = self.cache.export([self._places[slot]])
            state = {"keys": keys, "values": values}
        elif isinstance(frame, WideFrame):
            state = {"keys": frame.keys[:, None], "values": frame.values[:, None]}
        if isinstance(frame, CompactFrame):
            state |= frame._asdict()
        if self._share is not None:
            device = self.cache.device
            state = {
                name: self._share.side_by_side(part.to(device), TOKENS.get(name, HEADS))
                for name, part in state.items()
            }
        return {name: part.cpu() for name, part in state.items()}

    def state_bytes(self, slots: Sequence[int]) -> int:
        """Return the bytes of `state_of` for slots, of this process's share."""
        stored, wide = set(self._store.slots()), self._store.wide
        with_keys = sum(slot in self._places or slot in wide for slot in slots)
        compacted = len(stored.intersection(slots) - wide)
        return with_keys * self.cache.slot_bytes + compacted * self._compact_bytes

    def check_state(self, state: Mapping[str, Tensor]) -> None:
        """Check a result of `state_of`."""
        own = self._own(state)
        if own.keys() >= {"keys", "values"}:
            self.cache.check(1, own["keys"], own["values"])
        if own.keys() != {"keys", "values"}:
            check_compact(CompactFrame(own["levels"], own["ranges"]), *self._sizes)

    def load_state(self, slot: int, state: Mapping[str, Tensor]) -> None:
        """Restore a result of `state_of` that `check_state` accepts."""
        own = self._own(state)
        self._store.drop([slot])
        if "keys" in own:
            self.cache.load([self._place(slot, (slot,))], own["keys"], own["values"])
        if "levels" in own:
            frame = CompactFrame(own["levels"], own["ranges"])
            self._store.keep([slot], lambda: frame, self._compact_bytes)

    def close(self) -> None:
        """Delete everything off the device."""
        self._store.close()

    def _own(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return this process's share of a state, or raise ValueError if it cannot be shared."""
        if self._share is None:
            return dict(state)
        own = {}
        for name, part in state.items():
            axis = TOKENS.get(name, HEADS)
            if part.ndim <= axis or part.shape[axis] % self._share.count:
                raise ValueError(f"a kept frame is {tuple(part.shape)}, which cannot be shared")
            own[name] = self._share.own(part, axis).contiguous()
        return own

    def _put_in_order(self) -> None:
        moved = [slot for slot in self.by_last_use(self._places) if slot != self._places[slot]]
        frames = [self._on_host(self._places.pop(slot)) for slot in moved]
        for slot, frame in zip(moved, frames, strict=True):
            self._places[slot] = place = self._free_place(slot, (slot,))
            self._load(place, frame)

    def _place(self, slot: int, needed: Sequence[int], recompute: Recompute | None = None) -> int:
        place = self._places.pop(slot, None)
        if place is None:
            place = self._free_place(slot, needed)
            if slot in self._store.slots():
                assert recompute is not None  # slots that are overwritten were dropped
                self._fetch(slot, place, recompute)
        self._places[slot] = place
        return place

    def _free_place(self, slot: int, needed: Sequence[int]) -> int:
        taken = set(self._places.values())
        if len(taken) == self.cache.slots:
            leaving = next(other for other in self._places if other not in needed)
            taken.discard(self._leave(leaving))
        if slot < self.cache.slots and slot not in taken:
            return slot
        return next(place for place in range(self.cache.slots) if place not in taken)

    def _leave(self, slot: int) -> int:
        place = self._places.pop(slot)
        if slot in self._store.slots():
            self._store.touch(slot)
        else:
            frame = self._on_host(place)
            self._store.keep([slot], lambda: frame, self.cache.slot_bytes, wide=True)
        return place

    def _fetch(self, slot: int, place: int, recompute: Recompute) -> None:
        frame = self._store.take(slot)
        if isinstance(frame, WideFrame):
            self._load(place, frame)
            return
        rows = list(self.cache.layers_of(place))

        def put(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            keys, values = rows[layer_index]
            keys.copy_(k)
            values.copy_(v)
            return q

        recompute(slot, layer_inputs(frame, self.cache.dtype), put)

    def _on_host(self, place: int) -> WideFrame:
        # layer by layer: the device may have no room for a copy
        pairs = [(keys.cpu(), values.cpu()) for keys, values in self.cache.layers_of(place)]
        keys, values = (torch.stack(parts) for parts in zip(*pairs, strict=True))
        return WideFrame(keys, values)

    def _load(self, place: int, frame: WideFrame) -> None:
        self.cache.load([place], frame.keys[:, None], frame.values[:, None])


class _Store:
    """Frames off the device: the newest in main memory, the others as files of a private folder."""

    def __init__(self, device: str, most_bytes: int) -> None:
        self._device, self._most = device, most_bytes
        self._frames: dict[int, Future[_Kept]] = {}  # in order of use
        self._on_host: dict[int, int] = {}  # bytes of those in main memory
        self._coming: dict[int, Future[Frame]] = {}  # on their way to the device
        self.wide: set[int] = set()  # those stored as keys and values
        self._beside: SideStream | None = None  # codes, writes, reads and uploads
        self._folder: Path | None = None

    def slots(self) -> Sequence[int]:
        return tuple(self._frames)

    def keep(
        self, slots: Sequence[int], make: Callable[[], Frame], size: int, *, wide: bool = False
    ) -> None:
        def bring() -> _Kept:
            frame = make()
            return type(frame)(*(to_host(part, self._device) for part in frame))

        kept = self._thread().start(bring)
        for slot in slots:
            self._frames[slot], self._on_host[slot] = kept, size
            if wide:
                self.wide.add(slot)
        self._make_room()

    def touch(self, slot: int) -> None:
        self._frames[slot] = self._frames.pop(slot)

    def look(self, slot: int) -> Frame:
        return _read(self._frames[slot].result())

    def take(self, slot: int) -> Frame:
        coming = self._coming.pop(slot, None)
        frame = coming.result() if coming else _moved(self.look(slot), self._device)
        if coming and frame[0].is_cuda:
            for part in frame:  # made on another stream
                part.record_stream(torch.cuda.current_stream())
        if slot in self.wide:
            self._drop(slot)
        return frame

    def fetch(self, slots: Sequence[int]) -> None:
        self._coming = {slot: self._coming[slot] for slot in slots if slot in self._coming}
        for slot in slots:
            if slot in self._frames and slot not in self._coming:
                self._coming[slot] = self._thread().start(self._bringing(slot))

    def keep_only(self, slots: Collection[int]) -> None:
        self.drop(self._frames.keys() - slots)

    def drop(self, slots: Iterable[int]) -> None:
        for slot in slots:
            if slot in self._frames:
                self._drop(slot)

    def close(self) -> None:
        if self._beside is not None:
            self._beside.close()
        self._frames.clear()
        self._coming.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _thread(self) -> SideStream:
        self._beside = self._beside or SideStream(self._device)
        return self._beside

    def _make_room(self) -> None:
        for slot in self._frames:
            if sum(self._on_host.values()) <= self._most:
                return
            if self._on_host.pop(slot, 0):
                self._frames[slot] = self._thread().start(self._writing(slot))

    def _writing(self, slot: int) -> "Callable[[], _Kept]":
        self._folder = self._folder or _own_folder()
        path, kept = self._folder / f"{slot}.safetensors", self._frames[slot]

        def write() -> _Kept:
            frame = kept.result()
            assert not isinstance(frame, Path)
            try:
                save_file(frame._asdict(), path)
            except Exception as error:  # its library has errors of its own
                logger.warning("%s cannot be written (%s); it stays in main memory", path, error)
                return frame
            return path

        return write

    def _bringing(self, slot: int) -> Callable[[], Frame]:
        kept = self._frames[slot]
        return lambda: _moved(_read(kept.result()), self._device)

    def _drop(self, slot: int) -> None:
        kept = self._frames.pop(slot)
        self._coming.pop(slot, None)
        self.wide.discard(slot)
        if not self._on_host.pop(slot, 0):
            self._thread().start(lambda: _remove(kept.result()))


_Kept = Path | Frame  # a file, or what could not be written


def _moved(frame: Frame, device: str) -> Frame:
    return type(frame)(*(part.to(device, non_blocking=True) for part in frame))


def _read(kept: _Kept) -> Frame:
    if not isinstance(kept, Path):
        return kept
    try:
        parts = load_file(kept)
        return CompactFrame(**parts) if "levels" in parts else WideFrame(**parts)
    except Exception as error:  # its library has errors of its own
        raise WorldFailed(
            f"{kept}, a part of this session's memory, cannot be read ({error}); go on from the "
            "last saved place, or start the scene again"
        ) from error


def _remove(kept: _Kept) -> None:
    if isinstance(kept, Path):
        kept.unlink(missing_ok=True)


def _own_folder() -> Path:
    # also removes those of processes that were killed
    for other in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        process = other.name.removeprefix(FOLDER).partition("-")[0]
        if process.isdecimal() and not psutil.pid_exists(int(process)):
            shutil.rmtree(other, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-"))
