"""Scenes as values: place, light, and things in metres.

x is to the right and z ahead of where the player begins, along the ground; heights are above the
floor [m].
"""

from dataclasses import dataclass

import numpy as np

from mag_sandbox.renderer.kinds import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a scene."""

    kind: str
    x: float
    z: float
    foot: float = 0.0  # height of its foot [m]
    scale: float = 1.0  # times the real size of its kind; of flat things half their width [m]
    color: str | None = None  # name; None: its own
    variant: int = 0  # which of its kind's shapes
    facing: float = 0.0  # degrees; yaw at which one looks straight at it: of wall and flat things
    group: str = ""  # name of its group in captions; "": none
    support: int = -1  # number of the item that it stands on, in the scene; -1: none

    @property
    def entry(self) -> Kind:
        """Its line in the table of kinds."""
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class RoomBox:
    """A box around the player; edges are x and z of its walls [m]."""

    left: float
    right: float
    back: float
    front: float
    tall: float  # metres
    wall: str  # name of its colour
    pattern: str
    floor: str  # its material
    floor_color: str
    ceiling: str

    def walls(self) -> tuple[tuple[float, float, float, float], ...]:
        """Return of each wall: x, z of its left end as seen from inside, facing, length.

        Ahead, right, behind, left. Facing is the yaw at which one looks straight at it [degrees].
        """
        wide, deep = self.right - self.left, self.front - self.back
        return (
            (self.left, self.front, 0.0, wide),
            (self.right, self.front, 90.0, deep),
            (self.right, self.back, 180.0, wide),
            (self.left, self.back, 270.0, deep),
        )

    def at_wall(self, wall: int, along: float, before: float) -> tuple[float, float, float]:
        """Return x, z and facing of a point before a wall, `along` [m] from its left end."""
        x, z, facing, _ = self.walls()[wall]
        right, ahead = np.cos(np.radians(facing)), np.sin(np.radians(facing))
        return (
            float(x + along * right - before * ahead),
            float(z - along * ahead - before * right),
            facing,
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole scene, undrawn."""

    category: str
    seed: int
    place: str
    attributes: dict[str, str]  # facts that captions can state: place, light, weather
    items: tuple[Item, ...]
    room: RoomBox | None = None
