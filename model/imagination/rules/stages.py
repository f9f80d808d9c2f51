"""Stages: stands all around the player, each of which bears something else.

The planner leaves one or two stands out; here the gaps are filled.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.relations import ON_FLOOR
from mag_sandbox.scenes.stances import where_of
from mag_sandbox.scenes.things import EXHIBITS, STANDS, THINGS, Named

APART = 45.0  # degrees between stands
FEWEST = 3  # stands of a stage; fewer may be furniture
MOST_AHEAD, _BETWEEN = 4, 2.0  # stands drawn together into the first view; degrees between them
TALLEST, WIDEST = 22.0, 24.0  # degrees of what is added
_BACKDROP = 60.0  # degrees; wider things stand on no stand
_ABOVE = 3.0  # degrees between the top of a stand and the foot of what it bears, at most


def with_full_stage(
    things: Sequence[PlacedObject], kinds: Collection[str], rng: np.random.Generator
) -> list[PlacedObject]:
    """Return things, from far to near, and what fills the gaps between the stands of a stage.

    Args:
        things: of a plan.
        kinds: that can be painted.
        rng: chooses what the added stands bear.
    """
    stands = sorted((one for one in things if one.kind in STANDS), key=lambda one: one.yaw % 360)
    if len(stands) < FEWEST:
        return list(things)
    used = {thing.kind for thing in things}
    unused = rng.permutation(sorted(EXHIBITS & THINGS.keys() & set(kinds) - used)).tolist()
    full = list(things)
    for one, other in zip(stands, [*stands[1:], stands[0]], strict=True):
        gap = yaw_difference(other.yaw, one.yaw) % 360
        missing = min(round(gap / APART) - 1, len(unused))
        for number in range(1, missing + 1):
            stand = replace(one, yaw=(one.yaw + gap * number / (missing + 1)) % 360)
            full += [stand, _exhibit(unused.pop(), stand)]
    return full


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
    which get what these bear. Things that words place beside or on others stay.

    Args:
        things: of a plan, from far to near.
        named: by words.
    """
    result = list(things)
    stands = [place for place, one in enumerate(result) if one.kind in STANDS]
    if len(stands) < FEWEST:
        return result
    kinds = {kind for one in named for kind in one.kinds}
    moving = {kind for one in named if one.relation is None for kind in one.kinds}
    ahead = [place for place in stands if _is_ahead(result[place])]
    free = [one for one in ahead if all(result[it].kind not in kinds for it in _on(result, one))]
    shown = {result[it].kind for one in ahead for it in _on(result, one)}
    for place in stands:
        borne = _on(result, place)
        if place in ahead or len(borne) != 1 or result[borne[0]].kind not in moving - shown:
            continue
        by_load = sorted(free, key=lambda one: len(_on(result, one)))  # empty ones first
        other = next((one for one in by_load if _has_room(result, one, place, ahead)), None)
        if other is not None:
            shown.add(result[borne[0]].kind)
            free.remove(other)
            result = _exchanged(result, other, place)
    on_stands = [
        one for one in named
        if one.relation and one.relation.where == "on" and {*one.relation.kinds} & STANDS
    ]  # fmt: skip
    return _drawn_together(
        result, stands, kinds, moving | {kind for one in on_stands for kind in one.kinds}
    )


def _drawn_together(
    things: list[PlacedObject],
    stands: Sequence[int],
    kinds: Collection[str],
    moving: Collection[str],
) -> list[PlacedObject]:
    """Return a stage whose first view shows more stands, smaller, for what words name and it lacks.

    Args:
        things: of a plan.
        stands: their places.
        kinds: that words name.
        moving: of these, those that words put nowhere, or on a stand.
    """
    yaws = {place: yaw_difference(things[place].yaw, 0.0) for place in stands}
    borne = {place: _on(things, place) for place in stands}
    ahead = [place for place in stands if _is_ahead(things[place])]
    row = [one for one in ahead if any(things[it].kind in kinds for it in borne[one])]
    shown, others = {things[it].kind for one in row for it in borne[one]}, len(row)
    for place in sorted(set(stands) - {*ahead}, key=lambda one: abs(yaws[one])):
        own = {things[it].kind for it in borne[place]}
        if len(borne[place]) == 1 and own & ({*moving} - shown) and len(row) < MOST_AHEAD:
            row.append(place)
            shown |= own
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
        on_floor = one.kind in THINGS and where_of(one.kind) in ON_FLOOR and one.width < _BACKDROP
        if on_floor and abs(yaw) < 2 * APART:
            moved = float(np.interp(yaw, [*near, 2 * APART], there))
            if one.kind in kinds and abs(yaw) < APART <= abs(moved) + one.width / 4:
                moved = min(between, key=lambda gap: abs(gap - yaw))
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
    own, (borne,) = _on(things, place), _on(things, other)
    brought = _moved(things[borne], things[other], things[place])
    beside = {*ahead, *own, borne}
    return len(own) <= 1 and not any(
        brought.overlaps(one) and one.foot > things[place].foot
        for number, one in enumerate(things)
        if number not in beside and one.kind in THINGS and one.width < _BACKDROP
    )


def _exchanged(things: Sequence[PlacedObject], place: int, other: int) -> list[PlacedObject]:
    """Return things of which two stands bear what the other one bore."""
    result = list(things)
    for here, there in ((place, other), (other, place)):
        for number in _on(things, here):
            result[number] = _moved(things[number], things[here], things[there])
    return result


def _is_ahead(stand: PlacedObject) -> bool:
    """Tell whether the first view shows a stand as a whole."""
    return abs(yaw_difference(stand.yaw, 0.0)) + stand.width / 2 < APART


def _on(things: Sequence[PlacedObject], place: int) -> list[int]:
    """Return the places of things that stand on a stand."""
    stand = things[place]
    top = stand.foot + stand.height
    return [
        number for number, one in enumerate(things)
        if one.kind in THINGS and one.kind not in STANDS and one.width < _BACKDROP
        and abs(yaw_difference(one.yaw, stand.yaw)) < stand.width / 3
        and -_ABOVE < one.foot - top < _ABOVE
    ]  # fmt: skip


def _moved(thing: PlacedObject, stand: PlacedObject, other: PlacedObject) -> PlacedObject:
    """Return a thing that stands on one stand as it stands on another one."""
    up = other.foot + other.height - stand.foot - stand.height
    return replace(thing, yaw=other.yaw % 360, pitch=thing.pitch + up, away=None)
