"""A sketch of a plan, in pixels: bands, sides of rooms and fitted sprites, from far to near.

It says where each eye and each edge is, so that what paints need only learn light and joints.
Knows nothing of networks.
"""

from collections.abc import Collection
from copy import copy
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from torch import Tensor

from mag_sandbox.controls.parallax import Box
from mag_sandbox.model.imagination.config import FITTED
from mag_sandbox.model.imagination.objects import BEYOND, LEAST_HALF, VARIANTS, ObjectTable
from mag_sandbox.model.imagination.patterns import Patterns
from mag_sandbox.model.imagination.pixels import linear_shares, nearby

AROUND = 0.9  # of the ring; wider things are bands
HIGHEST_FOOT = -0.02  # radians; a side whose foot is nearer to the horizon is no farther away
TONE = 12  # px: how far around a pixel its colour is taken
AGREES = 0.2  # correlation of a pattern with the planned one from which on it is the same
PATTERNED = 0.5  # by how much more a pattern counts as covered, so that it is painted
MOST = 0.5  # share of a pixel from which on it is a thing's
BLURRED, SOFTER = 0.2, 3.5  # share of a sprite that is neither it nor not; times another's
COARSE = 4  # px of a cell in which shares are counted
REST = 1.5  # rests of fitted sprites are stored this much larger
SPRITES = 256  # that were read last: those of some plans


