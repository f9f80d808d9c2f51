"""Stages: stands all around the player, each with something else on it.

The planner leaves one or two stands out; here the gaps are filled.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject, rgb
from mag_sandbox.model.imagination.rules.contrast import colors_behind, seen_before
from mag_sandbox.model.imagination.rules.plans import (
    few_of,
    in_light,
    light_of,
    looks_of,
    with_look,
)
from mag_sandbox.model.imagination.rules.relations import ON_FLOOR
from mag_sandbox.model.imagination.rules.rows import (
    BACKDROP,
    FEWEST,
    StandRow,
    borne_by,
    continued,
    moved_onto,
)
from mag_sandbox.scenes.kinds import EXHIBITS, STANDS, THINGS
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.stances import where_of

APART = 45.0  # degrees between stands, where no picture shows them
MOST_AHEAD, _BETWEEN = 4, 2.0  # stands drawn together into the first view; degrees between them
_SPOT = 1.2  # times as bright as planned the painter makes the wall behind an exhibit
_AHEAD = range(-36, 37, 3)  # degrees where things stand on the floor of the first view
_ASIDE = 0.3  # degrees covered that count as much as one between a thing and its side
TALLEST, WIDEST = 22.0, 24.0  # degrees of what is added


def with_full_stage(
    things: Sequence[PlacedObject],
    kinds: Collection[str],
    rng: np.random.Generator,
    shown: Sequence[PlacedObject] = (),
) -> list[PlacedObject]:
    """Return things, from far to near, and what fills the gaps between the stands of a stage.

    Around a given picture stands are as close together as there.

    Args:
        things: of a plan.
        kinds: that can be painted.
        rng: chooses what the added stands bear.
        shown: those of the things that a given picture shows.
    """
    row = StandRow.of(shown)
    if row:
        things = continued(things, shown, row)
    apart = row.apart if row else APART
    stands = sorted((one for one in things if one.kind in STANDS), key=lambda one: one.yaw % 360)
    if len(stands) < FEWEST:
        return list(things)
    unused = _unused_exhibits(things, kinds, rng)
    full = [one if one in shown else _seen(one, things) for one in things] if row else [*things]
    for one, other in zip(stands, [*stands[1:], stands[0]], strict=True):
        gap = yaw_difference(other.yaw, one.yaw) % 360
        missing = min(round(gap / apart) - 1, len(unused))
        for number in range(1, missing + 1):
            stand = replace(one, yaw=(one.yaw + gap * number / (missing + 1)) % 360)
            if shown and abs(yaw_difference(stand.yaw, 0.0)) < APART + stand.width / 2:
                continue  # the picture shows none there
            full += [stand, _seen(_exhibit(unused.pop(), stand), things)]
    return full


def with_loaded_stands(
    things: Sequence[PlacedObject],
    kinds: Collection[str],
    rng: np.random.Generator,
    shown: Sequence[PlacedObject] = (),
) -> list[PlacedObject]:
    """Return a stage on which no stand is empty: the painter makes smears on such stands.

    For arguments see `with_full_stage`; here, these kinds alone may be added.
    """
    unused = _unused_exhibits(things, kinds, rng)
    is_stage, result = sum(one.kind in STANDS for one in things) >= FEWEST, list[PlacedObject]()
    for place, one in enumerate(things):
        result.append(one)
        is_empty = one.kind in STANDS and one not in shown and not borne_by(things, place)
        if is_stage and is_empty and unused:
            result.append(_seen(_exhibit(unused.pop(), one), things))
    return result


def _unused_exhibits(
    things: Sequence[PlacedObject], kinds: Collection[str], rng: np.random.Generator
) -> list[str]:
    """Return those of some kinds of exhibits that are not on a stage yet, in any order."""
    used = {thing.kind for thing in things}
    kept: list[str] = rng.permutation(sorted(EXHIBITS & THINGS.keys() & set(kinds) - used)).tolist()
    return kept


def _seen(thing: PlacedObject, things: Sequence[PlacedObject]) -> PlacedObject:
    """Return an exhibit in a usual look that differs from the wall behind it."""
    walls = [one for one in things if one.width > BACKDROP]
    light, behind = light_of(things), colors_behind(thing, walls)
    if thing.kind not in EXHIBITS or not behind:
        return thing
    if thing.color is None:
        if not looks_of(thing.kind):
            return thing
        thing = with_look(thing, in_light(looks_of(thing.kind)[0], light))
    return seen_before(thing, [rgb(_SPOT * np.array(color)) for color in behind], light)


def _exhibit(kind: str, stand: PlacedObject) -> PlacedObject:
    """Return a thing of a kind on a stand, as large as the others, in any colour."""
    usual = THINGS[kind]
    scale = min(TALLEST / usual.height, WIDEST / usual.width)
    height = scale * usual.height
    pitch = stand.pitch + (stand.height + height) / 2
    return PlacedObject(kind, stand.yaw, pitch, scale * usual.width, height)


def with_named_ahead(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return things of a stage with what words name on the stands that the first view shows.

    Stands that are empty, or bear what words do not name, get named things from stands elsewhere,
    which get what these bear. Things that words place beside or on others stay; those on the left,
    on the right or in the middle are there in the first view.

    Args:
        things: of a plan, from far to near.
        named: by words.
    """
    if sum(one.kind in STANDS for one in things) < FEWEST:
        return list(things)
    kinds = kinds_named(named)
    on_stands = [
        one for one in named
        if one.relation and one.relation.where == "on" and {*one.relation.kinds} & STANDS
    ]  # fmt: skip
    sides = _sides(named)
    result = list(things)
    for one in on_stands:
        result = _on_its_table(result, one, named, sides)
    stands = [place for place, one in enumerate(result) if one.kind in STANDS]
    moving = {kind for one in named if one.relation is None for kind in one.kinds} | sides.keys()
    ahead = [place for place in stands if _is_ahead(result[place])]
    free = [
        one for one in ahead if all(result[it].kind not in kinds for it in borne_by(result, one))
    ]
    shown = {result[it].kind for one in ahead for it in borne_by(result, one)}
    for place in stands:
        borne = borne_by(result, place)
        if place in ahead or len(borne) != 1 or result[borne[0]].kind not in moving - shown:
            continue
        by_load = sorted(free, key=lambda one: len(borne_by(result, one)))  # empty ones first
        other = next((one for one in by_load if _has_room(result, one, place, ahead)), None)
        if other is not None:
            shown.add(result[borne[0]].kind)
            free.remove(other)
            result = _exchanged(result, other, place)
    moving |= kinds_named(on_stands)
    result = _drawn_together(result, stands, named, moving)
    result = _on_their_sides(result, stands, named, sides)
    return _between_stands(result, [one for one in named if {*one.kinds} & sides.keys()], sides)


