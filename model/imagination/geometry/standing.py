"""Where a thing stands that a player points at, and how large it appears there.

What stands on the floor stands where the pointer meets the ground, or at the foot of the wall that
it meets; what hangs hangs on that wall, curtains before a window; small things stand on the table
or shelf that is pointed at. Where the pointer meets another thing, it stands in front of that. A
thing that would be far below the pointer stands beside that. Sizes are those of the kind [m].
"""

from collections.abc import Sequence
from dataclasses import replace
from math import atan, degrees, inf, log, pi, radians, tan
from operator import itemgetter
from statistics import median
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.edits import HIGHEST, LARGEST, Edit
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.geometry.bodies import HORIZON_FOOT, TABLES
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.scenes.descriptions import WINDOWS
from mag_sandbox.scenes.kinds import STANDS, THINGS
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.rooms import DOORS
from mag_sandbox.scenes.stances import Stance

LIGHT = 0.9  # metres: things no taller can be put on a table, too
REACH_ABOVE = 4.0  # degrees above a table at which it is still meant
IN_FRONT = 0.35  # metres that a thing keeps from the wall behind it
GAP = 0.2  # metres that a thing keeps from the thing behind it that is pointed at
NEAREST = 1.8  # metres
WIDEST, TALLEST = 56.0, 36.0  # degrees: nothing is so near that it shows larger
LEAST = 11.0  # degrees of the longer side: farther things are drawn larger than they would be
LEAST_SMALL, LEAST_LOW = 0.75, 0.5  # of `LEAST` and of `TALLEST`, for things that are to be small
MOST_UNLIKE = 2.0  # times by which others of a kind may be larger or smaller than usual
MOST_HIDDEN = 0.6  # share that things before it may hide
WHOLE = 0.1  # likewise, where there is room in front of them, or beside
BELOW = 4.0  # degrees that a thing may lie below the pointer before it moves aside instead
IN_VIEW = 24.0  # degrees below the pointer, from which on its foot may be out of the picture
TOO_LOW = 26.0  # degrees that a thing's middle may lie below the pointer, or it is out of view
FARTHER_ASIDE = (-10.0, 10.0, -20.0, 20.0, -30.0, 30.0)  # degrees to where it is in view
BOARD_ASIDE = 20.0  # degrees to the side of a table where small things still stand on it
BOARD_EDGE = 4.0  # degrees that they keep from its ends
BOARDS = TABLES | {"bookshelf": (1.0,)}  # on which a player puts things
CURTAINS, BACKDROP = "curtains", "stage curtains"
SPREAD_CURTAINS = 33.0  # degrees, where no window is: both halves show beside what is before them
WIDER, TALLER, HIGHER = 2.0, 1.25, 1.0  # curtains than their window, and degrees above its middle
ASIDE = (-5.0, 5.0, -10.0, 10.0, -15.0, 15.0)  # degrees that a thing moves to be in sight
LOWEST_HUNG, HIGHEST_HUNG = 0.5, 0.12  # metres that things on walls keep from floor and ceiling
COST_ASIDE = 0.02  # of hanging a degree aside, as a share of the thing that overlaps others
COST_SMALLER = 0.4  # likewise, of shrinking to nothing
HUNG_SIZES = (1.0, 0.8, 0.65)  # of the size of its kind
LOWEST_FLOWN = 0.3  # metres above the ground
_POINTS = 9  # across and down, where it is tested what hides a thing
_ASIDE = np.arange(-14.0, 15.0, 2.0)  # degrees
_SPREAD = np.linspace(-0.5, 0.5, _POINTS)  # of a side
_STEEP = 80.0  # degrees, at which the ceiling is measured


class _Seen(NamedTuple):
    distance: float  # metres
    foot: float  # its height above the ground [m]
    aside: float = 0.0  # degrees to the right of the pointer


class _Size(NamedTuple):
    """How large a thing is, and how large it may appear."""

    tall: float  # metres
    wide: float  # metres
    tallest: float  # degrees


