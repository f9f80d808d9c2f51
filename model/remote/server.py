"""The server: an ASGI application that opens a session for each player and sends blocks.

A session outlives its connection for a while, so that a player whose connection is cut returns to
it. Players never wait for each other's connections: a slow or broken client loses its own. Knows
nothing of how worlds are loaded; `engine.py` runs them.
"""

import asyncio
import hmac
import json
import logging
import secrets
import time
from asyncio import Event, Future, Task, TimerHandle
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, Protocol, TypeVar

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from mag_sandbox.files.border import Refusal, reason_of, refusing
from mag_sandbox.files.validation import parse_json, shortened
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.address import is_loopback
from mag_sandbox.model.remote.engine import EngineSlot, WorldEngine, WorldRequest, run_request
from mag_sandbox.model.remote.states import PieceStore
from mag_sandbox.model.world import MIB, WorldFailed, WorldSpec

logger = logging.getLogger(__name__)
KEEP_S = 120.0  # a session outlives its connection [s]
OPENING_S = 15.0  # for a client's first message [s]
IDLE_S = 900.0  # without a request, after which the place is given to others [s]
SENDING_S = 30.0  # for a part of a message [s]
MOST_WAITING = 64  # players in the queue
MOST_KEPT_MIB = 2048  # of memory that a player may request, where the world needs no more
STATE_ROOM = 128 * MIB  # of a state, besides its memory
MOST_REQUEST = 128 * MIB  # of the largest request: pictures that are handed over
CLOSING_S = 1.0  # for the closing handshake [s]
LEFT, REFUSED = 1000, 1008  # WebSocket close codes
DENIED, FORBIDDEN, OUTDATED = 401, 403, 426  # HTTP status codes


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """The worlds that a server offers, and its limits."""

    worlds: tuple[str, ...]  # the first is played unless another is requested
    places: int = 1  # sessions at once
    replicas: int = 1  # of this server, beside each other
    token: str = ""  # that players must send; "": none
    machine: str = ""  # the processor, for recordings
    threads: int | None = None  # of the processor, shared by all worlds; None: any number
    kept_mib: int = MOST_KEPT_MIB  # of memory that a player may request
    keep_s: float = KEEP_S
    idle_s: float = IDLE_S


class SocketConnection:
    """A WebSocket, whatever it carries."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def close(self, code: int = LEFT) -> None:
        """Close, whether the other end answers or not."""
        with suppress(Exception):
            async with asyncio.timeout(CLOSING_S):
                await self._socket.close(code)


Link = TypeVar("Link", bound=SocketConnection)


@dataclass(eq=False, slots=True, kw_only=True)
class HeldSession(Generic[Link]):
    """A session that outlives its connection for a while."""

    connection: Link | None = None  # None: cut off
    expiry: TimerHandle | None = None  # ends it, while it is cut off

    async def attach(self, connection: Link) -> None:
        """Go on with a connection; the one before it is closed."""
        before, self.connection = self.connection, connection
        if self.expiry:
            self.expiry.cancel()
            self.expiry = None
        if before is not None:
            await before.close()


@dataclass(eq=False, slots=True, kw_only=True)
class ClientSession(HeldSession["Connection"]):
    """A player's session."""

    id: str
    slot: EngineSlot
    spec: WorldSpec
    provenance: bytes  # JSON, of the world as it was loaded
    quality: int | None
    folder: TemporaryDirectory[str]  # of its scene's picture
    store: PieceStore
    number: int = 0  # of the newest request
    reply: "Task[bytes] | None" = None  # to it


