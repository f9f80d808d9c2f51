"""Rules by which the walls around a given picture of a room are as full as the wall it shows.

And two for any room: curtains hang before windows, and no fireplace or shelf stands there.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from math import inf

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.filling import HALF, QUARTERS
from mag_sandbox.model.imagination.rules.plans import AHEAD, away
from mag_sandbox.model.imagination.rules.plausible import WALL, wall_foot
from mag_sandbox.model.imagination.rules.spacing import covered, place_of, stands
from mag_sandbox.scenes.descriptions import WINDOWS
from mag_sandbox.scenes.kinds import STANDS, THINGS
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.stances import where_of

_OFTEN = 2  # of a kind along a wall, from which on it goes on along the others
_SHELVES = frozenset((
    "bookshelf", "shop shelf", "wardrobe", "locker", "tool wall", "kitchen counter", "counter",
))  # fmt: skip
_CURTAINS = "curtains"
_FIXED = WINDOWS | {_CURTAINS, "door", "blackboard"} | _SHELVES
_LAMPS = frozenset((
    "floor lamp", "table lamp", "hanging lamp", "wall lamp", "chandelier", "ball lamp",
))  # fmt: skip
_FIRE = "fireplace"
_LIGHTS = _LAMPS | {_FIRE}
_TALL = 20.0  # degrees; what stands and is as tall is beside what lines a wall, not before it
_HIDDEN = 0.35  # share of what lines a wall that furniture may hide
_GAP = 1.0  # degrees between what lines a wall
_OVER = 0.1  # share of a picture that may be behind what lines a wall
_BEHIND = 0.6  # share of a window that is behind its curtains, at least
_WIDE, _TALL_AS, _HIGHER = 0.5, 0.75, 2.0  # of curtains is their window, and degrees above them
_AT_WALLS = (_FIRE, "wardrobe", "bookshelf", "grandfather clock")  # the first has the first choice
_MET = 0.06  # share of one of them, or of what lines a wall, that both may cover
_SEAM, _AT_FOOT = 0.4, 3.0  # degrees between shelves in a row; between their feet and the wall's
_BELOW = 0.5  # degrees that their feet are lower than the wall's
_TURNED, _ASIDE, _HIDES = 0.004, 1.0, 2.0  # costs: of a degree, of being out of view, or hidden
_TO_MOVE = 0.3  # of the cost of what is in the way: what makes room for a fireplace
_ALONG = (0.0, *(side * turn for turn in range(3, 178, 3) for side in (1.0, -1.0)))  # degrees
_TURNS = (0.0, *(side * turn for turn in range(3, 37, 3) for side in (1.0, -1.0)))  # degrees


def lined(
    things: Sequence[PlacedObject], shown: Sequence[PlacedObject], kept: Collection[str]
) -> list[PlacedObject]:
    """Return things around a picture, with what it shows often along its wall on other walls.

    Windows keep their curtains. Pictures that hang in the way go, unless they are of a kept kind.

    Args:
        things: of a plan, without those of the picture.
        shown: those of the picture.
        kept: kinds that words name.
    """
    heights = {round(one.yaw % 360.0): one.height for one in shown if one.kind == WALL}
    units = _units(shown)
    if not units or 0 not in heights or any(one.kind in STANDS for one in (*shown, *things)):
        return list(things)
    result, often = list(things), Counter(one.kind for one in shown)
    for middle in QUARTERS:
        size = heights.get(round(middle), heights[0]) / heights[0]
        there = Counter(one.kind for one in result if _is_near(one, middle))
        for unit in units:
            if there[unit[0].kind] >= often[unit[0].kind]:
                continue
            turned = [_scaled(one, size, middle) for one in unit]
            added = _free(turned, result, middle, kept)
            if added is None:
                continue
            result = [one for one in result if not _gives_way(one, added, kept)]
            at = next((at for at, one in enumerate(result) if stands(one)), len(result))
            result[at:at] = added
            there.update(one.kind for one in added)
    return result


def with_windows(things: Sequence[PlacedObject], kept: Collection[str]) -> list[PlacedObject]:
    """Return a room with all curtains in front of windows, as the renderer hangs them.

    Rules move both. The nearest window without curtains comes behind those without a window, unless
    the first view shows only it. If there is none, curtains go, or one is added.

    Args:
        things: of a plan.
        kept: kinds that words name.
    """
    result = list(things)
    for curtains in [one for one in things if one.kind == _CURTAINS and _is_room(things)]:
        windows = [one for one in result if one.kind in WINDOWS]
        if any(covered(one, curtains) > _BEHIND for one in windows):
            continue
        others = [one for one in result if one.kind == _CURTAINS and one is not curtains]
        free = [one for one in windows if all(covered(one, it) <= _HIDDEN for it in others)]
        own = min(free, key=lambda one: abs(yaw_difference(one.yaw, curtains.yaw)), default=None)
        if own is not None:
            pair = _hung_together(own, curtains)
        elif _CURTAINS in kept:
            pair = [*(_behind(one, curtains) for one in windows[:1]), curtains]
        else:
            pair = []
        result = [one for one in result if one is not own]
        at = next(at for at, one in enumerate(result) if one is curtains)
        result[at : at + 1] = pair
        result = [one for one in result if not _gives_way(one, pair[-1:], kept)]
    return result


def at_walls(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a room with fireplaces and shelves at the foot of a wall, and nothing behind them.

    One that words put somewhere stays. What is behind a fireplace moves along the walls, or goes.
    """
    told = [one for one in named if one.relation]
    stay = {kind for one in told if one.relation for kind in (*one.kinds, *one.relation.kinds)}
    kept, result = kinds_named(named), list(things)
    own = [one for one in things if one.kind in _AT_WALLS and _is_room(things)]
    for thing in sorted(own, key=lambda one: _AT_WALLS.index(one.kind)):
        if all(one is not thing for one in result):  # it made room
            continue
        result = [one for one in result if one is not thing]
        free, least = thing, inf
        for turn in _ALONG if thing.kind not in stay else _ALONG[:1]:
            if least <= _TURNED * abs(turn):
                break
            turned = thing.turned(turn)
            built = turned.standing_at(wall_foot(things, turned.yaw) - _BELOW)
            if (unfit := _unfitness(built, thing, result, kept)) < least:
                free, least = built, unfit
        for one in [*result] if thing.kind == _FIRE else ():
            if one.kind not in stay and _meets(one, free) and any(one is it for it in result):
                result = _moved_along(result, one, free, kept)
        result.insert(place_of(free, result), free)
    return result