def stood(edit: Edit, scenery: Scenery, stance: Stance) -> Edit:
    """Return a placement as it appears where the player points.

    Args:
        edit: with the direction that is pointed at; its size says how much larger or smaller than
            usual the thing is.
        scenery: as it is seen from there.
        stance: of the kind.
    """
    usual, look = THINGS.get(edit.kind), usual_looks().get(edit.kind)
    if usual is None or look is None:
        return edit
    if stance.where == "far" or not look.away:
        return replace_box(edit, max(edit.pitch, edit.height / 2), edit.width, edit.height)
    ratios = edit.width / usual.width, edit.height / usual.height
    asked = max(ratios, key=lambda ratio: abs(log(ratio)))
    scale = asked * _size_here(edit.kind, look.tall, scenery)
    tall, wide = look.tall * scale, look.wide * scale
    pitch = -inf if edit.pitch == usual.pitch else edit.pitch  # it was not pointed anywhere
    if stance.where == "flat":
        return _lying(edit, pitch, wide, look.away)
    wall = _wall(scenery, edit.yaw)
    ceiling = _ceiling(scenery, edit.yaw) if wall < inf else inf
    tall, wide = (each * min(1.0, 0.9 * ceiling / tall) for each in (tall, wide))
    window = _window(edit, pitch, scenery) if edit.kind == CURTAINS else None
    if window is not None:
        before = replace(edit, yaw=window.yaw)
        return replace_box(
            before, window.pitch + HIGHER, WIDER * window.width, TALLER * window.height
        )
    if stance.where == "wall" and wall < inf:
        middle = EYE + wall * tan(radians(usual.pitch if pitch == -inf else pitch))
        foot = max(min(middle - tall / 2, ceiling - HIGHEST_HUNG - tall), LOWEST_HUNG)
        seen = _Seen(wall, 0.0 if edit.kind in DOORS else foot)
    elif stance.where in ("sky", "ceiling"):
        behind = _before(edit.yaw, pitch, scenery.apart("upright"), hangs=True)
        distance = max(min(look.away, wall - IN_FRONT, behind), NEAREST)
        distance = max(distance, wide / 2 / tan(radians(WIDEST / 2)))
        middle = EYE + distance * tan(radians(usual.pitch if pitch == -inf else pitch))
        hangs = stance.where == "ceiling" and wall < inf
        foot = ceiling - tall if hangs else min(middle - tall / 2, ceiling - tall)
        seen = _Seen(distance, max(foot, LOWEST_FLOWN))
    else:
        size = _Size(tall, wide, TALLEST * max(min(asked, 1.0), LEAST_LOW))
        seen = _standing(edit, pitch, scenery, size, look.away, wall, stance)
        edit = replace(edit, yaw=(edit.yaw + seen.aside) % 360.0)
    low, high = (
        degrees(atan((end - EYE) / seen.distance)) for end in (seen.foot, seen.foot + tall)
    )
    width, height = 2 * degrees(atan(wide / 2 / seen.distance)), high - low
    least = LEAST * max(min(asked, 1.0), LEAST_SMALL)
    larger = max(least / max(width, height), 1.0)
    width, height = width * larger, height * larger
    middle = (low + high) / 2 if stance.where in ("wall", "sky") else low + height / 2
    if stance.where == "wall" and wall < inf:
        lowest, highest = (
            degrees(atan((end - EYE) / wall)) for end in (LOWEST_HUNG, ceiling - HIGHEST_HUNG)
        )
        ends = None if edit.kind in DOORS else (lowest, highest)
        width = max(width, SPREAD_CURTAINS) if edit.kind == CURTAINS else width
        return _hung(edit, (middle, width, height), ends, scenery)
    return replace_box(edit, middle, width, height)


def hiding_kind(edit: Edit, scenery: Scenery, stance: Stance) -> str:
    """Return the kind of the thing that hides most if things hide most of a placement; or "".

    What may be on a table, or has no foot on the ground, counts as visible.

    Args:
        edit: as it appears; see `stood`.
        scenery: likewise.
        stance: likewise.
    """
    foot, look = edit.pitch - edit.height / 2, usual_looks().get(edit.kind)
    if stance.where != "floor" or look is None or look.tall <= LIGHT or foot >= -HORIZON_FOOT:
        return ""
    distance = EYE / tan(radians(-foot)) - IN_FRONT
    tall = distance * (tan(radians(edit.pitch + edit.height / 2)) - tan(radians(foot)))
    size = tall, 2 * distance * tan(radians(edit.width / 2))
    hidden, before = _hiding(edit.yaw, distance, size, scenery.apart("upright"))
    return max(before, key=itemgetter(2))[0].kind if hidden > MOST_HIDDEN else ""


def farther(edit: Edit, times: float) -> Edit:
    """Return a placement as it appears if the thing is so many times as far away."""
    if times == 1.0:
        return edit
    low, high = (
        degrees(atan(tan(radians(edit.pitch + side * edit.height / 2)) / times)) for side in (-1, 1)
    )
    width = 2 * degrees(atan(tan(radians(edit.width / 2)) / times))
    return replace_box(edit, (low + high) / 2, width, high - low)


