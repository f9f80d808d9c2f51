"""The prompt box: a person writes, sees what the world knows, and applies or closes."""

from dataclasses import replace

import pygame
import pytest

from mag_sandbox.sandbox.known_words import known_words
from mag_sandbox.sandbox.screens.prompt_box import (
    AIR_STAYS,
    ALL_STAYS,
    BLINK_S,
    DRAWN_AS,
    EMPTY,
    ENGLISH_ONLY,
    INDOORS,
    IS_SO,
    NIGHT,
    NO_PLACE,
    NONE_TO_CHANGE,
    ONLY_LAND,
    PAUSE,
    REPAINTED,
    SEVERAL_AS,
    STAYS,
    UNSEEN,
    PromptBox,
    with_phrase,
)
from mag_sandbox.sandbox.screens.prompt_card import (
    NOTICE_LINES,
    PAD,
    ROWS,
    SMALL,
    TEXT,
    PromptChoice,
    draw_prompt_card,
    sentences,
)
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.scenes import vocabulary
from mag_sandbox.scenes.characters import cluster_end
from mag_sandbox.scenes.scene import MAX_PROMPT
from mag_sandbox.scenes.vocabulary import Vocabulary, WordGroup
from tests.unit.sandbox.ui.test_text_entry import CTRL, PaperClip

COUNTS = {"meadow": 9, "night": 8, "castles": 7, "castle": 3, "red": 5, "desert": 4, "cactuses": 2}
GROUPS = (
    WordGroup("place", "outdoor", ("meadow", "desert")),
    WordGroup("time", "outdoor", ("at night",)),
    WordGroup("buildings", "outdoor", ("red castles",)),
)
SIZES = [(1280, 720), (640, 400), (320, 200), (1, 1)]


class Desk:
    """A box with a window, and what it applied."""

    def __init__(self, surface, vocabulary=None, clip="", choices=()):
        self.surface = surface
        self.applied = []
        self.now = 0.0
        self.box = PromptBox(
            self.applied.append,
            vocabulary,
            open_keys=("t",),
            choices=lambda text: choices,
            clipboard=PaperClip(clip),
        )

    def key(self, key, mod=0):
        return self.box.handle(pygame.Event(pygame.KEYDOWN, key=key, mod=mod))

    def write(self, text):
        self.key(pygame.K_RSHIFT)
        return self.box.handle(pygame.Event(pygame.TEXTINPUT, text=text))

    def click(self, place):
        down = pygame.Event(pygame.MOUSEBUTTONDOWN, pos=place, button=1)
        up = pygame.Event(pygame.MOUSEBUTTONUP, pos=place, button=1)
        return self.box.handle(down), self.box.handle(up)

    def show(self):
        self.box.update(self.now)
        self.box.draw(self.surface)
        return pygame.image.tobytes(self.surface, "RGB")

    def at(self, rect):
        return rect.move(self.box._corner).center


@pytest.fixture
def surface():
    with window((1280, 720), "test") as surface:
        yield surface


@pytest.fixture
def desk(surface):
    return Desk(surface, Vocabulary(COUNTS, GROUPS))


def test_a_closed_box_takes_nothing_and_shows_nothing(desk):
    before = pygame.image.tobytes(desk.surface, "RGB")
    assert not desk.write("a")
    assert desk.show() == before
    assert desk.box.wake_at is None


def test_enter_applies_what_is_written_in_one_clean_line(desk):
    desk.box.open("a meadow")
    desk.key(pygame.K_END)
    desk.write("  at\tnight \n")
    desk.key(pygame.K_RETURN)
    assert desk.applied == ["a meadow at night"]
    assert not desk.box.is_open


def test_escape_changes_nothing(desk):
    desk.box.open("a meadow")
    desk.write(" at night")
    assert desk.key(pygame.K_ESCAPE)
    assert desk.applied == []
    assert not desk.box.is_open


def test_what_escape_left_unapplied_is_offered_again(desk):
    desk.box.open("a meadow")
    desk.write("a desert")
    desk.key(pygame.K_ESCAPE)
    desk.box.open("a meadow")
    assert desk.box.text == "a desert"
    desk.key(pygame.K_RETURN)
    assert desk.applied == ["a desert"]
    desk.box.open("a desert")
    desk.key(pygame.K_ESCAPE)
    desk.box.open("a lake")
    assert desk.box.text == "a lake", "nothing was written"


