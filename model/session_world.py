"""What all worlds do alike: a session that is there or not, what it must fit, and its times."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Generic, TypeVar

from mag_sandbox.files.validation import of_type
from mag_sandbox.model.world import World, WorldFailed, WorldSpec, WorldState

MOST_BLOCKS = 2**40  # of a session: more than anybody plays


class StageTimes:
    """Adds up what each stage takes until it is asked.

    >>> times = StageTimes()
    >>> with times.of("denoise"):
    ...     pass
    >>> list(times.taken())
    ['denoise']
    """

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}
        self._lock = Lock()  # stages are run by several threads

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Count what is done meanwhile to a stage."""
        started = time.perf_counter()
        yield
        spent = 1000 * (time.perf_counter() - started)
        with self._lock:
            self._spent[stage] = self._spent.get(stage, 0.0) + spent

    def taken(self) -> dict[str, float]:
        """Return milliseconds of each stage, and begin anew."""
        spent, self._spent = self._spent, {}
        return spent


Session = TypeVar("Session")


class SessionWorld(World, Generic[Session]):
    """A world that plays one session at a time; see `World`.

    `provenance` is what a recording's header says whatever is played.
    """

    def __init__(self, spec: WorldSpec, provenance: dict[str, Any]) -> None:
        self.spec, self._provenance = spec, provenance
        self._session: Session | None = None
        self._times = StageTimes()
        self._notices: list[str] = []  # for the player, since the last block

    def prepare(self) -> bool:
        """Do nothing: there is no work ahead of a block."""
        self._running()
        return False

    def expect_prompt(self) -> None:
        """Do nothing: any prompt can be read at once, or the reader has no place before."""

    def _running(self) -> Session:
        if self._session is None:
            raise WorldFailed("the world has no scene yet; call reset first")
        return self._session

    def _identity(self) -> dict[str, str]:
        """Return what a state must share with the world that goes on with it."""
        return {"weights": self._provenance["weights"]}

    def _number_type(self) -> str:
        """Return the type of the numbers that a state holds, such as "float32"."""
        result: str = self._provenance["execution"]["dtype"]
        return result

    def _signed(self) -> dict[str, str]:
        """Return what a state says of the world that made it; `_require_own` reads it."""
        return {**self._identity(), "dtype": self._number_type()}

    def _require_own(self, state: WorldState) -> list[str]:
        """Refuse a state of other weights; return notices of numbers that are converted.

        Raises:
            WorldFailed: it differs in something of `_identity`.
            FieldError: it is no state.
        """
        of_type("state", state, WorldState)
        for name, value in self._identity().items():
            if state.data.get(name) != value:
                raise WorldFailed(
                    f"state was saved with {name} {state.data.get(name)}, this world has {value}; "
                    f"use the {name} it was saved with"
                )
        here = self._number_type()
        there = state.data.get("dtype", here).removeprefix("torch.")  # as older states have it
        if there == here:
            return []
        return [
            f"This place was saved with {there} numbers and continues with {here}; "
            "nothing is lost, details may differ slightly."
        ]

    def _notice(self) -> str:
        notice = "; ".join(self._notices)
        self._notices.clear()
        return notice
