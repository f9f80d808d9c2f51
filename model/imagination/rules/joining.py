"""Rules that add a few things named later to a plan, whose own things stay.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections.abc import Sequence
from dataclasses import replace

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import AHEAD, AROUND, few_of, places_of, turned
from mag_sandbox.model.imagination.rules.relations import put_to
from mag_sandbox.model.imagination.rules.spacing import covered, place_of, stands
from mag_sandbox.scenes.kinds import ANIMALS, PEOPLE, THINGS
from mag_sandbox.scenes.naming import Named, kinds_named

_HIDDEN = 0.3  # share of a thing that what joins may hide, or that may hide it
_STEPS = range(0, 21, 4)  # degrees that what joins steps aside
_WORTH = 60.0  # degrees aside that are as bad as a thing that is hidden
_NEARER, _STEP, _NEAREST = 0.2, 0.5, -12.0  # as bad as that; degrees of a foot, nearer and nearest
_SIDES = {"left": (-1.0,), "right": (1.0,)}  # ways in which it does, where words name a side
_FAR, _MOST_SCALED = 1.0, 2.0  # degrees of a foot below the horizon; times as large
_HELD = frozenset(("on", "above", "under"))  # by what they stand to


def with_joined(
    things: Sequence[PlacedObject],
    under: Sequence[PlacedObject],
    new: Sequence[Named],
    facing: float,
    gone: Sequence[PlacedObject] = (),
) -> list[PlacedObject]:
    """Return a plan's things, unchanged, with those of another plan that words newly name.

    Args:
        things: from far to near.
        under: of the other plan.
        new: what words name that is not there yet.
        facing: yaw of the view that is to show it.
        gone: things whose places the new ones take, as far as words give these none.
    """
    result, seen = list(things), turned(under, facing)
    left = sorted(gone, key=lambda one: -abs(yaw_difference(one.yaw, facing)))
    kinds = kinds_named(new)
    # what stands to another new thing comes after that
    for one in sorted(new, key=lambda one: bool(one.relation and kinds & {*one.relation.kinds})):
        own = [seen[place] for place in few_of(seen, one)][_count_there(result, one, facing) :]
        for thing in turned(put_to(own, turned(result, facing), one), -facing):
            where = one.relation.where if one.relation and one.relation.kinds else ""
            if left and one.relation is None:
                joining = _instead(thing, left.pop())
            else:
                joining = thing if where in _HELD else _free(thing, result, where)
            place = place_of(joining, result)
            if where in _HELD:  # nearer than what bears it
                bearing = one.relation.kinds if one.relation else ()
                place = max(place, *(at + 1 for at in places_of(result, bearing)), 0)
            result.insert(place, joining)
    return result


def _instead(thing: PlacedObject, gone: PlacedObject) -> PlacedObject:
    """Return a thing where another one stood, as much larger as it is nearer there."""
    near, was_near = (max(-one.foot, _FAR) for one in (gone, thing))
    scale = min(max(near / was_near, 1 / _MOST_SCALED), _MOST_SCALED)
    return replace(thing, yaw=gone.yaw).scaled(scale).standing_at(gone.foot)


def _count_there(things: Sequence[PlacedObject], one: Named, facing: float) -> int:
    """Return how many of some counted things a view shows already: with two foxes, both of these.

    A single one, and those to which words give a look or a place of their own, are other ones.
    """
    if one.most in (None, 1) or one.color or one.relation or one.parts or one.scale != 1.0:
        return 0
    return sum(
        abs(yaw_difference(things[place].yaw, facing)) <= AHEAD
        for place in places_of(things, one.kinds[:1])
    )


def _free(thing: PlacedObject, things: Sequence[PlacedObject], where: str) -> PlacedObject:
    """Return a thing that hides others, or is hidden, as little as a few steps can do.

    They lead aside or, behind trees, before these.
    """
    others = [one for one in things if one.width < AROUND and (_counts(one) or stands(one))]
    steps = [side * step for step in _STEPS for side in _SIDES.get(where, (1.0, -1.0))]
    aside = {step: thing.turned(step) for step in steps}
    places = [(abs(step) / _WORTH, one) for step, one in aside.items()]
    if not where and stands(thing):
        places += [(cost + _NEARER, _before(one, others)) for cost, one in places]
    return min(places, key=lambda pair: _hides(pair[1], others) + pair[0])[1]


def _before(thing: PlacedObject, others: Sequence[PlacedObject]) -> PlacedObject:
    """Return a thing as large as it is, before all that hides it, but not right at one's feet."""
    hiding = [one.foot for one in others if one.foot < thing.foot and covered(thing, one) > 0.0]
    foot = max(min(hiding, default=thing.foot) - _STEP, min(thing.foot, _NEAREST))
    return thing.standing_at(foot)


def _hides(thing: PlacedObject, others: Sequence[PlacedObject]) -> float:
    """Return the share by which a thing hides others or is hidden, if too much, else 0.

    Trees may be hidden.
    """
    shares = (
        covered(thing, one) if one.foot < thing.foot else covered(one, thing) * _counts(one)
        for one in others
    )
    most = max(shares, default=0.0)
    return most if most > _HIDDEN else 0.0


def _counts(thing: PlacedObject) -> bool:
    is_single = thing.kind in THINGS and THINGS[thing.kind].are_few
    return (is_single and stands(thing)) or thing.kind in ANIMALS | PEOPLE