def test_an_empty_prompt_is_asked_for_and_not_applied(desk):
    desk.box.open("a meadow")
    desk.key(pygame.K_a, CTRL)
    desk.write(" \n ")
    desk.key(pygame.K_RETURN)
    assert desk.box.is_open
    assert desk.applied == []
    assert desk.box.notice == EMPTY


def test_the_key_that_opens_the_box_writes_nothing(desk):
    desk.box.open("a ")
    desk.box.handle(pygame.Event(pygame.TEXTINPUT, text="t"))
    assert desk.box.text == "a "
    desk.key(pygame.K_t)
    desk.box.handle(pygame.Event(pygame.TEXTINPUT, text="t"))
    assert desk.box.text == "t"


def test_what_is_written_replaces_the_prompt_or_goes_on_from_its_end(desk):
    for first, expected in ((None, "at night"), (pygame.K_END, "a meadow, at night")):
        desk.box.open("a meadow")
        if first:
            desk.key(first)
        desk.write(", at night" if first else "at night")
        assert desk.box.text == expected
    desk.box.open("a meadow")
    desk.key(pygame.K_TAB)
    assert desk.box.text.startswith("a meadow "), "what is suggested is added"


def test_letters_are_written_and_not_acted_on_but_function_keys_are(desk):
    desk.box.open("")
    assert desk.key(pygame.K_p)
    assert not desk.key(pygame.K_F12)
    assert not desk.box.handle(pygame.Event(pygame.KEYUP, key=pygame.K_w, mod=0))


def test_ten_thousand_characters_are_cut_and_applied_as_far_as_they_go(surface):
    desk = Desk(surface, Vocabulary(COUNTS, GROUPS), clip="castle🌵 " * 1200)
    desk.box.open("")
    desk.key(pygame.K_v, CTRL)
    desk.show()
    assert desk.box.notice == "too long by 8,600 characters; the rest is left out"
    desk.key(pygame.K_RETURN)
    assert len(desk.applied[0]) <= MAX_PROMPT


def test_unknown_words_are_struck_and_the_nearest_offered(desk):
    desk.box.open("")
    desk.write("a red zeppelin and 🌵 by the battlefield ")
    desk.show()
    assert [word.text for word in desk.box.struck] == ["zeppelin", "🌵", "battlefield"]
    assert "crossed-out words" in desk.box.notice
    assert "below them is what comes nearest" in desk.box.notice
    rect, _, known = next(hint for hint in desk.box._card.hints if hint[1].text[0] == "b")
    assert known == "meadow"
    assert desk.click(desk.at(rect)) == (True, False)
    assert desk.box.text == "a red zeppelin and 🌵 by the meadow "


def test_nothing_is_said_to_be_near_where_nothing_is(desk):
    desk.box.open("")
    desk.write("a meadow and qqqq ")
    desk.show()
    assert desk.box.notice == UNSEEN


def test_the_description_that_holds_is_not_judged_until_it_is_changed(desk):
    desk.box.open("a meadow and qqqq with casles")
    desk.show()
    assert (desk.box.struck, desk.box.notice) == ((), "")
    assert not desk.box._card.hints
    desk.key(pygame.K_END)
    desk.write(".")
    desk.show()
    assert "qqqq" in [word.text for word in desk.box.struck]


