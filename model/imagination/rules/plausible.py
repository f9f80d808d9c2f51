"""Rules by which nothing of a new plan is where it cannot be, or is there far too often.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from math import atan, cos, degrees, inf, radians, tan

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.geometry.bodies import TABLES, ground_distance, sides_of
from mag_sandbox.model.imagination.objects import NEAR_GROUND, PlacedObject, is_outdoors
from mag_sandbox.model.imagination.rules.plans import (
    AHEAD,
    AROUND,
    LEVEL,
    SHELL,
    TOP,
    away,
    has_backdrop,
    painted_whole,
    places_of,
)
from mag_sandbox.model.imagination.rules.relations import SEATS, TABLEWARE
from mag_sandbox.model.imagination.rules.shores import without_dry
from mag_sandbox.model.imagination.rules.spacing import covered, stands
from mag_sandbox.scenes.descriptions import WINDOWS
from mag_sandbox.scenes.kinds import ANIMALS, CLOUD, THINGS
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.rooms import DOORS
from mag_sandbox.scenes.stances import where_of

WALL = "wall"
_PEAKS, _NARROWEST_PEAK = frozenset(("mountains", "snowy peaks")), 30.0  # degrees; else cones
_CROWDS = {  # most in a plan, unless words name them or the place is known for them
    **dict.fromkeys(("castle", "church", "lighthouse", "princess", "rocket"), 1),
    **dict.fromkeys(("bridge", "camp fire", "telescope", "flag", "lantern", "traffic light"), 2),
    **dict.fromkeys(("mailbox", "anvil", "signpost", "alarm clock", "stool", "suitcase"), 2),
    **dict.fromkeys(("fountain", "statue", "well", "tent", "bicycle", "bird cage", "barrel"), 2),
    **dict.fromkeys(("windmill", "barn", "waterfall", "bus stop", "sandpit", "picnic blanket"), 2),
    **dict.fromkeys(("treasure chest", "cauldron", "harp", "drum", "rocking horse", "mirror"), 2),
    **dict.fromkeys(("bathroom mirror", "coffee table", "globe", "chandelier", "tool wall"), 2),
    **dict.fromkeys(("candle", "bread", "cake", "christmas tree", "satellite dish", "lake"), 2),
    **dict.fromkeys(("bench", "football goal", "seesaw", "slide", "round table", "ball"), 3),
    **dict.fromkeys(("torch", "ghost", "goat", "cow", "chicken", "market stall"), 3),
    **dict.fromkeys(("bird", "seagull"), 4),
    **dict.fromkeys(("armchair", "fox", "cat", "dog", "hedgehog", "mouse", "fruit crate"), 3),
}
_LEAST = {"wheat": 6.0}  # degrees of height: what is painted smaller is a smear
_SMALL = {  # degrees of the longer side, likewise
    "bee": 6.0, "bird": 10.0, "butterfly": 7.0, "mouse": 8.0, "frog": 9.0, "hedgehog": 10.0,
    "squirrel": 10.0, "owl": 10.0, "crab": 10.0, "lollipop": 16.0, "wild flower": 20.0,
}  # fmt: skip
_STAR, _CUT = "star", 0.03  # share of a star, or a picture, that something else may cover
_SHELVES = frozenset(("shop shelf", "bookshelf", "cabinet", "kitchen counter"))  # at any height
_TIMES = 1.7  # times the usual size that other things outdoors have at most
_LYING = frozenset(("lake", "frozen lake", "swimming pool"))  # which hide nothing that stands
_ON_FLOOR = -15.0, -17.0  # degrees of the foot of what stands on a room's floor: large, small
_FOOT = -19.0  # of what is put onto the floor
_ON_FRAME = 0.05  # share of what hangs that may be over a door
_BEFORE_DOOR = 1.6  # metres that are left free
_TO_CORNER = 43.0  # degrees from the middle of a wall
_DOOR_TURNS = tuple(side * turn for turn in range(4, 181, 4) for side in (1.0, -1.0))  # degrees
_BEFORE_WALL = 0.8  # below the foot of the wall behind it, likewise
_BELOW_CEILING = 0.1  # metres
_HIGHEST_HUNG, _BELOW_WALL_TOP = 15.0, 0.5  # degrees of the top of what hangs; below its wall's
_WINDOW, _TALLEST_WINDOW = (18.0, 24.0), 30.0  # degrees of width and height, at most; of large ones
_WIDEST_HUNG = 60.0  # degrees; wider things are patterns of a wall
_OVER = 0.2  # share of what hangs that may hang over something else
_BEHIND = 0.3  # share of what hangs from which on it is left out behind something that stands
_HUNG_TURNS = tuple(side * turn for turn in range(4, 77, 4) for side in (1.0, -1.0))  # degrees
_BUILT_IN = WINDOWS | {"curtains", "door", "blackboard"}  # which make no room for pictures
_HIGH = 0.6  # share of a table's height
_SLACK = 2.5  # degrees between what is on something and that
_OFF, _NARROWER = 0.8, 0.8  # degrees likewise, from which on they show; of a support's width
_ON_TABLES = TABLEWARE - {  # and on no floor; these may stand there
    "vase", "bunch of flowers", "candle", "bottle", "book", "basket", "globe",
}  # fmt: skip
_MESAS = "mesas"
_RELIEF = _PEAKS | {_MESAS}
_LOWEST_CLOUD = 8.0  # degrees
_NO_TOPS = frozenset(  # their tops are handles, leaves or backs
    ("suitcase", "potted plant", "bicycle", "book", "bread", "sofa", "armchair", "rocking horse")
)


def plausible(
    things: Sequence[PlacedObject], named: Sequence[Named], typical: Sequence[Named] = ()
) -> list[PlacedObject]:
    """Return a plan without a given picture in which each thing is where it can be.

    Args:
        things: from far to near.
        named: what words name; it stays.
        typical: by which the place is known.
    """
    said = kinds_named(named)
    least = {kind: one.least for one in typical for kind in one.kinds}
    kinds = {thing.kind for thing in things}
    result = [
        thing
        for thing in none_too_large(things, said)
        if thing.kind not in _PEAKS - said or thing.width >= _NARROWEST_PEAK
        if thing.height >= _LEAST.get(thing.kind, 0.0)
    ]
    result = with_whole_clouds(with_one_relief(result, said))
    result = painted_whole(with_whole_stars(result, named), named)
    result = without_dry(_without_crowds(result, said, least), said)
    if WALL in kinds:
        free = _with_doors_free(result, said)
        result = _before_walls(_on_something(_clear_of_doors(free, said), said))
        result = _without_hidden_pictures(result, said)
    return result


def none_too_large(
    things: Sequence[PlacedObject], said: Collection[str], shown: Sequence[PlacedObject] = ()
) -> list[PlacedObject]:
    """Return a plan without giant bees: what words do not name is not much larger than usual.

    Exhibits on stages are of any size.

    Args:
        things: from far to near.
        said: kinds that words name; they stay as they are.
        shown: what a given picture shows, likewise.
    """
    if has_backdrop(things):
        return list(things)
    is_outdoors = any(thing.kind == NEAR_GROUND for thing in things)
    return [
        thing if thing.kind in said or thing in shown
        else _not_too_large(thing, is_outdoors=is_outdoors)
        for thing in things
    ]  # fmt: skip


def _not_too_large(thing: PlacedObject, *, is_outdoors: bool) -> PlacedObject:
    usual = THINGS.get(thing.kind)
    if usual is not None and where_of(thing.kind) == WALL and thing.width > _WIDEST_HUNG:
        return replace(thing, width=usual.width, height=usual.height)
    longer = max(thing.width, thing.height)
    fits = min(_SMALL.get(thing.kind, longer) / longer, 1.0)
    if is_outdoors and usual is not None and usual.are_few and stands(thing):
        times = min(thing.width / usual.width, thing.height / usual.height)
        fits = min(fits, _TIMES / times)
    width, height = fits * thing.width, fits * thing.height
    pitch = thing.foot + height / 2 if stands(thing) else thing.pitch
    return replace(thing, width=width, height=height, pitch=pitch) if fits < 1.0 else thing


def _without_crowds(
    things: list[PlacedObject], said: Collection[str], least: Mapping[str, int]
) -> list[PlacedObject]:
    """Return a plan with those that stay spread around."""
    gone: set[int] = set()
    for kind, most in _CROWDS.items():
        most = max(most, least.get(kind, 0))
        own = sorted(places_of(things, (kind,)), key=lambda place: things[place].yaw % 360.0)
        if kind not in said and len(own) > most:
            gone |= {*own} - {own[rank * len(own) // most] for rank in range(most)}
    return [thing for place, thing in enumerate(things) if place not in gone]


def with_one_relief(things: Sequence[PlacedObject], said: Collection[str]) -> list[PlacedObject]:
    """Return a plan with one kind of mountains: that of words, else the usual one, but no mesas.

    Mesas between mountains are pale boxes.
    """
    own = [one for one in things if one.kind in _RELIEF]
    counts = Counter(one.kind for one in own)
    told = counts.keys() & said
    if len(counts) < 2 or len(told) > 1:
        return list(things)
    kind = max(sorted(told or counts.keys() - {_MESAS}), key=lambda one: counts[one])
    like = next(one for one in own if one.kind == kind)
    other = [one.kind in _RELIEF - {kind} for one in things]
    return [
        replace(one, kind=kind, color=like.color, mean_color=like.mean_color) if is_other else one
        for one, is_other in zip(things, other, strict=True)
    ]


def with_whole_clouds(things: list[PlacedObject]) -> list[PlacedObject]:
    """Return a plan in which level views cut off no clouds, whose flat feet would be boxes."""

    def whole(cloud: PlacedObject) -> PlacedObject:
        if not cloud.foot < LEVEL or cloud.top < TOP:
            return cloud
        lowered = cloud.standing_at(TOP - cloud.height)
        is_low = cloud.pitch < LEVEL and lowered.foot > _LOWEST_CLOUD
        return lowered if is_low else cloud.standing_at(LEVEL)

    return [whole(one) if one.kind == CLOUD else one for one in things]


def with_whole_stars(
    things: list[PlacedObject], named: Sequence[Named]
) -> list[PlacedObject]:  # fmt: skip
    """Return a plan without stars before or behind other things, which are painted as halves.

    Stars that words count stay.
    """
    if any(_STAR in one.kinds and one.most is not None for one in named):
        return things
    others = [one for one in things if one.kind != _STAR and one.width < AROUND]
    return [
        thing for thing in things
        if thing.kind != _STAR or not any(covered(thing, one) > _CUT for one in others)
    ]  # fmt: skip


def _clear_of_doors(things: list[PlacedObject], said: Collection[str]) -> list[PlacedObject]:
    """Return a room without things in the way to its doors, or hung over them; named ones stay."""
    doors = [one for one in things if one.kind in DOORS]
    free = {*said, *DOORS}
    return [
        thing for thing in things
        if thing.kind in free
        or not any(_bars(thing, door) or _hangs_over(thing, door) for door in doors)
    ]  # fmt: skip


def _hangs_over(thing: PlacedObject, door: PlacedObject) -> bool:
    return where_of(thing.kind) == "wall" and covered(thing, door) > _ON_FRAME


def _with_doors_free(things: list[PlacedObject], said: Collection[str]) -> list[PlacedObject]:
    """Return a room whose doors have moved along walls from behind named things, if there is room.

    Doors that words name stay where they are.
    """
    result = list(things)
    for place, door in enumerate(things):
        if door.kind not in DOORS or where_of(door.kind) != WALL or door.kind in said:
            continue
        others = [one for one in things if one.kind not in SHELL and one is not door]
        named = [one for one in others if one.kind in said]
        if not any(_bars(one, door) or covered(door, one) > _OVER for one in named):
            continue
        moved = [_along_wall(things, door, turn) for turn in _DOOR_TURNS]
        on_wall = [one for one in moved if one is not None and not _is_over(one, others)]
        clear = (one for one in on_wall if not any(_bars(other, one) for other in others))
        unnamed = (one for one in on_wall if not any(_bars(other, one) for other in named))
        result[place] = next(chain(clear, unnamed), door)
    return result


def _along_wall(
    things: Sequence[PlacedObject], door: PlacedObject, turn: float
) -> PlacedObject | None:
    """Return a door elsewhere on a room's walls, as large as it is there; None: in a corner."""
    yaw = door.yaw + turn
    aside = min(abs(yaw_difference(one.yaw, yaw)) for one in things if one.kind == WALL)
    nearer = tan(radians(wall_foot(things, yaw))) / tan(radians(wall_foot(things, door.yaw)))
    moved = door.turned(turn).scaled(nearer)
    moved = moved.standing_at(degrees(atan(nearer * tan(radians(door.foot)))))
    return moved if aside + moved.width / 2 < _TO_CORNER else None


