"""What places do not have unless words name it."""

import pytest

from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.scenes.color_names import COLORS
from mag_sandbox.scenes.descriptions import BUILDINGS, DescriptionWords
from mag_sandbox.scenes.kinds import ANIMALS, KINDS, TREES
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
        ("a dense forest", "bicycle, person, child", "deer, owl"),
        ("an old town square with a fountain", "palm", "oak, street lamp"),
        ("a savannah at sunset", "castle, deer, hot air balloon", "lion, acacia"),
        ("a dinosaur valley with a volcano", "castle, mushroom, hot air balloon", "rock"),
        ("two swans on a lake", "bench, dog, cottage, person", "deer, oak, lake"),
        ("a lighthouse and two seagulls", "cottage, hut, dog", "boat, palm"),
        ("a park with a fountain", "castle", "bench, dog, person"),
        ("a fairy land with a unicorn", "", "castle, dragon"),
        ("a beach with two umbrellas", "whale, shark", "turtle, ship, person"),
        ("a garage with a red car", "round rug, potted palm, floor lamp", "bicycle, crate"),
        ("a dragon in a cave", "wall lamp", "torch, treasure chest"),
        ("snow on the moon", "frozen lake, bird, wild flower, fox", "crater, rocket"),
    ],
)
def test_nothing_strange_is_in_a_place_unless_words_name_it(words, text, strays, stay):
    gone = strays_in(text, words)
    assert {*filter(None, strays.split(", "))} <= gone
    assert gone.isdisjoint(stay.split(", "))
    assert "castle" not in Wanted.of(f"{text}, a castle", words, KINDS).strays


def test_neither_moon_nor_stars_are_in_the_sky_of_an_afternoon(words):
    absent = Wanted.of("a meadow on a warm afternoon with a moon", words, KINDS).absent
    assert "star" in absent and "moon" not in absent
    assert "star" not in Wanted.of("a meadow in the evening", words, KINDS).absent


def test_mugs_outdoors_have_a_table_and_none_of_a_stage(words):
    wanted = Wanted.of("four mugs on a round table under an oak", words, KINDS)
    assert "table" not in wanted.strays
    assert not any("table with a cloth" in one.kinds for one in wanted.named)
    wanted = Wanted.of("a mug on a round table on a stage", words, KINDS)
    assert any("table with a cloth" in one.kinds for one in wanted.named)


@pytest.mark.parametrize("text", ["a lonely beach", "a quiet city street", "a remote village"])
def test_nobody_is_where_it_is_lonely(words, text):
    assert words.without_effect(text) == ()
    gone = strays_in(text, words)
    assert {"person", "child", "bicycle", "tent"} <= gone
    assert gone.isdisjoint({"palm", "oak", "skyscraper" if "city" in text else "rock", "sea"})
    assert "person" not in Wanted.of(f"{text} with a man", words, KINDS).strays


def test_no_ship_is_where_it_is_lonely_but_in_harbours(words):
    assert "ship" in strays_in("a lonely island with one palm tree", words)
    assert {"ship", "boat"}.isdisjoint(strays_in("a lonely harbour", words))


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("a lonely fox in a forest", "deer, rabbit, owl"), ("a lighthouse all alone", "seagull"),
        ("a solitary elephant in a savanna", "lion, giraffe"),
    ],
)  # fmt: skip
def test_nothing_else_is_alive_where_it_is_lonely(words, text, gone):
    wanted = Wanted.of(text, words, KINDS)
    assert {*gone.split(", ")} <= {*wanted.strays}
    said = {kind for one in wanted.named for kind in one.kinds}
    assert said.isdisjoint(wanted.strays)
    assert {kind for one in wanted.typical for kind in one.kinds}.isdisjoint(ANIMALS - said)
    assert "deer" not in strays_in("a quiet forest", words)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("a lonely cabin in the snow", "igloo, cottage"),
        ("a lighthouse in the middle of nowhere", "hut, cottage"),
        ("a lonely petrol station at night", "skyscraper, apartment house"),
        ("a house alone on a hill", "church, barn"),
    ],
)
def test_a_lonely_house_is_the_only_one(words, text, gone):
    assert words.without_effect(text) == ()
    wanted = Wanted.of(text, words, KINDS)
    assert {*gone.split(", ")} <= {*wanted.strays}
    assert {"person", "car"} <= {*wanted.strays}
    (house,) = [one for one in wanted.named if one.kinds[0] in BUILDINGS]
    assert house.kinds[0] not in wanted.strays


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("a bride in a garden", True),
        ("a girl on a beach", True),
        ("two men in a bedroom", True),
        ("a girl in a busy street", False),
        ("people in a park", False),
        ("a snowman in a park", False),
    ],
)
def test_other_people_are_not_where_those_that_are_named_are_counted(words, text, gone):
    strays = Wanted.of(text, words, KINDS).strays
    assert ({"person", "child"} & {*strays} != set()) == gone


