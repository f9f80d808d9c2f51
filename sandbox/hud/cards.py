"""The cards of the display: each function draws one onto a fresh surface. `hud.py` places them."""

import functools
import math
from collections.abc import Iterator

import numpy as np
import pygame

from mag_sandbox.controls.bindings import Bindings
from mag_sandbox.controls.keys import is_pad, key_title
from mag_sandbox.model.world import MemoryUsage
from mag_sandbox.sandbox.hud.hud_state import (
    LEGEND,
    SECTOR,
    HudState,
    clock_text,
    drawn_stretches,
    duration_text,
    kept_text,
    origin_text,
    pose_text,
    ratio_text,
    reach_text,
    remembered_sectors,
    size_text,
)
from mag_sandbox.sandbox.hud.policies import policy_row
from mag_sandbox.sandbox.play.feedback import KeyLight
from mag_sandbox.sandbox.ui.display import flat_picture
from mag_sandbox.sandbox.ui.layout import SPRING, draw_card, paragraph
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

MEMORY = "Memory"  # title of its card
SLIM_WIDTH = 248  # px of the reference window
ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
ZOOMS = {"z": 1, "x": -1}  # + draws closer
KEY_WORDS: dict[KeyLight, tuple[str, tuple[int, ...]]] = {
    "applied": ("applied", GOOD),
    "queued": ("queued", ACCENT),
    "idle": ("", FAINT),
}
TITLE = "Controls"
COLUMN = 372  # px of the reference window
MAX_COLUMNS = 3
MOST_PAGES = 6  # of controls
KEYS = 116  # px of the reference window for the keys
TEXT = 14  # px
MAX_KEYS = 2  # of a row; the documentation has them all
Row = tuple[str, str, str]  # keys, what they do, buttons; a group is a row with a title only


def speed_card(theme: Theme, state: HudState) -> pygame.Surface:
    """Draw frames a second, stage times and latency."""
    possible = f"of {state.possible_fps:.0f} possible" if state.possible_fps else ""
    latency = "..." if state.latency_ms is None else f"{state.latency_ms} ms"
    figures = [(name, f"{ms} ms", INK) for name, ms in state.stage_ms]
    figures.append(("key to frame", latency, ACCENT))
    figures += [(name, f"{ms} ms", INK) for name, ms in state.elsewhere_ms]
    rows = [
        [theme.text(f"{state.fps:.1f} fps", 22, bold=True), SPRING, theme.text(possible, 13, MUTED)]
    ]
    for name, value, colour in figures:
        rows.append([theme.text(name, 14, MUTED), SPRING, theme.text(value, 14, colour)])
    return draw_card(theme, rows, width=theme.px(236), gaps=(10, 2), dense=False)


def scene_card(theme: Theme, state: HudState) -> pygame.Surface:
    """Draw where we are: scene, prompt, compass, camera phrase, pose and clock."""
    pad, width = theme.px(16), theme.px(366)
    lines = theme.wrap(state.prompt, width - 2 * pad, lines=3, size=13)
    line, title_height = theme.line_height(13), theme.line_height(18)
    compass_top = theme.px(18) + title_height + line * len(lines) + theme.px(8)
    radius = theme.px(26)
    card = theme.card((width, compass_top + 2 * radius + theme.px(14)))
    middle = theme.px(12) + title_height // 2
    theme.write(card, state.scene, 18, bold=True, midleft=(pad, middle))
    _write_clock(card, theme, state, (width - pad, middle))
    theme.write_lines(card, lines, (pad, theme.px(16) + title_height), 13, MUTED)
    _draw_compass(card, theme, state, (pad + radius, compass_top + radius), radius)
    left = pad + 2 * radius + theme.px(16)
    theme.write(card, state.phrase, 15, midleft=(left, compass_top + radius - theme.px(11)))
    detail = f"{pose_text(state)} · seed {state.seed}"
    theme.write(card, detail, 13, MUTED, midleft=(left, compass_top + radius + theme.px(11)))
    return card


