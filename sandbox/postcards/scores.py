"""The best scores of postcards, per scene and memory policy, in one JSON file.

The file is data from outside: it is checked when read, and a damaged one is left alone.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from json import dumps
from pathlib import Path

from filelock import FileLock, Timeout

from mag_sandbox.files.border import Refusal, is_missing, read_plain, refusing
from mag_sandbox.files.validation import decode, parse_json
from mag_sandbox.files.whole import replace_file

FILE = "postcards.json"
LOCK = ".postcards.lock"
LOCK_S = 1.0  # seconds to wait for another program
SCHEMA_VERSION = 1
BEST = 5  # scores kept of a scene and a policy
MAX_SCORES = 1000  # in all; the newest stay
MAX_BYTES = 512 * 1024
MAX_NAME = 120  # characters
MAX_POINTS = 1_000_000


class ScoresError(Refusal, ValueError):
    """The scores cannot be read or kept; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Score:
    """One finished tour."""

    scene: str
    policy: str
    points: int
    found: int  # cards
    cards: int
    date: str  # UTC, ISO 8601

    def __post_init__(self) -> None:
        for name in (self.scene, self.policy, self.date):
            if len(name) > MAX_NAME:
                raise ValueError(f"a name has {len(name)} letters, expected at most {MAX_NAME}")
        if not 0 <= self.points <= MAX_POINTS:
            raise ValueError(f"points are {self.points}, expected 0 to {MAX_POINTS}")
        if not 0 <= self.found <= self.cards <= 100:
            raise ValueError(f"{self.found} of {self.cards} cards were found, expected at most 100")


@dataclass(frozen=True, slots=True)
class ScoreFile:
    """The contents of the file."""

    scores: tuple[Score, ...]
    schema: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        if self.schema != SCHEMA_VERSION:
            raise ValueError(f"schema is {self.schema}, expected {SCHEMA_VERSION}")


class ScoreBook:
    """The best scores; if the file cannot be used, play continues and `problem` says why.

    >>> book = ScoreBook(folder)
    >>> book.best("Meadow", "mag-retrieve")  # no score yet
    ()
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.problem: str | None = None  # why scores are not kept
        self._scores: tuple[Score, ...] = ()
        try:
            self._scores = read_scores(self.path)
        except ScoresError as error:
            self.problem = str(error)

    def best(self, scene: str, policy: str) -> tuple[Score, ...]:
        """Return the best scores of a scene and a policy, the best first."""
        return _best(self._scores, scene, policy)

    def table(self, scene: str) -> tuple[Score, ...]:
        """Return the best score of every policy in a scene, the best first."""
        policies = dict.fromkeys(one.policy for one in self._scores if one.scene == scene)
        return tuple(
            sorted((self.best(scene, policy)[0] for policy in policies), key=_rank, reverse=True)
        )

    def add(self, score: Score) -> int | None:
        """Keep a score; return its place among those of scene and policy, None if too low."""
        if self.problem is None:
            try:
                self._write(score)
            except (ScoresError, OSError) as error:
                reason = getattr(error, "strerror", None)
                why = f"{self.path}: scores cannot be saved ({reason}); make room and try again"
                self.problem = why if reason else str(error)
        if score not in self._scores:
            self._scores = with_score(self._scores, score)
        best = self.best(score.scene, score.policy)
        return best.index(score) + 1 if score in best else None

    def _write(self, score: Score) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            held = FileLock(self.path.with_name(LOCK)).acquire(LOCK_S)
        except Timeout:
            raise ScoresError(f"{self.path}: another game is writing scores; close it") from None
        with held:
            scores = with_score(read_scores(self.path), score)  # another game may have added some
            text = dumps(asdict(ScoreFile(scores)), indent=1, ensure_ascii=False)
            replace_file(self.path, text)
            self._scores = scores


def score_of(points: int, found: int, cards: int, scene: str, policy: str) -> Score:
    """Return the score of a tour that ended now."""
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return Score(scene[:MAX_NAME], policy[:MAX_NAME], points, found, cards, date)


def read_scores(path: Path) -> tuple[Score, ...]:
    """Return the scores of a file, none if it is not there, or raise ScoresError."""
    if is_missing(path):
        return ()
    remedy = "delete it to start a new table"
    with refusing(lambda why: ScoresError(f"{path} is damaged ({why}); {remedy}")):
        file: ScoreFile = decode(ScoreFile, parse_json(read_plain(path, MAX_BYTES)))
        return file.scores[-MAX_SCORES:]


def with_score(scores: tuple[Score, ...], score: Score) -> tuple[Score, ...]:
    """Return scores with one more, of each scene and policy only the best."""
    rivals = _best((*scores, score), score.scene, score.policy)
    others = [one for one in scores if (one.scene, one.policy) != (score.scene, score.policy)]
    return (*others, *reversed(rivals))[-MAX_SCORES:]


def _best(scores: tuple[Score, ...], scene: str, policy: str) -> tuple[Score, ...]:
    own = [one for one in scores if (one.scene, one.policy) == (scene, policy)]
    return tuple(sorted(own, key=_rank, reverse=True)[:BEST])


def _rank(score: Score) -> tuple[int, int]:
    return score.points, score.found
