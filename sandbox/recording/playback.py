"""Plays a recording to be watched: its kept frames, or its world, which makes them again."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from mag_sandbox.controls.camera import CameraSpeed
from mag_sandbox.controls.sources import Recorded, ScriptSource
from mag_sandbox.model.loading import ServerAddress
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    Progress,
    World,
    WorldSpec,
    WorldState,
)
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.play.events import SessionObserver, SessionStart
from mag_sandbox.sandbox.play.session import Resumable
from mag_sandbox.sandbox.recording.frames_file import StoredFrames
from mag_sandbox.sandbox.recording.reader import Recording, RecordingError
from mag_sandbox.sandbox.recording.replay import playthrough_of, recorded_choice
from mag_sandbox.scenes import Scene

SLOW = "so the world makes them again: going back begins anew and takes a while."


class Playback(SessionObserver, Recorded):
    """A recording to be watched, and the source of its controls.

    It observes that session, too: a session that starts anew gets the controls from the first on.

    playback = Playback(recording)
    worker = GenerationWorker(playback.load, playback, observers=(playback,))
    worker.begin(playback.playthrough)
    playback.start = 40  # seek: here kept frames begin when the worker begins next time
    """

    def __init__(self, recording: Recording, server: ServerAddress | None = None) -> None:
        """Look for kept frames; without them the world runs, on the server if one is given.

        Raises:
            WorldFailed: there are no frames, and no such world.
        """
        self.recording = recording
        self.first, self.last = (recording.blocks[at].block_index for at in (0, -1))
        self.start = self.first  # block with which a session over kept frames begins
        self.returns: tuple[float, ...] = ()  # when a view came back [s since the world's reset]
        self.note = ""  # a limitation, for people
        self.playthrough = playthrough_of(recording)
        self._source = ScriptSource(recording.controls)
        self._world: KeptWorld | None = None
        self._choice: WorldChoice | None = None  # None: there are kept frames
        try:
            stored = StoredFrames.open(recording.folder, recording.start.created)
            self.note = "" if stored else f"No frames were kept, {SLOW}"
        except RecordingError:
            stored, self.note = None, f"The kept frames cannot be read, {SLOW}"
        if stored is None:
            self._choice = recorded_choice(recording, server)
            if read := self.playthrough.parked:
                self.playthrough = replace(self.playthrough, parked=partial(self._rewound, read))
            return
        with stored:
            if stored.blocks[-1].head.block_index < self.last:
                self.note = "What follows was not kept as frames."
            self.first, self.last = (stored.blocks[at].head.block_index for at in (0, -1))
            self.returns = stored.return_times
        self.start = self.first
        self.playthrough = replace(self.playthrough, parked=None)

    @property
    def seeks(self) -> bool:
        """Whether any moment can be shown at once."""
        return self._choice is None

    def load(self, on_progress: Progress = lambda stage, fraction: None) -> World:
        """Return the world that plays it: its kept frames, or the recorded world.

        Raises:
            RecordingError: the kept frames are gone.
            WorldFailed: the world cannot run here.
        """
        if self._choice is not None:
            return self._choice.load(on_progress)
        stored = StoredFrames.open(self.recording.folder, self.recording.start.created)
        if stored is None:
            raise RecordingError(f"{self.recording.folder} holds no frames any more; open it again")
        self._world = KeptWorld(self, stored)
        return self._world

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Go back to the controls after the first block, which a beginning is made of."""
        if self.playthrough.parked is None:
            self._source = ScriptSource(self.recording.controls)

    def _rewound(self, read: Callable[[], Resumable]) -> Resumable:
        """Read the state that the recording continues; a control asks for its first block."""
        self._source = ScriptSource(self.recording.controls)
        return read()

    def next_command(self) -> Control | None:
        """Return the recorded control of the next block; None: there is none."""
        return self._world.next_control() if self._world else self._source.next_command()


class KeptWorld(World):
    """A world that shows kept frames, whatever the controls; a reset leads to `playback.start`."""

    def __init__(self, playback: Playback, stored: StoredFrames) -> None:
        """Own the open frames of a recording; `close` closes them."""
        self._playback, self._stored = playback, stored
        self._controls = {one.block_index: one.control for one in playback.recording.blocks}
        self._indices = [one.head.block_index for one in stored.blocks]
        self._next = 0  # place in `stored.blocks`
        head, lengths = stored.head, [len(one.head.poses) for one in stored.blocks]
        length = lengths[min(1, len(lengths) - 1)]
        self.spec = WorldSpec(
            name=playback.recording.start.world,
            frame_width=head.width,
            frame_height=head.height,
            fps=head.fps,
            block_length=length,
            full_speed=CameraSpeed(yaw=0.0, pitch=0.0),
            policies=(),
            exact_pose=head.exact_pose,
            latent_stride=1 + max(0, length - lengths[0]) if self._indices[0] == 0 else 1,
        )

    def reset(self, scene: Scene, seed: int) -> FrameBlock:  # noqa: ARG002 -- as of any world
        """Return the block where playing is to start, or raise RecordingError."""
        self._next = bisect_left(self._indices, self._playback.start, hi=len(self._indices) - 1)
        return self.step(Control())

    def step(self, control: Control) -> FrameBlock:  # noqa: ARG002 -- as of any world
        """Return the next kept block, or raise RecordingError if its frames are damaged."""
        self._next += 1
        return self._stored.frame_block(self._stored.blocks[self._next - 1])

    def next_control(self) -> Control | None:
        """Return the recorded control of the next block; None: there is none."""
        if self._next == len(self._indices):
            return None
        return self._controls.get(self._indices[self._next], Control())

    def prepare(self) -> bool:
        """Do nothing."""
        return False

    def snapshot(self) -> WorldState:
        """Return the place in the recording."""
        return WorldState({}, {"next": self._next})

    def restore(self, state: WorldState) -> None:
        """Continue from a snapshot."""
        self._next = state.data["next"]

    def expect_prompt(self) -> None:
        """Do nothing: prompts were recorded."""

    def round_trip(self, frames: Frames) -> Frames:
        """Return the frames: nothing is encoded here."""
        return frames

    def provenance(self) -> dict[str, Any]:
        """Return the recorded provenance."""
        return self._playback.recording.start.provenance

    def close(self) -> None:
        """Close the files."""
        self._stored.close()
