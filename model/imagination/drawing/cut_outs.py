"""Cuts a thing out of the picture of a ring."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.parallax import Box
from mag_sandbox.model.imagination.drawing.close_up import CloseUps, CutOutPicture
from mag_sandbox.model.imagination.drawing.continuing import continued
from mag_sandbox.model.imagination.drawing.last_made import digest_of
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.pixels import extent, mirrored_columns, nearby, widened, window

BESIDE = 0.25  # of a box: how far a cut-out may reach beyond it
UNLIKE = 0.03  # squared difference of colours from which on two are told apart
SHADES, ALIKE = 16, 4  # of red, green and blue; as many apart, two have nothing in common
SURELY = 4.0  # times as frequent as around a thing: such colours are its own
MOST_BEYOND = 0.25  # of a thing's pixels; if more lie outside its shape, they are something else's
CLOSED = 2  # px; narrower gaps in the outside are filled
TRIMMED = 2  # px around what shows of a thing
PLAINLY = 400  # px of its box from which on it matters that they are covered
GLIMPSE = 0.15  # share of its box below which little of a thing is seen, if more is covered

NOTHING, FARTHER, OWN, NEARER = range(4)  # what pixels around a thing show

_LIKENESS = (1 - abs(np.arange(SHADES)[:, None] - np.arange(SHADES)) / ALIKE).clip(0)


class Margins(NamedTuple):
    """How far around the plan's shape of a thing the thing may show [px]."""

    cut: int  # pixels cut out with it
    hidden: int  # where ground and walls are not believed
    beyond: float  # share of its size within which pixels of its colours are cut out, too


# a painter's outlines differ from the plan's
PAINTED, GIVEN = Margins(2, 3, 0.15), Margins(1, 2, 0.0)


class CutOut(NamedTuple):
    """The visible part of a thing."""

    # float32 [4, h, w]: colours times alpha, and alpha
    layer: np.ndarray
    seen: np.ndarray  # float32 [1, h, w]: alpha, but 0 where something nearer covers it
    there: np.ndarray  # float32 [1, h, w]: 1 where it is, also along its outline
    around: np.ndarray  # float32 [4, h, w]: its surroundings, up to where ground is not hidden
    box: Box  # of the thing, in the layer [px]
    is_glimpsed: bool  # whether little of it is seen
    # rows and columns of the ring, outside the plan's shape; columns may go on beyond its width
    beyond: tuple[np.ndarray, np.ndarray]
    # which pixels something nearer may cover, bool [h, w]; None: too few, or nearly all
    covered: np.ndarray | None = None
    near: CutOutPicture | None = None  # as it looks from near, if that is known

    @property
    def visible(self) -> CutOutPicture:
        """The layer without what is guessed of it."""
        return CutOutPicture(np.where(self.seen > 0, self.layer, 0), self.box)

    def shown(self, near: float) -> np.ndarray:
        """Return the layer with a share of its surroundings."""
        if not near:
            return self.layer
        layer = self.layer.copy()
        layer += np.float32(near) * self.around
        return layer

    def enlarged(self, close_ups: CloseUps, thing: PlacedObject) -> "CutOut":
        """Return it with a larger layer, as the thing looks from near."""
        near = self.near or close_ups.enlarged(self._trimmed()[0], thing)
        return self._replace(layer=near.layer, box=near.box)

    def mended(self, close_ups: CloseUps, thing: PlacedObject) -> "CutOut":
        """Return it with what is covered of it as the network of close-ups draws the thing."""
        if self.covered is None:
            return self
        drawn = close_ups.whole(CutOutPicture(self.layer, self.box), thing)
        layer = np.where(self.covered, drawn, self.layer)
        return self._replace(layer=layer, around=np.where(self.covered, 0, self.around))

    def with_room(self) -> "CutOut":
        """Return it with room for all of its box, some of which is unknown."""
        (left, top, wide, tall), (high, across) = self.box, self.layer.shape[1:]
        above, below, before, after = (
            max(int(np.ceil(end)), 0)
            for end in (-top, top + tall - high, -left, left + wide - across)
        )
        layer, seen, there, around = (
            np.pad(one, ((0, 0), (above, below), (before, after)))
            for one in (self.layer, self.seen, self.there, self.around)
        )
        box = left + before, top + above, wide, tall
        return self._replace(
            layer=layer, seen=seen, there=there, around=around, box=box, covered=None
        )

    def redrawn(
        self, close_ups: CloseUps, thing: PlacedObject, *, is_part: bool = False
    ) -> "CutOut":
        """Return it as the network of close-ups draws the thing, as large as it is.

        Args:
            close_ups: draw it.
            thing: that is cut out.
            is_part: whether all of the layer is drawn, and not only what shows something.
        """
        every = slice(0, self.layer.shape[1]), slice(0, self.layer.shape[2])
        trimmed, part = (CutOutPicture(self.layer, self.box), every) if is_part else self._trimmed()
        own, near = close_ups.redrawn(trimmed, thing)
        layer = np.zeros_like(self.layer)
        layer[:, *part] = own.layer
        around = (self.around + self.layer) * (1 - layer[3])
        return self._replace(layer=layer, around=around, covered=None, near=near)

    def _trimmed(self) -> tuple[CutOutPicture, tuple[slice, slice]]:
        """Return its layer as far as it shows something, and which part that is."""
        rows, columns = (extent(self.layer[3].any(axis=axis), TRIMMED) for axis in (1, 0))
        left, top, wide, tall = self.box
        box = left - columns.start, top - rows.start, wide, tall
        return CutOutPicture(self.layer[:, rows, columns], box), (rows, columns)


