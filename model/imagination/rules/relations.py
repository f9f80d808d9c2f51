"""Rules by which a plan puts things where words say: on, beside, behind or in front of others.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from math import atan, ceil, copysign, degrees, inf, radians, tan

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.geometry.bodies import TABLES
from mag_sandbox.model.imagination.objects import PlacedObject, rgb
from mag_sandbox.model.imagination.rules.plans import (
    AROUND,
    LEVEL,
    TOP,
    few_of,
    has_backdrop,
    in_light,
    light_of,
    looks_of,
    parts_differ,
    parts_of,
    places_of,
    with_look,
)
from mag_sandbox.model.imagination.rules.shores import on_sand
from mag_sandbox.scenes.conditions import SEA
from mag_sandbox.scenes.descriptions import BUILDINGS, WINDOWS
from mag_sandbox.scenes.kinds import (
    ANIMALS,
    DEEP,
    DISCS,
    HILLS,
    MATS,
    PEOPLE,
    RIDDEN,
    STANDS,
    THINGS,
    TREES,
)
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.relations import Relation
from mag_sandbox.scenes.stances import STANCES, where_of

_SEEN = 40.0  # degrees to either side that the first view plainly shows
_SMALLEST = 0.5  # of their size: how small things are made to be seen together
_CLIMBS = 1.6  # metres; taller animals are beside trees
_DWARFED = 2.5  # times as wide as a thing in life: wider things have no room on it
ON_FLOOR = frozenset(("floor", "small", "water"))
_HOLDING = frozenset(("bathtub", "bed", "sofa"))  # into which even crocodiles are made to fit
_SAT_ON, _JUTS, _SEAT = (0.4, 1.3), 1.8, 8.0  # metres; of its width, and degrees, under a bear
_TOO_WIDE = 1.2  # times as wide as a seat, in life: such things jut out on both sides
_IN_CAGE = 0.55  # of its height
_ON_MAT, _MAT = 0.1, 0.8  # of its height below its middle, and of its width, that things take
_WHOLE_VIEW = 25.5  # degrees below ahead where a level view shows feet, and all of a thing
_WIDE_MAT = 40.0, -26.0, 10.0  # degrees that it is wide at least, and of its foot and height
_HILL_FOOT, _HILL_TOP = -2.0, 8.0  # degrees
_HILLS, _LOWER = frozenset(("hills", "far hill")), 5.0  # degrees of the tops of others
_SUNK = 1.5  # degrees that things stand below the top of their hill
_HILL, _LEAST_HILL, _HILL_SHADE = 2.6, 60.0, 0.78  # of their width, degrees, of the ground's colour
_UPWARD = frozenset(("on", "above"))
_SLACK = 0.1  # degrees
_IN_ROWS = frozenset(("fence", "hedge"))  # one of them has several behind it only in a row
_LOW_ROW = 0.7  # of the height of what is behind them, as seen from their foot
_BARE = 0.05  # of the width of one in a row, that the row may leave uncovered
_PLAIN_AT_SEA = 16.0  # degrees of its width, at least, of a rock
_ON_SAND = 4.0  # degrees below its shore, of a boat with palms behind it
_GAP = 2.0  # degrees between things beside each other
_FARTHER, _SMALLEST_BEHIND = 1.3, 0.4  # times as far away, of what is small; of their size
_NO_TALLER = 0.7  # of the top of what is taller in life, of a thing in front of it
_HORIZON = -0.5  # degrees of the highest foot of what is behind a thing that is on no hill
_DEEPER = 2.5  # degrees between the feet of things before each other
_ASIDE = 0.34  # of the width of both: distance of a thing from the middle of one that hides it
_WIDER, _PEEPING = 1.8, 0.2  # times as wide; likewise, of one that shows on both sides of the other
_SHOWS = 0.1  # of its width that a narrow thing reaches less far than the end of that
_CLEAR = 0.55  # likewise, of a flying thing beside one as tall as a view
_BEFORE = 0.25  # likewise, of a thing in front of another one that hides a part of it
_AS_NEAR, _WIDEST_BESIDE = 0.6, 24.0  # of its foot's pitch, of things beside another; degrees
SEATS = {  # heights of surfaces on which things sit, lie or stand, as shares of these kinds'
    **{kind: shares[0] for kind, shares in TABLES.items()},
    "bathtub": 0.7, "sofa": 0.45, "armchair": 0.45, "chair": 0.48, "bed": 0.5, "throne": 0.4,
    "rocking horse": 0.6, "bird cage": 0.25, "swing": 0.3, "slide": 0.4, "bunk bed": 0.4,
    "seesaw": 0.45, "crib": 0.4, "horse": 0.62, "market stall": 0.42, "palm": 0.85,
    "camel": 0.7, "elephant": 0.85, "bicycle": 0.6, "motorcycle": 0.5, "tractor": 0.5,
    "boat": 0.2, **dict.fromkeys(("rowing boat", "gondola", "sailing ship", "ship"), 0.35),
    **dict.fromkeys(
        ("oak", "cherry tree", "birch", "pine", "acacia", "red tree", "orange tree", "bare tree",
         "willow"), 0.5,
    ),
}  # fmt: skip
_BOARDS = (  # that bear tableware
    "picnic blanket", "dining table", "table", "round table", "coffee table", "desk",
    "kitchen counter", "counter", "workbench", "school desk",
)  # fmt: skip
_BEARING = frozenset((  # that are wider for many things, or for a large one
    "table", "round table", "coffee table", "dining table", "counter", "school desk", "stool",
    "chair", "armchair", "bench", "box", "crate", "barrel", "stump", "fence", "hedge", "log",
))  # fmt: skip
_DRIVEN = frozenset(("tractor", "motorcycle", "bicycle", "boat", "rowing boat", "gondola", "sled"))
_ROOFED = frozenset(("car", "bus", "tram", "truck", "train"))  # on which cats are small
TABLEWARE = frozenset((
    "vase", "teapot", "cake", "table lamp", "alarm clock", "mug", "apple", "bunch of flowers",
    "candle", "computer", "laptop", "bottle", "bowl", "book", "basket", "bread", "ice cream",
    "pizza", "banana", "orange", "melon", "globe", "bust", "trophy",
))  # fmt: skip
FOOD = frozenset((
    "teapot", "cake", "mug", "bottle", "bowl", "bread", "ice cream", "pizza", "banana", "orange",
    "melon", "candle", "vase",
))  # fmt: skip
TABLE = "table"
_PLATE = 6.0  # degrees of something in `_BEARING` that a thing on it takes
_CROWDED_PLATE = 9.0  # likewise, of other boards, on which things stand already
_BEHIND_OR_BEFORE = frozenset(("behind", "front"))  # where several are in a row
_SHARED_OUT = _BEHIND_OR_BEFORE | {"on"}  # or, of several others, one is at each
ALONGSIDE = frozenset(("beside", "left", "right", "sides"))  # where sizes are compared
_LARGER = 2.5, 1.3  # times as tall, beside another thing, as in life: small things, and others
_VESSELS = frozenset(("bowl", "basket"))
_HEAPED, _CLOSE_BY, _RIM = 3, 0.8, 0.7  # side by side in one; of their size, and of its height
_SMALL = 0.25  # of the other's height
_AT_SIDES = 4  # seats at a table
_TALL = 3.0  # metres, of houses and trees: a cat on one is much smaller than it
_LEAST = 9.0  # degrees of the longer side of a thing on another one, at least
_PLAINLY = 10.0  # degrees of it, if its support may grow, or if it flies and is on a house
_MOST_GROWN = 1.6  # times as wide, or tall, that a thing grows at most to bear or shade another
_SHADED = 14.0  # degrees of height of a thing under a tree, if the tree can be tall enough
_SLIM, _JUTTING = 1.5, 1.3  # times as tall as wide, and how wide a thing on it may be
_WINGS, _PERCHED = 1.6, 12.0  # likewise, of a bird; degrees that one is wide at most
_BOTH_SIDES, _IN_A_ROW = 2.0, 0.85  # likewise, of several things on it; of birds on a long one
_SLENDER = frozenset((  # on which things no wider would hardly be seen
    "statue", "gravestone", "street lamp", "signpost", "mailbox", "bust", "fountain", "scarecrow",
))  # fmt: skip
_BRIDGE, _LONGEST_BRIDGE, _ARCHED = "bridge", 60.0, 0.5  # degrees; of its height, to its ends
_POST = 0.4  # of a gate's width, from its middle to a post
_WIDEST = 0.8  # of that thing's width, at most
_DOOR, _BENCH = "door", "bench"
_ON_HILL = 0.35  # of a house's height that a thing before it has at most, on a hill
_LOW = 1.0  # metres: what is lower is at the foot of a house on a hill, not down here before it
_UNDER = 0.5  # of that thing's height, of a thing under it
_YAWS = {"ahead": 0.0, "left": -24.0, "right": 24.0, "behind": 180.0}
_SIDE = 48.0  # degrees that things on one side take at most
_FAR_FOOT = 3.0  # degrees below the horizon, of far things
_LEAST_FAR, _MOST_FAR = 11.0, 16.0  # degrees of its longer side
_ALOFT = 12.0, TOP  # degrees of foot and top of flying things that usually stand
_MIDDLE_ALOFT = 18.0  # degrees of the middle of flying things at most
_WIDEST_ALOFT = 30.0  # degrees of its width at most
SWIMMING = frozenset(("fish", "jellyfish"))  # kinds that plans have in the air of reefs
_WIDEST_FISH = 9.0  # degrees
LAKES = frozenset(("lake", "frozen lake"))
LEAST_LAKE = 6.0  # degrees of height: a lower one is a mere line
_SHORE, _WIDEST_LAKE = 1.15, 86.0  # of the width of things on a lake; degrees
_DUCK = "duck"  # which swims where words name a pond, and stands elsewhere
_POOL, _OF_REEFS = "swimming pool", frozenset(("coral", "seaweed"))
_OPEN_WATER = frozenset(("sea", "lake", "canal", "frozen lake"))
_ABOVE = frozenset(("wall", "ceiling", "sky"))
_FLYING = frozenset((  # though they usually stand
    "dragon", "plane", "helicopter", "rocket", "owl", "parrot",
))  # fmt: skip
IN_WATER = Relation("water")


def related(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan with things placed as related; those that cannot be stay where they are.

    On a stage all stay, each on its stand; a podium in a room bears what is on it.
    """
    result = list(things)
    if has_backdrop(things) and any(thing.kind in STANDS for thing in things):
        return result
    waters = [thing.kind for thing in result if thing.kind in _OPEN_WATER | {_POOL}]
    is_reef = any(thing.kind in _OF_REEFS for thing in result)
    dry = on_sand(things, named)
    if waters and not is_reef:
        ponds = {one.kinds[0] for one in named} & LAKES - {"frozen lake"}
        named = [
            one._replace(relation=IN_WATER)
            if ponds and one.kinds[0] == _DUCK and not one.relation and not one.parts
            else one
            for one in named
        ]
        named = [one if dry.intersection(one.kinds) else _afloat(one, waters[0]) for one in named]
    shore = min((thing.foot for thing in result if thing.kind == SEA), default=0.0)
    result = [
        _with_foot(thing, min(thing.foot, shore - _ON_SAND)) if thing.kind in dry else thing
        for thing in result
    ]
    several = {one.kinds for one in named if one.least > 1}
    for one in named:
        if one.parts:
            result = _parts_moved(result, one, several)
    told = [one for one in named if one.relation is not None and not parts_differ(one)]
    for relation in dict.fromkeys(
        one.relation for one in sorted(told, key=lambda one: _depth(one, named))
    ):
        assert relation is not None
        alike = [one for one in told if one.relation == relation]
        if not relation.kinds:
            for one in alike:
                result = _put_alone(result, one, relation.where)
        else:
            is_pinned = any(  # behind the viewer, or to something else
                one.relation and (one.relation.kinds or one.relation.where == "behind")
                and not set(relation.kinds).isdisjoint(one.kinds)
                for one in told
            )  # fmt: skip
            each = relation.kinds in several
            result = _moved(result, alike, relation, follows=is_pinned, each=each)
    for one in named:
        result = _sided(result, one)
    return _clear_of_hung(result, named)


