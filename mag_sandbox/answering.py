"""How the program answers as a process: what it prints, its exit code, and the story of a failure.

Whatever happens ends as one sentence. What nobody expected is told in full in a log file, which the
sentence names; libraries' warnings go nowhere else either.
"""

import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from errno import EMFILE, ENFILE
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from mag_sandbox.files.border import Refusal, exists, reason_of
from mag_sandbox.files.folders import data_folder
from mag_sandbox.files.whole import FULL

logger = logging.getLogger(__name__)
REFUSED = 2  # exit code
BROKEN_OFF = 130  # after Ctrl+C, as shells have it
NOBODY_READS = 141  # as where a pipe is closed
LOG = "mag-sandbox.log"
WORLD_THREAD = "generation"  # the name of threads that own worlds
NO_MEMORY = ("allocate memory", "failed to map segment")  # as torch and the system say it
MOST_LOG = 2**20  # bytes, then it begins anew, once more
_CONTROLS = {code: "?" for code in (*range(32), 127, *range(128, 160)) if chr(code) not in "\n\t"}


def answered(run: Callable[[], int]) -> int:
    """Run a command and return its exit code; what stops it is said in one line."""
    _write_anything()
    try:
        code = _code_of(run)
        sys.stdout.flush()
    except Refusal as error:
        return _refused(str(error))
    except KeyboardInterrupt:
        return BROKEN_OFF
    except BrokenPipeError:  # | head
        _let_go_of_output()
        return NOBODY_READS
    except Exception as error:
        return _refused(last_resort(error))
    return code


def end(code: int) -> int:
    """Return an exit code, unless a world did not stop in time: then end without waiting for it.

    Python would tear down what its thread still uses.
    """
    if any(thread.name == WORLD_THREAD for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    return code


def last_resort(error: BaseException) -> str:
    """Log the traceback of an unexpected error; return the sentence that says where it is."""
    if isinstance(error, MemoryError) or any(sign in str(error) for sign in NO_MEMORY):
        return "there is not enough memory; close other programs, or give it more"
    if isinstance(error, OSError) and error.errno in FULL:
        return f"nothing more can be written ({error.strerror}); make room on the disk"
    if isinstance(error, OSError) and error.errno in (EMFILE, ENFILE):
        return "too many files are open; close other programs, or allow more (ulimit -n)"
    logger.error("unexpected error", exc_info=error)
    if isinstance(error, OSError) and error.filename:  # of two, the second is what was meant
        where = error.filename if error.filename2 is None else error.filename2
        return f"{where} cannot be used ({reason_of(error)}); check the path and its permissions"
    what = f"{type(error).__name__}: {reason_of(error)}"
    for handler in logging.getLogger().handlers:
        if isinstance(handler, RotatingFileHandler) and exists(Path(handler.baseFilename)):
            return f"unexpected error ({what}); the traceback is in {handler.baseFilename}"
    return f"unexpected error ({what}); try again"


def say(text: object) -> None:
    """Print text as a terminal can show it; what would steer the terminal is a question mark."""
    sys.stdout.write(f"{text}\n".translate(_CONTROLS))


def keep_story(level: int = logging.WARNING) -> None:
    """Let warnings be lines, and write what goes wrong into the log, wherever it happens.

    What this program says itself is a line from `level` on.
    """
    logging.raiseExceptions = False  # of a log that cannot be written nothing is said
    logging.captureWarnings(capture=True)
    lines = logging.StreamHandler()
    lines.setLevel(level)
    lines.addFilter(lambda record: record.name.startswith("mag_sandbox") and not record.exc_info)
    lines.setFormatter(_OneLine("%(message)s"))
    story = RotatingFileHandler(
        _log_file(), maxBytes=MOST_LOG, backupCount=1, delay=True, encoding="utf-8"
    )
    story.setLevel(logging.ERROR)
    story.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logging.basicConfig(handlers=(lines, story))
    logging.getLogger("mag_sandbox").setLevel(level)
    threading.excepthook = lambda told: logger.error(
        "a thread ended",
        exc_info=(told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback),
    )
    sys.unraisablehook = lambda told: logger.error("unraisable", exc_info=told.exc_value)


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return " ".join(super().format(record).split()).translate(_CONTROLS)


def _log_file() -> Path:
    """Return where the story goes: to the player's data, else to where anybody can write."""
    with suppress(Refusal, OSError):
        folder = data_folder()
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder / LOG
    return Path(tempfile.gettempdir()) / LOG


def _code_of(run: Callable[[], int]) -> int:
    """Return the exit code of a command, also of one that argparse ends after its help."""
    try:
        return run()
    except SystemExit as ended:
        if isinstance(ended.code, str):  # said when Python ends
            raise
        return ended.code or 0


def _refused(sentence: str) -> int:
    with suppress(OSError):  # nobody is there to hear it
        sys.stderr.write(f"error: {' '.join(sentence.split())}".translate(_CONTROLS) + "\n")
    with suppress(OSError):
        sys.stdout.flush()
    _let_go_of_output()
    return REFUSED


def _write_anything() -> None:
    """Let what a terminal's encoding lacks be written as its number; closed streams take all."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # as Python has it
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 -- to the end
        elif isinstance(stream, TextIOWrapper):
            with suppress(OSError):  # it is another file now
                stream.reconfigure(errors="backslashreplace")


def _let_go_of_output() -> None:
    """Write no more where nobody reads or nothing fits: Python would try again at its end."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        return
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