class SeenPart(NamedTuple):
    """What a ring shows in and around the box of a thing."""

    colors: np.ndarray  # float32 [3, h, w]
    painted: np.ndarray  # which of them are no guesses, bool [h, w]
    shown: np.ndarray  # `NOTHING`, `FARTHER`, `OWN` or `NEARER` of each pixel, uint8 [h, w]
    box: Box  # of the thing, in the ring [px]
    corner: tuple[int, int]  # column and row of the ring with which it begins
    margins: Margins

    @classmethod
    def of(
        cls,
        picture: np.ndarray,
        painted: np.ndarray,
        order: np.ndarray,
        rank: int,
        box: Box,
        margins: Margins,
    ) -> "SeenPart | None":
        """Return that of a thing in a box [px]; None: nothing of it is seen.

        Args:
            picture: the ring, float32 [3, H, W].
            painted: which of its pixels are no guesses, bool [H, W].
            order: of what its pixels show, from far to near, 0: nothing that stands, int32 [H, W].
            rank: of the thing in this order.
            box: of the thing [px].
            margins: around it.
        """
        left, top, width, height = box
        first = int(np.floor(left - BESIDE * width)) - margins.hidden
        last = int(np.ceil(left + (1 + BESIDE) * width)) + margins.hidden
        highest = max(int(np.floor(top - BESIDE * height)) - margins.hidden, 0)
        rows = slice(highest, int(np.ceil(top + (1 + BESIDE) * height)) + margins.hidden)
        there, colors, known = (window(one, rows, first, last) for one in (order, picture, painted))
        if not (there == rank).any():
            return None
        shown = np.where(there == 0, NOTHING, OWN + np.sign(there - rank)).astype(np.uint8)
        return cls(colors, known, shown, box, (first, highest), margins)

    @property
    def digest(self) -> bytes:
        """A digest of all that a cut-out depends on."""
        return digest_of(self.box, self.corner, self.margins, self.shown.shape, *self[:3])


