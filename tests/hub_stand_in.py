"""A stand-in of the hub's HTTP interface on loopback, for what fetching asks of it.

with HubStandIn(folder) as hub:  # folder/OWNER/NAME/... are its repositories
    hub.stand_in(monkeypatch)    # in this process; others are given hub.endpoint as HF_ENDPOINT

Large files (all but .json and .md) are answered as the hub answers them: a redirect with the
SHA-256 in `X-Linked-Etag`, then the bytes from another path, whole or from `Range` on.
"""

import hashlib
import json
import re
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from huggingface_hub import constants

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_API = re.compile(r"/api/models/([^/]+/[^/]+)(/revision/[^/]+)?")
_RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)")
_STORE = re.compile(r"/store/([^/]+/[^/]+)/(.+)")
_PIECE = 2**16
DRIP_S = 0.01  # between two single bytes


class HubStandIn:
    """Serves folders as repositories; misbehaves as it is told."""

    def __init__(self, folder: Path, licence: str = "cc-by-nc-sa-4.0") -> None:
        self.folder, self.licence = folder, licence
        self.stops: dict[str, int] = {}  # path -> bytes after which it falls silent, once
        self.endless: set[str] = set()  # paths whose bytes never end
        self.dripping: set[str] = set()  # paths whose bytes come one by one
        self.said: bytes | None = None  # in place of a listing
        self.silent_heads = False  # whether the heads of answers come byte by byte for ever
        self.flooding: tuple[int, dict] | None = None  # head of every answer; its body never ends
        self.damaged: set[str] = set()  # paths whose bytes arrive changed
        self.served: list[tuple[str, int]] = []  # path and first byte of every answer with content
        self.silent = threading.Event()  # it has fallen silent
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.hub = self
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(0.01,), daemon=True)

    @property
    def endpoint(self) -> str:
        """Address for HF_ENDPOINT."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def stand_in(self, patch: pytest.MonkeyPatch, chunk: int = 4096) -> None:
        """Let the hub's library ask here, and write so many bytes at once."""
        address = f"{self.endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setattr(constants, "ENDPOINT", self.endpoint)
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address)
        patch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", chunk)

    def __enter__(self) -> "HubStandIn":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def listing(self, repo: str) -> dict | None:
        """Return what the hub says of a repository; None: there is none."""
        folder = self.folder / repo
        if not folder.is_dir():
            return None
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {
            "_id": "0",
            "id": repo,
            "modelId": repo,
            "sha": COMMIT,
            "private": False,
            "cardData": {"license": self.licence},
            "tags": [],
            "siblings": [_sibling(path, path.relative_to(folder).as_posix()) for path in files],
        }


def is_large(path: str) -> bool:
    """Whether a file is in large storage."""
    return not path.endswith((".json", ".md"))


def _sibling(path: Path, name: str) -> dict:
    data = path.read_bytes()
    blob = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
    sibling = {"rfilename": name, "size": len(data), "blobId": blob}
    if is_large(name):
        sha256 = hashlib.sha256(data).hexdigest()
        sibling["lfs"] = {"size": len(data), "sha256": sha256, "pointerSize": 135}
    return sibling


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> HubStandIn:
        return self.server.hub

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if self.hub.silent_heads:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            self._send_on(b"x")
            return
        if self.hub.flooding is not None:
            self._head(*self.hub.flooding)
            self._send_on(bytes(_PIECE))
            return
        if found := _API.fullmatch(path):
            self._list(found[1])
        elif found := _RESOLVE.fullmatch(path):
            self._resolve(found[1], found[2])
        elif found := _STORE.fullmatch(path):
            self._content(self.hub.folder / found[1] / found[2], found[2])
        else:
            self._refuse("EntryNotFound")

    def _list(self, repo: str) -> None:
        listing = self.hub.listing(repo)
        if listing is None:
            return self._refuse("RepoNotFound")
        data = json.dumps(listing).encode() if self.hub.said is None else self.hub.said
        self._head(200, {"Content-Type": "application/json", "Content-Length": len(data)})
        self.wfile.write(data)
        return None

    def _resolve(self, repo: str, name: str) -> None:
        path = self.hub.folder / repo / name
        if not path.is_file():
            return self._refuse("EntryNotFound")
        if not is_large(name):
            return self._content(path, name)
        head = {
            "Location": f"/store/{repo}/{name}",
            "X-Linked-Etag": f'"{hashlib.sha256(path.read_bytes()).hexdigest()}"',
            "X-Linked-Size": path.stat().st_size,
            "Content-Length": 0,
        }
        self._head(302, head)
        return None

    def _content(self, path: Path, name: str) -> None:
        data = path.read_bytes()
        if name in self.hub.damaged:
            data = bytes([data[0] ^ 1]) + data[1:]
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        self.hub.served.append((name, start))
        if name in self.hub.endless | self.hub.dripping:
            self._head(200, {"Connection": "close"})
            self._send_on(data[:1] if name in self.hub.dripping else data)
            return
        head = {"Content-Length": len(data) - start, "Accept-Ranges": "bytes"}
        if asked:
            head["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._head(206 if asked else 200, head)
        self._send(data, start, name)

    def _send(self, data: bytes, start: int, name: str) -> None:
        stop = self.hub.stops.pop(name, None)
        end = len(data) if stop is None else stop
        try:
            for at in range(start, end, _PIECE):
                self.wfile.write(data[at : min(end, at + _PIECE)])
            if stop is not None:
                self.hub.silent.set()
                self.hub.closing.wait()
        except OSError:  # who asked has gone
            self.close_connection = True

    def _send_on(self, data: bytes) -> None:
        """Send the same again and again, until nobody listens."""
        self.close_connection = True
        with suppress(OSError):
            while not self.hub.closing.wait(DRIP_S if len(data) == 1 else 0.0):
                self.wfile.write(data)
                self.wfile.flush()

    def _refuse(self, code: str) -> None:
        self._head(404, {"X-Error-Code": code, "Content-Length": 0})

    def _head(self, status: int, headers: dict) -> None:
        self.send_response(status)
        self.send_header("X-Repo-Commit", COMMIT)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass
