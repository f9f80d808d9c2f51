"""Whatever happens, the program answers in a sentence, and keeps the whole story in a log."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mag_sandbox.process import LOG, run_command
from mag_sandbox.sandbox.commands import cli
from tests import ROOT
from tests.patience import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and limits of POSIX systems")
FULL = Path("/dev/full")
PROGRAM = """
import sys
from mag_sandbox.sandbox.commands import cli
from mag_sandbox.__main__ import main
{}
sys.argv[1:] = {!r}
sys.exit(main())
"""


def answer(home, *words, change="", stdout=subprocess.PIPE, **variables):
    """Run the program with something else in it, and return the process when it has ended."""
    told = [sys.executable, "-c", PROGRAM.format(change, list(words))]
    places = {"MAG_SANDBOX_HOME": str(home), "PYTHONWARNINGS": "default"}
    environment = {**os.environ, **places, **variables}
    return subprocess.run(
        told,
        cwd=ROOT,
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
    )


BUG = """
import logging, threading, warnings
def parse(arguments):
    warnings.warn("a library warns")
    logging.getLogger("mag_sandbox.somewhere").warning("mind \\x1b[31mthis \\u202e")
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start(); thread.join()
    raise TypeError("a bug\\nin two lines")
cli.parse = parse
"""


def test_what_nobody_expected_is_a_sentence_that_names_the_log(tmp_path):
    done = answer(tmp_path, "doctor", change=BUG)
    assert done.returncode == 2
    warning, sentence = done.stderr.splitlines()
    assert warning == "mind ?[31mthis ?"
    log = tmp_path / "data" / LOG
    assert sentence.startswith("error: unexpected error (TypeError: ")
    assert sentence.endswith(f"the traceback is in {log}")
    story = log.read_text()
    assert "a bug\nin two lines" in story
    assert "ZeroDivisionError" in story


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't allocate memory: 9 bytes")])
def test_memory_that_is_not_there_is_a_sentence(capsys, error):
    def run():
        raise error

    assert run_command(run) == 2
    said = capsys.readouterr().err
    assert said == "error: there is not enough memory; close other programs, or give it more\n"


def test_a_reader_that_goes_away_hears_no_more(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        done = answer(tmp_path, "worlds", stdout=pipe)
    assert done.stderr == ""
    assert done.returncode == 141


@pytest.mark.skipif(not FULL.exists(), reason="a device of Linux")
@pytest.mark.parametrize("words", ["worlds", "--help", "play --help"])
def test_output_that_fits_nowhere_is_a_sentence(words, monkeypatch, capsys):
    with FULL.open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert cli.main(words.split()) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "No space left on device); make room" in said


@pytest.mark.parametrize(("words", "code"), [("worlds", 0), ("pley", 2)])
def test_a_program_whose_streams_are_closed_says_nothing(words, code, monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert cli.main([words]) == code


def test_a_terminal_of_few_letters_shows_all_others_as_numbers(tmp_path):
    scene = tmp_path / "ä.yaml"
    scene.write_text("promt: a\n")
    done = answer(tmp_path, "play", "--headless", "--scene", str(scene), PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert "\\xe4.yaml:1: unknown key" in done.stderr


def test_a_user_without_a_home_is_told_what_to_set(tmp_path):
    change = "import pathlib\ndef home(): raise RuntimeError\npathlib.Path.home = home"
    done = answer("", "play", "--headless", change=change, XDG_CONFIG_HOME="", XDG_DATA_HOME="")
    assert done.returncode == 2
    assert "set MAG_SANDBOX_HOME to a folder" in done.stderr
    assert done.stderr.count("\n") == 1


STUCK = """
import atexit, threading, time
threading.Thread(target=time.sleep, args=(99,), name="generation", daemon=True).start()
atexit.register(lambda: print("torn down"))
"""


def test_a_world_that_does_not_stop_is_not_torn_down_under_its_feet(tmp_path):
    done = answer(tmp_path, "pley", change=STUCK)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