def cut_out(part: SeenPart) -> CutOut:
    """Return a thing of which something is seen.

    What nearer things cover of it is guessed, row by row: what lies between its parts, and what its
    other half shows.
    """
    (left, top, width, height), (first, highest), margins = part[3:]
    own, covered, colors = part.shown == OWN, part.shown == NEARER, part.colors
    count = own.shape[1]
    nearer = covered & _within(part)
    is_glimpsed = bool(own.sum() < min(GLIMPSE * width * height, nearer.sum()))
    if covered.any():
        rim = own & widened(covered, margins.cut)
        mirrored = mirrored_columns(np.arange(count), left - first, width)
        inside = (mirrored >= 0) & (mirrored < count)
        either = own | covered & own[:, mirrored.clip(0, count - 1)] & inside
        after, before = (np.maximum.accumulate(one, axis=1) for one in (either, either[:, ::-1]))
        covered &= after & before[:, ::-1]
        clear = own & ~widened(covered, margins.cut)
        guessed = continued(colors, clear if clear.any() else own, covered | rim)
        covered |= rim & _is_like(colors, part.shown == NEARER, guessed, 2 * margins.cut + 1)
        colors = np.where(covered, guessed, colors)
    whole = own | covered
    reach = int(margins.beyond * min(width, height))
    beyond = np.zeros_like(whole)
    if reach > margins.hidden:  # else that margin is enough
        beyond = _painted_beyond(colors, whole, part.shown, reach)
    rows, columns = beyond.nonzero()
    shape = whole | beyond | nearer
    inner = tuple(extent(shape.any(axis=axis), margins.hidden) for axis in (1, 0))
    whole, beyond, colors, covered = whole[inner], beyond[inner], colors[:, *inner], covered[inner]
    free = (part.shown[inner] == NOTHING) | whole
    cut, wide = (free & widened(whole | beyond, margin) for margin in margins[:2])
    colored = np.concatenate((colors, np.ones((1, *free.shape), np.float32)))
    layer = np.where(covered, colored, _without_behind(colored, whole, cut, free, margins.cut))
    beside = colored * wide - layer
    guessed = covered | ~part.painted[inner]
    seen, cut = np.where(guessed, 0, layer[3:]), cut[None].astype(np.float32)
    corner = first + inner[1].start, highest + inner[0].start
    matters = nearer.sum() >= PLAINLY and not is_glimpsed
    hidden = widened(nearer, margins.cut)[inner] if matters else None
    return CutOut(
        layer, seen, cut, beside, (left - corner[0], top - corner[1], width, height), is_glimpsed,
        (rows + highest, columns + first), hidden,
    )  # fmt: skip


def _within(part: SeenPart) -> np.ndarray:
    """Return which pixels of a part lie in the box of the thing, bool [h, w]."""
    (left, top, width, height), (first, highest) = part.box, part.corner
    down, across = (np.arange(count) + 0.5 for count in part.shown.shape)
    rows, columns = down + highest - top, across + first - left
    return ((rows >= 0) & (rows < height))[:, None] & (columns >= 0) & (columns < width)


def cut_outs(
    picture: np.ndarray,
    painted: np.ndarray,
    numbers: np.ndarray,
    boxes: dict[int, Box],
    margins: Mapping[int, Margins],
    cut: Callable[[SeenPart], CutOut] = cut_out,
) -> tuple[dict[int, CutOut], np.ndarray]:
    """Return the things of a ring by number, the nearest first: it takes pixels beside it.

    Args:
        picture: the ring, float32 [3, H, W].
        painted: which of its pixels are no guesses, bool [H, W].
        numbers: of the thing that each pixel shows, int32 [H, W]; those without a box count as 0.
        boxes: of things by number, from far to near [px].
        margins: around them, likewise.
        cut: `cut_out`, or a function that remembers what it returned.

    Returns:
        The things, and what pixels show; see `order` of `SeenPart.of`.
    """
    ranks = np.zeros(max(numbers.max(), *boxes, 0) + 1, np.int32)  # from far to near; 0: others
    ranks[list(boxes)] = np.arange(len(boxes)) + 1
    order, cuts = ranks[numbers], dict[int, CutOut]()
    for number, box in reversed(boxes.items()):
        part = SeenPart.of(picture, painted, order, int(ranks[number]), box, margins[number])
        if part is not None:
            cuts[number] = cut(part)
            rows, columns = cuts[number].beyond
            order[rows, columns % order.shape[1]] = ranks[number]
    return cuts, order


