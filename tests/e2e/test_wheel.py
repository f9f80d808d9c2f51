"""The game installed from its wheel, outside the repository."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

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


def test_an_installed_game_plays(programs, tmp_path):
    home = {"MAG_SANDBOX_HOME": str(tmp_path)}
    said = run(
        programs / "mag-sandbox", "play", "--headless", "--seconds", "0.3", cwd=tmp_path, **home
    )
    assert "frames shown" in said
    assert "back-and-forth" in run(programs / "mag-sandbox", "demo", "--list", cwd=tmp_path, **home)


def test_an_installed_library_is_imported_from_where_it_was_installed(programs, tmp_path):
    program = "import mag_sandbox; print(mag_sandbox.__file__, mag_sandbox.load_world.__name__)"
    file, name = run(programs / "python", "-c", program, cwd=tmp_path).split()
    assert Path(file).is_relative_to(programs.parent)
    assert name == "load_world"
