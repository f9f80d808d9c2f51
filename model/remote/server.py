"""The server: an ASGI application that lets players in, one session each, and passes on blocks.

Whoever is let in speaks one WebSocket. A session outlives its connection for a while, so a player
who is cut off comes back to it. Nobody waits for anybody: what a slow or broken client costs is its
own connection. Knows nothing of how worlds are loaded; `engine.py` plays them.
"""

import asyncio
import hmac
import json
import logging
import secrets
import time
from asyncio import Event, Task, TimerHandle
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from mag_sandbox.files.border import Refusal, reason_of, refusing
from mag_sandbox.files.validation import parse_json, shortened
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.address import is_loopback
from mag_sandbox.model.remote.engine import Seat, Wish, WorldEngine
from mag_sandbox.model.remote.requests import do
from mag_sandbox.model.remote.states import PieceStore
from mag_sandbox.model.world import MIB, WorldFailed, WorldSpec

logger = logging.getLogger(__name__)
KEEP_S = 120.0  # that a session outlives its connection [s]
OPENING_S = 15.0  # for a client's first words [s]
IDLE_S = 900.0  # without a request, after which a place is given to others [s]
SENDING_S = 30.0  # for a part of a message: who reads more slowly is cut off [s]
MOST_WAITING = 64  # players in the line
MOST_KEPT_MIB = 2048  # of memory that a player may ask for, where the world needs no more
STATE_ROOM = 128 * MIB  # of a state, besides what memory keeps
MOST_REQUEST = 128 * MIB  # of pictures handed over, the largest
CLOSING_S = 1.0  # for a goodbye [s]
LEFT, REFUSED = 1000, 1008  # codes of WebSockets
DENIED, FORBIDDEN, OUTDATED = 401, 403, 426  # codes of HTTP


@dataclass(frozen=True, slots=True)
class House:
    """What a server offers, and to whom."""

    worlds: tuple[str, ...]  # that it plays, the first unless another is asked for
    places: int = 1  # sessions at once
    replicas: int = 1  # of this server, beside each other
    token: str = ""  # that players must know; "": none
    machine: str = ""  # what it is, for recordings
    threads: int | None = None  # of the processor, that all worlds share; None: any number
    kept_mib: int = MOST_KEPT_MIB  # of memory that a player may ask for
    keep_s: float = KEEP_S
    idle_s: float = IDLE_S


@dataclass(eq=False, slots=True)
class Visit:
    """A session."""

    id: str
    seat: Seat
    spec: WorldSpec
    provenance: bytes  # JSON: what the world said when it was loaded
    quality: int | None
    folder: TemporaryDirectory  # of its scene's picture
    store: PieceStore
    line: "Line | None"  # that it hears and answers on; None: it was cut off
    number: int = 0  # of the newest request
    answer: "Task[bytes] | None" = None  # to it
    timer: TimerHandle | None = None  # that ends it, while it is cut off


