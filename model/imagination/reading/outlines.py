"""Plans that agree with the relief of a picture, and who owns its pixels.

The reader's boxes may be off by two degrees, which at the foot of a thing is a tenth of its
distance, and it misses things. A relief says where bodies are, but not of what kind. Data, and
numbers made of it; nothing here runs a network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import atan, log, radians, tan
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.parallax import EYE, Box
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.reading.relief import FINE, Relief
from mag_sandbox.scenes.stances import STANCES, Stance

UPRIGHT = frozenset({"floor", "small", "water", "ceiling", "sky"})  # stances of what has a distance
STANDS = 0.5  # how likely it is that a pixel shows something that stands out
SURE = 0.6  # likewise, in the mean, of a body that the reader misses
OPEN, UNSURE = (0.2, 0.8), 0.16  # an undecided pixel; share of them in pictures unlike renders
LEAST = 40  # squares of a body
TRIES = 150  # squares from which bodies are looked for
THIN, HIDDEN = 0.04, 0.5  # share of its widest line that ends a body; of the end that is hidden
SNAP, SNAPPED = 0.15, 5.0  # of its size, and px, by which a side is moved at most
FOOT = 0.35  # logarithm of distances: else what stands on the floor stands on something
SHOWN = 6.0  # of a difference of feet [radians], as much as a ratio of e
SAME_BOX, SAME_PLACE = 0.5, 0.25  # of two boxes; logarithm of distances
SAME_THING = 0.35  # share of its box and a thing's that a pixel's has in common, if it shows it
FEW = 12  # squares of a thing at least
WIDEST = 120.0  # degrees of what has a place
FARTHEST = 60.0  # metres; what is farther away stays where it is
SHOWS = 0.1  # share of a thing's box that stands out at least
BESIDE, AROUND = 0.08, 3.0  # of a box, and px, by which its thing may reach beyond it
APART = 0.45  # logarithm of distances of a thing and of pixels that the plan gives to others
DRAWN, NEAR = 0.25, 0.5  # by which such pixels count as farther, and the plan's own as nearer
FAINT = 0.3  # how likely it must be that those stand out


class Body(NamedTuple):
    """A thing that stands out."""

    box: Box  # left, top, width, height; hidden parts as well [px of the picture]
    distance: float  # metres
    shows_foot: bool


def bodies_of(relief: Relief, told: np.ndarray) -> list[Body | None]:
    """Return the bodies of a relief: first those of known boxes, then the others.

    Args:
        relief: of a level view.
        told: boxes of things, left, top, right and bottom [px], [4, things].

    Returns:
        None where nothing stands out in a told box that reaches as far.
    """
    part, clear = slice(None, None, FINE), relief.stands > STANDS
    squares = relief.stands.reshape(len(relief.stands) // FINE, FINE, -1, FINE)
    likely = squares.mean(axis=(1, 3))
    stands = squares.max(axis=(1, 3)) > STANDS
    places = np.argwhere(stands).T
    left, right, up, down = relief.edges[:, part, part][:, stands]
    rows, columns = places * FINE + FINE / 2
    boxes = np.stack((columns - left, rows - up, columns + right, rows + down))
    away = relief.distance[part, part][stands]
    central = np.minimum(left, right) / np.maximum(left, right).clip(1e-3)
    central *= np.minimum(up, down) / np.maximum(up, down).clip(1e-3)

    def body(own: np.ndarray) -> Body:
        box = np.median(boxes[:, own], axis=1)
        (x, y, end, foot), seen = _snapped(box, clear, places[:, own])
        return Body((x, y, end - x, foot - y), float(np.median(away[own])), seen[3])

    shares = np.array([_shared(boxes, one) for one in told.T]).reshape(told.shape[1], len(away))
    best = shares.argmax(axis=0) if len(shares) else np.zeros(len(away), int)
    alike = shares.max(axis=0, initial=0.0) > SAME_THING
    owns = [alike & (best == number) for number in range(len(shares))]
    bodies: list[Body | None] = [body(own) if own.sum() >= FEW else None for own in owns]
    free, tried = ~alike, 0
    for seed in np.argsort(-central, kind="stable"):
        if not free[seed] or tried == TRIES:
            continue
        tried += 1
        own = free & (_shared(boxes, boxes[:, seed]) > SAME_BOX)
        own &= _apart(away, away[seed]) < SAME_PLACE
        free &= ~own
        free[seed] = False
        if own.sum() >= LEAST and likely[stands][own].mean() > SURE:
            bodies.append(body(own))
    return bodies


def _snapped(
    box: np.ndarray, stands: np.ndarray, places: np.ndarray
) -> tuple[list[float], list[bool]]:
    """Return a box, left, top, right, bottom, fitted to the thing that it shows, and which fit.

    A side that is far from there, at the edge of the picture, or behind something stays.

    Args:
        box: as it is told [px].
        stands: pixels that stand out, bool.
        places: rows and columns of the squares that show the body.
    """
    own = np.zeros_like(stands[::FINE, ::FINE])
    own[tuple(places)] = True
    own = own.repeat(FINE, axis=0).repeat(FINE, axis=1) & stands
    snapped, fit = box.tolist(), [False] * len(box)
    for side, axis in enumerate((1, 0, 1, 0)):
        last = side > 1
        lines = own.sum(axis=1 - axis)
        filled = np.flatnonzero(lines >= max(THIN * lines.max(), 1))
        end = int(filled[-1] if last else filled[0])
        beyond = end + (2 if last else -2) * FINE
        if not 0 < end < len(lines) - 1 or not 0 <= beyond < len(lines):
            continue
        along = np.take(own, end, axis=axis)
        hidden = (np.take(stands & ~own, beyond, axis=axis)[along]).mean() > HIDDEN
        there = end + last
        size = box[2] - box[0] if axis == 1 else box[3] - box[1]
        if not hidden and abs(there - box[side]) < SNAP * size + SNAPPED:
            snapped[side], fit[side] = float(there), True
    return snapped, fit


def _apart(distances: np.ndarray, other: float) -> np.ndarray:
    """Return how distances differ from another: by ratio, or the visible shift if that is less."""
    ratio, feet = np.abs(np.log(distances / other)), np.abs(EYE / distances - EYE / other)
    return np.asarray(np.minimum(ratio, SHOWN * feet))


def _shared(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return the share that boxes, left, top, right, bottom, have in common with another."""
    across = np.minimum(boxes[2], box[2]) - np.maximum(boxes[0], box[0])
    down = np.minimum(boxes[3], box[3]) - np.maximum(boxes[1], box[1])
    common = across.clip(0) * down.clip(0)
    sizes = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
    size = (box[2] - box[0]) * (box[3] - box[1])
    return np.asarray(common / (sizes + size - common).clip(1e-3))


