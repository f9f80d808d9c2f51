"""Plays a demo: script → controls → session → result, with a window or without.

`play_demo` plays as fast as the world goes; in the window the app plays the same `DemoRun`.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from mag_sandbox.files.yaml_files import not_found
from mag_sandbox.model.loading import available_policies, words_problem
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    MemorySetting,
    Progress,
    World,
    WorldFailed,
    WorldSpec,
)
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.demo.result import DemoResult, MemoryRow
from mag_sandbox.sandbox.demo.watch import DemoWatch
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver, SessionStart
from mag_sandbox.sandbox.play.parked_scene import ParkedScene
from mag_sandbox.sandbox.play.session import Playthrough, SceneChange, Session, SessionStep
from mag_sandbox.sandbox.recording.frame_writer import FrameWriter
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.scenes import Scene, load_scene
from mag_sandbox.scenes.demo.demo import Demo, DemoError
from mag_sandbox.scenes.demo.script import MemoryAsk, Statement
from mag_sandbox.scenes.demo.steering import Rig
from mag_sandbox.scenes.demo.tape import (
    Block,
    Enter,
    Mark,
    Probe,
    SetAnchor,
    Tape,
    TapeItem,
    tape_of,
)
from mag_sandbox.scenes.demo.words import ScriptError
from mag_sandbox.scenes.scene import MAX_SEED

OnProgress = Callable[[int, int], None]  # blocks made, blocks in all


@dataclass(frozen=True, slots=True)
class Extras:
    """Optional outputs of a run."""

    recorder: Recorder | None = None
    on_progress: OnProgress = lambda done, total: None
    frames: FrameWriter | None = None  # keeps the frames of a recorded session


def tape_for(demo: Demo, spec: WorldSpec) -> Tape:
    """Return a demo's controls for a world, or raise DemoError if this world cannot do it."""
    rig = Rig(spec.fps, spec.block_length, spec.full_speed, spec.axes, spec.policies, spec.kinds)
    try:
        return tape_of(demo.script, rig, demo.scene_name)
    except ScriptError as error:
        raise demo.problem(error) from None


def check_policies(demo: Demo, asks: Sequence[MemoryAsk]) -> None:
    """Raise DemoError if a demo names an unknown memory policy, before a world is loaded."""
    known = available_policies()
    for ask in asks:
        if ask.policy not in known:
            raise DemoError(not_found("memory policy", ask.policy, known))
    for statement in _all(demo.script):
        if statement.word == "memory" and (policy := statement.values[0].policy) not in known:
            place = statement.line, statement.column
            raise demo.problem(ScriptError(*place, not_found("memory policy", policy, known)))


def check_words(demo: Demo, world: str) -> None:
    """Raise DemoError if a world knows no word of a description, before it is loaded."""
    if problem := words_problem(world, demo.scene.prompt):
        raise DemoError(f"{demo.source}: scene: {problem}")
    for statement in _all(demo.script):
        if statement.word == "prompt" and (problem := words_problem(world, statement.values[0])):
            raise demo.problem(ScriptError(statement.line, statement.column, problem))


def setting_of(ask: MemoryAsk | None, base: MemorySetting) -> MemorySetting:
    """Return a memory setting: the requested values, and the present ones for the rest."""
    return base if ask is None else replace(base, policy=ask.policy, **ask.limits())


def control_of(block: Block, base: MemorySetting) -> Control:
    """Return the control of a block of a tape."""
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
    """Play a demo from its beginning to its end, as fast as the world goes.

    The world is loaded with `setting`, which also fills in whatever the script leaves open; the
    seed is the demo's own unless one is given.

    Raises:
        DemoError: this world cannot play it; nothing was played.
        WorldFailed: the world stopped on the way.
    """
    extras = extras or Extras()
    run = DemoRun(demo, setting, seed, extras)
    blocks = run.use(world.spec)
    session = Session(world, run, [*run.writers, run])
    reason = "interrupted"
    try:
        step = session.begin(run.playthrough)
        while step is not None:
            extras.on_progress(run.blocks, blocks)
            step = session.advance()
        reason = "script over"
        run.finish()
    except Exception as error:
        reason = str(error)
        raise
    finally:
        session.end(reason)
    return run.result()


