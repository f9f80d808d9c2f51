"""The first two minutes: a hint goes away when the thing was done, and never comes back."""

import pytest

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.sandbox.hud.hints import (
    ACTIONS,
    ANSWER_S,
    AT_START,
    SKIP_S,
    STEPS,
    WALKED_S,
    WAY_BACK,
    HintLine,
    Step,
    arrow_place,
    hint_card,
)
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import ACCENT, GOOD, MUTED, Theme

MOVED = ("LOOK", "LEAVE", "RETURN", "WALK")


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
    assert follow(hints, 200) is Step.RETURN
    assert follow(hints, 352) is Step.RETURN
    hints.answer()
    assert hints.step is Step.WALK
    hints.see(CameraPose(352, z=0.1), 7.0)
    assert hints.step is Step.WALK, "the way back is still to be walked"
    hints.see(CameraPose(352), 9.0)
    for action, following in zip(ACTIONS, (*STEPS[5:], None), strict=True):
        assert hints.step is ACTIONS[action]
        hints.did(action)
        assert hints.step is following
    assert hints.is_over


def test_the_question_is_answered_before_the_next_lesson():
    hints = HintLine()
    assert follow(hints, *range(0, 181, 10)) is Step.RETURN
    assert follow(hints, *range(180, -1, -10), start=5.0) is Step.RETURN
    assert hints.key is None, "it is back: the camera may rest"
    hints.answer()
    assert hints.step is Step.WALK


def test_a_comparison_of_any_view_that_came_back_is_an_answer():
    hints = HintLine()
    hints.answer()
    assert follow(hints, *range(0, 181, 10), 90) is Step.RETURN, "the first view is out of sight"
    hints.answer()
    assert hints.step is Step.WALK


@pytest.mark.parametrize("way_back", [range(180, -1, -10), range(190, 361, 10)])
def test_without_a_comparison_the_next_lesson_follows_the_return(way_back):
    hints = HintLine()
    assert follow(hints, *range(0, 181, 10), *way_back) is Step.RETURN
    assert follow(hints, 0, start=ANSWER_S + 5.0) is Step.WALK


@pytest.mark.parametrize("way", [1, -1])
def test_only_a_player_who_sees_the_first_view_is_told_to_be_back(way: int):
    hints = HintLine()
    onward, back = ("right", "left") if way > 0 else ("left", "right")
    for yaw in (0, 55, 110, 200, 300):
        follow(hints, yaw * way)
    assert (hints.words, hints.key) == (Step.RETURN.value, back), "the arrow keeps its side"
    follow(hints, 350 * way)
    assert (hints.words, hints.key) == (AT_START, None)
    follow(hints, 385 * way, 450 * way)
    assert (hints.words, hints.key) == (Step.RETURN.value, back), "it went too far"
    follow(hints, 370 * way, 300 * way)
    assert (hints.words, hints.key) == (Step.RETURN.value, onward)


def test_the_dots_of_a_hint_fill_from_the_left_in_whatever_order_steps_were_done():
    card = hint_card(Step.RETURN, DEFAULTS.title, learned={Step.LOOK, Step.split, Step.RETURN})
    dots = [part.values[0] for part in card.content.content[2:]]
    assert dots == [GOOD, GOOD, ACCENT, *[(*MUTED, 70)] * (len(STEPS) - 3)]


def test_every_lesson_has_its_time_whenever_the_one_before_was_done():
    hints = HintLine(MOVED)
    follow(hints, 0)
    hints.did("prompt")
    follow(hints, 1, start=SKIP_S + 1.0)
    assert hints.step is Step.change
    assert follow(hints, 2, start=2 * SKIP_S) is Step.change
    assert follow(hints, 3, start=2 * SKIP_S + 1.0) is Step.postcards


def test_a_player_who_learns_slowly_is_taught_to_the_end():
    hints = HintLine(MOVED)
    for number, action in enumerate(ACTIONS):
        assert follow(hints, 0, start=number * (SKIP_S - 1.0) * 10) is ACTIONS[action]
        hints.did(action)
    assert hints.is_over


def test_what_was_done_once_is_not_taught_again_in_another_session():
    first = HintLine()
    first.did("prompt")
    follow(first, 0, 30)
    again = HintLine({step.name for step in first.learned})
    assert follow(again, 0) is Step.LEAVE
    follow(again, 100, 0)
    again.answer()
    for x in (-0.2, 0.0):
        again.see(CameraPose(x=x), 3.0)
    assert again.step is Step.change


def test_what_is_done_before_its_hint_is_not_taught_later():
    hints = HintLine()
    follow(hints, 0)
    hints.see(CameraPose(yaw=100.0), 2.0)
    for z in (1.0, 0.0):
        hints.see(CameraPose(yaw=100.0, z=z), 3.0)
    assert hints.learned == {Step.LOOK, Step.LEAVE, Step.WALK}


def test_who_turns_hints_on_again_is_taught_from_the_beginning():
    assert HintLine([step.name for step in STEPS]).step is Step.LOOK


def test_only_what_is_possible_here_is_taught():
    hints = HintLine(MOVED, [Step.postcards])
    assert hints.step is Step.postcards
    hints.did("postcards")
    assert hints.step is None
    assert not hints.is_over


