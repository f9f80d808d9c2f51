"""The near end of the line: one connection to a server, spoken to from one thread.

Tells apart what can be mended by connecting again (`ConnectionLost`) from what cannot
(`WorldFailed`). Knows nothing of worlds.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

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
from mag_sandbox.model.world import GIB, WorldFailed

CONNECTING_S = 10.0  # for a connection [s]
PING_S, PONG_S = 5.0, 10.0  # between two signs of life, and for an answer to one [s]
CLOSING_S = 1.0  # for a goodbye [s]
ELSEWHERE_S = 1.0  # in the line of a replica before another one is tried [s]
SESSION = "x-session-id"  # header of the name, as Ray Serve reads it
LOOK_S = 0.25  # between two looks whether to go on waiting for a place [s]
MOST_MESSAGE = GIB  # bytes: a clip of a full-size world, as it is
MOST_SAID = 300  # characters of what a server says that is no server of ours


class ConnectionLost(Exception):
    """The server cannot be reached, or not any more; says why in a few words."""


class Link:
    """A connection.

    link = Link(address)
    welcome = link.open(wire.Open(...), lambda place: None)
    answer = link.ask(1, wire.NextBlock(control))
    link.close()
    """

    def __init__(self, address: ServerAddress, name: str = "") -> None:
        """Connect.

        Args:
            address: of the server.
            name: that all lines of a session share; where a server has replicas, equal names reach
                the same one.

        Raises:
            ConnectionLost: nobody answers.
            WorldFailed: the server does not let us in, or is none.
        """
        self._address = address
        self._parts = wire.Assembler(MOST_MESSAGE)
        self._open = ExitStack()
        self._socket = _connected(address, name, self._open)
        try:
            self.hello = self._expect(wire.Hello, CONNECTING_S)
        except BaseException:
            self.close()
            raise

    def open(
        self, opening: wire.Open, waiting: Callable[[wire.Waiting], None]
    ) -> wire.Welcome | None:
        """Begin or go on with a session; `waiting` is told of the line, every while.

        Returns:
            None: there is no place here, but perhaps in another replica.

        Raises:
            ConnectionLost: the server is gone.
            WorldFailed: it refuses.
        """
        self._send(opening)
        place, since = None, time.monotonic()
        while True:
            try:
                said = self._receive(LOOK_S if place else None)
            except TimeoutError:
                said = place
            if isinstance(said, wire.Welcome):
                return said
            if not isinstance(said, wire.Waiting):
                raise self._unexpected(said)
            place = said
            waiting(place)
            if self.hello.replicas > 1 and time.monotonic() - since > ELSEWHERE_S:
                return None

    def attach(self, session: str) -> None:
        """Be a line beside the one on which a session is played."""
        self._send(wire.Attach(session))

    def ask(self, number: int, request: wire.Request) -> wire.Reply:
        """Return the answer to a request.

        Raises:
            ConnectionLost: the server is gone; it may have been done.
            WorldFailed: it says what makes no sense.
        """
        self._send(wire.Ask(number, request))
        answer = self._expect(wire.Reply, None)
        if answer.number != number:
            raise WorldFailed(f"{self._address.host} answers {answer.number} to {number}; retry")
        return answer

    def leave(self, number: int) -> None:
        """Give up the session; the server need not answer."""
        with suppress(ConnectionLost):
            self._send(wire.Ask(number, wire.Leave()))
        self.close()

    def close(self) -> None:
        """Hang up; may be called twice."""
        self._open.close()

    def _expect(self, kind: type, patience: float | None) -> Any:
        try:
            said = self._receive(patience)
        except TimeoutError:
            raise ConnectionLost("it says nothing") from None
        if not isinstance(said, kind):
            raise self._unexpected(said)
        return said

    def _unexpected(self, said: object) -> WorldFailed:
        if isinstance(said, wire.Refused):
            return WorldFailed(f"{self._address.host}: {said.sentence}")
        return WorldFailed(f"{self._address.host} says what nobody asked for; update the game")

    def _send(self, message: wire.FromClient) -> None:
        try:
            for part in wire.parts_of(wire.encoded(message)):
                self._socket.send(part)
        except (WebSocketException, OSError) as error:
            self._hear_why(error)

    def _hear_why(self, error: Exception) -> None:
        """Say what a server said before it hung up, else that it did."""
        with suppress(ConnectionLost, TimeoutError):
            while True:
                said = self._receive(0.0)
                if isinstance(said, wire.Refused):
                    raise self._unexpected(said)
        raise ConnectionLost(reason_of(error)) from error

    def _receive(self, patience: float | None) -> Any:
        """Return what the server says.

        Raises:
            TimeoutError: nothing, for so many seconds; None: for ever.
            ConnectionLost: it is gone.
            WorldFailed: what it says is not what was agreed on.
        """
        complete = None
        while complete is None:
            try:
                part = self._socket.recv(patience)
            except TimeoutError:
                raise
            except (WebSocketException, OSError) as error:
                raise ConnectionLost(reason_of(error)) from error
            complete = self._assembled(part if isinstance(part, bytes) else part.encode())
        return complete

    def _assembled(self, part: bytes) -> Any:
        """Return what a message says that is complete; None: there is more to come."""
        try:
            message = self._parts.add(part)
            return None if message is None else wire.server_message(message)
        except wire.WireError as error:
            host = self._address.host
            raise WorldFailed(f"{host} sent {error}; use the same version on both") from None


class _LargeReads(ClientConnection):
    recv_bufsize = wire.PART  # a block in a few turns


def _connected(address: ServerAddress, name: str, stack: ExitStack) -> ClientConnection:
    """Return a connection that is closed with a stack."""
    headers = {"Authorization": f"Bearer {address.token}"} if address.token else {}
    if name:
        headers[SESSION] = name
    try:
        connecting = connect(
            address.url,
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
        said = " ".join(body.decode("utf-8", "replace").split())[:MOST_SAID]
        why = said or f"it answers {error.response.status_code}"
        raise WorldFailed(f"{address.host}: {why}") from None
    except InvalidMessage as error:  # it hung up, or speaks something else
        raise ConnectionLost(reason_of(error)) from error
    except (InvalidHandshake, InvalidURI) as error:
        raise WorldFailed(
            f"{address.host} is no server of worlds ({reason_of(error)}); check --url"
        ) from None
    except (WebSocketException, OSError) as error:  # also of certificates, and a time-out
        raise ConnectionLost(reason_of(error)) from error
