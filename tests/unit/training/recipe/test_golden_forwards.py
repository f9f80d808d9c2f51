"""Forwards in training, the memory model's loss and its gradients are the official ones."""

import re
from contextlib import nullcontext

import pytest
import torch

from mag_sandbox.model.attention import KERNELS
from mag_sandbox.model.flow import EulerSampler, FlowSchedule, add_noise, euler_levels, x0_from_flow
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.losses import x0_loss
from mag_sandbox.training.recipe.clips import Conditions, clip_flow, flow_beside_clean
from mag_sandbox.training.recipe.masks import (
    block_attention,
    block_causal,
    compress,
    history_compress,
    teacher_forcing,
)
from mag_sandbox.training.recipe.stages import guided_flow, noised, trajectory
from tests.golden_vectors import assert_matches, manifest, vectors
from tests.unit.training.recipe.golden_parts import (
    TOKENS,
    assert_gradients_match,
    at,
    dense_attention,
    places,
    reconstruct,
    trainable,
)

SOLVED = manifest()["files"]["wan_sampling"]["cases"]
STRATEGIES = {"dense": dense_attention, "blockwise": block_attention}
BESIDE_CLEAN = {
    "mag_history_compress": history_compress,
    "mag_compress": compress,
    "sf_teacher_forcing": teacher_forcing,
}
FLOWS = sorted(key for key in vectors("train_forward") if key.endswith("/flow"))
NAME = re.compile(r"(.+?)(?:_local(\d+))?/F(\d+)(?:_start(\d+))?/flow")
LENGTH = 3
strategies = pytest.mark.parametrize("strategy", list(STRATEGIES))


@strategies
@pytest.mark.parametrize("key", FLOWS)
@torch.no_grad()
def test_every_forward_matches(key, strategy):
    name, window, count, start = NAME.fullmatch(key).groups()
    golden, inputs, frames = vectors("train_forward"), vectors("inputs"), int(count)
    of_mag = name.startswith("mag")
    dit = trainable("dit_memory" if of_mag else "dit_generator")
    text = dit.text_keys(inputs["context_empty" if of_mag else "context"])
    noisy, clean = inputs["noise"][:, :frames], inputs["clean"][:, :frames]
    timesteps = golden.get(key.replace("/flow", "/t"), torch.full(noisy.shape[:2], 625.0))
    where = at(dit, int(start or 0), frames)
    if name in BESIDE_CLEAN:
        mask = BESIDE_CLEAN[name](frames, LENGTH)
        attend = STRATEGIES[strategy](mask, TOKENS, dit.kernel)
        flow = flow_beside_clean(dit, clean, noisy, timesteps, text, where, attend)
    else:
        mask = block_causal(frames, LENGTH, int(window) if window else None)
        attend = STRATEGIES[strategy](mask, TOKENS, dit.kernel)
        flow = clip_flow(dit, noisy, timesteps, text, where, attend)
    assert_matches(flow, golden[key])


@strategies
@pytest.mark.parametrize("kernel", list(KERNELS))
def test_the_memory_models_loss_and_gradients_match(strategy, kernel):
    golden, inputs = vectors("train_forward"), vectors("inputs")
    dit = trainable("dit_memory", kernel)
    noise, timesteps = golden["mem_loss/noise"], golden["mem_loss/t"]
    frames = noise.shape[1]
    clean = inputs["clean"][:, :frames]
    sigma = FlowSchedule().sigma(timesteps)
    noisy = add_noise(clean, noise, sigma)
    assert_matches(noisy, golden["mem_loss/x_t"])
    flow = flow_beside_clean(
        dit, clean, noisy, timesteps, dit.text_keys(inputs["context_empty"]),
        at(dit, int(golden["mem_loss/start_index"]), frames),
        STRATEGIES[strategy](history_compress(frames, LENGTH), TOKENS, dit.kernel),
    )  # fmt: skip
    loss = x0_loss(x0_from_flow(flow, noisy, sigma), clean)
    assert_matches(loss[None], golden["mem_loss/loss"])
    loss.backward()
    assert_gradients_match(dit, golden, "mem_loss/grad/")


@torch.no_grad()
def test_reconstruction_from_memory_in_parallel_matches():
    golden, inputs = vectors("train_forward"), vectors("inputs")
    dit = trainable("dit_memory")
    noise = golden["reconstruct/noise"]
    frames = noise.shape[2]
    clean = inputs["clean"][:, :frames]
    attend = block_attention(history_compress(frames, LENGTH), TOKENS, dit.kernel)
    text = dit.text_keys(inputs["context_empty"])
    made = reconstruct(dit, clean, noise, text, at(dit, 0, frames), attend)
    assert_matches(made, golden["reconstruct/latents"])
    error = x0_loss(made, clean)[None]
    assert_matches(error, golden["reconstruct/mse"])


def test_a_clip_is_noised_to_one_level():
    clean = torch.zeros(2, 6, 4, 2, 2)
    noisy, sigma = noised(clean, torch.ones_like(clean), 625.0)
    assert noisy.unique().numel() == 1
    assert torch.equal(sigma, torch.full((2, 6), 0.625))


class Exact(TrainingDevice):
    """A CPU without mixed precision."""

    def autocast(self) -> nullcontext:
        """Change nothing."""
        return nullcontext()


@pytest.mark.parametrize("name", [name for name in SOLVED if name.startswith("euler")])
def test_every_state_of_the_teachers_trajectory_matches(name):
    case, inputs, dit = SOLVED[name], vectors("inputs"), trainable("dit_memory")
    expected = vectors("wan_sampling")[f"{name}/latents"]
    conditions = Conditions(inputs["context"][:1], places(dit))
    negative, device = inputs["context_2"][:1], Exact("cpu", KERNELS["sdpa"])
    flow = guided_flow(dit, conditions, negative, case["guidance"], device)
    noise = inputs["noise"][:1, : expected.shape[1]]
    states = trajectory(flow, noise, EulerSampler(euler_levels(case["steps"], case["shift"])))
    assert torch.equal(states[0], noise)
    assert_matches(states[1:, 0][-len(expected) :], expected)


@pytest.mark.parametrize("shift", [5, 8, 3])
def test_the_teachers_noise_levels_match(shift):
    golden = vectors("wan_sampling")
    timesteps, sigmas = (golden[f"euler_table/shift{shift}/{n}"] for n in ("timesteps", "sigmas"))
    sampler = EulerSampler(euler_levels(len(timesteps), float(shift)))
    assert_matches(torch.tensor(sampler.timesteps, dtype=timesteps.dtype), timesteps)
    assert_matches(torch.tensor(sampler.levels[:-1]), sigmas)
