"""Runs a server: who may reach it, by which secret and certificate, until it is told to stop."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from mag_sandbox.files.border import Refusal, refusing
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.address import is_loopback, read_token
from mag_sandbox.model.remote.server import WorldServer

PING_S, PONG_S = 5.0, 15.0  # between two signs of life, and for an answer to one [s]
ENDING_S = 2  # for connections to end when the server does [s]
UNREAD_S = 60.0  # for bytes that a client does not take [s]
MOST_CONNECTIONS = 256
BACKLOG = 64  # connections that the system lets wait


class ServingError(Refusal, RuntimeError):
    """A server that cannot be run as was asked; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a server is reached, and by whom."""

    host: str = "127.0.0.1"
    port: int = 8765  # 0: any that is free
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
        """What to say of what others can read; "": nothing."""
        if self.tls_cert or is_loopback(self.host):
            return ""
        return (
            "without --tls-cert and --tls-key whoever sits between can read everything, the token, "
            "too"
        )

    def token(self) -> str:
        """Return the secret; "": there is none.

        Raises:
            Refusal: the file cannot be read.
        """
        return read_token(self.token_file) if self.token_file else ""


def serve(world_server: WorldServer, gate: Gate, say: Callable[[str], None]) -> None:
    """Serve until the program is told to end; `say` is told the address.

    Raises:
        ServingError: the port is taken, or the certificate does not do.
    """
    server = made(world_server, gate)
    with listening(gate) as listener:
        scheme = "wss" if gate.tls_cert else "ws"
        host = f"[{gate.host}]" if ":" in gate.host else gate.host
        say(f"{scheme}://{host}:{listener.getsockname()[1]}")
        server.run(sockets=[listener])


def made(server: WorldServer, gate: Gate) -> uvicorn.Server:
    """Return a server, ready to run.

    Raises:
        ServingError: the certificate does not do.
    """
    config = uvicorn.Config(
        server.app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws_max_size=wire.PART + 1,  # larger ones are refused before they are read
        ws_per_message_deflate=False,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PONG_S,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=ENDING_S,
        server_header=False,
        ssl_certfile=gate.tls_cert,
        ssl_keyfile=gate.tls_key,
    )
    with refusing(lambda why: ServingError(f"{gate.tls_cert} cannot be used ({why}); see --help")):
        config.load()
    return uvicorn.Server(config)


def listening(gate: Gate) -> socket.socket:
    """Return the socket on which players come.

    Raises:
        ServingError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in gate.host else socket.AF_INET
    try:
        listener = socket.create_server((gate.host, gate.port), family=family, backlog=BACKLOG)
    except OSError as error:
        why = error.strerror or error
        raise ServingError(
            f"cannot serve {gate.host} port {gate.port} ({why}); choose another --port"
        ) from None
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # of what nobody takes, the system lets go by itself
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * UNREAD_S))
    return listener
