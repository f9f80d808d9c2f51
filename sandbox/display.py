"""The window: opens it and brings frames onto it without stretching. Knows nothing of worlds."""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pygame

from sandbox.settings import DisplayError, FitMode, ScaleMode
from sandbox.theme import BACKDROP

GLOW = (0.06, 0.2, 0.55)  # brightness of the bars beside the picture, from outside in
MAX_CUT = 0.12  # share of the picture that filling the window may cut


@contextmanager
def window(size: tuple[int, int], title: str) -> Iterator[pygame.Surface]:
    """Open a resizable window for as long as the block lasts.

    Raises:
        DisplayError: there is no display.
    """
    try:
        pygame.display.init()
        pygame.font.init()
        if pygame.display.get_driver() == "x11":  # 10 times faster than OpenGL without a GPU
            os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        surface = pygame.display.set_mode(size, pygame.RESIZABLE)
    except pygame.error as error:
        raise DisplayError(
            f"no window can be opened ({error}); start it in a desktop session or use --headless"
        ) from None
    pygame.display.set_caption(title)
    try:
        yield surface
    finally:
        pygame.font.quit()
        pygame.display.quit()


def fit(
    frame_size: tuple[int, int], window_size: tuple[int, int], mode: FitMode = "whole"
) -> pygame.Rect:
    """Return where to show a frame without stretching it.

    Args:
        frame_size: width and height of the frame [px].
        window_size: of the window [px].
        mode: "whole" leaves bars; "fill" cuts what lies outside, unless that is too much.
    """
    ratios = [inside / size for inside, size in zip(window_size, frame_size, strict=True)]
    fills = mode == "fill" and max(ratios) <= min(ratios) * (1 + MAX_CUT)
    ratio = max(ratios) if fills else min(ratios)
    rect = pygame.Rect(0, 0, *(max(1, round(size * ratio)) for size in frame_size))
    rect.center = window_size[0] // 2, window_size[1] // 2
    return rect


def draw_frame(
    surface: pygame.Surface,
    frame: np.ndarray,
    fit_mode: FitMode = "whole",
    scale_mode: ScaleMode = "smooth",
) -> None:
    """Scale a frame onto the surface; bars beside it glow in the colours of its edges.

    Args:
        surface: the window.
        frame: uint8 [H, W, 3].
        fit_mode: show all of it, or fill the window.
        scale_mode: how to enlarge by a factor that is no whole number.
    """
    height, width = frame.shape[:2]
    picture = pygame.image.frombuffer(np.ascontiguousarray(frame), (width, height), "RGB")
    picture = picture.convert(surface)
    rect = fit((width, height), surface.get_size(), fit_mode)
    whole = rect.width % width == 0 and rect.height % height == 0
    sharp = whole or scale_mode == "sharp"
    scale = pygame.transform.scale if sharp else pygame.transform.smoothscale
    if surface.get_rect().contains(rect):
        _draw_bars(surface, picture, rect)
        scale(picture, rect.size, surface.subsurface(rect))
    else:
        surface.blit(scale(picture, rect.size), rect)


def _draw_bars(surface: pygame.Surface, picture: pygame.Surface, rect: pygame.Rect) -> None:
    """Fill what the picture leaves free; dark bars that glow where they touch it."""
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
            pygame.transform.smoothscale(_edge(picture, side), bar.size, surface.subsurface(bar))


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
def shade(size: tuple[int, int], strength: int = 150) -> pygame.Surface:
    """Return a dark veil, laid over a picture that waits."""
    veil = pygame.Surface(size, pygame.SRCALPHA)
    veil.fill((*BACKDROP, strength))
    return veil
