"""Rules by which people are seen whole, and hide nothing: no mirror hangs before a head.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections.abc import Collection, Sequence

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import AHEAD, away
from mag_sandbox.model.imagination.rules.spacing import covered, stands
from mag_sandbox.scenes.descriptions import WINDOWS
from mag_sandbox.scenes.kinds import ANIMALS, PEOPLE
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.stances import where_of

_MERGED = 0.1  # share of a person, or of a thing on a table, that the other one may cover
_STEPS = tuple(side * turn for turn in range(3, 46, 3) for side in (1.0, -1.0))  # degrees
_WALL = 60.0  # degrees; wider things are patterns of a wall
_LARGER, _LEAST = 1.1, 9.0  # times as tall as in life, and degrees, that animals may be
_JOINED = frozenset(("on", "under", "behind", "above"))  # relations in which things do overlap


def with_people_clear(
    things: Sequence[PlacedObject], named: Sequence[Named], kept: Collection[int]
) -> list[PlacedObject]:
    """Return things with those on walls behind people, and neither hiding the other.

    Named people step aside from things on their table, and named things on a wall
    hang beside them.

    Args:
        things: from far to near.
        named: by words.
        kept: places of named things.
    """
    joined = {kind for one in named for part in (one, *one.parts) for kind in one.kinds
              if part.relation and part.relation.where in _JOINED}  # fmt: skip
    result = list(things)
    for place in kept:
        if result[place].kind in PEOPLE - joined:
            result[place] = _aside(result[place], _others(result, place, "small"))
    people = [result[place] for place in kept if result[place].kind in PEOPLE]
    for place in kept:
        thing = result[place]
        if where_of(thing.kind) == "wall" and thing.kind not in WINDOWS and _merge(thing, people):
            result[place] = _aside(thing, [*people, *_others(result, place, "wall")])
    return _walls_first(result)


def with_small_animals(things: Sequence[PlacedObject], kept: Collection[int]) -> list[PlacedObject]:
    """Return a plan with named animals no larger beside named people than in life.

    Args:
        things: from far to near.
        kept: places of named things.
    """
    looks, result = usual_looks(), list(things)
    people = [things[place] for place in kept if things[place].kind in PEOPLE & looks.keys()]
    if not people:
        return result
    tallest = max(people, key=lambda one: one.height)
    for place in kept:
        thing = things[place]
        if thing.kind not in ANIMALS & looks.keys() or not stands(thing):
            continue
        share = looks[thing.kind].tall / looks[tallest.kind].tall
        nearer = max(thing.foot / tallest.foot, 1.0) if tallest.foot < 0.0 else 1.0
        fits = _LARGER * share * nearer * tallest.height / thing.height
        fits = max(fits, _LEAST / max(thing.width, thing.height))
        if share < 1.0 and fits < 1.0:
            result[place] = thing.scaled(fits)
    return result


def _others(things: Sequence[PlacedObject], place: int, where: str) -> list[PlacedObject]:
    """Return the things but one that are in some stance, not as wide as a wall."""
    others = (one for at, one in enumerate(things) if at != place)
    return [one for one in others if where_of(one.kind) == where and one.width < _WALL]


def _aside(thing: PlacedObject, others: Sequence[PlacedObject]) -> PlacedObject:
    """Return a thing clear of others, as near as can be; as it is where that is not ahead."""
    if not _merge(thing, others):
        return thing
    moved = (thing.turned(turn) for turn in _STEPS)
    return next((one for one in moved if away(one) < AHEAD and not _merge(one, others)), thing)


def _merge(thing: PlacedObject, others: Sequence[PlacedObject]) -> bool:
    return any(max(covered(thing, one), covered(one, thing)) > _MERGED for one in others)


def _walls_first(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return things with what hangs on walls behind the people that are before it."""
    result: list[PlacedObject] = []
    for thing in things:
        first = len(result)
        if where_of(thing.kind) == "wall":
            before = (at for at, one in enumerate(result)
                      if one.kind in PEOPLE and one.overlaps(thing))  # fmt: skip
            first = next(before, first)
        result.insert(first, thing)
    return result
