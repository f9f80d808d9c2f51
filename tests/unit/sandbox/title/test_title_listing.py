"""What the title lists is read by another thread; what was asked for last is what is told."""

from threading import Event, current_thread

from mag_sandbox.sandbox.title.library import TitleListing
from mag_sandbox.sandbox.title.model import TitleModel
from tests.patience import PATIENCE, eventually


def told(listing):
    """Wait for news."""
    found = []
    eventually(lambda: found or found.extend(filter(None, [listing.news()])) or found)
    return found[0]


def test_lists_are_read_by_another_thread_and_told_once():
    readers = []
    listing = TitleListing(lambda: readers.append(current_thread()) or TitleModel())
    assert listing.news() is None
    listing.ask()
    assert told(listing) == listing.newest == TitleModel()
    assert readers[0] is not current_thread()
    assert listing.news() is None
    assert not listing.is_waiting
    listing.close()


def test_a_list_that_was_being_read_when_something_changed_is_not_told():
    reading, go_on, models = Event(), Event(), [TitleModel(), TitleModel(scenes=("new",))]

    def read():
        model = models.pop(0)
        reading.set()
        assert go_on.wait(PATIENCE)
        return model

    listing = TitleListing(read)
    listing.ask()
    assert reading.wait(PATIENCE)
    listing.ask()  # something has changed
    assert listing.news() is None
    assert listing.is_waiting
    go_on.set()
    assert told(listing).scenes == ("new",)
    listing.close()


def test_what_goes_wrong_while_reading_is_told_in_the_log_and_the_title_stays(caplog):
    def read():
        raise OSError("the disk is gone")

    listing = TitleListing(read)
    listing.ask()
    assert told(listing).scenes, "what came with the game is there whatever else is"
    assert "the disk is gone" in caplog.text
    listing.close()
