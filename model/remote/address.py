"""The address of a remote world and its token; imports nothing large."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from mag_sandbox.files.border import read_plain, refusing
from mag_sandbox.files.validation import check_fields
from mag_sandbox.model.world import WorldFailed

MOST_TOKEN = 4096  # bytes
LEAST_TOKEN = 16  # characters: shorter ones are guessed
REMOTE = "remote"  # name of a world whose own name only the server knows


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A server of worlds.

    address = ServerAddress("wss://gpu.home:8765", token=read_token(path))
    world = load_world("remote", server=address)
    """

    url: str  # ws://... or wss://...
    token: str = ""  # required by the server; "": none
    quality: int | None = None  # of JPEG frames, 1 to 100; None: lossless

    def __post_init__(self) -> None:
        check_fields(self)
        if self.scheme not in ("ws", "wss") or not self.host:
            raise WorldFailed(
                f'--url "{self.url[:80]}" is no address of a server; write wss://HOST:PORT, or '
                "ws://HOST:PORT on a network that you trust"
            )

    @property
    def scheme(self) -> str:
        """Ws or wss."""
        return _split(self.url)[0]

    @property
    def host(self) -> str:
        """Name or address of the machine."""
        return _split(self.url)[1]


def is_loopback(host: str) -> bool:
    """Return whether a host can only be reached from its own machine."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:  # a name, perhaps one that only begins like an address
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def read_token(path: Path) -> str:
    """Return the secret in a file, or raise WorldFailed if it is too short to be one."""
    with refusing(lambda why: WorldFailed(f"{path} holds no token ({why}); write a long secret")):
        token = read_plain(path, MOST_TOKEN).decode("ascii").strip()
        if len(token) < LEAST_TOKEN or re.search(r"\s", token):
            raise ValueError(f"expected {LEAST_TOKEN} characters or more, no blank among them")
    return token


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a wrong port raises here
        host = parts.hostname or ""
        host.encode("idna")  # a name with a label too long raises here
        return parts.scheme, host
    except ValueError:
        return "", ""
