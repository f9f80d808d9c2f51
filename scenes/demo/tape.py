"""A script as a tape: one camera command a block, and events between blocks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from mag_sandbox.controls.camera import CameraCommand, mutual_overlap
from mag_sandbox.controls.edits import ENTER, SPOT_ACTS, Edit
from mag_sandbox.files.yaml_files import nearest, not_found
from mag_sandbox.scenes.demo.script import MemoryAsk, Spot, Statement
from mag_sandbox.scenes.demo.steering import CameraState, Rig, Steering
from mag_sandbox.scenes.demo.words import ScriptError
from mag_sandbox.scenes.things import GROUND, parse_thing

SEEN = 0.6  # share of an anchor's view that a probe must find
MAX_SECONDS = 6 * 3600.0  # of a tape
MAX_ITEMS = 300_000


@dataclass(frozen=True, slots=True)
class Block:
    """One block to generate."""

    command: CameraCommand
    prompt: str | None = None  # None: as before
    memory: MemoryAsk | None = None  # None: as before
    edit: Edit | None = None  # of the world; None: nothing


@dataclass(frozen=True, slots=True)
class SetAnchor:
    """Keep the shown view, to compare with it later."""

    name: str


@dataclass(frozen=True, slots=True)
class Probe:
    """Compare the shown view with an anchor."""

    name: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Note this moment."""

    text: str


@dataclass(frozen=True, slots=True)
class List:
    """Note the things around."""


@dataclass(frozen=True, slots=True)
class Enter:
    """Go to a scene: it begins with its first block, or continues where it was left."""

    name: str
    again: bool  # it was left before


TapeItem = Block | SetAnchor | Probe | Mark | List | Enter


@dataclass(frozen=True, slots=True)
class Tape:
    """The items of a script for one world, in order."""

    items: tuple[TapeItem, ...]
    blocks: int  # to generate, first blocks of scenes included
    seconds: float  # of world time


def tape_of(script: Sequence[Statement], rig: Rig, scene: str) -> Tape:
    """Return the tape of a script."""
    maker = _TapeMaker(rig, scene)
    maker.run(script)
    maker.flush()
    return Tape(tuple(maker.items), maker.blocks, maker.blocks * rig.block_seconds)


@dataclass(slots=True)
class _SceneState:
    camera: CameraState = field(default_factory=CameraState)
    anchors: dict[str, CameraState] = field(default_factory=dict)
    memory: MemoryAsk | None = None  # in force


_AS_ENTERING = ("control", "hold", "repeat")  # steps whose first block may enter a room


