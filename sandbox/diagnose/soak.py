"""Plays the whole game for an hour without a person, and says whether the process grows.

A leak is what keeps growing after everything has been done a few times, so growth is the slope of
the second half of a run, and a run whose first half was too short for that is not judged. What is
held on purpose, up to a bound, is told apart: whole places, larger the longer they were played.
Knows nothing of a world's inside.
"""

import logging
import math
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from statistics import median

import psutil
import pygame

from mag_sandbox.controls.bindings import CAMERA_BINDINGS, DEFAULTS, Action
from mag_sandbox.files.border import reason_of
from mag_sandbox.files.whole import folder_bytes
from mag_sandbox.model.world import MIB, FrameBlock, WorldFailed
from mag_sandbox.sandbox import app
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.diagnose.bench import resident_bytes
from mag_sandbox.sandbox.diagnose.mishaps import DeviceLost, Mishaps, back_to_normal, unreadable
from mag_sandbox.sandbox.game import PlayerGame
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver, SessionStart
from mag_sandbox.sandbox.play.pacing import percentile
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.screens import Continue, PlayScene, Screen, Way
from mag_sandbox.sandbox.screens.loading import LoadingScreen
from mag_sandbox.sandbox.screens.play import PlayScreen
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.title.library import RECORDINGS, delete_recording, past_recordings
from mag_sandbox.sandbox.title.screen import TitleScreen
from mag_sandbox.scenes import Scene, load_scene

Say = Callable[[str], None]
USUAL_S = 60.0  # between two lines
LEAST_LINES = 12  # of a short run
LEAST_VISITS = 4  # of a first half: every place, and one that was gone on with
HOUR = 3600.0  # s
SURE = 1.645  # standard deviations to both sides of 90%
COUNTED = ("seconds", "blocks", "visits")  # grow by nature
PLACES = ("kitchen", "village")  # besides the first; left and gone on with in turn
PROMPTS = ("The same place at night, with rain.", "The same place on a bright morning.")
REST_S = 1.0  # on the title, while what was left is written
TURNS = tuple(key for key, row in CAMERA_BINDINGS.items() if row.axis != "zoom")  # camera keys
TURN_BLOCKS = (3, 16)  # between two changes of the camera keys
# What is done at which block of a visit, and when it ends: 27 seconds of the pocket world.
CHORES: dict[int, Action] = {
    4: "record",
    8: "anchor",
    40: "to_anchor",
    64: "policy",
    72: "prompt",
    96: "save",
    104: "screenshot",
    112: "to_anchor",
    128: "record",
}
VISIT_BLOCKS = 144


