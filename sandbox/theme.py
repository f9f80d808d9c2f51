"""Colours, fonts and cards of the display, sized to the window; text is rendered once."""

import functools

import pygame

REFERENCE_SIZE = (1280, 720)  # px; sizes below are for this window
MIN_SCALE, MAX_SCALE = 0.72, 2.5
MIN_FONT = 11  # px
LEADING = 1.15
RADIUS = 14
SUPERSAMPLING = 3  # smooth corners
FONTS = ("dejavusans", "segoeui", "helveticaneue", "notosans", "liberationsans", "arial")

INK = (244, 246, 252)
MUTED = (184, 193, 214)
FAINT = (104, 114, 140)
CARD = (13, 17, 30, 204)
DENSE_CARD = (13, 17, 30, 236)
EDGE = (255, 255, 255, 26)
TRACK = (255, 255, 255, 34)
BACKDROP = (8, 10, 18)
ACCENT = (240, 178, 60)
GOOD = (86, 204, 160)
BAD = (232, 110, 70)
SEGMENT_COLOURS = {  # after Okabe and Ito: told apart with any colour vision
    "sink": (204, 121, 167),
    "compressed": (86, 180, 233),
    "raw": (230, 159, 0),
    "look-ahead": (0, 158, 115),
    "current": (245, 245, 245),
}


class Theme:
    """Everything that depends on the size of the window."""

    def __init__(self, window_size: tuple[int, int]) -> None:
        across, along = (
            size / full for size, full in zip(window_size, REFERENCE_SIZE, strict=True)
        )
        self.scale = min(MAX_SCALE, max(MIN_SCALE, min(across, along)))
        self._fonts: dict[tuple[int, bool], pygame.font.Font] = {}
        self._texts = functools.lru_cache(maxsize=512)(self._render)

    def px(self, length: float) -> int:
        """Return a length of the reference window in pixels of this one."""
        return max(1, round(length * self.scale))

    def text(
        self, text: str, size: int = 15, colour: tuple[int, ...] = INK, *, bold: bool = False
    ) -> pygame.Surface:
        """Return a line of text; the same one is rendered once."""
        return self._texts(text, size, colour, bold)

    def wrap(self, text: str, width: int, lines: int, size: int = 15) -> list[str]:
        """Break text into lines of `width` pixels, at most so many; the rest becomes "..."."""
        font, broken = self._font(size), [""]
        for word in text.split():
            longer = f"{broken[-1]} {word}".strip()
            if font.size(longer)[0] <= width or not broken[-1]:
                broken[-1] = longer
            else:
                broken.append(word)
        if len(broken) <= lines:
            return broken
        last = broken[lines - 1]
        while last and font.size(f"{last}...")[0] > width:
            last = last[:-1].rstrip()
        return [*broken[: lines - 1], f"{last}..."]

    def line_height(self, size: int = 15) -> int:
        """Return the distance of two lines of text [px]."""
        return round(self._font(size).get_linesize() * LEADING)

    def card(self, size: tuple[int, int], *, dense: bool = False) -> pygame.Surface:
        """Return a fresh card with smooth corners; a dense one hides the picture."""
        return _card(size, self.px(RADIUS), DENSE_CARD if dense else CARD).copy()

    def rounded(
        self, size: tuple[int, int], colour: tuple[int, ...], radius: float, *, line: float = 0
    ) -> pygame.Surface:
        """Return a smooth rounded rectangle, filled or (with a `line` width) outlined. Shared."""
        return _rounded(size, colour, self.px(radius), self.px(line) if line else 0)

    def _render(self, text: str, size: int, colour: tuple[int, ...], bold: bool) -> pygame.Surface:
        return self._font(size, bold).render(text, True, colour)

    def _font(self, size: int, bold: bool = False) -> pygame.font.Font:
        wanted = max(MIN_FONT, self.px(size)), bold
        if wanted not in self._fonts:
            self._fonts[wanted] = pygame.font.Font(_font_file(bold), wanted[0])
        return self._fonts[wanted]


@functools.cache
def _font_file(bold: bool) -> str | None:
    return pygame.font.match_font(FONTS, bold)  # None: the font that comes with pygame


@functools.lru_cache(maxsize=32)
def _card(size: tuple[int, int], radius: int, colour: tuple[int, ...]) -> pygame.Surface:
    card = _rounded(size, colour, radius, 0).copy()
    card.blit(_rounded(size, EDGE, radius, 1), (0, 0))
    return card


@functools.lru_cache(maxsize=128)
def _rounded(
    size: tuple[int, int], colour: tuple[int, ...], radius: int, line: int
) -> pygame.Surface:
    large = pygame.Surface([length * SUPERSAMPLING for length in size], pygame.SRCALPHA)
    large.fill((*colour[:3], 0))  # the same colour outside, so that smoothing darkens no edge
    corner, width = radius * SUPERSAMPLING, line * SUPERSAMPLING
    pygame.draw.rect(large, colour, large.get_rect(), width, border_radius=corner)
    return pygame.transform.smoothscale(large, size).convert_alpha()
