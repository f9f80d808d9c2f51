"""A display that does not answer is refused in a sentence, and is not waited for by SDL."""

import os
import socket
import threading
from contextlib import contextmanager

import pytest

from mag_sandbox.sandbox import x_server
from mag_sandbox.sandbox.settings import DisplayError
from mag_sandbox.sandbox.ui import display
from tests.patience import PATIENCE

pytestmark = pytest.mark.skipif(os.name == "nt", reason="X is of other systems")


@pytest.fixture(autouse=True)
def _linux(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("SDL_VIDEODRIVER")


@contextmanager
def server(answer: bytes | None):
    """Give the name of a display whose server answers with some bytes; None: it never does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = threading.Event()

        def serve() -> None:
            line, _ = listening.accept()
            with line:
                line.recv(12)
                if answer is None:
                    done.wait()
                else:
                    line.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        done.set()
        thread.join()


def test_a_server_on_a_busy_machine_is_given_time_to_answer(monkeypatch):
    given = []

    class Line(socket.socket):
        def recv(self, *size):
            given.append(self.gettimeout())
            return b"\1"

        def sendall(self, data):
            pass

        def connect(self, address):
            pass

    monkeypatch.setattr(x_server.socket, "socket", Line)
    monkeypatch.setenv("DISPLAY", ":77")
    x_server.check_display()
    assert given[0] >= 60.0, "[s]; in ten a machine with nine busy processes did not answer once"


@pytest.mark.parametrize(
    ("answer", "why"), [(None, "no answer"), (b"", "it hangs up"), (b"\0", None), (b"\1", None)]
)
def test_a_display_counts_if_its_server_answers(monkeypatch, answer, why):
    with server(answer) as port:
        monkeypatch.setattr(x_server, "_FIRST_PORT", port)
        monkeypatch.setenv("DISPLAY", "127.0.0.1:0.0")
        if why is None:
            x_server.check_display()
            return
        monkeypatch.setattr(x_server, "ANSWER_S", 0.1 if answer is None else PATIENCE)
        with pytest.raises(DisplayError, match=f"'127.0.0.1:0.0' cannot be used .*{why}.*--head"):
            x_server.check_display()


def test_a_display_without_a_server_is_refused(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":59999")
    with pytest.raises(DisplayError, match=r"display ':59999' cannot be used \(.+\); correct"):
        x_server.check_display()


def test_a_window_that_no_one_sees_is_refused(monkeypatch):
    """What SDL does where nothing else works; nobody asked for it."""
    monkeypatch.setattr(display.pygame.display, "init", lambda: None)
    monkeypatch.setattr(display.pygame.display, "get_driver", lambda: "offscreen")
    with pytest.raises(DisplayError, match="no display answers"), display.window((320, 200)):
        pytest.fail("it was opened")