def _bars(thing: PlacedObject, door: PlacedObject) -> bool:
    """Tell whether a walker cannot get to a door past a thing right before it."""
    if not stands(thing) or not thing.foot < door.foot < 0.0:
        return False
    between = ground_distance(door.foot) - ground_distance(thing.foot)
    aside = abs(yaw_difference(thing.yaw, door.yaw))
    return between < _BEFORE_DOOR and aside < (thing.width + door.width) / 2


def _on_something(things: list[PlacedObject], said: set[str]) -> list[PlacedObject]:
    """Return a room without things on bare walls, or mugs on the floor.

    Named ones are put there.
    """
    result = list(things)
    while True:  # what was on a thing that goes has nothing below it
        floating = [
            place for place, thing in enumerate(result)
            if (has_weight(thing) and not is_borne(thing, result))
            or (thing.kind in _ON_TABLES - said and not is_on(thing, result))
        ]  # fmt: skip
        if not floating:
            return [_set_down(thing, result) for thing in result]
        gone = {place for place in floating if result[place].kind not in said}
        result = [
            thing.standing_at(_FOOT) if place in floating else thing
            for place, thing in enumerate(result)
            if place not in gone
        ]


def _set_down(thing: PlacedObject, things: Sequence[PlacedObject]) -> PlacedObject:
    """Return a small thing right on what bears it, and no wider than that."""
    if where_of(thing.kind) != "small" or thing.foot <= _ON_FLOOR[True]:
        return thing
    levels = ((level, one) for one in things if one is not thing for level in _below(thing, one))
    level, one = min(
        levels, key=lambda each: abs(each[0] - thing.foot), default=(thing.foot, thing)
    )
    if one.width < thing.width:
        thing = thing.scaled(_NARROWER * one.width / thing.width)
    return thing if abs(level - thing.foot) < _OFF else thing.standing_at(level)


