"""Two worlds side by side: the same scene, seed and controls with two kinds of memory.

To the worker it is one `World` whose frames show the middle of both. Where the machine is too slow
for both, they take turns: a control moves one world, then the other, and time runs at half its
speed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    MemorySetting,
    Progress,
    World,
    WorldFailed,
    WorldState,
)
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.play.handover import Handover
from mag_sandbox.sandbox.play.parked_scene import ParkedScene
from mag_sandbox.scenes import Scene

SHOWN = 0.7  # share of a frame's width that is shown: whole ones leave half of a window empty
SMOOTHING = 0.3  # weight of the newest block in the time that both take
ROOM = 0.85  # largest share of a block's duration for both


def load_beside(
    second: WorldChoice,
    past: Callable[[], Handover] | None,
    first: World,
    on_progress: Progress = lambda stage, fraction: None,
) -> World:
    """Load a second world that continues where a first one is; their networks are shared.

    Args:
        second: what to load.
        past: returns what a world of another name continues from; None: it is of the same.
        first: the world that is played.
        on_progress: of loading.
    """
    world = SplitWorld(first, second.load(on_progress), second.memory)
    world.follow(past() if past else None)
    return world


@dataclass(frozen=True, slots=True)
class StandingScene:
    """A scene that the world is already in: `Resumable` with nothing to restore."""

    left: ParkedScene

    def enter(self, world: World) -> ParkedScene:  # noqa: ARG002 -- Resumable
        """Return the scene."""
        return self.left


class SplitWorld(World):
    """Implements `World` over two others.

    >>> split = SplitWorld(load_world("pocket"), load_world("pocket"), MemorySetting("window"))
    >>> block = split.reset(scene, seed=7)
    >>> block.beside.frames.shape  # of the second world
    (3, 192, 320, 3)
    >>> block.frames.shape  # the middle of each
    (3, 192, 448, 3)
    >>> block.at_rest.shape  # whole
    (3, 192, 640, 3)

    Closing it frees the second world; the first belongs to the caller.
    """

    def __init__(
        self,
        first: World,
        second: World,
        memory: MemorySetting,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._worlds = first, second
        self._clock, self._memory = clock, memory
        self.spec = replace(first.spec, frame_width=2 * _shown(first.spec.frame_width))
        self._blocks: list[FrameBlock] = []  # newest of each; none: both continue
        self._seconds = 0.0  # for a block of both
        # already done by the first world, not yet by the second
        self._waiting: Control | None = None

    @property
    def takes_turns(self) -> bool:
        """Whether the machine is too slow to move both at once."""
        return self._seconds > ROOM * self._worlds[0].spec.block_seconds

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of both; each keeps its own policy, whatever the scene says."""
        scene = replace(scene, memory=None)
        self._blocks = [world.reset(scene, seed) for world in self._worlds]
        self._waiting = None
        return self._joined()

    def follow(self, past: Handover | None = None) -> None:
        """Continue both from where the first is; the second remembers it in its own way.

        Without a past it is restored from the first one's state.
        """
        first, second = self._worlds
        while first.prepare():  # so that the second need not paint a due view again
            pass
        if past is None:
            second.restore(first.snapshot())
        else:
            past.enter(second)
        self._blocks, self._waiting = [], None

    def step(self, control: Control) -> FrameBlock:
        """Return the next block of both, or of the one whose turn it is."""
        control = replace(control, memory=None)
        if not self._blocks:
            self._blocks = [
                self._worlds[0].step(control),
                self._worlds[1].step(replace(control, memory=self._memory)),
            ]
        elif self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self._move(1, waiting)
        elif self.takes_turns:
            self._move(0, control)
            self._waiting = control
        else:
            self._move(0, control)
            self._move(1, control)
        return self._joined()

    def expect_prompt(self) -> None:
        """Prepare both for a prompt."""
        for world in self._worlds:
            world.expect_prompt()

    def prepare(self) -> bool:
        """Make both look ahead."""
        return any([world.prepare() for world in self._worlds])  # noqa: C419 -- every one

    def waits(self) -> tuple[str, ...]:
        """Return the work that either world would wait for."""
        return tuple({wait: None for world in self._worlds for wait in world.waits()})

    def snapshot(self) -> WorldState:
        """Raise WorldFailed, always."""
        raise WorldFailed("two worlds side by side cannot be saved; press V first")

    def restore(self, state: WorldState) -> None:  # noqa: ARG002 -- World
        """Raise WorldFailed, always."""
        raise WorldFailed("a saved place cannot be opened side by side; press V first")

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames of the first world after its autoencoder."""
        return self._worlds[0].round_trip(frames)

    def provenance(self) -> dict[str, Any]:
        """Return the provenance of each."""
        return {"worlds": [world.provenance() for world in self._worlds]}

    def close(self) -> None:
        """Free the second world."""
        self._worlds[1].close()

    def _move(self, place: int, control: Control) -> None:
        began = self._clock()
        self._blocks[place] = self._worlds[place].step(control)
        seconds = 2 * (self._clock() - began)
        before = self._seconds or seconds
        self._seconds = before + SMOOTHING * (seconds - before)

    def _joined(self) -> FrameBlock:
        left, right = self._blocks
        return replace(
            left,
            frames=_side_by_side(middle(left.frames), middle(right.frames)),
            rest=_side_by_side(left.at_rest, right.at_rest),
            beside=right,
        )


def _side_by_side(left: Frames, right: Frames) -> Frames:
    held = _held(right, len(left))  # a scene's first block may be shorter
    return np.concatenate((left, held), axis=2)


def middle(frames: Frames) -> Frames:
    """Return the part of frames, [..., H, W, 3], that a half of the window shows."""
    width = frames.shape[-2]
    shown = _shown(width)
    left = (width - shown) // 2
    return frames[..., left : left + shown, :]


def _shown(width: int) -> int:
    return 2 * round(SHOWN * width / 2)


def _held(frames: Frames, length: int) -> Frames:
    """Return frames extended to a number by repeating the last one."""
    missing = length - len(frames)
    return np.concatenate((frames, np.repeat(frames[-1:], missing, axis=0))) if missing else frames
