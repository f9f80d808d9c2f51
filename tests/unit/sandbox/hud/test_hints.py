"""The first minute: a hint goes away when the thing was done, and never comes back."""

import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.sandbox.hud.hints import LAST_S, PATIENCE_S, HintLine, Step, arrow_place, hint_card
from mag_sandbox.sandbox.hud.hud import Hud
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


@pytest.mark.parametrize("way", [1, -1])
def test_an_arrow_leads_through_it_whichever_way_the_player_turns(way):
    hints = HintLine()
    onward, back = ("right", "left") if way > 0 else ("left", "right")
    follow(hints, 0, 30 * way)
    assert (hints.step, hints.key) == (Step.LEAVE, onward)
    follow(hints, 90 * way)
    assert (hints.step, hints.key) == (Step.RETURN, back)
    follow(hints, 0)
    assert (hints.step, hints.key) == (Step.BACK, None)


def test_who_does_something_else_is_left_alone_and_hinted_at_another_time():
    hints = HintLine()
    follow(hints, 0, 5)
    assert hints.see(CameraPose(5), PATIENCE_S)
    assert (hints.step, hints.key, hints.is_over) == (None, None, False)


def test_the_arrow_can_be_clicked_on_and_lies_in_the_window():
    for size in ((480, 300), (1280, 720)):
        for key in ("left", "right"):
            with window(size, "test") as surface:
                theme = Theme(size)
                place = arrow_place(theme, key, size)
                assert surface.get_rect().contains(place)
                hud = Hud()
                hud.places[f"key {key}"] = place
                assert hud.key_at(place.center) == key
                assert hud.key_at((size[0] // 2, 5)) is None
