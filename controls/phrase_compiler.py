"""Camera commands in words: as sentences of the prompt, for worlds that are steered by text alone.

There are finitely many sentences, so the prompts of a scene can be encoded beforehand.
`PhraseSmoother` keeps one sentence in force while keys jitter. `camera_phrase` is a shorter phrase
for people.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from mag_sandbox.controls.camera import AXES, LOOK_AXES, WALK_AXES, Axis, CameraCommand

Direction = Literal[-1, 0, 1]
Pace = Literal["slow", "steady", "fast"]
PACES: tuple[Pace, ...] = get_args(Pace)
AT_REST = 0.05  # fraction of full speed below which an axis is at rest
STEADY, FAST = 0.4, 0.8  # fractions of full speed from which a pace begins
BAND = 0.125  # by which a speed must pass a border before the pace changes
FOLLOW = 0.6  # share of the way that a direction's drive goes in a block
START, STOP = 0.5, 0.2  # drives from which an axis moves (one block is enough), and rests again
QUICKEN = 0.4  # share of the way that the speed goes in a block
MOVES: dict[tuple[Axis, int], str] = {
    ("yaw", 1): "pans to the right",
    ("yaw", -1): "pans to the left",
    ("pitch", 1): "tilts up",
    ("pitch", -1): "tilts down",
    ("zoom", 1): "zooms in",
    ("zoom", -1): "zooms out",
    ("forward", 1): "moves forward",
    ("forward", -1): "moves backward",
    ("right", 1): "moves to the right",
    ("right", -1): "moves to the left",
}
WITH_WALK: tuple[Axis, ...] = ("yaw",)  # axes that a sentence names beside one of `WALK_AXES`
ADVERBS: dict[Pace, str] = {"slow": "slowly ", "steady": "", "fast": "quickly "}
HOLD = "The camera stays completely still."
SLOW = 0.5  # commands below this fraction of full speed are called slow
STILL = "camera stays still"


def camera_phrase(command: CameraCommand) -> str:
    """Return the phrase of a command: "camera pans right", "camera tilts up slowly"."""
    moves = [
        _move(command.yaw, "pans right", "pans left"),
        _move(command.pitch, "tilts up", "tilts down"),
        _move(command.zoom, "zooms in", "zooms out"),
        _move(command.forward, "walks forward", "walks back"),
        _move(command.right, "walks right", "walks left"),
    ]
    said = [move for move in moves if move]
    return "camera " + " and ".join(said) if said else STILL


def _move(value: float, forward: str, backward: str) -> str:
    if value == 0.0:
        return ""
    words = forward if value > 0 else backward
    return words if abs(value) >= SLOW else f"{words} slowly"


@dataclass(frozen=True, slots=True)
class CameraMotion:
    """A camera motion in words: a direction on each axis, and one pace for all.

    Of a walk it names one direction and no axis but those of `WITH_WALK`: every sentence of a scene
    is encoded beforehand, so there are few.
    """

    yaw: Direction = 0
    pitch: Direction = 0
    zoom: Direction = 0
    pace: Pace = "steady"  # always so where nothing moves
    forward: Direction = 0
    right: Direction = 0

    def __post_init__(self) -> None:
        if any(direction not in (-1, 0, 1) for direction in self.directions):
            raise ValueError(f"camera directions are {self.directions}, expected -1, 0 or 1")
        if not _is_said(self.directions):
            raise ValueError(f"no sentence has the camera directions {self.directions} together")
        if self.pace not in (PACES if any(self.directions) else ("steady",)):
            raise ValueError(f'pace is "{self.pace}", expected {", ".join(PACES)}; still: steady')

    @property
    def directions(self) -> tuple[Direction, ...]:
        """One for each of AXES."""
        return self.yaw, self.pitch, self.zoom, self.forward, self.right

    @property
    def phrase(self) -> str:
        """The sentence: "The camera slowly pans to the left and tilts up."."""
        ways = dict(zip(AXES, self.directions, strict=True))
        moves = [MOVES[axis, ways[axis]] for axis in (*WALK_AXES, *LOOK_AXES) if ways[axis]]
        if not moves:
            return HOLD
        said = " and ".join([", ".join(moves[:-1]), moves[-1]] if moves[1:] else moves)
        return f"The camera {ADVERBS[self.pace]}{said}."


def _is_said(directions: Sequence[int]) -> bool:
    """Tell whether a sentence has these directions of AXES."""
    moving = {axis for axis, way in zip(AXES, directions, strict=True) if way}
    walking = moving.intersection(WALK_AXES)
    return not walking or (len(walking) == 1 and moving.difference(walking) <= set(WITH_WALK))


def all_motions(axes: Iterable[Axis] = LOOK_AXES) -> tuple[CameraMotion, ...]:
    """Return all motions, simplest first: 115 for all axes, 79 for three, 25 for two."""
    moving = set(axes)
    ways = itertools.product(*((0, 1, -1) if axis in moving else (0,) for axis in AXES))
    simplest_first = sorted(filter(_is_said, ways), key=lambda way: sum(map(abs, way)))
    directions = [tuple(map(_sign, way)) for way in simplest_first]
    return tuple(dict.fromkeys(_motion(way, pace) for way in directions for pace in PACES))


def all_phrases(axes: Iterable[Axis] = LOOK_AXES) -> tuple[str, ...]:
    """Return all sentences, simplest first; see `all_motions`."""
    return tuple(motion.phrase for motion in all_motions(axes))


def compose(prompt: str, phrase: str) -> str:
    """Return a scene's prompt with a sentence on the camera at its end."""
    scene = prompt.strip()
    if not scene:
        return phrase
    return f"{scene} {phrase}" if scene.endswith((".", "!", "?", '"')) else f"{scene}. {phrase}"


