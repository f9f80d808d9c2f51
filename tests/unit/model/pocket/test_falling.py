"""Rain and snow fall before pictures and leave pictures at rest as they are."""

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.pocket.pictures.decoding import DecodedBlock
from mag_sandbox.model.pocket.pictures.falling import FALLING, fallen

BLOCK = DecodedBlock(np.full((3, 192, 320, 3), 90, np.uint8))
POSES = (CameraPose(yaw=10.0),) * 3


@pytest.mark.parametrize("kind", FALLING)
def test_what_falls_covers_some_of_each_picture_and_moves_down(kind: str):
    things = [PlacedObject(kind, 0.0, 0.0, 360.0, 108.0)]
    shown = fallen(BLOCK, things, POSES, 5)
    assert shown.rest is BLOCK.frames
    changed = (shown.frames != BLOCK.frames).any(axis=-1)
    assert ((changed.mean(axis=(1, 2)) > 0.005) & (changed.mean(axis=(1, 2)) < 0.1)).all()
    assert (changed[0] != changed[1]).any()
    assert (fallen(BLOCK, things, POSES, 5).frames == shown.frames).all()
    assert (fallen(BLOCK, things, POSES, 6).frames[0] == shown.frames[1]).all()


def test_in_clear_weather_nothing_falls():
    assert fallen(BLOCK, [PlacedObject("cloud", 0.0, 20.0, 30.0, 12.0)], POSES, 0) is BLOCK
