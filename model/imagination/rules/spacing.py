"""Rules by which things stand free of each other, and the ground around a picture is as full.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from math import atan, copysign, degrees, hypot, inf, radians, tan

import numpy as np

from mag_sandbox.controls.camera import WIDEST_FOV, yaw_difference
from mag_sandbox.model.imagination.geometry.bodies import TABLES, ground_distance, place_at
from mag_sandbox.model.imagination.objects import PlacedObject, is_outdoors
from mag_sandbox.model.imagination.rules.plans import AROUND, GOLDEN, LEVEL, PLASTIC, has_backdrop
from mag_sandbox.model.imagination.rules.relations import ALONGSIDE, ON_FLOOR
from mag_sandbox.model.imagination.rules.shores import is_in_water
from mag_sandbox.scenes.descriptions import BUILDINGS
from mag_sandbox.scenes.kinds import ANIMALS, CLOUD, PEOPLE, THINGS
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.relations import WITH
from mag_sandbox.scenes.stances import where_of

_HIDDEN = 0.3  # share of a creature that what is nearer may hide
_CLOSE = 1.0  # degrees between the outlines of two that the painter would join
CREATURES = ANIMALS | PEOPLE | {"ghost", "slime", "robot"}
_DOUBLED = 0.15  # share of a thing that one of its kind may cover
_ON_IT, _AS_NEAR = 0.5, 4.0  # degrees between the feet of things
_AT_TABLES = frozenset(("chair", "stool", "bench", "armchair"))
_TURNS = (0.0, *(side * turn for turn in range(4, 45, 4) for side in (1.0, -1.0)))  # degrees
_IN_A_ROW, _DEEP = 3, 0.36  # things of a kind; of a distance, by which some of them are farther
_SMALL, _TALL, _NEAR = 6.5, 3.0, 5.0  # degrees of height; metres; degrees of a foot, at least
_TOUCHING = 0.1  # share of one of them that what is nearer may hide
_FARTHEST = 0.5  # of its size: how small a thing that is added may be
_MOSTLY, _NEARER = 0.3, 0.5  # share of a thing; degrees of its foot from that of what hid it
_HIDE_NOTHING = ALONGSIDE | {"front", "ahead"}  # relations by which a creature is seen
_WHOLE = frozenset(("floor", "small", "sky"))  # where things are that are seen whole
_INSIDE, _FAR_INSIDE = 0.75, 0.5  # shares of half the widths of two houses, between their middles
_FIELD, _IN_VIEW = (0.85, 0.4), 60.0  # shares of the foot of a fence before it; degrees
_AS_MANY = 3.0  # times as many things of a kind around a picture as it shows, at least


def stands(thing: PlacedObject) -> bool:
    """Tell whether a thing stands on the floor, the ground or water, in some place."""
    return where_of(thing.kind) in ON_FLOOR and thing.width < AROUND


def overlap(thing: PlacedObject, other: PlacedObject, yaws: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the part of another box that a box covers: its width at each yaw, and its height."""
    apart = np.abs(yaw_difference(yaws, other.yaw))
    across = np.clip((thing.width + other.width) / 2 - apart, 0.0, min(thing.width, other.width))
    return across, _common(thing.height, other.height, abs(thing.pitch - other.pitch))


def covered(thing: PlacedObject, other: PlacedObject) -> float:
    """Return the share of a thing's box that another one's covers, or is behind."""
    if not thing.overlaps(other):  # most do not, and this is asked tens of thousands of times
        return 0.0
    across = _common(thing.width, other.width, abs(yaw_difference(thing.yaw, other.yaw)))
    down = _common(thing.height, other.height, abs(thing.pitch - other.pitch))
    return across * down / (thing.width * thing.height)


def most_covered(thing: PlacedObject, others: Iterable[PlacedObject]) -> float:
    """Return the largest share of a thing's box that one of the others covers; see `covered`."""
    return max((covered(thing, one) for one in others), default=0.0)


def _common(length: float, other: float, apart: float) -> float:
    """Return the length of the part that two lines have in common, by their middles' distance."""
    return max(min((length + other) / 2 - apart, length, other), 0.0)