def replace_box(edit: Edit, pitch: float, width: float, height: float) -> Edit:
    """Return a placement with another box, within what edits can be."""
    width, height = (
        round(min(side, most), 1) for side, most in zip((width, height), LARGEST, strict=True)
    )
    pitch = round(min(max(pitch, -HIGHEST), HIGHEST), 1)
    return Edit("place", edit.yaw, pitch, width, height, edit.kind, edit.color, edit.x, edit.z)


def _hung(
    edit: Edit, box: tuple[float, float, float], ends: tuple[float, float] | None, scenery: Scenery
) -> Edit:
    """Return something on a wall, where it hides and is hidden least.

    Where there is little room, it is smaller, if it hangs.

    Args:
        edit: with the direction in which it is to hang.
        box: its pitch there, its width and its height [degrees].
        ends: pitch of the foot of the lowest place and of the top of the highest one [degrees];
            None: it stands on the floor.
        scenery: as it is seen from there.
    """
    yaws, pitches, sizes = np.meshgrid(edit.yaw + _ASIDE, box[0] + _ASIDE, HUNG_SIZES)
    above, below = pitches + sizes * box[2] / 2, pitches - sizes * box[2] / 2
    fits = (pitches == box[0]) & ((sizes == 1.0) | (ends is not None))
    if ends is not None:
        fits |= (below >= ends[0]) & (above <= ends[1])
    yaws, pitches, sizes = yaws[fits], pitches[fits], sizes[fits]
    columns, rows = (
        middles[:, None] + sizes[:, None] * side * _SPREAD
        for middles, side in ((yaws, box[1]), (pitches, box[2]))
    )
    taken = np.zeros((len(yaws), _POINTS, _POINTS), bool)
    for other, _ in scenery.apart("wall", "upright"):
        if other.width < WIDEST and other.kind != BACKDROP:
            across = np.abs(yaw_difference(columns, other.yaw)) < other.width / 2
            down = np.abs(rows - other.pitch) < other.height / 2
            taken |= down[:, :, None] & across[:, None]
    shown = np.abs(_SPREAD) > 0.25 if edit.kind == CURTAINS else slice(None)  # two halves
    cost = taken[:, :, shown].mean(axis=(1, 2)) + COST_ASIDE * np.hypot(
        yaws - edit.yaw, pitches - box[0]
    )
    best = int(np.argmin(cost + COST_SMALLER * (1 - sizes)))
    edit = replace(edit, yaw=float(yaws[best]) % 360.0)
    width, height = (float(sizes[best]) * side for side in box[1:])
    return replace_box(edit, float(pitches[best]), width, height)


def _size_here(kind: str, usual: float, scenery: Scenery) -> float:
    """Return the height of a kind's things around, as a share of their usual height."""
    here = [
        distance * (tan(radians(one.top)) - tan(radians(one.foot)))
        for one, distance in scenery.apart("upright")
        if one.kind == kind and one.foot < -HORIZON_FOOT
    ]
    size = median(here) / usual if here else 1.0
    return min(max(size, 1 / MOST_UNLIKE), MOST_UNLIKE)


def _standing(
    edit: Edit, pitch: float, scenery: Scenery, size: _Size, away: float, wall: float,
    stance: Stance,
) -> _Seen:  # fmt: skip
    is_light = stance.where == "small" or size.tall <= LIGHT
    if is_light:
        reach = inf if stance.where == "small" else REACH_ABOVE
        table = _table(edit.yaw, pitch, scenery.apart("upright"), reach)
        if table is not None:
            return table
    seen = _on_ground(edit.yaw, pitch, scenery, size, away, wall)
    return (
        seen
        if _is_seen(seen, pitch, size)
        else _seen_beside(edit.yaw, pitch, scenery, size, away, seen, is_light=is_light)
    )


def _on_ground(
    yaw: float, pitch: float, scenery: Scenery, size: _Size, away: float, wall: float
) -> _Seen:
    distance = away
    if -inf < pitch:
        far = away if size.tall >= EYE else max(away, EYE / tan(radians(LEAST)))
        at_foot = wall - IN_FRONT if wall < inf else far  # where it reaches the horizon
        distance = EYE / tan(radians(-pitch)) if pitch < -HORIZON_FOOT else at_foot
        distance = min(distance, _before(yaw, pitch, scenery.apart("upright")))
    return _in_sight(yaw, pitch, _fitting(distance, wall, size), scenery, size, wall)