class SoakPlayer:
    """Decides what is done next, whenever the main loop has turned.

    player = SoakPlayer(seed=7)
    player.act(game, screen)
    player.done  # Counter({"anchor": 3, "left": 2, ...})
    """

    def __init__(self, seed: int, places: Iterable[Scene] = ()) -> None:
        self.done: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._places = list(places) or [load_scene(name) for name in PLACES]
        self._screen: Screen | None = None  # the one that it acted on last
        self._since = 0.0  # when it saw that screen first [s]
        self._begun = self._seen = self._turn_at = 0  # blocks that its screen has shown
        self._held: str | None = None  # camera key

    def act(self, game: PlayerGame, screen: Screen) -> None:
        """Do what is due on the present screen."""
        if screen is not self._screen:
            self._screen, self._since, self._held = screen, time.monotonic(), None
            if isinstance(screen, PlayScreen):
                self._begun = self._seen = self._turn_at = screen.reel.blocks
        if isinstance(screen, PlayScreen | LoadingScreen) and screen.has_failed:
            self.done["tried again"] += 1
            screen.outcome = Way.RETRY if isinstance(screen, PlayScreen) else Way.TITLE
        elif isinstance(screen, PlayScreen):
            self._play(game, screen)
        elif isinstance(screen, TitleScreen) and time.monotonic() >= self._since + REST_S:
            self._choose(game, screen)

    def _play(self, game: PlayerGame, screen: PlayScreen) -> None:
        while self._seen < screen.reel.blocks:  # no chore is missed when blocks come fast
            self._seen += 1
            chore = CHORES.get(self._seen - self._begun)
            if chore:
                self._press(game, screen, chore)
        if self._seen - self._begun >= VISIT_BLOCKS:
            self._hold(screen, None)
            self.done["left"] += 1
            screen.outcome = Way.TITLE
        elif self._seen >= self._turn_at and not game.services.pilot.is_flying:
            self._turn_at = self._seen + self._random.randint(*TURN_BLOCKS)
            self._hold(screen, self._random.choice((None, *TURNS)))

    def _press(self, game: PlayerGame, screen: PlayScreen, action: Action) -> None:
        self.done[action] += 1
        if action == "to_anchor":
            self._hold(screen, None)  # whoever steers does not fly
        _strike(screen, pygame.key.key_code(game.services.bindings[action].keys[0]))
        if action == "prompt":
            for _ in range(len(screen.reel.current.block.prompt)):
                _strike(screen, pygame.K_BACKSPACE)
            prompt = PROMPTS[self.done[action] % len(PROMPTS)]
            screen.handle(pygame.Event(pygame.TEXTINPUT, text=prompt))
            _strike(screen, pygame.K_RETURN)

    def _hold(self, screen: PlayScreen, key: str | None) -> None:
        if self._held:
            screen.camera_key(self._held, down=False)
        if key:
            screen.camera_key(key, down=True)
        self._held = key

    def _choose(self, game: PlayerGame, screen: TitleScreen) -> None:
        """Go to a place not seen yet, else to the one that was left longest ago."""
        self._clear(game.folder)
        parked = [
            one
            for one in game.services.saves.scenes.entries()
            if one.header and not one.header.slot
        ]
        if self._places:
            screen.outcome = PlayScene(self._places.pop(0))
        elif parked:
            self.done["continued"] += 1
            screen.outcome = Continue(parked[-1].id)

    def _clear(self, folder: Path) -> None:
        """Keep the newest recording only, as somebody who wants room on the disk."""
        for old in past_recordings(folder / RECORDINGS)[1:]:
            delete_recording(old.folder)


def _strike(screen: PlayScreen, key: int) -> None:
    for kind in (pygame.KEYDOWN, pygame.KEYUP):
        screen.handle(pygame.Event(kind, key=key, mod=0, unicode=""))


