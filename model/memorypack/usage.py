"""What a MemoryPack holds, as the memory bar shows it: image, packed frames by scale, and psi."""

from collections.abc import Iterator

from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.memorypack.memory import PackMemory
from mag_sandbox.model.memorypack.places import Frames
from mag_sandbox.model.world import (
    MemoryEntry,
    MemoryOrigin,
    MemorySegment,
    MemoryUsage,
    SegmentKind,
    WorldSpec,
)

KINDS: dict[int, SegmentKind] = {4: "packed-4x", 2: "packed-2x", 1: "raw"}


def pack_usage(
    memory: PackMemory, title: str, spec: WorldSpec, origin: MemoryOrigin | None = None
) -> MemoryUsage:
    """Return what is held: bytes are those of latents and psi, which is all that is kept.

    Args:
        memory: of the session.
        title: of the memory.
        spec: for seconds.
        origin: of the memory.
    """
    frames = memory.history
    each = _bytes(frames.latents) // frames.count
    entries = (_entry(memory.image, 0, "sink"), *_packed(memory))  # oldest first
    counted = [
        MemorySegment(kind, number, number * each)
        for kind in ("sink", *KINDS.values())
        if (number := sum(entry.kind == kind for entry in entries))
    ]
    psi = MemorySegment("psi", 0, psi_bytes(memory))
    segments = (*counted, *((psi,) if psi.bytes else ()))
    made = int(frames.times[-1]) + 1
    held = sum(segment.bytes for segment in segments)
    current = MemorySegment("current", spec.block_length, spec.block_length * each)
    return MemoryUsage(
        policy=title,
        segments=(*segments, current),
        bytes=held,
        budget=(1 + memory.pack.config.history) * each + psi.bytes,
        full_history_bytes=made * each,
        evicted=max(0, int(frames.times[0] - memory.image.times[0]) - 1),  # the image stays
        oldest_seconds=(made - int(memory.image.times[0])) / spec.fps,
        attended_frames=len(entries),
        entries=entries,
        origin=origin,
    )


def psi_bytes(memory: PackMemory) -> int:
    """Return the bytes of psi; the same however long the session gets."""
    state = memory.state()
    return 0 if state is None else _bytes(state.psi.values)


def _packed(memory: PackMemory) -> Iterator[MemoryEntry]:
    """Give the history frames but the image, oldest first, each as the scale it is packed to."""
    frames, start = memory.history, memory.image.times[0]
    ages = range(frames.count - 1, -1, -1)
    for place, age in enumerate(ages):
        factor, within = 0, 0
        for scale in reversed(memory.pack.config.scales):  # finest first
            factor, within = scale.factor, within + scale.frames
            if age < within:
                break
        if frames.times[place] != start:
            yield _entry(frames, place, KINDS[factor])


def _entry(frames: Frames, place: int, kind: SegmentKind) -> MemoryEntry:
    yaw, pitch, fov = frames.poses[0, place].tolist()
    return MemoryEntry(int(frames.times[place]), kind, CameraPose(yaw, pitch, fov), attended=True)


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
