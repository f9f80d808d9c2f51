"""The processor's name, cheap to ask: every recording has it."""

import platform
import re
from pathlib import Path


def processor_name() -> str:
    """Return what the processor calls itself."""
    found = re.search(r"^model name\s*:\s*(.+)$", cpu_info(), re.M)
    return found[1].strip() if found else platform.processor() or platform.machine()


def cpu_info() -> str:
    """Return what Linux says of the processor; nothing elsewhere."""
    info = Path("/proc/cpuinfo")
    return info.read_text() if info.exists() else ""
