"""Ground that is planned but not painted yet: the plan's sketch, next to known ground."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.imagination.ground import DecodedGround, ViewCutter
from mag_sandbox.model.imagination.imagination import BESIDE, Imagination
from mag_sandbox.model.imagination.objects import Things
from mag_sandbox.model.imagination.surroundings import Lattice, Place, Surroundings
from mag_sandbox.model.pocket.painting.painting import PaintingInventor

EDGES = 0.13  # share of a view's cells along two of its edges; a painted view beside it shows more


class SketchedGround:
    """Completes views of a known ring with the sketch of a plan.

    ground = SketchedGround(imagination)
    picture = ground.view(around, planned_things(painting), pose)
    """

    def __init__(self, imagination: Imagination) -> None:
        """Begin with no sketch."""
        self._imagination = imagination
        decoded = DecodedGround(self._imagination.picture, BESIDE)
        self._views = ViewCutter(self._imagination.lattice, decoded, self._imagination.view_size)
        self._last: tuple[Things, Surroundings] = (), self._imagination.nothing()

    def view(self, around: Surroundings, things: Things | None, pose: CameraPose) -> Tensor | None:
        """Return the picture at a pose, [1, 3, H, W], with a sketch of its unknown part.

        None: nearly all of it is painted, or there is no plan of the rest.

        Args:
            around: the known ring.
            things: of the plan, from far to near; see `planned_things`.
            pose: of the view.
        """
        shown = around.mask(self._imagination.lattice.around_all((pose,)))
        missing = shown & ~around.known
        if things is None or missing.sum() <= EDGES * shown.sum():
            return None
        sketch = self._sketch(things, shown)
        both = shown & around.known
        if both.any():
            sketch = _as_painted(sketch, around, both)
        return self._views.views(around.replaced(missing, sketch), (pose,))

    def _sketch(self, things: Things, cells: np.ndarray) -> Surroundings:
        """Return a ring that shows the sketch of things in some cells, bool [rows, columns]."""
        before, sketch = self._last
        if things is not before:
            sketch = self._imagination.nothing()
        for place in _views_of(self._imagination.lattice):
            if (cells & ~sketch.known)[sketch.cells(place)].any():
                sketch = self._imagination.sketched(sketch, place, things)
        self._last = things, sketch
        return sketch


def _as_painted(sketch: Surroundings, around: Surroundings, both: np.ndarray) -> Surroundings:
    """Return a sketch in which each row of cells is as bright as what is painted of it.

    Else the sky has a step where the painting ends.

    Args:
        sketch: with latents in the cells of the view.
        around: the painted ring.
        both: the painted cells of the view, bool [rows, columns].
    """
    apart = np.where(both, around.latents - sketch.latents, np.nan)
    rows = both.any(axis=1)
    step = np.zeros_like(apart[:, :, :1])
    step[:, rows] = np.nanmedian(apart[:, rows], axis=2, keepdims=True)
    return replace(sketch, latents=sketch.latents + step)


def planned_things(painting: PaintingInventor) -> Things | None:
    """Return the things by which unknown ground will be painted; None: it is planned anew first."""
    plan, is_forgotten = painting.plan, (painting.forgotten & ~painting.around.known).any()
    if plan is None or plan.noise != painting.noise or is_forgotten:
        return None
    return plan.things if painting.coming_prompt in (None, plan.prompt) else None


def _views_of(lattice: Lattice) -> Iterator[Place]:
    """Yield views that cover a ring, the level ones first."""
    (rows, columns), whole = lattice.view, lattice.whole
    level = (whole.rows - rows) // 2
    for top in (level, 0, whole.rows - rows):
        for left in range(0, whole.columns, columns):
            yield Place(top, left, rows, columns)