def keys_card(theme: Theme, state: HudState) -> pygame.Surface:
    """Draw the camera keys: outlined while queued, filled when the picture answers them."""
    pad, cap, gap = theme.px(14), theme.px(36), theme.px(6)
    left = pad + len(state.lights) * (cap + gap) + theme.px(8)
    card = theme.card((left + theme.px(80), cap + 2 * pad))
    for rect, (key, lit) in zip(
        key_caps(theme, len(state.lights)), state.lights.items(), strict=True
    ):
        _draw_key(card, theme, rect, key, lit)
    lights = state.lights.values()
    light: KeyLight = next((name for name in ("queued", "applied") if name in lights), "idle")
    word, colour = KEY_WORDS[light]
    middle = card.get_height() // 2
    if word:
        theme.write(card, word, 13, colour, midleft=(left, middle - theme.px(9)))
        theme.write(card, "F1 help", 13, MUTED, midleft=(left, middle + theme.px(9)))
    else:
        theme.write(card, "F1 help", 13, MUTED, midleft=(left, middle))
    return card


def key_caps(theme: Theme, count: int) -> list[pygame.Rect]:
    """Return where on their card the camera keys are drawn."""
    pad, cap, gap = theme.px(14), theme.px(36), theme.px(6)
    return [pygame.Rect(pad + place * (cap + gap), pad, cap, cap) for place in range(count)]


def memory_card(theme: Theme, state: HudState, width: int) -> pygame.Surface:
    """Draw the memory: its bar, how far it reaches, what it takes, its legend."""
    memory = state.memory
    parts = memory_parts(theme, memory, width)
    card = theme.card((width, parts["bar"].bottom + theme.px(38)))
    theme.write(card, MEMORY, 18, bold=True, midleft=parts["title"].midleft)
    theme.write(card, size_text(memory), 14, midright=parts["size"].midright)
    theme.write(card, ratio_text(memory), 14, GOOD, midright=parts["ratio"].midright)
    words = _title_words(theme, memory, parts["ratio"])
    theme.write(card, words, 14, MUTED, midright=parts["title"].midright)
    draw_bar(card, theme, parts["bar"], memory)
    theme.write(card, kept_text(memory), 13, MUTED, midright=parts["kept"].midright)
    for kind in LEGEND.keys() & parts.keys():
        square = _legend_square(theme, parts[kind])
        card.blit(theme.rounded(square.size, SEGMENT_COLOURS[kind], 3), square)
        theme.write(card, LEGEND[kind], 13, MUTED, midright=parts[kind].midright)
    if "attended" in parts:
        square = _legend_square(theme, parts["attended"])
        (x, y), reach = square.center, square.height // 2
        pygame.draw.line(card, INK, (x, y - reach), (x, y + reach), max(1, theme.px(1.5)))
        theme.write(card, "attended", 13, MUTED, midright=parts["attended"].midright)
    return card


def memory_parts(theme: Theme, memory: MemoryUsage, width: int) -> dict[str, pygame.Rect]:
    """Return where the parts of a memory card of this width lie.

    "bar", "title" with the words beside it, "size", "ratio", "kept", and of the legend "attended"
    and every kind that is shown and has room.
    """
    pad, middle, gap = theme.px(16), theme.px(24), theme.px(14)
    bar = pygame.Rect(pad, theme.px(44), width - 2 * pad, theme.px(24))
    size = theme.text(size_text(memory), 14).get_rect(midright=(bar.right, middle))
    ratio = theme.text(ratio_text(memory), 14, GOOD).get_rect(midright=(size.left - gap, middle))
    title = theme.text(MEMORY, 18, bold=True).get_rect(midleft=(pad, middle))
    title.width += gap + theme.text(_title_words(theme, memory, ratio), 14, MUTED).get_width()
    below = bar.right, bar.bottom + theme.px(20)
    kept = theme.text(kept_text(memory), 13, MUTED).get_rect(midright=below)
    parts = {"bar": bar, "title": title, "size": size, "ratio": ratio, "kept": kept}
    return parts | _legend_parts(theme, memory, pad, kept)


SEEN_WIDTH = 200  # px of the reference window


def slim_card(theme: Theme, state: HudState) -> pygame.Surface:
    """Draw the small form: how far memory reaches, the clock, and a thin bar."""
    pad, width, middle = theme.px(14), theme.px(SLIM_WIDTH), theme.px(17)
    card = theme.card((width, theme.px(46)))
    clock = _write_clock(card, theme, state, (width - pad, middle))
    reach = duration_text(state.memory.oldest_seconds)
    said = f"remembers {reach}" if state.memory.entries else reach_text(state.memory)
    room = clock - theme.px(8) - pad
    theme.write(card, said, 13, MUTED, within=room, midleft=(pad, middle))
    bar = pygame.Rect(pad, theme.px(30), width - 2 * pad, theme.px(6))
    draw_bar(card, theme, bar, state.memory)
    return card


