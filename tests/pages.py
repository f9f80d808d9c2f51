"""A server of pages on this machine's loopback, whose games play a world without networks.

with Pages() as pages, pages.visit() as page:
    page.open()
    header, coded = page.frame()
"""

import json
import socket
import struct
import threading
from contextlib import ExitStack
from functools import partial
from multiprocessing.context import BaseContext
from unittest.mock import patch

from websockets.sync.client import connect

from mag_sandbox.model.remote import serving
from mag_sandbox.model.remote.serving import ListenAddress, make_server, open_listener
from mag_sandbox.sandbox import choice
from mag_sandbox.sandbox.browser import server
from mag_sandbox.sandbox.browser.messages import PROTOCOL
from mag_sandbox.sandbox.browser.server import PagesConfig, PageServer
from mag_sandbox.sandbox.commands import browser
from mag_sandbox.sandbox.settings import SandboxConfig
from tests.doubles import WALKING, ZOOMING, FakeWorld
from tests.forks import FORKS
from tests.patience import PATIENCE, eventually


def play_fake(pipe, spec=ZOOMING) -> None:
    """Play as the game does, with a world that needs no weights; in a game's own process."""
    browser.load_settings = lambda: SandboxConfig(scale="smooth", muted=True)
    choice.load_world = lambda name, memory, **options: FakeWorld(memory, spec=spec)
    browser.play_page(choice.WorldChoice(), None, pipe)


def play_walking(pipe) -> None:
    """Likewise, with a world to walk in."""
    play_fake(pipe, WALKING)


class Pages:
    """A server that runs; its games are forks, if nothing else is said."""

    def __init__(
        self,
        play=play_fake,
        *,
        port: int = 0,
        gate: ListenAddress | None = None,
        processes: BaseContext = FORKS,
        **more,
    ) -> None:
        gate = gate or ListenAddress(port=port)
        self.config = PagesConfig(**{"token": gate.token()} | more)
        self.pages = PageServer(play, self.config)
        with patch.object(serving, "PONG_S", PATIENCE):
            self._server = make_server(self.pages.app, gate)
        self._listener = open_listener(gate)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://localhost:{self.port}/"
        run = partial(self._server.run, [self._listener])
        self._thread = threading.Thread(target=run, daemon=True)
        self._patches = (
            patch.object(server, "PROCESSES", processes),
            patch.object(server, "OPENING_S", PATIENCE),
        )

    def __enter__(self) -> "Pages":
        for one in self._patches:
            one.start()
        self._thread.start()
        eventually(lambda: self._server.started)
        return self

    def __exit__(self, *failure) -> None:
        for connection in list(self._server.server_state.connections):
            connection.loop.call_soon_threadsafe(connection.transport.abort)
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(PATIENCE)
        for game in self.games:
            game.process.kill()  # leaving takes a while
        self.pages.close()
        for one in self._patches:
            one.stop()

    @property
    def games(self):
        """The games that there are."""
        return list(self.pages._games.values())

    def visit(self, **options) -> "Visit":
        """Return a client that speaks as the page does; see `visit`."""
        return visit(self.port, **options)


def visit(port, *, origin=None, protocols=(PROTOCOL,), host=None) -> "Visit":
    """Return a client of a server on this machine, that says that it comes from elsewhere."""
    host = host or f"localhost:{port}"
    line = socket.create_connection(("127.0.0.1", port), PATIENCE)
    origin = f"http://{host}" if origin is None else origin
    return Visit(
        connect(
            f"ws://{host}/game",
            sock=line,
            origin=origin,
            subprotocols=list(protocols),
            max_size=None,
            compression=None,
            open_timeout=PATIENCE,
            close_timeout=1.0,
            ping_interval=None,  # a busy machine may not answer in time
        )
    )


class Visit:
    """A page without a browser."""

    def __init__(self, connection) -> None:
        self._open = ExitStack()
        self.socket = self._open.enter_context(connection)
        self.told: list[dict] = []  # of messages that are no pictures

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *failure) -> None:
        self._open.close()

    def say(self, kind: str, **values) -> None:
        self.socket.send(json.dumps({"is": kind, **values}))

    def open(self, width=640, height=400, **values) -> None:
        self.say("opening", width=width, height=height, **values)

    def hear(self, kind: str) -> dict:
        """Wait for a message that is no picture."""
        while True:
            said = self.socket.recv(PATIENCE)
            if isinstance(said, str):
                self.told.append(json.loads(said))
                if self.told[-1]["is"] == kind:
                    return self.told[-1]

    def frame(self, *, answers: bool = True) -> tuple[dict, bytes]:
        """Wait for the next picture, and say that it is shown."""
        while True:
            said = self.socket.recv(PATIENCE)
            if isinstance(said, str):
                self.told.append(json.loads(said))
                continue
            (length,) = struct.unpack_from("<I", said)
            header = json.loads(said[4 : 4 + length])
            if answers:
                self.say("frameshown", number=header["number"])
            return header, said[4 + length :]

    def play(self) -> dict:
        """Wait until the screen of play is shown."""
        while not (header := self.frame()[0])["plays"]:
            pass
        return header
