"""The pictures of the library's scenes are drawn from layouts, and list what they show."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from mag_sandbox.controls.edits import LARGEST
from mag_sandbox.files.pictures import read_picture
from mag_sandbox.files.yaml_files import FileError, read_yaml_by_name
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.listed import read_listed
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.renderer.scene import Layout
from mag_sandbox.renderer.views import HEIGHT, WIDTH
from mag_sandbox.scenes import available_scenes
from mag_sandbox.scenes.scene import LIBRARY
from mag_sandbox.training.options import ScenePictureOptions
from mag_sandbox.training.pictures.scene_pictures import draw_scenes
from tests import ROOT

LAYOUTS = ROOT / "scenes" / "layouts.yaml"
CONFIG = ROOT / "assets" / "weights" / "imagination" / "config.json"
TENT = "tent: {category: outdoor, seed: 1, place: meadow, attributes: {%s}, items: [%s]}"
LIGHT = (
    "time_of_day: noon, weather: clear, relief: hills, celestial: none, sky: none, place: meadow"
)


def listed(path: Path) -> tuple[PlacedObject, ...]:
    config = ImaginationConfig.from_dict(json.loads(CONFIG.read_text(encoding="utf-8")))
    return read_listed(path, (WIDTH, HEIGHT), config)


def layouts(folder: Path, items: str, attributes: str = LIGHT) -> Path:
    path = folder / "layouts.yaml"
    path.write_text(TENT % (attributes, items), encoding="utf-8")
    return path


def test_a_layout_is_drawn_and_listed(tmp_path):
    behind = "{kind: tent, color: green, x: 0, z: -9}"
    hidden = "{kind: rock, x: 0, z: 12}"
    items = f"{{kind: tent, color: red, x: 1, z: 9}}, {behind}, {hidden}"
    draw_scenes(ScenePictureOptions(layouts(tmp_path, items), tmp_path))
    assert read_picture(tmp_path / "tent.png").shape == (HEIGHT, WIDTH, 3)
    things = listed(tmp_path / "tent.png")
    assert [one.kind for one in things[:4]] == ["low sky", "far ground", "near ground", "high sky"]
    (tent,) = (one for one in things if one.kind == "tent")
    assert tent.yaw == pytest.approx(6.3, abs=2)
    assert tent.color is not None
    assert tent.color[0] > max(tent.color[1:])
    assert "rock" not in {one.kind for one in things}, "it is behind the tent"


@pytest.mark.parametrize(
    ("items", "attributes", "why"),
    [
        ("{kind: tent, x: left, z: 9}", LIGHT, "expected float, got str"),
        ("{kind: tent, x: 1}", LIGHT, 'lacks "z"'),
        ("{kind: zeppelin, x: 1, z: 9}", LIGHT, "tent cannot be drawn"),
        ("{kind: tent, x: 1, z: 9}", "relief: hills", "tent cannot be drawn"),
        ("{kind: tent", LIGHT, "is not valid YAML"),
    ],
)
def test_a_wrong_layout_is_refused_in_one_sentence(tmp_path, items, attributes, why):
    path = layouts(tmp_path, items, attributes)
    with pytest.raises(FileError, match=why) as caught:
        draw_scenes(ScenePictureOptions(path, tmp_path))
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*.png"))


def test_every_scene_of_the_library_has_a_layout():
    assert tuple(sorted(read_yaml_by_name(LAYOUTS, Layout))) == available_scenes()


@pytest.mark.parametrize("name", read_yaml_by_name(LAYOUTS, Layout))
def test_the_pictures_of_the_library_list_what_was_laid_out(name):
    layout = read_yaml_by_name(LAYOUTS, Layout)[name]
    things = listed(LIBRARY / f"{name}.png")
    laid_out = {item.kind for item in layout.items}
    assert laid_out <= {one.kind for one in things}, "none of it is hidden"
    assert all(asdict(one)["color"] for one in things)


def test_the_pyramid_of_the_desert_can_be_pointed_at():
    pyramids = [one for one in listed(LIBRARY / "desert.png") if one.kind == "pyramid"]
    assert pyramids
    assert all(one.width <= LARGEST[0] and one.height <= LARGEST[1] for one in pyramids)
