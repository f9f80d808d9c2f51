"""A script as a tape: one camera command a block, and what happens between blocks.

Angles are split over whole blocks in whole ticks of the camera, always measured from the exact sum
of what the script said: turns that add up to nothing end bit-equal, in whatever steps they came.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from mag_sandbox.controls.camera import (
    AXES,
    MAX_PITCH,
    POSE_RESOLUTION,
    WIDEST_FOV,
    Axis,
    CameraCommand,
    CameraPose,
    CameraSpeed,
    mutual_overlap,
)
from mag_sandbox.controls.edits import Edit
from mag_sandbox.files.yaml_files import nearest, not_found
from mag_sandbox.scenes.demo.script import Amount, MemoryAsk, Spot, Statement
from mag_sandbox.scenes.demo.words import ScriptError
from mag_sandbox.scenes.things import GROUND, ThingError, parse_thing

RING = 360 * POSE_RESOLUTION  # ticks
HIGHEST = int(MAX_PITCH * POSE_RESOLUTION)  # ticks
WIDEST = int(WIDEST_FOV * POSE_RESOLUTION)  # ticks

ZOOM_RATE = 1.0  # doublings a second of a full zoom command that is said in words
SEEN = 0.6  # share of an anchor's view that a probe must find
MAX_SECONDS = 6 * 3600.0  # of a tape
MAX_ITEMS = 300_000
WANDER_BLOCKS = (3, 16)  # shortest and longest leg


@dataclass(frozen=True, slots=True)
class Rig:
    """What a world lets a camera do."""

    fps: float
    block_length: int  # frames
    full_speed: CameraSpeed
    axes: tuple[str, ...]
    policies: tuple[str, ...]
    kinds: tuple[str, ...] = ()  # of things that can be placed; none: nothing can be changed

    @property
    def block_seconds(self) -> float:
        """World time of a block."""
        return self.block_length / self.fps


@dataclass(frozen=True, slots=True)
class Block:
    """One block to be made."""

    command: CameraCommand
    prompt: str | None = None  # None: as before
    memory: MemoryAsk | None = None  # None: as before
    edit: Edit | None = None  # of the world; None: nothing


@dataclass(frozen=True, slots=True)
class SetAnchor:
    """What is seen now is to be compared later."""

    name: str


@dataclass(frozen=True, slots=True)
class Probe:
    """Compare what is seen now with an anchor."""

    name: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Note this moment."""

    text: str


@dataclass(frozen=True, slots=True)
class List:
    """Note what is around."""


@dataclass(frozen=True, slots=True)
class Enter:
    """Go to a scene: it begins with its first block, or continues where it was left."""

    name: str
    again: bool  # it was left before


TapeItem = Block | SetAnchor | Probe | Mark | List | Enter


@dataclass(frozen=True, slots=True)
class Tape:
    """What a script asks of one world, in order."""

    items: tuple[TapeItem, ...]
    blocks: int  # that are made, first blocks of scenes included
    seconds: float  # of world time


def tape_of(script: Sequence[Statement], rig: Rig, scene: str) -> Tape:
    """Return the tape of a script.

    Raises:
        ScriptError: this world cannot do it, or a probe would find another view.
    """
    maker = _TapeMaker(rig, scene)
    maker.run(script)
    maker.flush()
    return Tape(tuple(maker.items), maker.blocks, maker.blocks * rig.block_seconds)


@dataclass(slots=True)
class AxisState:
    """Where the camera is on one axis, in ticks that were made and in those that were said."""

    made: int = 0
    said: Fraction = Fraction(0)


@dataclass(slots=True)
class CameraState:
    """A scene that is being visited."""

    yaw: AxisState = field(default_factory=AxisState)
    pitch: AxisState = field(default_factory=AxisState)
    zoom: AxisState = field(default_factory=AxisState)  # by how much narrower than not zoomed
    anchors: dict[str, "CameraState"] = field(default_factory=dict)
    memory: MemoryAsk | None = None  # in force

    @property
    def pose(self) -> CameraPose:
        """Where the camera looks."""
        yaw, pitch, narrower = (getattr(self, axis).made / POSE_RESOLUTION for axis in AXES)
        return CameraPose(yaw % 360.0, pitch, WIDEST_FOV - narrower)

    @property
    def factor(self) -> Fraction:
        """How far it is zoomed in, as it was said."""
        return WIDEST / (WIDEST - self.zoom.said)

    def copy(self) -> "CameraState":
        """Return the same view, without anchors."""
        return CameraState(replace(self.yaw), replace(self.pitch), replace(self.zoom))


