"""The ring around a viewpoint of a walk, as it was painted.

Immutable values: every change makes a new one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mag_sandbox.controls.camera import Position
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Lattice, Place, Surroundings

# cells in snapshots, see `PaintedRing`; 4: outdated and lacking, 0: the others
_PAINTED, _LACKING, _OUTDATED, _OF_OTHER_LIGHT, _ABSENT = 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True, eq=False)
class PaintedRing:
    """A ring that a walker has seen."""

    place: Position
    latents: np.ndarray  # float32 [C, rows, columns], of the precision of fp16
    painted: np.ndarray  # bool [rows, columns]; the other cells show what was seen from elsewhere
    lacking: np.ndarray  # likewise; of those, which have things that were not seen from there
    outdated: np.ndarray  # likewise; which show what was there before the player changed it
    absent: np.ndarray  # likewise; lacking ones that nothing was carried to yet

    @classmethod
    def empty(cls, place: Position, shape: tuple[int, ...]) -> "PaintedRing":
        """Return a ring around a viewpoint [m] that nothing was carried to, [C, rows, columns]."""
        nothing, everything = np.zeros(shape[1:], bool), np.ones(shape[1:], bool)
        return cls(place, np.zeros(shape, np.float32), nothing, everything, nothing, everything)

    @property
    def known(self) -> np.ndarray:
        """The cells to be shown, bool [rows, columns]: of another light only while all is of it."""
        known: np.ndarray = self.painted | ~self.lacking
        return known if self.painted.any() else known | self.outdated

    @property
    def is_of_other_light(self) -> bool:
        """Whether all of it shows what was there in another light."""
        return bool((self.outdated & self.lacking).any() and not self.painted.any())

    @property
    def held(self) -> Surroundings:
        """The cells that were carried or painted."""
        return Surroundings(~self.absent, self.latents)

    def carried(self, place: Place, latents: np.ndarray, lacking: np.ndarray) -> "PaintedRing":
        """Return it with the absent cells of a place as others show them.

        Args:
            place: of the cells.
            latents: float32 [C, rows, columns].
            lacking: which of them have things that others do not show, bool [rows, columns].
        """
        cells = self.held.cells(place)
        new, lacks, absent = self.absent[cells], self.lacking.copy(), self.absent.copy()
        lacks[cells] = np.where(new, lacking, lacks[cells])
        absent[cells] = False
        held = self.held.learned(place, latents)
        return replace(self, latents=held.latents, lacking=lacks, absent=absent)

    def painted_as(self, after: Surroundings) -> "PaintedRing":
        """Return it with the cells that a painting made or kept."""
        latents = np.where(after.known, after.latents, self.latents)
        return replace(
            self,
            latents=latents.astype(np.float16).astype(np.float32),
            painted=after.known,
            lacking=self.lacking & ~after.known,
            outdated=self.outdated & ~after.known,
            absent=self.absent & ~after.known,
        )

    @property
    def states(self) -> np.ndarray:
        """The states of its cells as snapshots store them, uint8 [rows, columns]."""
        outdated = np.where(self.lacking, _OF_OTHER_LIGHT, _OUTDATED)
        lacking = np.where(self.absent, _ABSENT, _LACKING)
        others = np.where(self.outdated, outdated, np.where(self.lacking, lacking, 0))
        return np.where(self.painted, _PAINTED, others).astype(np.uint8)

    @classmethod
    def of(cls, place: Position, latents: np.ndarray, states: np.ndarray) -> "PaintedRing":
        """Return a ring of a snapshot.

        Args:
            place: of the viewpoint [m].
            latents: float32 [C, rows, columns].
            states: of the cells, as `states` returns them, uint8 [rows, columns].
        """
        lacking, outdated = (_LACKING, _OF_OTHER_LIGHT, _ABSENT), (_OUTDATED, _OF_OTHER_LIGHT)
        kinds = (_PAINTED,), lacking, outdated, (_ABSENT,)
        return cls(place, latents, *(np.isin(states, kind) for kind in kinds))

    @property
    def bytes(self) -> int:
        """The bytes that it takes."""
        return self.latents.nbytes // 2 + self.painted.nbytes  # which is kept as a byte a cell


def all_faded(ring: PaintedRing) -> PaintedRing:
    """Return a ring of which nothing is painted any more: the light is another."""
    nothing, everything = np.zeros_like(ring.painted), np.ones_like(ring.painted)
    return replace(ring, painted=nothing, lacking=everything, outdated=ring.known)


def faded(ring: PaintedRing, things: Sequence[PlacedObject], lattice: Lattice) -> PaintedRing:
    """Return a ring where some things are not painted any more."""
    painted, outdated = ring.painted.copy(), ring.outdated.copy()
    for thing in things:
        place = lattice.box(thing.yaw, thing.pitch, thing.width, thing.height)
        cells = ring.held.cells(place)
        outdated[cells] |= ring.known[cells]
        painted[cells] = False
    return replace(ring, painted=painted, outdated=outdated)


def without(
    rings: Mapping[Position, PaintedRing],
    stays: Mapping[Position, np.ndarray],
    near: Collection[Position],
    lattice: Lattice,
) -> dict[Position, PaintedRing]:
    """Return rings of which some were forgotten, but for some cells.

    Args:
        rings: by viewpoint [m]; one of which nothing stays is left out, unless it is near.
        stays: the cells that stay of those that lost some, bool [rows, columns].
        near: viewpoints that are shown.
        lattice: of views.
    """
    left = dict(rings)
    for place, cells in stays.items():
        if (rings[place].painted & cells).any() or (place in near and cells.any()):
            left[place] = _forgotten(rings[place], cells, lattice)
        else:
            del left[place]
    return left


def _forgotten(ring: PaintedRing, stays: np.ndarray, lattice: Lattice) -> PaintedRing:
    """Return a ring of which only some cells are known any more, bool [rows, columns].

    The others are filled from the cells beside them.
    """
    left = Surroundings(stays & ~ring.absent, ring.latents)
    return replace(
        ring,
        latents=left.beside(lattice.whole, 0) if left.known.any() else ring.latents,
        painted=ring.painted & stays,
        lacking=ring.lacking | ~stays,
        outdated=ring.outdated & stays,
    )
