"""Scenes come from YAML; what is wrong with a file is said in one sentence with its place."""

from pathlib import Path

import pytest

from mag_sandbox.scenes import SceneError, available_scenes, load_scene
from mag_sandbox.scenes.scene import CATEGORIES


@pytest.fixture
def scene_file(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "place.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def complaint(path: Path | str) -> str:
    with pytest.raises(SceneError) as caught:
        load_scene(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", available_scenes())
def test_scenes_of_the_library_load(name):
    scene = load_scene(name)
    assert scene.prompt.endswith(".")
    assert scene.name != "untitled"


def test_the_library_has_scenes_in_every_category():
    scenes = [load_scene(name) for name in available_scenes()]
    assert len(scenes) >= 12
    for category in CATEGORIES:
        assert len([scene for scene in scenes if scene.category == category]) >= 3


def test_an_unknown_scene_names_the_nearest_one():
    message = complaint("desrt")
    assert message.startswith('scene "desrt" not found (did you mean "desert"?); available: ')


def test_a_missing_file_is_named(tmp_path):
    assert "absent.yaml" in complaint(tmp_path / "absent.yaml")


def test_a_scene_file_needs_only_a_prompt(scene_file):
    scene = load_scene(scene_file("prompt: A   quiet\n  place.\n"))
    assert (scene.prompt, scene.name, scene.seed) == ("A quiet place.", "place", 0)


def test_an_unknown_key_is_reported_with_file_line_and_nearest_name(scene_file):
    path = scene_file("prompt: A place.\nsead: 3\n")
    assert complaint(path).startswith(f'{path}:2: unknown key "sead" (did you mean "seed"?)')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prompt: A place.\nseed: true\n", ":2: seed is True, expected a whole number"),
        ("prompt: A place.\nseed: -1\n", ":2: seed is -1, expected 0 to"),
        ("prompt: 12\n", ":1: prompt is 12, expected text"),
        ("seed: 1\nprompt: ''\n", ":2: prompt is empty; describe the place"),
        ("prompt:\n", ":1: prompt is empty, expected text"),
        ("seed: 1\n", 'has no "prompt"; add a line "prompt: ..."'),
        ("prompt: A.\ncategory: outdor\n", ':2: category "outdor" (did you mean "outdoor"?)'),
        ("prompt: 'open\n", "is not valid YAML"),
        ("prompt: A.\nseed: 2001-99-99\n", ":2: seed holds a value that cannot be read"),
        ('prompt: A.\nseed: !!int ""\n', ":2: seed holds a value that cannot be read"),
        ("prompt: " + "a" * 2000, "prompt has 2000 characters, at most 1000"),
    ],
)
def test_a_wrong_file_is_reported_with_its_place(scene_file, text, said):
    path = scene_file(text)
    message = complaint(path)
    assert message.startswith(str(path))
    assert said in message


def test_an_image_is_found_beside_its_scene_file(scene_file):
    path = scene_file("prompt: A place.\nimage: view.png\n")
    image = path.parent / "view.png"
    image.write_bytes(b"")
    assert load_scene(path).image == str(image.resolve())
