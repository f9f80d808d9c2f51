"""The language of demos: one step a line. Its table of commands is also the manual."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mag_sandbox.controls.camera import WALK_AXES, CameraCommand
from mag_sandbox.controls.edits import SPOT_ACTS
from mag_sandbox.files.validation import limits, quoted
from mag_sandbox.files.yaml_files import nearest
from mag_sandbox.scenes.demo.words import (
    MAX_REPEAT,
    ScriptError,
    Token,
    TokenReader,
    named,
    tokens_of,
)
from mag_sandbox.scenes.memory_limits import AttendedFrames, KeptMib, SinkFrames, WindowBlocks
from mag_sandbox.scenes.things import GROUND

AT = "at ANGLE [up|down ANGLE] [size WIDTH HEIGHT]"
MAX_DEPTH = 8  # nested repeats
MAX_STATEMENTS = 50_000
MOST_REAL = 25  # characters of a fraction of full speed

DEGREES = ("deg", "degree", "degrees", "°")
TIMES = {"s": 1, "sec": 1, "second": 1, "seconds": 1, "min": 60, "minute": 60, "minutes": 60}
METRES = ("m", "metre", "metres")
WAYS = ("forward", "back", "left", "right")
RATES = ("deg/s", "°/s", "degrees/s")
MEMORY_PARTS = {  # unit → the field of a memory setting
    "blocks": "window_blocks",
    "mib": "kept_mib",
    "attended": "attended_frames",
    "sinks": "sink_frames",
}
LIMITS = {  # field → least and most
    "window_blocks": limits(WindowBlocks),
    "kept_mib": limits(KeptMib),
    "attended_frames": limits(AttendedFrames),
    "sink_frames": limits(SinkFrames),
}


@dataclass(frozen=True, slots=True)
class Amount:
    """How far or how long, exactly as it was written."""

    value: Fraction
    unit: str  # "deg", "m" or "s"


@dataclass(frozen=True, slots=True)
class MemoryAsk:
    """A memory policy by name, with the limits that were named beside it."""

    policy: str
    kept_mib: int | None = None  # None: as before
    attended_frames: int | None = None
    window_blocks: int | None = None
    sink_frames: int | None = None

    def limits(self) -> dict[str, int]:
        """Return the limits that were named."""
        named = {name: getattr(self, name) for name in MEMORY_PARTS.values()}
        return {name: value for name, value in named.items() if value is not None}

    def __str__(self) -> str:
        units = {name: unit for unit, name in MEMORY_PARTS.items()}
        parts = [
            f"{value}MiB" if name == "kept_mib" else f"{value} {units[name]}"
            for name, value in self.limits().items()
        ]
        return " ".join((self.policy, *parts))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is to be changed, in degrees."""

    yaw: float
    pitch: float | None = None  # None: where such a thing usually is
    size: tuple[float, float] | None = None  # across and down; None: the usual one


