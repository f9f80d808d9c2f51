"""Small words of a description that say something only about a thing that is not drawn.

Of "a green comet in the sky", where no comet is known, "in the sky" places nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile

from mag_sandbox.scenes.naming import NUMBERS, STOPS
from mag_sandbox.scenes.relations import DIRECTIONS, RELATIONS
from mag_sandbox.scenes.vocabulary import DETERMINERS, FUNCTION_WORDS, Word

_PLACES = sorted((said.split() for said in {*DIRECTIONS, *RELATIONS}), key=len, reverse=True)
_JOINING = frozenset((  # small words that are of no thing by themselves
    "and", "are", "as", "everywhere", "for", "has", "have", "here", "i", "is", "it", "of", "or",
    "than", "that", "there", "these", "they", "this", "we", "where", "with", "you",
))  # fmt: skip
_LINKS = FUNCTION_WORDS - _JOINING


def left_over(
    text: str, words: Sequence[Word], unseen: Collection[int], told: Collection[int]
) -> set[int]:
    """Return the words, counted from 0, that only place something unseen, or stand within it.

    Args:
        text: a description.
        words: of it.
        unseen: those of its words that have no effect, counted likewise.
        told: those that say where a thing is that is drawn.
    """
    said = [word.text.lower() for word in words]
    gone = {*unseen}
    for place in sorted(unseen):
        end = _end_of_place(said, place + 1)
        own = range(place + 1, end)
        if place + 1 not in gone and _is_one_part(text, words, place, end) and not {*own} & {*told}:
            gone.update(own)
        if said[end : end + 1] == ["of"] and end not in told and end == place + 1:
            gone.add(end)
    gone.update(_between(text, words, said, gone))
    gone.update(_before(text, words, said, gone))
    return gone - {*unseen}


def _end_of_place(said: Sequence[str], start: int) -> int:
    """Return where words end that say where something is by themselves: "in the sky"."""
    for place in _PLACES:
        end = start + len(place)
        follows = "".join(said[end : end + 1])
        is_whole = " ".join(place) in DIRECTIONS or not follows or follows in _JOINING
        if [*said[start:end]] == place and is_whole and follows != "of":
            return end
    return start


def _between(
    text: str, words: Sequence[Word], said: Sequence[str], gone: Collection[int]
) -> Iterator[int]:
    """Yield the small words between two that have no effect, in one part of a text."""
    for first in sorted(gone):
        last = first + 1
        while last < len(said) and said[last] in _LINKS and last not in gone:
            last += 1
        last += said[last : last + 1] == ["of"] and not _goes_on(text, words, said, gone, last + 1)
        is_thing = not any(said[at] not in DETERMINERS for at in range(first + 1, last))
        is_thing |= not _goes_on(text, words, said, gone, last)  # "(comet) in a (stony) desert"
        if last in gone and is_thing and _is_one_part(text, words, first, last + 1):
            yield from range(first + 1, last)


def _before(
    text: str, words: Sequence[Word], said: Sequence[str], gone: Collection[int]
) -> Iterator[int]:
    """Yield the small words that belong to an unseen thing, or put another at it: "near a"."""
    for first in sorted(gone):
        if first - 1 in gone:
            continue
        if _goes_on(text, words, said, gone, first):  # "beside a (huge) castle"
            continue
        links = [*takewhile(lambda at: said[at] in _LINKS, range(first - 1, -1, -1))]
        own = [at for at in links if _is_one_part(text, words, at, first + 1)]
        places = any(said[at] not in DETERMINERS for at in own)
        if not places and _describes(text, words, said, gone, first):
            continue
        yield from own
        before = min(own, default=first) - 1
        if before >= 0 and said[before] == "of" and _is_one_part(text, words, before, first + 1):
            places_it = next(
                (one for one in _PLACES if said[: before + 1][-len(one) :] == one), ["of"]
            )
            yield from range(before + 1 - len(places_it), before + 1)  # "in front of"


def _describes(
    text: str, words: Sequence[Word], said: Sequence[str], gone: Collection[int], start: int
) -> bool:
    """Tell whether words without effect may be about a later thing: "a (long) and winding road"."""
    end = _end_of(gone, start)
    is_joined = said[end : end + 1] == ["and"]
    follows = "".join(said[end + is_joined : end + is_joined + 1])
    goes_on = is_joined or (end < len(said) and not _is_one_part(text, words, end - 1, end + 1))
    return goes_on and follows not in DETERMINERS | FUNCTION_WORDS | NUMBERS.keys()


def _goes_on(
    text: str, words: Sequence[Word], said: Sequence[str], gone: Collection[int], start: int
) -> bool:
    """Tell whether words without effect, from a place on, belong to a thing after them."""
    end = _end_of(gone, start)
    is_same = start < end < len(said) and _is_one_part(text, words, end - 1, end + 1)
    return is_same and said[end] not in FUNCTION_WORDS


def _end_of(gone: Collection[int], start: int) -> int:
    """Return the place after the words without effect that follow each other from a place on."""
    end = start
    while end in gone:
        end += 1
    return end


def _is_one_part(text: str, words: Sequence[Word], first: int, end: int) -> bool:
    """Tell whether no stop divides words of a text."""
    return STOPS.isdisjoint(text[words[first].end : words[end - 1].start])
