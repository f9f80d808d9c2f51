"""The program as a process: `mag-sandbox`, `python -m mag_sandbox` and `python main.py`."""

import signal
import sys

BROKEN_OFF = 130  # exit code after Ctrl+C, as shells have it


def main() -> int:
    """Run the command line and return its exit code.

    Ctrl+C ends it at any moment, also while it still imports; a second one ends it at once.
    """
    try:
        from mag_sandbox.sandbox.commands.cli import main as run

        return run()
    except KeyboardInterrupt:
        return BROKEN_OFF
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
