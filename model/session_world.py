"""What all worlds do alike: a session that is there or not, what it must fit, and its times."""

from typing import Generic, TypeVar

from mag_sandbox.model.stage_times import StageTimes
from mag_sandbox.model.world import WorldFailed, WorldSpec, WorldState

Session = TypeVar("Session")


class SessionWorld(Generic[Session]):
    """A world that plays one session at a time; see `World`.

    Args:
        spec: constants.
        provenance: what a recording's header says whatever is played.
    """

    def __init__(self, spec: WorldSpec, provenance: dict) -> None:
        self.spec, self._provenance = spec, provenance
        self._session: Session | None = None
        self._times = StageTimes()

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

    def _require_own(self, state: WorldState) -> None:
        """Refuse a state of other weights, another number type and the like.

        Raises:
            WorldFailed: it differs in something of `_identity`.
        """
        for name, value in self._identity().items():
            if state.data.get(name) != value:
                raise WorldFailed(
                    f"state was saved with {name} {state.data.get(name)}, this world has {value}; "
                    f"use the {name} it was saved with"
                )
