"""`serve`, and the commands that play what it serves."""

import re
import threading
import time
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import pytest
import uvicorn

from mag_sandbox.model.world import PARKED_MIB, MemorySetting
from mag_sandbox.sandbox import choice as choices
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.commands.cli import main
from mag_sandbox.sandbox.diagnose import loopback
from mag_sandbox.scenes import load_scene
from tests.doubles import SPEC, FakeWorld
from tests.hosted import Hosted
from tests.patience import PATIENCE

load_world = choices.load_world


@pytest.fixture(autouse=True)
def fake(monkeypatch, tmp_path):
    """Worlds of this machine are fakes; remote ones are real."""

    def load(name, memory, *, server, **more):
        return (
            load_world(name, memory, server=server, **more)
            if server
            else FakeWorld(memory, spec=replace(SPEC, name=name))
        )

    monkeypatch.setattr(choices, "load_world", load)
    monkeypatch.setenv("MAG_SANDBOX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(PARKED_MIB, "")  # which `serve` sets otherwise


@contextmanager
def served(monkeypatch, capsys, *options):
    """Run `serve` and give its address; end it as a signal would."""
    servers = []
    made = uvicorn.Server.__init__
    monkeypatch.setattr(
        uvicorn.Server,
        "__init__",
        lambda server, *told: servers.append(server) or made(server, *told),
    )
    codes = []
    command = ["serve", "--port", "0", *options]
    thread = threading.Thread(target=lambda: codes.append(main(command)), daemon=True)
    thread.start()
    said, until = "", time.monotonic() + PATIENCE
    while not (url := re.search(r"ws://\S+:\d+", said)):
        assert thread.is_alive()
        assert time.monotonic() < until
        time.sleep(0.005)
        said += capsys.readouterr().out
    yield url[0]
    servers[0].should_exit = True
    thread.join(PATIENCE)
    assert codes == [0]


def test_what_is_served_is_played_recorded_and_verified_here_and_there(
    monkeypatch, capsys, tmp_path
):
    with served(monkeypatch, capsys) as url:
        remote = ["--url", url]
        play = ["play", "--headless", "--seconds", "0.4", "--scene", "meadow", "--world", "remote"]
        assert main([*play, *remote, "--record", str(tmp_path / "rec")]) == 0
        for where in (remote, []):
            assert main(["replay", str(tmp_path / "rec"), "--verify", "--headless", *where]) == 0
            assert "match the recording" in capsys.readouterr().out
        demo = tmp_path / "short.yaml"
        demo.write_text("name: Short\nscene: kitchen\nscript: pan right 20deg\n")
        assert main(["demo", str(demo), "--headless", "--world", "remote", *remote]) == 0


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("play --world remote", "give its --url"),
        ("play --world remote --url gpu", "is no address of a server"),
        ("play --world remote --url ws://127.0.0.1:1", "is `serve` running there"),
        ("play --url wss://gpu --quality 101", "not a whole number from 1 to 100"),
        ("play --url wss://gpu --token-file nowhere", "nowhere holds no token (not found)"),
        ("serve --host 0.0.0.0", "give --token-file"),
        ("serve --port 99999", "not a whole number from 0 to 65535"),
        ("serve --tls-cert cert.pem", "go together; give both"),
        ("serve --world poket", "world"),
        ("serve --max-sessions 0", "not a whole number from 1 to 64"),
    ],
)
def test_what_cannot_be_is_one_sentence(command, says, capsys):
    assert main(command.split()) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_the_bench_of_a_server_plays_the_same_here_and_there(monkeypatch):
    monkeypatch.setattr(loopback, "SETTLE_S", 0.0)
    with Hosted(lambda wish: FakeWorld(wish.memory), worlds=("pocket",), places=3) as hosted:
        monkeypatch.setattr(loopback, "_server", lambda world: nullcontext(hosted.address))
        choice = WorldChoice("pocket", MemorySetting())
        plan = loopback.LoopbackPlan(choice, load_scene("meadow"), 7, blocks=6)
        numbers = loopback.run(plan, lambda text: None)
    assert numbers["equal_digests"] == "7 of 7"
    assert numbers["remote_block_ms"] > 0
    assert len(numbers["fps_of_each"]) == loopback.PLAYERS
