"""The thread that paints: spare work gives way to all other work."""

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


def begin_spare(thread):
    """Return spare work that checks until an event, that event, and what gives it up."""
    runs, ends = Event(), Event()

    def work():
        while not ends.is_set():
            check_cancelled()
            runs.set()
        return "ended"

    with thread.spare() as given_up:
        made = thread.begin(work)
    assert runs.wait(PATIENCE)
    return made, ends, given_up


def test_spare_work_gives_way_and_goes_on_although_its_place_was_left(thread):
    spare, ends, _ = begin_spare(thread)
    assert thread.begin(lambda: "a view").result(PATIENCE) == "a view"
    assert thread.after_all(lambda: "an edit").result(PATIENCE) == "an edit"
    thread.cancel()
    ends.set()
    assert spare.result(PATIENCE) == "ended"


def test_spare_work_ends_when_it_is_given_up_or_the_thread_closes(thread):
    spare, _, given_up = begin_spare(thread)
    given_up.set()
    with pytest.raises(CancelledError):
        spare.result(PATIENCE)
    spare, _, _ = begin_spare(thread)
    thread.close()
    with pytest.raises(CancelledError):
        spare.result(PATIENCE)
