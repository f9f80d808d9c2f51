"""The overlays of play beside the HUD: notices, hints, the map, comparisons, postcards.

Each is an `Overlay` of one play screen and knows its frames and its HUD. Cards are redrawn only
when they change.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from threading import Lock
from typing import Literal

import pygame

from mag_sandbox.controls.bindings import Action, Move
from mag_sandbox.controls.camera import ASPECT, CameraCommand, CameraPose, view_overlap
from mag_sandbox.evaluation.similarity.anchors import GONE, SEEN, AnchorMark
from mag_sandbox.evaluation.similarity.recall import ProbeResult
from mag_sandbox.files.validation import capitalized
from mag_sandbox.model.loading import keeps_places
from mag_sandbox.model.world import Door, GroundPlan
from mag_sandbox.sandbox.hud.cards import seen_card, split_card
from mag_sandbox.sandbox.hud.explain import MemoryTip
from mag_sandbox.sandbox.hud.ground_map import GroundMap, draw_player
from mag_sandbox.sandbox.hud.hints import (
    KEYS,
    STEPS,
    WAY_BACK,
    HintLine,
    Step,
    arrow_card,
    arrow_place,
    hint_card,
    pulse,
)
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.hud.minimap import MapStitcher, Minimap, draw_view
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.returning import GuidedReturn
from mag_sandbox.sandbox.play.split import SHOWN
from mag_sandbox.sandbox.postcards.cards import PostcardCard, found_text, tour_card
from mag_sandbox.sandbox.postcards.postcards import PostcardHunt, Tour
from mag_sandbox.sandbox.returns.probe_cards import Wipe, probe_card
from mag_sandbox.sandbox.returns.prober import Prober
from mag_sandbox.sandbox.screens import Overlay
from mag_sandbox.sandbox.screens.change_progress import MOVES_S, progress_bar
from mag_sandbox.sandbox.screens.prompt_box import PromptBox
from mag_sandbox.sandbox.screens.prompt_card import NEW_AREAS
from mag_sandbox.sandbox.settings import FitMode
from mag_sandbox.sandbox.ui.display import fit
from mag_sandbox.sandbox.ui.layout import CachedCard, Card, Text, bar, column, row
from mag_sandbox.sandbox.ui.theme import ACCENT, BACKDROP, BAD, GOOD, Theme

NOTICE_WIDTH = 448  # px of the reference window: beside the list of things around
NOTICE_S = 3.5  # how long a notice stays at least
NOTICE_FADE_S = 0.4  # in which it appears and goes
FADE_MOVES_S = 1 / 20  # between two pictures of that
BUSY_WIDTH = 300  # px of the reference window: the light of one about something under way
READ_A_SECOND = 12  # characters: a longer notice, such as where a file lies, stays longer
PROBE_S = 7.0  # how long a comparison stays
NEW_S = 8.0  # how long the map stripes new areas, after another description
CLOSED_S = 1.0  # likewise after the box was closed: the description may still be applied
WIPE_S = 4.0  # how long a wipe takes
CARD_ROOM = 280  # px of the reference window that figures of a comparison take
WIPE_MOVES_S = 1 / 30  # between two pictures of a wipe
WIPE_AWAY_S = 2.0  # that a view must have been out of sight for a wipe
WIPE_EVERY_S = 20.0  # between two unasked ones
MOST_NOTICES = 3
LED = "The camera turns by itself first · {} ends it"
WAY_ON = "Steer both yourself · {} ends the comparison"
REFRESH_S = 0.5  # between two checks of other threads
POSTCARD_WIDTH = 318  # px of the reference window
STAMP_MOVES_S = 1 / 30  # between two pictures of a moving stamp
STOPPED = "the postcard game is over{}; {} starts a new one"
Cue = Callable[[str], None]  # plays a signal by name
Mood = Literal["good", "bad", "busy"]  # of a notice; busy: something is under way


@dataclass(frozen=True, slots=True)
class Notice:
    """A short message for the player."""

    text: str
    mood: Mood
    since: float  # [s]
    until: float  # [s]
    topic: str = ""  # a later notice with the same topic replaces it

    def opacity(self, now: float) -> float:
        """Return how far it has appeared, or not yet faded, at a time [s]."""
        share = min(now - self.since + FADE_MOVES_S, self.until - now) / NOTICE_FADE_S
        return min(max(share, 0.0), 1.0)


class Notices(Overlay):
    """Short lines at the top, each for some seconds; `say` may be called from any thread.

    >>> notices = Notices(clock=lambda: 0.0, notify=lambda: None)
    >>> notices.say("Saved")
    """

    def __init__(
        self,
        clock: Callable[[], float],
        notify: Callable[[], None],
        theme: Callable[[tuple[int, int]], Theme] = Theme,
    ) -> None:
        self._clock, self._notify, self._theme = clock, notify, theme
        self._lock = Lock()
        self.current: tuple[Notice, ...] = ()  # shown now, or next
        self._dropped: tuple[Notice, ...] = ()  # still fading
        self._shown: tuple[Notice, ...] = ()
        self._looked_at = 0.0
        self._cards: defaultdict[Notice, CachedCard] = defaultdict(CachedCard)
        # the cards at the right that they leave free, and one below which they are
        self.head: Callable[[], pygame.Rect | None] = lambda: None
        self.above: Callable[[], pygame.Rect | None] = lambda: None

    def say(self, text: str, mood: Mood = "good", topic: str = "") -> None:
        """Show a line, in place of the same one and of those about the same topic."""
        seconds = max(NOTICE_S, len(text) / READ_A_SECOND) * (2 if mood == "bad" else 1)
        now = self._clock()
        with self._lock:
            replaced = [
                one
                for one in (*self.current, *self._dropped)
                if one.text == text or (topic and one.topic == topic)
            ]
            since = min((one.since for one in replaced), default=now)  # it does not fade in again
            notice = Notice(text, mood, since, now + seconds, topic)
            others = (one for one in self.current if one not in replaced)
            self.current = (*others, notice)[-MOST_NOTICES:]
            self._dropped = tuple(one for one in self._dropped if one not in replaced)
        self._notify()

    def drop(self, topic: str) -> None:
        """Let the lines about a topic fade."""
        gone = self._clock() + NOTICE_FADE_S
        with self._lock:
            about = [one for one in self.current if one.topic == topic]
            self.current = tuple(one for one in self.current if one.topic != topic)
            fading = (replace(one, until=min(one.until, gone)) for one in about)
            self._dropped = (*self._dropped, *fading)
        if about:
            self._notify()

    def clear(self) -> None:
        """Drop all lines: they are about a screen that is left."""
        with self._lock:
            self.current = self._dropped = ()

    @property
    def keeps_display(self) -> bool:
        """Whether there is a line to read, such as one about the map."""
        return any(one.mood != "busy" for one in self.current)

    @property
    def wake_at(self) -> float | None:
        """When a line fades next, or its light moves on."""
        return min((self._wake_at(one) for one in self._shown), default=None)

    def _wake_at(self, notice: Notice) -> float:
        if notice.opacity(self._looked_at) < 1.0:
            return self._looked_at + FADE_MOVES_S
        fades = notice.until - NOTICE_FADE_S
        return min(fades, self._looked_at + MOVES_S) if notice.mood == "busy" else fades

    def update(self, now: float) -> bool:
        """Drop notices whose time is over; tell whether any looks different."""
        before, looked_at, self._looked_at = self._shown, self._looked_at, now
        with self._lock:
            self.current = tuple(one for one in self.current if one.until > now)
            self._dropped = tuple(one for one in self._dropped if one.until > now)
            shown = (*self.current, *self._dropped)
            self._shown = tuple(sorted(shown, key=lambda one: one.since))
        fades = any(one.opacity(now) != one.opacity(looked_at) for one in self._shown)
        return fades or self._shown != before or any(one.mood == "busy" for one in self._shown)

    def draw(
        self,
        surface: pygame.Surface,
        *,
        within: pygame.Rect | None = None,
        top: int | None = None,
    ) -> None:
        """Draw the lines below each other, in the middle from a `top` on, left of the head.

        Where they are to be `within` an area of the title, they are at its right or, where they do
        not fit into it, below it at the lower edge of the window, whose left half has a line.
        """
        if not self._shown:
            self._cards.clear()
            return
        theme, (width, height) = self._theme(surface.get_size()), surface.get_size()
        gap, head, above = theme.px(6), self.head(), self.above()
        top = theme.px(14) if top is None else top
        low = height - gap
        room = width - theme.px(28)
        if within is None and head is not None and head.left - theme.px(24) > width / 2:
            room = head.left - theme.px(24)
        for notice in self._shown:
            at_most = min(theme.px(NOTICE_WIDTH), room)
            drawn = _notice_card(notice, self._looked_at)
            card = self._cards[notice](theme, drawn, at_most=at_most)
            card.set_alpha(round(255 * notice.opacity(self._looked_at)))
            place = card.get_rect(midtop=(width // 2, top))
            if within is not None:
                place = card.get_rect(topright=within.topright)
                if within.contains(place):
                    below, left = place.bottom + gap, within.left
                    within = pygame.Rect(left, below, within.width, max(within.bottom - below, 0))
                else:
                    place = card.get_rect(bottomright=(within.right, low))
                    low = place.top - gap
            elif head is not None and place.colliderect(head.inflate(gap, gap)):
                place.right = min(place.right, head.left - gap)
                if place.left < 0:
                    place.midtop = width // 2, head.bottom + gap
            if above is not None and within is None and place.colliderect(above):
                place.top = above.bottom + gap
            surface.blit(card, place)
            top = place.bottom + gap


def _notice_card(notice: Notice, now: float) -> Card:
    """Return a line; while something is under way, a light runs along below it."""
    text = Text(capitalized(notice.text), 14, lines=3)
    if notice.mood == "busy":
        return Card(column(text, progress_bar(BUSY_WIDTH, None, now), gap=6), pad=(12, 8))
    return Card(row(bar(4, 0, GOOD if notice.mood == "good" else BAD, 2), text), pad=(10, 8))


ShownMap = Literal["around", "above", "none"]


class MapOverlay(Overlay):
    """A map below the scene's card, and explanations of the memory under the pointer.

    It shows all around, or the ground from above once the player has walked away. While another
    description is written, and some seconds longer, the map stripes new areas.
    """

    def __init__(
        self,
        reel: Reel,
        hud: Hud,
        stitcher: MapStitcher,
        prober: Prober,
        prompt: PromptBox,
        fly: Callable[[CameraPose], object],
        go_to: Callable[[Door], object],
    ) -> None:
        self._chosen: ShownMap | None = None  # with the key; None: as fits the place
        self._was_walked: bool | None = None  # the place drawn last; None: none yet
        self.is_new = False  # whether it shows the ground for the first time
        self._fly, self._go_to = fly, go_to
        self._prompt = prompt
        self._tells_new, self._closed_at = False, float("-inf")
        self._before = ""  # the description in force while another one was written
        self._adds_areas = True  # whether that one is for new areas alone
        self._reel, self._hud = reel, hud
        self._stitcher, self._prober = stitcher, prober
        self._map, self._ground, self._tip = Minimap(), GroundMap(), MemoryTip()
        self._pointer = (0, 0)  # where it was last
        self._hovers = False
        self._touched = False
        self._looked_at = 0.0

    def handle(self, event: pygame.Event) -> bool:
        """Follow the pointer over the memory card; a click on ground or door goes there."""
        if event.type == pygame.MOUSEMOTION:
            place, self._pointer = self._hud.places.get(self._memory_card), event.pos
            hovered, self._hovers = self._hovers, bool(place and place.collidepoint(event.pos))
            self._touched |= hovered or self._hovers
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            above = self._hud.places.get("map from above")
            if above is not None and self._ground.area.place.collidepoint(event.pos):
                if door := self._ground.door(event.pos, self._seen_ground().doors):
                    self._go_to(door)
                    return True
                x, z = self._ground.position(event.pos)
                self._fly(replace(self._reel.pose, x=x, z=z))
                return True
        return False

    @property
    def _memory_card(self) -> str:
        """The card that names the memory."""
        return "memory" if "memory" in self._hud.places else "slim"

    def turn(self) -> ShownMap:
        """Show the other map, if there is one, then none; return which is shown."""
        maps: list[ShownMap] = ["around"]
        if "forward" in self._reel.current.spec.axes:
            maps.insert(0 if self._is_walked() else 1, "above")
        shown = [*maps, "none"]
        self._chosen = shown[(shown.index(self._shown) + 1) % len(shown)]
        return self._chosen

    @property
    def _shown(self) -> ShownMap:
        return self._chosen or ("above" if self._is_walked() else "around")

    def _is_walked(self) -> bool:
        """Tell whether the player has left where the place begins, perhaps some visits ago."""
        ground = self._reel.current.block.ground
        has_rooms = ground is not None and len(ground.rooms) > 1
        return self._reel.pose.is_away or has_rooms or len(self._stitcher.way) > 1

    @property
    def keeps_display(self) -> bool:
        """Whether the map stripes new areas."""
        return self._tells_new

    @property
    def wake_at(self) -> float | None:
        """When its stripes may end."""
        times = (self._closed_at + seconds for seconds in (CLOSED_S, NEW_S))
        return next((time for time in times if time > self._looked_at), None)

    def update(self, now: float) -> bool:
        """Redraw when the pointer moved over the memory card, or the hint changed."""
        touched, self._touched = self._touched, False
        prompt, self._looked_at = self._reel.current.block.prompt, now
        if self._prompt.is_open:
            self._closed_at, self._before = now, prompt
            plain = [choice.words for choice in self._prompt.choices if not choice.mod]
            self._adds_areas = plain in ([], [NEW_AREAS])
        until = self._closed_at + (CLOSED_S if prompt == self._before else NEW_S)
        before, self._tells_new = self._tells_new, self._adds_areas and now < until
        return touched or before != self._tells_new

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the map, where the display has room, and over it the explanation."""
        places, theme = self._hud.places, self._hud.theme(surface)
        was_walked, self._was_walked = self._was_walked, self._is_walked()
        self.is_new |= was_walked is False and self._was_walked and self._chosen is None
        is_told = self._tells_new and not self._reel.pose.is_far  # there a place begins anew
        head = self._hud.head
        if head is not None and self._shown == "above" and not is_told:
            self._draw_ground(surface, theme, head)
        elif head is not None and self._shown != "none":
            self._draw_map(surface, theme, head)
        if self._hovers and (card := places.get(self._memory_card)):
            memory, parts = self._reel.current.block.memory, self._hud.parts(self._memory_card)
            self._tip.draw(surface, theme, memory, card, parts, self._pointer)
            places["explanation"] = card  # it lies above

    def _draw_ground(self, surface: pygame.Surface, theme: Theme, head: pygame.Rect) -> None:
        pose, block = self._reel.pose, replace(self._reel.current.block, ground=self._seen_ground())
        card = self._ground.card(
            theme, block, self._stitcher.way, self._prober.anchors, pose, head.width
        )
        if place := self._show(surface, theme, card, head, "map from above"):
            area = self._ground.area
            self._ground.area = area._replace(place=area.place.move(place.topleft))
        if place and self._hud.opacity:
            draw_player(surface, theme, self._ground.area, pose)

    def _seen_ground(self) -> GroundPlan:
        ground = self._reel.current.block.ground or GroundPlan()
        return self._stitcher.ground.part_of(ground, self._stitcher.picture.directions)

    def _show(
        self,
        surface: pygame.Surface,
        theme: Theme,
        card: pygame.Surface,
        head: pygame.Rect,
        name: str,
    ) -> pygame.Rect | None:
        """Draw a map's card and return where it is; None: there is no room."""
        top, room = self._room(surface, theme, head)
        if card.get_height() >= room:
            return None
        self._hud.places[name] = self._hud.show(surface, card, (head.left, top))
        return self._hud.places[name]

    def _room(self, surface: pygame.Surface, theme: Theme, head: pygame.Rect) -> tuple[int, int]:
        """Return the top of a map's card and how high it may be [px]."""
        places = self._hud.places
        top = head.bottom + theme.px(10 if "scene" in places else 4)
        bottom = places["memory"].top if "memory" in places else surface.get_height() // 2
        return top, bottom - top

    def _draw_map(self, surface: pygame.Surface, theme: Theme, head: pygame.Rect) -> None:
        marks = self._prober.anchors
        card = self._map.card(
            theme, self._stitcher.picture, marks, self._target(), head.width,
            tells_new=self._tells_new, most=self._room(surface, theme, head)[1],
        )  # fmt: skip
        place = self._show(surface, theme, card, head, "map")
        if place is None:
            return
        pointed_at = self._tip.explanation if self._hovers else None
        if pointed_at is not None and pointed_at.pose is not None:
            draw_view(surface, theme, place, pointed_at.pose, ACCENT)
        if self._hud.opacity:
            draw_view(surface, theme, place, self._reel.pose)

    def _target(self) -> AnchorMark | None:
        pose = self._prober.last_anchor
        return next((mark for mark in self._prober.anchors if mark.pose == pose), None)