@dataclass(frozen=True, slots=True)
class SoakRow:
    """How the process stands at a time."""

    seconds: float  # since the first row
    resident_mib: float
    held_mib: float  # of it: what can be taken back, and places that wait for room on the disk
    beyond_mib: float  # the least that the rest was since the row before: what is written passes
    threads: int
    open_files: int
    block_ms_p50: float  # of the blocks since the row before
    block_ms_p95: float
    blocks: int  # made since the start
    disk_mib: float  # of the player's data, mostly the newest recordings
    visits: int  # places left since the start


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure may grow by."""

    figure: str  # of SoakRow
    an_hour: float
    noise: float  # that it may differ by at any time

    def broken_by(self, growth: float, seconds: float) -> bool:
        """Return whether a growth per hour, seen for so long, is too much."""
        hours = seconds / HOUR
        return growth * hours > max(self.noise, self.an_hour * hours)


BOUNDS = (
    Bound("beyond_mib", an_hour=64.0, noise=24.0),
    Bound("threads", an_hour=1.0, noise=2.0),
    Bound("open_files", an_hour=1.0, noise=4.0),
)


class BlockTimes(SessionObserver):
    """A session observer that notes what blocks take, until it is asked."""

    def __init__(self) -> None:
        self.made = 0
        self._latest: list[float] = []  # ms

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Count the first block; loading it is no figure."""
        self.made += 1

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Note one block."""
        self.made += 1
        self._latest.append(event.latency_ms)

    def take(self) -> tuple[float, float]:
        """Return median and 95th percentile of the blocks since it was asked last [ms]."""
        latest, self._latest = self._latest, []
        if not latest:
            return 0.0, 0.0
        return percentile(latest, 0.5), percentile(latest, 0.95)


class Log:
    """Takes a row whenever one is due, and says it."""

    def __init__(self, folder: Path, times: BlockTimes, interval: float, say: Say) -> None:
        self.rows: list[SoakRow] = []
        self._folder, self._times, self._say = folder, times, say
        self._interval = interval
        self._least = math.inf  # resident bytes beyond what is held, since the newest row
        self._begun = time.monotonic()

    def tick(self, visits: int, held: Callable[[], int]) -> None:
        """Take a row if it is time; `held` says the bytes that are held on purpose."""
        resident, kept = resident_bytes(), held()
        self._least = min(self._least, resident - kept)
        seconds = time.monotonic() - self._begun
        if seconds < (len(self.rows) + 1) * self._interval:
            return
        p50, p95 = self._times.take()
        row = SoakRow(
            seconds=round(seconds, 1),
            resident_mib=round(resident / MIB, 1),
            held_mib=round(kept / MIB, 1),
            beyond_mib=round(self._least / MIB, 1),
            threads=threading.active_count(),
            open_files=open_files(),
            block_ms_p50=round(p50, 1),
            block_ms_p95=round(p95, 1),
            blocks=self._times.made,
            disk_mib=round(folder_bytes(self._folder) / MIB, 1),
            visits=visits,
        )
        self.rows.append(row)
        self._least = math.inf
        self._say(line_of(row))


def run(
    choice: WorldChoice,
    playthrough: Playthrough,
    settings: SandboxConfig,
    minutes: float,
    say: Say,
    mishaps: Mishaps | None = None,
) -> dict:
    """Play and return all figures as plain JSON data; `grows` names what grew too much.

    With mishaps, whatever they break in the middle, `unreadable` names what they broke for good;
    `unexpected` names errors that no mishap explains.

    Raises:
        WorldFailed: the world stopped.
        DisplayError: there is no display.
    """
    seconds = minutes * 60
    player, times = SoakPlayer(playthrough.seed), BlockTimes()

    class PlayedGame(PlayerGame):
        """Lets the tireless player act whenever the main loop has turned."""

        def refresh(self, screen: Screen) -> None:
            super().refresh(screen)
            log.tick(player.done["left"], lambda: _held_bytes(self))
            player.act(self, screen)
            if mishaps:
                mishaps.happen(self)
                if time.monotonic() > until:
                    screen.outcome = Way.LEAVE

    # Its own settings in the end would be written over the player's: nothing may change them.
    settings = replace(settings, muted=True, hints=False, fullscreen=False)
    load = mishaps.losable(choice.load) if mishaps else None
    with (
        tempfile.TemporaryDirectory() as folder,
        back_to_normal(),
        _heard_errors() as unexpected,
    ):
        game = PlayedGame(choice, settings, Path(folder), DEFAULTS, notify=app.wake, load=load)
        log = Log(Path(folder), times, min(USUAL_S, seconds / LEAST_LINES), say)
        until = time.monotonic() + seconds  # an error ends a run of so many seconds, no mishap does
        summary = app.play(game, playthrough, [times], None if mishaps else seconds)
        broken = unreadable(Path(folder))
    if mishaps and player.done["tried again"] > mishaps.losses:
        often = player.done["tried again"] - mishaps.losses
        unexpected.append(f"the world failed {often} times more than its device was lost")
    elif summary.error is not None and not mishaps:
        raise WorldFailed(summary.error)
    growth = growth_of(log.rows)
    return {
        "minutes": minutes,
        "world": choice.name,
        "done": dict(player.done),
        "blocks": times.made,
        "fps": round(summary.fps, 2),
        "growth_per_hour": growth,
        "mishaps": dict(mishaps.happened) if mishaps else {},
        "unreadable": broken,
        "unexpected": unexpected,
        "settled": has_settled(log.rows),
        "grows": too_much(log.rows) if has_settled(log.rows) else [],
        "bounds": [asdict(bound) for bound in BOUNDS],
        "rows": [asdict(row) for row in log.rows],
        "python": sys.version.split()[0],
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
    }


@contextmanager
def _heard_errors() -> Iterator[list[str]]:
    """Yield a list of what goes wrong meanwhile, as far as no lost device explains it."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            if not isinstance(error, DeviceLost):
                why = f" ({type(error).__name__}: {reason_of(error)})" if error else ""
                heard.append(record.getMessage() + why)

    ear = Ear(logging.ERROR)
    logging.getLogger().addHandler(ear)
    try:
        yield heard
    finally:
        logging.getLogger().removeHandler(ear)


