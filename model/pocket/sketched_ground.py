"""Ground that is planned and not painted yet: the plan's sketch beside what is known."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.imagination.ground import DecodedGround, ViewCutter
from mag_sandbox.model.imagination.imagination import BESIDE
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Lattice, Place, Surroundings
from mag_sandbox.model.pocket.painting import PaintingInventor

# share of the cells that a view shows some of: those along two of its edges, which a painted view
# beside it makes up for
EDGES = 0.13


class SketchedGround:
    """Completes views of a painting's known ring with the sketch of its plan.

    ground = SketchedGround(painting)
    picture = ground.view(pose)
    """

    def __init__(self, painting: PaintingInventor) -> None:
        """Begin with no sketch."""
        self._painting, self._imagination = painting, painting.imagination
        decoded = DecodedGround(self._imagination.picture, BESIDE)
        self._views = ViewCutter(self._imagination.lattice, decoded, self._imagination.view_size)
        self._last: tuple[Sequence[PlacedObject], Surroundings] = (), self._imagination.nothing()

    def view(self, pose: CameraPose) -> Tensor | None:
        """Return the picture at a pose, [1, 3, H, W], with the sketch of what is unknown.

        None: nearly all of it is painted, or its unknown part is planned anew before it is.
        """
        around, plan = self._painting.around, self._painting.plan
        shown = around.mask(self._imagination.lattice.around_all((pose,)))
        missing = shown & ~around.known
        if missing.sum() <= EDGES * shown.sum() or plan is None:
            return None
        if not stays_planned(self._painting):
            return None
        sketch = self._sketch(plan.things, missing)
        return self._views.views(around.replaced(missing, sketch), (pose,))

    def _sketch(self, things: Sequence[PlacedObject], cells: np.ndarray) -> Surroundings:
        """Return a ring that shows the sketch of things in some cells, bool [rows, columns]."""
        before, sketch = self._last
        if things is not before:
            sketch = self._imagination.nothing()
        for place in _views_of(self._imagination.lattice):
            if (cells & ~sketch.known)[sketch.cells(place)].any():
                sketch = self._imagination.sketched(sketch, place, things)
        self._last = things, sketch
        return sketch


def stays_planned(painting: PaintingInventor) -> bool:
    """Tell whether unknown ground will be painted by the present plan."""
    plan, is_forgotten = painting.plan, (painting.forgotten & ~painting.around.known).any()
    if plan is None or plan.noise != painting.noise or is_forgotten:
        return False
    return painting.coming_prompt in (None, plan.prompt)


def _views_of(lattice: Lattice) -> Iterator[Place]:
    """Yield views that cover a ring, the level ones first."""
    (rows, columns), whole = lattice.view, lattice.whole
    level = (whole.rows - rows) // 2
    for top in (level, 0, whole.rows - rows):
        for left in range(0, whole.columns, columns):
            yield Place(top, left, rows, columns)
