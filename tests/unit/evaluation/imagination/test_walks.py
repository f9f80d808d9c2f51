"""Random walks: pictures that last pass, and a world that feeds on its copies does not."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.imagination import scenes, walks
from mag_sandbox.evaluation.imagination.walks import WalksJob, controls, lines_of, measure
from mag_sandbox.evaluation.judge.judge import Judge
from mag_sandbox.evaluation.options import WalkOptions
from mag_sandbox.evaluation.results.store import ClipStore
from mag_sandbox.model.world import GroundPlan, GroundThing, MemorySetting
from mag_sandbox.renderer.views import view_at
from tests.rendered_worlds import SPEC, PerfectWorld

asked_scene = cache(scenes.asked_scene)  # both worlds are measured by the same renders
OPTIONS = WalkOptions(walks=2, seconds=12.0, renders=5)


class SteadyWorld(PerfectWorld):
    """Shows another scene than the one that is compared with."""

    def reset(self, scene, seed):
        self._scene = asked_scene(100, 0).ring.pixels
        self._pose, self._prompt, self._made = CameraPose(), scene.prompt, 0
        return self._block((CameraPose(),) * 3, 0.0)

    def round_trip(self, frames):
        return frames

    def picture(self, pose, yaw):
        return view_at(self._scene, pose.yaw, pose.pitch, pose.fov)


class CopyingWorld(SteadyWorld):
    """Grows harsher with every block, as copies of copies do."""

    def picture(self, pose, yaw):
        view = super().picture(pose, yaw).astype(float)
        return np.clip(128 + (view - 128) * 1.3**self._made, 0, 255).astype(np.uint8)


class PaintingOverWorld(SteadyWorld):
    """Shows fine pictures, which are not what was painted there from the seventh block on."""

    def painted(self, pose):
        turned = pose.yaw + (120.0 if self._made > 6 else 0.0)
        return view_at(self._scene, turned, pose.pitch, pose.fov)[None]


class CrowdedWorld(SteadyWorld):
    """Shows a player over a flower and a snail, and from the seventh block on in a tree."""

    def step(self, control):
        away = 0.5 if self._made > 6 else 3.0
        tree = GroundThing("pine", 0.0, away, radius=2.0, clearance=1.6, firm=1.0)
        flower = GroundThing("wild flower", 0.0, 0.0, radius=0.1)
        snail = GroundThing("snail", 0.0, 0.0, radius=0.5)  # which makes way, as flowers do
        return replace(super().step(control), ground=GroundPlan((tree, flower, snail)))


@pytest.fixture
def walked(tmp_path, monkeypatch):
    monkeypatch.setattr(walks, "asked_scene", asked_scene)
    judge = Judge.load()

    def run(world, options=OPTIONS, sheet=None) -> dict:
        store = ClipStore(tmp_path / world.__name__, {})
        return measure(WalksJob(replace(options, sheet=sheet), world, judge), store)

    return run


def test_a_picture_that_is_not_what_was_painted_there_is_told(walked):
    result = walked(PaintingOverWorld, OPTIONS)
    assert [(left["figure"], left["value"] < walks.KEPT) for left in result["left"]] == [
        ("kept", True)
    ] * 2
    assert all(left["second"] >= 6 for left in result["left"])
    assert result["kept"]["pictures"] == 8
    assert result["kept"]["least"] < walks.KEPT
    assert any(line.startswith("as painted") for line in lines_of(result))


def test_a_player_inside_a_thing_is_told(walked):
    room = walked(CrowdedWorld)["room"]
    assert room == {"least": pytest.approx(-0.5), "inside": 0.5}
    assert walked(SteadyWorld)["room"] == {}


def test_pictures_like_renders_pass_and_copies_of_copies_do_not(walked, tmp_path):
    steady, copying = (walked(world) for world in (SteadyWorld, CopyingWorld))
    assert steady["walks"] == {"walks": 2, "held": 2}
    assert copying["walks"]["held"] == 0
    assert len(list(lines_of(copying))) == 2 + 2
    first = copying["left"][0]
    assert first["figure"] in ("detail", "saturation", "strangeness")
    assert 0 < first["second"] <= 12.0
    sheet = tmp_path / "sheet.png"
    assert walked(CopyingWorld, sheet=sheet) == copying  # read, not walked again
    with Image.open(sheet) as picture:
        assert picture.height == 2 * (SPEC.frame_height // 2 + 4)


def test_a_walk_goes_every_way_and_changes_prompts_and_memories():
    spec = replace(SPEC, axes=("yaw", "pitch", "zoom"))
    walk = controls(spec, 600.0, "a beach", np.random.default_rng(1))
    assert len(walk) == round(600.0 / spec.block_seconds)
    moved = {tuple(axis for axis in spec.axes if getattr(one.camera, axis)) for one in walk}
    assert moved == {(), ("yaw",), ("pitch",), ("zoom",), ("yaw", "pitch")}
    assert {one.prompt for one in walk} == {None, "a beach"}
    assert {one.memory for one in walk} == {
        None, MemorySetting("window"), MemorySetting("mag-retrieve"),
    }  # fmt: skip
    again = controls(spec, 600.0, "a beach", np.random.default_rng(1))
    assert walk == again


def test_worlds_that_can_walk_do():
    spec = replace(SPEC, axes=("yaw", "pitch", "zoom", "forward", "right"))
    walk = controls(spec, 600.0, "a beach", np.random.default_rng(1))
    walked = [one for one in walk if one.camera.forward or one.camera.right]
    assert 0.3 < len(walked) / len(walk) < 0.7
    assert any(one.camera.forward and one.camera.yaw for one in walked)
    assert any(one.camera.right < 0 for one in walked)


def test_a_folder_of_an_older_version_is_refused_before_anything_is_walked(tmp_path, monkeypatch):
    options = replace(OPTIONS, out=tmp_path)
    monkeypatch.setattr(walks, "measure", lambda job, store: pytest.fail("it walks"))
    monkeypatch.setattr(walks, "VERSION", walks.VERSION - 1)
    with pytest.raises(pytest.fail.Exception, match="it walks"):
        walks.run_walks(options, print)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="version 2, this run has 3; name another folder"):
        walks.run_walks(options, print)


@pytest.mark.parametrize("wrong", [{"walks": 0}, {"seconds": 0.1}, {"seed": -1}])
def test_walks_that_say_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        WalkOptions(**wrong)
