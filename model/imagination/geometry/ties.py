"""Which things of a plan are on others, or right before them, and so are drawn after them."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from mag_sandbox.model.imagination.geometry.bodies import BEFORE, PlacedBody

STACKED = 3  # things on one another: a mug on a table before a sofa


class Ties(NamedTuple):
    """The things that are on another one, or right before it; each field has a row a thing."""

    tied: np.ndarray  # places of these things among all, int
    below: np.ndarray  # places of the others, likewise
    are_on: np.ndarray  # whether they are on the other one, and not on the ground, bool

    @classmethod
    def of(cls, bodies: Sequence[PlacedBody]) -> Self:
        """Return those of all things."""
        places = {body.told: place for place, body in enumerate(bodies)}
        pairs = [
            (place, places[body.over]) for place, body in enumerate(bodies) if body.over in places
        ]
        tied, below = np.array(pairs, int).reshape(-1, 2).T
        return cls(tied, below, np.array([bodies[place].is_on_other for place in tied], bool))

    def depths(self, x: float, z: float, places: np.ndarray, away: np.ndarray) -> np.ndarray:
        """Return the distances in whose order things are drawn from a viewpoint, float [bodies].

        What is on a thing is drawn after it. So is what the plan shows right before it, unless the
        viewer is behind both: by the distances of their middles alone, a tree before a long bus
        would be behind it after some steps.

        Args:
            x: of the viewpoint, to the right [m].
            z: of the viewpoint, ahead [m].
            places: x and z of all things [m], float [bodies, 2].
            away: their distances from the viewpoint [m], float [bodies].
        """
        depths, there = away.copy(), places[self.below]
        holds = self.are_on | (((there - (x, z)) * there).sum(axis=1) > 0.0)
        for _ in range(STACKED):
            nearest = np.minimum(depths[self.tied], depths[self.below] - BEFORE)
            depths[self.tied] = np.where(holds, nearest, depths[self.tied])
        return depths
