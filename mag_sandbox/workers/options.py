"""Options of commands whose work can be distributed."""

import argparse
from dataclasses import dataclass

from mag_sandbox.command_line import option, positive
from mag_sandbox.workers.processes import LocalProcesses
from mag_sandbox.workers.work import Here, Workplace

MOST_WORKERS = 1024  # each is a process of its own


def worker_count(text: str) -> int:
    """Return the number of workers that a command line asks for."""
    count = positive(text)
    if count > MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text} workers are too many; at most {MOST_WORKERS}")
    return count


@dataclass(frozen=True, kw_only=True)  # without slots: options may have other bases as well
class WorkerOptions:
    """Options of the workers, inherited by a command's options."""

    workers: int | None = option(
        None, "processes that share the work and the cores (1; with --ray one a GPU, else a core)",
        type=worker_count, metavar="N",
    )  # fmt: skip
    ray: str | None = option(
        None, 'a Ray cluster that does it: an address, or "local" to start one here',
        metavar="ADDRESS",
    )  # fmt: skip

    def workplace(self) -> Workplace:
        """Return the place of the workers."""
        if self.ray is not None:
            from mag_sandbox.workers.cluster import Cluster

            return Cluster(self.ray, self.workers)
        count = self.workers or 1
        return Here() if count == 1 else LocalProcesses(count)
