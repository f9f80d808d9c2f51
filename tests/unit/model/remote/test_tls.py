"""A TLS connection that is read by one thread and written by another."""

import socket
import ssl
import threading
import time

import pytest

from mag_sandbox.model.remote.tls import SharedTLSSocket, tls_context
from tests.certificates import NEEDS_OPENSSL, certify_localhost
from tests.patience import PATIENCE

MESSAGE, MESSAGES = b"0123456789" * 400, 500

pytestmark = NEEDS_OPENSSL


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certify_localhost(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def ends(certificate):
    """The client's and the server's end of a connection."""
    cert, key = certificate
    of_server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    of_server.load_cert_chain(cert, key)
    of_server.sslsocket_class = SharedTLSSocket
    of_client = tls_context()
    of_client.load_verify_locations(cert)
    near, far = socket.socketpair()
    accepted: list[ssl.SSLSocket] = []
    accept = threading.Thread(
        target=lambda: accepted.append(of_server.wrap_socket(far, server_side=True))
    )
    accept.start()
    client = of_client.wrap_socket(near, server_hostname="localhost")
    accept.join()
    with client, accepted[0] as server:
        yield client, server


def begin(act):
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def receive(connection, size):
    held = b""
    while len(held) < size and (part := connection.recv(1 << 16)):
        held += part
    return held


def test_a_reader_that_waits_lets_a_writer_write(ends):
    client, server = ends
    heard: list[bytes] = []
    reader = begin(lambda: heard.append(client.recv(16)))
    client.sendall(b"hello")
    assert server.recv(16) == b"hello"
    server.sendall(b"welcome")
    reader.join(PATIENCE)
    assert heard == [b"welcome"]


def test_closing_ends_a_read(ends):
    """A read of the standard library's TLS socket waits for ever."""
    client, _ = ends
    ended = threading.Event()

    def read():
        with pytest.raises((OSError, ValueError)):
            client.recv(16)
        ended.set()

    begin(read)
    time.sleep(0.1)  # it waits, or has not begun: both end
    client.close()
    assert ended.wait(PATIENCE)


def test_what_is_read_and_written_at_once_arrives_whole(ends):
    client, server = ends
    size = MESSAGES * len(MESSAGE)
    arrived: dict[str, bytes] = {}
    threads = [
        begin(lambda: arrived.update(here=receive(client, size))),
        begin(lambda: arrived.update(there=receive(server, size))),
        begin(lambda: [client.sendall(MESSAGE) for _ in range(MESSAGES)]),
        begin(lambda: [server.sendall(MESSAGE) for _ in range(MESSAGES)]),
    ]
    for thread in threads:
        thread.join(PATIENCE)
    assert arrived == {"here": MESSAGE * MESSAGES, "there": MESSAGE * MESSAGES}


def test_the_end_is_empty(ends):
    client, server = ends
    server.close()
    assert client.recv(16) == b""
