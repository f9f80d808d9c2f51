"""How far away the walls and the ceiling of a given room are.

A small convolutional network says of each column of a picture where the wall that it shows meets
floor and ceiling, and how sure that is. A room is fitted to that, with a planned one as a guess.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.geometry.bodies import sides_of
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.reading.relief import Pair

FINE, COLUMN = 4, 8  # px of a square, px of a column
HEIGHT = 192  # px of a picture
WIDTHS = 32, 48, 48  # channels of squares, of those twice as large, and of columns
# numbers of a column: slopes down to the floor and up to the ceiling; logs of their spreads
OUTPUTS = 4
SPREADS = -7.0, 2.0  # between which the logs are
WALL = "wall"  # kind of a side of a room
AHEAD, RIGHT, BACK, LEFT = range(4)  # quarter turns to a side
GUESS = 0.15  # spread of planned distances, as a share of them: as that of rooms
ALIKE = 0.25  # neighbouring columns err alike: so many count as one
NEARER = 1.0, 1.6  # times as near as planned, from where sides are fitted
ROUNDS = 8  # until the columns that show a side stay the same


class Slopes(NamedTuple):
    """The ends of walls in a level picture, as tangents of angles, float32 [columns]."""

    floor: np.ndarray  # down from the horizon to where the wall meets the floor
    ceiling: np.ndarray  # up from the horizon to where it meets the ceiling
    floor_spread: np.ndarray
    ceiling_spread: np.ndarray


class WallReader(nn.Module):
    """Measures how far away the walls of a room are.

    reader = WallReader().eval()
    slopes = reader.read(picture)
    """

    def __init__(self) -> None:
        super().__init__()
        fine, coarse, columns = WIDTHS
        self.stem = nn.Conv2d(4 * FINE**2, fine, 3, padding=1)
        self.fine = Pair(fine)
        self.down = nn.Conv2d(fine, coarse, 2, stride=2)
        self.coarse = nn.ModuleList((Pair(coarse), Pair(coarse)))
        self.flat = nn.Conv2d(coarse, columns, (HEIGHT // COLUMN, 1), groups=4)
        self.along = nn.Conv1d(columns, columns, 5, padding=4, dilation=2)
        self.told = nn.Conv1d(columns, OUTPUTS, 1)
        cast(Tensor, self.told.bias).data.copy_(torch.tensor([0.38, 0.35, -2.0, -2.0]))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the numbers of columns, [B, OUTPUTS, W / COLUMN].

        Args:
            pictures: level views, [B, 3, H, W] in [-1, 1].
        """
        batch, _, height, width = pictures.shape
        rows = torch.linspace(1, -1, height)[None, None, :, None].expand(batch, 1, -1, width)
        squares = functional.pixel_unshuffle(torch.cat((pictures, rows), dim=1), FINE)
        x = self.down(functional.gelu(self.fine(self.stem(squares))))
        for pair in self.coarse:
            x = pair(x)
        x = self.flat(functional.gelu(x))[:, :, 0]
        x = x + self.along(functional.gelu(x))
        return cast(Tensor, self.told(functional.gelu(x)))

    @torch.inference_mode()
    def read(self, picture: Tensor) -> Slopes:
        """Return the slopes in a level view of a room, [3, H, W] in [-1, 1]."""
        floor, ceiling, *spreads = self(picture[None].float())[0]
        return Slopes(*(x.numpy() for x in (floor, ceiling, *(torch.exp(x) for x in spreads))))


class RoomSize(NamedTuple):
    """A room around the player [m]."""

    ahead: float
    right: float
    left: float
    tall: float


def fitted(guess: RoomSize, slopes: Slopes, radian: float) -> RoomSize:
    """Return the room that agrees best with what a level view straight ahead shows."""
    columns = len(slopes.floor)
    yaw = (np.arange(columns) - (columns - 1) / 2) * COLUMN / radian
    facing = np.stack((np.cos(yaw), np.sin(yaw), -np.sin(yaw)))  # how straight at each side
    planned = 1 / np.array(guess[:3])
    starts = (planned * (1, right, left) for right in NEARER for left in NEARER)
    fits = [_nearest(slopes, facing, planned, start) for start in starts]
    near, shown = min(fits, key=lambda fit: fit[2])[:2]
    above = _mean(
        slopes.ceiling, shown, ALIKE / slopes.ceiling_spread**2, guess.tall - EYE,
        GUESS * guess.tall,
    )  # fmt: skip
    ahead, right, left = (1 / near).tolist()
    return RoomSize(ahead, right, left, EYE + above)


def _nearest(
    slopes: Slopes, facing: np.ndarray, planned: np.ndarray, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return how near sides are [1 / m], how near the wall in each column is, and the cost of it.

    Begins with sides of some nearness, which decides on the columns that show each.
    """
    weights = ALIKE / slopes.floor_spread**2
    for _ in range(ROUNDS):
        side = (facing * near[:, None]).argmax(axis=0)
        owned = [side == number for number in range(len(near))]
        near = np.array([
            _mean(slopes.floor[own], EYE * toward[own], weights[own], plan, GUESS * plan)
            for own, toward, plan in zip(owned, facing, planned, strict=True)
        ])  # fmt: skip
    shown = (facing * near[:, None]).max(axis=0)
    off = (weights * (slopes.floor - EYE * shown) ** 2).sum()
    return near, shown, float(off + (((near / planned - 1) / GUESS) ** 2).sum())


def _mean(
    values: np.ndarray, units: np.ndarray, weights: np.ndarray, guess: float, spread: float
) -> float:
    """Return the x for which x * units is nearest to values, and x to a guess of a spread."""
    sure = 1 / spread**2
    return float(((weights * units * values).sum() + sure * guess)
                 / ((weights * units**2).sum() + sure))  # fmt: skip


def facing(behind: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return the things behind, with the sides of a room or stage straight before the viewer.

    Plans turn them to the middles of their columns, a degree aside.
    """
    straight = {
        side.told: replace(side.told, yaw=round(side.told.yaw / 90) % 4 * 90.0)
        for side in sides_of(behind)
    }
    return [straight.get(one, one) for one in behind]


def as_far_as_shown(
    behind: Sequence[PlacedObject], slopes: Slopes, radian: float
) -> list[PlacedObject]:
    """Return the things behind, with a room's walls as far away and as tall as a view shows them.

    A scene that is no room has no walls, and stays.
    """
    walls = [thing for thing in behind if thing.kind == WALL]
    sides = {round(side.told.yaw / 90) % 4: side for side in sides_of(walls)}
    if len(sides) < 4:
        return list(behind)
    away = {number: side.away for number, side in sides.items()}
    tall = sum(side.tall for side in sides.values()) / 4
    room = fitted(RoomSize(away[AHEAD], away[RIGHT], away[LEFT], tall), slopes, radian)
    away |= {AHEAD: room.ahead, RIGHT: room.right, LEFT: room.left}
    moved = {side.told: side.moved(away[number], room.tall).told for number, side in sides.items()}
    return [moved.get(thing, thing) for thing in behind]
