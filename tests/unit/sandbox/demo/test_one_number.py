"""One return has one number: on the display, in a demo's print, in its page and from Python."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting
from mag_sandbox.renderer.render import HELD_OUT
from mag_sandbox.sandbox.demo.run import Extras, play_demo
from mag_sandbox.sandbox.environment import WorldEnvironment
from mag_sandbox.sandbox.export.footage import Footage
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.recording.frame_writer import frames_beside
from mag_sandbox.sandbox.recording.frames_file import StoredFrames
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.returns.prober import Prober
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.demo.demo import Demo
from mag_sandbox.scenes.demo.script import parse_script
from tests.rendered_worlds import SPEC, PerfectWorld

SCENE = Scene(prompt="A level.", name=f"level {HELD_OUT + 3}", category="video game", seed=1)
SCRIPT = "pan right 105deg; pan left 105deg; hold 2s"


class SofteningWorld(PerfectWorld):
    """Comes back softer than it was, and a cloud drifts over everything it shows."""

    def reset(self, scene, seed):
        self._comes_back = False
        return super().reset(scene, seed)

    def picture(self, pose, yaw):
        sharp = super().picture(pose, yaw)
        self._comes_back |= yaw < 0
        if not self._comes_back:
            return sharp
        return np.array(Image.fromarray(sharp).filter(ImageFilter.GaussianBlur(5)))

    def step(self, control: Control) -> FrameBlock:
        block = super().step(control)
        shown = block.frames.copy()
        shown[:, :, 30 * block.block_index % 300 :][:, :40, :20] = 255
        return replace(block, frames=shown, rest=block.frames)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo's rows and its recording."""
    folder = tmp_path_factory.mktemp("one") / "recording"
    recorder = Recorder(folder)
    extras = Extras(recorder, frames=frames_beside(recorder))
    played = Demo("one", SCENE, "level", 1, parse_script(SCRIPT))
    result = play_demo(played, SofteningWorld(), MemorySetting(), extras=extras)
    (row,) = [row for row in result.probes if row.anchor == "place 1"]
    assert 5.0 < row.recall < 95.0
    return row.recall, load_recording(folder)


def test_a_demo_and_its_page_say_the_same(demo):
    recall, recording = demo
    with StoredFrames.open(recording.folder) as stored:
        found = [
            one.recall for one in Footage(recording, stored).probes() if one.label == "place 1"
        ]
    assert found == pytest.approx([recall], abs=0.01)


def test_the_display_says_the_same(demo):
    recall, recording = demo
    prober = Prober(spec=SPEC)
    session = Session(SofteningWorld(), ScriptSource(recording.controls), [prober])
    session.start(SCENE, 1)
    while session.advance() is not None:
        assert prober.settle()
    session.end("over")
    assert prober.settle()
    (found,) = [one.recall for one in prober.results if one.label == "place 1"]
    prober.close()
    assert found == pytest.approx(recall, abs=0.01)


def test_python_is_told_the_same(demo):
    recall, recording = demo
    environment = WorldEnvironment(SofteningWorld(), SCENE)
    environment.reset(seed=1)
    told = [environment.step([one.camera.yaw, 0.0])[4]["probe"] for one in recording.controls]
    (found,) = [probe["recall"] for probe in told if probe and probe["anchor"] == "place 1"]
    assert found == pytest.approx(recall, abs=0.01)
