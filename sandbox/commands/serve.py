"""`serve` lets others play a world of this machine, in a game of theirs or in a browser."""

import os
import secrets
import sys
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mag_sandbox.command_line import Say
from mag_sandbox.files.validation import counted, parse_json
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.loading import ServerAddress, worlds_beside
from mag_sandbox.model.world import PARKED_MIB, Precision, World, WorldFailed
from mag_sandbox.process import WORLD_THREAD
from mag_sandbox.program import PROGRAM
from mag_sandbox.sandbox.choice import WorldChoice, usual_memory
from mag_sandbox.sandbox.commands.options import ServeOptions
from mag_sandbox.sandbox.option_values import Span
from mag_sandbox.sandbox.recording.reader import processor_name
from mag_sandbox.sandbox.settings import SandboxConfig, load_settings
from mag_sandbox.workers.cluster import joined

if TYPE_CHECKING:  # an extra
    from starlette.applications import Starlette

    from mag_sandbox.model.remote.engine import WorldRequest
    from mag_sandbox.model.remote.server import WorldServer
    from mag_sandbox.model.remote.serving import ListenAddress
    from mag_sandbox.sandbox.browser.server import PageServer
PARKED = "512"  # MiB of keys and values in a snapshot; of larger worlds, latents
ROUTE = "RAY_SERVE_SESSION_ID_HEADER_KEY"  # variable: the header that names a session
SWITCH_S = 0.001  # longest turn of a thread while others wait [s]: messages leave sooner


def run_serve(options: ServeOptions, say: Say) -> int:
    """Serve a world until a signal ends it."""
    try:
        from mag_sandbox.model.remote.serving import ListenAddress, serve
    except ImportError as error:
        raise WorldFailed(
            f"a server needs more packages ({error}); run `pip install -e '.[remote]'`"
        ) from error
    address = ListenAddress(
        options.host, options.port, options.token_file, options.tls_cert, options.tls_key
    )
    token = address.token()  # before anything is loaded
    least, most = options.replicas if options.ray else Span(1, 1)
    world, places = options.world, options.max_sessions
    build = partial(
        build_page_server if options.pages else build_server,
        *(world, places, token, most, options.precision),
    )
    report = partial(_report, say, world, places * most, address)
    if options.pages:
        from mag_sandbox.sandbox.commands.browser import report_pages

        os.environ.setdefault(ROUTE, "sec-websocket-protocol")  # read where Ray starts
        report = partial(report_pages, say, address)
    say(f"loading {world}")
    if address.warning:
        say(address.warning)
    if options.ray is not None:
        with joined(options.ray):
            from mag_sandbox.model.remote import cluster

            plan = cluster.ReplicaPlan(least, most, options.gpus)
            cluster.serve_cluster(plan, build, places, address, report)
        return 0
    with closing(build()) as server:
        serve(server.app, address, report)
    return 0


def build_server(
    world: str, places: int, token: str, replicas: int = 1, precision: Precision = "auto"
) -> "WorldServer":
    """Return a server with its world loaded, in its own process, or raise WorldFailed."""
    from mag_sandbox.model.remote.engine import WorldEngine, WorldRequest
    from mag_sandbox.model.remote.server import MOST_KEPT_MIB, ServerConfig, WorldServer

    os.environ.setdefault(PARKED_MIB, PARKED)
    sys.setswitchinterval(SWITCH_S)
    choice = WorldChoice(world, usual_memory(world, SandboxConfig(), None))
    engine = WorldEngine(partial(load, precision=precision), places, WORLD_THREAD)
    engine.start()
    try:
        provenance = engine.warm_up(WorldRequest(choice.name, choice.memory))
    except BaseException:
        engine.close()
        raise
    config = ServerConfig(
        worlds=tuple(dict.fromkeys((choice.name, *worlds_beside(choice.name)))),
        places=places,
        replicas=replicas,
        token=token,
        machine=processor_name(),
        threads=provenance.get("execution", {}).get("threads"),
        kept_mib=max(MOST_KEPT_MIB, WORLDS[choice.name].memory_setting().kept_mib),
    )
    return WorldServer(engine, config)


@dataclass(frozen=True, slots=True)
class SharedPages:
    """A server of pages whose games play the worlds of one engine."""

    pages: "PageServer"
    worlds: "WorldServer"

    @property
    def app(self) -> "Starlette":
        """The ASGI application."""
        return self.pages.app

    def close(self) -> None:
        """Ask all games to save their places and end, then stop the engine."""
        self.pages.close()
        self.worlds.close()


def build_page_server(
    world: str, places: int, token: str, replicas: int = 1, precision: Precision = "auto"
) -> SharedPages:
    """Return a server of pages with its world loaded, in the process that is to serve."""
    from mag_sandbox.model.remote.serving import serve_aside
    from mag_sandbox.sandbox.browser.server import PagesConfig, PageServer
    from mag_sandbox.sandbox.commands.browser import play_page

    secret, settings = secrets.token_urlsafe(), load_settings()
    worlds = build_server(world, places, secret, precision=precision)
    address = ServerAddress(f"ws://127.0.0.1:{serve_aside(worlds.app)}", secret)
    memory = usual_memory(world, settings, None)
    choice = WorldChoice(world, memory, settings.look_ahead, server=address)
    config = PagesConfig(places, token, replicas)
    return SharedPages(PageServer(partial(play_page, choice, None), config), worlds)


def load(request: "WorldRequest", precision: Precision = "auto") -> World:
    """Load the world that a session requests."""
    execution = None if request.execution is None else parse_json(request.execution.encode())
    return WorldChoice(
        request.world,
        request.memory,
        request.look_ahead,
        execution,
        precision=precision if request.world == "pocket" else "auto",
    ).load()


def _report(say: Say, world: str, places: int, address: "ListenAddress", port: int) -> None:
    players, url = counted(places, "player"), address.url(port)
    say(f"{world} is served to {players} at {url}; there, others play it with")
    say(f"  {PROGRAM} play --world remote --url {url}")
    sys.stdout.flush()