class SplitOverlay(Overlay):
    """The memory of each half of a split screen, the view to compare both with, and the keys.

    Below that view are the notices. Memory bars are part of the lab view, which has their legend.
    """

    def __init__(
        self, reel: Reel, hud: Hud, trip: GuidedReturn, end_key: str, notices: Notices
    ) -> None:
        self._reel, self._hud, self._trip, self._notices = reel, hud, trip, notices
        self._end_key = end_key
        self._cards, self._seen_card = (CachedCard(), CachedCard()), CachedCard()

    @property
    def wake_at(self) -> float | None:
        """When the next notice disappears."""
        return self._notices.wake_at

    def update(self, now: float) -> bool:
        """Drop notices whose time is over."""
        return self._notices.update(now)

    def draw(self, surface: pygame.Surface) -> None:
        """Draw a card under each half, or over its lower edge where there is no room below."""
        block, keys = self._reel.current.block, self._hud.places.get("keys")
        theme, (width, height) = self._hud.theme(surface), surface.get_size()
        half, gap = width // 2, theme.px(10)
        pictures = pygame.Rect(0, 0, width, round(half * ASPECT / SHOWN))
        pictures.center = half, height // 2
        surface.fill(theme.colour(BACKDROP), (half - 1, pictures.top, 2, pictures.height))
        for place, one in enumerate((block, block.beside or block)):
            recall = self._trip.recalls[place] if self._trip.recalls else None
            half_card = split_card(one.memory, recall, has_bar="memory" in self._hud.places)
            card = self._cards[place](theme, half_card, half - 2 * gap)
            lowest = (height if keys is None else keys.top) - gap - card.get_height()
            surface.blit(card, (place * half + gap, min(pictures.bottom + gap, lowest)))
        note = (LED if self._trip.leads else WAY_ON).format(self._end_key)
        seen = seen_card(self._trip.words, self._trip.seen, note)
        card = self._seen_card(theme, seen)
        bottom = max(pictures.top - gap, card.get_height())
        surface.blit(card, card.get_rect(midbottom=(half, bottom)))
        self._notices.draw(surface, top=bottom + gap)


