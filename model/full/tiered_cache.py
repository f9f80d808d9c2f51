"""Frames beyond the device's room: in main memory, then on disk, and back when asked for.

Slots outnumber places on the device. What is written is also kept off it at once, in a compact
form: what entered the layers, of which the network that remembers makes keys and values again. So
a frame leaves by being dropped, and comes back as the same numbers however often it travels: what
is remembered depends on what was played, never on when something arrived, and a parked scene goes
on exactly. A block's frames are fetched while the one before is shown.

Policies that read all they keep need nothing of this. What they had written, and a policy that
selects goes on with, waits as it is: of keys and values alone nothing smaller can be made that is
as near.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psutil
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mag_sandbox.model.full.compact_frames import (
    CompactFrame,
    check_compact,
    compact,
    compact_bytes,
    layer_inputs,
)
from mag_sandbox.model.full.side_stream import SideStream
from mag_sandbox.model.kv_cache import CacheShape, KVCache, MadeAgain, to_host
from mag_sandbox.model.slots import SlotWrite
from mag_sandbox.model.world import WorldFailed

logger = logging.getLogger(__name__)

FOLDER = "mag-sandbox-memory-"  # and the process that it belongs to
SHARE = 0.5, 0.25  # of free main memory, of free disk


class WideFrame(NamedTuple):
    """Keys and values of a frame as they are, [layers, B, tokens, N, D] each."""

    keys: Tensor
    values: Tensor


Frame = CompactFrame | WideFrame


@dataclass(frozen=True, slots=True)
class WaitingRoom:
    """How many bytes may wait off the device."""

    host: int
    disk: int

    @classmethod
    def here(cls, host: int | None = None, processes: int = 1) -> "WaitingRoom":
        """Return so much main memory, or half of the free one, and a quarter of the free disk.

        What is free is shared by processes of this machine.
        """
        free = psutil.virtual_memory().available, shutil.disk_usage(tempfile.gettempdir()).free
        shares = [int(share * size) // processes for share, size in zip(SHARE, free, strict=True)]
        return cls(shares[0] if host is None else host, shares[1])


class TieredCache(KVCache):
    """A `KVCache` with slots beyond those on the device: `waiting` more."""

    def __init__(
        self,
        shape: CacheShape,
        slots: int,
        dtype: torch.dtype,
        device: str = "cpu",
        most_frames: int | None = None,
        room: WaitingRoom | None = None,
        processes: int = 1,
    ) -> None:
        """Reserve room on the device, as `KVCache` does; None: `room` is what is free here.

        Processes that share a frame have some heads of its keys and values each, as the shape says,
        and of what entered the layers some tokens.
        """
        room = room or WaitingRoom.here()
        self._compact = (
            shape.layers,
            shape.batch,
            shape.tokens // processes,
            shape.heads * shape.head_dim * processes,
        )
        self.waiting = max(0, (room.host + room.disk) // self._bytes_away - slots)
        self._store = _Store(device, room.host)
        self._places: dict[int, int] = {}  # slot -> place; what was used last is last
        self._notes = False  # whether what enters the layers is
        self._inputs: list[Tensor] = []  # of the last block that was remembered
        self._again: MadeAgain | None = None
        super().__init__(shape, slots, dtype, device, most_frames)

    def resize(self, slots: int) -> None:
        """Reserve room for another number of frames on the device; what was there waits."""
        for slot in tuple(self._places):
            self._leave(slot)
        super().resize(slots)

    def attend(self, slots: Sequence[int], frames: int | None = None) -> None:
        """See `KVCache`; frames that wait come back before, as many as there are places."""
        self._inputs = []
        slots = slots[: self.slots]
        places = [self._place(slot, slots) for slot in slots]
        super().attend(places, frames)

    def away(self, slots: Sequence[int]) -> bool:
        """See `KVCache`."""
        return any(slot not in self._places for slot in slots[: self.slots])

    def prefetch(self, slots: Sequence[int]) -> None:
        """Have frames that wait on their way, since the next block is likely to read them."""
        self._store.fetch([slot for slot in slots if slot not in self._places])

    def hold(self, slots: Sequence[int]) -> None:
        """Forget all other slots."""
        for slot in self._places.keys() - set(slots):
            del self._places[slot]
        self._store.hold(slots)

    def arrange(self, *, apart: bool) -> None:
        """See `KVCache`; what waits comes back when it is read."""
        self._notes = apart and self.waiting > 0
        if apart:
            return
        moved = [slot for slot in self.by_use(tuple(self._places)) if slot != self._places[slot]]
        stored = [self._on_host(self._places.pop(slot)) for slot in moved]
        for slot, frame in zip(moved, stored, strict=True):
            self._places[slot] = place = self._free_place(slot, (slot,))
            self._put_wide(place, frame)

    def note(self, layer_index: int, x: Tensor) -> None:
        """See `KVCache`; it is kept until it is known which frames are."""
        if self._notes:
            self._inputs = [*self._inputs[:layer_index], x]

    def made_by(self, again: MadeAgain) -> None:
        """See `KVCache`."""
        self._again = again

    def by_use(self, slots: Sequence[int]) -> tuple[int, ...]:
        """Return slots in the order in which they were used, those that wait first."""
        waiting = (slot for slot in self._store.slots() if slot not in self._places)
        order, wanted = (*waiting, *self._places), set(slots)
        return tuple(slot for slot in order if slot in wanted)

    def write(self, writes: Sequence[SlotWrite]) -> None:
        """See `KVCache`; what entered the layers is kept off the device."""
        slots = [write.slot for write in writes]
        self._store.hold(set(self._store.slots()) - set(slots))
        super().write([SlotWrite(one.frame, self._place(one.slot, slots)) for one in writes])
        if self._inputs:
            frames = (self._own.stop - self._own.start) // self.shape.tokens
            for frame in dict.fromkeys(write.frame for write in writes):
                inputs = [x.unflatten(1, (frames, -1))[:, frame] for x in self._inputs]
                same = [write.slot for write in writes if write.frame == frame]
                self._store.keep(same, partial(compact, inputs), self._bytes_away)

    def export(self, slots: Sequence[int]) -> tuple[Tensor, Tensor]:
        """See `KVCache`; of slots on the device, or that wait as they are."""
        pairs = [self._exported(slot) for slot in slots]
        keys, values = (torch.cat(parts, dim=1) for parts in zip(*pairs, strict=True))
        return keys, values

    def load(self, slots: Sequence[int], keys: Tensor, values: Tensor) -> None:
        """See `KVCache`; where these are too many, the first ones wait."""
        self.check(len(slots), keys, values)
        self._store.hold(set(self._store.slots()) - set(slots))
        for number, slot in enumerate(slots):
            self.put(self._place(slot, (slot,)), keys[:, number], values[:, number])

    def state_of(self, slot: int) -> dict[str, Tensor]:
        """See `KVCache`: keys and values, the compact form, or both, as it is kept."""
        frame = self._store.look(slot) if slot in self._store.slots() else None
        state: dict[str, Tensor] = {}
        if slot in self._places or isinstance(frame, WideFrame):
            state |= super().state_of(slot)
        if isinstance(frame, CompactFrame):
            state |= self.whole(frame)._asdict()
        return state

    def state_bytes(self, slots: Sequence[int]) -> int:
        """See `KVCache`."""
        waiting, as_they_are = set(self._store.slots()), self._store.wide
        wide = sum(slot in self._places or slot in as_they_are for slot in slots)
        narrow = len(waiting.intersection(slots) - as_they_are)
        return wide * self.slot_bytes + narrow * self._bytes_away

    def check_state(self, state: Mapping[str, Tensor]) -> None:
        """See `KVCache`."""
        if state.keys() >= {"keys", "values"}:
            super().check_state(state)
        if state.keys() != {"keys", "values"}:
            check_compact(self._own_of(state), *self._compact)

    def load_state(self, slot: int, state: Mapping[str, Tensor]) -> None:
        """See `KVCache`."""
        if "keys" in state:
            super().load_state(slot, state)
        if "levels" in state:
            frame = self._own_of(state)
            self._store.keep([slot], lambda: frame, self._bytes_away)

    def whole(self, frame: CompactFrame) -> CompactFrame:
        """Return a frame with the tokens of all processes."""
        return frame

    def own(self, frame: CompactFrame) -> CompactFrame:
        """Return this process's tokens of a frame."""
        return frame

    def close(self) -> None:
        """Let go of what waits, and of whoever makes it again, who holds this cache."""
        self._again = None
        self._store.close()

    def _own_of(self, state: Mapping[str, Tensor]) -> CompactFrame:
        return self.own(CompactFrame(state["levels"], state["ranges"]))

    @property
    def _bytes_away(self) -> int:
        return compact_bytes(*self._compact)

    def _place(self, slot: int, needed: Sequence[int]) -> int:
        """Return the place of a slot, on the device from now on; `needed` ones stay there."""
        place = self._places.pop(slot, None)
        if place is None:
            place = self._free_place(slot, needed)
            if slot in self._store.slots():
                self._come_back(slot, place)
        self._places[slot] = place
        return place

    def _free_place(self, slot: int, needed: Sequence[int]) -> int:
        taken = set(self._places.values())
        if len(taken) == self.slots:
            leaving = next(other for other in self._places if other not in needed)
            taken.discard(self._leave(leaving))
        if slot < self.slots and slot not in taken:
            return slot
        return next(place for place in range(self.slots) if place not in taken)

    def _leave(self, slot: int) -> int:
        place = self._places.pop(slot)
        if slot in self._store.slots():
            self._store.touch(slot)
        else:
            frame = self._on_host(place)
            self._store.keep([slot], lambda: frame, self.slot_bytes, wide=True)
        return place

    def _come_back(self, slot: int, place: int) -> None:
        frame = self._store.take(slot)
        if isinstance(frame, WideFrame):
            self._put_wide(place, frame)
            return
        assert self._again is not None  # whoever writes says how, see `made_by`
        rows = self._rows(place)

        def put(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            self._keys[layer_index][..., rows, :] = k.transpose(1, 2)
            self._values[layer_index][..., rows, :] = v.transpose(1, 2)
            return q

        self._again(slot, layer_inputs(frame, self.dtype), put)

    def _on_host(self, place: int) -> WideFrame:
        """Return what lies in a place, copied layer by layer: the device may have no room."""
        rows = self._rows(place)
        keys, values = (
            torch.stack([layer[..., rows, :].transpose(1, 2).cpu() for layer in all_])
            for all_ in (self._keys, self._values)
        )
        return WideFrame(keys, values)

    def _put_wide(self, place: int, frame: WideFrame) -> None:
        KVCache.put(self, place, *frame)  # whose heads are this process's

    def _exported(self, slot: int) -> tuple[Tensor, Tensor]:
        if slot in self._places:
            return super().export([self._places[slot]])
        frame = self._store.look(slot)
        assert isinstance(frame, WideFrame)  # who asks for others means `state_of`
        return frame.keys[:, None].to(self.device), frame.values[:, None].to(self.device)


class _Store:
    """Frames off the device: the newest in main memory, the others in files of an own folder."""

    def __init__(self, device: str, most_bytes: int) -> None:
        self._device, self._most = device, most_bytes
        self._frames: dict[int, Future[_Kept]] = {}  # what was used last is last
        self._on_host: dict[int, int] = {}  # bytes of those in main memory
        self._coming: dict[int, Future[Frame]] = {}  # on their way to the device
        self.wide: set[int] = set()  # those that wait as they are
        self._beside: SideStream | None = None  # codes, writes, reads and uploads
        self._folder: Path | None = None

    def slots(self) -> Sequence[int]:
        return tuple(self._frames)

    def keep(
        self, slots: Sequence[int], make: Callable[[], Frame], size: int, *, wide: bool = False
    ) -> None:
        """Keep a frame of so many bytes in main memory; where that is full, the oldest goes out."""

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
        """Note that a frame was used until now."""
        self._frames[slot] = self._frames.pop(slot)

    def look(self, slot: int) -> Frame:
        """Return a frame in main memory."""
        return _read(self._frames[slot].result())

    def take(self, slot: int) -> Frame:
        """Return a frame on the device; what waits as it is, is kept no longer."""
        coming = self._coming.pop(slot, None)
        frame = coming.result() if coming else _moved(self.look(slot), self._device)
        if coming and frame[0].is_cuda:
            for part in frame:  # made on another stream
                part.record_stream(torch.cuda.current_stream())
        if slot in self.wide:
            self._drop(slot)
        return frame

    def fetch(self, slots: Sequence[int]) -> None:
        """Begin to bring frames to the device, and let go of others that came in vain."""
        self._coming = {slot: self._coming[slot] for slot in slots if slot in self._coming}
        for slot in slots:
            if slot in self._frames and slot not in self._coming:
                self._coming[slot] = self._thread().start(self._bringing(slot))

    def hold(self, slots: Sequence[int] | set[int]) -> None:
        for slot in self._frames.keys() - set(slots):
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
    """Make a folder of this process, and remove those of processes that were killed."""
    for other in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        process = other.name.removeprefix(FOLDER).partition("-")[0]
        if process.isdecimal() and not psutil.pid_exists(int(process)):
            shutil.rmtree(other, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-"))
