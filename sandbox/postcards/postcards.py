"""Postcards, a small game: the world sends a view seen a while ago, and the player finds it again.

A `Tour` is a value: every method returns the tour that follows, and nothing here reads a clock,
draws, or compares pictures. Points reward aim, time, and what the world still remembers.
"""

import math
import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Literal

from mag_sandbox.controls.camera import CameraPose, view_overlap, yaw_difference
from mag_sandbox.evaluation.similarity.pictures import Sight
from mag_sandbox.evaluation.similarity.recall import ProbeResult
from mag_sandbox.model.world import GroundPlan
from mag_sandbox.sandbox.postcards.scores import Score, ScoreBook, score_of
from mag_sandbox.sandbox.returns.prober import Prober

CARDS = 5  # of a tour
TRIES = 3  # wrong claims that lose a card
AWAY = 0.2  # overlap under which a view is out of sight
MIN_AGE = 10.0  # seconds since a view was seen before it becomes a card
APART = 30.0  # degrees between two cards of a tour, where there is choice
INTERESTING = 0.5  # share of the views, the most detailed ones, that become cards
FOUND = 15.0  # degrees off that still count
PERFECT = 1.5  # degrees off that are invisible
AIM_POINTS, TIME_POINTS, MEMORY_POINTS = 500, 300, 200
SEARCH_SPEED = 20.0  # degrees a second that leave all points for time
SETTLE_S = 4.0  # seconds more that do
SLOW_S = 40.0  # seconds beyond that take the last point for time
HINT_S = 20.0  # seconds after which the card says which way
STAMP_S = 3.5  # seconds that a stamp is shown
DEVELOP_S = 4.0  # seconds until a card is stamped even without a comparison
READ_S = 1.5  # seconds that the end of a tour stays at least
MISS_S = 4.0  # seconds that "not here" is shown
TREND_S = 0.4  # seconds between two looks at whether it gets warmer
TREND = 0.4  # degrees that count as warmer or colder
STREAK_BONUS, MAX_BONUS = 0.1, 0.5  # of the points, for every card found in a row before
HEATS = (  # degrees off, and the words up to there
    (3.0, "right here"),
    (FOUND, "burning"),
    (30.0, "hot"),
    (55.0, "warm"),
    (90.0, "cool"),
    (135.0, "cold"),
    (math.inf, "freezing"),
)
GRADES = ((PERFECT, "perfect"), (4.0, "great"), (8.0, "good"), (FOUND, "found"))
START = CameraPose()
SLAM_S = 0.22  # seconds in which a stamp comes down
WOBBLE_S = 0.5  # seconds in which it comes to rest

Phase = Literal["waiting", "searching", "developing", "stamped", "finished"]
Trend = Literal["warmer", "colder", ""]
MIXED = "several memories"  # the policy of a tour during which it changed

Cue = Literal["card", "miss", "stamp", "lost", "finished"]


@dataclass(frozen=True, slots=True)
class PostcardStamp:
    """The points for a card."""

    grade: str  # "perfect" ... "found", or "lost"
    off: float  # degrees
    seconds: float
    recall: float | None  # percent; None: could not be compared
    aim: int = 0
    time: int = 0
    memory: int = 0
    bonus: int = 0  # for the streak

    @property
    def points(self) -> int:
        """All points of the card."""
        return self.aim + self.time + self.memory + self.bonus

    @property
    def is_found(self) -> bool:
        """Whether the place was found."""
        return self.grade != "lost"


@dataclass(frozen=True, slots=True)
class StampMotion:
    """How a stamp lies at one moment."""

    scale: float
    angle: float  # degrees
    alpha: int  # 0 to 255


@dataclass(frozen=True, slots=True)
class PostcardView:
    """All that a card shows; equal views look the same."""

    phase: Phase
    card: Sight | None
    number: int  # of the card, 1-based
    total: int
    heat: int  # place in HEATS, 0 is the hottest
    heat_word: str
    trend: Trend
    seconds: int  # since the card came
    tries: int  # left
    streak: int  # cards found in a row
    points: int  # of the tour so far
    hint: str  # which way, or nothing
    is_elsewhere: bool  # in another room than that of the card
    miss: str  # how wrong a claim was a moment ago: "62° away, warmer"; "": none was
    stamp: PostcardStamp | None  # of the card, once it has one
    ready_in: int | None = None  # seconds until a view may become a card; None: turn away from all


