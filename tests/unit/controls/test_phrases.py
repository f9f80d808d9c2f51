"""Camera commands read well."""

import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.phrase_compiler import camera_phrase


@pytest.mark.parametrize(
    ("command", "phrase"),
    [
        (CameraCommand(), "camera stays still"),
        (CameraCommand(yaw=1.0), "camera pans right"),
        (CameraCommand(yaw=-1.0), "camera pans left"),
        (CameraCommand(pitch=0.3), "camera tilts up slowly"),
        (CameraCommand(yaw=1.0, pitch=-1.0), "camera pans right and tilts down"),
        (CameraCommand(zoom=-1.0), "camera zooms out"),
    ],
)
def test_commands_become_phrases(command, phrase):
    assert camera_phrase(command) == phrase
