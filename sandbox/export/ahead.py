"""Lets a thread of its own work ahead of whoever takes what it makes, but not too far."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
PATIENCE_S = 0.2  # between two looks at whether anybody still takes


@contextmanager
def ahead(items: Iterator[Item], most: int) -> Iterator[Iterator[Item]]:
    """Give the same items, made by another thread.

    with ahead(shots, most=16) as waiting:
        for shot in waiting: ...

    Args:
        items: what to make; what it raises is raised where items are taken.
        most: items that wait at most.
    """
    queue: Queue[tuple[Item | None, BaseException | None]] = Queue(most)
    over = Event()
    thread = Thread(target=_make, args=(items, queue, over), name="ahead", daemon=True)
    thread.start()
    try:
        with closing(_take(queue)) as taken:
            yield taken
    finally:
        over.set()
        thread.join()


class _Done(Exception):
    """There are no more items."""


def _make(items: Iterator[Item], queue: Queue, over: Event) -> None:
    try:
        for item in items:
            if not _put(queue, (item, None), over):
                return
        _put(queue, (None, _Done()), over)
    except BaseException as error:  # raised again where items are taken
        _put(queue, (None, error), over)


def _put(queue: Queue, what: tuple, over: Event) -> bool:
    while not over.is_set():
        try:
            queue.put(what, timeout=PATIENCE_S)
        except Full:
            continue
        return True
    return False


def _take(queue: Queue) -> Iterator[Item]:
    while True:
        item, error = queue.get()
        if isinstance(error, _Done):
            return
        if error is not None:
            raise error
        yield item
