"""A server of pages: who is let in, what becomes of games, and of clients that misbehave."""

import base64
import json
import os
import signal
import socket
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.model.remote import serving
from mag_sandbox.model.remote.serving import ListenAddress
from mag_sandbox.sandbox.browser import server
from mag_sandbox.sandbox.browser.messages import PROTOCOL, TOKEN, decode
from tests.pages import Pages
from tests.patience import PATIENCE, eventually

SECRET = "a secret that is long enough"


def echo(pipe) -> None:
    """A game that tells what it is told, until it is to leave."""
    count = 0
    while (data := pipe.recv_bytes()) != b"leave":
        count += 1
        told = {"is": "heard", "what": type(decode(data)).__name__, "count": count}
        pipe.send_bytes(json.dumps(told | {"process": os.getpid()}).encode())


def keep(pipe) -> None:
    """A game that keeps its place when it is to leave."""
    while pipe.recv_bytes() != server.LEAVE:
        pass
    (Path(os.environ[HOME_VARIABLE]) / "kept").touch()


def flood(pipe) -> None:
    """A game that sends without end to a page of the browser "flooded", and echoes to others."""
    opening = decode(pipe.recv_bytes())
    while opening.browser == "flooded":
        pipe.send_bytes(bytes(2**20))
    pipe.send_bytes(b'{"is": "heard"}')
    echo(pipe)


def deaf(pipe) -> None:
    """A game that reads nothing."""
    signal.pause()


def crash(pipe) -> None:
    """A game that ends at once."""
    os._exit(3)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))


def refused(pages, **options) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refusal:
        pages.visit(**options)
    response = refusal.value.response
    return response.status_code, response.body.decode()


def test_the_page_loads_nothing_from_elsewhere():
    with Pages(echo) as pages, urlopen(pages.url, timeout=PATIENCE) as answer:
        policy = answer.headers["Content-Security-Policy"]
        text = answer.read().decode()
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "//" not in text


@pytest.mark.parametrize("path", ["page.js", "page.css", "icon.png"])
def test_its_parts_come_with_the_package(path):
    with Pages(echo) as pages, urlopen(pages.url + path, timeout=PATIENCE) as answer:
        assert len(answer.read()) > 500


def test_pages_of_others_are_refused():
    with Pages(echo) as pages:
        assert refused(pages, origin="http://evil.example")[0] == 403
        assert refused(pages, origin="null")[0] == 403
        assert refused(pages, origin="")[0] == 403


def test_an_origin_that_is_no_address_is_refused():
    with Pages(echo) as pages:
        assert refused(pages, origin="http://[")[0] == 403


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "{evil}.example"])
def test_names_that_lead_here_are_refused_without_a_token(name):
    with Pages(echo) as pages:
        assert refused(pages, host=f"{name}:{pages.port}")[0] == 403
        line = HTTPConnection("127.0.0.1", pages.port, timeout=PATIENCE)
        line.request("GET", "/token", headers={"Host": f"{name}:{pages.port}"})
        assert line.getresponse().status == 403
        line.close()


@pytest.fixture
def locked(tmp_path):
    file = tmp_path / "token"
    file.write_text(SECRET.replace(" ", "-"))
    with Pages(echo, gate=ListenAddress(port=0, token_file=file)) as pages:
        yield pages


def with_token(text: str) -> tuple[str, ...]:
    return PROTOCOL, TOKEN + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_a_page_needs_the_token(locked):
    assert refused(locked)[0] == 401
    status, why = refused(locked, protocols=with_token("something else"))
    assert (status, "another token" in why) == (401, True)
    assert refused(locked, protocols=(PROTOCOL, f"{TOKEN}A"))[0] == 401
    with locked.visit(protocols=with_token(SECRET.replace(" ", "-"))) as page:
        page.open()
        page.hear("session")


def test_a_page_of_another_version_is_refused():
    with Pages(echo) as pages:
        assert refused(pages, protocols=("mag-sandbox-page-0",))[0] == 426


def test_messages_reach_the_game_in_order():
    with Pages(echo) as pages, pages.visit() as page:
        page.open()
        assert page.hear("heard")["what"] == "Opening"
        page.say("keypress", name="left", down=True)
        page.say("frameshown", number=1)
        assert page.hear("heard")["what"] == "KeyPress"
        assert page.hear("heard")["what"] == "FrameShown"


@pytest.mark.parametrize("said", ["", "{}", "x" * 100_000, b"\0\1\2"])
def test_garbage_ends_its_own_connection_alone(said):
    with Pages(echo) as pages, pages.visit() as other:
        other.open()
        other.hear("heard")
        with pages.visit() as page:
            page.open()
            page.hear("session")
            page.socket.send(said)
            with pytest.raises(ConnectionClosed):
                while True:
                    page.hear("nothing")
        assert "message" in page.told[-1]["sentence"]
        other.say("frameshown", number=1)
        assert other.hear("heard")["what"] == "FrameShown"


