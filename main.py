"""A game whose world is a neural video model that remembers; see `main.py --help`."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - a plain message before anything fails to parse
    sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")

from mag_sandbox.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