def _sides(named: Sequence[Named]) -> dict[str, float]:
    """Return where words put kinds of things: -1 left, 0 in the middle, 1 right.

    What is left of another thing is on the left, and that one on the right.
    """
    ends = {"left": -1.0, "ahead": 0.0, "right": 1.0}
    placed = [(one, one.relation) for one in named if one.relation and one.relation.where in ends]
    sides = {
        kind: ends[relation.where]
        for one, relation in placed if not relation.kinds
        for kind in one.kinds
    }  # fmt: skip
    for one, relation in placed:
        if relation.kinds and relation.where != "ahead":
            sides = dict.fromkeys(relation.kinds, -ends[relation.where]) | sides
            sides = dict.fromkeys(one.kinds, ends[relation.where]) | sides
    return sides


def _on_its_table(
    things: list[PlacedObject], one: Named, named: Sequence[Named], sides: dict[str, float]
) -> list[PlacedObject]:
    """Return a stage on which the stand of what is on a table, box or the like is that table.

    A table that stands on a stand itself is left out, and what is on it has its side.
    """
    assert one.relation is not None
    tables = next((it for it in named if {*it.kinds} & {*one.relation.kinds}), None)
    if tables is None:
        return things
    for kind in tables.kinds:
        if kind in sides:
            sides.update(dict.fromkeys(one.kinds, sides.pop(kind)))
    bears = {place: borne_by(things, place) for place, it in enumerate(things)
             if it.kind in STANDS}  # fmt: skip
    result, gone = list(things), set[int]()
    for place, borne in bears.items():
        loads = {things[it].kind for it in borne}
        if loads & {*one.kinds} and things[place].kind not in one.relation.kinds:
            table = min({*one.relation.kinds} & STANDS)
            result[place] = replace(things[place], kind=table, variant=None)
        elif loads & {*tables.kinds} and any({*one.kinds} & {things[it].kind for it in its}
                                             for its in bears.values()):  # fmt: skip
            gone |= {place, *borne}
    return [it for place, it in enumerate(result) if place not in gone]


