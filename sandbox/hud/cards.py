"""The cards of the display: each function makes one, `hud.py` places them."""

import functools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pygame

from mag_sandbox.controls.bindings import Bindings
from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.controls.keys import is_pad, key_title
from mag_sandbox.evaluation.similarity.recall import REMEMBERED, SAME, VAGUE
from mag_sandbox.files.validation import counted
from mag_sandbox.model.loading import policy_look
from mag_sandbox.model.world import MemoryUsage
from mag_sandbox.sandbox.hud.figures import LATENCY
from mag_sandbox.sandbox.hud.hud_state import (
    LEGEND,
    SECTOR,
    HudState,
    bar_stretches,
    clock_text,
    kept_text,
    origin_text,
    pose_text,
    ratio_text,
    reach_text,
    remembered_sectors,
    size_text,
)
from mag_sandbox.sandbox.play.feedback import KeyLight
from mag_sandbox.sandbox.ui.layout import (
    SPRING,
    Card,
    CustomPart,
    NamedPart,
    Part,
    PicturePart,
    Text,
    bar,
    column,
    height_of,
    row,
    widths,
)
from mag_sandbox.sandbox.ui.theme import (
    ACCENT,
    BAD,
    FAINT,
    GOOD,
    INK,
    MUTED,
    RECORDING,
    SEGMENT_COLOURS,
    TRACK,
    Theme,
)

CAP = 36  # px: side of a key
ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
STEPS = ("w", "a", "s", "d")
ZOOMS = {"z": 1, "x": -1}  # + draws closer
KEY_WORDS: dict[KeyLight, tuple[str, tuple[int, ...]]] = {
    "applied": ("shown", GOOD),
    "queued": ("on its way", ACCENT),
    "idle": ("", FAINT),
}
VERDICTS: tuple[tuple[float, str, tuple[int, ...]], ...] = (  # of a half that shows a place again
    (SAME, "as it was", GOOD),  # from so much recall on [percent]
    (REMEMBERED, "mostly as it was", GOOD),
    (VAGUE, "partly as it was", ACCENT),
    (0.0, "made up anew", BAD),
)
COLUMN, COLUMNS_GAP = 380, 20  # px of a column of controls
MAX_COLUMNS = 3
MOST_PAGES = 6  # of controls
KEYS = 116  # px for the keys
KEYS_GAP = 14  # px of the reference window, between keys and what they do
MAX_KEYS = 2  # of a row; the documentation has them all
HELP_PAD, HELP_HEAD = (20, 16), 40  # px
LINE = 22  # px of a row of controls
HelpRow = tuple[str, str, str]
GAP: HelpRow = ("", "", "")
SEEN_WIDTH = 184  # px
SLIM_WIDTH = 240  # px of the reference window, also of the map below


def speed_card(state: HudState) -> Card:
    """Return frames a second, stage times and latency."""
    (_, rate), *others = state.figures or (("", "..."),)
    lines = [
        row(Text(name, 14, MUTED), SPRING, Text(value, 14, ACCENT if name == LATENCY else INK))
        for name, value in others
    ]
    head = row(Text(rate, 22, bold=True), SPRING, Text("time per block", 13, MUTED))
    return Card(column(head, *lines), 236, dense=False)


def scene_card(state: HudState) -> Card:
    """Return where we are: scene, prompt, compass, camera phrase, pose and clock."""
    block, pose = state.block, state.block.poses[-1]
    detail = pose_text(pose, exact=state.exact_pose)
    compass = CustomPart(66, 66, _draw_compass, (pose, block.memory))
    looks = column(Text(block.phrase, 14, lines=2), Text(detail, 13, MUTED, lines=2), gap=4)
    return Card(
        column(
            row(Text(state.scene, 18, bold=True, lines=2), SPRING, *_clock(state), gap=8),
            Text(state.description or block.prompt, 13, MUTED, lines=3),
            row(compass, looks, gap=16),
            gap=6,
        ),
        366,
        dense=False,
    )


def keys_card(state: HudState) -> Card:
    """Return the camera keys: outlined while queued, filled when the picture answers them."""
    caps = [_cap(key, light) for key, light in state.lights.items()]
    lights = state.lights.values()
    light: KeyLight = next((name for name in ("queued", "applied") if name in lights), "idle")
    word, colour = KEY_WORDS[light]
    label = Text(word, 13, colour) if word else None
    words = column(CustomPart(74), label, Text("F1 help", 13, MUTED))
    return Card(row(*caps, words, gap=6), pad=(14, 14), dense=False)


def steps_card(lights: Mapping[str, KeyLight]) -> Card:
    """Return the keys of a walker, for the mouse, as they lie on a keyboard."""
    ahead, *others = (_cap(key, lights[key]) for key in STEPS)
    return Card(column(ahead, row(*others, gap=6), gap=6, align=0.5), pad=(8, 8))


