"""Rule by which the cars, buses and trams that words name are on the road."""

from collections.abc import Sequence
from dataclasses import replace
from math import radians, tan

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import AROUND, TOP
from mag_sandbox.model.imagination.rules.shores import shores_of
from mag_sandbox.model.imagination.rules.spacing import covered, place_of
from mag_sandbox.scenes.naming import Named, kinds_named

_ROAD, _VEHICLES = "road", frozenset(("bus", "car", "tram", "truck"))
_KERB = 0.6  # degrees between the far edge of a road and the wheels on it
_LARGEST = 2.0  # times as large as before, of what comes nearer
_HIDDEN = 0.25  # share of another named thing


def onto_roads(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan with named vehicles that stand behind a road on it, as large as in life.

    Those that words put somewhere, or something else beside, stay there, and so do those that would
    hide what words name.
    """
    roads = [one for one in things if one.kind == _ROAD and one.width < AROUND]
    said = kinds_named(named)
    told = [one for one in named if one.relation and one.relation.where != "front"]
    stay = {kind for one in told for kind in (*one.kinds, *(one.relation or one).kinds)}
    result = list(things)
    for thing in things:
        if not roads or thing.kind not in _VEHICLES & said - stay:
            continue
        road = min(roads, key=lambda one: abs(yaw_difference(one.yaw, thing.yaw)))
        moved = _onto(road, thing)
        if moved is thing:
            continue
        others = [one for one in things if one.kind in said and one is not thing]
        if all(covered(one, moved) <= max(_HIDDEN, covered(one, thing)) for one in others
               if one.width < AROUND and one.foot > moved.foot):  # fmt: skip
            result.remove(thing)
            above_road = result.index(road) + 1
            result.insert(max(place_of(moved, result), above_road), moved)
    return result


def _onto(road: PlacedObject, thing: PlacedObject) -> PlacedObject:
    edges = shores_of(road, thing)
    if edges is None or thing.foot <= edges[1]:
        return thing
    foot = edges[1] - _KERB
    scale = tan(radians(foot)) / tan(radians(thing.foot)) if thing.foot < 0 else _LARGEST + 1
    if scale > _LARGEST or foot + scale * thing.height > TOP:
        return thing
    return replace(thing.scaled(scale).standing_at(foot), away=None)
