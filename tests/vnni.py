"""A mark for tests of int8: its sums overflow without VNNI, where the game does not use it."""

import pytest

from mag_sandbox.sandbox.diagnose.doctor_checks import processor_features
from mag_sandbox.sandbox.diagnose.speed_table import column_of

needs_vnni = pytest.mark.skipif(
    not column_of(processor_features()), reason="this processor has no VNNI"
)
