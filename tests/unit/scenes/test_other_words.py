"""Words for what has another name, and for caves, rooms and the moon, are read as meant."""

import pytest

from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.scenes.color_names import COLORS
from mag_sandbox.scenes.descriptions import DescriptionWords
from mag_sandbox.scenes.kinds import KINDS
from mag_sandbox.scenes.naming import named_things, near_colors, silent_words, takes_color
from mag_sandbox.scenes.relations import Relation
from mag_sandbox.scenes.synonyms import synonyms_of
from mag_sandbox.scenes.vocabulary import WORDS_FILE
from tests import ROOT


@pytest.fixture(scope="module")
def words() -> DescriptionWords:
    return DescriptionWords.load(ROOT / "assets" / "weights" / "imagination" / WORDS_FILE)


def test_a_dinosaur_by_any_name_has_its_number_and_colour(words):
    text = "a jungle with a green t-rex, two blue triceratops and a purple stegosaurus"
    assert not words.without_effect(text)
    assert dict(words.substitutes(text))["t-rex"] == "dinosaur"
    (dinosaurs,) = Wanted.of(text, words, KINDS).named
    assert (dinosaurs.kinds[0], dinosaurs.least) == ("dinosaur", 4)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("six flamingos and a white flamingo", "six pink swans and a white swan, in a park"),
        ("a forest with three ravens", "a forest with three black birds"),
        ("a zoo with a polar bear", "a savanna with a white bear"),
        ("two polar bears", "two white bears in a snowfield"),
        ("a meadow with a house and a cave", "a meadow with a house and a cave mouth"),
        ("a mountain lake with a cave", "a lake in the mountains with a cave mouth, in a meadow"),
        ("a boat on a mountain lake", "a boat on a lake in the mountains, in a meadow"),
        ("a rabbit in the vegetable garden", "a rabbit in the garden"),
        ("a classroom with a green board", "a classroom with a blackboard"),
        ("a camper van by the sea", "a truck by the sea coast"),
        ("a lake in a cave", "a lake in a cave"),
        ("a valley with a cave", "a meadow with a cave mouth"),
        ("a stage with three drummers", "a stage with three people with drums"),
        ("a park with a guitarist", "a park with a person with a guitar"),
        ("a moor with two postmen", "a meadow with two people"),
        ("a butcher's shop with a cat", "a store with a cat"),
        ("a busy street market with stalls", "a busy market with stalls, and dozens of people"),
        ("a big window with a view of the sea", "a living room with a big window"),
        ("a garden with a tree in blossom", "a garden with a cherry tree"),
        ("a window overlooking a garden and a cat", "a living room with a window and a cat"),
        ("a garden with a white wall", "a garden with a white fence"),
        ("a castle with white walls", "a castle with white walls, in a meadow"),
        ("a kitchen with a stone wall", "a kitchen with a grey wall"),
        ("a meadow with snowy peaks", "a meadow with snowy mountains"),
        ("a meadow with a white towel", "a meadow with a white picnic blanket"),
        ("a bathroom with a white towel", "a bathroom with a white towel"),
        ("a green throne room with a cat", "a throne room with green walls with a cat"),
        ("a red church", "a red church, in a small old village"),
        ("a boxing ring with two wrestlers", "a stage with two people"),
        ("the moon, astronauts, snow is falling", "a moon landscape, astronauts, snow is falling"),
        ("a library, a cat on a red carpet, outside it snows",
         "a library, a cat on a red carpet, outside it "),
    ],
)  # fmt: skip
def test_other_words_are_read_as_meant(words, text, read):
    assert words.reading(text) == read


def test_several_players_are_said_to_be_drawn_as_people_with_instruments(words):
    drawn = words.substitutes("a park with two guitarists and a drummer")
    assert drawn == (("guitarists", "people with guitars"), ("drummer", "person with a drum"))


