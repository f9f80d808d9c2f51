"""A player's recordings: of whole sessions, or between two presses of a key."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from mag_sandbox.files.border import reason_of
from mag_sandbox.files.whole import new_folder, remedy_of
from mag_sandbox.model.world import Control, FrameBlock
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver, SessionStart
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.play.worker import GenerationWorker
from mag_sandbox.sandbox.recording.frame_writer import FrameWriter, frames_beside
from mag_sandbox.sandbox.recording.reader import Recording, RecordingError
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.returns.prober import Prober
from mag_sandbox.sandbox.title.library import new_recording_folder, part_number

MOST_CONTROLS = 20_000  # of a session, an hour: longer ones are replayed from their folder alone


class ControlLog(SessionObserver):
    """Notes the controls of the session in play, from its world's reset on."""

    def __init__(self, choice: WorldChoice) -> None:
        self.choice = choice  # of the next session's world
        self._begun: tuple[SessionStart, WorldChoice] | None = None  # None: not by a reset
        self._controls: list[Control] = []

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:
        """Begin anew."""
        self._controls = []
        self._begun = (event, self.choice) if block.block_index == 0 else None

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Note a control."""
        if len(self._controls) == MOST_CONTROLS:
            self._begun = None
        if self._begun:
            self._controls.append(event.control)

    @property
    def recording(self) -> Recording | None:
        """The session up to now; None: it did not begin with a reset, or is too long."""
        begun, controls = self._begun, tuple(self._controls)
        if begun is None:
            return None
        start, choice = begun
        loaded = choice.name, choice.memory, choice.look_ahead
        return Recording.of_controls((start.scene, start.seed), loaded, controls)


class Recordings:
    """Starts and stops recordings.

    recordings = Recordings(folder, recorders, choice, prober, complain)
    recordings.start(worker, "Meadow")
    recordings.stop(worker).result()  # True: it holds something
    """

    def __init__(
        self,
        folder: Path,
        recorders: Sequence[Recorder],
        choice: WorldChoice,
        prober: Prober,
        complain: Callable[[str], None],
    ) -> None:
        self.recorders = tuple(recorders)
        self.frames = tuple(frames_beside(recorder, prober) for recorder in recorders)
        for recorder in recorders:
            recorder.on_problem = complain
        self._folder, self._choice = folder, choice
        self._prober, self._complain = prober, complain
        self.log = ControlLog(choice)
        self._begun: tuple[Recorder, FrameWriter] | None = None  # with a key
        self._parts = 0  # beyond the first, that the player was told of

    @property
    def is_recording(self) -> bool:
        """Whether the session is recorded."""
        return any(recorder.is_recording for recorder in self._all)

    @property
    def _all(self) -> tuple[Recorder, ...]:
        return (*self.recorders, self._begun[0]) if self._begun else self.recorders

    def new_part(self) -> int | None:
        """Return the number of the part in which a recording goes on, once for each part."""
        parts = [part for recorder in self._all for part in recorder.folders[1:]]
        new, self._parts = len(parts) > self._parts, len(parts)
        return part_number(parts[-1]) if new else None

    def use(self, choice: WorldChoice) -> None:
        """Set how the world of the next session is loaded."""
        self._choice = self.log.choice = choice
        for recorder in self._all:
            recorder.loaded_with(choice.memory, look_ahead=choice.look_ahead)

    def start(self, worker: GenerationWorker, name: str) -> "Future[None]":
        """Record from now on (the future fails if nothing plays), or raise RecordingError."""
        try:
            folder = new_folder(new_recording_folder(self._folder, name))
        except OSError as error:
            raise RecordingError(
                f"cannot record to {self._folder} ({reason_of(error)}); {remedy_of(error)}"
            ) from None
        recorder = Recorder(
            folder,
            memory=self._choice.memory,
            look_ahead=self._choice.look_ahead,
            on_problem=self._complain,
        )
        frames = frames_beside(recorder, self._prober)
        self._begun = recorder, frames

        def attach(session: Session) -> None:
            recorder.begin_from(session.park())
            session.attach(recorder, "state")
            session.attach(frames, "state")

        begun = worker.call(attach)
        begun.add_done_callback(
            lambda begun: recorder.cancel() if begun.cancelled() or begun.exception() else None
        )
        return begun

    def stop(self, worker: GenerationWorker) -> "Future[bool] | None":
        """End a recording begun with `start`; None if there is none.

        The future says whether anything was recorded: a recording begins with a block.
        """
        if self._begun is None or not self._begun[0].is_recording:
            return None
        (recorder, frames), self._begun = self._begun, None

        def detach(session: Session) -> bool:
            session.detach(frames, "stopped")
            session.detach(recorder, "stopped")
            return bool(recorder.folders)

        return worker.call(detach)
