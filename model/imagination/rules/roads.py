"""Rules by which cars, buses and trams are on the road, and benches, lamps and trees beside it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from math import inf, log, radians, tan

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import AROUND, TOP
from mag_sandbox.model.imagination.rules.shores import shores_of, taken_with
from mag_sandbox.model.imagination.rules.spacing import (
    CREATURES,
    covered,
    most_covered,
    place_of,
    stands,
)
from mag_sandbox.scenes.kinds import PEOPLE, THINGS
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.naming import Named, kinds_named

_ROAD, _VEHICLES = "road", frozenset(("bus", "car", "tram", "truck"))
_BOTH = _VEHICLES | (PEOPLE - {"snowman", "scarecrow"}) | {  # are on roads and beside them
    "bicycle", "motorcycle", "tractor", "bridge", "gate", "arch", "rocket", "plane", "torii",
}  # fmt: skip
_KERB = 0.6  # degrees between the edge of a road and the foot of what is beside it, or on it
_LANE = 0.2  # of the height of a road, between its far edge and the feet of what is on it
_LONGEST = {"car": 26.0}  # degrees of what comes nearer: three of them have room in a view
_TALL = 3.0  # metres
_LARGEST = 2.0  # times as large as before, of what comes nearer
_HIDDEN = 0.25  # share of another named thing
_OTHER_SIZE = 0.3  # by which a place is worse that makes a thing 2.7 times as large or small
_FEET = -25.0, -1.5  # degrees of feet beside a road, in a level view
_TOGETHER = 3.0  # degrees between the feet of two that words relate
_LEVEL_WITH = frozenset(("beside", "left", "right", "sides", "front", "on", "under"))


def onto_roads(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan with vehicles that stand behind a road, or at its far kerb, well on it.

    Those that words put somewhere, or something else beside, stay there, and so do those that would
    hide what words name.
    """
    said = kinds_named(named)
    told = [one for one in named if one.relation and one.relation.where != "front"]
    stay = {kind for one in told for kind in (*one.kinds, *(one.relation or one).kinds)}
    result = list(things)
    for thing in things:
        edges = _edges(things, thing) if thing.kind in _VEHICLES - stay else None
        foot = edges[1] - max(_KERB, _LANE * (edges[1] - edges[0])) if edges else 0.0
        if not foot < thing.foot < 0.0:
            continue
        moved = _moved(thing, foot)
        widest = min(_LARGEST * thing.width, max(_LONGEST.get(thing.kind, inf), thing.width))
        moved = moved.scaled(min(widest / moved.width, 1.0)).standing_at(moved.foot)
        if moved.top > TOP:
            continue
        if all(covered(one, moved) <= max(_HIDDEN, covered(one, thing)) for one in result
               if one.kind in said and one is not thing and one.width < AROUND
               and one.foot > moved.foot):  # fmt: skip
            result = _with_moved(result, {thing: moved})
    return result


def beside_roads(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan with nothing on a road but vehicles, people and creatures said to be there.

    All else is on the pavement, as large as it looks there, with what words put beside or on it.
    """
    said = kinds_named(named)
    related = [(one.kinds, one.relation) for one in named if one.relation and one.relation.kinds]
    borne = {kind for kinds, relation in related for kind in kinds
             if relation.where in ("on", "in", "above")
             and (_ROAD not in relation.kinds or kind in CREATURES)}  # fmt: skip
    result = list(things)
    for thing in things:
        if thing.kind not in THINGS.keys() - _BOTH - borne or thing not in result:
            continue  # another one took it along
        edges = _edges(things, thing) if stands(thing) else None
        if edges is None or not edges[0] < thing.foot < edges[1]:
            continue
        with_it = {kind for kinds, relation in related for kind in kinds
                   if relation.where in _LEVEL_WITH and thing.kind in relation.kinds}  # fmt: skip
        others = [
            one for one in result
            if one.kind in with_it - _VEHICLES
            and -_TOGETHER < one.foot - thing.foot < max(_TOGETHER, thing.height + _KERB)
            and abs(yaw_difference(one.yaw, thing.yaw)) < one.width + thing.width
        ]  # fmt: skip
        tried = []
        usual = usual_looks().get(thing.kind)
        is_tall = usual is not None and usual.tall > _TALL  # these would hide the road
        feet = (edges[0] - _KERB, edges[1] + _KERB)
        for foot in feet[is_tall:]:
            if _FEET[0] < foot < _FEET[1]:
                moved = _moved(thing, foot)
                moves = {thing: moved, **{one: taken_with(one, thing, moved) for one in others}}
                plan = _with_moved(result, moves)
                hidden = max(_hidden(plan, said) - _hidden(result, said) - _HIDDEN, 0.0)
                tried.append((hidden + _OTHER_SIZE * abs(log(foot / thing.foot)), plan))
        result = min(tried, key=lambda one: one[0], default=(0.0, result))[1]
    return result


def _edges(things: Sequence[PlacedObject], thing: PlacedObject) -> tuple[float, float] | None:
    """Return the pitch of the near and far edge of the road nearest to a thing; None: no road."""
    roads = (one for one in things if one.kind == _ROAD and one.width < AROUND)
    road = min(roads, key=lambda one: abs(yaw_difference(one.yaw, thing.yaw)), default=None)
    return None if road is None else shores_of(road, thing)


def _moved(thing: PlacedObject, foot: float) -> PlacedObject:
    """Return a thing farther away or nearer, with its top in view if it was."""
    scale = tan(radians(foot)) / tan(radians(thing.foot))
    if thing.top <= TOP and scale > 1.0 and thing.kind not in _VEHICLES:
        scale = max(min(scale, (TOP - foot) / thing.height), 1.0)
    return replace(thing.scaled(scale).standing_at(foot), away=None)


def _with_moved(
    things: Sequence[PlacedObject], moves: dict[PlacedObject, PlacedObject]
) -> list[PlacedObject]:
    """Return a plan in which some things have moved, above all roads and what is farther away.

    What was before another one that moves, such as a cat on a bench, stays before it.
    """
    result, put = [one for one in things if one not in moves], list[PlacedObject]()
    for moved in (moves[one] for one in things if one in moves):
        roads = [place for place, one in enumerate(result) if one.kind == _ROAD]
        farther = [at for at, one in enumerate(result)
                   if stands(one) and one.overlaps(moved)
                   and (one.foot > moved.foot or one in put)]  # fmt: skip
        put.append(moved)
        last = max((*roads, *farther), default=-1)
        result.insert(max(place_of(moved, result), last + 1), moved)
    return result


def _hidden(things: Sequence[PlacedObject], said: Collection[str]) -> float:
    """Return how much of named things is behind others, in all."""
    return sum(
        most_covered(thing, filter(stands, things[place + 1 :]))
        for place, thing in enumerate(things) if thing.kind in said and stands(thing)
    )  # fmt: skip
