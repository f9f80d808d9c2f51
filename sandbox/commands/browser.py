"""`play --browser`: the game in a page, for machines without a display and for other machines."""

import getpass
import os
import signal
import socket
import sys
import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection as Pipe
from typing import TYPE_CHECKING

from mag_sandbox.command_line import Say
from mag_sandbox.files.border import Refusal
from mag_sandbox.files.folders import data_folder
from mag_sandbox.model.remote.address import is_loopback
from mag_sandbox.model.world import WorldFailed
from mag_sandbox.process import configure_logging, describe_unexpected, end_process
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.commands.options import PAGES_PORT, PlayOptions
from mag_sandbox.sandbox.launch import choose_display
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.settings import load_settings
from mag_sandbox.scenes import Scene

if TYPE_CHECKING:  # imports pygame, which must see the display settings first, and an extra
    from mag_sandbox.model.remote.serving import ListenAddress
    from mag_sandbox.sandbox.browser.page_view import PageView
    from mag_sandbox.sandbox.game import PlayerGame

LEFT_S = 30.0  # for the game of a killed server to keep its place
AGAIN_S = 0.2  # between two looks whether it has


def run_browser(
    options: PlayOptions, choice: WorldChoice, playthrough: Playthrough | None, say: Say
) -> int:
    """Serve pages until told to end, each with a game of its own."""
    try:
        from mag_sandbox.model.remote.serving import ListenAddress, serve
        from mag_sandbox.sandbox.browser.server import PagesConfig, PageServer
    except ImportError as error:
        raise WorldFailed(
            f"playing in a browser needs more packages ({error}); run `pip install -e '.[remote]'`"
        ) from error
    if options.record:
        raise WorldFailed("--record writes one session, and pages are several; press F10 to record")
    port = PAGES_PORT if options.browser is None else options.browser
    token_file = None if options.url else options.token_file
    address = ListenAddress(options.host, port, token_file, options.tls_cert, options.tls_key)
    config = PagesConfig(options.max_sessions, address.token())
    if address.warning:
        say(address.warning)
    with closing(PageServer(partial(play_page, choice, playthrough), config)) as server:
        serve(server.app, address, partial(report_pages, say, address))
    return 0


def play_page(choice: WorldChoice, playthrough: Playthrough | None, pipe: Pipe) -> None:
    """Play the game of a page, in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server tells it when to end
    configure_logging()
    choose_display(headless=True)
    from mag_sandbox.sandbox import app
    from mag_sandbox.sandbox.browser.page_view import PageView

    view = PageView(pipe, app.wake)
    try:
        _play(view, choice, playthrough)
        view.end("")
    except Refusal as error:
        view.end(str(error))
    except Exception as error:
        view.end(describe_unexpected(error))
        sys.exit(end_process(1))
    end_process(0)


def _play(view: "PageView", choice: WorldChoice, playthrough: Playthrough | None) -> None:
    from mag_sandbox.sandbox import app
    from mag_sandbox.sandbox.browser.link import read_link
    from mag_sandbox.sandbox.game import PlayerGame
    from mag_sandbox.sandbox.keyed_screens import load_player_bindings
    from mag_sandbox.sandbox.screens import Watch

    settings, folder, keys = load_settings(), data_folder(), load_player_bindings()
    game = PlayerGame(choice, settings, folder, keys, notify=app.wake, view=view)
    first: Playthrough | Watch | None = playthrough
    if link := read_link(view.opening.link, choice.name):
        if link.recording:
            first = Watch(link.recording)
        else:
            first = _place(game, link.scene, link.seed, waits=view.opening.returns)
    summary = app.play(game, first)
    if summary.error is not None and not summary.frames:
        raise WorldFailed(summary.error)


def _place(game: "PlayerGame", scene: Scene, seed: int, *, waits: bool) -> Playthrough:
    """Return where a place was left, or its beginning.

    The game of a server that was killed may still be keeping it: then this waits.
    """
    from mag_sandbox.sandbox.screens import Continue

    until = time.monotonic() + LEFT_S
    while True:
        left = [
            entry
            for entry in game.services.saves.scenes.entries()
            if entry.header and not entry.header.slot
            and (entry.header.scene.prompt, entry.header.seed) == (scene.prompt, seed)
        ]  # fmt: skip
        free = [entry for entry in left if not entry.played_elsewhere]
        if free:
            return game.playthrough(Continue(free[0].id))
        if not (left and waits and time.monotonic() < until):
            return Playthrough(scene, seed)
        time.sleep(AGAIN_S)


def report_pages(say: Say, address: "ListenAddress", port: int) -> None:
    """Say where the page is, and how to reach it over SSH."""
    name = socket.gethostname()
    names = {"127.0.0.1": "localhost", "0.0.0.0": name, "::": name}
    url = replace(address, host=names.get(address.host, address.host)).url(port, "http")
    say(f"open {url} in a browser; Ctrl+C ends it")
    if (line := tunnel(port)) and is_loopback(address.host):
        say(f"from your machine, run this first: {line}")
    sys.stdout.flush()


def tunnel(port: int) -> str:
    """Return the command that leads a port of the player's machine here; "": this is not SSH."""
    connection = os.environ.get("SSH_CONNECTION", "").split()
    if len(connection) != 4:
        return ""
    name = connection[2] if connection[2] not in ("127.0.0.1", "::1") else socket.gethostname()
    door = "" if connection[3] == "22" else f" -p {connection[3]}"
    return f"ssh -N{door} -L {port}:localhost:{port} {getpass.getuser()}@{name}"