def _painted_beyond(
    colors: np.ndarray, whole: np.ndarray, shown: np.ndarray, reach: int
) -> np.ndarray:
    """Return where a thing was painted outside its shape in the plan, bool [h, w].

    Pixels of nothing else count, straight beside it, whose colours are rather its own than those
    around it.

    Args:
        colors: float32 [3, h, w] in [-1, 1].
        whole: where the thing is in the plan, bool [h, w].
        shown: see `SeenPart`, uint8 [h, w].
        reach: how far outside [px].
    """
    shades = ((colors + 1) * (SHADES / 2)).astype(int).clip(0, SHADES - 1)
    shade = np.ravel_multi_index(tuple(shades), (SHADES,) * 3)
    near = widened(whole, reach) & (shown == NOTHING) & ~whole
    own, around = (_frequencies(shade[where]) for where in (whole, ~near & ~whole))
    is_own = whole | near & (own > SURELY * around)[shade]
    beyond, places = np.zeros_like(whole), np.indices(whole.shape, np.int16)
    for axis in (0, 1):
        for turned in (np.s_[:], np.s_[::-1]):
            along = (turned, slice(None)) if axis == 0 else (slice(None), turned)
            inside, outside = (
                np.maximum.accumulate(np.where(there, places[axis], np.int16(-1)), axis=axis)
                for there in (whole[along], ~is_own[along])
            )
            beyond[along] |= inside > outside  # nothing else lies between
    beyond |= ~widened(~widened(beyond, CLOSED), CLOSED)
    beyond &= near
    if beyond.sum() > MOST_BEYOND * whole.sum():  # something else has these colours
        beyond[:] = False
    return beyond


def _frequencies(shade: np.ndarray) -> np.ndarray:
    """Return how frequent every shade and those like it are among some, float64 [SHADES**3]."""
    counts = np.bincount(shade, minlength=SHADES**3).reshape((SHADES,) * 3) / max(len(shade), 1)
    for _ in range(3):
        counts = np.tensordot(counts, _LIKENESS, axes=(0, 0))  # the next colour comes first
    return counts.ravel()


def _without_behind(
    colored: np.ndarray, whole: np.ndarray, cut: np.ndarray, free: np.ndarray, margin: int
) -> np.ndarray:
    """Return a cut-out without the background along its outline, colours times alpha, and alpha.

    A painter's outlines are not just the plan's, so some of what is cut out along them is
    background. How much, tells where a pixel's colour lies between those of the thing and of
    what is around it.

    Args:
        colored: colours, and 1, float32 [4, h, w].
        whole: where the thing is in the plan, bool [h, w].
        cut: the pixels cut out, bool [h, w].
        free: where no other thing is, bool [h, w].
        margin: pixels cut out around the plan's shape.
    """
    inner, outer = whole & ~widened(~whole, margin), free & ~cut
    own, behind = (nearby(colored, where, 2 * margin + 1) for where in (inner, outer))
    way = own[:3] - behind[:3]
    length = (way**2).sum(axis=0)
    share = ((colored[:3] - behind[:3]) * way).sum(axis=0) / np.maximum(length, UNLIKE)
    is_told = (own[3] > 0) & (behind[3] > 0) & (length > UNLIKE)
    alpha = np.where(inner | ~is_told, 1.0, share.clip(0.0, 1.0)) * cut
    layer: np.ndarray = colored * alpha
    layer[:3] = alpha * (layer[:3] + (1 - alpha) * own[:3])
    return layer


def _is_like(colors: np.ndarray, where: np.ndarray, guessed: np.ndarray, reach: int) -> np.ndarray:
    """Tell which pixels, [3, h, w], are rather like some others nearby than like guesses."""
    colored = np.concatenate((colors, np.ones((1, *where.shape), np.float32)))
    beside = nearby(colored, where, reach)
    off, other = (((one - colors) ** 2).sum(axis=0) for one in (beside[:3], guessed))
    is_like: np.ndarray = (beside[3] > 0) & (off < other)
    return is_like