def _before_walls(things: list[PlacedObject]) -> list[PlacedObject]:
    """Return a room in which what stands on the floor does not stand on the wall above it."""
    result = list(things)
    for place, thing in enumerate(things):
        foot = highest_foot(things, thing.yaw)
        if stands(thing) and thing.foot > foot and not is_on(thing, things):
            result[place] = thing.standing_at(foot)
    return result


def below_ceiling(
    things: Sequence[PlacedObject], given: Collection[PlacedObject] = ()
) -> list[PlacedObject]:
    """Return a plan in which nothing that stands in a room reaches into its ceiling.

    Given things, which a picture shows, stay.
    """
    sides = sides_of(one for one in things if one.kind == WALL)
    above = min((side.tall for side in sides), default=inf) - EYE - _BELOW_CEILING

    def fitted(thing: PlacedObject) -> PlacedObject:
        away = min((side.at(thing.yaw) for side in sides), default=inf)
        away = min(away, ground_distance(thing.foot))
        fits = (degrees(atan(above / away)) - thing.foot) / thing.height if away < inf else 1.0
        return thing.scaled(fits) if 0.0 < fits < 1.0 else thing

    return [fitted(one) if stands(one) and one not in given else one for one in things]


def _without_hidden_pictures(
    things: list[PlacedObject], said: Collection[str]
) -> list[PlacedObject]:
    """Return a room in which no picture hangs behind furniture, or over others; named ones stay.

    The painter draws the rest of one in pieces, between the pipes of an organ.
    """
    free, result = {*said, *_BUILT_IN}, list(things)
    hung = [one for one in things if where_of(one.kind) == "wall" and one.width < _WIDEST_HUNG]
    for place, thing in enumerate(things):
        if thing.kind in free or where_of(thing.kind) != "wall":
            continue
        before = (one for one in things[place + 1 :] if stands(one))
        beside = (one for one in hung if one is not thing)
        if any(covered(thing, one) > _BEHIND for one in before) or any(
            covered(thing, one) > _CUT for one in beside
        ):
            result = [one for one in result if one is not thing]
            hung = [one for one in hung if one is not thing]
    return result


