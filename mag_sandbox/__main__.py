"""`python -m mag_sandbox`: the same as the command `mag-sandbox`."""

import sys

from mag_sandbox.sandbox.commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
