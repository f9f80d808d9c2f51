"""The picture of the title screen: draws the focused item, and finds the item at a place."""

from typing import Literal

import pygame

from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.title.cards import (
    ABOUT,
    QUIT,
    SAYING,
    TitleBackdrop,
    TitleLayout,
    draw_dots,
    draw_footer,
    draw_shelf,
    fitting_buttons,
    header_part,
    words_part,
)
from mag_sandbox.sandbox.title.focus import Focused, TitleFocus
from mag_sandbox.sandbox.ui.layout import Places, draw
from mag_sandbox.sandbox.ui.theme import Theme
from mag_sandbox.sandbox.ui.thumbnails import Thumbnails
from mag_sandbox.sandbox.ui.widgets import Button

FOOTER = "Arrows choose    Enter opens    Tab or right click: its buttons    Esc twice quits"
ASK_TWICE = "Esc again, or Enter, to quit"


class TitlePicture:
    """Draws shelves, header and the picture behind them.

    picture = TitlePicture()
    picture.draw(surface, settings, focus)
    focus.go(picture.spot_at(event.pos))
    """

    def __init__(self, saying: str = SAYING) -> None:
        self._saying = saying  # beside the game's name
        self._thumbnails = Thumbnails()
        self._backdrop = TitleBackdrop(self._thumbnails)
        self._arranged: tuple[Theme, TitleLayout] | None = None
        self.places: list[tuple[pygame.Rect, Focused]] = []
        self.dots: list[pygame.Rect] = []  # places of those of shelves
        self.turns: list[tuple[pygame.Rect, int, int]] = []  # places, shelves, and which way

    @property
    def beside_choices(self) -> pygame.Rect | None:
        """Where neither words nor buttons are, right of the buttons; None: not drawn."""
        layout = self._arranged and self._arranged[1]
        if not layout:
            return None
        free, taken = (
            layout.choices.copy(),
            [p for p, spot in self.places if spot.area == "choices"],
        )
        left = max((place.right for place in taken), default=free.left) + layout.gap
        return pygame.Rect(left, free.top, max(free.right - left, 0), free.height)

    @property
    def is_moving(self) -> bool:
        """Whether one picture fades into another."""
        return self._backdrop.is_moving

    def update(self, now: float) -> bool:
        """Fade on; True if it looks different."""
        return self._backdrop.update(now)

    def refresh(self) -> None:
        """Read pictures again that have changed."""
        if self._thumbnails.refresh():
            self._backdrop.forget()

    def forget_layout(self) -> None:
        """Lay out anew: other settings, or other shelves."""
        self._arranged = None

    def spot_at(self, place: tuple[int, int]) -> Focused | None:
        """Return the item at a place of the window that can have the focus."""
        return next((spot for rect, spot in self.places if rect.collidepoint(place)), None)

    def dot_at(self, place: tuple[int, int]) -> int | None:
        """Return the shelf whose dot is at a place of the window."""
        return next((row for row, dot in enumerate(self.dots) if dot.collidepoint(place)), None)

    def turn_at(self, place: tuple[int, int]) -> tuple[int, int] | None:
        """Return the shelf and the way of an arrow that turns its page."""
        found = ((row, way) for rect, row, way in self.turns if rect.collidepoint(place))
        return next(found, None)

    def draw(self, surface: pygame.Surface, settings: SandboxConfig, focus: TitleFocus) -> Theme:
        """Draw everything; return the look that it is drawn in."""
        size, card = surface.get_size(), focus.card
        if self._arranged is None or self._arranged[1].size != size:
            theme = Theme.of(settings, size)
            self._arranged = theme, TitleLayout.of(theme, size)
            self._backdrop.forget()
            focus.fit(self._arranged[1].rows, self._arranged[1].columns)
        theme, layout = self._arranged
        self._backdrop.draw(surface, theme, None if card is None else card.picture)
        self.places, self.turns = [], []
        self._draw_shelves(surface, theme, layout, focus)
        self._draw_header(surface, theme, layout, focus)
        quitting = focus.spot == Focused("header", column=QUIT)
        draw_footer(surface, theme, layout, ASK_TWICE if quitting else FOOTER)
        return theme

    def _draw_header(
        self, surface: pygame.Surface, theme: Theme, layout: TitleLayout, focus: TitleFocus
    ) -> None:
        spot, card = focus.spot, focus.card
        in_header = spot.area == "header"
        header = header_part(
            theme, spot.column if in_header else None, layout.header.width, self._saying
        )
        self._note("header", draw(theme, surface, header, layout.header))
        if in_header:
            words = "", *ABOUT[spot.column], False
        elif card is not None:
            words = card.label, card.title, card.about, card.is_damaged
            buttons = [
                Button(one.word, one.key_word, one.kind if place else "primary")
                for place, one in enumerate(card.choices)
            ]
            focused = spot.column if spot.area == "choices" else None
            choices = fitting_buttons(theme, buttons, focused, layout.choices.width)
            self._note("choices", draw(theme, surface, choices, layout.choices))
        else:
            return
        draw(theme, surface, words_part(words, compact=layout.compact), layout.words)

    def _note(self, area: Literal["header", "choices"], places: Places) -> None:
        """Keep the places of buttons."""
        spots = (Focused(area, column=int(name)) for name in places)
        self.places += zip(places.values(), spots, strict=True)

    def _draw_shelves(
        self, surface: pygame.Surface, theme: Theme, layout: TitleLayout, focus: TitleFocus
    ) -> None:
        area, clip = layout.shelves, surface.get_clip()
        surface.set_clip(area)
        for row, shelf in enumerate(focus.shelves):
            top = area.top + round((row - focus.top) * layout.shelf_height)
            if top + layout.shelf_height <= area.top or top >= area.bottom:
                continue
            first, chosen = focus.first(row), focus.chosen(row)
            chosen = None if focus.spot.area == "header" else chosen  # then all is about a button
            focused = focus.spot.area == "cards"
            turns = draw_shelf(
                surface, theme, self._thumbnails, layout, shelf, top, first, chosen,
                focused=focused, pages=focus.pages(row),
            )  # fmt: skip
            self.turns += [(rect.clip(area), row, way) for way, rect in turns.items()]
            for place, rect in layout.cards(theme, top, len(shelf.cards), first):
                seen = rect.clip(area).clip(layout.across)
                self.places.append((seen, Focused("cards", row, place)))
        surface.set_clip(clip)
        self.dots = draw_dots(surface, theme, layout, len(focus.shelves), round(focus.top))
