"""The known surroundings of the viewer: a latent for every cell of the ring.

Immutable values: every change makes a new one, so that undoing is keeping the old one. Knows
nothing of networks.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mag_sandbox.controls.camera import ASPECT, WIDEST_FOV, CameraPose, yaw_difference

_MUCH = 0.75  # of the most unknown cells that a level view shows
_SLACK = 1e-6  # degrees, for sums that are not exact
_PAINTED, GIVEN = 1, 2  # states of known cells in snapshots
_FAR = 0.01  # of a cell's worth: what a cell between a view and where it had best be costs


@dataclass(frozen=True, slots=True)
class Place:
    """Where a view, or any box of cells, lies on the ring."""

    top: int  # first row, 0 is the highest
    left: int  # first column; any whole number
    rows: int
    columns: int

    def pixels(self, cell: int) -> tuple[slice, slice]:
        """Return its rows and columns in a picture of the ring, whose cells are so large [px]."""
        return (
            slice(cell * self.top, cell * (self.top + self.rows)),
            slice(cell * self.left, cell * (self.left + self.columns)),
        )

    def with_margin(self, cells: int) -> "Place":
        """Return it with so many cells more on each side."""
        top, left = self.top - cells, self.left - cells
        return Place(top, left, self.rows + 2 * cells, self.columns + 2 * cells)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Latents of the ring's cells; where nothing is known they are 0.

    before = Surroundings.unknown(24, 80, 32)
    after = before.learned(place, latents)
    """

    known: np.ndarray  # bool [rows, columns]
    latents: np.ndarray  # float32 [C, rows, columns]
    given: np.ndarray | None = None  # known cells that were shown, not painted; None: none

    @classmethod
    def unknown(cls, rows: int, columns: int, channels: int) -> "Surroundings":
        """Return the surroundings of a world that is wholly unknown."""
        return cls(np.zeros((rows, columns), bool), np.zeros((channels, rows, columns), np.float32))

    @classmethod
    def of(cls, states: np.ndarray, latents: np.ndarray) -> "Surroundings":
        """Return those of a snapshot: see `states`, uint8 [rows, columns], and the class."""
        return cls(states > 0, latents, states == GIVEN)

    @property
    def states(self) -> np.ndarray:
        """The states of the cells as snapshots store them, uint8 [rows, columns]; 0: unknown."""
        known = np.where(self.painted, _PAINTED, GIVEN)
        return np.where(self.known, known, 0).astype(np.uint8)

    def learned(
        self, place: Place, latents: np.ndarray, only: np.ndarray | None = None
    ) -> "Surroundings":
        """Return these with the cells of a place that were not known before."""
        rows, columns = self.cells(place)
        new = ~self.known[rows, columns]
        if only is not None:
            new &= only[rows, columns]
        all_latents, known = self.latents.copy(), self.known.copy()
        all_latents[:, rows, columns] = np.where(new, latents, all_latents[:, rows, columns])
        known[rows, columns] |= new
        return replace(self, known=known, latents=all_latents)

    @property
    def painted(self) -> np.ndarray:
        """The known cells that were painted, bool [rows, columns]."""
        return self.known if self.given is None else self.known & ~self.given

    def mask(self, place: Place) -> np.ndarray:
        """Return which cells of the ring are a place's, bool [rows, columns]."""
        mask = np.zeros_like(self.known)
        mask[self.cells(place)] = True
        return mask

    def without(self, cells: np.ndarray) -> "Surroundings":
        """Return these without some cells, bool [rows, columns]."""
        return self.only(self.known & ~cells)

    def only(self, cells: np.ndarray) -> "Surroundings":
        """Return some cells of these, bool [rows, columns], all of which count as known."""
        given = None if self.given is None else self.given & cells
        return Surroundings(cells, np.where(cells, self.latents, np.float32(0)), given)

    def replaced(self, cells: np.ndarray, other: "Surroundings") -> "Surroundings":
        """Return these with what others have in some cells, bool [rows, columns]."""
        known = np.where(cells, other.known, self.known)
        latents = np.where(cells, other.latents, self.latents)
        painted = np.where(cells, other.painted, self.painted)
        return Surroundings(known, latents, known & ~painted)

    def equals(self, other: "Surroundings") -> bool:
        """Tell whether others know the same."""
        return not self.differing(other).any()

    def differing(self, other: "Surroundings") -> np.ndarray:
        """Return the cells in which others differ from these, bool [rows, columns]."""
        otherwise: np.ndarray = (self.latents != other.latents).any(axis=0)
        otherwise |= self.known != other.known
        otherwise |= self.painted != other.painted
        return otherwise

    def at(self, place: Place) -> "Surroundings":
        """Return those of a place alone."""
        rows, columns = self.cells(place)
        given = None if self.given is None else self.given[rows, columns]
        return Surroundings(self.known[rows, columns], self.latents[:, rows, columns], given)

    def beside(self, place: Place, margin: int) -> np.ndarray:
        """Return the latents of a place and of cells beside it, [C, rows, columns].

        Where one is not known, or not on the ring, the nearest of these that is stands.

        Raises:
            ValueError: nothing is known there.
        """
        height, width = self.known.shape
        rows = np.arange(place.top - margin, place.top + place.rows + margin)[:, None]
        columns = np.arange(place.left - margin, place.left + place.columns + margin)[None]
        there = (rows >= 0) & (rows < height)
        there = there & self.known[rows.clip(0, height - 1), columns % width]
        rows, columns = (each.copy() for each in np.broadcast_arrays(rows, columns))
        if not there.all():
            known, missing = np.argwhere(there), np.argwhere(~there)
            far = np.square(missing[:, None] - known).sum(axis=2)
            nearest = tuple(known[far.argmin(axis=1)].T)
            rows[~there], columns[~there] = rows[nearest], columns[nearest]
        return self.latents[:, rows, columns % width]

    def widened(self, place: Place, steps: tuple[int, int]) -> Place:
        """Return a known place with its sides further out, as far as all is known."""
        rows, columns = steps
        height, width = self.known.shape
        left, right = place.left, place.left + place.columns
        known = np.logical_and.reduce(self.known[place.top : place.top + place.rows])
        while left % columns and known[(left - 1) % width] and right - left < width:
            left -= 1
        while right % columns and known[right % width] and right - left < width:
            right += 1
        top, below = place.top, place.top + place.rows
        known = np.logical_and.reduce(
            self.known.take(np.arange(left, right), axis=1, mode="wrap"), axis=1
        )
        while top % rows and known[top - 1]:
            top -= 1
        while below % rows and below < height and known[below]:
            below += 1
        return Place(top, left, below - top, right - left)

    def cells(self, place: Place) -> tuple[np.ndarray, ...]:
        """Return the indices of a place's cells in arrays of the ring, or raise ValueError."""
        rows, columns = self.known.shape
        if place.top < 0 or place.top + place.rows > rows or place.columns > columns:
            raise ValueError(f"{place} does not lie on a ring of {rows} x {columns} cells")
        across = np.arange(place.left, place.left + place.columns) % columns
        return np.arange(place.top, place.top + place.rows)[:, None], across[None]