def test_every_page_has_a_game_of_its_own_and_others_wait():
    with Pages(echo, places=2) as pages, ExitStack() as stack:
        one, two, three = (stack.enter_context(pages.visit()) for _ in range(3))
        processes = set()
        for page in (one, two):
            page.open()
            processes.add(page.hear("heard")["process"])
        assert len(processes) == 2
        three.open()
        assert three.hear("queued") == {"is": "queued", "position": 1, "places": 2, "replicas": 1}
        os.kill(processes.pop(), signal.SIGKILL)
        three.hear("session")


def test_a_page_goes_on_with_its_game():
    with Pages(echo) as pages:
        with pages.visit() as page:
            page.open()
            session, process = page.hear("session")["session"], page.hear("heard")["process"]
        with pages.visit() as page:
            page.open(session=session)
            assert page.hear("session")["session"] == session
            assert page.hear("heard")["process"] == process


def test_a_game_that_was_left_is_given_to_the_same_browser_and_link_alone():
    with Pages(echo, places=9) as pages:
        with pages.visit() as page:
            page.open(browser="one", link="scene=meadow")
            session = page.hear("session")["session"]
        eventually(lambda: pages.games[0].expiry)
        for told in ({"browser": "two", "link": "scene=meadow"}, {"browser": "one"}, {}):
            with pages.visit() as page:
                page.open(**told)
                assert page.hear("session")["session"] != session
        with pages.visit() as page:
            page.open(browser="one", link="scene=meadow")
            assert page.hear("session")["session"] == session


def test_a_second_page_takes_no_game_that_is_played():
    with Pages(echo) as pages, pages.visit() as page, pages.visit() as other:
        page.open(browser="one")
        other.open(browser="one")
        assert page.hear("session")["session"] != other.hear("session")["session"]


def test_a_game_that_is_left_ends_and_its_place_is_free():
    with Pages(echo, places=1, keep_s=0.0) as pages:
        with pages.visit() as page:
            page.open()
            page.hear("session")
        with pages.visit() as page:
            page.open()
            page.hear("session")


def test_a_server_that_ends_waits_until_its_games_have_kept_their_places(tmp_path):
    with Pages(keep) as pages, pages.visit() as page:
        page.open()
        eventually(lambda: pages.games)
        pages.pages.close()
        assert (tmp_path / "kept").exists()


def test_a_game_that_crashes_is_told_to_its_page():
    with Pages(crash) as pages, pages.visit() as page:
        page.open()
        assert "stopped unexpectedly" in page.hear("ended")["sentence"]
        eventually(lambda: not pages.games)


def test_a_game_that_reads_nothing_ends_its_connection_alone():
    with Pages(deaf) as pages, pages.visit() as page:
        page.open()
        page.hear("session")
        with pytest.raises(ConnectionClosed):
            while True:
                page.say("textwritten", text="x" * 4000)
        for game in pages.games:
            game.process.kill()


def test_a_page_that_stops_reading_is_cut_off_alone(monkeypatch):
    monkeypatch.setattr(server, "SENDING_S", 0.5)
    with Pages(flood) as pages, pages.visit() as page, pages.visit() as other:
        page.open(browser="flooded")
        page.hear("session")  # and nothing more
        other.open()
        other.hear("heard")
        eventually(lambda: any(game.connection is None for game in pages.games))
        other.say("keypress", name="left", down=True)
        assert other.hear("heard")["what"] == "KeyPress"
        for game in pages.games:
            game.process.kill()


def test_an_idle_page_leaves_its_place():
    with Pages(echo, idle_s=0.05) as pages, pages.visit() as page:
        page.open()
        assert "nothing happened" in page.hear("ended")["sentence"]
        eventually(lambda: not pages.games)


def test_connections_that_send_no_whole_request_are_dropped(monkeypatch):
    monkeypatch.setattr(serving, "REQUEST_S", 0.5)
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 8)
    with Pages(echo) as pages, ExitStack() as opened:
        for said in (b"", b"GET / HTT", b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9"):
            for _ in range(8):
                line = socket.create_connection(("127.0.0.1", pages.port), PATIENCE)
                opened.enter_context(line).sendall(said)

        def is_served() -> bool:
            line = HTTPConnection("127.0.0.1", pages.port, timeout=PATIENCE)
            line.request("GET", "/page.js")
            status = line.getresponse().status
            line.close()
            return status == 200

        eventually(is_served)


def test_two_hundred_connections_leave_a_player_alone():
    with Pages(echo, places=1) as pages, ExitStack() as stack, pages.visit() as page:
        page.open()
        page.hear("heard")
        for _ in range(200):
            stack.enter_context(pages.visit())
        page.say("keypress", name="left", down=True)
        assert page.hear("heard")["what"] == "KeyPress"