def _write_clock(
    card: pygame.Surface, theme: Theme, state: HudState, midright: tuple[int, int]
) -> int:
    """Write the time, before it what the game does besides playing; return where that begins."""
    said: list[tuple[str, tuple[int, ...]]] = [(clock_text(state.seconds), MUTED)]
    said += [(state.mode, ACCENT)] if state.mode else []
    said += [("● REC", RECORDING)] if state.recording else []
    right, middle = midright
    for text, colour in said:
        right = theme.write(card, text, 13, colour, midright=(right, middle)).left - theme.px(8)
    return right


def seen_card(theme: Theme, words: str, seen: np.ndarray | None, note: str) -> pygame.Surface:
    """Draw a view as the player saw it, uint8 [H, W, 3], small, with a caption and a note below.

    None: there is no view to compare with, and only the note is drawn.
    """
    lines = [theme.text(note, 12, MUTED)]
    if seen is not None:
        width = theme.px(SEEN_WIDTH)
        size = width, round(width * seen.shape[0] / seen.shape[1])
        picture = pygame.transform.smoothscale(flat_picture(seen), size)
        lines = [theme.text(words, 13, bold=True), picture, *lines]
    return draw_card(theme, [[SPRING, line, SPRING] for line in lines], pad=(10, 4))


def split_card(theme: Theme, memory: MemoryUsage, width: int) -> pygame.Surface:
    """Draw what one half of a split screen remembers: its policy in words, a thin bar."""
    pad = theme.px(14)
    card = theme.card((width, theme.px(56)))
    words = policy_row(memory.policy).label
    theme.write(card, words, 16, bold=True, within=width - 2 * pad, midleft=(pad, theme.px(19)))
    draw_bar(card, theme, pygame.Rect(pad, theme.px(37), width - 2 * pad, theme.px(8)), memory)
    return card


def message_card(
    theme: Theme, title: str, text: str, hint: str, colour: tuple[int, ...] = BAD
) -> pygame.Surface:
    """Draw a banner: what happened, in a sentence, and the way on."""
    width = theme.px(620)
    rows = [
        [theme.text(title, 20, bold=True)],
        *paragraph(theme, text, width - theme.px(56), lines=5),
        [theme.text(hint, 14, MUTED)],
    ]
    card = draw_card(theme, rows, width=width, pad=(28, 22), gaps=(10, 6))
    pygame.draw.rect(card, colour, (0, theme.px(24), theme.px(5), card.get_height() - theme.px(48)))
    return card


def notice_card(theme: Theme, text: str) -> pygame.Surface:
    """Draw a short word in the middle of the picture."""
    return draw_card(theme, [[theme.text(text, 20, bold=True)]], pad=(28, 18))


def draw_bar(card: pygame.Surface, theme: Theme, bar: pygame.Rect, memory: MemoryUsage) -> None:
    """Draw the memory bar: budget as a track, kept as colours, attended as ticks."""
    radius = bar.height / theme.scale / 3
    card.blit(theme.rounded(bar.size, TRACK, radius), bar)
    fill = pygame.Surface(bar.size, pygame.SRCALPHA)
    ticks: list[int] = []
    framed: list[tuple[int, int]] = []
    for stretch in drawn_stretches(memory, bar.width):
        left, width = stretch.left, stretch.right - stretch.left
        fill.fill(SEGMENT_COLOURS[stretch.kind], (left, 0, width, bar.height))
        if stretch.framed:
            framed.append((left, stretch.right))
        ticks += [left + round(place * width) for place in stretch.attended]
    mask = theme.rounded(bar.size, (255, 255, 255), radius)
    fill.blit(mask, (0, 0), special_flags=pygame.BLEND_RGBA_MULT)
    card.blit(fill, bar)
    reach, thin = theme.px(4), max(1, theme.px(1.5))
    for left, right in framed:
        for y in (bar.top - reach, bar.bottom + reach - 1):
            pygame.draw.line(card, INK, (bar.left + left, y), (bar.left + right - 1, y), thin)
    for tick in ticks:
        top, bottom = (bar.left + tick, bar.top - reach), (bar.left + tick, bar.bottom + reach - 1)
        pygame.draw.line(card, INK, top, bottom, thin)