def with_creatures_in_front(
    things: Sequence[PlacedObject], named: Sequence[Named]
) -> list[PlacedObject]:
    """Return a plan in which no named animal or person is behind what is drawn over it.

    A dog beside a sofa is not behind the piano there, unless words say so.
    """
    parts = [(part, one.kinds) for one in named for part in (one, *one.parts)]
    placed = {kind for part, kinds in parts for kind in kinds
              if part.relation and part.relation.where not in _HIDE_NOTHING}  # fmt: skip
    shown = kinds_named(named) & CREATURES - placed
    held = {kind for part, kinds in parts if part.relation and part.relation.where == WITH
            for kind in kinds}  # fmt: skip
    result = list(things)
    for thing in things:
        place = result.index(thing)
        over = [
            one for one in result[place + 1 :]
            if one.kind not in CREATURES | held and stands(one) and covered(thing, one) > _MOSTLY
        ]  # fmt: skip
        if thing.kind in shown and stands(thing) and over:
            foot = min(thing.foot, *(one.foot - _NEARER for one in over))
            last = max(place for place, one in enumerate(result) if one in over)
            result.insert(last + 1, thing.standing_at(foot))
            del result[place]
    return result


def with_room(things: Sequence[PlacedObject], kept: Collection[int]) -> list[PlacedObject]:
    """Return a plan in which animals and people touch no other and are not hidden.

    Two that touch are painted as one with six legs. They step aside, or are left out where there
    is no room. Other things that stand before another one of their kind, or in a room grow into
    another one, step aside if they can. Those in the places `kept` stay as they are.
    """
    if has_backdrop(things):
        return list(things)
    free = [things[place] for place in kept]
    result: list[PlacedObject] = []
    is_room = not is_outdoors(things)
    for place in reversed(range(len(things))):
        thing = things[place]
        is_creature = thing.kind in CREATURES
        is_merged = _is_doubled(thing, result) or (is_room and _grows_into(thing, result))
        if place not in kept and (is_creature or is_merged):
            nearer = [one for one in result if stands(one)]
            turned = (thing.turned(turn) for turn in _TURNS)
            aside = (one for one in turned if _is_free(one, free, nearer, things))
            farther = () if is_creature else things[:place]
            placed = next((one for one in aside if not _hides(one, farther)), None)
            if placed is None and is_creature:
                continue
            thing = placed or thing
            free.append(thing)
        result.append(thing)
    return result[::-1]


def with_houses_apart(things: Sequence[PlacedObject], kept: Collection[int]) -> list[PlacedObject]:
    """Return a plan in which no building stands in another one.

    Its roof would come out of the other's as one walks there. It steps aside, or, far inside, is
    left out where there is no room. Those in the places `kept` stay as they are.
    """
    houses = [
        place for place, one in enumerate(things)
        if one.kind in BUILDINGS and stands(one) and ground_distance(one.foot) < inf
    ]  # fmt: skip
    own = [place for place in kept if place in houses]
    taken, result = [things[place] for place in own], dict(enumerate(things))
    for place in reversed(houses):
        thing = things[place]
        if place in own:
            continue
        shown = [things[other] for other in kept if other < place]
        aside = (one for one in map(thing.turned, _TURNS) if not _is_within(one, taken, _INSIDE))
        free = next((one for one in aside if one == thing or not _hides(one, shown)), None)
        if free is None and _is_within(thing, taken, _FAR_INSIDE):
            del result[place]
            continue
        result[place] = free or thing
        taken.append(result[place])
    return list(result.values())


def _is_within(thing: PlacedObject, others: Iterable[PlacedObject], share: float) -> bool:
    """Tell whether a building is nearer to another one than a share of the room for both."""

    def place(one: PlacedObject) -> tuple[float, float, float]:
        away = one.away or ground_distance(one.foot)
        return *place_at(one.yaw, away), away * tan(radians(one.width / 2))

    x, z, half = place(thing)
    there = map(place, others)
    return any(hypot(x - a, z - b) < share * (half + other) for a, b, other in there)


