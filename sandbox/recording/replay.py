"""Replays a recording and checks that the world makes the same blocks, or similar ones.

Knows nothing of windows: `ReplaySource` gives the recorded controls to a session, `Verifier`
watches it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from mag_sandbox.model.world import Control, FrameBlock, World
from mag_sandbox.sandbox.play.events import (
    BlockEvent,
    LookAheadEvent,
    SessionObserver,
    SessionStart,
)
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.recording.reader import Recording, with_machine
from mag_sandbox.sandbox.saves.parked_scene import ParkedScene

By = Literal["auto", "digest", "psnr"]  # what a replay is compared by
ALIKE_DB = 25.0  # of the median frame: above, people see the same place; other seeds score 10 to 13


def playthrough_of(recording: Recording) -> Playthrough:
    """Return what was played: a scene from its beginning, or from the state beside it."""
    start = recording.start
    parked = partial(_read, Path(start.state)) if start.state else None
    return Playthrough(start.scene, start.seed, parked, start.state)


class ReplaySource:
    """The recorded controls, one a block, then None."""

    def __init__(self, recording: Recording) -> None:
        self._controls = iter(recording.controls)

    def next_command(self) -> Control | None:
        """Return the next recorded control."""
        return next(self._controls, None)


@dataclass(frozen=True, slots=True)
class BlockDifference:
    """One picture that is not what was recorded."""

    block_index: int
    what: str  # "shown block", "look-ahead block 3", ...
    recorded: str
    replayed: str

    def __str__(self) -> str:
        return (
            f"block {self.block_index}: {self.what} differs, "
            f"recorded {self.recorded}, replayed {self.replayed}"
        )


class FrameComparison(Protocol):
    """Compares replayed frames with recorded ones, as `likeness.Likeness` does."""

    @property
    def is_alike(self) -> bool:
        """Whether they are like enough."""

    def add(self, block: FrameBlock) -> None:
        """Compare a replayed block."""

    def summary(self) -> str:
        """Return what came of it for people."""


class Verifier(SessionObserver):
    """A session observer that compares every digest with a recording, look-ahead blocks included.

    Where frames are compared instead, digests do not count.

    verifier = Verifier(recording)
    session = Session(world, ReplaySource(recording), observers=[verifier])
    ...
    verifier.matches, verifier.summary()
    """

    def __init__(
        self,
        recording: Recording,
        likeness_for: Callable[[dict], FrameComparison | None] = lambda provenance: None,
    ) -> None:
        """Set what is compared.

        `likeness_for` is given what the replay's header says and returns what compares frames;
        None: digests count.
        """
        self._recording = recording
        self._likeness_for = likeness_for
        self._likeness: FrameComparison | None = None
        self._provenance: dict = {}
        self.blocks = 0  # shown blocks compared
        self.look_ahead_blocks = 0  # look-ahead blocks compared
        self.first_difference: BlockDifference | None = None
        self.differing_blocks = 0

    @property
    def matches(self) -> bool:
        """Whether the whole recording was played, and all of it is as it was recorded."""
        if self.blocks != len(self._recording.blocks):
            return False
        return self._likeness.is_alike if self._likeness else self.first_difference is None

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:
        """Compare the first block."""
        self._provenance = with_machine(event.provenance)
        self._likeness = self._likeness_for(self._provenance)
        self._compare(event.first_block, block)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:
        """Compare one more block."""
        self._compare(event, block)

    def summary(self) -> str:
        """Return the result for people: one line, or a few."""
        total = len(self._recording.blocks)
        compared = f"{self.blocks} blocks and {self.look_ahead_blocks} look-ahead blocks"
        if self.blocks < total and (self._likeness or self.first_difference is None):
            alike = "were replayed" if self._likeness else "match"
            return f"not wholly verified: {compared} {alike}, but {total} blocks were recorded"
        if self._likeness:
            return self._likeness.summary() + self._remark()
        if self.first_difference is not None:
            text = f"NOT the same: {self.differing_blocks} of {compared} differ\n"
            return text + f"first at {self.first_difference}{self._why()}"
        return f"verified: {compared} match the recording" + self._remark()

    def _compare(self, replayed: BlockEvent, block: FrameBlock) -> None:
        if self.blocks >= len(self._recording.blocks):
            return
        recorded = self._recording.blocks[self.blocks]
        self.blocks += 1
        self.look_ahead_blocks += len(recorded.look_ahead)
        if self._likeness:
            self._likeness.add(block)
            return
        difference = _first_difference(recorded, replayed)
        if difference is not None:
            self.differing_blocks += 1
            self.first_difference = self.first_difference or difference

    def _why(self) -> str:
        recorded = self._recording.start.provenance
        keys = sorted({*recorded, *self._provenance} - ({"machine"} - {*recorded}))
        changed = [key for key in keys if _plain(recorded, key) != _plain(self._provenance, key)]
        return f"; other than when recorded: {', '.join(changed)}" if changed else ""

    def _remark(self) -> str:
        if self._recording.end is None:
            return " (it has no end: recording was interrupted)"
        return ""


def verify(
    recording: Recording,
    world: World,
    verifier: Verifier | None = None,
    on_progress: Callable[[int, int], None] = lambda block, total: None,
) -> Verifier:
    """Replay a recording without a window, as fast as the world can, and compare."""
    verifier = verifier or Verifier(recording)
    session = Session(world, ReplaySource(recording), observers=[verifier])
    session.begin(playthrough_of(recording))
    while session.advance() is not None:
        on_progress(verifier.blocks, len(recording.blocks))
    session.end("script over")
    return verifier


def _first_difference(recorded: BlockEvent, replayed: BlockEvent) -> BlockDifference | None:
    index = recorded.block_index
    for number in range(max(len(recorded.look_ahead), len(replayed.look_ahead))):
        pair = [_look_ahead(event.look_ahead, number) for event in (recorded, replayed)]
        if pair[0] != pair[1]:
            return BlockDifference(index, f"look-ahead block {number}", *pair)
    if recorded.digest != replayed.digest:
        return BlockDifference(index, "the shown block", recorded.digest, replayed.digest)
    return None


def _look_ahead(blocks: tuple[LookAheadEvent, ...], number: int) -> str:
    if number >= len(blocks):
        return "none"
    ahead = blocks[number]
    return f"{ahead.digest} (block {ahead.block_index} at {ahead.yaw:.3f}, {ahead.pitch:.3f})"


def _plain(provenance: dict, key: str) -> str:
    return str(provenance.get(key))


def _read(folder: Path) -> ParkedScene:
    from mag_sandbox.sandbox.saves.state_files import read_state

    return read_state(folder)
