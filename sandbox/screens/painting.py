"""The spot that is being painted: words and a light on the picture until it is done."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

import pygame

from mag_sandbox.controls.edits import ENTER, SPOT_ACTS, Edit
from mag_sandbox.model.world import StageShare
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.play.late_warp import shown_at
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.worker import ReadyBlock
from mag_sandbox.sandbox.screens import Overlay
from mag_sandbox.sandbox.screens.change_progress import ChangeProgress
from mag_sandbox.sandbox.settings import FitMode
from mag_sandbox.sandbox.ui.display import fit, shade
from mag_sandbox.sandbox.ui.layout import CachedCard, Card, Part, Text, column
from mag_sandbox.sandbox.ui.theme import ACCENT, MUTED
from mag_sandbox.scenes.things import words_of

PULSE_S = 1.2
BAR = 200  # px across
LARGE, HIGH = 0.8, 0.3  # shares of the window's and of the change's height
MOST_BLOCKS = 160  # without progress, after which it no longer waits
BEGUN = 10  # times as many are those of a change that the world has begun
GAP = 10  # px between a thing that is painted and the words about it
WORDS = {
    "undo": "Undoing ...",
    "enter": "Going through ...",
    "relight": "Changing light and weather ...",
} | {act: row.under_way for act, row in SPOT_ACTS.items()}
PAINTING = "Painting ..."  # all others
CANCELS = "{} cancels {}"  # the newest change
WHAT = {
    "renew": "the description",
    "relight": "light and weather",
    "undo": "undoing",
    "remove": "removing a thing",
    "repaint": "drawing a thing again",
}
CANCELLED = "place", *(WHAT.keys() - {"undo"})


class PaintingOverlay(Overlay):
    """Shows that a change is under way, around the part of the view that it affects.

    overlay = PaintingOverlay(reel, hud, "fill", lambda: worker.under_way())
    overlay.begin(edit)
    overlay.block_shown(ready)  # every block: the change may be there
    """

    def __init__(
        self,
        reel: Reel,
        hud: Hud,
        fit_mode: FitMode,
        under_way: Callable[[], StageShare | None] = lambda: None,
        undo_key: str = "",
    ) -> None:
        self._reel, self._hud, self._undo_key = reel, hud, undo_key
        self._progress = ChangeProgress(under_way)
        self._fit_mode: FitMode = fit_mode
        self._waiting: list[Edit] = []
        self._share = 0.0  # of the change under way, when a block was shown last
        self._blocks = 0  # shown since the last request, or since it was last farther
        self._dirty = False
        self._card = CachedCard()
        self.covered: Sequence[pygame.Rect] = ()  # by boxes that the words do not lie under

    @property
    def wake_at(self) -> float | None:
        """When the light moves on."""
        return self._progress.wake_at if self._waiting else None

    @property
    def is_shown(self) -> bool:
        """Whether a change is awaited."""
        return bool(self._waiting)

    @property
    def names_undo(self) -> bool:
        """Whether it says which key cancels the newest change."""
        return bool(self._undo_key and self._waiting) and self._waiting[-1].act in CANCELLED

    def begin(self, edit: Edit) -> None:
        """Wait for a change, unless it affects nothing in the view.

        An undo is shown in place of the newest change that is awaited, which it cancels.
        """
        if edit.act == "forget":
            return
        newest = next((one for one in reversed(self._waiting) if one.act != "undo"), ENTER)
        if edit.act == "undo" and newest != ENTER:
            self._waiting.remove(newest)
        if not self._waiting:
            self._progress.begin()
        self._waiting, self._blocks, self._dirty = [*self._waiting, edit], 0, True

    def end(self) -> None:
        """Wait for nothing: the moment before all changes comes back."""
        self._waiting.clear()

    def block_shown(self, ready: ReadyBlock) -> None:
        """Follow the shown frames."""
        before, self._share = self._share, self._progress.share()
        self._blocks = self._blocks + 1 if self._share == before else 0
        edited = ready.block.edited
        if (edited and edited.act != "forget") or ready.block.notice:
            done = _rank(edited, self._waiting) if edited else 0
            is_undone = [one.act for one in self._waiting[done : done + 1]] == ["undo"]
            if is_undone and edited and edited.act != "undo":
                return  # it was done before it was cancelled
            # what came before it was shown at the same time, or is still under way
            del self._waiting[done if is_undone else 0 : done + 1]
            if is_undone:  # a change that followed it was told in its stead
                there = [(one.kind, one.color) for one in ready.block.placed]
                self._waiting = [one for one in self._waiting if (one.kind, one.color) not in there]
            self._progress.begin()
            self._dirty = True
        if self._blocks >= MOST_BLOCKS * (BEGUN if self._share else 1):
            self._waiting.clear()

    def update(self, now: float) -> bool:
        """Move the light."""
        is_dirty, self._dirty = self._dirty, False
        return bool(self._waiting) and (self._progress.update(now) or is_dirty)

    def draw_under(self, surface: pygame.Surface) -> None:
        """Draw a frame of light around a part that changes, and words beside it, or inside."""
        if not self._waiting:
            return
        edit, theme = self._waiting[0], self._hud.theme(surface)
        if edit == ENTER:  # the other room is not there yet
            surface.blit(shade(surface.get_size()), (0, 0))
        card = self._card(theme, Card(column(*self._lines(), gap=8, align=0.5)))
        spec = self._reel.current.spec
        picture = fit((spec.frame_width, spec.frame_height), surface.get_size(), self._fit_mode)
        seen = self._place(edit, picture).clip(picture).clip(surface.get_rect())
        if not seen.width or not seen.height:  # out of sight
            seen = surface.get_rect()
        light = 0.5 + 0.5 * math.sin(2 * math.pi * time.perf_counter() / PULSE_S)
        frame = theme.rounded(seen.size, (*ACCENT, round(90 + 150 * light)), 12, line=4)
        if edit.act != "relight":  # which changes no part of the picture, but all of it
            surface.blit(frame, seen)
        words = _words_at(card.get_rect(), seen, surface.get_rect(), theme.px(GAP))
        for area in self.covered:
            if area.colliderect(words):
                words.centery = _beside(area, surface.get_height())
        surface.blit(card, words)

    def _lines(self) -> Iterator[Part | None]:
        """Yield what is under way, how far it is, and what comes after it."""
        edit, *others = self._waiting
        words = f"Painting {words_of(edit)} ..." if edit.act == "place" else PAINTING
        yield Text(WORDS.get(edit.act, words), 15, ACCENT, bold=True)
        if edit.act != "undo":
            yield self._progress.part(BAR)
        names = [WHAT.get(one.act, words_of(one)) for one in others]
        if names:
            yield Text(f"then: {', then '.join(names)}", 13, MUTED)
        if self.names_undo:
            cancels = CANCELS.format(self._undo_key, names[-1] if names else "").strip()
            yield Text(cancels, 13, MUTED)

    def _place(self, edit: Edit, picture: pygame.Rect) -> pygame.Rect:
        """Return where a change lies in the window; the whole picture if it is larger than that."""
        pose, crop = self._reel.pose, self._reel.crop
        if edit.act == "undo" or edit.width >= pose.fov:
            return picture
        degree = picture.width / crop[2] / pose.fov  # px
        place = pygame.Rect(0, 0, round(edit.width * degree), round(edit.height * degree))
        x, y = shown_at((edit.yaw, edit.pitch), pose, crop, tuple(picture))
        place.center = round(x), round(y)
        return place


def _words_at(words: pygame.Rect, seen: pygame.Rect, screen: pygame.Rect, gap: int) -> pygame.Rect:
    """Return where words lie: above a part of the picture, beside it, below or inside."""
    if seen.height > LARGE * screen.height:  # above the box that a player may type in
        middle = seen.centerx, round(seen.top + HIGH * seen.height)
        return words.move_to(center=middle).clamp(screen)
    spots = (
        words.move_to(midbottom=(seen.centerx, seen.top - gap)),
        words.move_to(midright=(seen.left - gap, seen.centery)),
        words.move_to(midleft=(seen.right + gap, seen.centery)),
        words.move_to(midtop=(seen.centerx, seen.bottom + gap)),
    )
    beside = (one.clamp(screen) for one in spots)
    inside = words.move_to(center=seen.center).clamp(screen)
    return next((one for one in beside if not one.colliderect(seen)), inside)


def _beside(box: pygame.Rect, height: int) -> int:
    """Return the middle of the larger part of a window above or below a box."""
    return box.top // 2 if box.top > height - box.bottom else (box.bottom + height) // 2


def _rank(edited: Edit, waiting: Sequence[Edit]) -> int:
    """Return the place of a change among those that are awaited: the likest, else the first."""
    for parts in (attrgetter("act", "kind", "color"), attrgetter("act")):
        alike = [rank for rank, one in enumerate(waiting) if parts(one) == parts(edited)]
        if alike:
            return alike[0]
    return 0
