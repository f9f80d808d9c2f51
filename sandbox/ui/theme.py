"""Colours, fonts and cards of the display, sized to the window; text is rendered once.

Colours are asked for by their constant; a theme of high contrast draws its own in their place.
"""

import bisect
import functools
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pygame

from mag_sandbox.sandbox.settings import SandboxConfig

FONTS = Path(__file__).parents[2] / "assets" / "fonts"  # that come with the game

HANDHELD_SCALE = 3.0  # of text
REFERENCE_SIZE = (1280, 720)  # px; sizes below are for this window
SMALL_SIZE = (640, 400)  # px: everything fits here at MIN_SCALE, so larger text stops at its share
MIN_SCALE, MAX_SCALE = 0.72, 6.0
MIN_FONT = 11  # px
LEADING = 1.15
MAX_CUT = 600  # characters: longer lines fit no window
MAX_WRAPPED = 64  # texts whose lines are kept
RADIUS = 14
SUPERSAMPLING = 3  # smooth corners

INK = (244, 246, 252)
MUTED = (184, 193, 214)
FAINT = (104, 114, 140)
CARD = (13, 17, 30, 204)
DENSE_CARD = (13, 17, 30, 250)  # no text shows through it
EDGE = (255, 255, 255, 26)
TRACK = (255, 255, 255, 34)
BACKDROP = (8, 10, 18)
ACCENT = (240, 178, 60)
GOOD = (86, 204, 160)
BAD = (232, 110, 70)
RECORDING = (240, 72, 72)
HIGH_CONTRAST = {
    INK: (255, 255, 255),
    MUTED: (236, 240, 250),
    FAINT: (200, 208, 226),
    CARD: (0, 0, 0, 246),
    DENSE_CARD: (0, 0, 0, 255),
    EDGE: (255, 255, 255, 200),
    TRACK: (255, 255, 255, 96),
    BACKDROP: (0, 0, 0),
    ACCENT: (255, 214, 64),
    GOOD: (120, 244, 196),
    BAD: (255, 150, 116),
    RECORDING: (255, 110, 110),
}
SEGMENT_COLOURS = {  # after Okabe and Ito: told apart with any colour vision
    "sink": (204, 121, 167),
    "compressed": (86, 180, 233),
    "raw": (230, 159, 0),
    "look-ahead": (0, 158, 115),
    "packed-4x": (0, 114, 178),
    "packed-2x": (213, 94, 0),
    "psi": (240, 228, 66),
    "current": (245, 245, 245),
}


