"""Workers on a Ray cluster, or on a local Ray that is started for them.

An extra, `pip install "mag-sandbox[cluster]"`. Ray decides where workers run and restarts them.
"""

import logging
import math
import os
import signal
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mag_sandbox.files.border import Refusal, reason_of
from mag_sandbox.workers.processes import usable_cores
from mag_sandbox.workers.work import MOST_DEATHS, Job, Results, Worker, WorkerDied

LOCAL = "local"  # in place of an address
CONNECT_S = 5.0
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


class NoCluster(Refusal):
    """Ray is not installed, no cluster answers, or it is too small."""


@contextmanager
def joined(address: str) -> Iterator[Any]:
    """Give `ray`, connected to a cluster, else a local one started here, or raise NoCluster."""
    for name, value in QUIET.items():  # it reads them once, when it is imported
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise NoCluster(
            '--ray needs the package ray; install it with `pip install "mag-sandbox[cluster]"`'
        ) from None
    own = {"num_cpus": usable_cores(), "include_dashboard": False} if address == LOCAL else {}
    try:
        _check_reachable(address)
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except Exception as error:  # of many kinds, by the kind of address
        raise NoCluster(
            f'no Ray cluster answers at "{address}" ({reason_of(error)}); start one with '
            f"`ray start --head`, name its address, or say --ray {LOCAL}"
        ) from error
    try:
        with _ending_on_sigterm():
            yield ray
    finally:
        ray.shutdown()


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """End as on Ctrl+C where Ray would crash and leave its processes behind."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only there, signals are taken
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _check_reachable(address: str) -> None:
    """Raise an OSError if no cluster answers; Ray itself tries for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), CONNECT_S).close()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Workers on a Ray cluster; a `Workplace`."""

    address: str  # or `LOCAL`
    count: int | None = None  # of workers; None: one a GPU, or one a core where there is none

    @contextmanager
    def workers(self, job: Job) -> Iterator[Results]:
        """See `Workplace`; a worker that dies is restarted and repeats its task."""
        with joined(self.address) as ray:
            from ray.util import ActorPool

            nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            count, share = shares(nodes, self.count)
            kind = ray.remote(_Pairing).options(
                **share, max_restarts=MOST_DEATHS - 1, max_task_retries=MOST_DEATHS - 1
            )
            given = [ray.put(job)]
            pool = ActorPool([kind.remote() for _ in range(count)])
            yield lambda tasks: _results(pool, given, tasks, ray.exceptions)


class _Pairing:
    def __init__(self) -> None:
        self._worker: Worker | None = None

    def pair(self, job: list[Any], task: Any) -> tuple[Any, Any]:
        """Return a task and its result; `job` holds a reference to the job."""
        if self._worker is None:
            import ray

            self._worker = Worker(ray.get(job[0]))
        return task, self._worker.do(task)


def shares(nodes: list[dict[str, float]], wanted: int | None) -> tuple[int, dict[str, float]]:
    """Return the number of workers and each one's share, or raise NoCluster if cores are too few.

    A worker has as many threads as cores, and fits on one machine.
    """
    cores = [int(node["CPU"]) for node in nodes if node.get("CPU", 0) >= 1]
    gpus = int(sum(node.get("GPU", 0) for node in nodes))
    count = wanted or gpus or sum(cores)
    if not 0 < count <= sum(cores):
        raise NoCluster(
            f"{count} workers do not fit on a Ray cluster of {sum(cores)} cores; give fewer "
            "--workers, or add machines"
        )
    side_by_side = math.ceil(count / len(cores))
    share: dict[str, float] = {"num_cpus": max(1, min(cores) // side_by_side)}
    if gpus:
        share["num_gpus"] = 1 / math.ceil(count / gpus)
    return count, share


def _results(
    pool: Any, job: list[Any], tasks: Iterable[Any], errors: Any
) -> Iterator[tuple[Any, Any]]:
    for task in tasks:
        pool.submit(lambda worker, task: worker.pair.remote(job, task), task)
        if not pool.has_free():
            yield _next(pool, errors)
    while pool.has_next():
        yield _next(pool, errors)


def _next(pool: Any, errors: Any) -> tuple[Any, Any]:
    try:
        pair: tuple[Any, Any] = pool.get_next_unordered()
    except errors.RayTaskError as error:
        raise error.cause from error
    except errors.RayActorError as error:
        raise WorkerDied(MOST_DEATHS) from error
    return pair
