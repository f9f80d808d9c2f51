"""Rules that make a plan show named things: as many as words say, where they say, in level views.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import combinations
from math import log2
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import NEAR_GROUND, PlacedObject, is_outdoors, rgb
from mag_sandbox.model.imagination.patterns import TURF
from mag_sandbox.model.imagination.rules.first_view import within_view
from mag_sandbox.model.imagination.rules.mats import with_mats_laid
from mag_sandbox.model.imagination.rules.people import (
    with_belongings,
    with_people_clear,
    with_small_animals,
    without_belongings,
)
from mag_sandbox.model.imagination.rules.plans import (
    AHEAD,
    AROUND,
    GOLDEN,
    LEVEL,
    PLASTIC,
    SHELL,
    TOP,
    away,
    few_of,
    has_backdrop,
    light_of,
    parts_of,
    places_of,
    shown_shares,
    turned,
)
from mag_sandbox.model.imagination.rules.plausible import hung, lying_first
from mag_sandbox.model.imagination.rules.relations import (
    IN_WATER,
    LAKES,
    LEAST_LAKE,
    ON_FLOOR,
    SWIMMING,
    at_houses,
    is_shared_out,
    mounted,
    related,
    with_tables,
)
from mag_sandbox.model.imagination.rules.roads import onto_roads
from mag_sandbox.model.imagination.rules.rows import borne_by
from mag_sandbox.model.imagination.rules.shores import (
    BRIDGE,
    RUNNING,
    afloat,
    ashore,
    aside_of,
    before_others,
    on_sand,
    spanning,
    with_long_lakes,
    without_stranded,
)
from mag_sandbox.model.imagination.rules.spacing import (
    covered,
    in_no_row,
    more_like,
    overlap,
    place_of,
    stands,
    with_fields_behind,
    with_houses_apart,
    with_room,
)
from mag_sandbox.scenes.conditions import SEA
from mag_sandbox.scenes.descriptions import BUILDINGS, WINDOWS
from mag_sandbox.scenes.kinds import (
    ANIMALS,
    CLOUD,
    EXHIBITS,
    FALLING,
    LIKEWISE,
    MATS,
    PEOPLE,
    STANDS,
    THINGS,
)
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.relations import Relation
from mag_sandbox.scenes.rooms import DOORS
from mag_sandbox.scenes.stances import where_of

_SHOWN = 18.0  # degrees of a named thing's height that a level view shows at least
_LEAST, _MOST_GROWN = 12.0, 2.5  # degrees of the longer side of few things, and their growth
_OF_MANY = frozenset(("rose bush",))  # which are named as what is on them
_LOWEST = 6.5  # degrees of the height of several, at least
_A_DOUBLING, _MOST = 4.0, 28.0  # degrees more for twice the size of a single thing, from 1 m on
_LOOKED_INTO = frozenset(("fish tank",))  # whose contents could not be seen at their real size
_USUALLY, _MOST_NEARER = 0.8, 2.0  # of the usual width, and by how much counted things grow
_TINY = 7.0  # degrees of the longer side of things called tiny, at least: they stay recognisable
_SPECK = 4.0  # degrees of the longer side of things too far away to be drawn larger there
_AT_TABLES = frozenset(("chair", "stool"))  # before which nothing of a table is lost
_LAID_TABLES = frozenset(("dining table", "table", "round table", "table with a cloth"))
_RUGS = frozenset(("round rug", "square rug"))
_RUGS_END, _RUGS_HIGH = -19.5, 18.0  # degrees: their far edge, before the wall; how high they look
_LARGEST = 62.0, 44.0  # degrees that a thing's width and height grow to
_EXHIBIT = 24.0, 27.0  # degrees that exhibits are tall and wide, at most
_FULL_EXHIBIT, _LEAST_EXHIBIT = 1.2, 0.55  # metres of what fills that; share of it, at least
_SEATS_SHOWN = frozenset(("stool", "chair"))  # stand beside what they are for
_STEP = 4.0  # degrees between the places that are tried
_COVERED = 0.08  # share of a named thing that others may cover
_BEHIND = 0.25  # share of it that may have something else right behind it: outlines would merge
_MERGED = 0.2  # of a named thing that another one covers or is behind
_BETWEEN, _GAP = 0.8, 1.5  # degrees between counted things of one kind at least, and at best
_HIDDEN = 0.3  # share of a thing that may be hidden
_TURNING = 0.004  # by which a place is worse for each degree from straight ahead
_BEYOND = 0.5  # by which it is worse for not being ahead
_SMALLER = 0.65, 0.5  # of the size, and outdoors of the height, of a thing without room ahead
_MISPLACED = 9.0  # for being on the wrong side
_HIDES = 2.0  # by which hiding a named thing is worse than being hidden
_LEFT_OUT = 0.3  # by which being hidden by a thing that can be left out is worse
_MOVABLE = THINGS.keys() - {"door", *STANDS}
_HOUSE_BEHIND = 20.0  # degrees that a house is wide, at most, between named things
_TURNS = 2  # of each, to move: another may have moved into its way
_ANYWHERE = -180.0, 180.0
_SIDES = {"left": (-40.0, -8.0), "right": (8.0, 40.0), "ahead": (-8.0, 8.0)}  # yaws
_CROWD, _CLOSE = 8, 24.0  # people, and degrees by which each one steps aside
_AT_WINDOWS = WINDOWS | {"curtains"}  # in front of which furniture shows as in front of a wall
_BETWEEN_STANDS = frozenset(("potted plant", "potted palm", "rope barrier"))
_DARKER = 0.8  # far hills than the ground
_LEADS, _BANK = 12.0, 0.5  # degrees: height of a way that leads ahead; between ways that cross
_WAYS, _WAY_PITCH = frozenset(("path", "road", "river", "canal", "railway track")), -19.0
_BASINS = LAKES | {"swimming pool"}
_RELIEF = {  # kinds: the one added if a plan has none of them, its width and height, and how many
    ("far hill",): ("far hill", 72.0, 17.0, 7),
    ("mountains", "snowy peaks"): ("mountains", 66.0, 22.0, 8),
}
_LAID = {  # things laid on the ground: pitch, width, height, variant, and colour by day
    "road": (-16.0, 89.0, 13.0, 5, (140, 140, 148)), "path": (-19.0, 89.0, 6.0, 1, (243, 217, 166)),
    "river": (-16.0, 89.0, 9.0, 1, (89, 166, 192)), "canal": (-14.0, 89.0, 9.0, 1, (89, 166, 192)),
    "railway track": (-9.0, 89.0, 3.0, 1, (140, 140, 140)),
    "lake": (-10.0, 66.0, 8.0, 2, (89, 166, 192)),
    "frozen lake": (-10.0, 66.0, 8.0, 2, (176, 208, 232)),
    "sea": (-5.3, 89.0, 11.0, 3, (64, 140, 192)),
}  # fmt: skip
_SEA_ASIDE = 24.0  # degrees; houses are seen beside it
_OPEN_WATERS = frozenset((  # on which boats are; coral is under it
    "sea", "lake", "frozen lake", "canal", "coral", "seaweed",
))  # fmt: skip
_LEVEL_WITH = frozenset(("front", "behind", "beside", "left", "right", "sides", "between"))
_WHOLLY = 0.6  # share of a thing that another one hides
_CLEARLY = 1.0  # degrees by which a foot is higher than another, of a thing farther away
_CLOSELY, _AS_LARGE = 8.0, 0.3  # degrees from its top to another's foot; of that one's size
_BEFORE, _NEAREST = 1.5, -15.0  # degrees: before the hiding thing; pitch of a foot in level views
_SCATTERED = [Relation(where) for where in ("ahead", "left", "right", "behind")]
_LOWER = 0.65  # of the height of a thing called tall: that of others of its kind
_NEAR, _PLAIN_AHEAD = 16.0, 30.0  # degrees: height of one of many, and how far from straight ahead
_OF_A_GROVE = 9.0  # degrees of the width of one of many trees at least, all of which fit no view
_TREE_LIKE = 11.0  # degrees; smaller trees are a line at the horizon
_IN_VIEW = 43.0  # degrees from ahead within which the first view shows a bird whole
_FLOCK, _ROW = 13.0, 1.5  # pitch of the lowest birds [degrees]; rows, by their height
_BIRD = 10.0  # degrees of the width of one in a flock, at most
_STARRY_SKY = "starry sky"
_STARS, _STAR, _STAR_PITCHES = 40, 2.4, (8.0, 26.5)  # how many, and degrees
_SMALL_STAR, _ALL_PITCHES = 2.4, (8.0, 50.0)  # where no stars are named
_DROPS = (214, 232, 248)
_STAR_COLOR = (243, 243, 217)


def obeyed(
    things: Sequence[PlacedObject], named: Sequence[Named], typical: Sequence[Named] = ()
) -> list[PlacedObject]:
    """Return a plan that shows all named things, and those the place is known by."""
    all_named = named
    result, named = without_belongings(things, named)
    named = [one._replace(relation=None) if one.kinds[0] in MATS else one for one in named]
    is_stage = has_backdrop(things)
    named = mounted(at_houses(named) if is_outdoors(result) else named)
    if all(thing.kind != SEA for thing in result):  # a coast has one: its boats need no lake
        for one in (one for one in typical if one.kinds == (SEA,)):
            result = _with_far(result, one)
    for one in named:
        result = _with_far(result, one)
        meant = few_of(result, one) if one.one_of_many else places_of(result, one.kinds)
        whole = one._replace(scale=1.0) if one.parts else one
        result = [
            _sized(thing, whole, grows=not is_stage) if place in meant else thing
            for place, thing in enumerate(result)
        ]
        result = _counted(_together(result, one) if not is_stage else result, one, named)
        if any(part.scale != 1.0 for part in one.parts):
            result = _parts_sized(result, one, grows=not is_stage)
        result = _one_near(result, one) if not is_stage else result
    result = _ways_apart(result)
    counting = _counting(result, named)
    scales = scales_of(result, named)
    result = spanning(within_view(result, counting, scales), counting)
    result, named = with_tables(result, named)
    result = with_small_animals(result, _counting(result, named))
    placed = _apart(related(lying_first(hung(result, named)), named), named)
    counting = _counting(placed, named)
    placed = aside_of(placed, counting, {kind for one in (*named, *typical) for kind in one.kinds})
    placed = without_stranded(afloat(placed, counting, on_sand(placed, named)), counting)
    placed = with_long_lakes(placed)
    placed = ashore(before_others(placed, _counting(placed, named)), named)
    placed = with_people_clear(placed, named, _counting(placed, named))
    placed = far_first(placed, named)  # some of which went afloat
    placed = hung(_above_others(placed, named), named)  # some of which made room for others
    cleared = _cleared(_round_lakes(placed, named), named, typical)
    bound = {kind for one in named if one.relation for kind in one.relation.kinds}
    free = [
        one for one in named
        if one.relation is None and not one.parts and not bound.intersection(one.kinds)
    ]  # fmt: skip
    for houses in (typical, *([one] for one in free)):
        cleared = _with_house_ahead(cleared, houses, _counting(cleared, named))
    cleared = _with_single_stars(cleared)
    if is_outdoors(cleared) and not is_stage:
        scattered = [one for one in named if one.relation in (None, *_SCATTERED)]
        cleared = in_no_row(cleared, [few_of(cleared, one) for one in scattered if not one.parts])
        cleared = onto_roads(cleared, named)
    if not is_stage:
        cleared = with_houses_apart(with_fields_behind(cleared, named), _counting(cleared, named))
    roomy = with_room(cleared, _counting(cleared, named))
    return with_mats_laid(with_belongings(roomy, all_named, things), all_named)


def _with_single_stars(things: list[PlacedObject]) -> list[PlacedObject]:
    """Return a plan of no room with single stars for a starry sky, which is painted as smears."""
    band = next((one for one in things if one.kind == _STARRY_SKY), None)
    if band is None or not (is_outdoors(things) or _is_game(things)):
        return things
    single = [] if any(one.kind == "star" for one in things) else _stars(_SMALL_STAR, _ALL_PITCHES)
    place = things.index(band)
    return [*things[:place], *single, *things[place + 1 :]]


def _is_game(things: Sequence[PlacedObject]) -> bool:
    return any(thing.kind == TURF for thing in things)


def _stars(size: float, pitches: tuple[float, float]) -> list[PlacedObject]:
    """Return stars all around [degrees]."""
    (low, high), color = pitches, _STAR_COLOR
    return [
        PlacedObject(
            "star", (index + index * GOLDEN % 0.8) * 360 / _STARS,
            low + (high - low) * (index * PLASTIC % 1), size, size, color, color, 0,
        )
        for index in range(_STARS)
    ]  # fmt: skip


def _apart(things: list[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan in which no named thing hides another, unless words say so.

    Related things move together. Those said to be left or right move last and
    stay on their side; the others are ahead.
    """
    if has_backdrop(things):
        return things
    result, groups = list(things), _groups(things, named)
    several = {kind for one in named if one.most and one.least > 1 for kind in one.kinds}
    many = {
        place for place, thing in enumerate(things)
        if thing.kind in THINGS and not THINGS[thing.kind].are_few and thing.kind not in several
    }  # fmt: skip
    groups.sort(key=lambda group: (many.issuperset(group.places), group.where != ""))
    crowds = {kind for one in named if _is_crowd(one) for kind in one.kinds}  # are all around
    far = {place for group in groups if group.where == "far" for place in group.places}
    is_room = any(thing.kind == "wall" for thing in things)
    widest = max(  # of a room, which its first view shows
        (group for group in groups if is_room and not group.where),
        key=lambda group: max(things[at].width * stands(things[at]) for at in group.places),
        default=None,
    )
    for group in groups * _TURNS:
        own = [result[place] for place in group.places]
        is_crowd = all(one.kind in crowds for one in own) and not group.where
        told = [result[at] for other in groups if other != group for at in other.places]
        hides = any(
            covered(other, one) > _MERGED for one in own for other in told
            if other.kind not in crowds and stands(other) and other.foot > one.foot
        )  # fmt: skip
        if group.where == "behind" or (is_crowd and not hides):
            continue
        if not all(map(_has_place, own)) and not _hang_before(own, told):
            continue
        counting = {place for other in groups for place in other.places}
        counting -= set() if many.issuperset(group.places) else many  # trees step aside themselves
        counting -= set() if far.issuperset(group.places) else far  # as far things do
        if not is_crowd:  # a crowd steps aside itself
            counting = {place for place in counting if things[place].kind not in crowds}
            counting.update(group.places)
        others = [result[place] for place in counting.difference(group.places)]
        counted = all(one.kind in several for one in own)
        merges = any(
            _merge(one, other) or (counted and _join(one, other))
            for one in own for other in others
            if _has_place(other) or other.kind in DOORS  # which no sink stands before
        )  # fmt: skip
        merges = merges or any(
            covered(result[place], result[other]) > _MERGED
            for place in group.places
            for other in counting.difference(group.places)
            if other > place and _is_aloft(result[other])
        )
        whole = _whole(own)
        merges = merges and not any(one.kind == BRIDGE for one in own)  # which its river holds
        is_free = group.where in ("", "far")
        if merges or (is_free and away(whole) + whole.width / 4 > AHEAD):
            stays = group == widest
            result = _moved_free(
                result, group, counting, _GAP if counted else 0.0, stays_ahead=stays
            )
    for one in named:
        result = _in_a_flock(_as_far_away(result, one), one)
    return far_first(result, named)


