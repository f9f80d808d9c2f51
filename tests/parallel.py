"""Forks of the process that has collected the tests take file after file and run them.

    python -m pytest --workers 3

Whatever was imported, collected and cached before they fork is not done again in each of them.
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from warnings import WarningMessage

import pytest

CAN_FORK = sys.platform == "linux"  # on macOS, system libraries do not survive it
NUMBER = 2  # bytes of a file's number in the queue


class Relay:
    """In a worker: tells the main process what becomes of each test."""

    def __init__(self, config: pytest.Config, main: Connection) -> None:
        self.config, self.main = config, main

    def pytest_runtest_logstart(self, nodeid: str, location: tuple) -> None:
        self.main.send(("pytest_runtest_logstart", {"nodeid": nodeid, "location": location}))

    def pytest_runtest_logfinish(self, nodeid: str, location: tuple) -> None:
        self.main.send(("pytest_runtest_logfinish", {"nodeid": nodeid, "location": location}))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
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
    session: pytest.Session,
    files: list[list[pytest.Item]],
    queue: int,
    home: Path,
    main: Connection,
) -> None:
    """Run the tests of files whose numbers come out of the queue, until it is empty."""
    config = session.config
    config.get_terminal_writer()._file = home.joinpath("terminal").open("w")  # the main one writes
    captures = config.pluginmanager.getplugin("capturemanager")
    captures.stop_global_capturing()  # into a file that all would share
    captures.start_global_capturing()
    tempfile.tempdir = os.environ["TMPDIR"] = str(home)
    config.pluginmanager.register(Relay(config, main))

    def taken() -> Iterator[pytest.Item]:
        while number := os.read(queue, NUMBER):
            yield from files[int.from_bytes(number)]

    coming = taken()
    item = next(coming, None)
    while item is not None and not (session.shouldfail or session.shouldstop):
        following = next(coming, None)
        config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        item = following
    main.send(None)


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


def share_out(session: pytest.Session, workers: int) -> None:
    """Run the tests of a session in some forks of this process."""
    by_file: dict[Path, list[pytest.Item]] = {}
    for item in session.items:
        by_file.setdefault(item.path, []).append(item)
    queue, filled = os.pipe()
    for number in range(len(by_file)):
        os.write(filled, number.to_bytes(NUMBER))
    os.close(filled)
    forks = multiprocessing.get_context("fork")
    started: dict[Connection, BaseProcess] = {}
    with tempfile.TemporaryDirectory(prefix="tests-", ignore_cleanup_errors=True) as home:
        for number in range(workers):
            own = Path(home, str(number))
            own.mkdir()
            main, worker = forks.Pipe(duplex=False)
            arguments = session, list(by_file.values()), queue, own, worker
            started[main] = forks.Process(target=_work, args=arguments)
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


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Share out the tests of a session, if it is to."""
    workers = session.config.option.workers if CAN_FORK else 1
    if workers < 2 or session.testsfailed or session.config.option.collectonly:
        return None
    share_out(session, workers)
    return True
