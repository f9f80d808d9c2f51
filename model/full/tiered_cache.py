"""Keys and values beyond the device's room: in main memory, then on disk, and back when asked for.

Slots outnumber places on the device. What was read or written longest ago leaves in a compact form,
int8 with a scale a channel, and comes back into any place. Scales are powers of two, so what went
through it once is the same numbers however often it travels: what is remembered depends on what was
played, never on where it waited, and a parked scene goes on exactly. A block's frames are fetched
while the one before is shown; whether that came in time changes nothing either.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mag_sandbox.model.full.side_stream import SideStream
from mag_sandbox.model.kv_cache import CacheShape, KVCache, to_host
from mag_sandbox.model.slots import SlotWrite
from mag_sandbox.model.world import WorldFailed

logger = logging.getLogger(__name__)

LARGEST = 127  # of int8
FOLDER = "mag-sandbox-memory-"  # and the process that it belongs to
SHARE = 0.5, 0.25  # of free main memory, of free disk


class CompactFrame(NamedTuple):
    """Keys and values of a frame, [2, layers, B, N, tokens, D], in half of bf16's room."""

    numbers: Tensor  # int8
    exponents: Tensor  # of two, int8 [2, layers, B, N, 1, D]

    def moved(self, device: str | torch.device) -> "CompactFrame":
        """Return it on a device."""
        return CompactFrame(*(part.to(device, non_blocking=True) for part in self))


def compact(frame: Tensor) -> CompactFrame:
    """Return numbers of any type, [..., tokens, D], as whole multiples of a power of two a channel.

    Of its largest number a channel keeps six bits or seven; those of what `widened` returns are the
    same again.
    """
    largest = frame.abs().amax(dim=-2, keepdim=True).float()
    mantissa, exponent = torch.frexp(largest / LARGEST)
    exponent = (exponent - (mantissa == 0.5).int()).clamp(-120, 120)
    numbers = torch.ldexp(frame.float(), -exponent).round().clamp(-LARGEST, LARGEST)
    return CompactFrame(numbers.to(torch.int8), exponent.to(torch.int8))


def widened(frame: CompactFrame, dtype: torch.dtype) -> Tensor:
    """Return the numbers again; bf16 holds them exactly."""
    return torch.ldexp(frame.numbers.float(), frame.exponents.int()).to(dtype)


