"""What places do not have unless words name it."""

import pytest

from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.scenes.descriptions import KINDS, DescriptionWords
from mag_sandbox.scenes.uninvited import strays_in
from mag_sandbox.scenes.vocabulary import WORDS_FILE
from tests import ROOT


@pytest.fixture(scope="module")
def words() -> DescriptionWords:
    return DescriptionWords.load(ROOT / "assets" / "weights" / "imagination" / WORDS_FILE)


@pytest.mark.parametrize(
    ("text", "strays", "stay"),
    [
        ("a swamp with four crocodiles", "castle, hut, cottage, tower", "frog, reed, willow"),
        ("a savannah at sunset", "castle, deer, hot air balloon", "lion, acacia"),
        ("a dinosaur valley with a volcano", "castle, mushroom, hot air balloon", "rock"),
        ("two swans on a lake", "bench, dog, cottage, person", "deer, oak, lake"),
        ("a lighthouse and two seagulls", "cottage, hut, dog", "boat, palm"),
        ("a park with a fountain", "castle", "bench, dog, person"),
        ("a fairy land with a unicorn", "", "castle, dragon"),
    ],
)
def test_nothing_strange_is_in_a_place_unless_words_name_it(words, text, strays, stay):
    gone = strays_in(text, words)
    assert {*filter(None, strays.split(", "))} <= gone
    assert gone.isdisjoint(stay.split(", "))
    assert "castle" not in Wanted.of(f"{text}, a castle", words, KINDS).strays


@pytest.mark.parametrize("text", ["a lonely beach", "a quiet city street", "a remote village"])
def test_nobody_is_where_it_is_lonely(words, text):
    assert words.without_effect(text) == ()
    gone = strays_in(text, words)
    assert {"person", "child", "bicycle", "tent"} <= gone
    assert gone.isdisjoint({"palm", "oak", "skyscraper" if "city" in text else "rock", "sea"})
    assert "person" not in Wanted.of(f"{text} with a man", words, KINDS).strays


def test_a_lonely_tree_is_the_only_one(words):
    (tree,) = Wanted.of("a lonely tree in a meadow", words, KINDS).named
    assert tree.most == 1
    (tree,) = Wanted.of("a lonely road under a tree in a meadow", words, KINDS).named[:1]
    assert tree.kinds[0] != "oak" or tree.most is None
