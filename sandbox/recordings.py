"""A player's recordings: of whole sessions, or between two presses of a key."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from mag_sandbox.files.border import reason_of
from mag_sandbox.files.whole import new_folder
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.play.worker import GenerationWorker
from mag_sandbox.sandbox.recording.frame_writer import FrameWriter, frames_beside
from mag_sandbox.sandbox.recording.reader import RecordingError
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.returns.prober import Prober
from mag_sandbox.sandbox.title.library import new_recording_folder


class Recordings:
    """Starts and stops recordings.

    recordings = Recordings(folder, recorders, choice, prober, complain)
    recordings.start(worker, "Meadow")
    recordings.stop(worker)  # True
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
        self._begun: tuple[Recorder, FrameWriter] | None = None  # with a key

    @property
    def is_recording(self) -> bool:
        """Whether the session is recorded."""
        begun = (self._begun[0],) if self._begun else ()
        return any(recorder.is_recording for recorder in (*self.recorders, *begun))

    def use(self, choice: WorldChoice) -> None:
        """Say what the world of the next session is loaded with."""
        self._choice = choice
        for recorder in self.recorders:
            recorder.loaded_with(choice.memory, look_ahead=choice.look_ahead)

    def start(self, worker: GenerationWorker, name: str) -> "Future[None]":
        """Record from now on; the future fails if nothing is being played.

        Raises:
            RecordingError: its folder cannot be made.
        """
        try:
            folder = new_folder(new_recording_folder(self._folder, name))
        except OSError as error:
            raise RecordingError(
                f"cannot record to {self._folder} ({reason_of(error)}); check its permissions"
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

    def stop(self, worker: GenerationWorker) -> bool:
        """End a recording begun with `start`; False if there is none."""
        if self._begun is None or not self._begun[0].is_recording:
            return False
        (recorder, frames), self._begun = self._begun, None

        def detach(session: Session) -> None:
            session.detach(frames, "stopped")
            session.detach(recorder, "stopped")

        worker.call(detach)
        return True
