"""Which part of the title screen has the focus, and how far its shelves are scrolled.

From above: the header, the choices of a card, the shelves. Pure logic; knows no pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mag_sandbox.sandbox.title.cards import HEADER
from mag_sandbox.sandbox.title.model import Shelf, TitleCard
from mag_sandbox.sandbox.ui.widgets import Glide


@dataclass(frozen=True, slots=True)
class Focused:
    """A place that can have the focus."""

    area: Literal["header", "choices", "cards"]
    row: int = 0  # of the shelf
    column: int = 0


class TitleFocus:
    """Moves over the title screen; every shelf remembers its column.

    focus = TitleFocus(shelves(model), None)
    focus.move(1, 0)
    focus.card  # the second of the first shelf
    """

    def __init__(self, rows: Sequence[Shelf], focused: str | None) -> None:
        self.shelves: tuple[Shelf, ...] = ()
        self.spot = Focused("cards")
        self._card = Focused("cards")  # the newest one in focus
        self._rows = self._columns = 1  # seen at once
        self._top = Glide()  # the first row shown
        self._firsts: dict[str, Glide] = {}  # the first card shown of a shelf, by its title
        self._kept: dict[str, int] = {}  # the column of a shelf, by its title
        self.list(rows)
        for row, shelf in enumerate(rows):
            for column, card in enumerate(shelf.cards):
                if card.key == focused:
                    self.go(Focused("cards", row, column))
        self._show()

    @property
    def card(self) -> TitleCard | None:
        """The card in focus, or the last one that was."""
        if not self.shelves:
            return None
        return self.shelves[self._card.row].cards[self._card.column]

    @property
    def key(self) -> str | None:
        """The key of the card in focus."""
        return None if self.card is None else self.card.key

    @property
    def top(self) -> float:
        """The row that is shown first, in between while it glides."""
        return self._top.value

    @property
    def is_moving(self) -> bool:
        """Whether something glides."""
        return any(glide.is_moving for glide in (self._top, *self._firsts.values()))

    def first(self, row: int) -> float:
        """Return the card of a shelf that is shown first, in between while it glides."""
        return self._glide(row).value

    def column(self, row: int) -> int:
        """Return the card of a shelf that has, or had, the focus."""
        return self._kept.get(self.shelves[row].title, 0)

    def chosen(self, row: int) -> int | None:
        """Return the place of the card that all is about, if it is on this shelf."""
        return self._card.column if self._card.row == row else None

    def list(self, rows: Sequence[Shelf]) -> None:
        """Take new shelves; the focused item keeps the focus if it is still there."""
        before, key = self.shelves[self._card.row].title if self.shelves else None, self.key
        self.shelves = tuple(rows)
        for row, shelf in enumerate(self.shelves):
            last = len(shelf.cards) - 1
            self._kept[shelf.title] = min(last, self._kept.get(shelf.title, 0))
            if shelf.title == before:
                self._card = Focused("cards", row, self._kept[shelf.title])
        if not self.shelves:
            self.spot = Focused("header")
        elif before not in [shelf.title for shelf in self.shelves]:
            row = min(self._card.row, len(self.shelves) - 1)
            self._card = Focused("cards", row, self.column(row))
        for row, shelf in enumerate(self.shelves):
            for column, card in enumerate(shelf.cards):
                if key in (card.key, *(visit.key for visit in card.others)):
                    self._card = Focused("cards", row, column)
                    self._kept[shelf.title] = column
        if self.shelves and self.spot.area != "header":
            self.go(self._card)
            self._show()

    def replace(self, card: TitleCard, other: TitleCard) -> None:
        """Show another card in the place of one."""
        self.shelves = tuple(
            replace(shelf, cards=tuple(other if one is card else one for one in shelf.cards))
            for shelf in self.shelves
        )

    def fit(self, rows: int, columns: int) -> None:
        """Say how many shelves, and cards of a shelf, are seen at once."""
        self._rows, self._columns = rows, columns
        self._show()
        for glide in (self._top, *self._firsts.values()):
            glide.jump(glide.target)

    def go(self, spot: Focused) -> None:
        """Move the focus to a place that is seen."""
        self.spot = spot
        if spot.area == "cards":
            self._card = spot
            self._kept[self.shelves[spot.row].title] = spot.column

    def move(self, across: int, down: int) -> None:
        """Move the focus by a step; shelves scroll with it."""
        spot = self.spot
        if across:
            last = self._length(spot) - 1
            self.go(Focused(spot.area, spot.row, max(0, min(last, spot.column + across))))
        elif spot.area == "cards":
            row = min(spot.row + down, len(self.shelves) - 1)
            self.go(Focused("choices") if row < 0 else Focused("cards", row, self.column(row)))
        elif spot.area == "choices":
            self.go(self._card if down > 0 else Focused("header"))
        elif down > 0 and self.shelves:
            self.go(Focused("choices"))
        self._show()

    def turn_to_choices(self) -> None:
        """Move from a card to its actions, and back."""
        if self.shelves:
            self.go(self._card if self.spot.area == "choices" else Focused("choices"))
            self._show()

    def scroll(self, across: int, down: int) -> bool:
        """Scroll by rows and cards; the focus follows where it would leave the view."""
        if not self.shelves:
            return False
        limit = max(0, len(self.shelves) - self._rows)
        top = max(0, min(limit, round(self._top.target) + down))
        self._top.to(top)
        row = max(top, min(top + self._rows - 1, self._card.row))
        self._turn(row, across)
        return True

    def go_to_shelf(self, row: int) -> None:
        """Move the focus to a shelf, seen or not."""
        self.go(Focused("cards", row, self.column(row)))
        self._show()

    def turn_page(self, row: int, pages: int) -> None:
        """Show other cards of a shelf, as many as are seen at once."""
        self._card = Focused("cards", row, self.column(row))
        self._turn(row, pages * self._columns)

    def pages(self, row: int) -> tuple[int, int, int] | None:
        """Return the first and last card that are seen and how many there are; None: all are."""
        count, first = len(self.shelves[row].cards), round(self._glide(row).target)
        return (first + 1, first + self._columns, count) if count > self._columns else None

    def _turn(self, row: int, across: int) -> None:
        glide, count = self._glide(row), len(self.shelves[row].cards)
        first = max(0, min(count - self._columns, round(glide.target) + across))
        glide.to(first)
        column = max(first, min(first + self._columns - 1, self.column(row), count - 1))
        if self.spot.area == "cards":
            self.go(Focused("cards", row, column))

    def update(self, now: float) -> bool:
        """Move everything that glides."""
        moved = [glide.update(now) for glide in (self._top, *self._firsts.values())]
        return any(moved)

    def _length(self, spot: Focused) -> int:
        if spot.area == "header":
            return len(HEADER)
        card = self.card
        if spot.area == "choices":
            return len(card.choices) if card else 0
        return len(self.shelves[spot.row].cards)

    def _show(self) -> None:
        """Scroll as little as needed to see the card in focus whole."""
        if not self.shelves:
            return
        row, column = self._card.row, self._card.column
        lowest = len(self.shelves) - self._rows
        self._top.to(max(0, row - self._rows + 1, min(row, lowest, round(self._top.target))))
        glide, last = self._glide(row), len(self.shelves[row].cards) - self._columns
        glide.to(max(0, column - self._columns + 1, min(column, last, round(glide.target))))

    def _glide(self, row: int) -> Glide:
        return self._firsts.setdefault(self.shelves[row].title, Glide())
