"""The program as a process: `mag-sandbox`, `python -m mag_sandbox` and `python main.py`."""

import gc
import signal
import sys

from mag_sandbox.process import configure_logging, end_process, run_command


def main() -> int:
    """Run the command line and return its exit code.

    Ctrl+C ends it at any moment, also during imports; a second one ends it at once, unless there is
    something to save.
    """
    gc.set_threshold(50_000)  # imports alone make 200,000 objects that stay
    configure_logging()
    try:
        return end_process(run_command(_run))
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _run() -> int:
    from mag_sandbox.sandbox.commands.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
