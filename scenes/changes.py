"""Tells what a description leaves as it was in the one before: place, light, weather, things."""

import re
from collections.abc import Collection, Sequence
from itertools import count, islice, pairwise

from mag_sandbox.scenes.color_names import COLORS, SAME_COLORS, color_name, color_word
from mag_sandbox.scenes.conditions import (
    BY_DAY,
    OWN_LIGHT,
    SPOKEN,
    is_under_snow,
    is_windowless,
    light_in,
    lit,
    speaks_of,
)
from mag_sandbox.scenes.descriptions import (
    CHANGING,
    FILLERS,
    LANDSCAPES,
    added_place,
    group_phrases,
    in_places,
    is_outdoor,
    located,
    named_in,
    needed_stems,
    place_phrase,
    sky_color_in,
)
from mag_sandbox.scenes.kinds import (
    GROUND_KINDS,
    KINDS,
    OVERHEAD,
    PEOPLE,
    SHAPES,
    THINGS,
    WATERS,
)
from mag_sandbox.scenes.naming import (
    NUMBERS,
    SIZES,
    STOPS,
    Named,
    absent_kinds,
    kinds_named,
    named_things,
    naming_words,
    with_article,
    words_before,
)
from mag_sandbox.scenes.places import FLOWERS, known_place
from mag_sandbox.scenes.rewordings import COLORED_SKY, REPLACED, SHADES
from mag_sandbox.scenes.scene import MAX_PROMPT
from mag_sandbox.scenes.suggestions import AIRY, SEASON_STEMS
from mag_sandbox.scenes.synonyms import plural, singular
from mag_sandbox.scenes.things import ALTERED, ASKING, CLOTHES, COUNTS
from mag_sandbox.scenes.vocabulary import (
    DETERMINERS,
    FUNCTION_WORDS,
    LIGHTS,
    VERB_ENDINGS,
    WEATHER,
    Vocabulary,
    Word,
    any_case,
    split_words,
    stem,
    text_stems,
)

_ADDING = any_case(  # to the place: "and a ruin", "now with two foxes"
    rf"{ASKING}(?:(?:and|with|plus|also|add|put|draw|bring|one more|an? (?:second|third|fourth)"
    r"|(?:i|we) (?:want|need|would like)|give (?:me|us)|there (?:is|are|should be)(?: also| now)?"
    r"|place(?= (?:an?|another|one|some|the)\b)) )+"
)
_MORE = any_case(r"^\W*(?:(?:add|put|with|even|some) )*more (?=\w)")
_RECOUNTED = any_case(  # "two more trees", "a lot more trees", "fewer trees"
    rf"{ASKING}(?:(?:add|put|draw|make|with|even|some|i want|we want|there (?:are|should be)) )*"
    r"(?:an? |the )?(?P<number>\w+ )?(?P<way>more|fewer|less) \w[^,]*$"
)
_ONE_OF = any_case(r"\b(?:only |just )?one (?:of )?(?:the |these |them )?")  # of several
_A_LOT, _HALF = frozenset(("lot", "many", "lots")), 2  # more: twice as many; fewer
_SOME_MORE, _MOST_MORE = 3, 8  # where words say no number; things that are there then
_SOME_MORE_OF = any_case(  # "two more trees"
    rf"^\W*(?:(?:add|put|with|and) )*(?P<number>{'|'.join(COUNTS)}) more (?=\w)"
)
_ANOTHER = any_case(r"^(?P<add>\W*(?:add|put|with|and) )(?:yet )?another (?=\w)")
_BEFORE_LIGHT, _LIGHT_WORDS = frozenset(("in", "at", "by", "under", "on")), 5
_BEFORE_AIR = frozenset(("in", "through", "under", "with"))
_OF_SKIES = OVERHEAD | {"lightning"}
_LAND = frozenset((*WATERS, *GROUND_KINDS["outdoor"]))  # no mere thing is added to a place by it
_LANDS = WATERS | {"hills", "mountains"}  # named, they are no part of a room or a stage
_UNDER_SEA = frozenset(("coral reef", "reef", "sea floor", "underwater world"))  # places
_MOST_NEW = 3  # things that another light leaves their place; with more it is made anew
_DAYTIMES = frozenset(("morning", "afternoon", "evening"))
_MOST_TRIED = 3  # words that would change something
_ALWAYS_DARK = any_case(r"\bneon\b")  # cities of games
_DARKNESS = frozenset((stem("dark"),))  # of a place: it goes with another light
_GROUND_GROUPS = ("walls", "floor", "sky", "backdrop")  # what is behind all things, if said
_OF_CHANGES = frozenset(map(stem, (  # words of a description that say how a place changes
    *CHANGING, *COLORS, *SAME_COLORS, "all", "are", "be", "beautiful", "becomes", "bright", "cold",
    "covered", "dense", "everything", "full", "gets", "heavy", "here", "is", "it", "let", "make",
    "sky", "strong", "there", "thick", "this", "turns", "very", "warm", "weather",
)))  # fmt: skip
_LOOKS = frozenset(("capped", "covered", "topped", "snowfield"))  # after and with snow, for one
_SAME_PLACE = any_case(r"\b(in |on |at )?(the|this) (very )?same (?!(\w+ )?colou?r)\w+\b")
_INDEFINITE = frozenset(("a", "an"))
_RECOLORING = any_case(rf"{ASKING}(?:make|paint|colou?r|turn|change)\b")
_GONE = any_case(  # the beginning of a text by which something goes
    rf"{ASKING}(?:with no|no more|no|without|remove|delete|take away"
    r"|get rid of)(?: all)?(?: of)? ")  # fmt: skip
