"""Weights through the command line: fetch, break off and resume, a damaged file, then play.

Everything comes from a stand-in of the hub on loopback; the weights are tiny and random.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mag_sandbox.model.catalogue import preflight, weight_files
from tests import ROOT, tiny_clips, tiny_full
from tests.hub_stand_in import HubStandIn

TEXT_ENCODER = "models_t5_umt5-xxl-enc-bf16.pth"
CHUNK = 10 * 2**20  # bytes that the hub's library writes at once
PATIENCE = 240  # s for a process: what it imports alone took 90 s on a busy machine
SIZES = tiny_full.Sizes(vocabulary=400_000)  # the text encoder must be several chunks long

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4 * PATIENCE)]


@pytest.fixture(scope="module")
def repos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("repos")
    tiny_full.write_repos(folder, SIZES)
    return folder


@pytest.fixture
def hub(repos):
    with HubStandIn(repos) as hub:
        yield hub


@pytest.fixture
def environment(hub, tmp_path) -> dict[str, str]:
    return {
        **os.environ,
        "HF_ENDPOINT": hub.endpoint,
        "HF_HUB_DOWNLOAD_TIMEOUT": "60",  # s; a busy machine would begin anew what is broken off
        "HF_HOME": str(tmp_path / "hf"),
        "NO_PROXY": "127.0.0.1",
        "MAG_SANDBOX_HOME": str(tmp_path / "home"),
        weight_files.HOME_VARIABLE: str(tmp_path / "weights"),
        preflight.DEVICE_VARIABLE: "cpu",
        preflight.SIZE_VARIABLE: "64x48",
        "PYTHONFAULTHANDLER": "1",  # a hanging process is asked where it stands
        "PYTHONUNBUFFERED": "1",
        "SDL_VIDEODRIVER": "dummy",
        "SDL_AUDIODRIVER": "dummy",
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "main.py", *arguments]


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    """Run a command to its end; one that hangs says where each of its threads stands."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command(*arguments), cwd=ROOT, env=environment, **pipes) as running:
        try:
            said = running.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGABRT)
            pytest.fail(f"{arguments[0]} hangs:\n{running.communicate()[1]}")
    return subprocess.CompletedProcess(arguments, running.returncode, *said)


def _hear_interrupts() -> None:
    """Undo what shells do to background jobs, as which these tests may run: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def break_off(hub: HubStandIn, environment: dict[str, str]) -> str:
    """Begin to fetch and interrupt it in the third chunk of the text encoder; return its words."""
    hub.stops[TEXT_ENCODER] = 2 * CHUNK + 2**20
    fetching = subprocess.Popen(
        command("fetch", "mag"), cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
        preexec_fn=_hear_interrupts,
    )  # fmt: skip
    lines = []
    with fetching:
        chunks = 0
        for line in fetching.stdout:
            lines.append(line)
            chunks += line.rstrip().endswith(f"%  {TEXT_ENCODER}")
            if chunks == 3:  # its beginning and two chunks, of which one is surely written
                fetching.send_signal(signal.SIGINT)
    assert fetching.returncode == 130
    return "".join(lines)


def test_a_world_is_fetched_broken_off_resumed_harmed_and_mended(hub, environment, tmp_path):
    assert "not here" in run(environment, "worlds").stdout
    said = break_off(hub, environment)
    assert "licence CC BY-NC-SA 4.0" in said
    assert "interrupted; what has arrived is kept" in said
    refused = run(environment, "play", "--world", "mag", "--headless")
    assert "run `main.py fetch mag`" in refused.stderr

    hub.served.clear()
    done = run(environment, "fetch", "mag")
    assert done.returncode == 0, done.stderr
    assert "every file checked" in done.stdout
    resumed = dict(hub.served)[TEXT_ENCODER]
    assert resumed in (CHUNK, 2 * CHUNK)

    weights = tmp_path / "weights" / "Wan-AI--Wan2.1-T2V-1.3B" / "Wan2.1_VAE.pth"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    refused = run(environment, "play", "--world", "mag", "--headless")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert "Wan2.1_VAE.pth is damaged" in refused.stderr.splitlines()[-1]
    assert run(environment, "fetch", "mag", "--offline").returncode == 2

    assert run(environment, "fetch", "mag").returncode == 0
    assert "here, " in run(environment, "worlds").stdout


@pytest.mark.parametrize("world", ["mag", "longlive"])
def test_a_fetched_world_plays_and_its_recording_is_the_same_again(
    hub, environment, tmp_path, world
):
    fetched = run(environment, "fetch", world)
    assert fetched.returncode == 0, fetched.stderr
    recording = str(tmp_path / "recording")
    options = "--world", world, "--headless", "--seconds", "2", "--record", recording
    played = run(environment, "play", *options)
    assert played.returncode == 0, played.stderr
    assert "frames shown" in played.stdout
    verified = run(environment, "replay", recording, "--verify", "--headless")
    assert verified.returncode == 0, verified.stderr
    assert "match the recording" in verified.stdout


def test_a_clip_world_is_fetched_and_plays(hub, environment, tmp_path):
    tiny_clips.write_clip_repos(hub.folder, ("wan2.1",))
    fetched = run(environment, "fetch", "wan2.1")
    assert fetched.returncode == 0, fetched.stderr
    listed = run(environment, "worlds").stdout
    assert "at the end of a clip: an unrelated one begins" in listed
    recording = tmp_path / "recording"
    options = "--world", "wan2.1", "--headless", "--seconds", "1", "--record", str(recording)
    played = run(environment, "play", *options)
    assert played.returncode == 0, played.stderr
    assert "frames shown" in played.stdout
    header = json.loads((recording / "session.jsonl").read_text().splitlines()[0])
    assert header["world"] == "wan2.1"
    verified = run(environment, "replay", str(recording), "--verify", "--headless")
    assert verified.returncode == 0, verified.stderr


def test_weights_of_the_players_own_play_with_the_rest_of_another_world(hub, environment, tmp_path):
    own = str(hub.folder / tiny_full.PATHS["self-forcing"]["generator"])
    options = "--world", "self-forcing-plus-plus", "--headless", "--seconds", "1", "--weights", own
    refused = run(environment, "play", *options)
    assert refused.returncode == 2
    assert "run `main.py fetch self-forcing-plus-plus --weights" in refused.stderr
    assert run(environment, "fetch", "self-forcing").returncode == 0
    played = run(environment, "play", *options)
    assert played.returncode == 0, played.stderr
    assert "frames shown" in played.stdout


def test_a_plan_shows_files_licences_and_sizes_and_fetches_nothing(hub, environment, tmp_path):
    planned = run(environment, "fetch", "longlive", "--plan")
    assert planned.returncode == 0, planned.stderr
    for words in ("models/lora.pt", "cc-by-nc-sa-4.0", "to fetch into"):
        assert words in planned.stdout
    assert hub.served == []
    assert not (tmp_path / "weights").exists()


def test_without_a_hub_it_is_one_sentence(environment):
    environment["HF_ENDPOINT"] = "http://127.0.0.1:9"
    failed = run(environment, "fetch", "mag")
    assert failed.returncode == 2
    assert failed.stderr.count("\n") == 1
    assert "xilluill/MAG could not be read" in failed.stderr
    assert "weights of mag now: not here" in failed.stdout
