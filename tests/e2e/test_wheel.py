"""The game installed from its wheel, outside the repository, with the shipped weights.

What it records is verified by the game of the repository, in another process.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from mag_sandbox.sandbox.commands import cli
from mag_sandbox.sandbox.recording.reader import load_recording
from tests import ROOT


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env={**environment, **variables}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build without a network, and without leaving anything in the repository.

    What it holds is stored as it is: weights hardly get smaller, and that would take seconds.
    """
    folder = tmp_path_factory.mktemp("wheel")
    settings = folder / "settings.cfg"
    settings.write_text(
        f"[build]\nbuild_base = {folder}\n[egg_info]\negg_base = {folder}\n"
        "[bdist_wheel]\ncompression = stored\n"
    )
    plainly = ("--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", folder)
    pip = (sys.executable, "-m", "pip", "wheel", ROOT, *plainly)
    run(*pip, cwd=folder, DIST_EXTRA_CONFIG=str(settings))
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def programs(wheel, tmp_path_factory) -> Path:
    """An environment that holds the wheel and sees the libraries of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("[Ll]ib/**/site-packages")
    libraries = [path for path in sys.path if Path(path).name == "site-packages"]
    (site / "libraries.pth").write_text("\n".join(libraries))
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    plainly = ("--no-deps", "--no-index", "--quiet", "--no-compile")
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "install", *plainly)
    run(*pip, wheel, cwd=folder)
    return programs


def test_a_wheel_has_one_name_at_its_top(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert sorted(top for top in tops if not top.endswith(".dist-info")) == ["mag_sandbox"]


@pytest.fixture(scope="module")
def recording(programs, tmp_path_factory) -> Path:
    """Return a recording of the installed game."""
    folder = tmp_path_factory.mktemp("real")
    demo = folder / "demo.yaml"  # of a number of blocks, not of seconds on a machine of any speed
    demo.write_text("name: Short\nscene: meadow\nscript: pan right 15deg\n")
    play = (programs / "mag-sandbox", "demo", str(demo), "--headless", "--out", folder / "out")
    run(*play, cwd=folder, MAG_SANDBOX_HOME=str(folder))
    return folder / "out" / "recording"


def test_a_session_is_recorded_with_its_provenance(recording):
    session = load_recording(recording)
    assert session.start.world == "pocket"
    assert len(session.start.provenance["weights"]) == 16
    assert session.start.provenance["execution"]["threads"] >= 1
    assert len(session.blocks) == 3


def test_a_replay_makes_the_very_same_pictures(recording):
    assert cli.main(["replay", str(recording), "--verify", "--headless"]) == 0


def test_a_changed_digest_is_found(recording, tmp_path, capsys):
    lines = (recording / "session.jsonl").read_text().splitlines()
    block = json.loads(lines[1])
    block["digest"] = "0" * 16
    changed = tmp_path / "session"
    shutil.copytree(recording, changed)
    lines[1] = json.dumps(block)
    (changed / "session.jsonl").write_text("\n".join(lines[:2]) + "\n")  # cut off behind it
    assert cli.main(["replay", str(changed), "--verify", "--headless"]) == 1
    assert "block 1" in capsys.readouterr().out


def test_a_checkout_runs_without_being_installed():
    assert "back-and-forth" in run(sys.executable, "main.py", "demo", "--list", cwd=ROOT)


def test_an_installed_library_is_imported_from_where_it_was_installed(programs, tmp_path):
    program = "import mag_sandbox; print(mag_sandbox.__file__, mag_sandbox.load_world.__name__)"
    file, name = run(programs / "python", "-c", program, cwd=tmp_path).split()
    assert Path(file).is_relative_to(programs.parent)
    assert name == "load_world"
