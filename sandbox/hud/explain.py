"""Explanations of the memory bar and the words around it, for the part under the pointer.

Texts are a pure function of `MemoryUsage`; `MemoryTip` finds the part under the pointer.
"""

from dataclasses import dataclass
from math import hypot

import pygame

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.validation import counted
from mag_sandbox.model.loading import available_policies, keeps_places, policy_look
from mag_sandbox.model.world import KIB, MemoryEntry, MemoryUsage, SegmentKind
from mag_sandbox.sandbox.hud.hud_state import (
    LEGEND,
    Stretch,
    bar_bytes,
    bar_stretches,
    direction_text,
    duration_text,
)
from mag_sandbox.sandbox.ui.amounts import bytes_text
from mag_sandbox.sandbox.ui.layout import CachedCard, Card, Places, Text, bar, column, row
from mag_sandbox.sandbox.ui.theme import INK, MUTED, SEGMENT_COLOURS, Theme

BAR_WIDTH = 1216  # px of the bar in the reference window
OF_KIND: dict[SegmentKind, str] = {
    "sink": "One of the first frames of this place; it is never dropped.",
    "compressed": "The one frame that is kept of its block.",
    "look-ahead": "Imagined before you look there, so that it is complete when you do.",
    "packed-4x": "An older frame: 4 x 4 x 4 tokens are read as one.",
    "packed-2x": "A recent frame: 2 x 2 x 2 tokens are read as one.",
    "psi": "Everything older: tokens of fixed size that each block updates.",
}
READ = "Read by the newest block: the white mark."
GAP, SLACK = 8, 8  # px: between a tip and the card; above and below the bar, still on it


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of one place of the display."""

    title: str
    lines: tuple[str, ...]  # sentences
    kind: SegmentKind | None = None  # whose colour it has
    pose: CameraPose | None = None  # where the frame under the pointer looks
    span: tuple[float, float] | None = None  # which part of the bar is meant, in shares of it


def explain(memory: MemoryUsage, share: float, width: int = BAR_WIDTH) -> Explanation:
    """Explain the place at a share of the memory bar, from 0, its left end, to 1.

    On a bar of `width` pixels no stretch is thinner than a few.
    """
    x = min(max(share, 0.0), 1.0) * width
    for stretch in bar_stretches(memory, width):
        if stretch.left <= x < stretch.right:
            return _of_stretch(memory, stretch, x, width)
    lines = [policy_look(memory.policy).when_full]
    free = max(0, memory.budget - memory.bytes)
    kept = [one for one in memory.segments if one.kind in ("compressed", "raw") and one.frames]
    each = min((one.bytes // one.frames for one in kept), default=0)  # of the next frame to keep
    if each and memory.policy in available_policies() and keeps_places(memory.policy):
        lines.insert(0, f"Space for about {counted(free // each, 'more frame')}.")
    return Explanation(f"Free: {bytes_text(free)} of {bytes_text(memory.budget)}", tuple(lines))


def hint(part: str, memory: MemoryUsage) -> Explanation:
    """Explain a word of the memory card, the name of one of its parts."""
    if part in LEGEND:
        return _of_kind(part, memory)
    policy = policy_look(memory.policy)
    read = f"The newest block read {counted(memory.attended_frames, 'remembered frame')}."
    match part:
        case "title":
            whole = bytes_text(bar_bytes(memory))
            bar = f"The bar stands for {whole}; when that is full, for twice as much."
            return Explanation("Memory", (f"{policy.label}: {policy.about}", bar))
        case "name":
            about = f"{policy.label}: {policy.about}"
            return Explanation("Memory", (about, *_of_kept(memory).lines[1:]))
        case "size":
            used = f"{bytes_text(memory.bytes)} of {bytes_text(memory.budget)} are used."
            return Explanation("The budget", (used, policy.when_full))
        case "ratio":
            whole = bytes_text(memory.full_history_bytes)
            every = f"Keeping every frame since the start would take {whole}."
            own = f"This takes {bytes_text(memory.bytes)}."
            return Explanation("Smaller than everything", (every, own))
        case "attended":
            where = (
                "They are the ticks on the bar; where there are too many, lines above and below "
                "mark the stretch."
            )
            return Explanation("Read for the newest block", (read, where))
        case _:
            return _of_kept(memory)


def age_seconds(memory: MemoryUsage, entry: MemoryEntry) -> float:
    """Return how long ago a kept frame was made [s of world time].

    Exact where only shown frames are kept; frames imagined ahead take no time, which spreads over
    the others.
    """
    indices = [kept.frame_index for kept in memory.entries]
    oldest, now = min(indices), max(indices) + 1
    return memory.oldest_seconds * (now - entry.frame_index) / (now - oldest)


def _of_stretch(memory: MemoryUsage, stretch: Stretch, x: float, width: int) -> Explanation:
    kind, span = stretch.kind, (stretch.left / width, stretch.right / width)
    if kind == "current":
        read = counted(memory.attended_frames, "remembered frame")
        made = f"{counted(_frames(memory, kind), 'frame')} made together, a block"
        lines = (
            f"{made}, from the prompt, the camera and {read}.",
            "This is working space, not memory; kept frames move to the left.",
        )
        return Explanation("Shown now: what you are looking at", lines, kind, span=span)
    if kind == "psi":
        size = sum(segment.bytes for segment in memory.segments if segment.kind == kind) / KIB
        lines = (OF_KIND[kind], f"It is {size:.0f} KiB, however long you play.")
        return Explanation("Psi: the long-term memory", lines, kind, span=span)
    frames = [entry for entry in memory.entries if entry.kind == kind]
    length = stretch.right - stretch.left
    place = min(int((x - stretch.left) / length * len(frames)), len(frames) - 1)
    entry = frames[place]
    start, end = (stretch.left + length * edge / len(frames) for edge in (place, place + 1))
    made = "imagined" if kind == "look-ahead" else "seen"
    away = hypot(*entry.pose.position)
    where = f", {away:.0f} m from where the scene begins" if entry.pose.is_away else ""
    read = READ if entry.attended else "Not read by the newest block."
    return Explanation(
        title=f"{LEGEND[kind].capitalize()}: {made} {_ago(memory, entry)}",
        lines=(f"Looking at {direction_text(entry.pose)}{where}.", read, _kind_text(kind, memory)),
        kind=kind,
        pose=None if entry.pose.is_away else entry.pose,  # the ring shows views from there
        span=(start / width, end / width),
    )


def _of_kind(kind: SegmentKind, memory: MemoryUsage) -> Explanation:
    if kind == "current":
        shown = counted(_frames(memory, kind), "frame")
        return Explanation("Shown now", (f"The newest {shown}. They are not memory yet.",), kind)
    if kind == "psi":
        return Explanation("Psi", (_kind_text(kind, memory),), kind)
    frames = [entry for entry in memory.entries if entry.kind == kind]
    read = sum(entry.attended for entry in frames)
    kept = f"{counted(len(frames), 'frame')} kept, {read} of them read by the newest block."
    return Explanation(LEGEND[kind].capitalize(), (_kind_text(kind, memory), kept), kind)


def _of_kept(memory: MemoryUsage) -> Explanation:
    lines = [
        f"{counted(memory.kept_frames, 'frame')} can come back; the newest block read "
        f"{memory.attended_frames} of them.",
        "Nothing was dropped for lack of space.",
    ]
    if memory.evicted:
        dropped = counted(memory.evicted, "frame")
        lines[1] = f"{dropped} were dropped; what only they showed will be invented anew."
    if memory.rebuilt:
        lines.append(
            f"{counted(memory.rebuilt, 'frame')} did not fit when the scene was parked; they "
            "were rebuilt and differ slightly."
        )
    return Explanation("Kept, read, forgotten", tuple(lines))


def _kind_text(kind: SegmentKind, memory: MemoryUsage) -> str:
    return policy_look(memory.policy).raw if kind == "raw" else OF_KIND[kind]


def _ago(memory: MemoryUsage, entry: MemoryEntry) -> str:
    seconds = age_seconds(memory, entry)
    if seconds < 1:
        return "just now"
    guessed = any(kept.kind == "look-ahead" for kept in memory.entries)
    return f"{'about ' if guessed else ''}{duration_text(seconds)} ago"


def _frames(memory: MemoryUsage, kind: SegmentKind) -> int:
    return sum(segment.frames for segment in memory.segments if segment.kind == kind)


class MemoryTip:
    """Explains the part of the memory card under the pointer.

    tip = MemoryTip()
    tip.draw(surface, theme, memory, hud.places["memory"], hud.parts("memory"), pointer)
    """

    def __init__(self) -> None:
        self.explanation: Explanation | None = None  # shown now; None: nothing
        self._card = CachedCard()

    def draw(
        self,
        surface: pygame.Surface,
        theme: Theme,
        memory: MemoryUsage,
        card: pygame.Rect,
        parts: Places,
        pointer: tuple[int, int],
    ) -> None:
        """Draw a tip over the window if the pointer is on a part of the memory card."""
        self.explanation = explanation_at(theme, memory, parts, pointer)
        if self.explanation is None:
            return
        if self.explanation.span is not None:
            start, end = (round(share * parts["bar"].width) for share in self.explanation.span)
            span = parts["bar"].move(start, 0)
            span.width, line = max(end - start, theme.px(3)), max(1, theme.px(1.5))
            outline = span.inflate(2 * line, theme.px(10))
            pygame.draw.rect(surface, theme.colour(INK), outline, line)
        tip = self._card(theme, tip_card(self.explanation))
        place = tip_place(theme, tip.get_size(), surface.get_rect(), card, pointer)
        surface.blit(tip, place)


def explanation_at(
    theme: Theme, memory: MemoryUsage, parts: Places, pointer: tuple[int, int]
) -> Explanation | None:
    """Return the explanation of a place in the window; `parts` are those of the memory card."""
    for name, area in parts.items():
        if name == "bar" and area.inflate(0, 2 * theme.px(SLACK)).collidepoint(pointer):
            return explain(memory, (pointer[0] - area.left) / area.width, area.width)
        if name != "bar" and area.collidepoint(pointer):
            return hint(name, memory)
    return None


def tip_card(explanation: Explanation) -> Card:
    """Return the text of an explanation."""
    colour = SEGMENT_COLOURS[explanation.kind] if explanation.kind else None
    title = row(bar(12, 12, colour) if colour else None, Text(explanation.title, bold=True), gap=8)
    lines = (Text(line, 14, MUTED, lines=4) for line in explanation.lines)
    return Card(column(title, *lines), 430, (14, 14))


def tip_place(
    theme: Theme,
    size: tuple[int, int],
    window: pygame.Rect,
    card: pygame.Rect,
    pointer: tuple[int, int],
) -> pygame.Rect:
    """Return where a tip lies: over the pointer, beside the card it explains, in the window."""
    rect = pygame.Rect((0, 0), size)
    rect.midbottom = pointer[0], card.top - theme.px(GAP)
    if rect.top < window.top:
        rect.top = card.bottom + theme.px(GAP)
    room = window.inflate(-2 * theme.px(14), -2 * theme.px(14))
    fits = room.width >= rect.width and room.height >= rect.height
    return rect.clamp(room if fits else window)
