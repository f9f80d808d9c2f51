"""Replicas of a server on a Ray cluster.

Ray Serve places, adds and replaces them. A client names its session in a header, and Ray routes all
connections of a name to the same replica as long as that replica lives. Pages of a browser cannot
set headers; they name theirs among the subprotocols.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import ray
from ray import serve
from ray.serve.config import AutoscalingConfig, HTTPOptions, RequestRouterConfig
from starlette.applications import Starlette

from mag_sandbox.files.border import reason_of
from mag_sandbox.model.remote.server import MOST_WAITING
from mag_sandbox.model.remote.serving import ListenAddress, ServingError, open_listener

APPLICATION = "mag-sandbox"
CONNECTIONS = 2  # of a session: play, and snapshots
UPSCALE_S, DOWNSCALE_S = 2.0, 300.0  # until replicas follow a change in the number of players [s]
HEALTH_S = 5.0  # between two health checks [s]
STICKY = RequestRouterConfig(
    request_router_class="ray.serve.experimental.consistent_hash_router.ConsistentHashRouter"
)


class Server(Protocol):
    """A server of worlds or of pages."""

    @property
    def app(self) -> Starlette:
        """The ASGI application."""


@dataclass(frozen=True, slots=True)
class ReplicaPlan:
    """The number of replicas, and the resources of each."""

    least: int = 1
    most: int = 2
    gpus: float = 0.0  # of one card, that each replica takes


@serve.ingress()
class Replica:
    """A server in a process of its own, somewhere in the cluster."""

    def __init__(self, build: Callable[[], Server]) -> None:
        self._server = build()

    def __serve_build_asgi_app__(self) -> Starlette:
        return self._server.app


def serve_cluster(
    plan: ReplicaPlan,
    build: Callable[[], Server],
    players: int,
    address: ListenAddress,
    say: Callable[[int], None],
) -> None:
    """Serve from the joined cluster until the program is ended; `say` is called with the port.

    Raises:
        ServingError: the port is taken, or a replica cannot be made.
    """
    with open_listener(address) as listener:  # Ray has no sentence for a port that is taken
        port = listener.getsockname()[1]
    try:
        serve.start(
            http_options=HTTPOptions(
                host=address.host,
                port=port,
                ssl_certfile=address.tls_cert and str(address.tls_cert),
                ssl_keyfile=address.tls_key and str(address.tls_key),
            )
        )
        serve.run(_application(plan, build, players), name=APPLICATION, route_prefix="/")
        say(port)
        threading.Event().wait()
    except (RuntimeError, ray.exceptions.RayError) as error:
        raise ServingError(f"no replica could be made ({reason_of(error)})") from error
    finally:
        with suppress(Exception):  # it may be gone
            serve.delete(APPLICATION)


def _application(plan: ReplicaPlan, build: Callable[[], Server], players: int) -> serve.Application:
    deployment = serve.deployment(
        Replica,
        name="world",
        max_ongoing_requests=CONNECTIONS * players + MOST_WAITING,
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