def _is_seen(seen: _Seen, pitch: float, size: _Size) -> bool:
    """Tell whether the middle of a thing is as high as the view of the pointer may reach."""
    middle = degrees(atan((seen.foot + size.tall / 2 - EYE) / seen.distance))
    return middle > pitch - TOO_LOW


def _seen_beside(
    yaw: float, pitch: float, scenery: Scenery, size: _Size, away: float, otherwise: _Seen,
    *, is_light: bool,
) -> _Seen:  # fmt: skip
    """Return the spot nearest to the pointer where a thing is in view: on a table, or the floor."""
    things = scenery.apart("upright")
    if is_light and (table := _table_beside(yaw, pitch, things)) is not None:
        return table
    for aside in FARTHER_ASIDE:
        wall = _wall(scenery, yaw + aside)
        seen = _on_ground(yaw + aside, pitch, scenery, size, away, wall)
        hidden, _ = _hiding(yaw + aside, seen.distance, (size.tall, size.wide), things)
        if _is_seen(seen, pitch, size) and hidden <= WHOLE:
            return seen._replace(aside=seen.aside + aside)
    return otherwise


def _in_sight(
    yaw: float, pitch: float, distance: float, scenery: Scenery, size: _Size, wall: float
) -> _Seen:
    """Return where nothing hides much of a thing: in front of what would, or beside that.

    It comes nearer only as long as it stays where the player points, and in the picture.
    """
    others, sides = scenery.apart("upright"), (size.tall, size.wide)

    def hidden(aside: float, away: float) -> float:
        return _hiding(yaw + aside, away, sides, others)[0]

    nearer = distance
    while hidden(0.0, nearer) > WHOLE:
        _, before = _hiding(yaw, nearer, sides, others)
        in_front = _fitting(min(away for _, away, _ in before) - GAP, wall, size)
        if in_front >= nearer:
            break
        nearer = in_front
    foot, top = (degrees(atan((end - EYE) / nearer)) for end in (0.0, size.tall))
    is_seen = foot > pitch - IN_VIEW and top > pitch - BELOW and hidden(0.0, nearer) <= WHOLE
    if nearer == distance or is_seen:
        return _Seen(nearer, 0.0)
    beside = (aside for aside in ASIDE if hidden(aside, distance) <= WHOLE)
    aside = next(beside, None)
    return _Seen(nearer, 0.0) if aside is None else _Seen(distance, 0.0, aside)


def _fitting(distance: float, wall: float, size: _Size) -> float:
    """Return the distance nearest to one [m] at which a view shows all of a thing."""
    nearest = size.wide / 2 / tan(radians(WIDEST / 2))
    distance = max(min(distance, wall - IN_FRONT), NEAREST, nearest)
    while degrees(atan(EYE / distance) + atan((size.tall - EYE) / distance)) > size.tallest:
        distance *= 1.05
    return max(min(distance, wall - IN_FRONT), NEAREST)


def _hiding(
    yaw: float,
    distance: float,
    size: tuple[float, float],
    things: Sequence[tuple[PlacedObject, float]],
) -> tuple[float, list[tuple[PlacedObject, float, float]]]:
    """Return the share of a thing that others hide, and those: with distance [m] and share."""
    tall, wide = size
    half = degrees(atan(wide / 2 / distance))
    low, high = (degrees(atan((end - EYE) / distance)) for end in (0.0, tall))
    columns = yaw + np.linspace(-half, half, _POINTS)
    rows = np.linspace(low, high, _POINTS)
    hidden = np.zeros((_POINTS, _POINTS), bool)
    before: list[tuple[PlacedObject, float, float]] = []
    for told, away in things:
        across = np.abs(yaw_difference(columns, told.yaw)) < told.width / 2
        here = (np.abs(rows - told.pitch) < told.height / 2)[:, None] & across
        if away < distance and here.any():
            hidden |= here
            before.append((told, away, float(here.mean())))
    return float(hidden.mean()), before


def _before(
    yaw: float, pitch: float, things: Sequence[tuple[PlacedObject, float]], *, hangs: bool = False
) -> float:
    """Return how far away to put something in front of the thing pointed at [m]; inf: none.

    A thing on the ground never stands in front of a hanging one; one that `hangs` may.
    """
    return min(
        (
            distance - GAP
            for told, distance in things
            if (hangs or told.foot < -HORIZON_FOOT)
            and abs(yaw_difference(yaw, told.yaw)) < told.width / 2
            and abs(pitch - told.pitch) < told.height / 2
        ),
        default=inf,
    )


