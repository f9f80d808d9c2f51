"""Pictures on cards and behind them: checked, read once, cropped. Knows no screens."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pygame

from mag_sandbox.files.border import Refusal, refusing
from mag_sandbox.files.pictures import check_side, read_picture
from mag_sandbox.sandbox.ui.display import flat_picture
from mag_sandbox.sandbox.ui.theme import BACKDROP, Theme

logger = logging.getLogger(__name__)
MAX_BYTES = 4 * 1024 * 1024  # our pictures are far smaller
MAX_SIDE = 4096  # px
MAX_PICTURES = 64  # kept as read; 0.2 MiB each
MAX_CUTS = 160  # kept in the size they are shown
RADIUS = 12  # of the corners
DAWN = (44, 54, 92)  # upper end of a tile without a picture


class PictureError(Refusal, ValueError):
    """A picture is missing, too large or not a PNG; one sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class FreshPicture:
    """A picture that is not on the disk yet."""

    pixels: np.ndarray  # uint8 [H, W, 3]


PictureSource = Path | FreshPicture
CutKey = tuple[PictureSource | None, tuple[int, int], bool]


class Thumbnails:
    """Rounded pictures of one size and another, each cut once.

    >>> thumbnails = Thumbnails()
    """

    def __init__(self) -> None:
        self._pictures: OrderedDict[PictureSource, pygame.Surface | None] = OrderedDict()
        self._stamps: dict[Path, int] = {}  # when the files were changed
        self._cuts: OrderedDict[CutKey, pygame.Surface] = OrderedDict()

    def refresh(self) -> bool:
        """Drop pictures whose files were written since; True if there are any."""
        old = {path for path, stamp in self._stamps.items() if _changed(path) != stamp}
        for path in old:
            del self._stamps[path]
            self._pictures.pop(path, None)
        for key in [key for key in self._cuts if key[0] in old]:
            del self._cuts[key]
        return bool(old)

    def rounded(
        self, theme: Theme, source: PictureSource | None, size: tuple[int, int]
    ) -> pygame.Surface:
        """Return the picture with smooth corners; a tile where there is none. Shared."""
        return self._kept(
            (source, size, theme.high_contrast),
            lambda: _round(theme, self.cover(source, size), RADIUS),
        )

    def cover(
        self, source: PictureSource | None, size: tuple[int, int], blur: int = 0
    ) -> pygame.Surface:
        """Return the picture cut and scaled to fill `size`, not stretched; fresh."""
        picture = self._picture(source)
        if picture is None:
            return _tile(size)
        return cover(pygame.transform.gaussian_blur(picture, blur) if blur else picture, size)

    def _picture(self, source: PictureSource | None) -> pygame.Surface | None:
        if source is None:
            return None
        if source not in self._pictures:
            self._pictures[source] = self._read(source)
            _drop_oldest(self._pictures, MAX_PICTURES)
        return self._pictures[source]

    def _read(self, source: PictureSource) -> pygame.Surface | None:
        if isinstance(source, FreshPicture):
            return flat_picture(source.pixels)
        self._stamps[source] = _changed(source)
        try:
            return picture_surface(source)
        except PictureError as problem:
            logger.info("%s", problem)
            return None

    def _kept(self, key: CutKey, draw: Callable[[], pygame.Surface]) -> pygame.Surface:
        if key not in self._cuts:
            self._cuts[key] = draw()
            _drop_oldest(self._cuts, MAX_CUTS)
        self._cuts.move_to_end(key)
        return self._cuts[key]


def _changed(path: Path) -> int:
    """Return when a file was written last [ns]; 0: it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def picture_surface(path: Path) -> pygame.Surface:
    """Return a PNG of moderate size as a surface, or raise PictureError."""
    with refusing(lambda why: PictureError(f"{path}: cannot be read ({why})")):
        pixels = read_picture(path, check_side(MAX_SIDE), formats=("PNG",), most=MAX_BYTES)
    return flat_picture(pixels).convert()


def cover(picture: pygame.Surface, size: tuple[int, int]) -> pygame.Surface:
    """Return the middle of the picture, scaled to fill `size`."""
    width, height = picture.get_size()
    ratio = max(size[0] / width, size[1] / height)
    across, along = (max(1, round(length / ratio)) for length in size)
    cut = pygame.Rect(0, 0, min(width, across), min(height, along))
    cut.center = width // 2, height // 2
    return pygame.transform.smoothscale(picture.subsurface(cut.clamp(picture.get_rect())), size)


def _tile(size: tuple[int, int]) -> pygame.Surface:
    """Return a tile for cards without a picture: dusk and a hill."""
    strip = pygame.Surface((1, 2))
    strip.set_at((0, 0), DAWN)
    strip.set_at((0, 1), BACKDROP)
    tile = pygame.transform.smoothscale(strip.convert(24), size)
    width, height = size
    hill = [(0, height), (0, height * 0.74), (width * 0.3, height * 0.6)]
    hill += [(width * 0.62, height * 0.78), (width, height * 0.66), (width, height)]
    pygame.draw.polygon(tile, (22, 28, 48), hill)
    return tile


def _round(theme: Theme, picture: pygame.Surface, radius: float) -> pygame.Surface:
    rounded = picture.convert_alpha()
    mask = theme.rounded(picture.get_size(), (255, 255, 255), radius)
    rounded.blit(mask, (0, 0), special_flags=pygame.BLEND_RGBA_MULT)
    return rounded


def _drop_oldest(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
