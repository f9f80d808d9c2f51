"""Who does the work makes no difference to what comes of it, whoever dies meanwhile."""

import os
import signal
import sys
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace

import psutil
import pytest

from mag_sandbox.command_line import OneLineParser, add_options, options_of
from mag_sandbox.workers import cluster
from mag_sandbox.workers.cluster import Cluster, NoCluster, shares
from mag_sandbox.workers.options import WorkerOptions
from mag_sandbox.workers.processes import LocalProcesses, usable_cores
from mag_sandbox.workers.work import Here, WorkerDied
from tests.patience import eventually
from tests.unit.training.together import forked
from tests.unit.workers.jobs import Square, begin_and_wait

NUMBERS = range(7)
SQUARES = {(number, number * number) for number in NUMBERS}


def test_a_task_is_taken_only_when_somebody_is_free(tmp_path):
    taken = []
    with Here().workers(Square(tmp_path)) as results:
        for task, square in results(taken.append(number) or number for number in NUMBERS):
            assert square == task * task
            assert taken == list(range(task + 1))
    assert len(list(tmp_path.iterdir())) == 1


def test_processes_do_the_same_get_ready_once_and_outlive_one_of_them(tmp_path):
    with LocalProcesses(2).workers(Square(tmp_path)) as results:
        assert set(results(NUMBERS)) == SQUARES
        assert len(list(tmp_path.glob("ready-*"))) <= 2
        assert dict(results(["threads"])) == {"threads": str(max(1, usable_cores() // 2))}
        assert set(results(["die once", *NUMBERS])) == {("die once", "done"), *SQUARES}
        with pytest.raises(ValueError, match="no number"):
            list(results(["fail"]))


def test_a_task_that_kills_whoever_does_it_ends_the_run_in_a_sentence(tmp_path):
    with (
        LocalProcesses(1).workers(Square(tmp_path)) as results,
        pytest.raises(WorkerDied, match="run the same command again"),
    ):
        list(results(["die"]))


def test_processes_end_with_who_began_them(tmp_path):
    parent = forked(lambda: begin_and_wait(tmp_path))
    try:
        eventually(lambda: len(list(tmp_path.glob("ready-*"))) == 2)
    finally:
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
    workers = [int(path.name.removeprefix("ready-")) for path in tmp_path.glob("ready-*")]
    eventually(lambda: not any(map(alive, workers)))


def alive(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# ------------------------------------------------------------------------------------------- Ray


class StandIn(ModuleType):
    """As much of Ray as is used, in this process; each actor has a worker of its own."""

    def __init__(self, told: list) -> None:
        super().__init__("ray")
        self._told = told
        self.exceptions = SimpleNamespace(
            RayTaskError=self.TaskError, RayActorError=self.ActorError
        )

    class TaskError(Exception):
        def __init__(self, cause: Exception) -> None:
            self.cause = cause

    class ActorError(Exception):
        pass

    def init(self, address: str, **told: object) -> None:
        if address == "auto":
            raise ConnectionError("nobody is there")
        self._told.append(("init", address))

    def shutdown(self) -> None:
        self._told.append(("shutdown",))

    def nodes(self) -> list[dict]:
        return [{"Alive": True, "Resources": {"CPU": 2.0}}, {"Alive": False, "Resources": {}}]

    def put(self, value: object) -> object:
        return value

    get = put

    def remote(self, kind: type) -> object:
        def options(**share: object) -> object:
            self._told.append(("options", share["num_cpus"]))
            return SimpleNamespace(remote=lambda: Actor(kind()))

        return SimpleNamespace(options=options)


class Actor:
    """Does at once what it is asked for."""

    def __init__(self, worker: object) -> None:
        self.pair = SimpleNamespace(remote=lambda *given: lambda: worker.pair(*given))


class ActorPool:
    """As Ray's: the last that was submitted comes first."""

    def __init__(self, actors: list[Actor]) -> None:
        self._idle, self._running = list(actors), []

    def has_free(self) -> bool:
        return bool(self._idle)

    def has_next(self) -> bool:
        return bool(self._running)

    def submit(self, call, task) -> None:
        actor = self._idle.pop()
        self._running.append((actor, call(actor, task)))

    def get_next_unordered(self) -> object:
        actor, made = self._running.pop()
        self._idle.append(actor)
        try:
            return made()
        except ValueError as error:
            raise StandIn.TaskError(error) from error


@pytest.fixture
def told(monkeypatch) -> list:
    told: list = []
    util = ModuleType("ray.util")
    util.ActorPool = ActorPool
    monkeypatch.setitem(sys.modules, "ray", StandIn(told))
    monkeypatch.setitem(sys.modules, "ray.util", util)
    return told


def test_a_cluster_does_the_same(told, tmp_path, monkeypatch):
    monkeypatch.setattr(Square, "ready", contextmanager(lambda self: iter([self._done])))
    with Cluster(cluster.LOCAL).workers(Square(tmp_path)) as results:
        assert set(results(NUMBERS)) == SQUARES
        with pytest.raises(ValueError, match="no number"):
            list(results(["fail"]))
    assert told == [("init", cluster.LOCAL), ("options", 1), ("shutdown",)]


@pytest.mark.parametrize(
    ("address", "count", "problem"),
    [
        ("auto", None, "nobody is there"),
        ("ray://127.0.0.1:1", None, "Connection refused"),
        (cluster.LOCAL, 3, "a Ray cluster of 2 cores"),
    ],
)
def test_a_cluster_that_cannot_help_says_so(told, tmp_path, address, count, problem):
    with pytest.raises(NoCluster, match=problem), Cluster(address, count).workers(Square(tmp_path)):
        pass


def test_without_the_extra_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(NoCluster, match=r'pip install "mag-sandbox\[cluster\]"'),
        Cluster("auto").workers(Square(tmp_path)),
    ):
        pass


@pytest.mark.parametrize(
    ("nodes", "wanted", "count", "share"),
    [
        ([{"CPU": 16.0}], None, 16, {"num_cpus": 1}),
        ([{"CPU": 16.0}], 3, 3, {"num_cpus": 5}),
        ([{"CPU": 4.0}, {"CPU": 2.0}], 2, 2, {"num_cpus": 2}),  # three would not fit on the second
        ([{"CPU": 1.0}, {"CPU": 8.0}], 8, 8, {"num_cpus": 1}),
        ([{"CPU": 32.0, "GPU": 4.0}], None, 4, {"num_cpus": 8, "num_gpus": 1.0}),
        ([{"CPU": 32.0, "GPU": 2.0}], 3, 3, {"num_cpus": 10, "num_gpus": 0.5}),
    ],
)
def test_every_worker_gets_a_share_that_fits_on_its_machine(nodes, wanted, count, share):
    assert shares(nodes, wanted) == (count, share)


def test_options_say_who_works():
    def of(*arguments: str) -> object:
        parser = OneLineParser()
        add_options(parser, WorkerOptions)
        return options_of(WorkerOptions, parser.parse_args(arguments)).workplace()

    assert isinstance(of(), Here)
    assert isinstance(of("--workers", "1"), Here)
    assert of("--workers", "3") == LocalProcesses(3)
    assert of("--ray", "local", "--workers", "3") == Cluster("local", 3)
