"""Runs the app for one playthrough, once the display is chosen. Imports pygame only then."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mag_sandbox.model.world import Progress, World, WorldFailed
from mag_sandbox.sandbox.play.events import SessionObserver
from mag_sandbox.sandbox.play.session import CommandSource, Playthrough
from mag_sandbox.sandbox.settings import load_settings
from mag_sandbox.sandbox.x_server import check_display

if TYPE_CHECKING:  # imports pygame, which must see the display settings first
    from mag_sandbox.sandbox.app import RunSummary
    from mag_sandbox.sandbox.screens.play import MakeSession


def run_app(
    load: Callable[[Progress], World],
    playthrough: Playthrough,
    observers: Sequence[SessionObserver],
    source: CommandSource | None,
    *,
    seconds: float | None,
    headless: bool,
    session: "MakeSession | None" = None,
) -> "RunSummary":
    """Run the app for one playthrough until it closes, or raise WorldFailed or DisplayError."""
    choose_display(headless=headless)
    from mag_sandbox.sandbox import app

    more = {} if session is None else {"session": session}
    summary = app.run(
        load, playthrough, load_settings(), observers, source=source, seconds=seconds, **more
    )
    if summary.error is not None:
        raise WorldFailed(summary.error)
    return summary


def choose_display(*, headless: bool) -> None:
    """Set the video and sound drivers that pygame reads when it is first imported."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    if headless:
        os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"
    else:
        check_display()