_AWAY = any_case(
    rf"{ASKING}(?:take|move|throw|put) (?P<gone>(?:the|all|my|every) .+?) (?:away|out)\W*$"
)
_ASKED_FOR = any_case(r"^(?=(?:an?|some|two|three|four|five) .*\bplease\W*$)")
_PLEASE = any_case(r"\W*\bplease\b\W*$")
_OVER = any_case(r"^ (over|above)\b")  # after what is gone: "sunset over the sea"
_AND = any_case(r"^ and ")  # after what is gone: "with tigers and a statue"
_ARTICLE = any_case(rf"^ (?:{'|'.join(sorted(DETERMINERS))}) ")
_WORN = frozenset(("in", "wearing", "with"))  # before the colour of clothes
_SMALL = FUNCTION_WORDS | FILLERS  # go with the word after them
_OF_LAMPS = frozenset(map(stem, ("lamplight", "candlelight", "firelight")))
_CLEAR = frozenset(map(stem, ("clear", "sunny")))  # as it is if words say nothing
_HOURS = frozenset(map(stem, ("early", "late")))  # words before a time of day
_NIGHT_SKY = frozenset(map(stem, ("firework", "full", "moon", "moonlit", "star", "starry")))
_FULL = stem("full")  # of a moon, not of books
_STRONG = frozenset(map(stem, ("dense", "heavy", "strong", "thick")))  # words before a weather
_HOURS_SAID = SPOKEN["night"] | SPOKEN["day"] | frozenset(map(stem, ("dark", *_DAYTIMES)))


def staying(text: str, words: Vocabulary, before: str) -> str:
    """Return a description with what it leaves as it was in the one before.

    "A red car" after "a beach at night" is "A red car, on a beach at night", and "a forest" is "a
    forest, at night". Light and weather alone leave all that was named: "in the rain" after it is
    "a beach at night, in the rain"; with a few things that are new there, they are added to it.
    """
    if altered := _altered(text, words, before):
        return altered
    text = _PLEASE.sub("", _ASKED_FOR.sub("add ", text))
    text = _SOME_MORE_OF.sub(r"add \g<number> ", text)
    air = _SAME_PLACE.sub("", text).strip(" ,.")
    there = kept_place(text, words, before) or kept_air(text, words, before)
    stays = f"{text.rstrip(' ,.')}, {there}"
    if before and before not in text:
        if is_of_air(air, words):
            there, stays = before, _lit_anew(before, air, words)
        elif added_place(text, words) or _ADDING.match(text):
            more = _with_more(text, air, words, before)
            there, stays = (before, more) if more else (there, stays)
    return stays if there and len(stays) <= MAX_PROMPT else text


def _lit_anew(before: str, air: str, words: Vocabulary) -> str:
    """Return a description in another light or weather, in words that still name its place.

    "A snowy plain" stays one "in the rain", and a church is seen from "inside" in snow, too.
    """
    read = words.reading(before)
    name = place_phrase(read, words, words.place(read))
    still = _in_still_air(before, air, words)
    tried = [still, _in_still_air(before, air, words, needed_stems(name))]
    tried += [
        f"inside {tried[1]}",
        f"{tried[1]}, {added_place(before, words)}",
        f"{before}, on a stage",
    ]
    told = [f"{one}, {air}" for one in tried]
    return next((one for one in told if _is_same_place(one, before, words)), told[0])


def _is_same_place(text: str, before: str, words: Vocabulary) -> bool:
    """Tell whether two descriptions name the same kind of place."""
    (category, name), (other, other_name) = (
        (words.place(read), known_place(read, words))
        for read in (words.reading(text), words.reading(before))
    )
    return category == other and name == other_name


def _with_more(text: str, air: str, words: Vocabulary, before: str) -> str:
    """Return a description that goes on with light or a few things; "": that cannot be added."""
    place = added_place(before, words)  # which what is new might change: a castle, and a dragon

    def there(kept: str) -> str:
        return f"{kept}, {place}" if place and added_place(kept, words) else kept

    lit_anew = f"{there(_in_still_air(before, air, words))}, {air}"
    if is_relit(lit_anew, before, words):
        return lit_anew
    text = _ANOTHER.sub(r"\g<add>one ", _MORE.sub("add many ", text))
    added = f"{there(before.rstrip(' ,.'))}, {_ADDING.sub('with ', text).rstrip(' ,.')}"
    is_added = _ADDING.match(text) and _is_same_place(added, before, words)
    return added if is_added else ""


