"""What a policy holds, as the memory bar shows it."""

from collections import Counter

from mag_sandbox.model.memory import MemoryPolicy
from mag_sandbox.model.world import MemoryOrigin, MemorySegment, MemoryUsage, SegmentKind, WorldSpec

_ORDER: tuple[SegmentKind, ...] = ("sink", "compressed", "look-ahead", "raw")


def memory_usage(
    policy: MemoryPolicy,
    attended: frozenset[int],
    slot_bytes: int,
    capacity: int,
    frames_made: int,
    blocks_shown: int,
    spec: WorldSpec,
    origin: MemoryOrigin | None = None,
) -> MemoryUsage:
    """Return what is kept and attended.

    Args:
        policy: whose table is shown.
        attended: indices of the frames that the last shown block read.
        slot_bytes: bytes of one kept frame.
        capacity: frames that the budget pays for.
        frames_made: frames since reset, look-ahead ones counted.
        blocks_shown: blocks since reset, look-ahead ones not counted.
        spec: for seconds.
        origin: of the memory.
    """
    entries = policy.table.entries(attended)
    counts = Counter(entry.kind for entry in entries)
    segments = [
        MemorySegment(kind, counts[kind], counts[kind] * slot_bytes)
        for kind in _ORDER
        if counts[kind]
    ]
    length = spec.block_length // spec.latent_stride
    segments.append(MemorySegment("current", length, length * slot_bytes))
    oldest = entries[0].frame_index if entries else frames_made
    clock = blocks_shown * spec.block_seconds  # look-ahead frames take no time on it
    return MemoryUsage(
        policy=policy.setting.policy,
        segments=tuple(segments),
        bytes=len(entries) * slot_bytes,
        budget=capacity * slot_bytes,
        full_history_bytes=frames_made * slot_bytes,
        evicted=policy.table.evicted,
        oldest_seconds=min(clock, (frames_made - oldest) * spec.latent_stride / spec.fps),
        attended_frames=len(attended),
        entries=entries,
        origin=origin,
    )
