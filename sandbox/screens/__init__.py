"""The protocol of screens, and where a screen may lead."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

import pygame

from mag_sandbox.controls.bindings import Bindings
from mag_sandbox.sandbox.play.parked_scene import ParkedScene
from mag_sandbox.sandbox.returns.prober import Prober
from mag_sandbox.sandbox.settings import SettingsStore
from mag_sandbox.scenes import Scene


class Way(Enum):
    """Where a screen may lead without saying more."""

    LEAVE = "close the game"
    TITLE = "park the session and choose again"
    BACK = "return to the screen before"
    RETRY = "load the world again, or begin the scene again, after a failure"
    SCRIPT_OVER = "the script or recording has been played"


@dataclass(frozen=True, slots=True)
class PlayScene:
    """Play a scene from its beginning."""

    scene: Scene
    seed: int | None = None  # None: the scene's own


@dataclass(frozen=True, slots=True)
class PlaySplit:
    """Continue the session beside another memory policy that continues from there, too."""

    scene: Scene
    seed: int
    beside: str  # the other policy
    moment: "Future[ParkedScene]"  # to go on from


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

    recording: Path


@dataclass(frozen=True, slots=True)
class GoBack:
    """Go on from a moment that was played in another world."""

    moment: ParkedScene


class ScreenServices(Protocol):
    """The services of the game that a screen over another one uses."""

    settings: SettingsStore
    bindings: Bindings
    prober: Prober


@dataclass(frozen=True, slots=True)
class LayOver:
    """Show another screen over this one, until it leads back."""

    make: "Callable[[ScreenServices], Screen]"


Outcome = Way | LayOver | PlayScene | PlaySplit | SwitchWorld | Continue | GoBack | Watch


class Screen(Protocol):
    """One screen; the app shows one at a time, on one thread."""

    outcome: Outcome | None  # where to go from here; None: stay

    @property
    def wake_at(self) -> float | None:
        """When `update` has something to do, without events [s]; None: no hurry."""

    def handle(self, event: pygame.Event) -> None:
        """Take one event."""

    def update(self, now: float) -> bool:
        """Move on to `now`; True if the picture changed."""

    def draw(self, surface: pygame.Surface) -> None:
        """Draw everything."""


class Overlay:
    """Something drawn over the picture; it takes no input and changes only when asked to."""

    @property
    def wake_at(self) -> float | None:
        """When `update` has something to do, without events [s]; None: no hurry."""
        return None

    def handle(self, event: pygame.Event) -> bool:  # noqa: ARG002 -- for subclasses
        """Take an event before the screen does; True if nothing else shall."""
        return False

    def dismiss(self) -> bool:
        """Put away what the player opened; False if there is nothing."""
        return False

    def update(self, now: float) -> bool:  # noqa: ARG002 -- for subclasses
        """Move on to `now`; True if the picture changed."""
        return False

    def draw_under(self, surface: pygame.Surface) -> None:
        """Draw what lies on the picture itself, below everything else."""

    def draw(self, surface: pygame.Surface) -> None:
        """Draw it, if there is something to see."""