def _cap(key: str, light: KeyLight) -> NamedPart:
    return NamedPart(key, CustomPart(CAP, CAP, _draw_key, (key, light)))


def memory_card(state: HudState) -> Card:
    """Return the memory: its bar, reach, size and legend."""
    memory = state.block.memory
    name = _memory_name(state)
    words = [word for word in (name, origin_text(memory), reach_text(memory)) if word]
    pieces = [Text(f"{'· ' if place else ''}{word}", 14, MUTED) for place, word in enumerate(words)]
    title = row(Text("Memory", 18, bold=True), row(*pieces, gap=4, drops=True), gap=14)
    ratio = ratio_text(memory)
    head = row(
        NamedPart("title", title),
        SPRING,
        NamedPart("ratio", Text(ratio, 14, GOOD)) if ratio else None,
        NamedPart("size", Text(size_text(memory), 14)),
        gap=14,
    )
    foot = row(
        row(*_legend(memory), gap=18, drops=True),
        SPRING,
        NamedPart("kept", Text(kept_text(memory), 13, MUTED)),
        gap=24,
    )
    content = column(head, NamedPart("bar", memory_bar(24, memory)), foot, gap=10)
    return Card(content, dense=False)


def slim_card(state: HudState) -> Card:
    """Return the small form: which memory it is, the clock, and how much was forgotten."""
    name, _, meaning = _memory_name(state).partition(" (")
    words = [Text(name, 13, MUTED), Text(f"({meaning}", 13, MUTED) if meaning else None]
    head = row(row(*words, gap=4, drops=True), SPRING, *_clock(state, recording="●"), gap=6)
    forgotten = state.block.memory.evicted
    lost = Text(f"{counted(forgotten, 'view')} forgotten", 13, MUTED) if forgotten else None
    return Card(column(NamedPart("name", head), lost, gap=4), SLIM_WIDTH, (12, 8), dense=False)


def _memory_name(state: HudState) -> str:
    coming = state.coming_memory
    return f"next: {coming}" if coming else policy_look(state.block.memory.policy).label


def seen_card(words: str, seen: np.ndarray | None, note: str) -> Card:
    """Return a view as the player saw it, uint8 [H, W, 3], small, with a caption and a note below.

    None: there is no view to compare with, and only the note is shown.
    """
    lines: list[Part] = [Text(note, 12, MUTED)]
    if seen is not None:
        lines = [
            Text(words, 13, bold=True),
            PicturePart(seen, SEEN_WIDTH, seen.shape[0] / seen.shape[1]),
            *lines,
        ]
    return Card(column(*lines, align=0.5), pad=(10, 4))


def split_card(memory: MemoryUsage, recall: float | None, *, has_bar: bool) -> Card:
    """Return the card of one half of a split screen: its policy, a verdict, perhaps a thin bar.

    The verdict is on its recall of a place that it shows again [percent]; None: it does not.
    """
    words = Text(policy_look(memory.policy).label, 16, bold=True, lines=1)
    judged = None
    if recall is not None:
        text, colour = next((text, colour) for least, text, colour in VERDICTS if recall >= least)
        judged = Text(text, 14, colour, bold=True)
    head = row(words, SPRING, judged)
    thin = memory_bar(8, memory) if has_bar else None
    return Card(column(head, thin, gap=6), pad=(14, 10), dense=False)


def message_card(title: str, text: str, hint: str) -> Card:
    """Return a banner: a sentence about the event, and how to go on."""
    words = column(Text(title, 20, bold=True), Text(text, lines=5), Text(hint, 14, MUTED), gap=6)
    return Card(row(bar(5, 0, BAD), words, gap=14), 620, (14, 22))


def notice_card(text: str, below: Part | None = None) -> Card:
    """Return a short word in the middle of the picture, perhaps with something below it."""
    return Card(column(Text(text, 20, bold=True), below, gap=12, align=0.5), pad=(28, 18))


def memory_bar(height: float, memory: MemoryUsage) -> CustomPart:
    """Return the memory bar: budget as a track, kept as colours, attended as ticks."""
    return CustomPart(0, height, draw_bar, (memory,))


