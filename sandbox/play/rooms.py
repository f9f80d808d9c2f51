"""Knowledge of observers about rooms that the player left: parked, found again, saved."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mag_sandbox.model.loading import no_places
from mag_sandbox.model.world import MIB, FrameBlock, WorldState

BUDGET = 16 * MIB  # of all parked rooms; beyond it, the room left longest ago is forgotten
_ROOMS = "rooms"  # data of a saved state
_ARRAY = "room {}/{}"  # name of a saved array


class ParkedRooms:
    """Parks an observer's knowledge of a room while the player is in another one.

    rooms = ParkedRooms()
    if (left := rooms.left(block)) is not None:  # every block
        known = rooms.change(left, state, block)  # of the room left, of the present one
    """

    def __init__(self) -> None:
        self._parked: dict[int, WorldState] = {}  # by number; left longest ago first
        self.here: int | None = None  # number of the present room; None: not known yet

    def left(self, block: FrameBlock) -> int | None:
        """Return the number of the room that was left before a block; None: it is the same."""
        if block.ground is None:
            return None
        before, self.here = self.here, block.ground.room
        return before if before != self.here else None

    def change(self, left: int, state: WorldState, block: FrameBlock) -> WorldState | None:
        """Park the knowledge of a room that was left.

        Args:
            left: its number.
            state: the knowledge of it.
            block: the first one of the present room.

        Returns:
            The knowledge of the present room; None: there is none yet.
        """
        assert self.here is not None
        if no_places(block.memory.policy):  # the world lost its rooms, too
            self._parked.clear()
            return None
        self._parked[left] = state
        while sum(one.bytes for one in self._parked.values()) > BUDGET:
            del self._parked[next(iter(self._parked))]
        return self._parked.pop(self.here, None)

    def restore(self, parked: Mapping[int, WorldState]) -> None:
        """Know of other rooms than the present one what was saved of them."""
        self._parked = dict(parked)

    def joined(self, own: WorldState) -> WorldState:
        """Return a state of the present room with those of all others."""
        arrays = dict(own.arrays)
        data: dict[str, Any] = {}
        for number, state in self._parked.items():
            arrays |= {_ARRAY.format(number, name): one for name, one in state.arrays.items()}
            data[str(number)] = state.data
        return WorldState(arrays, {**own.data, _ROOMS: data})


def parted(state: WorldState) -> tuple[WorldState, dict[int, WorldState]]:
    """Return the parts of a joined state, or raise ValueError; older states are of one room."""
    rooms = state.data.get(_ROOMS, {})
    if not isinstance(rooms, dict) or not all(name.isdecimal() for name in rooms):
        raise ValueError("the saved rooms are not told by their numbers; what was seen starts over")
    data = {name: value for name, value in state.data.items() if name != _ROOMS}
    own = {name: one for name, one in state.arrays.items() if "/" not in name}
    return WorldState(own, data), {
        int(name): WorldState(_arrays_of(state, name), theirs) for name, theirs in rooms.items()
    }


def _arrays_of(state: WorldState, room: str) -> dict[str, np.ndarray]:
    start = _ARRAY.format(room, "")
    return {
        name.removeprefix(start): one for name, one in state.arrays.items()
        if name.startswith(start)
    }  # fmt: skip
