"""Pointing at picture or map and saying what should be there."""

from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pygame
import pytest

from mag_sandbox.controls.camera import MAX_PITCH, CameraPose, yaw_difference
from mag_sandbox.controls.edits import Edit
from mag_sandbox.model.world import GroundPlan, GroundThing
from mag_sandbox.sandbox.hud.minimap import map_area
from mag_sandbox.sandbox.hud.seen import TOP
from mag_sandbox.sandbox.player_changes import words_of_change
from mag_sandbox.sandbox.screens.edit_box import (
    BELOW,
    NO_THING,
    NOTHING_THERE,
    NOTHING_TO_COLOR,
    NOTHING_TO_REMOVE,
    ON_MAP,
    EditOverlay,
    stands_here,
)
from mag_sandbox.sandbox.screens.prompt_box import MAX_CHIPS
from mag_sandbox.sandbox.ui.theme import ACCENT, Theme
from mag_sandbox.scenes.color_names import COLORS
from mag_sandbox.scenes.kinds import THINGS
from mag_sandbox.scenes.things import thing_vocabulary, words_of
from tests.doubles import SPEC

pytestmark = pytest.mark.usefixtures("display")
SIZE = (1280, 768)  # four px a px of the frame
KINDS = ("tent", "castle", "red tree")


@pytest.fixture
def display():
    pygame.display.init()
    pygame.font.init()
    pygame.display.set_mode(SIZE)
    yield
    pygame.display.quit()


def made(
    pose: CameraPose = CameraPose(),  # noqa: B008
    kinds=KINDS,
    crop=(0.0, 0.0, 1.0, 1.0),
    things=(),
    category=None,
    color=COLORS["red"],
    stands=None,
):
    block = SimpleNamespace(placed=(), planned=things, prompt="a camp")
    frame = np.full((SPEC.frame_height, SPEC.frame_width, 3), color, np.uint8)
    current = SimpleNamespace(spec=SPEC, block=block)
    reel = SimpleNamespace(pose=pose, crop=crop, current=current, frame=frame)
    hud = SimpleNamespace(places={}, theme=lambda surface: Theme(surface.get_size()))
    asked: list[Edit] = []
    where = lambda: category  # noqa: E731 -- fits the line below

    def ask(edit, seen):
        asked.append(edit)
        overlay.seen = seen

    def find_place(edit):
        answer: Future[Edit | str | None] = Future()
        answer.set_result(stands(edit) if callable(stands) else stands)
        return answer

    overlay = EditOverlay(
        reel, hud, kinds, where, ask, find_place, asked.append, "whole", open_keys=("i",)
    )
    surface = pygame.Surface(SIZE)
    overlay.draw(surface)
    return overlay, asked, surface, hud


def test_a_click_opens_no_box_where_nothing_can_be_changed():
    overlay, _, _, _ = made()
    overlay._may_open = lambda: False
    overlay.handle(click((300, 200)))
    assert not overlay.box.is_open


def click(position: tuple[int, int], button: int = 3) -> pygame.Event:
    return pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=position, button=button)


def write(overlay: EditOverlay, text: str) -> None:
    for letter in text:
        key = pygame.event.Event(pygame.KEYDOWN, key=ord(letter), unicode=letter, mod=0)
        overlay.handle(key)
        overlay.handle(pygame.event.Event(pygame.TEXTINPUT, text=letter))
    overlay.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN, unicode="\r", mod=0))


@pytest.mark.parametrize(
    ("position", "pose", "crop", "spot"),
    [
        ((640, 384), CameraPose(), (0, 0, 1, 1), (0.0, 0.0)),
        ((960, 192), CameraPose(350.0, 5.0), (0, 0, 1, 1), (12.5, 18.5)),
        ((960, 384), CameraPose(fov=60.0), (0, 0, 1, 1), (15.0, 0.0)),
        ((1152, 384), CameraPose(), (0.05, 0.05, 0.9, 0.9), (32.4, 0.0)),
    ],
)
def test_a_right_click_on_the_picture_names_the_spot_that_is_seen_there(position, pose, crop, spot):
    overlay, asked, surface, _ = made(pose, crop=crop)
    assert overlay.handle(click(position))
    write(overlay, "a tent")
    assert (asked[0].yaw, asked[0].pitch) == pytest.approx(spot, abs=0.1)
    assert (asked[0].act, asked[0].kind) == ("place", "tent")
    overlay.draw(surface)


