"""Rows of stands: around a given picture they are as close together as there.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from mag_sandbox.controls.camera import WIDEST_FOV, yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.relations import ON_FLOOR
from mag_sandbox.model.imagination.rules.spacing import place_of
from mag_sandbox.scenes.kinds import STANDS, THINGS
from mag_sandbox.scenes.stances import where_of

FEWEST = 3  # stands of a stage; fewer may be furniture
BACKDROP = 60.0  # degrees; wider things stand on no stand
_ABOVE = 3.0  # degrees between the top of a stand and the foot of what it bears, at most
_IN_GAPS = (ON_FLOOR - {"water"}) | {"ceiling"}  # where things between stands are


class StandRow(NamedTuple):
    """How the stands of a given picture go on behind the viewer, in degrees."""

    stands: tuple[PlacedObject, ...]  # of the picture, from left to right
    apart: float
    others: int  # stands that the picture does not show

    @classmethod
    def of(cls, shown: Sequence[PlacedObject]) -> "StandRow | None":
        """Return the row of what a picture shows; None: it has too few stands."""
        stands = [one for one in shown if one.kind in STANDS]
        stands.sort(key=lambda one: yaw_difference(one.yaw, 0.0))
        if len(stands) < FEWEST:
            return None
        ahead = yaw_difference(stands[-1].yaw, 0.0) - yaw_difference(stands[0].yaw, 0.0)
        count = max(round((360.0 - ahead) * (len(stands) - 1) / ahead) - 1, 0)
        return cls(tuple(stands), (360.0 - ahead) / (count + 1), count)

    def yaw(self, number: float) -> float:
        """Return the yaw of a stand by number, from 1; of a gap at n + 0.5."""
        return (self.stands[-1].yaw + self.apart * number) % 360.0

    @property
    def gaps(self) -> tuple[float, ...]:
        """Yaws of the middles of gaps that the picture does not show."""
        yaws = (self.yaw(number + 0.5) for number in range(self.others + 1))
        return tuple(yaw for yaw in yaws if abs(yaw_difference(yaw, 0.0)) >= WIDEST_FOV / 2)


def continued(
    things: Sequence[PlacedObject], shown: Collection[PlacedObject], row: StandRow
) -> list[PlacedObject]:
    """Return a stage with its stands as close together as in a given picture.

    Between any two stands is what the picture has between its own; other things step into gaps
    that are free, or are left out.

    Args:
        things: of a plan.
        shown: those that the picture shows, which stay.
        row: of these.
    """
    result, given = list(things), frozenset(shown)
    places = [place for place, one in enumerate(things) if one.kind in STANDS]
    loads = {place: borne_by(things, place) for place in places}
    moving = [place for place in places if things[place] not in given]
    moving.sort(key=lambda place: things[place].yaw % 360.0)
    tallest = max(
        (things[load].height for place in places if things[place] in given
         for load in loads[place]), default=0.0,
    )  # fmt: skip
    each, own = row.others / max(min(len(moving), row.others), 1), row.stands
    for rank, place in enumerate(moving[: row.others]):
        number = 1 + int((rank + 0.5) * each)
        stand = replace(own[number % len(own)], yaw=row.yaw(number))
        for load in loads[place]:
            moved = moved_onto(things[load], things[place], stand)
            size = stand.width / things[place].width
            result[load] = _larger(moved, stand, min(size, tallest / moved.height), row.apart)
        result[place] = stand
    on_stands = {*places, *(load for loaded in loads.values() for load in loaded)}
    between = [
        place for place, one in enumerate(things)
        if place not in on_stands and one.kind in THINGS and where_of(one.kind) in _IN_GAPS
        and one.width < row.apart
    ]  # fmt: skip
    repeated = _repeated([things[place] for place in between], given, row)
    kinds, free = {one.kind for one in repeated}, list(row.gaps)
    if any(where_of(kind) in ON_FLOOR for kind in kinds):
        free = []
    gone = set()
    for place in between:
        thing = things[place]
        if thing in given:
            continue
        if thing.kind in kinds or not free:
            gone.add(place)
        else:
            gap = min(free, key=lambda yaw: abs(yaw_difference(yaw, thing.yaw)))
            free.remove(gap)
            result[place] = replace(thing, yaw=gap)
    result = [one for place, one in enumerate(result) if place not in gone]
    for one in repeated:
        result.insert(place_of(one, result), one)
    return result


def _larger(thing: PlacedObject, stand: PlacedObject, size: float, widest: float) -> PlacedObject:
    """Return a thing on a stand that is so many times as large, if that is not too wide."""
    size = max(min(size, widest / thing.width), 1.0)
    yaw = stand.yaw + size * yaw_difference(thing.yaw, stand.yaw)
    return replace(thing.scaled(size), yaw=yaw % 360.0)


def _repeated(
    things: Sequence[PlacedObject], given: Collection[PlacedObject], row: StandRow
) -> list[PlacedObject]:
    """Return things for all gaps, as large as in the picture, in the looks of their kind there."""
    own, all_looks = defaultdict[str, list[PlacedObject]](list), defaultdict(list)
    for one in things:
        all_looks[one.kind].append((one.color, one.mean_color, one.variant))
        if one in given:
            own[one.kind].append(one)
    result = []
    for kind, alike in own.items():
        if len(alike) < FEWEST - 1:
            continue
        for number, yaw in enumerate(row.gaps):
            color, mean, variant = all_looks[kind][number % len(all_looks[kind])]
            like = replace(alike[number % len(alike)], yaw=yaw, color=color, mean_color=mean)
            result.append(replace(like, variant=variant))
    return result


def borne_by(things: Sequence[PlacedObject], place: int) -> list[int]:
    """Return the places of things that stand on a stand."""
    stand = things[place]
    top = stand.foot + stand.height
    return [
        number for number, one in enumerate(things)
        if one.kind in THINGS and one.kind not in STANDS and one.width < BACKDROP
        and abs(yaw_difference(one.yaw, stand.yaw)) < stand.width / 3
        and -_ABOVE < one.foot - top < _ABOVE
    ]  # fmt: skip


def moved_onto(thing: PlacedObject, stand: PlacedObject, other: PlacedObject) -> PlacedObject:
    """Return a thing that stands on one stand as it stands on another one."""
    up = other.foot + other.height - stand.foot - stand.height
    return replace(thing, yaw=other.yaw % 360, pitch=thing.pitch + up, away=None)
