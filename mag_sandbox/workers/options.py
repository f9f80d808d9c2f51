"""Options of commands whose work can be distributed."""

from dataclasses import dataclass

from mag_sandbox.command_line import option
from mag_sandbox.workers.processes import LocalProcesses
from mag_sandbox.workers.work import Here, Workplace


@dataclass(frozen=True, kw_only=True)  # without slots: options may have other bases as well
class WorkerOptions:
    """Options of the workers, inherited by a command's options."""

    workers: int | None = option(
        None, "processes that share the work and the cores (1; with --ray one a GPU, else a core)",
        metavar="N",
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
