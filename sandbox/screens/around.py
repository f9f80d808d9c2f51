"""The things around, as a card of lines over the picture, and named things that are missing."""

from collections.abc import Callable, Collection, Sequence

import pygame

from mag_sandbox.model.loading import keeps_places
from mag_sandbox.model.world import FrameBlock
from mag_sandbox.sandbox.hud.around import Seen, around_lines, things_around, unplanned_names
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.hud.minimap import ALL_SEEN, MapStitcher
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.screens import Overlay
from mag_sandbox.sandbox.screens.prompt_box import PromptBox
from mag_sandbox.sandbox.ui.layout import SPRING, CachedCard, Card, Part, Text, column, row
from mag_sandbox.sandbox.ui.theme import MUTED
from mag_sandbox.scenes.called import names_in
from mag_sandbox.scenes.naming import UNCOUNTED, is_plural, with_article

WIDTH, NAMES = 400, 150  # px of the reference window; of the names in it
MOST_LINES, FEWEST_LINES = 14, 3  # as many as have room above the cards below
TITLE = "Around you"
UNPLANNED_NAMES = "this place has no {}; to put {} where you point, press {} and write “{}”"
SETTLED = 16  # blocks of a planned place after which no named thing is added any more
PLANNED_LATER = "what stands here is still being planned; one moment"


class AroundOverlay(Overlay):
    """A card with the things around, the nearest to the middle of the view first; a key shows it.

    overlay = AroundOverlay(reel, hud, stitcher, "Y", boxes)
    overlay.press()
    """

    def __init__(
        self,
        reel: Reel,
        hud: Hud,
        stitcher: MapStitcher,
        key: str,
        boxes: Collection[PromptBox] = (),
        change: str = "",
        say: Callable[..., object] = lambda text, topic: None,
    ) -> None:
        """Make a hidden card; `key` is the one that shows it, for people.

        While one of `boxes` is open, which would cover it, it stays hidden. The key `change` adds
        things. `say` shows which named things are missing, once for each description.
        """
        self._say = say
        self._planned: tuple[str, int] = "", 0  # a description, and the first block planned by it
        self._begun_as = reel.current.block.prompt  # the place
        self._told_of: set[str] = set()  # names whose things were here, or were said to be missing
        self._key, self._boxes, self._change = key, boxes, change
        self._reel, self._hud, self._stitcher = reel, hud, stitcher
        self._is_shown = False
        self._listed: tuple[FrameBlock, tuple[Seen, ...]] | None = None  # as of a block
        self.lines: tuple[str, ...] = ()  # of the card; none while it is hidden
        self._card = CachedCard()
        self._room, self._most = 0, MOST_LINES  # px of height; lines that fit in it

    def press(self) -> None:
        """Show the card, or put it away."""
        self._is_shown = not self._is_shown

    def dismiss(self) -> bool:
        """Put the card away, if it is there."""
        was_shown, self._is_shown = self._is_shown, False
        return was_shown

    def update(self, now: float) -> bool:  # noqa: ARG002 -- Overlay
        """Update the directions of things from the camera; True if they changed."""
        before, self.lines = self.lines, self._describe()
        self._tell_missing(self._reel.current.block)
        return self.lines != before

    def _tell_missing(self, block: FrameBlock) -> None:
        prompt, since = self._planned
        if block.block_index == 0:
            self._begun_as, self._told_of = block.prompt, set()
        if block.planned is None or (since < 0 and prompt == block.prompt):
            return
        if prompt != block.prompt:
            is_old = not prompt and block.block_index > SETTLED  # said when it was begun
            self._planned = block.prompt, -1 if is_old else block.block_index
        elif block.block_index >= since + SETTLED:
            self._planned = prompt, -1
            absent = self._absent(block)
            if line := self._missing([name for name in absent if name not in self._told_of]):
                self._say(line, topic="missing")
            self._told_of |= {*absent, *names_in(block.prompt).values()}

    def _absent(self, block: FrameBlock) -> tuple[str, ...]:
        """Return the names of named things that are missing and can be put here."""
        if block.prompt != self._begun_as and self._stitcher.picture.explored < ALL_SEEN:
            return ()  # new areas may have them
        return unplanned_names(block, self._reel.current.spec.kinds) if self._change else ()

    def _missing(self, absent: Sequence[str]) -> str:
        """Return the line that says which named things are missing, and what helps; or ""."""
        if not absent:
            return ""
        last = absent[-1]
        them = "them" if is_plural(last) else "it" if last in UNCOUNTED else "one"
        return UNPLANNED_NAMES.format(" or ".join(absent), them, self._change, with_article(last))

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the card on the left, below the figures and above the other cards there."""
        if not self.lines:
            return
        theme, places = self._hud.theme(surface), self._hud.places
        top = places["speed"].bottom + theme.px(10) if "speed" in places else theme.px(14)
        below = [places[name].top for name in ("keys", "memory") if name in places]
        room = min(below, default=surface.get_height() - theme.px(40)) - theme.px(10) - top
        if room != self._room:
            self._room, self._most = room, MOST_LINES
        card = self._card(theme, self._listing())
        while card.get_height() > room and self._most > FEWEST_LINES:
            self._most -= 1
            self.lines = self._describe()
            card = self._card(theme, self._listing())
        places["around"] = surface.blit(card, (theme.px(14), top))

    def _listing(self) -> Card:
        head = row(Text(TITLE, 16, bold=True), SPRING, Text(f"{self._key}: close", 13, MUTED))
        return Card(column(head, *map(_line, self.lines), gap=5), WIDTH)

    def _describe(self) -> tuple[str, ...]:
        if not self._is_shown or any(box.is_open for box in self._boxes):
            return ()
        block, spec = self._reel.current.block, self._reel.current.spec
        if self._listed is None or self._listed[0] is not block:
            self._listed = block, things_around(self._stitcher.ring, block, self._stitcher.ground)
        is_unplanned = spec.kinds and block.planned is None and not self._listed[1]
        if is_unplanned and keeps_places(block.memory.policy):  # others have no plan
            return (PLANNED_LATER,)
        lines = around_lines(self._listed[1], self._reel.pose, self._most)
        return (*lines, line) if (line := self._missing(self._absent(block))) else tuple(lines)


def _line(line: str) -> Part:
    """Return a name with its directions beside it, or a line that has no such parts."""
    name, _, ways = line.partition(": ")
    if not ways:
        return Text(line, 13, lines=8)
    return row(Text(name, 13, lines=3, width=NAMES), Text(ways, 13, MUTED, lines=8), align=0.0)