class _TapeMaker:
    """Turns statements into commands, without a world."""

    def __init__(self, rig: Rig, scene: str) -> None:
        self.items: list[TapeItem] = []
        self.blocks = 1  # the first one comes by itself
        self._rig = rig
        full = rig.full_speed.step(CameraCommand(yaw=1.0, pitch=1.0, zoom=-1.0), rig.fps)
        ticks = (round(step * POSE_RESOLUTION) for step in full)
        self._full = dict(zip(AXES, ticks, strict=True))  # ticks a frame
        self._closest = POSE_RESOLUTION * (WIDEST_FOV - rig.full_speed.narrowest_fov)  # ticks
        self._speed: Fraction | None = None  # degrees a second; None: full
        self._places = {scene: CameraState()}
        self._here = scene
        self._prompt: str | None = None  # to be said with the next block
        self._edit: Edit | None = None  # to be done with the next block
        self._memory: MemoryAsk | None = None  # in force from the next block on
        self._statement: Statement  # that is being turned into commands
        self._steps = 0

    @property
    def _place(self) -> CameraState:
        return self._places[self._here]

    def run(self, script: Sequence[Statement]) -> None:
        for statement in script:
            self._statement = statement
            self._steps += 1
            self._check_length(0, 0)
            if statement.word == "repeat":
                for _ in range(statement.values[0]):
                    self.run(statement.body)
            else:
                getattr(self, f"_do_{statement.word}")(*statement.values)

    def flush(self) -> None:
        """Let what was said and not yet heard take effect."""
        changes = self._prompt is not None or self._edit is not None
        if changes or self._memory != self._place.memory:
            self._still(1)

    def _error(self, problem: str) -> ScriptError:
        return ScriptError(self._statement.line, self._statement.column, problem)

    def _do_anchor(self, name: str) -> None:
        self._place.anchors[name] = self._place.copy()
        self._add(1, SetAnchor(name))

    def _do_probe(self, name: str) -> None:
        share = mutual_overlap(self._anchor(name).pose, self._place.pose)
        if share < SEEN:
            raise self._error(
                f'the view shows {100 * share:.0f}% of "{name}" here; come back to it first, '
                f"for example with `go {name}`"
            )
        self._add(1, Probe(name))

    def _do_pan(self, sign: int, amount: Amount) -> None:
        self._turn("yaw", sign, amount)

    def _do_tilt(self, sign: int, amount: Amount) -> None:
        self._turn("pitch", sign, amount)

    def _do_zoom(self, sign: int, factor: Fraction) -> None:
        self._require("zoom")
        before, place, length = self._place.factor, self._place.zoom, self._rig.block_length
        said = WIDEST - WIDEST / (before * factor**sign)  # ticks by which the view is narrower
        if not self._full["zoom"]:
            self._zoom_in_words(sign, factor)
            place.made, place.said = round(said), said
            return
        if said < 0:
            raise self._error(
                f"this zooms out {float(factor):.3g} times, at most {float(before):.3g} are "
                "possible here; zoom out less"
            )
        if said > self._closest:
            most = WIDEST_FOV / self._rig.full_speed.narrowest_fov
            raise self._error(
                f"this zooms in {float(before * factor):.3g} times in all, at most {most:.3g} are "
                "possible; zoom in less"
            )
        place.said = said
        units = round((said - place.made) / length)
        self._spread({"zoom": min(units, int((self._closest - place.made) // length))})

    def _zoom_in_words(self, sign: int, factor: Fraction) -> None:
        """Let a world hear of zooming that is steered by text: there are no poses to end on."""
        doublings = math.log2(factor)
        blocks = max(1, math.ceil(doublings / (ZOOM_RATE * self._rig.block_seconds)))
        share = doublings / (blocks * ZOOM_RATE * self._rig.block_seconds)
        self._add(blocks, Block(CameraCommand(zoom=sign * min(1.0, share))))

    def _do_hold(self, seconds: Fraction) -> None:
        self._still(self._blocks_of(seconds))

    def _do_home(self) -> None:
        self._go(CameraState())

    def _do_go(self, name: str) -> None:
        self._go(self._anchor(name))

    def _do_wander(self, seconds: Fraction, seed: int) -> None:
        chance = random.Random(seed).random  # the one method that no version of Python changes
        left, (shortest, longest) = self._blocks_of(seconds), WANDER_BLOCKS
        ways: tuple[tuple[Axis, tuple[float, ...]], ...] = (
            ("yaw", (-1.0, -0.5, 0.0, 0.5, 1.0, 1.0)),
            ("pitch", (-0.5, 0.0, 0.0, 0.0, 0.5)),
        )
        while left:
            blocks = min(left, shortest + int(chance() * (longest - shortest + 1)))
            left -= blocks
            yaw, pitch = (
                round(choices[int(chance() * len(choices))] * self._ticks(axis))
                for axis, choices in ways
            )
            reach = self._place.pitch.made + blocks * self._rig.block_length * pitch
            self._move([(yaw, pitch if abs(reach) <= HIGHEST else 0, 0)] * blocks)

    def _do_speed(self, speed: Fraction | None) -> None:
        most = max(self._rig.full_speed.yaw, self._rig.full_speed.pitch)
        if speed is not None and speed > Fraction(most):
            raise self._error(f"this world turns at most {most:g} degrees a second")
        self._speed = speed

    def _do_prompt(self, text: str) -> None:
        self._prompt = text

    def _do_place(self, text: str, spot: Spot) -> None:
        self._require_edits()
        try:
            edit = parse_thing(text, spot.yaw, spot.pitch, self._rig.kinds)
        except ThingError as problem:
            raise self._error(str(problem)) from None
        self._change(edit, spot)

    def _do_remove(self, spot: Spot) -> None:
        self._change(Edit("remove"), spot)

    def _do_repaint(self, spot: Spot) -> None:
        self._change(Edit("repaint"), spot)

    def _do_renew(self, ground: str | Spot) -> None:
        if isinstance(ground, str):
            pose = self._place.pose
            ground = Spot(pose.yaw, pose.pitch, GROUND[ground])
        self._change(Edit("renew"), ground)

    def _do_forget(self) -> None:
        self._change(Edit("forget"), Spot(0.0))

    def _do_undo(self) -> None:
        self._change(Edit("undo"), Spot(0.0))

    def _change(self, edit: Edit, spot: Spot) -> None:
        """Change the world with the next block; each change has a block of its own."""
        self._require_edits()
        if self._edit is not None:
            self._still(1)
        width, height = spot.size or (edit.width, edit.height)
        pitch = edit.pitch if spot.pitch is None else spot.pitch
        try:
            self._edit = replace(edit, yaw=spot.yaw, pitch=pitch, width=width, height=height)
        except ValueError as problem:
            raise self._error(f"{edit.act}: {problem}") from None

    def _require_edits(self) -> None:
        if not self._rig.kinds:
            raise self._error("nothing in this world can be changed; play the world pocket")

    def _do_memory(self, ask: MemoryAsk) -> None:
        if ask.policy not in self._rig.policies:
            raise self._error(not_found("memory policy", ask.policy, self._rig.policies))
        self._memory = ask

    def _do_scene(self, name: str) -> None:
        if name == self._here:
            return
        self.flush()
        again = name in self._places
        self._here = name
        self._places.setdefault(name, CameraState())
        self._add(1, Enter(name, again))
        if again:
            self._still(1)  # there is nothing to see before it
        else:
            self.blocks += 1

    def _do_mark(self, text: str) -> None:
        self._add(1, Mark(text))

    def _do_list(self) -> None:
        self.flush()
        self._add(1, List())

    def _do_control(self, command: CameraCommand, times: int) -> None:
        for axis in AXES:
            if getattr(command, axis):
                self._require(axis)
        self._add(times, Block(command))
        place, frames = self._place, times * self._rig.block_length
        steps = self._rig.full_speed.step(command, self._rig.fps)
        right, up, wider = (frames * round(step * POSE_RESOLUTION) for step in steps)
        place.yaw.made += right
        place.pitch.made = min(HIGHEST, max(-HIGHEST, place.pitch.made + up))
        place.yaw.said += right
        place.pitch.said = Fraction(place.pitch.made)
        if wider:
            place.zoom.made = min(int(self._closest), max(0, place.zoom.made - wider))
            place.zoom.said = Fraction(place.zoom.made)

    def _anchor(self, name: str) -> CameraState:
        anchors = self._place.anchors
        if name not in anchors:
            raise self._error(no_anchor(name, self._here, tuple(anchors)))
        return anchors[name]

    def _require(self, axis: Axis) -> None:
        if axis not in self._rig.axes:
            verb = {"yaw": "pan", "pitch": "tilt"}.get(axis, axis)
            raise self._error(f"this world cannot {verb}; leave the line out or use another world")

    def _ticks(self, axis: Axis) -> int:
        """Return the ticks that a frame turns at the speed in force; zooms at full speed."""
        self._require(axis)
        full = self._full[axis]
        if self._speed is None or axis == "zoom":
            return full
        ticks = min(full, int(self._speed * POSE_RESOLUTION / Fraction(self._rig.fps)))
        if not ticks:
            raise self._error(f"{float(self._speed):g} degrees a second is too slow to be seen")
        return ticks

    def _blocks_of(self, seconds: Fraction) -> int:
        return max(1, round(seconds / Fraction(self._rig.block_seconds)))

    def _turn(self, axis: Axis, sign: int, amount: Amount) -> None:
        place, length = getattr(self._place, axis), self._rig.block_length
        ticks = self._ticks(axis)
        if amount.unit == "s":
            blocks = self._blocks_of(amount.value)
            way = Fraction(sign * blocks * length * ticks)
        else:
            way = sign * amount.value * POSE_RESOLUTION
        said = place.said + way
        if axis == "pitch" and abs(said) > HIGHEST:
            raise self._error(
                f"this looks {abs(float(said)) / POSE_RESOLUTION:g} degrees up or down, "
                f"at most {MAX_PITCH:g} are possible; tilt less"
            )
        place.said = said
        units = round((said - place.made) / length)  # of one tick in every frame of a block
        self._spread({axis: units})

    def _go(self, target: CameraState) -> None:
        place, length = self._place, self._rig.block_length
        right = target.yaw.made - place.yaw.made
        turn = (right + RING // 2) % RING - RING // 2
        up = target.pitch.made - place.pitch.made
        around = place.yaw.made + turn - target.yaw.made  # whole turns
        ways: dict[Axis, int] = {"yaw": turn, "pitch": up}
        if self._full["zoom"]:
            ways["zoom"] = target.zoom.made - place.zoom.made
            place.zoom.said = target.zoom.said
        self._spread({axis: round(Fraction(way, length)) for axis, way in ways.items()})
        place.yaw.said, place.pitch.said = target.yaw.said + around, target.pitch.said
        if place.factor != target.factor:
            factor = target.factor / place.factor
            self._do_zoom(1 if factor > 1 else -1, max(factor, 1 / factor))

    def _spread(self, units: Mapping[Axis, int]) -> None:
        """Move along axes by so many units of one tick a frame of a block, evenly."""
        moving = {axis: count for axis, count in units.items() if count}
        least = (math.ceil(abs(count) / self._ticks(axis)) for axis, count in moving.items())
        blocks = max(least, default=0)
        shares = (_shares(moving.get(axis, 0), blocks) for axis in AXES)
        self._move(list(zip(*shares, strict=True)))

    def _move(self, steps: Sequence[tuple[int, ...]]) -> None:
        """Make blocks that move so many ticks a frame along each of AXES."""
        for step in steps:
            self._add(1, Block(CameraCommand(*map(self._share, AXES, step))))
            for axis, ticks in zip(AXES, step, strict=True):
                place, way = getattr(self._place, axis), self._rig.block_length * ticks
                place.made += way
                if self._statement.word == "wander":
                    place.said += way

    def _share(self, axis: Axis, ticks: int) -> float:
        """Return the fraction of full speed that is exactly so many ticks a frame."""
        if abs(ticks) == self._full[axis]:
            return math.copysign(1.0, ticks) if ticks else 0.0
        speed: float = getattr(self._rig.full_speed, axis)
        return ticks * self._rig.fps / (POSE_RESOLUTION * speed)

    def _still(self, blocks: int) -> None:
        self._add(blocks, Block(CameraCommand()))

    def _check_length(self, blocks: int, items: int) -> None:
        """Refuse a tape that would be too long with so much more on it."""
        too_long = (self.blocks + blocks) * self._rig.block_seconds > MAX_SECONDS
        if too_long or max(self._steps, len(self.items) + items) > MAX_ITEMS:
            hours = f"{MAX_SECONDS / 3600:g} hours or {MAX_ITEMS} steps"
            raise self._error(f"from here on the script takes more than {hours}; shorten it")

    def _add(self, times: int, item: TapeItem) -> None:
        self._check_length(times if isinstance(item, Block) else 0, times)
        first = item
        if isinstance(item, Block):
            changed = self._memory != self._place.memory
            memory = self._memory if changed else None
            first = Block(item.command, self._prompt, memory, self._edit)
            self._prompt, self._edit, self._place.memory = None, None, self._memory
            self.blocks += times
        self.items += [first, *[item] * (times - 1)]


def _shares(units: int, blocks: int) -> list[int]:
    """Split units over blocks, as evenly as it goes."""
    if not blocks:
        return []
    sign = 1 if units > 0 else -1
    least, more = divmod(abs(units), blocks)
    return [sign * (least + (place < more)) for place in range(blocks)]


def no_anchor(name: str, scene: str, anchors: Sequence[str]) -> str:
    """Return what to say of an anchor that was not set before."""
    known = ", ".join(anchors) or "none yet"
    guess = nearest(name, tuple(anchors))
    return f'no anchor "{name}" in scene "{scene}"{guess}; set before this: {known}'
