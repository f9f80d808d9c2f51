"""The words a world was trained on: known ones, nearest ones, and suggestions.

A small world knows the few hundred words of its captions; large ones know every word and have no
vocabulary at all.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

from mag_sandbox.files.border import read_plain, refusing
from mag_sandbox.files.validation import decode, parse_json
from mag_sandbox.files.yaml_files import FileError
from mag_sandbox.scenes.characters import cluster_end
from mag_sandbox.scenes.synonyms import (
    LONGEST_PHRASE,
    as_many_as,
    plural,
    read_synonyms,
    synonyms_of,
)

WORDS_FILE = "words.json"  # beside the weights
VERSION = 1
PLACE = "place"  # name of the groups whose phrases say where a scene is
LIGHTS = ("time of day", "light")  # likewise, how light it is; a prompt needs one of them
WEATHER = "weather"  # likewise; a word of a phrase says all of it
MAX_BYTES = 1024 * 1024
_SMALL_WORDS = (
    "a an and are as at be by for from has have here i in into is it its of on or our over some"
    " than that the their there these they this to under up we with you your near next beside"
    " between beyond among along across through inside outside towards every everywhere where"
)
FUNCTION_WORDS = frozenset(_SMALL_WORDS.split())  # name nothing to be drawn: every world knows them
DETERMINERS = frozenset(("a", "an", "the", "my", "our", "your", "his", "her", "their"))
_FOREIGN_WORDS = (
    "ein eine einem einen der die das dem den im am und mit un une le la les des du dans avec et el"
    " los las en con una il lo nel della di een het och med ett og"
)
FOREIGN_WORDS = frozenset(_FOREIGN_WORDS.split())  # by which other languages are recognised
_SINGLE = frozenset(("a", "an", "one"))
_MISSPELT = re.compile(r"(?<=[^aeiou\W])ys\b")  # of plurals
APOSTROPHES = ("'", "\u2019")
SUFFIXES = ("ing", "ed", "es", "s", "ish", "ly", "y", "e")
_SPELLINGS = (("z", "s"), ("ay", "ey"), ("or", "our"), ("er", "re"))  # American, and British
VERB_ENDINGS = ("ing", "ed")
MIN_STEM = 3  # letters
_EVENING = "evening"
# letters of words with one slip and with two; shorter ones may be any other
SHORTEST_SLIPS = (5, 8)
MOST_NAMED = 4  # unknown words that a message names
ENGLISH_ONLY = "only English words are understood"
MIN_BEGINNING = 2  # letters that are enough to complete a word
Place = TypeVar("Place")


class VocabularyError(FileError):
    """A list of words is damaged."""


class Word(NamedTuple):
    """A word of a text and its place."""

    text: str
    start: int
    end: int


class Phrase(NamedTuple):
    """Words of a text that are read together: those of a listed phrase, or a single one."""

    words: tuple[Word, ...]
    written: str  # in small letters
    known: str | None  # what they are read as, in known words; None: they have no meaning

    @property
    def is_kept(self) -> bool:
        """Whether it is read as it was written, which "café" is not."""
        is_plain = self.known is None or without_accents(self.words[0].text) == self.words[0].text
        return self.known in (None, self.written) and len(self.words) == 1 and is_plain


@dataclass(frozen=True, slots=True)
class WordGroup:
    """Phrases of one kind of which a prompt needs one: times of day, furniture."""

    name: str
    category: str | None  # of scenes that it belongs to; None: all
    phrases: tuple[str, ...]  # the best known first


@dataclass(frozen=True, slots=True)
class _WordList:
    version: int
    words: dict[str, int]  # and how often captions had them
    groups: tuple[WordGroup, ...]

    def __post_init__(self) -> None:
        if self.version != VERSION:
            raise ValueError(f"version is {self.version}, expected {VERSION}")
        if min(self.words.values(), default=1) < 1:
            raise ValueError("a word's count is not above 0")


class Vocabulary:
    """The vocabulary of one world.

    >>> vocabulary = Vocabulary.load(ROOT / "assets/weights/pocket" / WORDS_FILE)
    >>> vocabulary.known("lighthouse")
    True
    >>> vocabulary.nearest("lighthose", 2)
    ('lighthouse',)
    >>> vocabulary.suggestions("a meadow", 2)
    ('lighthouses', 'pine trees')
    """

    def __init__(self, counts: Mapping[str, int], groups: Sequence[WordGroup] = ()) -> None:
        self.counts = dict(counts)
        self.groups = tuple(groups)
        self._by_stem: dict[str, list[str]] = {}
        for word in sorted(self.counts, key=self._rank):
            self._by_stem.setdefault(stem(word), []).append(word)
        listed = {
            one: known for one, meant in read_synonyms().items()
            if (known := next(filter(self.known, meant.same), None))
        }  # fmt: skip
        forms = ({one.removesuffix("s"): one for one in self.counts}, {one: one for one in counts})
        self._written = {**listed, **forms[0], **forms[1]}  # words, and known ones that they mean
        self._places = [
            (need, group.category)
            for group in self.groups if group.name == PLACE and group.category
            for need in phrase_stems(group)
        ]  # fmt: skip
        self._nearest = functools.lru_cache(maxsize=512)(self._find_nearest)
        self._placed = functools.lru_cache(maxsize=256)(
            lambda text: first_named(self._places, _stems_in_order(text))
        )
        # a prompt box asks many questions of few texts at every key
        self._split = functools.lru_cache(maxsize=32)(lambda text: _split_phrases(text, self))
        self._foreign = functools.lru_cache(maxsize=32)(lambda text: _is_foreign(text, self))
        self._suggested = functools.lru_cache(maxsize=64)(
            lambda stems: self.phrases_of(self._category(stems), stems)
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a list of words, or raise VocabularyError if the file is no such list.

        Those who read the same words share a vocabulary.
        """
        what = f"{path}: the words of this world cannot be read"
        remedy = "git checkout -- assets/weights"
        with refusing(lambda why: VocabularyError(f"{what} ({why}); restore it with `{remedy}`")):
            shared: Self = _vocabulary(cls, read_plain(path, MAX_BYTES))
            return shared

    def known(self, words: str) -> bool:
        """Return whether the world was trained on each of some words, or need not be."""
        plain = _plain(words).split()
        return bool(plain) and all(one in self.counts or one in FUNCTION_WORDS for one in plain)

    def begins_known(self, beginning: str) -> bool:
        """Return whether a word that is still being written can become a known one."""
        beginning = _plain(beginning)
        return any(word.startswith(beginning) for word in self.counts)

    def unknown(self, text: str) -> tuple[Word, ...]:
        """Return the words of a text that the world does not know."""
        return tuple(word for word in split_words(text) if not self.known(word.text))

    def meaning(self, word: str, *, corrected: bool = True) -> str | None:
        """Return the known word that a word is read as: itself, another form, or a synonym.

        If `corrected`, also the one that a slip of the pen stands for. None: there is none, or the
        word names nothing.
        """
        plain = _plain(word)
        if same := self._same(plain):
            return same
        if plain in self.counts:
            return plain
        if synonyms_of(plain) or not plain[:1].isalpha():
            return None
        if forms := self._by_stem.get(stem(plain)):
            ending, is_verb = _ending(plain), plain.endswith(VERB_ENDINGS)
            alike = [one for one in forms if _ending(one) == ending not in ("", "s", "es")]
            forms = alike or [one for one in forms if not is_verb or one.endswith(VERB_ENDINGS)]
            return next(iter(forms), None)  # a bussy street is busy; who is sliding is no slide
        return next(iter(self._nearest(plain)), None) if corrected else None

    def phrases(self, text: str) -> tuple[Phrase, ...]:
        """Return a text in phrases, each with its meaning; a place that no scene has is like one.

        What windows show, but no scene is, is read as a place only if the text names no other.
        """
        phrases = self._split(text)
        if self.place(rewritten(text, phrases)) is not None:
            return phrases

        def place_of(phrase: Phrase) -> str | None:
            for words in filter(None, (phrase.written, phrase.known)):
                listed = synonyms_of(words)
                if listed and listed.place and self.known(listed.place):
                    return as_many_as(words, listed.place)
            return None

        places = {phrase: place for phrase in phrases if (place := place_of(phrase))}
        named = [phrase for phrase in places if phrase.known is None]  # no bears of its own
        return tuple(
            phrase._replace(known=places[phrase]) if phrase in (named or places) else phrase
            for phrase in phrases
        )

    def without_effect(self, text: str) -> tuple[Word, ...]:
        """Return the words of a text that change nothing."""
        return tuple(
            word for phrase in self.phrases(text) if phrase.known is None for word in phrase.words
        )

    def substitutes(self, text: str) -> tuple[tuple[str, str], ...]:
        """Return words of a text that are drawn as something else, each with what that is."""
        grey = {word.start for word in self.without_effect(text)}
        found: dict[str, str] = {}
        is_single = False
        for phrase in self.phrases(text):
            start, end = phrase.words[0].start, phrase.words[-1].end
            if phrase.written in FUNCTION_WORDS or phrase.written in _SINGLE:
                is_single = phrase.written in _SINGLE
            is_other = phrase.known and not _are_alike(phrase.known, phrase.written)
            if phrase.known and is_other and start not in grey:
                known = phrase.known
                if is_single and _is_one(known, phrase.written):
                    known = known.removesuffix("s")  # "a large ballon" is one balloon
                found.setdefault(text[start:end], in_good_spelling(known))
        return tuple(found.items())

    def foreign(self, text: str) -> bool:
        """Return whether a text seems to be written in another language than English."""
        return self._foreign(text)

    def problem(self, text: str) -> str:
        """Return the message for a text without any word that means something here; else ""."""
        phrases = [one for one in self.phrases(text) if one.written not in FUNCTION_WORDS]
        if any(phrase.known for phrase in phrases):
            return ""
        words = [word.text for phrase in phrases for word in phrase.words]
        said = list(dict.fromkeys(words))[:MOST_NAMED]
        near = dict.fromkeys(known for word in said for known in self.nearest(word, 2))
        if is_foreign := self.foreign(text):
            near.clear()
        hint = f"try {', '.join(near or self.suggestions('', 4))}"
        if is_foreign:
            return f"{ENGLISH_ONLY}; {hint}"
        quoted = ", ".join(f"“{word}”" for word in said)
        unknown = f"does not know {quoted}" if said else "needs a word that names something"
        return f"this world {unknown}; {hint}"

    def nearest(self, word: str, count: int = 3, *, is_begun: bool = False) -> tuple[str, ...]:
        """Return known words that might be meant, the likeliest first; () if none comes near.

        Of a word that is only begun, also those that begin so.
        """
        near = self._nearest(_plain(word), is_begun=is_begun)[:count]
        return tuple(map(in_good_spelling, near))

    def suggestions(self, prompt: str, count: int = 5) -> tuple[str, ...]:
        """Return phrases the world knows, of groups that the prompt does not speak of yet."""
        return self._suggested(frozenset(_stems_in_order(self.reading(prompt))))[:count]

    def place(self, text: str) -> str | None:
        """Return the category of scenes whose place a text names; None: it names none.

        Of several the one with the longest name, of equally long ones the first.
        """
        return self._placed(text)

    def in_known_words(self, text: str) -> str:
        """Return a text with each unknown word replaced by its meaning, where it has one."""
        return rewritten(text, self._split(text))

    def reading(self, text: str) -> str:
        """Return a text in known words: another form of a word, or a synonym, stands for it."""
        return rewritten(text, self.phrases(text))

    def _rank(self, word: str) -> tuple[int, str]:
        return -self.counts[word], word

    def _find_nearest(self, word: str, *, is_begun: bool = False) -> tuple[str, ...]:
        if not word[:1].isalpha():  # an emoji is asked for by its name; numbers have none
            if word[:1].isnumeric():
                return ()
            names = (unicodedata.name(one, "").lower().replace("-", " ") for one in word)
            words = (one for name in names for one in name.split())
            named = ([one] if one in self.counts else self._find_nearest(one)[:1] for one in words)
            return tuple(dict.fromkeys(chain.from_iterable(named)))
        listed = synonyms_of(word)
        if listed is not None:  # a word with a meaning is no slip of the pen
            also = (listed.place,) if listed.place else ()
            found = [*filter(self.known, (*listed.same, *listed.near, *also))]
        else:
            found = [*self._by_stem.get(stem(word), ())]
            if is_begun and len(word) >= MIN_BEGINNING:
                longer = (known for known in self.counts if known.startswith(word))
                found += sorted(longer, key=self._rank)
            found = found or self._slips(word)
        return tuple(known for known in dict.fromkeys(found) if known != word)

    def _slips(self, word: str) -> list[str]:
        """Return the words of which one may be a slip of the pen, the most alike only.

        It may be of a listed word: a "farmr" is a farmer. Rather than added, letters are left out.
        """
        limit = sum(len(word) >= shortest for shortest in SHORTEST_SLIPS)
        if not limit:
            return []
        # hardly any slip is of the first letter: lonely means no honey
        far = {one: edit_distance(word, one, limit) for one in self._written if one[0] == word[0]}
        nearest = min(far.values(), default=limit + 1)
        slips = [one for one in far if far[one] == nearest <= limit]
        return [self._written[one] for one in sorted(slips, key=lambda one: len(one) < len(word))]

    def _same(self, word: str) -> str | None:
        """Return the known synonym that is listed for a word; of a plural its plural, if known."""
        listed = synonyms_of(word)
        same = next(filter(self.known, listed.same), None) if listed else None
        several = plural(same) if same and listed and listed.is_plural else ""
        return several if several and self.known(several) else same

    def phrases_of(
        self,
        category: str | None,
        stems: frozenset[str],
        rank: Callable[[str], int | None] = lambda _: 0,
    ) -> tuple[str, ...]:
        """Return the phrases of a category's groups of which the stems say none, in turns.

        Those of lower rank come first in a group; those of rank None are left out. Things are
        before light and weather.
        """
        groups = [group for group in self.groups if group.category in (category, None)]
        if category is None:
            groups = [group for group in self.groups if group.category]
        silent = [group for group in groups if not self._is_said(group, stems)]
        silent.sort(key=lambda group: group.name in (*LIGHTS, WEATHER))
        ordered = []
        for group in silent:
            ranks = {one: place for one in group.phrases if (place := rank(one)) is not None}
            ordered.append(sorted(ranks, key=ranks.__getitem__))
        turns = chain.from_iterable(zip_longest(*ordered))
        return tuple(dict.fromkeys(phrase for phrase in turns if phrase is not None))

    def _is_said(self, group: WordGroup, stems: frozenset[str]) -> bool:
        """Return whether stems say what a group's phrases say, or contradict."""
        if group.name == WEATHER:
            return any(need & stems for need in phrase_stems(group))
        if group.name in LIGHTS:
            return any(_mentioned(one, stems) for one in self.groups if one.name in LIGHTS)
        return bool(_mentioned(group, stems))

    def lights(self, text: str) -> frozenset[str]:
        """Return the stems of a text that say how light it is."""
        stems = frozenset(_stems_in_order(self.reading(text)))
        lights = (group for group in self.groups if group.name in LIGHTS)
        needs = (need for group in lights for need in phrase_stems(group))
        return frozenset().union(*(need for need in needs if need <= stems))

    def _category(self, stems: frozenset[str]) -> str | None:
        said: dict[str, int] = {}
        for group in self.groups:
            if group.category:
                said[group.category] = said.get(group.category, 0) + _mentioned(group, stems)
        best = max(said, key=said.__getitem__, default=None)
        return best if best and said[best] else None