class Connection(SocketConnection):
    """A WebSocket that carries messages."""

    def __init__(self, socket: WebSocket) -> None:
        super().__init__(socket)
        self._parts = wire.Assembler(wire.MOST_OPENING)
        self.is_local = is_loopback(socket.client.host if socket.client else "")

    def allow(self, bytes: int) -> None:
        """Limit the size of messages from now on [bytes]."""
        self._parts.most = bytes

    async def receive(self) -> wire.FromClient:
        """Return the client's next message.

        Raises:
            WireError: it breaks the protocol.
            WebSocketDisconnect: the client is gone.
        """
        message = None
        while message is None:
            try:
                message = self._parts.add(await self._socket.receive_bytes())
            except KeyError:
                raise wire.WireError("text, where messages are bytes") from None
        return wire.decode_from_client(message)

    async def send(self, message: wire.FromServer | bytes) -> None:
        """Send a message.

        Raises:
            TimeoutError: the client does not read it.
            WebSocketDisconnect: the client is gone.
        """
        data = message if isinstance(message, bytes) else wire.encode(message)
        for part in wire.split_message(data):
            async with asyncio.timeout(SENDING_S):
                await self._socket.send_bytes(part)

    async def refuse(self, sentence: str) -> None:
        """Send a refusal and close."""
        with suppress(Exception):  # the client may be gone
            await self.send(wire.Refused(sentence))
        await self.close(REFUSED)


class QueueMember(Protocol):
    """A client that waits."""

    async def receive(self) -> object:
        """Return its next message."""

    async def send(self, message: wire.Queued) -> None:
        """Send its position."""


@dataclass(eq=False, slots=True)
class QueueEntry:
    """A player in the queue."""

    changed: Event = field(default_factory=Event)
    admitted: bool = False


class AdmissionQueue:
    """The places of a server, and the queue for them."""

    def __init__(self, places: int) -> None:
        self.places, self._free = places, places
        self._entries: list[QueueEntry] = []

    async def enter(self, connection: QueueMember) -> None:
        """Wait for a place, and send the player's position meanwhile.

        Raises:
            WorldFailed: the queue is full.
        """
        entry = QueueEntry()
        self._entries.append(entry)
        self._admit()
        if entry.admitted:
            return
        if len(self._entries) > MOST_WAITING:
            self._entries.remove(entry)
            raise WorldFailed(
                f"all {self.places} places are taken and {MOST_WAITING} players wait; try later"
            )
        heard = asyncio.ensure_future(connection.receive())  # a waiting client sends nothing
        try:
            await self._wait(entry, connection, heard)
        except BaseException:
            if entry.admitted:
                self.leave()
            else:
                self._entries.remove(entry)
                self._admit()
            raise
        finally:
            heard.cancel()

    def leave(self) -> None:
        """Give a place to the next player in the queue."""
        self._free += 1
        self._admit()

    async def _wait(
        self, entry: QueueEntry, connection: QueueMember, heard: "Future[object]"
    ) -> None:
        while not entry.admitted:
            entry.changed.clear()
            await connection.send(wire.Queued(self._entries.index(entry) + 1, self.places))
            changed = asyncio.ensure_future(entry.changed.wait())
            either: set[Future[Any]] = {changed, heard}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
            if heard.done():
                heard.result()
                raise wire.WireError("a request before there is a session")

    def _admit(self) -> None:
        while self._free and self._entries:
            self._free -= 1
            first = self._entries.pop(0)
            first.admitted = True
            first.changed.set()
        for entry in self._entries:
            entry.changed.set()


def token_problem(given: str, wanted: str) -> str:
    """Return the problem with a client's token; "": none."""
    if not wanted or hmac.compare_digest(given.encode(), wanted.encode()):
        return ""
    return "the server wants another token" if given else "the server wants a token"


