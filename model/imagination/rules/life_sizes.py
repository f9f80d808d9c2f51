"""Rules by which things of a plan are as large, beside each other, as they are in life.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from math import atan, degrees, inf, radians, tan
from typing import NamedTuple

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.geometry.bodies import bodies_of_plan, sides_of
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.named import scales_of
from mag_sandbox.model.imagination.rules.plans import AROUND, SIDES, TOP, away, has_backdrop
from mag_sandbox.model.imagination.rules.plausible import highest_foot
from mag_sandbox.model.imagination.rules.shores import BRIDGE, is_in_water
from mag_sandbox.model.imagination.rules.spacing import covered, most_covered, place_of, stands
from mag_sandbox.scenes.descriptions import BUILDINGS
from mag_sandbox.scenes.kinds import ANIMALS, FALLING, STANDS, THINGS, WATERS
from mag_sandbox.scenes.looks import Rgb, usual_looks
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.stances import STANCES, where_of

_SMALLEST, _LARGEST = 0.75, 1.35  # times as tall as in life
_LOW, _LARGEST_LOW = 1.1, 1.0  # metres; likewise, of lower animals, whose usual height is generous
_LARGEST_BORNE = 0.8  # likewise, of animals on something
_LEGIBLE = 5.5  # degrees of the longer side: smaller things may be larger
# of the usual size of these, which is that of exhibits, or of animals on their own; and of others
_SMALL, _SMALL_ONES = 0.5, {"bread": 0.33, "candle": 0.3, "mushroom": 0.3}
_SMALLER = frozenset((
    "alarm clock", "apple", "banana", "book", "bottle", "bowl", "bread", "cake", "camera",
    "chess piece", "crab", "crystal", "frog", "hedgehog", "ice cream", "melon", "mouse", "mug",
    "orange", "owl", "parrot", "pizza", "shell", "snail", "sneaker", "squirrel", "starfish",
    "teapot", "toy car", "trophy",
))  # fmt: skip
_NEAREST, _FARTHEST = -20.0, -1.6  # degrees: feet of things that are moved end here
_WIDEST = 62.0, 50.0  # degrees that a thing grows to, and a support
_HIDDEN = 0.15  # share of a named thing that may be hidden by a changed one, and of that
_MORE = 0.25  # likewise, of one that grows
_ABOVE = 2.0  # degrees by which a building called tall is taller than the others in view
_CASTLE, _TOWER, _BEHIND = "castle", "tower", 0.1  # degrees between their feet
_IN_VIEW = 45.0  # degrees from ahead
_OF_ROOM = 0.9  # of the distance from the next thing beside it on another one: its width at most
_ON, _SLACK, _BEYOND = 0.2, 2.5, 1.1  # of its height; degrees; times as far away, by its foot
_FIXED = frozenset((BRIDGE, "robot", "rocket", *STANDS))  # as long as a river, or of any size


_Key = tuple[str, float, Rgb | None]


class _Sized(NamedTuple):
    """A thing that stands, with its size."""

    thing: PlacedObject
    times: float  # as tall as in life


def with_life_sizes(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan in which nothing is much larger or smaller than what stands beside it.

    A named thing that is too large comes nearer, one that is too small goes farther away, and where
    that is not possible its size changes. Small ones stay large enough to be recognised. Words such
    as "huge" count. Things that bear others take them along.

    Args:
        things: from far to near.
        named: what words name.
    """
    if has_backdrop(things):
        return list(things)
    result = list(things)
    told = scales_of(things, named)
    held = {kind for one in named if one.relation and one.relation.kinds
            and (one.relation.where in ("behind", "under") or WATERS.issuperset(one.relation.kinds))
            for kind in one.kinds}  # fmt: skip
    kept = {_key(things[place]) for place in told}
    for place in sorted(told, key=lambda place: _support(things, place) is not None):
        at = next(at for at, one in enumerate(result) if _key(one) == _key(things[place]))
        result = _fitted(result, at, told[place], kept, may_move=things[place].kind not in held)
    said = {things[place].kind for place in told}
    for at, one in _sizes(result):
        if one.thing.kind not in said:
            low, high = _SMALLEST / one.times, _LARGEST / one.times
            result[at] = one.thing.scaled(min(max(low, 1.0), high))
    result = _as_near_as_its_towers(result, said)
    return _towering(result, {_key(things[at]) for at, scale in told.items() if scale > 1.0})


def _as_near_as_its_towers(things: list[PlacedObject], said: Collection[str]) -> list[PlacedObject]:
    """Return a plan in which a castle is no farther away than towers named with it."""
    own = {
        kind: [at for at, one in enumerate(things) if one.kind == kind and away(one) < _IN_VIEW]
        for kind in {_CASTLE, _TOWER}.intersection(said)
    }
    feet = [things[at].foot for at in own.get(_TOWER, ())]
    result = list(things)
    for at in own.get(_CASTLE, ()) if feet else ():
        one, foot = things[at], min(feet) + _BEHIND
        if foot < one.foot < 0.0:
            times = tan(radians(foot)) / tan(radians(one.foot))
            fits = min(times, (TOP - foot) / one.height, _WIDEST[0] / one.width)
            result[at] = one.scaled(max(fits, 1.0)).standing_at(foot)
    return result


