"""Table 4 at full size, on tiny random weights."""

import re

import pytest
import torch

from mag_sandbox.evaluation.__main__ import main
from mag_sandbox.evaluation.magbench import reconstruction
from mag_sandbox.evaluation.magbench.reconstruction import (
    FullMemoryModel,
    compared_frames,
    start_of,
)
from mag_sandbox.evaluation.results.videos import write_video
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan, Start
from mag_sandbox.model.catalogue.weight_files import WeightFile
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.generator import Coordinates, block_noise
from mag_sandbox.training.recipe.masks import block_attention, history_compress
from tests import tiny_full
from tests.continuers import mirrored_clip
from tests.unit.training.recipe.golden_parts import reconstruct


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return a tiny world of MAG."""
    repos = tmp_path_factory.mktemp("repos")
    tiny_full.write_repos(repos)
    plan = MemoryPlan(23, decoder="tiny")
    return tiny_full.tiny_stream("mag", repos, tmp_path_factory.mktemp("texts"), plan=plan)


@pytest.mark.parametrize("length", [3, 4])
def test_rebuilding_is_the_pass_that_memory_is_trained_with(world, length):
    model, blocks = FullMemoryModel(world, length), 3
    engine = world.parts()[0]
    latents = torch.randn(1, blocks * length + 1, *engine.latent_shape)
    rebuilt = model.rebuild(latents, seed=3)
    latents = latents[:, : blocks * length]
    shape = (1, length, *engine.latent_shape)
    noise = torch.stack(
        [
            torch.cat([block_noise(3, block, shape, step) for block in range(blocks)], dim=1)
            for step in range(4)
        ]
    )
    dit, tokens = engine.memory_dit, engine.cache.shape.tokens
    attend = block_attention(history_compress(blocks * length, length), tokens, dit.kernel)
    at = Coordinates(engine.grid.rotary(0, blocks * length))
    with torch.inference_mode():
        at_once = reconstruct(dit, latents, noise, model._empty, at, attend)
    assert torch.allclose(rebuilt, at_once, atol=1e-4)


def test_the_same_frames_count_whatever_the_length():
    assert compared_frames(21) == 4 * 19 + 1  # 20 latent frames: 21 are no blocks of 4 or 5
    with pytest.raises(ValueError, match="4 latent frames, expected 5 or more"):
        compared_frames(4)


@pytest.fixture
def videos(tmp_path):
    """Return a folder with two good videos and a bad one."""
    folder = tmp_path / "videos"
    for number in (1, 2):
        clip = mirrored_clip(7, seed=number)[:, 16:48, 16:48]
        write_video(folder / "indoor" / f"{number}.mp4", clip, 16)
    (folder / "text.mp4").write_text("no video")
    return folder


def test_the_table_stands_beside_the_papers(world, videos, tmp_path, monkeypatch, capsys):
    opened = []

    def open_model(name, weights, length):
        opened.append((name, weights and weights.name, length))
        model = FullMemoryModel(world, length)
        monkeypatch.setattr(model, "close", lambda: None)
        return model

    monkeypatch.setattr(reconstruction, "open_memory_model", open_model)
    file = WeightFile("memory", "here", 0, "0", "tests", 0)
    monkeypatch.setattr(reconstruction, "memory_file", lambda world, weights: file)
    arguments = ["reconstruction", "--videos", str(videos), "--out", str(tmp_path / "out")]
    arguments += ["--memory", f"4={tmp_path / 'four.pth'}"]
    assert main(arguments) == 0
    assert opened == [("mag", None, 3), ("mag", "four.pth", 4)]
    said = capsys.readouterr().out
    assert "text.mp4: the file cannot be decoded" in said
    assert re.search(r"block of 3, 2 videos: PSNR \d.*; the paper: PSNR 31.73", said)
    assert re.search(r"block of 4, 2 videos: PSNR \d.*; the paper: PSNR 29.89", said)
    opened.clear()
    assert main(arguments) == 0  # measures only what is not measured


@pytest.mark.parametrize("told", ["4", "2=a.pth", "4="])
def test_memory_models_are_given_by_the_length_of_a_block(videos, tmp_path, told, capsys):
    arguments = ["--videos", str(videos), "--out", str(tmp_path), "--memory", told]
    assert main(["reconstruction", *arguments]) == 2
    assert "is not N=FILE with N one of 1, 3, 4, 5" in capsys.readouterr().err


def test_other_weights_take_the_place_of_the_memory_model_alone(monkeypatch, tmp_path):
    other = tmp_path / "own.pth"
    other.write_bytes(b"weights")
    files = tiny_full.tiny_files("mag", tmp_path, tmp_path)
    monkeypatch.setattr(
        reconstruction,
        "prepare",
        lambda name: Start(WORLDS[name], files, tiny_full.PROCESSOR, None, reduced=False),
    )
    start = start_of("mag", other)
    assert start.files.paths("memory") == (other,)
    assert start.files.paths("generator") == files.paths("generator")
    with pytest.raises(ValueError, match="has no memory model"):
        start_of("longlive", None)