def _on_their_sides(
    things: list[PlacedObject],
    stands: Sequence[int],
    named: Sequence[Named],
    sides: Mapping[str, float],
) -> list[PlacedObject]:
    """Return a stage with named things, and their stands, in those thirds of the first view.

    If nothing is in the middle, it has halves. What has no side fills what is left, and things on
    the floor there that words do not name step aside or are left out.

    Args:
        things: of a plan.
        stands: their places.
        named: by words.
        sides: see `_sides`.
    """
    yaws = {place: yaw_difference(things[place].yaw, 0.0) for place in stands}
    loads = {place: {things[it].kind for it in borne_by(things, place)} for place in stands}
    side: dict[int, float] = {}
    for one in named:
        own = [place for place in stands if loads[place] & {*one.kinds} & sides.keys()]
        for place in sorted(own, key=lambda place: abs(yaws[place]))[: one.least]:
            side[place] = next(sides[kind] for kind in one.kinds if kind in sides)
    if not side:
        return things
    third = APART / 3
    ends = {-1.0: (-APART, -third), 0.0: (-third, third), 1.0: (third, APART)}
    if 0.0 not in side.values():
        ends = {-1.0: (-APART, 0.0), 1.0: (0.0, APART)}
    parts = {end: [place for place in side if side[place] == end] for end in ends}
    left = [place for place in stands if place not in side and _is_ahead(things[place])]
    left.sort(key=lambda place: loads[place].isdisjoint(kind for it in named for kind in it.kinds))
    away = [yaws[place] for place in side if not _is_ahead(things[place])]
    to = dict(zip(reversed(left), away, strict=False))  # they go where others come from
    for place in left[: max(0, len(left) - len(away))]:
        emptiest = max(ends, key=lambda end: (ends[end][1] - ends[end][0]) / (len(parts[end]) + 1))
        parts[emptiest].append(place)
    result = list(things)
    for end, places in parts.items():
        apart = (ends[end][1] - ends[end][0]) / max(len(places), 1)
        for rank, place in enumerate(sorted(places, key=yaws.__getitem__)):
            to[place] = ends[end][0] + apart * (rank + 0.5)
            loaded = [place, *borne_by(things, place)]
            size = min((apart - _BETWEEN) / max(things[it].width for it in loaded), 1.0)
            for it in loaded:
                result[it] = _scaled_on(things[it], things[place], to[place], size)
    for place in set(to) - {one for places in parts.values() for one in places}:
        for it in (place, *borne_by(things, place)):
            result[it] = _scaled_on(things[it], things[place], to[place], 1.0)
    moved = {it for place in stands for it in (place, *borne_by(things, place))}
    kinds = kinds_named(named)
    return _making_room(result, moved, kinds)


def _making_room(
    things: Sequence[PlacedObject], staying: Collection[int], kinds: Collection[str]
) -> list[PlacedObject]:
    """Return a stage on which things on the floor are beside what stays, in the first view.

    What words do not name, of `kinds`, is left out where there is no room.
    """
    there = [things[place] for place in sorted(staying)]

    def overlaps(one: PlacedObject) -> bool:
        return any(
            abs(yaw_difference(one.yaw, it.yaw)) < (one.width + it.width) / 2 for it in there
        )

    result = list[PlacedObject]()
    for place, one in enumerate(things):
        ahead = abs(yaw_difference(one.yaw, 0.0)) < APART
        if place in staying or not _is_on_floor(one) or not ahead or not overlaps(one):
            result.append(one)
            continue
        beside = (replace(one, yaw=yaw % 360) for yaw in _AHEAD)
        free = [it for it in beside if not overlaps(it)]
        if free or one.kind in kinds:
            way = min(free or [one], key=lambda it: abs(yaw_difference(it.yaw, one.yaw)))
            result.append(way)
    return result


def _between_stands(
    things: Sequence[PlacedObject], named: Sequence[Named], sides: Mapping[str, float]
) -> list[PlacedObject]:
    """Return a stage with named things that stand on the floor on their sides of the first view.

    They stand where they cover least of what stands there; what words do not name makes room.

    Args:
        things: of a plan.
        named: those that have a side.
        sides: see `_sides`.
    """
    result = list(things)
    kinds = kinds_named(named)
    borne = {it for place, one in enumerate(things) if one.kind in STANDS
             for it in (place, *borne_by(things, place))}  # fmt: skip
    on_floor = [
        place for place, one in enumerate(things) if place not in borne and _is_on_floor(one)
    ]
    moved = [place for one in named for place in few_of(things, one) if place in on_floor]
    for number, place in enumerate(moved):
        own = result[place]
        staying = [result[one] for one in (*borne, *moved[:number])]
        yaw = min(_AHEAD, key=partial(_unfit, own, sides[own.kind], staying))
        result[place] = replace(own, yaw=yaw % 360)
        for other in on_floor:
            in_the_way = result[other].kind not in kinds and result[other].overlaps(result[place])
            if in_the_way and not result[other].overlaps(own):
                result[other] = replace(result[other], yaw=own.yaw)
    return result


def _is_on_floor(thing: PlacedObject) -> bool:
    """Tell whether a thing is one of those that stand on the floor, not as wide as the stage."""
    is_standing = thing.kind in THINGS and where_of(thing.kind) in ON_FLOOR
    return is_standing and thing.width < BACKDROP


