"""The things of a painted ring, drawn again by the network that knows what they are.

A painter has few numbers for a thing that is a few cells large: its outline is ragged, and a wheel
is a smear. The network of close-ups was taught what each kind of thing looks like. So each thing
that is painted is cut out, drawn again (`close_up.py`), and put back where it was.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from mag_sandbox.controls.camera import Position
from mag_sandbox.controls.parallax import Box
from mag_sandbox.model.cancelling import check_cancelled
from mag_sandbox.model.imagination.drawing.close_up import CloseUps
from mag_sandbox.model.imagination.drawing.cut_outs import (
    PAINTED,
    CutOut,
    SeenPart,
    cut_out,
    cut_outs,
)  # fmt: skip
from mag_sandbox.model.imagination.drawing.last_made import LastMade, digest_of
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.pixels import nearby, shares_of, widened, widened_around

KEPT = 192  # things that were cut out or drawn last: those of some rings
NEAR, FAR = 3, 8  # px: how far from what is behind a thing its colour is taken
FAINT = 0.02  # of a pixel: share of a thing from which on what is behind it is shown beside it
LEAST = 16.0  # px: a cell, the least width and height of what sketches draw, and so painters paint
# px of the longer side, and of the area; smaller and larger things stay as they are
SMALLEST, LARGEST = 8, 24_000
LARGEST_DETAILED = {"bookshelf": 13_000}  # px of the area; larger ones lose their small parts
# px of the area of large things, and shares of them that are to be painted, and known; of those
# within arm's length, which are cheap as they are reduced, none need be painted yet
LARGE, ENOUGH, MOSTLY, NEAR_BY = 4_000, 0.3, 0.75, 20_000
Each = Callable[[Callable[[int], CutOut | None], Iterable[int]], Iterable[CutOut | None]]


class StandingThings(NamedTuple):
    """The things that stand around a viewpoint, as a ring shows them."""

    numbers: np.ndarray  # of each pixel's thing, int32 [H, W]; those of others have no box
    boxes: dict[int, Box]  # by number, from far to near [px]
    told: Mapping[int, PlacedObject]  # the things, likewise

    @classmethod
    def around(cls, place: Position, scenery: Scenery, numbers: np.ndarray) -> "StandingThings":
        """Return those of a plan.

        Args:
            place: the viewpoint, x and z [m].
            scenery: the plan in metres.
            numbers: of the thing in each pixel of the ring, 0: none, int32 [H, W].
        """
        boxes = scenery.boxes(*place, numbers.shape)
        boxes = {number: _as_sketched(box) for number, box in boxes.items()}
        return cls(numbers, boxes, {number: scenery.bodies[number - 1].told for number in boxes})


def _as_sketched(box: Box) -> Box:
    """Return the box in which a sketch draws what is in a box [px]; see `LEAST`."""
    left, top, wide, tall = box
    if max(wide, tall) < SMALLEST:
        return box
    more = max(LEAST - wide, 0.0), max(LEAST - tall, 0.0)
    return left - more[0] / 2, top - more[1] / 2, wide + more[0], tall + more[1]


class RedrawnThings:
    """Draws the things of rings again, and remembers what it drew; threads may share it.

    redrawn = RedrawnThings(close_ups)
    over = redrawn.over(picture, known, standing)
    """

    def __init__(self, close_ups: CloseUps, each: Each = map) -> None:
        """Begin with none.

        Args:
            close_ups: draw things.
            each: `map`, or like it on several threads.
        """
        self._close_ups, self._each = close_ups, each
        self._cuts, self._drawn = LastMade[CutOut](KEPT), LastMade[CutOut | None](KEPT)

    def over(
        self,
        picture: np.ndarray,
        known: np.ndarray,
        standing: StandingThings,
        shown: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the things that are painted whole, float32 [4, H, W].

        Colours in [-1, 1] times shares, and shares; beside a thing, what is behind it shows.

        Args:
            picture: a ring, float32 [3, H, W] in [-1, 1].
            known: which pixels are painted, bool [H, W].
            standing: the things in it.
            shown: which pixels are seen, bool [H, W]; things elsewhere are not drawn. None: all.
        """
        numbers, boxes, told = standing
        margins = dict.fromkeys(boxes, PAINTED)
        ids = np.where(known, numbers, 0)  # nothing else is drawn
        cuts, order = cut_outs(picture, known, ids, boxes, margins, self.cut_out)
        share = shares_of(numbers, np.ones_like(known) if shown is None else shown)
        seen = {number: cut for number, cut in cuts.items() if share[number]}
        drawn = self.whole_ones(seen, told, numbers, known)
        over = np.zeros((4, *numbers.shape), np.float32)
        free = known & ~widened_around(order > 0, PAINTED.cut)
        stays = [rank for rank, number in enumerate(boxes, 1) if number not in drawn]
        staying = np.where(np.isin(order, stays), order, 0)
        for rank, number in enumerate(boxes, 1):  # from far to near
            if number not in drawn:
                continue
            there = np.s_[:, *_where(drawn[number], boxes[number], over)]
            visible = ~widened(staying[there[1:]] > rank, PAINTED.cut)
            layer, faint = drawn[number].layer * visible, cuts[number].layer[3:] > FAINT
            over[there] = _put(over[there], layer, faint & visible, picture[there], free[there[1:]])
        return over

    def whole_ones(
        self,
        cuts: Mapping[int, CutOut],
        things: Mapping[int, PlacedObject],
        numbers: np.ndarray,
        painted: np.ndarray,
        known: np.ndarray | None = None,
    ) -> dict[int, CutOut]:
        """Return those cut-outs, drawn again, whose things are painted whole, not just glimpsed.

        A large thing up to which a walker comes reaches beyond what is painted, and a painter saw
        few that are as large: of it, a share that is painted is enough, if most of it is known. The
        rest is drawn, too.

        Args:
            cuts: by the numbers of their things.
            things: by number.
            numbers: of each pixel's thing, int32 [H, W].
            painted: which pixels are, bool [H, W].
            known: which pixels others show, too, likewise; None: large things stay as they are.
        """
        share = shares_of(numbers, painted)
        seen = np.zeros(len(share)) if known is None else shares_of(numbers, known)

        def is_drawn(number: int, box: Box) -> bool:
            area = box[2] * box[3]
            largest = LARGEST_DETAILED.get(things[number].kind, LARGEST)
            is_whole = share[number] == 1 and area <= largest
            least = LARGE if share[number] >= ENOUGH else NEAR_BY
            fits = is_whole or (seen[number] >= MOSTLY and area > least)
            return bool(fits) and max(box[2:]) >= SMALLEST

        whole = [
            number for number, cut in cuts.items()
            if not cut.is_glimpsed  # half a tree would be drawn as a small one
            and is_drawn(number, cut.box)
            and self._close_ups.knows(things[number])
        ]  # fmt: skip

        def drawn_again(number: int) -> CutOut | None:
            is_part = bool(0 < seen[number] < 1)
            return self._redrawn(cuts[number], things[number], is_part=is_part)

        drawn = zip(whole, self._each(drawn_again, whole), strict=True)
        return {number: cut for number, cut in drawn if cut is not None}

    def cut_out(self, part: SeenPart) -> CutOut:
        """Return a thing that is cut out; parts alike are cut once. See `cut_outs.cut_out`."""
        check_cancelled()
        return self._cuts.found(part.digest, lambda: cut_out(part))

    def _redrawn(self, cut: CutOut, thing: PlacedObject, *, is_part: bool) -> CutOut | None:
        """Return a cut-out drawn again, once; None: it shows something else than the thing."""
        check_cancelled()
        digest = digest_of(thing, is_part, cut.box, cut.layer.shape, cut.layer, cut.seen)

        def draw() -> CutOut | None:
            if not self._close_ups.shows(cut.visible, thing):
                return None
            whole = cut.with_room() if is_part else cut
            return whole.redrawn(self._close_ups, thing, is_part=is_part)

        return self._drawn.found(digest, draw)