def draw_bar(theme: Theme, surface: pygame.Surface, area: pygame.Rect, memory: MemoryUsage) -> None:
    """Draw the memory bar."""
    radius = area.height / theme.scale / 3
    surface.blit(theme.rounded(area.size, TRACK, radius), area)
    fill = pygame.Surface(area.size, pygame.SRCALPHA)
    reach, thin = theme.px(4), max(1, theme.px(1.5))
    above, below = area.top - reach, area.bottom + reach - 1
    lines: list[tuple[tuple[int, int], tuple[int, int]]] = []
    for stretch in bar_stretches(memory, area.width):
        left, width = stretch.left, stretch.right - stretch.left
        fill.fill(SEGMENT_COLOURS[stretch.kind], (left, 0, width, area.height))
        if stretch.framed:
            ends = area.left + left, area.left + stretch.right - 1
            lines += [((ends[0], y), (ends[1], y)) for y in (above, below)]
        ticks = [area.left + left + round(place * width) for place in stretch.attended]
        lines += [((x, above), (x, below)) for x in ticks]
    mask = theme.rounded(area.size, (255, 255, 255), radius)
    fill.blit(mask, (0, 0), special_flags=pygame.BLEND_RGBA_MULT)
    surface.blit(fill, area)
    for start, end in lines:
        pygame.draw.line(surface, INK, start, end, thin)


def _clock(state: HudState, recording: str = "● REC") -> list[Part]:
    """Return the time, preceded by the mode of the game, and by words for a recording."""
    parts: list[Part] = [Text(recording, 13, RECORDING)] if state.recording else []
    parts += [Text(state.mode, 13, ACCENT)] if state.mode else []
    return [*parts, Text(clock_text(state.seconds), 13, MUTED)]


def _legend(memory: MemoryUsage) -> Iterator[Part]:
    shown = {segment.kind for segment in memory.segments if segment.bytes}
    for kind in LEGEND:
        if kind in shown:
            colour = bar(11, 11, SEGMENT_COLOURS[kind])
            yield NamedPart(kind, row(colour, Text(LEGEND[kind], 13, MUTED), gap=6))
    tick = CustomPart(11, 11, _draw_tick)
    yield NamedPart("attended", row(tick, Text("read now", 13, MUTED), gap=4))


def _draw_tick(theme: Theme, surface: pygame.Surface, area: pygame.Rect) -> None:
    pygame.draw.line(surface, INK, area.midtop, area.midbottom, max(1, theme.px(1.5)))