class DemoRun(SessionObserver):
    """A demo that is played: the source of its session's controls, and an observer that counts.

    run = DemoRun(demo, setting)
    run.use(world.spec)
    session = Session(world, run, [*run.writers, run])  # or app.run(..., run.writers, source=run)
    session.begin(run.playthrough)
    while session.advance(): ...
    run.finish()
    run.result()

    A scene that the script leaves is parked in memory and continues exactly.
    """

    def __init__(
        self,
        demo: Demo,
        setting: MemorySetting,
        seed: int | None = None,
        extras: Extras | None = None,
    ) -> None:
        self.seed = demo.seed if seed is None else seed
        self.playthrough = Playthrough(*scene_and_seed(demo, demo.scene_name, self.seed))
        self.caption = demo.about  # describes the present step of the script
        self.blocks = self.frames = 0
        self.watch: DemoWatch  # from `use` on
        self._demo, self._setting, self._extras = demo, setting, extras or Extras()
        self._tape = Tape((), 0, 0.0)
        self._items: Iterator[TapeItem] = iter(())
        self._here = demo.scene_name
        self._parked: dict[str, ParkedScene] = {}
        self._milliseconds = 0.0
        self._memory = MemoryRow()
        self._provenance: dict[str, Any] = {}
        self._digest = hashlib.sha256()

    @property
    def is_over(self) -> bool:
        """Whether the script was played to its end."""
        return 0 < self._tape.blocks <= self.blocks

    @property
    def writers(self) -> list[SessionObserver]:
        """The observers that go before this run: what keeps the session and its frames."""
        return [one for one in (self._extras.recorder, self._extras.frames) if one]

    def use(self, spec: WorldSpec) -> int:
        """Get ready for a world; return how many blocks the script asks for."""
        self._tape = tape_for(self._demo, spec)
        self._items = iter(self._tape.items)
        self.watch = DemoWatch(spec)
        if self._extras.frames:
            self._extras.frames.follow(self.watch)
        self.watch.enter(self._here)
        return self._tape.blocks

    def load(
        self, choice: WorldChoice, on_progress: Progress = lambda stage, fraction: None
    ) -> World:
        """Load a world and get ready, or raise WorldFailed if it cannot play this demo."""
        world = choice.load(on_progress)
        try:
            self.use(world.spec)
        except DemoError as error:
            world.close()
            raise WorldFailed(str(error)) from None
        return world

    def next_command(self) -> Control | SceneChange | None:
        """Return the control of the next block, after the script's steps before it."""
        for item in self._items:
            self.caption = caption_of(item) or self.caption
            match item:
                case Block():
                    return control_of(item, self._setting)
                case Enter(name):
                    return partial(self._enter, name)
                case _:
                    self.watch.obey(item)
        return None

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:
        """Count the first block of a scene, or the first after it was left."""
        self._provenance = event.provenance
        self.on_block(event.first_block, block)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:
        """Count one more block."""
        self.blocks += 1
        self.frames += event.frame_count
        self._milliseconds += event.latency_ms
        self._memory = self._memory.after(block.memory)
        self._digest.update(event.digest.encode())
        self.watch.on_block(event, block)

    def finish(self) -> None:
        """Compare views that were just coming back, or raise WorldFailed before any world."""
        if not self._tape.blocks:
            raise WorldFailed("the demo never began; start it again")
        self.watch.finish()

    def result(self) -> DemoResult:
        """Return the result of the run."""
        seconds, spec = self._milliseconds / 1000, self.watch.world
        weights = self._provenance.get("weights")
        return DemoResult(
            demo=self._demo.name,
            scene=self._demo.scene_name,
            world=spec.name,
            weights=None if weights is None else str(weights),
            memory=str(ask_of(self._setting)),
            seed=self.seed,
            frames=self.frames,
            seconds=round(self.frames / spec.fps, 3),
            fps=round(self.frames / seconds, 2) if seconds else 0.0,
            probes=tuple(self.watch.probes),
            memory_usage=self._memory,
            marks=tuple(self.watch.marks),
            digest=self._digest.hexdigest()[:16],
            provenance=self._provenance,
        ).check(self._demo.expect)

    def _enter(self, name: str, session: Session) -> SessionStep | None:
        self._parked[self._here] = session.park()
        self._here = name
        self.watch.enter(name)
        if (parked := self._parked.pop(name, None)) is None:
            return session.start(*scene_and_seed(self._demo, name, self.seed))
        if self._extras.recorder:
            self._extras.recorder.begin_from(parked)
        return session.begin(Playthrough(parked.scene, parked.seed, lambda: parked))


def ask_of(setting: MemorySetting) -> MemoryAsk:
    """Return a setting as it is written in a script: only values that differ from the defaults."""
    usual = asdict(MemorySetting(policy=setting.policy))
    named = {name: value for name, value in asdict(setting).items() if value != usual[name]}
    return MemoryAsk(setting.policy, **named)


def caption_of(item: TapeItem) -> str:
    """Return the caption of a script's item; "": nothing new."""
    match item:
        case SetAnchor(name):
            return f"Remember {view_name(name)}"
        case Probe(name):
            return f"Back at {view_name(name)}: is it the same?"
        case Mark(text):
            return text
        case Enter(name, again):
            return f"{'Back in' if again else 'On to'} {name}"
    return ""


def view_name(anchor: str) -> str:
    """Return a view of a script for people; a letter names nothing."""
    return f"the view “{anchor}”" if anchor[1:] else f"view {anchor.upper()}"


def _all(script: Sequence[Statement]) -> Iterator[Statement]:
    for statement in script:
        yield statement
        yield from _all(statement.body)