Part = tuple[np.ndarray, np.ndarray]  # rows and columns of a ring


def _where(cut: CutOut, box: Box, ring: np.ndarray) -> Part:
    """Return the pixels of a ring, [..., W], that a cut-out of a thing in a box [px] covers."""
    high, wide = cut.there.shape[1:]
    rows = round(box[1] - cut.box[1]) + np.arange(high)[:, None]
    return rows, (round(box[0] - cut.box[0]) + np.arange(wide)) % ring.shape[-1]


def _put(
    over: np.ndarray, layer: np.ndarray, before: np.ndarray, picture: np.ndarray, free: np.ndarray
) -> np.ndarray:
    """Return pixels, [4, h, w], with a thing over them, and beside it what is behind it.

    Args:
        over: the pixels.
        layer: the thing, [4, h, w].
        before: where it was painted, bool [1, h, w].
        picture: those of the ring, [3, h, w].
        free: where nothing stands, bool [h, w].
    """
    colored = np.concatenate((picture, np.ones((1, *free.shape), np.float32)))
    behind = nearby(colored, free, NEAR)
    if (before[0] & (behind[3] <= 0)).any():
        behind = np.where(behind[3] > 0, behind, nearby(colored, free, FAR))
    beside = np.where(behind[3] > 0, _softened(before.astype(np.float32)), 0) - layer[3:]
    beside = beside.clip(0).astype(np.float32)
    shown: np.ndarray = over * (1 - layer[3] - beside[0]) + layer
    shown += np.concatenate((beside * behind[:3], beside))
    return shown


def _softened(shape: np.ndarray) -> np.ndarray:
    """Return a shape, [1, h, w], that fades at its edge."""
    around = functional.pad(torch.from_numpy(shape)[None], (1, 1, 1, 1), mode="replicate")
    soft: np.ndarray = functional.avg_pool2d(around, 3, 1)[0].numpy() * shape
    return soft
