"""Weights through the command line: fetch, break off and resume, a damaged file, then play.

Everything comes from a stand-in of the hub on loopback; the weights are tiny and random.
"""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mag_sandbox.model.catalogue import preflight, weight_files
from tests import tiny_clips, tiny_full
from tests.e2e.forks import PATIENCE, Forks
from tests.hub_stand_in import HubStandIn

TEXT_ENCODER = "models_t5_umt5-xxl-enc-bf16.pth"
CHUNK = 10 * 2**20  # bytes that the hub's library writes at once
LARGE = tiny_full.Sizes(vocabulary=400_000)  # the text encoder is several chunks long

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4 * PATIENCE)]


@pytest.fixture(scope="module")
def repos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("repos")
    tiny_full.write_repos(folder)
    return folder


@pytest.fixture(scope="module")
def only_hub(repos):
    with HubStandIn(repos) as hub:
        yield hub


@pytest.fixture
def hub(only_hub, repos):
    """The hub as it was at the beginning."""
    only_hub.folder = repos
    only_hub.stops.clear()
    only_hub.served.clear()
    return only_hub


@pytest.fixture(scope="module")
def forks(only_hub, tmp_path_factory):
    environment = {
        "HF_ENDPOINT": only_hub.endpoint,
        "HF_HUB_DOWNLOAD_TIMEOUT": "60",  # s; a busy machine would begin anew what is broken off
        "HF_HOME": str(tmp_path_factory.mktemp("hf")),
        "NO_PROXY": "127.0.0.1",
        "PYTHONUNBUFFERED": "1",
    }
    with Forks(environment) as forks:
        yield forks


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    return {
        "MAG_SANDBOX_HOME": str(tmp_path / "home"),
        weight_files.HOME_VARIABLE: str(tmp_path / "weights"),
        preflight.DEVICE_VARIABLE: "cpu",
        preflight.SIZE_VARIABLE: "64x48",
        "SDL_VIDEODRIVER": "dummy",
        "SDL_AUDIODRIVER": "dummy",
    }


@pytest.fixture
def run(forks, environment) -> Callable[..., subprocess.CompletedProcess]:
    return lambda *arguments: forks.run(*arguments, environment=environment)


def break_off(hub: HubStandIn, forks: Forks, environment: dict[str, str]) -> str:
    """Begin to fetch and interrupt it in the third chunk of the text encoder; return its words."""
    hub.stops[TEXT_ENCODER] = 2 * CHUNK + 2**20
    lines = []
    with forks.running("fetch", "mag", environment=environment) as fetching:
        chunks = 0
        for line in fetching.said:
            lines.append(line)
            chunks += line.rstrip().endswith(f"%  {TEXT_ENCODER}")
            if chunks == 3:  # its beginning and two chunks, of which one is surely written
                os.kill(fetching.process, signal.SIGINT)
    assert forks.code == 130
    return "".join(lines)


def test_a_world_is_fetched_broken_off_resumed_harmed_and_mended(
    hub, forks, environment, run, tmp_path
):
    hub.folder = tmp_path / "repos"
    tiny_full.write_repos(hub.folder, LARGE)
    assert "not here" in run("worlds").stdout
    said = break_off(hub, forks, environment)
    assert "licence CC BY-NC-SA 4.0" in said
    assert "interrupted; what has arrived is kept" in said
    refused = run("play", "--world", "mag", "--headless")
    assert "run `main.py fetch mag`" in refused.stderr

    hub.served.clear()
    done = run("fetch", "mag")
    assert done.returncode == 0, done.stderr
    assert "every file checked" in done.stdout
    resumed = dict(hub.served)[TEXT_ENCODER]
    assert resumed in (CHUNK, 2 * CHUNK)

    weights = tmp_path / "weights" / "Wan-AI--Wan2.1-T2V-1.3B" / "Wan2.1_VAE.pth"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    refused = run("play", "--world", "mag", "--headless")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert "Wan2.1_VAE.pth is damaged" in refused.stderr.splitlines()[-1]
    assert run("fetch", "mag", "--offline").returncode == 2

    assert run("fetch", "mag").returncode == 0
    assert "here, " in run("worlds").stdout


@pytest.mark.parametrize("world", ["mag", "longlive"])
def test_a_fetched_world_plays_and_its_recording_is_the_same_again(hub, run, tmp_path, world):
    fetched = run("fetch", world)
    assert fetched.returncode == 0, fetched.stderr
    recording = str(tmp_path / "recording")
    options = "--world", world, "--headless", "--seconds", "2", "--record", recording
    played = run("play", *options)
    assert played.returncode == 0, played.stderr
    assert "frames shown" in played.stdout
    verified = run("replay", recording, "--verify", "--headless")
    assert verified.returncode == 0, verified.stderr
    assert "match the recording" in verified.stdout


def test_a_clip_world_is_fetched_and_plays(hub, run, tmp_path):
    tiny_clips.write_clip_repos(hub.folder, ("wan2.1",))
    fetched = run("fetch", "wan2.1")
    assert fetched.returncode == 0, fetched.stderr
    listed = run("worlds").stdout
    assert "at the end of a clip: an unrelated one begins" in listed
    recording = tmp_path / "recording"
    options = "--world", "wan2.1", "--headless", "--seconds", "1", "--record", str(recording)
    played = run("play", *options)
    assert played.returncode == 0, played.stderr
    assert "frames shown" in played.stdout
    header = json.loads((recording / "session.jsonl").read_text().splitlines()[0])
    assert header["world"] == "wan2.1"
    verified = run("replay", str(recording), "--verify", "--headless")
    assert verified.returncode == 0, verified.stderr


def test_weights_of_the_players_own_play_with_the_rest_of_another_world(hub, run):
    own = str(hub.folder / tiny_full.PATHS["self-forcing"]["generator"])
    options = "--world", "self-forcing-plus-plus", "--headless", "--seconds", "1", "--weights", own
    refused = run("play", *options)
    assert refused.returncode == 2
    assert "run `main.py fetch self-forcing-plus-plus --weights" in refused.stderr
    assert run("fetch", "self-forcing").returncode == 0
    played = run("play", *options)
    assert played.returncode == 0, played.stderr
    assert "frames shown" in played.stdout


def test_a_plan_shows_files_licences_and_sizes_and_fetches_nothing(hub, run, tmp_path):
    planned = run("fetch", "longlive", "--plan")
    assert planned.returncode == 0, planned.stderr
    for words in ("models/lora.pt", "cc-by-nc-sa-4.0", "to fetch into"):
        assert words in planned.stdout
    assert hub.served == []
    assert not (tmp_path / "weights").exists()


def test_without_a_hub_it_is_one_sentence(environment):
    with Forks({"HF_ENDPOINT": "http://127.0.0.1:9"}) as alone:
        failed = alone.run("fetch", "mag", environment=environment)
    assert failed.returncode == 2
    assert failed.stderr.count("\n") == 1
    assert "xilluill/MAG could not be read" in failed.stderr
    assert "weights of mag now: not here" in failed.stdout
