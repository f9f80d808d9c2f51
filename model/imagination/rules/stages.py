"""Stages: stands all around the player, each of which bears something else.

The planner leaves one or two stands out; here the gaps are filled.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.scenes.things import EXHIBITS, STANDS, THINGS, Named

APART = 45.0  # degrees between stands
FEWEST = 3  # stands of a stage; fewer may be furniture
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
    return result


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
