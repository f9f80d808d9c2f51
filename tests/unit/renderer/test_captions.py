"""Captions speak English, and say only what is there."""

import re

import pytest

from mag_sandbox.renderer.captions import (
    QUESTIONS,
    answers_of,
    caption,
    named_groups,
    named_in,
    nouns,
)
from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.render import CATEGORIES, lay_out
from mag_sandbox.renderer.scene import Item, Layout

LAND = {"place": "meadow", "time_of_day": "noon", "weather": "clear", "relief": "hills"}


def meadow(*items: Item, **attributes: str) -> Layout:
    return Layout("outdoor", 5, "meadow", LAND | attributes, items)


def captions(layout: Layout, count: int = 150) -> list[str]:
    return [caption(layout, index) for index in range(count)]


@pytest.mark.parametrize("category", CATEGORIES)
def test_captions_are_short_and_name_what_is_there(category):
    for seed in range(12):
        layout = lay_out(category, seed)
        for text in captions(layout, 6):
            assert 0 < len(text.split()) <= 40
            assert "  " not in text
            assert not re.search(
                r"\b(a|an) (a|an|the|two|three|four|five|many|some)\b", text.lower()
            )
            assert not re.search(r"\ba [aeio]\w", text.lower()), text
    assert any(named_in(text, lay_out(category, 3)) for text in captions(lay_out(category, 3)))


@pytest.mark.parametrize(("count", "word"), [(1, "a red car"), (3, "three red cars")])
def test_captions_count_things(count, word):
    cars = [Item("car", 2.0 * i - 3, 8.0, color="red", group="red car") for i in range(count)]
    texts = captions(meadow(*cars))
    assert any(word in text.lower() for text in texts)
    assert not any("two red" in text for text in texts)


def test_captions_say_what_is_left_behind_and_on():
    table = Item("table", 0.0, 5.0, color="blue", group="blue table")
    ball = Item("ball", 0.0, 5.0, 0.78, color="red", group="red ball", support=0)
    house = Item("cottage", -0.4, 14.0, color="white", group="white cottage")
    person = Item("person", -2.0, 5.0, color="green", group="green person")
    texts = " | ".join(captions(meadow(table, ball, house, person), 400)).lower()
    assert re.search(r"ball on a (blue )?(wooden |kitchen )?table", texts)
    assert "to the left of" in texts
    assert "behind" in texts
    assert not re.search(r"(cottage|house) in front of", texts)


def test_sizes_are_named():
    tower = Item("tower", 0.0, 30.0, scale=1.7, color="grey", group="giant grey tower")
    assert any(re.search(r"\b(giant|huge|enormous)\b", text) for text in captions(meadow(tower)))


def test_an_empty_room_is_called_empty():
    seed = next(seed for seed in range(200) if "empty" in lay_out("indoor", seed).attributes)
    texts = captions(lay_out("indoor", seed), 5)
    assert all(re.search(r"\b(empty|bare|lonely)\b", text.lower()) for text in texts)


def test_the_longest_phrase_counts():
    lamps = meadow(
        Item("street lamp", 0.0, 6.0, group="street lamp"),
        Item("lantern", 2.0, 6.0, group="lantern"),
    )
    assert "lantern" not in named_in("a meadow with a street lamp", lamps)
    assert "street lamp" in named_in("a meadow with a street lamp", lamps)
    assert "lantern" in named_in("a lamp in a meadow", lamps)


def test_colours_tell_groups_of_a_kind_apart():
    horses = meadow(
        Item("horse", 1.0, 6.0, color="white", group="white horse"),
        Item("horse", -2.0, 6.0, color="black", group="black horse"),
    )
    assert named_in("a black pony in a field", horses) == {"black horse", "place"}


def test_answers_are_among_the_choices():
    for category in CATEGORIES:
        layout = lay_out(category, 17)
        for text in captions(layout, 20):
            for question, answer in answers_of(text, layout).items():
                assert answer in QUESTIONS[question]
    three = [Item("sheep", 2.0 * i, 8.0, color="white", group="white sheep") for i in range(3)]
    answers = answers_of("three white sheep in a field", meadow(*three))
    assert answers == {"place": "meadow", "sheep": "3", "sheep color": "white"}


def test_all_kinds_have_nouns_and_groups_name_their_kind():
    for kind in KINDS:
        assert nouns(kind)[0][0] == kind
    for named in named_groups(lay_out("outdoor", 9)):
        assert named.kind in named.group