def _towering(things: list[PlacedObject], tall: Collection[_Key]) -> list[PlacedObject]:
    """Return a plan in which a building called tall is taller than the others in view."""
    in_view = [
        at for at, one in enumerate(things)
        if one.kind in BUILDINGS and away(one) < _IN_VIEW and stands(one)
    ]  # fmt: skip
    own = [at for at in in_view if _key(things[at]) in tall]
    others = [things[at].top for at in in_view if at not in own]
    if not own or not others:
        return things
    result, highest = list(things), min(max(others) + _ABOVE, TOP)
    for at in in_view:
        one = things[at]
        fits = (highest if at in own else TOP - _ABOVE) - one.foot
        fits /= one.height
        result[at] = one.scaled(max(fits, 1.0) if at in own else min(fits, 1.0))
    return result


def _key(thing: PlacedObject) -> _Key:
    """Return a key that a thing keeps when its distance and size change."""
    return thing.kind, thing.yaw, thing.color


def _sizes(things: Sequence[PlacedObject]) -> Iterator[tuple[int, _Sized]]:
    """Yield the things of known size whose distance is known, with their places."""
    sides = sides_of(one for one in things if one.kind in SIDES)
    for at, body in enumerate(bodies_of_plan(things, STANCES, sides)):
        thing, usual = body.told, usual_looks().get(body.told.kind)
        is_sized = usual is not None and thing.kind in THINGS and thing.kind not in _FIXED
        if usual is None or not is_sized or not stands(thing) or body.where != "upright":
            continue
        perches = thing.foot >= 0.0 and thing.kind in ANIMALS | _SMALLER  # in a tree
        bearer = _support(things, at) if perches else None
        foot = thing.foot if bearer is None else things[bearer].foot
        distance = body.distance if bearer is None else EYE / tan(radians(-min(foot, _FARTHEST)))
        if foot < 0.0 < distance < inf:
            tall = tan(radians(thing.top)) - tan(radians(thing.foot))
            share = _SMALL_ONES.get(thing.kind, _SMALL if thing.kind in _SMALLER else 1.0)
            yield at, _Sized(thing, distance * tall / (usual.tall * share))


def _support(things: Sequence[PlacedObject], place: int) -> int | None:
    """Return the place of what bears a thing; None: it stands on the ground."""
    thing = things[place]
    for at in range(place - 1, -1, -1):
        other = things[at]
        if (
            stands(other)
            and abs(yaw_difference(other.yaw, thing.yaw)) < other.width / 2
            and other.foot + _ON * other.height < thing.foot < other.top + _SLACK
            and thing.foot / _BEYOND > other.foot
        ):
            return at
    return None


def _fitted(
    things: list[PlacedObject], place: int, scale: float, kept: Collection[_Key],
    *, may_move: bool,
) -> list[PlacedObject]:  # fmt: skip
    """Return a plan with one of its things as large as in life, times what words say."""
    sizes = dict(_sizes(things))
    if place not in sizes or (scale > 1.0 and things[place].foot >= 0.0):  # a giant on a hill
        return things
    thing, times = sizes[place]
    usual = usual_looks()[thing.kind]
    bearer = _support(things, place)
    is_low = thing.kind in ANIMALS and usual.tall < _LOW
    most = _LARGEST if not is_low else _LARGEST_LOW if bearer is None else _LARGEST_BORNE
    low, high = _SMALLEST * min(scale, 1.0), most * max(scale, 1.0)
    low, high = (low * max(scale, 1.0), high * min(scale, 1.0))
    if low <= times <= high:
        return things
    if bearer is not None and times < low and things[bearer].kind in _FIXED:
        return things  # a bridge has no room for larger cars
    if bearer is not None and times > high:
        things = _nearer(things, bearer, times / high, kept)
        return _shrunk(things, place, high)
    borne = [at for at in range(place + 1, len(things)) if _support(things, at) == place]
    is_dry = where_of(thing.kind) != "water" and not is_in_water(things, thing)
    if bearer is None and may_move and is_dry and not borne:
        moved = _moved(things, place, times / (high if times > high else low), kept)
        things, place = moved
    if times > high:
        return _shrunk(things, place, high) if not borne else things
    return _grown(things, place, low, kept, borne)


