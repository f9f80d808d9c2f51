"""`serve --pages`: pages whose games share one engine, also from replicas on a cluster."""

import re
import sys
import threading
import time
import zlib
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from types import ModuleType, SimpleNamespace

import pytest
import uvicorn

from mag_sandbox.model.world import PARKED_MIB
from mag_sandbox.sandbox import choice as choices
from mag_sandbox.sandbox.browser import server
from mag_sandbox.sandbox.browser.messages import PROTOCOL, ROUTE
from mag_sandbox.sandbox.commands import serve as command
from mag_sandbox.sandbox.commands.cli import main
from tests.doubles import SPEC, FakeWorld
from tests.forks import FORKS
from tests.pages import visit
from tests.patience import PATIENCE, eventually

HEADER = b"sec-websocket-protocol"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def loaded(monkeypatch, tmp_path):
    """Worlds of this process are fakes; the games' are remote ones."""
    worlds = []

    def load(name, memory, **more):
        worlds.append(FakeWorld(memory, spec=replace(SPEC, name=name)))
        return worlds[-1]

    monkeypatch.setattr(choices, "load_world", load)
    monkeypatch.setenv("MAG_SANDBOX_HOME", str(tmp_path))
    monkeypatch.setenv(PARKED_MIB, "")  # which `serve` sets otherwise
    monkeypatch.setenv(command.ROUTE, HEADER.decode())  # likewise
    return worlds


@contextmanager
def serving(capsys, stop, *options):
    """Run `serve --pages` and give its port."""
    codes = []
    line = ["serve", "--pages", "--port", "0", *options]
    thread = threading.Thread(target=lambda: codes.append(main(line)), daemon=True)
    thread.start()
    said, until = "", time.monotonic() + PATIENCE
    while not (url := re.search(r"open http://localhost:(\d+) in a browser", said)):
        assert thread.is_alive(), said
        assert time.monotonic() < until
        time.sleep(0.005)
        said += "".join(capsys.readouterr())
    yield int(url[1])
    stop()
    thread.join(PATIENCE)
    assert codes == [0]


def test_the_games_of_pages_share_one_engine(loaded, monkeypatch, capsys):
    servers, made = [], uvicorn.Server.__init__
    monkeypatch.setattr(server, "PROCESSES", FORKS)
    monkeypatch.setattr(
        uvicorn.Server, "__init__", lambda one, *told: servers.append(one) or made(one, *told)
    )

    def stop():
        servers[1].should_exit = True  # the first one is the games'

    with serving(capsys, stop) as port, visit(port) as page:
        page.open(link="scene=meadow&seed=7")
        page.play()
        assert [world.spec.name for world in loaded] == ["pocket"]


class Cluster:
    """As much of Ray Serve as is used, in this process: a proxy that routes by a header."""

    def __init__(self) -> None:
        self.replicas = []
        self.is_up, self._stopped = threading.Event(), threading.Event()

    def modules(self) -> dict[str, ModuleType]:
        ray, serve, config = (ModuleType(name) for name in ("ray", "ray.serve", "ray.serve.config"))
        ray.init = ray.shutdown = lambda *told, **more: None
        ray.exceptions, ray.serve = SimpleNamespace(RayError=RuntimeError), serve
        serve.ingress = lambda: lambda kind: kind
        serve.deployment = lambda kind, **told: SimpleNamespace(
            bind=lambda build: [kind(build) for _ in range(told["autoscaling_config"].min_replicas)]
        )
        serve.start, serve.run = self.start, self.run
        serve.delete = lambda name: [one._server.close() for one in self.replicas]
        serve.Application = object
        config.AutoscalingConfig = config.HTTPOptions = SimpleNamespace
        config.RequestRouterConfig = SimpleNamespace
        return {"ray": ray, "ray.serve": serve, "ray.serve.config": config}

    def start(self, http_options) -> None:
        host, port = http_options.host, http_options.port
        told = {"host": host, "port": port, "lifespan": "off", "log_config": None}
        self.server = uvicorn.Server(uvicorn.Config(self._route, interface="asgi3", **told))

    def run(self, replicas, **told) -> None:
        self.replicas = replicas
        threading.Thread(target=self.server.run, daemon=True).start()
        eventually(lambda: self.server.started)

    async def _route(self, scope, receive, send) -> None:
        name = dict(scope["headers"]).get(HEADER, b"")
        app = self.replicas[zlib.crc32(name) % len(self.replicas)].__serve_build_asgi_app__()
        await app(scope, receive, send)


@pytest.fixture
def cluster(monkeypatch):
    made = Cluster()
    for name, module in made.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "mag_sandbox.model.remote.cluster", raising=False)
    yield made
    sys.modules.pop("mag_sandbox.model.remote.cluster", None)


def protocols(replica: int) -> tuple[str, ...]:
    """Return what a page offers that is led to a replica."""
    offers = ((PROTOCOL, f"{ROUTE}{number}") for number in range(99))
    return next(one for one in offers if zlib.crc32(", ".join(one).encode()) % 2 == replica)


def test_a_cluster_serves_pages_and_leads_each_back_to_its_replica(
    loaded, cluster, monkeypatch, capsys
):
    from mag_sandbox.model.remote import cluster as replicas

    ends = threading.Event()
    monkeypatch.setattr(replicas, "threading", SimpleNamespace(Event=lambda: ends))
    monkeypatch.setattr(server, "PROCESSES", FORKS)

    def stop():
        cluster.server.should_exit = True
        ends.set()

    options = "--ray", "local", "--replicas", "2", "--max-sessions", "1"
    with serving(capsys, stop, *options) as port:
        for number, replica in enumerate(cluster.replicas):
            with visit(port, protocols=protocols(number)) as page:
                page.open(link="scene=meadow&seed=7")
                session = page.hear("session")["session"]
                page.play()
                assert list(replica._server.pages._games) == [session]
                with visit(port, protocols=protocols(number)) as other:
                    other.open()
                    assert other.hear("queued")["replicas"] == 2  # the page tries another one
            with visit(port, protocols=protocols(number)) as page:
                page.open(session=session)
                assert page.hear("session")["session"] == session
        line = HTTPConnection("localhost", port, timeout=PATIENCE)
        line.request("GET", "/page.js")
        assert line.getresponse().status == 200
        line.close()
    assert len(loaded) == 2  # an engine for each replica
