"""The settings screen: all settings and keys. Changes apply at once and are saved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pygame

from mag_sandbox.controls.bindings import DEFAULTS, Bindings, keys_text, pad_text
from mag_sandbox.model.loading import available_policies
from mag_sandbox.sandbox.hud.policies import POLICIES, policy_row
from mag_sandbox.sandbox.screens import Outcome, Way
from mag_sandbox.sandbox.settings import SandboxConfig, SettingsError, save_settings
from mag_sandbox.sandbox.ui.theme import ACCENT, BACKDROP, INK, MUTED, Theme
from mag_sandbox.sandbox.ui.widgets import (
    ENTER_KEYS,
    FRAME_S,
    REDRAWN_BY,
    Button,
    Choice,
    Question,
    ScrollArea,
    Setting,
    Slider,
    Toggle,
    menu_key,
)

BACK = Button("Back", "Esc")
FOOTER = "Up and down choose    Left and right change    Page keys jump    Esc saves"
DUSK = (30, 38, 66)  # lower end of the backdrop
PLATE = (255, 255, 255, 16)
LIT = (255, 255, 255, 40)
WIDE = 900  # width of a window in which the sections are listed beside
CONTROL = 270, 34
FOOTER_HEIGHT = 34
MakeSetting = Callable[[Any], Setting]
SIZE = ("window_width", "window_height")
WINDOW_SIZES = ((640, 400), (960, 540), (1280, 720), (1600, 900), (1920, 1080), (2560, 1440))
MOUSE_SPEEDS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
TEXT_SCALES = (0.85, 1.0, 1.15, 1.3, 1.5)
KEPT_MIB = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
PARKED_MIB = (256, 512, 1024, 2048, 4096, 8192, 16384)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One thing to set."""

    fields: tuple[str, ...]  # of SandboxConfig
    title: str
    help: str
    make: MakeSetting  # from the value, a tuple where there are several fields
    helps: Mapping[Any, str] = field(default_factory=dict)  # in place of `help`, by value

    def setting(self, config: SandboxConfig) -> Setting:
        """Return what changes it, set to what it is."""
        values = tuple(getattr(config, name) for name in self.fields)
        return self.make(values if len(values) > 1 else values[0])

    def changed(self, config: SandboxConfig, value: Any) -> SandboxConfig:
        """Return the settings with another value."""
        values = value if len(self.fields) > 1 else (value,)
        return replace(config, **dict(zip(self.fields, values, strict=True)))


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section."""

    title: str


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Keys that belong together, to be read only."""

    title: str
    rows: tuple[tuple[str, str, str], ...]  # what it does, keys, buttons of a gamepad


Item = Heading | SettingRow | KeyGroup


def items(bindings: Bindings = DEFAULTS) -> tuple[Item, ...]:
    """Return everything that can be set, and the keys, in the order shown."""
    pointing = tuple((one.help, one.mouse, one.pad) for one in bindings.pointing)
    groups = [
        KeyGroup(
            group,
            tuple((row.help, keys_text(row), pad_text(row)) for row in rows)
            + (pointing if group == bindings.pointing_group else ()),
        )
        for group, rows in bindings.groups()
    ]
    return (*_settings(), Heading("Keys"), *groups)


