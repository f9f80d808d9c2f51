"""Direct Forcing: what is remembered, what is learned, and by which gradients."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mag_sandbox.model.flow import add_noise
from mag_sandbox.model.memorypack.config import FRAMEPACK, MEMORYPACK, PackConfig
from mag_sandbox.training.loop import Loop, LoopConfig
from mag_sandbox.training.memorypack.presets import PRESETS, PackTraining, at_pocket_size
from mag_sandbox.training.memorypack.stage import CONDITIONS, ClipPass, clips_at, is_tuned
from mag_sandbox.training.recipe.presets import Optimisation
from mag_sandbox.training.seeded_random import SeededRandom
from tests.unit.training.recipe.toy_videos import toy_stage

ALL = frozenset(range(3))


def clip_pass(flow=None) -> ClipPass:
    draw = torch.Generator().manual_seed(1)
    clean, noise = torch.randn(2, 2, 3, 4, 8, 8, generator=draw)
    sigma = torch.tensor([[0.3] * 3, [0.95] * 3])
    noisy = add_noise(clean, noise, sigma)
    flow = noise - clean if flow is None else flow
    return ClipPass(clean, noisy, sigma, flow, noise - clean, sample=lambda: clean + 1)


def test_one_step_is_exact_where_the_flow_is_straight():
    made = clip_pass()
    torch.testing.assert_close(made.predicted, made.clean)


def test_one_step_errs_by_the_noise_level_times_the_error_of_the_flow():
    made = clip_pass()
    wrong = clip_pass(made.flow + 0.5)
    error = (wrong.predicted - made.clean).mean(dim=(1, 2, 3, 4))
    torch.testing.assert_close(error, -0.5 * made.sigma[:, 0])


def test_conditions_remember_the_truth_the_prediction_or_a_sample():
    made = clip_pass(torch.zeros(2, 3, 4, 8, 8, requires_grad=True) + 0.1)
    assert CONDITIONS["teacher"](made) is made.clean
    assert torch.equal(CONDITIONS["student"](made), made.clean + 1)
    predicted = CONDITIONS["direct"](made)
    assert not predicted.requires_grad
    torch.testing.assert_close(predicted, made.noisy - made.sigma[..., None, None, None] * 0.1)


def gradients(module) -> dict[str, torch.Tensor]:
    return {n: p.grad.clone() for n, p in module.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("config", [FRAMEPACK, MEMORYPACK], ids=["framepack", "memorypack"])
@pytest.mark.parametrize("forcing", ["teacher", "direct", "student"])
def test_accumulated_gradients_are_those_of_the_full_graph(config, forcing):
    """Clip by clip, or all clips in one graph: the sum is the same."""
    one, whole = (toy_stage(config, forcing=forcing, curriculum=(3,)) for _ in range(2))
    accumulated_loss = 0.0
    for loss in one.losses(5):
        loss.backward()
        accumulated_loss += loss.detach()
    random = SeededRandom(whole.seed, 40, 5)
    learned = whole._learned(3, random)
    losses = list(whole.clip_losses(whole.source.videos(5, 3), learned, random))
    total = sum(losses) / 3
    total.backward()
    torch.testing.assert_close(accumulated_loss, total.detach())
    theirs, ours = gradients(whole.module), gradients(one.module)
    assert theirs.keys() == ours.keys()
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], msg=name, rtol=1e-4, atol=1e-6)


def test_the_long_term_memory_learns_through_its_last_updates():
    for differentiated, reached in ((2, True), (0, False)):
        stage = toy_stage(MEMORYPACK, forcing="teacher", differentiated=differentiated)
        batch = stage.source.videos(1, 4)
        for loss in stage.clip_losses(batch, frozenset({3}), SeededRandom(0, 1)):
            loss.backward()
        squeeze = stage.module.pack.semantic.squeeze[0].attention.q.weight.grad
        assert (squeeze is not None and bool(squeeze.any())) == reached


@torch.no_grad()
@pytest.mark.parametrize("alone", [1.0, 0.0])
def test_packed_frames_do_not_matter_where_psi_is_read_alone(alone):
    losses = []
    for remembered in (1.0, 2.0):
        stage = toy_stage(PackConfig(structure="ring"), forcing="teacher", psi_alone=alone)
        stage.source.batch = 1
        batch = stage.source.videos(1, 2)
        frames = batch.frames._replace(poses=batch.frames.poses[:, :1].expand(-1, 7, -1))
        frames.latents[:, 1:4] *= remembered  # psi knows these places already
        batch = replace(batch, frames=frames)
        (loss,) = stage.clip_losses(batch, frozenset({1}), SeededRandom(0, 1))
        losses.append(loss.item())
    assert (losses[0] == losses[1]) == bool(alone)


def test_conditions_differ_from_the_second_clip_on():
    found = {}
    for forcing in CONDITIONS:
        stage = toy_stage(MEMORYPACK, forcing=forcing, curriculum=(3,))
        found[forcing] = [
            loss.item()
            for loss in stage.clip_losses(stage.source.videos(2, 3), ALL, SeededRandom(0, 2))
        ]
    assert len({losses[0] for losses in found.values()}) == 1
    assert len({losses[1] for losses in found.values()}) == 3


def test_a_share_of_clips_may_be_remembered_as_they_are():
    losses = [
        [
            loss.item()
            for loss in toy_stage(
                MEMORYPACK, forcing=forcing, own_share=share, curriculum=(3,)
            ).losses(1)
        ]
        for forcing, share in (("teacher", 1.0), ("direct", 0.0), ("direct", 1.0))
    ]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("tuned", ["last", "all"])
def test_after_a_step_only_the_listed_tensors_have_changed(tuned, tmp_path: Path):
    stage = toy_stage(MEMORYPACK, tuned=tuned, curriculum=(2,))
    before = {name: value.clone() for name, value in stage.module.state_dict().items()}
    Loop(stage, LoopConfig(steps=2, warmup=1, decay=0.0, ema=0.1), tmp_path).run()
    changed = {n for n, v in stage.module.state_dict().items() if not torch.equal(v, before[n])}
    assert changed == {name for name, _ in stage.module.named_parameters() if is_tuned(name, tuned)}
    if tuned == "last":
        assert changed == {"dit.head.modulation", "dit.head.head.weight", "dit.head.head.bias"}


def test_training_lowers_the_loss_in_both_phases(tmp_path: Path):
    """A toy video stands still: what comes next is what memory holds."""
    for forcing, tuned in (("teacher", "all"), ("direct", "last")):
        stage = toy_stage(
            MEMORYPACK, forcing=forcing, tuned=tuned, curriculum=(2,),
            optimisation=Optimisation(steps=15, rate=3e-3), new_rate=2.0,
        )  # fmt: skip
        before = held_out_loss(stage)
        Loop(stage, LoopConfig(15, warmup=2, decay=0.2, ema=0.5), tmp_path / forcing).run()
        assert held_out_loss(stage) < 0.9 * before


@torch.no_grad()
def held_out_loss(stage) -> float:
    """Return the loss over videos that no step learns from."""
    return sum(
        float(loss)
        for number in range(1000, 1006)
        for loss in stage.clip_losses(
            stage.source.videos(number, 2), frozenset({0, 1}), SeededRandom(number)
        )
    )


def test_only_memory_of_the_image_reaches_the_first_clip():
    stage = toy_stage(MEMORYPACK, forcing="direct", curriculum=(1,))
    batch = stage.source.videos(3, 1)
    other = batch.frames.latents.clone()
    other[:, 0] += 1.0
    images = (batch.frames, batch.frames.with_latents(other))
    losses = [
        next(
            stage.clip_losses(type(batch)(image, batch.prompt, batch.empty), {0}, SeededRandom(3))
        ).item()
        for image in images
    ]
    assert losses[0] != losses[1]


def test_videos_get_longer_in_equal_steps():
    assert [clips_at((1, 2, 4, 7), step, 8) for step in range(8)] == [1, 1, 2, 2, 4, 4, 7, 7]
    assert clips_at((5,), 99, 10) == 5


def test_presets_say_what_the_paper_says():
    assert PRESETS["direct"].tuned == PRESETS["student"].tuned == "last"
    assert PRESETS["teacher"].tuned == "all"
    assert PRESETS["student"].sample_steps == 5
    assert PRESETS["direct"].curriculum == (1, 2, 4, 7)
    for preset in PRESETS.values():
        pocket = at_pocket_size(preset)
        assert pocket.forcing == preset.forcing
        assert pocket.tuned == {"all": "memory"}.get(preset.tuned, preset.tuned)


def test_direct_forcing_learns_from_every_clip():
    with pytest.raises(ValueError, match="direct forcing learns from all clips, not 2"):
        PackTraining(Optimisation(steps=1), "direct", learned=2)
