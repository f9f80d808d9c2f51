"""Rules by which the first view shows what words name in its middle, and whole.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject, is_outdoors
from mag_sandbox.model.imagination.rules.plans import AROUND, SIDES, TOP, away, cuts, few_of, turned
from mag_sandbox.model.imagination.rules.spacing import stands
from mag_sandbox.scenes.kinds import ANIMALS, THINGS, WATERS
from mag_sandbox.scenes.naming import Named
from mag_sandbox.scenes.stances import STANCES

_TALLEST_ALOFT = 13.0  # degrees of things in the sky
_SMALLEST_ALOFT, _LARGEST_ALOFT = 3.5, 20.0  # of those called tiny or huge
_SMALL_ALOFT = 0.7  # by which small ones are smaller still: these have nothing beside them
_ROWS = 0.0, 5.0, 2.0  # degrees by which those in the sky are lower than each other
_SMALL = 15.0  # degrees of the height of what stands at one's feet, such as flowers
_BESIDE = 50.0  # degrees from ahead within which a turn brings things into the first view
_WIDE = 60.0  # degrees; wider things have no middle
_COURSES = (WATERS | {"road", "path", "railway track", "runway"}) - {"swimming pool"}
_ASIDE = 25.0  # degrees from ahead at which the middle of these is still plainly seen
_IN_VIEW = 43.0  # degrees from ahead within which what words name stays, whole
_TURNS = np.arange(-30.0, 30.5)  # degrees from there that are tried
# degrees by which a named thing is out of view, or the middle of all is off, as bad as a cut thing
_OUT, _OFF = 3.0, 40.0
_SIDES = frozenset(("left", "right", "behind", "ahead", "sides"))


def centred(
    things: Sequence[PlacedObject], named: Sequence[Named], typical: Sequence[Named] = ()
) -> list[PlacedObject]:
    """Return a plan turned so that the named things are ahead, and few things cut at its sides.

    They stay on a stage, in a room, and where words give any of them a side. Waters and ways that
    are named, or typical of a place, remain in the first view if there is room.
    """
    told = [part for one in named for part in (one, *one.parts)]
    has_side = any(
        one.relation and not one.relation.kinds and one.relation.where in _SIDES for one in told
    )
    if has_side or any(thing.kind in SIDES for thing in things):
        return list(things)
    ahead = [
        things[place]
        for place in dict.fromkeys(place for one in named for place in few_of(things, one))
        if things[place].width < _WIDE and away(things[place]) < _BESIDE
    ]
    few = [one for one in ahead if one.kind in THINGS and THINGS[one.kind].are_few]
    boxes = [(yaw_difference(one.yaw, 0.0), one.width / 2) for one in few or ahead]
    if not boxes:
        return list(things)
    left, right = min(yaw - half for yaw, half in boxes), max(yaw + half for yaw, half in boxes)
    turn = (left + right) / 2
    kinds = {kind for one in (*named, *typical) for kind in one.kinds} & _COURSES
    courses = [
        yaw_difference(thing.yaw, 0.0) for thing in things
        if thing.kind in kinds and _WIDE <= thing.width < AROUND and away(thing) < _BESIDE
    ]  # fmt: skip
    turns = turn + _TURNS
    yaws, halves = np.array(boxes).T
    beyond = np.maximum(np.abs(yaws - turns[:, None]) + halves - _IN_VIEW, 0.0).sum(1)
    beyond += np.maximum(np.abs(courses - turns[:, None]) - _ASIDE, 0.0).sum(1) / 2
    worse = cuts(things, turns) + beyond / _OUT + np.abs(turns - turn) / _OFF
    return turned(things, float(turns[worse.argmin()]))


def within_view(
    things: Sequence[PlacedObject],
    places: Collection[int],
    scales: Mapping[int, float] = MappingProxyType({}),
) -> list[PlacedObject]:
    """Return an outdoor plan with the tops and feet of some things in the first view.

    Those that stand are farther away, those in the sky lower, and as large as words say: `scales`,
    by their places.
    """
    if not is_outdoors(things):
        return list(things)
    result = list(things)
    for rank, place in enumerate(sorted(places)):
        row, scale = _ROWS[rank % len(_ROWS)], scales.get(place, 1.0)
        result[place] = _within_view(things[place], row, scale)
    return result


def _tallest_aloft(scale: float) -> float:
    """Return how tall a thing in the sky is at most [degrees] that is said to be small or large."""
    smaller = _SMALL_ALOFT if scale < 1.0 else 1.0
    return min(max(_TALLEST_ALOFT * scale * smaller, _SMALLEST_ALOFT), _LARGEST_ALOFT)


def _within_view(thing: PlacedObject, row: float, scale: float) -> PlacedObject:
    top, stance = thing.foot + thing.height, STANCES.get(thing.kind)
    is_aloft = stance is not None and stance.where in ("sky", "far") and thing.foot > 0.0
    if is_aloft or (stance is not None and stance.where == "sky" and thing.kind in ANIMALS):
        fits = min(_tallest_aloft(scale) / thing.height, 1.0)
        width, height = fits * thing.width, fits * thing.height
        pitch = TOP - height / 2 if scale > 1.0 else min(thing.pitch, TOP - height / 2)
        pitch -= row if thing.kind in ANIMALS else 0.0
        return replace(thing, width=width, height=height, pitch=pitch)
    if not stands(thing) or thing.foot >= 0.0:
        return thing
    if thing.foot < -TOP and thing.height < _SMALL:
        return replace(thing, pitch=thing.height / 2 - TOP, away=None)
    if top <= TOP:
        return thing
    fits = TOP / top
    width, height, foot = fits * thing.width, fits * thing.height, fits * thing.foot
    return replace(thing, width=width, height=height, pitch=foot + height / 2, away=None)
