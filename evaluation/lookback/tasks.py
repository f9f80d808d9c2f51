"""The tasks of the benchmark: which scenes are looked at, and how the camera goes.

A task is a list of moves in degrees and metres. `legs` makes whole blocks of them, whatever a
world's rate, block and speed are; equal moves take equal blocks, so a way back ends bit-equal where
it began.
Scenes and paths follow from a secret that no participant is told.
"""

import hashlib
import hmac
import math
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice

import numpy as np

from mag_sandbox.controls.camera import AXES, WALK_AXES, CameraCommand, CameraPose, CameraSpeed
from mag_sandbox.controls.camera import move as move_camera
from mag_sandbox.evaluation.lookback.walk_scenes import has_parallax, hiding
from mag_sandbox.evaluation.quality.scenes import Leg, Phase, falls, moves_ahead
from mag_sandbox.files.yaml_files import not_found
from mag_sandbox.model.world import WorldSpec
from mag_sandbox.renderer.render import category_of, lay_out
from mag_sandbox.renderer.scene import Layout

BENCHMARK = "lookback 8"  # results of another version are not to be compared
VERSIONS = (*(f"lookback {one}" for one in range(3, 8)), BENCHMARK)  # whose results are read
PAN, TILT, ZOOM = 40.0, 15.0, 20.0  # degrees a second, where a world is as quick
PACE = 1.4  # metres a second, likewise
WAY = 150.0  # degrees of the way out: what no view of its end shows is most of it
CLEAR = 90.0  # degrees beyond it, where nothing of it is seen
HOLD = 0.5  # s that the camera rests before it comes back
DETOUR = 50.0, 80.0  # degrees to the left, seen before the way out and never asked for
SLOWER = 1.1, 1.5  # times as long as the way out: so its poses lie between those that were shown
WALKED = 1.4, 1.9  # metres ahead
SIDE = 4.0  # metres of a square
ASIDE = 1.2, 1.6  # metres to where a hidden thing is seen
PLACED = 40.0, 100.0  # degrees of the way to where an object is placed
PLACING = 4.0  # s that a world has to show it
PRIVATE = 2**32  # first scene; training draws none beyond
SECRET_BYTES = 16  # of a secret that is drawn for a run
# of the secret by which rows of the leaderboard are decided
COMMITTED = "a1fa560883f93f26c393fae96feed65ef2275960e2d2f29fa8c2b8bacd266b50"
# of the tour's 64 places: between columns, how many, rows, how much closer every second one is
STRIDE, COLUMNS, CLOSER = 10.0, 4, 25.0
ROWS = (-18.0, -13.5, -9.0, -4.5, 0.0, 4.5, 9.0, 13.5)
# attributes of scenes in which things stand in rows, all alike
REPEATING = {
    "backdrop": ("arches", "columns", "panels", "rings", "circles"),
    "floor": ("checkered",),
    "wall_pattern": ("panels", "wide stripes"),
}


