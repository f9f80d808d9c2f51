"""A demo in the window: a source of controls for the app, and a stage on which scenes change.

To the app it is one session. The stage is a `World` around a world: when the script leaves a scene
it keeps a snapshot, and the frames go on with the other scene. Pictures are compared on a thread of
their own.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from mag_sandbox.evaluation.similarity.recall import ProbeResult
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    MemorySetting,
    Progress,
    World,
    WorldFailed,
    WorldState,
)
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.demo.result import DemoResult, ProbeRow
from mag_sandbox.sandbox.demo.run import (
    OnBlock,
    Tally,
    control_of,
    result_of,
    scene_and_seed,
    tape_for,
)
from mag_sandbox.sandbox.demo.watch import DemoWatch
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.play.staged import Staged
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.demo.demo import Demo, DemoError
from mag_sandbox.scenes.demo.tape import Block, Enter, Mark, Probe, SetAnchor, TapeItem


class StageWorld(Staged):
    """Implements `World` over another one, with a change of scene between two blocks.

    >>> stage = StageWorld(world, "meadow", tell=lambda scene, block: None)
    >>> _ = stage.reset(scene, seed=7)
    >>> stage.leave_for("kitchen", scene, 3)
    >>> _ = stage.step(Control())  # the first block of the kitchen
    """

    cannot_save = "a demo cannot be saved; play its scene instead"
    cannot_continue = "a demo cannot continue a saved scene; play the scene instead"

    def __init__(self, world: World, here: str, tell: Callable[[str, FrameBlock], None]) -> None:
        """`tell` is told every block and its scene, numbered as the scene's own."""
        super().__init__(world)
        self.spec = world.spec
        self.newest: FrameBlock  # as the scene's own; from `reset` on
        self._world, self._tell = world, tell
        self._here = here
        self._left: dict[str, WorldState] = {}
        self._enter: Callable[[Control], FrameBlock] | None = None  # the next block's scene
        self._index = -1

    def leave_for(self, name: str, scene: Scene, seed: int) -> None:
        """Make the next block that of another scene: its first, or the next where it was left."""

        def enter(control: Control) -> FrameBlock:
            self._left[self._here] = self._world.snapshot()
            self._here = name
            if name not in self._left:
                return self._world.reset(scene, seed)
            self._world.restore(self._left.pop(name))
            return self._world.step(control)

        self._enter = enter

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block."""
        return self._shown(self._world.reset(scene, seed))

    def step(self, control: Control) -> FrameBlock:
        """Return the next block, of another scene if that was asked for."""
        enter, self._enter = self._enter, None
        return self._shown((enter or self._world.step)(control))

    def _shown(self, block: FrameBlock) -> FrameBlock:
        self.newest = block
        self._tell(self._here, block)
        self._index += 1
        return replace(block, block_index=self._index)


def caption_of(item: TapeItem) -> str:
    """Say what an item of a script does, for people; "": nothing new."""
    match item:
        case SetAnchor(name):
            return f"Remember this view: “{name}”"
        case Probe(name):
            return f"Back at “{name}”: is it the same?"
        case Mark(text):
            return text
        case Enter(name, again):
            return f"{'Back in' if again else 'On to'} {name}"
    return ""


class DemoSource:
    """A demo as a source of controls, and the loader of the stage that it plays on.

    source = DemoSource(demo, choice, seed)
    app.run(source.load, source.playthrough, settings, [source.tally], source=source)
    result = source.result()
    """

    def __init__(
        self,
        demo: Demo,
        choice: WorldChoice,
        seed: int,
        on_block: OnBlock = lambda block, watch: None,
    ) -> None:
        """`on_block` is told every block when it was looked at, on a thread of its own."""
        self.tally = Tally()
        self.playthrough = Playthrough(replace(demo.scene, memory=None), seed)
        self._demo, self._choice, self._seed, self._on_block = demo, choice, seed, on_block
        self.caption = demo.about  # what the script does now, for people
        self._blocks = 0  # of the whole script
        self._items: Iterator[TapeItem] = iter(())
        self._stage: StageWorld  # this and what watches it are there when the world is loaded
        self._watch: DemoWatch
        self._looking = ThreadPoolExecutor(1, "demo watch")
        self._looks: list[Future[None]] = []

    @property
    def _setting(self) -> MemorySetting:
        return self._choice.memory

    @property
    def rows(self) -> Sequence[ProbeRow]:
        """What was compared so far."""
        return self._watch.probes if self._blocks else ()

    @property
    def results(self) -> Sequence[ProbeResult]:
        """The newest comparisons, with their pictures."""
        return self._watch.results if self._blocks else ()

    @property
    def is_over(self) -> bool:
        """Whether the script was played to its end."""
        return 0 < self._blocks <= self.tally.blocks

    def load(self, on_progress: Progress = lambda stage, fraction: None) -> World:
        """Load the world and put the stage around it.

        Raises:
            WorldFailed: it cannot run here, or cannot play this demo.
        """
        world = self._choice.load(on_progress)
        try:
            tape = tape_for(self._demo, world.spec)
        except DemoError as error:
            world.close()
            raise WorldFailed(str(error)) from None
        self._watch = DemoWatch(world.spec)
        self._stage = StageWorld(world, self._demo.scene_name, partial(self._later, self._take))
        self._items, self._blocks = iter(tape.items), tape.blocks
        return self._stage

    def next_command(self) -> Control | None:
        """Return the control of the next block; what the script does before it is done first."""
        for item in self._items:
            self.caption = caption_of(item) or self.caption
            match item:
                case Block():
                    return control_of(item, self._setting)
                case Enter(name, again):
                    scene, seed = scene_and_seed(self._demo, name, self._seed)
                    self._stage.leave_for(name, scene, seed)
                    if not again:
                        return Control()  # the first block of a scene is asked for nothing
                case _:
                    self._later(self._watch.obey, item)
        return None

    def result(self) -> DemoResult:
        """Return what came of it, once the app has closed; waits for the last comparisons.

        Raises:
            WorldFailed: no world was loaded.
        """
        if not self._blocks:
            raise WorldFailed("the demo never began; start it again")
        self._later(self._watch.finish)
        self._looking.shutdown(wait=True)
        for look in self._looks:
            look.result()  # a bug keeps its traceback
        spec = self._stage.spec
        run = self._setting, self._seed, self.tally, self._watch
        return result_of(self._demo, spec, *run)

    def _later(self, function: Callable[..., None], *arguments: object) -> None:
        self._looks.append(self._looking.submit(function, *arguments))

    def _take(self, scene: str, block: FrameBlock) -> None:
        self._watch.enter(scene)
        self._watch.take(block)
        self._on_block(block, self._watch)
