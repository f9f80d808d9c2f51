"""What goes wrong with full-size worlds is one sentence with a way on, and nothing is lost."""

import threading
import time
from dataclasses import replace

import pygame
import pytest
import torch
from safetensors.torch import save_file

from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.model.catalogue import memory_plan
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan, Start
from mag_sandbox.model.catalogue.weight_files import WorldFiles
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.full import loading as full
from mag_sandbox.model.full.rollout import Rollout
from mag_sandbox.model.full.video_stream import VideoStream
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import MissingWeights, WorldFailed
from mag_sandbox.sandbox.play.scripts import wander
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.play.worker import GenerationWorker
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.screens.play import PlayScreen
from mag_sandbox.scenes import Scene
from tests import tiny_full
from tests.games import SCENE, games

PLACE = Scene("a red tower by the sea")


@pytest.mark.parametrize(
    ("name", "sizes"), [("mag", r"7\.5 GiB.*27\.7 GiB"), ("wan2.1", "GiB"), ("skyreels-v2", "GiB")]
)
def test_without_a_card_it_says_what_would_be_needed_and_offers_the_pocket_world(
    monkeypatch, name, sizes
):
    monkeypatch.delenv(memory_plan.DEVICE_VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(WorldFailed, match=rf"NVIDIA card with .*({sizes}).*pocket world"):
        load_world(name)


def test_weights_that_are_not_here_are_named_with_the_command_that_gets_them(monkeypatch, tmp_path):
    monkeypatch.setenv(memory_plan.DEVICE_VARIABLE, "cpu")
    monkeypatch.setenv("MAG_SANDBOX_WEIGHTS", str(tmp_path))
    for name in ("mag", "framepack-f1"):
        with pytest.raises(MissingWeights, match=rf"not here; run `mag-sandbox fetch {name}`"):
            load_world(name)


@pytest.mark.parametrize("found", ["vae", "shallow"])
def test_a_file_of_another_architecture_is_named_with_what_differs(repos, tmp_path, found):
    files = tiny_full.tiny_files("mag", repos, tmp_path)
    other = tmp_path / "other.safetensors"
    states = {"vae": tiny_full.vae_state, "shallow": _without_a_weight}
    save_file(states[found](), other)
    wrong = tuple(
        replace(file, path=str(other)) if file.role == "generator" else file for file in files.files
    )
    files = WorldFiles("mag", tmp_path, wrong)
    row = WORLDS["mag"]
    start = Start(row, files, tiny_full.PROCESSOR, MemoryPlan(8), False, tiny_full.SMALL)
    says = {
        "vae": r"other\.safetensors is not a transformer of Wan's architecture.*patch_embedding",
        "shallow": r"other\.safetensors.*blocks\.0\.norm3\.weight",
    }
    with pytest.raises(MissingWeights, match=says[found]):
        full.load(
            start,
            row.memory_setting(),
            look_ahead=True,
            execution=None,
            on_progress=lambda stage, fraction: None,
        )


def test_a_player_is_told_that_the_device_has_no_room_and_plays_on(repos, tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    plan = MemoryPlan(8, decoder="tiny")
    world = tiny_full.tiny_stream("mag", repos, tmp_path, plan=plan)
    world.reset(SCENE, 1)  # which encodes its texts
    decode, failures = VideoStream.decode, []

    def failing(self, latents):
        if not failures:
            failures.append(latents)
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return decode(self, latents)

    with games(tmp_path / "data") as start:
        game = start(world)
        game.play()
        monkeypatch.setattr(VideoStream, "decode", failing)
        game.said("the device's memory is full; continuing with")
        told = game.draw()
        game.services.notices.update(time.perf_counter() + 60.0)
        assert not game.services.notices.current  # it is gone after some seconds
        assert pixels(told) != pixels(game.draw())
        game.see_blocks(1)
        assert isinstance(game.screen, PlayScreen)
        assert not game.services.notices.current


def pixels(surface: pygame.Surface) -> bytes:
    return pygame.image.tobytes(surface.subsurface((0, 0, surface.get_width(), 60)), "RGB")


def _without_a_weight() -> dict[str, torch.Tensor]:
    state = tiny_full.dit_state()
    del state["blocks.0.norm3.weight"]
    return state


def test_latents_that_are_no_numbers_end_the_scene_and_keep_the_recording(
    repos, tmp_path, monkeypatch
):
    denoise, stopped = Rollout.denoise, threading.Event()

    def failing(self, noise, *rest):
        latents = denoise(self, noise, *rest)
        return torch.full_like(latents, torch.nan) if self.made >= 6 else latents

    monkeypatch.setattr(Rollout, "denoise", failing)
    plan = MemoryPlan(8, decoder="tiny")
    worker = GenerationWorker(
        lambda said: tiny_full.tiny_stream("mag", repos, tmp_path, plan=plan, on_progress=said),
        ScriptSource(wander(9, 1)),
        [Recorder(tmp_path / "session")],
        notify=lambda: worker.status.error and stopped.set(),
    )
    worker.start()
    worker.begin(Playthrough(PLACE, 3))
    while not stopped.wait(0.05):  # as a window does, until there is nothing more to show
        worker.take()
        worker.needed_at(0.0)
    assert "block 2 holds NaN or infinity" in worker.status.error
    assert worker.close("left")
    recording = load_recording(tmp_path / "session")
    assert [block.block_index for block in recording.blocks] == [0, 1]
    assert not recording.cut_off