def _parts_moved(
    things: list[PlacedObject], one: Named, several: Collection[tuple[str, ...]]
) -> list[PlacedObject]:
    """Return a plan with each part of a name at the thing that words relate it to.

    Args:
        things: from far to near.
        one: the name.
        several: kinds of which words name several.
    """
    result = things
    moved: list[PlacedObject] = []
    for part in one.parts if parts_differ(one) else ():
        if part.relation is None or not part.relation.kinds:
            continue
        own = [
            at for at in _placed(result, part.kinds) if all(result[at] is not it for it in moved)
        ]
        each, own = part.relation.kinds in several, own[: part.least]
        put = _moved(result, [part], part.relation, follows=False, each=each, own=own)
        moved += [
            new for new in put if new.kind in part.kinds and all(new is not it for it in result)
        ]
        result = put
    return result


def put_to(
    own: Sequence[PlacedObject], others: Sequence[PlacedObject], one: Named
) -> list[PlacedObject]:
    """Return things that words name as they say those stand to others, which stay as they are."""
    waters = [thing.kind for thing in others if thing.kind in _OPEN_WATER | {_POOL}]
    relation = (_afloat(one, waters[0]) if waters else one).relation
    targets = _placed(others, relation.kinds) if relation else []
    if relation is None or not targets or relation.where not in _RULES:
        return list(own)
    target, put = others[targets[0]], _RULES[relation.where]
    moved = [put(thing, target, rank, len(own)) for rank, thing in enumerate(own)]
    return [_below_top(new) for new in moved] if relation.where in _UPWARD else moved


