"""How help and remedies call this program: by the name it was started with."""

import sys
from pathlib import Path

COMMAND = "mag-sandbox"  # as installed
PROGRAM = "main.py" if Path(sys.argv[0]).name == "main.py" else COMMAND
