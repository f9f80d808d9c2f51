"""The first minute: a hint goes away when the thing was done, and never comes back."""

import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.sandbox.hud.hints import LAST_S, HintLine, Step, hint_card
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import Theme


def follow(hints, *yaws, start=0.0):
    for number, yaw in enumerate(yaws):
        hints.see(CameraPose(yaw % 360), start + number * 0.1)
    return hints.step


def test_each_step_follows_when_it_was_done():
    hints = HintLine()
    assert follow(hints, 350, 0, 10) is Step.LOOK
    assert follow(hints, 20) is Step.LEAVE
    assert follow(hints, 40, 60) is Step.LEAVE
    assert follow(hints, 70, 90, 180) is Step.RETURN
    assert follow(hints, 90, 40) is Step.RETURN
    assert follow(hints, 352) is Step.BACK


def test_turning_full_circle_comes_back_too():
    assert follow(HintLine(), *range(0, 361, 10)) is Step.BACK


def test_the_last_word_stays_a_while_and_then_everything_is_over():
    hints = HintLine()
    follow(hints, 0, 100, 0)
    assert not hints.see(CameraPose(0), 0.2 + LAST_S / 2)
    assert hints.see(CameraPose(0), 0.2 + LAST_S)
    assert hints.is_over
    assert not hints.see(CameraPose(180), 100)


def test_see_says_when_the_line_changes():
    hints = HintLine()
    assert [hints.see(CameraPose(yaw), 0) for yaw in (0, 10, 30, 31)] == [False, False, True, False]


def test_looking_up_is_looking_around():
    hints = HintLine()
    hints.see(CameraPose(0, -2), 0)
    hints.see(CameraPose(0, 26), 1)
    assert hints.step is Step.LEAVE


def test_after_a_reset_the_way_out_begins_anew():
    hints = HintLine()
    follow(hints, 0, 100)
    hints.restart()
    assert follow(hints, 200) is Step.LEAVE
    assert follow(hints, 300, 200) is Step.BACK


@pytest.mark.parametrize("width", [300, 600, 1250])
@pytest.mark.parametrize("step", Step)
def test_the_card_fits(step, width):
    with window((640, 400), "test"):
        assert hint_card(Theme((640, 400)), step, width).get_width() <= width
