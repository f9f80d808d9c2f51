"""Whether there is a display to open a window on, asked before SDL waits for it.

SDL waits minutes for the X server of a host that does not answer, and then draws where no one sees
it. Imports no pygame, which must see the display settings first.
"""

import os
import re
import socket
import sys

from mag_sandbox.files.border import reason_of
from mag_sandbox.sandbox.settings import DisplayError

CONNECT_S = 10.0  # to reach the host of an X server
ANSWER_S = 60.0  # for the server to answer: a busy machine takes long
REMEDY = "start it in a desktop session or use --headless"
_FIRST_PORT = 6000  # of displays by network: that of :0
_HELLO = b"l\0\x0b\0" + bytes(8)  # version 11, least significant byte first, no authorisation
_NAME = re.compile(r"(?:(?P<host>[^:/]+|\[[^]]+\]):|(?:unix)?:)(?P<number>\d{1,5})(?:\.\d+)?")


def has_display() -> bool:
    """Return whether the environment names a display; other systems than Linux need no name."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    return not sys.platform.startswith("linux") or any(map(os.environ.get, names))


def check_display() -> None:
    """Raise DisplayError unless a display answers, for which SDL would wait."""
    if not has_display():
        raise DisplayError(f"no display found; {REMEDY}")
    name, driver = os.environ.get("DISPLAY", ""), os.environ.get("SDL_VIDEODRIVER", "x11")
    if not sys.platform.startswith("linux") or not name or driver != "x11":
        return
    try:
        _ask(name)
    except OSError as error:
        why = "no answer" if isinstance(error, TimeoutError) else reason_of(error)
        raise DisplayError(
            f"the display {name!r:.80} cannot be used ({why}); correct DISPLAY, {REMEDY}"
        ) from None


def _ask(name: str) -> None:
    """Greet the X server of a display and wait for any answer, a refusal too."""
    found = _NAME.fullmatch(name)
    if found is None:
        return  # a form that only the library of X knows
    host, number = found["host"], int(found["number"])
    local = host in (None, "unix")
    with (
        socket.socket(socket.AF_UNIX)
        if local
        else socket.create_connection((host.strip("[]"), _FIRST_PORT + number), CONNECT_S)
    ) as line:
        line.settimeout(ANSWER_S)
        if local:
            address = f"/tmp/.X11-unix/X{number}"
            try:
                line.connect(address)
            except FileNotFoundError:
                line.connect(f"\0{address}")  # some servers listen at the abstract name alone
        line.sendall(_HELLO)
        if not line.recv(1):
            raise OSError("it hangs up")
