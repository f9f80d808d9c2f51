"""Hands a session over to another world with the same base weights, as pictures to encode again.

Worlds cannot read each other's memory, but both can read pictures: one of every view seen, and all
of the newest blocks. Knows nothing of windows and threads.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mag_sandbox.controls.camera import view_overlap
from mag_sandbox.evaluation.similarity.pictures import Sight
from mag_sandbox.model.loading import policies_of
from mag_sandbox.model.world import (
    FrameBlock,
    MemoryOrigin,
    Past,
    PastBlock,
    World,
    WorldFailed,
    WorldState,
)
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver, SessionStart
from mag_sandbox.sandbox.play.parked_scene import ParkedScene
from mag_sandbox.scenes import Scene

RECENT_BLOCKS = 7  # newest blocks handed over whole: as far as packed frames reach back
MAX_BYTES = 16 * 2**20  # of them; where blocks are larger, fewer are kept
MAX_VIEWS = 64  # older pictures handed over: each costs a pass, together some seconds
# Overlaps above which a newer picture stands for an older one; the first that leaves few enough
# counts: ground that falls between the pictures is invented again.
SAME_VIEW = (0.95, 0.85, 0.75, 0.6)


class RecentBlocks(SessionObserver):
    """The newest blocks of a session, in `blocks`, the oldest first."""

    def __init__(self) -> None:
        self.blocks: deque[FrameBlock] = deque(maxlen=RECENT_BLOCKS)

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 -- observer
        """Begin anew."""
        self.blocks.clear()
        self.blocks.append(block)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 -- observer
        """Keep one more block, and drop those beyond the limit."""
        self.blocks.append(block)
        while len(self.blocks) * block.frames.nbytes > MAX_BYTES and len(self.blocks) > 1:
            self.blocks.popleft()


@dataclass(frozen=True, slots=True, eq=False)
class Handover:
    """A scene that moves from one world to another."""

    left: ParkedScene  # in the old world; without its state, which no other world can read
    blocks: tuple[PastBlock, ...]
    origin: MemoryOrigin
    then: Callable[[ParkedScene], object]  # called with the scene in the new world

    def enter(self, world: World) -> ParkedScene:
        """Make a world remember the pictures and look where the other did, or raise WorldFailed."""
        left = self.left
        try:
            world.adopt(Past(left.scene, left.seed, left.prompt, self.blocks, self.origin))
        except ValueError as error:
            raise WorldFailed(
                f'"{left.scene.name}" cannot continue in the world "{world.spec.name}" ({error}); '
                f'keep playing in "{left.world}"'
            ) from None
        entered = replace(
            left,
            state=world.snapshot(),
            world=world.spec.name,
            provenance=world.provenance(),
            rooms=(),
        )
        self.then(entered)
        return entered


def handover(
    left: ParkedScene,
    pictures: Iterable[Sight],
    recent: Sequence[FrameBlock],
    then: Callable[[ParkedScene], object],
) -> Handover:
    """Return the scene as another world can continue it; the state of `left` is freed."""
    length = len(recent[-1].frames)
    newest = [
        PastBlock(block.at_rest, block.poses, block.block_index)
        for block in recent
        if not any(pose.is_away for pose in block.poses)  # another world cannot walk
    ]
    first = newest[0].block_index if newest else recent[-1].block_index
    before = [sight for sight in pictures if sight.number // length < first]
    rested = _rested(_views(before), length)
    count = len(rested) + sum(len(block.frames) for block in newest)
    return Handover(
        left=replace(left, state=WorldState({}, {})),
        blocks=(*rested, *newest),
        origin=MemoryOrigin(left.world, count),
        then=then,
    )


def scene_for(world: str, scene: Scene) -> Scene:
    """Return a scene that a world can begin: without a memory policy that it lacks."""
    fits = scene.memory in (None, *policies_of(world))
    return scene if fits else replace(scene, memory=None)


def _views(pictures: Iterable[Sight]) -> list[Sight]:
    """Return one picture of each view, oldest first; the newest of those that overlap."""
    newest_first = sorted(pictures, key=lambda one: one.number, reverse=True)
    chosen: list[Sight] = []
    for same_view in SAME_VIEW:
        chosen = _distinct(newest_first, same_view)
        if len(chosen) <= MAX_VIEWS:
            break
    return chosen[:MAX_VIEWS][::-1]


def _distinct(pictures: Iterable[Sight], same_view: float) -> list[Sight]:
    """Return the pictures that show more than those before them."""
    chosen: list[Sight] = []
    for sight in pictures:
        if all(view_overlap(sight.pose, one.pose) <= same_view for one in chosen):
            chosen.append(sight)
    return chosen


def _rested(views: Sequence[Sight], length: int) -> list[PastBlock]:
    """Return a block for each picture, in which the camera rests."""
    blocks = {}
    for view in views:
        index = view.number // length  # at most one picture a block
        frames = np.repeat(view.frame[None], length, axis=0)
        blocks[index] = PastBlock(frames, (view.pose,) * length, index)
    return list(blocks.values())