def test_a_key_that_is_not_pressed_makes_room_for_the_next_and_does_not_come_again():
    hints = HintLine(MOVED)
    for number, step in enumerate((*STEPS[4:], None)):
        hints.see(CameraPose(float(number)), number * SKIP_S)
        assert hints.step is step
    assert HintLine({step.name for step in hints.learned}).step is Step.prompt


def test_a_hint_stays_longer_while_the_camera_rests():
    hints = HintLine(MOVED)
    for number in range(3):
        hints.see(CameraPose(), number * SKIP_S)
    assert hints.step is Step.prompt
    hints.see(CameraPose(), 4 * SKIP_S)
    assert hints.step is Step.change


def test_a_hint_that_could_be_read_long_enough_is_taught_in_no_later_session():
    hints = HintLine(MOVED, [Step.postcards])
    for number in range(3):
        hints.see(CameraPose(float(number)), number * SKIP_S)
    assert (hints.step, Step.postcards in hints.learned) == (None, False)
    assert HintLine([one.name for one in hints.settled], [Step.postcards]).step is None


def test_a_player_who_walks_on_and_on_is_taught_the_next_thing():
    hints = HintLine(["LOOK", "LEAVE", "RETURN"])
    for number in range(3):
        hints.see(CameraPose(z=float(number)), number * SKIP_S / 2)
    assert (hints.step, Step.WALK in hints.learned) == (Step.prompt, True)


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
    assert follow(hints, 300) is Step.RETURN
    hints.answer()
    assert hints.step is Step.WALK


def test_a_dot_is_green_only_where_the_lesson_was_done():
    card = hint_card(Step.change, learned={Step.LOOK, Step.prompt})
    done, still = (str(card.content).count(str(colour)) for colour in (GOOD, (*MUTED, 70)))
    assert (done, still) == (2, len(STEPS) - 3)


@pytest.mark.parametrize("width", [300, 600, 1250])
@pytest.mark.parametrize("step", Step)
def test_the_card_fits(step, width):
    with window((640, 400), "test"):
        card = hint_card(step, DEFAULTS.title).drawn(Theme((640, 400)), at_most=width)[0]
        assert card.get_width() <= width


def test_a_walker_is_told_about_the_way_back_which_the_map_shows_then():
    for words, said in ((None, "to walk ahead"), (WAY_BACK, WAY_BACK[1])):
        card = hint_card(Step.WALK, DEFAULTS.title, words=words)
        assert card.content.content[1].words == said
    hints = HintLine(["LOOK", "LEAVE", "RETURN"])
    for z, is_on_the_way in ((0.0, False), (1.0, False), (4.0, True)):
        hints.see(CameraPose(z=z), z)
        assert hints.is_on_the_way == is_on_the_way, "the map names the start from 3 m on"


def test_a_world_that_forgets_is_compared_with_one_that_remembers():
    with window((640, 400), "test"):
        cards = [
            hint_card(step, forgets=forgets)
            for step in (Step.split, Step.help)
            for forgets in (False, True)
        ]
    assert cards[0] != cards[1]
    assert cards[2] == cards[3]


@pytest.mark.parametrize("way", [1, -1])
def test_an_arrow_leads_through_it_whichever_way_the_player_turns(way):
    hints = HintLine()
    onward, back = ("right", "left") if way > 0 else ("left", "right")
    follow(hints, 0, 30 * way)
    assert (hints.step, hints.key) == (Step.LEAVE, onward)
    follow(hints, 90 * way)
    assert (hints.step, hints.key) == (Step.RETURN, back)
    follow(hints, 0)
    assert (hints.step, hints.key) == (Step.RETURN, None)


def test_the_first_hint_stays_until_it_is_followed():
    hints = HintLine()
    follow(hints, 0, 5)
    assert not hints.see(CameraPose(5), 3600.0)
    assert hints.step is Step.LOOK


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


def test_a_view_that_came_back_is_learned_also_where_the_player_leaves_at_once():
    hints = HintLine()
    follow(hints, *range(0, 181, 10), *range(180, -1, -10))
    assert hints.step is Step.RETURN, "the question is still to be answered"
    assert HintLine({step.name for step in hints.learned}).step is Step.WALK
    hints.restart()
    assert hints.step is Step.WALK


def test_the_first_steps_are_learned_also_where_the_player_never_walks_back():
    hints = HintLine(["LOOK", "LEAVE", "RETURN"])
    hints.see(CameraPose(z=0.1), 0.0)
    assert hints.step is Step.WALK
    assert HintLine({step.name for step in hints.learned}).step is Step.prompt
    hints.see(CameraPose(z=9.0), WALKED_S)
    assert hints.step is Step.prompt


def test_the_way_back_is_taught_for_a_while():
    hints = HintLine(["LOOK"])
    follow(hints, *range(0, 181, 10))
    assert hints.step is Step.RETURN
    follow(hints, 190, start=SKIP_S + 2.0)
    assert hints.step is Step.WALK
    assert Step.RETURN not in hints.learned, "the next session teaches it"


def test_a_player_who_stays_is_not_told_to_come_back():
    hints = HintLine(["LOOK"])
    follow(hints, 0)
    follow(hints, 2, start=SKIP_S)
    assert hints.step is Step.WALK
    assert not hints.learned & {Step.LEAVE, Step.RETURN}, "the next session teaches both"
