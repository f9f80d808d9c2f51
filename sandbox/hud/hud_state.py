"""The contents of the head-up display as plain values and words. `cards.py` draws them."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.loading import keeps_places
from mag_sandbox.model.world import MIB, FrameBlock, MemoryUsage, SegmentKind
from mag_sandbox.sandbox.play.feedback import KeyLight

LEGEND: dict[SegmentKind, str] = {
    "sink": "first frames",
    "compressed": "compressed",
    "raw": "recent",
    "look-ahead": "imagined ahead",
    "packed-4x": "packed 4x",
    "packed-2x": "packed 2x",
    "psi": "psi",
    "current": "shown now",
}
MAX_TICKS = 32
LEAST_BAR = MIB  # least bytes of a whole bar, if the budget allows them
MIN_STRETCH = 3  # px: no stretch is invisible
LEAST_ZOOM = 1.05  # from which on it is mentioned
SECTOR = 10  # degrees of the compass that one mark stands for


@dataclass(frozen=True, slots=True, eq=False)
class HudState:
    """The contents of the display at one moment; each card of `cards.py` takes a part."""

    scene: str
    seconds: float  # of the world's time
    block: FrameBlock  # the newest that is shown
    exact_pose: bool = True
    figures: tuple[tuple[str, str], ...] = ()  # rows of `Figures`
    lights: Mapping[str, KeyLight] = field(default_factory=dict)
    description: str = ""  # as it is shown; "": the block's
    mode: str = ""  # "paused", "replay", or nothing
    coming_memory: str = ""  # chosen, but not in force yet
    recording: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the memory bar as drawn, in whole pixels."""

    kind: SegmentKind
    left: int
    right: int
    attended: tuple[float, ...]  # where the attended frames lie, in shares of this stretch
    framed: bool  # too many are attended for ticks: the stretch is framed instead


def bar_stretches(memory: MemoryUsage, width: int) -> tuple[Stretch, ...]:
    """Lay the memory out on a bar of `width` pixels; thin stretches push the next ones."""
    whole = bar_bytes(memory)
    kinds = [entry.kind for entry in memory.entries]  # thousands after a while: no slow loops
    attended = [place for place, entry in enumerate(memory.entries) if entry.attended]
    crowded = len(attended) > MAX_TICKS
    counts, attended_kinds = Counter(kinds), {kinds[place] for place in attended}
    ticks: defaultdict[SegmentKind, list[float]] = defaultdict(list)
    for place in () if crowded else attended:
        kind = kinds[place]
        ticks[kind].append((kinds[:place].count(kind) + 0.5) / counts[kind])
    stretches, start, edge = [], 0.0, 0
    for segment in memory.segments:
        kind, share = segment.kind, segment.bytes / whole
        if share > 0:
            left = max(edge, round(start * width))
            edge = max(left + MIN_STRETCH, round((start + share) * width))
            framed = crowded and kind in attended_kinds
            stretches.append(Stretch(kind, left, edge, tuple(ticks[kind]), framed))
        start += share
    return tuple(stretches)


def bar_bytes(memory: MemoryUsage) -> int:
    """Return the bytes of the whole bar: the budget, halved as often as memory still fits.

    So the bar shows something from the first second on; a budget that is overdrawn fills it.
    """
    used = max(1, sum(segment.bytes for segment in memory.segments))
    whole = max(memory.budget, used)
    while whole // 2 >= max(used, LEAST_BAR):
        whole //= 2
    return whole


def remembered_sectors(
    memory: MemoryUsage, pose: CameraPose
) -> tuple[frozenset[int], frozenset[int]]:
    """Return the compass sectors around a pose in which frames are kept, and attended."""
    sectors = [(int(entry.pose.yaw // SECTOR), entry.attended) for entry in memory.near(pose)]
    kept = frozenset(sector for sector, _ in sectors)
    return kept, frozenset(sector for sector, attended in sectors if attended)


def reach_text(memory: MemoryUsage) -> str:
    """Say how far back the memory goes."""
    if not memory.entries:
        return "remembers nothing"
    if not keeps_places(memory.policy):
        return "remembers only the last seconds"
    age = duration_text(memory.oldest_seconds)
    if memory.remembers_everything:
        return f"remembers all {age}" if memory.oldest_seconds >= 1.0 else "remembers everything"
    return f"remembers the last {age}"


def origin_text(memory: MemoryUsage) -> str:
    """Say from which pictures the memory was rebuilt; "" if it was not."""
    return memory.origin.words() if memory.origin else ""


def kept_text(memory: MemoryUsage) -> str:
    """Say how many frames are kept, read, rebuilt and forgotten."""
    kept = memory.kept_frames
    text = f"{kept} frame{'s' * (kept != 1)} kept · {memory.attended_frames} read now"
    if memory.rebuilt:
        text = f"{text} · {memory.rebuilt} rebuilt"
    return f"{text} · {memory.evicted} forgotten" if memory.evicted else text


def size_text(memory: MemoryUsage) -> str:
    """Say how large the memory is, and its budget."""
    used = memory.bytes / MIB
    return f"{used:.{0 if used >= 10 else 1}f} of {memory.budget / MIB:.0f} MiB"


def ratio_text(memory: MemoryUsage) -> str:
    """Say how much smaller this is than keeping every frame."""
    ratio = memory.full_history_bytes / memory.bytes if memory.bytes else 0.0
    if ratio < 1.05:
        return ""
    return f"{ratio:.{1 if ratio < 10 else 0}f} times smaller"


def duration_text(seconds: float) -> str:
    """Return "14 s" or "2 min 14 s"."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def clock_text(seconds: float) -> str:
    """Return "02:14"."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes:02d}:{rest:02d}"


def pose_text(pose: CameraPose, *, exact: bool = True) -> str:
    """Say where the camera looks, how far it is zoomed in, and where it is seen from the start."""
    zoomed = f" · {pose.zoom:.1f}x" if pose.zoom >= LEAST_ZOOM else ""
    ways = (pose.x, "right", "left"), (pose.z, "ahead", "back")
    walked = ", ".join(
        f"{abs(way):.1f} m {more if way > 0 else less}" for way, more, less in ways if round(way, 1)
    )
    where = f" · {walked}" if pose.is_away else ""
    return f"{'' if exact else 'about '}{direction_text(pose)}{zoomed}{where}"


def direction_text(pose: CameraPose) -> str:
    """Say where a view looks: "120°, 10° up"."""
    pitch = round(pose.pitch)
    tilt = f", {abs(pitch)}° {'up' if pitch > 0 else 'down'}" if pitch else ""
    return f"{round(pose.yaw) % 360}°{tilt}"
