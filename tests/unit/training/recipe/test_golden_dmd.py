"""Distribution matching is the official one: forwards, both losses, their gradients, rollouts."""

import re

import pytest
import torch

from mag_sandbox.model.attention import KERNELS
from mag_sandbox.model.catalogue.recipes import Recipe, ring
from mag_sandbox.model.flow import score_timestep
from mag_sandbox.model.kv_cache import GraphCache
from mag_sandbox.training.devices import checkpoint_activations
from mag_sandbox.training.recipe.clips import clip_flow
from mag_sandbox.training.recipe.masks import block_attention
from mag_sandbox.training.recipe.stages import Scores
from mag_sandbox.training.recipe.videos import SelfRollout, TrainedGenerator
from tests.golden_vectors import assert_matches, vectors
from tests.unit.training.recipe.golden_parts import (
    TOKENS,
    assert_gradients_match,
    at,
    places,
    trainable,
)

ROLLOUTS = sorted({key.split("/")[0] for key in vectors("dmd") if key.startswith("train_rollout")})
UNLIMITED = Recipe(*ring(43, 2), remembers="memory", remembers_under="empty")
kernels = pytest.mark.parametrize("kernel", list(KERNELS))


def scores(kernel: str) -> Scores:
    return Scores(trainable("dit_memory", kernel), trainable("dit_generator", kernel), 3.0)


@kernels
@torch.no_grad()
def test_both_scores_forwards_match(kernel):
    golden, inputs, pair = vectors("dmd"), vectors("inputs"), scores(kernel)
    for name, dit in (("real", pair.real), ("fake", pair.fake)):
        expected = golden[f"bidirectional/{name}_flow"]
        frames = expected.shape[1]
        everything = block_attention(
            torch.ones(frames, frames, dtype=torch.bool), TOKENS, dit.kernel
        )
        timesteps = torch.full((len(expected), 1), 700.25)
        text = dit.text_keys(inputs["context"])
        noisy = inputs["noise"][:, :frames]
        flow = clip_flow(dit, noisy, timesteps, text, at(dit, 0, frames), everything)
        assert_matches(flow, expected)


@kernels
def test_the_loss_of_distribution_matching_and_its_gradient_match(kernel):
    golden, inputs, pair = vectors("dmd"), vectors("inputs"), scores(kernel)
    noise, raw = golden["dmd/noise"], golden["dmd/raw_timestep"][:, 0]
    frames = noise.shape[1]
    clip = inputs["clean"][:, :frames].clone().requires_grad_()
    noised = pair.noise(clip, raw, noise)
    assert_matches(noised.timesteps, golden["dmd/timestep"])
    loss = pair.generator_loss(
        clip, noised, inputs["context"], inputs["context_2"], at(pair.real, 0, frames)
    )
    assert_matches(loss[None], golden["dmd/loss"])
    loss.backward()
    assert_matches(clip.grad, golden["dmd/grad_x"])
    assert all(p.grad is None for dit in (pair.real, pair.fake) for p in dit.parameters())
    size = (clip.grad * clip.numel()).abs().mean()[None]
    assert_matches(size, golden["dmd/mean_abs_normalised_grad"])


@kernels
def test_the_critics_loss_and_gradients_match(kernel):
    golden, inputs, pair = vectors("dmd"), vectors("inputs"), scores(kernel)
    noise, raw = golden["critic/noise"], golden["dmd/raw_timestep"][:, 0]
    frames = noise.shape[1]
    assert_matches(score_timestep(raw.float()), golden["critic/timestep"])
    clip = inputs["clean"][:, :frames]
    loss = pair.critic_loss(
        pair.noise(clip, raw, noise), inputs["context"], at(pair.fake, 0, frames)
    )
    assert_matches(loss[None], golden["critic/loss"])
    loss.backward()
    assert_gradients_match(pair.fake, golden, "critic/grad/")


@kernels
@pytest.mark.parametrize("layers", ["kept", "computed again"])
@pytest.mark.parametrize("name", ROLLOUTS)
def test_a_rollout_of_two_clips_and_the_seconds_gradient_match(name, layers, kernel):
    golden, inputs = vectors("dmd"), vectors("inputs")
    exit_step, empty = re.fullmatch(r"train_rollout_exit(\d)(_empty)?", name).groups()
    dit, memory = trainable("dit_generator", kernel), trainable("dit_memory", kernel)
    if layers == "computed again":
        checkpoint_activations(dit)
    generator = TrainedGenerator(dit, memory, GraphCache(TOKENS), inputs["context_empty"])
    video = SelfRollout(generator, places(dit), UNLIMITED)
    length = golden[f"{name}/chunk1"].shape[1]
    renoise = iter(golden[f"{name}/renoise"])

    def clip(frames: slice, text: str) -> torch.Tensor:
        keys = dit.text_keys(inputs[text])
        return video.clip(
            inputs["noise"][:, frames], keys, int(exit_step), lambda block, step: next(renoise)
        )

    with torch.no_grad():
        first = clip(slice(0, length), "context")
    assert_matches(first, golden[f"{name}/chunk1"])
    second = clip(slice(length, 2 * length), "context_empty" if empty else "context")
    assert_matches(second, golden[f"{name}/chunk2"])
    assert next(renoise, None) is None
    weights = torch.linspace(-1, 1, second.numel()).reshape(second.shape)
    (second * weights).sum().backward()
    assert_gradients_match(dit, golden, f"{name}/grad/")
    assert all(p.grad is None for p in memory.parameters())


def test_layers_that_are_computed_again_keep_the_names_of_their_weights():
    plain, wrapped = trainable("dit_generator"), checkpoint_activations(trainable("dit_generator"))
    assert list(plain.state_dict()) == list(wrapped.state_dict())
    wrapped.load_state_dict(plain.state_dict())
