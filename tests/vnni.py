"""A mark for tests of int8: its sums overflow without VNNI, where the game does not use it."""

from pathlib import Path

import pytest

_FACTS = Path("/proc/cpuinfo")
_FLAGS = _FACTS.read_text() if _FACTS.is_file() else ""

needs_vnni = pytest.mark.skipif(
    "avx2" in _FLAGS and "vnni" not in _FLAGS, reason="this processor has no VNNI"
)
