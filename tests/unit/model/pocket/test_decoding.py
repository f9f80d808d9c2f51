"""Who makes which part of a block: the thread beside the world, or the world that waits for it."""

import threading
from concurrent.futures import ThreadPoolExecutor

from mag_sandbox.model.pocket.decoding import SharedWork


def test_who_waits_does_what_the_thread_has_not_begun():
    begun, go_on = threading.Event(), threading.Event()

    def first() -> str:
        begun.set()
        assert go_on.wait(60)
        return threading.current_thread().name

    def last() -> str:
        go_on.set()
        return threading.current_thread().name

    with ThreadPoolExecutor(1, "beside") as thread:
        work = SharedWork(thread, [first, last])
        assert begun.wait(60)
        beside, here = work.results()
    assert beside.startswith("beside")
    assert here == threading.current_thread().name


def test_results_are_in_order_whoever_is_first():
    busy = threading.Event()
    with ThreadPoolExecutor(1, "beside") as thread:
        thread.submit(busy.wait, 60)  # so that all is left to the one who waits
        work = SharedWork(thread, [lambda: 1, lambda: 2, lambda: 3])
        assert work.results() == [1, 2, 3]
        busy.set()
        work = SharedWork(thread, [lambda: 1, lambda: 2, lambda: 3])
        thread.submit(lambda: None).result()  # all was done beside
        assert work.results() == [1, 2, 3]
