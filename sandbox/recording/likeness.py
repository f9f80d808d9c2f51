"""How similar a replay is to the frames kept while recording, frame by frame.

On another machine, dtype or kernel the last bits of sums differ, and digests say nothing; pictures
do. Kept frames are JPEG, so replayed ones are compared as they would have been kept.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from mag_sandbox.evaluation.probe.metrics import psnr
from mag_sandbox.model.world import FrameBlock, Frames, Progress, World, WorldFailed
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.recording.frame_records import as_kept
from mag_sandbox.sandbox.recording.reader import Recording, RecordingError
from mag_sandbox.sandbox.recording.replay import ALIKE_DB, By, Verifier
from mag_sandbox.sandbox.recording.stored_frames import StoredBlock, StoredFrames

PARTS = 10  # stretches that are told apart, so that a slow drift is seen
ARITHMETIC = ("execution", "packages", "machine")  # of a header: what rounding depends on
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
        """Set what is compared with.

        `stored` must stay open; `why` is what is other than when recorded.
        """
        self.frames: list[FrameLikeness] = []
        self.missing = 0  # frames that were not kept or cannot be read
        self._stored, self._why = stored, why
        self._blocks = {one.head.block_index: one for one in stored.blocks}
        self._seen = 0

    @property
    def is_alike(self) -> bool:
        """Whether the median frame is as like as it must be."""
        return bool(self.frames) and self.median_psnr >= ALIKE_DB

    @property
    def median_psnr(self) -> float:
        """Of all frames compared [dB]; there must be one."""
        return median(one.psnr for one in self.frames)

    @property
    def worst(self) -> FrameLikeness:
        """The frame that is least like; there must be one."""
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
            now = as_kept(now, stored.head.coding)
            self.frames.append(FrameLikeness(first + place, psnr(now, then)))

    def _read(self, stored: StoredBlock) -> Frames | None:
        try:
            return self._stored.frame_block(stored, with_memory=False).frames
        except RecordingError:
            return None

    def summary(self) -> str:
        """Return what came of it for people, in a few lines."""
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
            lines.append(f"other than when recorded: {self._why}")
        return "\n".join(lines)

    def _parts(self) -> list[float]:
        """Return the median of each stretch."""
        count = min(PARTS, len(self.frames))
        edges = [len(self.frames) * part // count for part in range(count + 1)]
        stretches = [self.frames[a:b] for a, b in pairwise(edges)]
        return [median(one.psnr for one in stretch) for stretch in stretches]


@dataclass(frozen=True, slots=True)
class Verifying:
    """How a recording is verified: by digests, by frames, or by whichever is meaningful here."""

    recording: Recording
    choice: WorldChoice  # as recorded
    by: By = "auto"

    def load(self, on_progress: Progress = lambda stage, fraction: None) -> World:
        """Load a world that runs as recorded; if frames are compared, also one that runs otherwise.

        Raises:
            WorldFailed: it cannot run here.
        """
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
        """Give what compares, as long as kept frames are open.

        Raises:
            RecordingError: the kept frames cannot be read.
        """
        with ExitStack() as opened:
            stored = None
            if self.by != "digest":
                created = self.recording.start.created
                stored = StoredFrames.open(self.recording.folder, created)
            if stored is not None:
                opened.callback(stored.close)

            def likeness_for(provenance: dict) -> Likeness | None:
                why = changed(self.recording, provenance)
                if self.by == "digest" or (self.by == "auto" and not why):
                    return None
                if stored is None:
                    say(NO_FRAMES)
                    return None
                return Likeness(stored, why)

            yield Verifier(self.recording, likeness_for)


def changed(recording: Recording, now: dict) -> str:
    """Return what rounding depends on and is other than when recorded, with commas between.

    Older recordings do not say on which machine they were made.
    """
    then = recording.start.provenance
    return ", ".join(key for key in ARITHMETIC if key in then and then[key] != now.get(key))
