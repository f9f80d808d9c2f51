"""Rule by which what words put behind something shows beside it, or above it."""

from collections.abc import Sequence

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject, is_outdoors
from mag_sandbox.model.imagination.rules.plans import few_of
from mag_sandbox.model.imagination.rules.spacing import most_covered, stands
from mag_sandbox.scenes.naming import Named

_HIDDEN = 0.66  # share of a thing behind others
_SHOWS = 0.6  # of its width, beyond the end of what hides it
_IN_VIEW = 43.0  # degrees from ahead


def with_backs_shown(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return an outdoor plan in which a third of each thing said to be behind another is seen.

    It is drawn before that one, and aside if it is no taller.
    """
    result = list(things)
    told = [one for one in named if one.relation and one.relation.where == "behind"]
    for one in told if is_outdoors(things) else ():
        assert one.relation is not None
        own = [result[place] for place in few_of(result, one)]
        others = [thing for thing in result if thing.kind in one.relation.kinds and stands(thing)]
        for thing in own if others else ():
            other = min(others, key=lambda at: abs(yaw_difference(at.yaw, thing.yaw)))
            if not stands(thing) or other is thing:
                continue
            rest = [each for each in result if each is not thing]
            at = min(result.index(thing), rest.index(other))
            tried = [_shown(thing, other, side) for side in (0.0, 1.0, -1.0)]
            tried = [each for each in tried if abs(yaw_difference(each.yaw, 0.0)) < _IN_VIEW]
            nearer = [each for each in rest[at:] if stands(each)]
            hidden = [most_covered(each, nearer) for each in tried]
            best = next((each for each, share in zip(tried, hidden, strict=True)
                         if share <= _HIDDEN), thing)  # fmt: skip
            result = [*rest[:at], best, *rest[at:]]
    return result


def _shown(thing: PlacedObject, other: PlacedObject, side: float) -> PlacedObject:
    """Return a thing beside the right, 1, or left end of another one, -1; 0: where it is."""
    if not side:
        return thing
    aside = other.width / 2 + (_SHOWS - 0.5) * thing.width
    return thing.turned(yaw_difference(other.yaw, thing.yaw) + side * aside)
