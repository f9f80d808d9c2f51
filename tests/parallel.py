"""Forks of the process that has collected the tests take file after file and run them.

    python -m pytest --workers 3

Whatever was imported, collected and cached before they fork is not done again in each of them.
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from itertools import chain
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from warnings import WarningMessage

import pytest

CAN_FORK = sys.platform == "linux"  # on macOS, system libraries do not survive it
NUMBER = 2  # bytes of a file's number in the queue
SLOW_IMPORTS = {  # of tests that use this helper, once for all forks
    "tests.tiny_full": (
        "transformers.models.umt5.modeling_umt5",
        "diffusers.models.autoencoders.autoencoder_kl_wan",
    ),
}


class Relay:
    """In a worker: tells the main process what becomes of each test."""

    def __init__(self, config: pytest.Config, main: Connection) -> None:
        self.config, self.main = config, main

    def pytest_runtest_logstart(self, nodeid: str, location: tuple) -> None:
        self.main.send(("pytest_runtest_logstart", {"nodeid": nodeid, "location": location}))

    def pytest_runtest_logfinish(self, nodeid: str, location: tuple) -> None:
        self.main.send(("pytest_runtest_logfinish", {"nodeid": nodeid, "location": location}))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.passed and report.when != "call":
            return  # nothing is shown of it
        hook = self.config.hook.pytest_report_to_serializable
        data = hook(config=self.config, report=report)
        self.main.send(("pytest_runtest_logreport", {"report": data}))

    def pytest_warning_recorded(
        self, warning_message: WarningMessage, when: str, nodeid: str, location: tuple
    ) -> None:
        warning_message.source = None  # may be any object
        told = {"warning_message": warning_message, "when": when}
        told |= {"nodeid": nodeid, "location": location}
        self.main.send(("pytest_warning_recorded", told))


def _work(
    session: pytest.Session, items: Iterator[pytest.Item], home: Path, main: Connection
) -> None:
    config = session.config
    terminal = config.pluginmanager.unregister(name="terminalreporter")  # it keeps all reports
    terminal._tw._file = home.joinpath("terminal").open("w")  # the main process writes
    config.pluginmanager.register(SimpleNamespace(_tw=terminal._tw), "terminalreporter")
    captures = config.pluginmanager.getplugin("capturemanager")
    captures.stop_global_capturing()  # into a file that all would share
    captures.start_global_capturing()
    tempfile.tempdir = os.environ["TMPDIR"] = str(home)
    config.pluginmanager.register(Relay(config, main))
    item = next(items, None)
    while item is not None and not (session.shouldfail or session.shouldstop):
        following = next(items, None)
        config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        item = following
    main.send(None)


def _taken(queue: int, files: list[list[pytest.Item]]) -> Iterator[pytest.Item]:
    """Yield the tests of files whose numbers come out of the queue, until it is empty."""
    while number := os.read(queue, NUMBER):
        yield from files[int.from_bytes(number)]


def _tell(config: pytest.Config, hook: str, told: dict) -> None:
    """Report what a worker has reported."""
    if hook == "pytest_warning_recorded":
        config.hook.pytest_warning_recorded.call_historic(kwargs=told)
        return
    if hook == "pytest_runtest_logreport":
        read = config.hook.pytest_report_from_serializable
        told = {"report": read(config=config, data=told["report"])}
    getattr(config.hook, hook)(**told)


def _listen(session: pytest.Session, workers: list[Connection]) -> None:
    """Report what workers report until all have ended."""
    doing: dict[Connection, str] = {}
    while workers:
        for worker in wait(workers):
            try:
                message = worker.recv()
            except (EOFError, OSError):
                session.shouldfail = f"a worker died in {doing.get(worker, 'no test')}"
                break
            if message is None:
                workers.remove(worker)
                continue
            hook, told = message
            doing[worker] = told.get("nodeid") or doing.get(worker, "")
            _tell(session.config, hook, told)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)


def _shares(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    """Return the tests of each file; of files that use a fixture of the session, all together."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    shares: dict[str, list[pytest.Item]] = {}
    for path, own in files.items():
        shares.setdefault(next(filter(None, map(_folder_of_session, own)), str(path)), []).extend(
            own
        )
    return [*shares.values()]


def _folder_of_session(item: pytest.Item) -> str:
    """Return the folder whose conftest makes a fixture of the session that a test uses, if any."""
    used = (fixtures[-1] for fixtures in item._fixtureinfo.name2fixturedefs.values())
    return next((one.baseid for one in used if one.scope == "session" and one.baseid), "")


def import_together() -> None:
    """Import what takes long before forking, if tests that need it were collected.

    Before the libraries are set aside from garbage collections, too.
    """
    for helper, libraries in SLOW_IMPORTS.items():
        if helper in sys.modules:
            with suppress(ImportError):  # then their tests are skipped
                for library in libraries:
                    import_module(library)


def share_out(
    session: pytest.Session,
    apart: list[list[pytest.Item]],
    files: list[list[pytest.Item]],
    workers: int,
) -> None:
    """Run the tests of a session in forks of this process.

    Args:
        session: all of them.
        apart: tests of files of which each gets a fork of its own.
        files: the others; one fork runs all of a file.
        workers: forks that share these.
    """
    queue, filled = os.pipe()
    for number in range(len(files)):
        os.write(filled, number.to_bytes(NUMBER))
    os.close(filled)
    shares = [*map(iter, apart), *(_taken(queue, files) for _ in range(workers))]
    forks = multiprocessing.get_context("fork")
    started: dict[Connection, BaseProcess] = {}
    with tempfile.TemporaryDirectory(prefix="tests-", ignore_cleanup_errors=True) as home:
        for number, share in enumerate(shares):
            own = Path(home, str(number))
            own.mkdir()
            main, worker = forks.Pipe(duplex=False)
            started[main] = forks.Process(target=_work, args=(session, share, own, worker))
            started[main].start()
            worker.close()
        os.close(queue)
        try:
            _listen(session, list(started))
        except BaseException:
            for process in started.values():
                process.kill()
            raise
        finally:
            for process in started.values():
                process.join()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add how many processes share the tests."""
    parser.addoption("--workers", type=int, default=1, help="processes that share the tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that at the end no process waits for the other.

    Tests apart are left out where nothing can be forked.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if not CAN_FORK and len({item.path for item in items}) > 1:
        for item in items:
            if item.get_closest_marker("apart"):
                item.add_marker(pytest.mark.skip(reason="changes what other tests would see"))


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run tests in forks: all of them if several processes share them, else only those apart."""
    if not CAN_FORK or session.testsfailed or session.config.option.collectonly:
        return None
    shares = _shares(session.items)
    apart = [items for items in shares if items[0].get_closest_marker("apart")]
    files = [items for items in shares if items not in apart]
    workers = session.config.option.workers
    if workers > 1:
        share_out(session, apart, files, workers)
        return True
    if apart and files:
        share_out(session, apart, [], 0)
        session.items = [*chain.from_iterable(files)]
    return None
