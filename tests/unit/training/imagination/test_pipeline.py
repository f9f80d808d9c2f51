"""`python -m training imagination` from nothing to weights that invent, in small."""

from dataclasses import replace

import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_into, read_tensors
from mag_sandbox.model.imagination.imagination import Coder, Subject, load_imagination
from mag_sandbox.model.pocket.text_encoder import TextEncoder
from mag_sandbox.model.pocket.weights import (
    AUTOENCODER,
    POCKET_WEIGHTS,
    load_tokenizer,
    read_config,
)
from mag_sandbox.renderer.captions import QUESTIONS, answers_of, caption
from mag_sandbox.renderer.kinds import CLASSES
from mag_sandbox.renderer.render import category_of, lay_out
from mag_sandbox.training.__main__ import main
from mag_sandbox.training.imagination import pipeline
from mag_sandbox.training.imagination.pipeline import TEXT, facts_of, read_anew
from mag_sandbox.training.pocket.words import train_tokenizer
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


def _small(kinds, behind, among, planner, courses, most):
    planner = replace(SMALL.planner, exhibits=planner.exhibits)
    return replace(
        SMALL, kinds=kinds, behind=behind, among=among, planner=planner, courses=courses, most=most
    )


def test_training_leaves_weights_that_plan_and_paint_and_can_be_trained_on(monkeypatch, tmp_path):
    for name in ("rings.RINGS_EACH", "pipeline.VIEWS"):
        monkeypatch.setattr(f"{HERE}.{name}", 1)
    for stage in ("painter", "planner", "reader"):
        monkeypatch.setattr(f"{HERE}.stage_{stage}.BATCH", 1)
    monkeypatch.setattr(f"{HERE}.fitted_sprites.ALONE", (("swan", 6),))
    monkeypatch.setattr(f"{HERE}.fitted_sprites.THIN", ("reed",))
    monkeypatch.setattr(pipeline, "ImaginationConfig", _small)
    told = [
        "imagination", "--folder", str(tmp_path), "--data", str(tmp_path / "rings"), "--rings", "1",
        "--logs", "2", "--text-steps", "1", "--painter-steps", "1", "--planner-steps", "1",
        "--reader-steps", "1", "--own-steps", "1",
    ]  # fmt: skip
    assert not main(told)
    assert (tmp_path / "own-steps.pt").exists()
    autoencoder = Autoencoder(POCKET.autoencoder)
    load_into(autoencoder, POCKET_WEIGHTS / AUTOENCODER)
    made = load_imagination(tmp_path / "weights", Coder.of(autoencoder), matmul_attention)
    prompt = torch.zeros(1, 48, 128)
    things = made.plan(prompt, prompt, 1)
    around = made.imagine(made.nothing(), CameraPose(fov=90.0), Subject(prompt, 1, things))
    assert around.known.sum() == 12 * 20
    assert made.view(around, CameraPose(fov=90.0)).isfinite().all()
    assert load_tokenizer(tmp_path / "weights", POCKET).token_to_id("with") is not None
    more = [*told[:2], str(tmp_path / "more"), *told[3:9], *told[11:]]
    assert not main([*more, "--init-from", str(tmp_path / "weights")])
    assert (tmp_path / "more" / "weights" / "painter.safetensors").exists()
    read, kept = (
        read_tensors(folder / "weights" / TEXT)[0] for folder in (tmp_path, tmp_path / "more")
    )
    assert all(torch.equal(read[name], value) for name, value in kept.items())


def test_facts_are_numbers_of_questions_and_answers():
    names = list(QUESTIONS)
    answers = {"sofa": "2", "sofa color": "red", "place": "kitchen"}
    facts = facts_of(["two red sofas in a kitchen"], [answers])
    assert facts.captions == ["two red sofas in a kitchen"]
    (said,) = facts.answers
    for question, value in answers.items():
        number = names.index(question)
        assert QUESTIONS[question][said[number]] == value
        assert facts.choices[number] == len(QUESTIONS[question])


def test_every_fact_of_a_caption_has_a_number():
    for seed in range(60):
        layout = lay_out(category_of(seed), seed)
        for index in range(3):
            told = caption(layout, index)
            facts_of([told], [answers_of(told, layout)])


def test_tokens_of_another_tokenizer_begin_as_what_they_were():
    text = TextEncoder(POCKET.text)
    before = load_tokenizer(POCKET_WEIGHTS, POCKET)
    table = text.umt5.shared.weight.detach().clone()
    now = train_tokenizer(["a harbour with a ship"] * 3, POCKET.text.vocab_size)
    read_anew(text, before, now)
    ship = table[before.encode("ship").ids].mean(dim=0)
    assert torch.allclose(text.umt5.shared.weight[now.token_to_id("ship")], ship)
    a = table[before.token_to_id("a")]
    assert torch.equal(text.umt5.shared.weight[now.token_to_id("a")], a)


def test_scenes_held_out_for_evaluation_are_refused(tmp_path, capsys):
    folder = str(tmp_path)
    assert main(["imagination", "--folder", folder, "--data", folder, "--logs", "9999999"]) == 2
    assert "reach held-out seed" in capsys.readouterr().err
