"""The settings screen: all settings and keys. Changes apply at once and are saved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate
from typing import Any

import pygame

from mag_sandbox.controls.bindings import DEFAULTS, Bindings, keys_text, pad_text
from mag_sandbox.files.validation import counted
from mag_sandbox.model.loading import available_policies, policy_look
from mag_sandbox.sandbox.screens import LayOver, Outcome, ScreenServices, Way
from mag_sandbox.sandbox.settings import SandboxConfig, SettingsError, save_settings
from mag_sandbox.sandbox.ui.display import fits_screen, open_size
from mag_sandbox.sandbox.ui.layout import (
    SPRING,
    CustomPart,
    NamedPart,
    Part,
    Places,
    Plate,
    Text,
    bar,
    column,
    draw,
    height_of,
    row,
)
from mag_sandbox.sandbox.ui.theme import ACCENT, BACKDROP, INK, MUTED, Theme, Themes
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

KEYS = "Keys"  # the last section
ON_TITLE = (  # what keys do before a place is chosen
    ("choose a place", "arrows or mouse", "Pad directions"), ("open it", "Enter", "Pad A"),
    ("what else can be done with it", "Tab or right click", ""),
    ("describe a place of your own", "T", ""), ("this list", "F1", ""),
    ("full screen", "F11", ""), ("quit", "Esc twice", "Pad B"),
)  # fmt: skip
BACK = Button("Back", "Esc")
FOOTER = "Up and down choose{}    Page keys jump    Esc saves"
CHANGE = "    Left and right change"  # the rows, not the keys
DUSK = (30, 38, 66)  # lower end of the backdrop
PLATE = (255, 255, 255, 16)
LIT = (255, 255, 255, 40)
WIDE = 900  # px of the reference window: width in which the sections are listed beside
CONTROL = 270, 34  # px of the reference window
FOOTER_HEIGHT = 34  # px of the reference window
KEY_COLUMNS = 0.42, 0.32, 0.26  # shares of the width: action, keys, gamepad
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
        """Return the control that edits it, set to its present value."""
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
    groups = [
        KeyGroup(
            group,
            tuple((row.help, keys_text(row), pad_text(row)) for row in rows)
            + tuple(
                (one.help, one.mouse, one.pad) for one in bindings.pointing if one.group == group
            ),
        )
        for group, rows in bindings.groups()
    ]
    return (*_settings(), Heading(KEYS), KeyGroup("On the title", ON_TITLE), *groups)


def _settings() -> tuple[Item, ...]:
    fit = _choice(("whole", "whole picture"), ("fill", "fill the window"))
    scale = _choice(
        ("crisp", "crisp, if time allows"), ("smooth", "smooth"), ("sharp", "sharp pixels")
    )
    level = _choice(("small", "the map"), ("full", "map and figures"), ("off", "nothing"))
    precision = _choice(("auto", "fastest"), ("fp32", "fp32"), ("bf16", "bf16"), ("int8", "int8"))
    frames = _slider(
        (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32), lambda count: counted(count, "picture")
    )
    blocks = _slider((1, 2, 3, 4, 6, 8, 12, 16, 24, 32))
    kept, parked = _slider(KEPT_MIB, _mib), _slider(PARKED_MIB, _mib)
    volume, text = _slider(range(0, 101, 5), "{}%".format), _slider(TEXT_SCALES, "{:.0%}".format)
    speed = _slider(MOUSE_SPEEDS, "{:.0%}".format)
    warp = "The picture moves with your keys before the world has made the next one."
    tips = "Tips for new players, one at a time; each goes once you have followed it."
    no_tips = "Tips for new players; turn this on to see them again."
    attended = "How many remembered views each new picture follows; more is slower."
    newest = "How far back “Window” remembers, in blocks; other policies ignore it."
    sinks = "How many first views of a place are never dropped."
    usual = (None, "as usual"), *((count, str(count)) for count in range(4))
    about = {name: policy_look(name).about for name in available_policies()}
    return (
        Heading("Display"),
        SettingRow(SIZE, "Window", "Size of the window.", _window_sizes),
        SettingRow(("fullscreen",), "Full screen", "Also F11.", Toggle),
        SettingRow(("fit",), "Picture", "Shown whole, or cropped to fill the window.", fit),
        SettingRow(("scale",), "Scaling", "How small pictures are scaled up to the window.", scale),
        Heading("On screen"),
        SettingRow(("hud",), "Details", "What is shown over the picture.", level),
        SettingRow(("hints",), "First steps", tips, Toggle, {False: no_tips}),
        Heading("Mouse and sticks"),
        SettingRow(("mouse_speed",), "Mouse speed", "How far a drag turns.", speed),
        SettingRow(
            ("invert_sideways",),
            "Invert sideways",
            "Reverses left and right for mouse and sticks.",
            Toggle,
        ),
        SettingRow(
            ("invert_up_down",),
            "Invert up and down",
            "Reverses up and down for mouse and sticks.",
            Toggle,
        ),
        Heading("Sound"),
        SettingRow(("volume",), "Volume", "Ambience and sound effects.", volume),
        SettingRow(("muted",), "Mute", "No sound at all.", Toggle),
        Heading("Text and contrast"),
        SettingRow(
            ("text_scale",), "Text size", "For all text; the size of the window limits it.", text
        ),
        SettingRow(("high_contrast",), "High contrast", "Bright words on black.", Toggle),
        Heading("Storage"),
        SettingRow(
            ("parked_mib",), "Space for places", "On the disk, for places that you left.", parked
        ),
        Heading("For research"),
        SettingRow(("memory",), "Memory policy", policy_look("").about, _policy, about),
        SettingRow(
            ("kept_mib",), "Budget", "How much working memory the remembered views may take.", kept
        ),
        SettingRow(("attended_frames",), "Attended frames", attended, frames),
        SettingRow(("window_blocks",), "Window length", newest, blocks),
        SettingRow(("sink_frames",), "First frames", sinks, _choice(*usual)),
        SettingRow(
            ("look_ahead",), "Look ahead", "Make views before the camera gets there.", Toggle
        ),
        SettingRow(
            ("precision",),
            "Precision",
            "How exactly the networks calculate; “fastest” looks the same.",
            precision,
        ),
        SettingRow(("late_warp",), "Turn without delay", warp, Toggle),
    )


def _choice(*options: tuple[Any, str]) -> MakeSetting:
    return lambda value: Choice(value, options)


def _slider(values: Sequence[Any], word: Callable[[Any], str] = str) -> MakeSetting:
    return lambda value: Slider(value, values, word)


def _policy(value: str) -> Choice:
    names = dict.fromkeys((*available_policies(), value))  # the file may name another one
    return Choice(value, [(name, policy_look(name).label) for name in names])


def _window_sizes(value: tuple[int, int]) -> Choice:
    """Return the sizes to choose from; the one in force is that of the window, however it came."""
    sizes, now = sorted({*filter(fits_screen, WINDOW_SIZES), value}), open_size() or value
    shown = (now if size == value else size for size in sizes)
    return Choice(value, [(size, f"{w} x {h}") for size, (w, h) in zip(sizes, shown, strict=True)])


def _mib(value: int) -> str:
    return f"{value // 1024} GiB" if value >= 1024 and value % 1024 == 0 else f"{value} MiB"


def item_part(
    theme: Theme, item: Item, config: SandboxConfig, width: int, *, focused: bool
) -> Part:
    """Return an item of the list, as wide as it is drawn [px]."""
    if isinstance(item, Heading):
        return column(CustomPart(1, 22), Text(item.title, 18, ACCENT, bold=True), CustomPart(1, 4))
    if isinstance(item, KeyGroup):
        content = _keys_part(item, width / theme.scale)
    else:
        content = _row_part(item, config, focused=focused)
    fill, edge = (LIT, (ACCENT, 2)) if focused else (PLATE, None)
    return column(Plate(content, (18, 10), fill, edge, 12), CustomPart(1, 5))


def _row_part(item: SettingRow, config: SandboxConfig, *, focused: bool) -> Part:
    setting = item.setting(config)
    about = Text(item.helps.get(setting.value, item.help), 12, MUTED, lines=1)
    words = column(Text(item.title, 16, bold=True, lines=1), about)
    control = NamedPart("control", CustomPart(*CONTROL, _draw_setting, (setting, focused)))
    return row(words, SPRING, control, gap=14)


def _keys_part(group: KeyGroup, width: float) -> Part:
    shares = zip(KEY_COLUMNS, (INK, ACCENT, MUTED), strict=True)
    looks = [(share * (width - 36), colour) for share, colour in shares]
    rows = (
        row(*(Text(words, 13, colour, width=across)
              for words, (across, colour) in zip(cells, looks, strict=True)), gap=0)
        for cells in group.rows
    )  # fmt: skip
    return column(Text(group.title, 15, bold=True), *rows, gap=8)


def _draw_setting(
    theme: Theme, surface: pygame.Surface, area: pygame.Rect, setting: Setting, focused: bool
) -> None:
    setting.draw(surface, theme, area, focused=focused)


def _sections_part(titles: Sequence[str], current: str) -> Part:
    parts: list[Part] = []
    for title in titles:
        here = title == current
        mark = bar(4, 18, ACCENT if here else (0, 0, 0, 0), 2)
        words = Text(title, 16, INK if here else MUTED, bold=here, width=144)
        parts.append(NamedPart(title, row(mark, words, CustomPart(0.1, 38), gap=12)))
    return column(*parts)


def draw_dusk(surface: pygame.Surface, theme: Theme) -> None:
    """Draw the backdrop."""
    strip = pygame.Surface((1, 2))
    strip.set_at((0, 0), theme.colour(BACKDROP))
    strip.set_at((0, 1), theme.colour(BACKDROP) if theme.high_contrast else DUSK)
    pygame.transform.smoothscale(strip.convert(surface), surface.get_size(), surface)


class SettingsScreen:
    """A list of settings, one in focus, and the keys at its end.

    >>> screen = SettingsScreen(SandboxConfig(), apply=print)

    Args:
        config: the current settings.
        apply: takes every change at once.
        save: keeps the settings when the player leaves; may raise `SettingsError`.
        bindings: the keys to list.
        at_keys: begin at them.
    """

    def __init__(
        self,
        config: SandboxConfig,
        apply: Callable[[SandboxConfig], object],
        save: Callable[[SandboxConfig], object] = save_settings,
        bindings: Bindings = DEFAULTS,
        *,
        at_keys: bool = False,
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
        self._themes = Themes(lambda: self.config)
        self._theme: Theme | None = None  # that the list was measured with
        self._area = pygame.Rect(0, 0, 0, 0)  # of the list [px]
        self._tops = [0] * (len(self._items) + 1)  # of the items, from the list's beginning
        self._places: Places = {}  # of buttons outside the list
        self._controls: dict[int, pygame.Rect] = {}  # of the rows that are seen
        self._is_sliding = False  # a slider is held with the mouse
        self._question: Question | None = None
        self._ending: Outcome = Way.BACK
        self._dirty = True
        self._now = 0.0
        self._begins_at = KEYS if at_keys else ""  # a section, until the list is measured

    @property
    def wake_at(self) -> float | None:
        """When the next picture of a glide is due."""
        return self._now + FRAME_S if self._scroll.glide.is_moving else None

    @property
    def focused(self) -> str:
        """The title of the focused item."""
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
        """Move everything that glides; True if the picture changed."""
        self._now = now
        changed, self._dirty = self._scroll.glide.update(now) or self._dirty, False
        return changed

    def draw(self, surface: pygame.Surface) -> None:
        """Draw everything."""
        theme, (width, height) = self._themes(surface.get_size()), surface.get_size()
        draw_dusk(surface, theme)
        margin, footer = theme.px(40), theme.px(FOOTER_HEIGHT)
        is_wide = width / theme.scale >= WIDE
        header = row(
            Text("Settings", 30, bold=True), SPRING, NamedPart("back", BACK.part(focused=False))
        )
        area = pygame.Rect(margin, theme.px(24), width - 2 * margin, theme.px(38))
        self._places = draw(theme, surface, header, area)
        top = theme.px(84)
        left = margin + (theme.px(190) if is_wide else 0)
        across = min(width - margin - left, theme.px(860))
        self._measure(theme, pygame.Rect(left, top, across, height - top - footer))
        if is_wide:
            sections = _sections_part(self._headings, self._section())
            area = pygame.Rect(margin, top, theme.px(170), height - top)
            self._places |= draw(theme, surface, sections, area)
        self._draw_list(surface, theme)
        self._scroll.draw_bar(surface, theme, self._area.inflate(theme.px(28), 0))
        place = margin, height - footer // 2
        is_row = isinstance(self._items[self._stops[self._focus]], SettingRow)
        keys = FOOTER.format(CHANGE if is_row else "")
        theme.write(surface, keys, 13, MUTED, within=width - 2 * margin, midleft=place)
        if self._question:
            self._question.draw(surface, theme)

    def _draw_list(self, surface: pygame.Surface, theme: Theme) -> None:
        self._controls = {}
        clip = surface.get_clip()
        surface.set_clip(self._area.inflate(theme.px(8), 0))
        for at, item in enumerate(self._items):
            place = self._place(at)
            if place.colliderect(self._area):
                focused = at == self._stops[self._focus]
                part = item_part(theme, item, self.config, place.width, focused=focused)
                places = draw(theme, surface, part, place)
                if "control" in places:
                    self._controls[at] = places["control"]
        surface.set_clip(clip)

    def _place(self, at: int) -> pygame.Rect:
        top = self._area.top + self._tops[at] - self._scroll.offset
        height = self._tops[at + 1] - self._tops[at]
        return pygame.Rect(self._area.left, top, self._area.width, height)

    def _measure(self, theme: Theme, area: pygame.Rect) -> None:
        """Lay the list out for the size and look of the window."""
        if (theme, area) == (self._theme, self._area):
            return
        self._theme, self._area = theme, area
        heights = [
            height_of(theme, item_part(theme, item, self.config, area.width, focused=False),
                      area.width)
            for item in self._items
        ]  # fmt: skip
        self._tops = [0, *accumulate(heights)]
        self._scroll.resize(area.height, self._tops[-1])
        self._go(self._focus)
        if self._begins_at:
            self._go_to_section(self._begins_at)
            self._begins_at = ""
        self._scroll.glide.jump(self._scroll.glide.target)

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
        elif key in ("escape", "f1"):  # F1 also opens it
            self._leave(Way.BACK)

    def _point(self, event: pygame.Event) -> None:
        if event.type == pygame.MOUSEWHEEL:
            self._scroll.by(-event.y * (self._tops[2] - self._tops[1]))
            at = self._scroll.glide.target
            seen = [
                stop
                for stop, item in enumerate(self._stops)
                if self._tops[item] >= at and self._tops[item + 1] <= at + self._area.height
            ]
            if seen and self._focus not in seen:  # the section beside is that of a visible item
                self._focus = seen[0] if self._focus < seen[0] else seen[-1]
        elif event.type == pygame.MOUSEBUTTONUP:
            self._is_sliding = False
        elif event.type == pygame.MOUSEMOTION and self._is_sliding:
            self._slide(event.pos)
        elif event.type == pygame.MOUSEMOTION:
            self._hover(event.pos)
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self._click(event.pos)

    def _hover(self, pos: tuple[int, int]) -> None:
        if not self._area.collidepoint(pos):
            return
        for stop, at in enumerate(self._stops):
            if self._place(at).collidepoint(pos) and stop != self._focus:
                self._focus, self._dirty = stop, True

    def _click(self, pos: tuple[int, int]) -> None:
        self._dirty = True
        for name, place in self._places.items():
            if place.collidepoint(pos):
                if name == "back":
                    self._leave(Way.BACK)
                else:
                    self._go_to_section(name)
        self._hover(pos)
        at = self._stops[self._focus]
        item = self._items[at]
        control = self._controls.get(at)
        if isinstance(item, SettingRow) and control and control.collidepoint(pos):
            self._slide(pos)
            self._is_sliding = isinstance(item.setting(self.config), Slider)

    def _slide(self, pos: tuple[int, int]) -> None:
        control = self._controls[self._stops[self._focus]]
        self._change(lambda setting: setting.press((pos[0] - control.left) / control.width))

    def _change(self, change: Callable[[Setting], object]) -> None:
        """Change the setting in focus and apply it at once."""
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
        at = self._stops[self._focus]
        first = at - isinstance(self._items[at - 1], Heading)
        self._scroll.show(self._tops[first], self._tops[at + 1])

    def _jump(self, direction: int) -> None:
        """Go to the section before or after the present one, or else scroll by a page."""
        place = self._headings.index(self._section()) + direction
        if 0 <= place < len(self._headings):
            self._go_to_section(self._headings[place])
        else:
            self._scroll.by(direction * self._area.height)

    def _go_to_section(self, section: str) -> None:
        at = next(
            i
            for i, item in enumerate(self._items)
            if isinstance(item, Heading) and item.title == section
        )
        self._go(self._stops.index(at + 1))
        self._scroll.to(self._tops[at])

    def _leave(self, outcome: Outcome) -> None:
        """Save the changes; if that fails, say so before leaving."""
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


def _open(services: ScreenServices, *, at_keys: bool = False) -> SettingsScreen:
    store, keys = services.settings, services.bindings
    save = lambda settings: store.save()  # noqa: E731 -- they hold already
    if at_keys:
        store.learn_keys()
    return SettingsScreen(store.now, store.use, save, bindings=keys, at_keys=at_keys)


OPEN_SETTINGS = LayOver(_open)
OPEN_KEYS = LayOver(partial(_open, at_keys=True))
