"""What the memory bar means, in plain words: under the pointer, and for every word around it.

What is said is a pure function of `MemoryUsage`; `MemoryTip` finds what the pointer is on.
"""

from dataclasses import dataclass

import pygame

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.world import KIB, MIB, MemoryEntry, MemoryUsage, SegmentKind
from mag_sandbox.sandbox.hud.cards import memory_parts
from mag_sandbox.sandbox.hud.hud_state import (
    LEGEND,
    DrawnStretch,
    bar_bytes,
    drawn_stretches,
    duration_text,
)
from mag_sandbox.sandbox.hud.policies import policy_row
from mag_sandbox.sandbox.ui.layout import Row, draw_card, paragraph
from mag_sandbox.sandbox.ui.theme import INK, MUTED, SEGMENT_COLOURS, CachedPicture, Theme

BAR_WIDTH = 1216  # px of the bar in the reference window

_OF_KIND: dict[SegmentKind, str] = {
    "sink": "One of the first frames of this place; it is never dropped.",
    "compressed": "One frame of its block, kept for all of it.",
    "look-ahead": "Imagined before you look there, so that it is complete when you do.",
    "packed-4x": "An older frame: 4 x 4 x 4 tokens are read as one.",
    "packed-2x": "A recent frame: 2 x 2 x 2 tokens are read as one.",
    "psi": "What is left of everything older: a few tokens that each block rewrites.",
}
TIP_WIDTH = 430  # px of the reference window
GAP = 8  # px of the reference window: between a tip and what it explains
SLACK = 8  # px of the reference window: above and below the bar still counts as on it


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one place of the display means."""

    title: str
    lines: tuple[str, ...]  # sentences
    kind: SegmentKind | None = None  # whose colour it has
    pose: CameraPose | None = None  # where the frame under the pointer looks
    span: tuple[float, float] | None = None  # which part of the bar is meant, in shares of it


def explain(memory: MemoryUsage, share: float, width: int = BAR_WIDTH) -> Explanation:
    """Say what lies at a share of the memory bar, from 0, its left end, to 1.

    On a bar of `width` pixels what is kept is never thinner than a few.
    """
    x = min(max(share, 0.0), 1.0) * width
    for stretch in drawn_stretches(memory, width):
        if stretch.left <= x < stretch.right:
            if stretch.kind == "current":
                return _of_current(memory, stretch, width)
            if stretch.kind == "psi":
                return _of_psi(memory, stretch, width)
            return _of_frame(memory, stretch, x, width)
    return _of_room(memory)


def hint(part: str, memory: MemoryUsage) -> Explanation:
    """Say what a word of the memory card means: a key of `_HINTS`, or a kind of the legend."""
    if part in LEGEND:
        return _of_kind(part, memory)
    return _HINTS[part](memory)


def age_seconds(memory: MemoryUsage, entry: MemoryEntry) -> float:
    """Return how long ago a kept frame was made [s of world time].

    Exact where only shown frames are kept; frames imagined ahead take no time, which spreads over
    the others.
    """
    indices = [kept.frame_index for kept in memory.entries]
    oldest, now = min(indices), max(indices) + 1
    return memory.oldest_seconds * (now - entry.frame_index) / (now - oldest)


def _of_frame(memory: MemoryUsage, stretch: DrawnStretch, x: float, width: int) -> Explanation:
    frames = [entry for entry in memory.entries if entry.kind == stretch.kind]
    length = stretch.right - stretch.left
    place = min(int((x - stretch.left) / length * len(frames)), len(frames) - 1)
    entry = frames[place]
    start, end = (stretch.left + length * edge / len(frames) for edge in (place, place + 1))
    made = "imagined" if entry.kind == "look-ahead" else "seen"
    read = "Read by the current block." if entry.attended else "Not read by the current block."
    return Explanation(
        title=f"{LEGEND[entry.kind].capitalize()}: {made} {_ago(memory, entry)}",
        lines=(f"Looking at {direction_text(entry.pose)}.", read, _kind_text(entry.kind, memory)),
        kind=entry.kind,
        pose=entry.pose,
        span=(start / width, end / width),
    )


def _of_current(memory: MemoryUsage, stretch: DrawnStretch, width: int) -> Explanation:
    frames = sum(segment.frames for segment in memory.segments if segment.kind == "current")
    read = _count(memory.attended_frames, "remembered frame")
    return Explanation(
        title="Current: what you are looking at",
        lines=(
            f"{_count(frames, 'frame')} made together, from the prompt, the camera and {read}.",
            "This is working space, not memory; what is kept moves to the left.",
        ),
        kind="current",
        span=(stretch.left / width, stretch.right / width),
    )


def _of_psi(memory: MemoryUsage, stretch: DrawnStretch, width: int) -> Explanation:
    size = sum(segment.bytes for segment in memory.segments if segment.kind == "psi")
    return Explanation(
        title="Psi: the long-term memory",
        lines=(_OF_KIND["psi"], f"It is {size / KIB:.0f} KiB, however long you play."),
        kind="psi",
        span=(stretch.left / width, stretch.right / width),
    )


def _of_room(memory: MemoryUsage) -> Explanation:
    free = max(0, memory.budget - memory.bytes)
    lines = [policy_row(memory.policy).when_full]
    each = _frame_bytes(memory)
    if each and memory.policy in ("mag-retrieve", "mag", "full"):
        lines.insert(0, f"Space for about {_count(free // each, 'more frame')}.")
    return Explanation(f"Free: {_mib(free)} of {_mib(memory.budget)}", tuple(lines))


def _of_kind(kind: SegmentKind, memory: MemoryUsage) -> Explanation:
    if kind == "current":
        shown = sum(segment.frames for segment in memory.segments if segment.kind == kind)
        lines = (f"The {_count(shown, 'frame')} being shown now. They are not memory yet.",)
        return Explanation("Current", lines, kind)
    if kind == "psi":
        return Explanation("Psi", (_kind_text(kind, memory),), kind)
    frames = [entry for entry in memory.entries if entry.kind == kind]
    read = sum(entry.attended for entry in frames)
    kept = f"{_count(len(frames), 'frame')} kept, {read} of them read by the current block."
    return Explanation(LEGEND[kind].capitalize(), (_kind_text(kind, memory), kept), kind)


def _of_title(memory: MemoryUsage) -> Explanation:
    policy = policy_row(memory.policy)
    start = f"The bar stands for {_mib(bar_bytes(memory))}; when that is full, for twice as much."
    return Explanation("Memory", (f"{policy.label}: {policy.about}", start))


def _of_size(memory: MemoryUsage) -> Explanation:
    when_full = policy_row(memory.policy).when_full
    used = f"{_mib(memory.bytes)} of {_mib(memory.budget)} are used."
    return Explanation("The budget", (used, when_full))


def _of_ratio(memory: MemoryUsage) -> Explanation:
    every = f"Keeping every frame since the start would take {_mib(memory.full_history_bytes)}."
    return Explanation("Smaller than everything", (every, f"This takes {_mib(memory.bytes)}."))


def _of_kept(memory: MemoryUsage) -> Explanation:
    lines = [
        f"{_count(memory.kept_frames, 'frame')} can come back; the current block read "
        f"{memory.attended_frames} of them."
    ]
    if memory.evicted:
        lines.append(f"{_count(memory.evicted, 'frame')} were dropped; what only they showed")
        lines[-1] += " will be invented anew."
    else:
        lines.append("Nothing was dropped for lack of space.")
    if memory.rebuilt:
        lines.append(
            f"{_count(memory.rebuilt, 'frame')} did not fit when the scene was parked; they "
            "were rebuilt and differ slightly."
        )
    return Explanation("Kept, read, forgotten", tuple(lines))


def _of_attended(memory: MemoryUsage) -> Explanation:
    read = f"The current block read {_count(memory.attended_frames, 'remembered frame')}."
    where = (
        "They are the ticks on the bar; where there are too many, lines above and below mark "
        "the stretch."
    )
    return Explanation("Attended: read by the current block", (read, where))


_HINTS = {
    "title": _of_title,
    "size": _of_size,
    "ratio": _of_ratio,
    "kept": _of_kept,
    "attended": _of_attended,
}


def direction_text(pose: CameraPose) -> str:
    """Say where a view looks: "120 degrees, 10 up"."""
    pitch = round(pose.pitch)
    tilt = f", {abs(pitch)} {'up' if pitch > 0 else 'down'}" if pitch else ""
    return f"{round(pose.yaw) % 360} degrees{tilt}"


def _kind_text(kind: SegmentKind, memory: MemoryUsage) -> str:
    if kind == "raw":
        return policy_row(memory.policy).raw
    return _OF_KIND[kind]


def _ago(memory: MemoryUsage, entry: MemoryEntry) -> str:
    seconds = age_seconds(memory, entry)
    if seconds < 1:
        return "just now"
    guessed = any(kept.kind == "look-ahead" for kept in memory.entries)
    return f"{'about ' if guessed else ''}{duration_text(seconds)} ago"


def _frame_bytes(memory: MemoryUsage) -> int:
    """Return the bytes of the frame that would be kept next."""
    kept = [segment for segment in memory.segments if segment.kind in ("compressed", "raw")]
    return min((segment.bytes // segment.frames for segment in kept if segment.frames), default=0)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _mib(size: int) -> str:
    return f"{size / MIB:.0f} MiB" if size >= 10 * MIB else f"{size / MIB:.1f} MiB"


class MemoryTip:
    """Explains the part of the memory card under the pointer.

    tip = MemoryTip()
    tip.draw(surface, theme, memory, memory_card_rect, pygame.mouse.get_pos())
    """

    def __init__(self) -> None:
        self.explanation: Explanation | None = None  # what is said now; None: nothing
        self._asked: tuple[object, ...] = ()
        self._tip = CachedPicture()

    def draw(
        self,
        surface: pygame.Surface,
        theme: Theme,
        memory: MemoryUsage,
        card: pygame.Rect,
        pointer: tuple[int, int],
    ) -> None:
        """Draw a tip over the window if the pointer is on something."""
        if not card.collidepoint(pointer):
            self.explanation, self._asked = None, ()
            return
        asked = (memory, theme, tuple(card), pointer)
        if len(self._asked) != len(asked) or not _same(asked, self._asked):
            self._asked = asked
            place = pointer[0] - card.left, pointer[1] - card.top
            self.explanation = explanation_at(theme, memory, card.width, place)
        explanation = self.explanation
        if explanation is None:
            return
        bar = memory_parts(theme, memory, card.width)["bar"].move(card.topleft)
        _draw_span(surface, theme, explanation, bar)
        said = (theme, explanation.title, explanation.lines, explanation.kind)
        tip = self._tip(said, lambda: tip_card(theme, explanation))
        surface.blit(tip, tip_place(theme, tip.get_size(), surface.get_rect(), card, pointer))


def explanation_at(
    theme: Theme, memory: MemoryUsage, width: int, place: tuple[int, int]
) -> Explanation | None:
    """Return what a place of a memory card [px] means, if anything."""
    parts = memory_parts(theme, memory, width)
    bar = parts.pop("bar")
    if bar.inflate(0, 2 * theme.px(SLACK)).collidepoint(place):
        return explain(memory, (place[0] - bar.left) / bar.width, bar.width)
    part = next((name for name, rect in parts.items() if rect.collidepoint(place)), None)
    return hint(part, memory) if part else None


def tip_card(theme: Theme, explanation: Explanation) -> pygame.Surface:
    """Draw what an explanation says."""
    width, title = theme.px(TIP_WIDTH), [theme.text(explanation.title, bold=True)]
    if explanation.kind is not None:
        square = (theme.px(12), theme.px(12))
        title.insert(0, theme.rounded(square, SEGMENT_COLOURS[explanation.kind], 3))
    rows: list[Row] = [title]
    for text in explanation.lines:
        rows += paragraph(theme, text, width - theme.px(28), 4, 14, MUTED)
    return draw_card(theme, rows, width=width, pad=(14, 14), gaps=(8, 2))


def tip_place(
    theme: Theme,
    size: tuple[int, int],
    window: pygame.Rect,
    card: pygame.Rect,
    pointer: tuple[int, int],
) -> pygame.Rect:
    """Return where a tip lies: over the pointer, beside the card it explains, in the window."""
    gap = theme.px(GAP)
    rect = pygame.Rect((0, 0), size)
    rect.midbottom = pointer[0], card.top - gap
    if rect.top < window.top:
        rect.top = card.bottom + gap
    margin = theme.px(14)
    room = window.inflate(-2 * margin, -2 * margin)
    return (
        rect.clamp(room) if room.contains(pygame.Rect(room.topleft, size)) else rect.clamp(window)
    )


def _draw_span(
    surface: pygame.Surface, theme: Theme, explanation: Explanation, bar: pygame.Rect
) -> None:
    if explanation.span is None:
        return
    start, end = (bar.left + round(share * bar.width) for share in explanation.span)
    rect = pygame.Rect(start, bar.top, max(end - start, theme.px(3)), bar.height)
    line = max(1, theme.px(1.5))
    pygame.draw.rect(surface, theme.colour(INK), rect.inflate(2 * line, theme.px(10)), line)


def _same(asked: tuple, before: tuple) -> bool:
    memory, theme = asked[:2]
    return memory is before[0] and theme is before[1] and asked[2:] == before[2:]
