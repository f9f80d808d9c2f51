"""What this program is called in help and remedies: as it was started."""

import sys
from pathlib import Path

COMMAND = "mag-sandbox"  # as installed
PROGRAM = "main.py" if Path(sys.argv[0]).name == "main.py" else COMMAND