@dataclass(frozen=True, slots=True)
class Tour:
    """One round of postcards.

    tour = Tour(seed=7)
    tour = tour.update(now, pose, pictures)             # every frame
    tour = tour.claim(now, pose)                        # the player says: here
    if tour.phase == "developing": ask the prober, then
    tour = tour.developed(now, recall)
    """

    seed: int
    total: int = CARDS
    phase: Phase = "waiting"
    stamps: tuple[PostcardStamp, ...] = ()
    sent: tuple[CameraPose, ...] = ()  # where the cards so far were taken
    card: Sight | None = None
    since: float = 0.0  # when the phase began [s of play]
    sent_at: float = 0.0  # when the card came
    start_off: float = 0.0  # degrees to go when it came
    pose: CameraPose = START
    ready_in: float | None = None  # seconds until a view may become a card; None: all are in view
    claimed: PostcardStamp | None = None  # while developing: waits for the remembered view
    tries: int = TRIES
    missed_at: float = -math.inf
    misses: tuple[float, ...] = ()  # degrees off of the wrong claims for this card
    way: str = ""  # to the room of the card, in words; "": the player is there
    trend: Trend = ""
    looked: tuple[float, float] = (0.0, 0.0)  # when the trend was looked at, and degrees off then

    @property
    def points(self) -> int:
        """Points of all cards so far."""
        return sum(stamp.points for stamp in self.stamps)

    @property
    def found(self) -> int:
        """The number of cards found."""
        return sum(stamp.is_found for stamp in self.stamps)

    @property
    def streak(self) -> int:
        """The number of cards found in a row, up to now."""
        count = 0
        for stamp in reversed(self.stamps):
            if not stamp.is_found:
                break
            count += 1
        return count

    def update(
        self, now: float, pose: CameraPose, pictures: Sequence[Sight], way: str = ""
    ) -> "Tour":
        """Move on to a second of play, which pauses do not count; `pictures` are the seen views.

        While the player is in another room than that of the card, `way` says how to get there.
        """
        tour = replace(self, pose=pose, way=way)
        if self.phase == "waiting":
            return tour._send(now, pictures)
        if self.phase == "searching":
            return tour._feel(now)
        if self.phase == "developing" and now - self.since >= DEVELOP_S:
            return tour.developed(now, None)
        if self.phase == "stamped" and now - self.since >= STAMP_S:
            over = len(self.stamps) >= self.total
            phase: Phase = "finished" if over else "waiting"
            tour = replace(tour, phase=phase, since=now, card=None)
            return tour if over else tour._send(now, pictures)
        return tour

    def claim(self, now: float, pose: CameraPose) -> "Tour":
        """Say that this is the place: it is, or a try is lost."""
        if self.phase != "searching" or self.card is None:
            return self
        if not self.way and (off := degrees_off(pose, self.card.pose)) <= FOUND:
            aim = round(AIM_POINTS * _fading(off, PERFECT, FOUND + 3.0))
            seconds = now - self.sent_at
            par = self.start_off / SEARCH_SPEED + SETTLE_S
            time = round(TIME_POINTS * _fading(seconds, par, par + SLOW_S))
            grade = next(grade for limit, grade in GRADES if off <= limit)
            claimed = PostcardStamp(grade, off, seconds, None, aim, time)
            return replace(self, phase="developing", since=now, pose=pose, claimed=claimed)
        tour = replace(self, pose=pose)
        off = tour._off
        if self.tries > 1:
            misses = (*self.misses, off)
            return replace(tour, tries=self.tries - 1, missed_at=now, misses=misses)
        return tour._stamp(now, PostcardStamp("lost", off, now - self.sent_at, None))

    def developed(self, now: float, recall: float | None) -> "Tour":
        """Stamp the card with the recall of its view."""
        claimed = self.claimed
        if claimed is None:
            return self
        memory = round(MEMORY_POINTS * (recall or 0.0) / 100)
        bonus = min(MAX_BONUS, STREAK_BONUS * self.streak)
        extra = round(bonus * (claimed.aim + claimed.time + memory))
        return self._stamp(now, replace(claimed, recall=recall, memory=memory, bonus=extra))

    def view(self, now: float) -> PostcardView:
        """Return the state to show."""
        off = self._off
        heat = next(place for place, (limit, _) in enumerate(HEATS) if off <= limit)
        searching = self.phase == "searching"
        seconds = now - self.sent_at if searching else 0.0
        if self.claimed is not None:
            seconds = self.claimed.seconds
        hint = ""
        if self.card and searching and heat and (seconds >= HINT_S or self.pose.is_away):
            hint = direction(self.pose, self.card.pose)
        is_elsewhere = searching and bool(self.way)
        return PostcardView(
            phase=self.phase,
            card=self.card,
            number=min(self.total, len(self.stamps) + (self.phase != "stamped")),
            total=self.total,
            heat=heat,
            heat_word=HEATS[heat][1],
            trend=self.trend if searching else "",
            seconds=int(seconds),
            tries=self.tries,
            streak=self.streak,
            points=self.points,
            hint=self.way if is_elsewhere else hint,
            is_elsewhere=is_elsewhere,
            miss=self._miss if searching and now - self.missed_at < MISS_S else "",
            stamp=self.stamps[-1] if self.phase == "stamped" else None,
            ready_in=None if self.ready_in is None else math.ceil(self.ready_in),
        )

    @property
    def _miss(self) -> str:
        if self.way or self.pose.is_away:
            return "another room" if self.way else "walk back first"
        now, change = self.misses[-1], ""
        if len(self.misses) > 1 and self.misses[-2] != now:
            change = ", warmer" if now < self.misses[-2] else ", colder"
        return f"{now:.0f}° away{change}"

    @property
    def _off(self) -> float:
        if self.card is None:
            return math.inf
        return 180.0 if self.way else degrees_off(self.pose, self.card.pose)

    def _send(self, now: float, pictures: Sequence[Sight]) -> "Tour":
        rng = random.Random(f"{self.seed}/{len(self.stamps)}")
        card = choose_card(self.pose, pictures, self.sent, rng)
        if card is None:
            ages = [age for _, age in _out_of_sight(self.pose, pictures)]
            return replace(self, ready_in=max(MIN_AGE - max(ages), 0.0) if ages else None)
        off = degrees_off(self.pose, card.pose)
        return replace(
            self,
            phase="searching",
            since=now,
            sent_at=now,
            start_off=off,
            card=card,
            sent=(*self.sent, card.pose),
            tries=TRIES,
            missed_at=-math.inf,
            misses=(),
            way="",
            trend="",
            looked=(now, off),
        )

    def _feel(self, now: float) -> "Tour":
        then, before = self.looked
        if now - then < TREND_S:
            return self
        off = self._off
        trend: Trend = ""
        if abs(off - before) >= TREND:
            trend = "warmer" if off < before else "colder"
        return replace(self, trend=trend, looked=(now, off))

    def _stamp(self, now: float, stamp: PostcardStamp) -> "Tour":
        stamps = (*self.stamps, stamp)
        return replace(self, phase="stamped", since=now, stamps=stamps, claimed=None)


