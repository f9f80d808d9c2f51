"""Makes videos of recordings beside the game, one after the other, and says how far they are."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mag_sandbox.sandbox.export.options import ExportOptions
from mag_sandbox.sandbox.recording.reader import RecordingError

logger = logging.getLogger(__name__)
STEP = 0.25  # share of the work between two words about it


class _ClosedError(Exception):
    """Leaves an export from within its progress report."""


class Exporting:
    """Exports on a thread of its own.

    exporting = Exporting(notices.say)
    exporting.begin(Path("runs/monday"))
    exporting.close()  # gives up what is not ready; nothing half-made is left
    """

    def __init__(self, say: Callable[..., None]) -> None:
        self._say = say
        self._closing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="export")

    def begin(self, recording: Path, options: ExportOptions | None = None) -> None:
        """Make a video of a recording, when those before are made."""
        self._say(f"making a video of {recording.name}")
        self._thread.submit(self._export, recording, options or ExportOptions())

    def close(self) -> None:
        """Give up what is not ready."""
        self._closing = True
        self._thread.shutdown(cancel_futures=True)

    def _export(self, recording: Path, options: ExportOptions) -> None:
        from mag_sandbox.sandbox.export.command import replayed  # slow to import
        from mag_sandbox.sandbox.export.exporter import export

        told = [0.0]

        def on_progress(stage: str, share: float) -> None:  # noqa: ARG001 -- Progress
            if self._closing:
                raise _ClosedError
            if share >= told[0] + STEP and share < 1.0:
                told[0] = share
                self._say(f"{recording.name}: {share:.0%} of the video")

        try:
            done = export(recording, options, frames_from=replayed, on_progress=on_progress)
        except _ClosedError:
            logger.info("export of %s was cancelled", recording)
        except (RecordingError, RuntimeError, OSError) as error:
            self._say(str(error), "bad")
        except Exception:
            logger.exception("%s could not be exported", recording)
            self._say(f"{recording.name} could not be exported; see the log", "bad")
        else:
            self._say(f"the video is {done.path}")