def test_a_click_on_the_map_flies_there():
    overlay, flown, _, hud = made(CameraPose(10.0, 5.0, 60.0))
    place = hud.places["map"] = pygame.Rect(900, 100, 366, 160)
    area = map_area(Theme(SIZE), place.width).move(place.topleft)
    assert overlay.handle(click((area.left + area.width // 4, area.top), button=1))
    assert flown == [CameraPose(pytest.approx(270.0, abs=1.0), MAX_PITCH, 60.0)]
    assert not overlay.box.is_open


@pytest.mark.parametrize("size", [(480, 300), (832, 480), (1280, 720), (3840, 2160)])
def test_the_box_never_covers_the_place_that_it_is_about(size, display):
    overlay, *_ = made()
    surface = pygame.Surface(size)
    for y in range(20, size[1] - 20, max(1, size[1] // 8)):
        overlay.draw(surface)
        overlay.handle(click((size[0] // 2, y)))
        overlay.draw(surface)
        box = overlay.box
        card = box._card.surface.get_rect(topleft=box._corner)
        assert not card.colliderect(box.avoid)
        if card.height < size[1] / 3:
            assert surface.get_rect().inflate(-8, -8).contains(card), "its edge is seen"
        assert surface.get_rect().contains(card)
        assert overlay.dismiss()


def test_the_box_keeps_clear_of_the_cards_beside_it():
    overlay, _, surface, hud = made()
    hud.places["scene"] = pygame.Rect(SIZE[0] - 262, 14, 248, 160)
    overlay.handle(click((SIZE[0] // 2, SIZE[1] * 3 // 4)))
    overlay.draw(surface)
    assert overlay.box.area.right + 10 <= hud.places["scene"].left


def test_a_right_click_on_the_map_names_a_spot_that_may_be_out_of_sight():
    overlay, asked, _, hud = made()
    place = hud.places["map"] = pygame.Rect(900, 100, 366, 160)
    area = map_area(Theme(SIZE), place.width).move(place.topleft)
    assert overlay.handle(click((area.left + area.width * 3 // 4, area.centery)))
    assert "90° to the right" in overlay.box.title
    write(overlay, "castle")
    assert asked[0].yaw == pytest.approx(90.0, abs=1.0)
    assert abs(asked[0].pitch) < TOP / 20
    assert not overlay.handle(click((10, 10), button=1)), "elsewhere the left button drags"


def test_below_the_map_from_above_a_spot_is_that_in_the_middle_of_the_view():
    overlay, _, surface, hud = made(CameraPose(10.0, 5.0))
    hud.places["map from above"] = pygame.Rect(900, 100, 366, 160)
    assert not overlay.handle(click((1000, 150)))
    overlay.handle(pygame.event.Event(pygame.MOUSEMOTION, pos=(1000, 150)))
    overlay.open()
    assert overlay._spot == (10.0, None)
    overlay.draw(surface)


@pytest.mark.parametrize(
    ("before", "now", "x", "said"),
    [
        (("camel", "tent"), ("tent", "tent"), 0.0, "a red tent is there, in place of the camel"),
        (
            ("bush", "fence", "cow", "cow", "cow"),
            ("cow", "tent"),
            0.0,
            "a red tent is there, in place of the bush, the fence and two cows",
        ),
        (("camel",), ("camel", "tent"), 0.0, "a red tent is there"),
        (("camel",), ("tent",), 1.0, "a red tent is there"),  # the camera has moved on
    ],
)
def test_a_thing_is_told_with_what_it_stands_in_place_of(before, now, x, said):
    blocks = [
        SimpleNamespace(
            ground=GroundPlan(tuple(GroundThing(kind, 0.0, 5.0, 1.0) for kind in kinds)),
            poses=(CameraPose(x=at),), edited=Edit("place", kind="tent", color=COLORS["red"]),
            placed=(),
        )
        for kinds, at in ((before, 0.0), (now, x))
    ]  # fmt: skip
    assert words_of_change(blocks[1], blocks[0]) == said


def test_a_walker_points_at_the_picture_from_where_he_stands_and_at_the_map_from_the_start():
    overlay, asked, _, hud = made(CameraPose(x=0.5, z=-1.0))
    place = hud.places["map"] = pygame.Rect(900, 100, 366, 160)
    area = map_area(Theme(SIZE), place.width).move(place.topleft)
    for where in ((640, 384), area.center):
        overlay.handle(click(where))
        write(overlay, "a tent")
    assert [(one.x, one.z) for one in asked] == [(0.5, -1.0), (0.0, 0.0)]


def test_a_spot_in_sight_is_named_by_its_ring_alone():
    overlay, *_ = made()
    overlay.handle(click((SIZE[0] // 4, SIZE[1] // 2)))
    assert overlay.box.title == "What should be here?"


def test_without_a_pointer_things_stand_in_the_middle_where_they_usually_do():
    overlay, asked, _, _ = made(CameraPose(100.0, 20.0))
    overlay.open()
    assert "here" in overlay.box.title
    write(overlay, "a castle")
    assert (asked[0].yaw, asked[0].pitch) == (100.0, -8.0)


@pytest.mark.parametrize("event", [pygame.MOUSEMOTION, pygame.MOUSEBUTTONDOWN])
def test_the_key_means_where_the_pointer_is_once_it_has_moved_or_clicked(event):
    overlay, asked, _, _ = made()
    overlay.handle(pygame.event.Event(event, pos=(960, 384), rel=(1, 0), buttons=(), button=2))
    overlay.open()
    write(overlay, "a castle")
    assert (asked[0].yaw, asked[0].pitch) == (22.5, 0.0)


def test_the_key_means_where_the_pointer_is_although_no_event_said_that_it_moved(monkeypatch):
    overlay, *_ = made()
    monkeypatch.setattr(pygame.mouse, "get_focused", lambda: True)
    overlay.open()
    before = overlay._spot
    monkeypatch.setattr(pygame.mouse, "get_pos", lambda: (300, 200))
    overlay.open()
    assert before == (overlay._reel.pose.yaw, None)
    assert overlay._spot == overlay._spot_at((300, 200)) != before


def test_words_that_name_nothing_keep_the_box_open_and_say_what_is_near():
    overlay, asked, _, _ = made()
    overlay.open()
    write(overlay, "a wolf")
    assert overlay.box.is_open
    assert "cannot draw “wolf”" in overlay.box.notice
    assert "castle" in overlay.box.notice
    assert not asked
    overlay.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE, unicode="", mod=0))
    assert not overlay.box.is_open


@pytest.mark.parametrize(("text", "act"), [("remove", "remove"), ("another one", "repaint")])
def test_what_is_there_can_be_removed_or_drawn_anew(text, act):
    overlay, asked, _, _ = made(things=(Edit("place", 3.0, -2.0, 12.0, 8.0, "castle"),))
    overlay.handle(click((640, 384)))
    write(overlay, text)
    assert asked == [Edit(act, 0.0, 0.0)]


def test_changes_of_what_stands_nowhere_are_refused_and_the_box_stays_open():
    for text, notice in (("another one", NOTHING_THERE), ("remove", NOTHING_TO_REMOVE)):
        overlay, asked, _, _ = made(things=(Edit("place", 30.0, -2.0, 12.0, 8.0, "castle"),))
        overlay.handle(click((640, 384)))
        write(overlay, text)
        assert overlay.box.is_open
        assert overlay.box.notice == notice
        assert not asked


def test_the_very_thing_that_stands_there_is_not_put_again():
    red = COLORS["red"]
    for color, yaw, is_put in (("red", 0.0, False), ("blue", 0.0, True), ("red", 5.0, True)):
        overlay, asked, _, _ = made(things=(Edit("place", yaw, -2.0, 12.0, 8.0, "tent", red),))
        overlay.handle(click((640, 384)))
        write(overlay, f"a {color} tent")
        assert (bool(asked), overlay.box.is_open) == (is_put, not is_put)
        assert (
            is_put
            or overlay.box.notice == "a red tent stands here already: “another” draws it anew"
        )


@pytest.mark.parametrize(
    ("yaw", "back", "said"),
    [
        (10.0, "", "undone"),
        (170.0, "", "undone, behind you"),
        (10.0, "a tent", "undone: a tent"),
        (170.0, "a tent", "undone: a tent, behind you"),
    ],
)
def test_what_is_taken_back_out_of_view_is_said_to_be_there(yaw, back, said):
    tent = Edit("place", yaw, -2.0, 12.0, 8.0, "tent")
    blocks = [
        SimpleNamespace(ground=None, poses=(CameraPose(),), edited=Edit("undo"), placed=placed)
        for placed in ((tent,), ())
    ]
    assert words_of_change(blocks[1], blocks[0], back) == said


@pytest.mark.parametrize(
    ("pitch", "said"),
    [(10.0, "a balloon is there"), (50.0, "a balloon is there, out of view ({})")],
)
def test_what_is_put_out_of_view_is_said_to_be_there(pitch, said):
    balloon = Edit("place", 0.0, pitch, 12.0, 16.0, "balloon")
    blocks = [
        SimpleNamespace(ground=None, poses=(CameraPose(),), edited=balloon, placed=placed)
        for placed in ((), (balloon,))
    ]
    assert words_of_change(blocks[1], blocks[0]) == said.format("ahead, above the view")


def test_notices_about_several_things_are_in_the_plural():
    curtains = Edit("place", kind="curtains", color=COLORS["red"])
    block = SimpleNamespace(ground=None, poses=(CameraPose(),), edited=curtains, placed=())
    assert words_of_change(block, block) == "red curtains are there"
    several = "red curtains stand here already: “another” draws them anew"
    assert stands_here(words_of(curtains)) == several


def test_enter_places_the_thing_that_the_box_announces():
    overlay, asked, _, _ = made(kinds=("tent", "sheep"))
    overlay.open()
    overlay.box.handle(pygame.event.Event(pygame.KEYDOWN, key=ord("a"), unicode="a", mod=0))
    overlay.box.handle(pygame.event.Event(pygame.TEXTINPUT, text="a lamb "))
    assert "“lamb” is drawn as a sheep" in overlay.box.notice
    write(overlay, "")
    assert not thing_vocabulary(("sheep",)).substitutes("remove the lamb"), "nothing is drawn"
    assert [(edit.act, edit.kind) for edit in asked] == [("place", "sheep")]


def test_the_box_for_things_says_nothing_about_places():
    overlay, *_ = made(kinds=tuple(THINGS))
    overlay.open()
    for letter in "a green elephant with a hat ":
        overlay.handle(pygame.event.Event(pygame.TEXTINPUT, text=letter))
    assert overlay.box.notice == "crossed-out words have no effect here"


def test_the_mouse_alone_applies_and_closes_the_box():
    overlay, asked, surface, _ = made()
    for name, expected in (("close", []), ("apply", ["tent"])):
        overlay.handle(click((640, 384)))
        for letter in "tent":
            overlay.handle(pygame.event.Event(pygame.TEXTINPUT, text=letter))
        overlay.draw(surface)
        button = overlay.box._card.places[name].move(overlay.box._corner)
        overlay.handle(click(button.center, button=1))
        assert not overlay.box.is_open
        assert [edit.kind for edit in asked] == expected


def test_what_was_written_for_one_spot_is_not_offered_at_another():
    overlay, *_ = made()
    for position, offered in (((640, 384), ""), ((640, 384), "tent"), ((900, 384), "")):
        overlay.handle(click(position))
        assert overlay.box.text == offered
        overlay.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RSHIFT, mod=0))
        for letter in "tent" * (not offered):
            overlay.handle(pygame.event.Event(pygame.TEXTINPUT, text=letter))
        overlay.dismiss()


def test_the_spot_is_marked_while_the_box_is_open():
    overlay, _, surface, _ = made()
    before = pygame.surfarray.array3d(surface).copy()
    overlay.handle(click((640, 200)))
    overlay.draw(surface)
    changed = (pygame.surfarray.array3d(surface) != before).any(axis=2)
    assert changed[620:660, 180:220].any()
    assert np.count_nonzero(changed[:, :150]) == 0


def framed(overlay: EditOverlay, surface: pygame.Surface, text: str) -> tuple[int, ...]:
    """Return what changes in the window, left, top, right and bottom, once a text is written."""
    overlay.handle(click((640, 200)))
    overlay.box.handle(pygame.event.Event(pygame.KEYDOWN, key=ord("a"), unicode="a", mod=0))
    overlay.box.handle(pygame.event.Event(pygame.TEXTINPUT, text=text))
    overlay.update(1.0)
    surface.fill((0, 0, 0))
    overlay.draw(surface)
    drawn = pygame.surfarray.array3d(surface)
    yellow = (drawn == np.array(ACCENT)).all(axis=2)
    area = overlay.box.area
    yellow[area.left : area.right, area.top : area.bottom] = False
    columns, rows = np.nonzero(yellow)
    return columns.min(), rows.min(), columns.max(), rows.max()


@pytest.mark.parametrize(("x", "yaw"), [(1275, 39.0), (640, 0.0), (5, 321.0)])
def test_what_is_pointed_at_beside_an_edge_of_the_view_stands_wholly_in_view(x: int, yaw: float):
    overlay, asked, _, _ = made(kinds=("teapot",))
    overlay.handle(click((x, 400)))
    write(overlay, "teapot")
    assert asked[0].yaw == pytest.approx(yaw, abs=2.0)
    assert abs(yaw_difference(asked[0].yaw, 0.0)) <= 45.0 - min(asked[0].width / 2, 6.0)


def test_before_enter_a_frame_shows_where_the_thing_will_stand_and_how_large():
    there = Edit("place", 10.0, 4.0, 9.0, 6.0, "tent")
    overlay, _, surface, _ = made(stands=lambda edit: replace(there, color=edit.color))
    degree = SIZE[0] / CameraPose().fov
    left, top, right, bottom = framed(overlay, surface, "a red tent")
    x, y = SIZE[0] / 2 + 10.0 * degree, SIZE[1] / 2 - 4.0 * degree
    assert (left + right) / 2 == pytest.approx(x, abs=3)
    assert (top + bottom) / 2 == pytest.approx(y, abs=3)
    assert (right - left, bottom - top) == pytest.approx((9.0 * degree, 6.0 * degree), abs=6)


def test_what_is_asked_for_comes_with_the_thing_as_it_will_be_seen():
    there = Edit("place", 10.0, 4.0, 9.0, 6.0, "tent")
    overlay, asked, surface, _ = made(stands=there)
    framed(overlay, surface, "a tent")
    write(overlay, "")
    assert (asked[0].yaw, overlay.seen) == (0.0, there)


def test_before_enter_a_frame_shows_the_thing_that_will_be_removed():
    there = Edit("place", 0.0, 10.0, 12.0, 8.0, "castle")
    overlay, _, surface, _ = made(things=(there,))
    degree = SIZE[0] / CameraPose().fov
    left, _, right, _ = framed(overlay, surface, "remove")
    assert right - left == pytest.approx(12.0 * degree, abs=6)


def test_why_a_thing_cannot_stand_there_is_said_before_enter_and_keeps_the_box_open():
    why = "the tent would stand in the water; point at the shore"
    overlay, asked, surface, _ = made(stands=why)
    framed(overlay, surface, "a tent")
    assert overlay.box.notice == why
    write(overlay, "")
    assert overlay.box.is_open and not asked
    assert overlay.box.notice == why


@pytest.mark.parametrize(("pitch", "said"), [(-40.0, BELOW), (-25.0, "")])
def test_a_thing_that_will_stand_mostly_below_the_view_is_put_there_but_the_box_says_so(
    pitch, said
):
    overlay, asked, surface, _ = made(stands=Edit("place", 0.0, pitch, 9.0, 30.0, "tent"))
    framed(overlay, surface, "a tent")
    assert overlay.box.notice == said
    write(overlay, "")
    assert asked and not overlay.box.is_open


def test_a_world_in_which_nothing_can_be_changed_is_never_asked():
    overlay, _, _, _ = made(kinds=())
    assert not overlay.handle(click((640, 384)))
    assert not overlay.box.is_open


def test_grey_words_do_not_keep_a_thing_from_being_put():
    overlay, asked, _, _ = made()
    overlay.open()
    write(overlay, "a happy red castle")
    assert (asked[0].kind, asked[0].color) == ("castle", COLORS["red"])
    overlay.open()
    write(overlay, "a very big whale in the sky")
    assert "cannot draw “very”, “whale”, “sky”; try tent" in overlay.box.notice


def test_a_second_thing_is_struck_as_soon_as_it_is_named():
    """Enter may follow at once: “on a table” has no effect."""
    overlay, *_ = made(kinds=tuple(THINGS))
    overlay.open()
    for letter in "a cow on a table":
        overlay.handle(pygame.event.Event(pygame.TEXTINPUT, text=letter))
    assert [word.text for word in overlay.box.struck] == ["table"]
    assert "crossed-out words have no effect here" in overlay.box.notice


def test_of_several_things_the_first_is_put_and_the_others_are_struck():
    overlay, asked, _, _ = made()
    overlay.open()
    write(overlay, "two red castles")
    assert (asked[0].kind, asked[0].color) == ("castle", COLORS["red"])
    overlay.open()
    write(overlay, "a castle and a tent")
    assert [one.kind for one in asked[1:]] == ["castle"]


@pytest.mark.parametrize(
    ("category", "first"), [("indoor", "sofa"), ("outdoor", "tent"), (None, "tent")]
)
def test_what_fits_the_place_is_suggested_first_and_that_things_can_be_removed(category, first):
    overlay, *_ = made(kinds=tuple(THINGS), category=category)
    overlay.open()
    suggested = overlay.box.vocabulary.suggestions("", MAX_CHIPS)
    assert suggested[0] == first
    assert "remove" in suggested
    assert ("sofa" in suggested) is (category == "indoor")


@pytest.mark.parametrize("text", ["make it blue", "a blue one"])
def test_the_thing_at_the_spot_takes_another_colour(text: str):
    there = Edit("place", 4.0, 2.0, 20.0, 30.0, "tent", COLORS["red"])
    behind = Edit("place", 0.0, 2.0, 60.0, 50.0, "castle", COLORS["red"])
    overlay, asked, _, _ = made(things=(behind, there))
    overlay.handle(click((640, 384)))
    write(overlay, text)
    assert asked == [replace(there, color=COLORS["blue"])]


@pytest.mark.parametrize("text", ["make it blue", "remove", "another one"])
def test_before_enter_the_box_names_what_is_changed_or_removed(text):
    there = Edit("place", 4.0, 2.0, 20.0, 30.0, "tent", COLORS["red"])
    overlay, _, _, _ = made(things=(there,))
    overlay.handle(click((640, 384)))
    for letter in text:
        overlay.handle(pygame.event.Event(pygame.TEXTINPUT, text=letter))
    assert "this is for the tent in the frame" in overlay.box.notice


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("tent", "the tent in the frame, a cake and two mugs included"),
        ("kitchen counter", "the kitchen counter in the frame, the shelf, a cake and two mugs inc"),
    ],
)
def test_before_enter_the_box_names_what_is_removed_with_a_thing(kind, said):
    there = Edit("place", 0.0, 2.0, 20.0, 30.0, kind)
    inside = [replace(there, kind="cake", yaw=6.0, pitch=14.0, width=5.0, height=5.0)]
    inside += [replace(inside[0], kind="mug", yaw=yaw) for yaw in (0.0, 354.0)]
    beside = replace(inside[0], kind="dog", yaw=12.0)
    kinds = (kind, "cake", "mug", "dog")
    overlay, _, _, _ = made(kinds=kinds, things=(beside, there, *inside))
    overlay.handle(click((640, 384)))
    overlay.handle(pygame.event.Event(pygame.TEXTINPUT, text="remove"))
    assert said in overlay.box.notice


def test_what_words_name_is_removed_although_another_thing_is_pointed_at():
    there = Edit("place", 4.0, 2.0, 20.0, 30.0, "tent", COLORS["red"])
    beside, beyond = (Edit("place", yaw, 0.0, 9.0, 9.0, "sheep") for yaw in (350.0, 330.0))
    overlay, asked, _, _ = made(kinds=("tent", "sheep"), things=(beyond, there, beside))
    overlay.handle(click((640, 384)))
    write(overlay, "remove the sheep")
    assert [(one.act, one.yaw) for one in asked] == [("remove", 350.0)], "the nearest"
    blue = Edit("place", 340.0, 0.0, 20.0, 30.0, "tent", COLORS["blue"])
    overlay, asked, _, _ = made(kinds=("tent", "sheep"), things=(there, blue))
    for text, yaw in (("remove the blue tent", 340.0), ("remove the tent", 4.0)):
        overlay.handle(click((640, 384)))
        write(overlay, text)
        assert abs(yaw_difference(asked[-1].yaw, yaw)) < 6
    overlay.handle(click((640, 384)))
    write(overlay, "remove the castle")
    assert "this is no castle" in overlay.box.notice
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("make the sheep black", {"color": COLORS["black"]}),
        ("make the sheep bigger", {"width": 13.5, "height": 13.5, "pitch": 2.25}),
        ("turn the sheep into a tent", {"kind": "tent"}),
    ],
)
def test_what_words_name_is_altered_where_it_stands(text, changes):
    sheep = Edit("place", 350.0, 0.0, 9.0, 9.0, "sheep")
    overlay, asked, _, _ = made(kinds=("tent", "sheep"), things=(sheep,))
    overlay.handle(click((640, 384)))
    write(overlay, text)
    (edit,) = asked
    assert (edit.act, edit.yaw) == ("place", 350.0)
    assert {name: getattr(edit, name) for name in changes} == changes


def test_before_enter_the_box_says_that_nothing_is_there_to_take_another_colour():
    overlay, _, _, _ = made()
    overlay.handle(click((640, 384)))
    for letter in "make it blue":
        overlay.handle(pygame.event.Event(pygame.TEXTINPUT, text=letter))
    assert NOTHING_TO_COLOR.format("blue") in overlay.box.notice, "before Enter, too"


@pytest.mark.parametrize(("lighter", "said"), [(0, NOTHING_TO_COLOR), (60, NO_THING)])
def test_where_no_thing_is_known_a_colour_alone_is_refused_and_says_what_to_write(lighter, said):
    overlay, asked, _, _ = made()
    overlay._reel.frame[::2] -= np.uint8(lighter)  # stripes: something stands there
    overlay.handle(click((640, 384)))
    write(overlay, "make it blue")
    assert not asked
    assert overlay.box.notice == said.format("blue")


@pytest.mark.parametrize(
    ("text", "is_said"), [("three red tents", True), ("a red tent with seven legs", False)]
)
def test_one_thing_is_placed_at_a_time_and_the_box_says_so_of_several(text, is_said):
    overlay, asked, _, _ = made(kinds=("tent", "castle"))
    overlay.open()
    write(overlay, text)
    assert [one.kind for one in asked] == ["tent"]
    overlay.open()
    for letter in f"{text} ":
        overlay.handle(pygame.event.Event(pygame.TEXTINPUT, text=letter))
    assert "crossed-out words have no effect here" in overlay.box.notice
    assert ("one thing is placed at a time" in overlay.box.notice) is is_said


def test_from_away_the_thing_in_the_picture_takes_another_colour_and_none_on_the_map(monkeypatch):
    there = Edit("place", 4.0, 2.0, 20.0, 30.0, "tent", COLORS["red"])
    overlay, asked, _, _ = made(pose=CameraPose(x=2.0, z=5.0), things=(there,))
    overlay.handle(click((640, 384)))
    write(overlay, "make it blue")
    assert asked == [replace(there, color=COLORS["blue"], x=2.0, z=5.0)]
    monkeypatch.setattr(overlay, "_map", lambda: pygame.Rect(0, 0, *SIZE))
    overlay.handle(click((640, 384)))
    write(overlay, "make it blue")
    assert len(asked) == 1
    assert overlay.box.notice == ON_MAP.format("blue")


def test_no_thing_is_recoloured_for_one_before_it_that_is_not_known():
    counter = Edit("place", 4.0, 2.0, 60.0, 30.0, "castle", COLORS["teal"])
    for color, known in (("teal", True), ("red", False)):
        overlay, asked, _, _ = made(things=(counter,), color=COLORS[color])
        overlay.handle(click((640, 384)))
        write(overlay, "make it yellow")
        assert bool(asked) == known
