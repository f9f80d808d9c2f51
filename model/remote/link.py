"""A client's connection to a server, used from one thread. Knows nothing of worlds.

`ConnectionLost` is a fault that a new connection can mend; `WorldFailed` one that it cannot.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TypeVar

from websockets.exceptions import (
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from mag_sandbox.files.border import reason_of
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.address import ServerAddress, is_loopback
from mag_sandbox.model.remote.tls import tls_context
from mag_sandbox.model.world import GIB, WorldFailed
from mag_sandbox.scenes.characters import clean

CONNECTING_S = 10.0  # for a connection [s]
PING_S, PONG_S = 5.0, 10.0  # between two pings, and for their answer [s]
CLOSING_S = 1.0  # for the closing handshake [s]
ELSEWHERE_S = 1.0  # in the queue of a replica before another one is tried [s]
SESSION = "x-session-id"  # header of the session's name, as Ray Serve reads it
LOOK_S = 0.25  # between two calls of `waiting` [s]
MOST_MESSAGE = GIB  # bytes: an uncompressed clip of a full-size world
MOST_SAID = 300  # characters of a foreign server's answer in a message
_MOST_READ = 10 * MOST_SAID  # of it that are looked at: the answer may have a gigabyte
Reply = TypeVar("Reply", wire.Hello, wire.Reply)


class ConnectionLost(Exception):
    """The server cannot be reached, or no longer; the message says why in a few words."""


def one_line(said: str) -> str:
    """Return what a server says as one line of bounded length, without control characters."""
    return " ".join(clean(said[:_MOST_READ]).split())[:MOST_SAID]


class ServerLink:
    """A connection.

    link = ServerLink(address)
    opened = link.open(wire.OpenSession(...), lambda queued: None)
    reply = link.ask(1, wire.StepRequest(control))
    link.close()
    """

    def __init__(self, address: ServerAddress, name: str = "") -> None:
        """Connect.

        Raises:
            ConnectionLost: there is no answer.
            WorldFailed: the server refuses, or is no server of worlds.
        """
        self._address = address
        self._parts = wire.Assembler(MOST_MESSAGE)
        self._open = ExitStack()
        self._socket = _connect(address, name, self._open)
        try:
            self.hello = self._expect(wire.Hello, CONNECTING_S)
        except BaseException:
            self.close()
            raise

    def open(
        self, opening: wire.OpenSession, waiting: Callable[[wire.Queued], None]
    ) -> wire.SessionOpened | None:
        """Open or continue a session; `waiting` is called again and again in the queue.

        Returns:
            None: there is no place here, but perhaps in another replica.

        Raises:
            ConnectionLost: the server is gone.
            WorldFailed: it refuses.
        """
        self._send(opening)
        queued, since = None, time.monotonic()
        while True:
            try:
                message: wire.FromServer | None = self._receive(LOOK_S if queued else None)
            except TimeoutError:
                message = queued
            if isinstance(message, wire.SessionOpened):
                return message
            if not isinstance(message, wire.Queued):
                raise self._unexpected(message)
            queued = message
            waiting(queued)
            if self.hello.replicas > 1 and time.monotonic() - since > ELSEWHERE_S:
                return None

    def attach(self, session: str) -> None:
        """Become the second connection of a session."""
        self._send(wire.AttachToSession(session))

    def ask(self, number: int, request: wire.Request) -> wire.Reply:
        """Return the reply to a request.

        Raises:
            ConnectionLost: the server is gone; the request may have been done.
            WorldFailed: the server breaks the protocol.
        """
        self._send(wire.NumberedRequest(number, request))
        reply = self._expect(wire.Reply, None)
        if reply.number != number:
            raise WorldFailed(f"{self._address.host} answers {reply.number} to {number}; retry")
        return reply

    def leave(self, number: int) -> None:
        """End the session; the server need not answer."""
        with suppress(ConnectionLost):
            self._send(wire.NumberedRequest(number, wire.Call("leave")))
        self.close()

    def close(self) -> None:
        """Close; may be called twice."""
        self._open.close()

    def _expect(self, kind: type[Reply], patience: float | None) -> Reply:
        try:
            message = self._receive(patience)
        except TimeoutError:
            raise ConnectionLost("it sends nothing") from None
        if not isinstance(message, kind):
            raise self._unexpected(message)
        return message

    def _unexpected(self, message: object) -> WorldFailed:
        if isinstance(message, wire.Refused):
            return WorldFailed(f"{self._address.host}: {one_line(message.sentence)}")
        return WorldFailed(f"{self._address.host} sends an unexpected message; update the game")

    def _send(self, message: wire.FromClient) -> None:
        try:
            for part in wire.split_message(wire.encode(message)):
                self._socket.send(part)
        except (WebSocketException, OSError) as error:
            self._raise_refusal(error)

    def _raise_refusal(self, error: Exception) -> None:
        with suppress(ConnectionLost, TimeoutError):
            while True:
                message = self._receive(0.0)
                if isinstance(message, wire.Refused):
                    raise self._unexpected(message)
        raise ConnectionLost(reason_of(error)) from error

    def _receive(self, patience: float | None) -> wire.FromServer:
        """Return the next message; a TimeoutError after `patience` [s] (None: never)."""
        while True:
            try:
                part = self._socket.recv(patience)
            except TimeoutError:
                raise
            except (WebSocketException, OSError) as error:
                raise ConnectionLost(reason_of(error)) from error
            try:
                message = self._parts.add(part if isinstance(part, bytes) else part.encode())
                if message is not None:
                    return wire.decode_from_server(message)
            except wire.WireError as error:
                host = self._address.host
                raise WorldFailed(f"{host} sent {error}; use the same version on both") from None


class _LargeReads(ClientConnection):
    recv_bufsize = wire.PART  # a block in a few reads


def _connect(address: ServerAddress, name: str, stack: ExitStack) -> ClientConnection:
    headers = {"Authorization": f"Bearer {address.token}"} if address.token else {}
    if name:
        headers[SESSION] = name
    try:
        connecting = connect(
            address.url,
            ssl=tls_context() if address.scheme == "wss" else None,
            subprotocols=[Subprotocol(wire.PROTOCOL)],
            additional_headers=headers,
            compression=None,
            proxy=None if is_loopback(address.host) else True,
            open_timeout=CONNECTING_S,
            close_timeout=CLOSING_S,
            ping_interval=PING_S,
            ping_timeout=PONG_S,
            max_size=wire.PART + 1,
            create_connection=_LargeReads,
        )
        return stack.enter_context(connecting)
    except InvalidStatus as error:
        body = error.response.body or b""
        why = (
            one_line(body.decode("utf-8", "replace")) or f"it answers {error.response.status_code}"
        )
        raise WorldFailed(f"{address.host}: {why}") from None
    except InvalidMessage as error:  # it hung up, or uses another protocol
        raise ConnectionLost(reason_of(error)) from error
    except (InvalidHandshake, InvalidURI) as error:
        raise WorldFailed(
            f"{address.host} is no server of worlds ({reason_of(error)}); check --url"
        ) from None
    except (WebSocketException, OSError) as error:  # also of certificates, and a time-out
        raise ConnectionLost(reason_of(error)) from error