class Theme:
    """Everything that depends on the size of the window and on what the player can read.

    Args:
        window_size: of the window [px].
        text_scale: text and cards are larger by this, as far as the window has room.
        high_contrast: draw on black, in brighter colours.
    """

    is_handheld = False  # the screen is a small one in a hand: text is as large as fits

    def __init__(
        self, window_size: tuple[int, int], text_scale: float = 1.0, *, high_contrast: bool = False
    ) -> None:
        self.scale = _scale(window_size, text_scale)
        self.high_contrast = high_contrast
        # Neither refers to the theme, so it is freed at once.
        self._fonts = fonts = functools.cache(_font)
        self._texts = functools.lru_cache(maxsize=512)(
            lambda text, px, colour, bold: fonts(px, bold).render(printable(text), True, colour)
        )
        self._wrapped: dict[tuple[str, int, int, int, bool], tuple[str, ...]] = {}

    @classmethod
    def of(cls, settings: SandboxConfig, window_size: tuple[int, int]) -> "Theme":
        """Return the theme that the player has set, for a window of this size [px]."""
        text_scale = HANDHELD_SCALE if cls.is_handheld else settings.text_scale
        return cls(window_size, text_scale, high_contrast=settings.high_contrast)

    def colour(self, colour: tuple[int, ...]) -> tuple[int, ...]:
        """Return a colour of this module as this theme draws it."""
        return HIGH_CONTRAST.get(colour, colour) if self.high_contrast else colour

    def px(self, length: float) -> int:
        """Return a length of the reference window in pixels of this one."""
        return max(1, round(length * self.scale))

    def text(
        self, text: str, size: int = 15, colour: tuple[int, ...] = INK, *, bold: bool = False
    ) -> pygame.Surface:
        """Return a line of text; the same one is rendered once."""
        return self._texts(text, self._px_of(size), self.colour(colour), bold)

    def write(
        self,
        surface: pygame.Surface,
        text: str,
        size: int = 15,
        colour: tuple[int, ...] = INK,
        *,
        bold: bool = False,
        within: int | None = None,
        **place: tuple[float, float],
    ) -> pygame.Rect:
        """Draw a line of text and return where; `place` names a point of it: midleft=(x, y).

        Text wider than `within` pixels is cut, see `one_line`.
        """
        if within is not None:
            text = self.one_line(text, within, size, bold=bold)
        words = self.text(text, size, colour, bold=bold)
        rect = words.get_rect(**place)
        surface.blit(words, rect)
        return rect

    def wrap(
        self, text: str, width: int, lines: int, size: int = 15, *, bold: bool = False
    ) -> list[str]:
        """Break text into at most `lines` lines of `width` pixels; the rest becomes "..."."""
        key = text, width, lines, size, bold
        if key not in self._wrapped:
            if len(self._wrapped) == MAX_WRAPPED:
                self._wrapped.clear()
            self._wrapped[key] = tuple(self._break(*key))
        return list(self._wrapped[key])

    def _break(self, text: str, width: int, lines: int, size: int, bold: bool) -> list[str]:
        font, broken, words = self._font(size, bold), [""], printable(text).split()
        for place, word in enumerate(words):
            longer = f"{broken[-1]} {word}".strip()
            if font.size(longer)[0] <= width or not broken[-1]:
                broken[-1] = longer
            elif len(broken) == lines:
                return [
                    *broken[:-1],
                    self._cut(" ".join((broken[-1], *words[place:])), width, font),
                ]
            else:
                broken.append(word)
        return [self._cut(line, width, font) for line in broken]

    def one_line(self, text: str, width: int, size: int = 15, *, bold: bool = False) -> str:
        """Return text that is at most `width` pixels wide; what does not fit becomes "..."."""
        return self._cut(printable(text), width, self._font(size, bold))

    def line_height(self, size: int = 15) -> int:
        """Return the distance of two lines of text [px]."""
        return round(self._font(size).get_linesize() * LEADING)

    def card(self, size: tuple[int, int], *, dense: bool = False) -> pygame.Surface:
        """Return a fresh card with smooth corners; a dense one hides the picture."""
        fill = self.colour(DENSE_CARD if dense else CARD)
        return _card(size, self.px(RADIUS), fill, self.colour(EDGE)).copy()

    def rounded(
        self, size: tuple[int, int], colour: tuple[int, ...], radius: float, *, line: float = 0
    ) -> pygame.Surface:
        """Return a smooth rounded rectangle, filled or (with a `line` width) outlined. Shared."""
        line_width = self.px(line) if line else 0
        return _rounded(size, self.colour(colour), self.px(radius), line_width)

    def _cut(self, text: str, width: int, font: pygame.font.Font) -> str:
        if font.size(text)[0] <= width:
            return text
        shorter = [f"{text[:length].rstrip(' .')}..." for length in range(MAX_CUT)]
        fits = bisect.bisect_right(shorter, width, key=lambda line: font.size(line)[0])
        length = max(0, fits - 1)
        at_word = text.rfind(" ", 2 * length // 3, length + 1)  # else within a long word
        return shorter[length] if at_word < 0 else f"{text[:at_word].rstrip(' .,;')}..."

    def _font(self, size: int, bold: bool = False) -> pygame.font.Font:
        return self._fonts(self._px_of(size), bold)

    def _px_of(self, size: int) -> int:
        return max(MIN_FONT, self.px(size))


class CachedPicture:
    """A picture that is drawn again only when its content changes."""

    def __init__(self) -> None:
        self._drawn: tuple[object, pygame.Surface] | None = None

    def __call__(self, key: object, draw: Callable[[], pygame.Surface]) -> pygame.Surface:
        """Return the picture of some content, drawn now if its key is another."""
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = key, draw()
        return self._drawn[1]


class Themes:
    """Makes themes from the player's settings, and keeps the newest with its fonts."""

    def __init__(self, settings: Callable[[], SandboxConfig]) -> None:
        self._settings = settings
        self._made: tuple[object, Theme] | None = None

    def __call__(self, size: tuple[int, int]) -> Theme:
        """Return the theme for a window of this size."""
        settings = self._settings()
        key = size, settings.text_scale, settings.high_contrast
        if self._made is None or self._made[0] != key:
            self._made = key, Theme.of(settings, size)
        return self._made[1]


def printable(text: str) -> str:
    """Return text that any font can draw: a space for every character that is not to be seen."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _scale(window_size: tuple[int, int], text_scale: float) -> float:
    """Return the scale: never too small to read, never too large for the layout."""
    shares = [size / full for size, full in zip(window_size, REFERENCE_SIZE, strict=True)]
    roomy = [size / small for size, small in zip(window_size, SMALL_SIZE, strict=True)]
    most = max(MIN_SCALE, MIN_SCALE * min(roomy))
    return min(MAX_SCALE, max(MIN_SCALE, min(most, min(shares) * text_scale)))


def _font(px: int, bold: bool) -> pygame.font.Font:
    """Open the font at a size, from bytes, since every font would hold the file open."""
    return pygame.font.Font(BytesIO(_font_data(bold)), px)


@functools.cache
def _font_data(bold: bool) -> bytes:
    """Read the bundled font: looking for system fonts is slow and may fail."""
    return (FONTS / f"DejaVuSansCondensed{'-Bold' if bold else ''}.ttf").read_bytes()


def odd_rows(size: tuple[int, int], like: pygame.Surface) -> pygame.Surface:
    """Return a surface of the kind of another, with an odd number of pixels from row to row.

    Rows that all begin at multiples of 16 bytes are copied past the caches by SDL 2, which takes
    up to ten times as long where they are read again at once, as all of a display is.
    """
    width, height = size
    alpha = like.get_flags() & pygame.SRCALPHA
    return pygame.Surface((width | 1, height), alpha, like).subsurface((0, 0), size)


@functools.lru_cache(maxsize=32)
def _card(
    size: tuple[int, int], radius: int, colour: tuple[int, ...], edge: tuple[int, ...]
) -> pygame.Surface:
    fill = _rounded(size, colour, radius, 0)
    card = odd_rows(fill.get_size(), fill)
    card.blit(fill, (0, 0))
    card.blit(_rounded(size, edge, radius, 1), (0, 0))
    return card


@functools.lru_cache(maxsize=128)
def _rounded(
    size: tuple[int, int], colour: tuple[int, ...], radius: int, line: int
) -> pygame.Surface:
    """Draw small corners and stretch the rest: drawing a large one takes long."""
    width, height = max(1, size[0]), max(1, size[1])  # of a window of a few pixels something stays
    corner = radius + line + 1
    small = min(width, 2 * corner + 1), min(height, 2 * corner + 1)
    drawn = _smoothly_rounded(small, colour, radius, line)
    whole = pygame.Surface((width, height), pygame.SRCALPHA).convert_alpha()
    across, down = (
        list(zip(_parts(least, corner), _parts(length, corner), strict=True))
        for least, length in zip(small, (width, height), strict=True)
    )
    for (left, some), (x, wide) in across:
        for (top, few), (y, high) in down:
            part = drawn.subsurface((left, top), (some, few))
            whole.blit(pygame.transform.scale(part, (wide, high)), (x, y))
    return whole


def _parts(length: int, corner: int) -> list[tuple[int, int]]:
    """Return where a corner, the middle and the other corner begin, and how long they are."""
    if length <= 2 * corner:
        return [(0, length)]
    return [(0, corner), (corner, length - 2 * corner), (length - corner, corner)]


def _smoothly_rounded(
    size: tuple[int, int], colour: tuple[int, ...], radius: int, line: int
) -> pygame.Surface:
    large = pygame.Surface([length * SUPERSAMPLING for length in size], pygame.SRCALPHA)
    large.fill((*colour[:3], 0))  # the same colour outside, so that smoothing darkens no edge
    corner, width = radius * SUPERSAMPLING, line * SUPERSAMPLING
    pygame.draw.rect(large, colour, large.get_rect(), width, border_radius=corner)
    return pygame.transform.smoothscale(large, size).convert_alpha()