def test_words_that_are_drawn_as_they_are_have_none_to_write_instead(desk):
    desk.box.open("")
    desk.write("a casle, a battlefield and a cactus ")
    desk.show()
    assert {word.text for _, word, _ in desk.box._card.hints} == {"battlefield"}


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("a taxi on a beach", DRAWN_AS.format("taxi", "a yellow car")),
        ("a taxi and a hat on a beach", f"{UNSEEN}; {DRAWN_AS.format('taxi', 'a yellow car')}"),
        (
            "a taxi by a cottage in a valley",
            "“taxi” is drawn as a yellow car, “valley” as a meadow",
        ),
        ("a violin on a stage", DRAWN_AS.format("violin", "a guitar")),
        (
            "Mars with a silver rocket, three aliens",
            "“Mars” is drawn as a red canyon, “silver” as grey, “aliens” as slimes",
        ),
        ("taxis on a beach", SEVERAL_AS.format("taxis", "yellow cars")),
        ("ein Wald im Winter", ENGLISH_ONLY),
        ("a robot on a beach", ""),
        ("a meadow with a castle, an owl on the roof", "“on the roof” is drawn as on a house"),
        ("a kitchen with a birthday cake and balloons", UNSEEN),
        (
            "a beach with two pink umbrellas, a red boat on the sea",
            f"{UNSEEN}; “beach umbrella” cannot be pink in this world; try black, blue, brown",
        ),
        ("two swans on a lake", ONLY_LAND.format("in a meadow")),
        ("a factory", ONLY_LAND.format("in a city")),
        (
            "a moon base with astronauts",
            DRAWN_AS.format("moon base", "a moon landscape with a rocket and satellite dishes"),
        ),
        ("a seaside town", DRAWN_AS.format("seaside town", "a beach with houses")),
        ("a country road", DRAWN_AS.format("country road", "farmland with a road")),
        ("a class room with desks", ""),
        ("a robot and a hat", f"{NO_PLACE.format('in a workshop')}; {UNSEEN}"),
        (
            "a meadow with sheep, tents, a castle, a lake, a windmill, deer, a cow, robots, a well",
            "",
        ),
        (
            "a meadow with a purple hot air balloon, tents, a castle, a lake, a windmill, deer,"
            " a cow, robots, a well",
            f"{UNSEEN}; “hot air balloon” cannot be purple in this world; try black, blue, cream",
        ),
        (
            "a sofa, a bed, a piano, a cat, a globe, a lamp and a bookshelf",
            NO_PLACE.format("in a living room"),
        ),
        ("a kitchen in the rain with a cat", UNSEEN + INDOORS),
        ("a meadow under a full moon", NIGHT.format("moon")),
    ],
)
def test_what_is_drawn_otherwise_and_what_does_not_fit_is_said(text, notice):
    box = PromptBox(lambda text: None, known_words("pocket"))
    with window((640, 400), "test"):
        box.open("")
        box.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RSHIFT, mod=0))
        box.handle(pygame.Event(pygame.TEXTINPUT, text=text))
        assert box.notice == notice
        box.close()


def test_words_are_judged_for_the_place_that_stays_and_it_is_named():
    choices = list[PromptChoice]()
    vocabulary = known_words("pocket")
    box = PromptBox(lambda text: None, vocabulary, choices=lambda text: choices)
    with window((640, 400), "test"):
        box.open("a beach at night")
        box.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RSHIFT, mod=0))
        box.handle(pygame.Event(pygame.TEXTINPUT, text="a red sofa"))
        assert box.notice == STAYS.format("on a beach at night"), "there is one choice"
        assert not box.struck
        choices += (
            PromptChoice(keys, "", 0, lambda text: None) for keys in ("Enter", "Shift+Enter")
        )
        repainted = REPAINTED.format("Shift+Enter", "in a living room")
        assert box.notice == STAYS.format("on a beach at night") + repainted
        box.close()


def test_of_a_thing_that_is_put_here_only_that_is_said():
    full = "a meadow with sheep, tents, a castle, a lake, a windmill, boats, deer, robots, a well"
    put = PromptChoice("Enter", "put a ruin here", 0, lambda text: None, puts=True)
    box = PromptBox(lambda text: None, known_words("pocket"), choices=lambda text: [put])
    with window((640, 400), "test"):
        box.open(full)
        box.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RSHIFT, mod=0))
        box.handle(pygame.Event(pygame.TEXTINPUT, text="and a ruin"))
        assert box.notice == "one thing is put here; everything else stays"
        box.handle(pygame.Event(pygame.TEXTINPUT, text=" and a well"))
        assert box.notice == "only the first of these is put here; ask for the next one afterwards"


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("a forest with a glass bridge ", []),
        ("a forest with a glass ", ["bottle"]),
        ("a theatre stage with curtains ", []),  # "stage" follows
        ("two kangaroos in a savanna ", ["deer"]),
        ("a medieval town with a cart ", ["horse"]),  # no tractor
        ("a farm with a cart ", ["tractor", "horse"]),
        ("a gym with a boxing ring ", ["podium"]),  # below both words
        ("a gym with a treadmill ", ["bicycle", "bench"]),
        ("a city with a neon sign ", ["sign"]),
        ("a library with a cat, outside it snows ", []),  # no snow falls there
    ],
)
def test_words_below_grey_ones_make_sense_in_their_place(surface, text, instead):
    desk = Desk(surface, known_words("pocket"))
    desk.box.open("")
    desk.write(text)
    desk.show()
    card = desk.box._card
    assert [known for *_, known in card.hints] == instead
    stands_apart = card.row_height > card.theme.line_height(TEXT)
    assert stands_apart == bool(instead), "lines leave room for words below, if there are any"