def _altered(text: str, words: Vocabulary, before: str) -> str:
    """Return a description in which named things look otherwise, or are gone; "": none are.

    "Make the boat blue" after "a lake with a red boat" is "a lake with a blue boat", "without the
    boat" is "a lake, without the boat", and "turn the boat into a swan" is "a lake with a swan,
    without the boat".
    """
    text = _AWAY.sub(r"remove \g<gone>", _as_people(text, words, before))
    text = ALTERED.sub(r"make \g<what> \g<look>", text)
    if not before or words.place(in_places(words, text)) is not None or words.foreign(text):
        return ""
    read = in_places(words, _GONE.sub("no ", text))
    named, gone = named_things(read, KINDS), absent_kinds(read, KINDS)
    turned, result = REPLACED.search(text), ""
    other = text[turned.end() :].strip(" ,.!") if turned else ""
    if turned and not color_word(other):
        kinds, others = (
            {one.kinds[0] for one in named_things(in_places(words, said), KINDS)}
            for said in (turned["gone"], other)
        )
        result = _with_other(before, kinds, other, words)
        result += f", without the {turned['gone']}" if result and kinds.isdisjoint(others) else ""
    elif gone and not named:
        text, kept = _PLEASE.sub("", text), _without_things(before, gone, words)
        there = kept or added_place(before, words)
        result = f"{there}, {_GONE.sub('without ', text).strip(' ,.')}" if there else ""
    elif _RECOLORING.match(text) and len(named) == 1 and not gone and (color := named[0].color):
        said = frozenset(word.text.lower() for word in split_words(text))
        recolored = _one_recolored if _ONE_OF.search(text) else _recolored
        result = recolored(before, named[0].kinds, color_name(color), words, said)
    elif (recounted := _RECOUNTED.search(text)) and len(named) == 1 and not gone:
        result = _recounted(before, named[0].kinds, recounted, words)
    told = (result, f"{result}, {added_place(before, words)}")  # a dragon suggests another place
    changes = (one for one in told if alters(one, before, words) and len(one) <= MAX_PROMPT)
    return next(changes, "") if result else ""


def _as_people(text: str, words: Vocabulary, before: str) -> str:
    """Return words for a colour of clothes as words for that of who wears them."""
    found = CLOTHES.search(text)
    color = found and (found["color"] or found["other"])
    if not found or not color:
        return text
    said, who = [word.text.lower() for word in split_words(before)], found["who"]
    people = [said[at] for at in sorted(_named_at(before, PEOPLE, words))]
    is_hers = who.lower() == "her"
    if " " not in who:  # a pronoun
        meant = (one for one in people if (one in SHAPES) == is_hers)
        who = f"the {next(meant, next(iter(people), 'person'))}"
    return f"make {who} {color}"


def missing_to_change(text: str, words: Vocabulary, before: str) -> str:
    """Return the words for a thing to be recoloured that the description before does not name.

    "Make the house blue" changes no house in "a meadow with a tree"; "": it names one.
    """
    read = in_places(words, text)
    named = named_things(read, KINDS) if before and _RECOLORING.match(text) else ()
    if len(named) != 1 or not named[0].color or words.place(read) is not None:
        return ""
    kinds = {kind for one in named_things(words.reading(before), KINDS) for kind in one.kinds}
    parts = split_words(text)
    said = [parts[at].text for at in sorted(naming_words(text, KINDS))]
    return " ".join(said) if kinds.isdisjoint(named[0].kinds) else ""


def _named_at(text: str, kinds: Collection[str], words: Vocabulary) -> set[int]:
    """Return the words of a text, counted from 0, for things of some kinds, as it is read."""
    names = {*naming_words(text, KINDS)} - {*naming_words(text, sorted({*KINDS} - {*kinds}))}
    places = {word.start: at for at, word in enumerate(split_words(text))}
    read = (one for one in words.phrases(text) if one.known not in (None, one.written))
    meant = (one for one in read if kinds_named(named_things(one.known or "", KINDS)) & {*kinds})
    return names | {places[word.start] for one in meant for word in one.words}


def _without_things(text: str, kinds: Collection[str], words: Vocabulary) -> str:
    """Return a text without the words for things of some kinds, and what tells how they look."""
    said = [word.text.lower() for word in split_words(text)]
    gone = _named_at(text, kinds, words)
    for name in sorted(gone):
        gone.update(
            at for at in words_before(said, name)
            if said[at] in COUNTS or said[at] in SIZES or color_word(said[at])
        )  # fmt: skip
    return _cut(text, gone) if gone else text


