"""A stand-in for workers elsewhere: side by side, and whoever began last is done first."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import islice

from mag_sandbox.workers.work import Job, Results, Worker


class SideBySide:
    """Two workers in this process; a `Workplace`."""

    @contextmanager
    def workers(self, job: Job) -> Iterator[Results]:
        with ExitStack() as stack:
            team = [stack.enter_context(closing(Worker(job))) for _ in range(2)]

            def results(tasks: Iterable) -> Iterator[tuple]:
                waiting = iter(tasks)
                while some := list(islice(waiting, len(team))):
                    for worker, task in reversed(list(zip(team, some, strict=False))):
                        yield task, worker.do(task)

            yield results