class Lattice:
    """Poses whose views are whole cells of the ring.

    lattice = Lattice(rows=24, columns=80, view=(12, 20))
    pose = lattice.nearest(CameraPose(yaw=68.2, pitch=3.0))
    place = lattice.place(pose)
    """

    def __init__(self, rows: int, columns: int, view: tuple[int, int]) -> None:
        self._rows, self._columns, self.view = rows, columns, view  # [cells]
        self.cell = 360.0 / columns  # degrees
        self._yaws = (np.arange(columns) + 0.5) * self.cell  # of the middles of cells
        self._pitches = (rows / 2 - np.arange(rows) - 0.5) * self.cell

    @property
    def whole(self) -> Place:
        """All of the ring."""
        return Place(0, 0, self._rows, self._columns)

    def nearest(self, pose: CameraPose, known: np.ndarray | None = None) -> CameraPose:
        """Return the nearest pose on the lattice; it is not zoomed.

        Args:
            pose: where it had best be.
            known: cells of the ring that its view is to lie within, bool [rows, columns], if any
                view does; None: anywhere.
        """
        highest = self._rows - self.view[0]
        top = min(max(round(highest / 2 - pose.pitch / self.cell), 0), highest)
        column = round(pose.yaw / self.cell) % self._columns
        nearest = CameraPose(column * self.cell, (highest / 2 - top) * self.cell, WIDEST_FOV)
        return nearest if known is None else self.best(np.zeros_like(known), nearest, known)

    def box(self, yaw: float, pitch: float, width: float, height: float) -> Place:
        """Return whole cells around a box of degrees, at most a view of them."""
        most_rows, most_columns = self.view
        middle = self._rows / 2 - pitch / self.cell
        top = math.floor(middle - height / self.cell / 2)
        bottom = math.ceil(middle + height / self.cell / 2)
        rows = min(max(bottom - top, 1), most_rows)
        left = math.floor((yaw - width / 2) / self.cell)
        columns = max(math.ceil((yaw + width / 2) / self.cell) - left, 1)
        spare = max(columns - most_columns, 0)
        top = min(max(top, 0), self._rows - rows)
        return Place(top, (left + spare // 2) % self._columns, rows, columns - spare)

    def extent(self, place: Place) -> tuple[float, float, float, float]:
        """Return yaw and pitch of a place's middle, its width and its height [degrees]."""
        yaw = (place.left + place.columns / 2) * self.cell % 360.0
        middle = self._rows / 2 - place.top - place.rows / 2
        return yaw, middle * self.cell, place.columns * self.cell, place.rows * self.cell

    def position(self, pose: CameraPose) -> tuple[float, float]:
        """Return the column and the row at which the middle of a view lies [cells]."""
        return pose.yaw / self.cell, self._rows / 2 - pose.pitch / self.cell

    def around_all(self, poses: Sequence[CameraPose]) -> Place:
        """Return the cells that views near to each other show some of."""
        lefts, tops, rights, bottoms = zip(*self._sides(poses), strict=True)
        return self._touching(min(lefts), min(tops), max(rights), max(bottoms))

    def shared(self, pose: CameraPose, near: CameraPose) -> Place:
        """Return the cells that two views near to each other show some of, both."""
        lefts, tops, rights, bottoms = zip(*self._sides((pose, near)), strict=True)
        return self._touching(max(lefts), max(tops), min(rights), min(bottoms))

    def _sides(self, poses: Sequence[CameraPose]) -> Iterator[tuple[float, float, float, float]]:
        """Yield where views near to each other begin and end: left, top, right, bottom [cells]."""
        first = poses[0].yaw
        for pose in poses:
            yaw = first + yaw_difference(pose.yaw, first)
            columns = [(yaw + side * pose.fov / 2) / self.cell for side in (-1, 1)]
            pitches = [pose.pitch - side * pose.fov * ASPECT / 2 for side in (-1, 1)]
            rows = [self._rows / 2 - pitch / self.cell for pitch in pitches]
            yield columns[0], rows[0], columns[1], rows[1]

    def _touching(self, left: float, top: float, right: float, bottom: float) -> Place:
        """Return the cells that a box [cells] has some of."""
        first, last = math.floor(left + _SLACK), math.ceil(right - _SLACK)
        highest = max(math.floor(top + _SLACK), 0)
        lowest = min(math.ceil(bottom - _SLACK), self._rows)
        return Place(highest, first, lowest - highest, min(last - first, self._columns))

    def middle(self, place: Place) -> CameraPose:
        """Return the pose with a place as its view, however large."""
        yaw = (place.left + place.columns / 2) * self.cell % 360.0
        pitch = (self._rows / 2 - place.top - place.rows / 2) * self.cell
        return CameraPose(yaw, pitch, place.columns * self.cell)

    def around(self, place: Place) -> CameraPose:
        """Return the pose on the lattice that has a place, no larger than a view, in its middle."""
        width = self.view[1]
        column = place.left - (width - place.columns) // 2 + width // 2
        middle = self._rows / 2 - place.top - place.rows / 2
        return self.nearest(CameraPose(column * self.cell, middle * self.cell))

    def shown(self, poses: Sequence[CameraPose]) -> np.ndarray:
        """Return which cells of the ring lie wholly within some view, bool [rows, columns]."""
        views = np.array([(pose.yaw, pose.pitch, pose.fov / 2) for pose in poses])
        yaw, pitch, half = views.reshape(-1, 3, 1).swapaxes(0, 1)  # [views, 1] each
        edge = _SLACK - self.cell / 2
        across = np.abs(yaw_difference(self._yaws, yaw)) <= half + edge
        down = np.abs(self._pitches - pitch) <= half * ASPECT + edge
        result: np.ndarray = (down[:, :, None] & across[:, None, :]).any(axis=0)
        return result

    def touched(self, pose: CameraPose, beyond: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
        """Return the cells that a view shows at least partly, bool [rows, columns].

        Args:
            pose: of the view.
            beyond: degrees that the view is wider to the right and higher; if negative, to the left
                and lower.
        """
        right, up = beyond
        half = np.array((pose.fov, pose.fov * ASPECT)) / 2 + np.abs((right, up)) / 2
        middle = pose.yaw + right / 2, pose.pitch + up / 2
        reach = half + self.cell / 2 - _SLACK
        across = np.abs(yaw_difference(self._yaws, middle[0])) < reach[0]
        down = np.abs(self._pitches - middle[1]) < reach[1]
        result: np.ndarray = down[:, None] & across
        return result

    def free_yaw(self, known: np.ndarray, yaw: float) -> float:
        """Return the yaw nearest to one whose level view shows much unknown ground.

        Args:
            known: cells of the ring, bool [rows, columns].
            yaw: to be near to [degrees].
        """
        height, width = self.view
        missing = self._sums(~known)[(self._rows - height) // 2]  # by the left side of a view
        yaws = (np.arange(self._columns) + width // 2) * self.cell % 360.0
        far = np.abs(yaw_difference(yaws, yaw))
        much = missing >= _MUCH * missing.max()
        return float(yaws[np.where(much, far, np.inf).argmin()]) if missing.any() else yaw

    def has_view(self, known: np.ndarray) -> bool:
        """Tell whether any view lies within known cells, bool [rows, columns]."""
        return bool((self._sums(~known) == 0).any())

    def best(
        self, worth: np.ndarray, wanted: CameraPose, known: np.ndarray | None = None
    ) -> CameraPose:
        """Return the pose of the lattice whose view is worth most; of equals the nearest.

        Args:
            worth: of each cell, [rows, columns].
            wanted: where the view had best be.
            known: cells that the view is to lie within, likewise; None: anywhere.
        """
        height, width = self.view
        boxes = self._sums(worth)
        if known is not None:
            boxes = np.where(self._sums(~known) == 0, boxes, -np.inf)
        tops, lefts = (np.arange(count) for count in boxes.shape)
        pitches = ((self._rows - height) / 2 - tops) * self.cell
        yaws = (lefts + width // 2) * self.cell
        across = np.abs(yaw_difference(yaws, wanted.yaw))
        far = (np.abs(pitches - wanted.pitch)[:, None] + across) / self.cell
        top, left = np.unravel_index(np.argmax(boxes - _FAR * far), boxes.shape)
        return CameraPose(float(yaws[left] % 360.0), float(pitches[top]), WIDEST_FOV)

    def _sums(self, worth: np.ndarray) -> np.ndarray:
        """Return the worth of all views, [rows, columns] of their tops and left sides."""
        height, width = self.view
        around = np.concatenate((worth, worth[:, : width - 1]), axis=1).astype(float)
        sums = np.pad(around, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
        result: np.ndarray = (
            sums[height:, width:] - sums[:-height, width:]
            - sums[height:, :-width] + sums[:-height, :-width]
        )  # fmt: skip
        return result

    def place(self, pose: CameraPose) -> Place:
        """Return where the view at a pose lies, or raise ValueError off the lattice."""
        if self.nearest(pose) != pose:
            raise ValueError(f"{pose} is not on the lattice; take {self.nearest(pose)}")
        height, width = self.view
        top = round((self._rows - height) / 2 - pose.pitch / self.cell)
        return Place(top, round(pose.yaw / self.cell) - width // 2, height, width)


def in_pixels(cells: np.ndarray, height: int) -> np.ndarray:
    """Return the pixels, of so many rows, that cells [rows, columns] show, bool [H, W]."""
    cell = height // len(cells)
    return cells.repeat(cell, axis=0).repeat(cell, axis=1)