def choose_card(
    pose: CameraPose, pictures: Sequence[Sight], sent: Sequence[CameraPose], rng: random.Random
) -> Sight | None:
    """Return a view worth finding: out of sight, seen a while ago, with enough to see; or None.

    Cards that were sent before are not repeated if there is choice.
    """
    hidden = [one for one, age in _out_of_sight(pose, pictures) if age >= MIN_AGE]
    fresh = [one for one in hidden if all(degrees_off(one.pose, old) >= APART for old in sent)]
    choice = sorted(fresh or hidden, key=lambda one: one.detail, reverse=True)
    if not choice:
        return None
    return rng.choice(choice[: max(1, math.ceil(len(choice) * INTERESTING))])


def _out_of_sight(pose: CameraPose, pictures: Sequence[Sight]) -> list[tuple[Sight, float]]:
    """Return the views that a pose does not show, and how long ago each was seen [s]."""
    newest = max((one.seconds for one in pictures), default=0.0)
    hidden = (one for one in pictures if view_overlap(pose, one.pose) < AWAY)
    return [(one, newest - one.seconds) for one in hidden]


def degrees_off(pose: CameraPose, target: CameraPose) -> float:
    """Return how far apart two views are, degrees of turning and of the field of view.

    From elsewhere than where the scene begins all views are as far apart as can be.
    """
    if pose.is_away:
        return 180.0
    turn = yaw_difference(pose.yaw, target.yaw)
    return math.hypot(turn, pose.pitch - target.pitch, pose.fov - target.fov)


def direction(pose: CameraPose, target: CameraPose) -> str:
    """Say which way to move: "left", "up", "zoom in", "walk back", ..."""
    if pose.is_away:
        return "walk back"
    ways = {
        ("right", "left"): yaw_difference(target.yaw, pose.yaw),
        ("up", "down"): target.pitch - pose.pitch,
        ("zoom in", "zoom out"): pose.fov - target.fov,
    }
    (forward, backward), way = max(ways.items(), key=lambda one: abs(one[1]))
    return forward if way > 0 else backward


def stamp_motion(age: float) -> StampMotion:
    """Return how a stamp lies `age` seconds after it began to come down: it slams and wobbles."""
    if age < SLAM_S:
        part = max(0.0, age / SLAM_S)
        return StampMotion(2.6 - 1.6 * part * part, -26 + 18 * part, round(255 * part))
    rest = min(1.0, (age - SLAM_S) / WOBBLE_S)
    swing = math.sin(rest * 3 * math.pi) * (1 - rest)
    return StampMotion(1.0 + 0.05 * swing, -8 + 4 * swing, 255)


