"""What the title screen needs from the rest of the game: plain protocols and callables."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pygame

from sandbox.title_model import TitleModel
from scenes import Scene, load_scene
from scenes.scene import MAX_SEED


class Writing(Protocol):
    """A card to write a prompt on, as `prompt_box.PromptBox` is one."""

    is_open: bool
    wake_at: float | None

    def open(self, prompt: str) -> None:
        """Show it with a text to begin from."""

    def handle(self, event: pygame.Event) -> bool:
        """Take one event; True if nothing else shall."""

    def update(self, now: float) -> bool:
        """Move on; True if it looks different."""

    def draw(self, surface: pygame.Surface) -> None:
        """Draw it, if it is open."""


@dataclass(frozen=True, slots=True)
class TitleActions:
    """What the title screen has done for it; failures are OSError or ValueError, one sentence.

    Attributes:
        model: lists everything anew.
        writing: makes a card to write a prompt on, which gives it to what it is given.
        fork, delete_parked: of a parked scene, by its id.
        export: makes a video of a recording, beside the game.
        delete_recording: by its path.
        delete_scene: of the player's own, by its key.
    """

    model: Callable[[], TitleModel]
    writing: Callable[[Callable[[str], None]], Writing]
    fork: Callable[[str], object] = lambda parked: None
    delete_parked: Callable[[str], object] = lambda parked: None
    export: Callable[[Path], object] = lambda path: None
    delete_recording: Callable[[Path], object] = lambda path: None
    delete_scene: Callable[[str], object] = lambda key: None
    load_scene: Callable[[str], Scene] = load_scene
    toggle_fullscreen: Callable[[], object] = pygame.display.toggle_fullscreen
    seed: Callable[[], int] = field(default=lambda: secrets.randbelow(MAX_SEED))
