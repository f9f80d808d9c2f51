"""The window: opens it and brings frames onto it without stretching. Knows nothing of worlds."""

import functools
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pygame

from mag_sandbox.sandbox.settings import DisplayError, FitMode, ScaleMode
from mag_sandbox.sandbox.ui.theme import BACKDROP, REFERENCE_SIZE, odd_rows, printable

GLOW = (0.2, 0.36, 0.6)  # brightness of the bars beside the picture, from outside in
_Bar = tuple[pygame.Surface, pygame.Rect]
MAX_CUT = 0.12  # share of the picture that filling the window may cut
GAME = "MAG sandbox"
ICON = 64  # px, of its sign
UNSEEN = ("dummy", "offscreen")  # drivers that SDL falls back on where there is no display
TITLE_BAR = 40  # px
OPENS = 2 / 3  # of the screen's width or height: the size of a new window on a large screen
VEIL = 150  # opacity, of 255
Size = tuple[int, int]  # px


@contextmanager
def window(
    size: tuple[int, int], words: str = "", *, sized: bool = True
) -> Iterator[pygame.Surface]:
    """Open a resizable window for as long as the block lasts; see `name_window`.

    Args:
        size: of the window [px].
        words: of its title.
        sized: whether the size is meant; else it is larger on a large screen.

    Raises:
        DisplayError: there is no display.
    """
    try:
        pygame.display.init()
        pygame.font.init()
        driver = pygame.display.get_driver()
        if driver in UNSEEN and os.environ.get("SDL_VIDEODRIVER") != driver:
            raise pygame.error("no display answers")
        if driver == "x11":  # 10 times faster than OpenGL without a GPU
            os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        opened = size if sized else opening_size(size)
        pygame.display.set_icon(icon())
        surface = pygame.display.set_mode(opened, pygame.RESIZABLE)
        pygame.key.stop_text_input()  # an input method would swallow letters that are keys here
    except pygame.error as error:
        pygame.display.quit()
        raise DisplayError(
            f"no window can be opened ({error}); start it in a desktop session or use --headless"
        ) from None
    name_window(words)
    try:
        yield surface
    finally:
        pygame.font.quit()
        pygame.display.quit()


