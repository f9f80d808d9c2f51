"""`serve` lets others play a world of this machine; it needs neither a window nor pygame."""

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from mag_sandbox.answering import WORLD_THREAD
from mag_sandbox.files.validation import parse_json
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.loading import worlds_beside
from mag_sandbox.model.world import PARKED_MIB, Precision, World, WorldFailed
from mag_sandbox.program import PROGRAM
from mag_sandbox.sandbox.choice import WorldChoice, usual_memory
from mag_sandbox.sandbox.commands.options import ServeOptions
from mag_sandbox.sandbox.option_values import Span
from mag_sandbox.sandbox.recording.reader import processor_name
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.workers.cluster import joined

if TYPE_CHECKING:  # an extra
    from mag_sandbox.model.remote.engine import Wish
    from mag_sandbox.model.remote.server import WorldServer
Say = Callable[[str], None]
PARKED = "512"  # MiB of keys and values that travel; of larger worlds, latents do
SWITCH_S = 0.001  # longest turn of a thread that others wait for [s]: messages leave sooner


def run_serve(options: ServeOptions, say: Say) -> int:
    """Serve a world until told to end."""
    try:
        from mag_sandbox.model.remote.serving import Gate, serve
    except ImportError as error:
        raise WorldFailed(
            f"a server needs more packages ({error}); run `pip install -e '.[remote]'`"
        ) from error
    gate = Gate(options.host, options.port, options.token_file, options.tls_cert, options.tls_key)
    token = gate.token()  # before anything is loaded
    least, most = options.replicas if options.ray else Span(1, 1)
    build = partial(built, options.world, options.max_sessions, token, most, options.precision)
    tell = partial(_tell, say, options.world, options.max_sessions * most)
    say(f"loading {options.world}")
    if gate.warning:
        say(gate.warning)
    if options.ray is not None:
        with joined(options.ray):
            from mag_sandbox.model.remote import cluster

            plan = cluster.ReplicaPlan(least, most, options.gpus)
            cluster.serve_cluster(plan, build, options.max_sessions, gate, tell)
        return 0
    server = build()
    try:
        serve(server, gate, tell)
    finally:
        server.close()
    return 0


def built(
    world: str, places: int, token: str, replicas: int = 1, precision: Precision = "auto"
) -> "WorldServer":
    """Return a server with its world loaded, in the process that is to serve.

    Args:
        world: that is played unless another is asked for.
        places: of players at once.
        token: that players must know.
        replicas: of this server, beside each other.
        precision: of the pocket world's networks.

    Raises:
        WorldFailed: it cannot run here.
    """
    from mag_sandbox.model.remote.engine import Wish, WorldEngine
    from mag_sandbox.model.remote.server import MOST_KEPT_MIB, House, WorldServer

    os.environ.setdefault(PARKED_MIB, PARKED)
    sys.setswitchinterval(SWITCH_S)
    usual = WorldChoice(world, usual_memory(world, SandboxConfig(), None))
    engine = WorldEngine(partial(load, precision=precision), places, WORLD_THREAD)
    engine.start()
    try:
        provenance = engine.warm(Wish(usual.name, usual.memory))
    except BaseException:
        engine.close()
        raise
    house = House(
        worlds=tuple(dict.fromkeys((usual.name, *worlds_beside(usual.name)))),
        places=places,
        replicas=replicas,
        token=token,
        machine=processor_name(),
        threads=provenance.get("execution", {}).get("threads"),
        kept_mib=max(MOST_KEPT_MIB, WORLDS[usual.name].memory_setting().kept_mib),
    )
    return WorldServer(engine, house)


def load(wish: "Wish", precision: Precision = "auto") -> World:
    """Load the world that a session wants.

    Raises:
        WorldFailed: there is none, it has no such memory, or it cannot run here.
    """
    execution = None if wish.execution is None else parse_json(wish.execution.encode())
    precision = precision if wish.world == "pocket" else "auto"
    choice = WorldChoice(wish.world, wish.memory, wish.look_ahead, execution, precision=precision)
    return choice.load()


def _tell(say: Say, world: str, places: int, url: str) -> None:
    players = "1 player" if places == 1 else f"{places} players"
    say(f"{world} is served to {players} at {url}; there, others play it with")
    say(f"  {PROGRAM} play --world remote --url {url}")
    sys.stdout.flush()