def _fading(value: float, full: float, none: float) -> float:
    return min(1.0, max(0.0, (none - value) / (none - full)))


class PostcardHunt:
    """Plays tours, one after the other, in one scene.

    hunt = PostcardHunt(prober, ScoreBook(data_folder()), "Meadow")
    hunt.press(now, pose, policy)    # begins a tour, or claims a place
    hunt.update(now, pose, policy)   # every frame; True if the card looks different
    hunt.view(now)                   # for PostcardCard.draw, None while no tour is on
    """

    def __init__(
        self,
        prober: Prober,
        book: ScoreBook,
        scene: str,
        seed: int = 0,
        on_cue: Callable[[Cue], None] = lambda cue: None,
        way_to: Callable[[str], str] = "go back to {}".format,
    ) -> None:
        """Make a game without a tour; each tour has another seed.

        Args:
            prober: holds the views seen.
            book: of scores.
            scene: its name.
            seed: of the first tour.
            on_cue: is called with events, for sounds.
            way_to: returns the way from the present room to the one with a name.
        """
        self.tour: Tour | None = None  # None: no tour is on
        self.place: int | None = None  # of a finished tour among the best
        self._prober = prober
        self._book = book
        self._scene = scene
        self._seed = seed
        self._on_cue, self._way_to = on_cue, way_to
        self._room: tuple[int, str] | None = None  # of the card: its number and its name
        self._policies: set[str] = set()
        self._answer: Future[ProbeResult | None] | None = None
        self._shown: PostcardView | None = None

    @property
    def problem(self) -> str | None:
        """Why scores are not kept."""
        return self._book.problem

    @property
    def best(self) -> tuple[Score, ...]:
        """The best scores of the scene with the policy of the tour."""
        return self._book.best(self._scene, self._policy())

    def press(self, now: float, pose: CameraPose, policy: str) -> None:
        """Claim the place, or begin a tour where none is on; `stop` ends one."""
        tour = self.tour
        if tour is not None and tour.phase == "finished" and now - tour.since < READ_S:
            return  # pressed for the last card
        if tour is None or tour.phase == "finished":
            self.tour = Tour(self._seed, pose=pose)
            self._policies, self.place, self._room = {policy}, None, None
            self._seed += 1
        else:
            before, self.tour = tour, tour.claim(now, pose)
            if self.tour.claimed and before.card and not before.claimed:
                self._answer = self._prober.compare(before.card, pose)
            elif self.tour.tries < before.tries:
                self._on_cue("miss")
            self._tell(before, self.tour)

    def stop(self) -> None:
        """End the tour without a score."""
        self.tour, self._answer = None, None

    def update(
        self, now: float, pose: CameraPose, policy: str, ground: GroundPlan | None = None
    ) -> bool:
        """Move on to a second of play; True if the card looks different."""
        if self.tour is not None and self.tour.phase != "finished":
            self._policies.add(policy)
            before, seen, room, way = self.tour, self._prober.seen, ground and ground.room, ""
            if self._room and room not in (None, self._room[0]):
                way = self._way_to(self._room[1])
            pictures = seen.pictures if None in (room, seen.room) or room == seen.room else ()
            self.tour = self._developed(before, now).update(now, pose, pictures, way)
            if self.tour.card is not before.card:
                self._room = (ground.room, ground.rooms[-1]) if ground and ground.rooms else None
            self._tell(before, self.tour)
        shown = self.view(now)
        changed, self._shown = shown != self._shown, shown
        return changed

    def view(self, now: float) -> PostcardView | None:
        """Return the contents of the card; None: there is no tour."""
        return None if self.tour is None else self.tour.view(now)

    def _developed(self, tour: Tour, now: float) -> Tour:
        answer = self._answer
        if answer is None or not answer.done() or not tour.claimed:
            return tour
        self._answer = None
        result = None if answer.cancelled() or answer.exception() else answer.result()
        return tour.developed(now, None if result is None else result.recall)

    def _tell(self, before: Tour, after: Tour) -> None:
        if len(after.stamps) > len(before.stamps):
            self._on_cue("stamp" if after.stamps[-1].is_found else "lost")
        if after.phase == before.phase:
            return
        if after.phase == "searching":
            self._on_cue("card")
        elif after.phase == "finished":
            self._on_cue("finished")
            self.tour = replace(after, card=None)
            score = score_of(
                after.points, after.found, len(after.stamps), self._scene, self._policy()
            )
            self.place = self._book.add(score)

    def _policy(self) -> str:
        return next(iter(self._policies)) if len(self._policies) == 1 else MIXED
