"""Where the camera has walked, and the way back along it."""

from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from math import dist

from mag_sandbox.controls.camera import CameraPose

Position = tuple[float, float]  # x and z [m]
Cell = tuple[int, int]
CELL = 0.5  # metres along a side
LONGEST_STEP = 1.0  # metres: the camera walks no farther in a frame
NEARER = 0.5  # metres that a way must gain


class Trail:
    """The ground that was walked over, in square cells.

    >>> trail = Trail()
    >>> trail.extend(CameraPose(z=0.5 * step) for step in range(4))
    >>> trail.extend(CameraPose(x=0.5 * step, z=1.5) for step in range(4))
    >>> trail.way((1.5, 1.5), (0.0, 0.0))
    [(0.0, 1.5), (0.0, 0.0)]
    """

    def __init__(self) -> None:
        self._places: dict[Cell, Position] = {}  # where the camera was last in each cell
        self._beside: dict[Cell, set[Cell]] = {}  # cells that a step led to or came from
        self._latest: Position | None = None

    def extend(self, poses: Iterable[CameraPose]) -> None:
        """Add successive poses; a leap leaves a gap."""
        for pose in poses:
            place = pose.x, pose.z
            cell, latest = _cell(place), self._latest
            self._latest = self._places[cell] = place
            beside = self._beside.setdefault(cell, set())
            if latest and dist(latest, place) < LONGEST_STEP and (before := _cell(latest)) != cell:
                beside.add(before)
                self._beside[before].add(cell)

    def way(self, start: Position, end: Position) -> list[Position]:
        """Return the corners [m] of a way over known ground that leads nearest to a place.

        The way is empty if it would not lead at least `NEARER` to it.
        """
        came_from = self._reached_from(_cell(start))
        cell = min(came_from, key=lambda one: dist(self._places[one], end), default=None)
        if cell is None or dist(self._places[cell], end) > dist(start, end) - NEARER:
            return []
        cells = [cell]
        while (before := came_from[cells[-1]]) is not None:
            cells.append(before)
        return self._straightened(start, cells[-2::-1])

    def _reached_from(self, first: Cell) -> dict[Cell, Cell | None]:
        """Return all cells to which steps lead, and from which cell one gets there soonest."""
        came_from: dict[Cell, Cell | None] = {first: None} if first in self._places else {}
        waiting = deque(came_from)
        while waiting:
            cell = waiting.popleft()
            for other in self._beside[cell] - came_from.keys():
                came_from[other] = cell
                waiting.append(other)
        return came_from

    def _straightened(self, start: Position, cells: list[Cell]) -> list[Position]:
        """Return the places in cells where the way must turn, and the last one."""
        corners: list[Position] = []
        corner = start
        for here, ahead in pairwise(cells):
            if not self._is_known(corner, self._places[ahead]):
                corner = self._places[here]
                corners.append(corner)
        return [*corners, *(self._places[cell] for cell in cells[-1:])]

    def _is_known(self, start: Position, end: Position) -> bool:
        """Tell whether a straight way leads over known ground only."""
        count = 1 + int(dist(start, end) / (CELL / 2))
        shares = (number / count for number in range(1, count))
        between = (
            (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            for share in shares
        )
        return all(_cell(place) in self._places for place in between)


def _cell(place: Position) -> Cell:
    return round(place[0] / CELL), round(place[1] / CELL)
