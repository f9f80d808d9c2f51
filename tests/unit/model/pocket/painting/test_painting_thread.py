"""The thread that paints: background work gives way to all other."""

from concurrent.futures import CancelledError
from threading import Barrier, Event, get_ident

import pytest

from mag_sandbox.model.cancelling import check_cancelled
from mag_sandbox.model.pocket.painting.painting_thread import PaintingThread
from tests.patience import PATIENCE


@pytest.fixture
def thread():
    made = PaintingThread()
    yield made
    made.close()


class Checking:
    """Work that checks whether it is cancelled until it may end."""

    def __init__(self):
        self.runs, self.ends = Event(), Event()

    def __call__(self):
        while not self.ends.is_set():
            check_cancelled()
            self.runs.set()
        return "ended"


def begin_in_background(thread):
    """Return background work that checks until an event, that event, and what gives it up."""
    work = Checking()
    with thread.background() as given_up:
        made = thread.begin(work)
    assert work.runs.wait(PATIENCE)
    return made, work.ends, given_up


def test_background_work_gives_way_and_goes_on_although_its_place_was_left(thread):
    made, ends, _ = begin_in_background(thread)
    assert thread.begin(lambda: "a view").result(PATIENCE) == "a view"
    assert thread.after_all(lambda: "an edit").result(PATIENCE) == "an edit"
    thread.cancel()
    ends.set()
    assert made.result(PATIENCE) == "ended"


def test_background_work_ends_when_it_is_given_up_or_the_thread_closes(thread):
    made, _, given_up = begin_in_background(thread)
    given_up.set()
    with pytest.raises(CancelledError):
        made.result(PATIENCE)
    made, _, _ = begin_in_background(thread)
    thread.close()
    with pytest.raises(CancelledError):
        made.result(PATIENCE)


def test_work_of_a_change_tells_how_far_it_is_and_a_view_does_not(thread):
    thread.begin(lambda: check_cancelled("painting", 0.5)).result(PATIENCE)
    assert thread.under_way is None
    busy = Event()
    thread.begin(lambda: busy.wait(PATIENCE))
    made = thread.after_all(lambda: check_cancelled("planning", 0.25))
    assert thread.under_way == ("waiting", 0.0)
    busy.set()
    made.result(PATIENCE)
    assert thread.under_way == ("planning", 0.25)


def test_two_threads_share_items_and_results_keep_their_order(thread):
    both = Barrier(2, timeout=PATIENCE)

    def made(item):
        if item < 2:
            both.wait()  # the first two are made at once
        return 10 * item, get_ident()

    results = thread.begin(lambda: thread.map(made, range(5))).result(PATIENCE)
    assert [ten for ten, _ in results] == [0, 10, 20, 30, 40]
    assert len({thread for _, thread in results}) == 2


def test_what_fails_on_either_thread_is_told(thread):
    both = Barrier(2, timeout=PATIENCE)

    def made(item):
        both.wait()
        if item == 1:
            raise ValueError("of the second item")

    with pytest.raises(ValueError, match="second item"):
        thread.map(made, range(2))


def test_later_work_gives_way_to_views_and_ends_when_its_place_is_left(thread):
    work = Checking()
    made = thread.begin_later(work)
    assert work.runs.wait(PATIENCE)
    assert thread.begin(lambda: "a view").result(PATIENCE) == "a view"
    work.ends.set()
    assert made.result(PATIENCE) == "ended"
    made = thread.begin_later(Checking())
    thread.cancel()
    with pytest.raises(CancelledError):
        made.result(PATIENCE)


def test_views_are_made_before_later_work_and_that_before_background_work_goes_on(thread):
    done, begun, goes_on = list[str](), Event(), Event()

    def background():
        begun.set()
        goes_on.wait(PATIENCE)
        check_cancelled()
        done.append("background")

    with thread.background():
        last = thread.begin(background)
    assert begun.wait(PATIENCE)
    thread.begin_later(lambda: done.append("later"))
    thread.begin(lambda: done.append("view"))
    goes_on.set()
    last.result(PATIENCE)
    assert done == ["view", "later", "background"]


def test_what_is_drawn_on_two_threads_ends_on_both_when_it_is_cancelled(thread):
    drawn = list[int]()

    def draw(number):
        check_cancelled()
        drawn.append(number)

    def work():
        thread.cancel()
        thread.map(draw, range(100_000))

    with pytest.raises(CancelledError):
        thread.begin(work).result(PATIENCE)
    thread.close()
    assert len(drawn) < 100_000


def test_later_work_leaves_the_other_thread_to_blocks(thread):
    own, used = (
        thread.begin_later(work).result(PATIENCE)
        for work in (get_ident, lambda: thread.map(lambda _item: get_ident(), range(1000)))
    )
    assert set(used) == {own}


def test_a_view_made_in_the_midst_of_later_work_has_both_threads(thread):
    both = Barrier(2, timeout=PATIENCE)
    work = Checking()
    thread.begin_later(work)
    assert work.runs.wait(PATIENCE)
    thread.begin(lambda: thread.map(lambda _item: both.wait(), range(2))).result(PATIENCE)
    work.ends.set()


def test_later_work_has_both_threads_once_the_world_waits_for_it(thread):
    both, alone = Barrier(2, timeout=PATIENCE), Event()

    def work(item):
        if item == 0:
            alone.wait(PATIENCE)
        else:
            both.wait()
        return get_ident()

    made = thread.begin_later(lambda: thread.map(work, range(3)))

    class Waited:
        def result(self):  # the world waits by now
            alone.set()
            return made.result(PATIENCE)

    assert len(set(thread.result_of(Waited()))) == 2