class ProbeOverlay(Overlay):
    """The newest comparison of then and now, for some seconds.

    With the lab view a card of figures, where there is room for it; else a wipe between then and
    now, on the picture itself and once the camera rests there. A wipe that the player did not ask
    for keeps a distance in time from the one before.
    """

    def __init__(
        self,
        reel: Reel,
        hud: Hud,
        prober: Prober,
        cue: Cue,
        fit_mode: FitMode = "fill",
        boxes: Collection[PromptBox] = (),
    ) -> None:
        self._reel, self._hud, self._prober, self._cue = reel, hud, prober, cue
        self._boxes = boxes  # nothing is compared behind one in which the player writes
        self._fit_mode: FitMode = fit_mode
        self._seen = prober.latest
        self._waits: ProbeResult | None = None  # for the camera to rest
        self._prompt = ""  # in force when it came
        self._result: ProbeResult | None = None
        self._card = CachedCard()
        self._wipe: tuple[object, Wipe] | None = None  # of a result, a theme and a place
        self._place = pygame.Rect(0, 0, 0, 0)  # of the drawn card
        self._since, self._until, self._looked_at = 0.0, 0.0, 0.0
        self._wiped_at = float("-inf")
        self._room = CARD_ROOM  # px of the window
        self.is_silent = False  # a tour of postcards shows its own verdict

    @property
    def wake_at(self) -> float | None:
        """When the card disappears, or the wipe moves."""
        if self._result is None or self._in_lab:
            return self._until if self._result else None
        return min(self._until, self._looked_at + WIPE_MOVES_S)

    def handle(self, event: pygame.Event) -> bool:
        """Disappear when clicked on."""
        hit = (
            self._result is not None
            and event.type == pygame.MOUSEBUTTONDOWN
            and self._place.collidepoint(event.pos)
        )
        if hit:
            self._result = None
        return hit and self._in_lab  # a wipe makes way for the drag that begins

    def update(self, now: float) -> bool:
        """Show a new result, or hide an old one."""
        self._looked_at, newest = now, self._prober.latest
        if newest is not self._seen:
            self._seen = self._waits = newest
            self._prompt = self._reel.current.block.prompt
        if self._is_changed:  # now is another picture than the one that was compared
            self._waits = None
        is_busy = self.is_silent or any(box.is_open for box in self._boxes)
        if self._waits is not None and not is_busy and self._is_time(self._waits, now):
            self._result, self._waits, self._since = self._waits, None, now
            self._until = now + (PROBE_S if self._in_lab else WIPE_S)
            self._cue("probe_good" if self._result.word == "remembered" else "probe_bad")
            return True
        moved = not self._in_lab and self._reel.current.command != CameraCommand()
        if self._result and (now >= self._until or moved or is_busy):
            self._result = None
            return True
        return self._result is not None and not self._in_lab

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the card on the left, below the figures."""
        result = self._result
        if result is None or self.is_silent or self._hud.head is None:
            return
        theme = self._hud.theme(surface)
        self._room = theme.px(CARD_ROOM)
        if self._in_lab:
            card = self._card(theme, probe_card(result, figures=True))
            above = self._hud.places["speed"]
            self._place = surface.blit(card, (above.left, above.bottom + 10))

    def draw_under(self, surface: pygame.Surface) -> None:
        """Wipe between then and now."""
        result, spec = self._result, self._reel.current.spec
        if result is None or self.is_silent or self._hud.head is None or self._in_lab:
            return
        theme = self._hud.theme(surface)
        picture = fit((spec.frame_width, spec.frame_height), surface.get_size(), self._fit_mode)
        made_of = result.number, theme, tuple(picture)
        if self._wipe is None or self._wipe[0] != made_of:
            self._wipe = made_of, Wipe(theme, result, picture)
        share = wiped((self._looked_at - self._since) / WIPE_S)
        self._wipe[1].draw(surface, self._reel.pose, self._reel.crop, share)
        self._place = picture.clip(surface.get_rect())

    @property
    def is_shown(self) -> bool:
        """Whether a comparison is shown."""
        return self._result is not None and not self.is_silent

    @property
    def area(self) -> pygame.Rect:
        """The part of the window that it covers; empty while it shows nothing."""
        return self._place if self._result else pygame.Rect(0, 0, 0, 0)

    @property
    def _is_changed(self) -> bool:
        """Whether the place was changed, or a change undone, since the newest result came."""
        block = self._reel.current.block
        return self._reel.starting_over or block.edited is not None or block.prompt != self._prompt

    @property
    def _in_lab(self) -> bool:
        """Whether the lab view is shown, with room for a card."""
        places = self._hud.places
        if "speed" not in places:
            return False
        return "memory" not in places or places["memory"].top - places["speed"].bottom > self._room

    def _is_time(self, result: ProbeResult, now: float) -> bool:
        """Return whether a result is shown now; a wipe is then begun."""
        if self._in_lab:
            return True
        rare = result.seconds_away >= WIPE_AWAY_S and now - self._wiped_at >= WIPE_EVERY_S
        shown = view_overlap(result.pose, self._reel.pose)
        # a return brings a new result; that of an anchor is early while the camera walks up to it
        if result.kind == "auto" and (shown < GONE or not rare):
            self._waits = None
            return False
        if shown < SEEN or self._reel.current.command != CameraCommand():
            return False
        self._wiped_at = now
        return True


def wiped(share: float) -> float:
    """Return how much of then a wipe shows after a share of its time: now, then, and now again."""
    return 0.5 - 0.5 * math.cos(2 * math.pi * min(max(share, 0.0), 1.0))


class HintOverlay(Overlay):
    """Hints for the first minutes, one at a time."""

    def __init__(
        self,
        reel: Reel,
        hud: Hud,
        probe: ProbeOverlay,
        boxes: Collection[PromptBox] = (),
        learned: str = "",
        offered: Collection[Step] = STEPS,
        key_of: Callable[[Action | Move], str] = str.upper,
        is_refused: Callable[[Action | Move | None], bool] = lambda _: False,
    ) -> None:
        """Make the line; while one of `boxes` is open or a postcard is searched, nothing is taught.

        `learned` names the steps that were done before, `offered` are those possible here. What
        `is_refused` at the moment is neither taught nor learned.
        """
        self._is_refused = is_refused
        self._reel, self._hud, self._probe, self._boxes = reel, hud, probe, boxes
        self._hints, self._key_of = HintLine(learned.split(), offered), key_of
        self._changed = True
        self._seconds = 0.0  # of shown blocks, while the line could be read
        self._card, self._arrow = CachedCard(), CachedCard()

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to teach."""
        return self._hints.is_over

    @property
    def learned(self) -> str:
        """The steps that are not taught again, by name, with blanks between."""
        return " ".join(step.name for step in STEPS if step in self._hints.settled)

    def did(self, action: Action) -> None:
        """Note that the player has done something."""
        step = self._hints.step
        if not self._is_refused(action):
            self._hints.did(action)
        self._changed |= self._hints.step is not step

    def restart(self) -> None:
        """Begin anew from the next block: another place is shown, or another moment."""
        self._hints.restart()

    def see(self) -> None:
        """Follow a block that is shown."""
        block, spec = self._reel.current.block, self._reel.current.spec
        if block.block_index == 0:
            self.restart()
        if not (self._is_covered or self._probe.is_shown):
            self._seconds += len(block.frames) / spec.fps
        if self._probe.is_shown:
            self._hints.answer()
        self._changed |= self._hints.see(block.poses[-1], self._seconds)

    @property
    def _is_covered(self) -> bool:
        searches = self._probe.is_silent  # for a postcard
        is_hidden = searches or self._hud.is_off or any(box.is_open for box in self._boxes)
        step = self._hints.step
        return is_hidden or (step is not None and self._is_refused(KEYS.get(step)))

    @property
    def keeps_display(self) -> bool:
        """Whether the line is about the map, on which the start can be clicked on."""
        return self._hints.is_on_the_way and "map from above" in self._hud.places

    def update(self, now: float) -> bool:  # noqa: ARG002 -- Overlay
        """Redraw when there is another hint."""
        changed, self._changed = self._changed, False
        return changed

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the line above the memory, and the key that leads on, which can be clicked on."""
        theme, places = self._hud.theme(surface), self._hud.places
        if self._hints.step is None or self._is_covered:
            return
        now = self._reel.current
        forgets = not keeps_places(now.block.memory.policy) or len(now.spec.policies) == 1
        words = WAY_BACK if self.keeps_display else self._hints.words
        learned = self._hints.learned
        hint = hint_card(
            self._hints.step, self._key_of, learned=learned, forgets=forgets, words=words
        )
        card = self._card(theme, hint, at_most=surface.get_width() - theme.px(28))
        width, height = surface.get_size()
        place, gap = card.get_rect(midbottom=(width // 2, height - theme.px(14))), theme.px(10)
        if (tools := places.get("tools")) and tools.bottom > place.top:
            place.left = max(place.left, tools.right + gap)
        below = [places[name] for name in ("keys", "memory", "steps", "tools") if name in places]
        if place.right > width or place.collidelist(below) >= 0:
            place.midbottom = width // 2, min(place.top, *(one.top for one in below)) - gap
        shown = places.get("map") or places.get("map from above")
        if shown and place.colliderect(shown):  # with large text in the lab view
            place.right = max(shown.left - gap, card.get_width())
        cards = self._probe.area, *(places[one] for one in ("speed", "scene") if one in places)
        if place.collidelist(cards) < 0 and "explanation" not in places:
            places["hint"] = surface.blit(card, place)
        if key := self._hints.key:
            arrow = self._arrow(theme, arrow_card(key))
            arrow.set_alpha(pulse(time.perf_counter()))
            place = arrow_place(theme, key, surface.get_size())
            if shown and place.colliderect(shown):  # in the lab view
                place.top = shown.bottom + gap
            if (around := places.get("around")) and place.colliderect(around):
                place.left = around.right + gap
            places[f"key {key}"] = surface.blit(arrow, place)


CUES: dict[str, str] = {  # events of the game of postcards, and their sounds
    "card": "anchor",
    "miss": "postcard_missed",
    "stamp": "postcard_found",
    "lost": "postcard_missed",
    "finished": "probe_good",
}


class PostcardOverlay(Overlay):
    """The game of postcards: hidden until its key is pressed."""

    def __init__(
        self,
        reel: Reel,
        hud: Hud,
        hunt: PostcardHunt,
        probe: ProbeOverlay,
        claim_key: str,
        boxes: Collection[PromptBox] = (),
        say: Callable[..., object] = lambda text, topic: None,
    ) -> None:
        """Make the hidden game; its clock rests while one of `boxes` is open."""
        self._reel, self._hud, self._boxes, self._say = reel, hud, boxes, say
        self._covered, self._seconds = 0.0, 0.0  # seconds: under a box; of the last update
        self._hunt, self._probe, self._key = hunt, probe, claim_key
        self._card = PostcardCard()
        self._area: pygame.Rect | None = None  # of the drawn card
        self._result = CachedCard()
        self._looked_at = 0.0
        self._pressed = False

    @property
    def wake_at(self) -> float | None:
        """At display rate while a stamp moves; less often while a tour runs."""
        tour = self._hunt.tour
        if tour is None or tour.phase == "finished":
            return None
        return self._looked_at + (STAMP_MOVES_S if self._is_moving else REFRESH_S)

    @property
    def is_elsewhere(self) -> bool:
        """Whether the place to find is in another room."""
        return self._hunt.tour is not None and bool(self._hunt.tour.way)

    def begin(self) -> None:
        """Begin a tour, if there is none."""
        if self._hunt.tour is None:
            self.press()

    def press(self) -> None:
        """Begin a tour, or claim the place."""
        self._hunt.press(*self._here())
        self._probe.is_silent = self._pressed = True

    def dismiss(self) -> bool:
        """End the tour, if there is one, and say how many places were found."""
        if (tour := self._hunt.tour) is None:
            return False
        self._hunt.stop()
        self._say_found(tour)
        self._probe.is_silent, self._pressed = False, True
        return True

    def _say_found(self, tour: Tour) -> None:
        if tour.phase != "finished":  # else its card has said so
            found = f": {found_text(tour)}" if tour.stamps else ""
            self._say(STOPPED.format(found, self._key), topic="postcards")

    def update(self, now: float) -> bool:
        """Advance the tour."""
        self._looked_at, before, self._seconds = now, self._seconds, self._reel.seconds
        passed = self._seconds - before  # less than nothing: an earlier moment is back
        if passed < 0.0 or any(box.is_open for box in self._boxes):
            self._covered += passed
        ground = self._reel.current.block.ground
        changed, self._pressed = self._hunt.update(*self._here(), ground) | self._pressed, False
        return changed or self._is_moving

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the card on the left, or the finished tour in the middle."""
        tour = self._hunt.tour
        if tour is None:
            return
        theme, now = self._hud.theme(surface), self._here()[0]
        if tour.phase == "finished":
            self._draw_result(surface, theme, tour)
            return
        above = self._hud.places.get("speed")
        top = above.bottom + theme.px(10) if above else theme.px(14)
        view, age = tour.view(now), now - tour.since
        corner = theme.px(14 + POSTCARD_WIDTH), top  # where comparisons are shown otherwise
        shown = self._reel.shown_at_rest
        self._area = self._card.draw(surface, theme, view, corner, age, self._key, shown)

    @property
    def area(self) -> pygame.Rect | None:
        """The part of the window that the card of a place to find covers; None: there is none."""
        tour = self._hunt.tour
        return None if tour is None or tour.phase == "finished" else self._area

    @property
    def _is_moving(self) -> bool:
        tour, now = self._hunt.tour, self._here()[0]
        return tour is not None and self._card.is_moving(tour.view(now), now - tour.since)

    def _here(self) -> tuple[float, CameraPose, str]:
        reel = self._reel
        return reel.seconds - self._covered, reel.pose, reel.current.block.memory.policy

    def _draw_result(self, surface: pygame.Surface, theme: Theme, tour: Tour) -> None:
        end = tour_card(tour, self._hunt.best, self._hunt.place, self._hunt.problem, self._key)
        card = self._result(theme, end)
        surface.blit(card, card.get_rect(center=surface.get_rect().center))
