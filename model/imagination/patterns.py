"""Patterns in the sketch of a plan: beams, planks, tiles, stripes and panels of rooms, and squares.

A plan says that a ceiling has beams, and where its walls are; the ground of games has squares.
Without a sketch of them, painters make blotches of anything narrower than a cell. All measures are
those of the scenes that the networks learned from. Knows nothing of networks.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.objects import VARIANTS, ObjectTable, look_number

TURF = "turf"  # the near ground of games
KINDS = ("wall", "backdrop", "floor", "ceiling", TURF)
SQUARE, SQUARED = 1.6, 15.2  # metres: side of a square, and how far from the viewer squares reach
SHADED = 0.12 * 120 / 255  # share of the light that every second square lacks
SIDES = 4  # of a room or a stage, listed as ahead, right, behind, left
FARTHEST = 40.0  # metres
LEAST_SLOPE = 0.02  # of the foot of a wall
# patterns by variants, which are those of the renderer's rooms
CEILINGS = {1: "beams", 2: "panels"}
FLOORS = {0: "planks", 1: "tiles", 4: "checks", 5: "planks"}
WALLS = {1: "stripes", 2: "panels", 3: "two tones", 4: "stones"}
ROCK = 5  # variant of the walls of caves, which the renderer has not
WALLS[ROCK] = "rock"
BOULDER = 1.5, 0.95  # metres across and up, of one in the rock
CRACK, EDGE, GLOSS = 0.06, 0.34, 0.1  # metres from a crack; how dark it is, and how light tops are
STONE_WIDE, STONE_TALL, JOINT = 0.9, 0.6, 0.03  # metres of a stone and half a joint
LAST_STONE = 0.8  # metres: a stone begins no nearer to the right end of a wall
STONE_SHADES = 0.1, 0.16, 0.22, 0.28  # shares of darkness
# colours in white light
CEILING, LIT, SKIRTING = (
    np.array(color, np.float32) for color in ((246, 242, 234), (255, 250, 236), (250, 246, 238))
)
WOOD, DARK, INK = (
    np.array(color, np.float32) for color in ((172, 118, 76), (40, 36, 70), (52, 48, 78))
)
ROCK_SHADES = -0.08, 0.2  # shares of darkness, of the lightest and the darkest boulder
STRIPE = 46 / 255  # of the light in every second stripe of a wall
TINT = 0.14  # share of the walls' colour in that of the ceiling
STAGE_LIGHT = 0.8


def first_looks(kinds: Sequence[str]) -> dict[str, int]:
    """Return the first of the looks of each of `KINDS` that is among the kinds of a table."""
    return {kind: look_number(kinds.index(kind), None) for kind in KINDS if kind in kinds}


class Patterns:
    """Draws patterns over the bare sides of rooms, and over the bare ground of games.

    Patterns(first_looks(kinds), ring=(24, 80), cell=16).over(picture, objects, rows, columns)
    """

    def __init__(self, looks: Mapping[str, int], ring: tuple[int, int], cell: int) -> None:
        """Take the first look of each of `KINDS`, rows and columns of a ring, and a cell's px."""
        self._looks, self._ring, self._cell = looks, ring, cell

    def over(
        self,
        picture: np.ndarray,
        objects: ObjectTable,
        first_row: int,
        first_column: int,
        viewpoint: tuple[float, float] = (0.0, 0.0),
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw over bare surfaces; return which pixels have a pattern, and which are ground.

        Args:
            picture: of the room or the ground, float32 [3, H, W] in [-1, 1].
            objects: of the plan.
            first_row: of the picture's cells.
            first_column: likewise.
            viewpoint: x and z [m].

        Returns:
            Bool [H, W] each.
        """
        size = picture.shape[1:]
        turn = 2 * np.pi / self._ring[1]
        yaw = (first_column + (np.arange(size[1]) + 0.5) / self._cell) * turn
        pitch = (self._ring[0] / 2 - first_row - (np.arange(size[0]) + 0.5) / self._cell) * turn
        if len(self._places(objects, TURF)):
            squares = _draw_squares(picture, yaw, pitch, viewpoint)
            return squares, squares
        own = {kind: self._places(objects, kind) for kind in KINDS}
        is_room = len(own["wall"]) == SIDES
        sides = own["wall" if is_room else "backdrop"]
        if len(sides) != SIDES or not len(own["floor"]) or not len(own["ceiling"]):
            return np.zeros(size, bool), np.zeros(size, bool)
        wall, floor, ceiling = (
            self._variant(objects, places[-1]) for places in (sides, own["floor"], own["ceiling"])
        )
        boxes = self._boxes(objects, sides)
        in_order = np.argsort((boxes[:, 0] - boxes[0, 0]) % (2 * np.pi))
        sides, boxes = sides[in_order], boxes[in_order]
        walls, floors, ceilings = (
            _levels(objects, at) for at in (sides, own["floor"], own["ceiling"])
        )
        has_panels = CEILINGS.get(ceiling) == "panels"
        white = _white(walls[:, 0].mean(axis=0), ceilings[-1, 0], has_panels)
        light = white.light if is_room else np.full(3, STAGE_LIGHT, np.float32)
        room = _SeenRoom.of(boxes, yaw.astype(np.float32), pitch.astype(np.float32))
        canvas = _Canvas(picture, light, np.zeros(size, bool))
        _draw_floor(*_part(canvas, room, room.is_floor), FLOORS.get(floor), floors[-1, 1])
        if is_room:
            part = _part(canvas, room, room.is_ceiling)
            _draw_ceiling(*part, CEILINGS.get(ceiling), ceilings[-1, 0], white)
            _draw_walls(*_part(canvas, room, room.is_wall), WALLS.get(wall), walls, white)
        return canvas.drawn, canvas.drawn & room.is_floor

    def _places(self, objects: ObjectTable, kind: str) -> np.ndarray:
        first = self._looks.get(kind)
        if first is None:
            return np.zeros(0, int)
        return np.flatnonzero((objects.looks >= first) & (objects.looks < first + VARIANTS))

    def _variant(self, objects: ObjectTable, place: int) -> int:
        look = int(objects.looks[place])
        return next(
            look - first - 1 for first in self._looks.values() if first <= look < first + VARIANTS
        )

    def _boxes(self, objects: ObjectTable, sides: np.ndarray) -> np.ndarray:
        """Return yaw straight ahead, and pitch of top and foot, of sides, [SIDES, 3] [radians]."""
        yaw, row, _, height = objects.boxes[sides].T
        middle = self._ring[0] / 2 - row
        turn = 2 * np.pi / self._ring[1]
        return np.stack((yaw, middle + height / 2, middle - height / 2), axis=1) * turn


class _White(NamedTuple):
    """A ceiling without a pattern, and the light that falls on it."""

    color: np.ndarray  # float32 [3], 0 to 255, in white light
    light: np.ndarray  # float32 [3], share of white light


class _SeenRoom(NamedTuple):
    """Where the pixels of a picture lie in a room [m]."""

    x: np.ndarray  # float32 [H, W]; of floor or ceiling, from the left wall
    z: np.ndarray  # likewise, from the wall behind
    along: np.ndarray  # float32 [W]; of a wall, from its left end
    height: np.ndarray  # float32 [H, W]; likewise, above the floor
    side: np.ndarray  # int [W]; which of the walls
    is_floor: np.ndarray  # bool [H, W]
    is_ceiling: np.ndarray  # bool [H, W]
    wide: float  # from the left wall to the right one
    deep: float  # from the wall behind to the one ahead
    tall: float

    @classmethod
    def of(cls, boxes: np.ndarray, yaw: np.ndarray, pitch: np.ndarray) -> "_SeenRoom":
        facing, top, foot = boxes.T.astype(np.float32)
        away = EYE / np.tan(np.maximum(-foot, LEAST_SLOPE))
        tall = EYE + float(np.median(away * np.tan(top)))
        straight = np.cos(yaw - facing[:, None])
        side = (straight / away[:, None]).argmax(axis=0)
        reach = away[side] / straight[side, np.arange(len(yaw))]
        slope = np.tan(pitch)[:, None]
        level = np.where(slope < 0, -EYE, tall - EYE)
        far = level / np.where(np.abs(slope) < 1e-4, np.copysign(1e-4, slope), slope)
        far = np.minimum(far, FARTHEST).astype(np.float32)
        is_near = far < reach
        before = away[(side - 1) % SIDES]
        return cls(
            far * np.sin(yaw - facing[0]).astype(np.float32) + np.float32(away[3]),
            far * np.cos(yaw - facing[0]).astype(np.float32) + np.float32(away[2]),
            (before + away[side] * np.tan(yaw - facing[side])).astype(np.float32),
            (EYE + slope * reach).astype(np.float32),
            side, is_near & (slope < 0), is_near & (slope > 0),
            float(away[1] + away[3]), float(away[0] + away[2]), tall,
        )  # fmt: skip

    @property
    def is_wall(self) -> np.ndarray:
        """The pixels that show a wall, bool [H, W]."""
        shown: np.ndarray = ~(self.is_floor | self.is_ceiling)
        return shown


class _Canvas(NamedTuple):
    picture: np.ndarray  # float32 [3, H, W] in [-1, 1]
    light: np.ndarray  # float32 [3], share of white light
    drawn: np.ndarray  # bool [H, W]; where there is a pattern

    def lay(self, where: np.ndarray, share: np.ndarray | float, color: np.ndarray) -> None:
        """Draw a colour, [3], [3, W] or [3, H, W], over a share of each of some pixels."""
        target = (color / 127.5 - 1).astype(np.float32)
        target = target if target.ndim == 3 else target.reshape(3, 1, -1)
        share = np.where(where, share, 0).astype(np.float32)
        self.picture[:] += share * (target - self.picture)
        self.drawn[:] |= where


def _part(canvas: _Canvas, room: _SeenRoom, where: np.ndarray) -> tuple[_Canvas, _SeenRoom]:
    """Return the rows in which some pixels are."""
    there = np.flatnonzero(where.any(axis=1))
    rows = slice(there[0], there[-1] + 1) if len(there) else slice(0)
    cut = {
        name: getattr(room, name)[rows] for name in ("x", "z", "height", "is_floor", "is_ceiling")
    }
    picture, drawn = canvas.picture[:, rows], canvas.drawn[rows]
    return canvas._replace(picture=picture, drawn=drawn), room._replace(**cut)


def _levels(objects: ObjectTable, places: np.ndarray) -> np.ndarray:
    """Return main and mean colours of objects, float32 [N, 2, 3], 0 to 255."""
    colors = objects.colors[places].reshape(-1, 2, 4)
    levels: np.ndarray = (colors[:, :, :3] + 1) * 127.5
    return levels


def _white(wall: np.ndarray, ceiling: np.ndarray, has_panels: bool) -> _White:
    """Return the light of a room by its ceiling, which is white, tinted by the walls."""
    color = CEILING
    for _ in range(3):  # the light says what colour the walls have in white light
        shown = (color + LIT) / 2 if has_panels else color
        light = (ceiling / shown).clip(0.1, 1.1)
        color = (1 - TINT) * CEILING + TINT * (wall / light).clip(0, 255)
    return _White(color, light)


def _draw_floor(
    canvas: _Canvas, room: _SeenRoom, pattern: str | None, mean: np.ndarray
) -> None:  # fmt: skip
    if pattern is None or len(room.x) < 2:
        return
    if pattern == "planks":
        part, color = 26 / 255, canvas.light * DARK
        share = _striped(room.x, 1.1, 0.55, 1.1) * (room.x < _whole(room.wide, 0.55))
    else:
        part, ink = (44 / 255, DARK) if pattern == "tiles" else (120 / 255, INK)
        color = canvas.light * ink
        across, deep = (_striped(each, 1.8, 0.9, 1.8) for each in (room.x, room.z))
        whole = (room.x < _whole(room.wide, 0.9)) & (room.z < _whole(room.deep, 0.9))
        share = (across + deep - 2 * across * deep) * whole
    canvas.lay(room.is_floor, 1.0, ((mean - part / 2 * color) / (1 - part / 2)).clip(0, 255))
    canvas.lay(room.is_floor, part * share, color)


def _draw_ceiling(
    canvas: _Canvas, room: _SeenRoom, pattern: str | None, main: np.ndarray, white: _White
) -> None:
    if pattern is None or len(room.x) < 2:
        return
    inside = (room.x > 0) & (room.x < room.wide)
    if pattern == "beams":
        beams = _striped(room.x, 1.5, 0.34, 0.66) * inside
        canvas.lay(room.is_ceiling, beams, canvas.light * WOOD)
    else:
        canvas.lay(room.is_ceiling, 1.0, main * 2 * white.color / (white.color + LIT))
        canvas.lay(room.is_ceiling, _striped(room.x, 1.5, -0.05, 1.05) * inside, main)


def _draw_walls(
    canvas: _Canvas, room: _SeenRoom, pattern: str | None, colors: np.ndarray, white: _White
) -> None:
    if pattern is None or len(room.height) < 2:
        return
    where = room.is_wall
    main, mean = (colors[room.side, which].T for which in range(2))
    lit, dark = ((canvas.light * color)[:, None] for color in (LIT, DARK))

    def lay(share: np.ndarray | float, color: np.ndarray, part: float) -> None:
        canvas.lay(where, share, main + part * (color - main))

    if pattern == "stones":
        _draw_stones(canvas, room, mean)
        return
    if pattern == "rock":
        _draw_rock(canvas, room, mean)
        return
    if pattern == "stripes":
        stripes = _striped(room.along[None], 0.9, 0.0, 0.45)
        main = (mean - STRIPE / 2 * lit) / (1 - STRIPE / 2)  # the other one could be either
        lay(1.0, main, 1.0)
        lay(stripes, lit, STRIPE)
    elif pattern == "panels":
        lay(_within(room.height, 0.0, 1.0), lit, 0.22)
        lay(_within(room.height, 0.96, 1.06), lit, 0.5)
        panels = _striped(room.along[None], 1.1, 0.2, 1.1) * _within(room.height, 0.25, 0.85)
        lay(panels, dark, 0.1)
    else:
        lay(_within(room.height, 0.0, 1.1), dark, 0.26)
        lay(_within(room.height, 1.08, 1.16), lit, 0.5)
    lay(_within(room.height, 0.0, 0.14), (canvas.light * SKIRTING)[:, None], 0.8)
    cornice = canvas.light * (white.color + LIT) / 2
    lay(_within(room.height, room.tall - 0.12, room.tall), cornice[:, None], 1.0)


def _draw_stones(canvas: _Canvas, room: _SeenRoom, mean: np.ndarray) -> None:
    """Draw rows of stones in four shades on walls, whose mean colours are [3, W]."""
    row = np.floor(room.height / STONE_TALL)
    shift = STONE_WIDE / 2 * (row % 2)
    left = shift + STONE_WIDE * np.floor((room.along - shift) / STONE_WIDE)
    length = np.where(room.side % 2, room.deep, room.wide)
    share = ((left > -JOINT) & (left < length - LAST_STONE)).astype(np.float32)
    for at, axis, size in (
        (room.along - left, np.gradient(room.along), STONE_WIDE),
        (room.height - row * STONE_TALL, np.gradient(room.height, axis=0), STONE_TALL),
    ):
        inside = size / 2 - JOINT - np.abs(at - size / 2)
        share *= (inside / np.abs(axis).clip(1e-6, size) + 0.5).clip(0, 1)
    number = (row * 3 + (7 * left + 1e-3).astype(int)) % len(STONE_SHADES)
    dark = (canvas.light * DARK)[:, None]
    covered = (1 - 2 * JOINT / STONE_WIDE) * (1 - 2 * JOINT / STONE_TALL)
    part = covered * sum(STONE_SHADES) / len(STONE_SHADES)
    joints = ((mean - part * dark) / (1 - part)).clip(0, 255)
    canvas.lay(room.is_wall, 1.0, joints)
    for each, darkness in enumerate(STONE_SHADES):
        stones = share * (number == each)
        canvas.lay(room.is_wall, stones, joints + darkness * (dark - joints))


def _draw_rock(canvas: _Canvas, room: _SeenRoom, mean: np.ndarray) -> None:
    """Draw boulders of no regular shape on walls, whose mean colours are [3, W]."""
    wide, tall = BOULDER
    across = (room.along + room.side * 10 * wide)[None] / wide  # no wall is like the next
    up = room.height / tall
    column, row = np.floor(across), np.floor(up)
    nearest = np.full(up.shape, np.inf, np.float32)
    second, above, shade = nearest.copy(), np.zeros_like(nearest), np.zeros_like(nearest)
    for right in (-1, 0, 1):
        for higher in (-1, 0, 1):
            x, y = column + right, row + higher
            chance = np.sin(12.9 * x + 78.2 * y) * 43758.5
            aside, lift = chance % 1, (chance * 7.3) % 1
            level = up - y - 0.1 - 0.8 * lift
            away = np.hypot((across - x - 0.1 - 0.8 * aside) * wide, level * tall)
            closer = away < nearest
            second = np.where(closer, nearest, np.minimum(second, away))
            nearest = np.where(closer, away, nearest)
            above = np.where(closer, level, above)
            shade = np.where(closer, (chance * 3.1) % 1, shade)
    dark, lit = ((canvas.light * color)[:, None, None] for color in (DARK, LIT))
    darkness = ROCK_SHADES[0] + (ROCK_SHADES[1] - ROCK_SHADES[0]) * shade
    darkness = darkness + EDGE * (second - nearest < CRACK) - GLOSS * above.clip(-1, 1)
    base = np.broadcast_to(mean[:, None], (3, *up.shape))
    color = np.where(darkness > 0, base + darkness * (dark - base), base - darkness * (lit - base))
    canvas.lay(room.is_wall, 1.0, color)


def _draw_squares(
    picture: np.ndarray, yaw: np.ndarray, pitch: np.ndarray, viewpoint: tuple[float, float]
) -> np.ndarray:
    """Shade every second square of the ground, and return the pixels that show squares."""
    down = np.maximum(-np.tan(pitch), 1e-4)[:, None]
    far = np.minimum(EYE / down, FARTHEST).astype(np.float32)
    x, z = far * np.sin(yaw) + viewpoint[0], far * np.cos(yaw) + viewpoint[1]
    across, deep = (_striped(each, 2 * SQUARE, SQUARE / 2, 3 * SQUARE / 2) for each in (x, z))
    near = np.maximum(np.abs(x - viewpoint[0]), np.abs(z - viewpoint[1])) < SQUARED
    drawn: np.ndarray = near & (pitch < 0)[:, None]
    share = across + deep - 2 * across * deep
    light = np.where(drawn, (1 - SHADED * share) / (1 - SHADED / 2), 1)  # in the mean as planned
    picture[:] = ((picture + 1) * light - 1).clip(-1, 1)
    return drawn


def _whole(length: float, size: float) -> float:
    """Return how much of a length is covered by whole planks or tiles."""
    return length // size * size


def _striped(at: np.ndarray, period: float, first: float, last: float) -> np.ndarray:
    """Return the share of each pixel in stripes from `first` to `last` of every period.

    Stripes too far away to be told apart are a mean.
    """
    wide = np.abs(np.gradient(at, axis=1))
    if len(at) > 1:
        wide = np.hypot(wide, np.gradient(at, axis=0))
    wide = np.maximum(wide, 1e-6)
    away = np.abs((at - (first + last) / 2 + period / 2) % period - period / 2)
    share = (((last - first) / 2 - away) / wide + 0.5).clip(0, 1)
    return np.where(wide > period / 2, (last - first) / period, share)


def _within(at: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the share of each pixel from `low` to `high`, which rise from row to row."""
    wide = np.maximum(np.abs(np.gradient(at, axis=0)), 1e-6)
    result: np.ndarray = np.minimum((at - low) / wide + 0.5, (high - at) / wide + 0.5).clip(0, 1)
    return result