def _held_bytes(game: PlayerGame) -> int:
    return game.services.undo_stack.bytes + game.services.saves.unwritten_bytes


def growth_of(rows: Sequence[SoakRow]) -> dict[str, float]:
    """Return what each figure grows by in an hour, over the second half of a run."""
    names = [field.name for field in fields(SoakRow) if field.name not in COUNTED]
    return {name: round(slope(_settled(rows, name)), 2) for name in names}


def _settled(rows: Sequence[SoakRow], name: str) -> list[tuple[float, float]]:
    """Return hours and a figure, of the second half."""
    return [(row.seconds / HOUR, getattr(row, name)) for row in rows[len(rows) // 2 :]]


def has_settled(rows: Sequence[SoakRow]) -> bool:
    """Return whether everything was done often enough before the second half."""
    return bool(rows) and rows[len(rows) // 2].visits >= LEAST_VISITS


def too_much(rows: Sequence[SoakRow]) -> list[str]:
    """Return a sentence for each figure that surely grew more than it may."""
    settled, growth = rows[len(rows) // 2 :], growth_of(rows)
    seconds = settled[-1].seconds - settled[0].seconds
    return [
        f"{bound.figure} grows by {growth[bound.figure]:g} an hour, more than the "
        f"{bound.an_hour:g} allowed; look at what happens in the rows where it rises"
        for bound in BOUNDS
        if bound.broken_by(least_slope(_settled(rows, bound.figure)), seconds)
    ]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the median of the slopes between all pairs of points, which outliers do not bend.

    Source: the estimator of Theil (1950) and Sen (1968).
    """
    return median(_slopes(points) or [0.0])


def least_slope(points: Sequence[tuple[float, float]]) -> float:
    """Return what the slope is at least, but for chance: the lower end of a 90% interval.

    Source: Sen (1968), section 5.
    """
    slopes, count = _slopes(points) or [0.0], len(points)
    spread = SURE * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)  # of Kendall's score
    return slopes[max(0, int((len(slopes) - spread) / 2))]


def _slopes(points: Sequence[tuple[float, float]]) -> list[float]:
    return sorted((y - b) / (x - a) for (a, b), (x, y) in combinations(points, 2) if x > a)


def line_of(row: SoakRow) -> str:
    """Return a row for people."""
    return (
        f"{row.seconds / 60:6.1f} min | {row.resident_mib:8.1f} MiB, of it held "
        f"{row.held_mib:6.1f} | {row.threads:3} threads | "
        f"{row.open_files:3} files | block {row.block_ms_p50:6.1f} ms, p95 "
        f"{row.block_ms_p95:6.1f} ms | {row.blocks:6} blocks | {row.disk_mib:7.1f} MiB on disk"
    )


def verdict_of(numbers: dict) -> str:
    """Return the result for people, a sentence or more."""
    growth = numbers["growth_per_hour"]
    told = ", ".join(f"{bound.figure} {growth[bound.figure]:+g}" for bound in BOUNDS)
    text = f"growth an hour, over the second half: {told}"
    if numbers.get("mishaps"):
        happened = ", ".join(f"{name} {count}x" for name, count in numbers["mishaps"].items())
        text = f"what happened: {happened}\n{text}"
        text += "\n" + "\n".join(numbers["unreadable"] or ["everything that was kept can be read"])
    text += "".join(f"\nnobody expected: {one}" for one in numbers["unexpected"])
    if not numbers["settled"]:
        return (
            f"{text}\nnot judged: fewer than {LEAST_VISITS} places were left in the first half, "
            "so the game was still filling its memory; play longer than "
            f"{numbers['minutes']:g} minutes"
        )
    unsure = [bound.figure for bound in BOUNDS if growth[bound.figure] > bound.an_hour]
    if unsure and not numbers["grows"]:
        return f"{text}\nwhether {', '.join(unsure)} grows cannot be told from chance; play longer"
    return "\n".join((text, *(numbers["grows"] or ("nothing grows more than allowed",))))


def open_files() -> int:
    """Return how many files this process has open."""
    process = psutil.Process()
    return process.num_handles() if psutil.WINDOWS else process.num_fds()
