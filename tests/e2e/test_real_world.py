"""The shipped weights through the real program: recorded in one process, verified in another."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mag_sandbox.sandbox.commands import cli
from mag_sandbox.sandbox.recording.reader import load_recording
from tests import ROOT
from tests.patience import PATIENCE


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    demo = folder / "demo.yaml"  # of a number of blocks, not of seconds on a machine of any speed
    script = "hold 0.2s; pan right 15deg; pan left 15deg"
    demo.write_text(f"name: Short\nscene: meadow\nscript: {script}\n")
    play = "main.py", "demo", str(demo), "--headless", "--out", str(folder / "out")
    environment = {**os.environ, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
    done = subprocess.run(
        [sys.executable, *play], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "out" / "recording"


def test_a_session_is_recorded_with_its_provenance(recording):
    session = load_recording(recording)
    assert session.start.world == "pocket"
    assert len(session.start.provenance["weights"]) == 16
    assert session.start.provenance["execution"]["threads"] >= 1
    assert len(session.blocks) >= 5


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