def _table(
    yaw: float, pitch: float, things: Sequence[tuple[PlacedObject, float]], reach: float
) -> _Seen | None:
    """Return where something stands on the nearest table that is pointed at.

    Args:
        yaw: of the pointer [degrees].
        pitch: likewise.
        things: from far to near, with their distances [m].
        reach: how far the pointer may be from the upper side of the table [degrees].
    """
    meant = [
        (distance, abs(pitch - top), top)
        for told, distance in things
        if not (told.kind in STANDS and _is_taken(told, things))
        and abs(yaw_difference(yaw, told.yaw)) < told.width / 2
        and -told.height / 2 < pitch - told.pitch < told.height / 2 + REACH_ABOVE
        for share in BOARDS.get(told.kind, ())
        if abs(pitch - (top := told.pitch + (share - 0.5) * told.height)) <= reach
    ]
    if not meant:
        return None
    distance, _, top = min(meant)
    return _Seen(distance, EYE + distance * tan(radians(top)))


def _table_beside(
    yaw: float, pitch: float, things: Sequence[tuple[PlacedObject, float]]
) -> _Seen | None:
    """Return where something stands on the table that is least far beside or below the pointer."""
    meant: list[tuple[float, _Seen]] = []
    for told, distance in things:
        turn = yaw_difference(told.yaw, yaw)
        inner = max(told.width / 2 - BOARD_EDGE, 0.0)
        aside = min(max(0.0, turn - inner), turn + inner)  # to its nearer end
        for share in BOARDS.get(told.kind, ()):
            top = told.pitch + (share - 0.5) * told.height
            is_free = not (told.kind in STANDS and _is_taken(told, things))
            if is_free and abs(aside) < BOARD_ASIDE and pitch - TOO_LOW < top < pitch + REACH_ABOVE:
                seen = _Seen(distance, EYE + distance * tan(radians(top)), aside)
                meant.append((abs(aside) + abs(pitch - top), seen))
    return min(meant)[1] if meant else None


def _window(edit: Edit, pitch: float, scenery: Scenery) -> PlacedObject | None:
    """Return the window that is pointed at, without curtains so far."""
    walls = [told for told, _ in scenery.apart("wall")]
    hung = [one for one in walls if one.kind == CURTAINS]
    return next(
        (
            one for one in walls
            if one.kind in WINDOWS
            and abs(yaw_difference(edit.yaw, one.yaw)) < one.width
            and abs(pitch - one.pitch) < one.height
            and not any(abs(yaw_difference(it.yaw, one.yaw)) < it.width / 2 for it in hung)
        ),
        None,
    )  # fmt: skip


def _is_taken(stand: PlacedObject, things: Sequence[tuple[PlacedObject, float]]) -> bool:
    """Tell whether something stands on a stand of one exhibit."""
    top = stand.top
    return any(
        one is not stand
        and abs(one.foot - top) < REACH_ABOVE
        and abs(yaw_difference(one.yaw, stand.yaw)) < stand.width / 2
        for one, _ in things
    )


def _lying(edit: Edit, pitch: float, wide: float, away: float) -> Edit:
    """Return a thing that lies on the ground: as deep as wide, or half as deep if it is large."""
    usual = THINGS[edit.kind]
    near, far = (
        EYE / tan(radians(min(max(-end, HORIZON_FOOT), 80.0)))
        for end in (usual.pitch - usual.height / 2, usual.pitch + usual.height / 2)
    )
    deep = wide * min((far - near) / (2 * away * tan(radians(usual.width) / 2)), 1.0)
    middle = EYE / tan(radians(-pitch)) if -90.0 < pitch < -HORIZON_FOOT else away
    middle = max(middle, NEAREST + deep / 2, wide / 2 / tan(radians(WIDEST / 2)))
    low, high = (-degrees(atan(EYE / end)) for end in (middle - deep / 2, middle + deep / 2))
    width = 2 * degrees(atan(wide / 2 / middle))
    return replace_box(edit, (low + high) / 2, width, high - low)


def _wall(scenery: Scenery, yaw: float) -> float:
    return _distance(scenery, yaw, 0.0)


def _ceiling(scenery: Scenery, yaw: float) -> float:
    return EYE + _distance(scenery, yaw, _STEEP) * tan(radians(_STEEP))


def _distance(scenery: Scenery, yaw: float, pitch: float) -> float:
    yaws, pitches = np.array([yaw * pi / 180]), np.array([pitch * pi / 180])
    return float(scenery.surfaces(0.0, 0.0, yaws, pitches)[0, 0])
