"""Lets a thread of its own work ahead of whoever takes what it makes, but not too far."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def ahead(items: Iterator[Item], most: int) -> Iterator[Iterator[Item]]:
    """Give the same items, made by another thread.

    >>> with ahead(iter("abc"), most=16) as waiting:
    ...     list(waiting)
    ['a', 'b', 'c']

    Args:
        items: what to make; what it raises is raised where items are taken.
        most: items that wait at most.
    """
    thread = ThreadPoolExecutor(1, "ahead")

    def following() -> tuple[Item, ...]:
        return tuple(islice(items, 1))  # empty: there are no more

    def taken() -> Iterator[Item]:
        waiting = deque(thread.submit(following) for _ in range(most))
        while item := waiting.popleft().result():
            yield from item
            waiting.append(thread.submit(following))

    try:
        yield taken()
    finally:
        thread.shutdown(cancel_futures=True)