@pytest.mark.parametrize(
    ("text", "kind", "where"),
    [
        ("a robot city with flying cars", "robot", None),
        ("a robot city with flying cars", "car", "sky"),
        ("a teacher in front of a blackboard and children at desks", "blackboard", None),
        ("a park with a fountain and people on benches", "fountain", None),
        ("a table with six chairs", "chair", "around"),
        ("girls with balloons", "toy balloons", "with"),
    ],
)
def test_no_thing_has_the_place_of_another_one(words, text, kind, where):
    named = Wanted.of(text, words, KINDS).named
    (relation,) = (one.relation for one in named if one.kinds[0] == kind)
    assert (relation and relation.where) == where


@pytest.mark.parametrize("color", sorted(COLORS))
def test_no_colour_of_a_thing_is_drawn_as_another_one_without_a_word(color):
    for kind in (kind for kind in KINDS if not takes_color(kind, color)):
        text = f"a {color} {kind}"
        near = {COLORS[name] for _, name in near_colors(text, KINDS)} | {COLORS["wooden"]}
        if not silent_words(text, KINDS):
            assert {one.color for one in named_things(text, KINDS)} <= {*near, COLORS[color]}, text


def test_snow_outside_a_room_strikes_nothing_inside(words):
    text = "a library, a cat on a red carpet, outside it snows"
    assert [word.text for word in words.without_effect(text)] == ["outside", "snows"]


def test_dark_birds_do_not_pass_for_gulls(words):
    assert "bird" in Wanted.of("a beach with seagulls", words, KINDS).strays
    assert "bird" not in Wanted.of("a beach with birds", words, KINDS).strays


def test_a_red_gate_in_japan_is_red_as_it_is_seen(words):
    assert not words.without_effect("a Japanese temple with a red gate")
    assert not words.without_effect("a snowfield with black and white penguins")


def test_the_singular_of_trees_is_no_misspelt_one():
    assert synonyms_of("tre") is not None
    assert synonyms_of("palm trees") is synonyms_of("trees") is None


def test_what_crosses_a_bridge_is_on_it(words):
    text = "a train crossing an old bridge, a man crossing a road"
    assert [word.text for word in words.without_effect(text)] == ["old", "crossing"]
    train = next(one for one in Wanted.of(text, words, KINDS).named if one.kinds == ("train",))
    assert train.relation == Relation("on", ("bridge",))


def test_what_would_make_no_sense_in_place_of_a_word_is_not_offered(words):
    assert words.nearest("roof") == ()


@pytest.mark.parametrize("name", ["apple tree", "fruit tree"])
def test_a_noun_and_its_synonym_name_the_same_kind(words: DescriptionWords, name: str):
    (one,) = named_things(name, KINDS)
    ((_, drawn),) = words.substitutes(f"a meadow with an {name}")
    assert one.kinds == (drawn,)


@pytest.mark.parametrize(
    ("text", "has_skyscrapers"),
    [
        ("a city street at night with tall towers", True),
        ("a medieval city with towers", False),
        ("a city with a church tower", False),
        ("a tower on a hill", False),
    ],
)
def test_towers_of_a_city_are_skyscrapers(
    words: DescriptionWords, text: str, has_skyscrapers: bool
):
    assert ("skyscraper" in words.reading(text)) == has_skyscrapers


def test_a_glass_tower_is_a_skyscraper_of_glass(words: DescriptionWords):
    text = "a city with a bus in front of a tall glass tower"
    assert not words.without_effect(text)
    assert ("skyscraper",) in [one.kinds for one in named_things(text, KINDS)]


@pytest.mark.parametrize(
    "text",
    [
        "a barn owl on a gate post", "a hot dog cart beside a fountain", "a robot waiter",
        "two deck chairs on the sand", "a caravan under a palm", "a girl in front of a red gate",
    ],
)  # fmt: skip
def test_carts_caravans_and_red_gates_are_known(words, text):
    assert not words.without_effect(text)
