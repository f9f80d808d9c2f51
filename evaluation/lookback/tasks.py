"""The tasks of the benchmark: which scenes are looked at, and how the camera goes.

A task is a list of moves in degrees. `legs` makes whole blocks of them, whatever a world's rate,
block and speed are; equal moves take equal blocks, so a way back ends bit-equal where it began.
Which scenes are played follows from a seed, or from a secret of which only a hash is known.
"""

import hashlib
import hmac
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

import numpy as np

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.evaluation.bench.clips import SCENES_PER_SEED, Leg, Phase
from mag_sandbox.files.yaml_files import not_found
from mag_sandbox.model.world import WorldSpec
from mag_sandbox.training.panorama.render import CATEGORIES, HELD_OUT, described

BENCHMARK = "lookback 2"  # results of another protocol are not to be compared
PAN, TILT, ZOOM = 40.0, 15.0, 20.0  # degrees a second, where a world is as quick
WAY = 150.0  # degrees of the way out: what no view of its end shows is most of it
CLEAR = 90.0  # degrees beyond it, where nothing of it is seen
HOLD = 0.5  # s that the camera rests before it comes back
FIRST_INDEX = 7_000  # of scenes played here; other benches play others of the same seed
PRIVATE = 2**32  # first scene of private splits
# of the secret by which rows of the leaderboard are decided
COMMITTED = "e74e07e6a49d6d3384cf0eef8bd059ccae08cbc11c02670841c497b9b04bdcc7"
# of the tour's 64 places: between columns, how many, rows, how much closer every second one is
STRIDE, COLUMNS, CLOSER = 10.0, 4, 25.0
ROWS = (-18.0, -13.5, -9.0, -4.5, 0.0, 4.5, 9.0, 13.5)
# attributes of scenes: things that stand in rows, all alike
REPEATING = {
    "backdrop": ("arches", "columns", "panels", "rings", "circles"),
    "floor": ("checkered",),
}
# what moves wherever one looks, by more than a codec loses; lamps flicker by less
MOVING = {"weather": ("clear", "cloudy", "rainy", "snowy")}
LIVELY = "creature"  # whatever it is


@dataclass(frozen=True, slots=True)
class Move:
    """One stretch of the path."""

    phase: Phase
    yaw: float = 0.0  # degrees to the right
    pitch: float = 0.0  # degrees up
    zoom: float = 0.0  # degrees by which the view narrows
    seconds: float = 0.0  # of rest, where nothing moves

    def back(self, phase: Phase) -> "Move":
        """Return the same way in the other direction."""
        return replace(self, phase=phase, yaw=-self.yaw, pitch=-self.pitch, zoom=-self.zoom)


@dataclass(frozen=True, slots=True)
class ReturnTask:
    """What is asked; see docs/benchmark.md for why."""

    name: str
    path: Callable[["Round", np.random.Generator], list[Move]]
    shown: bool = False  # all before the way back is given, frame by frame
    first: float = 0.0  # s that the first view is given before, for what moves in it to be seen
    moving: bool = False  # scenes in whose first view something moves
    repeating: bool = False  # scenes in which things repeat
    prompted: bool = False  # another place is described on the way out
    carried: bool = False  # a snapshot goes on in a world that saw nothing
    zoomed: bool = False  # the camera zooms on the way

    @property
    def core(self) -> bool:
        """Whether every world with a camera that turns can do it: only such tasks are the score."""
        return not (self.shown or self.prompted or self.carried or self.zoomed)

    @property
    def true(self) -> bool:
        """Whether views are compared with the renderer's; else with the way out."""
        return self.shown or self.moving

    @property
    def returns(self) -> bool:
        """Whether it asks for the world's own pictures again, as half-life does."""
        return self.core and not self.moving

    def suits(self, spec: WorldSpec, able: Collection[str]) -> bool:
        """Tell whether a world can do it, by its camera and its abilities."""
        wanted = {"shown": self.shown, "prompted": self.prompted, "carried": self.carried}
        return all(name in able for name, needed in wanted.items() if needed) and (
            not self.zoomed or "zoom" in spec.axes
        )


@dataclass(frozen=True, slots=True)
class Round:
    """A task in a preset: on so many scenes, for so long."""

    task: str
    clips: int
    places: int = 0  # looked at before the way back, or rested as long as that takes
    away: float = 0.0  # s at rest between the two


def _out_and_back(*between: Move) -> list[Move]:
    out = Move("out", yaw=WAY)
    return [out, *between, Move("hold", seconds=HOLD), out.back("back")]