def _settings() -> tuple[Item, ...]:
    fit = _choice(("whole", "whole picture"), ("fill", "fill the window"))
    scale = _choice(("crisp", "crisp edges"), ("smooth", "smooth"), ("sharp", "sharp pixels"))
    level = _choice(("small", "the map"), ("full", "lab view"), ("off", "nothing"))
    precision = _choice(("auto", "fastest"), ("fp32", "fp32"), ("bf16", "bf16"), ("int8", "int8"))
    frames = _slider((1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32), _frames)
    blocks = _slider((1, 2, 3, 4, 6, 8, 12, 16, 24, 32))
    kept, parked = _slider(KEPT_MIB, _mib), _slider(PARKED_MIB, _mib)
    volume, text = _slider(range(0, 101, 5), "{}%".format), _slider(TEXT_SCALES, "{:.0%}".format)
    speed = _slider(MOUSE_SPEEDS, "{:.0%}".format)
    warp = "Shift the newest picture as soon as a key is pressed."
    attended = "Remembered frames read for each block; more is slower."
    sinks = "First frames of a place that are never dropped."
    usual = (None, "as usual"), *((count, str(count)) for count in range(4))
    about = {name: row.about for name, row in POLICIES.items()}
    return (
        Heading("Display"),
        SettingRow(SIZE, "Window", "Size at the start.", _window_sizes),
        SettingRow(("fullscreen",), "Full screen", "Also F11.", Toggle),
        SettingRow(("fit",), "Picture", "Show the whole picture, or crop it to the window.", fit),
        SettingRow(("scale",), "Enlarged", "How pixels are enlarged.", scale),
        Heading("On screen"),
        SettingRow(("hud",), "Details", "Shown over the picture.", level),
        SettingRow(("hints",), "First steps", "Tips for the first two minutes.", Toggle),
        SettingRow(("parked_mib",), "Places you left", "Disk space that they may take.", parked),
        Heading("Mouse and sticks"),
        SettingRow(("mouse_speed",), "Mouse speed", "How far a drag turns.", speed),
        SettingRow(("invert_sideways",), "Invert sideways", "Left is right.", Toggle),
        SettingRow(("invert_up_down",), "Invert up and down", "Up is down.", Toggle),
        Heading("Sound"),
        SettingRow(("volume",), "Volume", "Ambience and signals.", volume),
        SettingRow(("muted",), "Mute", "No sound at all.", Toggle),
        Heading("Reading"),
        SettingRow(
            ("text_scale",),
            "Text size",
            "Text and cards, as large as the window has room for.",
            text,
        ),
        SettingRow(("high_contrast",), "High contrast", "Bright words on black.", Toggle),
        Heading("Research"),
        SettingRow(("memory",), "Memory policy", policy_row("").about, _policy, about),
        SettingRow(("kept_mib",), "Budget", "Size that memory may grow to.", kept),
        SettingRow(("attended_frames",), "Attended frames", attended, frames),
        SettingRow(
            ("window_blocks",),
            "Window length",
            "Blocks that the window policy keeps.",
            blocks,
        ),
        SettingRow(("sink_frames",), "First frames", sinks, _choice(*usual)),
        SettingRow(
            ("look_ahead",), "Look ahead", "Generate views ahead of the camera when idle.", Toggle
        ),
        SettingRow(("precision",), "Precision", "Number format of the networks.", precision),
        SettingRow(("late_warp",), "Late warp", warp, Toggle),
    )


def _choice(*options: tuple[Any, str]) -> MakeSetting:
    return lambda value: Choice(value, options)


def _slider(values: Sequence[Any], word: Callable[[Any], str] = str) -> MakeSetting:
    return lambda value: Slider(value, values, word)


def _policy(value: str) -> Choice:
    names = dict.fromkeys((*available_policies(), value))  # the file may name another one
    return Choice(value, [(name, policy_row(name).label) for name in names])


def _window_sizes(value: tuple[int, int]) -> Choice:
    sizes = sorted({*WINDOW_SIZES, value})
    return Choice(value, [(size, f"{size[0]} x {size[1]}") for size in sizes])


def _mib(value: int) -> str:
    return f"{value // 1024} GiB" if value >= 1024 and value % 1024 == 0 else f"{value} MiB"


def _frames(value: int) -> str:
    return f"{value} picture" if value == 1 else f"{value} pictures"


@dataclass(frozen=True, slots=True)
class SettingsLayout:
    """Where everything is in a window of one size [px]."""

    size: tuple[int, int]
    area: pygame.Rect  # of the list
    index: tuple[pygame.Rect, ...]  # of the sections beside it; none in a narrow window
    back: pygame.Rect
    tops: tuple[int, ...]  # of the items, from the list's beginning; one more for its end

    @classmethod
    def of(cls, theme: Theme, size: tuple[int, int], listed: Sequence[Item]) -> "SettingsLayout":
        """Lay out a window."""
        width, height = size
        margin, top = theme.px(40), theme.px(84)
        is_wide = width / theme.scale >= WIDE
        left = margin + (theme.px(190) if is_wide else 0)
        across = min(width - margin - left, theme.px(860))
        area = pygame.Rect(left, top, across, height - top - theme.px(FOOTER_HEIGHT))
        back = pygame.Rect(0, theme.px(24), BACK.width(theme), theme.px(38))
        back.right = width - margin
        step = theme.px(40)
        count = sum(isinstance(item, Heading) for item in listed)
        index = [
            pygame.Rect(margin, top + place * step, theme.px(160), step - theme.px(4))
            for place in range(count if is_wide else 0)
        ]
        tops = [0]
        for item in listed:
            tops.append(tops[-1] + item_height(theme, item))
        return cls(size, area, tuple(index), back, tuple(tops))

    def item(self, at: int, offset: int) -> pygame.Rect:
        """Return the place of an item while the list is scrolled by `offset`."""
        top = self.area.top + self.tops[at] - offset
        return pygame.Rect(self.area.left, top, self.area.width, self.tops[at + 1] - self.tops[at])