def with_rows(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan with fences and hedges in rows in front of all that is said behind them.

    They are lower than that.
    """
    result = list(things)
    behind = (one.relation for one in named if one.relation and one.relation.where == "behind")
    for relation in dict.fromkeys(behind):
        alike = [one for one in named if one.relation == relation]
        own = [place for one in alike for place in _meant(result, one)]
        others = [at for at in _placed(result, relation.kinds) if result[at].kind in _IN_ROWS]
        if not own or not others:
            continue
        middle = result[own[len(own) // 2]].yaw
        aside = {at: abs(yaw_difference(result[at].yaw, middle)) for at in others}
        other = min(others, key=aside.__getitem__)
        hidden = [result[place] for place in own]
        low = _LOW_ROW * (min(one.top for one in hidden) - result[other].foot)
        if low > 0.0:
            near = result[other].scaled(min(low / result[other].height, 1.0))
            last, row = max(other, *own), _row_before(near, hidden)
            farther = [thing for at, thing in enumerate(result[: last + 1]) if at != other]
            result = [*farther, *row, *result[last + 1 :]]
    return result


def with_tables(
    things: Sequence[PlacedObject], named: Sequence[Named]
) -> tuple[list[PlacedObject], list[Named]]:
    """Return a plan, and named things, with a room's tableware on tables with space.

    Outdoors only food and drink is. Words that say where it is come first. Plans have as many mugs
    as words say, but on no table; where none has room there is one more, and what bears something
    counts as named.
    """
    result, told = list(things), list(named)
    kinds = {thing.kind for thing in things}
    is_outdoors = "near ground" in kinds
    laid = FOOD if is_outdoors else TABLEWARE
    if kinds & STANDS or not (is_outdoors or "floor" in kinds):
        return result, told
    borne = Counter[Relation]()  # how many things
    for one in named:
        if one.relation and one.relation.where == "on":
            borne[one.relation] += one.least
    for place, one in enumerate(named):
        own = _placed(result, one.kinds)
        if one.relation or one.parts or not own or result[own[0]].kind not in laid:
            continue
        table = _table_for(result, told, borne, one.least)
        if table is None:
            table = Relation("on", (TABLE,))
            look = in_light(looks_of(TABLE)[0], light_of(things))
            usual, yaw = THINGS[TABLE], result[own[0]].yaw
            added = PlacedObject(TABLE, yaw, usual.pitch, usual.width, usual.height)
            result.insert(own[0], with_look(added, look))
        borne[table] += one.least
        told[place] = one._replace(relation=table)
        if all(table.kinds[0] not in other.kinds for other in told):
            told.append(Named(table.kinds, None))
    return result, told


def _table_for(
    things: Sequence[PlacedObject], named: Sequence[Named], borne: Counter[Relation], count: int
) -> Relation | None:
    """Return a relation to the table with the most room for so many things, if one has enough.

    One that words name comes before others.
    """
    said = {kind: one.kinds for one in named for kind in one.kinds}
    rooms = {}
    for kind in _BOARDS:
        relation, own = Relation("on", said.get(kind, (kind,))), _placed(things, (kind,))
        plate = _PLATE if kind in _BEARING else _CROWDED_PLATE
        room = things[own[0]].width / plate - borne[relation] - count if own else -1.0
        if own and kind in MATS and kind in said:
            return relation
        if room >= 0.0:
            rooms[relation] = kind in said, room
    return max(rooms, key=rooms.__getitem__, default=None)


def _sided(things: list[PlacedObject], one: Named) -> list[PlacedObject]:
    """Return a plan with the parts of a name where words say: one car left, one right."""
    moved: dict[int, PlacedObject] = {}
    for part, own in parts_of(things, one) if one.parts else ():
        if part.relation and not part.relation.kinds and part.relation.where in _YAWS:
            moved |= _beside_each_other(things, own, _YAWS[part.relation.where])
    return [moved.get(place, thing) for place, thing in enumerate(things)]


def _dwarfs(thing: PlacedObject, other: PlacedObject) -> bool:
    own, others = usual_looks().get(thing.kind), usual_looks().get(other.kind)
    if own is None or others is None or other.kind in DEEP | LAKES | _HOLDING:
        return False
    if thing.kind in ANIMALS and where_of(thing.kind) == "sky":  # it is as wide as its wings
        return False
    if thing.kind in ANIMALS and other.kind in TREES and own.tall > _CLIMBS:
        return True
    return bool(others.wide) and own.wide > _DWARFED * others.wide


def _juts(thing: PlacedObject, other: PlacedObject) -> bool:
    """Tell whether an animal is on a seat that is too small for it: a bear on a chair."""
    own, seat = usual_looks().get(thing.kind), usual_looks().get(other.kind)
    if own is None or seat is None or thing.kind not in ANIMALS or other.kind in _HOLDING:
        return False
    low, high = _SAT_ON
    is_seat = low <= seat.tall <= high and 0.0 < seat.wide <= high
    is_seat &= other.kind not in ANIMALS.union(_BOARDS)
    stand = where_of(thing.kind) == "floor" and where_of(other.kind) in ON_FLOOR
    return is_seat and stand and own.wide > _TOO_WIDE * seat.wide


def _beside_each_other(
    things: Sequence[PlacedObject], own: Sequence[int], yaw: float
) -> dict[int, PlacedObject]:
    moved = {}
    for rank, place in enumerate(own):
        aside = (rank - (len(own) - 1) / 2) * (things[place].width + _GAP)
        moved[place] = replace(things[place], yaw=(yaw + aside) % 360.0)
    return moved


def _put_alone(things: list[PlacedObject], one: Named, where: str) -> list[PlacedObject]:
    """Return a plan with some things where words say, seen from where the scene begins."""
    if where in _YAWS:
        return _turned(things, one, _YAWS[where])
    own = _meant(things, one)
    moved: dict[int, PlacedObject] = {}
    if where == "row" and own:
        things = _alike(things, own)  # or each would be as far away as its size says
        across = sum(things[place].width + _GAP for place in own)
        fits = min(max(2 * _SEEN / across, _LEAST / things[own[0]].width), 1.0)
        foot, reach = things[own[0]].foot, min(fits * across / 2, _SEEN)
        level = [
            _with_foot(thing.scaled(fits) if place in own else thing, foot)
            for place, thing in enumerate(things)
        ]
        yaw = min(max(yaw_difference(things[own[0]].yaw, 0.0), reach - _SEEN), _SEEN - reach)
        moved = _beside_each_other(level, own, yaw)
    elif where == "sides":
        for side, half in (("left", own[::2]), ("right", own[1::2])):
            moved |= _beside_each_other(things, half, _YAWS[side])
    elif where == "sky":
        moved = {place: _aloft(things[place]) for place in own}
    elif where == "far":
        return _with_far_things(things, own, is_tall=one.scale > 1.0) if own else things
    return [moved.get(place, thing) for place, thing in enumerate(things)]


def _aloft(thing: PlacedObject) -> PlacedObject:
    """Return a thing that flies, where a level view shows it."""
    if where_of(thing.kind) in _ABOVE:
        return thing
    low, high = _ALOFT
    fits = min((high - low) / thing.height, _WIDEST_ALOFT / thing.width, 1.0)
    width, height = fits * thing.width, fits * thing.height
    usual = usual_looks().get(thing.kind)
    away = usual.tall / tan(radians(height)) if usual and usual.tall else None
    pitch = min(high - height / 2, _MIDDLE_ALOFT)
    return replace(thing, width=width, height=height, pitch=pitch, away=away)


def is_shared_out(relation: Relation, other: str, *, are_several: bool) -> bool:
    """Tell whether several things are each at another one of their own, as riders always are.

    Args:
        relation: of them.
        other: kind of the others.
        are_several: whether words name several of these.
    """
    is_ridden = relation.where == "on" and other in RIDDEN
    return is_ridden or (are_several and relation.where in _SHARED_OUT)


def _shared_out(
    things: Sequence[PlacedObject], own: Sequence[int], others: Sequence[int], where: str
) -> list[PlacedObject]:
    """Return a plan with things on, before or behind others, one at each while there are enough."""
    there: dict[int, list[int]] = {}
    for rank, place in enumerate(own):
        there.setdefault(others[rank % len(others)], []).append(place)
    put = {
        place: [
            _below_top(_at_own(things[one], things[place], where, rank, len(group)))
            for rank, one in enumerate(group)
        ]
        for place, group in there.items()
    }
    shift = _into_view([*(things[place] for place in put), *chain(*put.values())])
    if where == "front":
        put = {max(put): [*chain(*put.values())]}
    result: list[PlacedObject] = []
    for place, thing in enumerate(things):
        itself = [] if place in own else [thing.turned(shift) if place in there else thing]
        new = [one.turned(shift) for one in put.get(place, ())]
        result += [*new, *itself] if where == "behind" else [*itself, *new]
    return result


def _at_own(
    thing: PlacedObject, other: PlacedObject, where: str, rank: int, count: int
) -> PlacedObject:
    """Return a thing at the one of several that is its own; beside desks, so that these show."""
    own, table = usual_looks().get(thing.kind), usual_looks().get(other.kind)
    if where == "on" or other.kind not in _BOARDS or not own or not table or not table.tall:
        return _RULES[where](thing, other, rank, count)
    thing = thing.scaled(max(other.height * own.tall / table.tall, _LEAST) / thing.height)
    put = _with_foot(thing, other.foot + (_DEEPER / 5 if where == "behind" else -_DEEPER / 5))
    apart = max(other.width, thing.width) / count
    return replace(put, yaw=(other.yaw + (rank - count / 2) * apart) % 360.0)


def _far_off(thing: PlacedObject) -> PlacedObject:
    """Return a thing as far away as "in the distance" means, but not a speck."""
    longer = max(thing.width, thing.height)
    fits = min(_FAR_FOOT / max(-thing.foot, _FAR_FOOT), _MOST_FAR / longer)
    fits = min(max(fits, _LEAST_FAR / longer), 1.0)
    foot, width, height = fits * thing.foot, fits * thing.width, fits * thing.height
    return replace(thing, width=width, height=height, pitch=foot + height / 2, away=None)


def _with_far_things(
    things: list[PlacedObject], own: Sequence[int], *, is_tall: bool
) -> list[PlacedObject]:
    """Return a plan with some things far away, behind the houses of the first view.

    Those called tall are taller than these.
    """
    far = [_far_off(things[place]) for place in own]
    others = [one for place, one in enumerate(things) if place not in own]
    houses = [
        place for place, one in enumerate(others)
        if one.kind in BUILDINGS and abs(yaw_difference(one.yaw, 0.0)) < _SEEN
    ]  # fmt: skip
    if is_tall:
        tops = [others[place].foot + others[place].height for place in houses]
        tall = min(max([*tops, 0.0]) + _GAP, TOP)
        far = [one.scaled(max((tall - one.foot) / one.height, 1.0)) for one in far]
    nearer = [at for at, one in enumerate(others) if one.kind in THINGS and one.foot < far[0].foot]
    first = min([*houses, *nearer], default=len(others))
    return [*others[:first], *far, *others[first:]]


def _turned(things: list[PlacedObject], one: Named, yaw: float) -> list[PlacedObject]:
    """Return a plan with as many of one kind in a direction as words say.

    If that is behind, no other one is ahead.
    """
    placed = _placed(things, one.kinds)
    if one.one_of_many:  # the one that was made large, among many trees
        meant = few_of(things, one)
        placed.sort(key=lambda place: place not in meant)
    is_behind, own = yaw == _YAWS["behind"], placed[: one.least]
    if not is_behind:
        across = sum(things[place].width + _GAP for place in own)
        fits = max(min(_SIDE / max(across, _SIDE), 1.0), _SMALLEST)
        things = [each.scaled(fits) if n in own else each for n, each in enumerate(things)]
        yaw = yaw and copysign(max(abs(yaw), fits * across / 2), yaw)
    moved = _beside_each_other(things, own, yaw)
    gone = {
        place for place in placed[one.least :]
        if is_behind and abs(yaw_difference(things[place].yaw, 0.0)) < 2 * _SEEN
    }  # fmt: skip
    return [moved.get(place, thing) for place, thing in enumerate(things) if place not in gone]


def _afloat(one: Named, water: str) -> Named:
    """Return a thing that words name; what swims, and stands nowhere else, is on some water.

    Water itself is on none: "a pond with two swimming ducks".
    """
    if one.relation == IN_WATER and not _OPEN_WATER.isdisjoint(one.kinds):
        return one._replace(relation=None)
    there = one.relation
    on_water = there is not None and not {*there.kinds}.isdisjoint((water, *_OPEN_WATER))
    is_fish = one.kinds[0] in SWIMMING
    if on_water and where_of(one.kinds[0]) == "sky" and not is_fish:
        return one._replace(relation=None)  # gulls fly over it
    swims = where_of(one.kinds[0]) == "water" and water != _POOL
    is_beside = there is not None and there.where == "beside"
    if swims and on_water and is_beside and one.kinds[0] in ANIMALS:
        return one._replace(relation=Relation("on", (water,)))  # where swans are drawn
    if one.relation != IN_WATER and (one.relation or not (swims or is_fish)):
        return one
    return one._replace(relation=Relation("on", (water,)))


def at_houses(named: Sequence[Named]) -> list[Named]:
    """Return what words name with things at a door of a house, outdoors, related to the house.

    What is in a window of it is before it: houses have windows of their own.
    """
    houses = (one.kinds for one in named if not BUILDINGS.isdisjoint(one.kinds))
    house = next(houses, ())

    def at_house(one: Named) -> Named:
        if not house or one.relation is None:
            return one
        if one.relation.kinds == (_DOOR,):
            return one._replace(relation=one.relation._replace(kinds=house))
        is_at_window = one.relation.where == "under" and not WINDOWS.isdisjoint(one.relation.kinds)
        return one._replace(relation=Relation("front", house)) if is_at_window else one

    return list(map(at_house, named))


def mounted(named: Sequence[Named]) -> list[Named]:
    """Return named things, with as many horses as "knights on horses" ride, or as many knights.

    What is behind or in front of a rider is there as seen from what bears that one.
    """
    bearers = {
        one.kinds: one.relation.kinds for one in named
        if one.relation and one.relation.where == "on" and one.relation.kinds[0] in RIDDEN | _DRIVEN
    }  # fmt: skip
    named = [
        one._replace(relation=one.relation._replace(kinds=bearers[one.relation.kinds]))
        if one.relation and one.relation.where in _BEHIND_OR_BEFORE
        and one.relation.kinds in bearers
        else one
        for one in named
    ]  # fmt: skip
    riders: dict[tuple[str, ...], int] = {}
    for one in named:
        if one.relation and one.relation.where == "on" and one.relation.kinds[0] in RIDDEN:
            riders[one.relation.kinds] = riders.get(one.relation.kinds, 0) + one.least
    counted = {one.kinds: one.least for one in named if one.most and one.least > 1}
    named = [
        one._replace(least=counted[one.relation.kinds], most=counted[one.relation.kinds])
        if one.relation and one.relation.where == "on" and one.relation.kinds in counted
        and one.relation.kinds[0] in RIDDEN and one.most is None and one.least > 1
        else one
        for one in named
    ]  # fmt: skip
    return [
        one._replace(least=riders[one.kinds], most=riders[one.kinds])
        if one.kinds in riders and one.most is None and one.least > 1
        else one
        for one in named
    ]


def _depth(one: Named, named: Sequence[Named]) -> int:
    """Return the number of relations that lead on from a thing: those without one go first."""
    depth = 0
    while one.relation is not None and depth < len(named):
        depth += 1
        kinds = one.relation.kinds
        one = next((other for other in named if other.kinds == kinds), Named(kinds, None))
    return depth


def _moved(
    things: list[PlacedObject],
    ones: Sequence[Named],
    relation: Relation,
    *,
    follows: bool,
    each: bool = False,
    own: Sequence[int] = (),
) -> list[PlacedObject]:
    """Return a plan with as many things as words say in a relation to others.

    Args:
        things: from far to near.
        ones: that words relate to the same things in the same way.
        relation: of all of them.
        follows: whether the others stay where they are, if that is out of view.
        each: whether words name several others, at which things are one by one.
        own: places of the things, if they are but some of those.
    """
    own = own or [place for one in ones for place in _meant(things, one)]
    if HILLS in relation.kinds and relation.where == "on" and own:
        return _on_hill(things, own)
    others = [place for place in _placed(things, relation.kinds) if place not in own]
    # of many trees the one that words mean, which stays where it is
    meant = few_of(things, Named(relation.kinds, None))
    others.sort(key=lambda place: place not in meant)
    if relation.second:
        others = others[:1] + [
            place for place in _placed(things, relation.second) if place not in (*own, *others[:1])
        ]
    if not others or not own:
        return things
    if relation.where == "under" and where_of(things[others[0]].kind) in ("sky", "far"):
        return things  # as all is
    if relation.where == "beside" and things[others[0]].kind == SEA:
        return things  # as all on a coast is; beside all of a sea it would be out of view
    if relation.where == "between" and others[1:]:
        return _between(things, own, others[:2])
    if relation.where == "sides":
        things = _as_tall(things, own)
    if own[1:] and is_shared_out(relation, things[others[0]].kind, are_several=each):
        there = [
            place for place in others
            if relation.where == "on" or abs(yaw_difference(things[place].yaw, 0.0)) <= _SEEN
        ]  # fmt: skip
        if there[1:]:
            return _shared_out(_alike(things, own), own, there, relation.where)
    bearer = things[others[0]]
    if relation.where == "on" and bearer.kind == _BRIDGE:  # which is as long as a train
        wide = min(max(things[place].width for place in own) / _WIDEST, _LONGEST_BRIDGE)
        bearer = bearer.scaled(max(wide / bearer.width, 1.0))
        things = [bearer if place == others[0] else one for place, one in enumerate(things)]
    elif relation.where == "on" and any(
        _dwarfs(things[place], bearer) and not _juts(things[place], bearer) for place in own
    ):
        if bearer.foot >= 0.0:
            return things  # a dragon on coins in the air
        relation = relation._replace(where="beside")
    put = _put_by_rule(things, own, others[0], relation, follows=follows)
    return _larger_on(put, ones) if relation.where == "on" else put


def _larger_on(things: list[PlacedObject], ones: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan with things on others as large or small as words say."""
    scales = {place: one.scale for one in ones for place in _meant(things, one)}
    return [
        thing.scaled(scales[place]) if scales.get(place, 1.0) != 1.0 else thing
        for place, thing in enumerate(things)
    ]


def _put_by_rule(
    things: Sequence[PlacedObject], own: Sequence[int], other: int, relation: Relation,
    *, follows: bool,
) -> list[PlacedObject]:  # fmt: skip
    """Return a plan with some things in a relation to one other, by its rule, and all in view.

    Args:
        things: see `_moved`.
        own: places of those that are put somewhere.
        other: place of the other.
        relation: of them to it.
        follows: see `_moved`.
    """
    target, put = things[other], _RULES[relation.where]
    if relation.where in _BEHIND_OR_BEFORE:
        things = _alike(things, own)
    if relation.where in ALONGSIDE:
        things = [
            _in_proportion(thing, target) if place in own else thing
            for place, thing in enumerate(things)
        ]
    target = _with_space(target, [things[place] for place in own], relation.where)
    if relation.where == "on" and target.kind in LAKES:
        across = sum(things[place].width + _GAP for place in own)
        wide = min(max(target.width, _SHORE * across), _WIDEST_LAKE)
        target = replace(target, width=wide, height=max(target.height, LEAST_LAKE))

    def moved_to(target: PlacedObject, scale: float) -> dict[int, PlacedObject]:
        ranked = [(place, things[place].scaled(scale)) for place in own]
        new = {at: put(one, target, rank, len(own)) for rank, (at, one) in enumerate(ranked)}
        return _in_line(new) if target.kind in _IN_ROWS else new

    moved = moved_to(target, 1.0)
    is_sea = target.kind == SEA  # stays, with all things afloat
    fits = _fitting([target, *moved.values()])
    if relation.where in _UPWARD:
        fits = min(fits, _lower([target, *moved.values()]))
    if fits < 1.0 and not is_sea:
        target = target.scaled(fits)
        moved = moved_to(target, fits)
    if relation.where in _UPWARD:
        moved = {place: _below_top(new) for place, new in moved.items()}
    shift = 0.0 if is_sea or follows else _into_view([target, *moved.values()])
    target = target.turned(shift)
    moved = {place: new.turned(shift) for place, new in moved.items()}
    bears = relation.where == "on"
    nearer = [new for new in moved.values() if bears or new.foot <= target.foot]
    farther = [new for new in moved.values() if new not in nearer]
    return [
        new
        for place, thing in enumerate(things)
        for new in (
            [*farther, target, *nearer] if place == other else [thing] * (place not in moved)
        )
    ]


def _in_line(things: Mapping[int, PlacedObject]) -> dict[int, PlacedObject]:
    """Return things beside each other: at a fence a barn takes more room than a pig."""
    first = next(iter(things.values())).yaw
    yaws = [yaw_difference(one.yaw, first) for one in things.values()]
    across = sum(one.width + _GAP for one in things.values())
    yaw, result = first + sum(yaws) / len(yaws) - across / 2, {}
    for place, thing in things.items():
        result[place] = replace(thing, yaw=(yaw + (thing.width + _GAP) / 2) % 360.0)
        yaw += thing.width + _GAP
    return result


def _in_proportion(thing: PlacedObject, other: PlacedObject) -> PlacedObject:
    """Return a thing not far larger beside another one than in life: no melon as tall as a tent."""
    own, others = usual_looks().get(thing.kind), usual_looks().get(other.kind)
    if not own or not others or not own.tall or own.tall >= others.tall:
        return thing
    share = own.tall / others.tall
    most = _LARGER[share > _SMALL] * share * other.height / thing.height
    return thing.scaled(min(max(most, _LEAST / max(thing.width, thing.height)), 1.0))


def _row_before(thing: PlacedObject, others: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a row of things like one, as many as it takes to be in front of all others: fences."""
    yaws = [(yaw_difference(one.yaw, thing.yaw), one.width / 2) for one in (thing, *others)]
    left, right = min(yaw - half for yaw, half in yaws), max(yaw + half for yaw, half in yaws)
    count = max(ceil((right - left) / thing.width - _BARE), 1)
    middle = thing.yaw + (left + right) / 2
    return [
        replace(thing, yaw=(middle + (rank - (count - 1) / 2) * thing.width) % 360.0)
        for rank in range(count)
    ]


def _with_space(other: PlacedObject, own: Sequence[PlacedObject], where: str) -> PlacedObject:
    """Return another thing wide, or tall, enough to show a thing on, or under, it plainly."""
    if where == "on" and any(_juts(thing, other) for thing in own):
        return other.scaled(max(_SEAT / other.width, 1.0))
    if where == "on" and other.kind in MATS:
        wide, foot, tall = _WIDE_MAT
        mat = other.scaled(max(wide / other.width, 1.0))
        near = replace(mat, pitch=foot + tall / 2, height=tall)
        return near if mat.foot > foot else mat
    if where == "on" and other.kind in _BEARING:
        grown = len(own) * _PLAINLY / (_WIDEST * other.width)
        return replace(other, width=min(max(grown, 1.0), _MOST_GROWN) * other.width)
    usual = usual_looks().get(other.kind)
    if where == "on" and other.kind in _SLENDER:
        grown = len(own) * _PLAINLY / (_BOTH_SIDES * other.width)
        most = min(_MOST_GROWN, (TOP - _PLAINLY / 2 - other.foot) / other.height)
        return other.scaled(min(max(grown, 1.0), max(most, 1.0)))
    if where == "under" and usual is not None and usual.tall > _TALL:
        most = min(_MOST_GROWN, (TOP - other.foot) / other.height)
        return other.scaled(max(min(_SHADED / (_UNDER * other.height), most), 1.0))
    return other


def _as_tall(things: Sequence[PlacedObject], own: Sequence[int]) -> list[PlacedObject]:
    """Return a plan with some things made as tall as the tallest of them."""
    tallest = max(things[place].height for place in own)
    return [
        thing.scaled(tallest / thing.height) if place in own else thing
        for place, thing in enumerate(things)
    ]


def _alike(things: Sequence[PlacedObject], own: Sequence[int]) -> list[PlacedObject]:
    """Return a plan with some things of a kind as large, and as far away, as the middle one."""
    result = list(things)
    for place in own:
        kind = [at for at in own if things[at].kind == things[place].kind]
        middle = things[sorted(kind, key=lambda at: things[at].height)[len(kind) // 2]]
        result[place] = replace(
            things[place], pitch=middle.pitch, width=middle.width, height=middle.height,
            away=middle.away,
        )  # fmt: skip
    return result


def _meant(things: Sequence[PlacedObject], one: Named) -> list[int]:
    """Return the places of meant things: those nearest ahead; on both sides of one, the largest."""
    where = one.relation.where if one.relation else ""
    is_one = one.one_of_many and where in ("behind", "under")  # a tree behind a barn, no far speck
    return (
        few_of(things, one)
        if is_one or where == "sides"
        else _placed(things, one.kinds)[: one.least]
    )


def _on_hill(things: Sequence[PlacedObject], own: Sequence[int]) -> list[PlacedObject]:
    """Return a plan with some things side by side on a hill behind all others that stand."""
    ground = next((thing.color for thing in things if thing.kind == "far ground"), None)
    if ground is None:
        return list(things)
    on_top = _as_in_life([things[place] for place in own])
    tallest = max(thing.height for thing in on_top)
    gaps = _GAP * len(own)
    across = sum(thing.width for thing in on_top)
    fits = min((TOP - _HILL_TOP) / tallest, (2 * _SEEN - gaps) / across, 1.0)
    on_top = [thing.scaled(max(fits, _SMALLEST)) for thing in on_top]
    wide = sum(thing.width + _GAP for thing in on_top)
    middle = yaw_difference(on_top[0].yaw, 0.0)
    middle = min(max(middle, wide / 2 - _SEEN), _SEEN - wide / 2)
    moved, left = {}, middle - wide / 2
    for place, thing in zip(own, on_top, strict=True):
        pitch = _HILL_TOP - _SUNK + thing.height / 2
        yaw = (left + (thing.width + _GAP) / 2) % 360.0
        moved[place] = replace(thing, yaw=yaw, pitch=pitch, away=None)
        left += thing.width + _GAP
    tall = _HILL_TOP - _HILL_FOOT
    color = rgb(np.array(ground) * _HILL_SHADE)
    hill = PlacedObject(
        "far hill", middle % 360.0, _HILL_FOOT + tall / 2, max(_HILL * wide, _LEAST_HILL), tall,
        color, color, 0,
    )  # fmt: skip
    first = min(place for place, thing in enumerate(things) if where_of(thing.kind) in ON_FLOOR)
    others = [  # that were higher: what stands on the hill would be half-way up them
        replace(thing, pitch=(thing.foot + _LOWER) / 2, height=_LOWER - thing.foot, away=None)
        if thing.kind in _HILLS and thing.top > _LOWER else thing
        for thing in things
    ]  # fmt: skip
    result = [moved.get(place, thing) for place, thing in enumerate(others)]
    return [*result[:first], hill, *result[first:]]


def _fitting(things: Sequence[PlacedObject]) -> float:
    """Return the scale at which things beside each other show together in a view."""
    middle = things[0].yaw
    yaws = [(yaw_difference(thing.yaw, middle), thing.width / 2) for thing in things]
    across = max(yaw + half for yaw, half in yaws) - min(yaw - half for yaw, half in yaws)
    if across <= 2 * _SEEN:  # also of narrow things on one, which have no gaps between them
        return 1.0
    gaps = _GAP * (len(things) - 1)
    return max(min((2 * _SEEN - gaps) / (across - gaps), 1.0), _SMALLEST)


def _lower(things: Sequence[PlacedObject]) -> float:
    """Return the scale at which things above each other show together in a level view."""
    foot = min(thing.foot for thing in things)
    top = max(thing.top for thing in things)
    return max(min((TOP - foot) / (top - foot), 1.0), _SMALLEST)


def _below_top(thing: PlacedObject) -> PlacedObject:
    """Return a thing with its top in level views, if they can show its foot."""
    room = TOP - thing.foot
    return thing.scaled(min(room / thing.height, 1.0)) if room > _LEAST else thing


def _into_view(things: Sequence[PlacedObject]) -> float:
    """Return the turn that brings things together into the first view; 0.0: none does."""
    yaws = [(yaw_difference(thing.yaw, 0.0), thing.width / 2) for thing in things]
    left, right = min(yaw - half for yaw, half in yaws), max(yaw + half for yaw, half in yaws)
    if right - left > 2 * _SEEN + _SLACK:
        return 0.0
    return min(_SEEN - right, 0.0) + max(-_SEEN - left, 0.0)


def _between(
    things: Sequence[PlacedObject], own: Sequence[int], others: Sequence[int]
) -> list[PlacedObject]:
    """Return a plan with some things side by side, and another one on either side.

    The others are not much farther away, nor are the things far behind both of them.
    """
    if all(things[place].away is not None for place in others):
        return _between_on(things, own, others)
    foot = _AS_NEAR * max(things[place].foot for place in own)
    first, last = (_nearer(things[place], foot) for place in others)
    row = {others[0]: first, **{place: things[place] for place in own}, others[1]: last}
    if {where_of(one.kind) for one in (first, last)} <= ON_FLOOR:
        level = (first.foot + last.foot) / 2
        row |= {at: _with_foot(row[at], min(row[at].foot, level)) for at in own}
    gaps = _GAP * (len(row) - 1)
    across = sum(thing.width for thing in row.values())
    fits = max(min((2 * _SEEN - gaps) / across, 1.0), _SMALLEST)
    yaw, left = things[others[0]].yaw, -(fits * across + gaps) / 2
    for place, thing in row.items():
        thing = thing.scaled(fits)
        row[place] = replace(thing, yaw=(yaw + left + thing.width / 2) % 360.0)
        left += thing.width + _GAP
    shift = _into_view([*row.values()])
    row = {place: one.turned(shift) for place, one in row.items()}
    return [row.get(place, thing) for place, thing in enumerate(things)]


def _between_on(
    things: Sequence[PlacedObject], own: Sequence[int], others: Sequence[int]
) -> list[PlacedObject]:
    """Return a plan with things between two on a table, which stay: they are on it, too."""
    first, last = (things[place] for place in others)
    across = yaw_difference(last.yaw, first.yaw)
    room = abs(across) - (first.width + last.width) / 2
    fits = min(room / sum(things[place].width for place in own), 1.0)
    moved = [
        replace(
            things[place].scaled(max(fits, _SMALLEST)).standing_at(first.foot),
            yaw=(first.yaw + across * rank / (len(own) + 1)) % 360.0, away=first.away,
        )
        for rank, place in enumerate(own, 1)
    ]  # fmt: skip
    rest = [thing for place, thing in enumerate(things) if place not in own]
    nearest = max(rest.index(first), rest.index(last)) + 1
    return [*rest[:nearest], *moved, *rest[nearest:]]


def _clear_of_hung(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan in which a single thing on another hides none that hangs above that."""
    result = list(things)
    told = [one for one in named if one.relation and one.relation.kinds]
    hung = {one.relation: one for one in told if where_of(one.kinds[0]) == "wall"}
    for one in told:
        assert one.relation is not None
        above = hung.get(one.relation._replace(where="above"))
        bearers = _placed(result, one.relation.kinds)
        if above is None or one.relation.where != "on" or one.least > 1 or not bearers:
            continue
        bearer = result[bearers[0]]
        for place in few_of(result, one):
            thing = result[place]
            if any(thing.overlaps(result[at]) for at in few_of(result, above)):
                aside = (bearer.width - thing.width) / 2
                result[place] = replace(thing, yaw=(bearer.yaw + aside) % 360.0)
    return result


def _nearer(thing: PlacedObject, foot: float) -> PlacedObject:
    """Return a thing as near as a pitch of its foot says, if a view shows its top."""
    if not thing.foot > foot or thing.foot >= 0.0 or where_of(thing.kind) not in ON_FLOOR:
        return thing
    top = thing.foot + thing.height
    nearer = min(foot / thing.foot, TOP / top if top > 0.0 else inf, _WIDEST_BESIDE / thing.width)
    foot, height = max(nearer, 1.0) * thing.foot, max(nearer, 1.0) * thing.height
    width = max(nearer, 1.0) * thing.width
    return replace(thing, width=width, height=height, pitch=foot + height / 2, away=None)


def _placed(things: Sequence[PlacedObject], kinds: Sequence[str]) -> list[int]:
    """Return the places of standing things of some kinds, those ahead first."""
    own = [
        place for place in places_of(things, kinds)
        if things[place].width < AROUND and things[place].kind in {*THINGS, *DEEP}
    ]  # fmt: skip
    return sorted(own, key=lambda place: abs(yaw_difference(things[place].yaw, 0.0)))


def _with_foot(thing: PlacedObject, foot: float) -> PlacedObject:
    """Return a thing with its foot at a pitch, if it stands on the ground, at the same size."""
    if where_of(thing.kind) not in ON_FLOOR:
        return thing
    pitch = min(foot + thing.height / 2, LEVEL - thing.height / 4)
    return replace(thing, pitch=pitch, away=None)


def _on(thing: PlacedObject, other: PlacedObject, rank: int, count: int) -> PlacedObject:
    """Return a thing on another one, which bears `count` of them side by side.

    On water it floats where the water is widest.
    """
    if (
        other.kind in DEEP
        and where_of(thing.kind) == "floor"
        and thing.kind not in ANIMALS | PEOPLE
    ):
        shore = other.top + _GAP / 2  # a house on a lake is beside it, a rock is in the sea
        if other.kind == SEA:
            shore = other.pitch + other.height / 4
            thing = thing.scaled(max(_PLAIN_AT_SEA / thing.width, 1.0))
        return replace(_with_foot(thing, shore), yaw=_spread(thing, other, rank, count, 0.0))
    if thing.kind in SWIMMING and other.kind in DEEP | LAKES:  # only its back is out of it
        thing = thing.scaled(min(_WIDEST_FISH / thing.width, 1.0))
        yaw = _spread(thing, other, rank, count, 0.0)
        return replace(thing, yaw=yaw, pitch=other.pitch, away=None)
    if other.kind in MATS:
        thing = thing.scaled(min(_MAT * other.width / count / thing.width, 1.0))
        shown = min(-_WHOLE_VIEW, other.pitch + (0.5 - _ON_MAT) * other.height)
        level = _with_foot(thing, max(other.pitch - _ON_MAT * other.height, shown))
        return replace(level, yaw=_spread(level, other, rank, count, 0.0))
    if other.kind in DEEP:
        if other.kind == SEA and count > 1:
            room = (2 * _SEEN - count * _GAP) / count  # for each in the first view
            thing = thing.scaled(min(max(room, _LEAST) / thing.width, 1.0))
        beyond = (other.width - count * (thing.width + _GAP)) / 2
        reach = beyond if beyond > 0.0 and other.kind == SEA else 0.0  # towards the first view
        away = yaw_difference(0.0, other.yaw)
        aside = min(max(away, -reach), reach)
        afloat = (_spread(thing, other, rank, count, 0.0) + aside) % 360.0
        return replace(thing.standing_at(other.pitch), yaw=afloat)
    stance, low = STANCES.get(thing.kind), other.foot
    away = other.away or EYE / tan(radians(max(-low, 1.0)))
    tall = degrees(atan((stance.tall or 0.0) / away)) if stance else 0.0
    own, bearing = usual_looks().get(thing.kind), usual_looks().get(other.kind)
    is_house = bearing is not None and bearing.tall > _TALL
    if own and bearing and not tall:
        is_ridden = other.kind in RIDDEN & ANIMALS or other.kind in _DRIVEN
        in_life = (
            is_ridden
            or is_house
            or (thing.kind in PEOPLE and other.kind == _BENCH)
            or other.kind in _ROOFED
        )
        tall = other.height * own.tall / bearing.tall if in_life else 0.0
    longer, least = max(tall, tall * thing.width / thing.height), _LEAST
    if is_house and thing.kind in _FLYING:
        least = _PLAINLY
    tall *= max(least / longer, 1.0) if longer else 0.0
    is_slim = (is_house or other.kind in _SLENDER) and other.height > _SLIM * other.width
    widest = _WIDEST if not is_slim else _JUTTING if count == 1 else _BOTH_SIDES
    if _juts(thing, other):
        tall, widest = inf, _JUTS
    if other.kind == "bird cage":
        tall = min(thing.height, _IN_CAGE * other.height)
    if thing.kind in ANIMALS and where_of(thing.kind) == "sky":
        is_slim |= other.kind in _SLENDER
        widest = _WINGS if count == 1 else _BOTH_SIDES if is_slim else _IN_A_ROW
    most = min(widest * other.width / count, _PERCHED if thing.kind == "bird" else inf)
    tall = min(tall or thing.height, most * thing.height / thing.width)
    wide = tall * thing.width / thing.height
    seat = low + SEATS.get(other.kind, 1.0) * other.height
    apart, side_by_side = other.width / count, 1.05 * wide
    apart = side_by_side if is_slim else apart
    aside = _POST * other.width if other.kind == "gate" and count == 1 else 0.0
    aside += (rank - (count - 1) / 2) * apart
    if other.kind == _BRIDGE:
        seat -= _ARCHED * other.height * (2 * aside / other.width) ** 2
    yaw = other.yaw + aside
    return replace(
        thing, yaw=yaw % 360.0, pitch=seat + tall / 2, width=wide, height=tall, away=away - 0.01
    )


def _as_in_life(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return things equally far away, none of them too large beside the largest in life."""
    tall = {one.kind: look.tall for one in things if (look := usual_looks().get(one.kind))}
    if not tall:
        return list(things)
    largest = max(things, key=lambda one: tall.get(one.kind, 0.0))
    metre = largest.height / tall[largest.kind]
    return [
        thing.scaled(
            min(max(metre * tall[thing.kind], _LEAST / 2) / thing.height, 1.0)
            if thing.kind in tall else 1.0
        )
        for thing in things
    ]  # fmt: skip


def heaped(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan in which what words put into a bowl or basket is heaped up in it."""
    result = list(things)
    for one in named:
        into = one.relation.kinds if one.relation and one.relation.where == "on" else ()
        vessels = places_of(result, _VESSELS.intersection(into))
        if not vessels or one.kinds[0] not in TABLEWARE:
            continue
        vessel = result[min(vessels, key=lambda place: abs(yaw_difference(result[place].yaw, 0.0)))]
        own = few_of(result, one)
        heap = [_heaped(result[place], vessel, *divmod(rank, _HEAPED), len(own))
                for rank, place in enumerate(own)]  # fmt: skip
        rest = [thing for place, thing in enumerate(result) if place not in own]
        at = rest.index(vessel)  # whose rim is before them
        result = [*rest[:at], *heap[::-1], *rest[at:]]
    return result


def _heaped(
    thing: PlacedObject, vessel: PlacedObject, level: int, rank: int, count: int
) -> PlacedObject:
    """Return one of so many things in a vessel, in a row that lies on the rows below it."""
    thing = thing.scaled(min(vessel.width / _HEAPED / thing.width, 1.0))
    aside = rank - (min(_HEAPED, count - level * _HEAPED) - 1) / 2
    yaw = (vessel.yaw + _CLOSE_BY * aside * thing.width) % 360.0
    foot = vessel.foot + _RIM * vessel.height + _CLOSE_BY * level * thing.height
    return replace(replace(thing, yaw=yaw).standing_at(foot), away=vessel.away)


def _beside(side: int) -> "Callable[[PlacedObject, PlacedObject, int, int], PlacedObject]":
    def put(thing: PlacedObject, other: PlacedObject, rank: int, count: int) -> PlacedObject:  # noqa: ARG001
        """Return a thing on one side of another one, or the next one there."""
        apart = (thing.width + other.width) / 2 + _GAP + rank * (thing.width + _GAP)
        return replace(thing, yaw=(other.yaw + side * apart) % 360.0)

    return put


def _near(thing: PlacedObject, other: PlacedObject, rank: int, count: int) -> PlacedObject:
    """Return a thing on the side of another one that is nearer to the middle of the first view."""
    side = -1 if yaw_difference(other.yaw, 0.0) > 0 else 1
    beside = _beside(side if rank % 2 == 0 else -side)(thing, other, rank // 2, count)
    return (
        _with_foot(beside, other.foot - _DEEPER / 2) if where_of(other.kind) in ON_FLOOR else beside
    )


def _behind(thing: PlacedObject, other: PlacedObject, rank: int, count: int) -> PlacedObject:
    """Return a thing behind another one, far enough aside to be seen unless it is taller.

    What hovers, such as a ghost, is so low that the other one hides its end.
    """
    hovers = where_of(thing.kind) == "sky" and thing.kind not in DISCS
    if hovers and where_of(other.kind) in ON_FLOOR:
        low = min(thing.foot, other.pitch)
        return replace(thing.standing_at(low), yaw=_spread(thing, other, rank, count, 0.0))
    is_flat = other.kind in LAKES or other.kind == _POOL
    is_small = not is_flat and thing.height < other.height / 2
    deeper = other.top if is_flat else other.foot + _DEEPER
    foot = max(thing.foot, min(deeper, other.foot / _FARTHER) if is_small else deeper)
    if where_of(thing.kind) in ON_FLOOR and thing.foot < foot < 0.0:  # it is farther away
        thing = thing.scaled(max(foot / thing.foot, _SMALLEST_BEHIND if is_small else _SMALLEST))
    if other.foot < 0.0 and not is_flat:  # nothing floats above the horizon
        foot = max(thing.foot, min(foot, _HORIZON))
    away = _with_foot(thing, foot)
    top = away.top
    is_seen = top > other.top + away.height / 3
    shown = (other.width / 2 - _SHOWS * away.width) / (other.width + away.width)  # of a narrow one
    hidden = _PEEPING if away.width > _WIDER * other.width else max(_ASIDE, shown)
    aside = 0.0 if is_seen else hidden
    return replace(away, yaw=_spread(away, other, rank, count, aside))


def _before(thing: PlacedObject, other: PlacedObject, rank: int, count: int) -> PlacedObject:
    """Return a thing in front of another one, far enough aside to show both."""
    if other.kind in DISCS and where_of(thing.kind) in ON_FLOOR:  # it stays on the ground
        return replace(thing, yaw=_spread(thing, other, rank, count, _BEFORE))
    own, others = usual_looks().get(thing.kind), usual_looks().get(other.kind)
    is_low = own is None or own.tall < _LOW
    if other.foot > 0.0 and is_low and where_of(thing.kind) not in _ABOVE:  # on a hill, up there
        fits = min(_ON_HILL * other.height / thing.height, 1.0)
        far = replace(thing, width=fits * thing.width, height=fits * thing.height, away=None)
        return replace(
            _with_foot(far, other.foot - _DEEPER / 5), yaw=_spread(far, other, rank, count, 0.0)
        )
    if own and others and own.tall < others.tall:  # a bus does not hide a tower
        low = _NO_TALLER * other.top - thing.foot
        thing = thing.scaled(min(low / thing.height, 1.0)) if low > _LEAST else thing
    near = _with_foot(thing, min(thing.foot, other.foot - _DEEPER))
    covers = near.width * near.height > other.width * other.height / 3
    return replace(near, yaw=_spread(near, other, rank, count, _BEFORE if covers else 0.0))


def _above(thing: PlacedObject, other: PlacedObject, rank: int, count: int) -> PlacedObject:
    """Return a thing that hangs or flies above another one."""
    top = other.top
    if thing.kind in DISCS:
        high = min(max(thing.pitch, top + _GAP + thing.height / 2), TOP - thing.height / 2)
        aside = 0.0 if high - thing.height / 2 >= top else _CLEAR
        return replace(thing, pitch=high, yaw=_spread(thing, other, rank, count, aside))
    if thing.kind in _FLYING or where_of(thing.kind) == "water":
        thing = _aloft(thing)
    elif where_of(thing.kind) not in _ABOVE:
        is_furniture = where_of(thing.kind) == "floor" and thing.kind not in ANIMALS | PEOPLE
        is_behind = is_furniture and other.kind in _HOLDING.union(_BOARDS)  # shelves above a bed
        return (_behind if is_behind else _on)(thing, other, rank, count)
    flies = thing.kind in _FLYING or where_of(thing.kind) in ("sky", "water")
    highest = TOP - thing.height / 2 if flies else inf
    lifted = min(max(thing.pitch, top + _GAP + thing.height / 2), highest)
    is_clear = lifted - thing.height / 2 >= top  # a dragon is beside things as tall as a view
    yaw = _spread(thing, other, rank, count, 0.0 if is_clear else _CLEAR)
    return replace(thing, pitch=lifted, yaw=yaw)


def _under(thing: PlacedObject, other: PlacedObject, rank: int, count: int) -> PlacedObject:
    """Return a thing before the foot of another one, small enough to be under it.

    A hanging thing is raised to make room.
    """
    if where_of(other.kind) in _ABOVE:
        return replace(thing, yaw=_spread(thing, other, rank, count, 0.0))
    usual = usual_looks().get(other.kind)
    widest = _JUTTING if usual is not None and usual.tall > _TALL else _WIDEST  # a car, of a tree
    fits = min(_UNDER * other.height / thing.height, 1.0)
    if other.kind not in _SLENDER:  # under a street lamp a bus is as wide as it is
        fits = min(fits, widest * other.width / thing.width / count)
    low = replace(thing, width=fits * thing.width, height=fits * thing.height)
    low = _with_foot(low, other.foot - _DEEPER / 5)
    return replace(low, yaw=(other.yaw + (rank - (count - 1) / 2) * (low.width + _GAP)) % 360.0)


def _spread(thing: PlacedObject, other: PlacedObject, rank: int, count: int, aside: float) -> float:
    """Return the yaw of one of some things at another one, a share of both widths to the side."""
    yaw = other.yaw + (rank - (count - 1) / 2) * (thing.width + _GAP)
    side = -1 if yaw_difference(other.yaw, 0.0) > 0 else 1
    return (yaw + side * aside * (thing.width + other.width)) % 360.0


def _on_either_side(
    thing: PlacedObject, other: PlacedObject, rank: int, count: int
) -> PlacedObject:
    """Return a thing on the left or the right of another one, in turn."""
    level = _with_foot(thing, other.foot) if where_of(other.kind) in ON_FLOOR else thing
    return _beside(1 if rank % 2 else -1)(level, other, rank // 2, count)


def _around(thing: PlacedObject, other: PlacedObject, rank: int, count: int) -> PlacedObject:
    """Return a seat at a table: four are at its sides, others before it."""
    own, table = usual_looks().get(thing.kind), usual_looks().get(other.kind)
    if own and table and table.tall:
        thing = thing.scaled(other.height * own.tall / table.tall / thing.height)
    if rank < _AT_SIDES:
        return _on_either_side(thing, other, rank, count)
    near, apart = count - _AT_SIDES, other.width / max(count - _AT_SIDES, 1)
    yaw = other.yaw + (rank - _AT_SIDES - (near - 1) / 2) * apart
    return replace(_with_foot(thing, other.foot - _DEEPER), yaw=yaw % 360.0)


_RULES = {
    "on": _on, "sides": _on_either_side, "left": _beside(-1), "right": _beside(1),
    "behind": _behind, "front": _before, "beside": _near, "between": _near, "above": _above,
    "under": _under, "around": _around,
}  # fmt: skip