def _draw_compass(
    theme: Theme, surface: pygame.Surface, area: pygame.Rect, look: CameraPose, memory: MemoryUsage
) -> None:
    """Draw the ring of directions: remembered, attended, and where the camera looks."""
    radius = area.width // 2
    large = pygame.Surface((radius * 6, radius * 6), pygame.SRCALPHA)  # smoothed below
    middle, outer = radius * 3, radius * 3 - 2
    wedge = _arc(middle, outer, 0, look.yaw - look.fov / 2, look.yaw + look.fov / 2)
    pygame.draw.polygon(large, (255, 255, 255, 70), wedge)
    kept, attended = remembered_sectors(memory, look)
    inner = outer - radius * 3 // 5
    for sector in range(360 // SECTOR):
        colour: tuple[int, ...] = TRACK
        if sector in kept:
            colour = ACCENT if sector in attended else SEGMENT_COLOURS["compressed"]
        start = sector * SECTOR
        arc = _arc(middle, outer, inner, start + 0.8, start + SECTOR - 0.8)
        pygame.draw.polygon(large, colour, arc)
    pygame.draw.circle(large, INK, (middle, middle), theme.px(6))
    surface.blit(pygame.transform.smoothscale(large, (radius * 2, radius * 2)), area)


@functools.lru_cache(maxsize=256)
def _arc(
    middle: int, outer: int, inner: int, start: float, end: float
) -> list[tuple[float, float]]:
    """Return the outline of a piece of a ring; yaw 0 is up, growing to the right."""
    steps = max(2, math.ceil((end - start) / 6))
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    away = [(middle + outer * math.sin(a), middle - outer * math.cos(a)) for a in angles]
    back = [(middle + inner * math.sin(a), middle - inner * math.cos(a)) for a in angles[::-1]]
    return away + back


def _draw_key(
    theme: Theme, surface: pygame.Surface, area: pygame.Rect, key: str, light: KeyLight
) -> None:
    fill = {"applied": ACCENT, "queued": (*ACCENT, 70), "idle": (255, 255, 255, 30)}[light]
    edge = (255, 255, 255, 44) if light == "idle" else ACCENT
    surface.blit(theme.rounded(area.size, fill, 8), area)
    surface.blit(theme.rounded(area.size, edge, 8, line=1.5), area)
    colour = (24, 20, 8) if light == "applied" else INK
    if key in ARROWS:
        draw_arrow(surface, area, key, colour)
        return
    if key not in ZOOMS:
        letter = theme.text(key.upper(), 15, colour, bold=True)
        surface.blit(letter, letter.get_rect(center=area.center))
        return
    ends, sides = -2 * round(area.width * 0.28), -2 * round(area.width * 0.45)
    surface.fill(colour, area.inflate(ends, sides))
    if ZOOMS[key] > 0:
        surface.fill(colour, area.inflate(sides, ends))


def draw_arrow(card: pygame.Surface, rect: pygame.Rect, key: str, colour: tuple[int, ...]) -> None:
    """Draw the arrow of a key into a square."""
    across, along = ARROWS[key]
    size = rect.width * 0.2
    tip = (rect.centerx + across * size, rect.centery + along * size)
    base = (rect.centerx - across * size * 0.7, rect.centery - along * size * 0.7)
    sides = [(base[0] + along * size * sign, base[1] + across * size * sign) for sign in (-1, 1)]
    pygame.draw.polygon(card, colour, [tip, *sides])


def help_pages(theme: Theme, bindings: Bindings, size: tuple[int, int]) -> list[Card]:
    """Return all controls, on as many pages as are needed.

    `size` is that of the window [px].
    """
    pads, gap = [2 * theme.px(length) for length in HELP_PAD], theme.px(COLUMNS_GAP)
    room = size[0] - gap - pads[0] + gap
    count = max(1, min(MAX_COLUMNS, room // (theme.px(COLUMN) + gap)))
    width = min(COLUMN, int((room // count - gap) / theme.scale))
    whole = count * width + (count - 1) * COLUMNS_GAP
    height = size[1] - pads[1] - theme.px(HELP_HEAD)
    rows = list(_rows(bindings))
    columns: list[Part] = []
    for pages in range(1, MOST_PAGES + 1):
        shares = _dealt(rows, count * pages)
        columns = [_help_column(theme, share, width) for share in shares]
        if max(height_of(theme, one, width) for one in columns) <= height:
            break
    starts = range(0, len(columns), count)
    key = bindings.title("help")
    cards = []
    for at in starts:
        hint = f"{key}: {'close' if at == starts[-1] else 'more'}" if key else ""
        head = row(Text("Controls", 20, bold=True), SPRING, Text(hint, 14, MUTED))
        body = row(*columns[at : at + count], gap=COLUMNS_GAP, align=0.0)
        cards.append(Card(column(head, body, gap=12), whole + 2 * HELP_PAD[0], HELP_PAD))
    return cards


def _help_column(theme: Theme, rows: Sequence[HelpRow], width: float) -> Part:
    """Return lines of controls, with what the keys do below each other."""
    caps = [widths(theme, Text(keys or button, 14))[1] for keys, text, button in rows if text]
    across = max(min(KEYS, width / 3), max(caps, default=0) / theme.scale + KEYS_GAP)
    lines = (_help_line(theme, one, across, width) for one in rows)
    return column(CustomPart(width, 0.1), *lines, gap=0)


def _help_line(theme: Theme, help_row: HelpRow, across: float, width: float) -> Part:
    """Return a line of controls; a gamepad's button is left out where it does not fit.

    `across` is the room for the keys.
    """
    keys, text, button = help_row
    strut = CustomPart(0.1, LINE)
    if not text:
        return row(strut, Text(keys, 14, bold=True, width=width), gap=0)
    cap = Text(keys or button, 14, ACCENT, width=across)
    pad = Text(button if keys else "", 12, MUTED)
    line = row(strut, cap, Text(text, 14), CustomPart(8), SPRING, pad, gap=0)
    if widths(theme, line)[0] <= theme.px(width):
        return line
    return row(strut, cap, Text(text, 14, width=width - cap.width), gap=0)


def _rows(bindings: Bindings) -> Iterator[HelpRow]:
    """Yield keys, their actions and buttons; a title has no text, a gap is empty."""
    for group, rows in bindings.groups():
        yield group, "", ""
        for one in rows:
            keys = [key_title(key) for key in one.keys if not is_pad(key)]
            pads = [key_title(key) for key in one.keys if is_pad(key)]
            yield " / ".join(keys[:MAX_KEYS]), one.help, " / ".join(pads[:MAX_KEYS])
        own = (one for one in bindings.pointing if one.group == group)
        yield from ((one.mouse, one.help, one.pad) for one in own)
        yield GAP


def _dealt(rows: list[HelpRow], count: int) -> list[list[HelpRow]]:
    """Deal the rows out in order; no column begins with a gap or ends with a group's title."""
    height = -(-len(rows) // count)
    columns: list[list[HelpRow]] = [[]]
    for place, one in enumerate(rows):
        following = rows[place + 1 : place + 3] if one[0] and not one[1] else []
        full = len(columns[-1]) + len(following) >= height
        if full and len(columns) < count and not one[1]:
            columns.append([])
        if one != GAP or columns[-1]:
            columns[-1].append(one)
    return columns
