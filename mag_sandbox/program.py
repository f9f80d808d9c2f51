"""The program's name in help and remedies: the one it was started with."""

import sys
from pathlib import Path

COMMAND = "mag-sandbox"  # as installed
PROGRAM = "main.py" if Path(sys.argv[0]).name == "main.py" else COMMAND