def with_fields_behind(
    things: Sequence[PlacedObject], named: Sequence[Named]
) -> list[PlacedObject]:
    """Return a plan in which all in view of many things is behind what words put it behind.

    Of a field of sunflowers behind a fence none stands before that.
    """
    result = list(things)
    for one in named:
        if one.most is not None or one.relation is None or one.relation.where != "behind":
            continue
        fence = next((thing for thing in result if thing.kind in one.relation.kinds), None)
        if fence is None or not stands(fence):
            continue
        nearer = [
            thing for thing in result
            if thing.kind in one.kinds and thing.foot < fence.foot and thing.away is None
            and abs(yaw_difference(thing.yaw, 0.0)) < _IN_VIEW
        ]  # fmt: skip
        moved = [_behind(fence, thing, rank) for rank, thing in enumerate(nearer)]
        moved.sort(key=lambda thing: -thing.foot)
        result = [thing for thing in result if thing not in nearer]
        place = result.index(fence)
        result[place:place] = moved
    return result


def _behind(fence: PlacedObject, thing: PlacedObject, rank: int) -> PlacedObject:
    """Return one of many things behind a fence, as much smaller as it is farther away."""
    foot = fence.foot * (_FIELD[0] - (_FIELD[0] - _FIELD[1]) * (rank * GOLDEN % 1))
    yaw = fence.yaw + fence.width * (rank * PLASTIC % 1 - 0.5)
    farther = tan(radians(foot)) / tan(radians(thing.foot))
    return replace(thing.scaled(farther), yaw=yaw % 360.0).standing_at(foot)


def _is_doubled(thing: PlacedObject, nearer: Sequence[PlacedObject]) -> bool:
    return (
        _counts(thing)
        and stands(thing)
        and any(one.kind == thing.kind and covered(thing, one) > _DOUBLED for one in nearer)
    )


def _grows_into(thing: PlacedObject, nearer: Sequence[PlacedObject]) -> bool:
    """Tell whether a thing is half within one that stands about as near, as a stool in a wardrobe.

    What is on it has its foot above, and seats stand at tables.
    """
    return (
        thing.kind in THINGS
        and stands(thing)
        and any(
            -_ON_IT < thing.foot - one.foot < _AS_NEAR
            and stands(one)
            and not (thing.kind in TABLES and one.kind in _AT_TABLES)
            and covered(thing, one) > _DOUBLED
            for one in nearer
        )
    )


def _hides(thing: PlacedObject, farther: Sequence[PlacedObject]) -> bool:
    """Tell whether a thing that steps aside would stand before another one."""
    return any(
        one.kind in THINGS and stands(one) and covered(one, thing) > _DOUBLED for one in farther
    )


def _counts(thing: PlacedObject) -> bool:
    return thing.kind == "rock" or (thing.kind in THINGS and THINGS[thing.kind].are_few)


def _is_free(
    thing: PlacedObject,
    free: Sequence[PlacedObject],
    nearer: Sequence[PlacedObject],
    things: Sequence[PlacedObject],
) -> bool:
    return not (
        any(_touch(thing, one) for one in (*free, *filter(_counts, nearer)))
        or any(covered(thing, one) > _HIDDEN for one in nearer)
        or is_in_water(things, thing)
    )


def _touch(thing: PlacedObject, other: PlacedObject) -> bool:
    """Tell whether things that stand about as near meet."""
    across = abs(yaw_difference(thing.yaw, other.yaw)) - (thing.width + other.width) / 2
    down = abs(thing.pitch - other.pitch) - (thing.height + other.height) / 2
    return (stands(other) or other.kind in CREATURES) and across < _CLOSE and down < 0.0


