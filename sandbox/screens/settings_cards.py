"""How the settings look: heights, places and drawing of a list of items. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import pygame

from mag_sandbox.sandbox.screens.settings_rows import Heading, Item, KeyGroup, SettingRow
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.theme import ACCENT, BACKDROP, INK, MUTED, Theme
from mag_sandbox.sandbox.ui.widgets import Button

BACK = Button("Back", "Esc")
FOOTER = "Up and down choose    Left and right change    Page keys jump    Esc saves"
DUSK = (30, 38, 66)  # lower end of the backdrop
PLATE = (255, 255, 255, 16)
LIT = (255, 255, 255, 40)
WIDE = 900  # width of a window in which the sections are listed beside
HEIGHTS = {SettingRow: 60, Heading: 50}  # px of the reference window
CONTROL = 270, 34
FOOTER_HEIGHT = 34


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
    return theme.px(HEIGHTS[type(item)])


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
        words = theme.text(item.title, 18, ACCENT, bold=True)
        surface.blit(words, words.get_rect(bottomleft=(rect.left, rect.bottom - theme.px(8))))
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
    surface.blit(theme.text("Settings", 30, bold=True), (left, theme.px(24)))
    BACK.draw(surface, theme, layout.back, focused=False)
    for rect, title in zip(layout.index, titles, strict=False):
        here = title == current
        if here:
            surface.blit(
                theme.rounded((theme.px(4), rect.height // 2), ACCENT, 2),
                (rect.left, rect.centery - rect.height // 4),
            )
        words = theme.text(title, 16, INK if here else MUTED, bold=here)
        surface.blit(words, words.get_rect(midleft=(rect.left + theme.px(16), rect.centery)))
    words = theme.text(theme.one_line(FOOTER, width - 2 * left, 13), 13, MUTED)
    middle = height - theme.px(FOOTER_HEIGHT) // 2
    surface.blit(words, words.get_rect(midleft=(left, middle)))


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
    surface.blit(
        theme.text(row.title, 16, bold=True),
        (left, plate.centery - theme.line_height(16) + theme.px(2)),
    )
    text = theme.one_line(row.explained(setting.value), room, 12)
    surface.blit(theme.text(text, 12, MUTED), (left, plate.centery + theme.px(4)))


def _draw_keys(surface: pygame.Surface, theme: Theme, plate: pygame.Rect, group: KeyGroup) -> None:
    columns = [plate.left + theme.px(18), plate.left + round(plate.width * 0.42)]
    columns.append(plate.left + round(plate.width * 0.74))
    top = plate.top + theme.px(10)
    surface.blit(theme.text(group.title, 15, bold=True), (columns[0], top))
    ends = [*columns[1:], plate.right]
    for number, cells in enumerate(group.rows):
        line = top + theme.px(26) + number * theme.px(25)
        for left, end, cell, colour in zip(columns, ends, cells, (INK, ACCENT, MUTED), strict=True):
            words = theme.one_line(cell, end - left - theme.px(12), 13)
            surface.blit(theme.text(words, 13, colour), (left, line))