class Sketch(NamedTuple):
    """A picture of a plan, and where it says anything."""

    picture: np.ndarray  # float32 [3, H, W], in [-1, 1]; grey where nothing is known
    # float32 [rows, columns]; share of each cell that the plan covers, and, added, that was seen,
    # and `PATTERNED` of that with a pattern
    covered: np.ndarray
    patterned: np.ndarray  # bool [H, W]; bare sides of rooms that show where their patterns are
    ground: np.ndarray  # bool [H, W]; the ground among them

    def carried_over(self, seen: np.ndarray) -> "Sketch":
        """Return the sketch with the pixels of another viewpoint over it.

        Args:
            seen: colours, and 255 where they are known, uint8 [H, W, 4].
        """
        share = seen[..., 3].astype(np.float32) / 255
        colors = seen[..., :3].astype(np.float32).transpose(2, 0, 1) / 127.5 - 1
        more = share * (1 - PATTERNED * self.patterned)
        return Sketch(
            self.picture + share * (colors - self.picture),
            self.covered + _of_cells(more, len(share) // len(self.covered)),
            self.patterned & (share == 0),
            self.ground & (share == 0),
        )

    def with_pattern(self, seen: np.ndarray) -> np.ndarray:
        """Return carried pixels with the pattern of the ground as it is planned, in their colours.

        From viewpoint to viewpoint, its lines are stretched, and dissolve.

        Args:
            seen: see `carried_over`.
        """
        where = self.ground & (seen[..., 3] > 0)
        if not where.any():
            return seen
        planned, shown = (self.picture + 1) * 127.5, seen[..., :3].transpose(2, 0, 1)
        known = np.ones((1, *where.shape))
        tones = [nearby(np.concatenate((one, known)), where, TONE)[:3] for one in (planned, shown)]
        lines, carried = (
            (one - tone)[:, where] for one, tone in zip((planned, shown), tones, strict=True)
        )
        likeness = (lines * carried).sum()
        if likeness <= AGREES * ((lines**2).sum() * (carried**2).sum()) ** 0.5:
            return seen  # a given picture has another one
        drawn = seen.copy()
        drawn[where, :3] = np.rint(tones[1][:, where] + lines).clip(0, 255).T
        return drawn

    def seen(self, where: np.ndarray, others: np.ndarray | None) -> np.ndarray:
        """Return some of the sketch as pixels to be carried over, so that it is painted as it is.

        Args:
            where: the pixels, bool [H, W].
            others: pixels that are carried over anyway; these stay.
        """
        result = np.zeros((*where.shape, 4), np.uint8) if others is None else others.copy()
        new = where & (result[..., 3] == 0)
        result[new, :3] = np.rint((self.picture[:, new].T + 1) * 127.5).clip(0, 255)
        result[new, 3] = 255
        return result


class Sketcher:
    """Draws the things of plans.

    sketcher = Sketcher(table, behind=1225, ring=(24, 80), cell=16)
    sketch, owners = sketcher.draw(objects, rows, columns)
    """

    def __init__(
        self,
        table: Tensor,
        behind: int,
        ring: tuple[int, int],
        cell: int,
        courses: Collection[int] = (),
        patterns: Patterns | None = None,
    ) -> None:
        """Take the sprites of looks.

        Args:
            table: of fitted sprites, floats [looks, places ** 2 * FITTED]; see `fitted_sprites`.
            behind: first of the looks that are of one colour: bands all around, or sides of rooms.
            ring: rows and columns of cells of the whole ring.
            cell: size of one [px].
            courses: looks of roads and the like; their boxes lie where they are nearest.
            patterns: draws those of rooms; None: sides are bare.
        """
        places = round((table.shape[1] / FITTED) ** 0.5)
        self._table = table.view(-1, places, places, FITTED)
        self._sprite = lru_cache(SPRITES)(self._sprite_of)
        known = table.any(dim=1)
        self._known = frozenset(known.nonzero()[:, 0].tolist())
        self._clear = self._clear_looks(known)
        self._behind, self._cell = behind, cell
        self._courses, self._patterns = frozenset(courses), patterns
        self._rows, self._columns = ring
        self._places = np.arange(places, dtype=np.float32)

    def with_shapes(self, objects: ObjectTable) -> ObjectTable:
        """Return objects in shapes with clear sprites, if their kinds have any.

        Training saw too few of the others: they would not show at all, or be blurred, as swans.
        """
        looks = objects.looks.copy()
        for row in np.flatnonzero((looks > 0) & (looks < self._behind)):
            look = int(looks[row])
            if look not in self._clear and look not in self._courses:
                first = look - (look - 1) % VARIANTS
                shapes = [one for one in range(first, first + VARIANTS) if one in self._clear]
                looks[row] = shapes[look % len(shapes)] if shapes else look
        return objects._replace(looks=looks)

    def _sprite_of(self, look: int) -> np.ndarray:
        """Return the sprite of a look, float32 [FITTED, places, places]."""
        numbers = self._table[look].permute(2, 0, 1).float().contiguous().numpy()
        numbers[3:] /= REST
        return numbers

    def _clear_looks(self, known: Tensor) -> frozenset[int]:
        """Return the looks with a sprite whose outline is about as sharp as the kind's sharpest."""
        shares = self._table[known, ..., 0].flatten(1).float().clamp(0, 1)
        blurs = (shares * (1 - shares)).sum(dim=1) / shares.sum(dim=1).clamp(min=1e-6)
        soft = dict(zip(known.nonzero()[:, 0].tolist(), blurs.tolist(), strict=True))
        sharpest = dict[int, float]()
        for look, own in soft.items():
            kind = (look - 1) // VARIANTS
            sharpest[kind] = min(own, sharpest.get(kind, own))
        return frozenset(
            look for look, own in soft.items()
            if own <= max(BLURRED, SOFTER * sharpest[(look - 1) // VARIANTS])
        )  # fmt: skip

    def draw(
        self,
        objects: ObjectTable,
        rows: np.ndarray,
        columns: np.ndarray,
        viewpoint: tuple[float, float] = (0.0, 0.0),
    ) -> tuple[Sketch, np.ndarray]:
        """Return the sketch of a box of cells, and which object each pixel shows.

        Args:
            objects: from far to near.
            rows: of the cells, next to each other.
            columns: of the cells, likewise, around the ring.
            viewpoint: x and z [m].

        Returns:
            The sketch; int32 [H, W], -1: an object behind all.
        """
        canvas, owners, (patterned, ground), _ = self._drawn(objects, rows, columns, 4, viewpoint)
        patterned, ground = patterned & (owners < 0), ground & (owners < 0)
        covered = _of_cells(canvas[3] + np.float32(PATTERNED) * patterned, self._cell)
        return Sketch(canvas[:3], covered, patterned, ground), owners

    def sprites(self, objects: ObjectTable) -> dict[int, np.ndarray]:
        """Return the sprites of objects by their rows: colours times shares, and shares.

        Float32 [4, places, places]; see `sprite_box`. Objects behind all others, courses and looks
        without a sprite have none.
        """
        mains, means = _colors_of(objects)
        return {
            row: _colored(self._sprite(look), mains[row], means[row])
            for row, look in enumerate(objects.looks.tolist())
            if look < self._behind and look in self._known - self._courses
        }

    def owners(self, objects: ObjectTable) -> np.ndarray:
        """Return which object each pixel of the ring shows, int32 [H, W]; -1: one behind all."""
        return self._around(objects)[0]

    def shown(self, objects: ObjectTable) -> np.ndarray:
        """Return the share of each object that no nearer one hides, float [objects].

        Of objects without a sprite, and beyond the ring, nothing is hidden.
        """
        small = copy(self)
        small._cell = COARSE
        owners, drawn = small._around(objects)
        count = np.bincount(owners.ravel() + 1, minlength=len(drawn) + 1)[1:]
        shares: np.ndarray = np.where(drawn > 0, count / drawn.clip(1), 1.0)
        return shares

    def _around(self, objects: ObjectTable) -> tuple[np.ndarray, np.ndarray]:
        """Return `owners`, and the number of pixels of each object, hidden ones too."""
        count, beside = self._columns, self._columns // 4  # beyond the ends, for what lies there
        columns = np.arange(-beside, count + beside)
        _, wide, _, drawn = self._drawn(objects, np.arange(self._rows), columns, 1)
        edge = beside * self._cell
        owners = wide[:, edge:-edge].copy()
        owners[:, :edge] = np.maximum(owners[:, :edge], wide[:, -edge:])
        owners[:, -edge:] = np.maximum(owners[:, -edge:], wide[:, :edge])
        return owners, drawn

    def _drawn(
        self,
        objects: ObjectTable,
        rows: np.ndarray,
        columns: np.ndarray,
        channels: int,
        viewpoint: tuple[float, float] = (0.0, 0.0),
    ) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Return RGB and the known share, and which object most of a pixel shows, int32 [H, W].

        Of float32 [4, H, W], only the last `channels` are drawn. The third is where sides of rooms
        have patterns, and the ground among them, bool [H, W]; these may be hidden. The last is the
        number of pixels of each object, int [objects].
        """
        cell, down, across = self._cell, len(rows), len(columns)
        canvas = np.zeros((channels, down * cell, across * cell), np.float32)
        owners = np.full(canvas.shape[1:], -1, np.int32)
        drawn = np.zeros(len(objects.looks), int)
        bare = np.zeros(canvas.shape[1:], bool)
        patterned = bare, bare
        away = objects.boxes[:, 0] - columns[0] - across / 2
        away = (away + self._columns / 2) % self._columns - self._columns / 2 + across / 2
        middles = np.stack((objects.boxes[:, 1] - rows[0], away), axis=1) * cell
        halves = objects.boxes[:, 3:1:-1] / 2 * cell
        mains, means = _colors_of(objects)
        behind = objects.looks >= self._behind
        around = objects.boxes[:, 2] >= AROUND * self._columns
        for row in np.flatnonzero(behind & around):
            ends = middles[row, 0] - halves[row, 0], middles[row, 0] + halves[row, 0]
            top, bottom = np.rint(ends).clip(0, None).astype(int)
            _lay_over(canvas[:, top:bottom], np.ones(1, np.float32), mains[row][:, None, None])
        sides = behind & ~around
        if sides.any():
            self._wall_in(canvas, objects.boxes[sides], mains[sides], rows[0], columns[0])
        if self._patterns is not None and channels > 1:
            picture = canvas[:3]
            patterned = self._patterns.over(picture, objects, rows[0], columns[0], viewpoint)
        for row in np.flatnonzero(~behind):
            if objects.looks[row] in self._courses:
                _, lines, share = self._strip(
                    canvas.shape[1:], objects.boxes[[row]], rows[0], columns[0]
                )
                _lay_over(canvas[:, lines], share, mains[row][:, None, None])
                box: slice | tuple[slice, slice] = lines
            elif objects.looks[row] in self._known:
                box, share = self._stamp(
                    canvas, self._sprite(int(objects.looks[row])), middles[row], halves[row],
                    (mains[row], means[row]),
                )  # fmt: skip
            else:
                continue
            owners[box][share > MOST] = row
            drawn[row] = (share > MOST).sum()
        return canvas, owners, patterned, drawn

    def _wall_in(
        self, canvas: np.ndarray, boxes: np.ndarray, colors: np.ndarray, first_row: int,
        first_column: int,
    ) -> None:  # fmt: skip
        """Draw the sides of a room, each where it is the nearest; see `renderer.behind`."""
        nearest, lines, share = self._strip(canvas.shape[1:], boxes, first_row, first_column)
        _lay_over(canvas[:, lines], share, colors[nearest].T[:, None])

    def _strip(
        self, size: tuple[int, ...], boxes: np.ndarray, first_row: int, first_column: int
    ) -> tuple[np.ndarray, slice, np.ndarray]:
        """Return the nearest of some straight strips in each column, and its share.

        Boxes are of the line straight ahead of each.

        Returns:
            The strip, int [W]; the rows that show one; its share of their pixels,
            float32 [rows, W].
        """
        turn = 2 * np.pi / self._columns  # of a cell
        height, width = size
        yaw = (first_column + (np.arange(width) + 0.5) / self._cell) * turn
        facing, middle, half = boxes[:, 0] * turn, boxes[:, 1], boxes[:, 3] / 2
        up = (self._rows / 2 - middle + half) * turn
        down = np.minimum((self._rows / 2 - middle - half) * turn, HIGHEST_FOOT)
        straight = np.cos(yaw - facing[:, None])
        nearest = (straight * -np.tan(down)[:, None]).argmax(axis=0)
        straight = straight[nearest, np.arange(width)].clip(0)
        edges = [
            (self._rows / 2 - np.arctan(np.tan(each)[nearest] * straight) / turn - first_row)
            * self._cell
            for each in (up, down)
        ]
        ends = np.floor(edges[0].min()), np.ceil(edges[1].max())
        lines = slice(*(int(end.clip(0, height)) for end in ends))  # none if they are elsewhere
        row = np.arange(lines.start, lines.stop)[:, None]
        share = np.minimum(row + 1, edges[1]) - np.maximum(row, edges[0])
        return nearest, lines, share.clip(0, 1).astype(np.float32)

    def _stamp(
        self,
        canvas: np.ndarray,
        sprite: np.ndarray,
        at: np.ndarray,
        half: np.ndarray,
        colors: tuple[np.ndarray, np.ndarray],
    ) -> tuple[tuple[slice, slice], np.ndarray]:
        """Draw a sprite, [FITTED, places, places]; return where, and its share of each pixel."""
        half = np.maximum(half, LEAST_HALF * self._cell)
        first = np.maximum(np.floor(at - BEYOND * half), 0).astype(int)
        last = np.minimum(np.ceil(at + BEYOND * half), canvas.shape[1:]).astype(int)
        last = np.maximum(first, last)
        box = slice(first[0], last[0]), slice(first[1], last[1])
        down, across = (self._shares(*axis) for axis in zip(first, last, at, half, strict=True))
        drawn = _colored(sprite, *colors) if len(canvas) > 1 else sprite[:1]
        wide = drawn.reshape(-1, drawn.shape[-1]) @ across.T
        stamp = down @ wide.reshape(*drawn.shape[:2], -1)
        seen = canvas[:, *box]
        seen *= 1 - stamp[-1]
        seen += stamp
        return box, stamp[-1]

    def _shares(self, first: int, last: int, at: float, half: float) -> np.ndarray:
        """Return the shares of places in the pixels of an axis, float32 [pixels, places]."""
        count = len(self._places)
        step = (count - 1) / (2 * BEYOND * half)  # places a pixel
        where = (np.arange(first, last) + 0.5 - at) * step + (count - 1) / 2
        shares = linear_shares(where, self._places, max(step, 1.0))
        shares /= np.maximum(shares.sum(axis=1, keepdims=True), np.float32(1e-6))
        return shares


def sprite_box(sprite: np.ndarray) -> Box:
    """Return the box of its thing in a sprite, [C, places, places]: left, top, width, height."""
    places = sprite.shape[1]
    size = (places - 1) / BEYOND
    return (places - size) / 2, (places - size) / 2, size, size


def _colors_of(objects: ObjectTable) -> tuple[np.ndarray, np.ndarray]:
    """Return the colours of the largest parts of objects, and their mean colours, [N, 3] each."""
    mains, means = objects.colors[:, :3], objects.colors[:, 4:7]
    has_main, has_mean = objects.colors[:, 3:4] > 0, objects.colors[:, 7:] > 0
    return np.where(has_main, mains, means), np.where(has_mean, means, mains)


def _colored(sprite: np.ndarray, main: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return a sprite, [FITTED, places, places], in two colours: RGB times share, and share."""
    share, part, other, rest = sprite[0], sprite[1], sprite[2], sprite[3:]
    # colours lie in [-1, 1], sprites are of colours in [0, 1]
    main, mean = ((color + 1)[:, None, None] for color in (main, mean))
    drawn = np.empty((4, *share.shape), np.float32)
    drawn[:3] = part * main + other * mean + 2 * rest - share
    drawn[3] = share
    return drawn


def _of_cells(pixels: np.ndarray, cell: int) -> np.ndarray:
    """Return the means of cells of numbers a pixel, [H, W]."""
    rows, columns = (side // cell for side in pixels.shape)
    means: np.ndarray = pixels.reshape(rows, cell, columns, cell).mean(axis=(1, 3))
    return means


def _lay_over(canvas: np.ndarray, share: np.ndarray, colors: np.ndarray) -> None:
    """Draw colours, [3, ...], with a share of each pixel over RGB, if told, and known shares."""
    shown, covered = canvas[:-1], canvas[-1]
    if len(shown):
        shown += share * (colors - shown)
    np.maximum(covered, share, out=covered)