def wall_foot(things: Sequence[PlacedObject], yaw: float) -> float:
    """Return the pitch of the foot of a room's wall in a direction [degrees]."""
    wall = _wall_at(things, yaw)
    return _towards_corner(wall.foot, yaw_difference(yaw, wall.yaw))


def _wall_top(things: Sequence[PlacedObject], hung: PlacedObject) -> float:
    """Return the pitch of a wall's top at its lower end over what hangs there [degrees]."""
    if all(one.kind != WALL for one in things):  # a stage
        return inf
    wall = _wall_at(things, hung.yaw)
    aside = abs(yaw_difference(hung.yaw, wall.yaw)) + hung.width / 2
    return _towards_corner(wall.top, min(aside, _TO_CORNER))


def _wall_at(things: Sequence[PlacedObject], yaw: float) -> PlacedObject:
    walls = (one for one in things if one.kind == WALL)
    return min(walls, key=lambda one: abs(yaw_difference(one.yaw, yaw)))


def _towards_corner(pitch: float, aside: float) -> float:
    """Return the pitch of an edge of a wall so far from its middle [degrees]."""
    return degrees(atan(tan(radians(pitch)) * cos(radians(aside))))


def highest_foot(things: Sequence[PlacedObject], yaw: float) -> float:
    """Return the highest pitch of a foot before a room's wall [degrees]; inf: there is no wall."""
    is_room = any(one.kind == WALL for one in things)
    return wall_foot(things, yaw) - _BEFORE_WALL if is_room else inf


