"""The way around obstacles, over the ground as it is known from above."""

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from itertools import pairwise, product
from math import dist, hypot

import numpy as np

from mag_sandbox.controls.camera import Position
from mag_sandbox.model.world import FROM_WALLS, FROM_WATER, SQUEEZE, WADING, GroundPlan
from mag_sandbox.scenes.kinds import DEEP

Cell = tuple[int, int]  # counted from where the way begins
CELL = 0.3  # metres along a side
ASIDE = 8.0  # metres that a way leads away from start and end at most
FARTHEST = 30.0  # metres from its start, likewise; farther on, little is known
STEP = 0.1  # metres between places of a straight way that are looked at
SLACK = 1e-3  # metres
_BESIDE = [one for one in product((-1, 0, 1), repeat=2) if any(one)]


def way_round(ground: GroundPlan, start: Position, end: Position) -> list[Position]:
    """Return the corners of the shortest way round things, walls and deep water.

    It keeps as far from them as the world has a walker keep; if there is no such way, it squeezes
    between things. Where the end is inside a thing, it leads up to that.

    Args:
        ground: the known things, walls and waters.
        start: where the walker is [m].
        end: where the walker wants to go [m].

    Returns:
        x and z [m], without the start, and with the end: the end alone if nothing is in the
        straight way; [] if there is no way.
    """
    reach = hypot(*(min(abs(b - a), FARTHEST) + ASIDE for a, b in zip(start, end, strict=True)))
    for squeezes in (False, True):
        known = _KnownGround(ground, start, reach, squeezes=squeezes)
        cells = _shortest(known, start, end)
        if corners := _straightened(known, [_place(start, cell) for cell in cells]):
            return corners
    return []


class _KnownGround:
    """The places where a walker may go from here, up to so far away [m]."""

    def __init__(
        self, ground: GroundPlan, start: Position, reach: float, *, squeezes: bool
    ) -> None:
        solid = [
            thing for thing in ground.things
            if thing.clearance and not dist((thing.x, thing.z), start) >= reach + thing.clearance
        ]  # fmt: skip
        spares = (min(max(one.clearance - one.firm, 0.0), SQUEEZE) for one in solid)
        self._places = np.array([(thing.x, thing.z) for thing in solid]).reshape(-1, 2)
        self._clearances = np.array([
            thing.clearance - spare * squeezes for thing, spare in zip(solid, spares, strict=True)
        ])  # fmt: skip
        self._walls = _edges(ground.walls)
        self._waters = [
            _edges(one.shore) for one in ground.waters
            if one.kind in DEEP and far_from_shore(start, one.shore) - FROM_WATER < reach
        ]  # fmt: skip
        self._from_water = FROM_WATER - WADING * squeezes
        # things that are too near already stop no step that leads no nearer
        self._least = np.minimum(self._room(np.array([start])), 0.0) - SLACK

    def are_free(self, places: np.ndarray) -> np.ndarray:
        """Tell which of some places [places, 2] leave a walker room, bool [places]."""
        free: np.ndarray = (self._room(places) >= self._least).all(axis=1)
        return free

    def leads(self, start: Position, end: Position) -> bool:
        """Tell whether the straight way between two places is free."""
        shares = np.linspace(0.0, 1.0, 2 + int(dist(start, end) / STEP))[:, None]
        return bool(self.are_free(np.array(start) * (1 - shares) + np.array(end) * shares).all())

    def _room(self, places: np.ndarray) -> np.ndarray:
        """Return how much room each thing, wall and water leaves [m], [places, obstacles]."""
        apart = places[:, None] - self._places
        waters = [_beyond(places, edges).max(axis=1) - self._from_water for edges in self._waters]
        return np.column_stack((
            np.hypot(apart[..., 0], apart[..., 1]) - self._clearances,
            -_beyond(places, self._walls) - FROM_WALLS,
            *waters,
        ))  # fmt: skip


def far_from_shore(place: Position, shore: Sequence[Position]) -> float:
    """Return how far a place is beyond the farthest edge of a convex shore [m]; inside, below 0."""
    return float(_beyond(np.array([place]), _edges(shore)).max(initial=-np.inf))


def _edges(corners: Sequence[Position]) -> np.ndarray:
    """Return the edges of a convex outline [edges, 3]: direction outwards, and how far out [m]."""
    places = np.array(corners).reshape(-1, 2)
    along = np.roll(places, -1, axis=0) - places
    out = np.stack((along[:, 1], -along[:, 0]), axis=1)
    out /= np.hypot(*out.T).clip(1e-9)[:, None]
    away = ((places - places.mean(axis=0)) * out).sum(axis=1) if len(places) else np.empty(0)
    out *= np.where(away < 0.0, -1.0, 1.0)[:, None]
    return np.column_stack((out, (places * out).sum(axis=1)))


def _beyond(places: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return how far beyond each edge some places [places, 2] are [m], [places, edges]."""
    beyond: np.ndarray = places @ edges[:, :2].T - edges[:, 2]
    return beyond


def _shortest(known: _KnownGround, start: Position, end: Position) -> list[Cell]:
    """Return the cells of the shortest way to the free cells nearest to the end; []: none."""
    lows, highs = (
        [int(np.clip(one, -FARTHEST, FARTHEST) / CELL) for one in ends]
        for ends in (
            (min(0.0, b - a) - ASIDE for a, b in zip(start, end, strict=True)),
            (max(0.0, b - a) + ASIDE for a, b in zip(start, end, strict=True)),
        )
    )
    cells = np.stack(
        np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(lows, highs, strict=True))), axis=-1
    ).reshape(-1, 2)
    places = np.array(start) + CELL * cells
    are_free, far = known.are_free(places), np.hypot(*(places - end).T)
    nearest = far[are_free].min(initial=np.inf)
    left = {
        (i, j): away - nearest
        for (i, j), away, free in zip(cells.tolist(), far.tolist(), are_free.tolist(), strict=True)
        if free
    }
    return _found((0, 0), left)


def _found(first: Cell, left: dict[Cell, float]) -> list[Cell]:
    """Return the shortest way between cells to one that leaves less than a cell's size [m].

    Args:
        first: where it begins.
        left: how far each of the cells is from the end [m].
    """
    came_from: dict[Cell, Cell] = {}
    walked, done = {first: 0.0}, set()
    waiting = [(left[first], first)] if first in left else []
    while waiting:
        _, cell = heappop(waiting)
        if left[cell] <= CELL:
            return [*reversed(list(_back(cell, came_from)))]
        if cell in done:
            continue
        done.add(cell)
        for i, j in _BESIDE:
            other, far = (cell[0] + i, cell[1] + j), walked[cell] + CELL * hypot(i, j)
            if other in left and far < walked.get(other, np.inf):
                walked[other], came_from[other] = far, cell
                heappush(waiting, (far + left[other], other))
    return []


def _back(cell: Cell, came_from: dict[Cell, Cell]) -> Iterable[Cell]:
    yield cell
    while cell in came_from:
        cell = came_from[cell]
        yield cell


def _straightened(known: _KnownGround, places: Sequence[Position]) -> list[Position]:
    """Return the places of a way where it must turn, and the last one."""
    corners: list[Position] = []
    corner = places[0] if places else None
    for here, ahead in pairwise(places[1:]):
        if corner and not known.leads(corner, ahead):
            corner = here
            corners.append(here)
    return [*corners, *places[1:][-1:]]


def _place(start: Position, cell: Cell) -> Position:
    return start[0] + CELL * cell[0], start[1] + CELL * cell[1]
