"""Workers that are processes of this machine and end with the process that started them."""

import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from mag_sandbox.process import configure_logging
from mag_sandbox.workers.work import MOST_DEATHS, Job, Results, Worker, WorkerDied

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class LocalProcesses:
    """Processes of this machine, which share its cores evenly."""

    count: int

    @contextmanager
    def workers(self, job: Job) -> Iterator[Results]:
        """See `Workplace`; a task whose process dies is done by another one."""
        with _threads(max(1, usable_cores() // self.count)), _Pool(job, self.count) as pool:
            yield pool.results


class _Pool:
    def __init__(self, job: Job, count: int) -> None:
        self._job, self._count, self._deaths = job, count, 0
        # a fork of a process with threads may hang
        self._context = multiprocessing.get_context("spawn")
        self._leash, self._held = self._context.Pipe(duplex=False)
        self._pool = self._started()

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, kind: type[BaseException] | None, *of: object) -> None:
        if kind is not None:
            self._held.close()  # ends the task under way
        self._pool.shutdown(wait=kind is None, cancel_futures=True)
        self._held.close()
        self._leash.close()

    def results(self, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        waiting = iter(tasks)
        running: dict[Future[Any], Any] = {}
        while True:
            for task in islice(waiting, self._count - len(running)):
                running[self._begun(task)] = task
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            lost = []
            for future in done:
                task = running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    lost.append(task)
                else:
                    self._deaths = 0
                    yield task, future.result()
            if lost:
                lost += running.values()
                self._replace()
                running = {self._begun(task): task for task in lost}

    def _begun(self, task: Any) -> Future[Any]:
        try:
            return self._pool.submit(_do, task)
        except BrokenProcessPool as error:
            lost: Future[Any] = Future[Any]()
            lost.set_exception(error)
            return lost

    def _replace(self) -> None:
        self._deaths += 1
        if self._deaths == MOST_DEATHS:
            raise WorkerDied(self._deaths)
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._count, self._context, _begin, (self._job, self._leash))


_worker: Worker  # of this process, where it is one of a pool


def _begin(job: Job, leash: Connection) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C ends the parent process
    Thread(target=_end_with, args=(leash,), name="leash", daemon=True).start()
    configure_logging()
    _worker = Worker(job)


def _end_with(leash: Connection) -> None:
    with suppress(EOFError, OSError):
        leash.recv_bytes()  # until the parent process is gone
    os._exit(1)


def _do(task: Any) -> Any:
    return _worker.do(task)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, str(count)))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1