def _hang_before(things: Sequence[PlacedObject], told: Sequence[PlacedObject]) -> bool:
    """Tell whether things in the air, such as coins, hide one that stands: a flag on a castle."""
    return all(map(_is_aloft, things)) and any(
        covered(other, thing) > _MERGED for thing in things for other in told if stands(other)
    )


def _has_place(thing: PlacedObject) -> bool:
    """Tell whether a thing stands, or is a fish among others."""
    return stands(thing) or thing.kind in SWIMMING


def far_first(things: list[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return an outdoor plan with its named things sorted from far to near.

    Else a house would hang before a tent that is nearer. What bears another one, and what is on
    it, stay as they are; what a nearer one would hide is before that.
    """
    if not is_outdoors(things):
        return things
    stacked = {
        kind
        for one in named
        if one.relation and one.relation.kinds and one.relation.where not in _LEVEL_WITH
        for kind in (*one.kinds, *one.relation.kinds)
    }
    own = sorted(
        place for place in _counting(things, named)
        if stands(things[place]) and things[place].kind not in stacked
    )  # fmt: skip
    hangs = any(
        things[later].foot > things[place].foot and covered(things[place], things[later]) > 0
        for place, later in combinations(own, 2)
    )
    from_far = sorted(own, key=lambda place: -things[place].foot) if hangs else own
    behind, far = (
        {kind for one in named if one.relation and one.relation.where == where
         for kind in one.kinds}
        for where in ("behind", "far")
    )  # fmt: skip
    backed = {
        kind for one in named if one.relation and one.relation.where == "front"
        for kind in one.relation.kinds
    }  # fmt: skip
    seen = _none_hidden([things[at] for at in from_far], behind, far | backed)
    shown = dict(zip(own, seen, strict=True))
    listed = [shown.get(place, thing) for place, thing in enumerate(things)]
    stay = stacked.union(one.kind for one in shown.values())
    for one in shown.values():
        if one.kind not in behind:
            listed = _farther_first(listed, one, stay)
    return listed


def _farther_first(
    things: list[PlacedObject], one: PlacedObject, but: Collection[str]
) -> list[PlacedObject]:
    """Return things, with the farther ones that would hide one of them listed before it.

    Trees on the horizon would stand in the door of a house. Some kinds stay where they are.
    """
    place = next(place for place, other in enumerate(things) if other is one)
    farther = [
        other for other in things[place + 1 :]
        if stands(other) and other.kind not in but
        and other.foot > one.foot + _CLEARLY and covered(one, other) > 0
    ]  # fmt: skip
    moved = set(map(id, farther))
    nearer = [other for other in things[place + 1 :] if id(other) not in moved]
    return [*things[:place], *farther, one, *nearer]


def _none_hidden(
    things: Sequence[PlacedObject], behind: Collection[str], far: Collection[str]
) -> list[PlacedObject]:
    """Return things from far to near; one that a nearer one would hide comes in front, as large.

    Kinds that are to be `behind` others may be hidden, and those that stay `far` step aside.
    """
    row: list[PlacedObject] = []  # from near to far
    for thing in reversed(things):
        hiding = (
            other for other in row
            if thing.foot > other.foot > _NEAREST and covered(thing, other) > _WHOLLY
        )  # fmt: skip
        other = None if thing.kind in behind else next(hiding, None)
        if other is None:
            row.append(thing)
        elif thing.kind in far:
            away, apart = yaw_difference(thing.yaw, other.yaw), (thing.width + other.width) / 2
            row.append(thing.turned((apart if away >= 0.0 else -apart) - away))
        else:
            row.insert(0, thing.standing_at(other.foot - _BEFORE))
    return row[::-1]


def _as_far_away(things: list[PlacedObject], one: Named) -> list[PlacedObject]:
    """Return a plan whose counted things are as large and far as the middle one.

    If some of them would be painted as one, as a near car before three far ones. They share out the
    width that they take.
    """
    own = few_of(things, one)
    is_free = one.most and own[2:] and not one.parts and all(stands(things[at]) for at in own)
    if not is_free or not any(_join(things[at], things[to]) for at, to in combinations(own, 2)):
        return things
    own.sort(key=lambda place: yaw_difference(things[place].yaw, 0.0))
    usual = sorted((things[place] for place in own), key=lambda thing: thing.width)[len(own) // 2]
    first, last = (yaw_difference(things[own[end]].yaw, 0.0) for end in (0, -1))
    reach = max(last - first, (usual.width + _GAP) * (len(own) - 1)) / 2
    middle = min(max((first + last) / 2, reach - AHEAD), AHEAD - reach)
    yaws = np.linspace(middle - reach, middle + reach, len(own)).tolist()
    result = list(things)
    for place, yaw in zip(own, yaws, strict=True):
        result[place] = replace(
            things[place], yaw=yaw % 360.0, pitch=usual.pitch, width=usual.width,
            height=usual.height, away=usual.away,
        )  # fmt: skip
    return result


def _in_a_flock(things: list[PlacedObject], one: Named) -> list[PlacedObject]:
    """Return a plan with as many birds in sight as words say, in rows above each other."""
    own = [place for place in places_of(things, one.kinds) if things[place].kind in ANIMALS]
    own = [place for place in own if where_of(things[place].kind) == "sky"]
    is_free = one.most and own[2:] and not one.relation
    if not is_free or all(away(things[place]) <= AHEAD for place in own):
        return things
    own.sort(key=lambda place: yaw_difference(things[place].yaw, 0.0))
    rows = -(-len(own) * min(things[own[0]].width, _BIRD) // (2 * AHEAD)) + 1
    result = list(things)
    reach = min(AHEAD, _IN_VIEW - things[own[0]].width / 2)
    for rank, yaw in enumerate(np.linspace(-reach, reach, len(own)).tolist()):
        bird = things[own[rank]]
        bird = bird.scaled(min(_BIRD / bird.width, 1.0))
        pitch = min(_FLOCK + (rank % rows) * _ROW * bird.height, TOP - bird.height / 2)
        result[own[rank]] = replace(bird, yaw=yaw % 360.0, pitch=pitch)
    return result


def _moved_free(
    things: list[PlacedObject], group: "_Group", counting: Collection[int], gap: float,
    *, stays_ahead: bool,
) -> list[PlacedObject]:  # fmt: skip
    """Return a plan in which a group stands free: smaller and ahead, rather than at a side.

    Args:
        things: from far to near.
        group: of them, that is moved together.
        counting: places of all that words name.
        gap: degrees to things of its kind.
        stays_ahead: whether it does not go out of view, however many others are there.
    """
    places, within = group.places, _SIDES.get(group.where, _ANYWHERE)
    middle = _whole([things[place] for place in places]).yaw
    free, result = _free_yaw(things, places, counting, within, gap), list(things)
    others = [things[place] for place in counting if place not in places]
    for scale in () if group.where or abs(yaw_difference(free, 0.0)) <= AHEAD else _SMALLER:
        smaller = _smaller(things, places, scale)
        near = _free_yaw(smaller, places, counting, within, gap) if smaller else free
        moved = turned([smaller[place] for place in places], middle - near) if smaller else []
        merges = any(
            one.kind == other.kind and _merge(one, other) for one in moved for other in others
        )
        if abs(yaw_difference(near, 0.0)) <= AHEAD and not merges:
            free, result = near, smaller
            break
    else:
        most = stays_ahead or len(places) > max(len(others), 2)  # of what words name
        if most and abs(yaw_difference(free, 0.0)) > AHEAD:
            if abs(yaw_difference(middle, 0.0)) <= AHEAD:
                return result
            result = _smaller(things, places, _SMALLER[-1]) or result
            free = _free_yaw(result, places, counting, (-AHEAD, AHEAD), gap)
    turn = free - middle
    for place in places:
        result[place] = result[place].turned(turn)
    return result


def _one_near(things: list[PlacedObject], one: Named) -> list[PlacedObject]:
    """Return a plan in which one of many named things, such as trees, stands near enough ahead.

    Plans may have only a line of them at the horizon.
    """
    kind = one.kinds[0]
    if kind not in THINGS or THINGS[kind].are_few or one.relation or one.scale < 1.0 or one.parts:
        return things
    own = [
        place for place in places_of(things, one.kinds)
        if stands(things[place]) and things[place].foot < 0.0 and away(things[place]) < _PLAIN_AHEAD
    ]  # fmt: skip
    place = max(own, key=lambda at: things[at].height, default=None)
    least = min(_NEAR, THINGS[kind].height)
    if place is None or things[place].height >= least:
        return things
    nearer = least / things[place].height
    foot, others = nearer * things[place].foot, [*things[:place], *things[place + 1 :]]
    near = replace(
        things[place], width=nearer * things[place].width, height=least, pitch=foot + least / 2,
        away=None,
    )  # fmt: skip
    at = place_of(near, others)
    return [*others[:at], near, *others[at:]]


def _above_others(things: list[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return an outdoor plan in which a thing called tall is plainly taller than its like."""
    most: dict[str, float] = {}
    for one in named:
        if one.one_of_many and one.scale > 1.0 and one.most is None:
            tallest = max((things[place].height for place in few_of(things, one)), default=0.0)
            most |= dict.fromkeys(one.kinds, _LOWER * tallest)
    own = _counting(things, named)
    return [
        thing.scaled(min(most[thing.kind] / thing.height, 1.0))
        if thing.kind in most and place not in own
        else thing
        for place, thing in enumerate(things)
    ]


def _together(things: list[PlacedObject], one: Named) -> list[PlacedObject]:
    """Return a plan whose counted things fit into the first view side by side."""
    own = [
        place for place in few_of(things, one) if stands(things[place]) or _is_aloft(things[place])
    ]
    if not own or not one.most or one.least < 2 or one.relation or one.parts:
        return things
    room = 2 * AHEAD / one.least - _GAP  # for each
    kind = THINGS.get(one.kinds[0])
    room = room if kind is None or kind.are_few else max(room, _OF_A_GROVE)
    for place in own:
        wide, tall = things[place].width, things[place].height
        least = max(min(_LEAST, room) / max(wide, tall), _LOWEST / tall)
        if (fits := max(room / wide, least)) < 1.0:
            things = _smaller(things, [place], fits) or things
        elif tall < _LOWEST and THINGS[one.kinds[0]].are_few:  # the painter drops thin ones
            near = things[place].scaled(min(fits, _LOWEST / tall))
            things = [near if at == place else thing for at, thing in enumerate(things)]
    return things


def _smaller(
    things: list[PlacedObject], places: Collection[int], scale: float
) -> list[PlacedObject]:
    """Return a plan with some things farther away, or in rooms smaller; []: impossible."""
    own = [things[place] for place in places]
    is_open = is_outdoors(things)
    if is_open and any(one.foot >= 0.0 for one in own):
        return []
    middle, foot = _whole(own).yaw, min(one.foot for one in own)
    still = 0.0 if is_open else foot  # the pitch that stays
    return [
        replace(
            thing, yaw=(middle + scale * yaw_difference(thing.yaw, middle)) % 360.0,
            pitch=still + scale * (thing.pitch - still), width=scale * thing.width,
            height=scale * thing.height,
            away=thing.away / scale if is_open and thing.away else None,
        )
        if place in places
        else thing
        for place, thing in enumerate(things)
    ]  # fmt: skip


class _Group(NamedTuple):
    """Named things that are related to each other, or a single one."""

    places: tuple[int, ...]  # from far to near
    where: str  # the side on which words put one of them, "left"; "": none


def _groups(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[_Group]:
    parts = [{place} for place in _counting(things, named)]
    directions: dict[int, str] = {}
    parts_of_all = (part for one in named for part in parts_of(things, one))
    for one, own in parts_of_all:
        if one.relation is None or not own:
            continue
        if not one.relation.kinds:
            directions |= dict.fromkeys(own, one.relation.where)
            if one.most:  # in a row
                _join_parts(parts, {*own})
            continue
        others = places_of(things, one.relation.kinds)
        are_several = any(it.kinds == one.relation.kinds and it.least > 1 for it in named)
        is_each = is_shared_out(one.relation, one.relation.kinds[0], are_several=are_several)
        for some in [(place,) for place in own] if is_each else [tuple(own)]:
            joined, whole = {*some}, _whole([things[place] for place in some])
            if others:
                others.sort(key=lambda place: _apart_by(things[place], whole))
                is_between = one.relation.where == "between" and not one.relation.second
                joined.update(others[: 2 if is_between else 1])
            if seconds := places_of(things, one.relation.second):
                joined.add(min(seconds, key=lambda place: _apart_by(things[place], whole)))
            _join_parts(parts, joined)
    return [
        _Group(
            tuple(sorted(part)), next((directions[one] for one in part if one in directions), "")
        )
        for part in parts
    ]


def _join_parts(parts: list[set[int]], joined: set[int]) -> None:
    """Merge some things with all parts that contain any of them."""
    for part in [part for part in parts if not part.isdisjoint(joined)]:
        joined = joined | part
        parts.remove(part)
    parts.append(joined)


def _apart_by(thing: PlacedObject, other: PlacedObject) -> float:
    return abs(yaw_difference(thing.yaw, other.yaw))


def _whole(things: Sequence[PlacedObject]) -> PlacedObject:
    """Return the last of some things, in a box around them all."""
    middle = things[-1].yaw
    yaws = [(yaw_difference(thing.yaw, middle), thing.width / 2) for thing in things]
    pitches = [(thing.pitch, thing.height / 2) for thing in things]
    left, right = min(yaw - half for yaw, half in yaws), max(yaw + half for yaw, half in yaws)
    low, high = min(at - half for at, half in pitches), max(at + half for at, half in pitches)
    yaw, pitch = (middle + (left + right) / 2) % 360.0, (low + high) / 2
    return replace(things[-1], yaw=yaw, pitch=pitch, width=right - left, height=high - low)


def _join(thing: PlacedObject, other: PlacedObject) -> bool:
    """Tell whether two things of one kind would be painted as one: four taxis as a long one."""
    wider = replace(thing, width=thing.width + 2 * _BETWEEN)
    return thing.kind == other.kind and covered(wider, other) > 0.0


def _counting(things: Sequence[PlacedObject], named: Sequence[Named]) -> frozenset[int]:
    """Return the places of named things: of each kind as many as words say."""
    return frozenset(place for one in named for place in few_of(things, one))


def _is_aloft(thing: PlacedObject) -> bool:
    """Tell whether a thing hangs in the air, like the platforms of games."""
    return where_of(thing.kind) == "sky" and thing.kind not in ANIMALS


def _merge(thing: PlacedObject, other: PlacedObject) -> bool:
    """Tell whether things would be painted as one; chairs may stand before their table."""
    return (
        not _stand_together((thing,), other)
        and max(covered(thing, other), covered(other, thing)) > _MERGED
    )


def _stand_together(things: Sequence[PlacedObject], other: PlacedObject) -> bool:
    """Tell whether one of some things is a table and the other a chair, or the other way round."""
    kinds = {thing.kind for thing in things}
    return any(
        one & _AT_TABLES and another & _LAID_TABLES
        for one, another in ((kinds, {other.kind}), ({other.kind}, kinds))
    )


def _cleared(
    things: list[PlacedObject], named: Sequence[Named], typical: Sequence[Named]
) -> list[PlacedObject]:
    """Return things without those that hide named things or merge with them from behind.

    Of named things as many stay as words say; the only way on, and the only bed of a bedroom,
    move elsewhere.
    """
    counting = _counting(things, named)
    said = {kind: one.kinds for one in named for kind in one.kinds}
    others = {kind: one.relation.kinds for one in named if one.relation for kind in one.kinds}
    usual = {kind for one in typical for kind in one.kinds}  # bushes of a jungle
    is_open = is_outdoors(things)
    gone: set[int] = set()
    for place in counting:
        own = things[place]
        if own.kind in SHELL:  # whose colour words name
            continue
        for index, thing in enumerate(things):
            is_before_cloud = thing.kind == CLOUD and own.kind != CLOUD and not _is_far(own)
            may_hide = not _is_far(thing) or thing.kind in ANIMALS or is_before_cloud
            may_go = thing.kind in _MOVABLE and may_hide
            if index in counting or not may_go:
                continue
            if thing.kind in others.get(own.kind, ()) and _is_nearest(thing, things, own.yaw):
                continue  # the palm that a chest is under
            is_other = thing.kind not in said[own.kind] and stands(own) and stands(thing)
            if thing.kind in said and not is_other:
                continue
            is_window = thing.kind in _AT_WINDOWS and stands(own)
            if index < place and (is_window or where_of(thing.kind) == "flat"):
                continue
            most = _COVERED if index > place else _BEHIND
            is_odd = is_open and thing.kind not in usual  # tables are before sofas
            if covered(own, thing) > most or (is_odd and _stands_right_before(thing, own)):
                gone.add(index)
    result = list(things)
    for kinds in (DOORS, *(one.kinds for one in typical)):
        alike = [place for place, thing in enumerate(things) if thing.kind in kinds]
        if len(alike) == 1 and alike[0] in gone:
            gone.discard(alike[0])
            yaw = _free_yaw(things, alike, counting)
            result[alike[0]] = replace(things[alike[0]], yaw=yaw)
    return [thing for place, thing in enumerate(result) if place not in gone]


def _stands_right_before(thing: PlacedObject, own: PlacedObject) -> bool:
    """Tell whether a thing stands before another one, nearly as large: barrels before a train."""
    apart = _apart_by(thing, own)
    return (
        stands(thing) and stands(own) and where_of(thing.kind) in ON_FLOOR
        and thing.foot < own.foot - _CLEARLY and thing.top > own.foot - _CLOSELY
        and apart < (thing.width + own.width) / 2
        and max(thing.width, thing.height) > _AS_LARGE * max(own.width, own.height)
    )  # fmt: skip


def _with_house_ahead(
    things: list[PlacedObject], houses: Sequence[Named], counting: Collection[int]
) -> list[PlacedObject]:
    """Return a plan whose first view shows a house, if the place is known for houses.

    One is enough for a village if other named things take most of the view; a named castle counts.
    """
    kinds = [kind for one in houses if BUILDINGS.issuperset(one.kinds) for kind in one.kinds]
    own = [place for place in places_of(things, kinds) if stands(things[place])]
    if not own or any(away(things[place]) + things[place].width / 4 <= AHEAD for place in own):
        return things
    nearest = min(own, key=lambda place: away(things[place]))
    fits = min(_HOUSE_BEHIND / things[nearest].width, 1.0)
    result = _smaller(things, [nearest], fits) or list(things)
    ahead = -AHEAD + result[nearest].width / 4, AHEAD - result[nearest].width / 4
    yaw = _free_yaw(result, [nearest], counting, ahead)
    house = replace(result.pop(nearest), yaw=yaw)
    hills = [
        place for place, one in enumerate(result)
        if one.kind == "far hill" and covered(house, one) > 0.0
    ]  # fmt: skip
    house = house.standing_at(min([house.foot, *(result[hill].foot - _BEFORE for hill in hills)]))
    at = max([place_of(house, result), *(hill + 1 for hill in hills)])
    return [*result[:at], house, *result[at:]]


def _with_far(things: list[PlacedObject], one: Named) -> list[PlacedObject]:
    """Return an outdoor plan with the named hills, mountains, stars or weather.

    Games have stars.
    """
    if one.kinds[0] == _STARRY_SKY and _is_game(things):
        first = next((at for at, each in enumerate(things) if each.width < AROUND), len(things))
        return [*things[:first], *_stars(_STAR, _STAR_PITCHES), *things[first:]]
    ground = (thing.color for thing in things if thing.kind in (NEAR_GROUND, "far ground"))
    colors = [color for color in ground if color is not None]
    if len(colors) < 2:
        return things
    kinds = {thing.kind for thing in things}
    added: list[PlacedObject] = []
    if _STARRY_SKY in one.kinds and "star" not in kinds:
        added += _stars(_STAR, _STAR_PITCHES)
    for alike, (kind, width, height, count) in _RELIEF.items():
        if not kinds.isdisjoint(alike) or not set(one.kinds) & {*alike}:
            continue
        color = rgb(np.mean(colors, axis=0) * _DARKER)
        for index in range(count):
            tall = height * (0.8 + 0.4 * (index * GOLDEN % 1))
            yaw = index * 360 / count
            added.append(PlacedObject(kind, yaw, tall / 2 - 1, width, tall, color, color, 0))
    laid = set(one.kinds) & _LAID.keys()
    if where_of(one.kinds[0]) == "water":
        is_aloft = one.relation is not None and one.relation.where in ("sky", "above")
        laid = set() if is_aloft or kinds & _OPEN_WATERS else {"lake"}  # no boat is on dry land
    elif one.kinds[0] == BRIDGE:
        laid = kinds & RUNNING or {"river"}
    elif one.relation == IN_WATER:
        laid = set() if kinds & {*_OPEN_WATERS, "river", "swimming pool"} else {"lake"}
    things = [
        _ahead(thing)
        if thing.kind in laid and thing.width < AROUND and _is_nearest(thing, things)
        else thing
        for thing in things
    ]
    for kind in laid if kinds.isdisjoint(laid) else ():
        pitch, width, height, variant, by_day = _LAID[kind]
        color = rgb(np.array(by_day) * light_of(things))
        yaw = _side_for_sea(things) if kind == SEA else 0.0
        added.append(PlacedObject(kind, yaw, pitch, width, height, color, color, variant))
    falls = [kind for kind in one.kinds if kind in FALLING and kind not in kinds]
    falling = [PlacedObject(kind, 0.0, 0.0, 360.0, 108.0, _DROPS, _DROPS, 0) for kind in falls]
    first = next((place for place, thing in enumerate(things) if not _is_far(thing)), len(things))
    return [*things[:first], *added, *things[first:], *falling]


def _ways_apart(things: list[PlacedObject]) -> list[PlacedObject]:
    """Return a plan in which a path that would run into a river ahead runs on its near side."""
    across = [
        place for place, one in enumerate(things)
        if one.kind in _WAYS and one.height < _LEADS and away(one) < _PLAIN_AHEAD
    ]  # fmt: skip
    result, foot = list(things), 0.0
    for place in sorted(across, key=lambda place: -things[place].pitch):
        one = things[place]
        nearer = min(one.pitch, foot - _BANK - one.height / 2)
        result[place] = replace(one, pitch=nearer) if foot else one
        foot = result[place].foot
    return result


def _round_lakes(things: list[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan in which no path or road that words leave out runs through a named lake.

    It runs on the near side.
    """
    told = kinds_named(named)
    lakes = [things[at] for at in _counting(things, named) if things[at].kind in LAKES]

    def beside(way: PlacedObject) -> PlacedObject:
        feet = [lake.foot for lake in lakes if covered(lake, way) > 0.0]
        nearer = min(feet, default=0.0) - _BANK - way.height / 2
        return replace(way, pitch=min(way.pitch, nearer)) if feet else way

    return [beside(one) if one.kind in _WAYS - told - RUNNING else one for one in things]


def _side_for_sea(things: Sequence[PlacedObject]) -> float:
    """Return the yaw, left or right, of a sea in the first view that displaces fewest things."""
    wide = _LAID[SEA][1]

    def drowned(yaw: float) -> int:
        return sum(
            stands(thing) and abs(yaw_difference(thing.yaw, yaw)) < wide / 2 for thing in things
        )

    return min((-_SEA_ASIDE, _SEA_ASIDE), key=drowned)


def _is_nearest(thing: PlacedObject, things: Sequence[PlacedObject], yaw: float = 0.0) -> bool:
    """Tell whether no other thing of a kind is nearer to a direction."""
    alike = [abs(yaw_difference(one.yaw, yaw)) for one in things if one.kind == thing.kind]
    return abs(yaw_difference(thing.yaw, yaw)) <= min(alike)


def _ahead(thing: PlacedObject) -> PlacedObject:
    """Return a wide thing with its middle in the first view, and more than a line of it."""
    thing = _no_line(thing)
    return thing if away(thing) <= AHEAD else replace(thing, yaw=0.0)


def _no_line(thing: PlacedObject) -> PlacedObject:
    """Return a thing; a lake or a pool is made high enough to be seen, and no river is a wall."""
    if thing.kind in RUNNING and thing.top > 0.0:
        pitch, width, height, *_ = _LAID[thing.kind]
        return replace(thing, pitch=pitch, width=width, height=height)
    if thing.kind not in _BASINS or thing.height >= LEAST_LAKE:
        return thing
    return replace(thing, height=LEAST_LAKE, pitch=min(thing.pitch, -LEAST_LAKE))


def wooded(things: Sequence[PlacedObject], typical: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan with at least as many trees all around as the described place must have."""
    result = list(things)
    for one in typical:
        all_own = [thing for thing in result if thing.kind in one.kinds]
        own = [thing for thing in all_own if thing.height >= _TREE_LIKE] or all_own
        if not own or one.least == 1:
            continue
        added = more_like(own, one.least - len(own))
        first = next((at for at, thing in enumerate(result) if not _is_far(thing)), len(result))
        result = [*result[:first], *added, *result[first:]]
    return result


def _is_far(thing: PlacedObject) -> bool:
    return thing.width >= AROUND or where_of(thing.kind) in ("far", "sky")


def _parts_sized(things: Sequence[PlacedObject], one: Named, *, grows: bool) -> list[PlacedObject]:
    """Return a plan in which the parts of a name differ in size as words say."""
    result = list(things)
    for part, own in parts_of(things, one):
        for place in own:
            thing, usual = things[place], THINGS.get(things[place].kind)
            if usual is not None:  # else a small one may be the larger
                thing = replace(
                    thing, width=usual.width, height=usual.height,
                    pitch=thing.foot + usual.height / 2, away=None,
                )  # fmt: skip
            result[place] = _sized(thing, part, grows=grows)
    return result


def scales_of(things: Sequence[PlacedObject], named: Sequence[Named]) -> dict[int, float]:
    """Return how large words say that things are, by their places in a plan."""
    scales = {at: one.scale for one in named for at in few_of(things, one)}
    for one in named:
        for part, own in parts_of(things, one) if one.parts else ():
            scales |= dict.fromkeys(own, part.scale)
    return scales


def _sized(thing: PlacedObject, one: Named, *, grows: bool) -> PlacedObject:
    """Return a named thing as large as words say, and where a level view shows it.

    If it `grows`, it is not much smaller than such things usually are.
    """
    if thing.kind in _WAYS and thing.top < _WAY_PITCH:
        return replace(thing, pitch=_WAY_PITCH)
    if thing.kind not in THINGS or thing.width >= AROUND:
        return thing
    thing = _no_line(thing)
    usual, scale = THINGS[thing.kind], 1.0
    is_large = one.one_of_many and one.scale > 1.0  # a giant tree is more than a far one
    is_fixed = thing.kind in DOORS and where_of(thing.kind) == "wall"  # a wall is as far as it is
    if grows and not is_fixed and (usual.are_few or is_large or one.most is not None):
        if one.most is not None and max(thing.width, thing.height) < _SPECK:
            thing = replace(
                thing, width=usual.width, height=usual.height, pitch=usual.pitch, away=None
            )
        least = _least(thing.kind) if one.least == one.most == 1 else _LEAST
        if thing.kind in ANIMALS and where_of(thing.kind) == "water":  # whales are no small fry
            least = max(min(_least(thing.kind), 2 * AHEAD / one.least - _GAP), _LEAST)
        scale = min(max(least / max(thing.width, thing.height), 1.0), _MOST_GROWN)
        if one.most is not None or is_large:
            nearer = _USUALLY * usual.width / thing.width
            scale = max(scale, min(nearer, _MOST_NEARER))
    longer = scale * max(thing.width, thing.height)
    scale *= max(one.scale, min(_TINY / longer, 1.0))
    width, height = (
        min(side * scale, max(side, most))
        for side, most in zip((thing.width, thing.height), _LARGEST, strict=True)
    )
    if thing.kind in _RUGS:
        height = min(height, _RUGS_HIGH)
        return replace(thing, pitch=_RUGS_END - height / 2, width=width, height=height)
    foot = thing.foot
    if one.scale > 1.0 and stands(thing) and foot < 0.0:  # too large for a view
        fits = min(width / (scale * thing.width), height / (scale * thing.height))
        foot, width, height = foot * fits, fits * scale * thing.width, fits * scale * thing.height
    highest = TOP if where_of(thing.kind) == "sky" else LEVEL  # no coin is cut by the upper edge
    reach = highest - min(height, _SHOWN) + height / 2  # of its middle
    pitch = foot + height / 2
    pitch = min(max(pitch, -reach), reach)
    return replace(thing, pitch=pitch, width=width, height=height)


def _least(kind: str) -> float:
    """Return the least size of a single thing of a kind; larger kinds appear larger."""
    if kind in _LOOKED_INTO:
        return _MOST
    usual = usual_looks().get(kind)
    if usual is None or not usual.away:
        return _LEAST
    doublings = log2(max(usual.tall, usual.wide, 1.0))
    return min(_LEAST + _A_DOUBLING * doublings, _MOST)


def _counted(things: list[PlacedObject], one: Named, named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan with as many of a kind in sight as words say, ahead if there is room."""
    own = [place for place in places_of(things, one.kinds) if things[place].width < AROUND]
    if not own or things[own[0]].kind not in THINGS:
        return things
    if things[own[0]].kind in STANDS and has_backdrop(things):
        return things  # a stage has many stands; a name means one of them
    if things[own[0]].kind in _BETWEEN_STANDS and has_backdrop(things) and len(own) >= one.least:
        one = one._replace(least=1)  # ahead: the others are around its stands
    if has_backdrop(things) and _may_be_shown(things, own[0]):
        return _exhibited(things, one, {kind for each in named for kind in each.kinds})
    kinds = Counter(things[place].kind for place in own)
    if one.most and one.most > 1 and one.kinds[0] in LIKEWISE and len(kinds) > 1:
        usual = max(one.kinds, key=lambda kind: kinds[kind])
        left = [thing for at, thing in enumerate(things) if at not in own or thing.kind == usual]
        return _counted(left, one, named)  # two statues are no statue and a bust
    single = [place for place in own if things[place].kind not in _OF_MANY]
    if one.most and one.most > 1 and single and len(single) < len(own):
        left = [thing for place, thing in enumerate(things) if place not in own or place in single]
        return _counted(left, one, named)  # five flowers are no five rose bushes
    shares = shown_shares(things)
    own.sort(key=lambda place: (shares[place] < 1 - _HIDDEN, away(things[place])))
    result: list[PlacedObject] = []
    moved: list[int] = []
    lacking = max(one.least - len(own), 0)
    is_crowd = _is_crowd(one) and is_outdoors(things)
    crowd = _crowd(things[own[0]], lacking) if is_crowd else []
    for place, thing in enumerate(things):
        rank = own.index(place) if place in own else 0
        if one.most and rank >= one.most:
            continue
        if place == own[0]:
            moved += range(len(result), len(result) + len(crowd))
            result += crowd
        hidden = shares[place] < 1 - _HIDDEN or away(thing) + thing.width / 4 > AHEAD
        if place in own and rank < one.least and hidden:
            moved.append(len(result))
        result.append(thing)
        if place == own[0] and not is_crowd:
            moved += range(len(result), len(result) + lacking)
            result += [thing] * lacking
    for place in moved:
        gap = _GAP if one.most and one.least > 1 else 0.0
        turn = yaw_difference(result[place].yaw, 0.0)
        within = (turn - _CLOSE, turn + _CLOSE) if result[place] in crowd else _ANYWHERE
        yaw = _free_yaw(result, [place], _counting(result, named), within, gap)
        result[place] = replace(result[place], yaw=yaw)
    return result


def _is_crowd(one: Named) -> bool:
    return one.kinds[0] in PEOPLE and one.most is None and one.least >= _CROWD


def _crowd(like: PlacedObject, count: int) -> list[PlacedObject]:
    """Return people like one, from far to near: every other one ahead, the others all around."""
    around = more_like([like], count)
    return [
        replace(one, yaw=(rank * GOLDEN % 1 - 0.5) * 2 * AHEAD % 360.0) if rank % 2 else one
        for rank, one in enumerate(around)
    ]


def _free_yaw(
    things: Sequence[PlacedObject],
    places: Sequence[int],
    counting: Collection[int],
    within: tuple[float, float] = _ANYWHERE,
    gap: float = 0.0,
) -> float:
    """Return the yaw at which some things are least hidden and hide least of those that count.

    Args:
        things: from far to near.
        places: of those that are moved together.
        counting: places of all that words name.
        within: the yaws that they may have, from left to right.
        gap: degrees to others of their kind.
    """
    own = [things[place] for place in places]
    thing, last = _whole(own), max(places)
    others = [
        (index, other)
        for index, other in enumerate(things)
        if index not in places and other.width < AROUND and (index > last or index in counting)
        and not (index < last and other.kind in MATS)  # on which it may stand
        and not _stand_together(own, other)
    ]  # fmt: skip
    yaws = np.arange(0.0, 360.0, _STEP)
    turned = yaw_difference(yaws, 0.0)
    worse = _TURNING * np.abs(turned) + _BEYOND * (np.abs(turned) + thing.width / 2 > 45.0)
    worse += _MISPLACED * ((turned < within[0]) | (turned > within[1]))
    for index, other in others:
        wide = thing.width + 2 * gap * (other.kind == thing.kind)
        across, down = overlap(replace(thing, width=wide), other, yaws)
        covered = thing if index > last else other
        if index > last and index in counting:  # in front of a wide barn it would merge with it
            covered = min(thing, other, key=lambda one: one.width * one.height)
        weight = _HIDES if index < last else 1.0 if index in counting else _LEFT_OUT
        worse += weight * across * down / (covered.width * covered.height)
    return float(yaws[worse.argmin()])


def _may_be_shown(things: Sequence[PlacedObject], place: int) -> bool:
    """Tell whether a thing can stand on a stand, even a piano, which plans never put there.

    Candles and singers stand on the floor, and rooms with a podium are no stages.
    """
    kind = things[place].kind
    is_large = where_of(kind) == "floor" and kind not in PEOPLE | STANDS | _BETWEEN_STANDS
    return kind in EXHIBITS or (is_large and has_backdrop(things))


def _exhibited(things: list[PlacedObject], one: Named, said: Collection[str]) -> list[PlacedObject]:
    """Return a stage with as many exhibits of a kind on its stands as words say."""
    shown = EXHIBITS.union(one.kinds)
    exhibits = sorted(places_of(things, shown), key=lambda place: away(things[place]))
    kind = next(things[place] for place in exhibits if things[place].kind in one.kinds)
    on_each = (set(borne_by(things, stand)) for stand in places_of(things, STANDS))
    first = {next((place for place in exhibits if place in own), None) for own in on_each}
    borne = [place for place in exhibits if place in first]
    own = [place for place in borne if things[place].kind in one.kinds]
    free = [place for place in borne if things[place].kind not in said]
    result = [
        _instead(thing, _as_exhibit(thing, one)) if place in own else thing
        for place, thing in enumerate(things)
    ]
    added = free[: max(one.least - len(own), 0)]
    for place in added:
        result[place] = _instead(things[place], _as_exhibit(kind, one))
    for place in own[one.most :] if one.most and free else ():
        result[place] = _instead(things[place], things[free[0]])
    beside = {place for place in exhibits if things[place].kind in one.kinds} - {*borne}
    gone = beside if own or added else set()
    return [thing for place, thing in enumerate(result) if place not in gone]


def _as_exhibit(thing: PlacedObject, one: Named) -> PlacedObject:
    """Return a thing at the size of exhibits, unless words give another one.

    Small ones are large, too, but no stool is as large as a piano.
    """
    usual = usual_looks().get(thing.kind)
    real = max(usual.tall, usual.wide) / _FULL_EXHIBIT if usual else 1.0
    share = min(max(real, _LEAST_EXHIBIT), 1.0) if thing.kind in _SEATS_SHOWN else 1.0
    tallest, widest = (share * side for side in _EXHIBIT)
    scale = min(tallest / thing.height, widest / thing.width, 1.0) if one.scale == 1.0 else 1.0
    return replace(thing, width=scale * thing.width, height=scale * thing.height)


def _instead(thing: PlacedObject, like: PlacedObject) -> PlacedObject:
    """Return a thing like another that stands where one does."""
    foot = thing.foot
    return replace(like, yaw=thing.yaw, pitch=foot + like.height / 2)