def item_height(theme: Theme, item: Item) -> int:
    """Return how high an item is [px]."""
    if isinstance(item, KeyGroup):
        return theme.px(46) + len(item.rows) * theme.px(25)
    return theme.px(50 if isinstance(item, Heading) else 60)


def control_place(theme: Theme, rect: pygame.Rect) -> pygame.Rect:
    """Return where the value of a row is."""
    place = pygame.Rect(0, 0, min(theme.px(CONTROL[0]), rect.width // 2), theme.px(CONTROL[1]))
    place.midright = rect.right - theme.px(18), rect.centery
    return place


def draw_item(
    surface: pygame.Surface,
    theme: Theme,
    rect: pygame.Rect,
    item: Item,
    config: SandboxConfig,
    *,
    focused: bool,
) -> None:
    """Draw an item of the list."""
    if isinstance(item, Heading):
        place = rect.left, rect.bottom - theme.px(8)
        theme.write(surface, item.title, 18, ACCENT, bold=True, bottomleft=place)
        return
    plate = rect.inflate(0, -theme.px(6))
    surface.blit(theme.rounded(plate.size, LIT if focused else PLATE, 12), plate)
    if focused:
        surface.blit(theme.rounded(plate.size, ACCENT, 12, line=2), plate)
    if isinstance(item, KeyGroup):
        _draw_keys(surface, theme, plate, item)
    else:
        _draw_row(surface, theme, plate, item, config, focused=focused)


def draw_frame(
    surface: pygame.Surface,
    theme: Theme,
    layout: SettingsLayout,
    titles: Sequence[str],
    current: str,
) -> None:
    """Draw what stays while the list scrolls: title, sections, the way back, the keys."""
    left, (width, height) = theme.px(40), layout.size
    theme.write(surface, "Settings", 30, bold=True, topleft=(left, theme.px(24)))
    BACK.draw(surface, theme, layout.back, focused=False)
    for rect, title in zip(layout.index, titles, strict=False):
        here = title == current
        if here:
            surface.blit(
                theme.rounded((theme.px(4), rect.height // 2), ACCENT, 2),
                (rect.left, rect.centery - rect.height // 4),
            )
        place, ink = (rect.left + theme.px(16), rect.centery), INK if here else MUTED
        theme.write(surface, title, 16, ink, bold=here, midleft=place)
    place = left, height - theme.px(FOOTER_HEIGHT) // 2
    theme.write(surface, FOOTER, 13, MUTED, within=width - 2 * left, midleft=place)


def draw_dusk(surface: pygame.Surface, theme: Theme) -> None:
    """Draw the backdrop."""
    strip = pygame.Surface((1, 2))
    strip.set_at((0, 0), theme.colour(BACKDROP))
    strip.set_at((0, 1), theme.colour(BACKDROP) if theme.high_contrast else DUSK)
    pygame.transform.smoothscale(strip.convert(surface), surface.get_size(), surface)


def _draw_row(
    surface: pygame.Surface,
    theme: Theme,
    plate: pygame.Rect,
    row: SettingRow,
    config: SandboxConfig,
    *,
    focused: bool,
) -> None:
    setting = row.setting(config)
    place = control_place(theme, plate)
    setting.draw(surface, theme, place, focused=focused)
    left = plate.left + theme.px(18)
    room = place.left - left - theme.px(14)
    top = plate.centery - theme.line_height(16) + theme.px(2)
    theme.write(surface, row.title, 16, bold=True, topleft=(left, top))
    text, below = row.helps.get(setting.value, row.help), (left, plate.centery + theme.px(4))
    theme.write(surface, text, 12, MUTED, within=room, topleft=below)


def _draw_keys(surface: pygame.Surface, theme: Theme, plate: pygame.Rect, group: KeyGroup) -> None:
    columns = [plate.left + theme.px(18), plate.left + round(plate.width * 0.42)]
    columns.append(plate.left + round(plate.width * 0.74))
    top = plate.top + theme.px(10)
    theme.write(surface, group.title, 15, bold=True, topleft=(columns[0], top))
    ends = [*columns[1:], plate.right]
    for number, cells in enumerate(group.rows):
        line = top + theme.px(26) + number * theme.px(25)
        for left, end, cell, colour in zip(columns, ends, cells, (INK, ACCENT, MUTED), strict=True):
            room = end - left - theme.px(12)
            theme.write(surface, cell, 13, colour, within=room, topleft=(left, line))


class SettingsScreen:
    """A list of settings, one in focus, and the keys at its end.

    >>> screen = SettingsScreen(SandboxConfig(), apply=print)

    Args:
        config: what is set now.
        apply: takes every change at once.
        save: keeps the settings when the player leaves; may raise `SettingsError`.
        bindings: the keys to list.
    """

    def __init__(
        self,
        config: SandboxConfig,
        apply: Callable[[SandboxConfig], object],
        save: Callable[[SandboxConfig], object] = save_settings,
        bindings: Bindings = DEFAULTS,
    ) -> None:
        self.outcome: Outcome | None = None
        self.config = config
        self._before = config
        self._apply, self._save = apply, save
        self._items = items(bindings)
        self._headings = [item.title for item in self._items if isinstance(item, Heading)]
        self._stops = [i for i, item in enumerate(self._items) if not isinstance(item, Heading)]
        self._focus = 0  # of the stops
        self._scroll = ScrollArea()
        self._arranged: tuple[Theme, SettingsLayout] | None = None  # None: nothing was drawn yet
        self._made_for: tuple[object, ...] = ()
        self._is_sliding = False  # a slider is held with the mouse
        self._question: Question | None = None
        self._ending: Outcome = Way.BACK
        self._dirty = True
        self._now = 0.0

    @property
    def wake_at(self) -> float | None:
        """When the next picture of a glide is due."""
        return self._now + FRAME_S if self._scroll.glide.is_moving else None

    @property
    def focused(self) -> str:
        """The title of what has the focus."""
        return self._items[self._stops[self._focus]].title

    def handle(self, event: pygame.Event) -> None:
        """Take a key, the mouse, or a change of the window."""
        if event.type == pygame.QUIT:
            self._leave(Way.LEAVE)
        elif event.type in REDRAWN_BY:
            self._dirty = True
        elif self._question:
            self._question.handle(event)
            self._dirty = True
            if self._question.answer is not None:
                self._question, self.outcome = None, self._ending
        elif (key := menu_key(event)) is not None:
            self._press(key)
        else:
            self._point(event)

    def update(self, now: float) -> bool:
        """Move what glides; True if the picture changed."""
        self._now = now
        changed, self._dirty = self._scroll.glide.update(now) or self._dirty, False
        return changed

    def draw(self, surface: pygame.Surface) -> None:
        """Draw everything."""
        theme, layout = self._arrange(surface.get_size())
        draw_dusk(surface, theme)
        clip = surface.get_clip()
        surface.set_clip(layout.area.inflate(theme.px(8), 0))
        for at, item in enumerate(self._items):
            rect = layout.item(at, self._scroll.offset)
            if rect.colliderect(layout.area):
                focused = at == self._stops[self._focus]
                draw_item(surface, theme, rect, item, self.config, focused=focused)
        surface.set_clip(clip)
        self._scroll.draw_bar(surface, theme, layout.area.inflate(theme.px(28), 0))
        draw_frame(surface, theme, layout, self._headings, self._section())
        if self._question:
            self._question.draw(surface, theme)

    def _press(self, key: str) -> None:
        self._dirty = True
        if key in ("up", "down"):
            self._go(self._focus + (1 if key == "down" else -1))
        elif key in ("left", "right"):
            self._change(lambda setting: setting.step(1 if key == "right" else -1))
        elif key in ENTER_KEYS:
            self._change(lambda setting: setting.step(0))
        elif key in ("page up", "page down", "tab"):
            self._jump(-1 if key == "page up" else 1)
        elif key == "escape":
            self._leave(Way.BACK)

    def _point(self, event: pygame.Event) -> None:
        """Take the mouse, once something was drawn that it can point at."""
        if self._arranged is None:
            return
        theme, layout = self._arranged
        if event.type == pygame.MOUSEWHEEL:
            self._scroll.by(-event.y * (layout.tops[2] - layout.tops[1]))
        elif event.type == pygame.MOUSEBUTTONUP:
            self._is_sliding = False
        elif event.type == pygame.MOUSEMOTION and self._is_sliding:
            self._slide(event.pos, self._control(theme, layout))
        elif event.type == pygame.MOUSEMOTION:
            self._hover(event.pos, layout)
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self._click(event.pos, theme, layout)

    def _hover(self, pos: tuple[int, int], layout: SettingsLayout) -> None:
        if not layout.area.collidepoint(pos):
            return
        for stop, at in enumerate(self._stops):
            if layout.item(at, self._scroll.offset).collidepoint(pos) and stop != self._focus:
                self._focus, self._dirty = stop, True

    def _click(self, pos: tuple[int, int], theme: Theme, layout: SettingsLayout) -> None:
        self._dirty = True
        if layout.back.collidepoint(pos):
            self._leave(Way.BACK)
        for rect, section in zip(layout.index, self._headings, strict=False):
            if rect.collidepoint(pos):
                self._go_to_section(section)
        self._hover(pos, layout)
        row = self._items[self._stops[self._focus]]
        control = self._control(theme, layout)
        if isinstance(row, SettingRow) and control.collidepoint(pos):
            self._slide(pos, control)
            self._is_sliding = isinstance(row.setting(self.config), Slider)

    def _slide(self, pos: tuple[int, int], rect: pygame.Rect) -> None:
        self._change(lambda setting: setting.press((pos[0] - rect.left) / rect.width))

    def _control(self, theme: Theme, layout: SettingsLayout) -> pygame.Rect:
        return control_place(theme, layout.item(self._stops[self._focus], self._scroll.offset))

    def _change(self, change: Callable[[Setting], object]) -> None:
        """Change the setting in focus and let it act at once."""
        row = self._items[self._stops[self._focus]]
        if not isinstance(row, SettingRow):
            return
        setting = row.setting(self.config)
        before = setting.value
        change(setting)
        if setting.value != before:
            self.config = row.changed(self.config, setting.value)
            self._apply(self.config)
            self._dirty = True

    def _section(self) -> str:
        before = self._items[: self._stops[self._focus]]
        return next(item.title for item in reversed(before) if isinstance(item, Heading))

    def _go(self, stop: int) -> None:
        """Move the focus, and scroll to it and to its heading."""
        self._focus = max(0, min(len(self._stops) - 1, stop))
        if self._arranged:
            at, tops = self._stops[self._focus], self._arranged[1].tops
            is_first = isinstance(self._items[at - 1], Heading)
            self._scroll.show(tops[at - 1 if is_first else at], tops[at + 1])

    def _jump(self, direction: int) -> None:
        place = self._headings.index(self._section()) + direction
        self._go_to_section(self._headings[max(0, min(len(self._headings) - 1, place))])

    def _go_to_section(self, section: str) -> None:
        at = next(
            i
            for i, item in enumerate(self._items)
            if isinstance(item, Heading) and item.title == section
        )
        self._go(self._stops.index(at + 1))
        if self._arranged:
            self._scroll.to(self._arranged[1].tops[at])

    def _leave(self, outcome: Outcome) -> None:
        """Keep what was changed; where that fails, say so before leaving."""
        self._ending = outcome
        try:
            if self.config != self._before:
                self._save(self.config)
                self._before = self.config
        except SettingsError as problem:
            text = f"{problem}. Your settings apply until you quit."
            self._question = Question("Not saved", text, [Button("Continue")])
        else:
            self.outcome = outcome
        self._dirty = True

    def _arrange(self, size: tuple[int, int]) -> tuple[Theme, SettingsLayout]:
        config = self.config
        made_for = (size, config.text_scale, config.high_contrast)
        if self._arranged is None or made_for != self._made_for:
            self._made_for = made_for
            theme = Theme.of(config, size)
            layout = SettingsLayout.of(theme, size, self._items)
            self._arranged = theme, layout
            self._scroll.resize(layout.area.height, layout.tops[-1])
            self._go(self._focus)
            self._scroll.glide.jump(self._scroll.glide.target)
        return self._arranged