class _TapeMaker:
    def __init__(self, rig: Rig, scene: str) -> None:
        self.items: list[TapeItem] = []
        self.blocks = 1  # a scene begins with one
        self._rig, self._steering = rig, Steering(rig)
        self._visits: dict[str, _SceneState] = {}
        self._enter(scene)
        self._prompt: str | None = None  # for the next block, like the next two
        self._edit: Edit | None = None
        self._memory: MemoryAsk | None = None
        self._statement: Statement  # being executed
        self._steps = 0

    def _enter(self, scene: str) -> None:
        self._scene, self._visit = scene, self._visits.setdefault(scene, _SceneState())
        self._steering.camera = self._visit.camera

    def run(self, script: Sequence[Statement]) -> None:
        for statement in script:
            self._statement = statement
            self._steps += 1
            self._check_length(0, 0)
            try:
                self._execute(statement)
            except ScriptError:
                raise
            except ValueError as problem:
                raise self._error(str(problem)) from None

    def flush(self) -> None:
        """Add a block if something waits for the next one."""
        changes = self._prompt is not None or self._edit is not None
        if changes or self._memory != self._visit.memory:
            self._hold(1)

    def _error(self, problem: str) -> ScriptError:
        return ScriptError(self._statement.line, self._statement.column, problem)

    def _execute(self, statement: Statement) -> None:
        steering = self._steering
        if self._enters and statement.word not in _AS_ENTERING:
            self._hold(1)
        match (statement.word, *statement.values):
            case "repeat", times:
                for _ in range(times):
                    self.run(statement.body)
            case "anchor", name:
                self._visit.anchors[name] = steering.camera.copy()
                self._add(SetAnchor(name))
            case "probe", name:
                self._probe(name)
            case "pan", sign, amount:
                self._move(steering.turn("yaw", sign, amount))
            case "tilt", sign, amount:
                self._move(steering.turn("pitch", sign, amount))
            case "zoom", sign, factor:
                self._move(steering.zoom(sign, factor))
            case "walk" | "run" as pace, way, amount:
                self._move(steering.walk(way, amount, runs=pace == "run"))
            case "hold", seconds:
                self._hold(steering.blocks_of(seconds))
            case ("home",):
                self._move(steering.go(CameraState()))
            case "go", name:
                self._move(steering.go(self._anchor(name)))
            case "wander", seconds, seed:
                self._move(steering.wander(seconds, seed))
            case "speed", speed:
                most = max(self._rig.full_speed.yaw, self._rig.full_speed.pitch)
                if speed is not None and speed > most:
                    raise self._error(f"this world turns at most {most:g} degrees a second")
                steering.speed = speed
            case "control", command, times:
                if self._enters:  # a block that enters does not move
                    self._add(Block(command))
                    times -= 1
                if times:
                    steering.follow(command, times)
                    self._add(Block(command), times)
            case "prompt", text:
                self._prompt = text
            case "memory", ask:
                if ask.policy not in self._rig.policies:
                    raise self._error(not_found("memory policy", ask.policy, self._rig.policies))
                self._memory = ask
            case "scene", name:
                self._go_to_scene(name)
            case "mark", text:
                self._add(Mark(text))
            case ("list",):
                self.flush()
                self._add(List())
            case _:
                self._change(statement)

    @property
    def _enters(self) -> bool:
        """Whether the next block is the first of another room."""
        return self._edit is not None and self._edit.act == ENTER.act

    def _anchor(self, name: str) -> CameraState:
        anchors = self._visit.anchors
        if name not in anchors:
            raise self._error(no_anchor(name, self._scene, tuple(anchors)))
        return anchors[name]

    def _probe(self, name: str) -> None:
        share = mutual_overlap(self._anchor(name).pose, self._visit.camera.pose)
        if share < SEEN:
            raise self._error(
                f'the view shows {100 * share:.0f}% of "{name}" here; come back to it first, '
                f"for example with `go {name}`"
            )
        self._add(Probe(name))

    def _go_to_scene(self, name: str) -> None:
        if name == self._scene:
            return
        self.flush()
        again = name in self._visits
        self._enter(name)
        self._add(Enter(name, again))
        if again:
            self._hold(1)  # there is nothing to see before it
        else:
            self.blocks += 1

    def _change(self, statement: Statement) -> None:
        """Edit the world with the next block; each edit has a block of its own."""
        if not self._rig.kinds:
            raise self._error("nothing in this world can be changed; play the world pocket")
        edit, spot = self._edit_of(statement)
        if self._edit is not None:
            self._hold(1)
        width, height = spot.size or (edit.width, edit.height)
        pitch = edit.pitch if spot.pitch is None else spot.pitch
        try:
            self._edit = replace(edit, yaw=spot.yaw, pitch=pitch, width=width, height=height)
        except ValueError as problem:
            raise self._error(f"{edit.act}: {problem}") from None

    def _edit_of(self, statement: Statement) -> tuple[Edit, Spot]:
        match (statement.word, *statement.values):
            case "place", text, spot:
                return parse_thing(text, self._rig.kinds), spot
            case "renew", Spot() as spot:
                return Edit("renew"), spot
            case "renew", ground:
                pose = self._visit.camera.pose
                return Edit("renew"), Spot(pose.yaw, pose.pitch, GROUND[ground])
            case "relight", *told:
                pose, (width, height) = self._visit.camera.pose, GROUND["everything"]
                spot = told[0] if told else Spot(pose.yaw, pose.pitch)
                return Edit("relight", width=width, height=height), spot
            case "forget" | "undo" as act, *_:
                return Edit(act), Spot(0.0)
            case ("enter",):
                return ENTER, Spot(0.0)
            case act, Spot() as spot if act in SPOT_ACTS:
                return Edit(act), spot
            case _:
                raise AssertionError(f"{statement.word} is not an edit")

    def _move(self, commands: Iterable[CameraCommand]) -> None:
        for command in commands:
            self._add(Block(command))

    def _hold(self, blocks: int) -> None:
        self._add(Block(CameraCommand()), blocks)

    def _check_length(self, blocks: int, items: int) -> None:
        too_long = (self.blocks + blocks) * self._rig.block_seconds > MAX_SECONDS
        if too_long or max(self._steps, len(self.items) + items) > MAX_ITEMS:
            hours = f"{MAX_SECONDS / 3600:g} hours or {MAX_ITEMS} steps"
            raise self._error(f"from here on the script takes more than {hours}; shorten it")

    def _add(self, item: TapeItem, times: int = 1) -> None:
        self._check_length(times if isinstance(item, Block) else 0, times)
        first = item
        if isinstance(item, Block):
            changed = self._memory != self._visit.memory
            memory = self._memory if changed else None
            if self._enters:  # from here on the camera counts from where it comes in
                self._visit.camera = self._steering.camera = CameraState()
                self._visit.anchors = {}
            first = Block(item.command, self._prompt, memory, self._edit)
            self._prompt, self._edit, self._visit.memory = None, None, self._memory
            self.blocks += times
        self.items += [first, *[item] * (times - 1)]


def no_anchor(name: str, scene: str, anchors: Sequence[str]) -> str:
    """Return the message about an anchor that was not set before."""
    known = ", ".join(anchors) or "none yet"
    guess = nearest(name, tuple(anchors))
    return f'no anchor "{name}" in scene "{scene}"{guess}; set before this: {known}'