def scene_prompts(prompt: str, axes: Iterable[Axis] = LOOK_AXES) -> tuple[str, ...]:
    """Return all prompts of a scene for a text encoder, simplest first."""
    return tuple(compose(prompt, phrase) for phrase in all_phrases(axes))


@dataclass(frozen=True, slots=True)
class PhraseSmoother:
    """The active sentence, and when another replaces it; immutable.

    The first block of a command from rest takes effect at once; letting go and turning round take
    two blocks. Commands that alternate block by block settle on one sentence.

    >>> smoother = PhraseSmoother()
    >>> smoother = smoother.after(CameraCommand(yaw=-1.0))  # once a block
    >>> smoother.motion.phrase
    'The camera quickly pans to the left.'
    """

    motion: CameraMotion = CameraMotion()
    drives: tuple[float, ...] = (0.0,) * len(AXES)  # of AXES, in [-1, 1]
    speed: float = 0.0  # smoothed, of blocks in which the camera was steered; 0 at rest

    def __post_init__(self) -> None:
        if len(self.drives) == len(LOOK_AXES):  # of a recording from before cameras walked
            object.__setattr__(self, "drives", (*self.drives, *(0.0 for _ in WALK_AXES)))
        if len(self.drives) != len(AXES):
            raise ValueError(f"drives are {self.drives}, expected {len(AXES)} numbers")

    def after(self, command: CameraCommand) -> "PhraseSmoother":
        """Return the smoother after one more block's command."""
        wanted = [_sign(getattr(command, axis)) for axis in AXES]
        drives = tuple(
            drive + FOLLOW * (sign - drive) for drive, sign in zip(self.drives, wanted, strict=True)
        )
        directions = _said_alone(
            [
                self._direction(old, drive)
                for old, drive in zip(self.motion.directions, drives, strict=True)
            ],
            drives,
        )
        if not any(directions):
            return replace(self, motion=CameraMotion(), drives=drives, speed=0.0)
        speed, heard = self.speed, _speed(command)
        if heard:
            speed = speed + QUICKEN * (heard - speed) if speed else heard
        motion = _motion(directions, self._pace(speed))
        return replace(self, motion=motion, drives=drives, speed=speed)

    def as_dict(self) -> dict[str, Any]:
        """Return the smoother as plain JSON."""
        return {**asdict(self), "drives": list(self.drives)}

    def _direction(self, old: Direction, drive: float) -> Direction:
        least = STOP if old * drive > 0 else START
        return _sign(drive) if abs(drive) >= least else 0

    def _pace(self, speed: float) -> Pace:
        resting = not any(self.motion.directions)
        place = PACES.index(self.motion.pace)
        reached = 0
        for border, bound in enumerate((STEADY, FAST)):
            band = 0.0 if resting else BAND
            reached += speed >= (bound - band if place > border else bound + band)
        return PACES[reached]


def _said_alone(directions: Sequence[Direction], drives: Sequence[float]) -> list[Direction]:
    """Return directions of AXES that a sentence has: of a walk the stronger one, and no tilt."""
    ways = dict(zip(AXES, directions, strict=True))
    walking = [axis for axis in WALK_AXES if ways[axis]]
    if walking:
        strength = dict(zip(AXES, map(abs, drives), strict=True))
        said = {max(walking, key=strength.__getitem__), *WITH_WALK}
        ways = {axis: way if axis in said else 0 for axis, way in ways.items()}
    return list(ways.values())


def _motion(directions: Sequence[Direction], pace: Pace) -> CameraMotion:
    yaw, pitch, zoom, forward, right = directions
    return CameraMotion(yaw, pitch, zoom, pace if any(directions) else "steady", forward, right)


def _speed(command: CameraCommand) -> float:
    speed = max(abs(getattr(command, axis)) for axis in AXES)
    return speed if speed >= AT_REST else 0.0


def _sign(value: float) -> Direction:
    if abs(value) < AT_REST:
        return 0
    return 1 if value > 0 else -1
