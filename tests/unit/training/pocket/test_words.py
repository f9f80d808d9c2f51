"""The words of the captions are written beside the weights and read back by the game."""

import json

from mag_sandbox.scenes.vocabulary import Vocabulary
from mag_sandbox.training.pocket.words import count_words, phrase_groups, write_words

CAPTIONS = [
    "A meadow at night with red castles and many sheep.",
    "Red castles in a Meadow.",
    "A library with a red sofa.",
]


def test_words_are_counted_without_those_that_name_nothing():
    assert count_words(["a castle in the night", "night"]) == {"castle": 1, "night": 2}


def test_the_game_reads_what_is_written(tmp_path):
    path = write_words(iter(CAPTIONS), tmp_path)
    vocabulary = Vocabulary.load(path)
    assert vocabulary.counts["red"] == 3
    assert vocabulary.counts["meadow"] == 2
    assert "with" not in vocabulary.counts
    assert list(tmp_path.iterdir()) == [path]


def test_only_what_captions_use_is_suggested(tmp_path):
    vocabulary = Vocabulary.load(write_words(CAPTIONS, tmp_path))
    phrases = {phrase for group in vocabulary.groups for phrase in group.phrases}
    assert {"meadow", "at night", "sheep", "a red sofa", "library"} <= phrases
    assert "lighthouses" not in phrases
    assert all(vocabulary.unknown(phrase) == () for phrase in phrases)


def test_the_same_captions_give_the_same_file(tmp_path):
    first = write_words(CAPTIONS, tmp_path).read_bytes()
    assert write_words(CAPTIONS, tmp_path).read_bytes() == first
    assert next(iter(json.loads(first)["words"])) == "red", "the most frequent word first"


def test_groups_have_no_phrase_twice():
    for name, category, phrases in phrase_groups():
        assert len(phrases) == len(set(phrases)), (name, category)
