"""Rules by which no direction is much emptier than others.

What words name moves into the first view, and leaves the rest of a ring bare. Data, and numbers
made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import inf, radians, tan

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.geometry.bodies import NEAR_HORIZON, OVER
from mag_sandbox.model.imagination.objects import PlacedObject, in_other_light
from mag_sandbox.model.imagination.rules.plans import (
    LEVEL,
    has_backdrop,
    in_light,
    light_of,
    looks_of,
    with_look,
)
from mag_sandbox.model.imagination.rules.plausible import WALL, bears, has_weight, is_borne
from mag_sandbox.model.imagination.rules.relations import ON_FLOOR
from mag_sandbox.model.imagination.rules.shores import is_in_water
from mag_sandbox.model.imagination.rules.spacing import CREATURES, covered, place_of, stands
from mag_sandbox.scenes.descriptions import BUILDINGS
from mag_sandbox.scenes.kinds import THINGS, TREES, rivals
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.stances import where_of

QUARTERS = (90.0, 180.0, 270.0)  # yaws of their middles, but for the first view
HALF = 45.0  # degrees from the middle of a quarter to its sides
_WITHIN = 40.0  # degrees from there within which the middle of an added thing is
_WIDEST = 60.0  # degrees; wider things have no quarter
_ADDED = (ON_FLOOR - {"water"}) | {"wall", "ceiling", "sky"}
_OVER = 0.15  # share of a thing that an added one may cover, or be behind
_GAP = 3.0  # degrees between animals, or things in the air or on a wall, and others
_FEW = 2  # of a kind of which scenes have few: no more are added
_PLATFORM, _COLLECTED = "platform", frozenset(("coin", "gem", "heart", "key", "star"))
_SLACK = 4.0  # degrees between a platform and a thing on it
_JETTY, _IN_HARBOURS = "jetty", ("cottage", "shop")  # by which harbours are known; houses there
_HOUSES, _HOUSES_AT = 2, (-14.0, 14.0)  # in a quarter, and degrees from its middle
_HOUSE, _HOUSE_FOOT = 13.0, -3.0  # degrees of the height of an added one, and of its foot
_ROOTED = BUILDINGS | TREES | {  # whose feet tell their distance exactly
    "bamboo", "bench", "bicycle", "bus", "bus stop", "bush", "cactus", "car", "cave mouth", "crane",
    "hedge", "pyramid", "ruin", "statue", "street lamp", "tent", "traffic light", "train",
    "tram", "truck", "waterfall",
}  # fmt: skip
_PLANTS = TREES | {"bamboo", "bush", "hedge", "reed", "wheat"}  # which may be hidden
_OVERLAID, _LOWERED, _NEARER = 0.5, 1.5, 0.1  # share of a thing, and degrees of its foot
_STEPS_OUT = 1.8  # times as far away as what would hide it: a nearer thing comes before that
_TURNS = (0.0, *(side * turn for turn in range(5, 36, 5) for side in (1.0, -1.0)))  # degrees


def quarter_of(thing: PlacedObject) -> int:
    """Return the number of a thing's quarter around the viewer, 0: ahead."""
    return round((thing.yaw % 360.0) / 90.0) % 4


def area(thing: PlacedObject) -> int:
    """Return the size of a thing in square degrees."""
    return round(thing.width * thing.height)


