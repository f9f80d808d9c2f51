"""Turns a page's messages into pygame's events."""

from collections.abc import Iterator

import pygame

from mag_sandbox.controls.keys import PAD_AXES
from mag_sandbox.sandbox.browser.messages import (
    FocusLost,
    FromPage,
    KeyPress,
    MouseButton,
    PadButton,
    PointerMove,
    StickMove,
    TextWritten,
    WheelTurn,
)
from mag_sandbox.sandbox.play.player_input import FULL_TILT

MODIFIERS = {
    "shift": pygame.KMOD_LSHIFT,
    "ctrl": pygame.KMOD_LCTRL,
    "alt": pygame.KMOD_LALT,
    "meta": pygame.KMOD_LMETA,
}


class PageInput:
    """Turns messages into events.

    >>> page = PageInput()
    >>> [event] = page.events(TextWritten("a hill"))
    >>> event.text
    'a hill'
    """

    def __init__(self) -> None:
        self._at = (0, 0)  # of the pointer
        self._buttons = (0, 0, 0)

    def events(self, message: FromPage) -> Iterator[pygame.Event]:
        """Yield the events of a message; none where it is not about input."""
        match message:
            case KeyPress():
                yield from _key_events(message)
            case TextWritten(text=text):
                yield pygame.Event(pygame.TEXTINPUT, text=text)
            case PointerMove(x=x, y=y, buttons=held):
                self._buttons = held & 1, held >> 1 & 1, held >> 2 & 1
                yield from self._moved((x, y))
            case MouseButton(x=x, y=y, button=button, down=down):
                yield from self._moved((x, y))
                kind = pygame.MOUSEBUTTONDOWN if down else pygame.MOUSEBUTTONUP
                yield pygame.Event(kind, pos=(x, y), button=button, touch=False)
            case WheelTurn(x=x, y=y):
                yield pygame.Event(pygame.MOUSEWHEEL, x=x, y=y, flipped=False)
            case PadButton(button=button, down=down):
                kind = pygame.CONTROLLERBUTTONDOWN if down else pygame.CONTROLLERBUTTONUP
                yield pygame.Event(kind, button=button, instance_id=0)
            case StickMove(axis=axis, value=value) if axis < len(PAD_AXES):
                level = round(value * FULL_TILT)
                yield pygame.Event(
                    pygame.CONTROLLERAXISMOTION, axis=axis, value=level, instance_id=0
                )
            case FocusLost():
                yield pygame.Event(pygame.WINDOWFOCUSLOST)

    def _moved(self, place: tuple[int, int]) -> Iterator[pygame.Event]:
        if place != self._at:
            way = place[0] - self._at[0], place[1] - self._at[1]
            self._at = place
            yield pygame.Event(
                pygame.MOUSEMOTION, pos=place, rel=way, buttons=self._buttons, touch=False
            )


def _key_events(message: KeyPress) -> Iterator[pygame.Event]:
    if message.again and not any(pygame.key.get_repeat()):
        return
    try:
        key = pygame.key.key_code(message.name)
    except ValueError:  # a key that SDL has no name for
        return
    mod = sum(value for name, value in MODIFIERS.items() if getattr(message, name))
    kind = pygame.KEYDOWN if message.down else pygame.KEYUP
    yield pygame.Event(kind, key=key, mod=mod, unicode="", scancode=0)