class WorldServer:
    """Serves the worlds of an engine; `app` is the ASGI application.

    server = WorldServer(engine, ServerConfig(("pocket",), places=2))
    uvicorn.run(server.app)
    """

    def __init__(self, engine: WorldEngine, config: ServerConfig) -> None:
        self._engine, self._config = engine, config
        self._queue = AdmissionQueue(config.places)
        self._sessions: dict[str, ClientSession] = {}
        self.app = Starlette(routes=[WebSocketRoute("/", self._handle)])

    def close(self) -> None:
        """Stop the engine and close its worlds."""
        self._engine.close()

    async def _handle(self, socket: WebSocket) -> None:
        if refusal := self._refusal(socket):
            await socket.send_denial_response(refusal)
            return
        await socket.accept(wire.PROTOCOL)
        connection, config, session = Connection(socket), self._config, None
        try:
            players = len(self._sessions)
            await connection.send(
                wire.Hello(config.worlds[0], config.places, players, config.replicas)
            )
            async with asyncio.timeout(OPENING_S):
                opening = await connection.receive()
            if isinstance(opening, wire.NumberedRequest):
                raise wire.WireError("a request before there is a session")
            if isinstance(opening, wire.AttachToSession):
                await self._send_pieces(opening, connection)
                return
            session = await self._open_session(opening, connection)
            connection.allow(MOST_REQUEST)
            await connection.send(wire.SessionOpened(session.id, session.spec, session.provenance))
            await self._serve(session, connection)
        except (WebSocketDisconnect, TimeoutError):
            await connection.close()
        except Refusal as error:
            await connection.refuse(str(error))
        finally:
            if session is not None and session.connection is connection:
                self._keep_for_a_while(session)

    def _refusal(self, socket: WebSocket) -> PlainTextResponse | None:
        """Return the refusal of a client, before any message of it is read; None: accepted."""
        if "origin" in socket.headers:  # a page in a browser, which reaches loopback, too
            return PlainTextResponse("the server is for the game, not for web pages", FORBIDDEN)
        given = socket.headers.get("authorization", "").removeprefix("Bearer ")
        if why := token_problem(given, self._config.token):
            return PlainTextResponse(f"{why}; give --token-file with the one it has", DENIED)
        if wire.PROTOCOL not in socket.scope["subprotocols"]:
            spoken = ", ".join(map(shortened, socket.scope["subprotocols"])) or "nothing known"
            return PlainTextResponse(
                f"the server speaks {wire.PROTOCOL} and the client {spoken}; "
                "use the same version of the game on both",
                OUTDATED,
            )
        return None

    async def _send_pieces(self, opening: wire.AttachToSession, connection: Connection) -> None:
        session = self._sessions.get(opening.session)
        if session is None:
            raise wire.WireError("there is no such session any more")
        while True:
            asked = await connection.receive()
            if not isinstance(asked, wire.NumberedRequest) or not isinstance(
                asked.request, wire.FetchPieces
            ):
                raise wire.WireError("a request for another connection")
            pieces = wire.PiecesReply(session.store.find(asked.request.names))
            await connection.send(wire.Reply(asked.number, 0.0, pieces))

    async def _open_session(
        self, opening: wire.OpenSession, connection: Connection
    ) -> ClientSession:
        """Return the session to continue, or a new one once there is a place.

        Raises:
            Refusal: the server does not offer what the client requests.
        """
        session = self._sessions.get(opening.session)
        if session is None:
            request = self._world_request(opening)
            await self._queue.enter(connection)
            return await self._begin(opening, request, connection)
        await session.attach(connection)
        return session

    def _world_request(self, opening: wire.OpenSession) -> WorldRequest:
        worlds, memory = self._config.worlds, opening.memory
        world = opening.world or worlds[0]
        if world not in worlds:
            known = ", ".join(worlds)
            raise WorldFailed(f"the server plays no world {shortened(world)}; it plays {known}")
        if memory.kept_mib > self._config.kept_mib:
            raise WorldFailed(
                f"a memory of {memory.kept_mib} MiB is more than the server gives a player; "
                f"ask for at most {self._config.kept_mib}"
            )
        return WorldRequest(world, memory, opening.look_ahead, self._execution(opening.execution))

    def _execution(self, asked: bytes | None) -> str | None:
        if asked is None:
            return None
        with refusing(lambda why: wire.WireError(f"an unreadable execution ({why})")):
            execution = dict(parse_json(asked))
        threads = execution.get("threads")
        if self._config.threads is not None and threads != self._config.threads:
            raise WorldFailed(
                f"it ran on {shortened(threads)} threads, and the server on "
                f"{self._config.threads}, which other players share; replay it elsewhere, or with "
                "--by psnr"
            )
        return json.dumps(execution, sort_keys=True)

    async def _begin(
        self, opening: wire.OpenSession, request: WorldRequest, connection: Connection
    ) -> ClientSession:
        """Load a world for an admitted player; if that fails, the place is free again."""
        slot = self._engine.add_slot(request)

        def load() -> tuple[WorldSpec, bytes]:
            world = self._engine.world(slot)
            return world.spec, wire.to_json(world.provenance() | {"machine": self._config.machine})

        try:
            spec, provenance = await asyncio.wrap_future(self._engine.call(slot, load))
        except BaseException:
            self._free(slot)
            raise
        session = ClientSession(
            id=secrets.token_hex(16),
            slot=slot,
            spec=spec,
            provenance=provenance,
            quality=opening.quality,
            folder=TemporaryDirectory(prefix="mag-sandbox-"),
            store=PieceStore(request.memory.kept_mib * MIB + STATE_ROOM),
            connection=connection,
        )
        self._sessions[session.id] = session
        logger.info("a player has come; %d of %d", len(self._sessions), self._config.places)
        return session

    def _keep_for_a_while(self, session: ClientSession) -> None:
        session.connection = None
        if session.id in self._sessions:
            loop = asyncio.get_running_loop()
            session.expiry = loop.call_later(self._config.keep_s, self._end, session)

    def _end(self, session: ClientSession) -> None:
        if self._sessions.pop(session.id, None) is None:
            return
        session.folder.cleanup()
        self._free(session.slot)
        logger.info("a player has left; %d of %d", len(self._sessions), self._config.places)

    def _free(self, slot: EngineSlot) -> None:
        loop = asyncio.get_running_loop()
        removed = self._engine.call(slot, lambda: self._engine.remove(slot))
        removed.add_done_callback(lambda _: loop.call_soon_threadsafe(self._queue.leave))

    async def _serve(self, session: ClientSession, connection: Connection) -> None:
        """Answer requests until the client leaves, is cut off, or is idle for too long."""
        while True:
            try:
                async with asyncio.timeout(self._config.idle_s):
                    asked = await connection.receive()
            except TimeoutError:
                self._end(session)
                raise
            if not isinstance(asked, wire.NumberedRequest):
                raise wire.WireError("a session in a session")
            if asked.request == wire.Call("leave"):
                self._end(session)
                await connection.close()
                return
            if asked.number != session.number or session.reply is None:
                session.number = asked.number
                session.reply = asyncio.ensure_future(
                    self._answer(session, asked, is_local=connection.is_local)
                )
            await connection.send(await asyncio.shield(session.reply))

    async def _answer(
        self, session: ClientSession, asked: wire.NumberedRequest, *, is_local: bool
    ) -> bytes:
        """Return the encoded reply to a request; finishes where the client is cut off."""
        arrived = time.perf_counter()

        def reply(result: wire.Result) -> wire.Reply:
            return wire.Reply(asked.number, 1000 * (time.perf_counter() - arrived), result)

        try:
            result = await self._run(session, asked.request)
            return await _encode(reply(result), session.quality, is_local=is_local)
        except Refusal as error:
            sentence = str(error).replace(f"{session.folder.name}/", "")
        except Exception as error:
            logger.exception("unexpected error")
            self._engine.call(session.slot, lambda: self._engine.discard_world(session.slot))
            what = f"{type(error).__name__}: {reason_of(error)}"
            sentence = f"unexpected error on the server ({what}); the traceback is in its log"
        return wire.encode(reply(wire.Refused(sentence)))

    async def _run(self, session: ClientSession, request: wire.Request) -> wire.Result:
        match request:
            case wire.OfferPieces():
                return wire.MissingReply(session.store.missing(request.names))
            case wire.SendPieces():
                session.store.give(request.pieces)
            case wire.RepeatSteps():
                if len(request.controls) > wire.MOST_CONTROLS:
                    raise wire.WireError(f"{len(request.controls)} controls at once")
                for control in request.controls:  # a turn each, so that others play meanwhile
                    await self._turn(session, wire.RepeatSteps([control]))
            case _:
                return await self._turn(session, request)
        return wire.DoneReply()

    async def _turn(self, session: ClientSession, request: wire.Request) -> wire.Result:
        slot, folder = session.slot, Path(session.folder.name)

        def turn() -> wire.Result:
            return run_request(slot, self._engine.world(slot), session.store, folder, request)

        return await asyncio.wrap_future(self._engine.call(slot, turn))


async def _encode(reply: wire.Reply, quality: int | None, *, is_local: bool) -> bytes:
    if not isinstance(reply.result, wire.BlockReply) or (quality is None and is_local):
        return wire.encode(reply)
    if quality is None:  # compressing takes long: on another thread
        return await asyncio.to_thread(wire.encode, reply, "packed")
    return await asyncio.to_thread(wire.encode, reply, "jpeg", quality)
