"""Where the game is shown and heard: a window, and this machine's sound.

`sandbox.browser` shows it in a page instead.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import pygame

from mag_sandbox.sandbox.audio import Output
from mag_sandbox.sandbox.play.late_warp import Shifter
from mag_sandbox.sandbox.screens import Screen
from mag_sandbox.sandbox.ui.display import resize, toggle_fullscreen, window


class View:
    """The window, and the sound of this machine.

    with view.opened((1280, 720)):
        screen.draw(window_surface())
        view.show(screen)
    """

    shifter: Shifter = "game"
    outputs: Sequence[type[Output]] | None = None  # of sound; None: what this machine has

    def opened(self, size: tuple[int, int], words: str = "") -> AbstractContextManager[object]:
        """Open the window for as long as the block lasts; see `window`."""
        return window(size, words, sized=False)

    def show(self, screen: Screen) -> None:  # noqa: ARG002 -- for subclasses
        """Show what the screen has drawn."""
        pygame.display.flip()

    def resize(self, size: tuple[int, int]) -> None:
        """Show the game in another size [px], unless it fills the screen."""
        resize(size)

    def toggle_fullscreen(self, size: tuple[int, int]) -> None:
        """Fill the screen, or go back to a window of a size [px]."""
        toggle_fullscreen(size)