def _unfit(thing: PlacedObject, side: float, staying: Sequence[PlacedObject], yaw: float) -> float:
    """Return how ill a thing stands somewhere: by what it covers, and how far from its side."""
    there = replace(thing, yaw=yaw)
    covered = (
        (there.width + one.width) / 2 - abs(yaw_difference(yaw, one.yaw))
        for one in staying if there.overlaps(one)
    )  # fmt: skip
    return sum(covered) + _ASIDE * abs(yaw - side * _AHEAD[-1])


def _drawn_together(
    things: list[PlacedObject],
    stands: Sequence[int],
    named: Sequence[Named],
    moving: Collection[str],
) -> list[PlacedObject]:
    """Return a stage with more and smaller stands in the first view, for named things it lacks.

    Args:
        things: of a plan.
        stands: their places.
        named: by words.
        moving: kinds of these that words put nowhere, on a side or on a stand.
    """
    needed = {kind: one.least for one in named for kind in one.kinds}
    kinds = needed.keys()
    yaws = {place: yaw_difference(things[place].yaw, 0.0) for place in stands}
    borne = {place: borne_by(things, place) for place in stands}
    ahead = [place for place in stands if _is_ahead(things[place])]
    row = [one for one in ahead if any(things[it].kind in kinds for it in borne[one])]
    shown = Counter(things[it].kind for one in row for it in borne[one])
    others = len(row)
    for place in sorted(set(stands) - {*ahead}, key=lambda one: abs(yaws[one])):
        own = [things[it].kind for it in borne[place]]
        lacks = any(one in moving and shown[one] < needed[one] for one in own)
        if len(own) == 1 and lacks and len(row) < MOST_AHEAD:
            row.append(place)
            shown.update(own)
    if len(row) == others:
        return things
    free = [place for place in ahead if place not in row]  # they go where others come from
    to = dict(zip(free, (yaws[place] for place in row[others:]), strict=False))
    apart = 2 * APART / len(row)
    row.sort(key=yaws.__getitem__)
    to |= {place: apart * (rank + 0.5) - APART for rank, place in enumerate(row)}
    between = [apart * rank - APART for rank in range(1, len(row))]
    near = [-2 * APART, *(one for one in (yaws[place] for place in row) if abs(one) < 2 * APART)]
    there = [-2 * APART, *(to[one] for one in row if abs(yaws[one]) < 2 * APART), 2 * APART]
    result, borne_by_any = list(things), {one for own in borne.values() for one in own}
    for number, one in enumerate(things):
        if number in stands or number in borne_by_any:
            continue
        yaw = yaw_difference(one.yaw, 0.0)
        on_floor = one.kind in THINGS and where_of(one.kind) in ON_FLOOR and one.width < BACKDROP
        if on_floor and abs(yaw) < 2 * APART:
            moved = float(np.interp(yaw, [*near, 2 * APART], there))
            if one.kind in kinds and abs(yaw) < APART <= abs(moved) + one.width / 4:
                moved = min(between, key=lambda gap: abs(gap - yaw), default=yaw)
            result[number] = replace(one, yaw=moved % 360)
    for place, yaw in to.items():
        loaded = [place, *borne[place]]
        widest = max(things[number].width for number in loaded)
        size = min((apart - _BETWEEN) / widest, 1.0) if place in row else 1.0
        for number in loaded:
            result[number] = _scaled_on(things[number], things[place], yaw, size)
    return result


def _scaled_on(thing: PlacedObject, stand: PlacedObject, yaw: float, size: float) -> PlacedObject:
    """Return a thing on a stand, or the stand, of another size and in another direction."""
    foot, height = stand.foot + size * (thing.foot - stand.foot), size * thing.height
    return replace(
        thing, yaw=(yaw + size * yaw_difference(thing.yaw, stand.yaw)) % 360,
        pitch=foot + height / 2, width=size * thing.width, height=height, away=None,
    )  # fmt: skip


def _has_room(things: Sequence[PlacedObject], place: int, other: int, ahead: Sequence[int]) -> bool:
    """Tell whether what another stand bears fits onto a stand, which bears at most one thing."""
    own, (borne,) = borne_by(things, place), borne_by(things, other)
    brought = moved_onto(things[borne], things[other], things[place])
    beside = {*ahead, *own, borne}
    return len(own) <= 1 and not any(
        brought.overlaps(one) and one.foot > things[place].foot
        for number, one in enumerate(things)
        if number not in beside and one.kind in THINGS and one.width < BACKDROP
    )


def _exchanged(things: Sequence[PlacedObject], place: int, other: int) -> list[PlacedObject]:
    """Return a stage on which two stands have swapped their exhibits."""
    result = list(things)
    for here, there in ((place, other), (other, place)):
        for number in borne_by(things, here):
            result[number] = moved_onto(things[number], things[here], things[there])
    return result


def _is_ahead(stand: PlacedObject) -> bool:
    """Tell whether the first view shows a stand as a whole."""
    return abs(yaw_difference(stand.yaw, 0.0)) + stand.width / 2 < APART
