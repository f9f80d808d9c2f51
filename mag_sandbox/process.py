"""The program as a process: its exit codes, its error messages, and the log of a failure.

Every failure ends as one sentence. The traceback of an unexpected one goes to a log file, which the
sentence names; warnings of libraries go nowhere else either.
"""

import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from mag_sandbox.files.border import TOO_MANY_FILES, Refusal, exists, is_short_of_files, reason_of
from mag_sandbox.files.folders import data_folder
from mag_sandbox.files.whole import FULL

logger = logging.getLogger(__name__)
EXIT_REFUSED = 2
EXIT_INTERRUPTED = 130  # after Ctrl+C, as shells have it
EXIT_BROKEN_PIPE = 141
LOG = "mag-sandbox.log"
WORLD_THREAD = "generation"  # name of threads that own worlds
NO_MEMORY = ("allocate memory", "failed to map segment")  # in messages of torch and the system
MOST_LOG = 2**20  # bytes, then the log begins anew, once more
_TURNS = (0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))  # a line's direction
_CONTROLS = {
    code: "?" for code in (*range(32), *range(127, 160), *_TURNS) if chr(code) not in "\n\t"
}


def run_command(run: Callable[[], int]) -> int:
    """Run a command and return its exit code; a failure is printed in one line."""
    _prepare_streams()
    try:
        code = _exit_code(run)
        sys.stdout.flush()
    except Refusal as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # | head
        _discard_output()
        return EXIT_BROKEN_PIPE
    except Exception as error:
        return _refuse(describe_unexpected(error))
    return code


def end_process(code: int) -> int:
    """Return the exit code; if a world's thread still runs, end the process at once."""
    if any(thread.name == WORLD_THREAD for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    return code


def describe_unexpected(error: BaseException, *, in_play: bool = False) -> str:
    """Log the traceback of an unexpected error; return the sentence that names the log.

    In play it is told in plain words. Notes on the error, such as what is safe, follow.
    """
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    if isinstance(error, MemoryError) or any(sign in str(error) for sign in NO_MEMORY):
        return "there is not enough memory; close other programs, or give it more"
    if isinstance(error, OSError) and error.errno in FULL:
        return f"nothing more can be written ({error.strerror}); make room on the disk"
    if is_short_of_files(error):
        return TOO_MANY_FILES
    logger.error("unexpected error", exc_info=error)
    if isinstance(error, OSError) and error.filename:  # of two, the second is the target
        where = error.filename if error.filename2 is None else error.filename2
        return f"{where} cannot be used ({reason_of(error)}); check the path and its permissions"
    failure = f"unexpected error ({type(error).__name__}: {reason_of(error)})"
    failure, log = (
        ("this is a fault of the game", "what happened") if in_play else (failure, "the traceback")
    )
    for handler in logging.getLogger().handlers:
        if isinstance(handler, RotatingFileHandler) and exists(Path(handler.baseFilename)):
            return f"{failure}; {log} is in {handler.baseFilename}{notes}"
    return f"{failure}; try again{notes}"


def say(text: object) -> None:
    """Print text; characters that would steer the terminal become question marks."""
    sys.stdout.write(f"{text}\n".translate(_CONTROLS))


def configure_logging(level: int = logging.WARNING) -> None:
    """Print this program's messages from `level` on, and log tracebacks of all threads."""
    logging.raiseExceptions = False  # a log that cannot be written is no error
    logging.captureWarnings(capture=True)
    lines = logging.StreamHandler()
    lines.setLevel(level)
    lines.addFilter(lambda record: record.name.startswith("mag_sandbox") and not record.exc_info)
    lines.setFormatter(_OneLineFormatter("%(message)s"))
    log = RotatingFileHandler(
        _log_file(), maxBytes=MOST_LOG, backupCount=1, delay=True, encoding="utf-8"
    )
    log.setLevel(logging.ERROR)
    log.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logging.basicConfig(handlers=(lines, log))
    logging.getLogger("mag_sandbox").setLevel(level)
    threading.excepthook = lambda ended: logger.error(
        "a thread ended",
        exc_info=(ended.exc_type, ended.exc_value or ended.exc_type(), ended.exc_traceback),
    )
    sys.unraisablehook = lambda raised: logger.error("unraisable", exc_info=raised.exc_value)


class _OneLineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return " ".join(super().format(record).split()).translate(_CONTROLS)


def _log_file() -> Path:
    with suppress(Refusal, OSError):
        folder = data_folder()
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder / LOG
    return Path(tempfile.gettempdir()) / LOG


def _exit_code(run: Callable[[], int]) -> int:
    try:
        return run()
    except SystemExit as ended:  # of argparse, after its help
        if isinstance(ended.code, str):  # Python prints it at the end
            raise
        return ended.code or 0


def _refuse(sentence: str) -> int:
    with suppress(OSError):  # standard error may be closed
        sys.stderr.write(f"error: {' '.join(sentence.split())}".translate(_CONTROLS) + "\n")
    with suppress(OSError):
        sys.stdout.flush()
    _discard_output()
    return EXIT_REFUSED


def _prepare_streams() -> None:
    """Escape characters that a terminal lacks, and replace closed streams by the null device."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # as Python has it
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 -- to the end
        elif isinstance(stream, TextIOWrapper):
            with suppress(OSError):  # it is another file now
                stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Discard further output to a closed pipe or full disk: Python would try again at its end."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        return
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
