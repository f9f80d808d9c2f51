"""The thread that paints: background work gives way to all other."""

from concurrent.futures import CancelledError
from threading import Event

import pytest

from mag_sandbox.model.cancelling import check_cancelled
from mag_sandbox.model.pocket.painting_thread import PaintingThread
from tests.patience import PATIENCE


@pytest.fixture
def thread():
    made = PaintingThread()
    yield made
    made.close()


def begin_in_background(thread):
    """Return background work that checks until an event, that event, and what gives it up."""
    runs, ends = Event(), Event()

    def work():
        while not ends.is_set():
            check_cancelled()
            runs.set()
        return "ended"

    with thread.background() as given_up:
        made = thread.begin(work)
    assert runs.wait(PATIENCE)
    return made, ends, given_up


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
