"""Demos are read from YAML; what is wrong is one sentence with file, line and column."""

from dataclasses import replace
from pathlib import Path

import pytest

from mag_sandbox.controls.camera import AXES, LOOK_AXES, CameraSpeed
from mag_sandbox.files.yaml_files import FileError
from mag_sandbox.scenes import available_demos, available_scenes, load_scene
from mag_sandbox.scenes.demo import demo
from mag_sandbox.scenes.demo.demo import DemoError, load_demo
from mag_sandbox.scenes.demo.expect import Expectation
from mag_sandbox.scenes.demo.script import MemoryAsk
from mag_sandbox.scenes.demo.steering import Rig
from mag_sandbox.scenes.demo.tape import tape_of
from mag_sandbox.scenes.demo.words import ScriptError
from tests import ROOT

POLICIES = ("mag-retrieve", "mag", "full", "window", "none")
RIG = Rig(16.0, 3, CameraSpeed(40.0, 20.0, 30.0, 60.0), LOOK_AXES, POLICIES)
WALKING = replace(RIG, full_speed=replace(RIG.full_speed, walk=2.8), axes=AXES)
SHORT = "anchor a; pan left 9deg; home; probe a"


def write(folder: Path, text: str) -> Path:
    path = folder / "own-demo.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problem_of(folder: Path, text: str) -> str:
    path = write(folder, text)
    with pytest.raises(FileError) as caught:
        load_demo(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(str(path))


def test_there_are_at_least_ten_demos():
    assert len(available_demos()) >= 10


@pytest.mark.parametrize("name", available_demos())
def test_every_demo_can_be_played_and_says_what_it_shows(name):
    one = load_demo(name)
    assert one.about.endswith(".")
    assert one.scene_name in available_scenes()
    tape = tape_of(one.script, WALKING if "walk" in name else RIG, one.scene_name)
    assert 5 < tape.seconds <= 620
    assert {one.memory.policy if one.memory else "mag", *(a.policy for a in one.compare)} <= set(
        POLICIES
    )


def test_one_demo_takes_ten_minutes():
    one = load_demo("ten-minutes")
    assert tape_of(one.script, RIG, one.scene_name).seconds >= 600


def test_a_demo_has_a_scene_of_the_library_and_its_seed(tmp_path):
    one = load_demo(write(tmp_path, f"scene: kitchen\nscript: {SHORT}\n"))
    assert (one.scene, one.scene_name, one.name) == (load_scene("kitchen"), "kitchen", "own demo")
    assert one.seed == load_scene("kitchen").seed
    assert load_demo(write(tmp_path, f"scene: kitchen\nseed: 5\nscript: {SHORT}\n")).seed == 5


def test_a_scene_may_stand_in_the_demo(tmp_path):
    text = f"scene:\n  prompt: A   beach.\n  name: beach\n  seed: 4\nscript: {SHORT}\n"
    one = load_demo(write(tmp_path, text))
    assert (one.scene.prompt, one.scene_name, one.seed) == ("A beach.", "beach", 4)


def test_memories_and_expectations_are_read(tmp_path):
    text = f"""
scene: kitchen
memory: window 8 blocks
compare: mag, window 4 blocks
look_ahead: false
script: {SHORT}
expect:
  recall: ">= 80"
  psnr a: "<25.5"
  lead: "> -3"
"""
    one = load_demo(write(tmp_path, text))
    assert one.memory == MemoryAsk("window", window_blocks=8)
    assert one.compare == (MemoryAsk("mag"), MemoryAsk("window", window_blocks=4))
    assert one.look_ahead is False
    assert one.expect == (
        Expectation("recall", None, ">=", 80.0),
        Expectation("psnr", "a", "<", 25.5),
        Expectation("lead", None, ">", -3.0),
    )
    assert str(one.expect[1]) == "psnr a < 25.5"
    assert one.expect[1].holds(25.4)
    assert not one.expect[1].holds(25.5)


HEAD = "scene: kitchen\nscript: anchor a; probe a\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": is empty; add lines"),
        ("- a", ":1:1: expected lines of the form"),
        ("scene: [", ":1:9: is not valid YAML"),
        ("sene: kitchen", ':1:1: unknown key "sene" (did you mean "scene"?)'),
        ("scene: kitchen\nscene: kitchen", ':2:1: "scene" is given twice'),
        ("script: home", ': has no "scene"'),
        ("scene: kitchen", ': has no "script"'),
        ("scene: kichen\nscript: home", ':1:8: scene "kichen" not found (did you mean "kitchen"?)'),
        ("scene: 3\nscript: home", ':1:8: scene is "3", expected the name of a scene'),
        ("scene: [a]\nscript: home", ":1:8: scene is a list"),
        ("scene: {seed: 3}\nscript: home", ':1:8: the scene has no "prompt"'),
        ("scene: {promt: A.}\nscript: home", ':1:9: unknown key "promt"'),
        ("scene: {prompt: A., seed: x}\nscript: home", ':1:27: seed is "x", expected a whole'),
        ("scene: {prompt: A., seed: -1}\nscript: home", ":1:27: seed is -1, expected 0 to"),
        ("scene: {prompt: A., image: no.png}\nscript: home", ':1:28: image "no.png" not found'),
        (f"{HEAD}seed: 1.5", ":3:7: seed is 1.5, expected a whole number"),
        (f"{HEAD}seed: -1", ":3:7: seed is -1, expected 0 to"),
        (f"{HEAD}memory: window 8 blokcs", ":3:9: memory: "),
        (f"{HEAD}compare: mag", ":3:10: compare names fewer than two"),
        (f"{HEAD}look_ahead: 3", ":3:13: look_ahead is 3, expected true or false"),
        (f"{HEAD}seed: !!timestamp x", ":3:7: seed holds a value that cannot be read"),
        (f"{HEAD}seed: !!python/object:os.system x", ":3:7: is not valid YAML: could not"),
        (f"{HEAD}expect: 80", ":3:9: expect needs lines such as"),
        (f"{HEAD}expect:\n  recal: '> 1'", ':4:10: unknown measure "recal" (did you mean "recall'),
        (f"{HEAD}expect:\n  recall: 80", ':4:11: recall is "80", expected a comparison such as'),
        (f"{HEAD}expect:\n  recall: '=> 80'", ":4:11: recall is"),
        (f"{HEAD}expect:\n  recall b: '> 1'", "the script has no probe of it; probed: a"),
        (f"{HEAD}expect:\n  fps a: '> 1'", "the script has no probe of it"),
        (f"{HEAD}expect:\n  lead: '> 1'", ':4:9: expect lead: nothing is compared; add "compare'),
        ("scene: kitchen\nscript: home\nexpect: {recall: '> 1'}", "the script has no probe; add"),
        ("scene: kitchen\nscript: hme", ':2:9: unknown command "hme" (did you mean "home"?)'),
        ("scene: kitchen\nscript: 'hme'", ":2:10: unknown command"),
        ("scene: kitchen\nscript: |\n  home\n    hme", ':4:5: unknown command "hme"'),
        ("scene: kitchen\nscript: |\n\n\n  probe a", ':5:3: no anchor "a"'),
        ("scene: kitchen\nscript:\n  home\n  home", ":3:3: the script has several lines; begin"),
        ("scene: kitchen\nscript: >\n  home\n  home", ":2:9: the script has several lines; begin"),
        ("scene: kitchen\nscript: 3", ":2:9: script is 3, expected text"),
    ],
)
def test_a_mistake_is_named_at_its_place(tmp_path, text, message):
    assert message in problem_of(tmp_path, text)


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(DemoError, match="no such file"):
        load_demo(tmp_path / "none.yaml")
    with pytest.raises(DemoError, match="cannot be read"):
        load_demo(tmp_path)
    with pytest.raises(DemoError, match=r"not found \(did you mean \"back-and-forth\"\?\)"):
        load_demo("back-and-fort")
    (tmp_path / "own-demo.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DemoError, match="not a text file"):
        load_demo(tmp_path / "own-demo.yaml")


def test_a_file_that_is_far_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "MAX_BYTES", 100)
    assert "is larger than" in problem_of(tmp_path, "#" * 101)


def test_a_problem_of_a_world_stands_at_its_place_in_the_file(tmp_path):
    one = load_demo(write(tmp_path, "scene: kitchen\nscript: |\n  home\n  tilt up 30deg\n"))
    with pytest.raises(ScriptError) as caught:
        tape_of(one.script, RIG, one.scene_name)
    assert f"{tmp_path / 'own-demo.yaml'}:4:3: this looks" in str(one.problem(caught.value))


def test_the_demo_on_the_page_of_scripts_can_be_read(tmp_path):
    page = (ROOT / "docs" / "scripts.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    assert load_demo(write(tmp_path, example)).name == "Back and forth"