def agreeing(
    things: Sequence[PlacedObject],
    relief: Relief,
    named: Callable[[Box, float], PlacedObject],
    degrees: float,
    stances: Mapping[str, Stance] = STANCES,
) -> list[PlacedObject]:
    """Return the things of a level view as its relief shows them, and those that it adds.

    The boxes and distances that it tells say more surely what each of them is. Of a photograph the
    network is not sure, and everything stays as it is.

    Args:
        things: from far to near; the view's middle is at yaw 0.
        relief: of the view.
        named: returns the likeliest thing in a box [degrees from the upper left], so far away [m].
        degrees: of a pixel.
        stances: of kinds.
    """
    if ((relief.stands > OPEN[0]) & (relief.stands < OPEN[1])).mean() > UNSURE:
        return list(things)
    height, width = relief.stands.shape
    middle = np.array((width / 2, height / 2, width / 2, height / 2))

    def box_of(thing: PlacedObject) -> np.ndarray:
        x, y = yaw_difference(thing.yaw, 0.0), -thing.pitch
        ends = x - thing.width / 2, y - thing.height / 2, x + thing.width / 2, y + thing.height / 2
        return np.asarray(np.array(ends) / degrees + middle)

    upright = [
        place for place, thing in enumerate(things)
        if stances.get(thing.kind, Stance("far")).where in UPRIGHT and thing.width < WIDEST
    ]  # fmt: skip
    told = np.array([box_of(things[place]) for place in upright]).reshape(-1, 4).T
    bodies = bodies_of(relief, told)
    matched = {
        place: body for place, body in zip(upright, bodies, strict=False)
        if body is not None and body.distance < FARTHEST
    }  # fmt: skip
    added = [body for body in bodies[len(upright) :] if body and body.distance < FARTHEST]

    def placed(body: Body) -> PlacedObject:
        x, y, wide, tall = body.box
        away, foot = body.distance, radians((y + tall - height / 2) * degrees)
        thing = named((x * degrees, y * degrees, wide * degrees, tall * degrees), away)
        flies = stances.get(thing.kind, Stance("far")).where == "sky"
        if not flies and foot > 0 and abs(log(EYE / tan(foot) / away)) < FOOT:
            # a foot that is not seen errs, too, in another way
            away = EYE / tan(foot if body.shows_foot else (foot + atan(EYE / away)) / 2)
        return replace(
            thing, yaw=(x + wide / 2 - width / 2) * degrees % 360,
            pitch=(height / 2 - y - tall / 2) * degrees, width=max(wide * degrees, 0.2),
            height=max(tall * degrees, 0.2), away=round(away, 3),
        )  # fmt: skip

    found = map(placed, (*matched.values(), *added))
    others = [
        thing
        for place, thing in enumerate(things)
        if place not in matched and (place not in upright or _shows(box_of(thing), relief))
    ]
    return [*others, *sorted(found, key=lambda thing: -(thing.away or 0.0))]


