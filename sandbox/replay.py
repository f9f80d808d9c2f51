"""Plays a recording again, and checks that the world makes the very same blocks.

Knows nothing of windows: `ReplaySource` gives the recorded controls to a session, `Verifier`
watches it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from model.world import Control, FrameBlock, World
from sandbox.events import BlockEvent, LookAheadEvent, SessionEnd, SessionStart
from sandbox.recording import Recording
from sandbox.session import Playthrough, Session
from sandbox.state_files import read_state


def playthrough_of(recording: Recording) -> Playthrough:
    """Return what was played: a scene from its beginning, or from the state beside it."""
    start = recording.start
    parked = partial(read_state, Path(start.state)) if start.state else None
    return Playthrough(start.scene, start.seed, parked, start.state)


class ReplaySource:
    """The recorded controls, one a block, then None."""

    def __init__(self, recording: Recording) -> None:
        self._controls = iter(recording.controls)

    def next_command(self) -> Control | None:
        """Return the next recorded control."""
        return next(self._controls, None)


@dataclass(frozen=True, slots=True)
class Difference:
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


class Verifier:
    """A session observer that compares every digest with a recording, look-ahead blocks included.

    verifier = Verifier(recording)
    session = Session(world, ReplaySource(recording), observers=[verifier])
    ...
    verifier.matches, verifier.summary()
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._provenance: dict = {}
        self.blocks = 0  # shown blocks compared
        self.look_ahead_blocks = 0  # look-ahead blocks compared
        self.first_difference: Difference | None = None
        self.differing_blocks = 0

    @property
    def matches(self) -> bool:
        """Whether the whole recording was played and every digest is the recorded one."""
        return self.first_difference is None and self.blocks == len(self._recording.blocks)

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Compare the first block."""
        self._provenance = event.provenance
        self._compare(event.first_block)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Compare one more block."""
        self._compare(event)

    def on_end(self, event: SessionEnd) -> None:
        """Nothing left to compare."""

    def summary(self) -> str:
        """Return the result for people: one line, or two if something differs."""
        total = len(self._recording.blocks)
        compared = f"{self.blocks} blocks and {self.look_ahead_blocks} look-ahead blocks"
        if self.first_difference is not None:
            text = f"NOT the same: {self.differing_blocks} of {compared} differ\n"
            return text + f"first at {self.first_difference}{self._why()}"
        if self.blocks < total:
            return f"not wholly verified: {compared} match, but {total} blocks were recorded"
        return f"verified: {compared} match the recording" + self._remark()

    def _compare(self, replayed: BlockEvent) -> None:
        if self.blocks >= len(self._recording.blocks):
            return
        recorded = self._recording.blocks[self.blocks]
        self.blocks += 1
        self.look_ahead_blocks += len(recorded.look_ahead)
        difference = _first_difference(recorded, replayed)
        if difference is not None:
            self.differing_blocks += 1
            self.first_difference = self.first_difference or difference

    def _why(self) -> str:
        recorded = self._recording.start.provenance
        keys = sorted({*recorded, *self._provenance})
        changed = [key for key in keys if _plain(recorded, key) != _plain(self._provenance, key)]
        return f"; other than when recorded: {', '.join(changed)}" if changed else ""

    def _remark(self) -> str:
        if self._recording.end is None:
            return " (it has no end: recording was interrupted)"
        return ""


def verify(
    recording: Recording,
    world: World,
    on_progress: Callable[[int, int], None] = lambda block, total: None,
) -> Verifier:
    """Replay a recording without a window, as fast as the world can, and compare every digest."""
    verifier = Verifier(recording)
    session = Session(world, ReplaySource(recording), observers=[verifier])
    session.begin(playthrough_of(recording))
    while session.advance() is not None:
        on_progress(verifier.blocks, len(recording.blocks))
    session.end("script over")
    return verifier


def _first_difference(recorded: BlockEvent, replayed: BlockEvent) -> Difference | None:
    index = recorded.block_index
    for number in range(max(len(recorded.look_ahead), len(replayed.look_ahead))):
        pair = [_look_ahead(event.look_ahead, number) for event in (recorded, replayed)]
        if pair[0] != pair[1]:
            return Difference(index, f"look-ahead block {number}", *pair)
    if recorded.digest != replayed.digest:
        return Difference(index, "the shown block", recorded.digest, replayed.digest)
    return None


def _look_ahead(blocks: tuple[LookAheadEvent, ...], number: int) -> str:
    if number >= len(blocks):
        return "none"
    ahead = blocks[number]
    return f"{ahead.digest} (block {ahead.block_index} at {ahead.yaw:.3f}, {ahead.pitch:.3f})"


def _plain(provenance: dict, key: str) -> str:
    return str(provenance.get(key))
