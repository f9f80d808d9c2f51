"""In another light, what stands in painted ground is carried over in the colours of that light."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Surroundings
from mag_sandbox.model.pocket.painting.relighting import Relighting
from mag_sandbox.scenes.descriptions import DescriptionWords
from tests import ROOT

SIZE = (24, 80)  # px, a cell each
SKY, GROUND, BARN, SHEEP = range(4)
DAY = (
    PlacedObject("low sky", 0.0, 9.0, 360.0, 20.0, (140, 192, 243), (140, 192, 243)),
    PlacedObject("near ground", 0.0, -30.0, 360.0, 60.0, (120, 180, 90), (120, 180, 90)),
    PlacedObject("barn", 0.0, 0.0, 30.0, 40.0, (200, 30, 30), (190, 40, 40)),
    PlacedObject("sheep", 40.0, -9.0, 20.0, 14.0, (240, 240, 240), (220, 220, 220)),
)
NIGHT = tuple(
    replace(one, mean_color=tuple(round(channel / 2) for channel in one.mean_color)) for one in DAY
)


def carried(prompt: str, things=NIGHT, before: str = "a meadow with a barn and a sheep"):
    owners = np.full(SIZE, -1)
    owners[8:16, 4:12], owners[10:18, 30:40] = BARN, SHEEP
    known = np.ones(SIZE, bool)
    known[:, 60:] = False

    def owned(things):
        by = np.where(owners < len(things), owners, -1)
        by[14:18, 20:24] = len(DAY) if len(things) > len(DAY) else -1
        return by

    imagination = SimpleNamespace(
        config=SimpleNamespace(
            looks={one.kind: 1 for one in DAY}, all_behind=("low sky", "near ground")
        ),
        owners=owned,
    )
    pictures = SimpleNamespace(
        ring=lambda around: SimpleNamespace(numpy=lambda: np.full((3, *SIZE), 0.6, np.float32)),
        details=SimpleNamespace(first_ring=lambda *_: np.zeros((4, *SIZE), np.float32)),
    )
    words = DescriptionWords.load(ROOT / "assets/weights/imagination/words.json")
    around = Surroundings(known, np.zeros((32, *SIZE), np.float32))
    light = Relighting(DAY, (before, prompt), words, imagination)
    return light.carried(around, None, pictures, things)


def test_known_ground_and_things_are_carried_over_darker_and_skies_and_houses_painted_anew():
    pixels = carried("a meadow with a barn and a sheep at night")
    there = pixels[..., 3] == 255
    assert there[14, 35], "the sheep"
    assert there[20, 20], "the ground"
    assert not there[4, 20], "the sky"
    assert not there[12, 8], "a house, whose windows are lit"
    assert not there[:, 60:].any(), "unknown ground"
    assert pixels[14, 35, :3] == pytest.approx([102] * 3, abs=2), "half of 204"


def test_what_turns_white_is_painted_anew():
    white = (236, 243, 250)
    snowy = tuple(
        replace(one, mean_color=white if one.kind == "near ground" else one.mean_color)
        for one in DAY
    )
    prompt = "a meadow with a barn and a sheep in the snow"
    there = carried(prompt, snowy)[..., 3] == 255
    assert there[14, 35], "the sheep"
    assert not there[20, 20], "the ground"


def test_nothing_is_carried_over_to_a_plan_without_any_of_the_things():
    assert carried("a meadow with a barn and a sheep at night", ()) is None


def test_what_is_gone_is_not_carried_over():
    there = carried("a meadow with a barn and a sheep at night", NIGHT[:SHEEP] + NIGHT[SHEEP + 1 :])
    assert not (there[12:16, 32:38, 3] == 255).any()


def test_what_joins_is_painted_and_hides_what_was_there():
    snowman = replace(NIGHT[SHEEP], kind="snowman", yaw=100.0)
    pixels = carried("a meadow with a barn and a sheep at night, a snowman", (*NIGHT, snowman))
    assert not (pixels[14:18, 20:24, 3] == 255).any()
    assert pixels[14, 35, 3] == pixels[20, 20, 3] == 255


def test_in_the_same_light_all_that_is_there_is_carried_over():
    before = "a meadow with a barn and a sheep"
    snowman = replace(DAY[SHEEP], kind="snowman", yaw=100.0)
    there = carried(f"{before}, a snowman", (*DAY, snowman))[..., 3] == 255
    assert there[4, 20], "the sky"
    assert there[12, 8], "the barn"
    assert not there[14:18, 20:24].any(), "the snowman is painted"