@pytest.mark.parametrize(
    ("text", "houses"),
    [
        ("a house on a hill", {"cottage", "log cabin"}),
        ("a city with a house", {"cottage", "apartment house"}),
        ("a cat on a house by the sea", {"cottage"}),
        ("a villa with a swimming pool", {"cottage"}),
    ],
)
def test_a_house_is_of_a_kind_that_its_place_has(words, text, houses):
    named = Wanted.of(text, words, KINDS).named
    (house,) = [one for one in named if "cottage" in one.kinds]
    assert {*house.kinds} == houses
    assert all(
        one.relation.kinds == house.kinds
        for one in named
        if one.relation and "cottage" in one.relation.kinds
    )


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a stage with many black boxes and a crab", {"box", "crab"}),
        ("a stage with a robot on a box", {"box", "robot"}),
        ("a stage with a cardboard box", {"cardboard box"}),
    ],
)
def test_boxes_of_a_stage_are_its_stands(words, text, kinds):
    named = Wanted.of(text, words, KINDS).named
    assert {kind for one in named for kind in one.kinds} == kinds


def test_a_backdrop_has_the_colour_of_words_or_of_the_lights(words):
    def backdrop(text: str) -> list[tuple[int, int, int] | None]:
        named = Wanted.of(text, words, KINDS).named
        return [one.color for one in named if one.kinds == ("backdrop",)]

    assert backdrop("a stage with a piano and blue lights") == [COLORS["blue"]]
    assert backdrop("a dancer on a stage under pink lights") == [COLORS["pink"]]
    assert backdrop("a stage with a piano in blue light and a red backdrop") == [COLORS["red"]]
    assert backdrop("a robot on a stage with a golden background") == [COLORS["gold"]]
    assert not backdrop("a stage with a piano in warm light")
    assert not backdrop("a bedroom with blue lights")


@pytest.mark.parametrize(
    "text",
    [
        "a lonely tree in a meadow", "in a meadow a tree stands alone", "the only tree in a desert",
        "a purple tree alone in the snow", "a field with a single red tree",
    ],
)  # fmt: skip
def test_a_lonely_tree_is_the_only_one(words, text):
    wanted = Wanted.of(text, words, KINDS)
    (tree,) = (one for one in wanted.named if one.kinds[0] in TREES)
    assert tree.most == 1
    assert {*wanted.absent} >= TREES - {*tree.kinds}
    assert not words.without_effect(text)


def test_what_is_lonely_beside_a_tree_leaves_other_trees(words):
    wanted = Wanted.of("a lonely road under a tree in a meadow", words, KINDS)
    (tree,) = (one for one in wanted.named if one.kinds[0] in TREES)
    assert tree.most is None
    forest = Wanted.of("a lonely pine in a forest", words, KINDS)
    assert "oak" not in forest.absent, "which is made of trees"


def test_a_lonely_church_is_seen_from_outside(words):
    assert words.place(words.reading("a lonely church on a hill")) == "outdoor"


def test_mars_is_bare_under_a_sky_full_of_dust(words):
    wanted = Wanted.of("mars with a rocket and a horse", words, KINDS)
    assert {"cactus", "bear", "camp fire", "fence", "person"} <= {*wanted.uninvited}
    assert {"rocket", "horse", "rock", "sun"}.isdisjoint(wanted.uninvited)
    assert wanted.sky and wanted.sky[0] > wanted.sky[2] + 60
    assert Wanted.of("mars under a green sky", words, KINDS).sky != wanted.sky
    assert Wanted.of("a red canyon with a rocket", words, KINDS).sky is None
    for text in ("a red canyon", "a market on mars"):
        assert not Wanted.of(text, words, KINDS).uninvited


def test_where_windows_are_counted_none_is_behind_curtains_that_are_not_named(words):
    assert "curtains" in Wanted.of("a bedroom with two windows", words, KINDS).absent
    for text in ("a bedroom with windows", "a bedroom with a window and red curtains"):
        assert "curtains" not in Wanted.of(text, words, KINDS).absent


@pytest.mark.parametrize(
    ("place", "others"), [("classroom", {"school desk"}), ("kitchen", {"round table"})]
)
def test_a_table_is_one_that_the_place_has(words, place, others):
    named = Wanted.of(f"a {place} with a globe on the table", words, KINDS).named
    table = next(one for one in named if one.kinds[0] == "table")
    globe = next(one for one in named if one.kinds[0] == "globe")
    assert set(table.kinds[1:]) == others
    assert globe.relation is not None
    assert globe.relation.kinds == table.kinds