def test_a_landscape_is_said_to_keep_its_light():
    box = PromptBox(lambda text: None, known_words("pocket"))
    with window((640, 400), "test"):
        box.open("a beach at night")
        box.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RSHIFT, mod=0))
        box.handle(pygame.Event(pygame.TEXTINPUT, text="a meadow with sheep"))
        assert box.notice == AIR_STAYS.format("at night")
        box.close()


@pytest.mark.parametrize(
    ("before", "text", "notice"),
    [
        ("an autumn pond with ducks at night", "at night", IS_SO),
        ("a meadow in clear weather with snowy mountains", "clear sky", IS_SO),
        ("pink gems in a candy game level", "at night", ALL_STAYS),
        ("two robots in a neon city", "at night", IS_SO),  # where it always is
        ("a meadow with a tree", "make the house blue", NONE_TO_CHANGE.format("house")),
    ],
)
def test_light_that_is_so_already_or_that_nothing_shows_moves_nothing(before, text, notice):
    box = PromptBox(lambda text: None, known_words("pocket"))
    with window((640, 400), "test"):
        box.open(before)
        box.handle(pygame.Event(pygame.TEXTINPUT, text=text))
        assert box.text == text
        assert box.notice == notice


def test_flowers_that_words_name_are_not_said_to_lie_under_the_snow():
    box = PromptBox(lambda text: None, known_words("pocket"))
    with window((640, 400), "test"):
        box.open("a meadow with yellow flowers")
        box.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_END, mod=0))
        box.handle(pygame.Event(pygame.TEXTINPUT, text=" in the snow"))
        assert box.notice == ALL_STAYS
        box.close()


def test_of_a_full_place_nothing_is_said_before_its_plan():
    full = "a meadow with sheep, tents, a castle, a lake, a windmill, boats, deer, robots, a well"
    box = PromptBox(lambda text: None, known_words("pocket"))
    with window((640, 400), "test"):
        box.open(full)
        box.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_END, mod=0))
        box.handle(pygame.Event(pygame.TEXTINPUT, text=" at night"))
        assert box.notice == ALL_STAYS
        box.handle(pygame.Event(pygame.TEXTINPUT, text=" in the snow"))
        assert box.notice == f"{ALL_STAYS}, but wildflowers lie under the snow"
        box.close()


def test_what_is_suggested_fits_the_place_in_which_a_text_stays():
    with window((640, 400), "test") as surface:
        desk = Desk(surface, known_words("pocket"))
        desk.box.open("a cosy living room with a sofa")
        desk.write("with candlelight at night, green walls")
        desk.show()
        suggested = desk.box._card.view.chips
        desk.box.close()
    assert suggested
    assert not {"covered in snow", "a church", "a river", "pine trees"} & set(suggested)


def test_the_longest_notice_is_shown_whole():
    with window((1280, 720), "test") as surface:
        desk = Desk(surface, known_words("pocket"))
        desk.box.open("")
        desk.write(
            "a taxi by a volcano with sheep, tents and a purple hot air balloon, and a minibar"
        )
        desk.show()
        view, theme = desk.box._card.view, desk.box._card.theme
        width = desk.box._card.surface.get_width() - 2 * theme.px(PAD)
        assert " ".join(theme.wrap(view.notice, width, NOTICE_LINES, SMALL)) == view.notice
        one_line = replace(view, notice="x")
        taller = draw_prompt_card(theme, view, 1280, hinting=True).surface.get_height()
        assert taller > draw_prompt_card(theme, one_line, 1280, hinting=True).surface.get_height()


def test_small_words_are_not_struck_beside_those_that_they_belong_to(desk):
    desk.box.open("")
    desk.write("a meadow under a zeppelin with the qqqq ")
    desk.show()
    assert [word.text for word in desk.box._card.view.struck] == ["zeppelin", "qqqq"]


def test_notes_are_whole_sentences():
    said = "it is set in a snowfield; “den” is drawn as a tent"
    assert sentences(said) == "It is set in a snowfield. “den” is drawn as a tent."


def test_a_word_being_written_is_not_struck_yet(desk):
    desk.box.open("a cast")
    desk.show()
    assert desk.box.struck == ()
    desk.key(pygame.K_END)
    desk.write("x")
    desk.show()
    assert [word.text for word in desk.box.struck] == ["castx"]


