"""Workers and their work: many tasks of one job, done here or elsewhere.

Every worker gets ready once, with weights and all, and then does one task after the other. Knows
nothing of what is done, and keeps nothing: results go to whoever asked for them.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from typing import Any, Protocol

from mag_sandbox.files.border import Refusal

Do = Callable[[Any], Any]  # a task -> its result; both can be pickled
Results = Callable[[Iterable[Any]], Iterator[tuple[Any, Any]]]
"""From tasks to (task, result), as they come; a task is taken when somebody is free to do it."""

MOST_DEATHS = 3  # of workers, one after the other, without a result


class WorkerDied(Refusal):
    """Workers end in the middle of their tasks, again and again."""

    def __init__(self, deaths: int) -> None:
        super().__init__(
            f"{deaths} workers ended in the middle of a task (killed, or out of memory?); what was "
            "done is kept: run the same command again, with fewer --workers if memory is short"
        )


class Job(Protocol):
    """What all workers do; plain data that can be pickled."""

    def ready(self) -> AbstractContextManager[Do]:
        """Get ready, once in each worker: load what all tasks need, and let go of it in the end."""


class Workplace(Protocol):
    """Where workers are."""

    def workers(self, job: Job) -> AbstractContextManager[Results]:
        """Give what has tasks done, one after the other or side by side.

        What a task raises is raised where its result is asked for.
        """


class Worker:
    """Does tasks of a job, for which it gets ready at the first one."""

    def __init__(self, job: Job) -> None:
        self._job, self._stack = job, ExitStack()
        self._do: Do | None = None

    def do(self, task: Any) -> Any:
        """Return the result of a task."""
        if self._do is None:
            self._do = self._stack.enter_context(self._job.ready())
        return self._do(task)

    def close(self) -> None:
        """Let go of what the job loaded."""
        self._stack.close()


class Here:
    """This process does everything itself."""

    @contextmanager
    def workers(self, job: Job) -> Iterator[Results]:
        """See `Workplace`."""
        with closing(Worker(job)) as worker:
            yield lambda tasks: ((task, worker.do(task)) for task in tasks)
