"""Rain and snow that fall in front of a block's pictures.

The networks know the weather by its light alone, and pictures at rest hold no drops. Where drops
are depends on the direction and on the time, so the same block is the same again.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.pocket.pictures.decoding import DecodedBlock

TALL, WIDE = 256, 1280  # px of what falls, all around


class _Falling(NamedTuple):
    number: int  # all around
    length: int  # px
    half: float  # px to either side
    speed: int  # px a frame
    slant: float  # px sideways for each pixel down
    share: float  # of its colour in the pixels it covers
    color: tuple[int, int, int]  # by day


FALLING = {
    "falling rain": _Falling(520, 13, 0.7, 23, 0.14, 0.55, (214, 232, 248)),
    "falling snow": _Falling(420, 1, 1.7, 2, 0.3, 0.85, (255, 255, 255)),
}


def fallen(
    block: DecodedBlock, things: Sequence[PlacedObject], poses: Sequence[CameraPose], time: int
) -> DecodedBlock:
    """Return a block with the rain or snow of a plan before its pictures."""
    falls = next((thing for thing in things if thing.kind in FALLING), None)
    if falls is None:
        return block
    kind, tile = FALLING[falls.kind], _tile(falls.kind)
    height, width = block.frames.shape[1:3]
    light = np.clip(max(falls.color or kind.color) / max(kind.color), 0.5, 1.0)
    frames = []
    for frame, (picture, pose) in enumerate(zip(block.frames, poses, strict=True), time):
        down = frame * kind.speed
        rows = np.arange(height) - down - round(pose.pitch * WIDE / 360)
        columns = np.arange(width) + round(pose.yaw * WIDE / 360 + down * kind.slant)
        share = tile[np.ix_(rows % TALL, columns % WIDE)][..., None]
        color = light * np.array(kind.color, np.float32)
        frames.append(np.rint(picture + (color - picture) * share).astype(np.uint8))
    rest = block.frames if block.rest is None else block.rest
    return DecodedBlock(np.stack(frames), rest, block.has_sky)


@cache
def _tile(name: str) -> np.ndarray:
    """Return which share of each pixel drops or flakes cover, float32 [TALL, WIDE]."""
    kind, rng = FALLING[name], np.random.default_rng(6)
    rows, columns = rng.integers(TALL, size=kind.number), rng.uniform(0, WIDE, kind.number)
    reach = int(np.ceil(kind.half))
    covered = np.zeros((TALL, WIDE), np.float32)
    round_ = kind.length == 1
    for down in range(-reach if round_ else 0, reach + 1 if round_ else kind.length):
        middle = columns - kind.slant * down * (not round_)
        for aside in range(-reach - 1, reach + 2):
            column = np.floor(middle).astype(int) + aside
            away = np.abs(column + 0.5 - middle)
            away = np.hypot(away, down) if round_ else away
            share = kind.share * np.clip(kind.half + 0.5 - away, 0.0, 1.0)
            np.maximum.at(covered, ((rows + down) % TALL, column % WIDE), share.astype(np.float32))
    return covered
