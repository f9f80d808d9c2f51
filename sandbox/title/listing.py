"""Lists what the title shows on a thread of its own: a window never waits for a disk."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from mag_sandbox.sandbox.title.model import TitleModel


class TitleListing:
    """Reads lists on a thread of its own; what is asked for last is what is told.

    listing = TitleListing(lambda: read_title_model(parked, data))
    listing.ask()
    while (model := listing.news()) is None: ...
    """

    def __init__(self, read: Callable[[], TitleModel]) -> None:
        self.newest: TitleModel | None = None
        self._read = read
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="listing")
        self._asked: Future[TitleModel] | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether news are still to come."""
        return self._asked is not None

    def ask(self) -> None:
        """Have everything listed anew; a list that is being read may miss what is new."""
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._thread.submit(self._read)

    def news(self) -> TitleModel | None:
        """Return what was asked for last, once it is known; only once."""
        if self._asked is None or not self._asked.done():
            return None
        asked, self._asked = self._asked, None
        self.newest = asked.result()
        return self.newest

    def close(self) -> None:
        """Read no more."""
        self._thread.shutdown(cancel_futures=True)
