"""Replays a recording and checks whether the world makes the same blocks, or similar ones."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.files.pictures import encode_jpeg
from mag_sandbox.model.catalogue import shipped
from mag_sandbox.model.loading import ServerAddress
from mag_sandbox.model.world import FrameBlock, Frames, MemorySetting, Progress, World, WorldFailed
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.play.events import (
    BlockEvent,
    LookAheadEvent,
    SessionObserver,
    SessionStart,
)
from mag_sandbox.sandbox.play.parked_scene import read_state
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.recording.frames_file import (
    FRAME_QUALITY,
    StoredBlock,
    StoredFrames,
    decode_jpeg,
)
from mag_sandbox.sandbox.recording.reader import (
    ALIKE_DB,
    By,
    Recording,
    RecordingError,
    with_machine,
)

PARTS = 10  # stretches with a figure each, so that a slow drift shows
ARITHMETIC = ("execution", "packages", "machine", "frames")  # of provenance: bits depend on it
NO_FRAMES = "no frames were kept beside this recording, so digests are compared"


@dataclass(frozen=True, slots=True)
class FrameLikeness:
    """One frame, then and now."""

    index: int  # since the recording began
    psnr: float  # dB


class Likeness:
    """Compares replayed blocks with kept ones.

    likeness = Likeness(stored, "packages")
    likeness.add(block)  # every block
    likeness.is_alike, likeness.summary()
    """

    def __init__(self, stored: StoredFrames, why: str) -> None:
        """`stored` must stay open; `why` names the differences to the recording's provenance."""
        self.frames: list[FrameLikeness] = []
        self.missing = 0  # frames that were not kept or cannot be read
        self._stored, self._why = stored, why
        self._blocks = {one.head.block_index: one for one in stored.blocks}
        self._seen = 0

    @property
    def is_alike(self) -> bool:
        """Whether the median frame is similar enough."""
        return bool(self.frames) and self.median_psnr >= ALIKE_DB

    @property
    def median_psnr(self) -> float:
        """Of all frames compared [dB]; there must be one."""
        return median(one.psnr for one in self.frames)

    @property
    def worst(self) -> FrameLikeness:
        """The least similar frame; there must be one."""
        return min(self.frames, key=lambda one: one.psnr)

    def add(self, block: FrameBlock) -> None:
        """Compare a replayed block."""
        first, self._seen = self._seen, self._seen + len(block.frames)
        stored = self._blocks.get(block.block_index)
        kept = None if stored is None else self._read(stored)
        if stored is None or kept is None or kept.shape != block.frames.shape:
            self.missing += len(block.frames)
            return
        for place, (then, now) in enumerate(zip(kept, block.frames, strict=True)):
            if stored.head.coding == "jpeg":
                now = decode_jpeg(encode_jpeg(now, FRAME_QUALITY))  # as then: coded once
            self.frames.append(FrameLikeness(first + place, psnr(now, then)))

    def _read(self, stored: StoredBlock) -> Frames | None:
        try:
            return self._stored.frame_block(stored, with_memory=False).frames
        except RecordingError:
            return None

    def summary(self) -> str:
        """Return the result for people, in a few lines."""
        if not self.frames:
            return "NOT alike: none of the replayed frames was kept"
        worst, fps = self.worst, self._stored.head.fps
        verdict = "alike" if self.is_alike else "NOT alike"
        lines = [
            f"{verdict}: {len(self.frames)} frames against those kept, PSNR median "
            f"{self.median_psnr:.1f} dB (at least {ALIKE_DB:g} expected), lowest {worst.psnr:.1f} "
            f"dB at frame {worst.index} ({worst.index / fps:.1f} s)",
            f"from beginning to end: {' '.join(f'{value:.0f}' for value in self._parts())} dB",
        ]
        if self.missing:
            lines.append(f"{self.missing} frames were not kept and are left out")
        if self._why:
            lines.append(f"changed since: {self._why}")
        return "\n".join(lines)

    def _parts(self) -> list[float]:
        count = min(PARTS, len(self.frames))
        edges = [len(self.frames) * part // count for part in range(count + 1)]
        stretches = [self.frames[a:b] for a, b in pairwise(edges)]
        return [median(one.psnr for one in stretch) for stretch in stretches]


def playthrough_of(recording: Recording) -> Playthrough:
    """Return the recorded playthrough: a scene from its beginning, or from the state beside it."""
    start = recording.start
    parked = partial(read_state, Path(start.state)) if start.state else None
    return Playthrough(start.scene, start.seed, parked, start.state)


def recorded_choice(recording: Recording, server: ServerAddress | None = None) -> WorldChoice:
    """Return the world of a recording, to be loaded here or there, or raise WorldFailed."""
    start = recording.start
    memory = start.memory or MemorySetting()
    execution = start.provenance.get("execution")
    if execution is not None and not isinstance(execution, dict):
        raise WorldFailed(
            f"{recording.folder} says {execution!r:.40} of how it was run, expected a group of "
            "values; record the session again"
        )
    return WorldChoice(start.world, memory, start.look_ahead, execution, server)


@dataclass(frozen=True, slots=True)
class BlockDifference:
    """A picture that differs from the recorded one."""

    block_index: int
    what: str  # "shown block", "look-ahead block 3", ...
    recorded: str
    replayed: str

    def __str__(self) -> str:
        return (
            f"block {self.block_index}: {self.what} differs, "
            f"recorded {self.recorded}, replayed {self.replayed}"
        )


class Verifier(SessionObserver):
    """A session observer that compares every digest with a recording, look-ahead blocks included.

    Where frames are compared instead, digests do not count.

    verifier = Verifier(recording)
    session = Session(world, ScriptSource(recording.controls), observers=[verifier])
    ...
    verifier.matches, verifier.summary()
    """

    def __init__(
        self,
        recording: Recording,
        likeness_for: Callable[[dict[str, Any]], Likeness | None] = lambda provenance: None,
    ) -> None:
        """Set the recording.

        Args:
            recording: to compare with.
            likeness_for: returns, from the replay's provenance, the comparison of frames to use;
                None: digests are compared.
        """
        self._recording = recording
        self._likeness_for = likeness_for
        self._likeness: Likeness | None = None
        self._provenance: dict[str, Any] = {}
        self.blocks = 0  # shown blocks compared
        self.look_ahead_blocks = 0  # look-ahead blocks compared
        self.first_difference: BlockDifference | None = None
        self.differing_blocks = 0

    @property
    def matches(self) -> bool:
        """Whether the whole recording was replayed with the same or similar blocks."""
        if self.blocks != len(self._recording.blocks) or self._recording.is_changed:
            return False
        return self._likeness.is_alike if self._likeness else self.first_difference is None

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:
        """Compare the first block."""
        self._provenance = with_machine(event.provenance)
        self._likeness = self._likeness_for(self._provenance)
        self.on_block(event.first_block, block)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:
        """Compare one more block."""
        if self.blocks >= len(self._recording.blocks):
            return
        recorded = self._recording.blocks[self.blocks]
        self.blocks += 1
        self.look_ahead_blocks += len(recorded.look_ahead)
        if self._likeness:
            self._likeness.add(block)
            return
        difference = _first_difference(recorded, event)
        if difference is not None:
            self.differing_blocks += 1
            self.first_difference = self.first_difference or difference

    def summary(self) -> str:
        """Return the result for people: one line, or a few."""
        result = self._compared()
        if self._recording.is_changed:
            return f"NOT verified: the recording was edited (its checksum differs)\n{result}"
        return result

    def _compared(self) -> str:
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
        return f"verified: {compared} match the recording" + self._remark() + _damage()

    def _why(self) -> str:
        recorded = self._recording.start.provenance
        keys = sorted({*recorded, *self._provenance} - ({"machine"} - {*recorded}))
        changed = [key for key in keys if _plain(recorded, key) != _plain(self._provenance, key)]
        why = f"; changed since: {', '.join(changed)}" if changed else ""
        return why + _damage()

    def _remark(self) -> str:
        if self._recording.end is None:
            return " (it has no end: recording was interrupted)"
        return ""


def _damage() -> str:
    damaged = shipped.changed()
    return f"; not as shipped: {', '.join(damaged)}" if damaged else ""


def verify(recording: Recording, world: World, verifier: Verifier | None = None) -> Verifier:
    """Replay a recording without a window, as fast as the world can, and compare."""
    verifier = verifier or Verifier(recording)
    play_through(recording, world, verifier)
    return verifier


def play_through(recording: Recording, world: World, observer: SessionObserver) -> None:
    """Replay a recording without a window, as fast as the world can."""
    for _ in replayed_blocks(recording, world, observer):
        pass


def replayed_blocks(
    recording: Recording, world: World, *observers: SessionObserver
) -> Iterator[FrameBlock]:
    """Replay a recording without a window, as fast as the blocks are taken."""
    session = Session(world, ScriptSource(recording.controls), observers=observers)
    step = session.begin(playthrough_of(recording))
    while step is not None:
        yield step.block
        step = session.advance()
    session.end("script over")


@dataclass(frozen=True, slots=True)
class Verifying:
    """How a recording is verified: by digests, by frames, or by whichever is meaningful here."""

    recording: Recording
    choice: WorldChoice  # as recorded
    by: By = "auto"

    def load(self, on_progress: Progress = lambda stage, fraction: None) -> World:
        """Load a world that runs as recorded (any, to compare frames), or raise WorldFailed."""
        otherwise = replace(self.choice, execution=None)
        if self.by == "psnr":
            return otherwise.load(on_progress)
        try:
            return self.choice.load(on_progress)
        except WorldFailed:
            if self.by == "digest":
                raise
            return otherwise.load(on_progress)

    @contextmanager
    def verifier(self, say: Callable[[str], None]) -> Iterator[Verifier]:
        """Give the verifier, while the kept frames are open."""
        with ExitStack() as opened:
            stored = None
            if self.by != "digest":
                created = self.recording.start.created
                stored = StoredFrames.open(self.recording.folder, created)
            if stored is not None:
                opened.callback(stored.close)

            def likeness_for(provenance: dict[str, Any]) -> Likeness | None:
                why = changed(self.recording, provenance)
                if self.by == "digest" or (self.by == "auto" and not why):
                    return None
                if stored is None:
                    say(NO_FRAMES)
                    return None
                return Likeness(stored, why)

            yield Verifier(self.recording, likeness_for)


def changed(recording: Recording, now: dict[str, Any]) -> str:
    """Return which parts of the provenance that rounding depends on have changed, comma-separated.

    Early recordings do not name the machine, and name a package that is no longer used.
    """
    then = dict(recording.start.provenance)
    if isinstance(packages := then.get("packages"), dict):
        then["packages"] = {name: packages.get(name) for name in now.get("packages", ())}
    return ", ".join(key for key in ARITHMETIC if key in then and then[key] != now.get(key))


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


def _plain(provenance: dict[str, Any], key: str) -> str:
    return str(provenance.get(key))
