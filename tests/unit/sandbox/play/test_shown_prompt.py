"""A place is called by the description that its picture follows, until a new one is painted."""

from dataclasses import replace

import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.edits import Edit
from mag_sandbox.model.world import Control
from mag_sandbox.sandbox.play.shown_prompt import ShownPrompt
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld

DAY, NIGHT = "A meadow.", "A meadow, at night"
RELIGHT, FORGET = Edit("relight", width=360.0, height=108.0), Edit("forget")
BLOCK = replace(FakeWorld().reset(Scene(DAY, name="meadow"), 1), notice=None)


def block(prompt=DAY, done=None, notice=None):
    return replace(BLOCK, prompt=prompt, edited=done, notice=notice)


@pytest.fixture
def shown():
    """Another light is asked for and not painted yet."""
    prompt = ShownPrompt(DAY, block())
    prompt.see(Control(prompt=NIGHT, edit=RELIGHT), block(NIGHT))
    return prompt


def test_another_light_counts_once_it_is_shown(shown):
    assert shown.text == DAY
    shown.see(Control(), block(NIGHT))
    assert shown.text == DAY
    shown.see(Control(), block(NIGHT, done=RELIGHT))
    assert shown.text == NIGHT


def test_new_areas_follow_a_description_at_once():
    shown = ShownPrompt(DAY, block())
    shown.see(Control(prompt=NIGHT, edit=FORGET), block(NIGHT, done=FORGET))
    assert shown.text == NIGHT


def test_a_place_that_goes_on_while_its_light_changes_keeps_its_name_until_then():
    shown = ShownPrompt(DAY, block(NIGHT))
    shown.see(Control(), block(NIGHT))
    assert shown.text == DAY
    shown.see(Control(), block(NIGHT, done=RELIGHT))
    assert shown.text == NIGHT


def test_one_light_after_the_other(shown):
    shown.see(Control(prompt="A meadow, at dawn", edit=RELIGHT), block("A meadow, at dawn"))
    shown.see(Control(), block("A meadow, at dawn", done=RELIGHT))
    assert shown.text == NIGHT
    shown.see(Control(), block("A meadow, at dawn", done=RELIGHT))
    assert shown.text == "A meadow, at dawn"


def test_nothing_is_awaited_of_a_change_that_is_refused_or_given_up(shown):
    walk = Control(CameraCommand(forward=1.0))
    shown.see(walk, block(NIGHT, notice="a tree is in the way"))
    assert shown.text == DAY
    shown.see(Control(), block(NIGHT, notice="this cannot be"))
    assert shown.text == NIGHT
