"""Processes that are forks of one that has imported, which takes longer than all that they do.

That one has no threads and has opened nothing, unlike the tests' own process. On systems without
forks, processes are spawned.
"""

import multiprocessing
import os

CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
FORKS = multiprocessing.get_context("forkserver" if CAN_FORK else "spawn")


class ForkedProcess(FORKS.Process):
    """A fork that sees the environment of the process that starts it, as a spawned one does."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self._environment = dict(os.environ)

    def run(self) -> None:
        """Do what a process is started for."""
        os.environ.clear()
        os.environ.update(self._environment)
        super().run()


FORKS.Process = ForkedProcess
if CAN_FORK:
    FORKS.set_forkserver_preload(["tests.faults.work", "tests.pages"])
