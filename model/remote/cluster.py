"""The same server as replicas on a Ray cluster, which places them, adds some and replaces them.

Ray Serve decides all that a scheduler decides. What is said here is only what it needs to know: how
a replica is made, how many players one takes, and that the lines of a session belong together: the
client names the session in a header, and a name belongs to a replica as long as that one lives.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import ray
from ray import serve
from ray.serve.config import AutoscalingConfig, HTTPOptions, RequestRouterConfig

from mag_sandbox.files.border import reason_of
from mag_sandbox.model.remote.server import MOST_WAITING, WorldServer
from mag_sandbox.model.remote.serving import Gate, ServingError, listening

APPLICATION = "mag-sandbox"
LINES = 2  # of a session: play, and snapshots on their way
UPSCALE_S, DOWNSCALE_S = 2.0, 300.0  # that a change of players lasts before replicas follow it [s]
HEALTH_S = 5.0  # between two looks whether a replica lives [s]
STICKY = RequestRouterConfig(
    request_router_class="ray.serve.experimental.consistent_hash_router.ConsistentHashRouter"
)


@dataclass(frozen=True, slots=True)
class ReplicaPlan:
    """How many replicas there are, and what each is given."""

    least: int = 1
    most: int = 2
    gpus: float = 0.0  # of one card, that each replica takes


@serve.ingress()
class Replica:
    """A server in a process of its own, somewhere in the cluster."""

    def __init__(self, build: Callable[[], WorldServer]) -> None:
        self._server = build()

    def __serve_build_asgi_app__(self):
        return self._server.app


def serve_cluster(
    plan: ReplicaPlan,
    build: Callable[[], WorldServer],
    players: int,
    gate: Gate,
    say: Callable[[str], None],
) -> None:
    """Serve from the cluster that was joined until the program is told to end.

    Args:
        plan: how many replicas there are.
        build: makes a server in a replica's process, with its worlds loaded.
        players: of a replica.
        gate: where players come in, on the cluster's head.
        say: is told the address.

    Raises:
        ServingError: the port is taken, or a replica cannot be made.
    """
    with listening(gate) as listener:  # Ray would not say in a sentence that it is taken
        port = listener.getsockname()[1]
    try:
        serve.start(
            http_options=HTTPOptions(
                host=gate.host,
                port=port,
                ssl_certfile=gate.tls_cert and str(gate.tls_cert),
                ssl_keyfile=gate.tls_key and str(gate.tls_key),
            )
        )
        serve.run(_application(plan, build, players), name=APPLICATION, route_prefix="/")
        scheme = "wss" if gate.tls_cert else "ws"
        say(f"{scheme}://{gate.host}:{port}")
        threading.Event().wait()
    except (RuntimeError, ray.exceptions.RayError) as error:
        raise ServingError(f"no replica could be made ({reason_of(error)})") from error
    finally:
        with suppress(Exception):  # it may be gone
            serve.delete(APPLICATION)


def _application(
    plan: ReplicaPlan, build: Callable[[], WorldServer], players: int
) -> serve.Application:
    deployment = serve.deployment(
        Replica,
        name="world",
        max_ongoing_requests=LINES * players + MOST_WAITING,
        autoscaling_config=AutoscalingConfig(
            min_replicas=plan.least,
            max_replicas=plan.most,
            initial_replicas=plan.least,
            target_ongoing_requests=players,
            upscale_delay_s=UPSCALE_S,
            downscale_delay_s=DOWNSCALE_S,
        ),
        ray_actor_options={"num_cpus": 1, "num_gpus": plan.gpus},
        request_router_config=STICKY,
        health_check_period_s=HEALTH_S,
    )
    return deployment.bind(build)
