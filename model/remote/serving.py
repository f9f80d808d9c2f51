"""Runs a server: its address, token and certificate, until it is stopped."""

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from mag_sandbox.files.border import Refusal, refusing
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.address import is_loopback, read_token

PING_S, PONG_S = 5.0, 15.0  # between two pings, and for their answer [s]
ENDING_S = 2  # for connections to end with the server [s]
UNREAD_S = 60.0  # for bytes that a client does not read [s]
REQUEST_S = 10.0  # for a connection to send a whole request
MOST_CONNECTIONS = 256
BACKLOG = 64  # connections that the system queues


class DeadlineProtocol(H11Protocol):
    """HTTP that drops connections which send no whole request: otherwise they take all places.

    uvicorn has a deadline for the next request of a connection only, and none for the first.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.loop.call_later(REQUEST_S, self._drop_idle)

    def _drop_idle(self) -> None:
        is_upgraded = self.transport.get_protocol() is not self  # to a WebSocket
        if is_upgraded or self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
        else:
            self.loop.call_later(REQUEST_S, self._drop_idle)


class ServingError(Refusal, RuntimeError):
    """A server that cannot run as asked; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """The address where a server listens, and the secret that it requires."""

    host: str = "127.0.0.1"
    port: int = 8765  # 0: any free one
    token_file: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def __post_init__(self) -> None:
        if self.token_file is None and not is_loopback(self.host):
            raise ServingError(
                f"--host {self.host} can be reached from other machines; give --token-file with a "
                "secret in it, or serve 127.0.0.1"
            )
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ServingError("--tls-cert and --tls-key go together; give both")

    @property
    def warning(self) -> str:
        """A warning if others can read the connection; "": none."""
        if self.tls_cert or is_loopback(self.host):
            return ""
        return (
            "without --tls-cert and --tls-key others on the way can read everything, also the token"
        )

    def url(self, port: int, scheme: str = "ws") -> str:
        """Return the address that players give, for the port in use."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}{'s' if self.tls_cert else ''}://{host}:{port}"

    def token(self) -> str:
        """Return the secret; "": there is none."""
        return read_token(self.token_file) if self.token_file else ""


def serve(app: Starlette, address: ListenAddress, say: Callable[[int], None]) -> None:
    """Serve until the program is ended; `say` is called with the port."""
    server = make_server(app, address)
    with open_listener(address) as listener:
        say(listener.getsockname()[1])
        server.run(sockets=[listener])


def serve_aside(app: Starlette) -> int:
    """Serve this machine for as long as the process lives, on a thread; return the port."""
    address = ListenAddress(port=0)
    listener, server = open_listener(address), make_server(app, address)
    threading.Thread(target=server.run, args=([listener],), name="server", daemon=True).start()
    port: int = listener.getsockname()[1]
    return port


def make_server(app: Starlette, address: ListenAddress) -> uvicorn.Server:
    """Return a server, ready to run, or raise ServingError if the certificate cannot be used."""
    config = uvicorn.Config(
        app,
        http=DeadlineProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws_max_size=wire.PART + 1,  # larger messages are refused unread
        ws_per_message_deflate=False,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PONG_S,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=ENDING_S,
        server_header=False,
        ssl_certfile=address.tls_cert,
        ssl_keyfile=address.tls_key,
    )
    cert = address.tls_cert
    with refusing(lambda why: ServingError(f"{cert} cannot be used ({why}); see --help")):
        config.load()
    return uvicorn.Server(config)


def open_listener(address: ListenAddress) -> socket.socket:
    """Return the listening socket, or raise ServingError if the port is taken."""
    host, port = address.host, address.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        why = error.strerror or error
        raise ServingError(
            f"cannot serve {host} port {port} ({why}); choose another --port"
        ) from None
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # the system drops clients that do not read
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * UNREAD_S))
    return listener
