"""Rules by which people are seen whole, hide nothing, and each have what words give them.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from math import inf

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import AHEAD, away, few_of
from mag_sandbox.model.imagination.rules.spacing import covered, stands
from mag_sandbox.scenes.descriptions import WINDOWS
from mag_sandbox.scenes.kinds import ANIMALS, PEOPLE
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.naming import BUNCHED, Named
from mag_sandbox.scenes.relations import WITH
from mag_sandbox.scenes.stances import where_of

_MERGED = 0.1  # share of a person, or of a thing on a table, that the other one may cover
_STEPS = tuple(side * turn for turn in range(3, 46, 3) for side in (1.0, -1.0))  # degrees
_WALL = 60.0  # degrees; wider things are patterns of a wall
_LARGER, _LEAST = 1.1, 9.0  # times as tall as in life, and degrees, that animals may be
_BESIDE = 60.0  # degrees from ahead within which nothing else of a kind is that people have
_AS_WIDE, _AS_TALL = 1.5, 0.65  # times as wide, and as tall, as their owners such things are
_NEARER = 0.5  # degrees that their feet are nearer
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
            told = [result[at] for at in kept if at != place and stands(result[at])]
            result[place] = _aside(result[place], _others(result, place, "small"), told)
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


def without_belongings(
    things: Sequence[PlacedObject], named: Sequence[Named]
) -> tuple[list[PlacedObject], list[Named]]:
    """Return a plan, and what words name, without what each of some people has ahead.

    `with_belongings` adds that when the people have their places.
    """
    owned = {kind for one in named for kind in one.kinds if _owners(one)}
    own = [one for one in things if one.kind not in owned or away(one) > _BESIDE]
    return own, [one for one in named if not _owners(one)]


def with_belongings(
    things: Sequence[PlacedObject], named: Sequence[Named], like: Sequence[PlacedObject]
) -> list[PlacedObject]:
    """Return a plan in which each of the people to whom words give things has one.

    Low ones are before their owner, others at the side.

    Args:
        things: from far to near.
        named: by words.
        like: things of a plan, which look as those that are added.
    """
    looks, result = usual_looks(), list(things)
    for one in (part for each in named for part in each.parts or (each,)):
        owners = _owners(one)
        own = next((thing for thing in like if thing.kind in one.kinds), None)
        people = next((other for other in named if other.kinds[:1] == owners[:1]), None)
        if own is None or people is None or not {own.kind, owners[0]} <= looks.keys():
            continue
        placed = [things[place] for place in sorted(few_of(things, people)[: one.least])]
        first = result.index(placed[0]) if placed else 0
        for owner in placed:
            most = inf if own.kind == BUNCHED else _AS_TALL
            tall = owner.height * min(looks[own.kind].tall / looks[owner.kind].tall, most)
            held = own.scaled(max(tall / own.height, _LEAST / max(own.width, own.height)))
            is_low = held.width < owner.width * _AS_WIDE and held.height < owner.height / 2
            is_slim = held.width < owner.width
            turn = 0.0 if is_low else owner.width / 2 if is_slim else (owner.width + held.width) / 2
            held = replace(held, yaw=(owner.yaw + turn) % 360.0).standing_at(owner.foot - _NEARER)
            at = first if own.kind == BUNCHED else result.index(owner) + 1  # before no face
            result.insert(at, held)
    return result


def _owners(one: Named) -> tuple[str, ...]:
    """Return the kinds of people of whom each has such a thing; (): words do not say so."""
    relations = [part.relation for part in (one, *one.parts)]
    return next((to.kinds for to in relations if to and to.where == WITH), ())


def _others(things: Sequence[PlacedObject], place: int, where: str) -> list[PlacedObject]:
    """Return the things but one that are in some stance, not as wide as a wall."""
    others = (one for at, one in enumerate(things) if at != place)
    return [one for one in others if where_of(one.kind) == where and one.width < _WALL]


def _aside(
    thing: PlacedObject, others: Sequence[PlacedObject], free: Sequence[PlacedObject] = ()
) -> PlacedObject:
    """Return a thing clear of others, as near as can be; as it is where that is not ahead.

    Of `free`, it merges with none that it is clear of where it is.
    """
    if not _merge(thing, others):
        return thing
    others = [*others, *(one for one in free if not _merge(thing, [one]))]
    moved = (thing.turned(turn) for turn in _STEPS)
    return next((one for one in moved if away(one) < AHEAD and not _merge(one, others)), thing)


def _merge(thing: PlacedObject, others: Sequence[PlacedObject]) -> bool:
    return any(max(covered(thing, one), covered(one, thing)) > _MERGED for one in others)


def _walls_first(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return things with what hangs on walls behind what stands before it."""
    result: list[PlacedObject] = []
    for thing in things:
        first = len(result)
        if where_of(thing.kind) == "wall":
            before = (at for at, one in enumerate(result)
                      if stands(one) and one.overlaps(thing))  # fmt: skip
            first = next(before, first)
        result.insert(first, thing)
    return result
