"""Rules by which named rugs and blankets lie under what stands on them, and where words say.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import atan, degrees, radians, tan

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import AHEAD, away, few_of, places_of
from mag_sandbox.model.imagination.rules.plausible import highest_foot
from mag_sandbox.model.imagination.rules.spacing import stands
from mag_sandbox.scenes.kinds import MATS
from mag_sandbox.scenes.naming import Named

_WIDER, _LEAST = 1.6, 30.0  # times as wide as what it lies before, and degrees, at most
_NEAREST = -24.0  # degrees of the near edge
_LOWEST = -25.5  # degrees of the far edge, of which a level view shows something


def with_mats_laid(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan with named mats before all that stands on them, or before or under a thing."""
    result = list(things)
    for one in named:
        own = few_of(result, one) if one.kinds[0] in MATS else []
        targets = places_of(result, one.relation.kinds) if own and one.relation else []
        if targets and one.relation:
            target = result[min(targets, key=lambda place: away(result[place]))]
            is_before = one.relation.where == "front"
            laid = [_laid_at(result[place], target, is_before=is_before) for place in own]
        else:
            laid = [_in_view(_ahead(result[place]), things) for place in own]
        rest = [thing for place, thing in enumerate(result) if place not in own]
        first = next((at for at, thing in enumerate(rest) if stands(thing)), len(rest))
        result = [*rest[:first], *laid, *rest[first:]]
    return result


def _ahead(mat: PlacedObject) -> PlacedObject:
    """Return a mat of which most is in the first view."""
    reach, yaw = max(AHEAD - mat.width / 4, 0.0), yaw_difference(mat.yaw, 0.0)
    return mat.turned(min(max(yaw, -reach), reach) - yaw)


def _in_view(mat: PlacedObject, things: Sequence[PlacedObject]) -> PlacedObject:
    """Return a mat as far away as a level view shows all of it, but not within a wall."""
    if mat.foot > _NEAREST:
        return mat
    near, far = (EYE / tan(radians(-end)) for end in (mat.foot, mat.top))
    away = EYE / tan(radians(-_NEAREST)) - near
    half = (near + far) / 2 * tan(radians(mat.width / 2))
    top = min(-degrees(atan(EYE / (far + away))), highest_foot(things, mat.yaw))
    wide = 2 * degrees(atan(half / ((near + far) / 2 + away)))
    return replace(mat, pitch=(_NEAREST + top) / 2, width=wide, height=top - _NEAREST)


def _laid_at(mat: PlacedObject, thing: PlacedObject, *, is_before: bool) -> PlacedObject:
    """Return a mat with its far edge at the feet of a thing, or its middle under it."""
    wide = min(mat.width, max(_WIDER * thing.width, _LEAST))
    edge = thing.foot if is_before else thing.foot + mat.height / 2
    edge = max(min(mat.top, edge), _LOWEST)
    turn = yaw_difference(thing.yaw, mat.yaw)
    return replace(mat.turned(turn), width=wide, pitch=edge - mat.height / 2)