def icon() -> pygame.Surface:
    """Draw the game's sign: a ring that closes around a hill at dusk."""
    large = 4 * ICON
    sign = pygame.Surface((large, large), pygame.SRCALPHA)
    middle, unit = (large // 2, large // 2), large / 64
    pygame.draw.circle(sign, (30, 38, 66), middle, round(31 * unit))
    hill = [(x * unit, y * unit) for x, y in ((14, 44), (26, 27), (35, 37), (41, 31), (50, 44))]
    pygame.draw.polygon(sign, (86, 204, 160), hill)
    pygame.draw.circle(sign, (244, 246, 252), (round(42 * unit), round(22 * unit)), round(4 * unit))
    pygame.draw.circle(sign, (240, 178, 60), middle, round(30 * unit), round(5 * unit))
    arrow = [(x * unit, y * unit) for x, y in ((41, 1), (57, 10), (44, 21))]
    pygame.draw.polygon(sign, (240, 178, 60), arrow)
    return pygame.transform.smoothscale(sign, (ICON, ICON))


def opening_size(asked: Size, desktop: Size | None = None) -> Size:
    """Return the size of a new window: on a large screen two thirds of it, if none was asked for.

    On a small screen it fits, with its title bar.
    """
    if asked != REFERENCE_SIZE:
        return asked
    width, height = desktop or pygame.display.get_desktop_sizes()[0]
    room = min(width / asked[0], height / asked[1])
    fits = min(room, (height - TITLE_BAR) / asked[1])
    factor = min(fits, max(1.0, room * OPENS))
    return round(asked[0] * factor), round(asked[1] * factor)


def fits_screen(size: Size, desktop: Size | None = None) -> bool:
    """Tell whether a window of a size fits on the screen; where there is none, all do."""
    if desktop is None:
        if pygame.display.get_driver() in UNSEEN:
            return True
        desktop = pygame.display.get_desktop_sizes()[0]
    return size[0] <= desktop[0] and size[1] <= desktop[1]


def toggle_fullscreen(size: Size = REFERENCE_SIZE) -> None:
    """Fill the screen, or go back; also where no window manager helps. There may be no screen.

    `size` is that of the window to go back to, where nothing else remembers it; see `window`.
    """
    if pygame.display.get_driver() in UNSEEN:
        return
    if window_surface().get_flags() & pygame.NOFRAME:  # it was filled without help
        _open_in_middle(size)
        return
    with warnings.catch_warnings(action="ignore"):  # that the window is made anew
        done = pygame.display.toggle_fullscreen()
        if done == 1 or pygame.display.get_driver() != "x11":
            return
        pygame.display.toggle_fullscreen()  # it believes to be full
    pygame.display.set_mode(pygame.display.get_desktop_sizes()[0], pygame.NOFRAME)
    pygame.display.set_window_position((0, 0))


def resize(size: Size) -> None:
    """Make the window as large as a new one of this size would be, unless it fills the screen."""
    if pygame.display.get_driver() not in UNSEEN and open_size():
        _open_in_middle(size)


def open_size() -> Size | None:
    """Return the size of the window; None: it fills the screen, or there is none."""
    surface = pygame.display.get_surface()
    fills = pygame.NOFRAME | pygame.FULLSCREEN
    return None if surface is None or surface.get_flags() & fills else surface.get_size()


def _open_in_middle(size: Size) -> None:
    surface = pygame.display.set_mode(opening_size(size), pygame.RESIZABLE)
    screen = pygame.Rect((0, 0), pygame.display.get_desktop_sizes()[0])
    pygame.display.set_window_position(surface.get_rect(center=screen.center).topleft)


def name_window(words: str = "") -> None:
    """Name the scene in the window's title; nothing: the game alone."""
    pygame.display.set_caption(printable(f"{words} · {GAME}" if words else GAME))


def window_surface() -> pygame.Surface:
    """Return the window's surface; the window must be open."""
    surface = pygame.display.get_surface()
    assert surface is not None
    return surface


def fit(
    frame_size: tuple[int, int], window_size: tuple[int, int], mode: FitMode = "whole"
) -> pygame.Rect:
    """Return where to show a frame without stretching it.

    "whole" leaves bars; "fill" cuts what lies outside, unless that is too much.
    """
    ratios = [inside / size for inside, size in zip(window_size, frame_size, strict=True)]
    fills = mode == "fill" and max(ratios) <= min(ratios) * (1 + MAX_CUT)
    ratio = max(ratios) if fills else min(ratios)
    rect = pygame.Rect(0, 0, *(max(1, round(size * ratio)) for size in frame_size))
    rect.center = window_size[0] // 2, window_size[1] // 2
    return rect


def share_of(position: tuple[int, int], area: pygame.Rect) -> tuple[float, float]:
    """Return where a position lies in an area, as shares of its width and height."""
    return (position[0] - area.left) / area.width, (position[1] - area.top) / area.height


class Picture:
    """Brings frames onto a surface: scaled without stretching, perhaps a part of each.

    >>> picture = Picture("whole", "smooth")
    >>> _ = picture.draw(surface, frame)
    >>> _ = picture.draw(surface, frame, (0.1, 0.05, 0.9, 0.9))  # less of the same frame
    """

    def __init__(self, fit_mode: FitMode = "whole", scale_mode: ScaleMode = "smooth") -> None:
        self.fit_mode, self.scale_mode = fit_mode, scale_mode
        # A part of a frame that was drawn: the frame, scaled, the part, its place in the window.
        self.placed: tuple[pygame.Surface, pygame.Surface, pygame.Rect, pygame.Rect] | None = None
        self._shown: tuple[np.ndarray, pygame.Surface] | None = None  # a frame, as a picture
        self._scaled: pygame.Surface | None = None  # kept: new memory costs more than scaling
        self._is_scaled = False  # whether that is the frame
        self._bars: tuple[tuple[int, int], tuple[_Bar, ...]] | None = None  # by the window's size

    def draw(
        self,
        surface: pygame.Surface,
        frame: np.ndarray,
        crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
    ) -> None:
        """Draw a frame, or a crop of it: left, top, width, height, as shares of the frame's.

        Bars beside it glow in the colours of its edges.
        """
        height, width = frame.shape[:2]
        self.placed = None
        rect = fit((width, height), surface.get_size(), self.fit_mode)
        if self._shown is None or self._shown[0] is not frame:
            self._shown = frame, flat_picture(frame).convert(surface)
            self._is_scaled, self._bars = False, None
        picture = self._shown[1]
        left, top, across, along = crop
        size = round(rect.width / across), round(rect.height / along)
        if surface.get_rect().contains(rect):
            self._draw_bars(surface, picture, rect)
            if size == rect.size:
                self._scale(picture, surface.subsurface(rect))
                return
        if self._scaled is None or self._scaled.get_size() != size:
            self._scaled, self._is_scaled = odd_rows(size, surface), False
        if not self._is_scaled:
            self._scale(picture, self._scaled)
            self._is_scaled = True
        corner = round(left * size[0]), round(top * size[1])
        shown = pygame.Rect(corner, rect.size).clamp(self._scaled.get_rect())  # both were rounded
        surface.blit(self._scaled, rect, shown)
        self.placed = picture, self._scaled, shown, rect

    def _draw_bars(
        self, surface: pygame.Surface, picture: pygame.Surface, rect: pygame.Rect
    ) -> None:
        size = surface.get_size()
        if self._bars is None or self._bars[0] != size:
            self._bars = size, tuple(_bars(surface, picture, rect))
        surface.blits(self._bars[1], doreturn=False)

    def _scale(self, picture: pygame.Surface, into: pygame.Surface) -> None:
        sharp = self.scale_mode == "sharp"
        scale = pygame.transform.scale if sharp else pygame.transform.smoothscale
        scale(picture, into.get_size(), into)


def flat_picture(pixels: np.ndarray) -> pygame.Surface:
    """Return pixels, uint8 [H, W, 3], as a surface that may share their memory."""
    size = pixels.shape[1], pixels.shape[0]
    return pygame.image.frombuffer(np.ascontiguousarray(pixels), size, "RGB")


def _bars(surface: pygame.Surface, picture: pygame.Surface, rect: pygame.Rect) -> Iterator[_Bar]:
    """Yield the bars beside the picture: dark, glowing along its edges."""
    width, height = surface.get_size()
    right, bottom = width - rect.right, height - rect.bottom
    bars = {
        "left": pygame.Rect(0, 0, rect.left, height),
        "right": pygame.Rect(rect.right, 0, right, height),
        "top": pygame.Rect(0, 0, width, rect.top),
        "bottom": pygame.Rect(0, rect.bottom, width, bottom),
    }
    for side, bar in bars.items():
        if bar.width > 0 and bar.height > 0:
            into = odd_rows(bar.size, picture)
            yield pygame.transform.smoothscale(_edge(picture, side), bar.size, into), bar


def _edge(picture: pygame.Surface, side: str) -> pygame.Surface:
    """Return the darkened colours along one side of the picture, a few pixels in all."""
    width, height = picture.get_size()
    across = side in ("left", "right")
    area = {
        "left": (0, 0, 16, height),
        "right": (width - 16, 0, 16, height),
        "top": (0, 0, width, 16),
        "bottom": (0, height - 16, width, 16),
    }[side]
    edge = pygame.transform.smoothscale(picture.subsurface(area), (3, 12) if across else (20, 3))
    levels = GLOW if side in ("left", "top") else GLOW[::-1]
    for place, level in enumerate(levels):
        line = (place, 0, 1, 12) if across else (0, place, 20, 1)
        shade = round(255 * level)
        edge.fill((shade, shade, shade), line, special_flags=pygame.BLEND_RGB_MULT)
    return edge


@functools.lru_cache(maxsize=4)
def shade(size: tuple[int, int]) -> pygame.Surface:
    """Return a dark veil, laid over a picture that waits."""
    veil = pygame.Surface(size, pygame.SRCALPHA)
    veil.fill((*BACKDROP, VEIL))
    return veil