@dataclass(frozen=True, slots=True)
class Statement:
    """One step of a script."""

    word: str  # of COMMANDS
    values: tuple[Any, ...]  # what its command reads
    line: int = 1
    column: int = 1
    body: tuple["Statement", ...] = ()  # of a repeat


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the language: how it is written, what it does, how it is read."""

    form: str
    meaning: str
    example: str
    read: Callable[["TokenReader"], tuple[Any, ...]]


def parse_script(text: str) -> tuple[Statement, ...]:
    """Read a script, or raise ScriptError with line, column and the nearest valid word."""
    reader = TokenReader(tokens_of(text))
    statements = _block(reader, 0)
    if not statements:
        raise ScriptError(1, 1, 'the script is empty; begin with "anchor a"')
    return statements


def parse_memory(text: str) -> MemoryAsk:
    """Read a memory policy with its limits, as after `memory`, or raise ScriptError."""
    reader = TokenReader(tokens_of(text))
    (ask,) = _read_memory(reader)
    if not reader.ends_here:
        raise reader.error(f'"{quoted(reader.next.text)}" is one word too many; name one policy')
    return ask


def _block(reader: TokenReader, depth: int) -> tuple[Statement, ...]:
    statements: list[Statement] = []
    while True:
        reader.skip_ends()
        token = reader.next
        if token.kind == "over" or (token.kind == "}" and depth):
            return tuple(statements)
        statements.append(_statement(reader, depth))


def _statement(reader: TokenReader, depth: int) -> Statement:
    token = reader.next
    if token.kind == "}":
        raise reader.error('there is a "}" too many')
    word = reader.word("a command")
    if word not in COMMANDS:
        known = ", ".join(COMMANDS)
        guess = nearest(word, tuple(COMMANDS))
        raise reader.error(f'unknown command "{quoted(word)}"{guess}; known: {known}', token)
    reader.statements += 1
    if reader.statements > MAX_STATEMENTS:
        raise reader.error(f"the script has more than {MAX_STATEMENTS} steps", token)
    values = COMMANDS[word].read(reader)
    body = _body(reader, token, depth + 1) if word == "repeat" else ()
    if not reader.ends_here:
        raise reader.error(
            f"{named(reader.next)} is one word too many after `{word}`: it is written "
            f"`{COMMANDS[word].form}`; put each step on a line of its own, or ; between"
        )
    return Statement(word, values, token.line, token.column, body)


def _body(reader: TokenReader, start: Token, depth: int) -> tuple[Statement, ...]:
    if depth > MAX_DEPTH:
        raise reader.error(f"more than {MAX_DEPTH} nested repeats", start)
    reader.skip_ends()
    if reader.next.kind != "{":
        raise reader.error(f'expected "{{" after repeat, found {named(reader.next)}')
    reader.take()
    body = _block(reader, depth)
    if reader.next.kind != "}":
        raise reader.error('this repeat has no end; close it with "}"', start)
    reader.take()
    if not body:
        raise reader.error("this repeat is empty", start)
    return body


def _read_name(what: str) -> Callable[[TokenReader], tuple[str]]:
    return lambda reader: (reader.name(what),)


def _read_turn(directions: tuple[str, str]) -> Callable[[TokenReader], tuple[int, Amount]]:
    def read(reader: TokenReader) -> tuple[int, Amount]:
        sign = 1 if reader.choice(directions) == directions[0] else -1
        value, unit = reader.quantity("degrees or seconds, such as 90deg", (*DEGREES, *TIMES))
        if unit in DEGREES:
            return sign, Amount(value, "deg")
        return sign, Amount(value * TIMES[unit], "s")

    return read


def _read_walk(reader: TokenReader) -> tuple[str, Amount]:
    way = reader.choice(WAYS)
    value, unit = reader.quantity("metres or seconds, such as 1.5m", (*METRES, *TIMES))
    if unit in METRES:
        return way, Amount(value, "m")
    return way, Amount(value * TIMES[unit], "s")


def _read_zoom(reader: TokenReader) -> tuple[int, Fraction]:
    sign = 1 if reader.choice(("in", "out")) == "in" else -1
    start = reader.next
    value, _ = reader.quantity("a factor, such as 1.5", ("", "x", "times"))
    if not 1 < value <= 16:
        written = quoted(start.text)
        raise reader.error(f'zoom by "{written}", expected a factor above 1, at most 16', start)
    return sign, value


def _read_time(reader: TokenReader) -> tuple[Fraction]:
    value, unit = reader.quantity("a time, such as 1s", tuple(TIMES))
    return (value * TIMES[unit],)


def _read_wander(reader: TokenReader) -> tuple[Fraction, int]:
    (seconds,) = _read_time(reader)
    if reader.ends_here:
        return seconds, 0
    reader.choice(("seed",))
    return seconds, reader.count("a seed", 2**31 - 1)


def _read_speed(reader: TokenReader) -> tuple[Fraction | None]:
    if reader.next.text == "full":
        reader.take()
        return (None,)
    value, _ = reader.quantity('a speed, such as 20deg/s, or "full"', RATES)
    return (value,)


def _read_memory(reader: TokenReader) -> tuple[MemoryAsk]:
    policy = reader.word("a memory policy, such as window")
    named: dict[str, int] = {}
    units = tuple(MEMORY_PARTS)
    while not reader.ends_here:
        start = reader.next
        value, unit = reader.quantity("a limit, such as 8 blocks or 64MiB", units, or_zero=True)
        name = MEMORY_PARTS[unit]
        least, most = LIMITS[name]
        if value.denominator != 1 or not least <= value <= most:
            found = quoted(start.text)
            problem = f'"{found}" is not a whole number from {least} to {most}'
            raise reader.error(problem, start)
        if name in named:
            raise reader.error(f"{unit} is given twice", start)
        named[name] = int(value)
    return (MemoryAsk(policy, **named),)


def _read_text(what: str) -> Callable[[TokenReader], tuple[str]]:
    return lambda reader: (reader.text(what),)


def _read_spot(reader: TokenReader) -> tuple[Spot]:
    reader.choice(("at",))
    return _read_where(reader)


def _read_where(reader: TokenReader, *, sized: bool = True) -> tuple[Spot]:
    yaw, pitch, size = _degrees(reader, or_zero=True), None, None
    if reader.next.text in ("up", "down"):
        sign = 1 if reader.take().text == "up" else -1
        pitch = sign * _degrees(reader, or_zero=True)
    if sized and reader.next.text == "size":
        reader.take()
        size = _degrees(reader), _degrees(reader)
    return (Spot(yaw, pitch, size),)


def _read_ground(reader: TokenReader) -> tuple[str | Spot]:
    ground = reader.choice((*GROUND, "at"))
    return (ground,) if ground in GROUND else _read_where(reader)


def _read_light(reader: TokenReader) -> tuple[Spot, ...]:
    if reader.next.text != "at":
        return ()
    reader.take()
    return _read_where(reader, sized=False)


def _read_thing(reader: TokenReader) -> tuple[str, Spot]:
    return reader.text("a thing"), *_read_spot(reader)


def _degrees(reader: TokenReader, *, or_zero: bool = False) -> float:
    return float(reader.quantity("degrees, such as 40deg", DEGREES, or_zero=or_zero)[0])


def _read_control(reader: TokenReader) -> tuple[CameraCommand, int]:
    yaw, pitch = (_read_fraction(reader, axis) for axis in ("yaw", "pitch"))
    more = []
    for axis in ("zoom", *WALK_AXES):
        if reader.ends_here or reader.next.text.startswith("x"):
            break
        more.append(_read_fraction(reader, axis))
    command = CameraCommand(yaw, pitch, *more)
    if reader.ends_here:
        return command, 1
    token = reader.next
    times = reader.word("how often, such as x12")
    if not re.fullmatch(r"x[0-9]{1,6}", times) or not 1 <= int(times[1:]) <= MAX_REPEAT:
        raise reader.error(
            f'expected how often from x1 to x{MAX_REPEAT}, found "{quoted(times)}"', token
        )
    return command, int(times[1:])


def _read_fraction(reader: TokenReader, axis: str) -> float:
    token = reader.next
    written = reader.word(f"a {axis} from -1 to 1")
    plain = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]{1,3})?", written)
    if not plain or len(written) > MOST_REAL or not -1.0 <= float(written) <= 1.0:
        found = quoted(written)
        raise reader.error(f'{axis} is "{found}", expected a number from -1 to 1', token)
    return float(written)


COMMANDS: dict[str, Command] = {
    "anchor": Command(
        "anchor NAME",
        "Name this view, to compare with it later.",
        "anchor a",
        _read_name("a name for this view, such as a"),
    ),
    "probe": Command(
        "probe NAME",
        "Compare the picture with the one at the anchor; the camera must be back there.",
        "probe a",
        _read_name("the name of an anchor"),
    ),
    "pan": Command(
        "pan left|right ANGLE|TIME",
        "Turn by an angle or for a time, ending exactly there.",
        "pan right 150deg",
        _read_turn(("right", "left")),
    ),
    "tilt": Command(
        "tilt up|down ANGLE|TIME",
        "Look up or down; at most 27 degrees from the horizon.",
        "tilt up 10deg",
        _read_turn(("up", "down")),
    ),
    "zoom": Command(
        "zoom in|out FACTOR", "Zoom by this factor, in worlds that can.", "zoom in 1.5", _read_zoom
    ),
    "walk": Command(
        "walk forward|back|left|right DISTANCE|TIME",
        "Walk a distance, or for a time, in worlds that can; obstacles stop it.",
        "walk forward 1.2m",
        _read_walk,
    ),
    "run": Command(
        "run forward|back|left|right DISTANCE|TIME",
        "The same, twice as fast.",
        "run forward 3m",
        _read_walk,
    ),
    "hold": Command("hold TIME", "Keep still; rounded to whole blocks.", "hold 1s", _read_time),
    "home": Command(
        "home", "Go back to the first view by the shortest way.", "home", lambda reader: ()
    ),
    "go": Command(
        "go NAME",
        "Go to the view of an anchor by the shortest way.",
        "go a",
        _read_name("the name of an anchor"),
    ),
    "wander": Command(
        "wander TIME [seed N]",
        "Look around like a person; the same seed takes the same path.",
        "wander 40s seed 5",
        _read_wander,
    ),
    "speed": Command(
        "speed SPEED|full",
        "Turn at this speed from now on; at first, the world's full speed.",
        "speed 20deg/s",
        _read_speed,
    ),
    "prompt": Command(
        'prompt "TEXT"',
        "Describe the place anew from the next block on; memory stays.",
        'prompt "A desert at night."',
        _read_text("a prompt"),
    ),
    "place": Command(
        f'place "THING" {AT}',
        "Place a thing, which takes some blocks, so far to the right of the first view.",
        'place "a red tent" at 40deg',
        _read_thing,
    ),
    **{
        act: Command(f"{act} {AT}", row.about, row.example, _read_spot)
        for act, row in SPOT_ACTS.items()
    },
    "renew": Command(
        f"renew view|everything|{AT}",
        "Forget this spot, this view or everything, and paint it by the words in force.",
        "renew everything",
        _read_ground,
    ),
    "relight": Command(
        "relight [at ANGLE [up|down ANGLE]]",
        "Leave everything where it is, in the light and weather of the words in force; this view "
        "is painted first, or that at an angle.",
        "relight",
        _read_light,
    ),
    "forget": Command(
        "forget", "Let unseen areas follow the words in force.", "forget", lambda reader: ()
    ),
    "undo": Command("undo", "Take the last such change back.", "undo", lambda reader: ()),
    "enter": Command(
        "enter",
        "Go through the door that the player is at; `home` is then where you come in, with the "
        "door back behind you, and anchors set before are left behind.",
        "enter",
        lambda reader: (),
    ),
    "memory": Command(
        "memory POLICY [N blocks] [N MiB] [N attended] [N sinks]",
        "Change the memory policy from the next block on; dropped frames stay dropped.",
        "memory window 8 blocks",
        _read_memory,
    ),
    "scene": Command(
        "scene NAME",
        "Leave for another scene, or return to one that was left: it goes on exactly.",
        "scene kitchen",
        _read_name("the name of a scene"),
    ),
    "mark": Command(
        'mark "TEXT"', "Mark this moment in the result.", 'mark "half way"', _read_text("a mark")
    ),
    "list": Command(
        "list", "Note in the result which things are around.", "list", lambda reader: ()
    ),
    "repeat": Command(
        "repeat N { ... }",
        "Repeat the steps in braces N times.",
        "repeat 3 { pan right 90deg; pan left 90deg; probe a }",
        lambda reader: (reader.count("how often, a whole number"),),
    ),
    "control": Command(
        "control YAW PITCH [ZOOM [FORWARD [RIGHT]]] [xN]",
        "Hold this fraction of full speed, from -1 to 1, for N blocks; recordings turn into this.",
        "control 0.5 -0.25 x12",
        _read_control,
    ),
}
