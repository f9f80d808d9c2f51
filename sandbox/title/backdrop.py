"""The large picture behind the title: of the card in focus, fading from one to the next."""

from pathlib import Path

import pygame

from mag_sandbox.sandbox.title.cards import draw_backdrop
from mag_sandbox.sandbox.ui.theme import Theme
from mag_sandbox.sandbox.ui.thumbnails import Thumbnails
from mag_sandbox.sandbox.ui.widgets import Glide


class TitleBackdrop:
    """Draws the picture behind everything.

    backdrop = TitleBackdrop(Thumbnails())
    backdrop.draw(surface, theme, card.picture)
    """

    def __init__(self, thumbnails: Thumbnails) -> None:
        self._thumbnails = thumbnails
        self._shown: tuple[Path | None, pygame.Surface] | None = None
        self._before: pygame.Surface | None = None  # the picture that the newest one replaces
        self._fade = Glide(1.0)

    @property
    def is_moving(self) -> bool:
        """Whether one picture fades into another."""
        return self._fade.is_moving

    def update(self, now: float) -> bool:
        """Fade on; True if it looks different."""
        return self._fade.update(now)

    def forget(self) -> None:
        """Draw anew: the window has another size, or the look has changed."""
        self._shown, self._before = None, None

    def draw(self, surface: pygame.Surface, theme: Theme, path: Path | None) -> None:
        """Draw a picture, at first faintly over the one before."""
        if self._shown is None or self._shown[0] != path:
            self._before = self._shown[1] if self._shown else None
            self._shown = path, draw_backdrop(theme, self._thumbnails, path, surface.get_size())
            self._fade.jump(0.0 if self._before else 1.0)
            self._fade.to(1.0)
        picture = self._shown[1]
        if self._fade.is_moving and self._before:
            surface.blit(self._before, (0, 0))
            picture.set_alpha(round(255 * self._fade.value))
        else:
            picture.set_alpha(None)
        surface.blit(picture, (0, 0))
