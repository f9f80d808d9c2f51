"""The prompt box: changes the description during play, and shows which words the world knows.

An overlay of play. It knows words and keys; `prompt_card.py` draws it, and only when it changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import pygame

from mag_sandbox.sandbox.play.player_input import repeat_keys
from mag_sandbox.sandbox.play.reel import AT_ONCE
from mag_sandbox.sandbox.screens import Overlay
from mag_sandbox.sandbox.screens.prompt_card import (
    PromptCard,
    PromptChoice,
    PromptView,
    draw_prompt_card,
)
from mag_sandbox.sandbox.ui.text_entry import Clipboard, History, TextEntry
from mag_sandbox.sandbox.ui.theme import ACCENT, Theme
from mag_sandbox.scenes.changes import (
    adds_things,
    alters,
    is_relit,
    is_so_already,
    is_unseen,
    kept_air,
    kept_place,
    missing_to_change,
    names_new,
    staying,
    under_snow_words,
    words_unseen,
)
from mag_sandbox.scenes.characters import clean
from mag_sandbox.scenes.color_names import color_word
from mag_sandbox.scenes.conditions import night_words
from mag_sandbox.scenes.descriptions import (
    added_place,
    falls_outdoors,
    located,
    names_land,
    of_light,
)
from mag_sandbox.scenes.kinds import KINDS
from mag_sandbox.scenes.naming import named_things, naming_words, takes_color, with_article
from mag_sandbox.scenes.suggestions import is_out_of_time
from mag_sandbox.scenes.synonyms import as_many_as, plural
from mag_sandbox.scenes.things import ThingWords, other_colors
from mag_sandbox.scenes.vocabulary import (
    ENGLISH_ONLY,
    FUNCTION_WORDS,
    Vocabulary,
    Word,
    is_listed,
    split_words,
    text_stems,
)

BLINK_S = 0.53  # of the cursor, on or off
PAUSE = 2  # blinks without a key, after which a word at the cursor counts as written
MAX_CHIPS = 6
LONGEST_NAME = 20  # characters: hot air balloons
MAX_HINTED = 16  # unknown words with hints below them
NEAREST = 3
TITLE = "Change the world from here on"
CLEAR = 24  # px of the reference window around the place that the box must not cover
EDGE = 14  # px from the edge of the window
CLEARANCE = 134  # px of the reference window below the box: the memory bar stays in sight
JOINING = ("at", "in", "under", "by", "on", "covered", "lit", "with")
EMPTY = "describe the place in a few words"
UNSEEN = "crossed-out words have no effect here"
INSTEAD = "; below them is what comes nearest"
ONE_EACH = "; one thing is placed at a time"
INDOORS = "; rain and snow fall outdoors only"
DRAWN_AS, SEVERAL_AS = "“{}” is drawn as {}", "“{}” are drawn as {}"
NO_PLACE = "no place named, so it is set {}"
ONLY_LAND = "it is set {}"  # a lake, which is named
NIGHT = "night, because of “{}”"
ALL_STAYS = "only light and weather change; everything stays where it is"
REST_STAYS = "light and weather change, and what you named is added; everything else stays"
ADDED_STAYS = "what you named is added; everything else stays"
ALTERED_STAYS = "what you named changes; everything else stays"
ONE_ADDED = "one thing is put here; everything else stays"
ONE_OF_ADDED = "only the first of these is put here; ask for the next one afterwards"
AIR_STAYS = "it stays {}"
IS_SO = "it looks like that already"
NONE_TO_CHANGE = "no {} is named here, so nothing that you saw changes; new areas may have one"
STAYS = "no place named, so it stays {}"
REPAINTED = "; with {} it is set {}"
ALSO_AS = ", “{}” as {}"
FUNCTION_KEYS = range(pygame.K_F1, pygame.K_F12 + 1)


@dataclass(frozen=True)
class _Advice:
    """Finds the words of a text that change nothing in a world, and replacements."""

    words: Vocabulary
    text: str
    cursor: int | None  # None: a character is being composed there
    before: str = ""  # the description in force
    is_written: bool = False  # no word is still being written
    renewing: str = ""  # the keys that repaint everything; "": none do
    only_adds: bool = False  # a thing is put here, and nothing is described

    @cached_property
    def grey(self) -> tuple[Word, ...]:
        """The words that change nothing."""
        return words_unseen(self.text, self.before, self.words)

    @cached_property
    def whole(self) -> str:
        """The text with the place that it stays in."""
        return staying(self.text, self.words, self.before)

    @property
    def struck(self) -> tuple[Word, ...]:
        """The words that change nothing, but for one that is being written, and its small words."""
        if self.cursor is None:
            return ()
        grey = list(self.grey)
        written = next((word for word in grey if word.end == self.cursor), None)
        if not written or self.is_written or not self._may_go_on(written.text):
            return tuple(grey)
        before, after = grey[: grey.index(written)], grey[grey.index(written) + 1 :]
        while before and before[-1].text.lower() in FUNCTION_WORDS:
            before.pop()
        return (*before, *after)

    def _may_go_on(self, word: str) -> bool:
        """Tell whether a word may be the beginning of one that changes something."""
        is_thing = isinstance(self.words, ThingWords) and self.words.known(word)  # "on a table"
        return not is_thing and self.words.begins_known(word)

    @property
    def notice(self) -> str:
        """Why words are struck, and which are drawn as something else."""
        if self.words.foreign(self.text):
            return ENGLISH_ONLY
        drawn = self.words.substitutes(self.text)
        also = "".join(ALSO_AS.format(said, as_one(one, self.words)) for said, one in drawn[1:])
        said = [self._stays] if self._stays else []
        if night := night_words(self.whole, self.words):
            said.append(NIGHT.format(night))
        if struck := self.struck[:MAX_HINTED]:
            instead = INSTEAD if any(near for _, near in self.hints) else ""
            words, text = self.words, self.text
            is_several = isinstance(words, ThingWords) and words.names_several(text, struck)
            indoors = INDOORS if falls_outdoors(self.whole, self.words) else ""
            said.append(UNSEEN + instead + (ONE_EACH if is_several else indoors))
            said += self._why_not_in_color
        if drawn:  # may be long
            said.append(drawn_as(*drawn[0], self.words) + also)
        return of_light("; ".join(said), self.whole, self.words)

    @property
    def _why_not_in_color(self) -> list[str]:
        """The notice of the first thing that is drawn in other colours only, if one is struck."""
        for word in self.struck[:MAX_HINTED]:
            color = color_word(word.text.lower())
            name = self.text[word.end : word.end + LONGEST_NAME].strip() if color else ""
            things = named_things(name, KINDS) if 0 in naming_words(name, KINDS) else ()
            if color and things and not any(takes_color(kind, color) for kind in things[0].kinds):
                return [other_colors(things[0].kinds[0], color)]
        return []

    @cached_property
    def _stays(self) -> str:
        """The notice of what stays as it was, and of the place, if the text names none."""
        text, words, before = self.text, self.words, self.before
        if isinstance(words, ThingWords) or (before and is_unseen(text, before, words)):
            return ""
        if self.only_adds:
            named = named_things(text, KINDS)
            return ONE_OF_ADDED if sum(one.least for one in named) > 1 else ONE_ADDED
        if is_so_already(text, before, words):
            return IS_SO
        if before and is_relit(self.whole, before, words):
            if not names_new(self.whole, before, words):
                return ALL_STAYS + under_snow_words(self.whole, before, words)
            if self.renewing:  # not far from where the place begins
                return REST_STAYS
        if before and self.renewing and adds_things(self.whole, before, words):
            return ADDED_STAYS
        if before and alters(self.whole, before, words):
            return ALTERED_STAYS
        if before and (missing := missing_to_change(text, words, before)):
            return NONE_TO_CHANGE.format(missing)
        place = added_place(text, words)
        if place and (stays := kept_place(text, words, before)):
            other = REPAINTED.format(self.renewing, place) if self.renewing else ""
            return STAYS.format(stays) + other
        air = kept_air(text, words, before)
        if place:
            return (ONLY_LAND if names_land(text, words) else NO_PLACE).format(place)
        return AIR_STAYS.format(air) if air else ""

    @property
    def hints(self) -> tuple[tuple[Word, tuple[str, ...]], ...]:
        """Words that change nothing, nearest to the cursor, with known words to write instead."""
        if (cursor := self.cursor) is None:
            return ()
        grey = [one for one in self._grey_phrases if one.text.lower() not in FUNCTION_WORDS]
        near = sorted(grey, key=lambda word: abs(word.end - cursor))[:MAX_HINTED]
        return tuple(
            (word, self._instead(word)) for word in sorted(near, key=lambda word: word.start)
        )

    @property
    def _grey_phrases(self) -> tuple[Word, ...]:
        """The words that change nothing, those of a listed phrase ("boxing ring") as one."""
        grey, text = {word.start: word for word in self.grey}, self.text
        for phrase in self.words.phrases(text):
            first, *_, last = *phrase.words, phrase.words[-1]
            if first is not last and is_listed(phrase.written) and first.start in grey:
                for word in phrase.words:
                    grey.pop(word.start, None)
                grey[first.start] = Word(text[first.start : last.end], first.start, last.end)
        return tuple(grey[start] for start in sorted(grey))

    def _instead(self, word: Word) -> tuple[str, ...]:
        is_known = self.words.known(word.text) and not is_listed(word.text)
        if is_known or self.words.foreign(self.text):
            return ()
        if is_listed(word.text) and self._tells_of_next(word):  # no glass tower is a bottle
            return ()
        near = self.words.nearest(word.text, NEAREST, is_begun=word.end == self.cursor)
        return tuple(as_many_as(word.text, one) for one in near if self._fits(word, one))

    def _tells_of_next(self, word: Word) -> bool:
        """Tell whether a word stands right before a thing: glass, before a house."""
        after = self.text[word.end :]
        return after[:1] == " " and 0 in naming_words(after, KINDS)

    def _fits(self, word: Word, instead: str) -> bool:
        """Tell whether a text makes sense with known words in place of one of its own.

        They say nothing that it says already, name no second place, are of its days, and let
        neither rain nor snow fall in a room.
        """
        before, after = self.text[: word.start], self.text[word.end :]
        others = f"{before} {after}"
        said, place = text_stems(others), self.words.place
        is_second = place(others) is not None and place(instead) is not None
        is_said = text_stems(instead) <= said
        falls = falls_outdoors(f"{before}{instead}{after}", self.words)
        return not (is_said or is_second or falls or is_out_of_time(instead, said))


def drawn_as(said: str, drawn: str, words: Vocabulary) -> str:
    """Return the sentence that words of a description are drawn as something else."""
    is_several = said.endswith("s") and plural(drawn) == drawn
    return (SEVERAL_AS if is_several else DRAWN_AS).format(said, as_one(drawn, words))


def as_one(drawn: str, words: Vocabulary) -> str:
    """Return what is drawn with its article, if it is one thing or place: "a red canyon"."""
    head, joins, rest = drawn.partition(" with ")
    is_place = words.place(head) is not None and " in " not in head
    if is_place and not head.endswith("s"):
        return located(head).partition(" ")[2] + joins + rest
    is_thing = named_things(drawn, KINDS) and not color_word(drawn)  # orange may be either
    return with_article(drawn) if is_thing else drawn


_advice_on = lru_cache(maxsize=8)(_Advice)  # asked for several times a key


def _suggested(
    words: Vocabulary | None, advice: _Advice | None, text: str, count: int
) -> tuple[str, ...]:
    """Return phrases that fit the place that a text describes, or in which it stays."""
    return words.suggestions(advice.whole if advice else text, count) if words else ()


class PromptBox(Overlay):
    """A card to write a prompt on; hidden until it is opened.

    box = PromptBox(apply=session.change_prompt, vocabulary=vocabulary)
    box.open(prompt)
    box.handle(event)  # Enter calls apply("a meadow at night") and hides the box
    """

    def __init__(
        self,
        apply: Callable[[str], object],
        vocabulary: Vocabulary | None = None,
        *,
        make_theme: Callable[[tuple[int, int]], Theme] = Theme,
        title: str = TITLE,
        open_keys: Sequence[str] = (),
        choices: Callable[[str], Sequence[PromptChoice]] = lambda text: (),
        clipboard: Clipboard | None = None,
        check: Callable[[str], str] = lambda text: "",
        enter: str = "apply",
        remark: Callable[[str], str] = lambda text: "",
    ) -> None:
        """Make a hidden box.

        `apply` is given the new prompt. Without a vocabulary every word is known. The text event of
        the key that opens the box is ignored. `choices` returns the ways to apply a text, if not by
        Enter alone, of which `enter` says what it does.
        `check` says what is wrong with it, or ""; a text of unknown words alone is refused.
        `remark` says what else a player should know before Enter, or "".
        """
        self.is_open = False
        self._wake_at: float | None = None
        self._apply, self._check, self._remark = apply, check, remark
        self.vocabulary = vocabulary
        self._make_theme = make_theme
        self.title, self._enter_words = title, enter
        self._open_keys = tuple(open_keys)
        self._choices = choices
        self._history = History()
        self._clipboard = clipboard or Clipboard()
        self._entry = TextEntry()
        self._opened_with, self._draft = "", ""  # a text that Esc left unapplied is offered again
        self._notice = ""
        self._ignores_key = False  # the text event of the key that opened the box is still to come
        self._selecting = False  # the mouse draws over the text
        self._scrolled: int | None = None  # the first row, by the wheel; None: the cursor is shown
        self._touched = False  # since the last update
        self._repeated = (0, 0)  # how keys repeat while it is closed [ms]
        self._solid_since = 0.0  # the cursor blinks from here on
        self._shows_cursor = True
        self._rests = False  # no key was pressed for a while
        self._remarked = ""  # of the drawn text
        self._stale = True  # the drawn card no longer holds
        self._theme: Theme | None = None
        self._card: PromptCard | None = None
        self._size = (0, 0)
        self._corner = (0, 0)
        # of the window that the box covers; empty: it is hidden. Always the same object
        self.area = pygame.Rect(0, 0, 0, 0)
        self.avoid: pygame.Rect | None = None  # of the window, to be left in sight
        self.beside: Sequence[pygame.Rect] = ()  # of the window; cards from which it keeps away

    @property
    def wake_at(self) -> float | None:
        """When the cursor blinks."""
        return self._wake_at

    @property
    def text(self) -> str:
        """The text."""
        return self._entry.text

    @property
    def notice(self) -> str:
        """The line below: the result of the input, or why words are struck."""
        said = self._notice or self._entry.notice
        advice = self._advice.notice if self._advice else ""
        return said or "; ".join(filter(None, (self._remark(self.text), advice)))

    @property
    def choices(self) -> tuple[PromptChoice, ...]:
        """The ways to apply the text; none: by Enter alone."""
        return tuple(self._choices(self.text))

    @property
    def struck(self) -> tuple[Word, ...]:
        """The words that change nothing, but for one that is still being written."""
        return self._advice.struck if self._advice else ()

    @property
    def _advice(self) -> "_Advice | None":
        """None: every word is known, or the text is the description in force."""
        if self.vocabulary is None or self.text == self._opened_with:
            return None
        cursor = None if self._entry.composition else self._entry.cursor
        choices = self.choices
        renewing = choices[-1].keys if choices[1:] else ""
        only_adds = any(one.puts for one in choices)
        return _advice_on(
            self.vocabulary, self.text, cursor, self._opened_with, self._rests, renewing, only_adds
        )

    def open(self, prompt: str, *, anew: bool = False) -> None:
        """Show the box with the text left unapplied, unless anew, else with the current prompt."""
        self._history.rest()
        self._opened_with = prompt
        text = prompt if anew else self._draft or prompt
        self._entry = TextEntry(text, history=self._history, clipboard=self._clipboard)
        self._entry.select_all()  # typing replaces it, moving the cursor keeps it
        self._notice = ""
        self.is_open = self._ignores_key = True
        self._selecting = False
        self._touch()
        pygame.key.start_text_input()
        self._repeated = pygame.key.get_repeat()
        repeat_keys(wanted=True)

    def close(self) -> None:
        """Hide the box; its text is offered when it opens again."""
        self._draft = self.text if self.text != self._opened_with else ""
        self.is_open = False
        self.area.update(0, 0, 0, 0)
        self._touched, self._wake_at = True, AT_ONCE
        pygame.key.stop_text_input()
        pygame.key.set_repeat(*self._repeated)

    def dismiss(self) -> bool:
        """Hide the box, if it is open."""
        was_open = self.is_open
        if was_open:
            self.close()
        return was_open

    def handle(self, event: pygame.Event) -> bool:
        """Take input while the box is open; True if nothing else shall."""
        if not self.is_open:
            return False
        if event.type == pygame.KEYDOWN:
            self._ignores_key = False
            return self._key(event)
        if event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP, pygame.MOUSEMOTION):
            return self._mouse(event)
        if event.type == pygame.MOUSEWHEEL and self._card:
            self._touch()
            self._scrolled = self._card.first_row - event.y
            return True
        if event.type == pygame.TEXTINPUT and self._ignores_key:
            self._ignores_key = False
            if event.text.lower() in self._open_keys:
                return True
        if event.type in (pygame.TEXTINPUT, pygame.TEXTEDITING):
            self._notice = ""
            self._touch()
            return self._entry.handle(event)
        return False

    def update(self, now: float) -> bool:
        """Make the cursor blink; True if the picture changed."""
        changed, before = self._touched, self._shows_cursor
        if self._touched:
            self._touched, self._solid_since, self._rests = False, now, False
        if not self.is_open:
            self._wake_at = None
            return changed
        blinks = int((now - self._solid_since) / BLINK_S + 1e-6)  # on time is not early
        self._shows_cursor = blinks % 2 == 0
        if blinks >= PAUSE and not self._rests:
            self._rests = self._stale = changed = True
        if (said := self._remark(self.text)) != self._remarked:
            self._remarked, self._stale, changed = said, True, True
        self._wake_at = self._solid_since + (blinks + 1) * BLINK_S
        return changed or self._shows_cursor != before

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the box near the lower edge, if it is open."""
        if not self.is_open:
            return
        if self._theme is None or surface.get_size() != self._size:
            self._size, self._stale = surface.get_size(), True
            self._theme = self._make_theme(self._size)
        if self._card is None or self._stale:
            self._stale = False
            self._card = self._drawn(self._theme)
        self._corner = self._place(self._theme, self._card.surface.get_size())
        self.area.update(surface.blit(self._card.surface, self._corner))
        if self._shows_cursor:
            surface.fill(self._theme.colour(ACCENT), self._card.cursor.move(self._corner))

    def _drawn(self, theme: Theme) -> PromptCard:
        hinting = self.vocabulary is not None
        card = draw_prompt_card(theme, self._view(), self._size[0], hinting=hinting)
        corner = self._place(theme, card.surface.get_size())
        pygame.key.set_text_input_rect(card.cursor.move(corner))
        return card

    def _place(self, theme: Theme, size: tuple[int, int]) -> tuple[int, int]:
        """Return the corner of a card, near the lower edge unless it would cover its subject."""
        left, lowest = (self._size[0] - size[0]) // 2, max(0, self._size[1] - size[1])
        top = max(0, lowest - theme.px(CLEARANCE))
        area, margin = pygame.Rect((left, top), size), 2 * theme.px(CLEAR)
        if self.avoid is None or not area.inflate(margin, margin).colliderect(self.avoid):
            return left, top
        above = self.avoid.centery > self._size[1] / 2
        edge = theme.px(EDGE)
        area.top = min(edge, lowest) if above else max(lowest - edge, 0)
        near = [one.left for one in self.beside if one.inflate(2 * edge, 0).colliderect(area)]
        room = min((one for one in near if one > area.centerx), default=self._size[0]) - edge
        area.left = max(min(area.left, room - area.width), min(area.left, edge))
        return area.topleft

    def _view(self) -> PromptView:
        entry, words, advice = self._entry, self.vocabulary, self._advice
        return PromptView(
            title=next((one.title for one in self.choices[:1] if one.title), self.title),
            text=entry.text,
            cursor=entry.cursor,
            selection=entry.selection,
            composition=entry.composition,
            struck=self.struck,
            hints=advice.hints if advice else (),
            chips=() if entry.composition else _suggested(words, advice, entry.text, MAX_CHIPS),
            choices=self.choices,
            notice=self.notice,
            first_row=(self._card.first_row if self._card else 0)
            if self._scrolled is None
            else self._scrolled,
            follows=self._scrolled is None,
            enter=self._enter_words,
        )

    def _key(self, event: pygame.Event) -> bool:
        if not self._entry.composition:
            if event.key in FUNCTION_KEYS:
                return False
            if event.key == pygame.K_ESCAPE:
                self.close()
                return True
            if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER):
                held = [one for one in self.choices if one.mod & event.mod]
                plain = [one for one in self.choices if not one.mod]
                self._enter(next((one.apply for one in (*held, *plain)), None))
                return True
            if event.key == pygame.K_TAB:
                self._complete()
                return True
        if self._entry.handle(event):
            self._notice = ""
            self._touch()
        return True

    def _enter(self, apply: Callable[[str], object] | None = None) -> None:
        prompt = " ".join(clean(self._entry.text).split())
        problem = self.vocabulary.problem if self.vocabulary else lambda text: ""
        self._notice = (self._check(prompt) or problem(prompt)) if prompt else EMPTY
        if self._notice:
            self._touch()
            return
        self._history.add(prompt)
        self.close()
        self._draft = ""
        (apply or self._apply)(prompt)

    def _complete(self) -> None:
        """Write the nearest known word for the one at the cursor, or else the first suggestion."""
        if self.vocabulary is None:
            return
        here = (word for word in split_words(self.text) if word.start < self._entry.cursor)
        word = next((word for word in here if self._entry.cursor <= word.end), None)
        nearest = () if word is None else self.vocabulary.nearest(word.text, 1, is_begun=True)
        if word and nearest and not self.vocabulary.known(word.text):
            self._write_instead(word, nearest[0])
            return
        if suggested := _suggested(self.vocabulary, self._advice, self.text, 1):
            self._append(suggested[0])

    def _write_instead(self, word: Word, known: str) -> None:
        self._entry.replace(word.start, word.end, known)
        self._touch()

    def _append(self, phrase: str) -> None:
        self._entry.replace_all(with_phrase(self.text, phrase))
        self._touch()

    def _mouse(self, event: pygame.Event) -> bool:
        card = self._card
        if card is None:
            return False
        place = event.pos[0] - self._corner[0], event.pos[1] - self._corner[1]
        if event.type == pygame.MOUSEBUTTONUP:
            was, self._selecting = self._selecting, False
            return was
        if event.type == pygame.MOUSEMOTION:
            if self._selecting:
                self._put_cursor(card, place, selecting=True)
            return self._selecting
        if not card.surface.get_rect().collidepoint(place):
            return False
        if event.button == 1:
            self._click(card, place)
        return True

    def _click(self, card: PromptCard, place: tuple[int, int]) -> None:
        for rect, word, known in card.hints:
            if rect.collidepoint(place):
                self._write_instead(word, known)
                return
        name, _, number = (card.pointed(place) or "").partition(" ")
        if name == "chip":
            self._append(card.view.chips[int(number)])
        elif name == "choice":
            self._enter(card.view.choices[int(number)].apply)
        elif name == "apply":
            self._enter()
        elif name == "close":
            self.close()
        elif name == "field":
            self._selecting = True
            self._put_cursor(card, place, selecting=False)

    def _put_cursor(self, card: PromptCard, place: tuple[int, int], *, selecting: bool) -> None:
        self._entry.place_cursor(card.character_at(place), selecting=selecting)
        self._touch()

    def _touch(self) -> None:
        self._touched = self._stale = True
        self._scrolled, self._wake_at = None, AT_ONCE


def with_phrase(prompt: str, phrase: str) -> str:
    """Return the prompt with a phrase added to its last sentence."""
    body = prompt.rstrip()
    stop = "." if body.endswith(".") else ""
    body = body.rstrip(" ,.;:")
    if not body:
        return phrase
    return f"{body}{' ' if phrase.split()[0] in JOINING else ', '}{phrase}{stop}"
