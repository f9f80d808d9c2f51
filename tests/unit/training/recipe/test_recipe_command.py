"""The recipe's commands, minute: all stages in a row at pocket size, on drawn panoramas."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from mag_sandbox.model.pocket.weights import save_pocket
from mag_sandbox.training.__main__ import main
from mag_sandbox.training.recipe import train as recipe
from tests.tiny import TINY, tiny_autoencoder, tiny_networks, tiny_tokenizer
from tests.unit.training.together import PANORAMAS

MICRO = replace(TINY, frame_width=320, frame_height=192)


@pytest.fixture(scope="module")
def run(tmp_path_factory, with_panoramas) -> Path:
    """Return a folder with drawn panoramas and a pocket world's weights."""
    folder = with_panoramas(tmp_path_factory.mktemp("recipe"))
    save_pocket(
        folder / "world", MICRO, tiny_networks(config=MICRO), tiny_autoencoder(config=MICRO),
        tiny_tokenizer(),
    )  # fmt: skip
    return folder


def command(run: Path, stage: str, *more: str, steps: int = 2) -> int:
    return main(
        [
            stage, "--folder", str(run), "--weights", str(run / "world"), "--batch", "1",
            "--panoramas", str(PANORAMAS), "--steps", str(steps), *more,
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def trained(run) -> Path:
    """Run the whole recipe."""
    with pytest.MonkeyPatch.context() as patch:
        few = replace(recipe.PRESETS["student"], teacher_steps=4)
        patch.setitem(recipe.PRESETS, "student", few)
        assert command(run, "base") == 0
    assert command(run, "self-forcing") == 0
    assert command(run, "memory") == 0
    assert command(run, "generator", steps=3) == 0
    return run


def test_every_stage_leaves_a_transformer_that_the_next_one_starts_from(trained):
    names = ["world", "teacher", "student", "self-forcing", "memory", "generator"]
    results = [load_file(trained / f"{name}.safetensors") for name in names]
    for before, after in pairwise(results):
        assert before.keys() == after.keys()
        assert any(not torch.equal(before[name], after[name]) for name in before)
        assert all(torch.isfinite(value).all() for value in after.values())


def test_every_stage_logs_its_steps_and_shows_what_it_makes(trained):
    for name in ("teacher", "student", "self-forcing", "memory", "generator"):
        assert (trained / name / "log.jsonl").read_text().count("\n") >= 2
        (sheet,) = (trained / name).glob("*.png")
        with Image.open(sheet) as picture:
            assert picture.size[0] >= 320


def test_a_trained_stage_is_not_trained_again(trained):
    before = (trained / "memory" / "log.jsonl").read_text()
    assert command(trained, "memory") == 0
    assert (trained / "memory" / "log.jsonl").read_text() == before


@pytest.mark.parametrize(
    ("stage", "preset"),
    [("self-forcing", "causvid"), ("generator", "longlive"), ("generator", "self-forcing++")],
)
def test_other_recipes_run_by_the_same_command(trained, tmp_path, stage, preset):
    for name in trained.iterdir():
        if name.is_file() or name.name == "world":
            (tmp_path / name.name).symlink_to(name)
    assert command(tmp_path, stage, "--preset", preset) == 0
    assert (tmp_path / f"{preset}.safetensors").exists()


def test_a_stage_without_the_one_before_says_so_in_one_line(run, with_panoramas, tmp_path, capsys):
    with_panoramas(tmp_path)
    for name in run.glob("world*"):
        (tmp_path / name.name).symlink_to(name)
    assert command(tmp_path, "memory") == 2
    error = capsys.readouterr().err
    assert "self-forcing" in error and error.count("\n") == 1


@pytest.mark.parametrize("preset", ["student", "nonsense"])
def test_a_preset_of_another_stage_is_refused_with_those_that_fit(run, capsys, preset):
    assert command(run, "memory", "--preset", preset) == 2
    assert "memory-as-drawn" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"), [("--stpes", "3"), ("--steps", "many"), ("--size", "tiny")]
)
def test_a_wrong_setting_is_named_in_one_line(option, value, capsys):
    assert main(["memory", option, value]) == 2
    error = capsys.readouterr().err
    assert option in error and error.count("\n") == 1


def test_full_size_says_which_weights_it_needs(tmp_path, capsys):
    pytest.importorskip("diffusers")
    assert main(["memory", "--size", "full", "--folder", str(tmp_path)]) == 2
    assert "--wan" in capsys.readouterr().err


def test_the_averaged_generator_remembers_as_long_in_updates_as_the_paper_says():
    numbers = recipe.PRESETS["generator"].optimisation
    assert recipe.loop_config(numbers, 6).ema ** 6 == pytest.approx(numbers.ema)


@pytest.mark.parametrize(
    ("learned", "made"), [(3, 3), (1000, 1000), (12_000, 1000), (6000 * 64, 16_000)]
)
def test_trajectories_are_as_many_as_a_stage_needs(learned, made):
    assert recipe.trajectory_batches(learned) == made


def test_a_torch_that_loses_gradients_is_refused_where_something_is_trained(monkeypatch, capsys):
    from mag_sandbox.training import __main__ as command

    monkeypatch.setattr(command, "version", lambda package: "2.10.0+cu128")
    assert main(["memory", "--folder", "nowhere"]) == 2
    assert "needs torch 2.11 or newer, and 2.10.0+cu128 is" in capsys.readouterr().err
    assert main(["export", "nowhere.pt", "weights"]) == 2
    assert "torch" not in capsys.readouterr().err