def test_after_a_pause_the_last_word_is_struck_until_it_is_continued(desk):
    desk.box.open("a cas")
    desk.key(pygame.K_END)
    desk.write("t")
    desk.show()
    assert desk.box.struck == ()
    desk.now = (PAUSE + 0.1) * BLINK_S
    desk.show()
    assert [word.text for word in desk.box.struck] == ["cast"]
    desk.write("l")
    desk.show()
    assert desk.box.struck == ()


def test_tab_completes_the_word_and_then_adds_what_is_suggested(desk):
    desk.box.open("a meado")
    everything = "a meadow at night, red castles"
    for expected in ("a meadow", "a meadow at night", everything, everything):
        desk.key(pygame.K_TAB)
        assert desk.box.text == expected


def test_a_chip_is_added_by_the_mouse(desk):
    desk.box.open("A meadow.")
    desk.show()
    card = desk.box._card
    rect, phrase = card.places["chip 0"], card.view.chips[0]
    desk.click(desk.at(rect))
    assert (phrase, desk.box.text) == ("at night", "A meadow at night.")


def test_words_that_mean_nothing_are_refused_with_the_nearest_known_ones(desk):
    wrong = {"battlefield xyzzy": "meadow", "qqqq": "try meadow", "of the": "meadow"}
    for text, near in wrong.items():
        desk.box.open("")
        desk.write(text)
        desk.key(pygame.K_RETURN)
        assert desk.box.is_open
        assert near in desk.box.notice
        desk.key(pygame.K_ESCAPE)
    desk.box.open("")
    desk.write("xyzzy meadow")
    desk.key(pygame.K_RETURN)
    assert desk.applied == ["xyzzy meadow"], "a word that means something is enough"


def test_the_wheel_shows_what_the_cursor_has_left(desk):
    desk.box.open("a castle and a meadow " * 40)
    desk.show()
    assert desk.box._card.first_row > 0
    assert desk.box.handle(pygame.Event(pygame.MOUSEWHEEL, x=0, y=99))
    desk.show()
    assert desk.box._card.first_row == 0
    assert desk.box._card.cursor.size == (0, 0)
    desk.key(pygame.K_LEFT)
    desk.show()
    assert desk.box._card.cursor_row - desk.box._card.first_row in range(ROWS)


def test_all_of_a_description_of_usual_length_is_in_sight(desk):
    desk.box.open("a castle and a meadow " * 18)
    desk.show()
    assert desk.box._card.first_row == 0


@pytest.mark.parametrize("size", [(1280, 720), (480, 300)])
def test_what_is_written_is_applied_in_one_of_several_ways(size):
    chosen = []
    ways = [("Enter", 0), ("Ctrl+Enter", pygame.KMOD_LCTRL), ("Shift+Enter", pygame.KMOD_RSHIFT)]
    choices = [
        PromptChoice(keys, "what it does", mod, lambda text, keys=keys: chosen.append((keys, text)))
        for keys, mod in ways
    ]
    with window(size, "test") as surface:
        desk = Desk(surface, Vocabulary(COUNTS, GROUPS), choices=choices)
        for keys, mod in ways[1:]:
            desk.box.open("a meadow")
            desk.key(pygame.K_RETURN, mod)
            assert chosen.pop() == (keys, "a meadow")
        desk.box.open("a meadow")
        desk.key(pygame.K_RETURN)
        assert chosen.pop() == ("Enter", "a meadow")
        for place, (keys, _) in enumerate(ways):
            desk.box.open("a desert")
            desk.show()
            rect = desk.box._card.places[f"choice {place}"]
            assert desk.box._card.surface.get_rect().contains(rect)
            desk.click(desk.at(rect))
            assert chosen.pop() == (keys, "a desert")


def test_buttons_stay_where_they_are_while_the_box_grows(surface):
    choices = [PromptChoice("Enter", "what it does", 0, lambda text: None)]
    desk = Desk(surface, known_words("pocket"), choices=choices)
    desk.box.open("")
    shown, places = [], []
    longer = ", a purple hot air balloon, a minibar, a taxi by a volcano"
    for text in ("sheep, tents in a meadow", longer):
        desk.write(text)
        desk.show()
        shown.append(desk.box._card.surface.get_height())
        places.append([desk.at(desk.box._card.places[name]) for name in ("choice 0", "chip 0")])
    assert shown[0] < shown[1]
    assert places[0][0] == places[1][0]
    assert places[0][1][1] == places[1][1][1]


