"""Tests that forks run are reported as if one process had run them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.parallel import CAN_FORK

ROOT = Path(__file__).parents[2]
TESTS = """
import os
import pytest
import warnings

def test_holds(tmp_path):
    print(f"in {os.getpid()}")

def test_does_not():
    print("said before")
    assert sorted([2, 1]) == [2, 1]

def test_warns():
    warnings.warn("be careful")

@pytest.mark.skip(reason="why not")
def test_is_skipped():
    pass

@pytest.fixture
def broken():
    raise ValueError("no such thing")

def test_cannot_begin(broken):
    pass
"""

CHANGES = """
import pytest
import sys

pytestmark = pytest.mark.apart
sys.seen = 0
"""
SEES = """
import sys

def test_sees_none():
    sys.seen += 1
    assert sys.seen == 1
"""
MAKES = """
import pytest
import time
from pathlib import Path

@pytest.fixture(scope="session")
def made():
    with Path(__file__).with_name("made").open("a") as file:
        file.write("once")
    time.sleep(0.3)
"""

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="tests are forked on Linux alone")


def outcome(folder: Path, *options: str) -> list[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.parallel", "-c", "/dev/null"]
    command += [
        "-o",
        "markers=apart",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:anyio",
        "-p",
        "no:hypothesispytest",
    ]
    ended = subprocess.run([*command, *options, folder], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 1
    return ended.stdout.splitlines()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_forks_report_what_one_process_would_and_tests_apart_run_in_their_own(tmp_path, workers):
    uses = "def test_uses(made):\n    pass\n"
    tests = {"a": TESTS, "b": TESTS, "c": CHANGES + SEES, "share/d": SEES + uses, "share/e": uses}
    tmp_path.joinpath("share").mkdir()
    for name, lines in tests.items():
        file = tmp_path / name
        file.with_name(f"test_{file.name}.py").write_text(lines)
    tmp_path.joinpath("share", "conftest.py").write_text(MAKES)
    said = outcome(tmp_path, "--workers", workers)
    assert said[-1].startswith("2 failed, 8 passed, 2 skipped, 2 warnings, 2 errors in ")
    assert said.count("said before") == 2
    assert tmp_path.joinpath("share", "made").read_text() == "once"
    assert "E       assert [1, 2] == [2, 1]" in said


def test_the_death_of_a_fork_ends_the_run_and_says_in_which_test(tmp_path):
    dies = "import os\ndef test_dies():\n    os._exit(0)\n"
    tmp_path.joinpath("test_a.py").write_text(dies)
    tmp_path.joinpath("test_b.py").write_text("def test_holds():\n    pass\n")
    said = outcome(tmp_path, "--workers", "2")
    assert any("a worker died in test_a.py::test_dies" in line for line in said)
