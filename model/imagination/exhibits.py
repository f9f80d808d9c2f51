"""Stages: every stand bears an exhibit, also one that the edge of a given picture cuts.

Data alone; knows nothing of networks.
"""

from collections.abc import Sequence
from dataclasses import replace

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.scenes.things import EXHIBITS, STANDS

_APART = 90.0  # degrees between stands whose exhibits are alike: two kinds take turns
_ASIDE = 0.25  # of a stand's width, by which its exhibit may be beside its middle
_GAP = 6.0  # degrees between them


def with_exhibits(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return things, from far to near, of which no stand is bare if any bears an exhibit.

    What is missing is made like what stands a quarter of the ring away, or nearest to that.
    """
    exhibits = [thing for thing in things if thing.kind in EXHIBITS]
    borne = {
        stand: exhibit
        for stand in things
        if stand.kind in STANDS
        for exhibit in exhibits
        if _bears(stand, exhibit)
    }
    full: list[PlacedObject] = []
    for thing in things:
        full.append(thing)
        if borne and thing.kind in STANDS and thing not in borne:
            alike = min(borne, key=lambda other: _from_quarter(thing, other))
            rise = _top(thing) - _top(alike)
            exhibit = borne[alike]
            full.append(replace(exhibit, yaw=thing.yaw, pitch=exhibit.pitch + rise))
    return full


def _bears(stand: PlacedObject, exhibit: PlacedObject) -> bool:
    aside = abs(yaw_difference(stand.yaw, exhibit.yaw))
    gap = abs(exhibit.pitch - exhibit.height / 2 - _top(stand))
    return aside <= _ASIDE * stand.width and gap <= _GAP


def _top(stand: PlacedObject) -> float:
    return stand.pitch + stand.height / 2


def _from_quarter(one: PlacedObject, other: PlacedObject) -> float:
    return abs(abs(yaw_difference(one.yaw, other.yaw)) - _APART)
