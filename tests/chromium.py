"""Debian's Chromium without a window, driven through its debugging protocol.

with Chromium(folder) as chromium:
    page = chromium.open("http://localhost:8766/")
    page.wait("shown !== null")
    page.press("ArrowLeft")
"""

import base64
import json
import os
import shutil
import subprocess
import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from websockets.sync.client import connect

from tests.patience import PATIENCE, eventually

PROGRAM = shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0", "--hide-scrollbars", "--mute-audio",
)  # fmt: skip
needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")
SIZE = (640, 400)  # px of a page: large ones keep both sides busy


class Chromium:
    """A browser with a profile of its own."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self._folder, self._flags = folder, flags

    def __enter__(self) -> "Chromium":
        flags = *FLAGS, *self._flags, f"--user-data-dir={self._folder}"
        command = [PROGRAM, *flags, "about:blank"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        told = self._folder / "DevToolsActivePort"
        eventually(lambda: told.exists() and told.read_text().count("\n"))
        self._port = told.read_text().split()[0]
        return self

    def __exit__(self, *failure) -> None:
        os.killpg(self._process.pid, 9)  # the helpers that it started, too
        self._process.wait(PATIENCE)

    def open(self, url: str, size=SIZE, *, phone: bool = False, ratio: float = 1.0) -> "Page":
        """Open a page in a new tab."""
        asked = Request(f"http://127.0.0.1:{self._port}/json/new?about:blank", method="PUT")
        with urlopen(asked, timeout=PATIENCE) as answer:
            target = json.load(answer)
        page = Page(target["webSocketDebuggerUrl"])
        page.resize(size, phone=phone, ratio=ratio)
        page.tell("Page.navigate", url=url)
        page.wait("document.readyState === 'complete' && location.href !== 'about:blank'")
        return page


class Page:
    """A tab."""

    def __init__(self, url: str) -> None:
        self._open = ExitStack()
        self._socket = self._open.enter_context(connect(url, max_size=None, compression=None))
        self._numbers = count(1)
        self.tell("Page.enable")
        self.tell("Runtime.enable")
        self.tell("Page.bringToFront")

    def tell(self, method: str, **values):
        """Call a method of the protocol and return its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": values}))
        while True:
            answer = json.loads(self._socket.recv(PATIENCE))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def ask(self, expression: str):
        """Return the value of an expression in the page."""
        told = self.tell(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def wait(self, expression: str):
        """Wait until an expression holds in the page; return its value."""
        until = time.monotonic() + PATIENCE
        while not (value := self.ask(expression)):
            assert time.monotonic() < until, f"never: {expression}"
            time.sleep(0.03)
        return value

    def resize(self, size, *, phone: bool = False, ratio: float = 1.0) -> None:
        """Give the page another size [CSS pixels]."""
        width, height = size
        self.tell(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=ratio, mobile=phone,
        )  # fmt: skip
        self.tell("Emulation.setTouchEmulationEnabled", enabled=phone)

    def key(self, key: str, down: bool, code: str = "", text: str = "") -> None:
        """Send a real event of a key, named as in the DOM."""
        kind = ("keyDown" if text else "rawKeyDown") if down else "keyUp"
        more = {"text": text} if text and down else {}
        code = code or (f"Key{key.upper()}" if len(key) == 1 else key)
        self.tell("Input.dispatchKeyEvent", type=kind, key=key, code=code, **more)

    def press(self, key: str) -> None:
        """Press and release a key."""
        text = key if len(key) == 1 else ""
        self.key(key, True, text=text)
        self.key(key, False)

    def mouse(self, kind: str, x: float, y: float, button: str = "none", **more) -> None:
        """Send a real event of the mouse."""
        self.tell("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, **more)

    def click(self, x: float, y: float) -> None:
        """Click somewhere."""
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, "left", clickCount=1, buttons=1)
        self.mouse("mouseReleased", x, y, "left", clickCount=1)

    def picture(self) -> bytes:
        """Return what the page shows, as PNG."""
        return base64.b64decode(self.tell("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        """Close the tab."""
        self.tell("Page.close")
        self._open.close()
