"""Weights through the command line: fetch, break off and resume, a damaged file, then play.

Everything comes from a stand-in of the hub on loopback; the weights are tiny and random.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from huggingface_hub import constants

from mag_sandbox.evaluation import __main__ as evaluation
from mag_sandbox.evaluation.magbench.table import BenchClip, write_table
from mag_sandbox.evaluation.results.videos import write_video
from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.model.catalogue import memory_plan, weight_files
from mag_sandbox.sandbox.commands import cli
from tests import ROOT, tiny_clips, tiny_full
from tests.continuers import mirrored_clip
from tests.hub_stand_in import HubStandIn

TEXT_ENCODER = "models_t5_umt5-xxl-enc-bf16.pth"
CHUNK = 2**17  # bytes that the hub's library writes at once
SENT = 2 * CHUNK + CHUNK // 2  # bytes after which the hub falls silent
SIZES = tiny_full.Sizes(vocabulary=8000)  # the text encoder must be several chunks long
PROGRAM = f"""
import sys
from huggingface_hub import constants
from mag_sandbox.__main__ import main
constants.DOWNLOAD_CHUNK_SIZE = {CHUNK}
sys.exit(main())
"""

pytestmark = pytest.mark.timeout(600)  # s, when the machine has other work


class Done(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def repos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("repos")
    tiny_full.write_repos(folder, SIZES)
    tiny_clips.write_clip_repos(folder, ("wan2.1",))
    return folder


@pytest.fixture
def hub(repos, monkeypatch, tmp_path):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setenv(weight_files.HOME_VARIABLE, str(tmp_path / "weights"))
    monkeypatch.setenv(memory_plan.DEVICE_VARIABLE, "cpu")
    monkeypatch.setenv(memory_plan.SIZE_VARIABLE, "64x48")
    with HubStandIn(repos) as hub:
        hub.stand_in(monkeypatch, CHUNK)
        yield hub


@pytest.fixture
def run(hub, capsys) -> Callable[..., Done]:
    """Return what runs a command in this process."""

    def run(*arguments: str) -> Done:
        return Done(cli.main(list(arguments)), *capsys.readouterr())

    return run


def _hear_interrupts() -> None:
    """Undo what shells do to background jobs, as which these tests may run: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def break_off(hub: HubStandIn) -> str:
    """Begin to fetch and interrupt it in the third chunk of the text encoder; return its words."""
    hub.stops[TEXT_ENCODER] = SENT
    variables = {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HUB_DOWNLOAD_TIMEOUT": "60",  # s; a busy machine would begin anew what is broken off
        "PYTHONUNBUFFERED": "1",
    }
    fetching = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "fetch", "mag"], cwd=ROOT, env={**os.environ, **variables},
        stdout=subprocess.PIPE, text=True, preexec_fn=_hear_interrupts,
    )  # fmt: skip
    lines = []
    with fetching:
        chunks = 0
        for line in fetching.stdout:
            lines.append(line)
            if line.rstrip().endswith(f"%  {TEXT_ENCODER}"):
                chunks += 1
                if chunks == 3:  # its beginning and two chunks, of which one is surely written
                    fetching.send_signal(signal.SIGINT)
    assert fetching.returncode == 130
    return "".join(lines)


def test_a_world_is_fetched_broken_off_resumed_harmed_and_mended(hub, run, tmp_path):
    assert "not here" in run("worlds").out
    said = break_off(hub)
    assert "licence CC BY-NC-SA 4.0" in said
    assert "interrupted; what has arrived is kept" in said
    assert "run `mag-sandbox fetch mag`" in run("play", "--world", "mag", "--headless").err

    hub.served.clear()
    done = run("fetch", "mag")
    assert done.code == 0, done.err
    assert "every file checked" in done.out
    assert CHUNK <= dict(hub.served)[TEXT_ENCODER] <= SENT, "what arrived is not asked for again"

    weights = tmp_path / "weights" / "Wan-AI--Wan2.1-T2V-1.3B" / "Wan2.1_VAE.pth"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    refused = run("play", "--world", "mag", "--headless")
    assert refused.code == 2
    assert "Wan2.1_VAE.pth is damaged" in refused.err.splitlines()[-1]
    assert run("fetch", "mag", "--offline").code == 2

    assert run("fetch", "mag").code == 0
    assert "here, " in run("worlds").out


def play(run, world: str, folder: Path, *more: str) -> None:
    options = "--world", world, "--headless", "--seconds", "0.3", "--record", str(folder), *more
    played = run("play", *options)
    assert played.code == 0, played.err
    assert "frames shown" in played.out


def test_a_fetched_world_plays_and_its_recording_is_the_same_again(run, tmp_path):
    world = "wan2.1"
    fetched = run("fetch", world)
    assert fetched.code == 0, fetched.err
    play(run, world, tmp_path / "recording")
    header = json.loads((tmp_path / "recording/session.jsonl").read_text().splitlines()[0])
    assert header["world"] == world
    verified = run("replay", str(tmp_path / "recording"), "--verify", "--headless")
    assert verified.code == 0, verified.err
    assert "match the recording" in verified.out


def test_weights_of_the_players_own_play_with_the_rest_of_another_world(hub, run, tmp_path):
    world = "self-forcing-plus-plus"
    own = "--weights", str(hub.folder / tiny_full.PATHS["self-forcing"]["generator"])
    refused = run("play", "--world", world, "--headless", "--seconds", "1", *own)
    assert refused.code == 2
    assert f"run `mag-sandbox fetch {world} --weights" in refused.err
    assert run("fetch", "self-forcing").code == 0
    play(run, world, tmp_path / "recording", *own)


def test_a_plan_shows_files_licences_and_sizes_and_fetches_nothing(hub, run, tmp_path):
    planned = run("fetch", "longlive", "--plan")
    assert planned.code == 0, planned.err
    for words in ("models/lora.pt", "cc-by-nc-sa-4.0", "to fetch into"):
        assert words in planned.out
    assert hub.served == []
    assert not (tmp_path / "weights").exists()


def test_without_a_hub_it_is_one_sentence(hub, run, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    failed = run("fetch", "mag")
    assert failed.code == 2
    assert failed.err.count("\n") == 1
    assert "xilluill/MAG could not be read" in failed.err
    assert "files of mag now: not here" in failed.out


def test_the_benchmark_is_fetched_and_found_without_naming_a_file(hub, run, tmp_path, capsys):
    clips = [f"indoor/{number}.mp4" for number in (1, 2)]
    bench = hub.folder / tiny_full.MAG / "MAG-Bench"
    for name in clips:
        write_video(bench / "videos" / name, mirrored_clip(27)[:, :48], 16)
    write_table(bench / "table.csv", [BenchClip(name, "a pan", 105 / 16) for name in clips])
    measure = ["magbench", "--out", str(tmp_path / "out"), "--check"]
    assert evaluation.main(measure) == 2
    assert "run `mag-sandbox fetch mag-bench`" in capsys.readouterr().err
    fetched = run("fetch", "mag-bench")
    assert fetched.code == 0, fetched.err
    assert "ready to measure with" in fetched.out
    assert "files: here, " in run("worlds").out
    assert evaluation.main(measure) == 0
    assert "2 clips can be measured" in capsys.readouterr().out
    assert evaluation.main([*measure, "--videos", str(bench)]) == 2
    assert "belong together" in capsys.readouterr().err
