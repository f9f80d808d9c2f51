"""Plays a demo without a window, as fast as the world goes: script → controls → session → result.

Scenes that are left are parked in memory and gone on with exactly.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from mag_sandbox.files.yaml_files import not_found
from mag_sandbox.model.loading import available_policies, words_problem
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting, World, WorldSpec
from mag_sandbox.sandbox.demo.result import DemoResult, MemoryRow
from mag_sandbox.sandbox.demo.watch import DemoWatch
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver, SessionStart
from mag_sandbox.sandbox.play.parked_scene import ParkedScene
from mag_sandbox.sandbox.play.session import Playthrough, Session, SessionStep
from mag_sandbox.sandbox.recording.frame_writer import FrameWriter
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.scenes import Scene, load_scene
from mag_sandbox.scenes.demo.demo import Demo, DemoError
from mag_sandbox.scenes.demo.script import MemoryAsk, Statement
from mag_sandbox.scenes.demo.tape import (
    Block,
    Enter,
    Rig,
    Tape,
    TapeItem,
    tape_of,
)
from mag_sandbox.scenes.demo.words import ScriptError
from mag_sandbox.scenes.scene import MAX_SEED

OnBlock = Callable[[FrameBlock, DemoWatch], None]
OnProgress = Callable[[int, int], None]  # blocks made, of so many


@dataclass(frozen=True, slots=True)
class Extras:
    """What else is done with a run."""

    recorder: Recorder | None = None
    on_block: OnBlock = lambda block, watch: None  # with what was probed so far
    on_progress: OnProgress = lambda done, total: None
    frames: FrameWriter | None = None  # keeps the frames of what is written down


def tape_for(demo: Demo, spec: WorldSpec) -> Tape:
    """Return what a demo asks of a world.

    Raises:
        DemoError: this world cannot do it.
    """
    rig = Rig(spec.fps, spec.block_length, spec.full_speed, spec.axes, spec.policies, spec.kinds)
    try:
        return tape_of(demo.script, rig, demo.scene_name)
    except ScriptError as error:
        raise demo.problem(error) from None


def check_policies(demo: Demo, asks: Sequence[MemoryAsk]) -> None:
    """Check every memory policy that a demo names, before any world is loaded.

    Raises:
        DemoError: there is no such policy.
    """
    known = available_policies()
    for ask in asks:
        if ask.policy not in known:
            raise DemoError(not_found("memory policy", ask.policy, known))
    for statement in _all(demo.script):
        if statement.word == "memory" and (policy := statement.values[0].policy) not in known:
            place = statement.line, statement.column
            raise demo.problem(ScriptError(*place, not_found("memory policy", policy, known)))


def check_words(demo: Demo, world: str) -> None:
    """Check that a world knows words of every description in a demo, before it is loaded.

    Raises:
        DemoError: it knows none of one; the message names the nearest words.
    """
    if problem := words_problem(world, demo.scene.prompt):
        raise DemoError(f"{demo.source}: scene: {problem}")
    for statement in _all(demo.script):
        if statement.word == "prompt" and (problem := words_problem(world, statement.values[0])):
            raise demo.problem(ScriptError(statement.line, statement.column, problem))


def setting_of(ask: MemoryAsk | None, base: MemorySetting) -> MemorySetting:
    """Return a memory setting: what was asked for, and for the rest what was set before."""
    return base if ask is None else replace(base, policy=ask.policy, **ask.limits())


def control_of(block: Block, base: MemorySetting) -> Control:
    """Return what a block of a tape asks of a world."""
    memory = None if block.memory is None else setting_of(block.memory, base)
    return Control(block.command, block.prompt, memory, block.edit)


def scene_and_seed(demo: Demo, name: str, seed: int) -> tuple[Scene, int]:
    """Return a scene that a demo enters; another seed of the demo is another one of every scene."""
    if name == demo.scene_name:
        return replace(demo.scene, memory=None), seed
    scene = load_scene(name)
    return replace(scene, memory=None), (scene.seed + seed - demo.seed) % (MAX_SEED + 1)


def play_demo(
    demo: Demo,
    world: World,
    setting: MemorySetting,
    seed: int | None = None,
    extras: Extras | None = None,
) -> DemoResult:
    """Play a demo from its beginning to its end and return what came of it.

    The world is loaded with `setting`, which also says what the script leaves open; the seed is the
    demo's own where none is given.

    Raises:
        DemoError: this world cannot play it; nothing was played.
        WorldFailed: the world stopped on the way.
    """
    tape = tape_for(demo, world.spec)
    seed = demo.seed if seed is None else seed
    run = _Run(demo, world, setting, seed, extras or Extras())
    run.play(tape)
    return run.result()


class _NextControl:
    def __init__(self) -> None:
        self.control: Control | None = None

    def next_command(self) -> Control | None:
        control, self.control = self.control, None
        return control


class Tally(SessionObserver):
    """A session observer that adds up what a run cost."""

    def __init__(self) -> None:
        self.blocks = self.frames = 0
        self.milliseconds = 0.0
        self.memory = MemoryRow()
        self.provenance: dict = {}
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> str:
        """Of all frames in order."""
        return self._digest.hexdigest()[:16]

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:
        """Add the first block of a scene, or the first after it was left."""
        self.provenance = event.provenance
        self.on_block(event.first_block, block)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:
        """Add one more block."""
        self.blocks += 1
        self.frames += event.frame_count
        self.milliseconds += event.latency_ms
        self.memory = self.memory.after(block.memory)
        self._digest.update(event.digest.encode())


def result_of(
    demo: Demo, spec: WorldSpec, setting: MemorySetting, seed: int, tally: Tally, watch: DemoWatch
) -> DemoResult:
    """Return what came of a run."""
    seconds = tally.milliseconds / 1000
    weights = tally.provenance.get("weights")
    return DemoResult(
        demo=demo.name,
        scene=demo.scene_name,
        world=spec.name,
        weights=None if weights is None else str(weights),
        memory=str(ask_of(setting)),
        seed=seed,
        frames=tally.frames,
        seconds=round(tally.frames / spec.fps, 3),
        fps=round(tally.frames / seconds, 2) if seconds else 0.0,
        probes=tuple(watch.probes),
        memory_usage=tally.memory,
        marks=tuple(watch.marks),
        digest=tally.digest,
        provenance=tally.provenance,
    ).check(demo.expect)


def ask_of(setting: MemorySetting) -> MemoryAsk:
    """Return a setting as it is written in a script: only what differs from the usual."""
    usual = asdict(MemorySetting(policy=setting.policy))
    named = {name: value for name, value in asdict(setting).items() if value != usual[name]}
    return MemoryAsk(setting.policy, **named)


class _Run:
    def __init__(
        self, demo: Demo, world: World, setting: MemorySetting, seed: int, extras: Extras
    ) -> None:
        self._demo, self._world, self._setting, self._seed = demo, world, setting, seed
        self._extras = extras
        self._source, self._tally = _NextControl(), Tally()
        self._watch = DemoWatch(world.spec)
        self._scene = demo.scene_name
        self._parked: dict[str, ParkedScene] = {}
        if extras.frames:
            extras.frames.follow(self._watch)
        writers = (extras.recorder, extras.frames)
        observers = [self._tally, *(writer for writer in writers if writer)]
        self._session = Session(world, self._source, observers)

    def play(self, tape: Tape) -> None:
        reason = "interrupted"
        try:
            self._start(self._scene)
            items = iter(tape.items)
            for item in items:
                self._obey(item, items)
                self._extras.on_progress(self._tally.blocks, tape.blocks)
            reason = "script over"
        except Exception as error:
            reason = str(error)
            raise
        finally:
            self._watch.finish()
            self._session.end(reason)

    def result(self) -> DemoResult:
        run = self._setting, self._seed, self._tally, self._watch
        return result_of(self._demo, self._world.spec, *run)

    def _obey(self, item: TapeItem, following: Iterator[TapeItem]) -> None:
        match item:
            case Block():
                self._ask(item)
                self._look(self._session.advance())
            case Enter(name, again):
                self._parked[self._scene] = self._session.park()
                self._scene = name
                if again:
                    block = next(following)
                    assert isinstance(block, Block)  # a tape shows what it comes back to
                    self._return(name, block)
                else:
                    self._start(name)
            case _:
                self._watch.obey(item)

    def _start(self, name: str) -> None:
        scene, seed = scene_and_seed(self._demo, name, self._seed)
        self._watch.enter(name)
        self._look(self._session.start(scene, seed))

    def _return(self, name: str, block: Block) -> None:
        parked = self._parked.pop(name)
        self._ask(block)
        if self._extras.recorder:
            self._extras.recorder.begin_from(parked)
        self._watch.enter(name)
        playthrough = Playthrough(parked.scene, parked.seed, lambda: parked)
        self._look(self._session.begin(playthrough))

    def _ask(self, block: Block) -> None:
        self._source.control = control_of(block, self._setting)

    def _look(self, step: SessionStep | None) -> None:
        assert step is not None  # its source always knows a control
        self._watch.take(step.block)
        self._extras.on_block(step.block, self._watch)


def _all(script: Sequence[Statement]) -> Iterator[Statement]:
    for statement in script:
        yield statement
        yield from _all(statement.body)
