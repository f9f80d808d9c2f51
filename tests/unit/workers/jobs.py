"""Jobs for the tests of workers; imported by their processes, so nothing heavy."""

import os
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mag_sandbox.workers.processes import LocalProcesses


@dataclass(frozen=True)
class Square:
    """Squares numbers, and does what else a task's name says."""

    folder: Path

    @contextmanager
    def ready(self):
        with (self.folder / f"ready-{os.getpid()}").open("x"):  # once in each worker
            yield self._done

    def _done(self, task: int | str) -> object:
        match task:
            case int():
                return task * task
            case "threads":
                return os.environ["OMP_NUM_THREADS"]
            case "fail":
                raise ValueError("no number")
            case "die" | "die once":
                marker = self.folder / "died"
                if task == "die once" and marker.exists():
                    return "done"
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            case "wait":
                time.sleep(600)  # s; whoever waits for it is killed
        raise AssertionError(task)


def begin_and_wait(folder: Path) -> None:
    """Have two processes wait."""
    with LocalProcesses(2).workers(Square(folder)) as results:
        list(results(["wait", "wait"]))