def _shows(box: np.ndarray, relief: Relief) -> bool:
    """Tell whether something stands out where a thing is, or most of that is not seen."""
    _height, _width = relief.stands.shape
    first_x, first_y, last_x, last_y = np.rint(box).astype(int)
    part = relief.stands[max(first_y, 0) : max(last_y, 0), max(first_x, 0) : max(last_x, 0)]
    inside = part.size > (last_x - first_x) * (last_y - first_y) / 2
    return not inside or float((part > STANDS).mean()) > SHOWS


def owners_seen(
    owners: np.ndarray,
    things: Mapping[int, tuple[Box, float]],
    stands: np.ndarray,
    distance: np.ndarray,
    known: np.ndarray,
) -> np.ndarray:
    """Return which thing each pixel of a ring shows, int32 [H, W]; other things keep theirs.

    Args:
        owners: as the plan has it, -1: none.
        things: boxes [px] and distances [m] of those that were seen, by places in the plan.
        stands: see `Relief`, of the ring.
        distance: likewise.
        known: where there is a relief, bool [H, W].
    """
    width = owners.shape[1]
    free = known & ((owners < 0) | np.isin(owners, list(things)))
    seen = np.where(free, -1, owners)
    least = np.full(owners.shape, np.inf, np.float32)
    for place, ((left, top, wide, tall), told) in things.items():
        first, end = left - BESIDE * wide - AROUND, left + (1 + BESIDE) * wide + AROUND
        columns = np.arange(int(first), min(int(end) + 1, int(first) + width)) % width
        highest = max(int(top - BESIDE * tall - AROUND), 0)
        lowest = min(int(top + (1 + BESIDE) * tall + AROUND) + 1, len(owners))
        part = np.ix_(np.arange(highest, max(lowest, highest)), columns)
        planned, far = owners[part] == place, _apart(distance[part], told)
        cost = np.where(planned, NEAR * far, far + DRAWN)
        own = free[part] & (planned | (far < APART)) & (cost < least[part])
        own &= stands[part] > np.where(planned, FAINT, STANDS)
        seen[part] = np.where(own, place, seen[part])
        least[part] = np.where(own, cost, least[part])
    return seen