def _runs(names: Collection[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of words next to each other, by their places."""
    firsts = sorted(at for at in names if at - 1 not in names)
    return [(first, next(at for at in count(first) if at + 1 not in names)) for first in firsts]


def _with_other(text: str, kinds: Collection[str], other: str, words: Vocabulary) -> str:
    """Return a text with another thing for those of some kinds; "": it does not name them."""
    parts = split_words(text)
    said = [part.text.lower() for part in parts]
    names = _named_at(text, kinds, words)
    for first, last in reversed(_runs(names)):
        begin = words_before(said, first).start
        begin -= begin > 0 and said[begin - 1] in DETERMINERS
        text = f"{text[: parts[begin].start]}{other}{text[parts[last].end :]}"
    return text if names else ""


def _one_recolored(
    text: str, kinds: Collection[str], color: str, words: Vocabulary, meant: Collection[str]
) -> str:
    """Return a text that gives one of several things another colour: "a red and a green boat"."""
    parts = split_words(text)
    said = [part.text.lower() for part in parts]
    names = _named_at(text, kinds, words)
    for first, last in _runs(names):
        begin, number = _number_before(said, first, last)
        if number > 1:
            noun = [*said[first:last], singular(said[last])]
            told = [word for word in said[begin:first] if word not in COUNTS]
            rest = [*told, *noun] if number == _HALF else [*told, *said[first : last + 1]]
            left = (
                with_article(" ".join(rest))
                if number == _HALF
                else (f"{_in_words(number - 1)} {' '.join(rest)}")
            )
            one = with_article(" ".join((color, *noun)))
            return f"{text[: parts[begin].start]}{one} and {left}{text[parts[last].end :]}"
    return _recolored(text, kinds, color, words, meant)


def _number_before(said: Sequence[str], first: int, last: int) -> tuple[int, int]:
    """Return where what tells of a thing begins, and how many there are: "two red boats"."""
    begin = words_before(said, first).start
    numbers = (NUMBERS[word][0] for word in said[begin:first] if word in NUMBERS)
    many = _SOME_MORE if singular(said[last]) != said[last] else 1
    return begin, next(numbers, many)


def _in_words(number: int) -> str:
    return next(word for word, counted in NUMBERS.items() if counted == (number, number))


def _recounted(text: str, kinds: Collection[str], change: re.Match[str], words: Vocabulary) -> str:
    """Return a text with more or fewer things of some kinds; "": it does not name them."""
    parts = split_words(text)
    said = [part.text.lower() for part in parts]
    names = _named_at(text, kinds, words)
    for first, last in _runs(names):
        begin, number = _number_before(said, first, last)
        by = (change["number"] or "").strip().lower()
        added = number if by in _A_LOT else NUMBERS.get(by, (_SOME_MORE,))[0]
        is_more = change["way"].lower() == "more"
        now = (
            min(number + added, max(_MOST_MORE, number))
            if is_more
            else max(number // _HALF, min(number - 1, _HALF))
        )
        if now < 1 or now == number:
            return ""
        told = [word for word in said[begin:first] if word not in COUNTS]
        noun = [*said[first:last], singular(said[last])]
        thing = " ".join((*told, *noun))
        counted = with_article(thing) if now == 1 else f"{_in_words(now)} {plural(thing)}"
        begin -= begin > 0 and said[begin - 1] in DETERMINERS
        return f"{text[: parts[begin].start]}{counted}{text[parts[last].end :]}"
    return ""


def _recolored(
    text: str,
    kinds: Collection[str],
    color: str,
    words: Vocabulary,
    meant: Collection[str],
) -> str:
    """Return a text that gives things of some kinds another colour; "": it does not name them.

    That of people is the colour of their clothes. Of a man and a woman, those whose words are
    `meant` change.
    """
    parts = split_words(text)
    said = [part.text.lower() for part in parts]
    names = _named_at(text, kinds, words)
    names = {at for at in names if said[at] in meant} or names
    for first in sorted((at for at in names if at - 1 not in names), reverse=True):
        worn = next((at for at in range(first + 2, first + 5) if said[at : at + 1]
                     and color_word(said[at]) and said[first + 1] in _WORN), None)  # fmt: skip
        colors = [at for at in words_before(said, first) if color_word(said[at])] or (
            [worn] if worn else []
        )
        start, end = (colors[0], colors[-1]) if colors else (first, first)
        tail = text[parts[end].end :] if colors else f" {text[parts[first].start :]}"
        if not colors and PEOPLE.intersection(kinds):
            text = f"{text[: parts[first].end]} in {color}{text[parts[first].end :]}"
        else:
            text = f"{text[: parts[start].start]}{color}{tail}"
    return text if names else ""


def alters(text: str, before: str, words: Vocabulary) -> bool:
    """Tell whether a description is the one before, but for things that go or look otherwise.

    All else, place and air included, stays.
    """
    if text == before:
        return False
    (place, things), (other_place, others) = (_on_ground(one, words) for one in (text, before))
    gone = denied_in(text, words) - denied_in(before, words)
    was = {_meant(one): one for one in others}
    left = {kind for one in others for kind in _meant(one)} - {
        kind for one in things for kind in _meant(one)
    }
    has_other_look = any(
        bool(new_colors(one, there)) or one.shape != there.shape or one.least != there.least
        for one in things if (there := was.get(_meant(one)))
    )  # fmt: skip
    new = new_in(things, others)
    return (
        bool(gone or has_other_look)
        and len(new) <= len(gone)  # each takes the place of another one
        and all(_is_but_for_color(one, was.get(_meant(one))) for one in things if one not in new)
        and left <= gone
        and place == other_place
        and _air(text, words) == _air(before, words)
    )


def denied_in(text: str, words: Vocabulary) -> frozenset[str]:
    """Return the kinds of things that a description says are not there."""
    return absent_kinds(words.reading(text), KINDS)


def _meant(one: Named) -> frozenset[str]:
    """Return the kinds that the words for a thing can mean, whatever its colour is."""
    return frozenset(kind for it in (one, *one.parts) for kind in (*it.kinds, *it.uncolored))


def new_colors(one: Named, before: Named) -> tuple[Named, ...]:
    """Return what of a name has a colour that words did not give it before."""
    were = {it.color for it in (before, *before.parts)}
    return tuple(it for it in one.parts or (one,) if it.color not in {None, *were})


def _is_but_for_color(one: Named, before: Named | None) -> bool:
    """Tell whether a thing is as it was before, but perhaps for its colour, or its number."""
    if before is None or (one.scale, one.relation) != (before.scale, before.relation):
        return False
    told = {(it.scale, it.relation) for it in (before, *before.parts)}
    is_recolored = bool(new_colors(one, before))
    return (
        (one.least == before.least or not (is_recolored or one.parts or before.parts))
        and all((it.scale, it.relation) in told for it in one.parts)
    )  # fmt: skip


def without_adding(text: str) -> str:
    """Return what a text plainly adds: "a ruin" for "and a ruin"; "": it does not begin so."""
    begun = _ADDING.match(text)
    return text[begun.end() :] if begun else ""


def is_relit(text: str, before: str, words: Vocabulary) -> bool:
    """Tell whether a description is of the same place, in other light or air, with few new things.

    What was named before and is not mentioned any more stays there.
    """
    if text == before:  # the usual case, also of every square of new ground
        return False
    airs = [_air(one, words) for one in (text, before)]
    (place, things), (other_place, others) = (_on_ground(one, words) for one in (text, before))
    # a "valley in spring" is a place of its own
    all_year, _ = _on_ground(_without(before, SEASON_STEMS), words)
    new = new_in(things, others)
    ground = known_place(words.reading(before), words)
    contents = ground.contents if ground else frozenset()  # "the river" of a riverside is not new
    return (
        airs[0] != airs[1]
        and place in (other_place, all_year)
        and len(new) <= _MOST_NEW
        and not _LAND.intersection(one.kinds[0] for one in things - others) - contents
        and not any(_differs(one, other) for one in things for other in others)
    )


def adds_things(text: str, before: str, words: Vocabulary) -> bool:
    """Tell whether a description goes on from another one, of its place in its air, with more.

    With more than a few new things the place is made anew.
    """
    if text == before or not text.startswith(before.rstrip(" ,.")):
        return False
    (place, things), (other_place, others) = (_on_ground(one, words) for one in (text, before))
    return (
        1 <= len(new_in(things, others)) <= _MOST_NEW
        and place == other_place
        and _air(text, words) == _air(before, words)
        and {one.kinds[0] for one in others} <= {one.kinds[0] for one in things}
        and not any(_differs(one, other) for one in things for other in others)
    )


def under_snow_words(text: str, before: str, words: Vocabulary) -> str:
    """Return what goes when snow comes, to follow what is said to stay; "": none comes.

    Flowers that words name stay.
    """
    read = words.reading(text)
    comes = is_under_snow(read) and not is_under_snow(words.reading(before))
    place = known_place(words.reading(before), words)
    has_flowers = place is not None and place.is_flowery
    has_flowers &= not any(FLOWERS in one.kinds for one in named_in(read, words, KINDS))
    return ", but wildflowers lie under the snow" if comes and has_flowers else ""


def names_new(text: str, before: str, words: Vocabulary) -> bool:
    """Tell whether a description names things that the one before does not, but for the sky's."""
    return bool(new_in(*(_on_ground(one, words)[1] for one in (text, before))))


def new_in(things: Collection[Named], others: Collection[Named]) -> list[Named]:
    """Return the things that are not named among others, but for sky, ground and water."""
    named = (_LAND | _OF_SKIES).union(one.kinds[0] for one in others)
    return [one for one in things if one.kinds[0] not in named]


def _differs(one: Named, other: Named) -> bool:
    """Tell whether a thing that is named again is not as it was named before."""
    return one.kinds[0] == other.kinds[0] and (
        one.color not in (None, other.color)
        or one.scale not in (1.0, other.scale)
        or one.relation not in (None, other.relation)
        or one.least > other.least
        or one.parts not in ((), other.parts)
    )


def _on_ground(text: str, words: Vocabulary) -> tuple[tuple[str | None, str], frozenset[Named]]:
    """Return category and name of a description's place, and its things, but for the sky's."""
    read = words.reading(text)
    category = words.place(read)
    named = named_in(read, words, KINDS)
    things = (one for one in named if one.kinds[0] not in _OF_SKIES)
    name = _without(place_phrase(read, words, category), SEASON_STEMS | AIRY | _DARKNESS)
    return (category, name), frozenset(things)


def _air(text: str, words: Vocabulary) -> tuple[frozenset[str], ...]:
    """Return the stems of the light, weather and season of a description, and its sky's colour."""
    read, stems = lit(text, words), text_stems(in_places(words, text))
    falls = frozenset() if words.place(read) == "indoor" else stems & (AIRY | SEASON_STEMS)
    has_snow = is_under_snow(words.reading(text))  # snow on peaks is none
    falls -= _CLEAR if has_snow else _CLEAR | SPOKEN["snow"]
    sky = sky_color_in(text, words)
    colors = frozenset((color_name(sky),) if sky else ())
    if words.place(read) == "video game" and (found := COLORED_SKY.search(read)):  # evening, too
        colors = frozenset((found["color"].lower(),))
    return frozenset(needed_stems(_light(read, words))), falls, colors


def is_of_air(text: str, words: Vocabulary) -> bool:
    """Tell whether a description names light, weather, season and sky alone."""
    there = in_places(words, text)
    read = needed_stems(there.lower())
    said = frozenset(one for one in read if words.meaning(one, corrected=False)) - _OF_CHANGES
    parts = split_words(there)
    high = {stem(parts[place].text.lower()) for place in naming_words(there, tuple(_OF_SKIES))}
    return bool(said) and said <= words.lights(text) | _HOURS_SAID | AIRY | SEASON_STEMS | high


def _in_still_air(before: str, text: str, words: Vocabulary, kept: Collection[str] = ()) -> str:
    """Return a description without the light, weather or season that a text replaces.

    Words of the stems that are `kept` stay.
    """
    gone, stems = frozenset[str](), text_stems(in_places(words, text))
    if words.lights(text) or not stems.isdisjoint(_HOURS_SAID):
        light = frozenset(needed_stems(_light(words.reading(before), words)))
        if light.isdisjoint(_OF_LAMPS) or stems.isdisjoint(SPOKEN["night"]):  # lamps burn on
            gone |= light
        gone |= _HOURS | _NIGHT_SKY
        gone |= {stem("dark")}
    if stems & (AIRY | SEASON_STEMS):
        gone |= AIRY | _STRONG
    if stems & (SEASON_STEMS | SPOKEN["snow"] | {stem("clear")}):
        gone |= SEASON_STEMS
    said = ((stem(word.text.lower()), word.text) for word in split_words(before))
    meant = {own for own, word in said if stem(words.meaning(word, corrected=False) or "") in gone}
    return _without(before, (gone | meant).difference(kept))  # midnight is night


def _without(text: str, gone: Collection[str]) -> str:
    """Return a text without the words of some stems, and the small words before each.

    What tells how a thing looks stays: "pink trees", "golden stars", "snow capped mountains".
    """
    parts, names = split_words(text), naming_words(text, KINDS)
    said = [part.text.lower() for part in parts]
    gone = {*gone} - {_FULL} if stem("moon") not in map(stem, said) else gone
    colors = {place for place, word in enumerate(said) if color_word(word) and place + 1 in names}
    looks = colors | {place + 1 for place in colors}
    looks |= {place for place, word in enumerate(said) if {word, *said[place + 1 :][:1]} & _LOOKS}
    looks |= {
        at for at, (word, after) in enumerate(pairwise(said))
        if word in SHADES and color_word(after)
    }  # fmt: skip
    left = {at for at, word in enumerate(said) if at in looks or stem(word) not in gone}
    return _cut(text, {*range(len(parts))} - left)


def without_grey(text: str, words: Vocabulary) -> str:
    """Return a description without the words that have no effect, and the small words before each.

    "In thick fog with a rainbow" is "in fog", where neither a rainbow nor thick fog is known.
    """
    grey = {word.start for word in words.without_effect(text)}
    parts = split_words(text)
    places = {at for at, word in enumerate(parts) if word.start in grey}
    places -= {at for at in places if _is_needed(text, parts, at, places, words)}
    return _cut(text, places, FUNCTION_WORDS) if places else text


def _is_needed(
    text: str, parts: Sequence[Word], at: int, grey: Collection[int], words: Vocabulary
) -> bool:
    """Tell whether a phrase makes no sense without a word: "a lava (cave)", "(lit) by"."""
    said = [part.text.lower() for part in parts]
    follows = said[at + 1] if at + 1 < len(said) else ""
    if said[at] == "lit":
        return follows == "by" and at + 2 not in grey
    ends = not follows or follows in FUNCTION_WORDS or text[parts[at].end] != " "
    first = at
    while first and said[first - 1] not in FUNCTION_WORDS and first - 1 not in grey:
        first -= 1
    if not ends or first == at or not first or said[first - 1] not in (*_INDEFINITE, "the"):
        return False
    kept = text[parts[first].start : parts[at - 1].end]
    if said[max(0, first - 2)] == "in" and not said[at].endswith(VERB_ENDINGS):
        return True
    return "," not in kept and not (named_things(kept, tuple(THINGS)) or words.place(kept))


def _cut(text: str, gone: Collection[int], before: Collection[str] = DETERMINERS) -> str:
    """Return a text without some of its words, by place, and the small words before each.

    A noun keeps the small words before an adjective that goes; `before` are those which show one.
    """
    parts, whole = split_words(text), text
    said = [part.text.lower() for part in parts]
    gaps = [whole[one.end : other.start] for one, other in pairwise(parts)]
    first = len(parts)
    for last in sorted(gone, reverse=True):
        if last >= first:  # a small word that went with the one after it
            continue
        first = last
        follows = next((at for at in range(last + 1, len(said)) if at not in gone), last)
        while first and gaps[first - 1] == "-":
            first -= 1
        goes_on = _goes_on(whole, parts, first, follows, before)
        last += said[last + 1 :][:1] in (["weather"], ["sky"])
        while first and gaps[first - 1] == " " and said[first - 1] in _SMALL and not goes_on:
            first -= 1
        head, tail = text[: parts[first].start].rstrip(), text[parts[last].end :]
        if goes_on and said[first - 1] in _INDEFINITE:
            an = "an" if said[follows][0] in "aeiou" else "a"
            head = f"{head[: parts[first - 1].start]}{an}"
        if not first:
            tail = _OVER.sub("", tail)
        text = _joined(head, tail, "with" if "with" in said[first:last] else "")
    return text.strip(" ,.")


def _joined(head: str, tail: str, link: str) -> str:
    """Return the text around words that are gone; what they were linked by links what follows."""
    if (after := _AND.match(tail)) and (link or head[-1:] in (",", "")):
        tail = f"{' ' * bool(link)}{link} {tail[after.end() :]}"
    if head[-1:].isalpha() and _ARTICLE.match(tail):  # a verb is gone: "two knights, a dragon"
        head += "" if head.split()[-1].lower() in FUNCTION_WORDS else ","
    return (head if tail[1:2].isalpha() else head.rstrip(" ,.")) + tail


def _goes_on(
    text: str, parts: Sequence[Word], place: int, follows: int, shown_by: Collection[str]
) -> bool:
    """Tell whether a word is an adjective before its noun: "a foggy island", "in morning fog".

    Args:
        text: the description.
        parts: its words.
        place: that of the word.
        follows: that of the next word which stays.
        shown_by: words before an adjective which show that it is one.
    """
    if not place or follows == place:
        return False
    before, word, after = (parts[at].text.lower() for at in (place - 1, place, follows))
    is_noun = before == "the" and stem(word) in SPOKEN["night"]
    is_joined = after not in FUNCTION_WORDS and after not in COUNTS and after != "sky"
    gap = text[parts[place].end : parts[follows].start]
    is_joined &= STOPS.isdisjoint(gap) and not is_noun
    is_shown = before in shown_by or (before in _BEFORE_AIR and stem(after) in AIRY)
    return is_shown and is_joined


def kept_place(text: str, words: Vocabulary, before: str) -> str:
    """Return where a description that names no place stays, "on a beach at night"; else ""."""
    if words.place(in_places(words, text)) is not None or words.foreign(text):
        return ""
    there = _there(text, words, before)
    category, added = words.place(words.reading(before)), added_place(text, words)
    said = named_things(words.reading(text).removesuffix(f", {added}"), KINDS)
    is_land = category not in LANDSCAPES and any(_LANDS.intersection(one.kinds) for one in said)
    if is_land or (category == "indoor" and any(map(is_outdoor, said))):
        return ""
    return "" if there == added else there


def _there(text: str, words: Vocabulary, before: str) -> str:
    """Return where the description before is, with the light and weather that a text lacks."""
    read = words.reading(before)
    name = place_phrase(read, words, words.place(read))
    if not name:
        return ""
    return " ".join(filter(None, (located(name), _air_of(read, text, words))))


def kept_air(text: str, words: Vocabulary, before: str) -> str:
    """Return the light and weather that a landscape keeps of the one before, "at night"; or ""."""
    places = {words.place(words.reading(one)) for one in (text, before)}
    if not before or None in places or not places <= LANDSCAPES or words.foreign(text):
        return ""
    place = known_place(words.reading(text), words)
    if place and place.name in OWN_LIGHT:  # a reef has no evening
        return ""
    return _air_of(words.reading(before), text, words)


def _air_of(read: str, text: str, words: Vocabulary) -> str:
    """Return the light and weather of a description in known words that a text lacks."""
    category, said = words.place(read), text_stems(words.reading(text))
    weather = group_phrases(words, WEATHER, category)
    has_light = bool(words.lights(text)) or not said.isdisjoint(_HOURS_SAID)
    has_weather = any(said.intersection(needed_stems(phrase)) for phrase in weather)
    light = "" if has_light else _light(read, words)
    return " ".join(filter(None, (light, "" if has_weather else _weather(read, words, category))))


def _weather(read: str, words: Vocabulary, category: str | None) -> str:
    """Return the weather of a description in known words, also if one word says it: "snowy"."""
    if phrase := _said(read, words, WEATHER, category):
        return phrase
    if category == "indoor":  # none is seen there
        return ""
    if is_under_snow(read):
        return "covered in snow"
    said = {"fog": "in fog", "storm": "in stormy weather", "rain": "in the rain"}
    return next((phrase for what, phrase in said.items() if speaks_of(what, read)), "")


def is_same_ground(text: str, before: str, words: Vocabulary) -> bool:
    """Tell whether a description leaves the place, light, weather and walls of the one before."""
    if text == before:
        return True
    read, other = lit(text, words), lit(before, words)
    category = words.place(read)
    if category is None or category != words.place(other):
        return False

    def said(group: str) -> tuple[str, str]:
        return _said(read, words, group, category), _said(other, words, group, category)

    places = {place_phrase(one, words, category) for one in (read, other)}
    stays = all(now in ("", then) for now, then in map(said, _GROUND_GROUPS))
    weathers = (_weather(one, words, category) for one in (read, other))
    alike = _light(read, words) == _light(other, words) and _alike(*weathers)
    return stays and alike and len(places) == 1 and "" not in places


def is_elsewhere(text: str, before: str, words: Vocabulary) -> bool:
    """Tell whether a description is of a place that cannot go on from the one before.

    Landscapes go on into others, but under the sea; half a bathroom in a dining room, or on a
    beach, is neither.
    """
    categories = {words.place(words.reading(one)) for one in (text, before)}
    if None in categories:
        return False
    if categories <= LANDSCAPES:
        return _is_under_sea(text, words) != _is_under_sea(before, words)
    if len(categories) > 1:
        return True
    rooms = {
        _without(place_phrase(in_places(words, one), words, *categories), _DARKNESS)
        for one in (text, before)
    }
    return "" not in rooms and len(rooms) > 1


def _is_under_sea(text: str, words: Vocabulary) -> bool:
    read = words.reading(text)
    return place_phrase(read, words, words.place(read)) in _UNDER_SEA


def names_other_place(text: str, before: str, words: Vocabulary) -> bool:
    """Tell whether a description names another place than the one before."""
    reads = words.reading(text), words.reading(before)
    now, then = (place_phrase(read, words, words.place(read)) for read in reads)
    return now != then


def words_unseen(text: str, before: str, words: Vocabulary) -> tuple[Word, ...]:
    """Return the words of a text that change nothing in the place where it stays."""
    whole = staying(text, words, before)
    start, grey = whole.find(text), words.without_effect(whole)
    if start < 0:  # it is told in other words, and those that ask for it ("more") are obeyed
        told = {word.text.lower() for word in split_words(whole) if word not in grey}
        asked = {word.text.lower() for word in grey}
        return tuple(
            word for word in words.without_effect(text)
            if word.text.lower() in asked - told
        )  # fmt: skip
    return tuple(
        Word(word.text, word.start - start, word.end - start)
        for word in grey
        if start <= word.start and word.end <= start + len(text)
    )


def is_unseen(text: str, before: str, words: Vocabulary) -> bool:
    """Tell whether nothing that a text says changes anything: "at night" on a stage."""
    said = [word for word in split_words(text) if word.text.lower() not in _SMALL]
    return bool(said) and {*said} <= {*words_unseen(text, before, words)}


def is_so_already(text: str, before: str, words: Vocabulary) -> bool:
    """Tell whether a text says only light and weather, as they are in the description before."""
    if not before or not is_of_air(text, words):
        return False
    if _ALWAYS_DARK.search(words.reading(before)) and speaks_of("night", text):
        return True
    whole = staying(text, words, before)
    if is_windowless(known_place(words.reading(before), words)):  # "at night" in a dark cave
        return light_in(whole, words) == light_in(before, words)
    return not is_relit(whole, before, words) and not has_other_light(whole, before, words)


def other_lights(before: str, words: Vocabulary) -> tuple[str, ...]:
    """Return words for light and weather that change something in a described place."""
    category = words.place(words.reading(before))
    phrases = (one for group in (*LIGHTS, WEATHER) for one in group_phrases(words, group, category))
    found = (
        one for one in phrases
        if is_relit(staying(one, words, before), before, words)
        and not words_unseen(one, before, words)
    )  # fmt: skip
    return tuple(islice(found, _MOST_TRIED))


def has_other_light(text: str, before: str, words: Vocabulary) -> bool:
    """Tell whether a description says another light or weather than the one before has."""
    read, other = words.reading(text), lit(before, words)
    category = words.place(read)
    now, then = (
        _weather(read, words, category),
        _weather(words.reading(before), words, category) or _weather(other, words, category),
    )
    light, other_light = _light(read, words), _light(other, words)
    is_lit = bool(words.lights(text)) and light != other_light
    is_lit &= not (_is_of_day(light) and _is_of_day(other_light))
    return is_lit or (now not in ("", then) and not (_is_clear(now) and _is_clear(then)))


def relit_name(name: str, title: str, text: str, before: str, words: Vocabulary) -> tuple[str, str]:
    """Return the name of a place without its light, and a title with that of its new description.

    Both stay as they are unless that description is of the same place in other light or weather.

    Args:
        name: of the place by the description before.
        title: of the new description; it may lack its light.
        text: the new description.
        before: the one before.
        words: that the world knows.
    """
    if not (_is_same_place(text, before, words) and has_other_light(text, before, words)):
        return name, title
    read = words.reading(text)
    plain = _in_still_air(name, _air_of(read, "", words), words)
    lacks = _light(read, words) or _air_of(read, "", words)
    is_told = not _air_of(read, title, words)
    return plain or name, title if is_told else f"{title}, {lacks}"


def _is_clear(weather: str) -> bool:
    """Tell whether words for a weather, "in clear weather", say that there is none; or ""."""
    return not weather or not _CLEAR.isdisjoint(needed_stems(weather))


def _is_of_day(light: str) -> bool:
    """Tell whether words for a light, "by day" or "at noon", say no more than that it is day."""
    return {*needed_stems(light)} <= SPOKEN["day"]


def _alike(now: str, then: str) -> bool:
    clear = BY_DAY["outdoor"][1]
    return now.replace(clear, "") == then.replace(clear, "")


def _light(text: str, words: Vocabulary) -> str:
    """Return the words that say how light it is, "in pink morning light"; "": none do."""
    parts, lights = split_words(text), words.lights(text)
    lit = [place for place, word in enumerate(parts) if stem(word.text.lower()) in lights]
    for last in reversed(lit):
        for first in range(last - 1, max(last - _LIGHT_WORDS, -1), -1):
            if parts[first].text.lower() in _BEFORE_LIGHT:
                return text[parts[first].start : parts[last].end].lower()
    word = parts[lit[-1]].text.lower() if lit else ""
    before = "in the" if word in _DAYTIMES else "in" if word.endswith("light") else "at"
    return word and f"{before} {word}"


def _said(text: str, words: Vocabulary, group: str, category: str | None) -> str:
    """Return the longest phrase of a group that a text has, of equals the first."""
    said = " ".join(("", *needed_stems(text.lower()), ""))
    phrases = (one for one in group_phrases(words, group, category) if needed_stems(one))
    found = (one for one in phrases if f" {' '.join(needed_stems(one))} " in said)
    return max(found, key=lambda phrase: len(needed_stems(phrase)), default="")