def has_weight(thing: PlacedObject) -> bool:
    """Tell whether a thing falls that nothing bears."""
    is_block = thing.kind == "crystal block"
    return thing.kind not in ANIMALS and (is_block or where_of(thing.kind) in ("floor", "small"))


def is_borne(thing: PlacedObject, things: Sequence[PlacedObject]) -> bool:
    """Tell whether a thing stands on a room's floor, or on something."""
    return thing.foot <= _ON_FLOOR[where_of(thing.kind) == "small"] or is_on(thing, things)


def is_on(thing: PlacedObject, things: Sequence[PlacedObject]) -> bool:
    """Tell whether a thing stands on another one."""
    return any(_below(thing, one) for one in things if one is not thing)


def bears(support: PlacedObject, thing: PlacedObject) -> bool:
    """Tell whether a small thing, or anything on a table, stands on another one."""
    may_be_borne = where_of(thing.kind) == "small" or support.kind in TABLES
    return may_be_borne and support.overlaps(thing) and is_on(thing, (support,))


def _below(thing: PlacedObject, support: PlacedObject) -> list[float]:
    """Return the pitches of tops or boards of another thing on which a thing may stand."""
    if not stands(support) or abs(yaw_difference(support.yaw, thing.yaw)) >= support.width / 2:
        return []
    levels = [support.foot + share * support.height for share in _levels(support)]
    if found := [level for level in levels if abs(thing.foot - level) < _SLACK]:
        return found
    # what is drawn on a mantelpiece or a cabinet reaches up to the top
    has_board = max(TABLES.get(support.kind, (0.0,))) > _HIGH
    return [max(levels)] if levels and has_board and abs(thing.foot - support.top) < _SLACK else []


def _levels(thing: PlacedObject) -> tuple[float, ...]:
    """Return at which shares of its height a thing bears others."""
    shelves = tuple(np.linspace(0.0, 1.0, 6)) if thing.kind in _SHELVES else ()
    boards = () if thing.kind in _NO_TOPS else TABLES.get(thing.kind, (1.0,))
    seats = (SEATS[thing.kind],) if thing.kind in SEATS else ()
    return (*boards, *shelves, *seats)


def hung(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan whose named hanging things are clear of the ceiling and of each other.

    Outdoors nothing hangs but doors.
    """
    if is_outdoors(things):
        hanging = "wall", "ceiling"
        return [one for one in things if one.kind in DOORS or where_of(one.kind) not in hanging]
    said = {kind: one.scale for one in named for kind in one.kinds}
    hang = [
        place for place, thing in enumerate(things)
        if thing.kind in said and where_of(thing.kind) == "wall" and thing.width < _WIDEST_HUNG
    ]  # fmt: skip
    result = list(things)
    for place in hang:
        thing = things[place]
        if thing.kind in WINDOWS:
            wide, tall = (max(said[thing.kind], 1.0) * most for most in _WINDOW)
            tall = min(tall, _TALLEST_WINDOW)
            thing = thing.scaled(min(wide / thing.width, tall / thing.height, 1.0))
        highest = min(_HIGHEST_HUNG, _wall_top(things, thing) - _BELOW_WALL_TOP)
        result[place] = replace(thing, pitch=min(thing.pitch, highest - thing.height / 2))
    order = sorted(hang, key=lambda one: (result[one].kind not in _BUILT_IN, -result[one].width))
    for rank, place in enumerate(order):  # small ones make room
        thing, others = result[place], [result[one] for one in order[:rank]]
        if thing.kind in _BUILT_IN or away(thing) >= AHEAD or not _is_over(thing, others):
            continue
        turned = (thing.turned(turn) for turn in _HUNG_TURNS)
        clear = (one for one in turned if away(one) < AHEAD and not _is_over(one, others))
        result[place] = next(clear, thing)
    return result


def _is_over(thing: PlacedObject, others: Sequence[PlacedObject]) -> bool:
    return any(covered(thing, one) > _OVER for one in others)


def lying_first(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return things with waters behind all that stands: what is in one is listed after it."""
    first = next((place for place, thing in enumerate(things) if stands(thing)), len(things))
    late = [thing for thing in things[first:] if thing.kind in _LYING and thing.width < AROUND]
    rest = [thing for thing in things[first:] if thing not in late]
    return [*things[:first], *late, *rest]
