"""`serve` lets others play a world of this machine; it needs neither a window nor pygame."""

import os
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from mag_sandbox.files.validation import parse_json
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.loading import worlds_beside
from mag_sandbox.model.world import PARKED_MIB, Precision, World, WorldFailed
from mag_sandbox.process import WORLD_THREAD
from mag_sandbox.program import PROGRAM
from mag_sandbox.sandbox.choice import WorldChoice, usual_memory
from mag_sandbox.sandbox.commands.options import ServeOptions
from mag_sandbox.sandbox.option_values import Span
from mag_sandbox.sandbox.recording.reader import processor_name
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.workers.cluster import joined

if TYPE_CHECKING:  # an extra
    from mag_sandbox.model.remote.engine import WorldRequest
    from mag_sandbox.model.remote.server import WorldServer
Say = Callable[[str], None]
PARKED = "512"  # MiB of keys and values in a snapshot; of larger worlds, latents
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
    build = partial(
        build_server, options.world, options.max_sessions, token, most, options.precision
    )
    report = partial(_report, say, options.world, options.max_sessions * most)
    say(f"loading {options.world}")
    if address.warning:
        say(address.warning)
    if options.ray is not None:
        with joined(options.ray):
            from mag_sandbox.model.remote import cluster

            plan = cluster.ReplicaPlan(least, most, options.gpus)
            cluster.serve_cluster(plan, build, options.max_sessions, address, report)
        return 0
    with closing(build()) as server:
        serve(server.app, address, lambda port: report(address.url(port)))
    return 0


def build_server(
    world: str, places: int, token: str, replicas: int = 1, precision: Precision = "auto"
) -> "WorldServer":
    """Return a server with its world loaded, in the process that is to serve.

    Raises:
        WorldFailed: the world cannot run here.
    """
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


def load(request: "WorldRequest", precision: Precision = "auto") -> World:
    """Load the world that a session requests.

    Raises:
        WorldFailed: there is none, it has no such memory, or it cannot run here.
    """
    execution = None if request.execution is None else parse_json(request.execution.encode())
    return WorldChoice(
        request.world,
        request.memory,
        request.look_ahead,
        execution,
        precision=precision if request.world == "pocket" else "auto",
    ).load()


def _report(say: Say, world: str, places: int, url: str) -> None:
    players = "1 player" if places == 1 else f"{places} players"
    say(f"{world} is served to {players} at {url}; there, others play it with")
    say(f"  {PROGRAM} play --world remote --url {url}")
    sys.stdout.flush()
