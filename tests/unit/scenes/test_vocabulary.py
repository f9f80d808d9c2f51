"""What a world knows, what comes nearest to what it does not know, and what is worth trying."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.scenes.scene import available_scenes, load_scene
from mag_sandbox.scenes.synonyms import read_synonyms
from mag_sandbox.scenes.vocabulary import (
    WORDS_FILE,
    Vocabulary,
    VocabularyError,
    WordGroup,
    edit_distance,
    split_words,
    stem,
    without_unknown,
)
from tests import ROOT

POCKET = ROOT / "assets" / "weights" / "imagination" / WORDS_FILE
COUNTS = {"meadow": 40, "mountains": 30, "night": 30, "red": 25, "castle": 20, "castles": 10}
COUNTS |= {"snow": 9, "snowy": 12, "cactuses": 8, "sheep": 7, "boats": 6, "library": 5, "sofa": 5}
GROUPS = (
    WordGroup("place", "outdoor", ("meadow", "snowfield")),
    WordGroup("place", "indoor", ("library",)),
    WordGroup("time", "outdoor", ("at night",)),
    WordGroup("buildings", "outdoor", ("castles", "red castles")),
    WordGroup("furniture", "indoor", ("a red sofa",)),
)


@pytest.fixture
def vocabulary():
    return Vocabulary(COUNTS, GROUPS)


@pytest.fixture(scope="module")
def pocket():
    return Vocabulary.load(POCKET)


def test_words_of_captions_and_words_that_name_nothing_are_known(vocabulary):
    for word in ("meadow", "MEADOW", "castle's", "castle’s", "with", "the"):  # noqa: RUF001
        assert vocabulary.known(word)
    for word in ("castel", "zeppelin", "7", "🌵", "замок", ""):
        assert not vocabulary.known(word)


def test_words_are_read_without_their_accents(pocket):
    for written in ("a cozy café", "a cozy cafe\u0301"):
        assert not pocket.without_effect(written)
        assert pocket.reading(written) == "a cosy cafe"
    assert [one.text for one in pocket.without_effect("a cafe with a crêpe")] == ["crêpe"]


def test_only_words_that_name_nothing_are_left_out(vocabulary):
    known = next(word for word in vocabulary.counts if word.isalpha())
    text = f"a {known} of {'w' * 60}"
    assert without_unknown(text, vocabulary) == f"a {known} of "
    assert without_unknown(f"a {known}", vocabulary) == f"a {known}"


def test_unknown_words_come_with_their_place(vocabulary):
    text = "A meadow, 🌵 and a zeppelin."
    assert [(word.text, text[word.start : word.end]) for word in vocabulary.unknown(text)] == [
        ("🌵", "🌵"),
        ("zeppelin", "zeppelin"),
    ]


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("meadwo", "meadow"),
        ("mountan", "mountains"),
        ("mountain", "mountains"),
        ("snowing", "snowy"),
        ("cactus", "cactuses"),
        ("yacht", "boats"),
        ("couches", "sofa"),
        ("🏰", "castle"),
        ("🌵", "cactuses"),
    ],
)
def test_the_nearest_word_is_the_one_that_is_meant(vocabulary, word, nearest):
    assert vocabulary.nearest(word, 1) == (nearest,)


def test_nothing_is_near_to_nonsense(vocabulary):
    for word in ("xyzzyx", "123", "замок", "🙃", ""):
        assert vocabulary.nearest(word) == ()


def test_another_word_that_only_sounds_alike_is_no_slip_of_the_pen(pocket):
    for word in (
        "lonely",
        "while",
        "drinks",
        "far",
        "play",
        "striped",
        "would",
        "beard",
        "playing",
    ):
        assert pocket.nearest(word) == ()
        assert pocket.known(word) or pocket.meaning(word) is None


def test_only_of_a_word_that_is_being_written_are_known_ones_that_begin_so(vocabulary):
    assert vocabulary.nearest("cas", 1) == ()
    assert vocabulary.nearest("cas", 1, is_begun=True) == ("castle",)


def test_nearest_words_are_known_and_not_the_word_itself(pocket):
    for word in ("ligh", "tree", "dogs", "stormy", "meadwo"):
        found = pocket.nearest(word, 5, is_begun=True)
        assert found
        assert word not in found
        assert all(pocket.known(each) for each in found)


def test_suggestions_speak_of_what_the_prompt_leaves_open(vocabulary):
    assert vocabulary.suggestions("a meadow") == ("at night", "castles", "red castles")
    assert vocabulary.suggestions("a meadow with a castle") == ("at night",)
    assert vocabulary.suggestions("Library!") == ("a red sofa",)


def test_an_empty_prompt_is_suggested_a_place_first(vocabulary):
    assert vocabulary.suggestions("", 2) == ("meadow", "library")


def test_what_is_suggested_is_not_suggested_again(pocket):
    prompt = "a desert"
    for _ in range(8):
        suggested = pocket.suggestions(prompt, 1)[0]
        assert suggested not in prompt
        prompt = f"{prompt}, {suggested}"
    assert pocket.unknown(prompt) == ()


def test_every_suggestion_of_the_pocket_world_is_known_to_it(pocket):
    for group in pocket.groups:
        for phrase in group.phrases:
            assert pocket.unknown(phrase) == ()


def test_the_pocket_world_knows_its_own_scenes(pocket):
    for name in available_scenes():
        words = split_words(load_scene(name).prompt)
        unknown = pocket.unknown(load_scene(name).prompt)
        assert len(unknown) <= len(words) // 4, unknown


def test_emoji_of_several_characters_are_one_word():
    assert [word.text for word in split_words("a 👩‍🚀 and 👍🏽, don't!")] == [
        *("a", "👩‍🚀", "and", "👍🏽", "don't")
    ]


@given(st.text(max_size=80))
def test_words_lie_in_the_text_in_order(text):
    words = split_words(text)
    assert all(text[word.start : word.end] == word.text for word in words)
    assert all(one.end <= other.start for one, other in itertools.pairwise(words))


@given(st.text(max_size=12))
def test_any_word_can_be_asked_for(word):
    vocabulary = Vocabulary(COUNTS, GROUPS)
    assert len(vocabulary.nearest(word, 2)) <= 2
    vocabulary.suggestions(word)


@pytest.mark.parametrize(
    "relatives", [("snow", "snowy", "snowing", "snowed"), ("house", "houses"), ("sun", "sunny")]
)
def test_relatives_share_a_stem(relatives):
    assert len({stem(word) for word in relatives}) == 1


@pytest.mark.parametrize(
    ("word", "other", "distance"),
    [
        ("same", "same", 0),
        ("form", "from", 1),
        ("kitten", "sitting", 5),
        ("tile", "tale", 2),
        ("a", "abcdef", 5),
    ],
)
def test_edit_distance(word, other, distance):
    assert edit_distance(word, other, limit=5) == distance


def test_a_list_of_words_can_be_read(tmp_path):
    group = {"name": "time", "category": "outdoor", "phrases": ["at night"]}
    path = tmp_path / WORDS_FILE
    path.write_text(json.dumps({"version": 1, "words": {"night": 3}, "groups": [group]}))
    vocabulary = Vocabulary.load(path)
    assert vocabulary.known("night")
    assert vocabulary.groups == (WordGroup("time", "outdoor", ("at night",)),)
    assert Vocabulary.load(path) is vocabulary
    path.write_text(path.read_text().replace("night", "noon"))
    assert Vocabulary.load(path).known("noon")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"version": 2}',
        '{"version": 1, "words": {"a": "b"}, "groups": []}',
        '{"version": 1, "words": {"a": 0}, "groups": []}',
        '{"version": 1, "words": {}, "groups": [{"name": "x"}]}',
        '{"version": 1, "words": {}, "groups": [{"name": "x", "phrases": [1]}]}',
        " " * (1024 * 1024 + 1),
        b"\xff\xfe\xff",
    ],
)
def test_a_damaged_list_is_one_sentence(tmp_path, content):
    path = tmp_path / WORDS_FILE
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(VocabularyError) as caught:
        Vocabulary.load(path)
    assert str(caught.value).startswith(f"{path}: the words of this world cannot be read (")
    assert "\n" not in str(caught.value)


def test_a_missing_list_is_one_sentence(tmp_path):
    with pytest.raises(VocabularyError, match="not found"):
        Vocabulary.load(tmp_path / WORDS_FILE)


def test_a_place_tells_the_category_of_a_scene():
    words = Vocabulary.load(POCKET)
    assert words.place("a kitchen in the morning") == "indoor"
    assert words.place("the haunted forest") == "video game", "the longer name counts"
    assert words.place("a forest with a haunted castle") == "outdoor", "the castle is haunted"
    assert words.place("a purple castle") is None
    assert words.place("a library on a beach") == "indoor", "of two places the first is meant"
    assert words.place("a beach beside a library") == "outdoor"


def test_unknown_words_are_read_as_known_ones_of_the_same_meaning():
    words = Vocabulary.load(POCKET)
    assert words.reading("red airplanes on a stage") == "red airplane on a stage"
    assert words.reading("a green dresser, in a kitchen") == "a green cabinet, in a kitchen"
    assert words.reading("a xyzzy in a meadow") == "a xyzzy in a meadow"
    assert words.reading("robots in a valley") == "robots in a meadow"
    assert words.reading("daisies and ravens") == "flowers and black birds", "plurals, too"
    assert words.place(words.reading("a ship on the sea")) == "outdoor"
    assert "a valley" in words.reading("a library with a view of a valley")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a laboratory beside a zoo", "a workshop beside a savanna"),
        ("a zoo and a kitchen", "a zoo and a kitchen"),  # one place at a time
        ("a tropical-island", "a beach"),
        ("inside a car with a dog", " with a dog"),  # there is none like it
        ("two taxis", "two yellow cars"),
        ("three fishermen", "three people"),
        ("a green shop counter", "a green counter"),
        ("two blocks with question marks", "two question block"),
    ],
)
def test_listed_phrases_are_read_as_a_whole(text, read):
    assert Vocabulary.load(POCKET).reading(text) == read


def test_whatever_is_listed_is_known_to_the_pocket_world(pocket):
    for phrase, listed in read_synonyms().items():
        for known in (listed.same, listed.near, (listed.place,) if listed.place else ()):
            assert not known or any(not pocket.unknown(one) for one in known), phrase


@pytest.mark.parametrize(
    ("prompt", "against"),
    [
        ("a library at night with ghosts", "in bright daylight"),
        ("a snowy forest", "covered in snow"),
    ],
)
def test_nothing_is_suggested_against_the_light_or_weather(pocket, prompt, against):
    assert against not in pocket.suggestions(prompt, 100)
    place = prompt.replace("snowy ", "").removesuffix(" at night with ghosts")
    assert against in pocket.suggestions(place, 100)


def test_what_a_text_says_of_its_light_is_found(pocket):
    assert pocket.lights("a night with a castle") == {"night"}
    assert pocket.lights("a castle by a lake") == frozenset()