def _title_words(theme: Theme, memory: MemoryUsage, ratio: pygame.Rect) -> str:
    """Say policy, origin and reach, as many of them as fit between the title and the ratio."""
    gap = theme.px(14)
    left = theme.px(16) + theme.text(MEMORY, 18, bold=True).get_width() + gap
    words = (memory.policy, origin_text(memory), reach_text(memory))
    said, room = [word for word in words if word], ratio.left - gap - left
    while len(said) > 1 and theme.text(" · ".join(said), 14, MUTED).get_width() > room:
        said.pop()
    return " · ".join(said)


def _legend_parts(
    theme: Theme, memory: MemoryUsage, left: int, kept: pygame.Rect
) -> dict[str, pygame.Rect]:
    square, end = theme.px(11), kept.left - theme.px(24)
    shown = {segment.kind for segment in memory.segments if segment.bytes}
    parts = {}
    for kind, word in (*LEGEND.items(), ("attended", "attended")):
        rect = theme.text(word, 13, MUTED).get_rect(midleft=(left, kept.centery))
        if (kind in LEGEND and kind not in shown) or left + square + rect.width > end:
            continue
        rect.width += square + theme.px(6 if kind in LEGEND else 4)
        parts[kind] = rect
        left = rect.right + theme.px(18)
    return parts


