"""`python -m training imagination` from nothing to weights that invent, in small."""

from dataclasses import replace
from shutil import copy

import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_into, read_tensors, stored, write_tensors
from mag_sandbox.model.imagination.imagination import Coder, Subject, load_imagination
from mag_sandbox.model.pocket.networks import TextEncoder
from mag_sandbox.model.pocket.weights import AUTOENCODER, POCKET_WEIGHTS, TOKENIZER, read_config
from mag_sandbox.renderer.kinds import CLASSES
from mag_sandbox.training.__main__ import main
from mag_sandbox.training.imagination import pipeline
from mag_sandbox.training.imagination.pipeline import TEXT
from tests.unit.model.imagination.tiny import TINY

HERE = "mag_sandbox.training.imagination"
POCKET = read_config(POCKET_WEIGHTS)
SMALL = replace(
    TINY,
    kinds=CLASSES,
    planner=replace(TINY.planner, kinds=384, text_dim=128, text_len=48),
    painter=replace(
        TINY.painter, kinds=384, ring=(24, 80), view=(12, 20),
        dit=replace(
            TINY.painter.dit, text_dim=128, text_len=48, channels=POCKET.autoencoder.channels
        ),
    ),
    reader=replace(
        TINY.reader, kinds=384, view=(12, 20), channels=POCKET.autoencoder.channels
    ),
)  # fmt: skip


def _small(kinds, behind, among, courses):
    return replace(SMALL, kinds=kinds, behind=behind, among=among, courses=courses)


def test_training_leaves_weights_that_plan_and_paint_and_can_be_trained_on(monkeypatch, tmp_path):
    for name in ("rings.RINGS_EACH", "pipeline.VIEWS"):
        monkeypatch.setattr(f"{HERE}.{name}", 1)
    for stage in ("painter", "planner", "reader"):
        monkeypatch.setattr(f"{HERE}.stage_{stage}.BATCH", 1)
    monkeypatch.setattr(pipeline, "ImaginationConfig", _small)
    told = [
        "imagination", "--folder", str(tmp_path), "--data", str(tmp_path / "rings"), "--rings", "1",
        "--logs", "2", "--painter-steps", "1", "--planner-steps", "1",
        "--reader-steps", "1",
    ]  # fmt: skip
    assert not main(told)
    autoencoder = Autoencoder(POCKET.autoencoder)
    load_into(autoencoder, POCKET_WEIGHTS / AUTOENCODER)
    made = load_imagination(tmp_path / "weights", Coder.of(autoencoder), matmul_attention)
    prompt = torch.zeros(1, 48, 128)
    things = made.plan(prompt, prompt, 1)
    around = made.imagine(made.nothing(), CameraPose(fov=90.0), Subject(prompt, prompt, 1, things))
    assert around.known.sum() == 12 * 20
    assert made.view(around, CameraPose(fov=90.0)).isfinite().all()
    more = [*told[:2], str(tmp_path / "more"), *told[3:]]
    reading = TextEncoder(POCKET.text).state_dict()
    write_tensors(tmp_path / "weights" / TEXT, {name: stored(x) for name, x in reading.items()})
    copy(POCKET_WEIGHTS / TOKENIZER, tmp_path / "weights")
    assert not main([*more, "--init-from", str(tmp_path / "weights")])
    assert (tmp_path / "more" / "weights" / "painter.safetensors").exists()
    kept, _ = read_tensors(tmp_path / "more" / "weights" / TEXT)
    assert all(torch.equal(stored(reading[name]), value) for name, value in kept.items())


def test_scenes_held_out_for_evaluation_are_refused(tmp_path, capsys):
    folder = str(tmp_path)
    assert main(["imagination", "--folder", folder, "--data", folder, "--logs", "9999999"]) == 2
    assert "reach held-out seed" in capsys.readouterr().err
