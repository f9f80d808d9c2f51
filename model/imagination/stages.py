"""Stages: stands all around the player, each of which bears something else.

The planner leaves one or two stands out; here the gaps are filled.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.scenes.things import EXHIBITS, STANDS, THINGS

APART = 45.0  # degrees between stands
FEWEST = 3  # stands of a stage; fewer may be furniture
TALLEST, WIDEST = 22.0, 24.0  # degrees of what is added


def with_full_stage(
    things: Sequence[PlacedObject], kinds: Collection[str], rng: np.random.Generator
) -> list[PlacedObject]:
    """Return things, from far to near, and what fills the gaps between the stands of a stage.

    Args:
        things: of a plan.
        kinds: that can be painted.
        rng: chooses what the added stands bear.
    """
    stands = sorted((one for one in things if one.kind in STANDS), key=lambda one: one.yaw % 360)
    if len(stands) < FEWEST:
        return list(things)
    used = {thing.kind for thing in things}
    unused = rng.permutation(sorted(EXHIBITS & THINGS.keys() & set(kinds) - used)).tolist()
    full = list(things)
    for one, other in zip(stands, [*stands[1:], stands[0]], strict=True):
        gap = yaw_difference(other.yaw, one.yaw) % 360
        missing = min(round(gap / APART) - 1, len(unused))
        for number in range(1, missing + 1):
            stand = replace(one, yaw=(one.yaw + gap * number / (missing + 1)) % 360)
            full += [stand, _exhibit(unused.pop(), stand)]
    return full


def _exhibit(kind: str, stand: PlacedObject) -> PlacedObject:
    """Return a thing of a kind on a stand, as large as the others, in any colour."""
    usual = THINGS[kind]
    scale = min(TALLEST / usual.height, WIDEST / usual.width)
    height = scale * usual.height
    pitch = stand.pitch + (stand.height + height) / 2
    return PlacedObject(kind, stand.yaw, pitch, scale * usual.width, height)