def side_by_side(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a room in which shelves along a wall stand in a row instead of in each other."""
    result = list(things)
    for kind in _SHELVES if _is_room(things) else ():
        row, right = list[int](), -inf
        for place in sorted(
            (place for place, one in enumerate(things) if one.kind == kind and _lines(one, things)),
            key=lambda place: yaw_difference(things[place].yaw, 0.0),
        ):
            turn, half = yaw_difference(things[place].yaw, 0.0), things[place].width / 2
            row = [*row, place] if turn - half < right - _GAP else [place]
            right = max(turn + half, right)
            for rank, one in enumerate(row if row[1:] else ()):
                first = things[row[0]]
                wide = (right - yaw_difference(first.yaw, 0.0) + first.width / 2) / len(row)
                yaw = (first.yaw - first.width / 2 + (rank + 0.5) * wide) % 360.0
                tall = max(things[each].height for each in row)
                there = replace(things[one], yaw=yaw, width=wide - _SEAM, height=tall)
                result[one] = there.standing_at(wall_foot(things, yaw) - _BELOW)
    return result


def _lines(thing: PlacedObject, things: Sequence[PlacedObject]) -> bool:
    """Tell whether a thing stands at the foot of a wall."""
    return stands(thing) and abs(thing.foot - wall_foot(things, thing.yaw)) < _AT_FOOT


def _unfitness(
    thing: PlacedObject, was: PlacedObject, things: Sequence[PlacedObject], kept: Collection[str]
) -> float:
    """Return how much a thing at a wall meets others, and how far it moved, or out of view."""
    off_middle = abs(yaw_difference(thing.yaw, _middle(thing)))
    corner = max(off_middle + thing.width / 2 - HALF, 0.0) / thing.width
    met = sum(
        max(covered(one, thing), covered(thing, one))
        * (_TO_MOVE if thing.kind == _FIRE and one.kind not in kept else 1.0)
        for one in things if _meets(one, thing)
    )  # fmt: skip
    nearer = (one for one in things if stands(one) and one.foot < thing.foot)
    hidden = sum(_HIDES * covered(thing, one) for one in nearer)
    is_aside = thing.kind in kept and away(thing) + thing.width / 4 > AHEAD
    turn = abs(yaw_difference(thing.yaw, was.yaw))
    return met + hidden + corner + _TURNED * turn + _ASIDE * is_aside


def _meets(thing: PlacedObject, other: PlacedObject) -> bool:
    """Tell whether a thing that lines a wall, or stands at its foot, is where another one is."""
    at_wall = where_of(thing.kind) == "wall" or (
        where_of(thing.kind) == "floor" and thing.foot >= other.foot - _BELOW
    )
    is_met = max(covered(thing, other), covered(other, thing)) > _MET
    return thing.kind in THINGS and thing.width < HALF and at_wall and is_met


def _moved_along(
    things: list[PlacedObject], one: PlacedObject, fire: PlacedObject, kept: Collection[str]
) -> list[PlacedObject]:
    """Return a room in which a thing lines another part of its walls, a window with its curtains.

    It goes if there is no room, unless words name it.
    """
    window = WINDOWS | {_CURTAINS}
    unit = [
        other for other in things
        if other is one or ({one.kind, other.kind} <= window and covered(one, other) > _MET)
    ]  # fmt: skip
    others = [other for other in things if all(other is not own for own in unit)]
    is_said = any(own.kind in kept for own in unit)
    hung = {other.kind for other in others}
    for turn in _ALONG:
        turned = [own.turned(turn) for own in unit]
        if (not is_said or away(turned[0]) < AHEAD) and all(
            _fits(own, [*others, fire], _middle(own), hung) for own in turned
        ):
            at = next((at for at, other in enumerate(others) if stands(other)), len(others))
            return [*others[:at], *turned, *others[at:]]
    return things if is_said else others


def _middle(thing: PlacedObject) -> float:
    """Return the yaw of the middle of a thing's wall."""
    return 90.0 * round(thing.yaw / 90.0)


def _hung_together(window: PlacedObject, curtains: PlacedObject) -> list[PlacedObject]:
    """Return a window and the curtains before it, where one of both is."""
    if not _is_near(window, 0.0) or _is_near(curtains, 0.0):
        return [_behind(window, curtains), curtains]
    moved = replace(
        curtains, yaw=window.yaw, pitch=window.pitch - _HIGHER, width=window.width / _WIDE,
        height=window.height / _TALL_AS,
    )  # fmt: skip
    return [window, moved]


def _behind(window: PlacedObject, curtains: PlacedObject) -> PlacedObject:
    fits = min(_WIDE * curtains.width / window.width, _TALL_AS * curtains.height / window.height)
    pitch, width, height = curtains.pitch + _HIGHER, fits * window.width, fits * window.height
    return replace(window, yaw=curtains.yaw, pitch=pitch, width=width, height=height, away=None)


def with_lamps(
    things: Sequence[PlacedObject], shown: Sequence[PlacedObject], kept: Collection[str]
) -> list[PlacedObject]:
    """Return things around a picture of a room with one of its lamps before each dark wall.

    Args:
        things: of a plan, without those of the picture.
        shown: those of the picture.
        kept: kinds that words name, of which none is added.
    """
    result = list(things)
    if not _is_room((*shown, *things)):
        return result
    lamps = [one for one in shown if one.kind in _LAMPS - {*kept}]
    for middle in QUARTERS:
        if any(one.kind in _LIGHTS and _is_near(one, middle) for one in result):
            continue
        turned = (
            replace(lamp, yaw=(lamp.yaw + middle + turn) % 360.0)
            for lamp in lamps for turn in _TURNS
        )  # fmt: skip
        lamp = next(
            (one for one in turned if _is_near(one, middle) and _stands_free(one, result)), None
        )
        if lamp is not None:
            result.insert(place_of(lamp, result), lamp)
    return result


def _stands_free(thing: PlacedObject, things: Sequence[PlacedObject]) -> bool:
    others = (one for one in things if one.kind in THINGS)
    return all(max(covered(thing, one), covered(one, thing)) <= _OVER for one in others)


def with_lit_walls(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a plan with walls behind lamps as light as the one in a picture.

    Args:
        things: of a plan that goes on around a picture.
    """
    result = list(things)
    walls = {place: one for place, one in enumerate(things) if one.kind == WALL}
    front = next((one for one in walls.values() if round(one.yaw) % 360 == 0), None)
    if front is None or not _is_room(things):
        return result
    for place, wall in walls.items():
        if any(one.kind in _LIGHTS and _is_near(one, wall.yaw) for one in things):
            result[place] = replace(wall, color=front.color, mean_color=front.mean_color)
    return result


def _is_room(things: Collection[PlacedObject]) -> bool:
    kinds = {one.kind for one in things}
    return WALL in kinds and not kinds & {*STANDS}


def _is_near(thing: PlacedObject, middle: float) -> bool:
    return abs(yaw_difference(thing.yaw, middle)) < HALF


def _units(shown: Sequence[PlacedObject]) -> list[list[PlacedObject]]:
    """Return the things that line a picture's wall: shelves, and windows with their curtains."""
    own = [one for one in shown if one.kind in _SHELVES | WINDOWS | {"curtains"}]
    often = Counter(one.kind for one in own)
    own = [one for one in own if often[one.kind] >= _OFTEN]
    units: list[list[PlacedObject]] = []
    for one in own:
        near = [unit for unit in units if abs(yaw_difference(unit[0].yaw, one.yaw)) < one.width / 4]
        if near:
            near[0].append(one)
        else:
            units.append([one])
    return units


def _scaled(thing: PlacedObject, size: float, turn: float) -> PlacedObject:
    return replace(
        thing, yaw=(thing.yaw + turn) % 360.0, pitch=size * thing.pitch,
        width=size * thing.width, height=size * thing.height, away=None,
    )  # fmt: skip


def _free(
    unit: Sequence[PlacedObject],
    things: Sequence[PlacedObject],
    middle: float,
    kept: Collection[str],
) -> list[PlacedObject] | None:
    """Return the things that line a wall where it has room for them; None: it has none."""
    for turn in _TURNS:
        turned = [one.turned(turn) for one in unit]
        if all(_fits(one, things, middle, kept) for one in turned):
            return turned
    return None


def _fits(
    one: PlacedObject, things: Sequence[PlacedObject], middle: float, kept: Collection[str]
) -> bool:
    if abs(yaw_difference(one.yaw, middle)) + one.width / 2 > HALF:
        return False
    wide = replace(one, width=one.width + 2 * _GAP)
    others = [other for other in things if other.kind in THINGS]
    return not any(
        (_is_beside(other, kept) and wide.overlaps(other))
        or (stands(other) and covered(one, other) > _HIDDEN)
        or (one.kind in WINDOWS and _is_before_middle(other, one))
        for other in others
    )


def _is_beside(thing: PlacedObject, kept: Collection[str]) -> bool:
    is_tall = stands(thing) and thing.height > _TALL
    hangs = where_of(thing.kind) == "wall"
    return thing.kind in _FIXED or is_tall or (hangs and thing.kind in kept)


def _is_before_middle(thing: PlacedObject, window: PlacedObject) -> bool:
    across = abs(yaw_difference(thing.yaw, window.yaw)) < thing.width / 2
    middle = abs(thing.pitch - window.pitch) < thing.height / 2
    return stands(thing) and across and middle


def _gives_way(thing: PlacedObject, added: Sequence[PlacedObject], kept: Collection[str]) -> bool:
    hangs = where_of(thing.kind) == "wall" and thing.kind not in _FIXED | {*kept}
    return hangs and any(covered(thing, one) > _OVER for one in added)