def any_case(pattern: str) -> re.Pattern[str]:
    """Return a pattern that is found in small and large letters."""
    return re.compile(pattern, re.I)


@functools.lru_cache(maxsize=256)  # a prompt box asks a thousand times a key
def split_words(text: str) -> tuple[Word, ...]:
    """Return the words of a text; an emoji or another symbol is a word of its own."""
    words, start = [], 0
    while start < len(text):
        kind = unicodedata.category(text[start])[0]
        end = cluster_end(text, start)
        if kind in "LNM":
            while end < len(text) and _continues(text, end):
                end += 1
        if kind in "LNMS":
            words.append(Word(text[start:end], start, end))
        start = end
    return tuple(words)


def _stems_in_order(text: str) -> list[str]:
    return [stem(_plain(word.text)) for word in split_words(text)]


def text_stems(text: str) -> frozenset[str]:
    """Return the stems of the words of a text."""
    return frozenset(stem(word.text.lower()) for word in split_words(text))


@functools.lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Return the stem of a word: snow of snowy, sun of sunny.

    >>> stem("snowy"), stem("evening"), stem("even")
    ('snow', 'evening', 'even')
    """
    while word != _EVENING:  # which is not even
        ending = next((s for s in SUFFIXES if word.endswith(s)), None)
        if ending is None or len(word) - len(ending) < MIN_STEM:
            return word
        word = word[: -len(ending)]
        if ending == "s" and word.endswith("ie"):
            word = word[:-2] + "y"
        if len(word) > MIN_STEM and word[-1] == word[-2]:
            word = word[:-1]
    return word


_LOOKS_OF_PLACES = frozenset(
    map(stem, ("green", "grey", "haunted", "orange", "red", "white", "yellow"))
)


def _read(kind: type[Vocabulary], data: bytes) -> Vocabulary:
    content = decode(_WordList, parse_json(data))
    return kind(content.words, content.groups)


_vocabulary: Any = functools.lru_cache(maxsize=4)(_read)


def _ending(word: str) -> str:
    return next((ending for ending in SUFFIXES if word.endswith(ending)), "")


def is_named(need: frozenset[str], stems: Sequence[str]) -> bool:
    """Tell whether a text says all stems of a place's name, a look before what has it.

    >>> is_named(frozenset(("red", "canyon")), ["red", "barn", "canyon"])
    False
    """
    if not need <= set(stems) or need.isdisjoint(_LOOKS_OF_PLACES):
        return need <= set(stems)
    said = [one for one in stems if one not in FUNCTION_WORDS]
    runs = (said[first : first + len(need)] for first in range(len(said)))
    return any(need == set(run) and run[-1] not in _LOOKS_OF_PLACES for run in runs)


def first_named(
    places: Iterable[tuple[frozenset[str], Place]], stems: Sequence[str]
) -> Place | None:
    """Return which place a text names: of several, the one with the longest name, then the first.

    Of equals the one whose words are nearer to each other.

    Args:
        places: the stems of their names, and what to return of them.
        stems: of the words of the text.
    """
    said = frozenset(stems)
    named = [
        (_named_at(need, stems), place)
        for need, place in places
        if need <= said and is_named(need, stems)
    ]
    return max(named, key=itemgetter(0))[1] if named else None


def _named_at(need: frozenset[str], stems: Sequence[str]) -> tuple[int, int, int]:
    places = [*map(stems.index, need)]
    return len(need), -max(places), min(places)


def edit_distance(word: str, other: str, limit: int) -> int:
    """Return how many letters to add, drop or swap; `limit` + 1 if more than `limit`.

    To write another letter is to drop one and add one: most such words are no slips but others.
    """
    if abs(len(word) - len(other)) > limit or len(set(word) ^ set(other)) > 2 * limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        older, before, row = before, row, [i]
        for j, another in enumerate(other, start=1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + 2 * (letter != another))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == another:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def in_good_spelling(phrase: str) -> str:
    """Return a known phrase as English writes it: worlds may be trained with other plurals.

    >>> in_good_spelling("two jettys with toys")
    'two jetties with toys'
    """
    return _MISSPELT.sub("ies", phrase)


def _is_one(known: str, written: str) -> bool:
    """Tell whether words mean one thing that a known plural names: an android, "robots"."""
    one = known.removesuffix("s")
    return _is_nearer(one, known, written) or (
        synonyms_of(written) is not None and known.isalpha() and not known.endswith(("ss", "us"))
    )


def _is_nearer(one: str, other: str, word: str) -> bool:
    """Tell whether a word is a slip of the pen of one rather than of another one."""
    limit = len(SHORTEST_SLIPS)
    return edit_distance(word, one, limit) < edit_distance(word, other, limit)


def _mentioned(group: WordGroup, stems: frozenset[str]) -> int:
    """Return the length in words of the longest phrase of a group that is said, 0 if none is."""
    return max((len(need) for need in phrase_stems(group) if need <= stems), default=0)


@functools.lru_cache(maxsize=256)
def phrase_stems(group: WordGroup) -> tuple[frozenset[str], ...]:
    """Return the stems of the words of each phrase of a group that name something."""
    phrases = (set(phrase.split()) - FUNCTION_WORDS for phrase in group.phrases)
    return tuple(frozenset(map(stem, words)) for words in phrases if words)


def _continues(text: str, place: int) -> bool:
    kind = unicodedata.category(text[place])[0]
    inside = text[place] in APOSTROPHES and place + 1 < len(text) and text[place + 1].isalpha()
    return kind in "LNM" or inside


@functools.lru_cache(maxsize=4096)
def without_accents(text: str) -> str:
    """Return a text without the marks above and below its letters.

    >>> without_accents("a café")
    'a cafe'
    """
    letters = unicodedata.normalize("NFD", text)
    return unicodedata.normalize(
        "NFC", "".join(one for one in letters if not unicodedata.combining(one))
    )


@functools.lru_cache(maxsize=4096)
def _plain(word: str) -> str:
    return (
        without_accents(unicodedata.normalize("NFKC", word))
        .lower()
        .replace(APOSTROPHES[1], APOSTROPHES[0])
        .removesuffix("'s")
    )


def _split_phrases(text: str, vocabulary: Vocabulary) -> tuple[Phrase, ...]:
    """Return a text in the longest phrases that are listed, each with its meaning."""
    words, phrases = split_words(text), list[Phrase]()
    while words:
        for count in range(min(LONGEST_PHRASE, len(words)), 0, -1):
            own = words[:count]
            written = " ".join(_plain(word.text) for word in own)
            listed = written if count == 1 else _as_listed(written, vocabulary)
            if listed and _are_joined(text, own):
                written = listed
                break
        meant = written if written in FUNCTION_WORDS else vocabulary.meaning(written)
        phrases.append(Phrase(own, written, meant))
        words = words[len(own) :]
    return tuple(phrases)


def _as_listed(written: str, vocabulary: Vocabulary) -> str:
    """Return words as they are listed together; "": they are not.

    Of two that may be as one without a blank, "class room", one of which must mean nothing by
    itself: a green house is no greenhouse.
    """
    if synonyms_of(written):
        return written
    parts, one = written.split(), written.replace(" ", "")
    is_listed = one in vocabulary.counts or bool(synonyms_of(one))
    are_two = len(parts) == 2 and FUNCTION_WORDS.isdisjoint(parts)
    meant = (vocabulary.meaning(part, corrected=False) for part in parts)
    return one if are_two and is_listed and None in meant else ""


def _is_foreign(text: str, vocabulary: Vocabulary) -> bool:
    words = [word for word in split_words(text) if word.text.isalpha()]
    strange = [
        word
        for word in vocabulary.unknown(text)
        if word.text.isalpha() and vocabulary.meaning(word.text, corrected=False) is None
    ]
    other_script = any(
        not unicodedata.name(word.text[0], "").startswith("LATIN") for word in strange
    )
    speaks = any(_plain(word.text) in FOREIGN_WORDS for word in strange)
    return 2 * len(strange) >= len(words) > 0 and (other_script or speaks)


def _are_joined(text: str, words: Sequence[Word]) -> bool:
    """Tell whether nothing but blanks, hyphens and apostrophes is between words."""
    between = (text[one.end : other.start] for one, other in pairwise(words))
    return not any(gap.strip("".join((" -", *APOSTROPHES))) for gap in between)


def _are_alike(phrase: str, other: str) -> bool:
    """Tell whether two phrases are the same but for blanks and endings: campsite, camp sites."""
    one, two = ("".join(words.split()) for words in (phrase, other))
    if one.endswith("man") and two == f"{one[:-2]}en":
        return True
    if any(two.replace(american, british) == one for american, british in _SPELLINGS):
        return True
    is_slip = one == f"{two}e" or (_ending(one) == _ending(two) != "")  # hous and bussy
    return one == two or (not is_slip and stem(one) == stem(two))


def rewritten(text: str, phrases: Sequence[Phrase]) -> str:
    """Return a text in which phrases are replaced by what they are read as.

    A phrase of several words without a meaning is left out: a "snow leopard" brings no snow.
    """
    for phrase in reversed(phrases):
        if not phrase.is_kept:
            start, end = phrase.words[0].start, phrase.words[-1].end
            text = text[:start] + (phrase.known or "") + text[end:]
    return text


def with_plurals(text: str, words: Vocabulary) -> str:
    """Return a text in which the synonym of a plural is a plural, too, even if it is not known.

    "Bakeries" are "shops".
    """
    phrases = (
        one._replace(known=plural(one.known))
        if one.known and (listed := synonyms_of(one.written)) and listed.is_plural
        else one._replace(known=one.written)
        for one in words.phrases(text)
    )
    return rewritten(text, tuple(phrases))


def is_listed(word: str) -> bool:
    """Tell whether a word has other ones listed that might be meant."""
    return synonyms_of(_plain(word)) is not None


def without_unknown(text: str, words: Vocabulary) -> str:
    """Return a text without the words that name nothing to a world."""
    for word in reversed(words.unknown(text)):
        if words.meaning(word.text) is None:
            text = text[: word.start] + text[word.end :]
    return text