def compact_bytes(shape: CacheShape) -> int:
    """Return the bytes of a frame that waits."""
    return shape.slot_bytes(torch.int8) + shape.slot_bytes(torch.int8) // shape.tokens


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
    ) -> None:
        """Reserve room on the device, as `KVCache` does; None: `room` is what is free here."""
        room = room or WaitingRoom.here()
        each = compact_bytes(shape)
        self.waiting = (room.host + room.disk) // each
        self._store = _Store(device, room.host // each)
        self._places: dict[int, int] = {}  # slot -> place; what was used last is last
        super().__init__(shape, slots, dtype, device, most_frames)

    def resize(self, slots: int) -> None:
        """Reserve room for another number of frames on the device; what was there waits."""
        for slot in tuple(self._places):
            self._leave(slot)
        super().resize(slots)

    def attend(self, slots: Sequence[int], frames: int | None = None) -> None:
        """See `KVCache`; frames that wait come back before, as many as there are places."""
        slots = slots[: self.slots]
        places = [self._place(slot, slots) for slot in slots]
        super().attend(places, frames)

    def prefetch(self, slots: Sequence[int]) -> None:
        """Have frames that wait on their way, since the next block is likely to read them."""
        self._store.fetch([slot for slot in slots if slot not in self._places])

    def hold(self, slots: Sequence[int]) -> None:
        """Forget all other slots."""
        for slot in self._places.keys() - set(slots):
            del self._places[slot]
        self._store.hold(slots)

    def settle(self) -> None:
        """Put every slot into its own place, where policies that read all of them read in place."""
        kept = [slot for slot in self.by_use(tuple(self._places)) if slot != self._places[slot]]
        stored = [[part.cpu() for part in self.export([slot])] for slot in kept]
        for slot in kept:
            del self._places[slot]
        for slot, (keys, values) in zip(kept, stored, strict=True):
            self.load([slot], keys, values)

    def by_use(self, slots: Sequence[int]) -> tuple[int, ...]:
        """Return slots in the order in which they were used, those that wait first."""
        order, wanted = (*self._store.slots(), *self._places), set(slots)
        return tuple(slot for slot in order if slot in wanted)

    def write(self, writes: Sequence[SlotWrite]) -> None:
        """See `KVCache`."""
        slots = [write.slot for write in writes]
        self._store.hold(set(self._store.slots()) - set(slots))
        super().write([SlotWrite(one.frame, self._place(one.slot, slots)) for one in writes])

    def export(self, slots: Sequence[int]) -> tuple[Tensor, Tensor]:
        """See `KVCache`."""
        pairs = [self._exported(slot) for slot in slots]
        keys, values = (torch.cat(parts, dim=1) for parts in zip(*pairs, strict=True))
        return keys, values

    def load(self, slots: Sequence[int], keys: Tensor, values: Tensor) -> None:
        """See `KVCache`; where these are too many, the first ones wait."""
        self.check(len(slots), keys, values)
        self._store.hold(set(self._store.slots()) - set(slots))
        for number, slot in enumerate(slots):
            self.put(self._place(slot, (slot,)), keys[:, number], values[:, number])

    def close(self) -> None:
        """Let go of what waits."""
        self._store.close()

    def _place(self, slot: int, needed: Sequence[int]) -> int:
        """Return the place of a slot, on the device from now on; `needed` ones stay there."""
        place = self._places.pop(slot, None)
        if place is None:
            place = self._free_place(slot, needed)
            self._places[slot] = place
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
        self._store.put(slot, [compact(part) for part in self._parts(place)])
        return place

    def _come_back(self, slot: int, place: int) -> None:
        frame = self._store.take(slot)
        for part, numbers, exponents in zip(self._parts(place), *frame, strict=True):
            part.copy_(widened(CompactFrame(numbers, exponents), self.dtype))

    def _parts(self, place: int) -> list[Tensor]:
        """Return views of a place: keys, then values, layer by layer, so that copies are small."""
        rows = self._rows(place)
        return [layer[..., rows, :] for all_ in (self._keys, self._values) for layer in all_]

    def _exported(self, slot: int) -> tuple[Tensor, Tensor]:
        if slot in self._places:
            return super().export([self._places[slot]])
        wide = widened(self._store.look(slot), self.dtype).unflatten(0, (2, -1))
        keys, values = (part.transpose(2, 3)[:, None].to(self.device) for part in wide)
        return keys, values


class _Store:
    """Frames that wait: the newest in main memory, the others in files of a folder of its own."""

    def __init__(self, device: str, most_on_host: int) -> None:
        self._device, self._most = device, most_on_host
        self._frames: dict[int, CompactFrame | Future[_Kept]] = {}  # in the order they left
        self._coming: dict[int, Future[CompactFrame]] = {}  # on their way to the device
        self._beside: SideStream | None = None  # writes, reads and uploads
        self._folder: Path | None = None

    def slots(self) -> Sequence[int]:
        return tuple(self._frames)

    def put(self, slot: int, layers: Sequence[CompactFrame]) -> None:
        """Keep a frame, layer by layer, in main memory; where that is full, the oldest goes out."""
        parts = (torch.stack(part) for part in zip(*layers, strict=True))
        self._frames[slot] = CompactFrame(*(to_host(part, self._device) for part in parts))
        on_host = [one for one, frame in self._frames.items() if isinstance(frame, CompactFrame)]
        for oldest in on_host[: max(0, len(on_host) - self._most)]:
            frame = self._frames[oldest]
            assert isinstance(frame, CompactFrame)
            self._frames[oldest] = self._thread().start(self._writing(oldest, frame))

    def look(self, slot: int) -> CompactFrame:
        """Return a frame in main memory."""
        frame = self._frames[slot]
        return frame if isinstance(frame, CompactFrame) else _read(frame.result())

    def take(self, slot: int) -> CompactFrame:
        """Return a frame on the device, and keep it no longer."""
        coming = self._coming.pop(slot, None)
        frame = coming.result() if coming else self.look(slot).moved(self._device)
        if coming and frame.numbers.is_cuda:
            for part in frame:  # made on another stream
                part.record_stream(torch.cuda.current_stream())
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

    def _writing(self, slot: int, frame: CompactFrame) -> "Callable[[], _Kept]":
        self._folder = self._folder or _own_folder()
        path = self._folder / f"{slot}.safetensors"

        def write() -> _Kept:
            try:
                save_file(frame._asdict(), path)
            except Exception as error:  # its library has errors of its own
                logger.warning("%s cannot be written (%s); it stays in main memory", path, error)
                return frame
            return path

        return write

    def _bringing(self, slot: int) -> Callable[[], CompactFrame]:
        frame = self._frames[slot]

        def bring() -> CompactFrame:
            here = frame if isinstance(frame, CompactFrame) else _read(frame.result())
            return here.moved(self._device)

        return bring

    def _drop(self, slot: int) -> None:
        frame = self._frames.pop(slot)
        self._coming.pop(slot, None)
        if isinstance(frame, Future):
            self._thread().start(lambda: _remove(frame.result()))


_Kept = Path | CompactFrame  # a file, or what could not be written


def _read(kept: _Kept) -> CompactFrame:
    if isinstance(kept, CompactFrame):
        return kept
    try:
        return CompactFrame(**load_file(kept))
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
