"""The plan as a list of things for the player."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from mag_sandbox.controls.edits import HIGHEST, LARGEST, Edit
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import AROUND
from mag_sandbox.model.pocket.painting.painting import PaintingInventor, stands_in
from mag_sandbox.model.pocket.painting.sketched_ground import planned_things
from mag_sandbox.scenes.kinds import RANGES


def things_at_start(
    inventor: PaintingInventor, things: Sequence[PlacedObject]
) -> list[PlacedObject]:
    """Return those of some things that show where the scene begins, on painted or sketched ground.

    On given ground, these are the things that were read in the picture. In another light, things
    stay on ground that is yet to be painted in it.
    """
    shown = [things[place] for place in inventor.imagination.visible(tuple(things))]
    if planned_things(inventor) is not None:  # unknown ground is sketched as it will be painted
        return shown
    known, lattice = inventor.around.known | inventor.relit, inventor.imagination.lattice
    return [one for one in shown if stands_in(cut_to_view(one), known, lattice)]


def as_listed(things: Iterable[PlacedObject]) -> tuple[Edit, ...]:
    """Return things as a player sees them: hills rise above the horizon, in each quarter around."""
    parts = (part for one in things for part in (_skyline(one) if one.kind in RANGES else (one,)))
    return as_edits(parts)


def as_edits(things: Iterable[PlacedObject]) -> tuple[Edit, ...]:
    """Return things as edits name them, without ground, sky, and things out of reach."""
    return tuple(filter(None, map(_as_edit, things)))


@lru_cache(maxsize=64)  # every block lists all things
def _skyline(thing: PlacedObject) -> tuple[PlacedObject, ...]:
    low = max(thing.foot, 0.0)
    height = max(thing.top - low, 0.0)
    seen = replace(thing, pitch=low + height / 2, height=height)
    if thing.width < AROUND:
        return (replace(seen, width=min(thing.width, LARGEST[0])),)
    return tuple(replace(seen, yaw=yaw, width=90.0) for yaw in (0.0, 90.0, 180.0, 270.0))


@lru_cache(maxsize=1024)  # likewise
def _as_edit(thing: PlacedObject) -> Edit | None:
    cut = cut_to_view(thing)
    is_seen = min(cut.width, cut.height) > 0.0  # a lake far away, or cut off, is a line
    if not is_seen or thing.width > LARGEST[0] or abs(cut.pitch) > HIGHEST:
        return None
    box = cut.yaw, cut.pitch, cut.width, cut.height
    return Edit("place", *box, cut.kind, cut.color, shape=cut.variant)


def as_far_as_seen(thing: PlacedObject) -> PlacedObject:
    """Return a thing beside or below the player, such as a lake, as far as views show it."""
    pitch = min(max(thing.pitch, -HIGHEST), HIGHEST)
    return replace(thing, pitch=pitch, width=min(thing.width, LARGEST[0]))


def cut_to_view(thing: PlacedObject) -> PlacedObject:
    """Return a thing cut to the height of a level view, from its foot up."""
    if thing.height <= LARGEST[1]:
        return thing
    foot = thing.foot
    return replace(thing, pitch=foot + LARGEST[1] / 2, height=LARGEST[1])