@dataclass(frozen=True, slots=True)
class Move:
    """One stretch of the path."""

    phase: Phase
    yaw: float = 0.0  # degrees to the right
    pitch: float = 0.0  # degrees up
    zoom: float = 0.0  # degrees by which the view narrows
    forward: float = 0.0  # metres to where the camera looks
    right: float = 0.0  # metres to the right of that
    seconds: float = 0.0  # of rest, where nothing moves

    def back(self, phase: Phase) -> "Move":
        """Return the same way in the other direction."""
        return replace(
            self, phase=phase, yaw=-self.yaw, pitch=-self.pitch, zoom=-self.zoom,
            forward=-self.forward, right=-self.right,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReturnTask:
    """A task; see docs/benchmark.md for its purpose."""

    name: str
    path: Callable[["Round", np.random.Generator], list[Move]]
    shown: bool = False  # a detour and the way out are given, frame by frame: tasks of the score
    first: float = 0.0  # s that the first view is given before, for what moves in it to be seen
    moving: bool = False  # scenes in whose first view something moves
    repeating: bool = False  # scenes in which things repeat
    prompted: bool = False  # another place is described on the way out
    carried: bool = False  # another instance continues from a snapshot
    zoomed: bool = False  # the camera zooms on the way
    edited: bool = False  # an object is placed before the camera leaves
    walks: bool = False  # the player walks through a scene of which the first view is given
    reveals: bool = False  # to where a thing is seen that the first view hides

    @property
    def true(self) -> bool:
        """Whether views are compared with the renderer's; else with the world's own."""
        return self.shown or self.moving

    @property
    def twinned(self) -> bool:
        """Whether an unseen twin says what takes no memory."""
        return self.reveals or not (self.moving or self.prompted or self.edited or self.walks)

    def suits(self, spec: WorldSpec, able: Collection[str]) -> bool:
        """Tell whether a world can do it, by its camera and its abilities."""
        wanted = {"shown": self.shown, "prompted": self.prompted, "carried": self.carried}
        return all(name in able for name, needed in wanted.items() if needed) and (
            (not self.zoomed or "zoom" in spec.axes)
            and (not self.edited or bool(spec.kinds))
            and (not self.walks or set(WALK_AXES) <= set(spec.axes))
        )


@dataclass(frozen=True, slots=True)
class Round:
    """A task in a preset, with its number of scenes and its length."""

    task: str
    clips: int
    places: int = 0  # looked at before the way back, or rested as long as that takes
    away: float = 0.0  # s at rest between the two


def _way(out: Sequence[Move], *between: Move, slower: float = 1.0) -> list[Move]:
    back = [replace(one.back("back"), seconds=slower * _lasts(one)) for one in reversed(out)]
    return [*out, *between, Move("hold", seconds=HOLD), *back]


def _return(_asked: Round, _rng: np.random.Generator) -> list[Move]:
    return _way([Move("out", yaw=WAY)])


def _given(_asked: Round, rng: np.random.Generator) -> list[Move]:
    return _way([Move("out", yaw=WAY)], slower=rng.uniform(*SLOWER))


def _hold(asked: Round, rng: np.random.Generator) -> list[Move]:
    """Rest for as long as the tour of the same scene takes, move by move, in whole blocks."""
    slower, tour = rng.uniform(*SLOWER), _toured(asked.places, rng)
    rests = (Move("away", seconds=_lasts(move)) for move in tour)
    return _way([Move("out", yaw=WAY)], *rests, slower=slower)


def _tour(asked: Round, rng: np.random.Generator) -> list[Move]:
    slower, tour = rng.uniform(*SLOWER), _toured(asked.places, rng)
    return _way([Move("out", yaw=WAY)], *tour, slower=slower)


def _toured(places: int, rng: np.random.Generator) -> list[Move]:
    """Look at `places` places, drawn by lot, that show nothing of the way out."""
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
    ways = ((move.yaw, PAN), (move.pitch, TILT), (move.zoom, ZOOM), (move.forward, PACE),
            (move.right, PACE))  # fmt: skip
    return max([move.seconds, *(abs(way) / usual for way, usual in ways)])


def _lattice_way(here: tuple[int, int, int], there: tuple[int, int, int]) -> list[Move]:
    rise = ROWS[1] - ROWS[0]
    steps = (Move("away", yaw=STRIDE), Move("away", pitch=rise), Move("away", zoom=CLOSER))
    moves = []
    for step, start, end in zip(steps, here, there, strict=True):
        moves += [step if end > start else step.back("away")] * abs(end - start)
    return moves


def _diagonal(_asked: Round, rng: np.random.Generator) -> list[Move]:
    out = Move("out", yaw=WAY, pitch=float(rng.choice((-18.0, 18.0))))
    return _way([out], slower=rng.uniform(*SLOWER))


def _zoom(_asked: Round, rng: np.random.Generator) -> list[Move]:
    out = [Move("out", yaw=WAY), Move("out", zoom=CLOSER)]
    return _way(out, slower=rng.uniform(*SLOWER))


def _edited(_asked: Round, rng: np.random.Generator) -> list[Move]:
    away = Move("away", yaw=CLEAR)
    place = Move("place", seconds=PLACING)
    out = Move("out", yaw=rng.uniform(*PLACED))
    rest = Move("back", seconds=HOLD)
    return [out, place, away, Move("hold", seconds=HOLD), away.back("away"), rest]


def _change(asked: Round, _rng: np.random.Generator) -> list[Move]:
    out = Move("out", yaw=WAY)
    rest = Move("away", seconds=asked.away)
    return [out, rest, out.back("away"), Move("back", seconds=1.5)]


def _walk(_asked: Round, rng: np.random.Generator) -> list[Move]:
    """Walk ahead, turn away until nothing of the first view is seen, turn back and walk back."""
    out, aside = Move("out", forward=rng.uniform(*WALKED)), Move("away", yaw=WAY)
    rest = Move("hold", seconds=HOLD)
    return [out, aside, rest, aside.back("back"), out.back("back"), replace(rest, phase="back")]


def _loop(_asked: Round, _rng: np.random.Generator) -> list[Move]:
    """Walk twice around a square that lies ahead, looking along each side."""
    side, turn = Move("out", forward=SIDE), Move("out", yaw=45.0)
    left = [turn.back("out")] * 2
    lap = [turn, *[side, *left] * 3, side, *[turn] * 5]  # as much to the right as to the left
    return [*lap, Move("hold", seconds=HOLD), *(replace(one, phase="back") for one in lap)]


def _past(_asked: Round, rng: np.random.Generator) -> list[Move]:
    """Walk to the side, where a hidden thing is seen, back to where it is not, and there again."""
    out = Move("out", right=float(rng.choice((-1.0, 1.0)) * rng.uniform(*ASIDE)))
    rest = Move("out", seconds=HOLD)
    away = [out.back("away"), Move("hold", seconds=HOLD)]
    return [out, rest, *away, replace(out, phase="back"), replace(rest, phase="back")]


TASKS = {
    task.name: task
    for task in (
        ReturnTask("given", _given, shown=True),
        ReturnTask("hold", _hold, shown=True),
        ReturnTask("tour", _tour, shown=True),
        ReturnTask("diagonal", _diagonal, shown=True),
        ReturnTask("zoom", _zoom, shown=True, zoomed=True),
        ReturnTask("repeats", _given, shown=True, repeating=True),
        ReturnTask("moved", _given, shown=True, carried=True),
        ReturnTask("edited", _edited, edited=True),
        ReturnTask("return", _return),
        ReturnTask("prompt", _return, prompted=True),
        ReturnTask("change", _change, first=2.0, moving=True),
        ReturnTask("walk", _walk, walks=True),
        ReturnTask("loop", _loop, walks=True),
        ReturnTask("past", _past, walks=True, reveals=True),
    )
}

PRESETS: dict[str, tuple[Round, ...]] = {
    "quick": (
        Round("given", 4), Round("tour", 2, 2), Round("moved", 1), Round("edited", 2),
        Round("return", 2), Round("walk", 2), Round("loop", 1), Round("past", 1),
    ),
    "full": (
        Round("given", 32), Round("hold", 32, 4), Round("tour", 32, 4), Round("diagonal", 32),
        Round("zoom", 32), Round("repeats", 32), Round("moved", 8), Round("edited", 32),
        Round("return", 32), Round("prompt", 32), Round("change", 32, away=4.0),
        Round("walk", 32), Round("loop", 32), Round("past", 32),
    ),
    "long": (
        Round("tour", 4, 8), Round("tour", 4, 16), Round("tour", 2, 64), Round("tour", 1, 1280),
    ),
}  # fmt: skip


# the score is the mean over their clips
SCORED = frozenset(task.name for task in TASKS.values() if task.shown)
RECALLED = SCORED - {"moved"}  # of which half-life is fitted
STRAIGHT = "given"  # away and straight back, beside which others tell how much is forgotten


@dataclass(frozen=True, slots=True)
class SceneSplit:
    """Which scenes are played, and how the camera goes: both follow from a secret.

    No rule can know them; anyone given the secret afterwards can play them again.
    """

    secret: bytes = field(
        default_factory=lambda: os.urandom(SECRET_BYTES).hex().encode(), repr=False
    )
    private: bool = False  # results tell only its hash
    seed: int = 0

    @property
    def digest(self) -> str | None:
        """The commitment to a private secret; None: it is not private."""
        return hashlib.sha256(self.secret).hexdigest() if self.private else None

    def drawn(self, what: str, index: int) -> int:
        """Return 48 bits that only the secret tells."""
        text = f"{BENCHMARK} {self.seed} {what} {index}"
        return int.from_bytes(hmac.digest(self.secret, text.encode(), "sha256")[:6], "big")

    def scene(self, index: int) -> int:
        """Return the renderer's seed of a scene."""
        return PRIVATE + self.drawn("scene", index)


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """One clip: a task on a scene, not yet drawn."""

    round: Round
    index: int  # of the scene in its split; also the seed of the world's noise
    scene: int  # the renderer's seed
    category: str
    private: bool
    lot: int = 0  # the seed of all that is drawn by lot, the same for a scene in all its tasks
    unseen: bool = False  # the clip of the twin

    @property
    def task(self) -> ReturnTask:
        """The moves of the clip."""
        return TASKS[self.round.task]

    @property
    def key(self) -> str:
        """Name of its row, of its files, and of what a world is told to begin."""
        places = f"-{self.round.places}" if self.round.places else ""
        twin = "-unseen" if self.unseen else ""
        return f"{self.round.task}{places}{twin}-{self.index:03d}"

    @property
    def clip(self) -> str:
        """The name of its scene: the same in all tasks that play it."""
        return f"{self.category} {self.index}"

    @property
    def twin(self) -> "ClipPlan":
        """The same for an instance that is shown other views than the compared ones."""
        return replace(self, unseen=True)

    @property
    def shown(self) -> tuple[Phase, ...]:
        """Phases that are given, if the world can be shown frames; they come first."""
        if self.task.shown:
            return ("before",) if self.unseen else ("before", "out")
        return ("start",) if self.task.first else ()

    def moves(self) -> list[Move]:
        """Return the path; it begins at rest if the first view is given for a while."""
        rng = np.random.default_rng(self.lot)
        moves = self.task.path(self.round, rng)
        aside = Move("before", yaw=-rng.uniform(*DETOUR))
        if self.unseen:  # straight to the poses that are compared
            wanted = ("out", "back") if self.task.shown else ("out",)
            moves = [one for one in moves if one.phase in wanted]
        if self.task.first:
            return [Move("start", seconds=self.task.first), *moves]
        both = [aside, aside.back("before")]
        return [*both, *moves] if self.task.shown or self.unseen else moves


def plan(
    preset: str, split: SceneSplit, clips: int | None = None, tasks: Collection[str] = ()
) -> list[ClipPlan]:
    """Return a preset's clips, at most `clips` a round; raise ValueError for unknown names."""
    if preset not in PRESETS:
        raise ValueError(not_found("preset", preset, tuple(PRESETS)))
    known = dict.fromkeys(asked.task for asked in PRESETS[preset])
    for name in tasks:
        if name not in known:
            raise ValueError(not_found(f"task of preset {preset}", name, known))
    found: list[ClipPlan] = []
    for asked in PRESETS[preset]:
        if tasks and asked.task not in tasks:
            continue
        most = asked.clips if clips is None else min(clips, asked.clips)
        found += islice(_clips(asked, split), most)
    return found


def legs(moves: Sequence[Move], spec: WorldSpec) -> list[Leg]:
    """Return a path in whole blocks of a world.

    A move too quick for its camera takes longer; where it cannot turn so, it rests meanwhile.
    """
    full = spec.full_speed
    most = {"yaw": full.yaw, "pitch": full.pitch, "zoom": full.zoom,
            "forward": full.walk, "right": full.walk}  # fmt: skip
    made = []
    for move in moves:
        ways = {
            "yaw": (move.yaw, PAN), "pitch": (move.pitch, TILT), "zoom": (move.zoom, ZOOM),
            "forward": (move.forward, PACE), "right": (move.right, PACE),
        }  # fmt: skip
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


def _clips(asked: Round, split: SceneSplit) -> Iterator[ClipPlan]:
    """Yield clips on scenes that suit the task, categories in turn; most tasks have the same."""
    for index in count():
        scene, category = split.scene(index), category_of(index)
        lot = split.drawn("lot", index)
        clip = ClipPlan(asked, index, scene, category, split.private, lot)
        if _suits(clip):
            yield clip


def _suits(clip: ClipPlan) -> bool:
    task = clip.task
    if task.walks:
        return walk_layout(clip) is not None
    layout = lay_out(clip.category, clip.scene)
    return not (
        falls(layout)
        or (task.moving and not moves_ahead(layout))
        or (task.repeating and not _has(layout.attributes, REPEATING))
    )


def walk_layout(clip: ClipPlan) -> Layout | None:
    """Return the scene of a walk; None: there is no such walk in it."""
    way = _way_of(clip)
    if clip.task.reveals:
        return hiding(clip.category, clip.scene, way, clip.lot)
    layout = lay_out(clip.category, clip.scene)
    return layout if not falls(layout) and has_parallax(layout, way) else None


def _way_of(clip: ClipPlan) -> list[tuple[float, float]]:
    """Return positions along the way out [m]."""
    spec = WorldSpec("", 0, 0, 4.0, 1, CameraSpeed(PAN, TILT, walk=PACE), (), AXES)
    pose, way = CameraPose(), []
    for leg in legs([one for one in clip.moves() if one.phase == "out"], spec):
        poses = move_camera(pose, leg.command, spec.full_speed, spec.fps, leg.blocks)
        pose = poses[-1]
        way += [(one.x, one.z) for one in poses]
    return list(dict.fromkeys(way))


def _has(attributes: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> bool:
    return any(attributes.get(name) in values for name, values in wanted.items())
