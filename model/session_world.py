"""The base of all worlds: at most one session, the check of its states, and its stage times."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Generic, TypeVar

from mag_sandbox.files.validation import of_type
from mag_sandbox.files.yaml_files import not_found
from mag_sandbox.model.world import World, WorldFailed, WorldSpec, WorldState

MOST_BLOCKS = 2**40  # of a session


class StageTimer:
    """Adds up the time of each stage of a block.

    >>> times = StageTimer()
    >>> with times.measure("denoise"):
    ...     pass
    >>> list(times.taken())
    ['denoise']
    """

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}
        self._lock = Lock()  # stages are run by several threads

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Time the enclosed block under this stage name."""
        started = time.perf_counter()
        yield
        spent = 1000 * (time.perf_counter() - started)
        with self._lock:
            self._spent[stage] = self._spent.get(stage, 0.0) + spent

    def taken(self) -> dict[str, float]:
        """Return the milliseconds of each stage, and begin anew."""
        spent, self._spent = self._spent, {}
        return spent


Session = TypeVar("Session")


class SessionWorld(World, Generic[Session]):
    """A world that plays one session at a time; see `World`.

    `provenance` is the part of a recording's header that is the same for all sessions.
    """

    def __init__(self, spec: WorldSpec, provenance: dict[str, Any]) -> None:
        self.spec, self._provenance = spec, provenance
        self._session: Session | None = None
        self._times = StageTimer()
        self._notices: list[str] = []  # for the player, since the last block

    def prepare(self) -> bool:
        """Return False: there is no work ahead of a block."""
        self._running()
        return False

    def expect_prompt(self) -> None:
        """Return at once: any prompt can be read, or there is no room to load the reader early."""

    def _running(self) -> Session:
        if self._session is None:
            raise WorldFailed("the world has no scene yet; call reset first")
        return self._session

    def _require_policy(self, policy: str | None) -> None:
        if policy is not None and policy not in self.spec.policies:
            raise WorldFailed(not_found("memory policy", policy, self.spec.policies))

    def _identity(self) -> dict[str, str]:
        """Return the data that a state and the world that restores it must share."""
        return {"weights": self._provenance["weights"]}

    def _number_type(self) -> str:
        """Return the number type of a state's tensors, such as "float32"."""
        result: str = self._provenance["execution"]["dtype"]
        return result

    def _signed(self) -> dict[str, str]:
        """Return the signature of a state, which `_require_own` checks."""
        return {**self._identity(), "dtype": self._number_type()}

    def _require_own(self, state: WorldState) -> list[str]:
        """Refuse a state of other weights; return notices of numbers that are converted.

        Raises:
            WorldFailed: it differs in something of `_identity`.
            FieldError: it is not a state.
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