def filling(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return those of some things that fill the view of a quarter."""
    return [
        thing
        for thing in things
        if thing.kind in THINGS
        and where_of(thing.kind) in _ADDED
        and thing.width < _WIDEST
        and abs(thing.pitch) - thing.height / 2 < LEVEL
    ]


def filled(
    things: Sequence[PlacedObject],
    spare: Sequence[PlacedObject],
    least: float,
    most: Mapping[str, int],
    shown: Sequence[PlacedObject] = (),
) -> list[PlacedObject]:
    """Return things among others that fill the quarters which the first view does not show.

    These are what another plan has in some quarter, where they have room: at first what the plan
    has none of, and large things before small ones.

    Args:
        things: of a plan.
        spare: those of another plan of the same place, or the shown ones, which may then appear
            once more.
        least: square degrees that the things in a quarter cover, if there are enough.
        most: of each kind, in a plan.
        shown: what a given picture shows, which stays as it is.
    """
    result, there = list(things), [*shown, *things]
    if has_backdrop(there):
        return result
    light = light_of(there) / light_of(spare)
    left = [
        in_other_light(one, light) for one in filling(spare) if spare is shown or one not in shown
    ]
    own, few = Counter[int](), inf if spare is shown else _FEW
    for one in filling(there):
        own[quarter_of(one)] += area(one)
    for number, middle in enumerate(QUARTERS, 1):
        kinds = {thing.kind for thing in there}
        left.sort(key=lambda one: (one.kind in kinds, -area(one)))
        for thing in list(left):
            if own[number] >= least:
                break
            if _may_be_added(thing, there, most, few):
                free = _free(thing, there, middle)
                if free is not None:
                    left.remove(thing)
                    own[number] += area(free)
                    there.append(free)
                    result.insert(place_of(free, result), free)
    return result


def with_houses_around(
    things: Sequence[PlacedObject], typical: Sequence[Named], named: Sequence[Named]
) -> list[PlacedObject]:
    """Return a plan of a place that is known for houses with some in each quarter.

    Houses that words count stay as many as they are.
    """
    counted = {kind for one in named if one.most is not None for kind in one.kinds}
    is_harbour = any(_JETTY in one.kinds for one in typical)
    told = [one.kinds for one in typical if BUILDINGS.issuperset(one.kinds)]
    own = dict.fromkeys(kind for kinds in (*told, *([_IN_HARBOURS] * is_harbour)) for kind in kinds)
    kinds = [kind for kind in own if kind not in counted]
    result, light = list(things), light_of(things)
    if not kinds:
        return result
    for number, middle in enumerate(QUARTERS, 1):
        houses = [one for one in result if one.kind in BUILDINGS and quarter_of(one) == number]
        for rank in range(_HOUSES - len(houses)):
            kind = kinds[(number + rank) % len(kinds)]
            usual, looks = THINGS[kind], looks_of(kind)
            scale = _HOUSE / usual.height
            yaw = (middle + _HOUSES_AT[rank]) % 360.0
            house = PlacedObject(
                kind, yaw, _HOUSE_FOOT + _HOUSE / 2, scale * usual.width, _HOUSE
            )  # fmt: skip
            if looks:
                house = with_look(house, in_light(looks[(number + rank) % len(looks)], light))
            free = _free(house, result, middle)
            if free is not None:
                result.insert(place_of(free, result), free)
    return result


def farther_first(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan in which nothing that stands is drawn over what is nearer.

    Else a house seems to stand inside another one, and a bus that was behind a tree is before it as
    soon as the player walks. What words place by another thing is drawn as listed, with that: a
    house in a tree is drawn over it. Animals and named things that would be hidden come nearer.
    """
    targets = defaultdict[str, set[str]](set)
    for one in named:
        for kind in one.kinds:
            targets[kind].update(one.relation.kinds if one.relation else ())
    shown = (CREATURES | kinds_named(named)) - _PLANTS
    free = shown.difference(*targets.values())  # a stone stays where a frog is on it
    result = list(things)
    for place, thing in enumerate(things):
        feet = [
            other.foot for other in result[:place]
            if thing.kind in free and other.kind not in targets[thing.kind]
            and thing.away is other.away is None
            and 1.0 < _farther(thing, other) < _STEPS_OUT and covered(thing, other) > _OVERLAID
        ]  # fmt: skip
        result[place] = thing.standing_at(min(feet) - _NEARER) if feet else thing
    return _ordered(result, shown, targets)


def _farther(thing: PlacedObject, other: PlacedObject) -> float:
    """Return how many times as far away as another one a thing is, by their feet; 0: unknown.

    Of animals and small things, feet are told in whole steps: these are nearly as far away.
    """
    far, near = _distance(thing), _distance(other)
    if not (far and near and thing.overlaps(other)):
        return 0.0
    exact = thing.kind in _ROOTED and other.kind in _ROOTED
    return far / near if exact or not 1 / OVER < far / near < OVER else 1.0


def _distance(thing: PlacedObject) -> float:
    """Return how far away a thing is by its foot, or by what bears it [m]; 0: these do not tell."""
    if where_of(thing.kind) not in ("floor", "water"):
        return 0.0
    by_foot = EYE / tan(radians(-thing.foot)) if thing.foot < -NEAR_HORIZON else 0.0
    return by_foot if thing.away is None else thing.away


def _farthest(some: Sequence[int], things: Sequence[PlacedObject]) -> int:
    """Return the place of the thing that is farthest away by its foot; the first: none tells."""
    return max(some, key=lambda one: _distance(things[one]))


def _ordered(
    things: Sequence[PlacedObject], shown: Collection[str], targets: Mapping[str, Collection[str]]
) -> list[PlacedObject]:
    """Return things, those that are farther away first where they overlap."""

    def is_before(one: int, other: int) -> bool:
        """Return whether one of two things that overlap, by place, is drawn before the other."""
        first, second = things[one], things[other]
        times = _farther(first, second)
        is_told = first.kind in targets[second.kind] or second.kind in targets[first.kind]
        if times in (0.0, 1.0) or is_told or bears(first, second) or bears(second, first):
            return one < other
        behind, before = (first, second) if times > 1.0 else (second, first)
        if behind.kind in shown and covered(behind, before) > _OVERLAID:
            return one < other
        return times > 1.0

    left = range(len(things))
    earlier = [
        {other for other in left
         if other != one and things[one].overlaps(things[other]) and is_before(other, one)}
        for one in left
    ]  # fmt: skip
    order: dict[int, None] = {}
    while len(order) < len(things):
        rest = [one for one in left if one not in order]
        first = next((one for one in rest if earlier[one] <= order.keys()), None)
        order[_farthest(rest, things) if first is None else first] = None
    return [things[one] for one in order]


def with_nearer_feet(
    things: Sequence[PlacedObject], given: Collection[PlacedObject]
) -> list[PlacedObject]:
    """Return a plan in which a thing of a room drawn over another one stands no farther away.

    Else it is behind that one for a walker. Given things, which a picture shows, stay.
    """
    if not any(one.kind == WALL for one in things):
        return list(things)
    result: list[PlacedObject] = []
    for one in things:
        feet = [
            other.foot for other in result
            if stands(one) and stands(other) and one not in given
            and 0.0 < one.foot - other.foot < _LOWERED and covered(one, other) > _OVERLAID
        ]  # fmt: skip
        down = one.foot - min(feet) + _NEARER if feet else 0.0
        result.append(replace(one, pitch=one.pitch - down) if feet else one)
    return result


def _may_be_added(
    thing: PlacedObject, things: Sequence[PlacedObject], most: Mapping[str, int], few: float
) -> bool:
    counts = Counter(one.kind for one in things)
    usual: float = most.get(thing.kind, 0)
    if THINGS[thing.kind].are_few and where_of(thing.kind) != "sky":
        usual = min(usual, few)
    return counts[thing.kind] < usual and not rivals(thing.kind) & counts.keys()


def _free(
    thing: PlacedObject, things: Sequence[PlacedObject], middle: float
) -> PlacedObject | None:
    """Return a thing of another quarter where there is room in one; None: there is not."""
    yaw = thing.yaw - 90.0 * quarter_of(thing) + middle
    turns = _TURNS[:1] if where_of(thing.kind) == "sky" else _TURNS  # coins are in rows
    turned = (replace(thing, yaw=(yaw + turn) % 360.0) for turn in turns)
    others = filling(things)
    yaws = np.array([other.yaw for other in others])
    reaches = np.array([(thing.width + other.width) / 2 + _GAP for other in others])

    def is_free(one: PlacedObject) -> bool:
        near = np.flatnonzero(np.abs(yaw_difference(yaws, one.yaw)) < reaches)
        return _is_free(one, things, [others[place] for place in near])

    inside = (one for one in turned if abs(yaw_difference(one.yaw, middle)) < _WITHIN)
    return next(filter(is_free, inside), None)


def _is_free(
    thing: PlacedObject, things: Sequence[PlacedObject], others: Sequence[PlacedObject]
) -> bool:
    """Tell whether a thing has room among things, and beside those of them that fill the view."""
    return (
        not any(_meet(thing, other) for other in others)
        and not (where_of(thing.kind) in ON_FLOOR and is_in_water(things, thing))
        and _rests(thing, things)
    )


def _rests(thing: PlacedObject, things: Sequence[PlacedObject]) -> bool:
    """Tell whether a thing is on the floor of a room, on something, or need not be."""
    if thing.kind in _COLLECTED:  # alone in the air, the painter makes a smear below it
        return any(one.kind == _PLATFORM and _is_on(thing, one) for one in things)
    is_room = any(one.kind == WALL for one in things)
    return not is_room or not has_weight(thing) or is_borne(thing, things)


def _is_on(thing: PlacedObject, platform: PlacedObject) -> bool:
    aside = abs(yaw_difference(thing.yaw, platform.yaw))
    top = platform.foot + platform.height
    return aside < platform.width / 2 and abs(thing.foot - top) < _SLACK


def _meet(thing: PlacedObject, other: PlacedObject) -> bool:
    """Tell whether two things would be painted as one, or one hides much of the other."""
    if thing.kind in _COLLECTED and other.kind == _PLATFORM and _is_on(thing, other):
        return False
    has_room = {thing.kind, other.kind}.isdisjoint(CREATURES) and (stands(thing) or stands(other))
    if has_room:
        return max(covered(thing, other), covered(other, thing)) > _OVER
    wider = replace(thing, width=thing.width + 2 * _GAP, height=thing.height + 2 * _GAP)
    return wider.overlaps(other)
