"""The server of pages: gives each page a game in a process of its own, and carries messages.

pygame has one display per process, and a game that crashes or is killed takes no other one with it.
A game outlives its page's connection for a while, so that a page that is reloaded, or whose
connection was cut, goes on. A game whose server has ended saves its place and ends.
"""

import asyncio
import base64
import binascii
import logging
import multiprocessing
import queue
import secrets
import threading
from asyncio import Task
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import SpawnProcess
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from mag_sandbox.files.border import Refusal
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.address import is_loopback
from mag_sandbox.model.remote.server import (
    DENIED,
    FORBIDDEN,
    IDLE_S,
    KEEP_S,
    OPENING_S,
    OUTDATED,
    REFUSED,
    SENDING_S,
    AdmissionQueue,
    HeldSession,
    SocketConnection,
    token_problem,
)
from mag_sandbox.sandbox.browser.messages import (
    PROTOCOL,
    TOKEN,
    FromPage,
    Opening,
    PageError,
    PageSeen,
    decode,
    encode,
)

logger = logging.getLogger(__name__)
PROCESSES = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
FILES = {"/": "page.html", "/page.js": "page.js", "/page.css": "page.css", "/icon.png": "icon.png"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
LEAVE = b"leave"  # to a game: keep the place and end
ENDING_S = 60.0  # for a game to keep its place [s]
MOST_WAITING = 1024  # messages that a game has not read yet
MOST_UNSENT = 1024  # messages that a page has not read yet
STOPPED = "the game stopped unexpectedly; what was saved last is on its title"
Play = Callable[[Pipe], object]  # the first message is the page's opening


@dataclass(frozen=True, slots=True)
class PagesConfig:
    """The services of a page server, and who may use them."""

    places: int = 2  # games at once
    token: str = ""  # that pages must send; "": none
    replicas: int = 1  # of this server, beside each other
    keep_s: float = KEEP_S  # a game outlives its connection [s]
    idle_s: float = IDLE_S  # without a message, after which the place is given to others [s]


class PageConnection(SocketConnection):
    """A page's WebSocket."""

    def __init__(self, socket: WebSocket, replicas: int) -> None:
        super().__init__(socket)
        self._replicas = replicas
        self._unsent: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def receive(self) -> FromPage:
        """Return the page's next message.

        Raises:
            PageError: it breaks the protocol.
            WebSocketDisconnect: the page is gone.
        """
        try:
            return decode(await self._socket.receive_text())
        except KeyError:
            raise PageError("bytes, where messages are text") from None

    async def send(self, message: object) -> None:
        """Send a message as text.

        Raises:
            TimeoutError: the page does not read it.
            WebSocketDisconnect: the page is gone.
        """
        async with asyncio.timeout(SENDING_S):
            if isinstance(message, wire.Queued):
                status = {"is": "queued", "position": message.position, "places": message.places}
                status["replicas"] = self._replicas
                await self._socket.send_text(encode(status).decode())
            elif isinstance(message, bytes):
                await self._send_of_game(message)
            else:
                await self._socket.send_text(encode(message).decode())

    def pass_on(self, message: bytes | None) -> None:
        """Send a message of the game later, in order; None: there are no more."""
        if self._unsent.qsize() < MOST_UNSENT:
            self._unsent.put_nowait(message)

    async def send_waiting(self) -> None:
        """Send messages as they are passed on, until there are no more.

        Raises:
            TimeoutError: the page does not read it.
            WebSocketDisconnect: the page is gone.
        """
        while (message := await self._unsent.get()) is not None:
            await self.send(message)
        await self.close()

    async def refuse(self, sentence: str) -> None:
        """Send a refusal and close."""
        with suppress(Exception):  # the page may be gone
            await self.send({"is": "ended", "sentence": sentence})
        await self.close(REFUSED)

    async def _send_of_game(self, message: bytes) -> None:
        if message[:1] == b"{":
            await self._socket.send_text(message.decode())
        else:
            await self._socket.send_bytes(message[1:])  # without the byte that marks it as binary


@dataclass(eq=False, slots=True, kw_only=True)
class PageGame(HeldSession[PageConnection]):
    """A game in a process of its own."""

    opening: Opening
    pipe: Pipe
    process: SpawnProcess
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    unread: "queue.Queue[bytes]" = field(default_factory=lambda: queue.Queue(MOST_WAITING))

    def tell(self, message: bytes) -> None:
        """Send a message to the game, or raise PageError if it reads none."""
        try:
            self.unread.put_nowait(message)
        except queue.Full:
            raise PageError("the game does not answer") from None

    def write(self) -> None:
        """Write messages to the game until it ends; on a thread of its own."""
        with suppress(OSError):
            while self.process.is_alive():
                with suppress(queue.Empty):
                    self.pipe.send_bytes(self.unread.get(timeout=1.0))


class PageServer:
    """Serves the page and its games; `app` is the ASGI application.

    server = PageServer(play, PagesConfig(places=2))
    serve(server.app, ListenAddress(), say)
    server.close()
    """

    def __init__(self, play: Play, config: PagesConfig) -> None:
        """Set what a game's process calls, and to whom games are given."""
        self._play, self._config = play, config
        self._queue = AdmissionQueue(config.places)
        self._games: dict[str, PageGame] = {}
        pages = [Route(path, self._file) for path in FILES]
        check = Route("/token", self._check)
        self.app = Starlette(routes=[*pages, check, WebSocketRoute("/game", self._handle)])

    def close(self) -> None:
        """Ask all games to save their places and end."""
        games = list(self._games.values())
        for game in games:
            with suppress(PageError):
                game.tell(LEAVE)
        for game in games:
            game.process.join(ENDING_S)
            game.process.kill()

    async def _file(self, request: Request) -> Response:
        path = Path(__file__).with_name(FILES[request.url.path])
        return FileResponse(path, headers=HEADERS)

    async def _check(self, request: Request) -> Response:
        """Say whether a page may play: it cannot read why its WebSocket is refused."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        refusal = self._refusal_of_host(request) or self._refusal_of_token(given)
        return refusal or Response(status_code=204, headers=HEADERS)

    async def _handle(self, socket: WebSocket) -> None:
        if refusal := self._refusal(socket):
            await socket.send_denial_response(refusal)
            return
        await socket.accept(PROTOCOL)
        connection, game = PageConnection(socket, self._config.replicas), None
        try:
            async with asyncio.timeout(OPENING_S):
                opening = await connection.receive()
            if not isinstance(opening, Opening):
                raise PageError("another message before the opening")
            game = self._left_by(opening) or await self._begin(opening, connection)
            await self._attach(game, opening, connection)
            await self._serve(game, connection)
        except (WebSocketDisconnect, TimeoutError):
            await connection.close()
        except Refusal as error:
            await connection.refuse(str(error))
        finally:
            if game is not None and game.connection is connection:
                self._keep_for_a_while(game)

    def _refusal(self, socket: WebSocket) -> PlainTextResponse | None:
        """Return the refusal of a page, before any message of it is read; None: accepted."""
        origin, host = socket.headers.get("origin", "").lower(), socket.headers.get("host", "")
        if not host or origin not in (f"http://{host}".lower(), f"https://{host}".lower()):
            return _plain("only the server's own page can play here", FORBIDDEN)
        offered = socket.scope["subprotocols"]
        coded = next((one[len(TOKEN) :] for one in offered if one.startswith(TOKEN)), "")
        refusal = self._refusal_of_host(socket) or self._refusal_of_token(_decoded(coded))
        if refusal or PROTOCOL in offered:
            return refusal
        return _plain("the page is of another version; load it again", OUTDATED)

    def _refusal_of_host(self, request: HTTPConnection) -> PlainTextResponse | None:
        """Refuse foreign host names: any name can be made to resolve to this machine."""
        if self._config.token or is_loopback(_host_name(request)):
            return None
        return _plain("without a token, the page is at http://localhost", FORBIDDEN)

    def _refusal_of_token(self, given: str) -> PlainTextResponse | None:
        why = token_problem(given, self._config.token)
        return _plain(f"{why}; it is in its --token-file", DENIED) if why else None

    def _left_by(self, opening: Opening) -> PageGame | None:
        """Return the game that a page continues: its own, or one left in the same browser."""
        if opening.session in self._games:
            return self._games[opening.session]
        for game in self._games.values():
            left = game.connection is None and game.expiry is not None
            asked = game.opening.browser, game.opening.link
            if left and opening.browser and asked == (opening.browser, opening.link):
                return game
        return None

    async def _begin(self, opening: Opening, connection: PageConnection) -> PageGame:
        """Start a game for an admitted page.

        Raises:
            Refusal: the queue is full.
        """
        await self._queue.enter(connection)
        ours, theirs = PROCESSES.Pipe()
        process = PROCESSES.Process(target=self._play, args=(theirs,), name="game of a page")
        try:
            process.start()
        except BaseException:
            self._queue.leave()
            raise
        finally:
            theirs.close()
        game = PageGame(opening=opening, pipe=ours, process=process)
        self._games[game.id] = game
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(game, loop), daemon=True).start()
        threading.Thread(target=game.write, daemon=True).start()
        logger.info("a page has come; %d of %d", len(self._games), self._config.places)
        return game

    async def _attach(self, game: PageGame, opening: Opening, connection: PageConnection) -> None:
        await game.attach(connection)
        connection.pass_on(encode({"is": "session", "session": game.id}))
        game.tell(encode(opening))

    def _read(self, game: PageGame, loop: asyncio.AbstractEventLoop) -> None:
        """Pass on what a game sends, until it ends; on a thread of its own."""
        with suppress(EOFError, OSError, RuntimeError):  # the loop may be closed
            while True:
                data = game.pipe.recv_bytes()
                loop.call_soon_threadsafe(self._pass_on, game, data)
        game.process.join()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._ended, game)

    def _pass_on(self, game: PageGame, data: bytes) -> None:
        if game.connection is not None:
            game.connection.pass_on(data)

    def _ended(self, game: PageGame) -> None:
        if self._games.pop(game.id, None) is None:
            return
        if game.expiry:
            game.expiry.cancel()
        if game.connection:
            if game.process.exitcode:
                game.connection.pass_on(encode({"is": "ended", "sentence": STOPPED}))
            game.connection.pass_on(None)
        self._queue.leave()
        logger.info("a page has left; %d of %d", len(self._games), self._config.places)

    def _keep_for_a_while(self, game: PageGame) -> None:
        game.connection = None
        if game.id in self._games:
            with suppress(PageError):
                game.tell(encode(PageSeen(yes=False)))
            loop = asyncio.get_running_loop()
            game.expiry = loop.call_later(self._config.keep_s, self._end, game)

    def _end(self, game: PageGame) -> None:
        """Ask a game to save its place and end; its slot is free afterwards."""
        game.expiry = None  # no page goes on with it
        with suppress(PageError):
            game.tell(LEAVE)
        loop = asyncio.get_running_loop()
        loop.call_later(ENDING_S, game.process.kill)

    async def _serve(self, game: PageGame, connection: PageConnection) -> None:
        """Carry messages until the page leaves, is cut off, or is idle for too long."""
        both: tuple[Task[None], ...] = (
            asyncio.ensure_future(connection.send_waiting()),
            asyncio.ensure_future(self._receive(game, connection)),
        )
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for one in both:
                if one.done():
                    one.result()
        finally:
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _receive(self, game: PageGame, connection: PageConnection) -> None:
        while True:
            try:
                async with asyncio.timeout(self._config.idle_s):
                    message = await connection.receive()
            except TimeoutError:
                self._end(game)
                raise PageError("nothing happened for a long time; your place is kept") from None
            if isinstance(message, Opening):
                raise PageError("a second opening on one connection")
            game.tell(encode(message))


def _host_name(request: HTTPConnection) -> str:
    """Return the name by which a page was asked for; "": none.

    `request.url` has this machine's own name where it takes the given one for no name, as with {.
    """
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _plain(sentence: str, status: int) -> PlainTextResponse:
    return PlainTextResponse(sentence, status, headers=HEADERS)


def _decoded(coded: str) -> str:
    try:
        return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""
