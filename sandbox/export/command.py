"""The subcommand `export`: its progress on the terminal, what it says at the end.

Imports nothing heavy: the game does so, too, and may never export.
"""

import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mag_sandbox.command_line import Say
from mag_sandbox.files.folders import from_home
from mag_sandbox.model.world import FrameBlock, Progress
from mag_sandbox.sandbox.export.options import ExportOptions, RecordingExport
from mag_sandbox.sandbox.recording.reader import Recording, RecordingError
from mag_sandbox.sandbox.ui.amounts import bytes_text

if TYPE_CHECKING:
    from mag_sandbox.sandbox.export.footage import FramesFrom

LINE = "{percentage:4.0f}% {desc} [{bar:28}]"
logger = logging.getLogger(__name__)
STEP = 0.01  # share of the work between two words about it


def run_export(options: RecordingExport, say: Say, frames_from: "FramesFrom | None" = None) -> int:
    """Export a recording and say where the file is."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"  # no window opens
    from mag_sandbox.sandbox.export.exporter import export

    source = frames_from or replayed
    with progress_line() as on_progress:
        done = export(options.folder, options, frames_from=source, on_progress=on_progress)
    speed = done.seconds / max(done.took, 1e-6)
    say(
        f"exported {done.seconds:.1f} s to {done.path.resolve()} ({bytes_text(done.bytes)}, "
        f"in {done.took:.1f} s, {speed:.1f} times as fast as play)"
    )
    for note in done.notes:
        say(note)
    return 0


def replayed(recording: Recording) -> Iterator[FrameBlock]:
    """Play a session again, as fast as its world can, and yield its blocks."""
    from mag_sandbox.sandbox.recording.replay import recorded_choice, replayed_blocks

    with closing(recorded_choice(recording).load()) as world:
        yield from replayed_blocks(recording, world)


@contextmanager
def progress_line() -> Iterator[Progress]:
    """Yield a function that redraws one line on the terminal; it does nothing without one."""
    from tqdm import tqdm

    with tqdm(total=1.0, bar_format=LINE, leave=False, disable=None) as bar:

        def show(stage: str, fraction: float) -> None:
            bar.n = fraction
            bar.set_description_str(stage)

        yield show


class _ClosedError(Exception):
    """Leaves an export from within its progress report."""


class Exporting:
    """Exports on a thread of its own.

    exporting = Exporting(notices.say)
    exporting.begin(Path("runs/monday"))
    exporting.close()  # gives up exports that are not ready; nothing half-made is left
    """

    def __init__(self, say: Callable[..., None]) -> None:
        self._say = say
        self._closing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="export")

    def begin(self, recording: Path, options: ExportOptions | None = None) -> None:
        """Make a video of a recording, when those before are made."""
        self._say("making the video", topic="export")
        self._thread.submit(self._export, recording, options or ExportOptions())

    def close(self) -> None:
        """Give up exports that are not ready."""
        self._closing = True
        self._thread.shutdown(cancel_futures=True)

    def _export(self, recording: Path, options: ExportOptions) -> None:
        from mag_sandbox.sandbox.export.exporter import export  # slow to import

        reported = [0.0]

        def on_progress(stage: str, share: float) -> None:  # noqa: ARG001 -- Progress
            if self._closing:
                raise _ClosedError
            if share >= reported[0] + STEP and share < 1.0:
                reported[0] = share
                self._say(f"making the video: {share:.0%}", topic="export")

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
            there = f"the video is in {from_home(done.path.parent)}: {done.path.name}"
            self._say(there, topic="export")
