"""A picture of a scene can list its things; what no list can be is refused in one sentence."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mag_sandbox.files.pictures import read_picture
from mag_sandbox.model.imagination.listed import NAME, read_listed, write_listed
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.world import WorldFailed
from tests.unit.model.imagination.tiny import TINY

SIZE = 96, 64
PICTURE = np.arange(64 * 96 * 3, dtype=np.uint8).reshape(64, 96, 3)
SKY = PlacedObject("sky", 180.0, 27.0, 360.0, 54.0, (90, 160, 230), (100, 170, 230), 0)
TENT = PlacedObject("tent", 350.5, -4.0, 20.0, 12.0, (200, 30, 30), (180, 40, 40), 2)


@pytest.fixture
def picture(tmp_path):
    return tmp_path / "view.png"


def test_a_picture_is_written_with_the_list_of_its_things(picture):
    write_listed(picture, PICTURE, [SKY, TENT])
    assert read_listed(picture, SIZE, TINY) == (SKY, TENT)
    assert read_listed(picture, (192, 128), TINY) == (SKY, TENT), "views of any size show the same"
    assert np.array_equal(read_picture(picture), PICTURE)


@pytest.mark.parametrize("name", ["view.png", "view.jpg"])
def test_other_pictures_list_nothing(tmp_path, name):
    Image.fromarray(PICTURE).save(tmp_path / name)
    assert read_listed(tmp_path / name, SIZE, TINY) == ()


@pytest.mark.parametrize(
    "others",
    [(SKY, replace(TENT, kind="pyramid")), (SKY, SKY, TENT)],
    ids=["a kind they do not know", "another background than theirs"],
)
def test_weights_for_which_a_list_is_not_made_do_without(picture, others):
    write_listed(picture, PICTURE, others)
    assert read_listed(picture, SIZE, TINY) == ()


def changed(**values: object) -> str:
    return json.dumps([asdict(SKY), {**asdict(TENT), **values}])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tent", "not JSON"),
        ('{"tent": 1}', '"things": expected array'),
        ('[{"kind": "tent"}]', 'lacks "yaw"'),
        (changed(kind="zeppelin"), 'no kind of thing is called "zeppelin"'),
        (changed(yaw="left"), r'"\[1\].yaw": expected float, got str'),
        (changed(pitch=None), "expected float, got null"),
        (changed(yaw=float("nan")), "not JSON"),
        (changed(width=-3.0), "a number is out of range"),
        (changed(pitch=200.0), "a number is out of range"),
        (changed(color=(1, 2, 999)), "a number is out of range"),
        (changed(color=(1, 2)), "length 3"),
        (changed(variant=-1), "a number is out of range"),
        (json.dumps([asdict(TENT)] * 5000), "there are 5000 things"),
    ],
)
def test_a_list_that_cannot_be_is_refused_in_one_sentence(picture, text, why):
    note = PngInfo()
    note.add_text(NAME, text)
    Image.fromarray(PICTURE).save(picture, pnginfo=note)
    with pytest.raises(WorldFailed, match=why) as caught:
        read_listed(picture, SIZE, TINY)
    said = str(caught.value)
    assert said.startswith(f"the list of things in scene image {picture} cannot be used (")
    assert said.endswith("; save the picture anew, without its texts")
    assert "\n" not in said


def test_the_list_of_a_picture_that_would_be_cropped_is_refused(picture):
    write_listed(picture, PICTURE, [SKY, TENT])
    with pytest.raises(WorldFailed, match="it is of 64 x 64 px, the picture 96 x 64"):
        read_listed(picture, (64, 64), TINY)
