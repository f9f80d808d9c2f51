"""Runs `main.py` as processes of its own that need not import: forks of one that has.

with Forks({"HF_ENDPOINT": ...}) as forks:  # variables that libraries read while they are imported
    done = forks.run("fetch", "mag", environment={"MAG_SANDBOX_HOME": ...})
    done.returncode, done.stdout, done.stderr

`python -m tests.e2e.forks` is the process that forks. It reads what to run from lines of JSON, one
after the other, and answers with the fork's process id and, when that has ended, its exit code.
"""

import faulthandler
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO

from tests import ROOT

PATIENCE = 240  # s for a process, on a busy machine
IMPORTED = (
    "av", "diffusers.pipelines.wan.pipeline_wan", "huggingface_hub.file_download",
    "mag_sandbox.model.full.clip_loading", "mag_sandbox.model.full.loading",
    "mag_sandbox.sandbox.app", "mag_sandbox.sandbox.commands.cli",
)  # fmt: skip


@dataclass(frozen=True)
class Running:
    """A command that runs; a process that takes too long says where each of its threads stands."""

    process: int
    said: IO[str]  # its standard output
    errors: Path  # its standard error


class Forks:
    """What runs commands."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=ROOT, env={**os.environ, **environment},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> "Forks":
        return self

    def __exit__(self, *error: object) -> None:
        self._server.stdin.close()
        self._server.wait(PATIENCE)
        self._server.stdout.close()

    @contextmanager
    def running(self, *arguments: str, environment: Mapping[str, str]) -> Iterator[Running]:
        """Start a command and wait for its end."""
        with tempfile.TemporaryDirectory() as folder:
            said, errors = Path(folder, "said"), Path(folder, "errors")
            os.mkfifo(said)
            order = arguments, dict(environment), str(said), str(errors)
            self._server.stdin.write(json.dumps(order) + "\n")
            self._server.stdin.flush()
            process = int(self._server.stdout.readline())
            abort = threading.Timer(PATIENCE, os.kill, (process, signal.SIGABRT))
            abort.start()
            try:
                with said.open() as lines:
                    yield Running(process, lines, errors)
                self.code = int(self._server.stdout.readline())
            finally:
                abort.cancel()

    def run(self, *arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess:
        """Run a command to its end."""
        with self.running(*arguments, environment=environment) as running:
            said = running.said.read()
            errors = running.errors.read_text()
        assert self.code != -signal.SIGABRT, f"{arguments[0]} hangs:\n{errors}"
        return subprocess.CompletedProcess(arguments, self.code, said, errors)


def serve() -> None:
    """Fork for every line, until there are no more."""
    sys.argv = ["main.py"]  # which remedies name
    for name in IMPORTED:
        import_module(name)
    for line in sys.stdin:
        process = os.fork()
        if not process:
            _run(*json.loads(line))
        _answer(process)
        _answer(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _run(arguments: list[str], environment: dict[str, str], said: str, errors: str) -> None:
    """Become the command."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells' background jobs ignore it
    for path, file in ((os.devnull, 0), (said, 1), (errors, 2)):
        os.dup2(os.open(path, os.O_RDWR if file == 0 else os.O_WRONLY | os.O_CREAT), file)
    faulthandler.enable()
    os.environ.update(environment)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    from mag_sandbox.sandbox.commands.cli import main

    sys.argv = ["main.py", *arguments]
    sys.exit(main())


if __name__ == "__main__":
    serve()
