"""Which words of a description are seen, and how much of it fits."""

import pytest

from mag_sandbox.scenes.descriptions import MOST_THINGS, DescriptionWords
from mag_sandbox.scenes.vocabulary import WORDS_FILE
from tests import ROOT


@pytest.fixture(scope="module")
def words():
    return DescriptionWords.load(ROOT / "assets" / "weights" / "pocket" / WORDS_FILE)


@pytest.mark.parametrize(
    ("text", "grey"),
    [
        ("a robot, a window, a boat, a bird, a car, a lamp, a chair, a star, a balloon", ""),
        ("robots, windows, boats, birds, cars, lamps, stars and balloons", ""),
        ("a couch beside a ship", ""),
        ("three robots in an empty gallery", "three empty"),
        ("a meadow at night in the rain", ""),
        ("a city at night in the rain", "night rain"),  # which its scenes do not differ in
        ("a kitchen in the forest", "forest"),  # one place at a time
        ("a haunted forest", ""),
        ("a quiet meadow with many sheep and a woman", "quiet many woman"),
        ("a red desert with a green castle, blue", "red blue"),
        ("a forest with a sofa", ""),
        ("a room, a snowy valley, a cave", "snowy valley cave"),
        ("a snowy valley with pine trees", ""),
        ("a beach beside the sea", ""),
        ("a meadow beside the sea with dunes", "sea dunes"),
    ],
)
def test_words_that_will_not_be_seen_are_grey(words, text, grey):
    assert [word.text for word in words.without_effect(text)] == grey.split()


def test_a_place_takes_so_many_things_and_no_more(words):
    named = "sheep, tents, a castle, a lake, a windmill, boats, deer"
    assert words.excess("a meadow with sheep and a red castle") == 0
    assert words.excess(f"a meadow with {named}") == 7 - MOST_THINGS


@pytest.mark.parametrize(
    ("word", "instead"),
    [("woman", ()), ("three", ()), ("dog", ("sheep", "deer")), ("dragon", ("ghosts",)),
     ("helicopter", ("balloons",)), ("meadwo", ("meadow",)), ("casle", ("castle",)), ("king", ())],
)  # fmt: skip
def test_what_is_suggested_is_near_in_meaning_or_a_slip_of_the_pen(words, word, instead):
    assert words.nearest(word)[: len(instead) or 1] == instead


def test_one_word_in_another_form_is_enough(words):
    assert words.problem("robot") == ""
    assert "nothing of" in words.problem("woman")