def test_the_mouse_puts_the_cursor_and_selects(desk):
    desk.box.open("a meadow at night")
    desk.show()
    area = desk.box._card.text_area.move(desk.box._corner)
    start, end = (area.left, area.top + 5), (area.right - 2, area.top + 5)
    desk.box.handle(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=start, button=1))
    assert desk.box.handle(pygame.Event(pygame.MOUSEMOTION, pos=end, buttons=(1, 0, 0)))
    assert desk.box.handle(pygame.Event(pygame.MOUSEBUTTONUP, pos=end, button=1))
    desk.write("x")
    assert desk.box.text == "x"


def test_clicks_beside_the_box_are_for_others(desk):
    desk.box.open("")
    desk.show()
    assert desk.click((5, 5)) == (False, False)


def test_a_world_that_knows_every_word_strikes_and_suggests_nothing(surface):
    desk = Desk(surface)
    desk.box.open("a red zeppelin")
    desk.show()
    desk.key(pygame.K_TAB)
    assert desk.box.text == "a red zeppelin"
    assert (desk.box.struck, desk.box._card.view.chips) == ((), ())


def test_up_brings_back_what_was_applied(desk):
    for prompt in ("a meadow", "a desert"):
        desk.box.open("")
        desk.write(prompt)
        desk.key(pygame.K_RETURN)
    desk.box.open("")
    desk.key(pygame.K_UP)
    desk.key(pygame.K_UP)
    assert desk.box.text == "a meadow"


def test_a_composition_is_finished_before_enter_and_escape_count(desk):
    desk.box.open("")
    desk.box.handle(pygame.Event(pygame.TEXTEDITING, text="ね", start=0, length=1))
    desk.key(pygame.K_RETURN)
    desk.key(pygame.K_ESCAPE)
    assert desk.box.is_open
    desk.show()
    desk.box.handle(pygame.Event(pygame.TEXTINPUT, text="猫"))
    assert desk.box.text == "猫"


def test_the_cursor_blinks_and_the_card_is_drawn_only_when_it_changed(desk):
    desk.box.open("a meadow")
    assert desk.box.update(10.0)
    desk.box.draw(desk.surface)
    card = desk.box._card
    assert not desk.box.update(10.1)
    assert desk.box.wake_at == pytest.approx(10.0 + BLINK_S)
    assert desk.box.update(10.0 + BLINK_S)
    desk.box.draw(desk.surface)
    assert desk.box._card is card
    desk.write("s")
    assert desk.box.update(10.7)
    desk.box.draw(desk.surface)
    assert desk.box._card is not card


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("text", ["", "a red 🌵", "x" * 1000, "casle zeppelin " * 60, " " * 1000])
def test_any_text_fits_any_window(size, text):
    with window(size, "test") as surface:
        desk = Desk(surface, Vocabulary(COUNTS, GROUPS))
        desk.box.open(text)
        desk.show()
        card = desk.box._card
        assert card.surface.get_rect().contains(card.cursor)
        if size[0] >= 640:
            assert surface.get_rect().contains(card.surface.get_rect(topleft=desk.box._corner))
            places = [*(hint[0] for hint in card.hints), *card.places.values()]
            assert all(card.surface.get_rect().contains(place) for place in places)


@pytest.mark.parametrize(
    ("prompt", "phrase", "joined"),
    [
        ("", "meadow", "meadow"),
        ("A meadow.", "sheep", "A meadow, sheep."),
        ("a meadow, ", "at night", "a meadow at night"),
        (" . ", "meadow", "meadow"),
    ],
)
def test_a_phrase_joins_the_last_sentence(prompt, phrase, joined):
    assert with_phrase(prompt, phrase) == joined


def test_a_key_takes_a_long_text_apart_a_few_times_only(surface, monkeypatch):
    """Once it did so two hundred times: half a second a key."""
    letters, text = [], "🙂" * (MAX_PROMPT // 2) + "a.b;c:" * (MAX_PROMPT // 12)

    def counted(text, start):
        letters.append(start)
        return cluster_end(text, start)

    monkeypatch.setattr(vocabulary, "cluster_end", counted)
    desk = Desk(surface, known_words("pocket"))
    desk.box.open("a red church in a meadow at sunset")
    desk.write(text)
    desk.show()
    letters.clear()
    desk.key(pygame.K_BACKSPACE)
    desk.show()
    assert len(letters) < 30 * len(text)