def _return(_asked: Round, _rng: np.random.Generator) -> list[Move]:
    return _out_and_back()


def _given(_asked: Round, _rng: np.random.Generator) -> list[Move]:
    """Rest so long that three quarters have passed when the way back begins, as in MAG-Bench."""
    out = Move("out", yaw=WAY)
    return [out, Move("hold", seconds=2 * _lasts(out)), out.back("back")]


def _hold(asked: Round, rng: np.random.Generator) -> list[Move]:
    """Rest for as long as the tour of the same scene takes, move by move: each is whole blocks."""
    tour = _toured(asked.places, rng)
    return _out_and_back(*(Move("away", seconds=_lasts(move)) for move in tour))


def _tour(asked: Round, rng: np.random.Generator) -> list[Move]:
    return _out_and_back(*_toured(asked.places, rng))


def _toured(places: int, rng: np.random.Generator) -> list[Move]:
    """Look at so many places, drawn by lot, that show nothing of the way out."""
    across = Move("away", yaw=CLEAR)
    begin = here = 0, ROWS.index(0.0), 0
    moves = [across]
    for _ in range(places):
        there = here
        while there == here:
            there = int(rng.integers(COLUMNS)), int(rng.integers(len(ROWS))), int(rng.integers(2))
        moves += [*_lattice_way(here, there), Move("away", seconds=0.25)]
        here = there
    return [*moves, *_lattice_way(here, begin), across.back("away")]


def _lasts(move: Move) -> float:
    """Return the seconds that a move takes at the usual speed."""
    ways = ((move.yaw, PAN), (move.pitch, TILT), (move.zoom, ZOOM))
    return max([move.seconds, *(abs(way) / usual for way, usual in ways)])


def _lattice_way(here: tuple[int, int, int], there: tuple[int, int, int]) -> list[Move]:
    """Return steps of equal size along one axis after the other."""
    rise = ROWS[1] - ROWS[0]
    steps = (Move("away", yaw=STRIDE), Move("away", pitch=rise), Move("away", zoom=CLOSER))
    moves = []
    for step, start, end in zip(steps, here, there, strict=True):
        moves += [step if end > start else step.back("away")] * abs(end - start)
    return moves


def _diagonal(_asked: Round, rng: np.random.Generator) -> list[Move]:
    out = Move("out", yaw=WAY, pitch=float(rng.choice((-18.0, 18.0))))
    return [out, Move("hold", seconds=HOLD), out.back("back")]


def _zoom(_asked: Round, _rng: np.random.Generator) -> list[Move]:
    out, closer = Move("out", yaw=WAY), Move("out", zoom=CLOSER)
    hold = Move("hold", seconds=HOLD)
    return [out, closer, hold, closer.back("back"), out.back("back")]


def _interrupted(asked: Round, _rng: np.random.Generator) -> list[Move]:
    """Turn round before the first view is there, and come back in the end."""
    part = Move("away", yaw=WAY / 3)
    return _out_and_back(part.back("away"), part, Move("away", seconds=asked.away))


def _change(asked: Round, _rng: np.random.Generator) -> list[Move]:
    """Come back to what moved on meanwhile, and watch it."""
    out = Move("out", yaw=WAY)
    rest = Move("away", seconds=asked.away)
    return [out, rest, out.back("away"), Move("back", seconds=1.5)]


TASKS = {
    task.name: task
    for task in (
        ReturnTask("return", _return),
        ReturnTask("given", _given, shown=True),
        ReturnTask("hold", _hold),
        ReturnTask("tour", _tour),
        ReturnTask("diagonal", _diagonal),
        ReturnTask("zoom", _zoom, zoomed=True),
        ReturnTask("interrupted", _interrupted),
        ReturnTask("repeats", _return, repeating=True),
        ReturnTask("change", _change, first=2.0, moving=True),
        ReturnTask("prompt", _return, prompted=True),
        ReturnTask("moved", _return, carried=True),
    )
}