class Line:
    """A WebSocket that carries messages."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket, self._parts = socket, wire.Assembler(wire.MOST_OPENING)
        host = socket.client.host if socket.client else ""
        self.is_local = is_loopback(host)

    def allow(self, bytes: int) -> None:
        """Take messages as large as this from now on."""
        self._parts.most = bytes

    async def receive(self) -> Any:
        """Return what the client says.

        Raises:
            WireError: it is not what was agreed on.
            WebSocketDisconnect: it is gone.
        """
        message = None
        while message is None:
            try:
                message = self._parts.add(await self._socket.receive_bytes())
            except KeyError:
                raise wire.WireError("text, where messages are bytes") from None
        return wire.client_message(message)

    async def send(self, message: Any) -> None:
        """Say something."""
        await self.send_bytes(wire.encoded(message))

    async def send_bytes(self, message: bytes) -> None:
        """Send a message.

        Raises:
            TimeoutError: the client does not read it.
            WebSocketDisconnect: it is gone.
        """
        for part in wire.parts_of(message):
            async with asyncio.timeout(SENDING_S):
                await self._socket.send_bytes(part)

    async def refuse(self, sentence: str) -> None:
        """Say why not, and hang up."""
        with suppress(Exception):  # it may be gone
            await self.send(wire.Refused(sentence))
        await self.hang_up(REFUSED)

    async def hang_up(self, code: int = LEFT) -> None:
        """Close it, whether the client hears of it or not."""
        with suppress(Exception):
            async with asyncio.timeout(CLOSING_S):
                await self._socket.close(code)


@dataclass(eq=False, slots=True)
class Ticket:
    """A player in the line for a place."""

    called: Event = field(default_factory=Event)  # something has changed
    admitted: bool = False


class Lobby:
    """Places, and the line of those who wait for one."""

    def __init__(self, places: int) -> None:
        self.places, self._free = places, places
        self._tickets: list[Ticket] = []

    async def enter(self, line: Line) -> None:
        """Wait for a place, and say meanwhile how many are before.

        Raises:
            WorldFailed: the line is too long.
        """
        ticket = Ticket()
        self._tickets.append(ticket)
        self._call()
        if ticket.admitted:
            return
        if len(self._tickets) > MOST_WAITING:
            self._tickets.remove(ticket)
            raise WorldFailed(
                f"all {self.places} places are taken and {MOST_WAITING} players wait; try later"
            )
        hung_up = asyncio.ensure_future(line.receive())  # nothing is to be said while waiting
        try:
            await self._wait(ticket, line, hung_up)
        except BaseException:
            self._give_back(ticket)
            raise
        finally:
            hung_up.cancel()

    def leave(self) -> None:
        """Give a place to the next in the line."""
        self._free += 1
        self._call()

    async def _wait(self, ticket: Ticket, line: Line, hung_up: "asyncio.Future") -> None:
        while not ticket.admitted:
            ticket.called.clear()
            await line.send(wire.Waiting(self._tickets.index(ticket) + 1, self.places))
            called = asyncio.ensure_future(ticket.called.wait())
            await asyncio.wait({called, hung_up}, return_when=asyncio.FIRST_COMPLETED)
            called.cancel()
            if hung_up.done():
                hung_up.result()
                raise wire.WireError("a request before there is a session")

    def _give_back(self, ticket: Ticket) -> None:
        if ticket.admitted:
            self.leave()
        else:
            self._tickets.remove(ticket)
            self._call()

    def _call(self) -> None:
        while self._free and self._tickets:
            self._free -= 1
            first = self._tickets.pop(0)
            first.admitted = True
            first.called.set()
        for ticket in self._tickets:
            ticket.called.set()


class WorldServer:
    """Serves the worlds of an engine; `app` is the ASGI application.

    server = WorldServer(engine, House(("pocket",), places=2))
    uvicorn.run(server.app)
    """

    def __init__(self, engine: WorldEngine, house: House) -> None:
        self._engine, self._house = engine, house
        self._lobby = Lobby(house.places)
        self._visits: dict[str, Visit] = {}
        self.app = Starlette(routes=[WebSocketRoute("/", self._receive_player)])

    def close(self) -> None:
        """End the engine and close its worlds."""
        self._engine.close()

    async def _receive_player(self, socket: WebSocket) -> None:
        if refusal := self._refusal(socket):
            await socket.send_denial_response(refusal)
            return
        await socket.accept(wire.PROTOCOL)
        line, house = Line(socket), self._house
        visit = None
        try:
            players = len(self._visits)
            await line.send(wire.Hello(house.worlds[0], house.places, players, house.replicas))
            opening = await self._hear(line)
            if isinstance(opening, wire.Attach):
                await self._attend(opening, line)
                return
            visit = await self._admit(opening, line)
            line.allow(MOST_REQUEST)
            await line.send(wire.Welcome(visit.id, visit.spec, visit.provenance))
            await self._serve(visit, line)
        except (WebSocketDisconnect, TimeoutError):
            await line.hang_up()
        except Refusal as error:
            await line.refuse(str(error))
        finally:
            if visit is not None and visit.line is line:
                self._cut_off(visit)

    def _refusal(self, socket: WebSocket) -> PlainTextResponse | None:
        """Return what to tell a client that is not let in, before anything of it is read."""
        if "origin" in socket.headers:  # a page in a browser, which reaches loopback, too
            return PlainTextResponse("the server is for the game, not for web pages", FORBIDDEN)
        given = socket.headers.get("authorization", "").removeprefix("Bearer ")
        wanted = self._house.token
        if wanted and not hmac.compare_digest(given.encode(), wanted.encode()):
            why = "the server wants another token" if given else "the server wants a token"
            return PlainTextResponse(f"{why}; give --token-file with the one it has", DENIED)
        if wire.PROTOCOL not in socket.scope["subprotocols"]:
            spoken = ", ".join(map(shortened, socket.scope["subprotocols"])) or "nothing known"
            return PlainTextResponse(
                f"the server speaks {wire.PROTOCOL} and the client {spoken}; "
                "use the same version of the game on both",
                OUTDATED,
            )
        return None

    async def _hear(self, line: Line) -> "wire.Open | wire.Attach":
        """Return a client's first words.

        Raises:
            TimeoutError: there are none.
            WireError: they are others.
        """
        async with asyncio.timeout(OPENING_S):
            opening = await line.receive()
        if isinstance(opening, wire.Ask):
            raise wire.WireError("a request before there is a session")
        return opening

    async def _attend(self, opening: wire.Attach, line: Line) -> None:
        """Hand out pieces of snapshots while others play on.

        Raises:
            WireError: there is no such session, or something else is asked for.
        """
        visit = self._visits.get(opening.session)
        if visit is None:
            raise wire.WireError("there is no such session any more")
        while True:
            ask = await line.receive()
            if not isinstance(ask, wire.Ask) or not isinstance(ask.request, wire.Fetch):
                raise wire.WireError("a request that is for another line")
            await line.send(wire.Reply(ask.number, 0.0, _fetched(visit.store, ask.request)))

    async def _admit(self, opening: wire.Open, line: Line) -> Visit:
        """Return a session: the one that a client comes back to, or a new one in its turn.

        Raises:
            Refusal: what it wants is not to be had here.
        """
        visit = self._visits.get(opening.session)
        if visit is not None:
            await self._come_back(visit, line)
        else:
            wish = self._wish(opening)
            await self._lobby.enter(line)
            visit = await self._begin(opening, wish, line)
        return visit

    def _wish(self, opening: wire.Open) -> Wish:
        worlds, memory, quality = self._house.worlds, opening.memory, opening.quality
        world = opening.world or worlds[0]
        if world not in worlds:
            known = ", ".join(worlds)
            raise WorldFailed(f"the server plays no world {shortened(world)}; it plays {known}")
        if memory.kept_mib > self._house.kept_mib:
            raise WorldFailed(
                f"a memory of {memory.kept_mib} MiB is more than the server gives a player; "
                f"ask for at most {self._house.kept_mib}"
            )
        if quality is not None and not 1 <= quality <= 100:
            raise wire.WireError(f"a quality of {quality}")
        return Wish(world, memory, opening.look_ahead, self._execution(opening.execution))

    def _execution(self, asked: bytes | None) -> str | None:
        """Return how a world is to run; the number of threads is not one player's to choose."""
        if asked is None:
            return None
        with refusing(lambda why: wire.WireError(f"an execution that nobody can read ({why})")):
            execution = dict(parse_json(asked))
        threads = execution.get("threads")
        if self._house.threads is not None and threads != self._house.threads:
            raise WorldFailed(
                f"it ran on {shortened(threads)} threads, and the server on {self._house.threads}, "
                "which other players share; replay it elsewhere, or with --by psnr"
            )
        return json.dumps(execution, sort_keys=True)

    async def _begin(self, opening: wire.Open, wish: Wish, line: Line) -> Visit:
        """Load a world for a player who has a place; the place is given back if that fails."""
        seat = self._engine.seat(wish)

        def load() -> tuple[WorldSpec, bytes]:
            world = self._engine.world(seat)
            return world.spec, wire.as_json(world.provenance() | {"machine": self._house.machine})

        try:
            spec, provenance = await asyncio.wrap_future(self._engine.call(seat, load))
        except BaseException:
            self._free(seat)
            raise
        folder = TemporaryDirectory(prefix="mag-sandbox-")
        id = secrets.token_hex(16)
        store = PieceStore(wish.memory.kept_mib * MIB + STATE_ROOM)
        visit = Visit(id, seat, spec, provenance, opening.quality, folder, store, line)
        self._visits[id] = visit
        logger.info("a player has come; %d of %d", len(self._visits), self._house.places)
        return visit

    async def _come_back(self, visit: Visit, line: Line) -> None:
        """Let a player who was cut off go on on another line."""
        before, visit.line = visit.line, line
        if visit.timer:
            visit.timer.cancel()
            visit.timer = None
        if before is not None:
            await before.hang_up()

    def _cut_off(self, visit: Visit) -> None:
        """Keep a session for a while that nobody is connected to."""
        visit.line = None
        if visit.id in self._visits:
            loop = asyncio.get_running_loop()
            visit.timer = loop.call_later(self._house.keep_s, self._end, visit)

    def _end(self, visit: Visit) -> None:
        if self._visits.pop(visit.id, None) is None:
            return
        visit.folder.cleanup()
        self._free(visit.seat)
        logger.info("a player has left; %d of %d", len(self._visits), self._house.places)

    def _free(self, seat: Seat) -> None:
        """Give a seat's place to others as soon as its last turn is over."""
        loop = asyncio.get_running_loop()
        left = self._engine.call(seat, lambda: self._engine.leave(seat))
        left.add_done_callback(lambda _: loop.call_soon_threadsafe(self._lobby.leave))

    async def _serve(self, visit: Visit, line: Line) -> None:
        """Answer a client until it leaves, is cut off, or has asked for nothing for too long."""
        while True:
            try:
                async with asyncio.timeout(self._house.idle_s):
                    ask = await line.receive()
            except TimeoutError:
                self._end(visit)
                raise
            if not isinstance(ask, wire.Ask):
                raise wire.WireError("a session in a session")
            if isinstance(ask.request, wire.Leave):
                self._end(visit)
                await line.hang_up()
                return
            if ask.number != visit.number or visit.answer is None:
                visit.number = ask.number
                visit.answer = asyncio.ensure_future(
                    self._answer(visit, ask, is_local=line.is_local)
                )
            await line.send_bytes(await asyncio.shield(visit.answer))

    async def _answer(self, visit: Visit, ask: wire.Ask, *, is_local: bool) -> bytes:
        """Return the answer to a request as it is sent; goes on where the client is cut off."""
        arrived = time.perf_counter()

        def reply(result: wire.Result) -> wire.Reply:
            return wire.Reply(ask.number, 1000 * (time.perf_counter() - arrived), result)

        try:
            result = await self._do(visit, ask.request)
            return await _coded(reply(result), visit.quality, is_local=is_local)
        except Refusal as error:
            sentence = str(error).replace(f"{visit.folder.name}/", "")
        except Exception as error:
            logger.exception("nobody expected this")
            self._engine.call(visit.seat, lambda: self._engine.discard(visit.seat))
            what = f"{type(error).__name__}: {reason_of(error)}"
            sentence = f"the server cannot go on ({what}); its log has the whole story"
        return wire.encoded(reply(wire.Refused(sentence)))

    async def _do(self, visit: Visit, request: wire.Request) -> wire.Result:
        """Do what a client asks for in its turn; blocks that are made again take a turn each."""
        if isinstance(request, wire.Repeat):
            if len(request.controls) > wire.MOST_CONTROLS:
                raise wire.WireError(f"{len(request.controls)} controls at once")
            for control in request.controls:
                await self._turn(visit, wire.Repeat([control]))
            return wire.Done()
        if isinstance(request, wire.Offer):
            return wire.Missing(visit.store.missing(request.names))
        if isinstance(request, wire.Give):
            visit.store.give(request.pieces)
            return wire.Done()
        return await self._turn(visit, request)

    async def _turn(self, visit: Visit, request: wire.Request) -> wire.Result:
        seat, folder = visit.seat, Path(visit.folder.name)

        def turn() -> wire.Result:
            return do(seat, self._engine.world(seat), visit.store, folder, request)

        return await asyncio.wrap_future(self._engine.call(seat, turn))


def _fetched(store: PieceStore, request: wire.Fetch) -> wire.Fetched:
    if len(request.names) > wire.MOST_FETCHED:
        raise wire.WireError(f"{len(request.names)} pieces at once")
    return wire.Fetched(store.find(request.names))


async def _coded(reply: wire.Reply, quality: int | None, *, is_local: bool) -> bytes:
    """Return an answer as it is sent; what takes long is done on another thread."""
    if not isinstance(reply.result, wire.Made) or (quality is None and is_local):
        return wire.encoded(reply)
    if quality is None:
        return await asyncio.to_thread(wire.encoded, reply, "packed")
    return await asyncio.to_thread(wire.encoded, reply, "jpeg", quality)