def in_no_row(
    things: Sequence[PlacedObject], groups: Iterable[Collection[int]]
) -> list[PlacedObject]:
    """Return an outdoor plan with several of a kind at different distances.

    Some are farther, unless they would stand in water, or be hidden.

    Args:
        things: from far to near.
        groups: places of things of a kind.
    """
    result = list(things)
    for group in groups:
        row = [place for place in group if _may_be_farther(things[place])]
        feet = Counter(round(things[place].foot, 1) for place in row)
        row = [place for place in row if feet[round(things[place].foot, 1)] >= _IN_A_ROW]
        moved = []
        for rank, place in enumerate(row):
            thing = result[place]
            least = min(_SMALL / thing.height, 1.0)
            scale = max(1.0 - _DEEP * (rank * GOLDEN % 1), least)
            foot = degrees(atan(tan(radians(thing.foot)) * scale))
            farther = thing.scaled(scale).standing_at(foot)
            others = (one for one in things[place + 1 :] if one.width < AROUND and stands(one))
            is_seen = all(covered(farther, one) < _TOUCHING for one in others)
            moved.append(farther if is_seen and not is_in_water(result, farther) else thing)
        moved.sort(key=lambda one: -one.foot)
        for place, thing in zip(sorted(row), moved, strict=True):
            result[place] = thing
    return result


def _may_be_farther(thing: PlacedObject) -> bool:
    usual = usual_looks().get(thing.kind)
    is_low = usual is not None and usual.tall < _TALL
    return stands(thing) and where_of(thing.kind) != "water" and is_low and thing.foot < -_NEAR


def more_like(own: Sequence[PlacedObject], count: int, around: float = 360.0) -> list[PlacedObject]:
    """Return so many things like some, farther away, from far to near.

    They are spread all around, or over so many degrees behind the viewer.
    """
    added = []
    for index in range(count):
        like = own[index % len(own)]
        smaller = _FARTHEST + (1 - _FARTHEST) * (index * PLASTIC % 1)
        foot = smaller * like.foot  # it is as much farther away
        width, height = smaller * like.width, smaller * like.height
        turn = around * (index + 1) * GOLDEN
        yaw = like.yaw + turn if around == 360.0 else 180.0 - around / 2 + turn % around
        added.append(
            replace(like, yaw=yaw % 360.0, pitch=foot + height / 2, width=width, height=height)
        )
    return sorted(added, key=lambda thing: thing.height)


def as_full(shown: Sequence[PlacedObject], others: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return the things around an outdoor picture with as many flowers and trees as it shows.

    Its clouds go on all around as high as there: planned ones are often above level views.

    A plan holds few things, and those that a picture shows leave little room for others.
    """
    own = _clouds(shown)  # planned ones would be seen through these
    result = own + [one for one in others if not own or one.kind != CLOUD or one.foot > LEVEL]
    if not is_outdoors(shown):
        return result
    for kind, count in Counter(thing.kind for thing in shown).items():
        alike = [thing for thing in shown if thing.kind == kind]
        if kind not in THINGS or THINGS[kind].are_few or not all(map(stands, alike)):
            continue
        lacking = round(_AS_MANY * count) - sum(thing.kind == kind for thing in others)
        for thing in more_like(alike, max(lacking, 0), 360.0 - WIDEST_FOV):
            if not is_in_water([*shown, *others], thing):
                result.insert(place_of(thing, result), thing)
    return result


def beside_view(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return the things around an outdoor picture, none of which its edge would cut."""
    half = WIDEST_FOV / 2

    def aside(thing: PlacedObject) -> PlacedObject:
        away = yaw_difference(thing.yaw, 0.0)
        inside = half - abs(away) + thing.width / 2
        is_cut = 0.0 < inside < thing.width and where_of(thing.kind) in _WHOLE
        return thing.turned(copysign(inside, away)) if is_cut else thing

    return [aside(one) for one in things]


def _clouds(shown: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return the clouds of a picture three times more, once with left and right exchanged."""
    own = [thing for thing in shown if thing.kind == CLOUD]
    return [
        replace(one, yaw=(turn + side * yaw_difference(one.yaw, 0.0)) % 360.0)
        for turn, side in ((90.0, 1.0), (180.0, -1.0), (270.0, 1.0))
        for one in own
    ]


def place_of(thing: PlacedObject, things: Sequence[PlacedObject]) -> int:
    """Return where a thing belongs in a list: before all that stand nearer."""
    nearer = (stands(one) and one.foot < thing.foot for one in things)
    return next((place for place, is_nearer in enumerate(nearer) if is_nearer), len(things))
