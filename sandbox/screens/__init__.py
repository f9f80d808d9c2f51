"""The protocol of screens, and where a screen may lead."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

import pygame

from mag_sandbox.controls.bindings import Action, Binding, Bindings
from mag_sandbox.sandbox.play.parked_scene import ParkedScene
from mag_sandbox.sandbox.recording.reader import Recording
from mag_sandbox.sandbox.returns.prober import Prober
from mag_sandbox.sandbox.settings import SettingsStore
from mag_sandbox.scenes import Scene


class Way(Enum):
    """Outcomes of a screen that need no details."""

    LEAVE = "close the game"
    TITLE = "park the session and choose again"
    BACK = "return to the screen before"
    PLACE = "return to the place that is compared under two memories"
    RETRY = "load the world again, or begin the scene again, after a failure"
    SCRIPT_OVER = "the script or recording has been played"


@dataclass(frozen=True, slots=True)
class PlayScene:
    """Play a scene from its beginning."""

    scene: Scene
    seed: int | None = None  # None: the scene's own


@dataclass(frozen=True, slots=True)
class PlaySplit:
    """Continue the session beside the same session with another memory."""

    scene: Scene
    seed: int
    world: str  # with the other memory; "": it is another policy of this world
    policy: str  # of the other memory; "": the one set for that world
    moment: "Future[ParkedScene]"  # to continue from


@dataclass(frozen=True, slots=True)
class SwitchWorld:
    """Switch to another world over the same weights."""

    world: str


@dataclass(frozen=True, slots=True)
class Continue:
    """Continue a parked scene."""

    parked: str  # its id


@dataclass(frozen=True, slots=True)
class Watch:
    """Play a recording again."""

    recording: Path | Recording  # its folder, or one that has none


@dataclass(frozen=True, slots=True)
class GoBack:
    """Continue from a moment in another world."""

    moment: ParkedScene


@dataclass(frozen=True, slots=True)
class OpenBox:
    """Return to the place that is compared under two memories, and open a box to write in."""

    action: Action  # that opens it


class ScreenServices(Protocol):
    """The services that screens over other screens use."""

    settings: SettingsStore
    bindings: Bindings
    prober: Prober


@dataclass(frozen=True, slots=True)
class LayOver:
    """Show another screen over this one until it ends."""

    make: "Callable[[ScreenServices], Screen]"
    binding: Binding | None = None  # the key that opens it in play; its name is the screen's


Outcome = Way | LayOver | PlayScene | PlaySplit | SwitchWorld | Continue | GoBack | OpenBox | Watch


class Screen(Protocol):
    """One screen; the app shows one at a time, on one thread."""

    outcome: Outcome | None  # where to go from here; None: stay

    @property
    def wake_at(self) -> float | None:
        """When `update` is due without an event [s]; None: at any time."""

    def handle(self, event: pygame.Event) -> None:
        """Take one event."""

    def update(self, now: float) -> bool:
        """Advance to `now`; True if the picture changed."""

    def draw(self, surface: pygame.Surface) -> None:
        """Draw everything."""


class Overlay:
    """Something drawn over the picture; by default it takes no input and never changes."""

    @property
    def wake_at(self) -> float | None:
        """When `update` is due without an event [s]; None: at any time."""
        return None

    @property
    def keeps_display(self) -> bool:
        """Whether the display must not fade now: what is said may be about it."""
        return False

    def handle(self, event: pygame.Event) -> bool:  # noqa: ARG002 -- for subclasses
        """Take an event before the screen does; True if the screen must not see it."""
        return False

    def dismiss(self) -> bool:
        """Close the overlay if the player opened it; False if there is nothing to close."""
        return False

    def update(self, now: float) -> bool:  # noqa: ARG002 -- for subclasses
        """Advance to `now`; True if the picture changed."""
        return False

    def draw_under(self, surface: pygame.Surface) -> None:
        """Draw onto the picture, below everything else."""

    def draw(self, surface: pygame.Surface) -> None:
        """Draw it, if there is something to see."""
