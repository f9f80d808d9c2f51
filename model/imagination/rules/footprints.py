"""Rules by which no two things of a plan stand in the same place, nor a shelf before a window.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections.abc import Sequence
from itertools import chain
from math import radians, tan

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.geometry.bodies import TABLES, ground_distance
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import AROUND, has_backdrop
from mag_sandbox.model.imagination.rules.plausible import bears, highest_foot
from mag_sandbox.model.imagination.rules.shores import is_in_water
from mag_sandbox.model.imagination.rules.spacing import CREATURES, covered, stands
from mag_sandbox.scenes.descriptions import WINDOWS
from mag_sandbox.scenes.kinds import THINGS, TREES
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.rooms import DOORS
from mag_sandbox.scenes.stances import where_of

_FARTHEST = 20.0  # metres: farther away, overlaps are not seen
_DEEP, _DEEPEST = 0.5, 1.0  # of half its width, and metres: half of a thing from front to back
_INTO = 0.8  # share of the widths or depths of two things: nearer, they overlap
_GROWING = TREES | {  # among which others stand, or which stand at them
    "bush", "hedge", "rock", "wheat", "reed", "wild flower", "tulip", "rose bush", "bamboo",
    "sunflower", "cave mouth",
}  # fmt: skip
_SEATS = frozenset(("chair", "stool", "armchair", "bench"))
_SAT_AT = TABLES.keys() | {"organ", "harp", "drum"}
_TALL, _BEFORE_WINDOW = 1.5, 0.25  # metres; share of a window
_HIDDEN = 0.1  # share of another thing that may be hidden by stepping aside
_COVERED = 0.25  # share of the moved thing that others may hide
_TURNS = tuple(side * turn for turn in range(4, 61, 4) for side in (1.0, -1.0))  # degrees


def with_own_ground(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan in which nothing that words leave out is within another thing, or in water.

    It steps aside, or is left out where there is no room. What bears something stays.
    """
    if has_backdrop(things):
        return list(things)
    said = {*DOORS, *(kind for one in named for kind in one.kinds)}
    result = list(things)
    for thing in things:
        if thing.kind in said or not _has_ground(thing) or any(bears(thing, one) for one in result):
            continue
        others = [one for one in result if one is not thing]
        if not _is_wrong(thing, others):
            continue
        turned = (thing.turned(turn) for turn in _TURNS)
        aside = (one for one in turned if not _is_wrong(one, others) and _has_room(one, others))
        place = next(at for at, one in enumerate(result) if one is thing)
        moved = next(aside, None)
        result[place : place + 1] = [] if moved is None else [moved]
    return result


def _has_ground(thing: PlacedObject) -> bool:
    """Tell whether a thing has a place on the ground that is its own."""
    return (
        thing.kind in (THINGS.keys() - _GROWING) | TREES and where_of(thing.kind) == "floor"
        and thing.width < AROUND and ground_distance(thing.foot) < _FARTHEST
    )  # fmt: skip


def _is_wrong(thing: PlacedObject, others: Sequence[PlacedObject]) -> bool:
    return (
        any(_is_within(thing, one) for one in others)
        or any(_darkens(thing, one) for one in others)
        or is_in_water(others, thing)
    )


def _is_within(thing: PlacedObject, other: PlacedObject) -> bool:
    """Tell whether the ground that two things take is partly the same."""
    if not thing.overlaps(other) or other.kind not in THINGS or where_of(other.kind) != "floor":
        return False
    if other.width >= AROUND or _belong(thing.kind, other.kind) or _belong(other.kind, thing.kind):
        return False
    near, far = sorted((ground_distance(thing.foot), ground_distance(other.foot)))
    if far > _FARTHEST:
        return False
    halves = [ground_distance(one.foot) * tan(radians(one.width) / 2) for one in (thing, other)]
    deep = sum(min(_DEEP * half, _DEEPEST) for half in halves)
    across = abs(yaw_difference(thing.yaw, other.yaw)) / ((thing.width + other.width) / 2)
    return far - near < _INTO * deep and across < _INTO


def _belong(kind: str, other: str) -> bool:
    """Tell whether a thing is at or among others: a stool at a table, a lion in a cave mouth."""
    return (other in _GROWING and kind in CREATURES) or (kind in _SEATS and other in _SAT_AT)


def _darkens(thing: PlacedObject, other: PlacedObject) -> bool:
    """Tell whether a thing as tall as a shelf stands before a window."""
    usual = usual_looks().get(thing.kind)
    is_tall = usual is not None and usual.tall > _TALL
    return is_tall and other.kind in WINDOWS and covered(other, thing) > _BEFORE_WINDOW


def _has_room(thing: PlacedObject, others: Sequence[PlacedObject]) -> bool:
    """Tell whether a thing that has stepped aside is before its wall, hides nothing and is seen."""
    if thing.foot > highest_foot(others, thing.yaw):
        return False
    farther = (one for one in others if stands(one) and one.foot > thing.foot)
    hung = (one for one in others if where_of(one.kind) == "wall" and one.width < AROUND)
    standing = (one for one in chain(farther, hung) if one.kind not in _GROWING)
    nearer = (one for one in others if stands(one) and one.foot <= thing.foot)
    is_seen = all(covered(thing, one) < _COVERED for one in nearer if one.kind not in _GROWING)
    return is_seen and not any(covered(one, thing) > _HIDDEN for one in standing)