PRESETS: dict[str, tuple[Round, ...]] = {
    "quick": (
        Round("return", 4), Round("given", 1), Round("tour", 1, 1), Round("change", 1, away=2.0),
    ),
    "full": (
        Round("return", 32), Round("given", 32), Round("hold", 32, 4), Round("tour", 32, 4),
        Round("diagonal", 32), Round("zoom", 32), Round("interrupted", 32, away=2.0),
        Round("repeats", 32), Round("change", 32, away=4.0), Round("prompt", 32),
        Round("moved", 8),
    ),
    "long": (
        Round("tour", 4, 8), Round("tour", 4, 16), Round("tour", 2, 64), Round("tour", 1, 1280),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SceneSplit:
    """Which scenes are played: those of a seed, or those of a secret."""

    seed: int = 0
    secret: bytes | None = None

    @property
    def digest(self) -> str | None:
        """What commits to the secret; None: there is none."""
        return None if self.secret is None else hashlib.sha256(self.secret).hexdigest()

    def scene(self, index: int) -> int:
        """Return the renderer's seed of a scene."""
        if self.secret is None:
            return HELD_OUT + self.seed * SCENES_PER_SEED + FIRST_INDEX + index
        drawn = hmac.digest(self.secret, f"{BENCHMARK} {self.seed} {index}".encode(), "sha256")
        return PRIVATE + int.from_bytes(drawn[:6], "big")


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """One clip: a task on a scene, not yet drawn."""

    round: Round
    index: int  # of the scene in its split; also the seed of the world's noise and of lots drawn
    scene: int  # the renderer's seed
    category: str
    private: bool

    @property
    def task(self) -> ReturnTask:
        """What is asked."""
        return TASKS[self.round.task]

    @property
    def key(self) -> str:
        """Name of its row, of its files, and of what a world is told to begin."""
        places = f"-{self.round.places}" if self.round.places else ""
        return f"{self.round.task}{places}-{self.index:03d}"

    @property
    def clip(self) -> str:
        """What its scene is called: the same in all tasks that play it."""
        return f"{self.category} {self.index}"

    def moves(self) -> list[Move]:
        """Return the path; it begins at rest if the first view is given for a while."""
        first = [Move("start", seconds=self.task.first)] if self.task.first else []
        return [*first, *self.task.path(self.round, np.random.default_rng(self.index))]


def plan(
    preset: str, split: SceneSplit, clips: int | None = None, tasks: Collection[str] = ()
) -> list[ClipPlan]:
    """Return the clips of a preset: of all its tasks or only some, at most `clips` of each round.

    Raises:
        ValueError: there is no such preset, or it has no such task.
    """
    if preset not in PRESETS:
        raise ValueError(not_found("preset", preset, tuple(PRESETS)))
    known = dict.fromkeys(asked.task for asked in PRESETS[preset])
    for name in tasks:
        if name not in known:
            raise ValueError(not_found(f"task of preset {preset}", name, known))
    found = []
    for asked in PRESETS[preset]:
        if tasks and asked.task not in tasks:
            continue
        most = asked.clips if clips is None else min(clips, asked.clips)
        for index, scene in islice(_scenes(TASKS[asked.task], split), most):
            category = category_of(index)
            found.append(ClipPlan(asked, index, scene, category, private=split.secret is not None))
    return sorted(found, key=lambda one: one.index)  # a scene is drawn once for all its tasks


def legs(moves: Sequence[Move], spec: WorldSpec) -> list[Leg]:
    """Return a path in whole blocks of a world.

    A move too quick for its camera takes longer; where it cannot turn so, it rests meanwhile.
    """
    full = spec.full_speed
    most = {"yaw": full.yaw, "pitch": full.pitch, "zoom": full.zoom}
    made = []
    for move in moves:
        ways = {"yaw": (move.yaw, PAN), "pitch": (move.pitch, TILT), "zoom": (move.zoom, ZOOM)}
        able = {name: one for name, one in ways.items() if one[0] and name in spec.axes}
        seconds = max(
            [
                _lasts(move),
                *(abs(way) / min(usual, most[name]) for name, (way, usual) in able.items()),
            ]
        )
        blocks = max(1, math.ceil(seconds / spec.block_seconds - 1e-6))
        lasts = blocks * spec.block_seconds
        parts = {name: way / (lasts * most[name]) for name, (way, _) in able.items()}
        made.append(Leg(move.phase, CameraCommand(**parts), blocks))
    return made


def _scenes(task: ReturnTask, split: SceneSplit) -> Iterator[tuple[int, int]]:
    """Yield index and seed of scenes, categories in turn; tasks that ask nothing have the same."""
    for index in count():
        scene = split.scene(index)
        attributes = described(category_of(index), scene).attributes
        lively = attributes.get(LIVELY, "none") != "none" or _has(attributes, MOVING)
        if (lively or not task.moving) and (_has(attributes, REPEATING) or not task.repeating):
            yield index, scene


def category_of(index: int) -> str:
    """Return the category of a scene; they take turns."""
    return list(CATEGORIES)[index % len(CATEGORIES)]


def _has(attributes: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> bool:
    return any(attributes.get(name) in values for name, values in wanted.items())
