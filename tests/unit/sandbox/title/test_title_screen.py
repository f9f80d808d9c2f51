"""The title screen: everything on it can be reached, and nothing is lost without a question."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pygame
import pytest

from mag_sandbox.controls.bindings import BINDINGS
from mag_sandbox.sandbox.saves.saves import LEFT
from mag_sandbox.sandbox.screens import Continue, PlayScene, Watch, Way
from mag_sandbox.sandbox.screens.overlays import Notices
from mag_sandbox.sandbox.screens.settings import OPEN_KEYS, OPEN_SETTINGS
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.title import model, picture
from mag_sandbox.sandbox.title.cards import FOOTER, TitleLayout, card_title, short_title, words_part
from mag_sandbox.sandbox.title.focus import Focused, TitleFocus
from mag_sandbox.sandbox.title.model import (
    OWN,
    SHELVES,
    Shelf,
    TitleCard,
    TitleModel,
    library_cards,
    one_per_place,
    scene_card,
    shelves,
)
from mag_sandbox.sandbox.title.screen import TitleActions, TitleScreen
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.layout import height_of
from mag_sandbox.sandbox.ui.theme import Theme
from mag_sandbox.scenes import Scene, SceneError
from mag_sandbox.scenes.scene import CATEGORIES
from tests.titles import MODEL, FakeWriting, Game, ListedAtOnce, ListedLater, parked

SIZES = [(1280, 720), (640, 400), (1920, 1080)]


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def any_surface(request):
    with window(request.param, "test") as surface:
        yield surface


@pytest.fixture
def game():
    with window((1280, 720), "test") as surface:
        yield Game(surface)


def test_what_was_left_comes_first_and_enter_goes_on_with_it(game):
    assert game.screen.focused == "parked p1"
    assert game.press("return") == Continue("p1")


def test_arrows_reach_every_card(any_surface):
    game = Game(any_surface)
    seen = {game.screen.focused}
    for _ in range(len(shelves(MODEL))):
        for _ in range(4):
            game.press("right")
            seen.add(game.screen.focused)
        game.press(*["left"] * 4, "down")
        seen.add(game.screen.focused)
    count = len(MODEL.scenes) + len(MODEL.parked) + len(MODEL.recordings)
    assert len(seen) == count


def test_a_scene_begins_with_its_own_seed_and_another_like_it_with_a_new_one(game):
    game.press("down", "down", "right")
    assert game.screen.focused == "scene desert"
    assert game.press("return") == PlayScene(Scene("Scene desert."), None)
    assert game.press("n") == PlayScene(Scene("Scene desert."), 77)


def test_a_shelf_remembers_its_place(game):
    game.press("down", "down", "right", "down", "up")
    assert game.screen.focused == "scene desert"


def test_the_way_up_leads_over_the_choices_to_the_header(game):
    game.press("up", "right", "up", "right")
    assert game.press("return") == OPEN_SETTINGS


def test_escape_quits_when_it_is_pressed_twice_as_the_line_below_says(game, monkeypatch):
    said = []
    monkeypatch.setattr(picture, "draw_footer", lambda *args: said.append(args[-1]))
    game.screen.draw(game.surface)
    assert "Esc twice quits" in said[-1]
    game.press("escape")
    game.screen.draw(game.surface)
    assert "Esc again" in said[-1]
    assert game.screen.outcome is None
    game.press("escape")
    assert game.screen.outcome is not None


def test_tab_leads_to_the_choices_of_a_card_far_below(game):
    game.press(*["down"] * 5)
    assert game.press("tab", "return") == Watch(Path("runs/monday"))


def test_no_key_of_a_card_does_something_else_in_play():
    choices = [value for value in vars(model).values() if isinstance(value, model.CardChoice)]
    same = {"return", "n", "r", "f6"}  # go in, another place like this, start over, copy
    in_play = {key for binding in BINDINGS for key in binding.keys}
    assert len(choices) >= 8
    assert not {choice.key for choice in choices} & in_play - same


def test_a_recording_is_exported_and_the_title_stays(game):
    game.press(*["down"] * 5, "g")
    assert game.done == [("export", Path("runs/monday"))]
    assert game.screen.outcome is None


def test_a_recording_is_watched(game):
    assert game.press(*["down"] * 5, "return") == Watch(Path("runs/monday"))


def test_a_pointer_that_rests_where_a_button_comes_up_does_not_take_enter(any_surface, monkeypatch):
    places = Game(any_surface).screen._picture.places
    place = next(rect.center for rect, spot in places if spot.area == "header")
    monkeypatch.setattr(pygame.mouse, "get_pos", lambda: place)
    game = Game(any_surface)
    game.point(place)
    assert game.press("return") == Continue("p1")


def test_the_wheel_scrolls_also_over_a_card_and_opens_nothing(game):
    game.press("right")
    place = game.find("parked p1")
    for _ in range(3):
        game.point(place, pygame.MOUSEBUTTONDOWN, button=5)  # as SDL tells of the wheel, too
        game.screen.handle(pygame.Event(pygame.MOUSEWHEEL, x=0, y=-1))
        game.settle()
    assert not game.screen.is_busy
    assert game.screen.focused != "parked p1"


def test_a_right_click_on_a_card_offers_what_can_be_done(game):
    game.press("right")
    game.point(game.find("parked p1"), pygame.MOUSEBUTTONDOWN, button=3)
    assert game.screen.is_busy


def test_a_place_that_began_as_a_scene_of_the_game_can_start_over_with_its_own_seed():
    scene = next(card for card in MODEL.scenes if not card.is_own)
    left = replace(parked("p9", scene.title, "", "", seed=8), begun=scene.begun)
    with window((1280, 720), "test") as surface:
        game = Game(surface, replace(MODEL, parked=(left,)))
        assert game.press("r") == PlayScene(Scene(f"Scene {scene.id}."), 8)


def test_a_world_of_the_players_own_that_was_begun_has_one_card_and_can_be_begun_anew():
    mine = next(card for card in MODEL.scenes if card.is_own)
    begun = replace(parked("p9", "Mine, at night", "", ""), begun=mine.begun)
    model = replace(MODEL, parked=(begun, *MODEL.parked))
    rows = {shelf.title: shelf.cards for shelf in shelves(model)}
    assert OWN in [shelf.title for shelf in shelves(MODEL)]
    assert OWN not in rows
    assert [card.id for card in rows["Continue"]] == [card.id for card in model.parked]
    assert "Start over" not in [one.word for one in rows["Continue"][1].choices]
    with window((1280, 720), "test") as surface:
        game = Game(surface, model)
        assert game.press("r") == PlayScene(Scene("Scene /mine.yaml."), 7)
        game.press("delete")
        assert "You can still play it from its start" in game.screen._question._text


def test_a_place_has_one_card_that_turns_to_earlier_visits(game):
    visits = tuple(parked(f"v{n}", "Harbour", f"left {n} h ago", "") for n in (1, 2, 3))
    elsewhere = parked("v4", "Harbour", "left 4 h ago", "", seed=8)  # by another seed
    other = parked("v5", "Cliff", "left 5 h ago", "")
    game.model = replace(MODEL, parked=(*visits, elsewhere, other))
    game.screen.refresh()
    game.settle()
    (first, second), *_ = (shelf.cards for shelf in game.screen._focus.shelves)
    assert (first.id, second.id) == ("v1", "v5")
    assert (first.line, second.line) == ("left 1 h ago, 3 earlier", "left 5 h ago")
    said = []
    for number in (2, 3, 4, 1):
        said += [one.word for one in game.screen.card.choices if one.act == "turn"]
        assert game.press("j", "return") == Continue(f"v{number}")
    assert said == ["Earlier moment"] * 3 + ["Latest moment"]
    assert "turn" not in [one.act for one in second.choices]


def test_a_place_described_anew_is_no_visit_to_one_of_that_description(game):
    described = replace(parked("v1", "Harbour", "", ""), shared=("Harbour", "A harbour.", "Stage"))
    harbour = replace(parked("v2", "Harbour", "", ""), shared=("Harbour", "A harbour.", "Harbour"))
    cards = one_per_place((described, harbour))
    assert [(card.id, card.others) for card in cards] == [("v1", ()), ("v2", ())]


def test_the_last_page_of_a_shelf_is_full(game):
    places = tuple(parked(f"v{n}", f"Place {n}", "", "", seed=n) for n in range(7))
    focus = TitleFocus(shelves(replace(MODEL, parked=places)), "parked v6")
    focus.fit(rows=2, columns=5)
    assert focus.pages(0) == (3, 7, 7)


def test_the_last_shelves_fill_the_screen_where_the_last_one_has_the_focus():
    rows = shelves(MODEL)
    focus = TitleFocus(rows, rows[-1].cards[0].key)
    focus.fit(rows=2, columns=5)
    assert focus.card is rows[-1].cards[0]
    assert focus.top == len(rows) - 2


def test_another_description_has_a_card_of_its_own():
    cards = [
        parked("v1", "Harbour", "", "", words="A harbour by day."),
        parked("v2", "Harbour", "", "", words="A harbour at night."),
        parked("v3", "Cliff", "", ""),
    ]
    assert [one.title for one in one_per_place(cards)] == ["Harbour", "Harbour", "Cliff"]


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Desert at sunset, then a dragon", "Desert at sunset, then a dragon"),
        ("A very long walk over the hills, then a castle", "A castle"),
        (
            "A beach with two umbrellas on the left…, heavy rain",
            "A beach with two umbrellas, heavy rain",
        ),
        (
            "A beach with two green umbrellas…, silence of the moon",
            "A beach, silence of the moon",
        ),
        (
            "The sea with a giant octopus, corals, a ship…, in the snow",
            "The sea with a giant octopus, in the snow",
        ),
    ],
)
def test_a_long_title_is_told_apart_on_a_card(title, short):
    assert short_title(title) == short


def test_every_card_says_when_it_was_left_however_long_its_title_is(game, monkeypatch):
    cards = [
        parked(title, title, f"left {hours} h ago", "")
        for hours, title in enumerate(("A mountain lake in the fog at night", "Desert"), 1)
    ]
    said, text = [], Theme.text
    monkeypatch.setattr(
        Theme, "text", lambda *parts, **look: said.append(parts[1]) or text(*parts, **look)
    )
    Game(game.surface, model=TitleModel(parked=tuple(cards))).screen.draw(game.surface)
    assert {"left 1 h ago", "left 2 h ago"} <= {*said}
    titles = [card_title(card, focused=False) for card in cards]
    assert len({(one.size, one.lines) for one in titles}) == 1, "titles side by side are alike"


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("size", [(640, 400), (1280, 720), (1720, 968), (1920, 1080)])
@pytest.mark.parametrize("remark", ["Left just now", "A long description. " * 20])
def test_a_name_is_never_cut_in_the_large_words(game, remark, size, scale):
    theme = Theme.of(SandboxConfig(text_scale=scale), size)
    layout = TitleLayout.of(theme, size)
    name = "A beach with two green umbrellas on the left, then the same one at night in the rain"
    said = words_part(("A place", name, remark, False), compact=layout.compact)
    assert layout.words.top + height_of(theme, said, layout.words.width) <= layout.choices.top
    words = said.content[1]
    lines = theme.wrap(name, layout.words.width, words.lines, words.size, bold=True)
    assert " ".join(lines) == name


def test_a_title_that_does_not_fit_below_its_card_ends_with_a_phrase():
    name = "A greenhouse with red flowers, a wooden bench"
    card = TitleCard("parked", "1", name, "", "a copy, left just now", ())
    for room, words in (
        (50, name),
        (30, "A greenhouse with red flowers"),
        (29, "A greenhouse with red flowers"),
        (20, "A greenhouse"),
        (5, name),
    ):
        title = card_title(card, lambda said, lines, room=room: len(said) <= room, focused=False)
        assert title.words == words


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("size", [(1024, 576), (1280, 720), (1920, 1080)])
def test_no_shelf_is_cut_off_below(game, size, scale):
    theme = Theme.of(SandboxConfig(text_scale=scale), size)
    layout = TitleLayout.of(theme, size)
    assert layout.rows == 2
    last = layout.card(theme, layout.shelves.top + layout.shelf_height, 0, 0)
    names = theme.line_height(15) + theme.line_height(12)
    assert last.bottom + names <= size[1] - theme.px(FOOTER)


def test_a_notice_is_beside_the_buttons_where_there_is_room(game):
    notices = Notices(clock=lambda: 0.0, notify=lambda: None)
    screen, before, after = game.screen, game.surface.copy(), game.surface.copy()
    screen._notices = notices
    screen.draw(before)
    notices.say("it is saved as you left it")
    notices.update(0.0)
    screen.draw(after)
    changed = np.any(pygame.surfarray.array3d(before) != pygame.surfarray.array3d(after), (0, 2))
    assert changed.any()
    theme = Theme((1280, 720))
    layout = TitleLayout.of(theme, (1280, 720))
    assert layout.words.bottom < np.flatnonzero(changed).min()
    assert np.flatnonzero(changed).max() < layout.card(theme, layout.shelves.top, 0, 0).top


@pytest.mark.parametrize("size", [(320, 200), (480, 300), (640, 400), (1280, 720)])
def test_buttons_are_whole_and_no_notice_covers_them(size):
    with window(size, "test") as surface:
        game = Game(surface)
        game.screen.draw(surface)
        buttons = [rect for rect, spot in game.screen._picture.places if spot.area != "cards"]
        assert len(buttons) > 3
        assert all(surface.get_rect().contains(rect) for rect in buttons)
        assert not any(one.colliderect(other) for one, other in combinations(buttons, 2))
        before = [surface.subsurface(rect).copy() for rect in buttons]
        game.screen._notices = notices = Notices(clock=lambda: 0.0, notify=lambda: None)
        for number in range(1 if size == (320, 200) else 2):
            notices.say(f"“A kitchen with a teal counter”, {number}, is saved as you left it")
        notices.update(0.0)
        game.screen.draw(surface)
        for old, rect in zip(before, buttons, strict=True):
            assert old.get_buffer().raw == surface.subsurface(rect).copy().get_buffer().raw


def test_a_parked_scene_is_copied(game):
    game.press("f6")
    assert game.done == [("fork", "p1")]
    assert game.screen.outcome is None


def test_deleting_asks_first_and_enter_keeps(game):
    game.press("delete", "return")
    assert game.done == []
    assert game.press("delete", "escape") is None
    assert game.done == []


def test_deleting_takes_the_card_away(game):
    game.press("delete", "right", "return")
    assert game.done == [("delete", "p1")]
    assert game.screen.focused == "parked p2"


def test_the_last_card_of_a_shelf_takes_the_shelf_with_it(game):
    game.press("delete", "right", "return", "delete", "right", "return")
    assert game.done == [("delete", "p1"), ("delete", "p2")]
    assert game.screen.focused == "scene /mine.yaml"


def test_what_is_damaged_can_only_be_deleted(game):
    assert [one.act for one in MODEL.parked[1].choices] == ["delete"]
    game.press("right", "return", "right", "return")
    assert game.done == [("delete", "p2")]


def test_own_scenes_stand_apart_and_can_be_deleted(game):
    game.press("down")
    assert game.screen.focused == "scene /mine.yaml"
    game.press("delete", "right", "return")
    assert game.done == [("delete", "/mine.yaml")]


def test_a_failure_is_told_and_the_screen_goes_on():
    def refuse(parked):
        raise OSError("the disk is read-only")

    with window((640, 400), "test") as surface:
        game = Game(surface, delete_parked=refuse)
        game.press("delete", "right", "return")
        before = pygame.image.tobytes(surface, "RGB")
        game.press("return")
        assert pygame.image.tobytes(surface, "RGB") != before
        assert game.press("return") == Continue("p1")


def test_a_scene_that_cannot_be_read_is_told():
    def refuse(key):
        raise SceneError(f"{key}: no such file")

    with window((640, 400), "test") as surface:
        game = Game(surface, load_scene=refuse)
        assert game.press("down", "down", "return") is None
        assert game.press("return", "escape", "escape") == Way.LEAVE


def test_t_opens_the_card_for_a_prompt_which_then_hears_everything(game):
    game.press("t")
    assert game.writing.is_open
    assert game.press("escape") is None
    assert len(game.writing.heard) == 1


def test_after_a_description_is_closed_enter_opens_the_card_in_view(game):
    game.press("t")
    game.writing.is_open = False
    assert game.press("return") == Continue("p1")


def test_the_notice_about_the_place_that_was_left_goes_when_the_player_moves_on(game):
    notices = Mock(wake_at=None)
    notices.update.return_value = False
    game.screen._notices = notices
    game.press("down")
    notices.drop.assert_called_once_with(LEFT)


def test_what_is_written_becomes_a_scene(game):
    game.press("t")
    game.writing.is_open = False
    game.writing.apply("A quiet \x07 harbour.")
    outcome = game.screen.outcome
    assert (outcome.scene.prompt, outcome.scene.seed) == ("A quiet harbour.", 77)
    assert game.done == [("keep", outcome.scene)]


@pytest.mark.parametrize("prompt", ["", "   ", "\x00\x01", "a" * 10_000])
def test_what_cannot_be_a_scene_is_told(game, prompt):
    game.writing.apply(prompt)
    game.settle()
    assert (game.screen.outcome, game.done) == (None, [])
    assert game.press("return", "return") == Continue("p1")


def test_closing_the_window_leaves_from_anywhere(game):
    game.press("delete")
    game.screen.handle(pygame.Event(pygame.QUIT))
    assert game.screen.outcome == Way.LEAVE


def test_a_gamepad_does_what_keys_do(game):
    for button in (14, 13, 0):  # right, left, A
        game.screen.handle(pygame.Event(pygame.CONTROLLERBUTTONDOWN, button=button))
    assert game.screen.outcome == Continue("p1")


def test_pointing_moves_the_focus_and_a_click_goes_there(any_surface):
    game = Game(any_surface)
    place = game.find("parked p2")
    game.find("parked p1")
    outcome = game.point(place, pygame.MOUSEBUTTONDOWN, button=1)
    assert outcome is None  # damaged: the question comes
    game.press("escape")
    place = game.find("parked p1")
    assert game.point(place, pygame.MOUSEBUTTONDOWN, button=1) == Continue("p1")


def test_a_right_click_offers_everything_that_can_be_done(game):
    game.find("parked p2")
    place = game.find("parked p1")
    assert game.point(place, pygame.MOUSEBUTTONDOWN, button=3) is None
    game.press("right", "right", "return")
    assert game.done == [("fork", "p1")]
    game.point(place, pygame.MOUSEBUTTONDOWN, button=3)
    game.press("escape")
    game.point(place, pygame.MOUSEBUTTONDOWN, button=3)
    game.press("right", "right", "right", "return", "return")
    assert game.done == [("fork", "p1")]  # deleting asks once more


def test_the_wheel_reaches_the_last_shelf(any_surface):
    game = Game(any_surface)
    for _ in range(len(shelves(MODEL))):
        game.screen.handle(pygame.Event(pygame.MOUSEWHEEL, x=0, y=-1))
        game.settle()
    game.find("recording runs/monday")


def test_the_focus_can_be_seen(any_surface):
    game = Game(any_surface)
    before = pygame.image.tobytes(any_surface, "RGB")
    game.press("right")
    assert pygame.image.tobytes(any_surface, "RGB") != before


def test_nothing_is_drawn_while_nothing_happens(game):
    assert game.screen.wake_at is None
    assert not game.screen.update(game.now + 100)
    game.screen.handle(pygame.Event(pygame.WINDOWEXPOSED))
    assert game.screen.update(game.now + 101)


def test_without_anything_to_play_the_header_is_left():
    with window((640, 400), "test") as surface:
        game = Game(surface, TitleModel())
        game.press("left", "down", "up", "tab", "delete", "n")
        assert game.screen.focused is None
        assert game.press("t") is None
        assert game.writing.is_open


@pytest.mark.parametrize("size", [(1, 1), (320, 200), (200, 900), (3840, 2160)])
def test_windows_of_any_size_are_drawn(size):
    with window(size, "test") as surface:
        Game(surface).press("down", "delete")


def test_a_broken_picture_is_a_tile(tmp_path):
    bad = tmp_path / "picture.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    parked = (replace(MODEL.parked[0], picture=bad), replace(MODEL.parked[0], id="p3"))
    with window((640, 400), "test") as surface:
        Game(surface, replace(MODEL, parked=parked)).press("right")


def test_names_and_prompts_of_any_kind_are_drawn():
    said = "é\u202e" + "w" * 9000
    card = replace(MODEL.scenes[0], title="\x00\n😀" * 50, about=said, line=said)
    with window((640, 400), "test") as surface:
        Game(surface, TitleModel((card,)))


def test_text_size_and_contrast_change_what_is_shown(game):
    before = pygame.image.tobytes(game.surface, "RGB")
    for settings in (SandboxConfig(text_scale=1.3), SandboxConfig(high_contrast=True)):
        game.screen.use_settings(settings)
        game.settle()
        after = pygame.image.tobytes(game.surface, "RGB")
        assert after != before
        before = after


def test_every_category_has_its_shelf():
    assert set(SHELVES) == set(CATEGORIES)


def test_the_library_fills_four_shelves_with_pictures():
    cards = library_cards()
    assert len(cards) >= 12
    for category in CATEGORIES:
        assert len([card for card in cards if card.label == SHELVES[category]]) >= 3
    assert all(card.picture.is_file() for card in cards)


def test_no_card_has_a_ring_while_a_button_above_has_the_focus(game, monkeypatch):
    rings = []
    monkeypatch.setattr(
        "mag_sandbox.sandbox.title.cards.draw_ring", lambda *where, **how: rings.append(where[2])
    )
    surface = pygame.Surface((1280, 720))
    game.screen.draw(surface)
    assert len(rings) == 1
    game.press("up", "up")
    game.settle()
    assert game.screen._focus.spot.area == "header"
    rings.clear()
    game.screen.draw(surface)
    assert rings == []


def test_listing_anew_leaves_what_the_player_has_chosen(game):
    game.press("down", "right")
    chosen = game.screen.focused
    game.screen.refresh()
    game.settle()
    assert game.screen.focused == chosen


def test_the_chosen_card_keeps_the_focus_when_another_comes_before_it():
    cards = [scene_card(name, Scene(f"A {name}."), None, written="now") for name in ("a", "b", "c")]
    focus = TitleFocus([Shelf("Continue", tuple(cards[1:]))], "scene b")
    focus.list([Shelf("Continue", tuple(cards))])
    assert (focus.key, focus.spot) == ("scene b", Focused("cards", 0, 1))
    later = replace(cards[2], others=(cards[1],))
    focus.list([Shelf("Continue", (cards[0], later))])
    assert focus.key == "scene c", "a later visit to the chosen place"


def test_a_place_that_has_the_focus_keeps_it_when_another_is_listed_before_it(game):
    before, after = parked("p8", "Cliff", "", ""), parked("p9", "Harbour", "left just now", "")
    game.model = replace(MODEL, parked=(before,))
    actions = TitleActions(ListedAtOnce(lambda: game.model), writing=game._writing)
    game.screen = TitleScreen(actions, SandboxConfig())
    game.settle()
    assert game.screen.focused == "parked p8"
    game.model = replace(MODEL, parked=(after, before))
    game.screen.refresh()
    game.settle()
    assert game.screen.focused == "parked p8"


def test_what_was_just_left_comes_into_focus_when_it_is_written(game):
    actions = TitleActions(ListedAtOnce(lambda: MODEL), writing=game._writing)
    game.screen = TitleScreen(actions, SandboxConfig(), "scene desert")
    game.settle()
    assert game.screen.focused == "scene desert"
    game.screen.refresh()
    game.settle()
    assert game.screen.focused == "parked p1"


def test_a_place_begun_anew_takes_the_focus_from_the_place_that_was_chosen_before(game):
    before, after = parked("p8", "Cliff", "", ""), parked("p9", "Harbour", "left just now", "")
    game.model = replace(MODEL, parked=(before,))
    actions = TitleActions(ListedAtOnce(lambda: game.model), writing=game._writing)
    game.screen = TitleScreen(actions, SandboxConfig(), "parked p8", begun_anew=True)
    game.settle()
    game.model = replace(MODEL, parked=(after, before))
    game.screen.refresh()
    game.settle()
    assert game.screen.focused == "parked p9"


def test_the_title_is_there_before_its_lists_and_does_then_what_was_asked(any_surface):
    listing = ListedLater(lambda: MODEL)
    game = Game.__new__(Game)
    game.surface, game.now = any_surface, 0.0
    game.screen = TitleScreen(TitleActions(listing, writing=FakeWriting), SandboxConfig())
    assert game.screen.update(0.0)
    game.screen.draw(any_surface)
    assert game.screen.wake_at is not None  # it looks again soon
    for key in (pygame.K_RIGHT, pygame.K_LEFT, pygame.K_RETURN):
        game.screen.handle(pygame.Event(pygame.KEYDOWN, key=key, unicode=""))
    assert game.screen.outcome is None
    listing.is_waiting = False
    game.settle()
    assert game.screen.outcome == Continue("p1")


def test_closing_the_window_does_not_wait_for_lists():
    with window((640, 400), "test"):
        actions = TitleActions(ListedLater(lambda: MODEL), writing=FakeWriting)
        screen = TitleScreen(actions, SandboxConfig())
        screen.handle(pygame.Event(pygame.QUIT))
        assert screen.outcome == Way.LEAVE


def test_a_later_title_shows_what_was_listed_before_until_it_knows_more(any_surface):
    listing = ListedLater(lambda: TitleModel())
    listing.newest = MODEL
    screen = TitleScreen(
        TitleActions(listing, writing=FakeWriting), SandboxConfig(), "scene desert"
    )
    assert screen.focused == "scene desert"
    listing.is_waiting = False
    screen.update(1.0)
    assert screen.focused is None


def test_a_click_on_a_dot_leads_to_its_shelf(game):
    for row in (len(shelves(MODEL)) - 1, 0):
        game.point(game.screen._picture.dots[row].center, pygame.MOUSEBUTTONDOWN, button=1)
        game.settle()
        assert game.screen._focus.spot == Focused("cards", row, 0)
        assert game.screen._focus.top == min(row, len(shelves(MODEL)) - game.screen._focus._rows)
    assert game.screen.outcome is None


def test_a_long_shelf_shows_whole_cards_and_pages_for_the_mouse(game):
    places = tuple(parked(f"v{n}", f"Place {n}", "", "", seed=n) for n in range(12))
    game.model = replace(MODEL, parked=places)
    game.screen.refresh()
    game.settle()
    columns = game.screen._focus._columns
    picture = game.screen._picture
    seen = [(rect, spot.column) for rect, spot in picture.places if spot.area == "cards"]
    row = [rect for rect, column in seen if rect.top == seen[0][0].top]
    assert len(row) == columns
    assert {rect.width for rect in row} == {row[0].width}, "none is cut"
    after = next(rect for rect, shelf, way in picture.turns if (shelf, way) == (0, 1))
    for _ in range(3):
        game.point(after.center, pygame.MOUSEBUTTONDOWN, button=1)
        game.settle()
    assert game.screen._focus.pages(0) == (12 - columns + 1, 12, 12)
    assert game.screen.focused == f"parked v{12 - columns}"
    assert game.screen.outcome is None


def test_the_key_for_help_leads_to_the_list_of_all_keys(game):
    assert game.press("f1") == OPEN_KEYS