def _moved(
    things: list[PlacedObject], place: int, times: float, kept: Collection[_Key]
) -> tuple[list[PlacedObject], int]:
    """Return a plan with a thing so many times nearer, as large as it looks; and its place."""
    thing = things[place]
    foot = -degrees(atan(tan(radians(-thing.foot)) * times))
    foot = max(foot, min(_NEAREST, thing.foot)) if times > 1.0 else foot
    if times < 1.0:
        farthest = min(_FARTHEST, highest_foot(things, thing.yaw))
        foot = min(foot, max(farthest, thing.foot))
    moved = thing.standing_at(foot)
    moved = moved.scaled(min((TOP - foot) / moved.height, 1.0)) if moved.top > TOP else moved
    rest = [*things[:place], *things[place + 1 :]]
    at = place_of(moved, rest)
    at = max(at, place) if times > 1.0 else min(at, place)
    result = [*rest[:at], moved, *rest[at:]]
    if is_in_water(rest, moved) or _hides(result, at, kept, _hidden(things, place)):
        return things, place
    return result, at


def _hidden(things: Sequence[PlacedObject], place: int) -> float:
    """Return the largest share of a thing that one nearer thing hides."""
    nearer = (one for one in things[place + 1 :] if one.width < AROUND and one.kind not in FALLING)
    return most_covered(things[place], nearer)


def _hides(
    things: Sequence[PlacedObject], place: int, kept: Collection[_Key], before: float,
    most: float = _HIDDEN,
) -> bool:  # fmt: skip
    """Tell whether a thing hides a named one, or is hidden more than it was before."""
    thing = things[place]
    hides = any(covered(other, thing) > most for other in things[:place] if _key(other) in kept)
    return hides or _hidden(things, place) > max(_HIDDEN, before)


def _nearer(
    things: list[PlacedObject], place: int, times: float, kept: Collection[_Key]
) -> list[PlacedObject]:
    """Return a plan with something that bears others as much nearer as they are too large."""
    thing = things[place]
    nearest = tan(radians(-_NEAREST)) / tan(radians(-thing.foot)) if thing.foot < 0.0 else 1.0
    borne = [at for at in range(place + 1, len(things)) if _support(things, at) == place]
    above = max((things[at].top - thing.top for at in borne), default=0.0)
    top = (TOP - max(above, 0.0)) / thing.top if thing.top > 0.0 else inf
    times = min(times, nearest, top, _WIDEST[1] / thing.width)
    if times <= 1.0 or is_in_water(things, thing):
        return things
    near = _closer(thing, times)
    result = list(things)
    for at in borne:
        result[at] = _put(things[at], near, (things[at].foot - thing.foot) / thing.height)
    result[place] = near
    return things if _hides(result, place, kept, _hidden(things, place)) else result


def _closer(thing: PlacedObject, times: float) -> PlacedObject:
    """Return a thing so many times nearer, as large in metres as before."""
    low, high = (degrees(atan(tan(radians(end)) * times)) for end in (thing.foot, thing.top))
    return replace(
        thing, width=times * thing.width, height=high - low, pitch=(low + high) / 2, away=None
    )


def _put(thing: PlacedObject, support: PlacedObject, share: float) -> PlacedObject:
    """Return a thing, as large as it looks, on another at a share of that one's height."""
    foot = support.foot + share * support.height
    away = EYE / tan(radians(-support.foot)) - 0.01 if thing.away is not None else None
    return replace(thing, pitch=foot + thing.height / 2, away=away)


def _next_beside(things: Sequence[PlacedObject], place: int) -> float:
    """Return the distance of a thing from the next beside it on the same other one [degrees]."""
    bearer = _support(things, place)
    if bearer is None:
        return inf
    apart = [
        abs(yaw_difference(one.yaw, things[place].yaw))
        for at, one in enumerate(things)
        if at > bearer and _support(things, at) == bearer
    ]
    return min((one for one in apart if one > things[place].width / 2), default=inf)


def _shrunk(things: list[PlacedObject], place: int, high: float) -> list[PlacedObject]:
    """Return a plan with a thing no more than so many times as large, if that is recognised."""
    size = dict(_sizes(things)).get(place)
    if size is None or size.times <= high:
        return things
    longer = max(size.thing.width, size.thing.height)
    fits = max(high / size.times, min(_LEGIBLE / longer, 1.0))
    return [*things[:place], size.thing.scaled(fits), *things[place + 1 :]]


def _grown(
    things: list[PlacedObject], place: int, low: float, kept: Collection[_Key],
    borne: Sequence[int],
) -> list[PlacedObject]:  # fmt: skip
    """Return a plan with a thing so many times as large as in life, if there is room."""
    size = dict(_sizes(things)).get(place)
    if size is None or size.times >= low:
        return things
    thing = size.thing
    widest = min(_WIDEST[0], _OF_ROOM * _next_beside(things, place))
    times = min(low / size.times, (TOP - thing.foot) / thing.height, widest / thing.width)
    if times <= 1.0:
        return things
    grown = thing.scaled(times)
    result = [*things[:place], grown, *things[place + 1 :]]
    for at in borne:
        result[at] = _put(things[at], grown, (things[at].foot - thing.foot) / thing.height)
    return things if _hides(result, place, kept, _hidden(things, place), _MORE) else result
