"""What the title screen needs from the rest of the game: plain protocols and callables."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pygame

from mag_sandbox.model.loading import available_policies
from mag_sandbox.sandbox.saves.save_queue import DiskUse
from mag_sandbox.sandbox.title.listing import TitleListing
from mag_sandbox.sandbox.ui.amounts import bytes_text
from mag_sandbox.sandbox.ui.widgets import Button
from mag_sandbox.scenes import Scene, load_scene
from mag_sandbox.scenes.scene import MAX_SEED


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
        listing: lists everything anew.
        writing: makes a card to write a prompt on, which gives it to what it is given.
        fork, delete_parked: of a parked scene, by its id.
        export: makes a video of a recording, beside the game.
        delete_recording: by its path.
        keep_scene: lists what the player has written among the player's own.
        delete_scene: of the player's own, by its key.
    """

    listing: TitleListing
    writing: Callable[[Callable[[str], None]], Writing]
    fork: Callable[[str], object] = lambda parked: None
    delete_parked: Callable[[str], object] = lambda parked: None
    export: Callable[[Path], object] = lambda path: None
    delete_recording: Callable[[Path], object] = lambda path: None
    keep_scene: Callable[[Scene], object] = lambda scene: None
    delete_scene: Callable[[str], object] = lambda key: None
    load_scene: Callable[[str], Scene] = lambda key: load_scene(key, available_policies())
    toggle_fullscreen: Callable[[], object] = pygame.display.toggle_fullscreen
    seed: Callable[[], int] = field(default=lambda: secrets.randbelow(MAX_SEED))


class Asks(Protocol):
    """A screen that can ask something."""

    def ask(
        self, title: str, text: str, buttons: Sequence[Button], answered: Callable[[int], object]
    ) -> None:
        """Ask the player; `answered` hears of any button but the first."""


def ask_for_room(
    screen: Asks, use: DiskUse, budget_mib: int, delete: Callable[[str], object]
) -> None:
    """Let the player choose what goes when parked scenes take more than they should."""
    if not use.entries:
        return
    names = ", ".join(f"{entry.name} ({bytes_text(entry.bytes)})" for entry in use.entries)
    text = (
        f"Saved places take {bytes_text(use.total_bytes)}, more than the {budget_mib} "
        f"MiB you set. Left longest ago: {names}."
    )

    def answered(answer: int) -> None:
        for entry in use.entries if answer else ():
            delete(entry.id)

    buttons = (Button("Keep all"), Button("Forget these", kind="danger"))
    screen.ask("Saved places need space", text, buttons, answered)
