"""A game whose world is a neural video model that remembers; `main.py --help` says the rest."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - a plain message before anything fails to parse
    sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")

from sandbox.cli import EXPECTED_ERRORS, parse
from sandbox.freed_memory import share_freed


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand and return its exit code: expected errors are one line and 2."""
    share_freed()
    try:
        command = parse(sys.argv[1:] if arguments is None else arguments)
        return command.run(command, print)
    except EXPECTED_ERRORS as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
