"""TLS for a connection that one thread reads while another one writes.

OpenSSL allows one thread at a time in a connection, and not every Python we support takes a lock:
a read and a write at once lost messages or waited for ever.
"""

import selectors
import ssl
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Self, TypeVar

LOOK_S = 0.25  # between two looks whether the socket was closed meanwhile [s]
Result = TypeVar("Result")


class SharedTLSSocket(ssl.SSLSocket):
    """A TLS socket of which a reader and a writer take turns, after the handshake."""

    _turn: threading.Lock

    def __new__(cls, *args: Any, **named: Any) -> Self:
        """Return a socket, as `SSLContext.wrap_socket` makes it: it never calls `__init__`."""
        socket = super().__new__(cls, *args, **named)
        socket._turn = threading.Lock()
        return socket

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Return up to `buflen` bytes as soon as there are some; b"" at the end."""
        return self._take_turns(partial(super().recv, buflen, flags))

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of `data`."""
        send, rest = super().send, memoryview(data).cast("B")
        while rest:
            rest = rest[self._take_turns(partial(send, rest, flags)) :]

    def _take_turns(self, act: Callable[[], Result]) -> Result:
        """Return the result of `act`; the other thread has its turn while the peer is awaited.

        Raises:
            OSError, ValueError: the connection broke, or this side closed it.
        """
        while True:
            with self._turn:
                self.setblocking(False)
                try:
                    return act()
                except (ssl.SSLWantReadError, BlockingIOError):
                    awaited = selectors.EVENT_READ
                except ssl.SSLWantWriteError:
                    awaited = selectors.EVENT_WRITE
            with selectors.DefaultSelector() as ready:
                ready.register(self, awaited)
                ready.select(LOOK_S)


def tls_context() -> ssl.SSLContext:
    """Return a context that checks the server's certificate against the trusted ones."""
    context = ssl.create_default_context()
    context.sslsocket_class = SharedTLSSocket
    return context