def _legend_square(theme: Theme, part: pygame.Rect) -> pygame.Rect:
    side = theme.px(11)
    return pygame.Rect(part.left, part.centery - side // 2, side, side)


def _draw_compass(
    card: pygame.Surface,
    theme: Theme,
    state: HudState,
    centre: tuple[int, int],
    radius: int,
) -> None:
    """Draw the ring of directions: what is remembered, what is attended, where the camera looks."""
    large = pygame.Surface((radius * 6, radius * 6), pygame.SRCALPHA)  # smoothed below
    middle, outer = radius * 3, radius * 3 - 2
    look = state.pose
    wedge = _arc(middle, outer, 0, look.yaw - look.fov / 2, look.yaw + look.fov / 2)
    pygame.draw.polygon(large, (255, 255, 255, 70), wedge)
    kept, attended = remembered_sectors(state.memory)
    inner = outer - radius * 3 // 5
    for sector in range(360 // SECTOR):
        colour: tuple[int, ...] = TRACK
        if sector in kept:
            colour = ACCENT if sector in attended else SEGMENT_COLOURS["compressed"]
        start = sector * SECTOR
        pygame.draw.polygon(
            large, colour, _arc(middle, outer, inner, start + 0.8, start + SECTOR - 0.8)
        )
    pygame.draw.circle(large, INK, (middle, middle), theme.px(6))
    small = pygame.transform.smoothscale(large, (radius * 2, radius * 2))
    card.blit(small, (centre[0] - radius, centre[1] - radius))


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
    card: pygame.Surface, theme: Theme, rect: pygame.Rect, key: str, light: KeyLight
) -> None:
    fill = {"applied": ACCENT, "queued": (*ACCENT, 70), "idle": (255, 255, 255, 30)}[light]
    edge = (255, 255, 255, 44) if light == "idle" else ACCENT
    card.blit(theme.rounded(rect.size, fill, 8), rect)
    card.blit(theme.rounded(rect.size, edge, 8, line=1.5), rect)
    colour = (24, 20, 8) if light == "applied" else INK
    if key in ZOOMS:
        _draw_sign(card, rect, ZOOMS[key], colour)
        return
    draw_arrow(card, rect, key, colour)


def draw_arrow(card: pygame.Surface, rect: pygame.Rect, key: str, colour: tuple[int, ...]) -> None:
    """Draw the arrow of a key into a square."""
    across, along = ARROWS[key]
    size = rect.width * 0.2
    tip = (rect.centerx + across * size, rect.centery + along * size)
    base = (rect.centerx - across * size * 0.7, rect.centery - along * size * 0.7)
    sides = [(base[0] + along * size * sign, base[1] + across * size * sign) for sign in (-1, 1)]
    pygame.draw.polygon(card, colour, [tip, *sides])


def _draw_sign(card: pygame.Surface, rect: pygame.Rect, sign: int, colour: tuple[int, ...]) -> None:
    ends, sides = -2 * round(rect.width * 0.28), -2 * round(rect.width * 0.45)
    card.fill(colour, rect.inflate(ends, sides))
    if sign > 0:
        card.fill(colour, rect.inflate(sides, ends))


def help_pages(
    theme: Theme, bindings: Bindings, window_size: tuple[int, int]
) -> list[pygame.Surface]:
    """Draw all controls, on as many pages as a window of a size needs."""
    pad, gap, head = theme.px(20), theme.px(20), theme.px(52)
    room = window_size[0] - theme.px(20) - 2 * pad + gap
    count = max(1, min(MAX_COLUMNS, room // theme.px(COLUMN + 20)))
    width = min(theme.px(COLUMN), room // count - gap)
    rows, least = list(_rows(bindings)), theme.line_height(TEXT)
    height = window_size[1] - head - pad
    shares = [_columns(rows, count * pages) for pages in range(1, MOST_PAGES + 1)]
    fitting = (share for share in shares if max(map(len, share)) * least <= height)
    columns = next(fitting, shares[-1])  # in windows of a few pixels none does
    longest = max(len(column) for column in columns)
    line = max(1, min(least + theme.px(3), height // longest))
    starts = range(0, len(columns), count)
    return [
        _help_page(theme, bindings, columns[start : start + count], width, (head, line, longest),
                   "close" if start == starts[-1] else "more")
        for start in starts
    ]  # fmt: skip


def _help_page(
    theme: Theme,
    bindings: Bindings,
    columns: list[list[Row | None]],
    width: int,
    heights: tuple[int, int, int],
    next_word: str,
) -> pygame.Surface:
    """Draw columns of controls; `heights` are of the head and a line, and the most lines."""
    pad, gap, count = theme.px(20), theme.px(20), len(columns)
    head, line, longest = heights
    size = 2 * pad + count * (width + gap) - gap, head + longest * line + theme.px(12)
    card = theme.card(size, dense=True)
    card.blit(card.copy(), (0, 0))  # on top of itself: nothing shines through
    theme.write(card, TITLE, 20, bold=True, topleft=(pad, theme.px(16)))
    hint = f"{bindings.title('help')}: {next_word}" if bindings.title("help") else ""
    theme.write(card, hint, TEXT, MUTED, topright=(size[0] - pad, theme.px(20)))
    for place, column in enumerate(columns):
        for number, row in enumerate(column):
            left, top = pad + place * (width + gap), head + number * line
            _draw_row(card, theme, row, pygame.Rect(left, top, width, line))
    return card


def _rows(bindings: Bindings) -> Iterator[Row | None]:
    """All rows; None stands between two groups."""
    for group, rows in bindings.groups():
        yield (group, "", "")
        for row in rows:
            keys = [key_title(key) for key in row.keys if not is_pad(key)]
            pads = [key_title(key) for key in row.keys if is_pad(key)]
            yield " / ".join(keys[:MAX_KEYS]), row.help, " / ".join(pads[:MAX_KEYS])
        if group == bindings.pointing_group:
            yield from ((one.mouse, one.help, one.pad) for one in bindings.pointing)
        yield None


def _columns(rows: list[Row | None], count: int) -> list[list[Row | None]]:
    """Deal the rows out in order; no column begins with a gap or ends with a group's title."""
    height = -(-len(rows) // count)
    columns: list[list[Row | None]] = [[]]
    for place, row in enumerate(rows):
        following = rows[place + 1 : place + 3]
        is_title = row is not None and not row[1]
        full = len(columns[-1]) + (len(following) if is_title else 0) >= height
        if full and len(columns) < count and (is_title or row is None):
            columns.append([])
        if row is not None or columns[-1]:
            columns[-1].append(row)
    return columns


def _draw_row(card: pygame.Surface, theme: Theme, row: Row | None, rect: pygame.Rect) -> None:
    if row is None:
        return
    keys, text, pad = row
    middle = rect.centery
    if not text:
        theme.write(card, keys, TEXT, bold=True, midleft=(rect.left, middle))
        return
    left = rect.left + min(theme.px(KEYS), rect.width // 3)
    theme.write(card, keys or pad, TEXT, ACCENT, midleft=(rect.left, middle))
    words = theme.write(card, text, TEXT, within=rect.right - left, midleft=(left, middle))
    button = theme.text(pad if keys else "", 12, MUTED)
    if words.right + theme.px(8) + button.get_width() <= rect.right:
        card.blit(button, button.get_rect(midright=(rect.right, middle)))
