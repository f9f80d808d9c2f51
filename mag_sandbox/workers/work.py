"""Workers: many tasks of one job, done in this process or others.

Every worker prepares once, loading weights and the like, and then does one task after the other.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from typing import Any, Protocol

from mag_sandbox.files.border import Refusal

Do = Callable[[Any], Any]  # a task -> its result; both can be pickled
Results = Callable[[Iterable[Any]], Iterator[tuple[Any, Any]]]
"""From tasks to (task, result), in order of completion; tasks are drawn when a worker is free."""

MOST_DEATHS = 3  # of workers, one after the other, without a result


class WorkerDied(Refusal):
    """Workers died in the middle of their tasks, again and again."""

    def __init__(self, deaths: int) -> None:
        super().__init__(
            f"{deaths} workers ended in the middle of a task (killed, or out of memory?); what was "
            "done is kept: run the same command again, with fewer --workers if memory is short"
        )


class Job(Protocol):
    """The work of all workers; plain data that can be pickled."""

    def ready(self) -> AbstractContextManager[Do]:
        """Load what all tasks need, once in each worker, and free it in the end."""


class Workplace(Protocol):
    """A place that runs workers."""

    def workers(self, job: Job) -> AbstractContextManager[Results]:
        """Yield a function that does tasks; it raises the errors of its task."""


class Worker:
    """Does tasks of a job, prepared at the first one."""

    def __init__(self, job: Job) -> None:
        self._job, self._stack = job, ExitStack()
        self._do: Do | None = None

    def do(self, task: Any) -> Any:
        """Return the result of a task."""
        if self._do is None:
            self._do = self._stack.enter_context(self._job.ready())
        return self._do(task)

    def close(self) -> None:
        """Free what the job loaded."""
        self._stack.close()


class Here:
    """This process."""

    @contextmanager
    def workers(self, job: Job) -> Iterator[Results]:
        """See `Workplace`."""
        with closing(Worker(job)) as worker:
            yield lambda tasks: ((task, worker.do(task)) for task in tasks)
